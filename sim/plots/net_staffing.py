"""Net staffing as a week's heat map: which hours of which weekdays are short of agents, and which have some to spare.

The same gaps as in `staffing`, folded onto a week by the wall clock, so that a change of the clocks moves no cell. A
cell is the mean of its intervals; the totals beside the cells let no spare interval make up for a short one. Vermilion
through white to blue, and as the second cue the number in each cell, with its sign.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from sim.plots import PLOTS
from sim.plots._intervals import HOUR, WEEKDAYS, Intervals
from sim.plots._style import BLACK, BLUE, GREY, PALE, VERMILION, Sheet, axes_width, plain, say
from sim.plots.staffing import GroupStaffing, Staffing, drawn
from sim.tables import Floats

HOURS = 24
ROW, TOTAL = 0.23, 0.6
"""Height of a row, and width of a column of totals."""
NARROW = 17
"""From how many hours on a cell has room for small numbers only."""

_COLOURS = LinearSegmentedColormap.from_list("net", [VERMILION, "#FFFFFF", BLUE])
_HEADING: dict[str, Any] = {"ha": "center", "va": "bottom", "size": 8, "color": GREY}
_LEFT: dict[str, Any] = {"ha": "right", "va": "center"}
_CLOSED: dict[str, Any] = {"facecolor": PALE, "edgecolor": "#CFCFCF", "hatch": "/////", "linewidth": 0.0}


@dataclass(frozen=True)
class _Calendar:
    """How intervals lie on a week: the cell of each, weekday × 24 + hour; and on how many dates a cell comes round."""

    cells: npt.NDArray[np.intp]
    dates: npt.NDArray[np.intp]

    @property
    def weekdays(self) -> list[int]:
        """Those that there are."""
        return np.flatnonzero(self.dates.reshape(7, HOURS).any(axis=1)).tolist()

    @property
    def several(self) -> bool:
        """Whether there is more than one week, so that everything is a mean week's."""
        return int(self.dates.max()) > 1


@dataclass(frozen=True)
class _Week:
    """One group's week, each 7 × 24: `net` is the mean of scheduled less required, agents, NaN where closed; `short`
    and `spare` are agent-hours."""

    net: Floats
    short: Floats
    spare: Floats


@plain()
def draw(data: Staffing) -> Figure:
    """A panel a group: weekdays down, hours across, totals to the right and below."""
    data, others = drawn(data)
    calendar = _calendar(data)
    weeks = [_week(group, calendar, data.interval) for group in data.groups]
    limit = _limit(weeks)
    hours = _hours(weeks)
    over_all = " over all weeks" if calendar.several else ""
    sheet = Sheet(
        PLOTS["net_staffing"],
        f"Agents scheduled less agents required (by Erlang A where it is known, else by Erlang C): mean of each hour"
        f"{over_all}. Totals are agent-hours{_each(calendar)}; hours to spare are not set off against short ones."
        f"{others}",
        rows=len(weeks),
        height=ROW * (len(calendar.weekdays) + 1.2),
        over=0.27,
        key=0.28,
    )
    for row, (group, week) in enumerate(zip(data.groups, weeks, strict=True)):
        axes = sheet.panel(row)
        if np.isfinite(week.net).any():
            _panel(axes, week, calendar, hours, limit)
        else:
            say(axes, "closed, or nothing required, throughout")
        sheet.name(row, group.name, _finding(week, calendar))
    _key(sheet, limit)
    return sheet.figure


def _calendar(data: Staffing) -> _Calendar:
    intervals = _intervals(data)
    moments = [intervals.at(number) for number in range(intervals.count)]
    cells = [moment.weekday() * HOURS + moment.hour for moment in moments]
    days = [moment.date() for moment in moments]
    dates = np.bincount([cell for cell, _ in set(zip(cells, days, strict=True))], minlength=7 * HOURS)
    return _Calendar(np.array(cells), dates)


def _week(group: GroupStaffing, calendar: _Calendar, interval: int) -> _Week:
    known = np.isfinite(group.spare)
    cells, spare = calendar.cells[: len(known)][known], group.spare[known]

    def total(values: Floats) -> Floats:
        return np.bincount(cells, values, 7 * HOURS).astype(np.float64).reshape(7, HOURS)

    hours = interval / HOUR / np.maximum(calendar.dates, 1).reshape(7, HOURS)
    with np.errstate(invalid="ignore"):
        net = total(spare) / total(np.ones(len(spare)))
    return _Week(net, total(np.maximum(-spare, 0.0)) * hours, total(np.maximum(spare, 0.0)) * hours)


def _limit(weeks: list[_Week]) -> int:
    """Where the scale of colours ends on either side, in whole agents."""
    return ceil(max((np.max(np.abs(week.net[np.isfinite(week.net)]), initial=1.0) for week in weeks), default=1.0))


def _hours(weeks: list[_Week]) -> tuple[int, int]:
    """From when to when any group is open on any day."""
    opened = np.flatnonzero(np.any([np.isfinite(week.net).any(axis=0) for week in weeks], axis=0))
    return (int(opened[0]), int(opened[-1]) + 1) if len(opened) else (0, HOURS)


