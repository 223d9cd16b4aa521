"""The catalogue of policies: complete, documented, and each policy the same by tables and by asking."""

from __future__ import annotations

import inspect
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from sim.policies import RESPONSE, ROUTING, STAFFING, base, response, routing, staffing
from sim.policies.base import Accept, AgentView, ContactView, Ignore, IntervalView, Layout, Take, Wait

CATALOGUES = ((routing, ROUTING), (response, RESPONSE), (staffing, STAFFING))
LAYOUT = Layout(live=(True, True, False), answers=((0,), (1,)), then=((1, 2), (2,)))


@pytest.mark.parametrize(("module", "catalogue"), CATALOGUES)
def test_a_policy_that_is_written_is_in_the_catalogue(module: Any, catalogue: dict[str, Any]) -> None:
    """Every policy class of a module is listed under its name; forgetting the line in the catalogue fails here."""
    written = {
        member for _, member in inspect.getmembers(module, inspect.isclass)
        if is_dataclass(member) and hasattr(member, "name") and member.__module__ == module.__name__
    }  # fmt: skip
    assert written == set(catalogue.values())
    assert all(name == policy.name for name, policy in catalogue.items())


@pytest.mark.parametrize("policy", [*ROUTING.values(), *RESPONSE.values(), *STAFFING.values()])
def test_a_policy_is_its_own_documentation(policy: Any) -> None:
    """Frozen, with a docstring, and every field knows how to read itself from words."""
    assert policy.__doc__
    assert policy.__dataclass_params__.frozen
    assert all("read" in field.metadata for field in fields(policy))


def test_live_contacts_go_first_and_then_lists_last() -> None:
    """Live before deferrable, answers before then; a live contact reaches `then` only after the overflow time."""
    tables = routing.LiveFirst(overflow_after=60.0).lower(LAYOUT)
    assert tables.delay == ((0, base.NOT_ELIGIBLE), (60_000, 0), (0, 0))
    assert tables.priority[0][0] < tables.priority[1][0] < tables.priority[2][0]
    assert tables.priority[1][1] < tables.priority[2][1]


@pytest.mark.parametrize("policy", [routing.LiveFirst(overflow_after=60.0), routing.LongestWait(overflow_after=60.0)])
def test_asking_and_tables_decide_alike(policy: Any) -> None:
    """For every pattern of waits, `decide` takes the channel that its tables stand for."""
    tables = policy.lower(LAYOUT)
    for waited in ([-1, 5, 9], [3, 70_000, 9], [-1, 59_999, -1], [-1, 60_000, 70_000], [-1, -1, -1], [4, 4, 4]):
        for group in (0, 1):
            action = policy.decide(AgentView(now=10**6, group=group, waited=waited, queued=[1, 1, 1]), tables)
            eligible = [
                (tables.priority[channel][group], -wait, channel)
                for channel, wait in enumerate(waited)
                if wait >= 0 and 0 <= tables.delay[channel][group] <= wait
            ]
            if eligible:
                assert action == Take(action.because, min(eligible)[2])
            else:
                assert isinstance(action, Wait)


def test_an_agent_is_asked_again_when_somebody_becomes_eligible() -> None:
    """If nobody may be taken yet, the policy says after how many ticks it is worth asking again."""
    policy = routing.LiveFirst(overflow_after=60.0)
    action = policy.decide(AgentView(group=0, waited=[-1, 50_000, -1], queued=[0, 1, 0]), policy.start(LAYOUT))
    assert action == Wait("nothing may be taken yet", 10_000)


def test_only_messages_are_ignored() -> None:
    """Callers always join the line; a message is ignored with the stated chance, by tables and by asking alike."""
    policy = response.IgnoreShare(share=0.25)
    assert policy.lower(LAYOUT) == (0, 0, 250_000)
    state = policy.start(LAYOUT)
    assert isinstance(policy.decide(ContactView(channel=0), state), Accept)
    message = policy.decide(ContactView(channel=2), state)
    assert isinstance(message, Ignore)
    assert message.chance == 0.25


def test_erlang_staffs_what_is_forecast() -> None:
    """100 calls of 180 s in 30 minutes need 14 people for 80 % within 20 s; an interval without calls keeps its own."""
    policy = staffing.ErlangC()
    busy = IntervalView(offered=100.0, length=1800.0, handle_time=180.0, scheduled=3, share=0.8, within=20.0)
    assert policy.decide(busy, policy.start(LAYOUT)).agents == 14
    assert policy.decide(IntervalView(offered=0.0, length=1800.0, scheduled=3), None).agents == 3
