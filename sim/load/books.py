"""The books of a load test, read and judged: what became of every contact, and whether the run counts.

The law: planned + spawned = the sum over deliveries. A contact that the plan holds or that the centre decided on has
one delivery, and a delivery has such a contact; one without any was not sent. A run counts if our generator kept up:
what the desk does with what it is sent, failures included, is what was to be found out, and voids nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from sim.errors import CannotWrite, SimError, UsageError
from sim.helpdesks.protocol import Kind
from sim.load.ledger import Delivery

Row = Mapping[str, Any]

RECONCILE, CLEANUP = "reconcile", "cleanup"
"""The names of the ledgers that are written after the run; those of its workers are numbers."""

AT_ONCE = 0.250
"""Wall seconds by which a contact may always be sent after it was due."""
OF_THE_GAP = 0.1
LATE_SHARE = 0.001
CLOCKS = 0.050
"""Seconds by which the clocks of several hosts may differ."""
OF_THE_SHORTEST = 0.01

AWAY = frozenset((Kind.CONNECTION, Kind.TIMEOUT, Kind.DNS, Kind.TLS, Kind.SERVER))
"""How writes fail when the desk is away."""
WIRES = ("rest", "email")
"""On which contacts are sent to the desk."""
LOST_SHARE, LOST_SECONDS = 0.2, 30.0


# --- reading ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rows:
    """All rows of a run's ledgers, by type, each with the `file` it is from: "0" is ``ledger-0.jsonl``."""

    ledger: Path
    """The folder of the ledgers."""
    plan: Row
    """What ``plan.json`` says."""
    planned: tuple[Row, ...]
    written: Mapping[str, tuple[Row, ...]]

    def of(self, kind: str) -> tuple[Row, ...]:
        """The rows of a type ("intent"): worker after worker, each in the order of writing, then what came after."""
        return self.written.get(kind, ())


def read(folder: Path) -> Rows:
    """The ledgers and the plan of a run folder, finished or not, or of a folder with just a plan and its ledgers.

    Raises:
        UsageError: it is no such folder, or a worker ran another plan than the folder's.
        SimError: a row is damaged: which file and line. A torn last line is none: its writer was killed.
    """
    plans = folder / "plan" if (folder / "plan" / "plan.json").exists() else folder
    plan = _plan(plans / "plan.json", folder)
    ledger = folder / "ledger" if (folder / "ledger").is_dir() else folder
    written: dict[str, list[Row]] = {}
    for path in sorted(ledger.glob("ledger-*.jsonl"), key=_order):
        for number, row in _lines(path):
            row["file"] = _name(path)
            if not isinstance(row.get("t"), str):
                raise _damaged(path, number)
            written.setdefault(row["t"], []).append(row)
    for start in written.get("start", []):
        if (start["digest"], start["run"]) != (plan["digest"], plan["run"]):
            what = f"{ledger / ('ledger-' + start['file'] + '.jsonl')} is of another plan than {plans}"
            raise UsageError(what, "a run folder of another digest: books and plan must be of one run")
    planned = tuple(row for _, row in _lines(plans / "rows.jsonl", torn=False))
    return Rows(ledger, plan, planned, {kind: tuple(rows) for kind, rows in written.items()})


def _plan(path: Path, folder: Path) -> Row:
    try:
        plan = json.loads(path.read_text(encoding="utf-8"))
        return {**plan, "run": plan["run"], "digest": plan["digest"], "speed": plan["speed"], "window": plan["window"]}
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError) as problem:
        raise UsageError(f"{folder} is no run of sim load: no readable plan.json", "name its folder") from problem


def _name(path: Path) -> str:
    return path.stem.removeprefix("ledger-")


def _order(path: Path) -> tuple[bool, int, str]:
    """Workers by their number, then reconcile and clean-up, whose word is later."""
    name = _name(path)
    return (not name.isdecimal(), int(name) if name.isdecimal() else 0, path.name if name != RECONCILE else "")


def _lines(path: Path, *, torn: bool = True) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of a file with the numbers of their lines. `torn`: what follows the last line's end is passed over."""
    try:
        *lines, rest = path.read_bytes().split(b"\n")
    except OSError as problem:
        raise UsageError(f"{path} cannot be read: {problem.strerror}", "is it a run of sim load?") from problem
    if rest and not torn:
        raise _damaged(path, len(lines) + 1)
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
        except ValueError as problem:
            raise _damaged(path, number) from problem
        if not isinstance(row, dict):
            raise _damaged(path, number)
        yield number, row


