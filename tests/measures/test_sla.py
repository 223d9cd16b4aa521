"""The clock of a target by hand, against a count of every tick, and in the figures that it decides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tables import DAY, EMAIL, HOUR, MINUTE, PHONE, Row, contacts, desk, values

from sim.desk import Spans, Target
from sim.measures.sla import elapsed
from sim.schemas import NEVER

OFFICE: Spans = tuple((round((day * DAY + 9 * HOUR) * 1000), round((day * DAY + 17 * HOUR) * 1000)) for day in range(5))
"""Monday to Friday, 09:00 to 17:00, of a week that starts on Monday."""


def one(offered: float, until: float, asked: float | None = None, replied: float | None = None) -> float:
    """Hours that the clock has run in office hours; times in hours."""
    ticks = [NEVER if time is None else round(time * 3_600_000) for time in (offered, until, asked, replied)]
    return float(elapsed(*(np.array([tick]) for tick in ticks), OFFICE)[0]) / 3_600_000


@pytest.mark.parametrize(
    ("times", "hours"),
    [
        ((10, 12), 2), ((8, 9), 0), ((8, 9.5), 0.5), ((16, 34), 2), ((17, 33), 0), ((4 * 24 + 18, 7 * 24), 0),
        ((16, 2 * 24 + 10), 10), ((10, 16, 11, 14), 3), ((10, 16, 11), 1), ((10, 16, 17, 18), 6),
        ((16, 34, 16.5, 33.5), 1), ((10, 36, 18, 30), 10), ((10, 12, 10, 12), 0), ((10, 12, 11, 40), 1),
    ],
)  # fmt: skip
def test_hours_by_hand(times: tuple[float, ...], hours: float) -> None:
    """Nights and weekends do not count, nor the time from asking back until the reply, or until the end without one."""
    assert one(*times) == pytest.approx(hours)


TICKS = st.integers(-5, 40)


@given(
    st.lists(TICKS, max_size=6, unique=True),
    TICKS,
    st.integers(0, 30),
    st.none() | TICKS,
    st.integers(0, 30) | st.none(),
)
def test_it_is_a_count_of_ticks(
    bounds: list[int], offered: int, length: int, asked: int | None, after: int | None
) -> None:
    """On random spans and times, it is the number of ticks in business hours at which nothing was asked of the
    customer."""
    edges = sorted(bounds)
    spans = tuple(zip(edges[::2], edges[1::2], strict=False))
    until = offered + length
    replied = NEVER if asked is None or after is None else asked + after
    moments = (offered, until, NEVER if asked is None else asked, replied)
    paused = range(0) if asked is None else range(asked, until if replied == NEVER else replied)
    for business in (spans, None):
        counted = [
            tick
            for tick in range(offered, until)
            if tick not in paused and (business is None or any(start <= tick < end for start, end in business))
        ]
        assert elapsed(*(np.array([moment]) for moment in moments), business).tolist() == [len(counted)]


def test_a_target_in_office_hours_is_met_over_a_weekend_that_customers_feel() -> None:
    """Two working hours over the night meet 4 h of office hours, and are 18 h to the customer."""
    mail: Row = {"channel": 0, "offered": 16 * HOUR, "answered": 33 * HOUR, "ended": 34 * HOUR}
    late: Row = {"channel": 0, "offered": 10 * HOUR, "answered": 33 * HOUR, "ended": 34 * HOUR}
    plain = replace(EMAIL, target=Target(0.9, round(4 * HOUR * 1000)))
    office = replace(EMAIL, target=replace(plain.target, business=OFFICE))
    in_elapsed, in_office = (values(contacts(mail, late), desk(of, horizon=DAY), "email") for of in (plain, office))
    assert (in_elapsed["service_level"], in_office["service_level"]) == (0.0, 0.5)
    assert in_elapsed["first_response_p50"] == in_office["first_response_p50"] == pytest.approx(18 * HOUR, rel=2e-3)


def test_asking_back_stops_the_clock_without_office_hours_too() -> None:
    """Of 30 h until the reply, 10 h waited for the customer: 24 h are met; asked back and never told, 1 h is."""
    of = desk(EMAIL, horizon=DAY)
    mail: Row = {"channel": 0, "offered": 0.0, "answered": HOUR, "ended": 30 * HOUR}
    for asked, replied, level in (
        (None, None, 0.0),
        (2 * HOUR, 12 * HOUR, 1.0),
        (HOUR, None, 1.0),
        (25 * HOUR, None, 0.0),
    ):
        assert values(contacts({**mail, "asked": asked, "replied": replied}), of, "email")["service_level"] == level


def test_who_leaves_outside_office_hours_left_within_the_target() -> None:
    """A caller who gives up after ten minutes at 16:55 has used five minutes of a target of six."""
    call: Row = {"offered": 17 * HOUR - 5 * MINUTE, "ended": 17 * HOUR + 5 * MINUTE}
    found = {}
    for business in (None, OFFICE):
        phone = replace(PHONE, target=Target(0.8, round(6 * MINUTE * 1000), business))
        found[business] = values(contacts(call), desk(phone, horizon=DAY))["answered_or_abandoned_within"]
    assert found == {None: 0.0, OFFICE: 1.0}
