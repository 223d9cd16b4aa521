"""The door: what happens to a contact that is offered, before and instead of joining a line."""

from __future__ import annotations

from collections.abc import Sequence

from sim.desk import NEXT_OPENING, NOWHERE, ONE, Desk
from sim.draws import ATTEMPTS
from sim.policies.base import Action, Callback, ContactView, Deflect, Ignore, RoutingTables, urgency_index
from sim.population.fates import Fates
from sim.schemas import NEVER, Cause, Outcome
from sim.simulate.contact import Contact, Lane
from sim.simulate.floor import Team
from sim.simulate.journal import Journal
from sim.simulate.machine import Machine
from sim.simulate.returns import Returns
from sim.tables import Table

ABANDONED, CALLBACK_PENDING, CONTAINED, DEFLECTED, IGNORED, TURNED_AWAY = map(
    int,
    (
        Outcome.ABANDONED,
        Outcome.CALLBACK_PENDING,
        Outcome.CONTAINED,
        Outcome.DEFLECTED,
        Outcome.IGNORED,
        Outcome.TURNED_AWAY,
    ),
)
SWITCH, REDIAL, DEFLECTION, PUBLIC = map(int, (Cause.SWITCH, Cause.REDIAL, Cause.DEFLECTION, Cause.PUBLIC))
PASSED_ON = (int(Cause.ESCALATION), int(Cause.TRANSFER))
ENDLESS = 1 << 62


