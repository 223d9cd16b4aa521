"""Which assumption moves the decision: a bar from the figure at one end of an assumption's range to that at the other.

The figure is a difference between two policies, with everything else as assumed. Where a bar crosses 0 the other policy
would be the better one. What a bar shows is the range of the assumption and nothing of how likely its ends are.

Where the figure is as assumed is known from all replications; how far it swings from there to the end of a bar from a
few on the same customers. The lines at a bar's ends are the intervals of that swing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.plots import PLOTS
from sim.plots._policies import LETTER, Scale, heading, high_enough, known, name_lines, rows_panel, scale, value_axis
from sim.plots._style import BLACK, BLUE, GREY, ORANGE, PALE, Sheet, axes_width, plain, say

MOST = 14
"""Bars in a figure."""
NAMES, NAME = 2.55, 34
"""Inches for an assumption's name, and the characters of a line that fit."""
SIDES = 0.18
"""Inches: the line that says whose side is whose."""
WORD = 24
"""Characters of an assumption's value at the end of its bar."""


@dataclass(frozen=True)
class Bar:
    """An assumption: `low_word` and `high_word` are the ends of its range as one writes them, `at_low` and `at_high`
    the figure there, each with half of the 95 % interval of its swing from the figure as assumed (None or NaN where one
    replication gives none). `grade` says how well the assumption is known: "B", "C", or ""."""

    name: str
    low_word: str
    high_word: str
    at_low: float | None
    at_low_half: float | None
    at_high: float | None
    at_high_half: float | None
    grade: str

    @property
    def ends(self) -> tuple[tuple[float, float, str], tuple[float, float, str]]:
        """Value, half width and word of either end, the lesser value first; NaN where not known."""
        low = known(self.at_low), known(self.at_low_half), self.low_word
        high = known(self.at_high), known(self.at_high_half), self.high_word
        return (high, low) if high[0] < low[0] else (low, high)

    @property
    def swing(self) -> float:
        """By how much the figure moves from one end to the other; 0 where that is not known."""
        (low, _, _), (high, _, _) = self.ends
        return high - low if isfinite(high - low) else 0.0


@dataclass(frozen=True)
class Tornado:
    """What the plot shows: `figure` of `policy` less that of `than`, in `unit` ("share" from 0 to 1, drawn as
    percentage points; "s", a currency, or any word).

    `base` is the difference with everything as assumed, `low` and `high` its 95 % interval. `better`, "higher", "lower"
    or "" (neither), says which side of 0 is for `policy`. `replications` are those of the swings, 0 where not known.
    """

    figure: str
    unit: str
    base: float | None
    low: float | None
    high: float | None
    policy: str
    than: str
    bars: tuple[Bar, ...]
    better: str = "higher"
    replications: int = 0

    def turns(self, bar: Bar) -> bool:
        """Whether the figure has the other sign at an end of the assumption's range than as assumed."""
        return any(value * known(self.base) < 0 for value, _, _ in bar.ends)

    @property
    def sorted(self) -> tuple[Bar, ...]:
        """The largest swing first; of equals the order given."""
        return tuple(sorted(self.bars, key=lambda bar: -bar.swing))


@plain()
def draw(data: Tornado) -> Figure:
    """A row an assumption, the one that moves the figure most at the top."""
    bars = data.sorted[:MOST]
    names = [name_lines(_name(bar), NAME) for bar in bars]
    height = high_enough(names) * max(2, len(bars)) + SIDES
    sheet = Sheet(PLOTS["tornado"], _subtitle(data), rows=1, height=height, over=0.5, right=0.15)
    if any(isfinite(value) for bar in bars for value, _, _ in bar.ends):
        axes = rows_panel(sheet, 0, names, len(bars), room=NAMES)
        box, up = axes.get_position(), SIDES / sheet.tall
        axes.set_position((box.x0, box.y0 + up, box.width, box.height - up))
        its_scale = _scale(data)
        _axis(axes, data, bars, its_scale)
        for y, (bar, label) in enumerate(zip(bars, axes.get_yticklabels(), strict=True)):
            _bar(axes, y, bar, its_scale, ORANGE if data.turns(bar) else BLUE)
            label.set_fontweight("bold" if data.turns(bar) else "normal")
    else:
        say(sheet.panel(0), "no assumption was moved")
    heading(sheet, 0, data.figure, f"{data.policy} less {data.than}")
    return sheet.figure


