"""Shifts and levels added up: from so many stretches of time with heads in them to a plan of who is there when.

A sweep over all beginnings and ends gives the sum, a break being a stretch with fewer heads; it is cut at midnight into
the pieces of a `Week` (stretches by weekday) or of `Dated` days. Those with dates are laid in real time, so that a
night in which the clocks change has the hours it really has.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta, timezone
from itertools import pairwise
from typing import NamedTuple

from sim.clock import DAY, WEEK, Calendar, Dated, Piece, Week
from sim.units import HOUR, Money

LONGEST_NIGHT = 14 * 3600
"""Seconds. A shift whose end is before its start was meant to run past midnight if it is no longer than this."""

Plan = Week | Dated
Break = tuple[int, int, bool]


def end_of(start: int, end: int) -> int | None:
    """The end of a shift whose times are told by the clock: on the next day where it is not after the start; None where
    no night is that long."""
    if end > start:
        return end
    return end + DAY if end == 0 or end + DAY - start <= LONGEST_NIGHT else None


def break_within(told: Break, start: int, end: int) -> Break:
    """A break told by the clock, counted as its shift is: what lies after the midnight of a night is beyond 24 h."""
    begins, ends, paid = told
    if begins < start and end > DAY:
        begins += DAY
    if ends <= begins:
        ends += DAY * -(-(begins - ends + 1) // DAY)
    return begins, ends, paid


class Ramp(NamedTuple):
    """A newcomer works at the share `begins` of the speed at first, and gets to the whole of it in `over` seconds."""

    begins: float
    over: float


class Skill(NamedTuple):
    """How an agent works: factors on speed and on the chance to solve an issue; who of the free ones is chosen, the
    lowest rank first; and, of a newcomer, the way up `since` a day."""

    speed: float = 1.0
    quality: float = 1.0
    rank: int = 0
    ramp: Ramp | None = None
    since: date | None = None


USUAL = Skill()


@dataclass(frozen=True)
class Shift:
    """So many agents on duty on each of the weekdays (Monday = 0), or on a date.

    Times are seconds after that day's midnight; those of the next day are beyond 24 h, so an end is later than its
    start. Breaks (from, to, paid) lie within, apart from one another.
    """

    agents: int
    days: tuple[int, ...] | date
    start: int
    end: int
    breaks: tuple[Break, ...] = ()
    cost: Money | None = None
    """An agent's, an hour."""
    name: str = ""
    """Of a shift that several work."""
    skill: Skill = USUAL


@dataclass(frozen=True)
class Member:
    """One or more people who work the same: when they are on the floor, breaks left out."""

    name: str
    heads: int
    plan: Plan
    skill: Skill = USUAL


@dataclass(frozen=True)
class Team:
    """People who work as one skill group."""

    name: str
    skills: tuple[str, ...]
    """Channels; none where the file does not say."""
    agents: Plan
    """On the floor: on shift, and not on a break."""
    paid: Plan
    """Paid heads: on shift, or on a paid break."""
    cost: Money | None
    """Mean cost of a paid hour, over the hours whose cost is known."""
    people: int
    shows_breaks: bool = field(default=True, repr=False)
    """Whether there is any break in the shifts, of this team or of another in the same file."""
    members: tuple[Member, ...] = ()
    """Who they are; together they are `agents`."""


class Heads(NamedTuple):
    """How many are there from a second to another."""

    start: int
    end: int
    number: int


class Weekly:
    """Time that repeats every week: seconds after Monday's midnight."""

    def at(self, day: int, second: int, offset: int | None = None) -> int:
        return day * DAY + second

    def plan(self, heads: Sequence[Heads]) -> Week:
        """The sum of all heads; what runs beyond Sunday is Monday's."""
        twice = [Heads(h.start - back, h.end - back, h.number) for h in heads for back in (0, WEEK)]
        steps = _sum(twice)
        pieces = [
            Piece(day, max(step.start - day * DAY, 0), min(step.end - day * DAY, DAY), float(step.number))
            for day in range(7)
            for step in steps
            if step.start < (day + 1) * DAY and step.end > day * DAY
        ]
        return Week(tuple(pieces))


