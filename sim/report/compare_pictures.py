"""The pictures of a report: what each plot shows of a comparison, and of each of its policies."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from sim.compare import YEAR, Comparison, Policy, staffed
from sim.desk import Channel
from sim.differences import Difference
from sim.erlang import erlang_a, erlang_c
from sim.gap import Gap
from sim.plots.differences import Differences, Panel
from sim.plots.differences import Row as DifferenceRow
from sim.plots.frontier import Frontier, Point
from sim.plots.headcount import Headcount
from sim.plots.risk import Risk, RiskPanel, RiskRow
from sim.report import gap_text, unsure_text
from sim.report import pictures as of_run
from sim.report.compare_text import counted
from sim.report.figures import Figures, lasts
from sim.run import Result
from sim.schemas import TICKS_PER_SECOND
from sim.tables import Floats
from sim.uncertain import Unsure
from sim.units import say_duration, say_share

Picture = tuple[str, str | None, Any]
"""Name of the plot, whose it is (None: of all policies), its data."""

TITLES = {"satisfaction": "satisfaction", "excess_churn": "customers lost a year", "cost": "cost", "value": "value"}


def pictures(comparison: Comparison, *, unsure: Unsure | None = None, gap: Gap | None = None) -> Iterator[Picture]:
    """Every picture that has something to show: what the comparison is about first, then each policy's own."""
    if len(comparison.policies) > 1 and comparison.baseline.result.replications > 1:
        yield "differences", None, _differences(comparison)
    if panels := tuple(_risks(comparison)):
        yield "risk", None, Risk(panels, "weeks" if lasts(comparison.baseline.result) == 7 else "runs")
    if comparison.curve is not None and (curve := _headcount(comparison)) is not None:
        yield "headcount", None, curve
    if len(comparison.policies) > 1 and (channel := _apart(comparison)) is not None:
        yield "frontier", None, _frontier(comparison, channel)
    if unsure is not None:
        yield "tornado", None, unsure_text.picture(unsure)
    if gap is not None:
        yield "erlang_gap", None, gap_text.picture(gap)
    own = [(policy.name, of_run.pictures(policy.result)) for policy in comparison.policies]
    for name in dict.fromkeys(plot for _, shown in own for plot in shown):
        yield from ((name, policy, shown[name]) for policy, shown in own if name in shown)


# --- what the policies change ----------------------------------------------------------------------------------------


def _differences(comparison: Comparison) -> Differences:
    """Every policy less the baseline, a panel a figure; figures that are the same for all are left out."""
    than = comparison.baseline.name
    mine = [each for each in comparison.headline if each.than == than]
    panels = []
    for name in dict.fromkeys(each.name for each in mine):
        rows = [each for each in mine if each.name == name]
        if not all(each.same for each in rows):
            panels.append(_panel(comparison, rows))
    runs = min(policy.result.replications for policy in comparison.policies)
    return Differences(than, tuple(panels), f"all {counted(comparison)} differences", runs)


def _panel(comparison: Comparison, rows: Sequence[Difference]) -> Panel:
    first = rows[0]
    scale = YEAR / lasts(comparison.baseline.result) if first.measure.name == "excess_churn" else 1.0
    title = f"{first.channel}: answered in time" if first.channel else TITLES[first.measure.name]
    unit = comparison.baseline.result.desk.currency if first.measure.unit == "money" else first.measure.unit
    return Panel(title, unit, first.measure.better, tuple(_row(comparison, each, scale) for each in rows))


def _row(comparison: Comparison, each: Difference, scale: float) -> DifferenceRow:
    wide = each.wide or each.estimate
    ends = (each.estimate.value, each.estimate.low, each.estimate.high, wide.low, wide.high)
    value, low, high, least, most = (None if end is None else scale * end for end in ends)
    number = comparison.of(each.policy).number
    return DifferenceRow(each.policy, number, value, low, high, least, most, each.clear)


# --- risk and error --------------------------------------------------------------------------------------------------


def _risks(comparison: Comparison) -> Iterator[RiskPanel]:
    for channel in _people(comparison.baseline.result):
        within = say_duration(channel.target.within / TICKS_PER_SECOND)
        title = f"{channel.name}: answered within {within}"
        rows = tuple(_risk(policy, channel.name) for policy in comparison.policies)
        yield RiskPanel(title, "share", channel.target.share, rows, "higher", say_share(channel.target.share))


