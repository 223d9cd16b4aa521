"""Helpdesks of this machine: their processes, their mail, what starts and stops them, and the two real ones."""

from __future__ import annotations

import json
import os
import signal
import smtplib
import socket
import stat
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

import pytest

from sim.errors import UsageError
from sim.helpdesks.local import (
    DeskFailed,
    describe,
    down,
    halt,
    pause,
    processes,
    request_tracker,
    restart,
    run,
    running,
    state,
    status,
    up,
)
from sim.helpdesks.local.desk import Desk
from sim.helpdesks.local.mailbox import Mailbox, entry
from sim.helpdesks.local.product import Command, Say, environment, fetch, our_module, users

T = TypeVar("T")
Start = Callable[..., processes.Process]


def quiet(line: str) -> None:
    """A `say` that says nothing."""


def until(holds: Callable[[], T], seconds: float = 15.0) -> T:
    """What `holds` returns once it is true; fails if that takes longer."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)
    return found


def mail(smtp: str, to: str, subject: str, *, sender: str = "ann@run1.test", answers: str = "") -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Message-ID"] = f"<{time.time_ns()}@run1.test>"
    if answers:
        message["In-Reply-To"] = message["References"] = answers
    message.set_content("Grüße. The invoice is wrong.\n")
    host, _, port = smtp.partition(":")
    with smtplib.SMTP(host, int(port), timeout=30) as client:
        client.send_message(message)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


# --- processes ---


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts Python code as a detached process; ends it after the test."""
    started = []

    def _start(code: str) -> processes.Process:
        argv = [sys.executable, "-c", code]
        process = processes.start(argv, env=environment({}), folder=tmp_path, log=tmp_path / "log")
        started.append(process)
        return process

    yield _start
    for process in started:
        processes.stop(process, patience=0.1)


def test_process_lives_until_it_is_stopped(start: Start) -> None:
    """A process is alive, in a session of its own, until it is stopped; stopping it again does nothing."""
    process = start("import time; time.sleep(60)")
    assert processes.alive(process)
    assert os.getsid(process.pid) == process.pid
    processes.stop(process)
    assert not processes.alive(process)
    processes.stop(process)


def test_reused_number_is_not_stopped(start: Start) -> None:
    """A process that has the number of one of ours but started at another moment is not ours, and goes on."""
    process = start("import time; time.sleep(60)")
    other = replace(process, birth=process.birth + "0")
    assert not processes.alive(other)
    processes.stop(other)
    processes.pause(other, 0.0)
    assert processes.alive(process)


def test_stopped_process_and_its_workers_end(start: Start, tmp_path: Path) -> None:
    """Stopping a process ends it even while it is held, and ends the workers that would outlive it."""
    process = start(
        "import subprocess, sys, time\n"
        "worker = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "open('worker', 'w').write(str(worker.pid)); time.sleep(60)"
    )
    worker = int(until(lambda: (tmp_path / "worker").exists() and (tmp_path / "worker").read_text()))
    os.killpg(process.pid, signal.SIGSTOP)
    assert processes.alive(process)
    began = time.monotonic()
    processes.stop(process, patience=5.0)
    assert time.monotonic() - began < 4.0
    until(lambda: processes.birth(worker) is None)


@pytest.mark.skipif(not processes._PROC, reason="only /proc tells whose orphan a process is")
def test_orphans_of_a_killed_process_end(start: Start, tmp_path: Path) -> None:
    """Stopping a process that was killed ends the workers it left in its folder, and none that went elsewhere."""
    process = start(
        "import subprocess, sys, time\n"
        "pids = [subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], cwd=folder).pid\n"
        "        for folder in ('.', '/')]\n"
        "open('pids', 'w').write(' '.join(map(str, pids)) + '.'); time.sleep(60)"
    )
    until(lambda: (tmp_path / "pids").exists() and (tmp_path / "pids").read_text().endswith("."))
    here, elsewhere = map(int, (tmp_path / "pids").read_text().strip(".").split())
    os.kill(process.pid, signal.SIGKILL)
    until(lambda: not processes.alive(process))
    processes.stop(process)
    until(lambda: processes.birth(here) is None)
    assert processes.birth(elsewhere) is not None
    os.kill(elsewhere, signal.SIGKILL)


