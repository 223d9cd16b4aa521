"""A number never travels alone: value, interval, confidence, runs, unit.

Intervals are over replications, which are independent; never over neighbouring intervals of one run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

import numpy as np

from sim.tables import Floats

CONFIDENCE = 0.95
CERTAIN = 1e-12
"""An interval of a share narrower than this has no width: residuals of runs that agree are not always rounded to 0."""


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval. None where nothing was observed, and no interval where one run cannot give one; then
    `reason` says why."""

    value: float | None
    low: float | None
    high: float | None
    runs: int
    confidence: float = CONFIDENCE
    reason: str = field(default="", compare=False)

    @classmethod
    def not_observed(cls, runs: int, reason: str = "nothing was observed") -> Estimate:
        return cls(None, None, None, runs, reason=reason)

    @classmethod
    def alone(cls, value: float, runs: int, reason: str = "seen in one replication only") -> Estimate:
        """A value without an interval."""
        return cls(value, None, None, runs, reason=reason)


def t_quantile(runs: int, confidence: float = CONFIDENCE) -> float:
    """Two-sided Student quantile with runs − 1 degrees of freedom; infinite for one run."""
    return student_quantile(runs - 1, confidence)


@lru_cache(maxsize=256)
def student_quantile(degrees: float, confidence: float = CONFIDENCE) -> float:
    """Two-sided Student quantile with any degrees of freedom; infinite for none."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 0.5 + confidence / 2)) if degrees > 0 else float("inf")


def student_tail(t: float, degrees: float) -> float:
    """P(|T| ≥ |t|) for Student's T with so many degrees of freedom."""
    from scipy.special import stdtr

    return float(2 * stdtr(degrees, -abs(t)))


Counted = Literal["amounts", "events", "trials"]
"""What a ratio is of: amounts (seconds, money); events of which there may be any number; trials with yes or no."""


def ratio(
    numerators: Floats, denominators: Floats, *, of: Counted = "amounts", least: float = 0.0, most: float = math.inf
) -> Estimate:
    """The ratio of two sums over replications, with its delta-method interval.

    R = Σ y_r / Σ x_r;  s² = Σ (y_r − R·x_r)² / (n − 1);  half width = t · s / (√n · x̄)  (Cochran, Sampling
    Techniques, 3rd ed., eq. 2.39). No interval leaves the range of the figure, `least` to `most`. Nothing looks certain
    because it was not seen: no event at all has the exact upper bound of a Poisson count, −ln(α/2) / Σ x_r; trials that
    end alike in every replication have Wilson's bounds. One run has no interval, nor have several of which only one saw
    anything.

    Args:
        numerators, denominators: one number a replication.
    """
    runs = len(numerators)
    total = float(denominators.sum())
    if total <= 0:
        return Estimate.not_observed(runs)
    value = float(numerators.sum()) / total
    if np.count_nonzero(denominators) < 2:
        return Estimate.alone(value, runs)
    residuals = numerators - value * denominators
    spread = float(np.sqrt(np.sum(residuals**2) / (runs - 1)))
    half = float(t_quantile(runs) * spread / (np.sqrt(runs) * total / runs))
    low, high = value - half, value + half
    if of == "events" and not numerators.any():
        high = -math.log((1 - CONFIDENCE) / 2) / total
    elif of == "trials":
        most = 1.0
        if half < CERTAIN:
            low, high = wilson(value, total)
    return Estimate(value, min(max(low, least), value), max(min(high, most), value), runs)


def moment(times: Floats, q: float) -> Estimate:
    """The time by which a share q of the replications are done, with its distribution-free interval.

    With the n times in order, x₁ ≤ … ≤ xₙ, the value is that of number ⌈nq⌉ and the interval from number l to number u:
    l is the largest with P(B ≤ l − 1) ≤ α/2 and u the smallest with P(B ≤ u − 1) ≥ 1 − α/2, for B binomial (n, q)
    (David and Nagaraja, Order Statistics, 3rd ed., section 7.1). No value where that replication is never done, and no
    interval where one end of it never is, or where n is too small for one.

    Args:
        times: one a replication; infinite where it is never done.
    """
    from scipy.special import bdtr

    runs, ordered = len(times), np.sort(times)
    never = f"{np.count_nonzero(np.isinf(times))} of {runs} replications do not get there before the clock stops"
    value = float(ordered[np.searchsorted(np.arange(1, runs + 1) / runs, q)])
    if math.isinf(value):
        return Estimate.not_observed(runs, never)
    at_most = bdtr(np.arange(runs, dtype=np.float64), runs, q)
    lower = int(np.count_nonzero(at_most <= (1 - CONFIDENCE) / 2))
    upper = 1 + int(np.count_nonzero(at_most < (1 + CONFIDENCE) / 2))
    if lower < 1 or upper > runs:
        return Estimate.alone(value, runs, f"{runs} replications are too few for an interval")
    low, high = float(ordered[lower - 1]), float(ordered[upper - 1])
    if math.isinf(high):
        return Estimate.alone(value, runs, never)
    return Estimate(value, low, high, runs)


def wilson(value: float, trials: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Wilson's score interval of a proportion `value` seen in `trials` (Wilson 1927)."""
    from scipy.special import ndtri

    z = float(ndtri(0.5 + confidence / 2))
    centre = (value + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * np.sqrt(value * (1 - value) / trials + z * z / (4 * trials * trials))
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))
