"""A random number belongs to its address, whoever asks for it, in whatever company and order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.draws import PAGE, Decision, millionths, uniforms

addresses = st.tuples(
    st.integers(0, 2**64 - 1), st.integers(0, 2**32 - 1), st.sampled_from(Decision), st.integers(0, 2**16 - 1)
)
Address = tuple[int, int, Decision, int]


@given(addresses, st.integers(0, 200), st.integers(1, 40))
def test_a_block_is_a_slice_of_the_long_sequence(address: Address, block: int, size: int) -> None:
    """`size` numbers from block b on are the numbers from 4b on of the sequence from block 0."""
    seed, replication, decision, page = address
    long = uniforms(seed, replication, decision, PAGE * block + size, page=page)
    np.testing.assert_array_equal(
        uniforms(seed, replication, decision, size, page=page, block=block), long[PAGE * block :]
    )


@given(addresses, st.integers(0, 50), st.integers(0, 50))
def test_numbers_do_not_depend_on_how_many_are_asked_for(address: Address, few: int, more: int) -> None:
    """The first n of a longer sequence are the sequence of n."""
    seed, replication, decision, page = address
    long = uniforms(seed, replication, decision, few + more, page=page)
    np.testing.assert_array_equal(uniforms(seed, replication, decision, few, page=page), long[:few])


def test_every_part_of_the_address_counts() -> None:
    """Addresses that differ in the seed, the replication, the decision or the page alone give different numbers."""
    drawn = {
        tuple(uniforms(seed, replication, decision, 4, page=page).tolist())
        for seed in (0, 1, 2**63)
        for replication in (0, 1, 99_999)
        for decision in Decision
        for page in (0, 1, 7)
    }
    assert len(drawn) == 3 * 3 * len(Decision) * 3


def test_neighbouring_addresses_are_uncorrelated() -> None:
    """Sequences of 20,000 at neighbouring addresses correlate by less than 4.5 standard errors."""
    drawn = [
        uniforms(seed, replication, decision, 20_000, page=page)
        for seed in (1, 2)
        for replication in (0, 1)
        for decision in (Decision.PATIENCE, Decision.HANDLE)
        for page in (0, 1)
    ]
    correlations = np.asarray(np.corrcoef(drawn))[np.triu_indices(len(drawn), 1)]
    assert np.abs(correlations).max() < 4.5 / np.sqrt(20_000)


def test_no_number_is_0_or_1(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even the least and the greatest value of the generator give finite quantiles."""

    class Extreme:
        def __init__(self, generator: object) -> None:
            pass

        def random(self, size: int) -> np.ndarray:
            return np.array([0.0, 1.0 - 2.0**-53])

    monkeypatch.setattr(np.random, "Generator", Extreme)
    drawn = uniforms(1, 0, Decision.HANDLE, 2)
    assert np.isfinite(np.log(drawn)).all()
    assert np.isfinite(np.log1p(-drawn)).all()


def test_numbers_are_uniform() -> None:
    """100,000 numbers fill twenty bins evenly (chi-squared with 19 degrees of freedom below its 1 − 10⁻⁵ quantile)."""
    counts = np.histogram(uniforms(1, 0, Decision.ARRIVAL, 100_000), bins=20, range=(0, 1))[0]
    assert np.sum((counts - 5000) ** 2 / 5000) < 58.0


def test_millionths_are_whole_and_below_a_million() -> None:
    """A draw just below 1 is 999,999, one just above 0 is 0."""
    assert millionths(np.array([2.0**-54, 0.25, 1 - 2.0**-53])).tolist() == [0, 250_000, 999_999]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ((1, 0, Decision.ARRIVAL, 0, 0), [0.6936549569383357, 0.06709917949841993, 0.446926026561017]),
        ((1, 0, Decision.PATIENCE, 0, 1_000_000), [0.8962151594513554, 0.5596889242189937, 0.7276993539762688]),
        ((1, 1, Decision.PATIENCE, 7, 3), [0.4802135684442407, 0.6313219685521353, 0.5692443712164081]),
        (
            (2**64 - 1, 2**32 - 1, Decision.MOOD, 2**16 - 1, 2**40),
            [0.2903795354212002, 0.15519688077216542, 0.9541206338715292],
        ),
    ],
)
def test_pinned(address: tuple[int, int, Decision, int, int], expected: list[float]) -> None:
    """These addresses give these numbers. If one changes, what an address means has changed: every population, digest
    and published figure changes with it, a seed in somebody's report no longer repeats it, and two versions of the
    program no longer meet the same customers. That is a new major version, never a repair of this test."""
    seed, replication, decision, page, block = address
    assert uniforms(seed, replication, decision, 3, page=page, block=block).tolist() == expected
