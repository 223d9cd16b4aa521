"""From contacts to figures: the catalogue is complete, intervals hold their figure, processes make no difference."""

from __future__ import annotations

import pickle
import pkgutil
from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from tables import BOT, CHAT, EMAIL, PHONE, contacts, desk, group, random_contacts, short, summary

import sim.measures
from sim.desk import Desk
from sim.erlang import agents_needed
from sim.estimate import Estimate, ratio
from sim.measures import HISTOGRAMS, MEASURES
from sim.measures.base import Histogram, Kind, Measure
from sim.measures.intervals import intervals
from sim.measures.summary import Figure, Summary, figures, over_replications, quantiles, ratios_by_interval

THREE = short(PHONE, CHAT, EMAIL, groups=[group(2)], segments=("home", "business"))
FOUR = short(PHONE, CHAT, EMAIL, BOT, groups=[group(2)], answers=[(0, 1, 2)])


def random_summaries(seed: int, of: Desk = THREE, sizes: tuple[int, ...] = (20, 0, 35, 3)) -> list[Summary]:
    draws = np.random.default_rng(seed)
    tables = [random_contacts(draws, of, size, span=(-60, 120), longest=60) for size in sizes]
    return [summary(table, of, number) for number, table in enumerate(tables)]


def by_key(found: list[Figure]) -> dict[tuple[str, str | None, str | None], Estimate]:
    return {(figure.measure.name, figure.channel, figure.segment): figure.estimate for figure in found}


# The catalogue ------------------------------------------------------------------------------------------------------


def test_every_module_s_measures_are_in_the_catalogue() -> None:
    """A MEASURES of any module of the package is in the catalogue, and nothing else is."""
    listed: list[Measure] = []
    for module in pkgutil.iter_modules(sim.measures.__path__, "sim.measures."):
        listed += getattr(import_module(module.name), "MEASURES", ())
    # a module may import another's measures without owning them
    assert {id(measure) for measure in listed if isinstance(measure, Measure)} == {id(m) for m in MEASURES}
    assert len(MEASURES) > 30


def test_measures_have_names_of_their_own() -> None:
    """No two measures share a name."""
    assert len({measure.name for measure in MEASURES}) == len(MEASURES)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_a_measure_says_what_it_is(measure: Measure) -> None:
    """Every measure has a definition in a sentence, a unit, and just one way to be computed."""
    assert measure.unit.strip()
    assert measure.definition.strip().endswith(".")
    assert len(measure.definition) > 15
    assert measure.better in ("higher", "lower", "")
    assert measure.channels in ("all", "people", "live", "deferrable", "self_service", "")
    if measure.kind in (Kind.QUANTILE, Kind.MOMENT):
        assert 0 < measure.q < 1
        assert f"{measure.q:.0%}" in measure.definition
    if measure.kind is Kind.QUANTILE:
        assert measure.histogram in HISTOGRAMS
        assert measure.parts is None
    else:
        assert measure.parts is not None
        assert measure.histogram == ""
    assert (measure.unit == "share") == (measure.kind in (Kind.SHARE, Kind.PART))


def test_every_measure_makes_a_figure() -> None:
    """Each measure of the catalogue is in the figures of a desk with channels of every kind, in its order."""
    found = figures(random_summaries(1, FOUR), FOUR)
    assert list(dict.fromkeys(figure.measure.name for figure in found)) == [measure.name for measure in MEASURES]
    assert len(by_key(found)) == len(found)


def test_figures_are_for_the_channels_where_they_make_sense() -> None:
    """By channel, a measure has figures for just the channels of the kind that it names; none for the whole desk's."""
    where = {
        "all": {"phone", "chat", "email", "bot"}, "people": {"phone", "chat", "email"}, "live": {"phone", "chat"},
        "deferrable": {"email"}, "self_service": {"bot"}, "": set(),
    }  # fmt: skip
    found = figures(random_summaries(1, FOUR), FOUR)
    for measure in MEASURES:
        named = {figure.channel for figure in found if figure.measure is measure} - {None}
        assert named in (where[measure.channels], set()), measure.name
        assert named or measure.channels == "" or measure.unit == "customers"


