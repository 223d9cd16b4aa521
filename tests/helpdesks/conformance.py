"""What every helpdesk adapter promises, as functions over a `Bench`: each fails where the promise is broken.

Run them over an adapter of your own: make a `Bench` for every function of `PROMISES`, and call it. Each has a run of
its own and deletes nothing else, so one desk serves all.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from sim.helpdesks import marks
from sim.helpdesks.protocol import Author, Can, Helpdesk, Kind, Post, Response, Session, State, Trouble, WrongDesk

WORDS = "Where is my parcel? It cost 5 € & it's <late>.\nSecond line: žluťoučký kůň"
GONE = "987654321"


@dataclass
class Recorder:
    """A session that notes the headers of every request it passes on."""

    session: Session
    headers: list[Mapping[str, str]] = field(default_factory=list, repr=False)

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
    ) -> Response:
        self.headers.append(headers or {})
        return self.session.request(method, path, json=json, form=form, headers=headers, timeout=timeout)


@dataclass
class Bench:
    """What a promise is held against.

    `desk` is the adapter over `session`; `other` is one whose agent is another account; `stranger` has tokens that the
    desk does not know, `secrets` are all the tokens there are.
    """

    desk: Helpdesk
    other: Helpdesk
    stranger: Helpdesk
    session: Recorder
    secrets: tuple[str, ...] = field(repr=False)
    texts: bool = True
    """Whether the threads of this adapter hold the messages' texts."""
    run: str = field(default_factory=lambda: uuid.uuid4().hex)

    def post(self, key: str = "17.1", body: str = WORDS, *, run: str = "") -> Post:
        run = run or self.run
        return Post(
            run=run,
            key=key,
            name='Zoë "Zo" O\'Ünal, Ms',
            email=f"zoe.{key}@{marks.domain(run)}",
            subject=f"No parcel yet {marks.token(run, key)}",
            body=body,
            headers={"X-Sim-Contact": key, "traceparent": f"00-{self.run}-{self.run[:16]}-01"},
        )

    def open(self, key: str = "17.1") -> str:
        """A new ticket."""
        return self.desk.create(self.post(key))

    def words(self, ticket: str) -> list[str]:
        """The texts of a thread."""
        return [message.text.replace("\r", "").strip() for message in self.desk.poll(ticket).messages]

    def listed(self) -> list[str]:
        return [ticket.id for ticket in self.desk.open_tickets(self.run)]


Promise = Callable[[Bench], None]
PROMISES: dict[str, Promise] = {}


def promise(check: Promise) -> Promise:
    PROMISES[check.__name__] = check
    return check


def need(bench: Bench, *abilities: Can) -> None:
    for ability in abilities:
        if ability not in bench.desk.abilities.can:
            pytest.skip(f"{bench.desk.name} cannot {ability}")


# --- who it is ---


@promise
def identifies_itself(bench: Bench) -> None:
    """It says what answers, and leaves nothing behind."""
    assert bench.desk.identify().strip()
    assert bench.desk.of_run(bench.run) == []


@promise
def refuses_wrong_tokens(bench: Bench) -> None:
    """A token that the desk does not know is the wrong desk, or a refusal; no text of it holds a token."""
    with pytest.raises(WrongDesk) as wrong:
        bench.stranger.identify()
    with pytest.raises(Trouble) as trouble:
        bench.stranger.create(bench.post())
    assert trouble.value.kind is Kind.REFUSED
    told = f"{wrong.value} {trouble.value!r} {bench.desk!r}"
    assert not [secret for secret in bench.secrets if secret in told]


# --- customers ---


@promise
def keeps_the_words(bench: Bench) -> None:
    """A new ticket is open, and its first message is the customer's, in their words; nobody has answered."""
    need(bench, Can.POLL)
    ticket = bench.open()
    thread = bench.desk.poll(ticket)
    assert thread.state is State.OPEN
    assert [message.author for message in thread.messages] == [Author.CUSTOMER]
    assert thread.answers == 0
    assert bench.words(ticket) == [WORDS] or not bench.texts


@promise
def finds_by_key(bench: Bench) -> None:
    """A ticket is found at once by its run and key, by no other key and in no other run."""
    ticket = bench.open("17.1")
    assert bench.desk.search(bench.run, "17.1") == [ticket]
    for key in ("17.10", "7.1", "17.2"):
        assert bench.desk.search(bench.run, key) == []
    assert bench.desk.search(uuid.uuid4().hex, "17.1") == []


