"""Policies on the same customers: who is compared with whom, what is the same, and who gets more replications."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim import compare
from sim.checks import requirements
from sim.compare import AS_IS, Comparison, Plan, Tie, check_customers, comparison, other_customers, simulate
from sim.differences import HEADLINE, Side, differences
from sim.errors import UsageError
from sim.estimate import t_quantile
from sim.measures.base import ALL, Parts
from sim.measures.customers import BETAS, MODE
from sim.run import Result, run
from sim.scenario.read import read
from sim.selection import Selection
from sim.stopping import Rule, rule
from sim.tables import Floats

DESK = """\
name: Compared
lasts: 1d
run_in: 0d
drain: 1d
phone: {staff: 2, hours: 09:00-12:00, rate: 20/h, cost: 20 GBP/h}
email: {staff: 1, rate: 1/h}
targets: {phone: 80% within 20s}
variants:
  the_same: {phone.lines: 900}
  more: {phone.staff: 3}
"""
Named = list[tuple[str, Result]]
Simulate = Callable[..., Result]


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Simulate:
    """Runs of the desk, each made once."""
    folder = tmp_path_factory.mktemp("compare")
    path = folder / "desk.yaml"
    path.write_text(DESK)
    made: dict[object, Result] = {}

    def one(*sets: str, variant: str | None = None, replications: int = 5, seed: int = 1) -> Result:
        key = (sets, variant, replications, seed)
        if key not in made:
            scenario = read(path, sets, variant=variant)
            contacts = folder / str(len(made))
            contacts.mkdir()
            made[key] = run(scenario, contacts, replications=replications, seed=seed, jobs=1)
        return made[key]

    return one


@pytest.fixture(scope="session")
def three(simulated: Simulate) -> Comparison:
    """The desk as it is, the same again with fewer replications, and with one more on the phone."""
    same = simulated(variant="the_same", replications=3)
    return comparison([(AS_IS, simulated()), ("the_same", same), ("more", simulated(variant="more"))])


# --- what is compared ------------------------------------------------------------------------------------------------


def test_the_baseline_is_first_and_every_pair_is_compared(three: Comparison) -> None:
    """Policies keep their order and are numbered by it; the table holds each against the baseline; the headline, ties
    and lost customers each against every one before it."""
    assert [(policy.name, policy.number) for policy in three.policies] == [(AS_IS, 0), ("the_same", 1), ("more", 2)]
    assert three.baseline is three.policies[0]
    assert list(dict.fromkeys((each.policy, each.than) for each in three.table)) == [
        ("the_same", AS_IS), ("more", AS_IS),
    ]  # fmt: skip
    pairs = [("the_same", AS_IS), ("more", AS_IS), ("more", "the_same")]
    assert list(dict.fromkeys((each.policy, each.than) for each in three.headline)) == pairs
    assert sorted((tie.policy, tie.than) for tie in three.ties) == sorted(pairs)
    assert sorted((churn.policy, churn.than) for churn in three.churn) == sorted(pairs)
    assert three.of("more").changes == ("phone.staff: 3",)


def test_the_headline_is_of_the_decision_figures(three: Comparison) -> None:
    """Service level of each channel; satisfaction, excess churn, cost and value of the whole desk; no segment."""
    of_one = three.headlines("more", AS_IS)
    assert {(each.measure.name, each.channel, each.segment) for each in of_one} == {
        ("service_level", "phone", None), ("service_level", "email", None),
        *((name, None, None) for name in HEADLINE if name != "service_level"),
    }  # fmt: skip
    wide = {each.wide.confidence for each in three.headline if each.wide is not None and not each.same}
    counted = sum(not each.same for each in three.headline if each.estimate.value is not None)
    assert list(wide) == [pytest.approx(1 - 0.05 / counted)]


def test_figures_are_of_the_replications_that_all_have(three: Comparison, simulated: Simulate) -> None:
    """Where one policy has fewer replications, the figures of all are those of as many; what was simulated is kept."""
    assert {policy.result.replications for policy in three.policies} == {3}
    assert three.baseline.result.figures == simulated(replications=3).figures
    assert [result.replications for result in three.simulated.values()] == [5, 3, 5]


def test_a_difference_can_be_asked_for_either_way_round(three: Comparison) -> None:
    """The headline of a pair the other way round has the values with the other sign, none of them −0, and the same
    p."""
    for one, other in zip(three.headlines("more", AS_IS), three.headlines(AS_IS, "more"), strict=True):
        assert (one.name, one.p, one.clear) == (other.name, other.p, other.clear)
        assert (one.of_policy, one.of_than) == (other.of_than, other.of_policy)
        ends = one.estimate.low, one.estimate.value, one.estimate.high
        turned = other.estimate.high, other.estimate.value, other.estimate.low
        assert all(a is not None and b is not None and a == -b for a, b in zip(ends, turned, strict=True))
        assert "-0.0" not in map(str, (*turned, *other.by_replication.tolist()))
        assert one.better is None or one.better == (not other.better)


def test_one_policy_is_no_comparison(simulated: Simulate) -> None:
    """Of a single result there is the policy and nothing else."""
    alone = comparison([("alone", simulated())])
    assert alone == Comparison(alone.policies)
    assert [policy.name for policy in alone.policies] == ["alone"]


def test_policies_that_are_the_same_differ_by_exactly_0(three: Comparison) -> None:
    """Every figure that either has, quantiles and moments among them, is exactly the same, p is 1, nothing is clear,
    although one has more replications; they tie at every β, and neither is chosen over the other."""
    table = [each for each in three.table if each.policy == "the_same"]
    known = [each for each in table if each.estimate.value is not None]
    assert {"wait_p90", "backlog_clears"} < {each.measure.name for each in known}
    for each in known:
        assert (each.same, each.p, each.clear) == (True, 1.0, False), each.name
        assert (each.estimate.value, each.estimate.low, each.estimate.high) == (0.0, 0.0, 0.0), each.name
        assert each.of_policy == each.of_than
    assert len(known) > 100
    assert all(each.of_policy is None and each.of_than is None for each in table if each.estimate.value is None)
    assert all(each.same for each in three.headlines("the_same", AS_IS))
    tie = next(tie for tie in three.ties if (tie.policy, tie.than) == ("the_same", AS_IS))
    assert not tie.value.any()
    assert (tie.beta, tie.beta_low, tie.beta_high) == (None, None, None)


def test_a_policy_that_differs_does(three: Comparison) -> None:
    """One more on the phone costs its wage for certain, and answers sooner; the baseline's own figures stay."""
    found = {each.name: each for each in three.headlines("more", AS_IS)}
    assert found["cost"].estimate.value == pytest.approx(3 * 20 / 0.7)
    assert (found["cost"].clear, found["cost"].better) == (True, False)
    assert (found["phone.service_level"].estimate.value or 0) > 0.1
    assert found["email.service_level"].same


