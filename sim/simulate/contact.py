"""A contact on its way through the centre: the row it will leave in the table, and what the floor needs meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.schemas import NEVER, Outcome
from sim.simulate.events import Keyed

if TYPE_CHECKING:
    from sim.simulate.floor import Agent
    from sim.simulate.lane import Lane

OPEN = int(Outcome.OPEN)


class Contact(Keyed):
    """One attempt of one issue, and at the same time the event of what happens to it next: it arrives, its talk ends,
    its wrap-up ends. Times are ticks; what has not happened is `NEVER`."""

    # without a dictionary each: a run holds all its contacts to the end
    __slots__ = (
        "answer", "answered", "attempt", "by", "callbacks", "cause", "channel", "ended", "freed", "issue", "key",
        "lane", "offered", "outcome", "resolved", "work",
    )  # fmt: skip

    work: tuple[int, int, int]
    """Handle time and wrap-up in ticks and whether it helps; known to the engine once an agent has answered."""
    by: Agent | None
    """Who answered."""

    def __init__(self, issue: int, attempt: int, lane: Lane, cause: int, offered: int) -> None:
        self.issue = issue
        self.attempt = attempt
        self.lane = lane
        self.channel = lane.number
        self.cause = cause
        self.offered = offered
        self.key = issue << 13 | attempt << 3
        self.outcome = OPEN
        self.answered = self.ended = self.freed = self.answer = self.resolved = NEVER
        self.by = None
