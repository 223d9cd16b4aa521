"""Start and stop a desk, all of it or nothing."""

from __future__ import annotations

import fcntl
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sim.errors import UsageError, did_you_mean
from sim.helpdesks.local import processes
from sim.helpdesks.local.desk import Desk, load, read, save, state, write_private
from sim.helpdesks.local.django_desk import DjangoDesk
from sim.helpdesks.local.processes import Process
from sim.helpdesks.local.product import DeskFailed, Product, Say, environment
from sim.helpdesks.local.request_tracker import RtDesk

PRODUCTS: Mapping[str, Product] = {product.name: product for product in (DjangoDesk(), RtDesk())}
NAMES = tuple(PRODUCTS)
TO = "support@desk.test"
PATIENCE = 60.0
"""Seconds until a server that does not answer is given up."""


def up(name: str, *, say: Say, install: bool = False, fresh: bool = False, rate: str | None = None) -> Desk:
    """Start a desk, or find it running.

    Args:
        name: one of `NAMES`.
        say: is told what goes on, a line at a time.
        install: where the product needs packages of the system, install them.
        fresh: forget all tickets and mail first; one that runs is stopped for it.
        rate: more requests than this an account are refused with 429, as in "60/min"; django-helpdesk alone.

    Raises:
        UsageError: no such desk, a rate that makes no sense or differs from that of the desk that runs, or software
            that must be installed by hand.
        DeskFailed: it does not start; whatever had been started is stopped again.
    """
    product = _product(name)
    _check_rate(product, rate)
    product.check(install=install)
    folder = state(name)
    with _locked(folder):
        found = load(folder)
        if found is not None and found.up and not fresh:
            _same_rate(found, rate)
            say(f"{name} is up at {found.host}")
            return found
        if found is not None:
            _stop(found)
        product.require(folder, say=say)
        say(f"starting {name}")
        settings = _settings(product, folder, rate)
        product.configure(folder, settings)
        if fresh or read(folder / "tokens.json") is None:
            _seed(product, folder)
        desk = _start(product, folder, settings)
        save(desk)
    say(f"{name} {desk.version} is up at {desk.host}")
    return desk


def down(name: str, *, say: Say, purge: bool = False) -> None:
    """Stop a desk and wait until it is. Its data stay, unless `purge` removes its folder."""
    folder = state(_product(name).name)
    if not folder.exists():
        say(f"{name} is not up")
        return
    with _locked(folder):
        desk = load(folder)
        was_up = desk is not None and any(desk.parts.values())
        if desk is not None:
            _stop(desk)
            save(replace(desk, processes={}))
        if purge:
            shutil.rmtree(folder)
    kept = f"removed {folder}" if purge else f"its tickets and mail stay in {folder}"
    say(f"{name} is {'down' if was_up else 'not up'}; {kept}")


def status(name: str | None = None) -> list[Desk]:
    """The desks that were ever started here, up or down: all of them, or that of a name."""
    names = NAMES if name is None else (_product(name).name,)
    return [desk for desk in (load(state(each)) for each in names) if desk is not None]


def running(name: str) -> Desk | None:
    """The desk of this name; None where it was not started, or its server is dead."""
    desk = load(state(_product(name).name))
    return desk if desk is not None and desk.up else None


def describe(desk: Desk) -> str:
    """A desk in a few lines for people: whether it is up, where, since when, its mail, how to sign in."""
    if not desk.up:
        return f"{desk.name} {desk.version}: down; its tickets and mail are in {desk.folder}"
    dead = [part for part, runs in desk.parts.items() if not runs]
    lines = (
        f"{desk.name} {desk.version}: up at {desk.host} since {desk.started}",
        f"  takes mail for {desk.to} at {desk.smtp}; all mail it sends ends in {desk.mailbox}",
        f"  sign in as agent1; the password is in {desk.folder / 'settings.json'}",
        *([f"  at most {desk.rate} requests an account"] if desk.rate else []),
        *([f"  not running: {', '.join(dead)}"] if dead else []),
    )
    return "\n".join(lines)


def pause(name: str, seconds: float, *, part: str = "server") -> None:
    """Hold a part of a desk that runs for so many seconds: it takes connections, and answers none of them."""
    processes.pause(_part(_needed(name), part), seconds)


def halt(name: str, part: str) -> None:
    """Stop one part of a desk that runs, as the mailbox, so that its mail can go nowhere."""
    process = _part(_needed(name), part)
    with _locked(state(name)):
        processes.stop(process)


def restart(name: str, part: str = "server") -> Desk:
    """Stop a part of a desk (it may be stopped already) and start it again; returns when it answers."""
    product, folder = _product(name), state(name)
    if not folder.exists():
        raise _not_up(name)
    with _locked(folder):
        desk = load(folder)
        if desk is None:
            raise _not_up(name)
        processes.stop(_part(desk, part))
        settings = read(folder / "settings.json") or {}
        started = _launch(product, folder, settings, part)
        desk = replace(desk, processes={**desk.processes, part: started})
        save(desk)
        _await(product, folder, settings, {part: started})
    return desk


