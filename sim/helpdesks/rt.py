"""Request Tracker 5 over REST2.

RT answers 200 to a change that it did not make, and says so in a sentence in the reader's language. So a change counts
once the ticket, read again, shows it. One account writes for all customers: its messages are the customers', as are
those of whoever asked by e-mail; a message of RT's own account is an auto-reply. A customer's message carries a
subject and an agent's answer none, which tells them apart where both come from one account.

Deleted tickets are in no search, but a message or a status brings one back. So nothing is written on a ticket before a
search has found it.

It wants freeform custom fields `SyntheticRun` and `SyntheticKey` in the queue, and `CSAT` for ratings. Tickets that
came by e-mail are known by who asked, and by the subject.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import count
from typing import Any
from urllib.parse import quote, urlencode

from sim.helpdesks import marks
from sim.helpdesks.answers import number, understood
from sim.helpdesks.protocol import (
    Abilities,
    Author,
    Can,
    Kind,
    Message,
    Post,
    Session,
    State,
    Thread,
    Ticket,
    Trouble,
    WrongDesk,
    judge,
)
from sim.helpdesks.tokens import Tokens

PAGE = 100
"""Rows a page: RT gives no more."""
BATCH = 50
"""Tickets deleted by one request: some five seconds of RT's time."""

_STATES = {"resolved": State.RESOLVED, "rejected": State.CLOSED, "deleted": State.CLOSED}
_NO_HEADERS: Mapping[str, str] = {}
_accounts: dict[str, str] = {}
"""Names by token: every customer has an adapter of their own, and all of them one account."""


