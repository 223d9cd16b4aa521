"""After a run the books say what the desk holds, and the desk holds nothing of the run; nobody else's is touched."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from sim.errors import UsageError
from sim.helpdesks.protocol import Abilities, Can, Kind, Post, State, Thread, Ticket, Trouble
from sim.load.books import Books, read
from sim.load.closing import BATCH, LONGEST, DeskAway, cleanup, reconcile
from sim.load.ledger import Delivery, Ledger, LedgerBroken

RUN, OTHER = "ab" * 16, "ef" * 16
AT = 1_763_785_000.0


class Desk:
    """A helpdesk in memory: tickets of several runs, and trouble on demand."""

    name = "memory"

    def __init__(self) -> None:
        self.abilities = Abilities(frozenset(Can), rating="none", deletes="hard", leaves="the customers' names")
        self.tickets: dict[str, tuple[str, str]] = {}
        """Run and key of each."""
        self.asked: list[tuple[str, Any]] = []
        self.trouble: list[Trouble] = []
        """What the next requests meet."""
        self.keeps: set[str] = set()
        """Tickets that it refuses to delete."""

    def put(self, ticket: str, key: str, run: str = RUN) -> None:
        self.tickets[ticket] = run, key

    def search(self, run: str, key: str) -> list[str]:
        self._ask("search", key)
        return [ticket for ticket, made in self.tickets.items() if made == (run, key)]

    def poll(self, ticket: str) -> Thread:
        self._ask("poll", ticket)
        if ticket not in self.tickets:
            raise Trouble(Kind.MISSING, "no such ticket", status=404)
        return Thread(State.OPEN, ())

    def of_run(self, run: str) -> list[Ticket]:
        self._ask("of_run", run)
        return [Ticket(ticket, key, State.OPEN) for ticket, (made, key) in self.tickets.items() if made == run]

    def delete(self, tickets: Sequence[str]) -> None:
        self._ask("delete", tuple(tickets))
        for ticket in tickets:
            if ticket in self.keeps:
                raise Trouble(Kind.SERVER, f"ticket {ticket} is locked", status=500)
            self.tickets.pop(ticket, None)

    def _ask(self, verb: str, what: Any) -> None:
        self.asked.append((verb, what))
        if self.trouble:
            raise self.trouble.pop(0)

    def identify(self) -> str:
        raise NotImplementedError

    def create(self, post: Post) -> str:
        raise NotImplementedError

    def reply(self, ticket: str, post: Post) -> None:
        raise NotImplementedError

    def close(self, ticket: str, post: Post) -> None:
        raise NotImplementedError

    def rate(self, ticket: str, stars: int) -> None:
        raise NotImplementedError

    def open_tickets(self, run: str) -> list[Ticket]:
        raise NotImplementedError

    def take(self, ticket: str) -> None:
        raise NotImplementedError

    def answer(self, ticket: str, text: str) -> None:
        raise NotImplementedError

    def resolve(self, ticket: str) -> None:
        raise NotImplementedError


class Run:
    """A run folder of three planned contacts, and its worker's ledger."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "plan").mkdir()
        (folder / "ledger").mkdir()
        plan = {"run": RUN, "digest": "cd", "speed": 10.0, "window": [0, 60_000], "drain": 0}
        (folder / "plan" / "plan.json").write_text(json.dumps(plan))
        rows = [{"issue": n, "customer": n, "channel": "email", "wire": "rest", "due": 0} for n in range(3)]
        (folder / "plan" / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        self.ledger = Ledger(folder / "ledger" / "ledger-0.jsonl", lambda: AT)
        self.ledger.start(run=RUN, worker=0, n=1, digest="cd", t0=AT, speed=10.0, offset=0.0)

    def create(self, c: str, wire: Any = "rest") -> str:
        return self.ledger.intent(c, "create", wire=wire, channel="email", due=AT - 0.3, trace="0" * 32)

    def fail(self, intent: str, **other: Any) -> None:
        self.ledger.outcome(intent, ok=False, ms=1.0, kind="server", what="500", **other)

    def deliver(self, c: str, delivery: Delivery, ticket: str | None = None) -> None:
        self.ledger.delivery(c, delivery, cause="first", channel="email", ticket=ticket, due=AT, lag=0.0)

    def sent(self, c: str, ticket: str) -> None:
        self.ledger.outcome(self.create(c), ok=True, ms=1.0, ticket=ticket, status=201)
        self.deliver(c, Delivery.SENT, ticket)

    def books(self) -> Books:
        return Books(read(self.folder))

    def rows(self, name: str) -> list[dict[str, Any]]:
        path = self.folder / "ledger" / f"ledger-{name}.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def run(tmp_path: Path) -> Any:
    run = Run(tmp_path)
    yield run
    run.ledger.close()


@pytest.fixture
def desk() -> Desk:
    return Desk()


def never(seconds: float) -> None:
    raise AssertionError("nothing is waited for")


# --- reconcile -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "there", "after"),
    [
        (None, ["7"], "sent"),
        (None, [], "failed"),
        ("failed", ["7"], "created-despite-error"),
        ("failed", [], "failed"),
        ("retried", ["7"], "created-despite-error"),
        ("exists", ["7"], "created-despite-error"),
        ("exists", [], "created-despite-error"),
        ("accepted", ["7"], "sent"),
        ("accepted", [], "sent"),
    ],
)
@pytest.mark.parametrize("delivered", [True, False])
def test_what_the_desk_holds_is_told(
    run: Run, desk: Desk, before: str | None, there: list[str], after: str, *, delivered: bool
) -> None:
    """A create without an outcome, failed without knowing, or without a number, ends as the desk has it, or has not."""
    intent = run.create("0.1")
    if before == "accepted":
        run.ledger.outcome(intent, ok=True, ms=1.0, status=250)
    elif before:
        run.fail(intent, exists=True if before == "exists" else None, retried=before == "retried")
    if delivered:
        believed = {"accepted": Delivery.SENT, "exists": Delivery.CREATED_DESPITE_ERROR}.get(before or "")
        run.deliver("0.1", believed or Delivery.FAILED)
    for ticket in there:
        desk.put(ticket, "0.1")
    found = reconcile(run.books(), desk, wait=never)
    assert [(one.c, one.delivery, one.tickets) for one in found] == [("0.1", after, tuple(there))]
    books = run.books()
    entry = books.entries["0.1"]
    assert (entry.delivery, entry.tickets) == (after, tuple(there))
    assert books.open_intents() == []
    assert books.balanced


