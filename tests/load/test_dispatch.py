"""The dispatcher and a worker at a desk that takes no time, on a clock that is handed to them: what they live through
is what is simulated."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.helpdesks.protocol import Abilities, Author, Can, Kind, Message, Post, State, Thread, Ticket, Trouble
from sim.load import dispatch
from sim.load import plan as plans
from sim.load.books import Books, read, validity
from sim.load.dispatch import Dispatcher
from sim.load.ledger import Delivery, Ledger
from sim.load.observe import samples
from sim.load.slice import running
from sim.load.steps import Steps
from sim.load.worker import Worker
from sim.schemas import NEVER
from sim.simulate.engine import contacts_table
from sim.simulate.wired import Carried, Delays, WiredCentre
from sim.tables import Table

from runs import planned  # isort: skip

T0 = 1_000_000.0
STORIES = (
    "load.channels.email=rest", "customers=60000", "email.staff=1", "email.resolved_at_first_contact=50%",
    "email.reconnect=90% after 8m", "email.asks_back=30% after 6m", "email.patience=8m", "email.chases=70%",
)  # fmt: skip


class Desk:
    """A helpdesk in memory: every promise at once. `name`, and verbs as an adapter has them."""

    name = "memory"
    abilities = Abilities(frozenset({Can.REPLY, Can.POLL, Can.CLOSE, Can.RATE}), "native", "hard")

    def __init__(self) -> None:
        self.posts: dict[str, Post] = {}
        self.threads: dict[str, list[Message]] = {}
        self.states: dict[str, State] = {}
        self.stars: dict[str, int] = {}
        self.log: list[tuple[str, str]] = []

    def create(self, post: Post) -> str:
        ticket = str(len(self.posts) + 1)
        self.posts[ticket], self.states[ticket] = post, State.OPEN
        self.threads[ticket] = []
        self._says("create", ticket, Author.CUSTOMER, post.body)
        return ticket

    def reply(self, ticket: str, post: Post) -> None:
        self.states[ticket] = State.OPEN
        self._says("reply", ticket, Author.CUSTOMER, post.body)

    def poll(self, ticket: str) -> Thread:
        return Thread(self.states[ticket], tuple(self.threads[ticket]))

    def search(self, run: str, key: str) -> list[str]:
        return [ticket for ticket, post in self.posts.items() if post.key == key]

    def close(self, ticket: str, post: Post) -> None:
        self.log.append(("close", ticket))
        self.states[ticket] = State.CLOSED

    def rate(self, ticket: str, stars: int) -> None:
        self.stars[ticket] = stars

    def open_tickets(self, run: str) -> list[Ticket]:
        return [Ticket(t, self.posts[t].key, s) for t, s in self.states.items() if s is State.OPEN]

    def take(self, ticket: str) -> None:
        assert self.states[ticket] is State.OPEN
        self.log.append(("take", ticket))

    def answer(self, ticket: str, text: str) -> None:
        self._says("answer", ticket, Author.AGENT, text)

    def resolve(self, ticket: str) -> None:
        self.states[ticket] = State.RESOLVED

    def _says(self, what: str, ticket: str, author: Author, text: str) -> None:
        self.log.append((what, ticket))
        self.threads[ticket].append(Message(str(len(self.threads[ticket])), author, text))


class Live:
    """A load test on a clock of its own: greenlets run at once, and time passes where the dispatcher waits."""

    def __init__(self, folder: Path, plan: plans.Plan, desk: Desk) -> None:
        self.now, self.plan, self.desk = 0.0, plan, desk
        self._handlers: list[Callable[[], None]] = []
        self._rows = [(plan.seconds(row.due), row) for row in plan.rows if row.sent]
        self.ledger = Ledger(folder / "ledger" / "ledger-0.jsonl", lambda: T0 + self.now)
        self.ledger.start(run=plan.run, worker=0, n=1, digest=plan.digest, t0=T0, speed=plan.speed, offset=0.0)
        self.steps = Steps(self.ledger, self._desk, lambda: T0 + self.now, self._sleeps, lambda *_: None)
        at_once: Callable[[Callable[[], None]], None] = lambda part: part()  # noqa: E731
        self.worker = Worker(
            plan, 0, 1, self.steps, desk.abilities, None, time=lambda: self.now, sleep=self._sleeps, start=at_once,
            report=lambda report: self.dispatcher.hears(report), t0=T0,
        )  # fmt: skip
        self.dispatcher = Dispatcher(
            plan, plans.world(folder / "plan", plan), 1, self.steps, lambda _, order: self.worker.obey(order), self,
            time=lambda: self.now, spawn=at_once, t0=T0,
        )  # fmt: skip

    def run(self) -> Table:
        self.dispatcher.run()
        self.ledger.done(0)
        self.ledger.close()
        return contacts_table(self.dispatcher.centre, self.dispatcher._issues)

    def put(self, handler: Callable[[], None]) -> None:
        self._handlers.append(handler)

    def get(self, timeout: float) -> Callable[[], None] | None:
        for ticket, watched in list(self.worker._watched.items()):
            if len([m for m in self.desk.threads[ticket] if m.author is Author.AGENT]) != watched.answers:
                self.worker._look(ticket, watched)
        if self._handlers:
            return self._handlers.pop(0)
        if self._rows and self._rows[0][0] <= self.now + timeout:
            due, row = self._rows.pop(0)
            self.now = max(self.now, due)
            self.worker.walk([row])
        else:
            self.now += timeout
        return self._handlers.pop(0) if self._handlers else None

    def _sleeps(self, seconds: float) -> None:
        self.now += seconds

    @contextmanager
    def _desk(self, headers: Mapping[str, str], customer: bool) -> Iterator[Desk]:
        yield self.desk


def simulated(folder: Path, plan: plans.Plan) -> Table:
    """What the engine says of the plan's window, with a desk that takes no time."""
    world = plans.world(folder / "plan", plan)
    desk = running(world.desk, plan.window[0], plan.window[1], plan.ends)
    ways = [Carried(plans.CARRIED[channel.wire]) for channel in plan.channels]
    arrivals = sorted((row.due, row.issue) for row in plan.rows)
    centre = WiredCentre(
        desk, arrivals, world.population.issues, world.population.fates(), Delays(lambda: centre.env, {}, 1), ways
    )
    centre.run()
    return contacts_table(centre, world.population.issues)


