"""What a cell can hold, how it is said in a message, and how it is written so that it reads back."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from sim.units import Unclear, shown

Value = str | float | date | datetime | time | timedelta | None
"""A cell: in CSV text or None where empty; in Excel also a number, date, moment, time of day or length of time."""


class Formula(NamedTuple):
    """A formula of Excel, as ``[scheduled] - [required]``: columns of the same row. `value` is what it gives, as not
    every reader computes."""

    text: str
    value: str | float | None


class Styled(NamedTuple):
    """A cell with a number format and a fill (as #RRGGBB) of its own; "" as its column has it, and none."""

    value: Value | Formula
    form: str = ""
    fill: str = ""


Cell = Value | Formula | Styled
"""What is written into a cell."""

_ERRORS = ("#REF!", "#N/A", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA")


class Uncomputed(str):
    """A formula whose value the workbook does not hold: the cell cannot be read."""

    __slots__ = ()


def computed(value: Value) -> Value:
    """The value. Raises Unclear where there is none: a formula nobody computed, an error of Excel."""
    if isinstance(value, Uncomputed):
        raise Unclear("the formula has no stored value", "open and save it in Excel")
    if isinstance(value, str) and value.strip() in _ERRORS:
        raise Unclear(f"{value.strip()} is an error of Excel, not a value", "mend the formula, or empty the cell")
    return value


def plain(cell: Cell) -> Value:
    """The value of a cell to write, less how it looks and how it comes about."""
    inner = cell.value if isinstance(cell, Styled) else cell
    return inner.value if isinstance(inner, Formula) else inner


def text_of(value: Value) -> str:
    """A text without spaces around it; nothing of any other value."""
    return value.strip() if isinstance(value, str) else ""


def unless_blank(value: Value) -> Value:
    """The value; None for a text of nothing but spaces."""
    return None if isinstance(value, str) and not value.strip() else value


def said(value: Value) -> str:
    """A value as a message quotes it."""
    return shown(value) if isinstance(value, str) else written(value)


def written(value: Value) -> str:
    """A value as text that reads back."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, datetime):
        return f"{value.date().isoformat()} {written(value.time())}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return f"{value:%H:%M:%S}" if value.second else f"{value:%H:%M}"
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
    return f"{value:.15g}"