def test_what_is_known_is_not_asked(run: Run, desk: Desk) -> None:
    """Nothing is asked of creates with a ticket, or that are known to have failed, nor of what was not sent."""
    run.sent("0.1", "7")
    run.fail(run.create("0.1"), exists=False)
    run.fail(run.create("1.1"), exists=True, ticket="8")
    run.deliver("1.1", Delivery.CREATED_DESPITE_ERROR, "8")
    assert reconcile(run.books(), desk, wait=never) == []
    assert (desk.asked, run.rows("reconcile")) == ([], [])
    assert run.books().entries["2.1"].delivery is Delivery.NOT_SENT


def test_a_delivery_that_was_not_written(run: Run, desk: Desk) -> None:
    """Of a worker killed between outcome and delivery, the delivery follows from the outcome, and how late it was."""
    run.ledger.outcome(run.create("0.1"), ok=True, ms=1.0, ticket="7", status=201)
    run.fail(run.create("1.1"), exists=False)
    reconcile(run.books(), desk, wait=never)
    entries = run.books().entries
    assert [(entries[c].delivery, entries[c].ticket) for c in ("0.1", "1.1")] == [("sent", "7"), ("failed", None)]
    assert entries["0.1"].lag == pytest.approx(0.3)
    assert entries["0.1"].late
    assert [row["ticket"] for row in run.rows("reconcile")] == ["7", None]
    assert desk.asked == []


def test_reconciling_again_changes_nothing(run: Run, desk: Desk) -> None:
    """A second time nothing is written, whatever was found the first time."""
    run.create("0.1")
    run.create("1.1", wire="email")
    run.fail(run.create("2.1"))
    desk.put("7", "0.1")
    reconcile(run.books(), desk, wait=never)
    once = run.rows("reconcile")
    assert len(once) == 6
    reconcile(run.books(), desk, wait=never)
    assert run.rows("reconcile") == once


