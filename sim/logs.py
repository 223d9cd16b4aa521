"""A log of real calls, as a CSV file with one row a call, becomes arrays.

`LogColumns` says which header holds what, so any export can be read without being rewritten. What the log lacks, the
caller has to supply; what it shows of the desk is in `sim.observed`. Times are the wall clock of the log, so a day has
24 hours even where clocks change.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from sim.errors import Mistake, ScenarioError, UsageError, did_you_mean
from sim.tables import Array, Floats

LARGEST = 256 << 20
"""Bytes of a log: a year of a large centre is a tenth of that."""

MOST_DAYS = 400

SHOWN = 20
"""At most this many kinds of mistakes of a log are listed; the others are counted."""

_TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?")
_DAY_FIRST = re.compile(r"[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2}([0-9]{2})?\b.*")
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]*)?")


@dataclass(frozen=True)
class LogColumns:
    """Which header of a log holds what. Only `arrival` is needed; None is a column that the log does not have."""

    arrival: tuple[str, ...]
    """Date and time, in one column or in several that are joined by a space: 1999-01-31 and 08:05 or 08:05:30."""
    delay: str | None = None
    """Seconds from arrival until the call enters the queue, such as those in a voice menu. May be negative: systems
    whose clocks differ log such calls, and they are real."""
    intent: str | None = None
    wait: str | None = None
    """Seconds in the queue, until answered or until the customer left."""
    outcome: str | None = None
    service: str | None = None
    """Seconds with the agent; may be empty where it is not known."""
    agent: str | None = None
    answered: tuple[str, ...] = ()
    """Values of `outcome` that mean answered. One that is neither here, in `abandoned` nor in `leave_out` is a mistake:
    a word misspelt in the mapping would else lose most of the log unseen."""
    abandoned: tuple[str, ...] = ()
    leave_out: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Rows to leave out: a column, and the values of it that do not count; an empty cell is the value ''."""
    abandoned_without_wait: Literal["keep", "leave_out"] = "keep"
    """Who hung up after 0 s never queued: such a row is an exit from the voice menu."""

    def named(self) -> tuple[str, ...]:
        """Every header that the mapping names, once."""
        single = (self.delay, self.intent, self.wait, self.outcome, self.service, self.agent)
        names = (*self.arrival, *(name for name in single if name), *(name for name, _ in self.leave_out))
        return tuple(dict.fromkeys(names))


@dataclass(frozen=True)
class Account:
    """What became of the rows of a log."""

    file: str
    rows_read: int
    calls: int
    """Rows that count."""
    left_out: dict[str, int]
    """Why the others do not, and how many for each reason, the most frequent first; all sum to `rows_read`."""

    def __str__(self) -> str:
        return f"{self.rows_read:,} rows read, {self.calls:,} calls; left out: {_reasons(self.left_out)}"


def _reasons(left_out: Mapping[str, int]) -> str:
    return ", ".join(f"{rows:,} because {reason}" for reason, rows in left_out.items()) or "none"


@dataclass(frozen=True, eq=False)
class Log:
    """The calls of a log that count, in the order of the file: one element of every array is one call.

    Times are seconds after midnight of `starts`. Codes point into the tuple of names beside them, which is in
    alphabetical order; -1 is none.
    """

    file: str
    starts: date
    """The day of the first call that counts."""
    days: int
    """From the first to the last day with a call that counts, both included."""
    arrived: Floats
    entered: Floats
    """When the call entered the queue: arrival + delay."""
    intent: Array
    intents: tuple[str, ...]
    service: Floats
    """Seconds with the agent; NaN where the log has none, and for everybody who abandoned."""
    observed_wait: Floats
    """Seconds in the queue; NaN where the log has no such column."""
    answered: npt.NDArray[np.bool_] | None
    """True answered, False abandoned; None where the log has no outcomes."""
    agent: Array
    agents: tuple[str, ...]
    rows_read: int
    left_out: dict[str, int]
    """Why rows do not count, and how many for each reason: rows_read = len(log) + the sum of these."""

    def __len__(self) -> int:
        return len(self.arrived)

    @property
    def account(self) -> Account:
        return Account(self.file, self.rows_read, len(self), self.left_out)


