"""The JSON Schema of a scenario as a user writes it, short forms too, so that an editor completes and warns.

It accepts every scenario that the reader accepts. Nothing is required: the file may extend another that says it.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from sim.defaults import CHANNELS, USUAL
from sim.scenario.keys import ANY, Key, Path, as_written, defaults_of, keys, walk
from sim.scenario.spec import Channel, ScenarioSpec
from sim.scenario.written import Schema

FILE = "scenario.schema.json"
"""Its name beside the scenarios that come with the package."""

_OWN = "channel"
"""A channel of the user's own, among the definitions; the others are called as they are."""


def json_schema() -> Schema:
    """The schema, by JSON Schema draft 2020-12, with `properties` at the top."""
    top = _section(ScenarioSpec, ())
    properties = top["properties"]
    count = properties["customers"]["properties"]["count"]
    properties["customers"] |= {key: count[key] for key in ("pattern", "minimum")} | {
        "type": [*count["type"], "object"]
    }
    short = {
        name: {"description": f"the channel {name}; short for channels.{name}"} | _channel(name) for name in CHANNELS
    }
    properties = short | properties
    properties["variants"] |= {"additionalProperties": _changes(properties)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:supportsim:scenario",
        "title": "A scenario: a support desk, who contacts it, and what it promises",
        **top,
        "properties": properties,
        "$defs": {name: _section(Channel, ("channels", ANY), name) for name in (*USUAL, _OWN)},
    }


def _section(part: type[BaseModel], at: Path, channel: str = "") -> Schema:
    """A mapping whose keys are those of a model; `channel` is the one that it describes."""
    return {
        "type": ["object", "null"] if at else "object",
        "properties": {key.name: _property(key, channel) for key in keys(part, at)},
        "additionalProperties": False,
    }


def _property(key: Key, channel: str) -> Schema:
    said = {"description": describe(key, channel)}
    part = key.form.part
    if part is None:
        return said | _value(key, channel)
    if part is Channel:
        known = {name: _channel(name) for name in CHANNELS}
        return said | {"type": ["object", "null"], "properties": known, "additionalProperties": _channel(_OWN)}
    inner = _section(part, key.inside)
    return said | ({"type": ["object", "null"], "additionalProperties": inner} if key.form.named else inner)


def _value(key: Key, channel: str) -> Schema:
    how = key.form.written
    schema = {**how.schema, "examples": [*how.examples]} if how.examples else dict(how.schema)
    default = _default(key, channel)
    if default is not None:
        schema["default"] = default.value
    if not key.optional and not defaults_of(key):
        return schema
    # an empty value is the default
    kinds = schema.get("type", "object")
    nothing = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return schema | {"type": [*([kinds] if isinstance(kinds, str) else kinds), "null"]} | nothing


def describe(key: Key, channel: str = "") -> str:
    """What an editor shows of a key: meaning, how it is written, default with range, grade and source."""
    how = key.form.written
    text = key.meaning[:1].upper() + key.meaning[1:] + "."
    if key.form.part is None:
        text += f"\nWritten as {how.kind}" + (f", in {how.unit}" if how.unit else "") + "."
    default = _default(key, channel)
    if default is None:
        return text
    text += f"\nDefault {as_written(default.value)}"
    text += f", range {default.range}" if default.range else ""
    return text + (f"; grade {default.grade}: {default.source}." if default.source else ".")


def _default(key: Key, channel: str) -> Any:
    found = defaults_of(key)
    return found.get(channel) or found.get("")


def _channel(name: str) -> Schema:
    """The definition of a channel; the known ones beside the usual are defined as one's own are."""
    return {"$ref": f"#/$defs/{name if name in USUAL else _OWN}"}


def _changes(top: Schema) -> Schema:
    """The changes of a variant: values by dotted path."""
    places: dict[str, str] = {}
    for key in walk():
        if key.path[:2] != ("channels", ANY):
            places[_dotted(key.path)] = "#/properties/" + _pointer(key.path)
            continue
        inner = key.path[2:]
        for name in USUAL:
            places[rf"(?:channels\.)?{_dotted((name, *inner))}"] = f"#/$defs/{name}/properties/{_pointer(inner)}"
        others = "|".join(name for name in CHANNELS if name not in USUAL)
        own = rf"(?:channels\.(?!(?:{'|'.join(USUAL)})\.)[^.]+|{others})\.{_dotted(inner)}"
        places[own] = f"#/$defs/{_OWN}/properties/{_pointer(inner)}"
    return {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": rf"^\s*(?:{'|'.join(top)})\s*(?:\.|$)"},
        "patternProperties": {f"^{dotted}$": {"$ref": place} for dotted, place in places.items()},
    }


def _dotted(path: Path) -> str:
    return r"\.".join("[^.]+" if name == ANY else name for name in path)


def _pointer(path: Path) -> str:
    """Where below the properties of a section the schema of a path stands."""
    return "/properties/".join(path).replace(f"properties/{ANY}", "additionalProperties")
