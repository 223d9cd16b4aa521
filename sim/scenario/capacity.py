"""Whether a desk can do its work at all: what comes on channels where nothing ever gives up, beside the live contacts
that the same agents take first, against the hours that these are there.

It is a count of hours, not a simulation. Counted are the issues, those who come back before the run is over, what a
closed channel, a machine or a transfer sends on, factors on the work, and the speed of groups and people (of several,
the highest). Of live contacts that give up there counts what Erlang A leaves with these agents. Two spans are looked
at: the whole run, drain included; and, of runs of a week and more, a normal week, as a long drain hides a backlog that
grows from week to week.

What stays out: redials, who turns elsewhere or complains in public, machines behind machines, outages, factors by time
of day, live work that `deflect`, `outsource` or a `floor` of the routing may keep from these agents, and whether agents
and work are there at the same time. So a desk may fall behind without a sentence.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from sim.clock import WEEK, Dated, Week
from sim.demand import Rate
from sim.desk import ONE
from sim.draws import ATTEMPTS
from sim.erlang import erlang_a
from sim.policies.base import Layout, ResponseTables, RoutingTables
from sim.policies.response import dated
from sim.scenario.rates import (
    MEDIAN,
    Days,
    calendar,
    comes_again,
    cut_at,
    first_attempts,
    hours_of_issues,
    laid,
    week_of,
)
from sim.scenario.skills import Skills, layout_of, skills_of
from sim.scenario.spec import Channel, FromLog, Group, ScenarioSpec
from sim.scenario.staff import groups, on_the_floor
from sim.scenario.times import duration_of, kept, time_of
from sim.shifts import Team
from sim.tables import Floats
from sim.units import HOUR

LOOKED_AT = 4 * WEEK
"""Seconds at the start of a run from which the share of live contacts that give up is taken, at most."""


@dataclass(frozen=True)
class _Desk:
    """Who answers what, and how."""

    spec: ScenarioSpec
    teams: dict[str, Group]
    skills: Skills
    layout: Layout
    response: ResponseTables
    routing: RoutingTables | None

    @property
    def channels(self) -> tuple[Channel, ...]:
        """By queue."""
        names = self.skills.names
        return tuple(self.spec.channels[names[code]] for code in self.skills.channels)

    def answering(self, queue: int) -> tuple[int, ...]:
        """The groups that take a queue."""
        both = zip(self.layout.answers, self.layout.then, strict=True)
        return tuple(group for group, (first, then) in enumerate(both) if queue in first + then)

    def name(self, queue: int) -> str:
        """That of its channel, with the intents of one that is split."""
        code = self.skills.channels[queue]
        mine = [each for each, at in zip(self.skills.intents, self.skills.queue_of[code], strict=True) if at == queue]
        split = len(mine) < len(self.skills.intents)
        return self.skills.names[code] + (f" ({', '.join(mine)})" if split else "")


@dataclass(frozen=True)
class _Span:
    """A time that is looked at: issues by channel, the share of them that come while it is closed, and hours of agents
    by group; None where nothing tells how many there are."""

    when: str
    issues: Mapping[str, float]
    shut: Mapping[str, float]
    there: Sequence[float | None]


def warnings(spec: ScenarioSpec) -> list[str]:
    """A sentence for every set of channels, answered by the same groups, whose work is more than these can do; for
    messages that routing never lets anybody take; and for lines that leave agents idle. None for a replayed log, and
    where staff is rebuilt from one."""
    teams = groups(spec)
    if spec.demand.replay is not None or any(isinstance(team.staff, FromLog) for team in teams.values()):
        return []
    intents = tuple(spec.intents)
    layout = layout_of(spec, intents, teams)
    response = dated(spec.policies.response, lambda moment: 0).lower(layout) or ResponseTables()
    desk = _Desk(spec, teams, skills_of(spec, intents, teams), layout, response, spec.policies.routing.lower(layout))
    return [*_never_drain(desk), *_held_back(desk), *_few_lines(spec, teams)]


# --- hours of work against hours of agents ---------------------------------------------------------------------------


def _never_drain(desk: _Desk) -> list[str]:
    spec = desk.spec
    days = Days(calendar(spec), -spec.run_in, spec.lasts)
    again = first_attempts(spec, spec, days)
    rates = dict(zip(spec.channels, laid(spec, days, again), strict=True))
    weeks = {name: again[name].week if name in again else week_of(spec, name) for name in spec.channels}
    opened = {name: _when_open(spec, name, rate, days) for name, rate in rates.items()}
    whole = _Span(
        "until the end of the drain",
        {name: rate.total() for name, rate in rates.items()},
        {name: 1 - opened[name].total() / (rate.total() or 1.0) for name, rate in rates.items()},
        [_hours(spec, team) for team in desk.teams.values()],
    )
    spans = [whole]
    if spec.lasts >= WEEK:
        issues = {name: _total(week) for name, week in weeks.items()}
        inside = {name: _total(_within(spec.channels[name], week)) for name, week in weeks.items()}
        shut = {name: 1 - inside[name] / (issues[name] or 1.0) for name in weeks}
        spans.append(_Span("in a normal week", issues, shut, [_hours_a_week(spec, t) for t in desk.teams.values()]))
    spans = [replace(span, there=_unless_planned(desk, span.there)) for span in spans]
    # only where everybody who gives up is counted as well does it matter how many they are
    if not any(_found(desk, spans, dict.fromkeys(spec.channels, 1.0))):
        return []
    return list(_found(desk, spans, _taken(desk, opened)))


def _unless_planned(desk: _Desk, there: Sequence[float | None]) -> list[float | None]:
    """Of groups that a staffing policy plans for live contacts, the schedule does not tell the hours."""
    if desk.spec.policies.staffing.name == "as_scheduled":
        return list(there)
    queues = [first + then for first, then in zip(desk.layout.answers, desk.layout.then, strict=True)]
    return [
        None if any(desk.layout.live[q] for q in mine) else hours for mine, hours in zip(queues, there, strict=True)
    ]


def _found(desk: _Desk, spans: Sequence[_Span], taken: Mapping[str, float]) -> Iterator[str]:
    """The sentences, of the first span that has one, for each set of groups that some backlog waits for; where none
    has, of what customers who write again add to a backlog."""
    staying = [queue for queue in range(len(desk.channels)) if _stays(desk, queue)]
    works = [(span, *_work(desk, span, taken)) for span in spans]
    for answering in dict.fromkeys(desk.answering(queue) for queue in staying):
        mine = [queue for queue in staying if set(desk.answering(queue)) <= set(answering)]
        told = (
            _lacking(desk, answering, mine, span, work, chasers if chased else [0.0] * len(work))
            for chased in (False, True)
            for span, work, chasers in works
        )
        yield from [sentence for sentence in told if sentence][:1]


def _stays(desk: _Desk, queue: int) -> bool:
    """Whether what waits in a queue waits until somebody answers."""
    channel, code = desk.channels[queue], desk.skills.channels[queue]
    if not desk.answering(queue) or _goes_away(desk, code):
        return False
    endless = channel.patience is None and channel.lines is None and channel.at_closing == "serve"
    return channel.kind == "deferrable" or (channel.kind == "live" and endless)


def _goes_away(desk: _Desk, code: int) -> bool:
    """Whether a policy takes contacts away from a channel that are not answered in time."""
    return any(table and table[code] is not None for table in (desk.response.outsource, desk.response.deflect))


def _lacking(
    desk: _Desk,
    answering: Sequence[int],
    queues: Sequence[int],
    span: _Span,
    work: Sequence[float],
    chasers: Sequence[float],
) -> str:
    """What is to be said where the hours of the groups that answer these queues are too few; empty where they are not.
    Work is in hours at usual speed."""
    teams = list(desk.teams.items())
    hours = [span.there[group] for group in answering]
    if any(each is None for each in hours):
        return ""
    beside_these = [queue for queue in range(len(work)) if queue not in queues and _first(desk, queue, queues)]
    beside = sum(work[queue] for queue in beside_these if set(desk.answering(queue)) <= set(answering))
    fast = [_speed(desk, teams[group][1], [*queues, *beside_these]) for group in answering]
    there, able = sum(filter(None, hours)), sum((each or 0.0) * by for each, by in zip(hours, fast, strict=True))
    again = sum(chasers[queue] for queue in queues)
    needed = sum(work[queue] for queue in queues) + again
    if needed + beside <= able:
        return ""
    said = f", beside {_said(beside)} of live contacts" if beside else ""
    chased = f", {_said(again)} of it once customers write again about what waits" if again else ""
    at_speed = f", which at their speed do {_said(able)}" if set(fast) != {1.0} else ""
    return (
        f"{_and(desk.name(queue) for queue in queues)}: {span.when}, {_said(needed)} of work come{chased}{said}, and "
        f"{_and(teams[group][0] for group in answering)} {'is' if len(answering) == 1 else 'are'} there for "
        f"{_said(there)}{at_speed}: {'a backlog, once there,' if again else 'the backlog'} never clears. Add staff, or "
        "take its figures as those of a desk that falls behind for as long as the run lasts."
    )


def _first(desk: _Desk, queue: int, queues: Sequence[int]) -> bool:
    """Whether whoever answers a live queue takes it before all of these."""
    code, routing = desk.skills.channels[queue], desk.routing
    if desk.channels[queue].kind != "live" or _goes_away(desk, code) or routing is None:
        return False
    return all(
        routing.priority[queue][group] < routing.priority[other][group] and not (routing.floor and routing.floor[group])
        for group in desk.answering(queue)
        for other in queues
        if group in desk.answering(other)
    )


def _speed(desk: _Desk, team: Group, queues: Sequence[int]) -> float:
    """The most that an hour of a group's agents does, in hours at usual speed."""
    factors = desk.skills.factors(team, team.speed)
    members = team.shifts.members if isinstance(team.shifts, Team) else ()
    person = max((member.skill.speed for member in members), default=1.0)
    return person * (max(factors[queue] for queue in queues) / ONE if factors else 1.0)


