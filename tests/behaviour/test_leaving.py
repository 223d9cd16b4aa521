"""Leaving: hazards beside adaptive quadrature and published cases, their integral, and what an experience causes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from sim.behaviour.leaving import (
    DAYS_PER_MONTH,
    Bools,
    Churning,
    Circumstances,
    beta_band,
    complains,
    cumulative_hazard,
    excess_leave_probability,
    hazard_ratio,
    hazard_scale,
    leave_probability,
)
from sim.errors import SimError
from sim.schemas import CONTRACTS

CHURNING = Churning()
FLAT = replace(CHURNING, beta=0.0, early_ratio=1.0, expiry_ratio=1.0, complaint_ratio=1.0)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


def plain(customers: int = 1) -> Circumstances:
    """Customers on rolling contracts, long past the early months, with nothing special about them."""
    return Circumstances(
        contract=np.zeros(customers, dtype=np.int64),
        tenure_months=np.full(customers, 24.0),
        expires_in=np.full(customers, np.nan),
        captive=nobody(customers),
    )


def mixed(customers: int, seed: int = 1) -> tuple[Circumstances, Bools]:
    """Customers of every kind, most with several changes of hazard within a year, and which of them complained."""
    draws = rng(seed)
    who = Circumstances(
        contract=draws.integers(0, 3, customers),
        tenure_months=draws.choice([0.0, 0.7, 2.0, 2.9, 3.0, 40.0], customers),
        expires_in=draws.choice([np.nan, -0.4, 0.0, 1.5, 2.5, 11.3, 12.0, 30.0], customers),
        captive=draws.random(customers) < 0.3,
    )
    return who, draws.random(customers) < 0.5


def nobody(customers: int = 1) -> Bools:
    return np.zeros(customers, dtype=bool)


def only(who: Circumstances, customer: int) -> dict[str, Any]:
    """The circumstances of one of the customers."""
    return {name: values[customer] for name, values in vars(who).items()}


class TestLeaving:
    @pytest.mark.parametrize(("beta", "half_life"), [(0.015, 6.0), (0.046, 3.0), (0.046, 24.0)])
    @pytest.mark.parametrize("months", [0.5, 12.0, 120.0])
    def test_agrees_with_adaptive_quadrature(self, beta: float, half_life: float, months: float) -> None:
        """The integral over all changes of hazard is right to 1e-8 relative, from the worst mood to the best."""
        churning = replace(CHURNING, beta=beta, half_life_months=half_life)
        customers = 40
        (who, complaint), mood = mixed(customers), np.linspace(0.0, 100.0, customers)
        got = leave_probability(mood, who, complaint=complaint, c_ref=60.0, k=1.3, months=months, churning=churning)
        for i in range(customers):
            one = only(who, i) | {"complaint": complaint[i]}
            hazard = by_quadrature(mood[i], churning, months, c_ref=60.0, k=1.3, **one)
            assert got[i] == pytest.approx(-np.expm1(-hazard), rel=1e-8)

    def test_stated_error_of_the_integral(self) -> None:
        """At the top of β, from 100 points off and with a half-life of 3 months, a year is right to 1e-10 relative."""
        churning = replace(CHURNING, beta=0.046, half_life_months=3.0)
        one = only(plain(), 0) | {"complaint": False}
        for mood, c_ref in ((0.0, 100.0), (100.0, 0.0)):
            got = cumulative_hazard(
                np.array([mood]), plain(), complaint=nobody(), c_ref=c_ref, k=1.0, churning=churning
            )
            assert got[0] == pytest.approx(by_quadrature(mood, churning, 12.0, c_ref=c_ref, k=1.0, **one), rel=1e-10)

    def test_constant_hazard_of_the_reference_case(self) -> None:
        """Case CX-01: 0.02 a month for a year keeps 0.786627861067; 10,000 customers lose 2133.72 ± 40.97; read as a
        discrete 2 % a month it keeps 0.784716723735 and loses 2152.83."""
        customers = 10_000
        mood, who, complaint = np.full(customers, 75.0), plain(customers), nobody(customers)
        constant = replace(CHURNING, h0=0.02)
        p = leave_probability(mood, who, complaint=complaint, c_ref=75.0, k=1.0, churning=constant)
        assert 1 - p[0] == pytest.approx(0.786627861067, abs=1e-12)
        assert p.sum() == pytest.approx(2133.72138933, abs=1e-7)
        assert np.sqrt((p * (1 - p)).sum()) == pytest.approx(40.9688258631, abs=1e-8)
        discrete = replace(CHURNING, h0=-np.log(0.98))
        p = leave_probability(mood, who, complaint=complaint, c_ref=75.0, k=1.0, churning=discrete)
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
        overlap = replace(plain(), tenure_months=np.array([2.0]))

        def hazard(churning: Churning, months: float, who: Circumstances, *, complaint: bool) -> float:
            mood, complained = np.array([75.0]), np.array([complaint])
            hazards = cumulative_hazard(
                mood, who, complaint=complained, c_ref=75.0, k=1.0, churning=churning, months=months
            )
            return float(hazards[0])

        at_3 = hazard(CHURNING, 3.0, plain(), complaint=False)
        at_5 = at_3 + hazard(bad, 2.0, plain(), complaint=True)
        at_6, at_8, at_9 = (at_5 + hazard(bad, months, overlap, complaint=True) for months in (1.0, 3.0, 4.0))
        at_11, at_12 = (at_9 + hazard(good, months, plain(), complaint=True) for months in (2.0, 3.0))
        path = [at_3, at_5, at_6, at_8, at_9, at_11, at_12]
        np.testing.assert_allclose(path, [0.045, 0.099, 0.1476, 0.2016, 0.2166, 0.2376, 0.2526], rtol=1e-12)
        assert np.exp(-at_12) == pytest.approx(0.776778531102, abs=1e-12)

    def test_circumstances_by_hand(self) -> None:
        """At C_ref a year's hazard is 0.18, × 0.3 on a year's contract and × 0.1 on two years'; a newcomer has 3 months
        more of it, an expiry 1 month more, a complaint 4 × 90 days more."""
        who, complaint = plain(6), nobody(6)
        who.contract[1], who.contract[2] = CONTRACTS.index("one_year"), CONTRACTS.index("two_years")
        who.tenure_months[3] = 0.0
        who.expires_in[4] = 5.0
        complaint[5] = True
        got = cumulative_hazard(np.full(6, 70.0), who, complaint=complaint, c_ref=70.0, k=1.0, churning=CHURNING)
        complained = 0.015 * (12 + 4 * 90 / DAYS_PER_MONTH)
        np.testing.assert_allclose(got, [0.18, 0.054, 0.018, 0.225, 0.195, complained], rtol=1e-12)

    def test_expiry_counts_only_the_part_of_its_month_ahead(self) -> None:
        """Expired half a month ago, half a month of double hazard is left; expired a month ago, none."""
        who = replace(plain(3), expires_in=np.array([-0.5, -1.0, 11.75]))
        got = cumulative_hazard(np.full(3, 70.0), who, complaint=nobody(3), c_ref=70.0, k=1.0, churning=CHURNING)
        np.testing.assert_allclose(got, np.array([12.5, 12.0, 12.25]) * 0.015, rtol=1e-12)

    def test_ten_points_are_worth_a_sixth(self) -> None:
        """The present hazard is × 1.16 for 10 points less mood, and × 1.04 for the captive."""
        who, mood = replace(plain(3), captive=np.array([False, False, True])), np.array([70.0, 60.0, 60.0])
        ratio = hazard_ratio(mood, who, complaint=nobody(3), c_ref=70.0, churning=CHURNING)
        np.testing.assert_allclose(ratio, [1.0, np.exp(0.15), np.exp(0.0375)], rtol=1e-12)

    def test_the_hazard_is_the_slope_of_its_integral(self) -> None:
        """Over a vanishing time the cumulated hazard is k·h0·ratio·time, for every kind of customer."""
        (who, complaint), mood = mixed(200), rng(9).uniform(0, 100, 200)
        short = cumulative_hazard(mood, who, complaint=complaint, c_ref=60.0, k=2.0, churning=CHURNING, months=1e-7)
        ratio = hazard_ratio(mood, who, complaint=complaint, c_ref=60.0, churning=CHURNING)
        np.testing.assert_allclose(short / 1e-7, 2.0 * 0.015 * ratio, rtol=1e-6)

    def test_the_scale_makes_the_mean_hazard_h0(self) -> None:
        """With k the mean hazard of the baseline population is h0, at any β."""
        (who, complaint), mood = mixed(500), rng(10).uniform(30, 95, 500)
        for beta in (0.0, 0.015, 0.046):
            k = hazard_scale(mood, who, complaint=complaint, c_ref=70.0, churning=CHURNING, beta=beta)
            ratio = hazard_ratio(mood, who, complaint=complaint, c_ref=70.0, churning=CHURNING, beta=beta)
            assert (k * CHURNING.h0 * ratio).mean() == pytest.approx(0.015, rel=1e-12)

    def test_beta_may_be_handed_in(self) -> None:
        """A β handed in counts in place of the stored one."""
        (who, complaint), mood = mixed(50), np.linspace(0, 100, 50)
        other = replace(CHURNING, beta=0.03)
        np.testing.assert_array_equal(
            leave_probability(mood, who, complaint=complaint, c_ref=60.0, k=1.0, churning=CHURNING, beta=0.03),
            leave_probability(mood, who, complaint=complaint, c_ref=60.0, k=1.0, churning=other),
        )

    def test_the_unknown_stays_unknown(self) -> None:
        """NaN in mood or tenure gives NaN; a contract that does not expire gives none."""
        who, mood = replace(plain(3), tenure_months=np.array([24.0, np.nan, 24.0])), np.array([np.nan, 70.0, 70.0])
        p = leave_probability(mood, who, complaint=nobody(3), c_ref=70.0, k=1.0, churning=CHURNING)
        np.testing.assert_array_equal(np.isnan(p), [True, True, False])

    @pytest.mark.parametrize("broken", [{"h0": -0.01}, {"h0": float("inf")}, {"contract_ratios": (-1.0, 0.3, 0.1)}])
    def test_an_impossible_hazard_is_refused(self, broken: dict[str, Any]) -> None:
        """A negative or infinite hazard is refused in words."""
        churning = replace(CHURNING, **broken)
        with pytest.raises(SimError, match="negative or infinite"):
            leave_probability(np.array([70.0]), plain(), complaint=nobody(), c_ref=70.0, k=1.0, churning=churning)

    def test_an_overflowing_beta_is_refused(self) -> None:
        """A β so large that the hazard overflows is refused, not warned about."""
        with pytest.raises(SimError, match="negative or infinite"):
            leave_probability(
                np.array([0.0]), plain(), complaint=nobody(), c_ref=100.0, k=1.0, churning=CHURNING, beta=10.0
            )

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
        (who, complaint), draws = mixed(300), rng(11)
        before, after = draws.uniform(20, 100, 300), draws.uniform(20, 100, 300)
        fixed: dict[str, Any] = {"who": who, "c_ref": 70.0, "k": 1.0, "churning": CHURNING}
        excess = excess_leave_probability(before, after, complaint=complaint, **fixed)
        p_after = leave_probability(after, complaint=complaint, **fixed)
        p_before = leave_probability(before, complaint=nobody(300), **fixed)
        np.testing.assert_array_equal(excess, p_after - p_before)
        quiet = ~complaint
        np.testing.assert_array_equal(np.sign(excess[quiet]), np.sign(before - after)[quiet])
        assert np.all(excess[complaint & (after < before)] > 0)

    def test_nothing_changed_means_exactly_nothing(self) -> None:
        """Without a change of mood or a complaint the excess is exactly 0."""
        (who, _), mood = mixed(1000), rng(12).uniform(0, 100, 1000)
        excess = excess_leave_probability(
            mood, mood.copy(), who, complaint=nobody(1000), c_ref=70.0, k=1.1, churning=CHURNING
        )
        assert np.all(excess == 0.0)

    def test_without_effects_churn_ignores_what_happened(self) -> None:
        """With β = 0 and all event ratios 1 churn is to the last bit the same whatever happened."""
        (who, _), draws = mixed(1000), rng(13)
        before, after, complaint = draws.uniform(0, 100, 1000), draws.uniform(0, 100, 1000), draws.random(1000) < 0.5
        excess = excess_leave_probability(before, after, who, complaint=complaint, c_ref=70.0, k=1.1, churning=FLAT)
        assert np.all(excess == 0.0)

    def test_an_accepted_offer_scales_the_whole_hazard(self) -> None:
        """Of those who accepted an offer, the hazard after the experience is half; of all others nothing changes."""
        (who, complaint), draws = mixed(300), rng(14)
        before, after, retained = draws.uniform(20, 100, 300), draws.uniform(20, 100, 300), draws.random(300) < 0.5
        fixed: dict[str, Any] = {"who": who, "complaint": complaint, "c_ref": 70.0, "k": 1.0, "churning": CHURNING}
        excess = excess_leave_probability(before, after, retained=retained, **fixed)
        plain_excess = excess_leave_probability(before, after, **fixed)
        np.testing.assert_array_equal(excess[~retained], plain_excess[~retained])
        hazard = cumulative_hazard(after, **fixed)
        spared = np.exp(-0.5 * hazard) - np.exp(-hazard)
        np.testing.assert_allclose((plain_excess - excess)[retained], spared[retained], rtol=1e-9)


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
        who = replace(plain(), tenure_months=np.array([tenure + passed]), expires_in=np.array([expires - passed]))
        fixed: dict[str, Any] = {"complaint": nobody(), "c_ref": 70.0, "k": 1.0, "churning": CHURNING}
        return float(cumulative_hazard(np.array([mood]), who, beta=beta, months=length, **fixed)[0])

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
