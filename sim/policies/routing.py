"""Routing: which waiting contact an agent with a free hand takes, and which agent a new contact gets.

All of it is in the tables that a policy lowers to. `decide` shows what they stand for, as far as an `AgentView` shows
it: who may be taken yet and which queue goes first. `reserve`, `floor`, `sticky`, `agents` and urgency within a queue
work through the tables alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sim.policies.base import NOT_ELIGIBLE, AgentView, Layout, RoutingTables, Take, Wait
from sim.policies.options import agents, judged, one_of, option, yes
from sim.schemas import TICKS_PER_SECOND
from sim.units import Unclear, duration

PUBLIC_FIRST = -(2**30)
"""Urgency of a complaint in public that goes before all others; a booked callback still goes before it."""


@dataclass(frozen=True)
class ByQueue:
    """What all routing policies share: their settings, and how tables come of them.

    A policy of its own says with `rank` which queue goes first, and with `urgency` who goes first within a queue.
    """

    name: ClassVar[str]
    holds_back_messages: ClassVar[bool] = False
    """Whether deferrable contacts, too, reach a group's `then` list only after `overflow_after`."""

    overflow_after: float = option(
        "0s", duration, "how long a live contact waits before the groups take it that have it under `then`",
        range="0s to 5m", grade="C", source="judgement; at once is a pooled desk", example="60s",
    )  # fmt: skip
    reserve: int = option(
        "0", agents, "so many other agents of a group stay free when one takes a deferrable contact; only in groups "
        "that also answer live ones", range="0 to 3", example="1",
    )  # fmt: skip
    floor: int = option(
        "0", agents, "while fewer agents of a group than this work on deferrable contacts, these go first; only in "
        "groups that also answer live ones", range="0 to 3", example="1",
    )  # fmt: skip
    agents: str = option(
        "longest_idle", one_of("longest_idle", "least_loaded"), "which of the free agents takes a contact: "
        "longest_idle or least_loaded, who has worked least so far", grade="C",
        range="longest_idle or least_loaded", source="judgement: the usual rule", example="least_loaded",
    )  # fmt: skip
    sticky: bool = option(
        "no", yes, "whether who comes again gets the agent who answered them last, if that one is free",
        range="yes or no", example="yes",
    )  # fmt: skip
    public_first: bool = option(
        "no", yes, "whether complaints in public go before everybody else in their queue", range="yes or no",
        example="yes",
    )  # fmt: skip

    def rank(self, layout: Layout, queue: int, group: int) -> int:
        """What a freed agent of the group takes first, and which group a new contact goes to first: lower first."""
        raise NotImplementedError

    def urgency(self, layout: Layout) -> tuple[int, ...]:
        """Who goes first within a queue, at `urgency_index`; empty: whoever was offered first."""
        return ()

    def lower(self, layout: Layout) -> RoutingTables:
        queues, groups = range(len(layout.live)), range(len(layout.answers))
        blended = [len({layout.live[queue] for queue in layout.answers[g] + layout.then[g]}) == 2 for g in groups]
        return RoutingTables(
            delay=tuple(tuple(self._delay(layout, queue, group) for group in groups) for queue in queues),
            priority=tuple(tuple(self.rank(layout, queue, group) for group in groups) for queue in queues),
            urgency=self.urgency(layout),
            public_urgency=PUBLIC_FIRST if self.public_first else 0,
            reserve=tuple(self.reserve * mixed for mixed in blended) if self.reserve else (),
            floor=tuple(self.floor * mixed for mixed in blended) if self.floor else (),
            least_loaded=self.agents == "least_loaded",
            sticky=self.sticky,
        )

    def _delay(self, layout: Layout, queue: int, group: int) -> int:
        if queue in layout.answers[group]:
            return 0
        if queue not in layout.then[group]:
            return NOT_ELIGIBLE
        return round(self.overflow_after * TICKS_PER_SECOND) if layout.live[queue] or self.holds_back_messages else 0

    def start(self, layout: Layout) -> RoutingTables:
        return self.lower(layout)

    def decide(self, view: AgentView, state: RoutingTables) -> Take | Wait:
        return decided(view, state)

    def problems(self, layout: Layout) -> list[Unclear]:
        """What does not fit the desk."""
        return []


def live_before_messages(layout: Layout, queue: int, group: int) -> int:
    """0 to 3: what the group answers first before what it answers `then`; within each, live before deferrable."""
    return 2 * (queue not in layout.answers[group]) + (not layout.live[queue])


@dataclass(frozen=True)
class LiveFirst(ByQueue):
    """Live contacts before deferrable ones, and what a group answers first before what it answers `then`; within
    each, the contact that has waited longest. A live contact reaches a group's `then` list only after it has waited
    `overflow_after`."""

    name: ClassVar[str] = "live_first"

    def rank(self, layout: Layout, queue: int, group: int) -> int:
        return live_before_messages(layout, queue, group)


@dataclass(frozen=True)
class LongestWait(ByQueue):
    """Whoever has waited longest, on whatever channel the group may answer. A live contact reaches a group's `then`
    list only after it has waited `overflow_after`."""

    name: ClassVar[str] = "longest_wait"

    def rank(self, layout: Layout, queue: int, group: int) -> int:
        return 0


@dataclass(frozen=True)
class SkillsFirst(ByQueue):
    """Every contact to the group that is there for it: it reaches those that have it under `then` only after
    `overflow_after`, messages included, and of the groups that answer it, the most specialised one (with the fewest
    queues) goes first. Agents take live contacts before deferrable ones."""

    name: ClassVar[str] = "skills_first"
    holds_back_messages: ClassVar[bool] = True

    overflow_after: float = judged(
        "60s", duration, "how long a contact waits before the groups take it that have it under `then`", "0s to 5m"
    )

    def rank(self, layout: Layout, queue: int, group: int) -> int:
        breadth = len(layout.answers[group]) + len(layout.then[group])
        return live_before_messages(layout, queue, group) * (len(layout.live) + 1) + breadth


@dataclass(frozen=True)
class Blend(LiveFirst):
    """As live_first, with work on messages between the calls: `reserve` agents stay free for whoever calls next, and
    `floor` agents stay on the messages however many call."""

    name: ClassVar[str] = "blend"

    reserve: int = judged(
        "1", agents, "so many other agents of a group stay free when one takes a deferrable contact; only in groups "
        "that also answer live ones", "0 to 3",
    )  # fmt: skip
    floor: int = judged(
        "1", agents, "while fewer agents of a group than this work on deferrable contacts, these go first; only in "
        "groups that also answer live ones", "0 to 3",
    )  # fmt: skip


def decided(view: AgentView, tables: RoutingTables) -> Take | Wait:
    """The decision that the tables stand for, one question at a time."""
    best: tuple[int, int, int] | None = None
    again = 0
    for queue, waited in enumerate(view.waited):
        if waited < 0 or tables.delay[queue][view.group] == NOT_ELIGIBLE:
            continue
        missing = tables.delay[queue][view.group] - waited
        if missing > 0:
            again = min(again or missing, missing)
            continue
        candidate = (tables.priority[queue][view.group], -waited, queue)
        best = min(best or candidate, candidate)
    if best is None:
        return Wait("nothing may be taken yet" if again else "nobody waits", again)
    return Take("first by priority, then by wait", best[2])
