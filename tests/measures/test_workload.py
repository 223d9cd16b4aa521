"""Who was there, who was busy, what lay in the backlog, what it cost: by hand, and by looking at every second."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tables import (
    CHAT,
    DAY,
    EMAIL,
    HOUR,
    PHONE,
    cohort,
    contacts,
    desk,
    group,
    random_contacts,
    short,
    spells,
    summary,
    values,
)

from sim.desk import Desk, Person
from sim.measures.cohort import NEVER_WAITED
from sim.measures.work import agent_time, edges
from sim.measures.workload import scheduled, staff_cost, waiting_at
from sim.policies.base import Outsourcing, ResponseTables, Retention
from sim.schemas import NEVER, Outcome
from sim.tables import Floats, Table


def busy(table: Table, of: Desk) -> list[list[float]]:
    return list(map(list, agent_time(of, table).busy))


def present(table: Table, of: Desk) -> list[list[float]]:
    return list(map(list, agent_time(of, table).present))


# Busy and present ---------------------------------------------------------------------------------------------------


def test_a_contact_over_a_boundary_is_shared_out() -> None:
    """A call from 20 to 50 s with wrap-up until 70 s keeps its agent for 10, 30 and 10 s of the intervals of 30 s."""
    table = contacts({"offered": 5.0, "answered": 20.0, "ended": 50.0, "freed": 70.0})
    assert busy(table, short()) == [[10.0, 30.0, 10.0, 0.0]]


def test_overlapping_chats_keep_one_agent() -> None:
    """An agent with chats at 10 to 40, 20 to 30 and 35 to 55 s is busy from 10 to 55 s; another's chats add to that."""
    spans = ((10, 40, 0), (20, 30, 0), (35, 55, 0), (20, 45, 1))
    rows = [{"offered": 0.0, "answered": a, "ended": b, "agent": agent, "channel": 1} for a, b, agent in spans]
    # agent 0: 20 + 25, agent 1: 10 + 15
    assert busy(contacts(*rows), short(PHONE, CHAT)) == [[30.0, 40.0, 0.0, 0.0]]


def test_neighbouring_contacts_of_one_agent_leave_no_gap() -> None:
    """Calls from 0 to 30 and 30 to 60 s are 60 s busy, and no second is counted twice."""
    table = contacts(*({"offered": 0.0, "answered": a, "ended": a + 30.0} for a in (0.0, 30.0)))
    assert busy(table, short()) == [[30.0, 30.0, 0.0, 0.0]]


def test_run_in_and_drain_are_cut_off() -> None:
    """A call of the run-in counts from the start on, one into the drain until the horizon; before and after do not."""
    table = contacts(
        {"offered": -60.0, "answered": -50.0, "ended": 20.0, "agent": 0},
        {"offered": 0.0, "answered": 95.0, "ended": 130.0, "agent": 1},
        {"offered": -60.0, "answered": -50.0, "ended": -20.0, "agent": 2},
        {"offered": 90.0, "answered": 110.0, "ended": 130.0, "agent": 3},
    )
    assert busy(table, short()) == [[20.0, 0.0, 0.0, 5.0]]


def test_who_is_not_freed_stays_busy() -> None:
    """An agent whose contact (or wrap-up) never ended is busy to the end."""
    talking = contacts({"offered": 0.0, "answered": 80.0})
    wrapping_up = contacts({"offered": 0.0, "answered": 80.0, "ended": 85.0, "freed": None})
    assert busy(talking, short()) == busy(wrapping_up, short()) == [[0.0, 0.0, 10.0, 10.0]]


def test_staying_to_finish_counts_as_present() -> None:
    """When the level falls from 2 to 0 at 40 s, one agent who talks until 75 s is present until then."""
    of = short(groups=[group([(-10.0, 2), (40.0, 0)])])
    table = contacts({"offered": 0.0, "answered": 20.0, "ended": 75.0})
    assert busy(table, of) == [[10.0, 30.0, 15.0, 0.0]]
    # 2 agents for 40 s, then 1 for 35 s
    assert present(table, of) == [[60.0, 40.0, 15.0, 0.0]]
    # 55 s of 115 s
    assert values(table, of)["occupancy"] == pytest.approx(55 / 115)


