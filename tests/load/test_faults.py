"""Load tests against a real desk while something breaks: real processes, a real django-helpdesk, real signals.

After each of them the books add up, they agree with the desk's own database, and two tickets of other people that lay
in the same queue are byte for byte what they were.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import runs
from servers import NAME, RETRY_AFTER, Fault, Proxy, Witness, papers, proxy

from sim.helpdesks import adapter
from sim.helpdesks.local import Desk, down, halt, pause, restart, up
from sim.helpdesks.protocol import Helpdesk, Kind, Trouble
from sim.helpdesks.tokens import Tokens, tokens
from sim.load import books as ledgers
from sim.load.books import Books, exit_code, validity
from sim.load.closing import cleanup, reconcile
from sim.load.drive import Driven
from sim.load.guard import Refused, Target, target
from sim.load.http import HttpSession
from sim.load.ledger import Delivery
from sim.load.plan import Plan

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

SENT, DESPITE, FAILED = Delivery.SENT, Delivery.CREATED_DESPITE_ERROR, Delivery.FAILED
OURS = (SENT, DESPITE)
BY_FORM = ("load.channels.email=rest", "load.channels.phone=skip", "customers=200000", "email.staff=10")
"""About ten e-mails in half an hour, by the web form, and agents for all of them at once."""
HALF_AN_HOUR = "Mon 10:00..10:30"


SEARCH = "page_size=500"
"""What our adapter asks for when it searches."""


@dataclass
class Trial:
    """One load test: planned, driven while something happens to it, and its books held against the desk."""

    folder: Path
    desk: Desk
    tokens: Tokens = field(repr=False)
    witness: Witness
    plan: Plan = field(init=False, repr=False)
    foreign: dict[str, list[Any]] = field(default_factory=dict)

    def plans(self, host: str = "", **changes: Any) -> Plan:
        """Plan it, and put two tickets of others into the queue."""
        given: dict[str, Any] = {"window": HALF_AN_HOUR, "speed": 300.0, "sets": BY_FORM} | changes
        self.plan = runs.planned(self.folder, host or self.desk.host, NAME, **given)
        self.foreign = {ticket: self.witness.record(ticket) for ticket in self._foreign_tickets()}
        return self.plan

    def drives(self, meanwhile: Callable[[], None] = lambda: None, workers: int = 1) -> Driven:
        """Run the plan; `meanwhile` is what somebody does at the same time."""
        with at_the_same_time(meanwhile):
            return runs.driven(self.folder, workers=workers)

    def _foreign_tickets(self) -> Iterator[str]:
        """One of nobody's run, and one that another run has made with a key of ours."""
        others = "0123456789abcdef" * 2
        for more in ({}, {"custom_run": others, "custom_key": f"{self.plan.sent[0].issue}.1"}):
            ticket = {"queue": 1, "title": "Not yours", "description": "Leave it.", "submitter_email": "a@else.test"}
            said = {**ticket, "priority": 3, "status": 1, **more}
            headers = {"Authorization": f"Token {self.tokens.customer}"}
            with HttpSession(self.target) as session:
                yield str(session.request("POST", "/api/tickets/", json=said, headers=headers).json()["id"])

    @property
    def target(self) -> Target:
        return target(self.desk.host, allowed=(), named=None, staging=None, outbound_mail=None)

    @contextmanager
    def helpdesk(self) -> Iterator[Helpdesk]:
        """Our adapter, straight to the desk."""
        with HttpSession(self.target) as session:
            yield adapter(NAME, session, self.tokens, {})

    def books(self) -> Books:
        """The books, once they have been found to hold."""
        books = runs.books_of(self.folder)
        assert books.breaks == ()
        counted = sum(sum(counts.values()) for counts in books.by_channel().values())
        assert books.planned + books.spawned == counted
        assert books.planned == len(self.plan.rows)
        # whatever is at the desk was written down before it was sent, and is there once
        there = self.witness.tickets(self.plan.run)
        assert all(len(tickets) == 1 for tickets in there.values()), there
        assert there.keys() <= {row["c"] for row, _ in books.creates()}
        # and whatever the books say is there, is
        for c, entry in books.entries.items():
            if entry.delivery in OURS:
                assert [entry.ticket] == there[c]
        assert {ticket: self.witness.record(ticket) for ticket in self.foreign} == self.foreign
        return books

    def reconciles(self, books: Books) -> Books:
        """The books, closed from what the desk holds: they tell of every ticket that is there, and of no other."""
        with self.helpdesk() as helpdesk:
            reconcile(books, helpdesk)
        books = self.books()
        assert "create" not in {row["step"] for row in books.open_intents()}
        told = {c for c, entry in books.entries.items() if entry.delivery in OURS}
        assert told == self.witness.tickets(self.plan.run).keys()
        return books

    def rows(self, kind: str) -> tuple[Any, ...]:
        """What the ledgers hold by now."""
        return ledgers.read(self.folder).of(kind)

    def waits_for(self, number: int, delivery: str = "sent") -> None:
        """Until so many contacts are delivered."""
        until(lambda: sum(row["delivery"] == delivery for row in self.rows("delivery")) >= number)


