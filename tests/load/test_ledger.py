"""The books are on the disk before anything is sent, and nothing is sent without them."""

from __future__ import annotations

import json
import math
import os
import signal
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sim.errors import CannotWrite
from sim.load.ledger import COLUMNS, Delivery, Ledger, LedgerBroken

AT = 1_763_785_000.25


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger-3.jsonl", lambda: AT) as ledger:
        yield ledger


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def intend(ledger: Ledger, c: str = "17.1") -> str:
    return ledger.intent(c, "create", wire="rest", channel="email", due=AT, trace="ab" * 16)


BEFORE = """
import sys
from pathlib import Path
folder = Path(sys.argv[1])
def intend(ledger):
    return ledger.intent("1.1", "create", wire="rest", channel="email", due=None, trace="0" * 32)
"""


def command(code: str, folder: Path) -> list[str]:
    """What runs code, with `folder` and `intend`, in a process of its own."""
    return [sys.executable, "-c", BEFORE + textwrap.dedent(code), str(folder)]


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(code, folder), capture_output=True, text=True, timeout=60, check=False)


def test_rows_have_the_keys_that_are_agreed(ledger: Ledger) -> None:
    """Each type of row has its keys and no other, a type, the clock's time, and is there as soon as it is written."""
    contact = dict.fromkeys(COLUMNS, 1)
    ledger.start(run="ab", worker=3, n=4, digest="cd", t0=AT, speed=60.0, offset=0.0)
    intent = intend(ledger)
    ledger.outcome(intent, ok=False, ms=1.0, kind="server", what="create: 500", status=500, retried=True)
    ledger.outcome(intent, ok=True, ms=12.3456, ticket="42", status=201)
    ledger.step("17.1", "poll", ms=3.0, ok=True)
    ledger.delivery("17.1", Delivery.SENT, cause="first", channel="email", ticket="42", due=AT, lag=0.001)
    ledger.spawn("17.2", cause="reconnect", channel="email", due=AT)
    ledger.contact("17.1", contact)
    ledger.foreign("9")
    ledger.unmatched()
    ledger.done(3)
    assert rows(ledger.path) == [{"at": AT, **row} for row in (
        {"t": "start", "run": "ab", "worker": 3, "n": 4, "digest": "cd", "t0": AT, "speed": 60.0, "offset": 0.0},
        {"t": "intent", "id": "3-1", "c": "17.1", "step": "create", "wire": "rest", "channel": "email", "due": AT,
         "trace": "ab" * 16},
        {"t": "outcome", "id": "3-1", "ok": False, "kind": "server", "what": "create: 500", "status": 500, "ms": 1.0,
         "exists": None, "ticket": None, "tries": 1, "retried": True},
        {"t": "outcome", "id": "3-1", "ok": True, "ticket": "42", "status": 201, "ms": 12.346},
        {"t": "step", "c": "17.1", "step": "poll", "ms": 3.0, "ok": True, "kind": None},
        {"t": "delivery", "c": "17.1", "cause": "first", "channel": "email", "delivery": "sent", "ticket": "42",
         "due": AT, "lag": 0.001, "late": False},
        {"t": "spawn", "c": "17.2", "cause": "reconnect", "channel": "email", "due": AT},
        {"t": "contact", "c": "17.1", **contact},
        {"t": "foreign", "ticket": "9"},
        {"t": "unmatched"},
        {"t": "done", "worker": 3},
    )]  # fmt: skip


def test_intents_have_ids_of_their_own(ledger: Ledger) -> None:
    """Two intents of the same contact have different ids, which name the worker."""
    assert [intend(ledger), intend(ledger)] == ["3-1", "3-2"]


