"""Required against scheduled, interval by interval: where a schedule is short, and where it has people to spare.

Erlang C lets every caller wait until answered; Erlang A lets them give up, so it never requires more. A gap is measured
from Erlang A where it is known, else from Erlang C: who is short of that is short by either.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from sim.plots import PLOTS
from sim.plots._busiest import busiest
from sim.plots._days import day_strip, open_days
from sim.plots._intervals import Bools, Intervals, outline, worst_week
from sim.plots._style import BLACK, BLUE, SHORT, SKY, Sheet, plain, say
from sim.tables import Floats

_LINES: dict[str, dict[str, Any]] = {
    "scheduled": {"color": BLACK, "linewidth": 1.7},
    "Erlang A": {"color": BLUE, "linewidth": 1.2},
    "Erlang C": {"color": BLUE, "linewidth": 1.0, "linestyle": (0, (2, 1.2))},
}
_SPARE: dict[str, Any] = {"facecolor": SKY, "alpha": 0.28, "linewidth": 0.0}


@dataclass(frozen=True)
class GroupStaffing:
    """The agents of one live channel, or of the group that answers it; one number an interval.

    Both requirements are NaN where closed, and one of them throughout where it was not calculated.
    """

    name: str
    scheduled: Floats
    erlang_c: Floats
    erlang_a: Floats

    @property
    def required(self) -> Floats:
        """What gaps are measured from; NaN where closed."""
        required = np.where(np.isfinite(self.erlang_a), self.erlang_a, self.erlang_c)
        return np.where(np.isfinite(required), required, np.nan)

    @property
    def spare(self) -> Floats:
        """Scheduled less required: negative where short; NaN where closed."""
        return self.scheduled - self.required


@dataclass(frozen=True)
class Staffing:
    """What the plot shows. `interval` is in seconds; every array has one number an interval from `starts` on."""

    starts: datetime
    interval: int
    groups: tuple[GroupStaffing, ...]


@plain()
def draw(data: Staffing) -> Figure:
    """A row a group, a panel a day: scheduled, both requirements, gaps filled."""
    data, others = drawn(data)
    intervals = _intervals(data)
    opened = [np.isfinite(group.spare) for group in data.groups]
    days = open_days(intervals, opened)
    sheet = Sheet(
        PLOTS["staffing"],
        f"Agents required for the target, and agents scheduled, by {intervals.unit[:-1]}. Erlang A lets callers give "
        f"up, Erlang C lets them wait for ever; gaps are measured from Erlang A where it is known."
        f"{intervals.note}{others}",
        rows=len(data.groups),
        height=1.55,
        over=0.27,
        key=0.28,
    )
    for row, (group, now_open) in enumerate(zip(data.groups, opened, strict=True)):
        if not now_open[intervals.drawn].any():
            say(sheet.panel(row), "closed, or nothing required, in the whole of the time shown")
            sheet.name(row, group.name, "")
            continue
        axes, x = day_strip(sheet, row, intervals, days, now_open, _top(group, now_open), "closed")
        _row(axes, x, intervals, group)
        sheet.name(row, group.name, _finding(group, intervals))
    _key(sheet)
    return sheet.figure


def _top(group: GroupStaffing, opened: Bools) -> float:
    series = np.concatenate([values[opened] for values in (group.scheduled, group.erlang_c, group.erlang_a)])
    return max(1.0, 1.12 * float(np.max(series[np.isfinite(series)])))


def _row(axes: Axes, x: Floats, intervals: Intervals, group: GroupStaffing) -> None:
    width, shown, spare = intervals.hours, intervals.drawn, group.spare[intervals.drawn]
    scheduled, required = group.scheduled[shown], group.required[shown]
    for gap, style in ((spare > 0, _SPARE), (spare < 0, SHORT)):
        corners, low, high = outline(x, width, gap, scheduled, required)
        axes.fill_between(corners, low, high, step="post", **style)
    for values, style in (
        (group.erlang_c[shown], _LINES["Erlang C"]),
        (group.erlang_a[shown], _LINES["Erlang A"]),
        (np.where(np.isfinite(spare), scheduled, np.nan), _LINES["scheduled"]),
    ):
        axes.step(*outline(x, width, np.isfinite(values), values), where="post", **style)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))


def _key(sheet: Sheet) -> None:
    # seven narrow panels have no room for labels beside the lines
    handles: list[Artist] = [Line2D([], [], **style) for style in _LINES.values()] + [Patch(**SHORT), Patch(**_SPARE)]
    names = ["scheduled", "required, Erlang A", "required, Erlang C", "short", "spare"]
    sheet.legend(names, handles)


def drawn(data: Staffing) -> tuple[Staffing, str]:
    """What a figure has room for, and what is said of the rest."""
    groups, others = busiest(data.groups, lambda group: float(np.nansum(group.required)), "rows, by agents required")
    return replace(data, groups=groups), others


def table(data: Staffing) -> dict[str, list[Any]]:
    """Every group and interval, drawn or not; `spare` is scheduled less required."""
    stamps = _intervals(data).stamps()
    return {
        "group": [group.name for group in data.groups for _ in stamps],
        "start": stamps * len(data.groups),
        "scheduled": [value for group in data.groups for value in group.scheduled.tolist()],
        "erlang_c": [value for group in data.groups for value in group.erlang_c.tolist()],
        "erlang_a": [value for group in data.groups for value in group.erlang_a.tolist()],
        "spare": [value for group in data.groups for value in group.spare.tolist()],
    }


def alt(data: Staffing) -> str:
    """How often, by how much and when each group is short."""
    data, others = drawn(data)
    intervals = _intervals(data)
    findings = "; ".join(f"{group.name}: {_finding(group, intervals)}" for group in data.groups)
    return (
        f"Agents required and scheduled by {intervals.unit[:-1]}, {intervals.span()}. {findings}."
        f"{intervals.note}{others}"
    )


def _finding(group: GroupStaffing, intervals: Intervals) -> str:
    spare = group.spare[intervals.drawn]
    opened = int(np.isfinite(spare).sum())
    if not opened:
        return "closed throughout"
    surplus = float(np.nansum(np.maximum(spare, 0.0))) * intervals.hours
    short = int((spare < 0).sum())
    if not short:
        return f"never short; {surplus:,.1f} agent-hours to spare in {opened} {intervals.unit}{intervals.covered}"
    missing = float(np.nansum(np.maximum(-spare, 0.0))) * intervals.hours
    worst = int(np.nanargmin(spare))
    scheduled, required = group.scheduled[intervals.drawn][worst], group.required[intervals.drawn][worst]
    return (
        f"short in {short} of {opened} {intervals.unit}{intervals.covered}, by {missing:,.1f} agent-hours "
        f"({surplus:,.1f} to spare); furthest on {intervals.named(worst)}: {scheduled:.3g} of {required:.3g}"
    )


def _intervals(data: Staffing) -> Intervals:
    """The week in which most is missing."""
    short = np.sum([np.nan_to_num(np.maximum(-group.spare, 0.0)) for group in data.groups], axis=0)
    return worst_week(data.starts, data.interval, short, "agent-hours short")
