"""A centre whose contacts lie at a real helpdesk: the same rules, and waiting for what the desk confirms.

On a *wired* channel a contact is offered when the desk has accepted it, an agent works on it once the desk has given
it to them, and has a hand free again once the desk has taken the answer, and the customer goes on when they have seen
that. Everything else (queues, routing, patience, who comes back) is what `sim.simulate.centre` says. A `Wire` carries
out what is asked for, and says when it is done: `sim.load` has one to a helpdesk, `Delays` is one that takes measured
times and no helpdesk, so that a prediction can hold what the desk itself takes. With no delay at all the contacts are,
row for row, those of the plain centre.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import partial
from typing import Protocol

import numpy as np

from sim.desk import NOWHERE, Desk
from sim.population.fates import Fates
from sim.schemas import NEVER, Cause, Outcome
from sim.simulate.answers import Answers
from sim.simulate.centre import Centre
from sim.simulate.contact import Contact, Taker
from sim.simulate.events import CONFIRMED, TIMER, WRAP_UP, Clock, Due
from sim.simulate.floor import Agent
from sim.simulate.hands import Hands
from sim.tables import Array, Table

FIRST, TRANSFER = int(Cause.FIRST), int(Cause.TRANSFER)
OPEN, OUTSOURCED, WITHDRAWN = int(Outcome.OPEN), int(Outcome.OUTSOURCED), int(Outcome.WITHDRAWN)

Then = Callable[[bool], None]
"""Called once, when the desk has done what it was asked for (True) or will not (False)."""


class Carried(Enum):
    """What becomes of a channel's contacts."""

    WIRED = "wired"
    ENTERED = "entered"
    """They are simulated: their customers and their agents are busy, no desk hears of them."""
    SKIPPED = "skipped"
    """They are left out."""


class Wire(Protocol):
    """Carries out at a desk what customers and agents do."""

    def sends(self, contact: Contact, then: Then) -> None:
        """The customer makes contact."""

    def chases(self, contact: Contact) -> None:
        """The customer writes again about an open contact."""

    def replies(self, contact: Contact, then: Then) -> None:
        """The customer replies to what they were asked."""

    def withdraws(self, contact: Contact) -> None:
        """The customer needs the contact no more, or has left."""

    def takes(self, contact: Contact, agent: Taker, then: Then) -> None:
        """An agent takes the contact."""

    def answers(self, contact: Contact, agent: Taker | None, then: Then, *, asks: bool) -> None:
        """An agent (None: of the outsourcer) answers it, or asks the customer back."""

    def watches(self, contact: Contact, then: Then) -> None:
        """The customer looks for that answer; `then` is called when they have seen it."""

    def settles(self, contact: Contact) -> None:
        """The customer has seen that they are helped."""