def test_process_that_refuses_to_end_is_killed(start: Start, tmp_path: Path) -> None:
    """A process that does not end when it is asked is killed when the patience is over."""
    process = start(
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open('deaf', 'w'); time.sleep(60)"
    )
    until(lambda: (tmp_path / "deaf").exists())
    processes.stop(process, patience=0.2)
    assert not processes.alive(process)


def test_births_agree_however_they_are_read(start: Start) -> None:
    """Where there is no /proc, ps tells the same: a birth while it runs, none afterwards."""
    process = start("import time; time.sleep(60)")
    if processes._birth_by_ps(os.getpid()) is None:
        pytest.skip("no ps on this machine")
    assert processes._birth_by_ps(process.pid) == processes._birth_by_ps(process.pid)
    processes.stop(process)
    assert processes._birth_by_ps(process.pid) is None


def test_port_is_the_wanted_one_unless_it_is_taken() -> None:
    """The wanted port is had while it is free; when somebody listens on it, another is, which is free."""
    wanted = processes.free_port([])
    assert processes.free_port([wanted]) == wanted
    with socket.create_server(("127.0.0.1", wanted)):
        other = processes.free_port([wanted])
        assert other != wanted
        assert processes.listening(wanted)
    assert not processes.listening(other)


def test_programs_are_told_nothing_of_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    """A desk's programs see neither proxies nor tokens; those that install see the proxies, and no tokens."""
    monkeypatch.setenv("SIM_RT_TOKEN", "canary")
    monkeypatch.setenv("https_proxy", "http://proxy.test")
    assert not {"SIM_RT_TOKEN", "https_proxy"} & environment({}).keys()
    assert "SIM_RT_TOKEN" not in users()
    assert users()["https_proxy"] == "http://proxy.test"


# --- mail ---


def test_entry_of_the_mailbox() -> None:
    """A message's line holds its recipients, its headers decoded and unfolded, and its plain text."""
    message = (
        b"From: Support <support@desk.test>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <1@desk.test>\r\n"
        b"In-Reply-To: <0@run.test>\r\nReferences: <a@run.test>\r\n <0@run.test>\r\nPrecedence: bulk\r\n"
        b"X-RT-Ticket: desk.test #7\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n"
        b"--x\r\nContent-Type: text/html\r\n\r\n<p>Hello</p>\r\n"
        b"--x\r\nContent-Type: text/plain\r\n\r\nHello\r\n--x--\r\n"
    )
    assert entry(["ann@run.test"], message, at=3.5) == {
        "at": 3.5,
        "rcpt": ["ann@run.test"],
        "from": "Support <support@desk.test>",
        "subject": "Grüße",
        "message_id": "<1@desk.test>",
        "in_reply_to": "<0@run.test>",
        "references": "<a@run.test> <0@run.test>",
        "auto": "bulk",
        "ticket": "desk.test #7",
        "text": "Hello",
    }


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (b"Content-Type: text/plain; charset=nonsense\r\n\r\nHi \xff\r\n", "Hi \ufffd\r\n"),
        (b"Content-Type: image/png\r\n\r\nx", ""),
        (b"", ""),
    ],
)
def test_entry_of_a_strange_message(message: bytes, text: str) -> None:
    """A charset that nobody knows, a message without text and an empty one are kept all the same."""
    assert entry([], message, at=0.0)["text"] == text


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Starts the mailbox or the door; returns its host:port."""
    started = []

    def _serve(module: str, *arguments: str) -> str:
        port = processes.free_port([])
        command = our_module(module, "--port", str(port), *arguments)
        log = tmp_path / f"{module}.log"
        started.append(
            processes.start(command.argv, env=environment(command.env), folder=tmp_path, log=log),
        )
        until(lambda: processes.listening(port))
        return f"127.0.0.1:{port}"

    yield _serve
    for process in started:
        processes.stop(process)


def test_mailbox_takes_mail_under_test_alone(serve: Callable[..., str], tmp_path: Path) -> None:
    """The mailbox keeps mail for domains under .test and refuses any other with 550."""
    smtp = serve("mailbox", "--file", str(tmp_path / "box.jsonl"))
    for to in ("ann@run1.test", "Bob@Desk.TEST"):
        mail(smtp, to, "hello")
    for to in ("ann@example.com", "ann@test.com", "ann@atest", "run1.test"):
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            mail(smtp, to, "hello")
        assert refused.value.recipients[to][0] == 550
    assert [row["rcpt"] for row in lines(tmp_path / "box.jsonl")] == [["ann@run1.test"], ["Bob@Desk.TEST"]]


def test_mailbox_is_its_users_alone(tmp_path: Path) -> None:
    """The mailbox's file can be read by its user alone, whatever the user's habits."""
    before = os.umask(0o022)
    try:
        Mailbox(tmp_path / "box.jsonl")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "box.jsonl").stat().st_mode) == 0o600


def test_door_puts_whole_messages_into_the_spool(serve: Callable[..., str], tmp_path: Path) -> None:
    """The door takes mail for its one address, and leaves it in the spool in the order in which it came."""
    smtp = serve("door", "--address", "support@desk.test", "--spool", str(tmp_path / "spool"))
    for subject in ("one", "two", "three"):
        mail(smtp, "Support@desk.test", subject)
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        mail(smtp, "sales@desk.test", "four")
    kept = [path.read_text("utf-8") for path in sorted((tmp_path / "spool" / "new").iterdir())]
    assert [text.partition("Subject: ")[2].split()[0] for text in kept] == ["one", "two", "three"]
    assert not list((tmp_path / "spool" / "part").iterdir())


@pytest.mark.parametrize(("code", "answer"), [(0, 250), (75, 451), (1, 554)])
def test_door_answers_as_the_gateway_ends(serve: Callable[..., str], tmp_path: Path, code: int, answer: int) -> None:
    """What the desk's gateway takes is taken; what it puts off may be tried again; what it refuses is refused."""
    gateway = tmp_path / "gateway"
    gateway.write_text(f'#!/bin/sh\necho "$@" >arguments\ncat >message\nexit {code}\n', "utf-8")
    gateway.chmod(0o755)
    smtp = serve("door", "--address", "support@desk.test", "--gateway", str(gateway), "http://127.0.0.1:1", "Support")
    if code:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            mail(smtp, "support@desk.test", "hello")
        assert refused.value.smtp_code == answer
    else:
        mail(smtp, "support@desk.test", "hello")
    assert "Subject: hello" in (tmp_path / "message").read_text("utf-8")
    assert (tmp_path / "arguments").read_text().strip() == (
        "--queue Support --action correspond --url http://127.0.0.1:1"
    )


