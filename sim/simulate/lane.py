"""A lane: one channel as the centre runs it, with its waiting line.

The line is ours, because a resource's queue that is searched or sorted costs more than the whole simulation. Who leaves
early stays in it as a husk until it reaches the head: leaving costs nothing.
"""

from __future__ import annotations

from collections import deque

from sim.desk import Channel
from sim.simulate.contact import Contact


class Lane:
    """The rules that every contact of a channel meets, and who waits, in the order in which they were offered."""

    __slots__ = (
        "_line", "always_open", "at_once", "channel", "in_system", "limit", "number", "rates", "talking_to_one",
        "waiting",
    )  # fmt: skip

    def __init__(self, number: int, channel: Channel) -> None:
        self.number = number
        self.channel = channel
        self.always_open = channel.open is None
        self.rates = channel.rates
        self.at_once = channel.at_once
        self.talking_to_one = channel.at_once == 1
        self.limit = 1 << 62 if channel.lines is None else channel.lines
        self.in_system = 0
        """Waiting or talking."""
        self.waiting = 0
        self._line: deque[Contact] = deque()

    def join(self, contact: Contact) -> None:
        self._line.append(contact)
        self.waiting += 1

    def head(self) -> Contact | None:
        """Who has waited longest, if anybody waits."""
        line = self._line
        while line:
            # nobody in the line has been answered, so an outcome means gone
            if not line[0].outcome:
                return line[0]
            line.popleft()
        return None

    def pop(self) -> Contact | None:
        """Remove and return who has waited longest, if anybody waits."""
        line = self._line
        while line:
            contact = line.popleft()
            if not contact.outcome:
                self.waiting -= 1
                return contact
        return None

    def take(self) -> Contact:
        """Remove and return the head; somebody must wait, and `head` must have been asked."""
        self.waiting -= 1
        return self._line.popleft()

    def everyone(self) -> list[Contact]:
        return [contact for contact in self._line if not contact.outcome]
