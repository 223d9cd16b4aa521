"""Satisfaction and churn: the stated effects, closed forms, and figures worked out independently."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from sim.behaviour import (
    DAYS_PER_MONTH,
    SURVEY_SHARES,
    Churning,
    Feeling,
    beta_band,
    calibrate_alpha,
    complains,
    cumulative_hazard,
    excess_leave_probability,
    fit_cut_points,
    hazard_ratio,
    hazard_scale,
    issue_satisfaction,
    leave_probability,
    mood_after,
    noisy_satisfaction,
    perceived_gain,
    replies,
    satisfaction_logit,
    stationary_mood,
    survey_score,
)
from sim.errors import SimError
from sim.schemas import CONTRACTS
from sim.tables import Floats

FEELING = Feeling()
CHURNING = Churning()
LOGIT_OF_80 = np.log(4.0)
FLAT = replace(CHURNING, beta=0.0, early_ratio=1.0, expiry_ratio=1.0, complaint_ratio=1.0)


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
    return float(issue_satisfaction(LOGIT_OF_80, feeling=FEELING, **facts)[0])


def plain(customers: int = 1) -> dict[str, Any]:
    """Customers on rolling contracts, long past the early months, with nothing special about them."""
    return {
        "contract": np.zeros(customers, dtype=np.int64),
        "tenure_months": np.full(customers, 24.0),
        "expires_in": np.full(customers, np.nan),
        "captive": np.zeros(customers, dtype=bool),
        "complaint": np.zeros(customers, dtype=bool),
    }


def mixed(customers: int, seed: int = 1) -> dict[str, Any]:
    """Customers of every kind, most with several changes of hazard within a year."""
    draws = rng(seed)
    return {
        "contract": draws.integers(0, 3, customers),
        "tenure_months": draws.choice([0.0, 0.7, 2.0, 2.9, 3.0, 40.0], customers),
        "expires_in": draws.choice([np.nan, -0.4, 0.0, 1.5, 2.5, 11.3, 12.0, 30.0], customers),
        "captive": draws.random(customers) < 0.3,
        "complaint": draws.random(customers) < 0.5,
    }


def without_complaint(people: dict[str, Any]) -> dict[str, Any]:
    return {name: values for name, values in people.items() if name != "complaint"}


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

    def test_stays_within_0_and_100(self) -> None:
        """A thousand repeats overflow nothing and end at 0."""
        assert one_issue(repeats=1000) == pytest.approx(0.0, abs=1e-12)

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

    def test_the_logit_is_the_satisfaction_without_alpha(self) -> None:
        """S is the logistic of α plus satisfaction_logit."""
        facts: dict[str, Any] = {
            "unresolved": np.array([True, False]),
            "repeats": np.array([1, 2]),
            "ignored": np.array([False, False]),
            "got_answer": np.array([True, True]),
            "feeling": FEELING,
        }
        gain = np.array([-3.0, 2.0])
        z = 1.2 + satisfaction_logit(gain, **facts)
        np.testing.assert_allclose(issue_satisfaction(1.2, gain, **facts), 100 / (1 + np.exp(-z)), rtol=1e-12)


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


class TestLeaving:
    @pytest.mark.parametrize(("beta", "half_life"), [(0.015, 6.0), (0.046, 3.0), (0.046, 24.0)])
    @pytest.mark.parametrize("months", [0.5, 12.0, 120.0])
    def test_agrees_with_adaptive_quadrature(self, beta: float, half_life: float, months: float) -> None:
        """The integral over all changes of hazard is right to 1e-8 relative, from the worst mood to the best."""
        churning = replace(CHURNING, beta=beta, half_life_months=half_life)
        customers = 40
        people, mood = mixed(customers), np.linspace(0.0, 100.0, customers)
        got = leave_probability(mood, c_ref=60.0, k=1.3, months=months, churning=churning, **people)
        for i in range(customers):
            one = {name: values[i] for name, values in people.items()}
            hazard = by_quadrature(mood[i], churning, months, c_ref=60.0, k=1.3, **one)
            assert got[i] == pytest.approx(-np.expm1(-hazard), rel=1e-8)

    def test_stated_error_of_the_integral(self) -> None:
        """At the top of β, from 100 points off and with a half-life of 3 months, a year is right to 1e-10 relative."""
        churning = replace(CHURNING, beta=0.046, half_life_months=3.0)
        for mood, c_ref in ((0.0, 100.0), (100.0, 0.0)):
            got = cumulative_hazard(np.array([mood]), c_ref=c_ref, k=1.0, churning=churning, **plain())
            one: dict[str, Any] = {name: values[0] for name, values in plain().items()}
            assert got[0] == pytest.approx(by_quadrature(mood, churning, 12.0, c_ref=c_ref, k=1.0, **one), rel=1e-10)

    def test_constant_hazard_of_the_reference_case(self) -> None:
        """Case CX-01: 0.02 a month for a year keeps 0.786627861067; 10,000 customers lose 2133.72 ± 40.97; read as a
        discrete 2 % a month it keeps 0.784716723735 and loses 2152.83."""
        customers = 10_000
        mood, people = np.full(customers, 75.0), plain(customers)
        p = leave_probability(mood, c_ref=75.0, k=1.0, churning=replace(CHURNING, h0=0.02), **people)
        assert 1 - p[0] == pytest.approx(0.786627861067, abs=1e-12)
        assert p.sum() == pytest.approx(2133.72138933, abs=1e-7)
        assert np.sqrt((p * (1 - p)).sum()) == pytest.approx(40.9688258631, abs=1e-8)
        discrete = replace(CHURNING, h0=-np.log(0.98))
        p = leave_probability(mood, c_ref=75.0, k=1.0, churning=discrete, **people)
        assert 1 - p[0] == pytest.approx(0.784716723735, abs=1e-12)
        assert p.sum() == pytest.approx(2152.83276265, abs=1e-7)

    def test_overlapping_effects_of_the_reference_case(self) -> None:
        """Case CX-02: 0.015 a month, × 1.8 for 3 months from 3 and from 5, × 0.7 for 2 months from 9: cumulated 0.045,
        0.099, 0.1476, 0.2016, 0.2166, 0.2376, 0.2526 at 3, 5, 6, 8, 9, 11, 12; survival 0.776778531102.

        The calls are chained where an effect starts. A complaint carries the newer effect; the early months, of which
        the customer has 1 of 3 left, carry the older one over the overlap.
        """
        bad = replace(CHURNING, complaint_ratio=1.8, complaint_days=3 * DAYS_PER_MONTH, early_ratio=1.8)
        good = replace(CHURNING, complaint_ratio=0.7, complaint_days=2 * DAYS_PER_MONTH)
        overlap = {"complaint": np.array([True]), "tenure_months": np.array([2.0])}
        effect = {"complaint": np.array([True])}

        def hazard(churning: Churning, months: float, changed: dict[str, Any]) -> float:
            people = plain() | changed
            mood = np.array([75.0])
            return float(cumulative_hazard(mood, c_ref=75.0, k=1.0, months=months, churning=churning, **people)[0])

        at_3 = hazard(CHURNING, 3.0, {})
        at_5 = at_3 + hazard(bad, 2.0, effect)
        at_6, at_8, at_9 = (at_5 + hazard(bad, months, overlap) for months in (1.0, 3.0, 4.0))
        at_11, at_12 = (at_9 + hazard(good, months, effect) for months in (2.0, 3.0))
        path = [at_3, at_5, at_6, at_8, at_9, at_11, at_12]
        np.testing.assert_allclose(path, [0.045, 0.099, 0.1476, 0.2016, 0.2166, 0.2376, 0.2526], rtol=1e-12)
        assert np.exp(-at_12) == pytest.approx(0.776778531102, abs=1e-12)

    def test_circumstances_by_hand(self) -> None:
        """At C_ref a year's hazard is 0.18, × 0.3 on a year's contract and × 0.1 on two years'; a newcomer has 3 months
        more of it, an expiry 1 month more, a complaint 4 × 90 days more."""
        people = plain(6)
        people["contract"][1], people["contract"][2] = CONTRACTS.index("one_year"), CONTRACTS.index("two_years")
        people["tenure_months"][3] = 0.0
        people["expires_in"][4] = 5.0
        people["complaint"][5] = True
        got = cumulative_hazard(np.full(6, 70.0), c_ref=70.0, k=1.0, churning=CHURNING, **people)
        complaint = 0.015 * (12 + 4 * 90 / DAYS_PER_MONTH)
        np.testing.assert_allclose(got, [0.18, 0.054, 0.018, 0.225, 0.195, complaint], rtol=1e-12)

    def test_expiry_counts_only_the_part_of_its_month_ahead(self) -> None:
        """Expired half a month ago, half a month of double hazard is left; expired a month ago, none."""
        people = plain(3) | {"expires_in": np.array([-0.5, -1.0, 11.75])}
        got = cumulative_hazard(np.full(3, 70.0), c_ref=70.0, k=1.0, churning=CHURNING, **people)
        np.testing.assert_allclose(got, np.array([12.5, 12.0, 12.25]) * 0.015, rtol=1e-12)

    def test_ten_points_are_worth_a_sixth(self) -> None:
        """The present hazard is × 1.16 for 10 points less mood, and × 1.04 for the captive."""
        people = plain(3) | {"captive": np.array([False, False, True])}
        ratio = hazard_ratio(np.array([70.0, 60.0, 60.0]), c_ref=70.0, churning=CHURNING, **people)
        np.testing.assert_allclose(ratio, [1.0, np.exp(0.15), np.exp(0.0375)], rtol=1e-12)

    def test_the_hazard_is_the_slope_of_its_integral(self) -> None:
        """Over a vanishing time the cumulated hazard is k·h0·ratio·time, for every kind of customer."""
        people, mood = mixed(200), rng(9).uniform(0, 100, 200)
        short = cumulative_hazard(mood, c_ref=60.0, k=2.0, months=1e-7, churning=CHURNING, **people)
        ratio = hazard_ratio(mood, c_ref=60.0, churning=CHURNING, **people)
        np.testing.assert_allclose(short / 1e-7, 2.0 * 0.015 * ratio, rtol=1e-6)

    def test_the_scale_makes_the_mean_hazard_h0(self) -> None:
        """With k the mean hazard of the baseline population is h0, at any β."""
        people, mood = mixed(500), rng(10).uniform(30, 95, 500)
        for beta in (0.0, 0.015, 0.046):
            k = hazard_scale(mood, c_ref=70.0, churning=CHURNING, beta=beta, **people)
            hazards = k * CHURNING.h0 * hazard_ratio(mood, c_ref=70.0, churning=CHURNING, beta=beta, **people)
            assert hazards.mean() == pytest.approx(0.015, rel=1e-12)

    def test_beta_may_be_handed_in(self) -> None:
        """A β handed in counts in place of the stored one."""
        mood, people = np.linspace(0, 100, 50), mixed(50)
        other = replace(CHURNING, beta=0.03)
        np.testing.assert_array_equal(
            leave_probability(mood, c_ref=60.0, k=1.0, churning=CHURNING, beta=0.03, **people),
            leave_probability(mood, c_ref=60.0, k=1.0, churning=other, **people),
        )

    def test_the_unknown_stays_unknown(self) -> None:
        """NaN in mood or tenure gives NaN; a contract that does not expire gives none."""
        people = plain(3) | {"tenure_months": np.array([24.0, np.nan, 24.0])}
        p = leave_probability(np.array([np.nan, 70.0, 70.0]), c_ref=70.0, k=1.0, churning=CHURNING, **people)
        np.testing.assert_array_equal(np.isnan(p), [True, True, False])

    @pytest.mark.parametrize("broken", [{"h0": -0.01}, {"h0": float("inf")}, {"contract_ratios": (-1.0, 0.3, 0.1)}])
    def test_an_impossible_hazard_is_refused(self, broken: dict[str, Any]) -> None:
        """A negative or infinite hazard is refused in words."""
        with pytest.raises(SimError, match="negative or infinite"):
            leave_probability(np.array([70.0]), c_ref=70.0, k=1.0, churning=replace(CHURNING, **broken), **plain())

    def test_an_overflowing_beta_is_refused(self) -> None:
        """A β so large that the hazard overflows is refused, not warned about."""
        with pytest.raises(SimError, match="negative or infinite"):
            leave_probability(np.array([0.0]), c_ref=100.0, k=1.0, beta=10.0, churning=CHURNING, **plain())

    def test_a_share_of_unresolved_issues_becomes_complaints(self) -> None:
        """A complaint needs an unresolved issue and a draw below the share."""
        unresolved = np.array([True, True, False])
        np.testing.assert_array_equal(
            complains(unresolved, np.array([0.099, 0.1, 0.0]), CHURNING), [True, False, False]
        )

    def test_one_ratio_for_each_contract(self) -> None:
        """There are as many hazard ratios of contracts as contracts."""
        assert len(CHURNING.contract_ratios) == len(CONTRACTS)


class TestExcess:
    def test_is_the_difference_of_the_probabilities(self) -> None:
        """The excess is p(after, complaint) − p(before, no complaint): up where it got worse, down where better."""
        people, draws = mixed(300), rng(11)
        before, after = draws.uniform(20, 100, 300), draws.uniform(20, 100, 300)
        others = without_complaint(people)
        fixed: dict[str, Any] = {"c_ref": 70.0, "k": 1.0, "churning": CHURNING}
        excess = excess_leave_probability(before, after, people["complaint"], **fixed, **others)
        p_after = leave_probability(after, **fixed, **people)
        p_before = leave_probability(before, complaint=np.zeros(300, dtype=bool), **fixed, **others)
        np.testing.assert_array_equal(excess, p_after - p_before)
        quiet = ~people["complaint"]
        np.testing.assert_array_equal(np.sign(excess[quiet]), np.sign(before - after)[quiet])
        assert np.all(excess[people["complaint"] & (after < before)] > 0)

    def test_nothing_changed_means_exactly_nothing(self) -> None:
        """Without a change of mood or a complaint the excess is exactly 0."""
        mood = rng(12).uniform(0, 100, 1000)
        excess = excess_leave_probability(
            mood,
            mood.copy(),
            np.zeros(1000, dtype=bool),
            c_ref=70.0,
            k=1.1,
            churning=CHURNING,
            **without_complaint(mixed(1000)),
        )
        assert np.all(excess == 0.0)

    def test_without_effects_churn_ignores_what_happened(self) -> None:
        """With β = 0 and all event ratios 1 churn is to the last bit the same whatever happened."""
        draws = rng(13)
        before, after, complaint = draws.uniform(0, 100, 1000), draws.uniform(0, 100, 1000), draws.random(1000) < 0.5
        excess = excess_leave_probability(
            before, after, complaint, c_ref=70.0, k=1.1, churning=FLAT, **without_complaint(mixed(1000))
        )
        assert np.all(excess == 0.0)


class TestBetaBand:
    @pytest.mark.parametrize("beta", [0.0, 0.002, 0.015, 0.03, 0.044, 0.046])
    def test_quantiles_of_the_triangular_prior(self, beta: float) -> None:
        """The band is the 10 and 90 % quantiles of a triangular distribution with that mode."""
        prior = stats.triang(beta / 0.046, scale=0.046)
        assert beta_band(replace(CHURNING, beta=beta)) == pytest.approx((prior.ppf(0.1), prior.ppf(0.9)), rel=1e-9)

    def test_default_band(self) -> None:
        """The default band runs from 0.0083 to 0.0341 per point."""
        assert beta_band(CHURNING) == pytest.approx((0.0083, 0.0341), abs=5e-5)

    def test_a_known_beta_has_no_band(self) -> None:
        """A prior without width is the value itself."""
        assert beta_band(replace(CHURNING, beta=0.02, beta_low=0.02, beta_high=0.02)) == (0.02, 0.02)

    def test_a_beta_outside_its_range_is_refused(self) -> None:
        """A β above the top of its prior is refused in words."""
        with pytest.raises(SimError, match="outside its range"):
            beta_band(replace(CHURNING, beta=0.05))


@settings(max_examples=25, derandomize=True, deadline=None)
@given(
    mood=st.floats(0, 100),
    tenure=st.floats(0, 120),
    expires=st.floats(-2, 30),
    beta=st.floats(0, 0.046),
    months=st.floats(0.1, 24),
    split=st.floats(0.05, 0.95),
)
def test_hazards_add_up_over_time(
    mood: float, tenure: float, expires: float, beta: float, months: float, split: float
) -> None:
    """The hazard of a time is that of its first part plus that of the rest, from the customer as he is by then."""
    first = months * split

    def hazard(length: float, mood: float, passed: float) -> float:
        people = plain() | {"tenure_months": np.array([tenure + passed]), "expires_in": np.array([expires - passed])}
        fixed: dict[str, Any] = {"c_ref": 70.0, "k": 1.0, "churning": CHURNING}
        return float(cumulative_hazard(np.array([mood]), beta=beta, months=length, **fixed, **people)[0])

    by_then = 70.0 + (mood - 70.0) * 0.5 ** (first / CHURNING.half_life_months)
    parts = hazard(first, mood, 0.0) + hazard(months - first, by_then, first)
    assert parts == pytest.approx(hazard(months, mood, 0.0), rel=1e-9)


def by_quadrature(mood: float, churning: Churning, months: float, *, c_ref: float, k: float, **one: Any) -> float:
    """∫ h dt of one customer, straight from the equation, by adaptive quadrature told of every jump."""
    complaint_months = churning.complaint_days / (365.25 / 12)

    def hazard(t: float) -> float:
        rate = k * churning.h0 * churning.contract_ratios[one["contract"]]
        if one["tenure_months"] + t < churning.early_months:
            rate *= churning.early_ratio
        if one["expires_in"] <= t < one["expires_in"] + 1:
            rate *= churning.expiry_ratio
        if one["complaint"] and t < complaint_months:
            rate *= churning.complaint_ratio
        slope = churning.beta * (churning.captive_factor if one["captive"] else 1.0)
        return float(rate * np.exp(slope * (c_ref - mood) * 2 ** (-t / churning.half_life_months)))

    jumps = [churning.early_months - one["tenure_months"], one["expires_in"], one["expires_in"] + 1, complaint_months]
    inside = sorted({jump for jump in jumps if 0 < jump < months})
    pieces = zip([0.0, *inside], [*inside, months], strict=True)
    return float(sum(integrate.quad(hazard, a, b, epsabs=0, epsrel=1e-12)[0] for a, b in pieces))
