"""What holds whatever the desk, the customers and their luck: on random desks, and where a law needs more, on those."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from desks import MINUTE, SECOND, Crew, Told, desk, population
from hypothesis import assume, given
from hypothesis import strategies as st
from random_desks import GivenTables, desks, random_customers, random_luck, seeds, sizes

from sim.desk import Desk
from sim.policies.base import Accept, AgentView, ContactView, Ignore, Layout, RoutingTables, Take, Wait
from sim.policies.response import AnswerAll, IgnoreShare
from sim.policies.routing import LiveFirst, LongestWait
from sim.population.draw import Population, draw
from sim.population.fates import NAMES
from sim.scenario import lower
from sim.scenario.read import read
from sim.schemas import NEVER, Cause, Outcome
from sim.simulate.engine import simulate
from sim.tables import Table

FIRST = Path(__file__).parents[2] / "scenarios" / "first.yaml"

Row = dict[str, int]

TAKEN = {"answered", "group", "agent"}
CELLS: dict[Outcome, list[set[str]]] = {
    Outcome.OPEN: [set(), TAKEN],
    Outcome.ANSWERED: [TAKEN | {"ended", "resolved"}, TAKEN | {"ended", "resolved", "freed"}],
    Outcome.IGNORED: [set()],
}
"""By outcome, which cells may be filled; for the others only `ended` is."""


def contacts_of(desk: Desk, customers: Population) -> Table:
    return simulate(desk, customers).contacts


def rows(contacts: Table) -> list[Row]:
    columns = {name: contacts[name].tolist() for name in contacts.names}
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def gone_at(row: Row) -> int | None:
    """When the contact stopped waiting; None while it still waits."""
    when = row["answered"] if row["answered"] != NEVER else row["ended"]
    return None if when == NEVER else when


def waited_in_line(row: Row) -> bool:
    return row["outcome"] not in (Outcome.BLOCKED, Outcome.IGNORED, Outcome.TURNED_AWAY)


def equal(one: Table, other: Table) -> bool:
    return one.names == other.names and all(np.array_equal(one[name], other[name]) for name in one.names)


# --- conservation, causality, determinism ---------------------------------------------------------------------------


@given(desks(), sizes, seeds)
def test_every_contact_ends_in_one_way_and_leaves_the_cells_of_that_way(desk: Desk, size: int, seed: int) -> None:
    """Every issue that arises is offered, and the cells of each contact are those of its one outcome."""
    customers = random_customers(desk, size, seed)
    contacts = contacts_of(desk, customers)
    arisen = np.flatnonzero(customers.issues["arrival"] < desk.ends)
    assert contacts["issue"][contacts["attempt"] == 1].tolist() == arisen.tolist()
    for row in rows(contacts):
        filled = {name for name in ("answered", "ended", "freed", "group", "agent", "resolved") if row[name] != NEVER}
        assert filled in CELLS.get(Outcome(row["outcome"]), [{"ended"}])


@given(desks(), sizes, seeds)
def test_a_contact_that_is_not_the_first_follows_from_the_one_before(desk: Desk, size: int, seed: int) -> None:
    """A redial follows an abandoned or blocked contact, a reconnect an answer that did not help, later than it."""
    before: Row = {}
    for row in rows(contacts_of(desk, random_customers(desk, size, seed))):
        if row["attempt"] == 1:
            assert row["cause"] == Cause.FIRST
        else:
            assert (row["issue"], row["attempt"]) == (before["issue"], before["attempt"] + 1)
            assert row["offered"] > before["ended"] > NEVER
            if row["cause"] == Cause.REDIAL:
                assert before["outcome"] in (Outcome.ABANDONED, Outcome.BLOCKED)
            else:
                assert before["outcome"] == Outcome.ANSWERED
                assert not before["resolved"]
        before = row


@given(desks(), sizes, seeds)
def test_nothing_happens_before_what_it_follows_from(desk: Desk, size: int, seed: int) -> None:
    """offered ≤ answered ≤ ended ≤ freed, where they happened, all before the clock stops."""
    for row in rows(contacts_of(desk, random_customers(desk, size, seed))):
        happened = [row[name] for name in ("offered", "answered", "ended", "freed") if row[name] != NEVER]
        assert happened == sorted(happened)
        assert happened[-1] < desk.ends


@given(desks(), sizes, seeds)
def test_nobody_holds_more_than_they_may(desk: Desk, size: int, seed: int) -> None:
    """An agent holds at most as many contacts as the channel allows, all of one channel the agent's group answers."""
    held: dict[tuple[int, int], list[Row]] = defaultdict(list)
    for row in rows(contacts_of(desk, random_customers(desk, size, seed))):
        if row["answered"] != NEVER:
            assert row["channel"] in desk.answers[row["group"]]
            held[row["group"], row["agent"]].append(row)
    for mine in held.values():
        for row in mine:
            # those in hand as this one has just been taken
            now = row["answered"]
            together = [one for one in mine if one["answered"] <= now and (one["freed"] == NEVER or one["freed"] > now)]
            assert len(together) <= desk.channels[row["channel"]].at_once
            assert {one["channel"] for one in together} <= {row["channel"]}