def _and(names: Iterator[str]) -> str:
    return " and ".join(dict.fromkeys(names))


def _said(hours: float) -> str:
    return f"{hours:,.0f} h"


# --- what comes ------------------------------------------------------------------------------------------------------


def _work(desk: _Desk, span: _Span, taken: Mapping[str, float]) -> tuple[list[float], list[float]]:
    """Hours of work at usual speed by queue: of answers, and of what customers write again about messages, if all of
    these wait beyond their patience."""
    spec, skills = desk.spec, desk.skills
    come = _come(spec, span)
    sent: defaultdict[str, float] = defaultdict(float)
    answers = {}
    # what is transferred may be transferred again: a few rounds hold nearly all of it
    for _ in spec.channels:
        answers = {
            name: (come[name] + sent[name]) * taken[name] * (1 - _part(desk.response.ignored, code, 0))
            for code, name in enumerate(spec.channels)
        }
        sent = defaultdict(float)
        for name, channel in spec.channels.items():
            if channel.transfer.chance:
                sent[channel.transfer.to] += answers[name] * _answers(desk, name)[0] * channel.transfer.chance
    work, chasers = [0.0] * len(skills.channels), [0.0] * len(skills.channels)
    for code, (name, channel) in enumerate(spec.channels.items()):
        if channel.kind == "self_service":
            continue
        number, factor = _answers(desk, name)
        chance = channel.chases * _part(desk.response.chases, code, ONE) if channel.patience is not None else 0.0
        more = sum(chance**time for time in range(1, channel.chasers + 1)) * channel.chaser_work
        for intent, queue in zip(skills.intents, skills.queue_of[code], strict=True):
            share = spec.intents[intent].share * answers[name] / HOUR
            work[queue] += share * number * _kept(desk, name, spec.intents[intent].handle_time * factor)
            chasers[queue] += share * more
    return work, chasers


