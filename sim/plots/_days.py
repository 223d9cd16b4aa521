"""A row of small panels, one a day: hours in which nothing is open, and days, are left out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from math import ceil, floor

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from sim.plots._intervals import Bools, Intervals, day_name
from sim.plots._style import GREY, Sheet, hour_axis, say


def open_days(intervals: Intervals, opened: Sequence[Bools]) -> list[date]:
    """The days on which anything that is drawn is open, in order; the first day where nothing ever is."""
    days = intervals.days()
    return sorted({days[i] for row in opened for i in np.flatnonzero(row[: intervals.shown])}) or days[:1]


def day_panels(
    sheet: Sheet, row: int, intervals: Intervals, days: Sequence[date], opened: Bools, top: float, closed: str
) -> list[tuple[Axes, npt.NDArray[np.intp]]]:
    """The panels of a row that have anything open, from 0 to `top`, each with the numbers of its intervals.

    `opened` holds somewhere among those that are drawn; a day on which it never does says `closed`.
    """
    clock = intervals.clock()
    hours = clock[opened[: intervals.shown]]
    first, last = floor(hours.min()), ceil(hours.max() + intervals.hours)
    day_of = np.array([day.toordinal() for day in intervals.days()])
    panels: list[tuple[Axes, npt.NDArray[np.intp]]] = []
    for column, day in enumerate(days):
        axes = sheet.panel(row, column, len(days))
        axes.set_title(day_name(day), size=8.5, color=GREY, pad=4)
        axes.set_ylim(0, top)
        numbers = np.flatnonzero(day_of == day.toordinal())
        if not opened[numbers].any():
            say(axes, closed)
            continue
        hour_axis(axes, first, last)
        if panels:
            axes.tick_params(axis="y", labelleft=False, left=False)
            axes.spines["left"].set_visible(False)
        elif row == sheet.rows - 1:
            axes.set_xlabel("hour of the day", loc="left", size=8)
        panels.append((axes, numbers))
    return panels
