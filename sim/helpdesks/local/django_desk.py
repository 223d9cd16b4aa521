"""django-helpdesk in an environment of its own: pip alone, no root, wherever Python is."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from sim.helpdesks.local.product import Command, Say, fetch, our_module, run, users

SITE = Path(__file__).parent / "django_site"
WORKERS = 2


class DjangoDesk:
    name = "django-helpdesk"
    ports: ClassVar[Mapping[str, int]] = {"server": 8082, "door": 2527, "mailbox": 2528}
    accounts = ("loadbot", "agent1")
    data = ("desk.sqlite3", "desk.sqlite3-wal", "desk.sqlite3-shm", "media", "cache", "spool")
    rates = True

    def check(self, *, install: bool) -> None:
        """Nothing: pip brings all of it."""

    def require(self, folder: Path, *, say: Say) -> None:
        wanted = (SITE / "requirements.txt").read_text("utf-8")
        complete = folder / "venv" / "complete.txt"
        if complete.exists() and complete.read_text("utf-8") == wanted and _python(folder).exists():
            return
        say("installing django-helpdesk into an environment of its own (once)")
        shutil.rmtree(folder / "venv", ignore_errors=True)
        log = folder / "logs" / "install.log"
        make = Command((sys.executable, "-m", "venv", str(folder / "venv")))
        run(make, log=log, what="make a Python environment (Debian has that in python3-venv)", env=users())
        pip = (str(_python(folder)), "-m", "pip", "install", "--no-input", "--disable-pip-version-check")
        fill = Command((*pip, "-r", str(SITE / "requirements.txt")))
        run(fill, log=log, what="install django-helpdesk", env=users())
        complete.write_text(wanted, "utf-8")

    def seed(self, folder: Path) -> None:
        seed = Command((str(_python(folder)), str(SITE / "seed.py"), str(folder / "tokens.new")), _django(folder))
        run(seed, log=folder / "logs" / "install.log", what="make the desk's database")

    def configure(self, folder: Path, settings: Mapping[str, Any]) -> None:
        """Nothing: it reads settings.json."""

    def parts(self, folder: Path, settings: Mapping[str, Any]) -> dict[str, Command]:
        python, ports = str(_python(folder)), settings["ports"]
        gunicorn = (python, "-m", "gunicorn", "--bind", f"127.0.0.1:{ports['server']}", "--workers", str(WORKERS))
        limits = ("--timeout", "120", "--graceful-timeout", "5", "--no-control-socket")
        where = ("--pythonpath", str(SITE), "django.core.wsgi:get_wsgi_application()")
        spool = ("--address", settings["to"], "--spool", str(folder / "spool"))
        return {
            "mailbox": our_module("mailbox", "--port", str(ports["mailbox"]), "--file", str(folder / "mailbox.jsonl")),
            "door": our_module("door", "--port", str(ports["door"]), *spool),
            "intake": Command((python, str(SITE / "intake.py")), _django(folder)),
            "server": Command((*gunicorn, *limits, *where), _django(folder)),
        }

    def version(self, host: str, token: str) -> str:
        # a page that no rate is counted on
        fetch(f"{host}/login/")
        pins = dict(line.split("==") for line in (SITE / "requirements.txt").read_text("utf-8").split())
        return pins["django-helpdesk"]


def _python(folder: Path) -> Path:
    return folder / "venv" / "bin" / "python"


def _django(folder: Path) -> dict[str, str]:
    return {"SIM_DESK": str(folder), "DJANGO_SETTINGS_MODULE": "desk_settings"}
