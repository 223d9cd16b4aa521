"""Routing: the tables of each policy, and that asking gives what the tables stand for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_layouts import LAYOUT, agent_views, layouts, routings

from sim.policies.base import NOT_ELIGIBLE, AgentView, Layout, RoutingTables, Take, Wait, urgency_index
from sim.policies.routing import PUBLIC_FIRST, Blend, LiveFirst, LongestWait, SkillsFirst
from sim.policies.urgency import ByPriority, ByRisk, ByValue

N = NOT_ELIGIBLE
HOUSEHOLD, BUSINESS = 0, 1


def may_take(tables: RoutingTables, view: AgentView) -> list[tuple[int, int, int]]:
    """(priority, −wait, queue) of those whom the view's group may take by the tables."""
    return [
        (tables.priority[queue][view.group], -wait, queue)
        for queue, wait in enumerate(view.waited)
        if wait >= 0 and 0 <= tables.delay[queue][view.group] <= wait
    ]


@given(st.data(), layouts(), routings())
def test_asking_and_tables_decide_alike(data: st.DataObject, layout: Layout, policy: Any) -> None:
    """Whatever the desk and the waits, `decide` takes the queue that the tables stand for; else it says how long it
    takes until somebody may be taken."""
    view = data.draw(agent_views(layout))
    tables = policy.lower(layout)
    action = policy.decide(view, policy.start(layout))
    eligible = may_take(tables, view)
    if eligible:
        assert action == Take(action.because, min(eligible)[2])
        return
    assert isinstance(action, Wait)
    later = replace(view, waited=[wait + action.again if wait >= 0 else -1 for wait in view.waited])
    assert bool(may_take(tables, later)) == (action.again > 0)


@given(layouts(), routings())
def test_nobody_is_given_what_they_have_not_learnt(layout: Layout, policy: Any) -> None:
    """A group may take the queues it answers at once, those it has under `then` by and by, and no others; tables are
    queues by groups."""
    tables = policy.lower(layout)
    assert len(tables.delay) == len(tables.priority) == len(layout.live)
    for queue, delays in enumerate(tables.delay):
        for group, delay in enumerate(delays):
            learnt = (queue in layout.answers[group]) + 2 * (queue in layout.then[group])
            assert (delay == N, delay == 0 or learnt == 2) == (learnt == 0, learnt > 0)


def test_live_contacts_go_first_and_then_lists_last() -> None:
    """Live before deferrable, answers before then; a live contact reaches `then` only after the overflow time."""
    tables = LiveFirst(overflow_after=60.0).lower(LAYOUT)
    assert tables.delay == ((0, N, N), (60_000, 0, N), (0, 0, N), (N, N, 0))
    assert [tables.priority[queue][0] for queue in (0, 1, 2)] == [0, 2, 3]
    assert tables.priority[1][1] < tables.priority[2][1]


def test_the_longest_wait_is_all_that_counts() -> None:
    """By longest_wait, a group takes whoever has waited longest of all it may answer, a message before a call."""
    policy = LongestWait()
    action = policy.decide(AgentView(group=0, waited=[5, -1, 9, -1], queued=[1, 0, 1, 0]), policy.start(LAYOUT))
    assert action == Take(action.because, 2)


def test_skills_come_before_idle_hands() -> None:
    """By skills_first, everybody else waits to be asked, for messages too, and specialists go before generalists."""
    layout = replace(LAYOUT, answers=((0, 1), (0,), (3,)), then=((2,), (2,), (0,)))
    tables = SkillsFirst().lower(layout)
    assert tables.delay == ((0, 0, 60_000), (0, N, N), (60_000, 60_000, N), (N, N, 0))
    # group 0 answers three queues, group 1 two; whoever has it under `then` comes last
    assert tables.priority[0][1] < tables.priority[0][0] < tables.priority[0][2]
    assert tables.priority[0][0] == tables.priority[1][0] < tables.priority[2][0]


