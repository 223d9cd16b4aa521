"""What a scenario is laid together from: the file, what it extends, a variant, and what `--set` changes.

Each layer is a tree of its own with the place of every value, so that a mistake is shown where somebody made it. Higher
layers win: sections (mappings whose keys the schema or the user names) are merged key by key, and everything else, a
table of staff say, is replaced as a whole.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.errors import Mistake, ScenarioError, UsageError, did_you_mean
from sim.scenario import yaml
from sim.scenario.complaints import is_section, known
from sim.scenario.complete import Keys, spell_out

DEEPEST = 10
"""Files that extend one another, at most."""
WITH_DOTS: tuple[Keys, ...] = (("thresholds",), ("uncertainty",), ("load", "thresholds"))
"""Sections whose keys are paths themselves: below them a dotted path is one key."""
STAFFING = "staffing"
"""``staffing.CHANNEL`` is short for the staff of whoever answers the channel first."""
AS_IS = ("as is", "as_is", "as-is")
"""What the file itself is called beside its variants."""
_PAIRS = (("staff", "shifts"), ("rate", "volume"), ("factor", "issues"), ("busy_days", "forecast_error"))
_INSTEAD = dict(_PAIRS) | {other: one for one, other in _PAIRS}
"""Keys of the schema of which one replaces the other."""


@dataclass(frozen=True)
class Layer:
    """One tree of changes. `moved` maps paths with short forms spelled out to those that were written."""

    data: dict[str, Any]
    moved: dict[Keys, Keys]
    document: yaml.Document
    folder: Path
    """What paths of files in it are relative to."""
    prefix: Keys = ()
    """Where in the document the tree stands."""
    told: str = ""
    """The words on the command line, of a layer that does not come from a file."""
    paths: tuple[Keys, ...] = ()
    """Dotted paths that were written: only what stands at their end is replaced."""

    def written(self, path: Keys) -> Keys:
        """The path as the user wrote it in this layer; without the number of an item where they wrote no list."""
        moved = next((path[:n] for n in range(len(path), 0, -1) if path[:n] in self.moved), ())
        if path and not moved and not self.told:
            # a key within a dotted path stands where that path does
            moved = next((at for at in self.paths if at[: len(path)] == path), ())
        written = self.moved.get(moved, self.prefix) + path[len(moved) :]
        while written and isinstance(written[-1], int) and not self.told and written not in self.document.places:
            written = written[:-1]
        return written

    def reach(self, path: Keys) -> int:
        """How much of a path this layer holds."""
        here: Any = self.data
        for number, key in enumerate(path):
            entries: Any = dict(enumerate(here)) if isinstance(here, list) else here
            if not isinstance(entries, dict) or key not in entries:
                return number
            here = entries[key]
        return len(path)

    def mistake(self, path: Keys, what: str, hint: str, *, at_key: bool = False) -> Mistake:
        """A mistake where the user made it: a value where it stands, a mapping at its key."""
        written = self.written(path)
        if self.told:
            return Mistake(self.told, 0, 0, yaml.dotted(written), what, hint)
        place = self.document.place_of(written)
        if not at_key and not isinstance(_value(self.document.data, written), dict | None):
            place = self.document.values.get(written, place)
        return Mistake(self.document.name, place.line, place.column, yaml.dotted(written), what, hint)


def of_file(path: Path) -> tuple[list[Layer], list[Mistake]]:
    """The layers of a file, the file that all others extend first, and the mistakes that did not stop the reading.

    Raises:
        ScenarioError: a file cannot be understood at all, or extends itself. UsageError: there is no such file.
    """
    layers: list[Layer] = []
    mistakes: list[Mistake] = []
    seen: list[Path] = []
    while True:
        document = _document(path, layers, mistakes)
        mistakes += document.mistakes
        seen.append(_itself(path))
        data = dict(document.data)
        base = data.pop("extends", None)
        data.pop("variants", None)
        spelled, moved = spell_out(data)
        layers.append(Layer(spelled, moved, document, path.parent))
        if base is None:
            return layers[::-1], mistakes
        path = path.parent / _named(base, layers[-1])
        if _itself(path) in seen or len(seen) == DEEPEST:
            names = " extends ".join(file.name for file in (*seen, path))
            what = f"the files go round in a circle: {names}" if _itself(path) in seen else f"more than {DEEPEST} files"
            raise ScenarioError([*mistakes, layers[-1].mistake(("extends",), what, "let one of them stand alone")])


def _itself(path: Path) -> Path:
    """The file behind all links; links that go round in a circle lead nowhere, which reading the file will say."""
    try:
        return path.resolve()
    except RuntimeError:
        return path


def _named(base: Any, layer: Layer) -> str:
    if isinstance(base, str) and base.strip():
        return base
    raise ScenarioError([layer.mistake(("extends",), "this is not a file", "name one scenario, as in base.yaml")])


def _document(path: Path, above: Sequence[Layer], mistakes: Sequence[Mistake]) -> yaml.Document:
    """A file; that one which is extended cannot be read is a mistake of the one that extends it."""
    try:
        return yaml.read(path)
    except UsageError as problem:
        if not above:
            raise
        hint = problem.hint or "give its path from here"
        raise ScenarioError([*mistakes, above[-1].mistake(("extends",), problem.what, hint)]) from None


def variants(layers: Sequence[Layer]) -> tuple[dict[str, Layer], list[Mistake]]:
    """The variants of a file, by name, as layers above it; those of what it extends stand below its own."""
    found: dict[str, Layer] = {}
    mistakes: list[Mistake] = []
    for layer in layers:
        named = layer.document.data.get("variants")
        if named is None:
            continue
        if not isinstance(named, dict):
            hint = "write evenings: {phone.staff: 14}"
            mistakes.append(layer.mistake(("variants",), "these are not variants by name", hint))
            continue
        for name, changes in named.items():
            prefix = ("variants", name)
            if name in AS_IS:
                what = f"'{name}' is what the file itself is called beside its variants"
                mistakes.append(layer.mistake(prefix, what, "give the variant another name", at_key=True))
            if not isinstance(changes, dict) or not changes:
                hint = f"write {name}: {{phone.staff: 14}}"
                mistakes.append(layer.mistake(prefix, "this is no set of changes", hint))
                continue
            found[name] = of_changes(changes, layer, prefix)
    return found, mistakes


def of_changes(changes: dict[str, Any], layer: Layer, prefix: Keys) -> Layer:
    """Changes by dotted paths, which stand at `prefix` in the document of a layer, as a layer of their own."""
    data, moved = _undotted(changes, prefix)
    return Layer(data, moved, layer.document, layer.folder, prefix, paths=tuple(moved))


def said(layer: Layer) -> list[str]:
    """What a layer changes, as the user wrote it: path: value."""
    words = []

    def walk(value: Any, path: str) -> None:
        if isinstance(value, dict) and value:
            for key, inner in value.items():
                walk(inner, f"{path}.{key}" if path else str(key))
        else:
            said = f"[{', '.join(map(str, value))}]" if isinstance(value, list) else value
            words.append(f"{path}: {'none' if said is None else said}")

    walk(_value(layer.document.data, layer.prefix), "")
    return words


def _undotted(changes: dict[str, Any], prefix: Keys) -> tuple[dict[str, Any], dict[Keys, Keys]]:
    """Changes by dotted paths as a tree with its short forms spelled out, and where each stands."""
    whole: dict[str, Any] = {}
    places: dict[Keys, Keys] = {}
    for dotted, value in changes.items():
        keys = path_of(dotted)
        tree, moved = spell_out(nested(keys, value))
        at = _spelled(keys, moved)
        places[at] = (*prefix, dotted)
        _lay(whole, tree, (), (at,))
    return whole, places


def _spelled(keys: Keys, moved: dict[Keys, Keys]) -> Keys:
    return next((spelled + keys[len(written) :] for spelled, written in moved.items()), keys)


def of_assignment(assignment: str, below: Mapping[str, Any] | None = None) -> Layer:
    """The layer of one `--set PATH=VALUE`; `below` is the tree it lies on, for ``staffing.CHANNEL=…``.

    Raises:
        UsageError: it is no assignment. ScenarioError: the value is not YAML.
    """
    dotted, found, text = assignment.partition("=")
    told = f"--set {_cut(assignment)}"
    keys = path_of(dotted)
    if not found or not all(keys):
        raise UsageError(f"{told}: not an assignment", "write it as in --set phone.staff=12")
    if keys[0] == STAFFING and below is not None:
        keys = _staffing(keys, below, told)
    try:
        document = yaml.parse(f"value: {text}", told)
        mistakes: Sequence[Mistake] = document.mistakes
    except ScenarioError as problem:
        mistakes = problem.mistakes
    if mistakes or document.data.keys() != {"value"}:
        # without the places within this one value
        wrong = [Mistake(told, 0, 0, dotted, m.what.partition("; first at")[0], m.hint) for m in mistakes]
        raise ScenarioError(wrong or [Mistake(told, 0, 0, dotted, "more than one value", "write it on one line")])
    data, moved = spell_out(nested(keys, document.data["value"]))
    return Layer(data, moved, document, Path(), (), told, (_spelled(keys, moved),))


def _staffing(keys: Keys, below: Mapping[str, Any], told: str) -> Keys:
    """Where the people stand who answer a channel first: in its own staff, or in that of the one group that does.

    Raises:
        UsageError: there is no such channel, or several groups answer it first.
    """
    name, channels, groups = keys[1] if len(keys) == 2 else "", below.get("channels"), below.get("groups")
    if not isinstance(channels, dict) or name not in channels:
        known = tuple(channels) if isinstance(channels, dict) else ()
        hint = did_you_mean(str(name), known) or "write it as in --set staffing.phone=12"
        raise UsageError(f"{told}: there is no channel '{name}'", hint)
    channel = channels[name] if isinstance(channels[name], dict) else {}
    if channel.get("staff") is not None or channel.get("shifts") is not None:
        return ("channels", name, "staff")
    named = groups.items() if isinstance(groups, dict) else ()
    mine = [group for group, it in named if isinstance(it, dict) and name in (it.get("answers") or ())]
    if len(mine) != 1:
        who = f"{' and '.join(map(str, mine))} answer it first" if mine else "no group answers it first"
        raise UsageError(f"{told}: {who}", "say whose staff, as in --set groups.NAME.staff=12")
    return ("groups", mine[0], "staff")


def path_of(dotted: str) -> Keys:
    """The keys of a dotted path, as one types it."""
    keys = tuple(part.strip() for part in dotted.split("."))
    holder = next((at for at in WITH_DOTS if keys[: len(at)] == at and len(keys) > len(at)), None)
    return keys if holder is None else (*holder, ".".join(keys[len(holder) :]))


def nested(keys: Keys, value: Any) -> dict[str, Any]:
    """A tree that holds a value at a path."""
    tree: Any = copy.deepcopy(value)
    for key in reversed(keys):
        tree = {key: tree}
    return tree  # type: ignore[no-any-return]


def merged(layers: Sequence[Layer]) -> dict[str, Any]:
    """The tree of all layers, later ones above earlier ones."""
    whole: dict[str, Any] = {}
    for layer in layers:
        _lay(whole, copy.deepcopy(layer.data), (), layer.paths)
    return whole


def _lay(below: dict[str, Any], above: dict[str, Any], path: Keys, written: Sequence[Keys]) -> None:
    for key, value in above.items():
        here = (*path, key)
        other = _INSTEAD.get(key) if key in known(path) else None
        if other is not None and value is not None and above.get(other) is None:
            below.pop(other, None)
        deeper = is_section(here) or any(keys[: len(here)] == here != keys for keys in written)
        if isinstance(value, dict) and isinstance(below.get(key), dict) and deeper:
            _lay(below[key], value, here, written)
        elif value is not None or not isinstance(below.get(key), dict):
            below[key] = value


def blamed(layers: Sequence[Layer], path: Keys) -> Layer:
    """The layer to show a mistake at a path in: the highest that sets this value; where it concerns a section, the file
    that holds most of the path, rather than a variant or `--set`."""
    reach = [layer.reach(path) for layer in layers]
    best = [layer for layer, far in zip(layers, reach, strict=True) if far == max(reach)]
    held = path[: max(reach)]
    if not is_section(held) or not isinstance(_value(best[-1].data, held), dict | None):
        return best[-1]
    files = [layer for layer in best if not layer.told and not layer.prefix]
    return files[-1] if files else best[-1]


def _value(data: Any, path: Keys) -> Any:
    """What stands at a path; None where nothing does."""
    for key in path:
        entries = dict(enumerate(data)) if isinstance(data, list) else data
        if not isinstance(entries, dict):
            return None
        data = entries.get(key)
    return data


def _cut(text: str) -> str:
    # what stands before a host may be a password
    text = re.sub(r"[^\s=]*:.*@", "…@", " ".join(text.split()))
    return text if len(text) <= 60 else f"{text[:57]}..."
