"""A centre at a real helpdesk against the plain one: the same rules; only what the desk takes lies between."""

from __future__ import annotations

import numpy as np
from desks import Crew, Issue, customers, deferrable, desk
from hypothesis import given, settings
from random_desks import centres, rich_customers, seeds, sizes

from sim.desk import Desk
from sim.population.draw import Population
from sim.schemas import NEVER
from sim.simulate.engine import contacts_table, simulate
from sim.simulate.wired import Carried, Delays, WiredCentre
from sim.tables import Array, Table

MINUTE = 60_000
STEPS = ("send", "take", "answer", "see", "reply")


def wired(here: Desk, population: Population, ticks: dict[str, Array], carried: list[Carried] | None = None) -> Table:
    """The contacts of a centre at a desk that takes such times."""
    issues = population.issues
    arrivals = sorted(zip(issues["arrival"].tolist(), range(len(issues)), strict=True))
    ways = carried or [Carried.ENTERED if channel.automatic else Carried.WIRED for channel in here.channels]
    centre = WiredCentre(here, arrivals, issues, population.fates(), Delays(lambda: centre.env, ticks, 1), ways)
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


def test_what_the_desk_takes_lies_between() -> None:
    """A message is offered when it is sent, worked on once it is taken, and over once the answer is there; the agent is
    free for the next only then, and who was not helped comes back after they have seen it."""
    here = desk([Crew(1, ("email",))], [deferrable()])
    people = customers(Issue(0, handle=10, reconnect=30), Issue(1, handle=10))
    delays = {step: np.array([minutes * MINUTE]) for step, minutes in zip(STEPS, (2, 1, 3, 5, 0), strict=True)}
    seen = wired(here, people, delays)
    rows = [
        tuple(seen[name].item(row) // MINUTE for name in ("offered", "answered", "ended")) for row in range(len(seen))
    ]
    assert rows[0] == (2, 3, 16)
    # the second waits for the agent
    assert rows[-1] == (3, 17, 30)
    # 16 + 5 until they have seen it, 30, and 2 to send it again
    assert rows[1] == (53, 54, 67)


@settings(max_examples=25)
@given(centres(), sizes, seeds)
def test_with_delays_nobody_holds_more_than_they_may(here: Desk, size: int, seed: int) -> None:
    """Whatever the desk takes, every contact ends in one way, nothing happens before what it follows from, and of a
    channel on which contacts are held alone no agent holds two."""
    random = np.random.default_rng(seed)
    delays = {step: random.integers(0, 5 * MINUTE, 5) for step in STEPS}
    seen = wired(here, rich_customers(here, size, seed), delays)
    there = seen["ended"] != NEVER
    answered = there & (seen["answered"] != NEVER)
    assert (seen["answered"] >= seen["offered"])[answered].all()
    assert (seen["ended"] >= seen["answered"])[answered].all()
    alone = np.array([channel.at_once == 1 for channel in here.channels])[seen["channel"]]
    held = seen.where(alone & (seen["taken"] != NEVER) & (seen["freed"] != NEVER))
    for group, agent in set(zip(held["group"].tolist(), held["agent"].tolist(), strict=True)):
        mine = held.where((held["group"] == group) & (held["agent"] == agent))
        order = np.argsort(mine["taken"], kind="stable")
        assert (mine["taken"][order][1:] >= mine["freed"][order][:-1]).all()
