"""Absence: who of the scheduled does not come, day by day, and who is paid all the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from desks import HOUR, Crew, desk

from sim.attendance import DAY, attended
from sim.desk import ONE, Desk, Group, Person

DAYS = 400


def staffed(group: Group) -> Desk:
    """A desk of one group, over `DAYS` days."""
    return replace(desk([Crew(group.size)]), groups=(group,), starts=0, horizon=DAYS * DAY, ends=DAYS * DAY)


def by_count(absent: float, level: int = 5) -> Group:
    return Group("agents", ((0, level),), 20.0, 0.0, absent=round(absent * ONE))


def of_people(absent: float, number: int = 3) -> Group:
    """Each from 22:00 to 06:00, with a break at one: a shift over midnight."""
    spans = tuple(
        span
        for day in range(DAYS - 1)
        for span in (
            (day * DAY + 22 * HOUR, (day + 1) * DAY + HOUR),
            ((day + 1) * DAY + 2 * HOUR, (day + 1) * DAY + 6 * HOUR),
        )
    )
    people = tuple(Person(f"person {n}", spans, speed=tuple(range(1, len(spans) + 1))) for n in range(number))
    levels = tuple((tick, level) for start, end in spans for tick, level in ((start, number), (end, 0)))
    return Group("agents", levels, 20.0, 0.0, people=people, absent=round(absent * ONE))


def test_where_nobody_is_ever_absent_the_desk_is_the_same() -> None:
    """Not a copy of it: the very same."""
    here = staffed(by_count(0))
    assert attended(here, seed=1, replication=0) is here


def test_by_count_the_share_of_agent_days_is_missing() -> None:
    """Of 2,000 agent-days 10 % are missing, within 4.5 standard errors, and the level changes at midnight only."""
    group = attended(staffed(by_count(0.1)), seed=1, replication=0).groups[0]
    assert all(tick % DAY == 0 for tick, _ in group.levels)
    ends = [tick for tick, _ in group.levels[1:]] + [DAYS * DAY]
    there = sum(level * (end - tick) for (tick, level), end in zip(group.levels, ends, strict=True)) / DAY
    assert 1 - there / (5 * DAYS) == pytest.approx(0.1, abs=4.5 * (0.1 * 0.9 / 2000) ** 0.5)


def test_whole_shifts_are_missing() -> None:
    """Who is absent misses both halves of a shift, also the one after midnight, and keeps the speeds of others."""
    here = staffed(of_people(0.2))
    group = attended(here, seed=1, replication=0).groups[0]
    missing = 0
    for before, person in zip(here.groups[0].people, group.people, strict=True):
        speed_of = dict(zip(before.on, before.speed, strict=True))
        assert tuple(speed_of[span] for span in person.on) == person.speed
        firsts = {start // DAY for start, _ in person.on if start % DAY == 22 * HOUR}
        seconds = {start // DAY - 1 for start, _ in person.on if start % DAY == 2 * HOUR}
        assert firsts == seconds
        missing += DAYS - 1 - len(firsts)
    shifts = 3 * (DAYS - 1)
    assert missing / shifts == pytest.approx(0.2, abs=4.5 * (0.2 * 0.8 / shifts) ** 0.5)


def test_levels_count_who_is_on() -> None:
    """At every change the level is the number of people with a span there."""
    group = attended(staffed(of_people(0.3)), seed=2, replication=1).groups[0]
    for tick, level in group.levels:
        assert level == sum(start <= tick < end for person in group.people for start, end in person.on)


@pytest.mark.parametrize("group", [by_count(0.5), of_people(0.5)])
def test_the_absent_are_paid(group: Group) -> None:
    """Whoever was scheduled is."""
    assert attended(staffed(group), seed=1, replication=0).groups[0].paid == group.levels


def test_absence_is_drawn_by_agent_and_day() -> None:
    """The same at the same address; another replication has other absences; further agents change nobody's."""
    few, many = staffed(of_people(0.3, 2)), staffed(of_people(0.3, 3))
    assert attended(few, seed=1, replication=0) == attended(few, seed=1, replication=0)
    assert attended(few, seed=1, replication=0) != attended(few, seed=1, replication=1)
    two, three = (attended(here, seed=1, replication=0).groups[0].people for here in (few, many))
    assert two == three[:2]


def test_a_longer_run_moves_nobody_s_absence() -> None:
    """A run-in before and a drain after leave the absences of the days between as they are."""
    short, group = staffed(by_count(0.3)), by_count(0.3)
    long = replace(short, starts=-7 * DAY, ends=(DAYS + 14) * DAY, groups=(replace(group, levels=((-7 * DAY, 5),)),))
    here, there = (attended(each, seed=1, replication=0).groups[0] for each in (short, long))
    before = max(change for change in there.levels if change[0] <= 0)
    assert here.levels == ((0, before[1]), *(change for change in there.levels if 0 < change[0] < DAYS * DAY))


def test_who_is_always_absent_never_comes() -> None:
    """At 100 % the level is 0 throughout, and no person has a span."""
    assert {level for _, level in attended(staffed(by_count(1)), seed=1, replication=0).groups[0].levels} == {0}
    assert all(not person.on for person in attended(staffed(of_people(1)), seed=1, replication=0).groups[0].people)


def test_groups_have_absences_of_their_own() -> None:
    """Two groups of the same size do not miss the same days."""
    one = by_count(0.3)
    here = replace(staffed(one), groups=(one, one), answers_first=((0,), (0,)), answers_then=((), ()))
    first, second = attended(here, seed=1, replication=0).groups
    assert first.levels != second.levels
