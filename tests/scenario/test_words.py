"""The readers of a scenario's words: what they accept means one thing, and what they refuse is said exactly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sim import units
from sim.clock import DAYS, HOLIDAY, Week, say_clock
from sim.scenario import rota, weeks, words
from sim.scenario.problems import Problems
from sim.scenario.rota import FromFile, InlineShift
from sim.scenario.words import Counts, Holidays
from sim.units import Unclear

HOUR = 3600


def said(read: Callable[[Any], Any], value: Any) -> list[str]:
    """What a reader complains of: ``place: what; hint``, or without the place where it is the whole value."""
    try:
        read(value)
    except Unclear as problem:
        return [str(problem)]
    except Problems as found:
        return [": ".join([*map(str, each.at), str(Unclear(each.what, each.hint))]) for each in found.problems]
    raise AssertionError(f"{value!r} was accepted")


# --- weekdays, months, growth ----------------------------------------------------------------------------------------


@given(st.dictionaries(st.sampled_from([*DAYS, "holiday"]), st.sampled_from([0.5, 1.0, 1.2, 3.0]), min_size=1))
@example({"sun": 0.5})
def test_weekdays_are_eight_factors(given_: dict[str, float]) -> None:
    """Seven days and holidays: what is said, else 1 for a day and Sunday's factor for a holiday."""
    factors = weeks.read_weekdays({day: f"{factor}x" for day, factor in given_.items()})
    assert len(factors) == HOLIDAY + 1
    for number, day in enumerate(DAYS):
        assert factors[number] == given_.get(day, 1.0)
    assert factors[HOLIDAY] == given_.get("holiday", factors[6])


@pytest.mark.parametrize(
    ("value", "problems"),
    [
        ({"mon": "1x", "mon-fri": "2x"}, ["mon-fri: mon is given twice; name each day once"]),
        ({"sat,sun,holiday": "0x", "holiday": 1}, ["holiday: holiday is given twice; name each day once"]),
        (
            {"tue": "-1x", "mon": "1,2x"},
            [
                "tue: '-1x' is negative; write a number above 0, such as 1.6x",
                "mon: '1,2x' is not a factor; write decimals with a point and no commas, such as 1.5 or 50_000",
            ],
        ),
        ({"daily": "0x"}, ["no day has any contacts; give one a factor above 0x"]),
        ("1.2x", ["'1.2x' does not say which day; write it as in {mon: 1.2x, tue-fri: 1x, sat: 0.5x}"]),
        ({"lun": "1x"}, ["lun: 'lun' is not a list of weekdays; write days such as mon-fri or sat,sun"]),
        ({"mon": "101x"}, ["mon: '101x' is too large; give 100x or less"]),
    ],
)
def test_wrong_weekdays(value: object, problems: list[str]) -> None:
    """A day twice, a factor that is none, and no day at all are told, each at its key."""
    assert said(weeks.read_weekdays, value) == problems


@pytest.mark.parametrize("word", ["sep", "Sept", "SEPTEMBER", "september"])
def test_a_month_is_its_name_or_the_beginning_of_it(word: str) -> None:
    """Three letters or more of the English name, in any case; the other months have the factor 1."""
    assert weeks.read_months({word: "1.3x"}) == (1.0,) * 8 + (1.3,) + (1.0,) * 3


@pytest.mark.parametrize(
    ("value", "problems"),
    [
        ({"ja": 1}, ["ja: 'ja' is not a month; write jan, feb, mar, and so on"]),
        ({"märz": 1}, ["märz: 'märz' is not a month; write jan, feb, mar, and so on"]),
        ({"decimal": 1}, ["decimal: 'decimal' is not a month; write jan, feb, mar, and so on"]),
        ({"jan": 1, "January": 2}, ["January: january is given twice; name each month once"]),
        ({"dec": "x"}, ["dec: 'x' is not a factor; write a number above 0, such as 1.6x"]),
        (12, ["12 does not say which month; write it as in {nov: 1.3x, dec: 1.6x}"]),
    ],
)
def test_wrong_months(value: object, problems: list[str]) -> None:
    """A word that is no month, a month twice and a factor that is none are told at their key."""
    assert said(weeks.read_months, value) == problems


