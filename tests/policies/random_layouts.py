"""Small desks at random as a policy knows them, and what an agent or a contact at the door may look like there."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from sim.policies import ROUTING
from sim.policies.base import AgentView, ContactView, Layout

LAYOUT = Layout(
    live=(True, True, False, False),
    answers=((0,), (1, 2), (3,)),
    then=((1, 2), (), ()),
    channels=("phone", "chat", "email", "social"),
    live_channels=(True, True, False, False),
    deferrable=(False, False, True, True),
    intents=("billing", "outage", "cancel"),
    segments=("households", "small_business"),
    margins=(9_000, 21_000),
    public=(3,),
)
"""Callers, who may also chat and write; chats and e-mail; complaints in public."""

waits = st.sampled_from([-1, 0, 3, 59_999, 60_000, 90_000])


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    """One queue a channel, up to four; up to three groups that answer each, turn to it, or do not."""
    size = draw(st.integers(1, 4))
    live = tuple(draw(st.booleans()) for _ in range(size))
    roles = [
        [draw(st.sampled_from(["first", "then", "no"])) for _ in range(size)] for _ in range(draw(st.integers(1, 3)))
    ]
    segments = draw(st.integers(1, 3))
    return Layout(
        live=live,
        answers=tuple(tuple(q for q, role in enumerate(mine) if role == "first") for mine in roles),
        then=tuple(tuple(q for q, role in enumerate(mine) if role == "then") for mine in roles),
        channels=tuple(f"channel {number}" for number in range(size)),
        live_channels=live,
        deferrable=tuple(not each for each in live),
        segments=tuple(f"segment {number}" for number in range(segments)),
        margins=tuple(draw(st.integers(0, 50_000)) for _ in range(segments)),
    )


@st.composite
def routings(draw: st.DrawFn) -> Any:
    """Any shipped routing policy, with some of its settings."""
    policy = draw(st.sampled_from(sorted(ROUTING)))
    settings = {
        "overflow_after": float(draw(st.sampled_from([0, 60, 90]))),
        "reserve": draw(st.integers(0, 2)),
        "floor": draw(st.integers(0, 2)),
        "public_first": draw(st.booleans()),
    }
    return ROUTING[policy](**settings)


@st.composite
def agent_views(draw: st.DrawFn, layout: Layout) -> AgentView:
    waited = [draw(waits) for _ in layout.live]
    group = draw(st.integers(0, len(layout.answers) - 1))
    return AgentView(now=10**6, group=group, waited=waited, queued=[int(wait >= 0) for wait in waited])


@st.composite
def contact_views(draw: st.DrawFn, layout: Layout) -> ContactView:
    return ContactView(
        now=draw(st.integers(-(10**6), 10**6)),
        channel=draw(st.integers(0, len(layout.channels) - 1)),
        attempt=draw(st.integers(1, 32)),
        queued=draw(st.integers(0, 9)),
        expected=draw(st.sampled_from([0, 60_000, 299_999, 300_000, 300_001, 2**62])),
        segment=draw(st.integers(0, len(layout.segments) - 1)),
    )
