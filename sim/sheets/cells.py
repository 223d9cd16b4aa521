"""Cells read as what they are meant to be; what cannot be read is noted, to be told all at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from sim.clock import DAY
from sim.errors import Mistake
from sim.sheets.dates import date_of, has_time, in_calendar, orders_of, refuse_serial, split_moment
from sim.sheets.numbers import Decimals, at_least, decimals_of, english_number, float_of, mark_of, ungrouped
from sim.sheets.refusals import told
from sim.sheets.table import Sheet
from sim.sheets.times import colons, excel_length, second_of_day, seconds_of, time_of
from sim.sheets.values import Value, computed, said, text_of, written
from sim.units import Unclear, duration, shown

LARGEST_COUNT = 10**12
"""More than anybody counts in a cell, and still far from where integers overflow."""
_T = TypeVar("_T")


MOST = 5_000
"""Mistakes after which the rest is not read: nobody mends so many one by one."""


class Cells:
    """Reads cells of a sheet one by one; a mistake is noted, None returned, and `check` raises them all at once.

    An empty cell is None without a mistake: whether it may be empty, the caller decides. Where a cell alone can be read
    in two ways (05/10/2026; 1,234 between semicolons), the other cells of its column decide, or it is a mistake.
    """

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.mistakes: list[Mistake] = []
        self._decimals: dict[int, Decimals] = {}
        self._first_decimal: tuple[str, int] | None = None
        self._orders: dict[int, set[str]] = {}
        self._timed: dict[int, bool] = {}
        self._told: set[tuple[int, str]] = set()
        """Columns with what is said of them as a whole."""

    def text(self, row: int, column: int) -> str | None:
        """The cell as text, without spaces around it; a number of Excel as short as it can be, a date as ISO."""
        return self._read(row, column, lambda value: written(value).strip())

    def number(self, row: int, column: int, *, least: float = 0.0) -> float | None:
        """A finite number, `least` or more."""
        return self._read(row, column, lambda value: at_least(self._number(value, row, column), value, least))

    def count(self, row: int, column: int) -> int | None:
        """A whole number, 0 or more."""

        def whole(value: Value) -> int:
            number = at_least(self._number(value, row, column), value, 0.0)
            if not number.is_integer():
                raise Unclear(f"{said(value)} is not a whole number", "write a whole number, such as 12")
            if number > LARGEST_COUNT:
                raise Unclear(f"{said(value)} is too large")
            return int(number)

        return self._read(row, column, whole)

    def seconds(self, row: int, column: int, *, unit: float = 1.0) -> float | None:
        """A length of time: a bare number in `unit` seconds, ``3m 20s``, ``03:20`` (m:ss), ``0:03:20`` (h:mm:ss).

        A time cell of Excel is the time it holds: ``3:20`` typed into Excel is 3 hours and 20 minutes.
        """
        return self._read(row, column, lambda value: self._seconds(value, row, column, unit))

    def day(self, row: int, column: int) -> date | None:
        """A date: ISO, 05.10.2026, 05/10/2026 where the column tells its order, 5 Oct 2026; a time after it is left."""
        return self._read(row, column, lambda value: self._day(value, row, column))

    def clock(self, row: int, column: int) -> int | None:
        """Seconds since midnight, 24:00 the day's end: of a time, of a range's start (``09:00-09:30``), of a moment."""
        return self._read(row, column, self._clock)

    def moment(self, row: int, column: int) -> datetime | None:
        """A date and a time of day in one cell, local time. A date alone is its midnight if others have a time."""
        return self._read(row, column, lambda value: self._moment(value, row, column))

    def date_order(self, column: int) -> str:
        """Of a column of dates such as 05/10/2026 that was read: "day first" or "month first"; else nothing."""
        return next(iter(self._orders.get(column, ())), "")

    def wrong(self, row: int, column: int | None, what: str, hint: str = "") -> None:
        """Note a mistake that the caller found: `row` and `column` as in `Sheet.mistake`."""
        self.mistakes.append(self.sheet.mistake(row, column, what, hint))
        if len(self.mistakes) == MOST:
            self.check()

    def check(self) -> None:
        """Raises ScenarioError with every mistake noted (the first 20 of one kind and column, then how many more)."""
        if self.mistakes:
            raise told(self.mistakes)

    def _read(self, row: int, column: int, parse: Callable[[Value], _T]) -> _T | None:
        value = self.sheet.rows[row][column]
        if value is None:
            return None
        try:
            return parse(computed(value))
        except _Told:
            return None
        except Unclear as problem:
            self.wrong(row, column, problem.what, problem.hint)
            return None

    def _once(self, row: int, column: int, what: str, hint: str) -> _Told:
        """Note what holds for a whole column at its first cell only."""
        if (column, hint) not in self._told:
            self._told.add((column, hint))
            self.wrong(row, column, what, hint)
        return _Told()

    def _number(self, value: Value, row: int, column: int) -> float:
        if isinstance(value, (int, float)):
            return float(value)
        if not isinstance(value, str):
            raise Unclear(f"{said(value)} is not a number", "format the column as a number")
        text = ungrouped(value)
        mark = mark_of(text)
        if self.sheet.title is None and self.sheet.delimiter == ",":
            return english_number(text, value)
        if not mark:
            return float_of(text, value)
        if column not in self._decimals:
            self._decimals[column] = decimals_of(self.sheet, column)
        decimals = self._decimals[column]
        if not decimals.mark:
            either = f"{float_of(text.replace(',', '').replace('.', ''), value):g} or {text.replace(',', '.')}"
            raise Unclear(f"{shown(value)} may be {either}", "write it without a thousands separator")
        self._consistent(decimals, row, column)
        if mark not in ("?", decimals.mark):
            other = "a decimal comma" if decimals.mark == "," else "a decimal point"
            what = f"{shown(value)} is written otherwise than {self.sheet.place(decimals.row)}, which has {other}"
            raise Unclear(what, "write all numbers of the file alike")
        group = "." if decimals.mark == "," else ","
        return float_of(text.replace(group, "").replace(decimals.mark, "."), value)

    def _consistent(self, decimals: Decimals, row: int, column: int) -> None:
        """All columns of a file have the same decimal mark, or the file was put together from two."""
        if self._first_decimal is None:
            self._first_decimal = (decimals.mark, column)
        first, where = self._first_decimal
        if first != decimals.mark:
            marks = {",": "decimal commas", ".": "decimal points"}
            what = (
                f"this column has {marks[decimals.mark]}, the column {shown(self.sheet.header[where])} {marks[first]}"
            )
            raise self._once(row, column, what, "write all numbers of the file alike")

    def _seconds(self, value: Value, row: int, column: int, unit: float) -> float:
        if isinstance(value, datetime):
            value = excel_length(value)
        if isinstance(value, timedelta):
            return at_least(value.total_seconds(), value, 0.0)
        if isinstance(value, time):
            return seconds_of(value)
        if isinstance(value, str) and ":" in value:
            return colons(value)
        if isinstance(value, str) and re.search("[A-Za-z]", value) and not re.search("[0-9][eE][-+]?[0-9]", value):
            return duration(value)
        if isinstance(value, date):
            raise Unclear(f"{said(value)} is a date, not a length of time", "format the column as a number")
        return at_least(self._number(value, row, column) * unit, value, 0.0)

    def _day(self, value: Value, row: int, column: int) -> date:
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        refuse_serial(value)
        text = text_of(value)
        day, clock = split_moment(text)
        if clock:
            time_of(clock, value)
        return self._date(day or text, value, row, column)

    def _clock(self, value: Value) -> int:
        if isinstance(value, timedelta):
            return second_of_day(value.total_seconds(), value)
        if isinstance(value, datetime):
            return DAY if value == datetime(1900, 1, 1) else round(seconds_of(value.time()))
        if isinstance(value, time):
            return round(seconds_of(value))
        if isinstance(value, (int, float)):
            return second_of_day(value * DAY, value)
        text = text_of(value)
        return time_of(split_moment(text)[1] or text, value)

    def _moment(self, value: Value, row: int, column: int) -> datetime:
        if isinstance(value, datetime):
            return value
        refuse_serial(value)
        day, clock = split_moment(text_of(value))
        if clock:
            midnight = datetime.combine(self._date(day, value, row, column), time())
            return midnight + timedelta(seconds=time_of(clock, value))
        found = self._day(value, row, column)
        if column not in self._timed:
            self._timed[column] = any(has_time(cells[column]) for cells in self.sheet.rows)
        if not self._timed[column]:
            raise Unclear(f"{said(value)} has no time of day", "write both, such as 2026-10-05 09:30")
        return datetime.combine(found, time())

    def _date(self, text: str, value: Value, row: int, column: int) -> date:
        return date_of(text, value, lambda parts: self._slashed(parts, value, row, column))

    def _slashed(self, parts: re.Match[str], value: Value, row: int, column: int) -> date:
        """05/10/2026: the dates of the whole column tell which number is the day."""
        if column not in self._orders:
            self._orders[column] = orders_of(self.sheet, column)
        orders = self._orders[column]
        if len(orders) != 1:
            why = "may be day/month or month/day" if not orders else "is in a column that mixes day/month and month/day"
            raise self._once(row, column, f"{said(value)} {why}", "write dates as year-month-day, such as 2026-10-05")
        day, month = (parts[1], parts[2]) if "day first" in orders else (parts[2], parts[1])
        return in_calendar(parts[3], month, day, value)


class _Told(Exception):
    """A cell that cannot be read, and about which all is said."""