@given(st.floats(-99, 1000), st.sampled_from(["%/year", "% /year", " % per year", "%/y", "%/a yr"]))
def test_growth_is_a_share_a_year(percent: float, unit: str) -> None:
    """However the year is written, a percentage a year is that share."""
    text = f"{percent:.4f}{unit}"
    if unit == "%/a yr":
        assert said(words.read_growth, text) == [f"'{text}' is not a growth; write it as in 6%/year, or -3%/year"]
    else:
        assert words.read_growth(text) == float(f"{percent:.4f}") / 100


@pytest.mark.parametrize("value", ["6%", 6, "0.06/year", "6%/month", "six%/year"])
def test_what_is_no_growth(value: object) -> None:
    """Without a percentage a year there is no growth."""
    assert said(words.read_growth, value) == [
        f"{units.shown(value)} is not a growth; write it as in 6%/year, or -3%/year"
    ]


def test_a_growth_that_cannot_be_is_refused() -> None:
    """Less than nothing left, or more than elevenfold in a year, was not meant."""
    assert said(words.read_growth, "-100%/year") == ["'-100%/year' is not plausible; give -99%/year to 1000%/year"]
    assert words.read_growth("\u22123 % per year") == -0.03


# --- moments, holidays -----------------------------------------------------------------------------------------------


@given(st.datetimes(datetime(1900, 1, 1), datetime(2199, 12, 31)), st.sampled_from([" ", "T", "   "]))
def test_a_moment_is_a_date_and_a_time(moment: datetime, between: str) -> None:
    """What is written to the minute is read to the minute."""
    moment = moment.replace(second=0, microsecond=0)
    assert words.read_moment(f"{moment:%Y-%m-%d}{between}{moment:%H:%M}") == moment


@pytest.mark.parametrize(
    "value",
    ["2026-10-06", "10:00", "06.10.2026 10:00", "2026-10-06 24:00", "2026-10-06 25:00", "2026-02-30 10:00", 7, None],
)
def test_what_is_no_moment(value: object) -> None:
    """A date alone, a time alone, and a day or a time that there is not are no moment."""
    assert said(words.read_moment, value) == [
        f"{units.shown(value)} is not a moment; write a date and a time, such as 2026-10-06 18:20"
    ]


def test_holidays_are_a_country_a_region_or_both_with_dates() -> None:
    """In any case of letters; `also` and `but` take one date or a list."""
    assert words.read_holidays("gb-eng") == Holidays("GB", "ENG")
    assert words.read_holidays("US") == Holidays("US")
    found = words.read_holidays({"country": "US-NY", "also": "2026-12-24", "but": ["2026-10-12", "2026-11-11"]})
    assert (found.country, found.region) == ("US", "NY")
    assert [len(dates) for dates in (found.also, found.but)] == [1, 2]


@pytest.mark.parametrize(
    ("value", "problems"),
    [
        ("XX", ["no holidays are known of 'XX'; write the two letters of the country, as in GB or US-NY"]),
        ("Germany", ["no holidays are known of 'Germany'; write the two letters of the country, as in GB or US-NY"]),
        ("UK", ["no holidays are known of 'UK'; did you mean 'GB'?"]),
        ("GB-LON", ["no holidays are known of 'GB-LON'; of GB there are ENG, NIR, SCT, WLS"]),
        ("SG-01", ["no holidays are known of 'SG-01'; write SG alone"]),
        (["2026-12-24"], ["a list does not say what it holds; write {country: GB-ENG, also: [2026-12-24]}"]),
        ({"contry": "GB"}, ["contry: unknown key; known here: country, also, but"]),
        (
            {"country": "EN", "also": ["24.12.2026"], "but": "2026-13-01"},
            [
                "country: no holidays are known of 'EN'; did you mean 'GB-ENG'?",
                "also: '24.12.2026' is not a date; write year-month-day, such as 2026-10-05",
                "but: '2026-13-01' is not in the calendar; write year-month-day, such as 2026-10-05",
            ],
        ),
    ],
)
def test_wrong_holidays(value: object, problems: list[str]) -> None:
    """An unknown country or region, and dates that are none, are told at their key with what there is."""
    assert said(words.read_holidays, value) == problems


