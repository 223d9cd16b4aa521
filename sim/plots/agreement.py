"""A load test against its prediction: how many waited at each minute, and how long each contact waited.

The band is over simulations of the same customers that differ only in which of the desk's measured latencies fell on
whom, so an observed line outside it has another cause. In the panel beside it a dot is a contact: on the diagonal it
waited as predicted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sim.plots import PLOTS
from sim.plots._busiest import busiest
from sim.plots._intervals import Intervals, outline, worst_week
from sim.plots._style import (
    AXIS,
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    SKY,
    WIDTH,
    Label,
    Sheet,
    label_ends,
    plain,
    say,
    time_axis,
)
from sim.tables import Floats

SCATTER, BESIDE, LABELS = 2.0, 0.62, 1.0
"""Inches: the panel of waits, the room of its axis, and that of the lines' names."""
_UNITS = ((180.0, 1.0, "s"), (3 * 3600.0, 60.0, "min"), (np.inf, 3600.0, "h"))


@dataclass(frozen=True)
class ChannelAgreement:
    """A channel. By interval, how many wait when it starts: `waiting` observed, `predicted` at a desk that takes no
    time, `mean`, `low` and `high` over the simulations with the desk's latencies; NaN where not known.

    `expected` and `waits` are seconds, a number a contact: the mean over those simulations, and observed.
    """

    name: str
    waiting: Floats
    predicted: Floats
    mean: Floats
    low: Floats
    high: Floats
    expected: Floats
    waits: Floats


@dataclass(frozen=True)
class Agreement:
    """What the plot shows. `interval` is in seconds; the first starts at `starts`. `runs` simulations have latencies;
    `note` is said of the test ("" where there is nothing to say)."""

    starts: datetime
    interval: int
    channels: tuple[ChannelAgreement, ...]
    runs: int
    note: str = ""


@plain()
def draw(data: Agreement) -> Figure:
    """A row a channel: the backlog by time, and waits predicted against observed."""
    data, others = _drawn(data)
    intervals = _intervals(data)
    note = f" {data.note}" if data.note else ""
    sheet = Sheet(
        PLOTS["agreement"],
        f"Left: contacts waiting for an answer. Band and blue line: predicted with the desk's measured latencies (95 % "
        f"and mean of {data.runs} simulations); dotted: predicted at a desk that takes no time. Right: the wait of "
        f"each contact, observed over predicted with latencies; on the line they are the same.{note}"
        f"{intervals.note}{others}",
        rows=len(data.channels),
        height=SCATTER,
        over=0.09,
        right=LABELS + BESIDE + SCATTER + 0.3,
    )
    for row, channel in enumerate(data.channels):
        axes = sheet.panel(row)
        if np.isfinite(channel.waiting[intervals.drawn]).any():
            _backlog(axes, channel, intervals)
        else:
            say(axes, "the backlog is not known at any time shown")
        sheet.name(row, channel.name, _finding(channel, intervals))
        box = axes.get_position()
        left = 1.0 - (SCATTER + 0.3) / WIDTH
        _waits(sheet.figure.add_axes((left, box.y0, SCATTER / WIDTH, box.height)), channel)
    return sheet.figure


def _backlog(axes: Axes, channel: ChannelAgreement, intervals: Intervals) -> None:
    shown, width = intervals.drawn, intervals.hours
    x = np.arange(intervals.shown, dtype=np.float64) * width
    low, mean, high = channel.low[shown], channel.mean[shown], channel.high[shown]
    time_axis(axes, intervals)
    everything = np.concatenate([high, channel.waiting[shown], channel.predicted[shown]])
    axes.set_ylim(0.0, max(1.0, 1.15 * float(np.nanmax(everything))))
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    known = np.isfinite(mean)
    corners, bottom, ceiling = outline(x, width, known, low, high)
    axes.fill_between(corners, bottom, ceiling, step="post", color=SKY, alpha=0.45, linewidth=0)
    labels = []
    for values, name, color, style in (
        (channel.predicted[shown], "predicted", BLACK, {"linestyle": (0, (1.2, 1.2)), "linewidth": 1.1}),
        (mean, "with latencies", BLUE, {"linewidth": 1.8}),
        (channel.waiting[shown], "observed", ORANGE, {"linewidth": 1.4}),
    ):
        finite = np.isfinite(values)
        axes.step(*outline(x, width, finite, values), where="post", color=color, **style)
        if finite.any():
            labels.append(Label(float(values[finite][-1]), name, color))
    label_ends(axes, labels)


