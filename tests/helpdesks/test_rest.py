"""The generic adapter: the mapping language, and the recipes' requests and answers as the documentation shows them."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from sim.errors import ScenarioError, UsageError
from sim.helpdesks.mapping import BadMapping, found, mapping_of
from sim.helpdesks.protocol import Author, Can, Kind, Message, Post, Response, State, Ticket, Trouble, WrongDesk
from sim.helpdesks.rest import Rest, abilities
from sim.helpdesks.tokens import Tokens
from sim.scenario.mapping import read_mapping, recipes

RUN = "0123456789abcdef0123456789abcdef"
TOKENS = Tokens(customer="canary-customer", agent="canary-agent")
POST = Post(
    RUN,
    "17.1",
    "Ann Smith",
    "ann@run.customers.test",
    "Late",
    "My parcel <is> late.\nWhere?",
    {"X-Sim-Contact": "17.1"},
)
HTML = "My parcel &lt;is&gt; late.<br>Where?"


class Desk:
    """A session that gives the answers it is told, one a request, and keeps the requests."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.requests: list[tuple[str, str, Any]] = []
        self.headers: list[Mapping[str, str]] = []

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
        self.requests.append((method, path, form if json is None else json))
        self.headers.append(headers or {})
        answer = self.answers.pop(0)
        return answer if isinstance(answer, Response) else Response(200, {}, _bytes(answer))


def _bytes(answer: object) -> bytes:
    return json.dumps(answer).encode()


# --- the recipes ---

Case = tuple[Callable[[Rest], object], list[object], list[tuple[str, str, Any]], object]

_ZAMMAD_ARTICLE = {"subject": "Late", "body": POST.body, "content_type": "text/plain", "type": "web", "internal": False}
_ZAMMAD_TICKET = {
    "id": 19,
    "number": "22019",
    "title": "Late",
    "state": "open",
    "owner_id": 3,
    "sim_run": RUN,
    "sim_key": "17.1",
}
_ZAMMAD_SEARCH = "/api/v1/tickets/search?query=sim_run%3A{run}&expand=true&sort_by=id&order_by=asc&per_page=100&page=1"
ZAMMAD: dict[str, Case] = {
    "create": (
        lambda desk: desk.create(POST),
        [{"id": 19, "number": "22019", "state_id": 1}],
        [
            (
                "POST",
                "/api/v1/tickets",
                {
                    "title": "Late",
                    "group": "Users",
                    "customer_id": "guess:ann@run.customers.test",
                    "sim_run": RUN,
                    "sim_key": "17.1",
                    "article": {**_ZAMMAD_ARTICLE, "sender": "Customer"},
                },
            )
        ],
        "19",
    ),
    "reply": (
        lambda desk: desk.reply("19", POST),
        [{"id": 19, "state_id": 2}],
        [("PUT", "/api/v1/tickets/19", {"state": "open", "article": _ZAMMAD_ARTICLE})],
        None,
    ),
    "poll": (
        lambda desk: (desk.poll("19").state, desk.poll("19").messages),
        [
            {"id": 19, "state": "closed"},
            [],
            {"id": 19, "state": "closed"},
            [
                {"id": 30, "sender": "Customer", "internal": False, "body": "Where?"},
                {"id": 31, "sender": "System", "internal": False, "body": "We have your message."},
                {"id": 32, "sender": "Agent", "internal": True, "body": "For us."},
                {"id": 33, "sender": "Agent", "internal": False, "body": "On its way."},
            ],
        ],
        [("GET", "/api/v1/tickets/19?expand=true", None), ("GET", "/api/v1/ticket_articles/by_ticket/19", None)] * 2,
        (
            State.RESOLVED,
            (
                Message("30", Author.CUSTOMER, "Where?"),
                Message("31", Author.SYSTEM, "We have your message."),
                Message("33", Author.AGENT, "On its way."),
            ),
        ),
    ),
    "close": (
        lambda desk: desk.close("19", POST),
        [{"id": 19}],
        [("PUT", "/api/v1/tickets/19", {"state": "closed", "article": _ZAMMAD_ARTICLE})],
        None,
    ),
    "of_run": (
        lambda desk: desk.of_run(RUN),
        [[_ZAMMAD_TICKET]],
        [("GET", _ZAMMAD_SEARCH.format(run=RUN), None)],
        [Ticket("19", "17.1", State.OPEN)],
    ),
    "open_tickets": (
        lambda desk: desk.open_tickets(RUN),
        [[_ZAMMAD_TICKET, {**_ZAMMAD_TICKET, "id": 20, "state": "closed"}]],
        [("GET", _ZAMMAD_SEARCH.format(run=RUN), None)],
        [Ticket("19", "17.1", State.OPEN)],
    ),
    "search": (
        lambda desk: desk.search(RUN, "17.1"),
        [[_ZAMMAD_TICKET, {**_ZAMMAD_TICKET, "id": 20, "sim_key": "17.11"}]],
        [
            (
                "GET",
                f"/api/v1/tickets/search?query=sim_run%3A{RUN}+AND+sim_key%3A%2217.1%22&expand=true&per_page=100&page=1",
                None,
            )
        ],
        ["19"],
    ),
    "take": (
        lambda desk: desk.take("19"),
        [{"id": 3}, {"id": 19, "state": "new"}, {"id": 19, "owner_id": 3}],
        [
            ("GET", "/api/v1/users/me", None),
            ("GET", "/api/v1/tickets/19?expand=true", None),
            ("PUT", "/api/v1/tickets/19", {"owner_id": 3, "state": "open"}),
        ],
        None,
    ),
    "answer": (
        lambda desk: desk.answer("19", "On its way."),
        [{"id": 33, "ticket_id": 19}],
        [
            (
                "POST",
                "/api/v1/ticket_articles",
                {
                    "ticket_id": 19,
                    "body": "On its way.",
                    "content_type": "text/plain",
                    "type": "web",
                    "sender": "Agent",
                    "internal": False,
                },
            )
        ],
        None,
    ),
    "resolve": (
        lambda desk: desk.resolve("19"),
        [{"id": 19}],
        [("PUT", "/api/v1/tickets/19", {"state": "closed"})],
        None,
    ),
    "delete": (lambda desk: desk.delete(["19"]), [{}], [("DELETE", "/api/v1/tickets/19", None)], None),
    "identify": (
        lambda desk: desk.identify(),
        [{"id": 3, "login": "chris", "role_ids": [1, 2]}] * 2,
        [("GET", "/api/v1/users/me", None)] * 2,
        "Zammad, by a mapping (not run against the real service)",
    ),
}

