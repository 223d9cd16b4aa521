"""From words and seconds to ticks: the desk that engines and measures read, and the rates at which issues arise."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from sim import defaults, demand
from sim.clock import DAY, WEEK, Calendar, Week
from sim.desk import RATE, Channel, Desk, Group, Spans, Target
from sim.distributions import Constant, Distribution, Exponential
from sim.draws import ATTEMPTS
from sim.policies.base import IntervalView
from sim.policies.staffing import AsScheduled
from sim.replay import staff_levels
from sim.scenario import spec as s
from sim.scenario.check import groups, staff_week
from sim.scenario.read import Scenario
from sim.scenario.words import Mean, read_time
from sim.schemas import TICKS_PER_SECOND
from sim.units import HOUR, MONTH


def ticks(seconds: float) -> int:
    return round(seconds * TICKS_PER_SECOND)


def calendar(scenario: Scenario) -> Calendar:
    spec = scenario.spec
    return Calendar(scenario.log.starts if scenario.log is not None else spec.starts, spec.time_zone)


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
    return moment(-spec.run_in), moment(spec.lasts), moment(spec.lasts + spec.drain)


def time_of(channel: s.Channel, key: str, name: str) -> Distribution | None:
    """A duration of a channel; a bare mean takes the form of the default."""
    value = getattr(channel, key)
    if not isinstance(value, Mean):
        return value  # type: ignore[no-any-return]
    preset = defaults.CHANNELS.get(name) or defaults.CHANNELS[defaults.LIKE[channel.kind]]
    form = read_time(preset[key].value)
    if isinstance(form, Distribution) and value.seconds > 0:
        return form.with_mean(value.seconds)
    return Constant(value.seconds)


@lru_cache(maxsize=4)
def rates(scenario: Scenario) -> list[demand.Rate]:
    """The rate of issues by channel, before busyness; empty for a replayed log."""
    spec = scenario.spec
    days = calendar(scenario)
    start, end, _ = horizon(scenario)
    if scenario.log is not None:
        return []
    weekly = (spec.customers.count or 0) * spec.customers.issues * WEEK
    # of the whole: a channel with a rate of its own leaves the others what they had
    shares = sum(channel.share for channel in spec.channels.values()) or 1.0
    laid = []
    for channel in spec.channels.values():
        # messages are written at any time; their hours are those of whoever works on them
        hours = channel.hours if channel.kind == "live" else None
        if channel.rate is not None:
            week = channel.rate if hours is None else channel.rate.within(hours)
        else:
            shape = defaults.SHAPES[channel.shape]
            week = demand.shaped_week(weekly * channel.share / shares, defaults.WEEKDAY_FACTORS, shape, hours)
        laid.append(demand.lay(week, days, start, end))
    return laid


def customers(scenario: Scenario) -> int:
    """How many customers there are: as said, or as many as the issues of an average month imply."""
    spec = scenario.spec
    if spec.customers.count is not None:
        return spec.customers.count
    start, end, _ = horizon(scenario)
    issues = sum(rate.total() for rate in rates(scenario)) if scenario.log is None else float(len(scenario.log))
    a_month = issues / (end - start) * MONTH
    return max(1, round(a_month / (spec.customers.issues * MONTH)))


def desk(scenario: Scenario) -> Desk:
    """Lower a scenario; the staffing policy is asked here, once an interval and group."""
    spec = scenario.spec
    days = calendar(scenario)
    starts, measured, ends = horizon(scenario)
    names = list(spec.channels)
    teams = groups(spec)
    policies = spec.policies
    unstaffed = Desk(
        channels=tuple(_channel(scenario, name, days, starts, ends) for name in names),
        groups=(),
        segments=tuple(spec.customers.segments),
        intents=scenario.log.intents if scenario.log is not None and scenario.log.intents else tuple(spec.intents),
        routing=policies.routing,
        response=policies.response,
        starts=ticks(starts),
        horizon=ticks(measured),
        ends=ticks(ends),
        interval=ticks(spec.interval),
        answers_first=tuple(tuple(names.index(name) for name in team.answers) for team in teams.values()),
        answers_then=tuple(tuple(names.index(name) for name in team.then) for team in teams.values()),
        currency=next((team.cost.currency for team in teams.values()), "EUR"),
    )
    return replace(
        unstaffed,
        groups=tuple(
            Group(
                name=name,
                levels=_levels(scenario, unstaffed, number, team, days),
                cost_per_hour=team.cost.amount * HOUR / (team.cost.per or HOUR),
                shrinkage=team.shrinkage,
            )
            for number, (name, team) in enumerate(teams.items())
        ),
    )


def _channel(scenario: Scenario, name: str, days: Calendar, starts: float, ends: float) -> Channel:
    spec = scenario.spec
    channel = spec.channels[name]
    share, within = spec.targets.get(name, channel.target)
    patience = time_of(channel, "patience", name)
    hours = channel.hours if channel.kind == "live" else None
    return Channel(
        name=name,
        live=channel.kind == "live",
        open=None if hours is None else _spans(hours, days, starts, ends),
        target=Target(share, ticks(within)),
        expectation=channel.expected_wait,
        satisfaction_like=channel.satisfaction_like,
        patience=None if patience is None else patience.mean,
        rates=tuple(round(RATE / (1 + channel.slowdown * (k - 1))) for k in range(1, channel.at_once + 1)),
        lines=channel.lines,
        disconnect_at_close=channel.at_closing == "disconnect",
    )


def _spans(hours: Week, days: Calendar, starts: float, ends: float) -> Spans:
    """Opening spans in ticks; those that touch (at midnight, say) are one."""
    spans: list[tuple[int, int]] = []
    for begin, finish, _ in days.lay(hours, starts, ends):
        if spans and ticks(begin) <= spans[-1][1]:
            spans[-1] = (spans[-1][0], ticks(finish))
        else:
            spans.append((ticks(begin), ticks(finish)))
    return tuple(spans)


def _levels(scenario: Scenario, desk: Desk, number: int, team: s.Group, days: Calendar) -> tuple[tuple[int, int], ...]:
    """The scheduled level from each tick on, changes only."""
    starts, _, ends = horizon(scenario)
    if isinstance(team.staff, s.FromLog):
        assert scenario.log is not None
        levels = staff_levels(scenario.log, gap=team.staff.gap, per=team.staff.per)
        # after the log's last day nobody is known to be there, but who still waits is served by its last level
        return tuple((ticks(second), level) for second, level in levels)
    scheduled = [(starts, 0)]
    for begin, finish, level in days.lay(staff_week(scenario.spec, team), starts, ends):
        if scheduled[-1][0] == begin:
            scheduled.pop()
        scheduled += [(begin, int(level)), (finish, 0)]
    if not isinstance(scenario.spec.policies.staffing, AsScheduled):
        scheduled = _asked(scenario, desk, number, team, scheduled)
    return tuple(
        (ticks(second), level)
        for (second, level), before in zip(scheduled, [None, *scheduled], strict=False)
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
    share, within = spec.targets.get(live[0], spec.channels[live[0]].target) if live else (0.8, 20.0)
    times = {name: _handled(spec.channels[name], name) for name in live}
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


def _handled(channel: s.Channel, name: str) -> float:
    """Mean handle time and wrap-up of a contact, as long as an agent who holds as many as allowed is kept by it."""
    total = sum(time.mean for key in ("handle_time", "wrap_up") if (time := time_of(channel, key, name)) is not None)
    return total * (1 + channel.slowdown * (channel.at_once - 1)) / channel.at_once


def duration_of(channel: s.Channel, key: str, name: str) -> Distribution:
    """A duration of a channel that must end: handle time, wrap-up."""
    time = time_of(channel, key, name)
    assert time is not None
    return time


def tenure(segment: s.Segment) -> Distribution:
    """How long customers of a segment have been customers; a bare mean is exponential."""
    if isinstance(segment.tenure, Mean):
        return Exponential(segment.tenure.seconds)
    assert segment.tenure is not None
    return segment.tenure
