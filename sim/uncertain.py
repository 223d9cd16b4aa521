"""How sure: what may be wrong with a figure, kept apart by where it comes from, and which assumption moves a decision.

Three things make a figure uncertain, and only one of them goes away with more replications. *Simulation error* is that
of the mean over so many replications. *Single weeks* differ by luck, and will for whoever takes the decision.
*Assumptions* are what is not known of the customers and the desk (`sim.scenario.unknowns`).

The last is told from a second run that draws every assumption anew in each replication, with the same customers as far
as the assumptions leave them: if s is the standard deviation of single weeks, and what is assumed and luck add up,
s²(assumptions) = s²(all drawn) − s²(as assumed). Its range is that of the single weeks of the second run from 10 to
90 %, drawn in towards their mean by s(assumptions) / s(all drawn), so that it keeps their lean to one side. Where the
second run does not clearly vary more than the first there is no such range: what is assumed then matters less than so
many replications can show, which is not nothing.

A tornado moves one assumption at a time to either end of its range, of both policies alike, and shows what their
difference becomes on the same customers. How far it swings is estimated from a few replications, which see the same
luck before and after; where it swings from is the difference over all replications that there are. What cannot have
changed is not simulated again: constants of satisfaction and churn, and whatever the engine never reads, change only
how the same contacts add up.
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
from sim.errors import UsageError, did_you_mean
from sim.estimate import Estimate, ratio, student_quantile
from sim.measures import MEASURES
from sim.measures.base import Key, Kind, Measure, kind_of
from sim.measures.cohort import Cohort
from sim.measures.customers import Belief
from sim.measures.summary import Summary, parts_of, summarise
from sim.population.draw import Population, draw
from sim.run import Progress, Result
from sim.scenario import lower
from sim.scenario.limits import only_by_channel
from sim.scenario.read import Scenario
from sim.scenario.unknowns import Unknown, not_ranged, redrawn, supposed, unknowns
from sim.simulate.engine import Run, simulate
from sim.tables import Floats, Table
from sim.workers import pool

REPLICATIONS = 5
"""Of each end of a range."""

RANGE = (0.1, 0.9)
"""The shares between which a range of single weeks, or over assumptions, lies."""

LEVEL = 0.05
"""How often assumptions that do nothing may seem to do something."""


# --- what is found ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bar:
    """The difference of a figure at either end of the range of one assumption: as assumed, over all replications, plus
    its swing from there, over those of the tornado. The intervals are those of the swing."""

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
    assumptions, and of single weeks with every assumption drawn. The last two are None where that run is missing.
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
    def too_small(self) -> bool:
        """Whether the range over assumptions is smaller than so many replications can show."""
        return self.assumptions is None and self.both is not None

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
    """As assumed, over all replications that both have."""
    bars: tuple[Bar, ...]
    splits: tuple[Split, ...]
    held: tuple[str, ...]
    """Paths of assumptions of grade B and C without a range of numbers: nothing here moves them."""
    replications: int
    """Of each end of a bar: those from which its swing is known."""
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
        results: by policy, first the one that the others are held against; of one seed, as assumed.
        replications: of each end of a range in the tornado; the split has as many as the results.
        jobs: processes; None: one a core.

    Raises:
        UsageError: there is no such policy, or no such figure of both.
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

    measure = measure_of(figure, channel, results[policy].desk, base.desk)
    sides = (_parts(results[name].summaries, measure, (channel, None)) for name in (policy, than))
    found = tornado(
        *pair, figure=figure, channel=channel, seed=seed, replications=replications, assumed=_difference(*sides),
        jobs=jobs, progress=lambda done, _: progress(done, len(first) + second),
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


def check_about(about: str, desk: Desk) -> None:
    """Whether assumptions can be weighed by a figure of a desk, written as in phone.service_level, or value.

    Raises:
        UsageError: there is no such measure or channel, or the measure is not of such a channel, or not of the desk.
    """
    channel, _, figure = about.rpartition(".")
    measure_of(figure, channel or None, desk)


def measure_of(figure: str, channel: str | None, *desks: Desk) -> Measure:
    """The measure of that name, if its parts add up over replications and each desk has it for that channel (None: for
    all together).

    Raises:
        UsageError: there is none, or not for that channel.
    """
    weighed = {each.name: each for each in MEASURES if each.parts is not None and each.kind is not Kind.MOMENT}
    if figure not in weighed:
        near = did_you_mean(figure, tuple(weighed))
        names = [measure.name if key[0] is None else f"{key[0]}.{measure.name}" for measure, key in headline(desks[0])]
        hint = near if near.endswith("?") else f"name one of {', '.join(names)}"
        raise UsageError(f"no assumption can be weighed by '{figure}'", hint)
    for desk in desks:
        _check_channel(weighed[figure], channel, desk)
    return weighed[figure]


def _check_channel(measure: Measure, channel: str | None, desk: Desk) -> None:
    """Raises `UsageError` where a desk has no such figure."""
    kinds = {each.name: kind_of(each) for each in desk.channels}
    of = [name for name, kind in kinds.items() if measure.channels and measure.fits(kind)]
    if channel is None:
        if only_by_channel(measure):
            hint = f"name one of {', '.join(f'{name}.{measure.name}' for name in of)}" if of else ""
            raise UsageError(f"{measure.name} is of a channel", hint)
    elif channel not in kinds:
        raise UsageError(f"there is no channel '{channel}'", did_you_mean(channel, tuple(kinds)))
    elif not measure.channels:
        raise UsageError(f"{measure.name} is of the whole desk", f"write {measure.name} without the channel")
    elif channel not in of:
        raise UsageError(f"{channel} has no {measure.name}", did_you_mean(channel, of))


# --- one at a time ----------------------------------------------------------------------------------------------------


def tornado(
    policy: Scenario,
    than: Scenario,
    *,
    figure: str = "value",
    channel: str | None = None,
    seed: int = 1,
    replications: int = REPLICATIONS,
    assumed: Estimate | None = None,
    jobs: int | None = None,
    progress: Progress = lambda done, total: None,
) -> tuple[Estimate, tuple[Bar, ...]]:
    """The difference of a figure, `policy` less `than`, as assumed, and at the ends of the range of each assumption.

    An end is at D + (d(end) − d): D the difference as assumed over all replications there are, d and d(end) those as
    assumed and at the end over the replications of the tornado. Most of the luck of these is in both of the latter and
    goes out, so that a few of them tell the swing; D says where it starts, as every other report of it does. The
    interval is the paired one of d(end) − d.

    What one of them says itself is known there, and moves only the other.

    Args:
        assumed: D; None: over the replications of the tornado.

    Raises:
        UsageError: there is no such figure of both.
    """
    pair = (policy, than)
    measure = measure_of(figure, channel, *map(lower.desk, pair))
    job = _Job(pair, measure.name, (channel, None), seed)
    tasks = _chunks(pair, replications)
    # by policy and assumption ("": none), then end, then replication
    found: dict[tuple[int, str, int], list[tuple[float, float]]] = {}
    for done, (task, parts) in enumerate(zip(tasks, _mapped(job, _ends, tasks, jobs), strict=True), 1):
        for key, part in parts.items():
            found.setdefault((task.policy, *key), []).append(part)
        progress(done, len(tasks))

    def sides(path: str, end: int) -> tuple[Floats, Floats]:
        ours, theirs = (np.array(found.get((number, path, end)) or found[number, "", 0]) for number in (0, 1))
        return ours, theirs

    before = sides("", 0)
    base = _difference(*before) if assumed is None else assumed
    bars = [
        Bar(unknown, *(_swung(base, before, sides(path, end)) for end in (0, 1)))
        for path, unknown in _of_both(pair).items()
    ]
    return base, tuple(sorted(bars, key=lambda bar: -bar.swing))


def _of_both(pair: Sequence[Scenario]) -> dict[str, Unknown]:
    """What is not known of either, by path; where both have it, as the second has it."""
    return {unknown.path: unknown for scenario in pair for unknown in unknowns(scenario)}


def _difference(ours: Floats, theirs: Floats) -> Estimate:
    """R_b − R_a of two ratios of sums on the same customers, with its interval from the paired influences
    u_r = (y_r − R·x_r) / x̄ (see `sim.differences`)."""
    common = min(len(ours), len(theirs))
    ours, theirs = ours[:common], theirs[:common]
    if not _observed(ours, theirs):
        return Estimate.not_observed(common)
    return _mean(_weighed(ours) - _weighed(theirs))


def _swung(base: Estimate, before: tuple[Floats, Floats], after: tuple[Floats, Floats]) -> Estimate:
    """The base plus what the difference of two ratios of sums moves by, with the paired interval of that."""
    runs = len(before[0])
    if base.value is None or not _observed(*before, *after):
        return Estimate.not_observed(runs)
    one, other = (_weighed(ours) - _weighed(theirs) for ours, theirs in (before, after))
    swing = _mean(other - one)
    value, low, high = (None if each is None else base.value + each for each in (swing.value, swing.low, swing.high))
    return replace(swing, value=value, low=low, high=high)


def _observed(*sides: Floats) -> bool:
    return all(parts[:, 1].sum() > 0 for parts in sides)


def _mean(values: Floats) -> Estimate:
    return ratio(values, np.ones(len(values)), least=-math.inf)


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
    """Every headline figure that all have, split: of each policy, then of each less the first. Value means something as
    a difference only.

    Args:
        assumed, drawn: replications by policy, as assumed and with everything drawn; those of a policy that is missing
            in `drawn` are split without.
    """
    first = next(iter(assumed))
    found = []
    for measure, key in headline(desk):
        if any(key not in runs[0].parts[measure.name] for runs in assumed.values()):
            continue
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
    parts = _parts(summaries, measure, key)
    above, below = parts.T
    alone = np.divide(above, below, out=np.full(len(parts), np.nan), where=below > 0)
    weighed = _weighed(parts) if below.sum() > 0 else np.full(len(parts), np.nan)
    return np.stack((alone, weighed))


def _parts(summaries: Sequence[Summary], measure: Measure, key: Key) -> Floats:
    """Numerator and denominator, a row a replication."""
    return np.array([summary.parts[measure.name][key] for summary in summaries], dtype=np.float64)


def _split(measure: Measure, key: Key, policy: str, than: str, assumed: Floats, drawn: Floats | None) -> Split | None:
    """The split of one figure; None where it is not observed."""
    weeks, weighed = assumed[0][np.isfinite(assumed[0])], assumed[1]
    if not len(weeks) or not np.isfinite(weighed).all():
        return None
    mean = _mean(weighed)
    assert mean.value is not None
    error = (mean.value, mean.value) if mean.low is None or mean.high is None else (mean.low, mean.high)
    name = measure.name if key[0] is None else f"{key[0]}.{measure.name}"
    over, both = (None, None) if drawn is None else over_assumptions(assumed[0], drawn[0])
    return Split(name, policy, than, mean.value, error, _range(weeks), over, both)


def over_assumptions(weeks: Floats, drawn: Floats) -> tuple[tuple[float, float] | None, tuple[float, float] | None]:
    """The range over assumptions, and of single weeks with all drawn.

    s²(assumptions) = s²(all drawn) − s²(as assumed); with q(p) the quantile of the weeks with all drawn and m their
    mean, the range is m + (q(p) − m) · s(assumptions) / s(all drawn), for p = 10 and 90 %. It is m alone where drawing
    changes no week, and None where s²(all drawn) is not clearly the larger (`_varies_more`). Both are None where fewer
    than 3 replications observed the figure.

    Args:
        weeks, drawn: the same replications as assumed and with all drawn, one number each; NaN where not observed.
    """
    seen = np.isfinite(weeks) & np.isfinite(drawn)
    weeks, drawn = weeks[seen], drawn[seen]
    if len(drawn) < 3:
        return None, None
    mean, (low, high) = float(drawn.mean()), _range(drawn)
    if np.allclose(weeks, drawn):
        return (mean, mean), (low, high)
    if not _varies_more(drawn, weeks):
        return None, (low, high)
    share = math.sqrt(1 - weeks.var() / drawn.var())
    return (mean + (low - mean) * share, mean + (high - mean) * share), (low, high)


def _varies_more(one: Floats, other: Floats) -> bool:
    """Whether the variance of one of two paired samples is the larger, one-sided at 5 %.

    Pitman (1939, Biometrika 31, 9–12) and Morgan (same volume, 13–19): of n pairs from a normal distribution with equal
    variances, t = (s₁² − s₂²) · √(n − 2) / (2 · √(s₁²·s₂² − c²)) has Student's distribution with n − 2 degrees of
    freedom, c their covariance. An F-test takes the samples as independent. The luck that they share makes it too
    careful: correlated by 0.9, equal variances of 30 pairs fail it in 0.03 % of all cases rather than in 5 %, and it
    misses as much more of what there is.
    """
    spreads, degrees = np.cov(one, other), len(one) - 2
    more = spreads[0, 0] - spreads[1, 1]
    unshared = math.sqrt(max(0.0, spreads[0, 0] * spreads[1, 1] - spreads[0, 1] ** 2))
    return bool(more > 0 and more * math.sqrt(degrees) >= 2 * student_quantile(degrees, 1 - 2 * LEVEL) * unshared)


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
