"""Waiting figures of hand-made tables, worked out by hand: who counts, who does not, and from when to when."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tables import (
    BOT,
    CHAT,
    DAY,
    EMAIL,
    HOUR,
    MINUTE,
    PHONE,
    TICK,
    cohort,
    contacts,
    desk,
    random_contacts,
    short,
    summary,
    values,
)

from sim.desk import Target
from sim.measures.base import bin_seconds
from sim.measures.routes import ENDINGS
from sim.measures.summary import figures
from sim.measures.waiting import response_histogram, wait_histogram
from sim.schemas import Outcome
from sim.tables import Table

PER_MILLE = 1e-3
"""What the bins of a histogram cost a quantile."""


def ten() -> Table:
    """Ten contacts, target 20 s: eight answered after 0, 0, 5, 12, 19, 20, 21 and 45 s, two left after 4 and 30 s."""
    answered = [{"offered": 60 * n, "answered": 60 * n + w} for n, w in enumerate((0, 0, 5, 12, 19, 20, 21, 45))]
    left = [{"offered": 600.0, "ended": 604.0}, {"offered": 700.0, "ended": 730.0}]
    return contacts(*({**row, "ended": row["answered"] + 100} for row in answered), *left)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("offered", 10),
        ("answered", 8),
        ("abandoned", 2),
        ("service_level", 6 / 10),
        # of 10, one left within 20 s
        ("service_level_less_short_abandoned", 6 / 9),
        ("service_level_of_answered", 6 / 8),
        ("answered_or_abandoned_within", 7 / 10),
        ("answer_rate", 8 / 10),
        ("abandonment_rate", 2 / 10),
        # (0 + 0 + 5 + 12 + 19 + 20 + 21 + 45) / 8 = 122 / 8
        ("asa", 15.25),
        # (122 + 4 + 30) / 10
        ("wait", 15.6),
    ],
)
def test_ten_contacts(name: str, expected: float) -> None:
    """Ten contacts give every variant of service level, and both mean waits, as counted by hand."""
    assert values(ten(), desk())[name] == pytest.approx(expected, rel=1e-12)


def test_percentiles_of_ten_contacts() -> None:
    """A share q of 0, 0, 4, 5, 12, 19, 20, 21, 30, 45 waits at most the ⌈10·q⌉-th of them."""
    found = values(ten(), desk())
    expected = {"wait_p50": 12.0, "wait_p80": 21.0, "wait_p90": 30.0, "wait_p95": 45.0, "wait_p99": 45.0}
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=PER_MILLE)


@pytest.mark.parametrize(("wait", "level"), [(20.0 - TICK, 1.0), (20.0, 1.0), (20.0 + TICK, 0.0)])
def test_within_includes_the_target(wait: float, level: float) -> None:
    """A wait of exactly the target is within it, one tick more is not; for answers and for who left."""
    answered = values(contacts({"offered": 7.0, "answered": 7.0 + wait, "ended": 99.0}), desk())
    assert answered["service_level"] == level
    left = values(contacts({"offered": 7.0, "ended": 7.0 + wait}), desk())
    assert left["answered_or_abandoned_within"] == level
    assert left["service_level_less_short_abandoned"] == (None if level else 0.0)


@pytest.mark.parametrize(("offered", "counts"), [(-TICK, 0), (0.0, 1), (HOUR - TICK, 1), (HOUR, 0)])
def test_the_cohort_is_offered_from_the_start_until_before_the_end(offered: float, counts: int) -> None:
    """Contacts offered at 0 and a tick before the end count, a tick before the start and at the end do not."""
    other = {"offered": 60.0, "answered": 60.0, "ended": 90.0}
    found = values(contacts(other, {"offered": offered, "answered": offered + 40, "ended": offered + 50}), desk())
    assert found["offered"] == 1 + counts
    assert found["answered"] == 1 + counts
    assert found["wait"] == 40 * counts / (1 + counts)
    assert found["issues"] == 1 + counts


def test_a_redial_in_the_window_counts_its_wait_but_not_its_issue() -> None:
    """Of an issue that began in the run-in, the contact in the window counts as offered, and no issue is counted."""
    table = contacts(
        {"issue": 0, "offered": -600.0, "ended": -500.0},
        {"issue": 0, "offered": 10.0, "answered": 22.0, "ended": 80.0},
    )
    found = values(table, desk())
    assert (found["offered"], found["abandoned"], found["asa"]) == (1, 0, 12.0)
    assert (found["issues"], found["contacts_per_issue"], found["satisfaction"]) == (0, None, None)


def test_a_redial_after_the_window_counts_for_its_issue_but_not_its_wait() -> None:
    """Of an issue that began in the window, a contact after it makes two contacts of one issue, one of them offered."""
    table = contacts(
        {"issue": 0, "offered": HOUR - 30, "ended": HOUR - 25},
        {"issue": 0, "offered": HOUR + 600, "answered": HOUR + 660, "ended": HOUR + 700},
    )
    found = values(table, desk())
    assert (found["offered"], found["answered"], found["wait"]) == (1, 0, 5.0)
    assert (found["issues"], found["contacts_per_issue"], found["resolved"]) == (1, 2.0, 1.0)


NEVER_WAITED: tuple[tuple[str, Outcome, dict[str, float]], ...] = (
    ("blocked", Outcome.BLOCKED, {"ended": 100.0}),
    ("ignored", Outcome.IGNORED, {}),
    ("turned_away", Outcome.TURNED_AWAY, {"ended": 100.0}),
)


@pytest.mark.parametrize(("name", "outcome", "cells"), NEVER_WAITED)
def test_who_never_waited_is_missed_but_has_no_wait(name: str, outcome: Outcome, cells: dict[str, float]) -> None:
    """Blocked, ignored and turned away: offered, in no wait, and nobody else's figure moves; the first two are missed,
    while who finds the desk closed is in no service level."""
    good = {"offered": 50.0, "answered": 60.0, "ended": 90.0}
    found = values(contacts(good, {"offered": 100.0, "outcome": outcome, **cells}), desk())
    level = 1.0 if name == "turned_away" else 0.5
    counted = ("blocked", "ignored", "turned_away", "disconnected", "abandoned", "open")
    assert {other: found[other] for other in counted} == {other: float(other == name) for other in counted}
    assert (found["offered"], found["answered"], found["service_level"]) == (2, 1, level)
    assert (found["service_level_less_short_abandoned"], found["service_level_of_answered"]) == (level, 1.0)
    assert (found["answer_rate"], found["wait"], found["asa"]) == (level, 10.0, 10.0)
    assert found["wait_p99"] == pytest.approx(10.0, rel=PER_MILLE)


def test_cut_off_at_closing_is_a_wait_and_no_abandonment() -> None:
    """A contact cut off at closing waited until then, is missed, and is no abandonment, however short it waited."""
    table = contacts({"offered": 100.0, "ended": 105.0, "outcome": Outcome.DISCONNECTED})
    found = values(table, desk())
    assert (found["disconnected"], found["abandoned"], found["wait"]) == (1, 0, 5.0)
    assert (found["service_level"], found["service_level_less_short_abandoned"]) == (0.0, 0.0)


def test_still_waiting_is_censored_at_the_end_of_the_clock() -> None:
    """A contact still waiting enters the mean with its time so far, and a percentile as at least that long."""
    # three answered after 10, 20, 30 s; one waits since 60 s before the end
    rows = [{"offered": 0.0, "answered": wait, "ended": 99.0} for wait in (10.0, 20.0, 30.0)]
    found = values(contacts(*rows, {"offered": HOUR - 60}), desk(ends=HOUR))
    assert (found["open"], found["answered"], found["wait"]) == (1, 3, (10 + 20 + 30 + 60) / 4)
    assert found["wait_p50"] == pytest.approx(20.0, rel=PER_MILLE)
    assert found["wait_p80"] is None
    assert found["asa"] == 20.0


def test_being_worked_on_is_answered_and_its_wait_is_over() -> None:
    """A call still talking at the end of the clock is answered, not open, and its wait ended when it was answered."""
    table = contacts({"offered": 0.0, "answered": 30.0})
    found = values(table, desk(ends=HOUR))
    assert (found["open"], found["answered"], found["wait"], found["asa"]) == (0, 1, 30.0, 30.0)
    assert found["wait_p50"] == pytest.approx(30.0, rel=PER_MILLE)
    assert found["handle_time"] is None
    histogram = wait_histogram(cohort(table, desk(ends=HOUR)))["phone", None]
    assert (histogram.ended.sum(), histogram.censored.sum(), histogram.never) == (1, 0, 0)


def test_a_message_is_answered_in_time_by_its_reply() -> None:
    """A deferrable channel's service level runs until the reply is sent, its time in the queue until it is taken."""
    table = contacts(
        # taken after 23 h, replied after 24 h: within. Taken after 23 h, replied a tick later than 24 h: not.
        {"offered": 0.0, "answered": 23 * HOUR, "ended": DAY},
        {"offered": 60.0, "answered": 60 + 23 * HOUR, "ended": 60 + DAY + TICK},
        # taken, not replied
        {"offered": 120.0, "answered": 120 + HOUR},
    )
    found = values(table, desk(EMAIL), "email")
    assert found["service_level"] == pytest.approx(1 / 3)
    assert found["service_level_of_answered"] == pytest.approx(1 / 3)
    assert found["asa"] == pytest.approx((23 + 23 + 1) / 3 * HOUR)


