"""From what Erlang C asks for to what the simulation needs, step by step, in agent-hours.

A waterfall for each live channel: what one thing that Erlang does not know adds or takes off, each found by switching
it off, with its interval. Solid bars add, hatched ones take off, pale ones are not clear from 0. What customers meet is
not in here: it is the same target throughout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite, nan
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sim.plots import PLOTS
from sim.plots._busiest import busiest
from sim.plots._policies import WORDS, rows_panel, value_axis, words
from sim.plots._policies import scale as scale_of
from sim.plots._style import AXIS, BLACK, BLUE, GREY, ORANGE, Sheet, plain

HIGH = 0.27
"""Inches of a row."""
ROOM = 1.9
"""Inches for the names of the rows."""

_ADDS: dict[str, Any] = {"facecolor": BLUE, "edgecolor": BLUE, "linewidth": 0.8}
_TAKES: dict[str, Any] = {"facecolor": "#FFFFFF", "edgecolor": ORANGE, "hatch": "//////", "linewidth": 0.8}
_PALE: dict[str, Any] = {"facecolor": "#F4F4F4", "edgecolor": AXIS, "linewidth": 0.8}


@dataclass(frozen=True)
class Hours:
    """Agent-hours, or so many more or fewer; NaN ends where there is no interval."""

    name: str
    value: float
    low: float = nan
    high: float = nan

    @property
    def clear(self) -> bool:
        """Whether 0 is outside the interval."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class ChannelSteps:
    """A channel: what Erlang C asks for, what each thing adds to that, and what the simulation needs: `first` and the
    `steps` add up to `last`. `beside` is shown beneath, as Erlang A's and the scheduled hours."""

    name: str
    target: str
    """In words: 80 % within 20 s."""
    first: Hours
    steps: tuple[Hours, ...]
    last: Hours
    more: Hours
    """`last` less `first`, with the interval of that."""
    beside: tuple[Hours, ...] = ()


@dataclass(frozen=True)
class ErlangGap:
    """What the plot shows; `per` says for how long the hours are: a week."""

    channels: tuple[ChannelSteps, ...]
    per: str
    runs: int


@plain()
def draw(data: ErlangGap) -> Figure:
    """A panel a channel: the waterfall, and what else is to be compared below it."""
    data, others = _drawn(data)
    rows = max((_rows(channel) for channel in data.channels), default=1)
    sheet = Sheet(
        PLOTS["erlang_gap"],
        f"Agent-hours {data.per} that meet the target, from what Erlang C asks for to what is needed. Each bar is what "
        "one thing that Erlang C does not know adds or takes off, found by switching it off in the simulation. "
        f"{_sure(data)}{others}",
        rows=max(1, len(data.channels)),
        height=HIGH * rows,
        over=0.09,
        right=WORDS,
        key=0.24,
    )
    sheet.legend(("adds", "takes off", "not clear from 0", "in all"), _handles())
    for row, channel in enumerate(data.channels):
        _panel(sheet, row, channel, rows)
    return sheet.figure


def _sure(data: ErlangGap) -> str:
    if data.runs < 2:
        return "One replication, so how sure it is cannot be known."
    return f"Thin lines: 95 % intervals over {data.runs} replications."


def _handles() -> list[Artist]:
    dot = Line2D([], [], color=BLACK, marker="o", markersize=5, linewidth=1.0)
    return [*(Patch(**style) for style in (_ADDS, _TAKES, _PALE)), dot]


def _rows(channel: ChannelSteps) -> int:
    return 2 + len(channel.steps) + len(channel.beside)


