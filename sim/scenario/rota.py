"""Tables of staff and shifts, as a scenario names or writes them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

from sim import units
from sim.clock import DAY, say_clock, say_span
from sim.errors import did_you_mean
from sim.scenario.problems import Problem, Problems
from sim.scenario.weeks import read_ability
from sim.shifts import LONGEST_NIGHT, USUAL, Ramp, Skill, break_within, end_of
from sim.units import Unclear, shown


class FromFile(NamedTuple):
    """A table of staff in a file: which worksheet, whose rows, and which column holds what."""

    file: str
    sheet: str | None = None
    group: str | None = None
    columns: tuple[tuple[str, str], ...] = ()


TABLES = (".csv", ".xlsx", ".xlsm", ".tsv", ".txt")


def read_file(value: Any) -> FromFile:
    """``staff.xlsx``, or ``{file: staff.xlsx, sheet: October, group: front_line, columns: {agents: HC}}``."""
    if isinstance(value, FromFile):
        return value
    given = value if isinstance(value, dict) else {"file": value}
    hint = "write it as in {file: staff.xlsx, sheet: October, columns: {agents: Headcount}}"
    problems = [
        Problem((key,), "unknown key", hint) for key in given if key not in ("file", "sheet", "group", "columns")
    ]
    problems += [
        Problem((key,), f"{shown(given[key])} is not text", hint)
        for key in ("file", "sheet", "group")
        if key in given and not isinstance(given[key], str)
    ]
    columns = given.get("columns", {})
    if not isinstance(columns, dict) or not all(isinstance(name, str) for name in columns.values()):
        problems.append(Problem(("columns",), "these are not columns by their header", hint))
    file = given.get("file")
    if isinstance(file, str) and not file.lower().endswith(TABLES):
        at: tuple[str | int, ...] = ("file",) if isinstance(value, dict) else ()
        problems.append(Problem(at, f"{shown(file)} is not a table", "give a .csv or .xlsx file"))
    if problems:
        raise Problems(problems)
    return FromFile(str(file), given.get("sheet"), given.get("group"), tuple(columns.items()))


class InlineShift(NamedTuple):
    """So many agents who work the same hours on the same days; `breaks` are (start, end, paid), seconds of the day.
    What their skill is, is as in `sim.shifts.Skill`."""

    name: str
    agents: int
    days: tuple[int, ...]
    start: int
    end: int
    breaks: tuple[tuple[int, int, bool], ...] = ()
    skill: Skill = USUAL


def read_shifts(value: Any) -> FromFile | tuple[InlineShift, ...]:
    """A file of shifts by person, or shifts by name:
    ``{early: {agents: 6, days: mon-fri, hours: 08:00-16:00, breaks: [10:00-10:15, 12:00-12:30 unpaid]}}``."""
    if isinstance(value, FromFile | tuple):
        return value
    if not isinstance(value, dict) or "file" in value:
        return read_file(value)
    shifts, problems = [], []
    for name, given in value.items():
        try:
            shifts.append(_shift(name, given))
        except Problems as found:
            problems += [Problem((name, *each.at), each.what, each.hint) for each in found.problems]
    if not shifts and not problems:
        problems.append(Problem((), "there is no shift", "write early: {agents: 6, hours: 08:00-16:00}"))
    if problems:
        raise Problems(problems)
    return tuple(shifts)


def _shift(name: str, given: Any) -> InlineShift:
    keys: dict[str, Callable[[Any], Any]] = {
        "agents": lambda text: units.count(text, least=1, most=10_000),
        "days": units.weekdays,
        "hours": units.clock_range,
        "breaks": _breaks,
        "speed": read_ability,
        "quality": read_ability,
        "rank": lambda text: units.count(text, most=1000),
        "ramp": _ramp,
        "since": units.date,
    }
    hint = "write it as in early: {agents: 6, days: mon-fri, hours: 08:00-16:00, breaks: [12:00-12:30 unpaid]}"
    if not isinstance(given, dict):
        raise Problems([Problem((), f"{shown(given)} is not a shift", hint)])
    problems = [
        Problem((key,), "unknown key", did_you_mean(str(key)[:60], tuple(keys))) for key in given if key not in keys
    ]
    misspelt = [problem.hint for problem in problems]
    problems += [
        Problem((), f"'{key}' is missing", hint)
        for key in ("agents", "hours")
        if given.get(key) is None and f"did you mean '{key}'?" not in misspelt
    ]
    read: dict[str, Any] = {"days": tuple(range(7)), "breaks": ()}
    for key in keys.keys() & given.keys():
        try:
            read[key] = keys[key](given[key])
        except Unclear as problem:
            problems.append(Problem((key,), problem.what, problem.hint))
    if ("ramp" in given) != ("since" in given):
        lacks, has = ("since", "ramp") if "ramp" in given else ("ramp", "since")
        example = "since: 2026-09-01" if lacks == "since" else "ramp: from 60% over 8w"
        problems.append(Problem((has,), f"there is no '{lacks}' with it", f"add it, as in {example}"))
    read["skill"] = Skill(**{key: read.pop(key) for key in Skill._fields if key in read})
    if "hours" in read and not problems:
        start, end = read.pop("hours")
        problems += _fitting(start, end, read)
    if problems:
        raise Problems(problems)
    return InlineShift(name, **read)


def _fitting(start: int, end: int, read: dict[str, Any]) -> list[Problem]:
    """Put the hours among what was read; what does not fit within them is a problem. A night runs past 24 h."""
    later = end_of(start, end)
    if later is None:
        what = f"this shift ends before it starts; a night shift is at most {LONGEST_NIGHT // 3600} h long"
        return [Problem(("hours",), what, "give its start first")]
    breaks = tuple(sorted(break_within(told, start, later) for told in read["breaks"]))
    read |= {"start": start, "end": later, "breaks": breaks}
    outside = [span for span in breaks if span[0] < start or span[1] > later]
    apart = all(one[1] <= other[0] for one, other in pairwise(breaks))
    hint = f"keep breaks apart, between {say_clock(start)} and {say_clock(later % DAY or DAY)}"
    if outside:
        return [Problem(("breaks",), f"the break {say_span(*outside[0][:2])} lies outside the shift", hint)]
    return [] if apart else [Problem(("breaks",), "two breaks overlap", hint)]


def _ramp(value: Any) -> Ramp:
    """``from 60% over 8w``."""
    share, over, time = str(value).strip().removeprefix("from ").partition(" over ")
    if not str(value).strip().startswith("from ") or not over:
        raise Unclear(f"{shown(value)} does not say how newcomers get up to speed", "write it as in from 60% over 8w")
    ramp = Ramp(units.share(share.strip()), units.duration(time.strip()))
    if ramp.begins < 0.01 or not ramp.over:
        raise Unclear(f"{shown(value)} is not a way up", "give 1% or more, and a time above 0, as in from 60% over 8w")
    return ramp


def _breaks(value: Any) -> tuple[tuple[int, int, bool], ...]:
    """``[10:00-10:15, 12:00-12:30 unpaid]``: paid if nothing else is said."""
    breaks = []
    if isinstance(value, dict):
        raise Unclear("a mapping stands where breaks belong", "write them as in [10:00-10:15, 12:00-12:30 unpaid]")
    for text in value if isinstance(value, list) else [value]:
        span, _, kind = text.strip().partition(" ") if isinstance(text, str) else (text, "", "")
        if kind.strip() not in ("", "paid", "unpaid"):
            raise Unclear(f"{shown(text)} is not a break", "write it as in 12:00-12:30 unpaid")
        breaks.append((*units.clock_range(span), kind.strip() != "unpaid"))
    return tuple(breaks)
