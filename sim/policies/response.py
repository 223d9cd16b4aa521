"""Response: what happens to a contact that reaches the desk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from sim.policies.base import Accept, ContactView, Ignore, Layout
from sim.units import share


@dataclass(frozen=True)
class AnswerAll:
    """Every contact joins the waiting line."""

    name: ClassVar[str] = "answer_all"

    def lower(self, layout: Layout) -> tuple[int, ...]:
        return (0,) * len(layout.live)

    def start(self, layout: Layout) -> None:
        return None

    def decide(self, view: ContactView, state: None) -> Accept | Ignore:
        return Accept("every contact is answered")


@dataclass(frozen=True)
class IgnoreShare:
    """A share of the messages on deferrable channels is never answered, as an audit of 50 UK providers found of half
    the e-mails (Talisma, 2007). Live contacts always join the line."""

    name: ClassVar[str] = "ignore"
    share: float = field(default=0.5, metadata={"read": share})

    def lower(self, layout: Layout) -> tuple[int, ...]:
        return tuple(0 if live else round(self.share * 1_000_000) for live in layout.live)

    def start(self, layout: Layout) -> tuple[int, ...]:
        return self.lower(layout)

    def decide(self, view: ContactView, state: tuple[int, ...]) -> Accept | Ignore:
        if state[view.channel] == 0:
            return Accept("live contacts are answered")
        return Ignore("a share of the messages is ignored", state[view.channel] / 1_000_000)
