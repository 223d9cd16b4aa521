"""What plots of several policies share: how each policy looks, how a figure is said, and rows with a name and words.

A policy has the same colour, dashes and marker in every plot; the baseline is black. Shares are drawn as percent, and
differences of shares as percentage points ("pt").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import floor, inf, isfinite, log10, nan
from textwrap import wrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from sim.plots._style import BLACK, BLUE, LEFT, ORANGE, PURPLE, SKY, WIDTH, Sheet, axes_width

NAMES, WORDS = 1.75, 2.45
"""Inches: the room of the rows' names, left of the panel, and of the words at their ends, right of it."""
NAME, WORD = 22, 33
"""Characters that fit these."""
MILLION = 1e6
LETTER = 0.075
"""Inches: the width of a character, on the safe side."""
THIN: dict[str, Any] = {"linewidth": 1.4, "solid_capstyle": "butt", "zorder": 3}
THICK: dict[str, Any] = {"linewidth": 6.0, "solid_capstyle": "butt", "zorder": 3, "alpha": 0.45}
"""The two bars of a row."""

_COLOURS = (BLUE, ORANGE, PURPLE, SKY)
_MARKERS = ("s", "^", "D", "v", "P", "X", "<", ">", "h", "p", "d", "*")
_DASHES = ((0, (6, 2)), (0, (4, 1.5, 1, 1.5)), (0, (1.2, 1.2)), (0, (8, 1.5, 1, 1.5, 1, 1.5)))
_TIMES = ((180.0, 1.0, "s"), (3 * 3600.0, 60.0, "min"), (72 * 3600.0, 3600.0, "h"), (inf, 86_400.0, "d"))


@dataclass(frozen=True)
class Look:
    """A policy's colour, its line's dashes and its marker, as matplotlib takes them."""

    color: str
    dashes: Any
    marker: str


def look(number: int) -> Look:
    """How the policy of that number looks; 0 is the baseline. No two of the first 17 have the same colour and dashes,
    nor two of the first 13 the same marker."""
    if number == 0:
        return Look(BLACK, "-", "o")
    place, lap = (number - 1) % len(_COLOURS), (number - 1) // len(_COLOURS)
    return Look(_COLOURS[place], _DASHES[(place + lap) % len(_DASHES)], _MARKERS[(number - 1) % len(_MARKERS)])


def known(value: float | None) -> float:
    """The value, NaN where it is None or not finite."""
    return nan if value is None or not isfinite(value) else float(value)


@dataclass(frozen=True)
class Scale:
    """How the figures of a panel are said: times `factor`, with `word` behind them, with at least so many `digits`.

    `sign` says that they are differences: +6.1 pt.
    """

    factor: float
    word: str
    digits: int
    sign: bool

    @property
    def bare(self) -> Scale:
        """The same without the unit."""
        return replace(self, word="")

    def say(self, value: float, low: float = nan, high: float = nan) -> str:
        """A figure with its interval: +6.1 pt [5.2, 7.0]; what hardly varies has no brackets. Values before scaling."""
        digits = self._digits(value, low, high)
        text = f"{self.number(value, digits)} {self.word}".rstrip()
        if not isfinite(low) or not isfinite(high):
            return text
        ends = [self.number(end, digits, sign=False) for end in (low, high)]
        return text if ends[0] == ends[1] else f"{text} [{ends[0]}, {ends[1]}]"

    def span(self, low: float, high: float) -> str:
        """From one figure to another: 62.1 to 91.4 %."""
        # to a digit more than an interval: its ends are no margin of error
        digits = self._digits(high, low, low + 0.4 * (high - low))
        ends = [self.number(end, digits) for end in (low, high)]
        return f"{ends[0] if ends[0] == ends[1] else ' to '.join(ends)} {self.word}".rstrip()

    def number(self, value: float, digits: int, *, sign: bool | None = None) -> str:
        """A figure before scaling, without its unit, to so many digits after the point."""
        return _signed(self.factor * value, digits, sign=self.sign if sign is None else sign)

    def _digits(self, value: float, low: float, high: float) -> int:
        """So many that the half width of the interval, without one the value, has one or two."""
        if self.word in ("%", "pt"):
            return self.digits
        half, size = self.factor * (high - low) / 2, abs(self.factor * value)
        if half > 1e-9 * size:
            return max(self.digits, -floor(log10(half / 2)))
        return max(self.digits, 1 - floor(log10(size))) if size % 1 else self.digits