class WiredCentre(Centre):
    """A `Centre` with a wire.

    Args:
        arrivals: (tick, issue) of those first contacts that the centre is to make itself; others are told by `arrives`.
        carried: by channel.
    """

    def __init__(
        self,
        desk: Desk,
        arrivals: Sequence[tuple[int, int]],
        issues: Table,
        fates: Fates,
        wire: Wire,
        carried: Sequence[Carried],
    ) -> None:
        self.wire = wire
        self._wired = [each is Carried.WIRED for each in carried]
        self._skipped = [each is Carried.SKIPPED for each in carried]
        self._accepted: set[int] = set()
        self.left_out: list[Contact] = []
        """Further contacts that were due on a skipped channel."""
        self.refused: list[Contact] = []
        """Further contacts that the desk did not accept."""
        super().__init__(desk, arrivals, issues, fates)

    @property
    def seen(self) -> Mapping[int, int]:
        """By key of the contact, the tick at which its customer saw the answer."""
        assert isinstance(self._answers, _WiredAnswers)
        return self._answers.seen

    def arrives(self, issue: int) -> Contact:
        """The desk has accepted, now, the first contact of an issue on its own channel."""
        contact = Contact(issue, 1, self._lane_of(issue, self._channel_of[issue]), FIRST, self.env.now)
        self._is_accepted(contact, True)
        return contact

    def is_answered(self, contact: Contact, resolved: bool | None) -> None:
        """Somebody who is not ours has answered, and the customer has seen it; `resolved`: the desk says it is done."""
        if contact.gone:
            return
        contact.lane.waiting -= 1
        contact.answered = contact.ended = self.env.now
        contact.outcome, contact.gone = int(Outcome.ANSWERED), True
        contact.lane.lines.in_use -= 1
        if resolved:
            contact.resolved = 1
            self._solved[contact.issue] = 1
            self.wire.settles(contact)

    def _makes_answers(self, issues: Table) -> Answers:
        return _WiredAnswers(
            self.env, self.desk, self.fates, self._returns, self._teams, issues, self._on_back, None,
        ).over(self.wire, self._wired)  # fmt: skip

    def _makes_hands(self, *, plainly: bool) -> Hands:
        return _WiredHands(
            self.env, self.desk, self.fates, self._teams, self._answers, self._returns, self.seek_work, None,
            plainly=False,
        ).over(self.wire, self._wired)  # fmt: skip

    def _offer(self, contact: Contact) -> None:
        if self._skipped[contact.channel]:
            self.left_out.append(contact)
            return
        lane = contact.lane
        open_ = lane.always_open or lane.channel.is_open(contact.offered)
        if not self._wired[contact.channel] or contact.key in self._accepted or not open_:
            super()._offer(contact)
        elif contact.attempt == 1 or not self._solved[contact.issue]:
            self.wire.sends(contact, partial(self._is_accepted, contact))

    def _is_accepted(self, contact: Contact, done: bool) -> None:
        if not done:
            self.refused.append(contact)
            return
        contact.offered = contact.since = self.env.now
        self._accepted.add(contact.key)
        if contact.attempt > 1 and self._solved[contact.issue]:
            # an earlier contact of theirs was answered while this one was on its way
            contact.ended, contact.outcome, contact.gone = self.env.now, WITHDRAWN, True
            self.contacts.append(contact)
            self.wire.withdraws(contact)
            return
        super()._offer(contact)

    def _writes_again(self, contact: Contact) -> None:
        chasers = contact.more.chasers
        super()._writes_again(contact)
        if self._wired[contact.channel] and contact.more.chasers > chasers:
            self.wire.chases(contact)

    def _leave(self, contact: Contact, outcome: int) -> None:
        super()._leave(contact, outcome)
        if self._wired[contact.channel]:
            self.wire.withdraws(contact)

    def drop(self, agent: Agent) -> None:
        if not agent.tied:
            super().drop(agent)
        elif self._teams[agent.group].group.people:
            # they go as soon as the desk has confirmed what they are doing
            agent.leaving = True


class _WiredAnswers(Answers):
    """The customer makes up their mind about an answer when they see it."""

    def over(self, wire: Wire, wired: Sequence[bool]) -> _WiredAnswers:
        self._wire, self._wired = wire, wired
        self.seen: dict[int, int] = {}
        return self

    def ends(self, contact: Contact, quality: int) -> None:
        if not self._wired[contact.channel]:
            super().ends(contact, quality)
        elif contact.outcome == OUTSOURCED:
            self._wire.answers(contact, None, partial(self._is_told, contact, quality), asks=False)
        elif self._transfers(contact):
            super().ends(contact, quality)
        else:
            self._is_told(contact, quality, True)

    def _transfers(self, contact: Contact) -> bool:
        if self._channels[contact.channel].transfers == NOWHERE:
            return False
        return bool(self._fates.coin("transfer", contact.issue, contact.answer, contact.channel))

    def _is_told(self, contact: Contact, quality: int, done: bool) -> None:
        if done:
            self._wire.watches(contact, partial(self._sees, contact, quality))

    def _sees(self, contact: Contact, quality: int, done: bool) -> None:
        if not done:
            return
        self.seen[contact.key] = self._env.now
        super().ends(contact, quality)
        if contact.resolved == 1:
            self._wire.settles(contact)

    def _awaits_reply(self, contact: Contact) -> None:
        if not self._wired[contact.channel]:
            super()._awaits_reply(contact)
            return

        def sees(done: bool) -> None:
            if done:
                Answers._awaits_reply(self, contact)

        self._wire.watches(contact, sees)

    def _replies(self, event: Due) -> None:
        contact: Contact = event.about
        if not self._wired[contact.channel]:
            super()._replies(event)
            return

        def arrives(done: bool) -> None:
            if done:
                Answers._replies(self, event)

        self._wire.replies(contact, arrives)


