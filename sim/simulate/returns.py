"""Returns: what customers do who were not helped: redial, reconnect, turn elsewhere, complain in public, or give up.

Whoever has been helped makes no further contact, whatever they had in mind.
"""

from __future__ import annotations

from collections.abc import Callable

from sim.desk import NOWHERE, Desk
from sim.draws import ATTEMPTS
from sim.population.fates import Fates
from sim.schemas import Cause
from sim.simulate.contact import Contact, Lane
from sim.simulate.events import ARRIVAL, Callbacks, Clock
from sim.simulate.journal import Journal

REDIAL, RECONNECT, SWITCH, PUBLIC = int(Cause.REDIAL), int(Cause.RECONNECT), int(Cause.SWITCH), int(Cause.PUBLIC)


class Returns:
    """Plans further contacts.

    Args:
        lane_of: ``lane_of(issue, channel)``, where an issue's contacts on a channel queue.
    """

    def __init__(
        self,
        env: Clock,
        desk: Desk,
        fates: Fates,
        issues: int,
        lane_of: Callable[[int, int], Lane],
        on_offer: Callbacks,
        journal: Journal | None,
    ) -> None:
        self._env = env
        self._channels = desk.channels
        self._fates = fates
        self._made = [1] * issues
        self._lane_of = lane_of
        self._on_offer = on_offer
        self._journal = journal
        self.solved = bytearray(issues)
        """By issue, whether it is."""
        self.capped = 0
        """How often a customer would have tried once more, but had reached the cap on attempts."""

    def after_giving_up(self, contact: Contact) -> None:
        """Who abandoned or was blocked redials, or turns elsewhere."""
        delay = self._fates.redials_after(contact.issue, contact.attempt, contact.channel)
        if delay is not None:
            self.plan(contact, contact.channel, REDIAL, delay)
        else:
            self.elsewhere(contact)

    def unanswered(self, contact: Contact) -> bool:
        """Whose message is not answered complains in public, or turns elsewhere; False: neither."""
        return self.publicly(contact) or self.elsewhere(contact)

    def unsolved(self, contact: Contact, on: int) -> None:
        """Who was not helped complains in public, or makes contact again on channel `on`."""
        if not self.publicly(contact):
            delay = self._fates.reconnects_after(contact.issue, contact.answer, contact.channel)
            if delay is not None:
                self.plan(contact, on, RECONNECT, delay)
            elif self._journal is not None:
                self._journal.note(contact, "gives up")

    def publicly(self, contact: Contact) -> bool:
        to = self._channels[contact.channel].public
        return to != NOWHERE and self._turns(contact, to, PUBLIC, self._fates.publicly_after)

    def elsewhere(self, contact: Contact) -> bool:
        to = self._channels[contact.channel].elsewhere
        if to != NOWHERE and self._turns(contact, to, SWITCH, self._fates.elsewhere_after):
            return True
        if self._journal is not None:
            self._journal.note(contact, "goes nowhere else")
        return False

    def _turns(self, contact: Contact, to: int, cause: int, after: Callable[[int, int, int], int | None]) -> bool:
        delay = after(contact.issue, contact.attempt, contact.channel)
        if delay is None:
            return False
        self.plan(contact, to, cause, delay)
        return True

    def plan(self, contact: Contact, channel: int, cause: int, delay: int) -> None:
        """Make contact again after `delay`, or as long after the next opening as the delay runs past closing."""
        tick = self._channels[channel].opens(self._env.now + delay)
        if tick is None:
            if self._journal is not None:
                self._journal.note(contact, "would come again, but it does not open", to=channel, cause=cause)
        else:
            self.offer(contact, channel, cause, tick)

    def offer(self, contact: Contact, channel: int, cause: int, tick: int) -> Contact | None:
        """The next contact of the same issue; None at the cap on attempts."""
        issue = contact.issue
        if self.solved[issue]:
            if self._journal is not None:
                self._journal.note(contact, "is solved meanwhile")
            return None
        if self._made[issue] >= ATTEMPTS:
            self.capped += 1
            if self._journal is not None:
                self._journal.note(contact, "has tried too often", most=ATTEMPTS)
            return None
        self._made[issue] += 1
        following = Contact(issue, self._made[issue], self._lane_of(issue, channel), cause, tick)
        following.due(self._env, tick - self._env.now, ARRIVAL | following.key, self._on_offer)
        if self._journal is not None:
            self._journal.note(
                contact, "will make contact again", attempt=following.attempt, cause=cause, to=channel, at=tick
            )
        return following
