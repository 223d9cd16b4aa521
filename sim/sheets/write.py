"""Tables to write, and how: as CSV, and any file as a whole or not at all."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from sim.errors import CannotWrite
from sim.sheets.values import Cell, plain, written


class Tab(NamedTuple):
    """A sheet to write: rows of cells, `formats` (Excel number formats) by column; "" or none: by the kind of cell.

    In a workbook a row is coloured where its number in the column `alarm` is negative; lines of text may stand `above`
    the header, the first as a title, and `below` the rows; and the first `pinned` columns stay in view.
    """

    title: str
    header: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]
    formats: tuple[str, ...] = ()
    alarm: str = ""
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    pinned: int = 0


def write_csv(path: Path, tab: Tab) -> None:
    """Write a table as CSV: UTF-8, commas, ISO dates, HH:MM, numbers with up to six decimals, nothing for None.

    Raises:
        CannotWrite: no permission, no space, no such folder; a file that was there before is then as it was.
    """
    lines = (",".join(map(csv_cell, line)) + "\n" for line in (tab.header, *tab.rows))
    put(path, "".join(lines).encode())


def csv_cell(cell: Cell) -> str:
    """A value as it stands in a CSV, in quotes where it needs them."""
    value = plain(cell)
    if isinstance(value, (int, float)):
        return f"{round(value, 6) + 0.0:.6f}".rstrip("0").rstrip(".") if math.isfinite(value) else ""
    text = written(value)
    # what any reader may take for a separator
    return '"' + text.replace('"', '""') + '"' if re.search('[,;|\t\r\n"]', text) else text


def put(path: Path, data: bytes) -> None:
    """Write a whole file or nothing."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        os.replace(part, path)
    except OSError as problem:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        why = (problem.strerror or str(problem)).lower()
        hint = "close it where it is open, or choose another place"
        raise CannotWrite(f"{path} could not be written: {why}", hint) from problem
