"""Every adapter of the catalogue keeps the promises of `conformance`, against the real helpdesk."""

from __future__ import annotations

import json
import smtplib
import sys
import time
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Any

import pytest
from conformance import PROMISES, Bench, Recorder

from sim.helpdesks import HELPDESKS, adapter, marks
from sim.helpdesks.local import Desk, halt, restart
from sim.helpdesks.protocol import Author, Kind, State, Trouble
from sim.helpdesks.tokens import Tokens
from sim.load.guard import target
from sim.load.http import HttpSession
from sim.scenario.mapping import read_mapping

pytestmark = [pytest.mark.desks, pytest.mark.timeout(120)]

# by the name in the test's id: the real desk, the adapter, its settings
ADAPTERS: Mapping[str, tuple[str, str, Mapping[str, Any]]] = {
    "rt": ("rt", "rt", {}),
    "django-helpdesk": ("django-helpdesk", "django-helpdesk", {}),
    "rest-rt": ("rt", "rest", {"mapping": read_mapping("rt").data}),
    "rest-django-helpdesk": ("django-helpdesk", "rest", {"mapping": read_mapping("django-helpdesk").data}),
}
OURS = ("rt", "django-helpdesk")

StartDesk = Callable[[str], Desk]


def bench_of(desk: Desk, name: str, settings: Mapping[str, Any]) -> Bench:
    known = json.loads((desk.folder / "tokens.json").read_text("utf-8"))
    customer, agent, unknown = known["customer"], known["agent"], "1-14-0123456789abcdef0123456789abcdef"
    session = Recorder(HttpSession(target(desk.host, allowed=(), named=None, staging=None, outbound_mail=None)))

    def made(tokens: Tokens) -> Any:
        return adapter(name, session, tokens, settings)

    return Bench(
        desk=made(Tokens(customer, agent)),
        other=made(Tokens(agent, customer)),
        stranger=made(Tokens(unknown, unknown)),
        session=session,
        secrets=(customer, agent, unknown),
        # the recipe leaves them out: each costs a request
        texts=(desk.name, name) != ("rt", "rest"),
    )


@pytest.fixture
def bench(request: pytest.FixtureRequest, real_desk: StartDesk) -> Bench:
    desk, name, settings = ADAPTERS[request.param]
    return bench_of(real_desk(desk), name, settings)


def test_every_adapter_of_the_catalogue_is_held_to_its_promises() -> None:
    """No helpdesk of the catalogue is left out of this file."""
    assert {name for _, name, _ in ADAPTERS.values()} == set(HELPDESKS)


@pytest.mark.parametrize("promise", PROMISES.values(), ids=PROMISES.keys())
@pytest.mark.parametrize("bench", ADAPTERS, indirect=True)
def test_keeps_its_promise(bench: Bench, promise: Callable[[Bench], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """The promise holds, with pages of three tickets where the adapter chooses their size."""
    module = sys.modules[type(bench.desk).__module__]
    if hasattr(module, "PAGE"):
        monkeypatch.setattr(module, "PAGE", 3)
    promise(bench)


@pytest.mark.parametrize("bench", OURS, indirect=True)
def test_one_account_for_both_tells_them_apart(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where customers and agents share a token, an answer is still the agent's and a reply the customer's."""
    monkeypatch.setattr(bench.desk, "_tokens", Tokens(bench.secrets[0], bench.secrets[0]))
    PROMISES["tells_who_writes"](bench)


@pytest.mark.parametrize("bench", OURS, indirect=True)
def test_a_few_requests_are_enough(bench: Bench) -> None:
    """A poll of an open ticket takes at most three requests, a list of open tickets one."""
    ticket = bench.open()
    bench.desk.poll(ticket)
    bench.session.headers.clear()
    bench.desk.poll(ticket)
    polling = len(bench.session.headers)
    bench.desk.open_tickets(bench.run)
    listing = len(bench.session.headers) - polling
    assert (polling <= 3, listing) == (True, 1)


# --- e-mail ---


@pytest.mark.parametrize("name", OURS)
def test_tickets_that_came_by_mail_are_the_runs(name: str, real_desk: StartDesk) -> None:
    """A customer's mail makes a ticket that is found by key and run, and its threads tell customers from agents."""
    desk = real_desk(name)
    bench = bench_of(desk, name, {})
    first = mail(desk, bench, "My parcel")
    ticket = until(lambda: bench.desk.search(bench.run, "17.1"))[0]
    assert [(each.id, each.key) for each in bench.desk.of_run(bench.run)] == [(ticket, "17.1")]
    assert [(each.id, each.key) for each in bench.desk.open_tickets(bench.run)] == [(ticket, "17.1")]
    assert bench.desk.search(bench.run, "7.1") == []
    bench.desk.take(ticket)
    bench.desk.answer(ticket, "It is on its way.")
    bench.desk.resolve(ticket)
    mail(desk, bench, f"Re: {in_subject(desk, ticket)} My parcel", to=first)
    until(lambda: bench.desk.poll(ticket).state is State.OPEN)
    bench.desk.reply(ticket, bench.post(body="And by the form."))
    thread = bench.desk.poll(ticket)
    customer, agent = Author.CUSTOMER, Author.AGENT
    assert [each.author for each in thread.messages] == [customer, agent, customer, customer]
    assert "By mail." in thread.messages[0].text
    bench.desk.rate(ticket, 4)
    bench.desk.delete([ticket])
    assert bench.desk.of_run(bench.run) == []


def mail(desk: Desk, bench: Bench, subject: str, *, to: str = "") -> str:
    """A customer's mail; returns its Message-ID."""
    message = EmailMessage()
    message["From"] = f"Zoe <zoe@{marks.domain(bench.run)}>"
    message["To"] = desk.to
    message["Subject"] = f"{subject} {marks.token(bench.run, '17.1')}"
    message["Message-ID"] = make_msgid(domain=marks.domain(bench.run))
    if to:
        message["In-Reply-To"] = message["References"] = to
    message.set_content("By mail.\n")
    host, port = desk.smtp.split(":")
    with smtplib.SMTP(host, int(port), timeout=30) as door:
        door.send_message(message)
    return str(message["Message-ID"])


def in_subject(desk: Desk, ticket: str) -> str:
    """How the desk's own mail names a ticket in its subject."""
    lines = [json.loads(line) for line in desk.mailbox.read_text("utf-8").splitlines()]
    subject = next(line["subject"] for line in reversed(lines) if f"{ticket}]" in line["subject"])
    return str(subject[subject.index("[") : subject.index("]") + 1])


def until(holds: Callable[[], Any], seconds: float = 20.0) -> Any:
    """What `holds` returns once it is true."""
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.2)
    return found


# --- what goes wrong on the desk's side ---


def test_a_create_that_fails_after_the_fact_is_found(real_desk: StartDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its mail down, django-helpdesk answers 500 to a create, and the ticket is there: a search finds it."""
    desk = real_desk("django-helpdesk")
    bench = bench_of(desk, "django-helpdesk", {})
    monkeypatch.setenv("SIM_HELPDESKS", str(desk.folder.parent))
    halt("django-helpdesk", "mailbox")
    try:
        with pytest.raises(Trouble) as trouble:
            bench.open()
    finally:
        restart("django-helpdesk", "mailbox")
    assert (trouble.value.kind, trouble.value.status, trouble.value.may_exist) == (Kind.SERVER, 500, True)
    (ticket,) = bench.desk.search(bench.run, "17.1")
    assert [each.id for each in bench.desk.open_tickets(bench.run)] == [ticket]
