"""What the adapters make of answers: canned ones, good and bad, without a desk."""

from __future__ import annotations

import json as jsons
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from sim.errors import UsageError
from sim.helpdesks import HELPDESKS, adapter, marks
from sim.helpdesks.protocol import Author, Kind, Message, Post, Response, State, Thread, Trouble, WrongDesk, judge
from sim.helpdesks.tokens import Tokens
from sim.scenario.mapping import read_mapping

RUN = "3fa9c2d1" + 24 * "0"
POST = Post(RUN, "17.1", "Zoe", f"zoe@{RUN}.customers.test", f"No parcel {marks.token(RUN, '17.1')}", "Where?")
NAMES = ("rt", "django-helpdesk")


class Canned:
    """A session that gives one answer, or the one that a part of the path asks for; it notes what it was asked."""

    def __init__(self, answer: Response, by_path: Mapping[str, Response] | None = None) -> None:
        self.answer, self.by_path, self.asked = answer, by_path or {}, list[str]()

    def request(self, method: str, path: str, **_: Any) -> Response:
        self.asked.append(f"{method} {path}")
        return next((answer for part, answer in self.by_path.items() if part in path), self.answer)


def says(status: int, body: object = None, **headers: str) -> Response:
    text = body if isinstance(body, str) else jsons.dumps(body)
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, text.encode())


def desk(name: str, session: Canned, token: str = "") -> Any:
    settings = {"queue": "1"} if name == "django-helpdesk" else {}
    token = token or f"token-of-{id(session)}"
    return adapter(name, session, Tokens(token, token), settings)


# --- statuses ---


@pytest.mark.parametrize(
    ("status", "kind", "may_exist"),
    [
        (301, Kind.REDIRECT, False),
        (401, Kind.REFUSED, False),
        (403, Kind.REFUSED, False),
        (404, Kind.MISSING, False),
        (410, Kind.MISSING, False),
        (422, Kind.REJECTED, False),
        (429, Kind.THROTTLED, False),
        (500, Kind.SERVER, True),
        (503, Kind.SERVER, True),
    ],
)
def test_a_status_is_what_the_books_call_it(status: int, kind: Kind, may_exist: bool) -> None:
    """Each status that is no success has its kind, and only a server's own failure may have done what was asked."""
    with pytest.raises(Trouble) as trouble:
        judge(says(status), "create a ticket")
    assert (trouble.value.kind, trouble.value.status, trouble.value.may_exist) == (kind, status, may_exist)


def test_a_success_is_handed_on() -> None:
    """A 2xx is the response itself."""
    answer = says(204)
    assert judge(answer, "delete a ticket") is answer


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("0.5", 0.5), ("-3", 0.0), ("Wed, 21 Oct 2026 07:28:00 GMT", None)]
)
def test_retry_after_is_in_seconds(header: str, seconds: float | None) -> None:
    """A number of seconds is told, never a negative one; a date is not."""
    with pytest.raises(Trouble) as trouble:
        judge(says(429, retry_after=header), "poll a ticket")
    assert trouble.value.retry_after == seconds


@pytest.mark.parametrize("name", NAMES)
def test_a_throttled_step_tells_how_long_to_wait(name: str) -> None:
    """A 429 to an adapter is a `Trouble` that holds the Retry-After of the answer."""
    with pytest.raises(Trouble) as trouble:
        desk(name, Canned(says(429, {}, retry_after="42"))).poll("1")
    assert (trouble.value.kind, trouble.value.retry_after) == (Kind.THROTTLED, 42.0)


# --- who answers ---

OTHERS = {
    "a web page": says(200, "<html>It works!</html>"),
    "another REST interface": says(200, {"version": "6.3"}),
    "a list": says(200, []),
    "nothing of that path": says(404, "Not Found"),
    "a login page": says(302, ""),
    "a method refused": says(405, {}),
}


@pytest.mark.parametrize("answer", OTHERS.values(), ids=OTHERS.keys())
@pytest.mark.parametrize("name", NAMES)
def test_another_product_is_the_wrong_desk(name: str, answer: Response) -> None:
    """Whatever else answers behind the host, it is the wrong desk (exit code 5), and nothing is written."""
    session = Canned(answer)
    with pytest.raises(WrongDesk) as wrong:
        desk(name, session).identify()
    assert wrong.value.exit_code == 5
    assert {line.split()[0] for line in session.asked} == {"GET"}


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("name", NAMES)
def test_a_refused_token_is_said_and_not_shown(name: str, status: int) -> None:
    """A token that is refused is the wrong desk; the text says so and does not hold the token."""
    with pytest.raises(WrongDesk, match="refuses the customers' token") as wrong:
        desk(name, Canned(says(status, {})), "canary-7f3a").identify()
    assert "canary" not in f"{wrong.value!r} {wrong.value.__cause__!r} {desk(name, Canned(says(200)), 'canary')!r}"