def _damaged(path: Path, number: int) -> SimError:
    return SimError(f"{path}:{number}: the row is damaged", "the books cannot be trusted from there on")


# --- what became of each contact -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """What became of one contact, "17.1": issue 17, attempt 1."""

    c: str
    planned: bool
    """Or spawned by the centre, or (which breaks the books) neither."""
    cause: str
    channel: str
    delivery: Delivery
    due: float | None
    """Epoch seconds."""
    lag: float | None
    """Wall seconds from due to sent."""
    late: bool
    ticket: str | None
    tickets: tuple[str, ...]
    """All that creates of it have made: more than one if it was made twice."""
    tries: int
    """How often its create was sent, as far as its outcomes tell."""


class Books:
    """The rows, added up."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.run: str = rows.plan["run"]
        self.speed: float = rows.plan["speed"]
        self.t0: float | None = rows.of("start")[0]["t0"] if rows.of("start") else None
        self.intents: dict[str, Row] = {row["id"]: row for row in rows.of("intent")}
        self.outcomes: dict[str, list[Row]] = {}
        """Of each intent, in the order of its tries; what reconcile found out comes last."""
        for row in rows.of("outcome"):
            self.outcomes.setdefault(row["id"], []).append(row)
        self.contacts: dict[str, Row] = {row["c"]: row for row in rows.of("contact")}
        """The last row of each contact that the centre followed."""
        self.late_after = late_after([row["due"] / 1000 / self.speed for row in rows.planned if row["wire"] in WIRES])
        """From which lag on a contact is late, in wall seconds."""
        self._planned = [f"{row['issue']}.1" for row in rows.planned]
        self._spawned = [row["c"] for row in rows.of("spawn")]
        self.aborted: Row | None = next(iter(rows.of("abort")), None)
        """Why and when the run was broken off, if the scenario's `load.abort` did so."""
        self.mailed: dict[str, Row] = {row["c"]: row for row in rows.of("step") if row.get("ticket")}
        """By contact that went by mail, where its ticket was found."""
        deliveries, twice = _deliveries(rows.of("delivery"))
        self.entries: dict[str, Entry] = {entry.c: entry for entry in self._entries(deliveries)}
        """By contact: those of the plan, then those spawned, then those nobody asked for."""
        known = {*self._planned, *self._spawned}
        self.breaks: tuple[str, ...] = (
            *(f"{c} was delivered {times} times" for c, times in twice.items()),
            *(f"{c} was delivered, and neither planned nor spawned" for c in deliveries if c not in known),
            *(f"{c} was asked for {times} times" for c, times in _repeated([*self._planned, *self._spawned]).items()),
        )
        """What breaks the law, in words."""

    @property
    def balanced(self) -> bool:
        """Whether planned + spawned = the sum over deliveries, contact by contact."""
        return not self.breaks

    @property
    def planned(self) -> int:
        return len(self._planned)

    @property
    def spawned(self) -> int:
        return len(self._spawned)

    def count(self, *deliveries: Delivery) -> int:
        return sum(entry.delivery in deliveries for entry in self.entries.values())

    def by_channel(self) -> dict[str, Counter[Delivery]]:
        """How many contacts of each channel had which delivery."""
        counts: dict[str, Counter[Delivery]] = {}
        for entry in self.entries.values():
            counts.setdefault(entry.channel, Counter())[entry.delivery] += 1
        return counts

    def open_intents(self) -> list[Row]:
        """What was about to be sent, or to be tried again, and never heard of again."""
        return [row for name, row in self.intents.items() if self._last(name) is None]

    def creates(self) -> Iterator[tuple[Row, Row | None]]:
        """Each intent to create, and what came of it in the end: None where it is not known."""
        return ((row, self._last(name)) for name, row in self.intents.items() if row["step"] == "create")

    def twice(self) -> dict[str, tuple[str, ...]]:
        """The contacts that are more than one ticket."""
        return {c: entry.tickets for c, entry in self.entries.items() if len(entry.tickets) > 1}

    def tickets(self) -> dict[str, float]:
        """All tickets that this run has made, as far as the books tell, and when (epoch seconds)."""
        made: dict[str, float] = {}
        for row in (*self._made(), *self.rows.of("delivery"), *self.mailed.values()):
            if row.get("ticket"):
                made[row["ticket"]] = min(row["at"], made.get(row["ticket"], row["at"]))
        return made

    @property
    def foreign(self) -> int:
        return len(self.rows.of("foreign"))

    @property
    def unmatched(self) -> int:
        return len(self.rows.of("unmatched"))

    def wall(self, tick: float) -> float | None:
        """A tick of the scenario in epoch seconds; None where no worker has started."""
        return None if self.t0 is None else self.t0 + (tick - self.rows.plan["window"][0]) / 1000 / self.speed

    def _last(self, intent: str) -> Row | None:
        outcomes = self.outcomes.get(intent)
        return outcomes[-1] if outcomes and not outcomes[-1].get("retried") else None

    def _made(self) -> Iterator[Row]:
        return (row for intent, _ in self.creates() for row in self.outcomes.get(intent["id"], ()))

    def _entries(self, deliveries: Mapping[str, Row]) -> Iterator[Entry]:
        tickets: dict[str, list[str]] = {}
        tries: Counter[str] = Counter()
        for row in self._made():
            c = self.intents[row["id"]]["c"]
            tries[c] += row["file"] != RECONCILE
            if row.get("ticket") and row["ticket"] not in tickets.setdefault(c, []):
                tickets[c].append(row["ticket"])
        asked = {row["c"]: {**row, "planned": False} for row in self.rows.of("spawn")}
        asked = {c: self._first(row) for c, row in zip(self._planned, self.rows.planned, strict=True)} | asked
        for c in dict.fromkeys((*asked, *deliveries)):
            ask, row = asked.get(c, {}), deliveries.get(c, {})
            made = tuple(tickets.get(c, ()))
            yield Entry(
                c=c,
                planned=ask.get("planned", False),
                cause=ask.get("cause") or row["cause"],
                channel=ask.get("channel") or row["channel"],
                delivery=Delivery(row.get("delivery", Delivery.NOT_SENT)),
                due=row.get("due") or ask.get("due"),
                lag=row.get("lag"),
                late=row.get("late", False),
                ticket=row.get("ticket") or self.mailed.get(c, {}).get("ticket") or (made[-1] if made else None),
                tickets=made,
                tries=tries[c],
            )

    def _first(self, row: Row) -> dict[str, Any]:
        return {"planned": True, "cause": "first", "channel": row["channel"], "due": self.wall(row["due"])}


