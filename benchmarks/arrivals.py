"""How many customers a second can one process send when they are due, each counted by the desk that receives them?

The whole path is measured: a scenario becomes a plan, Locust's process sends it through the ledger and the generic
adapter, each customer over a connection of their own, to a desk in another process, and the books are read. A rate that
is not kept makes a run void, and says nothing about any desk.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import load_run, loopback_desk
from sim.load.books import Validity, validity
from sim.load.ledger import Delivery

LEAST = 1_000
"""Arrivals a second that one process is to keep up with."""
OK, MISSED = 0, 3


@dataclass(frozen=True)
class Round:
    """One run: contacts planned, sent by the books, and received by the desk (each once), and what they cost."""

    planned: int
    sent: int
    received: int
    twice: int
    seconds: float
    cpu: float
    kept_up: Validity

    @property
    def met(self) -> bool:
        complete = self.planned == self.sent == self.received and not self.twice
        return complete and self.kept_up.valid and self.planned / self.seconds >= LEAST


def measure(rate: float, seconds: float) -> Round:
    """One run at a fresh desk."""
    with TemporaryDirectory() as folder, loopback_desk.desk() as desk:
        ran = load_run.run(Path(folder), desk, rate, seconds)
        creates = desk.creates()
    return Round(
        planned=len(ran.plan.rows),
        sent=ran.books.count(Delivery.SENT),
        received=len(set(creates)),
        twice=len(creates) - len(set(creates)),
        seconds=seconds,
        cpu=ran.cpu,
        kept_up=validity(ran.books),
    )


def line(measured: Round) -> str:
    """A round in words."""
    kept, cpu = measured.kept_up, 1_000 * measured.cpu / measured.planned
    p50, p99 = (1_000 * (lag or 0.0) for lag in (kept.p50_lag, kept.p99_lag))
    why = "" if kept.valid else f"   void: {'; '.join(kept.reasons)}"
    counts = f"{measured.planned:>9,}{measured.sent:>9,}{measured.received:>10,}"
    return f"{measured.planned / measured.seconds:>10,.0f}{counts}{p50:>9.1f}{p99:>9.1f}{cpu:>9.2f}{why}"


def main(words: Sequence[str] | None = None) -> int:
    """The command; returns 0, or 3 if no round keeps up with `LEAST` arrivals a second and loses none."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.arrivals", description=__doc__.partition("\n")[0])
    parser.add_argument("--rate", type=float, default=1_050, metavar="N", help="arrivals a second (default 1050)")
    parser.add_argument("--seconds", type=float, default=10, metavar="S", help="seconds of a round (default 10)")
    parser.add_argument("--rounds", type=int, default=3, metavar="R", help="rounds (default 3)")
    asked = parser.parse_args(words)
    if asked.rounds < 1 or asked.rate <= 0 or asked.seconds < 1:
        parser.error("--rounds must be at least 1, --rate above 0, --seconds at least 1")
    print(
        f"Goal: at least {LEAST:,} arrivals/s from one process, planned = sent = received, and the run counts\n"
        f"Python {platform.python_version()}, Locust {version('locust')}, gevent {version('gevent')}, "
        f"{platform.machine()}, load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n\n"
        f"{'arrivals/s':>10}{'planned':>9}{'sent':>9}{'received':>10}{'p50 ms':>9}{'p99 ms':>9}{'CPU ms':>9}"
    )
    rounds = []
    for _ in range(asked.rounds):
        rounds.append(measure(asked.rate, asked.seconds))
        print(line(rounds[-1]), flush=True)
    met = sum(each.met for each in rounds)
    print(f"\n{met} of {len(rounds)} rounds met the goal; p50 and p99 are of the lag from due to sent")
    return OK if met else MISSED


if __name__ == "__main__":
    sys.exit(main())
