"""Every key of a scenario with what is known of it: meaning, how it is written, defaults.

The one source of the JSON Schema, of ``sim validate --explain`` and of the reference. It walks the models of
`sim.scenario.spec`; what a scenario need not say is what `sim.scenario.complete` fills in.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from inspect import getsource
from itertools import pairwise
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sim.defaults import CHANNELS, OFF, Default
from sim.scenario import spec, written
from sim.scenario.complete import fill
from sim.scenario.spec import ScenarioSpec
from sim.scenario.written import Written

ANY = "*"
"""Stands in a path for a name that the user chooses."""

Path = tuple[str, ...]

_OF_THE_FILE = ("name",)
"""Where nothing is said, the file's own name is read."""


@dataclass(frozen=True)
class Form:
    """What stands at a key: a value; or a section with keys of its own (`part`), or several by name."""

    written: Written
    part: type[BaseModel] | None = None
    named: bool = False


@dataclass(frozen=True)
class Key:
    """A key. `preset` is a default without evidence, as it is written; `optional`: nothing may stand there at all."""

    path: Path
    meaning: str
    form: Form
    preset: Any = None
    optional: bool = False

    @property
    def name(self) -> str:
        return self.path[-1]

    @property
    def inside(self) -> Path:
        """The path of what holds the keys of this section."""
        return (*self.path, ANY) if self.form.named else self.path


EXTENDS = Key(
    ("extends",), "another scenario, whose values hold where this one says nothing; its path is relative to this file",
    Form(Written("a file", "", ("base.yaml",), {"type": "string"})), optional=True,
)  # fmt: skip
VARIANTS = Key(
    ("variants",), "named changes, each over the scenario as it stands: what is different, by path",
    Form(Written("changes, by name", "", ({"evenings": {"phone.staff": 14, "phone.hours": "08:00-22:00"}},))),
    optional=True,
)  # fmt: skip


def keys(part: type[BaseModel] = ScenarioSpec, at: Path = ()) -> Iterator[Key]:
    """The keys of a section, in the order of its model; at the top, those too by which a scenario builds on others."""
    for name, field in part.model_fields.items():
        form = _form_of(field)
        preset = _preset(field, form)
        meaning = _meanings().get((part.__name__, name), "")
        optional = preset is None and (not field.is_required() or (*at, name) == _OF_THE_FILE)
        yield Key((*at, name), meaning, form, preset, optional)
    if not at:
        yield from (EXTENDS, VARIANTS)


@cache
def _meanings() -> dict[tuple[str, str], str]:
    """By model and field, the string below the field in the source: pydantic would look for them at every import."""
    found = {}
    models = [node for node in ast.parse(getsource(spec)).body if isinstance(node, ast.ClassDef)]
    for model in models:
        for field, below in pairwise(model.body):
            match field, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    found[model.name, name] = " ".join(text.split())
    return found


def walk(part: type[BaseModel] = ScenarioSpec, at: Path = ()) -> Iterator[Key]:
    """All keys: each section's before those of the sections in it."""
    below = list(keys(part, at))
    yield from below
    for key in below:
        if key.form.part is not None:
            yield from walk(key.form.part, key.inside)


def defaults_of(key: Key) -> dict[str, Default]:
    """The defaults of a key by the channel they are for; by the empty name where it is no key of a channel."""
    plain = Default(key.preset, "", "", "")
    own = {} if key.preset is None else {"": OFF.get((key.path[0], key.name), plain)}
    _, assumed = _completed(key.path if key.form.part is not None else ())
    if key.path[:2] != ("channels", ANY):
        default = assumed.get(".".join(key.path))
        return own if default is None else {"": default}
    channels = {name: assumed.get(".".join(("channels", name, *key.path[2:]))) for name in CHANNELS}
    return {name: found for name, default in channels.items() if (found := default or own.get("")) is not None}


def is_needed(key: Key) -> bool:
    """Whether a section cannot do without this key."""
    if key.optional or key.preset is not None:
        return False
    here: Any = _completed(key.path)[0]
    for name in key.path:
        here = here.get(name)
    return here is None


def shared(defaults: Mapping[str, Default]) -> list[tuple[tuple[str, ...], Default]]:
    """Defaults by channel, those that are the same together."""
    return [
        (tuple(name for name, other in defaults.items() if other == default), default)
        for number, default in enumerate(defaults.values())
        if default not in list(defaults.values())[:number]
    ]


def as_written(value: Any) -> str:
    """A value as it stands in a scenario, in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_quoted(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_quoted, value)) + "]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _quoted(value: Any) -> str:
    text = as_written(value)
    return f"'{text}'" if isinstance(value, str) and (not value or set(value) & set(",[]{}")) else text


def _form_of(field: FieldInfo) -> Form:
    said = next((each for each in field.metadata if isinstance(each, Written)), None)
    return _form(field.annotation) if said is None else Form(said)


def _form(annotation: Any) -> Form:
    origin, parts = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return Form(written.SECTION, annotation)
    if annotation is str:
        return Form(written.TEXT)
    if origin is Annotated:
        said = next((each for each in parts[1:] if isinstance(each, Written)), None)
        return _form(parts[0]) if said is None else Form(said)
    if origin is Literal:
        return Form(written.one_of(parts))
    if origin in (Union, UnionType) and len(parts) == 2 and parts[1] is NoneType:
        return _form(parts[0])
    if origin is dict:
        return replace(_form(parts[1]), named=True)
    raise TypeError(f"{annotation} does not say how it is written")


def _preset(field: FieldInfo, form: Form) -> Any:
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    return None if default in (None, (), {}) or isinstance(default, BaseModel) else form.written.say(default)


@cache
def _completed(without: Path = ()) -> tuple[dict[str, Any], dict[str, Default]]:
    """A scenario in which every section is there but the one at `without`, completed; and its defaults by path."""
    data = _sections(ScenarioSpec, (), without)
    for channel in data.get("channels", {}).values():
        channel["staff"] = 1
    return fill(data)


def _sections(part: type[BaseModel], at: Path, without: Path) -> dict[str, Any]:
    sections: dict[str, Any] = {}
    for key in keys(part, at):
        if key.form.part is None or key.path == without:
            continue
        names = (*CHANNELS, ANY) if key.path == ("channels",) else (ANY,)
        each = {name: _sections(key.form.part, key.inside, without) for name in names}
        sections[key.name] = each if key.form.named else each[ANY]
    return sections
