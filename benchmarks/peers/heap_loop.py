"""The model on a plain event list: what a careful programmer writes in Python without a simulation library.

An event is (time, class, contact) on a heap: integer ticks, and at equal times the class and then the contact decide,
so the order never depends on who was scheduled first. Every event, arrivals too, goes through the heap to a handler.
An abandonment whose customer has meanwhile been answered stays on the heap and finds nothing to do.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush

from benchmarks.peers import AGENTS, Outcome, Ticks

COMPLETION, ABANDONMENT, ARRIVAL = 1, 3, 4


class Desk:
    """The agents, the queue and the event list of one run; all times in ticks."""

    def __init__(self, arrival: Ticks, service: Ticks, patience: Ticks) -> None:
        self.arrival: list[int] = arrival.astype(int).tolist()
        self.service: list[int] = service.astype(int).tolist()
        self.patience: list[int] = patience.astype(int).tolist()
        self.events: list[tuple[int, int, int]] = [(self.arrival[0], ARRIVAL, 0)]
        self.idle = AGENTS
        self.queue: deque[int] = deque()
        self.waiting = [False] * len(self.arrival)
        self.answered = self.abandoned = self.wait = 0

    def run(self) -> None:
        handlers = {COMPLETION: self.complete, ABANDONMENT: self.abandon, ARRIVAL: self.arrive}
        events = self.events
        while events:
            now, kind, contact = heappop(events)
            handlers[kind](now, contact)

    def arrive(self, now: int, contact: int) -> None:
        following = contact + 1
        if following < len(self.arrival):
            heappush(self.events, (self.arrival[following], ARRIVAL, following))
        if self.idle:
            self.idle -= 1
            self.answer(now, contact)
        else:
            self.waiting[contact] = True
            self.queue.append(contact)
            heappush(self.events, (now + self.patience[contact], ABANDONMENT, contact))

    def answer(self, now: int, contact: int) -> None:
        self.answered += 1
        self.wait += now - self.arrival[contact]
        heappush(self.events, (now + self.service[contact], COMPLETION, contact))

    def complete(self, now: int, _contact: int) -> None:
        while self.queue:
            first = self.queue.popleft()
            if self.waiting[first]:
                self.waiting[first] = False
                self.answer(now, first)
                return
        self.idle += 1

    def abandon(self, now: int, contact: int) -> None:
        if self.waiting[contact]:
            self.waiting[contact] = False
            self.abandoned += 1
            self.wait += now - self.arrival[contact]


def run(arrival: Ticks, service: Ticks, patience: Ticks) -> Outcome:
    """Simulates the contacts to the last one; arrays in ticks, of one shape (not empty), as `draw` returns them."""
    desk = Desk(arrival, service, patience)
    desk.run()
    return desk.answered, desk.abandoned, float(desk.wait)
