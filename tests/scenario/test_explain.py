"""What ``sim validate --explain`` says of a key, a section, a constant, and of what a scenario has there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, TypeAdapter

from sim.defaults import OFF
from sim.errors import UsageError
from sim.measures.constants import CONSTANTS
from sim.scenario.explain import WIDTH, explain
from sim.scenario.keys import ANY, as_written, defaults_of, is_needed, walk
from sim.scenario.read import read
from sim.scenario.spec import Channel, Group

BASE = """\
customers: 20000
phone: {staff: 12, hours: 08:00-20:00}
groups:
  office: {answers: [email], staff: 3}
email:
"""
ABOVE = """\
extends: base.yaml
phone:
  patience: 9m
variants:
  evenings: {phone.staff: 14, groups.office.cost: 25 GBP/h}
"""


def flat(path: str) -> str:
    """What is said without its line ends."""
    return " ".join(explain(path, None).split())


@pytest.mark.parametrize("key", list(walk()), ids=lambda key: ".".join(key.path))
def test_every_key_is_explained(key) -> None:  # type: ignore[no-untyped-def]
    """By its path: the meaning, how it is written, and every default with its range, grade and source."""
    said = flat(".".join(key.path))
    assert said.startswith(f"{'.'.join(key.path)}: {key.meaning}")
    if key.form.part is not None:
        return
    assert f"written {key.form.written.kind}" in said
    assert ("it has to be given" in said) == is_needed(key)
    for default in defaults_of(key).values():
        assert " ".join(as_written(default.value).split()) in said
        assert default.range in said
        assert " ".join(default.source.split()) in said


@pytest.mark.parametrize("path", CONSTANTS)
def test_every_constant_is_explained(path: str) -> None:
    """By its path: the meaning, range, grade and source of the constants of satisfaction and churn."""
    said = flat(path)
    for part in (CONSTANTS[path][1].meaning, CONSTANTS[path][1].range, CONSTANTS[path][1].source):
        assert " ".join(part.split()) in said


def test_the_default_is_that_of_the_channel() -> None:
    """A channel's own default is shown, by its short path too; for a channel in general, that of each."""
    assert "default weibull(scale 39m, shape 0.86) range scale 11m to 55m grade B" in flat("phone.patience")
    assert explain("phone.patience", None) == explain("channels.phone.patience", None)
    assert "default endless" in flat("email.patience")
    for name, default in (("phone", "weibull(scale 39m, shape 0.86)"), ("social, direct, app", "exponential(mean 4h)")):
        assert f"default {default} of {name} " in flat(f"channels.{ANY}.patience")
        assert f"default {default} of {name} " in flat("channels.video.patience")


def test_behaviour_that_is_off_has_its_evidence() -> None:
    """What a scenario has to ask for says so, with the range and the grade that it would have; in the words that give
    what holds without them."""
    assert "default 0% range 3% to 95% grade C" in flat("chat.silent")
    for (section, name), default in OFF.items():
        part: type[BaseModel] = Channel if section == "channels" else Group
        field = part.model_fields[name]
        kind: Any = Annotated[(field.annotation, "as the model has it", *field.metadata)]
        read = TypeAdapter[Any](kind)
        assert read.validate_python(default.value) == field.get_default(), name


def test_a_key_that_a_section_needs_says_so() -> None:
    """Where a key has no default and its section is not complete without it, that is said; else there is none."""
    for path in ("groups.*.answers", "intents.*.share", "demand.replay.file", "channels.video.kind"):
        assert "it has to be given" in flat(path)
    for path in ("customers.count", "phone.rate", "name", "phone.kind"):
        assert "it has to be given" not in flat(path)


def test_a_section_lists_its_keys() -> None:
    """Of a section, of its entries and of the constants, the keys are listed with their meanings."""
    for path in ("groups", "groups.office", f"groups.{ANY}"):
        assert "then channels that its agents answer when nobody waits on those" in flat(path)
    assert "satisfaction.means" in flat("satisfaction")