def test_each_channel_has_its_own_target() -> None:
    """The same waits of 30 s miss a target of 20 s on one channel and meet 40 s on another."""
    slow = replace(CHAT, target=Target(0.8, 40_000))
    rows = [{"offered": 0.0, "answered": 30.0, "ended": 60.0, "channel": channel} for channel in (0, 1)]
    found = [values(contacts(*rows), desk(PHONE, slow), name)["service_level"] for name in ("phone", "chat")]
    assert found == [0.0, 1.0]


def test_response_never_comes_for_who_left() -> None:
    """Answers end a response time, open contacts censor it at the end of the clock, all others never get one."""
    table = contacts(
        {"offered": 0.0, "answered": 10.0, "ended": 70.0},
        {"offered": 100.0, "ended": 110.0},
        {"offered": 100.0, "outcome": Outcome.IGNORED},
        {"offered": 100.0, "ended": 100.0, "outcome": Outcome.BLOCKED},
        {"offered": 100.0, "ended": 100.0, "outcome": Outcome.TURNED_AWAY},
        {"offered": 100.0, "ended": 160.0, "outcome": Outcome.DISCONNECTED},
        {"offered": HOUR - 300},
        # a message being worked on has no reply yet
        {"offered": HOUR - 300, "answered": HOUR - 200, "channel": 1},
        # a call being talked to has its answer
        {"offered": HOUR - 300, "answered": HOUR - 200},
    )
    both = response_histogram(cohort(table, desk(PHONE, EMAIL, ends=HOUR)))
    phone, email = both["phone", None], both["email", None]
    assert (phone.ended.sum(), phone.censored.sum(), phone.never) == (2, 1, 5)
    assert bin_seconds(np.flatnonzero(phone.ended)) == pytest.approx([10.0, 100.0], rel=PER_MILLE)
    assert bin_seconds(np.flatnonzero(phone.censored)) == pytest.approx([300.0], rel=PER_MILLE)
    assert (email.ended.sum(), email.censored.sum(), email.never) == (0, 1, 0)
    assert bin_seconds(np.flatnonzero(email.censored)) == pytest.approx([300.0], rel=PER_MILLE)