# --- up and down, with a desk that costs nothing ---


class TinyDesk:
    """A product of two small programs; `breaks` makes its server end at once."""

    name = "tiny"
    accounts = ("agent1",)
    data = ("tickets",)
    rates = True

    def __init__(self) -> None:
        self.ports = {part: processes.free_port([]) for part in ("server", "mailbox")}
        self.breaks = False

    def check(self, *, install: bool) -> None: ...

    def require(self, folder: Path, *, say: Say) -> None: ...

    def configure(self, folder: Path, settings: Mapping[str, Any]) -> None: ...

    def seed(self, folder: Path) -> None:
        assert not (folder / "tickets").exists()
        (folder / "tokens.new").write_text('{"customer": "c", "agent": "a"}')

    def parts(self, folder: Path, settings: Mapping[str, Any]) -> dict[str, Command]:
        ports = settings["ports"]
        mailbox = our_module("mailbox", "--port", str(ports["mailbox"]), "--file", str(folder / "mailbox.jsonl"))
        argv = (sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(ports["server"]))
        broken = (sys.executable, "-c", "raise SystemExit('no database')")
        return {"mailbox": mailbox, "server": Command(broken if self.breaks else argv)}

    def version(self, host: str, token: str) -> str:
        fetch(f"{host}/")
        return "1.0"


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TinyDesk]:
    monkeypatch.setenv("SIM_HELPDESKS", str(tmp_path / "desks"))
    product = TinyDesk()
    product.ports["door"] = product.ports["mailbox"]
    monkeypatch.setattr(run, "PRODUCTS", {"tiny": product})
    monkeypatch.setattr(run, "NAMES", ("tiny",))
    yield product
    down("tiny", say=quiet)


