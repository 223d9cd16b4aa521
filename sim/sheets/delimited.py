"""CSV files: the encoding, the delimiter, and the lines."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from sim.errors import Mistake
from sim.sheets.layout import Line, extent, table_in
from sim.sheets.refusals import failed, told
from sim.sheets.table import Sheet
from sim.sheets.values import unless_blank

_DELIMITERS = ("\t", ";", "|", ",")
_LINE_ENDS = re.compile(r"\r\n|\r|\n")
_NOT_UTF8 = re.compile("[\udc80-\udcff]")


def from_csv(data: bytes, file: str) -> Sheet:
    """The table in the content of a file, which messages call `file`."""
    text = _decoded(data, file)
    said = re.match(r"sep=([,;|\t])(?:\r\n|\r|\n)", text, re.IGNORECASE)
    delimiter = said[1] if said else _delimiter(text)
    _check_encoding(text, delimiter, file)
    lines = list(_records(text, delimiter, file))[1 if said else 0 :]
    return table_in([line for line in lines if extent(line[1])], file, None, delimiter)


def _decoded(data: bytes, file: str) -> str:
    """The text; what is not UTF-8 in a file that otherwise is, as lone surrogates (for `_check_encoding`)."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            text = data.decode("utf-16")
        except UnicodeDecodeError:
            raise failed(file, "the file begins as UTF-16 but is cut off or damaged", "export it again") from None
    else:
        text = _from_bytes(data, file)
    if "\0" in text:
        line = len(_LINE_ENDS.findall(text[: text.index("\0")])) + 1
        raise failed(file, "there is a NUL byte: this is not a text file", "save it as CSV in UTF-8", line=line)
    return text


def _from_bytes(data: bytes, file: str) -> str:
    marked = data.startswith(b"\xef\xbb\xbf")
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    if marked or not _NOT_UTF8.search(text) or not _NOT_UTF8.sub("", text).isascii():
        return text
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError as problem:
        line = len(_LINE_ENDS.findall(text[: problem.start])) + 1
        what = f"the byte 0x{data[problem.start]:02x} is neither UTF-8 nor Windows-1252"
        raise failed(file, what, "save the file as UTF-8", line=line) from None


def _check_encoding(text: str, delimiter: str, file: str) -> None:
    mistakes = []
    for number, line in enumerate(_LINE_ENDS.split(text) if _NOT_UTF8.search(text) else (), start=1):
        odd = _NOT_UTF8.search(line)
        if odd:
            cell = len(next(csv.reader([line[: odd.end()]], delimiter=delimiter)))
            what = f"the byte 0x{ord(odd[0]) - 0xDC00:02x} is not UTF-8, though other lines are"
            mistakes.append(Mistake(file, number, cell, "", what, "save the file as UTF-8"))
    if mistakes:
        raise told(mistakes)


def _delimiter(text: str) -> str:
    """The one of the four with which most of the first lines have as many cells as the widest usual line."""

    def fit(delimiter: str) -> tuple[int, int]:
        lines = islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 60)
        widths = Counter(len(cells) for cells in _lenient(lines) if len(cells) > 1)
        width, number = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
        return number, width

    return max(_DELIMITERS, key=fit)


def _lenient(lines: Iterator[list[str]]) -> Iterator[list[str]]:
    """Lines up to the first that cannot be parsed: a guess needs no more."""
    try:
        yield from lines
    except csv.Error:
        return


def _records(text: str, delimiter: str, file: str) -> Iterator[Line]:
    """Every record with the line on which it begins: a quoted cell may go over several."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for cells in reader:
            yield begins, tuple(map(unless_blank, cells))
            begins = reader.line_num + 1
    except csv.Error as problem:
        if "expected after" in str(problem):
            hint = 'write a quote inside a quoted cell twice, as ""'
            raise failed(file, "something follows the closing quote of a cell", hint, line=begins) from None
        what = 'a quoted cell that begins here has no closing quote (")'
        raise failed(file, what, "close it, or leave out the quote", line=begins) from None
