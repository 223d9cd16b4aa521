"""Where in the lines of a file the table is: below titles, without empty lines and totals.

The header is the first line of names that is as wide as the lines below it; what is above it is a title.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import median_high

from sim.errors import ScenarioError
from sim.sheets.dates import WEEKDAY, is_date
from sim.sheets.refusals import failed, told
from sim.sheets.table import Sheet
from sim.sheets.values import Value, said, written

Line = tuple[int, tuple[Value, ...]]
"""A line (CSV) or row (Excel), from 1, and its cells."""
_NAMES = {"\t": "tab", ";": ";", "|": "|", ",": ","}
_FIGURE = re.compile(rf"{WEEKDAY}?[-+(−]?[0-9][0-9.,:/'’\s–-]*(?:[ap]\.?m\.?)?[%)]?", re.IGNORECASE)
_NAMED_DATE = re.compile(rf"{WEEKDAY}?[0-9]{{1,2}}[-.\s]+[a-z]{{3,9}}[-.\s]+[0-9]{{2,4}}\b.*", re.IGNORECASE)
_TOTAL = re.compile(r"\s*(?:(?:grand|sub)[\s_-]*)?(?:totals?|sums?|summe)\b\s*(:?)(.*)", re.IGNORECASE | re.DOTALL)


def table_in(lines: Sequence[Line], file: str, title: str | None, delimiter: str) -> Sheet:
    """The header and the rows below it, of lines that hold something."""
    at = _header_at(lines, file, title)
    number, cells = lines[at]
    body = lines[at + 1 :]
    named, longest = extent(cells), max((extent(row) for _, row in body), default=0)
    # a column without a name is one where the header goes on, as it does in every worksheet
    width = max(named, longest if title is not None else min(longest, len(cells)))
    header = tuple(" ".join(written(cell).split()) for cell in _fitted(cells, width))
    totals = {line for line, row in body if _is_total(row, named)}
    kept = [(line, row) for line, row in body if line not in totals]
    numbers = tuple(line for line, _ in kept)
    rows = tuple(_fitted(row, width) for _, row in kept)
    sheet = Sheet(file, title, header, rows, numbers, number, delimiter, tuple(sorted(totals)))
    _check_widths(sheet, kept)
    if not rows:
        raise ScenarioError([sheet.mistake(-1, None, "there is nothing below the header", "export it with its rows")])
    return sheet


def _check_widths(sheet: Sheet, lines: Sequence[Line]) -> None:
    width = len(sheet.header)
    long = [(i, extent(cells)) for i, (_, cells) in enumerate(lines) if extent(cells) > width]
    hint = f"a value with the separator ({_NAMES.get(sheet.delimiter, sheet.delimiter)}) in it needs quotes around it"
    if sheet.delimiter == ",":
        hint += "; with decimal commas, separate the columns with ;"
    if long:
        raise told(sheet.mistake(i, None, f"the line has {n} cells, the header {width}", hint) for i, n in long)


def _header_at(lines: Sequence[Line], file: str, title: str | None) -> int:
    """The first line with names only that is as wide as the lines below it usually are; else the first nearly so.

    A line that begins with "Report:" or the like is a title, however wide it is.
    """
    nearly = None
    for i, (number, cells) in enumerate(lines[:60]):
        width = extent(cells)
        below = median_high([extent(row) for _, row in lines[i + 1 : i + 200]] or [0])
        filled = [cell for cell in cells if cell is not None]
        figures = [cell for cell in filled if _is_figure(cell)]
        if len(filled) < 2 or written(filled[0]).rstrip().endswith(":"):
            continue
        if not figures and width >= below and 2 * len(filled) > width:
            return i
        if figures and width >= below and len(filled) >= 4:
            if nearly is not None:
                return nearly
            raise _no_header(f"{said(figures[0])} stands where the name of a column should", number, file, title)
        if nearly is None and not figures and 2 * width >= below:
            nearly = i
    if nearly is None:
        raise _no_header("there is no table: no line with the names of two or more columns", 0, file, title)
    return nearly


def _no_header(what: str, number: int, file: str, title: str | None) -> ScenarioError:
    hint = "put a line of names such as Date, Time, Offered above the rows"
    if title is None:
        return failed(file, what, hint, line=number)
    return failed(f"{file}, sheet {title}" + (f", row {number}" if number else ""), what, hint)


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
    if not found or any(map(is_date, filled[1:])):
        return False
    return not found[2].strip() or len(filled) < named


def extent(cells: Sequence[Value]) -> int:
    """How many cells there are up to the last that holds something."""
    return next((i for i in range(len(cells), 0, -1) if cells[i - 1] is not None), 0)


def _fitted(cells: Sequence[Value], width: int) -> tuple[Value, ...]:
    return (*cells[:width], *[None] * (width - len(cells)))
