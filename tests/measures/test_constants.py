"""The constants of satisfaction and churn are listed with their evidence, wherever a run says what it assumes."""

from __future__ import annotations

from pathlib import Path

import pytest
from tables import BOT, PHONE, desk

from sim.measures import customers, reference
from sim.measures.constants import CONSTANTS, SOMETIMES, assumed_by
from sim.policies.base import Deflection, ResponseTables, Retention
from sim.report import assumptions
from sim.scenario import lower
from sim.scenario.read import read

FIRST = Path(__file__).parents[2] / "scenarios" / "first.yaml"


def test_a_constant_is_listed_with_the_value_in_use() -> None:
    """The list holds the survey's cut-points of the reference run and the churn parameters that the measures use."""
    assumed = assumed_by(desk())
    assert assumed["satisfaction.cut_points"].value == reference.CUT_POINTS
    assert assumed["churn.complaint_share"].value == customers.CHURNING.complaint_share


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
    model = assumed_by(lower.desk(scenario))
    paths = [entry["path"] for entry in assumptions.document(scenario)["assumed"]]
    assert paths == [*scenario.assumed, *model]
    text = assumptions.text(scenario)
    assert all(f"  {path} " in text for path in model)
    assert text.index("channels.phone.patience") < text.index("churn.beta")


def test_only_what_is_used_is_assumed() -> None:
    """A plain desk does not rest on personal answers, transfers and offers; one that has one of these rests on that."""
    assert set(CONSTANTS) - set(assumed_by(desk())) == set(SOMETIMES)
    responses = (
        ResponseTables(personal=(True,)),
        ResponseTables(deflect=(Deflection(0, 0, 0),)),
        ResponseTables(retention=(Retention(0, 0, 0.0),)),
    )
    for path, tables in zip(SOMETIMES, responses, strict=True):
        assert set(assumed_by(desk(tables=tables))) - set(assumed_by(desk())) == {path}
    assert "satisfaction.transfer" in assumed_by(desk(PHONE, BOT))


def test_the_text_fits_and_says_what_to_check_first(tmp_path: Path) -> None:
    """No line of `sim validate` is too long, what goes on stands below where it began, and the defaults of judgement
    that weigh most are named before all others: where, too, as long as one line holds it."""
    path = tmp_path / "desk.yaml"
    path.write_text("customers: 1000\nphone: {staff: 4, handle_time: 5m}\nemail: {staff: 1}\n", encoding="utf-8")
    text = assumptions.text(read(path))
    first = next(line for line in text.splitlines() if line.startswith("Check first: "))
    assert first == "Check first: shrinkage (phone, email), reconnect (phone, email), handle_time (email)."
    assert max(map(len, text.splitlines())) <= 118
    begins = next(line for line in text.splitlines() if "channels.phone.patience" in line).index("weibull")
    assert "\n" + " " * begins + "2016, 10 % abandon" in text
    path.write_text("customers: 1000\nphone: {staff: 4}\nchat: {staff: 4}\nemail: {staff: 1}\n", encoding="utf-8")
    assert "\nCheck first: shrinkage, reconnect, patience, handle_time.\n" in assumptions.text(read(path))


@pytest.mark.parametrize(("abandoned", "redials"), [("0%", False), ("6%", True)])
def test_redials_are_counted_where_somebody_abandons(tmp_path: Path, abandoned: str, redials: bool) -> None:
    """Where nobody abandoned, the contacts that are no first attempts are reconnects alone."""
    path = tmp_path / "desk.yaml"
    path.write_text(
        f"phone: {{staff: 4, volume: 900/week, counts: offered(abandoned {abandoned})}}\n", encoding="utf-8"
    )
    text = " ".join(assumptions.text(read(path)).split())
    assert "the others are re" in text
    assert ("redials (6.0 % abandon) and reconnects" in text) == redials