def test_up_starts_once(tiny: TinyDesk) -> None:
    """`up` starts a desk and says where; a second `up` says that it is up, and returns the same processes."""
    said: list[str] = []
    assert running("tiny") is None
    assert status() == []
    first = up("tiny", say=said.append)
    second = up("tiny", say=said.append)
    assert said == ["starting tiny", f"tiny 1.0 is up at {first.host}", f"tiny is up at {first.host}"]
    assert second == first == running("tiny")
    assert status() == status("tiny") == [first]
    assert first.parts == {"mailbox": True, "server": True}
    assert "up at" in describe(first)
    found = json.loads((first.folder / "desk.json").read_text())
    assert found["pids"] == {part: process.pid for part, process in first.processes.items()}
    assert found["host"] == f"http://127.0.0.1:{found['port']}"
    assert stat.S_IMODE(first.folder.stat().st_mode) == 0o700
    for name in ("desk.json", "settings.json"):
        assert stat.S_IMODE((first.folder / name).stat().st_mode) == 0o600


def test_down_keeps_the_data_and_purge_does_not(tiny: TinyDesk) -> None:
    """`down` stops everything and keeps data, secrets and ports for the next `up`; `purge` removes the folder."""
    said: list[str] = []
    first = up("tiny", say=quiet)
    (first.folder / "tickets").write_text("kept")
    down("tiny", say=said.append)
    assert running("tiny") is None
    assert not any(map(processes.alive, first.processes.values()))
    assert "down" in describe(status("tiny")[0])
    assert status("tiny")[0].processes == {}
    assert str(first.folder) in said[-1]
    again = up("tiny", say=quiet)
    assert (again.host, again.smtp) == (first.host, first.smtp)
    assert (again.folder / "tickets").read_text() == "kept"
    down("tiny", say=said.append, purge=True)
    assert not first.folder.exists()
    down("tiny", say=said.append)
    assert said[-1] == "tiny is not up"


def test_fresh_forgets_all_tickets_of_a_desk_that_runs(tiny: TinyDesk) -> None:
    """`fresh` on a desk that runs stops it, removes its data and mail, and starts it again."""
    first = up("tiny", say=quiet)
    (first.folder / "tickets").mkdir()
    mail(first.smtp, "ann@run1.test", "old")
    fresh = up("tiny", say=quiet, fresh=True)
    assert not (fresh.folder / "tickets").exists()
    assert lines(fresh.mailbox) == []
    assert not processes.alive(first.processes["server"])


def test_up_takes_another_port_when_its_own_is_taken(tiny: TinyDesk) -> None:
    """A desk whose preferred port somebody has starts on another one, and says so in its URL."""
    with socket.create_server(("127.0.0.1", tiny.ports["server"])):
        desk = up("tiny", say=quiet)
    assert desk.port != tiny.ports["server"]
    assert desk.host.endswith(f":{desk.port}")


def test_failed_up_stops_what_it_started(tiny: TinyDesk) -> None:
    """When the server ends at once, `up` tells the end of its log, and leaves nothing running."""
    tiny.breaks = True
    with pytest.raises(DeskFailed, match=r"server ended at once.*\n.*no database") as failed:
        up("tiny", say=quiet)
    assert failed.value.exit_code == 1
    assert not processes.listening(tiny.ports["mailbox"])
    assert running("tiny") is None
    assert status() == []
    tiny.breaks = False
    assert up("tiny", say=quiet).up


def test_desk_whose_server_died_is_down(tiny: TinyDesk) -> None:
    """A desk whose server was killed is not running; `up` ends its other parts and starts it anew."""
    first = up("tiny", say=quiet)
    os.kill(first.processes["server"].pid, signal.SIGKILL)
    until(lambda: running("tiny") is None)
    assert "down" in describe(first)
    assert up("tiny", say=quiet).port == first.port
    assert not processes.alive(first.processes["mailbox"])


def test_parts_are_held_halted_and_restarted(tiny: TinyDesk) -> None:
    """A held server answers when it is let go; a halted part is down, and the desk is not; a restart brings it back."""
    desk = up("tiny", say=quiet)
    halt("tiny", "mailbox")
    assert desk.up
    assert desk.parts["mailbox"] is False
    assert "not running: mailbox" in describe(desk)
    back = restart("tiny", "mailbox")
    assert back.parts["mailbox"]
    assert back.processes["server"] == desk.processes["server"]
    assert restart("tiny").processes["server"] != desk.processes["server"]
    pause("tiny", 0.1)
    fetch(desk.host)
    with pytest.raises(UsageError, match="no part 'mailbx'; did you mean 'mailbox'"):
        halt("tiny", "mailbx")


