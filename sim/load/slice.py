"""A window of a scenario: the same desk and the same customers, from empty, over some of its hours.

Never fewer customers than the scenario has: who thins them out takes the queues away.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sim.desk import Desk, Group, Spans
from sim.schemas import CONTACTS, NEVER
from sim.tables import Table

_TICKS = ({column.name for column in CONTACTS if column.unit == "ms"} | {"from", "to"}) - {"announced"}
"""The columns that are moments: a wait that was announced is as long whenever it was."""


def running(desk: Desk, since: int, until: int, ends: int) -> Desk:
    """The desk whose clock runs from `since` to `ends`, by the ticks of the scenario; issues arise until `until`."""
    return replace(desk, starts=since, horizon=until, ends=ends)


def sliced(desk: Desk, since: int, until: int, ends: int) -> Desk:
    """The desk as a scenario of its own, whose tick 0 is `since`: what measures read, with tables that were `moved`."""
    return replace(
        desk,
        starts=0,
        horizon=until - since,
        ends=ends - since,
        channels=tuple(
            replace(
                channel,
                open=_spans(channel.open, since),
                target=replace(channel.target, business=_spans(channel.target.business, since)),
            )
            for channel in desk.channels
        ),
        groups=tuple(_group(group, since) for group in desk.groups),
        midnights=(0, *(tick - since for tick in desk.midnights if since < tick < until)),
    )


def moved(table: Table, by: int) -> Table:
    """A table with every moment `by` ticks later; what never happened still has not."""
    return Table(
        {
            name: np.where(table[name] == NEVER, NEVER, table[name] + by) if name in _TICKS else table[name]
            for name in table.names
        }
    )


def _group(group: Group, since: int) -> Group:
    return replace(
        group,
        levels=_levels(group.levels, since),
        paid=None if group.paid is None else _levels(group.paid, since),
        people=tuple(
            # all of a person's spans, also those before: the speed of each goes by its number
            replace(person, on=tuple((start - since, end - since) for start, end in person.on))
            for person in group.people
        ),
    )


def _levels(levels: tuple[tuple[int, int], ...], since: int) -> tuple[tuple[int, int], ...]:
    before = [level for tick, level in levels if tick <= since]
    after = [(tick - since, level) for tick, level in levels if tick > since]
    return ((0, before[-1] if before else 0), *after)


def _spans(spans: Spans | None, since: int) -> Spans | None:
    if spans is None:
        return None
    return tuple((max(start - since, 0), end - since) for start, end in spans if end > since)