class RequestTracker:
    """Request Tracker 5 as a `Helpdesk`."""

    name = "rt"
    abilities = Abilities(
        can=frozenset({Can.REPLY, Can.POLL, Can.CLOSE, Can.RATE, Can.MAIL, Can.DELETE}),
        rating="custom field",
        deletes="soft",
        polls=3.0,
        lives=1.5,
        leaves="users and attachments stay; deleted tickets keep their numbers and their rows in the database",
    )

    def __init__(self, session: Session, tokens: Tokens, queue: str = "Support") -> None:
        self._session, self._tokens, self._queue = session, tokens, queue

    def identify(self) -> str:
        """The version; the queue is there, and both tokens may see it."""
        version = ""
        for token, whose in ((self._tokens.customer, "customers'"), (self._tokens.agent, "agents'")):
            try:
                version = self._version(token)
                self._ask("GET", f"/queue/{quote(self._queue, safe='')}", "read the queue", token)
            except Trouble as trouble:
                raise _wrong(trouble, whose, self._queue, version) from trouble
        return f"Request Tracker {version}"

    # --- customers ---

    def create(self, post: Post) -> str:
        body = {
            "Queue": self._queue,
            "Subject": post.subject,
            "Requestor": _address(post),
            "Content": post.body,
            "ContentType": "text/plain",
            "CustomFields": {"SyntheticRun": post.run, "SyntheticKey": post.key},
        }
        made = self._ask("POST", "/ticket", "create a ticket", self._tokens.customer, body, post.headers)
        with understood("create a ticket"):
            return str(int(made["id"]))

    def reply(self, ticket: str, post: Post) -> None:
        self._state(ticket, post.headers)
        self._write(ticket, self._tokens.customer, _words(post), post.headers)
        if self._state(ticket, post.headers) is not State.OPEN:
            self._set_status(ticket, "open", self._tokens.customer, post.headers)

    def poll(self, ticket: str) -> Thread:
        row = self._row(ticket, "Status,Requestor")
        spoken = self._spoken(ticket)
        texts = self._texts(spoken)
        ours = self._account()
        with understood("poll a ticket"):
            customers = {who["id"] for who in row["Requestor"]}
            messages = []
            for each, creator in sorted(spoken.items()):
                subject, text = texts.get(each, ("", ""))
                by_customer = creator in customers or (creator == ours and subject != "")
                messages.append(Message(str(each), _author(creator, by_customer=by_customer), text))
            return Thread(_state(row), tuple(messages))

    def search(self, run: str, key: str) -> list[str]:
        of_key = f"CF.{{SyntheticKey}} = '{key}' OR Subject LIKE '{marks.token(run, key)}'"
        return [ticket.id for ticket in self._tickets(run, f"({_of(run)}) AND ({of_key})")]

    def close(self, ticket: str, post: Post) -> None:
        self._state(ticket, post.headers)
        if post.body:
            self._write(ticket, self._tokens.customer, _words(post), post.headers)
        self._set_status(ticket, "resolved", self._tokens.customer, post.headers)

    def rate(self, ticket: str, stars: int) -> None:
        self._state(ticket)
        self._change(ticket, {"CustomFields": {"CSAT": str(stars)}}, "rate a ticket", self._tokens.customer)
        if not self._holds(f"id = {number(ticket)} AND CF.{{CSAT}} = '{stars}'"):
            raise Trouble(Kind.MEANING, f"rate a ticket: its field CSAT is not {stars} afterwards")

    # --- agents ---

    def open_tickets(self, run: str) -> list[Ticket]:
        return self._tickets(run, f"({_of(run)}) AND Status = '__Active__'")

    def take(self, ticket: str) -> None:
        agent, mine = self._tokens.agent, "Owner = '__CurrentUser__'"
        found = f"id = {number(ticket)}"
        if not self._holds(f"{found} AND Status = '__Active__' AND ({mine} OR Owner = 'Nobody')", agent):
            raise Trouble(Kind.REJECTED, "take a ticket: it is not open any more, or somebody else's")
        self._ask("PUT", f"/ticket/{number(ticket)}/take", "take a ticket", agent, {})
        if not self._holds(f"{found} AND {mine}", agent):
            raise Trouble(Kind.REJECTED, "take a ticket: it is somebody else's")

    def answer(self, ticket: str, text: str) -> None:
        self._state(ticket)
        self._write(ticket, self._tokens.agent, {"Content": text, "ContentType": "text/plain"})

    def resolve(self, ticket: str) -> None:
        self._state(ticket)
        self._set_status(ticket, "resolved", self._tokens.agent)

    # --- the run ---

    def of_run(self, run: str) -> list[Ticket]:
        return self._tickets(run, _of(run))

    def delete(self, tickets: Sequence[str]) -> None:
        numbers = [number(ticket) for ticket in tickets]
        for first in range(0, len(numbers), BATCH):
            batch = numbers[first : first + BATCH]
            change = [{"id": each, "Status": "deleted"} for each in batch]
            self._ask("PUT", "/tickets/bulk", "delete tickets", self._tokens.agent, change)
            # a search finds no deleted ticket, so whatever it finds is left
            if self._holds(" OR ".join(f"id = {each}" for each in batch)):
                raise Trouble(Kind.MEANING, "delete tickets: some are still there")

    # --- what they are made of ---

    def _ask(
        self, method: str, path: str, what: str, token: str, json: Any = None, headers: Mapping[str, str] = _NO_HEADERS
    ) -> Any:
        said = {**headers, "Authorization": f"token {token}"}
        return judge(self._session.request(method, f"/REST/2.0{path}", json=json, headers=said), what).json()

    def _version(self, token: str) -> str:
        with understood("ask for the version"):
            return str(self._ask("GET", "/rt", "ask for the version", token)["Version"])

    def _account(self) -> str:
        """The name of the customers' account, "" before it has done anything: RT tells nobody who they are."""
        token = self._tokens.customer
        if token not in _accounts:
            asked = {"query": "ObjectType = 'RT::Ticket' AND Creator = '__CurrentUser__'", "fields": "Creator"}
            path = f"/transactions?{urlencode({**asked, 'per_page': 1})}"
            answer = self._ask("GET", path, "ask whose token it is", token)
            with understood("ask whose token it is"):
                if not answer["items"]:
                    return ""
                _accounts[token] = str(answer["items"][0]["Creator"]["id"])
        return _accounts[token]

    def _pages(
        self,
        path: str,
        query: Mapping[str, str],
        what: str,
        token: str,
        headers: Mapping[str, str] = _NO_HEADERS,
        conditions: Any = None,
    ) -> Iterator[list[Any]]:
        """The rows of a list, page by page; no page is empty. Conditions are for lists that take no query."""
        method = "GET" if conditions is None else "POST"
        for page in count(1):
            asked = urlencode({**query, "per_page": PAGE, "page": page, "orderby": "id"})
            answer = self._ask(method, f"{path}?{asked}", what, token, conditions, headers)
            with understood(what):
                rows, pages = list(answer["items"]), answer["pages"]
                last = len(rows) < PAGE if pages is None else page >= int(pages)
            if rows:
                yield rows
            if last:
                return

    def _tickets(self, run: str, query: str) -> list[Ticket]:
        """Tickets of the run that a query finds. The key is read from the subject: RT takes 2.5 ms to tell fields."""
        asked = {"query": query, "fields": "Subject,Status"}
        found = [row for rows in self._pages("/tickets", asked, "list tickets", self._tokens.agent) for row in rows]
        with understood("list tickets"):
            tickets = {
                int(row["id"]): Ticket(str(row["id"]), marks.key_in(row["Subject"], run), _state(row)) for row in found
            }
        return [ticket for _, ticket in sorted(tickets.items())]

    def _row(self, ticket: str, fields: str, headers: Mapping[str, str] = _NO_HEADERS) -> Any:
        """Fields of one ticket: a search costs RT half of what the ticket itself does."""
        asked = {"query": f"id = {number(ticket)}", "fields": fields}
        rows = next(self._pages("/tickets", asked, "read a ticket", self._tokens.customer, headers), None)
        if rows is None:
            raise Trouble(Kind.MISSING, "read a ticket: there is none of this number, or it is deleted")
        return rows[0]

    def _state(self, ticket: str, headers: Mapping[str, str] = _NO_HEADERS) -> State:
        row = self._row(ticket, "Status", headers)
        with understood("read a ticket"):
            return _state(row)

    def _holds(self, query: str, token: str | None = None) -> bool:
        """Whether a query finds any ticket."""
        return any(self._pages("/tickets", {"query": query}, "read a ticket", token or self._tokens.customer))

    def _spoken(self, ticket: str) -> dict[int, str]:
        """Who wrote each message that the customer sees; no comments among agents, no copies of mail sent."""
        asked = {
            # users and groups have transactions too, and numbers of their own
            "query": f"ObjectType = 'RT::Ticket' AND ObjectId = {number(ticket)} AND "
            "(Type = 'Create' OR Type = 'Correspond')",
            "fields": "Creator",
        }
        pages = self._pages("/transactions", asked, "read a thread", self._tokens.customer)
        rows = [row for page in pages for row in page]
        with understood("read a thread"):
            return {int(row["id"]): str(row["Creator"]["id"]) for row in rows}

    def _texts(self, messages: Collection[int]) -> dict[int, tuple[str, str]]:
        """Subject and text of each message: of a mail in several parts, the first that is text."""
        asked = {"fields": "TransactionId,Subject,Content,ContentType"}
        # of a ticket's attachments, it counts those that it does not show into the pages
        wanted = [{"field": "TransactionId", "operator": "IN", "value": sorted(messages)}]
        pages = self._pages("/attachments", asked, "read a thread", self._tokens.customer, conditions=wanted)
        rows = [row for page in pages for row in page]
        subjects: dict[int, str] = {}
        texts: dict[int, tuple[str, str]] = {}
        with understood("read a thread"):
            for row in rows:
                each = int(row["TransactionId"])
                subject = subjects.setdefault(each, row["Subject"])
                if each not in texts and row["ContentType"].startswith("text/"):
                    texts[each] = (subject, str(row["Content"]))
        return texts

    def _write(
        self, ticket: str, token: str, message: Mapping[str, str], headers: Mapping[str, str] = _NO_HEADERS
    ) -> None:
        path = f"/ticket/{number(ticket)}/correspond"
        said = self._ask("POST", path, "write on a ticket", token, message, headers)
        if not (isinstance(said, list) and said):
            raise Trouble(Kind.MEANING, "write on a ticket: the answer is not of the expected form")

    def _change(
        self, ticket: str, change: Mapping[str, Any], what: str, token: str, headers: Mapping[str, str] = _NO_HEADERS
    ) -> None:
        self._ask("PUT", f"/ticket/{number(ticket)}", what, token, change, headers)

    def _set_status(self, ticket: str, status: str, token: str, headers: Mapping[str, str] = _NO_HEADERS) -> None:
        self._change(ticket, {"Status": status}, f"set a ticket to {status}", token, headers)
        row = self._row(ticket, "Status", headers)
        with understood("read a ticket"):
            if row["Status"] != status:
                raise Trouble(Kind.MEANING, f"set a ticket to {status}: it is not, afterwards")