def _come(spec: ScenarioSpec, span: _Span) -> Mapping[str, float]:
    """First contacts by channel that people answer: what a closed channel or a machine sends on is where it goes."""
    come: defaultdict[str, float] = defaultdict(float)
    visits: list[tuple[str, str, float]] = []
    for name, channel in spec.channels.items():
        if channel.kind == "self_service":
            visits.append((name, "", span.issues[name]))
            continue
        away = span.issues[name] * span.shut[name] if channel.closed in spec.channels else 0.0
        if away and spec.channels[channel.closed].kind == "self_service":
            visits.append((channel.closed, "", away))
        elif away:
            come[channel.closed] += away
        first = channel.self_service_first
        come[name] += (span.issues[name] - away) * (1 - first.chance)
        if first.chance:
            visits.append((first.to, name, (span.issues[name] - away) * first.chance))
    for machine, wanted, number in visits:
        it = spec.channels[machine]
        come[wanted or it.escalates.to] += number * (1 - it.resolved_at_first_contact) * it.escalates.chance
    return come


def _answers(desk: _Desk, name: str) -> tuple[float, float]:
    """How many answers an issue takes on a channel before the run is over, if nobody waits, and the factor on the
    handle time of them all. An issue arises in the middle of the time simulated; who comes back does so after
    exponential times, so that the number of times within a span is Poisson."""
    spec, code = desk.spec, desk.skills.names.index(name)
    channel = spec.channels[name]
    number, left = 1.0, channel.reconnect
    if left.chance:
        best = _part(desk.response.quality, code, ONE) * max(map(_quality, _who(desk, name)), default=1.0)
        solved = min(1.0, (1 - comes_again(spec, name) / left.chance) * best)
        again = (1 - solved) * left.chance * (1 - channel.transfer.chance)
        times = ((spec.run_in + spec.lasts) / 2 + spec.drain) * MEDIAN / left.after if left.after else math.inf
        number += sum(again**time * _at_least(time, times) for time in range(1, ATTEMPTS))
    unified = desk.response.unified / ONE or 1.0
    return number, _part(desk.response.work, code, ONE) * (1 + (number - 1) * unified) / number