@pytest.mark.parametrize("act", [partial(halt, part="server"), partial(pause, seconds=1.0), restart])
def test_parts_of_a_desk_that_is_not_up(tiny: TinyDesk, act: Callable[[str], object]) -> None:
    """Nothing of a desk that is not up can be held, halted or restarted; the message says how to start it."""
    with pytest.raises(UsageError, match="tiny is not up; start it: sim helpdesk up tiny"):
        act("tiny")


def test_rate_of_a_desk_that_runs_does_not_change(tiny: TinyDesk) -> None:
    """`up` with another rate than that of the desk that runs is a mistake; with the same one it is not."""
    up("tiny", say=quiet, rate="60/min")
    assert up("tiny", say=quiet, rate="60/min").rate == "60/min"
    with pytest.raises(UsageError, match="tiny is up with the rate 60/min; stop it first"):
        up("tiny", say=quiet, rate="30/min")


@pytest.mark.parametrize(
    ("name", "rate", "message"),
    [
        ("zendesk", None, "no helpdesk 'zendesk' to start here; known here: django-helpdesk, rt"),
        ("django-helpdsk", None, "did you mean 'django-helpdesk'?"),
        ("django-helpdesk", "fast", "'fast' is no rate; write as in 60/min"),
        ("django-helpdesk", "0/min", "'0/min' is no rate"),
        ("rt", "60/min", "rt refuses nobody for a rate"),
    ],
)
def test_mistakes_in_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, rate: str | None, message: str
) -> None:
    """An unknown desk and a rate that makes no sense are told, and nothing is made."""
    monkeypatch.setenv("SIM_HELPDESKS", str(tmp_path / "desks"))
    with pytest.raises(UsageError) as mistake:
        up(name, say=quiet, rate=rate)
    assert message in str(mistake.value)
    assert not (tmp_path / "desks").exists()


@pytest.mark.parametrize(
    ("debian", "user", "install", "message"),
    [
        (False, 0, True, "this system has none; start it in a Debian machine"),
        (True, 1000, True, "not installed; have root run: apt-get update && apt-get install"),
        (True, 0, False, "not installed; add --install, or run: apt-get update && apt-get install"),
    ],
)
def test_rt_that_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, debian: bool, user: int, install: bool, message: str
) -> None:
    """Where Request Tracker is not there and cannot be installed, `up` says exactly what to do, and makes nothing."""
    monkeypatch.setenv("SIM_HELPDESKS", str(tmp_path / "desks"))
    monkeypatch.setattr(request_tracker, "SERVER", tmp_path / "missing")
    monkeypatch.setattr(request_tracker, "DEBIAN", tmp_path if debian else tmp_path / "missing")
    monkeypatch.setattr(os, "geteuid", lambda: user)
    with pytest.raises(UsageError) as mistake:
        up("rt", say=quiet, install=install)
    assert mistake.value.exit_code == 2
    assert message in str(mistake.value)
    assert not (tmp_path / "desks").exists()


