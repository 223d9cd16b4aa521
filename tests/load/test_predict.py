"""The prediction of a load test: the engine over the plan's window, with what the desk took in between."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import as_predicted
import numpy as np
import pytest
from as_predicted import T0, TICKS, made, predicted, told

from sim.load import books as ledgers
from sim.load.books import Books
from sim.load.plan import Channel, Plan
from sim.load.predict import cycle, latencies, measured, predict, seeds
from sim.load.slice import running
from sim.schemas import NEVER
from sim.simulate.centre import Centre
from sim.simulate.engine import contacts_table
from sim.tables import Table

EMAIL = 1
QUIET = ("load.channels.email=rest", "customers=100000", "email.staff=30", "phone.staff=15")
"""Nobody ever waits for an answer to a mail."""


def _same(one: Table, other: Table) -> list[str]:
    return [name for name in one.names if not np.array_equal(one[name], other[name])]


def _mails(table: Table) -> Table:
    return table.where((table["channel"] == EMAIL) & (table["attempt"] == 1))


def test_without_delays_it_is_the_engine_over_the_window() -> None:
    """Every column of every contact is that of the plain centre, over the window from empty, with the plan's issues."""
    _, plan, world = made()
    issues = world.population.issues
    desk = running(world.desk, *plan.window, plan.ends)
    inside = np.flatnonzero((issues["arrival"] >= plan.window[0]) & (issues["arrival"] < plan.window[1]))
    arrivals = sorted((issues["arrival"].item(issue), issue) for issue in inside.tolist())
    centre = Centre(desk, arrivals, issues, world.population.fates())
    centre.run()
    plain, ours = contacts_table(centre, issues), predict(plan, world, {}, 1)
    assert _same(plain, ours) == []
    waits = (ours["answered"] - ours["offered"])[(ours["channel"] == EMAIL) & (ours["answered"] != NEVER)]
    assert (waits > 60_000).sum() > 10


@pytest.mark.parametrize("step", ["take", "send", "answer", "see"])
def test_a_constant_delay_moves_what_waits_for_it_and_nothing_else(step: str) -> None:
    """Where nobody queues, a delay of d makes every wait d longer if it is the taking, every contact offered d later if
    it is the sending, every handle time d longer if it is the answering, and none of these if it is the seeing."""
    _, plan, world = made(QUIET)
    delay = 7_000
    plain, moved = (_mails(predict(plan, world, ticks, 1)) for ticks in ({}, {step: np.array([delay])}))
    assert len(plain) == len(moved) > 15
    assert (plain["answered"] == plain["offered"]).all()
    known = plain["ended"] < plan.ends - 2 * delay
    expected = {"send": (delay, 0, 0), "take": (0, delay, 0), "answer": (0, 0, delay), "see": (0, 0, 0)}[step]
    found = (
        (moved["offered"] - plain["offered"])[known],
        (moved["answered"] - moved["offered"])[known],
        ((moved["ended"] - moved["taken"]) - (plain["ended"] - plain["taken"]))[known],
    )
    assert [set(each.tolist()) for each in found] == [{each} for each in expected]


def test_a_channel_has_its_own_delays_where_it_has_any() -> None:
    """A delay of sending that is named for e-mail holds there in place of the one for all."""
    _, plan, world = made(QUIET)
    plain = _mails(predict(plan, world, {}, 1))
    moved = _mails(predict(plan, world, {"send": np.array([5_000]), "send 1": np.array([900])}, 1))
    assert set((moved["offered"] - plain["offered"]).tolist()) == {900}


def test_no_desk_hears_of_calls_and_they_are_not_delayed() -> None:
    """Whatever the desk takes, contacts that are entered stay as they were."""
    _, plan, world = made(QUIET)
    slow = predict(plan, world, {step: np.array([9_000]) for step in ("send", "take", "answer", "see")}, 1)
    plain = predicted(QUIET)
    calls, others = (table.where(table["channel"] == 0) for table in (plain, slow))
    assert len(calls) > 50
    assert _same(calls, others) == []


