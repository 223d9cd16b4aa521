"""A table: the header and the rows below it, each cell with the place that the user knows it by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sim.errors import Mistake, ScenarioError, did_you_mean
from sim.sheets.headers import Say, Wanted, by_rank, means, meant, names_of, nearest, parted, plain, unit_seconds
from sim.sheets.values import Value
from sim.units import shown

DOTS = "…"
"""A header that the user has to fill in."""
NAMED = 6
"""Usual headers of a missing column that a message names."""


@dataclass(frozen=True)
class Sheet:
    """One table: the header and the rows below it that hold anything, each cell with its place.

    Every row is as long as the header. A cell of nothing but spaces is None.
    """

    file: str
    title: str | None
    """The worksheet of a workbook; None in CSV."""
    header: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    numbers: tuple[int, ...]
    """The line (CSV) or row (Excel) of each row, from 1."""
    header_number: int = 1
    """The line or row of the header."""
    delimiter: str = ","
    """What separates the cells of the CSV; without meaning in Excel."""
    totals: tuple[int, ...] = ()
    """The lines or rows that were left out because they hold totals."""

    def mistake(self, row: int, column: int | None, what: str, hint: str = "") -> Mistake:
        """A mistake in a cell: `row` is an index of `rows` (−1 the header), `column` one of `header` (None: the row).

        A CSV cell is named by its line and its number in the line, an Excel cell as Excel names it.
        """
        number = self.numbers[row] if row >= 0 else self.header_number
        path = "" if column is None else self.header[column]
        if self.title is None:
            return Mistake(self.file, number, 1 if column is None else column + 1, path, what, hint)
        place = f"row {number}" if column is None else f"cell {letters(column)}{number}"
        return Mistake(f"{self.file}, sheet {self.title}, {place}", 0, 0, path, what, hint)

    def place(self, row: int) -> str:
        """Where a row stands, to be named in a message: ``line 7`` of a CSV, ``row 7`` of a worksheet."""
        return f"{self.row_word} {self.numbers[row]}"

    @property
    def row_word(self) -> str:
        """What a row is called: a line of a CSV, a row of a worksheet."""
        return "line" if self.title is None else "row"

    def columns(self, wanted: Sequence[Wanted], given: Mapping[str, str], say: Say) -> dict[str, int]:
        """Which column holds what: as `given` (our name → their header), else by the usual names.

        A header counts with and without the unit it has in brackets or after a slash. Of several usual names the
        earlier one wins, and no column is taken twice. A column that is not there and not required is not in the
        result.

        Raises ScenarioError with all missing columns at once: what was looked for, what is there, and what `say` makes
        of them as what to write.
        """
        mistakes, found = self._given(wanted, given, say)
        for want, name in by_rank(wanted):
            fits = [] if want.key in found or want.key in given else self._fitting(name, found)
            if len(fits) > 1:
                mistakes.append(self._several(want, fits, say))
            if fits:
                found[want.key] = fits[0]
        missing = [w for w in wanted if w.required and w.key not in found and w.key not in given]
        if missing:
            mistakes.append(self._missing(missing, found, given, say))
        if mistakes:
            raise ScenarioError(mistakes)
        return found

    def lacks(self, wanted: Sequence[Wanted], given: Mapping[str, str]) -> int:
        """How far the table is from the columns that are required, or named by the user: 2 for each that is not there,
        1 where another can be offered for it."""
        required = [w for w in wanted if w.required and w.key not in given]
        missing = [w for w in required if not any(self._fitting(name, {}) for name in names_of(w))]
        unknown = [name for name in given.values() if " ".join(name.split()) not in self.header]
        columns = range(len(self.header))
        return 2 * len(unknown) + sum(2 if self._offer(want, columns) == DOTS else 1 for want in missing)

    def unit_of(self, column: int) -> str | None:
        """The unit that a header names: "s" of ``AHT (s)``, "min" of ``AHT/min``, "%" of ``SL [%]``; else None.

        Whatever stands in brackets is returned as it is; after a slash, only what is a unit.
        """
        return parted(self.header[column])[1]

    def seconds_per(self, column: int) -> float | None:
        """The seconds of the unit of time that a header names: 60 of ``AHT (min)``; None where it names none."""
        return unit_seconds(self.unit_of(column) or "")

    def _given(
        self, wanted: Sequence[Wanted], given: Mapping[str, str], say: Say
    ) -> tuple[list[Mistake], dict[str, int]]:
        mistakes, found = [], {}
        keys = [want.key for want in wanted]
        for key, name in given.items():
            fits = [i for i, header in enumerate(self.header) if header == " ".join(name.split())]
            if key not in keys:
                mistakes.append(self.mistake(-1, None, f"no column is called '{key}' here", meant(key, wanted)))
            elif not fits:
                hint = did_you_mean(name, [header for header in self.header if header])
                mistakes.append(self.mistake(-1, None, f"there is no column {shown(name)} for '{key}'", hint))
            elif len(fits) > 1:
                mistakes.append(self._several(wanted[keys.index(key)], fits, say))
            else:
                found[key] = fits[0]
        return mistakes, found

    def _fitting(self, name: str, found: Mapping[str, int]) -> list[int]:
        """The columns not yet taken that have this name: as it is written, else without the unit."""
        free = [i for i in range(len(self.header)) if i not in found.values()]
        whole = [i for i in free if plain(self.header[i]) == plain(name)]
        return whole or [i for i in free if plain(parted(self.header[i])[0]) == plain(name)]

    def _several(self, want: Wanted, fits: Sequence[int], say: Say) -> Mistake:
        names = [self.header[i] for i in fits]
        if len(set(names)) == 1:
            where = " and ".join(str(i + 1) if self.title is None else letters(i) for i in fits)
            what, hint = f"the columns {where} have the same name", "rename all but the one that is meant"
        else:
            what = f"{' and '.join(map(shown, names))} may both be {means(want)}"
            hint = f"say which it is with {say({want.key: names[0]})}"
        return self.mistake(-1, fits[1], what, hint)

    def _missing(
        self, missing: Sequence[Wanted], found: Mapping[str, int], given: Mapping[str, str], say: Say
    ) -> Mistake:
        there = ", ".join(header for header in self.header if header)
        if len(missing) == 1:
            what = f"no column holds {means(missing[0])}; looked for: {_usual(missing[0])}"
        else:
            parts = (f"{means(want)} (looked for: {_usual(want)})" for want in missing)
            what = f"no column holds {', nor '.join(parts)}"
        which = "which it is" if len(missing) == 1 else "which they are"
        free = [column for column in range(len(self.header)) if self.header[column] and column not in found.values()]
        # all that is to be typed, with what was typed already
        said = say({**given, **{want.key: self._offer(want, free) for want in missing}})
        return self.mistake(-1, None, f"{what}; there are: {there}", f"say {which} with {said}")

    def _offer(self, want: Wanted, free: Sequence[int]) -> str:
        """The header most like a missing column, else that of the first one whose cells are; else dots to fill in."""
        near = nearest(want, [self.header[column] for column in free])
        if near or want.like is None:
            return near or DOTS
        cells = {column: [row[column] for row in self.rows if row[column] is not None] for column in free}
        alike = (column for column in free if cells[column] and all(map(want.like, cells[column])))
        return next((self.header[column] for column in alike), DOTS)


def _usual(want: Wanted) -> str:
    """The headers that were looked for, the likeliest ones."""
    names = names_of(want)
    return ", ".join(names[:NAMED]) + (" and the like" if len(names) > NAMED else "")


def letters(column: int) -> str:
    """The name of a column in Excel: A, B, … Z, AA."""
    before, last = divmod(column, 26)
    return (letters(before - 1) if before else "") + chr(ord("A") + last)
