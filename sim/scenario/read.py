"""Reading a scenario: its layers, defaults, schema, tables of staff, replayed log, checks; every mistake at once."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sim.defaults import CHANNELS, Default
from sim.errors import Mistake, ScenarioError, SimError, UsageError, did_you_mean
from sim.logs import Log, LogColumns, log_digest, read_log
from sim.scenario import layers
from sim.scenario.check import check
from sim.scenario.complaints import explain, meant
from sim.scenario.complete import Keys, fill
from sim.scenario.layers import Layer
from sim.scenario.rota import TABLES
from sim.scenario.spec import ScenarioSpec
from sim.scenario.staff import Filling

REPLAY: Keys = ("demand", "replay")
SAMPLE = 0.618
"""Where in a range a value is tried as it may be drawn: no round fraction, so that what must be whole is found."""
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
    """SHA-256 of everything that decides a run: what the scenario means, however it is written, and what its files
    hold."""
    variant: str | None = None
    variants: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    """What the variant and `--set` change, as path: value."""
    base: ScenarioSpec | None = None
    """Of a variant, or with `--set`: the scenario of the file itself, with whose staff its contacts were counted."""
    unused: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By table of staff: headers of the columns that nothing was read from."""
    files: tuple[Layer, ...] = ()
    """What its file says, and those that it extends …"""
    above: tuple[Layer, ...] = ()
    """… and above that its variant and what was typed after ``--set``."""

    @property
    def name(self) -> str:
        return self.spec.name


def read(path: Path, sets: Sequence[str] = (), *, variant: str | None = None) -> Scenario:
    """Read and check a scenario, or a variant of it; `sets` are ``path=value`` as typed after ``--set``.

    All variants are checked where none is asked for.

    Raises:
        ScenarioError: every mistake found, located. UsageError: no such file or variant, or a ``--set`` that is no
        assignment.
    """
    files, mistakes = layers.of_file(path)
    named, more = layers.variants(files)
    mistakes += more
    if variant is not None and variant not in named:
        hint = did_you_mean(variant, tuple(named)) or "the file has none: write them under variants"
        raise UsageError(f"{path} has no variant '{variant}'", hint)
    chosen = [named[variant]] if variant is not None else []
    below = layers.merged([*files, *chosen])
    assigned = []
    for assignment in sets:
        try:
            assigned.append(layers.of_assignment(assignment, below))
        except ScenarioError as problem:
            mistakes += problem.mistakes
    all_layers = [*files, *chosen, *assigned]
    whole = _Reading(all_layers, path, mistakes).scenario(tuple(sets))
    wrong = [] if variant is not None else list(_wrong_variants(files, named, path, whole, bool(sets)))
    wrong += _wrong_ranges(all_layers, path, whole)
    if whole is None or wrong:
        raise ScenarioError([*mistakes, *wrong])
    base = _Reading(files, path, []).scenario(()) if (chosen or assigned) and _is_counted(whole.spec) else None
    changed = [said for layer in chosen for said in layers.said(layer)] + [s.replace("=", ": ", 1) for s in sets]
    return replace(
        whole, variant=variant, variants=tuple(named), changes=tuple(changed), base=base.spec if base else None,
        files=tuple(files), above=(*chosen, *assigned),
    )  # fmt: skip


def _is_counted(spec: ScenarioSpec) -> bool:
    """Whether it depends on the staff how many first attempts the counted contacts of a channel hold."""
    return any(channel.counts.offered and channel.counts.abandoned is None for channel in spec.channels.values())


def with_values(scenario: Scenario, values: Mapping[str, str]) -> Scenario:
    """The scenario with other values, in words by path, of what neither its variant nor ``--set`` says.

    A setting of a policy has a path as `Scenario.assumed` has it: policies.response.callback(accepts). What counts as a
    default still does, so that shares of channels go on weighing them against one another. The scenario itself is not
    read again, but the tables that it names are.

    Raises:
        ScenarioError: the values cannot be.
    """
    settings = {path: word for path, word in values.items() if path.endswith(")")}
    plain = [layers.of_assignment(f"{path}={word}") for path, word in values.items() if path not in settings]
    below = [*scenario.files, *plain, *scenario.above]
    mistakes: list[Mistake] = []
    path = Path(scenario.file)
    whole = _Reading([*below, *_settings(below, settings)], path, mistakes, scenario).scenario(scenario.sets)
    if whole is None:
        raise ScenarioError(mistakes)
    return replace(
        whole, variant=scenario.variant, variants=scenario.variants, changes=scenario.changes,
        base=scenario.base or scenario.spec, files=scenario.files, above=scenario.above,
    )  # fmt: skip


