"""The engine against the list twin, row for row, on small random desks with every feature, where everything happens at
once; and what holds on all of them.

Where the two differ, customers are left out one by one as long as they still do, and the first contact in which they
differ is shown, of both.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace

import numpy as np
import pytest
from desks import Told
from hypothesis import given, settings
from random_desks import centres, rich_customers, seeds, some_sizes
from twin import SPELLS, Twin

from sim.desk import Desk
from sim.population.draw import Population
from sim.schemas import NEVER, Cause, Outcome
from sim.simulate.engine import simulate
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
