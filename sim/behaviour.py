"""How customers feel about what happened to them, and whether they leave.

The idea: an issue ends with a satisfaction S (0 to 100), made on a logistic scale of the wait that was felt and of what
went wrong. S moves the customer's mood C (cumulative satisfaction, 0 to 100), which between issues relaxes to what is
usual, C_ref. The mood tilts a monthly hazard of leaving, beside contract, tenure, expiry and a recorded complaint; the
hazard's integral gives the probability to leave.

Everything here is a pure function of arrays, one element a customer or an issue. No random number is drawn for a
customer: draws are handed in. Where an argument is NaN the function says what follows; most give NaN back.

Every default carries unit, source, range and a grade: A peer-reviewed or fitted on real logs, B regulator or industry
benchmark, C judgement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from sim.errors import SimError
from sim.tables import Array, Floats

Bools = npt.NDArray[np.bool_]

DAYS_PER_MONTH = 365.25 / 12
SURVEY_SHARES: tuple[float, ...] = (0.13, 0.01, 0.03, 0.13, 0.69)
"""Shares of the scores 1 to 5 among answered surveys, before normalising: a public CSAT log, n = 85,907; grade B."""

_GAUSS_NODES = 16
_STATIONARY_SEED = 20070508
_STATIONARY_CUSTOMERS = 20_000
_STATIONARY_RUN_IN = 100
_STATIONARY_KEPT = 100


@dataclass(frozen=True)
class Feeling:
    """What makes an issue good or bad to a customer, and what of it a survey sees.

    Effects without a unit are on the logistic scale z; at S = 80 one unit of z is worth 16 points. The level α of a
    channel is an argument of the functions, because it is calibrated on the reference run.
    """

    wait_cap: float = 12.0
    """Points. The most that waiting takes away. Range 6-24. Form: Antonides, Verhoef, van Aalst 2002 (A); value: C."""
    wait_gain: float = 3.0
    """Points. The most that being served at once adds. Range 0-6. Garcia et al. 2012 find it small; value: C."""
    wait_exponent: float = 0.85
    """Power of real in felt time. Range 0.7-1. Form: Antonides, Verhoef and van Aalst 2002 (A); value: C."""
    loss_aversion: float = 2.0
    """λ, slope of loss over slope of gain where the wait meets the expectation. Range 1 (none)-2.5. Mittal, Ross and
    Baldasare 1998; a study of 2004 finds no gain at all: A, mixed."""
    unresolved: float = -1.51
    """Effect on z: −33 points at S = 80. Range −2 to −1. SQM, shares of satisfied customers: B."""
    repeat: float = -0.77
    """Effect on z of each repeated contact: −15 points at S = 80. Range −1 to −0.4. SQM: B."""
    ignored: float = -1.87
    """Effect on z of a message never answered, beside `unresolved`: 80 becomes 12. Range −2.5 to −1. Judgement: C."""
    personal: float = 0.19
    """Effect on z of a personal answer: +3 points at S = 80. Range 0-0.4. Judgement: C."""
    transfer: float = -0.375
    """Effect on z of each transfer: −7 points at S = 80. Range −0.7 to 0. Judgement: C."""
    gain_divisor: float = 16.0
    """Points per unit of z: the slope 100 · 0.8 · 0.2 of S at 80, so that there a point of G is a point of S. Exact."""
    survey_noise: float = 15.0
    """Points, standard deviation of what a survey answer adds to S. Range 5-25. Judgement: C."""
    reply_base: float = -2.15
    """Log-odds of answering the survey at S = 0 (10 %). With the slope 21 % at S = 80, about 20 % in the mean.
    Range −3 to −1. Judgement: C."""
    reply_slope: float = 0.01
    """Log-odds of answering the survey per point of S. Range 0-0.02. Judgement: C."""
    cut_points: tuple[float, float, float, float] = (59.4, 60.8, 64.0, 74.1)
    """Points of noisy S from which the score is 2, 3, 4, 5. A placeholder (C) until fitted by `fit_cut_points` to
    `SURVEY_SHARES` (B) in the reference run."""


@dataclass(frozen=True)
class Churning:
    """How mood follows experience, and how the hazard of leaving follows mood and circumstances.

    The reference mood C_ref and the scale k are arguments of the functions, because they come from the baseline run.
    """

    h0: float = 0.015
    """Per month, mean hazard of the baseline population. Range 0.009-0.030. Analysys Mason 2021; J.D. Power 2006: B."""
    beta: float = 0.015
    """Per point of mood: the hazard is × 1.16 for 10 points less. Range 0-0.046. Low end: a regulator's index against
    line growth (ρ = −0.05) and an ISP table (odds ratio 1.04 per failure, not significant); high end: SQM, intent to
    leave 5/9/25 %: mixed."""
    beta_low: float = 0.0
    """Per point, low end of the prior on β. Source as `beta`; that the prior is triangular is judgement: C."""
    beta_high: float = 0.046
    """Per point, high end of the prior on β. Source as `beta`; that the prior is triangular is judgement: C."""
    contract_ratios: tuple[float, float, float] = (1.0, 0.3, 0.1)
    """Hazard ratios in the order of `sim.schemas.CONTRACTS`. Range 1; 0.15-0.6; 0.05-0.3. Direction only: C."""
    early_months: float = 3.0
    """Months of tenure that count as early. Range 1-6. Direction only: C."""
    early_ratio: float = 2.0
    """Hazard ratio in the early months. Range 1-4. Direction only: C."""
    expiry_ratio: float = 2.0
    """Hazard ratio in the month that starts when the contract expires. Range 1-5. Direction only: C."""
    complaint_ratio: float = 5.0
    """Hazard ratio of a recorded complaint. Range 2-10. SQM; an Iranian operator's raw odds ratio 43 as ceiling: B."""
    complaint_days: float = 90.0
    """Days that a recorded complaint lasts; complaints do not stack. Range 30-180. Judgement: C."""
    complaint_share: float = 0.10
    """Share of unresolved issues that leave a recorded complaint. Range 0.02-0.3. Judgement: C."""
    captive_factor: float = 0.25
    """Factor on β for a customer without a competitor at the address. Range 0-1. Judgement: C."""
    adapt_up: float = 0.2
    """Share of the way that mood moves towards a better S. Range 0.1-0.4. Form: Bolton 1998 (A); value: C."""
    adapt_down: float = 0.4
    """Share of the way that mood moves towards a worse S. Range 0.2-0.6. Form: Bolton 1998 (A); value: C."""
    tenure_damping: float = 0.15
    """Share by which each year of tenure damps those moves. Range 0-0.3. Form: Bolton 1998 (A); value: C."""
    half_life_months: float = 6.0
    """Months in which mood relaxes half-way to C_ref. Range 3-24. Judgement: C."""