@promise
def finds_all_of_a_key(bench: Bench) -> None:
    """A post that was made twice is found twice."""
    assert bench.desk.search(bench.run, "17.1") == []
    both = [bench.open("17.1"), bench.open("17.1")]
    assert bench.desk.search(bench.run, "17.1") == both


@promise
def tells_who_writes(bench: Bench) -> None:
    """A reply is the customer's, an answer the agent's; they come in the order they were written."""
    need(bench, Can.REPLY, Can.POLL)
    ticket = bench.open()
    bench.desk.reply(ticket, bench.post(body="Still nothing."))
    bench.desk.answer(ticket, "It is on its way.")
    bench.desk.reply(ticket, bench.post(body="Thank you."))
    thread = bench.desk.poll(ticket)
    assert [each.author for each in thread.messages] == [
        Author.CUSTOMER,
        Author.CUSTOMER,
        Author.AGENT,
        Author.CUSTOMER,
    ]
    assert thread.answers == 1
    assert len({each.id for each in thread.messages}) == 4
    assert bench.words(ticket) == [WORDS, "Still nothing.", "It is on its way.", "Thank you."] or not bench.texts


@promise
def opens_again(bench: Bench) -> None:
    """A reply on a resolved ticket opens it again, on an open one it changes nothing."""
    need(bench, Can.REPLY, Can.POLL)
    ticket = bench.open()
    bench.desk.reply(ticket, bench.post(body="Hurry."))
    assert bench.desk.poll(ticket).state is State.OPEN
    bench.desk.resolve(ticket)
    assert bench.desk.poll(ticket).state is State.RESOLVED
    bench.desk.reply(ticket, bench.post(body="Not yet."))
    assert bench.desk.poll(ticket).state is State.OPEN
    assert bench.listed() == [ticket]


@promise
def closes(bench: Bench) -> None:
    """A ticket that its customer has closed is open no more, and closing it is no answer; it can be closed again."""
    need(bench, Can.CLOSE, Can.POLL)
    ticket = bench.open()
    bench.desk.close(ticket, bench.post(body="That is settled."))
    bench.desk.close(ticket, bench.post(body=""))
    thread = bench.desk.poll(ticket)
    assert thread.state is not State.OPEN
    assert thread.answers == 0
    assert bench.listed() == []


@promise
def rates(bench: Bench) -> None:
    """Every number of stars is taken, on an open and on a resolved ticket, twice the same too, and later another."""
    need(bench, Can.RATE)
    ticket = bench.open()
    for stars in (1, 2, 3, 4, 5):
        bench.desk.rate(ticket, stars)
    bench.desk.resolve(ticket)
    bench.desk.rate(ticket, 5)
    bench.desk.rate(ticket, 2)


@promise
def sends_the_headers(bench: Bench) -> None:
    """Every request that is made for a post carries the post's headers, beside a token."""
    need(bench, Can.REPLY, Can.CLOSE)
    ticket = bench.open()
    steps: tuple[Callable[[], object], ...] = (
        lambda: bench.desk.create(bench.post()),
        lambda: bench.desk.reply(ticket, bench.post()),
        lambda: bench.desk.close(ticket, bench.post()),
    )
    for step in steps:
        bench.session.headers.clear()
        step()
        assert bench.session.headers
        for headers in bench.session.headers:
            assert headers.items() >= bench.post().headers.items()
            assert any(secret in " ".join(headers.values()) for secret in bench.secrets)


# --- agents ---


@promise
def lists_open_tickets(bench: Bench) -> None:
    """The run's open tickets come oldest first, with their keys; resolved ones and those of others do not."""
    tickets = [bench.open(key) for key in ("3.1", "2.1", "1.1")]
    bench.desk.create(bench.post("2.1", run=uuid.uuid4().hex))
    bench.desk.resolve(tickets[1])
    listed = bench.desk.open_tickets(bench.run)
    assert [(each.id, each.key, each.state) for each in listed] == [
        (tickets[0], "3.1", State.OPEN),
        (tickets[2], "1.1", State.OPEN),
    ]


@promise
def takes_what_is_open(bench: Bench) -> None:
    """An agent can take an open ticket, also one that is theirs; it stays open, and nobody has answered it."""
    ticket = bench.open()
    bench.desk.take(ticket)
    bench.desk.take(ticket)
    assert bench.listed() == [ticket]
    if Can.POLL in bench.desk.abilities.can:
        assert bench.desk.poll(ticket).answers == 0


