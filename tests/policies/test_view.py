"""What a policy can know: everything that can be reached from what it is handed, and what its decisions hang on.

Policies that only note what they saw stand in for the shipped ones, on random desks where everything happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from desks import SECOND, Told
from hypothesis import given, settings
from hypothesis import strategies as st
from random_desks import centres, random_luck, rich_customers, rich_luck, seeds, sizes

from sim.desk import Desk
from sim.policies.base import AgentView, ContactView, IntervalView, Layout
from sim.policies.offers import Callback, Deflect
from sim.policies.response import AnswerAll, IgnoreShare
from sim.policies.routing import LiveFirst, LongestWait
from sim.population.draw import Population
from sim.scenario import lower
from sim.scenario.read import read
from sim.schemas import NEVER
from sim.simulate.engine import simulate
from sim.tables import Table

FIRST = Path(__file__).parents[2] / "scenarios" / "first.yaml"
PLAIN = (int, float, bool, str, type(None), list, tuple)

OF_AN_ATTEMPT = (
    "patience", "redial", "redial_delay", "ignored", "silent", "front", "elsewhere", "elsewhere_delay", "public",
    "public_delay", "chase", "callback", "deflect", "inform",
)  # fmt: skip
"""Luck by attempt; all other luck is by answer."""

Noted = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Noting:
    """A policy that must be asked, and does as another one: `look` at what it sees, and note what it says."""

    name: ClassVar[str] = "noting"
    policy: Any
    noted: Noted = field(default_factory=list, compare=False)
    look: Callable[[Any], None] = field(default=lambda view: None, compare=False)

    def lower(self, layout: Layout) -> None:
        return None

    def start(self, layout: Layout) -> Any:
        self.look(layout)
        return self.policy.start(layout)

    def decide(self, view: Any, state: Any) -> Any:
        self.look(view)
        action = self.policy.decide(view, state)
        self.noted.append((getattr(view, "now", 0), type(view).__name__, str(asdict(view)), action))
        return action


def responses(desk: Desk) -> list[Any]:
    """The response policies that can be asked, such that they have something to say."""
    soon, last = 3.0, desk.channels[-1].name
    return [
        AnswerAll(),
        IgnoreShare(0.3),
        Callback(soon, 0.7),
        Callback(soon, booked_after=9.0),
        Deflect(last, soon, 0.5),
    ]


@st.composite
def asked(draw: st.DrawFn) -> tuple[Desk, Population]:
    """A desk with policies that can be asked, and its customers."""
    desk = draw(centres())
    desk = replace(
        desk,
        routing=draw(st.sampled_from([LiveFirst(overflow_after=5.0), LongestWait()])),
        response=draw(st.sampled_from(responses(desk))),
    )
    return desk, rich_customers(desk, draw(sizes), draw(seeds))


def asking(desk: Desk, look: Callable[[Any], None] = lambda view: None) -> tuple[Desk, Noted]:
    """The same desk, whose policies note what they are asked."""
    noted: Noted = []
    routing, response = Noting(desk.routing, noted, look), Noting(desk.response, noted, look)
    return replace(desk, routing=routing, response=response), noted


# --- what can be reached ----------------------------------------------------------------------------------------------


def reachable(thing: Any) -> Iterator[Any]:
    """The thing and whatever can be got at from it, but for classes and their code."""
    yield thing
    if isinstance(thing, list | tuple | set | frozenset):
        inside = list(thing)
    elif isinstance(thing, dict):
        inside = [*thing.keys(), *thing.values()]
    elif isinstance(thing, int | float | str | None):
        inside = []
    else:
        slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
        inside = [*getattr(thing, "__dict__", {}).values(), *(getattr(thing, name) for name in slots)]
    for part in inside:
        yield from reachable(part)


def look(view: Any) -> None:
    """Fail where more than plain values can be got at."""
    assert is_dataclass(view)
    assert {type(part) for part in reachable(view) if part is not view} <= set(PLAIN)
    assert vars(view).keys() == {each.name for each in fields(view)}


@given(asked())
def test_a_view_reaches_nothing_but_plain_values(case: tuple[Desk, Population]) -> None:
    """From the layout and the views of a simulation, nothing can be got at but numbers, words and lists of them."""
    desk, noted = asking(case[0], look)
    simulate(desk, case[1])
    assert {kind for _, kind, *_ in noted} <= {"AgentView", "ContactView"}


def test_the_view_of_an_interval_reaches_nothing_but_plain_values() -> None:
    """A staffing policy, too, sees numbers and words only, once for each interval of each group."""
    scenario, staffing = read(FIRST), Noting(policy=_AsIs(), look=look)
    policies = scenario.spec.policies.model_copy(update={"staffing": staffing})
    lower.desk(replace(scenario, spec=scenario.spec.model_copy(update={"policies": policies})))
    assert len(staffing.noted) > 100
    assert {kind for _, kind, *_ in staffing.noted} == {"IntervalView"}


class _AsIs:
    def start(self, layout: Layout) -> None:
        return None

    def decide(self, view: IntervalView, state: None) -> Any:
        from sim.policies.staffing import AsScheduled

        return AsScheduled().decide(view, state)


@pytest.mark.parametrize("view", [AgentView(), ContactView(), IntervalView()], ids=lambda view: type(view).__name__)
def test_a_view_tells_nothing_of_what_was_drawn(view: Any) -> None:
    """No field of a view has the name of a fate; the mean patience of an interval is the planner's."""
    drawn = {*OF_AN_ATTEMPT, "handle", "wrap_up", "resolved", "reconnect", "asks", "transfer", "escalate", "retain"}
    assert not drawn & ({each.name for each in fields(view)} - ({"patience"} if type(view) is IntervalView else set()))


