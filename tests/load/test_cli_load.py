"""`sim load` and `sim helpdesk` as their users meet them: what is refused and in which words, what a test leaves
behind, and what becomes of it afterwards."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from servers import NAME, Fault, Proxy, Witness, proxy

from sim import cli
from sim.helpdesks.local import Desk
from sim.helpdesks.tokens import Tokens, tokens
from sim.load.books import Books, read, validity
from sim.load.ledger import Delivery
from sim.load.observe import observe
from sim.schemas import CONTACTS, Source
from sim.tables import read_parquet

ROOT = Path(__file__).parents[2]
TEN = """\
name: Ten letters
customers: 200000
lasts: 1d
run_in: 0d
drain: 1d
phone: {staff: 2, hours: 08:00-20:00}
email: {staff: 10}
load:
  channels: {email: rest}
  capacity: 4/s
  thresholds: {sent: at least 100%, create.max: at most 5s}
"""
"""Nine e-mails between ten and half past ten, and agents for all of them at once."""
LIVE = TEN.replace("load:", "chat: {staff: 2, hours: 08:00-20:00}\nload:")
STAGING = TEN + "  host: http://192.0.2.7\n  outbound_mail: sink\n"
SECRET = "hunter2secret"
HALF_AN_HOUR = ("--helpdesk", NAME, "--window", "Mon 10:00..10:30", "--speed", "600")
BRIEFLY = ("--helpdesk", NAME, "--window", "Mon 10:00..10:15", "--speed", "400")


def left_in(folder: Path) -> list[str]:
    """Everything in a folder, hidden or not, but the scenarios."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.suffix != ".yaml")


# --- what is refused before anything is sent -------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    def document(self) -> dict[str, Any]:
        """All of stdout, which is one JSON document."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


Sim = Callable[..., Said]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with scenarios, on a machine where no desk was ever started and no token is known."""
    for name, text in (("ten", TEN), ("live", LIVE), ("staging", STAGING)):
        (tmp_path / f"{name}.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if re.fullmatch("SIM_.*TOKEN.*", name):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SIM_HELPDESKS", str(tmp_path.parent / "no-desks"))
    return tmp_path


