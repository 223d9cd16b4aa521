"""Intervals against textbook numbers, and against how often they hold the truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sim.estimate import Counted, Estimate, moment, ratio, t_quantile, wilson
from sim.tables import Floats

KINDS: tuple[Counted, ...] = ("amounts", "events", "trials")


def array(*numbers: float) -> Floats:
    return np.array(numbers, dtype=np.float64)


ONES = np.ones(5)


@pytest.mark.parametrize(("runs", "expected"), [(2, 12.706), (5, 2.776), (10, 2.262), (30, 2.045), (121, 1.980)])
def test_student_quantiles(runs: int, expected: float) -> None:
    """The two-sided 95 % quantiles of Student's distribution are the printed table's."""
    assert t_quantile(runs) == pytest.approx(expected, abs=5e-4)
    assert t_quantile(1) == float("inf")


@pytest.mark.parametrize(
    ("events", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_of_published_examples(events: int, trials: int, low: float, high: float) -> None:
    """Wilson's interval gives the figures of Newcombe (1998), table I, score method without continuity correction."""
    assert wilson(events / trials, trials) == pytest.approx((low, high), abs=5e-5)
    mirrored = wilson(1 - events / trials, trials)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=5e-5)


def test_a_mean_has_student_s_interval() -> None:
    """With denominators of 1 the ratio is a mean: 2, 4, 4, 4, 6 have mean 4, s = √2, and 4 ± 2.776 · √2/√5."""
    found = ratio(array(2, 4, 4, 4, 6), ONES)
    assert (found.value, found.runs, found.confidence) == (4.0, 5, 0.95)
    half = 2.776445 * np.sqrt(2) / np.sqrt(5)
    assert (found.low, found.high) == pytest.approx((4 - half, 4 + half), rel=1e-6)
    assert (found.low, found.high) == pytest.approx(stats.t.interval(0.95, 4, 4, stats.sem([2, 4, 4, 4, 6])))


def test_a_ratio_by_hand() -> None:
    """y = 2, 4, 6 over x = 1, 2, 6: R = 4/3, residuals 2/3, 4/3, −2, s² = (56/9)/2, half = t·s/(√3·3) = 1.46054."""
    found = ratio(array(2, 4, 6), array(1, 2, 6))
    assert found.value == pytest.approx(4 / 3)
    half = 4.302653 * np.sqrt(28 / 9) / (np.sqrt(3) * 3)
    assert half == pytest.approx(1.46054, abs=1e-5)
    assert (found.low, found.high) == (0.0, pytest.approx(4 / 3 + half, rel=1e-6))


def test_a_ratio_is_of_sums_not_the_mean_of_ratios() -> None:
    """1 of 1 and 0 of 99 are 1 %, not 50 %."""
    assert ratio(array(1, 0), array(1, 99), of="trials").value == 0.01


def test_one_run_has_no_interval() -> None:
    """One replication gives a value and no interval, of a share too."""
    for of in KINDS:
        assert ratio(array(3), array(4), of=of) == Estimate(0.75, None, None, 1)


@pytest.mark.parametrize("of", KINDS)
def test_one_run_that_saw_something_has_no_interval(of: Counted) -> None:
    """Nine replications that saw nothing do not make the one that did certain: a value, no interval."""
    y, x = np.zeros(10), np.zeros(10)
    y[3], x[3] = 6.0, 20.0
    assert ratio(y, x, of=of) == Estimate(0.3, None, None, 10)


def test_nothing_observed() -> None:
    """Without anything to count there is no value and no interval, however many runs."""
    assert ratio(np.zeros(4), np.zeros(4), of="trials") == Estimate(None, None, None, 4)
    assert ratio(np.zeros(1), np.zeros(1)) == Estimate(None, None, None, 1)


@pytest.mark.parametrize(("events", "low", "high"), [(0.0, 0.0, 0.0369935), (20.0, 1 - 0.0369935, 1.0)])
def test_zero_events_get_a_bound(events: float, low: float, high: float) -> None:
    """None (or all) of 5 · 20 in every run: the other end is Wilson's z²/(n + z²) = 3.8415/103.8415, not zero width."""
    found = ratio(np.full(5, events), np.full(5, 20.0), of="trials")
    assert (found.value, found.low, found.high) == pytest.approx((events / 20, low, high), abs=1e-6)


