"""The floor: agents in skill groups, who is present, who is idle, and how fast held contacts are worked on.

Staffing by count: when the level falls, idle agents leave, the highest number first; while more are busy than
the level, whoever finishes first leaves. When it rises, the lowest absent numbers come back. Staffing by people: each
comes and goes by their own shift, and finishes what they hold.

An agent who holds k contacts serves each of them at the integer rate r_k. Rather than update k remaining times at every
change, each agent has a virtual clock, V += r_k·Δt; a contact of h ticks taken at V₀ ends when V reaches V₀ + h·r_1,
and one event an agent, at now + ⌈remaining / r_k⌉, is enough. Its version tells whether it still stands.
"""

from __future__ import annotations

from heapq import heappop, heappush

from sim.desk import ONE, Group
from sim.simulate.contact import Contact
from sim.simulate.events import WRAP_UP

RANK = 1 << 60
"""What a rank weighs beside a time."""


class Agent:
    """One agent: the contacts they hold (wrap-up included) are all on `channel`; none means idle or absent."""

    __slots__ = (
        "_clock", "_due", "_read_at", "busy_since", "channel", "group", "held", "idle_since", "leaving", "load",
        "number", "order", "present", "quality", "rank", "speed", "tied", "version",
    )  # fmt: skip

    def __init__(self, group: int, number: int) -> None:
        self.group = group
        self.number = number
        self.present = False
        self.leaving = False
        """Their shift is over: they finish what they hold."""
        self.held = 0
        self.channel = -1
        self.idle_since = 0
        self.order = 0
        """Among the idle, the lowest takes the next contact."""
        self.rank = 0
        self.speed = ONE
        self.quality = ONE
        self.load = 0
        """Ticks worked since they came on the floor."""
        self.busy_since = 0
        self.tied = 0
        """Of what they hold: what a real desk has not confirmed yet. It is neither worked on nor put aside."""
        self.version = 0
        self._clock = 0
        self._read_at = 0
        self._due: list[tuple[int, int, Contact]] = []

    @property
    def works(self) -> bool:
        """Whether anything that they hold comes to an end by itself."""
        return bool(self._due)

    def reaches_for(self, now: int, rates: tuple[int, ...]) -> None:
        """Hold a contact that is not worked on yet."""
        self.winds(now, rates)
        self.held += 1
        self.tied += 1

    def lets_go(self, now: int, rates: tuple[int, ...]) -> None:
        """The opposite."""
        self.winds(now, rates)
        self.held -= 1
        self.tied -= 1

    def starts(self, contact: Contact, order: int, units: int, now: int, rates: tuple[int, ...]) -> None:
        """Take a contact with `units` of work (1/`RATE` tick alone), beside those already held."""
        self.winds(now, rates)
        self.held += 1
        self.continues(contact, order, units)

    def continues(self, contact: Contact, order: int, units: int) -> None:
        """`units` more of work on a contact already held: its talk, then its wrap-up."""
        heappush(self._due, (self._clock + units, order, contact))

    def ends_next(self, rates: tuple[int, ...]) -> tuple[int, int]:
        """Ticks from now (when the clock was last wound) until the next of the held contacts ends, and its key."""
        ends, order, _ = self._due[0]
        return -(-(ends - self._clock) // rates[self.held - 1]), order

    def finished(self, now: int, rates: tuple[int, ...]) -> list[tuple[int, Contact]]:
        """What has ended by now, as (key, contact), in the order in which it ended."""
        self.winds(now, rates)
        done = []
        while self._due and self._due[0][0] <= self._clock:
            _, order, contact = heappop(self._due)
            done.append((order, contact))
        return done

    def in_hand(self) -> list[Contact]:
        """Whom an agent whose work may be put aside is talking to, or whose message they are working on."""
        return [contact for _, order, contact in self._due if not order & WRAP_UP]

    def wraps_up(self) -> bool:
        return any(order & WRAP_UP for _, order, _ in self._due)

    def puts_down(self, now: int, rates: tuple[int, ...]) -> list[tuple[int, Contact, int]]:
        """Let go of everything in hand: (key, contact, units of work left), in order of key."""
        self.winds(now, rates)
        held = sorted((order, max(0, ends - self._clock), contact) for ends, order, contact in self._due)
        self._due.clear()
        self.held = 0
        self.version += 1
        return [(order, contact, left) for order, left, contact in held]

    def winds(self, now: int, rates: tuple[int, ...]) -> None:
        """Bring the virtual clock to now, at the rate of what has been held since it was last wound."""
        if self.held:
            self._clock += rates[self.held - 1] * (now - self._read_at)
        else:
            self._clock = 0
        self._read_at = now


class Team:
    """The agents of one skill group, by count: how many of them are scheduled."""

    def __init__(self, number: int, group: Group, *, least_loaded: bool = False) -> None:
        self.group = group
        self.agents = [Agent(number, n) for n in range(group.size)]
        self.level = 0
        self.present = 0
        self.drops = group.drops
        self._least_loaded = least_loaded
        self._orders = least_loaded or bool(group.people)
        self._idle: list[tuple[int, int]] = []

    def over(self, agent: Agent) -> bool:
        """Whether the agent is to leave once nothing is in hand: more are present than scheduled."""
        return self.present > self.level

    def rest(self, agent: Agent, now: int) -> None:
        """The agent has nothing in hand any more and waits for work."""
        agent.idle_since = now
        agent.channel = -1
        agent.order = now
        if self._orders:
            agent.order = agent.rank * RANK + (agent.load if self._least_loaded else now)
        heappush(self._idle, (agent.order, agent.number))

    def leave(self, agent: Agent) -> None:
        agent.present = agent.leaving = False
        agent.channel = -1
        self.present -= 1

    def come(self, agent: Agent, now: int) -> None:
        agent.present = True
        agent.load = 0
        self.present += 1
        self.rest(agent, now)

    def free(self, channel: int, at_once: int) -> Agent | None:
        """Who takes a new contact of the channel: the agent idle longest (ties: the lower number); where several
        contacts may be held and nobody is idle, who holds the fewest, all of this channel, and has room (ties: the
        lower number). Nobody while more are present than scheduled."""
        if self.present > self.level:
            return None
        idle = self._idle
        while idle:
            order, number = idle[0]
            agent = self.agents[number]
            if agent.present and not agent.held and agent.order == order:
                return agent
            heappop(idle)
        if at_once == 1:
            return None
        room = [
            agent
            for agent in self.agents
            if agent.channel == channel and 0 < agent.held < at_once and not agent.leaving
        ]
        return min(room, key=lambda agent: (agent.held, agent.number), default=None)

    def may_take(self, agent: Agent, channel: int, at_once: int) -> bool:
        """Whether this very agent has a hand free for a contact of the channel."""
        if not agent.present or self.over(agent):
            return False
        return not agent.held or (agent.channel == channel and agent.held < at_once)

    def idle_beside(self, agent: Agent) -> int:
        """How many others are there with nothing in hand."""
        if self.present > self.level:
            return 0
        return sum(
            other.present and not other.held and not other.leaving for other in self.agents if other is not agent
        )

    def schedule(self, level: int, now: int) -> list[Agent]:
        """Set the level; returns who may look for work now, lowest number first: those who came, and everybody where
        the team was over its level until now and those with a hand free could take nothing."""
        was_over = self.present > self.level
        self.level = level
        came = []
        if self.present < level:
            for agent in self.agents:
                if self.present == level:
                    break
                if not agent.present:
                    self.come(agent, now)
                    came.append(agent)
        elif self.present > level:
            for agent in reversed(self.agents):
                if self.present == level:
                    break
                if agent.present and not agent.held:
                    self.leave(agent)
        if was_over and self.present <= level:
            return [agent for agent in self.agents if agent.present]
        return came


class People(Team):
    """The agents of one skill group as people with shifts of their own."""

    def __init__(self, number: int, group: Group, *, least_loaded: bool = False) -> None:
        super().__init__(number, group, least_loaded=least_loaded)
        # nobody is too many
        self.level = len(self.agents)
        for agent, person in zip(self.agents, group.people, strict=True):
            agent.rank, agent.quality = person.rank, person.quality

    def over(self, agent: Agent) -> bool:
        return agent.leaving
