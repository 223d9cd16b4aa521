"""Request Tracker 5 of the Debian packages, on SQLite, beside whatever Request Tracker the machine has set up."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from sim.errors import UsageError
from sim.helpdesks.local.product import Command, DeskFailed, Say, fetch, our_module, run, users

SITE = Path(__file__).parent / "rt_site"
WORKERS = 2
PACKAGES = (
    "request-tracker5",
    "rt5-standalone",
    "rt5-db-sqlite",
    "rt5-clients",
    "dbconfig-no-thanks",
    "msmtp-mta",
    "curl",
    "ca-certificates",
)
DEBIAN = Path("/etc/debian_version")
SERVER = Path("/usr/share/request-tracker5/libexec/rt-server")
SET_UP = Path("/usr/sbin/rt-setup-database-5")
GATEWAY = Path("/usr/bin/rt-mailgate-5")
SENDMAIL = Path("/usr/bin/msmtp")


class RtDesk:
    name = "rt"
    ports: ClassVar[Mapping[str, int]] = {"server": 8081, "door": 2525, "mailbox": 2526}
    accounts = ("root", "loadbot", "agent1")
    data = ("desk.sqlite3", "sessions")
    rates = False

    def check(self, *, install: bool) -> None:
        if not _missing():
            return
        by_hand = "apt-get update && apt-get install --no-install-recommends " + " ".join(PACKAGES)
        if not DEBIAN.exists():
            raise UsageError(
                "Request Tracker 5 is started from Debian's packages, and this system has none",
                "start it in a Debian machine or container, or name one that runs: sim load … --helpdesk rt --host URL",
            )
        if os.geteuid() != 0:
            raise UsageError("Request Tracker 5 is not installed", f"have root run: {by_hand}")
        if not install:
            raise UsageError("Request Tracker 5 is not installed", f"add --install, or run: {by_hand}")

    def require(self, folder: Path, *, say: Say) -> None:
        if not _missing():
            return
        say("installing Request Tracker 5 from Debian's packages (once; about a minute)")
        log, quiet = folder / "logs" / "install.log", {**users(), "DEBIAN_FRONTEND": "noninteractive"}
        run(Command(("apt-get", "update", "-q")), log=log, what="read Debian's lists of packages", env=quiet)
        get = Command(("apt-get", "install", "-q", "-y", "--no-install-recommends", *PACKAGES))
        run(get, log=log, what="install Request Tracker 5", env=quiet)
        if _missing():
            raise DeskFailed(f"Debian's packages brought no {', '.join(map(str, _missing()))}")

    def seed(self, folder: Path) -> None:
        log, password = folder / "logs" / "install.log", folder / "root-password"
        settings = json.loads((folder / "settings.json").read_text("utf-8"))
        with os.fdopen(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(settings["passwords"]["root"])
        try:
            init = ("--action", "init", "--root-password-file", str(password))
            run(Command((str(SET_UP), *init), _rt(folder)), log=log, what="make the desk's database")
        finally:
            password.unlink()
        insert = ("--action", "insert", "--datafile", str(SITE / "seed.pl"))
        run(Command((str(SET_UP), *insert), _rt(folder)), log=log, what="fill the desk's database")

    def configure(self, folder: Path, settings: Mapping[str, Any]) -> None:
        for name in ("mason", "sessions", "conf.d"):
            (folder / name).mkdir(exist_ok=True)
        lines = ("account default", "host 127.0.0.1", f"port {settings['ports']['mailbox']}", "from rt@desk.test")
        with os.fdopen(os.open(folder / "msmtprc", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write("\n".join((*lines, "auth off", "tls off", "")))

    def parts(self, folder: Path, settings: Mapping[str, Any]) -> dict[str, Command]:
        ports = settings["ports"]
        url = f"http://127.0.0.1:{ports['server']}"
        gateway = ("--address", settings["to"], "--gateway", str(GATEWAY), url, "Support")
        where = ("--host", "127.0.0.1", "--port", str(ports["server"]), "--max-workers", str(WORKERS))
        return {
            "mailbox": our_module("mailbox", "--port", str(ports["mailbox"]), "--file", str(folder / "mailbox.jsonl")),
            "door": our_module("door", "--port", str(ports["door"]), *gateway),
            "server": Command((str(SERVER), "--server", "Starlet", *where), _rt(folder)),
        }

    def version(self, host: str, token: str) -> str:
        return str(json.loads(fetch(f"{host}/REST/2.0/rt", {"Authorization": f"token {token}"}))["Version"])


def _missing() -> list[Path]:
    return [path for path in (SERVER, SET_UP, GATEWAY, SENDMAIL) if not path.exists()]


def _rt(folder: Path) -> dict[str, str]:
    return {
        "SIM_DESK": str(folder),
        "RT_SITE_CONFIG": str(SITE / "RT_SiteConfig.pm"),
        "RT_SITE_CONFIG_DIR": str(folder / "conf.d"),
    }
