"""Columns are found by their names, and what is missing is said with what to write."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from sim.errors import ScenarioError
from sim.sheets import Sheet, Wanted, is_date, meant

OFFERED = Wanted("offered", ("offered", "calls offered", "contacts offered"), means="the offered contacts")
DAY = Wanted("day", ("date", "day"), means="the date")
AHT = Wanted("aht", ("aht", "average handle time"), required=False, means="the handling time")


def _write(headers: Mapping[str, str]) -> str:
    return " and ".join(f"{key} = {header}" for key, header in headers.items())


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
    assert _headed(*header).columns([DAY, OFFERED, AHT], {}, _write) == found


def test_a_given_header_goes_first() -> None:
    """What the user says holds, and the column is not taken twice."""
    sheet = _headed("Date", "Offered", "Anrufe")
    assert sheet.columns([DAY, OFFERED], {"offered": "Anrufe"}, _write) == {"day": 0, "offered": 2}
    assert sheet.columns([AHT, OFFERED], {"aht": "Offered", "offered": "Anrufe"}, _write) == {"aht": 1, "offered": 2}
    with pytest.raises(ScenarioError, match="no column holds the offered contacts"):
        sheet.columns([AHT, OFFERED], {"aht": "Offered"}, _write)


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
        _headed("Date", "Anrufe", "Offered").columns([DAY, OFFERED], given, _write)


def test_headers_in_another_language_say_what_was_looked_for() -> None:
    """One message: what was looked for, what is there, what to type."""
    with pytest.raises(ScenarioError) as caught:
        _headed("Date", "Uhrzeit", "Anrufe").columns([DAY, OFFERED, AHT], {}, _write)
    assert str(caught.value) == (
        "counts.csv:1:1: no column holds the offered contacts; looked for: offered, calls offered, contacts offered; "
        "there are: Date, Uhrzeit, Anrufe; say which it is with offered = …"
    )


def test_all_missing_columns_are_one_message() -> None:
    """Two missing columns are asked for at once; a header that is nearly one is offered."""
    with pytest.raises(ScenarioError) as caught:
        _headed("Datum", "Oferred", title="October").columns([DAY, OFFERED], {}, _write)
    assert str(caught.value) == (
        "counts.csv, sheet October, row 1: no column holds the date (looked for: date, day), nor the offered contacts "
        "(looked for: offered, calls offered, contacts offered); there are: Datum, Oferred; say which they are with "
        "day = … and offered = Oferred"
    )


def test_a_missing_column_is_offered_by_its_cells() -> None:
    """Where no name is near, the first column whose cells look like it; all is said that is to be typed, what was given
    too."""
    day = DAY._replace(like=is_date)
    sheet = Sheet("counts.csv", None, ("Tag", "Menge", "n"), (("05.10.2026", "5", "1"), (None, "6", "2")), (2, 3))
    with pytest.raises(ScenarioError, match=r"say which they are with aht = n and day = Tag and offered = …$"):
        sheet.columns([day, OFFERED, AHT], {"aht": "n"}, _write)


@pytest.mark.parametrize(
    ("key", "said"),
    [("Average-Handle-Time", "did you mean 'aht'?"), ("ofered", "did you mean 'offered'?")],
)
def test_a_name_of_ours_is_known_by_its_headers(key: str, said: str) -> None:
    """A usual header in the place of our name is answered with our name, another word with the nearest."""
    assert meant(key, [DAY, OFFERED, AHT]) == said


def test_two_columns_of_one_name_are_a_mistake_only_where_they_are_used() -> None:
    """A name that stands twice, or two headers that fit alike, are refused if that column is wanted."""
    sheet = _headed("Date", "Offered", "Offered", "AHT (s)", "AHT (min)", "Rest", "Rest")
    assert sheet.columns([DAY], {}, _write) == {"day": 0}
    with pytest.raises(ScenarioError, match=r"counts.csv:1:3: Offered: the columns 2 and 3 have the same name"):
        sheet.columns([OFFERED], {}, _write)
    with pytest.raises(
        ScenarioError,
        match=r"'AHT \(s\)' and 'AHT \(min\)' may both be the handling time; say which it is with aht = AHT",
    ):
        sheet.columns([AHT], {}, _write)
    with pytest.raises(ScenarioError, match="the columns 6 and 7 have the same name"):
        sheet.columns([DAY, AHT], {"aht": "Rest"}, _write)


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