class _WiredHands(Hands):
    """An agent's hand is full from reaching for a contact until the desk has confirmed the answer."""

    def over(self, wire: Wire, wired: Sequence[bool]) -> _WiredHands:
        self._wire, self._wired = wire, wired
        return self

    def _takes(self, contact: Contact, agent: Agent, now: int) -> None:
        if not self._wired[contact.channel] or contact.more.silent:
            super()._takes(contact, agent, now)
            return
        if agent.channel < 0:
            agent.busy_since = now
        agent.channel = contact.channel
        contact.by = agent
        if not contact.more.back:
            # from here on the customer's patience ends nothing, and no overflow looks for anybody else
            contact.answered = now
        agent.reaches_for(now, contact.lane.rates)
        if agent.works:
            self._await_next(agent)
        self._wire.takes(contact, agent, partial(self._has_taken, contact, agent))

    def _has_taken(self, contact: Contact, agent: Agent, done: bool) -> None:
        now = self._env.now
        agent.lets_go(now, contact.lane.rates)
        if done:
            super()._takes(contact, agent, now)
            return
        if not contact.more.back:
            contact.answered = NEVER
        self._loses(contact)
        if agent.works:
            self._await_next(agent)
        self._seek_work(agent)

    def _loses(self, contact: Contact) -> None:
        """The desk does not let anybody deal with it: it stays as it is."""
        contact.gone = True
        contact.outcome = OPEN
        contact.lane.lines.in_use -= 1

    def _says(self, contact: Contact, then: Then) -> None:
        assert contact.by is not None
        self._wire.answers(contact, contact.by, then, asks=contact.more.asking != NEVER)

    # --- one contact at a time ---------------------------------------------------------------------------------------

    def _talk_ends(self, contact: Contact) -> None:
        if not self._wired[contact.channel] or contact.more.silent:
            super()._talk_ends(contact)
            return
        agent: Agent = contact.by  # type: ignore[assignment] # a taker is an agent
        agent.tied += 1
        self._says(contact, partial(self._has_answered, contact, agent))

    def _has_answered(self, contact: Contact, agent: Agent, done: bool) -> None:
        agent.tied -= 1
        if done:
            super()._talk_ends(contact)
            return
        self._loses(contact)
        agent.held = 0
        self._seek_work(agent)

    # --- several contacts at once, or work that may be put aside -----------------------------------------------------

    def _ends(self, agent: Agent, order: int, contact: Contact) -> None:
        if order & WRAP_UP or not self._wired[contact.channel] or contact.more.silent:
            super()._ends(agent, order, contact)
            return
        agent.tied += 1
        at_once = True

        def confirmed(done: bool) -> None:
            agent.tied -= 1
            if not at_once:
                agent.winds(self._env.now, contact.lane.rates)
            if done:
                Hands._ends(self, agent, order, contact)
            else:
                self._loses(contact)
                agent.held -= 1
            if not at_once:
                self._looks_after(agent)

        self._says(contact, confirmed)
        at_once = False


class Delays:
    """A wire to no desk: everything is confirmed, after times that were measured at one.

    Args:
        ticks: by step ("send", "take", "answer", "see", "reply") the measured times in ticks of the scenario, each as
            likely as the others; a step without any takes none.
        seed: of which of them it is.
    """

    def __init__(self, env: Callable[[], Clock], ticks: Mapping[str, Array], seed: int) -> None:
        self._env = env
        self._ticks = ticks
        self._luck = np.random.default_rng(seed)

    def _after(self, step: str, contact: Contact, then: Then) -> None:
        known = self._ticks.get(step)
        delay = int(self._luck.choice(known)) if known is not None and len(known) else 0
        if delay <= 0:
            then(True)
        else:
            Due(self._env(), delay, TIMER | contact.key | CONFIRMED, [lambda _: then(True)])

    def sends(self, contact: Contact, then: Then) -> None:
        self._after("send", contact, then)

    def replies(self, contact: Contact, then: Then) -> None:
        self._after("reply", contact, then)

    def takes(self, contact: Contact, agent: Taker, then: Then) -> None:
        self._after("take", contact, then)

    def answers(self, contact: Contact, agent: Taker | None, then: Then, *, asks: bool) -> None:
        self._after("answer", contact, then)

    def watches(self, contact: Contact, then: Then) -> None:
        self._after("see", contact, then)

    def chases(self, contact: Contact) -> None: ...

    def withdraws(self, contact: Contact) -> None: ...

    def settles(self, contact: Contact) -> None: ...
