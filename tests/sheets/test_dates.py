"""Dates and moments in every spelling; the order of day and month is the column's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time

import pytest
from some_sheets import column_of, problem_of

from sim.sheets import Value


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
    cells = column_of([value])
    assert cells.day(0, 0) == date(2026, 10, 5)
    cells.check()


@pytest.mark.parametrize(("other", "month"), [("13/10/2026", 10), ("10/13/2026", 5), ("25/10/2026 09:00", 10)])
def test_the_column_tells_the_order_of_day_and_month(other: str, month: int) -> None:
    """05/10/2026 is in October beside a 25/10 and in May beside a 10/25."""
    day = column_of(["05/10/2026", other]).day(0, 0)
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
    cells = column_of(values)
    for row in range(len(values)):
        assert cells.day(row, 0) is None
    problem = problem_of(cells)
    assert said in problem
    assert problem.count("\n") == 0


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
    cells = column_of([value])
    assert cells.moment(0, 0) == datetime(2026, 10, 5, 9, 30)
    cells.check()


def test_a_moment_with_slashes_follows_its_column() -> None:
    """The order of day and month is decided by the column, and 24:00 is the next midnight."""
    cells = column_of(["05/10/2026 24:00", "25/10/2026 09:00"])
    assert cells.moment(0, 0) == datetime(2026, 10, 6)


def test_midnight_without_a_time_is_a_moment_among_moments() -> None:
    """Some programs leave out 00:00; a column of dates alone has no moments."""
    assert column_of(["2026-10-05", "2026-10-05 00:30"]).moment(0, 0) == datetime(2026, 10, 5)
    cells = column_of(["2026-10-05", "2026-10-06"])
    assert cells.moment(0, 0) is None
    assert "'2026-10-05' has no time of day; write both, such as 2026-10-05 09:30" in problem_of(cells)


@pytest.mark.parametrize(
    "value", ["2026-10-05T09:30+02:00", "2026-10-05T09:30:00Z", "2026-10-05T09:30-05:00", "2026-10-05 09:30:00-05:00"]
)
def test_an_offset_from_utc_is_refused(value: str) -> None:
    """The desk thinks in local time."""
    cells = column_of([value])
    assert cells.moment(0, 0) is None
    assert "has an offset from UTC; write local time" in problem_of(cells)


def test_excels_number_of_a_moment_is_named() -> None:
    """A moment that lost its format is said as the moment it stands for."""
    cells = column_of([46300.395833])
    cells.moment(0, 0)
    assert "46300.395833 is Excel's number of 2026-10-05 09:30" in problem_of(cells)
