"""Tables go into Parquet and come back, to the byte."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from sim.schemas import CONTACTS, NEVER
from sim.tables import Table, read_parquet, ticks_to_seconds, write_parquet

WORDS = {"channel": ("phone", "it's e-mail")}


def _table() -> Table:
    return Table(
        {
            "issue": np.array([0, 1, 2**62], dtype=np.int64),
            "channel": np.array([1, NEVER, 0], dtype=np.int64),
            "answered": np.array([-5, NEVER, 7], dtype=np.int64),
            "share": np.array([0.25, np.nan, 1.0]),
        }
    )


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    """Integers, empty cells, words with quotes and NaN survive the round trip, as do the smallest and largest times."""
    write_parquet(_table(), tmp_path / "t.parquet", WORDS)
    back = read_parquet(tmp_path / "t.parquet", WORDS)
    assert back.names == _table().names
    for name in back.names:
        np.testing.assert_array_equal(back[name], _table()[name])


def test_an_empty_cell_is_null_and_a_code_is_a_word(tmp_path: Path) -> None:
    """Whoever reads the file without us sees nulls and words, never our codes."""
    write_parquet(_table(), tmp_path / "t.parquet", WORDS)
    rows = duckdb.sql(f"SELECT * FROM '{tmp_path / 't.parquet'}'").fetchall()
    assert rows == [(0, "it's e-mail", -5, 0.25), (1, None, None, None), (2**62, "phone", 7, 1.0)]


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    """Written twice, a table is the same file."""
    for name in ("a", "b"):
        write_parquet(_table(), tmp_path / name, WORDS)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_an_empty_table_keeps_its_columns(tmp_path: Path) -> None:
    """A replication without a single contact is a file with all columns and no row."""
    empty = Table({column.name: np.zeros(0, dtype=np.int64) for column in CONTACTS})
    write_parquet(empty, tmp_path / "t.parquet")
    back = read_parquet(tmp_path / "t.parquet")
    assert len(back) == 0
    assert back.names == empty.names


def test_a_file_that_cannot_be_written_is_an_oserror(tmp_path: Path) -> None:
    """A missing folder is reported as what it is, whatever the library calls it."""
    with pytest.raises(OSError, match="nowhere"):
        write_parquet(_table(), tmp_path / "nowhere" / "t.parquet", WORDS)


def test_columns_have_one_length() -> None:
    """Columns of different lengths are no table."""
    with pytest.raises(ValueError, match="different lengths"):
        Table({"a": np.zeros(1, dtype=np.int64), "b": np.zeros(2, dtype=np.int64)})


def test_never_is_not_a_number_of_seconds() -> None:
    """What never happened is NaN seconds, and a tick is a millisecond."""
    np.testing.assert_array_equal(ticks_to_seconds(np.array([1500, NEVER])), [1.5, np.nan])


def test_every_column_is_described() -> None:
    """The schema names each column once, with unit and meaning; only nullable ones speak of being empty."""
    assert len({column.name for column in CONTACTS}) == len(CONTACTS)
    for column in CONTACTS:
        assert column.unit
        assert column.meaning
        assert ("empty" in column.meaning) == column.nullable, column.name


@pytest.mark.parametrize("harm", ["none of it", "cut short", "overwritten", "within"])
def test_a_file_that_is_harmed_cannot_be_read(harm: str, tmp_path: Path) -> None:
    """A file that is no Parquet, or a part of one, is met with `OSError`, which names it."""
    path = tmp_path / "t.parquet"
    write_parquet(_table(), path, WORDS)
    whole = path.read_bytes()
    path.write_bytes(
        {
            "none of it": b"",
            "cut short": whole[: len(whole) // 2],
            "overwritten": b"x" * len(whole),
            "within": whole[:4] + b"x" * (len(whole) - 12) + whole[-8:],
        }[harm]
    )
    with pytest.raises(OSError, match=r"t\.parquet"):
        read_parquet(path, WORDS)
