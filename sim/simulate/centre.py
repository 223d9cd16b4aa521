"""The centre: contacts are offered, wait, are answered or give up, and perhaps come back.

SimPy owns the clock, the events and the processes (arrivals, staffing); the waiting lines are ours. All luck comes from
the population's fates, all rules from the desk; nothing here draws a number. The rules of order and of staffing are in
`sim.simulate.events` and `sim.simulate.floor`.
"""

from __future__ import annotations

import gc
from collections.abc import Generator, Sequence

from sim.desk import Desk
from sim.draws import ATTEMPTS
from sim.policies.base import ContactView, Ignore
from sim.population.fates import Fates
from sim.schemas import NEVER, Cause, Outcome
from sim.simulate.contact import Contact
from sim.simulate.events import (
    ABANDONMENT,
    ARRIVAL,
    BY_GROUP,
    COMPLETION,
    OVERFLOW,
    STAFFING,
    TIMER,
    WRAP_UP,
    Callbacks,
    Clock,
    Due,
)
from sim.simulate.floor import Agent, Team
from sim.simulate.lane import Lane
from sim.simulate.router import Router, router

# plain integers: an enumeration is asked for its members in every event
ANSWERED, ABANDONED, BLOCKED, IGNORED, TURNED_AWAY, DISCONNECTED = map(
    int,
    (
        Outcome.ANSWERED,
        Outcome.ABANDONED,
        Outcome.BLOCKED,
        Outcome.IGNORED,
        Outcome.TURNED_AWAY,
        Outcome.DISCONNECTED,
    ),
)
FIRST, REDIAL, RECONNECT = int(Cause.FIRST), int(Cause.REDIAL), int(Cause.RECONNECT)


