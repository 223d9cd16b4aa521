"""What a planner's counts say of the weeks to come: volume, weekdays, shapes, hours, handle times, busyness.

All are means and sums that a planner can recompute, and estimates by moments. Nothing is forecast: the next week is
taken to be like the mean of those counted, and what growth or season there is within them counts as busyness of days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sim.clock import DAYS
from sim.defaults import of_channel
from sim.errors import Mistake, ScenarioError
from sim.history import Counts, History
from sim.tables import Floats

HOLIDAY = 0.4
"""A day with a smaller share of its weekday's median than this looks like a holiday."""
OPEN = 0.2
"""A desk is open in an interval with a contact on at least this share of the days."""
MATERIAL = 0.05
"""Days have shapes of their own where more than this share of the contacts comes at another time of day."""
LARGEST_SHAPE = 2000.0
SMALLEST_SHAPE = 5.0
"""Limits of a fitted Gamma shape: above, the spread is 2 %; below, a day is often half or double of another."""
CERTAIN = 2.326
"""Standard normal quantile of 99 %: what chance does more rarely than that is no chance."""


class Holiday(NamedTuple):
    """A day left out of the means because hardly anybody made contact."""

    day: date
    channel: str
    contacts: int
    usual: float
    """The median of its weekday."""


@dataclass(frozen=True, eq=False)
class Shape:
    """How contacts spread over the hours of some weekdays."""

    weekdays: tuple[int, ...]
    shares: Floats
    """Of the day's contacts by interval of the grid, shape (intervals of a day,); they add to 1."""
    opens: int
    closes: int
    """Seconds of the day; a deferrable channel is always open."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """One channel as fitted."""

    name: str
    said: str
    kind: str
    offered: int
    """In all days of the file."""
    abandoned: float | None
    """Share of those offered."""
    weekly: float
    """Contacts offered in a mean week, holidays left out."""
    factors: tuple[float, ...]
    """Monday to Sunday, relative to the mean day: they add to 7."""
    supposed: tuple[int, ...]
    """Weekdays that the file does not reach; their factors are proportional to the default's."""
    closed: tuple[int, ...]
    """Weekdays that the file passes over without a row: nothing is offered on them."""
    shapes: tuple[Shape, ...]
    strays: int
    """Contacts outside the opening hours; the volume holds them."""
    aht: float | None
    """Seconds, mean over contacts; None where the file does not say."""
    wrap_up: float | None
    only_talk: bool
    aht_by_hour: Floats | None
    """Factors on `aht` by hour of the day, shape (24,); their mean over contacts is 1. None where none of them differs
    from 1 by more than chance."""
    holidays: tuple[Holiday, ...]


@dataclass(frozen=True, eq=False)
class Fit:
    """What a file of counts says of the weeks to come."""

    channels: tuple[Fitted, ...]
    busy_days: float | None
    busy_hours: float | None
    """Shapes of the Gamma factors; 0 is none, None is not to be told from these counts."""


def fit(history: History) -> Fit:
    """Estimate everything that a scenario needs from counts.

    Raises:
        ScenarioError: nobody ever made contact.
    """
    if not history.channels:
        raise ScenarioError([Mistake(history.file, 0, 0, "", "no contacts were offered at all", "check the counts")])
    weekdays = np.array([day.weekday() for day in history.days])
    found = {counts.name: _holidays(counts, history.days, weekdays) for counts in history.channels}
    off = {holiday.day for holidays in found.values() for holiday in holidays}
    usual = np.array([day not in off for day in history.days])
    whole = np.sum([counts.offered for counts in history.channels], axis=0)
    by_hour = whole.reshape(len(whole), 24, -1).sum(axis=2)[usual]
    hours = hour_spread(by_hour, weekdays[usual])
    return Fit(
        channels=tuple(_fitted(counts, history, weekdays, found[counts.name]) for counts in history.channels),
        busy_days=day_spread(by_hour, weekdays[usual], hours or 0.0),
        busy_hours=hours,
    )


