"""Tables that people keep: CSV and Excel files, read with the place of every cell, and written.

A file from a phone system or a planner's workbook is never quite the same: title lines above the header, decimal
commas, another encoding, dates in four spellings, a row of totals. What can be read in exactly one way is read; what
can be read in two is a mistake with its place, never a guess. Reading goes in two steps: `read_sheet` finds the table
(encoding, delimiter, header, rows), then `Cells` reads its cells as what they are meant to be, so that a column nobody
asks for may hold anything.

The only user of openpyxl (reading) and xlsxwriter (writing).
"""

from __future__ import annotations

import csv
import io
import math
import os
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from statistics import median_high
from typing import Any, NamedTuple, TypeVar

from sim.clock import DAY, DAYS
from sim.errors import CannotWrite, Mistake, ScenarioError, did_you_mean
from sim.units import Unclear, duration, shown

Value = str | float | date | datetime | time | timedelta | None
"""A cell: in CSV text or None where empty; in Excel also a number, date, moment, time of day or length of time."""

LARGEST_FILE = 50 * 2**20
"""Bytes; a year of 30-minute intervals takes about one of these 50 MiB."""
LARGEST_UNPACKED = 1000 * 2**20
"""Bytes of a workbook once unpacked: more is a broken or hostile file."""
LARGEST_COUNT = 10**12
"""More than anybody counts in a cell, and still far from where integers overflow."""
SHOWN = 20
"""Mistakes of one kind and column that are listed; the others are counted."""

_T = TypeVar("_T")
_Row = tuple[int, tuple[Value, ...]]
"""A line (CSV) or row (Excel), from 1, and its cells."""

