"""The centre: contacts are offered, wait, are answered or give up, and perhaps come back.

SimPy owns the clock, the events and the processes (arrivals, staffing); the waiting lines are ours. All luck comes from
the population's fates, all rules from the desk; nothing here draws a number. docs/rules.md says what happens, exactly;
who meets whom is here, what an answer is, in `sim.simulate.answers`, what happens at the door, in `sim.simulate.door`.
"""

from __future__ import annotations

import gc
from collections.abc import Sequence

from sim.desk import NOWHERE, Desk
from sim.population.fates import Fates
from sim.schemas import NEVER, Cause, Outcome
from sim.simulate import rota
from sim.simulate.answers import Answers
from sim.simulate.contact import Contact
from sim.simulate.door import Door
from sim.simulate.events import (
    ABANDONMENT,
    ARRIVAL,
    BY_GROUP,
    CALLBACK,
    COMPLETION,
    OUTSOURCE,
    OVERFLOW,
    TIMER,
    Callbacks,
    Clock,
    Due,
)
from sim.simulate.floor import Agent, People, Team
from sim.simulate.hands import Hands
from sim.simulate.journal import Journal
from sim.simulate.lane import Lanes
from sim.simulate.machine import Machine
from sim.simulate.notes import Notes
from sim.simulate.returns import Returns
from sim.simulate.router import router
from sim.tables import Table

# plain integers: an enumeration is asked for its members in every event
ABANDONED, BLOCKED, DISCONNECTED, OUTSOURCED, WITHDRAWN = map(
    int, (Outcome.ABANDONED, Outcome.BLOCKED, Outcome.DISCONNECTED, Outcome.OUTSOURCED, Outcome.WITHDRAWN)
)
FIRST = int(Cause.FIRST)
BOOKED = -(1 << 40)
"""The urgency of a booked callback: before all others."""


