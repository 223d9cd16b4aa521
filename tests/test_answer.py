"""Question and answer: what the thresholds of a scenario say of its question."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sim.report import answer
from sim.run import Result, run
from sim.scenario.read import read

DESK = """
question: Is it enough?
lasts: 1d
run_in: 0d
drain: 0d
interval: 30m
phone: {rate: 20/h, staff: 4, hours: 08:00-18:00, handle_time: 3m, wrap_up: 0s}
thresholds: {phone.service_level: at least 50%}
"""


def result(folder: Path, *sets: str, desk: str = DESK) -> Result:
    file = folder / "desk.yaml"
    file.write_text(desk)
    contacts = folder / f"contacts{len(list(folder.iterdir()))}"
    contacts.mkdir()
    return run(read(file, sets), contacts, replications=3)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    folder = tmp_path_factory.mktemp("answer")
    return {staff: result(folder, f"phone.staff={staff}") for staff in ("1", "4", "5")}


def test_one_run_says_yes_or_no(runs: dict[str, Result]) -> None:
    """Yes with what it costs, no with what was missed."""
    assert answer.text(runs["4"]).startswith("Is it enough?\nYes: phone.service_level ")
    assert "; cost " in answer.text(runs["4"])
    assert answer.text(runs["1"]).startswith("Is it enough?\nNo: phone.service_level ")


def test_of_several_the_cheapest_that_meets_all_is_named(runs: dict[str, Result]) -> None:
    """The dearer ones that do as well are named after it, and those that miss are not."""
    said = answer.of_several([((name,), one, "") for name, one in runs.items()])
    assert said.startswith("Is it enough?\n4 meets every threshold at the least cost")
    assert "(5 for more)" in said


def test_of_equal_cost_the_better_one_is_named(runs: dict[str, Result]) -> None:
    """Two that cost the same: the one further from its first threshold."""
    four = runs["4"]
    figures = [
        replace(each, estimate=replace(each.estimate, value=0.999, high=1.0))
        if each.measure.name == "service_level"
        else each
        for each in four.figures
    ]
    better = replace(four, figures=tuple(figures))
    said = answer.of_several([(("four",), four, ""), (("better",), better, "")])
    assert "four, better meet every threshold at the least cost" in said
    assert "best by phone.service_level is better," in said


def test_where_none_does_the_nearest_is_named(runs: dict[str, Result]) -> None:
    """And by how much it misses."""
    said = answer.of_several([(("one",), runs["1"], "")])
    assert said.startswith("Is it enough?\nNone meets every threshold; nearest is one: phone.service_level")


def test_who_asks_nothing_is_answered_nothing(tmp_path: Path) -> None:
    """Without a question, or without thresholds, there is no answer."""
    assert answer.text(result(tmp_path, desk=DESK.replace("question: Is it enough?\n", ""))) == ""
    assert (
        answer.text(
            result(
                tmp_path,
                desk=DESK.replace("thresholds:", "targets:").replace(
                    "phone.service_level: at least 50%", "phone: 50% within 20s"
                ),
            )
        )
        == ""
    )


FALLING_BEHIND = """
question: Is it enough?
lasts: 14d
run_in: 0d
drain: 1d
email: {volume: 300/week, hours: {mon-fri: 09:00-17:00}, staff: {mon-fri 09:00-10:00: 1}}
thresholds: {email.answered: at least 1}
"""


def test_a_backlog_that_only_grows_meets_nothing_for_good(tmp_path: Path) -> None:
    """What is met while the backlog grows is met for now, alone and beside others."""
    behind = result(tmp_path, desk=FALLING_BEHIND)
    assert "\nFor now: email.answered" in answer.text(behind)
    assert "its email backlog grows from 0 to " in answer.text(behind)
    said = answer.of_several([(("behind",), behind, "")])
    assert said.startswith("Is it enough?\nNone does for good. behind meets them for now, but its email backlog grows")
