"""The conductor and a step at the desk, by a clock that is handed to them: arithmetic, without a desk and without a
second of waiting."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.helpdesks.protocol import Abilities, Author, Can, Kind, Message, Post, State, Thread, Trouble
from sim.load.ledger import Ledger, LedgerBroken
from sim.load.mail import NotHandedOver
from sim.load.plan import Plan, Row
from sim.load.steps import LONGEST_PAUSE, MAIL_SEARCHES, PAUSE, TRIES, Steps
from sim.load.worker import LONGEST_QUIET, LONGEST_SLEEP, Worker

T0 = 1_800_000_000.0


class Clock:
    """Wall seconds after the start; sleeping takes no time but the clock's. `at_end` is done once it is past `ends`."""

    def __init__(self, ends: float = float("inf"), at_end: Callable[[], None] = lambda: None) -> None:
        self.now = 0.0
        self.slept: list[float] = []
        self._ends, self._at_end = ends, at_end

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        if self.now >= self._ends:
            self._at_end()

    def epoch(self) -> float:
        return T0 + self.now


class Desk:
    """A desk whose every create does what is next in `script`: raises, is `made` and raises, or is made; it takes
    `takes` seconds."""

    def __init__(self, clock: Clock, *script: Trouble | str, takes: float = 0.0) -> None:
        self.clock, self.script, self.takes = clock, list(script), takes
        self.creates: list[float] = []
        self.polls: list[tuple[float, str]] = []
        self.searches = 0
        self.tickets: list[str] = []
        self.headers: list[Mapping[str, str]] = []
        self.throttles: dict[str, float] = {}

    def create(self, post: Any) -> str:
        self.creates.append(self.clock.now)
        self.clock.now += self.takes
        step = self.script.pop(0) if self.script else "made"
        if isinstance(step, Trouble):
            raise step
        self.tickets.append(str(len(self.tickets) + 1))
        if step == "made, and an error":
            raise Trouble(Kind.SERVER, "create: 500", status=500)
        return self.tickets[-1]

    def search(self, run: str, key: str) -> list[str]:
        self.searches += 1
        return self.tickets

    def poll(self, ticket: str) -> Thread:
        self.polls.append((self.clock.now, ticket))
        if ticket in self.throttles:
            raise Trouble(Kind.THROTTLED, "poll: 429", status=429, retry_after=self.throttles.pop(ticket))
        return Thread(State.OPEN, ())

    @contextmanager
    def session(self, headers: Mapping[str, str], customer: bool) -> Iterator[Any]:
        self.headers.append(headers)
        yield self


