"""The table is found among titles, totals and empty lines, and its rows fit its header."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from some_sheets import PLAIN, refused, sheet_of, workbook


@pytest.mark.parametrize(
    "titles",
    [
        "Interval report\n\n",
        "Interval report,October\n",
        ",,Phone,,All\n",
        "Report:,Calls by interval\nFrom,2026-10-01,to,2026-10-31\n\n",
        "Report:,Calls,,,\nRun at,2026-11-01 07:00,,,\n,,,,\n",
        "Report:,2026-10-01,2026-10-31\n",
    ],
)
def test_title_lines_are_skipped(tmp_path: Path, titles: str) -> None:
    """The header is found below a report's name and its dates, and lines keep their numbers."""
    table = "Date,Time,Queue,Offered,AHT\n2026-10-05,09:00,Sales,12,300\n2026-10-05,09:30,Sales,15,310\n"
    sheet = sheet_of(tmp_path, titles + table)
    assert sheet.header == ("Date", "Time", "Queue", "Offered", "AHT")
    assert sheet.header_number == titles.count("\n") + 1
    assert sheet.numbers == (sheet.header_number + 1, sheet.header_number + 2)


def test_a_title_in_two_cells_above_two_columns_is_skipped(tmp_path: Path) -> None:
    """A line that begins with a word and a colon is no header, even if it is as wide as the table."""
    assert sheet_of(tmp_path, "Report:,Calls\nDate,Offered\n2026-10-05,12\n").header == ("Date", "Offered")


def test_a_service_level_may_be_a_header(tmp_path: Path) -> None:
    """80/20 is a name, not a figure."""
    assert sheet_of(tmp_path, "Date,80/20\n2026-10-05,12\n").header == ("Date", "80/20")


def test_a_column_without_a_name_is_kept(tmp_path: Path) -> None:
    """In a worksheet, and where a CSV header goes on, a column may have no name."""
    assert sheet_of(tmp_path, "Name,Value,,\na,1,note,\n").header == ("Name", "Value", "")

    def fill(book: Any) -> None:
        book.active.append(["Name", "Value"])
        book.active.append(["a", 1, None, "note"])

    sheet = sheet_of(tmp_path, workbook(fill), "a.xlsx")
    assert (sheet.header, sheet.rows) == (("Name", "Value", "", ""), (("a", 1, None, "note"),))


@pytest.mark.parametrize("word", ["Total", "TOTAL:", "Grand Total", "Sum", "Summe", "Subtotal", "Total for October"])
def test_rows_of_totals_are_left_out(tmp_path: Path, word: str) -> None:
    """A row that begins with a word for a total is not a row, and the sheet says which it was."""
    sheet = sheet_of(tmp_path, f"{PLAIN}{word},,27\n")
    assert (len(sheet.rows), sheet.totals) == (2, (4,))


@pytest.mark.parametrize("row", ["Total,2026-10-05,12", "Summer,x,12", "Total Care,x,12"])
def test_a_name_like_a_total_is_kept(tmp_path: Path, row: str) -> None:
    """A row with a date, another word, or a queue that is called Total Care is data."""
    assert len(sheet_of(tmp_path, f"Queue,Date,Offered\n{row}\n").rows) == 1


def test_a_longer_row_is_a_mistake_and_a_shorter_one_is_padded(tmp_path: Path) -> None:
    """A cell beyond the header is refused with its line; missing cells at the end are empty."""
    assert sheet_of(tmp_path, PLAIN + "2026-10-06\n").rows[-1] == ("2026-10-06", None, None)
    said = refused(tmp_path, PLAIN + "2026-10-06,09:00,12,5\n")
    assert said.startswith("counts.csv:4:1: the line has 4 cells, the header 3; a value with the separator (,)")
    assert "counts.csv:2:1: the line has 4 cells" in refused(tmp_path, "A,B,C\n1,2,3,4\n2,3,4,5\n")
    many = refused(tmp_path, "A,B,C\n" + "1,2,3,4\n" * 30).split("\n")
    assert (len(many), many[20]) == (21, "counts.csv:22:1: and 10 more like the ones above, from here on")
