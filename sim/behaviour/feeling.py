"""Satisfaction: what a wait and a failure do to an issue, and what a survey sees of it.

S = 100/(1 + e^−z) in points, 0 to 100. z is the level α of the channel plus what happened: the wait that was felt,
repeats, transfers, no solution, no answer. A survey is answered by some only, adds noise, and rounds to 1 to 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sim.behaviour.constants import constant
from sim.errors import SimError
from sim.tables import Array, Floats

Bools = npt.NDArray[np.bool_]

SURVEY_SHARES: tuple[float, ...] = (0.13, 0.01, 0.03, 0.13, 0.69)
"""Shares of the scores 1 to 5 among answered surveys, before normalising: a public CSAT log, n = 85,907; grade B."""


GAIN_DIVISOR = 16.0
"""Points per unit of z: the slope 100 · 0.8 · 0.2 of S at 80, so that there a point of G is a point of S. Exact."""


@dataclass(frozen=True)
class Feeling:
    """What makes an issue good or bad to a customer, and what of it a survey sees.

    Effects without a unit are on the logistic scale z; at S = 80 one unit of z is worth 16 points. The level α of a
    channel is an argument of the functions, because it is calibrated on the reference run.
    """

    wait_cap: float = constant(
        12.0,
        "the most that waiting takes away",
        unit="points",
        range="6 to 24",
        grade="C",
        source="form: Antonides, Verhoef and van Aalst 2002 (A); value: judgement",
    )
    wait_gain: float = constant(
        3.0,
        "the most that being served at once adds",
        unit="points",
        range="0 to 6",
        grade="C",
        source="Garcia et al. 2012 find it small; value: judgement",
    )
    wait_exponent: float = constant(
        0.85,
        "power of real in felt time",
        range="0.7 to 1",
        grade="C",
        source="form: Antonides, Verhoef and van Aalst 2002 (A); value: judgement",
    )
    loss_aversion: float = constant(
        2.0,
        "λ: how much steeper loss is than gain where the wait meets the expectation",
        range="1 (none) to 2.5",
        grade="A",
        source="Mittal, Ross and Baldasare 1998; mixed: a study of 2004 finds none",
    )
    unresolved: float = constant(
        -1.51,
        "effect on z of an issue not solved: −33 points at S = 80",
        range="−2 to −1",
        grade="B",
        source="SQM, shares of satisfied customers",
    )
    repeat: float = constant(
        -0.77,
        "effect on z of each repeated contact: −15 points at S = 80",
        range="−1 to −0.4",
        grade="B",
        source="SQM, shares of satisfied customers",
    )
    ignored: float = constant(
        -1.87,
        "effect on z of a message never answered, beside `unresolved`: 80 becomes 12",
        range="−2.5 to −1",
        grade="C",
        source="judgement",
    )
    personal: float = constant(
        0.19,
        "effect on z of a personal answer: +3 points at S = 80",
        range="0 to 0.4",
        grade="C",
        source="judgement",
    )
    transfer: float = constant(
        -0.375,
        "effect on z of each time the desk passes the customer on: −7 points at S = 80",
        range="−0.7 to 0",
        grade="C",
        source="judgement",
    )
    survey_noise: float = constant(
        15.0,
        "standard deviation of what a survey answer adds to S",
        unit="points",
        range="5 to 25",
        grade="C",
        source="judgement",
    )
    reply_base: float = constant(
        -2.15,
        "log-odds of answering the survey at S = 0: 10 %, with the slope 21 % at S = 80",
        range="−3 to −1",
        grade="C",
        source="judgement",
    )
    reply_slope: float = constant(
        0.01,
        "log-odds of answering the survey, a point of S",
        unit="per point",
        range="0 to 0.02",
        grade="C",
        source="judgement",
    )
    cut_points: tuple[float, float, float, float] = constant(
        (59.4, 60.8, 64.0, 74.1),
        "noisy S from which the score is 2, 3, 4, 5; fitted in the reference run",
        unit="points",
        range="",
        grade="B",
        source="public CSAT log, n = 85,907: 69, 13, 3, 1 and 13 % score 5 to 1",
    )


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
        felt / GAIN_DIVISOR
        + feeling.unresolved * np.logical_or(unresolved, ignored)
        + feeling.repeat * np.asarray(repeats)
        + feeling.transfer * np.asarray(transfers)
        + feeling.personal * np.asarray(personal)
        + feeling.ignored * ignored
    )


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


def with_replies(feeling: Feeling, share: float) -> Feeling:
    """The same, but for the share of surveys that are answered at S = 80.

    b = log(share/(1 − share)) − s·80, with b `reply_base` and s `reply_slope`.
    """
    share = min(max(share, 1e-9), 1 - 1e-9)
    return replace(feeling, reply_base=float(np.log(share / (1 - share))) - 80.0 * feeling.reply_slope)


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


def _logistic(z: Floats) -> Floats:
    # tanh does not overflow, e^−z does
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * z))
