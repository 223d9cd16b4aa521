"""Driving Locust: as child processes, because to import it changes the process that does.

One process is customers, agents and conductor; with several workers one more leads them. The children get the plan's
folder and the ledger's by the environment, and no token by any argument. What Locust would find by itself, in variables
and files of its own, it does not find: a host, a run time or a number of users meant for another test.
"""

from __future__ import annotations

import os
import re
import signal
import site
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sim.errors import SimError, UsageError
from sim.helpdesks import local

LOCUSTFILE = Path(__file__).with_name("locustfile.py")
LOCALLY = "127.0.0.1"
PORT = 5557
"""Where a master that others may join listens: Locust's own default, which a firewall may know."""
LOOK_AGAIN = 0.2
OURS = (
    "--config", "--expect-workers", "--host", "--html", "--locustfile", "--master", "--processes", "--spawn-rate",
    "--users", "--web-host", "--worker",
)  # fmt: skip
"""Options of Locust that nobody else sets, with all that begin as they do."""
OURS_IN_SHORT = ("-H", "-f", "-r", "-u")
LAST_WORDS = 40.0
"""Wall seconds that children have to end by themselves, once interrupted."""
_NAMES_A_FILE = re.compile("SIM_([A-Z_]+_TOKEN_FILE|CAFILE)")


@dataclass(frozen=True)
class Driven:
    """How the children ended."""

    interrupted: bool
    codes: tuple[int, ...]
    log: Path

    @property
    def log_text(self) -> str:
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""

    @property
    def failed(self) -> int:
        """The exit code of the first child that did not end well; 0."""
        return next((code for code in self.codes if code), 0)

    @property
    def broken(self) -> bool:
        """Whether something of ours failed: the ledger could not be written, say."""
        return 1 in self.codes


def check_more(more: Sequence[str]) -> None:
    """Raises UsageError: these are no options of Locust, or such as are set here."""
    if more and not more[0].startswith("-"):
        raise UsageError(f"load takes one scenario, and {more[0]} is another", "options of Locust come after --")
    for word in more:
        name = word.split("=")[0]
        # Locust takes what an option begins with for the option
        long = name.startswith("--") and any(name.startswith(ours) or ours.startswith(name) for ours in OURS)
        if long or word.startswith(OURS_IN_SHORT):
            raise UsageError(f"{name} is not yours to pass on to Locust", "see --host, --workers, --listen and --ui")


def locust(
    plan: Path,
    ledger: Path,
    *,
    log: Path,
    html: Path,
    workers: int,
    ui: bool,
    listen: bool,
    more: Sequence[str] = (),
    progress: Callable[[int], None] = lambda done: None,
    say: Callable[[str], None] = lambda line: None,
) -> Driven:
    """Run the plan; returns when all processes have ended.

    Args:
        log: receives what the children print; they work in its folder.
        html: Locust's own report.
        more: further options of Locust.
        progress: told how many contacts have been delivered so far.
    """
    host = "0.0.0.0" if listen else LOCALLY
    face = ["--web-host", host, "--autostart", "--autoquit", "3"] if ui else ["--headless"]
    common = ["--html", str(html.absolute()), "-u", str(workers), "-r", str(workers), "--only-summary", *more]
    environ = _environment(plan, ledger)
    if ui:
        say("Locust's page: http://127.0.0.1:8089, or as --web-port says")
    with log.open("wb") as out, _children() as children:
        if workers == 1 and not listen:
            children.append(_start([*face, *common], environ, out, log.parent))
        else:
            port = PORT if listen else _free_port()
            master = ["--master", "--expect-workers", str(workers), "--master-bind-host", host]
            children.append(
                _start([*master, "--master-bind-port", str(port), *face, *common], environ, out, log.parent)
            )
            for _ in range(0 if listen else workers):
                own = ["--worker", "--master-host", LOCALLY, "--master-port", str(port)]
                children.append(_start(own, environ, out, log.parent))
            if listen:
                say(f"waiting for {workers} workers; on each machine, with a copy of {plan}:\n  SIM_PLAN=COPY locust "
                    f"-f locustfiles/helpdesk.py --worker --master-host THIS --master-port {port}")  # fmt: skip
        interrupted = _waits(children, ledger, progress)
        return Driven(interrupted, tuple(child.returncode for child in children), log)


def _waits(children: Sequence[subprocess.Popen[bytes]], ledger: Path, progress: Callable[[int], None]) -> bool:
    """Until all have ended; whether that was asked for, by Ctrl-C or SIGTERM. The second Ctrl-C does not wait."""
    count, deadline, asked = Counted(ledger), float("inf"), False
    while True:
        try:
            if all(child.poll() is not None for child in children):
                break
            if time.monotonic() > deadline:
                raise KeyboardInterrupt
            progress(count.deliveries())
            _first_fails(children)
            time.sleep(LOOK_AGAIN)
        except (KeyboardInterrupt, SystemExit):
            for child in children:
                if child.poll() is None:
                    child.send_signal(signal.SIGKILL if asked else signal.SIGINT)
            asked, deadline = True, time.monotonic() + LAST_WORDS
    progress(count.deliveries())
    return asked


def _first_fails(children: Sequence[subprocess.Popen[bytes]]) -> None:
    """Without its master a worker waits for ever; a master whose workers could not start does as well."""
    leader, workers = children[0], children[1:]
    gone = leader.poll() is not None or (bool(workers) and all(child.poll() not in (None, 0) for child in workers))
    if gone:
        for child in children:
            with suppress(subprocess.TimeoutExpired):
                child.wait(5.0)
            if child.poll() is None:
                child.terminate()


class Counted:
    """Deliveries in the ledgers of a folder, read as they grow."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, int] = {}
        self._count = 0

    def deliveries(self) -> int:
        for path in self._folder.glob("ledger-*.jsonl"):
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                new = file.read()
            whole = new[: new.rfind(b"\n") + 1]
            self._read[path] = self._read.get(path, 0) + len(whole)
            self._count += whole.count(b'{"t":"delivery"')
        return self._count


@contextmanager
def _children() -> Any:
    """Processes that are not left behind, whatever happens here."""
    children: list[subprocess.Popen[bytes]] = []
    try:
        yield children
    finally:
        for child in children:
            if child.poll() is None:
                child.kill()
                child.wait()


def _start(words: Sequence[str], environ: dict[str, str], out: IO[bytes], folder: Path) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--loglevel", "INFO", *words]
    try:
        # a session of their own: Ctrl-C is ours to pass on
        return subprocess.Popen(
            argv, env=environ, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
            cwd=folder,
        )  # fmt: skip
    except OSError as problem:
        raise SimError(f"Locust cannot be started: {problem}", "is it installed?") from problem


def _environment(plan: Path, ledger: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}
    # the children work elsewhere
    files = {name: os.path.abspath(path) for name, path in kept.items() if _NAMES_A_FILE.fullmatch(name) and path}
    here = {"SIM_PLAN": str(plan.absolute()), "SIM_LEDGER": str(ledger.absolute()), "SIM_PARENT": str(os.getpid())}
    # nor is there a ~/.locust.conf; what else is looked for at home is found
    home = {
        "HOME": str(plan.absolute()),
        "PYTHONUSERBASE": site.getuserbase(),
        "SIM_HELPDESKS": str(local.state("any").parent),
    }
    return {**kept, **files, **here, **home}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOCALLY, 0))
        return int(probe.getsockname()[1])
