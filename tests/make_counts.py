"""Makes `docs/tutorial/counts.csv`, eight weeks of counts of a desk that does not exist, and counts of a real log.

The synthetic desk is that of a mail-order shop: telephones from Monday to Saturday, e-mail around the clock. Days and
hours are busier or quieter than usual by Gamma factors that are known, so that a fit can be held against them. There is
a bank holiday on which nobody is at the telephone, and a day on which the autumn catalogue has gone out. As in a real
export, intervals in which nothing was offered have no row. The same seed always gives the same file. To write it anew:
``python tests/make_counts.py``.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np

from sim.clock import DAYS
from sim.observed import staff_levels
from sim.scenario.read import read

PATH = Path(__file__).parent.parent / "docs" / "tutorial" / "counts.csv"
HEADER = ("Date", "Interval", "Channel", "Offered", "Abandoned", "AHT (s)")
SEED = 20260815
FIRST_DAY = date(2026, 8, 10)
WEEKS = 8
BANK_HOLIDAY = date(2026, 8, 31)
CATALOGUE_DAY = date(2026, 9, 15)
BUSY_DAYS, BUSY_HOURS = 60, 120
WRAP_UP = 45
"""Seconds of each handle time of the real log that its service times do not hold."""

WEEKLY = {"phone": 2_400, "email": 190}
WEEKDAYS = {
    "phone": (1.45, 1.25, 1.15, 1.1, 1.2, 0.85, 0.0),
    "email": (1.3, 1.15, 1.1, 1.05, 1.0, 0.7, 0.7),
}
OPEN = {0: (16, 36), 1: (16, 36), 2: (16, 36), 3: (16, 36), 4: (16, 36), 5: (18, 26)}
"""By weekday, the first half hour of the telephones and the first after them."""
MORNING, AFTERNOON = 20.5, 29.0
"""The two peaks of the telephones, in half hours."""

_Cells = tuple[str | int, ...]


def rows(seed: int = SEED, weeks: int = WEEKS) -> list[_Cells]:
    """The counts of all days under `HEADER`, by day, interval and channel."""
    rng = np.random.default_rng(seed)
    made: list[_Cells] = []
    for number in range(7 * weeks):
        made += _day(rng, FIRST_DAY + timedelta(days=number))
    return made


def _day(rng: np.random.Generator, day: date) -> Iterable[_Cells]:
    factor = float(rng.gamma(BUSY_DAYS, 1 / BUSY_DAYS)) * (1.6 if day == CATALOGUE_DAY else 1.0)
    hours = rng.gamma(BUSY_HOURS, 1 / BUSY_HOURS, 24).repeat(2) * factor
    for half in range(48):
        for channel in WEEKLY:
            offered = int(rng.poisson(expected(channel, day)[half] * hours[half]))
            if offered:
                yield (
                    day.isoformat(),
                    f"{half // 2:02d}:{half % 2 * 30:02d}",
                    channel,
                    *_handled(rng, channel, half, offered),
                )


def expected(channel: str, day: date) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Contacts of each half hour of a day that is neither busy nor quiet."""
    halves = np.arange(48)
    if channel == "phone":
        first, last = OPEN.get(day.weekday(), (0, 0))
        shape = 0.35 + np.exp(-(((halves - MORNING) / 3) ** 2)) + 0.7 * np.exp(-(((halves - AFTERNOON) / 3.5) ** 2))
        shape = np.where((halves >= first) & (halves < last) & (day != BANK_HOLIDAY), shape, 0.0)
    else:
        shape = 0.05 + np.exp(-(((halves - 24) / 9) ** 2)) + 0.5 * np.exp(-(((halves - 41) / 3) ** 2))
        shape = shape * (0.3 if day == BANK_HOLIDAY else 1.0)
    whole = shape.sum() / (0.3 if channel == "email" and day == BANK_HOLIDAY else 1.0)
    weight = WEEKDAYS[channel][day.weekday()] / sum(WEEKDAYS[channel])
    return np.asarray(WEEKLY[channel] * weight * shape / max(whole, 1e-9))


