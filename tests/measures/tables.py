"""Hand-made contacts tables and desks: a test writes the cells that matter, everything else is filled in.

Times are seconds after the start of the scenario; a table holds them as ticks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from sim.desk import Channel, Desk, Group, Target
from sim.measures.cohort import Cohort
from sim.measures.summary import Summary, figures, summarise
from sim.policies.base import Layout, ResponseTables
from sim.policies.response import AnswerAll, ByTables
from sim.policies.routing import LiveFirst
from sim.schemas import CONTACTS, NEVER, SPELLS, Cause, Outcome
from sim.tables import Table

SECOND, MINUTE, HOUR, DAY = 1.0, 60.0, 3600.0, 86_400.0
TICK = 0.001
Row = Mapping[str, Any]

PHONE = Channel("phone", live=True, open=None, target=Target(0.8, 20_000), expectation=60.0)
CHAT = replace(PHONE, name="chat", satisfaction_like="chat", rates=(1_000_000, 800_000))
BOT = replace(PHONE, name="bot", automatic=True)
EMAIL = Channel("email", False, None, Target(0.9, 86_400_000), 12 * HOUR, satisfaction_like="email")

_TIMES = ("offered", "answered", "ended", "freed", "taken", "asked", "replied", "announced")
_BLANK: Row = {
    **{column.name: None if column.nullable else 0 for column in CONTACTS if column.name != "offered"},
    "mood": 70_000,
    "complaint_draw": 999_999,
}


@dataclass(frozen=True)
class Given(ByTables):
    """Any response tables at all."""

    name: ClassVar[str] = "given"
    tables: ResponseTables

    def lower(self, layout: Layout) -> ResponseTables:
        return self.tables


def contacts(*rows: Row) -> Table:
    """A contacts table in order of issue and attempt; `offered` is the one cell a row needs.

    Without `issue` a row is an issue of its own. The outcome follows from what is known: answered and ended is
    answered, ended is abandoned, the rest is open. An answer that ended resolves, frees agent 0 of group 0 at once, and
    customers are numbered as their issues.
    """
    given = [row["issue"] for row in rows if "issue" in row]
    free = iter(number for number in range(2 * len(rows) + 1) if number not in given)
    numbered = [dict(row) | {"issue": row["issue"] if "issue" in row else next(free)} for row in rows]
    filled: list[Row] = []
    for row in sorted(numbered, key=lambda row: row["issue"]):
        before = [other for other in filled if other["issue"] == row["issue"]]
        filled.append(_filled(row, len(before), sum(other["answered"] is not None for other in before)))
    return Table({column.name: np.array([_cell(row, column.name) for row in filled], np.int64) for column in CONTACTS})


def _filled(row: Row, attempts: int, answers: int) -> Row:
    taken, ended = row.get("answered") is not None, row.get("ended") is not None
    outcome = (Outcome.ANSWERED if taken else Outcome.ABANDONED) if ended else Outcome.OPEN
    filled: dict[str, Any] = {
        **_BLANK,
        "attempt": attempts + 1,
        "customer": row["issue"],
        "cause": Cause.REDIAL if attempts else Cause.FIRST,
        "outcome": outcome,
    }
    if taken:
        filled |= {"group": 0, "agent": 0, "answer": answers + 1}
        filled["taken"] = row["answered"]
    if taken and ended:
        filled |= {"resolved": 1, "freed": row["ended"]}
    assert set(row) <= set(filled) | {"offered"}, "no such column"
    return {**filled, **row}


def _cell(row: Row, name: str) -> int:
    value = row[name]
    if value is None:
        return NEVER
    return round(value * 1000) if name in _TIMES else int(value)


def group(
    level: int | Sequence[tuple[float, int]], *, name: str = "agents", cost: float = 0.0, shrinkage: float = 0.0
) -> Group:
    """A skill group with `level` agents from long before the start, or with (from, level) steps."""
    steps = [(-30 * DAY, level)] if isinstance(level, int) else level
    return Group(name, tuple((round(at * 1000), number) for at, number in steps), cost, shrinkage)


def desk(
    *channels: Channel,
    horizon: float = HOUR,
    ends: float | None = None,
    interval: float = 30 * MINUTE,
    groups: Sequence[Group] = (),
    answers: Sequence[Sequence[int]] | None = None,
    segments: Sequence[str] = ("all",),
    intents: Sequence[str] = ("any",),
    tables: ResponseTables | None = None,
) -> Desk:
    """A desk of these channels (else the phone alone), 14 days of drain, each group answering every channel; `tables`
    are those of its response."""
    channels = channels or (PHONE,)
    groups = groups or (group(1),)
    every = tuple(range(len(channels)))
    return Desk(
        channels=channels,
        groups=tuple(groups),
        segments=tuple(segments),
        intents=tuple(intents),
        routing=LiveFirst(),
        response=AnswerAll() if tables is None else Given(tables),
        starts=round(-7 * DAY * 1000),
        horizon=round(horizon * 1000),
        ends=round((horizon + 14 * DAY if ends is None else ends) * 1000),
        interval=round(interval * 1000),
        answers_first=tuple(map(tuple, answers)) if answers is not None else (every,) * len(groups),
        answers_then=((),) * len(groups),
    )


def short(*channels: Channel, **more: Any) -> Desk:
    """A desk of 100 s in intervals of 30 s, the last of 10 s; the clock stops at 150 s."""
    return desk(*channels, horizon=100.0, ends=150.0, interval=30.0, **more)


def spells(*rows: Row) -> Table:
    """Work on contacts that were put back after it: issue, `from` and `to` in seconds; agent 0 of group 0."""
    blank = {"attempt": 1, "channel": 0, "group": 0, "agent": 0}
    filled = [blank | {**row, "from": round(row["from"] * 1000), "to": round(row["to"] * 1000)} for row in rows]
    return Table({name: np.array([row[name] for row in filled], np.int64) for name in SPELLS})


def cohort(table: Table, of: Desk, spells: Table | None = None) -> Cohort:
    return Cohort(table, of, spells=spells)


def summary(table: Table, of: Desk, replication: int = 0, capped: int = 0, **more: Any) -> Summary:
    return summarise(table, of, replication=replication, population_digest="", capped=capped, **more)


def values(
    table: Table, of: Desk, channel: str | None = "phone", segment: str | None = None, **more: Any
) -> dict[str, float | None]:
    """What a run of this one replication reports for a channel: the figure's value by name."""
    return {
        figure.measure.name: figure.estimate.value
        for figure in figures([summary(table, of, **more)], of)
        if (figure.channel, figure.segment) == (channel, segment)
    }