def test_a_mail_that_comes_late(run: Run, desk: Desk) -> None:
    """A mail that is not a ticket yet is asked for again the next time, and was sent if it has become one."""
    run.create("0.1", wire="email")
    reconcile(run.books(), desk, wait=never)
    assert run.books().entries["0.1"].delivery is Delivery.FAILED
    desk.put("7", "0.1")
    reconcile(run.books(), desk, wait=never)
    entry = run.books().entries["0.1"]
    assert (entry.delivery, entry.ticket) == (Delivery.SENT, "7")


def test_a_contact_that_is_two_tickets(run: Run, desk: Desk) -> None:
    """Where the desk has two tickets of a key, both are in the books, and the contact is told of as created twice."""
    run.create("0.1")
    desk.put("7", "0.1")
    desk.put("8", "0.1")
    desk.put("9", "0.1", run=OTHER)
    reconcile(run.books(), desk, wait=never)
    assert run.books().twice() == {"0.1": ("7", "8")}


def test_a_mail_that_failed_and_is_two_tickets(run: Run, desk: Desk) -> None:
    """A mail that may have arrived is asked for though a list has shown a ticket of it, and both are told."""
    run.fail(run.create("0.1", wire="email"), exists=None)
    run.deliver("0.1", Delivery.FAILED)
    run.ledger.step("0.1", "mailbox", ms=1.0, ok=True, ticket="7")
    desk.put("7", "0.1")
    desk.put("8", "0.1")
    [found] = reconcile(run.books(), desk, wait=never)
    assert str(found) == "0.1: ticket 7 and 8; failed, now created-despite-error"
    assert run.books().twice() == {"0.1": ("7", "8")}


def test_a_desk_that_asks_for_an_hour_gets_a_minute(run: Run, desk: Desk) -> None:
    """However long a pause the desk names, it is asked again after a minute."""
    run.create("0.1")
    desk.trouble = [Trouble(Kind.THROTTLED, "429", retry_after=3600.0)]
    waits: list[float] = []
    reconcile(run.books(), desk, wait=waits.append)
    assert waits == [LONGEST] == [60.0]


def test_a_busy_desk_is_asked_again(run: Run, desk: Desk) -> None:
    """After a 429 the time that the desk names is waited, after another passing trouble a second, then it is asked."""
    run.create("0.1")
    desk.put("7", "0.1")
    desk.trouble = [Trouble(Kind.THROTTLED, "429", retry_after=2.5), Trouble(Kind.SERVER, "500")]
    waits: list[float] = []
    reconcile(run.books(), desk, wait=waits.append)
    assert waits == [2.5, 2.0]
    assert run.books().entries["0.1"].ticket == "7"


def test_a_desk_that_is_away(run: Run, desk: Desk) -> None:
    """Where the desk does not answer at all, that is an error with exit code 5, and what was found out is kept."""
    run.create("0.1")
    run.create("1.1")
    desk.put("7", "0.1")
    asked = desk.search

    def search(name: str, key: str) -> list[str]:
        if key == "1.1":
            desk.trouble = [Trouble(Kind.CONNECTION, "refused")]
        return asked(name, key)

    desk.search = search  # type: ignore[method-assign,assignment]
    with pytest.raises(DeskAway, match=r"search for 1\.1: refused") as caught:
        reconcile(run.books(), desk, wait=lambda seconds: None)
    assert caught.value.exit_code == 5
    assert run.books().entries["0.1"].ticket == "7"


def test_a_desk_that_refuses(run: Run, desk: Desk) -> None:
    """A refusal passes by no waiting: it is an error at once."""
    run.create("0.1")
    desk.trouble = [Trouble(Kind.REFUSED, "403", status=403)] * 2
    with pytest.raises(DeskAway, match="403"):
        reconcile(run.books(), desk, wait=never)
    assert len(desk.asked) == 1


