"""Planners' CSV and Excel files: what is read, what is refused, and where the mistake is said to be."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import sheets
from sim.errors import CannotWrite, ScenarioError
from sim.sheets import Cells, Sheet, Tab, Value, Wanted, read_sheet, write_csv, write_xlsx

SHEET = "xl/worksheets/sheet1.xml"
PLAIN = "Date,Time,Offered\n2026-10-05,09:00,12\n2026-10-05,09:30,15\n"
OFFERED = Wanted("offered", ("offered", "calls offered", "contacts offered"), means="the offered contacts")
DAY = Wanted("day", ("date", "day"), means="the date")
AHT = Wanted("aht", ("aht", "average handle time"), required=False, means="the handling time")


def _read(tmp_path: Path, content: str | bytes, name: str = "counts.csv", title: str | None = None) -> Sheet:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_sheet(path, title)


def _refused(tmp_path: Path, content: str | bytes, name: str = "counts.csv", title: str | None = None) -> str:
    with pytest.raises(ScenarioError) as caught:
        _read(tmp_path, content, name, title)
    return str(caught.value).replace(f"{tmp_path}/", "")


def _workbook(fill: Callable[[Any], None], *titles: str) -> bytes:
    """A workbook as Excel or another program might have saved it."""
    book = openpyxl.Workbook()
    book.active.title = titles[0] if titles else "October"
    for title in titles[1:]:
        book.create_sheet(title)
    fill(book)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _changed(workbook: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one of its parts changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
    return buffer.getvalue()


def _excel(tmp_path: Path, cells: Sequence[object], formats: str = "General") -> Sheet:
    """A worksheet with the cells in column B, below the header, each with a number format."""

    def fill(book: Any) -> None:
        book.active.append(["Name", "Value"])
        for row, cell in enumerate(cells, start=2):
            book.active.cell(row, 1, "a")
            book.active.cell(row, 2, cell).number_format = formats

    return _read(tmp_path, _workbook(fill), "staff.xlsx")


def _column(values: Sequence[Value], *, delimiter: str = ",", title: str | None = None, header: str = "Value") -> Cells:
    """The cells of a column 0."""
    rows = tuple((value,) for value in values)
    return Cells(Sheet("counts.csv", title, (header,), rows, tuple(range(2, len(rows) + 2)), 1, delimiter))


def _problem(cells: Cells) -> str:
    with pytest.raises(ScenarioError) as caught:
        cells.check()
    return str(caught.value)


# --- encodings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_file_in_any_usual_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    """UTF-8 with and without its mark, UTF-16 with its mark and Windows-1252 give the same cells."""
    sheet = _read(tmp_path, "Team\tZeit\nGrün – Süd\t09:00\nCafé\t09:30\n".encode(encoding))
    assert sheet.header == ("Team", "Zeit")
    assert sheet.rows == (("Grün – Süd", "09:00"), ("Café", "09:30"))


def test_mixed_encodings_are_located(tmp_path: Path) -> None:
    """Where some lines are UTF-8 and one is Windows-1252, the mistake names line, cell and byte."""
    lines = [b"Date,Time,Team\n", *[f"2026-10-{d:02d},09:00,S\u00fcd\n".encode() for d in range(1, 13)]]
    data = b"".join([*lines, b"2026-10-13,09:00,Caf\xe9\n"])
    assert _refused(tmp_path, data) == (
        "counts.csv:14:3: the byte 0xe9 is not UTF-8, though other lines are; save the file as UTF-8"
    )


def test_many_lines_in_another_encoding_are_twenty_messages(tmp_path: Path) -> None:
    """Nobody reads thirty times the same."""
    assert _refused(tmp_path, "Grün,Offered\n".encode() + b"S\xfcd,1\n" * 30).count("is not UTF-8") == 20


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"Date,Offered\n2026-10-05,1\x002\n", "counts.csv:2:1: there is a NUL byte: this is not a text file"),
        ("Date,Offered\n2026-10-05,1\n".encode("utf-16-le"), "counts.csv:1:1: there is a NUL byte"),
        (b"\xff\xfeD\x00a\x00t", "counts.csv: the file begins as UTF-16 but is cut off or damaged"),
        (b"Team,Offered\nGr\x81n,1\n", "counts.csv:2:1: the byte 0x81 is neither UTF-8 nor Windows-1252"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel format"),
        (b"%PDF-1.7 x", "counts.csv: this is a PDF"),
        (b"\x1f\x8b\x08", "counts.csv: this is a compressed file"),
        (b"\xef\xbb\xbf <html><table>", "counts.csv: this is a web page or XML"),
        (b"", "counts.csv: the file is empty"),
        (b"\xef\xbb\xbf\n \n", "counts.csv: there is no table"),
        (b" \n", "counts.csv: the file is empty"),
        (b"Date,Offered\n", "counts.csv:1:1: there is nothing below the header"),
        (b"Offered\n12\n15\n", "counts.csv: there is no table: no line with the names of two or more columns"),
        (b"2026-10-05,09:00,b,12\n2026-10-05,09:30,a,15\n", "counts.csv:1:1: '2026-10-05' stands where the name"),
    ],
)
def test_what_is_no_table_is_named_for_what_it_is(tmp_path: Path, data: bytes, said: str) -> None:
    """Binary, damaged, foreign and empty files each have their own message, with a place where there is one."""
    said = said.replace("an old Excel format", "counts.csv: this is a workbook of the old Excel format (.xls)")
    assert _refused(tmp_path, data).startswith(said)


def test_an_archive_is_named_for_what_it_is(tmp_path: Path) -> None:
    """A workbook named .csv, an OpenDocument file and a plain zip are told apart."""

    def packed(name: str) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(name, "x")
        return buffer.getvalue()

    assert "this is an Excel workbook, though its name does not say so" in _refused(tmp_path, packed("xl/workbook.xml"))
    assert "this is an OpenDocument file, not a table; save it as .xlsx" in _refused(tmp_path, packed("mimetype"))
    assert "this is a zip archive" in _refused(tmp_path, packed("a.csv"))
    assert "a binary Excel workbook (.xlsb)" in _refused(tmp_path, packed("xl/workbook.bin"), "a.xlsb")


# --- files -----------------------------------------------------------------------------------------------------------


def test_a_missing_file_lists_near_names(tmp_path: Path) -> None:
    """A misspelt name offers the file that was meant; a name unlike any lists the tables of the folder."""
    (tmp_path / "counts.csv").write_text(PLAIN)
    with pytest.raises(ScenarioError, match=r"count\.csv: there is no such file; did you mean counts\.csv\?"):
        read_sheet(tmp_path / "count.csv")
    with pytest.raises(ScenarioError, match=r"there are: counts\.csv"):
        read_sheet(tmp_path / "zz")
    with pytest.raises(ScenarioError, match="there is no folder"):
        read_sheet(tmp_path / "none" / "counts.csv")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    """The message says that it is a folder."""
    with pytest.raises(ScenarioError, match="this is a folder; name a CSV file"):
        read_sheet(tmp_path)


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="this system has no /dev/null")
def test_a_device_is_refused() -> None:
    """What is neither file nor folder is not read: it may never end."""
    with pytest.raises(ScenarioError, match="this is not a file"):
        read_sheet(Path("/dev/null"))


def test_a_file_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that may not be read is a mistake of the user's, not a traceback."""

    def deny(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", deny)
    (tmp_path / "counts.csv").write_text(PLAIN)
    with pytest.raises(ScenarioError, match="there is no permission to read it"):
        read_sheet(tmp_path / "counts.csv")


def test_a_file_above_the_limit_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its size is looked at before its content."""
    monkeypatch.setattr(sheets, "LARGEST_FILE", 2**20)
    assert "the file has 2 MiB, more than 1 MiB" in _refused(tmp_path, b"a" * 2 * 2**20)


# --- CSV -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    """Commas, semicolons, tabs and bars separate, with other separators inside the cells."""
    other = ";" if delimiter == "," else ","
    text = f"Name{delimiter}Skills{delimiter}Cost\nAnn{delimiter}a{other}b{delimiter}12\nBob{delimiter}c{delimiter}\n"
    sheet = _read(tmp_path, text)
    assert sheet.rows == (("Ann", f"a{other}b", "12"), ("Bob", "c", None))
    assert sheet.delimiter == delimiter


def test_decimal_commas_do_not_separate(tmp_path: Path) -> None:
    """A decimal comma in every row is not taken for the separator."""
    sheet = _read(tmp_path, "Zeit;AHT\n09:00;312,5\n09:30;298,4\n")
    assert sheet.rows == (("09:00", "312,5"), ("09:30", "298,4"))


def test_the_separator_that_excel_names_is_honoured(tmp_path: Path) -> None:
    """After ``sep=|`` the lines count on, and bars separate."""
    sheet = _read(tmp_path, "sep=|\r\nName|Rest\r\na,b,c|d,e,f\r\n")
    assert (sheet.header, sheet.rows, sheet.numbers) == (("Name", "Rest"), (("a,b,c", "d,e,f"),), (3,))


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
    sheet = _read(tmp_path, titles + table)
    assert sheet.header == ("Date", "Time", "Queue", "Offered", "AHT")
    assert sheet.header_number == titles.count("\n") + 1
    assert sheet.numbers == (sheet.header_number + 1, sheet.header_number + 2)


def test_a_title_in_two_cells_above_two_columns_is_skipped(tmp_path: Path) -> None:
    """A line that begins with a word and a colon is no header, even if it is as wide as the table."""
    assert _read(tmp_path, "Report:,Calls\nDate,Offered\n2026-10-05,12\n").header == ("Date", "Offered")


def test_a_service_level_may_be_a_header(tmp_path: Path) -> None:
    """80/20 is a name, not a figure."""
    assert _read(tmp_path, "Date,80/20\n2026-10-05,12\n").header == ("Date", "80/20")


def test_a_column_without_a_name_is_kept(tmp_path: Path) -> None:
    """In a worksheet, and where a CSV header goes on, a column may have no name."""
    assert _read(tmp_path, "Name,Value,,\na,1,note,\n").header == ("Name", "Value", "")

    def fill(book: Any) -> None:
        book.active.append(["Name", "Value"])
        book.active.append(["a", 1, None, "note"])

    sheet = _read(tmp_path, _workbook(fill), "a.xlsx")
    assert (sheet.header, sheet.rows) == (("Name", "Value", "", ""), (("a", 1, None, "note"),))


@pytest.mark.parametrize("word", ["Total", "TOTAL:", "Grand Total", "Sum", "Summe", "Subtotal", "Total for October"])
def test_rows_of_totals_are_left_out(tmp_path: Path, word: str) -> None:
    """A row that begins with a word for a total is not a row, and the sheet says which it was."""
    sheet = _read(tmp_path, f"{PLAIN}{word},,27\n")
    assert (len(sheet.rows), sheet.totals) == (2, (4,))


@pytest.mark.parametrize("row", ["Total,2026-10-05,12", "Summer,x,12", "Total Care,x,12"])
def test_a_name_like_a_total_is_kept(tmp_path: Path, row: str) -> None:
    """A row with a date, another word, or a queue that is called Total Care is data."""
    assert len(_read(tmp_path, f"Queue,Date,Offered\n{row}\n").rows) == 1


def test_lines_are_counted_through_line_breaks_in_cells(tmp_path: Path) -> None:
    """A quoted cell over three lines, an empty row and \\r\\n do not shift the line of a mistake."""
    sheet = _read(tmp_path, 'Name,Value\r\n"a\r\nb\r\nc",1\r\n,\r\n\r\nd,x\r\n')
    assert sheet.numbers == (2, 7)
    cells = Cells(sheet)
    assert cells.text(0, 0) == "a\r\nb\r\nc"
    cells.count(1, 1)
    assert ":7:2: Value: 'x' is not a number" in _problem(cells)


def test_a_longer_row_is_a_mistake_and_a_shorter_one_is_padded(tmp_path: Path) -> None:
    """A cell beyond the header is refused with its line; missing cells at the end are empty."""
    assert _read(tmp_path, PLAIN + "2026-10-06\n").rows[-1] == ("2026-10-06", None, None)
    said = _refused(tmp_path, PLAIN + "2026-10-06,09:00,12,5\n")
    assert said.startswith("counts.csv:4:1: the line has 4 cells, the header 3; a value with the separator (,)")
    assert "counts.csv:2:1: the line has 4 cells" in _refused(tmp_path, "A,B,C\n1,2,3,4\n2,3,4,5\n")
    many = _refused(tmp_path, "A,B,C\n" + "1,2,3,4\n" * 30).split("\n")
    assert (len(many), many[20]) == (21, "counts.csv:22:1: and 10 more like the ones above")


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ('"2026-10-06,09:00,1\n2,3,4\n', "counts.csv:4:1: a quoted cell that begins here has no closing quote"),
        ('"a"b,09:00,1\n', "counts.csv:4:1: something follows the closing quote of a cell"),
    ],
)
def test_broken_quotes_are_located(tmp_path: Path, rest: str, said: str) -> None:
    """An open quote is named by the line that opens it."""
    assert _refused(tmp_path, PLAIN + rest).startswith(said)


def test_a_csv_has_no_sheets(tmp_path: Path) -> None:
    """Asking for a worksheet of a text file says so."""
    assert "it has no sheet 'October'" in _refused(tmp_path, PLAIN, title="October")


# --- Excel -----------------------------------------------------------------------------------------------------------


def test_a_mistake_names_workbook_sheet_and_cell(tmp_path: Path) -> None:
    """The place is the one Excel shows, with the header of the column."""

    def fill(book: Any) -> None:
        book.active["A3"], book.active["B3"], book.active["C3"] = "Name", "Skill", "Paid hours"
        book.active["A14"], book.active["B14"], book.active["C14"] = "Ann", "Sales", "many"

    cells = Cells(_read(tmp_path, _workbook(fill), "staff.xlsx"))
    cells.number(0, 2)
    cells.wrong(0, None, "that is all")
    said = _problem(cells).replace(f"{tmp_path}/", "")
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

    data = _workbook(fill, "Notes", "Lists", "Data")
    assert _read(tmp_path, data, "a.xlsx").title == "Data"
    assert _read(tmp_path, data, "a.xlsm", "lists").title == "Lists"


def test_an_unknown_sheet_offers_the_nearest(tmp_path: Path) -> None:
    """A misspelt worksheet is answered with the one that is there."""
    data = _workbook(lambda book: None, "October", "November")
    assert "there is no sheet 'Octobre'; did you mean 'October'?" in _refused(tmp_path, data, "a.xlsx", "Octobre")
    assert "none of the sheets October, November holds a table" in _refused(tmp_path, data, "a.xlsx")


def test_a_formula_without_a_stored_value_is_a_mistake_when_read(tmp_path: Path) -> None:
    """A formula nobody computed is no empty cell; a formula whose value is an empty text is one."""

    def fill(book: Any) -> None:
        book.active.append(["Name", "Value", "Other"])
        book.active.append(["a", "=1+1", 5])
        book.active.append(["b", '=""', 6])

    data = _changed(_workbook(fill), SHEET, lambda part: part.replace(b'<c r="B3">', b'<c r="B3" t="str">'))
    cells = Cells(_read(tmp_path, data, "staff.xlsx"))
    assert cells.number(0, 2) == 5
    assert cells.number(1, 1) is None
    cells.check()
    cells.number(0, 1)
    assert "cell B2: Value: the formula has no stored value; open and save it in Excel" in _problem(cells)


@pytest.mark.parametrize("error", ["#REF!", "#N/A", "#DIV/0!"])
def test_an_error_cell_is_a_mistake_when_read(tmp_path: Path, error: str) -> None:
    """An error of Excel is refused, also as text, and in a CSV that Excel saved."""
    for cells in (Cells(_excel(tmp_path, [error])), _column([None, error])):
        assert cells.sheet.rows[0][0] != error
        row, column = (0, 1) if len(cells.sheet.header) > 1 else (1, 0)
        assert cells.text(row, column) is None
        assert f"{error} is an error of Excel" in _problem(cells)


def test_a_worksheet_that_states_a_wrong_size_is_read(tmp_path: Path) -> None:
    """Some programs store A1 as the size of every sheet."""
    good = _workbook(lambda book: [book.active.append(row) for row in (["Name", "Value"], ["a", 1])])
    data = _changed(good, SHEET, lambda part: part.replace(b'ref="A1:B2"', b'ref="A1"'))
    assert _read(tmp_path, data, "a.xlsx").rows == (("a", 1),)


def test_merged_cells_are_read(tmp_path: Path) -> None:
    """A merged cell is its first one; the others are empty."""

    def fill(book: Any) -> None:
        for row in (["Team", "Name"], ["A", "Ann"], [None, "Bob"]):
            book.active.append(row)
        book.active.merge_cells("A2:A3")

    assert _read(tmp_path, _workbook(fill), "a.xlsx").rows == (("A", "Ann"), (None, "Bob"))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "is protected by a password"),
        (b"Date,Offered\n", "this is not an Excel workbook, or it is damaged; a text file is named .csv"),
        (_workbook(lambda book: None)[:900], "this is not an Excel workbook, or it is damaged; open it in Excel"),
    ],
)
def test_a_workbook_that_cannot_be_opened_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    """Password, text in disguise and half a file each have their message."""
    assert said in _refused(tmp_path, data, "staff.xlsx")


@pytest.mark.parametrize("part", ["xl/workbook.xml", SHEET, "xl/styles.xml"])
def test_a_damaged_part_is_refused(tmp_path: Path, part: str) -> None:
    """Broken XML inside a workbook is a mistake of the file, whatever the library makes of it."""
    good = _workbook(lambda book: book.active.append(["Name", "Value"]))
    data = _changed(good, part, lambda _: b"<broken")
    assert "the workbook is damaged or not in the usual format" in _refused(tmp_path, data, "a.xlsx")


def test_a_workbook_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file that unpacks to a huge one is not unpacked."""
    monkeypatch.setattr(sheets, "LARGEST_UNPACKED", 100)
    assert "MiB once unpacked" in _refused(tmp_path, _workbook(lambda book: None), "a.xlsx")


# --- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("delimiter", "text", "number"),
    [
        (",", "12", 12.0),
        (",", " 12.5 ", 12.5),
        (",", "1.234", 1.234),
        (",", "1,234", 1234.0),
        (",", "1,234,567", 1234567.0),
        (",", "1.23E+05", 123000.0),
        (",", "1\u00a0234", 1234.0),
        (",", "1'234", 1234.0),
        (";", "12,5", 12.5),
        (";", "1.234,5", 1234.5),
        (";", "1,234.5", 1234.5),
        (";", "1.234.567", 1234567.0),
        (";", "0,125", 0.125),
        (";", "1\u202f234,5", 1234.5),
        ("\t", "12,5", 12.5),
        (";", "12.5", 12.5),
        (";", "12", 12.0),
    ],
)
def test_a_number_is_read(delimiter: str, text: str, number: float) -> None:
    """Decimal commas where commas do not separate, thousands with space, apostrophe, point or comma."""
    cells = _column([text], delimiter=delimiter)
    assert cells.number(0, 0) == number
    cells.check()