# Figures ------------------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(0, 25), min_size=1, max_size=4))
def test_every_interval_holds_its_figure(seed: int, sizes: list[int]) -> None:
    """Over random tables, some of them empty: low ≤ value ≤ high or none of them, shares in [0, 1], nothing is NaN."""
    for figure in figures(random_summaries(seed, sizes=tuple(sizes)), THREE):
        estimate = figure.estimate
        numbers = [number for number in (estimate.value, estimate.low, estimate.high) if number is not None]
        assert np.isfinite(numbers).all()
        assert len(numbers) in (0, 1, 3)
        assert estimate.runs == len(sizes)
        assert (estimate.reason == "") == (len(numbers) == 3)
        if len(numbers) == 3:
            assert numbers[1] <= numbers[0] <= numbers[2]
        if figure.measure.kind is Kind.SHARE:
            assert all(-1e-12 <= number <= 1 + 1e-12 for number in numbers)
        if figure.measure.unit in ("s", "contacts", "issues", "money", "agents"):
            assert not numbers or numbers[0] >= 0


def test_figures_pool_replications() -> None:
    """Counts are means over replications, shares and means are ratios of sums: by hand for two replications."""
    good = {"offered": 0.0, "answered": 10.0, "ended": 60.0}
    bad = {"offered": 0.0, "answered": 40.0, "ended": 60.0}
    of = desk()
    found = by_key(figures([summary(contacts(good), of), summary(contacts(good, bad, bad), of, 1)], of))
    assert found["offered", "phone", None].value == 2.0
    assert found["service_level", "phone", None].value == 2 / 4
    assert found["wait", "phone", None].value == (10 + 10 + 40 + 40) / 4
    assert found["wait_p50", "phone", None].value == pytest.approx(10.0, rel=1e-3)
    assert found["wait_p80", "phone", None].value == pytest.approx(40.0, rel=1e-3)
    # 1 of 1 and 1 of 3: residuals 0.5 and −0.5, s = √0.5; 12.706 · √0.5 / (√2 · 2) is more than 1 either way
    assert (found["service_level", "phone", None].low, found["service_level", "phone", None].high) == (0.0, 1.0)
    # 1 and 3: 2 ± 12.706 · √2/√2
    assert found["offered", "phone", None].high == pytest.approx(2 + 12.7062, abs=1e-3)


def test_an_empty_replication_counts_as_zero_not_as_nothing() -> None:
    """A replication without contacts lowers mean counts, and leaves shares as they are."""
    of = desk()
    table = contacts({"offered": 0.0, "answered": 10.0, "ended": 60.0}, {"offered": 0.0, "ended": 60.0})
    found = by_key(figures([summary(table, of), summary(contacts(), of, 1), summary(table, of, 2)], of))
    assert found["offered", "phone", None].value == pytest.approx(4 / 3)
    assert found["service_level", "phone", None].value == 0.5


def test_one_replication_has_no_intervals() -> None:
    """A single replication reports values without intervals, percentiles too; so does one among empty ones."""
    of = desk()
    table = contacts({"offered": 0.0, "answered": 10.0, "ended": 60.0}, {"offered": 0.0, "ended": 60.0})
    for figure in figures([summary(table, of)], of):
        assert (figure.estimate.low, figure.estimate.high) == (None, None)
    found = by_key(figures([summary(table, of), summary(contacts(), of, 1)], of))
    for name in ("service_level", "wait", "wait_p50", "first_response_p50"):
        estimate = found[name, "phone", None]
        assert estimate.value is not None
        assert (estimate.low, estimate.high) == (None, None)


def test_what_is_not_known_has_a_reason() -> None:
    """A figure without a value, or without an interval, says why; the reason is no part of what is compared."""
    of = desk()
    nothing = by_key(figures([summary(contacts(), of)], of))
    assert nothing["service_level", "phone", None].reason == "nothing was observed"
    left = contacts({"offered": 0.0, "ended": 60.0})
    assert by_key(figures([summary(left, of)], of))["wait", "phone", None].reason == "seen in one replication only"
    unanswered = by_key(figures([summary(left, of)] * 2, of))["resolution_time_p50", "phone", None]
    assert unanswered == Estimate.not_observed(2)


def test_attempts_capped_are_a_count_of_the_desk() -> None:
    """3 customers stopped in one replication and 1 in another are 2 in the mean; none at all has an upper bound."""
    of = desk()
    found = by_key(figures([summary(contacts(), of, 0, 3), summary(contacts(), of, 1, 1)], of))
    assert found["attempts_capped", None, None].value == 2.0
    none = by_key(figures([summary(contacts(), of, number) for number in range(2)], of))["attempts_capped", None, None]
    assert (none.value, none.low, none.high) == (0.0, 0.0, pytest.approx(-np.log(0.025) / 2))


