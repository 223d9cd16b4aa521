"""The types of a scenario's values: how words become numbers, with what to say where they do not.

Each type is the pydantic face of one reader of `sim.units`. A value may hold several mistakes (a table of staff by
weekday and hour, say); each carries the path below the value at which it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time
from itertools import pairwise
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from sim import defaults, units
from sim.clock import DAY, DAYS, HOLIDAY, Piece, Week, say_clock, say_span
from sim.distributions import Constant, Distribution, Exponential, Lognormal, Weibull
from sim.errors import did_you_mean
from sim.scenario import written
from sim.scenario.ranges import Range, range_of
from sim.shifts import LONGEST_NIGHT, break_within, end_of
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
        parts = text if isinstance(text, list) else text.split(",") if isinstance(text, str) else [text]
        return [(*_opening(part), 1.0) for part in parts]

    pieces: list[tuple[int, int, int, float]] = []
    problems: list[Problem] = []
    if isinstance(value, str) and value.strip()[:1].isalpha() and value.strip().lower() != "closed":
        # as `sim validate` says them: mon-fri 08:00-20:00, sat,sun 09:00-13:00
        parts = [_DAYS_AND_SPANS.fullmatch(part) for part in re.split(r"(?<=[0-9])\s*,\s*(?=[A-Za-z])", value.strip())]
        said = [(part[1], part[2].split(",")) for part in parts if part]
        if len(said) == len(parts):
            value = {days: [span for other, spans in said if other == days for span in spans] for days, _ in said}
    if not isinstance(value, dict):
        return _week([(day, *span) for span in spans(value) for day in range(7)])
    holiday = False
    for days, text in value.items():
        try:
            if re.search("[0-9][:.][0-9]", days):
                hint = "write the days before the hours; several ranges of a day as [09:00-13:00, 14:00-17:00]"
                raise Unclear(f"{shown(days)} stands where a day belongs", hint)
            kinds = _kinds(days)
            holiday |= HOLIDAY in kinds
            pieces += [(day, *span) for day in kinds for span in spans(text)]
        except Unclear as problem:
            problems.append(Problem((days,), problem.what, problem.hint))
    return _checked(pieces, problems, holiday=holiday)


_DAYS_AND_SPANS = re.compile(r"([A-Za-z].*?)\s+([0-9].*)")


def _kinds(text: str) -> tuple[int, ...]:
    """The kinds of day that a word names: weekdays, ``holiday``, or ``sat,sun,holiday``."""
    days = [part for part in text.split(",") if part.strip().lower() not in ("holiday", "holidays")]
    if len(days) == len(text.split(",")):
        return units.weekdays(text)
    return (*units.weekdays(",".join(days)), HOLIDAY) if days else (HOLIDAY,)


def _opening(part: Any) -> tuple[int, int]:
    bare = re.fullmatch(r"\s*([0-9]{1,2})\s*-\s*([0-9]{1,2})\s*", part) if isinstance(part, str) else None
    if bare:
        start, end = int(bare[1]), int(bare[2])
        # from 9 to 5 is until the afternoon
        end += 12 * (end < start < 12)
        raise Unclear(f"{shown(part)} has hours without minutes", f"write {start:02d}:00-{end:02d}:00")
    if isinstance(part, dict):
        raise Unclear("a mapping stands where hours belong", "write them as in {mon-fri: 08:00-20:00, sat: closed}")
    return units.clock_range(part.strip() if isinstance(part, str) else part)


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
                    start, end = (span or (0, DAY)) if hours is None else _opening(hours)
                    number = reader(amount)
                except Unclear as problem:
                    problems.append(Problem(at, problem.what, problem.hint))
                else:
                    pieces += [(day, start, end, number) for day in days]
        return _checked(pieces, problems, holiday=holiday)

    return read


def _days_and_span(key: str, example: str) -> tuple[tuple[int, ...], tuple[int, int] | None]:
    """``mon-fri``, ``09:00-17:00`` or ``mon-fri 09:00-17:00``."""
    both = _DAYS_AND_SPANS.fullmatch(key.strip())
    if both:
        return _kinds(both[1]), _opening(both[2])
    if re.match("[0-9]", key.strip()):
        return tuple(range(7)), _opening(key)
    if re.search("[0-9=]", key):
        raise Unclear(f"{shown(key)} is not a time of the week", f"write it as in {example}")
    return _kinds(key), None


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
            what = f"{say_clock(start)}-{say_clock(end)} runs past midnight, where the hours of a holiday end"
            raise Unclear(what, f"write {say_clock(start)}-24:00, or the other way round")
        else:
            cut.append(Piece(day, start, DAY, value))
            if end > 0:
                cut.append(Piece((day + 1) % 7, 0, end, value))
    cut.sort()
    for before, after in pairwise(cut):
        if before.weekday == after.weekday and after.start < before.end:
            span = f"{say_clock(after.start)}-{say_clock(min(before.end, after.end))}"
            ends = {(before.start, before.end), (after.start, after.end)}
            nights = [(start, end) for _, start, end, _ in pieces if 0 < end < start]
            night = next(
                (f"{say_clock(start)}-{say_clock(end)}" for start, end in nights if ends & {(start, DAY), (0, end)}), ""
            )
            hint = (
                f"{night} runs past midnight: is it the wrong way round?" if night else
                "let the ranges of a day follow one another"
            )  # fmt: skip
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
    form = value.partition("(")[0].strip()
    if form not in _FORMS:
        raise Unclear(f"{shown(form)} is not a distribution", did_you_mean(form[:60], tuple(_FORMS)))
    if ")" not in value:
        raise Unclear(f"{shown(value)} has no closing bracket", units.CLOSE_BRACKET)
    _, given = units.call(value)
    takes = _FORMS[form]
    for key in given:
        if key not in takes:
            known = ", ".join(takes).strip(", ") or "only the time itself"
            named = f"say what it is: {known}" if not key else f"it takes {known}"
            raise Unclear(f"{form} does not take '{key or given[key]}'", named)
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
        # GMT+1 is near to many, and is none of them
        near = "" if re.search("[0-9]", str(value)) else did_you_mean(str(value)[:60], sorted(available_timezones()))
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


_read_shares = read_week(
    lambda value: units.number(str(value).strip().removesuffix("%"), least=0), "mon-fri 09:00-10:00: 12"
)


def read_shape(value: Any) -> str | Week:
    """The name of a shape, or a table: the share of the day's contacts, in any scale, by range of hours."""
    if isinstance(value, dict | Week):
        shares = _read_shares(value)
        if not any(piece.value > 0 for piece in shares.pieces):
            raise Unclear("no hour has any contacts", "give one a share above 0")
        return shares
    if value not in tuple(defaults.SHAPES):
        hint = did_you_mean(str(value)[:60], tuple(defaults.SHAPES))
        raise Unclear(f"{shown(value)} is not a shape of the day", hint)
    return str(value)