@pytest.mark.parametrize(
    ("delimiter", "value", "said"),
    [
        (",", "12,5", "'12,5' has a decimal comma; write 12.5, or separate the columns with ;"),
        (",", "1.234,5", "'1.234,5' has a decimal comma; write 1234.5,"),
        (",", "0,125", "'0,125' has a decimal comma"),
        (";", "1,234", "'1,234' may be 1234 or 1.234; write it without a thousands separator"),
        (";", "1.234", "'1.234' may be 1234 or 1.234"),
        (",", "80%", "'80%' is not a number; write it without the percent sign"),
        (",", "many", "'many' is not a number; write a number"),
        (",", "-", "'-' is not a number; leave the cell empty where there is nothing"),
        (",", "nan", "'nan' is not a number"),
        (",", "inf", "'inf' is not a number"),
        (",", "1e999", "'1e999' is too large"),
        (",", "-3", "'-3' is negative; give 0 or more"),
        (",", -3.0, "-3 is negative"),
        (",", "1,23", "'1,23' has a decimal comma"),
        (",", "1 2", "'1 2' is not a number"),
        (",", date(2026, 10, 5), "2026-10-05 is not a number; format the column as a number"),
    ],
)
def test_what_is_no_number_is_refused(delimiter: str, value: Value, said: str) -> None:
    """Text, percent, NaN, a negative number and what may be two numbers are refused, with what to write."""
    cells = _column([value], delimiter=delimiter)
    assert cells.number(0, 0) is None
    assert f"counts.csv:2:1: Value: {said}" in _problem(cells)


