"""Cells of any kind: empty ones, texts, and how many mistakes are told."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path

import pytest
from some_sheets import PLAIN, column_of, problem_of, sheet_of

from sim.errors import ScenarioError
from sim.sheets import Cells
from sim.sheets.cells import MOST


def test_an_empty_cell_is_none_without_a_mistake() -> None:
    """Every kind of cell may be empty: the caller decides."""
    cells = column_of([None])
    for read in (cells.text, cells.number, cells.count, cells.seconds, cells.day, cells.clock, cells.moment):
        assert read(0, 0) is None
    cells.check()


def test_a_cell_of_spaces_is_empty(tmp_path: Path) -> None:
    """Spaces, also those that do not break, are nothing."""
    assert sheet_of(tmp_path, PLAIN + "2026-10-06, ,\u00a0\n").rows[-1] == ("2026-10-06", None, None)


def test_text_is_read_from_any_cell() -> None:
    """A number of Excel is as short as can be, a date is ISO, a time has hours and minutes."""
    cells = column_of([" a ", 12.0, 0.1, date(2026, 10, 5), time(9, 30), datetime(2026, 10, 5, 9), "=1"], title="T")
    said = [cells.text(row, 0) for row in range(7)]
    assert said == ["a", "12", "0.1", "2026-10-05", "09:30", "2026-10-05 09:00", "=1"]


def test_mistakes_of_one_kind_are_listed_up_to_twenty() -> None:
    """Thirty words among counts are twenty messages and one that counts the rest; another kind is not hidden."""
    cells = column_of([f"word{n}" for n in range(30)] + ["-1"], header="Anrufe")
    for row in range(31):
        cells.count(row, 0)
        cells.count(row, 0)
    lines = problem_of(cells).split("\n")
    assert len(lines) == 22
    assert lines[0].startswith("counts.csv:2:1: Anrufe: 'word0' is not a number")
    assert lines[20] == "counts.csv:22:1: Anrufe: and 10 more like the ones above, from here on"
    assert "'-1' is negative" in lines[21]


def test_how_many_more_there_are_stands_last_of_its_kind() -> None:
    """In a worksheet too, and in whatever order they were found: A2 to A21, how many more, then other kinds."""
    cells = column_of(["word"] * 30 + ["-1"], title="October", header="Anrufe")
    for row in reversed(range(31)):
        cells.count(row, 0)
    lines = problem_of(cells).split("\n")
    assert [int(line.split(": ")[0].rpartition("cell A")[2]) for line in lines] == [*range(2, 22), 22, 32]
    assert lines[20].endswith("cell A22: Anrufe: and 10 more like the ones above, from here on")


def test_a_callers_mistake_is_raised_with_the_others() -> None:
    """`wrong` notes what only the caller knows."""
    cells = column_of(["1"])
    cells.check()
    cells.wrong(0, 0, "there is no such queue", "mend it")
    assert problem_of(cells) == "counts.csv:2:1: Value: there is no such queue; mend it"


def test_after_thousands_of_mistakes_the_rest_is_not_read(tmp_path: Path) -> None:
    """A column of text among counts in a huge file is told after 5,000 cells, not after a million."""
    sheet = sheet_of(tmp_path, "date,offered\n" + "2026-10-05,many\n" * (MOST + 50))
    cells = Cells(sheet)
    with pytest.raises(ScenarioError):
        _ = [cells.count(row, 1) for row in range(len(sheet.rows))]
    assert len(cells.mistakes) == MOST
