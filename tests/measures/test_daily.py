"""The share of days that meet the target: by hand, by the local calendar, and one by one on random tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import CHAT, DAY, EMAIL, HOUR, PHONE, Row, contacts, desk, random_contacts, summary, values

from sim.measures.daily import day_of_intervals
from sim.measures.summary import figures
from sim.scenario import lower
from sim.scenario.read import read


def call(offered: float, wait: float) -> Row:
    return {"offered": offered, "answered": offered + wait, "ended": offered + wait + 60}


def test_days_by_hand() -> None:
    """Of four days, one has 80 % within 20 s, one 79 %, one nothing at all, one a miss: 1 of 3."""
    good = [call(HOUR, 5)] * 4 + [call(2 * HOUR, 50)]
    bad = [call(DAY + HOUR, 5)] * 79 + [call(DAY + 23 * HOUR, 50)] * 21
    table = contacts(*good, *bad, call(4 * DAY - 1, 50))
    assert values(table, desk(horizon=4 * DAY))["days_met"] == pytest.approx(1 / 3)


def test_days_of_all_replications_count_alike() -> None:
    """One good day of one replication and three bad ones of another are 1 in 4."""
    of = desk(horizon=3 * DAY)
    tables = [contacts(call(HOUR, 5)), contacts(*(call(day * DAY, 50) for day in range(3)))]
    found = figures([summary(table, of, number) for number, table in enumerate(tables)], of)
    assert [f.estimate.value for f in found if f.measure.name == "days_met"] == [0.25]


@settings(max_examples=8)
@given(st.integers(0, 10_000))
def test_days_one_by_one(seed: int) -> None:
    """On random tables, it is what a loop over the days counts, for live channels and others."""
    of = desk(PHONE, CHAT, EMAIL, horizon=3 * DAY)
    table = random_contacts(np.random.default_rng(seed), of, 25, span=(0, round(3 * DAY)), longest=40)
    for code, channel in enumerate(of.channels):
        days = []
        for day in range(3):
            mine = table.where((table["channel"] == code) & (table["offered"] // round(DAY * 1000) == day))
            level = values(mine, of, channel.name)["service_level"]
            if level is not None:
                days.append(level >= channel.target.share)
        met = values(table, of, channel.name)["days_met"]
        assert met == (pytest.approx(np.mean(days)) if days else None)


def test_a_day_is_one_of_the_local_clock(tmp_path: Path) -> None:
    """On the day in which the clocks go back there are 25 hours, and a day begins at midnight ever after."""
    file = tmp_path / "desk.yaml"
    file.write_text("starts: 2026-10-24\nlasts: 3d\ntime_zone: Europe/London\nphone: {staff: 1, rate: 1/h}\n")
    days = day_of_intervals(lower.desk(read(file)))
    assert np.bincount(days).tolist() == [48, 50, 48]