def scale(unit: str, values: Iterable[float], *, sign: bool) -> Scale:
    """How to say figures of a unit: a "share" as % (its differences as pt), "s" in the unit that fits the largest of
    `values`, everything else as it is, or in millions of it."""
    if unit == "share":
        return Scale(100.0, "pt" if sign else "%", 1, sign)
    longest = max((abs(value) for value in values if isfinite(value)), default=0.0)
    if unit != "s":
        return Scale(1e-6, f"million {unit}".rstrip(), 2, sign) if longest >= MILLION else Scale(1.0, unit, 0, sign)
    seconds, word = next((seconds, word) for limit, seconds, word in _TIMES if longest < limit)
    return Scale(1.0 / seconds, word, 0, sign)


def _signed(value: float, digits: int, *, sign: bool) -> str:
    text = f"{round(value, digits) + 0.0:.2g}" if digits > 6 else f"{value:z,.{digits}f}"
    above_zero = value > 0 and any(digit in "123456789" for digit in text)
    return f"{'+' if sign and above_zero else ''}{text.replace('-', '−')}"


def name_lines(name: str, room: int = NAME) -> str:
    """A name in at most two lines of so many characters, broken after a space, a dot, a dash or the like."""
    lines = [""]
    for piece in re.findall(rf"[^ ._=:/-]{{1,{room - 1}}}[ ._=:/-]?|[ ._=:/-]", name):
        if lines[-1] and len(lines[-1]) + len(piece.rstrip()) > room:
            lines.append("")
        lines[-1] += piece
    if len(lines) > 2:
        lines = [lines[0], "".join(lines[1:])]
    return "\n".join(line if len(line) <= room else f"{line[: room - 1]}…" for line in map(str.strip, lines))


def word_lines(parts: Sequence[str], room: int = WORD) -> str:
    """Parts of a row's words in as few lines as hold them; no part is broken without need."""
    text = " ".join(part.replace(" ", "\u00a0") if len(part) <= room else part for part in parts if part)
    return "\n".join(wrap(text, room, break_on_hyphens=False)).replace("\u00a0", " ")


def high_enough(texts: Iterable[str], least: float = 0.27) -> float:
    """Inches: the height of a row that holds the longest of these texts."""
    return max([least, *(0.08 + 0.145 * (text.count("\n") + 1) for text in texts)])


def rows_panel(sheet: Sheet, row: int, names: Sequence[str], rows: int, *, room: float = NAMES) -> Axes:
    """A panel with so many rows, from 0 at the top, the first with these names (in lines that fit `room`, inches); for
    words at their ends the sheet has left `WORDS`."""
    axes = sheet.panel(row)
    box, shift = axes.get_position(), room / WIDTH
    axes.set_position((box.x0 + shift, box.y0, box.width - shift, box.height))
    axes.set_ylim(rows - 0.5, -0.5)
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", length=0, pad=72 * room, labelsize=8.5, labelcolor=BLACK)
    for label in axes.get_yticklabels():
        label.set(horizontalalignment="left", linespacing=1.1)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    return axes


def heading(sheet: Sheet, row: int, title: str, finding: str) -> None:
    """A row's heading, with the finding where there is room for it."""
    fits = 0.092 * len(title) + 0.072 * len(finding) < WIDTH - LEFT - 0.3
    sheet.name(row, title, finding if fits else "")


def words(axes: Axes, y: float, text: str) -> None:
    """Words at the end of a row, right of the panel."""
    axes.annotate(
        text,
        (1, y),
        xycoords=("axes fraction", "data"),
        xytext=(10, 0),
        textcoords="offset points",
        va="center",
        size=8.5,
        linespacing=1.1,
        annotation_clip=False,
    )


def value_axis(axes: Axes, scale: Scale, values: Iterable[float], *, room: tuple[float, float] = (0.1, 0.1)) -> None:
    """An axis, in the units of `scale`, that holds all the values that are known, with so many inches free beside them,
    and as many ticks as it has room for."""
    places = [scale.factor * value for value in values if isfinite(value)] or [0.0]
    low, high = min(places), max(places)
    if high - low < 1e-9 * max(abs(low), abs(high)) or high == low:
        half = 0.5 * max(abs(low), abs(high)) or 1.0
        low, high = low - half, high + half
    wide = axes_width(axes)
    inch = (high - low) / max(0.4, wide - sum(room))
    low, high = low - room[0] * inch, high + room[1] * inch
    axes.set_xlim(low, high)
    for most in (7, 6, 5, 4, 3, 2, 1):
        ticks = [tick for tick in MaxNLocator(most, steps=[1, 2, 5, 10]).tick_values(low, high) if low <= tick <= high]
        step = min((right - left for left, right in pairwise(ticks)), default=high - low)
        names = [_signed(tick, max(0, -floor(log10(step) + 1e-9)), sign=scale.sign) for tick in ticks]
        if most == 1 or step / inch > LETTER * max(map(len, names), default=0) + 0.08:
            axes.set_xticks(ticks, names)
            return