# --- value over β ----------------------------------------------------------------------------------------------------


def with_churn(result: Result, costs: Floats, churn: Floats, *, slope: float = 1.0) -> Result:
    """The result with these costs, and excess churn that grows with β: `slope` × β × `churn`, by replication."""

    def parts(amount: float) -> Parts:
        return {ALL: (amount, 1.0)}

    summaries = []
    for summary, money, lost in zip(result.summaries * len(costs), costs, churn, strict=False):
        by_beta = tuple(parts(slope * beta * lost) for beta in BETAS)
        margin = by_beta[MODE][ALL][0] * result.desk.worth * result.desk.margins[0] / 1000
        changed = {
            "cost": parts(float(money)),
            "excess_churn": by_beta[MODE],
            "lost_margin": parts(margin),
            "value": parts(-margin - float(money)),
        }
        complaints = tuple(parts(share * lost) for share in (0.001, 0.03))
        summaries.append(
            replace(
                summary, parts={**summary.parts, **changed}, churn_by_beta=by_beta, churn_by_complaints=complaints,
            )
        )  # fmt: skip
    one = replace(result.desk, segments=result.desk.segments[:1], margins=result.desk.margins[:1])
    return replace(result, desk=one, summaries=tuple(summaries))


def tie_of(result: Result, more: float, fewer: Floats) -> Tie:
    """Of a policy that costs so much more and loses so many customers fewer (per unit of β)."""
    runs = len(fewer)
    than = with_churn(result, np.full(runs, 100.0), np.full(runs, 500.0))
    policy = with_churn(result, np.full(runs, 100.0 + more), 500.0 - fewer)
    return comparison([("than", than), ("policy", policy)]).ties[0]


