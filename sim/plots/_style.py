"""What the plots share: colours, a sheet of panels under a heading, labels at the ends of lines.

Colours are those of Okabe and Ito (2008), which the colour-blind can tell apart; each has a second cue beside it.
Vermilion with hatching means "not enough" in every plot, and nothing else. All measures are in inches.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

import matplotlib
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.plots._intervals import Intervals, day_name

BLACK = "#000000"
BLUE = "#0072B2"
SKY = "#56B4E9"
ORANGE = "#E69F00"
PURPLE = "#CC79A7"
VERMILION = "#D55E00"
GREY = "#595959"
PALE = "#EDEDED"
AXIS = "#B0B0B0"
GRID = "#E3E3E3"

LINES: tuple[tuple[str, Any], ...] = (
    (BLUE, "-"),
    (ORANGE, (0, (6, 2))),
    (PURPLE, (0, (4, 1.5, 1, 1.5))),
    (BLACK, (0, (1.2, 1.2))),
)
"""Colour and dashes of up to four lines in one panel."""

SHORT: dict[str, Any] = {"facecolor": "#FBE3D6", "edgecolor": VERMILION, "hatch": "//////", "linewidth": 0.0}

WIDTH, LEFT, BETWEEN, ROW_GAP, BOTTOM = 9.0, 0.62, 0.1, 0.78, 0.48
TITLE, LINE = 0.42, 0.19

_STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.edgecolor": AXIS,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.labelcolor": GREY,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.color": AXIS,
    "ytick.color": AXIS,
    "xtick.labelcolor": GREY,
    "ytick.labelcolor": GREY,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "hatch.linewidth": 0.8,
    # names are the user's: a dollar sign in one is no formula
    "text.parse_math": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "sim",
}


@contextmanager
def plain() -> Iterator[None]:
    """The house style, whatever the user's own settings of matplotlib; also as a decorator."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        settings: Any = matplotlib.rcParams  # which keys its type knows differs between releases
        settings.update(_STYLE)
        yield


class Sheet:
    """A figure of `rows` rows of panels under a title and a subtitle of any length.

    Each panel is `height` high, with its row's heading `over` above it; `right` and `key` are room for labels.
    """

    def __init__(
        self, title: str, subtitle: str, *, rows: int, height: float, over: float, right: float = 0.27, key: float = 0.0
    ) -> None:
        lines = wrap(subtitle, 132)
        head = TITLE + LINE * len(lines) + key + 0.22 + over
        self.tall = head + rows * height + (rows - 1) * ROW_GAP + BOTTOM
        self.figure = Figure(figsize=(WIDTH, self.tall), facecolor="white")
        self.rows, self.height, self._head, self._over, self._right = rows, height, head, over, right
        self.key_at = self.tall - TITLE - LINE * len(lines) - 0.04
        self.write(0.15, self.tall - 0.12, title, va="top", size=13, weight="bold")
        self.write(0.15, self.tall - TITLE, "\n".join(lines), va="top", color=GREY, linespacing=1.3)

    def write(self, x: float, y: float, text: str, **style: Any) -> Any:
        """Text at a place measured from the lower left corner."""
        return self.figure.text(x / WIDTH, y / self.tall, text, **style)

    def panel(self, row: int) -> Axes:
        """The panel of a row, counted from the top."""
        wide = WIDTH - LEFT - self._right
        low = self.tall - self._head - row * (self.height + ROW_GAP) - self.height
        return self.figure.add_axes((LEFT / WIDTH, low / self.tall, wide / WIDTH, self.height / self.tall))

    def legend(self, names: Sequence[str], handles: Sequence[Artist]) -> None:
        """What the colours mean, in a line below the subtitle, for which `key` has left room."""
        self.figure.legend(
            list(handles),
            list(names),
            loc="upper left",
            bbox_to_anchor=(0.08 / WIDTH, self.key_at / self.tall),
            ncols=len(names),
            frameon=False,
            handlelength=2.2,
            columnspacing=1.8,
            borderpad=0.2,
        )

    def name(self, row: int, name: str, finding: str) -> None:
        """A row's heading: its name in bold, and what there is to see."""
        y = self.tall - self._head - row * (self.height + ROW_GAP) + self._over
        bold = self.write(LEFT, y, name, weight="bold")
        self.figure.axes[-1].annotate(
            finding,
            (1, 0),
            xycoords=bold,
            xytext=(9, 0),
            textcoords="offset points",
            va="bottom",
            annotation_clip=False,
        )