@given(desks(), sizes, seeds)
def test_the_same_arguments_give_the_same_contacts(desk: Desk, size: int, seed: int) -> None:
    """A replication is decided by the desk and the population alone."""
    one = contacts_of(desk, random_customers(desk, size, seed))
    assert equal(one, contacts_of(desk, random_customers(desk, size, seed)))


# --- Little's law ----------------------------------------------------------------------------------------------------


@given(desks(), sizes, seeds)
def test_queue_length_is_rate_times_wait(desk: Desk, size: int, seed: int) -> None:
    """Little's law, exactly: the queue that arrivals and departures leave, integrated over time, is the sum of waits,
    and it is never negative."""
    lines = [row for row in rows(contacts_of(desk, random_customers(desk, size, seed))) if waited_in_line(row)]
    leaves = [gone_at(row) for row in lines]
    ends = [desk.ends if gone is None else gone for gone in leaves]
    change = Counter(row["offered"] for row in lines)
    change.subtract(Counter(ends))
    queue, area, last = 0, 0, desk.starts
    for tick in sorted(change):
        area += queue * (tick - last)
        queue, last = queue + change[tick], tick
        assert queue >= 0
    assert queue == 0
    assert area == sum(end - row["offered"] for row, end in zip(lines, ends, strict=True))


# --- monotonicity, locality, identity --------------------------------------------------------------------------------


