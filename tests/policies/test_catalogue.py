"""The catalogue of policies: complete, documented, and readable from the words of a scenario."""

from __future__ import annotations

import inspect
import pkgutil
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import Any

import pytest

import sim.policies
from sim.policies import RESPONSE, ROUTING, STAFFING
from sim.policies.response import Together
from sim.scenario.complete import fill
from sim.scenario.written import policy as shown
from sim.units import Unclear, call

ALL = [*ROUTING.values(), *RESPONSE.values(), *STAFFING.values()]
GRADES = {"A", "B", "C"}


def policies_of(package: Any) -> set[type]:
    """Every policy class of any module of the package: a dataclass with a name that decides."""
    found: set[type] = set()
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        members = inspect.getmembers(import_module(module.name), inspect.isclass)
        found |= {
            member for _, member in members
            if is_dataclass(member) and isinstance(getattr(member, "name", None), str) and hasattr(member, "decide")
        }  # fmt: skip
    return found


def test_a_policy_that_is_written_is_in_the_catalogue() -> None:
    """Every policy class of any module is listed under its name; forgetting its line fails here."""
    # a list of policies in a scenario is this one, which has no name of its own there
    written, listed = policies_of(sim.policies) - {Together}, set(ALL)
    assert written == listed, f"not in its catalogue: {written - listed}"
    for catalogue in (ROUTING, RESPONSE, STAFFING):
        assert all(name == policy.name for name, policy in catalogue.items())


@pytest.mark.parametrize("policy", ALL, ids=lambda policy: policy.name)
def test_a_policy_is_its_own_documentation(policy: Any) -> None:
    """Frozen, with a docstring; each setting says how it is read and what it means, and each default of grade C has a
    range."""
    assert policy.__doc__
    assert policy.__dataclass_params__.frozen
    for field in fields(policy):
        said = field.metadata
        assert said["meaning"], field.name
        assert said["words"] == "" or said["read"](said["words"]) == field.default
        assert said["grade"] in GRADES or said["source"] == "", field.name
        assert said["grade"] != "C" or said["range"], field.name
        said["read"](said["example"])


@pytest.mark.parametrize("catalogue", [ROUTING, RESPONSE, STAFFING], ids=["routing", "response", "staffing"])
def test_a_policy_is_read_from_the_words_that_the_reference_shows(catalogue: dict[str, Any]) -> None:
    """Each policy alone is its defaults; with all the settings that the reference shows, these are read."""
    for text in shown(catalogue).examples:
        name, given = call(text)
        read = {field.name: field.metadata["read"](given[field.name]) for field in fields(catalogue[name]) if given}
        assert catalogue[name](**read).name == name
        assert not given or len(read) == len(given)


@pytest.mark.parametrize(
    ("policy", "setting", "words", "said"),
    [
        (
            "live_first",
            "agents",
            "longest_idel",
            "'longest_idel' is not one of longest_idle, least_loaded; did you mean",
        ),
        ("live_first", "sticky", "true", "'true' is not one of yes, no"),
        ("live_first", "reserve", "1.5", "'1.5' is not a whole number"),
        ("by_priority", "segments", "vip >", "'vip >' lacks a name"),
        ("by_priority", "segments", "vip > vip", "has a name twice"),
        ("outsource", "price", "4 GBP", "'4 GBP' names a currency; write the amount alone, as in 4"),
        ("outsource", "price", "-4", "'-4' is negative"),
        ("canned", "handle_time", "101x", "'101x' is too large"),
        ("callback", "accepts", "60", "did you mean 60%?"),
        ("outage_message", "since", "2026-10-06", "has no time of day; write it as 2026-10-06 18:30"),
        ("outage_message", "since", "2026-13-06 18:30", "is not in the calendar"),
    ],
)
def test_a_setting_that_cannot_be_read_says_so(policy: str, setting: str, words: str, said: str) -> None:
    """The reader of a setting refuses what has not one meaning, and says what to write."""
    field = next(field for field in fields({**ROUTING, **RESPONSE}[policy]) if field.name == setting)
    with pytest.raises(Unclear) as refused:
        field.metadata["read"](words)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "said", [["callback(when_wait_exceeds 3m", "channel phone)", "canned"], "callback(channel chat)"]
)
def test_a_setting_left_to_its_default_is_told(said: Any) -> None:
    """A scenario's defaults are those of the policies it names, too: where a setting is not given and is not a plain
    choice, with the grade and the range."""
    _, assumed = fill({"policies": {"response": said}})
    told = {path.removeprefix("policies.response.") for path in assumed if path.startswith("policies.response.")}
    given = isinstance(said, list)
    assert told == {"callback(accepts)"} | (
        {"canned(handle_time)", "canned(resolves)"} if given else {"callback(when_wait_exceeds)"}
    )
    accepts = assumed["policies.response.callback(accepts)"]
    assert (accepts.value, accepts.range, accepts.grade) == ("60%", "30% to 80%", "C")
