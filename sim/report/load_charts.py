"""Line charts as inline SVG, for a page that must be whole in one file, dark or light, and readable on a phone.

The colours are the page's own (classes ``a`` to ``d``, which its style sheet names), so a chart changes with the page;
each line has a dash of its own beside its colour. No library draws them: they are a few hundred characters each.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

WIDE, TALL = 480, 240
LEFT, RIGHT, TOP, BOTTOM = 68, 32, 12, 36
DECADES = (1e-4, 1e4)
"""What a logarithmic axis shows at most, in seconds."""


@dataclass(frozen=True)
class Line:
    """A line of a chart: None in place of y where there is nothing to show. `css` is one of a, b, c, d."""

    name: str
    css: str
    points: Sequence[tuple[float, float | None]]
    steps: bool = False
    """Each point holds until the next: counts by interval."""


@dataclass(frozen=True)
class Axis:
    """What an axis shows: `least` to `most`, ticks at `ticks`, each said by `say`."""

    least: float
    most: float
    ticks: Sequence[float]
    say: Callable[[float], str]
    log: bool = False

    def place(self, value: float) -> float:
        """From 0 to 1 along the axis."""
        if not self.log:
            return (value - self.least) / (self.most - self.least)
        low, high = math.log10(self.least), math.log10(self.most)
        return min(1.0, max(0.0, (math.log10(max(value, self.least)) - low) / (high - low)))


def linear(most: float, say: Callable[[float], str], *, ticks: int = 5) -> Axis:
    """From 0 to a round number at or above `most`."""
    rough = max(most, 1e-9) / ticks
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))
    count = max(1, math.ceil(most / step - 1e-9))
    return Axis(0.0, step * count, [step * number for number in range(count + 1)], say)


def clock(seconds: float) -> Axis:
    """From 0 to exactly so many seconds, ticks at round minutes or seconds."""
    steps = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400)
    step = next((step for step in steps if seconds / step <= 6), 604_800)
    ticks = [float(step * number) for number in range(int(seconds / step + 1e-9) + 1)]
    return Axis(0.0, max(seconds, 1e-3), ticks, _minutes)


def decades(values: Sequence[float], say: Callable[[float], str]) -> Axis:
    """A logarithmic axis of whole decades around all values above 0."""
    found = [min(max(value, DECADES[0]), DECADES[1]) for value in values if value > 0] or [0.001, 0.01]
    low, high = math.floor(math.log10(min(found)) + 1e-9), math.ceil(math.log10(max(found)) - 1e-9)
    high = max(high, low + 1)
    return Axis(10.0**low, 10.0**high, [10.0**power for power in range(low, high + 1)], say, log=True)


def chart(name: str, words: str, lines: Sequence[Line], across: Axis, up: Axis) -> str:
    """The chart as SVG. `name` is unique in the page; `words` say what there is to see, for who cannot see it.

    Nothing of it is the user's: names are those of the report, so nothing needs escaping but `words`, which must not
    hold markup.
    """
    x0, x1, y0, y1 = LEFT, WIDE - RIGHT, TALL - BOTTOM, TOP

    def x_of(value: float) -> float:
        return x0 + (x1 - x0) * across.place(value)

    def y_of(value: float) -> float:
        return y0 + (y1 - y0) * up.place(value)

    parts = [f'<svg viewBox="0 0 {WIDE} {TALL}" role="img" aria-labelledby="{name}"><title id="{name}">{words}</title>']
    for tick in up.ticks:
        y = _round(y_of(tick))
        parts.append(f'<line class="grid" x1="{x0}" x2="{x1}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text x="{x0 - 6}" y="{y}" dy=".35em" text-anchor="end">{up.say(tick)}</text>')
    for tick in across.ticks:
        x = _round(x_of(tick))
        parts.append(f'<line class="axis" x1="{x}" x2="{x}" y1="{y0}" y2="{y0 + 4}"/>')
        parts.append(f'<text x="{x}" y="{y0 + 21}" text-anchor="middle">{across.say(tick)}</text>')
    parts.append(f'<line class="axis" x1="{x0}" x2="{x1}" y1="{y0}" y2="{y0}"/>')
    for line in lines:
        parts.append(f'<path class="line {line.css}" d="{_path(line, x_of, y_of)}"/>')
        parts += [
            f'<circle class="dot {line.css}" cx="{_round(x_of(x))}" cy="{_round(y_of(y))}" r="3"/>'
            for x, y in _alone(line)
        ]
    return "".join([*parts, "</svg>"])


def _path(line: Line, x_of: Callable[[float], float], y_of: Callable[[float], float]) -> str:
    """The way of a pen, lifted over what is not known."""
    path, before = [], False
    for number, (x, y) in enumerate(line.points):
        if y is None:
            before = False
            continue
        path.append(f"{'L' if before else 'M'}{_round(x_of(x))} {_round(y_of(y))}")
        if line.steps and number + 1 < len(line.points):
            path.append(f"H{_round(x_of(line.points[number + 1][0]))}")
        before = True
    return "".join(path)


def _alone(line: Line) -> Iterator[tuple[float, float]]:
    """The points without a neighbour, through which no line goes."""
    heights = [None, *(y for _, y in line.points), None]
    for (x, y), before, after in zip(line.points, heights, heights[2:], strict=False):
        if y is not None and before is None and after is None:
            yield x, y


def _round(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _minutes(seconds: float) -> str:
    if seconds < 60 or seconds % 60:
        return f"{seconds:g} s"
    return f"{seconds / 60:g} min" if seconds % 3600 or seconds < 7200 else f"{seconds / 3600:g} h"
