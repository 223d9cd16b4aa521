"""The constants of the reference run are those that the reference run gives."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sim.measures import reference

sys.path.insert(0, str(Path(__file__).parents[1] / "docs" / "validation"))

from reference_run import derive  # type: ignore[import-not-found]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_stored_constants_are_derived_again() -> None:
    """`docs/validation/reference_run.py` gives what `sim.measures.reference` holds, to the digits stored."""
    found = derive()
    assert found.alpha == pytest.approx(reference.ALPHA, abs=6e-5)
    assert found.cut_points == pytest.approx(reference.CUT_POINTS, abs=6e-3)
    assert found.c_ref == pytest.approx(reference.C_REF, abs=6e-4)
    assert found.scale == pytest.approx(reference.SCALE, abs=6e-5)
    assert found.mood == pytest.approx(reference.MOOD, abs=6e-3)


def test_the_constants_fit_together() -> None:
    """Cut-points rise, moods rise and hold the reference mood, and a lower β leaves a larger scale no smaller."""
    assert list(reference.CUT_POINTS) == sorted(reference.CUT_POINTS)
    assert list(reference.MOOD) == sorted(reference.MOOD)
    assert len(reference.MOOD) == 101
    assert reference.MOOD[0] < reference.C_REF < reference.MOOD[-1]
    assert list(reference.SCALE) == sorted(reference.SCALE, reverse=True)
    assert set(reference.ALPHA) == set(reference.MEANS)