# --- counts, thresholds, ranges --------------------------------------------------------------------------------------


def test_counts_say_what_and_how_many_abandoned() -> None:
    """First attempts, offered contacts, or offered contacts of which a share abandoned."""
    assert words.read_counts("first_attempts") == Counts(offered=False)
    assert words.read_counts("offered") == Counts(offered=True)
    assert words.read_counts("offered(abandoned 6%)") == Counts(offered=True, abandoned=0.06)


@pytest.mark.parametrize("value", ["calls", "offered(6%)", "offered(lost 6%)", "first_attempts(abandoned 6%)", 3])
def test_what_is_no_count(value: object) -> None:
    """Other words, and a share where there is none, are refused with all three forms."""
    what = f"{units.shown(value)} does not say what was counted"
    assert said(words.read_counts, value) == [f"{what}; write first_attempts, offered or offered(abandoned 6%)"]


@given(
    st.sampled_from(["at least", "at most", " at  least", "at\tmost"]),
    st.sampled_from(["80%", "24h", "45_000 EUR", "-2"]),
)
def test_a_threshold_keeps_its_direction_and_its_value(direction: str, value: str) -> None:
    """Whatever blanks it is written with, it is said in one way."""
    assert words.read_limit(f"{direction} {value} ") == f"at {direction.split()[1]} {value}"


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (">= 80%", "at least 80%"), (">80%", "at least 80%"), ("< 2m", "at most 2m"), ("<=2 m", "at most 2 m"),
        ("80%", "at least 80%, at most 24h"), ("at least", "at least 80%, at most 24h"),
        ("min 80%", "at least 80%, at most 24h"), (80, "at least 80%, at most 24h"),
    ],
)  # fmt: skip
def test_a_threshold_with_a_symbol_is_told_in_words(value: object, hint: str) -> None:
    """Symbols are refused with the words that mean the same; what says no direction, with both."""
    assert said(words.read_limit, value) == [f"{units.shown(value)} is not a threshold; write {hint}"]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("9m..6m", "'9m..6m' does not rise; write the lowest value first, as in 6m..10m"),
        ("6m..6m", "'6m..6m' does not rise; write the lowest value first, as in 6m..10m"),
        ("6m..9h", "'6m..9h' has different units; write both ends in one unit, as in 6m..10m or 40%..60%:5%"),
        ("6m..9", "'6m..9' has different units; write both ends in one unit, as in 6m..10m or 40%..60%:5%"),
        ("6m..9m:1m", "'6m..9m:1m' is not a range; write the lowest and the highest value, as in 6m..10m"),
        ("6m", "'6m' is not a range; write the lowest and the highest value, as in 6m..10m"),
        (6, "6 is not a range; write the lowest and the highest value, as in 6m..10m"),
        ("6m to 9m", "'6m to 9m' is not a range; write the lowest and the highest value, as in 6m..10m"),
    ],
)
def test_wrong_ranges(value: object, problem: str) -> None:
    """A range falls, has two units, has a step, or is none."""
    assert said(words.read_range, value) == [problem]


# --- shapes ----------------------------------------------------------------------------------------------------------


def test_a_shape_is_a_name_or_a_table_in_any_scale() -> None:
    """Percentages and plain numbers are the same; the scale does not matter here."""
    percent = weeks.read_shape({"08:00-12:00": "40%", "12:00-20:00": "60%"})
    assert percent == weeks.read_shape({"08:00-12:00": 40, "12:00-20:00": "60.0"})
    assert weeks.read_shape("chat") == "chat"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("phones", "'phones' is not a shape of the day; did you mean 'phone'?"),
        ({"08:00-09:00": "0%"}, "no hour has any contacts; give one a share above 0"),
        ({"08:00-09:00": -1}, "08:00-09:00: '-1' is negative; give 0 or more"),
        (
            {"08:00-10:00": 1, "09:00-11:00": 2},
            "mon 09:00-10:00 is given twice; let the ranges of a day follow one another",
        ),
    ],
)
def test_wrong_shapes(value: object, problem: str) -> None:
    """An unknown name, no contacts at all, a negative share and ranges that overlap are refused."""
    assert said(weeks.read_shape, value) == [problem]


