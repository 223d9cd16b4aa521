"""Choosing the best under targets: small cases by hand, the course one replication at a time, how often it errs."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from scipy.special import stdtrit

from sim.selection import Candidate, Constraint, Selection, select
from sim.tables import Floats

FIRST = 10


def policy(name: str, objective: Floats | float, *targets: Floats, tolerance: float = 1.0) -> Candidate:
    """A candidate with targets t0, t1, …; a number as its objective is the same in as many replications."""
    if isinstance(objective, float):
        objective = np.full(len(targets[0]) if targets else FIRST, objective)
    constraints = tuple(Constraint(f"t{number}", values, tolerance) for number, values in enumerate(targets))
    return Candidate(name, constraints, objective)


def cut(candidate: Candidate, runs: int) -> Candidate:
    """Its first replications only."""
    constraints = tuple(replace(each, values=each.values[:runs]) for each in candidate.constraints)
    return replace(candidate, constraints=constraints, objective=candidate.objective[:runs])


def outs(selection: Selection) -> dict[str, str | None]:
    return {judged.name: judged.out for judged in selection.judged}


def at_most(wrong: int, runs: int, error: float) -> bool:
    """Whether so many errors are no more than the error allows, by three standard deviations of their number."""
    return wrong <= error * runs + 3 * math.sqrt(error * (1 - error) * runs)


ZIGZAG = np.tile([3.0, -1.0], 100)
"""Sums of 10, 13, 12, 15, … after 10, 11, 12, 13, … of them, and variance 40/9 of the first 10."""


@pytest.mark.parametrize(
    ("less", "after", "met"), [(0.0, 10, True), (0.2, 11, True), (0.5, 13, True), (1.7, 12, False), (2.0, 10, False)]
)
def test_the_region_is_that_of_the_paper(less: float, after: int, met: bool) -> None:
    """With n₀ 10, β 10 %, ε 1, h² is 6.013 and R(r) of ZIGZAG 13.362 − r/2: 8.36, 7.86, 7.36, 6.86 after 10 to 13."""
    judged = select([policy("a", 0.0, ZIGZAG - less)], indifference=1, error=0.1).judged[0]
    assert (judged.met, judged.decided_after) == ((met,), (after,))


@pytest.mark.parametrize(("less", "met"), [(-0.223, True), (-0.22, None), (2.22, None), (2.223, False)])
def test_what_is_plain_is_decided_at_the_first_look(less: float, met: bool | None) -> None:
    """With n₀ 10 and β/2 5 %, t is 1.8331 and t·S/√n₀ of ZIGZAG 1.2221: a target is judged by a mean further from 0,
    and so is a comparison, however small the tolerance; and neither by one nearer, now or at the next looks."""
    after = None if met is None else FIRST
    runs = len(ZIGZAG) if met is None else FIRST
    values = ZIGZAG[:runs] - less
    judged = select([policy("a", 0.0, values, tolerance=0.01)], indifference=1, error=0.1).judged[0]
    assert (judged.met, judged.decided_after) == ((met,), (after,))
    compared = select([policy("a", values), policy("b", np.zeros(runs))], indifference=0.01, error=0.1)
    assert compared.chosen == {True: "a", False: "b", None: None}[met]


@pytest.mark.parametrize(("value", "met"), [(1e-3, True), (0.0, True), (-1e-12, True), (-1e-3, False)])
def test_a_target_without_variance_is_decided_by_its_sign(value: float, met: bool) -> None:
    """The same value in all of the first stage decides at once; 0, and what rounding makes of it, meets the target."""
    chosen = select([policy("a", 0.0, np.full(FIRST, value))], indifference=1)
    assert (chosen.judged[0].met, chosen.judged[0].decided_after) == ((met,), (FIRST,))
    assert (chosen.state, chosen.needs) == ("chosen" if met else "none feasible", ())


def test_the_cheapest_that_meets_its_targets() -> None:
    """With fixed costs the dearer ones are out as soon as one is found feasible, and are not looked at further."""
    open_ = np.tile([5.0, -5.0], 5)
    good, bad = np.full(FIRST, 2.0), np.full(FIRST, -2.0)
    candidates = [policy("a", -1.0, good, bad), policy("b", -2.0, good, good), policy("c", -3.0, good, open_)]
    chosen = select(candidates, indifference=0.1)
    assert (chosen.chosen, chosen.state, chosen.needs) == ("b", "chosen", ())
    assert outs(chosen) == {"a": "misses t1", "b": None, "c": "beaten by b"}
    assert [judged.feasible for judged in chosen.judged] == [False, True, None]
    assert (chosen.judged[2].met, chosen.judged[2].decided_after) == ((True, None), (FIRST, None))
    assert (chosen.confidence, chosen.tolerance, chosen.first) == (0.95, 0.1, FIRST)


def test_who_cannot_change_the_answer_needs_nothing() -> None:
    """A dear one that is feasible waits for the cheap one whose target is open; a cheap one that misses needs none."""
    good, bad, open_ = np.full(FIRST, 2.0), np.full(FIRST, -2.0), np.tile([5.0, -5.0], 5)
    candidates = [policy("out", 0.0, bad), policy("open", -1.0, open_), policy("dear", -2.0, good)]
    undecided = select(candidates, indifference=0.1)
    assert (undecided.chosen, undecided.state, undecided.needs) == (None, "undecided", ("open",))
    assert outs(undecided) == {"out": "misses t0", "open": None, "dear": None}


def test_no_candidate_meets_its_targets() -> None:
    """Where all miss a target the answer is that there is none, and why of each."""
    bad = np.full(FIRST, -2.0)
    none = select([policy("a", -1.0, bad), policy("b", -2.0, -bad, bad)], indifference=1)
    assert (none.chosen, none.state, none.needs) == (None, "none feasible", ())
    assert outs(none) == {"a": "misses t0", "b": "misses t1"}


def test_constant_differences_need_no_more_replications() -> None:
    """Objectives that vary together differ for certain: decided after the first stage however small the difference, and
    who is beaten is so by one that is not."""
    common = np.random.default_rng(1).normal(0, 1e6, FIRST)
    candidates = [policy("a", common), policy("b", common + 0.01), policy("c", common + 0.02)]
    chosen = select(candidates, indifference=100)
    assert (chosen.chosen, chosen.needs) == ("c", ())
    assert outs(chosen) == {"a": "beaten by c", "b": "beaten by c", "c": None}


def test_constant_differences_take_none_of_the_error() -> None:
    """All the error goes to the targets where objectives differ by a constant, and half where they vary."""
    decided = []
    for objective in (np.full(200, -1.0), np.random.default_rng(2).normal(0, 1, 200)):
        target = np.tile([1.5, -1.0], 100)
        candidates = [policy("a", -2.0, target, tolerance=0.25), policy("b", objective, target, tolerance=0.25)]
        decided.append(select(candidates, indifference=0.01).judged[0].decided_after)
    alone = [select([policy("a", 0.0, target, tolerance=0.25)], indifference=1, error=e) for e in (0.025, 0.0125)]
    assert decided == [each.judged[0].decided_after for each in alone]
    assert decided[0] < decided[1]


def test_identical_candidates_are_tied() -> None:
    """Equal in every replication: tied at once, the first as given named, and all of them still in."""
    same = np.random.default_rng(3).normal(0, 1, FIRST)
    tied = select([policy("a", same), policy("b", same.copy()), policy("c", same - 1)], indifference=0.1)
    assert (tied.chosen, tied.state, tied.needs) == ("a", "tied", ())
    assert outs(tied) == {"a": None, "b": None, "c": "beaten by a"}


def test_a_difference_of_nothing_decides_nothing() -> None:
    """Where nothing is left of the region, and the differences add up to exactly 0, the next replication decides."""
    differences = np.tile([1.0, -1.0], 20)
    ends = [
        select([policy("a", differences[:runs]), policy("b", np.zeros(runs))], indifference=9) for runs in (FIRST, 11)
    ]
    assert [(end.state, end.chosen, end.needs) for end in ends] == [
        ("undecided", None, ("a", "b")),
        ("chosen", "a", ()),
    ]


def test_tied_only_as_long_as_they_are() -> None:
    """Two that were equal throughout the first stage, and differ later, are compared from there on; the one difference
    seen first does not decide, though the first stage had no variance."""
    one, other = np.zeros(300), np.zeros(300)
    one[30::3] = 1.0
    ends = [
        select([policy("a", one[:runs]), policy("b", other[:runs])], indifference=0.02) for runs in (FIRST, 30, 31, 300)
    ]
    assert [end.state for end in ends] == ["tied", "tied", "undecided", "chosen"]
    assert (ends[2].needs, ends[3].chosen) == (("a", "b"), "a")


def test_equal_costs_wait_for_the_target_that_is_open() -> None:
    """Whether two of equal cost are tied is open while one of them is."""
    candidates = [policy("a", -1.0, np.full(FIRST, 2.0)), policy("b", -1.0, np.tile([5.0, -5.0], 5))]
    assert select(candidates, indifference=1).needs == ("b",)
    assert select(candidates, indifference=1).state == "undecided"


@pytest.mark.parametrize("runs", [1, 2, FIRST - 1])
def test_too_few_replications_are_undecided(runs: int) -> None:
    """Nothing is judged before all have the first stage, and those that do not are the ones that need more."""
    candidates = [policy("a", -1.0, ZIGZAG[:runs]), policy("b", -2.0, ZIGZAG), policy("c", np.zeros(runs))]
    undecided = select(candidates, indifference=1)
    assert (undecided.chosen, undecided.state, undecided.needs) == (None, "undecided", ("a", "c"))
    assert [judged.met for judged in undecided.judged] == [(None,), (None,), ()]
    assert all(judged.feasible is None and judged.out is None for judged in undecided.judged)


def test_different_numbers_of_replications() -> None:
    """With fixed costs each is judged by all it has; where objectives vary, those that are behind are waited for."""
    slow = np.tile([4.0, -3.0], 100)
    fixed = select([policy("a", -1.0, slow), policy("b", -2.0, slow[:FIRST])], indifference=1)
    assert fixed.judged[0].met == (True,)
    assert fixed.judged[0].decided_after > (FIRST,)
    assert (fixed.chosen, outs(fixed)["b"]) == ("a", "beaten by a")

    rng = np.random.default_rng(4)
    a, b = policy("a", rng.normal(0, 1, 100), slow[:100]), policy("b", rng.normal(0, 1, 20), slow[:20])
    varying = select([a, b], indifference=0.1)
    assert (varying.state, varying.needs) == ("undecided", ("b",))
    assert varying.judged == select([cut(a, 20), b], indifference=0.1).judged


def drawn(rng: np.random.Generator, *, fixed: bool = False, runs: int = 1000) -> list[Candidate]:
    """A few candidates on common customers, near enough to each other and to their targets for any end."""
    size, targets = int(rng.integers(2, 6)), int(rng.integers(0, 3))
    common = rng.normal(0, 1, (targets + 1, runs))

    def series(which: int) -> Floats:
        values: Floats = common[which] + rng.normal(0, 0.7, runs) + rng.choice([-1, -0.5, 0, 0.5, 1])
        return values

    objectives = [np.full(runs, float(rng.integers(0, 3))) if fixed else series(targets) for _ in range(size)]
    return [policy(f"p{i}", objectives[i], *map(series, range(targets)), tolerance=0.5) for i in range(size)]


def literally(candidates: list[Candidate], *, indifference: float, error: float) -> set[str]:
    """Who is left, by doing one replication after another as the papers say; half the error for either question, and
    of that half for Student's test at the first look."""
    shares = sum(len(each.constraints) for each in candidates), len(candidates) - 1

    def leaves(values: Floats, zone: float, beta: float, runs: int) -> int:
        mean, deviation = values[:FIRST].mean(), values[:FIRST].std(ddof=1)
        if runs == FIRST and abs(mean) > stdtrit(FIRST - 1, 1 - beta / 2) * deviation / math.sqrt(FIRST):
            return 1 if mean > 0 else -1
        eta = 0.5 * ((2 * beta / 2) ** (-2 / (FIRST - 1)) - 1)
        square = 2 * eta * (FIRST - 1)
        region = max(0.0, square * deviation**2 / (2 * zone) - zone * runs / 2)
        total = values[:runs].sum()
        return 1 if total >= region else -1 if total <= -region else 0

    playing = {each.name: each for each in candidates}
    met: set[tuple[str, str]] = set()
    beats: dict[tuple[str, str], int] = {}

    def feasible(name: str) -> bool:
        return all((name, target.name) in met for target in playing[name].constraints)

    for runs in range(FIRST, len(candidates[0].objective) + 1):
        asked = [(each, target) for each in candidates for target in each.constraints if each.name in playing]
        for each, target in asked:
            if (each.name, target.name) not in met:
                side = leaves(target.values, target.tolerance, error / 2 / shares[0], runs)
                met |= {(each.name, target.name)} if side == 1 else set()
                if side == -1:
                    playing.pop(each.name, None)
        for one, other in combinations(playing.values(), 2):
            if {(one.name, other.name), (other.name, one.name)}.isdisjoint(beats):
                part = error / 2 if shares[0] else error
                side = leaves(one.objective - other.objective, indifference, part / shares[1], runs)
                if side:
                    beats[(one.name, other.name) if side == 1 else (other.name, one.name)] = runs
        for moment in sorted(set(beats.values())):
            pairs = [pair for pair, at in beats.items() if at == moment and playing.keys() >= set(pair)]
            for loser in {loser for winner, loser in pairs if feasible(winner)}:
                del playing[loser]
        if len(playing) < 2 and all(map(feasible, playing)):
            return set(playing)
    raise AssertionError("undecided")