class Books:
    """A ledger on a clock of its own, and its rows."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.ledger = Ledger(folder / "ledger-0.jsonl", clock.epoch)

    def rows(self, kind: str) -> list[dict[str, Any]]:
        rows = [json.loads(line) for line in self.ledger.path.read_text().splitlines()]
        return [row for row in rows if row["t"] == kind]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def books(tmp_path: Path, clock: Clock) -> Iterator[Books]:
    made = Books(tmp_path, clock)
    yield made
    made.ledger.close()


def rows_due(*due: float, wire: str = "rest") -> tuple[Row, ...]:
    """Rows that fall due so many seconds after the start, each of a customer of their own."""
    return tuple(
        Row(number, number, "email", wire, round(at * 1000), "any", "Zoe", "zoe@customers.test", f"No {number}", "?")
        for number, at in enumerate(due)
    )


def plan_of(*rows: Row, **changes: Any) -> Plan:
    settings: dict[str, Any] = {
        "run": "ab" * 16, "scenario": "", "file": "", "scenario_digest": "", "population_digest": "",
        "world_digest": "", "seed": 1, "replication": 0, "window": (0, 3_600_000), "drain": 0, "speed": 1.0,
        "helpdesk": "rest", "target": {"url": "http://127.0.0.1:9"}, "settings": {}, "agents": "none",
        "channels": (), "rate": 100.0, "mail": None, "abort": None, "polls": 5.0, "intents": ("any",),
    }  # fmt: skip
    return Plan(**{**settings, "rows": rows, **changes})


class Started:
    """A worker whose customers live as soon as they are started, in no time but their own."""

    def __init__(self, clock: Clock, plan: Plan, books: Books, desk: Desk, **changes: Any) -> None:
        self.reports: list[dict[str, Any]] = []
        steps = Steps(books.ledger, desk.session, clock.epoch, clock.sleep, lambda *_: None)
        settings: dict[str, Any] = {"start": lambda part: part(), "report": self.reports.append} | changes
        self.worker = Worker(
            plan, 0, 1, steps, Abilities(frozenset({Can.POLL, Can.REPLY}), "none", "none"), None, time=clock.time,
            sleep=clock.sleep, t0=T0, **settings,
        )  # fmt: skip


# --- the conductor ---------------------------------------------------------------------------------------------------


def test_each_contact_is_sent_when_it_is_due(clock: Clock, books: Books) -> None:
    """Nobody is sent early or late, in whatever rhythm; what no desk hears of is not sent; the books say when."""
    due = (0.0, 0.25, 0.25, 3.0, 3.001, 60.0)
    desk = Desk(clock)
    worker = Started(clock, plan_of(*rows_due(*due), *rows_due(1.0, wire="enter")), books, desk).worker
    worker.walk()
    assert desk.creates == pytest.approx(due, abs=1e-9)
    assert worker.walked
    sent = books.rows("delivery")
    assert [row["due"] for row in sent] == pytest.approx([T0 + at for at in due])
    assert not any(row["lag"] or row["late"] for row in sent)
    assert max(clock.slept) <= LONGEST_SLEEP


def test_time_is_compressed(clock: Clock, books: Books) -> None:
    """At 60 times life, what is due after a minute of the scenario is sent after a second."""
    desk = Desk(clock)
    Started(clock, plan_of(*rows_due(60.0, 120.0), speed=60.0), books, desk).worker.walk()
    assert desk.creates == pytest.approx([1.0, 2.0])


def test_a_slow_desk_moves_no_arrival(clock: Clock, books: Books) -> None:
    """Customers are started when they are due, whether those before them have been served or not."""
    waiting: list[tuple[float, Callable[[], None]]] = []
    desk = Desk(clock, takes=30.0)
    due = (1.0, 2.0, 2.5)
    worker = Started(
        clock, plan_of(*rows_due(*due)), books, desk, start=lambda part: waiting.append((clock.now, part))
    ).worker
    worker.walk()
    assert [at for at, _ in waiting] == pytest.approx(due)
    assert desk.creates == []
    for _, part in waiting:
        part()
    assert len(books.rows("delivery")) == 3


def test_whoever_is_late_is_written_down_as_late(clock: Clock, books: Books) -> None:
    """A generator that is held up sends what has fallen due at once and in order, and the books tell how late: a row
    that is more than 250 ms late is late, one that is 249 ms late is not."""
    desk = Desk(clock, takes=0.751)
    Started(clock, plan_of(*rows_due(1.0, 1.5, 4.0, 4.502)), books, desk).worker.walk()
    sent = books.rows("delivery")
    assert [row["c"] for row in sent] == ["0.1", "1.1", "2.1", "3.1"]
    assert [row["lag"] for row in sent] == pytest.approx([0.0, 0.251, 0.0, 0.249])
    assert [row["late"] for row in sent] == [False, True, False, False]


def test_the_limit_of_lateness_follows_the_plan(clock: Clock, books: Books) -> None:
    """With a contact a minute, one may be six seconds late."""
    due = [60.0 * number for number in range(5)]
    worker = Started(clock, plan_of(*rows_due(*due)), books, Desk(clock, takes=66.0)).worker
    assert worker.late_after == pytest.approx(6.0)
    worker.walk()
    assert [row["late"] for row in books.rows("delivery")] == [False, False, True, True, True]


@pytest.mark.parametrize("stopped", [2.0, 2.3])
def test_a_conductor_stops_when_it_is_told(tmp_path: Path, stopped: float) -> None:
    """Told to stop between two contacts, it sends no more, and is gone half a second later at most."""
    clock = Clock(stopped, lambda: worker.obey({"do": "stop"}))
    books, desk = Books(tmp_path, clock), Desk(clock)
    worker = Started(clock, plan_of(*rows_due(1.0, 60.0, 61.0)), books, desk).worker
    worker.walk()
    assert desk.creates == [1.0]
    assert not worker.walked
    assert clock.now <= stopped + LONGEST_SLEEP
    books.ledger.close()


def test_nothing_is_sent_that_cannot_be_written_down(clock: Clock, books: Books) -> None:
    """Once the ledger is broken no contact and no word of a customer is sent, the conductor ends, and the centre is
    told why."""
    started = Started(clock, plan_of(*rows_due(1.0, 2.0, 3.0)), books, desk := Desk(clock))
    desk.create = lambda post: books.ledger.close() or Desk.create(desk, post)  # type: ignore[method-assign,func-returns-value]
    started.worker.walk()
    assert desk.creates == [1.0]
    assert started.worker.stopped
    assert not started.worker.walked
    assert "it is closed" in started.worker.broken
    assert [report["is"] for report in started.reports] == ["sent", "broken"]
    started.worker.obey({"do": "chase", "c": "0.1", "issue": 0, "attempt": 1, "number": 1})
    assert desk.creates == [1.0]


@given(
    gaps=st.lists(st.floats(0, 5, width=16), min_size=1, max_size=20),
    takes=st.floats(0, 1, width=16),
)
def test_the_books_tell_the_lag(tmp_path_factory: pytest.TempPathFactory, gaps: list[float], takes: float) -> None:
    """However the generator is held up, each contact is sent once, never early, and its lag is when less due."""
    clock = Clock()
    books, desk = Books(tmp_path_factory.mktemp("books"), clock), Desk(clock, takes=takes)
    due = [round(sum(gaps[: number + 1]), 3) for number in range(len(gaps))]
    Started(clock, plan_of(*rows_due(*due)), books, desk).worker.walk()
    sent = books.rows("delivery")
    books.ledger.close()
    assert [row["c"] for row in sent] == [f"{number}.1" for number in range(len(due))]
    assert all(at >= when - 1e-9 for at, when in zip(desk.creates, due, strict=True))
    lags = [at - when for at, when in zip(desk.creates, due, strict=True)]
    assert [row["lag"] for row in sent] == pytest.approx(lags, abs=1e-5)


# --- looking for answers ---------------------------------------------------------------------------------------------


def _watching(tmp_path: Path, desk: Desk, clock: Clock, tickets: int, polls: float) -> list[tuple[float, str]]:
    """What is looked at until the clock's end, with so many tickets and looks a second."""
    books = Books(tmp_path, clock)
    worker = Started(clock, plan_of(*rows_due(0.0), polls=polls), books, desk).worker
    clock._at_end = lambda: worker.obey({"do": "stop"})
    for ticket in range(tickets):
        worker.obey({"do": "watch", "ticket": str(ticket), "c": f"{ticket}.1", "channel": "email"})
    worker.watch()
    books.ledger.close()
    return desk.polls


