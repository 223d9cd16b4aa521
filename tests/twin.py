"""The list twin: one replication as an agenda of events and plain lists, the oracle of every engine.

It follows `docs/rules.md` as slowly and plainly as that reads. Work is not a virtual clock but an amount that each
contact has left, wound down whenever time moves; nothing is scheduled for an agent, the next end is looked up in what
they hold. It shares no code with the engines: only the desk, the fates and the columns of the table. It reads policies
as tables only.

Where the rules leave a choice, the twin makes it so:

* An event that comes up for the present tick takes its place, by class and key, among those that have not happened.
* Who comes, or gets a hand free, takes until full, before the next agent is looked at.
* "Else" goes by the coin: whose coin for a redial is 1 does not go elsewhere, even at `ATTEMPTS` or where the channel
  never opens again. `ATTEMPTS` is looked at before the opening; an issue that is solved is not counted as capped.
* On the lines of a channel is who waits (silent leavers until they are found out), talks to an agent or to the
  outsourcer, is at the machine, or has been asked back; never a callback.
* The machine takes the plain `handle`. The outsourcer takes the work of an answer with all its factors, and his quality
  is the only one. The outcome is outsourced from the moment at which he takes it.
* Who has been taken before is not outsourced any more.
* Finding out a silent leaver takes every agent as long; it runs at the rates of what the agent holds.
* The speed for wrap-up is the agent's when wrap-up begins, the quality of an answer that of the agent who ends it.
* Only a group that is not over its level, or a person who is not over, answers stickily or is interrupted; `reserve`
  does not hold for a sticky agent.
* Work put back that was done at that very tick is none: less than nothing is never left.
* A machine without anywhere to escalate to escalates nobody: the coin is 0.
* Who waits at closing, or is at the machine, is cut off in order of (issue, attempt).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any, Protocol

import numpy as np

from sim.desk import NEXT_OPENING, NOWHERE, ONE, RATE, Channel, Desk
from sim.draws import ATTEMPTS
from sim.policies.base import NOT_ELIGIBLE, ResponseTables, RoutingTables, urgency_index
from sim.population.fates import Fates
from sim.schemas import CONTACTS, NEVER, Cause, Outcome
from sim.tables import Table

STAFFING, COMPLETION, TIMER, ABANDONMENT, ARRIVAL = range(5)
SHIFT, CLOSING = 0, 1
TALK, WRAP_UP = 0, 1
OVERFLOW, OUTSOURCING, CALLBACK, REPLY = range(4)
NO_AGENTS = 2**62
BOOKED = -(2**40)
SPELLS = ("issue", "attempt", "channel", "group", "agent", "from", "to")

Key = tuple[int, ...]
When = tuple[int, int, Key]
"""(tick, class, key)"""


class HasIssues(Protocol):
    @property
    def issues(self) -> Table: ...

    def fates(self) -> Fates: ...


@dataclass(eq=False)
class Contact:
    """A row of the table in the making, and what else the desk knows of it."""

    issue: int
    attempt: int
    channel: int
    cause: int
    offered: int
    outcome: int = Outcome.OPEN
    answered: int = NEVER
    ended: int = NEVER
    freed: int = NEVER
    taken: int = NEVER
    asked: int = NEVER
    replied: int = NEVER
    announced: int = NEVER
    chasers: int = 0
    retained: int = NEVER
    group: int = NEVER
    agent: int = NEVER
    answer: int = NEVER
    resolved: int = NEVER
    # not in the table:
    queue: int = 0
    urgency: int = 0
    since: int = 0
    """The tick since which it counts as waiting."""
    factor: int = ONE
    """On its work, of the machine that passed it on."""
    on_line: bool = False
    silent: bool = False
    callback: bool = False
    todo: list[int] = field(default_factory=list)
    """Standard work left, in units: all of it, or up to asking back and then the rest."""
    resumed: bool = False
    """Whether it went back to its queue."""
    reply_after: int | None = None

    @property
    def key(self) -> Key:
        return (self.issue, self.attempt)

    @property
    def place(self) -> Key:
        return (self.urgency, self.since, self.issue, self.attempt)


@dataclass(eq=False)
class Hand:
    """A contact that an agent works on: its talk, or what follows it, the units of work left, and at which speed."""

    contact: Contact
    kind: int
    left: int
    speed: int

    @property
    def key(self) -> Key:
        return (*self.contact.key, self.kind)


@dataclass(eq=False)
class Agent:
    group: int
    number: int
    present: bool = False
    over: bool = False
    """A person whose span has ended with work in hand."""
    span: int = 0
    idle_since: int = NEVER
    busy_since: int = NEVER
    worked: int = 0
    hands: list[Hand] = field(default_factory=list)


class Twin:
    """One replication; `run` it, then read `table()`, `spells()` and `capped`. `seen` counts what happened."""

    def __init__(self, desk: Desk, population: HasIssues) -> None:
        self.desk = desk
        self.issues = {name: population.issues[name].tolist() for name in population.issues.names}
        self.fates = population.fates()
        tables, responses = desk.routing.lower(desk.layout()), desk.responses
        assert tables is not None, "the twin reads tables only"
        assert responses is not None, "the twin reads tables only"
        self.routing: RoutingTables = tables
        self.responses: ResponseTables = responses
        self.now = desk.starts
        self.contacts: list[Contact] = []
        self.spells_so_far: list[tuple[int, ...]] = []
        self.capped = 0
        self.seen: Counter[str] = Counter()
        size = len(population.issues)
        self.numbers = [1] * size
        self.answers = [0] * size
        self.solved = [False] * size
        self.wants: list[int] = [NOWHERE] * size
        self.last_agent: list[Agent | None] = [None] * size
        self.waiting: list[list[Contact]] = [[] for _ in desk.channel_of_queue]
        self.served: list[list[Contact]] = [[] for _ in desk.channels]
        """Whom the machine of each channel serves."""
        self.levels = [0] * len(desk.groups)
        self.agents = [[Agent(g, n) for n in range(group.size)] for g, group in enumerate(desk.groups)]
        self.agenda: list[tuple[int, int, Key, int, Callable[..., None], tuple[Any, ...]]] = []
        self.noted = 0

    # --- time ---------------------------------------------------------------------------------------------------------

    def run(self) -> None:
        for g, group in enumerate(self.desk.groups):
            if group.people:
                self.note_people(g)
            else:
                for tick, level in group.levels:
                    self.note(max(tick, self.now), STAFFING, (SHIFT, g), self.staff, g, level)
        for c, channel in enumerate(self.desk.channels):
            for _, close in channel.open or ():
                if close >= self.now and (channel.automatic or channel.disconnect_at_close):
                    self.note(close, STAFFING, (CLOSING, c), self.close, c)
        for issue, arrival in enumerate(self.issues["arrival"]):
            first = Contact(issue, 1, self.first_channel(issue), Cause.FIRST, arrival)
            self.note(arrival, ARRIVAL, first.key, self.offer, first)
        while self.happen():
            pass

    def note_people(self, g: int) -> None:
        for agent, person in zip(self.agents[g], self.desk.groups[g].people, strict=True):
            for span, (come, go) in enumerate(person.on):
                if go > self.desk.starts:
                    at = (SHIFT, g, agent.number)
                    self.note(max(come, self.desk.starts), STAFFING, (*at, 1), self.come, agent, span)
                    self.note(go, STAFFING, (*at, 0), self.go, agent)

    def first_channel(self, issue: int) -> int:
        channel: int = self.issues["channel"][issue]
        front = self.desk.channels[channel].front
        if front == NOWHERE or not self.fates.coin("front", issue, 1, channel):
            return channel
        self.seen["front"] += 1
        self.wants[issue] = channel
        return front

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
        team, was_over = self.agents[g], self.over_level(g)
        self.levels[g] = level
        ready = []
        for agent in team:
            if not agent.present and self.present(g) < level:
                self.arrive(agent)
                ready.append(agent)
        for agent in reversed(team):
            if agent.present and not agent.hands and self.over_level(g):
                agent.present = False
        for agent in reversed(team):
            if agent.present and self.desk.groups[g].drops and self.over_level(g):
                self.drop_and_leave(agent)
        if was_over and not self.over_level(g):
            ready = [agent for agent in team if agent.present]
        for agent in ready:
            self.look_for_work(agent)

    def come(self, agent: Agent, span: int) -> None:
        """A person's span begins."""
        agent.span = span
        if agent.present:
            self.seen["came while over"] += 1
            agent.over = False
        else:
            self.arrive(agent)
        self.look_for_work(agent)

    def go(self, agent: Agent) -> None:
        """A person's span ends."""
        if not agent.hands:
            agent.present = False
        elif self.desk.groups[agent.group].drops:
            self.drop_and_leave(agent)
        else:
            self.seen["over at the end of a span"] += 1
            agent.over = True

    def arrive(self, agent: Agent) -> None:
        agent.present, agent.over, agent.idle_since, agent.worked = True, False, self.now, 0

    def leave(self, agent: Agent) -> None:
        """The agent has nothing in hand any more; others of a group that is no longer over its level look for work."""
        agent.present = agent.over = False
        if not self.desk.groups[agent.group].people and not self.over_level(agent.group):
            for other in self.agents[agent.group]:
                if other.hands:
                    self.look_for_work(other)

    def drop_and_leave(self, agent: Agent) -> None:
        back = self.drop(agent)
        self.leave(agent)
        for contact in back:
            if not contact.silent:
                self.call(contact)

    def drop(self, agent: Agent) -> list[Contact]:
        """All that the agent holds is put back; those back in their queues, in order."""
        back = []
        for hand in sorted(agent.hands, key=lambda hand: hand.key):
            if hand.kind == WRAP_UP:
                self.seen["wrap-up cut short"] += 1
                hand.contact.freed = self.now
            else:
                self.seen["silent leaver put back" if hand.contact.silent else "put back"] += 1
                if not hand.contact.silent:
                    hand.contact.todo[0] = max(0, hand.left) * hand.speed // ONE
                self.put_aside(hand.contact)
                self.stand(hand.contact)
                back.append(hand.contact)
        agent.hands = []
        self.idle(agent)
        return back

    def put_aside(self, contact: Contact) -> None:
        """A contact goes back to its queue, now or when the customer replies; the agent's time until now is a spell."""
        c = contact
        c.resumed = True
        self.spells_so_far.append((c.issue, c.attempt, c.channel, c.group, c.agent, c.taken, self.now))

    def present(self, g: int) -> int:
        return sum(agent.present for agent in self.agents[g])

    def over_level(self, g: int) -> bool:
        """More are present than the level of a group by count."""
        return not self.desk.groups[g].people and self.present(g) > self.levels[g]

    def is_over(self, agent: Agent) -> bool:
        return agent.over or self.over_level(agent.group)

    def close(self, c: int) -> None:
        """Who is at the machine, or still waits, is cut off."""
        for contact in sorted(self.served[c], key=lambda contact: contact.key):
            self.seen["outage met a customer"] += 1
            contact.outcome = Outcome.DISCONNECTED
            self.end(contact)
            self.machine_down(contact)
        self.served[c] = []
        if not self.desk.channels[c].disconnect_at_close:
            return
        waiting = [contact for line in self.waiting for contact in line if contact.channel == c]
        for contact in sorted(waiting, key=lambda contact: contact.key):
            if not contact.silent and not contact.callback and not contact.resumed:
                self.waiting[contact.queue].remove(contact)
                contact.outcome = Outcome.DISCONNECTED
                self.end(contact)
                self.elsewhere(contact)

    # --- a contact is offered -----------------------------------------------------------------------------------------

    def offer(self, contact: Contact) -> None:
        issue, c = contact.issue, contact.channel
        if self.solved[issue]:
            self.seen["planned, then solved"] += 1
            return
        self.contacts.append(contact)
        channel = self.desk.channels[c]
        self.queue_up(contact)
        if not self.is_open(channel, self.now):
            contact.outcome = Outcome.TURNED_AWAY
            self.end(contact)
            self.turned_away(contact)
            return
        if self.responses.ignored and self.draw("ignored", contact) < self.responses.ignored[c]:
            contact.outcome = Outcome.IGNORED
            if not self.publicly(contact):
                self.elsewhere(contact)
            return
        if self.informed(contact):
            contact.outcome, contact.resolved, self.solved[issue] = Outcome.CONTAINED, 1, True
            self.end(contact)
            return
        if channel.lines is not None and self.on_lines(c) >= channel.lines:
            contact.outcome = Outcome.BLOCKED
            self.end(contact)
            self.redial_or_elsewhere(contact)
            return
        contact.on_line = True
        if channel.automatic:
            self.to_machine(contact)
            return
        if self.stuck(contact) or self.give(contact) or self.interrupts(contact):
            return
        wait = self.expected(contact)
        if self.deflected(contact, wait) or self.called_later(contact, wait) or self.balks(contact, wait):
            return
        self.join(contact, self.patience_of(contact, wait))

    def queue_up(self, contact: Contact) -> None:
        """Where the contact would stand, and how urgently."""
        at = {name: self.issues[name][contact.issue] for name in ("intent", "segment", "contract", "tenure")}
        contact.queue = self.desk.queue(contact.channel, at["intent"])
        contact.since = contact.offered
        if self.routing.urgency:
            index = urgency_index(at["segment"], at["contract"], at["tenure"], contact.attempt)
            contact.urgency = self.routing.urgency[index]
        if contact.cause == Cause.PUBLIC:
            contact.urgency += self.routing.public_urgency

    def turned_away(self, contact: Contact) -> None:
        channel = self.desk.channels[contact.channel]
        if channel.automatic:
            self.machine_down(contact)
        elif channel.closed == NEXT_OPENING:
            self.plan(contact, Cause.REDIAL, contact.channel, self.while_open(channel, self.now))
        elif channel.closed != NOWHERE:
            self.plan(contact, Cause.SWITCH, channel.closed, self.now)
        else:
            self.elsewhere(contact)

    def informed(self, contact: Contact) -> bool:
        """A recorded message is all that the customer wanted."""
        channel, intent = self.desk.channels[contact.channel], self.issues["intent"][contact.issue]
        if not channel.live or channel.automatic:
            return False
        for message in self.responses.messages:
            if message.since <= self.now < message.until and intent in message.intents:
                return self.draw("inform", contact) < message.chance
        return False

    def on_lines(self, c: int) -> int:
        return sum(contact.on_line for contact in self.contacts if contact.channel == c)

    def stuck(self, contact: Contact) -> bool:
        """The agent who answered the issue last takes it."""
        agent = self.last_agent[contact.issue]
        if not self.routing.sticky or agent is None or not agent.present or self.is_over(agent):
            return False
        if self.routing.delay[contact.queue][agent.group] == NOT_ELIGIBLE or not self.has_room(agent, contact.channel):
            return False
        self.seen["sticky"] += 1
        self.take(contact, agent)
        return True

    def give(self, contact: Contact) -> bool:
        """A free agent takes it, of the groups that need not wait for it."""
        for g in self.groups_for(contact.queue, 0):
            agent = self.free_agent(g, contact.channel)
            if agent is not None and self.keeps_reserve(agent, contact):
                self.take(contact, agent)
                return True
        return False

    def interrupts(self, contact: Contact) -> bool:
        """A live contact is taken by somebody who puts aside what they hold."""
        if not self.desk.channels[contact.channel].live:
            return False
        agent = self.to_interrupt(self.groups_for(contact.queue, 0))
        if agent is None:
            return False
        self.seen["interruption"] += 1
        self.seen["interruption of several"] += len(agent.hands) > 1
        self.drop(agent)
        self.take(contact, agent)
        return True

    def to_interrupt(self, groups: list[int]) -> Agent | None:
        for g in groups:
            able = [agent for agent in self.agents[g] if agent.present and self.interruptible(agent)]
            if able:
                return min(able, key=lambda agent: (-max(hand.contact.taken for hand in agent.hands), agent.number))
        return None

    def interruptible(self, agent: Agent) -> bool:
        if not agent.hands or self.is_over(agent):
            return False
        channels = self.desk.channels
        return all(hand.kind == TALK and channels[hand.contact.channel].interruptible for hand in agent.hands)

    def expected(self, contact: Contact) -> int:
        """The wait that the desk would expect, in ticks."""
        channel, delay = self.desk.channels[contact.channel], self.routing.delay[contact.queue]
        agents = sum(self.present(g) for g in range(len(self.desk.groups)) if delay[g] == 0)
        if agents == 0:
            return NO_AGENTS
        return (len(self.waiting[contact.queue]) + 1) * channel.usual // (agents * channel.at_once)

    def deflected(self, contact: Contact, wait: int) -> bool:
        way = self.responses.deflect[contact.channel] if self.responses.deflect else None
        if way is None or not self.desk.channels[contact.channel].live:
            return False
        if wait <= way.after or self.draw("deflect", contact) >= way.chance:
            return False
        contact.outcome = Outcome.DEFLECTED
        self.end(contact)
        self.plan(contact, Cause.DEFLECTION, way.to, self.now)
        return True

    def called_later(self, contact: Contact, wait: int) -> bool:
        """The customer accepts a callback."""
        channel = self.desk.channels[contact.channel]
        way = self.responses.callback[contact.channel] if self.responses.callback else None
        if way is None or not channel.live or wait <= way.after or self.draw("callback", contact) >= way.chance:
            return False
        contact.outcome, contact.announced = Outcome.CALLBACK_PENDING, NEVER if wait == NO_AGENTS else wait
        contact.callback, contact.on_line = True, False
        if way.booked is None:
            self.seen["callback in order"] += 1
            self.join(contact, NEVER)
            return True
        tick = self.while_open(channel, self.now + way.booked)
        self.seen["callback booked past closing"] += tick != self.now + way.booked
        if tick is not None:
            self.note(tick, TIMER, (*contact.key, CALLBACK), self.call_back, contact)
        return True

    def call_back(self, contact: Contact) -> None:
        """The time of a booked callback has come."""
        self.seen["callback booked"] += 1
        contact.urgency, contact.since = BOOKED, self.now
        self.join(contact, NEVER)
        self.call(contact)

    def balks(self, contact: Contact, wait: int) -> bool:
        """The announced wait makes the customer leave at once."""
        way = self.responses.announce[contact.channel] if self.responses.announce else None
        if way is None or not self.desk.channels[contact.channel].live or wait == NO_AGENTS:
            return False
        contact.announced = wait
        patience = self.fates.patience(*contact.key, contact.channel)
        if patience == NEVER or patience * ONE >= way.balk * wait:
            return False
        self.seen["balked"] += 1
        contact.outcome = Outcome.ABANDONED
        self.end(contact)
        self.redial_or_elsewhere(contact)
        return True

    def patience_of(self, contact: Contact, wait: int) -> int:
        patience = self.fates.patience(*contact.key, contact.channel)
        way = self.responses.announce[contact.channel] if self.responses.announce else None
        if way is None or contact.announced == NEVER or patience == NEVER:
            return patience
        self.seen["stays longer"] += way.stay * wait // ONE > patience
        return max(patience, way.stay * wait // ONE)

    def is_open(self, channel: Channel, tick: int) -> bool:
        return channel.open is None or any(opens <= tick < closes for opens, closes in channel.open)

    def next_opening(self, channel: Channel, tick: int) -> int | None:
        return min((opens for opens, _ in channel.open or () if opens > tick), default=None)

    # --- in the queue -------------------------------------------------------------------------------------------------

    def join(self, contact: Contact, patience: int) -> None:
        self.stand(contact)
        if patience != NEVER:
            self.note(self.now + patience, ABANDONMENT, contact.key, self.run_out, contact, patience)
        for delay in sorted(set(self.routing.delay[contact.queue])):
            if delay > 0:
                self.note(self.now + delay, TIMER, (*contact.key, OVERFLOW), self.overflow, contact)
        way = self.responses.outsource[contact.channel] if self.responses.outsource else None
        if way is not None and not contact.callback:
            self.note(self.now + way.after, TIMER, (*contact.key, OUTSOURCING), self.outsource, contact, way.quality)

    def stand(self, contact: Contact) -> None:
        line = self.waiting[contact.queue]
        line.append(contact)
        line.sort(key=lambda contact: contact.place)

    def waits(self, contact: Contact) -> bool:
        return contact in self.waiting[contact.queue]

    def groups_for(self, queue: int, waited: int) -> list[int]:
        """The groups that may take a contact of this queue after such a wait, in order."""
        delay, priority = self.routing.delay[queue], self.routing.priority[queue]
        groups = [g for g in range(len(self.desk.groups)) if delay[g] != NOT_ELIGIBLE and delay[g] <= waited]
        return sorted(groups, key=lambda g: (priority[g], queue not in self.desk.answers_first[g], g))

    def run_out(self, contact: Contact, patience: int) -> None:
        """Patience has run out."""
        if not self.waits(contact) or contact.answered != NEVER:
            return
        if not self.desk.channels[contact.channel].live:
            self.write_again(contact, patience)
            return
        contact.outcome, contact.ended = Outcome.ABANDONED, self.now
        silent_work = self.desk.channels[contact.channel].silent_work
        if silent_work and self.fates.coin("silent", *contact.key, contact.channel):
            self.seen["silent leaver"] += 1
            contact.silent, contact.todo = True, [silent_work * RATE]
        else:
            self.waiting[contact.queue].remove(contact)
            contact.on_line = False
        self.redial_or_elsewhere(contact)

    def write_again(self, contact: Contact, patience: int) -> None:
        """The writer of a message is out of patience: a chaser, or another channel, or nothing."""
        channel = self.desk.channels[contact.channel]
        factor = self.responses.chases[contact.channel] if self.responses.chases else ONE
        if contact.chasers < channel.chasers and self.draw("chase", contact) < channel.chases * factor // ONE:
            self.seen["chaser"] += 1
            contact.chasers += 1
            self.note(self.now + patience, ABANDONMENT, contact.key, self.run_out, contact, patience)
            return
        if not self.publicly(contact) and not self.elsewhere(contact):
            return
        self.seen["turned away from a message"] += 1
        if self.responses.unified:
            self.waiting[contact.queue].remove(contact)
            contact.outcome = Outcome.WITHDRAWN
            self.end(contact)

    def overflow(self, contact: Contact) -> None:
        """Further groups may take the contact now."""
        if contact.silent or not self.waits(contact):
            return
        groups = self.groups_for(contact.queue, self.now - contact.since)
        self.look_at(contact, groups)
        self.seen["overflow"] += not self.waits(contact)
        if self.waits(contact) and self.desk.channels[contact.channel].live:
            agent = self.to_interrupt(groups)
            if agent is not None:
                self.seen["interruption by overflow"] += 1
                self.drop(agent)
                self.look_for_work(agent)

    def call(self, contact: Contact) -> None:
        """Free agents look at a contact that is back in its queue."""
        self.look_at(contact, self.groups_for(contact.queue, 0))
        self.seen["called and taken at once"] += not self.waits(contact)

    def look_at(self, contact: Contact, groups: list[int]) -> None:
        """As long as it waits, free agents of these groups look for work."""
        for g in groups:
            while self.waits(contact) and (agent := self.free_agent(g, contact.channel)):
                if not self.look_for_work(agent):
                    self.seen["looked and took nothing"] += 1
                    break

    def outsource(self, contact: Contact, quality: int) -> None:
        if contact.silent or contact.answered != NEVER or not self.waits(contact):
            return
        self.waiting[contact.queue].remove(contact)
        contact.outcome = Outcome.OUTSOURCED
        contact.on_line = False
        self.count_answer(contact)
        handle, _, _ = self.fates.work(*self.which_answer(contact))
        self.note(self.now + handle, COMPLETION, (*contact.key, TALK), self.outsourced, contact, quality)

    def outsourced(self, contact: Contact, quality: int) -> None:
        self.end(contact)
        self.judge(contact, quality)

    # --- the machine --------------------------------------------------------------------------------------------------

    def to_machine(self, contact: Contact) -> None:
        self.count_answer(contact)
        self.served[contact.channel].append(contact)
        handle, _, _ = self.fates.work(*self.which_answer(contact))
        self.note(self.now + handle, COMPLETION, (*contact.key, TALK), self.machine_done, contact)

    def machine_done(self, contact: Contact) -> None:
        if contact not in self.served[contact.channel]:
            return
        issue, c = contact.issue, contact.channel
        self.served[c].remove(contact)
        self.end(contact)
        contact.outcome, contact.resolved = Outcome.CONTAINED, self.fates.work(*self.which_answer(contact))[2]
        if contact.resolved:
            self.solved[issue] = True
        elif self.escalates_to(contact) != NOWHERE and self.fates.coin("escalate", *self.which_answer(contact)):
            contact.outcome = Outcome.TRANSFERRED
            factor = self.desk.channels[c].escalated
            self.plan(contact, Cause.ESCALATION, self.escalates_to(contact), self.now, factor)
        else:
            self.unsolved(contact, c if self.wants[issue] == NOWHERE else self.wants[issue])

    def machine_down(self, contact: Contact) -> None:
        self.seen["came to a machine that is down"] += contact.outcome == Outcome.TURNED_AWAY
        to = self.escalates_to(contact)
        if to == NOWHERE:
            self.elsewhere(contact)
        else:
            self.plan(contact, Cause.ESCALATION, to, self.now)

    def escalates_to(self, contact: Contact) -> int:
        wanted = self.wants[contact.issue]
        return self.desk.channels[contact.channel].escalates if wanted == NOWHERE else wanted

    # --- customers between contacts -----------------------------------------------------------------------------------

    def redial_or_elsewhere(self, contact: Contact) -> None:
        delay = self.fates.redials_after(*contact.key, contact.channel)
        if not self.again(contact, Cause.REDIAL, contact.channel, delay):
            self.elsewhere(contact)

    def elsewhere(self, contact: Contact) -> bool:
        to = self.desk.channels[contact.channel].elsewhere
        return self.again(contact, Cause.SWITCH, to, self.fates.elsewhere_after(*contact.key, contact.channel))

    def publicly(self, contact: Contact) -> bool:
        to = self.desk.channels[contact.channel].public
        return self.again(contact, Cause.PUBLIC, to, self.fates.publicly_after(*contact.key, contact.channel))

    def again(self, contact: Contact, cause: Cause, to: int, delay: int | None) -> bool:
        """Whether the coin says that the customer makes contact again."""
        if delay is None or to == NOWHERE:
            return False
        self.plan(contact, cause, to, self.while_open(self.desk.channels[to], self.now + delay))
        return True

    def while_open(self, channel: Channel, tick: int) -> int | None:
        """The tick, or as long after the next opening as it is past closing; None: never."""
        while not self.is_open(channel, tick):
            opens = self.next_opening(channel, tick)
            if opens is None:
                return None
            past = [tick - closes for _, closes in channel.open or () if closes <= tick]
            tick = opens + min(past, default=0)
        return tick

    def plan(self, contact: Contact, cause: Cause, to: int, tick: int | None, factor: int = ONE) -> None:
        """The next contact of the issue; `tick` None: never."""
        issue = contact.issue
        if self.solved[issue]:
            return
        if tick is None:
            return
        if self.numbers[issue] == ATTEMPTS:
            self.capped += 1
            return
        self.numbers[issue] += 1
        following = Contact(issue, self.numbers[issue], to, cause, tick, factor=factor)
        self.note(tick, ARRIVAL, following.key, self.offer, following)

    def draw(self, name: str, contact: Contact) -> int:
        return self.fates.draw(name, *contact.key)

    # --- an agent looks for work --------------------------------------------------------------------------------------

    def free_agent(self, g: int, c: int) -> Agent | None:
        """Who of the group takes a new contact of channel c."""
        if self.over_level(g):
            return None
        there = [agent for agent in self.agents[g] if agent.present and not agent.over]
        if idle := [agent for agent in there if not agent.hands]:
            return min(idle, key=self.turn)
        room = [agent for agent in there if self.has_room(agent, c)]
        return min(room, key=lambda agent: (len(agent.hands), agent.number), default=None)

    def turn(self, agent: Agent) -> Key:
        people = self.desk.groups[agent.group].people
        rank = people[agent.number].rank if people else 0
        return (rank, agent.worked if self.routing.least_loaded else agent.idle_since, agent.number)

    def has_room(self, agent: Agent, c: int) -> bool:
        """An agent may add a contact of channel c to what they hold."""
        if not agent.hands:
            return True
        return agent.hands[0].contact.channel == c and len(agent.hands) < self.desk.channels[c].at_once

    def keeps_reserve(self, agent: Agent, contact: Contact) -> bool:
        """Enough others of the group stay idle, if the contact is deferrable."""
        if self.desk.channels[contact.channel].live or not self.routing.reserve:
            return True
        team = self.agents[agent.group]
        idle = [one for one in team if one is not agent and one.present and not self.is_over(one) and not one.hands]
        enough = len(idle) >= self.routing.reserve[agent.group]
        self.seen["kept in reserve"] += not enough
        return enough

    def look_for_work(self, agent: Agent) -> bool:
        """The agent takes until full, or nobody may be taken; who has nothing in hand and is over leaves. Whether the
        agent took anything."""
        took = False
        while (contact := self.choose(agent)) is not None:
            self.take(contact, agent)
            took = True
        if self.is_over(agent) and not agent.hands:
            self.leave(agent)
        return took

    def choose(self, agent: Agent) -> Contact | None:
        g = agent.group
        heads = [line[0] for queue, line in enumerate(self.waiting) if line and self.may_take(g, queue)]
        heads = [head for head in heads if self.has_room(agent, head.channel)]
        if self.is_over(agent):
            left = [head for head in heads if self.left_behind(head.channel)]
            self.seen["taken by one who is over"] += bool(left)
            return min(left, key=lambda head: (head.urgency, head.since, head.queue), default=None)
        heads = [head for head in heads if self.now - head.since >= self.routing.delay[head.queue][g]]
        if self.below_floor(g) and not agent.hands:
            deferrable = [head for head in heads if not self.desk.channels[head.channel].live]
            if deferrable:
                self.seen["floor"] += 1
                return self.first(deferrable, g)
        return self.first([head for head in heads if self.keeps_reserve(agent, head)], g)

    def first(self, heads: list[Contact], g: int) -> Contact | None:
        priority = self.routing.priority
        order = {head: (priority[head.queue][g], head.urgency, head.since, head.queue) for head in heads}
        return min(heads, key=lambda head: order[head], default=None)

    def may_take(self, g: int, queue: int) -> bool:
        return self.routing.delay[queue][g] != NOT_ELIGIBLE

    def left_behind(self, c: int) -> bool:
        """Channel c is live, has closed, and serves who waits at closing."""
        channel = self.desk.channels[c]
        return channel.live and not channel.disconnect_at_close and not self.is_open(channel, self.now)

    def below_floor(self, g: int) -> bool:
        """Fewer of the group than its floor work on deferrable contacts."""
        if not self.routing.floor:
            return False
        busy = [agent for agent in self.agents[g] if agent.hands]
        return sum(not self.desk.channels[a.hands[0].contact.channel].live for a in busy) < self.routing.floor[g]

    # --- work ---------------------------------------------------------------------------------------------------------

    def take(self, contact: Contact, agent: Agent) -> None:
        if self.waits(contact):
            self.waiting[contact.queue].remove(contact)
        contact.taken, contact.group, contact.agent = self.now, agent.group, agent.number
        if not contact.silent:
            if contact.answered == NEVER:
                self.first_take(contact)
            self.last_agent[contact.issue] = agent
        if not agent.hands:
            agent.busy_since = self.now
        speed = ONE if contact.silent else self.speed(agent, contact.queue)
        self.seen["silent leaver found out"] += contact.silent
        work = contact.todo[0]
        units = -(-work * ONE // speed) if contact.resumed else RATE * -(-work // RATE * ONE // speed)
        agent.hands.append(Hand(contact, TALK, units, speed))

    def first_take(self, contact: Contact) -> None:
        """An agent answers: what work it is, and what is offered to keep the customer."""
        ticks = self.answer(contact)
        c, issue, answer = contact.channel, contact.issue, contact.answer
        contact.todo = [ticks * RATE]
        if self.desk.channels[c].asks_back and not self.desk.channels[c].live:
            contact.reply_after = self.fates.asks_after(issue, answer, c)
            if contact.reply_after is not None:
                contact.todo = [ticks // 2 * RATE, (ticks - ticks // 2) * RATE]
        offers = [offer for offer in self.responses.retention if offer.intent == self.issues["intent"][issue]]
        if offers:
            contact.retained = int(self.fates.draw("retain", issue, answer) < offers[0].chance)

    def count_answer(self, contact: Contact) -> None:
        self.answers[contact.issue] += 1
        contact.answer, contact.answered = self.answers[contact.issue], self.now

    def answer(self, contact: Contact) -> int:
        """Somebody answers; the ticks of standard work."""
        self.count_answer(contact)
        c, responses = contact.channel, self.responses
        ticks, _, _ = self.fates.work(contact.issue, contact.answer, c)
        if responses.work:
            ticks = ticks * responses.work[c] // ONE
        if responses.unified and contact.answer > 1:
            ticks = ticks * responses.unified // ONE
        self.seen["escalated work"] += contact.factor != ONE
        ticks = ticks * contact.factor // ONE
        return ticks + contact.chasers * self.desk.channels[c].chaser_work

    def speed(self, agent: Agent, queue: int) -> int:
        group = self.desk.groups[agent.group]
        speed = group.speed[queue] if group.speed else ONE
        person = group.people[agent.number].speed if group.people else ()
        return speed * (person[agent.span] if person else ONE) // ONE

    def finish(self, agent: Agent) -> None:
        """Whatever the agent has done by now ends."""
        for hand in sorted(agent.hands, key=lambda hand: (hand.left, hand.key)):
            if hand.left > 0:
                continue
            contact = hand.contact
            wrap_up = 0
            if hand.kind == TALK:
                contact.todo.pop(0)
                if contact.todo:
                    self.ask_back(contact)
                    agent.hands.remove(hand)
                    continue
                wrap_up = self.hang_up(contact)
            if wrap_up:
                hand.kind, hand.speed = WRAP_UP, self.speed(agent, contact.queue)
                hand.left = RATE * -(-wrap_up * ONE // hand.speed)
            else:
                contact.freed = self.now
                agent.hands.remove(hand)
        if not agent.hands:
            self.idle(agent)
        self.look_for_work(agent)

    def idle(self, agent: Agent) -> None:
        """The agent has nothing in hand any more."""
        agent.worked += self.now - agent.busy_since
        agent.idle_since = self.now

    def ask_back(self, contact: Contact) -> None:
        contact.asked = self.now
        self.put_aside(contact)
        assert contact.reply_after is not None
        self.note(self.now + contact.reply_after, TIMER, (*contact.key, REPLY), self.replied, contact)

    def replied(self, contact: Contact) -> None:
        self.seen["reply"] += 1
        contact.replied = self.now
        self.stand(contact)
        self.call(contact)

    def hang_up(self, contact: Contact) -> int:
        """Talk has ended; returns the wrap-up in ticks."""
        issue, answer, c = contact.issue, contact.answer, contact.channel
        if contact.silent:
            contact.on_line = False
            return 0
        contact.outcome = Outcome.CALLED_BACK if contact.callback else Outcome.ANSWERED
        self.end(contact)
        to = self.desk.channels[c].transfers
        if to != NOWHERE and self.fates.coin("transfer", issue, answer, c):
            contact.outcome, contact.resolved = Outcome.TRANSFERRED, 0
            self.seen["transfer"] += 1
            self.plan(contact, Cause.TRANSFER, to, self.now)
        else:
            self.judge(contact, self.quality(contact))
        return self.fates.work(issue, answer, c)[1]

    def quality(self, contact: Contact) -> int:
        group, responses = self.desk.groups[contact.group], self.responses
        quality = group.quality[contact.queue] if group.quality else ONE
        quality = quality * (group.people[contact.agent].quality if group.people else ONE) // ONE
        return quality * (responses.quality[contact.channel] if responses.quality else ONE) // ONE

    def judge(self, contact: Contact, quality: int) -> None:
        """Whether the answer solved the issue, and what the customer does if not."""
        issue, answer, c = contact.issue, contact.answer, contact.channel
        if quality == ONE:
            contact.resolved = self.fates.work(issue, answer, c)[2]
        else:
            self.seen["quality"] += 1
            solve, chance = self.fates.draw("solve", issue, answer), self.fates.chance(issue, answer, c)
            contact.resolved = int(solve * ONE < chance * quality)
        if contact.resolved:
            self.solved[issue] = True
        else:
            self.unsolved(contact, c)

    def unsolved(self, contact: Contact, on: int) -> None:
        if not self.publicly(contact):
            self.again(contact, Cause.RECONNECT, on, self.fates.reconnects_after(*self.which_answer(contact)))

    def which_answer(self, contact: Contact) -> tuple[int, int, int]:
        """Where the luck of an answer is found."""
        return contact.issue, contact.answer, contact.channel

    def end(self, contact: Contact) -> None:
        contact.ended, contact.on_line = self.now, False

    # --- result -------------------------------------------------------------------------------------------------------

    def table(self) -> Table:
        """The contacts by (issue, attempt), with every column of the contacts table."""
        rows = sorted(self.contacts, key=lambda contact: contact.key)
        columns = {}
        for column in CONTACTS:
            if column.name in Contact.__dataclass_fields__:
                cells = [getattr(row, column.name) for row in rows]
            else:
                cells = [self.issues[column.name][row.issue] for row in rows]
            columns[column.name] = np.array(cells, dtype=np.int64)
        return Table(columns)

    def spells(self) -> Table:
        """Time on contacts that were put aside, in order of its columns."""
        rows = np.array(sorted(self.spells_so_far), dtype=np.int64).reshape(-1, len(SPELLS))
        return Table({name: rows[:, column] for column, name in enumerate(SPELLS)})


def twin(desk: Desk, population: HasIssues) -> Table:
    """The contacts of one replication by (issue, attempt), with every column of the contacts table."""
    replication = Twin(desk, population)
    replication.run()
    return replication.table()