@pytest.mark.parametrize(("y", "x"), [(15, 22), (7, 25), (29, 35), (1, 2), (31, 39)])
def test_runs_that_agree_are_not_certain(y: float, x: float) -> None:
    """A share that both replications repeat has Wilson's interval, however its quotient is rounded."""
    found = ratio(array(y, y), array(x, x), of="trials")
    assert (found.low, found.high) == pytest.approx(wilson(y / x, 2 * x))


def test_a_share_stays_between_0_and_1() -> None:
    """The interval of a share is cut at 0 and 1."""
    y, x = array(0, 0, 3), array(10, 10, 10)
    assert ratio(y, x, of="trials").low == 0.0
    assert ratio(x - y, x, of="trials").high == 1.0


def test_an_interval_stays_where_the_figure_can_be() -> None:
    """No wait lies below 0 and no part above the whole; a change may well be negative."""
    y, x = array(0, 0, 3), array(10, 10, 10)
    assert ratio(y, x).low == 0.0
    assert ratio(x - y, x, most=1.0).high == 1.0
    change = ratio(-y, x, least=-np.inf).low
    assert change is not None
    assert change < -0.1


def test_no_event_is_not_proof_of_none() -> None:
    """No event in 30 runs: the mean may still be 3.689 / 30 a run, as the exact Poisson bound says; an amount is 0."""
    none = ratio(np.zeros(30), np.ones(30), of="events")
    assert (none.value, none.low, none.high) == (0.0, 0.0, pytest.approx(3.688879 / 30, rel=1e-6))
    assert ratio(np.zeros(30), np.ones(30)) == Estimate(0.0, 0.0, 0.0, 30)


FINITE = st.floats(0, 1e9, allow_subnormal=False)


@settings(max_examples=300)
@given(st.lists(st.tuples(FINITE, FINITE), min_size=1, max_size=8), st.booleans())
def test_the_interval_holds_the_value(parts: list[tuple[float, float]], share: bool) -> None:
    """low ≤ value ≤ high, or no interval, or no value; never NaN; shares within 0 and 1."""
    y, x = (np.array(column) for column in zip(*parts, strict=True))
    y = np.minimum(y, x) if share else y
    found = ratio(y, x, of="trials" if share else "amounts")
    if found.value is None:
        assert x.sum() == 0
        assert (found.low, found.high) == (None, None)
    elif found.low is None or found.high is None:
        assert np.count_nonzero(x) == 1
        assert (found.low, found.high) == (None, None)
    else:
        assert found.low <= found.value <= found.high
        assert not share or (found.low >= 0.0 and found.high <= 1.0 + 1e-12)