def test_it_is_the_course_of_the_papers() -> None:
    """The choice is that of the procedures as written, one replication after another, where objectives vary."""
    rng, left = np.random.default_rng(6), []
    for _ in range(40):
        candidates = drawn(rng)
        left.append(literally(candidates, indifference=0.5, error=0.05))
        found = select(candidates, indifference=0.5)
        assert ({found.chosen} - {None}, found.needs) == (left[-1], ())
    assert set(map(frozenset, left)) == {frozenset(), *(frozenset({f"p{number}"}) for number in range(5))}


def test_it_is_the_same_in_portions_and_with_more_than_needed() -> None:
    """Giving a portion more to those only that need it ends with the choice of all replications at once, and who is
    out; and why, where all go in step."""
    rng, ends = np.random.default_rng(5), set()
    for number in range(100):
        fixed = number % 3 == 0
        candidates = drawn(rng, fixed=fixed)
        whole = select(candidates, indifference=0.5)
        have = {each.name: 1 for each in candidates}
        while (found := select([cut(each, have[each.name]) for each in candidates], indifference=0.5)).needs:
            assert (found.state, found.chosen) == ("undecided", None)
            have.update({name: have[name] + int(rng.integers(1, 30)) for name in found.needs})
            assert max(have.values()) < 1000
        assert replace(found, judged=()) == replace(whole, judged=())
        assert [each.out is None for each in found.judged] == [each.out is None for each in whole.judged]
        assert fixed or outs(found) == outs(whole)
        ends.add(found.state)
    assert ends == {"chosen", "none feasible", "tied"}


