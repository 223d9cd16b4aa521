"""Intervals on the calendar: which day and hour each has, how many are drawn, and steps that end where they should.

A plot by interval shows seven days at most: of a longer run the week, counted from its start, that is worst for the
plot's question. Hours are those of the wall clock: where `starts` has a time zone, the changes of its clocks are
followed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import numpy.typing as npt

from sim.tables import Floats

Bools = npt.NDArray[np.bool_]

DAYS = 7
HOUR = 3600
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNITS = {900: "quarter-hours", 1800: "half-hours", 3600: "hours"}


@dataclass(frozen=True)
class Intervals:
    """`count` intervals of `interval` seconds, the first at `starts`. A week of them is drawn, from the interval
    `first` on; `why` says what makes it the one."""

    starts: datetime
    interval: int
    count: int
    first: int = 0
    why: str = ""

    @property
    def shown(self) -> int:
        """How many are drawn: those of seven days of the calendar, of 23 or 25 hours too."""
        week = self._until(self.at(self.first) + timedelta(days=DAYS)) - self.first * self.interval
        return min(self.count - self.first, max(1, round(week) // self.interval))

    @property
    def drawn(self) -> slice:
        """Those that are drawn, of an array of all."""
        return slice(self.first, self.first + self.shown)

    @property
    def note(self) -> str:
        """Which week is drawn and why, for the subtitle; empty where nothing is left out."""
        if self.shown == self.count:
            return ""
        return f" Shown is the week from {day_name(self.at(self.first).date())}, {self.why}."

    @property
    def covered(self) -> str:
        """What totals are of, where that is not the whole run."""
        return "" if self.shown == self.count else " this week"

    @property
    def unit(self) -> str:
        """What planners call such intervals."""
        return _UNITS.get(self.interval, "intervals")

    @property
    def hours(self) -> float:
        """The length of one interval."""
        return self.interval / HOUR

    def at(self, number: int) -> datetime:
        """When an interval starts."""
        after = timedelta(seconds=number * self.interval)
        if self.starts.tzinfo is None:
            return self.starts + after
        return (self.starts.astimezone(UTC) + after).astimezone(self.starts.tzinfo)

    def elapsed(self, day: date) -> float:
        """Hours from the start of the first interval that is drawn to the midnight that begins `day`."""
        return self._until(datetime.combine(day, time(), self.starts.tzinfo)) / HOUR - self.first * self.hours

    def _until(self, moment: datetime) -> float:
        """Seconds from the start of the first interval to a moment of the wall clock."""
        if self.starts.tzinfo is None:
            return (moment - self.starts).total_seconds()
        # two moments of one zone would be subtracted by the wall clock
        return (moment.astimezone(UTC) - self.starts.astimezone(UTC)).total_seconds()

    def days(self) -> list[date]:
        """The day of each interval that is drawn."""
        return [moment.date() for moment in self._moments()]

    def clock(self) -> Floats:
        """The hour of the day at which each interval that is drawn starts."""
        return np.array([m.hour + m.minute / 60 + m.second / HOUR for m in self._moments()], dtype=np.float64)

    def _moments(self) -> list[datetime]:
        return [self.at(self.first + number) for number in range(self.shown)]

    def named(self, number: int) -> str:
        """When an interval starts, counted from the first that is drawn, in words: Mon 5 Oct 10:30."""
        moment = self.at(self.first + number)
        return f"{day_name(moment.date())} {moment:%H:%M}"

    def span(self) -> str:
        """From when to when is drawn, in words."""
        return f"{self.named(0)} to {self.named(self.shown)}"

    def stamps(self) -> list[str]:
        """The start of every interval, drawn or not, as in ISO 8601."""
        return [self.at(number).isoformat(timespec="minutes") for number in range(self.count)]


def worst_week(
    starts: datetime, interval: int, amount: Floats, most: str, of: Callable[[Floats], float] = np.sum
) -> Intervals:
    """The intervals of a run, drawn from the week that has most: the first of those that have as much.

    Args:
        starts: when the first interval starts.
        interval: seconds of one.
        amount: what is worst where there is most of it; one number an interval.
        most: what there is most of, in words.
        of: what makes one number of a week's amounts.
    """
    amount = np.atleast_1d(amount)
    every = Intervals(starts, interval, len(amount))
    weeks = [every]
    while weeks[-1].drawn.stop < every.count:
        weeks.append(replace(every, first=weeks[-1].drawn.stop))
    found = [of(amount[week.drawn]) for week in weeks]
    if max(found) <= 0:
        return replace(every, why=f"the first of {len(weeks)}")
    return replace(weeks[int(np.argmax(found))], why=f"of {len(weeks)} the one with the most {most}")


def day_name(day: date) -> str:
    """A day in words, whatever the locale: Mon 5 Oct."""
    return f"{WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"


def outline(x: Floats, width: float, keep: Bools, *values: Floats) -> list[Floats]:
    """Corners of steps (``where="post"``): each unbroken run of kept intervals gets its closing edge, then a gap.

    Args:
        x: where each interval starts.
        width: how long each is, in the unit of `x`.
        keep: which are drawn.
        values: one series or more, a value an interval.

    Returns:
        the x of the corners, then each series at them; NaN at the gaps.
    """
    corners: list[list[float]] = [[] for _ in range(1 + len(values))]
    kept = np.flatnonzero(keep)
    for place, i in enumerate(kept):
        for corner, value in zip(corners, (x, *values), strict=True):
            corner.append(float(value[i]))
        follows = place + 1 < len(kept) and kept[place + 1] == i + 1 and abs(x[i + 1] - x[i] - width) < 1e-6
        if not follows:
            corners[0] += [float(x[i]) + width, np.nan]
            for corner, value in zip(corners[1:], values, strict=True):
                corner += [float(value[i]), np.nan]
    return [np.array(corner, dtype=np.float64) for corner in corners]