def test_customers_look_as_often_as_the_desk_bears(tmp_path: Path) -> None:
    """With 5 looks a second 50 tickets are looked at in turn, each every ten seconds."""
    clock = Clock(60.0)
    polls = _watching(tmp_path, Desk(clock), clock, tickets=50, polls=5.0)
    assert len(polls) == pytest.approx(300, abs=3)
    assert [ticket for _, ticket in polls[:100]] == [ticket for _, ticket in polls[100:200]]
    assert len({ticket for _, ticket in polls[:50]}) == 50


def test_a_ticket_is_not_looked_at_all_the_time(tmp_path: Path) -> None:
    """A ticket alone is looked at once a second, however much the desk bears."""
    clock = Clock(20.0)
    polls = _watching(tmp_path, Desk(clock), clock, tickets=1, polls=50.0)
    assert len(polls) == pytest.approx(20, abs=1)


def test_who_is_told_to_wait_waits(tmp_path: Path) -> None:
    """After a 429 with Retry-After nobody looks until then, and everybody afterwards."""
    clock = Clock(20.0)
    desk = Desk(clock)
    desk.throttles["0"] = 7.0
    at = [at for at, _ in _watching(tmp_path, desk, clock, tickets=2, polls=10.0)]
    pauses = [later - sooner for sooner, later in pairwise(at)]
    assert max(pauses) == pytest.approx(7.0, abs=0.3)
    assert {ticket for when, ticket in desk.polls if when > 8.0} == {"0", "1"}