class Real:
    """Real time: seconds after midnight of the first date, clock changes included."""

    def __init__(self, first: date, last: date, zone: str) -> None:
        self.first = first
        self.last = last
        self.calendar = Calendar(first, zone)

    def at(self, day: date, second: int, offset: int | None = None) -> int:
        """A wall-clock time; its distance from UTC in seconds tells apart what the clocks show twice."""
        if offset is None:
            return int(self.calendar.elapsed((day - self.first).days, second))
        midnight = datetime.combine(day, time(), timezone(timedelta(seconds=offset)))
        return int((midnight - self.calendar.local(0.0)).total_seconds()) + second

    def plan(self, heads: Sequence[Heads]) -> Dated:
        """The sum of all heads, date by date; every date from the first to the last is there."""
        dates = [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]
        midnights = [self.at(day, 0) for day in (*dates, self.last + timedelta(days=1))]
        steps: dict[date, list[Heads]] = {day: [] for day in dates}
        for step in _sum(heads):
            number = max(bisect_right(midnights, step.start) - 1, 0)
            while number < len(dates) and midnights[number] < step.end:
                cut = Heads(max(step.start, midnights[number]), min(step.end, midnights[number + 1]), step.number)
                steps[dates[number]].append(cut)
                number += 1
        again = {day: apart for day in dates if (apart := self._apart(day, steps[day]))}
        return Dated(
            tuple((day, tuple(self._piece(day, h) for h in _without(steps[day], again.get(day)))) for day in dates),
            tuple((day, tuple(self._piece(day, h) for h in apart)) for day, apart in again.items()),
        )

    def _piece(self, day: date, heads: Heads) -> Piece:
        return Piece(day.weekday(), self._second(heads.start), self._second(heads.end - 1) + 1, float(heads.number))

    def _second(self, elapsed: int) -> int:
        local = self.calendar.local(elapsed)
        return local.hour * 3600 + local.minute * 60 + local.second

    def _apart(self, day: date, heads: Sequence[Heads]) -> list[Heads]:
        """What holds in the second pass of an hour that comes twice, if that is not what held just before it."""
        begins, ends = self.at(day, 0), self.at(day + timedelta(days=1), 0)
        longer = ends - begins - DAY
        if longer <= 0:
            return []
        offset = self.calendar.local(begins).utcoffset()
        change = bisect_left(range(ends), True, lo=begins, key=lambda x: self.calendar.local(x).utcoffset() != offset)
        if not any(change <= moment < change + longer for h in heads for moment in (h.start, h.end)):
            return []
        moments = sorted({change, change + longer, *(x for h in heads for x in (h.start, h.end))})
        inside = [(a, b) for a, b in pairwise(moments) if change <= a < change + longer]
        return [Heads(a, b, sum(h.number for h in heads if h.start <= a < h.end)) for a, b in inside]


def _without(heads: Sequence[Heads], apart: Sequence[Heads] | None) -> list[Heads]:
    """The heads outside a stretch of time."""
    if not apart:
        return list(heads)
    start, end = apart[0].start, apart[-1].end
    before = [Heads(h.start, min(h.end, start), h.number) for h in heads if h.start < start]
    return before + [Heads(max(h.start, end), h.end, h.number) for h in heads if h.end > end]


def _sum(heads: Iterable[Heads]) -> list[Heads]:
    """All heads together: stretches that follow one another, each with as many as there are, where there are any."""
    changes: dict[int, int] = defaultdict(int)
    for h in heads:
        changes[h.start] += h.number
        changes[h.end] -= h.number
    moments = sorted(moment for moment, change in changes.items() if change)
    steps, count = [], 0
    for moment, after in pairwise(moments):
        count += changes[moment]
        if count:
            steps.append(Heads(moment, after, count))
    return steps


