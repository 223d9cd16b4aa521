"""The engine against the list twin, row for row, on small random desks with every feature, where everything happens at
once; and what holds on all of them.

Where the two differ, customers are left out one by one as long as they still do, and the first contact in which they
differ is shown, of both.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from desks import MINUTE, Crew, Issue, Told, customers, deferrable, desk, live, machine
from hypothesis import given, settings
from random_desks import (
    GivenResponses,
    GivenTables,
    centres,
    desks,
    random_customers,
    rich_customers,
    seeds,
    sizes,
    some_sizes,
)
from twin import Twin

from sim.desk import ONE, Desk, Group
from sim.policies.base import BANDS, CONTRACTS, RoutingTables
from sim.policies.routing import LiveFirst
from sim.population.draw import Population
from sim.schemas import NEVER, SPELLS, Cause, Outcome
from sim.simulate.engine import Run, simulate
from sim.tables import Table

Row = dict[str, int]


def rows(table: Table) -> list[Row]:
    columns = {name: table[name].tolist() for name in table.names}
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def first_difference(desk: Desk, customers: Population) -> str | None:
    """What the engine and the twin first disagree about; None where they agree in every column."""
    run, oracle = simulate(desk, customers), Twin(desk, customers)
    oracle.run()
    expected, spells = oracle.table(), oracle.spells()
    assert run.contacts.names == expected.names
    ours = {(row["issue"], row["attempt"]): row for row in rows(run.contacts)}
    theirs = {(row["issue"], row["attempt"]): row for row in rows(expected)}
    for key in sorted(ours.keys() | theirs.keys(), key=lambda key: (ours.get(key) or theirs[key])["offered"]):
        if ours.get(key) != theirs.get(key):
            return f"contact {key}\nengine {words(ours.get(key))}\ntwin   {words(theirs.get(key))}"
    pairs = [sorted(tuple(row[name] for name in SPELLS) for row in rows(table)) for table in (run.spells, spells)]
    if pairs[0] != pairs[1]:
        apart = [sorted(set(pairs[0]) - set(pairs[1])), sorted(set(pairs[1]) - set(pairs[0]))]
        return f"spells {SPELLS}\nengine alone {apart[0]}\ntwin alone   {apart[1]}"
    return None if run.capped == oracle.capped else f"capped: engine {run.capped}, twin {oracle.capped}"


def words(row: Row | None) -> str:
    """A row for people: what is not empty, and the names of codes."""
    if row is None:
        return "has no such row"
    told = {name: value for name, value in row.items() if value not in (0, NEVER) or name in ("offered", "channel")}
    told |= {"cause": Cause(row["cause"]).name, "outcome": Outcome(row["outcome"]).name}
    return " ".join(f"{name}={value}" for name, value in told.items())


def some_of(customers: Population, kept: list[int]) -> Population:
    """These issues alone, with their luck."""
    assert isinstance(customers.luck, Told)
    told = {name: values[kept] for name, values in customers.luck.told.items()}
    return Population(customers.issues.where(np.array(kept)), replace(customers.luck, told=told), None)


def assert_the_same(desk: Desk, customers: Population) -> None:
    difference = first_difference(desk, customers)
    if difference is None:
        return
    kept = list(range(len(customers)))
    for issue in reversed(range(len(customers))):
        fewer = [one for one in kept if one != issue]
        if fewer and (smaller := first_difference(desk, some_of(customers, fewer))):
            kept, difference = fewer, smaller
    pytest.fail(f"{len(kept)} of the customers are enough\n{difference}\n\n{spelt(desk)}")


def spelt(desk: Desk) -> str:
    """The desk a line a thing, without what is as usual."""
    things = [*desk.channels, *desk.groups, *(person for group in desk.groups for person in group.people)]
    for policy in (desk.routing, desk.response):
        things.append(getattr(policy, "tables", policy))
    lines = [f"queues {desk.queues} of {desk.queue_of} first {desk.answers_first} then {desk.answers_then}"]
    for thing in things:
        told = {field.name: getattr(thing, field.name) for field in fields(thing)}
        usual = {field.name: field.default for field in fields(thing)}
        unlike = ", ".join(f"{name}={value!r}" for name, value in told.items() if value != usual[name])
        lines.append(f"{type(thing).__name__} {unlike}")
    return "\n".join([*lines, f"starts {desk.starts} ends {desk.ends}"])


@given(centres(), some_sizes, seeds)
def test_the_engine_and_the_twin_agree_row_for_row(desk: Desk, size: int, seed: int) -> None:
    """The engine leaves the same contacts as the list twin, in every column, and the same spells."""
    assert_the_same(desk, rich_customers(desk, size, seed))


@given(desks(), sizes, seeds)
def test_the_engine_and_the_twin_agree_on_plain_desks(desk: Desk, size: int, seed: int) -> None:
    """Where a desk has no more than channels, groups and levels, too."""
    assert_the_same(desk, random_customers(desk, size, seed))


MANY = 1500
SELDOM = {"taken by one who is over", "callback booked past closing", "silent leaver put back"}
"""What happens on fewer than one desk in a hundred."""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_engine_and_the_twin_agree_on_many_random_desks(capsys: pytest.CaptureFixture[str]) -> None:
    """On 1,500 desks that nobody has seen before the engine leaves the same contacts as the list twin; and everything
    that a desk can do happened on some of them, so none of it is compared in vain."""
    happened: Counter[str] = Counter()

    @settings(max_examples=MANY, derandomize=False, deadline=None)
    @given(centres(), some_sizes, seeds)
    def compare(desk: Desk, size: int, seed: int) -> None:
        customers = rich_customers(desk, size, seed)
        assert_the_same(desk, customers)
        happened.update(what_happened(desk, customers))

    compare()
    with capsys.disabled():
        print(f"\n{happened['desks']:,} random desks, {happened['contacts']:,} contacts, 0 differences")
    missed = {name for name in EVERYTHING if not happened[name]}
    assert missed <= SELDOM, missed


EVERYTHING = {
    *(outcome.name for outcome in Outcome), *(f"cause {cause.name}" for cause in Cause),
    "front", "machine down", "outage met a customer", "escalated work", "sticky", "interruption",
    "interruption of several", "interruption by overflow", "overflow", "looked and took nothing", "floor",
    "kept in reserve", "balked", "stays longer", "callback in order", "callback booked", "callback booked past closing",
    "chaser", "turned away from a message", "silent leaver", "silent leaver found out", "silent leaver put back",
    "put back", "called and taken at once", "wrap-up cut short", "over at the end of a span", "came while over",
    "taken by one who is over", "reply", "transfer", "quality", "planned, then solved", "capped", "retained", "asked",
}  # fmt: skip


def what_happened(desk: Desk, customers: Population) -> Counter[str]:
    """How often each of `EVERYTHING`, by the twin's own account."""
    oracle = Twin(desk, customers)
    oracle.run()
    contacts = oracle.table()
    happened = oracle.seen + Counter({"desks": 1, "contacts": len(contacts), "capped": oracle.capped})
    happened.update(Outcome(outcome).name for outcome in contacts["outcome"].tolist())
    happened.update(f"cause {Cause(cause).name}" for cause in contacts["cause"].tolist())
    happened.update({name: int((contacts[name] != NEVER).sum()) for name in ("retained", "asked")})
    return happened


