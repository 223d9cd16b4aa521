"""Dates and moments as people write them: 2026-10-05, 05.10.2026, 5 Oct 2026, 05/10/2026 09:30.

Which number of 05/10/2026 is the day, the other dates of the column tell. A number is never a date, although Excel
keeps dates as numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

from sim.clock import DAYS
from sim.sheets.table import Sheet
from sim.sheets.values import Value, said, text_of, written
from sim.units import Unclear

WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+)"
_ISO = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})")
_COMPACT = re.compile(r"((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})")
_DOTTED = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4}|[0-9]{2})")
_SLASHED = re.compile(r"([0-9]{1,2})[-/]([0-9]{1,2})[-/]([0-9]{4}|[0-9]{2})")
_DAY_NAMED = re.compile(r"([0-9]{1,2})\.?[-\s]*([A-Za-z]{3,9})\.?,?[-\s]*([0-9]{4}|[0-9]{2})")
_MONTH_NAMED = re.compile(r"([A-Za-z]{3,9})\.?\s*([0-9]{1,2}),?\s+([0-9]{4})")
_MOMENT = re.compile(r"([^:]*[0-9][^:0-9][^:]*[0-9])(T|,?\s+)([0-9]{1,2}(?::[0-9]{2}|\s*[ap]\.?m).*)", re.IGNORECASE)
_HINT = "write year-month-day, such as 2026-10-05"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def refuse_serial(value: Value) -> None:
    """A number is no date, though it may be the one that Excel keeps for it (days since 1899-12-30)."""
    text = written(value).strip() if isinstance(value, (int, float, str)) else ""
    if not re.fullmatch(r"[0-9]{5}(?:[.,][0-9]+)?", text) or not 20_000 <= float(text.replace(",", ".")) <= 80_000:
        return
    meant = datetime(1899, 12, 30) + timedelta(minutes=round(float(text.replace(",", ".")) * 1440))
    day = meant.date().isoformat() if text.isdigit() else written(meant)
    raise Unclear(f"{said(value)} is not a date", f"{text} is Excel's number of {day}; format the column as a date")


def _no_date(value: Value) -> Unclear:
    return Unclear(f"{said(value)} is not a date", _HINT)


def date_of(text: str, value: Value, slashed: Callable[[re.Match[str]], date]) -> date:
    """A date in any spelling; `slashed` reads 05/10/2026, `value` is what a message quotes."""
    weekday = re.match(WEEKDAY, text, re.IGNORECASE)
    bare = text[weekday.end() :] if weekday else text
    parts = _ISO.fullmatch(bare) or _COMPACT.fullmatch(bare)
    if parts:
        found = in_calendar(parts[1], parts[2], parts[3], value)
    elif parts := _DOTTED.fullmatch(bare):
        found = in_calendar(parts[3], parts[2], parts[1], value)
    elif parts := _DAY_NAMED.fullmatch(bare):
        found = in_calendar(parts[3], _month(parts[2], value), parts[1], value)
    elif parts := _MONTH_NAMED.fullmatch(bare):
        found = in_calendar(parts[3], _month(parts[1], value), parts[2], value)
    elif parts := _SLASHED.fullmatch(bare):
        found = slashed(parts)
    else:
        raise _no_date(value)
    if weekday and DAYS[found.weekday()] != weekday[0][:3].lower():
        raise Unclear(f"{said(value)}: that day is a {found:%A}", "mend the day of the week or the date")
    return found


def in_calendar(year: str, month: str, day: str, value: Value) -> date:
    """The date with these numbers; a year of two digits is of this century."""
    try:
        return date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))
    except ValueError:
        raise Unclear(f"{said(value)} is not in the calendar", _HINT) from None


def _month(word: str, value: Value) -> str:
    name = next((m for m in _MONTHS if word.lower().startswith(m)), None)
    full = date(2000, _MONTHS.index(name) + 1, 1).strftime("%B").lower() if name else ""
    if not full.startswith(word.lower().replace("sept", "sep")):
        raise _no_date(value)
    return str(_MONTHS.index(word.lower()[:3]) + 1)


def orders_of(sheet: Sheet, column: int) -> set[str]:
    """What the dates with slashes of a column tell about their order."""
    orders = set()
    for cells in sheet.rows:
        text = text_of(cells[column])
        day = re.sub(f"^{WEEKDAY}", "", split_moment(text)[0] or text, flags=re.IGNORECASE)
        parts = _SLASHED.fullmatch(day)
        if parts and int(parts[1]) > 12:
            orders.add("day first")
        if parts and int(parts[2]) > 12:
            orders.add("month first")
    return orders


def split_moment(text: str) -> tuple[str, str]:
    """The date and the time of a moment; nothing twice where it is none."""
    found = _MOMENT.fullmatch(text)
    if not found:
        return "", ""
    # after a T, −05:00 is an offset, else the end of a range
    offset = found[2] == "T" and re.search(r"-[0-9]{2}:?[0-9]{2}$", found[3])
    return found[1], f"{found[3][: offset.start()]} UTC" if offset else found[3]


def has_time(value: Value) -> bool:
    """A moment: a date with a time of day."""
    return isinstance(value, datetime) or bool(split_moment(text_of(value))[1])


def is_date(value: Value) -> bool:
    """A date or a moment, of the kind or in one of the spellings."""
    if not isinstance(value, str):
        return isinstance(value, date)
    day = split_moment(value.strip())[0] or value.strip()
    return any(pattern.fullmatch(day) for pattern in (_ISO, _DOTTED, _SLASHED, _DAY_NAMED, _MONTH_NAMED))
