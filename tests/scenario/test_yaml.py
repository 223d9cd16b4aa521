"""The strict reader: what values mean, where they stand, which mistakes are named, and that nothing else ever leaks."""

from __future__ import annotations

import json
import math
import os
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sim.errors import Mistake, ScenarioError, UsageError
from sim.scenario.yaml import DEEPEST, LARGEST, Document, Place, dotted, parse, read


def fatal(text: str) -> tuple[Mistake, ...]:
    with pytest.raises(ScenarioError) as caught:
        parse(text, "f.yaml")
    return caught.value.mistakes


@pytest.mark.parametrize(
    ("written", "meaning"),
    [
        ("10:30", "10:30"),
        ("190:20:30", "190:20:30"),
        ("08:00-20:00", "08:00-20:00"),
        ("2026-10-05", "2026-10-05"),
        ("no", "no"),
        ("Yes", "Yes"),
        ("on", "on"),
        ("off", "off"),
        ("y", "y"),
        ("true", True),
        ("False", False),
        ("TRUE", True),
        ("tRUE", "tRUE"),
        ("'true'", "true"),
        ("null", None),
        ("~", None),
        ("", None),
        ('""', ""),
        ("12", 12),
        ("-12", -12),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("0b11", "0b11"),
        ("50_000", "50_000"),
        ("0.5", 0.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1.", 1.0),
        ("1_0.5", "1_0.5"),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("inf", "inf"),
        ("80%", "80%"),
        ("80% within 20s", "80% within 20s"),
        ("<<", "<<"),
        ("=", "="),
        ("9" * 5000, "9" * 5000),
        ("0x" + "f" * 5000, "0x" + "f" * 5000),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", "9223372036854775808"),
        ("-9223372036854775808", -(2**63)),
        ("weibull(mean 25m, shape 0.86)", "weibull(mean 25m, shape 0.86)"),
    ],
)
def test_values_mean_what_they_look_like(written: str, meaning: object) -> None:
    """A plain value is read by YAML 1.2's core schema; clocks, dates, yes and no are text."""
    value = parse(f"a: {written}", "f").data["a"]
    assert value == meaning
    assert type(value) is type(meaning)


def test_not_a_number_is_read() -> None:
    """.nan is YAML's not-a-number."""
    value = parse("a: .nan", "f").data["a"]
    assert isinstance(value, float)
    assert math.isnan(value)


def test_keys_are_text_as_written() -> None:
    """Keys that look like numbers, clocks or booleans stay as they are written."""
    text = "{1: a, 1.50: b, true: c, 08:00-12:00: d, mon-fri 09:00-17:00: e, no: f, 010: g, 'null': h}"
    keys = ["1", "1.50", "true", "08:00-12:00", "mon-fri 09:00-17:00", "no", "010", "null"]
    assert list(parse(text, "f").data) == keys


PLACED = """\
# é
name: Desk
groups:
  frönt: {answers: [phone, chat],
    cost: 1}
list:
- a
- b: 1
"""


def test_everything_has_its_place() -> None:
    """Keys, values and items are placed by line and column from 1, in block and in flow style, after any letter."""
    document = parse(PLACED, "f")
    assert document.data == {
        "name": "Desk",
        "groups": {"frönt": {"answers": ["phone", "chat"], "cost": 1}},
        "list": ["a", {"b": 1}],
    }
    assert document.places == {
        (): (2, 1),
        ("name",): (2, 1),
        ("groups",): (3, 1),
        ("groups", "frönt"): (4, 3),
        ("groups", "frönt", "answers"): (4, 11),
        ("groups", "frönt", "answers", 0): (4, 21),
        ("groups", "frönt", "answers", 1): (4, 28),
        ("groups", "frönt", "cost"): (5, 5),
        ("list",): (6, 1),
        ("list", 0): (7, 3),
        ("list", 1): (8, 3),
        ("list", 1, "b"): (8, 3),
    }
    assert document.values[("name",)] == Place(2, 7)
    assert document.values[("groups", "frönt", "answers")] == Place(4, 20)
    assert document.values.keys() == document.places.keys()


def test_a_place_not_in_the_file_is_the_nearest_around_it() -> None:
    """What is missing is placed at the nearest mapping that should hold it."""
    document = parse("a: 1\nb:\n  c: 1\n", "f")
    assert document.place_of(("b", "c")) == (3, 3)
    assert document.place_of(("b", "x", 3)) == (2, 1)
    assert document.place_of(("x",)) == (1, 1)


def test_paths_are_said_with_dots_and_brackets() -> None:
    """A path reads as people write it."""
    assert dotted(("policies", "response", 1)) == "policies.response[1]"
    assert dotted(()) == ""


@pytest.mark.parametrize(
    ("text", "data", "mistakes"),
    [
        (
            "a: 1\nb: {c: 2}\na: {d: &x 1}\nb: 3\n",
            {"a": 1, "b": {"c": 2}},
            [
                (3, 1, "a", "given twice; first at line 1, column 1"),
                (3, 8, "", "anchors and aliases"),
                (4, 1, "b", "given twice; first at line 2, column 1"),
            ],
        ),
        ("p: {q: 1, q: 2}", {"p": {"q": 1}}, [(1, 11, "p.q", "given twice; first at line 1, column 5")]),
        ("1: a\n'1': b", {"1": "a"}, [(2, 1, "1", "given twice")]),
        ("a:\n  <<: {b: 1}\n  c: 2", {"a": {"c": 2}}, [(2, 3, "a", "merge keys (<<) are not supported")]),
        ("'<<': 1", {"<<": 1}, []),
        ("a: 1\n~: 2", {"a": 1}, [(2, 1, "", "an empty value is not a key")]),
        ("? [a, b]\n: 1\nc: 2", {"c": 2}, [(1, 3, "", "a list is not a key")]),
        ("? {a: b}\n: 1\nc: 2", {"c": 2}, [(1, 3, "", "a mapping is not a key")]),
        ("a: &x 1", {"a": 1}, [(1, 4, "a", "anchors and aliases (& and *) are not supported")]),
        ("a: !!python/object:os.x {b: 1}", {"a": {"b": 1}}, [(1, 4, "a", "'!!python/object:os.x'")]),
        ("a: !mine 1", {"a": "1"}, [(1, 4, "a", "tags such as '!mine' are not supported")]),
        ("a: ! true", {"a": "true"}, [(1, 4, "a", "tags such as '!'")]),
        ("a: !!int 1", {"a": "1"}, [(1, 4, "a", "tags such as '!!int'")]),
        ("a: 1\n---\na: 2", {"a": 1}, [(2, 1, "", "a second document starts here")]),
        ('a: "\\ud800"', {"a": ""}, [(1, 4, "a", "U+D800")]),
        ('"\\0": 1\nb: 2', {"b": 2}, [(1, 1, "", "U+0000")]),
        ("---\na: 1\n...\n", {"a": 1}, []),
        ("\ufeffa: 1", {"a": 1}, []),
        ("a: 1\r\nb: 2\r\n", {"a": 1, "b": 2}, []),
    ],
)
def test_mistakes_are_collected(text: str, data: object, mistakes: list[tuple[int, int, str, str]]) -> None:
    """What is not allowed is a located mistake, and the rest of the file is still read."""
    document = parse(text, "f.yaml")
    assert document.data == data
    assert [(m.file, m.line, m.column, m.path) for m in document.mistakes] == [("f.yaml", *m[:3]) for m in mistakes]
    for mistake, (_, _, _, words) in zip(document.mistakes, mistakes, strict=True):
        assert words in mistake.what
        assert mistake.hint
    assert all(value_at(document.data, path) is not KeyError for path in document.places)


def value_at(data: object, path: tuple[str | int, ...]) -> object:
    for key in path:
        data = data[key]  # type: ignore[index]
    return data


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("", 1, 1, "the file is empty"),
        ("# only a comment\n", 1, 1, "the file is empty"),
        ("---\n", 2, 1, "an empty value where keys and values belong"),
        ("hello", 1, 1, "the file holds text where"),
        ("- a\n- b", 1, 1, "the file holds a list where"),
        ("42", 1, 1, "the file holds a number where"),
        ("a:\n\tb: 1", 2, 1, "a tab cannot indent a line"),
        ("a:\n  b: 1\n \tc: 2", 3, 2, "a tab cannot indent a line"),
        ("a: {\tb: 1}", 1, 5, "a tab cannot stand here"),
        ("a: [1, 2\nb: 3", 1, 4, "this bracket is never closed"),
        ("a: {b: 1]", 1, 4, "this bracket is never closed"),
        ("a: [", 1, 5, "a closing bracket is missing"),
        ("a: 'b", 1, 4, "this quote is never closed"),
        ('a: "\\q"', 1, 6, "this backslash means nothing"),
        ('a: "\\U99999999"', 1, 7, "this cannot be read"),
        ("a: @b", 1, 4, "a value cannot start with '@'"),
        ("a: %b", 1, 4, "a value cannot start with '%'"),
        ("a: b: c", 1, 5, "a key cannot stand here"),
        ("a: 1\n  b: 2", 2, 4, "a key cannot stand here"),
        ("a: 1\nstaff:12\nb: 2", 2, 1, "there is no ': ' after this key"),
        ("a: - b", 1, 4, "a list item cannot stand here"),
        ("  a: 1\nb: 2", 2, 1, "the indentation does not fit"),
        ('a: "b" c', 1, 8, "this cannot stand here"),
        ("a: *", 1, 5, "anchors and aliases, not supported"),
        ("a: *b", 1, 4, "anchors and aliases (& and *) are not supported"),
        ("a: !<", 1, 6, "tags and directives, not supported"),
        ("a: b\0", 1, 5, "looks like a binary file"),
        ("a: b\x1b", 1, 5, "looks like a binary file"),
        ("a: 1\nb: \u2028", 2, 4, "the invisible character U+2028"),
        ("a: \ud800", 1, 4, "U+D800"),
    ],
)
def test_what_cannot_be_read_is_one_located_mistake(text: str, line: int, column: int, words: str) -> None:
    """A file that cannot be understood is refused with one mistake, at its place, with a hint, in plain words."""
    (mistake,) = fatal(text)
    assert (mistake.line, mistake.column) == (line, column)
    assert words in mistake.what
    assert mistake.hint
    assert "token" not in str(mistake)