# Feeling ------------------------------------------------------------------------------------------------------------


def perceived_gain(wait_s: Floats, expectation_s: Floats | float, feeling: Feeling) -> Floats:
    """G in points: what a wait adds to (at most +3) or takes from (at most −12) satisfaction.

    p = T·(w/T)^e;  x = (T − p)/T;  G = g·x for x ≥ 0,  G = −K·(1 − e^{λ·g·x/K}) for x < 0,
    with w the wait (s), T the expectation of the channel (s), e `wait_exponent`, p the felt wait (s), x the shortfall
    (no unit), g `wait_gain` (points), K `wait_cap` (points), λ `loss_aversion`. By default g/K = 1/4. Both branches
    meet at w = T, where the loss is λ times as steep as the gain.

    Args:
        wait_s: waits ≥ 0 in seconds; NaN (not known) gives NaN, ∞ gives −K.
        expectation_s: expectations > 0 in seconds, one a wait or one for all.

    Source: Antonides, Verhoef and van Aalst 2002 for the form.
    """
    x = 1.0 - (wait_s / expectation_s) ** feeling.wait_exponent
    slope = feeling.loss_aversion * feeling.wait_gain / feeling.wait_cap
    loss = feeling.wait_cap * np.expm1(slope * np.minimum(x, 0.0))
    return np.asarray(np.where(x > 0.0, feeling.wait_gain * x, loss))