def test_the_column_tells_what_a_comma_is() -> None:
    """1,234 is 1.234 beside 12,5 and 1234 beside 12.5."""
    assert _column(["1,234", "12,5"], delimiter=";").number(0, 0) == 1.234
    assert _column(["1,234", "12.5"], delimiter=";").number(0, 0) == 1234
    assert _column(["1.234", "12,5"], title="October").number(0, 0) == 1234


def test_two_decimal_marks_in_a_column_are_a_mistake() -> None:
    """The cell that is written otherwise than the first is named with the line of the first."""
    cells = _column(["12,5", "12.5"], delimiter=";")
    cells.number(0, 0)
    cells.number(1, 0)
    assert _problem(cells).startswith(
        "counts.csv:3:1: Value: '12.5' is written otherwise than line 2, which has a decimal comma"
    )


def test_two_decimal_marks_in_a_file_are_a_mistake() -> None:
    """A column with decimal points beside one with decimal commas is said once."""
    cells = Cells(Sheet("a.csv", None, ("A", "B"), (("1,5", "2.5"), ("3,5", "4.5")), (2, 3), 1, ";"))
    for row in (0, 1):
        cells.number(row, 0)
        cells.number(row, 1)
    assert _problem(cells) == (
        "a.csv:2:2: B: this column has decimal points, the column 'A' decimal commas; "
        "write all numbers of the file alike"
    )