def test_a_row_is_one_line_and_one_write(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reason with line ends and half a character is one line, and each row one write()."""
    writes: list[bytes] = []
    monkeypatch.setattr("sim.load.ledger.os.write", lambda file, line: writes.append(line) or len(line))
    intent = intend(ledger)
    ledger.outcome(intent, ok=False, ms=1.0, kind="meaning", what="two\nlines \udcff")
    assert [line.count(b"\n") for line in writes] == [1, 1]
    assert all(line.endswith(b"\n") for line in writes)


def test_a_page_of_reasons_is_cut(ledger: Ledger) -> None:
    """Of what a desk says to a failure 300 characters are kept."""
    ledger.outcome(intend(ledger), ok=False, ms=1.0, kind="meaning", what="x" * 10_000)
    assert len(rows(ledger.path)[-1]["what"]) == 300


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_what_is_no_number_is_refused(ledger: Ledger, number: float) -> None:
    """NaN and infinity are an error of the caller's, and leave no row behind."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        ledger.step("17.1", "poll", ms=number, ok=True)
    assert rows(ledger.path) == []
    assert not ledger.broken


def test_a_contact_has_all_its_columns(ledger: Ledger) -> None:
    """A contact row without one of the columns, or with another, is refused, and the column named."""
    with pytest.raises(ValueError, match="'seen'"):
        ledger.contact("17.1", dict.fromkeys(COLUMNS - {"seen"}))
    with pytest.raises(ValueError, match="'token'"):
        ledger.contact("17.1", dict.fromkeys(COLUMNS | {"token"}))


def test_nobody_else_reads_the_books(ledger: Ledger) -> None:
    """The file's mode is 0600."""
    assert stat.S_IMODE(ledger.path.stat().st_mode) == 0o600


def test_two_processes_never_share_a_file(ledger: Ledger) -> None:
    """A ledger that is there is not gone on with, unless that is asked for."""
    intend(ledger)
    with pytest.raises(CannotWrite, match=r"ledger-3\.jsonl: File exists"):
        Ledger(ledger.path)
    with Ledger(ledger.path, again=True) as more:
        more.unmatched()
    assert [row["t"] for row in rows(ledger.path)] == ["intent", "unmatched"]


def test_going_on_cuts_a_torn_line(tmp_path: Path) -> None:
    """A row after a torn one is a line of its own."""
    path = tmp_path / "ledger-reconcile.jsonl"
    path.write_text('{"t":"unmatched"}\n{"t":"outc')
    with Ledger(path, again=True) as ledger:
        ledger.foreign("9")
    assert [row["t"] for row in rows(path)] == ["unmatched", "foreign"]


def test_a_full_disk_stops_sending(ledger: Ledger) -> None:
    """Where a write fails, every intent raises, and other rows are passed over without a word."""
    full = os.open("/dev/full", os.O_WRONLY)
    assert ledger._file is not None
    os.dup2(full, ledger._file)
    os.close(full)
    for _ in range(2):
        with pytest.raises(LedgerBroken, match="No space left on device; nothing more is sent"):
            intend(ledger)
    ledger.unmatched()
    assert "No space left" in ledger.broken
    assert LedgerBroken.exit_code == 1


@pytest.mark.skipif(sys.platform == "win32", reason="no limits of a process there")
def test_nothing_follows_a_row_that_fits_in_part(tmp_path: Path) -> None:
    """Where a row is written in part, sending stops, and no later row is glued to it, though there is room again."""
    done = run(
        """
        import resource, signal
        from sim.load.ledger import Ledger, LedgerBroken
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        ledger = Ledger(folder / "ledger-0.jsonl")
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
        sent = 0
        try:
            while True:
                intend(ledger)
                sent += 1
        except LedgerBroken:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        ledger.done(0)
        try:
            intend(ledger)
        except LedgerBroken:
            print(sent)
        """,
        tmp_path,
    )
    assert done.stderr == ""
    written = (tmp_path / "ledger-0.jsonl").read_bytes()
    assert len(written) == 1000
    assert written.count(b"\n") == int(done.stdout) > 0


def test_what_cannot_be_saved_stops_sending(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failing fsync breaks the ledger: some systems tell of a full disk only then."""
    intend(ledger)

    def fail(file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sim.load.ledger.os.fsync", fail)
    ledger._save()
    with pytest.raises(LedgerBroken, match="No space left"):
        intend(ledger)


def test_a_closed_ledger_sends_nothing(ledger: Ledger) -> None:
    """After close() intents raise; a second close() does nothing."""
    ledger.close()
    ledger.close()
    with pytest.raises(LedgerBroken, match="it is closed"):
        intend(ledger)


def test_a_place_that_is_not_there(tmp_path: Path) -> None:
    """A folder that does not exist is an error with exit code 1, not a traceback."""
    with pytest.raises(CannotWrite, match="No such file or directory"):
        Ledger(tmp_path / "nowhere" / "ledger-0.jsonl")


@pytest.mark.parametrize("patched", [True, False], ids=["gevent", "plain"])
def test_saving_holds_up_nobody(tmp_path: Path, *, patched: bool) -> None:
    """A disk that takes 0.8 s over an fsync holds up no greenlet and no thread, though each second is saved."""
    patch = "from gevent import monkey; monkey.patch_all()" if patched else ""
    original = "monkey.get_original('{}', '{}')" if patched else "{}.{}"
    real = f"{original.format('time', 'sleep')}, {original.format('_thread', 'get_ident')}"
    done = run(
        f"""
        {patch}
        import _thread, os, sys, time
        from sim.load.ledger import Ledger
        asleep, me = {real}
        threads, gaps = [], []
        def fsync(file):
            threads.append(me())
            asleep(0.8)
        os.fsync = fsync
        ledger = Ledger(folder / "ledger-0.jsonl")
        start = last = time.perf_counter()
        while last < start + 2.2:
            intend(ledger)
            time.sleep(0.01)
            gaps.append(time.perf_counter() - last)
            last += gaps[-1]
        seen = list(threads)
        ledger.close()
        print(len(seen), me() in seen, max(gaps) < 0.6, "gevent" in sys.modules)
        """,
        tmp_path,
    )
    assert (done.stdout, done.stderr) == (f"1 False True {patched}\n", "")


def test_a_killed_process_loses_nothing(tmp_path: Path) -> None:
    """Of a process killed in the middle of writing, every intent that it was given is in the file."""
    code = """
        from sim.load.ledger import Ledger
        ledger = Ledger(folder / "ledger-0.jsonl")
        while True:
            name = intend(ledger)
            sys.stdout.write(name + "\\n")
            sys.stdout.flush()
    """
    with subprocess.Popen(command(code, tmp_path), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(2000)]
        process.send_signal(signal.SIGKILL)
        told += process.stdout.readlines()
    there = (tmp_path / "ledger-0.jsonl").read_text().split("\n")[:-1]
    names = [json.loads(line)["id"] for line in there]
    told = [name.strip() for name in told if name.endswith("\n")]
    assert len(told) >= 2000
    assert names[: len(told)] == told
    assert len(names) <= len(told) + 1
