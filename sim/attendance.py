"""Attendance: who of the scheduled is really there. Absence is drawn by (agent, day), before the clock starts.

Shrinkage is planned and in the schedule; absence is what nobody planned. Who is absent is paid all the same.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from sim.desk import ONE, Desk, Group, Person, Spans
from sim.draws import Decision, uniforms
from sim.schemas import TICKS_PER_SECOND

DAY = 86_400 * TICKS_PER_SECOND
SAME_SHIFT = 4 * 3600 * TICKS_PER_SECOND
"""Spans of a person with less than this between them are one shift with a break."""

STRETCH = 1024
"""Days for which the absences of an agent are drawn, the first day of the scenario in their middle; no run is longer
than half of it."""

Absences = npt.NDArray[np.bool_]
"""Whether agent i is absent on day d; shape (agents, days)."""


def attended(desk: Desk, seed: int, replication: int) -> Desk:
    """The same desk without those who are absent in this replication; itself where nobody ever is."""
    if not any(group.absent for group in desk.groups):
        return desk
    first = desk.starts // DAY
    days = -(-desk.ends // DAY) - first
    groups = []
    for number, group in enumerate(desk.groups):
        if not group.absent:
            groups.append(group)
            continue
        # a stretch of its own for each agent, so that neither more of them nor a longer run moves anybody's days
        draws = uniforms(seed, replication, Decision.ABSENT, group.size * STRETCH, page=number)
        mine = draws.reshape(group.size, STRETCH)[:, first + STRETCH // 2 :][:, :days]
        absent = mine < group.absent / ONE
        groups.append(_of_people(group, absent, first) if group.people else _by_count(group, absent, first, desk))
    return replace(desk, groups=tuple(groups))


def _of_people(group: Group, absent: Absences, first: int) -> Group:
    people = tuple(_present(person, absent[number], first) for number, person in enumerate(group.people))
    changes: dict[int, int] = {group.levels[0][0]: 0} if group.levels else {}
    for person in people:
        for start, end in person.on:
            changes[start] = changes.get(start, 0) + 1
            changes[end] = changes.get(end, 0) - 1
    level, levels = 0, []
    for tick in sorted(changes):
        level += changes[tick]
        levels.append((tick, level))
    return replace(group, people=people, levels=tuple(levels), paid=_paid(group))


def _present(person: Person, absent: npt.NDArray[np.bool_], first: int) -> Person:
    spans: list[tuple[int, int]] = []
    speeds: list[int] = []
    day, before = 0, None
    for number, (start, end) in enumerate(person.on):
        if before is None or start - before > SAME_SHIFT:
            day = start // DAY - first
        before = end
        if not absent[min(max(day, 0), len(absent) - 1)]:
            spans.append((start, end))
            speeds += person.speed[number : number + 1]
    on: Spans = tuple(spans)
    return replace(person, on=on, speed=tuple(speeds))


def _by_count(group: Group, absent: Absences, first: int, desk: Desk) -> Group:
    """Of the n scheduled, agents 0 … n − 1, the absent do not come."""
    mornings = {(first + day) * DAY for day in range(absent.shape[1])}
    ticks = sorted({tick for tick, _ in group.levels} | {tick for tick in mornings if desk.starts < tick < desk.ends})
    levels: list[tuple[int, int]] = []
    scheduled, at = 0, dict(group.levels)
    for tick in ticks:
        scheduled = at.get(tick, scheduled)
        day = min(max(tick // DAY - first, 0), absent.shape[1] - 1)
        there = scheduled - int(np.count_nonzero(absent[:scheduled, day]))
        if not levels or levels[-1][1] != there:
            levels.append((tick, there))
    return replace(group, levels=tuple(levels), paid=_paid(group))


def _paid(group: Group) -> tuple[tuple[int, int], ...]:
    return group.levels if group.paid is None else group.paid
