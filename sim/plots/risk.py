"""How good a single week is and how well the mean is known: a measure of risk and error (MORE plot) for each policy.

After B. L. Nelson (2008), The MORE plot: displaying measures of risk and error from simulation output, Proceedings of
the Winter Simulation Conference, 413–416. The error is the interval of the mean, which more replications make narrower;
the risk is the spread of single weeks, which nothing makes narrower but another policy. A manager lives through one
week, so a mean that meets the target is no promise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.estimate import wilson
from sim.plots import PLOTS
from sim.plots._policies import (
    THICK,
    THIN,
    WORDS,
    Scale,
    heading,
    known,
    look,
    name_lines,
    rows_panel,
    scale,
    value_axis,
    words,
)
from sim.plots._style import BLACK, Sheet, axes_width, plain, say
from sim.tables import Floats

DOTS = 100
"""More weeks than these are drawn as so many quantiles of them."""
ROW, BAND, DOT = 0.82, 0.34, 0.065
"""Inches: the height of a row, that of its dots, and the width of a dot."""
BESIDE = 38
"""Characters that fit beside a panel."""
SINGLE, RISK, ERROR = -0.22, 0.14, 0.34
"""How far below the middle of a row its dots and bars lie, as shares of its height."""
LOW, HIGH = 0.05, 0.95
"""The range of single weeks: nine of ten lie within it."""


@dataclass(frozen=True)
class RiskRow:
    """A policy. `values` has one number a replication, NaN where it saw nothing; `mean` is over all of them, `low` and
    `high` its 95 % interval, None (or NaN) where one replication gives none. `number` is the policy's, for its look."""

    policy: str
    number: int
    values: Floats
    mean: float | None
    low: float | None
    high: float | None

    @property
    def seen(self) -> Floats:
        """The values that are known."""
        return np.asarray(self.values, dtype=np.float64)[np.isfinite(self.values)]

    @property
    def range(self) -> tuple[float, float]:
        """Between which nine of ten replications lie; NaN for fewer than two."""
        seen = self.seen
        if len(seen) < 2:
            return float("nan"), float("nan")
        low, high = np.quantile(seen, (LOW, HIGH)).tolist()
        return low, high


@dataclass(frozen=True)
class RiskPanel:
    """A figure, named by `title`. `unit` is that of its numbers: "share" (from 0 to 1; drawn as percent), "s", a
    currency, or any word. `target` is None where there is none; `better`, "higher" or "lower", says which side of it
    meets it, and `target_name` what it is called, as "80 % within 20 s" ("": its value)."""

    title: str
    unit: str
    target: float | None
    rows: tuple[RiskRow, ...]
    better: str = "higher"
    target_name: str = ""

    def met(self, row: RiskRow) -> tuple[float, float, float] | None:
        """The share of single weeks that meet the target, with Wilson's 95 % interval; None without either."""
        seen = row.seen
        if self.target is None or not len(seen):
            return None
        share = float(np.mean(seen <= self.target if self.better == "lower" else seen >= self.target))
        return share, *wilson(share, len(seen))


@dataclass(frozen=True)
class Risk:
    """What the plot shows. `span` is what a replication is, in the plural: "weeks", "days"; "runs" for any other."""

    panels: tuple[RiskPanel, ...]
    span: str = "weeks"


@plain()
def draw(data: Risk) -> Figure:
    """A panel a figure, a row a policy: single weeks as dots, their range, the mean, the target, and all in words."""
    most = max([1, *(len(panel.rows) for panel in data.panels)])
    sheet = Sheet(
        PLOTS["risk"], _subtitle(data), rows=len(data.panels), height=ROW * most, over=0.25, right=WORDS + 0.1
    )
    for row, panel in enumerate(data.panels):
        if any(len(each.seen) for each in panel.rows):
            axes = rows_panel(sheet, row, [name_lines(each.policy) for each in panel.rows], most)
            _panel(axes, panel, data.span)
        else:
            say(sheet.panel(row), "nothing was observed")
        heading(sheet, row, panel.title, _finding(panel, data.span))
    return sheet.figure