def test_a_count_is_whole() -> None:
    """A count is an int; 12.5 contacts are a mistake."""
    cells = _column(["12", 12.0, "12.5", "1,200"])
    assert [cells.count(row, 0) for row in range(4)] == [12, 12, None, 1200]
    assert "counts.csv:4:1: Value: '12.5' is not a whole number" in _problem(cells)
    huge = _column([1e15])
    assert huge.count(0, 0) is None
    assert "1e+15 is too large" in _problem(huge)


def test_a_least_number_is_kept() -> None:
    """`least` may be below zero or above it."""
    cells = _column(["-3", "2"])
    assert cells.number(0, 0, least=-5) == -3
    assert cells.number(1, 0, least=3) is None
    assert "'2' is too small; give 3 or more" in _problem(cells)


def test_an_empty_cell_is_none_without_a_mistake() -> None:
    """Every kind of cell may be empty: the caller decides."""
    cells = _column([None])
    for read in (cells.text, cells.number, cells.count, cells.seconds, cells.day, cells.clock, cells.moment):
        assert read(0, 0) is None
    cells.check()


def test_a_cell_of_spaces_is_empty(tmp_path: Path) -> None:
    """Spaces, also those that do not break, are nothing."""
    assert _read(tmp_path, PLAIN + "2026-10-06, ,\u00a0\n").rows[-1] == ("2026-10-06", None, None)


