"""Staff is read from the files planners have, adds up to the hours in them, and what is wrong is told with its cell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.clock import DAY, WEEK, Calendar, Dated, Piece, Week, say_pieces
from sim.errors import ScenarioError
from sim.roster import read_levels, read_shifts
from sim.sheets import Tab, write_xlsx
from sim.shifts import USUAL, Shift, Team, shifts_of
from sim.units import HOUR, Money

QUARTER = 900
LONDON = "Europe/London"
LEVEL = "weekday,start,end,agents"
BACK, FORWARD = date(2026, 10, 25), date(2027, 3, 28)
"""Days on which London's clocks change."""


def file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "staff.csv"
    path.write_text(text.strip() + "\n", encoding="utf-8")
    return path


def levels(tmp_path: Path, text: str, zone: str = "UTC", **more: Any) -> Week | Dated:
    return read_levels(file(tmp_path, text), zone, **more)


def shifts(tmp_path: Path, text: str, zone: str = "UTC", **more: Any) -> tuple[Team, ...]:
    return read_shifts(file(tmp_path, text), zone, **more)


def mistakes(read: Callable[..., Any], tmp_path: Path, text: str, zone: str = "UTC", **more: Any) -> list[str]:
    with pytest.raises(ScenarioError) as found:
        read(tmp_path, text, zone, **more)
    return [str(mistake).replace(f"{tmp_path}/", "") for mistake in found.value.mistakes]


def week(plan: Week | Dated) -> Week:
    assert isinstance(plan, Week)
    return plan


def dated(plan: Week | Dated) -> Dated:
    assert isinstance(plan, Dated)
    return plan


def hours(plan: Week | Dated, zone: str = "UTC") -> float:
    """Agent-hours in a week that repeats, or on all the dates there are, as they are laid on real days."""
    if isinstance(plan, Week):
        return sum((piece.end - piece.start) * piece.value for piece in plan.pieces) / 3600
    days = Calendar(plan.days[0][0], zone)
    end = days.elapsed(len(plan.days), 0)
    return sum((until - start) * value for start, until, value in days.lay(plan, 0.0, end)) / 3600


# --- levels ----------------------------------------------------------------------------------------------------------


def test_levels_by_weekday_are_a_week(tmp_path: Path) -> None:
    """A row counts on each of its weekdays; rows that follow one another with as many agents are one piece."""
    plan = week(
        levels(
            tmp_path, "weekday,start,end,agents\nmon-fri,08:00,12:00,3\nmon-fri,12:00,18:00,3\nSaturday,9:00,12:00,1"
        )
    )
    assert say_pieces(plan) == "mon-fri 08:00-18:00, sat 09:00-12:00"
    assert {piece.value for piece in plan.on(0)} == {3.0}


def test_levels_by_date_hold_on_that_date(tmp_path: Path) -> None:
    """On the dates of the file its rows hold, on a date it leaves out nobody is there; beyond it, it repeats."""
    rows = "date,start,end,headcount\nMon 5 Oct 2026,08:00,18:00,4\n2026-10-07,08:00,18:00,2\n2026-10-11,10:00,16:00,1"
    plan = dated(levels(tmp_path, rows))
    assert plan.on(date(2026, 10, 5)) == (Piece(0, 8 * 3600, 18 * 3600, 4.0),)
    assert plan.on(date(2026, 10, 6)) == ()
    assert plan.on(date(2026, 10, 14)) == (Piece(2, 8 * 3600, 18 * 3600, 2.0),)
    assert plan.on(date(2026, 10, 4)) == (Piece(6, 10 * 3600, 16 * 3600, 1.0),)


def test_an_end_left_out_is_the_next_start(tmp_path: Path) -> None:
    """Without an end a row lasts until the next start of its day, the last one as long as most do."""
    plan = week(levels(tmp_path, "day,interval,HC\nmon,08:00,2\nmon,08:30,4\nmon,09:00,3\nmon,11:00,5"))
    assert [(piece.start / 3600, piece.end / 3600, piece.value) for piece in plan.pieces] == [
        (8, 8.5, 2), (8.5, 9, 4), (9, 11, 3), (11, 11.5, 5),
    ]  # fmt: skip


def test_the_rows_of_one_group_are_read(tmp_path: Path) -> None:
    """With a group asked for, the rows of others do not count; columns not asked for may hold anything."""
    rows = "group,weekday,start,end,agents,note\nphone,mon,08:00,12:00,3,?\nemail,mon,08:00,12:00,1,12:99"
    assert hours(levels(tmp_path, rows, group="email")) == 4