def _holidays(counts: Counts, days: Sequence[date], weekdays: npt.NDArray[np.int64]) -> tuple[Holiday, ...]:
    """Days under `HOLIDAY` of their weekday's median, and lower than chance makes them (3 Poisson deviations)."""
    totals = counts.offered.sum(axis=1)
    found = []
    for day, weekday, total in zip(days, weekdays.tolist(), totals.tolist(), strict=True):
        usual = float(np.median(totals[weekdays == weekday]))
        if total < min(HOLIDAY * usual, usual - 3 * usual**0.5):
            found.append(Holiday(day, counts.name, round(total), usual))
    return tuple(found)


def _fitted(counts: Counts, history: History, weekdays: npt.NDArray[np.int64], holidays: tuple[Holiday, ...]) -> Fitted:
    off = {holiday.day for holiday in holidays}
    usual = np.array([day not in off for day in history.days])
    offered = counts.offered[usual]
    like = of_channel(counts.name, counts.kind)
    default = np.array([float(like["weekdays"].value[day].removesuffix("x")) for day in DAYS])
    means, supposed, closed = _weekday_means(offered.sum(axis=1), weekdays[usual], history.days, default)
    shapes, strays = _shapes(offered, weekdays[usual], means, live=counts.kind == "live", step=history.step)
    total = counts.offered.sum()
    handled = counts.handled.sum()
    aht = float((counts.handled * counts.aht).sum() / handled) if handled else None
    return Fitted(
        name=counts.name,
        said=counts.said,
        kind=counts.kind,
        offered=round(total),
        abandoned=None if counts.abandoned is None else float(counts.abandoned.sum() / total),
        weekly=float(means.sum()),
        factors=tuple((7 * means / means.sum()).tolist()),
        supposed=supposed,
        closed=closed,
        shapes=shapes,
        strays=strays,
        aht=aht,
        wrap_up=counts.wrap_up,
        only_talk=counts.only_talk,
        aht_by_hour=None if aht is None else aht_factors(counts.aht, counts.handled),
        holidays=holidays,
    )


def _weekday_means(
    totals: Floats, weekdays: npt.NDArray[np.int64], days: Sequence[date], default: Floats
) -> tuple[Floats, tuple[int, ...], tuple[int, ...]]:
    """Mean contacts of each weekday, the weekdays that had to be supposed, and those that the desk is closed."""
    seen = sorted({day.weekday() for day in days})
    passed = {(days[0] + timedelta(days=more)).weekday() for more in range((days[-1] - days[0]).days + 1)}
    means = np.zeros(7)
    for weekday in set(weekdays.tolist()):
        means[weekday] = totals[weekdays == weekday].mean()
    supposed = tuple(weekday for weekday in range(7) if weekday not in passed)
    for weekday in supposed:
        means[weekday] = default[weekday] * means[seen].sum() / default[seen].sum()
    return means, supposed, tuple(sorted(passed - set(seen)))


def _shapes(
    offered: Floats, weekdays: npt.NDArray[np.int64], means: Floats, *, live: bool, step: int
) -> tuple[tuple[Shape, ...], int]:
    """The shapes of the day, and contacts outside the opening hours. From Monday on, a weekday joins the first group
    whose shape is like its own, else it starts a group."""
    groups: list[list[int]] = []
    sums = np.array([offered[weekdays == weekday].sum(axis=0) for weekday in range(7)])
    for weekday in range(7):
        if not sums[weekday].any():
            continue
        like = next((group for group in groups if _alike(sums[group].sum(axis=0), sums[weekday])), None)
        if like is None:
            groups.append([weekday])
        else:
            like.append(weekday)
    seen = [weekday for group in groups for weekday in group]
    for weekday in np.flatnonzero(means).tolist():
        if weekday not in seen:
            nearest = min(seen, key=lambda other: ((other >= 5) != (weekday >= 5), abs(other - weekday)))
            next(group for group in groups if nearest in group).append(weekday)
    shapes, strays = [], 0.0
    for group in groups:
        mine = offered[np.isin(weekdays, group)]
        inside = _open(mine) if live else slice(0, mine.shape[1])
        contacts = np.zeros(mine.shape[1])
        contacts[inside] = mine.sum(axis=0)[inside]
        strays += mine.sum() - contacts.sum()
        opens, closes = inside.start * step, inside.stop * step
        shapes.append(Shape(tuple(sorted(group)), contacts / contacts.sum(), opens, closes))
    return tuple(shapes), round(strays)