FEWER = np.array([8.0, 12.0, 9.0, 11.0, 10.5, 9.5])
"""Customers less that are lost, per unit of β, by replication: 10 in the mean."""


def worth(result: Result) -> float:
    """What a lost customer would have earned."""
    return result.desk.worth * result.desk.margins[0] / 1000


@pytest.mark.parametrize("at", [0.01, 0.02, 0.04])
def test_policies_tie_at_the_beta_where_value_crosses_0(at: float, simulated: Simulate) -> None:
    """Where value rises as a line with β, the tie is where the line crosses 0, and its ends are where those of the
    interval do, or the end of the range of β."""
    result = simulated()
    tie = tie_of(result, 10 * at * worth(result), FEWER)
    assert tie.beta == pytest.approx(at)
    half = t_quantile(len(FEWER)) * FEWER.std(ddof=1) / np.sqrt(len(FEWER))
    assert (tie.beta_low, tie.beta_high) == pytest.approx(
        (10 * at / (10 + half), min(10 * at / (10 - half), BETAS[-1]))
    )
    assert tie.betas.tolist() == list(BETAS)
    assert (tie.low <= tie.value).all()
    assert (tie.value <= tie.high).all()


def test_policies_that_are_never_worth_the_same_do_not_tie(simulated: Simulate) -> None:
    """Where value is below 0 over the whole range of β there is no tie; where only its interval reaches 0 a tie cannot
    be excluded from there on."""
    result = simulated()
    never = tie_of(result, 10 * 2 * BETAS[-1] * worth(result), FEWER)
    assert (never.beta, never.beta_low, never.beta_high) == (None, None, None)
    nearly = tie_of(result, 10 * 1.05 * BETAS[-1] * worth(result), FEWER)
    assert nearly.beta is None
    assert nearly.beta_low is not None
    assert nearly.beta_low < BETAS[-1] == nearly.beta_high


def test_ranges_of_churn_hold_the_value(three: Comparison, simulated: Simulate) -> None:
    """Over β and over the share of complaints, the range of the difference in lost customers holds the difference
    itself, which is that of the headline."""
    result = simulated()
    made = comparison(
        [("a", with_churn(result, FEWER, FEWER)), ("b", with_churn(result, FEWER, 2 * FEWER, slope=-1.0))]
    )
    for compared in (three, made):
        assert compared.churn
        for churn in compared.churn:
            assert churn.over_beta[0] <= churn.value <= churn.over_beta[1]
            assert churn.over_complaints[0] <= churn.value <= churn.over_complaints[1]
            headline = compared.headlines(churn.policy, churn.than)
            (lost,) = (each for each in headline if each.measure.name == "excess_churn")
            assert churn.value == pytest.approx(lost.estimate.value)
    assert made.churn[0].over_beta[0] < made.churn[0].over_beta[1] < 0


# --- other customers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sets", "seed", "why"),
    [
        ([], 2, "they have other seeds (1 and 2)"),
        (["phone.hours=09:00-13:00"], 1, "who makes contact differs by channels.phone.hours"),
        (
            ["phone.rate=25/h", "phone.target=90% within 10s", "phone.staff=3", "email.rate=2/h"], 1,
            "who makes contact differs by channels.phone.rate, channels.email.rate",
        ),
    ],
    ids=["seed", "hours", "rates"],
)  # fmt: skip
def test_other_customers_are_refused_unless_that_is_known(
    sets: list[str], seed: int, why: str, simulated: Simulate
) -> None:
    """Another seed, other hours and another demand are no like for like: refused with the reason and a way out; with
    `unpaired` they are compared as independent runs, and no choice is made between them."""
    baseline, other = simulated(), simulated(*sets, seed=seed)
    assert other_customers(baseline, other) == why
    with pytest.raises(UsageError) as caught:
        comparison([("here", baseline), ("there", other)])
    assert caught.value.what.startswith(f"there does not meet the customers of here: {why}; ")
    assert "--unpaired" in caught.value.hint
    compared = comparison([("here", baseline), ("there", other)], unpaired=True)
    assert compared.unpaired == {"there": why}
    assert not any(each.paired or len(each.by_replication) for each in (*compared.table, *compared.headline))
    assert (compared.ties, compared.churn, compared.cheapest, compared.richest) == ((), (), None, None)


