"""The rota: levels rise and fall, people come and go, channels close. One SimPy process each."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Protocol

from sim.desk import Desk
from sim.simulate.events import STAFFING, Clock, Due
from sim.simulate.floor import Agent, Team

Process = Generator[Due, None, None]


class Floor(Protocol):
    """Whoever runs the floor."""

    def seek_work(self, agent: Agent) -> None:
        """An agent has come, or has a hand free."""

    def drop(self, agent: Agent) -> None:
        """An agent leaves at once."""

    def closes(self, number: int) -> None:
        """A channel closes."""


def begin(env: Clock, desk: Desk, teams: Sequence[Team], floor: Floor) -> None:
    """Start the processes: by group, then by person; then closings, by channel."""
    for number, team in enumerate(teams):
        for person in range(len(team.group.people)):
            env.process(_shifts(env, desk, team, number, person, floor))
        if not team.group.people:
            env.process(_levels(env, desk, team, number, floor))
    for number, channel in enumerate(desk.channels):
        if (channel.disconnect_at_close or channel.automatic) and channel.open is not None:
            env.process(_closings(env, desk, number, floor))


def _levels(env: Clock, desk: Desk, team: Team, number: int, floor: Floor) -> Process:
    for tick, level in team.group.levels:
        if tick >= desk.ends:
            return
        yield Due(env, max(tick - env.now, 0), STAFFING | number << 20, [])
        for agent in team.schedule(level, env.now):
            floor.seek_work(agent)
        if team.drops:
            for agent in reversed(team.agents):
                if team.present > team.level and agent.present:
                    floor.drop(agent)


def _shifts(env: Clock, desk: Desk, team: Team, number: int, person: int, floor: Floor) -> Process:
    """One person's spans on the floor."""
    agent, shifts = team.agents[person], team.group.people[person]
    order = STAFFING | number << 20 | person
    for span, (start, end) in enumerate(shifts.on):
        if end <= env.now or start >= desk.ends:
            continue
        yield Due(env, max(start - env.now, 0), order, [])
        if shifts.speed:
            agent.speed = shifts.speed[span]
        if agent.present:
            agent.leaving = False
        else:
            team.come(agent, env.now)
        floor.seek_work(agent)
        if end >= desk.ends:
            return
        yield Due(env, end - env.now, order, [])
        if not agent.held:
            team.leave(agent)
        elif team.drops:
            floor.drop(agent)
        else:
            agent.leaving = True


def _closings(env: Clock, desk: Desk, number: int, floor: Floor) -> Process:
    for _, close in desk.channels[number].open or ():
        if close >= desk.ends:
            return
        yield Due(env, max(close - env.now, 0), STAFFING | (len(desk.groups) + number) << 20, [])
        floor.closes(number)
