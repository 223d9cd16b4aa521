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

    `live` is by queue (one a channel, unless intents of a channel need different skills); `answers[g]` are the queues
    that group g answers first, `then[g]` those it turns to when they are quiet.
    """

    live: tuple[bool, ...]
    answers: tuple[tuple[int, ...], ...]
    then: tuple[tuple[int, ...], ...]
    channels: tuple[str, ...] = ()
    live_channels: tuple[bool, ...] = ()
    """By channel, whether customers wait there for a person."""
    deferrable: tuple[bool, ...] = ()
    """By channel, whether its contacts lie in a backlog; on one that is neither, a machine serves."""
    intents: tuple[str, ...] = ("any",)
    segments: tuple[str, ...] = ("all",)
    margins: tuple[int, ...] = (0,)
    """What a customer of each segment earns, in thousandths of the currency a month."""
    public: tuple[int, ...] = ()
    """Channels on which customers complain in public."""


BANDS = (4, 12, 36)
"""Months of tenure at which the next of the four tenure bands of an urgency begins."""
ATTEMPTS_TOLD = 4
"""An urgency tells the first three contacts of an issue apart; the fourth stands for all further ones."""
CONTRACTS = 3


def urgency_index(segment: int, contract: int, tenure: int, attempt: int) -> int:
    """Where the urgency of a contact stands in `RoutingTables.urgency`: segments × contracts × bands × attempts."""
    band = sum(tenure >= months for months in BANDS)
    return ((segment * CONTRACTS + contract) * (len(BANDS) + 1) + band) * ATTEMPTS_TOLD + min(attempt, 4) - 1


@dataclass(frozen=True)
class RoutingTables:
    """Routing as integers. ``delay[queue][group]``: ticks a contact must have waited before the group may take it
    (`NOT_ELIGIBLE`: never). ``priority[queue][group]``: what a freed agent takes first; lower goes first; ties go to
    the more urgent contact, then to the one that was offered first."""

    delay: tuple[tuple[int, ...], ...]
    priority: tuple[tuple[int, ...], ...]
    urgency: tuple[int, ...] = ()
    """Who comes first within a queue, lower first, at `urgency_index`; none: whoever was offered first."""
    public_urgency: int = 0
    """Added to the urgency of a complaint in public."""
    reserve: tuple[int, ...] = ()
    """By group: so many of its agents must be idle beside the one who takes a deferrable contact; none: 0."""
    floor: tuple[int, ...] = ()
    """By group: while fewer of its agents than this work on deferrable contacts, these go first; none: 0."""
    least_loaded: bool = False
    """Of the idle agents, who has worked least so far, in place of who has been idle longest."""
    sticky: bool = False
    """Who comes again goes to the agent who answered them last, if that one has a hand free at that moment."""


@dataclass(frozen=True)
class Action:
    """What to do, and why. `because` is a reason code, worded by whoever prints it."""

    because: str


@dataclass(frozen=True)
class Take(Action):
    """The agent takes the first contact of a queue."""

    channel: int = 0
    """The number of the queue: that of its channel, unless a channel has several."""


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
class Callback(Action):
    """The customer is offered a callback, and accepts with probability `chance`: in order, keeping the place in the
    line, or `booked` ticks from now."""

    chance: float = 0.0
    booked: int | None = None


@dataclass(frozen=True)
class Deflect(Action):
    """The customer is asked to use another channel, and does with probability `chance`."""

    chance: float = 0.0
    to: int = 0


@dataclass(frozen=True)
class Offer:
    """A callback offered where the expected wait exceeds `after` ticks, accepted with `chance` (millionths)."""

    after: int
    chance: int
    booked: int | None = None


@dataclass(frozen=True)
class Deflection:
    """Where the expected wait exceeds `after` ticks, this `chance` (millionths) that the customer goes to channel
    `to`."""

    after: int
    chance: int
    to: int


@dataclass(frozen=True)
class Outsourcing:
    """Who has waited `after` ticks goes to the outsourcer, who answers at once, at `price` a contact, with `quality`
    (millionths) of the usual chance to solve the issue."""

    after: int
    price: float
    quality: int


@dataclass(frozen=True)
class Announcement:
    """Of an expected wait w, announced to those who queue: who would have waited less than `balk`·w leaves at once,
    the others wait at least `stay`·w (millionths)."""

    balk: int
    stay: int


@dataclass(frozen=True)
class Message:
    """A recorded message about a known problem, played in ``[since, until)`` to those with an intent of `intents`; with
    `chance` (millionths) that is all they wanted."""

    since: int
    until: int
    intents: tuple[int, ...]
    chance: int


@dataclass(frozen=True)
class Retention:
    """An offer made to those with `intent` when they are answered, accepted with `chance` (millionths), at `price`."""

    intent: int
    chance: int
    price: float


@dataclass(frozen=True)
class ResponseTables:
    """What the response policies do, by channel (chances and factors in millionths). An empty tuple is none of it."""

    ignored: tuple[int, ...] = ()
    messages: tuple[Message, ...] = ()
    callback: tuple[Offer | None, ...] = ()
    deflect: tuple[Deflection | None, ...] = ()
    outsource: tuple[Outsourcing | None, ...] = ()
    announce: tuple[Announcement | None, ...] = ()
    work: tuple[int, ...] = ()
    """Factor on the work of an answer."""
    quality: tuple[int, ...] = ()
    """Factor on the chance that an answer solves the issue."""
    chases: tuple[int, ...] = ()
    """Factor on the chance of a chaser, of who was acknowledged."""
    price: tuple[float, ...] = ()
    """What each answer costs beside the work: exceptions made, for example."""
    personal: tuple[bool, ...] = ()
    """Whether answers are personal, for satisfaction."""
    tracked: tuple[bool, ...] = ()
    """Whether customers get an acknowledgement with a number."""
    unified: int = 0
    """Factor on the work of an issue's second and further answers, where agents see all its contacts; 0: they do
    not. Who turns to another channel then withdraws the contact that waits."""
    retention: tuple[Retention, ...] = ()


@dataclass(frozen=True)
class Schedule(Action):
    """This many agents in the interval."""

    agents: int = 0


@dataclass
class AgentView:
    """An agent with a free hand and what waits for them. Lists are by queue; −1 where nobody waits."""

    now: int = 0
    group: int = 0
    waited: list[int] = field(default_factory=list)
    """Ticks that the first contact of each queue the agent may take from now has waited."""
    queued: list[int] = field(default_factory=list)


@dataclass
class ContactView:
    """A contact at the door."""

    now: int = 0
    channel: int = 0
    attempt: int = 0
    queued: int = 0
    """How many wait in its queue."""
    expected: int = 0
    """Ticks it would wait: (queued + 1) · usual work / (agents there · contacts each may hold); 0 if it need not."""
    intent: int = 0
    segment: int = 0
    tenure: int = 0
    """Months."""
    contract: int = 0


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
    """What happens to a contact that reaches the desk. A scenario may name several, each of which adds to the tables
    of those before it."""

    def lower(self, layout: Layout) -> ResponseTables | None:
        """What it does, as tables; None where `decide` must be asked, once for each contact that is offered."""

    def decide(self, view: ContactView, state: Any) -> Accept | Ignore | Callback | Deflect: ...


class Staffing(Policy, Protocol):
    """How many agents of a group are scheduled in an interval."""

    def decide(self, view: IntervalView, state: Any) -> Schedule: ...