_ZENDESK_TICKET = {"id": 35436, "external_id": "17.1", "tags": ["vip", RUN], "status": "open", "requester_id": 9873843}
ZENDESK: dict[str, Case] = {
    "create": (
        lambda desk: desk.create(POST),
        [{"user": {"id": 9873843, "name": "Ann Smith"}}, Response(201, {}, _bytes({"ticket": _ZENDESK_TICKET}))],
        [
            (
                "POST",
                "/api/v2/users/create_or_update",
                {"user": {"name": "Ann Smith", "email": "ann@run.customers.test", "skip_verify_email": True}},
            ),
            (
                "POST",
                "/api/v2/tickets",
                {
                    "ticket": {
                        "subject": "Late",
                        "comment": {"body": POST.body},
                        "requester_id": 9873843,
                        "submitter_id": 9873843,
                        "external_id": "17.1",
                        "tags": [RUN],
                    }
                },
            ),
        ],
        "35436",
    ),
    "reply": (
        lambda desk: desk.reply("35436", POST),
        [{"ticket": _ZENDESK_TICKET}, {"ticket": _ZENDESK_TICKET, "audit": {}}],
        [
            ("GET", "/api/v2/tickets/35436", None),
            (
                "PUT",
                "/api/v2/tickets/35436",
                {"ticket": {"status": "open", "comment": {"body": POST.body, "author_id": 9873843}}},
            ),
        ],
        None,
    ),
    "poll": (
        lambda desk: desk.poll("35436").messages,
        [
            {"ticket": {**_ZENDESK_TICKET, "status": "solved"}},
            {
                "comments": [
                    {"id": 1, "author_id": 9873843, "public": True, "plain_body": "Where?", "via": {"channel": "api"}},
                    {"id": 2, "author_id": 5, "public": True, "plain_body": "Got it.", "via": {"channel": "rule"}},
                    {"id": 3, "author_id": 5, "public": False, "plain_body": "For us.", "via": {"channel": "web"}},
                    {"id": 4, "author_id": 5, "public": True, "plain_body": "On its way.", "via": {"channel": "web"}},
                ],
                "count": 4,
            },
        ],
        [("GET", "/api/v2/tickets/35436", None), ("GET", "/api/v2/tickets/35436/comments?per_page=100", None)],
        (
            Message("1", Author.CUSTOMER, "Where?"),
            Message("2", Author.SYSTEM, "Got it."),
            Message("4", Author.AGENT, "On its way."),
        ),
    ),
    "close": (
        lambda desk: desk.close("35436", POST),
        [{"ticket": _ZENDESK_TICKET}, {"ticket": {**_ZENDESK_TICKET, "status": "solved"}}],
        [
            ("GET", "/api/v2/tickets/35436", None),
            (
                "PUT",
                "/api/v2/tickets/35436",
                {"ticket": {"status": "solved", "comment": {"body": POST.body, "author_id": 9873843}}},
            ),
        ],
        None,
    ),
    "of_run": (
        lambda desk: desk.of_run(RUN),
        [
            {"results": [_ZENDESK_TICKET], "next_page": "https://acme.zendesk.com/api/v2/search.json?page=2&query=x"},
            {"results": [{**_ZENDESK_TICKET, "id": 7, "external_id": "3.1", "status": "closed"}], "next_page": None},
        ],
        [
            (
                "GET",
                f"/api/v2/search?query=type%3Aticket+tags%3A{RUN}&sort_by=created_at&sort_order=asc&per_page=100",
                None,
            ),
            ("GET", "https://acme.zendesk.com/api/v2/search.json?page=2&query=x", None),
        ],
        [Ticket("7", "3.1", State.CLOSED), Ticket("35436", "17.1", State.OPEN)],
    ),
    "open_tickets": (
        lambda desk: desk.open_tickets(RUN),
        [{"results": [_ZENDESK_TICKET], "next_page": None}],
        [
            (
                "GET",
                f"/api/v2/search?query=type%3Aticket+tags%3A{RUN}+status%3Csolved"
                "&sort_by=created_at&sort_order=asc&per_page=100",
                None,
            )
        ],
        [Ticket("35436", "17.1", State.OPEN)],
    ),
    "search": (
        lambda desk: desk.search(RUN, "17.1"),
        [{"tickets": [_ZENDESK_TICKET, {**_ZENDESK_TICKET, "id": 8, "tags": ["another run"]}], "next_page": None}],
        [("GET", "/api/v2/tickets?external_id=17.1&per_page=100", None)],
        ["35436"],
    ),
    "take": (
        lambda desk: desk.take("35436"),
        [{"ticket": _ZENDESK_TICKET}, {"user": {"id": 5}}, {"ticket": {**_ZENDESK_TICKET, "assignee_id": 5}}],
        [
            ("GET", "/api/v2/tickets/35436", None),
            ("GET", "/api/v2/users/me", None),
            ("PUT", "/api/v2/tickets/35436", {"ticket": {"assignee_id": 5, "status": "open"}}),
        ],
        None,
    ),
    "answer": (
        lambda desk: desk.answer("35436", "On its way."),
        [{"ticket": _ZENDESK_TICKET}],
        [("PUT", "/api/v2/tickets/35436", {"ticket": {"comment": {"body": "On its way.", "public": True}}})],
        None,
    ),
    "resolve": (
        lambda desk: desk.resolve("35436"),
        [{"ticket": {**_ZENDESK_TICKET, "status": "solved"}}],
        [("PUT", "/api/v2/tickets/35436", {"ticket": {"status": "solved"}})],
        None,
    ),
    "delete": (
        lambda desk: desk.delete(["35436"]),
        [Response(204, {}, b"")],
        [("DELETE", "/api/v2/tickets/35436", None)],
        None,
    ),
    "identify": (
        lambda desk: desk.identify(),
        [{"user": {"id": 5, "role": "agent"}}] * 2,
        [("GET", "/api/v2/users/me", None)] * 2,
        "Zendesk, by a mapping (not run against the real service)",
    ),
}