def _subtitle(data: Risk) -> str:
    counts = sorted({len(row.seen) for panel in data.panels for row in panel.rows} - {0})
    if not counts:
        return f"Single {data.span} (the risk) and their mean (the error): nothing was observed."
    many = f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,}"
    if counts[-1] < 2:
        return f"One of the {data.span} is known: neither the risk nor the error can be told from it."
    dots = f"one of {many} {data.span}" if counts[-1] <= DOTS else f"1 in {DOTS} of {many} {data.span}"
    return (
        f"Risk: what single {data.span} may bring. A dot is {dots}; the thin bar holds 90 % of them (5 to 95 %). "
        f"Error: how well the mean is known. The thick bar is its 95 % interval. More replications make the thick bar "
        "shorter, but not the thin one."
    )


def _scale(panel: RiskPanel) -> Scale:
    return scale(panel.unit, [*(known(row.mean) for row in panel.rows), known(panel.target)], sign=False)


def _panel(axes: Axes, panel: RiskPanel, span: str) -> None:
    its_scale = _scale(panel)
    everything = [known(panel.target), *(value for row in panel.rows for value in row.seen.tolist())]
    everything += [known(value) for row in panel.rows for value in (row.mean, row.low, row.high)]
    value_axis(axes, its_scale, everything, room=(0.15, 0.15))
    axes.set_xlabel(its_scale.word, size=8.0, labelpad=2)
    if panel.target is not None:
        _target(axes, panel, its_scale)
    for y, row in enumerate(panel.rows):
        _row(axes, y, row, its_scale)
        for below, text in zip((SINGLE, RISK, ERROR), _words(row, panel, span), strict=True):
            words(axes, y + below, text)


def _target(axes: Axes, panel: RiskPanel, scale: Scale) -> None:
    place = scale.factor * known(panel.target)
    axes.axvline(place, color=BLACK, linewidth=0.9, linestyle=(0, (4, 2)), zorder=2)
    low, high = axes.get_xlim()
    side = (place - low) / (high - low)
    axes.annotate(
        f"target {_target_name(panel)}",
        (place, 1),
        xycoords=("data", "axes fraction"),
        xytext=(0, 2),
        textcoords="offset points",
        ha="left" if side < 0.3 else "right" if side > 0.7 else "center",
        va="bottom",
        size=8.0,
        annotation_clip=False,
    )


def _target_name(panel: RiskPanel) -> str:
    its_scale = _scale(panel)
    number = f"{its_scale.factor * known(panel.target) + 0.0:,.6g}".replace("-", "−")
    return panel.target_name or f"{number} {its_scale.word}".rstrip()


def _row(axes: Axes, y: int, row: RiskRow, scale: Scale) -> None:
    looks, seen = look(row.number), row.seen
    if len(seen) > DOTS:
        seen = np.quantile(seen, (np.arange(DOTS) + 0.5) / DOTS)
    low, high = axes.get_xlim()
    x = scale.factor * np.sort(seen)
    heights = np.array(_swarm((x * axes_width(axes) / (high - low)).tolist())) / ROW
    axes.plot(
        x, y + SINGLE + heights, "o", color=looks.color, markersize=72 * DOT, alpha=0.7, markeredgewidth=0, zorder=3
    )
    for ends, below, style in ((row.range, RISK, THIN), ((known(row.low), known(row.high)), ERROR, THICK)):
        if isfinite(ends[0]) and isfinite(ends[1]):
            places = [scale.factor * end for end in ends]
            axes.plot(places, (y + below, y + below), color=looks.color, **style)
    axes.plot(
        [scale.factor * known(row.mean)], [y + ERROR], looks.marker, color=looks.color, markersize=7,
        markeredgecolor="white", markeredgewidth=0.8, zorder=4,
    )  # fmt: skip


def _swarm(places: Sequence[float]) -> list[float]:
    """Heights (inches) for dots at ascending places (inches): each as near to the middle as the dots before it allow;
    where they would leave their band they are pressed together."""
    step = DOT / 4
    heights: list[float] = []
    for number, place in enumerate(places):
        near = [(place - places[i], heights[i]) for i in range(number) if place - places[i] < DOT]
        tries = (sign * step * k for k in range(4 * number + 5) for sign in (1, -1))
        heights.append(
            next(h for h in tries if all(dx * dx + (h - other) ** 2 >= 0.999 * DOT**2 for dx, other in near))
        )
    furthest = max(map(abs, heights), default=0.0)
    press = min(1.0, (BAND - DOT) / 2 / furthest) if furthest else 1.0
    return [press * height for height in heights]


