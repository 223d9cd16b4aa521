"""Routing: which waiting contact an agent with a free hand takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

from sim.policies.base import NOT_ELIGIBLE, AgentView, Layout, RoutingTables, Take, Wait
from sim.schemas import TICKS_PER_SECOND
from sim.units import duration


@dataclass(frozen=True)
class LiveFirst:
    """Live contacts before deferrable ones, and what a group answers first before what it answers `then`; within
    each, the contact that has waited longest. A live contact reaches a group's `then` list only after it has waited
    `overflow_after`."""

    name: ClassVar[str] = "live_first"
    overflow_after: float = field(default=0.0, metadata={"read": duration})

    def lower(self, layout: Layout) -> RoutingTables:
        return _tables(layout, self.overflow_after, lambda live, then: 2 * then + (not live))

    def start(self, layout: Layout) -> RoutingTables:
        return self.lower(layout)

    def decide(self, view: AgentView, state: RoutingTables) -> Take | Wait:
        return _decide(view, state)


@dataclass(frozen=True)
class LongestWait:
    """Whoever has waited longest, on whatever channel the group may answer. A live contact reaches a group's `then`
    list only after it has waited `overflow_after`."""

    name: ClassVar[str] = "longest_wait"
    overflow_after: float = field(default=0.0, metadata={"read": duration})

    def lower(self, layout: Layout) -> RoutingTables:
        return _tables(layout, self.overflow_after, lambda live, then: 0)

    def start(self, layout: Layout) -> RoutingTables:
        return self.lower(layout)

    def decide(self, view: AgentView, state: RoutingTables) -> Take | Wait:
        return _decide(view, state)


def _tables(layout: Layout, overflow_after: float, rank: Callable[[bool, bool], int]) -> RoutingTables:
    delay, priority = [], []
    overflow = round(overflow_after * TICKS_PER_SECOND)
    for channel, live in enumerate(layout.live):
        first = [channel in answers for answers in layout.answers]
        later = [channel in then for then in layout.then]
        delay.append(
            tuple(
                0 if is_first else (overflow if live else 0) if is_later else NOT_ELIGIBLE
                for is_first, is_later in zip(first, later, strict=True)
            )
        )
        priority.append(tuple(rank(live, not is_first) for is_first in first))
    return RoutingTables(tuple(delay), tuple(priority))


def _decide(view: AgentView, tables: RoutingTables) -> Take | Wait:
    """The decision that the tables stand for, one question at a time."""
    best: tuple[int, int, int] | None = None
    again = 0
    for channel, waited in enumerate(view.waited):
        if waited < 0 or tables.delay[channel][view.group] == NOT_ELIGIBLE:
            continue
        missing = tables.delay[channel][view.group] - waited
        if missing > 0:
            again = min(again or missing, missing)
            continue
        candidate = (tables.priority[channel][view.group], -waited, channel)
        best = min(best or candidate, candidate)
    if best is None:
        return Wait("nothing may be taken yet" if again else "nobody waits", again)
    return Take("first by priority, then by wait", best[2])
