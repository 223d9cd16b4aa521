"""A contact on its way through the centre, the row it will leave in the table, and the line in which it waits.

The queue is ours, because a resource's queue that is searched or sorted costs more than the whole simulation. Who
leaves early stays in it as a husk until it reaches the head: leaving costs nothing.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

from sim.desk import ONE, Channel
from sim.schemas import NEVER, Outcome
from sim.simulate.events import Keyed

OPEN = int(Outcome.OPEN)


class Taker(Protocol):
    """The agent who took a contact, as far as the contact is concerned."""

    group: int
    number: int
    held: int
    quality: int
    speed: int


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
    by: Taker | None
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


class Lines:
    """The lines of a channel, shared by its queues: how many contacts are waiting, talking or at its machine."""

    __slots__ = ("in_use", "limit")

    def __init__(self, channel: Channel) -> None:
        self.in_use = 0
        self.limit = 1 << 62 if channel.lines is None else channel.lines


class Lane:
    """A queue: the rules of its channel, and who waits, in the order in which they joined."""

    __slots__ = (
        "_line", "always_open", "at_once", "channel", "channel_number", "lines", "live", "number", "rates",
        "talking_to_one", "waiting",
    )  # fmt: skip

    def __init__(self, number: int, channel_number: int, channel: Channel, lines: Lines) -> None:
        self.number = number
        self.channel_number = channel_number
        self.channel = channel
        self.lines = lines
        self.live = channel.live
        self.always_open = channel.open is None
        self.rates = channel.rates
        self.at_once = channel.at_once
        self.talking_to_one = channel.at_once == 1 and not channel.interruptible
        self.waiting = 0
        self._line: deque[Contact] = deque()

    def join(self, contact: Contact) -> None:
        self._line.append(contact)
        self.waiting += 1

    def head(self) -> Contact | None:
        """Who comes next, if anybody waits."""
        line = self._line
        while line:
            if not line[0].gone:
                return line[0]
            line.popleft()
        return None

    def take(self) -> Contact:
        """Remove and return the head; somebody must wait, and `head` must have been asked."""
        self.waiting -= 1
        return self._line.popleft()

    def everyone(self) -> list[Contact]:
        return [contact for contact in self._line if not contact.gone]
