"""The arithmetic of verdicts."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from sim.verify.cases import Case
from sim.verify.judge import SUSPECT, Spread, chi_square, deviation, exactly, statistically
from sim.verify.observe import Parts

CASE = Case("X-01", "none", "A case", "by hand", "queue", expected={"mean_wait": 2.0})


def parts(above: list[float], below: list[float]) -> Parts:
    return Parts(np.array(above), np.array(below))


def test_a_figure_is_a_ratio_of_sums_with_the_error_between_batches() -> None:
    """1 + 5 over 1 + 2 is 2; the residuals −1 and 1 of two batches have a standard error of 1 over a mean of 1.5."""
    (one,) = statistically(CASE, [{"mean_wait": parts([1, 5], [1, 2])}], 100, 100).comparisons
    assert one.ours == 2
    assert one.error == pytest.approx(1 / 1.5)
    assert (one.low, one.high) == pytest.approx((2 - 2.576 / 1.5, 2 + 2.576 / 1.5))
    assert one.detectable == pytest.approx(2.576 / 1.5 / 2)


@pytest.mark.parametrize(("batches", "t", "z"), [(20, 2.8609, 2.5758), (20, 3.8834, 3.2905), (10, 3.2498, 2.5758)])
def test_a_deviation_is_as_unlikely_as_students(batches: int, t: float, z: float) -> None:
    """t at a tail of Student's distribution is z at the same tail of the normal one, on both sides."""
    assert deviation(t, 1.0, batches) == pytest.approx(z, abs=0.01)
    assert deviation(-2 * t, 2.0, batches) == pytest.approx(-z, abs=0.01)


def test_without_error_only_equal_is_right() -> None:
    """A figure that never varies deviates not at all, or infinitely."""
    assert deviation(0.0, 0.0, 20) == 0
    assert deviation(-0.001, 0.0, 20) == -math.inf


@pytest.mark.parametrize(("p", "freedom", "value"), [(0.9995, 10, 31.420), (0.0005, 100, 59.90), (0.9995, 100, 153.17)])
def test_chi_square(p: float, freedom: float, value: float) -> None:
    """Quantiles are those of the tables."""
    assert chi_square(p, freedom) == pytest.approx(value, rel=0.01)


def test_figures_that_move_together_count_once() -> None:
    """Of ten copies of a figure Σz² is ten times a χ² of one degree of freedom; of ten unrelated ones, a χ² of ten."""
    rng = np.random.default_rng(1)
    figures = [f"mean_wait@{n}" for n in range(10)]
    case = replace(CASE, expected=dict.fromkeys(figures, 1.0))
    batches = rng.normal(1, 0.1, (10, 400))
    copies = statistically(case, [{name: Parts(batches[0], np.ones(400)) for name in figures}], 1, 1)
    apart = statistically(case, [{name: Parts(batches[n], np.ones(400)) for n, name in enumerate(figures)}], 1, 1)
    assert copies.spread.bounds[1] == pytest.approx(10 * chi_square(0.9995, 1), rel=0.01)
    assert apart.spread.bounds[1] == pytest.approx(chi_square(0.9995, 10), rel=0.1)


def test_many_small_deviations_fail_together() -> None:
    """No figure is suspect, but the sum of z² is beyond its range, and so is one that is too small."""
    assert not Spread(total=40, figures=10, correlation=10).inside
    assert not Spread(total=0.5, figures=10, correlation=10).inside
    assert Spread(total=40, figures=10, correlation=10 * 10).inside
    assert (Spread(40, 10, 10) + Spread(5, 12, 12)).figures == 22


def test_a_suspect_figure_fails_its_case() -> None:
    """A figure five deviations off fails; one four off does not."""
    rng = np.random.default_rng(2)
    noise = rng.normal(0, 1, 400)
    noise = (noise - noise.mean()) / noise.std(ddof=1) * 0.2
    for off, passes in ((4.0, True), (5.0, False)):
        found = {"mean_wait": Parts(2 + noise + off * 0.2 / 20, np.ones(400))}
        judged = statistically(CASE, [found], 100, 100)
        assert (abs(judged.comparisons[0].z or 0) < SUSPECT) is passes
        assert (judged.comparisons[0].verdict == "passes") is passes


@pytest.mark.parametrize(
    ("case", "verdict"),
    [
        (replace(CASE, sd={"mean_wait": 4.1}), "too wide"),
        (replace(CASE, rare=frozenset({"mean_wait"})), "too rare"),
        (Case("X-02", "none", "Variance", "by hand", "queue", expected={"var_wait": 2.0}), "shown"),
    ],
)
def test_what_proves_nothing_is_not_judged(case: Case, verdict: str) -> None:
    """Variances, rare events, and figures with a standard error above a fifth are shown, however far off."""
    (figure,) = case.expected
    judged = statistically(case, [{figure: parts([9.0, 9.1], [1, 1])}], 100, 100)
    assert judged.comparisons[0].verdict == verdict
    assert judged.passed


def test_exact_figures() -> None:
    """Equal to nine digits is exact; within what rounding allows passes; anything else fails."""
    case = Case("X-03", "none", "Exact", "by hand", "arithmetic", expected={"a": 1.0, "b": 20.83}, allowed={"b": 0.005})
    assert [one.verdict for one in exactly(case, {"a": 1 + 1e-12, "b": 20.8337}).comparisons] == ["exact", "passes"]
    assert [one.verdict for one in exactly(case, {"a": 1.0001, "b": 20.836}).comparisons] == ["FAILS", "FAILS"]
    assert not exactly(case, {"a": 1.0001, "b": 20.83}).passed


def test_their_error_counts_as_well() -> None:
    """Where others simulated, the deviation is over both errors."""
    found = {"mean_wait": parts([2.9, 3.1, 3.0], [1, 1, 1])}
    alone = statistically(CASE, [found], 100, 100).comparisons[0].z
    both = statistically(replace(CASE, their_error={"mean_wait": 1.0}), [found], 100, 100).comparisons[0].z
    assert alone is not None
    assert both is not None
    assert both < 1 < alone
