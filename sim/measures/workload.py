"""Workload: who was there, who was busy, what lay in the backlog, and what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from sim.desk import Desk, Group
from sim.measures.base import ALL, Kind, Measure, Parts, tally
from sim.measures.cohort import Cohort
from sim.schemas import NEVER, TICKS_PER_SECOND, Outcome
from sim.tables import Array, Floats, Table

HOUR = 3600.0
Levels = tuple[tuple[int, int], ...]


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


def scheduled(desk: Desk) -> Floats:
    """Agents scheduled, mean of each interval; shape (groups, intervals)."""
    return np.asarray(_ticks_of(desk, [group.levels for group in desk.groups]) / np.diff(edges(desk)))


def paid(desk: Desk) -> Floats:
    """Agents paid, mean of each interval: those scheduled, of shifts those on a paid break as well, and for each of
    them the others' share that shrinkage takes: heads / (1 − shrinkage). Shape (groups, intervals)."""
    heads = _ticks_of(desk, [group.levels if group.paid is None else group.paid for group in desk.groups])
    shrinkage = np.array([group.shrinkage for group in desk.groups]).reshape(-1, 1)
    return np.asarray(heads / np.diff(edges(desk)) / (1 - shrinkage))


def _ticks_of(desk: Desk, levels: Sequence[Levels]) -> Array:
    """Agent-ticks of levels by group; shape (groups, intervals)."""
    bounds = edges(desk)
    sums = np.zeros((len(levels), len(bounds) - 1), dtype=np.int64)
    for number, changing in enumerate(levels):
        changes = np.array([tick for tick, _ in changing if 0 < tick < desk.horizon], dtype=np.int64)
        ticks = np.unique(np.concatenate((bounds, changes)))
        area = np.diff(ticks) * _at(changing, ticks[:-1])
        at_bounds = np.concatenate(([0], np.cumsum(area)))[np.searchsorted(ticks, bounds)]
        sums[number] = np.diff(at_bounds)
    return sums


def busy_and_present(desk: Desk, contacts: Table) -> tuple[Floats, Floats]:
    """Agent-seconds busy (talk and wrap-up), and present, by group and interval; shapes (groups, intervals).

    An agent who holds several contacts is busy once. Present are the scheduled agents, and beyond the schedule those
    who finish what they hold: ∫ max(level, busy).
    """
    bounds = edges(desk)
    busy = np.zeros((len(desk.groups), len(bounds) - 1))
    present = np.zeros_like(busy)
    taken = contacts.where(contacts["answered"] != NEVER)
    freed = np.where(taken["freed"] == NEVER, desk.ends, taken["freed"])
    for number, group in enumerate(desk.groups):
        mine = taken["group"] == number
        starts, ends = _merged(taken["agent"][mine], taken["answered"][mine], freed[mine])
        changes = np.array([tick for tick, _ in group.levels if 0 < tick < desk.horizon], dtype=np.int64)
        inside = np.concatenate((starts, ends, changes))
        ticks = np.unique(np.concatenate((bounds, inside[(inside > 0) & (inside < desk.horizon)])))
        at = ticks[:-1]
        count = np.searchsorted(np.sort(starts), at, side="right") - np.searchsorted(np.sort(ends), at, side="right")
        length = np.diff(ticks)
        where = np.searchsorted(ticks, bounds)
        for target, agents in ((busy, count), (present, np.maximum(count, level_at(group, at)))):
            area = np.concatenate(([0], np.cumsum(length * agents)))
            target[number] = np.diff(area[where]) / TICKS_PER_SECOND
    return busy, present


def talking(desk: Desk, contacts: Table) -> Floats:
    """Agent-seconds in talk (or work on a message) by group and interval; shape (groups, intervals).

    An agent who talks to several counts once. Busy less this is wrap-up and nothing else: talk wins where an agent
    wraps one contact up and talks to another.
    """
    bounds = edges(desk)
    talk = np.zeros((len(desk.groups), len(bounds) - 1))
    taken = contacts.where(contacts["answered"] != NEVER)
    ended = np.where(taken["ended"] == NEVER, desk.ends, taken["ended"])
    for number in range(len(desk.groups)):
        mine = taken["group"] == number
        starts, ends = _merged(taken["agent"][mine], taken["answered"][mine], ended[mine])
        talk[number] = np.diff(_elapsed(starts, bounds) - _elapsed(ends, bounds)) / TICKS_PER_SECOND
    return talk