def _waits(axes: Axes, channel: ChannelAgreement) -> None:
    both = np.isfinite(channel.expected) & np.isfinite(channel.waits)
    if not both.any():
        say(axes, "nobody waited on both sides")
        return
    expected, observed = channel.expected[both], channel.waits[both]
    longest = max(1.0, float(max(expected.max(), observed.max())))
    scale, unit = next((scale, unit) for limit, scale, unit in _UNITS if longest < limit)
    top = 1.06 * longest / scale
    axes.plot((0, top), (0, top), color=AXIS, linewidth=1.0, zorder=1)
    axes.plot(
        expected / scale, observed / scale, "o", color=ORANGE, markersize=3.2, alpha=0.6, markeredgewidth=0, zorder=2,
        clip_on=False,
    )  # fmt: skip
    # who does not wait must not lie on the axis
    axes.set_xlim(-0.03 * top, top)
    axes.set_ylim(-0.03 * top, top)
    ticks = [tick for tick in MaxNLocator(4).tick_values(0.0, top) if 0 <= tick <= top]
    axes.set_xticks(ticks)
    axes.set_yticks(ticks)
    axes.set_xlabel(f"wait with latencies, {unit}", size=8.0, labelpad=2)
    axes.set_ylabel(f"wait observed, {unit}", size=8.0, labelpad=2, color=GREY)


def _finding(channel: ChannelAgreement, intervals: Intervals) -> str:
    shown = intervals.drawn
    observed, low, high = channel.waiting[shown], channel.low[shown], channel.high[shown]
    known = np.isfinite(observed) & np.isfinite(low)
    if not known.any():
        return "nothing to compare"
    inside = float(np.mean((observed[known] >= low[known]) & (observed[known] <= high[known])))
    return (
        f"{100 * inside:.0f} % of the time in the band; at most {float(observed[known].max()):,.0f} waiting, "
        f"{float(channel.mean[shown][known].max()):,.0f} predicted"
    )


def table(data: Agreement) -> dict[str, list[Any]]:
    """Every channel and interval, drawn or not (`what` is backlog), then every contact (`what` is wait, in seconds)."""
    stamps = _intervals(data).stamps()
    names = ("channel", "what", "start", "predicted", "with_latencies", "low", "high", "observed")
    columns: dict[str, list[Any]] = {name: [] for name in names}
    for channel in data.channels:
        by_time = (channel.predicted, channel.mean, channel.low, channel.high, channel.waiting)
        none = [float("nan")] * len(channel.waits)
        contacts = (none, channel.expected.tolist(), none, none, channel.waits.tolist())
        rest = [[*values.tolist(), *more] for values, more in zip(by_time, contacts, strict=True)]
        whats = ["backlog"] * len(stamps) + ["wait"] * len(none)
        cells = ([channel.name] * len(whats), whats, [*stamps, *[""] * len(none)], *rest)
        for column, values in zip(columns.values(), cells, strict=True):
            column += values
    return columns


def alt(data: Agreement) -> str:
    """How often each backlog was in its band, how high it was, and how far waits are from their prediction."""
    data, others = _drawn(data)
    intervals = _intervals(data)
    findings = "; ".join(f"{channel.name}: {_finding(channel, intervals)}{_off(channel)}" for channel in data.channels)
    note = f" {data.note}" if data.note else ""
    return (
        f"Backlog observed in a load test and predicted with the desk's latencies, {intervals.span()}, and each "
        f"contact's wait. {findings}.{note}{intervals.note}{others}"
    )


def _off(channel: ChannelAgreement) -> str:
    both = np.isfinite(channel.expected) & np.isfinite(channel.waits)
    if not both.any():
        return ""
    expected, observed = float(channel.expected[both].mean()), float(channel.waits[both].mean())
    return f"; {np.count_nonzero(both)} contacts waited {observed:,.0f} s in the mean, {expected:,.0f} s predicted"


def _drawn(data: Agreement) -> tuple[Agreement, str]:
    """What the figure has room for, and what is said of the rest."""
    channels, others = busiest(data.channels, lambda channel: float(np.nansum(channel.waiting)), "channels, by backlog")
    return replace(data, channels=channels), others


def _intervals(data: Agreement) -> Intervals:
    """The week in which any channel's observed backlog is highest."""
    observed = [np.nan_to_num(channel.waiting) for channel in data.channels]
    highest = np.fmax.reduce(observed, axis=0, initial=0.0)
    return worst_week(data.starts, data.interval, highest, "waiting at once", np.max)