_FIELDS = {"cf_sim_run": RUN, "cf_sim_key": "17.1"}
_FRESHDESK_TICKET = {"id": 20, "status": 2, "requester_id": 1, "custom_fields": _FIELDS}
_FRESHDESK_AGENT = {"id": 432, "ticket_scope": 1, "type": "support_agent", "contact": {"email": "clark@desk.test"}}
ZERO_OR_MORE = "/api/v2/search/tickets?query=%22cf_sim_run%3A%27{run}%27{more}%22&page=1"
FRESHDESK: dict[str, Case] = {
    "create": (
        lambda desk: desk.create(POST),
        [Response(201, {}, _bytes(_FRESHDESK_TICKET))],
        [
            (
                "POST",
                "/api/v2/tickets",
                {
                    "subject": "Late",
                    "description": HTML,
                    "name": "Ann Smith",
                    "email": "ann@run.customers.test",
                    "status": 2,
                    "priority": 1,
                    "source": 2,
                    "custom_fields": _FIELDS,
                },
            )
        ],
        "20",
    ),
    "reply": (
        lambda desk: desk.reply("20", POST),
        [_FRESHDESK_TICKET, Response(201, {}, _bytes({"id": 5, "ticket_id": 20, "private": False})), _FRESHDESK_TICKET],
        [
            ("GET", "/api/v2/tickets/20", None),
            ("POST", "/api/v2/tickets/20/notes", {"body": HTML, "incoming": True, "private": False, "user_id": 1}),
            ("PUT", "/api/v2/tickets/20", {"status": 2}),
        ],
        None,
    ),
    "poll": (
        lambda desk: desk.poll("20"),
        [
            {**_FRESHDESK_TICKET, "status": 4},
            [
                {"id": 7001, "incoming": True, "private": False, "body_text": "Any news?", "user_id": 1},
                {"id": 7002, "incoming": False, "private": True, "body_text": "For us.", "user_id": 432},
                {"id": 7003, "incoming": False, "private": False, "body_text": "On its way.", "user_id": 432},
            ],
        ],
        [("GET", "/api/v2/tickets/20", None), ("GET", "/api/v2/tickets/20/conversations?per_page=100", None)],
        None,
    ),
    "close": (
        lambda desk: desk.close("20", POST),
        [{**_FRESHDESK_TICKET, "status": 5}],
        [("PUT", "/api/v2/tickets/20", {"status": 5})],
        None,
    ),
    "rate": (
        lambda desk: desk.rate("20", 5),
        [{"id": 4, "ticket_id": 20, "ratings": {"default_question": 103}}],
        [("POST", "/api/v2/tickets/20/satisfaction_ratings", {"ratings": {"default_question": 103}})],
        None,
    ),
    "of_run": (
        lambda desk: desk.of_run(RUN),
        [{"total": 1, "results": [_FRESHDESK_TICKET]}],
        [("GET", ZERO_OR_MORE.format(run=RUN, more=""), None)],
        [Ticket("20", "17.1", State.OPEN)],
    ),
    "open_tickets": (
        lambda desk: desk.open_tickets(RUN),
        [{"total": 1, "results": [_FRESHDESK_TICKET]}],
        [("GET", ZERO_OR_MORE.format(run=RUN, more="+AND+%28status%3A2+OR+status%3A3%29"), None)],
        [Ticket("20", "17.1", State.OPEN)],
    ),
    "search": (
        lambda desk: desk.search(RUN, "17.1"),
        [{"total": 1, "results": [_FRESHDESK_TICKET]}],
        [("GET", ZERO_OR_MORE.format(run=RUN, more="+AND+cf_sim_key%3A%2717.1%27"), None)],
        ["20"],
    ),
    "take": (
        lambda desk: desk.take("20"),
        [_FRESHDESK_TICKET, _FRESHDESK_AGENT, {**_FRESHDESK_TICKET, "responder_id": 432}],
        [
            ("GET", "/api/v2/tickets/20", None),
            ("GET", "/api/v2/agents/me", None),
            ("PUT", "/api/v2/tickets/20", {"responder_id": 432}),
        ],
        None,
    ),
    "answer": (
        lambda desk: desk.answer("20", "On its way & soon."),
        [Response(201, {}, _bytes({"id": 7003, "ticket_id": 20}))],
        [("POST", "/api/v2/tickets/20/reply", {"body": "On its way &amp; soon."})],
        None,
    ),
    "resolve": (
        lambda desk: desk.resolve("20"),
        [{**_FRESHDESK_TICKET, "status": 4}],
        [("PUT", "/api/v2/tickets/20", {"status": 4})],
        None,
    ),
    "delete": (
        lambda desk: desk.delete(["20"]),
        [Response(204, {}, b"")],
        [("DELETE", "/api/v2/tickets/20", None)],
        None,
    ),
    "identify": (
        lambda desk: desk.identify(),
        [_FRESHDESK_AGENT] * 2,
        [("GET", "/api/v2/agents/me", None)] * 2,
        "Freshdesk, by a mapping (not run against the real service)",
    ),
}
HOSTED = {"zammad": ZAMMAD, "zendesk": ZENDESK, "freshdesk": FRESHDESK}