def _elapsed(moments: Array, bounds: Array) -> Array:
    """At each boundary, the ticks since each moment before it, summed over the moments."""
    ordered = np.sort(moments)
    count = np.searchsorted(ordered, bounds)
    return bounds * count - np.concatenate(([0], np.cumsum(ordered)))[count]


def _merged(agent: Array, starts: Array, ends: Array) -> tuple[Array, Array]:
    """The spans in which each agent holds at least one contact."""
    order = np.lexsort((starts, agent))
    agent, starts, ends = agent[order], starts[order], ends[order]
    if not len(agent):
        return starts, ends
    # shifting each agent far beyond the one before makes one running maximum serve all of them
    far = (agent - agent.min()) * (ends.max() - starts.min() + 1)
    reach = np.maximum.accumulate(ends + far)
    new = np.append(True, (starts + far)[1:] > reach[:-1])
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(agent)) - 1
    return starts[first], reach[last] - far[last]


def in_queue(cohort: Cohort, channel: int) -> tuple[Array, Array]:
    """When each contact of a channel that waited was offered, and when it left the queue, because an agent took it or
    the customer left; `NEVER` where it still waits at the end. Ticks."""
    rows = cohort.all.where(cohort.all["channel"] == channel)
    queued = ~np.isin(rows["outcome"], (Outcome.BLOCKED, Outcome.IGNORED, Outcome.TURNED_AWAY))
    return rows["offered"][queued], np.where(rows["answered"] != NEVER, rows["answered"], rows["ended"])[queued]


def waiting_at(cohort: Cohort, channel: int, ticks: Array) -> tuple[Array, Floats]:
    """How many contacts of a channel wait at each tick, and the mean age of those in seconds (0 where none)."""
    offered, left = in_queue(cohort, channel)
    left = np.where(left == NEVER, cohort.desk.ends, left)
    came, gone = np.sort(offered), np.argsort(left, kind="stable")
    entered = np.searchsorted(came, ticks, side="right")
    out = np.searchsorted(left[gone], ticks, side="right")
    waiting = entered - out
    sums = np.concatenate(([0], np.cumsum(came)))[entered] - np.concatenate(([0], np.cumsum(offered[gone])))[out]
    age = np.where(waiting > 0, ticks - sums / np.maximum(waiting, 1), 0.0) / TICKS_PER_SECOND
    return waiting, age


@lru_cache(maxsize=1)
def _busy_and_present(cohort: Cohort) -> tuple[Floats, Floats]:
    return busy_and_present(cohort.desk, cohort.all)


def _by_groups(cohort: Cohort, above: Floats, below: Floats) -> Parts:
    """Sums over all groups, and for each channel over those that answer it."""
    parts: Parts = {ALL: (float(above.sum()), float(below.sum()))}
    for number, name in enumerate(cohort.channels):
        groups = [g for g, answers in enumerate(cohort.desk.answers) if number in answers]
        parts[name, None] = (float(above[groups].sum()), float(below[groups].sum()))
    return parts


def _occupancy(cohort: Cohort) -> Parts:
    return _by_groups(cohort, *_busy_and_present(cohort))


def _adherence(cohort: Cohort) -> Parts:
    # in ticks, so that those who keep to the schedule adhere by exactly 1
    planned = _ticks_of(cohort.desk, [group.levels for group in cohort.desk.groups]) / TICKS_PER_SECOND
    _, present = _busy_and_present(cohort)
    # nobody is ever less than there: in each interval the two integrals differ by the integral of the difference
    parts = _by_groups(cohort, planned - np.abs(present - planned), planned)
    return {key: (max(0.0, kept), all_) for key, (kept, all_) in parts.items()}


def _fte(cohort: Cohort) -> Parts:
    """Agent-intervals over intervals in which anybody is scheduled."""
    levels = scheduled(cohort.desk)
    return {ALL: (float(levels.sum()), float(np.sum(levels.sum(0) > 0)))}