class Centre:
    """One replication of one desk.

    Args:
        desk: the rules, in ticks.
        arrivals: (tick, issue) of each issue's first contact, in order.
        issues: what is known of each issue, row i of issue i: at least its channel, and whatever the desk's queues and
            urgencies ask for: intent, segment, contract, tenure.
        fates: the luck of each issue.
        journal: takes down what happens to one issue.
    """

    def __init__(
        self,
        desk: Desk,
        arrivals: Sequence[tuple[int, int]],
        issues: Table,
        fates: Fates,
        journal: Journal | None = None,
    ) -> None:
        self.desk = desk
        self.fates = fates
        self.env = Clock(initial_time=desk.starts)
        self.contacts: list[Contact] = []
        self._journal = journal
        self._arrivals = iter(arrivals)
        self._channel_of: list[int] = issues["channel"].tolist()
        tables = desk.routing.lower(desk.layout())
        ranked = _out_of_order(desk) or (tables is not None and bool(tables.urgency or tables.public_urgency))
        self._lanes = Lanes(desk, issues, ranked=ranked)
        self._lane, self._lane_of, self._by_intent = self._lanes.all, self._lanes.of, bool(desk.queue_of)
        least_loaded = tables is not None and tables.least_loaded
        self._teams = [
            (People if group.people else Team)(number, group, least_loaded=least_loaded)
            for number, group in enumerate(desk.groups)
        ]
        self._router = router(desk, self._lanes.all, self._teams, tables)
        self._notes: Notes | None = None
        if journal is not None:
            journal.env = self.env
            self._notes = Notes(journal, self._lanes.all, self._teams, self._router, self.contacts)
        self._at_once = [[self._teams[group] for group in groups] for groups in self._router.at_once]
        self._sticky = tables is not None and tables.sticky
        self._reserves = tables is not None and any(tables.reserve)
        self._interrupts = any(channel.interruptible for channel in desk.channels)
        self._on_offer: Callbacks = [self._offer]
        self._returns = Returns(self.env, desk, fates, len(issues), self._lanes.of, self._on_offer, journal)
        self._solved = self._returns.solved
        self._on_back: Callbacks = [self._call]
        self._answers = self._makes_answers(issues)
        self._machine = Machine(self.env, desk, fates, self._answers, self._returns, journal)
        self._door = Door(desk, fates, self._returns, self._machine, self._at_once, issues, tables, journal)
        self._at_door, self._in_line = self._door.watched, self._door.speaks_of_waits
        self._marks = self._door.ranks or journal is not None
        self._fronts = any(channel.front != NOWHERE for channel in desk.channels)
        self._patience_is_listed = not self._fronts and journal is None
        self._special = self._sticky or self._reserves or any(channel.automatic for channel in desk.channels)
        """Whether a free agent is not all that a contact meets behind the door."""
        responses = desk.responses
        self._outsource = responses.outsource if responses is not None else ()
        self._timers = bool(self._outsource) or any(self._router.asked)
        self._withdraws = responses is not None and responses.unified > 0
        self._to_ask: set[tuple[int, int]] = set()
        """(group, tick) at which a policy without tables wants to be asked once more."""
        self._on_arrival: Callbacks = [self._arrives]
        self._on_patience: Callbacks = [self._patience_ends]
        self._on_overflow: Callbacks = [self._overflow]
        self._hands = self._makes_hands(plainly=not (self._sticky or least_loaded) and journal is None)
        self._answer = self._hands.takes
        self._first_patience = fates.first_patience

    @property
    def capped(self) -> int:
        """How often a customer would have tried once more, but had reached the cap on attempts."""
        return self._returns.capped

    @property
    def spells(self) -> list[tuple[int, ...]]:
        """Work that was put back: (issue, attempt, channel, group, agent, from, to)."""
        return self._answers.spells

    def run(self) -> None:
        """Run to the end of the desk's clock."""
        if self.desk.ends <= self.desk.starts:
            return
        self.begin()
        collecting = gc.isenabled()
        # nothing here is cyclic garbage, and looking for it among a replication's contacts costs a fifth of the time
        gc.disable()
        try:
            self.env.run(until=self.desk.ends)
        finally:
            self.forget()
            if collecting:
                gc.enable()

    def begin(self) -> None:
        """Expect the first contact and the first agents."""
        self._expect_next()
        rota.begin(self.env, self.desk, self._teams, self)

    def forget(self) -> None:
        """Let go of what is still due. The callbacks are ours and so hold us: without them nothing is cyclic, and all
        is freed with the centre."""
        for callbacks in (self._on_offer, self._on_arrival, self._on_patience, self._on_overflow, self._on_back):
            callbacks.clear()
        self._hands.forget()
        del self._answer
        self.env.forget()

    # --- what a desk that is real has others of -------------------------------------------------------------------

    def _makes_answers(self, issues: Table) -> Answers:
        return Answers(
            self.env, self.desk, self.fates, self._returns, self._teams, issues, self._on_back, self._journal
        )

    def _makes_hands(self, *, plainly: bool) -> Hands:
        return Hands(
            self.env, self.desk, self.fates, self._teams, self._answers, self._returns, self.seek_work, self._journal,
            plainly=plainly,
        )  # fmt: skip

    # --- a contact's life --------------------------------------------------------------------------------------------

    def _expect_next(self) -> None:
        """Schedule the next first contact. A chain of events, not a process: that would cost as much again."""
        following = next(self._arrivals, None)
        if following is not None:
            tick, issue = following
            channel = self._channel_of[issue]
            lane = self._lane_of(issue, channel) if self._by_intent else self._lane[channel]
            contact = Contact(issue, 1, lane, FIRST, tick)
            contact.due(self.env, tick - self.env.now, ARRIVAL | contact.key, self._on_arrival)

    def _arrives(self, contact: Contact) -> None:
        self._expect_next()
        if self._fronts:
            self._machine.stands_in_front(contact, self._lane_of)
        self._offer(contact)

    def _offer(self, contact: Contact) -> None:
        if contact.attempt > 1 and self._solved[contact.issue]:
            if self._journal is not None:
                self._journal.note(contact, "is not made")
            return
        self.contacts.append(contact)
        if self._marks:
            self._mark(contact)
        lane = contact.lane
        if not (lane.always_open or lane.channel.is_open(contact.offered)):
            self._door.turns_away(contact)
            return
        if self._at_door and self._door.refuses(contact):
            return
        lines = lane.lines
        if lines.in_use >= lines.limit:
            contact.ended, contact.outcome, contact.gone = contact.offered, BLOCKED, True
            if self._journal is not None:
                self._journal.note(contact, "finds no line free", lines=lines.limit)
            self._returns.after_giving_up(contact)
            return
        lines.in_use += 1
        if self._special:
            if lane.channel.automatic:
                self._machine.serves(contact)
                return
            if self._sticky and self._sticks(contact):
                return
        for team in self._at_once[lane.number]:
            agent = team.free(lane.channel_number, lane.at_once)
            if agent is not None and (not self._special or self._router.spares(agent, lane)):
                self._answer(contact, agent, contact.offered)
                return
        if self._interrupts and self._interrupts_for(contact, self._router.at_once[lane.number], at_once=True):
            return
        if contact.attempt == 1 and self._patience_is_listed:
            patience = self._first_patience[contact.issue]
        else:
            patience = self.fates.patience(contact.issue, contact.attempt, contact.channel)
        if self._in_line:
            waits = self._door.speaks_of_wait(contact, patience)
            if waits is None or (contact.more.callback and self._booked(contact)):
                return
            patience = waits
        self._queue(contact, patience)

    def _mark(self, contact: Contact) -> None:
        if self._notes is not None:
            self._notes.offered(contact)
        if self._door.ranks:
            contact.urgency = self._door.urgency(contact)

    def _sticks(self, contact: Contact) -> bool:
        """The agent who answered the customer last takes the contact, if free."""
        agent = self._hands.answered_by.get(contact.issue)
        if agent is None or not self._router.may_ever(contact.lane.number, agent.group):
            return False
        if not self._teams[agent.group].may_take(agent, contact.channel, contact.lane.at_once):
            return False
        if self._journal is not None:
            self._journal.note(contact, "goes to who answered before")
        self._answer(contact, agent, contact.offered)
        return True

    def _interrupts_for(self, contact: Contact, groups: Sequence[int], *, at_once: bool) -> bool:
        """Somebody puts work aside for a live contact; one that waits is then looked for in its line."""
        if not contact.lane.channel.live:
            return False
        for group in groups:
            agent = self._answers.interruptible(self._teams[group])
            if agent is not None:
                back = self._answers.puts_back(agent)
                if self._notes is not None:
                    self._notes.interrupts(contact, agent, back)
                if at_once:
                    self._answer(contact, agent, self.env.now)
                else:
                    self.seek_work(agent)
                return True
        return False

    def _booked(self, contact: Contact) -> bool:
        """A callback for later joins the line when it is due; False: it keeps its place in the line."""
        booked = self._door.booked(contact)
        if booked is None:
            return False
        tick = contact.lane.channel.opens(self.env.now + booked)
        if self._journal is not None:
            self._journal.note(contact, "is booked", at=tick)
        if tick is not None:
            Due(self.env, tick - self.env.now, TIMER | contact.key | CALLBACK, [self._callback_due], contact)
        return True

    def _callback_due(self, event: Due) -> None:
        contact: Contact = event.about
        contact.since, contact.urgency = self.env.now, BOOKED
        self._queue(contact, NEVER)
        self._call(contact)

    def _queue(self, contact: Contact, patience: int) -> None:
        lane = contact.lane
        if self._notes is not None:
            self._notes.joins(contact, patience)
        lane.join(contact)
        if patience != NEVER:
            if not lane.live:
                contact.tells().patience = patience
            Due(self.env, patience, ABANDONMENT | contact.key, self._on_patience, contact)
        if self._timers:
            self._set_timers(contact)

    def _set_timers(self, contact: Contact) -> None:
        """What else may happen to a contact in the line after a while."""
        lane = contact.lane
        if self._outsource and not contact.more.callback:
            outsourcing = self._outsource[contact.channel]
            if outsourcing is not None:
                Due(self.env, outsourcing.after, TIMER | contact.key | OUTSOURCE, [self._outsourced], contact)
        if self._router.asked[lane.number]:
            delays = self._router.delays[lane.number]
            for delay in delays:
                Due(self.env, delay, TIMER | contact.key | OVERFLOW, self._on_overflow, contact)
            if not delays:
                self._ask(contact, self._router.asked[lane.number])

    def _overflow(self, event: Due) -> None:
        """A waiting contact has become eligible for further groups."""
        contact: Contact = event.about
        if (contact.answered != NEVER and not contact.more.back) or contact.gone or contact.more.silent:
            return
        groups = self._router.eligible(contact.lane.number, self.env.now - contact.since)
        if self._notes is not None:
            self._notes.overflows(contact, groups)
        self._ask(contact, groups)
        if self._interrupts and (contact.answered == NEVER or contact.more.back):
            self._interrupts_for(contact, groups, at_once=False)

    def _ask(self, contact: Contact, groups: Sequence[int]) -> None:
        """Let free agents look at the line that the contact is in, until somebody has taken it."""
        lane = contact.lane
        for group in groups:
            # an agent who takes another contact first leaves the question to the next of the group
            while (agent := self._teams[group].free(lane.channel_number, lane.at_once)) is not None:
                held = agent.held
                self.seek_work(agent)
                if not contact.more.back and contact.answered != NEVER:
                    return
                if agent.held == held:
                    break

    def _call(self, contact: Contact) -> None:
        """A contact is back in its line, or only now in it: free agents look at it."""
        self._ask(contact, self._router.at_once[contact.lane.number])

    def _patience_ends(self, event: Due) -> None:
        contact: Contact = event.about
        if contact.answered != NEVER or contact.gone:
            return
        if not contact.lane.channel.live:
            self._writes_again(contact)
            return
        channel = contact.lane.channel
        if channel.silent_work and self.fates.coin("silent", contact.issue, contact.attempt, contact.channel):
            contact.tells().silent = True
            contact.ended, contact.outcome = self.env.now, ABANDONED
        else:
            contact.lane.waiting -= 1
            self._leave(contact, ABANDONED)
        if self._notes is not None:
            self._notes.abandons(contact)
        self._returns.after_giving_up(contact)

    def _writes_again(self, contact: Contact) -> None:
        """A customer whose message has waited too long chases it, or turns elsewhere."""
        if self._door.chases(contact):
            more = contact.tells()
            more.chasers += 1
            if self._journal is not None:
                self._journal.note(contact, "writes again", chasers=more.chasers)
            Due(self.env, more.patience, ABANDONMENT | contact.key, self._on_patience, contact)
        elif self._returns.unanswered(contact) and self._withdraws:
            contact.lane.waiting -= 1
            self._leave(contact, WITHDRAWN)
            if self._journal is not None:
                self._journal.note(contact, "is withdrawn")

    def _outsourced(self, event: Due) -> None:
        contact: Contact = event.about
        if contact.answered != NEVER or contact.gone or contact.more.silent:
            return
        contact.lane.waiting -= 1
        contact.lane.lines.in_use -= 1
        contact.gone, contact.outcome = True, OUTSOURCED
        handle = self._answers.begins(contact)
        if self._journal is not None:
            self._journal.note(contact, "goes to the outsourcer")
        outsourcing = self._outsource[contact.channel]
        assert outsourcing is not None

        def done(_: Due) -> None:
            contact.ended = self.env.now
            self._answers.ends(contact, outsourcing.quality)

        Due(self.env, handle, COMPLETION | contact.key, [done])

    def closes(self, number: int) -> None:
        """Who waits on a channel that closes is cut off, or whom its machine serves."""
        if self.desk.channels[number].automatic:
            self._machine.breaks_down(number)
            return
        waiting = [contact for lane in self._lanes.all if lane.channel_number == number for contact in lane.everyone()]
        for contact in sorted(waiting, key=lambda contact: contact.key):
            if not (contact.more.silent or contact.more.callback or contact.more.back):
                if self._journal is not None:
                    self._journal.note(contact, "is cut off at closing")
                contact.lane.waiting -= 1
                self._leave(contact, DISCONNECTED)
                self._returns.elsewhere(contact)

    def _leave(self, contact: Contact, outcome: int) -> None:
        """The customer is gone: the line is free."""
        contact.ended = self.env.now
        contact.outcome = outcome
        contact.gone = True
        contact.lane.lines.in_use -= 1

    # --- matching ----------------------------------------------------------------------------------------------------

    def drop(self, agent: Agent) -> None:
        """The agent leaves at once; what was in hand goes back to its lines."""
        back = self._answers.puts_back(agent)
        self._leaves(self._teams[agent.group], agent)
        for contact in back:
            if self._journal is not None:
                self._journal.note(contact, "is left behind", group=agent.group, agent=agent.number)
            if contact.more.back:
                self._call(contact)

    def seek_work(self, agent: Agent) -> None:
        """An agent with a free hand takes what the routing policy says, until full or nobody may be taken."""
        now, team = self.env.now, self._teams[agent.group]
        while not agent.held or agent.held < self.desk.channels[agent.channel].at_once:
            # of people nobody is too many, by count nobody is leaving
            over = agent.leaving or team.present > team.level
            # beyond the level only those who still wait on a live channel that has closed are served
            contact = self._router.left_over(agent, now) if over else self._router.next(agent, now)
            if contact is None:
                if not agent.held:
                    self._rest(agent, team, now)
                if not over and self._router.again:
                    self._remember(agent.group, now + self._router.again)
                return
            if self._notes is not None:
                self._notes.chooses(contact, agent)
            self._answer(contact, agent, now)

    def _rest(self, agent: Agent, team: Team, now: int) -> None:
        """Nothing in hand and nothing to take: leave if that is due, else be idle."""
        if team.over(agent):
            self._leaves(team, agent)
        elif agent.channel >= 0:
            agent.load += now - agent.busy_since
            team.rest(agent, now)

    def _leaves(self, team: Team, agent: Agent) -> None:
        team.leave(agent)
        if team.present == team.level and not team.group.people:
            # those with a hand free could take nothing while the team was over its level
            for other in team.agents:
                if other.held:
                    self.seek_work(other)

    def _remember(self, group: int, tick: int) -> None:
        """A policy without tables wants to be asked once more, whoever of the group has a hand free then."""
        if (group, tick) not in self._to_ask:
            self._to_ask.add((group, tick))
            Due(self.env, tick - self.env.now, TIMER | BY_GROUP | group, [self._ask_again], group)

    def _ask_again(self, event: Due) -> None:
        group: int = event.about
        self._to_ask.remove((group, self.env.now))
        for lane in self._lanes.all:
            while (agent := self._teams[group].free(lane.channel_number, lane.at_once)) is not None:
                held = agent.held
                self.seek_work(agent)
                if agent.held == held:
                    break


def _out_of_order(desk: Desk) -> bool:
    """Whether contacts come back to lines that others have joined meanwhile, or join them before others."""
    responses = desk.responses
    return (
        any(channel.interruptible or channel.asks_back for channel in desk.channels)
        or any(group.drops for group in desk.groups)
        or responses is None
        or any(offer is not None and offer.booked is not None for offer in responses.callback)
    )