@pytest.mark.parametrize("name", NAMES)
def test_a_desk_that_is_ill_is_no_wrong_desk(name: str) -> None:
    """A 503 says nothing about the product, and stays a `Trouble`."""
    with pytest.raises(Trouble) as trouble:
        desk(name, Canned(says(503, "busy"))).identify()
    assert trouble.value.kind is Kind.SERVER


@pytest.mark.parametrize("queue", [says(404, {}), says(403, {})])
def test_a_queue_that_is_not_seen_is_said(queue: Response) -> None:
    """RT answers "forbidden" for a queue that there is none of; the text names the queue."""
    with pytest.raises(WrongDesk, match="sees no queue 'Support'"):
        desk("rt", Canned(says(200, {"Version": "5.0.3"}), {"/queue/": queue})).identify()


FORM = """<ul class="nav navbar-nav pull-right"><li class="navbar-text">agent&amp;1</li></ul>
<select class="form-control" name="queue">
  <option value="4"  >Bills &amp; more</option>
  <option value="7" selected >Support</option></select>
<select class="form-control" name="assigned_to"><option value="" selected>--------</option>
  <option value="1" >loadbot</option><option value="12" >agent&amp;1</option></select>"""


def test_the_page_for_browsers_tells_queue_and_account() -> None:
    """A queue is found by its title in any case, and a missing one is said with those that there are."""
    root = {"tickets": "", "followups": "", "user_tickets": ""}
    session = Canned(says(200, root), {"status=5": says(200, FORM)})
    made = says(201, {"id": 3})

    def of_queue(queue: str) -> Any:
        return adapter("django-helpdesk", session, Tokens("form", "form"), {"queue": queue})

    assert of_queue("bills & MORE").identify() == "django-helpdesk"
    with pytest.raises(WrongDesk, match="no queue 'sales'; there is bills & more, support"):
        of_queue("sales").identify()
    session.by_path = {"status=5": says(200, FORM), "/api/tickets/": made}
    assert of_queue("support").create(POST) == "3"


# --- success is what the answer says ---


@pytest.mark.parametrize("body", [{"message": "no"}, {"id": None}, {"id": "x"}, [], "<html>"])
@pytest.mark.parametrize("name", NAMES)
def test_a_create_without_a_number_may_have_happened(name: str, body: object) -> None:
    """A 201 whose body holds no ticket's number is a `Trouble` after which the ticket may exist."""
    with pytest.raises(Trouble) as trouble:
        desk(name, Canned(says(201, body))).create(POST)
    assert (trouble.value.kind, trouble.value.may_exist) == (Kind.MEANING, True)


def found(*rows: object) -> Response:
    return says(200, {"items": rows, "pages": 1})


def test_rt_is_not_believed_before_the_ticket_shows_it() -> None:
    """RT answers 200 to a change that it refused, and a later look shows that: no success."""
    row = {"id": "1", "Status": "open", "Subject": ""}
    refused = says(200, ["Ticket 1: Status 'resolved' isn't a valid status for this ticket."])
    session = Canned(refused, {"/tickets?": found(row)})
    for step in (
        lambda: desk("rt", session).resolve("1"),
        lambda: desk("rt", session).close("1", POST),
        lambda: desk("rt", session).delete(["1"]),
    ):
        with pytest.raises(Trouble) as trouble:
            step()
        assert trouble.value.kind is Kind.MEANING


def test_rt_takes_no_ticket_that_a_look_does_not_find_taken() -> None:
    """A ticket that the search for one's own does not find has not been taken, whatever the answer to the change."""
    session = Canned(says(200, ["Owner changed from Nobody to agent1"]), {"Status+": found({}), "/tickets?": found()})
    with pytest.raises(Trouble, match="somebody else's"):
        desk("rt", session).take("1")


def test_django_helpdesk_is_not_believed_before_the_status_is_there() -> None:
    """A follow-up that changed nothing is a success only if the ticket has the status already."""
    said = says(201, {"ticket": 1, "public": True, "new_status": None})
    desk("django-helpdesk", Canned(said, {"/tickets/1/": says(200, {"status": 3})})).resolve("1")
    with pytest.raises(Trouble) as trouble:
        desk("django-helpdesk", Canned(said, {"/tickets/1/": says(200, {"status": 1})})).resolve("1")
    assert trouble.value.kind is Kind.MEANING


def test_django_helpdesk_without_the_field_takes_no_rating() -> None:
    """A desk that ignores `custom_csat` has not been rated."""
    with pytest.raises(Trouble) as trouble:
        desk("django-helpdesk", Canned(says(200, {"id": 1, "status": 3}))).rate("1", 5)
    assert trouble.value.kind is Kind.MEANING