def _paid_fte(cohort: Cohort) -> Parts:
    return {ALL: (float(paid(cohort.desk).sum()), float(np.sum(scheduled(cohort.desk).sum(0) > 0)))}


def staff_cost(desk: Desk) -> float:
    """What the staff costs: Σ paid agents · hours · cost an hour."""
    hours = paid(desk) * np.diff(edges(desk)) / TICKS_PER_SECOND / HOUR
    return float((hours.sum(1) * np.array([group.cost_per_hour for group in desk.groups])).sum())


def cost(cohort: Cohort) -> float:
    """Staff, the charge of each contact offered, and what is fixed."""
    desk = cohort.desk
    charges = np.array([channel.charge for channel in desk.channels])
    return staff_cost(desk) + desk.fixed_cost + float(charges[cohort.rows["channel"]].sum())


def _cost(cohort: Cohort) -> Parts:
    return {ALL: (cost(cohort), 1.0)}


def _cost_per_contact(cohort: Cohort) -> Parts:
    return {ALL: (cost(cohort), float(cohort.answered.sum()))}


def _handle_time(cohort: Cohort) -> Parts:
    rows = cohort.rows
    known = rows["freed"] != NEVER
    time = np.where(known, rows["freed"] - np.where(known, rows["answered"], 0), 0) / TICKS_PER_SECOND
    return tally(cohort, rows["channel"], rows["segment"], np.where(known, time, 0.0), known.astype(float), whole=False)


def _backlog(cohort: Cohort) -> Parts:
    ticks = edges(cohort.desk)[:-1]
    counts = {name: waiting_at(cohort, n, ticks)[0] for n, name in enumerate(cohort.channels) if not cohort.live[n]}
    return {(name, None): (float(count.sum()), float(len(ticks))) for name, count in counts.items()}


def _backlog_age(cohort: Cohort) -> Parts:
    ticks = edges(cohort.desk)[:-1]
    parts: Parts = {}
    for number, name in enumerate(cohort.channels):
        if not cohort.live[number]:
            waiting, age = waiting_at(cohort, number, ticks)
            parts[name, None] = (float((waiting * age).sum()), float(waiting.sum()))
    return parts


MEASURES = (
    Measure(
        "handle_time", "s", "AHT: mean time from answering to the end of wrap-up, of contacts whose wrap-up has ended.",
        Kind.RATIO, "", _handle_time,
    ),
    Measure(
        "occupancy", "share",
        "Time busy with talk and wrap-up over time present, of the groups that answer the channel. Present are the "
        "scheduled agents, and those who finish what they hold after their time.",
        Kind.PART, "", _occupancy,
    ),
    Measure(
        "adherence", "share",
        "1 − ∫|present − scheduled| dt / ∫ scheduled dt, of the groups that answer the channel; at least 0. Everybody "
        "comes on time (absence is not modelled yet), so what is missing are those who finish what they hold after "
        "their time.",
        Kind.PART, "higher", _adherence,
    ),
    Measure(
        "net_fte", "agents", "Agents scheduled, mean over the intervals with any.", Kind.RATIO, "", _fte, channels="",
    ),
    Measure(
        "paid_fte", "agents",
        "Agents scheduled, and of shifts those on a paid break, / (1 − shrinkage), mean over the intervals with any.",
        Kind.RATIO, "", _paid_fte, channels="",
    ),
    Measure(
        "backlog", "contacts", "Contacts waiting, mean over the starts of all intervals.",
        Kind.RATIO, "lower", _backlog, channels="deferrable",
    ),
    Measure(
        "backlog_age", "s", "Mean age of the contacts waiting at the starts of intervals.",
        Kind.RATIO, "lower", _backlog_age, channels="deferrable",
    ),
    Measure(
        "cost", "money",
        "Paid staff: hours scheduled (of shifts, and of paid breaks) × cost an hour / (1 − shrinkage); the charge of "
        "each contact offered; and what is fixed.",
        Kind.TOTAL, "lower", _cost, channels="",
    ),
    Measure(
        "cost_per_contact", "money", "Cost over answered contacts.",
        Kind.RATIO, "lower", _cost_per_contact, channels="",
    ),
)  # fmt: skip
