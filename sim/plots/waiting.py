"""The distribution of waiting times by channel, with each target as a dot: below the curve the target is met.

A contact that was never answered counts, so a curve ends at the share that was; and its height at the target's time is
the service level. Live waits stand on an axis of square roots, which shows zero as well as minutes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from sim.estimate import Estimate, ratio
from sim.plots import PLOTS
from sim.plots._busiest import busiest
from sim.plots._duration import duration
from sim.plots._style import BLACK, LINES, Label, Sheet, label_ends, plain, say
from sim.tables import Floats

POINTS = 241
"""At how many waits a curve is calculated."""

_LIVE = (0, 1, 2, 5, 10, 20, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 28_800)
_HOURS = (0.25, 0.5, 1, 2, 4, 6, 12, 24, 48, 96, 168, 336)


@dataclass(frozen=True)
class ChannelWaits:
    """The waits on one channel, and its target: `share` within `within` seconds.

    `waits` has an array a replication, a number a contact offered: seconds until answered, NaN where never answered.
    """

    name: str
    live: bool
    waits: tuple[Floats, ...]
    share: float
    within: float
    kept: float | None = None
    """Share answered within the target by a clock of its own, that of opening hours; None: by the clock on the wall."""


@dataclass(frozen=True)
class Waiting:
    """What the plot shows: live channels in one panel, deferrable ones in another, four at most in each."""

    channels: tuple[ChannelWaits, ...]


@dataclass(frozen=True)
class _Curve:
    """Share answered within each wait of `at` (seconds), with its 95 % interval; NaN where not known."""

    at: Floats
    value: Floats
    low: Floats
    high: Floats


@plain()
def draw(data: Waiting) -> Figure:
    """A panel for live channels and one for deferrable ones: curves, bands, targets."""
    data, others = _drawn(data)
    panels = _panels(data)
    sheet = Sheet(PLOTS["waiting"], _subtitle(data) + others, rows=len(panels), height=2.2, over=0.09, right=1.6)
    for row, channels in enumerate(panels):
        axes = sheet.panel(row)
        longest = _longest(channels)
        offered = [channel for channel in channels if _offered(channel)]
        if offered:
            _axis(axes, channels, longest)
            _curves(axes, channels, longest)
        else:
            say(axes, f"no contacts on {', '.join(channel.name for channel in channels)}")
        kind = "live channels" if channels[0].live else "deferrable channels"
        sheet.name(row, kind, "waiting time until answered" + (" (square-root axis)" if channels[0].live else ""))
    return sheet.figure


def _panels(data: Waiting) -> list[list[ChannelWaits]]:
    """Channels by kind, at most as many in a panel as there are kinds of line."""
    panels = []
    for live in (True, False):
        kind = [channel for channel in data.channels if channel.live == live]
        panels += [kind[i : i + len(LINES)] for i in range(0, len(kind), len(LINES))]
    return panels


def _subtitle(data: Waiting) -> str:
    runs = max((len(channel.waits) for channel in data.channels), default=0)
    band = f"Band: 95 % interval over {runs} replications." if runs > 1 else "One replication, so no band."
    return (
        "Share of contacts offered answered within the time on the axis; a curve that ends below 100 % leaves "
        f"the rest unanswered. Filled dot: target; ring: what was reached in its time. {band}"
    )


def _offered(channel: ChannelWaits) -> int:
    return sum(len(waits) for waits in channel.waits)


def _longest(channels: list[ChannelWaits]) -> float:
    """The right end of a panel, seconds: 99 % of the answered waits, and twice the latest target, lie within it."""
    answered = [np.concatenate([np.zeros(1), *channel.waits]) for channel in channels]
    tails = [float(np.quantile(waits[np.isfinite(waits)], 0.99)) for waits in answered]
    return max(*tails, *(2.0 * channel.within for channel in channels), 1.0)


def _curve(channel: ChannelWaits, at: Floats) -> _Curve:
    """The share of contacts answered within each wait: a ratio of sums over replications."""
    offered = np.array([len(waits) for waits in channel.waits], dtype=np.float64)
    within = [np.searchsorted(np.sort(waits[np.isfinite(waits)]), at, side="right") for waits in channel.waits]
    counts = np.array(within, dtype=np.float64).reshape(len(channel.waits), len(at))
    shares = [ratio(counts[:, i], offered, of="trials") for i in range(len(at))]
    value, low, high = (np.array([_number(s, end) for s in shares]) for end in ("value", "low", "high"))
    return _Curve(at, value, low, high)


def _number(estimate: Estimate, end: str) -> float:
    value = getattr(estimate, end)
    return float("nan") if value is None else float(value)


def _at(channels: list[ChannelWaits], longest: float) -> Floats:
    """Waits at which curves are calculated: even on the panel's axis, and the targets'."""
    power = 2 if channels[0].live else 1
    even = np.linspace(0.0, longest ** (1 / power), POINTS) ** power
    return np.unique(np.concatenate([even, [channel.within for channel in channels]]))


def _axis(axes: Axes, channels: list[ChannelWaits], longest: float) -> None:
    live = channels[0].live
    if live:
        axes.set_xscale("function", functions=(lambda x: np.sqrt(np.maximum(x, 0.0)), np.square))
        candidates = [float(tick) for tick in _LIVE]
    else:
        step = next((hours for hours in _HOURS if longest / 3600 / hours <= 9), _HOURS[-1])
        candidates = list(np.arange(0.0, longest, step * 3600.0))
    place = np.sqrt if live else np.asarray
    ticks: list[float] = []
    for tick in [*sorted({channel.within for channel in channels}), *candidates]:
        clear = all(abs(place(tick) - place(other)) > 0.05 * place(longest) for other in ticks)
        if tick <= longest and clear:
            ticks.append(tick)
    axes.set_xticks(ticks, [duration(tick) if tick else "0" for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.set_xlim(0.0, longest)
    axes.set_ylim(0.0, 1.03)
    axes.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))


def _curves(axes: Axes, channels: list[ChannelWaits], longest: float) -> None:
    labels = []
    for channel, (color, dashes) in zip(channels, LINES, strict=False):
        if not _offered(channel):
            labels.append(Label(0.0, f"{channel.name}\n{_finding(channel)}", color))
            continue
        curve = _curve(channel, _at(channels, longest))
        axes.fill_between(curve.at, curve.low, curve.high, color=color, alpha=0.22, linewidth=0, step="post")
        axes.step(curve.at, curve.value, where="post", color=color, linestyle=dashes, linewidth=1.6)
        if channel.kept is None:
            _target(axes, channel, float(curve.value[np.searchsorted(curve.at, channel.within)]), color)
        text = f"{channel.name}\n{_finding(channel)}\ntarget {100 * channel.share:.3g} %"
        labels.append(Label(float(curve.value[-1]), text, color))
    label_ends(axes, labels, apart=0.24)


def _target(axes: Axes, channel: ChannelWaits, got: float, color: str) -> None:
    """The target's dot, the curve's ring below or above it, and the way between them."""
    axes.vlines(channel.within, got, channel.share, color=color, linewidth=1.2, zorder=3)
    axes.plot(channel.within, got, "o", color=color, markerfacecolor="white", markersize=5, zorder=4)
    axes.plot(channel.within, channel.share, "o", color=BLACK, markersize=6, markeredgecolor="white", zorder=5)


def _drawn(data: Waiting) -> tuple[Waiting, str]:
    """What the figure has room for, and what is said of the rest."""
    channels, others = busiest(data.channels, _offered, "channels, by contacts")
    return replace(data, channels=channels), others


def table(data: Waiting) -> dict[str, list[Any]]:
    """The curves: channel, wait in seconds, share answered within it and its 95 % interval."""
    rows: list[tuple[Any, ...]] = []
    for channels in _panels(data):
        for channel in channels:
            curve = _curve(channel, _at(channels, _longest(channels)))
            columns = (curve.at.tolist(), curve.value.tolist(), curve.low.tolist(), curve.high.tolist())
            rows += [(channel.name, *row) for row in zip(*columns, strict=True)]
    names = ("channel", "wait", "share", "low", "high")
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


def alt(data: Waiting) -> str:
    """Each channel's service level against its target, its median wait and the share answered."""
    data, others = _drawn(data)
    findings = "; ".join(f"{channel.name}: {_finding(channel)}{_more(channel)}" for channel in data.channels)
    findings = findings.replace("\n", " ")
    return f"Distribution of waiting times by channel. {findings}.{others}"


def _finding(channel: ChannelWaits) -> str:
    if not _offered(channel):
        return "no contacts"
    if channel.kept is not None:
        # its clock is not that of the axis
        return f"{100 * channel.kept:.0f} % within\n{duration(channel.within)} of opening"
    got = float(_curve(channel, np.array([channel.within])).value[0])
    return f"{100 * got:.0f} % within {duration(channel.within)}"


def _more(channel: ChannelWaits) -> str:
    if not _offered(channel):
        return ""
    waits = np.concatenate(channel.waits)
    answered = waits[np.isfinite(waits)]
    text = f" (target {100 * channel.share:.3g} %), {100 * len(answered) / len(waits):.0f} % answered"
    return text + (f", median wait {_rough(float(np.median(answered)))}" if len(answered) else "")


def _rough(seconds: float) -> str:
    """A measured duration to two digits."""
    unit, name = next(((u, n) for u, n in ((3600, "h"), (60, "min")) if seconds >= u), (1, "s"))
    return f"{seconds / unit:.2g} {name}"