@pytest.mark.parametrize(("recipe", "verb"), [(name, verb) for name, cases in HOSTED.items() for verb in cases])
def test_a_recipe_asks_what_the_documentation_shows(recipe: str, verb: str) -> None:
    """Each verb sends the documented requests, and understands the documented answer."""
    call, answers, requests, result = HOSTED[recipe][verb]
    session = Desk(*answers)
    said = call(Rest(session, TOKENS, read_mapping(recipe)))
    assert session.requests == requests
    assert not session.answers
    assert result is None or said == result


def test_freshdesk_shows_what_its_customer_sees() -> None:
    """Freshdesk's private notes are left out, and what came in from the customer is theirs."""
    call, answers, _, _ = FRESHDESK["poll"]
    thread = call(Rest(Desk(*answers), TOKENS, read_mapping("freshdesk")))
    assert thread.state is State.RESOLVED  # type: ignore[attr-defined]
    assert [message.author for message in thread.messages] == [Author.CUSTOMER, Author.AGENT]  # type: ignore[attr-defined]


def test_every_recipe_is_tested_for_every_verb_it_has() -> None:
    """No verb of a hosted recipe is without a case; a case without a verb is one that the run's list answers."""
    for name, cases in HOSTED.items():
        assert set(cases) - set(read_mapping(name).verbs) <= {"open_tickets"}
        assert set(read_mapping(name).verbs) <= set(cases)
    assert set(recipes()) == {*HOSTED, "django-helpdesk", "rt"}


