"""A contact on its way through the centre: the row it will leave in the table, and what the floor needs meanwhile."""

from __future__ import annotations

from sim.schemas import NEVER, Cause, Outcome


class Contact:
    """One attempt of one issue. Times are ticks; `NEVER` until they happen."""

    __slots__ = (
        "agent",
        "answer",
        "answered",
        "attempt",
        "cause",
        "channel",
        "ended",
        "freed",
        "group",
        "issue",
        "offered",
        "outcome",
        "resolved",
    )

    def __init__(self, issue: int, attempt: int, channel: int, cause: int, offered: int) -> None:
        self.issue = issue
        self.attempt = attempt
        self.channel = channel
        self.cause = cause
        self.offered = offered
        self.outcome: int = Outcome.OPEN
        self.answered = NEVER
        self.ended = NEVER
        self.freed = NEVER
        self.group = NEVER
        self.agent = NEVER
        self.answer = NEVER
        self.resolved = NEVER
