"""The staffing sheet: what is needed beside what is there, and staff again when it is read back."""

from __future__ import annotations

import csv
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from desks import Crew, deferrable, desk, live
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.clock import Calendar, Dated, Week
from sim.desk import Desk, Group
from sim.measures.intervals import Intervals
from sim.measures.work import edges
from sim.report import staffing_sheet
from sim.report.staffing_sheet import staffing
from sim.roster import read_levels
from sim.run import run
from sim.scenario.read import read
from sim.sheets import read_sheet, write_csv, write_xlsx

FIRST = Path(__file__).parents[1] / "scenarios" / "first.yaml"
NAN = float("nan")
DAYS = [
    ("Europe/London", date(2026, 10, 24)),
    ("Europe/London", date(2027, 3, 27)),
    ("America/New_York", date(2026, 10, 31)),
    ("Australia/Lord_Howe", date(2026, 4, 4)),
    ("Africa/Cairo", date(2026, 10, 29)),
    ("UTC", date(2026, 10, 5)),
]
"""Days before the clocks change, and a day before nothing."""


def measured(desk: Desk, **given: Any) -> Intervals:
    """An interval table of what is given by channel, with NaN everywhere else."""
    shape = (len(desk.channels), desk.intervals)
    values = {field.name: np.full(shape, NAN) for field in fields(Intervals)}
    values |= {name: np.broadcast_to(np.array(value, dtype=float)[:, None], shape) for name, value in given.items()}
    return Intervals(**{**values, "starts": edges(desk)[:-1] / 1000})


def rows(desk: Desk, sheet: Intervals, days: Calendar | None = None) -> list[dict[str, Any]]:
    shape = (len(desk.groups), desk.intervals)
    tab = staffing(desk, days or Calendar(date(2026, 10, 5)), sheet, np.full(shape, 900.0), np.full(shape, 1800.0))
    return [dict(zip(tab.header, row, strict=True)) for row in tab.rows]


def of_plan(days: Calendar, plan: Week | Dated, end: float) -> list[tuple[float, float]]:
    """(second, level from then on) of a plan from 0 to the end, changes only."""
    levels = {0.0: 0.0}
    for start, finish, value in days.lay(plan, 0.0, end):
        levels |= {start: value, finish: 0.0}
    return changes(levels, end)


def of_group(group: Group, end: float) -> list[tuple[float, float]]:
    """The same of a group of a desk."""
    return changes({max(0.0, tick / 1000): float(level) for tick, level in group.levels}, end)


def changes(levels: dict[float, float], end: float) -> list[tuple[float, float]]:
    listed = sorted((at, level) for at, level in levels.items() if at < end)
    return [(at, level) for i, (at, level) in enumerate(listed) if i == 0 or listed[i - 1][1] != level]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize(("zone", "starts"), DAYS)
