"""The clock of a target: business hours only, and not while the desk waits for the customer.

What a customer feels runs in elapsed hours: Friday 18:00 to Monday 09:00 is 63 h. What a desk has promised mostly does
not: a message of Friday 18:00 that is replied to on Monday at 09:30 has used half an hour of "within 8 working hours".
"""

from __future__ import annotations

import numpy as np

from sim.desk import Spans
from sim.schemas import NEVER
from sim.tables import Array


def elapsed(offered: Array, until: Array, asked: Array, replied: Array, business: Spans | None = None) -> Array:
    """Ticks that the clock of a target has run by `until`: W(offered, until) − W(asked, replied).

    W(a, b) are the ticks of business time in [a, b). The clock stands still from when the customer was asked back until
    the reply; while there is none by `until`, until then.

    Args:
        offered, until: ticks by contact, offered ≤ until. asked, replied: ticks, or `NEVER`.
        business: half-open spans of ticks in which the clock runs; None: always.
    """
    pause = np.where(asked == NEVER, until, np.clip(asked, offered, until))
    resume = np.where((asked == NEVER) | (replied == NEVER), until, np.clip(replied, pause, until))
    run = business_before(until, business) - business_before(offered, business)
    stood = business_before(resume, business) - business_before(pause, business)
    return run - stood


def business_before(ticks: Array, business: Spans | None) -> Array:
    """Ticks of business time before each tick; the ticks themselves where business never stops."""
    if business is None:
        return ticks
    # an empty span before all others, so that each tick has one that began before it
    starts, ends = np.array([(NEVER, NEVER), *business], dtype=np.int64).T
    before = np.concatenate(([0], np.cumsum(ends - starts)))
    span = np.searchsorted(starts, ticks, side="right") - 1
    return np.asarray(before[span] + np.minimum(ticks, ends[span]) - starts[span])
