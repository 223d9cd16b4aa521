"""First answers, solutions and first-contact resolution of hand-made issues; Kaplan–Meier against known answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from tables import DAY, EMAIL, HOUR, PHONE, TICK, cohort, contacts, desk, summary, values

from sim.measures.base import Histogram, bin_seconds, kaplan_meier
from sim.measures.resolution import resolution_histogram
from sim.measures.summary import quantiles
from sim.schemas import Outcome

PER_MILLE = 1e-3
WEEK = 7 * DAY


def call(offered: float, *, wait: float = 10.0, talk: float = 50.0, **cells: Any) -> dict[str, Any]:
    """A call answered after `wait` and talked to for `talk` seconds."""
    return {"offered": offered, "answered": offered + wait, "ended": offered + wait + talk, **cells}


def left(offered: float, wait: float = 10.0, **cells: Any) -> dict[str, Any]:
    return {"offered": offered, "ended": offered + wait, **cells}


# First-contact resolution -------------------------------------------------------------------------------------------


def test_solved_by_the_first_answer() -> None:
    """An issue that its first answer solved, with no further contact, is resolved at first contact."""
    found = values(contacts(call(0.0)), desk())
    assert (found["fcr"], found["resolved"], found["contacts_per_issue"]) == (1.0, 1.0, 1.0)


def test_not_solved_by_the_first_answer() -> None:
    """A reconnect that solves the issue makes it resolved, but not at first contact."""
    table = contacts(call(0.0, issue=0, resolved=0), call(DAY, issue=0, wait=20.0))
    found = values(table, desk())
    assert (found["fcr"], found["resolved"], found["contacts_per_issue"]) == (0.0, 1.0, 2.0)
    # the solution came 24 h after the first contact, then 20 s of waiting and 50 s of talk
    assert found["resolution_time_p50"] == pytest.approx(DAY + 70, rel=PER_MILLE)
    assert found["first_response_p50"] == pytest.approx(10.0, rel=PER_MILLE)


@pytest.mark.parametrize(("after", "fcr"), [(WEEK - DAY, 0.0), (WEEK, 0.0), (WEEK + TICK, 1.0), (WEEK + DAY, 1.0)])
def test_a_further_contact_within_seven_days_undoes_it(after: float, fcr: float) -> None:
    """A further contact up to 7 days after the answer undoes first-contact resolution; one after that does not."""
    table = contacts(call(0.0, issue=0), call(10.0 + after, issue=0))
    assert values(table, desk(horizon=HOUR))["fcr"] == fcr


def test_the_seven_days_of_a_message_run_from_its_reply() -> None:
    """A message taken on day 1 and replied on day 2 is undone by one on day 9, not by one later."""
    message = {"issue": 0, "offered": 0.0, "answered": DAY, "ended": 2 * DAY, "channel": 0}
    for after, fcr in ((WEEK, 0.0), (WEEK + TICK, 1.0)):
        again = {"issue": 0, "offered": 2 * DAY + after, "channel": 0}
        assert values(contacts(message, again), desk(EMAIL), "email")["fcr"] == fcr


@pytest.mark.parametrize(("ends", "fcr"), [(10.0 + WEEK, 1.0), (10.0 + WEEK - TICK, None)])
def test_only_issues_whose_seven_days_are_complete_count(ends: float, fcr: float | None) -> None:
    """An answer less than 7 days before the clock stops is left out of first-contact resolution, from both sides."""
    assert values(contacts(call(0.0)), desk(ends=ends))["fcr"] == fcr
    unsolved = values(contacts(call(0.0, resolved=0)), desk(ends=ends))["fcr"]
    assert unsolved == (None if fcr is None else 0.0)


def test_abandoning_before_the_first_answer_does_not_undo_it() -> None:
    """The first *answer* counts: an abandoned call and a redial that solves the issue are resolved at first contact."""
    found = values(contacts(left(0.0, issue=0), call(600.0, issue=0)), desk())
    assert (found["fcr"], found["contacts_per_issue"], found["resolved"]) == (1.0, 2.0, 1.0)
    # from the first contact, not from the redial
    assert found["first_response_p50"] == pytest.approx(610.0, rel=PER_MILLE)


def test_never_answered_is_not_in_first_contact_resolution() -> None:
    """Issues without an answer are left out of first-contact resolution, but stay in the share resolved."""
    found = values(contacts(call(0.0), left(60.0), left(90.0)), desk())
    assert found["fcr"] == 1.0
    assert found["resolved"] == pytest.approx(1 / 3)


def test_solved_at_the_third_contact() -> None:
    """Abandoned, answered in vain, solved: three contacts, first answer from the second, solution from the third."""
    table = contacts(left(0.0, issue=4), call(300.0, issue=4, resolved=0), call(7200.0, issue=4, talk=90.0))
    found = values(table, desk())
    assert (found["contacts_per_issue"], found["fcr"], found["resolved"]) == (3.0, 0.0, 1.0)
    assert found["first_response_p50"] == pytest.approx(310.0, rel=PER_MILLE)
    assert found["resolution_time_p50"] == pytest.approx(7300.0, rel=PER_MILLE)


def test_an_issue_belongs_to_the_channel_of_its_first_contact() -> None:
    """Resolution goes by the first contact's channel, whatever channel solved it."""
    message = {"issue": 0, "offered": 0.0, "answered": 60.0, "ended": 120.0, "channel": 1, "resolved": 0}
    table = contacts(message, call(HOUR, issue=0))
    of = desk(PHONE, EMAIL)
    phone, email = values(table, of, "phone"), values(table, of, "email")
    assert (phone["issues"], email["issues"], email["resolved"], email["fcr"]) == (0, 1, 1.0, 0.0)
    # a message's first answer is its reply, not when it was taken
    assert email["first_response_p50"] == pytest.approx(120.0, rel=PER_MILLE)


