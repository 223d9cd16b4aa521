"""Events with a fixed order: by time, then class, then key; never by who happened to schedule first.

SimPy orders events of one tick by an integer priority; ours packs the class of the event and a key that no two events
of a class share. So simultaneous events have one order in every engine: a completion at the tick at which a customer's
patience ends is a contact answered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from simpy import Environment, Event

# The classes, in the order in which events of one tick happen; a key is below 2⁴⁰.
STAFFING = 0 << 40
"""Staffing levels change; channels close."""
COMPLETION = 1 << 40
TIMER = 2 << 40
ABANDONMENT = 3 << 40
ARRIVAL = 4 << 40
"""Contacts are offered, repeats included."""

WRAP_UP, OVERFLOW, OUTSOURCE, CALLBACK, REPLY, CONFIRMED = 1, 2, 3, 4, 5, 6
"""Kinds of event that one contact may have in one class, besides the plain one, 0 (its talk ends, it arrives, …). They
are added to the contact's key, issue << 13 | attempt << 3: room for 2²⁶ issues, 2¹⁰ attempts and 8 kinds."""

BY_GROUP = 1 << 39
"""Set in the key of an event that is about a group: those of contacts of the same class and tick come first."""


class Clock(Environment):
    """SimPy's environment, here on integer ticks and with integer priorities."""

    def forget(self) -> None:
        """Let go of what is still due: those events hold whoever waits for them."""
        self._queue.clear()

    def passes(self, tick: int) -> None:
        """Whatever is due by `tick` happens, in order; then it is `tick`."""
        while self.peek() <= tick:
            self.step()
        self._now = max(self._now, tick)

    @property
    def scheduled(self) -> list[tuple[float, Event]]:
        """What is due, and when, in no order."""
        return [(tick, event) for tick, _, _, event in self._queue]

    if TYPE_CHECKING:

        @property
        def now(self) -> int: ...

        def schedule(self, event: Event, priority: int = 0, delay: float = 0) -> None: ...


Callbacks = list[Callable[[Any], None]]
"""What happens at an event; SimPy only reads the list, so one list serves every event of a kind."""


class Keyed(Event):
    """An event that happens by itself, at a tick and in an order of its own: a keyed `simpy.Timeout`.

    Like a timeout it counts as triggered from birth, so only the schedule decides when it is processed. It may be
    scheduled again once it has happened.
    """

    _ok = True
    _value = None

    def due(self, env: Clock, delay: int, order: int, happens: Callbacks) -> None:
        """Happen `delay` ticks from now.

        Args:
            order: class and key, ``COMPLETION | contact.key``.
        """
        self.callbacks = happens
        env.schedule(self, order, delay)


class Due(Keyed):
    """A keyed event about something.

    Args:
        about: whatever the callback needs to know.
    """

    __slots__ = ("about", "callbacks")

    def __init__(self, env: Clock, delay: int, order: int, happens: Callbacks, about: Any = None) -> None:
        self.about = about
        self.due(env, delay, order, happens)
