"""The desk's tokens: where they come from, and that they go nowhere else.

A token is read from a variable of the environment, from a file that only its owner can read, or from the folder of a
desk that `sim helpdesk up` started here. It is never an argument, never sent to another process, and never shown.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from sim.errors import SimError

_LARGEST = 65_536
"""Bytes of a file that are read."""
_TOKEN = re.compile(r"[!-~]+( +[!-~]+)*")


class NoToken(SimError):
    """A token is missing, or what should hold it cannot be trusted."""

    exit_code = 5


@dataclass(frozen=True, repr=False)
class Tokens:
    """The tokens that act for customers and for agents. They do not show, and cannot be pickled."""

    customer: str
    agent: str

    def __repr__(self) -> str:
        return "Tokens(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("tokens do not leave the process that read them")


def tokens(name: str, environ: Mapping[str, str], state: Path | None = None, *, host: str = "") -> Tokens:
    """The tokens for a helpdesk.

    First come SIM_NAME_TOKEN and SIM_NAME_AGENT_TOKEN, then the files that SIM_NAME_TOKEN_FILE and
    SIM_NAME_AGENT_TOKEN_FILE name, then those of the desk in `state`. The agents' token is the customers' by default.

    Args:
        name: of the adapter, as in "django-helpdesk".
        state: the folder of a desk that was started here (it holds desk.json and tokens.json), if there is one.
        host: the URL that the test is sent to. The tokens in `state` are used for that desk only.

    Raises:
        NoToken: there is none, it is empty or holds control characters, or others may read its file.
    """
    prefix = f"SIM_{name.upper().replace('-', '_')}"
    customer, agent = _given(f"{prefix}_TOKEN", environ), _given(f"{prefix}_AGENT_TOKEN", environ)
    if customer is not None:
        return Tokens(customer, agent or customer)
    if agent is None and state is not None and _is_desk(state, host):
        return _started(state / "tokens.json")
    raise NoToken(f"there is no token for {name}", f"set {prefix}_TOKEN, or {prefix}_TOKEN_FILE to a file of mode 0600")


def _given(variable: str, environ: Mapping[str, str]) -> str | None:
    """The token that a variable holds, or the file that its sister names."""
    if variable in environ:
        return _usable(environ[variable], variable)
    path = environ.get(f"{variable}_FILE")
    return None if path is None else _usable(_read(Path(path), f"{variable}_FILE"), f"{variable}_FILE")


def _usable(text: str, where: str) -> str:
    """A token without its final newline."""
    token = text.rstrip("\r\n")
    if not token:
        raise NoToken(f"the token in {where} is empty")
    if not _TOKEN.fullmatch(token):
        # it would become part of a header
        raise NoToken(f"the token in {where} holds control characters, outer blanks, or what is not ASCII")
    return token


def _read(path: Path, where: str) -> str:
    """A file that is ours, and that nobody else can read."""
    try:
        # non-blocking, as a named pipe without a writer would block
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as problem:
        raise NoToken(f"{where}: {path} cannot be read: {problem.strerror}") from None
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise NoToken(f"{where}: {path} is not a file")
        if about.st_uid != os.geteuid():
            raise NoToken(f"{where}: {path} belongs to somebody else")
        if about.st_mode & 0o177:
            raise NoToken(f"{where}: others may read {path}", f"chmod 600 {path}")
        return os.read(descriptor, _LARGEST).decode("utf-8", "replace")
    finally:
        os.close(descriptor)


def _is_desk(state: Path, host: str) -> bool:
    """Whether the desk in a folder is the one at a URL."""
    try:
        desk = json.loads((state / "desk.json").read_text(encoding="utf-8"))
        ours, theirs = (urlsplit(url) for url in (desk["host"], host))
        return bool(host) and (ours.scheme, ours.hostname, ours.port) == (theirs.scheme, theirs.hostname, theirs.port)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _started(path: Path) -> Tokens:
    """The tokens of a desk that was started here."""
    try:
        held = json.loads(_read(path, "the desk's tokens"))
        customer, agent = str(held["customer"]), str(held["agent"])
    except (ValueError, KeyError, TypeError):
        # without its cause: that one quotes what it could not read
        raise NoToken(f"{path} holds no tokens", "start the desk anew: sim helpdesk down, sim helpdesk up") from None
    return Tokens(_usable(customer, path.name), _usable(agent, path.name))