def _panel(axes: Axes, week: _Week, calendar: _Calendar, hours: tuple[int, int], limit: int) -> None:
    """In units of a cell; the origin is the upper left corner of the first."""
    first, last = hours
    days, wide = calendar.weekdays, last - first
    total = TOTAL * wide / (axes_width(axes) - 2 * TOTAL)
    axes.set_axis_off()
    axes.set_xlim(0, wide + 2 * total)
    axes.set_ylim(len(days) + 1.2, 0)
    axes.add_patch(Rectangle((0, 0), wide, len(days), **_CLOSED))
    net = week.net[days, first:last]
    axes.pcolormesh(net, cmap=_COLOURS, vmin=-limit, vmax=limit, edgecolors="white", linewidth=0.8)
    style = _number(wide)
    for row, column in zip(*np.nonzero(np.isfinite(net)), strict=True):
        value = float(net[row, column])
        axes.text(column + 0.5, row + 0.5, _signed(value), color=_ink(value / limit), **style)
    for hour in range(first, last + 1):
        axes.text(hour - first, -0.15, f"{hour}", **_HEADING)
    for row, day in enumerate(days):
        axes.text(-0.15 * total, row + 0.5, WEEKDAYS[day], **_HEADING | _LEFT)
    _totals(axes, week, calendar, hours)


def _totals(axes: Axes, week: _Week, calendar: _Calendar, hours: tuple[int, int]) -> None:
    """Agent-hours of each weekday and each hour with anything open, and of the week."""
    first, last = hours
    days, style = calendar.weekdays, _number(last - first)
    total = (axes.get_xlim()[1] - (last - first)) / 2
    opened = np.isfinite(week.net[days, first:last])
    for i, (name, values) in enumerate((("short", week.short[days]), ("to spare", week.spare[days]))):
        right, below = last - first + (i + 0.55) * total, len(days) + 0.65 + i
        axes.text(right, -0.15, name, **_HEADING)
        axes.text(-0.15 * total, below, name, **_HEADING | _LEFT)
        for row in np.flatnonzero(opened.any(axis=1)):
            axes.text(right, row + 0.5, _amount(float(values[row].sum())), **style)
        for column in np.flatnonzero(opened.any(axis=0)):
            axes.text(column + 0.5, below, _amount(float(values[:, first + column].sum())), **style)
        axes.text(right, below, _amount(float(values.sum())), weight="bold", **style)


def _number(hours: int) -> dict[str, Any]:
    return {"ha": "center", "va": "center", "size": 7.5 if hours < NARROW else 6.5}


def _signed(agents: float) -> str:
    """A difference in agents with its sign: +2, −0.5, 0, −12."""
    text = _amount(abs(agents), whole_from=10)
    return text if text == "0" else f"{'+' if agents > 0 else '−'}{text}"


def _amount(value: float, *, whole_from: int = 100) -> str:
    """To a tenth, from `whole_from` on to a whole; halves away from zero, as a spreadsheet rounds them."""
    digits = 0 if value >= whole_from else 1
    return f"{floor(value * 10**digits + 0.5 + 1e-9) / 10**digits:,.{digits}f}".removesuffix(".0")


def _ink(share: float) -> str:
    """Black or white, whichever stands out more on the colour at a share of the scale."""
    red, green, blue = (np.array(_COLOURS((1 + share) / 2)[:3]) ** 2.2).tolist()
    # relative luminance of sRGB; at 0.18 black and white contrast alike
    return BLACK if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18 else "#FFFFFF"


def _key(sheet: Sheet, limit: int) -> None:
    half = limit // 2
    agents = sorted({-limit, -half, 0, half, limit})
    names = [_signed(number) for number in agents]
    names[0], names[-1] = f"{names[0]} (short)", f"{names[-1]} (to spare)"
    cells = [Patch(facecolor=_COLOURS((1 + n / limit) / 2), edgecolor="#B0B0B0", linewidth=0.6) for n in agents]
    sheet.legend([*names, "closed"], [*cells, Patch(**_CLOSED)])


def table(data: Staffing) -> dict[str, list[Any]]:
    """Every group, weekday and hour that there is: `net` in agents, NaN where closed; `short` and `spare` in
    agent-hours, in the mean week where there are several."""
    calendar = _calendar(data)
    there = np.flatnonzero(calendar.dates)
    weeks = [_week(group, calendar, data.interval) for group in data.groups]
    return {
        "group": [group.name for group in data.groups for _ in there],
        "weekday": [WEEKDAYS[cell // HOURS] for cell in there] * len(weeks),
        "hour": [f"{cell % HOURS:02d}:00" for cell in there] * len(weeks),
        "net": [value for week in weeks for value in week.net.ravel()[there].tolist()],
        "short": [value for week in weeks for value in week.short.ravel()[there].tolist()],
        "spare": [value for week in weeks for value in week.spare.ravel()[there].tolist()],
    }


def alt(data: Staffing) -> str:
    """How many agent-hours each group is short and has to spare, and the cell in which most agents are missing."""
    data, others = drawn(data)
    calendar, intervals = _calendar(data), _intervals(data)
    weeks = [_week(group, calendar, data.interval) for group in data.groups]
    findings = "; ".join(f"{g.name}: {_finding(w, calendar)}" for g, w in zip(data.groups, weeks, strict=True))
    span = f"{intervals.named(0)} to {intervals.named(intervals.count)}"
    return f"Agents scheduled less agents required by hour and weekday, {span}. {findings}.{others}"


def _intervals(data: Staffing) -> Intervals:
    return Intervals(data.starts, data.interval, max((len(group.scheduled) for group in data.groups), default=1))


def _each(calendar: _Calendar) -> str:
    return " a week" if calendar.several else ""


def _finding(week: _Week, calendar: _Calendar) -> str:
    if not np.isfinite(week.net).any():
        return "closed throughout"
    short, spare = float(week.short.sum()), float(week.spare.sum())
    if not short:
        return f"never short; {_amount(spare)} agent-hours to spare{_each(calendar)}"
    day, hour = divmod(int(np.nanargmin(week.net)), HOURS)
    lowest = f"{WEEKDAYS[day]} {hour}:00 to {hour + 1}:00, {_signed(float(week.net[day, hour]))} agents"
    return f"short {_amount(short)} agent-hours{_each(calendar)}, {_amount(spare)} to spare; lowest cell: {lowest}"
