"""Small days worked out by hand, to the tick and in minutes: the deterministic cases of the reference set, then the
rules of this desk that they leave open. Every trace is run on the SimPy engine and on the list twin.
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
from sim.schemas import NEVER, Outcome
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
    """A day, what must come of each contact (by issue and attempt), and figures of the whole."""

    title: str
    desk: Desk
    issues: tuple[Issue, ...]
    expected: tuple[Served | Gone, ...]
    figures: Mapping[str, float] = field(default_factory=dict)


def abandoned(time: float) -> Gone:
    return Gone(Outcome.ABANDONED, time)


def turned_away(time: float) -> Gone:
    return Gone(Outcome.TURNED_AWAY, time)


def disconnected(time: float) -> Gone:
    return Gone(Outcome.DISCONNECTED, time)


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
    "level falls": Trace(
        "idle agents leave, the highest number first, then whoever finishes first",
        desk([Crew([(0, 4), (2, 3), (5, 1)])], [live(open=[(0, 60)])]),
        (Issue(0, 8), Issue(1, 8), Issue(3, 3), Issue(5.5, 1), Issue(7, 1)),
        (
            Served(0, 8, (0, 0)), Served(1, 9, (0, 1)), Served(3, 6, (0, 2)),
            Served(9, 10, (0, 1)), Served(10, 11, (0, 1)),
        ),
    ),
    "level rises": Trace(
        "the lowest absent numbers come, and have been idle since they came",
        desk([Crew([(0, 2), (2, 1), (4, 3)])]),
        (Issue(0, 3), Issue(4, 1), Issue(4, 1), Issue(4, 1)),
        (Served(0, 3, (0, 0)), Served(4, 5, (0, 0)), Served(4, 5, (0, 1)), Served(4, 5, (0, 2))),
    ),
    "served after closing": Trace(
        "who waits at closing is served by those who finish, whoever was offered first; nobody new is let in",
        desk(
            [Crew([(0, 2), (10, 0)], ["first"], ["then"])],
            [live("first", open=[(0, 10)]), live("then", open=[(0, 10)])],
        ),
        (Issue(0, 12), Issue(0, 15), Issue(5, 1, channel=1), Issue(6, 1), Issue(7, 4), Issue(10, 1)),
        (
            Served(0, 12, (0, 0)), Served(0, 15, (0, 1)), Served(12, 13, (0, 0)),
            Served(13, 14, (0, 0)), Served(14, 18, (0, 0)), turned_away(10),
        ),
    ),
    "messages keep": Trace(
        "who finishes after hours leaves the messages for tomorrow",
        desk([Crew([(0, 1), (10, 0), (20, 1)], ["email"])], [deferrable(open=[(0, 10), (20, 30)])]),
        (Issue(0, 12), Issue(5, 1), Issue(15, 1)),
        (Served(0, 12), Served(20, 21), turned_away(15)),
    ),
    "cut off at closing": Trace(
        "who waits at closing is cut off, even as their patience ends; talk goes on",
        desk([Crew([(0, 1), (10, 0)])], [live(open=[(0, 10)], disconnect=True)]),
        (Issue(0, 12), Issue(5, 1), Issue(6, 1, 4), Issue(7, 1, 2)),
        (Served(0, 12), disconnected(10), disconnected(10), abandoned(9)),
    ),
    "staff come at closing": Trace(
        "staffing changes before channels close",
        desk([Crew([(0, 0), (10, 1)])], [live(open=[(0, 10)], disconnect=True)]),
        (Issue(5, 1), Issue(6, 1)),
        (Served(10, 11), disconnected(10)),
    ),
    "too many no longer, somebody left": Trace(
        "an agent with a hand free may take again as soon as the others' leaving has met the level",
        desk([Crew([(0, 2), (5, 1)])], [live(rates=(RATE, RATE))]),
        (Issue(0, 20), Issue(0, 7), Issue(6, 1)),
        (Served(0, 20, (0, 0)), Served(0, 7, (0, 1)), Served(7, 8, (0, 0))),
    ),
    "too many no longer, the level rose": Trace(
        "agents with a hand free may take again as soon as the level has met them, the lowest number first",
        desk([Crew([(0, 2), (5, 1), (8, 2)])], [live(rates=(RATE, RATE))]),
        (Issue(0, 20), Issue(0, 20), Issue(6, 1)),
        (Served(0, 20, (0, 0)), Served(0, 20, (0, 1)), Served(8, 9, (0, 0))),
    ),
    "overflow together": Trace(
        "an agent who takes another contact first leaves the overflowing one to a colleague",
        desk(
            [Crew(0, ["A", "B"]), Crew(2, [], ["A", "B"])],
            [live("A"), live("B")],
            routing=LongestWait(overflow_after=120),
        ),
        (Issue(0, 5, channel=1), Issue(0, 5)),
        (Served(2, 7, (1, 1)), Served(2, 7, (1, 0))),
    ),
    "groups by priority": Trace(
        "a new contact goes to the group that answers its channel first",
        desk([Crew(1, ["B"], ["A"]), Crew(1, ["A"])], [live("A"), live("B")]),
        (Issue(0, 5), Issue(1, 5)),
        (Served(0, 5, (1, 0)), Served(1, 6, (0, 0))),
    ),
    "lines by number": Trace(
        "of two contacts offered together the one on the lower channel is taken first",
        desk([Crew(1, ["A", "B"])], [live("A"), live("B")], routing=LongestWait()),
        (Issue(0, 5), Issue(1, 1, channel=1), Issue(1, 1)),
        (Served(0, 5), Served(6, 7), Served(5, 6)),
    ),
    "chats slow down": Trace(
        "two chats run at half the speed each, and wrap-up slows the other chat too",
        desk([Crew(1)], [live(rates=(RATE, RATE // 2))]),
        (Issue(0, 6, wrap_up=1), Issue(2, 5), Issue(3, 1)),
        (Served(0, 10), Served(2, 12), Served(12, 13)),
        {"busy": 12 + 10 + 1},
    ),
    "least loaded": Trace(
        "a chat goes to an idle agent, else to the one with fewest chats, else waits",
        desk([Crew(2)], [live(rates=(RATE, RATE, RATE))]),
        (Issue(0, 9), Issue(1, 9), Issue(2, 1), Issue(2.5, 9), Issue(4, 9), Issue(5, 9), Issue(6, 9), Issue(7, 1)),
        (
            Served(0, 9, (0, 0)), Served(1, 10, (0, 1)), Served(2, 3, (0, 0)), Served(2.5, 11.5, (0, 1)),
            Served(4, 13, (0, 0)), Served(5, 14, (0, 0)), Served(6, 15, (0, 1)), Served(9, 10, (0, 0)),
        ),
    ),
    "redials": Trace(
        "a redial that falls after closing is made as long after the next opening",
        desk([Crew(0)], [live(open=[(0, 10), (20, 30)])]),
        (Issue(5, 1, 1, redial=2), Issue(8, 1, 1, redial=(3, None))),
        (abandoned(6), abandoned(9), abandoned(22), abandoned(25), abandoned(28), abandoned(9), abandoned(23)),
    ),
    "reconnects": Trace(
        "who was not helped is back after the talk, who was blocked redials, and luck goes by answer",
        desk([Crew(1)], [live(lines=1)]),
        (Issue(0, (4, 2), wrap_up=1, reconnect=(5, None)), Issue(3, (1, 7), redial=(2, None))),
        (Served(0, 4), Served(9, 11), blocked(3), Served(5, 6)),
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
    assert len(contacts) == len(trace.expected)
    found = tuple(came_of(contacts, row, like) for row, like in enumerate(trace.expected))
    assert found == trace.expected
    assert {figure: FIGURES[figure](contacts) for figure in trace.figures} == pytest.approx(trace.figures, abs=1e-12)


@ENGINES
def test_nobody_tries_more_often_than_the_cap(engine: Engine) -> None:
    """A customer without patience whom nobody answers gives up after 32 attempts."""
    contacts = engine(desk([Crew(0)]), customers(Issue(0, patience=0, redial=1)))
    assert contacts["attempt"].tolist() == list(range(1, 33))
    assert set(contacts["outcome"].tolist()) == {Outcome.ABANDONED}


@ENGINES
def test_the_clock_stops_before_what_is_due_then(engine: Engine) -> None:
    """What would happen at the last tick does not: talk goes on, a waiting contact stays open, nobody is offered."""
    contacts = engine(desk([Crew(1)], ends=10), customers(Issue(0, 10), Issue(1, 1, 9), Issue(10, 1)))
    assert contacts["outcome"].tolist() == [Outcome.OPEN, Outcome.OPEN]
    assert contacts["answered"].tolist() == [0, NEVER]
    assert contacts["ended"].tolist() == [NEVER, NEVER]
