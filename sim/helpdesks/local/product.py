"""What a product must bring to be started here: its software, its first data, its programs."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sim.errors import SimError
from sim.helpdesks.local.processes import tail

Say = Callable[[str], None]


class DeskFailed(SimError):
    """A desk, or the software it needs, could not be started."""

    exit_code = 1


@dataclass(frozen=True)
class Command:
    """A program with its arguments, and what its environment holds beside the usual."""

    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)


class Product(Protocol):
    """A helpdesk's software. `folder` is that of the desk, `settings` the content of its settings.json."""

    @property
    def name(self) -> str: ...

    @property
    def ports(self) -> Mapping[str, int]:
        """Those it has where they are free: server, door, mailbox."""

    @property
    def accounts(self) -> Sequence[str]:
        """Those that need a password."""

    @property
    def data(self) -> Sequence[str]:
        """Files and folders that hold what customers and agents did."""

    @property
    def rates(self) -> bool:
        """Whether it can be told to refuse more than so many requests."""

    def check(self, *, install: bool) -> None:
        """`UsageError`, with what to do, where the software is not there and may or can not be installed."""

    def require(self, folder: Path, *, say: Say) -> None:
        """See to it that the software is there, after `check`. `DeskFailed` where it could not be installed."""

    def seed(self, folder: Path) -> None:
        """Make a new database with accounts, queue and fields, and write tokens.new."""

    def configure(self, folder: Path, settings: Mapping[str, Any]) -> None:
        """Write what the software reads beside settings.json."""

    def parts(self, folder: Path, settings: Mapping[str, Any]) -> dict[str, Command]:
        """The programs it is made of, in the order in which they are started."""

    def version(self, host: str, token: str) -> str:
        """The version of the software that answers. `OSError` as long as none does."""


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """For a desk's programs: nothing of the user's own but where things are; above all no proxies, no tokens."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1", **extra}


def users() -> dict[str, str]:
    """The user's environment, for programs that install: they know which index, certificates and proxy. No tokens."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SIM_")}


def our_module(name: str, *arguments: str) -> Command:
    """A module beside this one, as a program."""
    root = Path(__file__).parents[3]
    return Command((sys.executable, "-m", f"sim.helpdesks.local.{name}", *arguments), {"PYTHONPATH": str(root)})


def run(command: Command, *, log: Path, what: str, env: Mapping[str, str] | None = None) -> None:
    """Run a program to its end; `DeskFailed` with the end of its log where it fails.

    Args:
        what: it does, as in "install django-helpdesk".
        env: its whole environment, if not that of a desk's programs.
    """
    with log.open("ab") as out:
        done = subprocess.run(
            list(command.argv),
            env=environment(command.env) if env is None else dict(env),
            cwd=log.parent,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            umask=0o077,
        )
    if done.returncode:
        raise DeskFailed(f"could not {what}; the end of {log}:\n{tail(log)}")


def fetch(url: str, headers: Mapping[str, str] | None = None) -> bytes:
    """The body of a page of this machine, past all proxies. `OSError` where it does not answer with success."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, headers=dict(headers or {})), timeout=10.0) as answer:
        body: bytes = answer.read()
    return body
