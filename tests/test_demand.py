"""Arrivals follow the rate: in the mean, in their spread, and nowhere outside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.clock import DAY, WEEK, Calendar, Piece, Week
from sim.defaults import CHANNELS, SHAPES
from sim.demand import HALF_HOUR, HOUR, Rate, arrivals, busyness, half_hours, lay, shaped_week
from sim.distributions import gamma_factor
from sim.draws import Decision, uniforms
from sim.scenario.weeks import read_weekdays
from sim.tables import Floats

MONDAY = Calendar(date(2026, 10, 5))
LIMIT = 4.5
"""Standard errors that a comparison may be off: some hundred comparisons exceed it once in 2,000 such runs."""


def luck(replication: int = 0, page: int = 0) -> Callable[[int], Floats]:
    return partial(uniforms, 11, replication, Decision.ARRIVAL, page=page)


def constant(rate: float, start: float = 0.0, end: float = DAY) -> Rate:
    return Rate(np.array([start]), np.array([end]), np.array([rate]))


def rates() -> st.SearchStrategy[Rate]:
    """Rates of up to 6 pieces, some of them zero, with gaps."""

    def build(steps: list[tuple[float, float, float]]) -> Rate:
        gaps, spans, values = (np.array(column) for column in zip(*steps, strict=True))
        ends = -500.0 + np.cumsum(gaps + spans)
        return Rate(ends - spans, ends, values)

    step = st.tuples(st.floats(0, 100), st.floats(1, 300), st.just(0.0) | st.floats(0.01, 0.5))
    return st.lists(step, min_size=1, max_size=6).map(build)


# --- the reference case: a sinusoid ----------------------------------------------------------------------------------

DRAWS = 2500
HALF_HOURS = np.arange(0, DAY + 1, HALF_HOUR, dtype=np.float64)


def sinusoid(step: float = 60.0) -> Rate:
    """0.5 (1 + 0.9 sin(2π (t − 480) / 1440)) a minute, t in minutes of the day, as its exact means over each minute."""
    edges = np.arange(0, DAY + step / 2, step)
    angle = 2 * np.pi * (edges - 480 * 60) / DAY
    whole = 0.5 / 60 * (edges - 0.9 * DAY / (2 * np.pi) * np.cos(angle))
    return Rate(edges[:-1], edges[1:], np.diff(whole) / step)


EXPECTED = {0: 2.90086045361, 3: 1.53852012578, 13: 10.6636646803, 27: 28.4614798742, 47: 3.78317245918}
"""Exact mean counts of some half hours (reference case DM-01, the integral of the rate)."""


def test_the_sinusoid_has_the_means_of_the_reference() -> None:
    """Its integral over half hours is that of the reference case, 720 over the day."""
    means = sinusoid().integral(HALF_HOURS)
    assert {number: means[number] for number in EXPECTED} == pytest.approx(EXPECTED, rel=1e-10)
    assert sinusoid().total() == pytest.approx(720.0, rel=1e-12)


def test_counts_of_a_sinusoid_are_poisson_in_every_half_hour() -> None:
    """Over 2,500 days the means, variances and empty shares of counts by half hour, and of daily totals, are those of
    independent Poisson counts (reference case DM-01)."""
    rate = sinusoid()
    counts = np.array([np.histogram(arrivals(rate, luck(n)), HALF_HOURS)[0] for n in range(DRAWS)])
    means = rate.integral(HALF_HOURS)
    for drawn, mean in ((counts, means), (counts.sum(1), np.array(720.0))):
        error = np.sqrt(mean / DRAWS)
        assert np.abs((drawn.mean(0) - mean) / error).max() < LIMIT
        # the variance of a sample variance: fourth moment 3m² + m, less m²
        error = np.sqrt((2 * mean**2 + mean) / DRAWS)
        assert np.abs((drawn.var(0, ddof=1) - mean) / error).max() < LIMIT
    empty = np.exp(-means[4])
    assert empty == pytest.approx(0.214698593358, rel=1e-9)
    assert abs((counts[:, 4] == 0).mean() - empty) < LIMIT * np.sqrt(empty * (1 - empty) / DRAWS)


# --- arrivals --------------------------------------------------------------------------------------------------------


@given(rates(), st.integers(0, 1000))
def test_nobody_arrives_outside_the_rate(rate: Rate, replication: int) -> None:
    """Arrivals are in order, and each lies in a piece with a positive rate."""
    times = arrivals(rate, luck(replication))
    assert (np.diff(times) >= 0).all()
    piece = np.searchsorted(rate.starts, times, side="right") - 1
    assert (times >= rate.starts[piece]).all()
    assert (times < rate.ends[piece] + 1e-9).all()
    assert (rate.values[piece] > 0).all()


@given(rates(), st.integers(0, 1000))
def test_arrivals_are_unit_rate_arrivals_carried_back(rate: Rate, replication: int) -> None:
    """The integral of the rate up to the k-th arrival is the sum of the first k exponential gaps, and the gap after
    the last goes beyond the whole."""
    times = arrivals(rate, luck(replication))
    gaps = -np.log1p(-luck(replication)(len(times) + 1))
    before = np.array([rate.integral(np.array([-1000.0, time]))[0] for time in times])
    np.testing.assert_allclose(before, np.cumsum(gaps)[:-1], rtol=1e-9)
    assert gaps.sum() > rate.total() * (1 - 1e-12)


def test_no_rate_no_arrivals() -> None:
    """A rate of zero, and one without pieces, give nobody."""
    nothing = Rate(np.zeros(0), np.zeros(0), np.zeros(0))
    for rate in (constant(0.0), nothing):
        assert len(arrivals(rate, luck())) == 0
        assert rate.total() == 0
        assert rate.integral(np.array([0.0, 10.0, DAY])).tolist() == [0.0, 0.0]


def test_a_single_piece_is_a_poisson_process() -> None:
    """A constant rate of 2,000 a day gives the gaps of the uniforms, divided by the rate, from its start on."""
    rate = constant(2000 / DAY, start=1000.0, end=1000.0 + DAY)
    times = arrivals(rate, luck(5))
    gaps = -np.log1p(-luck(5)(len(times))) * DAY / 2000
    np.testing.assert_allclose(times, 1000.0 + np.cumsum(gaps), rtol=1e-12)


def test_more_uniforms_are_drawn_where_the_first_do_not_reach() -> None:
    """A run of tiny gaps, far too many arrivals, still fills the whole span."""

    def crowded(size: int) -> Floats:
        return np.full(size, 0.1)

    times = arrivals(constant(1000 / DAY), crowded)
    assert len(times) == int(1000 / -np.log1p(-0.1))
    assert times[-1] > 0.999 * DAY


def test_a_quieter_channel_loses_customers_and_the_others_keep_their_gaps() -> None:
    """Twice the rate brings the same unit-rate arrivals twice as fast."""
    slow, fast = arrivals(constant(500 / DAY), luck()), arrivals(constant(1000 / DAY), luck())
    np.testing.assert_allclose(fast[: len(slow)], slow / 2, rtol=1e-12)


# --- integral --------------------------------------------------------------------------------------------------------


@given(rates(), st.lists(st.floats(-700, 3000), min_size=2, max_size=9).map(sorted))
def test_the_integral_is_the_sum_over_pieces(rate: Rate, edges: list[float]) -> None:
    """∫ rate between two edges is the sum of value × overlap, gaps and all."""
    brute = [
        sum(
            value * max(0.0, min(end, until) - max(start, since))
            for start, end, value in zip(rate.starts, rate.ends, rate.values, strict=True)
        )
        for since, until in pairwise(edges)
    ]
    np.testing.assert_allclose(rate.integral(np.array(edges)), brute, rtol=1e-9, atol=1e-9)


# --- the week --------------------------------------------------------------------------------------------------------

WEEKDAY_FACTORS = read_weekdays(CHANNELS["phone"]["weekdays"].value)
OPEN = Week(tuple(Piece(day, 8 * HOUR + 900, 20 * HOUR, 1.0) for day in range(5)))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("hours", [None, OPEN])
def test_the_weekly_total_stands(shape: str, hours: Week | None) -> None:
    """Whatever the shape and the opening hours, the week's rates add up to the weekly number of issues, on paper and
    on any seven days without a change of the clocks."""
    week = shaped_week(700.0, WEEKDAY_FACTORS, half_hours(SHAPES[shape]), hours)
    assert sum(piece.value * (piece.end - piece.start) for piece in week.pieces) == pytest.approx(700.0)
    for start in (0.0, -WEEK, 2.5 * DAY):
        assert lay(week, MONDAY, start, start + WEEK).total() == pytest.approx(700.0)


def test_weekdays_and_half_hours_keep_their_proportions() -> None:
    """Two half hours stand to each other as their weekday factors times their shape values."""
    week = shaped_week(1000.0, WEEKDAY_FACTORS, half_hours(SHAPES["email"]), None)
    one, other = week.at(0, 20 * HALF_HOUR), week.at(5, 31 * HALF_HOUR)
    assert one is not None
    assert other is not None
    expected = WEEKDAY_FACTORS[0] * SHAPES["email"][20] / (WEEKDAY_FACTORS[5] * SHAPES["email"][31])
    assert one / other == pytest.approx(expected)


def test_a_week_that_is_never_open_has_no_rate() -> None:
    """Without opening hours, or with a shape of zeros, there is no demand and no division by zero."""
    assert lay(shaped_week(700.0, WEEKDAY_FACTORS, half_hours(SHAPES["phone"]), Week(())), MONDAY, 0, WEEK).total() == 0
    assert lay(shaped_week(700.0, WEEKDAY_FACTORS, half_hours([0.0] * 48), None), MONDAY, 0, WEEK).total() == 0


def test_opening_hours_are_respected() -> None:
    """Over four weeks every arrival falls into the opening hours, some into each hour of the day that has any."""
    rate = lay(shaped_week(5000.0, WEEKDAY_FACTORS, half_hours(SHAPES["phone"]), OPEN), MONDAY, -WEEK, 3 * WEEK)
    times = arrivals(rate, luck())
    second, weekday = times % DAY, times // DAY % 7
    assert second.min() >= 8 * HOUR + 900
    assert second.max() < 20 * HOUR
    assert set(weekday.tolist()) == {0, 1, 2, 3, 4}
    assert set((second // HOUR).astype(int).tolist()) == set(range(8, 20))


def test_pieces_are_cut_at_whole_hours() -> None:
    """No piece of a laid rate reaches over a full hour, so that each has one busyness."""
    week = Week((Piece(0, 30 * 60, 5 * HOUR + 600, 0.1),))
    rate = lay(week, MONDAY, 0, DAY)
    assert (rate.starts // HOUR == (rate.ends - 1) // HOUR).all()
    assert rate.total() == pytest.approx(0.1 * (4 * HOUR + 2400))


# --- busyness --------------------------------------------------------------------------------------------------------


def numbered(step: float) -> Callable[[int], Floats]:
    """Factors that tell their own number."""
    return lambda size: 1.0 + step * np.arange(size, dtype=np.float64)


def test_a_day_and_hour_is_as_busy_on_every_channel() -> None:
    """A channel that first opens on the third day of the run meets that day's factor, not the first."""
    always, late = Week.always(), Week((Piece(0, 9 * HOUR, 12 * HOUR), Piece(4, 0, DAY)))
    starts = Calendar(date(2026, 10, 3), "Europe/London")  # a Saturday, three weeks before the clocks change
    factors = {}
    for name, week in (("always", always), ("late", late)):
        rate = lay(week, starts, -10 * DAY, 40 * DAY)
        busy = busyness(rate, starts, -10 * DAY, numbered(1.0), numbered(1e-6))
        factors[name] = dict(zip(rate.starts.tolist(), busy.tolist(), strict=True))
    assert factors["late"]
    assert all(factors["always"][start] == factor for start, factor in factors["late"].items())