def satisfaction_logit(
    gain: Floats,
    *,
    unresolved: Bools,
    repeats: Array,
    ignored: Bools,
    got_answer: Bools,
    feeling: Feeling,
    transfers: Array | int = 0,
    personal: Bools | bool = False,
) -> Floats:
    """z − α of each issue: all of its logistic score but the level of the channel.

    z − α = G/16 − 1.51·[unresolved] − 0.77·repeats − 0.375·transfers + 0.19·[personal] − 1.87·[ignored],
    with G in points, capped at 0 where no answer was got. An ignored issue counts as unresolved whatever is handed in.

    Args:
        gain: G in points, of `perceived_gain`; NaN gives NaN.
        repeats: contacts of the issue after its first.
        got_answer: whether anybody answered any contact of the issue.
        transfers, personal: number of transfers, whether the answer was personal; none by default.
    """
    felt = np.where(got_answer, gain, np.minimum(gain, 0.0))
    return np.asarray(
        felt / feeling.gain_divisor
        + feeling.unresolved * np.logical_or(unresolved, ignored)
        + feeling.repeat * np.asarray(repeats)
        + feeling.transfer * np.asarray(transfers)
        + feeling.personal * np.asarray(personal)
        + feeling.ignored * ignored
    )


def issue_satisfaction(
    alpha: Floats | float,
    gain: Floats,
    *,
    unresolved: Bools,
    repeats: Array,
    ignored: Bools,
    got_answer: Bools,
    feeling: Feeling,
    transfers: Array | int = 0,
    personal: Bools | bool = False,
) -> Floats:
    """S of each issue, 0 to 100: S = 100/(1 + e^−z), with z = α + `satisfaction_logit`.

    Args:
        alpha: level α of the issue's channel on the logistic scale, one an issue or one for all (`calibrate_alpha`).
        gain and the others: as in `satisfaction_logit`; NaN gives NaN.
    """
    rest = satisfaction_logit(
        gain,
        unresolved=unresolved,
        repeats=repeats,
        ignored=ignored,
        got_answer=got_answer,
        feeling=feeling,
        transfers=transfers,
        personal=personal,
    )
    return 100.0 * _logistic(alpha + rest)


def calibrate_alpha(z_without_alpha: Floats, target_mean: float) -> float:
    """The α for which the mean of 100/(1 + e^−(α + z_i)) over issues i is the target, to 1e-10 in α, by bisection.

    Args:
        z_without_alpha: `satisfaction_logit` of a channel's issues in the reference run; NaN is left out.
        target_mean: published mean in points, strictly between 0 and 100.

    Raises:
        SimError: the target is not between 0 and 100, or there is no issue.
    """
    z = z_without_alpha[~np.isnan(z_without_alpha)]
    if not 0.0 < target_mean < 100.0:
        raise SimError(f"a mean satisfaction of {target_mean:g} cannot be met", "choose one between 0 and 100")
    if len(z) == 0:
        raise SimError("no issue to calibrate satisfaction on", "run long enough for the channel to see one")
    level = float(np.log(target_mean / (100.0 - target_mean)))
    low, high = level - float(z.max()), level - float(z.min())
    while high - low > 1e-10:
        middle = (low + high) / 2
        if 100.0 * _logistic(middle + z).mean() < target_mean:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def replies(satisfaction: Floats, uniform: Floats, feeling: Feeling) -> Bools:
    """Who answers the survey: u < 1/(1 + e^−(b + s·S)), b `reply_base` (log-odds), s `reply_slope` (log-odds a point).

    Args:
        satisfaction: S, 0 to 100; NaN gives False.
        uniform: one uniform draw on [0, 1) an issue.
    """
    return np.asarray(uniform < _logistic(feeling.reply_base + feeling.reply_slope * satisfaction))


def noisy_satisfaction(satisfaction: Floats, normal_draw: Floats, feeling: Feeling) -> Floats:
    """What a survey sees before it is rounded to a score: S + σ·ε in points, σ `survey_noise`, ε standard normal.

    May lie outside 0 to 100; NaN gives NaN. Mood never uses it.
    """
    return satisfaction + feeling.survey_noise * normal_draw


