"""Weeks, days and intervals: the wall clock of the desk, and seconds after the scenario's start.

Outside, people write ``mon-fri 09:00-17:30``. Inside, time is seconds (or ticks) after midnight, local time, of the
scenario's first day; before it, in the run-in, it is negative. A `Week` is what repeats every week: opening hours,
staff, rates. A `Calendar` lays it over real days, clock changes included.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY = 86_400
WEEK = 7 * DAY
MONTH = 365.25 * DAY / 12

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Piece(NamedTuple):
    """A piece of a weekday (Monday is 0), from and to in seconds of the day, with what holds in it."""

    weekday: int
    start: int
    end: int
    value: float = 1.0


@dataclass(frozen=True)
class Week:
    """What repeats every week: pieces that do not overlap, in order. Outside them, nothing holds (None)."""

    pieces: tuple[Piece, ...]

    @classmethod
    def always(cls, value: float = 1.0) -> Week:
        return cls(tuple(Piece(day, 0, DAY, value) for day in range(7)))

    def on(self, weekday: int) -> tuple[Piece, ...]:
        return self._days[weekday]

    @cached_property
    def _days(self) -> tuple[tuple[Piece, ...], ...]:
        return tuple(tuple(piece for piece in self.pieces if piece.weekday == day) for day in range(7))

    def at(self, weekday: int, second: int) -> float | None:
        """The value that holds at a second of a weekday, or None."""
        return next((p.value for p in self.on(weekday) if p.start <= second < p.end), None)

    def within(self, hours: Week) -> Week:
        """This week cut to where `hours` holds something."""
        cut = [
            Piece(mine.weekday, max(mine.start, theirs.start), min(mine.end, theirs.end), mine.value)
            for mine in self.pieces
            for theirs in hours.on(mine.weekday)
        ]
        return Week(tuple(sorted(piece for piece in cut if piece.start < piece.end)))

    def less(self, cover: Week) -> Week:
        """The pieces of this week that `cover` leaves without a positive value."""
        bare = []
        for piece in self.pieces:
            start = piece.start
            for other in sorted(p for p in cover.on(piece.weekday) if p.value > 0):
                if other.end <= start or other.start >= piece.end:
                    continue
                if other.start > start:
                    bare.append(Piece(piece.weekday, start, other.start, piece.value))
                start = max(start, other.end)
            if start < piece.end:
                bare.append(Piece(piece.weekday, start, piece.end, piece.value))
        return Week(tuple(bare))

    def seconds(self) -> int:
        return sum(piece.end - piece.start for piece in self.pieces)


def say_pieces(week: Week) -> str:
    """A week in words: ``mon-fri 20:00-22:00, sat 09:00-12:00``."""
    by_span: dict[tuple[int, int], list[int]] = {}
    for piece in week.pieces:
        by_span.setdefault((piece.start, piece.end), []).append(piece.weekday)
    return ", ".join(f"{_say_days(days)} {say_clock(start)}-{say_clock(end)}" for (start, end), days in by_span.items())


def _say_days(days: list[int]) -> str:
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        return f"{DAYS[days[0]]}-{DAYS[days[-1]]}"
    return ",".join(DAYS[day] for day in days)


def say_clock(second: int) -> str:
    return f"{second // 3600:02d}:{second % 3600 // 60:02d}"


@dataclass(frozen=True)
class Calendar:
    """Real days: seconds after local midnight of `starts` in `zone`, an IANA name, clock changes included."""

    starts: date
    zone: str = "UTC"

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

    def weekday(self, day: int) -> int:
        return (self.starts.weekday() + day) % 7

    def lay(self, week: Week, start: float, end: float) -> Iterator[tuple[float, float, float]]:
        """The week's pieces on real days, cut to [start, end), as (from, to, value) in elapsed seconds, in order.

        When the clocks go forward, a piece lasts as long as what is left of it, perhaps not at all; when they go back,
        the piece that holds just before lasts until the wall clock has left it for good.
        """
        for day in range(self.day(start), self.day(end) + 1):
            for piece in week.on(self.weekday(day)):
                begin = max(start, self.elapsed(day, piece.start))
                finish = min(end, self.elapsed(day, piece.end))
                if begin < finish:
                    yield begin, finish, piece.value


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
