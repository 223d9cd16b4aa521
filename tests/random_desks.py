"""Small desks at random, for hypothesis, and their customers.

Times are whole seconds within two minutes, so that completions, closings, overflows, abandonments and arrivals of one
tick abound; patience and work may be nothing at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from desks import CHANCES, SECOND, population
from hypothesis import strategies as st

from sim.desk import RATE, Channel, Desk, Group, Target
from sim.policies.base import NOT_ELIGIBLE, AgentView, Layout, Response, Routing, RoutingTables, Wait
from sim.policies.response import AnswerAll, IgnoreShare
from sim.policies.routing import LiveFirst, LongestWait
from sim.population.draw import Population
from sim.schemas import NEVER
from sim.tables import Array

ATTEMPTS_TOLD = 6
"""More than a page of fates; the last stands for all that follow."""

seconds = st.integers(0, 120).map(lambda second: second * SECOND)
sizes = st.integers(1, 40)
seeds = st.integers(0, 2**32 - 1)


@dataclass(frozen=True)
class GivenTables:
    """Any routing tables at all."""

    name: ClassVar[str] = "given"
    tables: RoutingTables

    def start(self, layout: Layout) -> None:
        return None

    def lower(self, layout: Layout) -> RoutingTables:
        return self.tables

    def decide(self, view: AgentView, state: Any) -> Wait:
        raise AssertionError("engines read the tables")


@st.composite
def channels(draw: st.DrawFn, name: str) -> Channel:
    moments = sorted(draw(st.lists(seconds, min_size=2, max_size=4, unique=True)))
    spans = tuple(zip(moments[::2], moments[1::2], strict=False))
    slower = draw(st.sampled_from([0.0, 0.15, 1.0]))
    at_once = draw(st.integers(1, 3))
    return Channel(
        name=name,
        live=draw(st.booleans()),
        open=draw(st.sampled_from([None, spans])),
        target=Target(0.8, 20 * SECOND),
        expectation=60.0,
        rates=tuple(round(RATE / (1 + slower * held)) for held in range(at_once)),
        lines=draw(st.sampled_from([None, None, 1, 2, 4])),
        disconnect_at_close=draw(st.booleans()),
    )


@st.composite
def groups(draw: st.DrawFn, name: str) -> Group:
    changes = sorted(draw(st.lists(seconds, max_size=4, unique=True)))
    steps = [-20 * SECOND, *changes]
    return Group(name, tuple((tick, draw(st.integers(0, 3))) for tick in steps), 0.0, 0.0)


@st.composite
def routings(draw: st.DrawFn, first: list[list[int]], then: list[list[int]], size: int) -> Routing:
    overflow = float(draw(st.sampled_from([0, 5, 10, 20])))
    kind = draw(st.sampled_from(["live first", "longest wait", "tables"]))
    if kind != "tables":
        return LiveFirst(overflow) if kind == "live first" else LongestWait(overflow)
    delays = st.sampled_from([0, 0, 3 * SECOND, 10 * SECOND])
    return GivenTables(
        RoutingTables(
            delay=tuple(
                tuple(
                    draw(delays) if c in mine + later else NOT_ELIGIBLE for mine, later in zip(first, then, strict=True)
                )
                for c in range(size)
            ),
            priority=tuple(tuple(draw(st.integers(0, 2)) for _ in first) for _ in range(size)),
        )
    )


@st.composite
def desks(draw: st.DrawFn) -> Desk:
    some_channels = [draw(channels(f"channel {number}")) for number in range(draw(st.integers(1, 3)))]
    some_groups = [draw(groups(f"group {number}")) for number in range(draw(st.integers(1, 3)))]
    roles = [[draw(st.sampled_from(["first", "then", "no"])) for _ in some_channels] for _ in some_groups]
    first = [[c for c, role in enumerate(mine) if role == "first"] for mine in roles]
    then = [[c for c, role in enumerate(mine) if role == "then"] for mine in roles]
    responses: list[Response] = [AnswerAll(), IgnoreShare(0.4)]
    return Desk(
        channels=tuple(some_channels),
        groups=tuple(some_groups),
        segments=("all",),
        intents=("any",),
        routing=draw(routings(first, then, len(some_channels))),
        response=draw(st.sampled_from(responses)),
        starts=draw(st.sampled_from([0, -10 * SECOND])),
        horizon=120 * SECOND,
        ends=draw(st.sampled_from([60, 150, 600])) * SECOND,
        interval=60 * SECOND,
        answers_first=tuple(map(tuple, first)),
        answers_then=tuple(map(tuple, then)),
    )


def random_customers(desk: Desk, size: int, seed: int, *, grain: int = SECOND) -> Population:
    """`size` issues of the first two minutes at most, whose times are multiples of `grain` ticks, drawn from a seed."""
    random = np.random.default_rng(seed)
    until = random.choice([30, 100]) * SECOND
    return population(
        arrival=random.integers(desk.starts // grain, until // grain, size) * grain,
        channel=random.integers(0, len(desk.channels), size),
        told=random_luck(random, size, grain),
    )


def random_luck(random: np.random.Generator, size: int, grain: int) -> dict[str, Array]:
    """Luck of `size` issues for `ATTEMPTS_TOLD` attempts each."""
    shape = (size, ATTEMPTS_TOLD)

    def times(low: int, high: int) -> Array:
        return random.integers(low * SECOND // grain, high * SECOND // grain, shape, endpoint=True) * grain

    def coins(share: float) -> Array:
        return (random.random(shape) < share).astype(np.int64)

    return {
        "patience": np.where(coins(0.3) == 1, NEVER, times(0, 25)),
        "handle": times(0, 20),
        "wrap_up": coins(0.5) * times(0, 5),
        "resolved": coins(0.6),
        "redial": coins(0.6),
        "redial_delay": times(1, 20),
        "reconnect": coins(0.6),
        "reconnect_delay": times(1, 20),
        "ignored": random.integers(0, CHANCES, shape),
    }
