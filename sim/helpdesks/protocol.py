"""What a real helpdesk can be asked to do: the verbs of customers, of agents, and of who cleans up.

An adapter turns each verb into the requests of one product, over a session that it is handed. It decides nothing,
waits for nothing and tries nothing twice: who calls it keeps the books. Success is what the desk says it did, not a
status code: an adapter reads the answer before it believes it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import isfinite
from typing import Any, Protocol

from sim.errors import SimError


@dataclass(frozen=True)
class Response:
    """An answer over HTTP. `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON; `Trouble` of kind `MEANING` where it is none."""
        try:
            return json.loads(self.body)
        except ValueError as problem:
            raise Trouble(Kind.MEANING, f"the answer is no JSON: {self.text[:80]!r}", status=self.status) from problem


class Session(Protocol):
    """HTTP to one host, behind the guard. Redirects are never followed; every failure below HTTP is a `Trouble`."""

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
        """One request for a path of the origin (it begins with "/"; may hold a query).

        Raises:
            Trouble: of kind `CONNECTION`, `TIMEOUT`, `DNS`, `TLS` or `REDIRECT`. A status of 400 and more is no failure
            here: `judge` makes one of it.
        """


class Kind(StrEnum):
    """What went wrong, as the books name it."""

    REFUSED = "refused"
    """401 or 403: the token is missing, wrong, or may not do this."""
    MISSING = "missing"
    """404 or 410: there is no such ticket."""
    THROTTLED = "throttled"
    """429."""
    REJECTED = "rejected"
    """Another 4xx."""
    SERVER = "server"
    """5xx."""
    MEANING = "meaning"
    """The status says yes, the body says no, or makes no sense."""
    REDIRECT = "redirect"
    CONNECTION = "connection"
    """Refused, reset, or closed in the middle."""
    TIMEOUT = "timeout"
    DNS = "dns"
    TLS = "tls"


class Trouble(Exception):
    """A step that failed. Never holds a token, a header or a request body."""

    def __init__(self, kind: Kind, what: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(what)
        self.kind, self.what, self.status, self.retry_after = kind, what, status, retry_after

    @property
    def may_exist(self) -> bool:
        """Whether what was asked for may have happened all the same."""
        return self.kind in (Kind.SERVER, Kind.MEANING, Kind.CONNECTION, Kind.TIMEOUT)


def judge(response: Response, what: str) -> Response:
    """The response, if its status is one of success; what it stands for as a `Trouble` otherwise.

    Args:
        what: was asked for, as in "create a ticket".
    """
    status = response.status
    if 200 <= status < 300:
        return response
    if 300 <= status < 400:
        raise Trouble(Kind.REDIRECT, f"{what}: {status}, a redirect", status=status)
    kind = {401: Kind.REFUSED, 403: Kind.REFUSED, 404: Kind.MISSING, 410: Kind.MISSING, 429: Kind.THROTTLED}.get(
        status, Kind.SERVER if status >= 500 else Kind.REJECTED
    )
    raise Trouble(kind, f"{what}: {status}", status=status, retry_after=_seconds(response.headers.get("retry-after")))


def _seconds(text: str | None) -> float | None:
    try:
        seconds = None if text is None else max(0.0, float(text))
        return seconds if seconds is None or isfinite(seconds) else None
    except ValueError:
        # a date: rare, and a desk that sends one is asked again after the usual pause
        return None


class WrongDesk(SimError):
    """Another product answers, or the token is missing or wrong."""

    exit_code = 5


class Author(StrEnum):
    CUSTOMER = "customer"
    AGENT = "agent"
    SYSTEM = "system"
    """An auto-reply: not an answer."""
    UNKNOWN = "unknown"


class State(StrEnum):
    """Of a ticket."""

    OPEN = "open"
    RESOLVED = "resolved"
    """An agent says it is done; a reply of the customer opens it again."""
    CLOSED = "closed"


@dataclass(frozen=True)
class Message:
    """One message of a thread; `id` is the desk's own, unique within the ticket."""

    id: str
    author: Author
    text: str


@dataclass(frozen=True)
class Thread:
    """A ticket as its customer sees it, oldest message first, the one that opened it included where the desk tells."""

    state: State
    messages: tuple[Message, ...]

    @property
    def answers(self) -> int:
        """How many messages of agents it holds."""
        return sum(message.author is Author.AGENT for message in self.messages)


@dataclass(frozen=True)
class Post:
    """A message of a customer.

    `run` is the run's tag, 32 hexadecimal digits; `key` is unique in the run for each create ("17.1": issue 17, attempt
    1). Both must be found again: the tag by `of_run`, the key by `search` and in `open_tickets`.
    """

    run: str
    key: str
    name: str
    email: str
    subject: str
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)
    """For the request itself: X-Sim-Contact, traceparent."""


@dataclass(frozen=True)
class Ticket:
    """A ticket in a list: `key` is that of the `Post` that made it, "" where the desk does not tell."""

    id: str
    key: str
    state: State


class Can(StrEnum):
    """What a customer's step needs; a step that the desk cannot do is skipped, and said."""

    REPLY = "reply"
    POLL = "poll"
    CLOSE = "close"
    RATE = "rate"
    MAIL = "mail"
    CHAT = "chat"
    DELETE = "delete"


@dataclass(frozen=True)
class Abilities:
    """What an adapter's desk can do, and how much of it.

    `lives` are whole ticket lives a second that the desk is known to bear (None: not stated), `polls` customers' polls
    a second that leave it room for the rest, `leaves` what stays behind after a clean-up, in words.
    """

    can: frozenset[Can]
    rating: str
    """"native", "custom field" or "none"."""
    deletes: str
    """"soft", "hard" or "none"."""
    polls: float = 5.0
    lives: float | None = None
    leaves: str = ""


class Helpdesk(Protocol):
    """An adapter. Each verb raises `Trouble`, and nothing else, where the desk does not do it."""

    name: str

    @property
    def abilities(self) -> Abilities: ...

    def identify(self) -> str:
        """The product behind the host and its version, in words. Writes nothing.

        Raises:
            WrongDesk: it is another product, or the token is refused.
        """

    # --- customers ---

    def create(self, post: Post) -> str:
        """A new ticket; returns its id."""

    def reply(self, ticket: str, post: Post) -> None:
        """The customer writes on a ticket; a resolved one is open again."""

    def poll(self, ticket: str) -> Thread:
        """The ticket as its customer sees it."""

    def search(self, run: str, key: str) -> list[str]:
        """The tickets that a post of this key has made: none, one, or more where it was made twice."""

    def close(self, ticket: str, post: Post) -> None:
        """The customer says it is settled; `post` holds the words, if the desk takes any."""

    def rate(self, ticket: str, stars: int) -> None:
        """A rating, 1 to 5."""

    # --- agents ---

    def open_tickets(self, run: str) -> list[Ticket]:
        """The run's open tickets, oldest first."""

    def take(self, ticket: str) -> None:
        """The agent makes it theirs. `Trouble` where it is not open any more."""

    def answer(self, ticket: str, text: str) -> None:
        """An agent's message, which the customer sees."""

    def resolve(self, ticket: str) -> None: ...

    # --- the run ---

    def of_run(self, run: str) -> list[Ticket]:
        """Every ticket of a run that is still there, whatever its state."""

    def delete(self, tickets: Sequence[str]) -> None:
        """Delete tickets, as thoroughly as the desk allows."""
