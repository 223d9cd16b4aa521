"""What agents spend their time on, by skill group and interval: talk, wrap-up, and waiting for the next contact.

Idle time is what keeps waits short: a group that answers live contacts and is busy for more than 85 to 90 % of its time
has queues that no short interval of rest clears, and tires. Messages can wait, so they may fill the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

from sim.plots import PLOTS
from sim.plots._busiest import busiest
from sim.plots._days import day_strip, open_days
from sim.plots._intervals import Bools, Intervals, outline, worst_week
from sim.plots._style import BLACK, BLUE, PALE, SKY, Sheet, plain, say
from sim.tables import Floats

GUIDE = (0.85, 0.90)
"""The trade's guide for groups that answer live contacts, shares of the time present."""

_TALK: dict[str, Any] = {"facecolor": BLUE, "linewidth": 0}
_WRAP_UP: dict[str, Any] = {"facecolor": SKY, "edgecolor": "white", "hatch": "\\\\\\\\\\\\", "linewidth": 0}
_IDLE: dict[str, Any] = {"facecolor": PALE, "linewidth": 0}
_GUIDE: dict[str, Any] = {"color": BLACK, "linewidth": 0.9, "linestyle": (0, (4, 2))}


@dataclass(frozen=True)
class GroupTime:
    """How one skill group spends its time: agent-hours by interval, means over replications.

    An agent who holds several contacts counts once; who still talks is in talk. `present` counts also who stays beyond
    the schedule to finish; `scheduled` has one truth an interval: whether anybody is meant to be there.
    """

    name: str
    talk: Floats
    wrap_up: Floats
    present: Floats
    scheduled: Bools

    @property
    def busy(self) -> Floats:
        """The share of talk and wrap-up in the time present; NaN where nobody is scheduled."""
        return self.share(self.talk + self.wrap_up)

    def share(self, hours: Floats) -> Floats:
        """As a share of the time present; NaN where nobody is scheduled."""
        keep = self.scheduled & (self.present > 0)
        return np.where(keep, hours / np.where(keep, self.present, 1.0), np.nan)


@dataclass(frozen=True)
class Occupancy:
    """What the plot shows. `interval` is in seconds; the first starts at `starts`."""

    starts: datetime
    interval: int
    groups: tuple[GroupTime, ...]
    replications: int


@plain()
def draw(data: Occupancy) -> Figure:
    """A row a group, days side by side: talk, wrap-up and idle stacked to 100 %, the guide as two dashed lines."""
    data, others = _drawn(data)
    intervals = _intervals(data)
    opened = [np.isfinite(group.busy) for group in data.groups]
    days = open_days(intervals, opened)
    low, high = (f"{100 * share:.0f}" for share in GUIDE)
    mean = f"means over {data.replications} replications" if data.replications > 1 else "one replication"
    sheet = Sheet(
        PLOTS["occupancy"],
        f"Shares of the time that agents are present, by {intervals.unit[:-1]}, {mean}. Dashed: the guide of {low} to "
        f"{high} % busy. Groups that answer live contacts should stay below it; messages may fill the rest."
        f"{intervals.note}{others}",
        rows=len(data.groups),
        height=1.25,
        over=0.27,
        key=0.28,
    )
    for row, (group, now_open) in enumerate(zip(data.groups, opened, strict=True)):
        if now_open[intervals.drawn].any():
            _row(sheet, row, intervals, days, group)
        else:
            say(sheet.panel(row), "nobody is scheduled in the whole of the time shown")
        sheet.name(row, group.name, _finding(group, intervals))
    handles: list[Artist] = [Patch(**_TALK), Patch(**_WRAP_UP), Patch(**_IDLE), Line2D([], [], **_GUIDE)]
    sheet.legend(["talk, or work on messages", "wrap-up", "idle", f"guide, {low} to {high} %"], handles)
    return sheet.figure


def _row(sheet: Sheet, row: int, intervals: Intervals, days: Any, group: GroupTime) -> None:
    busy, talk = group.busy[intervals.drawn], group.share(group.talk)[intervals.drawn]
    axes, x = day_strip(sheet, row, intervals, days, np.isfinite(group.busy), 1.0, "nobody\nscheduled")
    corners, lower, upper = outline(x, intervals.hours, np.isfinite(busy), talk, busy)
    zero, one = np.where(np.isfinite(corners), 0.0, np.nan), np.where(np.isfinite(corners), 1.0, np.nan)
    for bottom, top, style in ((zero, lower, _TALK), (lower, upper, _WRAP_UP), (upper, one, _IDLE)):
        axes.fill_between(corners, bottom, top, step="post", **style)
    for share in GUIDE:
        axes.plot(corners, share * one, **_GUIDE)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])


def _drawn(data: Occupancy) -> tuple[Occupancy, str]:
    """What the figure has room for, and what is said of the rest."""
    groups, others = busiest(data.groups, lambda group: float((group.talk + group.wrap_up).sum()), "groups, by work")
    return replace(data, groups=groups), others


def table(data: Occupancy) -> dict[str, list[Any]]:
    """Every group and interval, drawn or not: agent-hours present, and the shares of them, from 0 to 1."""
    stamps = _intervals(data).stamps()
    groups = data.groups
    return {
        "group": [group.name for group in groups for _ in stamps],
        "start": stamps * len(groups),
        "present": [value for group in groups for value in group.present.tolist()],
        "talk": [value for group in groups for value in group.share(group.talk).tolist()],
        "wrap_up": [value for group in groups for value in group.share(group.wrap_up).tolist()],
        "idle": [value for group in groups for value in (1.0 - group.busy).tolist()],
        "occupancy": [value for group in groups for value in group.busy.tolist()],
    }


def alt(data: Occupancy) -> str:
    """How busy each group is, with what, and how often above the guide."""
    data, others = _drawn(data)
    intervals = _intervals(data)
    findings = "; ".join(f"{group.name}: {_finding(group, intervals)}" for group in data.groups)
    return (
        f"Time in talk, wrap-up and idle by {intervals.unit[:-1]}, {intervals.span()}. {findings}."
        f"{intervals.note}{others}"
    )


def _finding(group: GroupTime, intervals: Intervals) -> str:
    busy = group.busy[intervals.drawn]
    known = int(np.isfinite(busy).sum())
    if not known:
        return "nobody scheduled"
    talk, wrap_up, present = (
        float(hours[intervals.drawn].sum()) for hours in (group.talk, group.wrap_up, group.present)
    )
    above, worst = int((busy > GUIDE[1]).sum()), int(np.nanargmax(busy))
    often = f" in {above} of {known} {intervals.unit}" if above else ""
    return (
        f"busy {100 * (talk + wrap_up) / present:.0f} % of the time{intervals.covered} "
        f"({100 * wrap_up / present:.0f} % wrap-up), {'' if above else 'never '}above {100 * GUIDE[1]:.0f} %{often}; "
        f"busiest on {intervals.named(worst)}, {100 * busy[worst]:.0f} %"
    )


def _intervals(data: Occupancy) -> Intervals:
    """The week with the most work."""
    work = np.sum([group.talk + group.wrap_up for group in data.groups], axis=0)
    return worst_week(data.starts, data.interval, work, "agent-hours of work")
