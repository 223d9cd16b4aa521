"""Machines, callbacks, deflection, outsourcing and the like: what counts where, by hand and over real runs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from random_desks import centres, rich_customers, seeds, sizes
from tables import BOT, EMAIL, HOUR, PHONE, Row, contacts, desk, group, short, summary, values

from sim.desk import Desk, Group
from sim.measures.cohort import Cohort
from sim.measures.routes import ENDINGS
from sim.measures.summary import figures
from sim.measures.work import time_of
from sim.policies.base import ResponseTables
from sim.schemas import NEVER, Cause, Outcome
from sim.simulate.engine import simulate

BEHIND_A_BOT = desk(PHONE, BOT, EMAIL, answers=[(0, 2)])


def by_machine(**cells: object) -> Row:
    """A machine's customer: served at once for a minute, by no agent."""
    nobody = {"taken": None, "freed": None, "group": None, "agent": None}
    return {
        "offered": 0.0,
        "answered": 0.0,
        "ended": 60.0,
        "channel": 1,
        "outcome": Outcome.CONTAINED,
        **nobody,
        **cells,
    }


def test_what_a_machine_does_by_hand() -> None:
    """Of four, one is helped, one is not, one is passed on and one cut off; nobody was answered, nobody waited."""
    table = contacts(
        by_machine(resolved=1),
        by_machine(resolved=0),
        by_machine(resolved=0, outcome=Outcome.TRANSFERRED, issue=9),
        by_machine(resolved=None, outcome=Outcome.DISCONNECTED),
        {"issue": 9, "offered": 60.0, "answered": 70.0, "ended": 90.0, "cause": Cause.ESCALATION},
    )
    found = values(table, BEHIND_A_BOT, "bot")
    assert (found["offered"], found["contained"], found["escalated"], found["disconnected"]) == (4, 2, 1, 1)
    assert (found["containment_rate"], found["self_service_resolved"], found["escalation_rate"]) == (0.5, 0.25, 0.25)
    assert (found["answered"], found["open"]) == (0, 0)
    assert not {"service_level", "wait", "wait_p90", "asa", "answer_rate", "occupancy", "days_met"} & set(found)
    assert values(table, BEHIND_A_BOT, "phone")["asa"] == 10.0
    # the one behind the machine was solved, but not by the first answer
    assert (found["fcr"], found["resolved"]) == (0.5, 0.5)
    every = values(table, BEHIND_A_BOT, None)
    assert (every["answered"], every["contained"]) == (1, 2)


def test_a_machine_s_column_of_the_interval_sheet_is_empty() -> None:
    """It has no service level, needs nobody, and nobody waits for it."""
    from sim.measures.intervals import intervals

    table = contacts(by_machine(resolved=1), by_machine(outcome=Outcome.DISCONNECTED))
    sheet = intervals([summary(table, BEHIND_A_BOT)], BEHIND_A_BOT)
    assert sheet.offered[1].sum() == 2
    for column in (sheet.service_level, sheet.required_c, sheet.required_a, sheet.occupancy, sheet.wait):
        assert np.isnan(column[1]).all()
    assert not sheet.backlog[1].any()
    assert not sheet.scheduled[1].any()


def test_callbacks_count_by_the_time_until_called_back() -> None:
    """One called back after 15 s is answered in time, one after 40 s is not, one is still promised: open."""
    took = {"offered": 0.0, "outcome": Outcome.CALLED_BACK, "announced": 30.0}
    table = contacts(
        {**took, "answered": 15.0, "ended": 60.0},
        {**took, "answered": 40.0, "ended": 60.0},
        {**took, "outcome": Outcome.CALLBACK_PENDING, "announced": 60.0},
    )
    found = values(table, desk(ends=HOUR))
    assert (found["callbacks"], found["answered"], found["open"]) == (3, 2, 1)
    assert (found["callback_wait"], found["callback_announced"]) == (27.5, 40.0)
    assert found["service_level"] == 1 / 3
    assert found["wait"] == (15 + 40 + HOUR) / 3


def test_a_recorded_message_that_helps_is_an_answer_in_time() -> None:
    """Whom it helped is contained, not answered, never waited, and counts as in time; the deflected are missed."""
    table = contacts(
        {"offered": 0.0, "ended": 0.0, "outcome": Outcome.CONTAINED, "resolved": 1},
        {"offered": 0.0, "ended": 0.0, "outcome": Outcome.DEFLECTED},
        {"offered": 0.0, "answered": 30.0, "ended": 60.0},
    )
    found = values(table, desk())
    assert (found["contained"], found["deflected"], found["answered"], found["wait"]) == (1, 1, 1, 30.0)
    assert (found["service_level"], found["service_level_of_answered"], found["answer_rate"]) == (1 / 3, 0.0, 1 / 3)
    assert (found["resolved"], found["fcr"]) == (2 / 3, 1.0)


def test_silent_leavers_wait_until_they_leave_and_cost_time_later() -> None:
    """Who left after 30 s without a word, and is taken up at 100 s for 36 s, waited 30 s and cost 0.01 h."""
    gone = {"offered": 0.0, "ended": 30.0, "taken": 100.0, "freed": 136.0, "group": 0, "agent": 0}
    table = contacts(gone, {"offered": 0.0, "ended": 40.0})
    found = values(table, desk())
    assert (found["abandoned"], found["answered"], found["wait"]) == (2, 0, 35.0)
    assert (found["silent_left"], found["silent_hours"], found["handle_time"]) == (0.5, 0.01, None)
    assert values(table, desk(), None)["occupancy"] == 36 / HOUR