def test_hosted_recipes_say_that_they_were_not_run() -> None:
    """A recipe that was never run says so in its first line, in `tested`, and names its sources."""
    for name in HOSTED:
        mapping = read_mapping(name)
        text = (Path("sim/helpdesks/recipes") / f"{name}.yaml").read_text()
        assert "NOT RUN AGAINST THE REAL SERVICE" in text.splitlines()[0]
        assert mapping.tested == "not run against the real service"
        assert all(str(page).startswith("https://") for page in mapping.data["documentation"])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("recipe", "login"),
    [
        ("zammad", "Token token=canary-agent"),
        ("django-helpdesk", "Token canary-agent"),
        ("rt", "token canary-agent"),
        ("zendesk", "Basic " + b64encode(b"canary-agent").decode()),
        ("freshdesk", "Basic " + b64encode(b"canary-agent:X").decode()),
    ],
)
def test_the_token_is_sent_as_the_desk_wants_it(recipe: str, login: str) -> None:
    """An agent's verb carries the agents' token, in the desk's own form."""
    session = Desk(Response(404, {}, b""))
    Rest(session, TOKENS, read_mapping(recipe)).delete(["19"])
    assert session.headers[0]["Authorization"] == login


def test_zammad_writes_as_the_customer() -> None:
    """A reply is made on behalf of the customer, with the headers of the contact."""
    session = Desk({"id": 19})
    Rest(session, TOKENS, read_mapping("zammad")).reply("19", POST)
    assert session.headers[0]["From"] == "ann@run.customers.test"
    assert session.headers[0]["X-Sim-Contact"] == "17.1"


# --- the language ---

SMALL: dict[str, Any] = {
    "name": "Small",
    "headers": {"Authorization": "Token {token}"},
    "states": {"open": [1], "resolved": [2]},
    "tickets": {"id": "id", "run": "run", "key": "key", "state": "state", "email": "email", "subject": "title"},
    "identify": {"request": "GET /api", "expect": {"product": "Small *"}, "version": "version"},
    "create": {"request": "POST /t", "json": {"n": "{key}"}, "expect": {"ok": True}, "id": "id"},
    "of_run": {"request": "GET /t", "list": "rows[*]", "query": {"p": "{page}"}, "pages": {"size": 2}},
    "take": {"request": "PUT /t/{ticket}/take"},
    "answer": {"request": "POST /t/{ticket}", "form": {"text": "{body}"}},
    "resolve": {"request": "POST /t/{ticket}/done", "expect": {"[0]": [None, "*done*"]}},
    "delete": {"request": "DELETE /t/{ticket}"},
}


