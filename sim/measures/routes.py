"""Routes: the ways of a contact that end with no answer of the desk's agents, or lead from one contact to the next.

With those of `waiting` they conserve contacts: each that was offered is counted in exactly one of `ENDINGS`. Callbacks
and what was outsourced or transferred are among the answered.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.measures.base import Kind, Measure, Parts, tally
from sim.measures.cohort import Bools, Cohort
from sim.measures.waiting import answered, count, everyone, mean, share, was
from sim.measures.workload import HOUR
from sim.schemas import NEVER, TICKS_PER_SECOND, Cause, Outcome
from sim.tables import Array

ENDINGS = (
    "answered", "abandoned", "blocked", "ignored", "turned_away", "disconnected", "contained", "escalated", "deflected",
    "withdrawn", "open",
)  # fmt: skip
"""The measures that together count every offered contact once."""


def _made(cause: Cause) -> Callable[[Cohort], Bools]:
    return lambda cohort: np.asarray(cohort.rows["cause"] == int(cause))


def _escalated(cohort: Cohort) -> Bools:
    return np.asarray(cohort.outcome(Outcome.TRANSFERRED) & cohort.automatic[cohort.rows["channel"]])


def _solved(cohort: Cohort) -> Bools:
    return np.asarray(cohort.outcome(Outcome.CONTAINED) & (cohort.rows["resolved"] == 1))


def _took_callback(cohort: Cohort) -> Bools:
    return np.isin(cohort.rows["outcome"], (Outcome.CALLED_BACK, Outcome.CALLBACK_PENDING))


def _announced(cohort: Cohort) -> Array:
    return cohort.rows["announced"]


def _silent(cohort: Cohort) -> Bools:
    """Left without a word, as an agent has found out."""
    return np.asarray(cohort.outcome(Outcome.ABANDONED) & (cohort.rows["freed"] != NEVER))


def _silent_hours(cohort: Cohort) -> Parts:
    rows, silent = cohort.rows, _silent(cohort)
    hours = np.where(silent, rows["freed"] - rows["taken"], 0) / TICKS_PER_SECOND / HOUR
    return tally(cohort, rows["channel"], rows["segment"], hours)


def _chasers(cohort: Cohort) -> Parts:
    rows = cohort.rows
    ones = np.ones(len(rows))
    return tally(cohort, rows["channel"], rows["segment"], rows["chasers"].astype(float), ones, whole=False)


def _tracked(cohort: Cohort) -> Bools:
    told = cohort.desk.responses
    tracked = np.array(told.tracked if told is not None and told.tracked else [False] * len(cohort.channels))
    refused = np.isin(cohort.rows["outcome"], (Outcome.BLOCKED, Outcome.TURNED_AWAY))
    return np.asarray(tracked[cohort.rows["channel"]] & ~refused)


def _accepted(cohort: Cohort) -> Bools:
    return np.asarray(cohort.rows["retained"] == 1)


MEASURES = (
    Measure(
        "contained", "contacts",
        "Offered contacts with which a machine (or, on other channels, a recorded message) was the end of it, whether "
        "it helped or not. Not those that it passed on.",
        Kind.COUNT, "", count(was(Outcome.CONTAINED)),
    ),
    Measure(
        "containment_rate", "share", "Contained over offered.",
        Kind.SHARE, "", share(was(Outcome.CONTAINED), everyone), channels="self_service",
    ),
    Measure(
        "self_service_resolved", "share",
        "Issues solved by the machine over contacts offered to it: what is contained and comes back later is not.",
        Kind.SHARE, "higher", share(_solved, everyone), channels="self_service",
    ),
    Measure(
        "escalated", "contacts", "Offered contacts that a machine passed on to people.",
        Kind.COUNT, "", count(_escalated), channels="self_service",
    ),
    Measure(
        "escalation_rate", "share", "Passed on to people over offered.",
        Kind.SHARE, "", share(_escalated, everyone), channels="self_service",
    ),
    Measure(
        "deflected", "contacts",
        "Offered contacts whose customer was asked to use another channel, and did: a new contact there.",
        Kind.COUNT, "", count(was(Outcome.DEFLECTED)), channels="people",
    ),
    Measure(
        "withdrawn", "contacts",
        "Offered contacts withdrawn by the desk while they waited, because it saw that the customer had made another.",
        Kind.COUNT, "", count(was(Outcome.WITHDRAWN)), channels="people",
    ),
    Measure(
        "outsourced", "contacts", "Offered contacts that the outsourcer answered; they are among the answered.",
        Kind.COUNT, "", count(was(Outcome.OUTSOURCED)), channels="people",
    ),
    Measure(
        "transfer_rate", "share",
        "Passed on to another channel by the agent who answered, over answered. A contact passed on is among the "
        "answered; the one it becomes is offered where it goes.",
        Kind.SHARE, "lower", share(was(Outcome.TRANSFERRED), answered), channels="people",
    ),
    Measure(
        "callbacks", "contacts",
        "Offered contacts whose customer took a callback. Those called back are among the answered, after the time "
        "until they were; the others are open.",
        Kind.COUNT, "", count(_took_callback), channels="live",
    ),
    Measure(
        "callback_wait", "s", "Mean time from being offered until called back, of those called back.",
        Kind.RATIO, "lower", mean(lambda c: c.wait, was(Outcome.CALLED_BACK)), channels="live",
    ),
    Measure(
        "callback_announced", "s", "Mean wait that was announced to those who took a callback.",
        Kind.RATIO, "", mean(_announced, _took_callback), channels="live",
    ),
    Measure(
        "silent_left", "share",
        "Contacts of customers who left without a word and whom an agent took up in vain, over offered. They are among "
        "the abandoned.",
        Kind.SHARE, "lower", share(_silent, everyone), channels="live",
    ),
    Measure(
        "silent_hours", "h", "Agent-hours spent on finding out that a customer has left without a word.",
        Kind.TOTAL, "lower", _silent_hours, channels="live",
    ),
    Measure(
        "chasers", "chasers", "How often customers wrote again about an open contact, over offered contacts.",
        Kind.RATIO, "lower", _chasers, channels="deferrable",
    ),
    Measure(
        "switched", "contacts",
        "Offered contacts of customers who came from another channel, where they got no answer or found it closed.",
        Kind.COUNT, "lower", count(_made(Cause.SWITCH)),
    ),
    Measure(
        "public_complaints", "contacts",
        "Offered contacts of customers who complain in public, because they got no answer or none that helped.",
        Kind.COUNT, "lower", count(_made(Cause.PUBLIC)),
    ),
    Measure(
        "tracked", "share",
        "Offered contacts that were acknowledged with a number, over offered: all on a channel that does so, but for "
        "the blocked and turned away.",
        Kind.SHARE, "higher", share(_tracked, everyone), channels="people",
    ),
    Measure(
        "retained", "customers", "Retention offers that were accepted.", Kind.COUNT, "", count(_accepted),
        channels="people",
    ),
)  # fmt: skip
