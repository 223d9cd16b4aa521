"""Demand as a scenario describes it, laid on real days: how many issues arise on which channel, when, of what kind.

A channel's issues come from its customers, or from a rate or a volume of its own. What phone systems count already
holds redials and reconnects; those are taken out here, so that the simulation can make them again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np

from sim import defaults, demand, repeats
from sim.clock import DAY, WEEK, Calendar, Week
from sim.demand import Rate
from sim.erlang import erlang_a
from sim.repeats import Repeats
from sim.scenario import recurring
from sim.scenario import spec as s
from sim.scenario.staff import groups, on_the_floor
from sim.scenario.times import kept, time_of
from sim.tables import Array, Floats
from sim.units import YEAR

FADED = 7
"""Half-lives after which nothing is left of an event: less than a hundredth."""
MEDIAN = float(np.log(2))
"""The median of an exponential time over its mean."""
STEP = 900.0
"""Seconds in which a fading event is taken as constant."""


@dataclass(frozen=True)
class FirstAttempts:
    """How counted contacts became issues on a channel: both a normal week, the share that abandoned, and the share of
    answered contacts after which somebody came back. `week` holds the rates of the issues."""

    offered: float
    issues: float
    abandoned: float
    again: float
    week: Week


class Days(NamedTuple):
    """The real days of a run: its calendar, and its start (run-in included) and the measured end in elapsed seconds."""

    calendar: Calendar
    start: float
    end: float


def calendar(spec: s.ScenarioSpec) -> Calendar:
    """The days of a scenario with its holidays."""
    span = timedelta(seconds=spec.lasts + spec.drain), timedelta(seconds=spec.run_in)
    first, last = spec.starts - span[1] - timedelta(days=2), spec.starts + span[0] + timedelta(days=2)
    return Calendar(spec.starts, spec.time_zone, holidays_of(spec, first, last))


def holidays_of(spec: s.ScenarioSpec, first: date, last: date) -> frozenset[date]:
    """The public holidays from `first` to `last`."""
    wanted = spec.holidays
    if wanted is None:
        return frozenset()
    days = set(wanted.also)
    if wanted.country:
        import holidays

        years = range(first.year, last.year + 1)
        days |= set(holidays.country_holidays(wanted.country, subdiv=wanted.region, years=years))
    return frozenset(day for day in days - set(wanted.but) if first <= day <= last)


def dates_of(spec: s.ScenarioSpec, event: s.Event, since: date, until: date) -> list[date]:
    """The dates on which an event begins, of one that recurs those from `since` to `until`."""
    first = event.at.date()
    if event.every is None:
        return [first]
    holidays = holidays_of(spec, since.replace(day=1), until + timedelta(days=31))
    return recurring.dates(event.every, first, since, until, holidays)


def week_of(spec: s.ScenarioSpec, name: str) -> Week:
    """The rate of issues (or of offered contacts, where these are counted) of a channel over a normal week."""
    channel = spec.channels[name]
    hours = hours_of_issues(channel)
    if channel.rate is not None:
        return channel.rate if hours is None else channel.rate.within(hours)
    if channel.volume is not None:
        # the days were counted within the hours, so that their factors are of what came then
        shape = shape_of(channel) if hours is None else shape_of(channel).within(hours)
        return demand.shaped_week(channel.volume * WEEK, channel.weekdays, demand.whole_days(shape), None)
    # of the whole: a channel with a rate of its own leaves the others what they had
    shares = sum(other.share for other in spec.channels.values()) or 1.0
    weekly = (spec.customers.count or 0) * spec.customers.issues * WEEK * channel.share / shares
    return demand.shaped_week(weekly, channel.weekdays, shape_of(channel), hours)


def hours_of_issues(channel: s.Channel) -> Week | None:
    """When anybody makes contact on a channel; None: at any time. Messages are written at any time, their hours are
    those of whoever works on them; and who comes while a channel is closed counts where that leads anywhere."""
    return None if channel.kind == "deferrable" or channel.closed != "message" else channel.hours


def shape_of(channel: s.Channel) -> Week:
    if isinstance(channel.shape, Week):
        return demand.by_day(channel.shape)
    return demand.half_hours(defaults.SHAPES[channel.shape])


def laid(spec: s.ScenarioSpec, days: Days, again: dict[str, FirstAttempts]) -> list[Rate]:
    """The rate of issues by channel, before busyness, events included."""
    rates = []
    for name, channel in spec.channels.items():
        start = 0.0 if channel.backlog is not None else days.start
        week = again[name].week if name in again else week_of(spec, name)
        rate = demand.lay(week, days.calendar, start, days.end)
        rates.append(_grown(rate, spec, days.calendar))
    return with_happenings(rates, spec, days.calendar, events_of(spec, days))


def _grown(rate: Rate, spec: s.ScenarioSpec, days: Calendar) -> Rate:
    """With growth, and the factor of the month."""
    growth, months = spec.demand.growth, spec.demand.months
    if not len(rate.starts) or (growth == 0 and months is None):
        return rate
    since = spec.demand.since or spec.starts

    @cache
    def factor(number: int) -> float:
        day = days.day_of(number)
        grown = (1 + growth) ** ((day - since).days * DAY / YEAR)
        return float(grown * (months[day.month - 1] if months is not None else 1.0))

    return rate.times(np.array([factor(days.day(start)) for start in rate.starts.tolist()]))


# --- redials and reconnects in what was counted ----------------------------------------------------------------------


def first_attempts(spec: s.ScenarioSpec, base: s.ScenarioSpec, days: Days) -> dict[str, FirstAttempts]:
    """For every channel whose counts are of offered contacts: how many of them are issues.

    Args:
        base: the scenario whose staff answered when they were counted.
    """
    found = {}
    for name, channel in spec.channels.items():
        if not channel.counts.offered or (channel.rate is None and channel.volume is None):
            continue
        counted = week_of(spec, name)
        offered = sum(piece.value * (piece.end - piece.start) for piece in counted.pieces)
        abandoned = channel.counts.abandoned
        if abandoned is None:
            abandoned = _abandoning(base if name in base.channels else spec, name, days)
        again = comes_again(spec, name)
        issues = repeats.first_attempts(offered, channel.redial.chance, abandoned, again)
        week = repeats.without(
            counted,
            hours_of_issues(channel),
            Repeats(channel.redial.chance * abandoned, channel.redial.after / MEDIAN),
            Repeats(again * (1 - abandoned), channel.reconnect.after / MEDIAN),
        )
        found[name] = FirstAttempts(offered, issues, abandoned, again, week)
    return found


def comes_again(spec: s.ScenarioSpec, name: str) -> float:
    """The share of a channel's answered contacts after which somebody comes back: not solved, and not given up."""
    channel = spec.channels[name]
    usual = channel.resolved_at_first_contact
    solved = [
        intent.share * (usual if intent.resolved_at_first_contact is None else intent.resolved_at_first_contact)
        for intent in spec.intents.values()
    ]
    return (1 - sum(solved)) * channel.reconnect.chance


