"""Numbers as people write them: with a decimal point or comma, and with something between the thousands.

Whether 1,234 is a thousand or one and a bit, a cell alone cannot tell; the other cells of its column can, and where
commas separate the columns, a comma is no decimal mark.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from sim.sheets.table import Sheet
from sim.sheets.values import Value, said
from sim.units import Unclear

_NOTHING = ("-", "–", "n/a", "na", "nan", "null", "none", "nil", "?")


class Decimals(NamedTuple):
    """How a column writes decimals: "," or "."; "" where no cell tells. `row` is the one that tells."""

    mark: str
    row: int


def ungrouped(text: str) -> str:
    """A number without the spaces or apostrophes between its thousands."""
    bare = text.strip().replace("−", "-")
    grouped = re.fullmatch(r"[-+]?[0-9]{1,3}(?:[\s'’][0-9]{3})+(?:[.,][0-9]+)?", bare)
    return re.sub(r"[\s'’]", "", bare) if grouped else bare


def mark_of(text: str) -> str:
    """The decimal mark that a number tells: "," or ".", "?" where it may be either, "" where it tells nothing."""
    bare = text.lstrip("+-")
    if "," not in bare and "." not in bare:
        return ""
    if re.fullmatch(r"[1-9][0-9]{0,2}[.,][0-9]{3}", bare):
        return "?"
    for mark, group in ((".", ","), (",", ".")):
        whole = rf"[0-9]{{1,3}}(?:{re.escape(group)}[0-9]{{3}})"
        decimals = rf"{re.escape(mark)}[0-9]+"
        if re.fullmatch(rf"{whole}{{2,}}|{whole}+{decimals}|[0-9]*{decimals}(?:[eE][-+]?[0-9]+)?", bare):
            return mark
    return ""


def decimals_of(sheet: Sheet, column: int) -> Decimals:
    """How the first cell that tells writes decimals."""
    for row, cells in enumerate(sheet.rows):
        value = cells[column]
        mark = mark_of(ungrouped(value)) if isinstance(value, str) else ""
        if mark in (",", "."):
            return Decimals(mark, row)
    return Decimals("", 0)


def english_number(text: str, value: Value) -> float:
    """Between commas a number has a decimal point; a comma in quotes stands between thousands or is a mistake."""
    if re.fullmatch(r"[-+]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?", text):
        return float_of(text.replace(",", ""), value)
    if re.fullmatch(r"[-+]?[0-9.]*,[0-9]+", text):
        point = text.replace(".", "").replace(",", ".")
        raise Unclear(f"{said(value)} has a decimal comma", f"write {point}, or separate the columns with ;")
    return float_of(text, value)


def float_of(text: str, value: Value) -> float:
    """A number with a decimal point, or none; `value` is what a message quotes."""
    if re.fullmatch(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?", text):
        return float(text)
    hint = "write a number, such as 12 or 12.5"
    if text.endswith("%"):
        hint = "write it without the percent sign"
    elif text.lower() in _NOTHING:
        hint = "leave the cell empty where there is nothing"
    raise Unclear(f"{said(value)} is not a number", hint)


def at_least(number: float, value: Value, least: float) -> float:
    """The number, if it is finite and `least` or more; `value` is what a message quotes."""
    if not math.isfinite(number):
        raise Unclear(f"{said(value)} is too large")
    if number < least:
        problem = "negative" if number < 0 <= least else "too small"
        raise Unclear(f"{said(value)} is {problem}", f"give {least:g} or more")
    return number
