"""The floor of the list twin (`twin.py`): the clock, agents who come, go and look for work, the queues, and work.

Work is not a virtual clock but an amount that each contact has left, wound down whenever time moves; nothing is
scheduled for an agent, the next end is looked up in what they hold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any, Protocol

from sim.desk import NOWHERE, ONE, RATE, Channel, Desk
from sim.policies.base import NOT_ELIGIBLE, ResponseTables, RoutingTables
from sim.population.fates import Fates
from sim.schemas import NEVER, Outcome
from sim.tables import Table

STAFFING, COMPLETION, TIMER, ABANDONMENT, ARRIVAL = range(5)
SHIFT, CLOSING = 0, 1
TALK, WRAP_UP = 0, 1
OVERFLOW, OUTSOURCING, CALLBACK, REPLY = range(4)

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


class Floor:
    """Agents and queues; what talk leads to is not its business. `seen` counts what happened."""

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
        self.offered: set[int] = set()
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

    def hang_up(self, contact: Contact) -> int:
        """Talk has ended; returns the wrap-up in ticks."""
        raise NotImplementedError

    # --- time ---------------------------------------------------------------------------------------------------------

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

    def note_people(self, g: int) -> None:
        for agent, person in zip(self.agents[g], self.desk.groups[g].people, strict=True):
            for span, (come, go) in enumerate(person.on):
                if go > self.desk.starts:
                    at = (SHIFT, g, agent.number)
                    self.note(max(come, self.desk.starts), STAFFING, (*at, 1), self.come, agent, span)
                    self.note(go, STAFFING, (*at, 0), self.go, agent)

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
        c.taken = NEVER

    def present(self, g: int) -> int:
        return sum(agent.present for agent in self.agents[g])

    def over_level(self, g: int) -> bool:
        """More are present than the level of a group by count."""
        return not self.desk.groups[g].people and self.present(g) > self.levels[g]

    def is_over(self, agent: Agent) -> bool:
        return agent.over or self.over_level(agent.group)

    # --- the queues ---------------------------------------------------------------------------------------------------

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

    def is_open(self, channel: Channel, tick: int) -> bool:
        return channel.open is None or any(opens <= tick < closes for opens, closes in channel.open)

    def next_opening(self, channel: Channel, tick: int) -> int | None:
        return min((opens for opens, _ in channel.open or () if opens > tick), default=None)

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
        if offers and issue not in self.offered:
            self.offered.add(issue)
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

    def which_answer(self, contact: Contact) -> tuple[int, int, int]:
        """Where the luck of an answer is found."""
        return contact.issue, contact.answer, contact.channel

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
