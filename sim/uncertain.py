"""How sure: what may be wrong with a figure, kept apart by where it comes from, and which assumption moves a decision.

Three things make a figure uncertain, and only one of them goes away with more replications. *Simulation error* is that
of the mean over so many replications. *Single weeks* differ by luck, and will for whoever takes the decision.
*Assumptions* are what is not known of the customers and the desk (`sim.scenario.unknowns`).

The last is told from a second run that draws every assumption anew in each replication, with the same customers as far
as the assumptions leave them: if s is the standard deviation of single weeks, and what is assumed and luck add up,
s²(assumptions) = s²(all drawn) − s²(as assumed), at least 0. Its range is that of the single weeks of the second run
from 10 to 90 %, drawn in towards their mean by s(assumptions) / s(all drawn), so that it keeps their lean to one side.

A tornado moves one assumption at a time to either end of its range, of both policies alike, and shows what their
difference becomes on the same customers. What cannot have changed is not simulated again: constants of satisfaction and
churn, and whatever the engine never reads, change only how the same contacts add up.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from sim.attendance import attended
from sim.desk import Desk, Survey
from sim.differences import HEADLINE
from sim.errors import UsageError
from sim.estimate import Estimate, ratio
from sim.measures import MEASURES
from sim.measures.base import Key, Measure
from sim.measures.cohort import Cohort
from sim.measures.customers import Belief
from sim.measures.summary import Summary, parts_of, summarise
from sim.population.draw import Population, draw
from sim.run import Progress, Result
from sim.scenario import lower
from sim.scenario.read import Scenario
from sim.scenario.unknowns import Unknown, not_ranged, redrawn, supposed, unknowns
from sim.simulate.engine import Run, simulate
from sim.tables import Floats, Table
from sim.workers import pool

REPLICATIONS = 5
"""Of each end of a range."""

RANGE = (0.1, 0.9)
"""The shares between which a range of single weeks, or over assumptions, lies."""


# --- what is found ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bar:
    """The difference of a figure at either end of the range of one assumption."""

    unknown: Unknown
    at_low: Estimate
    at_high: Estimate

    @property
    def swing(self) -> float:
        """By how much the difference moves from end to end; 0 where it is not observed."""
        if self.at_low.value is None or self.at_high.value is None:
            return 0.0
        return abs(self.at_high.value - self.at_low.value)

    def turns(self, base: Estimate) -> bool:
        """Whether the difference has the other sign at an end than as assumed."""
        return any((end.value or 0.0) * (base.value or 0.0) < 0 for end in (self.at_low, self.at_high))


@dataclass(frozen=True)
class Split:
    """Where the uncertainty of a figure comes from: of `policy`, or of `policy` less `than` ("": of it alone).

    `error` is the 95 % interval of the mean; the others are from 10 to 90 %: of single weeks as assumed, over the
    assumptions, and of single weeks with every assumption drawn. None where that run is missing.
    """

    name: str
    """As in phone.service_level."""
    policy: str
    than: str
    value: float
    error: tuple[float, float]
    weeks: tuple[float, float]
    assumptions: tuple[float, float] | None
    both: tuple[float, float] | None

    @property
    def measure(self) -> Measure:
        return next(each for each in MEASURES if each.name == self.name.rpartition(".")[2])


@dataclass(frozen=True)
class Unsure:
    """What is not known of the difference between `policy` and `than`. Bars by their swing, the largest first."""

    figure: str
    unit: str
    """As of its measure; "money" is in `currency`."""
    currency: str
    better: str
    policy: str
    than: str
    base: Estimate
    bars: tuple[Bar, ...]
    splits: tuple[Split, ...]
    held: tuple[str, ...]
    """Paths of assumptions of grade B and C without a range of numbers: nothing here moves them."""
    replications: int
    """Of each end of a bar."""
    weeks: int
    """Of the runs that are split."""


def unsure(
    results: Mapping[str, Result],
    policy: str,
    *,
    figure: str = "value",
    channel: str | None = None,
    replications: int = REPLICATIONS,
    jobs: int | None = None,
    progress: Progress = lambda done, total: None,
) -> Unsure:
    """The split of every headline figure of all results, and the tornado of `policy` less the first of them.

    Args:
        results: by policy, the baseline first; of one seed, as assumed.
        replications: of each end of a range in the tornado; the split has as many as the results.
        jobs: processes; None: one a core.

    Raises:
        UsageError: there is no such policy or figure.
    """
    than = next(iter(results))
    if policy not in results or policy == than:
        raise UsageError(f"there is no policy '{policy}' beside {than}", f"name one of {', '.join(list(results)[1:])}")
    base, seed = results[than], results[than].seed
    weeks = min(len(result.summaries) for result in results.values())
    scenarios = [result.scenario for result in results.values()]
    pair = (results[policy].scenario, base.scenario)
    first, second = _chunks(pair, replications), len(scenarios) * weeks

    def after(done: int, _: int) -> None:
        progress(len(first) + done, len(first) + second)

    measure = measure_of(figure, channel, base.desk)
    found = tornado(
        *pair, figure=figure, channel=channel, seed=seed, replications=replications, jobs=jobs,
        progress=lambda done, _: progress(done, len(first) + second),
    )  # fmt: skip
    drawn = joint(scenarios, seed=seed, replications=weeks, jobs=jobs, progress=after)
    assumed = {name: result.summaries[:weeks] for name, result in results.items()}
    return Unsure(
        figure=figure if channel is None else f"{channel}.{figure}",
        unit=measure.unit,
        currency=base.desk.currency,
        better=measure.better,
        policy=policy,
        than=than,
        base=found[0],
        bars=found[1],
        splits=split(assumed, dict(zip(results, drawn, strict=True)), base.desk),
        held=not_ranged(base.scenario),
        replications=replications,
        weeks=weeks,
    )


def measure_of(figure: str, channel: str | None, desk: Desk) -> Measure:
    """The measure of that name, if its parts add up over replications.

    Raises:
        UsageError: there is none, or not for that channel.
    """
    measure = next((each for each in MEASURES if each.name == figure and each.parts is not None), None)
    if measure is None:
        raise UsageError(f"no assumption can be weighed by '{figure}'", f"name one of {', '.join(HEADLINE)}")
    if channel is not None and channel not in [each.name for each in desk.channels]:
        raise UsageError(f"there is no channel '{channel}'", "name one of the scenario")
    return measure


# --- one at a time ----------------------------------------------------------------------------------------------------


def tornado(
    policy: Scenario,
    than: Scenario,
    *,
    figure: str = "value",
    channel: str | None = None,
    seed: int = 1,
    replications: int = REPLICATIONS,
    jobs: int | None = None,
    progress: Progress = lambda done, total: None,
) -> tuple[Estimate, tuple[Bar, ...]]:
    """The difference of a figure, `policy` less `than`, as assumed, and at the ends of the range of each assumption.

    What one of them says itself is known there, and moves only the other.

    Raises:
        UsageError: there is no such figure.
    """
    measure = measure_of(figure, channel, lower.desk(than))
    pair = (policy, than)
    job = _Job(pair, measure.name, (channel, None), seed)
    tasks = _chunks(pair, replications)
    # by policy and assumption ("": none), then end, then replication
    found: dict[tuple[int, str, int], list[tuple[float, float]]] = {}
    for done, (task, parts) in enumerate(zip(tasks, _mapped(job, _ends, tasks, jobs), strict=True), 1):
        for key, part in parts.items():
            found.setdefault((task.policy, *key), []).append(part)
        progress(done, len(tasks))

    def difference(path: str, end: int) -> Estimate:
        ours, theirs = (found.get((number, path, end)) or found[number, "", 0] for number in (0, 1))
        return _difference(np.array(ours), np.array(theirs))

    bars = [Bar(unknown, difference(path, 0), difference(path, 1)) for path, unknown in _of_both(pair).items()]
    return difference("", 0), tuple(sorted(bars, key=lambda bar: -bar.swing))


def _of_both(pair: Sequence[Scenario]) -> dict[str, Unknown]:
    """What is not known of either, by path; where both have it, as the second has it."""
    return {unknown.path: unknown for scenario in pair for unknown in unknowns(scenario)}


def _difference(ours: Floats, theirs: Floats) -> Estimate:
    """R_b − R_a of two ratios of sums on the same customers, with its interval from the paired influences
    u_r = (y_r − R·x_r) / x̄ (see `sim.differences`)."""
    if not (ours[:, 1].sum() > 0 and theirs[:, 1].sum() > 0):
        return Estimate.not_observed(len(ours))
    return ratio(_weighed(ours) - _weighed(theirs), np.ones(len(ours)), least=-math.inf)


def _weighed(parts: Floats) -> Floats:
    """R + u_r: numbers a replication whose mean is the ratio, and whose spread gives its interval."""
    above, below = parts.T
    value = above.sum() / below.sum()
    return np.asarray(value + (above - value * below) / below.mean())


class _Task(NamedTuple):
    """Some of the assumptions of one policy in one replication; "" is none of them."""

    policy: int
    replication: int
    paths: tuple[str, ...]


def _chunks(pair: Sequence[Scenario], replications: int) -> list[_Task]:
    """In halves, so that several processes end at about the same time."""
    tasks = []
    for replication in range(replications):
        for number, scenario in enumerate(pair):
            paths = ("", *(unknown.path for unknown in unknowns(scenario)))
            tasks += [_Task(number, replication, paths[half::2]) for half in (0, 1)]
    return tasks


@dataclass(frozen=True)
class _Job:
    """What a worker needs; `measure` is the name of the one whose parts are wanted, "" where whole summaries are."""

    scenarios: tuple[Scenario, ...]
    measure: str
    key: Key
    seed: int


def _ends(job: _Job, task: _Task) -> dict[tuple[str, int], tuple[float, float]]:
    """The parts of the figure at the low (0) and high (1) end of each assumption; of none, as assumed."""
    measure = next(each for each in MEASURES if each.name == job.measure)
    scenario = job.scenarios[task.policy]
    assumed = _assumed(scenario, job.seed, task.replication)
    found = {}
    for path in task.paths:
        for end in (0, 1) if path else (0,):
            there, belief = _at_end(scenario, path, end)
            week = assumed if there is scenario else assumed.under(there, job.seed, task.replication)
            found[path, end] = parts_of(measure, week.cohort, belief)[job.key]
    return found


@lru_cache(maxsize=1024)
def _at_end(scenario: Scenario, path: str, end: int) -> tuple[Scenario, Belief]:
    unknown = next((each for each in unknowns(scenario) if each.path == path), None)
    return supposed(scenario, {} if unknown is None else {path: (unknown.low, unknown.high)[end]})


@dataclass(frozen=True, eq=False)
class _Week:
    """One replication of a scenario: who was scheduled, who came, the customers, and what happened."""

    desk: Desk
    there: Desk
    population: Population
    done: Run

    @cached_property
    def cohort(self) -> Cohort:
        return Cohort(self.done.contacts, self.there, self.done.capped, self.done.spells, self.desk)

    def under(self, scenario: Scenario, seed: int, replication: int) -> _Week:
        """The same replication of another scenario, simulated only if the engine could tell."""
        desk, there, population = _drawn_from(scenario, seed, replication)
        if _read(there) != _read(self.there) or not _same_luck(population, self.population):
            return _Week(desk, there, population, simulate(there, population))
        contacts, issues = self.done.contacts, population.issues
        told = {name: contacts[name] for name in contacts.names}
        told |= {name: issues[name][contacts["issue"]] for name in UNREAD}
        return _Week(desk, there, population, replace(self.done, contacts=Table(told)))


def _simulated(scenario: Scenario, seed: int, replication: int) -> _Week:
    desk, there, population = _drawn_from(scenario, seed, replication)
    return _Week(desk, there, population, simulate(there, population))


_assumed = lru_cache(maxsize=1)(_simulated)
"""A replication as assumed, kept until another is asked for."""


def _drawn_from(scenario: Scenario, seed: int, replication: int) -> tuple[Desk, Desk, Population]:
    """Who is scheduled, who of them comes, and the customers."""
    desk = lower.desk(scenario)
    return desk, attended(desk, seed, replication), draw(scenario, seed, replication)


UNREAD = ("expires_in", "captive", "mood", "reply_draw", "noise_draw", "complaint_draw")
"""What the engine never reads of an issue: only figures do."""


def _read(desk: Desk) -> Desk:
    """A desk without what the engine never reads of it."""
    return replace(
        desk,
        channels=tuple(replace(each, expectation=0.0, charge=0.0) for each in desk.channels),
        groups=tuple(replace(each, cost_per_hour=0.0) for each in desk.groups),
        survey=Survey(),
        worth=0.0,
        fixed_cost=0.0,
    )


def _same_luck(one: Population, other: Population) -> bool:
    """Whether the engine meets the same issues with the same fates."""
    read = [name for name in one.issues.names if name not in UNREAD]
    return (
        # of NaN, which a luck may hold, no two are equal
        repr(one.luck) == repr(other.luck)
        and all(np.array_equal(one.issues[name], other.issues[name]) for name in read)
        and all(
            (a is None and b is None) or (a is not None and b is not None and np.array_equal(a, b))
            for a, b in ((one.pace, other.pace), (one.known_handle, other.known_handle))
        )
    )


# --- all at once ------------------------------------------------------------------------------------------------------


def joint(
    scenarios: Sequence[Scenario],
    *,
    seed: int,
    replications: int,
    jobs: int | None = None,
    progress: Progress = lambda done, total: None,
) -> list[tuple[Summary, ...]]:
    """By scenario its replications with everything drawn that is not known, the same for all; no contacts are kept."""
    tasks = [(number, replication) for replication in range(replications) for number in range(len(scenarios))]
    found: list[list[Summary]] = [[] for _ in scenarios]
    job = _Job(tuple(scenarios), "", (None, None), seed)
    for done, ((number, _), summary) in enumerate(zip(tasks, _mapped(job, _drawn, tasks, jobs), strict=True), 1):
        found[number].append(summary)
        progress(done, len(tasks))
    return [tuple(summaries) for summaries in found]


def _drawn(job: _Job, task: tuple[int, int]) -> Summary:
    number, replication = task
    scenario, belief = redrawn(job.scenarios[number], job.seed, replication)
    week = _simulated(scenario, job.seed, replication)
    return summarise(
        week.done.contacts, week.there, replication=replication, population_digest=week.population.digest,
        capped=week.done.capped, spells=week.done.spells, plan=week.desk, belief=belief,
    )  # fmt: skip


def split(
    assumed: Mapping[str, Sequence[Summary]], drawn: Mapping[str, Sequence[Summary]], desk: Desk
) -> tuple[Split, ...]:
    """Every headline figure split: of each policy, then of each less the first. Value means something as a difference
    only.

    Args:
        assumed, drawn: replications by policy, as assumed and with everything drawn; those of a policy that is missing
            in `drawn` are split without.
    """
    first = next(iter(assumed))
    found = []
    for measure, key in headline(desk):
        mine, theirs = ({name: _values(runs, measure, key) for name, runs in side.items()} for side in (assumed, drawn))
        if measure.name != "value":
            found += [_split(measure, key, name, "", mine[name], theirs.get(name)) for name in assumed]
        for name in list(assumed)[1:]:
            other = theirs[name] - theirs[first] if name in theirs else None
            found.append(_split(measure, key, name, first, mine[name] - mine[first], other))
    return tuple(each for each in found if each is not None)


def headline(desk: Desk) -> list[tuple[Measure, Key]]:
    """The headline figures of a desk."""
    named = {measure.name: measure for measure in MEASURES}
    people = [channel.name for channel in desk.channels if not channel.automatic]
    return [
        (named[name], (channel, None))
        for name in HEADLINE
        for channel in (people if name == "service_level" else [None])
    ]


def _values(summaries: Sequence[Summary], measure: Measure, key: Key) -> Floats:
    """A number a replication: first its figure alone (NaN where it saw nothing), then what its mean is made of."""
    parts = np.array([summary.parts[measure.name][key] for summary in summaries], dtype=np.float64)
    above, below = parts.T
    alone = np.divide(above, below, out=np.full(len(parts), np.nan), where=below > 0)
    weighed = _weighed(parts) if below.sum() > 0 else np.full(len(parts), np.nan)
    return np.stack((alone, weighed))


def _split(measure: Measure, key: Key, policy: str, than: str, assumed: Floats, drawn: Floats | None) -> Split | None:
    """The split of one figure; None where it is not observed."""
    weeks, weighed = assumed[0][np.isfinite(assumed[0])], assumed[1]
    if not len(weeks) or not np.isfinite(weighed).all():
        return None
    mean = ratio(weighed, np.ones(len(weighed)), least=-math.inf)
    assert mean.value is not None
    error = (mean.value, mean.value) if mean.low is None or mean.high is None else (mean.low, mean.high)
    name = measure.name if key[0] is None else f"{key[0]}.{measure.name}"
    over, both = (None, None) if drawn is None else over_assumptions(weeks, drawn[0][np.isfinite(drawn[0])])
    return Split(name, policy, than, mean.value, error, _range(weeks), over, both)


def over_assumptions(weeks: Floats, drawn: Floats) -> tuple[tuple[float, float] | None, tuple[float, float] | None]:
    """The range over assumptions, and of single weeks with all drawn: from single weeks as assumed, and with all drawn.

    s²(assumptions) = s²(all drawn) − s²(as assumed), at least 0; with q(p) the quantile of the weeks with all drawn and
    m their mean, the range is m + (q(p) − m) · s(assumptions) / s(all drawn), for p = 10 and 90 %.
    """
    if len(weeks) < 2 or len(drawn) < 2:
        return None, None
    total, luck = float(drawn.var(ddof=1)), float(weeks.var(ddof=1))
    share = math.sqrt(max(0.0, total - luck) / total) if total > 0 else 0.0
    mean, (low, high) = float(drawn.mean()), _range(drawn)
    return (mean + (low - mean) * share, mean + (high - mean) * share), (low, high)


def _range(values: Floats) -> tuple[float, float]:
    low, high = np.quantile(values, RANGE)
    return float(low), float(high)


# --- processes --------------------------------------------------------------------------------------------------------


def _mapped(job: _Job, work: Callable[[_Job, Any], Any], tasks: Sequence[Any], jobs: int | None) -> Iterator[Any]:
    """What becomes of each task, in their order."""
    processes = min(jobs or os.cpu_count() or 1, len(tasks))
    if processes <= 1:
        yield from map(partial(work, job), tasks)
        return
    with pool(processes, _start, job) as executor:
        yield from executor.map(partial(_worked, work), tasks)


_job: _Job


def _start(job: _Job) -> None:
    global _job
    _job = job


def _worked(work: Callable[[_Job, Any], Any], task: Any) -> Any:
    return work(_job, task)
