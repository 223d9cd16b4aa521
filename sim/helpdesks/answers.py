"""Reading what a desk answers: what is not there, or is something else, is a `Trouble` and no crash."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sim.helpdesks.protocol import Kind, Trouble


@contextmanager
def understood(what: str) -> Iterator[None]:
    """Inside it, an answer of another shape than the one expected is a `Trouble` of kind `MEANING`."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError) as problem:
        raise Trouble(Kind.MEANING, f"{what}: the answer is not of the expected form") from problem


def number(ticket: str) -> int:
    """The number that a ticket's id is.

    Raises:
        Trouble: it is none, so there is no such ticket; nothing of it reaches a query.
    """
    if not (ticket.isascii() and ticket.isdigit()):
        raise Trouble(Kind.MISSING, "there is no such ticket: its id is no number")
    return int(ticket)
