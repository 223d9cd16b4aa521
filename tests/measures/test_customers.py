"""Satisfaction and churn of hand-made issues, by the equations of the model written out once more in numbers."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import exp, log

import numpy as np
import pytest
from scipy.integrate import quad
from tables import CHAT, DAY, EMAIL, HOUR, PHONE, Row, cohort, contacts, desk, random_contacts, summary, values

from sim.desk import Desk
from sim.measures import reference
from sim.measures.customers import CHURNING, Belief, excess_churn, logits, satisfactions
from sim.measures.summary import figures
from sim.policies.base import Offer, ResponseTables
from sim.schemas import Cause, Outcome
from sim.tables import Table

# wait = T: G = 0.  wait = 0: x = 1, G = 3.
# wait = 4 T: p/T = 4^0.85 = 3.24901, x = −2.24901, G = −12 · (1 − e^(2x/4)) = −12 · (1 − 0.324814) = −8.10223
AT_ONCE, FOURFOLD = 3 / 16, -8.10223 / 16
UNRESOLVED, REPEAT, IGNORED = -1.51, -0.77, -1.87
T = 60.0


def answered(offered: float, wait: float, **cells: object) -> Row:
    return {"offered": offered, "answered": offered + wait, "ended": offered + wait + 100, **cells}


def left(offered: float, wait: float, **cells: object) -> Row:
    return {"offered": offered, "ended": offered + wait, **cells}


ONE_ISSUE: dict[str, tuple[list[Row], float]] = {
    "answered just when expected": ([answered(0, T)], 0.0),
    "answered at once": ([answered(0, 0.0)], AT_ONCE),
    "waited four times as long as expected": ([answered(0, 4 * T)], FOURFOLD),
    "not solved": ([answered(0, T, resolved=0)], UNRESOLVED),
    "solved by the third answer": (
        [answered(0, T, resolved=0), answered(1000, T, resolved=0), answered(2000, T)],
        2 * REPEAT,
    ),
    "left before the expected wait: no gain without an answer": ([left(0, 10.0)], UNRESOLVED),
    "left after four times the expected wait": ([left(0, 4 * T)], UNRESOLVED + FOURFOLD),
    "cut off after four times the expected wait": (
        [left(0, 4 * T, outcome=Outcome.DISCONNECTED)],
        UNRESOLVED + FOURFOLD,
    ),
    "ignored": ([{"offered": 0.0, "outcome": Outcome.IGNORED}], UNRESOLVED + IGNORED),
    "blocked": ([left(0, 0.0, outcome=Outcome.BLOCKED)], UNRESOLVED),
    "turned away": ([left(0, 0.0, outcome=Outcome.TURNED_AWAY)], UNRESOLVED),
    "blocked, then answered at once": (
        [left(0, 0.0, outcome=Outcome.BLOCKED), answered(500, 0.0)],
        REPEAT + AT_ONCE,
    ),
    "the worst wait counts, not the last": ([left(0, 4 * T), answered(900, 0.0)], REPEAT + FOURFOLD),
    "the worst wait counts, not the first": ([answered(0, 0.0, resolved=0), answered(900, 4 * T)], REPEAT + FOURFOLD),
    "still waiting since four times the expected wait": ([{"offered": HOUR - 4 * T}], UNRESOLVED + FOURFOLD),
    "still talking after being answered at once": ([{"offered": 0.0, "answered": 0.0}], UNRESOLVED + AT_ONCE),
}


@pytest.mark.parametrize("case", ONE_ISSUE)
def test_the_logit_of_an_issue(case: str) -> None:
    """What happened to an issue moves z by the model's numbers."""
    rows, expected = ONE_ISSUE[case]
    found = logits(cohort(contacts(*({**row, "issue": 0} for row in rows)), desk(ends=HOUR)))
    assert found == pytest.approx([expected], abs=1e-5)


TRANSFER, PERSONAL = -0.375, 0.19


