"""A load test that went as a table of contacts says: its plan, made as `sim load` makes one, and a ledger of it.

The desk takes what a test says it took, in wall seconds, so that what the prediction finds in the books is known.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from sim.helpdesks import adapter
from sim.helpdesks.tokens import Tokens
from sim.load import prepare
from sim.load.guard import target
from sim.load.ledger import Delivery, Ledger
from sim.load.plan import Plan, World, write
from sim.load.predict import predict
from sim.load.window import window
from sim.scenario.read import Scenario, read
from sim.schemas import NEVER, Cause
from sim.tables import Table

FIRST = Path(__file__).parents[1] / "scenarios" / "first.yaml"
SETS = (
    "load.channels.email=rest", "customers=200000", "email.staff=1", "email.reconnect=50% after 10m", "phone.staff=15",
)  # fmt: skip
BY_MAIL = SETS[1:]
MAIL = {"smtp": "127.0.0.1:2525", "to": "support@desk.test", "mailbox": "/mailbox.jsonl"}
T0 = 1_800_000_000.0
SPEED = 30.0
TICKS = 1000 * SPEED
"""Ticks of the scenario in a second on the wall."""


@lru_cache(maxsize=4)
def made(sets: tuple[str, ...] = SETS, hours: str = "Mon 09:00..11:00") -> tuple[Scenario, Plan, World]:
    """A plan of the smallest scenario, with customers enough to queue."""
    scenario = read(FIRST, sets)
    world = prepare.world_of(scenario, 1, 0)
    abilities = adapter("rt", None, Tokens("-", "-"), {}).abilities  # type: ignore[arg-type] # asked of nobody
    mail = MAIL if sets == BY_MAIL else None
    wanted = prepare.Wanted("rt", window(hours, scenario), SPEED, "scenario", 1, mail=mail)
    desk = target("http://127.0.0.1:1", allowed=(), named=None, staging=None, outbound_mail=None)
    return scenario, prepare.plan(
        scenario, wanted, world, desk, abilities, prepare.carried(scenario, abilities, mail)
    ), world  # fmt: skip


@lru_cache(maxsize=8)
def predicted(sets: tuple[str, ...] = SETS) -> Table:
    """What the simulation says of it, at a desk that takes no time."""
    _, plan, world = made(sets)
    return predict(plan, world, {}, 1)


def told(
    folder: Path,
    contacts: Table,
    *,
    sets: tuple[str, ...] = SETS,
    took: Mapping[str, float] | None = None,
    fails: frozenset[int] = frozenset(),
    lag: float = 0.0,
    done: bool = True,
    **changes: Any,
) -> Path:
    """A run folder in which everything happened as in `contacts`.

    Args:
        took: wall seconds by step: "send" (of further contacts; first ones are due by the plan), "take", "answer",
            "resolve", "mailbox".
        fails: issues whose first contact did not reach the desk.
        lag: wall seconds by which the generator sent everything late.
        done: whether the worker got to the end.
        changes: of the plan.
    """
    scenario, plan, world = made(sets)
    plan = replace(plan, **changes)
    took = took or {}
    write(plan, world, folder / "plan")
    (folder / "scenario.yaml").write_text(scenario.text, encoding="utf-8")
    about = {"source": "observed", "file": scenario.file, "set": list(sets), "variant": None}
    (folder / "run.json").write_text(json.dumps(about), encoding="utf-8")
    (folder / "ledger").mkdir()
    now = [T0]
    with Ledger(folder / "ledger" / "ledger-0.jsonl", lambda: now[0]) as ledger:
        ledger.start(run=plan.run, worker=0, n=1, digest=plan.digest, t0=T0, speed=plan.speed, offset=0.0)
        for number in range(len(contacts)):
            row = {name: int(contacts[name][number]) for name in contacts.names}
            _contact(ledger, now, plan, row, took, fails, lag)
        now[0] = T0 + plan.seconds(plan.ends)
        if done:
            ledger.done(0)
    return folder


def _contact(
    ledger: Ledger, now: list[float], plan: Plan, row: dict[str, int], took: Mapping[str, float], fails: frozenset[int],
    lag: float,
) -> None:  # fmt: skip
    c, channel = f"{row['issue']}.{row['attempt']}", plan.channels[row["channel"]]
    about: dict[str, Any] = {"cause": Cause(row["cause"]).name.lower(), "channel": channel.name}
    sent = channel.wire in ("rest", "email")
    due = T0 + plan.seconds(row["offered"]) - (took.get("send", 0.0) if sent else 0.0)
    if row["attempt"] > 1:
        now[0] = due
        ledger.spawn(c, **about, due=due)
    if not sent:
        ledger.delivery(c, Delivery.ENTERED, **about)
    else:
        wrong = row["issue"] in fails and row["attempt"] == 1
        delivery = Delivery.FAILED if wrong else Delivery.SENT
        ledger.delivery(c, delivery, **about, ticket=None if wrong else c, due=due, lag=lag)
        if wrong:
            intent = ledger.intent(c, "create", wire="rest", channel=channel.name, due=due, trace="")
            ledger.outcome(intent, ok=False, ms=1.0, kind="connection", what="refused", exists=False)
            return
        if channel.wire == "email":
            ledger.step(c, "mailbox", ms=1000 * took.get("mailbox", 0.0), ok=True)
        for step, moment in (("take", "taken"), ("answer", "ended"), ("resolve", "ended")):
            if row["taken"] != NEVER and row[moment] != NEVER and step in took:
                after = took["resolve"] if step == "answer" and "resolve" in took else 0.0
                now[0] = T0 + plan.seconds(row[moment]) - took[step] - after
                intent = ledger.intent(c, step, wire="rest", channel=channel.name, due=None, trace="")  # type: ignore[arg-type]
                now[0] += took[step]
                ledger.outcome(intent, ok=True, ms=1000 * took[step])
    ledger.contact(c, _cells(row, sent=sent))


def _cells(row: dict[str, int], *, sent: bool) -> dict[str, int | None]:
    names = ("issue", "attempt", "channel", "cause", "offered", "outcome", "answered", "taken", "ended", "freed")
    more = ("answer", "resolved", "asked", "replied", "announced", "chasers", "retained", "group", "agent")
    seen = row["ended"] if sent and row["answer"] != NEVER else NEVER
    cells = {**{name: row[name] for name in (*names, *more)}, "seen": seen, "detected": NEVER if seen == NEVER else 0}
    return {name: None if value == NEVER else value for name, value in cells.items()}


def changed(table: Table, **columns: Any) -> Table:
    """A table with other columns in place of its own."""
    return Table({name: columns.get(name, table[name]) for name in table.names})