# Who gave up, and who still waits -----------------------------------------------------------------------------------


def test_giving_up_counts_as_endless() -> None:
    """Of ten issues, six answered after 10 to 60 s and four given up: the median is the fifth, and no 90 % is known."""
    rows = [call(0.0, wait=10.0 * n, talk=100.0) for n in range(1, 7)] + [left(0.0) for _ in range(4)]
    found = values(contacts(*rows), desk())
    assert found["first_response_p50"] == pytest.approx(50.0, rel=PER_MILLE)
    assert found["resolution_time_p50"] == pytest.approx(150.0, rel=PER_MILLE)
    assert (found["first_response_p90"], found["resolution_time_p90"]) == (None, None)


def test_giving_up_after_an_answer_is_a_response_without_a_solution() -> None:
    """An unsolved issue whose customer stayed away has a first response and an endless resolution."""
    found = values(contacts(call(0.0, resolved=0)), desk())
    assert found["first_response_p90"] == pytest.approx(10.0, rel=PER_MILLE)
    assert (found["resolution_time_p50"], found["resolved"]) == (None, 0.0)


@pytest.mark.parametrize(
    "second",
    [{"offered": 600.0}, {"offered": 600.0, "answered": 700.0}],
    ids=["waiting", "being worked on"],
)
def test_open_issues_are_censored_not_endless(second: dict[str, float]) -> None:
    """An issue whose reconnect is open at the end of the clock is censored there, since its first contact."""
    table = contacts(call(0.0, issue=0, resolved=0), {"issue": 0, **second}, left(0.0, issue=1), call(0.0, issue=2))
    histogram = resolution_histogram(cohort(table, desk(ends=HOUR)))["phone", None]
    assert (histogram.ended.sum(), histogram.censored.sum(), histogram.never) == (1, 1, 1)
    assert bin_seconds(np.flatnonzero(histogram.censored)) == pytest.approx([HOUR], rel=PER_MILLE)


def test_ignored_messages_never_get_an_answer() -> None:
    """An ignored message is endless, not open: nobody will ever answer it."""
    table = contacts({"offered": 0.0, "outcome": Outcome.IGNORED}, {"offered": 0.0, "answered": 60.0, "ended": 90.0})
    found = values(table, desk(EMAIL), "email")
    assert found["first_response_p50"] == pytest.approx(90.0, rel=PER_MILLE)
    assert (found["first_response_p90"], found["resolved"]) == (None, 0.5)


def test_issues_of_the_run_in_do_not_count_nor_touch_their_neighbours() -> None:
    """Between two issues of the cohort lies one of the run-in; contacts, answers and openness of it stay its own."""
    table = contacts(
        call(10.0, issue=0, resolved=0),
        call(-50.0, issue=1, resolved=0),
        {"issue": 1, "offered": 500.0},
        left(20.0, issue=2),
    )
    issues = cohort(table, desk()).issues
    assert issues.contacts.tolist() == [1, 1]
    assert issues.open.tolist() == [False, False]
    assert issues.first_offered.tolist() == [10_000, 20_000]
    assert issues.first_answer.tolist()[0] == 20_000
    assert (issues.last.tolist(), issues.starts.tolist()) == ([0, 3], [0, 3])


# Kaplan and Meier ---------------------------------------------------------------------------------------------------


def one_histogram(ended: list[float], censored: list[float], never: int = 0) -> Histogram:
    over, going_on = (np.rint(np.array(times, float) * 1000).astype(np.int64) for times in (ended, censored))
    return Histogram.of(over, going_on, never)


def test_the_leukaemia_trial() -> None:
    """Weeks of remission under 6-mercaptopurine (Freireich and others 1963): the published S(t) and median of 23."""
    ended = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    histogram = one_histogram([float(week) for week in ended], [float(week) for week in censored])
    width = max(len(histogram.ended), len(histogram.censored))
    counts = [np.pad(row, (0, width - len(row))).astype(float) for row in (histogram.ended, histogram.censored)]
    survival = kaplan_meier(counts[0], counts[1], np.array(0.0))
    published = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
    at = np.flatnonzero(histogram.ended)
    assert bin_seconds(at) == pytest.approx(list(published), rel=PER_MILLE)
    assert survival[at] == pytest.approx(list(published.values()), abs=5e-4)
    # the first time at which S ≤ 1 − q; S never falls to 0.4
    expected = [7.0, 13.0, 22.0, 23.0]
    found = [estimate.value for estimate in quantiles([histogram], [0.15, 0.25, 0.4, 0.5])]
    assert found == pytest.approx(expected, rel=PER_MILLE)
    assert quantiles([histogram], [0.6])[0].value is None