def test_passed_on_is_a_transfer_and_no_repeat() -> None:
    """Being passed on by an agent, by a machine or by deflection costs a transfer each; a redial costs a repeat."""
    causes = (Cause.TRANSFER, Cause.ESCALATION, Cause.DEFLECTION)
    for passed in causes:
        rows = [answered(0, T, resolved=0, issue=0), answered(500, T, issue=0, cause=passed)]
        assert logits(cohort(contacts(*rows), desk())) == pytest.approx([TRANSFER], abs=1e-9)
    rows = [answered(0, T, resolved=0, issue=0)] + [answered(500, T, issue=0, cause=cause) for cause in causes]
    rows.append(answered(900, T, issue=0, cause=Cause.RECONNECT))
    assert logits(cohort(contacts(*rows), desk())) == pytest.approx([REPEAT + 3 * TRANSFER], abs=1e-9)


def test_personal_is_by_the_channel_of_the_answer() -> None:
    """Where the e-mail's answers are personal, a message answered gains by it; one not answered, and a call, do not."""
    of = desk(PHONE, EMAIL, ends=HOUR, tables=ResponseTables(personal=(False, True)))
    table = contacts(answered(0, T), answered(0, 12 * HOUR - 100, channel=1), {"offered": 0.0, "channel": 1})
    assert logits(cohort(table, of)) == pytest.approx([0.0, PERSONAL, UNRESOLVED], abs=1e-9)


def test_what_a_machine_does_is_felt() -> None:
    """Solved by a machine at once is an answer at once; left unsolved it is no answer, without gain."""
    of = desk(replace(PHONE, automatic=True), answers=[()])
    served = {"offered": 0.0, "answered": 0.0, "ended": 60.0, "outcome": Outcome.CONTAINED}
    found = logits(cohort(contacts({**served, "resolved": 1}, {**served, "resolved": 0}), of))
    assert found == pytest.approx([AT_ONCE, UNRESOLVED], abs=1e-9)


def test_a_callback_is_measured_against_what_was_announced() -> None:
    """Called back when announced is as expected; after the channel's expectation, but early, is a gain; a booked one
    is expected when it was booked for; a call without a callback has the channel's expectation."""
    callback = {"outcome": Outcome.CALLED_BACK, "announced": 10 * T}
    table = contacts(answered(0, 10 * T, **callback), answered(0, 4 * T, announced=10 * T))
    assert logits(cohort(table, desk())) == pytest.approx([0.0, FOURFOLD], abs=1e-5)
    booked = desk(tables=ResponseTables(callback=(Offer(0, 0, 3_600_000),)))
    assert logits(cohort(contacts(answered(0, HOUR, **callback)), booked)) == pytest.approx([0.0], abs=1e-9)


def test_a_contact_left_in_the_line_is_felt_until_another_solves_the_issue() -> None:
    """Who switches to the phone and is helped there within the e-mail's expectation no longer waits for the reply."""
    message = {"issue": 0, "offered": 0.0, "answered": 90 * HOUR, "ended": 96 * HOUR, "channel": 1, "resolved": 0}
    call = {**answered(11 * HOUR, 0.0, issue=0, cause=Cause.SWITCH), "ended": 12 * HOUR}
    found = cohort(contacts(message, call), desk(PHONE, EMAIL))
    assert logits(found) == pytest.approx([REPEAT], abs=1e-9)
    assert found.issues.closed.tolist() == [96 * HOUR * 1000]
    assert found.issues.solved_first.tolist() == [False]
    # the message is answered later than the call, which was the first answer
    table = contacts(message, call)
    table["answer"][:] = (2, 1)
    assert cohort(table, desk(PHONE, EMAIL)).issues.solved_first.tolist() == [True]


