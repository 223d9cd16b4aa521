"""Ranges: ``--set phone.staff=8..14:2`` is one run for each value, ``6m..9m`` under `uncertainty` a draw between."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

from sim.errors import UsageError
from sim.units import Unclear, shown

MOST = 200
"""Runs that a sweep may have."""

_END = r"([+-]?[0-9][0-9_]*(?:\.[0-9]+)?)\s*([^0-9.:\s][^.:]*)?"
_RANGE = re.compile(rf"\s*{_END}\.\.{_END}(?::{_END})?\s*")


class Range(NamedTuple):
    """From `low` to `high` in steps of `step` (None: any value between), with what is written after each number."""

    low: float
    high: float
    step: float | None
    unit: str
    whole: bool

    def word(self, value: float) -> str:
        return f"{round(value)}" if self.whole else f"{value:.10g}{self.unit}"

    def values(self) -> list[str]:
        """The words of every step, both ends included where the steps reach them."""
        step = self.step or 1.0
        count = int((self.high - self.low) / step + 1e-9) + 1
        return [self.word(self.low + number * step) for number in range(count)]

    def between(self, share: float) -> str:
        return self.word(self.low + share * (self.high - self.low))


def range_of(text: str) -> Range | None:
    """A range as typed; None where the text is none.

    Raises:
        Unclear: the ends have different units, or lie the wrong way round; a step that leads nowhere.
    """
    found = _RANGE.fullmatch(text)
    if found is None:
        return None
    low, low_unit, high, high_unit, step, step_unit = found.groups()
    units = {unit.strip() for unit in (low_unit, high_unit, step_unit) if unit}
    if len(units) > 1 or (low_unit and not high_unit):
        raise Unclear(f"{shown(text)} has different units", "write both ends in one unit, as in 6m..10m or 40%..60%:5%")
    first, last, by = (float(end.replace("_", "")) if end else None for end in (low, high, step))
    assert first is not None
    assert last is not None
    if first >= last:
        raise Unclear(f"{shown(text)} does not rise", "write the lowest value first, as in 6m..10m")
    if by is not None and by <= 0:
        raise Unclear(f"{shown(text)} has no step", "write it as in 8..14:2")
    unit = next(iter(units), "")
    whole = not unit and all(end is None or "." not in end for end in (low, high, step))
    return Range(first, last, by, unit, whole)


def sweep(sets: Sequence[str]) -> list[tuple[str, ...]]:
    """Every combination of the values of the ranges among ``path=value`` assignments; one, where there are no ranges.

    Raises:
        UsageError: a range that is none, or more combinations than `MOST`.
    """
    choices = []
    for assignment in sets:
        path, _, text = assignment.partition("=")
        try:
            span = range_of(text)
        except Unclear as problem:
            raise UsageError(f"--set {assignment}: {problem.what}", problem.hint) from None
        if span is not None and (span.high - span.low) / (span.step or 1.0) > MOST:
            raise UsageError(f"--set {assignment}: more than {MOST} values", "take larger steps, as in 0..1000:100")
        choices.append([f"{path}={word}" for word in span.values()] if span is not None else [assignment])
    paths = [assignment.partition("=")[0].strip() for assignment in sets]
    for path, values in zip(paths, choices, strict=True):
        if len(values) > 1 and paths.count(path) > 1:
            raise UsageError(f"--set {path} is given twice", "keep one of them")
    combinations = list(product(*choices))
    if len(combinations) > MOST:
        raise UsageError(f"{len(combinations)} runs are more than {MOST}", "take larger steps, or fewer ranges")
    return combinations
