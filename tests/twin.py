"""The list twin: one replication as an agenda of events and plain lists, the oracle of every engine.

It follows `docs/rules.md` as slowly and plainly as that reads: what customers do is here, what agents do in
`twin_floor.py`. It shares no code with the engines: only the desk, the fates and the columns of the table. It reads
policies as tables only.

Where the rules leave a choice, the twin makes it so:

* An event that comes up for the present tick takes its place, by class and key, among those that have not happened.
* Who comes, or gets a hand free, takes until full, before the next agent is looked at.
* "Else" goes by the coin: whose coin for a redial is 1 does not go elsewhere, even at `ATTEMPTS` or where the channel
  never opens again. Only who would have come, to a channel that opens again, on an issue that is not solved, is counted
  as capped.
* On the lines of a channel is who waits (silent leavers until found out), talks to an agent, is at the machine,
  or has been asked back; never a callback, nor whom the outsourcer has taken.
* The machine and the outsourcer take the plain `handle`; the outsourcer's quality is the only one, and the outcome is
  outsourced from the moment at which he takes the contact. Who has been taken before is not outsourced.
* Whom the machine did not help and does not pass on complains in public, else reconnects. A machine without anywhere to
  escalate to escalates nobody: the coin is 0.
* Finding out a silent leaver takes every agent as long; it runs at the rates of what the agent holds.
* The speed for wrap-up is the agent's when wrap-up begins, that of work put back the one at which it was taken, the
  quality of an answer that of the agent who ends it.
* Only a group that is not over its level, or a person who is not over, answers stickily or is interrupted; `reserve`
  does not hold for a sticky agent. Who was asked or took the contact last is the sticky one, who found a silent leaver
  is not. Who is interrupted is who took the last of the contacts they hold latest.
* An overflow timer is for whoever waits then, put back or not.
* Work put back that was done at that very tick is none: less than nothing is never left.
* Who waits at closing and was never taken, or is at the machine, is cut off in order of (issue, attempt).
* A booked callback that falls into closed hours comes as long after the next opening as it is past closing.
"""

from __future__ import annotations

import numpy as np
from twin_floor import (
    ABANDONMENT,
    ARRIVAL,
    CALLBACK,
    CLOSING,
    COMPLETION,
    OUTSOURCING,
    OVERFLOW,
    SHIFT,
    STAFFING,
    TALK,
    TIMER,
    Agent,
    Contact,
    Floor,
    HasIssues,
)

from sim.desk import NEXT_OPENING, NOWHERE, ONE, RATE, Channel, Desk
from sim.draws import ATTEMPTS
from sim.policies.base import NOT_ELIGIBLE, urgency_index
from sim.schemas import CONTACTS, NEVER, SPELLS, Cause, Outcome, Source
from sim.tables import Table

NO_AGENTS = 2**62
BOOKED = -(2**40)


class Twin(Floor):
    """One replication; `run` it, then read `table()`, `spells()` and `capped`. `seen` counts what happened."""

    # --- the whole ----------------------------------------------------------------------------------------------------

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

    def first_channel(self, issue: int) -> int:
        channel: int = self.issues["channel"][issue]
        front = self.desk.channels[channel].front
        if front == NOWHERE or not self.fates.coin("front", issue, 1, channel):
            return channel
        self.seen["front"] += 1
        self.wants[issue] = channel
        return front

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
        if not channel.live or channel.automatic or contact.cause in (Cause.ESCALATION, Cause.TRANSFER):
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
        draw = self.fates.draw("chase", contact.issue, contact.attempt + ATTEMPTS * contact.chasers)
        if contact.chasers < channel.chasers and draw < channel.chases * factor // ONE:
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
        self.seen["machine down"] += contact.outcome == Outcome.TURNED_AWAY
        to = self.escalates_to(contact)
        if to == NOWHERE:
            self.elsewhere(contact)
        else:
            self.plan(contact, Cause.ESCALATION, to, self.now)

    def escalates_to(self, contact: Contact) -> int:
        wanted = self.wants[contact.issue]
        return self.desk.channels[contact.channel].escalates if wanted == NOWHERE else wanted

    # --- talk ends ----------------------------------------------------------------------------------------------------

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

    def end(self, contact: Contact) -> None:
        contact.ended, contact.on_line = self.now, False

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

    # --- result -------------------------------------------------------------------------------------------------------

    def table(self) -> Table:
        """The contacts by (issue, attempt), with every column of the contacts table."""
        rows = sorted(self.contacts, key=lambda contact: contact.key)
        columns = {}
        for column in CONTACTS:
            if column.name in Contact.__dataclass_fields__:
                cells = [getattr(row, column.name) for row in rows]
            elif column.name == "source":
                cells = [Source.SIMULATED] * len(rows)
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
