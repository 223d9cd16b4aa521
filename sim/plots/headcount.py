"""Service level against headcount: from how many people on the target is safe, and what the Erlang formulas say.

A mean over replications that just reaches the target may owe it to luck. Safe is the least headcount at which the whole
95 % interval does, as it does at every larger one simulated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from sim.plots import PLOTS
from sim.plots._duration import duration
from sim.plots._intervals import Bools
from sim.plots._style import BLACK, BLUE, ORANGE, PURPLE, SKY, Label, Sheet, axes_width, label_ends, plain, say
from sim.tables import Floats

LETTER = 0.075
"""Inches: the width of a character of a tick's name, on the safe side."""
_ERLANG: tuple[tuple[str, str, Any], ...] = (
    ("Erlang C", PURPLE, (0, (4, 1.5, 1, 1.5))),
    ("Erlang A", ORANGE, (0, (6, 2))),
)


@dataclass(frozen=True)
class Headcount:
    """One channel's service level at each of `levels`, people scheduled, in ascending order; its target is `target`
    (a share from 0 to 1) within `within` seconds.

    `value`, `low` and `high` are simulated shares, the mean over replications with its 95 % interval: NaN where not
    known, `low` and `high` throughout where there is one replication. `erlang_c` and `erlang_a` are what the formulas
    give, NaN where they do not apply. `safe` is the first safe headcount, None where no level is. `path` is what of the
    scenario is varied, as groups.front_line.staff.
    """

    channel: str
    target: float
    within: float
    levels: Floats
    value: Floats
    low: Floats
    high: Floats
    erlang_c: Floats
    erlang_a: Floats
    safe: float | None
    path: str

    @property
    def interval(self) -> bool:
        """Whether there is one anywhere."""
        return bool(np.isfinite(self.low).any())

    def first(self, share: Floats) -> float | None:
        """The least level from which on a share reaches the target; None: not even at the highest."""
        short = np.flatnonzero(~self.reached(share))
        start = int(short[-1]) + 1 if len(short) else 0
        return float(self.levels[start]) if start < len(self.levels) else None

    def reached(self, share: Floats) -> Bools:
        # a share that is the target to the last digit has reached it
        return np.nan_to_num(share, nan=-1.0) >= self.target - 1e-12


@plain()
def draw(data: Headcount) -> Figure:
    """Simulated points with their band, a line an Erlang formula, the target, and the first safe headcount."""
    sheet = Sheet(PLOTS["headcount"], _subtitle(data), rows=1, height=2.7, over=0.09, right=1.25)
    axes = sheet.panel(0)
    if np.isfinite(data.value).any():
        _axes(axes, data)
        _lines(axes, data)
        _mark(axes, data)
    else:
        say(axes, "no headcount with contacts was simulated")
    sheet.name(0, data.channel, _verdict(data))
    return sheet.figure


def _axes(axes: Axes, data: Headcount) -> None:
    first, last = float(data.levels[0]), float(data.levels[-1])
    side = 0.03 * (last - first)
    axes.set_xlim(*((first - side, last) if last > first else (first - 0.5, last + 0.5)))
    names = [f"{level:g}" for level in data.levels.tolist()]
    room = LETTER * max(map(len, names)) + 0.1
    every = int(np.ceil(room * (len(names) - 1) / axes_width(axes))) or 1
    axes.set_xticks(data.levels[::every], names[::every])
    axes.set_xlabel(f"people: {data.path}", size=8.0, labelpad=2, loc="left")
    shares = np.concatenate([data.value, data.low, data.erlang_c, data.erlang_a, [data.target]])
    bottom = max(0.0, np.floor(10 * float(np.nanmin(shares)) - 0.5) / 10)
    axes.set_ylim(bottom, 1.03)
    tenths = range(round(10 * bottom), 11)
    axes.set_yticks([tenth / 10 for tenth in tenths if len(tenths) < 7 or tenth % 2 == 0])
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))


def _lines(axes: Axes, data: Headcount) -> None:
    axes.fill_between(data.levels, data.low, data.high, color=SKY, alpha=0.45, linewidth=0)
    axes.axhline(data.target, color=BLACK, linewidth=0.9, linestyle=(0, (4, 2)))
    labels = [Label(data.target, f"target {100 * data.target:.3g} %", BLACK)]
    for (name, color, dashes), share in zip(_ERLANG, (data.erlang_c, data.erlang_a), strict=True):
        known = np.isfinite(share)
        axes.plot(data.levels, share, color=color, linestyle=dashes, linewidth=1.4)
        if known.any():
            labels.append(Label(float(share[known][-1]), name, color))
    axes.plot(data.levels, data.value, "o-", color=BLUE, linewidth=1.4, markersize=4.5, clip_on=False, zorder=4)
    labels.append(Label(float(data.value[np.isfinite(data.value)][-1]), "simulation", BLUE))
    label_ends(axes, labels)


