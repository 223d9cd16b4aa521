"""The list twin: one replication as an agenda of events and plain lists, the oracle of every engine.

It follows the rules of the desk as slowly and plainly as they read. Work is not a virtual clock but an amount that each
contact has left, wound down whenever time moves; nothing is scheduled for an agent, the next end is looked up in what
they hold. It shares no code with the engines: only the desk, the fates and the columns of the table.

Events of one tick happen by class, then key: staffing (group; then closings, by channel), completions (issue, attempt,
talk or wrap-up), overflow timers, abandonments, arrivals (each by issue, attempt).

Where the rules leave a choice, the twin makes it so:

* An agent's next end is that of the contact with least work left, and its key is that contact's (ties: the lower key);
  whatever else the agent holds that is done by that tick ends with it, in the same order.
* Who comes, or gets a hand free, takes until full, before the next agent is looked at.
* A team that is no longer over its level has its busy agents look for work too, lowest number first: one who holds
  fewer contacts than they may was not allowed to take any before.
* An agent who is too many takes, of those who wait on closed channels, whoever was offered first, whatever the routing
  says of priorities and delays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any, Protocol

import numpy as np

from sim.desk import RATE, Desk
from sim.draws import ATTEMPTS
from sim.policies.base import NOT_ELIGIBLE, RoutingTables
from sim.population.fates import Fates
from sim.schemas import CONTACTS, NEVER, Cause, Outcome
from sim.tables import Table

STAFFING, COMPLETION, TIMER, ABANDONMENT, ARRIVAL = range(5)
TALK, WRAP_UP = 0, 1

Key = tuple[int, ...]
When = tuple[int, int, Key]
"""(tick, class, key)"""


class HasIssues(Protocol):
    @property
    def issues(self) -> Table: ...

    def fates(self) -> Fates: ...


@dataclass(eq=False)
class Contact:
    """A row of the table in the making."""

    issue: int
    attempt: int
    channel: int
    cause: int
    offered: int
    outcome: int = Outcome.OPEN
    answered: int = NEVER
    ended: int = NEVER
    freed: int = NEVER
    group: int = NEVER
    agent: int = NEVER
    answer: int = NEVER
    resolved: int = NEVER


@dataclass(eq=False)
class Hand:
    """A contact that an agent works on: its talk, or what follows it, and the units of work left."""

    contact: Contact
    kind: int
    left: int

    @property
    def key(self) -> Key:
        return (self.contact.issue, self.contact.attempt, self.kind)


@dataclass(eq=False)
class Agent:
    group: int
    number: int
    present: bool = False
    idle_since: int = NEVER
    hands: list[Hand] = field(default_factory=list)


class Twin:
    """One replication; `run` it, then read `table()` and `capped`."""

    def __init__(self, desk: Desk, population: HasIssues) -> None:
        self.desk = desk
        self.issues = population.issues
        self.fates = population.fates()
        layout = desk.layout()
        tables, ignored = desk.routing.lower(layout), desk.response.lower(layout)
        assert tables is not None, "the twin reads tables only"
        assert ignored is not None, "the twin reads tables only"
        self.routing: RoutingTables = tables
        self.ignored: tuple[int, ...] = ignored
        self.now = desk.starts
        self.contacts: list[Contact] = []
        self.capped = 0
        self.answers = [0] * len(self.issues)
        self.waiting: list[list[Contact]] = [[] for _ in desk.channels]
        self.levels = [0] * len(desk.groups)
        self.agents = [[Agent(g, n) for n in range(group.size)] for g, group in enumerate(desk.groups)]
        self.agenda: list[tuple[int, int, Key, int, Callable[..., None], tuple[Any, ...]]] = []
        self.noted = 0

    # --- time ---------------------------------------------------------------------------------------------------------

    def run(self) -> None:
        desk = self.desk
        for g, group in enumerate(desk.groups):
            for tick, level in group.levels:
                self.note(max(tick, desk.starts), STAFFING, (g,), self.staff, g, level)
        for c, channel in enumerate(desk.channels):
            if channel.disconnect_at_close:
                for _, close in channel.open or ():
                    if close >= desk.starts:
                        self.note(close, STAFFING, (len(desk.groups) + c,), self.close, c)
        for issue in range(len(self.issues)):
            arrival, code = int(self.issues["arrival"][issue]), int(self.issues["channel"][issue])
            first = Contact(issue, 1, code, Cause.FIRST, arrival)
            self.note(arrival, ARRIVAL, (issue, 1), self.offer, first)
        while self.happen():
            pass

    def note(self, tick: int, kind: int, key: Key, what: Callable[..., None], *about: Any) -> None:
        self.noted += 1
        heappush(self.agenda, (tick, kind, key, self.noted, what, about))

    def happen(self) -> bool:
        """Let the next event happen; False when there is none before the clock stops."""
        ends = [(when, agent) for team in self.agents for agent in team if (when := self.next_end(agent))]
        first_end = min(ends, key=lambda end: end[0], default=None)
        noted = self.agenda[0][:3] if self.agenda else None
        if first_end is not None and (noted is None or first_end[0] < noted):
            when, agent = first_end
            if when[0] >= self.desk.ends:
                return False
            self.wind(when[0])
            self.finish(agent)
            return True
        if noted is None or noted[0] >= self.desk.ends:
            return False
        self.wind(noted[0])
        *_, what, about = heappop(self.agenda)
        what(*about)
        return True

    def next_end(self, agent: Agent) -> When | None:
        if not agent.hands:
            return None
        first = min(agent.hands, key=lambda hand: (hand.left, hand.key))
        return self.now + -(-first.left // self.rate(agent)), COMPLETION, first.key

    def rate(self, agent: Agent) -> int:
        """Units of work a tick on each contact that the agent holds."""
        return self.desk.channels[agent.hands[0].contact.channel].rates[len(agent.hands) - 1]

    def wind(self, tick: int) -> None:
        """Let time pass: everybody works on what they hold."""
        for team in self.agents:
            for agent in team:
                if agent.hands:
                    done = self.rate(agent) * (tick - self.now)
                    for hand in agent.hands:
                        hand.left -= done
        self.now = tick

    # --- staff --------------------------------------------------------------------------------------------------------

    def staff(self, g: int, level: int) -> None:
        was_over = self.over(g)
        self.levels[g] = level
        ready = []
        for agent in self.agents[g]:
            if not agent.present and self.present(g) < level:
                agent.present, agent.idle_since = True, self.now
                ready.append(agent)
        for agent in reversed(self.agents[g]):
            if agent.present and not agent.hands and self.over(g):
                agent.present = False
        if was_over and not self.over(g):
            ready = [agent for agent in self.agents[g] if agent.present]
        for agent in ready:
            self.look_for_work(agent)

    def present(self, g: int) -> int:
        return sum(agent.present for agent in self.agents[g])

    def over(self, g: int) -> bool:
        return self.present(g) > self.levels[g]

    def close(self, c: int) -> None:
        """Who still waits is cut off."""
        for contact in self.waiting[c]:
            contact.outcome, contact.ended = Outcome.DISCONNECTED, self.now
        self.waiting[c] = []

    # --- customers ----------------------------------------------------------------------------------------------------

    def offer(self, contact: Contact) -> None:
        c = contact.channel
        channel = self.desk.channels[c]
        self.contacts.append(contact)
        if channel.open is not None and not any(opens <= self.now < closes for opens, closes in channel.open):
            contact.outcome, contact.ended = Outcome.TURNED_AWAY, self.now
        elif self.fates.ignored(contact.issue, contact.attempt) < self.ignored[c]:
            contact.outcome = Outcome.IGNORED
        elif channel.lines is not None and len(self.waiting[c]) + self.talking(c) >= channel.lines:
            contact.outcome, contact.ended = Outcome.BLOCKED, self.now
            self.redial(contact)
        else:
            self.admit(contact)

    def talking(self, c: int) -> int:
        held = [hand for team in self.agents for agent in team for hand in agent.hands]
        return sum(hand.kind == TALK and hand.contact.channel == c for hand in held)

    def admit(self, contact: Contact) -> None:
        c, key = contact.channel, (contact.issue, contact.attempt)
        for g in self.groups_for(c, waited=0):
            if agent := self.free_agent(g, c):
                self.answer(contact, agent)
                return
        self.waiting[c].append(contact)
        patience = self.fates.patience(*key)
        if patience != NEVER:
            self.note(self.now + patience, ABANDONMENT, key, self.abandon, contact)
        for delay in sorted(set(self.routing.delay[c])):
            if delay > 0:
                self.note(self.now + delay, TIMER, key, self.overflow, contact)

    def groups_for(self, c: int, waited: int) -> list[int]:
        """The groups that may take a contact of this channel after such a wait, in order."""
        delay, priority = self.routing.delay[c], self.routing.priority[c]
        groups = [g for g in range(len(self.desk.groups)) if delay[g] != NOT_ELIGIBLE and delay[g] <= waited]
        return sorted(groups, key=lambda g: (priority[g], c not in self.desk.answers_first[g], g))

    def overflow(self, contact: Contact) -> None:
        """Further groups may take the contact now."""
        for g in self.groups_for(contact.channel, self.now - contact.offered):
            while contact in self.waiting[contact.channel] and (agent := self.free_agent(g, contact.channel)):
                self.look_for_work(agent)

    def abandon(self, contact: Contact) -> None:
        if contact in self.waiting[contact.channel]:
            self.waiting[contact.channel].remove(contact)
            contact.outcome, contact.ended = Outcome.ABANDONED, self.now
            self.redial(contact)

    def redial(self, contact: Contact) -> None:
        self.again(contact, Cause.REDIAL, self.fates.redials_after(contact.issue, contact.attempt))

    def again(self, contact: Contact, cause: Cause, delay: int | None) -> None:
        if delay is None:
            return
        if contact.attempt == ATTEMPTS:
            self.capped += 1
            return
        tick = self.desk.channels[contact.channel].opens(self.now + delay)
        if tick is not None:
            following = Contact(contact.issue, contact.attempt + 1, contact.channel, cause, tick)
            self.note(tick, ARRIVAL, (following.issue, following.attempt), self.offer, following)

    # --- work ---------------------------------------------------------------------------------------------------------

    def free_agent(self, g: int, c: int) -> Agent | None:
        """Whoever has been idle longest, else who holds fewest contacts of this channel and has room; ties go to the
        lower number. Nobody while the group is over its level."""
        if self.over(g):
            return None
        present = [agent for agent in self.agents[g] if agent.present]
        if idle := [agent for agent in present if not agent.hands]:
            return min(idle, key=lambda agent: (agent.idle_since, agent.number))
        room = [agent for agent in present if self.has_room(agent, c)]
        return min(room, key=lambda agent: (len(agent.hands), agent.number), default=None)

    def has_room(self, agent: Agent, c: int) -> bool:
        """An agent may add a contact of channel c to what they hold."""
        if not agent.hands:
            return True
        return agent.hands[0].contact.channel == c and len(agent.hands) < self.desk.channels[c].at_once

    def answer(self, contact: Contact, agent: Agent) -> None:
        self.answers[contact.issue] += 1
        contact.answer, contact.answered = self.answers[contact.issue], self.now
        contact.group, contact.agent = agent.group, agent.number
        agent.hands.append(Hand(contact, TALK, RATE * self.fates.work(contact.issue, contact.answer)[0]))

    def finish(self, agent: Agent) -> None:
        """Whatever the agent has done by now ends."""
        for hand in sorted(agent.hands, key=lambda hand: (hand.left, hand.key)):
            if hand.left > 0:
                continue
            wrap_up = self.hang_up(hand.contact) if hand.kind == TALK else 0
            if wrap_up:
                hand.kind, hand.left = WRAP_UP, RATE * wrap_up
            else:
                hand.contact.freed = self.now
                agent.hands.remove(hand)
        if not agent.hands:
            agent.idle_since = self.now
        self.look_for_work(agent)

    def hang_up(self, contact: Contact) -> int:
        """Talk has ended; returns the wrap-up in ticks."""
        issue, answer = contact.issue, contact.answer
        contact.outcome, contact.ended = Outcome.ANSWERED, self.now
        contact.resolved = self.fates.work(issue, answer)[2]
        if not contact.resolved:
            self.again(contact, Cause.RECONNECT, self.fates.reconnects_after(issue, answer))
        return self.fates.work(issue, answer)[1]

    def look_for_work(self, agent: Agent) -> None:
        """The agent takes until full, or nobody may be taken; who has nothing in hand and is too many leaves."""
        while (contact := self.choose(agent)) is not None:
            self.waiting[contact.channel].remove(contact)
            self.answer(contact, agent)
        if self.over(agent.group) and not agent.hands:
            agent.present = False
            if not self.over(agent.group):
                for other in self.agents[agent.group]:
                    if other.hands:
                        self.look_for_work(other)

    def choose(self, agent: Agent) -> Contact | None:
        heads = [line[0] for c, line in enumerate(self.waiting) if line and self.has_room(agent, c)]
        over, g = self.over(agent.group), agent.group
        if over:
            heads = [head for head in heads if self.left_behind(head.channel, g)]
            return min(heads, key=lambda head: (head.offered, head.channel), default=None)
        heads = [head for head in heads if g in self.groups_for(head.channel, self.now - head.offered)]
        order = self.routing.priority
        return min(heads, key=lambda head: (order[head.channel][g], head.offered, head.channel), default=None)

    def left_behind(self, c: int, g: int) -> bool:
        """Channel c is live, one of the group's, has closed, and serves who waits at closing."""
        channel = self.desk.channels[c]
        if c not in self.desk.answers[g] or not channel.live or channel.open is None or channel.disconnect_at_close:
            return False
        return not any(opens <= self.now < closes for opens, closes in channel.open)

    # --- result -------------------------------------------------------------------------------------------------------

    def table(self) -> Table:
        rows = sorted(self.contacts, key=lambda contact: (contact.issue, contact.attempt))
        issue = np.array([row.issue for row in rows], dtype=np.int64)
        columns = {}
        for column in CONTACTS:
            if column.name in Contact.__dataclass_fields__:
                columns[column.name] = np.array([getattr(row, column.name) for row in rows], dtype=np.int64)
            else:
                columns[column.name] = self.issues[column.name][issue]
        return Table(columns)


def twin(desk: Desk, population: HasIssues) -> Table:
    """The contacts of one replication by (issue, attempt), with every column of the contacts table."""
    replication = Twin(desk, population)
    replication.run()
    return replication.table()
