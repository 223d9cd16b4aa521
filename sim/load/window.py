"""The slice of a scenario that a load test sends, as one types it: ``Mon 09:00..12:00``.

A slice, and never fewer customers: with fewer there would be no queues. It lies within the time that the scenario
measures; the clock is the desk's own, clock changes included.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from sim import units
from sim.clock import DAY, Calendar, odd_hour
from sim.errors import UsageError
from sim.scenario.lower import calendar, horizon, ticks
from sim.scenario.read import Scenario
from sim.units import Unclear, shown

_FORM = re.compile(r"(\S.*?)\s+([0-9:]+)\s*\.\.\s*(?:(\S.*?)\s+)?([0-9:]+)")
_DASHED = re.compile(r"([0-9]:[0-9]{2})\s*-\s*([0-9]{1,2}:[0-9]{2})$")
_HINT = "write it as in 'Mon 09:00..12:00', '2026-10-05 09:00..12:00', 'Mon 22:00..Tue 02:00' or all"


def window(text: str | None, scenario: Scenario) -> tuple[int, int]:
    """From and to, in ticks after midnight of the scenario's first day.

    ``Mon 09:00..12:00`` is of the first Monday; ``2026-10-05 09:00..12:00`` of that day; after the dots another day may
    stand, the first such after the one before. None or ``all`` is all that the scenario measures.

    Raises:
        UsageError: no such form, a time that the scenario does not have, one that the clocks skip or show twice.
    """
    days, end = calendar(scenario), horizon(scenario)[1]
    if text is None or text.strip().lower() == "all":
        return 0, ticks(end)
    try:
        begins, ends = _ends(text, days, end)
    except Unclear as problem:
        raise UsageError(f"--window {shown(text)}: {problem.what}", problem.hint) from None
    return ticks(begins), ticks(ends)


def _ends(text: str, days: Calendar, end: float) -> tuple[float, float]:
    found = _FORM.fullmatch(text.strip())
    if found is None:
        dotted = _DASHED.sub(r"\1..\2", text.strip())
        raise Unclear("this is no part of a scenario", f"write {dotted}" if _FORM.fullmatch(dotted) else _HINT)
    first, start, last, stop = found.groups()
    day = _day(first, days, end, after=0)
    last_day = day if last is None else _day(last, days, end, after=day)
    begins, ends = _moment(day, start, days), _moment(last_day, stop, days)
    if begins == ends:
        raise Unclear("it begins and ends at the same time", "give a later end")
    if begins > ends:
        over = "" if last else f", or {first} {start}..{days.day_of(day + 1):%a} {stop}"
        raise Unclear("it ends before it begins", f"give a later end{over}")
    if ends > end or begins < 0:
        raise Unclear("the scenario is over by then" if ends > end else "this is before it", _there_is(days, end))
    return begins, ends


def _day(word: str, days: Calendar, end: float, *, after: int) -> int:
    """The number of a day: of a date, or of the first such weekday from day `after` on."""
    count = days.day(end - 1e-3) + 1
    if re.match("[0-9]", word):
        number = (units.date(word) - days.starts).days
        if not 0 <= number < count:
            raise Unclear(f"{word} is not in the scenario", _there_is(days, end))
        return number
    named = units.weekdays(word)
    if len(named) > 1:
        raise Unclear(f"{shown(word)} are several days", _HINT)
    number = after + (named[0] - days.day_of(after).weekday()) % 7
    if number >= count:
        later = f" after {days.day_of(after)}" if after else ""
        raise Unclear(f"there is no {word}{later} in the scenario", _there_is(days, end))
    return number


def _moment(day: int, clock: str, days: Calendar) -> float:
    """Seconds after the start of a time of a day by the desk's clock."""
    second = units.clock(clock)
    wall = _wall(days.day_of(day), second)
    wrong = odd_hour(wall, days.zone)
    if wrong:
        raise Unclear(wrong, "give another time")
    return days.elapsed(day + second // DAY, second % DAY)


def _wall(day: date, second: int) -> datetime:
    return datetime.combine(day, time()) + timedelta(seconds=second)


def _there_is(days: Calendar, end: float) -> str:
    first, last = days.local(0.0), days.local(end)
    return f"the scenario is from {first:%a %Y-%m-%d %H:%M} to {last:%a %Y-%m-%d %H:%M}"
