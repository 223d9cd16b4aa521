"""Fates: what will happen to an issue, drawn before the clock starts, addressed by (issue, attempt or answer).

Patience, redial and being ignored go by *attempt*. Work and its result go by *answer*, the how-manieth time the issue
is answered; if they went by attempt, one more redial would reshuffle the luck of everything after it. Four attempts of
every issue are drawn at once; further ones in pages of four when somebody gets that far.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from sim.draws import PAGE
from sim.tables import Array

NAMES = (
    "patience",
    "handle",
    "wrap_up",
    "resolved",
    "redial",
    "redial_delay",
    "reconnect",
    "reconnect_delay",
    "ignored",
)

_WORK = ("handle", "wrap_up", "resolved")

Page = Mapping[str, Array]


HOME = -1
"""In place of a channel: each issue's own."""


class Fates:
    """Durations in ticks (`NEVER` for endless patience), coins as 0 or 1, draws and chances in millionths.

    `channel` is that of the contact: the patience of somebody who turned to chat is a chatter's.

    Args:
        dense: for each of `NAMES` an int64 array of shape (issues, PAGE), for the issue's own channel.
        home: the own channel of each issue.
        more: ``more(issue, page, channel)`` gives the same names for attempts 4·page + 1 … 4·page + 4 of one issue,
            shape (PAGE,), as on that channel, or `HOME`.
        rare: ``rare(name, issue, number, channel)`` gives one of the fates that few scenarios ask for.
    """

    def __init__(
        self,
        dense: Page,
        home: Sequence[int],
        more: Callable[[int, int, int], Page],
        rare: Callable[[str, int, int, int], int],
    ) -> None:
        self.dense = dense
        self._home = home
        self._more = lru_cache(maxsize=4096)(more)
        self._rare = rare
        # nearly every contact is a first one: lists, because reading an element of an array costs three times as much
        self.first_patience: list[int] = dense["patience"][:, 0].tolist()
        self.first_work = list(zip(*(dense[name][:, 0].tolist() for name in _WORK), strict=True))

    def patience(self, issue: int, attempt: int, channel: int) -> int:
        """Ticks until the customer leaves the line; `NEVER` if they do not."""
        if attempt == 1 and channel == self._home[issue]:
            return self.first_patience[issue]
        return self._get("patience", issue, attempt, channel)

    def work(self, issue: int, answer: int, channel: int) -> tuple[int, int, int]:
        """Handle time and wrap-up of an answer, in ticks, and 1 if it solves the issue."""
        if answer == 1 and channel == self._home[issue]:
            return self.first_work[issue]
        handle, wrap_up, resolved = (self._get(name, issue, answer, channel) for name in _WORK)
        return handle, wrap_up, resolved

    def redials_after(self, issue: int, attempt: int, channel: int) -> int | None:
        """Ticks until the customer tries again after abandoning or being blocked; None if they give up."""
        if not self._get("redial", issue, attempt, channel):
            return None
        return self._get("redial_delay", issue, attempt, channel)

    def reconnects_after(self, issue: int, answer: int, channel: int) -> int | None:
        """Ticks until the customer makes contact again after an answer that did not help; None if they do not."""
        if not self._get("reconnect", issue, answer, channel):
            return None
        return self._get("reconnect_delay", issue, answer, channel)

    def elsewhere_after(self, issue: int, attempt: int, channel: int) -> int | None:
        """Ticks until the customer, left without an answer, turns to another channel; None if they do not."""
        return self._after("elsewhere", issue, attempt, channel)

    def publicly_after(self, issue: int, attempt: int, channel: int) -> int | None:
        """Ticks until the customer complains in public; None if they do not."""
        return self._after("public", issue, attempt, channel)

    def asks_after(self, issue: int, answer: int, channel: int) -> int | None:
        """Ticks that a customer whom the desk has to ask back takes to reply; None if it need not ask."""
        return self._after("asks", issue, answer, channel)

    def coin(self, name: str, issue: int, number: int, channel: int) -> int:
        """1 or 0: `silent` and `front` by attempt, `escalate` and `transfer` by answer."""
        return self._rare(name, issue, number, channel)

    def draw(self, name: str, issue: int, number: int) -> int:
        """A draw in millionths: `ignored`, `chase`, `callback`, `deflect`, `inform` by attempt, `retain` and `solve` by
        answer."""
        if name == "ignored":
            return self._get("ignored", issue, number, self._home[issue])
        return self._rare(name, issue, number, HOME)

    def chance(self, issue: int, answer: int, channel: int) -> int:
        """The chance in millionths that an answer of the usual quality solves the issue."""
        return self._rare("chance", issue, answer, channel)

    def _after(self, name: str, issue: int, number: int, channel: int) -> int | None:
        if not self._rare(name, issue, number, channel):
            return None
        return self._rare(f"{name}_delay", issue, number, channel)

    def _get(self, name: str, issue: int, number: int, channel: int) -> int:
        home = channel == self._home[issue]
        if number <= PAGE and home:
            return self.dense[name].item(issue, number - 1)
        page, position = divmod(number - 1, PAGE)
        return int(self._more(issue, page, HOME if home else channel)[name][position])