@settings(max_examples=50)
@given(st.lists(st.tuples(FINITE, FINITE), min_size=2, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_runs_does_not_matter(parts: list[tuple[float, float]], shuffle: object) -> None:
    """Replications in any order give the same estimate, up to rounding."""
    mixed = list(parts)
    shuffle.shuffle(mixed)  # type: ignore[attr-defined]
    one, two = (ratio(*(np.array(column) for column in zip(*listed, strict=True))) for listed in (parts, mixed))
    for a, b in ((one.value, two.value), (one.low, two.low), (one.high, two.high)):
        assert (a is None) == (b is None)
        if a is not None and b is not None:
            assert a == pytest.approx(b, rel=1e-6, abs=1e-6)


def coverage(y: Floats, x: Floats, truth: float, *, share: bool = False) -> float:
    """The share of rows (one row a run of many replications) whose interval holds the truth."""
    of: Counted = "trials" if share else "amounts"
    estimates = [ratio(*row, of=of) for row in zip(y, x, strict=True)]
    return float(np.mean([e.low is not None and e.high is not None and e.low <= truth <= e.high for e in estimates]))


RUNS = 2000
TOLERANCE = 3.3 * float(np.sqrt(0.95 * 0.05 / RUNS))
"""The 99.9 % binomial half width of a coverage of 95 % seen in 2,000 runs: 1.6 points."""


def test_the_interval_of_a_mean_covers_95_percent() -> None:
    """Over 2,000 runs of 4 normal replications, the interval holds the true mean in 95 %."""
    draws = np.random.default_rng(11)
    found = coverage(draws.normal(10.0, 3.0, (RUNS, 4)), np.ones((RUNS, 4)), 10.0)
    assert found == pytest.approx(0.95, abs=TOLERANCE)


def test_the_interval_of_a_ratio_covers_95_percent() -> None:
    """Numerator and denominator go together, and still 95 % of 2,000 intervals hold the true ratio."""
    draws = np.random.default_rng(12)
    busyness = draws.gamma(25.0, 1 / 25.0, (RUNS, 20))
    contacts = draws.poisson(200 * busyness)
    waits = contacts * (30.0 + draws.normal(0.0, 3.0, contacts.shape))
    assert coverage(waits, contacts.astype(float), 30.0) == pytest.approx(0.95, abs=TOLERANCE)


def test_the_interval_of_a_clustered_share_covers_95_percent() -> None:
    """Contacts of one day share its luck: an interval over replications covers 95 %, one over contacts would not."""
    draws = np.random.default_rng(13)
    contacts = draws.poisson(100, (RUNS, 20))
    missed = draws.binomial(contacts, draws.beta(20.0, 80.0, contacts.shape))
    y, x = missed.astype(float), contacts.astype(float)
    assert coverage(y, x, 0.2, share=True) == pytest.approx(0.95, abs=TOLERANCE)
    over_contacts = [wilson(a.sum() / b.sum(), b.sum()) for a, b in zip(y, x, strict=True)]
    assert np.mean([low <= 0.2 <= high for low, high in over_contacts]) < 0.85


def test_a_rare_share_is_covered() -> None:
    """Of runs in which nearly nothing happens, the bound for zero events keeps the truth inside in most."""
    draws = np.random.default_rng(14)
    y = draws.binomial(50, 0.0005, (500, 5)).astype(float)
    none = y.sum(1) == 0
    assert coverage(y[none], np.full((int(none.sum()), 5), 50.0), 0.0005, share=True) == 1.0


# Moments --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("runs", "lower", "upper"), [(6, 1, 6), (10, 2, 9), (20, 6, 15), (30, 10, 21), (100, 40, 61)])
def test_a_median_lies_between_the_tabled_orders(runs: int, lower: int, upper: int) -> None:
    """The 95 % interval of a median runs between the orders of the sign test's printed tables."""
    found = moment(np.random.default_rng(1).permutation(runs) + 1.0, 0.5)
    assert (found.value, found.low, found.high) == (-(-runs // 2), lower, upper)


def test_a_moment_that_may_never_come() -> None:
    """Replications that never get there count as endless: the quantile holds while it is among the others."""
    times = np.array([*range(1, 28), *[np.inf] * 3], dtype=np.float64)
    assert (moment(times, 0.5).value, moment(times, 0.5).low, moment(times, 0.5).high) == (15.0, 10.0, 21.0)
    most = moment(times, 0.9)
    assert most == Estimate(27.0, None, None, 30)
    assert most.reason == "30 replications are too few for an interval"
    never = moment(np.append(times, np.inf), 0.9)
    assert never == Estimate.not_observed(31)
    assert never.reason == "4 of 31 replications do not get there before the clock stops"
    # the upper end of this interval is the 9th of 10
    assert moment(array(1, 2, 3, 4, 5, 6, 7, 8, np.inf, np.inf), 0.5) == Estimate(5.0, None, None, 10)


def test_few_replications_have_no_interval_of_a_moment() -> None:
    """Five replications cannot bound a median at 95 %, as 2 · 0.5⁵ is more than 5 %."""
    assert moment(array(1, 2, 3, 4, 5), 0.5) == Estimate(3.0, None, None, 5)
    assert moment(array(7), 0.5) == Estimate(7.0, None, None, 1)
    # none of 30 is low enough for the lower end of a tenth: 0.9³⁰ is more than 2.5 %
    assert moment(np.arange(30) + 1.0, 0.1) == Estimate(3.0, None, None, 30)


@pytest.mark.parametrize("q", [0.5, 0.9])
def test_intervals_of_moments_hold_the_truth(q: float) -> None:
    """Over 1,000 samples of 60 exponential times, at least 94 % of the intervals hold the true quantile."""
    draws = np.random.default_rng(3)
    held = 0
    for _ in range(1_000):
        found = moment(draws.exponential(size=60), q)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= -np.log(1 - q) <= found.high
    assert held >= 940
