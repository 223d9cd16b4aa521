"""Days side by side in one panel: hours in which nothing is open, and days, are left out.

The axis of hours is drawn line by line and word by word. An axis of matplotlib's has five artists a tick, and in these
pictures, which have most of all, would take half of the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from math import ceil, floor
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.markers import TICKDOWN

from sim.plots._intervals import Bools, Intervals, day_name
from sim.plots._style import AXIS, BETWEEN, GREY, GRID, Sheet, axes_width, hour_ticks
from sim.tables import Floats

_POINT = 1 / 72


def open_days(intervals: Intervals, opened: Sequence[Bools]) -> list[date]:
    """The days on which anything that is drawn is open, in order; the first day where nothing ever is."""
    days = intervals.days()
    return sorted({days[i] for row in opened for i in np.flatnonzero(row[intervals.drawn])}) or days[:1]


def day_strip(
    sheet: Sheet, row: int, intervals: Intervals, days: Sequence[date], opened: Bools, top: float, closed: str
) -> tuple[Axes, Floats]:
    """The panel of a row, from 0 to `top`, and where on its axis each interval that is drawn starts, in hours (NaN
    where its day is left out).

    `opened` holds somewhere among those that are drawn; a day on which it never does says `closed`.
    """
    axes, clock, day_of = sheet.panel(row), intervals.clock(), intervals.days()
    numbers = np.flatnonzero(opened[intervals.drawn])
    first, last = floor(clock[numbers].min()), ceil(clock[numbers].max() + intervals.hours)
    wide = (axes_width(axes) - BETWEEN * (len(days) - 1)) / len(days)
    gap = (last - first) * BETWEEN / wide
    starts = {day: number * (last - first + gap) for number, day in enumerate(days)}
    open_on = {day_of[i] for i in numbers}
    shut = [starts[day] for day in days if day not in open_on]
    axes.set_xlim(0, starts[days[-1]] + last - first)
    axes.set_ylim(0, top)
    # above the grid, below everything else
    cover: dict[str, Any] = {"linewidth": 0, "zorder": 0.7}
    axes.broken_barh([(start - gap, gap) for start in starts.values()], (0, top), facecolor="white", **cover)
    axes.broken_barh([(start, last - first) for start in shut], (0, top), facecolor="#F6F6F6", **cover)
    for start in shut:
        axes.text(start + (last - first) / 2, top / 2, closed, color=GREY, ha="center", va="center")
    _name_days(axes, sheet.height, {day_name(day): start + (last - first) / 2 for day, start in starts.items()})
    hours, names = hour_ticks(first, last, wide)
    opening = [start - first for start in starts.values() if start not in shut]
    _name_hours(axes, sheet.height, [start + hour for start in opening for hour in hours], names * len(opening))
    if row == sheet.rows - 1:
        axes.text(
            0, -22 * _POINT / sheet.height, "hour of the day", size=8, color=GREY, transform=axes.transAxes, va="top"
        )
    return axes, np.array([starts.get(day, np.nan) for day in day_of]) + clock - first


def _name_days(axes: Axes, height: float, middles: dict[str, float]) -> None:
    style: dict[str, Any] = {"size": 8.5, "color": GREY, "ha": "center", "transform": axes.get_xaxis_transform()}
    for name, middle in middles.items():
        axes.text(middle, 1 + 4 * _POINT / height, name, **style)


def _name_hours(axes: Axes, height: float, places: list[float], names: list[str]) -> None:
    """Grid, ticks and labels."""
    across = axes.get_xaxis_transform()
    axes.xaxis.set_visible(False)
    axes.vlines(places, 0, 1, transform=across, color=GRID, linewidth=0.6, zorder=0.5)
    ticks: dict[str, Any] = {"marker": TICKDOWN, "markersize": 3.5, "markeredgewidth": 0.8, "color": AXIS}
    axes.plot(places, np.zeros(len(places)), linestyle="none", clip_on=False, **ticks)
    style: dict[str, Any] = {"size": 8, "color": GREY, "ha": "center", "va": "top", "transform": across}
    for place, name in zip(places, names, strict=True):
        axes.text(place, -7 * _POINT / height, name, **style)
