"""Events with a fixed order: by time, then class, then key; never by who happened to schedule first.

SimPy orders events of one tick by an integer priority; ours packs the class of the event and a key that no two events
of a class share. So simultaneous events have one order in every engine: a completion at the tick at which a customer's
patience ends is a contact answered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simpy import Environment, Event

# The classes, in the order in which events of one tick happen; a key is below 2⁴⁰.
STAFFING = 0 << 40
"""Staffing levels change; channels close."""
COMPLETION = 1 << 40
TIMER = 2 << 40
ABANDONMENT = 3 << 40
ARRIVAL = 4 << 40
"""Contacts are offered, repeats included."""

TALK, WRAP_UP, OVERFLOW = 0, 1, 2
"""Kinds of event that one contact may have in one class."""

BY_AGENT = 1 << 39
"""Set in the key of an event that is about an agent: those of contacts of the same class and tick come first."""


def key(issue: int, attempt: int, kind: int = 0) -> int:
    """(issue, attempt, kind) as one integer: room for 2²⁶ issues, 2¹⁰ attempts and 8 kinds."""
    return issue << 13 | attempt << 3 | kind


class Due(Event):
    """An event that happens by itself at a tick: a keyed `simpy.Timeout`.

    Like a timeout it is triggered from birth, so only the schedule decides when it is processed. SimPy asks no more of
    an event than these attributes; leaving out the rest of `Event` makes it half as dear.

    Args:
        order: class and key, ``COMPLETION | contact.key``.
        about: whatever the callback needs to know.
    """

    _ok = True
    _value = None

    def __init__(
        self, env: Environment, delay: int, order: int, happens: Callable[[Any], None] | None = None, about: Any = None
    ) -> None:
        self.callbacks = [] if happens is None else [happens]
        self.about = about
        env.schedule(self, order, delay)  # type: ignore[arg-type]
