"""The constants of satisfaction and churn are listed with their evidence, wherever a run says what it assumes."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.measures import customers, reference
from sim.measures.constants import ASSUMED, CONSTANTS, NOT_SIMULATED
from sim.report import assumptions
from sim.scenario.read import read

FIRST = Path(__file__).parents[2] / "scenarios" / "first.yaml"


def test_a_constant_is_listed_with_the_value_in_use() -> None:
    """The list holds the survey's cut-points of the reference run and the churn parameters that the measures use."""
    assert ASSUMED["satisfaction.cut_points"].value == reference.CUT_POINTS
    assert ASSUMED["churn.complaint_share"].value == customers.CHURNING.complaint_share


@pytest.mark.parametrize("path", CONSTANTS)
def test_a_constant_says_what_it_rests_on(path: str) -> None:
    """It has a meaning, a source and a grade."""
    known = CONSTANTS[path][1]
    assert known.meaning
    assert known.source
    assert known.grade in ("A", "B", "C")


def test_validate_lists_the_constants_after_the_defaults() -> None:
    """Both forms of `sim validate` name every constant in use, after the scenario's own defaults."""
    scenario = read(FIRST)
    paths = [entry["path"] for entry in assumptions.document(scenario)["assumed"]]
    assert paths == [*scenario.assumed, *ASSUMED]
    text = assumptions.text(scenario)
    assert all(f"  {path} " in text for path in ASSUMED)
    assert text.index("channels.phone.patience") < text.index("churn.beta")


def test_what_is_not_simulated_is_not_assumed() -> None:
    """No run rests on transfers or personal answers, of which there are none."""
    assert set(CONSTANTS) - set(ASSUMED) == set(NOT_SIMULATED)