@promise
def takes_no_resolved_ticket(bench: Bench) -> None:
    """A ticket that is not open any more cannot be taken, and taking it does not open it."""
    ticket = bench.open()
    bench.desk.resolve(ticket)
    with pytest.raises(Trouble):
        bench.desk.take(ticket)
    assert bench.listed() == []


@promise
def takes_nobody_elses(bench: Bench) -> None:
    """A ticket that another agent has taken cannot be taken from them."""
    ticket = bench.open()
    bench.other.take(ticket)
    with pytest.raises(Trouble):
        bench.desk.take(ticket)
    bench.other.take(ticket)


@promise
def answers_and_resolves(bench: Bench) -> None:
    """Take, answer, resolve: the customer sees the answer on a resolved ticket, and it is off the list."""
    need(bench, Can.POLL)
    ticket = bench.open()
    bench.desk.take(ticket)
    bench.desk.answer(ticket, WORDS)
    bench.desk.resolve(ticket)
    thread = bench.desk.poll(ticket)
    assert thread.state is State.RESOLVED
    assert thread.answers == 1
    assert bench.listed() == []
    assert bench.words(ticket) == [WORDS, WORDS] or not bench.texts


@promise
def stumbles_over_missing_tickets(bench: Bench) -> None:
    """A step on a ticket that is not there, or is no id at all, is a `Trouble`."""
    gone = bench.open()
    bench.desk.delete([gone])
    for ticket in (gone, GONE, "1 OR 1=1", "../rt"):
        for step in steps(bench, ticket):
            with pytest.raises(Trouble):
                step()
    # none of it has brought the deleted one back
    assert bench.desk.of_run(bench.run) == []


def steps(bench: Bench, ticket: str) -> list[Callable[[], object]]:
    """Every step that the desk can do on one ticket."""
    desk, can = bench.desk, bench.desk.abilities.can
    of_customers: dict[Can, Callable[[], object]] = {
        Can.POLL: lambda: desk.poll(ticket),
        Can.REPLY: lambda: desk.reply(ticket, bench.post()),
        Can.CLOSE: lambda: desk.close(ticket, bench.post()),
        Can.RATE: lambda: desk.rate(ticket, 3),
    }
    of_agents: list[Callable[[], object]] = [
        lambda: desk.take(ticket),
        lambda: desk.answer(ticket, "Yes."),
        lambda: desk.resolve(ticket),
    ]
    return [step for ability, step in of_customers.items() if ability in can] + of_agents


# --- the run ---


@promise
def knows_its_own(bench: Bench) -> None:
    """A run's tickets are listed whatever their state, and nobody else's: not those of a run whose tag begins alike."""
    alike = bench.run[:8] + uuid.uuid4().hex[8:]
    theirs = bench.desk.create(bench.post("1.1", run=alike))
    tickets = [bench.open(key) for key in ("1.1", "2.1", "3.1")]
    bench.desk.resolve(tickets[0])
    if Can.CLOSE in bench.desk.abilities.can:
        bench.desk.close(tickets[1], bench.post("2.1"))
    assert [(each.id, each.key) for each in bench.desk.of_run(bench.run)] == list(
        zip(tickets, ("1.1", "2.1", "3.1"), strict=True)
    )
    assert bench.listed() == [tickets[2]]
    assert bench.desk.search(bench.run, "1.1") == [tickets[0]]
    assert [each.id for each in bench.desk.of_run(alike)] == [theirs]


@promise
def turns_the_pages(bench: Bench) -> None:
    """A list is whole, and every ticket in it once, however many pages it has."""
    keys = [f"{issue}.1" for issue in range(1, 8)]
    tickets = [bench.open(key) for key in keys]
    assert [(each.id, each.key) for each in bench.desk.open_tickets(bench.run)] == list(zip(tickets, keys, strict=True))
    assert [each.id for each in bench.desk.of_run(bench.run)] == tickets
    assert bench.desk.search(bench.run, "1.1") == tickets[:1]
    assert bench.desk.search(bench.run, "7.1") == tickets[-1:]


@promise
def deletes(bench: Bench) -> None:
    """Deleted tickets are in no list and no search; others stay. To delete none, or one that is gone, is no trouble."""
    need(bench, Can.DELETE)
    tickets = [bench.open(key) for key in ("1.1", "2.1", "3.1")]
    bench.desk.resolve(tickets[0])
    bench.desk.delete(tickets[:2])
    bench.desk.delete(tickets[:2])
    bench.desk.delete([])
    assert [each.id for each in bench.desk.of_run(bench.run)] == tickets[2:]
    assert bench.listed() == tickets[2:]
    assert bench.desk.search(bench.run, "1.1") == []