@pytest.fixture
def trial(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trial]:
    held = tokens(NAME, {}, desk.folder, host=desk.host)
    # whatever stands in front of the desk has another port
    monkeypatch.setenv("SIM_DJANGO_HELPDESK_TOKEN", held.customer)
    monkeypatch.setenv("SIM_DJANGO_HELPDESK_AGENT_TOKEN", held.agent)
    witness = Witness(desk)
    yield Trial(tmp_path, desk, held, witness)
    # whatever is asked of this desk, it looks through all of its tickets
    witness.forgets()


@contextmanager
def at_the_same_time(act: Callable[[], None]) -> Iterator[None]:
    failed: list[BaseException] = []

    def acts() -> None:
        try:
            act()
        except BaseException as problem:
            failed.append(problem)

    thread = threading.Thread(target=acts, daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join(60)
    for problem in failed:
        raise problem


def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "this never came"
        time.sleep(0.05)


def code(books: Books, driven: Driven) -> int:
    """The exit code of such a run."""
    return exit_code(
        interrupted=driven.interrupted, broken=driven.broken, lost=ledgers.lost(books) or driven.failed == 5,
        void=not validity(books).valid,
    )  # fmt: skip


def pauses(books: Books) -> list[float]:
    """Seconds from each 429 that was tried again to that."""
    return [
        following["at"] - following["ms"] / 1000 - row["at"]
        for rows in books.outcomes.values()
        for row, following in pairwise(rows)
        if row["kind"] == Kind.THROTTLED
    ]


def all_sent(trial: Trial, books: Books) -> None:
    """Planned = sent = received, and in time."""
    there = trial.witness.tickets(trial.plan.run)
    assert there.keys() == {f"{row.issue}.1" for row in trial.plan.sent}
    assert books.count(*OURS) == len(trial.plan.sent)
    judged = validity(books)
    assert (judged.reasons, judged.late) == ((), 0)


def processes_of(ledger: Path) -> list[int]:
    """The processes that have a ledger open."""
    found = []
    for opened in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if os.readlink(opened) == str(ledger):
                found.append(int(opened.parts[2]))
        except OSError:
            # it has ended, or is closed by now
            continue
    return sorted(set(found))


# --- processes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("killed", [0, 1], ids=["the centre's", "the other"])
def test_a_killed_worker_loses_nothing_that_it_wrote(trial: Trial, killed: int) -> None:
    """SIGKILL for one of two workers: the run is void (4), and its ledger is there to its last row; what the other was
    to send was sent, unless nobody was left to lead; all that is at the desk is in the books or found by asking."""
    trial.plans()
    ledger = trial.folder / "ledger" / f"ledger-{killed}.jsonl"
    before = b""

    def kill() -> None:
        nonlocal before
        until(lambda: ledger.exists() and ledger.read_bytes().count(b'"delivery":"sent"') >= 2)
        (worker,) = processes_of(ledger)
        before = ledger.read_bytes()
        os.kill(worker, signal.SIGKILL)

    driven = trial.drives(kill, workers=2)
    assert -signal.SIGKILL in driven.codes
    assert ledger.read_bytes().startswith(before)
    books = trial.books()
    assert f"worker {killed} of 2 did not report that it is done" in validity(books).reasons
    assert code(books, driven) == 4
    unsent = {c for c, entry in books.entries.items() if entry.planned and entry.delivery is Delivery.NOT_SENT}
    theirs = {f"{row.issue}.1" for row in trial.plan.shard(killed, 2)}
    if killed != 0:
        assert unsent <= theirs
    trial.reconciles(books)


def test_a_desk_that_stalls_and_restarts_moves_no_arrival(trial: Trial) -> None:
    """Three seconds in which the desk answers nobody, and then a restart: everybody is sent when due and once; who was
    due as it stalled waited for it, and the latency from due says so."""
    trial.plans(speed=200.0)
    stalled = 0.0

    def stall() -> None:
        nonlocal stalled
        trial.waits_for(2)
        stalled = time.time()
        pause(NAME, 3.0)
        restart(NAME)

    driven = trial.drives(stall)
    books = trial.books()
    all_sent(trial, books)
    assert code(books, driven) == 0
    waited = {
        intent["c"]: last["at"] - intent["due"]
        for intent, last in books.creates()
        if last is not None and stalled <= intent["due"] < stalled + 1.0
    }
    assert waited
    assert min(waited.values()) >= 1.9
    assert any(row["kind"] == Kind.CONNECTION for row in trial.rows("outcome") if not row["ok"])


DRIVE = """
import pathlib, signal, sys
import runs

# whoever is started in the background is deaf to Ctrl-C, and so is all that it starts
signal.signal(signal.SIGINT, signal.default_int_handler)
print(runs.driven(pathlib.Path(sys.argv[1]), workers=2).interrupted)
"""


def test_ctrl_c_closes_the_books(trial: Trial) -> None:
    """SIGINT to the process that drives: no child is left, what was on its way is found at the desk, nothing is sent
    any more, and the clean-up deletes this run's tickets and no other."""
    trial.plans(speed=60.0)
    command = [sys.executable, "-c", DRIVE, str(trial.folder)]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(runs.__file__).parent), *sys.path])}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as driving:
        trial.waits_for(3)
        driving.send_signal(signal.SIGINT)
        said, _ = driving.communicate(timeout=60)
    assert said.strip() == "True"
    assert [processes_of(path) for path in (trial.folder / "ledger").iterdir()] == [[], []]
    books = trial.books()
    assert not validity(books).valid
    assert code(books, Driven(interrupted=True, codes=(0, 0), log=trial.folder)) == 130
    books = trial.reconciles(books)
    with trial.helpdesk() as helpdesk:
        cleaned = cleanup(books, helpdesk, trial.plan.run, lambda _: None, yes=True)
    assert cleaned.deleted == cleaned.selected >= 3
    assert (cleaned.failed, cleaned.left, cleaned.foreign) == ({}, (), ())
    assert trial.witness.tickets(trial.plan.run) == {}
    assert {ticket: trial.witness.record(ticket) for ticket in trial.foreign} == trial.foreign


