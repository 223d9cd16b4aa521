"""A helpdesk that is described, not programmed: the verbs become the requests that a mapping names.

Everything particular to a product stands in the mapping (`sim.helpdesks.mapping`). Here is what is the same for all:
which token a step carries, that an answer is believed only when it says what the mapping expects, that a list is
followed to its end and only tickets with the run's own tag are taken from it, and how a limit of requests a minute is
shared between polls and the rest.
"""

from __future__ import annotations

import html
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from sim.helpdesks import marks
from sim.helpdesks.mapping import (
    PLACEHOLDER,
    Fields,
    HelpdeskMapping,
    Listing,
    Messages,
    Step,
    as_text,
    broken,
    fill,
    filled,
    first,
    found,
    holds,
    written,
)
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

if TYPE_CHECKING:
    from sim.helpdesks.tokens import Tokens

MOST_PAGES = 1000
"""A list that has more is broken: it would never end."""
_NOT_THIS_DESK = (Kind.MISSING, Kind.REJECTED, Kind.MEANING, Kind.REDIRECT)

Words = dict[str, object]


class Rest:
    """The `Helpdesk` protocol by a mapping.

    A verb that the mapping lacks is an ability that the desk lacks; called all the same, it is a `Trouble` of kind
    `REJECTED`, and nothing is sent.
    """

    def __init__(self, session: Session, tokens: Tokens, mapping: HelpdeskMapping) -> None:
        self._session, self._tokens, self._mapping = session, tokens, mapping
        self.name = mapping.name

    @cached_property
    def abilities(self) -> Abilities:
        """See `Helpdesk`."""
        return abilities(self._mapping)

    def identify(self) -> str:
        """See `Helpdesk`. Asks with the customers' token and the agents', unless they are one and the same."""
        version = ""
        for token in dict.fromkeys((self._tokens.customer, self._tokens.agent)):
            try:
                for step, answer in self._answers("identify", {}, token=token):
                    version = as_text(first(answer, step.version)) if step.version else version
            except Trouble as trouble:
                raise (
                    self._wrong_desk(trouble) if trouble.kind in (Kind.REFUSED, *_NOT_THIS_DESK) else trouble
                ) from None
        return f"{' '.join(filter(None, (self.name, version)))}, by a mapping ({self._mapping.tested})"

    def _wrong_desk(self, trouble: Trouble) -> WrongDesk:
        if trouble.kind is Kind.REFUSED:
            return WrongDesk(f"{self.name} refuses the token ({trouble.what})", "check the token and what it may do")
        return WrongDesk(f"this host does not answer as {self.name} ({trouble.what})", "check the host and the mapping")

    # --- customers ---

    def create(self, post: Post) -> str:
        """See `Helpdesk`."""
        for step, answer in self._answers("create", _words(post), post):
            ticket = as_text(first(answer, step.id)) if step.id else ""
        if not ticket:
            raise Trouble(Kind.MEANING, "create: the answer holds no number of a ticket")
        return ticket

    def reply(self, ticket: str, post: Post) -> None:
        """See `Helpdesk`."""
        self._do("reply", {**_words(post), "ticket": _number(ticket)}, post)

    def poll(self, ticket: str) -> Thread:
        """See `Helpdesk`."""
        state: State | None = None
        messages: list[Message] = []
        words: Words = {"ticket": _number(ticket)}
        for step, answer in self._answers("poll", words):
            state = self._state(first(answer, step.state), "poll") if step.state else state
            messages += _messages(answer, step.messages, {**self._mapping.values, **words}) if step.messages else []
        assert state is not None  # a mapping whose poll reads none is refused
        return Thread(state, tuple(messages))

    def search(self, run: str, key: str) -> list[str]:
        """See `Helpdesk`. Without a search of the mapping's own, the run's tickets are looked through."""
        verb = "search" if "search" in self._mapping.verbs else "of_run"
        return [ticket.id for ticket in self._list(verb, {"run": run, "key": key}) if ticket.key == key]

    def close(self, ticket: str, post: Post) -> None:
        """See `Helpdesk`."""
        self._do("close", {**_words(post), "ticket": _number(ticket)}, post)

    def rate(self, ticket: str, stars: int) -> None:
        """See `Helpdesk`. The stars are sent as the mapping's scale says them."""
        self._do("rate", {"ticket": _number(ticket), "stars": self._mapping.scale[stars - 1]})

    # --- agents ---

    def open_tickets(self, run: str) -> list[Ticket]:
        """See `Helpdesk`. Without a list of the mapping's own, the run's tickets are looked through."""
        verb = "open_tickets" if "open_tickets" in self._mapping.verbs else "of_run"
        return [ticket for ticket in self._list(verb, {"run": run}) if ticket.state is State.OPEN]

    def take(self, ticket: str) -> None:
        """See `Helpdesk`."""
        self._do("take", {"ticket": _number(ticket)})

    def answer(self, ticket: str, text: str) -> None:
        """See `Helpdesk`."""
        self._do("answer", {"ticket": _number(ticket), "body": text, "html": _html(text)})

    def resolve(self, ticket: str) -> None:
        """See `Helpdesk`."""
        self._do("resolve", {"ticket": _number(ticket)})

    # --- the run ---

    def of_run(self, run: str) -> list[Ticket]:
        """See `Helpdesk`."""
        return self._list("of_run", {"run": run})

    def delete(self, tickets: Sequence[str]) -> None:
        """See `Helpdesk`. One request a ticket; one that is gone already is no failure."""
        for ticket in tickets:
            try:
                self._do("delete", {"ticket": _number(ticket)})
            except Trouble as trouble:
                if trouble.kind is not Kind.MISSING:
                    raise

    # --- steps ---

    def _do(self, verb: str, words: Words, post: Post | None = None) -> None:
        for _ in self._answers(verb, words, post):
            pass

    def _answers(
        self, verb: str, words: Words, post: Post | None = None, *, token: str | None = None
    ) -> Iterator[tuple[Step, Any]]:
        """Each step of a verb with its answer, once that says what is expected.

        What a step keeps is put into `words`.
        """
        steps = self._mapping.verbs.get(verb)
        if steps is None:
            raise Trouble(Kind.REJECTED, f"{verb}: the mapping of {self.name} has no '{verb}'")
        for step in steps:
            response = judge(self._send(step, words, post, token), verb)
            # a look before a change: what it forbids has not happened
            kind = Kind.REJECTED if step.method == "GET" and step is not steps[-1] else Kind.MEANING
            yield step, self._read(verb, step, response, words, kind)

    def _send(self, step: Step, words: Words, post: Post | None, token: str | None) -> Response:
        known = {**self._mapping.values, **words}
        query = urlencode({key: fill(text, known) for key, text in step.query.items()})
        path = self._path(step, words)
        return self._session.request(
            step.method,
            f"{path}{'&' if '?' in path else '?'}{query}" if query else path,
            json=filled(step.json, known),
            form=None if step.form is None else {key: fill(text, known) for key, text in step.form.items()},
            headers=self._headers(step, known, post, token),
        )

    def _path(self, step: Step, words: Words) -> str:
        of_path = {name: _in_path(words[name]) for name in PLACEHOLDER.findall(step.path) if name in words}
        return fill(step.path, {**self._mapping.values, **of_path})

    def _headers(self, step: Step, known: Words, post: Post | None, token: str | None) -> dict[str, str]:
        token = token or (self._tokens.customer if step.side == "customer" else self._tokens.agent)
        headers = {key: fill(text, {**known, "token": token}) for key, text in self._mapping.headers.items()}
        if self._mapping.basic:
            login = fill(self._mapping.basic, {**known, "token": token})
            headers["Authorization"] = f"Basic {b64encode(login.encode()).decode()}"
        headers |= {key: fill(text, known) for key, text in step.headers.items()}
        headers |= post.headers if post else {}
        # a header is one line, whatever a name holds
        return {key: re.sub(r"[\r\n\0]+", " ", text) for key, text in headers.items()}

    def _read(self, verb: str, step: Step, response: Response, words: Words, kind: Kind) -> Any:
        if not step.reads:
            return None
        answer = response.json()
        words |= {name: first(answer, path) for name, path in step.keep.items()}
        wrong = broken(answer, step.expect, {**self._mapping.values, **words})
        if wrong is not None:
            path, value = wrong
            raise Trouble(kind, f"{verb}: {written(path)} is {as_text(value)[:80]!r}", status=response.status)
        return answer

    def _state(self, value: object, verb: str) -> State:
        state = self._mapping.states.get(as_text(value))
        if state is None:
            raise Trouble(Kind.MEANING, f"{verb}: the state {as_text(value)[:80]!r} is not in the mapping")
        return state

    # --- lists ---

    def _list(self, verb: str, words: Words) -> list[Ticket]:
        """The tickets of a list that have the run's own tag, oldest first where their numbers tell."""
        fields, run = self._mapping.fields, as_text(words["run"])
        mine = {
            as_text(first(item, fields.id)): item for item in self._items(verb, words) if _of_run(item, fields, run)
        }
        listed = [
            Ticket(id, _key(item, fields, run), self._state(first(item, fields.state), verb))
            for id, item in mine.items()
        ]
        return sorted(listed, key=lambda ticket: int(ticket.id) if ticket.id.isdecimal() else 0)

    def _items(self, verb: str, words: Words) -> Iterator[Any]:
        for page in range(1, MOST_PAGES + 1):
            for step, answer in self._answers(verb, words | {"page": page}):
                if step.listing is None:
                    continue
                items = found(answer, step.listing.list)
                yield from items
                after = step.listing
            if after.next:
                yield from self._follow(verb, words, after, first(answer, after.next))
                return
            if after.size is None or len(items) < after.size:
                return
        raise Trouble(Kind.MEANING, f"{verb}: the list has more than {MOST_PAGES} pages")

    def _follow(self, verb: str, words: Words, listing: Listing, address: object) -> Iterator[Any]:
        """The further pages, each at the address that the one before names, on the host that is ours.

        A page of the same list is asked for by the list's own path, whatever base path the desk puts before it; any
        other address goes to the session as it is, which refuses another host.
        """
        step = self._mapping.verbs[verb][-1]
        asked = self._path(step, words).partition("?")[0]
        for _ in range(MOST_PAGES):
            if not address or not isinstance(address, str):
                return
            parts = urlsplit(address)
            page = f"{asked}?{parts.query}" if parts.path.endswith(asked) else address
            response = self._session.request(
                "GET", page, headers=self._headers(step, {**self._mapping.values}, None, None)
            )
            answer = judge(response, verb).json()
            yield from found(answer, listing.list)
            address = first(answer, listing.next or ())
        raise Trouble(Kind.MEANING, f"{verb}: the list has more than {MOST_PAGES} pages")


