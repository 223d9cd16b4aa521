"""Mood: the stated moves, closed forms, and a population followed through time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sim.behaviour.leaving import Churning
from sim.behaviour.mood import mood_after, stationary_mood
from sim.errors import SimError
from sim.tables import Floats

CHURNING = Churning()


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


class TestMood:
    def test_moves_down_twice_as_fast_as_up(self) -> None:
        """From 70, an issue at 90 lifts mood to 74 and one at 50 lowers it to 62; no issue leaves it."""
        mood = mood_after(np.full(3, 70.0), np.array([90.0, 50.0, np.nan]), np.zeros(3), CHURNING)
        np.testing.assert_allclose(mood, [74.0, 62.0, 70.0])

    def test_tenure_damps(self) -> None:
        """Two years of tenure leave 0.85² of the move."""
        assert mood_after(np.array([70.0]), np.array([50.0]), np.array([24]), CHURNING)[0] == pytest.approx(
            70 - 8 * 0.7225
        )

    def test_reference_path_of_a_moving_average(self) -> None:
        """With 0.3 both ways, 0.8 goes by 1, 0, 0, 1, 0.5 along 0.86, 0.602, 0.4214, 0.59498, 0.566486 (case CX-07)."""
        churning = replace(CHURNING, adapt_up=0.3, adapt_down=0.3)
        mood, path = np.array([0.8]), []
        for score in (1.0, 0.0, 0.0, 1.0, 0.5):
            mood = mood_after(mood, np.array([score]), np.zeros(1), churning)
            path.append(float(mood[0]))
        np.testing.assert_allclose(path, [0.86, 0.602, 0.4214, 0.59498, 0.566486], rtol=1e-12)


class TestStationaryMood:
    def test_closed_form_of_a_mood_without_memory(self) -> None:
        """Where mood becomes the S of each issue (a = 1) and a quarter of them end at 20, the rest at 100: C_ref = 80,
        and C − C_ref is −60·(1 − q/0.25)^{γ/ν} at quantile q < 0.25, 20·((q − 0.25)/0.75)^{γ/ν} above."""
        churning = replace(CHURNING, adapt_up=1.0, adapt_down=1.0)
        c_ref, quantiles = stationary_mood(np.array([20.0, 100.0, 100.0, 100.0]), churning, issues_per_month=0.08)
        q, power = np.linspace(0, 1, 101), np.log(2) / 6 / 0.08
        below = -60 * (1 - np.minimum(q / 0.25, 1)) ** power
        above = 20 * np.maximum((q - 0.25) / 0.75, 0) ** power
        assert c_ref == pytest.approx(80.0, abs=0.02)
        np.testing.assert_allclose(quantiles, 80.0 + below + above, atol=0.1)

    def test_evenly_weighted_mood_keeps_the_mean_of_its_issues(self) -> None:
        """With a = 0.3 both ways, C_ref is the mean of S."""
        sample = 100 * rng(4).beta(4, 1, 4000)
        churning = replace(CHURNING, adapt_up=0.3, adapt_down=0.3)
        assert stationary_mood(sample, churning)[0] == pytest.approx(sample.mean(), abs=0.02)

    @pytest.mark.parametrize("tenure", [None, np.array([0, 6, 30, 90])])
    def test_an_independent_simulation_in_time_stays_there(self, tenure: Any) -> None:
        """Moods followed through 120 months of Poisson issues keep the mean C_ref and the stated quantiles."""
        sample = np.where(rng(5).random(3000) < 0.75, 88.0, 25.0) + rng(6).normal(0, 4, 3000)
        c_ref, quantiles = stationary_mood(sample, CHURNING, tenure_months=tenure)
        moods = follow(c_ref, sample, np.zeros(1) if tenure is None else tenure)
        assert moods.mean() == pytest.approx(c_ref, abs=5 * moods.std() / np.sqrt(len(moods)) + 0.02)
        assert np.quantile(moods, [0.25, 0.5, 0.75]) == pytest.approx(quantiles[[25, 50, 75]], abs=0.15)

    def test_repeats_to_the_last_bit(self) -> None:
        """The same sample, in any order and with unknown values added, gives the same figures."""
        sample = 100 * rng(7).beta(4, 1, 500)
        first = stationary_mood(sample, CHURNING)
        again = stationary_mood(np.append(sample[::-1], np.nan), CHURNING)
        assert first[0] == again[0]
        np.testing.assert_array_equal(first[1], again[1])

    def test_where_all_issues_end_alike_so_does_mood(self) -> None:
        """With every S at 80, C_ref and all quantiles are 80."""
        c_ref, quantiles = stationary_mood(np.full(5, 80.0), CHURNING)
        assert c_ref == 80.0
        np.testing.assert_allclose(quantiles, 80.0)

    def test_nothing_to_settle_on_is_refused(self) -> None:
        """An empty run has no stationary mood."""
        with pytest.raises(SimError, match="no satisfaction"):
            stationary_mood(np.array([np.nan]), CHURNING)


def follow(c_ref: float, sample: Floats, tenures: Any, months: float = 120.0, customers: int = 40_000) -> Floats:
    """Moods at a fixed time, by exponential gaps: shares with `stationary_mood` only `mood_after`."""
    draws = rng(8)
    tenure = draws.choice(tenures, customers)
    mood, clock = np.full(customers, c_ref), np.zeros(customers)
    while np.any(clock < months):
        following = clock + draws.exponential(1 / 0.08, customers)
        lapse = np.minimum(following, months) - np.minimum(clock, months)
        mood = c_ref + (mood - c_ref) * 0.5 ** (lapse / CHURNING.half_life_months)
        met = np.where(following < months, draws.choice(sample, customers), np.nan)
        mood, clock = mood_after(mood, met, tenure, CHURNING), following
    return mood