def test_columns_may_be_named(tmp_path: Path) -> None:
    """The caller's names of columns go before the usual ones."""
    rows = "Tag,von,bis,agents,Köpfe\nmon,08:00,12:00,9,2"
    named = {"weekday": "Tag", "start": "von", "end": "bis", "agents": "Köpfe"}
    assert hours(levels(tmp_path, rows, columns=named)) == 8


def test_a_row_may_run_past_midnight(tmp_path: Path) -> None:
    """An end before the start is on the next day, Sunday's on Monday; 00:00 is midnight."""
    plan = week(levels(tmp_path, "weekday,start,end,agents\nsun,22:00,06:00,2\nmon,08:00,00:00,1"))
    assert plan.on(0) == (Piece(0, 0, 6 * 3600, 2.0), Piece(0, 8 * 3600, DAY, 1.0))
    assert plan.on(6) == (Piece(6, 22 * 3600, DAY, 2.0),)


def test_moments_need_no_day(tmp_path: Path) -> None:
    """With a date and a time in both cells no column of days is needed, and a row may last for days."""
    plan = dated(levels(tmp_path, "start,end,agents\n2026-10-05 20:00,2026-10-07 08:00,2"))
    assert [(day.day, [(p.start, p.end) for p in pieces]) for day, pieces in plan.days] == [
        (5, [(20 * 3600, DAY)]), (6, [(0, DAY)]), (7, [(0, 8 * 3600)]),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["text", "Excel"])
def test_a_workbook_reads_as_the_csv_does(kind: str, tmp_path: Path) -> None:
    """Dates and times as Excel keeps them are those of the CSV, midnight at the day's end among them."""
    rows: list[tuple[Any, ...]] = [
        (date(2026, 10, 5), time(8), time(12, 30), 3.0),
        (date(2026, 10, 5), time(22), time(0), 2.0),
        (date(2026, 10, 6), time(0), time(6), 2.0),
    ]
    if kind == "text":
        rows = [(str(day), f"{start:%H:%M}", f"{end:%H:%M}", agents) for day, start, end, agents in rows]
    path = tmp_path / "staff.xlsx"
    write_xlsx(path, [Tab("October", ("Date", "From", "To", "Agents"), rows)])
    text = "date,from,to,agents\n2026-10-05,08:00,12:30,3\n2026-10-05,22:00,24:00,2\n2026-10-06,00:00,06:00,2"
    assert read_levels(path, "UTC", sheet="October") == levels(tmp_path, text)


def test_a_night_of_the_last_date_runs_into_the_next(tmp_path: Path) -> None:
    """Nobody starts on the day after the last; it has the rest of the night, and what the week before suggests."""
    rows = "date,start,end,agents\n"
    rows += "\n".join(f"2026-10-{day:02d},{span},{agents}" for day in range(5, 12) for span, agents in NIGHTS)
    plan = dated(levels(tmp_path, rows))
    assert plan.days[-1][0] == date(2026, 10, 12)
    assert plan.on(date(2026, 10, 12)) == tuple(piece._replace(weekday=0) for piece in plan.on(date(2026, 10, 6)))
    assert plan.on(date(2026, 10, 20)) == plan.on(date(2026, 10, 6))
    short = dated(levels(tmp_path, "date,start,end,agents\n2026-10-05,22:00,06:00,2"))
    assert short.days[-1] == (date(2026, 10, 6), (Piece(1, 0, 6 * 3600, 2.0),))


NIGHTS = (("08:00,18:00", 4), ("22:00,06:00", 2))


# --- clock changes ---------------------------------------------------------------------------------------------------


def test_the_two_passes_of_an_hour_are_told_apart(tmp_path: Path) -> None:
    """With utc_offset the second 01:00 has its own level, and the night has all its 25 hours."""
    rows = "date,start,end,utc_offset,agents\n"
    rows += "2026-10-25,00:00,01:00,+01:00,1\n2026-10-25,01:00,02:00,+01:00,2\n"
    rows += "2026-10-25,01:00,02:00,+00:00,3\n2026-10-25,02:00,00:00,+00:00,4"
    plan = dated(levels(tmp_path, rows, LONDON))
    laid = list(Calendar(BACK, LONDON).lay(plan, 0, 25 * 3600))
    assert laid == [(0, 3600, 1), (3600, 7200, 2), (7200, 10800, 3), (10800, 90000, 4)]


def test_nobody_in_the_second_pass_is_nobody(tmp_path: Path) -> None:
    """Where the rows leave the second pass out, the first does not last through it."""
    rows = "date,start,end,utc_offset,agents\n2026-10-25,00:00,02:00,+01:00,1\n2026-10-25,02:00,04:00,+00:00,4"
    plan = dated(levels(tmp_path, rows, LONDON))
    assert list(Calendar(BACK, LONDON).lay(plan, 0, 25 * 3600)) == [(0, 7200, 1), (7200, 10800, 0), (10800, 18000, 4)]


