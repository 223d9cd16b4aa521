"""Makes `scenarios/data/synthetic_calls.csv`: two days of calls that never happened, with waits that could have.

Calls arrive in two peaks, spend some seconds in a voice menu, where a few hang up, and queue first come first served
for three agents with lunch breaks. Everybody else's patience and service time are drawn; waits follow from the queue.
The same seed always gives the same file. To write it anew: ``python tests/make_synthetic_log.py``.
"""

from __future__ import annotations

import csv
import random
from datetime import date, datetime, timedelta
from pathlib import Path

PATH = Path(__file__).parent.parent / "scenarios" / "data" / "synthetic_calls.csv"
HEADER = ("date", "time", "intent", "ivr_s", "wait_s", "outcome", "talk_s", "agent")
SEED = 20300107
FIRST_DAY = date(2030, 1, 7)
DAYS = 2
HOUR = 3600
CALLS_BY_HOUR = {8: 15, 9: 24, 10: 30, 11: 26, 12: 16, 13: 15, 14: 20, 15: 25, 16: 21, 17: 9}
SHIFTS = {
    "SYN-01": ((8 * HOUR, 12 * HOUR), (12.75 * HOUR, 16 * HOUR)),
    "SYN-02": ((9 * HOUR, 13 * HOUR), (13.75 * HOUR, 17 * HOUR)),
    "SYN-03": ((10 * HOUR, 14 * HOUR), (14.75 * HOUR, 18 * HOUR)),
}
MEAN_TALK = {"billing": 200, "fault": 300, "order": 160}
INTENTS = ("billing", "billing", "billing", "fault", "fault", "order")
MEAN_PATIENCE = 300
HANGS_UP_IN_MENU = 0.04
WRAP_UP = 20


def rows(seed: int = SEED) -> list[tuple[str | int, ...]]:
    """The calls of all days, in order of arrival, under `HEADER`; `talk_s` is 0 and `agent` empty unless answered."""
    rng = random.Random(seed)
    return [row for day in range(DAYS) for row in _day(rng, FIRST_DAY + timedelta(days=day))]


def _day(rng: random.Random, day: date) -> list[tuple[str | int, ...]]:
    arrivals = sorted(
        hour * HOUR + int(rng.random() * HOUR) for hour, calls in CALLS_BY_HOUR.items() for _ in range(calls)
    )
    calls = [(arrival, 5 + int(rng.expovariate(1 / 15)), rng.choice(INTENTS)) for arrival in arrivals]
    free = dict.fromkeys(SHIFTS, 0)
    made: list[tuple[int, str, int, int, str, int, str]] = []
    for arrival, menu, intent in sorted(calls, key=lambda call: call[0] + call[1]):  # the order in which they queue
        entered = arrival + menu
        leaves = rng.random() < HANGS_UP_IN_MENU
        patience = 0 if leaves else 1 + int(rng.expovariate(1 / MEAN_PATIENCE))
        talk = 5 + int(rng.lognormvariate(0, 0.8) * MEAN_TALK[intent] * 0.73)  # exp(-0.8² / 2): the mean of the log
        start, agent = min((_free(name, max(entered, free[name])), name) for name in SHIFTS)
        if leaves or start - entered > patience:
            made.append((arrival, intent, menu, patience, "abandoned", 0, ""))
        else:
            free[agent] = start + talk + WRAP_UP
            made.append((arrival, intent, menu, start - entered, "answered", talk, agent))
    return [(day.isoformat(), _clock(call[0]), *call[1:]) for call in sorted(made)]


def _free(agent: str, from_second: int) -> int:
    """The first second at or after `from_second` in which an agent is on duty; midnight where there is none."""
    return min((int(max(start, from_second)) for start, end in SHIFTS[agent] if from_second < end), default=24 * HOUR)


def _clock(second: int) -> str:
    return (datetime.min + timedelta(seconds=second)).strftime("%H:%M:%S")


def write(path: Path = PATH) -> None:
    """Write the log as CSV, in UTF-8 with ``\\n`` line ends."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(rows())


if __name__ == "__main__":
    write()
