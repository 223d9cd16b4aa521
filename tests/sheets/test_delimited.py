"""CSV files in every encoding and with every separator; what is broken is located."""

from __future__ import annotations

from pathlib import Path

import pytest
from some_sheets import PLAIN, problem_of, refused, sheet_of

from sim.sheets import Cells


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_file_in_any_usual_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    """UTF-8 with and without its mark, UTF-16 with its mark and Windows-1252 give the same cells."""
    sheet = sheet_of(tmp_path, "Team\tZeit\nGrün – Süd\t09:00\nCafé\t09:30\n".encode(encoding))
    assert sheet.header == ("Team", "Zeit")
    assert sheet.rows == (("Grün – Süd", "09:00"), ("Café", "09:30"))


def test_mixed_encodings_are_located(tmp_path: Path) -> None:
    """Where some lines are UTF-8 and one is Windows-1252, the mistake names line, cell and byte."""
    lines = [b"Date,Time,Team\n", *[f"2026-10-{d:02d},09:00,S\u00fcd\n".encode() for d in range(1, 13)]]
    data = b"".join([*lines, b"2026-10-13,09:00,Caf\xe9\n"])
    assert refused(tmp_path, data) == (
        "counts.csv:14:3: the byte 0xe9 is not UTF-8, though other lines are; save the file as UTF-8"
    )


def test_many_lines_in_another_encoding_are_twenty_messages(tmp_path: Path) -> None:
    """Nobody reads thirty times the same; the others are counted."""
    said = refused(tmp_path, "Grün,Offered\n".encode() + b"S\xfcd,1\n" * 30)
    assert said.count("is not UTF-8") == 20
    assert said.endswith("counts.csv:22:1: and 10 more like the ones above, from here on")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    """Commas, semicolons, tabs and bars separate, with other separators inside the cells."""
    other = ";" if delimiter == "," else ","
    text = f"Name{delimiter}Skills{delimiter}Cost\nAnn{delimiter}a{other}b{delimiter}12\nBob{delimiter}c{delimiter}\n"
    sheet = sheet_of(tmp_path, text)
    assert sheet.rows == (("Ann", f"a{other}b", "12"), ("Bob", "c", None))
    assert sheet.delimiter == delimiter


def test_decimal_commas_do_not_separate(tmp_path: Path) -> None:
    """A decimal comma in every row is not taken for the separator."""
    sheet = sheet_of(tmp_path, "Zeit;AHT\n09:00;312,5\n09:30;298,4\n")
    assert sheet.rows == (("09:00", "312,5"), ("09:30", "298,4"))


def test_the_separator_that_excel_names_is_honoured(tmp_path: Path) -> None:
    """After ``sep=|`` the lines count on, and bars separate."""
    sheet = sheet_of(tmp_path, "sep=|\r\nName|Rest\r\na,b,c|d,e,f\r\n")
    assert (sheet.header, sheet.rows, sheet.numbers) == (("Name", "Rest"), (("a,b,c", "d,e,f"),), (3,))


def test_lines_are_counted_through_line_breaks_in_cells(tmp_path: Path) -> None:
    """A quoted cell over three lines, an empty row and \\r\\n do not shift the line of a mistake."""
    sheet = sheet_of(tmp_path, 'Name,Value\r\n"a\r\nb\r\nc",1\r\n,\r\n\r\nd,x\r\n')
    assert sheet.numbers == (2, 7)
    cells = Cells(sheet)
    assert cells.text(0, 0) == "a\r\nb\r\nc"
    cells.count(1, 1)
    assert ":7:2: Value: 'x' is not a number" in problem_of(cells)


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ('"2026-10-06,09:00,1\n2,3,4\n', "counts.csv:4:1: a quoted cell that begins here has no closing quote"),
        ('"a"b,09:00,1\n', "counts.csv:4:1: something follows the closing quote of a cell"),
    ],
)
def test_broken_quotes_are_located(tmp_path: Path, rest: str, said: str) -> None:
    """An open quote is named by the line that opens it."""
    assert refused(tmp_path, PLAIN + rest).startswith(said)