def read_multiple(value: Any) -> float:
    """A factor that may be 0: ``1.2x``, ``0x``."""
    text = str(value).strip()
    return 0.0 if re.fullmatch(r"0(\.0*)?[xX×]?", text) else read_factor(value)


read_multiples = read_week(read_multiple, "mon-fri 09:00-12:00: 1.1x")


def read_weekdays(value: Any) -> tuple[float, ...]:
    """``{mon: 1.2x, tue-fri: 1.0x, sat: 0.5x, sun: 0x, holiday: 0.3x}``: a factor for each of the seven days and for
    holidays; days left out have 1, a holiday that of Sunday."""
    if isinstance(value, tuple):
        return value
    if not isinstance(value, dict):
        raise Unclear(f"{shown(value)} does not say which day", "write it as in {mon: 1.2x, tue-fri: 1x, sat: 0.5x}")
    factors: dict[int, float] = {}
    problems: list[Problem] = []
    for days, factor in value.items():
        try:
            kinds, number = _kinds(days), read_multiple(factor)
            for kind in kinds:
                if kind in factors:
                    raise Unclear(f"{(*DAYS, 'holiday')[kind]} is given twice", "name each day once")
                factors[kind] = number
        except Unclear as problem:
            problems.append(Problem((days,), problem.what, problem.hint))
    if problems:
        raise Problems(problems)
    week = [factors.get(day, 1.0) for day in range(7)]
    if not any(week):
        raise Unclear("no day has any contacts", "give one a factor above 0x")
    return (*week, factors.get(HOLIDAY, week[-1]))


_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip


def read_months(value: Any) -> tuple[float, ...]:
    """``{nov: 1.3x, dec: 1.6x}``: a factor for each month from January; months left out have 1. A month is its English
    name or the first three letters or more of it."""
    if isinstance(value, tuple):
        return value
    if not isinstance(value, dict):
        raise Unclear(f"{shown(value)} does not say which month", "write it as in {nov: 1.3x, dec: 1.6x}")
    factors: dict[int, float] = {}
    problems: list[Problem] = []
    for month, factor in value.items():
        try:
            named = [n for n, name in enumerate(_MONTHS) if len(month) >= 3 and name.startswith(month.lower())]
            if not named:
                raise Unclear(f"{shown(month)} is not a month", "write jan, feb, mar, and so on")
            if named[0] in factors:
                raise Unclear(f"{_MONTHS[named[0]]} is given twice", "name each month once")
            factors[named[0]] = read_multiple(factor)
        except Unclear as problem:
            problems.append(Problem((month,), problem.what, problem.hint))
    if problems:
        raise Problems(problems)
    return tuple(factors.get(month, 1.0) for month in range(12))


