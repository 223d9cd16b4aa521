"""From words and seconds to ticks: the desk that engines and measures read, and the rates at which issues arise."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np

from sim import demand
from sim.clock import DAY, Calendar, Dated, Week
from sim.desk import NEXT_OPENING, NOWHERE, RATE, Channel, Desk, Group, Person, Spans, Survey, Target
from sim.draws import ATTEMPTS
from sim.observed import staff_levels
from sim.policies.answers import Acknowledge
from sim.policies.base import IntervalView, Response
from sim.policies.response import Together, dated
from sim.policies.staffing import AsScheduled
from sim.scenario import spec as s
from sim.scenario.rates import Days, FirstAttempts, first_attempts, holidays_of, laid, span_of
from sim.scenario.rates import calendar as calendar_of
from sim.scenario.rates import customers as customers_of
from sim.scenario.read import Scenario
from sim.scenario.skills import a_month, millionths, skills_of
from sim.scenario.staff import currency_of, groups, on_the_floor, on_the_payroll
from sim.scenario.times import duration_of, kept, time_of
from sim.scenario.words import Promise
from sim.schemas import TICKS_PER_SECOND
from sim.shifts import Skill, Team
from sim.units import HOUR, MONTH


def ticks(seconds: float) -> int:
    return round(seconds * TICKS_PER_SECOND)


@lru_cache(maxsize=4)
def calendar(scenario: Scenario) -> Calendar:
    spec, log = scenario.spec, scenario.log
    if log is None:
        return calendar_of(spec)
    return Calendar(log.starts, spec.time_zone, holidays_of(spec, log.starts, log.starts + timedelta(days=log.days)))


def horizon(scenario: Scenario) -> tuple[float, float, float]:
    """(start of the run-in, end of the measured time, end of the drain) in elapsed seconds; a replayed log sets its
    own days and needs no run-in."""
    spec = scenario.spec
    days = calendar(scenario)

    def moment(seconds: float) -> float:
        """Whole days end at midnight, whatever the clocks did meanwhile."""
        whole, rest = divmod(seconds, DAY)
        return seconds if rest else days.elapsed(int(whole), 0)

    if scenario.log is not None:
        lasts = moment(scenario.log.days * DAY)
        return 0.0, lasts, lasts + spec.drain
    # what waits when the measured time begins has come before it
    before = max(spec.run_in, spec.interval if any(c.backlog for c in spec.channels.values()) else 0.0)
    return moment(-before), moment(spec.lasts), moment(spec.lasts + spec.drain)


@lru_cache(maxsize=4)
def rates(scenario: Scenario) -> list[demand.Rate]:
    """The rate of issues by channel, before busyness; empty for a replayed log."""
    if scenario.log is not None:
        return []
    return laid(scenario.spec, _days(scenario), counted(scenario))


@lru_cache(maxsize=4)
def counted(scenario: Scenario) -> dict[str, FirstAttempts]:
    """Of the channels whose counts hold redials and reconnects: what they become."""
    if scenario.log is not None:
        return {}
    return first_attempts(scenario.spec, scenario.base or scenario.spec, _days(scenario))


def _days(scenario: Scenario) -> Days:
    start, end, _ = horizon(scenario)
    return Days(calendar(scenario), start, end)


def customers(scenario: Scenario) -> int:
    """How many customers there are: as said, or as many as the issues of an average month imply."""
    start, end, _ = horizon(scenario)
    issues = sum(rate.total() for rate in rates(scenario)) if scenario.log is None else float(len(scenario.log))
    return customers_of(scenario.spec, issues, end - start)


def desk(scenario: Scenario) -> Desk:
    """Lower a scenario; the staffing policy is asked here, once an interval and group."""
    spec = scenario.spec
    days = calendar(scenario)
    starts, measured, ends = horizon(scenario)
    names = list(spec.channels)
    teams = groups(spec)
    fixed = spec.costs.fixed
    # a week is a week, whatever the clocks do in it
    lasts = spec.lasts if scenario.log is None else scenario.log.days * DAY
    policies = spec.policies
    intents = scenario.log.intents if scenario.log is not None and scenario.log.intents else tuple(spec.intents)
    skills = skills_of(spec, intents, teams)
    unstaffed = Desk(
        channels=tuple(_channel(scenario, name, days, starts, ends) for name in names),
        groups=(),
        segments=tuple(spec.customers.segments),
        intents=intents,
        routing=policies.routing,
        response=_response(spec, days),
        starts=ticks(starts),
        horizon=ticks(measured),
        ends=ticks(ends),
        interval=ticks(spec.interval),
        answers_first=tuple(skills.first(team) for team in teams.values()),
        answers_then=tuple(skills.then(team) for team in teams.values()),
        queues=skills.channels if skills.split else (),
        queue_of=skills.queue_of if skills.split else (),
        margins=tuple(a_month(segment.margin) for segment in spec.customers.segments.values()),
        worth=spec.customers.worth / MONTH,
        midnights=tuple(ticks(days.elapsed(day, 0)) for day in range(days.day(measured - 1) + 1)),
        currency=currency_of(spec),
        fixed_cost=0.0 if fixed is None else fixed.amount / (fixed.per or 1.0) * lasts,
        survey=_survey(spec.survey),
    )
    return replace(
        unstaffed,
        groups=tuple(
            Group(
                name=name,
                levels=_levels(scenario, unstaffed, number, team, days),
                paid=_paid(scenario, team, days),
                cost_per_hour=team.cost.amount * HOUR / (team.cost.per or HOUR),
                shrinkage=team.shrinkage,
                people=_people(scenario, team, days),
                speed=skills.factors(team, team.speed),
                quality=skills.factors(team, team.quality),
                drops=team.end_of_shift == "drop",
                absent=millionths(team.absence),
                overtime=team.overtime,
            )
            for number, (name, team) in enumerate(teams.items())
        ),
    )


def _channel(scenario: Scenario, name: str, days: Calendar, starts: float, ends: float) -> Channel:
    spec = scenario.spec
    channel = spec.channels[name]
    share, within, business = spec.targets.get(name, channel.target)
    patience = time_of(channel, "patience", name)
    worked = None if channel.hours is None else _spans(channel.hours, days, starts, ends)
    work = duration_of(channel, "handle_time", name).mean + duration_of(channel, "wrap_up", name).mean
    return Channel(
        name=name,
        live=channel.kind != "deferrable",
        open=None if channel.kind == "deferrable" else _less_outages(worked, channel, days, starts, ends),
        target=Target(share, ticks(within), worked if business else None),
        expectation=channel.expected_wait,
        satisfaction_like=channel.satisfaction_like,
        patience=None if patience is None else patience.mean,
        rates=tuple(round(RATE / (1 + channel.slowdown * (k - 1))) for k in range(1, channel.at_once + 1)),
        lines=channel.lines,
        disconnect_at_close=channel.at_closing == "disconnect",
        charge=0.0 if channel.charge is None else channel.charge.amount,
        automatic=channel.kind == "self_service",
        usual=ticks(work),
        closed=NEXT_OPENING if channel.closed == "next_opening" else _number(spec, channel.closed),
        front=_number(spec, channel.self_service_first.to),
        escalates=_number(spec, channel.escalates.to),
        escalated=millionths(channel.escalated_handle_time),
        transfers=_number(spec, channel.transfer.to),
        elsewhere=_number(spec, channel.elsewhere.to),
        public=_number(spec, channel.public.to),
        chases=millionths(channel.chases),
        chasers=channel.chasers,
        chaser_work=ticks(channel.chaser_work) if channel.chases else 0,
        silent_work=ticks(channel.silent_work) if channel.silent else 0,
        asks_back=channel.asks_back.chance > 0,
        interruptible=channel.interruptible,
    )


def _number(spec: s.ScenarioSpec, name: str) -> int:
    """The number of a channel; `NOWHERE` for what names none."""
    return list(spec.channels).index(name) if name in spec.channels else NOWHERE


def _less_outages(open_: Spans | None, channel: s.Channel, days: Calendar, starts: float, ends: float) -> Spans | None:
    """When a channel is open, less the times in which its machine is down."""
    for outage in channel.outages.values():
        down, up = (ticks(second) for second in span_of(outage, days))
        open_ = tuple(
            part
            for begin, end in (((ticks(starts), ticks(ends)),) if open_ is None else open_)
            for part in ((begin, min(end, down)), (max(begin, up), end))
            if part[0] < part[1]
        )
    return open_


def _response(spec: s.ScenarioSpec, days: Calendar) -> Response:
    """The response policies, with every moment as a tick; what channels say of their own goes before them."""
    told = tuple(Acknowledge(channel=name) for name, channel in spec.channels.items() if channel.acknowledged)
    said = spec.policies.response
    if told:
        said = Together((*told, *(said.policies if isinstance(said, Together) else (said,))))

    def tick(moment: datetime) -> int:
        second = moment.hour * 3600 + moment.minute * 60
        return ticks(days.elapsed((moment.date() - days.starts).days, second))

    return dated(said, tick)


def _survey(survey: s.Survey) -> Survey:
    return Survey(survey.asked, survey.answers)


def _spans(hours: Week | Dated, days: Calendar, starts: float, ends: float) -> Spans:
    """Spans in ticks of opening hours, say; those that touch (at midnight) are one."""
    spans: list[tuple[int, int]] = []
    for begin, finish, _ in days.lay(hours, starts, ends):
        if spans and ticks(begin) <= spans[-1][1]:
            spans[-1] = (spans[-1][0], ticks(finish))
        else:
            spans.append((ticks(begin), ticks(finish)))
    return tuple(spans)


def _people(scenario: Scenario, team: s.Group, days: Calendar) -> tuple[Person, ...]:
    """Who works when, of shifts; nobody by name where a policy decides how many are there."""
    if not isinstance(team.shifts, Team) or not isinstance(scenario.spec.policies.staffing, AsScheduled):
        return ()
    starts, _, ends = horizon(scenario)
    return tuple(
        Person(
            name=member.name if member.heads == 1 else f"{member.name} {number}".strip(),
            on=on,
            speed=_speeds(member.skill, on, days),
            quality=millionths(member.skill.quality),
            rank=member.skill.rank,
        )
        for member in team.shifts.members
        for on in (_spans(member.plan, days, starts, ends),)
        for number in range(1, member.heads + 1)
    )


def _speeds(skill: Skill, on: Spans, days: Calendar) -> tuple[int, ...]:
    """The speed in each span; of a newcomer, as far up as they are when it begins."""
    if skill.ramp is None or skill.since is None:
        return () if skill.speed == 1 else (millionths(skill.speed),) * len(on)
    begins, over = skill.ramp
    since = days.elapsed((skill.since - days.starts).days, 0)
    ways = [min(1.0, max(0.0, (begin / TICKS_PER_SECOND - since) / over)) for begin, _ in on]
    return tuple(millionths(skill.speed * (begins + (1 - begins) * way)) for way in ways)


def _levels(scenario: Scenario, desk: Desk, number: int, team: s.Group, days: Calendar) -> tuple[tuple[int, int], ...]:
    """The scheduled level from each tick on, changes only."""
    starts, _, ends = horizon(scenario)
    if isinstance(team.staff, s.FromLog):
        assert scenario.log is not None
        levels = staff_levels(scenario.log, gap=team.staff.gap, per=team.staff.per)
        # after the log's last day nobody is known to be there, but who still waits is served by its last level
        return tuple((ticks(second), level) for second, level in levels)
    scheduled = _changes(days, on_the_floor(scenario.spec, team), starts, ends)
    if not isinstance(scenario.spec.policies.staffing, AsScheduled):
        scheduled = _asked(scenario, desk, number, team, scheduled)
    return _in_ticks(scheduled)


def _paid(scenario: Scenario, team: s.Group, days: Calendar) -> tuple[tuple[int, int], ...] | None:
    """Who is paid from each tick on, where that differs from who is on the floor."""
    plan = on_the_payroll(team)
    if plan is None or not isinstance(scenario.spec.policies.staffing, AsScheduled):
        return None
    starts, _, ends = horizon(scenario)
    return _in_ticks(_changes(days, plan, starts, ends))


def _changes(days: Calendar, plan: Week | Dated, starts: float, ends: float) -> list[tuple[float, int]]:
    """The level from each second on."""
    changes = [(starts, 0)]
    for begin, finish, level in days.lay(plan, starts, ends):
        if changes[-1][0] == begin:
            changes.pop()
        changes += [(begin, int(level)), (finish, 0)]
    return changes


def _in_ticks(changes: list[tuple[float, int]]) -> tuple[tuple[int, int], ...]:
    return tuple(
        (ticks(second), level)
        for (second, level), before in zip(changes, [None, *changes], strict=False)
        if before is None or before[1] != level
    )


def _asked(
    scenario: Scenario, desk: Desk, number: int, team: s.Group, scheduled: list[tuple[float, int]]
) -> list[tuple[float, int]]:
    """What the staffing policy makes of the schedule, interval by interval."""
    spec = scenario.spec
    policy = spec.policies.staffing
    state = policy.start(desk.layout())
    starts, _, ends = horizon(scenario)
    edges = np.arange(starts, ends + spec.interval / 2, spec.interval)
    live = [name for name in team.answers if spec.channels[name].kind == "live"]
    laid = dict(zip(spec.channels, rates(scenario), strict=False))
    offered = {name: laid[name].integral(edges) * _repeats(spec.channels[name]) for name in live if name in laid}
    channel = spec.channels[live[0]] if live else None
    share, within, _ = spec.targets.get(live[0], spec.channels[live[0]].target) if live else Promise(0.8, 20.0)
    times = {name: kept(spec.channels[name], name) for name in live}
    view = IntervalView(group=number, length=spec.interval, share=share, within=within)
    if channel is not None:
        patience = time_of(channel, "patience", live[0])
        view.patience = patience.mean if patience is not None else None
    asked = []
    for interval, start in enumerate(edges[:-1].tolist()):
        view.start = start
        at_start = next(level for second, level in reversed(scheduled) if second <= start)
        later = (level for second, level in scheduled if start < second < start + spec.interval)
        view.scheduled = max([at_start, *later])
        counts = {name: float(values[interval]) for name, values in offered.items()}
        view.offered = sum(counts.values())
        view.handle_time = sum(counts[name] * times[name] for name in counts) / (view.offered or 1.0)
        asked.append((start, policy.decide(view, state).agents))
    return [*asked, (ends, 0)]


def _repeats(channel: s.Channel) -> float:
    """Contacts an issue, were nobody to abandon: 1 + q + q² + …, q the share of answers after which one reconnects."""
    again = (1 - channel.resolved_at_first_contact) * channel.reconnect.chance
    return sum(again**attempt for attempt in range(ATTEMPTS))


def paces(scenario: Scenario) -> dict[str, demand.Rate]:
    """By channel, the factor on handle time by when an issue arises; only of channels that have one."""
    start, end, _ = horizon(scenario)
    return {
        name: demand.lay(channel.handle_time_factor, calendar(scenario), start, end)
        for name, channel in scenario.spec.channels.items()
        if channel.handle_time_factor is not None
    }
