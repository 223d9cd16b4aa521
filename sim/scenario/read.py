"""Reading a scenario: file, ``--set``, short forms, defaults, schema, checks, replayed log; every mistake at once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from sim.defaults import Default
from sim.errors import Mistake, ScenarioError, SimError, UsageError, did_you_mean
from sim.replay import Log, LogColumns, log_digest, read_log
from sim.scenario import yaml
from sim.scenario.check import check
from sim.scenario.complete import Completed, Keys, complete
from sim.scenario.spec import ScenarioSpec


@dataclass(frozen=True)
class Scenario:
    """A valid scenario: `spec` holds every value, `assumed` which of them are defaults."""

    spec: ScenarioSpec
    file: str
    text: str
    sets: tuple[str, ...]
    assumed: Mapping[str, Default]
    log: Log | None
    digest: str
    """SHA-256 of everything that decides a run: the completed scenario and the replayed log."""

    @property
    def name(self) -> str:
        return self.spec.name


def read(path: Path, sets: Sequence[str] = ()) -> Scenario:
    """Read and check a scenario; `sets` are ``path=value`` as typed after ``--set``.

    Raises:
        ScenarioError: every mistake found, located. UsageError: no such file, or a ``--set`` that is no assignment.
    """
    document = yaml.read(path)
    reader = _Reading(document, path)
    for assignment in sets:
        reader.assign(assignment)
    return reader.scenario(tuple(sets))


class _Reading:
    def __init__(self, document: yaml.Document, path: Path) -> None:
        self.document = document
        self.path = path
        self.raw: dict[str, Any] = dict(document.data)
        self.mistakes: list[Mistake] = list(document.mistakes)
        self._set_at: dict[Keys, str] = {}

    def assign(self, assignment: str) -> None:
        """Put a value given on the command line at its path."""
        dotted, found, text = assignment.partition("=")
        keys = tuple(part.strip() for part in dotted.split("."))
        if not found or not all(keys):
            raise UsageError(f"--set {assignment}: not an assignment", "write it as in --set channels.phone.staff=12")
        value = yaml.parse(f"value: {text}", f"--set {assignment}").data["value"]
        here: Any = self.raw
        for key in keys[:-1]:
            if not isinstance(here.get(key), dict):
                here[key] = {}
            here[key] = dict(here[key])
            here = here[key]
        here[keys[-1]] = value
        self._set_at[keys] = assignment

    def scenario(self, sets: tuple[str, ...]) -> Scenario:
        completed = complete(self.raw)
        spec, broken = self._validated(completed)
        log = None
        if spec is not None:
            log = self._log(spec)
            for path, what, hint, about in check(spec, log):
                if not any(_overlap(place, other) for place in (path, *about) for other in broken):
                    self._mistake(completed, path, what, hint)
        if self.mistakes:
            raise ScenarioError(self.mistakes)
        assert spec is not None
        return Scenario(
            spec, str(self.path), self.path.read_text("utf-8-sig"), sets, completed.assumed, log,
            _digest(completed.data, log),
        )  # fmt: skip

    def _validated(self, completed: Completed) -> tuple[ScenarioSpec | None, set[Keys]]:
        """The spec, and the paths that had to be taken out for it to be valid: their mistakes are noted, and what is
        left is still checked."""
        broken: set[Keys] = set()
        rest = self.raw
        for _ in range(6):
            try:
                return ScenarioSpec.model_validate(completed.data), broken
            except ValidationError as problem:
                wrong: set[Keys] = set()
                for error in problem.errors(include_url=False, include_input=True):
                    location: Keys = tuple(error["loc"])
                    wrong.add(completed.written_at(location))
                    if not any(_overlap(location, known) for known in broken) or error["type"] == "extra_forbidden":
                        self._explain(completed, location, error)  # type: ignore[arg-type]
                    broken.add(location)
                rest, taken = _without(rest, sorted(wrong, key=str))
                broken |= {("channels", *path) if (("channels", *path[:1]) in completed.origin) else path for path in taken}
                completed.data = complete(rest).data
        return None, broken

    def _explain(self, completed: Completed, location: Keys, error: Mapping[str, Any]) -> None:
        if error["type"] == "unclear":
            for problem in error["ctx"]["problems"]:
                self._mistake(completed, location + tuple(problem.at), problem.what, problem.hint)
            return
        what, hint = _words(location, error)
        self._mistake(completed, location, what, hint)

    def _mistake(self, completed: Completed, path: Keys, what: str, hint: str) -> None:
        path = completed.written_at(path)
        told = next((text for keys, text in self._set_at.items() if _overlap(keys, path)), None)
        if told is not None:
            self.mistakes.append(Mistake(f"--set {told}", 0, 0, yaml.dotted(path), what, hint))
            return
        known_key = "unknown key" in what
        place = self.document.values.get(path) if not known_key else None
        place = place or self.document.place_of(path)
        self.mistakes.append(
            Mistake(self.document.name, place.line, place.column, yaml.dotted(path), what, hint)
        )

    def _log(self, spec: ScenarioSpec) -> Log | None:
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
        typed = ("demand", "replay", "file") in self._set_at
        file = Path(replay.file) if typed else self.path.parent / replay.file
        try:
            return read_log(file, columns)
        except ScenarioError as problem:
            self.mistakes.extend(problem.mistakes)
        except SimError as problem:
            path: Keys = ("demand", "replay", "file")
            self._mistake(Completed({}, {}, {}), path, problem.what, problem.hint)
        return None


def _overlap(one: Keys, other: Keys) -> bool:
    """Whether one path is the other, or lies below it."""
    return all(a == b for a, b in zip(one, other, strict=False))


def _without(raw: Mapping[str, Any], paths: Sequence[Keys]) -> tuple[dict[str, Any], set[Keys]]:
    """The raw data less what stands at the paths, and what was taken out: where a path is not there (a missing key),
    what holds it."""
    copy: dict[str, Any] = json.loads(json.dumps(raw))
    taken: set[Keys] = set()
    for path in paths:
        here: Any = copy
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
    return copy, taken


def _words(location: Keys, error: Mapping[str, Any]) -> tuple[str, str]:
    """A complaint of pydantic's in our words."""
    kind, value = error["type"], error.get("input")
    if kind == "extra_forbidden":
        return "unknown key", did_you_mean(str(location[-1]), _known(location[:-1]))
    if kind == "missing":
        return f"'{location[-1]}' is missing", "add it"
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        return f"{value!r} is not a set of keys", "write keys below it: " + ", ".join(_known(location)[:6])
    if kind == "string_type":
        return f"{value!r} is not a word", "put it in quotes if it is meant as text"
    if kind == "literal_error":
        return f"{value!r} is not known here", f"write {error['ctx']['expected']}"
    return f"{value!r}: {error['msg'][:1].lower()}{error['msg'][1:]}", ""


def _known(location: Keys) -> tuple[str, ...]:
    """The keys that the schema knows at a place."""
    here: Any = ScenarioSpec
    for key in location:
        if isinstance(here, type) and issubclass(here, BaseModel):
            if key not in here.model_fields:
                return ()
            here = here.model_fields[str(key)].annotation
        else:
            here = getattr(here, "__args__", (None, None))[-1]
        # X | None
        choices = [choice for choice in getattr(here, "__args__", ()) if isinstance(choice, type)]
        if not hasattr(here, "__origin__") and len(choices) > 1 and choices[-1] is type(None):
            here = choices[0]
    if isinstance(here, type) and issubclass(here, BaseModel):
        return tuple(here.model_fields)
    return ()


def _digest(data: Mapping[str, Any], log: Log | None) -> str:
    """Of the completed scenario, whatever its layout and short forms; a log counts by its calls, not by its path."""
    data = json.loads(json.dumps(data))
    if log is not None:
        data["demand"]["replay"]["file"] = log_digest(log)
    return sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