def test_busyness_is_numbered_from_the_first_day_simulated() -> None:
    """On the d-th day and in its h-th hour the factor is day factor d times hour factor 24 d + h."""
    rate = lay(Week.always(), MONDAY, -2 * DAY, 3 * DAY)
    busy = busyness(rate, MONDAY, -2 * DAY, numbered(1.0), numbered(1e-6))
    days = np.repeat(np.arange(5), 24)
    np.testing.assert_allclose(busy, (1.0 + days) * (1.0 + 1e-6 * np.arange(5 * 24)), rtol=1e-12)


def test_no_pieces_no_busyness() -> None:
    """A rate without pieces has no factors."""
    nothing = Rate(np.zeros(0), np.zeros(0), np.zeros(0))
    assert len(busyness(nothing, MONDAY, 0.0, numbered(1.0), numbered(1.0))) == 0


@pytest.mark.parametrize(("day_shape", "hour_shape"), [(60.0, 0.0), (0.0, 20.0), (60.0, 400.0)])
def test_daily_counts_spread_as_busyness_says(day_shape: float, hour_shape: float) -> None:
    """With mean m a day, spread evenly, the variance of daily counts is m + m² ((1 + 1/d)(1 + 1/(24 h)) − 1) for
    Gamma shapes d of days and h of hours (m + m²/60 for days of shape 60), and the mean stays m."""
    days, mean = 3000, 600.0

    def factors(decision: Decision, shape: float, size: int) -> Floats:
        return gamma_factor(uniforms(3, 0, decision, size), shape) if shape else np.ones(size)

    rate = lay(Week.always(mean / DAY), MONDAY, 0.0, days * DAY)
    by_day = partial(factors, Decision.BUSY_DAY, day_shape)
    by_hour = partial(factors, Decision.BUSY_HOUR, hour_shape)
    busy = busyness(rate, MONDAY, 0.0, by_day, by_hour)
    counts = np.histogram(arrivals(rate.times(busy), luck()), np.arange(days + 1) * DAY)[0]
    over = (1 + (1 / day_shape if day_shape else 0)) * (1 + (1 / (24 * hour_shape) if hour_shape else 0)) - 1
    expected = mean + mean**2 * over
    centred = counts - counts.mean()
    error = np.sqrt((np.mean(centred**4) - counts.var() ** 2) / days)
    assert abs(counts.var(ddof=1) - expected) < LIMIT * error
    assert abs(counts.mean() - mean) < LIMIT * np.sqrt(expected / days)
