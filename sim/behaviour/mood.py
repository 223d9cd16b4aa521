"""Mood: what is left of a customer's issues, and where the moods of a population settle.

The mood C (0 to 100) moves a share of the way to the S of an issue as it closes, further down than up and less with
each year of tenure, and between issues relaxes to C_ref. Its parameters are fields of `sim.behaviour.leaving.Churning`,
as the hazard of leaving is integrated over the same relaxation.
"""

from __future__ import annotations

import numpy as np

from sim.behaviour.leaving import Churning
from sim.errors import SimError
from sim.tables import Array, Floats

_STATIONARY_SEED = 20070508
_STATIONARY_CUSTOMERS = 20_000
_STATIONARY_RUN_IN = 100
_STATIONARY_KEPT = 100


def mood_after(mood: Floats, satisfaction: Floats, tenure_months: Floats | Array, churning: Churning) -> Floats:
    """C after an issue closed: C + a·(1 − δ)^(tenure/12)·(S − C), 0 to 100.

    a is `adapt_up` where S > C and `adapt_down` where S < C; δ `tenure_damping` a year; tenure in months; C and S in
    points, S free of survey noise. Where S is NaN no issue closed and C stays; NaN elsewhere gives NaN.

    Source: Bolton 1998 for the form.
    """
    moved = mood + _jump(mood, satisfaction, _damping(tenure_months, churning), churning)
    return np.asarray(np.where(np.isnan(satisfaction), mood, moved))


def stationary_mood(
    satisfaction: Floats,
    churning: Churning,
    *,
    tenure_months: Floats | Array | None = None,
    issues_per_month: float = 0.08,
) -> tuple[float, Floats]:
    """(C_ref, quantiles of C at 0, 1, …, 100 %): where moods settle in a run whose issues end as in this sample.

    A customer's mood jumps as in `mood_after` at the times of a Poisson process of rate ν (issues a month), with S
    drawn from the sample, and between jumps relaxes towards C_ref at rate γ = ln 2/half-life (per month). When
    stationary, −γ·(E C − C_ref) + ν·E[jump] = 0, so that E C = C_ref just where E[jump] = 0; E[jump] falls strictly as
    C_ref rises (the same numbers are used throughout), so there is one root. Simulated is the mood just before each
    jump, C' = C_ref + (C + jump − C_ref)·R, R = e^{−γ·gap} = U^{γ/ν}, which Poisson arrivals see as it is at any time.

    Deterministic: 20,000 customers, fixed Philox seed, the same evenly spaced S and R at every step in another order;
    100 jumps run in, 100 kept. Precision at the defaults, S with a standard deviation of 26, as the standard deviation
    over other seeds: C_ref 0.005 points, the quantiles from 5 to 95 % 0.013 points; those at 0 and 100 % are merely the
    extremes met. Tenure stays as it was drawn: a customer's ageing is slow beside the relaxation.

    Args:
        satisfaction: S, 0 to 100, of the reference run's issues; NaN is left out.
        tenure_months: sample of tenures in months, independent of S and of any length; None: no damping.
        issues_per_month: ν > 0 of a customer.

    Raises:
        SimError: there is no S.
    """
    from scipy.optimize import brentq

    known = np.sort(satisfaction[~np.isnan(satisfaction)])
    if len(known) == 0:
        raise SimError("no satisfaction to settle moods on", "run long enough for an issue to close")
    ranks = (np.arange(_STATIONARY_CUSTOMERS) + 0.5) / _STATIONARY_CUSTOMERS
    scores = _evenly(known, ranks)
    tenures = np.zeros(1) if tenure_months is None else np.sort(np.asarray(tenure_months, dtype=np.float64))
    damping = _damping(_evenly(tenures, ranks), churning)
    relaxed = ranks ** (np.log(2.0) / churning.half_life_months / issues_per_month)

    def mean_jump(c_ref: float) -> float:
        return _settle(c_ref, scores, relaxed, damping, churning)[0]

    c_ref = float(scores[0])
    if scores[-1] > scores[0]:
        c_ref = float(brentq(mean_jump, scores[0], scores[-1], xtol=1e-4))
    moods = _settle(c_ref, scores, relaxed, damping, churning)[1]
    return c_ref, np.quantile(moods, np.linspace(0.0, 1.0, 101))


def _settle(c_ref: float, scores: Floats, relaxed: Floats, damping: Floats, churning: Churning) -> tuple[float, Floats]:
    """Mean jump, and the moods before each kept jump, of the chain in `stationary_mood`."""
    rng = np.random.Generator(np.random.Philox(_STATIONARY_SEED))
    mood = np.full(len(scores), c_ref)
    moods, jumps = [], []
    for step in range(_STATIONARY_RUN_IN + _STATIONARY_KEPT):
        jump = _jump(mood, rng.permutation(scores), damping, churning)
        if step >= _STATIONARY_RUN_IN:
            moods.append(mood)
            jumps.append(float(jump.mean()))
        mood = c_ref + (mood + jump - c_ref) * rng.permutation(relaxed)
    return float(np.mean(jumps)), np.concatenate(moods)


def _evenly(ordered: Floats, ranks: Floats) -> Floats:
    """The members of an ordered sample at evenly spaced ranks in (0, 1)."""
    return ordered[(ranks * len(ordered)).astype(np.int64)]


def _damping(tenure_months: Floats | Array, churning: Churning) -> Floats:
    return np.asarray((1.0 - churning.tenure_damping) ** (np.asarray(tenure_months) / 12.0))


def _jump(mood: Floats, satisfaction: Floats, damping: Floats, churning: Churning) -> Floats:
    gap = satisfaction - mood
    return np.asarray(np.where(gap > 0.0, churning.adapt_up, churning.adapt_down) * damping * gap)