@pytest.mark.parametrize("seed", range(12))
def test_quantiles_agree_with_an_independent_estimator(seed: int) -> None:
    """On random censored times, Kaplan–Meier quantiles are the ones of SciPy's, to 0.1 %."""
    draws = np.random.default_rng(seed)
    size = int(draws.integers(5, 200))
    times = np.rint(draws.lognormal(4.0, 2.0, size) * 1000) / 1000
    gone = np.rint(draws.lognormal(5.0, 2.0, size) * 1000) / 1000
    seen, over = np.minimum(times, gone), times <= gone
    survival = stats.ecdf(stats.CensoredData.right_censored(seen, ~over)).sf
    qs = (0.1, 0.5, 0.8, 0.9, 0.95)
    found = quantiles([one_histogram(seen[over].tolist(), seen[~over].tolist())], qs)
    for q, estimate in zip(qs, found, strict=True):
        reached = np.flatnonzero(survival.probabilities <= 1 - q + 1e-12)
        if len(reached):
            assert estimate.value == pytest.approx(survival.quantiles[reached[0]], rel=PER_MILLE, abs=1e-4)
        else:
            assert estimate.value is None


@pytest.mark.parametrize("seed", range(4))
def test_never_is_at_risk_for_good(seed: int) -> None:
    """Times that never end do to a percentile what times censored beyond all others do."""
    draws = np.random.default_rng(seed)
    ended, censored = (draws.exponential(100.0, 40).round(3).tolist() for _ in range(2))
    qs = [0.1, 0.3, 0.5, 0.7, 0.9]
    never = quantiles([one_histogram(ended, censored, never=25)], qs)
    beyond = quantiles([one_histogram(ended, [*censored, *[1e6] * 25])], qs)
    assert [estimate.value for estimate in never] == [estimate.value for estimate in beyond]


@given(st.integers(0, 2 * 10**9))
def test_a_bin_is_right_to_a_tenth_of_a_percent(ticks: int) -> None:
    """Any time up to three weeks lands in a bin whose time is within 0.1 % of it, and never off by a tenth of a ms."""
    histogram = Histogram.of(np.array([ticks]), np.zeros(0, np.int64))
    middle = bin_seconds(np.flatnonzero(histogram.ended))[0] * 1000
    assert abs(middle - ticks) <= 0.001 * (ticks + 50) * 1.001


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(st.floats(0, 1e5), max_size=6), st.lists(st.floats(0, 1e5), max_size=6), st.integers(0, 3)),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from([0.1, 0.5, 0.9]),
)
def test_intervals_hold_their_quantile(runs: list[tuple[list[float], list[float], int]], q: float) -> None:
    """low ≤ value ≤ high, or all three unknown; one run that saw anything gives no interval; more q is never less."""
    histograms = [one_histogram(*run) for run in runs]
    found, later = quantiles(histograms, [q, 0.95])
    if found.value is None:
        assert (found.low, found.high, later.value) == (None, None, None)
    elif sum(bool(ended or censored or never) for ended, censored, never in runs) < 2:
        assert (found.low, found.high) == (None, None)
    else:
        assert found.low is not None
        assert found.high is not None
        assert found.low <= found.value <= found.high
    if found.value is not None and later.value is not None:
        assert found.value <= later.value


def test_the_interval_of_a_percentile_covers_the_truth() -> None:
    """The interval of a median over 20 runs of 5 exponential times holds the true median in about 95 % of 60 trials."""
    draws = np.random.default_rng(3)
    held = 0
    for _ in range(60):
        runs = [one_histogram(times.tolist(), []) for times in draws.exponential(100.0, (20, 5)).round(3)]
        estimate = quantiles(runs, [0.5])[0]
        assert estimate.low is not None
        assert estimate.high is not None
        held += estimate.low <= 100 * np.log(2) <= estimate.high
    # a bootstrap of 20 covers a little less than it says; ± 3 standard errors of 60 trials around 93 %
    assert 0.83 <= held / 60 <= 1.0


def test_pooling_weighs_runs_by_their_contacts() -> None:
    """A percentile pools the times of all runs: 90 quick ones of one run outweigh 10 slow ones of another."""
    runs = [one_histogram([1.0] * 90, []), one_histogram([100.0] * 10, [])]
    found = quantiles(runs, [0.9, 0.95])
    assert [estimate.value for estimate in found] == pytest.approx([1.0, 100.0], rel=PER_MILLE)


def test_issues_count_once_however_many_contacts() -> None:
    """Twenty attempts are one issue with twenty contacts, and its resolution is counted once."""
    rows = [left(60.0 * n, issue=0) for n in range(19)] + [call(1200.0, issue=0)]
    parts = summary(contacts(*rows), desk()).parts
    assert parts["contacts_per_issue"]["phone", None] == (20.0, 1.0)
    assert parts["resolved"]["phone", None] == (1.0, 1.0)