def _open(offered: Floats) -> slice:
    """From the first to the last interval with a contact on at least `OPEN` of the days, of four days or more not just
    on one; where there is none, with any contact."""
    days = (offered > 0).sum(axis=0)
    often = np.flatnonzero(days >= max(OPEN * len(offered), 2 if len(offered) >= 4 else 1))
    if not len(often):
        often = np.flatnonzero(days)
    return slice(int(often[0]), int(often[-1]) + 1)


def _alike(one: Floats, other: Floats) -> bool:
    """Whether two sets of contacts by interval have the same shape, but for `MATERIAL` and chance.

    The measure is the total variation distance D = ½·Σ|pᵢ − qᵢ| of their shares p and q: the share of contacts that
    come at another time. Of two samples of n and m contacts from one shape r, chance alone makes it
    E[D] ≈ ½·Σ√(2/π · rᵢ(1 − rᵢ)·(1/n + 1/m)). Alike is D ≤ 0.05 + 1.5·E[D], and no interval in which one set has next
    to nobody (under a tenth of what the other leads to expect) where the other has 12 or more, and leads to expect as
    many: there one of them is closed.
    """
    n, m = one.sum(), other.sum()
    p, q, r = one / n, other / m, (one + other) / (n + m)
    chance = 0.5 * np.sum(np.sqrt(2 / np.pi * r * (1 - r) * (1 / n + 1 / m)))
    closed = (one < 0.1 * q * n) & (np.minimum(other, q * n) >= 12)
    closed |= (other < 0.1 * p * m) & (np.minimum(one, p * m) >= 12)
    return bool(0.5 * np.abs(p - q).sum() <= MATERIAL + 1.5 * chance and not closed.any())


def aht_factors(aht: Floats, handled: Floats) -> Floats | None:
    """How handle time depends on the hour of the day: factors on its mean, shape (24,), whose mean over contacts is 1;
    None where chance explains the differences.

    Each cell (day i, interval) holds nᵢ contacts with the mean hᵢ. Within an hour, cells of different days differ by
    chance: σ² = Σ nᵢ(hᵢ − h̄ of its hour)² / (cells − hours) estimates the variance of one handle time. Hours differ by
    more than that if Q = Σ W(h̄ − h̄ of all)²/σ² exceeds the 99 % point of χ² with (hours − 1) degrees of freedom, with W
    the contacts of an hour. Then each hour's mean shrinks towards the mean of all by τ²/(τ² + σ²/W), where
    τ² = (Q − hours + 1)·σ² / (ΣW − ΣW²/ΣW) is the variance between hours (DerSimonian and Laird 1986).

    Args:
        aht: seconds; handled: contacts; both of shape (days, intervals of a day).
    """
    cells, size = aht.reshape(len(aht), 24, -1), handled.reshape(len(aht), 24, -1)
    work, contacts = (cells * size).sum(axis=(0, 2)), size.sum(axis=(0, 2))
    hours = contacts > 0
    mean = work.sum() / contacts.sum()
    by_hour = np.divide(work, contacts, out=np.full(24, mean), where=hours)
    free = np.count_nonzero(size) - np.count_nonzero(hours)
    if free < 1 or np.count_nonzero(hours) < 2:
        return None
    variance = float((size * (cells - by_hour[:, None]) ** 2).sum() / free)
    between = float((contacts * (by_hour - mean) ** 2).sum())
    degrees = int(np.count_nonzero(hours)) - 1
    if between <= chi_squared(degrees) * variance:
        return None
    tau = (between - degrees * variance) / (contacts.sum() - (contacts**2).sum() / contacts.sum())
    trust = np.divide(tau * contacts, tau * contacts + variance, out=np.zeros(24), where=hours)
    factors = 1 + trust * (by_hour / mean - 1)
    return np.asarray(factors / np.average(factors, weights=contacts))


