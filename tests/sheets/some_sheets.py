"""Sheets for tests: made of text, of bytes, of a workbook, or of a column of values."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from sim.errors import ScenarioError
from sim.sheets import Cells, Sheet, Value, read_sheet

SHEET = "xl/worksheets/sheet1.xml"
PLAIN = "Date,Time,Offered\n2026-10-05,09:00,12\n2026-10-05,09:30,15\n"


def sheet_of(tmp_path: Path, content: str | bytes, name: str = "counts.csv", title: str | None = None) -> Sheet:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_sheet(path, title)


def refused(tmp_path: Path, content: str | bytes, name: str = "counts.csv", title: str | None = None) -> str:
    with pytest.raises(ScenarioError) as caught:
        sheet_of(tmp_path, content, name, title)
    return str(caught.value).replace(f"{tmp_path}/", "")


def workbook(fill: Callable[[Any], None], *titles: str) -> bytes:
    """A workbook as Excel or another program might have saved it."""
    book = openpyxl.Workbook()
    book.active.title = titles[0] if titles else "October"
    for title in titles[1:]:
        book.create_sheet(title)
    fill(book)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def changed(workbook: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one of its parts changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
    return buffer.getvalue()


def excel_column(tmp_path: Path, cells: Sequence[object], formats: str = "General") -> Sheet:
    """A worksheet with the cells in column B, below the header, each with a number format."""

    def fill(book: Any) -> None:
        book.active.append(["Name", "Value"])
        for row, cell in enumerate(cells, start=2):
            book.active.cell(row, 1, "a")
            book.active.cell(row, 2, cell).number_format = formats

    return sheet_of(tmp_path, workbook(fill), "staff.xlsx")


def column_of(
    values: Sequence[Value], *, delimiter: str = ",", title: str | None = None, header: str = "Value"
) -> Cells:
    """The cells of a column 0."""
    rows = tuple((value,) for value in values)
    return Cells(Sheet("counts.csv", title, (header,), rows, tuple(range(2, len(rows) + 2)), 1, delimiter))


def problem_of(cells: Cells) -> str:
    with pytest.raises(ScenarioError) as caught:
        cells.check()
    return str(caught.value)