def test_text_is_read_from_any_cell() -> None:
    """A number of Excel is as short as can be, a date is ISO, a time has hours and minutes."""
    cells = _column([" a ", 12.0, 0.1, date(2026, 10, 5), time(9, 30), datetime(2026, 10, 5, 9), "=1"], title="T")
    said = [cells.text(row, 0) for row in range(7)]
    assert said == ["a", "12", "0.1", "2026-10-05", "09:30", "2026-10-05 09:00", "=1"]


# --- lengths of time -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "unit", "seconds"),
    [
        ("200", 1.0, 200.0),
        ("3.5", 60.0, 210.0),
        (3.5, 60.0, 210.0),
        ("3m 20s", 60.0, 200.0),
        ("200 sec", 1.0, 200.0),
        ("03:20", 1.0, 200.0),
        ("75:10", 1.0, 4510.0),
        ("0:03:20", 1.0, 200.0),
        ("00:03:20.5", 1.0, 200.5),
        ("30:00:00", 1.0, 108000.0),
        ("2E+02", 1.0, 200.0),
        (time(0, 3, 20), 1.0, 200.0),
        (timedelta(hours=30), 1.0, 108000.0),
        (datetime(1900, 1, 1, 6), 1.0, 108000.0),
    ],
)
def test_a_length_of_time_is_read(value: Value, unit: float, seconds: float) -> None:
    """Bare numbers in the column's unit, units in the cell, colons, and the times of Excel."""
    assert _column([value]).seconds(0, 0, unit=unit) == seconds


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("3:75", "'3:75' is not a length of time; write minutes:seconds"),
        ("1:75:00", "'1:75:00' is not a length of time"),
        ("-5", "'-5' is negative"),
        ("long", "'long' is not a length of time"),
        (timedelta(seconds=-1), "is negative"),
        (date(2026, 10, 5), "2026-10-05 is a date, not a length of time"),
        (datetime(2026, 10, 5), "is a date, not a length of time"),
    ],
)
def test_what_is_no_length_of_time_is_refused(value: Value, said: str) -> None:
    """61 seconds after a colon, negative times and dates are refused."""
    cells = _column([value])
    assert cells.seconds(0, 0) is None
    assert said in _problem(cells)