def test_ignored_and_then_answered_is_not_ignored() -> None:
    """Whose message was ignored, and who was then helped on the phone, has repeated; one ignored after an answer that
    did not help was ignored."""
    ignored = {"outcome": Outcome.IGNORED, "issue": 0, "channel": 1}
    of = desk(PHONE, EMAIL)
    helped = contacts({"offered": 0.0, **ignored}, answered(500, T, issue=0, cause=Cause.SWITCH))
    assert logits(cohort(helped, of)) == pytest.approx([REPEAT], abs=1e-9)
    again = contacts(answered(0, T, issue=0, resolved=0), {"offered": 500.0, **ignored})
    assert logits(cohort(again, of)) == pytest.approx([REPEAT + UNRESOLVED + IGNORED], abs=1e-9)


def test_a_message_waits_until_its_reply() -> None:
    """A message taken early but replied after four times 12 h, or never, has waited until then."""
    replied = {"offered": 0.0, "answered": HOUR, "ended": 48 * HOUR}
    being_read = {"offered": 0.0, "answered": HOUR}
    found = logits(cohort(contacts(replied, being_read), desk(EMAIL, ends=48 * HOUR)))
    assert found == pytest.approx([FOURFOLD, UNRESOLVED + FOURFOLD], abs=1e-5)


def test_the_worst_wait_is_worst_on_its_own_scale() -> None:
    """Four times the phone's minute is worse than twice the e-mail's 12 h; the repeat is counted once."""
    message = {"issue": 0, "offered": 0.0, "answered": 23 * HOUR, "ended": 24 * HOUR, "channel": 1, "resolved": 0}
    call = {"issue": 0, "offered": 2 * DAY, "answered": 2 * DAY + 4 * T, "ended": 3 * DAY, "channel": 0}
    assert logits(cohort(contacts(message, call), desk(PHONE, EMAIL))) == pytest.approx([REPEAT + FOURFOLD], abs=1e-5)


def test_issues_outside_the_cohort_lend_no_wait() -> None:
    """A terrible wait of the run-in, between two issues of the cohort, belongs to neither; nor does one before them."""
    rows = (left(-9000, 8000.0), answered(0, T), left(-9000, 8000.0), answered(0, 0.0), left(-9000, 8000.0))
    found = logits(cohort(contacts(*({**row, "issue": n} for n, row in enumerate(rows))), desk()))
    assert found == pytest.approx([0.0, AT_ONCE], abs=1e-9)


def test_the_last_channel_sets_the_level(monkeypatch: pytest.MonkeyPatch) -> None:
    """S = 100/(1 + e^−z) with the level of the issue's last channel, and it is reported under that channel."""
    monkeypatch.setattr(reference, "ALPHA", {"phone": 1.0, "chat": 2.0, "email": 3.0})
    rows = [answered(0, T, resolved=0, channel=0, issue=0), answered(1000, T, channel=1, issue=0)]
    of = desk(PHONE, CHAT)
    s = 100 / (1 + exp(-(2.0 + REPEAT)))
    assert satisfactions(cohort(contacts(*rows), of)) == pytest.approx([s])
    assert values(contacts(*rows), of, "chat")["satisfaction"] == pytest.approx(s)
    assert values(contacts(*rows), of, "phone")["satisfaction"] is None
    assert values(contacts(*rows), of, None)["satisfaction"] == pytest.approx(s)


