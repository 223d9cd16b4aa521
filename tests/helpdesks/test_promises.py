"""The promises of `conformance` themselves: an honest helpdesk keeps them all, and each lie breaks one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from conformance import PROMISES, Bench, Recorder

from sim.helpdesks.protocol import (
    Abilities,
    Author,
    Can,
    Kind,
    Message,
    Post,
    Response,
    State,
    Thread,
    Ticket,
    Trouble,
    WrongDesk,
)


@dataclass
class Row:
    post: Post
    state: State = State.OPEN
    owner: str = ""
    said: list[tuple[Author, str]] = field(default_factory=list)


class Silent:
    """A session to nowhere."""

    def request(self, *_: Any, **__: Any) -> Response:
        return Response(200, {}, b"")


class Honest:
    """A helpdesk in memory that keeps every promise; `rows` is what its accounts share."""

    name = "honest"
    abilities = Abilities(frozenset(Can) - {Can.CHAT}, "native", "hard")

    def __init__(self, session: Recorder, rows: dict[str, Row], agent: str = "agent") -> None:
        self.session, self.rows, self.agent = session, rows, agent

    def _send(self, post: Post) -> None:
        self.session.request("POST", "/", headers={**post.headers, "Authorization": self.agent})

    def _row(self, ticket: str) -> Row:
        if ticket not in self.rows:
            raise Trouble(Kind.MISSING, "no such ticket")
        return self.rows[ticket]

    def _list(self, holds: Callable[[Row], bool]) -> list[Ticket]:
        return [Ticket(ticket, row.post.key, row.state) for ticket, row in self.rows.items() if holds(row)]

    def identify(self) -> str:
        if self.agent == "stranger":
            raise WrongDesk("the token is refused")
        return "honest 1"

    def create(self, post: Post) -> str:
        self._send(post)
        if self.agent == "stranger":
            raise Trouble(Kind.REFUSED, "create", status=401)
        ticket = str(max(map(int, self.rows), default=0) + 1)
        self.rows[ticket] = Row(post, said=[(Author.CUSTOMER, post.body)])
        return ticket

    def reply(self, ticket: str, post: Post) -> None:
        self._send(post)
        self._row(ticket).said.append((Author.CUSTOMER, post.body))
        self._row(ticket).state = State.OPEN

    def poll(self, ticket: str) -> Thread:
        row = self._row(ticket)
        return Thread(row.state, tuple(Message(str(each), *said) for each, said in enumerate(row.said)))

    def search(self, run: str, key: str) -> list[str]:
        return [each.id for each in self._list(lambda row: (row.post.run, row.post.key) == (run, key))]

    def close(self, ticket: str, post: Post) -> None:
        self.reply(ticket, post)
        self._row(ticket).state = State.CLOSED

    def rate(self, ticket: str, stars: int) -> None:
        self._row(ticket)

    def open_tickets(self, run: str) -> list[Ticket]:
        return self._list(lambda row: row.post.run == run and row.state is State.OPEN)

    def take(self, ticket: str) -> None:
        row = self._row(ticket)
        if row.state is not State.OPEN or row.owner not in ("", self.agent):
            raise Trouble(Kind.REJECTED, "take")
        row.owner = self.agent

    def answer(self, ticket: str, text: str) -> None:
        self._row(ticket).said.append((Author.AGENT, text))

    def resolve(self, ticket: str) -> None:
        self._row(ticket).state = State.RESOLVED

    def of_run(self, run: str) -> list[Ticket]:
        return self._list(lambda row: row.post.run == run)

    def delete(self, tickets: Sequence[str]) -> None:
        for ticket in tickets:
            self.rows.pop(ticket, None)


def bench_of(kind: type[Honest]) -> Bench:
    session, rows = Recorder(Silent()), dict[str, Row]()
    return Bench(
        desk=kind(session, rows),
        other=kind(session, rows, "other"),
        stranger=kind(session, rows, "stranger"),
        session=session,
        secrets=("agent", "other", "stranger"),
    )


@pytest.mark.parametrize("promise", PROMISES.values(), ids=PROMISES.keys())
def test_an_honest_desk_keeps_it(promise: Callable[[Bench], None]) -> None:
    """A desk that does what it says passes."""
    promise(bench_of(Honest))


def agents_words(self: Honest, ticket: str) -> Thread:
    thread = Honest.poll(self, ticket)
    return replace(thread, messages=tuple(replace(each, author=Author.AGENT) for each in thread.messages))


def half_the_words(self: Honest, ticket: str) -> Thread:
    thread = Honest.poll(self, ticket)
    return replace(thread, messages=tuple(replace(each, text=each.text[:9]) for each in thread.messages))


def without_headers(self: Honest, post: Post) -> None:
    self.session.request("POST", "/", headers={"Authorization": self.agent})


def tells_the_token(self: Honest) -> str:
    if self.agent == "stranger":
        raise WrongDesk(f"the token {self.agent} is refused")
    return "honest 1"


def quietly(self: Honest, *_: object) -> None:
    """Success, and nothing happened."""


def of_anybody(self: Honest, run: str) -> list[Ticket]:
    return self._list(lambda row: row.post.run[:8] == run[:8])


# by the promise that each breaks, with the verb that lies
LIES: list[tuple[str, str, Any]] = [
    ("identifies_itself", "identify", lambda self: ""),
    ("refuses_wrong_tokens", "identify", tells_the_token),
    ("refuses_wrong_tokens", "identify", lambda self: "honest 1"),
    ("keeps_the_words", "poll", agents_words),
    ("keeps_the_words", "poll", half_the_words),
    ("finds_by_key", "search", lambda self, run, key: []),
    ("finds_by_key", "search", lambda self, run, key: [each.id for each in self.of_run(run)]),
    ("finds_all_of_a_key", "search", lambda self, run, key: Honest.search(self, run, key)[:1]),
    ("tells_who_writes", "answer", quietly),
    ("tells_who_writes", "poll", agents_words),
    ("opens_again", "reply", lambda self, ticket, post: self._row(ticket)),
    ("opens_again", "resolve", quietly),
    ("closes", "close", quietly),
    ("rates", "rate", lambda self, ticket, stars: self._row(ticket) and self.take(ticket)),
    ("sends_the_headers", "_send", without_headers),
    ("lists_open_tickets", "open_tickets", lambda self, run: Honest.open_tickets(self, run)[::-1]),
    ("lists_open_tickets", "open_tickets", Honest.of_run),
    ("takes_what_is_open", "take", Honest.resolve),
    ("takes_no_resolved_ticket", "take", quietly),
    ("takes_nobody_elses", "take", lambda self, ticket: self._row(ticket)),
    ("answers_and_resolves", "resolve", quietly),
    ("stumbles_over_missing_tickets", "rate", quietly),
    ("stumbles_over_missing_tickets", "poll", lambda self, ticket: Thread(State.OPEN, ())),
    ("knows_its_own", "of_run", of_anybody),
    ("knows_its_own", "of_run", Honest.open_tickets),
    ("turns_the_pages", "of_run", lambda self, run: Honest.of_run(self, run)[:3]),
    ("turns_the_pages", "open_tickets", lambda self, run: Honest.open_tickets(self, run)[:1] * 2),
    ("deletes", "delete", quietly),
    ("deletes", "delete", lambda self, tickets: self.rows.clear()),
]


@pytest.mark.parametrize(("promise", "verb", "lie"), LIES, ids=[f"{promise}-{verb}" for promise, verb, _ in LIES])
def test_a_lie_breaks_it(promise: str, verb: str, lie: Callable[..., object]) -> None:
    """A desk one of whose verbs lies does not pass."""
    liar = type("Liar", (Honest,), {verb: lie})
    with pytest.raises((AssertionError, Trouble, pytest.fail.Exception)):
        PROMISES[promise](bench_of(liar))


def test_every_promise_is_broken_once() -> None:
    """No promise is without a lie that breaks it."""
    assert {promise for promise, _, _ in LIES} == PROMISES.keys()