def test_present_is_the_level_while_it_covers_the_busy() -> None:
    """One busy agent of three scheduled is present within the three, not beside them."""
    of = short(groups=[group([(0.0, 3), (45.0, 1)])])
    table = contacts({"offered": 0.0, "answered": 0.0, "ended": 100.0})
    assert present(table, of) == [[90.0, 60.0, 30.0, 10.0]]


def test_groups_are_counted_apart() -> None:
    """The same agent number in two groups is two people."""
    of = short(groups=[group(1, name="a"), group(1, name="b")])
    rows = [{"offered": 0.0, "answered": 10.0 * g, "ended": 30.0, "group": g} for g in (0, 1)]
    assert busy(contacts(*rows), of) == [[30.0, 0.0, 0.0, 0.0], [20.0, 0.0, 0.0, 0.0]]


def second_by_second(table: Table, of: Desk) -> tuple[Floats, Floats]:
    """Busy and present by looking at every second: who holds a contact, and is the level above that?"""
    intervals = -(-of.horizon // of.interval)
    busy, present = np.zeros((2, len(of.groups), intervals))
    spans = [
        (table["group"][row], table["agent"][row], table["taken"][row] // 1000, _second(table["freed"][row], of))
        for row in range(len(table))
        if table["taken"][row] != NEVER
    ]
    for number, staff in enumerate(of.groups):
        for second in range(of.horizon // 1000):
            holding = {agent for g, agent, start, end in spans if g == number and start <= second < end}
            level = ([0] + [level for tick, level in staff.levels if tick <= second * 1000])[-1]
            cell = number, second * 1000 // of.interval
            busy[cell] += len(holding)
            present[cell] += max(level, len(holding))
    return busy, present


def _second(tick: int, of: Desk) -> int:
    return int(of.ends if tick == NEVER else tick) // 1000


def random_desk(draws: np.random.Generator) -> Desk:
    def steps() -> list[tuple[float, int]]:
        at = np.sort(draws.choice(np.arange(-20, 110), int(draws.integers(0, 6)), replace=False))
        return [(float(second), int(draws.integers(0, 4))) for second in at]

    groups = [group(steps(), name=name) for name in ("a", "b")]
    return short(PHONE, CHAT, EMAIL, groups=groups, answers=[(0, 1), (1, 2)])


@pytest.mark.parametrize("seed", range(15))
def test_busy_and_present_second_by_second(seed: int) -> None:
    """On random desks and tables, busy and present are what a loop over every second counts."""
    draws = np.random.default_rng(seed)
    of = random_desk(draws)
    table = random_contacts(draws, of, int(draws.integers(0, 40)), span=(-60, 120), longest=60)
    time = agent_time(of, table)
    for found, expected in zip((time.busy, time.present), second_by_second(table, of), strict=True):
        assert found.tolist() == expected.tolist()


# Talk -----------------------------------------------------------------------------------------------------------------


def test_wrap_up_is_what_is_busy_and_not_in_talk() -> None:
    """A call from 20 to 50 s with wrap-up until 70 s is 10 and 20 s of talk, then 10 and 10 s of wrap-up."""
    table = contacts({"offered": 5.0, "answered": 20.0, "ended": 50.0, "freed": 70.0})
    counts = summary(table, short()).intervals
    assert counts.talk.tolist() == [[10.0, 20.0, 0.0, 0.0]]
    assert (counts.busy - counts.talk).tolist() == [[0.0, 10.0, 10.0, 0.0]]


def test_talk_wins_over_wrap_up() -> None:
    """Wrapping a chat up from 20 to 50 s while talking in another until 40 s is wrap-up for the last 10 s only."""
    rows = [
        {"offered": 0.0, "answered": 0.0, "ended": 20.0, "freed": 50.0, "channel": 1},
        {"offered": 0.0, "answered": 10.0, "ended": 40.0, "freed": 40.0, "channel": 1},
    ]
    of = short(PHONE, CHAT)
    assert agent_time(of, contacts(*rows)).talk.tolist() == [[30.0, 10.0, 0.0, 0.0]]
    assert busy(contacts(*rows), of) == [[30.0, 20.0, 0.0, 0.0]]


@pytest.mark.parametrize("seed", range(15))
def test_talk_second_by_second(seed: int) -> None:
    """On random desks and tables, talk is what a loop over every second counts, and never more than busy."""
    draws = np.random.default_rng(seed)
    of = random_desk(draws)
    table = random_contacts(draws, of, int(draws.integers(0, 40)), span=(-60, 120), longest=60)
    # who is freed when talk ends is busy with talk alone
    talked = np.where(table["outcome"] == Outcome.ABANDONED, table["freed"], table["ended"])
    freed_at_once = Table({**{name: table[name] for name in table.names}, "freed": talked})
    assert agent_time(of, table).talk.tolist() == second_by_second(freed_at_once, of)[0].tolist()
    assert (agent_time(of, table).talk <= agent_time(of, table).busy).all()


# Backlog ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(15))
def test_waiting_is_what_a_count_finds(seed: int) -> None:
    """At any second, those waiting are who was offered by then and neither taken nor gone, with their mean age."""
    draws = np.random.default_rng(seed)
    of = random_desk(draws)
    table = random_contacts(draws, of, int(draws.integers(0, 40)), span=(-60, 120), longest=60)
    ticks = np.arange(-70_000, 160_000, 1000)
    for channel in range(3):
        counts, ages = waiting_at(cohort(table, of), channel, ticks)
        for tick, count, age in zip(ticks.tolist(), counts.tolist(), ages.tolist(), strict=True):
            waiting = []
            for row in np.flatnonzero(table["channel"] == channel):
                offered, taken, gone = (int(table[name][row]) for name in ("offered", "answered", "ended"))
                until = next((moment for moment in (taken, gone) if moment != NEVER), of.ends)
                if offered <= tick < until and table["outcome"][row] not in NEVER_WAITED:
                    waiting.append((tick - offered) / 1000)
            assert count == len(waiting)
            assert age == pytest.approx(np.mean(waiting) if waiting else 0.0)


def test_backlog_at_the_starts_of_intervals() -> None:
    """Messages waiting at 0, 30, 60 and 90 s are counted and aged; those taken by then, and calls, are not."""
    table = contacts(
        # waiting at 0 (age 40 s), taken at 30 s: no longer waiting at 30 s
        {"offered": -40.0, "answered": 30.0, "ended": 300.0, "channel": 1},
        # offered at 30 s: waiting at 30 (0 s), 60 (30 s) and 90 (60 s)
        {"offered": 30.0, "channel": 1},
        # waiting at 60 s (5 s)
        {"offered": 55.0, "answered": 89.0, "channel": 1},
        {"offered": 0.0, "outcome": Outcome.IGNORED, "channel": 1},
        {"offered": 0.0, "channel": 0},
    )
    of = short(PHONE, EMAIL)
    found = values(table, of, "email")
    # 1, 1, 2 and 1 messages; (40 + 0 + 30 + 5 + 60) s of age over 5 messages
    assert found["backlog"] == (1 + 1 + 2 + 1) / 4
    assert found["backlog_age"] == pytest.approx((40 + 0 + 30 + 5 + 60) / 5)
    assert summary(table, of).intervals.backlog.tolist() == [[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 2.0, 1.0]]
    assert "backlog" not in values(table, of, "phone")


# Schedule, cost and handle time -------------------------------------------------------------------------------------


def test_levels_that_change_inside_an_interval_are_averaged() -> None:
    """2 agents, 5 from 40 s, none from 95 s on: 2, (2·10 + 5·20)/30 = 4, 5, and 5·5/10 = 2.5 in the short interval."""
    of = short(groups=[group([(-5.0, 2), (40.0, 5), (95.0, 0)])])
    assert scheduled(of)[0] == pytest.approx([2.0, 4.0, 5.0, 2.5])
    assert edges(of).tolist() == [0, 30_000, 60_000, 90_000, 100_000]


def test_a_group_without_a_schedule_is_not_there() -> None:
    """No level before the first step, and none at all without steps."""
    of = short(groups=[group([(50.0, 3)]), group([])])
    assert scheduled(of).tolist() == [[0.0, 1.0, 3.0, 3.0], [0.0, 0.0, 0.0, 0.0]]


@pytest.mark.parametrize("seed", range(8))
def test_scheduled_second_by_second(seed: int) -> None:
    """On random schedules, the mean level of each interval is that of its seconds."""
    of = random_desk(np.random.default_rng(seed))
    for staff, found in zip(of.groups, scheduled(of), strict=True):
        levels = [([0] + [n for tick, n in staff.levels if tick <= second * 1000])[-1] for second in range(100)]
        assert found == pytest.approx([np.mean(levels[start : start + 30]) for start in (0, 30, 60, 90)])


def test_staff_and_cost() -> None:
    """Two groups over two hours: net and paid agents over the staffed intervals, and what their paid hours cost."""
    groups = [
        # 4 agents in the first hour only, 30 % shrinkage, 20 an hour
        group([(0.0, 4), (HOUR, 0)], name="a", cost=20.0, shrinkage=0.3),
        # 1 agent for the first 90 minutes, no shrinkage, 35 an hour
        group([(0.0, 1), (1.5 * HOUR, 0)], name="b", cost=35.0),
    ]
    of = desk(horizon=2 * HOUR, interval=1800.0, groups=groups)
    table = contacts(*({"offered": 60.0, "answered": 60.0, "ended": 90.0} for _ in range(5)))
    found = values(table, of, None)
    # levels by half hour: 5, 5, 1, 0; staffed are three of the four
    assert found["net_fte"] == pytest.approx(11 / 3)
    assert found["paid_fte"] == pytest.approx((2 * (4 / 0.7 + 1) + 1) / 3)
    # 4 h · 20 / 0.7 + 1.5 h · 35
    assert staff_cost(of) == found["cost"] == pytest.approx(80 / 0.7 + 52.5)
    assert found["cost_per_contact"] == pytest.approx((80 / 0.7 + 52.5) / 5)


def test_a_short_last_interval_costs_its_own_length() -> None:
    """One agent for 100 s in intervals of 30 s costs 100 s, not four whole intervals."""
    of = short(groups=[group(1, cost=36.0)])
    assert staff_cost(of) == pytest.approx(36.0 * 100 / 3600)


def test_handle_time_includes_wrap_up_and_leaves_out_what_has_not_ended() -> None:
    """Handle times of 60 + 30 and 100 + 0 s have mean 95 s; a wrap-up still going on is not counted."""
    table = contacts(
        {"offered": 0.0, "answered": 10.0, "ended": 70.0, "freed": 100.0},
        {"offered": 0.0, "answered": 10.0, "ended": 110.0},
        {"offered": 0.0, "answered": 10.0, "ended": 70.0, "freed": None},
        {"offered": -10.0, "answered": 0.0, "ended": 500.0},
        {"offered": 0.0, "ended": 30.0},
    )
    assert values(table, desk())["handle_time"] == 95.0


def test_occupancy_of_a_channel_is_that_of_its_groups() -> None:
    """Each channel's occupancy is of the groups that answer it, and the desk's is of all."""
    groups = [group(1, name="phones"), group(1, name="messages"), group(2, name="both")]
    of = short(PHONE, EMAIL, groups=groups, answers=[(0,), (1,), (0, 1)])
    rows = [(0, 50.0), (1, 20.0), (2, 30.0)]
    table = contacts(*({"offered": 0.0, "answered": 0.0, "ended": seconds, "group": g} for g, seconds in rows))
    assert values(table, of, "phone")["occupancy"] == pytest.approx((50 + 30) / 300)
    assert values(table, of, "email")["occupancy"] == pytest.approx((20 + 30) / 300)
    assert values(table, of, None)["occupancy"] == pytest.approx(100 / 400)


# Adherence ------------------------------------------------------------------------------------------------------------


def test_adherence_is_lost_by_those_who_stay() -> None:
    """Of 80 agent-seconds scheduled, one stays 35 s longer: 1 − 35/80; a call within the schedule loses nothing."""
    of = short(groups=[group([(-10.0, 2), (40.0, 0)])])
    stays = contacts({"offered": 0.0, "answered": 20.0, "ended": 75.0})
    assert values(stays, of)["adherence"] == values(stays, of, None)["adherence"] == pytest.approx(1 - 35 / 80)
    assert values(contacts({"offered": 0.0, "answered": 20.0, "ended": 40.0}), of)["adherence"] == 1.0


def test_adherence_of_a_channel_is_that_of_its_groups() -> None:
    """Who stays on the phone costs the phone's adherence and the desk's, not that of e-mail."""
    groups = [group([(0.0, 1), (50.0, 0)], name="phones"), group(1, name="messages")]
    of = short(PHONE, EMAIL, groups=groups, answers=[(0,), (1,)])
    table = contacts({"offered": 0.0, "answered": 45.0, "ended": 60.0})
    assert values(table, of, "phone")["adherence"] == pytest.approx(1 - 10 / 50)
    assert values(table, of, "email")["adherence"] == 1.0
    assert values(table, of, None)["adherence"] == pytest.approx(1 - 10 / 150)


def test_adherence_is_a_share() -> None:
    """Who stays longer than was ever scheduled makes it 0, not less; without a schedule there is none."""
    table = contacts({"offered": 0.0, "answered": 5.0, "ended": 60.0})
    assert values(table, short(groups=[group([(0.0, 1), (10.0, 0)])]))["adherence"] == 0.0
    assert values(table, short(groups=[group([])]))["adherence"] is None


def test_who_keeps_to_the_schedule_adheres_exactly() -> None:
    """57 agent-seconds in half an hour are a mean level that no computer holds; adherence is 1 all the same."""
    of = desk(groups=[group([(0.0, 1), (57.0, 0)])])
    assert values(contacts(), of)["adherence"] == 1.0


@pytest.mark.parametrize("seed", range(15))
def test_adherence_second_by_second(seed: int) -> None:
    """On random desks and tables, adherence is what a loop over every second finds; exactly 1 where nobody stays."""
    draws = np.random.default_rng(seed)
    of = random_desk(draws)
    table = random_contacts(draws, of, int(draws.integers(0, 40)), span=(-60, 120), longest=60)
    _, there = second_by_second(table, of)
    _, planned = second_by_second(contacts(), of)
    expected = None if not planned.any() else max(0.0, 1 - np.abs(there - planned).sum() / planned.sum())
    assert values(table, of, None)["adherence"] == (None if expected is None else pytest.approx(expected))
    assert values(contacts(), of, None)["adherence"] == (None if expected is None else 1.0)


def test_a_channel_that_nobody_answers_has_no_occupancy() -> None:
    """Without a group there is nobody to be busy; nothing fails."""
    of = short(PHONE, EMAIL, groups=[group(1)], answers=[(0,)])
    table = contacts({"offered": 0.0, "channel": 1})
    assert values(table, of, "email")["occupancy"] is None
    nobody = replace(of, groups=(), answers_first=(), answers_then=())
    assert values(table, nobody, None)["occupancy"] is None
    assert values(table, nobody, None)["cost"] == 0.0


def test_ticks_do_not_overflow() -> None:
    """A year of ticks with thousands of agents is counted exactly."""
    rows = [
        {"offered": 0.0, "answered": 360 * DAY + n, "ended": 360 * DAY + 3600 + n, "agent": 40 * n} for n in range(100)
    ]
    of = desk(horizon=365 * DAY, interval=DAY, groups=[group(5000)])
    time = agent_time(of, contacts(*rows))
    assert time.busy.sum() == 100 * 3600
    assert time.present.sum() == 5000 * 365 * DAY
    waiting, age = waiting_at(cohort(contacts(*rows), of), 0, np.array([360_000 * 86_400]))
    assert (waiting.tolist(), age.tolist()) == ([99], [360 * DAY])


# Work that is put aside -----------------------------------------------------------------------------------------------

PUT_ASIDE = {"issue": 0, "channel": 1, "offered": 0.0, "answered": 10.0, "taken": 60.0, "ended": 75.0, "freed": 80.0}
SPELL = {"issue": 0, "channel": 1, "from": 10.0, "to": 30.0}


def test_work_that_was_put_aside_is_busy_in_both_its_spells() -> None:
    """Worked on from 10 to 30 s and from 60 to 80 s: 40 s busy, 35 of them in talk; handled for 40 s; waits 10 s."""
    of, aside = short(PHONE, EMAIL), spells(SPELL)
    table = contacts(PUT_ASIDE)
    time = agent_time(of, table, aside)
    assert time.busy.tolist() == [[20.0, 0.0, 20.0, 0.0]]
    assert time.talk.tolist() == [[20.0, 0.0, 15.0, 0.0]]
    found = values(table, of, "email", spells=aside)
    assert (found["handle_time"], found["wait"], found["occupancy"]) == (40.0, 10.0, 0.4)


def test_what_was_put_back_and_not_taken_again_is_in_nobody_s_hands() -> None:
    """Who put it back holds it no more, and it waits until the clock stops."""
    of = short(PHONE, EMAIL)
    table = contacts({"issue": 0, "channel": 1, "offered": 0.0, "answered": 10.0, "taken": None})
    assert agent_time(of, table, spells(SPELL)).busy.tolist() == [[20.0, 0.0, 0.0, 0.0]]
    waits, ages = waiting_at(cohort(table, of, spells(SPELL)), 1, np.array([5_000, 20_000, 40_000, 149_000]))
    assert waits.tolist() == [1, 0, 1, 1]
    assert ages.tolist() == [5.0, 0.0, 40.0, 149.0]
    assert values(table, of, "email", spells=spells(SPELL))["handle_time"] is None


def test_a_message_that_waits_for_its_customer_is_in_no_queue() -> None:
    """Put back at 30 s to ask the customer, who replies at 50 s: it waits from 50 s until taken at 60 s, and not at all
    where no reply has come."""
    of, asked = short(PHONE, EMAIL), {**PUT_ASIDE, "asked": 30.0}
    ticks = np.array([40_000, 55_000, 60_000])
    for replied, expected in ((50.0, [0, 1, 0]), (None, [0, 0, 0])):
        table = contacts({**asked, "replied": replied})
        assert waiting_at(cohort(table, of, spells(SPELL)), 1, ticks)[0].tolist() == expected


def test_several_spells_of_one_contact() -> None:
    """Put back twice: it waits between the spells, and is handled for all three."""
    of, more = short(PHONE, EMAIL), spells({**SPELL, "from": 40.0, "to": 45.0}, SPELL)
    table = contacts(PUT_ASIDE)
    waits, _ = waiting_at(cohort(table, of, more), 1, np.array([35_000, 42_000, 50_000, 70_000]))
    assert waits.tolist() == [1, 0, 1, 0]
    assert values(table, of, "email", spells=more)["handle_time"] == 45.0


def test_slots_and_busy_time() -> None:
    """Two chats of 30 s at once by one of two agents, who may each hold two: a quarter of the time of both agents, as
    busy time and as slots; one chat alone is half as much by slots."""
    of = short(CHAT, groups=[group(2)])
    chat = {"offered": 0.0, "answered": 0.0, "ended": 50.0}
    both, one = values(contacts(chat, chat), of, "chat"), values(contacts(chat), of, "chat")
    assert (both["occupancy"], both["slot_occupancy"]) == (0.25, 0.25)
    assert (one["occupancy"], one["slot_occupancy"]) == (0.25, 0.125)


# Overtime, absence and prices -----------------------------------------------------------------------------------------


def test_overtime_of_people_is_beyond_their_own_shift() -> None:
    """One works 20 s beyond a shift while a colleague is there and idle: overtime, though the level covers it; by
    count it is none. It costs the hours at the group's factor, and nothing without one."""
    shifts = Person("Ann", ((0, 40_000),)), Person("Bob", ((0, 100_000),))
    steps = [(0.0, 2), (40.0, 1)]
    people = replace(group(steps, cost=3600.0), people=shifts)
    table = contacts({"offered": 0.0, "answered": 30.0, "ended": 60.0, "agent": 0})
    paid = short(groups=[replace(people, overtime=1.5)])
    assert agent_time(paid, table).overtime.tolist() == [[0.0, 20.0, 0.0, 0.0]]
    assert agent_time(paid, table).present.sum() == 2 * 40 + 60 + 20
    assert values(table, paid, None)["overtime_hours"] == pytest.approx(20 / 3600)
    assert values(table, paid, None)["overtime_cost"] == pytest.approx(30.0)
    assert values(table, paid, None)["cost"] == pytest.approx(140 + 30)
    assert values(table, short(groups=[people]), None)["cost"] == pytest.approx(140)
    assert agent_time(short(groups=[group(steps)]), table).overtime.sum() == 0


def test_who_is_absent_is_paid_and_missing() -> None:
    """Of two scheduled one is absent for half the time: a quarter of absence, adherence 3/4, the cost of the plan, and
    occupancy of those who came."""
    plan, came = (short(groups=[group(steps, cost=36.0)]) for steps in ([(0.0, 2)], [(0.0, 1), (50.0, 2)]))
    table = contacts({"offered": 0.0, "answered": 0.0, "ended": 75.0})
    found = values(table, came, plan=plan)
    assert (found["absence"], found["adherence"], found["occupancy"]) == (0.25, 0.75, 0.5)
    every = values(table, came, None, plan=plan)
    assert every["net_fte"] == 2.0
    assert every["cost"] == pytest.approx(2.0)


def test_what_the_response_costs() -> None:
    """An outsourced contact at 5, an agent's answer at 0.5, and an accepted offer of 20 at its own intent."""
    tables = ResponseTables(
        outsource=(Outsourcing(0, 5.0, 0),), price=(0.5,), retention=(Retention(1, 0, 20.0), Retention(0, 0, 99.0))
    )
    of = short(tables=tables, intents=("any", "cancel"))
    nobody = {"taken": None, "freed": None, "group": None, "agent": None}
    call = {"offered": 0.0, "answered": 0.0, "ended": 10.0}
    table = contacts(
        {**call, "outcome": Outcome.OUTSOURCED, **nobody},
        {**call, "intent": 1, "retained": 1},
        {**call, "retained": 0},
        {"offered": 0.0, "ended": 10.0},
    )
    found = values(table, of, None)
    assert found["cost"] == 5.0 + 2 * 0.5 + 20.0
    assert found["cost_per_contact"] == pytest.approx(26 / 3)
    assert (found["outsourced"], found["retained"]) == (1, 1)


def test_a_machine_s_solution_counts_as_an_answered_contact_of_the_cost() -> None:
    """Two answered by the machine, one of them well: the cost is over one."""
    of = replace(short(replace(PHONE, automatic=True), answers=[()]), fixed_cost=7.0)
    served = {"offered": 0.0, "answered": 0.0, "ended": 5.0, "outcome": Outcome.CONTAINED}
    table = contacts({**served, "resolved": 1}, {**served, "resolved": 0})
    assert values(table, of, None)["cost_per_contact"] == 7.0
