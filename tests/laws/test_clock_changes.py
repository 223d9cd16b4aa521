"""Whole scenarios on the days on which the clocks change, by the hour, and random ones in zones that change oddly.

The oracle is the list of hours that a clock on the wall shows in the course of the day, one for each hour of real
time, written down by hand; for random zones it is the wall clock at each quarter of an hour.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import chain, pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from click.testing import CliRunner
from desks import SECOND, Issue, customers
from hypothesis import given
from hypothesis import strategies as st

from sim import demand, units
from sim.cli import commands
from sim.clock import DAYS, HOLIDAY, Calendar, Piece, Week, say_clock, say_pieces
from sim.desk import Desk
from sim.measures.summary import summarise
from sim.measures.work import edges, level_at
from sim.measures.workload import scheduled, staff_cost
from sim.plots._intervals import Intervals, worst_week
from sim.population.draw import draw
from sim.scenario import lower, rota, words
from sim.scenario import weeks as written_weeks
from sim.scenario.problems import Problems
from sim.scenario.read import Scenario, read
from sim.scenario.spec import read_staff
from sim.simulate.engine import simulate
from sim.tables import Array, read_parquet
from sim.units import Unclear

HOUR = 3600
QUARTER = HOUR // 4
TICKS = 1000
OPENS, CLOSES = 8, 20


@dataclass(frozen=True)
class Change:
    """A day on which the clocks change: what they show in each hour of real time, and for how many of these hours the
    offset before the change holds."""

    zone: str
    day: date
    shows: tuple[int, ...]
    before: int
    offsets: tuple[str, str]

    @property
    def hours(self) -> int:
        return len(self.shows)

    def stamps(self) -> list[str]:
        """Every half hour of the day, as the interval sheet should name it."""
        offset = [self.offsets[hour >= self.before] for hour in range(self.hours)]
        return [
            f"{self.day}T{shown:02d}:{minute}{offset[hour]}"
            for hour, shown in enumerate(self.shows)
            for minute in ("00", "30")
        ]


CHANGES = {
    "London back": Change("Europe/London", date(2026, 10, 25), (0, 1, 1, *range(2, 24)), 2, ("+01:00", "+00:00")),
    "London forward": Change("Europe/London", date(2027, 3, 28), (0, *range(2, 24)), 1, ("+00:00", "+01:00")),
    "New York back": Change("America/New_York", date(2026, 11, 1), (0, 1, 1, *range(2, 24)), 2, ("-04:00", "-05:00")),
    "New York forward": Change("America/New_York", date(2027, 3, 14), (0, 1, *range(3, 24)), 2, ("-05:00", "-04:00")),
}
ON_EVERY_CHANGE = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)


def rate_at(hour: int) -> int:
    """Issues an hour on the night line, another number for each hour of the clock."""
    return 10 + hour


def staff_at(hour: int) -> int:
    """Agents on the night line, another number for each hour of the clock."""
    return 1 + hour


def by_hour(value: Callable[[int], object]) -> str:
    cells = (f"{say_clock(hour * HOUR)}-{say_clock((hour + 1) * HOUR)}: {value(hour)}" for hour in range(24))
    return f"{{{', '.join(cells)}}}"


SCENARIO = f"""\
name: A week in which the clocks change
run_in: 0d
drain: 2d
demand: {{busy_days: 0, busy_hours: 0}}
customers: 400
channels:
  phone: {{hours: "{OPENS:02d}:00-{CLOSES}:00", rate: 200/h, staff: 3}}
  nights: {{kind: live, hours: always, rate: {by_hour(lambda hour: f"{rate_at(hour)}/h")}, staff: {by_hour(staff_at)}}}
  alarm: {{kind: live, hours: always, rate: 1/h, staff: 4, cost: 21 EUR/h, shrinkage: 25%}}
  email: {{rate: 2/h, staff: {{daily 12:00-13:00: 1}}, target: 90% within 24h}}
