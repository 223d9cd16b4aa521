"""Demand: the rate at which issues arise, its integral, and its inverse.

A rate is piecewise constant; whatever its shape, arrivals are an exact non-homogeneous Poisson process: unit-rate
arrivals E₁ < E₂ < … (sums of exponential gaps) are carried back through Λ(t) = ∫ rate, to tₖ = Λ⁻¹(Eₖ). Days and hours
are busier or quieter than forecast by Gamma factors of mean 1, shared by all channels; every real log is over-dispersed
like that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from sim.clock import HOLIDAY, Calendar, Piece, Week
from sim.tables import Array, Floats

HOUR = 3600
HALF_HOUR = 1800


@dataclass(frozen=True, eq=False)
class Rate:
    """A piecewise-constant rate: `values[i]` a second from `starts[i]` to `ends[i]`, in elapsed seconds, in order."""

    starts: Floats
    ends: Floats
    values: Floats
    by_event: Floats | None = None
    """The share of the issues of each piece that events bring in, by intent; shape (pieces, intents). None: none."""

    def times(self, factors: Floats | float) -> Rate:
        return replace(self, values=self.values * factors)

    def total(self) -> float:
        return float(np.sum((self.ends - self.starts) * self.values))

    def integral(self, edges: Floats) -> Floats:
        """∫ rate between neighbouring edges; shape (len(edges) − 1,)."""
        at_ends = np.concatenate(([0.0], np.cumsum((self.ends - self.starts) * self.values)))
        if not len(self.starts):
            return np.zeros(len(edges) - 1)
        piece = np.clip(np.searchsorted(self.starts, edges, side="right") - 1, 0, None)
        into = np.clip(edges - self.starts[piece], 0.0, self.ends[piece] - self.starts[piece])
        return np.diff(at_ends[piece] + into * self.values[piece])


def half_hours(shape: Sequence[float]) -> Week:
    """A shape by half hours from midnight, the same on every day."""
    return Week(
        tuple(
            Piece(day, half * HALF_HOUR, (half + 1) * HALF_HOUR, shape[half]) for day in range(7) for half in range(48)
        )
    )


def by_day(shares: Week) -> Week:
    """Shares of the day's contacts by range of hours, in any scale, as rates whose integral is 1 on every day that has
    any."""

    def dense(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
        return tuple(piece._replace(value=piece.value / (piece.end - piece.start)) for piece in pieces)

    return whole_days(Week(dense(shares.pieces), None if shares.holiday is None else dense(shares.holiday)))


def whole_days(week: Week) -> Week:
    """The same rates on every day, but for a factor that makes their integral 1; a day without any stays so."""

    def scaled(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
        whole = sum(piece.value * (piece.end - piece.start) for piece in pieces) or 1.0
        return tuple(piece._replace(value=piece.value / whole) for piece in pieces)

    days = tuple(piece for day in range(7) for piece in scaled(week.on(day)))
    return Week(days, None if week.holiday is None else scaled(week.holiday))


def shaped_week(weekly: float, weekday_factors: Sequence[float], shape: Week, hours: Week | None) -> Week:
    """A week of rates whose total is `weekly` issues: weekday factor × shape of the day, cut to the opening hours and
    scaled so that the total stands. A holiday has its own factor, the eighth, and is no part of the total."""
    week = shape.times(weekday_factors)
    week = week if hours is None else week.within(hours)
    total = sum(piece.value * (piece.end - piece.start) for piece in week.pieces)
    return week.times([weekly / total if total > 0 else 0.0] * (7 if week.holiday is None else 8))


def lay(week: Week, calendar: Calendar, start: float, end: float) -> Rate:
    """A week of rates on real days, cut at whole hours so that each piece lies within one hour of one day."""

    def cut(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
        return tuple(
            sorted(
                piece._replace(start=max(piece.start, hour), end=min(piece.end, hour + HOUR))
                for piece in pieces
                for hour in range(piece.start // HOUR * HOUR, piece.end, HOUR)
            )
        )

    laid = list(calendar.lay(Week(cut(week.pieces), cut(week.on(HOLIDAY))), start, end))
    columns = np.array(laid, dtype=np.float64).reshape(-1, 3).T
    return Rate(columns[0], columns[1], columns[2])


def busyness(
    rate: Rate, calendar: Calendar, since: float, by_day: Callable[[int], Floats], by_hour: Callable[[int], Floats]
) -> Floats:
    """The factor of each piece of a rate: that of its day times that of its hour, the same whatever the channel.

    Args:
        since: the first moment simulated, in elapsed seconds; no piece starts before its day.
        by_day, by_hour: given n, the factors of the first n days (hours), counted from midnight of the day of `since`.
    """
    if not len(rate.starts):
        return np.zeros(0)
    days, hours = _days_and_hours(rate, calendar, since)
    factors: Floats = by_day(int(days.max()) + 1)[days] * by_hour(int(hours.max()) + 1)[hours]
    return factors


@lru_cache(maxsize=16)
def _days_and_hours(rate: Rate, calendar: Calendar, since: float) -> tuple[Array, Array]:
    """The day and the hour of each piece, counted from midnight of the day of `since`; the same in all replications."""
    local = [calendar.local(start) for start in rate.starts.tolist()]
    first = calendar.local(since).date().toordinal()
    days = np.array([moment.toordinal() - first for moment in local])
    return days, days * 24 + np.array([moment.hour for moment in local])


def arrivals(rate: Rate, uniforms: Callable[[int], Floats]) -> Floats:
    """Arrival times in elapsed seconds, in order.

    Args:
        uniforms: given n, the first n of an endless sequence of uniforms in (0, 1).
    """
    cumulated = np.cumsum((rate.ends - rate.starts) * rate.values)
    total = float(cumulated[-1]) if len(cumulated) else 0.0
    if total <= 0:
        return np.zeros(0)
    size = int(total + 8 * np.sqrt(total) + 16)
    while True:
        unit = np.cumsum(-np.log1p(-uniforms(size)))
        if unit[-1] > total:
            break
        size *= 2
    unit = unit[unit < total]
    piece = np.searchsorted(cumulated, unit, side="right")
    before = np.concatenate(([0.0], cumulated))[piece]
    return rate.starts[piece] + (unit - before) / rate.values[piece]
