"""The desk in ticks: what every engine, and every measure, reads.

A scenario is words and seconds for people; `sim.scenario` lowers it to this: integers, tuples, no units left to
interpret. Whatever is not in here, or in the population, cannot influence a run.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from sim.policies.base import Layout, Response, ResponseTables, Routing
from sim.schemas import CONTRACTS, Cause, Outcome, Source

RATE = 1_000_000
"""The integer rate of work of an agent who holds one contact; a handle time of h ticks is h × RATE units of work."""

ONE = 1_000_000
"""A factor of 1 in millionths; chances are millionths too."""

NOWHERE = -1
"""In place of a channel's number: there is none."""
NEXT_OPENING = -2

Spans = tuple[tuple[int, int], ...]
"""Half-open spans of ticks ``[from, to)``, in order, apart from one another."""


@dataclass(frozen=True)
class Target:
    """`share` of the contacts within `within` ticks: 80 % within 20 s is ``Target(0.8, 20_000)``."""

    share: float
    within: int
    business: Spans | None = None
    """When the clock of the target runs; None: always. It stands still while the desk waits for the customer."""


@dataclass(frozen=True)
class Channel:
    """A way to reach the desk.

    A live customer waits and may abandon; a deferrable contact lies in a backlog; on an automatic channel a machine
    serves everybody at once. `rates[k - 1]` is the rate at which an agent who holds k contacts works on each of them,
    in units of work a tick (`RATE` when alone). What each of the numbers of other channels does is in docs/rules.md.
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
    automatic: bool = False
    """A machine serves: self-service, a bot, help articles. Such a channel is live and no group answers it."""
    usual: int = 0
    """Mean ticks of an agent's work on a contact, wrap-up included: what a desk expects waits from."""
    closed: int = NOWHERE
    """Where who comes while it is closed goes at once: a channel, `NEXT_OPENING` (the same channel, when it opens), or
    `NOWHERE`: a message turns them away."""
    front: int = NOWHERE
    """The automatic channel that those whose `front` coin says so try before this one."""
    escalates: int = NOWHERE
    """Automatic: where what it does not solve goes, if the customer did not come to it in front of another channel."""
    escalated: int = ONE
    """Automatic: factor on the work of a contact that it has passed on."""
    transfers: int = NOWHERE
    """The channel to which an agent transfers."""
    elsewhere: int = NOWHERE
    """The channel to which those turn who got no answer here."""
    public: int = NOWHERE
    """The channel on which those complain in public who got no answer, or not one that helped."""
    chases: int = 0
    """Deferrable: chance in millionths that a customer out of patience writes again about the open contact."""
    chasers: int = 3
    """At most this many chasers a contact."""
    chaser_work: int = 0
    """Ticks of work that each chaser adds."""
    silent_work: int = 0
    """Ticks of an agent's work to find out that a customer has left without a word."""
    asks_back: bool = False
    """Deferrable: whether agents may have to ask the customer back, as the coin `asks` says."""
    interruptible: bool = False
    """Deferrable: work on it is put aside for a live contact that finds nobody free."""

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
class Person:
    """An agent of a group with shifts: when they are on the floor, and how well they work. Breaks are gaps."""

    name: str
    on: Spans
    speed: tuple[int, ...] = ()
    """Speed in millionths, by span (newcomers get faster from shift to shift); none: as usual."""
    quality: int = ONE
    rank: int = 0
    """Who of the free agents takes a contact: the lowest rank first."""


@dataclass(frozen=True)
class Group:
    """A skill group: `levels` is how many agents are scheduled from each tick on, in order of ticks."""

    name: str
    levels: tuple[tuple[int, int], ...]
    cost_per_hour: float
    shrinkage: float
    paid: tuple[tuple[int, int], ...] | None = None
    """How many are paid from each tick on, of shifts with breaks; None: whoever is scheduled."""
    people: tuple[Person, ...] = ()
    """Who works when, of shifts; none: staffing is by count. `levels` is then how many are on."""
    speed: tuple[int, ...] = ()
    """Speed in millionths by queue; none: as usual."""
    quality: tuple[int, ...] = ()
    """Factor in millionths on the chance that an answer solves the issue, by queue; none: as usual."""
    drops: bool = False
    """At the end of a shift, or where the level falls, work in hand goes back to its queue."""
    absent: int = 0
    """Chance in millionths that an agent is not there on a day, beyond the shrinkage."""
    overtime: float | None = None
    """Factor on the cost of an hour worked beyond the schedule; None: such hours are not paid."""

    @property
    def size(self) -> int:
        """How many agents there are: the people, or the most ever scheduled at once."""
        return len(self.people) or max((level for _, level in self.levels), default=0)


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
    """By group, the queues it answers first …"""
    answers_then: tuple[tuple[int, ...], ...]
    """… and those it turns to when they are quiet."""
    currency: str = "EUR"
    fixed_cost: float = 0.0
    """Of the measured time, beside staff and charges."""
    survey: Survey = Survey()
    queues: tuple[int, ...] = ()
    """The channel of each queue, where intents of a channel are answered by different skills; none: one a channel."""
    queue_of: tuple[tuple[int, ...], ...] = ()
    """``queue_of[channel][intent]``; none: the channel."""
    margins: tuple[int, ...] = ()
    """What a customer of each segment earns, in thousandths of the currency a month."""
    worth: float = 12.0
    """Months for which the margin of a customer who leaves counts as lost."""
    midnights: tuple[int, ...] = ()
    """When each day of the measured time begins, by the local clock; none: every 24 hours."""

    @property
    def channel_of_queue(self) -> tuple[int, ...]:
        return self.queues or tuple(range(len(self.channels)))

    def queue(self, channel: int, intent: int) -> int:
        return self.queue_of[channel][intent] if self.queue_of else channel

    @property
    def intervals(self) -> int:
        return -(-self.horizon // self.interval)

    @property
    def answers(self) -> tuple[tuple[int, ...], ...]:
        """By group, every queue it may answer."""
        return tuple(first + then for first, then in zip(self.answers_first, self.answers_then, strict=True))

    def answering(self, channel: int) -> list[int]:
        """The groups that may answer a channel, or some of its intents."""
        mine = {queue for queue, of in enumerate(self.channel_of_queue) if of == channel}
        return [group for group, queues in enumerate(self.answers) if mine.intersection(queues)]

    @cached_property
    def responses(self) -> ResponseTables | None:
        """What the response policies together do, as tables; None where they must be asked."""
        return self.response.lower(self.layout())

    def layout(self) -> Layout:
        """What a policy may know before the desk opens."""
        return Layout(
            live=tuple(self.channels[channel].live for channel in self.channel_of_queue),
            answers=self.answers_first,
            then=self.answers_then,
            channels=tuple(channel.name for channel in self.channels),
            live_channels=tuple(channel.live and not channel.automatic for channel in self.channels),
            deferrable=tuple(not channel.live for channel in self.channels),
            intents=self.intents,
            segments=self.segments,
            margins=self.margins or (0,) * len(self.segments),
            public=tuple(sorted({channel.public for channel in self.channels} - {NOWHERE})),
        )

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
            "source": tuple(source.name.lower() for source in Source),
        }