def test_what_is_skipped_is_left_out() -> None:
    """No contact of a channel without a way to the desk is predicted, first or further; the others are as they were."""
    _, plan, world = made()
    skipping = replace(
        plan,
        channels=(Channel("phone", "skip"), plan.channels[1]),
        rows=tuple(replace(row, wire="skip") if row.channel == "phone" else row for row in plan.rows),
    )
    without, whole = predict(skipping, world, {}, 1), predicted()
    assert set(without["channel"].tolist()) == {EMAIL}
    assert _same(without, whole.where(whole["channel"] == EMAIL)) == []


def test_a_seed_decides_which_latency_falls_on_whom() -> None:
    """The same seed gives the same contacts, another seed others of the same customers; no two runs share one."""
    _, plan, world = made()
    ticks = {"take": np.array([0, 30_000, 200_000])}
    one, same, other = (predict(plan, world, ticks, seed) for seed in (1, 1, 2))
    assert _same(one, same) == []
    assert {"answered", "ended"} <= set(_same(one, other))
    assert _same(_mails(one).where(np.arange(20)), _mails(other).where(np.arange(20))).count("customer") == 0
    assert len({*seeds(1, 100), *seeds(2, 100)}) == 200


def _measured(folder: Path, took: dict[str, float]) -> tuple[Plan, Books, dict[str, set[float]]]:
    _, plan, _ = made()
    books = Books(ledgers.read(told(folder, predicted(), took=took)))
    found: dict[str, set[float]] = {}
    for each in measured(plan, books):
        found.setdefault(each.step, set()).add(round(each.seconds, 3))
    return plan, books, found


def test_latencies_are_what_the_books_say(tmp_path: Path) -> None:
    """A send lasts from due until the desk has it, an answer until its ticket is resolved; a cycle is a take and an
    answer; all in wall seconds, and in the scenario's ticks times the speed. Of calls nothing is measured."""
    took = {"send": 0.5, "take": 0.125, "answer": 0.25, "resolve": 0.0625}
    plan, books, found = _measured(tmp_path / "run", took)
    # first contacts are offered here when they are due, further ones half a second later
    assert found == {"send": {0.0, 0.5}, "take": {0.125}, "answer": {0.312}, "see": {0.0}}
    each = measured(plan, books)
    assert {one.channel for one in each} == {"email"}
    assert cycle(each) == pytest.approx(0.125 + 0.3125, abs=1e-3)
    ticks = latencies(plan, each)
    assert set(ticks) == {f"{step}{own}" for step in found for own in ("", " 1")}
    assert set(ticks["take 1"].tolist()) == {round(0.125 * TICKS)}


def test_the_lag_of_the_generator_is_part_of_a_send(tmp_path: Path) -> None:
    """A contact that the desk had 40 s of the scenario after it was due was sent for 40 s."""
    plan = made()[1]
    late = predicted()
    mails = (late["channel"] == EMAIL) & (late["attempt"] == 1)
    late = as_predicted.changed(late, offered=np.where(mails, late["offered"] + 40_000, late["offered"]))
    books = Books(ledgers.read(told(tmp_path / "run", late)))
    sends = [each.seconds for each in measured(plan, books) if each.step == "send" and each.contact.endswith(".1")]
    assert len(sends) == mails.sum()
    assert set(sends) == {40_000 / TICKS}
    assert books.t0 == T0


def test_what_failed_in_the_end_took_no_time(tmp_path: Path) -> None:
    """A contact that the desk refused has no latency."""
    first = next(row.issue for row in made()[1].sent)
    books = Books(ledgers.read(told(tmp_path / "run", predicted(), took={"take": 0.1}, fails=frozenset({first}))))
    assert f"{first}.1" in books.entries
    assert f"{first}.1" not in {each.contact for each in measured(made()[1], books)}
