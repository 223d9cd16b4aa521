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
from sim.errors import UsageError
from sim.estimate import Estimate
from sim.measures.customers import Belief
from sim.measures.summary import summarise
from sim.population.draw import Population
from sim.report import unsure_text
from sim.run import Job, Result, run
from sim.scenario import lower
from sim.scenario.read import Scenario, read
from sim.scenario.unknowns import believed
from sim.simulate.engine import Run, simulate
from sim.uncertain import Bar, Unsure, joint, over_assumptions, split, tornado, unsure

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
        ("more", "wait_p90", "phone", "no assumption can be weighed by 'wait_p90'; name one of service_level"),
        ("more", "service_level", "fax", "there is no channel 'fax'"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    results: dict[str, Result], policy: str, figure: str, channel: str | None, said: str
) -> None:
    """A policy, a figure or a channel that there is not."""
    with pytest.raises(UsageError, match=f"^{said}"):
        unsure(results, policy, figure=figure, channel=channel, jobs=1)


# --- by where it comes from -------------------------------------------------------------------------------------------


def test_variances_of_luck_and_of_assumptions_add_up() -> None:
    """Of weeks with a standard deviation of 3, and with all drawn of 5, the assumptions have one of 4."""
    generator = np.random.Generator(np.random.Philox(1))
    luck, beliefs = generator.normal(10, 3, 20_000), generator.normal(2, 4, 20_000)
    over, both = over_assumptions(luck, luck[::-1] + beliefs)
    assert over == pytest.approx((12 - 1.2816 * 4, 12 + 1.2816 * 4), abs=0.15)
    assert both == pytest.approx((12 - 1.2816 * 5, 12 + 1.2816 * 5), abs=0.15)
    over, _ = over_assumptions(luck, luck / 2)
    assert over == pytest.approx((luck.mean() / 2,) * 2), "less than luck alone is none"
    assert over_assumptions(luck, luck[:1]) == (None, None)


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
    assert {(each.assumptions, each.both) for each in parts} == {(None, None)}


# --- as text ----------------------------------------------------------------------------------------------------------


def test_the_text_says_what_turns_the_decision(found: Unsure) -> None:
    """No line is too long, nothing unknown is printed, and an assumption that turns the decision is named."""
    said = unsure_text.text(found)
    assert max(map(len, said.splitlines())) <= unsure_text.WIDTH
    assert not re.search(r"\bnan\b|\bNone\b(?! of)|-0\.0\b", said)
    assert f"None of {len(found.bars)} assumptions turns the decision by itself" in said
    assert re.search(r"cost, EUR +\+686 +\+686 ", said)
    assert re.search(r"phone cost \(yours\) +20EUR/h +\+686 EUR +30EUR/h +\+1,029 EUR", said)
    first = found.bars[0]
    turned = replace(found, bars=(replace(first, at_low=Estimate(-5.0, -6.0, -4.0, 2)), *found.bars[1:]))
    assert first.unknown.name in unsure_text.text(turned).partition("What turns the decision")[2]
    assert not first.turns(found.base)


def test_the_picture_has_every_bar(found: Unsure) -> None:
    """In order, with half of each interval, and in the currency."""
    data = unsure_text.picture(found)
    assert [bar.name for bar in data.bars] == [bar.unknown.name for bar in found.bars]
    assert (data.unit, data.base, data.bars[0].low_word) == ("EUR", found.base.value, "20EUR/h")
    assert data.bars[0].at_low == found.bars[0].at_low.value
    assert data.bars[0].at_low_half == pytest.approx(0, abs=1e-9)
