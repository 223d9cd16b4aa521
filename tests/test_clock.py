"""Weeks are cut and laid over real days, and no hour is lost or counted twice when the clocks change."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import chain, pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.clock import DAY, WEEK, Calendar, Piece, Week, say_pieces, say_span, say_weekdays
from sim.scenario.weeks import read_hours
from sim.units import weekdays

HOUR = 3600
ZONES = ("Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Cairo", "UTC")

FORWARD = {"Europe/London": date(2026, 3, 29), "America/New_York": date(2026, 3, 8)}
BACK = {"Europe/London": date(2026, 10, 25), "America/New_York": date(2026, 11, 1)}
LOST = {"Europe/London": 1, "America/New_York": 2}
"""The wall-clock hour that does not exist in spring."""
DOUBLED = {"Europe/London": 1, "America/New_York": 1}
"""The wall-clock hour that comes twice in autumn."""


def day_of_change(zone: str) -> list[date]:
    """Days of 2026 that are not 24 h long."""
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(364)]
    offset = [datetime.combine(day, datetime.min.time(), ZoneInfo(zone)).utcoffset() for day in days]
    return [day for day, before, after in zip(days, offset, offset[1:], strict=False) if before != after]


ODD_DAYS = st.sampled_from([(zone, day) for zone in ZONES for day in (*day_of_change(zone), date(2026, 7, 1))])
"""A zone and a day, most of them with a change of the clocks."""


def hours(text: object) -> Week:
    week = read_hours(text)
    assert week is not None
    return week


def of_the_week(week: Week, per: int = HOUR // 2) -> np.ndarray:
    """What holds in every half hour of the week, NaN for nothing."""
    values = [week.at(moment // DAY, moment % DAY) for moment in range(0, WEEK, per)]
    return np.array([np.nan if value is None else value for value in values])


def weeks(values: st.SearchStrategy[float]) -> st.SearchStrategy[Week]:
    """Weeks whose pieces begin and end on half hours."""

    def day(number: int) -> st.SearchStrategy[list[Piece]]:
        cuts = st.lists(st.integers(0, 48), min_size=2, max_size=6, unique=True).map(sorted)
        return st.tuples(cuts, st.lists(values, min_size=5, max_size=5)).map(
            lambda drawn: [
                Piece(number, start * 1800, end * 1800, value)
                for start, end, value in zip(drawn[0][::2], drawn[0][1::2], drawn[1], strict=False)
            ]
        )

    return st.tuples(*(day(number) for number in range(7))).map(lambda days: Week(tuple(chain(*days))))


# --- weeks -----------------------------------------------------------------------------------------------------------


def test_a_range_past_midnight_goes_on_on_the_next_day_and_from_sunday_on_monday() -> None:
    """22:00-02:00 on Sunday is two hours of Sunday and two of Monday."""
    week = hours({"sun": "22:00-02:00"})
    assert week.pieces == (Piece(0, 0, 2 * HOUR), Piece(6, 22 * HOUR, DAY))
    assert week.seconds() == 4 * HOUR


def test_a_piece_holds_from_its_start_up_to_but_not_at_its_end() -> None:
    """At the second of closing, nothing holds."""
    week = hours({"mon": "09:00-17:30"})
    assert week.at(0, 9 * HOUR) == 1.0
    assert week.at(0, 17 * HOUR + 1799) == 1.0
    assert week.at(0, 17 * HOUR + 1800) is None
    assert week.at(1, 9 * HOUR) is None


@given(weeks(st.floats(0, 9)), weeks(st.just(1.0)))
def test_within_keeps_the_values_exactly_where_the_hours_hold(mine: Week, open_: Week) -> None:
    """`within` is this week's value where the other week holds something, and nothing elsewhere."""
    expected = np.where(np.isnan(of_the_week(open_)), np.nan, of_the_week(mine))
    np.testing.assert_array_equal(of_the_week(mine.within(open_)), expected)
    assert list(mine.within(open_).pieces) == sorted(mine.within(open_).pieces)