def test_a_night_shift_is_as_long_as_the_night(tmp_path: Path) -> None:
    """22:00 to 06:00 is paid for nine hours when the clocks go back, and for seven when they go forward."""
    for day, length in ((BACK, 9), (FORWARD, 7), (date(2026, 11, 8), 8)):
        rows = f"name,date,start,end\nAnn,{day - timedelta(days=1)},22:00,06:00"
        (team,) = shifts(tmp_path, rows, LONDON)
        assert hours(team.paid, LONDON) == length


@pytest.mark.parametrize(
    ("start", "offset", "what"),
    [
        (
            "2026-10-25,01:30", "",
            "staff.csv:2:2: start: 01:30 on 2026-10-25 exists twice in Europe/London: the clocks go back; "
            "say which in a column 'utc_offset': +01:00 or +00:00",
        ),
        (
            "2027-03-28,01:30", "",
            "staff.csv:2:2: start: 01:30 on 2027-03-28 does not exist in Europe/London: the clocks go forward; "
            "write 02:30, as the clocks show it",
        ),
        (
            "2026-10-26,01:30", "+01:00",
            "staff.csv:2:4: utc_offset: +01:00 is not the distance of Europe/London from UTC at that time; "
            "it is +00:00",
        ),
        (
            "2026-10-26,01:30", "BST",
            "staff.csv:2:4: utc_offset: 'BST' is not a distance from UTC; write it as in +01:00",
        ),
    ],
)  # fmt: skip
def test_an_odd_hour_is_a_mistake(start: str, offset: str, what: str, tmp_path: Path) -> None:
    """A start that the clocks show twice or never, or not with that distance from UTC, is told with what to write."""
    rows = f"date,start,end,utc_offset,agents\n{start},05:00,{offset},2"
    assert mistakes(levels, tmp_path, rows, LONDON) == [what]
    people = f"date,start,end,utc_offset,name\n{start},05:00,{offset},Ann"
    assert mistakes(shifts, tmp_path, people, LONDON) == [what]


# --- shifts ----------------------------------------------------------------------------------------------------------

PEOPLE = """
Name,Group,Skills,Days,Start,End,Breaks,Cost
Ann,front,phone/chat,mon-fri,08:00,16:30,"10:00-10:15, 12:30-13:00 unpaid",21 GBP/h
Bob,front,chat; phone,"mon,wed",12:00,20:00,,19
Cy,back,email,sat,09:00,13:00,,
Di,back,email,sun,off,,,
"""


def test_people_add_up_to_teams(tmp_path: Path) -> None:
    """A team for each group, with its skills, those on the floor, those paid, its people and their mean cost."""
    front, back = shifts(tmp_path, PEOPLE, channels=("phone", "chat", "email"), currency="GBP")
    assert (front.name, front.skills, front.people) == ("front", ("phone", "chat"), 2)
    monday = [(piece.start / 3600, piece.end / 3600, piece.value) for piece in week(front.agents).on(0)]
    assert monday == [
        (8, 10, 1), (10.25, 12, 1), (12, 12.5, 2), (12.5, 13, 1), (13, 16.5, 2), (16.5, 20, 1),
    ]  # fmt: skip
    assert hours(front.paid) == 5 * 8 + 2 * 8
    assert hours(front.agents) == 5 * 7.75 + 2 * 8
    assert front.cost == Money((40 * 21 + 16 * 19) / 56, "GBP", HOUR)
    assert (back.skills, back.cost, hours(back.paid)) == (("email",), None, 4)


def test_without_groups_a_set_of_skills_is_a_team(tmp_path: Path) -> None:
    """In any order and case; without skills all are one team."""
    rows = "agent,skills,weekday,start,end\nAnn,phone+chat,mon,08:00,16:00\nBob,Chat/Phone,mon,08:00,16:00\n"
    teams = shifts(tmp_path, rows + "Cy,email,mon,08:00,16:00", channels=("phone", "chat", "email"))
    assert [(team.name, team.skills, team.people) for team in teams] == [
        ("chat+phone", ("phone", "chat"), 2), ("email", ("email",), 1),
    ]  # fmt: skip
    (team,) = shifts(tmp_path, "agent,weekday,start,end\nAnn,mon,08:00,16:00\nBob,mon,08:00,16:00")
    assert (team.name, team.skills, team.people) == ("", (), 2)


def test_one_team_may_be_asked_for(tmp_path: Path) -> None:
    """With a group, only its team comes back."""
    (team,) = shifts(tmp_path, PEOPLE, group="back")
    assert team.name == "back"