def live(tmp_path: Path, sets: Sequence[str] = STORIES, desk: Desk | None = None, **more: Any) -> tuple[Live, Table]:
    made = planned(tmp_path, "http://127.0.0.1:9", "django-helpdesk", window="Mon 09:00..12:00", sets=sets, **more)
    test = Live(tmp_path, made, desk or Desk())
    return test, test.run()


def test_what_is_lived_through_is_what_is_simulated(tmp_path: Path) -> None:
    """At a desk that takes no time, the contacts are those of the simulation: the same ones, with the same ends, at the
    same times but for the rounding of a tick."""
    test, seen = live(tmp_path)
    expected = simulated(tmp_path, test.plan)
    assert len(seen) == len(expected) > 60
    # everything that can happen to a message does
    assert {1, 2} <= set(seen["attempt"].tolist())
    assert seen["chasers"].sum() > 0
    assert (seen["asked"] != NEVER).sum() > 5
    for column in seen.names:
        if column in ("offered", "answered", "taken", "ended", "freed", "asked", "replied"):
            assert ((seen[column] == NEVER) == (expected[column] == NEVER)).all(), column
            there = seen[column] != NEVER
            assert np.abs(seen[column] - expected[column])[there].max() <= 40, column
        elif column != "source":
            assert (seen[column] == expected[column]).all(), column


def test_the_books_of_it_add_up(tmp_path: Path) -> None:
    """Every contact has one delivery, every message is at the desk, and no ticket was made twice."""
    test, seen = live(tmp_path)
    books = Books(read(tmp_path))
    assert books.balanced
    assert books.breaks == ()
    assert books.count(Delivery.SENT) + books.count(Delivery.ENTERED) == books.planned + books.spawned == len(seen)
    answered = [row for row in books.contacts.values() if row["outcome"] == 1 and row["channel"] == 1]
    assert all(row["seen"] is not None for row in answered)
    log = test.desk.log
    email = [channel.name for channel in test.plan.channels].index("email")
    mine = seen.where(seen["channel"] == email)
    assert sum(what == "create" for what, _ in log) == len(set(mine["issue"].tolist()))
    again = int((mine["attempt"] > 1).sum())
    replied = int((mine["replied"] != NEVER).sum())
    assert sum(what == "reply" for what, _ in log) == again + replied + int(mine["chasers"].sum())
    # a question and an answer each
    answers = int((mine["asked"] != NEVER).sum() + (mine["ended"] != NEVER).sum())
    assert sum(what == "answer" for what, _ in log) == answers
    solved = set(mine["issue"][mine["resolved"] == 1].tolist())
    assert sum(what == "close" for what, _ in log) == len(solved)
    assert 0 < len(test.desk.stars) < len(solved)
    assert set(test.desk.stars.values()) <= {1, 2, 3, 4, 5}


def test_without_our_agents_nobody_is_answered_until_people_do(tmp_path: Path) -> None:
    """With --agents none no ticket is taken; what people answer and resolve is answered and resolved."""

    class Attended(Desk):
        """People answer every other ticket, when its customer looks."""

        def poll(self, ticket: str) -> Thread:
            return super().poll(ticket)

        def create(self, post: Post) -> str:
            ticket = super().create(post)
            if int(ticket) % 2:
                self.answer(ticket, "We have looked into it.")
                self.resolve(ticket)
            return ticket

    test, seen = live(tmp_path, ("load.channels.email=rest", "customers=60000"), Attended(), agents="none")
    email = [channel.name for channel in test.plan.channels].index("email")
    mine = seen.where(seen["channel"] == email)
    assert not any(what == "take" for what, _ in test.desk.log)
    assert (mine["outcome"] == 1).sum() == (mine["resolved"] == 1).sum() > 5
    assert (mine["outcome"] == 0).sum() > 5


