"""The desk in ticks: what every engine, and every measure, reads.

A scenario is words and seconds for people; `sim.scenario` lowers it to this: integers, tuples, no units left to
interpret. Whatever is not in here, or in the population, cannot influence a run.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from sim.policies.base import Layout, Response, Routing
from sim.schemas import CONTRACTS, Cause, Outcome

RATE = 1_000_000
"""The integer rate of work of an agent who holds one contact; a handle time of h ticks is h × RATE units of work."""

Spans = tuple[tuple[int, int], ...]
"""Half-open spans of ticks ``[from, to)``, in order, apart from one another."""


@dataclass(frozen=True)
class Target:
    """`share` of the contacts within `within` ticks: 80 % within 20 s is ``Target(0.8, 20_000)``."""

    share: float
    within: int


@dataclass(frozen=True)
class Channel:
    """A way to reach the desk.

    A live customer waits and may abandon; a deferrable contact lies in a backlog. `rates[k - 1]` is the rate at which
    an agent who holds k contacts works on each of them, in units of work a tick (`RATE` when alone).
    """

    name: str
    live: bool
    open: Spans | None
    """Opening hours in ticks; None is always open."""
    target: Target
    expectation: float
    """The wait customers expect, seconds: T of the satisfaction equation."""
    satisfaction_like: str = "phone"
    """Whose level of satisfaction the channel's issues have: phone, chat or email."""
    patience: float | None = None
    """Mean patience in seconds, for the planner's Erlang A column only; None is endless."""
    rates: tuple[int, ...] = (RATE,)
    lines: int | None = None
    """At most this many contacts waiting or talking; more are blocked."""
    disconnect_at_close: bool = False
    """True: who still waits at closing is cut off. False: they are served."""
    charge: float = 0.0
    """What each offered contact costs beside the staff."""

    @property
    def at_once(self) -> int:
        return len(self.rates)

    def opens(self, tick: int) -> int | None:
        """The first tick at or after `tick` at which a customer would make contact: `tick` itself while open; after
        closing, as long after the next opening as `tick` is after the closing. None where it never opens again."""
        if self.open is None:
            return tick
        while True:
            i = bisect_right(self.open, (tick, 2**63)) - 1
            if i >= 0 and tick < self.open[i][1]:
                return tick
            if i + 1 >= len(self.open):
                return None
            closed = self.open[i][1] if i >= 0 else self.open[i + 1][0]
            tick = self.open[i + 1][0] + max(0, tick - closed)

    def is_open(self, tick: int) -> bool:
        if self.open is None:
            return True
        i = bisect_right(self.open, (tick, 2**63)) - 1
        return i >= 0 and tick < self.open[i][1]


@dataclass(frozen=True)
class Group:
    """A skill group: `levels` is how many agents are scheduled from each tick on, in order of ticks."""

    name: str
    levels: tuple[tuple[int, int], ...]
    cost_per_hour: float
    shrinkage: float
    paid: tuple[tuple[int, int], ...] | None = None
    """How many are paid from each tick on, of shifts with breaks; None: whoever is scheduled."""

    @property
    def size(self) -> int:
        """The most agents ever scheduled at once."""
        return max((level for _, level in self.levels), default=0)


@dataclass(frozen=True)
class Survey:
    """Who is asked how satisfied they are, and the share that answers at a satisfaction of 80 (None: the model's)."""

    asked: float = 1.0
    answers: float | None = None


@dataclass(frozen=True)
class Desk:
    """Everything that answers the customers, for one variant of one scenario."""

    channels: tuple[Channel, ...]
    groups: tuple[Group, ...]
    segments: tuple[str, ...]
    intents: tuple[str, ...]
    routing: Routing
    response: Response
    starts: int
    """First tick of the simulation; negative: the run-in before the scenario starts at 0."""
    horizon: int
    """No issue arises at or after this tick; contacts offered in [0, horizon) are measured."""
    ends: int
    """The clock stops here (horizon + drain); what is still open is censored."""
    interval: int
    answers_first: tuple[tuple[int, ...], ...]
    """By group, the channels it answers first …"""
    answers_then: tuple[tuple[int, ...], ...]
    """… and those it turns to when they are quiet."""
    currency: str = "EUR"
    fixed_cost: float = 0.0
    """Of the measured time, beside staff and charges."""
    survey: Survey = Survey()

    @property
    def intervals(self) -> int:
        return -(-self.horizon // self.interval)

    @property
    def answers(self) -> tuple[tuple[int, ...], ...]:
        """By group, every channel it may answer."""
        return tuple(first + then for first, then in zip(self.answers_first, self.answers_then, strict=True))

    def layout(self) -> Layout:
        """What a policy may know before the desk opens."""
        return Layout(tuple(channel.live for channel in self.channels), self.answers_first, self.answers_then)

    def words(self) -> dict[str, tuple[str, ...]]:
        """What the codes of the contacts table mean."""
        return {
            "segment": self.segments,
            "intent": self.intents,
            "channel": tuple(channel.name for channel in self.channels),
            "cause": tuple(cause.name.lower() for cause in Cause),
            "outcome": tuple(outcome.name.lower() for outcome in Outcome),
            "group": tuple(group.name for group in self.groups),
            "contract": CONTRACTS,
        }
