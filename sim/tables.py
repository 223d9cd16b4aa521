"""Named NumPy columns, and their way into and out of Parquet. The only user of duckdb.

A table is a set of int64 (or float64) columns of one length. `NEVER` (integers) and NaN (floats) are written as null;
columns of codes are written as words. The same rows always give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sim.schemas import NEVER

if TYPE_CHECKING:
    import duckdb

Array = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Table:
    """Columns of one length, by name: ``contacts["offered"]`` is the int64 array itself, not a copy."""

    def __init__(self, columns: Mapping[str, npt.NDArray[np.generic]]) -> None:
        lengths = {len(values) for values in columns.values()}
        if len(lengths) > 1:
            raise ValueError(f"columns of different lengths: {sorted(lengths)}")
        self._columns = dict(columns)

    def __getitem__(self, name: str) -> Array:
        return self._columns[name]  # type: ignore[return-value]

    def __contains__(self, name: str) -> bool:
        return name in self._columns

    def __len__(self) -> int:
        return len(next(iter(self._columns.values()), ()))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._columns)

    def where(self, keep: npt.NDArray[np.generic]) -> Table:
        """The rows that a mask keeps, or that an index array lists, as a new table."""
        return Table({name: values[keep] for name, values in self._columns.items()})

    def seconds(self, name: str) -> Floats:
        """A column of ticks as seconds; NaN where it never happened."""
        return ticks_to_seconds(self[name])


def ticks_to_seconds(ticks: Array) -> Floats:
    """Ticks of 1 ms as seconds; NaN where it never happened."""
    return np.where(ticks == NEVER, np.nan, ticks / 1000.0)


def write_parquet(table: Table, path: Path, words: Mapping[str, Sequence[str]] | None = None) -> None:
    """Write a table. `words` turns a column of codes into words: ``{"channel": ["phone", "email"]}``.

    Raises:
        OSError: the file cannot be written.
    """
    words = words or {}
    select = []
    for name in table.names:
        values = table[name]
        cell = f'"{name}"'
        if name in words:
            quoted = [word.replace("'", "''") for word in words[name]]
            cases = (f"WHEN {code} THEN '{word}'" for code, word in enumerate(quoted))
            cell = f"CASE {cell} {' '.join(cases)} END"
        elif np.issubdtype(values.dtype, np.floating):
            cell = f"CASE WHEN isnan({cell}) THEN NULL ELSE {cell} END"
        elif (values == NEVER).any():
            # the literal of the smallest int64 does not parse as one
            cell = f"NULLIF({cell}, (-9223372036854775807 - 1))"
        select.append(f'{cell} AS "{name}"')
    target = str(path).replace("'", "''")
    copy = f"COPY (SELECT {', '.join(select)} FROM columns) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
    with _plain_errors(path, "IOException"):
        connection = _connection()
        connection.register("columns", dict(table._columns))
        connection.execute(copy)
        connection.unregister("columns")


@contextmanager
def _plain_errors(path: Path, *failures: str) -> Iterator[None]:
    """The library's errors as Python's own: it has three ways to say Ctrl-C, and one of its own for a full disk.

    `failures` are the names of those that say that the file is at fault.
    """
    import duckdb

    try:
        yield
    except (duckdb.Error, RuntimeError) as problem:
        if "interrupt" in str(problem).lower():
            raise KeyboardInterrupt from problem
        if isinstance(problem, tuple(getattr(duckdb, name) for name in failures)):
            raise OSError(f"{path}: {problem}") from problem
        raise


def read_parquet(path: Path, words: Mapping[str, Sequence[str]] | None = None) -> Table:
    """Read what `write_parquet` wrote, words turned back into codes and nulls into `NEVER` or NaN.

    Raises:
        OSError: there is no such file, or it is no Parquet.
    """
    words = words or {}
    # a file that is cut short or overwritten is met with any of several errors
    with _plain_errors(path, "Error"):
        columns = _connection().execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchnumpy()
    table: dict[str, npt.NDArray[np.generic]] = {}
    for name, values in columns.items():
        if name in words:
            code = {word: number for number, word in enumerate(words[name])}
            table[name] = np.array([code.get(value, NEVER) for value in values.tolist()], dtype=np.int64)
        elif np.issubdtype(values.dtype, np.floating):
            table[name] = np.ma.filled(values.astype(np.float64), np.nan)
        else:
            table[name] = np.ma.filled(np.ma.asarray(values).astype(np.int64), NEVER)
    return Table(table)


@lru_cache(maxsize=1)
def _connection() -> duckdb.DuckDBPyConnection:
    """The one of this process: opening one costs as much as writing a table."""
    import duckdb

    # one thread: row order, and with it the file's bytes, never depend on the machine
    return duckdb.connect(":memory:", config={"threads": 1})
