"""Whose staff is what: shifts in the scenario, tables in files, rosters; gaps in the cover, breaks, and costs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.clock import Week, say_pieces
from sim.desk import Desk, Group
from sim.errors import ScenarioError
from sim.measures.work import edges, level_at
from sim.measures.workload import paid, scheduled, staff_cost
from sim.report import assumptions
from sim.scenario import lower
from sim.scenario.read import Scenario, read
from sim.scenario.staff import groups
from sim.shifts import Team

HOUR = 3_600_000
DAY = 24 * HOUR
PLAIN = "name: Desk\nrun_in: 0d\ndrain: 1d\nlasts: 7d\n"
EARLY = "early: {agents: 3, days: mon-fri, hours: 08:00-16:00, breaks: [10:00-10:15, 12:00-12:30 unpaid]}"
LATE = "late: {agents: 2, days: mon-fri, hours: 12:00-20:00, breaks: [16:00-16:30 unpaid]}"
PEOPLE = """\
person,group,skills,days,start,end,breaks,cost
Ann,front,phone,mon-fri,08:00,16:00,"10:00-10:15, 12:00-12:30 unpaid",20 GBP/h
Bob,front,phone,mon-fri,12:00,20:00,16:00-16:30 unpaid,24 GBP/h
Cy,back,"phone, email",mon-fri,08:00,20:00,,15 GBP/h
"""


def scenario(tmp_path: Path, text: str, *sets: str, **files: str) -> Scenario:
    for name, content in files.items():
        (tmp_path / f"{name}.csv").write_text(content, encoding="utf-8")
    path = tmp_path / "desk.yaml"
    path.write_text(PLAIN + text, encoding="utf-8")
    return read(path, sets)


def on_phone(keys: str) -> str:
    return f"phone: {{rate: 6/h, hours: {{mon-fri: 08:00-20:00}}, {keys}}}\n"


def shifts(*listed: str) -> str:
    return f"shifts: {{{', '.join(listed)}}}"


def mistakes(tmp_path: Path, text: str, *sets: str, **files: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        scenario(tmp_path, text, *sets, **files)
    return [str(mistake).replace(f"{tmp_path}/", "") for mistake in caught.value.mistakes]


def levels(group: Group, *hours: float) -> list[int]:
    """Agents on the floor at hours after the first midnight."""
    return [int(level) for level in level_at(group, np.array([round(hour * HOUR) for hour in hours]))]


def heads(desk: Desk, number: int = 0) -> float:
    """Agent-hours on the floor."""
    return float((scheduled(desk)[number] * np.diff(edges(desk))).sum() / HOUR)


# --- shifts in the scenario ------------------------------------------------------------------------------------------


def test_shifts_add_up_less_those_on_a_break(tmp_path: Path) -> None:
    """On the floor are all shifts of the moment without their breaks; on the payroll, also who has a paid break."""
    desk = lower.desk(scenario(tmp_path, on_phone(shifts(EARLY, LATE))))
    (group,) = desk.groups
    assert levels(group, 7.9, 8, 10, 10.25, 12, 12.5, 16, 16.5, 20) == [0, 3, 0, 3, 2, 5, 0, 2, 0]
    assert group.paid is not None
    at_pause = Group("", group.paid, 0.0, 0.0)
    assert levels(at_pause, 10, 12, 16) == [3, 2, 0]
    assert levels(group, 24 * 5 + 9) == [0]
    assert heads(desk) == pytest.approx(5 * (3 * 7.25 + 2 * 7.5))


def test_shifts_cost_their_paid_hours(tmp_path: Path) -> None:
    """Paid hours × cost / (1 − shrinkage): 3 × 7.5 h and 2 × 7.5 h on five days at 20 EUR and 24 %."""
    found = scenario(tmp_path, on_phone(shifts(EARLY, LATE) + ", cost: 20 EUR/h"))
    desk = lower.desk(found)
    assert desk.groups[0].shrinkage == 0.24
    assert staff_cost(desk) == pytest.approx(5 * (3 + 2) * 7.5 * 20 / 0.76)
    assert paid(desk).sum() / 2 == pytest.approx(5 * (3 + 2) * 7.5 / 0.76)
    assert found.assumed["channels.phone.shrinkage"].value == "24%"
    plain = scenario(tmp_path, on_phone("staff: 3, cost: 20 EUR/h"))
    assert staff_cost(lower.desk(plain)) == pytest.approx(60 * 3 * 20 / 0.7)


def test_a_night_shift_of_sunday_is_mondays_morning(tmp_path: Path) -> None:
    """Shifts repeat every week, past midnight and past the week's end."""
    all_day = shifts("night: {agents: 2, hours: 22:00-06:00}", "day: {agents: 4, hours: 06:00-22:00}")
    text = f"phone: {{rate: 6/h, hours: always, {all_day}}}\n"
    (group,) = lower.desk(scenario(tmp_path, text)).groups
    assert levels(group, 0, 5.99, 6, 21.99, 22, 24 * 7 - 0.01) == [2, 2, 4, 4, 2, 2]


