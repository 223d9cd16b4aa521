"""The staffing sheet of a run, as CSV and as a workbook: what is needed, what is there, and what comes of it.

One row an interval and skill group, less those in which all is closed: nobody is scheduled, nothing offered or
required. Where the level of a group changes within an interval, that has a row for each level, so that the sheet read
back by `sim.roster.read_levels` gives exactly the staff of the run; contacts offered are then split by time. An hour
that comes twice is told apart by `utc_offset`; start and end of a row are both told by it.

Where several groups answer a channel first, its contacts and what Erlang asks for are shared out among them in
proportion to the agents scheduled in the interval, and equally where nobody is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np

import sim
from sim.clock import DAYS, Calendar
from sim.desk import Desk, Target
from sim.measures.intervals import Intervals
from sim.measures.work import edges, level_at
from sim.measures.workload import scheduled
from sim.results import command
from sim.roster import say_offset
from sim.run import Result
from sim.scenario import lower
from sim.schemas import TICKS_PER_SECOND
from sim.sheets import Tab, Value, write_csv, write_xlsx
from sim.tables import Floats
from sim.units import say_duration, say_share


class _Column(NamedTuple):
    name: str
    unit: str
    form: str
    """How Excel shows it."""
    meaning: str


class _Row(NamedTuple):
    start: int
    group: int
    open: bool
    """Whether anybody is scheduled, offered or required."""
    cells: list[Value]


_AGENTS = "0.00"
_COLUMNS = (
    _Column("date", "", "yyyy-mm-dd", "Local date on which the row starts."),
    _Column("weekday", "", "", "Its weekday."),
    _Column("start", "", "hh:mm", "Local time at which the row starts."),
    _Column(
        "end", "", "hh:mm",
        "Local time at which it ends; 00:00 is midnight. In the night in which the clocks change it is told by the "
        "clock of the start.",
    ),
    _Column("utc_offset", "", "", "Distance of local time from UTC: it tells apart an hour that comes twice."),
    _Column("group", "", "", "Skill group."),
    _Column("channels", "", "", "The channels that the group answers first."),
    _Column("offered", "contacts", "0.00", "Contacts offered on these channels, redials included; a mean."),
    _Column("required_erlang_c", "agents", _AGENTS, "What Erlang C asks for to meet the targets of the live channels."),
    _Column("required_erlang_a", "agents", _AGENTS, "What Erlang A asks for, in which customers abandon."),
    _Column("scheduled", "agents", "0", "Agents on duty: the column that is read when this sheet becomes staff again."),
    _Column(
        "service_level", "share", "0.0%",
        "Answered within the target time, of all offered, of the first live channel; simulated.",
    ),
    _Column("service_level_low", "share", "0.0%", "Lower end of its 95 % interval."),
    _Column("service_level_high", "share", "0.0%", "Upper end of its 95 % interval."),
    _Column(
        "net_difference", "agents", _AGENTS,
        "Scheduled less required, by Erlang A where it is known, else by Erlang C. Negative: too few.",
    ),
    _Column("paid_difference", "agents", _AGENTS, "Net difference / (1 − shrinkage): heads to hire, or to spare."),
    _Column("occupancy", "share", "0.0%", "Time busy with talk and wrap-up, of the time present."),
)  # fmt: skip

_REMARKS = (
    "Where several groups answer a channel first, its contacts and what Erlang asks for are shared out among them in "
    "proportion to the agents scheduled in the interval, and equally where nobody is.",
    "Where the number of agents changes within an interval, the interval has a row for each number. Contacts offered "
    "are then split by time; service level, occupancy and what is required are those of the whole interval.",
    "Hours in which nobody is scheduled, offered or required are left out; a date of nothing else has one row. Rows of "
    "a negative net difference are coloured.",
    "An empty cell is something that never happened, or that is not known: Erlang knows live channels only.",
    "This sheet can be staff again: name the file, and a group of it, as the staff of a group in a scenario.",
)


def write(result: Result, folder: Path) -> None:
    """Write staffing.csv and staffing.xlsx."""
    busy = np.sum([summary.intervals.busy for summary in result.summaries], axis=0)
    present = np.sum([summary.intervals.present for summary in result.summaries], axis=0)
    tab = staffing(result.desk, lower.calendar(result.scenario), result.intervals, busy, present)
    write_csv(folder / "staffing.csv", tab)
    write_xlsx(folder / "staffing.xlsx", (tab, _notes(result)))


def staffing(desk: Desk, days: Calendar, sheet: Intervals, busy: Floats, present: Floats) -> Tab:
    """The sheet of the levels of a desk's groups and what came of them.

    Args:
        busy, present: agent-seconds by group and interval, summed over replications.
    """
    staff, bounds = scheduled(desk), edges(desk)
    with np.errstate(invalid="ignore", divide="ignore"):
        occupancy = busy / present
    rows: list[_Row] = []
    for number, group in enumerate(desk.groups):
        first = _first(desk, number)
        offered, by_c, by_a = _of_group(desk, sheet, staff, number)
        needed = np.where(np.isnan(by_a), by_c, by_a)
        live = next((code for code in first if desk.channels[code].live), None)
        level = np.full((3, len(bounds) - 1), np.nan)
        if live is not None:
            level = np.stack([getattr(sheet, f"service_level{end}")[live] for end in ("", "_low", "_high")])
        channels = ", ".join(desk.channels[code].name for code in first)
        for interval, start, end, there in _parts(desk, number):
            difference = there - needed[interval]
            part = (end - start) / (bounds[interval + 1] - bounds[interval])
            figures = (
                offered[interval] * part, by_c[interval], by_a[interval], there, *level[:, interval], difference,
                difference / (1 - group.shrinkage), occupancy[number, interval],
            )  # fmt: skip
            cells = [*_time(days, start, end), group.name, channels, *map(float, figures)]
            anything = (there, offered[interval], by_c[interval], by_a[interval])
            rows.append(_Row(start, number, any(figure > 0 for figure in anything), cells))
    rows.sort(key=lambda row: row[:2])
    names, forms = tuple(column.name for column in _COLUMNS), tuple(column.form for column in _COLUMNS)
    return Tab("staffing", names, [row.cells for row in _less_closed(rows)], forms, "net_difference")


def _less_closed(rows: Sequence[_Row]) -> Iterator[_Row]:
    """The rows less those of closed hours. A date on which all is closed keeps its first row: of a last date that is
    not there, whoever reads the sheet as staff would suppose the week before."""
    seen = {(row.group, row.cells[0]) for row in rows if row.open}
    for row in rows:
        day = row.group, row.cells[0]
        if row.open or day not in seen:
            seen.add(day)
            yield row


def _of_group(desk: Desk, sheet: Intervals, staff: Floats, group: int) -> tuple[Floats, Floats, Floats]:
    """Offered, and required by Erlang C and A, by interval: a group's parts of the channels it answers first."""
    offered = np.zeros(staff.shape[1])
    required: list[Floats] = []
    for code in _first(desk, group):
        together = [other for other in range(len(desk.groups)) if code in _first(desk, other)]
        there = staff[together].sum(0)
        part = np.where(there > 0, staff[group] / np.maximum(there, 1e-9), 1 / len(together))
        offered += part * sheet.offered[code]
        if not np.isnan(sheet.required_c[code]).all():
            required.append(part * np.stack((sheet.required_c[code], sheet.required_a[code])))
    by_c, by_a = np.sum(required, axis=0) if required else np.full((2, staff.shape[1]), np.nan)
    return offered, by_c, by_a


