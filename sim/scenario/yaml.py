"""Strict YAML: every value has a place, and nothing means something else than it looks like.

A scenario needs mappings, lists, text, numbers, true, false and null, as YAML 1.2's core schema reads them: ``10:30``,
``no`` and ``2026-10-05`` stay text. Duplicate keys, anchors, aliases, tags and merge keys are mistakes, each with its
line and column. The tree is built straight from the parser's events, so nothing is expanded, nesting is known before it
is followed, and no object is ever constructed. The parser is PyYAML's Python one: its messages and columns are the same
everywhere, and a scenario takes it milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

import yaml

from sim.errors import Mistake, ScenarioError, UsageError
from sim.units import visible

LARGEST = 1 << 20
"""Bytes of the largest file read."""
DEEPEST = 20
"""Mappings and lists inside one another, at most."""

Keys = tuple[str | int, ...]
"""The way from the top of the file to a value: keys of mappings and indices of lists."""

_INTEGER = re.compile("[-+]?[0-9]+")
_BASED = re.compile("0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_WORDS: dict[str, bool | None] = dict.fromkeys(("", "~", "null", "Null", "NULL"))
_WORDS |= dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(("false", "False", "FALSE"), False)
_LONGEST_INTEGER = 20
"""Characters of the longest whole number of 64 bits; a longer one is not even converted."""
_NOT_TEXT = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_INVISIBLE = "\x85\u2028\u2029\ufeff"


class Place(NamedTuple):
    """Line and column, both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Document:
    """A file as read: its plain `data`, where everything stands, and the mistakes that did not stop the reading."""

    name: str
    data: dict[str, object]
    """Values are dict, list, str, int, float, bool or None; keys are text as written."""
    places: dict[Keys, Place]
    """Where the key of a mapping's entry, or the item of a list, stands; () is the top."""
    values: dict[Keys, Place]
    """Where the value stands."""
    mistakes: tuple[Mistake, ...]

    def place_of(self, path: Keys) -> Place:
        """The place of this key or item, else of the nearest thing around it that is in the file."""
        return next(self.places[path[:n]] for n in range(len(path), -1, -1) if path[:n] in self.places)


def read(path: Path) -> Document:
    """Read a file.

    Raises `UsageError` where there is no such file or it cannot be read, and `ScenarioError` where its content cannot
    be understood at all: not UTF-8 text, too large, too deep, not YAML, not a mapping.
    """
    return parse(_decoded(_content(path), str(path)), str(path))


def parse(text: str, name: str) -> Document:
    """Read a text; `name` is the file that messages name. Raises `ScenarioError` as `read` does."""
    text = text.removeprefix("\ufeff")
    if len(text) > LARGEST:
        raise _too_large(name, len(text))
    odd = _NOT_TEXT.search(text)
    if odd:
        raise _fatal(name, _place_at(text, odd.start()), *_not_text(odd[0]))
    return _Reader(text, name).document()