class _Call(NamedTuple):
    arrived: datetime
    delay: float
    intent: str
    wait: float
    answered: bool
    service: float
    agent: str


class _Row(NamedTuple):
    line: int
    """The line it starts on, from 1."""
    cells: list[str]


def read_log(path: Path, columns: LogColumns) -> Log:
    """Read a log of calls: CSV in UTF-8, separated by commas, semicolons or tabs (the header line tells).

    A row is left out, and counted by reason, where `leave_out` names one of its values, or where somebody hung up after
    0 s and the mapping says to leave those out. Only the rows that count have to make sense. Empty lines are skipped;
    spaces around a value do not belong to it.

    Raises:
        UsageError: there is no such file, or it cannot be opened.
        ScenarioError: everything that is wrong with it, at most 20 mistakes and the number of the others. What is wrong
            in the same way with a column in many rows is one mistake, at the first of them.
    """
    reader = _Reader(str(path), columns, _lines(path))
    calls = list(reader.calls())
    reader.raise_mistakes()
    if not calls:
        hint = f"left out: {_reasons(reader.left_out)}" if reader.left_out else "the file has a header and no rows"
        raise ScenarioError([Mistake(reader.file, 1, 1, "", "no call to replay", hint)])
    return _as_log(reader, calls)


def _lines(path: Path) -> list[str]:
    """The lines of a file with their ends, split where the csv module splits them."""
    try:
        if path.exists() and not path.is_file():
            raise UsageError(f"{path}: not a file of its own", "give the path of the CSV log")
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{path}: larger than {LARGEST >> 20} MiB", "cut the log to the weeks that matter")
        content = path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file", "give the path of the CSV log") from None
    except OSError as problem:
        raise UsageError(f"{path}: cannot be read: {problem.strerror}", "give the path of the CSV log") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        hint = "save it as UTF-8 (spreadsheets often write Windows-1252, also called cp1252)"
        raise ScenarioError([Mistake(str(path), line, 1, "", "not UTF-8 text", hint)]) from None
    return list(io.StringIO(text, newline=""))