def test_looking_finds_what_does_not_belong() -> None:
    """An array, a function or another object in a view is found, however deep."""
    for intruder in (np.int64(3), np.zeros(2), [[lambda: 3]], {"patience": 3}):
        view = ContactView()
        view.queued = intruder  # type: ignore[assignment]
        with pytest.raises(AssertionError):
            look(view)


# --- what decisions hang on -------------------------------------------------------------------------------------------


def reshuffled(desk: Desk, customers: Population, contacts: Table, now: int, seed: int) -> Population:
    """The same customers with other luck in every attempt not made and every answer not given by `now`; and who waits
    then on a live channel would wait longer than before."""
    assert isinstance(customers.luck, Told)
    random, size = np.random.default_rng(seed), len(customers)
    old = customers.luck.told
    new = random_luck(random, size, SECOND) | rich_luck(random, size)
    made, given = np.zeros(size, dtype=int), np.zeros(size, dtype=int)
    np.maximum.at(made, contacts["issue"], np.where(contacts["offered"] <= now, contacts["attempt"], 0))
    answered = (contacts["answered"] != NEVER) & (contacts["answered"] <= now)
    np.maximum.at(given, contacts["issue"], np.where(answered, contacts["answer"], 0))
    columns = np.arange(old["patience"].shape[1])
    for name, values in old.items():
        # the last column stands for all that follow
        kept = columns[None] < np.minimum(made if name in OF_AN_ATTEMPT else given, len(columns))[:, None]
        new[name] = np.where(kept, values, new[name])
    waits = (contacts["offered"] <= now) & ~answered & ((contacts["ended"] == NEVER) | (contacts["ended"] > now))
    # of a message nobody can tell whether patience has run out: its customer may have turned to another channel
    live = np.array([channel.live for channel in desk.channels])
    waits &= live[contacts["channel"]] & (contacts["attempt"] < len(columns))
    here = contacts["issue"][waits], contacts["attempt"][waits] - 1
    patience = new["patience"][here]
    new["patience"][here] = np.where(
        patience == NEVER, NEVER, patience + random.integers(0, 60, len(patience)) * SECOND
    )
    return replace(customers, luck=replace(customers.luck, told=new))


@given(asked(), seeds, st.integers(0, 60).map(lambda second: second * SECOND))
def test_luck_that_nobody_has_felt_changes_no_decision(case: tuple[Desk, Population], seed: int, now: int) -> None:
    """Up to a moment, every question and every decision is the same, whatever luck would have shown only after it."""
    (one, before), (other, after) = asking(case[0]), asking(case[0])
    contacts = simulate(one, case[1]).contacts
    simulate(other, reshuffled(*case, contacts, now, seed))
    assert [each for each in before if each[0] <= now] == [each for each in after if each[0] <= now]


@settings(max_examples=50)
@given(asked())
def test_a_policy_that_must_be_asked_does_as_its_tables_say(case: tuple[Desk, Population]) -> None:
    """Asked at the door, a response policy leaves the same contacts, to the tick, as by its tables."""
    desk, customers = case
    one = simulate(desk, customers).contacts
    other = simulate(replace(desk, response=Noting(desk.response)), customers).contacts
    for name in one.names:
        assert one[name].tolist() == other[name].tolist(), name
