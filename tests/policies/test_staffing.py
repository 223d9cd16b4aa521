"""Staffing: how many agents a policy schedules."""

from __future__ import annotations

from random_layouts import LAYOUT

from sim.policies.base import IntervalView
from sim.policies.staffing import AsScheduled, ErlangC


def test_erlang_staffs_what_is_forecast() -> None:
    """100 calls of 180 s in 30 minutes need 14 people for 80 % within 20 s; an interval without calls keeps its own."""
    policy = ErlangC()
    busy = IntervalView(offered=100.0, length=1800.0, handle_time=180.0, scheduled=3, share=0.8, within=20.0)
    assert policy.decide(busy, policy.start(LAYOUT)).agents == 14
    assert policy.decide(IntervalView(offered=0.0, length=1800.0, scheduled=3), None).agents == 3


def test_the_schedule_is_the_schedule() -> None:
    """as_scheduled gives what the scenario says, whatever is forecast."""
    assert (
        AsScheduled().decide(IntervalView(scheduled=5, offered=900.0, length=1800.0, handle_time=600.0), None).agents
        == 5
    )
