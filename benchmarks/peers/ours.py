"""The same model in the centre of this project: SimPy's clock and events, our waiting line, agents by name."""

from __future__ import annotations

import numpy as np

from benchmarks.peers import AGENTS, Outcome
from sim.desk import Channel, Desk, Group, Target
from sim.draws import PAGE
from sim.policies.response import AnswerAll
from sim.policies.routing import LiveFirst
from sim.population.fates import NAMES, Fates
from sim.schemas import NEVER
from sim.simulate.centre import Centre
from sim.tables import Floats, Table


def run(arrival: Floats, service: Floats, patience: Floats) -> Outcome:
    """Answered, abandoned, and ticks waited by both."""
    size = len(arrival)
    ends = int(arrival[-1] + patience.max() + 10 * service.max() * size / AGENTS)
    desk = Desk(
        channels=(Channel("phone", live=True, open=None, target=Target(0.8, 20_000), expectation=60.0),),
        groups=(Group("agents", ((0, AGENTS),), 20.0, 0.3),),
        segments=("all",),
        intents=("any",),
        routing=LiveFirst(),
        response=AnswerAll(),
        starts=0,
        horizon=ends,
        ends=ends,
        interval=1_800_000,
        answers_first=((0,),),
        answers_then=((),),
    )
    dense = {name: np.zeros((size, PAGE), dtype=np.int64) for name in NAMES}
    dense["handle"][:, 0] = service
    dense["patience"][:, 0] = patience
    dense["resolved"][:] = 1
    fates = Fates(dense, [0] * size, lambda issue, page, channel: {}, lambda name, issue, number, channel: 0)
    arrivals = list(zip(arrival.astype(np.int64).tolist(), range(size), strict=True))
    issues = Table({"channel": np.zeros(size, dtype=np.int64)})
    centre = Centre(desk, arrivals, issues, fates)
    centre.run()
    answered = abandoned = waited = 0
    for contact in centre.contacts:
        if contact.answered != NEVER:
            answered += 1
            waited += contact.answered - contact.offered
        else:
            abandoned += 1
            waited += contact.ended - contact.offered
    return answered, abandoned, float(waited)
