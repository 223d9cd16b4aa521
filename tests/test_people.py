"""`sim population` shows the customers that a run will meet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from sim.cli import commands
from sim.population.draw import draw
from sim.population.persona import personas
from sim.report.people import People, document, text
from sim.scenario.read import Scenario, read
from sim.schemas import NEVER

FIRST = Path(__file__).parents[1] / "scenarios" / "first.yaml"


def shown(*sets: str, issues: int = 10, replication: int = 0) -> tuple[Scenario, People]:
    scenario = read(FIRST, sets)
    return scenario, People(scenario, draw(scenario, 1, replication), 1, replication, issues)


def test_counts_are_of_the_issues_from_the_start_on() -> None:
    """Issues of the run-in are counted apart; every kind of count adds up to the issues."""
    _, people = shown()
    told, issues = document(people), people.population.issues
    measured = issues["arrival"] >= 0
    assert told["issues"] == measured.sum()
    assert told["issues"] + told["issues_of_run_in"] == len(people.population)
    assert told["customers_with_issues"] == len(np.unique(issues["customer"][measured]))
    assert told["customers"] == 20_000
    assert all(sum(counts.values()) == told["issues"] for counts in told["by"].values())
    assert told["by"]["channel"]["email"] == (issues["channel"][measured] == 1).sum()


def test_rows_are_the_first_issues_with_their_fates() -> None:
    """Each row holds its issue's own arrival, words, patience of the first attempt and handle time."""
    _, people = shown(issues=40)
    population = people.population
    rows = document(people)["first_issues"]
    first = int(np.flatnonzero(population.issues["arrival"] >= 0)[0])
    assert [row["issue"] for row in rows] == list(range(first, first + 40))
    for row in rows:
        issue = row["issue"]
        patience = population.dense["patience"][issue, 0]
        assert row["patience"] == (None if patience == NEVER else patience / 1000)
        assert row["handle_time"] == population.dense["handle"][issue, 0] / 1000
        assert row["channel"] == ("phone", "email")[population.issues["channel"][issue]]
        assert row["customer"] == population.issues["customer"][issue]
        assert row["email"] == personas(1, [row["customer"]])[0].email


def test_arrivals_are_told_by_the_local_clock() -> None:
    """In New York in October the first arrival after midnight is told with an offset of −4 h."""
    _, people = shown("time_zone=America/New_York", issues=1)
    arrival = document(people)["first_issues"][0]["arrival"]
    assert arrival.startswith("2026-10-05T0")
    assert arrival.endswith("-04:00")


def test_the_text_says_the_same_as_the_document() -> None:
    """Digest, counts and the listed people stand in the text."""
    _, people = shown("run_in=0s", issues=3)
    told, said = document(people), text(people)
    assert told["population_digest"] in said
    assert f"{told['issues']:,} issues" in said
    assert "run-in" not in said
    assert all(row["name"] in said and row["email"] in said for row in told["first_issues"])


def test_nobody_listed_no_table() -> None:
    """With no issues to list there is no table, and no note on invented names."""
    _, people = shown(issues=0)
    assert document(people)["first_issues"] == []
    assert "@" not in text(people)


def run(*arguments: str) -> Any:
    return CliRunner().invoke(commands, ["population", str(FIRST), *arguments])


def test_the_command_prints_one_document() -> None:
    """`--json` prints the document of the replication asked for."""
    done = run("--replication", "2", "--issues", "4", "--json")
    _, people = shown(issues=4, replication=2)
    assert json.loads(done.stdout) == document(people)


def test_the_command_prints_text() -> None:
    """Without `--json` it prints the text, then the command that simulates these customers."""
    _, people = shown()
    assert run().stdout.startswith(f"{text(people)}\n\nnext: sim run ")


@pytest.mark.parametrize("arguments", [["--replication", "-1"], ["--issues", "x"]])
def test_wrong_numbers_are_refused(arguments: list[str]) -> None:
    """A replication below 0, or a number that is none, is a usage error."""
    assert run(*arguments).exit_code == 2