def _risk(policy: Policy, channel: str) -> RiskRow:
    estimate = Figures(policy.result)("service_level", channel)
    parts = [summary.parts["service_level"].get((channel, None), (0.0, 0.0)) for summary in policy.result.summaries]
    above, below = np.array(parts, dtype=np.float64).T
    values: Floats = np.divide(above, below, out=np.full(len(above), math.nan), where=below > 0)
    return RiskRow(policy.name, policy.number, values, estimate.value, estimate.low, estimate.high)


def _people(result: Result) -> list[Channel]:
    return [channel for channel in result.desk.channels if not channel.automatic]


# --- what service costs ----------------------------------------------------------------------------------------------


def _apart(comparison: Comparison) -> Channel | None:
    """The channel whose service level the policies move most; None where they all leave every channel as it is."""

    def moved(channel: Channel) -> float:
        mine = (each.estimate.value or 0.0 for each in comparison.headline if each.channel == channel.name)
        return max(map(abs, mine), default=0.0)

    channel = max(_people(comparison.baseline.result), key=moved, default=None)
    return channel if channel is not None and moved(channel) else None


def _frontier(comparison: Comparison, channel: Channel) -> Frontier:
    found = []
    for policy in comparison.policies:
        of = Figures(policy.result)
        found.append((policy, of("cost"), of("service_level", channel.name)))
    points = [
        Point(
            policy.name, policy.number, cost.value, cost.low, cost.high, level.value, level.low, level.high,
            efficient=not any(
                (other.value or 0) <= (cost.value or 0) and (served.value or 0) >= (level.value or 0)
                and (other.value, served.value) != (cost.value, level.value)
                for _, other, served in found
            ),
        )
        for policy, cost, level in found
    ]  # fmt: skip
    result = comparison.baseline.result
    per = {1.0: "day", 7.0: "week"}.get(lasts(result), "run")
    return Frontier(channel.name, result.desk.currency, per, channel.target.share, tuple(points))


# --- service level against headcount ---------------------------------------------------------------------------------


def _headcount(comparison: Comparison) -> Headcount | None:
    """The curve of a ``--set`` that varies a number of people; None where it varies something else."""
    assert comparison.curve is not None
    path, policies = comparison.curve.path, comparison.along
    levels = np.array([comparison.curve.levels[policy.name] for policy in policies])
    base = comparison.baseline.result
    code = staffed(base, path)
    if code is None:
        return None
    channel = base.desk.channels[code]
    found = [Figures(policy.result)("service_level", channel.name) for policy in policies]
    value, low, high = (
        np.array([math.nan if getattr(each, name) is None else getattr(each, name) for each in found])
        for name in ("value", "low", "high")
    )
    headcount = Headcount(
        channel.name, channel.target.share, channel.target.within / TICKS_PER_SECOND, levels, value, low, high,
        *_erlang(base, code, levels), None, path,
    )  # fmt: skip
    return Headcount(**{**vars(headcount), "safe": headcount.first(low)})


def _erlang(result: Result, code: int, levels: Floats) -> tuple[Floats, Floats]:
    """What Erlang C and A give over the run at each headcount: by interval from the mean offered of the baseline and
    the channel's mean handle time, weighted with the offered. Who holds several contacts is as many servers."""
    channel, sheet = result.desk.channels[code], result.intervals
    handle = Figures(result)("handle_time", channel.name).value
    if not handle:
        return np.full(len(levels), math.nan), np.full(len(levels), math.nan)
    within, length = channel.target.within / TICKS_PER_SECOND, result.desk.interval / TICKS_PER_SECOND
    offered = sheet.offered[code]
    busy = offered[offered > 0]
    patience = channel.patience

    def over_all(agents: int, *, leaving: bool) -> float:
        levels = []
        for rate in (busy / length).tolist():
            if leaving and patience is not None:
                steady = erlang_a(rate, handle, agents, max(patience, 1e-3))
            else:
                steady = erlang_c(rate, handle, agents)
            levels.append(steady.service_level(within))
        return float(np.average(levels, weights=busy))

    servers = [round(level) * channel.at_once for level in levels.tolist()]
    return (
        np.array([over_all(n, leaving=False) for n in servers]),
        np.array([over_all(n, leaving=True) if patience is not None else math.nan for n in servers]),
    )
