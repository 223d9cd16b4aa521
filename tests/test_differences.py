"""Differences between runs: how often their intervals hold the truth, and that they are those of the textbook."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.random import Generator
from scipy import stats

from sim.attendance import attended
from sim.desk import Target
from sim.differences import Difference, Side, differences, together
from sim.estimate import Estimate, student_quantile
from sim.measures import MEASURES
from sim.measures.base import ALL, Histogram, Key, Measure
from sim.measures.cohort import Cohort
from sim.measures.summary import Summary
from sim.population.draw import draw
from sim.run import Result, run
from sim.scenario import lower
from sim.scenario.read import read
from sim.simulate.engine import simulate
from sim.tables import Array, Floats

DESK = """\
name: Two hours
lasts: 1d
run_in: 0d
drain: 1h
phone: {staff: 3, hours: 09:00-11:00, rate: 40/h, handle_time: exponential(mean 3m), target: 80% within 20s}
email: {staff: 1, rate: 1/h}
"""
COST, LEVEL = (next(measure for measure in MEASURES if measure.name == name) for name in ("cost", "service_level"))
PHONE: Key = ("phone", None)

TINY_RUNS = 2_000
OF = stats.binom(TINY_RUNS, 0.95)
EXPECTED = OF.ppf(0.005), OF.ppf(0.995)
"""How many of the intervals hold the truth in 99 % of such tests, if each does with 95 %."""


@pytest.fixture(scope="session")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """One replication of a small desk: what a run really leaves, to be filled with parts."""
    folder = tmp_path_factory.mktemp("differences")
    (folder / "desk.yaml").write_text(DESK)
    return run(read(folder / "desk.yaml"), folder, replications=1, jobs=1)


def side(result: Result, parts: Mapping[str, Mapping[Key, tuple[Floats, Floats]]], name: str = "a") -> Side:
    """A run with these parts: by measure and key, numerators and denominators by replication."""
    count = len(next(iter(next(iter(parts.values())).values()))[0])
    summaries = [
        replace(
            result.summaries[0],
            replication=number,
            parts={
                measure: {key: (float(above[number]), float(below[number])) for key, (above, below) in by_key.items()}
                for measure, by_key in parts.items()
            },
        )
        for number in range(count)
    ]
    return Side(name, summaries, result.desk)


def of_costs(result: Result, *runs: Sequence[float] | Floats) -> list[Side]:
    """Runs whose cost in each replication is this."""
    return [
        side(result, {"cost": {ALL: (np.asarray(costs, dtype=float), np.ones(len(costs)))}}, name)
        for costs, name in zip(runs, "ab", strict=True)
    ]


def cost(ours: Side, theirs: Side, *, paired: bool = True) -> Difference:
    """The difference of their costs."""
    (found,) = differences(ours, theirs, paired=paired, measures=[COST])
    return found


def holds(estimate: Estimate | None, truth: float) -> bool:
    assert estimate is not None
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.low <= truth <= estimate.high


# --- how often intervals are right -----------------------------------------------------------------------------------

TRUE_LEVELS = 0.9 - 0.2 * (1 + 1 / 12), 0.6 - 0.2 / 12
"""Σ E(y) / Σ E(x) of the two policies below: with a load L uniform on 0.5 to 1.5, E(L²) = 1 + 1/12."""


def customers(rng: Generator, size: tuple[int, ...]) -> tuple[Floats, Array]:
    """The load of each replication, and how many contacts it offers."""
    load = rng.uniform(0.5, 1.5, size)
    return load, 1 + rng.poisson(60 * load - 1)


def answered(rng: Generator, load: Floats, offered: Array) -> tuple[Array, Array]:
    """Of them, how many each of two policies answers in time: a share of 0.9 − 0.2 L, and of 0.6 − 0.2 (L − 1). Who is
    in time with the worse one is with the better one as well."""
    better, worse = 0.9 - 0.2 * load, 0.6 - 0.2 * (load - 1)
    many = rng.binomial(offered, better)
    return many, rng.binomial(many, worse / better)


@pytest.mark.parametrize("paired", [True, False], ids=["paired", "unpaired"])
@pytest.mark.parametrize("runs", [10, 30])
def test_intervals_hold_a_known_difference_in_95_of_100_runs(runs: int, paired: bool, result: Result) -> None:
    """Of 2,000 small comparisons, as many intervals of a ratio and of a mean hold the true difference as 95 % make
    likely, with 10 replications and with 30, on the same customers and on others."""
    rng = np.random.default_rng(runs + paired)
    size = (TINY_RUNS, runs)
    load, offered = customers(rng, size)
    others = (load, offered) if paired else customers(rng, size)
    many, few = answered(rng, load, offered)
    if not paired:
        few = answered(rng, *others)[1]
    # costs grow with the load, by more in one of them; the true difference is 10
    costs = 100 + 30 * load + rng.normal(0, 3, size), 90 + 20 * (others[0] - 1) + 30 + rng.normal(0, 3, size)
    truth = {"service_level": TRUE_LEVELS[0] - TRUE_LEVELS[1], "cost": 10.0}
    right = dict.fromkeys(truth, 0)
    ones = np.ones(runs)
    for number in range(TINY_RUNS):
        ours, theirs = (
            side(result, {"service_level": {PHONE: (level[number], of[number])}, "cost": {ALL: (money[number], ones)}})
            for level, of, money in ((many, offered, costs[0]), (few, others[1], costs[1]))
        )
        for each in differences(ours, theirs, paired=paired, measures=[LEVEL, COST]):
            assert each.paired == paired
            right[each.measure.name] += holds(each.estimate, truth[each.measure.name])
    assert all(EXPECTED[0] <= count <= EXPECTED[1] for count in right.values()), right


def drawn_together(rng: Generator, result: Result, truths: Sequence[float], runs: int = 10) -> list[Difference]:
    """Several figures of two policies on the same customers, with these true differences."""
    common = rng.normal(0, 2, (len(truths), runs))
    names = [measure.name for measure in MEASURES if measure.parts is not None][: len(truths)]
    measures = [measure for measure in MEASURES if measure.name in names]
    levels = [
        {name: {ALL: (common[n] + shift + rng.normal(0, 1, runs), np.ones(runs))} for n, name in enumerate(names)}
        for shift in (0.0, 0.0)
    ]
    for name, truth in zip(names, truths, strict=True):
        above, below = levels[0][name][ALL]
        levels[0][name] = {ALL: (above + truth, below)}
    ours, theirs = (side(result, parts) for parts in levels)
    found = {each.measure.name: each for each in differences(ours, theirs, measures=measures)}
    return [found[name] for name in names]


def test_intervals_that_hold_together_all_do_in_95_of_100_runs(result: Result) -> None:
    """Of 2,000 comparisons of six figures, all six wide intervals are right in as many as 95 % make likely; without
    the allowance they would not be."""
    rng, truths = np.random.default_rng(6), (0.0, 0.0, 1.0, -2.0, 0.5, 0.0)
    together_right = alone_right = 0
    for _ in range(TINY_RUNS):
        found = together(drawn_together(rng, result, truths))
        together_right += all(holds(each.wide, truth) for each, truth in zip(found, truths, strict=True))
        alone_right += all(holds(each.estimate, truth) for each, truth in zip(found, truths, strict=True))
    assert together_right >= EXPECTED[0]
    assert alone_right < EXPECTED[0]


@pytest.mark.parametrize("truths", [(0.0,) * 6, (0.0, 0.0, 0.0, 4.0, 4.0, 4.0)], ids=["none differs", "half differ"])
def test_one_false_difference_is_clear_in_at_most_5_of_100_runs(truths: tuple[float, ...], result: Result) -> None:
    """Of 2,000 comparisons of six figures, any that does not differ is clear in 5 % of them, no more and not much less
    often; without the allowance it would be more often."""
    rng = np.random.default_rng(7)
    false = alone = 0
    for _ in range(TINY_RUNS):
        equal = [each for each, truth in zip(together(drawn_together(rng, result, truths)), truths, strict=True)
                 if truth == 0]  # fmt: skip
        false += any(each.clear for each in equal)
        alone += any(each.p <= 0.05 for each in equal)
    share = 0.05
    assert stats.binom.ppf(0.005, TINY_RUNS, share * 0.7) <= false <= stats.binom.ppf(0.995, TINY_RUNS, share)
    assert alone > stats.binom.ppf(0.995, TINY_RUNS, share)


@pytest.mark.statistics
@pytest.mark.timeout(300)
def test_intervals_of_real_runs_hold_the_difference_of_all_of_them(tmp_path: Path, result: Result) -> None:
    """Of 2,000 comparisons of 30 replications each, drawn from 1,000 simulated ones of two staffing levels, as many
    intervals hold the difference over all 1,000 as 95 % make likely, of service level and satisfaction; of the mean
    wait, which a few bad days decide in a run as short as this, at least 90 % do."""
    count, most = 1_000, ("phone.service_level", "phone.satisfaction", "phone.asa")
    measures = [measure for measure in MEASURES if f"phone.{measure.name}" in most]
    (tmp_path / "desk.yaml").write_text(DESK)
    whole = [_simulated(tmp_path / "desk.yaml", staff, count, measures, result) for staff in (4, 3)]
    truth = {each.name: each.estimate.value for each in differences(*whole, measures=measures) if each.segment is None}
    rng = np.random.default_rng(8)
    right = dict.fromkeys(most, 0)
    for _ in range(TINY_RUNS):
        drawn = rng.integers(0, count, 30)
        ours, theirs = (replace(side, summaries=[side.summaries[number] for number in drawn]) for side in whole)
        for each in differences(ours, theirs, measures=measures):
            if each.segment is None and each.name in right:
                right[each.name] += holds(each.estimate, truth[each.name] or 0.0)
    assert right.pop("phone.asa") >= 0.9 * TINY_RUNS
    assert all(EXPECTED[0] <= number <= EXPECTED[1] for number in right.values()), right


def _simulated(path: Path, staff: int, count: int, measures: Sequence[Measure], result: Result) -> Side:
    """Many replications, of which only a few figures are kept."""
    scenario = read(path, [f"phone.staff={staff}"])
    desk = lower.desk(scenario)
    summaries: list[Summary] = []
    for number in range(count):
        done = simulate(attended(desk, 1, number), draw(scenario, 1, number))
        cohort = Cohort(done.contacts, desk, done.capped, done.spells, desk)
        parts = {measure.name: measure.parts(cohort) for measure in measures if measure.parts is not None}
        summaries.append(replace(result.summaries[0], replication=number, parts=parts))
    return Side(str(staff), summaries, desk)


# --- the arithmetic --------------------------------------------------------------------------------------------------

OURS, THEIRS = [12.0, 15.5, 9.0, 14.0, 11.0, 17.0], [10.0, 11.0, 9.5, 12.5, 8.0, 13.0]
FEWER = [10.0, 30.0, 12.5, 8.0]


def test_a_paired_mean_is_students_paired_test(result: Result) -> None:
    """Estimate, interval and p are those of scipy's paired test; the differences by replication are kept."""
    found = cost(*of_costs(result, OURS, THEIRS))
    expected = stats.ttest_rel(OURS, THEIRS)
    interval = expected.confidence_interval()
    assert found.estimate.value == pytest.approx(np.mean(OURS) - np.mean(THEIRS))
    assert (found.estimate.low, found.estimate.high) == pytest.approx((interval.low, interval.high))
    assert (found.p, found.degrees) == pytest.approx((expected.pvalue, 5))
    assert found.by_replication.tolist() == [2.0, 4.5, -0.5, 1.5, 3.0, 4.0]
    assert (found.of_policy, found.of_than) == pytest.approx((np.mean(OURS), np.mean(THEIRS)))