def test_breaks_in_columns(tmp_path: Path) -> None:
    """Breaks are paid and lunch is not, unless a column says otherwise; an empty pair is no break."""
    header = "id,weekday,start,end,break 1 start,break 1 end,lunch_start,lunch_end,lunch paid"
    rows = "7,mon,22:00,06:00,23:00,23:15,02:00,02:30,\n8,tue,08:00,16:00,,,12:00,12:30,yes"
    (team,) = shifts(tmp_path, f"{header}\n{rows}")
    assert hours(team.paid) == 7.5 + 8
    assert hours(team.agents) == 7.25 + 7.5
    assert Piece(1, 2 * 3600 + 1800, 6 * 3600, 1.0) in week(team.agents).on(1)


@pytest.mark.parametrize(
    ("header", "cell", "paid"),
    [
        ("Lunch", "12:00-12:30", 7.5),
        ("Lunch", "12:00-12:30 paid", 8),
        ("Lunch (paid)", "12:00-12:30", 8),
        ("Meal", "12:00 - 12:30", 7.5),
        ("Tea break", "12:00–12:30", 8),
        ("Tea_break (unpaid)", "12:00-12:30", 7.5),
        ("Pause", "12:00-12:30 unpaid", 7.5),
    ],
)
def test_a_column_of_breaks_is_known_by_its_header(tmp_path: Path, header: str, cell: str, paid: float) -> None:
    """Ranges below it are breaks; lunch and meals are unpaid, others paid, unless header or cell says otherwise."""
    (team,) = shifts(tmp_path, f"name,weekday,start,end,{header}\nAnn,mon,08:00,16:00,{cell}")
    assert (hours(team.agents), hours(team.paid)) == (7.5, paid)
    assert team.shows_breaks


def test_breaks_of_two_columns_add_up(tmp_path: Path) -> None:
    """A column of breaks and one of lunch both count, and what overlaps between them is a mistake of its cell."""
    rows = "name,weekday,start,end,breaks,Lunch\nAnn,mon,08:00,16:00,10:00-10:15,12:00-12:30\n"
    (team,) = shifts(tmp_path, rows)
    assert (hours(team.agents), hours(team.paid)) == (7.25, 7.5)
    (found,) = mistakes(shifts, tmp_path, rows + "Bob,mon,08:00,16:00,12:15-12:45,12:00-12:30")
    assert found.startswith("staff.csv:3:5: breaks: the break 12:15-12:45 overlaps the break 12:00-12:30")


def test_columns_that_are_not_used_are_told(tmp_path: Path) -> None:
    """Whatever nothing was read from, in the order of the file; minutes of lunch are no break."""
    told: list[tuple[str, ...]] = []
    rows = "Name,Contract h,Day,Start,End,Lunch min,Tea,Comment\nAnn,37.5,mon,08:00,16:00,30,10:00-10:15,late"
    (team,) = shifts(tmp_path, rows, tell=told.append)
    levels(tmp_path, f"{LEVEL},note\nmon,08:00,16:00,3,?", tell=told.append)
    assert told == [("Contract h", "Lunch min", "Comment"), ("note",)]
    assert hours(team.agents) == 7.75


@pytest.mark.parametrize("row", [",,,,312.5", "Hours,,,,312.5", "Total hours,,,,312.5", "Total,,,,312.5", ",Hours,,,8"])
def test_sums_below_the_shifts_are_left_out(tmp_path: Path, row: str) -> None:
    """A row at the end without start, end and name, or with the name of a sum; a person without times is none."""
    rows = "name,day,start,end,hours\nAnn,mon,08:00,16:00,8"
    assert hours(shifts(tmp_path, f"{rows}\n{row}")[0].paid) == 8
    assert "this shift has no start" in mistakes(shifts, tmp_path, f"{rows}\nZed,tue,,,8")[0]


def test_a_currency_is_asked_for_once(tmp_path: Path) -> None:
    """Once a column, not once a row."""
    rows = "name,day,start,end,Rate\nAnn,mon,08:00,16:00,13.50\nBob,mon,08:00,16:00,14"
    assert mistakes(shifts, tmp_path, rows) == [
        "staff.csv:2:5: Rate: '13.50' has no currency; write the currency into the header, as in Rate (GBP)"
    ]


def test_days_is_a_name_of_the_weekdays(tmp_path: Path) -> None:
    """``columns: {days: …}`` is ``columns: {weekday: …}``."""
    assert hours(levels(tmp_path, "Tag,from,to,hc\nmon,08:00,12:00,2", columns={"days": "Tag"})) == 8


