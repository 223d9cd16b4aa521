"""What is known of a desk on this machine: a folder that only its user can open, and what its files say.

desk.json      where it is and which processes it is made of
settings.json  what its software reads: ports, passwords, keys
tokens.json    of the two accounts; there once the database is complete
mailbox.jsonl  all mail that it ever sent
logs/          what its processes print
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.helpdesks.local.processes import Process, alive


@dataclass(frozen=True)
class Desk:
    """A helpdesk of this machine, up or down.

    `host` is the URL of its root, `smtp` ("127.0.0.1:2525") takes customers' mail for the address `to`, `mailbox` is
    the file its own mail ends in, `started` when it was started last (ISO 8601), `version` that of its software.
    """

    name: str
    folder: Path
    host: str
    port: int
    smtp: str
    to: str
    mailbox: Path
    started: str
    version: str
    rate: str | None
    processes: Mapping[str, Process]

    @property
    def parts(self) -> dict[str, bool]:
        """The parts it is made of (server, door, mailbox, …), and whether each of them runs."""
        return {part: alive(process) for part, process in self.processes.items()}

    @property
    def up(self) -> bool:
        """Whether its server runs: without its mail it is a desk still."""
        return self.parts.get("server", False)


def state(name: str) -> Path:
    """The folder of a desk, which need not exist: in SIM_HELPDESKS, else in the user's folder for such things."""
    base = os.environ.get("SIM_HELPDESKS")
    if not base:
        base = os.path.join(os.environ.get("XDG_STATE_HOME") or "~/.local/state", "supportsim")
    return Path(base).expanduser().absolute() / name


def save(desk: Desk) -> None:
    write_private(
        desk.folder / "desk.json",
        {
            "name": desk.name,
            "host": desk.host,
            "port": desk.port,
            "pids": {part: process.pid for part, process in desk.processes.items()},
            "births": {part: process.birth for part, process in desk.processes.items()},
            "smtp": desk.smtp,
            "to": desk.to,
            "mailbox": str(desk.mailbox),
            "started": desk.started,
            "version": desk.version,
            "rate": desk.rate,
        },
    )


def load(folder: Path) -> Desk | None:
    """The desk of a folder; None where none was ever up in it."""
    found = read(folder / "desk.json")
    if found is None:
        return None
    return Desk(
        name=found["name"],
        folder=folder,
        host=found["host"],
        port=found["port"],
        smtp=found["smtp"],
        to=found["to"],
        mailbox=Path(found["mailbox"]),
        started=found["started"],
        version=found["version"],
        rate=found["rate"],
        processes={part: Process(pid, found["births"][part], folder) for part, pid in found["pids"].items()},
    )


def read(path: Path) -> dict[str, Any] | None:
    """A JSON file; None where there is none."""
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    return found


def write_private(path: Path, content: Any) -> None:
    """A JSON file that its user alone can read, and that is there whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
    part.replace(path)
