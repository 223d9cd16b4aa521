"""A number never travels alone: value, interval, confidence, runs, unit.

Intervals are over replications, which are independent; never over neighbouring intervals of one run.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sim.tables import Floats

CONFIDENCE = 0.95
CERTAIN = 1e-12
"""An interval of a share narrower than this has no width: the residuals of runs that agree are not always rounded to 0."""


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval. None where nothing was observed, and no interval where one run cannot give one."""

    value: float | None
    low: float | None
    high: float | None
    runs: int
    confidence: float = CONFIDENCE

    @classmethod
    def not_observed(cls, runs: int) -> Estimate:
        return cls(None, None, None, runs)


@lru_cache(maxsize=64)
def t_quantile(runs: int, confidence: float = CONFIDENCE) -> float:
    """Two-sided Student quantile with runs − 1 degrees of freedom; infinite for one run."""
    from scipy.special import stdtrit

    return float(stdtrit(runs - 1, 0.5 + confidence / 2)) if runs > 1 else float("inf")


def ratio(numerators: Floats, denominators: Floats, *, share: bool = False) -> Estimate:
    """The ratio of two sums over replications, with its delta-method interval.

    R = Σ y_r / Σ x_r;  s² = Σ (y_r − R·x_r)² / (n − 1);  half width = t · s / (√n · x̄)  (Cochran, Sampling
    Techniques, 3rd ed., eq. 2.39). With `share`, the ratio is a proportion: clipped to [0, 1], and where no replication
    varies (none or all, say) Wilson's bound keeps it from looking certain. One run has no interval, nor have several of
    which only one saw anything.

    Args:
        numerators, denominators: one number a replication.
    """
    runs = len(numerators)
    total = float(denominators.sum())
    if total <= 0:
        return Estimate.not_observed(runs)
    value = float(numerators.sum()) / total
    if np.count_nonzero(denominators) < 2:
        return Estimate(value, None, None, runs)
    residuals = numerators - value * denominators
    spread = float(np.sqrt(np.sum(residuals**2) / (runs - 1)))
    half = float(t_quantile(runs) * spread / (np.sqrt(runs) * total / runs))
    low, high = value - half, value + half
    if share:
        if half < CERTAIN:
            low, high = wilson(value, total)
        low, high = max(0.0, low), min(1.0, high)
    return Estimate(value, min(low, value), max(high, value), runs)


def wilson(value: float, trials: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Wilson's score interval of a proportion `value` seen in `trials` (Wilson 1927)."""
    from scipy.special import ndtri

    z = float(ndtri(0.5 + confidence / 2))
    centre = (value + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * np.sqrt(value * (1 - value) / trials + z * z / (4 * trials * trials))
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))
