"""Days: on how many of them a channel meets its target.

The interval of a mean says how well the mean is known, and shrinks with more replications. How much one day differs
from another does not: the share of days that meet the target is that risk.
"""

from __future__ import annotations

import numpy as np

from sim.desk import Desk
from sim.measures.base import Kind, Measure, Parts
from sim.measures.cohort import Cohort
from sim.measures.waiting import spans_met
from sim.measures.work import edges
from sim.schemas import TICKS_PER_SECOND
from sim.tables import Array

DAY = 86_400 * TICKS_PER_SECOND


def day_of_intervals(desk: Desk) -> Array:
    """The number of the local day, from 0, in which each interval of the measured time begins."""
    midnights = desk.midnights or tuple(range(0, desk.horizon, DAY))
    return np.searchsorted(np.array(midnights), edges(desk)[:-1], side="right") - 1


def _days_met(cohort: Cohort) -> Parts:
    day = day_of_intervals(cohort.desk)
    return spans_met(cohort, day[cohort.rows["offered"] // cohort.desk.interval], int(day[-1]) + 1)


MEASURES = (
    Measure(
        "days_met", "share",
        "Days on which the channel met its target (answered within the target time over offered, at least the target "
        "share), over those on which anything was offered. A contact belongs to the day, by the local clock, on which "
        "it was offered. The risk of a bad day, apart from the error of the mean.",
        Kind.SHARE, "higher", _days_met, channels="people",
    ),
)  # fmt: skip