def test_who_is_told_to_wait_for_ever_does_not(tmp_path: Path) -> None:
    """After a 429 with a Retry-After of an hour, customers look again after half a minute."""
    clock = Clock(100.0)
    desk = Desk(clock)
    desk.throttles["0"] = 3600.0
    at = [at for at, _ in _watching(tmp_path, desk, clock, tickets=2, polls=10.0)]
    assert max(later - sooner for sooner, later in pairwise(at)) == pytest.approx(LONGEST_QUIET, abs=0.3)


def test_nobody_looks_at_what_is_over(clock: Clock, books: Books) -> None:
    """A ticket whose customer has rest is not looked at; watched again, it is looked at as often as any other."""
    desk = Desk(clock)
    worker = Started(clock, plan_of(*rows_due(0.0)), books, desk).worker
    watch = {"do": "watch", "ticket": "1", "c": "0.1", "channel": "email"}
    for order in (watch, {"do": "rest", "ticket": "1"}, watch, watch):
        worker.obey(order)
    clock._ends, clock._at_end = 10.0, lambda: worker.obey({"do": "stop"})
    worker.watch()
    assert len(desk.polls) == pytest.approx(10, abs=1)


# --- a step at the desk ----------------------------------------------------------------------------------------------


@pytest.fixture
def write(clock: Clock, books: Books) -> Callable[[Desk], Any]:
    """Creates a ticket by a step."""

    def write(desk: Desk) -> Any:
        steps = Steps(books.ledger, desk.session, clock.epoch, clock.sleep, lambda *_: None)
        post = Post("ab" * 16, "17.1", "Zoe", "zoe@customers.test", "Where?", "Where is it?")
        return steps.write(
            "17.1", "create", lambda at: at.create(post), channel="email", due=T0,
            found=lambda at: next(iter(at.search(post.run, post.key)), None),
        )  # fmt: skip

    return write


def test_a_step_that_succeeds_is_written_once(clock: Clock, books: Books, write: Callable[[Desk], Any]) -> None:
    """An intent, then one outcome with the ticket and its milliseconds; no search, and no pause."""
    done = write(desk := Desk(clock, takes=0.125))
    assert (done.ok, done.value, done.there, desk.searches, clock.slept) == (True, "1", True, 0, [])
    [intent], [outcome] = books.rows("intent"), books.rows("outcome")
    assert (outcome["id"], outcome["ok"], outcome["ticket"], outcome["ms"]) == (intent["id"], True, "1", 125.0)
    assert (done.sent, done.done) == (T0, T0 + 0.125)