def test_what_stands_below_a_key_is_explained() -> None:
    """Of a value that is a mapping, its own keys and its entries are explained."""
    assert flat("holidays.also").startswith("holidays.also: further dates")
    assert "written a share within a time;" in flat("targets.phone")
    assert "written a limit;" in flat("thresholds.phone.service_level")


def test_lines_fit_a_terminal() -> None:
    """No line is longer than a terminal is wide."""
    assert max(len(line) for key in walk() for line in explain(".".join(key.path), None).splitlines()) <= WIDTH


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("phone.patiance", "did you mean 'channels.phone.patience'?"), ("phone.aht", "'channels.phone.handle_time'"),
        ("patience", "did you mean 'phone.patience'?"), ("beta", "did you mean 'churn.beta'?"),
        ("counts", "did you mean 'phone.counts'?"),
        ("churn.betta", "did you mean 'churn.beta'?"), ("groups.office.colour", "known here: answers, then"),
        ("phone.kind.live", "it is one of live, deferrable"), ("", "known here: phone, chat"),
        ("lasts.long", "it is a length of time"),
    ],
)  # fmt: skip
def test_an_unknown_path_says_what_was_meant(path: str, hint: str) -> None:
    """A path that leads nowhere is a mistake that names the nearest."""
    with pytest.raises(UsageError) as caught:
        explain(path, None)
    assert hint in caught.value.hint


def test_what_a_scenario_says_is_shown_with_its_place(tmp_path: Path) -> None:
    """Its value with file and line, of whichever file, variant or --set it comes from; else that it is the default."""
    (tmp_path / "base.yaml").write_text(BASE, encoding="utf-8")
    file = tmp_path / "above.yaml"
    file.write_text(ABOVE, encoding="utf-8")

    def here(path: str, *sets: str, variant: str | None = None) -> list[str]:
        lines = explain(path, read(file, sets, variant=variant)).split(f"\nIn {file}:\n")[1]
        return [line.removeprefix("  ") for line in lines.replace("\n    ", " ").splitlines()]

    assert here("phone.patience") == [f"channels.phone.patience: 9m ({file}:3:13)"]
    assert here("phone.staff") == [f"channels.phone.staff: 12 ({tmp_path / 'base.yaml'}:2:16)"]
    assert here("phone.staff", variant="evenings")[0].startswith(f"channels.phone.staff: 14 ({file}:5:")
    assert here("phone.staff", "phone.staff=9") == ["channels.phone.staff: 9 (--set phone.staff=9)"]
    assert here("chat.staff") == ["channels.chat.staff: nothing is said"]
    assert here("channels.*.wrap_up") == [
        "channels.phone.wrap_up: 45s (the default)", "channels.email.wrap_up: 0s (the default)",
    ]  # fmt: skip
    assert here("policies.routing") == ["policies.routing: live_first (the default)"]
    # in the scenario's own currency
    assert here("groups.*.cost", variant="evenings")[0].startswith("groups.office.cost: 25 GBP/h (")
    assert here("phone.cost", variant="evenings") == ["channels.phone.cost: 20 GBP/h (the default)"]


def test_the_default_is_that_of_the_scenario(tmp_path: Path) -> None:
    """With shifts, less is lost: a scenario that has them is told of that default alone; without one, of both."""
    file = tmp_path / "shop.yaml"
    shifts = "{day: {agents: 2, hours: 09:00-17:00}}"
    file.write_text(f"customers: 500\nphone:\n  hours: 09:00-17:00\n  shifts: {shifts}\n", encoding="utf-8")
    with_shifts = " ".join(explain("phone.shrinkage", read(file)).split())
    assert "default 24% range" in with_shifts
    assert "30% range" not in with_shifts
    assert "channels.phone.shrinkage: 24% (the default)" in with_shifts
    for path in ("phone.shrinkage", "groups.office.shrinkage"):
        assert "default 30% range" in flat(path)
        assert "default 24% with shifts, which show the breaks range" in flat(path)
