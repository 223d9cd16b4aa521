"""Intents that a group helps with only when its own are quiet."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import ScenarioError
from sim.scenario import lower
from sim.scenario.read import read

DESK = """
customers: 20000
phone: {hours: 08:00-18:00}
intents: {line: {share: 50%}, billing: {share: 50%}}
groups:
  lines: {answers: [phone], intents: [line], then_intents: [billing], staff: 3}
  bills: {answers: [phone], intents: [billing], staff: 3}
policies: {routing: skills_first(overflow_after 60s)}
"""


def test_other_intents_overflow_after_the_time(tmp_path: Path) -> None:
    """Each group has its own intent at once; the one that may help has the other's a minute later, and last."""
    file = tmp_path / "desk.yaml"
    file.write_text(DESK)
    desk = lower.desk(read(file))
    line, billing = desk.queue(0, 0), desk.queue(0, 1)
    assert (desk.answers_first, desk.answers_then) == (((line,), (billing,)), ((billing,), ()))
    tables = desk.routing.lower(desk.layout())
    assert tables is not None
    assert (tables.delay[billing], tables.delay[line]) == ((60_000, 0), (0, -1))
    assert tables.priority[billing][0] > tables.priority[line][0]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("[line]", "groups.lines.then_intents[0]: 'line' is in this group already; name it once"),
        ("[bill]", "groups.lines.then_intents[0]: there is no intent 'bill'; did you mean 'billing'?"),
    ],
)
def test_what_cannot_be_meant(tmp_path: Path, given: str, said: str) -> None:
    """An intent twice, or one that is nowhere."""
    file = tmp_path / "desk.yaml"
    file.write_text(DESK.replace("then_intents: [billing]", f"then_intents: {given}"))
    with pytest.raises(ScenarioError) as raised:
        read(file)
    assert any(str(mistake).endswith(said) for mistake in raised.value.mistakes), raised.value.mistakes