# --- shifts ----------------------------------------------------------------------------------------------------------


def shift(**given_: object) -> InlineShift:
    found = rota.read_shifts({"early": {"agents": 2, "hours": "08:00-16:00", **given_}})[0]
    assert isinstance(found, InlineShift)
    return found


def test_a_shift_is_read_in_seconds_of_its_day() -> None:
    """Every day where none is named; breaks in order, paid unless they are said not to be."""
    assert shift() == InlineShift("early", 2, tuple(range(7)), 8 * HOUR, 16 * HOUR)
    found = shift(days="mon-fri", breaks=["12:00-12:30 unpaid", "10:00-10:15"])
    assert found.days == tuple(range(5))
    assert found.breaks == ((10 * HOUR, 10 * HOUR + 900, True), (12 * HOUR, 12 * HOUR + 1800, False))


def test_a_break_left_empty_is_told_as_empty() -> None:
    """`breaks:` with nothing after it is an empty value, not one called None."""
    with pytest.raises(Unclear, match="an empty value is not a range of times"):
        rota._breaks(None)


def test_a_night_shift_runs_past_midnight_with_its_breaks() -> None:
    """Its end and the breaks after midnight are beyond 24 h."""
    found = shift(hours="22:00-06:00", breaks=["23:45-00:15", "03:00-03:30 unpaid"])
    assert (found.start, found.end) == (22 * HOUR, 30 * HOUR)
    assert found.breaks == ((85_500, 87_300, True), (27 * HOUR, 27 * HOUR + 1800, False))
    assert shift(hours="16:00-00:00").end == 24 * HOUR


@given(st.integers(0, 95), st.integers(1, 56), st.integers(0, 55), st.integers(1, 8))
def test_a_break_within_a_shift_stays_within_it(start: int, length: int, after: int, pause: int) -> None:
    """Whatever the hours, in quarters of an hour: a break inside is kept inside, one that sticks out is refused."""

    def clock(quarters: int) -> str:
        return say_clock(quarters % 96 * 900)

    given_ = {
        "hours": f"{clock(start)}-{clock(start + length)}",
        "breaks": [f"{clock(start + after)}-{clock(start + after + pause)}"],
    }
    if after + pause <= length:
        ((begins, ends, paid),) = shift(**given_).breaks
        assert ((begins - start * 900) % 86_400, ends - begins, paid) == (after * 900, pause * 900, True)
        assert shift(**given_).start <= begins < ends <= shift(**given_).end
    else:
        (problem,) = said(rota.read_shifts, {"early": {"agents": 2, **given_}})
        assert "lies outside the shift" in problem


@pytest.mark.parametrize(
    ("given_", "problems"),
    [
        (
            {"hours": "16:00-12:00"},
            ["hours: this shift ends before it starts; a night shift is at most 14 h long; give its start first"],
        ),
        (
            {"breaks": ["07:45-08:15"]},
            ["breaks: the break 07:45-08:15 lies outside the shift; keep breaks apart, between 08:00 and 16:00"],
        ),
        (
            {"hours": "18:00-02:00", "breaks": ["02:00-02:30"]},
            ["breaks: the break 02:00-02:30 lies outside the shift; keep breaks apart, between 18:00 and 02:00"],
        ),
        (
            {"breaks": ["10:00-10:30", "10:15-10:45 unpaid"]},
            ["breaks: two breaks overlap; keep breaks apart, between 08:00 and 16:00"],
        ),
        (
            {"breaks": ["10:00-10:15 free"]},
            ["breaks: '10:00-10:15 free' is not a break; write it as in 12:00-12:30 unpaid"],
        ),
        (
            {"breaks": {"10:00-10:15": "paid"}},
            ["breaks: a mapping stands where breaks belong; write them as in [10:00-10:15, 12:00-12:30 unpaid]"],
        ),
        ({"breaks": "noon"}, ["breaks: 'noon' is not a range of times; write two times of day, such as 09:00-17:30"]),
        ({"agents": 0}, ["agents: 0 is too small; give 1 or more"]),
        ({"agents": 10_001}, ["agents: 10001 is too large; give 10,000 or less"]),
        ({"hour": "08:00-16:00"}, ["hour: unknown key; did you mean 'hours'?"]),
    ],
)
def test_wrong_shifts(given_: dict[str, object], problems: list[str]) -> None:
    """What is wrong with a shift is told below its name."""
    text = {"agents": 2, "hours": "08:00-16:00", **given_}
    assert said(rota.read_shifts, {"early": text}) == [f"early: {problem}" for problem in problems]


