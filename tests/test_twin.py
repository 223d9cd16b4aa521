"""The SimPy engine against the list twin, row for row, on small random desks where everything happens at once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from random_desks import desks, random_customers, seeds, sizes
from twin import Twin

from sim.desk import Desk
from sim.simulate.engine import simulate


def assert_the_same(desk: Desk, size: int, seed: int) -> None:
    customers = random_customers(desk, size, seed)
    run, oracle = simulate(desk, customers), Twin(desk, customers)
    oracle.run()
    expected = oracle.table()
    assert run.contacts.names == expected.names
    for name in expected.names:
        assert run.contacts[name].tolist() == expected[name].tolist(), name
    assert run.capped == oracle.capped


@given(desks(), sizes, seeds)
def test_the_engine_and_the_twin_agree_row_for_row(desk: Desk, size: int, seed: int) -> None:
    """The SimPy engine leaves the same contacts as the list twin, in every column."""
    assert_the_same(desk, size, seed)


@pytest.mark.slow
@settings(max_examples=1500, derandomize=False, deadline=None)
@given(desks(), sizes, seeds)
def test_the_engine_and_the_twin_agree_on_many_random_desks(desk: Desk, size: int, seed: int) -> None:
    """On 1,500 desks that nobody has seen before, the SimPy engine leaves the same contacts as the list twin."""
    assert_the_same(desk, size, seed)