def _settings(below: Sequence[Layer], values: Mapping[str, str]) -> Iterator[Layer]:
    """Settings of policies as layers: the words that name the policies, with these settings in their brackets."""
    said = layers.merged(below).get("policies") or {}
    for path, word in values.items():
        _, key, name, setting = re.split(r"[.(]", path.removesuffix(")"))
        listed = said[key] if isinstance(said[key], list) else [said[key]]
        said[key] = [_with_setting(str(policy), name, f"{setting} {word}") for policy in listed]
    for key in dict.fromkeys(path.split(".")[1] for path in values):
        yield layers.of_assignment(f"policies.{key}={json.dumps(said[key] if len(said[key]) > 1 else said[key][0])}")


def _with_setting(words: str, name: str, setting: str) -> str:
    def added(found: re.Match[str]) -> str:
        return f"{name}({', '.join(filter(None, ((found[1] or '').strip(), setting)))})"

    return re.sub(rf"\b{name}\b\s*(?:\(([^()]*)\))?", added, words, count=1)


def _wrong_ranges(below: Sequence[Layer], path: Path, base: Scenario | None) -> Iterator[Mistake]:
    """What is wrong with the ends of the ranges of what is not known, or with what is drawn between them."""
    if base is None:
        return
    for name, span in base.spec.uncertainty.items():
        layer = layers.blamed(below, ("uncertainty", name))
        found: set[Mistake] = set()
        for words in ((span.word(span.low), span.word(span.high)), (span.between(SAMPLE),)):
            for word in words if not found else ():
                mistakes: list[Mistake] = []
                end = layers.of_changes({name: word}, layer, ("uncertainty",))
                _Reading([*below, end], path, mistakes).scenario(())
                found |= set(mistakes)
        yield from found


def _wrong_variants(
    files: Sequence[Layer], named: Mapping[str, Layer], path: Path, base: Scenario | None, changed: bool
) -> Iterator[Mistake]:
    """The mistakes that the variants of a file bring in; those of the base are known."""
    for name, layer in named.items():
        mistakes: list[Mistake] = []
        found = _Reading([*files, layer], path, mistakes).scenario(())
        for mistake in mistakes:
            if mistake.path.startswith(f"variants.{name}."):
                yield mistake
            elif base is not None:
                # one that shows in the base, and only with this variant
                yield replace(mistake, what=f"with variant {name}, {mistake.what}")
        if found is not None and base is not None and not changed and found.digest == base.digest:
            yield layer.mistake((), "this variant changes nothing", "change something, or take it out")