def _deliveries(rows: Iterable[Row]) -> tuple[dict[str, Row], dict[str, int]]:
    """The delivery of each contact, what reconcile found out in place of what was believed; which had several."""
    rows = tuple(rows)
    found = {row["c"]: row for row in rows if row["file"] == RECONCILE}
    believed = [row["c"] for row in rows if row["file"] != RECONCILE]
    return {row["c"]: row for row in rows} | found, _repeated(believed)


def _repeated(keys: Iterable[str]) -> dict[str, int]:
    return {key: times for key, times in Counter(keys).items() if times > 1}


# --- the judgement ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Validity:
    """Whether our generator kept its promise, with the figures. Lags are wall seconds."""

    reasons: tuple[str, ...]
    """Why the run is void; empty where it is valid."""
    rows: int
    """Contacts that were to be sent to the desk."""
    late: int
    allowed: int
    late_after: float
    p50_lag: float | None
    p99_lag: float | None
    speed: float

    @property
    def valid(self) -> bool:
        return not self.reasons

    def fit_for_agreement(self, shortest: float) -> bool:
        """Whether lags are small beside what is compared: p99 lag × speed ≤ 1 % of the shortest duration.

        Args:
            shortest: of the mean durations that are compared, in seconds of the scenario.
        """
        return self.valid and self.p99_lag is not None and self.p99_lag * self.speed <= OF_THE_SHORTEST * shortest


def late_after(due: Sequence[float]) -> float:
    """From which lag on a contact is late, in wall seconds: more than max(250 ms, 10 % of the mean gap).

    Args:
        due: the plan's rows that have a wire, of all shards, in wall seconds (from wherever).
    """
    if len(due) < 2:
        return AT_ONCE
    return max(AT_ONCE, OF_THE_GAP * (max(due) - min(due)) / (len(due) - 1))


