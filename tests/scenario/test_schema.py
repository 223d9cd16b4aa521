"""The JSON Schema: it refuses nothing that the reader accepts, warns of what is plainly wrong, and is fresh."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from random import Random
from typing import Annotated, Any, get_args, get_origin

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError, create_model

from sim.errors import SimError
from sim.scenario import schema, spec, words, yaml
from sim.scenario.keys import ANY, Key, defaults_of, walk
from sim.scenario.read import read
from sim.scenario.written import Written

ROOT = Path(__file__).parents[2]
SCHEMA = schema.json_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
FILES = sorted([*(ROOT / "scenarios").rglob("*.yaml"), *(ROOT / "docs").rglob("*.yaml")])
TYPES = {
    name: said
    for name, said in {**vars(words), **vars(spec)}.items()
    if get_origin(said) is Annotated and any(isinstance(each, Written) for each in get_args(said))
}
"""Every type of value that is written in words."""
KEYS = list(walk())
BASE = """\
customers: {count: 20000, issues: 0.08/month}
channels:
  phone: {staff: 12, hours: 08:00-20:00}
  video: {kind: live, rate: 3/h, hours: 08:00-20:00}
groups: {front: {answers: [video], staff: 3}}
"""


def refused(data: object) -> list[str]:
    """What the schema says against a scenario, by path."""
    return [f"{yaml.dotted(tuple(error.absolute_path))}: {error.message}" for error in VALIDATOR.iter_errors(data)]


def accepted(text: str, folder: Path) -> bool:
    """Whether the reader accepts a text as a scenario."""
    path = folder / "read.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        read(path)
    except SimError:
        return False
    return True


def test_it_is_a_schema_for_editors() -> None:
    """It is valid JSON Schema with its properties at the top, and names no host as its own."""
    Draft202012Validator.check_schema(SCHEMA)
    assert "$ref" not in SCHEMA
    assert {"phone", "channels", "customers", "extends", "variants"} <= SCHEMA["properties"].keys()
    assert SCHEMA["$id"] == "urn:supportsim:scenario"


def test_the_shipped_schema_is_fresh() -> None:
    """scenarios/scenario.schema.json is what `python -m sim.report.pages` would write."""
    assert json.loads((ROOT / "scenarios" / schema.FILE).read_text(encoding="utf-8")) == SCHEMA


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_first_line_of_a_scenario_names_the_schema(path: Path) -> None:
    """An editor that opens a scenario of the project finds the schema beside it, and has nothing to say against it."""
    text = path.read_text(encoding="utf-8")
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
    assert named is not None
    assert json.loads((path.parent / named[1]).read_text(encoding="utf-8")) == SCHEMA
    assert refused(yaml.parse(text, str(path)).data) == []


def texts(path: Path) -> list[str]:
    """The texts of several lines in a Python file; of a page, the blocks of YAML."""
    if path.suffix == ".md":
        return re.findall(r"^```yaml\n(.*?)^```$", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def test_no_scenario_of_the_tests_and_pages_is_refused(tmp_path: Path) -> None:
    """Every text in tests and documentation that the reader accepts as a scenario, the schema accepts."""
    found = set()
    for path in sorted([*(ROOT / "tests").rglob("*.py"), *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]):
        found |= {text for text in texts(path) if "\n" in text and ": " in text and accepted(text, tmp_path)}
    assert len(found) >= 24
    for text in sorted(found):
        assert refused(yaml.parse(text, "test").data) == [], text


def at(key: Key, value: object, name: str = "video") -> dict[str, Any]:
    """A scenario that says no more than this value at this key, below this name where the user chooses one."""
    data: Any = value
    for part in reversed(key.path):
        data = {name if part == ANY else part: data}
    return data  # type: ignore[no-any-return]


def merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    both = dict(one)
    for key, value in other.items():
        inner = both.get(key)
        both[key] = merged(inner, value) if isinstance(value, dict) and isinstance(inner, dict) else value
    return both


@pytest.mark.parametrize("key", KEYS, ids=lambda key: ".".join(key.path))
def test_a_key_may_be_left_empty_where_the_reader_lets_it(key: Key, tmp_path: Path) -> None:
    """What the reader takes for left to its default, the schema does not refuse."""
    data = merged(yaml.parse(BASE, "base").data, at(key, None))
    if accepted(json.dumps(data), tmp_path):
        assert refused(data) == []


@pytest.mark.parametrize("key", KEYS, ids=lambda key: ".".join(key.path))
def test_what_is_shown_of_a_key_is_accepted(key: Key) -> None:
    """Each key has a meaning, and its examples and its defaults are values that the schema accepts there."""
    assert key.meaning
    for example in key.form.written.examples:
        assert refused(at(key, example)) == []
    for channel, default in defaults_of(key).items():
        assert refused(at(key, default.value, channel or "video")) == []


# --- what the reader reads, the schema accepts ------------------------------------------------------------------------

WORDS = (
    "s",
    "Min",
    "hours",
    "d",
    "weeks",
    "%",
    "x",
    "×",
    "EUR",
    "/h",
    "/month",
    "within",
    "after",
    "mon",
    "Sat",
    "daily",
)
NUMBERS = ("0", "1", ".5", "2.", "1_000", "1e3", "+3", "−2", "0.0", "99")
EDITS = (
    (r"\d[\d.]*", NUMBERS), (r"[A-Za-z%×]+", WORDS), ("-", ("–", " - ", "−")), (" ", ("", "  ")),
    ("$", (" ",)), ("^", (" ",)),
)  # fmt: skip


def edited(example: Any, luck: Random) -> Any:
    """An example with some of its words, numbers and spaces changed, or a number in place of it."""
    if isinstance(example, dict):
        return {str(edited(key, luck)): edited(value, luck) for key, value in example.items()}
    if isinstance(example, list):
        return [edited(each, luck) for each in example]
    if luck.random() < 0.1:
        return luck.choice([0, 1, 7, 0.5, 0.0, 1.5, 1e3, True])
    text = str(example)
    for pattern, others in luck.choices(EDITS, k=luck.randrange(4)):
        places = list(re.finditer(pattern, text))
        if places:
            place = luck.choice(places)
            text = text[: place.start()] + luck.choice(others) + text[place.end() :]
    return luck.choice([text, text, text, text.upper(), text.lower(), text.title()])


@pytest.mark.parametrize("name", TYPES)
def test_what_the_reader_reads_the_schema_accepts(name: str) -> None:
    """No value that can be read is refused, however it is spelled; the examples of each type are read."""
    how = next(each for each in get_args(TYPES[name]) if isinstance(each, Written))
    reader = create_model("Reader", __base__=spec.Spec, value=(TYPES[name], ...))
    for example in how.examples:
        reader.model_validate({"value": example})
    luck = Random(name)
    checked = 0
    for value in [edited(luck.choice(how.examples), luck) for _ in range(150)]:
        try:
            reader.model_validate({"value": value})
        except ValidationError:
            continue
        checked += 1
        assert list(Draft202012Validator(how.schema).iter_errors(value)) == [], value
    assert checked >= 5


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("phone: {patiance: 3m}", "phone"), ("phone: {patience: 3}", "phone.patience"),
        ("channels: {video: {kind: alive}}", "channels.video.kind"), ("customers: many", "customers"),
        ("targets: {phone: 80% in 20s}", "targets.phone"), ("staf: 3", ""), ("phone: {shape: phones}", "phone.shape"),
        ("groups: {front: {staff: {monday to friday at 9: 3}}}", "groups.front.staff"),
        ("variants: {more: {phone.patience: 3}}", "variants.more.phone.patience"),
        ("variants: {more: {fone.staff: 3}}", "variants.more"), ("phone: {hours: 8-20}", "phone.hours"),
        ("variants: {more: {channels.video.at_once: 99}}", "variants.more.channels.video.at_once"),
        ("policies: {routing: live_fisrt}", "policies.routing"), ("phone: {share: 58}", "phone.share"),
    ],
)  # fmt: skip
def test_an_editor_warns(text: str, path: str) -> None:
    """What is plainly wrong is refused where it stands."""
    assert any(said.startswith(f"{path}: ") for said in refused(yaml.parse(text, "x").data))
