"""Small days worked out by hand, to the tick: the deterministic cases of the reference set, in minutes.

Every trace is run on the SimPy engine and on the list twin.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pytest
from desks import MINUTE, Crew, Issue, customers, deferrable, desk, live
from twin import twin

from sim.desk import RATE, Desk
from sim.policies.routing import LiveFirst, LongestWait
from sim.population.draw import Population
from sim.schemas import Outcome
from sim.simulate.engine import simulate
from sim.tables import Floats, Table


def simpy_engine(desk: Desk, population: Population) -> Table:
    return simulate(desk, population).contacts


ENGINES = pytest.mark.parametrize("engine", [simpy_engine, twin], ids=["simpy", "twin"])
Engine = Callable[[Desk, Population], Table]


@dataclass(frozen=True)
class Served:
    """Answered at `start`, talk over at `end`, by the agent (group, number) where that is part of the case."""

    start: float
    end: float
    agent: tuple[int, int] | None = None


@dataclass(frozen=True)
class Gone:
    """Left unanswered."""

    outcome: Outcome
    time: float


@dataclass(frozen=True)
class Trace:
    """A day, what must come of each issue, and figures of the whole."""

    title: str
    desk: Desk
    issues: tuple[Issue, ...]
    expected: tuple[Served | Gone, ...]
    figures: Mapping[str, float] = field(default_factory=dict)


def abandoned(time: float) -> Gone:
    return Gone(Outcome.ABANDONED, time)


def blocked(time: float) -> Gone:
    return Gone(Outcome.BLOCKED, time)


# fmt: off
TRACES = {
    "DT-01": Trace(
        "first come, first served, by one agent",
        desk([Crew(1)]),
        (Issue(0, 5), Issue(2, 4), Issue(3, 1), Issue(10, 2)),
        (Served(0, 5), Served(5, 9), Served(9, 10), Served(10, 12)),
        {"mean wait": 2.25, "longest wait": 6, "busy": 12},
    ),
    "DT-02": Trace(
        "who abandons never occupies an agent",
        desk([Crew(2)]),
        (Issue(0, 10), Issue(1, 10), Issue(2, 3, 5), Issue(3, 4, 20), Issue(4, 2, 6.5), Issue(5, 1, 100)),
        (
            Served(0, 10, (0, 0)), Served(1, 11, (0, 1)), abandoned(7),
            Served(10, 14, (0, 0)), abandoned(10.5), Served(11, 12, (0, 1)),
        ),
        {"abandoned": 1 / 3, "mean wait": 49 / 12, "mean wait of answered": 3.25},
    ),
    "DT-03": Trace(
        "patience that ends as the agent is freed is enough",
        desk([Crew(1)]),
        (Issue(0, 10), Issue(4, 3, 6)),
        (Served(0, 10), Served(10, 13)),
    ),
    "DT-07": Trace(
        "overflow to a second group after two minutes",
        desk(
            [Crew(1, ["A"], name="S"), Crew(1, ["B"], ["A"], name="G")],
            [live("A"), live("B")],
            routing=LongestWait(overflow_after=120),
        ),
        (Issue(0, 10), Issue(1, 5), Issue(2, 4), Issue(5, 3, channel=1), Issue(11, 2)),
        (
            Served(0, 10, (0, 0)), Served(3, 8, (1, 0)), Served(8, 12, (1, 0)),
            Served(12, 15, (1, 0)), Served(11, 13, (0, 0)),
        ),
    ),
    "DT-08": Trace(
        "important customers first, but nobody is interrupted",
        desk([Crew(1, ["important"], ["other"])], [live("other"), live("important")], routing=LiveFirst()),
        (Issue(0, 5), Issue(1, 5), Issue(2, 3, channel=1), Issue(4, 2, channel=1), Issue(6, 1)),
        (Served(0, 5), Served(10, 15), Served(5, 8), Served(8, 10), Served(15, 16)),
    ),
    "DT-13": Trace(
        "the agent who has been idle longest, else the lower number",
        desk([Crew(2)]),
        (Issue(0, 2), Issue(1, 2), Issue(5, 4), Issue(5, 1), Issue(7, 1), Issue(10, 1)),
        (
            Served(0, 2, (0, 0)), Served(1, 3, (0, 1)), Served(5, 9, (0, 0)),
            Served(5, 6, (0, 1)), Served(7, 8, (0, 1)), Served(10, 11, (0, 1)),
        ),
    ),
    "DT-14": Trace(
        "the customer leaves when talk ends, the agent is free after a minute of wrap-up",
        desk([Crew(1)]),
        (Issue(0, 3, wrap_up=1), Issue(1, 3, wrap_up=1), Issue(7.5, 3, wrap_up=1)),
        (Served(0, 3), Served(4, 7), Served(8, 11)),
        {"mean wait": 3.5 / 3, "busy": 12, "talk in busy time": 0.75},
    ),
    "DT-17": Trace(
        "three lines for two agents",
        desk([Crew(2)], [live(lines=3)]),
        (Issue(0, 10), Issue(1, 4), Issue(2, 4), Issue(3, 2), Issue(5, 2), Issue(6, 1), Issue(9.5, 1)),
        (
            Served(0, 10, (0, 0)), Served(1, 5, (0, 1)), Served(5, 9, (0, 1)), blocked(3),
            Served(9, 11, (0, 1)), blocked(6), Served(10, 11, (0, 0)),
        ),
        {"blocked": 2 / 7},
    ),
    "DT-18": Trace(
        "two chats at once, neither slower for it",
        desk([Crew(1)], [live(rates=(RATE, RATE))]),
        (Issue(0, 6), Issue(1, 3), Issue(2, 4), Issue(5, 2), Issue(7, 1)),
        (Served(0, 6), Served(1, 4), Served(4, 8), Served(6, 8), Served(8, 9)),
        {"mean wait": 0.8, "busy": 16},
    ),
    "DT-24": Trace(
        "phone before e-mail, but nobody is interrupted",
        desk([Crew(1, ["phone", "email"])], [live(), deferrable()], routing=LiveFirst()),
        (Issue(0, 10, channel=1), Issue(1, 5, channel=1), Issue(3, 4), Issue(8, 2)),
        (Served(0, 10), Served(16, 21), Served(10, 14), Served(14, 16)),
    ),
    "DT-31": Trace(
        "no patience, and no work",
        desk([Crew(1)]),
        (Issue(0, 5), Issue(1, 3, 0), Issue(5, 0), Issue(5, 2)),
        (Served(0, 5), abandoned(1), Served(5, 5), Served(5, 7)),
    ),
    "DT-32": Trace(
        "who arrives together is served in order of number",
        desk([Crew(1)]),
        (Issue(0, 1), Issue(0, 1), Issue(0, 1, 0.5)),
        (Served(0, 1), Served(1, 2), abandoned(0.5)),
    ),
    "EM-01": Trace(
        "a hundred e-mails at once, five agents, six minutes each",
        desk([Crew(5, ["email"])], [deferrable()]),
        (Issue(0, 6),) * 100,
        tuple(Served(6 * (k // 5), 6 * (k // 5) + 6) for k in range(100)),
        {"mean wait": 57, "mean response": 63, "last end": 120, "ended by 30": 25, "ended by 60": 50},
    ),
}

# fmt: on

FIGURES: dict[str, Callable[[Table], float]] = {
    "mean wait": lambda contacts: float(waits(contacts).mean()),
    "longest wait": lambda contacts: float(waits(contacts).max()),
    "mean wait of answered": lambda contacts: float(waits(contacts)[answered(contacts)].mean()),
    "abandoned": lambda contacts: float((contacts["outcome"] == Outcome.ABANDONED).mean()),
    "blocked": lambda contacts: float((contacts["outcome"] == Outcome.BLOCKED).mean()),
    "busy": lambda contacts: busy(contacts, "freed"),
    "talk in busy time": lambda contacts: busy(contacts, "ended") / busy(contacts, "freed"),
    "mean response": lambda contacts: float((contacts["ended"] - contacts["offered"]).mean()) / MINUTE,
    "last end": lambda contacts: float(contacts["ended"].max()) / MINUTE,
    "ended by 30": lambda contacts: float((contacts["ended"] <= 30 * MINUTE).sum()),
    "ended by 60": lambda contacts: float((contacts["ended"] <= 60 * MINUTE).sum()),
}


def answered(contacts: Table) -> npt.NDArray[np.bool_]:
    mask: npt.NDArray[np.bool_] = contacts["outcome"] == Outcome.ANSWERED
    return mask


def waits(contacts: Table) -> Floats:
    """Minutes until the answer, or until the customer left."""
    until = np.where(answered(contacts), contacts["answered"], contacts["ended"])
    waited: Floats = (until - contacts["offered"]) / MINUTE
    return waited


def busy(contacts: Table, until: str) -> float:
    """Minutes of work, contact by contact."""
    mine = answered(contacts)
    return float((contacts[until] - contacts["answered"])[mine].sum()) / MINUTE


def came_of(contacts: Table, row: int, like: Served | Gone) -> Served | Gone:
    """A row in the words of the case; the agent only where the case names one."""
    outcome = Outcome(int(contacts["outcome"][row]))
    ended = contacts["ended"][row] / MINUTE
    if outcome != Outcome.ANSWERED:
        return Gone(outcome, ended)
    agent = int(contacts["group"][row]), int(contacts["agent"][row])
    names_agent = isinstance(like, Served) and like.agent is not None
    return Served(contacts["answered"][row] / MINUTE, ended, agent if names_agent else None)


@ENGINES
@pytest.mark.parametrize("name", TRACES)
def test_a_trace_comes_out_to_the_tick(name: str, engine: Engine) -> None:
    """Every contact of a hand-worked day ends as, when, and with whom the case says."""
    trace = TRACES[name]
    contacts = engine(trace.desk, customers(*trace.issues))
    assert contacts["issue"].tolist() == list(range(len(trace.issues)))
    found = tuple(came_of(contacts, row, like) for row, like in enumerate(trace.expected))
    assert found == trace.expected
    assert {figure: FIGURES[figure](contacts) for figure in trace.figures} == pytest.approx(trace.figures, abs=1e-12)
