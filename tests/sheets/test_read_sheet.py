"""A file is read, or refused for what it is: never a traceback."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from some_sheets import PLAIN, refused

from sim.errors import ScenarioError
from sim.sheets import Cells, read, read_sheet


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
    assert refused(tmp_path, data).startswith(said)


def test_an_archive_is_named_for_what_it_is(tmp_path: Path) -> None:
    """A workbook named .csv, an OpenDocument file and a plain zip are told apart."""

    def packed(name: str) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(name, "x")
        return buffer.getvalue()

    assert "this is an Excel workbook, though its name does not say so" in refused(tmp_path, packed("xl/workbook.xml"))
    assert "this is an OpenDocument file, not a table; save it as .xlsx" in refused(tmp_path, packed("mimetype"))
    assert "this is a zip archive" in refused(tmp_path, packed("a.csv"))
    assert "a binary Excel workbook (.xlsb)" in refused(tmp_path, packed("xl/workbook.bin"), "a.xlsb")


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
    monkeypatch.setattr(read, "LARGEST_FILE", 2**20)
    assert "the file has 2 MiB, more than 1 MiB" in refused(tmp_path, b"a" * 2 * 2**20)


def test_a_csv_has_no_sheets(tmp_path: Path) -> None:
    """Asking for a worksheet of a text file says so."""
    assert "it has no sheet 'October'" in refused(tmp_path, PLAIN, title="October")


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
            for each in (cells.text, cells.count, cells.seconds, cells.day, cells.clock, cells.moment):
                before = len(cells.mistakes)
                found = each(row, column)
                empty = sheet.rows[row][column] is None
                assert len(cells.mistakes) == before if empty else found is not None or cells.mistakes