def _name(bar: Bar) -> str:
    return f"{bar.name} ({bar.grade})" if bar.grade else bar.name


def _subtitle(data: Tornado) -> str:
    if not data.bars:
        return "No assumption in use has a range."
    over = f" over {data.replications} replications" if data.replications > 1 else ""
    halves = [half for bar in data.bars for _, half, _ in bar.ends]
    lines = f"; the lines at a bar's ends are 95 % intervals of the swing{over}" if any(map(isfinite, halves)) else ""
    graded = " In brackets: the grade of its source." if any(bar.grade for bar in data.bars) else ""
    return (
        f"One assumption at a time is moved from one end of its range to the other, all others stay{lines}."
        f"{graded} {_turning(data)}.{_others(data)}"
    )


def _turning(data: Tornado) -> str:
    """How many assumptions can turn the decision."""
    turning, many = sum(map(data.turns, data.bars)), len(data.bars)
    decision = f"the decision between '{data.than}' and '{data.policy}'"
    if known(data.base) == 0 or not isfinite(known(data.base)):
        return "As assumed there is no difference, so there is no decision to turn"
    if not turning:
        return f"None of {many} assumptions can turn {decision}" if many > 1 else f"It cannot turn {decision}"
    return f"{turning} of {many} assumption{'s' if many > 1 else ''} can turn {decision} (orange, in bold)"


def _others(data: Tornado) -> str:
    rest = data.sorted[MOST:]
    if not rest:
        return ""
    return (
        f" Shown are the {MOST} that move it most; each of the other {len(rest)} moves it by at most "
        f"{replace(_scale(data), sign=False).say(rest[0].swing)}."
    )


def _scale(data: Tornado) -> Scale:
    ends = [value for bar in data.bars for value, _, _ in bar.ends]
    return scale(data.unit, [known(data.base), *ends], sign=True)


def _axis(axes: Axes, data: Tornado, bars: tuple[Bar, ...], scale: Scale) -> None:
    """The axis, what it measures, which side of 0 is whose, the line at 0, and the figure as assumed."""
    reach = [end for bar in bars for value, half, _ in bar.ends for end in _reach(value, half)]
    base, low, high = known(data.base), known(data.low), known(data.high)
    room = [LETTER * max(len(_word(bar.ends[end][2])) for bar in bars) + 0.15 for end in (0, 1)]
    value_axis(axes, scale, [base, low, high, *reach], room=(room[0], room[1]))
    axes.set_xlabel(", ".join(filter(None, (f"difference of {data.figure}", scale.word))), size=8.0, labelpad=13)
    left, right = axes.get_xlim()
    if isfinite(low) and isfinite(high):
        axes.axvspan(scale.factor * low, scale.factor * high, color=PALE, zorder=0.5)
    if isfinite(base):
        axes.axvline(scale.factor * base, color=GREY, linewidth=1.0, zorder=2)
        _over(axes, scale.factor * base, 15, f"as assumed: {scale.say(base, low, high)}", GREY)
    if left <= 0 <= right:
        axes.axvline(0.0, color=BLACK, linewidth=1.0, linestyle=(0, (4, 2)), zorder=2)
        _over(axes, 0.0, 2, "the decision turns here", BLACK)
    if data.better:
        names = (data.than, data.policy) if data.better == "higher" else (data.policy, data.than)
        if left < 0:
            _side(axes, f"← '{names[0]}' is better", "left")
        if right > 0:
            _side(axes, f"'{names[1]}' is better →", "right")


def _over(axes: Axes, x: float, up: float, text: str, color: str) -> None:
    """The name of a line, so many points above the panel."""
    left, right = axes.get_xlim()
    place = (x - left) / (right - left)
    axes.annotate(
        text,
        (x, 1),
        xycoords=("data", "axes fraction"),
        xytext=(0, up),
        textcoords="offset points",
        ha="left" if place < 0.3 else "right" if place > 0.7 else "center",
        va="bottom",
        size=8.0,
        color=color,
        annotation_clip=False,
    )


