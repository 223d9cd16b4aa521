"""Satisfaction and churn: how the customers of the cohort feel, and how many of them leave because of it.

The equations are in `sim.behaviour`; the constants that calibrate them are those of the reference run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from sim.behaviour.feeling import (
    Bools,
    Feeling,
    perceived_gain,
    replies,
    satisfaction_logit,
    survey_score,
    with_replies,
)
from sim.behaviour.leaving import Churning, Circumstances, beta_band, complains, excess_leave_probability
from sim.behaviour.mood import mood_after
from sim.desk import Desk
from sim.measures import reference
from sim.measures.base import ALL, Kind, Measure, Parts, tally
from sim.measures.cohort import Cohort
from sim.measures.workload import cost
from sim.schemas import NEVER, Outcome
from sim.tables import Array, Floats

CHURNING = Churning()

LOW, MODE, HIGH = 2, 3, 5
"""Where in `BETAS` the band of β begins, β itself stands, and the band ends."""


@dataclass(frozen=True)
class Belief:
    """What one may believe of satisfaction and churn: the constants of both, and the scale k that goes with β."""

    churning: Churning = CHURNING
    scale: float = field(default_factory=lambda: reference.SCALE[MODE])
    feeling: Feeling = reference.FEELING


AS_IS = Belief()
"""The constants as they stand."""


def logits(cohort: Cohort, feeling: Feeling = reference.FEELING) -> Floats:
    """z − α of each issue of the cohort: the worst wait counts, on the scale of the channel on which it happened. Being
    passed on, by an agent, a machine or to another channel, is a transfer, and not the customer's repeat."""
    issues = cohort.issues
    waits = cohort.waits_of_all
    # blocked, ignored and turned away: no wait, and no gain from it, as no answer was got
    seconds = np.maximum(np.where(waits == NEVER, 0, waits), 0) / 1000.0
    gains = perceived_gain(seconds, _expectations(cohort), feeling)
    # every other piece is an issue of the cohort; those outside it, in between, must not count
    bounds = np.stack((issues.starts, issues.last + 1), axis=1).ravel()
    worst = np.minimum.reduceat(np.append(gains, 0.0), bounds)[::2]
    return satisfaction_logit(
        worst,
        unresolved=issues.solved == NEVER,
        repeats=issues.contacts - 1 - issues.passed,
        transfers=issues.passed,
        personal=issues.personal,
        ignored=issues.ignored,
        got_answer=issues.first_answer != NEVER,
        feeling=feeling,
    )


def _expectations(cohort: Cohort) -> Floats:
    """The wait that the customer of each contact of the table expects, in seconds: that of the channel; of who took a
    callback, at least the wait that was announced, or the time for which it was booked."""
    table, told = cohort.all, cohort.desk.responses
    expected = np.array([channel.expectation for channel in cohort.desk.channels])[table["channel"]]
    took = np.isin(table["outcome"], (Outcome.CALLED_BACK, Outcome.CALLBACK_PENDING))
    if not took.any():
        return expected
    offers = told.callback if told is not None else ()
    booked = [offer.booked or 0 if offer is not None else 0 for offer in offers] or [0] * len(cohort.channels)
    promised = np.maximum(
        np.where(table["announced"] == NEVER, 0, table["announced"]), np.array(booked)[table["channel"]]
    )
    return np.where(took, np.maximum(expected, promised / 1000.0), expected)


@lru_cache(maxsize=1)
def satisfactions(cohort: Cohort, feeling: Feeling = reference.FEELING) -> Floats:
    """S of each issue of the cohort, 0 to 100."""
    alpha = np.array([reference.ALPHA[channel.satisfaction_like] for channel in cohort.desk.channels])
    z = alpha[cohort.issues.channel] + logits(cohort, feeling)
    return np.asarray(100.0 / (1.0 + np.exp(-z)))


def _satisfaction(cohort: Cohort, belief: Belief = AS_IS) -> Parts:
    issues = cohort.issues
    felt = satisfactions(cohort, belief.feeling)
    return tally(cohort, issues.channel, issues.segment, felt, np.ones(len(issues.contacts)))


def _csat(cohort: Cohort, belief: Belief = AS_IS) -> Parts:
    issues, feeling = cohort.issues, belief.feeling
    _, answers = _surveyed(cohort, feeling)
    score = survey_score(satisfactions(cohort, feeling), cohort.all["noise_draw"][issues.last] / 1e3, feeling)
    return tally(cohort, issues.channel, issues.segment, (answers & (score >= 4)).astype(float), answers.astype(float))


