"""How long things take: durations as distributions, drawn by inversion so that one uniform is one duration.

Means and scales are in seconds, draws in ticks of 1 ms. `Weibull(scale=2340, shape=0.86)` has the hazard of impatient
callers: high at first, then falling.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import numpy as np

from sim.schemas import TICKS_PER_SECOND
from sim.tables import Array, Floats


@dataclass(frozen=True)
class Distribution(ABC):
    """A duration. `mean` in seconds; `times(f)` is the same shape stretched by f; `ticks(u)` are its quantiles."""

    mean: float

    def times(self, factor: float) -> Distribution:
        return replace(self, mean=self.mean * factor)

    def with_mean(self, mean: float) -> Distribution:
        return replace(self, mean=mean)

    @abstractmethod
    def quantile(self, u: Floats) -> Floats:
        """Seconds at the probabilities `u`, each in (0, 1)."""

    def ticks(self, u: Floats) -> Array:
        """`quantile(u)` rounded to ticks."""
        return np.rint(self.quantile(u) * TICKS_PER_SECOND).astype(np.int64)


@dataclass(frozen=True)
class Constant(Distribution):
    """Always the mean."""

    def quantile(self, u: Floats) -> Floats:
        return np.full(u.shape, self.mean)


@dataclass(frozen=True)
class Exponential(Distribution):
    """F(t) = zero + (1 − zero)(1 − e^(−t/m)): a share `zero` of exactly 0 (balking), the others exponential.

    `mean` is m, the mean of those who are not zero.
    """

    zero: float = 0.0

    def quantile(self, u: Floats) -> Floats:
        if self.zero >= 1:
            return np.zeros_like(u)
        # as a difference of logarithms it stays finite for the greatest u below 1
        return np.asarray(self.mean * np.maximum(0.0, np.log1p(-self.zero) - np.log1p(-u)))


@dataclass(frozen=True)
class Weibull(Distribution):
    """F(t) = 1 − e^(−(t/s)^k), with shape k and scale s = mean / Γ(1 + 1/k)."""

    shape: float = 1.0

    @property
    def scale(self) -> float:
        return self.mean / math.gamma(1 + 1 / self.shape)

    @classmethod
    def of_scale(cls, scale: float, shape: float) -> Weibull:
        return cls(scale * math.gamma(1 + 1 / shape), shape)

    def quantile(self, u: Floats) -> Floats:
        return self.scale * (-np.log1p(-u)) ** (1 / self.shape)


@dataclass(frozen=True)
class Lognormal(Distribution):
    """ln t is normal with standard deviation σ and mean ln(mean) − σ²/2."""

    sigma: float = 1.0

    def quantile(self, u: Floats) -> Floats:
        from scipy.special import ndtri

        return np.exp(math.log(self.mean) - self.sigma**2 / 2 + self.sigma * ndtri(u)) if self.mean > 0 else 0.0 * u


def gamma_factor(u: Floats, shape: float) -> Floats:
    """Quantiles of a Gamma distribution of mean 1 and variance 1/shape: how busy a day or an hour is."""
    from scipy.special import gammaincinv

    return np.asarray(gammaincinv(shape, u) / shape, dtype=np.float64)