def test_a_group_has_shifts_like_a_channel(tmp_path: Path) -> None:
    """Shifts of a group that answers two channels are those of a channel of its own."""
    text = "phone: {rate: 6/h, hours: {mon-fri: 08:00-20:00}}\nemail: {volume: 9/week}\n"
    group = f"groups: {{all: {{answers: [phone], then: [email], {shifts(EARLY, LATE)}}}}}\n"
    (found,) = lower.desk(scenario(tmp_path, text + group)).groups
    (own,) = lower.desk(scenario(tmp_path, on_phone(shifts(EARLY, LATE)))).groups
    assert (found.levels, found.paid, found.shrinkage) == (own.levels, own.paid, own.shrinkage)


# --- cover -----------------------------------------------------------------------------------------------------------


def test_a_break_of_everybody_of_up_to_an_hour_is_no_gap(tmp_path: Path) -> None:
    """With shifts, an hour without anybody is a break; a minute more is a gap, and with staff any minute is."""
    cover = "all: {{agents: 2, days: mon-fri, hours: 08:00-20:00, breaks: [12:00-{}]}}"
    assert scenario(tmp_path, on_phone(shifts(cover.format("13:00"))))
    assert mistakes(tmp_path, on_phone(shifts(cover.format("13:01")))) == [
        "desk.yaml:5:1: phone: nobody answers phone mon-fri 12:00-13:01, when it is open; staff it, or close it then"
    ]
    table = "staff: {mon-fri: {08:00-12:00: 2, 12:01-20:00: 2}}"
    assert mistakes(tmp_path, on_phone(table)) == [
        "desk.yaml:5:1: phone: nobody answers phone mon-fri 12:00-12:01, when it is open; staff it, or close it then"
    ]


def test_the_sheet_of_a_run_with_breaks_is_read_back(tmp_path: Path) -> None:
    """A table by dates may have an hour without anybody, as the staffing sheet of shifts has; not a minute more."""

    def table(end: str) -> str:
        spans = [f"2026-10-{day:02d},{span},4" for day in range(5, 10) for span in ("08:00,12:00", f"{end},20:00")]
        return "\n".join(["date,start,end,agents", *spans]) + "\n"

    text = on_phone("staff: levels.csv")
    assert scenario(tmp_path, text, levels=table("13:00"))
    [told] = mistakes(tmp_path, text, levels=table("13:01"))
    assert "nobody answers phone Mon 2026-10-05 12:00-13:01" in told


def test_a_gap_in_a_table_by_dates_has_its_date(tmp_path: Path) -> None:
    """The first gap is shown with its day, and how many more there are."""
    rows = [f"2026-10-{day:02d},08:00,{'20:00' if day not in (7, 8) else '18:30'},4" for day in range(5, 10)]
    text = on_phone("staff: levels.csv")
    assert mistakes(tmp_path, text, levels="\n".join(["date,start,end,agents", *rows]) + "\n") == [
        "desk.yaml:5:1: phone: nobody answers phone Wed 2026-10-07 18:30-20:00 and 1 more times, when it is open; "
        "staff it, or close it then"
    ]


def test_on_holidays_only_those_are_asked_for_that_there_are(tmp_path: Path) -> None:
    """A gap on holidays is one where the scenario has holidays, and closing then mends it."""
    cover = on_phone("staff: {mon-fri: {08:00-20:00: 2}, holiday: {08:00-12:00: 1}}").replace(
        "{mon-fri: 08:00-20:00}", "{mon-fri: 08:00-20:00, holiday: 08:00-16:00}"
    )
    assert scenario(tmp_path, cover)
    assert mistakes(tmp_path, cover + "holidays: GB\n") == [
        "desk.yaml:5:1: phone: nobody answers phone holiday 12:00-16:00, when it is open; staff it, or close it then"
    ]
    assert scenario(tmp_path, cover.replace("holiday: 08:00-16:00", "holiday: closed") + "holidays: GB\n")


# --- files -----------------------------------------------------------------------------------------------------------

LEVELS = """\
weekday,start,end,agents,group
mon-fri,08:00,12:00,3,front
mon-fri,12:00,20:00,5,front
mon-fri,08:00,20:00,1,back
"""