# --- who wrote it ---


def test_rt_tells_an_auto_reply_from_an_answer() -> None:
    """RT's own account is the system, a requestor a customer, the account without a subject an agent."""
    wrote = {1: "loadbot", 2: "RT_System", 3: "zoe@x.test", 4: "loadbot", 5: "jo"}
    session = Canned(
        says(200, {}),
        {
            "/tickets?": found({"id": "1", "Status": "stalled", "Requestor": [{"id": "zoe@x.test"}]}),
            "CurrentUser": found({"id": "1", "Creator": {"id": "loadbot"}}),
            "/transactions": found(*({"id": str(each), "Creator": {"id": who}} for each, who in wrote.items())),
            "/attachments": found(
                *(
                    {"TransactionId": each, "Subject": "" if each == 4 else "S", "Content": "T", "ContentType": kind}
                    for each in wrote
                    for kind in ("multipart/mixed", "text/plain", "text/html")
                )
            ),
        },
    )
    assert desk("rt", session).poll("1") == Thread(
        State.OPEN,
        (
            Message("1", Author.CUSTOMER, "T"),
            Message("2", Author.SYSTEM, "T"),
            Message("3", Author.CUSTOMER, "T"),
            Message("4", Author.AGENT, "T"),
            Message("5", Author.AGENT, "T"),
        ),
    )


def test_django_helpdesk_tells_an_auto_reply_from_an_answer() -> None:
    """What no account wrote came by e-mail if it has a Message-ID, else from the system; notes are not shown."""
    plain = {"public": True, "comment": "T", "user": None, "message_id": None, "time_spent": None}
    said = [
        plain | {"id": 1, "message_id": "<a@x.test>"},
        plain | {"id": 2},
        plain | {"id": 3, "user": 12},
        plain | {"id": 4, "user": 12, "time_spent": "00:00:00"},
        plain | {"id": 5, "user": 1},
        plain | {"id": 6, "user": 1, "public": False},
        plain | {"id": 7, "user": 1, "comment": ""},
    ]
    ticket = says(200, {"status": 4, "followup_set": said})
    thread = desk("django-helpdesk", Canned(ticket, {"status=5": says(200, FORM)})).poll("1")
    assert thread.state is State.CLOSED
    authors = {message.id: message.author for message in thread.messages}
    assert authors == {
        "1": Author.CUSTOMER,
        "2": Author.SYSTEM,
        "3": Author.CUSTOMER,
        "4": Author.AGENT,
        "5": Author.AGENT,
    }
    assert thread.answers == 2


# --- marks and catalogue ---


def test_a_subject_holds_the_key_of_its_own_run() -> None:
    """The key is read from a token of this run, wherever in the subject; not from another run's."""
    assert marks.key_in(f"Re: [desk #4] No parcel {marks.token(RUN, '17.1')} again", RUN) == "17.1"
    assert marks.key_in(f"No parcel {marks.token('a' * 32, '17.1')}", RUN) == ""
    assert marks.key_in(None, RUN) == ""


@pytest.mark.parametrize(
    ("email", "ours"),
    [
        (f"zoe@{RUN}.customers.test", True),
        (f"Zoe@{RUN.upper()}.Customers.Test", True),
        (f"zoe@{RUN}.customers.test.example", False),
        (f"zoe@x{RUN}.customers.test", False),
        ("", False),
        (None, False),
    ],
)
def test_only_the_runs_domain_is_the_runs(email: str | None, ours: bool) -> None:
    """An address belongs to a run by its whole domain."""
    assert marks.wrote(email, RUN) is ours


@pytest.mark.parametrize(
    ("name", "settings", "says"),
    [
        ("zendesk", {}, "no helpdesk 'zendesk'"),
        ("rt", {"que": "Support"}, "no setting 'que'; did you mean 'queue'"),
        ("rest", {}, "needs a mapping"),
    ],
)
def test_a_wrong_name_or_setting_is_said(name: str, settings: Mapping[str, Any], says: str) -> None:
    """What is not in the catalogue is a mistake of the command."""
    with pytest.raises(UsageError, match=says):
        adapter(name, Canned(Response(200, {}, b"")), Tokens("a", "b"), settings)


@pytest.mark.parametrize("make", [entry.make for entry in HELPDESKS.values()], ids=HELPDESKS)
def test_the_catalogue_asks_nothing(make: Callable[..., Any]) -> None:
    """To make an adapter sends nothing."""
    session = Canned(says(500))
    zammad = {"mapping": read_mapping("zammad").data}
    made = make(session, Tokens("a", "b"), zammad if make is HELPDESKS["rest"].make else {})
    assert made.abilities.can
    assert session.asked == []