def abilities(mapping: HelpdeskMapping) -> Abilities:
    """What a desk can do by its mapping.

    Where only requests a minute are known, half of them go to polls and half to whole ticket lives: a life is one
    create, take, answer and resolve.
    """
    verbs = mapping.verbs
    can = {Can(verb) for verb in ("reply", "poll", "close", "rate", "delete") if verb in verbs}
    half = mapping.limits.requests_per_minute and mapping.limits.requests_per_minute / 60 / 2
    a_life = sum(len(verbs[verb]) for verb in ("create", "take", "answer", "resolve"))
    polls = half / len(verbs["poll"]) if half and "poll" in verbs else 5.0
    return Abilities(
        can=frozenset(can | ({Can.MAIL} if mapping.mail else set())),
        rating=mapping.rating if "rate" in verbs else "none",
        deletes=mapping.deletes if "delete" in verbs else "none",
        polls=mapping.limits.polls or polls,
        lives=mapping.limits.lives or (half / a_life if half else None),
        leaves=mapping.leaves,
    )


def _messages(answer: object, where: Messages, words: Mapping[str, object]) -> Iterator[Message]:
    for item in found(answer, where.list):
        author = next((who for who, rule in where.authors if holds(item, rule, words)), Author.UNKNOWN)
        if author is not None:
            text = as_text(first(item, where.text)) if where.text else ""
            yield Message(as_text(first(item, where.id)), author, text)


def _of_run(item: object, fields: Fields, run: str) -> bool:
    if run in map(as_text, found(item, fields.run)):
        return True
    return any(marks.wrote(as_text(email), run) for email in found(item, fields.email or ()) if fields.email)


def _key(item: object, fields: Fields, run: str) -> str:
    key = as_text(first(item, fields.key))
    return key or (marks.key_in(as_text(first(item, fields.subject)), run) if fields.subject else "")


def _words(post: Post) -> Words:
    return {
        "subject": post.subject,
        "body": post.body,
        "html": _html(post.body),
        "name": post.name,
        "email": post.email,
        "run": post.run,
        "key": post.key,
    }


def _in_path(word: object) -> str:
    """A word as one part of a path, whatever it holds; the mapping's own values are paths as they are."""
    return quote(as_text(word), safe="")


def _number(ticket: str) -> int | str:
    """A ticket's id as JSON writes it: most desks count."""
    return int(ticket) if ticket.isdecimal() and str(int(ticket)) == ticket else ticket


def _html(text: str) -> str:
    return html.escape(text, quote=False).replace("\n", "<br>")
