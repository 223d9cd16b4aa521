"""Surges of unknown time make channels move together and leave the forecast's totals as they are."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from sim import defaults
from sim.clock import DAY, WEEK
from sim.demand import Rate
from sim.population.draw import draw
from sim.scenario import lower
from sim.scenario.read import Scenario, read
from sim.scenario.surges import surged
from sim.tables import Floats

HOUR = 3600
LIMIT = 4.5
"""Standard errors that a comparison may be off."""
DESK = """\
starts: 2026-10-05
lasts: 7d
run_in: 0d
intents: {bill: {share: 80%%}, outage: {share: 20%%}}
phone: {volume: 7000/week, hours: 08:00-20:00, staff: 9, shape: {08:00-20:00: 1}}
chat: {volume: 3500/week, hours: 08:00-20:00, staff: 9, shape: {08:00-20:00: 1}}
email: {volume: 3500/week, staff: 9}
demand: {busy_days: 0, busy_hours: 0%s}
"""

Reading = Callable[..., Scenario]


@pytest.fixture
def desk(tmp_path: Path) -> Reading:
    """A desk of three channels with surges, whose keys are given by name, without busyness."""

    def read_desk(surges: dict[str, str], *sets: str) -> Scenario:
        path = tmp_path / "desk.yaml"
        listed = ", ".join(f"{name}: {{{words}}}" for name, words in surges.items())
        path.write_text(DESK % (f", surges: {{{listed}}}" if surges else ""), encoding="utf-8")
        return read(path, sets)

    return read_desk


def integrals(scenario: Scenario, edges: Floats, replications: int) -> Floats:
    """Expected issues of each replication, by channel, between the edges."""
    return np.array([[rate.integral(edges) for rate in surged(scenario, 3, n)] for n in range(replications)])


def lifted(rate: Rate, forecast: Rate) -> tuple[Floats, Floats]:
    """When a rate rises above what it is without a surge, and by which factor."""
    piece = np.searchsorted(forecast.starts, rate.starts, side="right") - 1
    ratio = rate.values / forecast.values[piece]
    factor = ratio / ratio.min()
    rises = np.flatnonzero(factor[1:] > 1.2 * factor[:-1]) + 1
    return rate.starts[rises], factor[rises]


# --- what they do ----------------------------------------------------------------------------------------------------


def test_surges_make_the_channels_move_together(desk: Reading) -> None:
    """Calls and chats of a day correlate by less than chance allows without surges, and by far more with them."""

    def correlation(scenario: Scenario) -> float:
        counts = [np.bincount(draw(scenario, 1, n).issues["channel"], minlength=3) for n in range(120)]
        return float(np.asarray(np.corrcoef(np.array(counts).T))[0, 1])

    sets = ("lasts=1d", "drain=0d")
    assert abs(correlation(desk({}, *sets))) < 3.5 / math.sqrt(120)
    surge = {"outage": "often: 3/week, lasts: 4h, factor: 3x", "mail": "often: 3/week, lasts: 4h, factor: 3x"}
    assert correlation(desk(surge, *sets)) > 0.8
    # each with surges of its own is as if there were none
    apart = {name: f"{words}, channels: {name}" for name, words in zip(("phone", "chat"), surge.values(), strict=True)}
    assert abs(correlation(desk(apart, *sets))) < 3.5 / math.sqrt(120)


def test_a_surge_is_felt_on_its_channels_at_once_and_on_no_other(desk: Reading) -> None:
    """At any moment the rates of phone and chat stand in the same ratio to what they are without; that of e-mail never
    changes."""
    scenario = desk({"outage": "often: 9/week, lasts: 50m, fades: 20m, factor: 1.5x..4x, channels: [phone, chat]"})
    edges = np.arange(0.0, WEEK + 1, 300.0)
    usual = integrals(desk({}), edges, 1)[0]
    open_ = usual[0] > 0
    for found in integrals(scenario, edges, 5):
        phone, chat = (found[code, open_] / usual[code, open_] for code in (0, 1))
        assert phone.max() > 1.3
        np.testing.assert_allclose(phone, chat, rtol=1e-9)
        np.testing.assert_allclose(found[2], usual[2], rtol=1e-9)


@pytest.mark.parametrize(
    "words",
    [
        "often: 3/week, lasts: 2h, fades: 1h, factor: 2.5x",
        "often: 9/week, lasts: 3h, factor: 1.5x..6x",
        "often: 2/week, lasts: 90m, fades: 2h, factor: 4x, hours: {mon-wed: 09:00-11:30, sat: 19:00-23:00}",
    ],
)
def test_the_forecast_stands_in_the_mean_at_any_time(words: str, desk: Reading) -> None:
    """Over replications the mean of every channel, in all and by three hours of the week, is what it is without
    surges."""
    scenario, edges = desk({"outage": words}), np.arange(0.0, WEEK + 1, 3 * HOUR)
    expected = integrals(desk({}), edges, 1)[0]
    found = integrals(scenario, edges, 600)
    for drawn, mean in ((found.sum(2), expected.sum(1)), (found[:, 2], expected[2])):
        error = drawn.std(0, ddof=1) / math.sqrt(len(drawn))
        assert (error > 0).any()
        assert (np.abs(drawn.mean(0) - mean) <= LIMIT * error + 1e-9 * mean).all()
    # what staff is planned by is the forecast
    assert [rate.total() for rate in lower.rates(scenario)] == pytest.approx(expected.sum(1).tolist())


def test_surges_that_add_come_on_top(desk: Reading) -> None:
    """With `adds: yes` the mean is the forecast times 1 + often × (factor − 1) × the time for which one is felt, and
    beside surges the rate is the forecast."""
    scenario = desk({"outage": "often: 3/week, lasts: 2h, factor: 2x..3x, adds: yes"})
    forecast = desk({})
    edges = np.arange(0.0, WEEK + 1, 300.0)
    found, usual = integrals(scenario, edges, 600), integrals(forecast, edges, 1)[0]
    mean = usual.sum(1) * (1 + 3 / WEEK * 1.5 * 2 * HOUR)
    totals = found.sum(2)
    assert (np.abs(totals.mean(0) - mean) < LIMIT * totals.std(0) / math.sqrt(len(totals))).all()
    assert totals.mean(0)[0] > 1.03 * usual.sum(1)[0]
    np.testing.assert_allclose(found.min(0), usual, rtol=1e-9)


def test_their_number_is_poisson_and_their_moments_are_uniform(desk: Reading) -> None:
    """Of surges that come twice a week, the number in a week has mean and variance 2, and of the moments and of the
    factors none is likelier than another."""
    scenario = desk({"outage": "often: 2/week, lasts: 1m, factor: 1.5x..4x"})
    forecast = lower.rates(desk({}))[2]
    drawn = [lifted(surged(scenario, 5, n)[2], forecast) for n in range(400)]
    counts = np.array([len(moments) for moments, _ in drawn])
    assert abs(counts.mean() - 2) < LIMIT * math.sqrt(2 / 400)
    assert abs(counts.var(ddof=1) - 2) < LIMIT * math.sqrt((2 * 4 + 2) / 400)
    moments, factors = (np.concatenate(each) for each in zip(*drawn, strict=True))
    assert stats.kstest(moments / WEEK, "uniform").pvalue > 1e-4
    assert stats.kstest((factors - 1.5) / 2.5, "uniform").pvalue > 1e-4


def test_a_surge_of_the_time_before_is_still_felt_at_the_start(desk: Reading) -> None:
    """At the first moment the share of replications in a surge is as at any time: 1 − exp(−often × lasts)."""
    scenario = desk({"outage": "often: 10/week, lasts: 6h, factor: 3x"})
    first = np.array([surged(scenario, 5, n)[2].values[0] for n in range(500)])
    share, expected = float((first > 1.5 * first.min()).mean()), 1 - math.exp(-10 * 6 * HOUR / WEEK)
    assert abs(share - expected) < LIMIT * math.sqrt(expected * (1 - expected) / 500)


def test_surges_begin_in_their_hours_by_the_desks_clock(desk: Reading) -> None:
    """Surges of working hours begin in these, before and after the clocks go back, and as often a week as others."""
    sets = ("starts=2026-10-19", "lasts=14d", "time_zone=Europe/London")
    scenario = desk({"outage": "often: 9/week, lasts: 1m, factor: 2x, hours: {tue-thu: 09:00-17:00}"}, *sets)
    forecast, days = lower.rates(desk({}, *sets))[2], lower.calendar(scenario)
    drawn = [lifted(surged(scenario, 5, n)[2], forecast)[0] for n in range(40)]
    moments = [days.local(moment) for each in drawn for moment in each.tolist()]
    assert abs(len(moments) - 40 * 18) < LIMIT * math.sqrt(40 * 18)
    assert {moment.weekday() for moment in moments} == {1, 2, 3}
    assert {moment.hour for moment in moments} == set(range(9, 17))


def test_what_a_surge_brings_is_about_its_intent(desk: Reading) -> None:
    """At the height of a surge of factor 4 three quarters of the issues are its own; an event keeps its share of the
    others."""
    scenario = desk({"outage": "often: 9/week, lasts: 2h, factor: 4x, intent: outage"})
    for rate in surged(scenario, 1, 0):
        assert rate.by_event is not None
        assert not rate.by_event[:, 0].any()
        # two that overlap bring twice as much: 6 of 7
        assert {0.0, 0.75} <= set(rate.by_event[:, 1].round(6)) <= {0.0, 0.75, round(6 / 7, 6)}
    storm = "events={storm: {at: 2026-10-06 00:00, lasts: 1d, factor: 2x, intent: bill}}"
    both = surged(desk({"outage": "often: 9/week, lasts: 2h, factor: 4x, intent: outage"}, storm), 1, 0)[0]
    day = (both.starts >= DAY) & (both.starts < 2 * DAY)
    assert both.by_event is not None
    np.testing.assert_allclose(both.by_event[day, 0], (1 - both.by_event[day, 1]) / 2)


# --- what decides them -----------------------------------------------------------------------------------------------


def test_seed_and_replication_decide_and_another_kind_does_not(desk: Reading) -> None:
    """The surges of a replication are the same whoever asks, other in the next, and keep their moments where a second
    kind is added after them."""
    one = "often: 5/week, lasts: 1h, factor: 3x, channels: phone"
    other = "often: 5/week, lasts: 1h, factor: 3x, channels: chat"
    alone, both = desk({"outage": one}), desk({"outage": one, "more": other})
    assert draw(alone, 1, 0).digest == draw(desk({"outage": one}), 1, 0).digest
    assert draw(alone, 1, 0).digest != draw(alone, 1, 1).digest
    edges = np.arange(0.0, WEEK + 1, 300.0)
    np.testing.assert_allclose(integrals(both, edges, 2)[:, 0], integrals(alone, edges, 2)[:, 0])


def test_surges_that_never_come_change_nothing(desk: Reading) -> None:
    """At 0 a month the population is, to the byte, that of the scenario without surges."""
    never = desk({"outage": "often: 0/month, lasts: 2h, fades: 1h, factor: 3x, intent: outage"})
    assert draw(never, 1, 0).digest == draw(desk({}), 1, 0).digest


# --- the forecast's error --------------------------------------------------------------------------------------------


def test_a_forecast_error_is_the_busyness_of_days_said_otherwise(desk: Reading) -> None:
    """12 % is a Gamma factor of shape 1 / 0.12², 0 % none: the populations are those of that busy_days, which it
    replaces where a variant or --set says it."""
    error = desk({}, "demand.forecast_error=12%")
    assert error.spec.demand.day_shape == pytest.approx(1 / 0.12**2)
    assert "demand.busy_days" not in error.assumed
    same = desk({}, f"demand.busy_days={1 / 0.12**2!r}")
    assert draw(error, 1, 0).digest == draw(same, 1, 0).digest
    none = desk({}, "demand.forecast_error=0%")
    assert draw(none, 1, 0).digest == draw(desk({}), 1, 0).digest
    assert 1 / math.sqrt(defaults.DEMAND["busy_days"].value) == pytest.approx(0.129, abs=5e-4)


def test_days_differ_from_the_forecast_by_its_error(desk: Reading) -> None:
    """Totals of 300 days with an error of 20 % have that standard deviation, beside the chance of single contacts."""
    scenario = desk({}, "demand.forecast_error=20%", "lasts=300d", "phone.volume=35_000/week", "drain=0d",
                    "phone.weekdays={mon-sun: 1x}")  # fmt: skip
    issues = draw(scenario, 1, 0).issues
    days = np.bincount(issues["arrival"][issues["channel"] == 0] // (DAY * 1000), minlength=300)
    found = math.sqrt(days.var(ddof=1) / 5000**2 - 1 / 5000)
    assert abs(found - 0.2) < LIMIT * 0.2 / math.sqrt(2 * 300) * 1.2