def test_all_shifts_are_read_before_anything_is_told() -> None:
    """The mistakes of several shifts come together; no shift at all is one as well."""
    found = said(rota.read_shifts, {"a": {"agents": 1}, "b": 3, "c": {"agents": 1, "hours": "09:00-10:00"}})
    assert [problem.split(";")[0] for problem in found] == ["a: 'hours' is missing", "b: 3 is not a shift"]
    assert said(rota.read_shifts, {}) == ["there is no shift; write early: {agents: 6, hours: 08:00-16:00}"]


# --- tables in files -------------------------------------------------------------------------------------------------


def test_a_file_is_its_name_or_a_mapping() -> None:
    """A name alone, or with a worksheet, a group and headers."""
    assert rota.read_file("Staff.XLSX") == FromFile("Staff.XLSX")
    given_ = {"file": "a.csv", "sheet": "Oct", "group": "front", "columns": {"agents": "HC"}}
    assert rota.read_shifts(given_) == FromFile("a.csv", "Oct", "front", (("agents", "HC"),))


@pytest.mark.parametrize(
    ("value", "problems"),
    [
        ("staff.pdf", ["'staff.pdf' is not a table; give a .csv or .xlsx file"]),
        ({"file": "staff.pdf"}, ["file: 'staff.pdf' is not a table; give a .csv or .xlsx file"]),
        (
            {"file": "a.csv", "tab": "Oct", "columns": ["HC"]},
            [
                f"{key}; write it as in {{file: staff.xlsx, sheet: October, columns: {{agents: Headcount}}}}"
                for key in ("tab: unknown key", "columns: these are not columns by their header")
            ],
        ),
        (
            {"file": 3},
            ["file: 3 is not text; write it as in {file: staff.xlsx, sheet: October, columns: {agents: Headcount}}"],
        ),
    ],
)
def test_wrong_files(value: object, problems: list[str]) -> None:
    """What is no table, and what is no key of one, are told."""
    assert said(rota.read_file, value) == problems


# --- hours of holidays -----------------------------------------------------------------------------------------------


def test_hours_name_holidays_like_a_day() -> None:
    """`holiday` beside the weekdays, or among them; without it, holidays have the hours of Sunday."""
    own = weeks.read_hours({"mon-fri": "08:00-20:00", "sun,holiday": "10:00-16:00"})
    assert own is not None
    assert [(p.start, p.end) for p in own.on(HOLIDAY)] == [(10 * HOUR, 16 * HOUR)]
    closed = weeks.read_hours({"mon-sun": "08:00-20:00", "holiday": "closed"})
    assert closed is not None
    assert closed.on(HOLIDAY) == ()
    like_sunday = weeks.read_hours("08:00-20:00")
    assert isinstance(like_sunday, Week)
    assert like_sunday.holiday is None
    assert len(like_sunday.on(HOLIDAY)) == 1


def test_hours_of_a_holiday_end_at_midnight() -> None:
    """What would run on into a day that nobody knows is refused."""
    assert said(weeks.read_hours, {"mon": "09:00-17:00", "holiday": "22:00-02:00"}) == [
        "22:00-02:00 runs past midnight, where the hours of a holiday end; write 22:00-24:00, or the other way round"
    ]