def test_every_offered_contact_has_one_outcome() -> None:
    """Over random tables with every outcome, on channels of every kind, the ways to end and the open make the
    offered."""
    of = desk(PHONE, CHAT, EMAIL, BOT, horizon=400.0, ends=600.0)
    names = ("OPEN", "CONTAINED", "TRANSFERRED", "BLOCKED", "TURNED_AWAY", "DISCONNECTED")
    of_machines = [Outcome[name] for name in names]
    for seed in range(10):
        draws = np.random.default_rng(seed)
        table = random_contacts(draws, of, 60, span=(-100, 500), longest=100)
        machine = table["channel"] == 3
        table["outcome"][machine] = draws.choice(of_machines, machine.sum())
        table["answered"][machine] = table["offered"][machine]
        # a contact that was put back may be cut off although an agent had taken it
        table["answered"][np.flatnonzero(table["outcome"] == Outcome.DISCONNECTED)[:1]] = 1
        for channel in of.channels:
            found = values(table, of, channel.name)
            assert sum(found.get(name) or 0 for name in ENDINGS) == found["offered"]


def test_parts_by_channel_and_segment_add_up() -> None:
    """Counts by segment add up to the channel, channels to the whole; so do numerators and denominators of shares."""
    of = desk(PHONE, CHAT, EMAIL, horizon=400.0, ends=600.0, segments=("home", "business"))
    found = summary(random_contacts(np.random.default_rng(5), of, 200, span=(-100, 500), longest=100), of).parts
    channels = ("phone", "chat", "email")
    for name in ("offered", "answered", "issues", "satisfaction", "csat", "resolved", "fcr"):
        parts = found[name]
        for column in (0,) if name in ("offered", "answered", "issues") else (0, 1):
            for channel in (*channels, None):
                by_segment = sum(parts[channel, segment][column] for segment in of.segments)
                assert by_segment == pytest.approx(parts[channel, None][column])
            assert sum(parts[channel, None][column] for channel in channels) == pytest.approx(parts[None, None][column])
    for name in ("service_level", "wait", "asa", "handle_time", "abandonment_rate"):
        for channel in channels:
            for column in (0, 1):
                by_segment = sum(found[name][channel, segment][column] for segment in of.segments)
                assert by_segment == pytest.approx(found[name][channel, None][column])


def test_segments_keep_their_own_figures() -> None:
    """Each segment's service level is that of its own contacts."""
    table = contacts(
        {"offered": 0.0, "answered": 10.0, "ended": 60.0, "segment": 0},
        {"offered": 0.0, "answered": 30.0, "ended": 60.0, "segment": 1},
        {"offered": 0.0, "answered": 20.0, "ended": 60.0, "segment": 1},
    )
    of = desk(segments=("home", "business"))
    home, business = (values(table, of, "phone", segment) for segment in of.segments)
    assert (home["service_level"], business["service_level"]) == (1.0, 0.5)
    assert (home["wait"], business["wait"]) == (10.0, 25.0)


