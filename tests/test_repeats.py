"""What was counted less its repeats: made again, the repeats give back what was counted."""

from __future__ import annotations

import numpy as np
import pytest

from sim.clock import DAY, Piece, Week
from sim.repeats import SLOT, Repeats, first_attempts, without
from sim.scenario.weeks import read_hours, read_week
from sim.units import rate

HOUR = 3600
HOURS = read_hours({"mon-fri": "08:00-20:00", "sat": "09:00-13:00"})
REDIAL, RECONNECT = Repeats(0.06, 45 * 60), Repeats(0.22, 1.4 * DAY)
COUNTED = read_week(rate, "")(
    {
        "mon": {"08:00-12:00": "90/h", "12:00-20:00": "40/h"},
        "tue-fri": {"08:00-20:00": "45/h"},
        "sat 09:00-13:00": "30/h",
    }
)


def total(week: Week) -> float:
    return sum(piece.value * (piece.end - piece.start) for piece in week.pieces)


def by_day(week: Week) -> list[float]:
    return [sum(p.value * (p.end - p.start) for p in week.on(day)) for day in range(7)]


def offered_again(first: Week, weeks: int = 9) -> list[float]:
    """What a settled week is offered by day: every contact of the week is followed through drawn repeats."""
    rng = np.random.default_rng(1)
    times = np.concatenate(
        [
            p.weekday * DAY + p.start + (np.arange(n) + 0.5) / n * (p.end - p.start)
            for p in first.pieces
            if (n := round(p.value * (p.end - p.start) * 400)) > 0
        ]
    )
    scale = len(times) / total(first)
    seen = np.zeros(7)
    for _ in range(weeks):
        seen += np.bincount((times // DAY).astype(int), minlength=7)
        kind = rng.random(len(times))
        redials, reconnects = kind < REDIAL.share, kind > 1 - RECONNECT.share
        delay = rng.exponential(np.where(redials, REDIAL.delay, RECONNECT.delay))
        times = np.array([_opens(time) for time in (times + delay)[redials | reconnects]])
    return list(seen / scale)


def _opens(time: float) -> float:
    """As long after the next opening as it is after the closing."""
    assert HOURS is not None
    time %= 7 * DAY
    while HOURS.at(int(time // DAY), int(time % DAY)) is None:
        ends = [p.weekday * DAY + p.end for p in HOURS.pieces]
        starts = [p.weekday * DAY + p.start for p in HOURS.pieces]
        since = min((time - end) % (7 * DAY) for end in ends)
        until = min((start - time) % (7 * DAY) for start in starts)
        time = (time + until + since) % (7 * DAY)
    return time


def test_the_repeats_of_first_attempts_give_back_what_was_counted() -> None:
    """By day of the week, first attempts with their redials and reconnects are what was counted, within 1 %."""
    first = without(COUNTED, HOURS, REDIAL, RECONNECT)
    assert offered_again(first) == pytest.approx(by_day(COUNTED), rel=0.01)


def test_the_total_is_the_fixed_point() -> None:
    """A week of first attempts is Λ(1 − p·P_ab − q(1 − P_ab))."""
    first = without(COUNTED, HOURS, Repeats(0.55 * 0.1, 2700), Repeats(0.2 * 0.9, 100_000))
    assert total(first) == pytest.approx(first_attempts(total(COUNTED), 0.55, 0.1, 0.2))


def test_a_peak_is_sharper_without_its_repeats() -> None:
    """The busiest hours hold a larger share of the first attempts than of what was counted."""
    first = without(COUNTED, HOURS, REDIAL, RECONNECT)
    assert by_day(first)[0] / total(first) > by_day(COUNTED)[0] / total(COUNTED)
    noon = 12 * HOUR
    before = sum(p.value * (p.end - p.start) for p in first.on(0) if p.end <= noon)
    assert before / by_day(first)[0] > 360 / 680


def test_where_nobody_comes_again_nothing_changes() -> None:
    """Without repeats the first attempts are what was counted."""
    first = without(COUNTED, HOURS, Repeats(0.0, 60), Repeats(0.0, 60))
    assert by_day(first) == pytest.approx(by_day(COUNTED))


def test_first_attempts_are_never_negative() -> None:
    """Where more repeats would come than were counted there are no first attempts, and the total still stands."""
    lonely = Week((Piece(0, 9 * HOUR, 10 * HOUR, 1.0), Piece(0, 10 * HOUR, 10 * HOUR + SLOT, 0.001)))
    first = without(lonely, None, Repeats(0.5, 1800))
    assert min(piece.value for piece in first.pieces) == 0
    assert total(first) == pytest.approx(total(lonely) / 2)


def test_a_holiday_is_scaled_as_a_whole() -> None:
    """Of a holiday, which no week repeats, the same share are first attempts as in the week."""
    with_holiday = Week(COUNTED.pieces, (Piece(7, 9 * HOUR, 12 * HOUR, 0.01),))
    first = without(with_holiday, HOURS, REDIAL, RECONNECT)
    assert first.holiday is not None
    assert first.holiday[0].value == pytest.approx(0.01 * 0.72)
