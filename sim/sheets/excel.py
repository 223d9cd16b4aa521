"""Excel workbooks: read with the values that Excel computed, and written so that they are pleasant in Excel.

The only user of openpyxl (reading) and xlsxwriter (writing).
"""

from __future__ import annotations

import io
import math
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from pathlib import Path
from textwrap import wrap
from typing import Any

from sim.errors import CannotWrite, ScenarioError, did_you_mean
from sim.sheets.layout import extent, table_in
from sim.sheets.refusals import failed
from sim.sheets.table import Sheet, letters
from sim.sheets.values import Cell, Formula, Styled, Uncomputed, Value, plain, unless_blank
from sim.sheets.write import Tab, csv_cell, put
from sim.units import shown

_HEADER, _ALARM = "#E3E8EE", "#F5C3A3"
"""Fills: a pale grey, and a pale vermilion, which the colour-blind tell from white too."""
_SCREEN = 120
"""Characters that a screen and a printed page show side by side."""
_WIDEST = 60
"""Characters of a column."""
_MANY = 200
"""From so many rows on, each is one line high."""
_ABOVE = 3
"""With more lines than this above the header only the first stays in view: the rows need the room."""
LARGEST_UNPACKED = 1000 * 2**20
"""Bytes of a workbook once unpacked: more is a broken or hostile file."""