def _first(desk: Desk, group: int) -> list[int]:
    """The channels that a group answers first, or some of their intents."""
    return list(dict.fromkeys(desk.channel_of_queue[queue] for queue in desk.answers_first[group]))


def _parts(desk: Desk, number: int) -> Iterator[tuple[int, int, int, int]]:
    """(interval, from, to, level): every interval, cut where the group's level changes; from and to in ticks."""
    bounds, group = edges(desk), desk.groups[number]
    changes = [tick for tick, _ in group.levels if 0 < tick < desk.horizon]
    ticks = np.unique(np.append(bounds, np.array(changes, dtype=np.int64)))
    intervals = np.searchsorted(bounds, ticks[:-1], side="right") - 1
    levels = level_at(group, ticks[:-1])
    yield from zip(intervals.tolist(), ticks[:-1].tolist(), ticks[1:].tolist(), levels.tolist(), strict=True)


def _time(days: Calendar, start: int, end: int) -> tuple[Value, ...]:
    """Date, weekday, start, end and distance from UTC."""
    local = days.local(start / TICKS_PER_SECOND)
    until = local.replace(tzinfo=None) + timedelta(seconds=(end - start) / TICKS_PER_SECOND)
    offset = local.utcoffset() or timedelta()
    return local.date(), DAYS[local.weekday()], local.time(), until.time(), say_offset(int(offset.total_seconds()))


def _notes(result: Result) -> Tab:
    """What the columns mean, and where the figures come from."""
    scenario = result.scenario
    repeat = command(result)
    rows = [
        *((column.name, column.unit, column.meaning) for column in _COLUMNS),
        *(("", "", remark) for remark in _REMARKS),
        *(
            (f"target of {channel.name}", "", _said(channel.target))
            for channel in result.desk.channels
            if not channel.automatic
        ),
        ("scenario", "", scenario.name),
        ("digest", "", result.digest),
        ("replications", "", str(result.replications)),
        ("made by", "", f"sim {sim.__version__}"),
        ("to repeat it", "", repeat),
    ]
    return Tab("notes", ("column", "unit", "meaning"), rows)


def _said(target: Target) -> str:
    hours = " of opening hours" if target.business is not None else ""
    return f"{say_share(target.share)} within {say_duration(target.within / TICKS_PER_SECOND)}{hours}"
