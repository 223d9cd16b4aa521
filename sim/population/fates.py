"""Fates: what will happen to an issue, drawn before the clock starts, addressed by (issue, attempt or answer).

Patience, redial and being ignored go by *attempt*. Work and its result go by *answer*, the how-manieth time the issue
is answered; if they went by attempt, one more redial would reshuffle the luck of everything after it. Four attempts of
every issue are drawn at once; further ones in pages of four when somebody gets that far.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


class Fates:
    """Durations in ticks (`NEVER` for endless patience), coins as 0 or 1, `ignored` as a draw in millionths.

    Args:
        dense: for each of `NAMES` an int64 array of shape (issues, PAGE).
        more: ``more(issue, page)`` gives the same names for attempts 4·page + 1 … 4·page + 4 of one issue, shape
            (PAGE,).
    """

    def __init__(self, dense: Page, more: Callable[[int, int], Page]) -> None:
        self.dense = dense
        self._more = lru_cache(maxsize=4096)(more)
        # nearly every contact is a first one: lists, because reading an element of an array costs three times as much
        self._first_patience: list[int] = dense["patience"][:, 0].tolist()
        self._first_work = list(zip(*(dense[name][:, 0].tolist() for name in _WORK), strict=True))

    def patience(self, issue: int, attempt: int) -> int:
        """Ticks until the customer leaves the line; `NEVER` if they do not."""
        return self._first_patience[issue] if attempt == 1 else self._get("patience", issue, attempt)

    def work(self, issue: int, answer: int) -> tuple[int, int, int]:
        """Handle time and wrap-up of an answer, in ticks, and 1 if it solves the issue."""
        if answer == 1:
            return self._first_work[issue]
        handle, wrap_up, resolved = (self._get(name, issue, answer) for name in _WORK)
        return handle, wrap_up, resolved

    def redials_after(self, issue: int, attempt: int) -> int | None:
        """Ticks until the customer tries again after abandoning or being blocked; None if they give up."""
        return self._again("redial", issue, attempt)

    def reconnects_after(self, issue: int, answer: int) -> int | None:
        """Ticks until the customer makes contact again after an answer that did not help; None if they do not."""
        return self._again("reconnect", issue, answer)

    def ignored(self, issue: int, attempt: int) -> int:
        return self._get("ignored", issue, attempt)

    def _again(self, coin: str, issue: int, number: int) -> int | None:
        return self._get(f"{coin}_delay", issue, number) if self._get(coin, issue, number) else None

    def _get(self, name: str, issue: int, number: int) -> int:
        if number <= PAGE:
            return self.dense[name].item(issue, number - 1)
        page, position = divmod(number - 1, PAGE)
        return int(self._more(issue, page)[name][position])
