"""Weeks, days and intervals: the wall clock of the desk, and seconds after the scenario's start.

Outside, people write ``mon-fri 09:00-17:30``. Inside, time is seconds (or ticks) after midnight, local time, of the
scenario's first day; before it, in the run-in, it is negative. A `Week` is what repeats every week: opening hours,
staff, rates. A `Calendar` lays it over real days, holidays and clock changes included.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY = 86_400
WEEK = 7 * DAY
MONTH = 365.25 * DAY / 12

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOLIDAY = 7
"""The kind of day of a public holiday; the others are the weekdays, Monday = 0."""
SUNDAY = 6


class Piece(NamedTuple):
    """A piece of a weekday (Monday is 0, a holiday 7), from and to in seconds of the day, with what holds in it."""

    weekday: int
    start: int
    end: int
    value: float = 1.0


@dataclass(frozen=True)
class Week:
    """What repeats every week: pieces that do not overlap, in order. Outside them, nothing holds (None)."""

    pieces: tuple[Piece, ...]
    holiday: tuple[Piece, ...] | None = None
    """What holds on a public holiday; None: the same as on Sunday."""

    @classmethod
    def always(cls, value: float = 1.0) -> Week:
        return cls(tuple(Piece(day, 0, DAY, value) for day in range(7)))

    def on(self, kind: int) -> tuple[Piece, ...]:
        """The pieces of a weekday, or of a holiday."""
        return self._kinds[kind]

    @cached_property
    def _kinds(self) -> tuple[tuple[Piece, ...], ...]:
        days = [tuple(piece for piece in self.pieces if piece.weekday == day) for day in range(7)]
        sunday = tuple(piece._replace(weekday=HOLIDAY) for piece in days[SUNDAY])
        return (*days, sunday if self.holiday is None else self.holiday)

    def at(self, kind: int, second: int) -> float | None:
        """The value that holds at a second of a weekday or holiday, or None."""
        return next((p.value for p in self.on(kind) if p.start <= second < p.end), None)

    def within(self, hours: Week) -> Week:
        """This week cut to where `hours` holds something."""
        return self._each(hours, _cut)

    def less(self, cover: Week) -> Week:
        """The pieces of this week that `cover` leaves without a positive value."""
        return self._each(cover, _bare)

    def times(self, factors: Sequence[float]) -> Week:
        """Every value times the factor of its kind of day: seven, or eight with that of a holiday."""
        holiday = tuple(p._replace(value=p.value * factors[-1]) for p in self.on(HOLIDAY)) if len(factors) > 7 else None
        return Week(tuple(p._replace(value=p.value * factors[p.weekday]) for p in self.pieces), holiday)

    def _each(self, other: Week, of: Callable[[tuple[Piece, ...], tuple[Piece, ...]], list[Piece]]) -> Week:
        own = self.holiday is not None or other.holiday is not None
        return Week(
            tuple(piece for day in range(7) for piece in of(self.on(day), other.on(day))),
            tuple(of(self.on(HOLIDAY), other.on(HOLIDAY))) if own else None,
        )

    def seconds(self) -> int:
        """How long anything holds in a week without a holiday."""
        return sum(piece.end - piece.start for piece in self.pieces)


@dataclass(frozen=True)
class Dated:
    """What holds on given dates, in order: pieces that do not overlap. Whoever plans a week means it to go on, so on a
    date outside the first and the last, that weekday of the nearest week inside holds."""

    days: tuple[tuple[date, tuple[Piece, ...]], ...]
    again: tuple[tuple[date, tuple[Piece, ...]], ...] = ()
    """What holds in the second pass of an hour that comes twice, all of it, where that is told apart from the first."""

    def on(self, day: date) -> tuple[Piece, ...]:
        """The pieces of a date."""
        if not self.days:
            return ()
        first, last = self.days[0][0], self.days[-1][0]
        beyond = max((first - day).days, (day - last).days, 0)
        weeks = timedelta(days=-(-beyond // 7) * 7)
        return self._by_date.get(day + weeks if day < first else day - weeks, ())

    @cached_property
    def _by_date(self) -> dict[date, tuple[Piece, ...]]:
        return dict(self.days)


def _cut(pieces: tuple[Piece, ...], hours: tuple[Piece, ...]) -> list[Piece]:
    cut = [
        mine._replace(start=max(mine.start, theirs.start), end=min(mine.end, theirs.end))
        for mine in pieces
        for theirs in hours
    ]
    return sorted(piece for piece in cut if piece.start < piece.end)


def _bare(pieces: tuple[Piece, ...], cover: tuple[Piece, ...]) -> list[Piece]:
    bare = []
    for piece in pieces:
        start = piece.start
        for other in sorted(p for p in cover if p.value > 0):
            if other.end <= start or other.start >= piece.end:
                continue
            if other.start > start:
                bare.append(piece._replace(start=start, end=other.start))
            start = max(start, other.end)
        if start < piece.end:
            bare.append(piece._replace(start=start))
    return bare


def say_pieces(week: Week) -> str:
    """A week in words: ``mon-fri 20:00-22:00, sat 09:00-12:00, holiday 10:00-12:00``."""
    by_span: dict[tuple[int, int], list[int]] = {}
    for piece in (*week.pieces, *(week.holiday or ())):
        by_span.setdefault((piece.start, piece.end), []).append(piece.weekday)
    return ", ".join(f"{_say_days(days)} {say_span(*span)}" for span, days in by_span.items())


def _say_days(days: list[int]) -> str:
    named = [day for day in days if day != HOLIDAY]
    return ",".join([say_weekdays(named)] * bool(named) + ["holiday"] * (HOLIDAY in days))


def say_weekdays(weekdays: Sequence[int]) -> str:
    """Weekdays as a scenario writes them: ``mon-fri``, ``sun-thu``, ``mon,wed``."""
    if len(weekdays) == 7:
        return "mon-sun"
    chosen = sorted(weekdays)
    for start in chosen:
        run = [(start + more) % 7 for more in range(len(chosen))]
        if len(chosen) > 2 and sorted(run) == chosen:
            return f"{DAYS[run[0]]}-{DAYS[run[-1]]}"
    parts: list[list[int]] = []
    for day in chosen:
        if parts and day == parts[-1][-1] + 1:
            parts[-1].append(day)
        else:
            parts.append([day])
    return ",".join(
        f"{DAYS[part[0]]}-{DAYS[part[-1]]}" if len(part) > 2 else ",".join(DAYS[day] for day in part) for part in parts
    )


def say_span(start: int, end: int) -> str:
    """A stretch of time by the clock: ``22:00-06:00``; what is beyond 24 h is of the next day."""
    return f"{say_clock(start % DAY)}-{say_clock(end % DAY or DAY)}"


def say_clock(second: int) -> str:
    return f"{second // 3600:02d}:{second % 3600 // 60:02d}"


@dataclass(frozen=True)
class Calendar:
    """Real days: seconds after local midnight of `starts` in `zone`, an IANA name, clock changes included."""

    starts: date
    zone: str = "UTC"
    holidays: frozenset[date] = frozenset()

    def elapsed(self, day: int, second: int) -> float:
        """Seconds after the start of the wall-clock time `second` on day `day` (0 is the first; negative before).

        It never falls while the wall clock rises: a time that does not exist is read as the moment of the change, one
        that exists twice as its first.
        """
        if self.zone == "UTC":
            return float(day * DAY + second)
        wall = datetime.combine(self.starts + timedelta(days=day), time()) + timedelta(seconds=second)
        return (_moment(wall, self.zone) - _origin(self.starts, self.zone)).total_seconds()

    def local(self, elapsed: float) -> datetime:
        """The wall-clock time at `elapsed` seconds after the start."""
        return (_origin(self.starts, self.zone) + timedelta(seconds=elapsed)).astimezone(ZoneInfo(self.zone))

    def day(self, elapsed: float) -> int:
        return (self.local(elapsed).date() - self.starts).days

    def day_of(self, day: int) -> date:
        return self.starts + timedelta(days=day)

    def kind(self, day: int) -> int:
        """The weekday, or `HOLIDAY`."""
        return HOLIDAY if self.day_of(day) in self.holidays else (self.starts.weekday() + day) % 7

    def lay(self, plan: Week | Dated, start: float, end: float) -> Iterator[tuple[float, float, float]]:
        """The plan's pieces on real days, cut to [start, end), as (from, to, value) in elapsed seconds, in order.

        When the clocks go forward, a piece lasts as long as what is left of it, perhaps not at all; when they go back,
        the piece that holds just before lasts until the wall clock has left it for good.
        """
        for day in range(self.day(start), self.day(end) + 1):
            for begins, ends, value in self._laid(plan, day):
                begin, finish = max(start, begins), min(end, ends)
                if begin < finish:
                    yield begin, finish, value

    def _laid(self, plan: Week | Dated, day: int) -> list[tuple[float, float, float]]:
        """The pieces of a day in elapsed seconds."""
        pieces = plan.on(self.kind(day)) if isinstance(plan, Week) else plan.on(self.day_of(day))
        laid = [(self.elapsed(day, piece.start), self.elapsed(day, piece.end), piece.value) for piece in pieces]
        again = () if isinstance(plan, Week) else dict(plan.again).get(self.day_of(day), ())
        if not again:
            return laid
        longer = self.elapsed(day + 1, 0) - self.elapsed(day, 0) - DAY
        starts = [self.elapsed(day, piece.start) + longer for piece in again]
        second = [(at, at + piece.end - piece.start, piece.value) for at, piece in zip(starts, again, strict=True)]
        # what holds just before the second pass would last through it
        first = [(begin, min(end, starts[0]) if begin < starts[0] else end, value) for begin, end, value in laid]
        return sorted(first + second)


def odd_hour(wall: datetime, zone: str) -> str:
    """What is wrong with a time of the wall clock, where the clocks change: it does not exist, or exists twice."""
    local = wall.replace(tzinfo=ZoneInfo(zone))
    if local.astimezone(UTC).astimezone(local.tzinfo).replace(tzinfo=None) != wall:
        return f"{wall:%H:%M on %Y-%m-%d} does not exist in {zone}: the clocks go forward"
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        return f"{wall:%H:%M on %Y-%m-%d} exists twice in {zone}: the clocks go back"
    return ""


@lru_cache(maxsize=64)
def _origin(starts: date, zone: str) -> datetime:
    return _moment(datetime.combine(starts, time()), zone)


def _moment(wall: datetime, zone: str) -> datetime:
    """The first moment, in UTC, at which the clocks of the zone show `wall`, or have passed it."""
    local = wall.replace(tzinfo=ZoneInfo(zone))

    def shown(moment: datetime) -> datetime:
        return moment.astimezone(local.tzinfo).replace(tzinfo=None)

    moment = local.astimezone(UTC)
    if shown(moment) == wall:
        return moment
    # a time that does not exist: its second reading lies before the change, its first after it
    before = local.replace(fold=1).astimezone(UTC)
    seconds = range(int((moment - before).total_seconds()))
    passed = bisect_left(seconds, True, key=lambda second: shown(before + timedelta(seconds=second)) > wall)
    return before + timedelta(seconds=passed)
