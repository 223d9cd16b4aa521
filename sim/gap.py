"""Erlang beside the simulation: how many agents each asks for, interval by interval, and what makes the difference.

**The simulated requirement** of an interval is the least number of agents with which the simulation meets the channel's
target in it. The desk is simulated at levels base + k, all intervals shifted together, the base being Erlang A's
requirement, with at least one agent while the channel is open; every k meets the same customers with the same luck, and
only as many k are tried as it takes. The requirement is base + k*, where k* is the least k from which on, among those
tried, the share answered in time, of all offered in the interval over all replications, meets the target. Agents are
whole: nothing is interpolated. What is varied is the level of the groups that answer the channel first (several share
it out as they are scheduled; people with shifts count as agents, all there); whatever else these do, and whoever helps,
stays as it is.

The weakness of it: the neighbours of an interval are staffed as generously as itself, relative to Erlang, so a queue
carried over from an interval that needs more than the rest is smaller or larger than a plan by interval would make it.
And an interval is judged by what it saw: one with fewer than `FEWEST` contacts in all replications together is left out
everywhere (NaN), and one with a few hundred may be an agent off, either way; the sum over a week is far better known.

**The switches** take one thing out of the simulation that Erlang does not know (Erlang A knows of abandonment), the
others staying, on the channel alone but for peaks:

    abandonment   patience is endless
    redials       nobody redials or reconnects. As many come as Erlang was given: issues are raised interval by
                  interval, for else a lower load, which Erlang has to carry all the same, would hide what repeats do
    peaks         days and hours are as busy as forecast, no surges: Poisson about the same mean of each weekday
    concurrency   each of an agent's hands is an agent, as Erlang counts them, and a contact takes what it took in the
                  mean, however many are in hand; on other work a hand is as many times slower as there were hands
    sharing       the groups of the channel answer nothing else, and nobody helps them

What a thing adds is the requirement less that without it. With all of them off at once, Erlang's own world remains but
for demand that changes, queues carried from one interval to the next, limited lines, the policies of the scenario and
handle times that are not exponential: `left` is that requirement less Erlang C's. What the parts together do beyond
their sum is `together`, so that Erlang C + left + Σ parts + together = simulated.

Intervals are over replications, by bootstrap: whole replications are drawn with replacement, the same ones for all that
is compared, and a half width is t times the standard deviation of the resampled sums, times √(n/(n − 1)) for n
replications, as a resample varies too little by that factor. Erlang's mean handle time is held in a resample.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from sim.attendance import attended
from sim.clock import DAY, HOLIDAY, Piece, Week
from sim.desk import NOWHERE, ONE, RATE, Desk, Group
from sim.erlang import agents_needed
from sim.estimate import t_quantile
from sim.measures.cohort import Cohort
from sim.measures.work import edges, handle_ticks, level_at
from sim.measures.workload import scheduled
from sim.policies.response import AnswerAll
from sim.population.draw import Population, draw
from sim.scenario import lower
from sim.scenario.check import expected_issues
from sim.scenario.rates import week_of
from sim.scenario.read import Scenario
from sim.scenario.words import AgainRule
from sim.schemas import NEVER, TICKS_PER_SECOND, Cause, Outcome
from sim.simulate.centre import Centre
from sim.simulate.engine import Run, contacts_table, simulate
from sim.tables import Array, Floats, Table
from sim.units import HOUR, say_duration
from sim.workers import pool

SWITCHES = ("abandonment", "redials", "peaks", "concurrency", "sharing")
LEFT, TOGETHER, BARE = "left", "together", "bare"
FEWEST = 20
"""Contacts of an interval, over all replications, below which it is not judged."""
OFFSETS = tuple(range(-3, 4))
"""Levels about the base that are tried first …"""
MORE, MOST = 3, 40
"""… how many more at a time, and how far from the base at most."""
BATCH = 2
"""Replications of a task."""
RESAMPLES = 200
LEAST_RUNS, MOST_RUNS = 10, 60
"""Replications where no number is given: as few as that, and more for quiet intervals …"""
WORTH = 0.5
"""… in which so many contacts come in the mean of the first of them."""
SMALL = 100_000
"""Issues in all first runs of one setting, below which starting processes costs more than it saves."""

Bools = npt.NDArray[np.bool_]
Progress = Callable[[int, int], None]
Task = TypeVar("Task")
Found = TypeVar("Found")


@dataclass(frozen=True)
class Need:
    """What a channel needs: agents by interval, NaN where it is not judged; agent-hours over the run, with their 95 %
    interval, NaN of one replication."""

    agents: Floats
    hours: float
    low: float
    high: float


@dataclass(frozen=True)
class Part:
    """Agent-hours that something adds to what Erlang C asks for: one of `SWITCHES`, `TOGETHER` or `LEFT`."""

    name: str
    hours: float
    low: float
    high: float


@dataclass(frozen=True)
class ChannelGap:
    """One live channel. Arrays are by interval of the measured time."""

    channel: str
    share: float
    within: float
    """The target: this share within so many seconds."""
    at_once: int
    starts: Floats
    """Seconds after the start of the scenario."""
    offered: Floats
    """Contacts, mean over replications: what Erlang is given."""
    scheduled: Floats
    """Agents of the groups that answer the channel first, mean of the interval."""
    scheduled_hours: float
    """Agent-hours of those in the intervals that are judged."""
    erlang_c: Need
    erlang_a: Need
    simulated: Need
    without: Mapping[str, Need]
    """By switch that matters here, the simulated requirement with it off; in the order of `SWITCHES`."""
    bare: Need
    """The simulated requirement with all of them off."""
    gap: Part
    """The simulated requirement less Erlang C's."""
    parts: tuple[Part, ...]
    """What makes up the gap: the switches, then `TOGETHER`, then `LEFT`."""
    changes: Mapping[str, tuple[str, ...]]
    """By switch, what it sets: as one types it after ``--set`` where that can be, else in words."""
    beyond: int
    """Intervals that need more than the highest level tried, under any of the switches."""
    quiet: Bools = field(default_factory=lambda: np.zeros(0, dtype=bool))
    """Intervals too quiet to judge, though the channel is open and something is offered or somebody scheduled."""
    quiet_hours: float = 0.0
    """Agent-hours scheduled in those."""

    @property
    def left(self) -> float:
        """Agent-hours that no switch explains."""
        return self.parts[-1].hours

    @property
    def judged(self) -> Bools:
        return np.isfinite(self.simulated.agents)

    @property
    def busiest(self) -> int:
        """The interval with most contacts of those that are judged."""
        return int(np.argmax(np.where(self.judged, self.offered, -1.0)))