def _replies(cohort: Cohort, belief: Belief = AS_IS) -> Parts:
    issues = cohort.issues
    asked, answers = _surveyed(cohort, belief.feeling)
    return tally(cohort, issues.channel, issues.segment, answers.astype(float), asked.astype(float))


def _surveyed(cohort: Cohort, feeling: Feeling) -> tuple[Bools, Bools]:
    """Who is asked, and who of them answers. One draw serves for both: u < asked, and u/asked < P(answers)."""
    issues, survey = cohort.issues, cohort.desk.survey
    willing = feeling if survey.answers is None else with_replies(feeling, survey.answers)
    draw = cohort.all["reply_draw"][issues.last] / 1e6
    asked = (issues.first_answer != NEVER) & (draw < survey.asked)
    return asked, asked & replies(satisfactions(cohort, feeling), draw / (survey.asked or 1.0), willing)


BAND: tuple[float, float] = beta_band(CHURNING)
"""The band over β: its central 80 %."""

BETAS: tuple[float, ...] = (
    CHURNING.beta_low,
    (CHURNING.beta_low + BAND[0]) / 2,
    BAND[0],
    CHURNING.beta,
    (CHURNING.beta + BAND[1]) / 2,
    BAND[1],
    CHURNING.beta_high,
)
"""The values of β, over its whole range, at which churn is known; `reference.SCALE` has k for each."""


def betas(believed: Belief = AS_IS) -> tuple[Belief, ...]:
    """What is believed, with each of `BETAS` for β."""
    return tuple(
        replace(believed, churning=replace(believed.churning, beta=beta), scale=scale)
        for beta, scale in zip(BETAS, reference.SCALE, strict=True)
    )


def complaints(believed: Belief = AS_IS) -> tuple[Belief, ...]:
    """What is believed, with the ends of the range of the complaint share (grade C)."""
    return tuple(replace(believed, churning=replace(believed.churning, complaint_share=share)) for share in COMPLAINTS)


COMPLAINTS = (0.02, 0.30)


@dataclass(frozen=True)
class Journeys:
    """The customers with an issue in the cohort, one element each: who they are, their mood before the first of them
    and after the last, the least complaint draw of those left unsolved (millionths; beyond all where none), and whether
    they accepted a retention offer."""

    who: Circumstances
    segment: Array
    before: Floats
    after: Floats
    complaint_draw: Array
    retained: Bools


@lru_cache(maxsize=1)
def journeys(cohort: Cohort, churning: Churning = CHURNING, feeling: Feeling = reference.FEELING) -> Journeys:
    """A customer with several issues goes through them in the order in which they closed."""
    issues, table = cohort.issues, cohort.all
    order = np.lexsort((issues.closed, issues.customer))
    row = issues.last[order]
    customer = issues.customer[order]
    first = np.flatnonzero(np.diff(customer, prepend=-1))
    each = np.diff(np.append(first, len(customer)))
    person = np.repeat(np.arange(len(first)), each)
    nth = np.arange(len(customer)) - np.repeat(first, each)
    satisfaction = satisfactions(cohort, feeling)[order]
    tenure = table["tenure"][row].astype(float)
    before = table["mood"][row][first] / 1000.0
    mood = before.copy()
    for n in range(int(nth.max()) + 1 if len(nth) else 0):
        now = nth == n
        mood[person[now]] = mood_after(mood[person[now]], satisfaction[now], tenure[now], churning)
    unsolved = np.where(issues.solved[order] == NEVER, table["complaint_draw"][row], 1_000_000)
    expires = table["expires_in"][row][first]
    who = Circumstances(
        contract=table["contract"][row][first],
        tenure_months=tenure[first],
        expires_in=np.where(expires == NEVER, np.nan, expires.astype(float)),
        captive=table["captive"][row][first] == 1,
    )
    draw = np.minimum.reduceat(unsolved, first) if len(first) else unsolved
    retained = np.maximum.reduceat(issues.retained[order], first) if len(first) else issues.retained
    return Journeys(who, issues.segment[order][first], before, mood, draw, retained)