def _panel(sheet: Sheet, row: int, channel: ChannelSteps, rows: int) -> None:
    totals = (channel.first, channel.last, *channel.beside)
    order = (channel.first, *channel.steps, channel.last, *channel.beside)
    axes = rows_panel(sheet, row, [each.name for each in order], rows, room=ROOM)
    reached = [channel.first.value]
    for step in channel.steps:
        reached.append(reached[-1] + step.value)
    signed = scale_of("h", (step.value for step in channel.steps), sign=True)
    plain_ = scale_of("h", (each.value for each in totals), sign=False)
    for number, (step, at) in enumerate(zip(channel.steps, reached, strict=False), 1):
        _bar(axes, number, step, at)
        words(axes, number, signed.say(step.value, step.low, step.high))
    places = (0, *range(len(channel.steps) + 1, len(order)))
    for number, total in zip(places, totals, strict=True):
        axes.plot((total.low, total.high), (number, number), color=BLACK, linewidth=1.0, zorder=3)
        axes.plot(total.value, number, "o", color=BLACK, markersize=5.5, zorder=4)
        words(axes, number, plain_.say(total.value, total.low, total.high))
    for number, at in enumerate(reached):
        # a level goes on to the row in which something happens to it
        axes.plot((at, at), (number, number + 1), color=GREY, linewidth=0.7, linestyle=(0, (2, 2)), zorder=1)
    if channel.beside:
        axes.axhline(len(channel.steps) + 1.5, color=AXIS, linewidth=0.8)
    ends = [end for each in totals for end in (each.value, each.low, each.high)]
    ends += [at + end for step, at in zip(channel.steps, reached, strict=False) for end in (step.low, step.high)]
    value_axis(axes, plain_, [*reached, *ends])
    axes.set_xlabel("agent-hours (the axis does not begin at 0)", size=8.0, labelpad=2)
    sheet.name(row, channel.name, f"{channel.target}: {_finding(channel)}")


def _bar(axes: Axes, number: int, step: Hours, at: float) -> None:
    style = (_ADDS if step.value > 0 else _TAKES) if step.clear else _PALE
    axes.barh(number, step.value, left=at, height=0.62, zorder=2, **style)
    axes.plot((at + step.low, at + step.high), (number, number), color=BLACK, linewidth=0.9, zorder=3)


def _finding(channel: ChannelSteps) -> str:
    more = channel.more
    if more.low <= 0 <= more.high:
        return "no clear difference from Erlang C in all"
    if abs(more.value) < 0.5:
        return "as many agent-hours as Erlang C asks for"
    return f"{abs(more.value):,.0f} agent-hours {'more' if more.value > 0 else 'fewer'} than Erlang C asks for"


def table(data: ErlangGap) -> dict[str, list[Any]]:
    """Every row of every channel, drawn or not: `what` is total or step, hours with their 95 % interval."""
    rows: list[tuple[Any, ...]] = []
    for channel in data.channels:
        parts: tuple[tuple[str, Sequence[Hours]], ...] = (
            ("total", (channel.first,)),
            ("step", channel.steps),
            ("total", (channel.last, *channel.beside)),
        )
        rows += [
            (channel.name, what, each.name, each.value, each.low, each.high) for what, all_ in parts for each in all_
        ]
    names = ("channel", "what", "name", "agent_hours", "low", "high")
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


def alt(data: ErlangGap) -> str:
    """Each channel's hours by Erlang C and simulated, and every step that is clear."""
    data, others = _drawn(data)
    told = []
    for channel in data.channels:
        clear = [step for step in channel.steps if step.clear]
        steps = ", ".join(f"{step.name} {step.value:+z,.0f}".replace("-", "−") for step in clear)
        totals = ", ".join(
            f"{each.name} {each.value:,.0f}" for each in (channel.first, channel.last, *channel.beside) if _known(each)
        )
        told.append(
            f"{channel.name}, {channel.target}: {_finding(channel)} ({totals})"
            + (f"; clear from 0: {steps}" if steps else "; no single step is clear from 0")
        )
    found = ". ".join(told) or "No channel to show"
    return f"Agent-hours {data.per} by Erlang C and by simulation, and what makes the difference. {found}.{others}"


def _known(hours: Hours) -> bool:
    return isfinite(hours.value)


def _drawn(data: ErlangGap) -> tuple[ErlangGap, str]:
    """What the figure has room for, and what is said of the rest."""
    channels, others = busiest(data.channels, lambda channel: channel.last.value, "channels, by agent-hours")
    return replace(data, channels=channels), others
