"""Notes for the journal that need a look around: who else waits, who is there, who is free."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sim.schemas import NEVER
from sim.simulate.contact import Contact, Lane
from sim.simulate.floor import Agent, Team
from sim.simulate.journal import Journal
from sim.simulate.router import Router


class Notes:
    """What the journal is told of the issue that it follows; of all others, nothing."""

    def __init__(
        self,
        journal: Journal,
        lanes: Sequence[Lane],
        teams: Sequence[Team],
        router: Router,
        contacts: Sequence[Contact],
    ) -> None:
        self._journal = journal
        self._lanes = lanes
        self._teams = teams
        self._router = router
        self._contacts = contacts

    @property
    def _now(self) -> int:
        assert self._journal.env is not None
        return self._journal.env.now

    def overflows(self, contact: Contact, groups: Sequence[int]) -> None:
        if contact.issue == self._journal.issue:
            self._journal.note(contact, "overflows", floor=self._floor(groups))

    def offered(self, contact: Contact) -> None:
        if contact.issue != self._journal.issue:
            return
        lane, queue = contact.lane, contact.lane.number
        groups = [group for group in range(len(self._teams)) if self._router.may_ever(queue, group)]
        self._journal.note(
            contact,
            "is offered",
            queue=queue,
            floor=self._floor(groups),
            at_once=list(self._router.at_once[queue]),
            waiting=lane.waiting,
            lines=lane.lines.in_use,
            of_lines=lane.channel.lines,
        )

    def joins(self, contact: Contact, patience: int) -> None:
        if contact.issue != self._journal.issue:
            return
        place = (contact.urgency, contact.since, contact.key)
        waiting = contact.lane.everyone()
        ahead = sorted(
            (other.urgency, other.since, other.issue, other.attempt)
            for other in waiting
            if (other.urgency, other.since, other.key) <= place
        )
        self._journal.note(
            contact,
            "joins the line",
            ahead=[(issue, attempt, since) for _, since, issue, attempt in ahead],
            waiting=len(waiting),
            urgency=contact.urgency,
            patience=patience,
        )

    def abandons(self, contact: Contact) -> None:
        if contact.issue != self._journal.issue:
            return
        place = (contact.urgency, contact.since, contact.key)
        ahead = sum((other.urgency, other.since, other.key) < place for other in contact.lane.everyone())
        waited = self._now - contact.since
        self._journal.note(contact, "abandons", silent=contact.more.silent, waited=waited, ahead=ahead)

    def chooses(self, contact: Contact, agent: Agent) -> None:
        """An agent has chosen the contact from the lines, and left others in them."""
        if contact.issue != self._journal.issue:
            return
        heads = [
            (lane.number, head.issue, head.attempt, head.since)
            for lane in self._lanes
            if self._router.may_ever(lane.number, agent.group)
            for head in lane.everyone()[:1]
        ]
        self._journal.note(contact, "is chosen", heads=heads, because=self._router.because)

    def interrupts(self, contact: Contact, agent: Agent, back: Sequence[Contact]) -> None:
        aside = [(other.issue, other.attempt) for other in back]
        self._journal.note(contact, "interrupts", group=agent.group, agent=agent.number, aside=aside)
        for other in back:
            self._journal.note(other, "is put aside", by=(contact.issue, contact.attempt))

    def _floor(self, groups: Sequence[int]) -> list[dict[str, Any]]:
        """Who of the groups is there now, who has nothing in hand, and what the others hold."""
        waiting = {contact.key for lane in self._lanes for contact in lane.everyone()}
        held: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for contact in self._contacts:
            agent = contact.by
            if agent is None or not agent.held or contact.freed != NEVER:
                continue
            if not contact.more.away and contact.key not in waiting:
                held.setdefault((agent.group, agent.number), []).append((contact.issue, contact.attempt))
        return [
            {
                "group": group,
                "level": self._teams[group].level,
                "free": [agent.number for agent in self._teams[group].agents if agent.present and not agent.held],
                "busy": [
                    (agent.number, held.get((group, agent.number), []))
                    for agent in self._teams[group].agents
                    if agent.present and agent.held
                ],
            }
            for group in groups
        ]