def _at_least(times: int, mean: float) -> float:
    """The chance that a Poisson number is at least so high."""
    if mean > 100:
        return 1.0
    return 1 - sum(math.exp(-mean) * mean**k / math.factorial(k) for k in range(times))


def _who(desk: _Desk, name: str) -> Iterator[Group]:
    return (team for team in desk.teams.values() if name in team.answers + team.then)


def _quality(team: Group) -> float:
    """The highest of a group and its people."""
    members = team.shifts.members if isinstance(team.shifts, Team) else ()
    own = max(team.quality.values(), default=1.0) if isinstance(team.quality, dict) else team.quality
    return own * max((member.skill.quality for member in members), default=1.0)


def _part(table: Sequence[int], code: int, usual: int) -> float:
    return (table[code] if table else usual) / ONE


def _kept(desk: _Desk, name: str, factor: float) -> float:
    """Seconds that a contact keeps an agent, with a factor on its handle time."""
    channel = desk.spec.channels[name]
    handle, wrap_up = (duration_of(channel, key, name).mean for key in ("handle_time", "wrap_up"))
    return kept(channel, name) * (handle * factor + wrap_up) / (handle + wrap_up) if handle + wrap_up else 0.0


def _within(channel: Channel, week: Week) -> Week:
    """What of a week comes while a live channel is open."""
    around_the_clock = channel.kind != "live" or channel.hours is None or hours_of_issues(channel) is not None
    return week if around_the_clock or channel.hours is None else week.within(channel.hours)


def _when_open(spec: ScenarioSpec, name: str, rate: Rate, days: Days) -> Rate:
    """The issues of a live channel that arise while it is open."""
    channel = spec.channels[name]
    if channel.kind != "live" or channel.hours is None or hours_of_issues(channel) is not None:
        return rate
    spans = np.array(list(days.calendar.lay(channel.hours, days.start, days.end)), dtype=np.float64).reshape(-1, 3)
    cut = cut_at(rate, spans[:, :2].ravel())
    at = np.searchsorted(spans[:, 0], cut.starts, side="right") - 1
    inside = (at >= 0) & (cut.starts < np.append(spans[:, 1], -math.inf)[at])
    return cut.times(inside.astype(np.float64))


# --- live contacts that give up --------------------------------------------------------------------------------------


def _taken(desk: _Desk, opened: Mapping[str, Rate]) -> dict[str, float]:
    """By channel, the share of what comes that agents get to: of live contacts that give up, as Erlang A has it,
    interval by interval, with all agents who answer it and all live contacts that are theirs alone, those who come
    back included."""
    spec = desk.spec
    edges = np.arange(0.0, min(spec.lasts, LOOKED_AT) + spec.interval / 2, spec.interval)
    whose = {name: [n for n, team in desk.teams.items() if name in team.answers + team.then] for name in spec.channels}
    taken = dict.fromkeys(spec.channels, 1.0)
    for name, channel in spec.channels.items():
        patience = time_of(channel, "patience", name) if channel.kind == "live" else None
        if patience is None or patience.mean <= 0:
            continue
        live = [n for n, it in spec.channels.items() if it.kind == "live" and set(whose[n]) <= set(whose[name])]
        offered = {each: opened[each].integral(edges) * _answers(desk, each)[0] for each in live}
        handled = {
            each: _kept(desk, each, _part(desk.response.work, list(spec.channels).index(each), ONE)) for each in live
        }
        counts = sum(offered.values(), np.zeros(len(edges) - 1))
        load = sum((offered[each] * handled[each] for each in live), np.zeros(len(edges) - 1))
        agents = sum((_agents(desk, desk.teams[team], edges) for team in whose[name]), np.zeros(len(edges) - 1))
        if offered[name].sum() <= 0 or load.sum() <= 0:
            continue
        mean = float(load.sum() / counts.sum())
        expect = lru_cache(maxsize=None)(
            lambda number, level, mean=mean, patience=patience.mean: (
                erlang_a(number / spec.interval, mean, level, patience).p_abandon
            )
        )
        rows = zip(offered[name].tolist(), np.round(load / mean, 1).tolist(), np.rint(agents).tolist(), strict=True)
        lost = sum(own * expect(number, int(level)) for own, number, level in rows if number > 0)
        taken[name] = 1 - float(lost / offered[name].sum())
    return taken