def test_an_agent_is_asked_again_when_somebody_becomes_eligible() -> None:
    """If nobody may be taken yet, the policy says after how many ticks it is worth asking again."""
    policy = LiveFirst(overflow_after=60.0)
    action = policy.decide(AgentView(group=0, waited=[-1, 50_000, -1, -1], queued=[0, 1, 0, 0]), policy.start(LAYOUT))
    assert action == Wait("nothing may be taken yet", 10_000)


def test_what_is_kept_back_is_kept_back_only_where_calls_come_in() -> None:
    """reserve and floor hold for groups that answer both live and deferrable queues; a group with one kind has 0."""
    tables = Blend(reserve=2, floor=3).lower(LAYOUT)
    assert (tables.reserve, tables.floor) == ((2, 2, 0), (3, 3, 0))
    plain = LiveFirst().lower(LAYOUT)
    assert (plain.reserve, plain.floor) == ((), ())
    assert replace(tables, reserve=(), floor=()) == plain


def test_what_the_tables_say_of_agents_is_what_was_written() -> None:
    """agents, sticky and public_first reach the tables; without them nothing of the kind happens."""
    tables = LiveFirst(agents="least_loaded", sticky=True, public_first=True).lower(LAYOUT)
    assert (tables.least_loaded, tables.sticky, tables.public_urgency) == (True, True, PUBLIC_FIRST)
    plain = LiveFirst().lower(LAYOUT)
    assert (plain.least_loaded, plain.sticky, plain.public_urgency, plain.urgency) == (False, False, 0, ())


@pytest.mark.parametrize(
    ("policy", "first"),
    [
        (ByPriority(segments=("small_business",)), BUSINESS),
        (ByPriority(segments=("households", "small_business")), HOUSEHOLD),
        (ByValue(), BUSINESS),
    ],
)
def test_a_segment_goes_first(policy: Any, first: int) -> None:
    """Whatever else is known of two customers, the one of the segment that goes first is the more urgent."""
    tables = policy.lower(LAYOUT)
    for contract in range(3):
        for tenure in (0, 4, 12, 36, 300):
            for attempt in (1, 2, 3, 4, 32):
                mine, other = (
                    tables.urgency[urgency_index(segment, contract, tenure, attempt)] for segment in (first, 1 - first)
                )
                assert mine < other


def test_by_priority_and_by_value_leave_the_order_of_channels_alone() -> None:
    """Who the customer is decides within what live_first would take next."""
    for policy in (ByPriority(segments=("households",)), ByValue(), ByRisk()):
        assert replace(policy.lower(LAYOUT), urgency=()) == LiveFirst().lower(LAYOUT)


def test_who_is_likelier_to_leave_goes_first() -> None:
    """By risk, a rolling contract, a short tenure and each further contact about an issue make more urgent."""
    urgency = ByRisk().lower(LAYOUT).urgency

    def at(contract: int = 0, tenure: int = 6, attempt: int = 1) -> int:
        return urgency[urgency_index(HOUSEHOLD, contract, tenure, attempt)]

    assert at() == -1000
    assert at(contract=0) < at(contract=1) < at(contract=2)
    assert at(tenure=3) < at(tenure=4) < at(tenure=12) < at(tenure=36)
    assert at(attempt=4) < at(attempt=3) < at(attempt=2) < at(attempt=1)
    assert at(attempt=9) == at(attempt=4)
    assert min(urgency) == -3900


@pytest.mark.parametrize(
    ("policy", "layout", "said"),
    [
        (ByPriority(), LAYOUT, "by_priority does not say who goes first; write by_priority(segments small_business)"),
        (ByPriority(segments=("smal_business",)), LAYOUT,
         "no segment is called 'smal_business'; did you mean 'small_business'?"),
        (ByValue(), replace(LAYOUT, margins=(5, 5)),
         "by_value finds one margin for all customers; give segments with a margin of their own"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_desk_is_said(policy: Any, layout: Layout, said: str) -> None:
    """A routing policy names what it needs and does not find."""
    assert [str(problem) for problem in policy.problems(layout)] == [said]
    assert LiveFirst().problems(layout) == []