class Duty(NamedTuple):
    """A shift, or a row of levels, as it stands in a file."""

    shift: Shift
    row: int = -1
    offset: int | None = None
    """Distance from UTC in seconds, where the row says it."""
    who: str = ""
    skills: tuple[str, ...] = ()

    def heads(self, axis: Weekly | Real) -> list[Heads]:
        return list(self._heads(axis, ((self.shift.start, self.shift.end),), self.shift.agents))

    def breaks(self, axis: Weekly | Real, paid: tuple[bool, ...] = (True, False)) -> list[Heads]:
        """Breaks as heads that are missing."""
        spans = [(start, end) for start, end, counts in self.shift.breaks if counts in paid]
        return list(self._heads(axis, spans, -self.shift.agents))

    def _heads(self, axis: Weekly | Real, spans: Iterable[tuple[int, int]], count: int) -> Iterator[Heads]:
        days = self.shift.days
        for start, end in spans:
            if isinstance(axis, Real):
                assert isinstance(days, date)
                yield Heads(axis.at(days, start, self.offset), axis.at(days, end, self.offset), count)
            else:
                assert isinstance(days, tuple)
                for day in days:
                    yield Heads(axis.at(day, start), axis.at(day, end), count)


def axis_of(duties: Sequence[Duty], zone: str, dates: Iterable[date] = ()) -> tuple[list[Duty], Weekly | Real]:
    """The duties and the time they are in; `dates` are known to have nobody else on duty.

    A night shift of the last date runs into a further one. Of that one nothing else is known, so it is completed as
    any later date would be: by who starts on it a week before.
    """
    known = {*dates, *(duty.shift.days for duty in duties if isinstance(duty.shift.days, date))}
    if not known:
        return list(duties), Weekly()
    first, last = min(known), max(known)
    axis = Real(first, last, zone)
    after = last + timedelta(days=1)
    if not any(h.end > axis.at(after, 0) for duty in duties for h in duty.heads(axis)):
        return list(duties), axis
    before = after - timedelta(days=7)
    copied = [d._replace(shift=replace(d.shift, days=after), offset=None) for d in duties if d.shift.days == before]
    return [*duties, *copied], Real(first, after, zone)


def shifts_of(shifts: Sequence[Shift], zone: str = "UTC") -> Team:
    """The team that works these shifts, all by weekday or all by date."""
    return team_of([Duty(shift) for shift in shifts], zone)


def team_of(duties: Sequence[Duty], zone: str, dates: Iterable[date] = (), name: str = "") -> Team:
    completed, axis = axis_of(duties, zone, dates)
    on_shift = [h for duty in completed for h in duty.heads(axis)]
    unpaid = [h for duty in completed for h in duty.breaks(axis, (False,))]
    breaks = [h for duty in completed for h in duty.breaks(axis)]
    named = {duty.who for duty in duties if duty.who}
    return Team(
        name=name,
        skills=duties[0].skills if duties else (),
        agents=axis.plan(on_shift + breaks),
        paid=axis.plan(on_shift + unpaid),
        cost=_mean_cost(duties, axis),
        people=len(named) or sum(duty.shift.agents for duty in duties),
        shows_breaks=bool(breaks),
        members=tuple(_members(completed, axis)),
    )


def _members(duties: Sequence[Duty], axis: Weekly | Real) -> Iterator[Member]:
    """The people by name, each with all their duties; of a shift without names, all who work it together."""
    by_person: dict[str, list[Duty]] = defaultdict(list)
    for number, duty in enumerate(duties):
        by_person[duty.who or f"{duty.shift.name}\0{number}"].append(duty)
    for who, mine in by_person.items():
        one = [h._replace(number=h.number // d.shift.agents) for d in mine for h in (*d.heads(axis), *d.breaks(axis))]
        yield Member(who.partition("\0")[0], mine[0].shift.agents, axis.plan(one), mine[0].shift.skill)


def _mean_cost(duties: Sequence[Duty], axis: Weekly | Real) -> Money | None:
    """Σ hours · cost / Σ hours, over the paid hours whose cost is known."""
    paid = [(d.shift.cost, d.heads(axis) + d.breaks(axis, (False,))) for d in duties if d.shift.cost is not None]
    hours = [(cost, sum((h.end - h.start) * h.number for h in heads)) for cost, heads in paid]
    if not any(length for _, length in hours):
        return None
    mean = sum(cost.amount * length for cost, length in hours) / sum(length for _, length in hours)
    return Money(mean, hours[0][0].currency, HOUR)
