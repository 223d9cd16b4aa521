"""Events with a fixed order: by time, then class, then key; never by who happened to schedule first.

SimPy orders events of one tick by an integer priority; ours packs the class of the event and a key that no two events
of a class share. So simultaneous events have one order in every engine: a completion at the tick at which a customer's
patience ends is a contact answered.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any

from simpy import Environment, Event


class Order(IntEnum):
    """The classes of events, in the order in which those of one tick happen."""

    STAFFING = 0
    COMPLETION = 1
    TIMER = 2
    ABANDONMENT = 3
    ARRIVAL = 4


TALK, WRAP_UP, OVERFLOW = 0, 1, 2
"""Kinds of event that one contact may have in one class."""

STAFFING = Order.STAFFING << 40
COMPLETION = Order.COMPLETION << 40
TIMER = Order.TIMER << 40
ABANDONMENT = Order.ABANDONMENT << 40
ARRIVAL = Order.ARRIVAL << 40


def key(issue: int, attempt: int, kind: int = 0) -> int:
    """(issue, attempt, kind) as one integer below 2⁴⁰: room for 2²⁷ issues, 2¹⁰ attempts and 8 kinds."""
    return issue << 13 | attempt << 3 | kind


class Due(Event):
    """An event that happens by itself at a tick: a keyed `simpy.Timeout`.

    Args:
        order: class and key, ``COMPLETION | key(issue, attempt)``.
        about: whatever the callback needs to know.
    """

    def __init__(
        self, env: Environment, tick: int, order: int, happens: Callable[[Any], None] | None = None, about: Any = None
    ) -> None:
        # as simpy.Timeout does: triggered from birth, so only the schedule decides when it is processed
        self.env = env
        self.callbacks = [] if happens is None else [happens]
        self._ok = True
        self._value = about
        self.about = about
        env.schedule(self, order, tick - env.now)  # type: ignore[arg-type]
