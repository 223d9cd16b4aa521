"""The machine of an automatic channel: it serves everybody at once, and some of them well."""

from __future__ import annotations

from collections.abc import Callable

from sim.desk import NOWHERE, ONE, Desk
from sim.population.fates import Fates
from sim.schemas import Cause, Outcome
from sim.simulate.answers import Answers
from sim.simulate.contact import Contact, Lane
from sim.simulate.events import COMPLETION, Clock, Due
from sim.simulate.journal import Journal
from sim.simulate.returns import Returns

CONTAINED, TRANSFERRED, DISCONNECTED = int(Outcome.CONTAINED), int(Outcome.TRANSFERRED), int(Outcome.DISCONNECTED)
ESCALATION = int(Cause.ESCALATION)


class Machine:
    """All automatic channels of a desk."""

    def __init__(
        self, env: Clock, desk: Desk, fates: Fates, answers: Answers, returns: Returns, journal: Journal | None
    ) -> None:
        self._env = env
        self._channels = desk.channels
        self._fates = fates
        self._answers = answers
        self._returns = returns
        self._journal = journal
        self._wanted: dict[int, int] = {}
        """By issue, the channel that a customer wanted who came to a machine in front of it."""
        self._serving: list[dict[int, Contact]] = [{} for _ in desk.channels]

    def stands_in_front(self, contact: Contact, lane_of: Callable[[int, int], Lane]) -> None:
        """A first contact may try the machine in front of the channel it wants."""
        front = self._channels[contact.channel].front
        if front != NOWHERE and self._fates.coin("front", contact.issue, 1, contact.channel):
            self._wanted[contact.issue] = contact.channel
            contact.lane = lane_of(contact.issue, front)
            contact.channel = front

    def serves(self, contact: Contact) -> None:
        handle = self._answers.begins(contact)
        if self._journal is not None:
            self._journal.note(contact, "is served by the machine", handle=handle)
        self._serving[contact.channel][contact.key] = contact
        Due(self._env, handle, COMPLETION | contact.key, [self._done], contact)

    def _done(self, event: Due) -> None:
        contact: Contact = event.about
        if contact.gone:
            return
        self._leaves(contact, CONTAINED)
        contact.resolved = contact.work[2]
        if contact.resolved:
            self._returns.solved[contact.issue] = 1
            if self._journal is not None:
                self._journal.note(contact, "is helped by the machine")
            return
        if self._journal is not None:
            self._journal.note(contact, "is not helped by the machine")
        passed_on = self._fates.coin("escalate", contact.issue, contact.answer, contact.channel)
        if passed_on and self._escalates(contact, self._channels[contact.channel].escalated):
            contact.outcome = TRANSFERRED
            return
        self._returns.unsolved(contact, self._wanted.get(contact.issue, contact.channel))

    def breaks_down(self, channel: int) -> None:
        """All whom it serves are cut off at once, and go to people."""
        for _, contact in sorted(self._serving[channel].items()):
            self._leaves(contact, DISCONNECTED)
            if self._journal is not None:
                self._journal.note(contact, "is cut off by an outage")
            self.escalates_without(contact)

    def escalates_without(self, contact: Contact) -> None:
        """Where those go whom a machine that is down does not serve."""
        if not self._escalates(contact, 0):
            self._returns.elsewhere(contact)

    def _leaves(self, contact: Contact, outcome: int) -> None:
        del self._serving[contact.channel][contact.key]
        contact.ended = self._env.now
        contact.outcome = outcome
        contact.gone = True
        contact.lane.lines.in_use -= 1

    def _escalates(self, contact: Contact, factor: int) -> bool:
        to = self._wanted.get(contact.issue, self._channels[contact.channel].escalates)
        if to == NOWHERE:
            return False
        following = self._returns.offer(contact, to, ESCALATION, self._env.now)
        if following is not None and factor not in (0, ONE):
            following.tells().factor = factor
        return True
