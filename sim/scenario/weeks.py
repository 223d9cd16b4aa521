"""What changes over the week or the year, as it is written: hours, levels, shapes of the day, factors."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from sim import defaults, units
from sim.clock import DAY, DAYS, HOLIDAY, Piece, Week, say_clock
from sim.errors import did_you_mean
from sim.scenario.problems import Problem, Problems
from sim.units import Unclear, shown


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


def read_factor(value: Any) -> float:
    factor = units.factor(value)
    if factor > 100:
        raise Unclear(f"{shown(value)} is too large", "give 100x or less")
    return factor


def read_ability(value: Any) -> float:
    """How fast or how well somebody works: a factor that leaves them able to do something."""
    factor = read_factor(value)
    if factor < 0.01:
        raise Unclear(f"{shown(value)} is next to nothing", "give 0.01x or more")
    return factor


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