def test_a_step_is_tried_again_once_it_is_sure_that_it_failed(
    clock: Clock, books: Books, write: Callable[[Desk], Any]
) -> None:
    """After 500, 502 and a reset the desk is searched each time, and asked again after pauses that double."""
    troubles = (
        Trouble(Kind.SERVER, "create: 500", status=500), Trouble(Kind.SERVER, "create: 502", status=502),
        Trouble(Kind.CONNECTION, "reset"),
    )  # fmt: skip
    done = write(desk := Desk(clock, *troubles))
    assert (done.ok, desk.searches, len(desk.creates)) == (True, 3, 4)
    assert clock.slept == [PAUSE, 2 * PAUSE, 4 * PAUSE]
    outcomes = books.rows("outcome")
    assert [row.get("retried", False) for row in outcomes] == [True, True, True, False]
    assert [row.get("exists") for row in outcomes] == [False, False, False, None]
    assert [row["status"] for row in outcomes] == [500, 502, None, None]
    assert len({row["id"] for row in outcomes}) == len(books.rows("intent")) == 1


def test_every_try_is_a_span_of_one_trace(clock: Clock, write: Callable[[Desk], Any], books: Books) -> None:
    """The tries share the trace that the books hold, each has an id of its own; each says whose contact it is."""
    write(desk := Desk(clock, Trouble(Kind.TIMEOUT, "no answer in time")))
    parents = [headers["traceparent"].split("-") for headers in desk.headers]
    assert {parts[1] for parts in parents} == {books.rows("intent")[0]["trace"]}
    assert len({parts[2] for parts in parents}) == 2
    assert all([len(part) for part in parts] == [2, 32, 16, 2] for parts in parents)
    assert {headers["X-Sim-Contact"] for headers in desk.headers} == {"17.1"}


def test_a_step_is_given_up_after_some_tries(clock: Clock, books: Books, write: Callable[[Desk], Any]) -> None:
    """A desk that always fails is asked four times, and the last outcome says that there is nothing."""
    done = write(desk := Desk(clock, *[Trouble(Kind.SERVER, "create: 500", status=500)] * 9))
    assert (done.ok, done.there, done.exists, len(desk.creates)) == (False, False, False, TRIES)
    last = books.rows("outcome")[-1]
    assert (last["tries"], last.get("retried"), last["exists"], last["kind"]) == (TRIES, None, False, "server")


def test_what_was_created_despite_an_error_is_not_created_again(
    clock: Clock, books: Books, write: Callable[[Desk], Any]
) -> None:
    """A 500 whose ticket is there is one create, an outcome with the ticket, and no success."""
    done = write(desk := Desk(clock, "made, and an error"))
    assert (done.ok, done.there, done.exists, done.value, len(desk.creates)) == (False, True, True, "1", 1)
    [outcome] = books.rows("outcome")
    assert (outcome["ok"], outcome["exists"], outcome["ticket"], outcome["status"]) == (False, True, "1", 500)


def test_what_nobody_can_tell_is_not_created_again(clock: Clock, books: Books, write: Callable[[Desk], Any]) -> None:
    """Where the search fails as well, however often, there is one create, and whether it exists stays open."""
    desk = Desk(clock, "made, and an error")

    def fails(run: str, key: str) -> list[str]:
        raise Trouble(Kind.SERVER, "search: 500", status=500)

    desk.search = fails  # type: ignore[method-assign]
    done = write(desk)
    assert (done.ok, done.there, done.exists, len(desk.creates)) == (False, False, None, 1)
    [outcome] = books.rows("outcome")
    assert (outcome["exists"], outcome.get("retried")) == (None, None)
    assert {row["step"] for row in books.rows("step")} == {"search"}