def test_a_ticket_that_somebody_else_has_taken_is_left_to_them(tmp_path: Path) -> None:
    """An agent who cannot take a ticket goes on with the next; its contact stays open, and the run ends."""

    class Contested(Desk):
        def take(self, ticket: str) -> None:
            if ticket == "3":
                raise Trouble(Kind.MISSING, "it is somebody else's")
            super().take(ticket)

    test, seen = live(tmp_path, desk=Contested())
    lost = int(test.desk.posts["3"].key.split(".")[0])
    row = seen.where((seen["issue"] == lost) & (seen["attempt"] == 1))
    assert row["outcome"].tolist() == [0]
    assert row["answered"].tolist() == [NEVER]
    others = seen.where(seen["issue"] != lost)
    assert (others["outcome"] == 1).sum() > 40


@pytest.mark.parametrize("stop", [5.0])
def test_who_is_stopped_leaves_books_that_add_up(tmp_path: Path, stop: float) -> None:
    """Stopped in the middle, what was not due yet is not sent, and the books still add up."""
    made = planned(
        tmp_path, "http://127.0.0.1:9", "django-helpdesk", window="Mon 09:00..12:00", sets=STORIES
    )  # fmt: skip
    test = Live(tmp_path, made, Desk())
    get = test.get

    def until(timeout: float) -> Callable[[], None] | None:
        if test.now > stop:
            test.dispatcher.stop("a test")
        return get(timeout)

    test.get = until  # type: ignore[method-assign]
    test.run()
    assert test.worker.stopped
    books = Books(read(tmp_path))
    assert books.balanced
    assert books.count(Delivery.NOT_SENT) > 5
    assert books.count(Delivery.SENT) > 0


def test_a_run_in_which_too_much_goes_wrong_is_broken_off(tmp_path: Path) -> None:
    """By load.abort: the run ends early, is valid as far as it went, and says why."""

    class Refusing(Desk):
        def create(self, post: Post) -> str:
            raise Trouble(Kind.REJECTED, "create a ticket: 400", status=400)

    sets = (*STORIES, "customers=200000", "load.abort.errors=above 50% within 20s")
    made = planned(tmp_path, "http://127.0.0.1:9", "django-helpdesk", window="Mon 09:00..12:00", sets=sets)
    test = Live(tmp_path, made, Refusing())
    test.run()
    books = Books(read(tmp_path))
    assert books.aborted is not None
    assert books.aborted["what"].startswith("more than 50")
    assert books.count(Delivery.FAILED) >= 10
    assert books.count(Delivery.NOT_SENT) > 5
    assert validity(books).reasons == ()


def test_a_desk_that_is_slow_to_take_contacts_in_is_none_the_faster_to_answer(tmp_path: Path) -> None:
    """A first response counts from when the contact was due: half a second of the wall is two minutes of it at ×240."""
    tests: list[Live] = []

    class Slow(Desk):
        def create(self, post: Post) -> str:
            tests[0].now += 0.5
            return super().create(post)

    sets = ("load.channels.email=rest", "customers=20000", "email.staff=20")
    made = planned(tmp_path, "http://127.0.0.1:9", "django-helpdesk", window="Mon 09:00..12:00", sets=sets)
    tests.append(Live(tmp_path, made, Slow()))
    tests[0].run()
    waits = [wait for wait in samples(Books(read(tmp_path))).waits["email"] if math.isfinite(wait)]
    assert len(waits) > 5
    assert min(waits) >= 120


def test_a_run_is_not_over_before_the_last_answer_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that is known to have been read when the desk confirms it, as one that came by mail, counts as seen,
    the very last one too."""
    monkeypatch.setattr(dispatch, "LOOK_AGAIN", 0.0)
    tests: list[Live] = []

    class ReadAtOnce(Desk):
        def answer(self, ticket: str, text: str) -> None:
            super().answer(ticket, text)
            answers = self.poll(ticket).answers
            tests[0].dispatcher.hears({"is": "saw", "ticket": ticket, "c": "", "answers": answers, "state": "open"})

    sets = ("load.channels.email=rest", "load.channels.phone=skip", "customers=20000", "email.staff=20")
    made = planned(tmp_path, "http://127.0.0.1:9", "django-helpdesk", window="Mon 09:00..12:00", sets=sets)
    tests.append(Live(tmp_path, made, ReadAtOnce()))
    tests[0].run()
    answered = [row for row in Books(read(tmp_path)).contacts.values() if row["outcome"] == 1]
    assert len(answered) > 5
    assert all(row["seen"] is not None for row in answered)