def _abandoning(spec: s.ScenarioSpec, name: str, days: Days) -> float:
    """The share that Erlang A expects to abandon with the scheduled staff, weighted by what is offered."""
    channel = spec.channels[name]
    patience, handled = time_of(channel, "patience", name), kept(channel, name)
    if channel.kind != "live" or patience is None or patience.mean <= 0 or handled <= 0:
        return 0.0
    edges = np.arange(0.0, days.end + spec.interval / 2, spec.interval)
    offered = demand.lay(week_of(spec, name), days.calendar, 0.0, days.end).integral(edges)
    agents = np.zeros(len(edges) - 1)
    for group in groups(spec).values():
        if name not in group.answers or isinstance(group.staff, s.FromLog):
            continue
        plan = list(days.calendar.lay(on_the_floor(spec, group), 0.0, days.end))
        columns = np.array(plan, dtype=np.float64).reshape(-1, 3).T
        agents += Rate(columns[0], columns[1], columns[2]).integral(edges) / spec.interval
    expect = lru_cache(maxsize=None)(
        lambda count, level: erlang_a(count / spec.interval, handled, level, patience.mean).p_abandon
    )
    pairs = zip(np.round(offered, 3).tolist(), np.rint(agents).astype(int).tolist(), strict=True)
    lost = sum(count * expect(count, level) for count, level in pairs if count > 0)
    return float(lost / offered.sum()) if offered.sum() > 0 else 0.0


# --- events ----------------------------------------------------------------------------------------------------------


class Happening(NamedTuple):
    """An event or a surge on real days: how it comes and goes, and what it brings to whom, as its keys say."""

    spans: list[tuple[float, float, float]]
    """(from, to, weight), 1 at its height, in elapsed seconds."""
    factor: float | None
    issues: int | None
    channels: tuple[str, ...]
    intent: str | None


def events_of(spec: s.ScenarioSpec, days: Days) -> list[Happening]:
    """The events of a run, one that recurs as often as it is felt in it."""
    found = []
    for event in spec.events.values():
        before = timedelta(seconds=spans(0.0, event.lasts, event.fades)[-1][1])
        since, until = days.calendar.local(days.start).date(), days.calendar.local(days.end).date()
        for day in dates_of(spec, event, since - before - timedelta(days=1), until):
            felt = spans_on(event, day, days.calendar)
            found.append(Happening(felt, event.factor, event.issues, event.channels, event.intent))
    return found


def spans_on(event: s.Event, day: date, days: Calendar) -> list[tuple[float, float, float]]:
    """How an event that begins on a date comes and goes."""
    return spans(_begins(event, day, days), event.lasts, event.fades)


