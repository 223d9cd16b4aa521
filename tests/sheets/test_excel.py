"""Workbooks as Excel and other programs save them; what is damaged is refused."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from some_sheets import SHEET, changed, column_of, excel_column, problem_of, refused, sheet_of, workbook

from sim.sheets import Cells, Value, excel


def test_a_mistake_names_workbook_sheet_and_cell(tmp_path: Path) -> None:
    """The place is the one Excel shows, with the header of the column."""

    def fill(book: Any) -> None:
        book.active["A3"], book.active["B3"], book.active["C3"] = "Name", "Skill", "Paid hours"
        book.active["A14"], book.active["B14"], book.active["C14"] = "Ann", "Sales", "many"

    cells = Cells(sheet_of(tmp_path, workbook(fill), "staff.xlsx"))
    cells.number(0, 2)
    cells.wrong(0, None, "that is all")
    said = problem_of(cells).replace(f"{tmp_path}/", "")
    assert "staff.xlsx, sheet October, cell C14: Paid hours: 'many' is not a number" in said
    assert "staff.xlsx, sheet October, row 14: that is all" in said


def test_the_first_visible_sheet_with_a_table_is_read(tmp_path: Path) -> None:
    """An empty sheet and a hidden one are passed over; by its name a hidden one is read."""

    def fill(book: Any) -> None:
        book["Notes"]["A1"] = "Read me"
        for title in ("Lists", "Data"):
            book[title].append(["Name", title])
            book[title].append(["a", 1])
        book["Lists"].sheet_state = "hidden"

    data = workbook(fill, "Notes", "Lists", "Data")
    assert sheet_of(tmp_path, data, "a.xlsx").title == "Data"
    assert sheet_of(tmp_path, data, "a.xlsm", "lists").title == "Lists"


def test_an_unknown_sheet_offers_the_nearest(tmp_path: Path) -> None:
    """A misspelt worksheet is answered with the one that is there."""
    data = workbook(lambda book: None, "October", "November")
    assert "there is no sheet 'Octobre'; did you mean 'October'?" in refused(tmp_path, data, "a.xlsx", "Octobre")
    assert "none of the sheets October, November holds a table" in refused(tmp_path, data, "a.xlsx")


@pytest.mark.parametrize(
    ("cell", "look", "value"),
    [
        (datetime(2026, 10, 5), "yyyy-mm-dd", date(2026, 10, 5)),
        (datetime(2026, 10, 5), "yyyy-mm-dd hh:mm", datetime(2026, 10, 5)),
        (time(9, 30), "hh:mm", time(9, 30)),
        (timedelta(hours=30), "[h]:mm", timedelta(hours=30)),
        (True, "General", "TRUE"),
        (12, "General", 12),
        (46300, "General", 46300),
    ],
)
def test_a_cell_of_excel_is_what_it_looks_like(tmp_path: Path, cell: object, look: str, value: Value) -> None:
    """A date cell is a date, with hours in its format a moment; a number without a date's format stays one."""
    found = excel_column(tmp_path, [cell], look).rows[0][1]
    assert (type(found), found) == (type(value), value)


def test_a_formula_without_a_stored_value_is_a_mistake_when_read(tmp_path: Path) -> None:
    """A formula nobody computed is no empty cell; a formula whose value is an empty text is one."""

    def fill(book: Any) -> None:
        book.active.append(["Name", "Value", "Other"])
        book.active.append(["a", "=1+1", 5])
        book.active.append(["b", '=""', 6])

    data = changed(workbook(fill), SHEET, lambda part: part.replace(b'<c r="B3">', b'<c r="B3" t="str">'))
    cells = Cells(sheet_of(tmp_path, data, "staff.xlsx"))
    assert cells.number(0, 2) == 5
    assert cells.number(1, 1) is None
    cells.check()
    cells.number(0, 1)
    assert "cell B2: Value: the formula has no stored value; open and save it in Excel" in problem_of(cells)


@pytest.mark.parametrize("error", ["#REF!", "#N/A", "#DIV/0!"])
def test_an_error_cell_is_a_mistake_when_read(tmp_path: Path, error: str) -> None:
    """An error of Excel is refused, also as text, and in a CSV that Excel saved."""
    for cells in (Cells(excel_column(tmp_path, [error])), column_of([None, error])):
        assert cells.sheet.rows[0][0] != error
        row, column = (0, 1) if len(cells.sheet.header) > 1 else (1, 0)
        assert cells.text(row, column) is None
        assert f"{error} is an error of Excel" in problem_of(cells)


def test_a_worksheet_that_states_a_wrong_size_is_read(tmp_path: Path) -> None:
    """Some programs store A1 as the size of every sheet."""
    good = workbook(lambda book: [book.active.append(row) for row in (["Name", "Value"], ["a", 1])])
    data = changed(good, SHEET, lambda part: part.replace(b'ref="A1:B2"', b'ref="A1"'))
    assert sheet_of(tmp_path, data, "a.xlsx").rows == (("a", 1),)


def test_merged_cells_are_read(tmp_path: Path) -> None:
    """A merged cell is its first one; the others are empty."""

    def fill(book: Any) -> None:
        for row in (["Team", "Name"], ["A", "Ann"], [None, "Bob"]):
            book.active.append(row)
        book.active.merge_cells("A2:A3")

    assert sheet_of(tmp_path, workbook(fill), "a.xlsx").rows == (("A", "Ann"), (None, "Bob"))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "is protected by a password"),
        (b"Date,Offered\n", "this is not an Excel workbook, or it is damaged; a text file is named .csv"),
        (workbook(lambda book: None)[:900], "this is not an Excel workbook, or it is damaged; open it in Excel"),
    ],
)
def test_a_workbook_that_cannot_be_opened_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    """Password, text in disguise and half a file each have their message."""
    assert said in refused(tmp_path, data, "staff.xlsx")


@pytest.mark.parametrize("part", ["xl/workbook.xml", SHEET, "xl/styles.xml"])
def test_a_damaged_part_is_refused(tmp_path: Path, part: str) -> None:
    """Broken XML inside a workbook is a mistake of the file, whatever the library makes of it."""
    good = workbook(lambda book: book.active.append(["Name", "Value"]))
    data = changed(good, part, lambda _: b"<broken")
    assert "the workbook is damaged or not in the usual format" in refused(tmp_path, data, "a.xlsx")


def test_a_workbook_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file that unpacks to a huge one is not unpacked."""
    monkeypatch.setattr(excel, "LARGEST_UNPACKED", 100)
    assert "MiB once unpacked" in refused(tmp_path, workbook(lambda book: None), "a.xlsx")
