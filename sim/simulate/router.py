"""The router: asks the routing policy, or reads its tables, and hands out the contact to take.

With tables (`lower`) nobody needs to be asked: a contact that finds an eligible free agent never joins a lane. A
policy without tables is asked each time an agent has a free hand and somebody waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sim.desk import Desk
from sim.policies.base import NOT_ELIGIBLE, AgentView, RoutingTables, Take
from sim.simulate.contact import Contact, Lane
from sim.simulate.floor import Agent, Team


class Router(Protocol):
    at_once: list[tuple[int, ...]]
    """By queue, the groups whose free agents take a new contact without asking, in order."""
    asked: list[tuple[int, ...]]
    """By queue, the groups to ask once the contact is in the line, in order."""
    delays: list[tuple[int, ...]]
    """By queue, the waits in ticks after which further groups become eligible."""

    because: str
    """Why `next` gave whom it gave, last."""
    again: int
    """After `next` gave nobody: ticks until the question should be put again (0: at the next event)."""

    def next(self, agent: Agent, now: int) -> Contact | None:
        """Whom the agent takes from the lines."""

    def left_over(self, agent: Agent, now: int) -> Contact | None:
        """What an agent whose shift is over still takes: who waits on a live channel that has closed."""

    def spares(self, agent: Agent, lane: Lane) -> bool:
        """Whether enough others of the group are idle for this agent to take a contact of the lane."""

    def eligible(self, queue: int, waited: int) -> list[int]:
        """The groups that may take a contact of the queue after such a wait, in order."""

    def may_ever(self, queue: int, group: int) -> bool:
        """Whether the group may take the queue's contacts at all."""


def router(desk: Desk, lanes: Sequence[Lane], teams: Sequence[Team], tables: RoutingTables | None) -> Router:
    return _ByTables(desk, lanes, teams, tables) if tables is not None else _ByAsking(desk, lanes)


class _Closed:
    """Whom a closing leaves behind."""

    again = 0
    because = ""

    def __init__(self, desk: Desk, lanes: Sequence[Lane]) -> None:
        self._lanes = lanes
        self._closing = [
            [
                lane
                for lane in lanes
                if lane.number in answers
                and lane.channel.live
                and lane.channel.open is not None
                and not lane.channel.disconnect_at_close
            ]
            for answers in desk.answers
        ]

    def left_over(self, agent: Agent, now: int) -> Contact | None:
        best: tuple[int, int, int] | None = None
        for lane in self._closing[agent.group]:
            if agent.held and agent.channel != lane.channel_number:
                continue
            head = lane.head()
            if head is not None and not lane.channel.is_open(now):
                candidate = (head.urgency, head.since, lane.number)
                best = min(best or candidate, candidate)
        return None if best is None else self._lanes[best[2]].take()


