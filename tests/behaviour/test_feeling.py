"""Satisfaction and its survey: the stated effects, closed forms, and figures worked out independently."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sim.behaviour.feeling import (
    SURVEY_SHARES,
    Feeling,
    calibrate_alpha,
    fit_cut_points,
    noisy_satisfaction,
    perceived_gain,
    replies,
    satisfaction_logit,
    survey_score,
)
from sim.errors import SimError

FEELING = Feeling()
LOGIT_OF_80 = np.log(4.0)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


def one_issue(**happened: Any) -> float:
    """S of an issue that would end at 80, with a wait just as expected, but for what happened."""
    quiet: dict[str, Any] = {
        "unresolved": np.array([False]),
        "repeats": np.array([0]),
        "ignored": np.array([False]),
        "got_answer": np.array([True]),
        "gain": np.array([0.0]),
    }
    facts = quiet | {name: np.array([value]) for name, value in happened.items()}
    z = LOGIT_OF_80 + satisfaction_logit(feeling=FEELING, **facts)[0]
    return float(100.0 / (1.0 + np.exp(-z)))


class TestWaiting:
    def test_anchor_points_of_the_gain(self) -> None:
        """No wait is worth 3 points, the expected wait nothing, an endless one −12, an unknown one NaN."""
        gain = perceived_gain(np.array([0.0, 60.0, np.inf, np.nan]), 60.0, FEELING)
        np.testing.assert_allclose(gain, [3.0, 0.0, -12.0, np.nan], atol=1e-12)

    def test_half_and_double_the_expectation(self) -> None:
        """Half the expected wait gains 1.336 points, twice costs 3.966, four times 8.102."""
        half, twice, four_times = 1 - 0.5**0.85, 1 - 2**0.85, 1 - 4**0.85
        gain = perceived_gain(np.array([30.0, 120.0, 240.0]), 60.0, FEELING)
        expected = [3 * half, -12 * (1 - np.exp(twice / 2)), -12 * (1 - np.exp(four_times / 2))]
        np.testing.assert_allclose(gain, expected, rtol=1e-12)
        np.testing.assert_allclose(gain, [1.336, -3.966, -8.102], atol=5e-4)

    @pytest.mark.parametrize("loss_aversion", [1.0, 2.0, 2.5])
    def test_loss_aversion_is_the_ratio_of_slopes(self, loss_aversion: float) -> None:
        """Just past the expectation the loss is loss_aversion times as steep as the gain just before."""
        step = 1e-5
        feeling = replace(FEELING, loss_aversion=loss_aversion)
        before, after = perceived_gain(np.array([1.0 - step, 1.0 + step]), 1.0, feeling)
        assert -after / before == pytest.approx(loss_aversion, rel=1e-4)

    def test_each_contact_has_its_channels_expectation(self) -> None:
        """An hour is as expected on a channel that answers in an hour and a loss on one that answers in a minute."""
        gain = perceived_gain(np.array([3600.0, 3600.0]), np.array([3600.0, 60.0]), FEELING)
        assert gain[0] == 0.0
        assert gain[1] < -11.9


class TestSatisfaction:
    @pytest.mark.parametrize(
        ("happened", "effect"),
        [
            ({}, 0.0),
            ({"unresolved": True}, -33.1),
            ({"repeats": 1}, -15.1),
            ({"transfers": 1}, -6.7),
            ({"personal": True}, 2.9),
        ],
    )
    def test_stated_effects_at_80(self, happened: dict[str, Any], effect: float) -> None:
        """At S = 80: −33 unresolved, −15 a repeat, −7 a transfer, +3 personal."""
        assert one_issue(**happened) - 80.0 == pytest.approx(effect, abs=0.05)

    @pytest.mark.parametrize("unresolved", [True, False])
    def test_an_ignored_message_ends_near_12(self, unresolved: bool) -> None:
        """An ignored message is unresolved too, said or not, and ends near 12."""
        assert one_issue(ignored=True, unresolved=unresolved, got_answer=False) == pytest.approx(12.0, abs=0.1)

    def test_effects_add_up_on_the_logistic_scale(self) -> None:
        """Two repeats, an unresolved issue and two transfers end at 100/(1 + e^−(ln 4 − 1.54 − 1.51 − 0.75))."""
        z = np.log(4) - 1.54 - 1.51 - 0.75
        assert one_issue(repeats=2, unresolved=True, transfers=2) == pytest.approx(100 / (1 + np.exp(-z)), rel=1e-12)

    def test_a_point_of_gain_is_a_point_of_satisfaction_at_80(self) -> None:
        """Near S = 80 the slope of S over G is 1."""
        assert one_issue(gain=0.01) - one_issue(gain=-0.01) == pytest.approx(0.02, rel=1e-6)

    def test_without_an_answer_a_short_wait_is_no_gain(self) -> None:
        """Who abandons at once gains nothing by the short wait; a loss still counts; an unknown wait stays unknown."""
        assert one_issue(gain=3.0, got_answer=False) == one_issue(gain=0.0, got_answer=False)
        assert one_issue(gain=3.0, got_answer=True) > one_issue(gain=0.0, got_answer=True)
        assert one_issue(gain=-5.0, got_answer=False) == one_issue(gain=-5.0)
        assert np.isnan(one_issue(gain=np.nan, got_answer=False))

    def test_alpha_meets_the_benchmark(self) -> None:
        """With the calibrated α the mean satisfaction of the same issues is the target; NaN does not count."""
        rest = np.append(rng().normal(-0.5, 1.2, 5000), np.nan)
        alpha = calibrate_alpha(rest, 69.0)
        assert np.nanmean(100 / (1 + np.exp(-(alpha + rest)))) == pytest.approx(69.0, abs=1e-8)

    def test_alpha_of_equal_issues_is_the_logit(self) -> None:
        """Where nothing differs α is ln 4 less the score, for a mean of 80."""
        assert calibrate_alpha(np.full(3, -0.3), 80.0) == pytest.approx(LOGIT_OF_80 + 0.3, abs=1e-10)

    @pytest.mark.parametrize("target", [0.0, 100.0, -5.0, float("nan")])
    def test_an_impossible_mean_is_refused(self, target: float) -> None:
        """A mean of 0, 100 or beyond is refused in words."""
        with pytest.raises(SimError, match="cannot be met"):
            calibrate_alpha(np.zeros(3), target)

    def test_calibrating_on_nothing_is_refused(self) -> None:
        """A channel without an issue cannot be calibrated."""
        with pytest.raises(SimError, match="no issue"):
            calibrate_alpha(np.array([np.nan]), 80.0)


class TestSurvey:
    def test_about_a_fifth_reply_and_the_content_more_often(self) -> None:
        """At S = 80 the reply rate is 20.6 %, at S = 20 12.5 %; nobody replies about an issue without an S."""
        uniform = (np.arange(100_000) + 0.5) / 100_000
        assert replies(np.full(100_000, 80.0), uniform, FEELING).mean() == pytest.approx(0.206, abs=5e-4)
        assert replies(np.full(100_000, 20.0), uniform, FEELING).mean() == pytest.approx(0.125, abs=5e-4)
        assert not replies(np.array([np.nan]), np.array([0.0]), FEELING)[0]

    def test_scores_count_the_cut_points_reached(self) -> None:
        """A noisy S on a cut-point has reached it; NaN has no score."""
        feeling = replace(FEELING, cut_points=(20.0, 40.0, 60.0, 80.0), survey_noise=10.0)
        scores = survey_score(np.array([10.0, 20.0, 59.9, 60.0, 75.0, np.nan]), np.array([0, 0, 0, 0, 0.5, 0]), feeling)
        np.testing.assert_array_equal(scores, [1, 2, 3, 4, 5, np.nan])

    def test_fitted_cut_points_give_the_published_shares(self) -> None:
        """Scores from fitted cut-points have the shares 13/1/3/13/69 %, normalised, of the public log."""
        satisfaction, noise = 100 * rng(2).beta(4, 1, 50_000), rng(3).standard_normal(50_000)
        cut_points = fit_cut_points(noisy_satisfaction(satisfaction, noise, FEELING))
        scores = survey_score(satisfaction, noise, replace(FEELING, cut_points=cut_points))
        shares = np.bincount(scores.astype(int), minlength=6)[1:] / 50_000
        np.testing.assert_allclose(shares, np.array(SURVEY_SHARES) / 0.99, atol=1e-4)
        assert list(cut_points) == sorted(set(cut_points))

    def test_fitting_on_no_answer_is_refused(self) -> None:
        """Cut-points need an answered survey."""
        with pytest.raises(SimError, match="no survey answer"):
            fit_cut_points(np.array([np.nan]))