def test_mistakes_before_a_fatal_one_are_named_too() -> None:
    """A duplicate key before a syntax error is reported with it."""
    assert [mistake.line for mistake in fatal("a: 1\na: 2\nb: [")] == [2, 3]


def test_an_alias_bomb_ends_at_its_first_alias() -> None:
    """A bomb of nested aliases is refused at the first alias, and nothing is expanded."""
    bomb = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in pairwise("abcdefghi"))
    start = time.perf_counter()
    mistakes = fatal(bomb)
    assert time.perf_counter() - start < 1
    assert [(mistake.line, mistake.column) for mistake in mistakes] == [(1, 4), (2, 4), (2, 8)]


def test_nesting_is_limited() -> None:
    """The deepest nesting allowed is read; one more is refused at its place, and a million more no differently."""
    inner = DEEPEST - 1
    parse("a: " + "[" * inner + "]" * inner, "f")
    for depth in (DEEPEST, 1_000_000):
        (mistake,) = fatal("a: " + "[" * depth)
        assert mistake.what == "nested more than 20 deep"
        assert (mistake.line, mistake.column) == (1, 4 + inner)
    assert fatal("a: " + "{? " * 100)[0].what == "nested more than 20 deep"


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    """A file above the limit is refused with its size, without parsing; one at the limit is read."""
    large = tmp_path / "large.yaml"
    large.write_bytes(b"\xff" * (3 * LARGEST))
    with pytest.raises(ScenarioError, match=r"the file has 3\.0 MiB; a scenario has at most 1 MiB"):
        read(large)
    with pytest.raises(ScenarioError, match="at most 1 MiB"):
        parse(" " * (LARGEST + 1), "f")
    full = tmp_path / "full.yaml"
    full.write_bytes(b"a: 1\n#".ljust(LARGEST, b"x"))
    assert read(full).data == {"a": 1}