class Centre:
    """One replication of one desk.

    Args:
        desk: the rules, in ticks.
        arrivals: (tick, issue) of each issue's first contact, in order.
        channels: the channel of each issue.
        fates: the luck of each issue.
    """

    def __init__(self, desk: Desk, arrivals: Sequence[tuple[int, int]], channels: Sequence[int], fates: Fates) -> None:
        self.desk = desk
        self.fates = fates
        self.env = Clock(initial_time=desk.starts)
        self.contacts: list[Contact] = []
        self.capped = 0
        """How often a customer would have tried once more, but had reached the cap on attempts."""
        self._arrivals = iter(arrivals)
        self._channel_of = channels
        self._answers = [0] * len(channels)
        self._lanes = [Lane(number, channel) for number, channel in enumerate(desk.channels)]
        self._teams = [Team(number, group) for number, group in enumerate(desk.groups)]
        self._router: Router = router(desk, self._lanes)
        self._at_once = [[self._teams[group] for group in groups] for groups in self._router.at_once]
        layout = desk.layout()
        self._chance = desk.response.lower(layout)
        self._may_ignore = self._chance is None or any(self._chance)
        self._response = desk.response.start(layout)
        self._view = ContactView()
        self._to_ask: set[tuple[int, int]] = set()
        """(group, tick) at which a policy without tables wants to be asked once more."""
        self._on_arrival: Callbacks = [self._arrives]
        self._on_patience: Callbacks = [self._abandon]
        self._on_talk_end: Callbacks = [self._talk_ends]
        self._on_wrap_up_end: Callbacks = [self._wrap_up_ends]

    def run(self) -> None:
        """Run to the end of the desk's clock."""
        if self.desk.ends <= self.desk.starts:
            return
        self._expect_next()
        for number in range(len(self._teams)):
            self.env.process(self._staff(number))
        for number, channel in enumerate(self.desk.channels):
            if channel.disconnect_at_close and channel.open is not None:
                self.env.process(self._close(number))
        collecting = gc.isenabled()
        # nothing here is cyclic garbage, and looking for it among a replication's contacts costs a fifth of the time
        gc.disable()
        try:
            self.env.run(until=self.desk.ends)
        finally:
            # the callbacks are ours and so hold us: without them nothing is cyclic, and all is freed with the centre
            for callbacks in (self._on_arrival, self._on_patience, self._on_talk_end, self._on_wrap_up_end):
                callbacks.clear()
            if collecting:
                gc.enable()

    # --- processes ---------------------------------------------------------------------------------------------------

    def _staff(self, number: int) -> Generator[Due, None, None]:
        env, team = self.env, self._teams[number]
        for tick, level in self.desk.groups[number].levels:
            if tick >= self.desk.ends:
                return
            yield Due(env, max(tick - env.now, 0), STAFFING | number, [])
            for agent in team.schedule(level, env.now):
                self._seek_work(agent)

    def _close(self, number: int) -> Generator[Due, None, None]:
        env, lane = self.env, self._lanes[number]
        for _, close in lane.channel.open or ():
            if close >= self.desk.ends:
                return
            yield Due(env, max(close - env.now, 0), STAFFING | len(self._teams) + number, [])
            for contact in lane.everyone():
                lane.waiting -= 1
                self._leave(contact, DISCONNECTED)

    # --- a contact's life --------------------------------------------------------------------------------------------

    def _expect_next(self) -> None:
        """Schedule the next first contact. A chain of events, not a process: that would cost as much again."""
        following = next(self._arrivals, None)
        if following is not None:
            tick, issue = following
            contact = Contact(issue, 1, self._lanes[self._channel_of[issue]], FIRST, tick)
            contact.due(self.env, tick - self.env.now, ARRIVAL | contact.key, self._on_arrival)

    def _arrives(self, contact: Contact) -> None:
        self._expect_next()
        self._offer(contact)

    def _offer(self, contact: Contact) -> None:
        self.contacts.append(contact)
        lane = contact.lane
        if not (lane.always_open or lane.channel.is_open(contact.offered)):
            contact.ended, contact.outcome = contact.offered, TURNED_AWAY
        elif self._may_ignore and self._ignores(contact):
            contact.outcome = IGNORED
        elif lane.in_system >= lane.limit:
            contact.ended, contact.outcome = contact.offered, BLOCKED
            self._again(contact, REDIAL, self.fates.redials_after(contact.issue, contact.attempt))
        else:
            lane.in_system += 1
            for team in self._at_once[lane.number]:
                agent = team.free(lane.number, lane.at_once)
                if agent is not None:
                    self._answer(contact, agent, contact.offered)
                    return
            self._queue(contact)

    def _ignores(self, contact: Contact) -> bool:
        if self._chance is not None:
            chance = self._chance[contact.channel]
        else:
            view = self._view
            view.now, view.channel, view.attempt = contact.offered, contact.channel, contact.attempt
            view.queued = contact.lane.waiting
            action = self.desk.response.decide(view, self._response)
            chance = round(action.chance * 1_000_000) if isinstance(action, Ignore) else 0
        return chance > 0 and self.fates.ignored(contact.issue, contact.attempt) < chance

    def _queue(self, contact: Contact) -> None:
        contact.lane.join(contact)
        patience = self.fates.patience(contact.issue, contact.attempt)
        if patience != NEVER:
            Due(self.env, patience, ABANDONMENT | contact.key, self._on_patience, contact)
        if self._router.asked[contact.channel]:
            delays = self._router.delays[contact.channel]
            for delay in delays:
                Due(self.env, delay, TIMER | contact.key | OVERFLOW, [self._overflow], contact)
            if not delays:
                self._ask(contact)

    def _overflow(self, event: Due) -> None:
        """A waiting contact has become eligible for further groups."""
        contact: Contact = event.about
        if contact.answered == NEVER and not contact.outcome:
            self._ask(contact)

    def _ask(self, contact: Contact) -> None:
        """Let free agents look at the line that the contact is in, until somebody has taken it."""
        at_once = contact.lane.at_once
        for group in self._router.asked[contact.channel]:
            # an agent who takes another contact first leaves the question to the next of the group
            while (agent := self._teams[group].free(contact.channel, at_once)) is not None:
                held = agent.held
                self._seek_work(agent)
                if contact.answered != NEVER:
                    return
                if agent.held == held:
                    break

    def _abandon(self, event: Due) -> None:
        contact: Contact = event.about
        if contact.answered == NEVER and not contact.outcome:
            contact.lane.waiting -= 1
            self._leave(contact, ABANDONED)
            self._again(contact, REDIAL, self.fates.redials_after(contact.issue, contact.attempt))

    def _leave(self, contact: Contact, outcome: int) -> None:
        """The customer is gone: the line is free."""
        contact.ended = self.env.now
        contact.outcome = outcome
        contact.lane.in_system -= 1

    def _again(self, contact: Contact, cause: int, delay: int | None) -> None:
        """Make contact again after `delay`, or as long after the next opening as the delay runs past closing."""
        if delay is None:
            return
        if contact.attempt >= ATTEMPTS:
            self.capped += 1
            return
        now = self.env.now
        tick = contact.lane.channel.opens(now + delay)
        if tick is not None:
            following = Contact(contact.issue, contact.attempt + 1, contact.lane, cause, tick)
            following.due(self.env, tick - now, ARRIVAL | following.key, [self._offer])

    # --- work --------------------------------------------------------------------------------------------------------

    def _answer(self, contact: Contact, agent: Agent, now: int) -> None:
        issue = contact.issue
        answer = self._answers[issue] = self._answers[issue] + 1
        contact.answer = answer
        contact.answered = now
        contact.by = agent
        contact.work = work = self.fates.work(issue, answer)
        agent.channel = contact.channel
        if contact.lane.talking_to_one:
            agent.held = 1
            contact.due(self.env, work[0], COMPLETION | contact.key, self._on_talk_end)
        else:
            agent.starts(contact, contact.key, work[0], now, contact.lane.rates)
            self._await_next(agent)

    def _talk_ends(self, contact: Contact) -> None:
        wrap_up = self._hang_up(contact)
        if wrap_up:
            contact.due(self.env, wrap_up, COMPLETION | contact.key | WRAP_UP, self._on_wrap_up_end)
        else:
            self._wrap_up_ends(contact)

    def _wrap_up_ends(self, contact: Contact) -> None:
        agent = contact.by
        assert agent is not None
        contact.freed = self.env.now
        agent.held = 0
        self._seek_work(agent)

    def _hang_up(self, contact: Contact) -> int:
        """Talk has ended, well or not; returns the ticks of wrap-up that follow."""
        contact.ended = self.env.now
        contact.outcome = ANSWERED
        contact.lane.in_system -= 1
        _, wrap_up, contact.resolved = contact.work
        if not contact.resolved:
            self._again(contact, RECONNECT, self.fates.reconnects_after(contact.issue, contact.answer))
        return wrap_up

    # --- several contacts at once ------------------------------------------------------------------------------------

    def _await_next(self, agent: Agent) -> None:
        """Schedule the end of whichever held contact ends next, in place of any earlier such event."""
        agent.version += 1
        delay, order = agent.ends_next(self._lanes[agent.channel].rates)
        Due(self.env, delay, COMPLETION | order, [self._some_end], (agent, agent.version))

    def _some_end(self, event: Due) -> None:
        agent, version = event.about
        if version != agent.version:
            return
        now = self.env.now
        rates = self._lanes[agent.channel].rates
        while done := agent.finished(now, rates):
            for order, contact in done:
                wrap_up = 0 if order & WRAP_UP else self._hang_up(contact)
                if wrap_up:
                    agent.continues(contact, contact.key | WRAP_UP, wrap_up)
                else:
                    contact.freed = now
                    agent.held -= 1
        agent.version += 1
        if agent.held:
            self._await_next(agent)
        self._seek_work(agent)

    # --- matching ----------------------------------------------------------------------------------------------------

    def _seek_work(self, agent: Agent) -> None:
        """An agent with a free hand takes what the routing policy says, until full or nobody may be taken."""
        now, team = self.env.now, self._teams[agent.group]
        while not agent.held or agent.held < self._lanes[agent.channel].at_once:
            over = team.present > team.level
            # beyond the level only those who still wait on a live channel that has closed are served
            contact = self._router.left_over(agent, now) if over else self._router.next(agent, now)
            if contact is None:
                if not agent.held:
                    self._rest(agent, team, now)
                if not over and self._router.again:
                    self._remember(agent.group, now + self._router.again)
                return
            self._answer(contact, agent, now)

    def _rest(self, agent: Agent, team: Team, now: int) -> None:
        """Nothing in hand and nothing to take: leave if that is due, else be idle."""
        if team.present > team.level:
            team.leave(agent)
            if team.present == team.level:
                # those with a hand free could take nothing while the team was over its level
                for other in team.agents:
                    if other.held:
                        self._seek_work(other)
        elif agent.channel >= 0:
            team.rest(agent, now)

    def _remember(self, group: int, tick: int) -> None:
        """A policy without tables wants to be asked once more, whoever of the group has a hand free then."""
        if (group, tick) not in self._to_ask:
            self._to_ask.add((group, tick))
            Due(self.env, tick - self.env.now, TIMER | BY_GROUP | group, [self._ask_again], group)

    def _ask_again(self, event: Due) -> None:
        group: int = event.about
        self._to_ask.remove((group, self.env.now))
        for lane in self._lanes:
            while (agent := self._teams[group].free(lane.number, lane.at_once)) is not None:
                held = agent.held
                self._seek_work(agent)
                if agent.held == held:
                    break