def day_spread(counts: Floats, weekdays: npt.NDArray[np.int64], hour_shape: float) -> float | None:
    """The shape α of the Gamma factor (mean 1, variance 1/α) that makes days busier or quieter; 0 none, None where no
    weekday is there twice.

    With N the total of a day of weekday w and m its mean, Var N = m + m²·v and v = (1 + 1/α)(1 + c/β) − 1: chance,
    days, and hours of Gamma shape β, with c = Σ p² of the shares p of the hours. By moments: with k days of a weekday,
    N̄ their mean and s² their variance,

        v = Σ_w (k − 1)(s² − N̄) / Σ_w (k − 1)(N̄² − s²/k)

    It is 0 where Σ_w (k − 1)·s² / (N̄ + N̄²·c/β) stays below the 99 % point of χ² with Σ(k − 1) degrees of freedom.
    Growth or a season within the days counts as busyness.

    Args:
        counts: contacts of all channels, shape (days, 24). hour_shape: β; 0 none.
    """
    over = under = dispersion = squares = of_hours = 0.0
    degrees = 0
    for weekday in set(weekdays.tolist()):
        mine = counts[weekdays == weekday]
        totals = mine.sum(axis=1)
        mean, days = totals.mean(), len(totals)
        if days < 2 or mean <= 0:
            continue
        variance = totals.var(ddof=1)
        by_hours = np.sum((mine.sum(axis=0) / totals.sum()) ** 2) / hour_shape if hour_shape else 0.0
        over += (days - 1) * (variance - mean)
        under += (days - 1) * (mean**2 - variance / days)
        squares += (days - 1) * mean**2
        of_hours += (days - 1) * mean**2 * by_hours
        dispersion += (days - 1) * variance / (mean + mean**2 * by_hours)
        degrees += days - 1
    if not degrees:
        return None
    if dispersion <= chi_squared(degrees) or under <= 0:
        return 0.0
    return _clipped((1 + over / under) / (1 + of_hours / squares) - 1)


def hour_spread(counts: Floats, weekdays: npt.NDArray[np.int64]) -> float | None:
    """The shape β of the Gamma factor (mean 1, variance 1/β) that makes hours busier or quieter than their day; 0 none,
    None where no weekday is there twice.

    Given the N contacts of a day, those of its hours are multinomial with the shares p, but for the factors: Pearson's
    X² = Σ (Nₕ − N·pₕ)²/(N·pₕ) has the mean (H − 1) + (N − 1)(1 − Σp²)/β over H hours, to first order in 1/β. By
    moments, with p estimated from the k days of a weekday, which takes the share 1/k of both,

        1/β = Σ_w [X² − (k − 1)(H − 1)] / Σ_w (k − 1)/k · Σ (N − 1)(1 − Σp²)

    It is 0 where ΣX² stays below the 99 % point of χ² with Σ(k − 1)(H − 1) degrees of freedom. Only hours with 5
    contacts or more in the mean take part.

    Args:
        counts: contacts of all channels, shape (days, 24).
    """
    pearson = expected = 0.0
    degrees = 0
    for weekday in set(weekdays.tolist()):
        mine = counts[weekdays == weekday]
        mine = mine[:, mine.mean(axis=0) >= 5]
        mine = mine[mine.sum(axis=1) > 0]
        days, hours = mine.shape
        if days < 2 or hours < 2:
            continue
        totals, shares = mine.sum(axis=1), mine.sum(axis=0) / mine.sum()
        usual = totals[:, None] * shares
        pearson += float(((mine - usual) ** 2 / usual).sum())
        expected += (days - 1) / days * float((totals - 1).sum()) * float(1 - (shares**2).sum())
        degrees += (days - 1) * (hours - 1)
    if not degrees:
        return None
    if pearson <= chi_squared(degrees):
        return 0.0
    return _clipped((pearson - degrees) / expected)


def _clipped(variance: float) -> float:
    """A Gamma shape from the variance of its factor; 0, none, where there is no variance."""
    return 0.0 if variance <= 0 else float(min(max(1 / variance, SMALLEST_SHAPE), LARGEST_SHAPE))


def chi_squared(degrees: int) -> float:
    """The 99 % point of χ², to a few thousandths: ν·(1 − 2/9ν + z·√(2/9ν))³ (Wilson and Hilferty 1931)."""
    spread = 2 / (9 * degrees)
    return float(degrees * (1 - spread + CERTAIN * spread**0.5) ** 3)
