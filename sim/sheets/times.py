"""Times of day and lengths of time as people write them, and as Excel keeps them."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from sim.clock import DAY
from sim.sheets.values import Value, said
from sim.units import Unclear, shown

_CLOCK = re.compile(r"([0-9]{1,2})(?::([0-9]{2})(?::([0-9]{2})(?:[.,][0-9]+)?)?)?\s*(?:([ap])\.?m\.?)?", re.IGNORECASE)
_TIME = re.compile(r"\s*[0-9]{1,2}:[0-9]{2}(?![0-9])")
_RANGE = re.compile(r"([^-–]+?)\s*(?:[-–]|\bto\b)\s*([^-–]+)", re.IGNORECASE)
_OFFSET = re.compile(
    r"[0-9:.]+\s*(?:Z|UTC|GMT|\+[0-9]{2}:?[0-9]{2})|[0-9]+:[0-9]{2}:[0-9.]+-[0-9]{2}:?[0-9]{2}", re.IGNORECASE
)


def is_time(value: Value) -> bool:
    """A time of day, or a range of two, by the looks of it."""
    return isinstance(value, time) or (isinstance(value, str) and _TIME.match(value) is not None)


def colons(text: str) -> float:
    """Seconds of m:ss or h:mm:ss."""
    found = re.fullmatch(r"(?:([0-9]+):)?([0-9]+):([0-9]{2}(?:[.,][0-9]+)?)", text.strip())
    hint = "write minutes:seconds such as 3:20, or hours:minutes:seconds such as 0:03:20"
    if not found:
        raise Unclear(f"{shown(text)} is not a length of time", hint)
    hours, minutes, seconds = int(found[1] or 0), int(found[2]), float(found[3].replace(",", "."))
    if seconds >= 60 or (found[1] and minutes >= 60):
        raise Unclear(f"{shown(text)} is not a length of time", hint)
    return hours * 3600 + minutes * 60 + seconds


def excel_length(value: datetime) -> timedelta:
    """A length of a day or more that is formatted as a time: Excel counts it from the end of 1899."""
    if value >= datetime(1900, 3, 1):
        raise Unclear(f"{said(value)} is a date, not a length of time", "format the column as a number")
    return value - datetime(1899, 12, 31)


def second_of_day(seconds: float, value: Value) -> int:
    """Whole seconds since midnight, 24:00 the last; `value` is what a message quotes."""
    if not 0 <= seconds <= DAY:
        raise _no_clock(value)
    return round(seconds)


def seconds_of(value: time) -> float:
    """Seconds since midnight."""
    return (datetime.combine(date.min, value) - datetime.min).total_seconds()


def _no_clock(value: Value) -> Unclear:
    return Unclear(f"{said(value)} is not a time of day", "write hours and minutes, such as 09:30")


def time_of(text: str, value: Value) -> int:
    """Seconds since midnight of a time of day, or of the start of a range of two."""
    if _OFFSET.fullmatch(text):
        raise Unclear(f"{said(value)} has an offset from UTC", "write local time, such as 2026-10-05 09:30")
    ends = _RANGE.fullmatch(text)
    if not ends:
        return _second_at(text, value)
    start, end = _CLOCK.fullmatch(ends[1]), _CLOCK.fullmatch(ends[2])
    if not start or not end or bool(start[4]) != bool(end[4]):
        raise _no_clock(value)
    _second_at(ends[2], value)
    return _second_at(ends[1], value)


def _second_at(text: str, value: Value) -> int:
    if re.fullmatch("[0-9]{4}", text):
        text = f"{text[:2]}:{text[2:]}"
    found = _CLOCK.fullmatch(text)
    if not found or not (found[2] or found[4]):
        raise _no_clock(value)
    hours, minutes, seconds = (int(part or 0) for part in found.group(1, 2, 3))
    half = (found[4] or "").lower()
    if half and not 1 <= hours <= 12:
        raise _no_clock(value)
    if half:
        hours = hours % 12 + (12 if half == "p" else 0)
    if minutes > 59 or seconds > 59 or hours * 3600 + minutes * 60 + seconds > DAY:
        raise _no_clock(value)
    return hours * 3600 + minutes * 60 + seconds