@dataclass
class _Reader:
    """One pass over a log; collects its mistakes and the reasons why rows are left out."""

    file: str
    columns: LogColumns
    lines: list[str]
    rows_read: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    mistakes: dict[tuple[str, str], Mistake] = field(default_factory=dict)
    """The first of each kind, by header and kind."""
    found: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How many rows have each kind."""
    strange: dict[str, _Row] = field(default_factory=dict)
    """The first row of each outcome that the mapping does not know."""
    strangers: Counter[str] = field(default_factory=Counter)
    delimiter: str = ","
    place: dict[str, int] = field(default_factory=dict)
    """Header to position in the row."""

    def calls(self) -> Iterator[_Call]:
        """Every call that counts. After a mistake the rest is still read, to find the other mistakes."""
        rows = self._rows()
        header = next(rows, None)
        if header is None:
            if not self.mistakes:
                self._wrong(_Row(1, []), "", "the file is empty", "a log is a CSV file with a header line")
            return
        self._check_header(header)
        if self.mistakes:
            return
        for row in rows:
            self.rows_read += 1
            if len(row.cells) != len(header.cells):
                what = f"{len(row.cells)} values under {len(header.cells)} headers"
                hint = "a separator within a value needs quotes; numbers are written with a decimal point"
                self._wrong(row, "", what, hint, kind=hint)
            elif call := self._call(row):
                yield call
        self._judge_outcomes()

    def raise_mistakes(self) -> None:
        """Raise what is wrong, in the order of the file."""
        found = [_with_others(first, self.found[kind] - 1) for kind, first in self.mistakes.items()]
        found.sort(key=Mistake.order)
        if len(found) > SHOWN:
            others = f"… and {len(found) - SHOWN} more"
            found[SHOWN:] = [Mistake(self.file, found[SHOWN].line, found[SHOWN].column, "", others)]
        if found:
            raise ScenarioError(found)

    def _rows(self) -> Iterator[_Row]:
        """The rows that are not empty. A quoted value may hold line ends, so rows are not lines."""
        first = next((line for line in self.lines if line.strip()), "")
        self.delimiter = max(",;\t", key=first.count)
        rows = csv.reader(self.lines, delimiter=self.delimiter, strict=True)
        line = 1
        try:
            for cells in rows:
                if any(map(str.strip, cells)):
                    yield _Row(line, cells)
                line = rows.line_num + 1
        except csv.Error as problem:
            self._wrong(_Row(line, []), "", f"not CSV: {problem}", "look for a quotation mark that is never closed")

    def _check_header(self, header: _Row) -> None:
        names = [name.strip() for name in header.cells]
        self.place = {name: position for position, name in enumerate(names)}
        for name in self.columns.named():
            if name not in self.place:
                near = did_you_mean(name, names)
                listed = f"the headers are: {', '.join(names)}"
                self._wrong(header, "", f"no column '{name}'", f"{near} {listed}" if near.endswith("?") else listed)
            elif names.count(name) > 1:
                self._wrong(header, name, f"{names.count(name)} columns are called '{name}'", "rename all but one")
        exits = self.columns.abandoned_without_wait == "leave_out"
        if exits and not (self.columns.wait and self.columns.outcome):
            hint = "name the columns of wait and outcome, or keep these calls"
            self._wrong(header, "", "the mapping cannot tell who abandoned without wait", hint)

    def _call(self, row: _Row) -> _Call | None:
        """One row as a call; None where it is left out or wrong."""
        columns, mistakes = self.columns, self.found.total()
        reason = self._left_out(row)
        if reason:
            self.left_out[reason] += 1
            return None
        outcome = self._cell(row, columns.outcome)
        answered = columns.outcome is None or outcome in columns.answered
        if not answered and outcome not in columns.abandoned:
            self.strange.setdefault(outcome, row)
            self.strangers[outcome] += 1
            return None
        wait = self._seconds(row, columns.wait, missing=np.nan)
        if wait == 0 and not answered and columns.abandoned_without_wait == "leave_out":
            self.left_out["abandoned without wait"] += 1
            return None
        has_service = answered and columns.service and self._cell(row, columns.service)
        call = _Call(
            arrived=self._timestamp(row),
            delay=self._seconds(row, columns.delay, missing=0.0, signed=True),
            intent=self._cell(row, columns.intent),
            wait=wait,
            answered=answered,
            service=self._seconds(row, columns.service, missing=np.nan) if has_service else np.nan,
            agent=self._cell(row, columns.agent) if answered else "",
        )
        if columns.intent and not call.intent:
            self._wrong(row, columns.intent, "no intent", "fill it in, or leave out the rows where it is empty")
        return call if self.found.total() == mistakes else None

    def _left_out(self, row: _Row) -> str:
        """Why a row does not count; empty where it may."""
        for name, values in self.columns.leave_out:
            value = self._cell(row, name)
            if value in values:
                return f"{name} is {value or 'empty'}"
        return ""

    def _judge_outcomes(self) -> None:
        """Note the outcomes that the mapping does not know, each once."""
        columns = self.columns
        for outcome, rows in self.strangers.items():
            near = did_you_mean(outcome, columns.answered + columns.abandoned)
            near += ";" * near.startswith("known")
            hint = " ".join((near, "list it under leave_out if its rows do not count")).strip()
            what = f"'{outcome}' is neither answered nor abandoned, in {rows:,} row{'s' * (rows != 1)}"
            self._wrong(self.strange[outcome], columns.outcome or "", what, hint)

    def _cell(self, row: _Row, name: str | None) -> str:
        return row.cells[self.place[name]].strip() if name else ""

    def _seconds(self, row: _Row, name: str | None, *, missing: float, signed: bool = False) -> float:
        """The seconds in a cell, at least 0 unless `signed`; `missing` where the log has no such column."""
        if name is None:
            return missing
        cell = self._cell(row, name)
        if _NUMBER.fullmatch(cell.removeprefix("-") if signed else cell):
            return float(cell)
        what, hint = _not_seconds(cell)
        self._wrong(row, name, what, hint, kind=what.removeprefix(f"'{cell}'"))
        return missing

    def _timestamp(self, row: _Row) -> datetime:
        cell = " ".join(self._cell(row, name) for name in self.columns.arrival)
        what, hint = f"'{cell}' is not a date and time", "write them as 1999-01-31 08:05:30, in local time"
        if _TIMESTAMP.fullmatch(cell):
            try:
                return datetime.fromisoformat(cell)
            except ValueError as problem:
                what, hint = f"{what}: {problem}", "correct it, or leave the row out"
        elif _DAY_FIRST.fullmatch(cell):
            hint = "write the year first: 31/01/2026 as 2026-01-31"
        self._wrong(row, self.columns.arrival[0], what, hint, kind=hint)
        return datetime.min

    def _wrong(self, row: _Row, name: str, what: str, hint: str, *, kind: str = "") -> None:
        """Note a mistake; where one of that kind (by default: of those words) is known of the column, just count it.

        Its column is that of the cell where the line is just cells and separators, else 1.
        """
        alike = (name, kind or what)
        self.found[alike] += 1
        if alike in self.mistakes:
            return
        column = 1
        if name in self.place and self.delimiter.join(row.cells) == self.lines[row.line - 1].rstrip("\r\n"):
            before = row.cells[: self.place[name]]
            column += sum(map(len, before)) + len(before)
        self.mistakes[alike] = Mistake(self.file, row.line, column, name, what, hint)


def _with_others(first: Mistake, more: int) -> Mistake:
    """A mistake, and how many rows have one like it."""
    if not more:
        return first
    return replace(first, hint=f"{first.hint} (and {more:,} more row{'s' * (more != 1)} like it)")


def _not_seconds(cell: str) -> tuple[str, str]:
    """What is wrong with a cell that should hold seconds, and what to write instead."""
    if not cell:
        return "no number of seconds", "fill it in, or leave the row out"
    if _NUMBER.fullmatch(cell.removeprefix("-")):
        return f"'{cell}' is negative", "seconds count from 0"
    point = cell.replace(",", ".", 1)
    if _NUMBER.fullmatch(point):
        return f"'{cell}' is not a number", f"write {point}, with a decimal point"
    return f"'{cell}' is not a number of seconds", "write a plain number such as 95 or 95.5"


def _as_log(reader: _Reader, calls: list[_Call]) -> Log:
    arrivals, delays, intents, waits, answered, services, agents = zip(*calls, strict=True)
    starts, last = min(arrivals).date(), max(arrivals).date()
    if (last - starts).days >= MOST_DAYS:
        raise ScenarioError(
            [
                Mistake(
                    reader.file, 0, 0, ", ".join(reader.columns.arrival),
                    f"the log runs from {starts} to {last}, more than {MOST_DAYS} days",
                    "look for a mistyped date, or cut the log",
                )
            ]
        )  # fmt: skip
    midnight = datetime.combine(starts, datetime.min.time())
    arrived = np.array([(arrival - midnight) / timedelta(seconds=1) for arrival in arrivals])
    intent, intent_names = _codes(intents)
    agent, agent_names = _codes(agents)
    return Log(
        file=reader.file,
        starts=starts,
        days=(last - starts).days + 1,
        arrived=arrived,
        entered=arrived + np.array(delays),
        intent=intent,
        intents=intent_names,
        service=np.array(services),
        observed_wait=np.array(waits),
        answered=np.array(answered) if reader.columns.outcome else None,
        agent=agent,
        agents=agent_names,
        rows_read=reader.rows_read,
        left_out=dict(sorted(reader.left_out.items(), key=lambda reason: (-reason[1], reason[0]))),
    )


def _codes(words: tuple[str, ...]) -> tuple[Array, tuple[str, ...]]:
    """Words as positions in their alphabetical list; -1 for the empty word."""
    names = tuple(sorted(set(words) - {""}))
    code = {name: number for number, name in enumerate(names)}
    return np.array([code.get(word, -1) for word in words], dtype=np.int64), names


def log_digest(log: Log) -> str:
    """SHA-256, in hex, of the calls that count: equal for equal calls, whatever the file and its columns are called."""
    digest = sha256(repr((log.starts.isoformat(), log.days, log.intents, log.agents)).encode())
    answered = np.full(len(log), -1) if log.answered is None else log.answered
    for values in (log.arrived, log.entered, log.intent, log.service, log.observed_wait, answered, log.agent):
        digest.update(values.astype("<f8").tobytes())
    return digest.hexdigest()