# Processes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_processes_make_no_difference(seed: int) -> None:
    """Summaries that went through another process, in whatever batches, fold into the very same figures."""
    summaries = random_summaries(seed)
    batches = [summaries[:1], summaries[1:3], summaries[3:]]
    folded = [one for batch in batches for one in pickle.loads(pickle.dumps(batch))]
    assert by_key(figures(folded, THREE)) == by_key(figures(summaries, THREE))
    alike, whole = intervals(folded, THREE), intervals(summaries, THREE)
    for name in vars(whole):
        assert np.array_equal(getattr(alike, name), getattr(whole, name), equal_nan=True)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_replications_does_not_move_a_value(seed: int) -> None:
    """In another order the values are the same up to rounding, and so are the intervals of counts, means and shares."""
    summaries = random_summaries(seed)
    one, two = by_key(figures(summaries, THREE)), by_key(figures(summaries[::-1], THREE))
    for key, estimate in one.items():
        quantile = key[0].rsplit("_p", 1)[-1].isdigit()
        for name in ("value",) if quantile else ("value", "low", "high"):
            a, b = getattr(estimate, name), getattr(two[key], name)
            assert a == b or a == pytest.approx(b, rel=1e-9, abs=1e-9)


def test_summarising_leaves_the_contacts_alone() -> None:
    """The contacts table is the same after being summarised."""
    table = random_contacts(np.random.default_rng(4), THREE, 40, span=(-60, 120), longest=60)
    before = {name: table[name].copy() for name in table.names}
    summary(table, THREE)
    assert all(np.array_equal(table[name], before[name]) for name in table.names)


# The interval sheet -------------------------------------------------------------------------------------------------


def test_the_interval_sheet_by_hand() -> None:
    """Contacts land in the interval in which they were offered, whenever they were answered; the last one is short."""
    table = contacts(
        {"offered": 0.0, "answered": 10.0, "ended": 40.0, "freed": 50.0},
        {"offered": 29.999, "answered": 59.999, "ended": 80.0},
        {"offered": 30.0, "ended": 60.0},
        {"offered": 99.999, "answered": 100.0, "ended": 120.0},
        {"offered": 100.0, "answered": 100.0, "ended": 120.0},
        {"offered": -0.001, "answered": 100.0, "ended": 120.0},
    )
    of = short(groups=[replace(group([(0.0, 2), (95.0, 0)]), shrinkage=0.2)])
    counts = summary(table, of).intervals
    assert counts.offered.tolist() == [[2, 1, 0, 1]]
    assert counts.answered.tolist() == [[2, 0, 0, 1]]
    assert counts.abandoned.tolist() == [[0, 1, 0, 0]]
    assert counts.within.tolist() == [[1, 0, 0, 1]]
    assert counts.handles.tolist() == [[2, 0, 0, 1]]
    sheet = intervals([summary(table, of), summary(contacts(), of, 1)], of)
    assert sheet.starts.tolist() == [0.0, 30.0, 60.0, 90.0]
    assert sheet.offered.tolist() == [[1.0, 0.5, 0.0, 0.5]]
    assert sheet.service_level[0] == pytest.approx([0.5, 0.0, np.nan, 1.0], nan_ok=True)
    assert sheet.wait[0] == pytest.approx([(10 + 30) / 2, 30.0, np.nan, 0.001], nan_ok=True)
    assert sheet.handle_time[0] == pytest.approx([(40 + 20.001) / 2, np.nan, np.nan, 20.0], nan_ok=True)
    assert sheet.scheduled[0] == pytest.approx([2.0, 2.0, 2.0, 1.0])
    assert sheet.paid[0] == pytest.approx([2.5, 2.5, 2.5, 1.25])
    # agent 0 is busy from 10 to 50 and 59.999 to 80 s; two replications, two agents
    assert sheet.occupancy[0] == pytest.approx([20 / 120, 20.001 / 120, 20 / 120, 0.0], abs=1e-9)
    assert (sheet.offered_low >= 0).all()


