"""Cost against service: what each policy costs and reaches, and the frontier of those that nothing beats on both.

A policy is efficient unless another is no dearer and no worse. The frontier steps from one efficient policy to the
next: between them, more money buys nothing yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, nan
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from matplotlib.ticker import MaxNLocator, PercentFormatter

from sim.plots import PLOTS
from sim.plots._policies import Scale, known, look, name_lines, scale, value_axis
from sim.plots._style import BLACK, GREY, Label, Sheet, axes_width, label_ends, plain, say

NAME, LABELS = 30, 2.85
"""Characters of a name in a line, and inches for the names."""
LINE = 0.155
"""Inches: the height of a line of a label."""
_SHARE = scale("share", (), sign=False)


@dataclass(frozen=True)
class Point:
    """A policy: what it costs and its service level (a share from 0 to 1), means over replications with their 95 %
    intervals; None or NaN where not known, bounds where there is one replication. `number` is the policy's, for its
    look. `efficient`: no other is as cheap and as good, or better in one of
    them."""

    policy: str
    number: int
    cost: float | None
    cost_low: float | None
    cost_high: float | None
    level: float | None
    low: float | None
    high: float | None
    efficient: bool

    @property
    def place(self) -> tuple[float, float]:
        """Cost and level, NaN where not known."""
        return known(self.cost), known(self.level)

    @property
    def interval(self) -> tuple[float, float]:
        """Of the level; NaN where there is none."""
        return known(self.low), known(self.high)

    @property
    def cost_interval(self) -> tuple[float, float]:
        """NaN where there is none."""
        return known(self.cost_low), known(self.cost_high)

    @property
    def drawn(self) -> bool:
        return all(map(isfinite, self.place))


@dataclass(frozen=True)
class Frontier:
    """What the plot shows: cost in `currency` a `per` ("week") and the service level of `channel`, whose target is the
    share `target`."""

    channel: str
    currency: str
    per: str
    target: float
    points: tuple[Point, ...]

    @property
    def drawn(self) -> tuple[Point, ...]:
        """Those of which cost and level are known, the cheapest first, of equals the worst."""
        return tuple(sorted((point for point in self.points if point.drawn), key=lambda point: point.place))

    @property
    def intervals(self) -> bool:
        """Whether any service level has one."""
        return any(isfinite(end) for point in self.drawn for end in point.interval)

    @property
    def money(self) -> Scale:
        return Scale(1.0, self.currency, 0, sign=False)


@plain()
def draw(data: Frontier) -> Figure:
    """A point a policy with the cross of its intervals, filled where efficient; the frontier; the target."""
    labels = [_label(data, point) for point in data.drawn]
    lines = max((label.text.count("\n") + 1 for label in labels), default=1)
    room = LINE * lines + 0.06
    height = max(2.7, room * (len(labels) + 1))
    sheet = Sheet(PLOTS["frontier"], _subtitle(data), rows=1, height=height, over=0.09, right=LABELS)
    axes = sheet.panel(0)
    if labels:
        _axes(axes, data)
        _points(axes, data)
        label_ends(axes, [*labels, Label(data.target, f"target {100 * data.target:.3g} %", BLACK)], apart=room / height)
        _markers(axes, {label.text: point for label, point in zip(labels, data.drawn, strict=True)})
    else:
        say(axes, "of no policy both cost and service level are known")
    sheet.name(0, data.channel, _finding(data))
    return sheet.figure


def _label(data: Frontier, point: Point) -> Label:
    cost, level = point.place
    words = f"{data.money.say(cost)}, {_SHARE.say(level, *point.interval)}"
    return Label(level, f"{name_lines(point.policy, NAME)}\n{words}", look(point.number).color)


def _axes(axes: Axes, data: Frontier) -> None:
    costs = [end for point in data.drawn for end in (point.place[0], *point.cost_interval)]
    value_axis(axes, data.money, costs, room=(0.3, 0.3))
    axes.set_xlabel(f"cost a {data.per}, {data.currency}", size=8.0, labelpad=2, loc="left")
    shares = [share for point in data.drawn for share in (point.place[1], *point.interval)]
    low, high = float(np.nanmin([*shares, data.target])), float(np.nanmax([*shares, data.target]))
    pad = max(0.12 * (high - low), 0.01)
    axes.set_ylim(low - pad, high + pad)
    ticks = MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(low - pad, high + pad)
    axes.set_yticks([tick for tick in ticks if max(0.0, low - pad) <= tick <= min(1.0, high + pad)])
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=int(ticks[1] - ticks[0] < 0.0099), symbol=" %"))
    axes.axhline(data.target, color=BLACK, linewidth=0.9, linestyle=(0, (4, 2)))


def _points(axes: Axes, data: Frontier) -> None:
    right = axes.get_xlim()[1]
    best = [point.place for point in data.drawn if point.efficient]
    if best:
        costs, levels = zip(*best, strict=True)
        axes.step([*costs, right], [*levels, levels[-1]], where="post", color=GREY, linewidth=1.6, zorder=2)
    for point in data.drawn:
        cost, level = point.place
        color = look(point.number).color
        axes.hlines(level, cost, right, color=color, linewidth=0.5, alpha=0.5, zorder=1)
        axes.hlines(level, *point.cost_interval, color=color, linewidth=1.2, zorder=3)
        axes.vlines(cost, *point.interval, color=color, linewidth=1.2, zorder=3)
        axes.plot(cost, level, zorder=4, **_marker(point))


def _marker(point: Point) -> dict[str, Any]:
    """A policy's marker; open where another is no dearer and no worse."""
    shape = look(point.number)
    return {
        "marker": shape.marker,
        "markersize": 7.0,
        "linestyle": "none",
        "color": shape.color if point.efficient else "white",
        "markeredgecolor": "white" if point.efficient else shape.color,
        "markeredgewidth": 0.8 if point.efficient else 1.4,
    }