@dataclass(frozen=True)
class Gap:
    """Erlang beside the simulation for every live channel of a scenario."""

    scenario: str
    variant: str | None
    starts: datetime
    """When the first interval starts, with its zone."""
    interval: int
    """Seconds."""
    seed: int
    replications: int
    simulated: int
    """Runs of the desk that it took."""
    channels: tuple[ChannelGap, ...]
    skipped: tuple[str, ...] = ()
    """Live channels on which too little is offered, or that no group answers."""

    def at(self, number: int) -> datetime:
        """When an interval starts, by the desk's clock."""
        after = timedelta(seconds=number * self.interval)
        return (self.starts.astimezone(UTC) + after).astimezone(self.starts.tzinfo)


def gap(
    scenario: Scenario,
    *,
    seed: int = 1,
    replications: int | None = None,
    jobs: int | None = None,
    progress: Progress = lambda done, total: None,
) -> Gap:
    """What Erlang and the simulation ask for on each live channel, and what makes the difference.

    Args:
        replications: of each level; None: `LEAST_RUNS`, or as many more, up to `MOST_RUNS`, as it takes to judge every
            open interval in which `WORTH` contacts come in the mean of the first `LEAST_RUNS`.
        jobs: processes; None: one a core, or one for a small scenario. Nothing but the time depends on it.
        progress: told how many tasks are done, of how many known so far.
    """
    desk = lower.desk(scenario)
    with _workers(scenario, replications, jobs) as executor:
        work = _Work(executor, progress)
        runs = _looked(scenario, desk, seed, replications, work)
        replications = len(runs)
        seen = _Seen.of(runs)
        studies = [_Study(scenario, desk, seen, code) for code in range(len(desk.channels)) if _people_wait(desk, code)]
        worth = [study for study in studies if study.own and study.judged.any()]
        searches = [_Search(setting, study) for study in worth for setting in study.settings()]
        _search(searches, work, seed, replications)
    by_channel = {
        study.code: {search.setting.name: search for search in searches if search.study is study} for study in worth
    }
    return Gap(
        scenario=scenario.name,
        variant=scenario.variant,
        starts=lower.calendar(scenario).local(0.0),
        interval=desk.interval // TICKS_PER_SECOND,
        seed=seed,
        replications=replications,
        simulated=replications * (1 + sum(len(search.offsets) for search in searches)),
        channels=tuple(_channel_gap(study, by_channel[study.code], replications) for study in worth),
        skipped=tuple(study.channel.name for study in studies if study not in worth),
    )