@pytest.mark.parametrize(
    ("content", "line", "column", "words"),
    [
        (b"a: 1\nb: caf\xe9\n", 2, 7, "the byte 0xe9 is not UTF-8"),
        ("é: ".encode() + b"\xff", 1, 4, "the byte 0xff is not UTF-8"),
        ("\ufeffa: ".encode() + b"\xff", 1, 4, "the byte 0xff is not UTF-8"),
        ("a: 1".encode("utf-16"), 1, 1, "the file is UTF-16"),
        ("a: 1".encode("utf-16-be"), 1, 1, "looks like a binary file"),
        (b"\x89PNG\r\n\x1a\n\0\0", 1, 1, "looks like a binary file"),
        (b"PK\x03\x04", 1, 3, "looks like a binary file"),
        (b"", 1, 1, "the file is empty"),
    ],
)
def test_bytes_that_are_no_text(tmp_path: Path, content: bytes, line: int, column: int, words: str) -> None:
    """The first byte that is not UTF-8 text is located, and the likely kind of file is said."""
    path = tmp_path / "f.yaml"
    path.write_bytes(content)
    with pytest.raises(ScenarioError) as caught:
        read(path)
    (mistake,) = caught.value.mistakes
    assert (mistake.file, mistake.line, mistake.column) == (str(path), line, column)
    assert words in mistake.what


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    """A UTF-8 byte order mark is accepted and does not shift columns."""
    path = tmp_path / "f.yaml"
    path.write_bytes("\ufeffname: Zoë\n".encode())
    document = read(path)
    assert document == Document(str(path), {"name": "Zoë"}, document.places, document.values, ())
    assert document.values[("name",)] == (1, 7)


