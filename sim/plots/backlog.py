"""The backlog of deferrable contacts through the week: how high it builds up while nobody works, and when it clears.

The fan is over replications, interval by interval, so its edges are nobody's week; the thin line is a week as it came.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sim.plots import PLOTS
from sim.plots._busiest import busiest
from sim.plots._intervals import Bools, Intervals, outline, worst_week
from sim.plots._style import BLACK, BLUE, GREY, ORANGE, PALE, SKY, Label, Sheet, label_ends, plain, say, time_axis
from sim.tables import Floats


@dataclass(frozen=True)
class ChannelBacklog:
    """The backlog of one channel.

    `waiting` is replications × intervals: contacts waiting for an answer when the interval starts, NaN where not known.
    `staffed` has one truth an interval: whether anybody works on the channel. The first replication is the sample.
    """

    name: str
    waiting: npt.NDArray[np.float64]
    staffed: Bools


@dataclass(frozen=True)
class Backlog:
    """What the plot shows. `interval` is in seconds; the first starts at `starts`."""

    starts: datetime
    interval: int
    channels: tuple[ChannelBacklog, ...]


@plain()
def draw(data: Backlog) -> Figure:
    """A panel a channel: median, 10 to 90 % band, one replication as a thin line, grey while nobody works."""
    data, others = _drawn(data)
    intervals = _intervals(data)
    runs = _runs(data)
    band = (
        f"Band: 10 to 90 % of {runs} replications; thin line: the first of them."
        if runs > 1
        else "One replication, so no band."
    )
    sheet = Sheet(
        PLOTS["backlog"],
        f"Contacts waiting for an answer at the start of each {intervals.unit[:-1]}. {band} "
        f"Grey: nobody works on them.{intervals.note}{others}",
        rows=len(data.channels),
        height=2.0,
        over=0.09,
        right=1.3,
    )
    for row, channel in enumerate(data.channels):
        axes = sheet.panel(row)
        if np.isfinite(channel.waiting[:, intervals.drawn]).any():
            _panel(axes, channel, intervals)
        else:
            say(axes, "the backlog is not known at any time shown")
        sheet.name(row, channel.name, _finding(channel, intervals))
    return sheet.figure


def _panel(axes: Axes, channel: ChannelBacklog, intervals: Intervals) -> None:
    shown, width = intervals.drawn, intervals.hours
    x = np.arange(intervals.shown, dtype=np.float64) * width
    low, median, high = _quantiles(channel.waiting[:, shown])
    sample = channel.waiting[0, shown]
    known = np.isfinite(median)
    time_axis(axes, intervals)
    top = max(1.0, 1.2 * float(np.nanmax(np.fmax(high, sample))))
    axes.set_ylim(0.0, top)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    corners, ceiling = outline(x, width, ~channel.staffed[shown], np.full(intervals.shown, top))
    axes.fill_between(corners, 0.0, ceiling, step="post", color=PALE, linewidth=0, zorder=0)
    labels = []
    if len(channel.waiting) > 1:
        corners, bottom, ceiling = outline(x, width, known, low, high)
        axes.fill_between(corners, bottom, ceiling, step="post", color=SKY, alpha=0.45, linewidth=0)
        axes.step(*outline(x, width, known, median), where="post", color=BLUE, linewidth=1.8)
        labels = [Label(_last(median), "median", BLUE), Label(_last(high), "10 to 90 %", SKY)]
    axes.step(*outline(x, width, np.isfinite(sample), sample), where="post", color=ORANGE, linewidth=0.9)
    label_ends(axes, [*labels, Label(_last(sample), "one replication", ORANGE)])
    _peak(axes, intervals, median, top)


def _peak(axes: Axes, intervals: Intervals, median: Floats, top: float) -> None:
    highest = int(np.nanargmax(median))
    x = (highest + 0.5) * intervals.hours
    axes.plot(x, median[highest], "o", color=BLACK, markersize=4)
    early = highest < intervals.shown / 2
    axes.annotate(
        f"{median[highest]:,.0f} on {intervals.named(highest)}",
        (x, median[highest]),
        xytext=(x, 0.95 * top),
        ha="left" if early else "right",
        va="center",
        size=8.5,
        bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1.0},
        arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 3},
    )


def _quantiles(waiting: npt.NDArray[np.float64]) -> tuple[Floats, Floats, Floats]:
    """10 %, 50 % and 90 % over replications, one an interval; NaN where no replication knows."""
    known = np.isfinite(waiting).any(axis=0)
    quantiles = np.full((3, waiting.shape[1]), np.nan)
    quantiles[:, known] = np.nanquantile(waiting[:, known], (0.1, 0.5, 0.9), axis=0)
    return quantiles[0], quantiles[1], quantiles[2]


def _last(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known[-1]) if len(known) else 0.0


def _drawn(data: Backlog) -> tuple[Backlog, str]:
    """What the figure has room for, and what is said of the rest."""
    channels, others = busiest(data.channels, lambda channel: float(np.nansum(channel.waiting)), "channels, by backlog")
    return replace(data, channels=channels), others


def table(data: Backlog) -> dict[str, list[Any]]:
    """Every channel and interval, drawn or not: quantiles over replications, the sample, whether staffed (1 or 0)."""
    stamps = _intervals(data).stamps()
    names = ("channel", "start", "low", "median", "high", "sample", "staffed")
    columns: dict[str, list[Any]] = {name: [] for name in names}
    for channel in data.channels:
        low, median, high = _quantiles(channel.waiting)
        values = ([channel.name] * len(stamps), stamps, low.tolist(), median.tolist(), high.tolist())
        rest = (channel.waiting[0].tolist(), channel.staffed.astype(int).tolist())
        for column, cells in zip(columns.values(), (*values, *rest), strict=True):
            column += cells
    return columns


def alt(data: Backlog) -> str:
    """How high each backlog peaks and when, and where it starts and ends."""
    data, others = _drawn(data)
    intervals = _intervals(data)
    findings = "; ".join(f"{channel.name}: {_finding(channel, intervals)}" for channel in data.channels)
    over = f"over {_runs(data)} replications"
    return f"Backlog by {intervals.unit[:-1]}, {intervals.span()}, {over}. {findings}.{intervals.note}{others}"


def _finding(channel: ChannelBacklog, intervals: Intervals) -> str:
    low, median, high = _quantiles(channel.waiting[:, intervals.drawn])
    if not np.isfinite(median).any():
        return "not known"
    top = int(np.nanargmax(median))
    if median[top] <= 0:
        return "half of the replications or more have no backlog at any time shown"
    cleared = np.flatnonzero(median[top:] <= 0)
    end = f"cleared by {intervals.named(top + int(cleared[0]))}" if len(cleared) else "not cleared in the time shown"
    spread = f" (10 to 90 %: {low[top]:,.0f} to {high[top]:,.0f})" if len(channel.waiting) > 1 else ""
    return f"peaks at {median[top]:,.0f}{spread} on {intervals.named(top)}, {end}"


def _runs(data: Backlog) -> int:
    return max((len(channel.waiting) for channel in data.channels), default=0)


def _intervals(data: Backlog) -> Intervals:
    """The week in which any channel's median is highest."""
    medians = [_quantiles(channel.waiting)[1] for channel in data.channels]
    highest = np.fmax.reduce(medians, axis=0, initial=0.0)
    return worst_week(data.starts, data.interval, highest, "waiting at once", np.max)
