"""Workload: who was there, who was busy, what lay in the backlog, and what it cost."""

from __future__ import annotations

import numpy as np

from sim.desk import Desk
from sim.measures.base import ALL, Kind, Measure, Parts, tally
from sim.measures.cohort import NEVER_WAITED, Cohort
from sim.measures.work import again_in_queue, edges, handle_ticks, ticks_of, time_of
from sim.schemas import NEVER, TICKS_PER_SECOND, Outcome
from sim.tables import Array, Floats

HOUR = 3600.0


def scheduled(desk: Desk) -> Floats:
    """Agents scheduled, mean of each interval; shape (groups, intervals)."""
    return np.asarray(ticks_of(desk, [group.levels for group in desk.groups]) / np.diff(edges(desk)))


def paid(desk: Desk) -> Floats:
    """Agents paid, mean of each interval: those scheduled, of shifts those on a paid break as well, and for each of
    them the others' share that shrinkage takes: heads / (1 − shrinkage). Shape (groups, intervals)."""
    heads = ticks_of(desk, [group.levels if group.paid is None else group.paid for group in desk.groups])
    shrinkage = np.array([group.shrinkage for group in desk.groups]).reshape(-1, 1)
    return np.asarray(heads / np.diff(edges(desk)) / (1 - shrinkage))


def in_queue(cohort: Cohort, channel: int) -> tuple[Array, Array]:
    """When each contact of a channel that waited was offered, and when it first left the queue, because it was taken or
    the customer left; `NEVER` where it still waits at the end. Ticks. Who took a callback waits until called back."""
    rows = cohort.all.where(cohort.all["channel"] == channel)
    queued = ~np.isin(rows["outcome"], NEVER_WAITED) & ~cohort.automatic[channel]
    return rows["offered"][queued], np.where(rows["answered"] != NEVER, rows["answered"], rows["ended"])[queued]


def waiting_at(cohort: Cohort, channel: int, ticks: Array) -> tuple[Array, Floats]:
    """How many contacts of a channel wait at each tick, those put back into the queue included, and the mean age of
    those in seconds (0 where none)."""
    offered, left = in_queue(cohort, channel)
    since = offered
    if len(cohort.spells):
        again = again_in_queue(cohort, channel)
        offered, since, left = (np.append(*each) for each in zip((offered, since, left), again, strict=True))
    left = np.where(left == NEVER, cohort.desk.ends, left)
    came, gone = np.argsort(since, kind="stable"), np.argsort(left, kind="stable")
    entered = np.searchsorted(since[came], ticks, side="right")
    out = np.searchsorted(left[gone], ticks, side="right")
    waiting = entered - out
    came_so_far, gone_so_far = (np.concatenate(([0], np.cumsum(offered[order]))) for order in (came, gone))
    sums = came_so_far[entered] - gone_so_far[out]
    age = np.where(waiting > 0, ticks - sums / np.maximum(waiting, 1), 0.0) / TICKS_PER_SECOND
    return waiting, age


def _by_groups(cohort: Cohort, above: Floats, below: Floats) -> Parts:
    """Sums over all groups, and for each channel over those that answer it."""
    parts: Parts = {ALL: (float(above.sum()), float(below.sum()))}
    for number, name in enumerate(cohort.channels):
        groups = cohort.desk.answering(number)
        parts[name, None] = (float(above[groups].sum()), float(below[groups].sum()))
    return parts


def _occupancy(cohort: Cohort) -> Parts:
    time = time_of(cohort)
    return _by_groups(cohort, time.busy, time.present)


def _slot_occupancy(cohort: Cohort) -> Parts:
    time = time_of(cohort)
    return _by_groups(cohort, time.slots, time.present)


def _planned_and_absent(cohort: Cohort) -> tuple[Floats, Floats]:
    """Agent-seconds scheduled, and missing because somebody is away without notice; shapes (groups, intervals)."""
    # in ticks, so that those who keep to the schedule adhere by exactly 1
    planned, there = (ticks_of(desk, [group.levels for group in desk.groups]) for desk in (cohort.plan, cohort.desk))
    return planned / TICKS_PER_SECOND, (planned - there) / TICKS_PER_SECOND


def _adherence(cohort: Cohort) -> Parts:
    planned, absent = _planned_and_absent(cohort)
    parts = _by_groups(cohort, planned - absent - time_of(cohort).overtime, planned)
    return {key: (max(0.0, kept), all_) for key, (kept, all_) in parts.items()}


def _absence(cohort: Cohort) -> Parts:
    planned, absent = _planned_and_absent(cohort)
    return _by_groups(cohort, absent, planned)


def _overtime(cohort: Cohort) -> Parts:
    return {ALL: (float(time_of(cohort).overtime.sum()) / HOUR, 1.0)}


def _fte(cohort: Cohort) -> Parts:
    """Agent-intervals over intervals in which anybody is scheduled."""
    levels = scheduled(cohort.plan)
    return {ALL: (float(levels.sum()), float(np.sum(levels.sum(0) > 0)))}


def _paid_fte(cohort: Cohort) -> Parts:
    return {ALL: (float(paid(cohort.plan).sum()), float(np.sum(scheduled(cohort.plan).sum(0) > 0)))}


def staff_cost(desk: Desk) -> float:
    """What the staff costs as scheduled: Σ paid agents · hours · cost an hour."""
    hours = paid(desk) * np.diff(edges(desk)) / TICKS_PER_SECOND / HOUR
    return float((hours.sum(1) * np.array([group.cost_per_hour for group in desk.groups])).sum())


