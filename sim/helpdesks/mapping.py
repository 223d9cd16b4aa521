"""The mapping language: how the verbs of a helpdesk become requests of one product, said in data instead of code.

A mapping names, for each verb, one or more steps: a request, what its answer must say, and what to take from it. Texts
hold placeholders (`{subject}`, `{ticket}`); paths point into an answer (`results[*].id`). There are no conditions, no
loops and no expressions: what the language cannot say needs an adapter in code. Here are its types, its checks, and the
two things it does to values: filling a template, and following a path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias

from sim.errors import did_you_mean
from sim.helpdesks.protocol import Author, State

Keys: TypeAlias = tuple[str | int, ...]
Side: TypeAlias = Literal["customer", "agent"]
"""Whose token a step carries."""

_POST = {"subject", "body", "html", "name", "email", "run", "key"}
_CUSTOMERS: Mapping[str, frozenset[str]] = {
    "create": frozenset(_POST),
    "reply": frozenset(_POST | {"ticket"}),
    "poll": frozenset({"ticket"}),
    "close": frozenset(_POST | {"ticket"}),
    "rate": frozenset({"ticket", "stars"}),
}
_AGENTS: Mapping[str, frozenset[str]] = {
    "identify": frozenset(),
    "of_run": frozenset({"run", "page"}),
    "search": frozenset({"run", "key", "page"}),
    "open_tickets": frozenset({"run", "page"}),
    "take": frozenset({"ticket"}),
    "answer": frozenset({"ticket", "body", "html"}),
    "resolve": frozenset({"ticket"}),
    "delete": frozenset({"ticket"}),
}
VERBS: Mapping[str, frozenset[str]] = {**_CUSTOMERS, **_AGENTS}
"""Each verb, and the placeholders it fills. Customers' verbs carry the customers' token, the others the agents'."""

REQUIRED = ("identify", "create", "of_run", "take", "answer", "resolve")
"""Verbs that a mapping must have; without another one the desk lacks that ability."""
LISTS = ("of_run", "search", "open_tickets")

PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SEGMENT = re.compile(r"\[\*\]|\[(-?\d+)\]|\[([^\]=*]+)=([^\]]*)\]|\.?([^.\[\]=]+)")
_PATH = re.compile(f"(?:{_SEGMENT.pattern})+")
_SECRET = re.compile(r"authorization|cookie|.*(key|token|secret|password).*", re.IGNORECASE)
"""Names of what must not stand in a mapping: its data are copied into plans."""
_REQUEST = re.compile(r"(GET|POST|PUT|PATCH|DELETE) ([/{]\S*)")


class Wrong(NamedTuple):
    """A mistake in a mapping: where (keys and indices from the top), what, and what to do."""

    path: Keys
    what: str
    hint: str = ""


class BadMapping(Exception):
    """All the mistakes of a mapping."""

    def __init__(self, wrongs: Sequence[Wrong]) -> None:
        super().__init__("\n".join(f"{wrong.path}: {wrong.what}" for wrong in wrongs))
        self.wrongs = tuple(wrongs)


class Every(NamedTuple):
    """`[*]`: all the items of a list, or all the values of an object."""


class Having(NamedTuple):
    """`[name=CSAT]`: the items of a list that have this value under this key."""

    key: str
    value: str


Path: TypeAlias = tuple[str | int | Every | Having, ...]
Wanted: TypeAlias = tuple[object, ...]
"""What a value must be: any of these. Text may hold placeholders and `*` for any characters; None is absent or null."""
Conditions: TypeAlias = tuple[tuple[Path, Wanted], ...]


@dataclass(frozen=True)
class Messages:
    """Where a thread's messages stand in an answer, and who wrote them: the first rule whose conditions all hold.

    A rule's author None is a message that customers do not see.
    """

    list: Path
    id: Path
    text: Path | None
    authors: tuple[tuple[Author | None, Conditions], ...]


@dataclass(frozen=True)
class Listing:
    """Where the tickets of a list stand, and how it goes on: `size` of a full page, or where the `next` address is."""

    list: Path
    size: int | None
    next: Path | None


@dataclass(frozen=True)
class Step:
    """One request, what its answer must say, and what is taken from it."""

    side: Side
    method: str
    path: str
    query: Mapping[str, str]
    json: object
    form: Mapping[str, str] | None
    headers: Mapping[str, str]
    expect: Conditions
    keep: Mapping[str, Path]
    id: Path | None
    version: Path | None
    state: Path | None
    messages: Messages | None
    listing: Listing | None

    @property
    def reads(self) -> bool:
        """Whether anything is taken from the answer's body."""
        return bool(self.expect or self.keep or self.messages or self.listing) or any(
            (self.id, self.version, self.state)
        )


