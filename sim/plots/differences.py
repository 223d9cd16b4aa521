"""What each policy changes, as a paired forest plot: a panel a figure, a row a policy, and 0 the policy compared with.

Policies are run on the same customers, so the interval is that of the difference and not of either side. Of many
differences some seem clear by chance; the thin bar allows for that, and a marker is filled only where the difference
remains clear.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.plots import PLOTS
from sim.plots._policies import (
    THICK,
    THIN,
    WORDS,
    Scale,
    heading,
    high_enough,
    known,
    look,
    name_lines,
    rows_panel,
    scale,
    value_axis,
    word_lines,
    words,
)
from sim.plots._style import BLACK, Sheet, plain, say


@dataclass(frozen=True)
class Row:
    """What `policy` has more of the figure, with its 95 % interval and the one that allows for all that are shown.

    `number` is the policy's, for its look. Bounds are None (or NaN) where one replication cannot give them, and the
    value where a side saw nothing.
    """

    policy: str
    number: int
    value: float | None
    low: float | None
    high: float | None
    wide_low: float | None
    wide_high: float | None
    clear: bool

    @property
    def interval(self) -> tuple[float, float]:
        """NaN where there is none."""
        return known(self.low), known(self.high)

    @property
    def wide(self) -> tuple[float, float]:
        """NaN where there is none."""
        return known(self.wide_low), known(self.wide_high)


@dataclass(frozen=True)
class Panel:
    """A figure, named by `title`. `unit` is that of the rows' numbers: "share" (from 0 to 1; drawn as percentage
    points), "s", a currency, or any word. `better` is "higher", "lower" or "" (neither)."""

    title: str
    unit: str
    better: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Differences:
    """What the plot shows: every policy less the policy `than`.

    `allowance` says what the thin bars allow for, as "all 24 differences shown"; "" where there are none.
    `replications` is 0 where it is not known.
    """

    than: str
    panels: tuple[Panel, ...]
    allowance: str
    replications: int = 0


@plain()
def draw(data: Differences) -> Figure:
    """A panel a figure, a row a policy: marker, both intervals, and the same in words."""
    scales = [_scale(panel) for panel in data.panels]
    said = [[_words(row, panel, s) for row in panel.rows] for panel, s in zip(data.panels, scales, strict=True)]
    most = max([1, *(len(panel.rows) for panel in data.panels)])
    names = [name_lines(row.policy) for panel in data.panels for row in panel.rows]
    high = high_enough([*names, *(text for texts in said for text in texts)])
    sheet = Sheet(
        PLOTS["differences"], _subtitle(data), rows=len(data.panels), height=high * most, over=0.09, right=WORDS + 0.1
    )
    for row, (panel, its_scale, texts) in enumerate(zip(data.panels, scales, said, strict=True)):
        if panel.rows:
            axes = rows_panel(sheet, row, [name_lines(each.policy) for each in panel.rows], most)
            _panel(axes, panel, its_scale, texts)
            _sides(axes, ", ".join(filter(None, ("difference", its_scale.word))), panel.better)
        else:
            say(sheet.panel(row), "there is no policy to compare")
        heading(sheet, row, panel.title, _finding(panel))
    return sheet.figure


def _subtitle(data: Differences) -> str:
    first = f"Each policy less '{data.than}', by figure."
    rows = [row for panel in data.panels for row in panel.rows]
    if rows and not any(isfinite(row.interval[0]) for row in rows):
        return f"{first} No interval is known, so nothing is clear: more replications give one."
    over = f" over {data.replications} replications" if data.replications > 1 else ""
    thin = f" Thin bar: with the allowance for {data.allowance}." if data.allowance else ""
    return (
        f"{first} Thick bar: 95 % interval of the mean difference{over}.{thin} "
        "Filled marker: clearly different from 0; open: not clear."
    )


def _scale(panel: Panel) -> Scale:
    return scale(panel.unit, [known(row.value) for row in panel.rows], sign=True)


def _panel(axes: Axes, panel: Panel, scale: Scale, texts: list[str]) -> None:
    everything = [known(row.value) for row in panel.rows]
    everything += [end for row in panel.rows for end in (*row.interval, *row.wide)]
    value_axis(axes, scale, [0.0, *everything], room=(0.15, 0.15))
    axes.axvline(0.0, color=BLACK, linewidth=1.0, zorder=2)
    for y, (row, text) in enumerate(zip(panel.rows, texts, strict=True)):
        look_of = look(row.number)
        for (low, high), style in ((row.wide, THIN), (row.interval, THICK)):
            if isfinite(low) and isfinite(high):
                axes.plot((scale.factor * low, scale.factor * high), (y, y), color=look_of.color, **style)
        axes.plot(
            [scale.factor * known(row.value)],
            [y],
            look_of.marker,
            color=look_of.color,
            markersize=8,
            markeredgewidth=0.8 if row.clear else 1.6,
            markerfacecolor=look_of.color if row.clear else "white",
            markeredgecolor="white" if row.clear else look_of.color,
            zorder=4,
        )
        words(axes, y, text)


def _sides(axes: Axes, text: str, better: str) -> None:
    """What the axis measures, and at one of its ends which side is better."""
    if not better:
        axes.set_xlabel(text, size=8.0, labelpad=2)
        return
    higher = better == "higher"
    axes.set_xlabel(text, loc="left" if higher else "right", size=8.0, labelpad=2)
    axes.annotate(
        "better →" if higher else "← better",
        (1 if higher else 0, 0),
        xycoords="axes fraction",
        xytext=(0, -17),
        textcoords="offset points",
        ha="right" if higher else "left",
        va="top",
        size=8.5,
        weight="bold",
        annotation_clip=False,
    )


def _words(row: Row, panel: Panel, scale: Scale) -> str:
    """The difference with its interval, and how it is to be taken."""
    value = known(row.value)
    if not isfinite(value):
        return "not known"
    verdict = _verdict(row, panel)
    if verdict == "the same":
        return "exactly the same"
    figure, _, interval = scale.say(value, *row.interval).partition(" [")
    if interval:
        return word_lines([figure, f"[{interval},", verdict])
    return word_lines([f"{figure},", *([] if isfinite(row.interval[0]) else ["no interval,"]), verdict])


def _verdict(row: Row, panel: Panel) -> str:
    value = known(row.value)
    if not isfinite(value):
        return "not known"
    if value == 0 and row.interval == (0.0, 0.0):
        return "the same"
    if not row.clear:
        return "not clear"
    if not panel.better:
        return "clearly more" if value > 0 else "clearly less"
    return "better" if (value > 0) == (panel.better == "higher") else "worse"


def _finding(panel: Panel) -> str:
    """How many rows are better, worse, and so on."""
    verdicts = [_verdict(row, panel) for row in panel.rows]
    kinds = ("better", "worse", "clearly more", "clearly less", "the same", "not clear", "not known")
    counts = [f"{verdicts.count(kind)} {kind}" for kind in kinds if kind in verdicts]
    return f"of {len(verdicts)}: {', '.join(counts)}" if len(verdicts) > 1 else ", ".join(verdicts)


def table(data: Differences) -> dict[str, list[Any]]:
    """Every figure and policy, in the figure's unit (shares from 0 to 1); NaN where there is none."""
    both = [(panel, row) for panel in data.panels for row in panel.rows]
    return {
        "figure": [panel.title for panel, _ in both],
        "unit": [panel.unit for panel, _ in both],
        "policy": [row.policy for _, row in both],
        "than": [data.than for _ in both],
        "difference": [known(row.value) for _, row in both],
        "low": [row.interval[0] for _, row in both],
        "high": [row.interval[1] for _, row in both],
        "wide_low": [row.wide[0] for _, row in both],
        "wide_high": [row.wide[1] for _, row in both],
        "verdict": [_verdict(row, panel) for panel, row in both],
    }


def alt(data: Differences) -> str:
    """Of each figure how many policies are better and worse, and the largest difference either way."""
    findings = " ".join(f"{panel.title}: {_told(panel)}." for panel in data.panels)
    return f"{_subtitle(data)} {findings}".strip()


def _told(panel: Panel) -> str:
    """All the rows of up to four, else the counts and the largest difference of each kind that is clear."""
    said = {id(row): f"{row.policy} {_words(row, panel, _scale(panel))}".replace("\n", " ") for row in panel.rows}
    if not panel.rows:
        return "no policy to compare"
    if len(panel.rows) <= 4:
        return "; ".join(said.values())
    far = sorted((row for row in panel.rows if row.clear and row.value), key=lambda row: known(row.value))
    ends = [far[0], far[-1]] if len(far) > 1 else far
    furthest = f"; from {' to '.join(said[id(row)] for row in ends)}" if ends else ""
    return f"{_finding(panel)}{furthest}"
