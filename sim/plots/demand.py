"""What is offered by channel and interval, and how much it differs from one replication to the next.

Contacts, not issues: whoever gives up and tries again, or whose issue was not solved, is offered once more, so demand
depends on how well it is met. The band is over replications, interval by interval, so its edges are nobody's week.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from sim.plots import PLOTS
from sim.plots._busiest import busiest
from sim.plots._days import day_strip, open_days
from sim.plots._intervals import Bools, Intervals, outline, worst_week
from sim.plots._style import BLUE, SKY, Sheet, plain, say
from sim.tables import Floats

_BAND: dict[str, Any] = {"facecolor": SKY, "alpha": 0.45, "linewidth": 0}
_MEDIAN: dict[str, Any] = {"color": BLUE, "linewidth": 1.2}


@dataclass(frozen=True)
class ChannelDemand:
    """What one channel is offered: `offered` is replications × intervals, contacts; `opened` one truth an interval."""

    name: str
    offered: npt.NDArray[np.float64]
    opened: Bools

    @property
    def counts(self) -> Bools:
        """The intervals that are drawn: open, or with something offered all the same, as a log may have it."""
        return self.opened | (self.offered > 0).any(axis=0)


@dataclass(frozen=True)
class Demand:
    """What the plot shows. `interval` is in seconds; the first starts at `starts`."""

    starts: datetime
    interval: int
    channels: tuple[ChannelDemand, ...]


@plain()
def draw(data: Demand) -> Figure:
    """A row a channel, days side by side: median in steps, 10 to 90 % band."""
    data, others = _drawn(data)
    intervals = _intervals(data)
    opened = [channel.counts for channel in data.channels]
    days = open_days(intervals, opened)
    runs = _runs(data)
    band = f"Band: 10 to 90 % of {runs} replications, each interval by itself." if runs > 1 else "One replication."
    sheet = Sheet(
        PLOTS["demand"],
        f"Contacts offered by {intervals.unit[:-1]} of arrival. Redials and reconnects are included: who gives up, or "
        f"is not helped, may come again. {band}{intervals.note}{others}",
        rows=len(data.channels),
        height=1.25,
        over=0.27,
        key=0.28 if runs > 1 else 0.0,
    )
    for row, (channel, now_open) in enumerate(zip(data.channels, opened, strict=True)):
        if now_open[intervals.drawn].any():
            _row(sheet, row, intervals, days, channel)
        else:
            say(sheet.panel(row), "closed in the whole of the time shown")
        sheet.name(row, channel.name, _finding(channel, intervals))
    if runs > 1:
        handles: list[Artist] = [Line2D([], [], **_MEDIAN), Patch(**_BAND)]
        sheet.legend(["median", "10 to 90 %"], handles)
    return sheet.figure


def _row(sheet: Sheet, row: int, intervals: Intervals, days: Any, channel: ChannelDemand) -> None:
    keep = channel.counts[intervals.drawn]
    low, median, high = _quantiles(channel.offered[:, intervals.drawn])
    top = max(1.0, 1.08 * float(high[keep].max()))
    axes, x = day_strip(sheet, row, intervals, days, channel.counts, top, "closed")
    if len(channel.offered) > 1:
        corners, bottom, ceiling = outline(x, intervals.hours, keep, low, high)
        axes.fill_between(corners, bottom, ceiling, step="post", **_BAND)
    axes.step(*outline(x, intervals.hours, keep, median), where="post", **_MEDIAN)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))


def _quantiles(offered: npt.NDArray[np.float64]) -> tuple[Floats, Floats, Floats]:
    """10 %, 50 % and 90 % over replications."""
    low, median, high = np.quantile(offered, (0.1, 0.5, 0.9), axis=0)
    return low, median, high


def _drawn(data: Demand) -> tuple[Demand, str]:
    """What the figure has room for, and what is said of the rest."""
    channels, others = busiest(data.channels, lambda channel: float(channel.offered.sum()), "channels, by contacts")
    return replace(data, channels=channels), others


def table(data: Demand) -> dict[str, list[Any]]:
    """Every channel and interval, drawn or not: quantiles over replications, whether open (1 or 0)."""
    stamps = _intervals(data).stamps()
    columns: dict[str, list[Any]] = {name: [] for name in ("channel", "start", "low", "median", "high", "open")}
    for channel in data.channels:
        quantiles = [values.tolist() for values in _quantiles(channel.offered)]
        cells = ([channel.name] * len(stamps), stamps, *quantiles, channel.opened.astype(int).tolist())
        for column, values in zip(columns.values(), cells, strict=True):
            column += values
    return columns


def alt(data: Demand) -> str:
    """How much each channel is offered in all, and when most."""
    data, others = _drawn(data)
    intervals = _intervals(data)
    findings = "; ".join(f"{channel.name}: {_finding(channel, intervals)}" for channel in data.channels)
    over = f"median and 10 to 90 % over {_runs(data)} replications" if _runs(data) > 1 else "one replication"
    return f"Contacts offered by {intervals.unit[:-1]}, {intervals.span()}, {over}. {findings}.{intervals.note}{others}"


def _finding(channel: ChannelDemand, intervals: Intervals) -> str:
    offered = channel.offered[:, intervals.drawn]
    if not offered.any():
        return "no contacts"
    low, median, high = (float(values[0]) for values in _quantiles(offered.sum(axis=1, keepdims=True)))
    band, text = "", f"{median:,.0f} contacts"
    if len(offered) > 1:
        text += f" (10 to 90 %: {low:,.0f} to {high:,.0f})"
    text += intervals.covered
    lows, medians, highs = _quantiles(offered)
    # where medians are equal, as those of small counts are, the higher band decides
    most = int(np.lexsort((highs, medians))[-1])
    if len(offered) > 1:
        band = f" ({lows[most]:,.0f} to {highs[most]:,.0f})"
    return f"{text}; most on {intervals.named(most)}: {_count(medians[most])}{band}"


def _count(median: float) -> str:
    """Between two counts lies a half."""
    return f"{median:,.1f}".removesuffix(".0")


def _runs(data: Demand) -> int:
    return max((len(channel.offered) for channel in data.channels), default=0)


def _intervals(data: Demand) -> Intervals:
    """The week with the most contacts, in the mean over replications."""
    offered = np.sum([channel.offered.mean(axis=0) for channel in data.channels], axis=0)
    return worst_week(data.starts, data.interval, offered, "contacts")
