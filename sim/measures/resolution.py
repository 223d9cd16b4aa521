"""Resolution: when an issue got its first answer, when it was solved, and how many contacts that took.

An issue belongs to the channel of its first contact. One whose customer gave up without an answer (or without a
solution) never gets it: it counts as an endless time, so a percentile cannot improve by losing customers. One that is
still open when the clock stops is censored.
"""

from __future__ import annotations

import numpy as np

from sim.draws import ATTEMPTS
from sim.measures.base import ALL, Histogram, Key, Kind, Measure, Parts, tally
from sim.measures.cohort import Bools, Cohort
from sim.measures.waiting import by_channel
from sim.schemas import NEVER, TICKS_PER_SECOND
from sim.tables import Array

WEEK = 7 * 86_400 * TICKS_PER_SECOND


def _until(cohort: Cohort, moment: Array) -> dict[Key, Histogram]:
    issues = cohort.issues
    happened = moment != NEVER

    def of(mine: Bools) -> Histogram:
        unknown = mine & ~happened & issues.open
        return Histogram.of(
            (moment - issues.first_offered)[mine & happened],
            cohort.desk.ends - issues.first_offered[unknown],
            int(np.sum(mine & ~happened & ~issues.open)),
        )

    return by_channel(cohort, of, issues.first_channel)


def first_response_histogram(cohort: Cohort) -> dict[Key, Histogram]:
    return _until(cohort, cohort.issues.first_answer)


def resolution_histogram(cohort: Cohort) -> dict[Key, Histogram]:
    return _until(cohort, cohort.issues.solved)


def _fcr(cohort: Cohort) -> Parts:
    issues = cohort.issues
    complete = (issues.first_answer != NEVER) & (issues.first_answer + WEEK <= cohort.desk.ends)
    solved = (issues.solved_first & complete).astype(float)
    return tally(cohort, issues.first_channel, issues.segment, solved, complete.astype(float))


def _resolved(cohort: Cohort) -> Parts:
    issues = cohort.issues
    solved = (issues.solved != NEVER).astype(float)
    return tally(cohort, issues.first_channel, issues.segment, solved, np.ones(len(solved)))


def _issues(cohort: Cohort) -> Parts:
    issues = cohort.issues
    return tally(cohort, issues.first_channel, issues.segment, np.ones(len(issues.contacts)))


def _contacts(cohort: Cohort) -> Parts:
    issues = cohort.issues
    contacts = issues.contacts.astype(float)
    return tally(cohort, issues.first_channel, issues.segment, contacts, np.ones(len(contacts)))


def _capped(cohort: Cohort) -> Parts:
    return {ALL: (float(cohort.capped), 1.0)}


_OF = "issues, by the channel of their first contact"

MEASURES = (
    Measure(
        "issues", "issues", "Issues whose first contact was offered in the scenario's time.", Kind.COUNT, "", _issues,
    ),
    Measure("contacts_per_issue", "contacts", f"Mean number of contacts of {_OF}.", Kind.RATIO, "lower", _contacts),
    Measure(
        "fcr", "share",
        "First-contact resolution: issues solved by their first answer with no further contact within 7 days of it, "
        "over issues answered at least once whose 7 days are complete. An answer is an agent's, the outsourcer's, or a "
        "machine's; what a machine or an agent passes on was not solved by its first answer.",
        Kind.SHARE, "higher", _fcr,
    ),
    Measure(
        "resolved", "share", f"Solved over all {_OF}, by the time the clock stops.", Kind.SHARE, "higher", _resolved,
    ),
    Measure(
        "attempts_capped", "attempts",
        f"How often a customer would have tried once more after {ATTEMPTS} attempts and was stopped; run-in and drain "
        "included.",
        Kind.COUNT, "lower", _capped, channels="",
    ),
    *(
        Measure(
            f"{name}_p{round(q * 100)}", "s", f"{what}, {_OF}: {q:.0%} take at most this long (Kaplan–Meier); an issue "
            "given up counts as endless.",
            Kind.QUANTILE, "lower", histogram=name, q=q,
        )
        for name, what in (
            (
                "first_response",
                "Time from the first contact until the first answer (live: an agent or the outsourcer answers; "
                "deferrable: the reply is sent; a machine or a recorded message: when it has helped)",
            ),
            ("resolution_time", "Time from the first contact until the answer that solves the issue is complete"),
        )
        for q in (0.5, 0.9)
    ),
)  # fmt: skip
