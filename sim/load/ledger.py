"""The books of a load test, as they are written: what was about to be sent, and then what came of it.

One file a process, rows of JSON, only ever added to. A row is one `write()`, so a killed process loses none that was
written, and at most its last one is torn. An intent is written before the request it stands for: whatever reaches the
desk is in the books, and where the books cannot be written, nothing is sent. Every second the rows go to the disk, from
a thread of the operating system: in a process that gevent has patched, a greenlet's fsync would hold up every customer.
"""

from __future__ import annotations

import _thread
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from sim.errors import CannotWrite

Write = Literal["create", "reply", "chase", "close", "rate", "take", "answer", "ask", "resolve"]
Read = Literal["poll", "list", "search", "mailbox"]
Wire = Literal["rest", "email"]

COLUMNS = frozenset(
    ("issue", "attempt", "channel", "cause", "offered", "outcome", "answered", "taken", "ended", "freed", "answer",
     "resolved", "asked", "replied", "announced", "chasers", "retained", "group", "agent", "seen", "detected")
)  # fmt: skip
"""What a contact row says: columns of the contacts table (ticks or null), the tick at which the customer saw the answer
and the lag of detection."""

LONGEST = 300
"""Characters of a reason that are kept: a desk may answer with a page."""


class Delivery(StrEnum):
    """What became of a contact that was due. Every contact has exactly one."""

    SENT = "sent"
    CREATED_DESPITE_ERROR = "created-despite-error"
    FAILED = "failed"
    DROPPED = "dropped"
    """The generator gave it up."""
    SKIPPED = "skipped"
    """The desk has no such channel."""
    NOT_SENT = "not-sent"
    """Of what has no delivery row: it is never written."""
    ENTERED = "entered"
    """Simulated: the channel has no wire."""


class LedgerBroken(CannotWrite):
    """The books cannot be written: nothing more may be sent."""