def test_an_unpaired_mean_is_welchs_test(result: Result) -> None:
    """Of runs with different customers, as many as they are, estimate, interval, p and degrees are scipy's."""
    found = cost(*of_costs(result, OURS, FEWER), paired=False)
    expected = stats.ttest_ind(OURS, FEWER, equal_var=False)
    interval = expected.confidence_interval()
    assert (found.estimate.low, found.estimate.high) == pytest.approx((interval.low, interval.high))
    assert (found.p, found.degrees) == pytest.approx((expected.pvalue, expected.df))
    assert (found.paired, len(found.by_replication)) == (False, 0)


def test_a_ratio_is_of_sums_not_a_mean_of_ratios(result: Result) -> None:
    """A replication with more contacts counts for more; one with none counts, but has no difference of its own."""
    offered = np.array([10.0, 90.0, 0.0])
    ours, theirs = (
        side(result, {"service_level": {PHONE: (np.array(within), offered)}})
        for within in ([10.0, 45.0, 0.0], [5.0, 45.0, 0.0])
    )
    (found,) = differences(ours, theirs, measures=[LEVEL])
    assert found.estimate.value == pytest.approx(0.05)
    assert found.by_replication.tolist() == [0.5, 0.0]
    # u = (y − R x) / x̄ of both, subtracted
    influence = (np.array([5.0, 0.0, 0.0]) - 0.05 * offered) / (100 / 3)
    assert found.error == pytest.approx(np.sqrt(np.sum(influence**2) / 2 / 3))


