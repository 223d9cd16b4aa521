"""A load test of so many arrivals a second, as `sim load` makes one: scenario, plan, Locust in another process, books.

Nobody answers, so that what is measured is the sending of customers; one process is conductor, customers and centre.
"""

from __future__ import annotations

import os
import resource
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.loopback_desk import MAPPING, Desk
from sim.helpdesks import adapter
from sim.helpdesks.tokens import Tokens
from sim.load import books, drive, plan, prepare
from sim.load.guard import target
from sim.load.window import window
from sim.scenario.read import read

HOUR = 3_600
_SCENARIO = """
name: Arrivals
lasts: 1d
run_in: 0h
drain: 1d
demand: {{busy_days: 0, busy_hours: 0}}
email: {{rate: {{09:00-10:00: {rate}/h}}, hours: 09:00-10:00, staff: 1, patience: 100d}}
load: {{rate: 10_000/s, channels: {{email: rest}}}}
"""


@dataclass(frozen=True)
class Ran:
    """A load test that is over. `cpu`: seconds of the generator's processes, their start included."""

    plan: plan.Plan
    books: books.Books
    cpu: float


def run(folder: Path, desk: Desk, rate: float, seconds: float) -> Ran:
    """Sends `rate` customers a second (Poisson) for so many seconds, and waits a few more for what is on its way.

    Raises:
        RuntimeError: Locust did not end well.
    """
    made = _planned(folder, desk.url, rate, seconds)
    (folder / "ledger").mkdir()
    os.environ["SIM_REST_TOKEN"] = "of-the-loopback-desk"
    before = _cpu()
    ended = drive.locust(
        folder / "plan", folder / "ledger", log=folder / "locust.log", html=folder / "locust.html", workers=1,
        ui=False, listen=False,
    )  # fmt: skip
    if ended.failed:
        raise RuntimeError(ended.log.read_text(encoding="utf-8"))
    return Ran(made, books.Books(books.read(folder)), _cpu() - before)


def _planned(folder: Path, url: str, rate: float, seconds: float) -> plan.Plan:
    file = folder / "arrivals.yaml"
    file.write_text(_SCENARIO.format(rate=round(rate * seconds)), encoding="utf-8")
    scenario = read(file, ())
    settings = {"mapping": MAPPING}
    abilities = adapter("rest", None, Tokens("-", "-"), settings).abilities  # type: ignore[arg-type] # asks nobody
    world = prepare.world_of(scenario, 1, 0)
    speed = HOUR / seconds
    wanted = prepare.Wanted("rest", window("Mon 09:00..10:00", scenario), speed, "none", 1, settings=settings)
    at = target(url, allowed=(), named=None, staging=None, outbound_mail=None)
    made = prepare.plan(scenario, wanted, world, at, abilities, prepare.carried(scenario, abilities, None))
    # after the last arrival there is nothing to wait for but answers
    made = replace(made, drain=round(5_000 * speed), polls=5.0)
    plan.write(made, world, folder / "plan")
    return made


def _cpu() -> float:
    """CPU seconds of the child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