def _side(axes: Axes, text: str, side: str) -> None:
    """Whose side of 0 an end of the axis is; a long text begins left of the panel."""
    beyond = min(0.0, axes_width(axes) / 2 - 0.1 - LETTER * len(text)) if side == "left" else 0.0
    axes.annotate(
        text,
        (0 if side == "left" else 1, 0),
        xycoords="axes fraction",
        xytext=(72 * beyond, -16),
        textcoords="offset points",
        ha=side,
        va="top",
        size=8.0,
        weight="bold",
        annotation_clip=False,
    )


def _bar(axes: Axes, y: int, bar: Bar, scale: Scale, color: str) -> None:
    """From the lesser value to the greater, with the intervals there and the assumption's words beyond them."""
    (low, _, _), (high, _, _) = bar.ends
    if isfinite(low) and isfinite(high):
        axes.barh(y, scale.factor * (high - low), 0.5, scale.factor * low, color=color, edgecolor=color, zorder=3)
    for (value, half, word), side in zip(bar.ends, (-1, 1), strict=True):
        if not isfinite(value):
            continue
        ends = [scale.factor * end for end in _reach(value, half)]
        axes.plot([scale.factor * value] * 2, (y - 0.25, y + 0.25), color=color, linewidth=1.2, zorder=3)
        axes.plot(ends, (y, y), color=BLACK, linewidth=0.9, solid_capstyle="butt", zorder=4)
        axes.annotate(
            _word(word),
            (ends[0] if side < 0 else ends[1], y),
            xytext=(4 * side, 0),
            textcoords="offset points",
            ha="right" if side < 0 else "left",
            va="center",
            size=8.0,
            zorder=5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
        )


def _reach(value: float, half: float) -> tuple[float, float]:
    """The ends of an interval; the value where there is none."""
    return (value - half, value + half) if isfinite(half) else (value, value)


def _word(word: str) -> str:
    return word if len(word) <= WORD else f"{word[: WORD - 1]}…"


def table(data: Tornado) -> dict[str, list[Any]]:
    """Every assumption, drawn or not, the largest swing first; all in the figure's unit (shares from 0 to 1)."""
    bars = data.sorted
    return {
        "figure": [data.figure for _ in bars],
        "unit": [data.unit for _ in bars],
        "policy": [data.policy for _ in bars],
        "than": [data.than for _ in bars],
        "assumption": [bar.name for bar in bars],
        "grade": [bar.grade for bar in bars],
        "low_end": [bar.low_word for bar in bars],
        "at_low": [known(bar.at_low) for bar in bars],
        "at_low_half": [known(bar.at_low_half) for bar in bars],
        "high_end": [bar.high_word for bar in bars],
        "at_high": [known(bar.at_high) for bar in bars],
        "at_high_half": [known(bar.at_high_half) for bar in bars],
        "swing": [bar.swing for bar in bars],
        "turns": [int(data.turns(bar)) for bar in bars],
        "base": [known(data.base) for _ in bars],
        "base_low": [known(data.low) for _ in bars],
        "base_high": [known(data.high) for _ in bars],
    }


def alt(data: Tornado) -> str:
    """The difference as assumed, the assumption that moves it most, and those that turn its sign, with their ends."""
    its_scale, base = _scale(data), known(data.base)
    said = its_scale.say(base, known(data.low), known(data.high)) if isfinite(base) else "not known"
    parts = [f"{data.figure} of {data.policy} less that of {data.than}: as assumed {said}."]
    if data.bars:
        parts.append(f"Most moved by {_told(data.sorted[0], its_scale)}.")
    turning = [_told(bar, its_scale) for bar in data.sorted if data.turns(bar)]
    if turning:
        parts.append(f"Its sign changes with {'; '.join(turning)}.")
    return " ".join([*parts, _subtitle(data)])


def _told(bar: Bar, scale: Scale) -> str:
    (low, _, low_word), (high, _, high_word) = bar.ends
    ends = [f"{scale.say(v) if isfinite(v) else 'not known'} at {w}" for v, w in ((low, low_word), (high, high_word))]
    return f"{_name(bar)}, from {' to '.join(ends)}"