@given(weeks(st.just(1.0)), weeks(st.sampled_from([0.0, 2.0])))
def test_less_leaves_exactly_what_the_cover_does_not_staff(wanted: Week, cover: Week) -> None:
    """`less` holds where this week does and the cover has no positive value; a scheduled zero covers nothing."""
    covered = np.nan_to_num(of_the_week(cover)) > 0
    expected = np.where(covered, np.nan, of_the_week(wanted))
    np.testing.assert_array_equal(of_the_week(wanted.less(cover)), expected)


@given(weeks(st.just(1.0)), weeks(st.just(1.0)))
def test_within_and_less_share_out_the_whole_week(week: Week, other: Week) -> None:
    """What lies within another week and what it leaves bare add up to this week."""
    assert week.within(other).seconds() + week.less(other).seconds() == week.seconds()


def test_pieces_are_said_by_days_that_share_their_hours() -> None:
    """Three days in a row are a range, two are a list."""
    assert say_pieces(hours({"mon-fri": "20:00-22:00", "sat": "09:00-12:00"})) == "mon-fri 20:00-22:00, sat 09:00-12:00"
    assert say_pieces(hours({"mon,wed": "09:30-10:00"})) == "mon,wed 09:30-10:00"


# --- real days -------------------------------------------------------------------------------------------------------


def lengths(zone: str, day: date) -> list[float]:
    """Hours of real time that each wall-clock hour of a day lasts."""
    week = Week(tuple(Piece(day.weekday(), hour * HOUR, (hour + 1) * HOUR, hour) for hour in range(24)))
    calendar = Calendar(day, zone)
    lasted = dict.fromkeys(range(24), 0.0)
    for start, end, hour in calendar.lay(week, 0.0, calendar.elapsed(1, 0)):
        lasted[int(hour)] += (end - start) / HOUR
    return list(lasted.values())


@pytest.mark.parametrize("zone", FORWARD)
def test_the_hour_that_is_skipped_lasts_nothing(zone: str) -> None:
    """On the day when the clocks go forward every wall-clock hour lasts one hour, and the skipped one none."""
    assert lengths(zone, FORWARD[zone]) == [0.0 if hour == LOST[zone] else 1.0 for hour in range(24)]


@pytest.mark.parametrize("zone", BACK)
def test_the_hour_that_comes_twice_lasts_two(zone: str) -> None:
    """On the day when the clocks go back every wall-clock hour lasts one hour, and the doubled one two."""
    assert lengths(zone, BACK[zone]) == [2.0 if hour == DOUBLED[zone] else 1.0 for hour in range(24)]


@pytest.mark.parametrize("zone", FORWARD)
def test_days_with_a_change_are_of_23_and_25_hours(zone: str) -> None:
    """Midnight to midnight is 23 h in spring and 25 h in autumn."""
    assert Calendar(FORWARD[zone], zone).elapsed(1, 0) == 23 * HOUR
    assert Calendar(BACK[zone], zone).elapsed(1, 0) == 25 * HOUR


def test_office_hours_stay_at_the_same_wall_clock_time_after_a_change() -> None:
    """Monday 09:00-17:00 is 8 h before and after the change, an hour earlier in elapsed time in spring."""
    calendar = Calendar(date(2026, 3, 23), "Europe/London")
    laid = list(calendar.lay(hours({"mon": "09:00-17:00"}), 0.0, 2 * WEEK))
    assert laid == [(9 * HOUR, 17 * HOUR, 1.0), (WEEK + 8 * HOUR, WEEK + 16 * HOUR, 1.0)]


def test_a_piece_that_ends_in_the_skipped_hour_ends_at_the_change() -> None:
    """00:30-01:30 lasts half an hour in the night in which London's clocks jump from 01:00 to 02:00, and the piece
    after it does not overlap."""
    week = hours({"sun": ["00:30-01:30", "01:30-02:30"]})
    laid = list(Calendar(FORWARD["Europe/London"], "Europe/London").lay(week, 0.0, DAY))
    assert laid == [(1800.0, 3600.0, 1.0), (3600.0, 5400.0, 1.0)]


