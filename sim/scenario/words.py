"""The types of a scenario's values: how words become numbers, with what to say where they do not.

Each type is the pydantic face of one reader of `sim.units`. A value may hold several mistakes (a table of staff by
weekday and hour, say); each carries the path below the value at which it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from sim import defaults, units
from sim.clock import DAY, DAYS, HOLIDAY, Piece, Week, say_clock
from sim.distributions import Constant, Distribution, Exponential, Lognormal, Weibull
from sim.errors import did_you_mean
from sim.units import Money, Unclear, shown

LONGEST = 100 * 366 * 86_400.0
"""Seconds of the longest time that makes sense anywhere in a scenario: a century."""


class Problem(NamedTuple):
    """A mistake inside a value: where below it, what, what next."""

    at: tuple[str | int, ...]
    what: str
    hint: str


class Problems(Exception):
    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(str(problems))
        self.problems = problems


def read_by(reader: Callable[[Any], Any]) -> BeforeValidator:
    """A validator that reads words by `reader`, and hands its complaints on with their place."""

    def validate(value: Any) -> Any:
        try:
            return reader(value)
        except Unclear as problem:
            raise as_pydantic([Problem((), problem.what, problem.hint)]) from None
        except Problems as found:
            raise as_pydantic(found.problems) from None

    return BeforeValidator(validate)


def as_pydantic(problems: list[Problem]) -> PydanticCustomError:
    return PydanticCustomError("unclear", "unclear", {"problems": problems})


# --- weeks -----------------------------------------------------------------------------------------------------------


def read_hours(value: Any) -> Week | None:
    """``08:00-20:00``, ``always``, or a mapping of days to ranges. None is always open."""
    if isinstance(value, Week):
        return value
    if isinstance(value, str) and value.strip().lower() in ("always", "24h", "24/7"):
        return None

    def spans(text: Any) -> list[tuple[int, int, float]]:
        if isinstance(text, str) and text.strip().lower() == "closed":
            return []
        parts = text if isinstance(text, list) else str(text).split(",") if isinstance(text, str) else [text]
        return [(*_opening(part), 1.0) for part in parts]

    pieces: list[tuple[int, int, int, float]] = []
    problems: list[Problem] = []
    if isinstance(value, str) and value.strip()[:1].isalpha() and value.strip().lower() != "closed":
        # as `sim validate` says them: mon-fri 08:00-20:00, sat 09:00-13:00
        parts = [part.strip().rpartition(" ") for part in value.split(",")]
        if all(days for days, _, _ in parts):
            value = {days: [span for other, _, span in parts if other == days] for days, _, _ in parts}
    if not isinstance(value, dict):
        return _week([(day, *span) for span in spans(value) for day in range(7)])
    holiday = False
    for days, text in value.items():
        try:
            kinds = _kinds(days)
            holiday |= HOLIDAY in kinds
            pieces += [(day, *span) for day in kinds for span in spans(text)]
        except Unclear as problem:
            problems.append(Problem((days,), problem.what, problem.hint))
    return _checked(pieces, problems, holiday=holiday)


def _kinds(text: str) -> tuple[int, ...]:
    """The kinds of day that a word names: weekdays, or ``holiday``."""
    return (HOLIDAY,) if text.strip().lower() in ("holiday", "holidays") else units.weekdays(text)


def _opening(part: Any) -> tuple[int, int]:
    bare = re.fullmatch(r"\s*([0-9]{1,2})\s*-\s*([0-9]{1,2})\s*", part) if isinstance(part, str) else None
    if bare:
        start, end = bare[1].zfill(2), bare[2].zfill(2)
        raise Unclear(f"{shown(part)} has hours without minutes", f"write {start}:00-{end}:00")
    return units.clock_range(part)


def read_week(reader: Callable[[Any], float], example: str) -> Callable[[Any], Week]:
    """A reader of what changes over the week: one value, or a mapping by days, by hours, or by days and hours."""

    def read(value: Any) -> Week:
        if isinstance(value, Week):
            return value
        if not isinstance(value, dict):
            return Week.always(reader(value))
        pieces: list[tuple[int, int, int, float]] = []
        problems: list[Problem] = []
        holiday = False
        for key, inner in value.items():
            try:
                days, span = _days_and_span(key, example)
                holiday |= HOLIDAY in days
            except Unclear as problem:
                problems.append(Problem((key,), problem.what, problem.hint))
                continue
            entries = inner.items() if isinstance(inner, dict) and span is None else [(None, inner)]
            for hours, amount in entries:
                at = (key,) if hours is None else (key, hours)
                try:
                    start, end = (span or (0, DAY)) if hours is None else units.clock_range(hours)
                    number = reader(amount)
                except Unclear as problem:
                    problems.append(Problem(at, problem.what, problem.hint))
                else:
                    pieces += [(day, start, end, number) for day in days]
        return _checked(pieces, problems, holiday=holiday)

    return read


def _days_and_span(key: str, example: str) -> tuple[tuple[int, ...], tuple[int, int] | None]:
    """``mon-fri``, ``09:00-17:00`` or ``mon-fri 09:00-17:00``."""
    days, _, span = key.strip().partition(" ")
    if not span:
        if ":" in key:
            return tuple(range(7)), units.clock_range(key)
        return _kinds(key), None
    try:
        return _kinds(days), units.clock_range(span)
    except Unclear:
        raise Unclear(f"{shown(key)} is not a time of the week", f"write it as in {example}") from None


def _checked(pieces: list[tuple[int, int, int, float]], problems: list[Problem], *, holiday: bool) -> Week:
    if problems:
        raise Problems(problems)
    return _week(pieces, holiday=holiday)


def _week(pieces: list[tuple[int, int, int, float]], *, holiday: bool = False) -> Week:
    """Pieces in order; one that runs past midnight goes on on the next day. `holiday`: holidays are given as well."""
    cut = []
    for day, start, end, value in pieces:
        if end > start:
            cut.append(Piece(day, start, end, value))
        elif day == HOLIDAY:
            raise Unclear("a holiday's hours end at midnight", f"write {say_clock(start)}-24:00")
        else:
            cut.append(Piece(day, start, DAY, value))
            if end > 0:
                cut.append(Piece((day + 1) % 7, 0, end, value))
    cut.sort()
    for before, after in pairwise(cut):
        if before.weekday == after.weekday and after.start < before.end:
            span = f"{say_clock(after.start)}-{say_clock(min(before.end, after.end))}"
            hint = "let the ranges of a day follow one another"
            raise Unclear(f"{(*DAYS, 'holiday')[after.weekday]} {span} is given twice", hint)
    week = tuple(piece for piece in cut if piece.weekday != HOLIDAY)
    return Week(week, tuple(piece for piece in cut if piece.weekday == HOLIDAY) if holiday else None)


# --- durations as distributions --------------------------------------------------------------------------------------


class Mean(NamedTuple):
    """A bare duration where a distribution may stand: the mean; the form stays the default's."""

    seconds: float


