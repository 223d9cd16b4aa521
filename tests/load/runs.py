"""Load tests for tests: planned from the smallest scenario and driven as `sim load` drives them, by Locust in processes
of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sim.helpdesks import adapter
from sim.helpdesks.tokens import Tokens
from sim.load import books, drive, plan, prepare
from sim.load.guard import target
from sim.load.window import window as read_window
from sim.scenario.read import read

FIRST = Path(__file__).parents[2] / "scenarios" / "first.yaml"
BY_FORM = "load.channels.email=rest"


def planned(
    folder: Path,
    host: str,
    helpdesk: str,
    *,
    window: str = "Mon 09:00..10:00",
    speed: float = 240.0,
    sets: Sequence[str] = (BY_FORM,),
    agents: str = "scenario",
    mail: dict[str, Any] | None = None,
    settings: dict[str, Any] | None = None,
    file: Path = FIRST,
    **changes: Any,
) -> plan.Plan:
    """Write a plan into ``folder/plan``, and an empty ``folder/ledger`` beside it; `changes` are of the plan itself."""
    scenario = read(file, sets)
    # abilities are asked of nobody
    abilities = adapter(helpdesk, None, Tokens("-", "-"), settings or {}).abilities  # type: ignore[arg-type]
    world = prepare.world_of(scenario, 1, 0)
    wanted = prepare.Wanted(
        helpdesk, read_window(window, scenario), speed, agents, 1, mail=mail, settings=settings
    )  # fmt: skip
    at = target(host, allowed=(), named=None, staging=None, outbound_mail=None)
    made = prepare.plan(scenario, wanted, world, at, abilities, prepare.carried(scenario, abilities, mail))
    made = replace(made, **changes)
    plan.write(made, world, folder / "plan")
    (folder / "ledger").mkdir()
    return made


def driven(folder: Path, *, workers: int = 1, more: Sequence[str] = ()) -> drive.Driven:
    return drive.locust(
        folder / "plan", folder / "ledger", log=folder / "locust.log", html=folder / "locust.html", workers=workers,
        ui=False, listen=False, more=more,
    )  # fmt: skip


def books_of(folder: Path) -> books.Books:
    return books.Books(books.read(folder))