def overtime_cost(cohort: Cohort) -> float:
    """Σ hours busy beyond the schedule · cost an hour · the group's factor; without a factor they are not paid."""
    rates = [group.cost_per_hour * (group.overtime or 0.0) for group in cohort.desk.groups]
    return float((time_of(cohort).overtime.sum(1) / HOUR * np.array(rates)).sum())


def response_cost(cohort: Cohort) -> float:
    """What the response costs beside work: the outsourcer's price a contact, the price of each answer (exceptions made,
    for example), and the price of each retention offer that was accepted."""
    rows, told = cohort.rows, cohort.desk.responses
    if told is None:
        return 0.0
    outsourced = np.bincount(rows["channel"][cohort.outcome(Outcome.OUTSOURCED)], minlength=len(cohort.channels))
    answers = np.bincount(rows["channel"][cohort.by_agent], minlength=len(cohort.channels))
    accepted = rows["intent"][rows["retained"] == 1]
    total = sum(deal.price * int(outsourced[code]) for code, deal in enumerate(told.outsource) if deal is not None)
    total += sum(price * int(answers[code]) for code, price in enumerate(told.price))
    return float(total + sum(offer.price * int(np.sum(accepted == offer.intent)) for offer in told.retention))


def cost(cohort: Cohort) -> float:
    """Staff and their overtime, the charge of each contact offered, what the response costs, and what is fixed."""
    desk = cohort.plan
    charges = np.array([channel.charge for channel in desk.channels])
    contacts = float(charges[cohort.rows["channel"]].sum()) + response_cost(cohort)
    return staff_cost(desk) + desk.fixed_cost + contacts + overtime_cost(cohort)


def _cost(cohort: Cohort) -> Parts:
    return {ALL: (cost(cohort), 1.0)}


def _cost_per_contact(cohort: Cohort) -> Parts:
    helped = cohort.outcome(Outcome.CONTAINED) & (cohort.rows["resolved"] == 1)
    return {ALL: (cost(cohort), float(np.sum(cohort.answered | helped)))}


def _handle_time(cohort: Cohort) -> Parts:
    rows, ticks = cohort.rows, handle_ticks(cohort)
    known = (ticks != NEVER).astype(float)
    return tally(cohort, rows["channel"], rows["segment"], cohort.seconds(ticks), known, whole=False)


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
        "handle_time", "s",
        "AHT: mean time that agents spend on a contact, from taking it up to the end of wrap-up, work that was put "
        "aside included; of contacts that an agent answered and whose wrap-up has ended.",
        Kind.RATIO, "", _handle_time, channels="people",
    ),
    Measure(
        "occupancy", "share",
        "Time busy with talk and wrap-up over time present, of the groups that answer the channel. Present are the "
        "scheduled agents who came, and those who finish what they hold after their time. Busy is also who finds out "
        "that a customer has left without a word.",
        Kind.PART, "", _occupancy, channels="people",
    ),
    Measure(
        "slot_occupancy", "share",
        "Occupancy by slots: time present weighted with the share of an agent's slots in use (one chat of three is a "
        "third), over time present. As `occupancy` where agents hold one contact at a time.",
        Kind.PART, "", _slot_occupancy, channels="people",
    ),
    Measure(
        "adherence", "share",
        "1 − (time absent without notice + time busy beyond the schedule) / time scheduled, of the groups that answer "
        "the channel; at least 0. Whoever comes comes on time.",
        Kind.PART, "higher", _adherence, channels="people",
    ),
    Measure(
        "absence", "share",
        "Scheduled time for which agents are absent without notice, beyond the shrinkage, of the groups that answer "
        "the channel.",
        Kind.PART, "lower", _absence, channels="people",
    ),
    Measure(
        "overtime_hours", "h",
        "Agent-hours busy beyond the schedule: of shifts, beyond an agent's own; by count, of as many as are busy "
        "beyond the level.",
        Kind.TOTAL, "lower", _overtime, channels="",
    ),
    Measure(
        "overtime_cost", "money",
        "What overtime costs: its hours × cost an hour × the factor of the group; nothing where a group has none.",
        Kind.TOTAL, "lower", lambda cohort: {ALL: (overtime_cost(cohort), 1.0)}, channels="",
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
        "backlog", "contacts",
        "Contacts waiting, mean over the starts of all intervals: those put back into the queue too, but for those "
        "that wait for the customer's reply.",
        Kind.RATIO, "lower", _backlog, channels="deferrable",
    ),
    Measure(
        "backlog_age", "s", "Mean age of the contacts waiting at the starts of intervals.",
        Kind.RATIO, "lower", _backlog_age, channels="deferrable",
    ),
    Measure(
        "cost", "money",
        "Paid staff: hours scheduled (of shifts, and paid breaks; absence is paid) × cost an hour / (1 − shrinkage); "
        "overtime where the group pays it; the charge of each contact offered; the outsourcer's price, that of "
        "each answer and of each accepted retention offer, where the response has one; and what is fixed.",
        Kind.TOTAL, "lower", _cost, channels="",
    ),
    Measure(
        "cost_per_contact", "money",
        "Cost over contacts answered by an agent or the outsourcer, or that a machine or a recorded message solved.",
        Kind.RATIO, "lower", _cost_per_contact, channels="",
    ),
)  # fmt: skip
