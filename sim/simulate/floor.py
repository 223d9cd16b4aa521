"""The floor: agents in skill groups, who is present, who is idle, and how fast held contacts are worked on.

Staffing is count-based: when the level falls, idle agents leave, the highest number first; while more are busy than
the level, whoever finishes first leaves. When it rises, the lowest absent numbers come back.

An agent who holds k contacts serves each of them at the integer rate r_k. Rather than update k remaining times at every
change, each agent has a virtual clock, V += r_k·Δt; a contact of h ticks taken at V₀ ends when V reaches V₀ + h·r_1,
and one event an agent, at now + ⌈remaining / r_k⌉, is enough. Its version tells whether it still stands.
"""

from __future__ import annotations

from heapq import heappop, heappush

from sim.desk import RATE, Group
from sim.simulate.contact import Contact


class Agent:
    """One agent: the contacts they hold (wrap-up included) are all on `channel`; none means idle or absent."""

    __slots__ = ("_clock", "_due", "_read_at", "channel", "group", "held", "idle_since", "number", "present", "version")

    def __init__(self, group: int, number: int) -> None:
        self.group = group
        self.number = number
        self.present = False
        self.held = 0
        self.channel = -1
        self.idle_since = 0
        self.version = 0
        self._clock = 0
        self._read_at = 0
        self._due: list[tuple[int, int, Contact]] = []

    def starts(self, contact: Contact, order: int, work: int, now: int, rates: tuple[int, ...]) -> None:
        """Take a contact with `work` ticks of talk, beside those already held."""
        self._wind(now, rates)
        self.held += 1
        self.continues(contact, order, work)

    def continues(self, contact: Contact, order: int, work: int) -> None:
        """`work` more ticks on a contact already held: its talk, then its wrap-up."""
        heappush(self._due, (self._clock + work * RATE, order, contact))

    def ends_next(self, rates: tuple[int, ...]) -> tuple[int, int]:
        """Ticks from now (when the clock was last wound) until the next of the held contacts ends, and its key."""
        ends, order, _ = self._due[0]
        return -(-(ends - self._clock) // rates[self.held - 1]), order

    def finished(self, now: int, rates: tuple[int, ...]) -> list[tuple[int, Contact]]:
        """What has ended by now, as (key, contact), in the order in which it ended."""
        self._wind(now, rates)
        done = []
        while self._due and self._due[0][0] <= self._clock:
            _, order, contact = heappop(self._due)
            done.append((order, contact))
        return done

    def _wind(self, now: int, rates: tuple[int, ...]) -> None:
        if self.held:
            self._clock += rates[self.held - 1] * (now - self._read_at)
        else:
            self._clock = 0
        self._read_at = now


class Team:
    """The agents of one skill group, and how many of them are scheduled."""

    def __init__(self, number: int, group: Group) -> None:
        self.agents = [Agent(number, n) for n in range(group.size)]
        self.level = 0
        self.present = 0
        self._idle: list[tuple[int, int]] = []

    def rest(self, agent: Agent, now: int) -> None:
        """The agent has nothing in hand any more and waits for work."""
        agent.idle_since = now
        agent.channel = -1
        heappush(self._idle, (now, agent.number))

    def leave(self, agent: Agent) -> None:
        agent.present = False
        agent.channel = -1
        self.present -= 1

    def free(self, channel: int, at_once: int) -> Agent | None:
        """Who takes a new contact of the channel: the agent idle longest (ties: the lower number); where several
        contacts may be held and nobody is idle, who holds the fewest, all of this channel, and has room (ties: the
        lower number). Nobody while more are present than scheduled."""
        if self.present > self.level:
            return None
        idle = self._idle
        while idle:
            since, number = idle[0]
            agent = self.agents[number]
            if agent.present and not agent.held and agent.idle_since == since:
                return agent
            heappop(idle)
        if at_once == 1:
            return None
        room = [agent for agent in self.agents if agent.channel == channel and 0 < agent.held < at_once]
        return min(room, key=lambda agent: (agent.held, agent.number), default=None)

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
                    agent.present = True
                    self.present += 1
                    self.rest(agent, now)
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
