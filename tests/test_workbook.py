"""The workbook of a comparison, read back as a planner's Excel reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
from some_dossier import dossier_of, simulated

from sim.compare import Comparison
from sim.estimate import Estimate
from sim.gap import ChannelGap, Gap, Need, Part
from sim.report import document, workbook, written
from sim.report.dossier import Dossier
from sim.scenario.unknowns import Span, Unknown
from sim.tables import Floats
from sim.uncertain import Bar, Split, Unsure

FIRST = Path(__file__).parents[1] / "scenarios" / "first.yaml"
NASTY = '=HYPERLINK("http://x","@click") | [a](http://x) <b>*b*</b>'
"""A policy may be called anything."""


@pytest.fixture(scope="module")
def dossier(tmp_path_factory: Any) -> Dossier:
    changes = {"as is": ("lasts=3d",), NASTY: ("lasts=3d", "phone.staff=1")}
    named = simulated(FIRST, changes, tmp_path_factory.mktemp("runs"), replications=3)
    return replace(
        dossier_of(named),
        title="=1+1",
        question="# How many people?",
        verdict=("-2 people are too few.", f"{NASTY} is worse."),
        unsure=_unsure(),
        gap=_gap(named[0][1].intervals.starts),
        commands=("sim compare 'a```b.yaml'",),
    )


@pytest.fixture(scope="module")
def compared(dossier: Dossier) -> Comparison:
    return dossier.comparison


def _unsure() -> Unsure:
    at, unknown = Estimate(100.0, -50.0, 250.0, 3), Unknown(
        "channels.phone.patience", "patience of phone", "11m", "55m", "39m", ("11m", "55m"), "B", "=Ofcom",
        Span(11, 55, None, "", "m"),
    )  # fmt: skip
    split = Split("value", "b", "as is", 100.0, (50.0, 150.0), (-9.0, 200.0), None, None)
    bars = (Bar(unknown, at, Estimate(-100.0, None, None, 3)),)
    return Unsure(
        figure="value", unit="money", currency="EUR", better="higher", policy="b", than="as is", base=at, bars=bars,
        splits=(split,), held=("phone.hours",), replications=3, weeks=3,
    )  # fmt: skip


def _gap(starts: Floats) -> Gap:
    agents = np.where(starts % 86_400 < 8 * 3600, np.nan, 2.0)
    needs = {
        name: Need(agents, hours, hours - 9, hours + 9) for name, hours in (("c", 100.0), ("a", 95.0), ("s", 98.0))
    }
    channel = ChannelGap(
        channel="phone", share=0.8, within=20.0, at_once=1, starts=starts, offered=agents, scheduled=agents,
        scheduled_hours=96.0, erlang_c=needs["c"], erlang_a=needs["a"], simulated=needs["s"],
        without={"abandonment": needs["c"]}, bare=needs["c"], gap=Part("gap", -2.0, -3.0, -1.0),
        parts=(Part("abandonment", -2.5, -3.0, -2.0), Part("together", 0.0, 0.0, 0.0), Part("left", 0.5, -1.0, 2.0)),
        changes={"abandonment": ("phone.patience=endless",)}, beyond=0,
    )  # fmt: skip
    return Gap("first", None, datetime(2026, 10, 5, tzinfo=UTC), 1800, 1, 3, 30, (channel,), ("chat",))


@pytest.fixture(scope="module")
def path(dossier: Dossier, tmp_path_factory: Any) -> Path:
    path: Path = tmp_path_factory.mktemp("book") / "comparison.xlsx"
    workbook.write(dossier, path)
    return path


@pytest.fixture(scope="module")
def book(path: Path) -> Any:
    return openpyxl.load_workbook(path)


def table(sheet: Any) -> tuple[dict[str, int], list[tuple[Any, ...]]]:
    """Columns by header, from 0, and the cells of the rows below it, as the filter spans them."""
    first, last = (cell for cell in sheet.auto_filter.ref.split(":"))
    rows = list(sheet[first:last])
    return {cell.value: column for column, cell in enumerate(rows[0])}, rows[1:]


def cells(book: Any) -> Iterator[Any]:
    for sheet in book:
        for row in sheet.iter_rows():
            yield from row


def test_each_sheet_answers_a_question_and_keeps_its_header_in_view(book: Any) -> None:
    """The question is in the first cell, header and first columns are frozen, every column can be filtered."""
    assert book.sheetnames == [
        "Answer", "Differences", "Staffing by interval", "Days", "Money", "Uncertainty", "Erlang gap",
        "Erlang gap by interval", "Measures", "Assumptions", "Provenance",
    ]  # fmt: skip
    for sheet in book:
        columns, rows = table(sheet)
        assert sheet["A1"].value.endswith("?"), sheet.title
        assert sheet.freeze_panes is not None
        frozen = openpyxl.utils.cell.coordinate_from_string(sheet.freeze_panes)
        head = rows[0][0].row - 1
        assert frozen[0] > "A"
        assert frozen[1] == (head + 1 if head <= 4 else 2), sheet.title
        assert None not in columns
        assert len(columns) == len(rows[0])
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.print_title_rows == f"${head}:${head}"


def test_the_answer_stands_first_with_the_policies_side_by_side(book: Any, compared: Comparison) -> None:
    """The verdict stands above the table, which has a value and an interval of each policy, and the difference."""
    sheet = book["Answer"]
    assert [sheet.cell(row, 1).value for row in (1, 2, 3)] == [
        "=1+1: # How many people?",
        "-2 people are too few.",
        f"{NASTY} is worse.",
    ]
    columns, rows = table(sheet)
    by_figure = {row[0].value: row for row in rows}
    cost = by_figure["cost"]
    assert cost[columns["unit"]].value == "EUR"
    mean = float(np.mean([summary.parts["cost"][None, None][0] for summary in compared.policies[1].result.summaries]))
    assert cost[columns[NASTY]].value == pytest.approx(mean)
    assert cost[columns[NASTY]].number_format == '#,##0 "EUR"'
    assert cost[columns[f"{NASTY} less as is"]].value.startswith("-")
    assert cost[columns[f"{NASTY} less as is"]].value.endswith("; better")
    worth, lost = by_figure["value against as is"], by_figure["customers lost a year"]
    (less,) = [it for it in compared.table if (it.measure.name, it.segment) == ("value", None)]
    assert worth[columns["as is"]].value == "–"
    assert worth[columns[NASTY]].value == pytest.approx(less.estimate.value)
    (raw,) = [it for it in compared.table if (it.measure.name, it.segment) == ("excess_churn", None)]
    assert lost[columns["as is"]].value == pytest.approx(raw.of_than * 365.25 / 3)
    assert by_figure["email wait"][columns["as is"]].number_format == "[h]:mm:ss"
    level = by_figure["phone service level (80.0 % within 20 s)"]
    assert level[columns["as is"]].number_format == "0.0%"
    assert level[columns["as is 95 %"]].value.startswith("[")
    assert level[columns[f"{NASTY} less as is"]].value.endswith(("; worse", "; may be luck"))


def test_the_intervals_are_those_of_the_results(book: Any, compared: Comparison) -> None:
    """A row an interval, channel and policy, in the order of intervals.csv, with real moments and the same numbers."""
    columns, rows = table(book["Staffing by interval"])
    header, expected = document.interval_rows(compared.policies[0].result)
    assert len(rows) == 2 * len(expected)
    mine = [row for row in rows if row[0].value == "as is"]
    pairs = [("offered (contacts)", "offered"), ("required Erlang C (agents)", "required_c")]
    pairs += [
        ("scheduled (agents)", "scheduled"),
        ("service level (%)", "service_level"),
        ("occupancy (%)", "occupancy"),
    ]
    for row, known in zip(mine, expected, strict=True):
        moment = row[columns["start (local)"]].value
        assert isinstance(moment, datetime)
        assert known[0] == f"{moment.isoformat(timespec='minutes')}{row[columns['from UTC']].value}"
        assert [row[columns["channel"]].value, row[columns["weekday"]].value] == [known[2], known[1]]
        for column, name in pairs:
            value = known[header.index(name)]
            assert row[columns[column]].value == (None if value is None else pytest.approx(value, abs=1e-5)), column


def test_scheduled_less_required_is_a_formula_that_can_be_traced(book: Any, path: Path) -> None:
    """The difference is computed from the two cells of its row, its stored value is right, and short rows say so."""
    columns, rows = table(book["Staffing by interval"])
    stored = openpyxl.load_workbook(path, data_only=True)["Staffing by interval"]
    seen = set()
    for row in rows:
        required, there = row[columns["required Erlang A (agents)"]], row[columns["scheduled (agents)"]]
        difference = row[columns["scheduled less Erlang A (agents)"]]
        if required.value is None:
            assert difference.value is None
            continue
        assert difference.value == f"={there.coordinate}-{required.coordinate}"
        assert stored[difference.coordinate].value == pytest.approx(there.value - required.value)
        word = stored[row[columns["enough?"]].coordinate].value
        assert row[columns["enough?"]].value == f'=IF({difference.coordinate}<0,"short","")'
        assert (word == "short") == (there.value < required.value)
        seen.add(word == "short")
    assert seen == {True, False}
    (rule,) = book["Staffing by interval"].conditional_formatting
    assert rule.rules[0].formula == [f"$K{rows[0][0].row}<0"]


def test_every_difference_is_there_with_what_it_allows_for(book: Any, compared: Comparison) -> None:
    """As many rows as differences; low and high enclose the difference, and the wider ones these."""
    columns, rows = table(book["Differences"])
    both = (*compared.headline, *compared.table)
    assert len(rows) == len(both)
    assert {row[columns["allows for"]].value for row in rows} == {
        written.compared(compared.headline),
        written.compared(compared.table),
    }
    for row, known in zip(rows, both, strict=True):
        value = row[columns["difference"]].value
        assert value == (None if known.estimate.value is None else pytest.approx(known.estimate.value))
        names = ("low for all", "low (95 %)", "difference", "high (95 %)", "high for all")
        ends = [row[columns[name]].value for name in names]
        if None not in ends:
            assert np.all(np.diff(ends) >= -1e-9)
        if known.measure.unit == "share" and value is not None:
            assert row[columns["difference"]].number_format == "+0.0%;-0.0%;0.0%"


def test_money_shows_where_two_policies_are_worth_the_same(book: Any, compared: Comparison) -> None:
    """Cost, lost margin and value of both policies, and the value over β with the break-even β."""
    columns, rows = table(book["Money"])
    figures = {(row[0].value, row[1].value) for row in rows}
    assert {(name, figure) for name in ("as is", NASTY) for figure in ("cost", "lost_margin", "value")} <= figures
    tie = compared.ties[0]
    (row,) = [row for row in rows if row[1].value == "break-even β"]
    assert row[columns["value"]].value == (None if tie.beta is None else pytest.approx(tie.beta))
    assert tie.beta is None
    assert row[columns["in words"]].value.endswith("worth more than as is at every β")
    assert sum(row[1].value.startswith("value at β") for row in rows) == len(tie.betas)


def test_no_text_becomes_a_formula_and_no_cell_is_an_error(book: Any) -> None:
    """The only formulas are the ones of the staffing sheet; nothing reads NaN, inf or None, and no zero is negative."""
    names = 0
    for cell in cells(book):
        if cell.data_type == "f":
            assert cell.parent.title == "Staffing by interval"
            continue
        names += cell.value == NASTY
        assert cell.data_type != "e"
        assert cell.hyperlink is None
        assert str(cell.value).lower() not in ("nan", "inf", "-inf", "-0.0")
        assert "nan" not in str(cell.value).lower().split(), cell.coordinate
    assert names > 100


def test_the_same_dossier_gives_the_same_bytes(dossier: Dossier, path: Path, tmp_path: Path) -> None:
    """Written twice, the workbook is the same file."""
    workbook.write(dossier, tmp_path / "again.xlsx")
    assert (tmp_path / "again.xlsx").read_bytes() == path.read_bytes()


def test_an_assumption_has_a_row_for_either_end(book: Any) -> None:
    """Where the difference would be on the other side of 0, the row says that the decision may turn."""
    columns, rows = table(book["Uncertainty"])
    assert [row[columns["kind"]].value for row in rows] == ["simulation error", "risk", *["one assumption"] * 2]
    low, high = rows[2:]
    assert [low[columns["set to"]].value, high[columns["set to"]].value] == ["11m", "55m"]
    assert [low[columns["value"]].value, high[columns["value"]].value] == [100, -100]
    assert high[columns["turns the decision?"]].value == "it may"
    assert high[columns["source"]].value == "=Ofcom"


def test_what_erlang_lacks_adds_up_to_what_the_simulation_asks_for(book: Any) -> None:
    """Erlang C and what the parts add are the simulated requirement; each is a row, with what was switched off."""
    columns, rows = table(book["Erlang gap"])
    hours = {row[columns["what"]].value: row[columns["agent-hours"]].value for row in rows}
    adds = [row for row in rows if row[columns["kind"]].value == "adds to Erlang C"]
    assert hours["Erlang C"] + sum(row[columns["agent-hours"]].value for row in adds) == hours["simulation"]
    assert adds[0][columns["what is switched off"]].value == "phone.patience=endless"
    columns, rows = table(book["Erlang gap by interval"])
    assert rows[0][columns["simulated (agents)"]].value is None
    assert rows[20][columns["start (local)"]].value == datetime(2026, 10, 5, 10)
    assert rows[20][columns["simulated without abandonment (agents)"]].value == 2


def test_a_single_run_has_a_workbook_without_differences(
    compared: Comparison, dossier: Dossier, tmp_path: Path
) -> None:
    """Sheets of which there is nothing to say are left out."""
    alone = replace(
        dossier, comparison=Comparison(compared.policies[:1]), unsure=None, gap=None, question="", verdict=()
    )
    workbook.write(alone, tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames == [
        "Answer", "Staffing by interval", "Days", "Money", "Measures", "Assumptions", "Provenance",
    ]  # fmt: skip
    assert not written.document(alone)["headline"]