@given(st.integers(1, 5), st.integers(1, 60), seeds, st.sampled_from([1, SECOND]))
def test_one_more_agent_never_lengthens_a_wait(agents: int, size: int, seed: int, grain: int) -> None:
    """In one line without abandonment or repeats, nobody waits longer with one agent more."""
    random = np.random.default_rng(seed)
    arrival = np.sort(random.integers(0, 2 * MINUTE // grain, size) * grain)
    luck = random_luck(random, size, grain)
    customers = population(arrival, np.zeros_like(arrival), {name: luck[name] for name in ("handle", "wrap_up")})
    few, more = (contacts_of(desk([Crew(number)]), customers) for number in (agents, agents + 1))
    assert (more["answered"] <= few["answered"]).all()


def appended(customers: Population, row: Row) -> Population:
    """The same population with one issue more, as the last."""
    columns = {name: np.append(customers.issues[name], row[name]) for name in customers.issues.names}
    return replace(customers, issues=Table(columns))


def test_an_issue_appended_leaves_the_luck_of_the_others_alone() -> None:
    """The fates of all others, of early and of late attempts, are the same with one issue more."""
    customers = draw(read(FIRST, ["customers=3000"]), seed=1, replication=2)
    size = len(customers)
    row = {name: int(customers.issues[name][0]) for name in customers.issues.names} | {"channel": 1}
    more = appended(customers, row)
    for name in NAMES:
        assert np.array_equal(customers.fates().dense[name], more.fates().dense[name][:size])
    early, late = customers.fates(), more.fates()
    for issue in range(0, size, 7):
        for attempt in (5, 8, 9, 32):
            # on its own channel and on the other one
            for channel in (0, 1):
                here = (issue, attempt, channel)
                assert early.patience(*here) == late.patience(*here)
                assert early.work(*here) == late.work(*here)
                assert early.redials_after(*here) == late.redials_after(*here)


def test_an_issue_appended_leaves_alone_whom_it_does_not_meet() -> None:
    """A call more changes no e-mail, which others answer, and no call before it."""
    scenario = read(FIRST, ["customers=20000", "phone.staff=1"])
    here, customers = lower.desk(scenario), draw(scenario, seed=1, replication=0)
    calls = np.flatnonzero(customers.issues["channel"] == 0)
    middle = int(calls[len(calls) // 2])
    row = {name: int(customers.issues[name][middle]) for name in customers.issues.names}
    before, after = contacts_of(here, customers), contacts_of(here, appended(customers, row))
    after = after.where(after["issue"] < len(customers))
    assert equal(before.where(before["channel"] == 1), after.where(after["channel"] == 1))
    over = np.flatnonzero((before["freed"] != NEVER) & (before["freed"] < row["arrival"]))
    assert len(over) > 100
    assert equal(before.where(over), after.where(over))
    assert not equal(before, after), "the call was to meet somebody"


@given(st.integers(1, 4), sizes, seeds)
def test_policies_that_decide_alike_differ_by_exactly_nothing(agents: int, size: int, seed: int) -> None:
    """With one channel there is nothing to choose: two routing policies leave the same contacts, to the tick."""
    one, other = (desk([Crew(agents)], routing=routing) for routing in (LiveFirst(), LongestWait()))
    customers = random_customers(one, size, seed)
    assert equal(contacts_of(one, customers), contacts_of(other, customers))


# --- a policy sees no fate -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AskedRouting:
    """A routing policy that must be asked; `asked` notes what it saw and said."""

    name: ClassVar[str] = "asked"
    policy: LiveFirst | LongestWait
    asked: list[tuple[Any, ...]] = field(default_factory=list, compare=False)
    look: Callable[[Any], None] = field(default=lambda view: None, compare=False)

    def lower(self, layout: Layout) -> RoutingTables | None:
        return None

    def start(self, layout: Layout) -> RoutingTables:
        self.look(layout)
        return self.policy.start(layout)

    def decide(self, view: AgentView, state: RoutingTables) -> Take | Wait:
        self.look(view)
        action = self.policy.decide(view, state)
        self.asked.append((view.now, "routing", view.group, tuple(view.waited), tuple(view.queued), action))
        return action


@dataclass(frozen=True)
class AskedResponse:
    """A response policy that must be asked; `asked` notes what it saw and said."""

    name: ClassVar[str] = "asked"
    policy: AnswerAll | IgnoreShare
    asked: list[tuple[Any, ...]] = field(default_factory=list, compare=False)
    look: Callable[[Any], None] = field(default=lambda view: None, compare=False)

    def lower(self, layout: Layout) -> tuple[int, ...] | None:
        return None

    def start(self, layout: Layout) -> Any:
        self.look(layout)
        return self.policy.start(layout)

    def decide(self, view: ContactView, state: Any) -> Accept | Ignore:
        self.look(view)
        action = self.policy.decide(view, state)
        self.asked.append((view.now, "response", view.channel, view.attempt, view.queued, action))
        return action


def asking(desk: Desk, look: Callable[[Any], None] = lambda view: None) -> tuple[Desk, list[tuple[Any, ...]]]:
    """The same desk with policies that must be asked, and the list in which they note what they are asked."""
    noted: list[tuple[Any, ...]] = []
    assert isinstance(desk.routing, LiveFirst | LongestWait)
    assert isinstance(desk.response, AnswerAll | IgnoreShare)
    routing = AskedRouting(desk.routing, noted, look)
    return replace(desk, routing=routing, response=AskedResponse(desk.response, noted, look)), noted


def reachable(thing: Any) -> Iterator[Any]:
    """The thing and whatever can be got at from it, but for classes and their code."""
    yield thing
    inside: list[Any] = []
    if isinstance(thing, list | tuple | set | frozenset):
        inside = list(thing)
    elif isinstance(thing, dict):
        inside = [*thing.keys(), *thing.values()]
    elif not isinstance(thing, int | str):
        slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
        inside = [*vars(thing).values(), *(getattr(thing, name) for name in slots)]
    for part in inside:
        yield from reachable(part)


@given(desks(), sizes, seeds)
def test_a_view_counts_who_waits(desk: Desk, size: int, seed: int) -> None:
    """At each contact's arrival, as many wait on its channel as the contacts table says."""
    assume(not isinstance(desk.routing, GivenTables))
    here, noted = asking(desk)
    # times to the millisecond: nobody comes or goes in the same tick
    lines = rows(contacts_of(here, random_customers(desk, size, seed, grain=1)))
    moments = Counter(row["offered"] for row in lines)
    moments.update(gone for row in lines if waited_in_line(row) and (gone := gone_at(row)) != row["offered"] and gone)
    for now, kind, channel, _, queued, _ in noted:
        if kind == "response" and moments[now] == 1:
            there = [row for row in lines if row["channel"] == channel and waited_in_line(row) and row["offered"] < now]
            assert queued == sum(gone is None or gone > now for gone in map(gone_at, there))


def reshuffled(customers: Population, contacts: Table, now: int, seed: int) -> Population:
    """The same customers with other luck in everything that nobody can have felt by `now`.

    What is under way may only last longer: its old end, after `now`, is the first that can tell the difference.
    """
    assert isinstance(customers.luck, Told)
    random = np.random.default_rng(seed)
    old, new = customers.luck.told, random_luck(random, len(customers), SECOND)
    mine: dict[int, list[Row]] = defaultdict(list)
    for row in rows(contacts):
        if row["offered"] <= now:
            mine[row["issue"]].append(row)
    for issue, lines in mine.items():
        for row in lines:
            felt_attempt(old, new, issue, row, now)
            if row["answered"] != NEVER and row["answered"] <= now:
                felt_answer(old, new, issue, row, now)
    return replace(customers, luck=replace(customers.luck, told=new))


def felt_attempt(old: Any, new: Any, issue: int, row: Row, now: int) -> None:
    """Keep what an attempt offered by now has shown."""
    here = issue, min(row["attempt"], old["patience"].shape[1]) - 1
    new["ignored"][here] = old["ignored"][here]
    if row["ended"] != NEVER and row["ended"] <= now:
        for name in ("patience", "redial", "redial_delay"):
            new[name][here] = old[name][here]
    else:
        new["patience"][here] = later(old["patience"][here], new["patience"][here])


def felt_answer(old: Any, new: Any, issue: int, row: Row, now: int) -> None:
    """Keep what an answer given by now has shown."""
    here = issue, min(row["answer"], old["handle"].shape[1]) - 1
    if row["ended"] == NEVER or row["ended"] > now:
        new["handle"][here] = max(old["handle"][here], new["handle"][here])
        return
    for name in ("handle", "resolved", "reconnect", "reconnect_delay"):
        new[name][here] = old[name][here]
    if row["freed"] == NEVER or row["freed"] > now:
        new["wrap_up"][here] = max(old["wrap_up"][here], new["wrap_up"][here])
    else:
        new["wrap_up"][here] = old["wrap_up"][here]


def later(one: int, other: int) -> int:
    return NEVER if NEVER in (one, other) else max(one, other)


@given(desks(), sizes, seeds, st.integers(0, 100).map(lambda second: second * SECOND))
def test_luck_that_nobody_has_felt_changes_no_decision(desk: Desk, size: int, seed: int, now: int) -> None:
    """Up to a moment every decision is the same, whatever the luck that would have shown only after it."""
    assume(not isinstance(desk.routing, GivenTables))
    customers = random_customers(desk, size, seed)
    (one, before), (other, after) = asking(desk), asking(desk)
    contacts = contacts_of(one, customers)
    contacts_of(other, reshuffled(customers, contacts, now, seed + 1))
    assert [asked for asked in before if asked[0] <= now] == [asked for asked in after if asked[0] <= now]


@given(desks(), sizes, seeds)
def test_a_policy_that_must_be_asked_does_as_its_tables_say(desk: Desk, size: int, seed: int) -> None:
    """Asked one question at a time, the shipped policies leave the same contacts as by their tables."""
    assume(not isinstance(desk.routing, GivenTables))
    customers = random_customers(desk, size, seed, grain=1)
    assert equal(contacts_of(desk, customers), contacts_of(asking(desk)[0], customers))
