"""What the scenario language must leave alone: populations of scenarios without its new keys, and of other staff."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.population.draw import draw
from sim.scenario.read import read

SCENARIOS = Path(__file__).parents[2] / "scenarios"


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("first", "f24e2de1379e9dde70291d18565a49267d70ef5e4cd366780b1c5c09eaecbd72"),
        ("broadband_week", "eceb9764cf4139c4623f255cd51c108c904b87ec57167aad0fa05330f82235f3"),
    ],
)
def test_a_scenario_without_new_keys_has_the_population_it_always_had(name: str, digest: str) -> None:
    """Seed 1, replication 0 of the scenarios shipped before: the digest is the one of that time."""
    assert draw(read(SCENARIOS / f"{name}.yaml"), 1, 0).digest == digest


@pytest.mark.parametrize(
    ("name", "variant"),
    [("broadband_evenings", "four_more"), ("broadband_evenings", "moved"), ("shop_december", "no_seasonal")],
)
def test_a_variant_of_staffing_meets_the_same_customers(name: str, variant: str) -> None:
    """Who works when is no part of a population: base and variant have the same one."""
    path = SCENARIOS / f"{name}.yaml"
    assert draw(read(path, variant=variant), 1, 0).digest == draw(read(path), 1, 0).digest


COUNTED = """\
lasts: 2d
run_in: 0d
phone: {volume: 900/week, counts: offered, staff: 5, hours: 08:00-20:00}
events: {rush: {at: 2026-10-05 10:00, lasts: 1h, issues: 30}}
variants:
  more: {phone.staff: 9}
  shifts: {phone.shifts: {all: {agents: 4, days: daily, hours: 08:00-20:00, breaks: [12:00-12:30]}}}
  surveyed: {survey.asked: 50%, phone.charge: 1 EUR, costs.fixed: 10 EUR/week}
  hours: {phone.hours: 09:00-18:00}
"""


def test_counted_contacts_are_of_the_same_customers_whoever_is_there(tmp_path: Path) -> None:
    """Staff, shifts, survey and costs of a variant leave first attempts and luck as they are, though how many there
    are follows from the staff of the file; other opening hours do not."""
    path = tmp_path / "desk.yaml"
    path.write_text(COUNTED)
    base = draw(read(path), 1, 0).digest
    same = {
        name: draw(read(path, variant=name), 1, 0).digest == base for name in ("more", "shifts", "surveyed", "hours")
    }
    assert same == {"more": True, "shifts": True, "surveyed": True, "hours": False}
    assert draw(read(path, ("phone.staff=2",)), 1, 0).digest == base
