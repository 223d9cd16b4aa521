"""A figure has room for so many rows: of more channels or groups the busiest are drawn. The table has them all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

MOST = 8
"""Channels or groups in a figure."""

Row = TypeVar("Row")


def busiest(rows: Sequence[Row], amount: Callable[[Row], float], of: str) -> tuple[tuple[Row, ...], str]:
    """Those that are drawn, in the order given, and what the subtitle says of the others; nothing where there are none.

    Args:
        amount: what there is most of in the busiest; of equals the first are drawn.
        of: what the rows are, and what there is most of in the busiest: "channels, by contacts".
    """
    if len(rows) <= MOST:
        return tuple(rows), ""
    chosen = sorted(sorted(range(len(rows)), key=lambda number: -amount(rows[number]))[:MOST])
    left = len(rows) - MOST
    note = f" Shown are the {MOST} busiest of {len(rows)} {of}; the table has the other {left} too."
    return tuple(rows[number] for number in chosen), note