# --- cases in which they differed ------------------------------------------------------------------------------------


def tables(*delays: int, **more: Any) -> GivenTables:
    """One queue, whose groups may take it after so many minutes; `more` as in `RoutingTables`."""
    return GivenTables(RoutingTables((tuple(delay * MINUTE for delay in delays),), ((0,) * len(delays),), **more))


def with_speeds(here: Desk, *speed: int) -> Desk:
    """The desk, whose one person has these speeds by span."""
    (group,) = here.groups
    return replace(here, groups=(replace(group, people=(replace(group.people[0], speed=speed),)),))


SEGMENTS_RANKED = tuple(segment for segment in (2, 1) for _ in range(len(BANDS) + 1) for _ in range(CONTRACTS * 4))
BOT = machine("bot", lines=1)
FASTER_FIRST = desk(
    [Crew(0, ["phone", "email"], people=[[(0, 5), (7, 900)]])], [live(), deferrable(interruptible=True)]
)
FASTER_FIRST = with_speeds(FASTER_FIRST, ONE, ONE // 2)
CASES = {
    "work put back is left at the speed at which it was taken up": (
        FASTER_FIRST,
        [Issue(0, 20, channel=1), Issue(10, 1)],
        (0, 1),
        {"taken": 12, "ended": 32},
    ),
    "who finds a silent leaver has not answered the customer": (
        desk([Crew(2)], [live(silent_work=MINUTE)], routing=tables(0, sticky=True)),
        [Issue(0, 10), Issue(0, 10.5), Issue(1, 1, 2, redial=30, silent=True)],
        (2, 2),
        {"taken": 33, "agent": 1},
    ),
    "an overflow is for who was put back, too": (
        desk([Crew([(0, 0), (1, 1), (5, 0)], drops=True), Crew(1)], routing=tables(0, 10)),
        [Issue(0, 20)],
        (0, 1),
        {"answered": 1, "taken": 10, "group": 1, "ended": 26},
    ),
    "who was answered at once goes back with their own urgency": (
        desk(
            [Crew([(0, 1), (5, 0), (6, 1)], drops=True)],
            routing=tables(0, urgency=SEGMENTS_RANKED),
            segments=("all", "some"),
        ),
        [Issue(0, 20), Issue(1, 3, segment=1)],
        (1, 1),
        {"answered": 6},
    ),
    "the floor of a group with one queue holds against its reserve": (
        desk([Crew([(0, 0), (1, 1)], ["email"])], [deferrable()], routing=tables(0, reserve=(1,), floor=(1,))),
        [Issue(0, 5)],
        (0, 1),
        {"answered": 1},
    ),
    "a machine with nowhere to escalate to escalates nobody": (
        desk([Crew(1, ["phone"])], [live(), machine()]),
        [Issue(0, 2, channel=1, escalate=True, reconnect=5)],
        (0, 2),
        {"offered": 7, "channel": 1, "cause": Cause.RECONNECT},
    ),
    "who comes to the front again still wants the channel behind it": (
        desk([Crew(1, ["phone"])], [live(front=1), BOT]),
        [Issue(0, 5, channel=1), Issue(1, 2, front=True, redial=9, solved=False, escalate=True)],
        (1, 3),
        {"offered": 12, "channel": 0, "cause": Cause.ESCALATION},
    ),
}


@pytest.mark.parametrize("title", CASES)
def test_engine_and_twin_agree_where_they_once_differed(title: str) -> None:
    """The contact goes as the rules say, in the engine and in the twin."""
    here, issues, key, cells = CASES[title]
    people = customers(*issues)
    assert_the_same(here, people)
    (row,) = [row for row in rows(simulate(here, people).contacts) if (row["issue"], row["attempt"]) == key]
    counted = {"agent", "group", "channel", "cause"}
    assert {name: row[name] if name in counted else row[name] / MINUTE for name in cells} == cells


# --- laws ------------------------------------------------------------------------------------------------------------

BY_NOBODY = {"group", "agent", "taken", "freed", "asked", "replied", "retained"}
UNANSWERED = BY_NOBODY | {"answered", "answer", "resolved"}
EMPTY: dict[Outcome, set[str]] = {
    Outcome.OPEN: {"ended", "freed", "resolved"},
    Outcome.CALLBACK_PENDING: {"ended", "freed", "resolved"},
    Outcome.ABANDONED: UNANSWERED - {"group", "agent", "taken", "freed"},
    Outcome.BLOCKED: UNANSWERED,
    Outcome.IGNORED: UNANSWERED | {"ended"},
    Outcome.TURNED_AWAY: UNANSWERED,
    Outcome.DISCONNECTED: BY_NOBODY | {"resolved"},
    Outcome.CONTAINED: BY_NOBODY,
    Outcome.DEFLECTED: UNANSWERED,
    Outcome.OUTSOURCED: BY_NOBODY,
    Outcome.WITHDRAWN: UNANSWERED,
}
"""By outcome, the cells that are empty."""
ANSWER = {"answered", "answer", "taken", "group", "agent", "ended", "resolved"}
FULL: dict[Outcome, set[str]] = {
    Outcome.ANSWERED: ANSWER,
    Outcome.CALLED_BACK: ANSWER,
    Outcome.TRANSFERRED: {"answered", "answer", "ended", "resolved"},
    Outcome.CONTAINED: {"ended", "resolved"},
    Outcome.OUTSOURCED: {"answered", "answer"},
}
"""By outcome, the cells that are filled; but for those that need not be, `ended` always is."""
NOT_ENDED = {Outcome.OPEN, Outcome.CALLBACK_PENDING, Outcome.IGNORED, Outcome.OUTSOURCED}
FOLLOWS: dict[Cause, set[Outcome]] = {
    Cause.REDIAL: {Outcome.ABANDONED, Outcome.BLOCKED, Outcome.TURNED_AWAY},
    Cause.RECONNECT: {Outcome.ANSWERED, Outcome.CALLED_BACK, Outcome.CONTAINED, Outcome.OUTSOURCED},
    Cause.DEFLECTION: {Outcome.DEFLECTED},
    Cause.ESCALATION: {Outcome.TRANSFERRED, Outcome.TURNED_AWAY, Outcome.DISCONNECTED},
    Cause.TRANSFER: {Outcome.TRANSFERRED},
}
"""How an earlier contact of the issue ended from which such a contact follows. Who turns to another channel, or
complains in public, may have left a message that is answered later."""


@given(centres(), some_sizes, seeds)
def test_every_contact_ends_in_one_way_and_leaves_the_cells_of_that_way(desk: Desk, size: int, seed: int) -> None:
    """Every issue that arises is offered, and the cells of each contact are those of its one outcome."""
    customers = rich_customers(desk, size, seed)
    contacts = simulate(desk, customers).contacts
    arisen = np.flatnonzero(customers.issues["arrival"] < desk.ends)
    assert contacts["issue"][contacts["attempt"] == 1].tolist() == arisen.tolist()
    for row in rows(contacts):
        outcome = Outcome(row["outcome"])
        filled = {name for name in UNANSWERED | {"ended"} if row[name] != NEVER}
        assert not filled & EMPTY.get(outcome, set())
        assert filled >= FULL.get(outcome, set())
        assert "ended" in filled or outcome in NOT_ENDED


@given(centres(), some_sizes, seeds)
def test_a_contact_that_is_not_the_first_follows_from_an_earlier_one(desk: Desk, size: int, seed: int) -> None:
    """A further contact comes no earlier than the end of one from which such a contact follows, and never after the
    issue has been solved."""
    table = rows(simulate(desk, rich_customers(desk, size, seed)).contacts)
    for row in table:
        before = [one for one in table if one["issue"] == row["issue"] and one["attempt"] < row["attempt"]]
        assert (row["cause"] == Cause.FIRST) == (row["attempt"] == 1) == (not before)
        if (cause := Cause(row["cause"])) in FOLLOWS:
            ended = [one["ended"] for one in before if one["outcome"] in FOLLOWS[cause]]
            assert any(NEVER < end <= row["offered"] for end in ended)
        # solved in the tick of its offer it may still have been offered: by a message, or an answer of no time
        assert not any(one["resolved"] == 1 and one["ended"] < row["offered"] for one in before)


@given(centres(), some_sizes, seeds)
def test_nothing_happens_before_what_it_follows_from(desk: Desk, size: int, seed: int) -> None:
    """offered ≤ answered ≤ taken ≤ ended ≤ freed (silent leavers are found out after they have gone), where they
    happened, all before the clock stops."""
    for row in rows(simulate(desk, rich_customers(desk, size, seed)).contacts):
        silent = row["outcome"] == Outcome.ABANDONED
        order = ("offered", "ended", "taken", "freed") if silent else ("offered", "answered", "taken", "ended", "freed")
        for names in (order, ("offered", "answered", "asked", "replied", "ended")):
            happened = [row[name] for name in names if row[name] != NEVER]
            assert happened == sorted(happened)
            assert happened[-1] < desk.ends


@given(centres(), some_sizes, seeds)
def test_the_same_arguments_give_the_same_contacts(desk: Desk, size: int, seed: int) -> None:
    """A replication is decided by the desk and the population alone."""
    one, other = (simulate(desk, rich_customers(desk, size, seed)) for _ in range(2))
    assert rows(one.contacts) == rows(other.contacts)
    assert rows(one.spells) == rows(other.spells)


Stretch = tuple[int, int, int]
"""(from, to, channel)"""


def in_hand(desk: Desk, run: Run) -> dict[tuple[int, int], list[Stretch]]:
    """What each agent (group, number) held, from when to when, where that took any time."""
    held: dict[tuple[int, int], list[Stretch]] = defaultdict(list)
    put_back = set()
    for row in rows(run.spells):
        held[row["group"], row["agent"]].append((row["from"], row["to"], row["channel"]))
        put_back.add((row["issue"], row["attempt"], row["from"]))
    for row in rows(run.contacts):
        if row["taken"] != NEVER and (row["issue"], row["attempt"], row["taken"]) not in put_back:
            until = desk.ends if row["freed"] == NEVER else row["freed"]
            held[row["group"], row["agent"]].append((row["taken"], until, row["channel"]))
    return {agent: [one for one in mine if one[0] < one[1]] for agent, mine in held.items()}


@given(centres(), some_sizes, seeds)
def test_nobody_holds_more_than_they_may(desk: Desk, size: int, seed: int) -> None:
    """An agent holds at most as many contacts as the channel allows, all of one channel that the group answers."""
    for (group, _), held in in_hand(desk, simulate(desk, rich_customers(desk, size, seed))).items():
        for start, _, channel in held:
            together = [one for one in held if one[0] <= start < one[1]]
            assert len(together) <= desk.channels[channel].at_once
            assert {one[2] for one in together} <= {channel}
            assert group in desk.answering(channel)


@given(centres(), some_sizes, seeds)
def test_nobody_works_beyond_their_shift(desk: Desk, size: int, seed: int) -> None:
    """People take contacts in their spans, or when over them, who still waits on a live channel that has closed; who
    drops their work has nothing in hand at the end of a span, nor more agents than the level."""
    held_by = in_hand(desk, simulate(desk, rich_customers(desk, size, seed)))
    for (number, agent), held in held_by.items():
        group = desk.groups[number]
        for start, end, channel in held if group.people else ():
            # who leaves first of those who leave in one tick may hand over to who leaves next
            spans = [span for span in group.people[agent].on if span[0] <= start <= span[1]]
            closed = desk.channels[channel].live and not desk.channels[channel].is_open(start)
            assert spans or (closed and not group.drops)
            assert not group.drops or end <= min(spans[0][1], desk.ends)
    for number, group in enumerate(desk.groups):
        if group.drops and not group.people:
            for tick, level in group.levels:
                mine = [held for (g, _), held in held_by.items() if g == number]
                assert sum(any(start < tick < end for start, end, _ in held) for held in mine) <= level


@given(centres(), some_sizes, seeds)
def test_nobody_is_idle_while_somebody_waits_for_them(desk: Desk, size: int, seed: int) -> None:
    """Without delays and reserve, whoever has nobody yet finds no idle agent of a group that may answer them."""
    assert isinstance(desk.response, GivenResponses)
    # a booked callback waits for its time, not for an agent
    uncalled = GivenResponses(replace(desk.response.tables, callback=()))
    here = replace(desk, routing=LiveFirst(), response=uncalled)
    run = simulate(here, rich_customers(here, size, seed))
    held_by = in_hand(here, run)
    waits = [waited for row in rows(run.contacts) if (waited := first_wait(here, row))]
    moments = {moment for held in held_by.values() for stretch in held for moment in stretch[:2]}
    moments |= {moment for _, start, end in waits for moment in (start, end)}
    moments |= {tick for group in here.groups for tick, _ in group.levels} | {
        moment for group in here.groups for person in group.people for span in person.on for moment in span
    }
    for tick in sorted(moment for moment in moments if here.starts <= moment < here.ends):
        waiting = {queue for queue, start, end in waits if start <= tick < end}
        for number, group in enumerate(here.groups):
            if waiting.intersection(here.answers[number]):
                busy = {a for (g, a), held in held_by.items() if g == number and any(s <= tick < e for s, e, _ in held)}
                assert idle(group, busy, tick) <= 0


def first_wait(desk: Desk, row: Row) -> tuple[int, int, int] | None:
    """(queue, from, to) of a contact's wait for its first agent; None: it did not queue, or it is a callback."""
    outcome = Outcome(row["outcome"])
    if outcome in (Outcome.IGNORED, Outcome.CALLBACK_PENDING, Outcome.CALLED_BACK):
        return None
    ends = [row[name] for name in ("answered", "ended") if row[name] != NEVER]
    return desk.queue(row["channel"], row["intent"]), row["offered"], min(ends, default=desk.ends)


def idle(group: Group, busy: set[int], tick: int) -> int:
    """How many are there with nothing in hand."""
    if group.people:
        there = {a for a, person in enumerate(group.people) if any(come <= tick < go for come, go in person.on)}
        return len(there - busy)
    level = next(level for at, level in reversed(group.levels) if at <= tick)
    return level - len(busy)


@given(centres(), some_sizes, seeds)
def test_queue_length_is_rate_times_wait(desk: Desk, size: int, seed: int) -> None:
    """Little's law, exactly and for each queue: the number waiting for a first agent, integrated over time, is the sum
    of the waits, and it is never negative."""
    table = rows(simulate(desk, rich_customers(desk, size, seed)).contacts)
    waits = [waited for row in table if (waited := first_wait(desk, row))]
    for queue in range(len(desk.channel_of_queue)):
        mine = [(start, end) for number, start, end in waits if number == queue]
        change = Counter(start for start, _ in mine)
        change.subtract(Counter(end for _, end in mine))
        length, area, last = 0, 0, desk.starts
        for tick in sorted(change):
            area += length * (tick - last)
            length, last = length + change[tick], tick
            assert length >= 0
        assert length == 0
        assert area == sum(end - start for start, end in mine)


TIMES = ("answered", "ended", "freed", "taken", "asked", "replied")


@given(centres(), some_sizes, seeds)
def test_an_issue_that_has_not_arisen_changes_nothing(desk: Desk, size: int, seed: int) -> None:
    """With one issue more, the last, all that happened to the others before it arises is the same."""
    more = rich_customers(desk, size, seed)
    assert isinstance(more.luck, Told)
    fewer = some_of(more, list(range(size - 1)))
    arises = int(more.issues["arrival"][size - 1])
    before, after = (
        {(row["issue"], row["attempt"]): row for row in rows(simulate(desk, one).contacts) if row["offered"] < arises}
        for one in (fewer, more)
    )
    assert before.keys() == after.keys()
    for key, row in before.items():
        for name in TIMES:
            then = [one[name] if one[name] < arises else NEVER for one in (row, after[key])]
            # what was put back before is taken anew later
            assert then[0] == then[1] or name in ("taken", "freed")
        if NEVER < row["answered"] < arises:
            assert row["answer"] == after[key]["answer"]