class _Reading:
    """One scenario on its way in. Paths are those of the data with its short forms spelled out."""

    def __init__(
        self, layers_: Sequence[Layer], path: Path, mistakes: list[Mistake], known: Scenario | None = None
    ) -> None:
        """`known` is what is already read of the same files."""
        self.layers = layers_
        self.path = path
        self.known = known
        self.data = layers.merged(layers_)
        self.mistakes = mistakes
        self.unused: dict[str, tuple[str, ...]] = {}

    def scenario(self, sets: tuple[str, ...]) -> Scenario | None:
        """The scenario; None where there are mistakes, which are noted."""
        data, assumed = fill(self.data)
        if data.get("name") is None:
            data["name"] = self.path.stem
        spec, broken = self._validated(data)
        self._find_unstaffed(broken)
        log = None
        if spec is not None:
            spec, assumed = self._with_staff(spec, assumed, broken)
            log = self._log(spec, broken)
            defaults = assumed if self.known is None else {**self.known.assumed, **assumed}
            for path, what, hint, about in check(spec, log, defaults):
                if not any(path[: len(gone)] == gone for gone in broken) and not any(
                    _overlap(place, gone) for place in about for gone in broken
                ):
                    self._mistake(path, what, hint)
        if self.mistakes or spec is None:
            return None
        text = self.path.read_text("utf-8-sig") if self.known is None else self.known.text
        digest = _digest(spec, log)
        return Scenario(spec, str(self.path), text, sets, assumed, log, digest, unused=self.unused)

    def _find_unstaffed(self, broken: set[Keys]) -> None:
        """A group has staff or shifts, which no schema says: it would name neither or both."""
        entries = self.data.get("groups")
        for name, group in entries.items() if isinstance(entries, dict) else ():
            keys = {("groups", name, key) for key in ("staff", "shifts")}
            given = isinstance(group, dict) and any(group.get(key) is not None for key in ("staff", "shifts"))
            if isinstance(group, dict | None) and not given and not keys & broken:
                self._mistake(("groups", name), "'staff' is missing", "add it, as in staff: 12")

    def _with_staff(
        self, spec: ScenarioSpec, assumed: dict[str, Default], broken: set[Keys]
    ) -> tuple[ScenarioSpec, dict[str, Default]]:
        """The scenario with its tables of staff read, and what is assumed then; where one cannot be read, its path is
        broken."""
        filling = Filling(spec, lambda path: layers.blamed(self.layers, path).folder, assumed)
        self.unused = filling.unused
        for path, problem in filling.problems:
            broken.add(path)
            for mistake in problem.mistakes if isinstance(problem, ScenarioError) else ():
                if mistake.file.lower().endswith(TABLES) and not mistake.line:
                    # of the file as a whole: it stands where the scenario names it
                    self._mistake(path, f"{mistake.file}: {mistake.what}", mistake.hint)
                else:
                    self.mistakes.append(mistake)
            if not isinstance(problem, ScenarioError):
                self._mistake(path, problem.what, problem.hint)
        left = {path: default for path, default in assumed.items() if path not in filling.said}
        return filling.spec, left | filling.assumed

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
            if location[0] in CHANNELS and not isinstance(self.data.get("channels"), dict):
                continue
            for problem in explain(location, error):
                at = location[:-1] if missing else location + tuple(problem.at)
                self._mistake(at, problem.what, problem.hint, at_key=error["type"] == "extra_forbidden")

    def _mistake(self, path: Keys, what: str, hint: str, *, at_key: bool = False) -> None:
        """Note a mistake where the user made it."""
        self.mistakes.append(layers.blamed(self.layers, path).mistake(path, what, hint, at_key=at_key))

    def _log(self, spec: ScenarioSpec, broken: set[Keys]) -> Log | None:
        replay = spec.demand.replay
        if replay is None:
            return None
        if self.known is not None and replay == self.known.spec.demand.replay:
            return self.known.log
        columns = LogColumns(
            **replay.columns.model_dump(),
            answered=replay.answered,
            abandoned=replay.abandoned,
            leave_out=tuple(replay.leave_out.items()),
            abandoned_without_wait=replay.abandoned_without_wait,
        )
        # a path in the scenario is relative to it; one typed after --set is relative to where it was typed
        path = (*REPLAY, "file")
        try:
            return read_log(layers.blamed(self.layers, path).folder / replay.file, columns)
        except ScenarioError as problem:
            # where a key that says how to read it is broken, its rows are not to blame
            if not any(keys[:2] == REPLAY and keys[2:3] != ("compare",) for keys in broken):
                self.mistakes.extend(problem.mistakes)
        except SimError as problem:
            self._mistake(path, problem.what, problem.hint)
        return None


def _overlap(one: Keys, other: Keys) -> bool:
    """Whether one path is the other, or lies below it."""
    return all(a == b for a, b in zip(one, other, strict=False))


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
    called, asks and demands of a run decides nothing; nor does what is not known, until it is drawn."""
    meaning = spec.model_copy(update={"name": "", "question": None, "thresholds": {}, "uncertainty": {}})
    if log is not None:
        assert meaning.demand.replay is not None
        replay = meaning.demand.replay.model_copy(update={"file": log_digest(log)})
        meaning = meaning.model_copy(update={"demand": meaning.demand.model_copy(update={"replay": replay})})
    return sha256(repr(meaning).encode()).hexdigest()
