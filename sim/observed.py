"""What a log of calls shows of the desk: who must have been there to answer them, and what happened hour by hour.

`staff_levels` rebuilds how many agents were present from who answered when; `observed_cells` sums up what happened by
day and hour, which is what a back-test holds its predictions against. Nothing is drawn here.
"""

from __future__ import annotations

import numpy as np

from sim.clock import DAY
from sim.errors import UsageError
from sim.logs import Log
from sim.tables import Array, Floats, Table


def staff_levels(log: Log, *, gap: float, per: float = 3600) -> list[tuple[float, int]]:
    """How many agents were present, as (second after midnight of the first day, level from then on), changes only.

    A call occupies its agent from ``entered + observed_wait`` for `service` seconds. An agent is present from the start
    of their first call of a day to the end of their last, except where the next call starts more than `gap` seconds
    after the end of the one before. The day of a call is the day on which it starts; one that runs past midnight is
    presence until its end. The level of a period of `per` seconds is the agent-seconds present in it divided by `per`,
    rounded half up: 2.5 agents are 3, 0.4 agents are none. Only calls of the log count, so rows that were left out are
    no presence, nor are answered calls without an agent's name; a service time that is not known is 0 here. The first
    level is that of second 0; the last one is that of the log's last period, and ends nowhere.

    Raises:
        UsageError: the log has no waits, no service times or no agents.
    """
    _check_has(log, "wait", "service", "agent")
    spells = np.array(_spells(log, gap))
    edges: Floats = np.arange(_whole(DAY / per) * log.days + 1, dtype=np.float64) * per
    present = np.diff(_elapsed(spells[:, 0], edges) - _elapsed(spells[:, 1], edges))
    levels = np.floor(present / per + 0.5).astype(np.int64)
    changes = np.flatnonzero(np.diff(levels, prepend=-1))
    return [(float(edges[period]), int(levels[period])) for period in changes]


def _spells(log: Log, gap: float) -> list[tuple[float, float]]:
    """Spells of presence (from, to) of all agents; those of one agent do not overlap."""
    start = log.entered + log.observed_wait
    end = start + np.nan_to_num(log.service)
    named = np.flatnonzero(log.agent >= 0)
    order = named[np.lexsort((start[named], log.agent[named]))]
    spells: list[tuple[float, float]] = []
    before = (-1, -1.0)  # agent and day of the spell that is open
    for agent, first, last in zip(log.agent[order].tolist(), start[order].tolist(), end[order].tolist(), strict=True):
        here = (agent, first // DAY)
        until = spells[-1][1] if before[0] == agent else first
        if here == before and first - until <= gap:
            spells[-1] = (spells[-1][0], max(until, last))
        else:
            # a call of yesterday may still run: an agent is present once
            spells.append((max(first, until), max(last, until)))
        before = here
    return spells


def _elapsed(times: Floats, edges: Floats) -> Floats:
    """Σ max(0, edge - time) over all times, for each edge."""
    ordered = np.sort(times)
    count = np.searchsorted(ordered, edges)
    return edges * count - np.concatenate(([0.0], np.cumsum(ordered)))[count]


def observed_cells(log: Log, *, per: float = 3600) -> Table:
    """What the log shows, by day and hour: one row a period of `per` seconds, from the first midnight to the last.

    A call belongs to the period in which it **arrived**, as logged (`cell_numbers`), not to the one in which it entered
    the queue. Columns: `day` (0 is the log's first), `weekday` (0 is Monday), `hour` (0 to 23, in which the period
    starts), `offered`, `answered`, `abandoned` (calls), `wait` (seconds waited by all offered), `service` (seconds of
    all answered). A sum is NaN where a part of it is not in the log.

    Raises:
        UsageError: the log has no outcomes or no waits.
    """
    _check_has(log, "outcome", "wait")
    assert log.answered is not None
    rows = _whole(DAY / per) * log.days
    cell = cell_numbers(log, per=per)
    start = np.arange(rows) * per
    day = (start // DAY).astype(np.int64)
    offered = np.bincount(cell, minlength=rows)
    answered = np.bincount(cell[log.answered], minlength=rows)
    return Table(
        {
            "day": day,
            "weekday": (day + log.starts.weekday()) % 7,
            "hour": (start % DAY // 3600).astype(np.int64),
            "offered": offered,
            "answered": answered,
            "abandoned": offered - answered,
            "wait": np.bincount(cell, log.observed_wait, rows),
            "service": np.bincount(cell[log.answered], log.service[log.answered], rows),
        }
    )


def cell_numbers(log: Log, *, per: float = 3600) -> Array:
    """The row of `observed_cells` that each call belongs to: the period of its logged arrival."""
    return (log.arrived // per).astype(np.int64)


def _whole(periods: float) -> int:
    if periods != int(periods):
        raise ValueError("a day has to be a whole number of periods")
    return int(periods)


def _check_has(log: Log, *columns: str) -> None:
    has = {
        "outcome": log.answered is not None,
        "wait": not np.isnan(log.observed_wait).any(),
        "service": not np.isnan(log.service).all(),
        "agent": bool(log.agents),
    }
    missing = [name for name in columns if not has[name]]
    if missing:
        raise UsageError(f"{log.file}: the log has no {', '.join(missing)}", "say which of its columns hold them")