def test_laying_is_cut_to_the_span_and_reaches_before_the_start() -> None:
    """The run-in lies at negative times; pieces are cut at both ends of the span."""
    calendar = Calendar(date(2026, 10, 5))
    laid = list(calendar.lay(Week.always(), -1.5 * DAY, 0.25 * DAY))
    assert laid == [(-1.5 * DAY, -DAY, 1.0), (-DAY, 0.0, 1.0), (0.0, 0.25 * DAY, 1.0)]


@given(ODD_DAYS, st.integers(-30, 30), weeks(st.floats(0, 9)))
def test_pieces_never_overlap_on_real_days(odd: tuple[str, date], ago: int, week: Week) -> None:
    """Laid pieces are in order and apart, whatever the clocks do."""
    zone, day = odd
    calendar = Calendar(day - timedelta(days=ago), zone)
    laid = list(calendar.lay(week, calendar.elapsed(ago - 1, 0), calendar.elapsed(ago + 2, 0)))
    assert all(start < end for start, end, _ in laid)
    assert all(before[1] <= after[0] for before, after in pairwise(laid))


@given(ODD_DAYS, st.integers(-30, 30))
def test_a_week_that_always_holds_covers_every_second(odd: tuple[str, date], ago: int) -> None:
    """`Week.always()` laid over any days leaves no gap."""
    zone, day = odd
    calendar = Calendar(day - timedelta(days=ago), zone)
    first, last = calendar.elapsed(ago - 4, 0), calendar.elapsed(ago + 5, 0)
    laid = list(calendar.lay(Week.always(), first, last))
    assert (laid[0][0], laid[-1][1]) == (first, last)
    assert all(before[1] == after[0] for before, after in pairwise(laid))


@given(ODD_DAYS, st.integers(-30, 30), st.integers(0, 4 * HOUR) | st.integers(0, DAY - 1))
def test_the_wall_clock_shows_what_was_asked_for_or_the_end_of_the_skipped_time(
    odd: tuple[str, date], ago: int, second: int
) -> None:
    """local(elapsed(x)) is x; only where x does not exist, it is the first wall-clock time that exists after it."""
    zone, day = odd
    calendar = Calendar(day - timedelta(days=ago), zone)
    wall = datetime.combine(day, datetime.min.time()) + timedelta(seconds=second)
    shown = calendar.local(calendar.elapsed(ago, second))
    if shown.replace(tzinfo=None) == wall:
        assert shown.fold == 0
        return
    assert wall < shown.replace(tzinfo=None) <= wall + timedelta(hours=1)
    before = (shown.timestamp() - 1, ZoneInfo(zone))
    assert datetime.fromtimestamp(*before).replace(tzinfo=None) < wall


@given(ODD_DAYS, st.tuples(st.integers(0, 4 * HOUR), st.integers(0, 4 * HOUR)))
def test_time_never_runs_backwards(odd: tuple[str, date], seconds: tuple[int, int]) -> None:
    """A later wall-clock time is never an earlier moment."""
    zone, day = odd
    calendar = Calendar(day, zone)
    assert calendar.elapsed(0, min(seconds)) <= calendar.elapsed(0, max(seconds))


@given(st.sampled_from(ZONES), st.floats(-40 * DAY, 400 * DAY))
def test_a_moment_lies_in_the_day_and_weekday_that_the_wall_clock_shows(zone: str, elapsed: float) -> None:
    """`day` and `weekday` agree with the local date."""
    calendar = Calendar(date(2026, 3, 2), zone)
    shown = calendar.local(elapsed)
    assert calendar.starts + timedelta(days=calendar.day(elapsed)) == shown.date()
    assert calendar.kind(calendar.day(elapsed)) == shown.weekday()


@given(st.sets(st.integers(0, 6), min_size=1))
def test_weekdays_are_said_as_they_are_read(chosen: set[int]) -> None:
    """Any set of weekdays comes back from its words."""
    assert weekdays(say_weekdays(sorted(chosen))) == tuple(sorted(chosen))


def test_a_span_is_said_by_the_clock() -> None:
    """What is beyond midnight is said as the clocks show it, and midnight as an end is 24:00."""
    assert (say_span(0, DAY), say_span(22 * 3600, DAY + 6 * 3600)) == ("00:00-24:00", "22:00-06:00")
