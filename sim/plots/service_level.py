"""Service level by interval, with its 95 % interval and the target: at what times of the week customers wait too long.

One missed half-hour of one run says little. Hatched are those whose whole interval over replications lies below the
target.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from sim.plots import PLOTS
from sim.plots._busiest import busiest
from sim.plots._days import day_strip, open_days
from sim.plots._duration import duration
from sim.plots._intervals import HOUR, Bools, Intervals, outline, worst_week
from sim.plots._style import BLACK, BLUE, SHORT, SKY, Label, Sheet, label_ends, plain, say
from sim.tables import Floats


@dataclass(frozen=True)
class ChannelLevel:
    """One channel against its target, `share` within `within` seconds.

    `level`, `low` and `high` are shares from 0 to 1, one an interval: NaN where closed or nothing was offered; `low`
    and `high` throughout where there is one replication. `offered` is in contacts, the mean over replications.
    """

    name: str
    level: Floats
    low: Floats
    high: Floats
    share: float
    within: float
    offered: Floats

    @property
    def late(self) -> Floats:
        """Contacts not answered within the target's time, one number an interval."""
        return self.offered * (1.0 - np.nan_to_num(self.level, nan=1.0))

    @property
    def missed(self) -> Bools:
        """Intervals that miss the target beyond doubt: the whole band (without one, the value) lies below it."""
        return np.where(np.isfinite(self.high), self.high, self.level) < self.share


@dataclass(frozen=True)
class ServiceLevel:
    """What the plot shows. `interval` is in seconds; every array has one number an interval from `starts` on."""

    starts: datetime
    interval: int
    channels: tuple[ChannelLevel, ...]
    replications: int


@plain()
def draw(data: ServiceLevel) -> Figure:
    """A row a channel, a panel a day: level in steps, band, target, clear misses hatched."""
    data, others = _drawn(data)
    intervals = _intervals(data)
    opened = [np.isfinite(channel.level) for channel in data.channels]
    days = open_days(intervals, opened)
    sheet = Sheet(
        PLOTS["service_level"],
        f"Share of contacts answered within the target's time, by {intervals.unit[:-1]} of arrival. {_band(data)}"
        f"{intervals.note}{others}",
        rows=len(data.channels),
        height=1.4,
        over=0.27,
        right=0.8,
    )
    for row, (channel, now_open) in enumerate(zip(data.channels, opened, strict=True)):
        if not now_open[intervals.drawn].any():
            say(sheet.panel(row), "closed, or no contacts, in the whole of the time shown")
            sheet.name(row, channel.name, _target(channel))
            continue
        axes, x = day_strip(sheet, row, intervals, days, now_open, 1.04, "no\ncontacts")
        _row(axes, x, intervals, channel)
        label_ends(axes, [Label(channel.share, f"target\n{100 * channel.share:.3g} %", BLACK)])
        sheet.name(row, channel.name, f"{_target(channel)}: {_finding(channel, intervals)}")
    return sheet.figure


def _band(data: ServiceLevel) -> str:
    late = "Most late: the hour in which most contacts miss it."
    if data.replications < 2:
        return f"One replication, so no band. Hatched: below the target. {late}"
    return (
        f"Band: 95 % interval of the mean over {data.replications} replications. "
        f"Hatched: the whole band lies below the target. {late}"
    )


def _row(axes: Axes, x: Floats, intervals: Intervals, channel: ChannelLevel) -> None:
    width, shown = intervals.hours, intervals.drawn
    level, low, high = channel.level[shown], channel.low[shown], channel.high[shown]
    corners, bottom, top = outline(x, width, channel.missed[shown], level, np.full_like(level, channel.share))
    axes.fill_between(corners, bottom, top, step="post", **SHORT)
    corners, bottom, top = outline(x, width, np.isfinite(low) & np.isfinite(high), low, high)
    axes.fill_between(corners, bottom, top, step="post", color=SKY, alpha=0.45, linewidth=0)
    axes.axhline(channel.share, color=BLACK, linewidth=0.9, linestyle=(0, (4, 2)))
    axes.step(*outline(x, width, np.isfinite(level), level), where="post", color=BLUE, linewidth=1.4)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])


def _drawn(data: ServiceLevel) -> tuple[ServiceLevel, str]:
    """What the figure has room for, and what is said of the rest."""
    channels, others = busiest(data.channels, lambda channel: float(channel.offered.sum()), "channels, by contacts")
    return replace(data, channels=channels), others


def table(data: ServiceLevel) -> dict[str, list[Any]]:
    """Every channel and interval, drawn or not; shares from 0 to 1, `within` in seconds."""
    stamps = _intervals(data).stamps()
    return {
        "channel": [channel.name for channel in data.channels for _ in stamps],
        "start": stamps * len(data.channels),
        "service_level": [value for channel in data.channels for value in channel.level.tolist()],
        "low": [value for channel in data.channels for value in channel.low.tolist()],
        "high": [value for channel in data.channels for value in channel.high.tolist()],
        "target": [channel.share for channel in data.channels for _ in stamps],
        "within": [channel.within for channel in data.channels for _ in stamps],
    }


def alt(data: ServiceLevel) -> str:
    """How often and when each channel misses its target, and by how much at worst."""
    data, others = _drawn(data)
    intervals = _intervals(data)
    findings = "; ".join(f"{c.name}, {_target(c)}: {_finding(c, intervals)}" for c in data.channels)
    return (
        f"Service level by {intervals.unit[:-1]}, {intervals.span()}. {findings}. {_band(data)}{intervals.note}{others}"
    )


def _target(channel: ChannelLevel) -> str:
    return f"target {100 * channel.share:.3g} % within {duration(channel.within)}"


def _finding(channel: ChannelLevel, intervals: Intervals) -> str:
    level, missed = channel.level[intervals.drawn], channel.missed[intervals.drawn]
    measured = int(np.isfinite(level).sum())
    if not measured:
        return "nothing to measure"
    often = f"clearly missed in {int(missed.sum())} of" if missed.any() else "clearly missed in none of"
    return f"{often} {measured} {intervals.unit}{intervals.covered}{_worst(channel, intervals)}"


def _worst(channel: ChannelLevel, intervals: Intervals) -> str:
    """The hour in which most contacts miss the target."""
    hours = np.arange(0, intervals.shown, max(1, HOUR // intervals.interval))
    late, offered = (np.add.reduceat(values[intervals.drawn], hours) for values in (channel.late, channel.offered))
    worst = int(late.argmax())
    if late[worst] <= 0:
        return ""
    share = 100 * (1 - late[worst] / offered[worst])
    return f"; most late from {intervals.named(int(hours[worst]))} ({share:.0f} %)"


def _intervals(data: ServiceLevel) -> Intervals:
    """The week in which most contacts miss their target."""
    late = np.sum([channel.late for channel in data.channels], axis=0)
    return worst_week(data.starts, data.interval, late, "late contacts")