def _of(run: str) -> str:
    """TicketSQL for the tickets of a run."""
    return f"CF.{{SyntheticRun}} = '{run}' OR Requestor.EmailAddress LIKE '@{marks.domain(run)}'"


def _state(row: Mapping[str, Any]) -> State:
    return _STATES.get(row["Status"], State.OPEN)


def _address(post: Post) -> str:
    name = post.name.replace("\\", "").replace('"', "")
    return f'"{name}" <{post.email}>' if name else post.email


def _words(post: Post) -> dict[str, str]:
    return {"Subject": post.subject, "Content": post.body, "ContentType": "text/plain"}


def _author(creator: str, *, by_customer: bool) -> Author:
    if creator == "RT_System":
        return Author.SYSTEM
    return Author.CUSTOMER if by_customer else Author.AGENT


def _wrong(trouble: Trouble, whose: str, queue: str, version: str) -> Exception:
    """What `identify` says about a trouble: that the network fails is no wrong desk."""
    if trouble.kind in (Kind.CONNECTION, Kind.TIMEOUT, Kind.DNS, Kind.TLS, Kind.THROTTLED, Kind.SERVER):
        return trouble
    if version and trouble.kind in (Kind.REFUSED, Kind.MISSING):
        return WrongDesk(f"the {whose} token sees no queue '{queue}'", "name it, or let its account see the queue")
    if trouble.kind is Kind.REFUSED:
        return WrongDesk(f"Request Tracker refuses the {whose} token")
    return WrongDesk("no Request Tracker answers there", f"it should tell its version under /REST/2.0/rt ({trouble})")
