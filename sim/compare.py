"""Policies compared on the same customers with the same luck: what each changes, how sure that is, which to take.

Every policy is simulated on the populations 0, 1, 2 … of one seed, so replication r of each meets the same customers.
First all have the same number of replications. Then those about which the choice is not yet clear get more, as far as
the budget goes: which replications there are depends on the scenarios, the seed and the budget alone.

A choice is made in two ways (`sim.selection`): the cheapest policy that meets the stated targets, and the one of
highest value, which is the margin of the customers kept less the cost.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path

import numpy as np

from sim.checks import Requirement, requirements
from sim.differences import HEADLINE, Difference, Side, differences, together
from sim.errors import UsageError
from sim.estimate import t_quantile
from sim.measures import MEASURES
from sim.measures.base import ALL
from sim.measures.customers import BETAS, HIGH, LOW, MODE, lost_margin
from sim.measures.summary import Summary
from sim.population.draw import draw
from sim.run import Job, Progress, Result, finished, first
from sim.scenario import lower
from sim.scenario.read import Scenario
from sim.scenario.spec import Spec
from sim.schemas import TICKS_PER_SECOND
from sim.selection import Candidate, Constraint, Selection, select
from sim.stopping import Goal, Rule
from sim.tables import Floats
from sim.workers import pool

AS_IS = "as is"
"""What the file itself is called among its variants."""

INDIFFERENCE = 0.005
"""Share of the mean cost by which two policies may differ without its mattering."""

FIRST, STEP = 20, 10
"""Replications of the first stage of a selection, and how many more at a time."""

YEAR = 365.25
"""Days."""


@dataclass(frozen=True)
class Policy:
    """One of those compared. `number` fixes its colour in every plot: 0 is the baseline."""

    name: str
    result: Result
    number: int

    @property
    def changes(self) -> tuple[str, ...]:
        """What it changes of its file, as path: value."""
        return self.result.scenario.changes

    @property
    def side(self) -> Side:
        return Side(self.name, self.result.summaries, self.result.desk)


@dataclass(frozen=True)
class Tie:
    """The value of one policy less that of another, for every β: how strongly satisfaction moves churn.

    Arrays over `betas` (per point); money of a run, with its 95 % interval. `beta` is where they tie, `beta_low` to
    `beta_high` where a tie cannot be excluded; None where that is at no β of the range.
    """

    policy: str
    than: str
    betas: Floats
    value: Floats
    low: Floats
    high: Floats
    beta: float | None
    beta_low: float | None
    beta_high: float | None


@dataclass(frozen=True)
class Churn:
    """Customers lost over the next 12 months by one policy less those by another, in a run: the mean, and its ranges
    over what is believed of β and of the share of complaints."""

    policy: str
    than: str
    value: float
    over_beta: tuple[float, float]
    over_complaints: tuple[float, float]


@dataclass(frozen=True)
class Curve:
    """What the policies are points of: the path that ``--set`` varies, and its value in each of them."""

    path: str
    levels: Mapping[str, float]


@dataclass(frozen=True)
class Comparison:
    """Policies, the baseline first. Of a single one there is nothing but the policy."""

    policies: tuple[Policy, ...]
    table: tuple[Difference, ...] = ()
    """Every policy less the baseline, every figure; clear with the allowance for all of the table."""
    headline: tuple[Difference, ...] = ()
    """Every policy less every one before it, the figures of `HEADLINE`; with the allowance for all of them."""
    ties: tuple[Tie, ...] = ()
    churn: tuple[Churn, ...] = ()
    cheapest: Selection | None = None
    richest: Selection | None = None
    unpaired: Mapping[str, str] = field(default_factory=dict)
    """Policies whose customers are not those of the baseline, and why."""
    curve: Curve | None = None
    simulated: Mapping[str, Result] = field(default_factory=dict)
    """What was simulated of each policy in all: those about whom the choice was hard may have more replications."""

    @property
    def along(self) -> tuple[Policy, ...]:
        """The policies in the order of the curve."""
        levels = {} if self.curve is None else self.curve.levels
        return tuple(sorted(self.policies, key=lambda policy: levels.get(policy.name, 0.0)))

    @property
    def baseline(self) -> Policy:
        return self.policies[0]

    def of(self, name: str) -> Policy:
        return next(policy for policy in self.policies if policy.name == name)

    def ranked(self, measure: str, channel: str | None) -> list[Policy]:
        """The policies by a figure, the best first; where neither way is better, the highest."""
        named = next((each for each in MEASURES if each.name == measure), None)
        sign = 1.0 if named is not None and named.better == "lower" else -1.0

        def rank(policy: Policy) -> float:
            found = [
                f.estimate.value for f in policy.result.figures if (f.measure.name, f.channel) == (measure, channel)
            ]
            return sign * (found[0] or 0.0) if found else 0.0

        return sorted(self.policies, key=rank)

    def headlines(self, policy: str, than: str) -> list[Difference]:
        """The headline differences of one pair, whichever way round they were taken."""
        mine = [each for each in self.headline if (each.policy, each.than) == (policy, than)]
        return mine or [each.turned() for each in self.headline if (each.policy, each.than) == (than, policy)]


# --- simulating ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """How many replications: `first` of each policy, then more for those whom the choice needs, `budget` in all."""

    first: int
    budget: int
    rule: Rule | None = None
    """The widths of ``--precision``: what is told apart, by figure."""


def simulate(
    scenarios: Sequence[Scenario],
    folders: Sequence[Path],
    plan: Plan,
    *,
    seed: int = 1,
    jobs: int | None = None,
    uncertain: bool = False,
    progress: Progress = lambda done, total: None,
) -> list[Result]:
    """The results of all scenarios; the contacts of each go to its folder.

    Raises:
        OSError: the contacts cannot be written.
    """
    each = tuple(
        Job(scenario, lower.desk(scenario), seed, folder, uncertain)
        for scenario, folder in zip(scenarios, folders, strict=True)
    )
    done: list[list[Summary]] = [[] for _ in each]
    wanted = [plan.first] * len(each)
    with pool(jobs or os.cpu_count() or 1, _start, *each) as executor:
        while True:
            batches = list(_batches(done, wanted))
            for (which, _), summaries in zip(batches, executor.map(_batch, batches), strict=True):
                done[which] += summaries
                progress(sum(map(len, done)), max(sum(wanted), sum(map(len, done))))
            results = [finished(job, summaries) for job, summaries in zip(each, done, strict=True)]
            more = _more(results, plan, sum(wanted)) if plan.budget > sum(wanted) else []
            if not more:
                return results
            for which in more:
                wanted[which] += STEP


def _batches(done: Sequence[Sequence[Summary]], wanted: Sequence[int]) -> Iterator[tuple[int, range]]:
    """What is to be simulated, a few replications at a time, all policies in turn."""
    size = 4
    for begin in range(0, max(wanted), size):
        for which, number in enumerate(wanted):
            start, stop = max(begin, len(done[which])), min(begin + size, number)
            if start < stop:
                yield which, range(start, stop)


def _more(results: Sequence[Result], plan: Plan, spent: int) -> list[int]:
    """Who gets `STEP` more replications: those whom either choice needs, as many as the budget allows."""
    if any(result.replications < FIRST for result in results):
        # nothing can be decided yet, and a few more would not change that
        return []
    policies = [Policy(str(number), result, number) for number, result in enumerate(results)]
    chosen = _choices(policies, plan.rule)
    needs = sorted({int(name) for choice in chosen if choice is not None for name in choice.needs})
    return needs[: (plan.budget - spent) // STEP]


_jobs: tuple[Job, ...]


def _start(*jobs: Job) -> None:
    global _jobs
    _jobs = jobs


def _batch(task: tuple[int, Sequence[int]]) -> list[Summary]:
    which, numbers = task
    return [_jobs[which].replicate(number) for number in numbers]


# --- comparing -------------------------------------------------------------------------------------------------------


def comparison(
    named: Sequence[tuple[str, Result]], *, rule: Rule | None = None, unpaired: bool = False, curve: Curve | None = None
) -> Comparison:
    """Compare results, the baseline first.

    The choices use every replication; all figures and differences are of the first so many that all policies have.

    Raises:
        UsageError: their customers are not the same, and `unpaired` does not say that this is known; or they are not of
            the same length or currency, so that no sum of one can be held against that of another.
    """
    whole = tuple(Policy(name, result, number) for number, (name, result) in enumerate(named))
    if len(whole) == 1:
        return Comparison(whole)
    _refuse_other_kinds(whole)
    common = min(policy.result.replications for policy in whole)
    policies = tuple(replace(policy, result=first(policy.result, common)) for policy in whole)
    baseline = policies[0]
    others = {each.name: why for each in policies[1:] if (why := other_customers(baseline.result, each.result))}
    if others and not unpaired:
        _refuse(baseline.name, others)
    table = [
        difference
        for each in policies[1:]
        for difference in differences(each.side, baseline.side, paired=each.name not in others)
    ]
    wanted = [measure for measure in MEASURES if measure.name in HEADLINE]
    headline = [
        difference
        for than, each in combinations(policies, 2)
        for difference in differences(each.side, than.side, paired=_paired(each, than, others), measures=wanted)
        if difference.segment is None and (difference.channel is None) != (difference.measure.name == "service_level")
    ]
    pairs = [] if others else list(combinations(policies[::-1], 2))
    cheapest, richest = _choices(whole, rule) if not others else (None, None)
    return Comparison(
        policies=policies,
        table=together(table),
        headline=together(headline, step_down=False),
        ties=tuple(_tie(*pair) for pair in pairs),
        churn=tuple(_churn(*pair) for pair in pairs),
        cheapest=cheapest,
        richest=richest,
        unpaired=others,
        curve=curve,
        simulated={policy.name: policy.result for policy in whole},
    )


def _refuse_other_kinds(policies: Sequence[Policy]) -> None:
    base = policies[0]
    for policy in policies[1:]:
        one, other = base.result, policy.result
        if one.desk.currency != other.desk.currency:
            what = f"{policy.name} is in {other.desk.currency}, {base.name} in {one.desk.currency}"
            raise UsageError(what, "write both in one currency")
        if one.desk.horizon != other.desk.horizon:
            days = [result.desk.horizon / (86_400 * TICKS_PER_SECOND) for result in (other, one)]
            what = f"{policy.name} lasts {days[0]:g} days, {base.name} {days[1]:g}"
            raise UsageError(what, "compare runs of one length: costs and customers are those of a run")


def staffed(result: Result, path: str) -> int | None:
    """The live channel whose people a path counts, as its code; None where it counts none."""
    keys = path.split(".")
    if keys[-1] != "staff" and keys[0] != "staffing":
        return None
    named = keys[1] if len(keys) > 1 and keys[0] in ("staffing", "channels", "groups") else keys[0]
    groups = [group.name for group in result.desk.groups]
    for code, channel in enumerate(result.desk.channels):
        mine = [groups[number] for number in result.desk.answering(code)]
        if channel.live and not channel.automatic and (channel.name == named or named in mine):
            return code
    return None


def _paired(one: Policy, other: Policy, others: Mapping[str, str]) -> bool:
    if not {one.name, other.name} & set(others):
        return True
    return not other_customers(one.result, other.result)


def other_customers(one: Result, other: Result) -> str:
    """Why the customers of two results are not the same; nothing where they are."""
    if one.seed != other.seed:
        return f"they have other seeds ({one.seed} and {other.seed})"
    pairs = zip(one.summaries, other.summaries, strict=False)
    if all(a.population_digest == b.population_digest for a, b in pairs):
        return ""
    if one.uncertain != other.uncertain:
        return "one of them draws what is not known, the other does not"
    return _why(one.scenario, other.scenario)


def check_customers(named: Sequence[tuple[str, Scenario]], seed: int) -> None:
    """Before anything is simulated: whether all policies meet the same customers, as the first replication tells.

    Raises:
        UsageError: they do not.
    """
    digests = [draw(scenario, seed, 0).digest for _, scenario in named]
    base = named[0][1]
    others = {
        name: _why(base, scenario)
        for (name, scenario), digest in zip(named, digests, strict=True)
        if digest != digests[0]
    }
    if others:
        _refuse(named[0][0], others)


def _why(one: Scenario, other: Scenario) -> str:
    """By what two scenarios differ that do not have the same customers."""
    changed = _apart(one.spec, other.spec, "")
    demand = [path for path in changed if _OF_POLICY.isdisjoint((path.split(".")[0], path.split(".")[-1]))]
    named = ", ".join(demand[:3]) + (" and more" if len(demand) > 3 else "")
    return f"who makes contact differs by {named}" if named else "who makes contact differs"


_OF_POLICY = frozenset(
    ("groups", "policies", "name", "question", "thresholds", "target", "targets", "staff", "shifts", "cost", "lines")
)
"""Sections and values of channels that change nobody who makes contact."""


def _apart(one: object, other: object, path: str) -> Iterator[str]:
    """The paths at which two scenarios differ."""
    if isinstance(one, dict | Spec) and isinstance(other, dict | Spec):
        ours, theirs = dict(one), dict(other)
        for key in {**ours, **theirs}:
            yield from _apart(ours.get(key), theirs.get(key), f"{path}.{key}" if path else str(key))
    elif repr(one) != repr(other):
        yield path


def _refuse(baseline: str, others: Mapping[str, str]) -> None:
    name, why = next(iter(others.items()))
    more = f" (and {len(others) - 1} more)" if len(others) > 1 else ""
    raise UsageError(
        f"{name}{more} does not meet the customers of {baseline}: {why}; so no contact has its like, and the "
        "difference holds the luck of both",
        "compare them all the same with --unpaired, whose intervals are wider, or leave them out",
    )


def _choices(policies: Sequence[Policy], rule: Rule | None) -> tuple[Selection | None, Selection]:
    """The cheapest that meets the stated targets (None where none is stated), and that of the highest value."""
    widths = {} if rule is None else {(goal.measure, goal.channel): goal for goal in rule.goals}
    # of all of them, so that it does not depend on which is the baseline
    cost = float(np.mean([_amounts(policy.result, "cost").mean() for policy in policies]))
    goals = {name: widths.get((name, None)) for name in ("cost", "value")}

    def apart(name: str) -> float:
        goal = goals[name]
        if goal is None:
            return max(INDIFFERENCE * abs(cost), 1e-9)
        return goal.within * abs(cost) if goal.relative else goal.within

    candidates, free = [], []
    for policy in policies:
        constraints = tuple(
            Constraint(each.name, each.values, _tolerance(each, widths.get((each.measure, each.channel))))
            for each in requirements(policy.result)
        )
        candidates.append(Candidate(policy.name, constraints, -_amounts(policy.result, "cost")))
        free.append(Candidate(policy.name, (), _amounts(policy.result, "value")))
    stated = any(candidate.constraints for candidate in candidates)
    cheapest = select(candidates, indifference=apart("cost"), first=FIRST) if stated else None
    return cheapest, select(free, indifference=apart("value"), first=FIRST)


def _tolerance(target: Requirement, goal: Goal | None) -> float:
    """The width that was asked for, of a figure that is judged in its own unit."""
    if goal is None or target.limit is None:
        return target.tolerance
    return max(goal.within * abs(target.limit) if goal.relative else goal.within, 1e-9)


def _amounts(result: Result, measure: str) -> Floats:
    """A sum of the whole desk, by replication."""
    return np.array([summary.parts[measure][ALL][0] for summary in result.summaries], dtype=np.float64)


def _tie(policy: Policy, than: Policy) -> Tie:
    common = min(policy.result.replications, than.result.replications)

    def values(of: Policy) -> Floats:
        """By replication and β: − lost margin − cost."""
        desk, summaries = of.result.desk, of.result.summaries[:common]
        lost = [[lost_margin(parts, desk)[ALL][0] for parts in summary.churn_by_beta] for summary in summaries]
        return -np.array(lost) - _amounts(of.result, "cost")[:common, None]

    apart = values(policy) - values(than)
    mean = apart.mean(0)
    half = np.full_like(mean, np.nan)
    if common > 1:
        half = t_quantile(common) * apart.std(0, ddof=1) / np.sqrt(common)
    betas = np.array(BETAS)
    low, high = mean - half, mean + half
    # the interval holds 0 from an end of it that crosses 0, or from the end of the range
    within = [float(beta) for beta in betas[(low <= 0) & (high >= 0)]] if apart.any() else []
    edges = [_crossing(*each) for end in (low, high) for each in ((betas, end), (betas[::-1], end[::-1]))]
    doubt = [*within, *(edge for edge in edges if edge is not None)]
    return Tie(
        policy.name, than.name, betas, mean, low, high, _crossing(betas, mean),
        min(doubt, default=None), max(doubt, default=None),
    )  # fmt: skip


def _crossing(x: Floats, y: Floats) -> float | None:
    """Where a line through points first crosses 0; None where it never does, or is 0 throughout."""
    if not y.any() or np.isnan(y).any():
        return None
    for number in range(len(y) - 1):
        here, next_ = float(y[number]), float(y[number + 1])
        if here == 0:
            return float(x[number])
        if here * next_ < 0:
            return float(x[number] + (x[number + 1] - x[number]) * here / (here - next_))
    return float(x[-1]) if y[-1] == 0 else None


def _churn(policy: Policy, than: Policy) -> Churn:
    common = min(policy.result.replications, than.result.replications)

    def means(of: Policy, name: str) -> Floats:
        """Of each belief, the mean over replications."""
        summaries = of.result.summaries[:common]
        excess = [[parts[ALL][0] for parts in getattr(summary, name)] for summary in summaries]
        return np.asarray(np.mean(excess, axis=0))

    def apart(name: str) -> list[float]:
        return [float(each) for each in means(policy, name) - means(than, name)]

    value = apart("churn_by_beta")[MODE]
    slopes, shares = apart("churn_by_beta")[LOW : HIGH + 1], [*apart("churn_by_complaints"), value]
    return Churn(policy.name, than.name, value, (min(slopes), max(slopes)), (min(shares), max(shares)))