def small(*answers: object, **changes: Any) -> tuple[Rest, Desk]:
    session = Desk(*answers)
    return Rest(session, TOKENS, mapping_of(SMALL | changes)), session


def row(id: int, run: str = RUN, key: str = "1.1", state: int = 1, **more: str) -> dict[str, Any]:
    return {"id": id, "run": run, "key": key, "state": state, **more}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("a.b", [1]),
        ("list[0].n", [7]),
        ("list[-1].n", [8]),
        ("list[5].n", []),
        ("list[*].n", [7, 8]),
        ("list[name=x].n", [8]),
        ("list[id=3].n", [7]),
        ("nothing.at.all", []),
        ("a[*]", [1]),
    ],
)
def test_a_path_leads_to_values(path: str, values: list[object]) -> None:
    """Keys, places, `*` and `name=value` lead into an answer; what is not there is no value."""
    answer = {"a": {"b": 1}, "list": [{"n": 7, "id": 3}, {"n": 8, "name": "x"}]}
    tickets = SMALL["tickets"] | {"id": path}
    assert found(answer, mapping_of(SMALL | {"tickets": tickets}).fields.id) == values


def test_success_is_what_the_body_says() -> None:
    """A create that answers 200 without saying so is a failure that may have happened."""
    for answer in ({"ok": False, "id": 3}, {"id": 3}, {"ok": True}):
        desk, _ = small(answer)
        with pytest.raises(Trouble) as trouble:
            desk.create(POST)
        assert trouble.value.kind is Kind.MEANING
        assert trouble.value.may_exist


def test_an_answer_that_is_no_json_is_a_trouble() -> None:
    """A page of HTML with status 200 is no success."""
    desk, _ = small(Response(200, {}, b"<html>welcome</html>"))
    with pytest.raises(Trouble) as trouble:
        desk.create(POST)
    assert trouble.value.kind is Kind.MEANING


def test_what_forbids_a_change_beforehand_is_a_rejection() -> None:
    """A look that finds the ticket resolved stops the change after it: nothing can exist."""
    steps = [{"request": "GET /t/{ticket}", "expect": {"state": 1}}, {"request": "PUT /t/{ticket}/take"}]
    desk, session = small({"state": 2}, take=steps)
    with pytest.raises(Trouble) as trouble:
        desk.take("3")
    assert trouble.value.kind is Kind.REJECTED
    assert len(session.requests) == 1


def test_nothing_or_the_words() -> None:
    """`[null, "*done*"]` takes an empty list and the words, and no other words."""
    for answer in ([], ["Ticket 3 is done."]):
        small(answer)[0].resolve("3")
    with pytest.raises(Trouble):
        small(["Permission denied"])[0].resolve("3")


def test_a_list_is_followed_page_by_page() -> None:
    """Pages are asked for until one is not full; a ticket that moved to the next page counts once."""
    desk, session = small({"rows": [row(3), row(1)]}, {"rows": [row(1), row(12)]}, {"rows": []})
    assert [ticket.id for ticket in desk.of_run(RUN)] == ["1", "3", "12"]
    assert [path for _, path, _ in session.requests] == ["/t?p=1", "/t?p=2", "/t?p=3"]


def test_a_next_page_stays_on_the_host() -> None:
    """Of the address of a next page only the path is asked for, so no token goes to another host."""
    pages = {"request": "GET /t", "list": "rows[*]", "pages": {"next": "next"}}
    desk, session = small({"rows": [row(1)], "next": "https://evil.example/t?p=2"}, {"rows": [row(2)]}, of_run=pages)
    assert [ticket.id for ticket in desk.of_run(RUN)] == ["1", "2"]
    assert session.requests[1][:2] == ("GET", "/t?p=2")
    assert session.headers[1]["Authorization"] == "Token canary-agent"


@pytest.mark.parametrize("address", ["http://desk.test/rt/t?p=2", "/rt/t?p=2", "https://desk.test/t?p=2"])
def test_a_next_page_has_the_base_path_once(address: str) -> None:
    """A page of the same list is asked for below the base path, which the session puts before it."""
    pages = {"request": "GET /t", "list": "rows[*]", "pages": {"next": "next"}}
    desk, session = small({"rows": [row(1)], "next": address}, {"rows": [row(2)]}, of_run=pages)
    assert len(desk.of_run(RUN)) == 2
    assert session.requests[1][1] == "/t?p=2"


