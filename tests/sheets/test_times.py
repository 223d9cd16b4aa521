"""Times of day and lengths of time in every spelling, and as Excel keeps them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from some_sheets import column_of, problem_of

from sim.sheets import Value


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
    assert column_of([value]).seconds(0, 0, unit=unit) == seconds


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
    cells = column_of([value])
    assert cells.seconds(0, 0) is None
    assert said in problem_of(cells)


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
    cells = column_of([value])
    assert cells.clock(0, 0) == second
    cells.check()


@pytest.mark.parametrize(
    "value", ["25:00", "09:60", "24:01", "13:00 PM", "9", "930", "0.375", "9:00-9:30 PM", "09:00-25:00", "noon", 9.5]
)
def test_what_is_no_time_of_day_is_refused(value: Value) -> None:
    """Beyond 24:00, a bare number, a range of which only the end says AM or PM."""
    cells = column_of([value])
    assert cells.clock(0, 0) is None
    assert "is not a time of day; write hours and minutes, such as 09:30" in problem_of(cells)