_FORMS = {
    "constant": ("",),
    "exponential": ("mean", "zero"),
    "weibull": ("mean", "scale", "shape"),
    "lognormal": ("mean", "sigma"),
}


def read_time(value: Any) -> Distribution | Mean | None:
    """``8m`` (the mean), ``constant(8m)``, ``exponential(mean 8m)``, ``weibull(mean 25m, shape 0.86)``,
    ``lognormal(mean 8m, sigma 0.9)``, ``endless`` (None)."""
    if value is None or isinstance(value, (Distribution, Mean)):
        return value
    if not isinstance(value, str) or "(" not in value:
        if isinstance(value, str) and value.strip() == "endless":
            return None
        return Mean(_within_a_century(value))
    if ")" not in value:
        hint = "put the whole value in quotes: within {…} a comma ends it"
        raise Unclear(f"{shown(value)} has no closing bracket", hint)
    form, given = units.call(value)
    if form not in _FORMS:
        raise Unclear(f"{shown(form)} is not a distribution", did_you_mean(form, tuple(_FORMS)))
    takes = _FORMS[form]
    for key in given:
        if key not in takes:
            known = ", ".join(takes).strip(", ") or "only the time itself"
            raise Unclear(f"{form} does not take '{key or given[key]}'", f"it takes {known}")
    if form == "constant":
        return Constant(_within_a_century(given.get("", "")))
    if ("mean" in given) == ("scale" in given):
        what = "takes a mean or a scale, not both" if "mean" in given else "needs a mean"
        raise Unclear(f"{form} {what}", f"write it as in {form}(mean 8m)")
    time = _within_a_century(given.get("mean") or given["scale"])
    if form == "exponential":
        return Exponential(time, units.share(given.get("zero", "0")))
    if form == "lognormal":
        return Lognormal(time, units.number(given.get("sigma", "1"), least=0, most=5))
    shape = units.number(given.get("shape", "1"), least=0.1, most=100)
    return Weibull(time, shape) if "mean" in given else Weibull.of_scale(time, shape)


def read_ending(value: Any) -> Distribution | Mean:
    """A time as `read_time` reads it, which has to end."""
    time = read_time(value)
    if time is None:
        raise Unclear("this time has to end", "write a length of time, such as 8m")
    return time


def _within_a_century(value: Any) -> float:
    seconds = units.duration(value)
    if seconds > LONGEST:
        raise Unclear(f"{shown(value)} is more than a century", "give less")
    return seconds


