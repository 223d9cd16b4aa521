"""Lanes: all queues of a desk, and the kind of queue that contacts may join out of turn."""

from __future__ import annotations

from heapq import heappop, heappush

from sim.desk import Channel, Desk
from sim.simulate.contact import Contact, Lane, Lines
from sim.tables import Table


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