def _agents(desk: _Desk, team: Group, edges: Floats) -> Floats:
    """The mean number of a group's agents between neighbouring edges, at usual speed."""
    plan = list(calendar(desk.spec).lay(on_the_floor(desk.spec, team), 0.0, float(edges[-1])))
    starts, ends, levels = np.array(plan, dtype=np.float64).reshape(-1, 3).T
    speed = _speed(desk, team, range(len(desk.channels))) * (1 - team.absence)
    return Rate(starts, ends, levels).integral(edges) / desk.spec.interval * speed


# --- who is there ----------------------------------------------------------------------------------------------------


def _total(week: Week) -> float:
    return sum(piece.value * (piece.end - piece.start) for piece in week.pieces)


def _hours(spec: ScenarioSpec, team: Group) -> float:
    """Hours that the agents of a group are on the floor, run-in and drain included."""
    plan = calendar(spec).lay(on_the_floor(spec, team), -spec.run_in, spec.lasts + spec.drain)
    return sum((end - begin) * level for begin, end, level in plan) / HOUR * (1 - team.absence)


def _hours_a_week(spec: ScenarioSpec, team: Group) -> float | None:
    """The same of a normal week; None where a plan of less than a week does not tell."""
    plan = on_the_floor(spec, team)
    if isinstance(plan, Week):
        return _total(plan) / HOUR * (1 - team.absence)
    if not isinstance(plan, Dated) or len(plan.days) < 7:
        return None
    seconds = sum((piece.end - piece.start) * piece.value for _, pieces in plan.days for piece in pieces)
    return seconds / HOUR * 7 / len(plan.days) * (1 - team.absence)


def _most(spec: ScenarioSpec, team: Group) -> int:
    """The most agents of a group that are there at once."""
    plan = calendar(spec).lay(on_the_floor(spec, team), -spec.run_in, spec.lasts + spec.drain)
    return int(max((level for _, _, level in plan), default=0.0))


# --- rules that leave agents idle ------------------------------------------------------------------------------------


def _held_back(desk: _Desk) -> Iterator[str]:
    """Messages that nobody may take, as no group that answers them is ever larger than the reserve of the routing."""
    reserve = desk.routing.reserve if desk.routing is not None else ()
    floor = desk.routing.floor if desk.routing is not None else ()
    if not reserve or desk.spec.policies.staffing.name != "as_scheduled":
        return
    teams = list(desk.teams.items())
    for queue, channel in enumerate(desk.channels):
        who = desk.answering(queue)
        kept_free = [reserve[group] >= _most(desk.spec, teams[group][1]) for group in who]
        if channel.kind == "deferrable" and who and all(kept_free) and not any(floor[g] for g in who if floor):
            yield (
                f"{desk.name(queue)}: routing lets an agent take a message while {reserve[who[0]]} others of the group "
                f"are free, and {_and(teams[g][0] for g in who)} never {'has' if len(who) == 1 else 'have'} so many: "
                "nobody ever answers it. Lower the reserve, or add staff."
            )


def _few_lines(spec: ScenarioSpec, teams: Mapping[str, Group]) -> Iterator[str]:
    """Live channels with fewer lines than agents who answer nothing else."""
    for name, channel in spec.channels.items():
        who = [(called, team) for called, team in teams.items() if name in team.answers + team.then]
        if channel.kind != "live" or channel.lines is None or len(who) != 1 or who[0][1].answers != (name,):
            continue
        most = _most(spec, who[0][1])
        if channel.lines < most and not who[0][1].then:
            yield (
                f"{name}: there are lines for {channel.lines} and up to {most} agents of {who[0][0]}: customers are "
                f"turned away while agents are free. Give {most} lines or more."
            )