def read_growth(value: Any) -> float:
    """``6%/year``, ``-3%/year``: how much more a year later, as a share."""
    found = re.fullmatch(r"\s*([+-]?[0-9.]+)\s*%\s*(?:/|a|per)\s*y(?:ea)?r?\s*", str(value).replace("\u2212", "-"))
    hint = "write it as in 6%/year, or -3%/year"
    if not found:
        raise Unclear(f"{shown(value)} is not a growth", hint)
    share = units.number(found[1]) / 100
    if not -0.99 <= share <= 10:
        raise Unclear(f"{shown(value)} is not plausible", "give -99%/year to 1000%/year")
    return share


class Counts(NamedTuple):
    """What a rate or volume counts: contacts as offered, redials and reconnects included, or first attempts only.
    `abandoned` is the share that abandoned when they were counted; None: as Erlang A has it with this staff."""

    offered: bool
    abandoned: float | None = None


def read_counts(value: Any) -> Counts:
    """``first_attempts``, ``offered``, ``offered(abandoned 6%)``."""
    if isinstance(value, Counts):
        return value
    hint = "write first_attempts, offered or offered(abandoned 6%)"
    try:
        name, given = units.call(value) if isinstance(value, str) else ("", {})
    except Unclear:
        name, given = "", {}
    if name not in ("first_attempts", "offered") or set(given) - {"abandoned"} or (given and name != "offered"):
        raise Unclear(f"{shown(value)} does not say what was counted", hint)
    return Counts(name == "offered", units.share(given["abandoned"]) if given else None)