_OUTCOMES = {
    "blocked": Outcome.BLOCKED,
    "ignored": Outcome.IGNORED,
    "turned away": Outcome.TURNED_AWAY,
    "cut": Outcome.DISCONNECTED,
    "told": Outcome.CONTAINED,
    "deflected": Outcome.DEFLECTED,
    "called back": Outcome.CALLED_BACK,
    "to be called back": Outcome.CALLBACK_PENDING,
    "passed on": Outcome.TRANSFERRED,
    "outsourced": Outcome.OUTSOURCED,
    "withdrawn": Outcome.WITHDRAWN,
}
_KINDS = ("answered", "left", "silent", "open", "talking", *_OUTCOMES)


def random_contacts(draws: np.random.Generator, of: Desk, size: int, *, span: tuple[int, int], longest: int) -> Table:
    """Contacts of all outcomes at random whole seconds, some of them further attempts of earlier issues.

    Args:
        span: first and last second at which one may be offered. longest: the longest wait or handle time, seconds.
    """
    rows: list[dict[str, Any]] = []
    for _ in range(size):
        offered = int(draws.integers(*span))
        row = {
            "offered": offered,
            "channel": int(draws.integers(len(of.channels))),
            "segment": int(draws.integers(len(of.segments))),
        }
        wait, talk, wrap_up = (int(seconds) for seconds in draws.integers(0, longest, 3))
        kind = draws.choice(_KINDS)
        group_number = int(draws.integers(len(of.groups)))
        if kind in ("answered", "talking", "called back", "passed on", "outsourced"):
            agent = int(draws.integers(3))
            row |= {"answered": offered + wait, "group": group_number, "agent": agent}
        if kind in ("answered", "called back", "passed on"):
            ended = offered + wait + talk
            row |= {"ended": ended, "freed": ended + wrap_up, "resolved": int(draws.integers(2))}
        elif kind in ("left", "cut", "withdrawn", "silent"):
            row["ended"] = offered + wait
        elif kind in ("blocked", "turned away", "told", "deflected"):
            row["ended"] = offered
        if kind == "outsourced":
            row |= {"ended": offered + wait + talk, "taken": None, "freed": None, "group": None, "agent": None}
        elif kind == "silent":
            taken = offered + wait + talk
            row |= {"taken": taken, "freed": taken + wrap_up, "group": group_number, "agent": int(draws.integers(3))}
        elif kind == "told":
            row["resolved"] = 1
        if kind in _OUTCOMES:
            row["outcome"] = _OUTCOMES[kind]
        rows.append(row)
    rows.sort(key=lambda row: row["offered"])
    for number, row in enumerate(rows):
        row["issue"] = int(draws.integers(number + 1))
        row["customer"] = row["issue"] // 2
        row["segment"] = row["customer"] % len(of.segments)
    return contacts(*rows)
