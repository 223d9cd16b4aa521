"""The centre: contacts are offered, wait, are answered or give up, and perhaps come back.

SimPy owns the clock, the events and the processes (arrivals, staffing); the waiting lines are ours. All luck comes from
the population's fates, all rules from the desk; nothing here draws a number. The rules of order and of staffing are in
`sim.simulate.events` and `sim.simulate.floor`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simpy import Environment

from sim.desk import Desk
from sim.policies.base import ContactView, Ignore
from sim.population.fates import ATTEMPTS, Fates
from sim.schemas import NEVER, Cause, Outcome
from sim.simulate.contact import Contact
from sim.simulate.events import ABANDONMENT, ARRIVAL, COMPLETION, OVERFLOW, STAFFING, TALK, TIMER, WRAP_UP, Due, key
from sim.simulate.floor import Agent, Team
from sim.simulate.queues import WaitingLine
from sim.simulate.router import Router, router

ANSWERED, OPEN = int(Outcome.ANSWERED), int(Outcome.OPEN)


class Centre:
    """One replication of one desk.

    Args:
        desk: the rules, in ticks.
        arrivals: (tick, issue) of each issue's first contact, in order.
        channels: the channel of each issue.
        fates: the luck of each issue.
    """

    def __init__(
        self, desk: Desk, arrivals: Sequence[tuple[int, int]], channels: Sequence[int], fates: Fates
    ) -> None:
        self.desk = desk
        self.fates = fates
        self.env = Environment(initial_time=desk.starts)
        self.contacts: list[Contact] = []
        self.capped = 0
        """How often a customer would have tried once more, but had reached the cap on attempts."""
        self._arrivals = arrivals
        self._channel_of = channels
        self._answers = [0] * len(channels)
        self._lines = [WaitingLine() for _ in desk.channels]
        self._in_system = [0] * len(desk.channels)
        self._teams = [Team(number, group) for number, group in enumerate(desk.groups)]
        self._router: Router = router(desk, self._lines)
        layout = desk.layout()
        self._chance = desk.response.lower(layout)
        self._response = desk.response.start(layout)
        self._view = ContactView()

    def run(self) -> None:
        """Run to the end of the desk's clock."""
        if self.desk.ends <= self.desk.starts:
            return
        self.env.process(self._arrive())
        for number in range(len(self._teams)):
            self.env.process(self._staff(number))
        for number, channel in enumerate(self.desk.channels):
            if channel.disconnect_at_close and channel.open is not None:
                self.env.process(self._close(number))
        self.env.run(until=self.desk.ends)

    # --- processes ---------------------------------------------------------------------------------------------------

    def _arrive(self) -> Iterator[Due]:
        env, channel_of = self.env, self._channel_of
        for tick, issue in self._arrivals:
            yield Due(env, tick, ARRIVAL | key(issue, 1))
            self._offer(Contact(issue, 1, channel_of[issue], Cause.FIRST, tick))

    def _staff(self, number: int) -> Iterator[Due]:
        team = self._teams[number]
        for tick, level in self.desk.groups[number].levels:
            yield Due(self.env, max(tick, self.env.now), STAFFING | number)
            for agent in team.schedule(level, self.env.now):
                self._seek_work(agent)

    def _close(self, number: int) -> Iterator[Due]:
        for _, close in self.desk.channels[number].open or ():
            if close >= self.env.now:
                yield Due(self.env, close, STAFFING | len(self._teams) + number)
                for contact in self._lines[number].everyone():
                    self._lines[number].leave()
                    self._end(contact, Outcome.DISCONNECTED)

    # --- a contact's life --------------------------------------------------------------------------------------------

    def _offer(self, contact: Contact) -> None:
        self.contacts.append(contact)
        number = contact.channel
        channel = self.desk.channels[number]
        if not channel.is_open(contact.offered):
            contact.ended, contact.outcome = contact.offered, Outcome.TURNED_AWAY
        elif self._ignores(contact):
            contact.outcome = Outcome.IGNORED
        elif channel.lines is not None and self._in_system[number] >= channel.lines:
            contact.ended, contact.outcome = contact.offered, Outcome.BLOCKED
            self._redial(contact)
        else:
            self._in_system[number] += 1
            for group in self._router.at_once[number]:
                agent = self._free_agent(group, number)
                if agent is not None:
                    self._answer(contact, agent)
                    return
            self._queue(contact)
            if not self._router.delays[number]:
                self._ask(contact)

    def _ignores(self, contact: Contact) -> bool:
        if self._chance is not None:
            chance = self._chance[contact.channel]
        else:
            view = self._view
            view.now, view.channel, view.attempt = self.env.now, contact.channel, contact.attempt
            view.queued = self._lines[contact.channel].waiting
            action = self.desk.response.decide(view, self._response)
            chance = round(action.chance * 1_000_000) if isinstance(action, Ignore) else 0
        return chance > 0 and self.fates.ignored(contact.issue, contact.attempt) < chance

    def _queue(self, contact: Contact) -> None:
        self._lines[contact.channel].join(contact)
        env, now = self.env, contact.offered
        patience = self.fates.patience(contact.issue, contact.attempt)
        if patience != NEVER:
            order = ABANDONMENT | key(contact.issue, contact.attempt)
            Due(env, now + patience, order, self._abandon, contact)
        for delay in self._router.delays[contact.channel]:
            order = TIMER | key(contact.issue, contact.attempt, OVERFLOW)
            Due(env, now + delay, order, self._overflow, contact)

    def _overflow(self, event: Due) -> None:
        """A waiting contact has become eligible for further groups."""
        contact: Contact = event.about
        if contact.outcome == OPEN and contact.answered == NEVER:
            self._ask(contact)

    def _ask(self, contact: Contact) -> None:
        """Let free agents look at the line that the contact is in, until somebody has taken it."""
        for group in self._router.asked[contact.channel]:
            agent = self._free_agent(group, contact.channel)
            if agent is not None:
                self._seek_work(agent)
            if contact.answered != NEVER:
                return

    def _abandon(self, event: Due) -> None:
        contact: Contact = event.about
        if contact.outcome == OPEN and contact.answered == NEVER:
            self._lines[contact.channel].leave()
            self._end(contact, Outcome.ABANDONED)
            self._redial(contact)

    def _end(self, contact: Contact, outcome: Outcome) -> None:
        """The customer is gone: the line is free."""
        contact.ended = self.env.now
        contact.outcome = outcome
        self._in_system[contact.channel] -= 1

    def _redial(self, contact: Contact) -> None:
        self._again(contact, Cause.REDIAL, self.fates.redials_after(contact.issue, contact.attempt))

    def _again(self, contact: Contact, cause: Cause, delay: int | None) -> None:
        """Make contact again after `delay`, or as long after the next opening as the delay runs past closing."""
        if delay is None:
            return
        if contact.attempt >= ATTEMPTS:
            self.capped += 1
            return
        tick = self.desk.channels[contact.channel].opens(self.env.now + delay)
        if tick is not None:
            following = Contact(contact.issue, contact.attempt + 1, contact.channel, cause, tick)
            Due(self.env, tick, ARRIVAL | key(following.issue, following.attempt), self._offer_again, following)

    def _offer_again(self, event: Due) -> None:
        self._offer(event.about)

    # --- work --------------------------------------------------------------------------------------------------------

    def _free_agent(self, group: int, channel: int) -> Agent | None:
        team = self._teams[group]
        return None if team.over else team.least_loaded(channel, self.desk.channels[channel].at_once)

    def _answer(self, contact: Contact, agent: Agent) -> None:
        now = self.env.now
        issue, number = contact.issue, contact.channel
        self._answers[issue] += 1
        contact.answered, contact.answer = now, self._answers[issue]
        contact.group, contact.agent = agent.group, agent.number
        handle = self.fates.handle(issue, contact.answer)
        agent.channel = number
        rates = self.desk.channels[number].rates
        if len(rates) == 1:
            agent.held = 1
            order = COMPLETION | key(issue, contact.attempt, TALK)
            Due(self.env, now + handle, order, self._talk_ends, (contact, agent))
        else:
            agent.starts(contact, key(issue, contact.attempt, TALK), handle, now, rates)
            self._await_next(agent)

    def _talk_ends(self, event: Due) -> None:
        contact, agent = event.about
        wrap_up = self._hang_up(contact)
        if wrap_up:
            order = COMPLETION | key(contact.issue, contact.attempt, WRAP_UP)
            Due(self.env, self.env.now + wrap_up, order, self._wrap_up_ends, (contact, agent))
        else:
            self._free(contact, agent)
            self._seek_work(agent)

    def _wrap_up_ends(self, event: Due) -> None:
        contact, agent = event.about
        self._free(contact, agent)
        self._seek_work(agent)

    def _hang_up(self, contact: Contact) -> int:
        """Talk has ended, well or not; returns the ticks of wrap-up that follow."""
        issue, answer = contact.issue, contact.answer
        self._end(contact, Outcome.ANSWERED)
        contact.resolved = self.fates.resolved(issue, answer)
        if not contact.resolved:
            self._again(contact, Cause.RECONNECT, self.fates.reconnects_after(issue, answer))
        return self.fates.wrap_up(issue, answer)

    def _free(self, contact: Contact, agent: Agent) -> None:
        contact.freed = self.env.now
        agent.held -= 1

    # --- several contacts at once ------------------------------------------------------------------------------------

    def _await_next(self, agent: Agent) -> None:
        """Schedule the end of whichever held contact ends next, in place of any earlier such event."""
        agent.version += 1
        tick, order = agent.ends_next(self.env.now, self.desk.channels[agent.channel].rates)
        Due(self.env, tick, COMPLETION | order, self._some_end, (agent, agent.version))

    def _some_end(self, event: Due) -> None:
        agent, version = event.about
        if version != agent.version:
            return
        rates = self.desk.channels[agent.channel].rates
        while done := agent.finished(self.env.now, rates):
            for order, contact in done:
                wrap_up = self._hang_up(contact) if order & 7 == TALK else 0
                if wrap_up:
                    agent.continues(contact, key(contact.issue, contact.attempt, WRAP_UP), wrap_up)
                else:
                    self._free(contact, agent)
        agent.version += 1
        if agent.held:
            self._await_next(agent)
        self._seek_work(agent)

    # --- matching ----------------------------------------------------------------------------------------------------

    def _seek_work(self, agent: Agent) -> None:
        """An agent with a free hand takes what the routing policy says, until full or nobody may be taken."""
        team = self._teams[agent.group]
        while True:
            if agent.held and agent.held >= self.desk.channels[agent.channel].at_once:
                return
            contact = self._next_contact(agent, team)
            if contact is None:
                break
            self._answer(contact, agent)
        if not agent.held:
            if team.over:
                team.leave(agent)
            elif agent.channel >= 0:
                team.rest(agent, self.env.now)

    def _next_contact(self, agent: Agent, team: Team) -> Contact | None:
        if not team.over:
            contact, again = self._router.next(agent, self.env.now)
            if again:
                # a policy without tables asks to be asked once more; keyed by the agent, after all contacts' timers
                order = TIMER | 1 << 39 | agent.group << 20 | agent.number
                Due(self.env, self.env.now + again, order, self._ask_again, agent)
            return contact
        # beyond the level only those who still wait on a live channel that has closed are served
        return self._router.left_over(agent, self.env.now)

    def _ask_again(self, event: Due) -> None:
        agent: Agent = event.about
        if agent.present and not agent.held:
            self._seek_work(agent)