def test_intervals_met_by_hand() -> None:
    """Of three half-minutes with anything offered, two have 80 % answered within 20 s: 4 of 5, and 1 of 1."""
    good, late = {"answered": 20.0}, {"answered": 21.0}
    rows = [{"offered": 0.0, **(late if n == 0 else good)} for n in range(5)]
    # offered at the very end of the first interval, answered within 20 s in the second
    rows.append({"offered": 29.999, "answered": 40.0})
    rows += [{"offered": 30.0, "ended": 31.0}, {"offered": 99.0, "answered": 99.0}]
    # the run-in and the drain are not measured
    rows += [{"offered": -1.0, "ended": 5.0}, {"offered": 100.0, "ended": 110.0}]
    of = short(PHONE, CHAT, EMAIL)
    assert values(contacts(*rows), of)["intervals_met"] == 2 / 3
    assert values(contacts(*rows), of, "chat")["intervals_met"] is None
    assert "intervals_met" not in values(contacts(*rows), of, "email")


def test_a_target_met_exactly_is_met() -> None:
    """14 of 25 are 56 %, though 0.56 · 25 is a little more than 14 to a computer; 13 are not."""
    of = desk(replace(PHONE, target=Target(0.56, 20_000)))
    rows = [{"offered": 0.0, "answered": 20.0 if n < 14 else 30.0} for n in range(25)]
    assert values(contacts(*rows), of)["intervals_met"] == 1.0
    assert values(contacts(*rows[1:], {"offered": 0.0, "answered": 30.0}), of)["intervals_met"] == 0.0


def test_intervals_met_add_up_over_replications() -> None:
    """One of one interval and none of three are 1 in 4, not the mean of 100 % and 0 %."""
    met = contacts({"offered": 0.0, "answered": 0.0})
    missed = contacts(*({"offered": at, "ended": at + 60} for at in (0.0, 30.0, 60.0)))
    found = figures([summary(met, short()), summary(missed, short(), 1)], short())
    estimate = next(figure.estimate for figure in found if figure.measure.name == "intervals_met")
    assert estimate.value == 1 / 4


@pytest.mark.parametrize("seed", range(8))
def test_intervals_met_one_by_one(seed: int) -> None:
    """On random tables, it is what a loop over the intervals counts."""
    draws = np.random.default_rng(seed)
    of = short(PHONE, CHAT, EMAIL)
    table = random_contacts(draws, of, int(draws.integers(0, 40)), span=(-60, 120), longest=60)
    lost = table["outcome"] == Outcome.DISCONNECTED
    for code, channel in enumerate(of.channels[:2]):
        verdicts = []
        for start in range(0, of.horizon, of.interval):
            offered = (table["offered"] >= start) & (table["offered"] < min(start + of.interval, of.horizon))
            mine = np.flatnonzero(offered & (table["channel"] == code))
            told = table["outcome"] == Outcome.CONTAINED
            until = np.where(told, table["ended"], np.where(lost, -1, table["answered"]))
            times = [int(until[row] - table["offered"][row]) for row in mine if until[row] >= 0]
            if len(mine):
                verdicts.append(sum(time <= channel.target.within for time in times) / len(mine) >= 0.8)
        assert values(table, of, channel.name)["intervals_met"] == (np.mean(verdicts) if verdicts else None)


@pytest.mark.parametrize("interval", [30 * MINUTE, HOUR, 50 * MINUTE])
def test_nothing_offered_gives_zero_counts_and_no_shares(interval: float) -> None:
    """A replication without a contact counts 0, and says of shares, means and percentiles that nothing was observed."""
    of = desk(PHONE, EMAIL, interval=interval)
    for channel in ("phone", "email"):
        found = values(contacts(), of, channel)
        assert (found["offered"], found["answered"], found["issues"], found["open"]) == (0, 0, 0, 0)
        for name in ("service_level", "abandonment_rate", "asa", "wait", "wait_p90", "fcr", "satisfaction", "csat"):
            assert found[name] is None
    whole = values(contacts(), of, None)
    assert (whole["excess_churn"], whole["occupancy"], whole["cost_per_contact"]) == (0.0, 0.0, None)


def test_a_channel_without_contacts_is_silent_beside_one_with() -> None:
    """The quiet channel reports zero counts and nothing observed; the busy one is untouched by it."""
    found = values(ten(), desk(PHONE, EMAIL), "email")
    assert (found["offered"], found["service_level"], found["wait_p50"], found["backlog"]) == (0, None, None, 0.0)
    assert values(ten(), desk(PHONE, EMAIL))["service_level"] == 0.6