def wrongly_met(rng: np.random.Generator, *, runs: int, like: float, sizes: tuple[int, int]) -> int:
    """How often any target is judged wrongly: as many candidates and targets of each, of means one tolerance, a quarter
    of the standard deviation, from 0 to either side, correlated by `like` across all."""
    wrong, count = 0, sizes[0] * sizes[1]
    sides = np.where(np.arange(count) % 2, 1.0, -1.0)
    for _ in range(runs):
        common, own = rng.normal(0, 1, 500), rng.normal(0, 1, (count, 500))
        values = iter(0.25 * sides[:, None] + like**0.5 * common + (1 - like) ** 0.5 * own)
        targets = [[next(values) for _ in range(sizes[1])] for _ in range(sizes[0])]
        candidates = [policy(f"p{i}", 0.0, *each, tolerance=0.25) for i, each in enumerate(targets)]
        met = [met for judged in select(candidates, indifference=1).judged for met in judged.met]
        wrong += any(each is not None and each != (side > 0) for each, side in zip(met, sides, strict=True))
    return wrong


def test_a_target_is_judged_wrongly_no_more_often_than_promised() -> None:
    """Of means one tolerance below the target at most 5 % are judged to meet it, and not so few that it is wasteful."""
    wrong = wrongly_met(np.random.default_rng(7), runs=3000, like=0.0, sizes=(1, 1))
    assert at_most(wrong, 3000, 0.05)
    assert wrong > 0.0125 * 3000


