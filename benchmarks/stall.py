"""What does a load test say of a desk that stands still for three seconds: ours, and plain closed users of Locust?

A closed user waits for the answer before they do anything else. So while the desk stands still nobody comes, the few
who wait are few among many, and the figure that everybody looks at is fine. Customers do not wait for each other: ours
are sent when they are due, and latency counts from then.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import load_run, loopback_desk
from sim.load.books import percentile, validity
from sim.load.ledger import Delivery

STALL, AFTER = 3.0, 4.0
"""Seconds for which the desk stands still, and seconds after the first request."""
LASTS = 12.0
RATE = 50.0
"""Requests a second, as they are meant."""
EACH = 5.0
"""Of a closed user, while the desk answers at once."""
OK, MISSED = 0, 3


@dataclass(frozen=True)
class Found:
    """What one of the two says: how many were meant, how many never sent, p95 in ms."""

    name: str
    meant: int
    unsent: int
    p95: float


def ours() -> list[Found]:
    """The conductor's customers, by both clocks."""
    with TemporaryDirectory() as folder, loopback_desk.desk(stall=STALL, after=AFTER) as desk:
        books = load_run.run(Path(folder), desk, RATE, LASTS).books
    meant, unsent = books.planned, books.planned - books.count(Delivery.SENT)
    if not validity(books).valid:
        print(f"our run is void: {'; '.join(validity(books).reasons)}", file=sys.stderr)
    creates = [(intent, last) for intent, last in books.creates() if last is not None]
    since_due = [1_000 * (last["at"] - intent["due"]) for intent, last in creates]
    since_sent = [last["ms"] for _, last in creates]
    return [
        Found("customers when they are due, from due", meant, unsent, percentile(since_due, 0.95) or 0.0),
        Found("customers when they are due, from sent", meant, unsent, percentile(since_sent, 0.95) or 0.0),
    ]


def closed() -> Found:
    """Plain users of Locust, as many as it takes, each as often as it can wait for its answers."""
    with TemporaryDirectory() as folder, loopback_desk.desk(stall=STALL, after=AFTER) as desk:
        users = str(round(RATE / EACH))
        results = Path(folder, "results.json")
        locustfile = Path(__file__).with_name("closed_locustfile.py")
        command = [sys.executable, "-m", "locust", "-f", str(locustfile), "--headless", "--host", desk.url]
        command += ["-u", users, "-r", users, "--run-time", f"{LASTS:.0f}s", "--only-summary"]
        environ = {**os.environ, "CLOSED_EACH": str(EACH), "CLOSED_RESULTS": str(results)}
        subprocess.run(command, env=environ, cwd=folder, check=True, capture_output=True)
        took: list[float] = json.loads(results.read_text(encoding="utf-8"))
    meant = round(RATE * LASTS)
    return Found("closed users, from sent", meant, max(0, meant - len(took)), percentile(took, 0.95) or 0.0)


def main(words: Sequence[str] | None = None) -> int:
    """The command; returns 0, or 3 if the conductor leaves anybody out, or does not show the stall."""
    argparse.ArgumentParser(prog="python -m benchmarks.stall", description=__doc__.partition("\n")[0]).parse_args(words)
    print(
        f"A desk that stands still for {STALL:.0f} s of {LASTS:.0f}, and {RATE:.0f} requests/s\n"
        f"Goal: all are sent, and p95 is above {500 * STALL:,.0f} ms\n\n"
        f"{'':<40}{'meant':>8}{'never sent':>12}{'p95 ms':>9}"
    )
    found = [closed(), *ours()]
    for each in found:
        print(f"{each.name:<40}{each.meant:>8,}{each.unsent:>12,}{each.p95:>9,.0f}")
    return OK if all(each.unsent == 0 and each.p95 > 500 * STALL for each in found[1:]) else MISSED


if __name__ == "__main__":
    sys.exit(main())