def test_a_clock_that_is_set_moves_no_arrival(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    """The generator's clock is set an hour forward in the middle of a run, then two back: by the desk's own each ticket
    is made when it was due, and the books go on from the time of the start."""
    flag = trial.folder / "ahead"
    site = trial.folder / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(CLOCK, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(site), prepend=os.pathsep)
    monkeypatch.setenv("TEST_AHEAD", str(flag))
    trial.plans()

    def set_clock() -> None:
        trial.waits_for(2)
        flag.write_text("3600")
        trial.waits_for(6)
        flag.write_text("-3600")

    driven = trial.drives(set_clock)
    books = trial.books()
    all_sent(trial, books)
    assert code(books, driven) == 0
    for entry in books.entries.values():
        if entry.delivery is SENT:
            assert entry.ticket is not None
            assert entry.due is not None
            made = datetime.fromisoformat(trial.witness.created(entry.ticket)).replace(tzinfo=UTC).timestamp()
            assert -0.1 < made - entry.due < 3.0
    assert books.t0 is not None
    assert all(-2.0 < row["at"] - books.t0 < 60.0 for row in trial.rows("outcome"))


CLOCK = """
import os
import time

real, flag = time.time, os.environ["TEST_AHEAD"]

def shown():
    try:
        with open(flag) as file:
            return real() + float(file.read() or 0)
    except OSError:
        return real()

time.time = shown
"""


def test_a_full_disk_stops_the_sending(trial: Trial) -> None:
    """The ledger cannot grow any more: nothing is sent that is not in it, the run ends at once and fails (1)."""
    trial.plans(speed=150.0)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    full = 14_000
    ledger = trial.folder / "ledger" / "ledger-0.jsonl"

    def fill() -> None:
        trial.waits_for(1)
        (worker,) = processes_of(ledger)
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (full, hard))
        # there is room again for whatever else Locust writes
        until(lambda: str(ledger) in (trial.folder / "locust.log").read_text("utf-8"))
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (hard, hard))

    began = time.monotonic()
    driven = trial.drives(fill)
    took = time.monotonic() - began
    books = trial.books()
    assert ledger.stat().st_size == full
    assert 0 < len(trial.witness.tickets(trial.plan.run)) < len(trial.plan.sent)
    messages = sum(row["step"] in ("answer", "ask", "close", "resolve") for row in trial.rows("intent"))
    there = [
        said for tickets in trial.witness.tickets(trial.plan.run).values() for said in trial.witness.said(*tickets)
    ]
    assert sum(text != "" or status is not None for text, _, status in there) <= messages + len(books.outcomes)
    assert code(books, driven) == 1
    trial.reconciles(books)
    assert took < trial.plan.seconds(trial.plan.window[1])


