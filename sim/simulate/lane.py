"""Lines and lanes: a channel's telephone lines, and a queue with who waits in it.

The queue is ours, because a resource's queue that is searched or sorted costs more than the whole simulation. Who
leaves early stays in it as a husk until it reaches the head: leaving costs nothing.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush

from sim.desk import Channel, Desk
from sim.simulate.contact import Contact
from sim.tables import Table


class Lines:
    """The lines of a channel, shared by its queues: how many contacts are waiting, talking or at its machine."""

    __slots__ = ("in_use", "limit")

    def __init__(self, channel: Channel) -> None:
        self.in_use = 0
        self.limit = 1 << 62 if channel.lines is None else channel.lines


class Lane:
    """A queue: the rules of its channel, and who waits, in the order in which they joined."""

    __slots__ = (
        "_line", "always_open", "at_once", "channel", "channel_number", "lines", "number", "rates", "talking_to_one",
        "waiting",
    )  # fmt: skip

    def __init__(self, number: int, channel_number: int, channel: Channel, lines: Lines) -> None:
        self.number = number
        self.channel_number = channel_number
        self.channel = channel
        self.lines = lines
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


class RankedLane(Lane):
    """A queue in the order of urgency, then of how long contacts have waited, whenever they joined."""

    __slots__ = ("_heap", "_joined")

    def __init__(self, number: int, channel_number: int, channel: Channel, lines: Lines) -> None:
        super().__init__(number, channel_number, channel, lines)
        self._heap: list[tuple[int, int, int, int, Contact]] = []
        self._joined = 0

    def join(self, contact: Contact) -> None:
        # the number decides nothing: no two contacts have one key, save a husk and itself come back
        self._joined += 1
        heappush(self._heap, (contact.urgency, contact.since, contact.key, self._joined, contact))
        self.waiting += 1

    def head(self) -> Contact | None:
        heap = self._heap
        while heap:
            if not heap[0][4].gone:
                return heap[0][4]
            heappop(heap)
        return None

    def take(self) -> Contact:
        self.waiting -= 1
        return heappop(self._heap)[4]

    def everyone(self) -> list[Contact]:
        return [entry[4] for entry in sorted(self._heap) if not entry[4].gone]


class Lanes:
    """All queues of a desk. With `ranked` contacts may join out of the order in which they were offered."""

    def __init__(self, desk: Desk, issues: Table, *, ranked: bool) -> None:
        lines = [Lines(channel) for channel in desk.channels]
        kind = RankedLane if ranked else Lane
        self.all = [
            kind(number, channel, desk.channels[channel], lines[channel])
            for number, channel in enumerate(desk.channel_of_queue)
        ]
        self._queue_of = desk.queue_of
        self._intent_of: list[int] = issues["intent"].tolist() if desk.queue_of else []

    def of(self, issue: int, channel: int) -> Lane:
        """Where an issue's contacts on a channel queue."""
        if self._queue_of:
            return self.all[self._queue_of[channel][self._intent_of[issue]]]
        return self.all[channel]