def survey_score(satisfaction: Floats, normal_draw: Floats, feeling: Feeling) -> Floats:
    """The score 1.0 to 5.0: one more than the number of cut-points that S + σ·ε reaches.

    Args:
        satisfaction: S, 0 to 100; NaN gives NaN.
        normal_draw: ε, one standard normal draw an issue.
    """
    noisy = noisy_satisfaction(satisfaction, normal_draw, feeling)
    score = 1.0 + np.searchsorted(np.asarray(feeling.cut_points), noisy, side="right")
    return np.asarray(np.where(np.isnan(noisy), np.nan, score))


def fit_cut_points(noisy: Floats, shares: Sequence[float] = SURVEY_SHARES) -> tuple[float, float, float, float]:
    """The four cut-points that give the scores 1 to 5 the stated shares: quantiles of noisy S at the cumulated shares.

    Args:
        noisy: `noisy_satisfaction` in points of those who answered, in the reference run only; NaN is left out.
        shares: five shares ≥ 0 of the scores 1 to 5; they are normalised.

    Raises:
        SimError: nobody answered.
    """
    known = noisy[~np.isnan(noisy)]
    if len(known) == 0:
        raise SimError("no survey answer to fit cut-points on", "run long enough for somebody to answer")
    below = np.cumsum(np.asarray(shares, dtype=np.float64))
    two, three, four, five = np.quantile(known, below[:4] / below[4])
    return float(two), float(three), float(four), float(five)


# Mood ---------------------------------------------------------------------------------------------------------------


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


# Leaving ------------------------------------------------------------------------------------------------------------


def complains(unresolved: Bools, uniform: Floats, churning: Churning) -> Bools:
    """Whose issue leaves a recorded complaint: unresolved, and a uniform draw on [0, 1) below `complaint_share`."""
    return unresolved & (uniform < churning.complaint_share)


def hazard_ratio(
    mood: Floats,
    *,
    c_ref: float,
    contract: Array,
    tenure_months: Floats | Array,
    expires_in: Floats,
    captive: Bools,
    complaint: Bools,
    churning: Churning,
    beta: float | None = None,
) -> Floats:
    """The present hazard over k·h0, per customer: HR(contract)·HR(tenure)·HR(expiry)·HR(complaint)·e^{β'(C_ref − C)}.

    β' is β per point of mood, times `captive_factor` for the captive; C and C_ref in points. k·h0 times this is the
    hazard per month, of which more than 0.5 deserves a warning. Arguments as in `cumulative_hazard`.
    """
    ratio = _event_ratio(np.zeros(len(mood)), contract, tenure_months, expires_in, complaint, churning)
    return ratio * np.exp(_tilt(mood, c_ref, beta, captive, churning))


