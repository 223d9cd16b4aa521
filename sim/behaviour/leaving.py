"""Leaving: the monthly hazard that mood and circumstances give, and the probability that comes of it.

Contract, tenure, expiry and a recorded complaint multiply the hazard, each for its time; the mood tilts it, less and
less as it relaxes to C_ref. p = 1 − e^{−∫ hazard}. What an experience causes is the difference that the mood after it
and the complaint make to the same customer in the same circumstances.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from sim.behaviour.constants import constant
from sim.errors import SimError
from sim.tables import Array, Floats

Bools = npt.NDArray[np.bool_]

DAYS_PER_MONTH = 365.25 / 12

_GAUSS_NODES = 10


@dataclass(frozen=True)
class Churning:
    """How mood follows experience, and how the hazard of leaving follows mood and circumstances.

    The reference mood C_ref and the scale k are arguments of the functions, because they come from the baseline run.
    """

    h0: float = constant(
        0.015,
        "mean hazard of leaving in the baseline population",
        unit="per month",
        range="0.009 to 0.030",
        grade="B",
        source="Analysys Mason 2021; J.D. Power 2006",
    )
    beta: float = constant(
        0.015,
        "β, how mood tilts the hazard: × 1.16 for 10 points less",
        unit="per point",
        range="0 to 0.046",
        grade="C",
        source="mixed. Low: a regulator's index against line growth (ρ = −0.05), an ISP table (odds ratio "
        "1.04 a failure, not significant); high: SQM, intent to leave 5/9/25 %",
    )
    beta_low: float = constant(
        0.0,
        "low end of the prior on β",
        unit="per point",
        range="",
        grade="C",
        source="as β; that the prior is triangular is judgement",
    )
    beta_high: float = constant(
        0.046,
        "high end of the prior on β",
        unit="per point",
        range="",
        grade="C",
        source="as β; that the prior is triangular is judgement",
    )
    contract_ratios: tuple[float, float, float] = constant(
        (1.0, 0.3, 0.1),
        "hazard ratios of rolling, one-year and two-year contracts",
        range="1; 0.15 to 0.6; 0.05 to 0.3",
        grade="C",
        source="judgement: only the direction is known",
    )
    early_months: float = constant(
        3.0,
        "months of tenure that count as early",
        unit="months",
        range="1 to 6",
        grade="C",
        source="judgement: only the direction is known",
    )
    early_ratio: float = constant(
        2.0,
        "hazard ratio in the early months",
        range="1 to 4",
        grade="C",
        source="judgement: only the direction is known",
    )
    expiry_ratio: float = constant(
        2.0,
        "hazard ratio in the month that starts when the contract expires",
        range="1 to 5",
        grade="C",
        source="judgement: only the direction is known",
    )
    complaint_ratio: float = constant(
        5.0,
        "hazard ratio of a recorded complaint",
        range="2 to 10",
        grade="B",
        source="SQM; an Iranian operator's raw odds ratio of 43 as a ceiling",
    )
    complaint_days: float = constant(
        90.0,
        "how long a recorded complaint lasts; complaints do not stack",
        unit="days",
        range="30 to 180",
        grade="C",
        source="judgement",
    )
    complaint_share: float = constant(
        0.10,
        "share of unresolved issues that leave a recorded complaint",
        range="0.02 to 0.3",
        grade="C",
        source="judgement",
    )
    retention_ratio: float = constant(
        0.5,
        "hazard ratio of an accepted retention offer, over the 12 months that are looked at",
        range="0.3 to 0.9",
        grade="C",
        source="judgement: only the direction is known",
    )
    captive_factor: float = constant(
        0.25,
        "factor on β for a customer without a competitor at the address",
        range="0 to 1",
        grade="C",
        source="judgement",
    )
    adapt_up: float = constant(
        0.2,
        "share of the way that mood moves towards a better S",
        range="0.1 to 0.4",
        grade="C",
        source="form: Bolton 1998 (A); value: judgement",
    )
    adapt_down: float = constant(
        0.4,
        "share of the way that mood moves towards a worse S",
        range="0.2 to 0.6",
        grade="C",
        source="form: Bolton 1998 (A); value: judgement",
    )
    tenure_damping: float = constant(
        0.15,
        "share by which each year of tenure damps those moves",
        unit="per year",
        range="0 to 0.3",
        grade="C",
        source="form: Bolton 1998 (A); value: judgement",
    )
    half_life_months: float = constant(
        6.0,
        "time in which mood relaxes half-way to C_ref",
        unit="months",
        range="3 to 24",
        grade="C",
        source="judgement",
    )


@dataclass(frozen=True)
class Circumstances:
    """What else the hazard of leaving depends on: arrays, one element a customer, in the order of the moods."""

    contract: Array
    """Codes into `sim.schemas.CONTRACTS`."""
    tenure_months: Floats | Array
    """Months so far, ≥ 0. NaN gives NaN over time; in `hazard_ratio` it counts as past the early months."""
    expires_in: Floats
    """Months until the contract expires; NaN: it does not. Empty cells of a table must be NaN."""
    captive: Bools
    """Whether there is no competitor at the address."""


def complains(unresolved: Bools, uniform: Floats, churning: Churning) -> Bools:
    """Whose issue leaves a recorded complaint: unresolved, and a uniform draw on [0, 1) below `complaint_share`."""
    return unresolved & (uniform < churning.complaint_share)


def hazard_ratio(
    mood: Floats,
    who: Circumstances,
    *,
    complaint: Bools,
    c_ref: float,
    churning: Churning,
    beta: float | None = None,
) -> Floats:
    """The present hazard over k·h0, per customer: HR(contract)·HR(tenure)·HR(expiry)·HR(complaint)·e^{β'(C_ref − C)}.

    β' is β per point of mood, times `captive_factor` for the captive; C and C_ref in points. k·h0 times this is the
    hazard per month, of which more than 0.5 deserves a warning. Arguments as in `cumulative_hazard`.
    """
    ratio = _event_ratio(np.zeros(len(mood)), who, complaint, churning)
    return ratio * np.exp(_tilt(mood, c_ref, beta, who.captive, churning))


def cumulative_hazard(
    mood: Floats,
    who: Circumstances,
    *,
    complaint: Bools,
    c_ref: float,
    k: float,
    churning: Churning,
    months: float = 12.0,
    beta: float | None = None,
) -> Floats:
    """H = ∫ h dt (no unit) over the next `months`, per customer, if nothing more happens to them.

    h(t) = k·h0·HR(contract)·HR(tenure + t)·HR(expiry, t)·HR(complaint, t)·e^{β'(C_ref − C(t))} per month, where
    C(t) = C_ref + (C − C_ref)·2^{−t/half-life}; HR(tenure) is `early_ratio` while tenure + t < `early_months`;
    HR(expiry) is `expiry_ratio` for expires_in ≤ t < expires_in + 1; HR(complaint) is `complaint_ratio` for
    t < `complaint_days`; β' is β, times `captive_factor` for the captive. Everything in months (of 30.4375 days) and
    points. The contract's own ratio stands over the whole time, and one expiry is seen.

    The axis is split where a ratio changes (and each 12 months); each piece is integrated by Gauss and Legendre's rule
    with 10 nodes: relative error below 1e-10 for β up to 0.046 and half-lives from 3 months.

    Args:
        mood: C, 0 to 100; NaN gives NaN.
        complaint: one truth value a customer, whether one was recorded now.
        c_ref: C_ref in points.
        k: scale, no unit (`hazard_scale`).
        beta: per point, in place of `churning.beta`.

    Raises:
        SimError: a hazard is negative or not finite.
    """
    tilt = _tilt(mood, c_ref, beta, who.captive, churning)
    edges = _edges(who, months, churning)
    total = np.zeros(len(mood))
    with np.errstate(over="ignore", invalid="ignore"):
        for start, stop in pairwise(edges):
            ratio = _event_ratio((start + stop) / 2, who, complaint, churning)
            piece = k * churning.h0 * ratio * _relaxing_integral(tilt, start, stop, churning.half_life_months)
            if np.any((piece < 0.0) | np.isinf(piece)):
                raise SimError("a hazard of leaving is negative or infinite", "check h0, beta and the hazard ratios")
            total += piece
    return total


def leave_probability(
    mood: Floats,
    who: Circumstances,
    *,
    complaint: Bools,
    c_ref: float,
    k: float,
    churning: Churning,
    months: float = 12.0,
    beta: float | None = None,
) -> Floats:
    """p = 1 − e^{−H}: the probability that each customer leaves within `months`, H as in `cumulative_hazard`.

    NaN gives NaN (but in `who.expires_in`). Raises SimError as there.
    """
    hazard = cumulative_hazard(
        mood, who, complaint=complaint, c_ref=c_ref, k=k, churning=churning, months=months, beta=beta
    )
    return np.asarray(-np.expm1(-hazard))


def excess_leave_probability(
    mood_before: Floats,
    mood_after: Floats,
    who: Circumstances,
    *,
    complaint: Bools,
    c_ref: float,
    k: float,
    churning: Churning,
    months: float = 12.0,
    beta: float | None = None,
    retained: Bools | bool = False,
) -> Floats:
    """Δp = p(mood after, complaint, offer) − p(mood before, neither): the churn that an experience causes.

    p(mood after, complaint, offer) = 1 − e^{−ρH}, with ρ `retention_ratio` for those who accepted a retention offer and
    1 for all others, and H the cumulative hazard after the experience. Negative where the experience was a good one;
    exactly 0 where mood did not change and nobody complained or accepted an offer, and everywhere when β = 0,
    `complaint_ratio` = 1 and `retention_ratio` = 1. Other arguments, NaN and errors as in `cumulative_hazard`.

    Args:
        retained: whether each customer accepted an offer; it holds over all of the `months`.
    """
    hazard = partial(cumulative_hazard, who=who, c_ref=c_ref, k=k, churning=churning, months=months, beta=beta)
    after = hazard(mood_after, complaint=complaint) * np.where(retained, churning.retention_ratio, 1.0)
    before = hazard(mood_before, complaint=np.zeros_like(complaint))
    return np.asarray(-np.expm1(-after) + np.expm1(-before))


def hazard_scale(
    mood: Floats,
    who: Circumstances,
    *,
    complaint: Bools,
    c_ref: float,
    churning: Churning,
    beta: float | None = None,
) -> float:
    """k = 1/mean(`hazard_ratio`) over the baseline population: with it the population's mean present hazard is h0.

    Computed once for each β and kept for every variant. NaN in mood gives NaN.
    """
    ratios = hazard_ratio(mood, who, complaint=complaint, c_ref=c_ref, churning=churning, beta=beta)
    return 1.0 / float(ratios.mean())


def beta_band(churning: Churning) -> tuple[float, float]:
    """The 10 % and 90 % quantiles of the prior on β (per point): the central 80 %.

    The prior is triangular on [a, b] = [`beta_low`, `beta_high`] with mode m = `beta`; that is judgement, grade C. Its
    quantile at q is a + √(q(b − a)(m − a)) while that is ≤ m, and b − √((1 − q)(b − a)(b − m)) above. Where the mode
    stands near an end it may lie outside the band; who knows β sets `beta_low` = `beta_high` = `beta`.

    Raises:
        SimError: not `beta_low` ≤ `beta` ≤ `beta_high`.
    """
    low, mode, high = churning.beta_low, churning.beta, churning.beta_high
    if not low <= mode <= high:
        raise SimError(f"beta {mode:g} lies outside its range {low:g} to {high:g}", "move beta_low or beta_high too")

    def quantile(q: float) -> float:
        if q * (high - low) <= mode - low:
            return low + float(np.sqrt(q * (high - low) * (mode - low)))
        return high - float(np.sqrt((1.0 - q) * (high - low) * (high - mode)))

    return quantile(0.1), quantile(0.9)


def _tilt(mood: Floats, c_ref: float, beta: float | None, captive: Bools, churning: Churning) -> Floats:
    """β'·(C_ref − C), no unit: the logarithm of what mood does to the hazard now."""
    slope = churning.beta if beta is None else beta
    return np.asarray(np.where(captive, churning.captive_factor, 1.0) * slope * (c_ref - mood))


def _event_ratio(at: Floats, who: Circumstances, complaint: Bools, churning: Churning) -> Floats:
    """The product of the hazard ratios `at` so many months from now: all but the mood's."""
    ratio = np.asarray(churning.contract_ratios)[who.contract]
    ratio = ratio * np.where(who.tenure_months + at < churning.early_months, churning.early_ratio, 1.0)
    expiring = (who.expires_in <= at) & (at < who.expires_in + 1.0)
    ratio = ratio * np.where(expiring, churning.expiry_ratio, 1.0)
    complaining = complaint & (at < churning.complaint_days / DAYS_PER_MONTH)
    return np.asarray(ratio * np.where(complaining, churning.complaint_ratio, 1.0))


def _edges(who: Circumstances, months: float, churning: Churning) -> Floats:
    """The ascending edges of the pieces on which all ratios are constant: (edges, customers), months from now."""
    expiry = np.where(np.isnan(who.expires_in), months, who.expires_in)
    # the complaint's edge is there for everybody: with and without one the pieces are the same, and so is the rounding
    common = [0.0, churning.complaint_days / DAYS_PER_MONTH, *np.arange(12.0, months, 12.0), months]
    early = churning.early_months - who.tenure_months
    rows = [early, expiry, expiry + 1.0, *(np.full(len(expiry), edge) for edge in common)]
    return np.sort(np.clip(np.stack(rows), 0.0, months), axis=0)


def _relaxing_integral(tilt: Floats, start: Floats, stop: Floats, half_life_months: float) -> Floats:
    """∫ from start to stop of e^{tilt·2^{−t/half-life}} dt in months, by Gauss and Legendre's rule."""
    nodes, weights = _gauss()
    middle, half = (start + stop) / 2, (stop - start) / 2
    total = np.zeros_like(tilt)
    # a loop, not a matrix: memory stays one array a customer whatever their number
    for node, weight in zip(nodes, weights, strict=True):
        total += weight * np.exp(tilt * np.exp2(-(middle + half * node) / half_life_months))
    return half * total


@cache
def _gauss() -> tuple[Floats, Floats]:
    """Nodes and weights on [−1, 1]."""
    return np.polynomial.legendre.leggauss(_GAUSS_NODES)