# --- what stands between us and the desk -----------------------------------------------------------------------------


def test_what_fails_on_the_way_is_one_ticket_all_the_same(trial: Trial) -> None:
    """Resets and 5xx, before and after the desk has done it, and 429, the first search failing as well: each contact is
    one ticket, each answer is given once. Who is told to wait a second waits it. A redirect is not followed: its other
    end hears nothing."""
    first: dict[str, int] = {}
    tried = Counter[tuple[str, str, str]]()
    lock = threading.Lock()

    def behaves(method: str, path: str, contact: str) -> Fault | None:
        with lock:
            tried[contact, method, path] += 1
            if method == "GET":
                return Fault.ERROR if SEARCH in path and tried[contact, method, path] == 1 else None
            place = first.setdefault(contact, len(first)) % len(Fault)
        fault = list(Fault)[place]
        if path != "/api/tickets/" and fault is Fault.REDIRECT:
            return None
        return fault if tried[contact, method, path] == 1 or fault is Fault.REDIRECT else None

    with proxy(Proxy("")) as elsewhere, proxy(Proxy(trial.desk.host, behaves, elsewhere.host)) as between:
        trial.plans(between.host)
        driven = trial.drives()
    books = trial.books()
    assert between.faults() == set(Fault)
    assert (elsewhere.connections, elsewhere.asked) == (0, [])
    expected = {
        Fault.RESET: (SENT, 2), Fault.RESET_AFTERWARDS: (DESPITE, 1), Fault.ERROR: (SENT, 2),
        Fault.ERROR_AFTERWARDS: (DESPITE, 1), Fault.THROTTLE: (SENT, 2), Fault.REDIRECT: (FAILED, 1),
    }  # fmt: skip
    for c, place in first.items():
        entry = books.entries[c]
        assert (entry.delivery, entry.tries) == expected[list(Fault)[place % len(Fault)]], c
        answers = [said for ticket in entry.tickets for said in trial.witness.said(ticket) if said[1] == 2 and said[0]]
        assert len(answers) == len(entry.tickets), c
    assert min(pauses(books)) >= RETRY_AFTER
    assert validity(books).valid
    assert code(books, driven) == 0


def test_a_desk_that_throttles_gets_its_pauses(trial: Trial) -> None:
    """django-helpdesk that takes four requests a second of an account, and answers the others with 429: nothing is
    dropped, and after each of them the same is not asked again within the second that it asks for."""
    down(NAME, say=lambda _: None)
    slow = up(NAME, say=lambda _: None, rate="4/sec")
    try:
        trial.plans(slow.host, polls=2.0)
        driven = trial.drives()
    finally:
        down(NAME, say=lambda _: None)
        up(NAME, say=lambda _: None)
    books = trial.books()
    all_sent(trial, books)
    assert min(pauses(books)) >= 1.0
    assert code(books, driven) == 0


