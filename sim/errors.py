"""What went wrong, where, and what to do next.

Every problem a user can cause is a `SimError`; only `sim.cli` turns one into text and an exit code. Exit codes:
0 passed, 1 internal error or nothing could be written, 2 usage or scenario malformed, 3 a threshold missed,
4 the generator could not keep up, 5 refused or unreachable, 130 interrupted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


class SimError(Exception):
    """A problem a user can understand and mend: what happened, and what to do next."""

    exit_code = 1

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(f"{what}; {hint}" if hint else what)
        self.what = what
        self.hint = hint


class UsageError(SimError):
    """The command, a file it names or a value on the command line is wrong."""

    exit_code = 2


class CannotWrite(SimError):
    """The results could not be written: no permission, no space, no such folder."""

    exit_code = 1


@dataclass(frozen=True)
class Mistake:
    """One mistake in a file. Lines and columns count from 1; 0 where the place is not known."""

    file: str
    line: int
    column: int
    path: str
    what: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        path = f"{self.path}: " if self.path else ""
        return f"{place}: {path}{self.what}" + (f"; {self.hint}" if self.hint else "")

    def order(self) -> tuple[object, ...]:
        """What mistakes are sorted by: the place in the file, numbers in its name as numbers (cell A2, then A10)."""
        return _natural(self.file), self.line, self.column, _natural(self.path), _natural(self.what), self.hint


class ScenarioError(SimError):
    """All the mistakes of a scenario, or of a file it names, at once, in the order of the file."""

    exit_code = 2

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes: tuple[Mistake, ...] = tuple(sorted(set(mistakes), key=Mistake.order))
        super().__init__("\n".join(map(str, self.mistakes)))


def _natural(text: str) -> str:
    """A text that sorts as people do: its numbers have as many digits as one another."""
    return re.sub("[0-9]+", lambda number: number[0].zfill(12), text)


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """A hint: the nearest known word, else the list of them (empty where there is none)."""
    near = get_close_matches(word.lower(), [k.lower() for k in known], n=1, cutoff=0.6)
    if near:
        return f"did you mean '{next(k for k in known if k.lower() == near[0])}'?"
    return f"known here: {', '.join(known)}" if known else ""