def test_other_staff_and_targets_meet_the_same_customers(simulated: Simulate) -> None:
    """Who answers, for how much and how well it should be changes nobody who makes contact."""
    others = simulated("phone.staff=4", "phone.target=90% within 10s", "phone.cost=30 GBP/h")
    assert other_customers(simulated(), others) == ""


@pytest.mark.parametrize(
    ("sets", "what"),
    [
        (["lasts=2d"], "there lasts 2 days, here 1"),
        (["phone.cost=20 EUR/h"], "there is in EUR, here in GBP"),
    ],
    ids=["longer", "other money"],
)
def test_sums_of_another_kind_are_never_compared(sets: list[str], what: str, simulated: Simulate) -> None:
    """Runs of another length or in another currency have no sums in common: refused, whatever is said of customers."""
    for unpaired in (False, True):
        with pytest.raises(UsageError) as caught:
            comparison([("here", simulated()), ("there", simulated(*sets))], unpaired=unpaired)
        assert caught.value.what == what


def test_other_customers_are_refused_before_anything_is_simulated(simulated: Simulate) -> None:
    """One replication of the customers tells that two scenarios do not have the same, and why."""
    here, busier, staffed = (simulated(*sets).scenario for sets in ([], ["phone.rate=25/h"], ["phone.staff=4"]))
    check_customers([("here", here), ("staffed", staffed)], 1)
    with pytest.raises(UsageError, match=r"busier does not meet the customers of here: .* by channels\.phone\.rate;"):
        check_customers([("here", here), ("staffed", staffed), ("busier", busier)], 1)


def test_the_same_customers_give_narrower_intervals(simulated: Simulate) -> None:
    """Of the same two runs the paired interval of satisfaction, on the same customers, is the narrower one; so it takes
    fewer replications than with independent seeds."""
    more, plain = (Side(name, simulated(variant=name).summaries, simulated().desk) for name in ("more", "the_same"))
    half = {}
    for paired in (True, False):
        found = differences(more, plain, paired=paired)
        (all_of_it,) = (e for e in found if (e.measure.name, e.channel, e.segment) == ("satisfaction", None, None))
        half[paired] = all_of_it.error
    assert 0 < half[True] < half[False]


# --- what is required ------------------------------------------------------------------------------------------------


def limited(result: Result, **limits: str) -> Result:
    """The same run, of a scenario with these thresholds of the phone, and no target of its own."""
    assumed = {**result.scenario.assumed, "channels.phone.target": next(iter(result.scenario.assumed.values()))}
    thresholds = {f"phone.{name}": words for name, words in limits.items()}
    spec = result.scenario.spec.model_copy(update={"thresholds": thresholds})
    return replace(result, scenario=replace(result.scenario, spec=spec, assumed=assumed))


def figure(result: Result, name: str) -> float:
    found = next(each.estimate for each in result.figures if (each.measure.name, each.channel) == (name, "phone"))
    assert found.value is not None
    return found.value


def test_what_is_required_is_met_where_its_mean_is_not_negative(simulated: Simulate) -> None:
    """Of a ratio the mean is what it is above its target, or below its limit; of a quantile the share who are in time
    above that who are to be, so that it is 0 at the quantile itself; a target that nobody stated is not required."""
    result = simulated()
    level, mean, p90 = (figure(result, name) for name in ("service_level", "asa", "wait_p90"))
    said = limited(result, service_level="at least 30%", asa="at most 10s", wait_p90=f"at most {1.001 * p90}s")
    found = {each.measure: each for each in requirements(said)}
    assert found["service_level"].values.mean() == pytest.approx(level - 0.3)
    assert found["asa"].values.mean() == pytest.approx(10 - mean)
    assert 0 <= found["wait_p90"].values.mean() < 0.02
    assert (found["service_level"].tolerance, found["asa"].tolerance) == (0.01, 0.2)
    assert [each.words for each in requirements(result)] == ["at least 80.0 %"]
    assert not requirements(limited(result))


