"""Waiting: how many were offered, answered, lost, and how long it took. All by arrival cohort."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.measures.base import Histogram, Key, Kind, Measure, Parts, tally
from sim.measures.cohort import UNDECIDED, Bools, Cohort
from sim.schemas import NEVER, Outcome
from sim.tables import Array


def count(mask: Callable[[Cohort], Bools]) -> Callable[[Cohort], Parts]:
    def parts(cohort: Cohort) -> Parts:
        return tally(cohort, cohort.rows["channel"], cohort.rows["segment"], mask(cohort).astype(float))

    return parts


def share(above: Callable[[Cohort], Bools], below: Callable[[Cohort], Bools]) -> Callable[[Cohort], Parts]:
    def parts(cohort: Cohort) -> Parts:
        rows = cohort.rows
        numbers = above(cohort).astype(float), below(cohort).astype(float)
        return tally(cohort, rows["channel"], rows["segment"], *numbers, whole=False)

    return parts


def mean(ticks: Callable[[Cohort], Array], below: Callable[[Cohort], Bools]) -> Callable[[Cohort], Parts]:
    def parts(cohort: Cohort) -> Parts:
        rows, counted = cohort.rows, below(cohort)
        total = np.where(counted, cohort.seconds(ticks(cohort)), 0.0)
        return tally(cohort, rows["channel"], rows["segment"], total, counted.astype(float), whole=False)

    return parts


def everyone(cohort: Cohort) -> Bools:
    return np.ones(len(cohort.rows), dtype=bool)


def _open(cohort: Cohort) -> Bools:
    """Offered while the channel was open: who finds it closed is in no telephone system's service level."""
    return ~cohort.outcome(Outcome.TURNED_AWAY)


def _waited(cohort: Cohort) -> Bools:
    return np.asarray(cohort.wait != NEVER)


def was(outcome: Outcome) -> Callable[[Cohort], Bools]:
    return lambda cohort: cohort.outcome(outcome)


def answered(cohort: Cohort) -> Bools:
    return cohort.answered


def by_channel(cohort: Cohort, histogram: Callable[[Bools], Histogram], channel: Array) -> dict[Key, Histogram]:
    """A histogram for each channel, given the rows that belong to it."""
    return {(name, None): histogram(channel == code) for code, name in enumerate(cohort.channels)}


def wait_histogram(cohort: Cohort) -> dict[Key, Histogram]:
    """Waits of all offered who waited; of those still waiting at the end, censored."""
    wait, open_ = cohort.wait, cohort.waiting

    def of(mine: Bools) -> Histogram:
        counted = mine & (wait != NEVER)
        return Histogram.of(wait[counted & ~open_], wait[counted & open_])

    return by_channel(cohort, of, cohort.rows["channel"])


def response_histogram(cohort: Cohort) -> dict[Key, Histogram]:
    """Times until answered (deferrable: until the reply is sent) of all offered; those never answered never end, and
    those still open are censored."""
    response = cohort.response
    open_ = (response == NEVER) & np.isin(cohort.rows["outcome"], UNDECIDED)
    so_far = cohort.desk.ends - cohort.rows["offered"]

    def of(mine: Bools) -> Histogram:
        answered = mine & (response != NEVER)
        return Histogram.of(response[answered], so_far[mine & open_], int(np.sum(mine & ~answered & ~open_)))

    return by_channel(cohort, of, cohort.rows["channel"])


def spans_met(cohort: Cohort, span: Array, spans: int) -> Parts:
    """By channel, the spans of time in which it met its target, over those in which it was offered anything.

    Args:
        span: by row of the cohort, the number of the span in which it was offered, below `spans`.
    """
    parts: Parts = {}
    for code, channel in enumerate(cohort.desk.channels):
        mine = (cohort.rows["channel"] == code) & _open(cohort)
        offered = np.bincount(span[mine], minlength=spans)
        within = np.bincount(span[mine], cohort.within[mine], spans)
        some = offered > 0
        # a share itself, not a number to reach: 0.56 · 25 is more than 14 to a computer, but 14 / 25 is 0.56
        met = within[some] / offered[some] >= channel.target.share
        parts[channel.name, None] = (float(met.sum()), float(some.sum()))
    return parts