@pytest.mark.parametrize("works", [True, False])
def test_rt_is_installed_by_root_on_debian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, works: bool) -> None:
    """With `install`, root gets Debian's packages without questions; where that fails, the end of its log is told."""
    apt = tmp_path / "apt-get"
    get = f"touch {tmp_path / 'rt-server'}" if works else "echo no such package; exit 100"
    apt.write_text(f'#!/bin/sh\necho "$DEBIAN_FRONTEND $@" >>{tmp_path / "calls"}\n[ $1 = update ] || {{ {get}; }}\n')
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for name in ("SERVER", "SET_UP", "GATEWAY", "SENDMAIL"):
        monkeypatch.setattr(request_tracker, name, tmp_path / "rt-server")
    monkeypatch.setattr(request_tracker, "DEBIAN", tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    desk = request_tracker.RtDesk()
    desk.check(install=True)
    (tmp_path / "logs").mkdir()
    if works:
        desk.require(tmp_path, say=quiet)
    else:
        with pytest.raises(DeskFailed, match=r"could not install Request Tracker 5.*\nno such package"):
            desk.require(tmp_path, say=quiet)
    update, install = (tmp_path / "calls").read_text().splitlines()
    assert update == "noninteractive update -q"
    assert install.startswith("noninteractive install -q -y --no-install-recommends request-tracker5 ")


def test_state_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """A desk's folder lies in SIM_HELPDESKS, else in the user's folder for state, else in ~/.local/state."""
    monkeypatch.setenv("SIM_HELPDESKS", "/a")
    monkeypatch.setenv("XDG_STATE_HOME", "/b")
    monkeypatch.setenv("HOME", "/c")
    assert state("rt") == Path("/a/rt")
    monkeypatch.delenv("SIM_HELPDESKS")
    assert state("rt") == Path("/b/supportsim/rt")
    monkeypatch.delenv("XDG_STATE_HOME")
    assert state("rt") == Path("/c/.local/state/supportsim/rt")


# --- the real ones ---


class Client:
    """The few requests that these tests need of either desk, without an adapter."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.rt = desk, desk.name == "rt"
        self.tokens = json.loads((desk.folder / "tokens.json").read_text("utf-8"))

    def request(self, method: str, path: str, body: Any = None, *, role: str = "agent") -> Any:
        headers = {"Content-Type": "application/json"}
        headers["Authorization"] = f"{'token' if self.rt else 'Token'} {self.tokens[role]}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.desk.host + path, data=data, headers=headers, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def create(self, subject: str) -> str:
        if self.rt:
            fields = {"SyntheticRun": "ab" * 16, "SyntheticKey": "1.1"}
            body = {"Queue": "Support", "Subject": subject, "Requestor": "bob@run1.test", "CustomFields": fields}
            return str(self.request("POST", "/REST/2.0/ticket", body, role="customer")["id"])
        body = {"queue": 1, "title": subject, "description": "x", "submitter_email": "bob@run1.test", "priority": 3}
        fields = {"custom_run": "ab" * 16, "custom_key": "1.1"}
        return str(self.request("POST", "/api/tickets/", {**body, **fields}, role="customer")["id"])

    def tickets(self, subject: str) -> dict[str, str]:
        """Status by id."""
        if self.rt:
            query = "/REST/2.0/tickets?fields=Subject,Status&per_page=100&query=id%3E0"
            return {
                row["id"]: row["Status"] for row in self.request("GET", query)["items"] if row["Subject"] == subject
            }
        rows = self.request("GET", "/api/tickets/?page_size=100")["results"]
        return {str(row["id"]): str(row["status"]) for row in rows if row["title"] == subject}

    def answer(self, ticket: str, text: str) -> None:
        if self.rt:
            body = {"Content": text, "ContentType": "text/plain"}
            self.request("POST", f"/REST/2.0/ticket/{ticket}/correspond", body)
        else:
            self.request("POST", "/api/followups/", {"ticket": ticket, "comment": text, "public": True, "user": None})

    def resolve(self, ticket: str) -> None:
        if self.rt:
            self.request("PUT", f"/REST/2.0/ticket/{ticket}", {"Status": "resolved"})
        else:
            self.request("PATCH", f"/api/tickets/{ticket}/", {"status": 3})


@pytest.fixture(scope="module", params=["django-helpdesk", "rt"])
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    name = request.param
    if name == "rt" and request_tracker._missing():
        pytest.skip("Request Tracker 5 is not installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIM_HELPDESKS", str(tmp_path_factory.mktemp("desks")))
        yield Client(up(name, say=quiet))
        down(name, say=quiet)


@pytest.mark.desks
def test_mail_goes_round(client: Client) -> None:
    """A mail makes a ticket and brings an auto-reply; a reply to that goes to the same ticket; an agent's answer is
    mailed; a reply to a resolved ticket opens it again."""
    desk = client.desk
    mail(desk.smtp, desk.to, "Round")
    (ticket,) = until(lambda: client.tickets("Round"))
    (receipt,) = until(lambda: [row for row in lines(desk.mailbox) if "Round" in row["subject"]])
    assert receipt["rcpt"] == ["ann@run1.test"]
    assert receipt["auto"] == "auto-replied"
    client.answer(ticket, "Please send the number.")
    until(lambda: [row for row in lines(desk.mailbox) if "Please send the number." in row["text"]])
    client.resolve(ticket)
    before = client.tickets("Round")
    mail(desk.smtp, desk.to, f"Re: {receipt['subject']}", answers=receipt["message_id"])
    until(lambda: client.tickets("Round") != before)
    assert client.tickets("Round") == {ticket: "open" if client.rt else "2"}


@pytest.mark.desks
def test_desk_listens_on_this_machine_alone(client: Client) -> None:
    """Server, door and mailbox are found at 127.0.0.1, and at no other address."""
    settings = json.loads((client.desk.folder / "settings.json").read_text("utf-8"))
    for port in settings["ports"].values():
        assert processes.listening(port)
        with socket.socket() as probe:
            # who listens on all addresses hears this one too
            assert probe.connect_ex(("127.0.0.2", port)) != 0


@pytest.mark.desks
def test_secrets_stay_in_two_files(client: Client) -> None:
    """Tokens and passwords are in tokens.json and settings.json (0600), in no other text file and in no process."""
    folder = client.desk.folder
    settings = json.loads((folder / "settings.json").read_text("utf-8"))
    secrets = [*client.tokens.values(), *settings["passwords"].values(), settings["secret_key"]]
    assert len(set(secrets)) == len(secrets)
    keep = {"tokens.json", "settings.json"}
    texts = [
        path for path in (*folder.glob("*"), *folder.glob("logs/*")) if path.is_file() and path.suffix != ".sqlite3"
    ]
    for path in texts:
        assert path.name in keep or not any(secret.encode() in path.read_bytes() for secret in secrets), path
    for name in keep:
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                text = (process / name).read_bytes()
            except OSError:
                continue
            assert not any(secret.encode() in text for secret in secrets), process


@pytest.mark.desks
def test_desk_that_is_held_answers_late(client: Client) -> None:
    """A request to a server that is held for a second is answered when it is let go."""
    holder = Thread(target=pause, args=(client.desk.name, 1.0))
    holder.start()
    time.sleep(0.2)
    began = time.monotonic()
    client.tickets("Round")
    assert time.monotonic() - began > 0.5
    holder.join()


@pytest.mark.desks
def test_restarted_desk_knows_its_tickets(client: Client) -> None:
    """A desk that is restarted is found where it was, with the tickets it had; `fresh` forgets them."""
    ticket = client.create("Kept")
    restart(client.desk.name)
    assert list(client.tickets("Kept")) == [ticket]
    down(client.desk.name, say=quiet)
    client.desk = up(client.desk.name, say=quiet)
    assert list(client.tickets("Kept")) == [ticket]
    client.desk = up(client.desk.name, say=quiet, fresh=True)
    client.tokens = json.loads((client.desk.folder / "tokens.json").read_text("utf-8"))
    assert client.tickets("Kept") == {}


@pytest.mark.desks
@pytest.mark.parametrize("client", ["django-helpdesk"], indirect=True)
def test_mailbox_down_is_an_error_that_creates(client: Client) -> None:
    """While its mail cannot be sent, django-helpdesk answers 500 to a create that it has made, and makes one ticket of
    a customer's mail, not one at each try."""
    desk = client.desk
    halt(desk.name, "mailbox")
    with pytest.raises(urllib.error.HTTPError) as failed:
        client.create("Ghost")
    failed.value.close()
    assert failed.value.code == 500
    assert len(client.tickets("Ghost")) == 1
    mail(desk.smtp, desk.to, "Lost")
    until(lambda: list((desk.folder / "spool" / "failed").iterdir()))
    time.sleep(0.5)
    assert len(client.tickets("Lost")) == 1
    restart(desk.name, "mailbox")
    client.create("Seen")
    until(lambda: [row for row in lines(desk.mailbox) if "Seen" in row["subject"]])


@pytest.mark.desks
@pytest.mark.parametrize("client", ["django-helpdesk"], indirect=True)
def test_rate_is_kept(client: Client) -> None:
    """A desk with a rate refuses what is above it with 429, and says when to come back."""
    name = client.desk.name
    down(name, say=quiet)
    up(name, say=quiet, rate="2/min")
    try:
        client.tickets("x")
        client.tickets("x")
        with pytest.raises(urllib.error.HTTPError) as refused:
            client.tickets("x")
        refused.value.close()
        assert refused.value.code == 429
        assert 0 < int(refused.value.headers["Retry-After"]) <= 60
    finally:
        down(name, say=quiet)
        up(name, say=quiet)