def test_paired_runs_are_compared_as_far_as_both_go(result: Result) -> None:
    """Of 6 and 4 replications on the same customers the first 4 are compared, in either order."""
    four = cost(*of_costs(result, OURS[:4], FEWER))
    for found in (cost(*of_costs(result, OURS, FEWER)), cost(*of_costs(result, OURS[:4], [*FEWER, 1.0, 2.0]))):
        assert (found.estimate, found.p, found.of_policy) == (four.estimate, four.p, four.of_policy)
        assert found.estimate.runs == 4


def test_one_replication_tells_no_difference_from_luck(result: Result) -> None:
    """The value is known, its interval is not, and says why; nothing is clear, and no number is NaN but p."""
    (found,) = together([cost(*of_costs(result, [5.0], [3.0]))])
    assert (found.estimate.value, found.estimate.low, found.estimate.high) == (2.0, None, None)
    assert found.estimate.reason == "one replication cannot tell a difference from luck"
    assert (math.isnan(found.p), found.clear, found.better, found.wide) == (True, False, None, found.estimate)
    shifted = of_waits(result, [(10.0, 20.0)], [(5.0, 10.0)])
    assert all((each.estimate.low, each.estimate.high) == (None, None) for each in shifted)


def test_what_is_the_same_is_the_same_exactly(result: Result) -> None:
    """With equal parts the difference is 0 with an interval of no width, p is 1, and it is never clear; what is always
    higher by as much is certain, p is 0, and it is clear."""
    same, certain = together(
        [cost(*of_costs(result, OURS, OURS)), cost(*of_costs(result, [x + 2 for x in OURS], OURS))]
    )
    assert (same.same, same.p, same.clear, same.estimate) == (True, 1.0, False, Estimate(0.0, 0.0, 0.0, 6))
    assert (certain.same, certain.p, certain.clear) == (False, 0.0, True)
    assert certain.wide == Estimate(2.0, 2.0, 2.0, 6)


