"""The router: asks the routing policy, or reads its tables, and hands out the contact to take.

With tables (`lower`) nobody needs to be asked: a contact that finds an eligible free agent never joins the lane. A
policy without tables is asked each time an agent has a free hand and somebody waits.
"""

from __future__ import annotations

from typing import Protocol

from sim.desk import Desk
from sim.policies.base import NOT_ELIGIBLE, AgentView, RoutingTables, Take
from sim.simulate.contact import Contact
from sim.simulate.floor import Agent
from sim.simulate.lane import Lane


class Router(Protocol):
    at_once: list[tuple[int, ...]]
    """By channel, the groups whose free agents take a new contact without asking, in order."""
    asked: list[tuple[int, ...]]
    """By channel, the groups to ask once the contact is in the line, in order."""
    delays: list[tuple[int, ...]]
    """By channel, the waits in ticks after which further groups become eligible."""

    again: int
    """After `next` gave nobody: ticks until the question should be put again (0: at the next event)."""

    def next(self, agent: Agent, now: int) -> Contact | None:
        """Whom the agent takes from the lines."""

    def left_over(self, agent: Agent, now: int) -> Contact | None:
        """What an agent whose shift is over still takes: who waits on a live channel that has closed."""


def router(desk: Desk, lanes: list[Lane]) -> Router:
    tables = desk.routing.lower(desk.layout())
    return _ByTables(desk, lanes, tables) if tables is not None else _ByAsking(desk, lanes)


class _Closed:
    """Whom a closing leaves behind."""

    again = 0

    def __init__(self, desk: Desk, lanes: list[Lane]) -> None:
        self._lanes = lanes
        self._closing = [
            [
                (number, channel)
                for number, channel in enumerate(desk.channels)
                if number in answers and channel.live and channel.open is not None and not channel.disconnect_at_close
            ]
            for answers in desk.answers
        ]

    def left_over(self, agent: Agent, now: int) -> Contact | None:
        best: tuple[int, int] | None = None
        for number, channel in self._closing[agent.group]:
            if agent.held and agent.channel != number:
                continue
            head = self._lanes[number].head()
            if head is not None and not channel.is_open(now):
                best = min(best or (head.offered, number), (head.offered, number))
        return None if best is None else self._lanes[best[1]].take()


class _ByTables(_Closed):
    def __init__(self, desk: Desk, lanes: list[Lane], tables: RoutingTables) -> None:
        super().__init__(desk, lanes)
        groups = range(len(desk.groups))
        delay, priority = tables.delay, tables.priority
        # groups that answer a channel first come before those that only turn to it
        ranked = [
            sorted((priority[c][g], c not in desk.answers_first[g], g) for g in groups)
            for c in range(len(desk.channels))
        ]
        self.at_once = [tuple(g for *_, g in order if delay[c][g] == 0) for c, order in enumerate(ranked)]
        self.asked = [
            tuple(sorted((g for *_, g in order if delay[c][g] > 0), key=delay[c].__getitem__))
            for c, order in enumerate(ranked)
        ]
        self.delays = [tuple(sorted({ticks for ticks in delay[c] if ticks > 0})) for c in range(len(desk.channels))]
        self._choices = [
            [
                (c, lanes[c], delay[c][g], priority[c][g])
                for c in range(len(desk.channels))
                if delay[c][g] != NOT_ELIGIBLE
            ]
            for g in groups
        ]

        # a group with one channel, open to it at once, has nothing to choose
        self._only = [choices[0][1] if len(choices) == 1 and choices[0][2] == 0 else None for choices in self._choices]

    def next(self, agent: Agent, now: int) -> Contact | None:
        only = self._only[agent.group]
        if only is not None:
            return only.pop()
        best: tuple[int, int, int] | None = None
        for channel, lane, delay, priority in self._choices[agent.group]:
            if not lane.waiting or (agent.held and agent.channel != channel):
                continue
            head = lane.head()
            assert head is not None
            if now - head.offered >= delay:
                candidate = (priority, head.offered, channel)
                if best is None or candidate < best:
                    best = candidate
        return None if best is None else self._lanes[best[2]].take()


class _ByAsking(_Closed):
    def __init__(self, desk: Desk, lanes: list[Lane]) -> None:
        super().__init__(desk, lanes)
        layout = desk.layout()
        self._policy = desk.routing
        self._state = desk.routing.start(layout)
        self._may = [set(answers) | set(then) for answers, then in zip(layout.answers, layout.then, strict=True)]
        channels = range(len(desk.channels))
        self.at_once: list[tuple[int, ...]] = [()] * len(desk.channels)
        first = [[g for g, answers in enumerate(layout.answers) if c in answers] for c in channels]
        later = [[g for g, then in enumerate(layout.then) if c in then] for c in channels]
        self.asked = [tuple(first[c] + later[c]) for c in channels]
        self.delays: list[tuple[int, ...]] = [()] * len(desk.channels)
        self._view = AgentView(waited=[-1] * len(desk.channels), queued=[0] * len(desk.channels))

    def next(self, agent: Agent, now: int) -> Contact | None:
        view = self._view
        view.now, view.group = now, agent.group
        for channel, lane in enumerate(self._lanes):
            may = channel in self._may[agent.group] and (not agent.held or agent.channel == channel)
            head = lane.head() if may else None
            view.waited[channel] = -1 if head is None else now - head.offered
            view.queued[channel] = lane.waiting
        action = self._policy.decide(view, self._state)
        if isinstance(action, Take):
            return self._lanes[action.channel].take()
        self.again = action.again
        return None
