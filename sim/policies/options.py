"""The settings of policies: how each is read from words, and what stands behind its default.

A setting is a field of a policy. `option` makes one: its default is written in words, as a scenario would, and is read
by the same reader; meaning, range, grade and source go with it into the generated reference.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from dataclasses import field, fields
from datetime import datetime, timedelta
from typing import Any

from sim import units
from sim.defaults import Default
from sim.errors import did_you_mean
from sim.units import Unclear, shown

ONE = 1_000_000
"""A factor of 1, or certainty, in millionths."""

LARGEST_FACTOR = 100.0
LARGEST_TEAM = 10_000


def option(
    words: str,
    read: Callable[[Any], Any],
    meaning: str,
    *,
    range: str = "",
    grade: str = "",
    source: str = "",
    example: str = "",
) -> Any:
    """A field of a policy.

    Args:
        words: the default as a scenario would say it; "" where there is none: the field is None, or "" for a name.
        read: makes the value of the words; raises `Unclear`.
        meaning: what it is, with its unit.
        range, grade, source: of the default. example: for the reference, where the default is none.
    """
    default = read(words) if words else None if read is not named else ""
    metadata = {
        "read": read, "words": words, "meaning": meaning, "range": range, "grade": grade, "source": source,
        "example": example or words,
    }  # fmt: skip
    return field(default=default, metadata=metadata)


def judged(words: str, read: Callable[[Any], Any], meaning: str, range: str, *, source: str = "") -> Any:
    """A field whose default is of grade C: a judgement, where no source gives its form."""
    return option(words, read, meaning, range=range, grade="C", source=source or "judgement")


def left_out(policy: Any, given: Container[str]) -> Iterator[tuple[str, Default]]:
    """The settings of a policy that are not given and whose default stands for something, each with its default."""
    for each in fields(policy):
        said = each.metadata
        if each.name not in given and said["grade"]:
            yield each.name, Default(said["words"], said["range"], said["grade"], said["source"])


def millionths(value: float) -> int:
    """A share or a factor as an integer number of millionths."""
    return round(value * ONE)


# --- readers ----------------------------------------------------------------------------------------------------------


def factor(value: object) -> float:
    """A factor of at most 100, 0 included: ``0.9x``."""
    result = 0.0 if value in ("0", "0x") else units.factor(value)
    if result > LARGEST_FACTOR:
        raise Unclear(f"{shown(value)} is too large", f"give {LARGEST_FACTOR:g}x or less")
    return result


def agents(value: object) -> int:
    """A number of agents, 0 included."""
    return units.count(value, most=LARGEST_TEAM)


def yes(value: object) -> bool:
    """``yes`` or ``no``."""
    return one_of("yes", "no")(value) == "yes"


def one_of(*choices: str) -> Callable[[object], str]:
    """A reader of one of a few words."""

    def read(value: object) -> str:
        if value not in choices:
            raise Unclear(f"{shown(value)} is not one of {', '.join(choices)}", did_you_mean(str(value), choices))
        return str(value)

    return read


def price(value: object) -> float:
    """An amount in the scenario's currency, without its letters: ``4.50``."""
    words = str(value).split()
    if len(words) == 2 and words[1].isalpha():
        raise Unclear(f"{shown(value)} names a currency", f"write the amount alone, as in {words[0]}")
    return units.number(value, least=0, most=1e9)


def named(value: object) -> str:
    """The name of a channel, an intent or a segment."""
    return str(value).strip()


def names(value: object) -> tuple[str, ...]:
    """Names in an order, the first before the others: ``small_business > households``."""
    listed = tuple(part.strip() for part in str(value).split(">"))
    if not all(listed):
        raise Unclear(f"{shown(value)} lacks a name", "write names with > between them, the first one first")
    if len(set(listed)) < len(listed):
        raise Unclear(f"{shown(value)} has a name twice", "name each once")
    return listed


def moment(value: object) -> datetime:
    """A date and a time by the desk's clock: ``2026-10-06 18:30``."""
    day, _, clock = " ".join(str(value).replace("T", " ").split()).partition(" ")
    if not clock:
        raise Unclear(f"{shown(value)} has no time of day", "write it as 2026-10-06 18:30")
    return datetime.combine(units.date(day), datetime.min.time()) + timedelta(seconds=units.clock(clock))