def _mark(axes: Axes, data: Headcount) -> None:
    """The first safe headcount: a line down from its point, and what it is at the foot."""
    if data.safe is None:
        return
    bottom, _ = axes.get_ylim()
    left, right = axes.get_xlim()
    share = float(data.value[np.searchsorted(data.levels, data.safe)])
    axes.vlines(data.safe, bottom, share, color=BLUE, linewidth=1.2, clip_on=False, zorder=3)
    axes.plot(
        data.safe, share, "o", color=BLUE, markersize=9, markeredgecolor=BLACK, markeredgewidth=1.4, clip_on=False,
        zorder=5,
    )  # fmt: skip
    side = -1 if data.safe > (left + right) / 2 else 1
    axes.annotate(
        f"first safe: {data.safe:g}",
        (data.safe, bottom),
        xytext=(5 * side, 7),
        textcoords="offset points",
        ha="left" if side > 0 else "right",
        weight="bold",
        bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1.0},
        zorder=6,
    )


def _subtitle(data: Headcount) -> str:
    band = (
        "Band: 95 % interval of the mean over replications, each headcount by itself. First safe: the least from which "
        "on the whole band reaches the target."
        if data.interval
        else "One replication, so no band, and no headcount that is known to be safe."
    )
    formulas = np.isfinite([*data.erlang_c, *data.erlang_a]).any()
    erlang = "Erlang C lets callers wait for ever, Erlang A lets them give up. " if formulas else ""
    return (
        f"Service level: the share of contacts answered within {duration(data.within)}. {band} {erlang}{_gap(data)}"
    ).strip()


def table(data: Headcount) -> dict[str, list[Any]]:
    """Every headcount: shares from 0 to 1, and whether it is safe (1) or not."""
    safe = np.inf if data.safe is None else data.safe
    return {
        "channel": [data.channel] * len(data.levels),
        "headcount": data.levels.tolist(),
        "service_level": data.value.tolist(),
        "low": data.low.tolist(),
        "high": data.high.tolist(),
        "erlang_c": data.erlang_c.tolist(),
        "erlang_a": data.erlang_a.tolist(),
        "target": [data.target] * len(data.levels),
        "within": [data.within] * len(data.levels),
        "safe": [int(level >= safe) for level in data.levels.tolist()],
    }


def alt(data: Headcount) -> str:
    """The first safe headcount, and how many people the formulas and the simulation ask for."""
    span = f" {data.levels[0]:g} to {data.levels[-1]:g}" if len(data.levels) else ""
    return (
        f"Service level of {data.channel} by headcount, {data.path}{span}. {_verdict(data)}. {_gap(data)} "
        f"Service level: the share of contacts answered within {duration(data.within)}."
    )


def _verdict(data: Headcount) -> str:
    target = f"{100 * data.target:.3g} % within {duration(data.within)}"
    if not np.isfinite(data.value).any():
        return f"{target}: nothing to measure"
    if data.safe is not None:
        start = "at {:g}, the fewest simulated" if data.safe == data.levels[0] else "from {:g} on"
        return f"{target} is safe {start.format(data.safe)}: {_shares(data, data.safe)}"
    if not data.interval:
        return f"{target}: one replication cannot tell what is safe"
    last = float(data.levels[-1])
    return f"{target} is safe at no headcount simulated: at {last:g}, {_shares(data, last)}"


def _shares(data: Headcount, level: float) -> str:
    """What is reached at a headcount, with its interval."""
    value, low, high = (100 * float(s[np.searchsorted(data.levels, level)]) for s in (data.value, data.low, data.high))
    if np.isnan(value):
        return "not known"
    return f"{value:.1f} %" if np.isnan(low) else f"{value:.1f} % [{low:.1f}, {high:.1f}]"


def _word(data: Headcount, level: float | None) -> str:
    """A headcount that is needed; at the ends of the range more or fewer may be."""
    if level is None:
        return f"more than {data.levels[-1]:g}"
    return f"{level:g} or fewer" if level == data.levels[0] else f"{level:g}"


def _gap(data: Headcount) -> str:
    """How many people are needed by Erlang C, by the simulation and by Erlang A, and how far apart C is where it is."""
    if not np.isfinite(data.value).any():
        return ""
    need = data.first(data.value)
    word, least, most = (_word(data, level) for level in (need, data.first(data.high), data.safe))
    simulated = f"the simulation {word}"
    outside = need is None or need == data.levels[0]
    if data.interval and not (outside and word == least == most):
        simulated += f" [{least}, {most}]"
    if not np.isfinite(data.erlang_c).any():
        said = f"Erlang C is not known here; {simulated.replace('simulation', 'simulation says', 1)}"
    else:
        said = f"Erlang C says {_word(data, data.first(data.erlang_c))}, {simulated}"
    if np.isfinite(data.erlang_a).any():
        said += f", Erlang A {_word(data, data.first(data.erlang_a))}"
    return f"{said}.{_apart(data, need)}"


def _apart(data: Headcount, need: float | None) -> str:
    """Erlang C less the simulation where the simulation reaches the target, else at the highest headcount."""
    at = len(data.levels) - 1 if need is None else int(np.searchsorted(data.levels, need))
    formula, simulated = 100 * float(data.erlang_c[at]), 100 * float(data.value[at])
    if not np.isfinite(formula - simulated):
        return ""
    points = f"{abs(formula - simulated):.1f}"
    where = f" At {data.levels[at]:g} Erlang C gives {formula:.1f} %"
    if points == "0.0":
        return f"{where}, as does the simulation."
    return f"{where}, {points} points {'more' if formula > simulated else 'less'} than the simulation."