def test_satisfaction_is_the_mean_over_all_issues(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unanswered issues weigh as much as answered ones: the mean of S at z = 2, 2 − 1.51 and 2 − 3.38."""
    monkeypatch.setattr(reference, "ALPHA", {"phone": 2.0})
    table = contacts(answered(0, T), left(0, 10.0), {"offered": 0.0, "outcome": Outcome.IGNORED})
    expected = sum(100 / (1 + exp(-z)) for z in (2.0, 0.49, -1.38)) / 3
    assert values(table, desk())["satisfaction"] == pytest.approx(expected)


def test_csat_of_those_who_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who got an answer is asked, who draws below 1/(1 + e^(2.15 − 0.01·S)) replies, and a score of 4 is good."""
    monkeypatch.setattr(reference, "ALPHA", {"phone": log(4.0)})
    reply = round(1e6 / (1 + exp(2.15 - 0.8)))
    # S = 80; 4 from the third cut-point on, with noise of 15 points a standard deviation
    good = (reference.FEELING.cut_points[2] - 80) / 15 * 1000
    table = contacts(
        answered(0, T, reply_draw=reply - 2, noise_draw=int(np.ceil(good))),
        answered(0, T, reply_draw=reply - 2, noise_draw=int(np.floor(good)) - 1),
        answered(0, T, reply_draw=0, noise_draw=5000),
        answered(0, T, reply_draw=reply + 2, noise_draw=5000),
        # never asked
        left(0, T, reply_draw=0, noise_draw=5000),
    )
    found = values(table, desk())
    assert found["csat"] == pytest.approx(2 / 3)
    assert found["survey_replies"] == pytest.approx(3 / 4)


# Churn --------------------------------------------------------------------------------------------------------------

K, BETA = 1.7, 0.02


def leaves(mood: float, *, complaint: bool = False, tenure: int = 40, captive: bool = False) -> float:
    """The probability of a rolling customer to leave within 12 months: the model's hazard, integrated numerically."""

    def hazard(t: float) -> float:
        tilt = BETA * (0.25 if captive else 1.0) * (reference.C_REF - mood) * exp(-log(2.0) * t / 6)
        early = 2.0 if tenure + t < 3 else 1.0
        return K * 0.015 * early * exp(tilt) * (5.0 if complaint and t < 90 / 30.4375 else 1.0)

    edges = sorted({0.0, 90 / 30.4375, max(0.0, 3.0 - tenure), 12.0})
    return 1 - exp(-sum(float(quad(hazard, a, b)[0]) for a, b in pairwise(edges)))


def moved(mood: float, s: float, tenure: int = 40) -> float:
    """C + a·0.85^(years)·(S − C), a 0.2 upwards and 0.4 downwards."""
    return mood + (0.2 if s > mood else 0.4) * float(0.85 ** (tenure / 12)) * (s - mood)


def belief(beta: float, k: float) -> Belief:
    return Belief(replace(CHURNING, beta=beta), k)


def excess(table: Table, of: Desk | None = None, beta: float = BETA) -> float:
    return excess_churn(cohort(table, of or desk()), belief(beta, K))[None, None][0]


TRAITS = {"tenure": 40, "mood": 70_000}


def test_an_accepted_offer_keeps_customers() -> None:
    """Who accepts an offer in either of two issues leaves with half the hazard, 1 − √(1 − p); who declines one does not
    change."""
    plain, declined = (excess(contacts(answered(0, T, **TRAITS, **more))) for more in ({}, {"retained": 0}))
    two = [answered(900.0 * n, T, issue=n, customer=5, **TRAITS, retained=1 - n) for n in (0, 1)]
    unsold = [{**row, "retained": None} for row in two]
    s = 100 / (1 + exp(-reference.ALPHA["phone"]))
    p = leaves(moved(moved(70.0, s), s))
    assert declined == plain
    assert excess(contacts(*unsold)) - excess(contacts(*two)) == pytest.approx(p - (1 - (1 - p) ** 0.5), rel=1e-6)


@pytest.mark.parametrize(("row", "z", "sign"), [(answered(0, 0.0), AT_ONCE, -1), (left(0, 10.0), UNRESOLVED, 1)])
def test_a_good_experience_keeps_and_a_bad_one_drives_away(row: Row, z: float, sign: int) -> None:
    """Excess churn of one happy customer is negative, of one unhappy one positive, each as integrated by hand."""
    s = 100 / (1 + exp(-(reference.ALPHA["phone"] + z)))
    expected = leaves(moved(70.0, s)) - leaves(70.0)
    found = excess(contacts({**row, **TRAITS}))
    assert found == pytest.approx(expected, rel=1e-6)
    assert found * sign > 0


@pytest.mark.parametrize(("draw", "complains"), [(99_999, True), (100_000, False)])
def test_a_recorded_complaint_multiplies_the_hazard_for_90_days(draw: int, complains: bool) -> None:
    """One in ten unresolved issues leaves a complaint: five times the hazard for 90 days. Resolved ones leave none."""
    s = 100 / (1 + exp(-(reference.ALPHA["phone"] + UNRESOLVED)))
    unresolved = contacts(left(0, 10.0, complaint_draw=draw, **TRAITS))
    expected = leaves(moved(70.0, s), complaint=complains) - leaves(70.0)
    assert excess(unresolved) == pytest.approx(expected, rel=1e-6)
    solved = [contacts(answered(0, 0.0, complaint_draw=d, **TRAITS)) for d in (0, 999_999)]
    assert excess(solved[0]) == excess(solved[1])


@pytest.mark.parametrize(("traits", "known"), [({"tenure": 1}, {"tenure": 1}), ({"captive": 1}, {"captive": True})])
def test_traits_of_the_customer_count(traits: dict[str, int], known: dict[str, int]) -> None:
    """Early months double the hazard, and the captive feel a quarter of β."""
    s = 100 / (1 + exp(-(reference.ALPHA["phone"] + UNRESOLVED)))
    expected = leaves(moved(70.0, s, known.get("tenure", 40)), **known) - leaves(70.0, **known)  # type: ignore[arg-type]
    assert excess(contacts(left(0, 10.0, **{**TRAITS, **traits}))) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("cells", "ratio"), [({"contract": 1}, 0.3), ({"contract": 2}, 0.1)])
