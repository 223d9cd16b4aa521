"""Waiting: how many were offered, answered, lost, and how long it took. All by arrival cohort."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.measures.base import Histogram, Key, Kind, Measure, Parts, tally
from sim.measures.cohort import Bools, Cohort
from sim.schemas import NEVER, Outcome
from sim.tables import Array


def _count(mask: Callable[[Cohort], Bools]) -> Callable[[Cohort], Parts]:
    def parts(cohort: Cohort) -> Parts:
        return tally(cohort, cohort.rows["channel"], cohort.rows["segment"], mask(cohort).astype(float))

    return parts


def _share(above: Callable[[Cohort], Bools], below: Callable[[Cohort], Bools]) -> Callable[[Cohort], Parts]:
    def parts(cohort: Cohort) -> Parts:
        rows = cohort.rows
        numbers = above(cohort).astype(float), below(cohort).astype(float)
        return tally(cohort, rows["channel"], rows["segment"], *numbers, whole=False)

    return parts


def _mean(ticks: Callable[[Cohort], Array], below: Callable[[Cohort], Bools]) -> Callable[[Cohort], Parts]:
    def parts(cohort: Cohort) -> Parts:
        rows, counted = cohort.rows, below(cohort)
        total = np.where(counted, cohort.seconds(ticks(cohort)), 0.0)
        return tally(cohort, rows["channel"], rows["segment"], total, counted.astype(float), whole=False)

    return parts


def _everyone(cohort: Cohort) -> Bools:
    return np.ones(len(cohort.rows), dtype=bool)


def _waited(cohort: Cohort) -> Bools:
    return np.asarray(cohort.wait != NEVER)


def _was(outcome: Outcome) -> Callable[[Cohort], Bools]:
    return lambda cohort: cohort.outcome(outcome)


def _answered(cohort: Cohort) -> Bools:
    return cohort.answered


def by_channel(cohort: Cohort, histogram: Callable[[Bools], Histogram], channel: Array) -> dict[Key, Histogram]:
    """A histogram for each channel, given the rows that belong to it."""
    return {(name, None): histogram(channel == code) for code, name in enumerate(cohort.channels)}


def wait_histogram(cohort: Cohort) -> dict[Key, Histogram]:
    """Waits of all offered who waited; of those still waiting at the end, censored."""
    wait, open_ = cohort.wait, cohort.outcome(Outcome.OPEN) & ~cohort.answered

    def of(mine: Bools) -> Histogram:
        counted = mine & (wait != NEVER)
        return Histogram.of(wait[counted & ~open_], wait[counted & open_])

    return by_channel(cohort, of, cohort.rows["channel"])


def response_histogram(cohort: Cohort) -> dict[Key, Histogram]:
    """Times until answered (deferrable: until the reply is sent) of all offered; those never answered never end, and
    those still open are censored."""
    response = cohort.response
    open_ = (response == NEVER) & cohort.outcome(Outcome.OPEN)
    so_far = cohort.desk.ends - cohort.rows["offered"]

    def of(mine: Bools) -> Histogram:
        answered = mine & (response != NEVER)
        return Histogram.of(response[answered], so_far[mine & open_], int(np.sum(mine & ~answered & ~open_)))

    return by_channel(cohort, of, cohort.rows["channel"])


def _intervals_met(cohort: Cohort) -> Parts:
    """Intervals in which a channel met its target, over those in which it was offered anything."""
    rows, desk = cohort.rows, cohort.desk
    parts: Parts = {}
    for code, channel in enumerate(desk.channels):
        mine = rows["channel"] == code
        interval = rows["offered"][mine] // desk.interval
        offered = np.bincount(interval, minlength=desk.intervals)
        within = np.bincount(interval, cohort.within[mine], desk.intervals)
        some = offered > 0
        # a share itself, not a number to reach: 0.56 · 25 is more than 14 to a computer, but 14 / 25 is 0.56
        met = within[some] / offered[some] >= channel.target.share
        parts[channel.name, None] = (float(met.sum()), float(some.sum()))
    return parts


_WAIT = "Time from being offered until answered, or until the customer left, of all offered contacts that waited"

MEASURES = (
    Measure(
        "offered", "contacts", "Contacts offered between the start and the end of the scenario, redials included.",
        Kind.COUNT, parts=_count(_everyone),
    ),
    Measure("answered", "contacts", "Offered contacts that an agent took.", Kind.COUNT, "higher", _count(_answered)),
    Measure(
        "abandoned", "contacts", "Offered contacts whose customer left before being answered.",
        Kind.COUNT, "lower", _count(_was(Outcome.ABANDONED)),
    ),
    Measure(
        "blocked", "contacts", "Offered contacts that found every line taken.",
        Kind.COUNT, "lower", _count(_was(Outcome.BLOCKED)),
    ),
    Measure(
        "ignored", "contacts", "Offered messages that nobody will ever answer.",
        Kind.COUNT, "lower", _count(_was(Outcome.IGNORED)),
    ),
    Measure(
        "turned_away", "contacts", "Offered contacts that found the channel closed.",
        Kind.COUNT, "lower", _count(_was(Outcome.TURNED_AWAY)),
    ),
    Measure(
        "disconnected", "contacts", "Offered contacts cut off at closing.",
        Kind.COUNT, "lower", _count(_was(Outcome.DISCONNECTED)),
    ),
    Measure(
        "open", "contacts", "Offered contacts still waiting or being worked on when the clock stopped (censored).",
        Kind.COUNT, "lower", _count(_was(Outcome.OPEN)),
    ),
    Measure(
        "answer_rate", "share", "Answered over offered.", Kind.SHARE, "higher", _share(_answered, _everyone),
    ),
    Measure(
        "abandonment_rate", "share", "Abandoned over offered.",
        Kind.SHARE, "lower", _share(_was(Outcome.ABANDONED), _everyone),
    ),
    Measure(
        "service_level", "share",
        "Answered within the target time (≤) over all offered: abandoned and blocked contacts count as missed. "
        "Live: until an agent answers; deferrable: until the reply is sent.",
        Kind.SHARE, "higher", _share(lambda c: c.within, _everyone),
    ),
    Measure(
        "service_level_less_short_abandoned", "share",
        "Answered within the target time over offered less those who abandoned within it.",
        Kind.SHARE, "higher", _share(lambda c: c.within, lambda c: ~c.left_within),
    ),
    Measure(
        "service_level_of_answered", "share", "Answered within the target time over all answered.",
        Kind.SHARE, "higher", _share(lambda c: c.within, _answered),
    ),
    Measure(
        "answered_or_abandoned_within", "share", "Answered or abandoned within the target time, over all offered.",
        Kind.SHARE, "", _share(lambda c: c.within | c.left_within, _everyone),
    ),
    Measure(
        "intervals_met", "share",
        "Intervals in which the channel met its target (answered within the target time over offered, at least the "
        "target share), over those in which anything was offered. A contact belongs to the interval in which it was "
        "offered; where few are, one miss is enough.",
        Kind.SHARE, "higher", _intervals_met, channels="live",
    ),
    Measure(
        "asa", "s", "Average speed of answer: mean time in the queue of answered contacts.",
        Kind.RATIO, "lower", _mean(lambda c: c.wait, _answered),
    ),
    Measure(
        "wait", "s", _WAIT + ": the mean; of those still open, the time so far.",
        Kind.RATIO, "lower", _mean(lambda c: c.wait, _waited),
    ),
    *(
        Measure(
            f"wait_p{round(q * 100)}", "s", f"{_WAIT}: {q:.0%} wait at most this long (Kaplan–Meier).",
            Kind.QUANTILE, "lower", histogram="wait", q=q,
        )
        for q in (0.5, 0.8, 0.9, 0.95, 0.99)
    ),
)  # fmt: skip
