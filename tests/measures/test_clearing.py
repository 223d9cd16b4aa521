"""What waits when the staff first come, and when it is cleared: by hand, and contact by contact."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tables import (
    DAY,
    EMAIL,
    HOUR,
    MINUTE,
    PHONE,
    cohort,
    contacts,
    desk,
    group,
    random_contacts,
    short,
    summary,
    values,
)

from sim.desk import Desk
from sim.estimate import Estimate
from sim.measures.clearing import Start, first_staffed, starts
from sim.measures.cohort import NEVER_WAITED
from sim.measures.summary import figures
from sim.schemas import NEVER, Outcome
from sim.tables import Table

NINE = 9 * HOUR
MONDAY = desk(PHONE, EMAIL, horizon=DAY, ends=2 * DAY, groups=[group([(-8 * HOUR, 3), (0.0, 0), (NINE, 2)])])
"""Staff come at 9:00 of the first day; those of the evening before left at midnight."""


def mail(offered: float, answered: float | None = None, **more: object) -> dict[str, object]:
    ended = None if answered is None else answered + 5 * MINUTE
    return {"channel": 1, "offered": offered, "answered": answered, "ended": ended, **more}


def monday(*rows: dict[str, object]) -> dict[str, float | None]:
    found = values(contacts(*rows), MONDAY, "email")
    return {name: value for name, value in found.items() if name.startswith("backlog_")}


def over(*tables: Table, of: Desk = MONDAY) -> dict[str, Estimate]:
    found = figures([summary(table, of, number) for number, table in enumerate(tables)], of)
    return {figure.measure.name: figure.estimate for figure in found if figure.channel == "email"}


def test_monday_s_backlog_by_hand() -> None:
    """Three wait at 9:00, the last of them is taken at 10:40; who came later, or was taken before, does not matter."""
    found = monday(
        mail(-2 * DAY, NINE + 100 * MINUTE),
        mail(-HOUR, NINE),
        mail(NINE - 0.001, NINE + MINUTE),
        mail(-3 * HOUR, -2 * HOUR),
        # comes as the staff do, and is taken long after the backlog
        mail(NINE, 20 * HOUR),
        mail(NINE + HOUR, 30 * HOUR),
        # nobody will ever answer it; the phone has no backlog
        mail(0.0, outcome=Outcome.IGNORED),
        {"channel": 0, "offered": NINE - 60, "answered": 12 * HOUR, "ended": 13 * HOUR},
    )
    assert found["backlog_at_start"] == 3
    assert found["backlog_clears"] == found["backlog_clears_p90"] == NINE + 100 * MINUTE
    assert found["backlog_cleared"] == 1.0


def test_without_a_backlog_it_is_cleared_at_once() -> None:
    """Where nobody waits, the backlog is cleared at the first staffed moment itself."""
    found = monday(mail(NINE + 1, NINE + HOUR))
    assert (found["backlog_at_start"], found["backlog_clears"], found["backlog_cleared"]) == (0, NINE, 1.0)


def test_a_backlog_that_is_not_cleared_has_no_moment() -> None:
    """Where one of two still waits when the clock stops, there is no moment, and the share that clears is 0."""
    found = monday(mail(-HOUR, NINE), mail(-HOUR))
    assert found["backlog_at_start"] == 2
    assert (found["backlog_clears"], found["backlog_clears_p90"], found["backlog_cleared"]) == (None, None, 0.0)


def test_a_reply_still_being_written_is_taken() -> None:
    """A contact that an agent has taken no longer waits, though its reply is not sent when the clock stops."""
    assert monday({"channel": 1, "offered": 0.0, "answered": 47 * HOUR})["backlog_clears"] == 47 * HOUR


def test_live_channels_have_no_such_figures() -> None:
    """Whoever waits on the phone is gone by the next morning: nothing is said of its backlog."""
    assert not [name for name in values(contacts(mail(0.0)), MONDAY, "phone") if name.startswith("backlog")]


def test_replications_that_do_not_clear_are_not_dropped() -> None:
    """Nine of ten clear, at 10:00, 11:00 … 18:00: half by 14:00, nine by 18:00; where eight clear, nine never do."""
    clear = [contacts(mail(-HOUR, NINE + n * HOUR)) for n in range(1, 10)]
    stuck = contacts(mail(-HOUR))
    found = over(stuck, *clear)
    assert found["backlog_clears"] == Estimate(14 * HOUR, 11 * HOUR, 18 * HOUR, 10)
    assert found["backlog_clears_p90"] == Estimate(18 * HOUR, None, None, 10)
    assert found["backlog_cleared"].value == 0.9
    found = over(stuck, *clear[:-1], stuck)
    assert found["backlog_clears"] == Estimate(14 * HOUR, None, None, 10)
    assert found["backlog_clears_p90"].value is None
    for name in ("backlog_clears", "backlog_clears_p90"):
        assert found[name].reason == "2 of 10 replications do not get there before the clock stops"
    assert found["backlog_cleared"].value == 0.8


def test_the_backlog_at_the_start_is_a_mean() -> None:
    """1, 3 and 0 waiting are 4/3 in the mean."""
    tables = [contacts(*[mail(-HOUR, NINE)] * number) for number in (1, 3, 0)]
    assert over(*tables)["backlog_at_start"].value == pytest.approx(4 / 3)


def test_staffed_is_who_answers_the_channel() -> None:
    """The first moment is that of the groups that answer the channel: from 0 on where somebody is there already."""
    evening, noon, gone = group([(-HOUR, 2), (1.0, 0), (20.0, 1)]), group([(50.0, 1)]), group([(-HOUR, 1), (0.0, 0)])
    of = short(PHONE, EMAIL, groups=[evening, noon, gone], answers=[(0,), (0, 1), (1,)])
    assert (first_staffed(of, 0), first_staffed(of, 1)) == (0, 50_000)


def test_a_channel_that_nobody_answers_has_no_start() -> None:
    """Where nobody is scheduled before the horizon, nothing is observed."""
    for staff in (group([]), group([(100.0, 1)]), group([(-50.0, 1), (-1.0, 0)])):
        of = short(EMAIL, groups=[staff])
        assert first_staffed(of, 0) is None
        found = values(contacts({"offered": -1.0}), of, "email")
        assert {found[name] for name in found if name.startswith("backlog_") and name != "backlog_age"} == {None}


@pytest.mark.parametrize("seed", range(20))
def test_starts_contact_by_contact(seed: int) -> None:
    """On random tables and schedules, it is what a loop over the contacts finds."""
    draws = np.random.default_rng(seed)
    staff = [(float(at), int(draws.integers(0, 2))) for at in np.sort(draws.choice(90, 4, replace=False))]
    of = short(PHONE, EMAIL, groups=[group(staff)])
    table = random_contacts(draws, of, int(draws.integers(0, 40)), span=(-60, 120), longest=60)
    first = next((round(1000 * at) for at, level in staff if level), None)
    if first is None:
        assert starts(cohort(table, of)) == {"email": None}
        return
    waiting, cleared = 0, first / 1000
    for row in np.flatnonzero(table["channel"] == 1):
        if table["outcome"][row] in NEVER_WAITED:
            continue
        left = next((int(table[name][row]) for name in ("answered", "ended") if table[name][row] != NEVER), None)
        if table["offered"][row] < first and (left is None or left >= first):
            waiting += 1
            cleared = math.inf if left is None else max(cleared, left / 1000)
    assert starts(cohort(table, of)) == {"email": Start(waiting, cleared)}