def test_the_first_sheet_with_the_columns_is_read(tmp_path: Path) -> None:
    """Not the first table of the workbook; where no sheet has them all, the one that lacks the fewest is named."""
    path = tmp_path / "rota.xlsx"
    notes = Tab("Read me", ("What", "Who"), [("rota", "planning")])
    team = Tab("Team", ("Name", "Phone no"), [("Ann", "123")])
    week_ = Tab("Week", ("Name", "Day", "Start", "End"), [("Ann", "mon", "08:00", "16:00")])
    write_xlsx(path, [notes, team, week_])
    assert hours(read_shifts(path, "UTC")[0].paid) == 8
    write_xlsx(path, [notes, team])
    with pytest.raises(ScenarioError, match=r"rota\.xlsx, sheet Team, row 1: no column holds the day, as a date"):
        read_shifts(path, "UTC")


@pytest.mark.parametrize("header", ["cost (GBP/h)", "Cost GBP", "hourly rate £", "pay [GBP]", "Cost GBP/h"])
def test_the_header_may_have_the_currency(header: str, tmp_path: Path) -> None:
    """A bare number is in the currency of its header, before that of the caller."""
    (team,) = shifts(tmp_path, f"name,weekday,start,end,{header}\nAnn,mon,08:00,16:00,21.5", currency="EUR")
    assert team.cost == Money(21.5, "GBP", HOUR)


@pytest.mark.parametrize("row", ["Bob,2026-10-06,,,Sick", "Bob,2026-10-06,OFF,,", "Bob,2026-10-06,09:00,17:00,holiday"])
def test_whoever_is_off_is_not_on_duty(row: str, tmp_path: Path) -> None:
    """Off, leave and sick are nobody on duty, but their date is known."""
    (team,) = shifts(tmp_path, f"name,date,start,end,status\nAnn,2026-10-05,09:00,17:00,\n{row}")
    assert hours(team.paid) == 8
    assert [day.day for day, _ in dated(team.paid).days] == [5, 6]


# --- sums ------------------------------------------------------------------------------------------------------------


@st.composite
def some_shifts(draw: st.DrawFn, *, on: st.SearchStrategy[Any]) -> Shift:
    """A shift in quarters of an hour, up to 14 h long, with breaks that do not overlap."""
    start, length = draw(st.integers(0, 95)), draw(st.integers(1, 56))
    edges = sorted(draw(st.sets(st.integers(0, length), max_size=6)))
    pairs = list(zip(edges[::2], edges[1::2], strict=False))
    breaks = [((start + a) * QUARTER, (start + b) * QUARTER, draw(st.booleans())) for a, b in pairs]
    agents = draw(st.integers(1, 9))
    return Shift(agents, draw(on), start * QUARTER, (start + length) * QUARTER, tuple(breaks))


WEEKDAYS = st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days)))


def on_duty(shift: Shift, second: int, *, paid: bool) -> bool:
    away = any(a <= second < b and not (paid and counts) for a, b, counts in shift.breaks)
    return shift.start <= second < shift.end and not away