def dotted(path: Keys) -> str:
    """The path for people: ``policies.response[1]``. Long keys are cut."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{_one_line(key)}" for key in path).removeprefix(".")


def _one_line(key: str) -> str:
    key = visible(key)
    return key if len(key) <= 60 else f"{key[:57]}..."


class _Saying(NamedTuple):
    """What the parser says (a pattern over its context and problem), what that means, and what to do.

    It is shown where the parser gave up, or with `at_start` where the bracket, quote or key it was in starts.
    """

    pattern: str
    what: str
    hint: str
    at_start: bool = False


_OPEN_BRACKET = "this bracket is never closed, or a comma is missing in it"
_SAYINGS = (
    _Saying(r"'\\t' that cannot start", "a tab cannot stand here", "use spaces"),
    _Saying("cannot start any token", "a value cannot start with '{character}'", "put it in quotes"),
    _Saying(
        "mapping values",
        "a key cannot stand here",
        "mend the indentation, give the line above its ': ', or quote a value with ': ' in it",
    ),
    _Saying("block scalar", "a value cannot start with '>' or '|'", "put it in quotes", True),
    _Saying("sequence entries", "a list item cannot stand here", "put it on a line of its own, under its key"),
    _Saying("expected ':'", "there is no ': ' after this key", "write key: value, with a space after the colon", True),
    _Saying("flow (sequence|mapping)", _OPEN_BRACKET, "write {a: 1, b: 2} or [a, b]", True),
    _Saying("flow node", "a value or a closing bracket is missing here", "write {a: 1, b: 2} or [a, b]"),
    _Saying("block.*found '(<scalar>|,|}|])'", "this cannot stand here", "put the whole value in quotes"),
    _Saying("block", "the indentation does not fit the lines above", "indent the keys of one mapping alike"),
    _Saying("quoted scalar.*end of stream", "this quote is never closed", "close it", True),
    _Saying("escape", "this backslash means nothing in double quotes", "use single quotes, or double the backslash"),
    _Saying("alias|anchor", "'&' and '*' start anchors and aliases, not supported here", "put the value in quotes"),
    _Saying("tag|directive", "'!' and '%' start tags and directives, not supported here", "put the value in quotes"),
    _Saying("document start", "this does not belong to the keys above", "write key: value, indented like them"),
    _Saying("", "this cannot be read", "check quotes and brackets"),
)
"""The first that fits is used."""


class _Reader:
    """Builds the tree of one text from the parser's events, and collects places and mistakes on the way.

    A `path` of None is a value that is left out of the tree; it is read on only for its mistakes.
    """

    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name
        self.places: dict[Keys, Place] = {}
        self.values: dict[Keys, Place] = {}
        self.mistakes: list[Mistake] = []
        self.loader = yaml.SafeLoader(text)
        self.events = self._events()

    def document(self) -> Document:
        next(self.events)  # the stream's start
        if isinstance(next(self.events), yaml.StreamEndEvent):
            raise self._fatal(Place(1, 1), "the file is empty", "start with a line such as name: My support desk")
        first = next(self.events)
        top = _place(first)
        self.places[()] = top
        data = self._node(first, (), 1)
        if not isinstance(data, dict):
            hint = "start with a line such as name: My support desk"
            raise self._fatal(top, f"the file holds {_kind(data)} where keys and values belong", hint)
        next(self.events)  # the document's end
        after = next(self.events)
        if isinstance(after, yaml.DocumentStartEvent):
            self._mistake(_place(after), (), "a second document starts here", "keep one document in a file")
        return Document(self.name, data, self.places, self.values, tuple(sorted(self.mistakes, key=Mistake.order)))

    def _events(self) -> Iterator[yaml.Event]:
        try:
            while self.loader.check_event():
                yield self.loader.get_event()  # type: ignore[no-untyped-call]
        except yaml.MarkedYAMLError as error:
            raise self._syntax(error) from None
        except (yaml.YAMLError, ValueError, OverflowError):  # a number in an escape or directive that no machine holds
            mark = self.loader.get_mark()
            place = Place(mark.line + 1, mark.column + 1)
            raise self._fatal(place, "this cannot be read", "check backslashes and lines that start with %") from None

    def _node(self, event: yaml.Event, path: Keys | None, depth: int) -> object:
        place = _place(event)
        if path is not None:
            self.values[path] = place
        if isinstance(event, yaml.AliasEvent):
            what = "anchors and aliases (& and *) are not supported"
            raise self._fatal(place, what, "write the value out, or put it in quotes", path)
        assert isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent)
        self._plain_only(event, path)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, path)
        if depth > DEEPEST:
            raise self._fatal(place, f"nested more than {DEEPEST} deep", "")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path, depth)
        return self._list(path, depth)

    def _plain_only(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, path: Keys | None) -> None:
        if event.anchor is not None:
            what = "anchors and aliases (& and *) are not supported"
            self._mistake(_place(event), path, what, "write the value out, or put it in quotes")
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._mistake(_place(event), path, f"tags such as '{tag[:60]}' are not supported", "write the value alone")

    def _scalar(self, event: yaml.ScalarEvent, path: Keys | None) -> object:
        odd = _NOT_TEXT.search(event.value)
        if odd:
            what = f"the value holds the character {_code(odd[0])}, which is not text"
            self._mistake(_place(event), path, what, "delete it")
            return ""
        return _resolved(event.value) if event.tag is None and event.implicit[0] else event.value

    def _list(self, path: Keys | None, depth: int) -> list[object]:
        items: list[object] = []
        for event in self._until(yaml.SequenceEndEvent):
            inner = None if path is None else (*path, len(items))
            if inner is not None:
                self.places[inner] = _place(event)
            items.append(self._node(event, inner, depth + 1))
        return items

    def _mapping(self, path: Keys | None, depth: int) -> dict[str, object]:
        entries: dict[str, object] = {}
        firsts: dict[str, Place] = {}
        before = ("", "")
        for event in self._until(yaml.MappingEndEvent):
            place = _place(event)
            key = self._key(event, path, depth)
            inner = None if path is None or key is None else (*path, key)
            if key in firsts:
                at = f"line {firsts[key].line}, column {firsts[key].column}"
                self._mistake(place, inner, f"given twice; first at {at}", "keep one of the two")
                key = inner = None
            if inner is not None:
                self.places[inner] = place
            inside = next(self.events)
            value = self._node(inside, inner, depth + 1)
            if key is not None and value is None and before[0] in entries and self._goes_on(event):
                # one text again, which whoever reads it refuses as a whole
                entries[before[0]] = f"{before[1]},{key}"
            elif key is not None:
                firsts[key] = place
                entries[key] = value
                before = (key, inside.value if isinstance(inside, yaml.ScalarEvent) else "")
        return entries

    def _goes_on(self, event: yaml.Event) -> bool:
        """Whether a key within braces is the rest of a number with a comma: of ``{mon: 1,2x}`` it is ``2x``."""
        at = event.start_mark.index if event.start_mark is not None else 0
        return re.fullmatch("[0-9],[0-9]", self.text[max(0, at - 2) : at + 1]) is not None

    def _key(self, event: yaml.Event, path: Keys | None, depth: int) -> str | None:
        """The key as written; None where there is none, which is a mistake then."""
        key = self._node(event, None, depth + 1)
        place = _place(event)
        if key is None:
            self._mistake(place, path, "an empty value is not a key", "write key: value")
        elif not isinstance(event, yaml.ScalarEvent):
            self._mistake(place, path, f"{_kind(key)} is not a key", "write key: value; quote text with brackets")
        elif event.value == "<<" and event.implicit[0]:
            self._mistake(place, path, "merge keys (<<) are not supported", "write the keys out")
        elif not _NOT_TEXT.search(event.value):  # which is a mistake already
            return event.value
        return None

    def _until(self, end: type[yaml.Event]) -> Iterator[yaml.Event]:
        for event in self.events:
            if isinstance(event, end):
                return
            yield event

    def _mistake(self, place: Place, path: Keys | None, what: str, hint: str) -> None:
        self.mistakes.append(Mistake(self.name, *place, dotted(path or ()), what, hint))

    def _fatal(self, place: Place, what: str, hint: str, path: Keys | None = None) -> ScenarioError:
        self._mistake(place, path, what, hint)
        return ScenarioError(self.mistakes)

    def _syntax(self, error: yaml.MarkedYAMLError) -> ScenarioError:
        mark = error.problem_mark or self.loader.get_mark()
        line = re.split("\r\n?|\n", self.text)[mark.line]
        indent = line[: len(line) - len(line.lstrip())]
        if "\t" in indent:
            place = Place(mark.line + 1, indent.index("\t") + 1)
            return self._fatal(place, "a tab cannot indent a line", "use spaces")
        said = f"{error.context or ''} {error.problem or ''}"
        saying = next(saying for saying in _SAYINGS if re.search(saying.pattern, said))
        at = (error.context_mark if saying.at_start else None) or mark
        what = saying.what.replace("{character}", self.text[mark.index : mark.index + 1])
        return self._fatal(Place(at.line + 1, at.column + 1), what, saying.hint)


def _resolved(text: str) -> object:
    """A plain scalar by YAML 1.2's core schema; a whole number that does not fit 64 bits stays text."""
    if text in _WORDS:
        return _WORDS[text]
    base = 10 if _INTEGER.fullmatch(text) else 0 if _BASED.fullmatch(text) else None
    if base is not None:
        whole = int(text, base) if len(text) <= _LONGEST_INTEGER else None
        return whole if whole is not None and -(2**63) <= whole < 2**63 else text
    if _FLOAT.fullmatch(text):
        return float(text)
    if _NOT_FINITE.fullmatch(text):
        return float(text.replace(".", ""))
    return text