class _ByTables(_Closed):
    def __init__(self, desk: Desk, lanes: Sequence[Lane], teams: Sequence[Team], tables: RoutingTables) -> None:
        super().__init__(desk, lanes)
        groups = range(len(desk.groups))
        self._delay, priority = tables.delay, tables.priority
        delay = tables.delay
        # groups that answer a channel first come before those that only turn to it
        self._ranked = [
            [g for *_, g in sorted((priority[q][g], q not in desk.answers_first[g], g) for g in groups)]
            for q in range(len(lanes))
        ]
        self.at_once = [tuple(g for g in order if delay[q][g] == 0) for q, order in enumerate(self._ranked)]
        self.asked = [
            tuple(sorted((g for g in order if delay[q][g] > 0), key=delay[q].__getitem__))
            for q, order in enumerate(self._ranked)
        ]
        self.delays = [tuple(sorted({ticks for ticks in delay[q] if ticks > 0})) for q in range(len(lanes))]
        self._choices = [
            [(q, lane, delay[q][g], priority[q][g]) for q, lane in enumerate(lanes) if delay[q][g] != NOT_ELIGIBLE]
            for g in groups
        ]
        self._teams = teams
        self._reserve = tables.reserve or (0,) * len(desk.groups)
        self._floor = tables.floor or (0,) * len(desk.groups)
        # a group with one queue, open to it at once, has nothing to choose
        self._only = [
            choices[0][1] if len(choices) == 1 and choices[0][2] == 0 and not floor else None
            for choices, floor in zip(self._choices, self._floor, strict=True)
        ]
        self._deferrable = [not lane.channel.live for lane in lanes]
        # by channel: what an agent holds is of one
        self._deferred = [not channel.live for channel in desk.channels]

    def next(self, agent: Agent, now: int) -> Contact | None:
        group = agent.group
        only = self._only[group]
        if only is not None:
            if not only.waiting or (self._reserve[group] and not self._may(agent, only)):
                return None
            only.head()
            return only.take()
        if self._floor[group] and not agent.held and self._below_floor(group):
            best = self._best(agent, now, deferrable_first=True)
        else:
            best = self._best(agent, now)
        return None if best is None else best.take()

    def _best(self, agent: Agent, now: int, *, deferrable_first: bool = False) -> Lane | None:
        best: tuple[int, int, int, int] | None = None
        spare: bool | None = None
        for queue, lane, delay, priority in self._choices[agent.group]:
            if not lane.waiting or (agent.held and agent.channel != lane.channel_number):
                continue
            head = lane.head()
            assert head is not None
            if now - head.since < delay:
                continue
            rank = priority
            if self._deferrable[queue]:
                if deferrable_first:
                    rank -= 1 << 40
                elif self._reserve[agent.group]:
                    spare = self._may(agent, lane) if spare is None else spare
                    if not spare:
                        continue
            candidate = (rank, head.urgency, head.since, queue)
            if best is None or candidate < best:
                best = candidate
        return None if best is None else self._lanes[best[3]]

    def spares(self, agent: Agent, lane: Lane) -> bool:
        return not self._reserve[agent.group] or self._may(agent, lane)

    def _may(self, agent: Agent, lane: Lane) -> bool:
        if lane.channel.live:
            return True
        return self._teams[agent.group].idle_beside(agent) >= self._reserve[agent.group]

    def _below_floor(self, group: int) -> bool:
        working = sum(
            agent.held > 0 and agent.channel >= 0 and self._deferred[agent.channel]
            for agent in self._teams[group].agents
        )
        return working < self._floor[group]

    def eligible(self, queue: int, waited: int) -> list[int]:
        delay = self._delay[queue]
        return [group for group in self._ranked[queue] if delay[group] != NOT_ELIGIBLE and delay[group] <= waited]

    def may_ever(self, queue: int, group: int) -> bool:
        return self._delay[queue][group] != NOT_ELIGIBLE


class _ByAsking(_Closed):
    def __init__(self, desk: Desk, lanes: Sequence[Lane]) -> None:
        super().__init__(desk, lanes)
        layout = desk.layout()
        self._policy = desk.routing
        self._state = desk.routing.start(layout)
        self._may = [set(answers) for answers in desk.answers]
        queues = range(len(lanes))
        self.at_once: list[tuple[int, ...]] = [()] * len(lanes)
        first = [[g for g, answers in enumerate(layout.answers) if q in answers] for q in queues]
        later = [[g for g, then in enumerate(layout.then) if q in then] for q in queues]
        self.asked = [tuple(first[q] + later[q]) for q in queues]
        self.delays: list[tuple[int, ...]] = [()] * len(lanes)
        self._view = AgentView(waited=[-1] * len(lanes), queued=[0] * len(lanes))

    def next(self, agent: Agent, now: int) -> Contact | None:
        view = self._view
        view.now, view.group = now, agent.group
        for queue, lane in enumerate(self._lanes):
            may = queue in self._may[agent.group] and (not agent.held or agent.channel == lane.channel_number)
            head = lane.head() if may else None
            view.waited[queue] = -1 if head is None else now - head.since
            view.queued[queue] = lane.waiting
        action = self._policy.decide(view, self._state)
        if isinstance(action, Take):
            self.because = action.because
            return self._lanes[action.channel].take()
        self.again = action.again
        return None

    def spares(self, agent: Agent, lane: Lane) -> bool:
        return True

    def eligible(self, queue: int, waited: int) -> list[int]:
        return list(self.asked[queue])

    def may_ever(self, queue: int, group: int) -> bool:
        return queue in self._may[group]