def test_a_next_page_elsewhere_is_left_to_the_session() -> None:
    """An address of another path is passed on whole, so that the session judges the host and adds no base path."""
    pages = {"request": "GET /t", "list": "rows[*]", "pages": {"next": "next"}}
    desk, session = small({"rows": [], "next": "http://desk.test/rt/cursor/2"}, {"rows": []}, of_run=pages)
    desk.of_run(RUN)
    assert session.requests[1][1] == "http://desk.test/rt/cursor/2"


def test_a_list_without_end_ends() -> None:
    """A desk whose list never ends is a trouble, not a loop."""
    desk, _ = small(*[{"rows": [row(1), row(2)]}] * 1001)
    with pytest.raises(Trouble, match="pages"):
        desk.of_run(RUN)


def test_only_the_runs_own_tickets_are_listed() -> None:
    """Whatever the desk's search finds, a ticket without the run's tag is nobody's to touch."""
    desk, _ = small({"rows": [row(1, run="0" * 32)]})
    assert desk.of_run(RUN) == []


def test_a_ticket_that_came_by_mail_is_known_by_address_and_subject() -> None:
    """Without the run's field, the customer's address makes it ours, and the subject tells the key."""
    mail = row(4, run="", key="", email=f"ann@{RUN}.customers.test", title=f"Late [17.1 {RUN[:8]}]")
    desk, _ = small({"rows": [mail]})
    assert desk.of_run(RUN) == [Ticket("4", "17.1", State.OPEN)]


def test_an_unknown_state_is_a_trouble() -> None:
    """A state that the mapping does not name is not guessed."""
    desk, _ = small({"rows": [row(1, state=9)]})
    with pytest.raises(Trouble, match="state '9'"):
        desk.of_run(RUN)


def test_words_cannot_leave_their_place() -> None:
    """A ticket's id cannot change the path, nor a name add a header; braces in words stay as they are."""
    desk, session = small({}, {}, create=SMALL["create"] | {"headers": {"X-Name": "{name}"}})
    desk.answer("../users?x", "Use {token} here")
    assert session.requests[0] == ("POST", "/t/..%2Fusers%3Fx", {"text": "Use {token} here"})
    with pytest.raises(Trouble):
        desk.create(Post(RUN, "1.1", "Ann\r\nX-Admin: yes", "a@b.test", "s", "b"))
    assert session.headers[1]["X-Name"] == "Ann X-Admin: yes"


def test_a_missing_verb_is_a_missing_ability() -> None:
    """What the mapping lacks the desk cannot do: it is not sent."""
    desk, session = small()
    assert desk.abilities.can == {Can.DELETE}
    assert (desk.abilities.rating, desk.abilities.deletes) == ("none", "soft")
    with pytest.raises(Trouble) as trouble:
        desk.reply("3", POST)
    assert trouble.value.kind is Kind.REJECTED
    assert session.requests == []


def test_a_limit_is_shared_between_polls_and_lives() -> None:
    """Of 240 requests a minute two a second are for polls of two requests, two for lives of four."""
    poll = {
        "request": "GET /t/{ticket}",
        "state": "s",
        "messages": {"list": "m[*]", "id": "id", "author": [{"agent": {}}]},
    }
    mapping = mapping_of(SMALL | {"limits": {"requests_per_minute": 240}, "poll": [poll, {"request": "GET /x"}]})
    assert (abilities(mapping).polls, abilities(mapping).lives) == (1.0, 0.5)


def test_deleting_what_is_gone_is_no_failure() -> None:
    """A ticket that is deleted already does not stop the clean-up; a refusal does."""
    desk, session = small(Response(404, {}, b""), {}, Response(403, {}, b""))
    with pytest.raises(Trouble) as trouble:
        desk.delete(["1", "2", "3"])
    assert trouble.value.kind is Kind.REFUSED
    assert len(session.requests) == 3


@pytest.mark.parametrize("answer", [{"product": "Large 2"}, {}, Response(404, {}, b""), Response(302, {}, b"")])
def test_another_product_is_another_desk(answer: object) -> None:
    """What does not say it is this product is not this desk."""
    with pytest.raises(WrongDesk, match="does not answer as Small"):
        small(answer)[0].identify()


def test_both_tokens_are_tried() -> None:
    """The agents' token is asked for as well; a refusal names no token."""
    desk, session = small({"product": "Small x", "version": "2.1"}, Response(401, {}, b""))
    with pytest.raises(WrongDesk, match="refuses the token") as wrong:
        desk.identify()
    assert [headers["Authorization"] for headers in session.headers] == ["Token canary-customer", "Token canary-agent"]
    assert "canary" not in str(wrong.value)