# --- dates and times of day ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        "2026-10-05",
        "2026/10/05",
        "2026-10-5",
        "20261005",
        "05.10.2026",
        "5.10.26",
        "5 Oct 2026",
        "5. October 2026",
        "05-Oct-26",
        "5-Oct-2026",
        "Oct 5, 2026",
        "Mon 2026-10-05",
        "Monday, 5 Oct 2026",
        "Mon 05.10.2026",
        "2026-10-05 00:00:00",
        date(2026, 10, 5),
        datetime(2026, 10, 5, 9, 30),
    ],
)
def test_a_date_is_read(value: Value) -> None:
    """Every usual spelling of 5 October 2026."""
    cells = _column([value])
    assert cells.day(0, 0) == date(2026, 10, 5)
    cells.check()


@pytest.mark.parametrize(("other", "month"), [("13/10/2026", 10), ("10/13/2026", 5), ("25/10/2026 09:00", 10)])
def test_the_column_tells_the_order_of_day_and_month(other: str, month: int) -> None:
    """05/10/2026 is in October beside a 25/10 and in May beside a 10/25."""
    day = _column(["05/10/2026", other]).day(0, 0)
    assert day is not None
    assert day.month == month


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            ["05/10/2026", "06/10/2026"],
            "counts.csv:2:1: Value: '05/10/2026' may be day/month or month/day; write dates",
        ),
        (["25/10/2026", "10/25/2026"], "'25/10/2026' is in a column that mixes day/month and month/day"),
        (["46300"], "'46300' is not a date; 46300 is Excel's number of 2026-10-05; format the column as a date"),
        ([46300], "46300 is not a date; 46300 is Excel's number of 2026-10-05"),
        ([12345], "12345 is not a date; write year-month-day"),
        ([12.0], "12 is not a date; write year-month-day, such as 2026-10-05"),
        (["30.02.2026"], "'30.02.2026' is not in the calendar"),
        (["2026-13-01"], "'2026-13-01' is not in the calendar"),
        (["5 Okt 2026"], "'5 Okt 2026' is not a date"),
        (["Tue 2026-10-05"], "'Tue 2026-10-05': that day is a Monday"),
        (["soon"], "'soon' is not a date"),
        ([time(9)], "09:00 is not a date"),
    ],
)
def test_what_is_no_date_is_refused(values: Sequence[Value], said: str) -> None:
    """An ambiguous column is said once; Excel's number is named with the day it stands for."""
    cells = _column(values)
    for row in range(len(values)):
        assert cells.day(row, 0) is None
    problem = _problem(cells)
    assert said in problem
    assert problem.count("\n") == 0


@pytest.mark.parametrize(
    ("value", "second"),
    [
        ("09:30", 34200),
        ("9:30", 34200),
        ("09:30:00", 34200),
        ("09:30:00.000", 34200),
        ("9:30\u202fAM", 34200),
        ("0930", 34200),
        ("9:30 AM", 34200),
        ("9:30pm", 77400),
        ("9 a.m.", 32400),
        ("12:15 AM", 900),
        ("12:15 PM", 44100),
        ("09:30-10:00", 34200),
        ("09:30 – 10:00", 34200),
        ("9:30 AM to 10:00 AM", 34200),
        ("09:30:00-10:00:00", 34200),
        ("00:00", 0),
        ("24:00", 86400),
        ("2026-10-05 09:30", 34200),
        (time(9, 30), 34200),
        (datetime(2026, 10, 5, 9, 30), 34200),
        (timedelta(days=1), 86400),
        (datetime(1900, 1, 1), 86400),
        (0.375, 32400),
    ],
)
def test_a_time_of_day_is_read(value: Value, second: int) -> None:
    """Hours and minutes in every usual spelling, the start of a range, the times of Excel."""
    cells = _column([value])
    assert cells.clock(0, 0) == second
    cells.check()


@pytest.mark.parametrize(
    "value", ["25:00", "09:60", "24:01", "13:00 PM", "9", "930", "0.375", "9:00-9:30 PM", "09:00-25:00", "noon", 9.5]
)
def test_what_is_no_time_of_day_is_refused(value: Value) -> None:
    """Beyond 24:00, a bare number, a range of which only the end says AM or PM."""
    cells = _column([value])
    assert cells.clock(0, 0) is None
    assert "is not a time of day; write hours and minutes, such as 09:30" in _problem(cells)


@pytest.mark.parametrize(
    "value",
    [
        "2026-10-05 09:30",
        "2026-10-05T09:30",
        "2026-10-05T09:30:00",
        "05.10.2026 09:30",
        "05.10.2026, 9:30",
        "5 Oct 2026 9:30 AM",
        "Mon 2026-10-05 09:30 - 10:00",
        "2026-10-05 09:30-10:00",
        datetime(2026, 10, 5, 9, 30),
    ],
)
def test_a_moment_is_read(value: Value) -> None:
    """A date and a time of day in one cell, in any of their spellings."""
    cells = _column([value])
    assert cells.moment(0, 0) == datetime(2026, 10, 5, 9, 30)
    cells.check()


