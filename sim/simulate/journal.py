"""The journal: what the engine did with the contacts of one issue, and why, in the order in which it happened.

It is on only where somebody asks for one contact's life (`sim follow`); the simulation is then run again with it. The
entries are codes and numbers; whoever prints them finds the words. Nothing in it changes what happens.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sim.population.fates import Fates

if TYPE_CHECKING:
    from sim.simulate.contact import Contact
    from sim.simulate.events import Clock

DRAW = "draw"
"""What an entry is called that tells of a draw: `name`, `number` (of the attempt or answer), `channel` and `value`."""


@dataclass(frozen=True)
class Entry:
    """At `tick`, `what` happened to attempt `attempt` (0: a draw, which has its own number); `about` are the numbers
    that go with it."""

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

    def note_draw(self, name: str, issue: int, number: int, channel: int, value: int) -> None:
        if issue == self.issue:
            assert self.env is not None
            about = {"name": name, "number": number, "channel": channel, "value": value}
            self.entries.append(Entry(self.env.now, 0, DRAW, about))


class Witness(Fates):
    """The same fates; those that are asked for the journal's issue are taken down."""

    def __init__(self, fates: Fates, journal: Journal) -> None:
        vars(self).update(vars(fates))
        rare = self._rare

        def seen(name: str, issue: int, number: int, channel: int) -> int:
            value = rare(name, issue, number, channel)
            journal.note_draw(name, issue, number, channel, value)
            return value

        self._rare = seen
        self._journal = journal

    def patience(self, issue: int, attempt: int, channel: int) -> int:
        return self._get("patience", issue, attempt, channel)

    def work(self, issue: int, answer: int, channel: int) -> tuple[int, int, int]:
        handle, wrap_up, resolved = (
            self._get(name, issue, answer, channel) for name in ("handle", "wrap_up", "resolved")
        )
        return handle, wrap_up, resolved

    def _get(self, name: str, issue: int, number: int, channel: int) -> int:
        value = super()._get(name, issue, number, channel)
        self._journal.note_draw(name, issue, number, channel, value)
        return value