@pytest.fixture
def sim(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Sim]:
    """The command, in this process."""
    before = signal.getsignal(signal.SIGTERM)

    def run(*words: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["sim", *words])
        code: Any = 0
        try:
            cli.main()
        except SystemExit as leave:
            code = leave.code
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return Said(code or 0, said.out, said.err)

    yield run
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="module")
def stranger() -> Iterator[str]:
    """Another product, that knows no page of ours."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


NOBODY_THERE = "http://127.0.0.1:9"
MISTAKES: dict[str, tuple[int, Sequence[str], Sequence[str]]] = {
    "no scenario": (2, ["--helpdesk", NAME], ["load needs a scenario; as in"]),
    "no helpdesk named": (2, ["ten.yaml"], ["load needs --helpdesk; as in"]),
    "no such helpdesk": (2, ["ten.yaml", "--helpdesk", "zendesk"], ["'rt', 'django-helpdesk', 'rest'"]),
    "no such scenario": (2, ["tem.yaml", *BRIEFLY], ["tem.yaml: there is no such file", "ten.yaml"]),
    "two scenarios": (2, ["ten.yaml", "live.yaml", *BRIEFLY], ["live.yaml is another; options of Locust"]),
    "no desk": (2, ["ten.yaml", *BRIEFLY], ["start one with: sim helpdesk up django-helpdesk"]),
    "no mapping": (2, ["ten.yaml", "--helpdesk", "rest", "--host", NOBODY_THERE], ["needs a mapping", "load.mapping"]),
    "no scheme": (2, ["ten.yaml", *BRIEFLY, "--host", "127.0.0.1:80"], ["it has no scheme; write http://127.0.0.1:80"]),
    "a password": (2, ["ten.yaml", *BRIEFLY, "--host", f"http://me:{SECRET}@127.0.0.1"], ["a user or a password"]),
    "an odd port": (2, ["ten.yaml", *BRIEFLY, "--host", "http://127.0.0.1:99999"], ["1 to 65535"]),
    "speed 0": (2, ["ten.yaml", *BRIEFLY, "--speed", "0"], ["--speed 0: not a speed; give a number above 0"]),
    "speed abc": (2, ["ten.yaml", *BRIEFLY, "--speed", "abc"], ["--speed abc: not a speed"]),
    "speed inf": (2, ["ten.yaml", *BRIEFLY, "--speed", "inf"], ["--speed inf: not a speed"]),
    "no window": (2, ["ten.yaml", *BRIEFLY, "--window", "9 to 5", "--dry-run"], ["--window '9 to 5'", "as in 'Mon"]),
    "an empty window": (
        2, ["ten.yaml", *BRIEFLY, "--window", "Mon 03:00..03:01", "--dry-run"], ["choose another --window"],
    ),
    "mail without a way": (
        2, ["ten.yaml", *BRIEFLY, "--set", "load.channels.email=email", "--dry-run"],
        ["no way for mail is known", "load.channels: {email: rest}"],
    ),
    "not on the list": (
        5, ["ten.yaml", *BRIEFLY, "--host", "http://192.0.2.7"],
        ["--allow-host 192.0.2.7", "load: host", "load: staging", "load: outbound_mail"],
    ),
    "not in the scenario": (
        5, ["ten.yaml", *BRIEFLY, "--host", "http://192.0.2.7", "--allow-host", "192.0.2.7"], ["does not name it"],
    ),
    "not proved to be staging": (5, ["staging.yaml", *BRIEFLY, "--allow-host", "192.0.2.7"], ["it is staging"]),
    "all addresses": (5, ["ten.yaml", *BRIEFLY, "--host", "http://0.0.0.0:80"], ["write 127.0.0.1"]),
    "no token": (5, ["ten.yaml", *BRIEFLY, "--host", NOBODY_THERE], ["set SIM_DJANGO_HELPDESK_TOKEN"]),
    "locust's users": (2, ["ten.yaml", *BRIEFLY, "--", "-u50"], ["-u50 is not yours to pass on to Locust"]),
    "locust's host": (2, ["ten.yaml", *BRIEFLY, "--", "--host=http://192.0.2.7"], ["--host is not yours"]),
    "locust's processes": (2, ["ten.yaml", *BRIEFLY, "--", "--proc", "4"], ["--proc is not yours", "--workers"]),
    "locust's page": (2, ["ten.yaml", *BRIEFLY, "--", "--web-host", "0.0.0.0"], ["--listen"]),
    "no run": (2, ["--cleanup", "."], [". is no run of sim load", "name its folder"]),
    "nothing to reconcile": (2, ["--reconcile", "nowhere"], ["nowhere is no run of sim load"]),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_said_and_leaves_nothing(mistake: str, here: Path, sim: Sim) -> None:
    """Each mistake has its exit code and says what is wrong and what to do; with --json, stdout is one document of the
    same. Nothing is written, and no password is repeated."""
    code, words, fragments = MISTAKES[mistake]
    said = sim("load", *words)
    assert (said.code, said.out) == (code, "")
    for fragment in fragments:
        assert fragment in said.err
    at = words.index("--") if "--" in words else len(words)
    as_json = sim("load", "--json", *words[:at], *words[at:])
    assert (as_json.code, as_json.err) == (code, said.err)
    document = as_json.document()
    assert document["exit_code"] == code
    assert said.err == f"sim: {document['error']}" + (f"; {document['hint']}" if document["hint"] else "") + "\n"
    assert SECRET not in said.err + as_json.out
    assert left_in(here) == []


def test_the_mistakes_of_a_scenario_come_all_at_once(here: Path, sim: Sim) -> None:
    """A scenario with two mistakes shows both, with their places, and a password in one of them is not repeated."""
    (here / "bad.yaml").write_text(TEN + f"  host: http://me:{SECRET}@desk.test\n  rates: 3/s\n")
    said = sim("load", "bad.yaml", *BRIEFLY, "--host", NOBODY_THERE)
    assert (said.code, said.out) == (2, "")
    assert "bad.yaml:12:" in said.err
    assert "bad.yaml:13:" in said.err
    assert said.err.endswith("2 mistakes; nothing was run\n")
    assert SECRET not in said.err
    assert left_in(here) == []


def test_the_guard_comes_before_the_token(here: Path, sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing may be sent, no token is read: one that others may read is not even mentioned."""
    (here / "open.yaml").write_text(SECRET)
    (here / "open.yaml").chmod(0o644)
    monkeypatch.setenv("SIM_DJANGO_HELPDESK_TOKEN_FILE", "open.yaml")
    assert "open.yaml" not in sim("load", "ten.yaml", *BRIEFLY, "--host", "http://192.0.2.7").err
    said = sim("load", "ten.yaml", *BRIEFLY, "--host", NOBODY_THERE)
    assert (said.code, said.err) == (
        5, "sim: SIM_DJANGO_HELPDESK_TOKEN_FILE: others may read open.yaml; chmod 600 open.yaml\n",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("helpdesk", "fragment"),
    [
        (NAME, "no django-helpdesk answers there"),
        ("rt", "no Request Tracker answers there"),
        ("rest", "this host does not answer as Zammad"),
    ],
)
def test_another_product_is_refused(
    helpdesk: str, fragment: str, stranger: str, here: Path, sim: Sim, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host behind which something else answers is refused (5), as is one behind which nothing does."""
    monkeypatch.setenv(f"SIM_{helpdesk.upper().replace('-', '_')}_TOKEN", SECRET)
    words = ("load", "ten.yaml", *BRIEFLY, "--helpdesk", helpdesk, "--set", "load.mapping=zammad")
    said = sim(*words, "--host", stranger)
    assert (said.code, said.out) == (5, "")
    assert fragment in said.err
    nobody = sim(*words, "--host", NOBODY_THERE)
    assert (nobody.code, nobody.out) == (5, "")
    assert "is it up?" in nobody.err
    assert SECRET not in said.err + nobody.err
    assert left_in(here) == []


@pytest.mark.parametrize(
    ("speed", "limits"),
    [
        (5000, {"capacity": "1/s"}),
        (5000, {"capacity": "0.3/s"}),
        (600, {"rate": "1/s"}),
        (600, {"rate": "2/m", "capacity": "9/s"}),
        (900, {"rate": "2/s", "capacity": "0.5/s"}),
    ],
)
def test_the_speed_that_is_proposed_would_do(speed: int, limits: dict[str, str], sim: Sim) -> None:
    """A plan above load.rate or load.capacity is refused (5) with a speed: that one passes, one more does not."""

    def planned(speed: int, *more: str) -> Said:
        sets = [word for name, value in limits.items() for word in ("--set", f"load.{name}={value}")]
        return sim("load", "ten.yaml", *HALF_AN_HOUR, "--speed", str(speed), "--dry-run", *sets, *more)

    refused = planned(speed)
    assert refused.code == 5
    found = re.search("try --speed ([0-9]+), or a quieter --window", refused.err)
    assert found
    proposed = int(found[1])
    document = planned(proposed, "--json").document()
    assert document["rate"] <= document["capacity"]
    assert document["peak"] <= max(1, document["cap"])
    assert planned(proposed + 1).code == 5


def test_no_speed_is_proposed_where_none_would_do(sim: Sim) -> None:
    """A desk that bears less than real time brings is given no such hint; with --json, stdout is the refusal alone."""
    words = ("load", "ten.yaml", *HALF_AN_HOUR, "--dry-run", "--set", "load.capacity=1/week")
    assert "choose a quieter --window, or raise what is allowed" in sim(*words).err
    assert sim(*words, "--json").document()["exit_code"] == 5


def test_a_dry_run_says_what_would_be_sent(here: Path, sim: Sim) -> None:
    """Without desk and token: how many, by what way, and why a channel is left out; --json is the same as data."""
    said = sim("load", "live.yaml", *HALF_AN_HOUR, "--dry-run")
    assert (said.code, said.err) == (0, "")
    document = sim("load", "live.yaml", *HALF_AN_HOUR, "--dry-run", "--json").document()
    assert f"{document['sent']} contacts would be sent" in said.out
    assert "Nothing was sent.\n\nnext: sim helpdesk up" in said.out
    ways = {each["channel"]: (each["wire"], each["why"]) for each in document["channels"]}
    assert ways["chat"] == ("left out", "the desk has no chat")
    assert ways["email"] == ("REST", "")
    assert ways["phone"][0] == "simulated"
    contacts = {each["channel"]: each["contacts"] for each in document["channels"]}
    assert document["sent"] == contacts["email"] > 0
    assert document["contacts"] == sum(contacts.values())
    assert left_in(here) == []


def test_a_plan_takes_no_folder_that_is_taken(here: Path, sim: Sim) -> None:
    """--plan-only writes into a folder of its own, once, and says how to go on; a folder with something in it is a
    usage error. No token is needed, none is written."""
    words = ("load", "ten.yaml", *BRIEFLY, "--host", NOBODY_THERE, "--plan-only")
    done = sim(*words, "plan")
    assert done.code == 0
    assert "SIM_PLAN=plan locust -f locustfiles/helpdesk.py --headless\n" in done.out
    before = left_in(here)
    again = sim(*words, "plan")
    assert (again.code, again.out) == (2, "")
    assert again.err == "sim: plan is already there; choose another folder with --plan-only, or remove it\n"
    assert sim(*words, "ten.yaml").code == 2
    assert left_in(here) == before
    assert sim(*words, "other", "--json").document()["plan"] == "other"


@pytest.mark.parametrize(("out", "code"), [("taken", 2), ("ten.yaml", 2), ("ten.yaml/run", 1), ("", 1)])
def test_where_nothing_can_be_written_nobody_is_asked(out: str, code: int, here: Path, sim: Sim) -> None:
    """A run folder that is there, or cannot be, is an error before the desk is asked for anything."""
    (here / "taken").mkdir()
    (here / "taken" / "something").touch()
    (here / "results").touch()
    before = left_in(here)
    # without a token, to ask would be another mistake
    said = sim("load", "ten.yaml", *BRIEFLY, "--host", NOBODY_THERE, *(("--out", out) if out else ()))
    assert (said.code, said.out) == (code, "")
    assert "--out" in said.err
    assert left_in(here) == before


def test_helpdesks_that_were_never_started(sim: Sim) -> None:
    """`status` says how to start one, `down` that there is none to stop; a name that is none is a usage error."""
    assert sim("helpdesk", "status").out == "none was ever started here\n\nnext: sim helpdesk up\n"
    assert sim("helpdesk", "down").out == "django-helpdesk is not up\n\nnext: sim helpdesk up django-helpdesk\n"
    said = sim("helpdesk", "up", "django")
    assert (said.code, said.out) == (2, "")
    assert "django-helpdesk" in said.err


# --- a real helpdesk -------------------------------------------------------------------------------------------------


@dataclass
class Machine:
    """A user's machine: their folder, and what is in their environment."""

    folder: Path
    environ: dict[str, str] = field(repr=False)

    def start(self, *words: str, **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "sim", *words],
            cwd=self.folder, env={**self.environ, **more}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            # in the background of a script Ctrl-C is ignored, and that is inherited
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip

    def sim(self, *words: str, **more: str) -> Said:
        return ended(self.start(*words, **more))


def ended(process: subprocess.Popen[str]) -> Said:
    out, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    return Said(process.returncode, out, err)


def machine(folder: Path, desk: Desk, **environ: str) -> Machine:
    (folder / "ten.yaml").write_text(TEN)
    known = {name: value for name, value in os.environ.items() if not name.startswith(("LOCUST_", "SIM_"))}
    ours = {"PYTHONPATH": str(ROOT), "SIM_HELPDESKS": str(desk.folder.parent)}
    return Machine(folder, {**known, **ours, **environ})


@pytest.fixture
def sim_there(sim: Sim, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Sim:
    """The command in this process, where the desk was started."""
    monkeypatch.setenv("SIM_HELPDESKS", str(desk.folder.parent))
    return sim


@pytest.fixture
def user(desk: Desk, tmp_path: Path) -> Machine:
    return machine(tmp_path, desk)


def held_by(desk: Desk) -> Tokens:
    return tokens(NAME, {}, desk.folder, host=desk.host)


def somebody_s_ticket(desk: Desk) -> str:
    ticket = {"queue": 1, "title": "Not yours", "description": "Leave it.", "submitter_email": "a@else.test",
              "priority": 3, "status": 1}  # fmt: skip
    headers = {"Authorization": f"Token {held_by(desk).customer}", "Content-Type": "application/json"}
    asked = urllib.request.Request(f"{desk.host}/api/tickets/", json.dumps(ticket).encode(), headers)
    with urllib.request.urlopen(asked) as answer:
        return str(json.load(answer)["id"])


def run_of(folder: Path) -> str:
    return str(json.loads((folder / "plan" / "plan.json").read_text())["run"])


MESSAGES = """\
import os

import msgpack

packed = msgpack.dumps


def dumps(*given, **more):
    message = packed(*given, **more)
    with open(os.environ["MESSAGES"], "ab") as file:
        file.write(message)
    return message


msgpack.dumps = dumps
"""
"""For Locust's processes: all that they tell one another, as it goes over the wire."""


@dataclass(frozen=True)
class Whole:
    """A load test from its beginning to its end."""

    machine: Machine
    desk: Desk
    dry: dict[str, Any]
    said: Said
    seen: frozenset[bytes]
    """The command lines of all processes of this machine, while it ran."""
    called: list[Any]
    """Who has called at the host that Locust's own settings name."""
    foreign: str
    before: list[Any]
    """Somebody's ticket, and all that the desk's database held of it before."""

    @property
    def folder(self) -> Path:
        return self.machine.folder / "run"


@pytest.fixture(scope="module")
def whole(started_desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """The desk's own tokens in variables, two workers, and settings of Locust for another test all over."""
    folder = tmp_path_factory.mktemp("user")
    for name in ("home", "temp", "site"):
        (folder / name).mkdir()
    (folder / "site" / "sitecustomize.py").write_text(MESSAGES)
    held = held_by(started_desk)
    with elsewhere() as (host, called):
        settings = f"host = {host}\nusers = 50\nrun-time = 1s\n"
        for path in ("locust.conf", "home/.locust.conf"):
            (folder / path).write_text(settings)
        environ = {
            "LOCUST_HOST": host, "LOCUST_USERS": "50", "LOCUST_RUN_TIME": "1s", "LOCUST_MODE_MASTER": "true",
            "HOME": str(folder / "home"), "TMPDIR": str(folder / "temp"), "MESSAGES": str(folder / "messages"),
            "PYTHONPATH": f"{folder / 'site'}{os.pathsep}{ROOT}",
            "SIM_DJANGO_HELPDESK_TOKEN": held.customer, "SIM_DJANGO_HELPDESK_AGENT_TOKEN": held.agent,
        }  # fmt: skip
        user = machine(folder, started_desk, **environ)
        nothing = {"SIM_DJANGO_HELPDESK_TOKEN": "", "SIM_HELPDESKS": str(folder / "none")}
        dry = user.sim("load", "ten.yaml", *HALF_AN_HOUR, "--dry-run", "--json", **nothing).document()
        foreign = somebody_s_ticket(started_desk)
        before = Witness(started_desk).record(foreign)
        words = (*HALF_AN_HOUR, "--workers", "2", "--out", "run", "--json")
        process = user.start("load", "ten.yaml", *words)
        with watched() as seen:
            said = ended(process)
        yield Whole(user, started_desk, dry, said, frozenset(seen), called, foreign, before)
    Witness(started_desk).forgets()


@contextmanager
def elsewhere() -> Iterator[tuple[str, list[Any]]]:
    """A host that nobody is to call at."""
    called: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listens() -> None:
            while True:
                try:
                    called.append(server.accept())
                except OSError:
                    return

        thread = threading.Thread(target=listens)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", called
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


@contextmanager
def watched() -> Iterator[set[bytes]]:
    """The command lines of all processes."""
    seen: set[bytes] = set()
    over = threading.Event()

    def looks() -> None:
        while not over.wait(0.2):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.add(path.read_bytes())
                except OSError:
                    # it has ended meanwhile
                    continue

    thread = threading.Thread(target=looks)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


@pytest.mark.desks
class TestAWholeRun:
    """A load test that passes, with two workers."""

    def test_passes(self, whole: Whole) -> None:
        """Exit code 0; stdout is one document that says so and names the folder; stderr is silent."""
        document = whole.said.document()
        assert (whole.said.code, whole.said.err) == (0, "")
        assert (document["exit_code"], document["source"], document["results"]) == (0, "observed", "run")

    def test_sends_what_the_dry_run_promised(self, whole: Whole) -> None:
        """As many first contacts are sent as --dry-run said, and each is one ticket at the desk."""
        rows = list(csv.DictReader((whole.folder / "deliveries.csv").read_text("utf-8").splitlines()))
        sent = {row["contact"] for row in rows if row["delivery"] == "sent"}
        firsts = [row for row in rows if row["cause"] == "first" and row["wire"] == "rest"]
        assert len(firsts) == whole.dry["sent"] == 9
        there = Witness(whole.desk).tickets(run_of(whole.folder))
        assert there.keys() == sent
        assert {len(tickets) for tickets in there.values()} == {1}

    def test_leaves_what_is_documented(self, whole: Whole) -> None:
        """Every file that results/README.md lists of a load test is in the folder, and there is none besides."""
        readme = (ROOT / "results" / "README.md").read_text("utf-8")
        listed = re.findall(
            "`([^`]+)`",
            "".join(re.findall(r"(?m)^\| (`[^|]+) \|", readme.split("leaves the same")[1].split("\n## ")[0])),
        )
        documented = {name for name in listed if "." in name or name.endswith("/")} - {"agree/"}
        assert {"plan/", "ledger/", "report.html", "junit.xml", "locust.html"} <= documented
        for name in documented:
            assert (whole.folder / name).exists(), name
        known = set(re.findall(r"`([\w.]+)[/`]", readme))
        assert {path.name for path in whole.folder.iterdir()} <= known
        assert not list(whole.machine.folder.glob(".*"))

    def test_the_books_hold(self, whole: Whole) -> None:
        """The ledger adds up, the run is valid, and both workers have written."""
        books = Books(read(whole.folder))
        assert books.breaks == ()
        assert validity(books).valid
        assert {path.name for path in (whole.folder / "ledger").iterdir()} == {"ledger-0.jsonl", "ledger-1.jsonl"}

    def test_a_build_server_can_read_it(self, whole: Whole) -> None:
        """junit.xml has a case for the generator, for the books and for each threshold, none of them failed."""
        names = [case.get("name") for case in ElementTree.parse(whole.folder / "junit.xml").iter("testcase")]
        thresholds = ["sent: at least 100%", "create.max: at most 5s"]
        assert names == ["the generator kept up", "every contact is accounted for", *thresholds]
        assert not list(ElementTree.parse(whole.folder / "junit.xml").iter("failure"))

    def test_the_page_says_how_it_ended(self, whole: Whole) -> None:
        """report.html holds the verdict of the document; Locust's own page is beside it."""
        assert "2 of 2 thresholds met" in (whole.folder / "report.html").read_text("utf-8")
        assert whole.said.document()["meaning"].split(":")[0] in (whole.folder / "report.html").read_text("utf-8")
        assert "<html" in (whole.folder / "locust.html").read_text("utf-8")

    def test_contacts_are_those_of_a_simulation(self, whole: Whole) -> None:
        """contacts/0000.parquet has the columns of CONTACTS, is read as that of a simulated run, and was observed."""
        observed = observe(whole.folder)
        found = read_parquet(whole.folder / "contacts" / "0000.parquet", observed.desk.words())
        assert list(found.names) == [column.name for column in CONTACTS]
        assert set(found["source"].tolist()) == {Source.OBSERVED}
        for name in found.names:
            assert found[name].tolist() == observed.contacts[name].tolist(), name

    def test_locust_s_own_settings_change_nothing(self, whole: Whole) -> None:
        """A host, users and a run time in LOCUST_ variables, ./locust.conf and ~/.locust.conf: nobody calls there, and
        the log knows of no other users and of no limit."""
        assert whole.called == []
        log = (whole.folder / "locust.log").read_text("utf-8")
        assert "No run time limit set" in log
        assert '"Customers": 2' in log

    def test_the_tokens_are_nowhere(self, whole: Whole) -> None:
        """In no command line, no message between processes, no output, and no file that was left, temporary or not."""
        held = [token.encode() for token in (held_by(whole.desk).customer, held_by(whole.desk).agent)]
        assert all(len(token) >= 20 for token in held)
        assert any(b"--master-port" in line for line in whole.seen)
        messages = (whole.machine.folder / "messages").read_bytes()
        assert b"join" in messages
        assert b"create" in messages
        files = [path.read_bytes() for path in whole.machine.folder.rglob("*") if path.is_file()]
        assert len(files) > 15
        texts = [whole.said.out.encode(), whole.said.err.encode(), *whole.seen, *files]
        assert not [text[:200] for text in texts for token in held if token in text]

    def test_other_books_are_refused(self, whole: Whole, sim_there: Sim, tmp_path: Path) -> None:
        """With a plan, its rows or a ledger of another digest nothing is deleted and nothing reconciled (2)."""
        for path, old, new in (
            ("plan/plan.json", b'"speed": ', b'"speed": 1'),
            ("plan/rows.jsonl", b'"customer": ', b'"customer": 1'),
            ("ledger/ledger-1.jsonl", b'"digest":"', b'"digest":"0'),
        ):
            edited = tmp_path / path.replace("/", "-")
            shutil.copytree(whole.folder, edited)
            data = (edited / path).read_bytes()
            assert old in data
            (edited / path).write_bytes(data.replace(old, new, 1))
            for words in (("--cleanup", str(edited), "--yes"), ("--reconcile", str(edited))):
                said = sim_there("load", *words)
                assert (said.code, said.out) == (2, ""), path
                assert str(edited) in said.err
        assert Witness(whole.desk).tickets(run_of(whole.folder))

    def test_afterwards(self, whole: Whole, sim_there: Sim) -> None:
        """--reconcile finds nothing to do and reports the same; --cleanup shows and deletes nothing, with --yes all of
        the run's, and again nothing. Somebody's ticket is what it was."""
        witness, run, folder = Witness(whole.desk), run_of(whole.folder), str(whole.folder)
        count = sum(map(len, witness.tickets(run).values()))
        closed = sim_there("load", "--reconcile", folder, "--json")
        assert (closed.code, closed.err) == (0, "every create is accounted for\n")
        assert closed.document()["ledger"] == whole.said.document()["ledger"]
        preview = sim_there("load", "--cleanup", folder)
        assert preview.code == 0
        assert preview.out.startswith(f"{count} tickets of run {run}")
        assert "Nothing was deleted: say --yes" in preview.out
        assert sum(map(len, witness.tickets(run).values())) == count
        done = sim_there("load", "--cleanup", folder, "--yes", "--json").document()
        assert (done["selected"], done["deleted"], done["left"], done["failed"]) == (count, count, [], {})
        assert witness.tickets(run) == {}
        again = sim_there("load", "--cleanup", folder, "--yes")
        assert again.code == 0
        assert again.out.startswith(f"0 tickets of run {run}\n")
        assert witness.record(whole.foreign) == whole.before


@pytest.mark.desks
def test_a_real_desk_that_does_not_fit_is_refused(
    here: Path, sim_there: Sim, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token that the desk does not take, and another desk's adapter, are refused (5); no token is repeated."""
    monkeypatch.setenv("SIM_DJANGO_HELPDESK_TOKEN", SECRET)
    monkeypatch.setenv("SIM_RT_TOKEN", SECRET)
    wrong = sim_there("load", "ten.yaml", *BRIEFLY)
    assert (wrong.code, wrong.out) == (5, "")
    assert "refuses the customers' token" in wrong.err
    other = sim_there("load", "ten.yaml", *BRIEFLY, "--helpdesk", "rt", "--host", desk.host)
    assert (other.code, other.out) == (5, "")
    assert "no Request Tracker answers there" in other.err
    assert SECRET not in wrong.err + other.err
    assert left_in(here) == []


@pytest.mark.desks
def test_what_was_tried_out_is_taken_back(here: Path, sim_there: Sim, desk: Desk) -> None:
    """--speed auto asks the desk how fast it is; where the plan is then refused, no ticket is left of that."""
    before, last = numbers_at(desk), int(somebody_s_ticket(desk))
    said = sim_there("load", "ten.yaml", *BRIEFLY, "--speed", "auto", "--set", "load.capacity=1/week")
    assert said.code == 5
    assert "load.capacity" in said.err
    # no number is given twice: there were some in between
    following = int(somebody_s_ticket(desk))
    assert following > last + 1
    assert numbers_at(desk) == before | {last, following}
    assert left_in(here) == []


def numbers_at(desk: Desk) -> set[int]:
    with closing(sqlite3.connect(f"file:{desk.folder / 'desk.sqlite3'}?mode=ro", uri=True)) as database:
        return {number for (number,) in database.execute("SELECT id FROM helpdesk_ticket")}


@pytest.mark.desks
def test_ctrl_c_ends_it_in_order(user: Machine, desk: Desk) -> None:
    """SIGINT in the middle: 130, the folder is there with books that hold, and can be cleaned up."""
    process = user.start("load", "ten.yaml", *HALF_AN_HOUR, "--out", "run")
    waits_for(user.folder, b'"delivery":"sent"')
    process.send_signal(signal.SIGINT)
    said = ended(process)
    assert said.code == 130
    assert "Exit code 130" in said.out
    assert Books(read(user.folder / "run")).breaks == ()
    there = Witness(desk).tickets(run_of(user.folder / "run"))
    assert 0 < len(there) < 9
    assert "none is left" in user.sim("load", "--cleanup", "run", "--yes").out
    assert Witness(desk).tickets(run_of(user.folder / "run")) == {}


def waits_for(folder: Path, row: bytes, seconds: float = 30.0) -> None:
    """Until a row with this stands in a ledger somewhere below a folder."""
    deadline = time.monotonic() + seconds
    while not any(row in path.read_bytes() for path in folder.rglob("ledger-*.jsonl")):
        assert time.monotonic() < deadline, "this never came"
        time.sleep(0.05)


@pytest.mark.desks
def test_two_at_once_keep_out_of_each_other_s_way(user: Machine, desk: Desk) -> None:
    """Two tests of one desk at a time, with one name for both folders: each has its own in the end, with books that
    hold, and only its own tickets."""
    both = [user.start("load", "ten.yaml", *BRIEFLY, "--out", "run", "--agents", "none") for _ in range(2)]
    said = [ended(process) for process in both]
    # two at once may make one another late, which is another matter
    assert {each.code for each in said} <= {0, 4}
    assert {each.out.splitlines()[-2] for each in said} == {"results: run", "results: run-2"}
    numbers: list[str] = []
    for name in ("run", "run-2"):
        books = Books(read(user.folder / name))
        there = Witness(desk).tickets(run_of(user.folder / name))
        assert books.breaks == ()
        assert {c: [entry.ticket] for c, entry in books.entries.items() if entry.ticket} == there
        numbers += [ticket for tickets in there.values() for ticket in tickets]
    assert len(numbers) == len(set(numbers)) == 8


@pytest.mark.desks
def test_a_threshold_that_is_missed(user: Machine) -> None:
    """Exit code 3, and junit.xml has one failure. What follows -- is Locust's, and its files are in the folder; a token
    may lie in a file that is named from where the user is."""
    (user.folder / "strict.yaml").write_text(TEN.replace("at most 5s", "at most 1ms"))
    held = json.loads((Path(user.environ["SIM_HELPDESKS"]) / NAME / "tokens.json").read_text())
    (user.folder / "token").write_text(held["agent"])
    (user.folder / "token").chmod(0o600)
    named = {"SIM_DJANGO_HELPDESK_TOKEN_FILE": "token"}
    said = user.sim("load", "strict.yaml", *BRIEFLY, "--out", "run", "--", "--csv", "locust", **named)
    assert said.code == 3, said.out + said.err
    assert "✗ create.max: at most 1ms" in said.out
    (failure,) = ElementTree.parse(user.folder / "run" / "junit.xml").iter("failure")
    assert "create.max" in (failure.text or "")
    assert (user.folder / "run" / "locust_stats.csv").exists()


@pytest.mark.desks
def test_who_lets_locust_stop_early_has_no_valid_run(user: Machine) -> None:
    """With Locust's own run time, what was not sent by then stands in the books, and the run is void (4)."""
    said = user.sim("load", "ten.yaml", *HALF_AN_HOUR, "--out", "run", "--json", "--", "-t", "2s")
    assert said.code == 4
    books = Books(read(user.folder / "run"))
    assert books.breaks == ()
    assert books.count(Delivery.NOT_SENT) > 0
    assert not validity(books).valid


@pytest.mark.desks
def test_locust_s_mistakes_are_told(user: Machine) -> None:
    """An option that Locust does not have is its usage error, in its own words; nothing is left of the run."""
    said = user.sim("load", "ten.yaml", *BRIEFLY, "--out", "run", "--", "--nonsense")
    assert (said.code, said.out) == (2, "")
    assert "unrecognized arguments: --nonsense" in said.err
    assert left_in(user.folder) == []


@pytest.mark.desks
def test_a_desk_that_goes_away(user: Machine, desk: Desk) -> None:
    """The desk answers when it is looked at, and takes nothing more once the test runs: 5, and the books say so."""

    def behaves(method: str, path: str, contact: str) -> Fault | None:
        return Fault.ERROR if contact and method == "POST" else None

    held = held_by(desk)
    named = {"SIM_DJANGO_HELPDESK_TOKEN": held.customer, "SIM_DJANGO_HELPDESK_AGENT_TOKEN": held.agent}
    with proxy(Proxy(desk.host, behaves)) as front:
        said = user.sim("load", "ten.yaml", *BRIEFLY, "--host", front.host, "--out", "run", **named)
    assert said.code == 5, said.out + said.err
    books = Books(read(user.folder / "run"))
    assert books.breaks == ()
    assert books.count(Delivery.FAILED) == 4
    assert Witness(desk).tickets(run_of(user.folder / "run")) == {}


@pytest.mark.desks
def test_a_helpdesk_is_started_and_stopped(user: Machine, desk: Desk, tmp_path: Path) -> None:
    """`up` ends with a command that works, `status` shows it up, `down --purge` leaves nothing."""
    mine = tmp_path / "desks" / NAME
    mine.mkdir(parents=True, mode=0o700)
    # what takes long is there already
    (mine / "venv").symlink_to(desk.folder / "venv")
    user.environ["SIM_HELPDESKS"] = str(mine.parent)
    try:
        up = user.sim("helpdesk", "up")
        assert up.code == 0
        following = up.out.splitlines()[-1]
        assert following.startswith("next: sim load scenarios/first.yaml ")
        words = following.removeprefix("next: sim ").replace("scenarios/", f"{ROOT}/scenarios/").replace("'", '"')
        split = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', words)]
        assert user.sim(*split, "--dry-run").code == 0
        shown = user.sim("helpdesk", "status").out
        assert f"{NAME} " in shown
        assert ": up at http://127.0.0.1:" in shown
    finally:
        down = user.sim("helpdesk", "down", "--purge")
    assert (down.code, down.out) == (
        0, f"django-helpdesk is down; removed {mine}\n\nnext: sim helpdesk up django-helpdesk\n"
    )  # fmt: skip
    assert not mine.exists()
    assert (desk.folder / "venv").exists()
