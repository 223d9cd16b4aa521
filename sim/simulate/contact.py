"""A contact on its way through the centre: the row it will leave in the table, and what the floor needs meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.desk import ONE
from sim.schemas import NEVER, Outcome
from sim.simulate.events import Keyed

if TYPE_CHECKING:
    from sim.simulate.floor import Agent
    from sim.simulate.lane import Lane

OPEN = int(Outcome.OPEN)


class More:
    """What only some contacts have. Its defaults are the class's, so a contact without a story costs nothing."""

    asked = replied = announced = retained = NEVER
    chasers = 0
    patience = NEVER
    """Ticks of it, for a customer who may write again."""
    left: int = NEVER
    """Work left of what was put back, in units of 1/`RATE` tick."""
    asking: int = NEVER
    """Work left, in ticks, once the customer has replied to what the desk has to ask."""
    speed = ONE
    """Of the agent who works on it, when they took it up: a person's may be another by the time it is put back."""
    factor = 0
    """Millionths of the work, of what a machine passed on; 0: as usual."""
    silent = False
    """Gone without a word: still in the line."""
    callback = False
    back = False
    """In its line again, with work `left`."""
    away = False
    """With no agent, until the customer has replied to what was asked."""
    asks_for = NEVER
    """Ticks that the customer will take to reply."""


PLAIN = More()


class Contact(Keyed):
    """One attempt of one issue, and at the same time the event of what happens to it next: it arrives, its talk ends,
    its wrap-up ends. Times are ticks; what has not happened is `NEVER`."""

    # without a dictionary each: a run holds all its contacts to the end
    __slots__ = (
        "answer", "answered", "attempt", "by", "callbacks", "cause", "channel", "ended", "freed", "gone", "issue",
        "key", "lane", "more", "offered", "outcome", "resolved", "since", "taken", "urgency", "work",
    )  # fmt: skip

    work: tuple[int, int, int]
    """Handle time and wrap-up in ticks of the agent's and whether it helps; known once an agent has answered."""
    by: Agent | None
    """Who took it last."""
    since: int
    """The tick from which on it counts as waiting."""
    gone: bool
    """In no line any more, though a line may not have noticed yet."""

    def __init__(self, issue: int, attempt: int, lane: Lane, cause: int, offered: int) -> None:
        self.issue = issue
        self.attempt = attempt
        self.lane = lane
        self.channel = lane.channel_number
        self.cause = cause
        self.offered = self.since = offered
        self.key = issue << 13 | attempt << 3
        self.outcome = OPEN
        self.answered = self.taken = self.ended = self.freed = self.answer = self.resolved = NEVER
        self.by = None
        self.gone = False
        self.urgency = 0
        self.more = PLAIN

    def tells(self) -> More:
        """Its own story, to write to."""
        if self.more is PLAIN:
            self.more = More()
        return self.more
