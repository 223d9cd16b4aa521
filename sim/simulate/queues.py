"""Waiting lines: ours, because a resource's queue that is searched or sorted costs more than the whole simulation."""

from __future__ import annotations

from collections import deque

from sim.schemas import Outcome
from sim.simulate.contact import Contact


class WaitingLine:
    """Contacts of one channel in the order in which they were offered.

    Who leaves early stays in the line as a husk until it reaches the head: leaving is O(1).
    """

    __slots__ = ("_line", "waiting")

    def __init__(self) -> None:
        self._line: deque[Contact] = deque()
        self.waiting = 0

    def join(self, contact: Contact) -> None:
        self._line.append(contact)
        self.waiting += 1

    def leave(self) -> None:
        """A contact that is in the line has just ended."""
        self.waiting -= 1

    def head(self) -> Contact | None:
        """Who has waited longest, if anybody waits."""
        line = self._line
        while line and line[0].outcome != Outcome.OPEN:
            line.popleft()
        return line[0] if line else None

    def take(self) -> Contact:
        """Remove and return the head; somebody must wait."""
        self.waiting -= 1
        return self._line.popleft()

    def everyone(self) -> list[Contact]:
        return [contact for contact in self._line if contact.outcome == Outcome.OPEN]