def excess_churn(cohort: Cohort, belief: Belief) -> Parts:
    """Σ over customers with an issue in the cohort of Δp: p(leave within 12 months) after it less p before it."""
    churning = belief.churning
    # one mood whatever the slope: only what moves moods makes journeys of its own
    them = journeys(cohort, replace(CHURNING, **{name: getattr(churning, name) for name in MOVES_MOOD}), belief.feeling)
    unsolved = them.complaint_draw < 1_000_000
    excess = excess_leave_probability(
        them.before,
        them.after,
        them.who,
        complaint=complains(unsolved, them.complaint_draw / 1e6, churning),
        retained=them.retained,
        c_ref=reference.C_REF,
        k=belief.scale,
        churning=churning,
    )
    parts: Parts = {ALL: (float(excess.sum()), 1.0)}
    if len(cohort.segments) > 1:
        sums = np.bincount(them.segment, excess, len(cohort.segments))
        parts |= {(None, name): (float(total), 1.0) for name, total in zip(cohort.segments, sums, strict=True)}
    return parts


MOVES_MOOD = ("adapt_up", "adapt_down", "tenure_damping")
"""The constants of churn that the mood after an issue depends on."""


def lost_margin(excess: Parts, desk: Desk) -> Parts:
    """What the customers who leave because of these contacts would have earned: Σ over segments of the excess churn of
    `excess_churn` × margin a month × months that count as lost."""
    worth = {name: margin / 1000 * desk.worth for name, margin in zip(desk.segments, desk.margins, strict=False)}
    if len(desk.segments) == 1:
        return {ALL: (excess[ALL][0] * worth.get(desk.segments[0], 0.0), 1.0)}
    parts: Parts = {(None, name): (excess[None, name][0] * worth.get(name, 0.0), 1.0) for name in desk.segments}
    return {ALL: (sum(lost for lost, _ in parts.values()), 1.0), **parts}


@lru_cache(maxsize=1)
def _excess_churn(cohort: Cohort, belief: Belief) -> Parts:
    return excess_churn(cohort, belief)


def _lost_margin(cohort: Cohort, belief: Belief = AS_IS) -> Parts:
    return lost_margin(_excess_churn(cohort, belief), cohort.desk)


def _value(cohort: Cohort, belief: Belief = AS_IS) -> Parts:
    return {ALL: (-_lost_margin(cohort, belief)[ALL][0] - cost(cohort), 1.0)}


EXCESS_CHURN = "excess_churn"

MEASURES = (
    Measure(
        "satisfaction", "points",
        "Mean of S (0 to 100) over all issues, by the channel of their last contact; also those abandoned, ignored, "
        "contained or still open. Implied by the model of satisfaction.",
        Kind.RATIO, "higher", _satisfaction,
    ),
    Measure(
        "csat", "share", "Scores of 4 or 5 over survey answers; only customers who got an answer are asked, and those "
        "who answer are not all. Implied by the model of satisfaction.",
        Kind.SHARE, "higher", _csat,
    ),
    Measure("survey_replies", "share", "Survey answers over customers asked.", Kind.SHARE, "", _replies),
    Measure(
        EXCESS_CHURN, "customers",
        "Customers who leave within 12 months because of these contacts: Σ over customers of the change in their "
        "probability of leaving, accepted retention offers included. Negative: support kept more than it lost. The "
        "band is over β, how strongly satisfaction moves churn: its central 80 % under a triangular prior on 0 to "
        "0.046 (grade C). The share of unresolved issues that leave a recorded complaint (10 %, range 2 to 30 %, grade "
        "C) moves it more.",
        Kind.CHANGE, "lower", lambda cohort: _excess_churn(cohort, AS_IS), channels="",
    ),
    Measure(
        "lost_margin", "money",
        "What the customers who leave within 12 months because of these contacts would have earned: excess churn by "
        "segment × the segment's margin × the time for which a lost customer's margin counts (customers.worth, a year "
        "unless said). Negative: margin kept.",
        Kind.CHANGE, "lower", _lost_margin, channels="",
    ),
    Measure(
        "value", "money",
        "Margin of the customers kept, less cost: − lost margin − cost. Only the difference between two policies on "
        "the same customers means anything: the greater the better.",
        Kind.CHANGE, "higher", _value, channels="",
    ),
)  # fmt: skip

BELIEVED: dict[str, Callable[[Cohort, Belief], Parts]] = {
    "satisfaction": _satisfaction,
    "csat": _csat,
    "survey_replies": _replies,
    EXCESS_CHURN: _excess_churn,
    "lost_margin": _lost_margin,
    "value": _value,
}
"""The measures that depend on what is believed: their parts under a belief."""
