"""A file becomes a table: what kind of file it is, its content tells."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path

from sim.sheets.delimited import from_csv
from sim.sheets.excel import from_workbook
from sim.sheets.refusals import failed
from sim.sheets.table import Sheet
from sim.units import shown

LARGEST_FILE = 50 * 2**20
"""Bytes; a year of 30-minute intervals takes about one of these 50 MiB."""
_WORKBOOKS = (".xlsx", ".xlsm")
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_SAVE = "save it as .xlsx or as CSV"


def read_sheet(path: Path, title: str | None = None, *, lacks: Callable[[Sheet], int] = lambda _: 0) -> Sheet:
    """Read a CSV file or one worksheet of an Excel workbook (`title`; by default the first table that lacks nothing).

    `lacks` is how far a table is from having the columns needed, 0 if it has them; where none has, it is the nearest.

    CSV: UTF-8, UTF-16 with its mark, or Windows-1252; separated by comma, semicolon, tab or bar, whichever fits. Title
    lines above the header, empty rows and rows of totals are left out. Hidden worksheets are read only by name.

    Raises:
        ScenarioError: it cannot be read, or holds no table; with the place, where there is one.
    """
    data = _bytes(path)
    kind = _kind_of_file(data, path)
    if kind == "workbook":
        return from_workbook(data, str(path), title, lacks)
    if title is not None:
        raise failed(path, f"it has no sheet {shown(title)}: it is a text file", "leave out the sheet's name")
    return from_csv(data, str(path))


def _bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise failed(path, "this is a folder", "name a CSV file or an Excel workbook in it")
        size = path.stat().st_size
        if size > LARGEST_FILE:
            limit = f"more than {LARGEST_FILE // 2**20} MiB"
            raise failed(path, f"the file has {size / 2**20:.0f} MiB, {limit}", "export fewer months or columns")
        if not path.is_file():
            raise failed(path, "this is not a file", "name a CSV file or an Excel workbook")
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise failed(path, "there is no such file", _near(path)) from None
    except PermissionError:
        raise failed(
            path, "there is no permission to read it", "close it where it is open, or ask for access"
        ) from None
    except OSError as problem:
        raise failed(path, f"it cannot be read ({problem.strerror or problem})") from None


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
        raise failed(path, "the file is empty")
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise failed(path, "the workbook is protected by a password", "save it without one")
        raise failed(path, "this is a workbook of the old Excel format (.xls)", _SAVE)
    if data.startswith(_ZIP):
        held = _held(data)
        if held == "an Excel workbook" and named_workbook:
            return "workbook"
        if held == "an Excel workbook":
            raise failed(
                path, "this is an Excel workbook, though its name does not say so", "name it .xlsx, or " + _SAVE
            )
        if not named_workbook or held != "a broken archive":
            raise failed(path, f"this is {held}, not a table", _SAVE)
    if named_workbook:
        hint = "open it in Excel and save it again" if data.startswith(_ZIP) else "a text file is named .csv"
        raise failed(path, "this is not an Excel workbook, or it is damaged", hint)
    if data.startswith((b"%PDF", b"\x1f\x8b")):
        raise failed(path, f"this is {'a PDF' if data.startswith(b'%') else 'a compressed file'}, not a table", _SAVE)
    if (
        data[:500]
        .removeprefix(b"\xef\xbb\xbf")
        .lstrip()
        .lower()
        .startswith((b"<!doctype", b"<html", b"<table", b"<?xml"))
    ):
        raise failed(path, "this is a web page or XML, as some systems export it", f"open it in Excel and {_SAVE}")
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
