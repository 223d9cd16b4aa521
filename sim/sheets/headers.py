"""Names of columns: what is looked for, what a header says, and which unit it names.

People write the same name in many ways, so names are compared without case and punctuation, with their unit and
without.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import NamedTuple

from sim.errors import did_you_mean
from sim.sheets.values import Value
from sim.units import Unclear, duration

Say = Callable[[Mapping[str, str]], str]
"""How a user says which column holds what: our names and their headers → what to write."""


class Wanted(NamedTuple):
    """A column that is looked for: our name of it, the headers it usually has (any case, spaces, - and _ alike).

    `means` is what a message calls it: "the offered contacts"; without it, the key in quotes. `like` is whether a cell
    looks as if it were of this column: where the column is missing, one of such cells is offered.
    """

    key: str
    names: tuple[str, ...]
    required: bool = True
    means: str = ""
    like: Callable[[Value], bool] | None = None


def meant(key: str, wanted: Sequence[Wanted]) -> str:
    """A hint for a name of ours that there is none of: the one whose usual headers it is among, else the nearest."""
    usual = next((want.key for want in wanted if plain(key) in map(plain, names_of(want))), None)
    return f"did you mean '{usual}'?" if usual else did_you_mean(key, [want.key for want in wanted])


def by_rank(wanted: Sequence[Wanted]) -> list[tuple[Wanted, str]]:
    """Every name that is looked for, the likeliest of each column first."""
    ranks = range(max((len(names_of(want)) for want in wanted), default=0))
    return [(want, names_of(want)[rank]) for rank in ranks for want in wanted if rank < len(names_of(want))]


def names_of(want: Wanted) -> tuple[str, ...]:
    """The usual headers, the key among them."""
    return want.names if plain(want.key) in map(plain, want.names) else (want.key, *want.names)


def means(want: Wanted) -> str:
    """What a message calls the column."""
    return want.means or f"'{want.key}'"


def nearest(want: Wanted, headers: Sequence[str]) -> str:
    """The header most like one of the names, as an offer; empty where none is."""
    known = {plain(header): header for header in headers}
    for name in names_of(want):
        near = get_close_matches(plain(name), list(known), n=1, cutoff=0.75)
        if near:
            return known[near[0]]
    return ""


@lru_cache(1 << 16)  # a stray cell at the right end of a worksheet makes 16,384 columns
def plain(name: str) -> str:
    """A header as it is compared: lower case, with single spaces for all that is neither letter nor digit."""
    return re.sub(r"[\W_]+", " ", name.casefold()).strip()


def parted(header: str) -> tuple[str, str | None]:
    """A header without its unit, and the unit."""
    brackets = re.search(r"[(\[]([^()\[\]]*)[)\]]", header)
    if brackets:
        return header.replace(brackets[0], " "), brackets[1].strip() or None
    name, _, unit = header.rpartition("/")
    if name and (unit.strip() == "%" or unit_seconds(unit)):
        return name, unit.strip()
    worded = re.fullmatch(r"(.+)[\s_-](sec|secs|seconds|mins|minutes)", header, re.IGNORECASE)
    return (worded[1], worded[2]) if worded else (header, None)


def unit_seconds(unit: str) -> float | None:
    """The seconds of a unit of time: 60 of ``min``; None where it is none."""
    word = unit.strip().rstrip(".")
    if not word.isalpha():
        return None
    try:
        return duration(f"1 {word}")
    except Unclear:
        return None
