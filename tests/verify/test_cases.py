"""The cases as data."""

from __future__ import annotations

import pytest

from sim.errors import UsageError
from sim.verify import exact
from sim.verify.cases import Case, chosen, read
from sim.verify.observe import FIGURES, Name

CASES = read()


def test_all_are_there() -> None:
    """69 cases of the reference set, two of its queues once more without priorities, and T1 to T7 with T2 twice."""
    names = [case.id for case in CASES]
    assert len(names) == len(set(names)) == 69 + 2 + 8
    assert sum(case.topic == "model" for case in CASES) == 8


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_every_word_of_a_case_is_known(case: Case) -> None:
    """A queue's figures are observed, and what is said of a figure is said of one that is expected."""
    assert case.kind in {"queue", "demand", *exact.KINDS}
    assert case.title
    assert case.method
    if case.kind == "queue":
        assert {Name.read(figure, case.unit).figure for figure in case.expected} <= set(FIGURES)
        assert {crew.name for crew in case.groups}.isdisjoint(stream.name for stream in case.channels)
    for said in (case.sd, case.their_error, case.allowed, case.rare):
        assert set(said) <= set(case.expected)


def test_a_figure_is_read() -> None:
    """Thresholds are in seconds where they say so, else in the unit of the case."""
    assert Name.read("sl@20s:phone#3", "min") == Name("sl", 20_000, "phone", 3)
    assert Name.read("sl@0.5", "min") == Name("sl", 30_000, "", None)
    assert Name.read("served_rate:A>G1", "min") == Name("served_rate", 0, "A>G1", None)


def test_cases_are_chosen_by_name_or_beginning() -> None:
    """One by its name, many by the part before the dash, whatever the case of the letters."""
    assert [case.id for case in chosen(["ec-04", "T7"])] == ["EC-04", "T7"]
    assert {case.id.split("-")[0] for case in chosen(["TV"])} == {"TV"}
    assert chosen([]) == CASES
    with pytest.raises(UsageError, match="XY-99"):
        chosen(["EC-04", "XY-99"])