def test_a_file_of_levels_is_a_table_of_staff(tmp_path: Path) -> None:
    """The rows of the group that is asked for mean what the same table in the scenario means."""
    found = scenario(tmp_path, on_phone("staff: {file: levels.csv, group: front}"), levels=LEVELS)
    written = scenario(tmp_path, on_phone("staff: {mon-fri: {08:00-12:00: 3, 12:00-20:00: 5}}"))
    assert isinstance(found.spec.channels["phone"].staff, Week)
    assert found.digest == written.digest
    assert lower.desk(found).groups == lower.desk(written).groups


def test_a_group_reads_the_rows_of_its_name(tmp_path: Path) -> None:
    """Without a group that is asked for, those of the group's own name."""
    text = "phone: {rate: 6/h, hours: {mon-fri: 08:00-20:00}}\ngroups: {back: {answers: phone, staff: levels.csv}}\n"
    staff = scenario(tmp_path, text, levels=LEVELS).spec.groups["back"].staff
    assert isinstance(staff, Week)
    assert say_pieces(staff) == "mon-fri 08:00-20:00"
    (problem,) = mistakes(tmp_path, text.replace("levels.csv", "{file: levels.csv, group: bakc}"))
    assert "levels.csv" in problem
    assert "did you mean 'back'?" in problem


def test_mistakes_of_a_file_have_its_cells(tmp_path: Path) -> None:
    """What is wrong in a table of staff is told with its line, beside what is wrong in the scenario, and no gap is."""
    wrong = LEVELS.replace("20:00,5", "20:00,five")
    found = mistakes(tmp_path, on_phone("staff: {file: levels.csv, group: front}, patience: 3"), levels=wrong)
    assert len(found) == 2
    assert found[0].startswith("desk.yaml:5:102: phone.patience: 3 has no unit")
    assert found[1].startswith("levels.csv:3:4: agents: ")
    assert "'five'" in found[1]


def test_a_file_that_is_not_there_is_told_in_the_scenario(tmp_path: Path) -> None:
    """A missing table is a mistake at the value that names it."""
    (found,) = mistakes(tmp_path, on_phone("staff: nothing.csv"))
    assert found.startswith("desk.yaml:5:58: phone.staff: ")
    assert "nothing.csv: there is no such file" in found


def test_a_file_of_shifts_is_who_works_when_at_what_cost(tmp_path: Path) -> None:
    """A team is chosen by the group that is named; its costs are those of its paid hours."""
    found = scenario(tmp_path, on_phone("shifts: {file: people.csv, group: front}"), people=PEOPLE)
    team = found.spec.channels["phone"].shifts
    assert isinstance(team, Team)
    assert (team.name, team.people, team.skills) == ("front", 2, ("phone",))
    desk = lower.desk(found)
    assert levels(desk.groups[0], 8, 10, 12, 13, 16, 17) == [1, 0, 1, 2, 0, 1]
    assert desk.currency == "GBP"
    assert staff_cost(desk) == pytest.approx(5 * 7.5 * (20 + 24) / 0.76)
    assert "channels.phone.cost" not in found.assumed
    assert "channels.phone.shrinkage" in found.assumed


def test_of_several_groups_one_has_to_be_named(tmp_path: Path) -> None:
    """A file with more than one team says which there are, or which was meant."""
    assert mistakes(tmp_path, on_phone("shifts: people.csv"), people=PEOPLE) == [
        "desk.yaml:5:59: phone.shifts: people.csv has no group 'phone'; say which: {file: people.csv, group: front}"
    ]
    assert mistakes(tmp_path, on_phone("shifts: {file: people.csv, group: frnt}"), people=PEOPLE) == [
        "desk.yaml:5:51: phone.shifts: people.csv has no group 'frnt'; did you mean 'front'?"
    ]
    one = PEOPLE.replace(",back,", ",front,").replace('"phone, email"', "phone")
    assert scenario(tmp_path, on_phone("shifts: people.csv"), people=one)


ROSTER = "phone: {rate: 6/h, hours: {mon-fri: 08:00-20:00}}\nemail: {volume: 9/week}\nroster: people.csv\n"


def test_a_roster_makes_a_group_of_every_set_of_skills(tmp_path: Path) -> None:
    """Without a column of groups, people with the same skills are one, which answers those channels."""
    rows = [line.split(",", 2) for line in PEOPLE.splitlines()]
    people = "\n".join(f"{name},{rest}" for name, _, rest in rows) + "\n"
    found = scenario(tmp_path, ROSTER, people=people)
    teams = groups(found.spec)
    assert {name: team.answers for name, team in teams.items()} == {
        "phone": ("phone",), "email and phone": ("phone", "email"),
    }  # fmt: skip
    assert [team.cost.amount for team in teams.values()] == [22.0, 15.0]
    assert {path for path in found.assumed if path.startswith("groups.")} == {
        "groups.phone.shrinkage", "groups.email and phone.shrinkage",
    }  # fmt: skip
    desk = lower.desk(found)
    assert [levels(group, 9, 17) for group in desk.groups] == [[1, 1], [1, 1]]
    assert desk.answers_first == ((0,), (0, 1))