def test_a_width_is_that_of_a_figure_which_is_judged_in_its_own_unit(
    simulated: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A width of --precision is how far from its limit a figure may be judged either way: the same in seconds and as a
    percentage of the limit. A quantile is judged by the share in time, for which a width in seconds says nothing."""
    monkeypatch.setattr(compare, "FIRST", 5)
    result = simulated()
    mean, p90 = figure(result, "asa"), figure(result, "wait_p90")
    of_mean, of_p90 = limited(result, asa=f"at most {mean + 1}s"), limited(result, wait_p90=f"at most {1.1 * p90}s")

    def choice(result: Result, *widths: str) -> Selection | None:
        asked = Rule((), 5) if not widths else rule(widths, result.scenario.spec, 5)
        return comparison([("a", result), ("b", result)], rule=asked).cheapest

    plain, wide = choice(of_mean), choice(of_mean, f"phone.asa={10 * (mean + 1)}s")
    assert plain is not None
    assert wide is not None
    assert (plain.state, wide.state) == ("undecided", "tied")
    assert choice(of_mean, "phone.asa=1000%") == wide
    assert choice(of_p90, "phone.wait_p90=6000s") == choice(of_p90)


# --- where replications go -------------------------------------------------------------------------------------------

EDGE = """\
name: Edge
lasts: 1d
run_in: 0d
drain: 1h
demand: {busy_days: 0, busy_hours: 0}
phone: {staff: 1, hours: 09:00-11:00, rate: 40/h, cost: 400 GBP/h}
targets: {phone: 45% within 20s}
"""
FIRST, STEP = 10, 5


def looked(folder: Path, *, staff: Sequence[int], budget: int, jobs: int) -> list[Result]:
    """Policies that differ in staff: 1 misses the target, 6 are near it, 12 meet it."""
    path = folder / "edge.yaml"
    path.write_text(EDGE)
    scenarios = [read(path, [f"phone.staff={number}"]) for number in staff]
    folders = [folder / f"{jobs}-{number}" for number in staff]
    for each in folders:
        each.mkdir()
    return simulate(scenarios, folders, Plan(FIRST, budget), jobs=jobs)


@pytest.fixture
def in_short_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A first stage and steps of fewer replications than usual."""
    monkeypatch.setattr(compare, "FIRST", FIRST)
    monkeypatch.setattr(compare, "STEP", STEP)


@pytest.mark.usefixtures("in_short_stages")
def test_replications_go_to_the_policy_whose_target_is_in_doubt(tmp_path: Path) -> None:
    """Of three policies one misses the target and one meets it without doubt: only the third, which is near it, gets
    more than the first replications, a step at a time, as far as the budget goes; how many processes there are changes
    nothing."""
    budget = 3 * FIRST + 3 * STEP - 1
    one, two = (looked(tmp_path, staff=(1, 6, 12), budget=budget, jobs=jobs) for jobs in (1, 2))
    assert [result.replications for result in one] == [FIRST, FIRST + 2 * STEP, FIRST]
    assert [float(requirements(result)[0].values.mean()) for result in one] == pytest.approx([-0.44, 0, 0.54], abs=0.05)
    assert [(result.digest, result.figures) for result in one] == [(result.digest, result.figures) for result in two]
    contacts = [sorted(path.name for path in (tmp_path / f"{jobs}-6").iterdir()) for jobs in (1, 2)]
    assert contacts[0] == contacts[1] == [f"{number:04d}.parquet" for number in range(FIRST + 2 * STEP)]
    choice = comparison([(str(number), result) for number, result in enumerate(one)]).cheapest
    assert choice is not None
    assert (choice.state, choice.needs) == ("undecided", ("1",))


@pytest.mark.usefixtures("in_short_stages")
def test_what_is_clear_needs_no_more_replications(tmp_path: Path) -> None:
    """Where all is clear after the first replications, a large budget buys no more, and the choice is made."""
    clear = looked(tmp_path, staff=(1, 12), budget=100 * FIRST, jobs=1)
    assert [result.replications for result in clear] == [FIRST] * 2
    selection = comparison([("one", clear[0]), ("twelve", clear[1])]).cheapest
    assert selection is not None
    assert (selection.state, selection.chosen) == ("chosen", "twelve")
    assert [judged.out for judged in selection.judged] == ["misses phone.service_level", None]