def _people_wait(desk: Desk, code: int) -> bool:
    return desk.channels[code].live and not desk.channels[code].automatic


# --- the grid: intervals from the first of the run-in to the last that is measured -----------------------------------


def _before(desk: Desk) -> int:
    """Intervals of the run-in."""
    return -(desk.starts // desk.interval)


def _grid(desk: Desk) -> Array:
    """The tick at which each starts; the first may start before the desk."""
    return np.arange(-_before(desk), desk.intervals) * desk.interval


def _open(desk: Desk, code: int) -> Bools:
    """Whether the channel is open in any part of each interval."""
    grid, spans = _grid(desk), desk.channels[code].open
    if spans is None:
        return np.ones(len(grid), dtype=bool)
    found = np.zeros(len(grid), dtype=bool)
    for begin, end in spans:
        found |= (grid < end) & (grid + desk.interval > begin)
    return found


# --- the desk as it is: what Erlang is given -------------------------------------------------------------------------


def _looked(
    scenario: Scenario, desk: Desk, seed: int, replications: int | None, work: _Work
) -> list[tuple[Floats, Floats]]:
    """The desk as it is scheduled: so many replications, or as many as its quiet intervals take."""
    found: list[tuple[Floats, Floats]] = []
    wanted = replications or LEAST_RUNS
    while len(found) < wanted:
        found += work.over(_as_scheduled, [(scenario, desk, seed, number) for number in range(len(found), wanted)])
        if replications is None:
            wanted = _enough(desk, np.stack([counts[0] for counts, _ in found]))
    return found


def _enough(desk: Desk, offered: Floats) -> int:
    """Replications it takes to judge the intervals that are worth it, by what came in those so far; contacts by
    replication, channel and interval of the grid."""
    runs = len(offered)
    short = offered[:LEAST_RUNS].mean(0) >= WORTH
    short &= offered.sum(0) < FEWEST
    short &= np.stack([_people_wait(desk, code) & _open(desk, code) for code in range(len(desk.channels))])
    fewest = offered.sum(0)[:, _before(desk) :][short[:, _before(desk) :]].min(initial=FEWEST)
    return min(max(runs, math.ceil(runs * FEWEST / float(fewest))), MOST_RUNS)


@dataclass(frozen=True)
class _Seen:
    """Of the desk as it is scheduled: counts by replication, channel and interval of the grid; handle times in seconds
    by channel, over all replications."""

    offered: Floats
    own: Floats
    """Of these, contacts of the channel's own issues, less …"""
    again: Floats
    """… those who come back after a contact on it."""
    issues: Floats
    """Issues that arise."""
    handle_time: Floats
    alone: Floats
    """What it would be, one contact at a time."""

    @classmethod
    def of(cls, runs: Sequence[tuple[Floats, Floats]]) -> _Seen:
        counts = np.stack([counts for counts, _ in runs])
        times = np.sum([times for _, times in runs], axis=0)
        usual, alone = times[:, 0] / np.maximum(times[:, 1], 1)
        return cls(counts[:, 0], counts[:, 1], counts[:, 2], counts[:, 3], usual, alone)


def _as_scheduled(task: tuple[Scenario, Desk, int, int]) -> tuple[Floats, Floats]:
    """One replication of the desk as it is: the counts of `_Seen`, by channel and interval of the grid; and seconds of
    handle time and how many contacts they are of, by channel, as it is and one contact at a time."""
    scenario, desk, seed, number = task
    there = attended(desk, seed, number)
    population = draw(scenario, seed, number)
    run = simulate(there, population)
    usual = alone = _handled(there, run)
    if most := max(channel.at_once for channel in desk.channels) - 1:
        single = _one_at_a_time(there, range(len(desk.channels)), 1 + most)
        alone = _handled(single, simulate(single, population))
    contacts, issues = run.contacts, population.issues
    # who comes back does so by the rule of the channel they were on before
    same = np.append(False, (np.diff(contacts["issue"]) == 0) & (np.diff(contacts["channel"]) == 0))
    again = same[: len(contacts)] & np.isin(contacts["cause"], (Cause.REDIAL, Cause.RECONNECT))
    own = (issues["channel"][contacts["issue"]] == contacts["channel"]) & ~again
    offered = (contacts["outcome"] != Outcome.TURNED_AWAY) & (contacts["offered"] < desk.horizon)
    arisen = np.maximum(issues["arrival"], desk.starts)
    shape = (len(desk.channels), len(_grid(desk)))

    def count(channel: Array, moments: Array) -> Floats:
        cell = channel * shape[1] + moments // desk.interval + _before(desk)
        return np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)

    counts = [
        *(
            count(contacts["channel"][chosen], contacts["offered"][chosen])
            for chosen in (offered, offered & own, offered & again)
        ),
        count(issues["channel"], arisen),
    ]
    return np.stack(counts), np.stack((usual, alone))