"""
PHONE, NIGHTS, ALARM, EMAIL = range(4)


def scenario(folder: Path, change: Change, *sets: str, ago: int = 0, text: str = SCENARIO) -> Scenario:
    """A scenario that starts so many days before the change, and lasts a day unless it is told otherwise."""
    path = folder / "clocks.yaml"
    path.write_text(text, encoding="utf-8")
    starts = change.day - timedelta(days=ago)
    return read(path, (f"time_zone={change.zone}", f"starts={starts}", "lasts=1d", *sets))


def moments(change: Change) -> Iterator[tuple[int, int]]:
    """Some ticks of each hour of the day, the first and the last among them, with the hour that the clock shows."""
    for number, shown in enumerate(change.shows):
        for second in (0, 1, 1799, 1800, HOUR - 1):
            yield (number * HOUR + second) * TICKS, shown


# --- the day by the hour ---------------------------------------------------------------------------------------------


@ON_EVERY_CHANGE
def test_doors_are_open_by_the_clock_on_the_wall(change: Change, tmp_path: Path) -> None:
    """In each hour of the day the phone is open where the clock shows 8 to 20, and the night line throughout."""
    channels = lower.desk(scenario(tmp_path, change)).channels
    for tick, shown in moments(change):
        assert channels[PHONE].is_open(tick) == (OPENS <= shown < CLOSES)
        assert channels[NIGHTS].is_open(tick)


@ON_EVERY_CHANGE
def test_agents_are_there_by_the_clock_on_the_wall(change: Change, tmp_path: Path) -> None:
    """In each hour of the day as many are scheduled as the table says for the hour that the clock shows."""
    groups = {group.name: group for group in lower.desk(scenario(tmp_path, change)).groups}
    for tick, shown in moments(change):
        at = np.array([tick])
        assert level_at(groups["nights"], at) == staff_at(shown)
        assert level_at(groups["phone"], at) == (3 if OPENS <= shown < CLOSES else 0)
        assert level_at(groups["alarm"], at) == 4
        assert level_at(groups["email"], at) == (shown == 12)


@ON_EVERY_CHANGE
def test_issues_arise_by_the_clock_on_the_wall(change: Change, tmp_path: Path) -> None:
    """In each hour of the day as many issues are expected as the rate of the hour that the clock shows."""
    rates = lower.rates(scenario(tmp_path, change))
    hours = np.arange(change.hours + 1) * float(HOUR)
    assert rates[NIGHTS].integral(hours).tolist() == pytest.approx([rate_at(shown) for shown in change.shows])
    phone = [200.0 if OPENS <= shown < CLOSES else 0.0 for shown in change.shows]
    assert rates[PHONE].integral(hours).tolist() == pytest.approx(phone)


@ON_EVERY_CHANGE
def test_a_repeated_hour_lasts_two_and_a_missing_one_nothing(change: Change, tmp_path: Path) -> None:
    """The agents of each hour of the clock are scheduled, and its rate holds, as often as the clock shows that hour."""
    found = scenario(tmp_path, change)
    nights = lower.desk(found).groups[NIGHTS]
    assert nights.name == "nights"
    lasted: Counter[int] = Counter()
    for (start, level), (end, _) in zip(nights.levels, nights.levels[1:], strict=False):
        lasted[level] += max(0, min(end, change.hours * HOUR * TICKS) - start)
    rate = lower.rates(found)[NIGHTS]
    times = Counter(change.shows)
    for hour in range(24):
        assert lasted[staff_at(hour)] == times[hour] * HOUR * TICKS
        holds = np.isclose(rate.values * HOUR, rate_at(hour))
        assert float(np.sum((rate.ends - rate.starts)[holds])) == times[hour] * HOUR


@ON_EVERY_CHANGE
def test_the_total_of_the_day_is_that_of_its_hours(change: Change, tmp_path: Path) -> None:
    """∫ rate over the day is the sum over the hours that the clock shows, and over the rows of the interval sheet."""
    found = scenario(tmp_path, change)
    sheet = edges(lower.desk(found)) / TICKS
    expected = (12 * 200, sum(map(rate_at, change.shows)), change.hours, 2 * change.hours)
    for rate, total in zip(lower.rates(found), expected, strict=True):
        assert rate.total() == pytest.approx(total)
        assert rate.integral(sheet).sum() == pytest.approx(total)


@ON_EVERY_CHANGE
def test_shares_of_customers_keep_their_rates(change: Change, tmp_path: Path) -> None:
    """Where issues come from customers and shares, the day has those of its doubled hour more, of its missing hour
    less, and a phone that is closed at night as many as on any other Sunday."""
    text = "customers: 100000\nrun_in: 0d\nphone: {staff: 3, hours: 08:00-20:00}\nemail: {staff: 1}\n"
    day, before = (lower.rates(scenario(tmp_path, change, f"starts={starts}", text=text))
                   for starts in (change.day, change.day - timedelta(days=7)))  # fmt: skip
    assert day[0].total() == pytest.approx(before[0].total())
    hours = np.arange(25) * float(HOUR)
    usual = before[1].integral(hours)
    # a repeated hour goes on as its second half was; a missing one takes both halves with it
    halves = before[1].integral(np.arange(49) * float(HOUR / 2))
    odd = (set(range(24)) - set(change.shows)) or {hour for hour, times in Counter(change.shows).items() if times > 1}
    (hour,) = odd
    expected = usual.sum() - usual[hour] if change.hours == 23 else usual.sum() + 2 * halves[2 * hour + 1]
    assert day[1].total() == pytest.approx(expected)


@ON_EVERY_CHANGE
def test_staff_hours_and_cost_are_those_of_23_or_25_hours(change: Change, tmp_path: Path) -> None:
    """Who is always staffed is paid 23 or 25 hours on that day, 24 the day before; an office day has 12 hours."""
    day, before = (lower.desk(scenario(tmp_path, change, ago=ago)) for ago in (0, 1))

    def staff_hours(desk: Desk) -> list[float]:
        return list(scheduled(desk) @ np.diff(edges(desk)) / TICKS / HOUR)

    assert staff_hours(day) == pytest.approx([3 * 12, sum(map(staff_at, change.shows)), 4 * change.hours, 1])
    assert staff_hours(before) == pytest.approx([3 * 12, sum(map(staff_at, range(24))), 4 * 24, 1])
    alarm = "customers: 9\nrun_in: 0d\nphone: {hours: always, rate: 1/h, staff: 4, cost: 21 EUR/h, shrinkage: 25%}\n"
    for ago, hours in ((0, change.hours), (1, 24)):
        assert staff_cost(lower.desk(scenario(tmp_path, change, ago=ago, text=alarm))) == pytest.approx(
            4 * hours * 21 / 0.75
        )


@ON_EVERY_CHANGE
@pytest.mark.parametrize("interval", ["15m", "30m"])
def test_the_day_has_as_many_intervals_as_it_lasts(change: Change, interval: str, tmp_path: Path) -> None:
    """A day of 25 hours has 50 half-hour rows or 100 quarter-hour rows, one of 23 hours 46 or 92; each is whole."""
    desk = lower.desk(scenario(tmp_path, change, f"interval={interval}"))
    assert desk.intervals == change.hours * (4 if interval == "15m" else 2)
    assert set(np.diff(edges(desk)).tolist()) == {desk.interval}


@ON_EVERY_CHANGE
def test_opening_hours_stay_twelve_hours_of_the_wall_clock(change: Change, tmp_path: Path) -> None:
    """08:00–20:00 opens at eight and closes at eight, twelve hours later, the day before, on the day and after it."""
    found = scenario(tmp_path, change, "lasts=3d", ago=1)
    begins = datetime.combine(change.day - timedelta(days=1), time(), ZoneInfo(change.zone)).timestamp()
    spans = lower.desk(found).channels[PHONE].open or ()
    for day, (start, end) in zip(range(-1, 2), spans, strict=False):
        assert end - start == 12 * HOUR * TICKS
        for tick, hour in ((start, OPENS), (end, CLOSES)):
            shown = datetime.fromtimestamp(begins + tick / TICKS, ZoneInfo(change.zone))
            assert shown.replace(tzinfo=None) == datetime.combine(change.day + timedelta(days=day), time(hour))


# --- promises, arrivals ----------------------------------------------------------------------------------------------


@ON_EVERY_CHANGE
def test_the_promise_for_a_message_runs_in_elapsed_time(change: Change, tmp_path: Path) -> None:
    """Of two messages written on Saturday at 11:30 and 12:30 and answered on Sunday just after noon, "within 24 h"
    is kept for both in spring, where the night is an hour shorter, for none in autumn, and for one on other days."""

    def kept(starts: date) -> tuple[float, float]:
        desk = lower.desk(scenario(tmp_path, change, f"starts={starts}", "lasts=2d", "drain=1d"))
        written = [Issue(hours * HOUR, handle=60, channel=EMAIL) for hours in (11.5, 12.5)]
        # an older message takes the agent of Saturday's noon for the whole hour
        taken = Issue(11 * HOUR, handle=2 * HOUR, channel=EMAIL)
        contacts = simulate(desk, customers(taken, *written, unit=SECOND)).contacts
        summary = summarise(contacts, desk, replication=0, population_digest="", capped=0)
        above, below = summary.parts["service_level"]["email", None]
        return above - 1, below - 1  # without that older message, which is answered at once

    saturday = change.day - timedelta(days=1)
    assert kept(saturday) == ((2, 2) if change.hours == 23 else (0, 2))
    assert kept(saturday - timedelta(days=7)) == (1, 2)


@ON_EVERY_CHANGE
def test_arrivals_stay_inside_the_opening_hours(change: Change, tmp_path: Path) -> None:
    """Nobody is drawn to call before eight or after twenty by the clock, and many do in the hours beside them."""
    found = scenario(tmp_path, change, "lasts=3d", ago=1)
    issues = draw(found, 1, 0).issues
    begins = datetime.combine(change.day - timedelta(days=1), time(), ZoneInfo(change.zone)).timestamp()
    calls = issues["arrival"][issues["channel"] == PHONE]
    shown = [datetime.fromtimestamp(begins + tick / TICKS, ZoneInfo(change.zone)) for tick in calls.tolist()]
    by_day_and_hour = Counter((moment.date(), moment.hour) for moment in shown)
    days = [change.day + timedelta(days=number) for number in (-1, 0, 1)]
    assert set(by_day_and_hour) == {(day, hour) for day in days for hour in range(OPENS, CLOSES)}
    # 200 are expected in each
    assert min(by_day_and_hour.values()) > 120
    assert max(by_day_and_hour.values()) < 300


@ON_EVERY_CHANGE
def test_hours_that_are_all_missing_are_a_day_without_calls(change: Change, tmp_path: Path) -> None:
    """A line that is open only in the hour that is repeated or missing has twice its calls, or none and no error."""
    hour = {"Europe/London": 1, "America/New_York": 1 if change.hours == 25 else 2}[change.zone]
    span = f"{say_clock(hour * HOUR)}-{say_clock((hour + 1) * HOUR)}"
    found = scenario(tmp_path, change, f"phone.hours={span}", "demand={busy_days: 0, busy_hours: 0}")
    phone = lower.desk(found).channels[PHONE]
    times = Counter(change.shows)[hour]
    first_day = [span for span in phone.open or () if span[0] < change.hours * HOUR * TICKS]
    assert sum(end - start for start, end in first_day) == times * HOUR * TICKS
    assert lower.rates(found)[PHONE].total() == pytest.approx(200 * times)
    issues = draw(found, 1, 0).issues
    assert abs(int(np.sum(issues["channel"] == PHONE)) - 200 * times) <= 60 * times


# --- a whole run -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sheet:
    """The rows of an interval sheet as text, the console, and the local times at which contacts were offered."""

    change: Change
    rows: list[dict[str, str]]
    said: str
    offered: list[tuple[str, datetime]]

    def of(self, channel: str) -> list[dict[str, str]]:
        return [row for row in self.rows if row["channel"] == channel]


@pytest.fixture(scope="module", params=CHANGES.values(), ids=CHANGES)
def sheet(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sheet:
    """`sim run` over a week that starts three days before the change, two replications."""
    change: Change = request.param
    folder = tmp_path_factory.mktemp("clocks")
    (folder / "clocks.yaml").write_text(SCENARIO, encoding="utf-8")
    starts = change.day - timedelta(days=3)
    sets = (f"starts={starts}", f"time_zone={change.zone}", "lasts=7d", "phone.rate=3/h", "channels.nights.rate=3/h")
    arguments = ["run", str(folder / "clocks.yaml"), "--quiet", "--replications", "2", "--out", str(folder / "out")]
    done = CliRunner().invoke(commands, [*arguments, *chain(*(("--set", text) for text in sets))])
    assert done.exit_code == 0, done.output
    with (folder / "out" / "intervals.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = lower.desk(read(folder / "clocks.yaml", sets)).words()
    begins, zone = datetime.combine(starts, time(), ZoneInfo(change.zone)).timestamp(), ZoneInfo(change.zone)
    offered = []
    for path in sorted((folder / "out" / "contacts").glob("*.parquet")):
        contacts = read_parquet(path, names)
        for code, tick in zip(contacts["channel"].tolist(), contacts["offered"].tolist(), strict=True):
            offered.append((names["channel"][code], datetime.fromtimestamp(begins + tick / TICKS, zone)))
    return Sheet(change, rows, done.output, offered)


def test_the_sheet_of_a_week_is_in_order_and_whole(sheet: Sheet) -> None:
    """One row a half hour and channel, in order of real time without a gap, from the first midnight to the last."""
    for channel in ("phone", "nights", "alarm", "email"):
        starts = [datetime.fromisoformat(row["start"]) for row in sheet.of(channel)]
        assert len(starts) == 2 * (6 * 24 + sheet.change.hours)
        assert {(after - before).total_seconds() for before, after in pairwise(starts)} == {1800.0}
        assert starts[0].isoformat()[:16] == f"{sheet.change.day - timedelta(days=3)}T00:00"
        assert starts[-1].isoformat()[:16] == f"{sheet.change.day + timedelta(days=3)}T23:30"
    assert [row["channel"] for row in sheet.rows[:4]] == ["phone", "nights", "alarm", "email"]


def test_rows_of_the_day_bear_the_local_time_with_its_offset(sheet: Sheet) -> None:
    """The day of the change has its 50 or 46 half hours, the two of the doubled hour told apart by their offset."""
    day = [row for row in sheet.of("nights") if row["start"].startswith(str(sheet.change.day))]
    assert [row["start"] for row in day] == sheet.change.stamps()
    assert len({row["start"] for row in day}) == 2 * sheet.change.hours
    assert {row["weekday"] for row in day} == {"sun"}
    weekdays = [row["weekday"] for row in sheet.of("nights")]
    assert list(dict.fromkeys(weekdays)) == ["thu", "fri", "sat", "sun", "mon", "tue", "wed"]


def test_rows_show_who_is_scheduled_by_the_clock(sheet: Sheet) -> None:
    """In every row of the week the agents scheduled are those of the hour that the row's own stamp shows."""
    for row in sheet.rows:
        hour = int(row["start"][11:13])
        expected = {
            "phone": 3 if OPENS <= hour < CLOSES else 0, "nights": staff_at(hour), "alarm": 4, "email": int(hour == 12),
        }  # fmt: skip
        assert float(row["scheduled"]) == expected[row["channel"]]


