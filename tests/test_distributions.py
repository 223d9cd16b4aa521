"""Durations have the distribution that their name and parameters say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim.distributions import Constant, Distribution, Exponential, Lognormal, Weibull, gamma_factor
from sim.draws import Decision, uniforms

U = np.concatenate(([2.0**-54, 1e-9], np.linspace(0.001, 0.999, 333), [1 - 1e-9, 1 - 2.0**-53]))
MEAN = 480.0

CASES = [
    (Exponential(MEAN), stats.expon(scale=MEAN)),
    (Weibull(MEAN, shape=0.86), stats.weibull_min(0.86, scale=MEAN / math.gamma(1 + 1 / 0.86))),
    (Weibull.of_scale(2340.0, 0.86), stats.weibull_min(0.86, scale=2340.0)),
    (Weibull(MEAN, shape=2.5), stats.weibull_min(2.5, scale=MEAN / math.gamma(1 + 1 / 2.5))),
    (Lognormal(MEAN, sigma=0.9), stats.lognorm(0.9, scale=MEAN * math.exp(-(0.9**2) / 2))),
    (Lognormal(MEAN, sigma=1.15), stats.lognorm(1.15, scale=MEAN * math.exp(-(1.15**2) / 2))),
]


@pytest.mark.parametrize(("ours", "reference"), CASES)
def test_quantiles_are_those_of_scipy(ours: Distribution, reference: stats.rv_continuous) -> None:
    """Every quantile, in the far tails too, agrees with scipy to 10⁻⁹."""
    np.testing.assert_allclose(ours.quantile(U), reference.ppf(U), rtol=1e-9)


@pytest.mark.parametrize(("ours", "reference"), CASES)
def test_the_mean_is_the_mean(ours: Distribution, reference: stats.rv_continuous) -> None:
    """`mean` is that of the distribution, and that of 200,000 draws within 4.5 standard errors."""
    assert ours.mean == pytest.approx(reference.mean(), rel=1e-12)
    drawn = ours.quantile(uniforms(1, 0, Decision.HANDLE, 200_000))
    assert abs(drawn.mean() - ours.mean) < 4.5 * reference.std() / math.sqrt(200_000)


@pytest.mark.parametrize("ours", [Constant(MEAN), *(case for case, _ in CASES), Exponential(MEAN, zero=0.1)])
def test_stretching_keeps_the_shape(ours: Distribution) -> None:
    """`times(f)` stretches every quantile by f; `with_mean(m)` is the stretch by m / mean."""
    np.testing.assert_allclose(ours.times(1.7).quantile(U), 1.7 * ours.quantile(U), rtol=1e-12)
    np.testing.assert_allclose(ours.with_mean(60.0).quantile(U), 60.0 / ours.mean * ours.quantile(U), rtol=1e-12)


@given(st.floats(0, 0.95))
def test_the_share_of_zeros_leaves_the_others_exponential(zero: float) -> None:
    """Below the share the quantile is 0; above it, F(t) = zero + (1 − zero)(1 − e^(−t/m))."""
    times = Exponential(MEAN, zero=zero).quantile(U)
    assert (times[zero >= U] == 0).all()
    above = U[(zero + 1e-6 < U) & (U < 0.9999)]
    cdf = zero + (1 - zero) * -np.expm1(-Exponential(MEAN, zero=zero).quantile(above) / MEAN)
    np.testing.assert_allclose(cdf, above, rtol=1e-9)


def test_everybody_may_be_zero() -> None:
    """A share of zeros of 1 makes every duration 0."""
    assert not Exponential(MEAN, zero=1.0).quantile(U).any()


def test_a_constant_never_varies() -> None:
    """Every quantile of a constant is its mean, to the tick."""
    assert set(Constant(45.0).ticks(U).tolist()) == {45_000}


@pytest.mark.parametrize("form", [Constant, Exponential, Weibull, Lognormal])
def test_a_mean_of_zero_is_always_zero(form: type[Distribution]) -> None:
    """With a mean of 0 s every duration is 0 and none is NaN."""
    assert not form(0.0).ticks(U).any()


@pytest.mark.parametrize(("seconds", "ticks"), [(0.0004, 0), (0.0006, 1), (1.2344, 1234), (1.2346, 1235), (0.0, 0)])
def test_ticks_are_the_nearest_millisecond(seconds: float, ticks: int) -> None:
    """Durations are rounded to the nearest tick, not cut."""
    drawn = Constant(seconds).ticks(np.array([0.5]))
    assert drawn.tolist() == [ticks]
    assert drawn.dtype == np.int64


@pytest.mark.parametrize("shape", [10.0, 60.0, 400.0])
def test_busyness_is_gamma_of_mean_1(shape: float) -> None:
    """Factors are quantiles of a Gamma distribution of mean 1 and variance 1/shape, and positive."""
    reference = stats.gamma(shape, scale=1 / shape)
    assert (reference.mean(), reference.var()) == pytest.approx((1.0, 1 / shape))
    np.testing.assert_allclose(gamma_factor(U, shape), reference.ppf(U), rtol=1e-9)
    assert (gamma_factor(U, shape) > 0).all()