@settings(max_examples=4)
@given(levels=st.lists(st.tuples(st.integers(0, 3 * 96).map(lambda quarter: 15 * quarter), st.integers(0, 12))))
def test_what_is_written_is_read_again(
    levels: list[tuple[int, int]], zone: str, starts: date, kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Levels that change at any quarter of an hour, in nights of 23 and 25 hours too, come back as they were."""
    crews = [Crew(sorted(dict([(0, 3), *levels]).items()), name="front"), Crew(2, name="back")]
    days = Calendar(starts, zone)
    end = days.elapsed(3, 0)
    those = desk(crews, ends=end / 60)
    shape = (2, those.intervals)
    tab = staffing(those, days, measured(those, offered=[1]), np.ones(shape), np.ones(shape))
    path = tmp_path_factory.mktemp("sheet") / f"staffing.{kind}"
    write_csv(path, tab) if kind == "csv" else write_xlsx(path, [tab])
    for group in those.groups:
        assert of_plan(days, read_levels(path, zone, group=group.name), end) == of_group(group, end)


def test_an_interval_has_a_row_for_each_level() -> None:
    """Where the level changes at a quarter past, offered is split by time and the difference is that of the row."""
    those = desk([Crew([(0, 2), (15, 4)])], ends=60)
    sheet = measured(those, offered=[10], required_c=[5], required_a=[3], service_level=[0.8])
    told = rows(those, sheet)
    assert [(str(row["start"]), str(row["end"]), row["scheduled"], row["offered"]) for row in told] == [
        ("00:00:00", "00:15:00", 2, 5), ("00:15:00", "00:30:00", 4, 5), ("00:30:00", "01:00:00", 4, 10),
    ]  # fmt: skip
    assert [row["net_difference"] for row in told] == [-1, 1, 1]
    assert {row["service_level"] for row in told} == {0.8}
    assert {row["occupancy"] for row in told} == {0.5}


def test_the_difference_is_by_erlang_a_where_it_is_known() -> None:
    """Else by Erlang C; what is paid includes shrinkage; a group without live channels has neither."""
    crews = [Crew(4, ["phone"], name="a"), Crew(4, ["chat"], name="b"), Crew(4, ["email"], name="c")]
    those = desk(crews, [live("phone"), live("chat"), deferrable("email")], ends=30)
    those = replace(those, groups=tuple(replace(group, shrinkage=0.2) for group in those.groups))
    a, b, c = rows(those, measured(those, offered=[9, 9, 9], required_c=[6, 7, NAN], required_a=[5, NAN, NAN]))
    assert (a["net_difference"], b["net_difference"]) == (-1, -3)
    assert (a["paid_difference"], b["paid_difference"]) == (-1.25, -3.75)
    assert np.isnan(c["net_difference"])
    assert np.isnan(c["service_level"])
    assert c["offered"] == 9


def test_a_channel_of_several_groups_is_shared_out() -> None:
    """In proportion to who is scheduled, equally where nobody is: sums over groups are the channel's own."""
    crews = [Crew([(0, 3), (30, 0)], ["phone", "chat"], name="a"), Crew([(0, 1), (30, 0)], ["phone"], name="b")]
    those = desk(crews, [live("phone"), live("chat")], ends=60)
    told = rows(those, measured(those, offered=[8, 2], required_c=[12, 4], required_a=[8, 3]))
    assert [(row["group"], row["offered"], row["required_erlang_c"], row["required_erlang_a"]) for row in told] == [
        ("a", 8, 13, 9), ("b", 2, 3, 2), ("a", 6, 10, 7), ("b", 4, 6, 4),
    ]  # fmt: skip
    assert [row["channels"] for row in told[:2]] == ["phone, chat", "phone"]


def test_service_level_is_that_of_the_first_live_channel() -> None:
    """A group that answers email first and phone next is measured by the phone."""
    those = desk([Crew(1, ["email", "phone", "chat"])], [live("phone"), live("chat"), deferrable("email")], ends=30)
    (row,) = rows(those, measured(those, offered=[1, 1, 1], service_level=[0.7, 0.9, 0.5]))
    assert row["service_level"] == 0.7


def test_the_hour_that_comes_twice_has_two_offsets() -> None:
    """In London's night of 25 hours, 01:30 stands there with +01:00 and with +00:00, and ends by its own clock."""
    those = desk([Crew(1)], ends=5 * 60)
    told = rows(those, measured(those, offered=[1]), Calendar(date(2026, 10, 25), "Europe/London"))
    assert [(str(row["start"])[:5], str(row["end"])[:5], row["utc_offset"]) for row in told[2:7]] == [
        ("01:00", "01:30", "+01:00"), ("01:30", "02:00", "+01:00"),
        ("01:00", "01:30", "+00:00"), ("01:30", "02:00", "+00:00"),
        ("02:00", "02:30", "+00:00"),
    ]  # fmt: skip


def test_closed_hours_are_left_out() -> None:
    """Rows with nobody scheduled, nothing offered and nothing required; a closed day keeps one. What is offered or
    required without anybody stays."""
    those = desk([Crew([(0, 0), (9 * 60, 2), (17 * 60, 0)])], ends=2 * 24 * 60)
    told = rows(those, measured(those, offered=[0]))
    assert [str(row["start"])[:5] for row in told[:16:15]] == ["09:00", "16:30"]
    assert [(row["date"].day, row["scheduled"]) for row in told[16:]] == [(6, 0)]
    assert len(rows(those, measured(those, offered=[0.1]))) == 96
    assert len(rows(those, measured(those, required_c=[1]))) == 96


@pytest.mark.parametrize(("zone", "starts"), DAYS)
@pytest.mark.parametrize("open_", [(1, 2), (0, 1), (0, 2)])
def test_what_is_left_out_is_nobody_when_it_is_read_again(
    zone: str, starts: date, open_: tuple[int, int], tmp_path: Path
) -> None:
    """A closed first, last or middle day and a night shift come back as they were, whatever the clocks do; the week
    before does not stand in for a closed last day."""
    days = Calendar(starts, zone)
    end = days.elapsed(10, 0)
    levels: list[tuple[float, int]] = [(0, 0)]
    for day in (*open_, 2 + open_[0], 5 + open_[1]):
        levels += [(days.elapsed(day, 22 * 3600) / 60, 3), (days.elapsed(day + 1, 6 * 3600) / 60, 0)]
    those = desk([Crew(levels)], ends=end / 60)
    shape = (1, those.intervals)
    tab = staffing(those, days, measured(those, offered=[0]), np.ones(shape), np.ones(shape))
    assert len(tab.rows) < 100 < those.intervals
    write_csv(tmp_path / "staffing.csv", tab)
    (group,) = those.groups
    assert of_plan(days, read_levels(tmp_path / "staffing.csv", zone), end) == of_group(group, end)


def test_a_run_leaves_the_sheet(tmp_path: Path) -> None:
    """Both files hold one row an interval and group, less closed hours, and are the run's staff again; the notes say
    how to repeat it; a second time they are the same bytes."""
    result = run(read(FIRST), tmp_path, replications=2, jobs=1)
    written = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        staffing_sheet.write(result, tmp_path / name)
        written.append([(tmp_path / name / f"staffing.{kind}").read_bytes() for kind in ("csv", "xlsx")])
    assert written[0] == written[1]
    with (tmp_path / "one" / "staffing.csv").open(encoding="utf-8", newline="") as lines:
        there = list(csv.DictReader(lines))
    assert 336 < len(there) < 2 * 336
    assert len({(row["date"], row["group"]) for row in there}) == 2 * 7
    end = result.desk.horizon / 1000
    for group in result.desk.groups:
        for kind in ("csv", "xlsx"):
            plan = read_levels(tmp_path / "one" / f"staffing.{kind}", "UTC", group=group.name)
            assert of_plan(Calendar(result.scenario.spec.starts), plan, end) == of_group(group, end)
    notes = read_sheet(tmp_path / "one" / "staffing.xlsx", "notes")
    said = {row[0]: row[2] for row in notes.rows}
    assert said["digest"] == result.digest
    assert str(said["to repeat it"]).startswith("sim run --seed 1 --replications 2 ")
    assert said["target of phone"] == "80.0 % within 20 s"
    assert str(said["net_difference"]).startswith("Scheduled less required")


def test_the_workbook_is_for_people(tmp_path: Path) -> None:
    """The header stays in view, filled and with a filter; dates, times and shares are shown as such; rows that are
    short are coloured; a page is as wide as the sheet."""
    from openpyxl import load_workbook

    those = desk([Crew(1)], ends=60)
    shape = (1, those.intervals)
    tab = staffing(those, Calendar(date(2026, 10, 5)), measured(those, offered=[1]), np.ones(shape), np.ones(shape))
    write_xlsx(tmp_path / "staffing.xlsx", [tab])
    sheet = load_workbook(tmp_path / "staffing.xlsx")["staffing"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:Q3"
    assert sheet.page_setup.orientation == "landscape"
    assert (sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.page_setup.fitToHeight) == (True, 0)
    assert sheet["A1"].fill.fgColor.rgb != "00000000"
    (area,) = sheet.conditional_formatting
    assert (str(area.sqref), area.rules[0].formula) == ("A2:Q3", ["$O2<0"])
    assert sheet["O1"].value == "net_difference"
    shown = {cell.value: sheet.cell(2, cell.column).number_format for cell in sheet[1]}
    assert (shown["date"], shown["start"], shown["occupancy"]) == ("yyyy-mm-dd", "hh:mm", "0.0%")