def _markers(axes: Axes, points: dict[str, Point]) -> None:
    """Each policy's marker before its name too, as points may lie on one another, and the stroke that leads there."""
    for text in [text for text in axes.texts if isinstance(text, Annotation) and text.get_text() in points]:
        point, (x, y) = points[text.get_text()], text.xyann
        text.xyann = (x + 0.12 / axes_width(axes), y)
        if text.arrow_patch is not None:
            # it would lead to the text's corner, through the marker
            text.arrow_patch.set_visible(False)
        beside: dict[str, Any] = {"transform": axes.transAxes, "clip_on": False}
        axes.plot((1.0, x), (text.xy[1], y), color=look(point.number).color, linewidth=1.0, zorder=4, **beside)
        axes.plot(x, y, zorder=5, **beside, **_marker(point))


def _subtitle(data: Frontier) -> str:
    crosses = (
        "Cross: 95 % interval of each mean over replications."
        if data.intervals
        else "One replication, so no intervals."
    )
    unknown = len(data.points) - len(data.drawn)
    missing = f" Not shown: {unknown} of which cost or service level is not known." if unknown else ""
    return (
        f"Cost: all costs of the scenario a {data.per}. Service level: the share of contacts answered within the "
        f"target's time. {crosses} Filled: efficient; open: not, as another is no dearer and no "
        f"worse. Grey steps: the best that a cost buys.{missing}"
    )


def table(data: Frontier) -> dict[str, list[Any]]:
    """Every policy: cost a period and service level (a share from 0 to 1), each with its 95 % interval."""
    places = [point.place for point in data.points]
    return {
        "channel": [data.channel] * len(places),
        "policy": [point.policy for point in data.points],
        "cost": [cost for cost, _ in places],
        "cost_low": [point.cost_interval[0] for point in data.points],
        "cost_high": [point.cost_interval[1] for point in data.points],
        "service_level": [level for _, level in places],
        "low": [point.interval[0] for point in data.points],
        "high": [point.interval[1] for point in data.points],
        "target": [data.target] * len(places),
        "efficient": [int(point.efficient) for point in data.points],
    }


def alt(data: Frontier) -> str:
    """The cheapest policy that reaches the target, cost and service level of the efficient ones, and who is not."""
    best = "; ".join(_row(data, point) for point in data.drawn if point.efficient)
    others = ", ".join(point.policy for point in data.drawn if not point.efficient)
    return (
        f"Cost a {data.per} against the service level of {data.channel}; {_finding(data)}."
        + (f" Efficient, the cheapest first: {best}." if best else "")
        + (f" Not efficient, as another is no dearer and no worse: {others}." if others else "")
    )


def _row(data: Frontier, point: Point) -> str:
    cost, level = point.place
    return f"{point.policy}, {data.money.say(cost, *point.cost_interval)}, {_SHARE.say(level, *point.interval)}"


def _finding(data: Frontier) -> str:
    """The cheapest policy whose whole interval reaches the target (without one: whose mean does)."""
    target = f"target {100 * data.target:.3g} %"
    if not data.drawn:
        return f"{target}: nothing to compare"
    same = len({point.place[0] for point in data.drawn}) == 1 < len(data.drawn)
    cost = "; all cost the same" if same else ""
    does = "is sure to reach" if data.intervals else "reaches"
    reach = [point for point in data.drawn if _sure(point) >= data.target - 1e-12]
    if not reach:
        return f"{target}: none {does} it{cost}"
    first = min(reach, key=lambda point: (point.place[0], -point.place[1]))
    kind = "best" if same else "cheapest"
    return f"{target}: the {kind} that {does} it is {first.policy}, {data.money.say(first.place[0])} a {data.per}{cost}"


def _sure(point: Point) -> float:
    """What a policy reaches at least: the low end of its interval, its mean where there is none."""
    low = point.interval[0]
    return low if isfinite(low) else (point.place[1] if point.drawn else nan)