@dataclass(frozen=True)
class Fields:
    """Where the parts of a ticket stand in an item of a list.

    `run` and `key` lead to what a create put there. A ticket that came by e-mail has neither: it is known by its
    customer's address at `email` and by its `subject` (see `sim.helpdesks.marks`).
    """

    id: Path
    run: Path
    key: Path
    state: Path
    email: Path | None
    subject: Path | None


@dataclass(frozen=True)
class Limits:
    """How much the desk allows: requests a minute, customers' polls and whole ticket lives a second."""

    requests_per_minute: float | None = None
    polls: float | None = None
    lives: float | None = None


@dataclass(frozen=True)
class HelpdeskMapping:
    """A mapping, checked. `data` is what it was made of: plain, and equal to it after a round trip through JSON."""

    name: str
    tested: str
    values: Mapping[str, str | int]
    headers: Mapping[str, str]
    basic: str
    mail: bool
    rating: str
    scale: tuple[int | str, ...]
    deletes: str
    leaves: str
    limits: Limits
    states: Mapping[str, State]
    fields: Fields
    verbs: Mapping[str, tuple[Step, ...]]
    data: Mapping[str, object] = field(repr=False, compare=False)


# --- values ---


def as_text(value: object) -> str:
    """A value as a mapping writes it: nothing for null, `true`, `4`, and text as it is."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def fill(template: str, words: Mapping[str, object]) -> str:
    """The text with its placeholders filled."""
    return PLACEHOLDER.sub(lambda found: as_text(words[found[1]]), template)


def filled(template: object, words: Mapping[str, object]) -> Any:
    """A body with its placeholders filled; text that is one placeholder and no more takes the value as it is."""
    if isinstance(template, dict):
        return {key: filled(value, words) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(value, words) for value in template]
    if not isinstance(template, str):
        return template
    whole = PLACEHOLDER.fullmatch(template)
    return words[whole[1]] if whole else fill(template, words)


def found(answer: object, path: Path) -> list[Any]:
    """Every value that the path leads to."""
    values = [answer]
    for segment in path:
        values = [inner for outer in values for inner in _inside(outer, segment)]
    return values


def first(answer: object, path: Path) -> Any:
    """The first value that the path leads to; None where there is none."""
    return next(iter(found(answer, path)), None)


def _inside(value: object, segment: str | int | Every | Having) -> Iterable[object]:
    if isinstance(segment, str):
        return [value[segment]] if isinstance(value, dict) and segment in value else []
    if isinstance(segment, Every):
        return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    if not isinstance(value, list):
        return []
    if isinstance(segment, int):
        return value[segment:][:1] if segment < 0 else value[segment : segment + 1]
    return [item for item in value if isinstance(item, dict) and as_text(item.get(segment.key)) == segment.value]


def holds(answer: object, conditions: Conditions, words: Mapping[str, object]) -> bool:
    """Whether every condition holds."""
    return broken(answer, conditions, words) is None


def broken(answer: object, conditions: Conditions, words: Mapping[str, object]) -> tuple[Path, Any] | None:
    """The first condition that does not hold: its path, and a value found there."""
    for path, wanted in conditions:
        values = found(answer, path) or [None]
        if not any(_is(value, one, words) for value in values for one in wanted):
            return path, values[0]
    return None


def _is(value: object, wanted: object, words: Mapping[str, object]) -> bool:
    if value is None:
        return wanted is None or (isinstance(wanted, str) and "*" not in wanted and fill(wanted, words) == "")
    if not isinstance(wanted, str):
        return wanted is not None and as_text(value) == as_text(wanted)
    if "*" not in wanted:
        return as_text(value) == fill(wanted, words)
    pattern = ".*".join(re.escape(fill(part, words)) for part in wanted.split("*"))
    return re.fullmatch(pattern, as_text(value), re.DOTALL) is not None


def written(path: Path) -> str:
    """The path as a mapping writes it."""
    return "".join(map(_segment, path)).removeprefix(".")


def _segment(segment: str | int | Every | Having) -> str:
    if isinstance(segment, str):
        return f".{segment}"
    if isinstance(segment, Having):
        return f"[{segment.key}={segment.value}]"
    return f"[{segment}]" if isinstance(segment, int) else "[*]"


# --- reading ---


def mapping_of(data: Mapping[str, object]) -> HelpdeskMapping:
    """The mapping that plain data describe (dict, list, text, numbers, true, false and null, as YAML or JSON gives).

    Raises:
        BadMapping: with every mistake, each with its path.
    """
    reader = _Reader()
    mapping = reader.mapping(data)
    if reader.wrongs:
        raise BadMapping(reader.wrongs)
    return mapping


_TOP: tuple[str, ...] = (
    "name",
    "tested",
    "documentation",
    "values",
    "headers",
    "basic",
    "mail",
    "rating",
    "deletion",
    "limits",
)
_TOP += ("states", "tickets", *VERBS)
_OF_TOKENS = "write {token}, in headers or basic at the top: tokens come from the environment"
_STEP = ("request", "as", "query", "json", "form", "headers", "expect", "keep")
_OWN: Mapping[str, tuple[str, ...]] = {"identify": ("version",), "create": ("id",), "poll": ("state", "messages")}


class _Reader:
    """Turns plain data into a mapping, and collects what is wrong on the way."""

    def __init__(self) -> None:
        self.wrongs: list[Wrong] = []
        self.values: dict[str, str | int] = {}

    def mapping(self, data: Mapping[str, object]) -> HelpdeskMapping:
        top = self.table(dict(data), (), _TOP)
        for key in ("name", "states", "tickets", *REQUIRED):
            if key not in top:
                self.wrong((), f"'{key}' is missing", "see docs/helpdesks.md")
        for name, value in self.table(top.get("values", {}), ("values",)).items():
            if _SECRET.fullmatch(str(name)):
                self.wrong(("values", name), "a secret does not belong in a mapping", _OF_TOKENS)
            if isinstance(value, str | int) and not isinstance(value, bool):
                self.values[name] = value
            else:
                self.wrong(("values", name), "a value is text or a whole number", "write it so")
        rating = self.table(top.get("rating", {}), ("rating",), ("kind", "scale"))
        deletion = self.table(top.get("deletion", {}), ("deletion",), ("kind", "leaves"))
        mapping = HelpdeskMapping(
            name=self.text(top.get("name", ""), ("name",)),
            tested=self.text(top.get("tested", "not run against the real service"), ("tested",)),
            values=self.values,
            headers=self.headers(top.get("headers", {}), ("headers",), {"token"}),
            basic=self.template(top.get("basic", ""), ("basic",), {"token"}),
            mail=top.get("mail") is True,
            rating=self.one_of(rating.get("kind", "custom field"), ("rating", "kind"), ("native", "custom field")),
            scale=self.scale(rating.get("scale", [1, 2, 3, 4, 5])),
            deletes=self.one_of(deletion.get("kind", "soft"), ("deletion", "kind"), ("soft", "hard")),
            leaves=self.text(deletion.get("leaves", ""), ("deletion", "leaves")),
            limits=self.limits(top.get("limits", {})),
            states=self.states(top.get("states", {})),
            fields=self.fields(top.get("tickets", {})),
            verbs={verb: self.verb(top[verb], verb) for verb in VERBS if verb in top},
            data=data,
        )
        if mapping.basic and "{token}" not in mapping.basic:
            self.wrong(("basic",), "a secret does not belong in a mapping", _OF_TOKENS)
        if not mapping.headers and not mapping.basic:
            self.wrong(
                (), "'headers' or 'basic' is missing", 'say how the token is sent: Authorization: "Token {token}"'
            )
        return mapping

    # --- the top ---

    def scale(self, value: object) -> tuple[int | str, ...]:
        items = value if isinstance(value, list) else []
        if len(items) != 5:
            self.wrong(("rating", "scale"), "the scale has five values, for one star to five", "write [1, 2, 3, 4, 5]")
        return tuple(items)

    def limits(self, value: object) -> Limits:
        table = self.table(value, ("limits",), ("requests_per_minute", "polls", "lives"))
        for key, number in table.items():
            if isinstance(number, bool) or not isinstance(number, int | float) or not number > 0:
                self.wrong(("limits", key), "a limit is a number above 0", "write it so, or leave it out")
        return Limits(**table)

    def states(self, value: object) -> dict[str, State]:
        known = [state.value for state in State]
        states: dict[str, State] = {}
        for name, words in self.table(value, ("states",), known).items():
            for n, word in enumerate(words if isinstance(words, list) else [words]):
                if as_text(word) in states:
                    self.wrong(("states", name, n), f"'{as_text(word)}' is given twice", "keep one of the two")
                states[as_text(word)] = State(name)
        if value and State.OPEN not in states.values():
            self.wrong(("states",), "'open' is missing", "say how the desk calls a ticket that is open")
        return states

    def fields(self, value: object) -> Fields:
        at = ("tickets",)
        table = self.table(value, at, ("id", "run", "key", "state", "email", "subject"))
        for key in ("id", "run", "key", "state"):
            if value and key not in table:
                self.wrong(at, f"'{key}' is missing", "say where it stands in a ticket of a list")
        return Fields(
            **{key: self.path(table.get(key, key), (*at, key)) for key in ("id", "run", "key", "state")},
            email=self.optional(table, at, "email"),
            subject=self.optional(table, at, "subject"),
        )

    # --- verbs ---

    def verb(self, value: object, verb: str) -> tuple[Step, ...]:
        steps = value if isinstance(value, list) else [value]
        known = {*VERBS[verb], *self.values}
        read: list[Step] = []
        for n, step in enumerate(steps):
            at: Keys = (verb, n) if isinstance(value, list) else (verb,)
            read.append(self.step(step, at, verb, known))
            known |= set(read[-1].keep)
        self.whole(read, verb)
        return tuple(read)

    def whole(self, steps: Sequence[Step], verb: str) -> None:
        """That the steps of a verb together give what it promises."""
        if not steps:
            self.wrong((verb,), "there is no step", "write request: GET /path, or leave the verb out")
        elif verb == "create" and steps[-1].id is None:
            self.wrong((verb,), "'id' is missing", "say where the ticket's number stands in the answer")
        elif verb == "identify" and not any(step.expect for step in steps):
            self.wrong((verb,), "'expect' is missing", "say what only this product answers")
        elif verb == "poll" and not any(step.state for step in steps):
            self.wrong((verb,), "'state' is missing", "say where the ticket's state stands in the answer")
        elif verb == "poll" and not any(step.messages for step in steps):
            self.wrong((verb,), "'messages' is missing", "say where the messages stand in the answer")
        elif verb in LISTS and steps[-1].listing is None:
            self.wrong((verb,), "'list' is missing", "say where the tickets stand in the answer: results[*]")

    def step(self, value: object, at: Keys, verb: str, known: set[str]) -> Step:
        own = ("list", "pages") if verb in LISTS else _OWN.get(verb, ())
        table = self.table(value, at, (*_STEP, *own))
        method, path = self.request(table, at)
        self.known(path, (*at, "request"), known)
        if "json" in table:
            self.known(table["json"], (*at, "json"), known)
        if "json" in table and "form" in table:
            self.wrong((*at, "form"), "a request has 'json' or 'form', not both", "keep one of the two")
        keep = self.table(table.get("keep", {}), (*at, "keep"))
        kept = {name: self.path(where, (*at, "keep", name)) for name, where in keep.items()}
        default = "customer" if verb in _CUSTOMERS else "agent"
        side = self.one_of(table.get("as", default), (*at, "as"), ("customer", "agent"))
        return Step(
            side="customer" if side == "customer" else "agent",
            method=method,
            path=path,
            query=self.templates(table.get("query", {}), (*at, "query"), known),
            json=table.get("json"),
            form=self.templates(table["form"], (*at, "form"), known) if "form" in table else None,
            headers=self.headers(table.get("headers", {}), (*at, "headers"), known),
            expect=self.conditions(table.get("expect", {}), (*at, "expect"), known | set(kept)),
            keep=kept,
            id=self.optional(table, at, "id"),
            version=self.optional(table, at, "version"),
            state=self.optional(table, at, "state"),
            messages=self.messages(table["messages"], (*at, "messages"), known | set(kept))
            if "messages" in table
            else None,
            listing=self.listing(table, at) if "list" in table else None,
        )

    def request(self, table: Mapping[str, object], at: Keys) -> tuple[str, str]:
        parts = _REQUEST.fullmatch(as_text(table.get("request")))
        if parts:
            return parts[1], parts[2]
        self.wrong((*at, "request"), "a request is a method and a path of the host", "write GET /api/tickets/{ticket}")
        return "GET", "/"

    def messages(self, value: object, at: Keys, known: set[str]) -> Messages:
        table = self.table(value, at, ("list", "id", "text", "author"))
        for key in ("list", "id", "author"):
            if key not in table:
                self.wrong(at, f"'{key}' is missing", "see docs/helpdesks.md")
        rules = table.get("author", [])
        if not isinstance(rules, list):
            self.wrong((*at, "author"), "the rules are a list", "write - agent: {path: value}")
            rules = []
        return Messages(
            list=self.path(table.get("list", "x"), (*at, "list")),
            id=self.path(table.get("id", "x"), (*at, "id")),
            text=self.optional(table, at, "text"),
            authors=tuple(self.rules(rules, (*at, "author"), known)),
        )

    def rules(self, rules: list[object], at: Keys, known: set[str]) -> Iterator[tuple[Author | None, Conditions]]:
        names = [author.value for author in Author] + ["hidden"]
        for n, rule in enumerate(rules):
            for name, conditions in self.table(rule, (*at, n), names).items():
                yield None if name == "hidden" else Author(name), self.conditions(conditions, (*at, n, name), known)

    def listing(self, table: Mapping[str, object], at: Keys) -> Listing:
        pages = self.table(table.get("pages", {}), (*at, "pages"), ("size", "next"))
        size = pages.get("size")
        if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 1):
            self.wrong((*at, "pages", "size"), "a page's size is a whole number above 0", "write size: 100")
            size = None
        asked = [
            as_text(table.get("request")),
            *map(as_text, self.table(table.get("query", {}), (*at, "query")).values()),
        ]
        if size is not None and not any("{page}" in text for text in asked):
            self.wrong((*at, "pages"), "no page is asked for", 'put page: "{page}" under query')
        return Listing(self.path(table["list"], (*at, "list")), size, self.optional(pages, (*at, "pages"), "next"))

    # --- the small parts ---

    def conditions(self, value: object, at: Keys, known: set[str]) -> Conditions:
        conditions = []
        for path, wanted in self.table(value, at).items():
            options = wanted if isinstance(wanted, list) else [wanted]
            self.known(options, (*at, path), known)
            conditions.append((self.path(path, (*at, path)), tuple(options)))
        return tuple(conditions)

    def path(self, value: object, at: Keys) -> Path:
        text = as_text(value)
        if not _PATH.fullmatch(text) or text.startswith("."):
            self.wrong(at, f"'{text}' is no path into an answer", "write a.b, a[0].b, a[*].b or a[name=CSAT].b")
            return ()
        segments: list[str | int | Every | Having] = []
        for number, key, equal, name in _SEGMENT.findall(text):
            segments.append(int(number) if number else Having(key, equal) if key else name or Every())
        return tuple(segments)

    def optional(self, table: Mapping[str, object], at: Keys, key: str) -> Path | None:
        return self.path(table[key], (*at, key)) if key in table else None

    def templates(self, value: object, at: Keys, known: set[str]) -> dict[str, str]:
        return {key: self.template(text, (*at, key), known) for key, text in self.table(value, at).items()}

    def headers(self, value: object, at: Keys, known: set[str]) -> dict[str, str]:
        """Templates, of which none is a secret written out: what fills one is the token, or comes with the contact."""
        headers = self.templates(value, at, known)
        for name, text in headers.items():
            if _SECRET.fullmatch(str(name)) and not set(PLACEHOLDER.findall(text)) - set(self.values):
                self.wrong((*at, name), "a secret does not belong in a mapping", _OF_TOKENS)
        return headers

    def template(self, value: object, at: Keys, known: set[str]) -> str:
        if isinstance(value, dict | list):
            self.wrong(at, "text belongs here", "write it in quotes")
            return ""
        self.known(value, at, known)
        return as_text(value)

    def known(self, template: object, at: Keys, known: set[str]) -> None:
        """That every placeholder is one that is filled here."""
        if isinstance(template, dict):
            for key, value in template.items():
                self.known(value, (*at, key), known)
        elif isinstance(template, list):
            for n, value in enumerate(template):
                self.known(value, (*at, n), known)
        elif isinstance(template, str):
            for name in PLACEHOLDER.findall(template):
                if name not in known:
                    self.wrong(at, f"nothing fills {{{name}}} here", did_you_mean(name, sorted(known)))

    def table(self, value: object, at: Keys, keys: Sequence[str] | None = None) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.wrong(at, "keys and values belong here", "write key: value")
            return {}
        for key in value:
            if keys is not None and key not in keys:
                self.wrong((*at, key), f"'{key}' is unknown", did_you_mean(key, keys))
        return {key: inner for key, inner in value.items() if keys is None or key in keys}

    def one_of(self, value: object, at: Keys, known: Sequence[str]) -> str:
        if value not in known:
            self.wrong(at, f"'{as_text(value)}' is unknown", did_you_mean(as_text(value), known))
        return as_text(value)

    def text(self, value: object, at: Keys) -> str:
        if not isinstance(value, str):
            self.wrong(at, "text belongs here", "write it in quotes")
        return as_text(value)

    def wrong(self, path: Keys, what: str, hint: str = "") -> None:
        self.wrongs.append(Wrong(path, what, hint))
