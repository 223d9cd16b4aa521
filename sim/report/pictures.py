"""The plots of a run: what each of them shows, taken from the result."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sim import plots
from sim.desk import Desk
from sim.measures.base import Histogram
from sim.measures.workload import HOUR, scheduled
from sim.plots.backlog import Backlog, ChannelBacklog
from sim.plots.demand import ChannelDemand, Demand
from sim.plots.occupancy import GroupTime, Occupancy
from sim.plots.service_level import ChannelLevel, ServiceLevel
from sim.plots.staffing import GroupStaffing, Staffing
from sim.plots.waiting import ChannelWaits, Waiting
from sim.report.figures import Figures
from sim.run import Result
from sim.scenario import lower
from sim.schemas import TICKS_PER_SECOND
from sim.tables import Floats


def write(result: Result, folder: Path) -> list[Path]:
    """Write every plot that has something to show; returns the paths."""
    return [path for name, data in pictures(result).items() for path in plots.write(name, data, folder)]


def pictures(result: Result) -> dict[str, Any]:
    """What each plot shows, by name."""
    desk, sheet = result.desk, result.intervals
    starts = lower.calendar(result.scenario).local(0.0)
    length = desk.interval // TICKS_PER_SECOND
    # whom a machine serves, nobody waits for
    people = [code for code, channel in enumerate(desk.channels) if not channel.automatic]
    live = [code for code in people if desk.channels[code].live]
    deferrable = [code for code, channel in enumerate(desk.channels) if not channel.live]
    open_ = [_open(desk, code, sheet.starts) for code in range(len(desk.channels))]
    found: dict[str, Any] = {"demand": Demand(starts, length, _demand(result, open_))}
    if live:
        staffing = [
            GroupStaffing(
                desk.channels[code].name,
                np.where(open_[code], sheet.scheduled[code], 0.0),
                np.where(open_[code], sheet.required_c[code], np.nan),
                np.where(open_[code], sheet.required_a[code], np.nan),
            )
            for code in live
        ]
        found["staffing"] = found["net_staffing"] = Staffing(starts, length, tuple(staffing))
        found["service_level"] = ServiceLevel(
            starts,
            length,
            tuple(
                ChannelLevel(
                    desk.channels[code].name,
                    sheet.service_level[code],
                    sheet.service_level_low[code],
                    sheet.service_level_high[code],
                    desk.channels[code].target.share,
                    desk.channels[code].target.within / TICKS_PER_SECOND,
                    sheet.offered[code],
                )
                for code in live
            ),
            result.replications,
        )
    if desk.groups:
        found["occupancy"] = Occupancy(starts, length, _time(result), result.replications)
    if people:
        found["waiting"] = Waiting(tuple(_waits(result, code) for code in people))
    if deferrable:
        found["backlog"] = Backlog(
            starts,
            length,
            tuple(
                ChannelBacklog(
                    desk.channels[code].name,
                    np.stack([summary.intervals.backlog[code] for summary in result.summaries]),
                    sheet.scheduled[code] > 0,
                )
                for code in deferrable
            ),
        )
    return found


def _demand(result: Result, open_: Sequence[Any]) -> tuple[ChannelDemand, ...]:
    offered = np.stack([summary.intervals.offered for summary in result.summaries])
    return tuple(
        ChannelDemand(channel.name, offered[:, code], open_[code]) for code, channel in enumerate(result.desk.channels)
    )


def _waits(result: Result, code: int) -> ChannelWaits:
    channel = result.desk.channels[code]
    times = tuple(_times(summary.histograms["response"][channel.name, None]) for summary in result.summaries)
    kept = None
    if channel.target.business is not None:
        kept = Figures(result)("service_level", channel.name).value
    return ChannelWaits(
        channel.name, channel.live, times, channel.target.share, channel.target.within / TICKS_PER_SECOND, kept
    )


def _time(result: Result) -> tuple[GroupTime, ...]:
    counts = [summary.intervals for summary in result.summaries]
    talk, busy, present = (
        np.mean([getattr(count, name) for count in counts], axis=0) / HOUR for name in ("talk", "busy", "present")
    )
    there = scheduled(result.desk) > 0
    return tuple(
        GroupTime(group.name, talk[number], busy[number] - talk[number], present[number], there[number])
        for number, group in enumerate(result.desk.groups)
    )


def _open(desk: Desk, code: int, starts: Floats) -> Any:
    channel = desk.channels[code]
    ticks = (starts * TICKS_PER_SECOND).astype(np.int64)
    return np.array([any(channel.is_open(t) for t in (tick, tick + desk.interval - 1)) for tick in ticks.tolist()])


def _times(histogram: Histogram) -> Floats:
    """The times that a histogram holds, NaN for those that never ended or were still open."""
    unanswered = int(histogram.open.counts.sum()) + histogram.never
    return np.concatenate((histogram.over.seconds, np.full(unanswered, np.nan)))