def test_better_is_said_of_clear_differences_only(result: Result) -> None:
    """More cost is worse and less is better; without clearness neither is said."""
    more, less, unclear = together(
        [
            cost(*of_costs(result, *pair))
            for pair in (([9.0, 9.5], [1.0, 1.5]), ([1.0, 1.5], [9.0, 9.5]), ([1, 5], [3, 2]))
        ]
    )
    assert (more.better, less.better, unclear.better) == (False, True, None)


# --- many at once ----------------------------------------------------------------------------------------------------


def with_p(found: Difference, p: float) -> Difference:
    """The same with a value for which p is this."""
    value = student_quantile(30, 1 - p)
    return replace(found, estimate=Estimate(value, value - 1, value + 1, 31), error=1.0, degrees=30.0)


def test_holms_rule_goes_down_step_by_step(result: Result) -> None:
    """Of p = 0.01, 0.04, 0.03 and 0.005 the first and the last are clear: 0.03 is above 0.05 / 2, and ends it, although
    0.04 is below 0.05. What is the same, or not known, does not count."""
    plain = cost(*of_costs(result, OURS, THEIRS))
    four = [with_p(plain, p) for p in (0.01, 0.04, 0.03, 0.005)]
    assert [each.p for each in four] == pytest.approx([0.01, 0.04, 0.03, 0.005])
    assert [each.clear for each in together(four)] == [True, False, False, True]
    uncounted = [cost(*of_costs(result, OURS, OURS)), cost(*of_costs(result, [5.0], [3.0]))] * 10
    assert [each.clear for each in together([*uncounted, *four])] == [False] * 20 + [True, False, False, True]
    assert [each.clear for each in together([with_p(plain, 0.02)])] == [True]
    assert [each.clear for each in together([with_p(plain, 0.026)] * 2)] == [False, False]