def _content(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise UsageError(f"{path} is a folder", "name a scenario file in it")
        if not path.exists():
            raise UsageError(f"{path}: there is no such file", _nearby(path))
        if not path.is_file():
            raise UsageError(f"{path} is not a file", "name a scenario file")
        size = path.stat().st_size
        if size > LARGEST:
            raise _too_large(str(path), size)
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"{path} cannot be read: {reason.lower()}", "check its name and permissions") from None


def _nearby(path: Path) -> str:
    if not path.parent.is_dir():
        return f"there is no folder {path.parent} either"
    names = sorted(file.name for file in path.parent.iterdir() if file.suffix in (".yaml", ".yml"))
    near = get_close_matches(path.name, names, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(str(path.parent / name) for name in near)}?" if near else ""


def _decoded(content: bytes, name: str) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _fatal(name, Place(1, 1), "the file is UTF-16", "save it as UTF-8")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8").removeprefix("\ufeff")
        byte = content[error.start]
        place = _place_at(before, len(before))
        if b"\0" in content:
            raise _fatal(name, place, "the file looks like a binary file", "a scenario is YAML text") from None
        raise _fatal(name, place, f"the byte 0x{byte:02x} is not UTF-8", "save the file as UTF-8") from None


def _place_at(text: str, index: int) -> Place:
    lines = re.split("\r\n?|\n", text[:index])
    return Place(len(lines), len(lines[-1]) + 1)


def _not_text(character: str) -> tuple[str, str]:
    if character in _INVISIBLE:
        return f"the invisible character {_code(character)} stands here", "delete it"
    return f"the character {_code(character)} is not text; the file looks like a binary file", "a scenario is YAML text"


def _code(character: str) -> str:
    return f"U+{ord(character):04X}"


def _kind(value: object) -> str:
    kinds = {dict: "a mapping", list: "a list", type(None): "an empty value", str: "text", bool: "true or false"}
    return kinds.get(type(value), "a number")


def _too_large(name: str, size: int) -> ScenarioError:
    what = f"the file has {size / LARGEST:.1f} MiB; a scenario has at most {LARGEST >> 20} MiB"
    return ScenarioError([Mistake(name, 0, 0, "", what, "keep tables in CSV files and name them in the scenario")])


def _fatal(name: str, place: Place, what: str, hint: str) -> ScenarioError:
    return ScenarioError([Mistake(name, *place, "", what, hint)])


def _place(event: yaml.Event) -> Place:
    mark = event.start_mark
    assert mark is not None
    return Place(mark.line + 1, mark.column + 1)