def test_the_first_look_errs_no_more_often_than_its_half() -> None:
    """Of means just below the target at most 2.5 % are judged to meet it at the first look, and not far fewer: where
    the tolerance is small the triangle decides nothing there."""
    rng = np.random.default_rng(11)
    candidates = [policy("a", 0.0, rng.normal(-0.001, 1, FIRST), tolerance=0.001) for _ in range(4000)]
    wrong = sum(select([each], indifference=1).judged[0].met == (True,) for each in candidates)
    assert at_most(wrong, 4000, 0.025)
    assert wrong > 0.015 * 4000


def replications(rng: np.random.Generator, *, mean: float, deviation: float, first: int) -> Floats:
    """After how many a target is decided, in 400 repetitions, by a tolerance of 1."""
    targets = rng.normal(mean, deviation, (400, 600))
    judged = [select([policy("a", 0.0, each)], indifference=1, first=first).judged[0] for each in targets]
    return np.array([each.decided_after[0] for each in judged], float)


def test_what_is_far_from_its_target_needs_few_replications() -> None:
    """20 points below, with a deviation of 26 and a tolerance of 1, the first 20 are enough in four of five cases."""
    taken = replications(np.random.default_rng(12), mean=-20, deviation=26, first=20)
    assert np.mean(taken == 20) > 0.8


