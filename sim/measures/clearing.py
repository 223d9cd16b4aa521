"""What waits when the staff first come, and when that backlog is cleared: Monday morning's question.

The start is the first moment of the scenario at which anybody who answers the channel is scheduled. What came before
it and was not taken by then is the backlog; it is cleared when an agent has taken the last of it, whatever comes
meanwhile. A replication in which some of it still waits when the clock stops is never cleared, and stays in every
figure.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sim.desk import Desk
from sim.measures.base import Kind, Measure, Parts
from sim.measures.cohort import Cohort
from sim.measures.work import level_at
from sim.measures.workload import in_queue
from sim.schemas import NEVER, TICKS_PER_SECOND


@dataclass(frozen=True)
class Start:
    """The backlog at the start of one channel: how many wait, and when the last has been taken, in seconds after the
    start of the scenario; infinite where it never is."""

    waiting: int
    cleared: float


def first_staffed(desk: Desk, channel: int) -> int | None:
    """The first tick from 0 to the horizon at which an agent who answers the channel is scheduled, or None."""
    groups = [desk.groups[number] for number in desk.answering(channel)]
    changes = {tick for group in groups for tick, _ in group.levels if 0 < tick < desk.horizon}
    ticks = np.array([0, *sorted(changes)])
    staffed = np.flatnonzero(sum((level_at(group, ticks) for group in groups), np.zeros(len(ticks), dtype=np.int64)))
    return int(ticks[staffed[0]]) if len(staffed) else None


@lru_cache(maxsize=1)
def starts(cohort: Cohort) -> dict[str, Start | None]:
    """By deferrable channel; None where nobody is scheduled to answer it."""
    found: dict[str, Start | None] = {}
    for code, channel in enumerate(cohort.desk.channels):
        if channel.live:
            continue
        tick = first_staffed(cohort.desk, code)
        found[channel.name] = None if tick is None else _start(cohort, code, tick)
    return found


def _start(cohort: Cohort, channel: int, tick: int) -> Start:
    offered, left = in_queue(cohort, channel)
    left = left[(offered < tick) & ((left == NEVER) | (left >= tick))]
    if (left == NEVER).any():
        return Start(len(left), math.inf)
    return Start(len(left), max(left.tolist(), default=tick) / TICKS_PER_SECOND)


def _of_start(figure: Callable[[Start], float]) -> Callable[[Cohort], Parts]:
    def parts(cohort: Cohort) -> Parts:
        return {
            (name, None): (0.0, 0.0) if start is None else (figure(start), 1.0)
            for name, start in starts(cohort).items()
        }

    return parts


_START = "the first moment of the scenario at which an agent who answers the channel is scheduled"
_CLEARED = f"all contacts that waited at {_START} have been taken by an agent"

MEASURES = (
    Measure(
        "backlog_at_start", "contacts", f"Contacts that came before {_START}, and wait then.",
        Kind.COUNT, "lower", _of_start(lambda start: start.waiting), channels="deferrable",
    ),
    *(
        Measure(
            name, "s",
            f"Time after the start of the scenario by which {_CLEARED}, in {q:.0%} of the replications; that moment "
            "itself where none wait. Where some still wait when the clock stops, it counts as endless.",
            Kind.MOMENT, "lower", _of_start(lambda start: start.cleared), q=q, channels="deferrable",
        )
        for name, q in (("backlog_clears", 0.5), ("backlog_clears_p90", 0.9))
    ),
    Measure(
        "backlog_cleared", "share", f"Replications in which {_CLEARED} before the clock stops.",
        Kind.SHARE, "higher", _of_start(lambda start: float(start.cleared < math.inf)), channels="deferrable",
    ),
)  # fmt: skip