def _words(row: RiskRow, panel: RiskPanel, span: str) -> tuple[str, str, str]:
    """What stands beside the dots, the thin bar and the thick one."""
    if not len(row.seen):
        return "", "nothing was observed", ""
    return _met(row, panel, span), _range(row, panel, span), _mean(row, panel)


def _met(row: RiskRow, panel: RiskPanel, span: str) -> str:
    met = panel.met(row)
    if met is None:
        return f"{len(row.seen):,} {span if len(row.seen) > 1 else 'only'}"
    share, low, high = (100 * value for value in met)
    if len(row.seen) < 2:
        return "meets the target" if share else "misses the target"
    ends = f" [{low:.0f}, {high:.0f}]" if f"{low:.0f}" != f"{high:.0f}" else ""
    return f"target met in {share:.0f} % of {span}{ends}"


def _range(row: RiskRow, panel: RiskPanel, span: str) -> str:
    low, high = row.range
    if not isfinite(low):
        return "one only: no range"
    its_scale = _scale(panel)
    return _fitting(f"single {span} {s.span(low, high)}" for s in (its_scale, its_scale.bare))


def _mean(row: RiskRow, panel: RiskPanel) -> str:
    mean, low, high = known(row.mean), known(row.low), known(row.high)
    if not isfinite(mean):
        return "mean not known"
    its_scale, alone = _scale(panel), "" if isfinite(low) and isfinite(high) else ", no interval"
    return _fitting(f"mean {s.say(mean, low, high)}{alone}" for s in (its_scale, its_scale.bare))


def _fitting(texts: Iterable[str]) -> str:
    """The first that fits beside the panel, else the last: the unit stands at the axis as well."""
    *others, last = texts
    return next((text for text in others if len(text) <= BESIDE), last)


def _finding(panel: RiskPanel, span: str) -> str:
    """The policy with the most weeks that meet the target."""
    shares = [(row, met[0]) for row in panel.rows if len(row.seen) > 1 and (met := panel.met(row)) is not None]
    if not shares:
        return ""
    best, share = max(shares, key=lambda each: each[1])
    if len(shares) == 1:
        return f"target met in {100 * share:.0f} % of {span}"
    if all(other == share for _, other in shares):
        return f"every policy meets the target in {100 * share:.0f} % of {span}"
    return f"target met most often by {best.policy}: in {100 * share:.0f} % of {span}"


def table(data: Risk) -> dict[str, list[Any]]:
    """Every figure and policy: its mean, the 5 to 95 % range of single replications, the share of them that meet the
    target (from 0 to 1), then each replication, from 1; all else in the figure's unit (shares from 0 to 1)."""
    nan = float("nan")
    cells: list[tuple[Any, ...]] = []
    for panel in data.panels:
        for row in panel.rows:
            first = (panel.title, panel.unit, row.policy)
            cells.append((*first, "mean", "", known(row.mean), known(row.low), known(row.high)))
            cells.append((*first, "5 to 95 %", "", nan, *row.range))
            if panel.target is not None:
                cells.append((*first, "target", "", known(panel.target), nan, nan))
                cells.append((*first, "target met", "", *(panel.met(row) or (nan, nan, nan))))
            numbered = enumerate(np.asarray(row.values, dtype=np.float64).tolist(), start=1)
            cells += [(*first, "single", number, value, nan, nan) for number, value in numbered]
    names = ("figure", "unit", "policy", "what", "replication", "value", "low", "high")
    return {name: [cell[place] for cell in cells] for place, name in enumerate(names)}


def alt(data: Risk) -> str:
    """Of each figure and policy the mean with its interval, the range of single weeks, and how many meet the target."""
    findings = " ".join(f"{panel.title}{_aim(panel)}: {_told(panel, data.span)}." for panel in data.panels)
    return f"{_subtitle(data)} {findings}".strip()


def _aim(panel: RiskPanel) -> str:
    target = "" if panel.target is None else f" (target {_target_name(panel)})"
    word = _scale(panel).word
    return f" in {word}{target}" if word else target


def _told(panel: RiskPanel, span: str) -> str:
    said = (", ".join(filter(None, reversed(_words(row, panel, span)))) for row in panel.rows)
    each = "; ".join(f"{row.policy} {text}" for row, text in zip(panel.rows, said, strict=True))
    return each or "nothing was observed"
