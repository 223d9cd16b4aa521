"""Events that recur: the rule as it is written, and the dates that it means.

The clock shows the same time at each of them, whatever it did in between: dates recur here, not seconds.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sim import units
from sim.clock import DAY
from sim.scenario.problems import Problem, Problems
from sim.units import Unclear, shown


@dataclass(frozen=True)
class EveryDays:
    """Every so many days, from the first on."""

    days: int


@dataclass(frozen=True)
class Monthly:
    """Once a month: on its n-th day, or n-th working day; −1 is the last, 0 the day of the first time."""

    day: int = 0
    working: bool = False


@dataclass(frozen=True)
class OnDates:
    """On the first date, and on these."""

    dates: tuple[date, ...]


Every = EveryDays | Monthly | OnDates

_WORDS: dict[str, Every] = {"day": EveryDays(1), "week": EveryDays(7), "month": Monthly()}
_NAMED = {"first": 1, "last": -1}
_OF_MONTH = re.compile(r"month on (?:the )?(?:(first|last)|([0-9]{1,2})(?:st|nd|rd|th)?)( working day| day)?")
_HINT = "write 7d, month, month on the 15th, month on the last working day, or a list of dates"


def read_every(value: Any) -> Every:
    """``7d``, ``week``, ``month``, ``month on the 15th``, ``month on the last working day``, or a list of dates."""
    if isinstance(value, EveryDays | Monthly | OnDates):
        return value
    if isinstance(value, list):
        return OnDates(_read_dates(value))
    words = " ".join(value.lower().split()) if isinstance(value, str) else shown(value)
    if words in _WORDS:
        return _WORDS[words]
    if words.startswith("month"):
        return _read_monthly(words, value)
    if re.match("[0-9]{4}-", words):
        return OnDates((units.date(value),))
    if not re.match("[0-9]", words):
        raise Unclear(f"{shown(value)} does not say how often", _HINT)
    seconds = units.duration(value)
    if not seconds or seconds % DAY or seconds > 366 * DAY:
        raise Unclear(f"{shown(value)} is not a whole number of days up to a year", "write 1d, 7d or 4w")
    return EveryDays(int(seconds // DAY))


def _read_monthly(words: str, value: Any) -> Monthly:
    found = _OF_MONTH.fullmatch(words)
    if found is None:
        raise Unclear(f"{shown(value)} is not a day of the month", _HINT)
    day = _NAMED[found[1]] if found[1] else int(found[2])
    working = found[3] == " working day"
    if day == 0 or day > (20 if working else 31):
        raise Unclear(
            f"{shown(value)} is not a day of the month", "count from 1 to 31, working days to 20, or say last"
        )
    return Monthly(day, working)


def _read_dates(listed: list[Any]) -> tuple[date, ...]:
    dates: list[date] = []
    problems = [] if listed else [Problem((), "there is no date in it", _HINT)]
    for number, each in enumerate(listed):
        try:
            dates.append(units.date(each))
        except Unclear as problem:
            problems.append(Problem((number,), problem.what, problem.hint))
    if problems:
        raise Problems(problems)
    return tuple(dates)


def dates(every: Every, first: date, since: date, until: date, holidays: Collection[date] = ()) -> list[date]:
    """The dates of a rule from `since` to `until`, both included, in order, and none before `first`.

    Args:
        first: the date from which the rule counts.
        holidays: the public holidays of all months of that time; working days are those from Monday to Friday that
            are none of them.
    """
    since = max(since, first)
    if isinstance(every, EveryDays):
        missed = -(-(since - first).days // every.days)
        number = (until - first).days // every.days + 1 - missed
        return [first + timedelta(days=every.days * (missed + more)) for more in range(number)]
    found = {first, *every.dates} if isinstance(every, OnDates) else set(_monthly(every, first, since, until, holidays))
    return sorted(day for day in found if since <= day <= until)


def _monthly(every: Monthly, first: date, since: date, until: date, holidays: Collection[date]) -> Iterator[date]:
    """The date of each month; a month that has not so many days has its last."""
    for month in range(since.year * 12 + since.month - 1, until.year * 12 + until.month):
        start = date(month // 12, month % 12 + 1, 1)
        length = calendar.monthrange(start.year, start.month)[1]
        days = [start + timedelta(days=more) for more in range(length)]
        if every.working:
            days = [day for day in days if day.weekday() < 5 and day not in holidays]
        number = every.day or first.day
        if days:
            yield days[-1] if number < 0 else days[min(number, len(days)) - 1]