def test_created_despite_an_error_is_an_outcome_of_its_own(trial: Trial) -> None:
    """django-helpdesk whose mail goes nowhere answers 500, and the ticket is there: it is found, and not made twice;
    nor is a ticket answered or resolved twice."""
    trial.plans()
    halt(NAME, "mailbox")
    try:
        driven = trial.drives()
    finally:
        restart(NAME, "mailbox")
    books = trial.books()
    all_sent(trial, books)
    assert books.count(DESPITE) == len(trial.plan.sent)
    assert {entry.tries for entry in books.entries.values() if entry.delivery is DESPITE} == {1}
    for ticket in books.tickets():
        said = trial.witness.said(ticket)
        assert [(text != "", status) for text, account, status in said if account == 2] == [(True, None), (False, 3)]
    assert code(books, driven) == 0


def test_a_name_that_does_not_resolve_is_refused(trial: Trial) -> None:
    """Without an address nothing is planned; a worker that finds none ends with 5, and writes no ledger."""
    with pytest.raises(Refused) as refused:
        trial.plans("http://no-such-desk.invalid")
    assert refused.value.exit_code == 5
    lost = {**trial.target.document(), "url": "http://no-such-desk.invalid"}
    trial.plans(target=lost)
    driven = trial.drives()
    assert driven.failed == 5
    assert list((trial.folder / "ledger").iterdir()) == []
    assert "no-such-desk.invalid" in driven.log.read_text("utf-8")


def test_a_certificate_for_another_name_is_sent_nothing(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over TLS with a certificate for the desk all is well; with one for another name not a byte of HTTP is sent, every
    contact has failed, and the desk counts as lost (5)."""
    for name in ("IP:127.0.0.1", "DNS:other.test"):
        folder = trial.folder / name[:2]
        folder.mkdir()
        authority, certificate = papers(folder, name)
        monkeypatch.setenv("SIM_CAFILE", str(authority))
        with proxy(Proxy(trial.desk.host), certificate) as secured:
            at = target(secured.host, allowed=(), named=None, staging=None, outbound_mail=None)
            with HttpSession(at, cafile=authority) as session:
                helpdesk = adapter(NAME, session, trial.tokens, {})
                if name.startswith("IP"):
                    assert helpdesk.identify() == NAME
                    continue
                with pytest.raises(Trouble) as trouble:
                    helpdesk.identify()
                assert trouble.value.kind is Kind.TLS
            trial.plans(secured.host)
            driven = trial.drives()
    assert secured.asked == []
    books = trial.books()
    assert books.count(FAILED) == len(trial.plan.sent)
    assert {row["kind"] for row in trial.rows("outcome")} == {Kind.TLS}
    assert trial.witness.tickets(trial.plan.run) == {}
    assert code(books, driven) == 5


# --- people answer ---------------------------------------------------------------------------------------------------


def test_without_agents_of_ours_people_answer(trial: Trial) -> None:
    """`agents: none`: no agent of ours does anything; whoever answers and resolves at the desk has answered the
    contacts, and the run ends when all are."""
    trial.plans(agents="none")

    def answer() -> None:
        done: set[str] = set()
        with trial.helpdesk() as helpdesk:

            def are_answered() -> bool:
                for ticket in helpdesk.open_tickets(trial.plan.run):
                    helpdesk.answer(ticket.id, "It is on its way.")
                    helpdesk.resolve(ticket.id)
                    done.add(ticket.id)
                return len(done) == len(trial.plan.sent)

            until(are_answered)

    driven = trial.drives(answer)
    books = trial.books()
    all_sent(trial, books)
    assert code(books, driven) == 0
    assert {row["step"] for row in trial.rows("intent")} <= {"create", "close", "rate"}
    assert all(books.contacts[f"{row.issue}.1"]["answered"] is not None for row in trial.plan.sent)
    assert {books.contacts[f"{row.issue}.1"]["agent"] for row in trial.plan.sent} == {None}