def test_files_that_are_not_there(tmp_path: Path) -> None:
    """A missing file, a folder, a device and an impossible name are usage errors that say what to do."""
    (tmp_path / "monday.yaml").write_text("a: 1")
    cases = [
        (tmp_path / "munday.yaml", f"there is no such file; did you mean {tmp_path / 'monday.yaml'}?"),
        (tmp_path / "monday", f"did you mean {tmp_path / 'monday.yaml'}?"),
        (tmp_path / "quite_other.txt", "there is no such file"),
        (tmp_path / "nowhere" / "x.yaml", f"there is no folder {tmp_path / 'nowhere'} either"),
        (tmp_path, "is a folder; name a scenario file in it"),
        (Path(os.devnull), "is not a file"),
        (tmp_path / ("x" * 5000), "cannot be read"),
        (tmp_path / "a\0b", ""),
    ]
    for path, words in cases:
        with pytest.raises(UsageError) as caught:
            read(path)
        assert words in str(caught.value)


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file without permission to read is a usage error with the reason."""
    path = tmp_path / "f.yaml"
    path.write_text("a: 1")

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(UsageError, match="cannot be read: permission denied"):
        read(path)


MARKS = "a[]{},'\"\\|@`#\n\t\r\0\x85\ufeffé"
WORDS = (": ", "  ", "- ", "? ", "> ", "&x ", "*x", "!", "!!str ", "<<", "---\n", "...\n", "%YAML 1.", "%TAG ! x\n")
VALUES = ("\\U99999999", "\\x00", "9" * 5000, "true", "null", "0x", ".inf")
PIECES = st.lists(st.sampled_from([*MARKS, *WORDS, *VALUES])).map("".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(content=st.one_of(st.binary(), PIECES.map(str.encode), st.text().map(str.encode)))
@example(content=b"%YAML 1." + b"9" * 5000 + b"\n---\na: 1")
@example(content=b'a: "\\U99999999"')
def test_whatever_the_bytes_only_a_scenario_error_leaks(tmp_path: Path, content: bytes) -> None:
    """Any file is read, or refused with located mistakes; what is read is plain data with a place for everything."""
    path = tmp_path / "any.yaml"
    path.write_bytes(content)
    try:
        document = read(path)
        mistakes = document.mistakes
    except ScenarioError as error:
        document = None
        mistakes = error.mistakes
    assert all(m.line >= 1 and m.column >= 1 and m.file == str(path) for m in mistakes)
    if document is None:
        assert mistakes
        return
    json.dumps(document.data, ensure_ascii=False).encode()
    for places in (document.places, document.values):
        for keys in places:
            value_at(document.data, keys)


NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | NUMBERS
TEXTS = st.text(st.characters(exclude_categories=("C", "Z")))
TREES = st.recursive(
    SCALARS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(TEXTS, TREES, max_size=4))
def test_what_json_writes_is_read_back(tree: dict[str, object]) -> None:
    """JSON is YAML: a tree of plain values written as JSON reads back as itself, every key and item placed."""
    document = parse(json.dumps(tree, ensure_ascii=False), "f")
    assert document.data == tree
    assert document.mistakes == ()
    assert len(document.places) == 1 + count_of(tree)


def count_of(tree: object) -> int:
    inner = list(tree.values()) if isinstance(tree, dict) else tree if isinstance(tree, list) else []
    return len(inner) + sum(map(count_of, inner))
