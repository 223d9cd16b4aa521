"""What a key means, how it is written, its default and the evidence for it; and what a scenario has there.

``sim validate --explain phone.patience`` for keys and sections of a scenario, and for the constants of satisfaction and
churn, which are the same in every scenario.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path as File
from textwrap import wrap
from typing import Any

from pydantic import BaseModel

from sim.defaults import CHANNELS, GROUP_WITH_ABSENCE, GROUP_WITH_SHIFTS, LIKE, Default
from sim.errors import UsageError, did_you_mean
from sim.measures.constants import CONSTANTS
from sim.scenario import layers
from sim.scenario.complaints import known, meant
from sim.scenario.complete import fill
from sim.scenario.keys import ANY, Key, Path, as_written, defaults_of, is_needed, keys, shared, walk
from sim.scenario.layers import Layer
from sim.scenario.read import Scenario
from sim.scenario.spec import ScenarioSpec

WIDTH = 110
"""Columns of a line."""

GRADES = {
    "A": "peer-reviewed data, or fitted on the logs of a real call centre",
    "B": "regulator or industry benchmark",
    "C": "vendor claim or judgement",
}


def explain(path: str, scenario: Scenario | None) -> str:
    """What stands at a path, as in ``phone.patience``, ``groups.*.cost``, ``channels`` or ``churn.beta``, for people.

    Raises:
        UsageError: there is no such key.
    """
    names = tuple(str(name) for name in layers.path_of(path.strip()))
    if names[0] in _MODEL:
        return "\n".join(_constant(names))
    if names[0] in CHANNELS:
        names = ("channels", *names)
    key, rest = _find(names)
    applies = None if scenario is None else scenario.assumed.get(_dotted(names))
    lines = _value(key, names, rest, applies) if key.form.part is None else _section(key, names, rest)
    here = [] if scenario is None else _here(key, names, scenario)
    return "\n".join([*lines, *here])


# --- finding it ------------------------------------------------------------------------------------------------------


def _find(names: Path) -> tuple[Key, Path]:
    """The key that a path leads to, and what of the path is left: the name of an entry, or a place in a table."""
    part: type[BaseModel] = ScenarioSpec
    at: Path = ()
    left = names
    while True:
        found = {key.name: key for key in keys(part, at)}
        if left[0] not in found:
            raise UsageError(f"there is no key {'.'.join(names)}", _hint(names[: len(names) - len(left) + 1]))
        key, left = found[left[0]], left[1:]
        below = left[1:] if key.form.named else left
        if key.form.part is None and left and "object" not in key.form.written.schema.get("type", ()):
            raise UsageError(f"there are no keys in {'.'.join(names[: -len(left)])}", f"it is {key.form.written.kind}")
        if key.form.part is None or not below:
            return key, left
        part, at, left = key.form.part, key.inside, below


def _hint(names: Path) -> str:
    """The keys that may be meant: of the same section, else of any, else constants."""
    *holder, name = names
    paths = [key.path for key in walk()] + [tuple(path.split(".")) for path in CONSTANTS]
    found = [path for path in paths if path[-1] == name]
    near = meant(names)
    if near != names and (holder or not found):
        return f"did you mean '{_dotted(near)}'?"
    if not found:
        found = [path for path in paths if meant((*path[:-1], name)) == path]
    if found and not holder:
        return f"did you mean {' or '.join(repr(_of_phone(path)) for path in dict.fromkeys(found[:3]))}?"
    return f"known here: {', '.join(known(tuple(holder)))}"


def _of_phone(path: Path) -> str:
    """A key of every channel as one of them has it, which no shell takes for a pattern."""
    return _dotted(("phone", *path[2:]) if path[:2] == ("channels", ANY) else path)


def _dotted(path: Iterable[str | int]) -> str:
    return ".".join(map(str, path))


# --- saying it -------------------------------------------------------------------------------------------------------


def _value(key: Key, names: Path, rest: Path, applies: Default | None) -> Iterator[str]:
    how = key.form.written
    how = how.each or how if rest else how
    yield from wrap(f"{_dotted(names)}: {how.keys.get(rest[0], key.meaning) if rest else key.meaning}", WIDTH)
    yield ""
    yield from _labelled("written", how.kind + (f"; {how.unit}" if how.unit else ""))
    for number, example in enumerate(how.examples):
        yield from _labelled("" if number else "such as", as_written(example))
    yield from _labelled("note", how.note)
    for number, (name, meaning) in enumerate({**how.keys, **how.choices}.items()):
        yield from _labelled("" if number else "where", f"{name}: {meaning}")
    yield from _defaults(key, names) if applies is None else _default(applies)


def _default(default: Default, where: str = "") -> Iterator[str]:
    yield from _labelled("default", as_written(default.value) + where)
    yield from _evidence(default)


def _defaults(key: Key, names: Path) -> Iterator[str]:
    found = defaults_of(key)
    if names[0] == "channels" and names[1] in found:
        found = {"": found[names[1]]}
    if not found:
        yield from _labelled("default", "none; it has to be given" if is_needed(key) else "none")
    for channels, default in shared(found):
        yield from _labelled("default", as_written(default.value))
        yield from _labelled("  of", ", ".join(channels))
        yield from _evidence(default)
    if found and key.name == "shrinkage":
        yield from _default(GROUP_WITH_SHIFTS["shrinkage"], " with shifts, which show the breaks")
        if key.path[0] == "groups":
            yield from _default(GROUP_WITH_ABSENCE["shrinkage"], " with absence, which is drawn; 19% with both")
    if found and "" not in found:
        likes = ", ".join(f"{like} if it is {kind}" for kind, like in LIKE.items())
        others = "it has to be given" if is_needed(key) else f"the default of {likes}"
        yield from _labelled("others", f"of a channel of your own, {others}")


def _evidence(default: Default) -> Iterator[str]:
    yield from _labelled("  range", default.range)
    yield from _labelled("  grade", f"{default.grade}: {GRADES[default.grade]}" if default.grade else "")
    yield from _labelled("  source", default.source)


def _section(key: Key, names: Path, rest: Path) -> Iterator[str]:
    part = key.form.part
    assert part is not None
    about = " ".join((part.__doc__ or "").split()) if rest else key.meaning
    yield from wrap(f"{_dotted(names)}: {about}", WIDTH)
    yield ""
    inner = f"{_dotted(names)}.{'NAME.' if key.form.named and not rest else ''}"
    yield from _listed({each.name: each.meaning for each in keys(part, key.inside)})
    yield ""
    yield from wrap(f"Each with its default and the evidence: sim validate --explain {inner}KEY", WIDTH)


def _listed(meanings: Mapping[str, str]) -> Iterator[str]:
    width = max(map(len, meanings)) + 4
    for name, meaning in meanings.items():
        yield from wrap(f"  {name}".ljust(width) + meaning, WIDTH, subsequent_indent=" " * width, drop_whitespace=True)


def _labelled(label: str, text: str) -> Iterator[str]:
    """A line with its label, further ones indented; none where there is nothing to say."""
    if text:
        yield from wrap(f"  {label}".ljust(12) + text, WIDTH, subsequent_indent=" " * 12)


_MODEL = {path.partition(".")[0] for path in CONSTANTS}


def _constant(names: Path) -> Iterator[str]:
    """A constant of satisfaction or churn, or all of them."""
    path = _dotted(names)
    below = {other: it.meaning for other, (_, it) in CONSTANTS.items() if other.startswith(f"{path}.")}
    if below:
        yield f"{path}: constants of the model, the same in every scenario (docs/satisfaction.md)"
        yield ""
        yield from _listed(below)
        return
    if path not in CONSTANTS:
        raise UsageError(f"there is no constant {path}", did_you_mean(path, tuple(CONSTANTS)))
    value, it = CONSTANTS[path]
    yield from wrap(f"{path}: {it.meaning}", WIDTH)
    yield ""
    yield from _labelled("value", as_written(value) + (f" {it.unit}" if it.unit else ""))
    yield from _evidence(Default(value, it.range, it.grade, it.source))
    yield from _labelled("note", "the same in every scenario; see docs/satisfaction.md")


# --- what a scenario has there ---------------------------------------------------------------------------------------


def _here(key: Key, names: Path, scenario: Scenario) -> Iterator[str]:
    stack = _layers(scenario)
    data = layers.merged(stack)
    yield ""
    yield f"In {scenario.file}:"
    for path in _paths(names, fill(data)[0]):
        yield from wrap(
            f"  {_dotted(path)}: {_said(key, path, data, stack, scenario)}", WIDTH, subsequent_indent="    "
        )


def _layers(scenario: Scenario) -> list[Layer]:
    files, _ = layers.of_file(File(scenario.file))
    variant = [] if scenario.variant is None else [layers.variants(files)[0][scenario.variant]]
    return [*files, *variant, *map(layers.of_assignment, scenario.sets)]


def _paths(names: Path, data: Any) -> list[Path]:
    """The path with every ``*`` in it replaced by each name that the scenario has there."""
    paths: list[Path] = [()]
    for name in names:
        paths = [(*path, each) for path in paths for each in (_at(data, path) or () if name == ANY else (name,))]
    return paths


def _said(key: Key, path: Path, data: Any, stack: list[Layer], scenario: Scenario) -> str:
    """What the scenario says at a path, and where; else its default."""
    given = _at(data, path)
    if given is not None:
        place = layers.blamed(stack, path).mistake(path, "", "")
        where = f"{place.file}:{place.line}:{place.column}" if place.line else place.file
        return f"{', '.join(given) if key.form.part is not None else as_written(given)} ({where})"
    default = scenario.assumed.get(_dotted(path))
    if default is not None or key.preset is not None:
        return f"{as_written(default.value if default is not None else key.preset)} (the default)"
    return "nothing is said"


def _at(data: Any, path: Path) -> Any:
    """What stands at a path, or above it where that is no mapping; None where nothing does."""
    for name in path:
        if not isinstance(data, dict):
            break
        data = data.get(name)
    return data