def percentile(values: Iterable[float], share: float) -> float | None:
    """The smallest value that at least `share` of the values do not exceed; None where there are none."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered) - 1e-9) - 1)] if ordered else None


def validity(books: Books) -> Validity:
    """The judgement on a run, by the books alone."""
    limit = books.late_after
    due = [entry for entry in books.entries.values() if to_be_sent(entry, books)]
    late = sum(entry.late or (entry.lag or 0) > limit for entry in due)
    allowed = max(1, int(LATE_SHARE * len(due)))
    lags = [entry.lag for entry in due if entry.lag is not None]
    return Validity(
        reasons=(*_unsent(books), *_lateness(late, allowed, limit), *_workers(books), *_clocks(books), *_law(books)),
        rows=len(due),
        late=late,
        allowed=allowed,
        late_after=limit,
        p50_lag=percentile(lags, 0.5),
        p99_lag=percentile(lags, 0.99),
        speed=books.speed,
    )


def to_be_sent(entry: Entry, books: Books) -> bool:
    """Whether a contact was to reach the desk by the end of the run: a spawned one may be due after it."""
    if entry.delivery is not Delivery.NOT_SENT:
        return entry.delivery not in (Delivery.ENTERED, Delivery.SKIPPED)
    if any(each["name"] == entry.channel and each["wire"] not in WIRES for each in books.rows.plan.get("channels", ())):
        # one that a run which breaks off early had not entered yet
        return False
    if books.aborted is not None and entry.due is not None and entry.due > books.aborted["at"] - books.late_after:
        # nobody was to be sent any more
        return False
    end = books.wall(books.rows.plan["window"][1] + books.rows.plan.get("drain", 0))
    return entry.planned or end is None or entry.due is None or entry.due <= end


def _unsent(books: Books) -> Iterator[str]:
    unsent = sum(e.delivery is Delivery.NOT_SENT and to_be_sent(e, books) for e in books.entries.values())
    if unsent:
        yield f"{_contacts(unsent)} not sent"
    if dropped := books.count(Delivery.DROPPED):
        yield f"{_contacts(dropped)} dropped"


def _lateness(late: int, allowed: int, limit: float) -> Iterator[str]:
    if late > allowed:
        yield f"{_contacts(late)} more than {limit * 1000:,.0f} ms late; {allowed:,} may be"


def _workers(books: Books) -> Iterator[str]:
    starts = {row["worker"]: row for row in books.rows.of("start")}
    done = {row["worker"] for row in books.rows.of("done")}
    if not starts:
        yield "no worker has started"
    if len({row["n"] for row in starts.values()}) > 1:
        yield "the workers do not agree on how many they are"
    if any(row["digest"] != books.rows.plan["digest"] for row in starts.values()):
        yield "a worker had another plan"
    n = max((row["n"] for row in starts.values()), default=0)
    for worker in sorted({*range(n), *starts} - done):
        yield f"worker {worker} of {n} " + ("did not report that it is done" if worker in starts else "never started")


def _clocks(books: Books) -> Iterator[str]:
    offsets = [row["offset"] for row in books.rows.of("start") if row["offset"] is not None]
    spread = max(offsets, default=0.0) - min(offsets, default=0.0)
    if spread > CLOCKS:
        yield f"the workers' clocks differ by {spread * 1000:,.0f} ms; {CLOCKS * 1000:.0f} may be"


def _law(books: Books) -> Iterator[str]:
    if books.breaks:
        more = f", and {len(books.breaks) - 1:,} more" if len(books.breaks) > 1 else ""
        yield f"the books do not add up: {books.breaks[0]}{more}"


def _contacts(number: int) -> str:
    return "1 contact was" if number == 1 else f"{number:,} contacts were"


def lost(books: Books) -> bool:
    """Whether the desk was lost: the last writes of the run failed one and all, as they do where nobody is there.

    They are the last fifth of the writes (and at least ten, or all), or the last 30 s of them (and at least three).
    """
    writes = sorted((row for row in books.rows.of("outcome") if row["file"].isdecimal()), key=lambda row: row["at"])
    tail: list[Row] = []
    for row in reversed(writes):
        if row["ok"] or row["kind"] not in AWAY or row["exists"]:
            break
        tail.append(row)
    if not tail:
        return False
    began = tail[-1]["at"] - (tail[-1]["ms"] or 0) / 1000
    many = len(tail) >= min(10, len(writes)) and len(tail) >= LOST_SHARE * len(writes)
    return many or (len(tail) >= 3 and tail[0]["at"] - began >= LOST_SECONDS)


def exit_code(
    *, interrupted: bool = False, broken: bool = False, lost: bool = False, void: bool = False, missed: bool = False
) -> int:
    """The exit code of a load test, by precedence: 130, 1, 5, 4, 3, else 0.

    Args:
        interrupted: by Ctrl-C.
        broken: an internal error, or the books could not be written.
        lost: the desk refused, could not be reached, or went away in the middle.
        void: the generator could not keep up: not `Validity.valid`.
        missed: a threshold.
    """
    codes = (
        (interrupted, 130),
        (broken, CannotWrite.exit_code),
        (lost, 5),
        (void, 4),
        (missed, 3),
    )
    return next((code for true, code in codes if true), 0)