def test_transfers_chasers_and_causes() -> None:
    """One of two answered is passed on; three chasers came for two messages; who switches and complains is counted
    where they come."""
    table = contacts(
        {"offered": 0.0, "answered": 5.0, "ended": 60.0, "outcome": Outcome.TRANSFERRED, "resolved": 0},
        {"offered": 0.0, "answered": 5.0, "ended": 60.0, "cause": Cause.SWITCH},
        {"offered": 0.0, "answered": 5.0, "ended": 60.0, "channel": 1, "chasers": 3},
        {"offered": 0.0, "ended": 60.0, "channel": 1, "outcome": Outcome.WITHDRAWN, "cause": Cause.PUBLIC},
    )
    phone, email = (values(table, desk(PHONE, EMAIL), name) for name in ("phone", "email"))
    assert (phone["transfer_rate"], phone["switched"], phone["public_complaints"]) == (0.5, 1, 0)
    assert (email["chasers"], email["withdrawn"], email["public_complaints"], email["wait"]) == (1.5, 1, 1, 32.5)
    assert phone["answered"] == 2


def test_a_message_passed_on_is_in_time_but_no_reply() -> None:
    """A message that an agent passes on after an hour was answered in time; its issue's first answer is the reply that
    comes two days later from where it went."""
    rows = [
        {"offered": 0.0, "answered": 60.0, "ended": HOUR, "outcome": Outcome.TRANSFERRED, "resolved": 0, "issue": 0},
        {"offered": HOUR, "answered": 47 * HOUR, "ended": 48 * HOUR, "cause": Cause.TRANSFER, "issue": 0},
    ]
    of = desk(EMAIL, horizon=2 * HOUR)
    assert values(contacts(*rows), of, "email")["service_level"] == 0.5
    assert Cohort(contacts(*rows), of).issues.first_answer.tolist() == [48 * HOUR * 1000]


def test_acknowledged_is_what_comes_in_on_a_channel_that_does_so() -> None:
    """Two of three messages, one was turned away; none of the calls."""
    of = desk(PHONE, EMAIL, tables=ResponseTables(tracked=(False, True)))
    away = {"offered": 0.0, "ended": 0.0, "channel": 1, "outcome": Outcome.TURNED_AWAY}
    table = contacts({"offered": 0.0}, away, *[{"offered": 0.0, "channel": 1}] * 2)
    assert values(table, of, "email")["tracked"] == 2 / 3
    assert values(table, of, "phone")["tracked"] == 0.0
    assert values(table, desk(PHONE, EMAIL), "email")["tracked"] == 0.0


def test_a_channel_in_queues_is_answered_by_the_groups_of_its_queues() -> None:
    """Where intents of the phone are queues 0 and 2, both groups are the phone's, and only the second the e-mail's."""
    of = short(PHONE, EMAIL, groups=[group(1), group(1, name="b")], answers=[(0,), (1, 2)])
    of = replace(of, queues=(0, 1, 0), queue_of=((0, 2), (1, 1)))
    table = contacts({"offered": 0.0, "answered": 0.0, "ended": 50.0})
    assert values(table, of, "phone")["occupancy"] == 50 / 200
    assert values(table, of, "email")["occupancy"] == 0.0


def _staffed(staff: Group) -> Group:
    """With the level that its people make."""
    if not staff.people:
        return staff
    on = [span for person in staff.people for span in person.on]
    ticks = sorted({tick for span in on for tick in span})
    return replace(staff, levels=tuple((tick, sum(start <= tick < end for start, end in on)) for tick in ticks))


@settings(max_examples=60, deadline=None)
@given(centres(), sizes, seeds)
def test_laws_over_real_runs(of: Desk, size: int, seed: int) -> None:
    """Over desks with every feature: each contact ends in exactly one way, agents hold no more than fits, nobody waits
    less than no time, and every figure lies in its interval."""
    of = replace(of, horizon=min(of.horizon, of.ends), groups=tuple(map(_staffed, of.groups)))
    done = simulate(of, rich_customers(of, size, seed))
    cohort = Cohort(done.contacts, of, done.capped, done.spells)
    found = figures([summary(cohort.all, of, spells=cohort.spells)], of)
    count = {(figure.measure.name, figure.channel): figure.estimate.value or 0.0 for figure in found}
    for name in cohort.channels:
        assert sum(count.get((ending, name), 0.0) for ending in ENDINGS) == count["offered", name]
    time = time_of(cohort)
    assert (time.talk <= time.busy + 1e-9).all()
    assert (time.busy <= time.present + 1e-9).all()
    assert (time.slots <= time.busy + 1e-9).all()
    for waits in (cohort.wait, cohort.waits_of_all, cohort.response):
        assert (waits[waits != NEVER] >= 0).all()
    satisfaction = count.get(("satisfaction", None), 0.0)
    assert 0.0 <= satisfaction <= 100.0