def cumulative_hazard(
    mood: Floats,
    *,
    c_ref: float,
    k: float,
    contract: Array,
    tenure_months: Floats | Array,
    expires_in: Floats,
    captive: Bools,
    complaint: Bools,
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
    with 16 nodes: relative error below 1e-10 for β up to 0.046 and half-lives from 3 months.

    Args:
        mood: C, 0 to 100; NaN gives NaN.
        c_ref: C_ref in points.
        k: scale, no unit (`hazard_scale`).
        contract: codes into `sim.schemas.CONTRACTS`.
        tenure_months: months so far, ≥ 0; NaN gives NaN.
        expires_in: months until the contract expires; NaN: it does not. Empty cells of a table must be NaN.
        captive, complaint: one truth value a customer; `complaint` was recorded now.
        beta: per point, in place of `churning.beta`.

    Raises:
        SimError: a hazard is negative or not finite.
    """
    tenure = np.asarray(tenure_months, dtype=np.float64)
    tilt = _tilt(mood, c_ref, beta, captive, churning)
    edges = _edges(tenure, expires_in, months, churning)
    total = np.zeros(len(mood))
    with np.errstate(over="ignore", invalid="ignore"):
        for start, stop in pairwise(edges):
            ratio = _event_ratio((start + stop) / 2, contract, tenure, expires_in, complaint, churning)
            piece = k * churning.h0 * ratio * _relaxing_integral(tilt, start, stop, churning.half_life_months)
            if np.any((piece < 0.0) | np.isinf(piece)):
                raise SimError("a hazard of leaving is negative or infinite", "check h0, beta and the hazard ratios")
            total += piece
    return total


def leave_probability(
    mood: Floats,
    *,
    c_ref: float,
    k: float,
    contract: Array,
    tenure_months: Floats | Array,
    expires_in: Floats,
    captive: Bools,
    complaint: Bools,
    churning: Churning,
    months: float = 12.0,
    beta: float | None = None,
) -> Floats:
    """p = 1 − e^{−H}: the probability that each customer leaves within `months`, H as in `cumulative_hazard`.

    NaN gives NaN (but for `expires_in`). Raises SimError as there.
    """
    hazard = cumulative_hazard(
        mood,
        c_ref=c_ref,
        k=k,
        contract=contract,
        tenure_months=tenure_months,
        expires_in=expires_in,
        captive=captive,
        complaint=complaint,
        churning=churning,
        months=months,
        beta=beta,
    )
    return np.asarray(-np.expm1(-hazard))


def excess_leave_probability(
    mood_before: Floats,
    mood_after: Floats,
    complaint: Bools,
    *,
    c_ref: float,
    k: float,
    contract: Array,
    tenure_months: Floats | Array,
    expires_in: Floats,
    captive: Bools,
    churning: Churning,
    months: float = 12.0,
    beta: float | None = None,
) -> Floats:
    """Δp = p(mood after, complaint) − p(mood before, no complaint): the churn that an experience causes.

    Negative where the experience was a good one; exactly 0 where mood did not change and nobody complained, and
    everywhere when β = 0 and `complaint_ratio` = 1. Arguments, NaN and errors as in `cumulative_hazard`.
    """

    def leaves(mood: Floats, complained: Bools) -> Floats:
        return leave_probability(
            mood,
            c_ref=c_ref,
            k=k,
            contract=contract,
            tenure_months=tenure_months,
            expires_in=expires_in,
            captive=captive,
            complaint=complained,
            churning=churning,
            months=months,
            beta=beta,
        )

    return leaves(mood_after, complaint) - leaves(mood_before, np.zeros_like(complaint))


def hazard_scale(
    mood: Floats,
    *,
    c_ref: float,
    contract: Array,
    tenure_months: Floats | Array,
    expires_in: Floats,
    captive: Bools,
    complaint: Bools,
    churning: Churning,
    beta: float | None = None,
) -> float:
    """k = 1/mean(`hazard_ratio`) over the baseline population: with it the population's mean present hazard is h0.

    Computed once for each β and kept for every variant. NaN in mood gives NaN.
    """
    ratios = hazard_ratio(
        mood,
        c_ref=c_ref,
        contract=contract,
        tenure_months=tenure_months,
        expires_in=expires_in,
        captive=captive,
        complaint=complaint,
        churning=churning,
        beta=beta,
    )
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


def _event_ratio(
    at: Floats, contract: Array, tenure: Floats | Array, expires_in: Floats, complaint: Bools, churning: Churning
) -> Floats:
    """The product of the hazard ratios `at` so many months from now: all but the mood's."""
    ratio = np.asarray(churning.contract_ratios)[contract]
    ratio = ratio * np.where(tenure + at < churning.early_months, churning.early_ratio, 1.0)
    expiring = (expires_in <= at) & (at < expires_in + 1.0)
    ratio = ratio * np.where(expiring, churning.expiry_ratio, 1.0)
    complaining = complaint & (at < churning.complaint_days / DAYS_PER_MONTH)
    return np.asarray(ratio * np.where(complaining, churning.complaint_ratio, 1.0))


def _edges(tenure: Floats, expires_in: Floats, months: float, churning: Churning) -> Floats:
    """The ascending edges of the pieces on which all ratios are constant: (edges, customers), months from now."""
    expiry = np.where(np.isnan(expires_in), months, expires_in)
    # the complaint's edge is there for everybody: with and without one the pieces are the same, and so is the rounding
    common = [0.0, churning.complaint_days / DAYS_PER_MONTH, *np.arange(12.0, months, 12.0), months]
    rows = [churning.early_months - tenure, expiry, expiry + 1.0, *(np.full(len(tenure), edge) for edge in common)]
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


def _logistic(z: Floats) -> Floats:
    # tanh does not overflow, e^−z does
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * z))