def test_a_moment_with_slashes_follows_its_column() -> None:
    """The order of day and month is decided by the column, and 24:00 is the next midnight."""
    cells = _column(["05/10/2026 24:00", "25/10/2026 09:00"])
    assert cells.moment(0, 0) == datetime(2026, 10, 6)


def test_midnight_without_a_time_is_a_moment_among_moments() -> None:
    """Some programs leave out 00:00; a column of dates alone has no moments."""
    assert _column(["2026-10-05", "2026-10-05 00:30"]).moment(0, 0) == datetime(2026, 10, 5)
    cells = _column(["2026-10-05", "2026-10-06"])
    assert cells.moment(0, 0) is None
    assert "'2026-10-05' has no time of day; write both, such as 2026-10-05 09:30" in _problem(cells)


@pytest.mark.parametrize(
    "value", ["2026-10-05T09:30+02:00", "2026-10-05T09:30:00Z", "2026-10-05T09:30-05:00", "2026-10-05 09:30:00-05:00"]
)
def test_an_offset_from_utc_is_refused(value: str) -> None:
    """The desk thinks in local time."""
    cells = _column([value])
    assert cells.moment(0, 0) is None
    assert "has an offset from UTC; write local time" in _problem(cells)


def test_excels_number_of_a_moment_is_named() -> None:
    """A moment that lost its format is said as the moment it stands for."""
    cells = _column([46300.395833])
    cells.moment(0, 0)
    assert "46300.395833 is Excel's number of 2026-10-05 09:30" in _problem(cells)


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
    found = _excel(tmp_path, [cell], look).rows[0][1]
    assert (type(found), found) == (type(value), value)


# --- headers ---------------------------------------------------------------------------------------------------------


def _headed(*header: str, title: str | None = None) -> Sheet:
    return Sheet("counts.csv", title, header, ((None,) * len(header),), (2,))


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (("Date", "Offered"), {"day": 0, "offered": 1}),
        (("CALLS_OFFERED", "date"), {"day": 1, "offered": 0}),
        (("Day", "Calls-Offered", "AHT (s)"), {"day": 0, "offered": 1, "aht": 2}),
        (("Date", "Calls (answered)", "Calls (offered)"), {"day": 0, "offered": 2}),
        (("Day", "Contacts  offered", "Average handle time/min"), {"day": 0, "offered": 1, "aht": 2}),
        (("Date", "Day", "Calls offered", "Offered", "aht_seconds"), {"day": 0, "offered": 3, "aht": 4}),
    ],
)
def test_columns_are_found_by_their_usual_names(header: tuple[str, ...], found: dict[str, int]) -> None:
    """In any case, with any punctuation, with or without a unit; the likeliest name wins."""
    assert _headed(*header).columns([DAY, OFFERED, AHT], {}) == found


def test_a_given_header_goes_first() -> None:
    """What the user says holds, and the column is not taken twice."""
    sheet = _headed("Date", "Offered", "Anrufe")
    assert sheet.columns([DAY, OFFERED], {"offered": "Anrufe"}) == {"day": 0, "offered": 2}
    assert sheet.columns([AHT, OFFERED], {"aht": "Offered", "offered": "Anrufe"}) == {"aht": 1, "offered": 2}
    with pytest.raises(ScenarioError, match="no column holds the offered contacts"):
        sheet.columns([AHT, OFFERED], {"aht": "Offered"})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"offered": "Anruf"}, "counts.csv:1:1: there is no column 'Anruf' for 'offered'; did you mean 'Anrufe'?"),
        ({"offred": "Anrufe"}, "counts.csv:1:1: no column is called 'offred' here; did you mean 'offered'?"),
    ],
)
def test_a_given_header_that_is_not_there_offers_the_nearest(given: dict[str, str], said: str) -> None:
    """A misspelt header or name of ours is answered with the nearest."""
    with pytest.raises(ScenarioError, match=re.escape(said)):
        _headed("Date", "Anrufe", "Offered").columns([DAY, OFFERED], given)


def test_headers_in_another_language_say_what_was_looked_for() -> None:
    """One message: what was looked for, what is there, what to type."""
    with pytest.raises(ScenarioError) as caught:
        _headed("Date", "Uhrzeit", "Anrufe").columns([DAY, OFFERED, AHT], {})
    assert str(caught.value) == (
        "counts.csv:1:1: no column holds the offered contacts; looked for: offered, calls offered, contacts offered; "
        'there are: Date, Uhrzeit, Anrufe; say which it is with --column offered="…"'
    )


def test_all_missing_columns_are_one_message() -> None:
    """Two missing columns are asked for at once; a header that is nearly one is offered."""
    with pytest.raises(ScenarioError) as caught:
        _headed("Datum", "Oferred", title="October").columns([DAY, OFFERED], {})
    assert str(caught.value) == (
        "counts.csv, sheet October, row 1: no column holds the date (looked for: date, day), nor the offered contacts "
        "(looked for: offered, calls offered, contacts offered); there are: Datum, Oferred; say which they are with "
        '--column day="…" --column offered="Oferred"'
    )