def say(axes: Axes, text: str) -> None:
    """An empty panel that says why it is empty."""
    axes.set_xticks([])
    axes.tick_params(axis="y", left=False, labelleft=False)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.set_facecolor("#F6F6F6")
    axes.text(0.5, 0.5, text, ha="center", va="center", color=GREY, transform=axes.transAxes)


@dataclass(frozen=True)
class Label:
    """The name of a line, to stand at `y` (data) beside its end, led to by a stroke of the line's colour."""

    y: float
    text: str
    color: str


def label_ends(axes: Axes, labels: Sequence[Label], *, apart: float = 0.1) -> None:
    """Name lines in the right margin, each as near to its end as the others, `apart` (share of the height), allow."""
    low, high = axes.get_ylim()
    highest = 1.0 - apart / 2
    ends = [(label.y - low) / (high - low) for label in sorted(labels, key=lambda label: label.y)]
    places = list(ends)
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + apart)
    if places and places[-1] > highest:
        places[-1] = highest
        for i in range(len(places) - 2, -1, -1):
            places[i] = min(places[i], places[i + 1] - apart)
    for label, end, place in zip(sorted(labels, key=lambda label: label.y), ends, places, strict=True):
        axes.annotate(
            label.text,
            (1.0, end),
            xycoords="axes fraction",
            xytext=(1.0 + 0.24 / axes_width(axes), place),
            textcoords="axes fraction",
            va="center",
            size=8.5,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": label.color,
                "linewidth": 1.2,
                "shrinkA": 1,
                "shrinkB": 0,
                "relpos": (0, 0.5),
            },
        )


def axes_width(axes: Axes) -> float:
    """The width of a panel."""
    return axes.get_position().width * WIDTH


def hour_ticks(first: float, last: float, wide: float) -> tuple[list[float], list[str]]:
    """As many hours of the day from `first` to `last` as can be named in a width, and their names."""
    # a tick with minutes needs twice the room of one without
    steps = ((0.5, 0.45), (1, 0.23), (2, 0.23), (3, 0.23), (4, 0.23), (6, 0.23), (12, 0.23))
    step = next((step for step, room in steps if (last - first) / step * room < wide), 24)
    start = -(-first // step) * step
    ticks = [start + i * step for i in range(int((last - start) / step + 1e-9) + 1)]
    if step >= 1:
        # the hour that ends one panel would touch the hour that begins the next
        ticks = [tick for tick in ticks if tick < last]
    return ticks, [f"{int(t)}" if step >= 1 else f"{int(t)}:{round(t % 1 * 60):02d}" for t in ticks]


def time_axis(axes: Axes, intervals: Intervals) -> None:
    """An axis of hours since the start: named days where it is longer than two, else hours of the day."""
    last = intervals.shown * intervals.hours
    axes.set_xlim(0, last)
    days = sorted({*intervals.days(), intervals.at(intervals.drawn.stop).date()})
    edges = [min(max(0.0, intervals.elapsed(day)), last) for day in days] + [last]
    if last <= 48:
        step = next(s for s in (0.5, 1, 2, 3, 6) if last / s <= 12)
        first = edges[0] - intervals.elapsed(days[0])
        ticks = [t * step - first for t in range(int((last + first) / step + 1e-9) + 1) if t * step >= first - 1e-9]
        axes.set_xticks(ticks, [f"{int((t + first) % 24)}:{round((t + first) % 1 * 60):02d}" for t in ticks])
        return
    axes.set_xticks(edges, [""] * len(edges))
    names = [
        ((start + end) / 2, day_name(day))
        for day, start, end in zip(days, edges[:-1], edges[1:], strict=True)
        if (end - start) / last > 0.075
    ]
    axes.set_xticks([x for x, _ in names], [name for _, name in names], minor=True)
    axes.tick_params(axis="x", which="minor", length=0)
    axes.grid(visible=False, axis="x", which="minor")