def test_the_sheet_adds_up_to_the_figures() -> None:
    """Over its intervals, the sheet's counts are the run's; its offered are those while the channel was open."""
    summaries = random_summaries(7)
    sheet, found = intervals(summaries, THREE), by_key(figures(summaries, THREE))
    for code, channel in enumerate(("phone", "chat", "email")):
        for name in ("answered", "abandoned", "blocked"):
            assert getattr(sheet, name)[code].sum() == pytest.approx(found[name, channel, None].value)
        while_open = (found["offered", channel, None].value or 0) - (found["turned_away", channel, None].value or 0)
        assert sheet.offered[code].sum() == pytest.approx(while_open)
    busy = sum(one.intervals.busy.sum() for one in summaries) / sum(one.intervals.present.sum() for one in summaries)
    assert found["occupancy", None, None].value == pytest.approx(busy)


def test_erlang_s_column_takes_a_short_interval_for_what_it_is() -> None:
    """The same rate in a last interval of 10 s asks for as many agents as in one of 30 s."""
    of = short()
    rows = [{"offered": float(second), "answered": float(second), "ended": second + 20.0} for second in range(100)]
    sheet = intervals([summary(contacts(*rows), of)], of)
    needed = agents_needed(1.0, 20.0, share=0.8, within=20.0)
    assert sheet.required_c.tolist() == [[needed] * 4]


def test_shares_by_interval_are_the_shares_of_each() -> None:
    """Every cell has the estimate that the run's figure would have, all-or-none and lonely replications included."""
    draws = np.random.default_rng(1)
    below = draws.integers(0, 6, (5, 2, 40)).astype(float)
    below[:, 0, :6] = 0
    below[2, 0, 3] = 5
    above = np.rint(below * draws.random(below.shape))
    above[:, 1, :5] = below[:, 1, :5]
    above[:, 1, 5:9] = 0
    value, low, high = ratios_by_interval(above, below)
    for cell in np.ndindex(2, 40):
        expected = ratio(above[:, *cell], below[:, *cell], of="trials")
        numbers = (expected.value, expected.low, expected.high)
        for found, number in zip((value[cell], low[cell], high[cell]), numbers, strict=True):
            assert found == pytest.approx(np.nan if number is None else number, nan_ok=True)
    value, low, high = ratios_by_interval(above[:1], below[:1])
    assert np.isnan(low).all()
    assert np.isnan(high).all()


def test_means_by_interval_have_student_s_interval() -> None:
    """Mean and interval over replications are SciPy's; one replication has no interval."""
    values = np.random.default_rng(2).normal(5.0, 2.0, (6, 3))
    mean, low, high = over_replications(values)
    assert mean == pytest.approx(values.mean(0))
    expected = stats.t.interval(0.95, 5, mean, stats.sem(values))
    assert np.stack((low, high)) == pytest.approx(np.stack(expected))
    assert np.isnan(over_replications(values[:1])[1]).all()


def test_percentiles_of_nothing() -> None:
    """Without a single time there is no percentile; with none that ended, neither."""
    nothing, waiting = np.zeros(0, np.int64), np.array([5_000])
    assert quantiles([Histogram.of(nothing, nothing)] * 3, [0.5]) == [Estimate.not_observed(3)]
    assert quantiles([Histogram.of(nothing, nothing, 4)] * 3, [0.5]) == [Estimate.not_observed(3)]
    assert quantiles([Histogram.of(nothing, waiting)] * 3, [0.5]) == [Estimate.not_observed(3)]


def test_percentiles_are_drawn_alike_every_time() -> None:
    """The same times give the same interval: the bootstrap does not depend on when or where it runs."""
    runs = [Histogram.of(np.arange(1, 50) * 997 * n, np.zeros(0, np.int64)) for n in range(1, 6)]
    assert quantiles(runs, [0.5, 0.9]) == quantiles(runs, [0.5, 0.9])


def test_a_histogram_keeps_no_empty_bins() -> None:
    """Three times a day apart are kept as three bins, in under a kilobyte, and their dense form adds up to them."""
    histogram = Histogram.of(np.array([0, 86_400_000, 86_400_000]), np.array([5000]), 2)
    assert len(pickle.dumps(histogram)) < 1000
    assert (histogram.over.counts.tolist(), histogram.open.counts.tolist()) == ([1, 2], [1])
    assert (histogram.ended.sum(), histogram.ended[0], histogram.ended[-1]) == (3, 1, 2)
    assert histogram.over.seconds == pytest.approx([0, 86_400, 86_400], rel=1e-3)
