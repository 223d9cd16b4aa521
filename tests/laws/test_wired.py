"""A centre at a real helpdesk against the plain one: the same rules; only what the desk takes lies between."""

from __future__ import annotations

import numpy as np
import pytest
from desks import customers, deferrable, desk
from hypothesis import given, settings
from random_desks import centres, rich_customers, seeds, sizes

from sim.desk import Desk
from sim.population.draw import Population
from sim.simulate.engine import contacts_table, simulate
from sim.simulate.wired import Carried, Delays, WiredCentre
from sim.tables import Array, Table

MINUTE = 60_000


def wired(desk: Desk, population: Population, ticks: dict[str, Array], carried: list[Carried] | None = None) -> Table:
    """The contacts of a centre at a desk that takes such times."""
    issues = population.issues
    arrivals = sorted(zip(issues["arrival"].tolist(), range(len(issues)), strict=True))
    ways = carried or [Carried.ENTERED if channel.automatic else Carried.WIRED for channel in desk.channels]
    centre = WiredCentre(
        desk, arrivals, issues, population.fates(), Delays(lambda: centre.env, ticks, 1), ways
    )
    centre.run()
    return contacts_table(centre, issues)


def differences(one: Table, other: Table) -> list[str]:
    return [name for name in one.names if not np.array_equal(one[name], other[name])]


@settings(max_examples=60)
@given(centres(), sizes, seeds)
def test_a_desk_that_takes_no_time_changes_nothing(here: Desk, size: int, seed: int) -> None:
    """With no delays the contacts of a wired centre are those of the plain one, in every column."""
    population = rich_customers(here, size, seed)
    plain = simulate(here, population).contacts
    assert differences(plain, wired(here, population, {})) == []