def _intervals_met(cohort: Cohort) -> Parts:
    return spans_met(cohort, cohort.rows["offered"] // cohort.desk.interval, cohort.desk.intervals)


CLOCK = (
    "The clock of a target in business hours runs in them alone; every clock stands still from when the desk asks the "
    "customer back until the customer replies."
)
_WAIT = (
    "Time from being offered until answered (a callback: until called back), or until the customer left or was "
    "withdrawn, of all offered contacts that waited: not the blocked, turned away, ignored, contained, deflected"
)

MEASURES = (
    Measure(
        "offered", "contacts", "Contacts offered between the start and the end of the scenario, redials included.",
        Kind.COUNT, parts=count(everyone),
    ),
    Measure(
        "answered", "contacts",
        "Offered contacts that an agent took, called back or passed on included, or the outsourcer; not those that a "
        "machine served.",
        Kind.COUNT, "higher", count(answered),
    ),
    Measure(
        "abandoned", "contacts",
        "Offered contacts whose customer left before being answered: while waiting, saying so or not, or at once when "
        "the wait was announced.",
        Kind.COUNT, "lower", count(was(Outcome.ABANDONED)),
    ),
    Measure(
        "blocked", "contacts", "Offered contacts that found every line taken.",
        Kind.COUNT, "lower", count(was(Outcome.BLOCKED)),
    ),
    Measure(
        "ignored", "contacts", "Offered messages that nobody will ever answer.",
        Kind.COUNT, "lower", count(was(Outcome.IGNORED)),
    ),
    Measure(
        "turned_away", "contacts", "Offered contacts that found the channel closed.",
        Kind.COUNT, "lower", count(was(Outcome.TURNED_AWAY)),
    ),
    Measure(
        "disconnected", "contacts", "Offered contacts cut off at closing, or by a machine's outage.",
        Kind.COUNT, "lower", count(was(Outcome.DISCONNECTED)),
    ),
    Measure(
        "open", "contacts",
        "Offered contacts still waiting when the clock stopped (censored), promised callbacks included; whom an agent "
        "has taken is answered.",
        Kind.COUNT, "lower", count(lambda c: c.waiting),
    ),
    Measure(
        "answer_rate", "share", "Answered over offered while open.",
        Kind.SHARE, "higher", share(answered, _open), channels="people",
    ),
    Measure(
        "abandonment_rate", "share", "Abandoned over offered while open.",
        Kind.SHARE, "lower", share(was(Outcome.ABANDONED), _open), channels="people",
    ),
    Measure(
        "service_level", "share",
        "Answered within the target time (≤) over all offered while the channel was open: abandoned, blocked, "
        "ignored and deflected contacts count as missed, and whom a recorded message helped as answered at once. Live: "
        "until an agent or the outsourcer answers, or calls back; deferrable: until the reply is sent, or the message "
        "passed on. "
        f"{CLOCK}",
        Kind.SHARE, "higher", share(lambda c: c.within, _open), channels="people",
    ),
    Measure(
        "service_level_less_short_abandoned", "share",
        f"Answered within the target time over offered while open less those who abandoned within it. {CLOCK}",
        Kind.SHARE, "higher", share(lambda c: c.within, lambda c: _open(c) & ~c.left_within), channels="people",
    ),
    Measure(
        "service_level_of_answered", "share", f"Answered within the target time over all answered. {CLOCK}",
        Kind.SHARE, "higher", share(lambda c: c.within & c.answered, answered), channels="people",
    ),
    Measure(
        "answered_or_abandoned_within", "share",
        f"Answered or abandoned within the target time, over all offered while open. {CLOCK}",
        Kind.SHARE, "", share(lambda c: c.within | c.left_within, _open), channels="people",
    ),
    Measure(
        "intervals_met", "share",
        "Intervals in which the channel met its target (answered within the target time over offered, at least the "
        "target share), over those in which anything was offered while open. A contact belongs to the interval "
        "in which it was offered; where few are, one miss is enough.",
        Kind.SHARE, "higher", _intervals_met, channels="live",
    ),
    Measure(
        "asa", "s", "Average speed of answer: mean time in the queue of answered contacts.",
        Kind.RATIO, "lower", mean(lambda c: c.wait, answered), channels="people",
    ),
    Measure(
        "wait", "s", _WAIT + ": the mean; of those still open, the time so far.",
        Kind.RATIO, "lower", mean(lambda c: c.wait, _waited), channels="people",
    ),
    *(
        Measure(
            f"wait_p{round(q * 100)}", "s", f"{_WAIT}: {q:.0%} wait at most this long (Kaplan–Meier).",
            Kind.QUANTILE, "lower", histogram="wait", q=q, channels="people",
        )
        for q in (0.5, 0.8, 0.9, 0.95, 0.99)
    ),
)  # fmt: skip
