"""Agents' time: when they hold contacts, and when they are there.

An agent holds a contact from when it was taken up until its wrap-up has ended. Work that was put aside (for a live
contact, for a question to the customer, at the end of a shift) is a *spell* of its own, before the contact is taken up
again. Who finds out that a customer has left without a word works too, though that is no answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sim.desk import Desk, Group, Spans
from sim.measures.cohort import Cohort, no_spells
from sim.schemas import NEVER, TICKS_PER_SECOND
from sim.tables import Array, Floats, Table

Levels = tuple[tuple[int, int], ...]

_ATTEMPTS = 64
"""More than any issue has contacts."""


@dataclass(frozen=True)
class AgentTime:
    """Agent-seconds in the measured time, each of shape (groups, intervals)."""

    busy: Floats
    """With at least one contact in hand: talk, work on messages, wrap-up."""
    talk: Floats
    """Busy less this is wrap-up, nothing else: talk wins where an agent wraps one contact up and talks to another."""
    present: Floats
    """Scheduled, or still busy beyond the schedule."""
    overtime: Floats
    """Busy beyond the schedule."""
    slots: Floats
    """Σ over the contacts in hand of 1/n, where an agent may hold n of that channel: what is used of all slots."""


def edges(desk: Desk) -> Array:
    """The boundaries of the intervals, in ticks from 0 to the horizon."""
    return np.append(np.arange(0, desk.horizon, desk.interval), desk.horizon)


def level_at(group: Group, ticks: Array) -> Array:
    """The scheduled level at each tick."""
    return _at(group.levels, ticks)


def _at(levels: Levels, ticks: Array) -> Array:
    changes = np.array([tick for tick, _ in levels], dtype=np.int64)
    values = np.array([0, *(level for _, level in levels)])
    return values[np.searchsorted(changes, ticks, side="right")]


def ticks_of(desk: Desk, levels: Sequence[Levels]) -> Array:
    """Agent-ticks of levels by group; shape (groups, intervals)."""
    bounds = edges(desk)
    sums = np.zeros((len(levels), len(bounds) - 1), dtype=np.int64)
    for number, changing in enumerate(levels):
        grid = _grid(bounds, [tick for tick, _ in changing])
        sums[number] = _integral(grid, _at(changing, grid), bounds)
    return sums


def agent_time(desk: Desk, contacts: Table, spells: Table | None = None) -> AgentTime:
    """What each group's agents did with their time. Spells as `Cohort` takes them; none: nothing was put back."""
    bounds = edges(desk)
    hold = held(desk, contacts, no_spells() if spells is None else spells)
    busy, talk, overtime = (np.zeros((len(desk.groups), len(bounds) - 1), dtype=np.int64) for _ in range(3))
    slots = np.zeros(busy.shape)
    for number, group in enumerate(desk.groups):
        mine = hold.where(hold["group"] == number)
        agent, starts, ends = _merged(mine["agent"], mine["from"], mine["to"])
        busy[number] = _between(starts, ends, bounds)
        talk[number] = _between(*_merged(mine["agent"], mine["from"], mine["talked"])[1:], bounds)
        overtime[number] = _beyond(group, agent, starts, ends, bounds)
        for code in np.unique(mine["channel"]).tolist():
            on = mine["channel"] == code
            slots[number] += _between(mine["from"][on], mine["to"][on], bounds) / desk.channels[code].at_once
    present = ticks_of(desk, [group.levels for group in desk.groups]) + overtime
    return AgentTime(*(ticks / TICKS_PER_SECOND for ticks in (busy, talk, present, overtime, slots)))


@lru_cache(maxsize=1)
def time_of(cohort: Cohort) -> AgentTime:
    return agent_time(cohort.desk, cohort.all, cohort.spells)


def held(desk: Desk, contacts: Table, spells: Table) -> Table:
    """A row each time that an agent held a contact: group, agent, channel, and in ticks `from`, `to`, `talked` (when
    talk ended). What is in hand when the clock stops is held until then."""
    rows = contacts.where(contacts["taken"] != NEVER)
    freed, ended = (np.where(rows[name] == NEVER, desk.ends, rows[name]) for name in ("freed", "ended"))
    # who left without a word had left before an agent found out
    talked = np.where(ended < rows["taken"], freed, ended)
    spans = {"from": rows["taken"], "to": freed, "talked": talked}
    spelt = {"from": spells["from"], "to": spells["to"], "talked": spells["to"]}
    columns = {name: np.append(spans[name], spelt[name]) for name in spans}
    return Table({**columns, **{name: np.append(rows[name], spells[name]) for name in ("group", "agent", "channel")}})


def _keys(table: Table) -> Array:
    return table["issue"] * _ATTEMPTS + table["attempt"]


