"""The model as SimPy's tutorials teach it: a process for each customer.

A customer requests one of the agents and waits for the request or for the end of their patience, whichever comes first.
It is the shortest model to write and the one most people would write; the benchmark takes its speed as 1.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import simpy

from benchmarks.peers import AGENTS, Outcome, Ticks

Steps = Generator[simpy.Event, Any, None]


@dataclass
class Tally:
    """What has happened so far; the wait in ticks."""

    answered: int = 0
    abandoned: int = 0
    wait: float = 0.0


def run(arrival: Ticks, service: Ticks, patience: Ticks) -> Outcome:
    """Simulates the contacts to the last one; arrays in ticks, of one shape, as `draw` returns them."""
    env = simpy.Environment()
    tally = Tally()
    env.process(_arrivals(env, tally, arrival, service, patience))
    env.run()
    return tally.answered, tally.abandoned, tally.wait


def _arrivals(env: simpy.Environment, tally: Tally, arrival: Ticks, service: Ticks, patience: Ticks) -> Steps:
    desk = simpy.Resource(env, capacity=AGENTS)
    for at, work, limit in zip(arrival.tolist(), service.tolist(), patience.tolist(), strict=True):
        yield env.timeout(at - env.now)
        env.process(_customer(env, desk, tally, work, limit))


def _customer(env: simpy.Environment, desk: simpy.Resource, tally: Tally, work: float, limit: float) -> Steps:
    arrived = env.now
    with desk.request() as request:
        first = yield request | env.timeout(limit)
        tally.wait += env.now - arrived
        if request in first:
            tally.answered += 1
            yield env.timeout(work)
        else:
            tally.abandoned += 1