def test_without_steps_what_is_clear_is_what_its_wide_interval_says(result: Result) -> None:
    """Of p = 0.01, 0.014, 0.03 and 0.005 Holm's rule finds all clear, and Bonferroni's the first and the last: those
    whose wide intervals leave out 0."""
    plain = cost(*of_costs(result, OURS, THEIRS))
    four = [with_p(plain, p) for p in (0.01, 0.014, 0.03, 0.005)]
    assert [each.clear for each in together(four)] == [True] * 4
    found = together(four, step_down=False)
    assert [each.clear for each in found] == [True, False, False, True]
    assert [not holds(each.wide, 0.0) for each in found] == [each.clear for each in found]


def test_wide_intervals_are_bonferronis(result: Result) -> None:
    """Four together have intervals of 1 − 0.05 / 4 each, around the same value."""
    four = together([with_p(cost(*of_costs(result, OURS, THEIRS)), 0.5)] * 4)
    for each in four:
        assert each.wide is not None
        assert each.wide.confidence == pytest.approx(0.9875)
        half = stats.t.ppf(1 - 0.0125 / 2, 30)
        assert (each.wide.low, each.wide.high) == pytest.approx(
            (each.estimate.value - half, each.estimate.value + half)  # type: ignore[operator]
        )


# --- times -----------------------------------------------------------------------------------------------------------

QUANTILES = [measure for measure in MEASURES if measure.histogram == "wait"]
CLEARS = next(measure for measure in MEASURES if measure.name == "backlog_clears")


def waits_of(result: Result, runs: Sequence[Sequence[float] | Floats], name: str, *, never: int = 0) -> Side:
    """A run with these waits, in seconds, and so many that never end, in every replication."""
    nothing = np.zeros(0, dtype=np.int64)
    times = [
        {"wait": {PHONE: Histogram.of(np.rint(np.asarray(run) * 1000).astype(np.int64), nothing, never)}}
        for run in runs
    ]
    summaries = [replace(result.summaries[0], replication=n, histograms=each) for n, each in enumerate(times)]
    return Side(name, summaries, result.desk)


def of_waits(
    result: Result, ours: Sequence[Sequence[float] | Floats], theirs: Sequence[Sequence[float] | Floats], *,
    paired: bool = True, never: tuple[int, int] = (0, 0),
) -> list[Difference]:  # fmt: skip
    """The differences of all quantiles of the wait."""
    sides = (waits_of(result, runs, name, never=n) for runs, name, n in zip((ours, theirs), "ab", never, strict=True))
    return differences(*sides, paired=paired, measures=QUANTILES)


def test_quantiles_that_are_shifted_differ_by_the_shift(result: Result) -> None:
    """Where everybody waits 60 s more with the same luck, every quantile is 60 s higher to the width of a bin, with a
    narrow interval that holds it; on other customers the interval is much wider."""
    rng = np.random.default_rng(3)
    theirs = [rng.exponential(scale, 200) for scale in rng.uniform(60, 400, 12)]
    ours = [run + 60 for run in theirs]
    paired, unpaired = (of_waits(result, ours, theirs, paired=paired) for paired in (True, False))
    assert [each.measure.name for each in paired] == [measure.name for measure in QUANTILES]
    for one, other in zip(together(paired), unpaired, strict=True):
        assert one.estimate.value == pytest.approx(60, abs=3)
        assert holds(one.estimate, 60.0)
        assert (one.clear, one.better) == (True, False)
        assert holds(other.estimate, 60.0)
        assert other.error > 5 * one.error


