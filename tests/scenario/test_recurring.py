"""Events that recur: on the dates of their rule, at the same time of the desk's clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.clock import DAY
from sim.errors import ScenarioError
from sim.scenario import lower
from sim.scenario.read import Scenario, read
from sim.scenario.recurring import EveryDays, Monthly, OnDates, dates, read_every

HOUR = 3600
DESK = """\
starts: %s
lasts: %s
run_in: 0d
time_zone: Europe/London
holidays: GB-ENG
phone: {volume: 7000/week, hours: always, staff: 9, shape: {00:00-24:00: 1}, weekdays: {mon-sun: 1x}}
"""

Reading = Callable[..., Scenario]


@pytest.fixture
def desk(tmp_path: Path) -> Reading:
    def read_desk(event: str = "", starts: str = "2026-10-19", lasts: str = "14d") -> Scenario:
        path = tmp_path / "desk.yaml"
        events = f"events: {{bills: {{{event}}}}}\n" if event else ""
        path.write_text(DESK % (starts, lasts) + events, encoding="utf-8")
        return read(path)

    return read_desk


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("7d", EveryDays(7)), ("2w", EveryDays(14)), ("week", EveryDays(7)), ("Month", Monthly()),
        ("month on the 15th", Monthly(15)), ("month on 1", Monthly(1)), ("month on the last day", Monthly(-1)),
        ("month on the first working day", Monthly(1, working=True)),
        ("month on last working day", Monthly(-1, working=True)),
        ("month on the 3rd working day", Monthly(3, working=True)),
        (["2026-11-02"], OnDates((date(2026, 11, 2),))), ("2026-11-02", OnDates((date(2026, 11, 2),))),
    ],
)  # fmt: skip
def test_rules_are_read_as_they_are_written(words: object, rule: object) -> None:
    """Each way to write a rule has one meaning."""
    assert read_every(words) == rule


@given(st.integers(1, 40), st.dates(date(2020, 1, 1), date(2027, 1, 1)), st.integers(0, 60))
def test_every_so_many_days_counts_from_the_first(number: int, since: date, length: int) -> None:
    """The dates in a window are those whose distance from the first is a multiple, none before it."""
    first = date(2024, 2, 26)
    until = date.fromordinal(since.toordinal() + length)
    window = [date.fromordinal(since.toordinal() + more) for more in range(length + 1)]
    expected = [day for day in window if day >= first and (day - first).days % number == 0]
    assert dates(EveryDays(number), first, since, until) == expected


def test_days_of_the_month() -> None:
    """The 31st is the last day of shorter months; a working day is neither at the weekend nor a holiday."""
    span = date(2027, 1, 1), date(2027, 5, 31)
    christmas, new_year, easter = date(2026, 12, 25), date(2027, 1, 1), date(2027, 3, 29)

    def found(rule: Monthly, first: date = date(2026, 1, 31)) -> list[str]:
        return [f"{day:%m-%d}" for day in dates(rule, first, *span, {christmas, new_year, easter})]

    assert found(Monthly()) == found(Monthly(31)) == ["01-31", "02-28", "03-31", "04-30", "05-31"]
    assert found(Monthly(-1, working=True)) == ["01-29", "02-26", "03-31", "04-30", "05-31"]
    assert found(Monthly(1, working=True)) == ["01-04", "02-01", "03-01", "04-01", "05-03"]
    assert found(Monthly(20, working=True))[2:] == ["03-26", "04-28", "05-28"]
    assert found(Monthly(1), date(2027, 3, 1)) == ["03-01", "04-01", "05-01"]


def test_an_event_recurs_at_the_same_time_of_the_clock(desk: Reading) -> None:
    """A weekly mailing is felt from 09:00 to 11:00 by the desk's clock in the week before and in the week after the
    clocks go back, and at no other time."""
    usual = lower.rates(desk())[0]
    scenario = desk("at: 2026-09-03 09:00, lasts: 2h, factor: 2x, every: 7d")
    rate, days = lower.rates(scenario)[0], lower.calendar(scenario)
    edges = np.arange(0.0, usual.ends[-1] + 1, HOUR)
    higher = edges[:-1][rate.integral(edges) > 1.5 * usual.integral(edges)]
    assert [f"{days.local(moment):%m-%d %H:%M}" for moment in higher.tolist()] == [
        "10-22 09:00", "10-22 10:00", "10-29 09:00", "10-29 10:00",
    ]  # fmt: skip


def test_each_time_it_brings_as_many_issues(desk: Reading) -> None:
    """A bill run on the last working day brings 300 issues in October and again in November; December's is cut off
    by the end of the run, and so is what one before the run would have left."""
    bills = "at: 2026-06-30 09:00, lasts: 1d, fades: 3h, issues: 300, every: month on the last working day"
    days = {"starts": "2026-10-05", "lasts": "60d"}
    brought = lower.rates(desk(bills, **days))[0].total() - lower.rates(desk(**days))[0].total()
    assert brought == pytest.approx(600)
    after = {"starts": "2026-10-31", "lasts": "7d"}
    tail = lower.rates(desk(bills, **after))[0].integral(np.array([0.0, 9 * HOUR, DAY]))
    usual = lower.rates(desk(**after))[0].integral(np.array([0.0, 9 * HOUR, DAY]))
    height = (tail - usual)[0] / 9
    assert 300 * HOUR / (DAY + 3.1 * 3 / np.log(2) * HOUR) < height < 300 * HOUR / DAY
    assert (tail - usual)[1] > height


def test_a_rule_that_has_no_date_in_the_run_is_no_mistake(desk: Reading) -> None:
    """A monthly event in a week without it changes nothing, one that begins after the run neither; one that happens
    once has to lie within it."""
    usual = lower.rates(desk())[0].total()
    for event in ("at: 2026-10-05 09:00, every: month", "at: 2027-03-01 09:00, every: [2027-04-01]"):
        assert lower.rates(desk(f"{event}, lasts: 1d, factor: 2x"))[0].total() == usual
    with pytest.raises(ScenarioError, match="this is outside the time simulated"):
        desk("at: 2026-10-01 09:00, lasts: 1d, factor: 2x")
