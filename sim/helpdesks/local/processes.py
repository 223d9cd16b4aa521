"""Processes that go on when the command that started them has ended, and that are known again later.

A number alone does not name a process: once it has ended, the system may give its number to another. So the moment of
its start is kept beside the number, as the system tells it, and nothing is stopped unless both agree.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc/self/stat").exists()


@dataclass(frozen=True)
class Process:
    """A process that leads its own group and session.

    `birth` is when it started, as the system puts it; `folder` the one that it was started in.
    """

    pid: int
    birth: str
    folder: Path


def start(argv: Sequence[str], *, env: Mapping[str, str], folder: Path, log: Path) -> Process:
    """Start a program in `folder`, detached; what it prints is added to `log`. Its files are its user's alone."""
    with log.open("ab") as out:
        child = subprocess.Popen(
            list(argv),
            env=dict(env),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o077,
        )
    # nobody waits for it here: without this, Python complains that it is still running
    child.returncode = 0
    return Process(child.pid, birth(child.pid) or "", folder)


def birth(pid: int) -> str | None:
    """When the process of this number started; None where there is none, or one that has ended."""
    return _birth_by_proc(pid) if _PROC else _birth_by_ps(pid)


def alive(process: Process) -> bool:
    """Whether this very process runs (or is stopped by a signal)."""
    return process.birth != "" and birth(process.pid) == process.birth


def stop(process: Process, *, patience: float = 10.0) -> None:
    """End a process and all of its group: asked first, killed after `patience` seconds.

    Where it has ended, what it left behind is killed.
    """
    if not alive(process):
        _kill_orphans(process)
        return
    os.kill(process.pid, signal.SIGTERM)
    # one that is stopped hears nothing else
    os.killpg(process.pid, signal.SIGCONT)
    _wait(process, patience)
    # its workers may outlive it
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    _wait(process, patience)


def pause(process: Process, seconds: float) -> None:
    """Stop a process and all of its group for so many seconds: it takes connections, and answers none of them."""
    if not alive(process):
        return
    os.killpg(process.pid, signal.SIGSTOP)
    try:
        time.sleep(seconds)
    finally:
        os.killpg(process.pid, signal.SIGCONT)


def free_port(wanted: Sequence[int]) -> int:
    """The first port of 127.0.0.1 among `wanted` that nobody listens on, else any other."""
    # below those that systems give to outgoing connections: it must still be free when the desk is started again
    others = random.sample(range(20_000, 30_000), 100)
    return next(port for port in (*wanted, *others) if _free(port))


def listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def tail(log: Path, lines: int = 12) -> str:
    """The last lines of a log, "" where there is none."""
    with suppress(OSError):
        return "\n".join(log.read_text("utf-8", "replace").splitlines()[-lines:])
    return ""


def _kill_orphans(process: Process) -> None:
    """End the workers of a process that was killed: of its group still, in its folder. Without /proc, they stay."""
    if not _PROC or birth(process.pid) is not None:
        return
    for entry in Path("/proc").glob("[0-9]*"):
        # it may have ended, or be another user's
        with suppress(OSError):
            _, _, group, *_ = _stat(int(entry.name))
            if group == str(process.pid) and (entry / "cwd").readlink() == process.folder.resolve():
                os.kill(int(entry.name), signal.SIGKILL)


def _wait(process: Process, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while alive(process) and time.monotonic() < deadline:
        time.sleep(0.02)


def _birth_by_proc(pid: int) -> str | None:
    try:
        state, *fields = _stat(pid)
    except (FileNotFoundError, ProcessLookupError):
        return None
    if state in "ZX":
        _let_go(pid)
        return None
    # in ticks since the boot
    return fields[18]


def _stat(pid: int) -> list[str]:
    """What /proc tells of a process from the third field on: its state, its parent, its group, …"""
    # the second is its name in brackets, which may hold anything
    return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()


def _birth_by_ps(pid: int) -> str | None:
    command = ["ps", "-o", "stat=", "-o", "lstart=", "-p", str(pid)]
    said = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}).stdout
    state, _, began = said.strip().partition(" ")
    if state[:1] in ("Z", ""):
        _let_go(pid)
        return None
    return began.strip()


def _let_go(pid: int) -> None:
    """Let go of a child that has ended; others' children are theirs."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def _free(port: int) -> bool:
    with socket.socket() as probe:
        # as servers do: connections that have just ended do not count
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