def test_quantiles_of_the_same_waits_are_the_same(result: Result) -> None:
    """Equal histograms differ by exactly 0, also where one run has more of them."""
    rng = np.random.default_rng(4)
    theirs = [rng.exponential(100, 50) for _ in range(6)]
    for runs in (theirs, theirs[:4]):
        assert all((each.same, each.p) == (True, 1.0) for each in of_waits(result, runs, theirs))


def test_a_quantile_that_one_run_does_not_have_is_not_known(result: Result) -> None:
    """Where too many never end there is no difference, and the other run's value is still told."""
    waits = [[10.0, 20.0, 30.0]] * 4
    for found in of_waits(result, waits, waits, never=(0, 90)):
        assert (found.estimate.value, found.of_than) == (None, None)
        assert found.of_policy is not None
        assert found.estimate.reason == "observed with one of the two only"
    nobody: list[list[float]] = [[]] * 4
    assert {each.estimate.reason for each in of_waits(result, nobody, nobody)} == {"nothing was observed"}


def of_moments(result: Result, *runs: Sequence[float]) -> Difference:
    """The difference of the time by which half of the replications have cleared the backlog."""
    key = ("email", None)
    sides = [side(result, {CLEARS.name: {key: (np.array(times), np.ones(len(times)))}}) for times in runs]
    (found,) = differences(*sides, measures=[CLEARS])
    return found


def test_moments_that_are_shifted_differ_by_the_shift(result: Result) -> None:
    """Cleared 600 s earlier in every replication: so is the median, for certain; cleared at other times, it is not."""
    times = [4000.0, 7000.0, 5000.0, 9000.0, 6500.0]
    found = of_moments(result, [time - 600 for time in times], times)
    assert (found.estimate, found.p) == (Estimate(-600.0, -600.0, -600.0, 5), 0.0)
    assert of_moments(result, times, times).same
    mixed = of_moments(result, [5000.0, 3000.0, 9000.0, 7000.0, 6000.0], times)
    assert mixed.estimate.value == -500.0
    assert mixed.error > 0


def test_a_moment_that_does_not_always_come_has_no_interval(result: Result) -> None:
    """Both medians are known, but one replication never gets there: no difference is told, and why."""
    found = of_moments(result, [4000.0, 7000.0, 5000.0, 6000.0, math.inf], [4000.0, 7000.0, 5000.0, 6000.0, 6000.0])
    assert (found.of_policy, found.of_than, found.estimate.value) == (6000.0, 6000.0, None)
    assert found.estimate.reason == "some replications do not get there before the clock stops"


# --- what cannot be compared -----------------------------------------------------------------------------------------


def test_what_one_run_did_not_observe_is_not_compared(result: Result) -> None:
    """Nothing offered with one of the two: no difference, and the reason; nothing with either: likewise."""
    some, none = (np.array([5.0, 6.0]), np.array([10.0, 10.0])), (np.zeros(2), np.zeros(2))
    for pair, reason in (
        ((some, none), "observed with one of the two only"),
        ((none, none), "nothing was observed"),
    ):
        ours, theirs = (side(result, {"service_level": {PHONE: each}}) for each in pair)
        (found,) = together(differences(ours, theirs, measures=[LEVEL]))
        assert (found.estimate.value, found.estimate.reason, found.clear) == (None, reason, False)
        assert (found.same, math.isnan(found.p), found.wide) == (False, True, found.estimate)


def test_other_targets_are_other_figures(result: Result) -> None:
    """Where the two have other targets, what says how a target is met is not compared, and what does not is."""
    parts = {
        name: {PHONE: (np.array([5.0, 6.0]), np.array([10.0, 10.0]))} for name in ("service_level", "abandonment_rate")
    }
    ours = side(result, parts)
    phone, *others = ours.desk.channels
    theirs = replace(ours, desk=replace(ours.desk, channels=(replace(phone, target=Target(0.9, 1)), *others)))
    measures = [measure for measure in MEASURES if measure.name in parts]
    found = {each.measure.name: each for each in differences(ours, theirs, measures=measures)}
    assert found["service_level"].estimate.reason == "the two have other targets"
    assert (found["service_level"].of_policy, found["service_level"].estimate.value) == (0.55, None)
    assert found["abandonment_rate"].same