class Ledger:
    """One process's books: ``ledger-K.jsonl`` of worker K, mode 0600.

    Made by the process that writes it, after any fork: the thread that brings it to the disk does not survive one.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time, *, again: bool = False) -> None:
        """
        Args:
            clock: epoch seconds, for each row's `at`.
            again: go on with a file that may be there; a torn last line of it is cut off. Else it must not be.

        Raises:
            CannotWrite: no such folder, no permission, or the file is there already.
        """
        self.path = path
        self.broken = ""
        """Why nothing can be written any more; empty while it can."""
        self._clock = clock
        self._name = path.stem.removeprefix("ledger-")
        self._intents = 0
        self._encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
        try:
            if again:
                _cut_torn_line(path)
            how = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | (0 if again else os.O_EXCL)
            self._file: int | None = os.open(path, how, 0o600)
        except OSError as problem:
            raise CannotWrite(f"{path}: {problem.strerror}", "the books of a load test need a place") from problem
        self._unsaved = False
        self._stop, self._ended = _real_lock(), _real_lock()
        self._stop.acquire()
        self._ended.acquire()
        _real("_thread", "start_new_thread")(self._save_each_second, ())

    # --- what a worker writes ---

    def start(self, *, run: str, worker: int, n: int, digest: str, t0: float, speed: float, offset: float) -> None:
        """The first row: worker `worker` of `n`, the plan's digest, t0 in epoch seconds, the clock's offset in s."""
        self._write("start", run=run, worker=worker, n=n, digest=digest, t0=t0, speed=speed, offset=offset)

    def intent(self, c: str, step: Write, *, wire: Wire, channel: str, due: float | None, trace: str) -> str:
        """Before each write to the desk. Returns the intent's id, for its outcomes.

        Args:
            c: the contact, as in "17.1".
            due: epoch seconds, None for what was not due at a time.

        Raises:
            LedgerBroken: the row could not be written: do not send.
        """
        self._intents += 1
        name = f"{self._name}-{self._intents}"
        self._write("intent", id=name, c=c, step=step, wire=wire, channel=channel, due=due, trace=trace)
        if self.broken:
            raise LedgerBroken(self.broken, "nothing more is sent")
        return name

    def outcome(
        self,
        intent: str,
        *,
        ok: bool,
        ms: float | None,
        ticket: str | None = None,
        status: int | None = None,
        kind: str = "",
        what: str = "",
        exists: bool | None = None,
        tries: int = 1,
        retried: bool = False,
    ) -> None:
        """What came of one try of an intent. The rest says more of a failure.

        Args:
            ms: from sending; None where nothing was sent.
            ticket: None where the desk has not told it (yet). A failed create has one if it `exists`.
            kind: a `protocol.Kind`.
            exists: whether the desk did it all the same; None: not known.
            tries: how many there were, this one included.
            retried: another try follows, with an outcome of its own.
        """
        trouble: dict[str, Any] = {}
        if not ok:
            trouble = {"kind": kind, "what": what[:LONGEST], "exists": exists, "tries": tries}
            trouble |= {"retried": True} if retried else {}
        self._write("outcome", id=intent, ok=ok, ticket=ticket, status=status, ms=_short(ms), **trouble)

    def step(
        self, c: str, step: Read, *, ms: float, ok: bool, kind: str | None = None, ticket: str | None = None
    ) -> None:
        """A reading request, or a look into a mailbox, is over; `ticket`: what a mail has become."""
        told = {} if ticket is None else {"ticket": ticket}
        self._write("step", c=c, step=step, ms=_short(ms), ok=ok, kind=kind, **told)

    def delivery(
        self,
        c: str,
        delivery: Delivery,
        *,
        cause: str,
        channel: str,
        ticket: str | None = None,
        due: float | None = None,
        lag: float | None = None,
        late: bool = False,
    ) -> None:
        """What became of a contact: exactly one row each, by who was responsible. `lag` in wall seconds after `due`."""
        if delivery is Delivery.NOT_SENT:
            raise ValueError("what was not sent has no delivery row")
        self._write(
            "delivery", c=c, cause=cause, channel=channel, delivery=delivery, ticket=ticket, due=due, lag=lag, late=late
        )  # fmt: skip

    def spawn(self, c: str, *, cause: str, channel: str, due: float) -> None:
        """The centre decides on a further contact, due at `due` (epoch seconds)."""
        self._write("spawn", c=c, cause=cause, channel=channel, due=due)

    def contact(self, c: str, columns: Mapping[str, Any]) -> None:
        """A contact as it now stands: all of `COLUMNS`. The last row of a contact holds."""
        if columns.keys() != COLUMNS:
            raise ValueError(f"not the columns of a contact: {sorted(columns.keys() ^ COLUMNS)}")
        self._write("contact", c=c, **columns)

    def foreign(self, ticket: str) -> None:
        """A ticket that is not of this run was offered to its agents, and refused."""
        self._write("foreign", ticket=ticket)

    def unmatched(self) -> None:
        """A mail that fits nobody."""
        self._write("unmatched")

    def deleted(self, ticket: str, *, ok: bool, what: str = "") -> None:
        """The clean-up deleted a ticket, or could not: `what` says why."""
        self._write("deleted", ticket=ticket, ok=ok, what=what[:LONGEST])

    def abort(self, why: str) -> None:
        """The run is broken off: more went wrong than the scenario lets (load.abort)."""
        self._write("abort", what=why)

    def done(self, worker: int) -> None:
        """The last row of a worker that has done all its share."""
        self._write("done", worker=worker)

    # --- the file ---

    def close(self) -> None:
        """Bring everything to the disk and close; a second time it does nothing."""
        if self._file is None:
            return
        self._stop.release()
        self._ended.acquire()
        self._save()
        os.close(self._file)
        self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _write(self, row: str, /, **values: Any) -> None:
        """One row, one `write()`. After the first that fails there is none: it would be glued to a torn one."""
        line = (self._encode({"t": row, "at": round(self._clock(), 6), **values}) + "\n").encode()
        if self.broken:
            return
        if self._file is None:
            self.broken = f"{self.path}: it is closed"
            return
        try:
            written = os.write(self._file, line)
        except OSError as problem:
            self.broken = f"{self.path}: {problem.strerror}"
            return
        if written < len(line):
            self.broken = f"{self.path}: {written} of {len(line)} bytes were written; the disk may be full"
        self._unsaved = True

    def _save_each_second(self) -> None:
        while not self._stop.acquire(True, 1.0):
            self._save()
        self._ended.release()

    def _save(self) -> None:
        if self._file is None or not self._unsaved:
            return
        # before the fsync: what is written meanwhile is for the next
        self._unsaved = False
        try:
            os.fsync(self._file)
        except OSError as problem:
            self.broken = self.broken or f"{self.path}: {problem.strerror}"


def _short(ms: float | None) -> float | None:
    return None if ms is None else round(ms, 3)


def _real(module: str, name: str) -> Any:
    """What the interpreter has under a name, also where gevent has put its own there."""
    monkey = sys.modules.get("gevent.monkey")
    return getattr(sys.modules[module], name) if monkey is None else monkey.get_original(module, name)


def _real_lock() -> _thread.LockType:
    lock: _thread.LockType = _real("_thread", "allocate_lock")()
    return lock


def _cut_torn_line(path: Path) -> None:
    """Cut off what follows the last line's end: a row after it would make one unreadable line of two."""
    if path.exists():
        os.truncate(path, path.read_bytes().rfind(b"\n") + 1)
