"""Reading a scenario: file, ``--set``, short forms, defaults, schema, checks, replayed log; every mistake at once."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sim.defaults import CHANNELS, Default
from sim.errors import Mistake, ScenarioError, SimError, UsageError
from sim.replay import Log, LogColumns, log_digest, read_log
from sim.scenario import yaml
from sim.scenario.check import check
from sim.scenario.complaints import explain, meant
from sim.scenario.complete import Keys, fill, spell_out, spelled_out
from sim.scenario.spec import ScenarioSpec

REPLAY: Keys = ("demand", "replay")
ROUNDS = 6
"""What is wrong is taken out and the rest validated again, at most so often: each round may empty what holds it."""


@dataclass(frozen=True, eq=False)
class Scenario:
    """A valid scenario: `spec` holds every value, `assumed` which of them are defaults."""

    spec: ScenarioSpec
    file: str
    text: str
    sets: tuple[str, ...]
    assumed: Mapping[str, Default]
    log: Log | None
    digest: str
    """SHA-256 of everything that decides a run: what the scenario means, however it is written, and the log."""

    @property
    def name(self) -> str:
        return self.spec.name


def read(path: Path, sets: Sequence[str] = ()) -> Scenario:
    """Read and check a scenario; `sets` are ``path=value`` as typed after ``--set``.

    Raises:
        ScenarioError: every mistake found, located. UsageError: no such file, or a ``--set`` that is no assignment.
    """
    reading = _Reading(yaml.read(path), path)
    for assignment in sets:
        reading.assign(assignment)
    return reading.scenario(tuple(sets))


class _Reading:
    """One scenario on its way in. Paths are those of the data with its short forms spelled out."""

    def __init__(self, document: yaml.Document, path: Path) -> None:
        self.document = document
        self.path = path
        self.data, self.origin = spell_out(document.data)
        self.mistakes: list[Mistake] = list(document.mistakes)
        self.set_at: dict[Keys, str] = {}

    def assign(self, assignment: str) -> None:
        """Put a value given on the command line at its path."""
        dotted, found, text = assignment.partition("=")
        keys = tuple(part.strip() for part in dotted.split("."))
        if not found or not all(keys):
            raise UsageError(f"--set {_cut(assignment)}: not an assignment", "write it as in --set phone.staff=12")
        told = f"--set {_cut(assignment)}"
        try:
            document = yaml.parse(f"value: {text}", told)
            mistakes = document.mistakes
        except ScenarioError as problem:
            mistakes = problem.mistakes
        if mistakes or document.data.keys() != {"value"}:
            # without the places within this one value
            wrong = [Mistake(told, 0, 0, dotted, m.what.partition("; first at")[0], m.hint) for m in mistakes]
            self.mistakes += wrong or [Mistake(told, 0, 0, dotted, "more than one value", "write it on one line")]
            return
        value = document.data["value"]
        at = keys if keys == ("customers",) and isinstance(value, dict) else spelled_out(keys)
        if at != keys and ("channels",) not in self.document.places:
            self.origin[at[:2]] = keys[:1]
        here: Any = self.data
        for key in at[:-1]:
            if not isinstance(here.get(key), dict):
                here[key] = {}
            here = here[key]
        here[at[-1]] = value
        self.set_at[at] = told

    def scenario(self, sets: tuple[str, ...]) -> Scenario:
        data, assumed = fill(self.data)
        if data.get("name") is None:
            data["name"] = self.path.stem
        spec, broken = self._validated(data)
        if spec is not None:
            log = self._log(spec, broken)
            for path, what, hint, about in check(spec, log, assumed):
                if not any(path[: len(gone)] == gone for gone in broken) and not any(
                    _overlap(place, gone) for place in about for gone in broken
                ):
                    self._mistake(path, what, hint)
        if self.mistakes:
            raise ScenarioError(self.mistakes)
        assert spec is not None
        text = self.path.read_text("utf-8-sig")
        return Scenario(spec, str(self.path), text, sets, assumed, log, _digest(spec, log))

    def _validated(self, data: dict[str, Any]) -> tuple[ScenarioSpec | None, set[Keys]]:
        """The spec, and the paths that had to be taken out for it to be valid: their mistakes are noted, and what is
        left is still checked."""
        broken: set[Keys] = set()
        rest = self.data
        for number in range(ROUNDS):
            try:
                return ScenarioSpec.model_validate(data), broken
            except ValidationError as problem:
                errors = problem.errors(include_url=False, include_input=True)
            if number == 0:
                self._explain(errors)
                broken |= {meant(tuple(error["loc"])) for error in errors if error["type"] == "extra_forbidden"}
            rest, taken = _without(rest, [tuple(error["loc"]) for error in errors])
            broken |= taken
            data = {"name": "", **fill(rest)[0]}
        return None, broken

    def _explain(self, errors: Sequence[Any]) -> None:
        """Note what the errors mean; a key that is missing because it is misspelt is one mistake, not two."""
        misspelt = {meant(tuple(error["loc"])) for error in errors if error["type"] == "extra_forbidden"}
        for error in errors:
            location: Keys = tuple(error["loc"])
            missing = error["type"] == "missing"
            if missing and location in misspelt:
                continue
            if location[0] in CHANNELS and not isinstance(self.data["channels"], dict):
                continue
            for problem in explain(location, error):
                at = location[:-1] if missing else location + tuple(problem.at)
                self._mistake(at, problem.what, problem.hint, at_key=error["type"] == "extra_forbidden")

    def _mistake(self, path: Keys, what: str, hint: str, *, at_key: bool = False) -> None:
        """Note a mistake where the user made it: a value where it stands, a mapping at its key."""
        written = self._written(path)
        for keys, told in self.set_at.items():
            if path[: len(keys)] == keys or (keys[: len(path)] == path and written not in self.document.places):
                self.mistakes.append(Mistake(told, 0, 0, yaml.dotted(written), what, hint))
                return
        place = self.document.place_of(written)
        if not at_key and not isinstance(_value(self.document.data, written), dict | None):
            place = self.document.values.get(written, place)
        self.mistakes.append(Mistake(self.document.name, place.line, place.column, yaml.dotted(written), what, hint))

    def _written(self, path: Keys) -> Keys:
        """The path as the user wrote it; without the number of an item where they wrote no list."""
        moved = next((path[:n] for n in range(len(path), 0, -1) if path[:n] in self.origin), ())
        written = self.origin.get(moved, ()) + path[len(moved) :]
        while written and isinstance(written[-1], int) and written not in self.document.places:
            written = written[:-1]
        return written

    def _log(self, spec: ScenarioSpec, broken: set[Keys]) -> Log | None:
        replay = spec.demand.replay
        if replay is None:
            return None
        columns = LogColumns(
            **replay.columns.model_dump(),
            answered=replay.answered,
            abandoned=replay.abandoned,
            leave_out=tuple(replay.leave_out.items()),
            abandoned_without_wait=replay.abandoned_without_wait,
        )
        # a path in the scenario is relative to it; one typed after --set is relative to where it was typed
        path = (*REPLAY, "file")
        typed = any(path[: len(keys)] == keys for keys in self.set_at)
        file = Path(replay.file) if typed else self.path.parent / replay.file
        try:
            return read_log(file, columns)
        except ScenarioError as problem:
            # where a key that says how to read it is broken, its rows are not to blame
            if not any(keys[:2] == REPLAY and keys[2:3] != ("compare",) for keys in broken):
                self.mistakes.extend(problem.mistakes)
        except SimError as problem:
            self._mistake(path, problem.what, problem.hint)
        return None


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def _overlap(one: Keys, other: Keys) -> bool:
    """Whether one path is the other, or lies below it."""
    return all(a == b for a, b in zip(one, other, strict=False))


def _value(data: Any, path: Keys) -> Any:
    """What stands at a path; None where nothing does."""
    for key in path:
        data = data[key] if isinstance(key, int) else data.get(key)
        if data is None:
            break
    return data


def _without(data: Mapping[str, Any], paths: Sequence[Keys]) -> tuple[dict[str, Any], set[Keys]]:
    """A copy less what stands at the paths, and what was taken out: where a path is not there (a missing key), what
    holds it."""
    rest: dict[str, Any] = copy.deepcopy(dict(data))
    taken: set[Keys] = set()
    for path in sorted(set(paths), key=len):
        if any(path[: len(gone)] == gone for gone in taken):
            continue
        here: Any = rest
        holders = []
        for key in path:
            if not isinstance(here, dict) or key not in here:
                break
            holders.append((here, key))
            here = here[key]
        if holders:
            holder, last = holders[-1]
            del holder[last]
            taken.add(path[: len(holders)])
    return rest, taken


def _digest(spec: ScenarioSpec, log: Log | None) -> str:
    """Of every value in its order, the defaults too; a log counts by its calls, not by its path. What the scenario is
    called, and asks, decides nothing."""
    meaning = spec.model_copy(update={"name": "", "question": None})
    if log is not None:
        assert meaning.demand.replay is not None
        replay = meaning.demand.replay.model_copy(update={"file": log_digest(log)})
        meaning = meaning.model_copy(update={"demand": meaning.demand.model_copy(update={"replay": replay})})
    return sha256(repr(meaning).encode()).hexdigest()