def test_contacts_are_counted_in_the_row_of_their_half_hour(sheet: Sheet) -> None:
    """The offered of each row are the contacts of the run whose local time, offset included, lies in that half hour."""
    known = {(row["channel"], row["start"]) for row in sheet.rows}
    counts: Counter[tuple[str, str]] = Counter()
    for channel, moment in sheet.offered:
        half = moment.replace(minute=moment.minute // 30 * 30, second=0, microsecond=0)
        counts[channel, half.isoformat(timespec="minutes")] += 1
    for row in sheet.rows:
        assert float(row["offered"]) == counts[row["channel"], row["start"]] / 2
    # contacts of the drain, which no row counts, are later than all of them
    last = max(start for _, start in known)
    assert all(start > last for _, start in counts.keys() - known)


def test_a_week_is_a_week_whatever_the_clocks_did(sheet: Sheet) -> None:
    """The console speaks of two weeks, not of runs of 7.04 days; the plots show all of it, and nothing is left out."""
    assert "2 weeks simulated" in " ".join(sheet.said.split())
    first = sheet.of("phone")[0]["start"]
    starts = datetime.fromisoformat(first).astimezone(ZoneInfo(sheet.change.zone))
    drawn = Intervals(starts, HOUR // 2, len(sheet.of("phone")))
    assert (drawn.shown, drawn.note) == (drawn.count, "")
    twice = Intervals(starts, HOUR // 2, drawn.count + 7 * 48)
    assert twice.shown == drawn.count
    later = worst_week(starts, HOUR // 2, np.repeat([1.0, 2.0], [drawn.count, 7 * 48]), "contacts")
    assert (later.first, later.shown) == (drawn.count, 7 * 48)


# --- random weeks in zones that change oddly -------------------------------------------------------------------------

ZONES = (
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",  # by half an hour
    "Antarctica/Troll",  # by two hours
    "Pacific/Chatham",  # at 02:45 and 03:45
    "America/St_Johns",
    "America/Havana",  # to and from midnight
    "Atlantic/Azores",  # midnight comes twice
    "America/Santiago",  # a Sunday without midnight
    "Africa/Cairo",
    "Africa/Casablanca",  # around Ramadan
    "Asia/Jerusalem",
    "Asia/Beirut",
    "Australia/Adelaide",
)  # fmt: skip


@cache
def changes(zone: str) -> tuple[date, ...]:
    """Days of 2026 to 2028 on which the clocks of a zone change."""
    midnights = [datetime(2026, 1, 1, tzinfo=ZoneInfo(zone)) + timedelta(days=number) for number in range(1095)]
    pairs = pairwise(midnights)
    return tuple(before.date() for before, after in pairs if before.utcoffset() != after.utcoffset())


@st.composite
def weeks(draw: st.DrawFn, most: int) -> Week:
    """Pieces that begin and end on quarters of an hour, with whole values up to `most`, many of them early in the day,
    where clocks change; something holds on every Sunday night."""
    pieces = [Piece(6, 0, QUARTER, 1.0)]
    for day in range(7):
        early, late = (st.integers(4 * (day == 6), 20), st.integers(20, 96))
        cuts = sorted({*draw(st.lists(early, max_size=6)), *draw(st.lists(late, max_size=3))})
        for start, end in zip(cuts[::2], cuts[1::2], strict=False):
            pieces.append(Piece(day, start * QUARTER, end * QUARTER, float(draw(st.integers(1, most)))))
    return Week(tuple(sorted(pieces)))


@st.composite
def odd_days(draw: st.DrawFn) -> tuple[str, date]:
    zone = draw(st.sampled_from(ZONES))
    return zone, draw(st.sampled_from(changes(zone)))


def quarters(zone: str, first: date, last: date) -> list[datetime]:
    """The local time at every quarter of an hour of real time from the midnight of one day to that of another."""
    begin, end = (_first_moment(day, zone) for day in (first, last))
    count = int((end - begin).total_seconds()) // QUARTER
    return [(begin + timedelta(seconds=number * QUARTER)).astimezone(ZoneInfo(zone)) for number in range(count)]


def _first_moment(day: date, zone: str) -> datetime:
    """The first quarter of an hour, in UTC, at which the clocks show the day."""
    moment = datetime.combine(day, time(), UTC) - timedelta(hours=15)
    while moment.astimezone(ZoneInfo(zone)).date() < day:
        moment += timedelta(seconds=QUARTER)
    return moment


def holds(week: Week, moment: datetime) -> float:
    """What a week says at a moment, 0 for nothing; where the clock shows a time for the second time, what it said
    just before the clocks went back."""
    zone = moment.tzinfo
    while moment.fold:
        moment = (moment.astimezone(UTC) - timedelta(seconds=QUARTER)).astimezone(zone)
    return week.at(moment.weekday(), moment.hour * HOUR + moment.minute * 60) or 0.0


def table(week: Week, unit: str = "") -> str:
    """A week as the table that a scenario holds."""
    days = {
        DAYS[day]: ", ".join(
            f"{say_clock(piece.start)}-{say_clock(piece.end)}: {piece.value:g}{unit}"
            for piece in week.pieces
            if piece.weekday == day
        )
        for day in range(7)
    }
    return f"{{{', '.join(f'{day}: {{{cells}}}' for day, cells in days.items() if cells)}}}"


@given(odd_days(), st.integers(0, 3), weeks(9), weeks(1))
def test_random_weeks_hold_by_the_clock_at_every_quarter_of_an_hour(
    tmp_path_factory: pytest.TempPathFactory, odd: tuple[str, date], ago: int, staff: Week, hours: Week
) -> None:
    """Whatever the zone and the week, at each quarter of an hour around the change the doors are open and the agents
    there that the scenario says for what the clock shows; each interval's mean and the day's total follow."""
    zone, day = odd
    text = (
        f"starts: {day - timedelta(days=ago)}\ntime_zone: {zone}\nlasts: {ago + 2}d\nrun_in: 0d\ndrain: 0d\n"
        f"demand: {{busy_days: 0, busy_hours: 0}}\ninterval: 15m\n"
        f"phone: {{hours: '{say_pieces_apart(hours)}', rate: {table(staff, '/h')}, staff: 1}}\n"
        f"email: {{staff: {table(staff)}, rate: {table(staff, '/h')}}}\n"
    )
    path = tmp_path_factory.mktemp("odd") / "odd.yaml"
    path.write_text(text, encoding="utf-8")
    found = read(path)
    desk = lower.desk(found)
    shown = quarters(zone, day - timedelta(days=ago), day + timedelta(days=2))
    assert desk.intervals == len(shown)
    levels = np.array([holds(staff, moment) for moment in shown])
    np.testing.assert_array_equal(scheduled(desk)[1], levels)
    open_ = np.array([holds(hours, moment) for moment in shown])
    np.testing.assert_array_equal([desk.channels[0].is_open(tick) for tick in edges(desk)[:-1].tolist()], open_ > 0)
    phone, email = (rate.integral(edges(desk) / TICKS) * 4 for rate in lower.rates(found))
    np.testing.assert_allclose(email, levels, atol=1e-9)
    # a rate and hours that meet in the middle of a repeated span are cut by the clock before either is laid
    both = [holds(staff.within(hours), moment) for moment in shown]
    np.testing.assert_allclose(phone, both, atol=1e-9)
    assert email.sum() == pytest.approx(levels.sum())


def say_pieces_apart(week: Week) -> str:
    """A week in words that name one day at a time."""
    return ", ".join(f"{DAYS[p.weekday]} {say_clock(p.start)}-{say_clock(p.end)}" for p in week.pieces)


@given(odd_days(), st.integers(-3, 3), weeks(9))
def test_random_demand_is_conserved_in_any_intervals(odd: tuple[str, date], ago: int, week: Week) -> None:
    """The rate laid over real days has the same total whichever intervals it is counted in, and lies within hours of
    one day: the first and the last moment of a piece show the same hour, unless it is the one that comes twice."""
    zone, day = odd
    calendar = Calendar(day - timedelta(days=ago), zone)
    first, last = calendar.elapsed(ago - 1, 0), calendar.elapsed(ago + 2, 0)
    rate = demand.lay(week, calendar, first, last)
    expected = sum(
        holds(week, moment) * QUARTER for moment in quarters(zone, calendar_day(day, -1), calendar_day(day, 2))
    )
    for width in (QUARTER, 2 * QUARTER, HOUR, last - first):
        bounds = np.append(np.arange(first, last, width), last)
        assert rate.integral(bounds).sum() == pytest.approx(expected)
    for start, end in zip(rate.starts.tolist(), rate.ends.tolist(), strict=True):
        begins, ends = calendar.local(start), calendar.local(end - 1)
        assert (begins.date(), begins.hour) == (ends.date(), ends.hour) or ends.fold or begins.fold


def calendar_day(day: date, further: int) -> date:
    return day + timedelta(days=further)


@given(odd_days())
def test_a_day_has_as_many_intervals_as_quarters_of_an_hour_pass(odd: tuple[str, date]) -> None:
    """Intervals laid from midnight end with the day, whatever it lasts; each begins at its own local time."""
    zone, day = odd
    calendar = Calendar(day, zone)
    count = calendar.elapsed(1, 0) / QUARTER
    shown = [calendar.local(number * QUARTER) for number in range(round(count))]
    assert count == round(count) != 96
    assert shown == quarters(zone, day, day + timedelta(days=1))
    assert {moment.date() for moment in shown} == {day}
    assert len({moment.isoformat() for moment in shown}) == len(shown)


def test_lord_howe_has_days_of_49_and_47_half_hours(tmp_path: Path) -> None:
    """On Lord Howe Island the clocks change by half an hour: half-hour rows stay whole, and none is lost."""
    text = "run_in: 0d\nlasts: 1d\ntime_zone: Australia/Lord_Howe\nphone: {hours: always, rate: 2/h, staff: 1}\n"
    for day, rows in (("2027-04-04", 49), ("2026-10-04", 47), ("2026-10-05", 48)):
        path = tmp_path / "island.yaml"
        path.write_text(f"{text}starts: {day}\n")
        found = read(path)
        desk = lower.desk(found)
        assert desk.intervals == rows
        assert set(np.diff(edges(desk)).tolist()) == {desk.interval}
        assert lower.rates(found)[0].total() == pytest.approx(rows)


# --- words of the clock, and hostile ones ----------------------------------------------------------------------------


def minutes(week: Week | None) -> Array:
    """Which minutes of the week hold anything; None is all of them."""
    open_ = np.zeros(7 * 24 * 60, dtype=bool)
    for piece in (Week.always() if week is None else week).pieces:
        day = piece.weekday * 24 * 60
        open_[day + piece.start // 60 : day + piece.end // 60] = True
    return open_


def test_every_time_of_day_said_reads_back() -> None:
    """Each minute of the day, and its end, reads back as said."""
    for minute in range(24 * 60 + 1):
        assert units.clock(say_clock(minute * 60)) == minute * 60


@given(st.sets(st.integers(0, 6), min_size=1), st.integers(0, 1439), st.integers(0, 1440))
def test_a_range_of_the_clock_is_its_minutes(days: set[int], start: int, end: int) -> None:
    """A range of hours on some days is exactly the minutes from its start on, past midnight and past Sunday if need
    be; one that starts where it ends is refused."""
    text = f"{say_clock(start * 60)}-{say_clock(end * 60)}"
    value = {",".join(DAYS[day] for day in sorted(days)): text}
    if start == end:
        with pytest.raises(Problems):
            written_weeks.read_hours(value)
        return
    length = end - start if end > start else end - start + 24 * 60
    expected = np.zeros(7 * 24 * 60, dtype=bool)
    for day in days:
        expected[(day * 24 * 60 + start + np.arange(length)) % len(expected)] = True
    overlap = len(days) * length > expected.sum()
    if overlap:
        with pytest.raises(Unclear, match="given twice"):
            written_weeks.read_hours(value)
    else:
        np.testing.assert_array_equal(minutes(written_weeks.read_hours(value)), expected)


@given(st.lists(st.tuples(st.integers(0, 95), st.integers(0, 96)), min_size=1, max_size=4))
def test_ranges_of_a_day_are_read_unless_they_overlap(ranges: list[tuple[int, int]]) -> None:
    """Several ranges of every day add up to their minutes where none meets another, and are refused where two do."""
    ranges = [(start, end) for start, end in ranges if start != end] or [(0, 1)]
    text = ", ".join(f"{say_clock(start * QUARTER)}-{say_clock(end * QUARTER)}" for start, end in ranges)
    times = np.zeros(96, dtype=int)
    for start, end in ranges:
        times[(start + np.arange((end - start) % 96 or 96)) % 96] += 1
    if times.max() > 1:
        with pytest.raises(
            Unclear, match=r"given twice; (let the ranges of a day follow one another|.* runs past midnight)"
        ):
            written_weeks.read_hours(text)
    else:
        np.testing.assert_array_equal(minutes(written_weeks.read_hours(text)), np.tile(np.repeat(times > 0, 15), 7))


@given(weeks(1))
def test_hours_said_read_back(week: Week) -> None:
    """Hours in the words in which the tool says them, or one day at a time, are those hours."""
    assert written_weeks.read_hours(say_pieces(week)) == written_weeks.read_hours(say_pieces_apart(week)) == week


@given(weeks(1), st.sets(st.integers(0, 95), min_size=2, max_size=4))
def test_hours_of_holidays_said_read_back(week: Week, cuts: set[int]) -> None:
    """Hours that holidays have of their own are said, and read back, beside those of weekdays that share them."""
    spans = zip(sorted(cuts)[::2], sorted(cuts)[1::2], strict=False)
    holiday = tuple(Piece(HOLIDAY, start * QUARTER, end * QUARTER) for start, end in spans)
    sundays = tuple(piece._replace(weekday=HOLIDAY) for piece in week.on(6))
    for own in (holiday, sundays):
        assert written_weeks.read_hours(say_pieces(Week(week.pieces, own))) == Week(week.pieces, own)


@given(weeks(9))
def test_a_table_of_the_week_reads_back(week: Week) -> None:
    """Staff and rates written as a table by day and hour are the week that the table was made of."""
    cells = {
        f"{DAYS[piece.weekday]} {say_clock(piece.start)}-{say_clock(piece.end)}": piece.value for piece in week.pieces
    }
    assert read_staff({key: int(value) for key, value in cells.items()}) == week
    rates = written_weeks.read_week(units.rate, "")({key: f"{value:g}/s" for key, value in cells.items()})
    assert rates == week


@given(st.integers(0, 99_949), st.sampled_from(["EUR", "GBP", "JPY"]))
def test_a_small_amount_said_reads_back(cents: int, currency: str) -> None:
    """An amount below 1000, said for people, reads back to the cent below 100 and to the unit above."""
    amount = cents / 100
    read_back = units.money(units.say_money(amount, currency))
    assert (read_back.currency, read_back.per) == (currency, None)
    assert read_back.amount == pytest.approx(amount, abs=0.005 if amount < 100 else 0.5)


VALID = (
    "20s", "1h30m", "80%", "0.8", "120/h", "0.08/month", "22 EUR/h", "1.6x", "50_000", "09:00", "09:00-17:30",
    "80% within 20s", "80/20", "mon-fri", "sat,sun", "weibull(mean 25m, shape 0.86)", "lognormal(mean 8m, sigma 0.9)",
    "2026-10-05", "2026-10-06 18:20", "6%/year", "GB-ENG", "at least 80%", "6m..10m", "staff.xlsx",
    "offered(abandoned 6%)", "55% after 30m", "mon-fri 08:00-20:00, sat 09:00-13:00", "Europe/London", "closed",
    "always", "no",
)  # fmt: skip
"""What scenarios hold: hostile text is mostly one of these with a stroke of the keyboard gone wrong."""
STROKES = "0123456789 .,:;/-–−+%€$£()[]{}'\"eE_xh\n\t\0\u200b\u0660\u00b2½∞"


@st.composite
def hostile(draw: st.DrawFn) -> str:
    """A valid word with up to four strokes of the keyboard inserted, dropped, or put for others."""
    text = draw(st.sampled_from(VALID))
    for _ in range(draw(st.integers(1, 4))):
        at, stroke = draw(st.integers(0, len(text))), draw(st.sampled_from(STROKES))
        kind = draw(st.sampled_from(["insert", "drop", "replace", "repeat"]))
        text = {
            "insert": text[:at] + stroke + text[at:],
            "drop": text[:at] + text[at + 1 :],
            "replace": text[:at] + stroke + text[at + 1 :],
            "repeat": text[:at] + stroke * 40 + text[at:],
        }[kind]
    return text


READERS: dict[str, Callable[[Any], Any]] = {
    "duration": units.duration,
    "share": units.share,
    "rate": units.rate,
    "money": units.money,
    "factor": units.factor,
    "count": units.count,
    "number": units.number,
    "clock": units.clock,
    "clock_range": units.clock_range,
    "target": units.target,
    "weekdays": units.weekdays,
    "call": units.call,
    "date": units.date,
    "hours": written_weeks.read_hours,
    "rates": written_weeks.read_week(units.rate, "an example"),
    "staff": read_staff,
    "time": words.read_time,
    "ending": words.read_ending,
    "again": words.read_again,
    "zone": words.read_zone,
    "interval": words.read_interval,
    "words": words.read_words,
    "day": words.read_date,
    "promise": words.read_target,
    "shape": written_weeks.read_shape,
    "factors": written_weeks.read_multiples,
    "weekday_factors": written_weeks.read_weekdays,
    "months": written_weeks.read_months,
    "growth": words.read_growth,
    "counts": words.read_counts,
    "moment": words.read_moment,
    "holidays": words.read_holidays,
    "limit": words.read_limit,
    "range": words.read_range,
    "file": rota.read_file,
    "shifts": rota.read_shifts,
    "amount": words.read_plain_money,
}


@pytest.mark.parametrize("name", READERS)
@given(text=hostile(), other=hostile(), form=st.sampled_from(["text", "list", "key", "value", "both"]))
def test_hostile_text_is_read_or_unclear(name: str, text: str, other: str, form: str) -> None:
    """A word mistyped, alone, in a list, or as key or value of a table, is read or refused as unclear in one line of
    text, never anything else."""
    value = {
        "text": text, "list": [text, other], "key": {text: 3}, "value": {"mon-fri": text}, "both": {text: {other: "3"}},
    }[form]  # fmt: skip
    try:
        READERS[name](value)
    except Unclear as problem:
        told = [(problem.what, problem.hint)]
    except Problems as problems:
        told = [(problem.what, problem.hint) for problem in problems.problems]
    else:
        return
    assert all(what and what.isprintable() and hint.isprintable() for what, hint in told)
