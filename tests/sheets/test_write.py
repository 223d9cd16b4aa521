"""What is written reads back, and is pleasant to look at."""

from __future__ import annotations

import os
import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import CannotWrite
from sim.sheets import Cells, Tab, Value, read_sheet, write_csv, write_xlsx

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n"), min_size=1, max_size=12).filter(
    lambda text: text.strip() and "x005F_" not in text
)
STARTS = st.sampled_from(["=", "+", "-", "@", '"', ",", ";", "'", "\t", "sep="])
WORDS = st.one_of(TEXT, st.builds(str.__add__, STARTS, TEXT))
DAYS = st.dates(date(1990, 1, 1), date(2150, 1, 1))
CLOCKS = st.builds(time, st.integers(0, 23), st.integers(0, 59))
HEADER = ("Key", "Text", "Number", "Day", "Clock", "Moment", "Length")
ROWS = st.lists(
    st.tuples(
        st.just("k"),
        st.none() | WORDS,
        st.none() | st.integers(0, 10**9) | st.floats(0, 10**6).map(lambda x: round(x, 6)),
        st.none() | DAYS,
        st.none() | CLOCKS,
        st.none() | st.builds(datetime.combine, DAYS, CLOCKS),
        st.none() | st.integers(0, 500_000).map(lambda s: timedelta(seconds=s)),
    ),
    min_size=1,
    max_size=8,
)


@given(rows=ROWS)
def test_a_workbook_reads_back_as_it_was_written(rows: list[tuple[Value, ...]], tmp_path_factory: Any) -> None:
    """Text, numbers, dates, times, moments, lengths and empty cells survive Excel."""
    path = tmp_path_factory.mktemp("x") / "a.xlsx"
    write_xlsx(path, [Tab("October", HEADER, rows)])
    sheet = read_sheet(path)
    assert (sheet.title, sheet.header, sheet.rows) == ("October", HEADER, tuple(rows))


@given(rows=ROWS)
def test_a_csv_reads_back_as_it_was_written(rows: list[tuple[Value, ...]], tmp_path_factory: Any) -> None:
    """The same values survive CSV, read as what they are; text is left as it is."""
    path = tmp_path_factory.mktemp("c") / "a.csv"
    write_csv(path, Tab("October", HEADER, rows))
    sheet = read_sheet(path)
    cells = Cells(sheet)
    assert sheet.header == HEADER
    for i, (_, text, number, day, clock, moment, length) in enumerate(rows):
        assert sheet.rows[i][1] == text
        assert cells.number(i, 2) == number
        assert cells.day(i, 3) == day
        second = cells.clock(i, 4)
        assert (None if second is None else time(second // 3600, second % 3600 // 60)) == clock
        assert cells.moment(i, 5) == moment
        assert cells.seconds(i, 6) == (length.total_seconds() if isinstance(length, timedelta) else None)
    cells.check()


def test_a_line_break_of_windows_survives_a_workbook(tmp_path: Path) -> None:
    """A carriage return, which XML would drop, is read as it was written."""
    write_xlsx(tmp_path / "a.xlsx", [Tab("T", ("Name", "Text"), [("a", "b\r\nc")])])
    assert read_sheet(tmp_path / "a.xlsx").rows == (("a", "b\r\nc"),)


def test_a_csv_is_plain(tmp_path: Path) -> None:
    """UTF-8, line feeds, ISO dates, HH:MM, no noise in floats, nothing for None and NaN."""
    row = ("é", 0.1 + 0.2, 1e-9, 12.0, 1234567.5, float("nan"), None, date(2026, 10, 5), time(9, 30), 'a "b", c')
    write_csv(tmp_path / "a.csv", Tab("T", tuple("abcdefghij"), [row]))
    said = 'a,b,c,d,e,f,g,h,i,j\né,0.3,0,12,1234567.5,,,2026-10-05,09:30,"a ""b"", c"\n'
    assert (tmp_path / "a.csv").read_bytes() == said.encode()


def test_equal_tables_are_equal_bytes(tmp_path: Path) -> None:
    """A workbook does not hold the time at which it was written."""
    for name in ("a.xlsx", "b.xlsx"):
        write_xlsx(tmp_path / name, [Tab("T", ("Name", "Day"), [("a", date(2026, 10, 5))])])
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    assert b"2000-01-01T00:00:00Z" in zipfile.ZipFile(tmp_path / "a.xlsx").read("docProps/core.xml")


def test_a_workbook_is_pleasant_in_excel(tmp_path: Path) -> None:
    """The header is bold and stays in view, columns are as wide as needed, filtered and formatted; NaN is empty."""
    tab = Tab("Net", ("Interval", "Share", "Sum"), [("a" * 30, 0.5, 1.0), ("b", float("nan"), None)], ("", "0.0%"))
    write_xlsx(tmp_path / "a.xlsx", [tab, Tab("a/b", ("N", "M"), [("=1+1", 1)]), Tab("net", ("N", "M"), [("b", 1)])])
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    sheet = book["Net"]
    assert sheet["A1"].font.bold
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:C3"
    assert 30 < sheet.column_dimensions["A"].width < 40
    assert (sheet["B2"].number_format, sheet["B2"].value, sheet["B3"].value) == ("0.0%", 0.5, None)
    assert book.sheetnames == ["Net", "a b", "net 2"]
    assert (book["a b"]["A2"].data_type, book["a b"]["A2"].value) == ("s", "=1+1")


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_what_cannot_be_written_leaves_the_old_file(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk or a missing folder is CannotWrite, and what was there before is there still."""
    tab = Tab("T", ("Name", "Value"), [("a", 1)])

    def write(path: Path) -> None:
        write_csv(path, tab) if name == "a.csv" else write_xlsx(path, [tab])

    with pytest.raises(CannotWrite, match="could not be written: no such file or directory"):
        write(tmp_path / "none" / name)
    (tmp_path / name).write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(CannotWrite, match="no space left on device"):
        write(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "old"


def test_a_text_that_excel_cannot_hold_is_refused(tmp_path: Path) -> None:
    """A cell of more than 32,767 characters is not left out in silence."""
    with pytest.raises(CannotWrite, match="row 2 does not fit into an Excel worksheet"):
        write_xlsx(tmp_path / "a.xlsx", [Tab("T", ("Name", "Value"), [("a" * 40_000, 1)])])