def handle_ticks(cohort: Cohort) -> Array:
    """By contact of the cohort, the time an agent, or several, spent on it, spells included; `NEVER` where its wrap-up
    has not ended, or no agent answered it."""
    rows, spells = cohort.rows, cohort.spells
    known = cohort.answered & (rows["freed"] != NEVER) & (rows["taken"] != NEVER)
    ticks = np.where(known, rows["freed"] - np.where(known, rows["taken"], 0), NEVER)
    if not len(spells):
        return ticks
    keys = _keys(rows)
    row = np.minimum(np.searchsorted(keys, _keys(spells)), len(rows) - 1)
    mine = keys[row] == _keys(spells)
    put_aside = np.zeros(len(rows), dtype=np.int64)
    np.add.at(put_aside, row[mine], (spells["to"] - spells["from"])[mine])
    return np.where(known, ticks + put_aside, NEVER)


def again_in_queue(cohort: Cohort, channel: int) -> tuple[Array, Array, Array]:
    """Of the contacts of a channel that were put back: when each was offered, when it came back into the queue, and
    when it left that again, `NEVER` where it did not. While the customer has a question to answer it is in no queue."""
    spells = cohort.spells.where(cohort.spells["channel"] == channel)
    spells = spells.where(np.lexsort((spells["from"], _keys(spells))))
    keys = _keys(spells)
    rows = cohort.all.where(np.searchsorted(_keys(cohort.all), keys))
    since = np.where(rows["asked"] == spells["to"], rows["replied"], spells["to"])
    left = np.where(rows["taken"] > spells["from"], rows["taken"], rows["ended"])
    if len(keys):
        left[:-1] = np.where(keys[1:] == keys[:-1], spells["from"][1:], left[:-1])
    back = since != NEVER
    return rows["offered"][back], since[back], left[back]


def _beyond(group: Group, agent: Array, starts: Array, ends: Array, bounds: Array) -> Array:
    """Ticks that agents are busy beyond the schedule, by interval: of people, beyond their own shifts; by count, as
    many as are busy beyond the level (who has nothing in hand leaves when it falls)."""
    if not group.people:
        return _above(starts, ends, group.levels, bounds)
    total = np.zeros(len(bounds) - 1, dtype=np.int64)
    for number, person in enumerate(group.people):
        mine = agent == number
        if mine.any():
            total += _above(starts[mine], ends[mine], _levels(person.on), bounds)
    return total


def _levels(on: Spans) -> Levels:
    return tuple(change for start, end in on for change in ((start, 1), (end, 0)))


def _above(starts: Array, ends: Array, levels: Levels, bounds: Array) -> Array:
    """∫ max(n − level, 0) dt by interval in ticks, n the number of spans that hold the moment."""
    grid = _grid(bounds, starts, ends, [tick for tick, _ in levels])
    count = np.searchsorted(np.sort(starts), grid, side="right") - np.searchsorted(np.sort(ends), grid, side="right")
    return _integral(grid, np.maximum(count - _at(levels, grid), 0), bounds)


def _grid(bounds: Array, *moments: Array | Sequence[int]) -> Array:
    """The boundaries and what lies between them, in order."""
    inside = np.concatenate([np.asarray(each, dtype=np.int64) for each in moments])
    return np.unique(np.concatenate((bounds, inside[(inside > bounds[0]) & (inside < bounds[-1])])))


def _integral(grid: Array, values: Array, bounds: Array) -> Array:
    """Of values that hold from each moment of the grid to the next, by interval."""
    area = np.concatenate(([0], np.cumsum(np.diff(grid) * values[:-1])))
    return np.diff(area[np.searchsorted(grid, bounds)])


def _between(starts: Array, ends: Array, bounds: Array) -> Array:
    """Ticks of spans by interval."""
    return np.diff(_elapsed(starts, bounds) - _elapsed(ends, bounds))


def _elapsed(moments: Array, bounds: Array) -> Array:
    """At each boundary, the ticks since each moment before it, summed over the moments."""
    ordered = np.sort(moments)
    count = np.searchsorted(ordered, bounds)
    return bounds * count - np.concatenate(([0], np.cumsum(ordered)))[count]


def _merged(agent: Array, starts: Array, ends: Array) -> tuple[Array, Array, Array]:
    """The spans in which each agent holds at least one contact: agent, start and end."""
    order = np.lexsort((starts, agent))
    agent, starts, ends = agent[order], starts[order], ends[order]
    if not len(agent):
        return agent, starts, ends
    # shifting each agent far beyond the one before makes one running maximum serve all of them
    far = (agent - agent.min()) * (ends.max() - starts.min() + 1)
    reach = np.maximum.accumulate(ends + far)
    new = np.append(True, (starts + far)[1:] > reach[:-1])
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(agent)) - 1
    return agent[first], starts[first], reach[last] - far[last]
