"""Hands: agents at work on what they have taken, from the first word to the end of the wrap-up.

An agent with one contact needs no more than the contact's own events. Who holds several, or may have to put work aside,
works by the virtual clock of `sim.simulate.floor`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sim.desk import RATE, Desk
from sim.population.fates import Fates
from sim.schemas import Outcome
from sim.simulate.answers import Answers
from sim.simulate.contact import Contact
from sim.simulate.events import COMPLETION, WRAP_UP, Callbacks, Clock, Due
from sim.simulate.floor import Agent, Team
from sim.simulate.journal import Journal
from sim.simulate.returns import Returns

ANSWERED, CALLED_BACK = int(Outcome.ANSWERED), int(Outcome.CALLED_BACK)


class Hands:
    """Takes contacts to their end.

    Args:
        seek_work: called with an agent who has a hand free again.
        plainly: nobody asks who did what: no sticky agents, loads or journal.
    """

    def __init__(
        self,
        env: Clock,
        desk: Desk,
        fates: Fates,
        teams: Sequence[Team],
        answers: Answers,
        returns: Returns,
        seek_work: Callable[[Agent], None],
        journal: Journal | None,
        *,
        plainly: bool,
    ) -> None:
        self._env = env
        self._fates = fates
        self._channels = desk.channels
        self._drops = [team.drops for team in teams]
        self._answers = answers
        self._returns = returns
        self._solved = returns.solved
        self._seek_work = seek_work
        self._journal = journal
        self._answered = answers.answered
        self._first_work = fates.first_work
        self.answered_by: dict[int, Agent] = {}
        """Who answered each issue last."""
        # most desks need no more than the plain way, and it is a fifth of the time
        plain = answers.plain and plainly
        self.takes: Callable[[Contact, Agent, int], None] = self._takes_plainly if plain else self._takes
        self._on_talk_end: Callbacks = [self._plain_talk_ends if plain else self._talk_ends]
        self._on_wrap_up_end: Callbacks = [self._wrap_up_ends]
        self._on_some_end: Callbacks = [self._some_end]

    def forget(self) -> None:
        """Let go of what would keep all of it in memory once the run is over."""
        for callbacks in (self._on_talk_end, self._on_wrap_up_end, self._on_some_end):
            callbacks.clear()
        del self.takes, self._seek_work

    def _takes(self, contact: Contact, agent: Agent, now: int) -> None:
        if not contact.more.silent:
            self.answered_by[contact.issue] = agent
        if self._journal is not None:
            self._journal.note(contact, "is taken", group=agent.group, agent=agent.number, waited=now - contact.since)
        if agent.channel < 0:
            agent.busy_since = now
        agent.channel = contact.channel
        contact.taken = now
        contact.by = agent
        units = self._answers.begins(contact) * RATE if self._answers.plain else self._answers.takes_up(contact, agent)
        if contact.lane.talking_to_one and not self._drops[agent.group]:
            agent.held = 1
            contact.due(self._env, -(-units // RATE), COMPLETION | contact.key, self._on_talk_end)
        else:
            agent.starts(contact, contact.key, units, now, contact.lane.rates)
            self._await_next(agent)

    def _takes_plainly(self, contact: Contact, agent: Agent, now: int) -> None:
        """As `_takes`, where nothing changes the work, none is put aside, and nobody asks who did what."""
        agent.channel = contact.channel
        contact.answered = contact.taken = now
        contact.by = agent
        issue = contact.issue
        answer = self._answered[issue] = self._answered[issue] + 1
        contact.answer = answer
        if answer == contact.attempt == 1:
            contact.work = work = self._first_work[issue]
        else:
            contact.work = work = self._fates.work(issue, answer, contact.channel)
        lane = contact.lane
        if lane.talking_to_one:
            agent.held = 1
            contact.due(self._env, work[0], COMPLETION | contact.key, self._on_talk_end)
        else:
            agent.starts(contact, contact.key, work[0] * RATE, now, lane.rates)
            self._await_next(agent)

    # --- one contact at a time ---------------------------------------------------------------------------------------

    def _plain_talk_ends(self, contact: Contact) -> None:
        """As `_talk_ends`, where an answer has its usual end."""
        contact.ended = self._env.now
        if contact.outcome:
            contact.outcome = CALLED_BACK
        else:
            contact.outcome = ANSWERED
            contact.lane.lines.in_use -= 1
        _, wrap_up, contact.resolved = contact.work
        if contact.resolved:
            self._solved[contact.issue] = 1
        else:
            self._returns.unsolved(contact, contact.channel)
        if wrap_up:
            contact.due(self._env, wrap_up, COMPLETION | contact.key | WRAP_UP, self._on_wrap_up_end)
        else:
            contact.freed = self._env.now
            agent: Agent = contact.by  # type: ignore[assignment] # a taker is an agent
            agent.held = 0
            self._seek_work(agent)

    def _talk_ends(self, contact: Contact) -> None:
        wrap_up = self._answers.talk_ends(contact)
        if wrap_up > 0:
            contact.due(self._env, wrap_up, COMPLETION | contact.key | WRAP_UP, self._on_wrap_up_end)
        else:
            self._wrap_up_ends(contact)

    def _wrap_up_ends(self, contact: Contact) -> None:
        agent: Agent = contact.by  # type: ignore[assignment] # a taker is an agent
        if not contact.more.away:
            contact.freed = self._env.now
        agent.held = 0
        self._seek_work(agent)

    # --- several contacts at once, or work that may be put aside -----------------------------------------------------

    def _await_next(self, agent: Agent) -> None:
        """Schedule the end of whichever held contact ends next, in place of any earlier such event."""
        agent.version += 1
        delay, order = agent.ends_next(self._channels[agent.channel].rates)
        Due(self._env, delay, COMPLETION | order, self._on_some_end, (agent, agent.version))

    def _some_end(self, event: Due) -> None:
        agent, version = event.about
        if version == agent.version:
            self._looks_after(agent)

    def _looks_after(self, agent: Agent) -> None:
        """Whatever has ended by now is over; then what is left goes on."""
        rates = self._channels[agent.channel].rates
        while done := agent.finished(self._env.now, rates):
            for order, contact in done:
                self._ends(agent, order, contact)
        agent.version += 1
        if agent.works:
            self._await_next(agent)
        self._seek_work(agent)

    def _ends(self, agent: Agent, order: int, contact: Contact) -> None:
        """The talk or the wrap-up of one of the contacts held has ended."""
        wrap_up = 0 if order & WRAP_UP else self._answers.talk_ends(contact)
        if wrap_up > 0:
            agent.continues(contact, contact.key | WRAP_UP, wrap_up * RATE)
        else:
            if not contact.more.away:
                contact.freed = self._env.now
            agent.held -= 1