def test_books_that_cannot_be_closed(run: Run, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where what was found out cannot be written, that is an error."""
    run.create("0.1")
    books = run.books()

    def fail(file: int, line: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sim.load.ledger.os.write", fail)
    with pytest.raises(LedgerBroken, match="No space left"):
        reconcile(books, desk, wait=never)


# --- clean-up --------------------------------------------------------------------------------------------------------


@pytest.fixture
def heard() -> list[str]:
    return []


def test_a_preview_deletes_nothing(run: Run, desk: Desk, heard: list[str]) -> None:
    """Without yes it is told how many there are, their states, the oldest and the newest; the desk stays as it is."""
    run.sent("0.1", "7")
    run.sent("1.1", "8")
    desk.put("7", "0.1")
    desk.put("8", "1.1")
    desk.put("9", "2.1")
    before = dict(desk.tickets)
    done = cleanup(run.books(), desk, RUN, heard.append, yes=False, wait=never)
    assert desk.tickets == before
    assert (done.selected, done.deleted, done.left) == (3, 0, ("7", "8", "9"))
    assert heard == [
        f"3 tickets of run {RUN}: 3 open",
        "The oldest is 7, made 2025-11-22 04:16:40 UTC; the newest 8, made 2025-11-22 04:16:40 UTC.",
        "1 ticket of them by the run's tag alone: the books do not know their numbers.",
        "Nothing was deleted: say --yes to delete them.",
    ]
    assert run.rows("cleanup") == []


def test_clearing_the_desk_of_a_run(run: Run, desk: Desk, heard: list[str]) -> None:
    """Deleted is what the run's tag marks, in the books or not; others' tickets stay, and it is said what else does."""
    run.sent("0.1", "7")
    desk.put("7", "0.1")
    desk.put("8", "1.1")
    desk.put("1", "0.1", run=OTHER)
    desk.put("2", "", run="")
    done = cleanup(run.books(), desk, RUN, heard.append, yes=True, wait=never)
    assert desk.tickets.keys() == {"1", "2"}
    assert (done.selected, done.deleted, done.failed, done.left, done.foreign) == (2, 2, {}, (), ())
    assert heard[-2:] == ["Deleted 2 tickets; none is left.", "What stays: the customers' names"]
    rows = [(row["t"], row["ticket"], row["ok"]) for row in run.rows("cleanup")]
    assert rows == [("deleted", "7", True), ("deleted", "8", True)]


def test_a_ticket_of_the_books_that_is_somebody_elses(run: Run, desk: Desk, heard: list[str]) -> None:
    """A number of the books that the desk does not know as this run's is left alone and counted; one gone is not."""
    run.sent("0.1", "7")
    run.sent("1.1", "8")
    run.sent("2.1", "9")
    desk.put("7", "0.1", run=OTHER)
    desk.put("9", "2.1")
    done = cleanup(run.books(), desk, RUN, heard.append, yes=True, wait=never)
    assert done.foreign == ("7",)
    assert desk.tickets.keys() == {"7"}
    assert "Left alone: 1 ticket of the books that the desk does not know as this run's (7)." in heard
    assert all("7" not in what for verb, what in desk.asked if verb == "delete")


def test_a_ticket_that_may_not_be_seen_is_somebody_elses(run: Run, desk: Desk, heard: list[str]) -> None:
    """A number of the books that the desk refuses to show counts as somebody's."""
    run.sent("0.1", "7")
    desk.poll = lambda ticket: _refuse()  # type: ignore[method-assign]
    assert cleanup(run.books(), desk, RUN, heard.append, yes=True, wait=never).foreign == ("7",)


def _refuse() -> Thread:
    raise Trouble(Kind.REFUSED, "403", status=403)


def test_clearing_again(run: Run, desk: Desk, heard: list[str]) -> None:
    """A second time there is nothing to delete, and what was deleted is neither asked for nor foreign."""
    run.sent("0.1", "7")
    desk.put("7", "0.1")
    cleanup(run.books(), desk, RUN, heard.append, yes=True, wait=never)
    desk.asked.clear()
    done = cleanup(run.books(), desk, RUN, heard.append, yes=True, wait=never)
    assert (done.selected, done.deleted, done.foreign) == (0, 0, ())
    assert desk.asked == [("of_run", RUN)]
    assert heard[-1] == f"0 tickets of run {RUN}"


def test_batches(run: Run, desk: Desk, heard: list[str]) -> None:
    """Many tickets go in batches, and a batch with one that the desk keeps goes one by one; the reason is told."""
    for n in range(2 * BATCH + 1):
        desk.put(str(n), f"{n}.1")
    desk.keeps = {"3"}
    done = cleanup(run.books(), desk, RUN, heard.append, yes=True, wait=never)
    sizes = [len(what) for verb, what in desk.asked if verb == "delete"]
    assert sizes == [BATCH, *[1] * BATCH, BATCH, 1]
    assert (done.deleted, done.failed, done.left) == (2 * BATCH, {"3": "ticket 3 is locked"}, ("3",))
    assert "Deleted 100 tickets; 1 ticket of the run left." in heard
    assert "Ticket 3 was not deleted: ticket 3 is locked" in heard
    assert [row["what"] for row in run.rows("cleanup") if not row["ok"]] == ["ticket 3 is locked"]


def test_a_ticket_that_is_gone_is_deleted(run: Run, desk: Desk, heard: list[str]) -> None:
    """A ticket that somebody deleted in between is no failure, and keeps no other of its batch from being deleted."""
    desk.put("7", "0.1")
    desk.put("8", "1.1")
    deleted: Callable[[Sequence[str]], None] = desk.delete

    def delete(tickets: Sequence[str]) -> None:
        desk.tickets.pop("7", None)
        if "7" in tickets:
            raise Trouble(Kind.MISSING, "404", status=404)
        deleted(tickets)

    desk.delete = delete  # type: ignore[method-assign]
    done = cleanup(run.books(), desk, RUN, heard.append, yes=True, wait=never)
    assert (done.deleted, done.failed, done.left) == (2, {}, ())


def test_a_desk_that_cannot_delete(run: Run, desk: Desk, heard: list[str]) -> None:
    """Where the desk deletes nothing, that is said, and nothing is asked of it."""
    desk.abilities = Abilities(frozenset(Can) - {Can.DELETE}, rating="none", deletes="none")
    desk.put("7", "0.1")
    done = cleanup(run.books(), desk, RUN, heard.append, yes=True, wait=never)
    assert done.left == ("7",)
    assert heard[-1] == "Nothing was deleted: this desk cannot."
    assert [verb for verb, _ in desk.asked] == ["of_run"]


@pytest.mark.parametrize("tag", ["", "%", RUN[:-1], RUN.upper(), RUN + "\n"])
def test_no_tag_no_selection(run: Run, desk: Desk, tag: str) -> None:
    """What is not the tag of a run is refused before the desk is asked: an empty one might select everything."""
    with pytest.raises(UsageError, match="is not the tag of a run"):
        cleanup(run.books(), desk, tag, print, yes=True, wait=never)
    assert desk.asked == []


def test_a_desk_that_goes_away(run: Run, desk: Desk, heard: list[str]) -> None:
    """Where the desk goes away in the middle that is an error, and what was deleted is in the books."""
    for n in range(BATCH + 1):
        desk.put(str(n), f"{n}.1")
    deleted: Callable[[Sequence[str]], None] = desk.delete

    def delete(tickets: Sequence[str]) -> None:
        if len(tickets) < BATCH:
            desk.trouble = [Trouble(Kind.CONNECTION, "refused")]
        deleted(tickets)

    desk.delete = delete  # type: ignore[method-assign]
    with pytest.raises(DeskAway, match="refused"):
        cleanup(run.books(), desk, RUN, heard.append, yes=True, wait=lambda seconds: None)
    assert len(run.rows("cleanup")) == BATCH


def test_clearing_after_a_crash(tmp_path: Path, desk: Desk, heard: list[str]) -> None:
    """A run that broke off before its first row, with its clean-up torn as well, can be cleared."""
    run = Run(tmp_path)
    run.ledger.close()
    (tmp_path / "ledger" / "ledger-0.jsonl").write_text("")
    (tmp_path / "ledger" / "ledger-cleanup.jsonl").write_text('{"t":"dele')
    desk.put("7", "0.1")
    cleanup(run.books(), desk, RUN, heard.append, yes=True, wait=never)
    assert desk.tickets == {}
    assert [row["ticket"] for row in run.rows("cleanup")] == ["7"]