def _start(product: Product, folder: Path, settings: Mapping[str, Any]) -> Desk:
    started: dict[str, Process] = {}
    try:
        for part in product.parts(folder, settings):
            started[part] = _launch(product, folder, settings, part)
        version = _await(product, folder, settings, started)
    except BaseException:
        for process in started.values():
            processes.stop(process)
        raise
    ports = settings["ports"]
    return Desk(
        name=product.name,
        folder=folder,
        host=_host(settings),
        port=ports["server"],
        smtp=f"127.0.0.1:{ports['door']}",
        to=settings["to"],
        mailbox=folder / "mailbox.jsonl",
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        version=version,
        rate=settings["rate"],
        processes=started,
    )


def _launch(product: Product, folder: Path, settings: Mapping[str, Any], part: str) -> Process:
    command = product.parts(folder, settings)[part]
    return processes.start(command.argv, env=environment(command.env), folder=folder, log=_log(folder, part))


def _await(product: Product, folder: Path, settings: Mapping[str, Any], started: Mapping[str, Process]) -> str:
    """Wait until all that was started answers; the version of the server, "" where it is not among it."""
    token = (read(folder / "tokens.json") or {})["customer"]
    deadline = time.monotonic() + PATIENCE
    version = ""
    for part, process in started.items():
        while True:
            if not processes.alive(process):
                raise _failed(folder, part, "ended at once")
            try:
                if part == "server":
                    version = product.version(_host(settings), token)
                if part == "intake" or processes.listening(settings["ports"][part]):
                    break
            except OSError:
                # not yet
                pass
            if time.monotonic() > deadline:
                raise _failed(folder, part, f"does not answer after {PATIENCE:.0f} s")
            time.sleep(0.1)
    return version


def _failed(folder: Path, part: str, how: str) -> DeskFailed:
    log = _log(folder, part)
    return DeskFailed(f"the desk's {part} {how}; the end of {log}:\n{processes.tail(log)}")


def _stop(desk: Desk) -> None:
    # the mailbox last: what the others still send gets there
    for part in sorted(desk.processes, key=("server", "intake", "door", "mailbox").index):
        processes.stop(desk.processes[part])


def _seed(product: Product, folder: Path) -> None:
    """A new database. The tokens come last: where they are, it is complete."""
    (folder / "tokens.json").unlink(missing_ok=True)
    for name in (*product.data, "mailbox.jsonl"):
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    product.configure(folder, read(folder / "settings.json") or {})
    product.seed(folder)
    (folder / "tokens.new").replace(folder / "tokens.json")


def _settings(product: Product, folder: Path, rate: str | None) -> dict[str, Any]:
    """What the desk's software reads: secrets are drawn once, ports stay what they were if they are free."""
    before = read(folder / "settings.json") or {
        "to": TO,
        "secret_key": secrets.token_urlsafe(48),
        "passwords": {account: secrets.token_urlsafe(18) for account in product.accounts},
        "ports": {},
    }
    last = before["ports"]
    ports = {
        part: processes.free_port([*([last[part]] if part in last else []), port])
        for part, port in product.ports.items()
    }
    settings = {**before, "ports": ports, "rate": rate}
    write_private(folder / "settings.json", settings)
    return settings


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One command at a time on a desk: two would each start one."""
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _product(name: str) -> Product:
    if name not in PRODUCTS:
        raise UsageError(f"there is no helpdesk '{name}' to start here", did_you_mean(name, NAMES))
    return PRODUCTS[name]


def _needed(name: str) -> Desk:
    desk = running(name)
    if desk is None:
        raise _not_up(name)
    return desk


def _not_up(name: str) -> UsageError:
    return UsageError(f"{name} is not up", f"start it: sim helpdesk up {name}")


def _part(desk: Desk, part: str) -> Process:
    if part not in desk.processes:
        raise UsageError(f"{desk.name} has no part '{part}'", did_you_mean(part, list(desk.processes)))
    return desk.processes[part]


def _check_rate(product: Product, rate: str | None) -> None:
    if rate is None:
        return
    if not product.rates:
        raise UsageError(f"{product.name} refuses nobody for a rate", "leave it out")
    if not re.fullmatch(r"[1-9]\d*/(sec|min|hour|day)", rate):
        raise UsageError(f"'{rate}' is no rate", "write as in 60/min (sec, min, hour, day)")


def _same_rate(desk: Desk, rate: str | None) -> None:
    if rate is not None and rate != desk.rate:
        raise UsageError(
            f"{desk.name} is up with {f'the rate {desk.rate}' if desk.rate else 'no rate'}",
            f"stop it first: sim helpdesk down {desk.name}",
        )


def _host(settings: Mapping[str, Any]) -> str:
    return f"http://127.0.0.1:{settings['ports']['server']}"


def _log(folder: Path, part: str) -> Path:
    return folder / "logs" / f"{part}.log"
