"""Constants that carry their evidence: a field of a dataclass says what it means and what it rests on, and lists can be
made of that.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Constant:
    """What is known of a constant: meaning, unit, plausible range, grade of the evidence (A peer-reviewed or fitted on
    real logs, B benchmark, C judgement; that of the value, where form and value differ) and where it comes from."""

    meaning: str
    unit: str
    range: str
    grade: str
    source: str


def constant(default: T, meaning: str, *, unit: str = "", range: str, grade: str, source: str) -> T:
    """A field of a dataclass with its evidence."""
    return field(default=default, metadata={"constant": Constant(meaning, unit, range, grade, source)})


def constants_of(holder: Any) -> dict[str, tuple[Any, Constant]]:
    """The constants of an instance by the name of their field: its values, and what is known of them."""
    return {each.name: (getattr(holder, each.name), each.metadata["constant"]) for each in fields(holder)}