@pytest.mark.parametrize(("says", "waits"), [(7.0, 7.0), (0.0, 0.0), (None, PAUSE), (3600.0, LONGEST_PAUSE)], ids=str)
def test_a_desk_that_asks_for_a_pause_gets_it(
    clock: Clock, books: Books, write: Callable[[Desk], Any], says: float | None, waits: float
) -> None:
    """After a 429 the next try comes after Retry-After, 30 s at most, or after the usual pause; nothing is searched
    for, as nothing can be there."""
    done = write(desk := Desk(clock, Trouble(Kind.THROTTLED, "create: 429", status=429, retry_after=says)))
    assert (done.ok, desk.searches, clock.slept) == (True, 0, [waits])
    assert [(row["ok"], row["status"], row.get("exists")) for row in books.rows("outcome")] == [
        (False, 429, False), (True, None, None),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", [Kind.REFUSED, Kind.REJECTED, Kind.MISSING, Kind.REDIRECT, Kind.TLS])
def test_what_will_not_change_is_not_tried_again(clock: Clock, write: Callable[[Desk], Any], kind: Kind) -> None:
    """A refusal is no reason to ask again."""
    done = write(desk := Desk(clock, Trouble(kind, "no")))
    assert (done.ok, done.exists, len(desk.creates), desk.searches) == (False, False, 1, 0)


def test_a_step_whose_intent_cannot_be_written_is_not_taken(
    clock: Clock, books: Books, write: Callable[[Desk], Any]
) -> None:
    """With a broken ledger a step is an error, and the desk hears nothing."""
    books.ledger.close()
    with pytest.raises(LedgerBroken):
        write(desk := Desk(clock))
    assert desk.creates == []


# --- mail that may have arrived --------------------------------------------------------------------------------------


class Mails:
    """A mail server whose every message does what is next in `script`: raises, or arrives; and desks take it in."""

    def __init__(self, *script: Trouble) -> None:
        self.script, self.handed = list(script), 0

    def deliver(self, post: Post, number: int, **thread: Any) -> None:
        self.handed += 1
        if self.script:
            raise self.script.pop(0)


DROPPED = Trouble(Kind.CONNECTION, "hand over a message: the connection failed")


@pytest.mark.parametrize("there", [False, True])
def test_a_mail_that_may_have_arrived_is_not_sent_again(clock: Clock, books: Books, *, there: bool) -> None:
    """A connection that drops before the 250 is one mail; its contact is on its way, created despite an error where
    the desk is seen to have it, and failed (to be reconciled) where it is not."""
    started = Started(clock, plan_of(*rows_due(0.0, wire="email")), books, desk := Desk(clock))
    desk.tickets = ["7"] if there else []
    started.worker.courier = mails = Mails(DROPPED, DROPPED)
    started.worker.walk()
    assert (mails.handed, desk.creates, desk.searches) == (1, [], 1 if there else MAIL_SEARCHES)
    [outcome], [delivery], [report] = books.rows("outcome"), books.rows("delivery"), started.reports
    assert (outcome.get("exists"), outcome["ticket"]) == ((True, "7") if there else (None, None))
    assert delivery["delivery"] == ("created-despite-error" if there else "failed")
    assert (report["ok"], report["ticket"]) == (True, "7" if there else None)


def test_a_mail_that_was_not_handed_over_is_sent_again(clock: Clock, books: Books) -> None:
    """Where the mail server fails before it has the message, it is tried again, and nothing is searched for."""
    started = Started(clock, plan_of(*rows_due(0.0, wire="email")), books, desk := Desk(clock))
    started.worker.courier = mails = Mails(NotHandedOver(Kind.CONNECTION, "refused"))
    started.worker.walk()
    assert (mails.handed, desk.searches, started.reports[0]["ok"]) == (2, 0, True)


def test_a_mail_that_was_never_handed_over_is_not_on_its_way(clock: Clock, books: Books) -> None:
    """A mail server that is away makes contacts that failed, and are not waited for."""
    started = Started(clock, plan_of(*rows_due(0.0, wire="email")), books, Desk(clock))
    started.worker.courier = Mails(*[NotHandedOver(Kind.CONNECTION, "refused")] * TRIES)
    started.worker.walk()
    assert (started.reports[0]["ok"], books.rows("outcome")[-1]["exists"]) == (False, False)


def asked(do: str, wire: str = "rest", **more: Any) -> dict[str, Any]:
    """What the centre asks of the customer of issue 0, whose ticket is 1."""
    order = {"do": do, "c": "0.1", "issue": 0, "attempt": 1, "number": 1, "channel": "email", "wire": wire}
    return order | {"ticket": "1", "stars": None, **more}


@pytest.mark.parametrize(("do", "reports"), [("chase", []), ("reply", [True])])
def test_a_further_mail_that_may_have_arrived_is_not_sent_again(
    clock: Clock, books: Books, do: str, reports: list[bool]
) -> None:
    """Chasers and replies by mail are sent once if they may be there, and a reply counts as on its way."""
    started = Started(clock, plan_of(*rows_due(0.0)), books, Desk(clock))
    started.worker.courier = mails = Mails(DROPPED, DROPPED)
    started.worker.obey(asked(do, "email"))
    assert (mails.handed, books.rows("outcome")[0].get("exists")) == (1, None)
    assert [report["ok"] for report in started.reports] == reports


# --- further messages ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("do", "reports"), [("chase", []), ("reply", [False])])
def test_what_a_desk_does_not_take_is_no_error(clock: Clock, books: Books, do: str, reports: list[bool]) -> None:
    """At a desk without replies none is written down or sent, and the centre is told that a reply did not arrive."""
    started = Started(clock, plan_of(*rows_due(0.0)), books, Desk(clock))
    started.worker.abilities = Abilities(frozenset({Can.POLL}), "none", "none")
    started.worker.obey(asked(do))
    assert [report["ok"] for report in started.reports] == reports
    assert (books.rows("intent"), books.rows("outcome")) == ([], [])


class Talks(Desk):
    """A desk that takes messages, shows them as `shows` makes them, and fails after it has taken each."""

    def __init__(self, clock: Clock, shows: Callable[[str], str]) -> None:
        super().__init__(clock)
        self.shows, self.said = shows, list[str]()

    def reply(self, ticket: str, post: Post) -> None:
        self.said.append(post.body)
        raise Trouble(Kind.SERVER, "500", status=500)

    close = reply

    def poll(self, ticket: str) -> Thread:
        texts = ["Where is it?", *self.said]
        shown = [Message(str(n), Author.CUSTOMER, self.shows(text)) for n, text in enumerate(texts)]
        return Thread(State.RESOLVED, tuple(shown))


def _marked_up(text: str) -> str:
    return f"<p>{escape(text)}</p>".replace("\n", "<br>").replace(",", "</b>,")


@pytest.mark.parametrize("do", ["chase", "withdraw"])
@pytest.mark.parametrize(
    ("shows", "exists"), [(str, True), (_marked_up, True), (lambda text: "", None)], ids=["plain", "HTML", "nothing"]
)
def test_a_message_that_may_be_there_is_not_sent_again(
    clock: Clock, books: Books, do: str, shows: Callable[[str], str], exists: bool | None
) -> None:
    """A message or last words that a desk took before its 500 are said once: they are recognised with markup and
    without, on a ticket that is only resolved, and unknown where the desk shows no text at all."""
    started = Started(clock, plan_of(*rows_due(0.0)), books, desk := Talks(clock, shows))
    started.worker.abilities = Abilities(frozenset({Can.POLL, Can.REPLY, Can.CLOSE}), "none", "none")
    started.worker.obey(asked(do))
    assert len(desk.said) == 1
    assert books.rows("outcome")[0].get("exists") is exists


def test_a_message_that_is_not_there_is_sent_again(clock: Clock, books: Books) -> None:
    """Where the desk shows other words and not these, they are said again."""
    started = Started(clock, plan_of(*rows_due(0.0)), books, desk := Talks(clock, lambda text: "Hello"))
    started.worker.obey(asked("chase"))
    assert len(desk.said) == TRIES