def test_a_desk_that_is_down_is_no_other_desk() -> None:
    """A server error while identifying stays what it is."""
    with pytest.raises(Trouble) as trouble:
        small(Response(503, {}, b""))[0].identify()
    assert trouble.value.kind is Kind.SERVER


def test_a_mapping_survives_json() -> None:
    """Its data make the same mapping again, so it can stand in a plan."""
    for name in recipes():
        mapping = read_mapping(name)
        assert mapping_of(json.loads(json.dumps(mapping.data))) == mapping


def test_every_mistake_is_told_with_its_place(tmp_path: Path) -> None:
    """All mistakes at once, each with line and column, and a hint for a slip."""
    file = tmp_path / "desk.yaml"
    file.write_text(
        dedent("""\
        name: Mine
        headers: {Authorization: "Token {tokn}"}
        states: {open: [new], resolved: [done]}
        tickets: {id: id, run: run, key: key}
        create:
          request: POST tickets
          json: {title: "{subjekt}"}
        of_run:
          request: GET /tickets
          list: "rows[*"
          pages: {size: 100}
        take: {request: "PUT /t/{ticket}", expekt: {}}
        answer: {request: "POST /t/{ticket}", json: {}, form: {}}
        resolve: {request: "POST /t/{ticket}/{stars}"}
        """)
    )
    with pytest.raises(ScenarioError) as error:
        read_mapping(file)
    assert [line.removeprefix(f"{file}:") for line in str(error.value).splitlines()] == [
        "1:1: 'identify' is missing; see docs/helpdesks.md",
        "2:11: headers.Authorization: nothing fills {tokn} here; did you mean 'token'?",
        "4:1: tickets: 'state' is missing; say where it stands in a ticket of a list",
        "5:1: create: 'id' is missing; say where the ticket's number stands in the answer",
        "6:3: create.request: a request is a method and a path of the host; write GET /api/tickets/{ticket}",
        "7:10: create.json.title: nothing fills {subjekt} here; did you mean 'subject'?",
        "10:3: of_run.list: 'rows[*' is no path into an answer; write a.b, a[0].b, a[*].b or a[name=CSAT].b",
        '11:3: of_run.pages: no page is asked for; put page: "{page}" under query',
        "12:36: take.expekt: 'expekt' is unknown; did you mean 'expect'?",
        "13:49: answer.form: a request has 'json' or 'form', not both; keep one of the two",
        "14:11: resolve.request: nothing fills {stars} here; known here: ticket",
    ]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"headers": {"Authorization": "Token canary"}}, ("headers", "Authorization")),
        ({"headers": {"Cookie": "canary"}}, ("headers", "Cookie")),
        ({"headers": {"X-Api-Key": "canary"}}, ("headers", "X-Api-Key")),
        ({"basic": "ann:canary"}, ("basic",)),
        ({"values": {"client_secret": "canary"}}, ("values", "client_secret")),
        ({"take": {"request": "PUT /t/{ticket}", "headers": {"X-TOKEN": "canary"}}}, ("take", "headers", "X-TOKEN")),
        (
            {"values": {"a": "canary"}, "take": {"request": "PUT /t", "headers": {"X-Key": "{a}"}}},
            ("take", "headers", "X-Key"),
        ),
    ],
)
def test_a_secret_in_a_mapping_is_a_mistake(changes: dict[str, Any], place: tuple[str, ...]) -> None:
    """What would be copied into a plan is refused where it stands, and not repeated."""
    with pytest.raises(BadMapping) as bad:
        mapping_of(SMALL | changes)
    (wrong,) = bad.value.wrongs
    assert wrong.path == place
    assert "canary" not in wrong.what + wrong.hint


def test_what_comes_with_the_contact_is_no_secret() -> None:
    """A header may be called a key where a contact's words fill it, or an answer's."""
    step = {"request": "POST /t", "headers": {"Idempotency-Key": "{key}"}, "id": "id"}
    assert mapping_of(SMALL | {"create": step}).verbs["create"][0].headers == step["headers"]


def test_a_recipe_that_is_not_there() -> None:
    """A slip in a recipe's name gets the nearest one."""
    with pytest.raises(UsageError, match="did you mean 'zendesk'"):
        read_mapping("zendisk")