def test_a_roster_without_costs_has_the_default(tmp_path: Path) -> None:
    """Cost and shrinkage that a roster leaves out are those of shifts, and are listed as assumed."""
    people = "\n".join(line.rpartition(",")[0] for line in PEOPLE.splitlines()) + "\n"
    found = scenario(tmp_path, ROSTER, people=people)
    assert [(group.cost.amount, group.shrinkage) for group in groups(found.spec).values()] == [(20.0, 0.24)] * 2
    assert {"groups.front.cost", "groups.back.cost", "groups.front.shrinkage"} <= found.assumed.keys()


def test_without_breaks_in_a_file_they_are_in_the_shrinkage(tmp_path: Path) -> None:
    """The default is the one with breaks in it, and is listed so; a shrinkage that is given holds."""
    bare = "person,skills,days,start,end\nAnn,phone,mon-fri,08:00,20:00\n"
    text = on_phone("shifts: people.csv")
    found = scenario(tmp_path, text, people=bare)
    assert (lower.desk(found).groups[0].shrinkage, found.assumed["channels.phone.shrinkage"].value) == (0.3, "30%")
    given = scenario(tmp_path, on_phone("shifts: people.csv, shrinkage: 10%"), people=bare)
    assert lower.desk(given).groups[0].shrinkage == 0.1
    assert "channels.phone.shrinkage" not in given.assumed
    lunch = bare.replace("end\n", "end,Lunch\n").replace("20:00\n", "20:00,12:00-12:30\n")
    assert lower.desk(scenario(tmp_path, text, people=lunch)).groups[0].shrinkage == 0.24
    roster = scenario(tmp_path, "phone: {rate: 6/h, hours: {mon-fri: 08:00-20:00}}\nroster: people.csv\n", people=bare)
    assert [group.shrinkage for group in groups(roster.spec).values()] == [0.3]
    assert roster.assumed["groups.phone.shrinkage"].value == "30%"


def test_columns_of_staff_that_are_not_used_are_listed(tmp_path: Path) -> None:
    """`sim validate` has a line for each file; what another group reads of it is used."""
    rows = "group,days,start,end,agents,Comment\nphone,mon-fri,08:00,20:00,3,x\nemail,mon-fri,08:00,20:00,1,\n"
    text = on_phone("staff: staff.csv") + "email: {rate: 1/h, hours: {mon-fri: 08:00-20:00}, staff: staff.csv}\n"
    found = scenario(tmp_path, text, staff=rows)
    assert "\n\nstaff.csv: not used: Comment\n\n" in assumptions.text(found)
    assert assumptions.document(found)["not_used"] == {"staff.csv": ["Comment"]}
    found = scenario(tmp_path, text, staff=rows.replace(",Comment", ",skills"))
    assert found.unused == {"staff.csv": ("skills",)}


def test_a_roster_needs_skills_and_names_of_its_own(tmp_path: Path) -> None:
    """Without skills nobody knows what to answer; a group of the same name would be two."""
    unskilled = "\n".join(",".join(line.split(",")[:2] + line.split(",")[3:]) for line in PEOPLE.splitlines()[:3])
    (found, *_) = mistakes(tmp_path, ROSTER, people=unskilled + "\n")
    assert found == "desk.yaml:7:9: roster: nobody's skills are given; add a column skills, such as phone, chat"
    twice = ROSTER + "groups: {front: {answers: [email], staff: 1}}\n"
    assert mistakes(tmp_path, twice, "groups.front.cost=9 GBP/h", people=PEOPLE) == [
        "desk.yaml:7:9: roster: group 'front' is in the scenario as well; keep one of the two"
    ]


def test_costs_of_a_file_and_defaults_are_in_one_currency(tmp_path: Path) -> None:
    """A default of another currency than the file's would be added to it: it has to be written."""
    text = on_phone("shifts: {file: people.csv, group: front}") + "email: {volume: 9/week, staff: 1}\n"
    (found,) = mistakes(tmp_path, text, people=PEOPLE)
    assert found.endswith("email.cost: this is in EUR, other amounts are in GBP; use one currency")
    assert scenario(tmp_path, text, "email.cost=20 GBP/h", people=PEOPLE)


def test_a_number_that_looks_like_a_file_is_none(tmp_path: Path) -> None:
    """A dot makes a file of a text only where it has letters."""
    assert mistakes(tmp_path, on_phone("staff: '2.5'")) == [
        "desk.yaml:5:58: phone.staff: '2.5' is not a whole number; write a whole number, such as 12 or 50_000"
    ]
    assert "is not a table" in mistakes(tmp_path, on_phone("staff: levels.pdf"))[0]