def _handled(rng: np.random.Generator, channel: str, half: int, offered: int) -> tuple[int | str, int | str, int | str]:
    """Offered, abandoned and mean handle time of an interval."""
    if channel == "email":
        return offered, "", round(float(rng.lognormal(0, 0.6, offered).mean()) * 280)
    crowd = 0.02 + 0.06 * np.exp(-(((half - MORNING) / 3) ** 2))
    abandoned = int(rng.binomial(offered, crowd))
    answered = offered - abandoned
    if not answered:
        return offered, abandoned, ""
    mean = 290 + 50 * (half >= 32)
    return offered, abandoned, round(float(rng.lognormal(-0.32, 0.8, answered).mean()) * mean)


def write(path: Path = PATH) -> None:
    """Write the synthetic counts as CSV, in UTF-8 with ``\\n`` line ends."""
    write_rows(path, HEADER, rows())


def write_rows(path: Path, header: Sequence[str], lines: Iterable[Sequence[str | int]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(lines)


def write_bank(log: Path, path: Path) -> None:
    """Counts of a month of the "Anonymous Bank" log by half hour, as its phone system would have exported them.

    A call counts if it is none of internet help (IN) and was answered, or hung up after it had waited; it counts in the
    half hour in which it entered the queue, which is after the voice menu. Handle time is service and `WRAP_UP`.
    """
    cells: defaultdict[datetime, list[float | None]] = defaultdict(list)
    with log.open(encoding="utf-8", newline="") as file:
        for call in csv.DictReader(file):
            answered = call["outcome"] == "AGENT"
            hung_up = call["outcome"] == "HANG" and float(call["queue_seconds"]) > 0
            if call["service_type"] == "IN" or not (answered or hung_up):
                continue
            arrived = datetime.fromisoformat(f"{call['date']} {call['arrival_time']}")
            entered = arrived + timedelta(seconds=float(call["ivr_seconds"]))
            start = entered.replace(minute=entered.minute // 30 * 30, second=0)
            cells[start].append(float(call["service_seconds"]) + WRAP_UP if answered else None)
    write_rows(
        path,
        ("Date", "Interval start", "Calls offered", "Aban calls", "AHT"),
        (
            (f"{start:%Y-%m-%d}", f"{start:%H:%M}", len(times), times.count(None), _mean(times))
            for start, times in sorted(cells.items())
        ),
    )


def write_bank_staff(log: Path, path: Path) -> None:
    """How many the bank had on duty, by weekday and hour: the mean of the levels that the back-test rebuilds."""
    spec = Path(__file__).parents[1] / "docs/validation/bank.yaml"
    calls = read(spec, [f"demand.replay.file={log}"]).log
    assert calls is not None
    changes, levels = zip(*staff_levels(calls, gap=1800, per=3600), strict=True)
    hours = np.arange(calls.days * 24)
    there = np.array(levels)[np.searchsorted(np.array(changes), hours * 3600, side="right") - 1]
    weekday = (calls.starts.weekday() + hours // 24) % 7
    rows = []
    for day in range(7):
        for hour in range(24):
            seen = there[(weekday == day) & (hours % 24 == hour)]
            # days without calls had nobody
            mean = float(seen[seen > 0].mean()) if (seen > 0).any() else 0.0
            rows.append((DAYS[day], f"{hour:02d}:00", f"{hour + 1:02d}:00", int(mean + 0.5)))
    write_rows(path, ("weekday", "start", "end", "agents"), rows)


def _mean(times: Sequence[float | None]) -> str:
    """Of the calls that were answered, in seconds; empty where there are none."""
    known = [time for time in times if time is not None]
    return f"{sum(known) / len(known):.1f}" if known else ""


if __name__ == "__main__":
    PATH.parent.mkdir(exist_ok=True)
    write()