def span_of(event: s.Event | s.Outage, days: Calendar) -> tuple[float, float]:
    """From when to when an event is at its height the first time, or a machine down, in elapsed seconds."""
    begins = _begins(event, event.at.date(), days)
    return begins, begins + event.lasts


def _begins(event: s.Event | s.Outage, day: date, days: Calendar) -> float:
    return days.elapsed((day - days.starts).days, event.at.hour * 3600 + event.at.minute * 60)


def spans(begins: float, lasts: float, fades: float) -> list[tuple[float, float, float]]:
    """How what brings issues comes and goes: (from, to, weight), 1 at its height, in elapsed seconds."""
    ends = begins + lasts
    found = [(begins, ends, 1.0)]
    for number in range(int(np.ceil(FADED * fades / STEP))):
        since, until = number * STEP, (number + 1) * STEP
        # the mean of 2^(−t / half-life) from `since` to `until`
        weight = fades / (np.log(2) * STEP) * (2 ** (-since / fades) - 2 ** (-until / fades))
        found.append((ends + since, ends + until, float(weight)))
    return found


def with_happenings(
    rates: Sequence[Rate], spec: s.ScenarioSpec, days: Calendar, happenings: Sequence[Happening]
) -> list[Rate]:
    """Rates by channel with what each happening brings; those that overlap add up."""
    if not happenings:
        return list(rates)
    names, intents = list(spec.channels), list(spec.intents)
    cuts = np.unique([edge for each in happenings for begin, end, _ in each.spans for edge in (begin, end)])
    cut = [cut_at(rate, cuts) for rate in rates]
    extra = [np.zeros((len(rate.values), len(intents) + 1)) for rate in cut]
    for spans_, factor, issues, channels, intent in happenings:
        concerned = [number for number, name in enumerate(names) if name in (channels or names)]
        weight = {number: _weight(cut[number], spans_) for number in concerned}
        column = intents.index(intent) if intent is not None else len(intents)
        if issues is not None:
            usual = {n: rates[n].total() for n in concerned}
            whole = sum(usual[n] * _felt(spec, names[n], days, spans_) for n in concerned)
            for n in concerned:
                extra[n][:, column] += usual[n] * weight[n] * issues / (whole or 1.0)
        else:
            for n in concerned:
                extra[n][:, column] += cut[n].values * ((factor or 1.0) - 1) * weight[n]
    return [_together(rate, more) for rate, more in zip(cut, extra, strict=True)]


def _felt(spec: s.ScenarioSpec, name: str, days: Calendar, profile: list[tuple[float, float, float]]) -> float:
    """Seconds in which an event is felt on a channel, by its weight: also before and after the time simulated."""
    rate = demand.lay(week_of(spec, name), days, profile[0][0], profile[-1][1])
    cut = cut_at(rate, np.array([end for _, end, _ in profile]))
    return float(np.sum(_weight(cut, profile) * (cut.ends - cut.starts)))


def _together(rate: Rate, extra: Floats) -> Rate:
    whole = np.maximum(0.0, rate.values + extra.sum(1))
    brought = np.maximum(0.0, extra[:, :-1])
    if rate.by_event is not None:
        brought = brought + rate.by_event * rate.values[:, None]
    share = brought / np.where(whole > 0, whole, 1.0)[:, None]
    return Rate(rate.starts, rate.ends, whole, np.minimum(share, 1.0) if share.any() else None)


def _weight(rate: Rate, profile: list[tuple[float, float, float]]) -> Floats:
    """The weight of an event in each piece of a rate, which lies within one of its spans or outside all."""
    starts = np.array([begin for begin, _, _ in profile])
    span = np.searchsorted(starts, rate.starts, side="right") - 1
    weights = np.array([weight for _, _, weight in profile])
    return np.where((span >= 0) & (rate.starts < profile[-1][1]), weights[np.maximum(span, 0)], 0.0)


def cut_at(rate: Rate, edges: Array | Floats) -> Rate:
    """The same rate with pieces that end at the edges."""
    if not len(rate.starts):
        return rate
    starts = np.unique(np.concatenate((rate.starts, edges[(edges > rate.starts[0]) & (edges < rate.ends[-1])])))
    piece = np.searchsorted(rate.starts, starts, side="right") - 1
    inside = starts < rate.ends[piece]
    starts, piece = starts[inside], piece[inside]
    following = np.append(starts[1:], np.inf)
    by_event = None if rate.by_event is None else rate.by_event[piece]
    return Rate(starts, np.minimum(rate.ends[piece], following), rate.values[piece], by_event)


def customers(spec: s.ScenarioSpec, issues: float, seconds: float) -> int:
    """How many customers there are: as said, or as many as have so many issues in that time."""
    if spec.customers.count is not None:
        return spec.customers.count
    return max(1, round(issues / seconds / spec.customers.issues))
