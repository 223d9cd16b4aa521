"""The types of a scenario's values: how words become numbers, with what to say where they do not.

Each type is the pydantic face of one reader of `sim.units`. A value may hold several mistakes (a table of staff by
weekday and hour, say); each carries the path below the value at which it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from sim import units
from sim.clock import DAY, DAYS, Piece, Week, say_clock
from sim.distributions import Constant, Distribution, Exponential, Lognormal, Weibull
from sim.errors import did_you_mean
from sim.units import Money, Unclear


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
        return [(*units.clock_range(part), 1.0) for part in parts]

    if not isinstance(value, dict):
        return _week([(day, *span) for span in spans(value) for day in range(7)])
    pieces: list[tuple[int, int, int, float]] = []
    problems: list[Problem] = []
    for days, text in value.items():
        try:
            pieces += [(day, *span) for day in units.weekdays(days) for span in spans(text)]
        except Unclear as problem:
            problems.append(Problem((days,), problem.what, problem.hint))
    return _checked(pieces, problems)


def read_week(reader: Callable[[Any], float], example: str) -> Callable[[Any], Week]:
    """A reader of what changes over the week: one value, or a mapping by days, by hours, or by days and hours."""

    def read(value: Any) -> Week:
        if isinstance(value, Week):
            return value
        if not isinstance(value, dict):
            return Week.always(reader(value))
        pieces: list[tuple[int, int, int, float]] = []
        problems: list[Problem] = []
        for key, inner in value.items():
            try:
                days, span = _days_and_span(key, example)
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
        return _checked(pieces, problems)

    return read


def _days_and_span(key: str, example: str) -> tuple[tuple[int, ...], tuple[int, int] | None]:
    """``mon-fri``, ``09:00-17:00`` or ``mon-fri 09:00-17:00``."""
    days, _, span = key.strip().partition(" ")
    if not span:
        if ":" in key:
            return tuple(range(7)), units.clock_range(key)
        return units.weekdays(key), None
    try:
        return units.weekdays(days), units.clock_range(span)
    except Unclear:
        raise Unclear(f"'{key}' is not a time of the week", f"write it like this: {example}") from None


def _checked(pieces: list[tuple[int, int, int, float]], problems: list[Problem]) -> Week:
    if problems:
        raise Problems(problems)
    return _week(pieces)


def _week(pieces: list[tuple[int, int, int, float]]) -> Week:
    """Pieces in order; one that runs past midnight goes on on the next day."""
    cut = []
    for day, start, end, value in pieces:
        if end > start:
            cut.append(Piece(day, start, end, value))
        else:
            cut.append(Piece(day, start, DAY, value))
            if end > 0:
                cut.append(Piece((day + 1) % 7, 0, end, value))
    cut.sort()
    for before, after in zip(cut, cut[1:], strict=False):
        if before.weekday == after.weekday and after.start < before.end:
            raise Unclear(
                f"{DAYS[after.weekday]} {say_clock(after.start)}-{say_clock(min(before.end, after.end))} is given twice",
                "let the ranges of a day follow one another",
            )
    return Week(tuple(cut))


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
        return Mean(units.duration(value))
    form, given = units.call(value)
    if form not in _FORMS:
        raise Unclear(f"'{form}' is not a distribution", did_you_mean(form, tuple(_FORMS)))
    for key in given:
        if key not in _FORMS[form]:
            known = ", ".join(_FORMS[form]).strip(", ") or "only the time itself"
            raise Unclear(f"{form} does not take '{key or given[key]}'", f"it takes {known}")
    if form == "constant":
        return Constant(units.duration(given.get("", "")))
    if "scale" in given:
        return Weibull.of_scale(units.duration(given["scale"]), _positive(given.get("shape", "1")))
    if "mean" not in given:
        raise Unclear(f"{form} needs a mean", f"write it like this: {form}(mean 8m)")
    mean = units.duration(given["mean"])
    if form == "exponential":
        return Exponential(mean, units.share(given.get("zero", "0")))
    if form == "weibull":
        return Weibull(mean, _positive(given.get("shape", "1")))
    return Lognormal(mean, units.number(given.get("sigma", "1"), least=0))


def _positive(text: str) -> float:
    number = units.number(text, least=0)
    if number == 0:
        raise Unclear("a shape of 0 is no distribution", "give more than 0")
    return number


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
        raise Unclear(f"'{value}' does not say who tries again", "write a share and a median time, as in 55% after 30m")
    return AgainRule(units.share(chance.strip()), units.duration(after.strip()))


def read_zone(value: Any) -> str:
    try:
        return ZoneInfo(str(value)).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Unclear(f"'{value}' is not a time zone", "write one as in Europe/London") from None


def read_interval(value: Any) -> float:
    seconds = units.duration(value)
    if seconds not in (900.0, 1800.0):
        raise Unclear(f"an interval of {value} is not supported", "give 15m or 30m")
    return seconds


def read_some_time(value: Any) -> float:
    seconds = units.duration(value)
    if seconds <= 0:
        raise Unclear("this must last longer than 0", "give a length of time, such as 7d")
    return seconds


def _per_time(value: Any) -> Money:
    money = units.money(value)
    if money.per is None:
        raise Unclear(f"'{value}' does not say for how long", "write it as in 22 EUR/h or 9 GBP/month")
    return money


def read_words(value: Any) -> tuple[str, ...]:
    """One word or a list of them."""
    listed = value if isinstance(value, list) else [value]
    if not all(isinstance(word, str) and word for word in listed):
        raise Unclear(f"{value!r} is not a word or a list of words", "write one as in [phone, chat]")
    return tuple(listed)


def count_of(least: int) -> BeforeValidator:
    return read_by(lambda value: units.count(value, least=least))


Duration = Annotated[float, read_by(units.duration)]
SomeTime = Annotated[float, read_by(read_some_time)]
Share = Annotated[float, read_by(units.share)]
PerSecond = Annotated[float, read_by(units.rate)]
PerTime = Annotated[Money, read_by(_per_time)]
Factor = Annotated[float, read_by(units.factor)]
Target = Annotated[tuple[float, float], read_by(units.target)]
Date = Annotated[date, read_by(units.date)]
Zone = Annotated[str, read_by(read_zone)]
Interval = Annotated[float, read_by(read_interval)]
Again = Annotated[AgainRule, read_by(read_again)]
Words = Annotated[tuple[str, ...], read_by(read_words)]
Whole = Annotated[int, count_of(0)]
Some = Annotated[int, count_of(1)]
Number = Annotated[float, read_by(lambda value: units.number(value, least=0))]
Hours = Annotated[Week | None, read_by(read_hours)]
Rates = Annotated[Week, read_by(read_week(units.rate, "mon-fri 09:00-12:00: 120/h"))]
Time = Annotated[Distribution | Mean | None, read_by(read_time)]