class Door:
    """The response policies at work, as tables or asked."""

    def __init__(
        self,
        desk: Desk,
        fates: Fates,
        returns: Returns,
        machine: Machine,
        teams: Sequence[Sequence[Team]],
        issues: Table,
        routing: RoutingTables | None,
        journal: Journal | None,
    ) -> None:
        self._desk = desk
        self._fates = fates
        self._returns = returns
        self._machine = machine
        self._teams = teams
        self._issues = issues
        self._journal = journal
        self._policy = desk.response
        self._tables = tables = desk.responses
        self._state = desk.response.start(desk.layout())
        self._view = ContactView()
        self._action: Action | None = None
        """What the policy without tables said of the contact at the door."""
        self._urgencies = routing.urgency if routing is not None else ()
        self._public_urgency = routing.public_urgency if routing is not None else 0
        self.ranks = bool(self._urgencies or self._public_urgency)
        """Whether contacts differ in urgency."""
        self.watched = tables is None or any(tables.ignored) or bool(tables.messages)
        """Whether contacts may be refused."""
        self.speaks_of_waits = tables is None or any((*tables.callback, *tables.deflect, *tables.announce))
        """Whether an expected wait matters."""

    # --- before a line -----------------------------------------------------------------------------------------------

    def turns_away(self, contact: Contact) -> None:
        """The channel is closed."""
        self._ends(contact, TURNED_AWAY)
        channel = contact.lane.channel
        if self._journal is not None:
            self._journal.note(contact, "finds the channel closed", to=channel.closed)
        if channel.automatic:
            self._machine.escalates_without(contact)
        elif channel.closed == NEXT_OPENING:
            self._returns.plan(contact, contact.channel, REDIAL, 0)
        elif channel.closed != NOWHERE:
            self._returns.offer(contact, channel.closed, SWITCH, contact.offered)
        else:
            self._returns.elsewhere(contact)

    def refuses(self, contact: Contact) -> bool:
        """Whether the contact is ignored, or a recorded message is all it needs."""
        if self._ignores(contact):
            contact.outcome, contact.gone = IGNORED, True
            if self._journal is not None:
                self._journal.note(contact, "is ignored")
            self._returns.unanswered(contact)
            return True
        return self._tables is not None and bool(self._tables.messages) and self._informs(contact)

    def _ignores(self, contact: Contact) -> bool:
        if self._tables is not None:
            chance = self._tables.ignored[contact.channel] if self._tables.ignored else 0
        else:
            self._action = action = self._ask(contact)
            chance = round(action.chance * ONE) if isinstance(action, Ignore) else 0
        if self._journal is not None and chance:
            self._journal.note(contact, "may be ignored", chance=chance)
        return chance > 0 and self._fates.draw("ignored", contact.issue, contact.attempt) < chance

    def _informs(self, contact: Contact) -> bool:
        channel = contact.lane.channel
        if not channel.live or channel.automatic or contact.cause in PASSED_ON:
            return False
        assert self._tables is not None
        intent = self._issues["intent"].item(contact.issue)
        for message in self._tables.messages:
            if message.since <= contact.offered < message.until and intent in message.intents:
                if self._journal is not None:
                    self._journal.note(contact, "hears the message", chance=message.chance)
                if self._fates.draw("inform", contact.issue, contact.attempt) >= message.chance:
                    return False
                self._ends(contact, CONTAINED)
                contact.resolved = 1
                self._returns.solved[contact.issue] = 1
                if self._journal is not None:
                    self._journal.note(contact, "needs no more than the recorded message")
                return True
        return False

    def _ask(self, contact: Contact) -> Action:
        view, issues, issue = self._view, self._issues, contact.issue
        view.now, view.channel, view.attempt = contact.offered, contact.channel, contact.attempt
        view.queued = contact.lane.waiting
        free = any(team.free(contact.channel, contact.lane.at_once) for team in self._teams[contact.lane.number])
        view.expected = 0 if free or contact.lane.channel.automatic else self.expected_wait(contact.lane)
        for name in ("intent", "segment", "tenure", "contract"):
            setattr(view, name, issues[name].item(issue))
        action = self._policy.decide(view, self._state)
        if self._journal is not None:
            self._journal.note(
                contact, "is decided on", does=type(action).__name__, because=action.because, expected=view.expected
            )
        return action

    # --- instead of waiting ------------------------------------------------------------------------------------------

    def speaks_of_wait(self, contact: Contact, patience: int) -> int | None:
        """What a live contact that nobody can take yet hears of its wait. Returns its patience in ticks (`NEVER`:
        endless), or None if it does not join the line."""
        channel = contact.lane.channel
        if not channel.live:
            return patience
        wait = self.expected_wait(contact.lane)
        number = contact.channel
        if self._journal is not None:
            self._note_wait(contact, wait)
        to = self._deflection(number, wait)
        if self._journal is not None and to is not None:
            self._journal.note(contact, "is asked to use another channel", to=to[0], chance=to[1])
        if to is not None and self._fates.draw("deflect", contact.issue, contact.attempt) < to[1]:
            self._leaves(contact, DEFLECTED)
            if self._journal is not None:
                self._journal.note(contact, "is deflected", expected=wait, to=to[0])
            self._returns.offer(contact, to[0], DEFLECTION, contact.offered)
            return None
        chance = self._callback(number, wait)
        if self._journal is not None and chance:
            self._journal.note(contact, "is offered a callback", chance=chance)
        if chance and self._fates.draw("callback", contact.issue, contact.attempt) < chance:
            contact.lane.lines.in_use -= 1
            contact.outcome = CALLBACK_PENDING
            more = contact.tells()
            more.callback = True
            more.announced = wait if wait < ENDLESS else NEVER
            if self._journal is not None:
                self._journal.note(contact, "accepts a callback", expected=wait)
            return NEVER
        return self._announces(contact, patience, wait)

    def _deflection(self, channel: int, wait: int) -> tuple[int, int] | None:
        """(channel, chance) of the deflection that applies."""
        if self._tables is None:
            action = self._action
            return (action.to, round(action.chance * ONE)) if isinstance(action, Deflect) else None
        offer = self._tables.deflect[channel] if self._tables.deflect else None
        return (offer.to, offer.chance) if offer is not None and wait > offer.after else None

    def _callback(self, channel: int, wait: int) -> int:
        if self._tables is None:
            return round(self._action.chance * ONE) if isinstance(self._action, Callback) else 0
        offer = self._tables.callback[channel] if self._tables.callback else None
        return offer.chance if offer is not None and wait > offer.after else 0

    def booked(self, contact: Contact) -> int | None:
        """In how many ticks an accepted callback is due; None: in order."""
        if self._tables is None:
            return self._action.booked if isinstance(self._action, Callback) else None
        offer = self._tables.callback[contact.channel]
        assert offer is not None
        return offer.booked

    def _announces(self, contact: Contact, patience: int, wait: int) -> int | None:
        announcement = None
        if self._tables is not None and self._tables.announce:
            announcement = self._tables.announce[contact.channel]
        if announcement is None or wait >= ENDLESS:
            return patience
        contact.tells().announced = wait
        if self._journal is not None:
            self._journal.note(contact, "hears of the wait", expected=wait)
        if patience == NEVER:
            return NEVER
        if patience * ONE < announcement.balk * wait:
            self._leaves(contact, ABANDONED)
            if self._journal is not None:
                self._journal.note(contact, "does not care to wait so long", patience=patience)
            self._returns.after_giving_up(contact)
            return None
        return max(patience, announcement.stay * wait // ONE)

    def _note_wait(self, contact: Contact, wait: int) -> None:
        assert self._journal is not None
        lane = contact.lane
        there = sum(team.present for team in self._teams[lane.number])
        self._journal.note(
            contact, "expects to wait", expected=wait if wait < ENDLESS else None, waiting=lane.waiting,
            usual=lane.channel.usual, hands=there * lane.at_once,
        )  # fmt: skip

    def expected_wait(self, lane: Lane) -> int:
        """(waiting + 1) · usual work / (agents there · contacts each may hold), in ticks; 2⁶² where nobody is there."""
        there = sum(team.present for team in self._teams[lane.number])
        if not there:
            return ENDLESS
        return (lane.waiting + 1) * lane.channel.usual // (there * lane.at_once)

    # --- in the line -------------------------------------------------------------------------------------------------

    def urgency(self, contact: Contact) -> int:
        urgency = 0
        if self._urgencies:
            segment, contract, tenure = (
                self._issues[name].item(contact.issue) for name in ("segment", "contract", "tenure")
            )
            urgency = self._urgencies[urgency_index(segment, contract, tenure, contact.attempt)]
        return urgency + self._public_urgency if contact.cause == PUBLIC else urgency

    def chases(self, contact: Contact) -> bool:
        """Whether a customer out of patience writes again about the open contact."""
        channel = contact.lane.channel
        if not channel.chases or contact.more.chasers >= channel.chasers:
            return False
        chance = channel.chases
        if self._tables is not None and self._tables.chases:
            chance = chance * self._tables.chases[contact.channel] // ONE
        if self._journal is not None:
            self._journal.note(contact, "runs out of patience", chance=chance)
        number = contact.attempt + ATTEMPTS * contact.more.chasers
        return self._fates.draw("chase", contact.issue, number) < chance

    def _leaves(self, contact: Contact, outcome: int) -> None:
        """A contact that was on a line already."""
        contact.lane.lines.in_use -= 1
        self._ends(contact, outcome)

    def _ends(self, contact: Contact, outcome: int) -> None:
        contact.ended, contact.outcome, contact.gone = contact.offered, outcome, True