def _handled(desk: Desk, run: Run) -> Floats:
    """Seconds of handle time, and how many contacts they are of, by channel; shape (2, channels)."""
    cohort = Cohort(run.contacts, desk, run.capped, run.spells)
    ticks, channel = handle_ticks(cohort), cohort.rows["channel"]
    known, size = ticks != NEVER, len(desk.channels)
    return np.stack(
        [np.bincount(channel[known], cohort.seconds(ticks)[known], size), np.bincount(channel[known], minlength=size)]
    ).astype(np.float64)


def _one_at_a_time(desk: Desk, codes: Iterable[int], hands: int) -> Desk:
    """The desk with one contact at a time on some channels, and so many agents for each that there is."""
    return replace(
        desk,
        channels=tuple(
            replace(channel, rates=(RATE,)) if code in codes else channel for code, channel in enumerate(desk.channels)
        ),
        groups=tuple(
            replace(
                group,
                levels=tuple((tick, level * hands) for tick, level in group.levels),
                people=tuple(person for person in group.people for _ in range(hands)),
            )
            for group in desk.groups
        ),
    )


# --- one channel, and what is switched off ---------------------------------------------------------------------------


@dataclass(frozen=True)
class _Setting:
    """A desk with some switches off, whose `own` groups are still to be staffed; `base` is by interval of the grid,
    `there` what is scheduled of these groups, by group and interval. Only contacts of `channels` matter to it."""

    name: str
    scenario: Scenario
    desk: Desk
    code: int
    own: tuple[int, ...]
    channels: tuple[int, ...]
    base: Array
    there: Array
    open: Bools
    hands: int = 1
    """Agents of the desk that are one of the base."""

    def staffed(self, offset: int) -> Desk:
        """The desk at that many agents more than the base."""
        levels = np.where(self.open, _shared_out(np.maximum(self.base + offset, 1), self.there), self.there)
        # who waits at closing is served: the last to be there stay for one more interval
        closing = np.flatnonzero(~self.open[1:] & self.open[:-1]) + 1
        levels[:, closing] = np.maximum(levels[:, closing], levels[:, closing - 1])
        levels *= self.hands
        groups: list[Group] = list(self.desk.groups)
        for row, number in enumerate(self.own):
            steps = zip(np.maximum(_grid(self.desk), self.desk.starts).tolist(), levels[row].tolist(), strict=True)
            groups[number] = replace(groups[number], levels=tuple(steps), paid=None, people=(), absent=0)
        return replace(self.desk, groups=tuple(groups))


def _shared_out(total: Array, weights: Array) -> Array:
    """A number of agents by interval as whole agents of each group, in proportion to weights (equally where these are
    all 0), the largest remainders first; shape of the weights, (groups, intervals)."""
    parts = np.where(weights.sum(0) > 0, weights, 1)
    exact = total * parts / parts.sum(0)
    whole = np.floor(exact).astype(np.int64)
    places = np.argsort(np.argsort(whole - exact, axis=0, kind="stable"), axis=0)
    return np.asarray(whole + (places < total - whole.sum(0)))