@given(st.lists(some_shifts(on=WEEKDAYS), max_size=5))
def test_a_week_holds_every_shift(listed: list[Shift]) -> None:
    """At any time there are as many as have begun and neither ended nor are on a break; Sunday runs into Monday."""
    team = shifts_of(listed)
    for plan, paid in ((week(team.agents), False), (week(team.paid), True)):
        for moment in range(0, WEEK, QUARTER):
            there = sum(
                shift.agents
                for shift in listed
                for day in (shift.days if isinstance(shift.days, tuple) else ())
                for round_ in (0, WEEK)
                if on_duty(shift, moment + round_ - day * DAY, paid=paid)
            )
            assert (plan.at(moment // DAY, moment % DAY) or 0) == there


def test_the_people_of_a_team_are_who_is_on_the_floor() -> None:
    """Each has the hours of their shifts less the breaks, nights included; together they are the team's agents."""
    night = Shift(2, (5, 6), 22 * 3600, 30 * 3600, ((25 * 3600, 26 * 3600, False),), name="night")
    team = shifts_of([night, Shift(3, (0,), 8 * 3600, 16 * 3600, name="early")])
    assert [(member.name, member.heads, hours(member.plan)) for member in team.members] == [
        ("night", 2, 14.0),
        ("early", 3, 8.0),
    ]
    assert hours(team.agents) == 2 * 14 + 3 * 8
    # the night of Sunday ends on Monday morning
    assert week(team.members[0].plan).at(0, 5 * 3600) == 1


def test_a_file_may_say_how_people_work(tmp_path: Path) -> None:
    """Speed, quality and rank are the person's; who says nothing is as usual, and a score is not taken for a factor."""
    text = "person,day,start,end,speed,quality factor,agent rank\n"
    ann, bob = shifts(
        tmp_path, text + "Ann,mon,09:00,17:00,1.1x,0.9,2\nAnn,tue,09:00,13:00,,,\nBob,mon,09:00,17:00,,,"
    )[0].members
    assert (ann.name, ann.heads, hours(ann.plan), ann.skill[:3]) == ("Ann", 1, 12.0, (1.1, 0.9, 2))
    assert bob.skill == USUAL
    found = mistakes(shifts, tmp_path, text + "Ann,mon,09:00,17:00,87,,first")
    assert found == [
        "staff.csv:2:5: speed: '87' is no factor of a person; write it as in 1.1x",
        "staff.csv:2:7: agent rank: 'first' is not a whole number; write a whole number, such as 12 or 50_000",
    ]


@given(st.lists(some_shifts(on=WEEKDAYS), max_size=6))
def test_paid_hours_are_those_of_the_shifts(listed: list[Shift]) -> None:
    """Σ shift − unpaid breaks; on the floor is what is left without the paid ones too."""
    team = shifts_of(listed)

    def total(shift: Shift, *kinds: bool) -> float:
        away = sum(b - a for a, b, paid in shift.breaks if paid in kinds)
        assert isinstance(shift.days, tuple)
        return shift.agents * len(shift.days) * (shift.end - shift.start - away) / 3600

    assert hours(team.paid) == sum(total(shift, False) for shift in listed)
    assert hours(team.agents) == sum(total(shift, True, False) for shift in listed)
    assert team.people == sum(shift.agents for shift in listed)


DATES = st.integers(0, 4).map(lambda number: date(2026, 10, 23) + timedelta(days=number))


@given(st.lists(some_shifts(on=DATES), min_size=1, max_size=5), st.sampled_from([LONDON, "UTC", "Australia/Lord_Howe"]))
def test_dates_hold_the_hours_that_pass(listed: list[Shift], zone: str) -> None:
    """Also in the night in which the clocks go back: shifts and breaks last as long as they do in real time."""

    def passed(day: date, start: int, end: int) -> float:
        days = Calendar(day, zone)
        return (days.elapsed(0, end) - days.elapsed(0, start)) / 3600

    team = shifts_of(listed, zone)
    paid = floor = 0.0
    for shift in listed:
        assert isinstance(shift.days, date)
        whole = passed(shift.days, shift.start, shift.end)
        away = {
            kind: sum(passed(shift.days, a, b) for a, b, of in shift.breaks if of == kind) for kind in (True, False)
        }
        paid += shift.agents * (whole - away[False])
        floor += shift.agents * (whole - away[False] - away[True])
    assert hours(team.paid, zone) == pytest.approx(paid)
    assert hours(team.agents, zone) == pytest.approx(floor)


# --- mistakes --------------------------------------------------------------------------------------------------------

LEVELS = [
    ("mon,08:00,12:00,13.5", "staff.csv:2:4: agents: 13.5 agents are not a whole number; round it to 13 or 14"),
    ("mon,08:00,12:00,", "staff.csv:2:4: agents: this row has no number of agents; write 0 where nobody is there"),
    ("mon,08:00,12:00,20000", "staff.csv:2:4: agents: 20000 agents are too many; give 10,000 or less"),
    ("mon,,12:00,3", "staff.csv:2:2: start: this row has no start; write a time such as 09:00"),
    (",08:00,12:00,3", "staff.csv:2:1: day: this row has no day; write a date or weekdays"),
    ("mon,08:00,,3", "staff.csv:2:1: nothing says when this row ends; add a column 'end'"),
    (
        "mon,08:00,08:00,3",
        "staff.csv:2:3: end: this row starts and ends at the same time; write 00:00-24:00 for a whole day",
    ),
    ("mon,16:00,08:00,3", "staff.csv:2:3: end: this row ends before it starts; a night shift is at most 14 h long"),
    (
        "2026-10-05,08:00,12:00,3\nmon,13:00,14:00,3",
        "staff.csv:3:1: this row has weekdays, those before it have dates; write the one or the other",
    ),
    (
        "mon-wed,08:00,12:00,3\ntue-fri,11:00,14:00,3",
        "staff.csv:3:2: start: this row overlaps line 2; let the rows of a day follow one another",
    ),
    (
        "sun,22:00,06:00,3\nmon,05:00,08:00,3",
        "staff.csv:3:2: start: this row overlaps line 2; let the rows of a day follow one another",
    ),
]


@pytest.mark.parametrize(("rows", "what"), LEVELS)
def test_a_mistake_in_levels(rows: str, what: str, tmp_path: Path) -> None:
    """Each is told with its cell, what is wrong, and what to write."""
    assert mistakes(levels, tmp_path, f"day,start,end,agents\n{rows}") == [what]


def test_text_among_agents(tmp_path: Path) -> None:
    """Words where a number belongs are a mistake of that cell, and all such are told at once."""
    rows = "weekday,start,end,agents\nmon,08:00,12:00,three\ntue,08:00,12:00,3\nwed,08:00,12:00,some"
    told = mistakes(levels, tmp_path, rows)
    assert [line.partition(" is ")[0] for line in told] == [
        "staff.csv:2:4: agents: 'three'",
        "staff.csv:4:4: agents: 'some'",
    ]


def test_an_unknown_group(tmp_path: Path) -> None:
    """What the file has is suggested; without a group, a file of several has to be asked for one."""
    rows = "group,weekday,start,end,agents\nphone,mon,08:00,12:00,3\nemail,mon,08:00,12:00,1"
    assert mistakes(levels, tmp_path, rows, group="fone") == [
        "staff.csv:1:1: group: there are no rows of the group 'fone'; did you mean 'phone'?"
    ]
    assert mistakes(levels, tmp_path, rows) == [
        "staff.csv:1:1: group: the file has the groups phone, email; say which, as in {file: staff.csv, group: phone}"
    ]


def test_a_missing_column_is_named_as_a_scenario_names_it(tmp_path: Path) -> None:
    """The hint is what to write beside the file's name: columns, with ours and theirs; the nearest is offered."""
    (found,) = mistakes(levels, tmp_path, "day,begins,end,Headcounts\nmon,08:00,12:00,3")
    hint = 'say which they are with columns: {start: "begins", agents: "Headcounts"}'
    assert found.endswith(f"there are: day, begins, end, Headcounts; {hint}")


def test_a_row_of_no_group(tmp_path: Path) -> None:
    """Among rows of groups it is a mistake: merged cells of a workbook leave it empty, and nobody's staff is lost."""
    rows = "group,weekday,start,end,agents\nphone,mon,08:00,12:00,3\n,tue,08:00,12:00,1"
    what = "staff.csv:3:1: group: this row is of no group; write its group into every row"
    assert mistakes(levels, tmp_path, rows, group="phone") == [what]
    rows = "group,weekday,start,end,name\nphone,mon,08:00,12:00,Ann\n,tue,off,,Bob"
    assert mistakes(shifts, tmp_path, rows) == [what.replace("row is", "shift is")]


def test_a_file_without_days(tmp_path: Path) -> None:
    """Neither a day nor moments: the header is told what is missing."""
    assert mistakes(levels, tmp_path, "start,end,agents\n08:00,12:00,3") == [
        "staff.csv:1:1: no column holds the day, as a date or as weekdays; looked for: date, shift date, work date, "
        "start date; there are: start, end, agents; say which it is with columns: {date: …}"
    ]
    assert mistakes(levels, tmp_path, "Tag,von,bis,Köpfe\n05.10.2026,08:00,12:00,3") == [
        "staff.csv:1:1: no column holds the day, as a date or as weekdays (looked for: date, shift date, work date, "
        "start date), nor 'start' (looked for: start, start time, shift start, from, begin, interval start and the "
        "like), nor 'agents' (looked for: agents, headcount, heads, hc, scheduled, staff and the like); there are: "
        'Tag, von, bis, Köpfe; say which they are with columns: {date: "Tag", start: "von", agents: …}'
    ]


SHIFTS = [
    (
        "Ann,mon,16:00,08:00,,,",
        "staff.csv:2:4: end: this shift ends before it starts; a night shift is at most 14 h long",
    ),
    (
        "Ann,,2026-10-05 16:00,2026-10-05 08:00,,,",
        "staff.csv:2:4: end: this shift ends before it starts; check the date of its end",
    ),
    (
        "Ann,,2026-10-05 08:00,2026-11-05 16:00,,,",
        "staff.csv:2:4: end: this shift is longer than a day; check the dates of its start and its end",
    ),
    (
        "Ann,mon-tue,08:00,16:00,,,\nBob,mon,08:00,16:00,,,\nAnn,tue,15:00,18:00,,,",
        "staff.csv:4:3: start: this shift of Ann overlaps the one in line 2; nobody works two shifts at once",
    ),
    (
        "Ann,sun,20:00,06:00,,,\nAnn,mon,05:00,08:00,,,",
        "staff.csv:3:3: start: this shift of Ann overlaps the one in line 2; nobody works two shifts at once",
    ),
    (
        "Ann,mon,08:00,16:00,16:00-16:15,,",
        "staff.csv:2:5: breaks: the break 16:00-16:15 lies outside the shift 08:00-16:00; "
        "keep breaks within their shift",
    ),
    (
        'Ann,mon,22:00,06:00,"01:00-01:30, 01:15-02:00 unpaid",,',
        "staff.csv:2:5: breaks: the break 01:15-02:00 overlaps the break 01:00-01:30; "
        "keep breaks apart from one another",
    ),
    (
        "Ann,mon,08:00,16:00,at noon,,",
        "staff.csv:2:5: breaks: 'at noon' is not a range of times; write two times of day, such as 09:00-17:30",
    ),
    ("Ann,mon,08:00,16:00,,fone,", "staff.csv:2:6: skills: 'fone' is no channel; did you mean 'phone'?"),
    (
        "Ann,mon,08:00,16:00,,,21",
        "staff.csv:2:7: cost: '21' has no currency; write the currency into the header, as in cost (GBP)",
    ),
    (
        "Ann,mon,08:00,16:00,,,21 GBP/h\nBob,mon,08:00,16:00,,,21 EUR/h",
        "staff.csv:3:7: cost: this cost is in EUR, those before it are in GBP; write all costs in one currency",
    ),
    (
        "Ann,mon,08:00,16:00,,,3000 EUR/month",
        "staff.csv:2:7: cost: '3000 EUR/month' is not for an hour; write it as in 21 GBP/h",
    ),
    ("Ann,mon,08:00,16:00,,,£21", "staff.csv:2:7: cost: '£21' is not an amount of money; write 21 GBP"),
    ("Ann,mon,08:00,,,,", "staff.csv:2:4: end: this shift has no end; write a time such as 17:30"),
    ("Ann,mon,,,,,", "staff.csv:2:3: start: this shift has no start; write a time such as 09:00"),
    (",mon,08:00,16:00,,,", "staff.csv:2:1: name: this shift is nobody's; write who works it"),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "what"), SHIFTS)
def test_a_mistake_in_shifts(rows: str, what: str, tmp_path: Path) -> None:
    """Each is told with its cell, what is wrong, and what to write."""
    header = "name,day,start,end,breaks,skills,cost"
    assert mistakes(shifts, tmp_path, f"{header}\n{rows}", channels=("phone", "email")) == [what]


def test_mistakes_in_columns_of_breaks(tmp_path: Path) -> None:
    """Half a break, an unclear yes, and a column whose other half is not there."""
    header = "name,day,start,end,lunch start,lunch end,lunch paid"
    assert mistakes(
        shifts, tmp_path, f"{header}\nAnn,mon,08:00,16:00,12:00,,\nBob,mon,08:00,16:00,12:00,12:30,half"
    ) == [
        "staff.csv:2:5: lunch start: this lunch has no end; write both, or neither",
        "staff.csv:3:7: lunch paid: 'half' does not say whether it is paid; write yes or no",
    ]
    assert mistakes(shifts, tmp_path, "name,day,start,end,break 2 end\nAnn,mon,08:00,16:00,12:00") == [
        "staff.csv:1:5: break 2 end: the break 2 has no column for its start; add it"
    ]


def test_a_group_has_one_set_of_skills(tmp_path: Path) -> None:
    """Whoever has others belongs into another group."""
    rows = "name,team,skills,day,start,end\nAnn,a,phone+chat,mon,08:00,16:00\nBob,a,phone,mon,08:00,16:00"
    assert mistakes(shifts, tmp_path, rows) == [
        "staff.csv:3:3: skills: Bob has phone, others of the group a have phone, chat; "
        "give every set of skills a group of its own"
    ]


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    """Those of different kinds and rows stand in one report, in the order of the file."""
    rows = "name,day,start,end,cost\nAnn,mon,25:00,08:00,21 GBP/h\nBob,mon,08:00,09:00,x\nCy,funday,08:00,16:00,"
    told = mistakes(shifts, tmp_path, rows)
    assert [line.split(": ")[0] for line in told] == ["staff.csv:2:3", "staff.csv:3:5", "staff.csv:4:2"]


@pytest.mark.parametrize("zone", [LONDON, "America/New_York", "UTC"])
@given(moment=st.integers(0, 3 * 96), length=st.integers(1, 40))
def test_a_start_is_read_or_refused(
    moment: int, length: int, zone: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Over three days around the change a shift is refused exactly if the clocks do not show its start once."""
    start = datetime(2026, 10, 24) + timedelta(seconds=moment * QUARTER)
    end = start + timedelta(seconds=length * QUARTER)
    rows = f"name,start,end\nAnn,{start:%Y-%m-%d %H:%M},{end:%Y-%m-%d %H:%M}"
    folder = tmp_path_factory.mktemp("start")
    once = start.replace(tzinfo=ZoneInfo(zone)).utcoffset() == start.replace(tzinfo=ZoneInfo(zone), fold=1).utcoffset()
    if once:
        assert shifts(folder, rows, zone)[0].people == 1
    else:
        assert "exists twice" in mistakes(shifts, folder, rows, zone)[0]