_DELIMITERS = ("\t", ";", "|", ",")
_NAMES = {"\t": "tab", ";": ";", "|": "|", ",": ","}
_WORKBOOKS = (".xlsx", ".xlsm")
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_SAVE = "save it as .xlsx or as CSV"
_LINE_ENDS = re.compile(r"\r\n|\r|\n")
_NOT_UTF8 = re.compile("[\udc80-\udcff]")
_DAYS = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+)"
_FIGURE = re.compile(rf"{_DAYS}?[-+(−]?[0-9][0-9.,:/'’\s–-]*(?:[ap]\.?m\.?)?[%)]?", re.IGNORECASE)
_NAMED_DATE = re.compile(rf"{_DAYS}?[0-9]{{1,2}}[-.\s]+[a-z]{{3,9}}[-.\s]+[0-9]{{2,4}}\b.*", re.IGNORECASE)
_ISO = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})")
_COMPACT = re.compile(r"((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})")
_DOTTED = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4}|[0-9]{2})")
_SLASHED = re.compile(r"([0-9]{1,2})[-/]([0-9]{1,2})[-/]([0-9]{4}|[0-9]{2})")
_DAY_NAMED = re.compile(r"([0-9]{1,2})\.?[-\s]*([A-Za-z]{3,9})\.?,?[-\s]*([0-9]{4}|[0-9]{2})")
_MONTH_NAMED = re.compile(r"([A-Za-z]{3,9})\.?\s*([0-9]{1,2}),?\s+([0-9]{4})")
_MOMENT = re.compile(r"([^:]*[0-9][^:0-9][^:]*[0-9])(T|,?\s+)([0-9]{1,2}(?::[0-9]{2}|\s*[ap]\.?m).*)", re.IGNORECASE)
_CLOCK = re.compile(r"([0-9]{1,2})(?::([0-9]{2})(?::([0-9]{2})(?:[.,][0-9]+)?)?)?\s*(?:([ap])\.?m\.?)?", re.IGNORECASE)
_RANGE = re.compile(r"([^-–]+?)\s*(?:[-–]|\bto\b)\s*([^-–]+)", re.IGNORECASE)
_OFFSET = re.compile(
    r"[0-9:.]+\s*(?:Z|UTC|GMT|\+[0-9]{2}:?[0-9]{2})|[0-9]+:[0-9]{2}:[0-9.]+-[0-9]{2}:?[0-9]{2}", re.IGNORECASE
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TOTAL = re.compile(r"\s*(?:(?:grand|sub)[\s_-]*)?(?:totals?|sums?|summe)\b\s*(:?)(.*)", re.IGNORECASE | re.DOTALL)
_ERRORS = ("#REF!", "#N/A", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA")
_NOTHING = ("-", "–", "n/a", "na", "nan", "null", "none", "nil", "?")


class Wanted(NamedTuple):
    """A column that is looked for: our name of it, the headers it usually has (any case, spaces, - and _ alike).

    `means` is what a message calls it: "the offered contacts"; without it, the key in quotes.
    """

    key: str
    names: tuple[str, ...]
    required: bool = True
    means: str = ""


class Uncomputed(str):
    """A formula whose value the workbook does not hold: the cell cannot be read."""

    __slots__ = ()


@dataclass(frozen=True)
class Sheet:
    """One table: the header and the rows below it that hold anything, each cell with its place.

    Every row is as long as the header. A cell of nothing but spaces is None.
    """

    file: str
    title: str | None
    """The worksheet of a workbook; None in CSV."""
    header: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    numbers: tuple[int, ...]
    """The line (CSV) or row (Excel) of each row, from 1."""
    header_number: int = 1
    """The line or row of the header."""
    delimiter: str = ","
    """What separates the cells of the CSV; without meaning in Excel."""
    totals: tuple[int, ...] = ()
    """The lines or rows that were left out because they hold totals."""

    def mistake(self, row: int, column: int | None, what: str, hint: str = "") -> Mistake:
        """A mistake in a cell: `row` is an index of `rows` (−1 the header), `column` one of `header` (None: the row).

        A CSV cell is named by its line and its number in the line, an Excel cell as Excel names it.
        """
        number = self.numbers[row] if row >= 0 else self.header_number
        path = "" if column is None else self.header[column]
        if self.title is None:
            return Mistake(self.file, number, 1 if column is None else column + 1, path, what, hint)
        place = f"row {number}" if column is None else f"cell {_letters(column)}{number}"
        return Mistake(f"{self.file}, sheet {self.title}, {place}", 0, 0, path, what, hint)

    def columns(self, wanted: Sequence[Wanted], given: Mapping[str, str]) -> dict[str, int]:
        """Which column holds what: as `given` (our name → their header), else by the usual names.

        A header counts with and without the unit it has in brackets or after a slash. Of several usual names the
        earlier one wins, and no column is taken twice. A column that is not there and not required is not in the
        result.

        Raises ScenarioError naming what was looked for and what is there, all missing columns at once.
        """
        mistakes, found = self._given(wanted, given)
        for want, name in _by_rank(wanted):
            fits = [] if want.key in found or want.key in given else self._fitting(name, found)
            if len(fits) > 1:
                mistakes.append(self._several(want, fits))
            if fits:
                found[want.key] = fits[0]
        missing = [w for w in wanted if w.required and w.key not in found and w.key not in given]
        if missing:
            mistakes.append(self._missing(missing))
        if mistakes:
            raise ScenarioError(mistakes)
        return found

    def unit_of(self, column: int) -> str | None:
        """The unit that a header names: "s" of ``AHT (s)``, "min" of ``AHT/min``, "%" of ``SL [%]``; else None.

        Whatever stands in brackets is returned as it is; after a slash, only what is a unit.
        """
        return _parted(self.header[column])[1]

    def seconds_per(self, column: int) -> float | None:
        """The seconds of the unit of time that a header names: 60 of ``AHT (min)``; None where it names none."""
        return _unit_seconds(self.unit_of(column) or "")

    def _given(self, wanted: Sequence[Wanted], given: Mapping[str, str]) -> tuple[list[Mistake], dict[str, int]]:
        mistakes, found = [], {}
        keys = [want.key for want in wanted]
        for key, name in given.items():
            fits = [i for i, header in enumerate(self.header) if header == " ".join(name.split())]
            if key not in keys:
                mistakes.append(self.mistake(-1, None, f"no column is called '{key}' here", did_you_mean(key, keys)))
            elif not fits:
                hint = did_you_mean(name, [header for header in self.header if header])
                mistakes.append(self.mistake(-1, None, f"there is no column {shown(name)} for '{key}'", hint))
            elif len(fits) > 1:
                mistakes.append(self._several(wanted[keys.index(key)], fits))
            else:
                found[key] = fits[0]
        return mistakes, found

    def _fitting(self, name: str, found: Mapping[str, int]) -> list[int]:
        """The columns not yet taken that have this name: as it is written, else without the unit."""
        free = [i for i in range(len(self.header)) if i not in found.values()]
        whole = [i for i in free if _plain(self.header[i]) == _plain(name)]
        return whole or [i for i in free if _plain(_parted(self.header[i])[0]) == _plain(name)]

    def _several(self, want: Wanted, fits: Sequence[int]) -> Mistake:
        names = [self.header[i] for i in fits]
        if len(set(names)) == 1:
            where = " and ".join(str(i + 1) if self.title is None else _letters(i) for i in fits)
            what, hint = f"the columns {where} have the same name", "rename all but the one that is meant"
        else:
            what = f"{' and '.join(map(shown, names))} may both be {_means(want)}"
            hint = f'say which it is with --column {want.key}="{names[0]}"'
        return self.mistake(-1, fits[1], what, hint)

    def _missing(self, missing: Sequence[Wanted]) -> Mistake:
        headers = [header for header in self.header if header]
        there = ", ".join(headers)
        if len(missing) == 1:
            what = f"no column holds {_means(missing[0])}; looked for: {', '.join(_names(missing[0]))}"
        else:
            parts = (f"{_means(want)} (looked for: {', '.join(_names(want))})" for want in missing)
            what = f"no column holds {', nor '.join(parts)}"
        which = "which it is" if len(missing) == 1 else "which they are"
        options = " ".join(f'--column {want.key}="{_nearest(want, headers)}"' for want in missing)
        return self.mistake(-1, None, f"{what}; there are: {there}", f"say {which} with {options}")


class Cells:
    """Reads cells of a sheet one by one; a mistake is noted, None returned, and `check` raises them all at once.

    An empty cell is None without a mistake: whether it may be empty, the caller decides. Where a cell alone can be read
    in two ways (05/10/2026; 1,234 between semicolons), the other cells of its column decide, or it is a mistake.
    """

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.mistakes: list[Mistake] = []
        self._decimals: dict[int, _Decimals] = {}
        self._first_decimal: tuple[str, int] | None = None
        self._orders: dict[int, set[str]] = {}
        self._timed: dict[int, bool] = {}
        self._told: set[tuple[int, str]] = set()
        """Columns with what is said of them as a whole."""

    def text(self, row: int, column: int) -> str | None:
        """The cell as text, without spaces around it; a number of Excel as short as it can be, a date as ISO."""
        return self._read(row, column, lambda value: _written(value).strip())

    def number(self, row: int, column: int, *, least: float = 0.0) -> float | None:
        """A finite number, `least` or more."""
        return self._read(row, column, lambda value: self._at_least(self._number(value, row, column), value, least))

    def count(self, row: int, column: int) -> int | None:
        """A whole number, 0 or more."""

        def whole(value: Value) -> int:
            number = self._at_least(self._number(value, row, column), value, 0.0)
            if not number.is_integer():
                raise Unclear(f"{_said(value)} is not a whole number", "write a whole number, such as 12")
            if number > LARGEST_COUNT:
                raise Unclear(f"{_said(value)} is too large")
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

    def wrong(self, row: int, column: int | None, what: str, hint: str = "") -> None:
        """Note a mistake that the caller found: `row` and `column` as in `Sheet.mistake`."""
        self.mistakes.append(self.sheet.mistake(row, column, what, hint))

    def check(self) -> None:
        """Raises ScenarioError with every mistake noted (the first 20 of one kind and column, then how many more)."""
        if not self.mistakes:
            return
        noted = list(dict.fromkeys(self.mistakes))
        total, seen = Counter(map(_kind, noted)), Counter[tuple[str, str]]()
        listed = []
        for mistake in noted:
            kind = _kind(mistake)
            seen[kind] += 1
            if seen[kind] <= SHOWN:
                listed.append(mistake)
            elif seen[kind] == SHOWN + 1:
                more = f"and {total[kind] - SHOWN} more like the ones above, from here on"
                listed.append(Mistake(mistake.file, mistake.line, mistake.column, mistake.path, more))
        raise ScenarioError(listed)

    def _read(self, row: int, column: int, parse: Callable[[Value], _T]) -> _T | None:
        value = self.sheet.rows[row][column]
        if value is None:
            return None
        try:
            return parse(_computed(value))
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
            raise Unclear(f"{_said(value)} is not a number", "format the column as a number")
        text = _ungrouped(value)
        mark = _mark(text)
        if self.sheet.title is None and self.sheet.delimiter == ",":
            return _english_number(text, value)
        if not mark:
            return _float(text, value)
        if column not in self._decimals:
            self._decimals[column] = _decimals_of(self.sheet, column)
        decimals = self._decimals[column]
        if not decimals.mark:
            either = f"{_float(text.replace(',', '').replace('.', ''), value):g} or {text.replace(',', '.')}"
            raise Unclear(f"{shown(value)} may be {either}", "write it without a thousands separator")
        self._consistent(decimals, row, column)
        if mark not in ("?", decimals.mark):
            other = "a decimal comma" if decimals.mark == "," else "a decimal point"
            line = "line" if self.sheet.title is None else "row"
            what = f"{shown(value)} is written otherwise than {line} {decimals.number}, which has {other}"
            raise Unclear(what, "write all numbers of the file alike")
        group = "." if decimals.mark == "," else ","
        return _float(text.replace(group, "").replace(decimals.mark, "."), value)

    def _consistent(self, decimals: _Decimals, row: int, column: int) -> None:
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

    def _at_least(self, number: float, value: Value, least: float) -> float:
        if not math.isfinite(number):
            raise Unclear(f"{_said(value)} is too large")
        if number < least:
            problem = "negative" if number < 0 <= least else "too small"
            raise Unclear(f"{_said(value)} is {problem}", f"give {least:g} or more")
        return number

    def _seconds(self, value: Value, row: int, column: int, unit: float) -> float:
        if isinstance(value, datetime):
            value = _excel_length(value)
        if isinstance(value, timedelta):
            return self._at_least(value.total_seconds(), value, 0.0)
        if isinstance(value, time):
            return (datetime.combine(date.min, value) - datetime.min).total_seconds()
        if isinstance(value, str) and ":" in value:
            return _colons(value)
        if isinstance(value, str) and re.search("[A-Za-z]", value) and not re.search("[0-9][eE][-+]?[0-9]", value):
            return duration(value)
        if isinstance(value, date):
            raise Unclear(f"{_said(value)} is a date, not a length of time", "format the column as a number")
        return self._at_least(self._number(value, row, column) * unit, value, 0.0)

    def _day(self, value: Value, row: int, column: int) -> date:
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        _refuse_serial(value)
        text = _text_of(value)
        day, clock = _split_moment(text)
        if clock:
            _time_of(clock, value)
        return self._date_of(day or text, value, row, column)

    def _clock(self, value: Value) -> int:
        if isinstance(value, timedelta):
            return _second_of_day(value.total_seconds(), value)
        if isinstance(value, datetime):
            return DAY if value == datetime(1900, 1, 1) else _clock_of_time(value.time())
        if isinstance(value, time):
            return _clock_of_time(value)
        if isinstance(value, (int, float)):
            return _second_of_day(value * DAY, value)
        text = _text_of(value)
        return _time_of(_split_moment(text)[1] or text, value)

    def _moment(self, value: Value, row: int, column: int) -> datetime:
        if isinstance(value, datetime):
            return value
        _refuse_serial(value)
        day, clock = _split_moment(_text_of(value))
        if clock:
            midnight = datetime.combine(self._date_of(day, value, row, column), time())
            return midnight + timedelta(seconds=_time_of(clock, value))
        found = self._day(value, row, column)
        if column not in self._timed:
            self._timed[column] = any(_has_time(cells[column]) for cells in self.sheet.rows)
        if not self._timed[column]:
            raise Unclear(f"{_said(value)} has no time of day", "write both, such as 2026-10-05 09:30")
        return datetime.combine(found, time())

    def _date_of(self, text: str, value: Value, row: int, column: int) -> date:
        weekday = re.match(_DAYS, text, re.IGNORECASE)
        bare = text[weekday.end() :] if weekday else text
        parts = _ISO.fullmatch(bare) or _COMPACT.fullmatch(bare)
        if parts:
            found = _in_calendar(parts[1], parts[2], parts[3], value)
        elif parts := _DOTTED.fullmatch(bare):
            found = _in_calendar(parts[3], parts[2], parts[1], value)
        elif parts := _DAY_NAMED.fullmatch(bare):
            found = _in_calendar(parts[3], _month(parts[2], value), parts[1], value)
        elif parts := _MONTH_NAMED.fullmatch(bare):
            found = _in_calendar(parts[3], _month(parts[1], value), parts[2], value)
        elif parts := _SLASHED.fullmatch(bare):
            found = self._slashed(parts, value, row, column)
        else:
            raise _no_date(value)
        if weekday and DAYS[found.weekday()] != weekday[0][:3].lower():
            raise Unclear(f"{_said(value)}: that day is a {found:%A}", "mend the day of the week or the date")
        return found

    def _slashed(self, parts: re.Match[str], value: Value, row: int, column: int) -> date:
        """05/10/2026: the dates of the whole column tell which number is the day."""
        if column not in self._orders:
            self._orders[column] = _orders_of(self.sheet, column)
        orders = self._orders[column]
        if len(orders) != 1:
            why = "may be day/month or month/day" if not orders else "is in a column that mixes day/month and month/day"
            raise self._once(row, column, f"{_said(value)} {why}", "write dates as year-month-day, such as 2026-10-05")
        day, month = (parts[1], parts[2]) if "day first" in orders else (parts[2], parts[1])
        return _in_calendar(parts[3], month, day, value)


class Tab(NamedTuple):
    """A sheet to write: rows of cells, `formats` (Excel number formats) by column; "" or none: by the kind of cell."""

    title: str
    header: tuple[str, ...]
    rows: Sequence[Sequence[Value]]
    formats: tuple[str, ...] = ()


class _Told(Exception):
    """A cell that cannot be read, and about which all is said."""


class _Decimals(NamedTuple):
    """How a column writes decimals: "," or "."; "" where no cell tells. `number` is the line that tells."""

    mark: str
    number: int


# --- files -----------------------------------------------------------------------------------------------------------


def read_sheet(path: Path, title: str | None = None) -> Sheet:
    """Read a CSV file or one worksheet of an Excel workbook (`title`; by default the first with a table in it).

    CSV: UTF-8, UTF-16 with its mark, or Windows-1252; separated by comma, semicolon, tab or bar, whichever fits. Title
    lines above the header, empty rows and rows of totals are left out. Hidden worksheets are read only by name.

    Raises:
        ScenarioError: it cannot be read, or holds no table; with the place, where there is one.
    """
    data = _bytes(path)
    kind = _kind_of_file(data, path)
    if kind == "workbook":
        return _from_workbook(data, str(path), title)
    if title is not None:
        raise _failed(path, f"it has no sheet {shown(title)}: it is a text file", "leave out the sheet's name")
    return _from_csv(data, str(path))


def _failed(path: Path | str, what: str, hint: str = "", *, line: int = 0, column: int = 1) -> ScenarioError:
    return ScenarioError([Mistake(str(path), line, column if line else 0, "", what, hint)])


def _bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise _failed(path, "this is a folder", "name a CSV file or an Excel workbook in it")
        size = path.stat().st_size
        if size > LARGEST_FILE:
            limit = f"more than {LARGEST_FILE // 2**20} MiB"
            raise _failed(path, f"the file has {size / 2**20:.0f} MiB, {limit}", "export fewer months or columns")
        if not path.is_file():
            raise _failed(path, "this is not a file", "name a CSV file or an Excel workbook")
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise _failed(path, "there is no such file", _near(path)) from None
    except PermissionError:
        raise _failed(
            path, "there is no permission to read it", "close it where it is open, or ask for access"
        ) from None
    except OSError as problem:
        raise _failed(path, f"it cannot be read ({problem.strerror or problem})") from None


def _near(path: Path) -> str:
    """What lies in the folder under a similar name, or at least as a table."""
    try:
        names = sorted(entry.name for entry in path.parent.iterdir() if entry.is_file())
    except OSError:
        return f"there is no folder {path.parent} either"
    near = get_close_matches(path.name, names, n=3, cutoff=0.6)
    if near:
        return f"did you mean {' or '.join(near)}?"
    tables = [name for name in names if name.lower().endswith((".csv", ".tsv", ".txt", *_WORKBOOKS))][:8]
    return f"there are: {', '.join(tables)}" if tables else "its folder holds no tables"


def _kind_of_file(data: bytes, path: Path) -> str:
    """ "workbook" or "text", by what is in it; anything else is a mistake that says what it is."""
    named_workbook = path.suffix.lower() in _WORKBOOKS
    if not data.strip():
        raise _failed(path, "the file is empty")
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise _failed(path, "the workbook is protected by a password", "save it without one")
        raise _failed(path, "this is a workbook of the old Excel format (.xls)", _SAVE)
    if data.startswith(_ZIP):
        held = _held(data)
        if held == "an Excel workbook" and named_workbook:
            return "workbook"
        if held == "an Excel workbook":
            raise _failed(
                path, "this is an Excel workbook, though its name does not say so", "name it .xlsx, or " + _SAVE
            )
        if not named_workbook or held != "a broken archive":
            raise _failed(path, f"this is {held}, not a table", _SAVE)
    if named_workbook:
        hint = "open it in Excel and save it again" if data.startswith(_ZIP) else "a text file is named .csv"
        raise _failed(path, "this is not an Excel workbook, or it is damaged", hint)
    if data.startswith((b"%PDF", b"\x1f\x8b")):
        raise _failed(path, f"this is {'a PDF' if data.startswith(b'%') else 'a compressed file'}, not a table", _SAVE)
    if (
        data[:500]
        .removeprefix(b"\xef\xbb\xbf")
        .lstrip()
        .lower()
        .startswith((b"<!doctype", b"<html", b"<table", b"<?xml"))
    ):
        raise _failed(path, "this is a web page or XML, as some systems export it", f"open it in Excel and {_SAVE}")
    return "text"


def _held(data: bytes) -> str:
    try:
        names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    except zipfile.BadZipFile:
        return "a broken archive"
    if "xl/workbook.xml" in names:
        return "an Excel workbook"
    if "xl/workbook.bin" in names:
        return "a binary Excel workbook (.xlsb)"
    return "an OpenDocument file" if "mimetype" in names else "a zip archive"


# --- CSV -------------------------------------------------------------------------------------------------------------


def _from_csv(data: bytes, file: str) -> Sheet:
    text = _decoded(data, file)
    said = re.match(r"sep=([,;|\t])(?:\r\n|\r|\n)", text, re.IGNORECASE)
    delimiter = said[1] if said else _delimiter(text)
    _check_encoding(text, delimiter, file)
    lines = list(_records(text, delimiter, file))[1 if said else 0 :]
    return _table([line for line in lines if _extent(line[1])], file, None, delimiter)


def _decoded(data: bytes, file: str) -> str:
    """The text; what is not UTF-8 in a file that otherwise is, as lone surrogates (for `_check_encoding`)."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            text = data.decode("utf-16")
        except UnicodeDecodeError:
            raise _failed(file, "the file begins as UTF-16 but is cut off or damaged", "export it again") from None
    else:
        text = _from_bytes(data, file)
    if "\0" in text:
        line = len(_LINE_ENDS.findall(text[: text.index("\0")])) + 1
        raise _failed(file, "there is a NUL byte: this is not a text file", "save it as CSV in UTF-8", line=line)
    return text


def _from_bytes(data: bytes, file: str) -> str:
    marked = data.startswith(b"\xef\xbb\xbf")
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    if marked or not _NOT_UTF8.search(text) or not _NOT_UTF8.sub("", text).isascii():
        return text
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError as problem:
        line = len(_LINE_ENDS.findall(text[: problem.start])) + 1
        what = f"the byte 0x{data[problem.start]:02x} is neither UTF-8 nor Windows-1252"
        raise _failed(file, what, "save the file as UTF-8", line=line) from None


def _check_encoding(text: str, delimiter: str, file: str) -> None:
    mistakes = []
    for number, line in enumerate(_LINE_ENDS.split(text) if _NOT_UTF8.search(text) else (), start=1):
        odd = _NOT_UTF8.search(line)
        if odd:
            cell = len(next(csv.reader([line[: odd.end()]], delimiter=delimiter)))
            what = f"the byte 0x{ord(odd[0]) - 0xDC00:02x} is not UTF-8, though other lines are"
            mistakes.append(Mistake(file, number, cell, "", what, "save the file as UTF-8"))
    if mistakes:
        raise ScenarioError(mistakes[:SHOWN])


def _delimiter(text: str) -> str:
    """The one of the four with which most of the first lines have as many cells as the widest usual line."""

    def fit(delimiter: str) -> tuple[int, int]:
        lines = islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 60)
        widths = Counter(len(cells) for cells in _lenient(lines) if len(cells) > 1)
        width, number = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
        return number, width

    return max(_DELIMITERS, key=fit)


def _lenient(lines: Iterator[list[str]]) -> Iterator[list[str]]:
    """Lines up to the first that cannot be parsed: a guess needs no more."""
    try:
        yield from lines
    except csv.Error:
        return


def _records(text: str, delimiter: str, file: str) -> Iterator[_Row]:
    """Every record with the line on which it begins: a quoted cell may go over several."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for cells in reader:
            yield begins, tuple(map(_unless_blank, cells))
            begins = reader.line_num + 1
    except csv.Error as problem:
        if "expected after" in str(problem):
            hint = 'write a quote inside a quoted cell twice, as ""'
            raise _failed(file, "something follows the closing quote of a cell", hint, line=begins) from None
        what = 'a quoted cell that begins here has no closing quote (")'
        raise _failed(file, what, "close it, or leave out the quote", line=begins) from None


# --- Excel -----------------------------------------------------------------------------------------------------------


def _from_workbook(data: bytes, file: str, title: str | None) -> Sheet:
    unpacked = sum(part.file_size for part in zipfile.ZipFile(io.BytesIO(data)).infolist())
    if unpacked > LARGEST_UNPACKED:
        raise _failed(file, f"the workbook has {unpacked / 2**20:.0f} MiB once unpacked", "save only the sheet needed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl names what it leaves out: charts, validations
        try:
            return _first_table(data, file, title)
        except ScenarioError:
            raise
        except Exception as problem:  # a damaged workbook can fail anywhere in the library, in any way
            reason = f"{type(problem).__name__}: {problem}".splitlines()[0][:120]
            hint = "open it in Excel and save it again"
            raise _failed(file, f"the workbook is damaged or not in the usual format ({reason})", hint) from problem


def _first_table(data: bytes, file: str, title: str | None) -> Sheet:
    values = _opened(data, data_only=True)
    formulas = _opened(data, data_only=False) if any(b"<f" in part for part in _parts(data)) else None
    titles = [sheet.title for sheet in values.worksheets]
    if title is not None:
        same = [name for name in titles if name.strip().casefold() == title.strip().casefold()]
        if not same:
            raise _failed(file, f"there is no sheet {shown(title)}", did_you_mean(title, titles))
        return _worksheet(values, formulas, same[0], file)
    problems: list[ScenarioError] = []
    visible = [sheet.title for sheet in values.worksheets if sheet.sheet_state == "visible"]
    for name in visible:
        try:
            return _worksheet(values, formulas, name, file)
        except ScenarioError as problem:
            problems.append(problem)
    if len(problems) == 1:
        raise problems[0]
    what = f"none of the sheets {', '.join(visible)} holds a table" if visible else "all its sheets are hidden"
    raise _failed(file, what, "a table is a row of column names with rows below it")


def _opened(data: bytes, *, data_only: bool) -> Any:
    from openpyxl import load_workbook  # type: ignore[import-untyped]

    return load_workbook(io.BytesIO(data), read_only=True, data_only=data_only, keep_links=False)


def _worksheet(values: Any, formulas: Any, title: str, file: str) -> Sheet:
    rows = _excel_rows(values[title])
    if formulas:
        rows = _with_formulas(rows, formulas[title])
    filled = (tuple(map(_unless_blank, cells)) for cells in rows)
    lines = [(number, cells) for number, cells in enumerate(filled, start=1) if _extent(cells)]
    return _table(lines, file, title, "")


def _parts(data: bytes) -> Iterator[bytes]:
    """The worksheets of a workbook as they are stored."""
    archive = zipfile.ZipFile(io.BytesIO(data))
    yield from (archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/"))


def _excel_rows(sheet: Any) -> list[tuple[Value, ...]]:
    sheet.reset_dimensions()  # some programs store a wrong size
    return [tuple(map(_excel_value, row)) for row in sheet.rows]


def _with_formulas(rows: list[tuple[Value, ...]], sheet: Any) -> list[tuple[Value, ...]]:
    """The rows with `Uncomputed` where a formula has no stored value (an empty text is one)."""
    sheet.reset_dimensions()
    return [
        tuple(
            Uncomputed("a formula without a value") if value is None and cell.data_type == "f" else value
            for value, cell in zip(values, cells, strict=True)
        )
        for values, cells in zip(rows, sheet.rows, strict=True)
    ]


def _excel_value(cell: Any) -> Value:
    value = cell.value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, str):
        return value.replace("_x000D_", "\r")
    if isinstance(value, datetime) and value.time() == time() and not re.search("[hHsS]", cell.number_format):
        return value.date()
    if value is None and cell.data_type == "str":
        return ""
    return value if isinstance(value, (float, int, date, time, timedelta)) else None


# --- the table in the lines ------------------------------------------------------------------------------------------


def _table(lines: Sequence[_Row], file: str, title: str | None, delimiter: str) -> Sheet:
    """The header and the rows below it, of lines that hold something."""
    at = _header_at(lines, file, title)
    number, cells = lines[at]
    body = lines[at + 1 :]
    named, longest = _extent(cells), max((_extent(row) for _, row in body), default=0)
    # a column without a name is one where the header goes on, as it does in every worksheet
    width = max(named, longest if title is not None else min(longest, len(cells)))
    header = tuple(" ".join(_written(cell).split()) for cell in _fitted(cells, width))
    totals = {line for line, row in body if _is_total(row, named)}
    kept = [(line, row) for line, row in body if line not in totals]
    numbers = tuple(line for line, _ in kept)
    rows = tuple(_fitted(row, width) for _, row in kept)
    sheet = Sheet(file, title, header, rows, numbers, number, delimiter, tuple(sorted(totals)))
    _check_widths(sheet, kept)
    if not rows:
        raise ScenarioError([sheet.mistake(-1, None, "there is nothing below the header", "export it with its rows")])
    return sheet


def _check_widths(sheet: Sheet, lines: Sequence[_Row]) -> None:
    width = len(sheet.header)
    long = [(i, _extent(cells)) for i, (_, cells) in enumerate(lines) if _extent(cells) > width]
    hint = f"a value with the separator ({_NAMES.get(sheet.delimiter, sheet.delimiter)}) in it needs quotes around it"
    if sheet.delimiter == ",":
        hint += "; with decimal commas, separate the columns with ;"
    mistakes = [sheet.mistake(i, None, f"the line has {n} cells, the header {width}", hint) for i, n in long[:SHOWN]]
    if len(long) > SHOWN:
        mistakes.append(sheet.mistake(long[SHOWN][0], None, f"and {len(long) - SHOWN} more like the ones above"))
    if mistakes:
        raise ScenarioError(mistakes)


def _header_at(lines: Sequence[_Row], file: str, title: str | None) -> int:
    """The first line with names only that is as wide as the lines below it usually are; else the first nearly so.

    A line that begins with "Report:" or the like is a title, however wide it is.
    """
    nearly = None
    for i, (number, cells) in enumerate(lines[:60]):
        width = _extent(cells)
        below = median_high([_extent(row) for _, row in lines[i + 1 : i + 200]] or [0])
        filled = [cell for cell in cells if cell is not None]
        figures = [cell for cell in filled if _is_figure(cell)]
        if len(filled) < 2 or _written(filled[0]).rstrip().endswith(":"):
            continue
        if not figures and width >= below and 2 * len(filled) > width:
            return i
        if figures and width >= below and len(filled) >= 4:
            if nearly is not None:
                return nearly
            raise _no_header(f"{_said(figures[0])} stands where the name of a column should", number, file, title)
        if nearly is None and not figures and 2 * width >= below:
            nearly = i
    if nearly is None:
        raise _no_header("there is no table: no line with the names of two or more columns", 0, file, title)
    return nearly


def _no_header(what: str, number: int, file: str, title: str | None) -> ScenarioError:
    hint = "put a line of names such as Date, Time, Offered above the rows"
    if title is None:
        return _failed(file, what, hint, line=number)
    return _failed(f"{file}, sheet {title}" + (f", row {number}" if number else ""), what, hint)


def _is_figure(value: Value) -> bool:
    """A number, date or time of day, typed as one or written as one."""
    if not isinstance(value, str):
        return value is not None
    text = value.strip()
    if re.fullmatch("[0-9]{2}/[0-9]{2,3}", text):
        return False  # 80/20, the name of a service level
    return bool(_FIGURE.fullmatch(text) or _NAMED_DATE.fullmatch(text))


def _is_total(cells: Sequence[Value], named: int) -> bool:
    """A row that begins with Total or the like and has no date; with more words (Total Care), also an empty cell."""
    filled = [cell for cell in cells if cell is not None]
    found = _TOTAL.fullmatch(filled[0]) if isinstance(filled[0], str) else None
    if not found or any(map(_is_date, filled[1:])):
        return False
    return not found[2].strip() or len(filled) < named


def _is_date(value: Value) -> bool:
    if not isinstance(value, str):
        return isinstance(value, date)
    day = _split_moment(value.strip())[0] or value.strip()
    return any(pattern.fullmatch(day) for pattern in (_ISO, _DOTTED, _SLASHED, _DAY_NAMED, _MONTH_NAMED))


def _unless_blank(value: Value) -> Value:
    return None if isinstance(value, str) and not value.strip() else value


def _extent(cells: Sequence[Value]) -> int:
    """How many cells there are up to the last that holds something."""
    return next((i for i in range(len(cells), 0, -1) if cells[i - 1] is not None), 0)


def _fitted(cells: Sequence[Value], width: int) -> tuple[Value, ...]:
    return (*cells[:width], *[None] * (width - len(cells)))


# --- names of columns ------------------------------------------------------------------------------------------------


def _by_rank(wanted: Sequence[Wanted]) -> list[tuple[Wanted, str]]:
    """Every name that is looked for, the likeliest of each column first."""
    ranks = range(max((len(_names(want)) for want in wanted), default=0))
    return [(want, _names(want)[rank]) for rank in ranks for want in wanted if rank < len(_names(want))]


def _names(want: Wanted) -> tuple[str, ...]:
    return want.names if _plain(want.key) in map(_plain, want.names) else (want.key, *want.names)


def _means(want: Wanted) -> str:
    return want.means or f"'{want.key}'"


def _nearest(want: Wanted, headers: Sequence[str]) -> str:
    """The header most like one of the names, as an offer; else dots to fill in."""
    plain = {_plain(header): header for header in headers}
    for name in _names(want):
        near = get_close_matches(_plain(name), list(plain), n=1, cutoff=0.75)
        if near:
            return plain[near[0]]
    return "…"


def _plain(name: str) -> str:
    """A header as it is compared: lower case, with single spaces for all that is neither letter nor digit."""
    return re.sub(r"[\W_]+", " ", name.casefold()).strip()


def _parted(header: str) -> tuple[str, str | None]:
    """A header without its unit, and the unit."""
    brackets = re.search(r"[(\[]([^()\[\]]*)[)\]]", header)
    if brackets:
        return header.replace(brackets[0], " "), brackets[1].strip() or None
    name, _, unit = header.rpartition("/")
    if name and (unit.strip() == "%" or _unit_seconds(unit)):
        return name, unit.strip()
    worded = re.fullmatch(r"(.+)[\s_-](sec|secs|seconds|mins|minutes)", header, re.IGNORECASE)
    return (worded[1], worded[2]) if worded else (header, None)


def _unit_seconds(unit: str) -> float | None:
    word = unit.strip().rstrip(".")
    if not word.isalpha():
        return None
    try:
        return duration(f"1 {word}")
    except Unclear:
        return None


def _letters(column: int) -> str:
    """The name of a column in Excel: A, B, … Z, AA."""
    before, last = divmod(column, 26)
    return (_letters(before - 1) if before else "") + chr(ord("A") + last)


# --- cells -----------------------------------------------------------------------------------------------------------


def _computed(value: Value) -> Value:
    if isinstance(value, Uncomputed):
        raise Unclear("the formula has no stored value", "open and save it in Excel")
    if isinstance(value, str) and value.strip() in _ERRORS:
        raise Unclear(f"{value.strip()} is an error of Excel, not a value", "mend the formula, or empty the cell")
    return value


def _kind(mistake: Mistake) -> tuple[str, str]:
    """What is alike in mistakes of one column, whatever the value."""
    return mistake.path, re.sub(r"'.*'|[0-9]\S*", "", mistake.what)


def _text_of(value: Value) -> str:
    return value.strip() if isinstance(value, str) else ""


def _said(value: Value) -> str:
    return shown(value) if isinstance(value, str) else _written(value)


def _written(value: Value) -> str:
    """A value as text that reads back."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, datetime):
        return f"{value.date().isoformat()} {_written(value.time())}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return f"{value:%H:%M:%S}" if value.second else f"{value:%H:%M}"
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
    return f"{value:.15g}"


def _ungrouped(text: str) -> str:
    """A number without the spaces or apostrophes between its thousands."""
    bare = text.strip().replace("−", "-")
    grouped = re.fullmatch(r"[-+]?[0-9]{1,3}(?:[\s'’][0-9]{3})+(?:[.,][0-9]+)?", bare)
    return re.sub(r"[\s'’]", "", bare) if grouped else bare


def _mark(text: str) -> str:
    """The decimal mark that a number tells: "," or ".", "?" where it may be either, "" where it tells nothing."""
    bare = text.lstrip("+-")
    if "," not in bare and "." not in bare:
        return ""
    if re.fullmatch(r"[1-9][0-9]{0,2}[.,][0-9]{3}", bare):
        return "?"
    for mark, group in ((".", ","), (",", ".")):
        whole = rf"[0-9]{{1,3}}(?:{re.escape(group)}[0-9]{{3}})"
        decimals = rf"{re.escape(mark)}[0-9]+"
        if re.fullmatch(rf"{whole}{{2,}}|{whole}+{decimals}|[0-9]*{decimals}(?:[eE][-+]?[0-9]+)?", bare):
            return mark
    return ""


def _decimals_of(sheet: Sheet, column: int) -> _Decimals:
    for number, cells in zip(sheet.numbers, sheet.rows, strict=True):
        value = cells[column]
        mark = _mark(_ungrouped(value)) if isinstance(value, str) else ""
        if mark in (",", "."):
            return _Decimals(mark, number)
    return _Decimals("", 0)


def _english_number(text: str, value: Value) -> float:
    """Between commas a number has a decimal point; a comma in quotes stands between thousands or is a mistake."""
    if re.fullmatch(r"[-+]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?", text):
        return _float(text.replace(",", ""), value)
    if re.fullmatch(r"[-+]?[0-9.]*,[0-9]+", text):
        point = text.replace(".", "").replace(",", ".")
        raise Unclear(f"{_said(value)} has a decimal comma", f"write {point}, or separate the columns with ;")
    return _float(text, value)


def _float(text: str, value: Value) -> float:
    if re.fullmatch(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?", text):
        return float(text)
    hint = "write a number, such as 12 or 12.5"
    if text.endswith("%"):
        hint = "write it without the percent sign"
    elif text.lower() in _NOTHING:
        hint = "leave the cell empty where there is nothing"
    raise Unclear(f"{_said(value)} is not a number", hint)


def _colons(text: str) -> float:
    """Seconds of m:ss or h:mm:ss."""
    found = re.fullmatch(r"(?:([0-9]+):)?([0-9]+):([0-9]{2}(?:[.,][0-9]+)?)", text.strip())
    hint = "write minutes:seconds such as 3:20, or hours:minutes:seconds such as 0:03:20"
    if not found:
        raise Unclear(f"{shown(text)} is not a length of time", hint)
    hours, minutes, seconds = int(found[1] or 0), int(found[2]), float(found[3].replace(",", "."))
    if seconds >= 60 or (found[1] and minutes >= 60):
        raise Unclear(f"{shown(text)} is not a length of time", hint)
    return hours * 3600 + minutes * 60 + seconds


def _excel_length(value: datetime) -> timedelta:
    """A length of a day or more that is formatted as a time: Excel counts it from the end of 1899."""
    if value >= datetime(1900, 3, 1):
        raise Unclear(f"{_said(value)} is a date, not a length of time", "format the column as a number")
    return value - datetime(1899, 12, 31)


def _refuse_serial(value: Value) -> None:
    """A number is no date, though it may be the one that Excel keeps for it (days since 1899-12-30)."""
    text = _written(value).strip() if isinstance(value, (int, float, str)) else ""
    if not re.fullmatch(r"[0-9]{5}(?:[.,][0-9]+)?", text) or not 20_000 <= float(text.replace(",", ".")) <= 80_000:
        return
    meant = datetime(1899, 12, 30) + timedelta(minutes=round(float(text.replace(",", ".")) * 1440))
    said = meant.date().isoformat() if text.isdigit() else _written(meant)
    raise Unclear(f"{_said(value)} is not a date", f"{text} is Excel's number of {said}; format the column as a date")


def _no_date(value: Value) -> Unclear:
    return Unclear(f"{_said(value)} is not a date", "write year-month-day, such as 2026-10-05")


def _in_calendar(year: str, month: str, day: str, value: Value) -> date:
    try:
        return date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))
    except ValueError:
        hint = "write year-month-day, such as 2026-10-05"
        raise Unclear(f"{_said(value)} is not in the calendar", hint) from None


def _month(word: str, value: Value) -> str:
    name = next((m for m in _MONTHS if word.lower().startswith(m)), None)
    full = date(2000, _MONTHS.index(name) + 1, 1).strftime("%B").lower() if name else ""
    if not full.startswith(word.lower().replace("sept", "sep")):
        raise _no_date(value)
    return str(_MONTHS.index(word.lower()[:3]) + 1)


def _orders_of(sheet: Sheet, column: int) -> set[str]:
    """What the dates with slashes of a column tell about their order."""
    orders = set()
    for cells in sheet.rows:
        text = _text_of(cells[column])
        day = re.sub(f"^{_DAYS}", "", _split_moment(text)[0] or text, flags=re.IGNORECASE)
        parts = _SLASHED.fullmatch(day)
        if parts and int(parts[1]) > 12:
            orders.add("day first")
        if parts and int(parts[2]) > 12:
            orders.add("month first")
    return orders


def _split_moment(text: str) -> tuple[str, str]:
    """The date and the time of a moment; nothing twice where it is none."""
    found = _MOMENT.fullmatch(text)
    if not found:
        return "", ""
    # after a T, −05:00 is an offset, else the end of a range
    offset = found[2] == "T" and re.search(r"-[0-9]{2}:?[0-9]{2}$", found[3])
    return found[1], f"{found[3][: offset.start()]} UTC" if offset else found[3]


def _has_time(value: Value) -> bool:
    return isinstance(value, datetime) or bool(_split_moment(_text_of(value))[1])


def _second_of_day(seconds: float, value: Value) -> int:
    if not 0 <= seconds <= DAY:
        raise _no_clock(value)
    return round(seconds)


def _clock_of_time(value: time) -> int:
    return round((datetime.combine(date.min, value) - datetime.min).total_seconds())


def _no_clock(value: Value) -> Unclear:
    return Unclear(f"{_said(value)} is not a time of day", "write hours and minutes, such as 09:30")


def _time_of(text: str, value: Value) -> int:
    """Seconds since midnight of a time of day, or of the start of a range of two."""
    if _OFFSET.fullmatch(text):
        raise Unclear(f"{_said(value)} has an offset from UTC", "write local time, such as 2026-10-05 09:30")
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


# --- writing ---------------------------------------------------------------------------------------------------------


def write_csv(path: Path, tab: Tab) -> None:
    """Write a table as CSV: UTF-8, commas, ISO dates, HH:MM, numbers with up to six decimals, nothing for None.

    Raises:
        CannotWrite: no permission, no space, no such folder; a file that was there before is then as it was.
    """
    lines = (",".join(map(_csv_cell, line)) + "\n" for line in (tab.header, *tab.rows))
    _put(path, "".join(lines).encode())


def _csv_cell(value: Value) -> str:
    if isinstance(value, (int, float)):
        return f"{round(value, 6) + 0.0:.6f}".rstrip("0").rstrip(".") if math.isfinite(value) else ""
    text = _written(value)
    # what any reader may take for a separator
    return '"' + text.replace('"', '""') + '"' if re.search('[,;|\t\r\n"]', text) else text


def write_xlsx(path: Path, tabs: Sequence[Tab]) -> None:
    """Write a workbook with a worksheet for each table: real dates and times, a bold header that stays in view.

    The same tables always give the same bytes. NaN and None are empty cells; text stays text, also where it begins
    with = or +.

    Raises:
        CannotWrite: no permission, no space, no such folder; a table that is larger than a worksheet can be.
    """
    from xlsxwriter import Workbook  # type: ignore[import-untyped]

    buffer = io.BytesIO()
    book = Workbook(buffer, {"in_memory": True})
    book.set_properties({"created": datetime(2000, 1, 1)})
    for title, tab in zip(_sheet_names(tabs), tabs, strict=True):
        _fill(book, title, tab, path)
    book.close()
    _put(path, buffer.getvalue())


def _fill(book: Any, title: str, tab: Tab, path: Path) -> None:
    sheet = book.add_worksheet(title)
    looks: dict[str, Any] = {}
    bold = book.add_format({"bold": True})
    for column, name in enumerate(tab.header):
        sheet.write_string(0, column, name, bold)
        sheet.set_column(column, column, _width(tab, column))
    for number, row in enumerate(tab.rows, start=1):
        for column, value in enumerate(row):
            look = (tab.formats[column] if column < len(tab.formats) else "") or _usual_format(value)
            if look not in looks:
                looks[look] = book.add_format({"num_format": look}) if look else None
            if _write_cell(sheet, number, column, value, looks[look]):
                hint = "write it as CSV"
                raise CannotWrite(f"{path}: row {number + 1} does not fit into an Excel worksheet", hint)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(tab.rows), max(len(tab.header) - 1, 0))


def _write_cell(sheet: Any, row: int, column: int, value: Value, look: Any) -> int:
    """Zero, or what the library says of a cell outside the worksheet or a text that is too long."""
    if isinstance(value, str):
        return int(sheet.write_string(row, column, value, look)) if value else 0
    if isinstance(value, (int, float)):
        return int(sheet.write_number(row, column, value, look)) if math.isfinite(value) else 0
    return int(sheet.write_datetime(row, column, value, look)) if value is not None else 0


def _usual_format(value: Value) -> str:
    if isinstance(value, datetime):
        return "yyyy-mm-dd hh:mm:ss" if value.second else "yyyy-mm-dd hh:mm"
    if isinstance(value, date):
        return "yyyy-mm-dd"
    if isinstance(value, time):
        return "hh:mm:ss" if value.second else "hh:mm"
    return "[h]:mm:ss" if isinstance(value, timedelta) else ""


def _width(tab: Tab, column: int) -> int:
    """In characters: the longest of the header (with its filter button) and the first rows, within reason."""
    cells = (row[column] for row in tab.rows[:1000] if column < len(row))
    longest = max((len(_csv_cell(cell)) for cell in cells), default=0)
    return min(max(longest + 2, len(tab.header[column]) + 4, 8), 60)


def _sheet_names(tabs: Sequence[Tab]) -> list[str]:
    """Titles as Excel allows them: at most 31 characters, none of []:*?/\\, each once."""
    names: list[str] = []
    for tab in tabs:
        name = re.sub(r"[\[\]:*?/\\]", " ", tab.title).strip().strip("'")[:31] or "Sheet"
        taken = {other.casefold() for other in names}
        numbered = (f"{name[:27]} {number}" for number in range(2, 1000))
        names.append(name if name.casefold() not in taken else next(n for n in numbered if n.casefold() not in taken))
    return names


def _put(path: Path, data: bytes) -> None:
    """Write a whole file or nothing."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        os.replace(part, path)
    except OSError as problem:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        why = (problem.strerror or str(problem)).lower()
        hint = "close it where it is open, or choose another place"
        raise CannotWrite(f"{path} could not be written: {why}", hint) from problem