def test_contracts_hold(cells: dict[str, int], ratio: float) -> None:
    """At small hazards the excess of a customer under contract is that of a rolling one times the contract's ratio."""
    rolling, bound = (
        excess_churn(cohort(contacts(left(0, 10.0, **TRAITS, **extra)), desk()), belief(BETA, 1e-4))[None, None][0]
        for extra in ({}, cells)
    )
    assert bound / rolling == pytest.approx(ratio, rel=1e-4)


def test_issues_of_a_customer_count_in_the_order_in_which_they_closed() -> None:
    """One customer, a bad issue that began first and closed last, after a good one: mood moves up, then down."""
    shared = {"customer": 7, **TRAITS}
    bad = [left(0, 10.0, issue=0, **shared), left(5000, 10.0, issue=0, **shared)]
    good = answered(1000, 0.0, issue=1, **shared)
    level = reference.ALPHA["phone"]
    s_bad, s_good = (100 / (1 + exp(-(level + z))) for z in (UNRESOLVED + REPEAT, AT_ONCE))
    expected = leaves(moved(moved(70.0, s_good), s_bad)) - leaves(70.0)
    other = leaves(moved(moved(70.0, s_bad), s_good)) - leaves(70.0)
    assert excess(contacts(*bad, good)) == pytest.approx(expected, rel=1e-6)
    assert abs(expected - other) > 0.1 * abs(expected)


def test_a_customer_with_three_issues_leaves_once() -> None:
    """Three bad issues of one customer count one customer's change; a complaint in any of them is recorded once."""
    shared = {"customer": 3, **TRAITS}
    rows = [left(100.0 * n, 10.0, issue=n, complaint_draw=0 if n == 1 else 999_999, **shared) for n in range(3)]
    s = 100 / (1 + exp(-(reference.ALPHA["phone"] + UNRESOLVED)))
    expected = leaves(moved(moved(moved(70.0, s), s), s), complaint=True) - leaves(70.0)
    others = [answered(0, 0.0, issue=n, customer=n, **TRAITS) for n in (4, 5)]
    one_other = excess(contacts(others[0]))
    assert excess(contacts(*rows)) == pytest.approx(expected, rel=1e-6)
    assert excess(contacts(*rows, *others)) == pytest.approx(expected + 2 * one_other, rel=1e-6)


