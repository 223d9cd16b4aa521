"""A number never travels alone: value, interval, confidence, runs, unit.

Intervals are over replications, which are independent; never over neighbouring intervals of one run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from sim.tables import Floats

CONFIDENCE = 0.95
CERTAIN = 1e-12
"""An interval of a share narrower than this has no width: residuals of runs that agree are not always rounded to 0."""


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
        return Estimate(value, None, None, runs)
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


def wilson(value: float, trials: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Wilson's score interval of a proportion `value` seen in `trials` (Wilson 1927)."""
    from scipy.special import ndtri

    z = float(ndtri(0.5 + confidence / 2))
    centre = (value + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * np.sqrt(value * (1 - value) / trials + z * z / (4 * trials * trials))
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))
