"""What is being compared: policies decide, engines do.

A policy is one frozen dataclass: its fields are its keys in a scenario, its docstring is its documentation. It sees a
*view* of what a real desk could know (channel, queue lengths, how long somebody has waited; never a customer's patience
or handle time) and returns an action with a reason code. Views are reused in place; a policy must not keep them.

A policy that can be written down as integer tables does so in `lower`; every engine then reads the tables, and
`decide` and the tables must agree (a test demands it). One without tables runs on the SimPy engine only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

NOT_ELIGIBLE = -1


@dataclass(frozen=True)
class Layout:
    """Who may answer what: all that a policy knows of the desk before it opens.

    `answers[g]` are the channels that group g answers first, `then[g]` those it turns to when they are quiet.
    """

    live: tuple[bool, ...]
    answers: tuple[tuple[int, ...], ...]
    then: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class RoutingTables:
    """Routing as integers. ``delay[channel][group]``: ticks a contact must have waited before the group may take it
    (`NOT_ELIGIBLE`: never). ``priority[channel][group]``: what a freed agent takes first; lower goes first; ties go to
    the contact that was offered first."""

    delay: tuple[tuple[int, ...], ...]
    priority: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Action:
    """What to do, and why. `because` is a reason code, worded by whoever prints it."""

    because: str


@dataclass(frozen=True)
class Take(Action):
    """The agent takes the contact that has waited longest on `channel`."""

    channel: int = 0


@dataclass(frozen=True)
class Wait(Action):
    """The agent takes nothing for now. `again` ticks from now the question is put once more (0: at the next event)."""

    again: int = 0


@dataclass(frozen=True)
class Accept(Action):
    """The contact joins the waiting line."""


@dataclass(frozen=True)
class Ignore(Action):
    """Nobody will ever answer the contact, with probability `chance`; else it joins the line."""

    chance: float = 1.0


@dataclass(frozen=True)
class Schedule(Action):
    """This many agents in the interval."""

    agents: int = 0


@dataclass
class AgentView:
    """An agent with a free hand and what waits for them. Lists are by channel; −1 where nobody waits."""

    now: int = 0
    group: int = 0
    waited: list[int] = field(default_factory=list)
    """Ticks that the longest-waiting contact of each channel the agent may take now has waited."""
    queued: list[int] = field(default_factory=list)


@dataclass
class ContactView:
    """A contact at the door."""

    now: int = 0
    channel: int = 0
    attempt: int = 0
    queued: int = 0
    """How many wait on its channel."""


@dataclass
class IntervalView:
    """An interval of a group's day, before it happens. `handle_time` and `patience` are means in seconds."""

    group: int = 0
    start: float = 0.0
    scheduled: int = 0
    offered: float = 0.0
    """Live contacts forecast for the interval on the channels that the group answers first."""
    length: float = 0.0
    handle_time: float = 0.0
    patience: float | None = None
    share: float = 0.8
    within: float = 20.0


class Policy(Protocol):
    name: ClassVar[str]

    def start(self, layout: Layout) -> Any:
        """Fresh state for one replication; None for a policy that remembers nothing."""


class Routing(Policy, Protocol):
    """Which waiting contact an agent with a free hand takes."""

    def lower(self, layout: Layout) -> RoutingTables | None: ...

    def decide(self, view: AgentView, state: Any) -> Take | Wait: ...


class Response(Policy, Protocol):
    """What happens to a contact that reaches the desk."""

    def lower(self, layout: Layout) -> tuple[int, ...] | None:
        """Chance in millionths that a contact is ignored, by channel; None where `decide` must be asked."""

    def decide(self, view: ContactView, state: Any) -> Accept | Ignore: ...


class Staffing(Policy, Protocol):
    """How many agents of a group are scheduled in an interval."""

    def decide(self, view: IntervalView, state: Any) -> Schedule: ...
