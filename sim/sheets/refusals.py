"""What is wrong with a file: as one mistake, or as many of a few kinds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from sim.errors import Mistake, ScenarioError

SHOWN = 20
"""Mistakes of one kind and column that are listed; the others are counted."""


def failed(path: Path | str, what: str, hint: str = "", *, line: int = 0) -> ScenarioError:
    """A file that cannot be read as a table, and the line that tells, where one does."""
    return ScenarioError([Mistake(str(path), line, 1 if line else 0, "", what, hint)])


def told(mistakes: Iterable[Mistake]) -> ScenarioError:
    """Mistakes in the order of the file: the first `SHOWN` of a kind and column, then how many more there are."""
    ordered = sorted(set(mistakes), key=Mistake.order)
    total, seen = Counter(map(_kind, ordered)), Counter[tuple[str, str]]()
    listed = []
    for mistake in ordered:
        kind = _kind(mistake)
        seen[kind] += 1
        if seen[kind] <= SHOWN:
            listed.append(mistake)
        elif seen[kind] == SHOWN + 1:
            more = f"and {total[kind] - SHOWN} more like the ones above, from here on"
            listed.append(replace(mistake, what=more, hint=""))
    return ScenarioError(listed)


def _kind(mistake: Mistake) -> tuple[str, str]:
    """What is alike in mistakes of one column, whatever the value."""
    return mistake.path, re.sub(r"'.*'|[0-9]\S*", "", mistake.what)