class _Study:
    """One channel of a desk: what Erlang asks for, and the settings under which it is simulated."""

    def __init__(self, scenario: Scenario, desk: Desk, seen: _Seen, code: int) -> None:
        self.scenario, self.desk, self.seen, self.code = scenario, desk, seen, code
        self.channel = desk.channels[code]
        self.queues = {queue for queue, of in enumerate(desk.channel_of_queue) if of == code}
        first, then = (
            tuple(group for group, queues in enumerate(answers) if self.queues.intersection(queues))
            for answers in (desk.answers_first, desk.answers_then)
        )
        self.own = first or then
        self.offered = seen.offered[:, code, _before(desk) :]
        self.open = _open(desk, code)[_before(desk) :]
        self.judged: Bools = (self.offered.sum(0) >= FEWEST) & self.open
        self.lasts = np.diff(edges(desk)) / TICKS_PER_SECOND

    def erlang(self, *, abandoning: bool) -> Callable[[Floats, Floats], Floats]:
        """Erlang A or C as in `sim.measures.intervals`: agents of offered contacts and seconds."""
        channel, patience = self.channel, None
        share, within = min(channel.target.share, 0.9999), channel.target.within / TICKS_PER_SECOND
        handle_time = float(self.seen.handle_time[self.code])
        if abandoning and channel.patience is not None:
            patience = max(channel.patience, 1 / TICKS_PER_SECOND)

        @cache
        def needed(rate: float) -> float:
            slots = agents_needed(rate, handle_time, share=share, within=within, patience=patience)
            return float(-(-slots // channel.at_once))

        def of(contacts: Floats, lasts: Floats) -> Floats:
            rates = np.asarray(contacts / lasts)
            return np.array([needed(rate) for rate in rates.ravel().tolist()]).reshape(rates.shape)

        return of

    def settings(self) -> Iterator[_Setting]:
        """The channel as it is (""), with each switch off that matters, and, of several, with all of them off."""
        desk, open_ = self.desk, _open(self.desk, self.code)
        mean = self.seen.offered[:, self.code].mean(0)
        asked = self.erlang(abandoning=True)(mean, np.full(len(mean), desk.interval / TICKS_PER_SECOND))
        there = np.stack([level_at(desk.groups[number], _grid(desk)) for number in self.own])
        switches = tuple(self.changes)
        together = {BARE: switches} if len(switches) > 1 else {}
        for name, off in {"": (), **{name: (name,) for name in switches}, **together}.items():
            scenario = self._scenario(off)
            switched = self._desk(scenario, off)
            yield _Setting(
                name, scenario, switched, self.code, self.own, _linked(switched, self.code),
                np.where(open_, np.maximum(asked, 1.0), 0.0).astype(np.int64), there, open_,
                self.channel.at_once if "concurrency" in off else 1,
            )  # fmt: skip

    @property
    def changes(self) -> dict[str, tuple[str, ...]]:
        """What each switch that matters here sets."""
        spec, name, desk = self.scenario.spec, self.channel.name, self.desk
        channel, demand, drawn = spec.channels[name], spec.demand, self.scenario.log is None
        found: dict[str, tuple[str, ...]] = {}
        if self.channel.patience is not None:
            found["abandonment"] = (f"channels.{name}.patience=endless",)
        if drawn and (channel.redial.chance or channel.reconnect.chance):
            found["redials"] = (
                f"channels.{name}.redial=no", f"channels.{name}.reconnect=no",
                "so many more issues in each interval that as many contacts come",
            )  # fmt: skip
        if drawn and (demand.day_shape or demand.busy_hours or demand.surges):
            surges = (f"no {' and no '.join(demand.surges)}",) if demand.surges else ()
            found["peaks"] = (
                "demand.busy_days=0", "demand.busy_hours=0", *surges, "as many issues on each weekday as there were"
            )  # fmt: skip
        if self.channel.at_once > 1:
            found["concurrency"] = (
                f"channels.{name}.at_once=1", f"{self.channel.at_once} agents for each, who take "
                f"{say_duration(float(self.seen.handle_time[self.code]))} for a contact in the mean",
            )  # fmt: skip
        if self._shares():
            names = " and ".join(desk.groups[number].name for number in self.own)
            found["sharing"] = (f"{names} answer{'s' * (len(self.own) == 1)} nothing but {name}, and nobody else does",)
        return found

    def _shares(self) -> bool:
        beside = [set(self.desk.answers[number]) - self.queues for number in self.own]
        return any(beside) or set(self.desk.answering(self.code)) != set(self.own)

    def _scenario(self, off: Sequence[str]) -> Scenario:
        """What concerns customers, switched off in the scenario."""
        spec, name, changes = self.scenario.spec, self.channel.name, dict[str, Any]()
        if "abandonment" in off:
            changes["patience"] = None
        if "redials" in off:
            changes |= {"redial": AgainRule(0.0, 0.0), "reconnect": AgainRule(0.0, 0.0)}
        if "redials" in off or "peaks" in off:
            own = type(spec.channels[name].counts)(offered=False)
            changes |= {"rate": self._rate(off), "volume": None, "counts": own}
        if "peaks" in off:
            flat: dict[str, Any] = {"busy_days": 0.0, "forecast_error": None, "busy_hours": 0.0, "surges": {}}
            spec = spec.model_copy(update={"demand": spec.demand.model_copy(update=flat)})
        if not changes:
            return self.scenario
        channel = spec.channels[name].model_copy(update=changes)
        spec = spec.model_copy(update={"channels": {**spec.channels, name: channel}})
        # counted contacts became issues with the patience that the scenario had
        return replace(self.scenario, spec=spec, base=self.scenario.base or self.scenario.spec)

    def _rate(self, off: Sequence[str]) -> Week:
        """The rate of issues over a week, so that what is switched off leaves the mean that Erlang is given."""
        scenario, name = self.scenario, self.channel.name
        counted = lower.counted(scenario)
        week = counted[name].week if name in counted else week_of(scenario.spec, name)
        days, step = lower.calendar(scenario), self.desk.interval // TICKS_PER_SECOND
        moments = (edges(self.desk)[:-1] / TICKS_PER_SECOND).tolist()
        local = [days.local(moment) for moment in moments]
        kinds = np.array([days.kind(days.day(moment)) for moment in moments])
        slots = np.array([(at.hour * 3600 + at.minute * 60 + at.second) // step for at in local])
        inside = slice(_before(self.desk), None)
        seen = (self.seen.own, self.seen.again, self.seen.issues)
        own, again, issues = (counts[:, self.code, inside].sum(0) for counts in seen)
        factors = np.ones((8, -(-DAY // step)))
        if "redials" in off:
            factors *= 1 + _ratio(again, own, (kinds, slots), factors.shape)
        if "peaks" in off:
            forecast = lower.rates(scenario)[self.code].integral(edges(self.desk) / TICKS_PER_SECOND)
            by_day = (kinds, np.zeros_like(kinds))
            factors *= _ratio(issues, forecast * len(seen[0]), by_day, (8, 1))
        return _times(week, factors, step)

    def _desk(self, scenario: Scenario, off: Sequence[str]) -> Desk:
        """What concerns agents, switched off in the desk. The others' staff stays, whatever a policy would make of the
        demand."""
        lowered = self.desk if scenario is self.scenario else lower.desk(scenario)
        # nothing of a live contact's target is left to see after that
        ends = self.desk.horizon + self.channel.target.within + self.desk.interval
        ends = self.desk.ends if self.channel.target.business else min(self.desk.ends, ends)
        desk = replace(lowered, groups=self.desk.groups, ends=ends)
        if "concurrency" in off:
            desk = self._by_hand(desk)
        if "sharing" in off:
            first, then = (
                tuple(
                    tuple(queue for queue in queues if (queue in self.queues) == (group in self.own))
                    for group, queues in enumerate(answers)
                )
                for answers in (desk.answers_first, desk.answers_then)
            )
            desk = replace(desk, answers_first=first, answers_then=then)
        return desk

    def _by_hand(self, desk: Desk) -> Desk:
        """A desk with an agent for every hand, in the groups that answer the channel."""
        hands, answering = self.channel.at_once, desk.answering(self.code)
        pace = float(self.seen.alone[self.code] / self.seen.handle_time[self.code])
        single = _one_at_a_time(desk, (self.code,), hands)

        def slower(group: Group) -> Group:
            usual = group.speed or (ONE,) * len(desk.channel_of_queue)
            paces = (pace if queue in self.queues else 1 / hands for queue in range(len(usual)))
            return replace(group, speed=tuple(round(each * by) for each, by in zip(usual, paces, strict=True)))

        groups = enumerate(zip(desk.groups, single.groups, strict=True))
        return replace(single, groups=tuple(slower(more) if n in answering else as_is for n, (as_is, more) in groups))


def _ratio(above: Floats, below: Floats, place: tuple[Array, Array], shape: tuple[int, int]) -> Floats:
    """Σ above / Σ below by time of the week; where nothing is below, that of all."""
    sums = np.zeros((2, *shape))
    for total, counts in zip(sums, (above, below), strict=True):
        np.add.at(total, place, counts)
    whole = float(above.sum() / below.sum()) if below.sum() > 0 else 1.0
    return np.where(sums[1] > 0, sums[0] / np.where(sums[1] > 0, sums[1], 1.0), whole)


def _times(week: Week, factors: Floats, step: int) -> Week:
    """A week whose every value is multiplied by the factor of its day and time, in steps of so many seconds."""

    def cut(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
        return tuple(
            Piece(
                piece.weekday, max(piece.start, slot * step), min(piece.end, (slot + 1) * step),
                piece.value * float(factors[piece.weekday, slot]),
            )
            for piece in pieces
            for slot in range(piece.start // step, -(-piece.end // step))
        )  # fmt: skip

    return Week(cut(week.pieces), cut(week.on(HOLIDAY)))


def _linked(desk: Desk, code: int) -> tuple[int, ...]:
    """The channels whose contacts can matter to one: answered by the same agents, or passed on from one to another."""
    if not isinstance(desk.response, AnswerAll):
        return tuple(range(len(desk.channels)))
    links = [{desk.channel_of_queue[queue] for queue in queues} for queues in desk.answers]
    for number, channel in enumerate(desk.channels):
        to = (channel.closed, channel.front, channel.escalates, channel.transfers, channel.elsewhere, channel.public)
        links.append({number, *(other for other in to if other > NOWHERE)})
    found = {code}
    for _ in desk.channels:
        found = found.union(*(link for link in links if link & found))
    return tuple(sorted(found))


# --- the search ------------------------------------------------------------------------------------------------------


@dataclass
class _Search:
    """The levels of one setting tried so far: offsets in order, and contacts offered and answered in time, each of
    shape (replications, offsets, intervals)."""

    setting: _Setting
    study: _Study
    offsets: list[int] = field(default_factory=list)
    offered: Floats = field(default_factory=lambda: np.zeros((0, 0, 0)))
    in_time: Floats = field(default_factory=lambda: np.zeros((0, 0, 0)))

    def learn(self, offsets: Sequence[int], counts: Floats) -> None:
        """Take in what was simulated; counts of shape (replications, 2, offsets, intervals)."""
        every = [*self.offsets, *offsets]
        order = np.argsort(every)
        both = [self.offered, self.in_time]
        for n in (0, 1):
            both[n] = np.concatenate((both[n], counts[:, n]), axis=1)[:, order] if self.offsets else counts[:, n]
        self.offered, self.in_time = both
        self.offsets = sorted(every)

    def wants(self) -> list[int]:
        """Levels to try next; none where the needed one is known in every interval."""
        if not self.offsets:
            return list(OFFSETS)
        low, high = self.offsets[0], self.offsets[-1]
        met, judged = self._met(np.ones((1, len(self.offered))))[0], self.study.judged
        lower_too = met.all(0) & judged & (self._base + low > 1)
        below = range(max(low - MORE, -MOST), low) if lower_too.any() else ()
        above = range(high + 1, min(high + MORE, MOST) + 1) if (~met[-1] & judged).any() else ()
        return [*below, *above]

    def needed(self, weights: Floats) -> Floats:
        """Agents by interval for each row of weights on the replications; NaN where not judged. Where even the highest
        level tried is not enough, one more than that."""
        met = self._met(weights)
        # how many of the highest levels are enough, without a gap
        enough = np.cumprod(met[:, ::-1], axis=1).sum(1)
        levels = np.array([*self.offsets, self.offsets[-1] + 1])
        agents = np.maximum(self._base + levels[len(self.offsets) - enough], 1)
        return np.where(self.study.judged, agents, np.nan)

    @property
    def beyond(self) -> Bools:
        """Intervals that need more than was tried."""
        highest: Bools = self._met(np.ones((1, len(self.offered))))[0, -1]
        return ~highest & self.study.judged

    @property
    def _base(self) -> Array:
        return self.setting.base[_before(self.setting.desk) :]

    def _met(self, weights: Floats) -> Bools:
        """Whether the target is met; shape (rows of weights, offsets, intervals)."""
        share = self.setting.desk.channels[self.setting.code].target.share
        spare: Floats = np.tensordot(weights, self.in_time - share * self.offered, axes=1)
        met: Bools = spare >= -1e-9
        return met


def _search(searches: Sequence[_Search], work: _Work, seed: int, replications: int) -> None:
    """Try levels until every interval of every setting has its own between two that were tried."""
    batches = [range(first, min(first + BATCH, replications)) for first in range(0, replications, BATCH)]
    while wanted := [(search, offsets) for search in searches if (offsets := search.wants())]:
        tasks = [(search.setting, offsets, seed, batch) for search, offsets in wanted for batch in batches]
        found = work.over(_at_levels, tasks)
        for search, offsets in wanted:
            search.learn(offsets, np.concatenate([next(found) for _ in batches]))


def _at_levels(task: tuple[_Setting, Sequence[int], int, Sequence[int]]) -> Floats:
    """Contacts offered and answered in time; shape (replications, 2, offsets, intervals)."""
    setting, offsets, seed, numbers = task
    desks = [setting.staffed(offset) for offset in offsets]
    found = []
    for number in numbers:
        population = draw(setting.scenario, seed, number)
        arrivals = _arrivals(population, setting.channels)
        counts = [_played(setting, attended(desk, seed, number), population, arrivals) for desk in desks]
        found.append(np.stack(counts, axis=1))
    return np.stack(found)


def _arrivals(population: Population, channels: Sequence[int]) -> list[tuple[int, int]]:
    """Tick and number of the issues of some channels, in order: the others never arise. As luck is by number, nothing
    changes for those that do."""
    chosen = np.flatnonzero(np.isin(population.issues["channel"], channels))
    return sorted(zip(population.issues["arrival"][chosen].tolist(), chosen.tolist(), strict=True))


def _played(setting: _Setting, desk: Desk, population: Population, arrivals: list[tuple[int, int]]) -> Floats:
    """One replication at one level: contacts offered and answered in time by interval; shape (2, intervals)."""
    centre = Centre(desk, arrivals, population.issues, population.fates())
    centre.run()
    contacts: Table = contacts_table(centre, population.issues)
    cohort = Cohort(contacts.where(contacts["channel"] == setting.code), desk)
    offered = ~cohort.outcome(Outcome.TURNED_AWAY)
    at = cohort.rows["offered"] // desk.interval
    return np.stack(
        [np.bincount(at[chosen], minlength=desk.intervals) for chosen in (offered, cohort.within & offered)]
    ).astype(np.float64)


class _Work:
    """Tasks, over processes if there are several, in their order; counts what is done."""

    def __init__(self, executor: Executor | None, progress: Progress) -> None:
        self._map: Callable[..., Iterable[Any]] = map if executor is None else executor.map
        self._progress = progress
        self._done = self._total = 0

    def over(self, function: Callable[[Task], Found], tasks: Sequence[Task]) -> Iterator[Found]:
        self._total += len(tasks)
        for found in self._map(function, tasks):
            self._done += 1
            self._progress(self._done, self._total)
            yield found


def _workers(scenario: Scenario, replications: int | None, jobs: int | None) -> AbstractContextManager[Executor | None]:
    if jobs is None:
        size = len(scenario.log) if scenario.log is not None else expected_issues(scenario.spec)
        jobs = 1 if size * (replications or LEAST_RUNS) * len(OFFSETS) < SMALL else os.cpu_count() or 1
    return pool(jobs) if jobs > 1 else nullcontext()


# --- what comes of it ------------------------------------------------------------------------------------------------


def _channel_gap(study: _Study, searches: Mapping[str, _Search], runs: int) -> ChannelGap:
    weights = _weights(runs)
    contacts = weights @ study.offered / runs
    asked = {
        name: np.where(study.judged, study.erlang(abandoning=abandoning)(contacts, study.lasts), np.nan)
        for name, abandoning in (("erlang_c", False), ("erlang_a", True))
    }
    agents = asked | {name: search.needed(weights) for name, search in searches.items()}
    agents.setdefault(BARE, agents[next(iter(study.changes), "")])
    hours = {name: np.nan_to_num(each) @ study.lasts / HOUR for name, each in agents.items()}
    needs = {name: Need(each[0], *_estimate(hours[name], runs)) for name, each in agents.items()}
    added = {name: hours[""] - hours[name] for name in study.changes}
    total = hours[""] - hours["erlang_c"]
    left = hours[BARE] - hours["erlang_c"]
    parts = {**added, TOGETHER: total - left - sum(added.values()), LEFT: left}
    there = scheduled(study.desk)[list(study.own)].sum(0)
    quiet = study.open & ~study.judged & ((there > 0) | (study.offered.sum(0) > 0))
    return ChannelGap(
        channel=study.channel.name,
        share=study.channel.target.share,
        within=study.channel.target.within / TICKS_PER_SECOND,
        at_once=study.channel.at_once,
        starts=edges(study.desk)[:-1] / TICKS_PER_SECOND,
        offered=study.offered.mean(0),
        scheduled=there,
        scheduled_hours=float((there * study.lasts)[study.judged].sum() / HOUR),
        quiet=quiet,
        quiet_hours=float((there * study.lasts)[quiet].sum() / HOUR),
        erlang_c=needs["erlang_c"],
        erlang_a=needs["erlang_a"],
        simulated=needs[""],
        without={name: needs[name] for name in study.changes},
        bare=needs[BARE],
        gap=Part("gap", *_estimate(total, runs)),
        parts=tuple(Part(name, *_estimate(each, runs)) for name, each in parts.items()),
        changes=study.changes,
        beyond=int(np.any([search.beyond for search in searches.values()], axis=0).sum()),
    )


def _weights(runs: int) -> Floats:
    """How often each replication counts: once, and in each resample; shape (1 + RESAMPLES, runs)."""
    generator = np.random.Generator(np.random.Philox(key=[runs, 0]))
    resampled = generator.multinomial(runs, np.full(runs, 1 / runs), size=RESAMPLES if runs > 1 else 0)
    return np.vstack((np.ones((1, runs)), resampled)).astype(np.float64)


def _estimate(resampled: Floats, runs: int) -> tuple[float, float, float]:
    """Value, low and high of what was computed once, then in each resample."""
    value = float(resampled[0])
    if runs < 2:
        return value, float("nan"), float("nan")
    half = t_quantile(runs) * float(resampled[1:].std(ddof=1)) * (runs / (runs - 1)) ** 0.5
    return value, value - half, value + half