def from_workbook(data: bytes, file: str, title: str | None, lacks: Callable[[Sheet], int]) -> Sheet:
    """The worksheet of that title, or the first visible one with a table that lacks the least, in the content of a
    file."""
    unpacked = sum(part.file_size for part in zipfile.ZipFile(io.BytesIO(data)).infolist())
    if unpacked > LARGEST_UNPACKED:
        raise failed(file, f"the workbook has {unpacked / 2**20:.0f} MiB once unpacked", "save only the sheet needed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl names what it leaves out: charts, validations
        try:
            return _first_table(data, file, title, lacks)
        except ScenarioError:
            raise
        except Exception as problem:  # a damaged workbook can fail anywhere in the library, in any way
            reason = f"{type(problem).__name__}: {problem}".splitlines()[0][:120]
            hint = "open it in Excel and save it again"
            raise failed(file, f"the workbook is damaged or not in the usual format ({reason})", hint) from problem


def _first_table(data: bytes, file: str, title: str | None, lacks: Callable[[Sheet], int]) -> Sheet:
    values = _opened(data, data_only=True)
    formulas = _opened(data, data_only=False) if any(b"<f" in part for part in _parts(data)) else None
    titles = [sheet.title for sheet in values.worksheets]
    if title is not None:
        same = [name for name in titles if name.strip().casefold() == title.strip().casefold()]
        if not same:
            raise failed(file, f"there is no sheet {shown(title)}", did_you_mean(title, titles))
        return _worksheet(values, formulas, same[0], file)
    tables: list[tuple[int, Sheet]] = []
    problems: list[ScenarioError] = []
    visible = [sheet.title for sheet in values.worksheets if sheet.sheet_state == "visible"]
    for name in visible:
        try:
            table = _worksheet(values, formulas, name, file)
        except ScenarioError as problem:
            problems.append(problem)
            continue
        missing = lacks(table)
        if not missing:
            return table
        tables.append((missing, table))
    if tables:
        return min(tables, key=lambda found: found[0])[1]
    if len(problems) == 1:
        raise problems[0]
    what = f"none of the sheets {', '.join(visible)} holds a table" if visible else "all its sheets are hidden"
    raise failed(file, what, "a table is a row of column names with rows below it")


def _opened(data: bytes, *, data_only: bool) -> Any:
    from openpyxl import load_workbook  # type: ignore[import-untyped]

    return load_workbook(io.BytesIO(data), read_only=True, data_only=data_only, keep_links=False)


def _worksheet(values: Any, formulas: Any, title: str, file: str) -> Sheet:
    rows = _excel_rows(values[title])
    if formulas:
        rows = _with_formulas(rows, formulas[title])
    filled = (tuple(map(unless_blank, cells)) for cells in rows)
    lines = [(number, cells) for number, cells in enumerate(filled, start=1) if extent(cells)]
    return table_in(lines, file, title, "")


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


# --- writing ---------------------------------------------------------------------------------------------------------


def write_xlsx(path: Path, tabs: Sequence[Tab]) -> None:
    """Write a workbook with a worksheet for each table: real dates and times, a header that stays in view, and pages as
    wide as the table. Rows of a negative number in the column `alarm` are coloured.

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
    put(path, buffer.getvalue())


def _fill(book: Any, title: str, tab: Tab, path: Path) -> None:
    sheet = book.add_worksheet(title)
    looks: dict[tuple[str, str, str], Any] = {}
    bold = book.add_format({"bold": True, "bg_color": _HEADER, "text_wrap": True, "valign": "top"})
    head, right = len(tab.above), max(len(tab.header) - 1, 0)
    last = head + len(tab.rows)
    widths = [_width(tab, column) for column in range(len(tab.header))]
    for column, name in enumerate(tab.header):
        sheet.write_string(head, column, name, bold)
        sheet.set_column(column, column, widths[column])
    sheet.set_row(head, 15 * max((_lines(name, widths[i]) for i, name in enumerate(tab.header)), default=1))
    _write_lines(book, sheet, tab, widths)
    for number, row in enumerate(tab.rows, start=head + 1):
        for column, cell in enumerate(row):
            look = _look_of(tab, column, cell)
            if look not in looks:
                looks[look] = _format(book, *look)
            if _write_cell(sheet, number, column, _addressed(cell, tab.header, number), looks[look]):
                hint = "write it as CSV"
                raise CannotWrite(f"{path}: row {number + 1} does not fit into an Excel worksheet", hint)
        if len(tab.rows) < _MANY and (tall := max(map(_lines, map(_text, row), widths), default=1)) > 1:
            sheet.set_row(number, 15 * tall)
    sheet.freeze_panes(head + 1 if head <= _ABOVE else 1, tab.pinned)
    sheet.autofilter(head, 0, last, right)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(head)
    if tab.alarm and tab.rows:
        formula = f"=${letters(tab.header.index(tab.alarm))}{head + 2}<0"
        fill = book.add_format({"bg_color": _ALARM})
        sheet.conditional_format(head + 1, 0, last, right, {"type": "formula", "criteria": formula, "format": fill})


def _write_lines(book: Any, sheet: Any, tab: Tab, widths: Sequence[int]) -> None:
    """Lines of text above and below the table, as wide as the columns that a screen shows."""
    title = book.add_format({"bold": True, "font_size": 13, "text_wrap": True, "valign": "top"})
    usual = book.add_format({"text_wrap": True, "valign": "top"})
    across = max(1, sum(total <= _SCREEN for total in accumulate(widths)))
    below = len(tab.above) + 1 + len(tab.rows) + 1
    for number, text in [*enumerate(tab.above), *enumerate(tab.below, start=below)]:
        look = usual if number else title
        if across > 1:
            sheet.merge_range(number, 0, number, across - 1, "", look)
        # as a string: what merges would take = for a formula
        sheet.write_string(number, 0, text, look)
        height, room = (20, 0.7) if look is title else (15, 0.9)
        sheet.set_row(number, height * _lines(text, int(room * sum(widths[:across]))))


def _lines(text: str, width: int) -> int:
    """How many lines a text takes; a filter's button stands beside a header's."""
    return max(1, len(wrap(text, max(width - 3, 1))))


def _text(cell: Cell) -> str:
    """A text that is long enough to be wrapped; nothing in place of all else."""
    value = plain(cell)
    return value if isinstance(value, str) and len(value) > _WIDEST else ""


def _look_of(tab: Tab, column: int, cell: Cell) -> tuple[str, str, str]:
    """Number format, fill, and how a text is shown."""
    of_column = tab.formats[column] if column < len(tab.formats) else ""
    form, fill = (cell.form, cell.fill) if isinstance(cell, Styled) else ("", "")
    value = plain(cell)
    if not isinstance(value, str):
        return form or of_column or _usual_format(value), fill, ""
    if len(value) <= _WIDEST:
        return form or of_column, fill, "short"
    # cut off at its column, as what runs on makes a printed page as wide as itself
    return form or of_column, fill, "wrapped" if len(tab.rows) < _MANY else "cut"


def _addressed(cell: Cell, header: tuple[str, ...], row: int) -> Value | Formula:
    """What to write: of a formula with the addresses of the columns that it names."""
    value = cell.value if isinstance(cell, Styled) else cell
    if not isinstance(value, Formula):
        return value
    text = re.sub(r"\[([^]]+)\]", lambda found: f"{letters(header.index(found[1]))}{row + 1}", value.text)
    return value._replace(text=text)


_TEXTS: dict[str, dict[str, Any]] = {
    "": {},
    "short": {"align": "left", "indent": 1},
    "wrapped": {"align": "left", "indent": 1, "text_wrap": True},
    "cut": {"align": "fill"},
}
"""How a text stands in its cell: apart from a number on its left."""


def _format(book: Any, form: str, fill: str, text: str) -> Any:
    known = {"num_format": form, "bg_color": fill}
    return book.add_format({"valign": "top", **{key: value for key, value in known.items() if value}, **_TEXTS[text]})


def _write_cell(sheet: Any, row: int, column: int, value: Value | Formula, look: Any) -> int:
    """Zero, or what the library says of a cell outside the worksheet or a text that is too long."""
    if isinstance(value, Formula):
        return int(sheet.write_formula(row, column, f"={value.text}", look, "" if value.value is None else value.value))
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
    """In characters: the longest of the header's words (with its filter button) and the first rows, within reason."""
    cells = (row[column] for row in tab.rows[:1000] if column < len(row))
    longest = max(map(_length, cells), default=0)
    word = max(map(len, tab.header[column].split()), default=0)
    return min(max(longest + 3, word + 4, 8), _WIDEST)


def _length(cell: Cell) -> int:
    """About how many characters a cell shows; a currency stands beside its amount."""
    value = plain(cell)
    if isinstance(value, (int, float)):
        return len(f"{value:,.2f}") + 4 * (isinstance(cell, Styled) and '"' in cell.form)
    return len(csv_cell(value))


def _sheet_names(tabs: Sequence[Tab]) -> list[str]:
    """Titles as Excel allows them: at most 31 characters, none of []:*?/\\, each once."""
    names: list[str] = []
    for tab in tabs:
        name = re.sub(r"[\[\]:*?/\\]", " ", tab.title).strip().strip("'")[:31] or "Sheet"
        taken = {other.casefold() for other in names}
        numbered = (f"{name[:27]} {number}" for number in range(2, 1000))
        names.append(name if name.casefold() not in taken else next(n for n in numbered if n.casefold() not in taken))
    return names
