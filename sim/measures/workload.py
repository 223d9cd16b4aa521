"""Workload: who was there, who was busy, what lay in the backlog, and what it cost."""

from __future__ import annotations

import numpy as np

from sim.desk import Desk, Group
from sim.measures.base import ALL, Kind, Measure, Parts, tally
from sim.measures.cohort import Cohort
from sim.schemas import NEVER, TICKS_PER_SECOND, Outcome
from sim.tables import Array, Floats, Table

HOUR = 3600.0


def edges(desk: Desk) -> Array:
    """The boundaries of the intervals, in ticks from 0 to the horizon."""
    return np.append(np.arange(0, desk.horizon, desk.interval), desk.horizon)


def level_at(group: Group, ticks: Array) -> Array:
    """The scheduled level at each tick."""
    if not group.levels:
        return np.zeros(len(ticks), dtype=np.int64)
    changes = np.array([tick for tick, _ in group.levels])
    levels = np.array([0, *(level for _, level in group.levels)])
    return levels[np.searchsorted(changes, ticks, side="right")]


def scheduled(desk: Desk) -> Floats:
    """Agents scheduled, mean of each interval; shape (groups, intervals)."""
    bounds = edges(desk)
    means = np.zeros((len(desk.groups), len(bounds) - 1))
    for number, group in enumerate(desk.groups):
        changes = np.array([tick for tick, _ in group.levels if 0 < tick < desk.horizon], dtype=np.int64)
        ticks = np.unique(np.concatenate((bounds, changes)))
        area = np.diff(ticks) * level_at(group, ticks[:-1])
        at_bounds = np.concatenate(([0], np.cumsum(area)))[np.searchsorted(ticks, bounds)]
        means[number] = np.diff(at_bounds) / np.diff(bounds)
    return means


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


def waiting_at(cohort: Cohort, channel: int, ticks: Array) -> tuple[Array, Floats]:
    """How many contacts of a channel wait at each tick, and the mean age of those in seconds (0 where none)."""
    rows = cohort.all.where(cohort.all["channel"] == channel)
    queued = ~np.isin(rows["outcome"], (Outcome.BLOCKED, Outcome.IGNORED, Outcome.TURNED_AWAY))
    offered = rows["offered"][queued]
    left = np.where(rows["answered"] != NEVER, rows["answered"], rows["ended"])[queued]
    left = np.where(left == NEVER, cohort.desk.ends, left)
    came, gone = np.sort(offered), np.argsort(left, kind="stable")
    entered = np.searchsorted(came, ticks, side="right")
    out = np.searchsorted(left[gone], ticks, side="right")
    waiting = entered - out
    sums = np.concatenate(([0], np.cumsum(came)))[entered] - np.concatenate(([0], np.cumsum(offered[gone])))[out]
    age = np.where(waiting > 0, ticks - sums / np.maximum(waiting, 1), 0.0) / TICKS_PER_SECOND
    return waiting, age


def _occupancy(cohort: Cohort) -> Parts:
    busy, present = busy_and_present(cohort.desk, cohort.all)
    parts: Parts = {ALL: (float(busy.sum()), float(present.sum()))}
    for number, name in enumerate(cohort.channels):
        groups = [g for g, answers in enumerate(cohort.desk.answers) if number in answers]
        parts[name, None] = (float(busy[groups].sum()), float(present[groups].sum()))
    return parts


def _fte(cohort: Cohort) -> Parts:
    """Agent-intervals over intervals in which anybody is scheduled."""
    levels = scheduled(cohort.desk)
    return {ALL: (float(levels.sum()), float(np.sum(levels.sum(0) > 0)))}


def _paid_fte(cohort: Cohort) -> Parts:
    levels = scheduled(cohort.desk)
    shrinkage = np.array([group.shrinkage for group in cohort.desk.groups])
    paid = levels / (1 - shrinkage)[:, None]
    return {ALL: (float(paid.sum()), float(np.sum(levels.sum(0) > 0)))}


def cost(desk: Desk) -> float:
    """What the scheduled staff cost: Σ level · hours · cost an hour / (1 − shrinkage)."""
    hours = scheduled(desk) * np.diff(edges(desk)) / TICKS_PER_SECOND / HOUR
    rates = np.array([group.cost_per_hour / (1 - group.shrinkage) for group in desk.groups])
    return float((hours.sum(1) * rates).sum())


def _cost(cohort: Cohort) -> Parts:
    return {ALL: (cost(cohort.desk), 1.0)}


def _cost_per_contact(cohort: Cohort) -> Parts:
    return {ALL: (cost(cohort.desk), float(cohort.answered.sum()))}


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
        "net_fte", "agents", "Agents scheduled, mean over the intervals with any.", Kind.RATIO, "", _fte, channels="",
    ),
    Measure(
        "paid_fte", "agents", "Agents scheduled / (1 − shrinkage), mean over the intervals with any.",
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
        "cost", "money", "Scheduled staff: net hours × cost an hour / (1 − shrinkage).",
        Kind.TOTAL, "lower", _cost, channels="",
    ),
    Measure(
        "cost_per_contact", "money", "Cost over answered contacts.",
        Kind.RATIO, "lower", _cost_per_contact, channels="",
    ),
)  # fmt: skip