# --- small ones ------------------------------------------------------------------------------------------------------


class AgainRule(NamedTuple):
    """Whether somebody tries again: with which chance, and after which median time in seconds."""

    chance: float
    after: float


def read_again(value: Any) -> AgainRule:
    """``55% after 30m``, or ``no``."""
    if isinstance(value, AgainRule):
        return value
    if isinstance(value, str) and value.strip().lower() == "no":
        return AgainRule(0.0, 0.0)
    chance, found, after = str(value).partition(" after ")
    if not found:
        hint = "write no, or a share and a median time, as in 55% after 30m"
        raise Unclear(f"{shown(value)} does not say who tries again", hint)
    return AgainRule(units.share(chance.strip()), _within_a_century(after.strip()))


def read_zone(value: Any) -> str:
    try:
        return ZoneInfo(str(value)).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = did_you_mean(str(value)[:60], sorted(available_timezones()))
        hint = near if near.endswith("?") else "write one as in Europe/London"
        raise Unclear(f"{shown(value)} is not a time zone", hint) from None


def read_interval(value: Any) -> float:
    seconds = units.duration(value)
    if seconds not in (900.0, 1800.0):
        raise Unclear(f"an interval of {shown(value)} is not supported", "give 15m or 30m")
    return seconds


def read_some_time(value: Any) -> float:
    seconds = _within_a_century(value)
    if seconds <= 0:
        raise Unclear("this must last longer than 0", "give a length of time, such as 7d")
    return seconds


def _per_time(value: Any) -> Money:
    money = units.money(value)
    if money.per is None:
        raise Unclear(f"{shown(value)} does not say for how long", "write it as in 22 EUR/h or 9 GBP/month")
    return money


def read_words(value: Any) -> tuple[str, ...]:
    """One word or a list of them."""
    listed = value if isinstance(value, list) else [value]
    if not all(isinstance(word, str) and word for word in listed):
        raise Unclear(f"{shown(value)} is not a word or a list of words", "write one as in [phone, chat]")
    return tuple(listed)


def read_date(value: Any) -> date:
    day = units.date(value)
    if not 1900 <= day.year < 2200:
        raise Unclear(f"{shown(value)} is out of range", "give a day from 1900 to 2199")
    return day


def read_target(value: Any) -> tuple[float, float]:
    share, within = units.target(value)
    if within > LONGEST:
        raise Unclear(f"{shown(value)} is more than a century", "give less")
    return share, within


def read_shape(value: Any) -> str:
    if value not in tuple(defaults.SHAPES):
        hint = did_you_mean(str(value)[:60], tuple(defaults.SHAPES))
        raise Unclear(f"{shown(value)} is not a shape of the day", hint)
    return str(value)


def read_shrinkage(value: Any) -> float:
    share = units.share(value)
    if share > 0.9:
        raise Unclear(f"{shown(value)} leaves hardly anybody", "give 90% or less")
    return share


def read_factor(value: Any) -> float:
    factor = units.factor(value)
    if factor > 100:
        raise Unclear(f"{shown(value)} is too large", "give 100x or less")
    return factor


def read_count(value: Any, *, least: int = 0, most: int) -> int:
    number = units.count(value, least=least)
    if number > most:
        raise Unclear(f"{shown(value)} is too large", f"give {most:,} or less")
    return number


Duration = Annotated[float, read_by(_within_a_century)]
SomeTime = Annotated[float, read_by(read_some_time)]
Share = Annotated[float, read_by(units.share)]
Shrinkage = Annotated[float, read_by(read_shrinkage)]
PerSecond = Annotated[float, read_by(units.rate)]
PerTime = Annotated[Money, read_by(_per_time)]
Factor = Annotated[float, read_by(read_factor)]
Target = Annotated[tuple[float, float], read_by(read_target)]
Date = Annotated[date, read_by(read_date)]
Shape = Annotated[str, read_by(read_shape)]
Zone = Annotated[str, read_by(read_zone)]
Interval = Annotated[float, read_by(read_interval)]
Again = Annotated[AgainRule, read_by(read_again)]
Words = Annotated[tuple[str, ...], read_by(read_words)]
Some = Annotated[int, read_by(lambda value: units.count(value, least=1))]
Few = Annotated[int, read_by(lambda value: read_count(value, least=1, most=50))]
Number = Annotated[float, read_by(lambda value: units.number(value, least=0))]
Hours = Annotated[Week | None, read_by(read_hours)]
Rates = Annotated[Week, read_by(read_week(units.rate, "mon-fri 09:00-12:00: 120/h"))]
Time = Annotated[Distribution | Mean | None, read_by(read_time)]
Ending = Annotated[Distribution | Mean, read_by(read_ending)]