def read_moment(value: Any) -> datetime:
    """``2026-10-06 18:20``, by the desk's own clock."""
    if isinstance(value, datetime):
        return value
    day, _, clock = str(value).strip().replace("T", " ").partition(" ")
    try:
        second = units.clock(clock.strip())
        if second == DAY:
            raise Unclear("")
        return datetime.combine(read_date(day), time(second // 3600, second % 3600 // 60))
    except Unclear:
        hint = "write a date and a time, such as 2026-10-06 18:20"
        raise Unclear(f"{shown(value)} is not a moment", hint) from None


class Holidays(NamedTuple):
    """Public holidays: those of a country or a region of it, `also` further dates, `but` not these."""

    country: str = ""
    region: str | None = None
    also: tuple[date, ...] = ()
    but: tuple[date, ...] = ()


def read_holidays(value: Any) -> Holidays:
    """``GB``, ``GB-ENG``, or ``{country: GB-ENG, also: [2026-12-24], but: [2026-12-28]}``."""
    if isinstance(value, Holidays):
        return value
    if isinstance(value, list):
        raise Unclear("a list does not say what it holds", "write {country: GB-ENG, also: [2026-12-24]}")
    given = value if isinstance(value, dict) else {"country": value}
    problems = [
        Problem((key,), "unknown key", "known here: country, also, but")
        for key in given
        if key not in ("country", "also", "but")
    ]
    country, region, dates = "", None, {}
    try:
        country, region = _country(given.get("country"))
    except Unclear as problem:
        problems.append(Problem(("country",) if isinstance(value, dict) else (), problem.what, problem.hint))
    for key in ("also", "but"):
        listed = given.get(key, [])
        try:
            dates[key] = tuple(read_date(day) for day in (listed if isinstance(listed, list) else [listed]))
        except Unclear as problem:
            problems.append(Problem((key,), problem.what, problem.hint))
    if problems:
        raise Problems(problems)
    return Holidays(country, region, **dates)


def _country(value: Any) -> tuple[str, str | None]:
    if value is None:
        return "", None
    import holidays

    known = holidays.list_supported_countries(include_aliases=False)
    code, dash, region = str(value).strip().upper().partition("-")
    if code not in known:
        hint = "write the two letters of the country, as in GB or US-NY"
        meant = {"UK": "GB", "EN": "GB-ENG", "USA": "US", "GER": "DE"}.get(code)
        raise Unclear(f"no holidays are known of {shown(value)}", f"did you mean '{meant}'?" if meant else hint)
    if dash and region not in known[code]:
        hint = f"of {code} there are {', '.join(known[code])}" if known[code] else f"write {code} alone"
        raise Unclear(f"no holidays are known of {shown(value)}", hint)
    return code, region or None


def read_limit(value: Any) -> str:
    """``at least 80%``, ``at most 24h``; what the words after it mean depends on what they limit."""
    found = re.fullmatch(r"\s*at\s+(least|most)\s+(\S.*?)\s*", str(value))
    if not found:
        symbol = re.fullmatch(r"\s*([<>]=?)\s*(\S.*?)\s*", str(value))
        words = (
            f"at {'least' if symbol[1][0] == '>' else 'most'} {symbol[2]}" if symbol else "at least 80%, at most 24h"
        )
        raise Unclear(f"{shown(value)} is not a threshold", f"write {words}")
    return f"at {found[1]} {found[2]}"


def read_range(value: Any) -> Range:
    """``6m..10m``: the lowest and the highest value."""
    if isinstance(value, Range):
        return value
    found = range_of(value) if isinstance(value, str) else None
    if found is None or found.step is not None:
        raise Unclear(f"{shown(value)} is not a range", "write the lowest and the highest value, as in 6m..10m")
    return found


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
    """So many agents who work the same hours on the same days; `breaks` are (start, end, paid), seconds of the day."""

    name: str
    agents: int
    days: tuple[int, ...]
    start: int
    end: int
    breaks: tuple[tuple[int, int, bool], ...] = ()


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
        "agents": lambda text: read_count(text, least=1, most=10_000),
        "days": units.weekdays,
        "hours": units.clock_range,
        "breaks": _breaks,
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


def read_plain_money(value: Any) -> Money:
    money = units.money(value)
    if money.per is not None:
        raise Unclear(f"{shown(value)} is for a length of time", "write the amount alone, as in 0.10 EUR")
    return money


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
    return units.count(value, least=least, most=most)


Duration = Annotated[float, read_by(_within_a_century), written.DURATION]
SomeTime = Annotated[float, read_by(read_some_time), written.SOME_TIME]
Share = Annotated[float, read_by(units.share), written.SHARE]
Shrinkage = Annotated[float, read_by(read_shrinkage), written.SHRINKAGE]
PerSecond = Annotated[float, read_by(units.rate), written.PER_SECOND]
PerTime = Annotated[Money, read_by(_per_time), written.PER_TIME]
Factor = Annotated[float, read_by(read_factor), written.FACTOR]
Target = Annotated[tuple[float, float], read_by(read_target), written.TARGET]
Targets = Annotated[dict[str, Target], written.by_name(written.TARGET, "phone", "channel")]
Date = Annotated[date, read_by(read_date), written.DATE]
Shape = Annotated[str | Week, read_by(read_shape), written.SHAPE]
Weekdays = Annotated[tuple[float, ...], read_by(read_weekdays), written.WEEKDAYS]
Months = Annotated[tuple[float, ...], read_by(read_months), written.MONTHS]
Multiples = Annotated[Week, read_by(read_multiples), written.MULTIPLES]
Growth = Annotated[float, read_by(read_growth), written.GROWTH]
Counted = Annotated[Counts, read_by(read_counts), written.COUNTS]
Moment = Annotated[datetime, read_by(read_moment), written.MOMENT]
HolidaysOf = Annotated[Holidays, read_by(read_holidays), written.HOLIDAYS]
Limit = Annotated[str, read_by(read_limit), written.LIMIT]
Limits = Annotated[dict[str, Limit], written.by_name(written.LIMIT, "phone.service_level", "measure")]
Span = Annotated[Range, read_by(read_range), written.RANGE]
Spans = Annotated[dict[str, Span], written.by_name(written.RANGE, "phone.handle_time", "path")]
Table = Annotated[FromFile, read_by(read_file), written.TABLE]
ShiftsOf = Annotated[Any, read_by(read_shifts), written.SHIFTS]
Amount = Annotated[Money, read_by(read_plain_money), written.AMOUNT]
Zone = Annotated[str, read_by(read_zone), written.ZONE]
Interval = Annotated[float, read_by(read_interval), written.INTERVAL]
Again = Annotated[AgainRule, read_by(read_again), written.AGAIN]
Words = Annotated[tuple[str, ...], read_by(read_words), written.WORDS]
Some = Annotated[int, read_by(lambda value: units.count(value, least=1)), written.SOME]
Few = Annotated[int, read_by(lambda value: read_count(value, least=1, most=50)), written.FEW]
Number = Annotated[float, read_by(lambda value: units.number(value, least=0)), written.NUMBER]
Hours = Annotated[Week | None, read_by(read_hours), written.HOURS]
Rates = Annotated[Week, read_by(read_week(units.rate, "mon-fri 09:00-12:00: 120/h")), written.RATES]
Time = Annotated[Distribution | Mean | None, read_by(read_time), written.TIME]
Ending = Annotated[Distribution | Mean, read_by(read_ending), written.ENDING]
