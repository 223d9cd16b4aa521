"""How sure: the tornado of one assumption at a time, and a figure's uncertainty by where it comes from."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim import uncertain
from sim.desk import Desk
from sim.differences import Side, differences
from sim.errors import UsageError
from sim.estimate import Estimate
from sim.measures.customers import Belief
from sim.measures.summary import parts_of, summarise
from sim.population.draw import Population
from sim.report import unsure_text, workbook, written
from sim.run import Job, Result, run
from sim.scenario import lower
from sim.scenario.read import Scenario, read
from sim.scenario.unknowns import believed
from sim.sheets import Styled
from sim.simulate.engine import Run, simulate
from sim.tables import Floats
from sim.uncertain import Bar, Unsure, check_about, joint, over_assumptions, split, tornado, unsure

DESK = """\
name: Not known
lasts: 2d
run_in: 0d
drain: 2d
phone: {staff: 3, hours: 08:00-20:00, rate: 15/h, handle_time: 8m, shrinkage: 30%}
uncertainty: {phone.cost: 20 EUR/h..30 EUR/h}
variants: {more: {phone.staff: 4}}
"""

HOURS = (4 - 3) / 0.7 * 24
"""Paid hours that the variant adds: one agent on the phone for two days of twelve hours, and their shrinkage."""

Made = Callable[..., Scenario]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    path = tmp_path_factory.mktemp("uncertain") / "desk.yaml"
    path.write_text(DESK)
    return lambda *sets, **variant: read(path, sets, **variant)


@pytest.fixture(scope="module")
def results(made: Made, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    folder = tmp_path_factory.mktemp("runs")
    scenarios = {"as is": made(), "more": made(variant="more")}
    return {name: run(scenario, folder, replications=4, jobs=1) for name, scenario in scenarios.items()}


@pytest.fixture(scope="module")
def found(results: dict[str, Result]) -> Unsure:
    return unsure(results, "more", figure="cost", replications=2, jobs=1)


def bar_of(bars: tuple[Bar, ...], path: str) -> Bar:
    return next(bar for bar in bars if bar.unknown.path == path)


# --- one at a time ----------------------------------------------------------------------------------------------------


def test_a_policy_that_is_the_baseline_differs_by_nothing(made: Made) -> None:
    """As assumed and at both ends of every assumption, the difference is exactly 0 and has no width."""
    base, bars = tornado(made(), made(), replications=2, jobs=1)
    assert len(bars) > 20
    for estimate in (base, *(end for bar in bars for end in (bar.at_low, bar.at_high))):
        assert (estimate.value, estimate.low, estimate.high) == (0.0, 0.0, 0.0)


def test_the_tornado_stands_where_the_verdict_does(made: Made, results: dict[str, Result]) -> None:
    """As assumed is the difference over all replications, as wherever else it is told; an end is as far from there as
    it is over the few replications of the tornado, and its interval is that of the swing."""
    whole = unsure(results, "more", replications=2, jobs=1)
    sides = (Side(name, results[name].summaries, results[name].desk) for name in ("more", "as is"))
    (told,) = (each for each in differences(*sides) if each.name == "value" and each.segment is None)
    assert (whole.base.value, whole.base.low, whole.base.high, whole.base.runs) == pytest.approx(
        (told.estimate.value, told.estimate.low, told.estimate.high, 4)
    )
    few, bars = tornado(made(variant="more"), made(), replications=2, jobs=1)
    ours, theirs = (bar_of(each, "channels.phone.patience") for each in (whole.bars, bars))
    typed = f"phone.patience={ours.unknown.high}"
    swings = by_replication(made, (typed,)) - by_replication(made, ())
    assert abs(value_of(few) - value_of(whole.base)) > 1
    for base, end in ((whole.base, ours.at_high), (few, theirs.at_high)):
        assert value_of(end) - value_of(base) == pytest.approx(swings.mean())
        half = 12.706 * swings.std(ddof=1) / 2**0.5
        assert (end.low, end.high) == pytest.approx((value_of(end) - half, value_of(end) + half), rel=1e-4)


def value_of(estimate: Estimate) -> float:
    assert estimate.value is not None
    return estimate.value


def by_replication(made: Made, sets: tuple[str, ...]) -> Floats:
    """The difference of value in each of two replications."""
    measure = uncertain.measure_of("value", None, lower.desk(made()))
    found = []
    for number in range(2):
        weeks = (uncertain._simulated(made(*sets, variant=variant), 1, number) for variant in ("more", None))
        ours, theirs = (parts_of(measure, week.cohort, believed({}))[None, None][0] for week in weeks)
        found.append(ours - theirs)
    return np.array(found)


def test_an_assumption_that_moves_cost_linearly_does_so(found: Unsure, results: dict[str, Result]) -> None:
    """What an hour costs times the hours that the policy adds; nothing else moves the cost, and the bar comes first."""
    now = results["as is"].desk.groups[0].cost_per_hour
    assert found.base.value == pytest.approx(HOURS * now)
    assert found.bars[0].unknown.path == "channels.phone.cost"
    assert found.bars[0].at_low.value == pytest.approx(HOURS * 20)
    assert found.bars[0].at_high.value == pytest.approx(HOURS * 30)
    assert found.bars[0].swing == pytest.approx(HOURS * 10)
    assert all(bar.swing == 0 for bar in found.bars[1:])
    assert (found.unit, found.currency, found.better) == ("money", "EUR", "lower")


def test_an_end_is_the_run_with_that_value(made: Made, tmp_path: Path) -> None:
    """A bar, be it of what is simulated again, of what the same contacts are only counted by, or of a constant, is the
    difference between two runs with that value typed."""
    pair = made(variant="more"), made()
    _, bars = tornado(*pair, replications=2, jobs=1)

    def value(scenario: Scenario, belief: Belief) -> float:
        job = Job(scenario, lower.desk(scenario), 1, tmp_path)
        total = 0.0
        for number in range(2):
            week = uncertain._simulated(scenario, 1, number)
            whole = summarise(
                week.done.contacts, week.there, replication=number, population_digest="", capped=0,
                spells=week.done.spells, plan=job.desk, belief=belief,
            )  # fmt: skip
            total += whole.parts["value"][None, None][0] / 2
        return total

    typed = {"channels.phone.reconnect": "100% after 1d", "channels.phone.expected_wait": "2m",
             "customers.segments.all.captive": "60%"}  # fmt: skip
    for path, words in typed.items():
        ours, theirs = (value(made(f"{path}={words}", variant=each.variant), believed({})) for each in pair)
        assert bar_of(bars, path).at_high.value == pytest.approx(ours - theirs)
    ours, theirs = (value(each, believed({"churn.complaint_share": 0.3})) for each in pair)
    assert bar_of(bars, "churn.complaint_share").at_high.value == pytest.approx(ours - theirs)


def test_what_the_engine_never_reads_is_not_simulated_again(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """Constants, and what an hour or a customer is worth, leave the contacts as they are; patience does not."""
    done = []

    def counted(desk: Desk, population: Population) -> Run:
        done.append(desk)
        return simulate(desk, population)

    monkeypatch.setattr(uncertain, "simulate", counted)
    assumed = uncertain._assumed(made(), 3, 0)
    same = ("churn.beta", "channels.phone.cost", "channels.phone.expected_wait", "customers.worth",
            "customers.segments.all.captive", "survey.asked")  # fmt: skip
    for path in same:
        assumed.under(uncertain._at_end(made(), path, 1)[0], 3, 0)
    assert len(done) == 1
    assumed.under(uncertain._at_end(made(), "channels.phone.patience", 0)[0], 3, 0)
    assert len(done) == 2


def test_what_a_policy_says_is_known_to_it(made: Made) -> None:
    """A value that one of the two sets itself moves the other alone."""
    _, bars = tornado(made("phone.cost=25 EUR/h"), made(), figure="cost", replications=2, jobs=1)
    bar = bar_of(bars, "channels.phone.cost")
    assert bar.at_low.value == pytest.approx(3 / 0.7 * 24 * (25 - 20))
    assert bar.at_high.value == pytest.approx(3 / 0.7 * 24 * (25 - 30))


@pytest.mark.slow
def test_nothing_depends_on_the_processes(results: dict[str, Result], found: Unsure) -> None:
    """With two processes, the same bars and the same splits."""
    seen: list[tuple[int, int]] = []
    again = unsure(
        results, "more", figure="cost", replications=2, jobs=2, progress=lambda done, total: seen.append((done, total))
    )
    assert again == found
    assert seen == [(number, seen[0][1]) for number in range(1, seen[0][1] + 1)]


@pytest.mark.parametrize(
    ("policy", "figure", "channel", "said"),
    [
        ("less", "value", None, "there is no policy 'less' beside as is; name one of more"),
        ("as is", "value", None, "there is no policy 'as is' beside as is"),
        ("more", "wait_p90", "phone", "no assumption can be weighed by 'wait_p90'; did you mean 'wait'"),
        ("more", "service_level", "fax", "there is no channel 'fax'; known here: phone"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    results: dict[str, Result], policy: str, figure: str, channel: str | None, said: str
) -> None:
    """A policy, a figure or a channel that there is not."""
    with pytest.raises(UsageError, match=f"^{said}"):
        unsure(results, policy, figure=figure, channel=channel, jobs=1)


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ("phone.service_levle", "no assumption can be weighed by 'service_levle'; did you mean 'service_level'?"),
        ("", "no assumption can be weighed by ''; name one of phone.service_level, satisfaction, excess_churn, cost"),
        ("backlog_clears", "no assumption can be weighed by 'backlog_clears'; did you mean"),
        ("phon.asa", "there is no channel 'phon'; did you mean 'phone'?"),
        ("service_level", "service_level is of a channel; name one of phone.service_level"),
        ("phone.value", "value is of the whole desk; write value without the channel"),
        ("phone.backlog", "phone has no backlog"),
    ],
)
def test_a_figure_that_cannot_be_asked_about_is_refused_before_anything_is_simulated(
    about: str, said: str, made: Made
) -> None:
    """A measure or channel that there is not, and one without the other, where a desk is all that is known."""
    desk = lower.desk(made())
    with pytest.raises(UsageError) as problem:
        check_about(about, desk)
    assert str(problem.value).startswith(said)
    for fine in ("value", "phone.service_level", "phone.satisfaction"):
        check_about(fine, desk)


# --- by where it comes from -------------------------------------------------------------------------------------------


def test_variances_of_luck_and_of_assumptions_add_up() -> None:
    """Of weeks with a standard deviation of 3, and with all drawn of 5, the assumptions have one of 4; all drawn have
    their range however that is."""
    generator = np.random.Generator(np.random.Philox(1))
    luck, beliefs = generator.normal(10, 3, 20_000), generator.normal(2, 4, 20_000)
    over, both = over_assumptions(luck, luck[::-1] + beliefs)
    assert over == pytest.approx((12 - 1.2816 * 4, 12 + 1.2816 * 4), abs=0.15)
    assert both == pytest.approx((12 - 1.2816 * 5, 12 + 1.2816 * 5), abs=0.15)
    over, both = over_assumptions(luck, luck / 2)
    assert over is None, "less than luck alone"
    assert both == pytest.approx((5 - 1.2816 * 1.5, 5 + 1.2816 * 1.5), abs=0.15)
    assert over_assumptions(luck[:9], luck[:9]) == ((luck[:9].mean(),) * 2, uncertain._range(luck[:9]))
    unseen = np.where(np.arange(9) < 2, luck[:9], np.nan)
    assert over_assumptions(unseen, luck[:9]) == (None, None)


@pytest.mark.parametrize("shared", [0.0, 0.9])
def test_assumptions_that_do_nothing_seldom_seem_to_do_something(shared: float) -> None:
    """Of 30 replications with as much luck on both sides, however much of it they share, one comparison in 20 finds a
    range over assumptions; where these vary as much as luck does, most do."""
    generator = np.random.Generator(np.random.Philox(2))
    found, seen = [], []
    for _ in range(1000):
        weeks, other, assumed = generator.normal(size=(3, 30))
        drawn = shared * weeks + (1 - shared**2) ** 0.5 * other
        found.append(over_assumptions(weeks, drawn)[0] is not None)
        seen.append(over_assumptions(weeks, drawn + assumed)[0] is not None)
    assert 0.03 < np.mean(found) < 0.07
    assert np.mean(seen) > 0.5 + 0.2 * shared


def test_the_split_of_a_figure(found: Unsure, results: dict[str, Result]) -> None:
    """Of each policy and of the difference; the cost is certain but for what an hour costs, and the difference of
    single runs is that of replications with the same customers."""
    named = {(each.name, each.policy, each.than): each for each in found.splits}
    assert ("phone.service_level", "as is", "") in named
    assert ("value", "as is", "") not in named
    cost = named["cost", "more", "as is"]
    assert cost.error == cost.weeks == pytest.approx((HOURS * 20, HOURS * 20))
    assert cost.assumptions == cost.both
    assert cost.both is not None
    assert HOURS * 20 <= cost.both[0] < cost.both[1] <= HOURS * 30
    ours, theirs = (
        np.array([np.divide(*each.parts["service_level"]["phone", None]) for each in results[name].summaries])
        for name in ("more", "as is")
    )
    level = named["phone.service_level", "more", "as is"]
    assert level.weeks == pytest.approx(np.quantile(ours - theirs, [0.1, 0.9]))
    assert level.error[0] < level.value < level.error[1]


def test_both_policies_draw_the_same(made: Made) -> None:
    """Jointly drawn, a policy that changes nothing has the parts of the baseline in every replication."""
    one, other = joint([made(), made("name=another")], seed=1, replications=2, jobs=1)
    assert [each.parts for each in one] == [each.parts for each in other]
    assert one[0].parts["value"] != one[1].parts["value"]


def test_an_uncertain_run_is_the_joint_run(made: Made, tmp_path: Path) -> None:
    """sim run --uncertain draws the same as the split: scenario and constants."""
    result = run(made(), tmp_path, replications=2, jobs=1, uncertain=True)
    (drawn,) = joint([made()], seed=1, replications=2, jobs=1)
    assert [each.parts for each in result.summaries] == [each.parts for each in drawn]
    assert [each.churn_by_beta for each in result.summaries] == [each.churn_by_beta for each in drawn]


def test_what_is_not_drawn_is_split_without(results: dict[str, Result]) -> None:
    """Without a joint run there is the error of the mean and the range of single runs."""
    assumed = {name: result.summaries for name, result in results.items()}
    parts = split(assumed, {}, results["as is"].desk)
    assert {(each.assumptions, each.both, each.too_small) for each in parts} == {(None, None, False)}


def test_a_channel_that_only_one_policy_has_is_not_split(results: dict[str, Result]) -> None:
    """A figure that another policy does not have is left out, not an error."""
    bare = []
    for each in results["as is"].summaries:
        level = {key: part for key, part in each.parts["service_level"].items() if key[0] != "phone"}
        bare.append(replace(each, parts={**each.parts, "service_level": level}))
    parts = split({"more": results["more"].summaries, "as is": bare}, {}, results["more"].desk)
    assert {each.name for each in parts} == {"satisfaction", "excess_churn", "cost", "value"}


# --- as text ----------------------------------------------------------------------------------------------------------


def test_the_text_says_what_turns_the_decision(found: Unsure) -> None:
    """No line is too long, nothing unknown is printed, and an assumption that turns the decision is named."""
    said = unsure_text.text(found)
    assert max(map(len, said.splitlines())) <= unsure_text.WIDTH
    assert not re.search(r"\bnan\b|\bNone\b(?! of)|-0\.0\b", said)
    none = f"None of {len(found.bars)} assumptions by itself turns the choice by {found.figure} between as is and more"
    assert none in " ".join(said.split())
    assert "As assumed, cost of more less as is is +686 EUR over 4 replications." in said
    assert "as is itself" in said
    assert "more itself" not in said
    assert re.search(r"cost, EUR +\+686 +\+686 ", said)
    assert re.search(r"phone cost \(yours\) +20EUR/h +\+686 EUR +30EUR/h +\+1,029 EUR", said)
    first = found.bars[0]
    turned = replace(found, bars=(replace(first, at_low=Estimate(-5.0, -6.0, -4.0, 2)), *found.bars[1:]))
    assert (
        first.unknown.name
        in unsure_text.text(turned).partition(f"What turns the choice by {found.figure} between as is and")[2]
    )
    assert not first.turns(found.base)


def test_what_cannot_be_shown_is_said_to_be_small(found: Unsure, results: dict[str, Result]) -> None:
    """In place of a range that replications cannot show, not a point, in text, Markdown and the workbook."""
    (cost,) = (each for each in found.splits if (each.name, each.policy, each.than) == ("cost", "more", "as is"))
    assert not cost.too_small
    small = replace(found, splits=(replace(cost, assumptions=None),))
    said = unsure_text.text(small)
    assert re.search(r"cost, EUR +\+686 +\+686 +too small +\+", said)
    assert "too small: smaller than 4 replications can show." in " ".join(said.split())
    assert "too small" not in unsure_text.text(replace(found, splits=(cost,)))
    words = "assumptions over their ranges: smaller than 4 replications can show"
    assert (words, "assumptions", None) in written.spans(small.splits[0], 4)
    assert f"| cost of more less as is: {words} | – | – |" in "\n".join(written._unsure(small, results["as is"]))
    (row,) = (row for row in workbook._uncertainty(small, results["as is"]).rows if row[3] == words)
    assert [cell.value for cell in row[7:10] if isinstance(cell, Styled)] == [pytest.approx(HOURS * 20), None, None]
    never = [name for name, *_ in written.spans(replace(cost, assumptions=None, both=None), 4)]
    assert not any("assumptions" in name for name in never)


def test_the_picture_has_every_bar(found: Unsure) -> None:
    """In order, with half of each interval, and in the currency."""
    data = unsure_text.picture(found)
    assert [bar.name for bar in data.bars] == [bar.unknown.name for bar in found.bars]
    assert (data.unit, data.base, data.bars[0].low_word) == ("EUR", found.base.value, "20EUR/h")
    assert data.bars[0].at_low == found.bars[0].at_low.value
    assert data.bars[0].at_low_half == pytest.approx(0, abs=1e-9)
