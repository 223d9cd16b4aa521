"""Answers: how much work a contact is, what happens when talk ends, and work that is put aside."""

from __future__ import annotations

from collections.abc import Sequence

from sim.desk import NOWHERE, ONE, RATE, Desk
from sim.policies.base import ResponseTables
from sim.population.fates import Fates
from sim.schemas import NEVER, Cause, Outcome
from sim.simulate.contact import Contact, Taker
from sim.simulate.events import REPLY, TIMER, WRAP_UP, Callbacks, Clock, Due
from sim.simulate.floor import Agent, Team
from sim.simulate.journal import Journal
from sim.simulate.returns import Returns
from sim.tables import Table

ANSWERED, CALLED_BACK, TRANSFERRED = int(Outcome.ANSWERED), int(Outcome.CALLED_BACK), int(Outcome.TRANSFERRED)
TRANSFER = int(Cause.TRANSFER)


class Answers:
    """What an agent's answer takes and gives.

    Args:
        on_back: called with a contact that is in its line again because the customer has replied.
    """

    def __init__(
        self,
        env: Clock,
        desk: Desk,
        fates: Fates,
        returns: Returns,
        teams: Sequence[Team],
        issues: Table,
        on_back: Callbacks,
        journal: Journal | None,
    ) -> None:
        self._env = env
        self._fates = fates
        self._returns = returns
        self._teams = teams
        self._on_back = on_back
        self._journal = journal
        self._channels = desk.channels
        self._groups = desk.groups
        self._tables = desk.responses or ResponseTables()
        self._intent_of: list[int] = issues["intent"].tolist() if self._tables.retention else []
        self.answered = [0] * len(issues)
        """Answers so far, by issue."""
        self._offered: set[int] = set()
        """Issues in which a retention offer was made."""
        self.spells: list[tuple[int, ...]] = []
        self.plain = _plain(desk)
        """Nothing changes the work or the result of an answer, and none is put aside."""

    def begins(self, contact: Contact) -> int:
        """The issue has one more answer, now; returns its handle time in ticks, as drawn."""
        issue = contact.issue
        answer = self.answered[issue] = self.answered[issue] + 1
        contact.answer = answer
        contact.answered = self._env.now
        contact.work = work = self._fates.work(issue, answer, contact.channel)
        return work[0]

    def takes_up(self, contact: Contact, agent: Agent) -> int:
        """An agent takes a contact, for the first time or again; returns the units of work it is for this agent."""
        more, channel = contact.more, self._channels[contact.channel]
        if more.silent:
            return channel.silent_work * RATE
        speed = self._speed(contact, agent)
        if speed != more.speed:
            more = contact.tells()
            more.speed = speed
        if more.back:
            more.back = more.away = False
            if self._journal is not None:
                self._journal.note(contact, "is taken up again", left=more.left // RATE, speed=speed)
            return -(-more.left * ONE // speed)
        ticks = self._factored(contact, self.begins(contact)) + more.chasers * channel.chaser_work
        if channel.asks_back:
            delay = self._fates.asks_after(contact.issue, contact.answer, contact.channel)
            if delay is not None:
                more = contact.tells()
                more.asks_for, more.asking = delay, ticks - ticks // 2
                ticks //= 2
        if self._journal is not None:
            self._journal.note(
                contact, "is worked on", ticks=ticks, speed=speed, rest=more.asking, usual=contact.work[0],
                factor=more.factor, chasers=more.chasers,
            )  # fmt: skip
        for offer in self._tables.retention:
            if offer.intent == self._intent_of[contact.issue] and contact.issue not in self._offered:
                self._offered.add(contact.issue)
                more = contact.tells()
                if self._journal is not None:
                    self._journal.note(contact, "is offered to stay", chance=offer.chance)
                more.retained = int(self._fates.draw("retain", contact.issue, contact.answer) < offer.chance)
        return -(-ticks * ONE // speed) * RATE

    def _factored(self, contact: Contact, ticks: int) -> int:
        """Handle time with the factors of the response, and of the machine that passed the contact on."""
        tables = self._tables
        if tables.work:
            ticks = ticks * tables.work[contact.channel] // ONE
        if tables.unified and contact.answer > 1:
            ticks = ticks * tables.unified // ONE
        if contact.more.factor:
            ticks = ticks * contact.more.factor // ONE
        return ticks

    def _speed(self, contact: Contact, agent: Taker) -> int:
        speeds = self._groups[agent.group].speed
        return speeds[contact.lane.number] * agent.speed // ONE if speeds else agent.speed

    def talk_ends(self, contact: Contact) -> int:
        """Talk has ended, well or not; returns the ticks of wrap-up that follow. A contact whose customer has to be
        asked back is `away` until the reply."""
        more = contact.more
        if more.silent:
            contact.gone = True
            contact.lane.lines.in_use -= 1
            if self._journal is not None:
                self._journal.note(contact, "is found to have left")
            return 0
        if more.asking != NEVER:
            self._asks(contact)
            return 0
        contact.ended = self._env.now
        contact.gone = True
        if more.callback:
            contact.outcome = CALLED_BACK
        else:
            contact.outcome = ANSWERED
            contact.lane.lines.in_use -= 1
        wrap_up = contact.work[1]
        if self.plain:
            self.ends(contact, ONE)
            return wrap_up
        agent = contact.by
        assert agent is not None
        quality = agent.quality
        if self._groups[agent.group].quality:
            quality = self._groups[agent.group].quality[contact.lane.number] * quality // ONE
        if self._tables.quality:
            quality = quality * self._tables.quality[contact.channel] // ONE
        self.ends(contact, quality)
        return -(-wrap_up * ONE // self._speed(contact, agent))

    def ends(self, contact: Contact, quality: int) -> None:
        """An answer of such quality (millionths) is over: it is transferred, has solved the issue, or has not."""
        issue, answer, channel = contact.issue, contact.answer, contact.channel
        to = self._channels[channel].transfers
        if to != NOWHERE and contact.by is not None and self._fates.coin("transfer", issue, answer, channel):
            contact.outcome, contact.resolved = TRANSFERRED, 0
            if self._journal is not None:
                self._journal.note(contact, "is transferred", to=to)
            self._returns.offer(contact, to, TRANSFER, self._env.now)
            return
        if quality == ONE:
            contact.resolved = contact.work[2]
        else:
            chance = self._fates.chance(issue, answer, channel)
            contact.resolved = int(self._fates.draw("solve", issue, answer) * ONE < chance * quality)
        if self._journal is not None:
            self._journal.note(contact, "has an answer", resolved=contact.resolved, quality=quality)
        if contact.resolved:
            self._returns.solved[issue] = 1
        else:
            self._returns.unsolved(contact, channel)

    def _asks(self, contact: Contact) -> None:
        more = contact.more
        more.asked, more.left, more.asking = self._env.now, more.asking * RATE, NEVER
        more.away = True
        self._spell(contact)
        if self._journal is not None:
            self._journal.note(contact, "is asked back", replies_after=more.asks_for)
        self._awaits_reply(contact)

    def _awaits_reply(self, contact: Contact) -> None:
        Due(self._env, contact.more.asks_for, TIMER | contact.key | REPLY, [self._replies], contact)

    def _replies(self, event: Due) -> None:
        contact: Contact = event.about
        contact.more.replied = self._env.now
        if self._journal is not None:
            self._journal.note(contact, "replies")
        self._returns_to_line(contact)
        for callback in self._on_back:
            callback(contact)

    # --- put aside ---------------------------------------------------------------------------------------------------

    def interruptible(self, team: Team) -> Agent | None:
        """Who of a team may put aside all they hold for a live contact: who took their last contact latest (ties: the
        lower number)."""
        best: tuple[int, int] | None = None
        for agent in team.agents:
            if not agent.held or team.over(agent) or not self._channels[agent.channel].interruptible:
                continue
            if agent.tied or agent.wraps_up():
                continue
            candidate = (-max(contact.taken for contact in agent.in_hand()), agent.number)
            best = min(best or candidate, candidate)
        return None if best is None else team.agents[best[1]]

    def puts_back(self, agent: Agent) -> list[Contact]:
        """All that an agent holds goes back to its lines, what is only being wrapped up is done; returns the former."""
        now, back = self._env.now, []
        for order, contact, left in agent.puts_down(now, self._channels[agent.channel].rates):
            if order & WRAP_UP:
                contact.freed = now
                continue
            if contact.more.silent:
                # somebody else will find out
                more = contact.more
            else:
                more = contact.tells()
                more.left = left * more.speed // ONE
                more.back = True
            if self._journal is not None:
                self._journal.note(contact, "is put back", left=(left if contact.more.silent else more.left) // RATE)
            self._spell(contact)
            contact.lane.join(contact)
            back.append(contact)
        return back

    def _returns_to_line(self, contact: Contact) -> None:
        contact.more.back = True
        contact.lane.join(contact)

    def _spell(self, contact: Contact) -> None:
        agent = contact.by
        assert agent is not None
        self.spells.append(
            (contact.issue, contact.attempt, contact.channel, agent.group, agent.number, contact.taken, self._env.now)
        )
        contact.taken = NEVER


def _plain(desk: Desk) -> bool:
    tables = desk.responses
    return not (
        tables is None
        or tables.work
        or tables.quality
        or tables.unified
        or tables.retention
        or any(group.speed or group.quality or group.drops for group in desk.groups)
        or any(person.speed or person.quality != ONE for group in desk.groups for person in group.people)
        or any(
            channel.automatic or channel.silent_work or channel.chaser_work or channel.asks_back
            or channel.interruptible or channel.transfers != NOWHERE
            for channel in desk.channels
        )
    )  # fmt: skip
