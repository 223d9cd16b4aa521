"""django-helpdesk 2 over its REST interface.

Whatever is asked of `/api/tickets/`, one ticket included, it first loads every ticket that the parameter `status` lets
through, with a query or two for each. So a ticket is asked for among the open ones first: a customer who polls is
waiting, and the open ones are few. Messages go through `/api/followups/`, which loads one ticket.

It tells neither who a token belongs to nor which queues there are, but for the form of its page for browsers. One
account writes for all customers. Agents' answers carry time spent, which tells them apart where both have the same
account; a title would tell too, but renames the ticket. A failure of its mail is a 500 after the ticket was made.

It wants custom fields `run` and `key` (text) and, for ratings, `csat` (a number).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import unescape
from itertools import count
from typing import Any, NamedTuple

from sim.helpdesks import marks
from sim.helpdesks.answers import number, understood
from sim.helpdesks.protocol import (
    Abilities,
    Author,
    Can,
    Kind,
    Message,
    Post,
    Response,
    Session,
    State,
    Thread,
    Ticket,
    Trouble,
    WrongDesk,
    judge,
)
from sim.helpdesks.tokens import Tokens

PAGE = 500
"""Tickets a page. Each page costs a look at all of them, so that few large ones are cheaper than many."""

OPEN, REOPENED, RESOLVED, CLOSED, DUPLICATE = 1, 2, 3, 4, 5
_STATES = {OPEN: State.OPEN, REOPENED: State.OPEN, RESOLVED: State.RESOLVED}
_AMONG_OPEN = f"?status={OPEN},{REOPENED}"
_NO_HEADERS: Mapping[str, str] = {}


class _Form(NamedTuple):
    """What the form of the page for browsers tells: the queues by title, and the number of whoever asks."""

    queues: Mapping[str, int]
    account: int


_forms: dict[str, _Form] = {}
"""By token: every customer has an adapter of their own, and the form costs as much as a ticket."""


class DjangoHelpdesk:
    """django-helpdesk 2 as a `Helpdesk`. `queue` is a queue's title in any case, or its number."""

    name = "django-helpdesk"
    abilities = Abilities(
        can=frozenset({Can.REPLY, Can.POLL, Can.CLOSE, Can.RATE, Can.MAIL, Can.DELETE}),
        rating="custom field",
        deletes="hard",
        polls=5.0,
        lives=1.0,  # where it holds 300 tickets; 3 with 40, 0.4 with 1,000
        leaves="nothing of the tickets; the numbers they had are not given again",
    )

    def __init__(self, session: Session, tokens: Tokens, queue: str = "support") -> None:
        self._session, self._tokens, self._queue = session, tokens, queue

    def identify(self) -> str:
        """The product (it tells no version); the queue is there, and both tokens are staff's."""
        for token, whose in ((self._tokens.customer, "customers'"), (self._tokens.agent, "agents'")):
            try:
                found = self._ask("GET", "/api/", "ask what is there", token)
                known = isinstance(found, dict) and {"tickets", "followups", "user_tickets"} <= found.keys()
                if not known:
                    raise WrongDesk("no django-helpdesk answers there", "give the URL that its /api/ is under")
                self._form(token)
            except Trouble as trouble:
                raise _wrong(trouble, whose) from trouble
        try:
            self._queue_number()
        except Trouble as trouble:
            raise WrongDesk(trouble.what, "name another, or make it") from trouble
        return "django-helpdesk"

    # --- customers ---

    def create(self, post: Post) -> str:
        ticket = {
            "queue": self._queue_number(),
            "title": post.subject,
            "description": post.body,
            "submitter_email": post.email,
            "priority": 3,
            "status": OPEN,
            "custom_run": post.run,
            "custom_key": post.key,
        }
        made = self._ask("POST", "/api/tickets/", "create a ticket", self._tokens.customer, ticket, post.headers)
        with understood("create a ticket"):
            return str(int(made["id"]))

    def reply(self, ticket: str, post: Post) -> None:
        customer = self._tokens.customer
        self._follow(ticket, {"comment": post.body}, "reply to a ticket", customer, post.headers)
        # looked at only afterwards: an agent may have resolved it while the words were written
        if self._open(ticket, customer, post.headers) is None:
            self._set_status(ticket, REOPENED, "", "reopen a ticket", customer, post.headers)

    def poll(self, ticket: str) -> Thread:
        found = self._ticket(ticket, self._tokens.customer)
        account = self._form(self._tokens.customer).account
        with understood("poll a ticket"):
            messages = tuple(
                Message(str(said["id"]), _author(said, account), said["comment"])
                for said in found["followup_set"]
                if said["public"] and said["comment"]
            )
            return Thread(_state(found), messages)

    def search(self, run: str, key: str) -> list[str]:
        return [ticket.id for ticket in self._tickets(run) if ticket.key == key]

    def close(self, ticket: str, post: Post) -> None:
        self._set_status(ticket, CLOSED, post.body, "close a ticket", self._tokens.customer, post.headers)

    def rate(self, ticket: str, stars: int) -> None:
        path = f"/api/tickets/{number(ticket)}/"
        said = self._ask("PATCH", path, "rate a ticket", self._tokens.customer, {"custom_csat": stars})
        with understood("rate a ticket"):
            if int(said["custom_csat"]) != stars:
                raise Trouble(Kind.MEANING, f"rate a ticket: its field csat is not {stars} afterwards")

    # --- agents ---

    def open_tickets(self, run: str) -> list[Ticket]:
        return [ticket for ticket in self._tickets(run, f"{OPEN},{REOPENED}") if ticket.state is State.OPEN]

    def take(self, ticket: str) -> None:
        agent = self._tokens.agent
        found, mine = self._open(ticket, agent), self._form(agent).account
        if found is None:
            raise Trouble(Kind.REJECTED, "take a ticket: it is not open any more")
        with understood("take a ticket"):
            owner = found["assigned_to"]
        if owner not in (None, mine):
            raise Trouble(Kind.REJECTED, "take a ticket: it is somebody else's")
        path = f"/api/tickets/{number(ticket)}/{_AMONG_OPEN}"
        said = self._ask("PATCH", path, "take a ticket", agent, {"assigned_to": mine})
        with understood("take a ticket"):
            if said["assigned_to"] != mine:
                raise Trouble(Kind.MEANING, "take a ticket: it is not the agent's afterwards")

    def answer(self, ticket: str, text: str) -> None:
        said = {"comment": text, "time_spent": "00:00:00"}
        self._follow(ticket, said, "answer a ticket", self._tokens.agent)

    def resolve(self, ticket: str) -> None:
        self._set_status(ticket, RESOLVED, "", "resolve a ticket", self._tokens.agent)

    # --- the run ---

    def of_run(self, run: str) -> list[Ticket]:
        return self._tickets(run)

    def delete(self, tickets: Sequence[str]) -> None:
        for ticket in tickets:
            try:
                # among all tickets a deletion takes a second at a thousand of them; nothing of ours is a duplicate
                self._set_status(ticket, DUPLICATE, "", "delete a ticket", self._tokens.agent)
            except Trouble as trouble:
                if trouble.kind is not Kind.MISSING:
                    raise
                continue
            path = f"/api/tickets/{number(ticket)}/?status={DUPLICATE}"
            judge(self._send("DELETE", path, self._tokens.agent), "delete a ticket")

    # --- what they are made of ---

    def _send(
        self, method: str, path: str, token: str, json: Any = None, headers: Mapping[str, str] = _NO_HEADERS
    ) -> Response:
        said = {**headers, "Authorization": f"Token {token}"}
        return self._session.request(method, path, json=json, headers=said)

    def _ask(
        self, method: str, path: str, what: str, token: str, json: Any = None, headers: Mapping[str, str] = _NO_HEADERS
    ) -> Any:
        return judge(self._send(method, path, token, json, headers), what).json()

    def _form(self, token: str) -> _Form:
        if token not in _forms:
            # hardly a ticket is a duplicate: the page has the form, and a short list
            asked = f"/api/tickets/?status={DUPLICATE}&page_size=1"
            page = judge(self._send("GET", asked, token, headers={"Accept": "text/html"}), "read the page of tickets")
            _forms[token] = _form(page.text)
        return _forms[token]

    def _queue_number(self) -> int:
        if self._queue.isdecimal():
            return int(self._queue)
        queues = self._form(self._tokens.customer).queues
        if self._queue.casefold() not in queues:
            raise Trouble(Kind.REJECTED, f"there is no queue '{self._queue}'; there is {', '.join(queues) or 'none'}")
        return queues[self._queue.casefold()]

    def _open(self, ticket: str, token: str, headers: Mapping[str, str] = _NO_HEADERS) -> Any:
        """A ticket if it is open, None otherwise."""
        response = self._send("GET", f"/api/tickets/{number(ticket)}/{_AMONG_OPEN}", token, headers=headers)
        return None if response.status == 404 else judge(response, "read a ticket").json()

    def _ticket(self, ticket: str, token: str, headers: Mapping[str, str] = _NO_HEADERS) -> Any:
        found = self._open(ticket, token, headers)
        if found is not None:
            return found
        return self._ask("GET", f"/api/tickets/{number(ticket)}/", "read a ticket", token, headers=headers)

    def _tickets(self, run: str, status: str = "") -> list[Ticket]:
        """The run's tickets, oldest first; only those with a status where one is given."""
        only = f"&status={status}" if status else ""
        found: list[Ticket] = []
        for page in count(1):
            path = f"/api/tickets/?page_size={PAGE}&page={page}{only}"
            answer = self._ask("GET", path, "list tickets", self._tokens.agent)
            with understood("list tickets"):
                found += [_listed(row, run) for row in answer["results"] if _of(row, run)]
                if answer["next"] is None:
                    break
        return sorted({ticket.id: ticket for ticket in found}.values(), key=lambda ticket: int(ticket.id))

    def _follow(
        self,
        ticket: str,
        said: Mapping[str, Any],
        what: str,
        token: str,
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> Any:
        """A public message or change of a ticket."""
        follow_up = {"ticket": number(ticket), "public": True, **said}
        response = self._send("POST", "/api/followups/", token, follow_up, headers)
        if response.status == 400 and "ticket" in response.json():
            raise Trouble(Kind.MISSING, f"{what}: there is no such ticket", status=400)
        made = judge(response, what).json()
        with understood(what):
            if made["ticket"] != number(ticket) or not made["public"]:
                raise Trouble(Kind.MEANING, f"{what}: the customer does not see it")
        return made

    def _set_status(
        self, ticket: str, status: int, comment: str, what: str, token: str, headers: Mapping[str, str] = _NO_HEADERS
    ) -> None:
        made = self._follow(ticket, {"comment": comment, "new_status": status}, what, token, headers)
        # it tells the new status only where that is another than before
        if made.get("new_status") == status:
            return
        found = self._ask("GET", f"/api/tickets/{number(ticket)}/", what, token, headers=headers)
        with understood(what):
            if found["status"] != status:
                raise Trouble(Kind.MEANING, f"{what}: it is not, afterwards")


def _form(page: str) -> _Form:
    """Reads the page of tickets that is made for browsers."""
    who = re.search(r'(?:class="navbar-text"|data-toggle="dropdown")>\s*([^<]+?)\s*<', page)
    accounts = dict(_options(page, "assigned_to"))
    if who is None or unescape(who[1]) not in accounts:
        raise Trouble(Kind.MEANING, "read the page of tickets: it does not tell whose token this is")
    queues = {title.casefold(): each for title, each in _options(page, "queue")}
    return _Form(queues, accounts[unescape(who[1])])


def _options(page: str, name: str) -> list[tuple[str, int]]:
    select = re.search(rf'<select[^>]* name="{name}".*?</select>', page, re.DOTALL)
    options = re.findall(r'<option value="(\d+)"[^>]*>([^<]*)</option>', select[0] if select else "")
    return [(unescape(label.strip()), int(value)) for value, label in options]


def _of(row: Mapping[str, Any], run: str) -> bool:
    return row.get("custom_run") == run or marks.wrote(row["submitter_email"], run)


def _listed(row: Mapping[str, Any], run: str) -> Ticket:
    return Ticket(str(row["id"]), row.get("custom_key") or marks.key_in(row["title"], run), _state(row))


def _state(row: Mapping[str, Any]) -> State:
    return _STATES.get(row["status"], State.CLOSED)


def _author(said: Mapping[str, Any], customer: int) -> Author:
    """Who wrote a message; one that no account wrote came by e-mail, or from the desk itself."""
    if said["user"] is None:
        return Author.CUSTOMER if said["message_id"] else Author.SYSTEM
    wrote = said["user"] == customer and said["time_spent"] is None
    return Author.CUSTOMER if wrote else Author.AGENT


def _wrong(trouble: Trouble, whose: str) -> Exception:
    """What `identify` says about a trouble: that the network fails is no wrong desk."""
    if trouble.kind in (Kind.CONNECTION, Kind.TIMEOUT, Kind.DNS, Kind.TLS, Kind.THROTTLED, Kind.SERVER):
        return trouble
    if trouble.kind is Kind.REFUSED:
        return WrongDesk(f"django-helpdesk refuses the {whose} token", "its account must be one of staff")
    return WrongDesk(f"no django-helpdesk answers there ({trouble})", "give the URL that its /api/ is under")
