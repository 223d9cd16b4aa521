"""Numbers in every spelling; what may be two numbers is a mistake."""

from __future__ import annotations

from datetime import date

import pytest
from some_sheets import column_of, problem_of

from sim.sheets import Cells, Sheet, Value


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
    cells = column_of([text], delimiter=delimiter)
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
    cells = column_of([value], delimiter=delimiter)
    assert cells.number(0, 0) is None
    assert f"counts.csv:2:1: Value: {said}" in problem_of(cells)


def test_the_column_tells_what_a_comma_is() -> None:
    """1,234 is 1.234 beside 12,5 and 1234 beside 12.5."""
    assert column_of(["1,234", "12,5"], delimiter=";").number(0, 0) == 1.234
    assert column_of(["1,234", "12.5"], delimiter=";").number(0, 0) == 1234
    assert column_of(["1.234", "12,5"], title="October").number(0, 0) == 1234


def test_two_decimal_marks_in_a_column_are_a_mistake() -> None:
    """The cell that is written otherwise than the first is named with the line of the first."""
    cells = column_of(["12,5", "12.5"], delimiter=";")
    cells.number(0, 0)
    cells.number(1, 0)
    assert problem_of(cells).startswith(
        "counts.csv:3:1: Value: '12.5' is written otherwise than line 2, which has a decimal comma"
    )


def test_two_decimal_marks_in_a_file_are_a_mistake() -> None:
    """A column with decimal points beside one with decimal commas is said once."""
    cells = Cells(Sheet("a.csv", None, ("A", "B"), (("1,5", "2.5"), ("3,5", "4.5")), (2, 3), 1, ";"))
    for row in (0, 1):
        cells.number(row, 0)
        cells.number(row, 1)
    assert problem_of(cells) == (
        "a.csv:2:2: B: this column has decimal points, the column 'A' decimal commas; "
        "write all numbers of the file alike"
    )


def test_a_count_is_whole() -> None:
    """A count is an int; 12.5 contacts are a mistake."""
    cells = column_of(["12", 12.0, "12.5", "1,200"])
    assert [cells.count(row, 0) for row in range(4)] == [12, 12, None, 1200]
    assert "counts.csv:4:1: Value: '12.5' is not a whole number" in problem_of(cells)
    huge = column_of([1e15])
    assert huge.count(0, 0) is None
    assert "1e+15 is too large" in problem_of(huge)


def test_a_least_number_is_kept() -> None:
    """`least` may be below zero or above it."""
    cells = column_of(["-3", "2"])
    assert cells.number(0, 0, least=-5) == -3
    assert cells.number(1, 0, least=3) is None
    assert "'2' is too small; give 3 or more" in problem_of(cells)