def test_what_is_near_its_target_pays_little_for_the_first_look() -> None:
    """One tolerance below, a quarter of the deviation, takes a quarter to a half more than the 33 of all the error."""
    taken = replications(np.random.default_rng(13), mean=-1, deviation=4, first=FIRST)
    assert 1.25 * 33 < taken.mean() < 1.5 * 33


@pytest.mark.statistics
@pytest.mark.parametrize("like", [0.0, 0.95])
@pytest.mark.parametrize("sizes", [(4, 1), (1, 4), (3, 2)])
def test_many_targets_are_judged_wrongly_no_more_often_than_promised(like: float, sizes: tuple[int, int]) -> None:
    """A wrong answer about any target of any candidate comes in at most 5 %, however alike they are."""
    assert at_most(wrongly_met(np.random.default_rng(8), runs=1000, like=like, sizes=sizes), 1000, 0.05)


def rightly_chosen(rng: np.random.Generator, *, runs: int, like: float) -> int:
    """How often the best is chosen where it is better than two by the indifference, meets its target by the tolerance,
    and one far better misses it by the tolerance; both are a quarter of the standard deviation."""
    right = 0
    for _ in range(runs):
        noise = like**0.5 * rng.normal(0, 1, (2, 1, 1500)) + (1 - like) ** 0.5 * rng.normal(0, 1, (2, 4, 1500))
        objectives = noise[0] + 0.25 * np.array([0, 1, 0, 8])[:, None]
        targets = noise[1] + 0.25 * np.array([1, 1, 1, -1])[:, None]
        candidates = [policy(f"p{i}", objectives[i], targets[i], tolerance=0.25) for i in range(4)]
        right += select(candidates, indifference=0.25).chosen == "p1"
    return right


def test_the_best_is_chosen_as_often_as_promised() -> None:
    """At least 95 % of choices are right where means are no further apart than the indifference and the tolerance."""
    assert at_most(500 - rightly_chosen(np.random.default_rng(9), runs=500, like=0.5), 500, 0.05)


@pytest.mark.statistics
@pytest.mark.parametrize("like", [0.0, 0.95])
def test_the_best_is_chosen_as_often_as_promised_however_alike(like: float) -> None:
    """At least 95 % of the choices are right, with independent customers and with common ones."""
    assert at_most(1000 - rightly_chosen(np.random.default_rng(10), runs=1000, like=like), 1000, 0.05)


@pytest.mark.parametrize(
    "wrong",
    [
        {"candidates": []},
        {"candidates": [policy("a", ZIGZAG), policy("a", ZIGZAG)]},
        {"indifference": 0.0},
        {"error": 0.0},
        {"error": 0.6},
        {"first": 1},
        {"candidates": [policy("a", ZIGZAG, ZIGZAG, tolerance=0.0)]},
        {"candidates": [policy("a", ZIGZAG, ZIGZAG[:20])]},
        {"candidates": [policy("a", ZIGZAG, ZIGZAG * np.nan)]},
    ],
)
def test_what_cannot_be_judged_is_refused(wrong: dict[str, Any]) -> None:
    """What makes no question is an error of the caller, and not an answer."""
    with pytest.raises(ValueError, match=r"must be|needs? |not finite"):
        select(**{"candidates": [policy("a", ZIGZAG)], "indifference": 1.0, **wrong})