def test_two_columns_of_one_name_are_a_mistake_only_where_they_are_used() -> None:
    """A name that stands twice, or two headers that fit alike, are refused if that column is wanted."""
    sheet = _headed("Date", "Offered", "Offered", "AHT (s)", "AHT (min)", "Rest", "Rest")
    assert sheet.columns([DAY], {}) == {"day": 0}
    with pytest.raises(ScenarioError, match=r"counts.csv:1:3: Offered: the columns 2 and 3 have the same name"):
        sheet.columns([OFFERED], {})
    with pytest.raises(ScenarioError, match=r"'AHT \(s\)' and 'AHT \(min\)' may both be the handling time; say which"):
        sheet.columns([AHT], {})
    with pytest.raises(ScenarioError, match="the columns 6 and 7 have the same name"):
        sheet.columns([DAY, AHT], {"aht": "Rest"})


@pytest.mark.parametrize(
    ("header", "unit", "seconds"),
    [
        ("AHT (s)", "s", 1.0),
        ("AHT [min]", "min", 60.0),
        ("AHT/sec", "sec", 1.0),
        ("AHT (Min.)", "Min.", 60.0),
        ("aht_seconds", "seconds", 1.0),
        ("SL (%)", "%", None),
        ("SL / %", "%", None),
        ("AHT (mm:ss)", "mm:ss", None),
        ("Date/Time", None, None),
        ("AHT", None, None),
    ],
)
def test_a_header_names_its_unit(header: str, unit: str | None, seconds: float | None) -> None:
    """In brackets, after a slash or as a last word; a slash alone makes no unit."""
    sheet = _headed(header)
    assert sheet.unit_of(0) == unit
    assert sheet.seconds_per(0) == seconds


# --- many mistakes ---------------------------------------------------------------------------------------------------


def test_mistakes_of_one_kind_are_listed_up_to_twenty() -> None:
    """Thirty words among counts are twenty messages and one that counts the rest; another kind is not hidden."""
    cells = _column([f"word{n}" for n in range(30)] + ["-1"], header="Anrufe")
    for row in range(31):
        cells.count(row, 0)
        cells.count(row, 0)
    lines = _problem(cells).split("\n")
    assert len(lines) == 22
    assert lines[0].startswith("counts.csv:2:1: Anrufe: 'word0' is not a number")
    assert lines[20] == "counts.csv:22:1: Anrufe: and 10 more like the ones above, from here on"
    assert "'-1' is negative" in lines[21]


def test_a_callers_mistake_is_raised_with_the_others() -> None:
    """`wrong` notes what only the caller knows."""
    cells = _column(["1"])
    cells.check()
    cells.wrong(0, 0, "there is no such queue", "mend it")
    assert _problem(cells) == "counts.csv:2:1: Value: there is no such queue; mend it"


# --- writing ---------------------------------------------------------------------------------------------------------

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

    monkeypatch.setattr(sheets.os, "replace", full)
    with pytest.raises(CannotWrite, match="no space left on device"):
        write(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "old"


def test_a_text_that_excel_cannot_hold_is_refused(tmp_path: Path) -> None:
    """A cell of more than 32,767 characters is not left out in silence."""
    with pytest.raises(CannotWrite, match="row 2 does not fit into an Excel worksheet"):
        write_xlsx(tmp_path / "a.xlsx", [Tab("T", ("Name", "Value"), [("a" * 40_000, 1)])])


# --- anything --------------------------------------------------------------------------------------------------------

SEEDS = [
    b'Report;Calls\nDatum;Zeit;Anrufe\n05.10.2026;09:00;12,5\n05.10.2026;09:30;"3m\n20s"\nSumme;;1.234,5\n',
    b'Date,Time,Offered\n10/25/2026 9:00 AM,9 AM,"1,234"\n05/10/2026,09:00-09:30,12\n',
]
EDITS = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 12), st.binary(max_size=4)), max_size=5)


@given(seed=st.sampled_from(SEEDS), edits=EDITS)
def test_a_spoilt_file_is_read_or_refused(
    seed: bytes, edits: list[tuple[int, int, bytes]], tmp_path_factory: Any
) -> None:
    """Whatever stands in a file, every cell is read or is a mistake: never a traceback."""
    for at, length, new in edits:
        seed = seed[: at % len(seed)] + new + seed[at % len(seed) + length :] or b"x"
    path = tmp_path_factory.mktemp("s") / "a.csv"
    path.write_bytes(seed)
    try:
        sheet = read_sheet(path)
    except ScenarioError:
        return
    cells = Cells(sheet)
    for row in range(len(sheet.rows)):
        for column in range(len(sheet.header)):
            for read in (cells.text, cells.count, cells.seconds, cells.day, cells.clock, cells.moment):
                before = len(cells.mistakes)
                found = read(row, column)
                empty = sheet.rows[row][column] is None
                assert len(cells.mistakes) == before if empty else found is not None or cells.mistakes
