"""The journal: what the engine did with the contacts of one issue, and why, in the order in which it happened.

It is on only where somebody asks for one contact's life (`sim follow`); the simulation is then run again with it. The
entries are codes and numbers; whoever prints them finds the words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.simulate.contact import Contact
    from sim.simulate.events import Clock


@dataclass(frozen=True)
class Entry:
    """At `tick`, `what` happened to attempt `attempt`; `about` are the numbers that go with it."""

    tick: int
    attempt: int
    what: str
    about: dict[str, Any]


@dataclass
class Journal:
    """The entries of one issue."""

    issue: int
    entries: list[Entry] = field(default_factory=list)
    env: Clock | None = None

    def note(self, contact: Contact, what: str, **about: Any) -> None:
        if contact.issue == self.issue:
            assert self.env is not None
            self.entries.append(Entry(self.env.now, contact.attempt, what, about))
