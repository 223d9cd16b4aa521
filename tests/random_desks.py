"""Small desks at random, for hypothesis, and their customers: plain ones (`desks`), and with every feature (`centres`).

Times are whole seconds within two minutes, so that completions, closings, overflows, abandonments and arrivals of one
tick abound; patience and work may be nothing at all. Chances are such that everything a desk can do happens often.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from desks import CHANCES, SECOND, population
from hypothesis import strategies as st

from sim.desk import NEXT_OPENING, NOWHERE, ONE, RATE, Channel, Desk, Group, Person, Target
from sim.policies.base import ATTEMPTS_TOLD as ATTEMPTS_RANKED
from sim.policies.base import (
    BANDS,
    CONTRACTS,
    NOT_ELIGIBLE,
    Accept,
    AgentView,
    Announcement,
    ContactView,
    Deflection,
    Layout,
    Message,
    Offer,
    Outsourcing,
    Response,
    ResponseTables,
    Retention,
    Routing,
    RoutingTables,
    Wait,
)
from sim.policies.response import AnswerAll, IgnoreShare
from sim.policies.routing import LiveFirst, LongestWait
from sim.population.draw import COINS, DELAYS, DRAWS, Population
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


@dataclass(frozen=True)
class GivenResponses:
    """Any response tables at all."""

    name: ClassVar[str] = "given"
    tables: ResponseTables

    def start(self, layout: Layout) -> None:
        return None

    def lower(self, layout: Layout) -> ResponseTables:
        return self.tables

    def decide(self, view: ContactView, state: Any) -> Accept:
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
    return GivenTables(draw(tables(first, then, size)))


@st.composite
def tables(draw: st.DrawFn, first: list[list[int]], then: list[list[int]], size: int) -> RoutingTables:
    """Delays and priorities of `size` queues."""
    delays = st.sampled_from([0, 0, 3 * SECOND, 10 * SECOND])
    return RoutingTables(
        delay=tuple(
            tuple(draw(delays) if c in mine + later else NOT_ELIGIBLE for mine, later in zip(first, then, strict=True))
            for c in range(size)
        ),
        priority=tuple(tuple(draw(st.integers(0, 2)) for _ in first) for _ in range(size)),
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


# --- every feature ---------------------------------------------------------------------------------------------------

LIVE, DEFERRABLE, AUTOMATIC = "live", "deferrable", "automatic"
often = st.sampled_from([False, True, True])
chances = st.sampled_from([0, 300_000, 700_000, 900_000])
some_sizes = st.sampled_from([5, 12, 20, 30, 40, 50])
factors = st.sampled_from([ONE, ONE, 800_000, 1_250_000])
waits = st.sampled_from([0, 3, 5, 10]).map(lambda second: second * SECOND)


@st.composite
def rich_channels(draw: st.DrawFn) -> tuple[Channel, ...]:
    """One to four channels; the first is answered by people."""
    kinds = [draw(st.sampled_from([LIVE, LIVE, DEFERRABLE]))]
    kinds += [
        draw(st.sampled_from([LIVE, DEFERRABLE, AUTOMATIC])) for _ in range(draw(st.sampled_from([0, 1, 2, 2, 3])))
    ]
    return tuple(draw(rich_channel(number, kinds)) for number in range(len(kinds)))


@st.composite
def rich_channel(draw: st.DrawFn, number: int, kinds: list[str]) -> Channel:
    staffed = [NOWHERE, *(other for other, kind in enumerate(kinds) if kind != AUTOMATIC)]
    machines = [NOWHERE, *(other for other, kind in enumerate(kinds) if kind == AUTOMATIC)]
    anywhere = st.sampled_from([NOWHERE, *(other for other in range(len(kinds)) if other != number)])
    kind, plain = kinds[number], draw(channels(f"channel {number}"))
    more: dict[str, Any] = {
        "live": kind != DEFERRABLE,
        "open": draw(st.sampled_from([None, plain.open, plain.open])),
        "closed": draw(st.sampled_from([NEXT_OPENING, *staffed])),
        "elsewhere": draw(anywhere),
        "public": draw(st.sampled_from(staffed)),
        "disconnect_at_close": draw(st.sampled_from([False, False, True])),
    }
    if kind == AUTOMATIC:
        more |= {
            "automatic": True,
            "escalates": draw(st.sampled_from(staffed)),
            "escalated": draw(st.sampled_from([ONE, 1_500_000])),
        }
    else:
        more |= {
            "usual": draw(st.sampled_from([0, 4, 10, 15])) * SECOND,
            "front": draw(st.sampled_from(machines[-1:] + machines)),
            "transfers": draw(st.sampled_from([NOWHERE, NOWHERE, *staffed])),
        }
    if kind == LIVE:
        more["silent_work"] = draw(st.sampled_from([0, 2, 7])) * SECOND
    if kind == DEFERRABLE:
        more |= {
            "chases": draw(chances),
            "chasers": draw(st.integers(0, 3)),
            "chaser_work": draw(st.sampled_from([0, 2 * SECOND])),
            "interruptible": draw(often),
            "asks_back": draw(st.booleans()),
        }
    return replace(plain, **more)


@st.composite
def rich_groups(draw: st.DrawFn, name: str, queues: int, closings: list[int]) -> Group:
    """A skill group, of people or by count; its last agents often leave as a channel closes."""
    plain = draw(groups(name))
    if closings and draw(often):
        closing = draw(st.sampled_from(closings))
        before = tuple(step for step in plain.levels if step[0] < closing)
        plain = replace(plain, levels=(*before, (closing, draw(st.integers(0, 1)))))
    by_queue = st.lists(factors, min_size=queues, max_size=queues).map(tuple)
    people = draw(st.sampled_from([0, 0, 1, 2, 3]))
    return replace(
        plain,
        people=tuple(draw(persons(f"agent {number}")) for number in range(people)),
        speed=draw(by_queue) if draw(st.booleans()) else (),
        quality=draw(by_queue) if draw(st.booleans()) else (),
        drops=draw(st.booleans()),
    )


@st.composite
def persons(draw: st.DrawFn, name: str) -> Person:
    moments = sorted(draw(st.lists(st.integers(-20, 150), min_size=2, max_size=6, unique=True)))
    on = tuple((come * SECOND, go * SECOND) for come, go in zip(moments[::2], moments[1::2], strict=False))
    speed = tuple(draw(factors) for _ in on) if draw(st.booleans()) else ()
    return Person(name, on, speed=speed, quality=draw(factors), rank=draw(st.integers(0, 1)))


@st.composite
def rich_routing(draw: st.DrawFn, first: list[list[int]], then: list[list[int]], desk: Desk) -> Routing:
    queues, size = len(desk.channel_of_queue), len(desk.groups)
    if draw(st.sampled_from([False, False, False, True])):
        return draw(routings(first, then, queues))
    step, ranks = draw(st.sampled_from([0, 1, 3, 5])), len(desk.segments) * CONTRACTS * (len(BANDS) + 1)
    few = st.lists(st.integers(0, 2), min_size=size, max_size=size).map(tuple)
    return GivenTables(
        replace(
            draw(tables(first, then, queues)),
            urgency=tuple(rank * step % 4 for rank in range(ranks * ATTEMPTS_RANKED)) if step else (),
            public_urgency=draw(st.sampled_from([0, -3, 1])),
            reserve=draw(few) if draw(st.booleans()) else (),
            floor=draw(few) if draw(often) else (),
            least_loaded=draw(st.booleans()),
            sticky=draw(st.booleans()),
        )
    )


@st.composite
def rich_responses(draw: st.DrawFn, desk: Desk) -> Response:
    size, staffed = len(desk.channels), [c for c, channel in enumerate(desk.channels) if not channel.automatic]

    def each(what: st.SearchStrategy[Any]) -> Any:
        """By channel, or none of it."""
        return tuple(draw(what) for _ in range(size)) if draw(often) else ()

    booked = st.sampled_from([None, None, 0, 10 * SECOND, 30 * SECOND])
    offers = st.builds(Offer, waits, chances, booked)
    deflections = st.builds(Deflection, waits, chances, st.sampled_from(staffed))
    outsourcers = st.builds(Outsourcing, waits, st.just(1.0), st.sampled_from([ONE, 700_000]))
    announced = st.builds(Announcement, st.sampled_from([0, ONE, ONE]), st.sampled_from([0, ONE, 1_500_000]))
    intents = st.sampled_from([(0,), (0, 1), (1, 2)])
    since, until = sorted((draw(seconds), draw(seconds)))
    return GivenResponses(
        ResponseTables(
            ignored=each(st.sampled_from([0, 0, 300_000])),
            messages=(Message(since, until, draw(intents), draw(chances)),) if draw(st.booleans()) else (),
            callback=each(st.none() | offers),
            deflect=each(st.none() | deflections),
            outsource=each(st.none() | st.none() | outsourcers),
            announce=each(announced),
            work=each(factors),
            quality=each(factors),
            chases=each(factors),
            unified=draw(st.sampled_from([0, 0, 800_000])),
            retention=(Retention(draw(st.integers(0, 1)), 500_000, 1.0),) if draw(st.booleans()) else (),
        )
    )


@st.composite
def centres(draw: st.DrawFn) -> Desk:
    """A desk with whatever a desk can have."""
    some_channels = draw(rich_channels())
    intents = draw(st.integers(1, 3))
    queues: list[int] = []
    queue_of = []
    for number, channel in enumerate(some_channels):
        split = draw(st.booleans()) and intents > 1 and not channel.automatic
        queue_of.append(tuple(len(queues) + (split and intent > 0) for intent in range(intents)))
        queues += [number, number] if split else [number]
    answered = [queue for queue, number in enumerate(queues) if not some_channels[number].automatic]
    closings = sorted({close for channel in some_channels for _, close in channel.open or ()})
    some_groups = [draw(rich_groups(f"group {n}", len(queues), closings)) for n in range(draw(st.integers(1, 3)))]
    roles = [
        {queue: draw(st.sampled_from(["first", "first", "then", "no"])) for queue in answered} for _ in some_groups
    ]
    first = [[queue for queue, role in mine.items() if role == "first"] for mine in roles]
    then = [[queue for queue, role in mine.items() if role == "then"] for mine in roles]
    plain = Desk(
        channels=some_channels,
        groups=tuple(some_groups),
        segments=("all", "some"),
        intents=tuple(f"intent {number}" for number in range(intents)),
        routing=LiveFirst(),
        response=AnswerAll(),
        starts=draw(st.sampled_from([0, -10 * SECOND])),
        horizon=120 * SECOND,
        ends=draw(st.sampled_from([60, 150, 600])) * SECOND,
        interval=60 * SECOND,
        answers_first=tuple(map(tuple, first)),
        answers_then=tuple(map(tuple, then)),
        queues=tuple(queues),
        queue_of=tuple(queue_of),
    )
    return replace(plain, routing=draw(rich_routing(first, then, plain)), response=draw(rich_responses(plain)))


def rich_customers(desk: Desk, size: int, seed: int) -> Population:
    """`size` issues of the first two minutes at most, of all kinds of people, with luck in everything."""
    random = np.random.default_rng(seed)
    until = random.choice([30, 100])
    arrival = random.integers(desk.starts // SECOND, until, size) * SECOND
    channel = random.integers(0, len(desk.channels), size)
    traits = {
        "intent": random.integers(0, len(desk.intents), size),
        "segment": random.integers(0, len(desk.segments), size),
        "contract": random.integers(0, CONTRACTS, size),
        "tenure": random.integers(0, 60, size),
    }
    return population(arrival, channel, random_luck(random, size, SECOND) | rich_luck(random, size), traits)


def rich_luck(random: np.random.Generator, size: int) -> dict[str, Array]:
    """Luck in what few desks ask for, as `random_luck` for the rest."""
    shape = (size, ATTEMPTS_TOLD)
    luck = {name: (random.random(shape) < 0.5).astype(np.int64) for name in COINS}
    luck |= {name: random.integers(1, 20, shape) * SECOND for name in DELAYS}
    luck |= {name: random.integers(0, CHANCES, shape) for name in DRAWS}
    return luck | {"chance": random.integers(0, CHANCES, shape)}


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