def test_only_issues_of_the_cohort_move_anybody() -> None:
    """An issue of the run-in causes no excess churn."""
    assert excess(contacts(left(-100, 10.0, **TRAITS))) == 0.0


def test_no_slope_and_no_complaint_ratio_means_no_excess() -> None:
    """With β = 0 and a complaint ratio of 1, churn does not depend on what support did: exactly 0."""
    flat = replace(CHURNING, beta=0.0, complaint_ratio=1.0)
    of = desk(PHONE, CHAT, EMAIL, horizon=400.0, ends=600.0)
    table = random_contacts(np.random.default_rng(2), of, 150, span=(-100, 500), longest=100)
    table["complaint_draw"][:] = 0
    assert excess(table, of, beta=0.0) > 0.0
    assert excess_churn(cohort(table, of), Belief(flat, K))[None, None][0] == 0.0


@pytest.mark.parametrize("seed", range(5))
def test_segments_add_up_to_the_whole(seed: int) -> None:
    """Excess churn by segment sums to that of all, and is that of the segment's customers alone."""
    of = desk(PHONE, CHAT, EMAIL, horizon=400.0, ends=600.0, segments=("home", "business", "nobody"))
    draws = np.random.default_rng(seed)
    table = random_contacts(draws, of, 120, span=(-100, 500), longest=100)
    table["segment"][:] = table["customer"] % 2
    table["mood"][:] = 60_000 + 500 * (table["customer"] % 50)
    parts = excess_churn(cohort(table, of), belief(BETA, K))
    whole, *by_segment = (parts[None, segment][0] for segment in (None, *of.segments))
    assert sum(by_segment) == pytest.approx(whole, rel=1e-12)
    assert by_segment[2] == 0.0
    for code in (0, 1):
        assert excess(table.where(table["segment"] == code), of) == pytest.approx(by_segment[code], rel=1e-12)


def test_the_band_is_over_beta(monkeypatch: pytest.MonkeyPatch) -> None:
    """The band's ends are the excess at the ends of β's band; of one unhappy customer it holds the figure."""
    monkeypatch.setattr(reference, "SCALE", (1.5,) * 7)
    table = contacts(left(0, 10.0, **TRAITS))
    found = next(f for f in figures([summary(table, desk())], desk()) if f.measure.name == "excess_churn")
    # the 10 and 90 % quantiles of a triangle on 0 to 0.046 with its top at 0.015
    low, high = (0.1 * 0.046 * 0.015) ** 0.5, 0.046 - (0.1 * 0.046 * 0.031) ** 0.5
    ends = [excess_churn(cohort(table, desk()), belief(beta, 1.5))[None, None][0] for beta in (low, 0.015, high)]
    over_beta, over_complaints = found.bands
    assert found.estimate.value is not None
    assert [over_beta.low, found.estimate.value, over_beta.high] == pytest.approx(ends)
    assert over_complaints.low <= found.estimate.value <= over_complaints.high
    assert all(not f.bands for f in figures([summary(table, desk())], desk()) if f.measure.name != "excess_churn")


def test_the_band_of_happy_customers_has_its_ends_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where support keeps customers, the steeper slope gives the lower end."""
    monkeypatch.setattr(reference, "SCALE", (1.5,) * 7)
    table = contacts(answered(0, 0.0, **TRAITS))
    found = next(f for f in figures([summary(table, desk())], desk()) if f.measure.name == "excess_churn")
    assert found.estimate.value is not None
    assert found.bands[0].low < found.estimate.value < found.bands[0].high < 0


def test_a_band_holds_the_figure_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where both ends lie above the figure, as with other scales at the ends, the band reaches down to it."""
    monkeypatch.setattr(reference, "SCALE", (1.5, 1.5, 1.5, 0.5, 1.5, 1.5, 1.5))
    found = next(
        f
        for f in figures([summary(contacts(left(0, 10.0, **TRAITS)), desk())], desk())
        if f.measure.name == "excess_churn"
    )
    assert found.bands[0].low == found.estimate.value
