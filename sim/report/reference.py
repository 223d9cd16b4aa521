"""The reference of the scenario language: every key, by section, from the models that read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from sim.defaults import CHANNELS, LIKE
from sim.policies import RESPONSE, ROUTING, STAFFING
from sim.report.markdown import table
from sim.scenario import written
from sim.scenario.explain import GRADES
from sim.scenario.keys import ANY, Key, as_written, defaults_of, is_needed, keys, shared, walk
from sim.scenario.written import Written

_NAME = "NAME"
"""Stands in a path for a name that the user chooses."""


def reference(written_by: str) -> str:
    """The page, in Markdown; `written_by` is the line that says where it comes from."""
    grades = ", ".join(f"{grade} is {meaning}" for grade, meaning in GRADES.items())
    text = [
        "# Every key of a scenario",
        written_by,
        "The [guide](scenario.md) shows the keys at work; this page lists them all: what each means, how it is written "
        "and what holds when it is left out. **Needed** keys have no default. In a terminal, "
        "`sim validate --explain phone.patience` says the same of one key, and `sim validate FILE` lists the defaults "
        "that a scenario uses. Editors with a YAML language server complete and check keys by "
        "`scenarios/scenario.schema.json`, which the first line of each scenario names.",
        f"Defaults have a grade of evidence: {grades}. One without a grade is a plain choice or changes nothing. What "
        "satisfaction and churn rest on is no part of a scenario: [satisfaction.md](satisfaction.md#every-constant).",
        "## At the top",
        *_section(list(keys())),
        "## Settings of the policies",
        "They stand in brackets after the name: `callback(when_wait_exceeds 3m, accepts 40%)`. A setting without a "
        "default may be left out all the same.",
        *(_settings(catalogue) for catalogue in (ROUTING, RESPONSE, STAFFING) if any(map(fields, catalogue.values()))),
        "## How values are written",
        "The same words mean the same everywhere. Decimals have a point; thousands may be marked as in 50_000.",
        *_kinds(),
    ]
    return "\n\n".join(text) + "\n"


def _section(listed: list[Key]) -> Iterator[str]:
    """The keys of a section, the defaults of those that have one, then the sections in it."""
    yield table(["key", "meaning", "written as", "unit"], map(_row, listed))
    yield from (
        table([f"`{key.name}`", ""], _said(key.form.written.choices)) for key in listed if key.form.written.choices
    )
    defaults = [row for key in listed for row in _defaults(key)]
    of_channels = listed[0].path[:2] == ("channels", ANY)
    if defaults:
        yield table(["key", *["of"] * of_channels, "default", "range", "grade", "source"], defaults)
    if of_channels:
        likes = ", ".join(f"{like} if it is {kind}" for kind, like in LIKE.items())
        yield f"A channel of your own takes the defaults of {likes}."
    for key in listed:
        if key.form.part is not None:
            yield f"## {_title(key)}"
            yield _sentence(key.meaning)
            yield from _section(list(keys(key.form.part, key.inside)))


def _title(key: Key) -> str:
    return f"`{'.'.join(key.inside).replace(ANY, _NAME)}`"


def _anchor(key: Key) -> str:
    """The link to a section: its title in small letters without punctuation."""
    return "#" + "".join(each for each in _title(key).lower() if each.isalnum() or each in "_-")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _row(key: Key) -> list[str]:
    meaning = f"{key.meaning}. **Needed**" if is_needed(key) else key.meaning
    if key.form.part is not None:
        kind = "keys by a name of your own" if key.form.named else "keys"
        return [f"[`{key.name}`]({_anchor(key)})", meaning, kind, ""]
    how = key.form.written
    example = f": `{as_written(_example(key))}`" if how.examples and not how.kind.startswith("one of") else ""
    return [f"`{key.name}`", meaning, how.kind + example, how.unit]


def _example(key: Key) -> Any:
    """A default that stands for something, else any value of the kind."""
    known = [default.value for default in defaults_of(key).values() if default.source]
    return [*known, *key.form.written.examples][0]


def _defaults(key: Key) -> Iterator[list[str]]:
    for names, default in shared(defaults_of(key)):
        channels = [] if names == ("",) else ["all" if len(names) == len(CHANNELS) else ", ".join(names)]
        yield [
            f"`{key.name}`",
            *channels,
            f"`{as_written(default.value)}`",
            default.range,
            default.grade,
            default.source,
        ]


def _settings(catalogue: Mapping[str, Any]) -> str:
    """What the policies of a catalogue can be set to; a setting that several share stands once."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for policy in catalogue.values():
        for each in fields(policy):
            said = each.metadata
            default = f"`{said['words']}`" if said["words"] else ""
            row = (f"`{each.name}`", said["meaning"], default, said["range"], said["grade"], said["source"])
            rows.setdefault(row, []).append(f"`{policy.name}`")
    listed = (["all" if len(of) == len(catalogue) else ", ".join(of), *row] for row, of in rows.items())
    return table(["of", "setting", "meaning", "default", "range", "grade", "source"], listed)


def _kinds() -> Iterator[str]:
    """Each kind of value once, and the keys of those that are mappings."""
    used = [key.form.written for key in walk() if key.form.part is None]
    used += [how.each for how in used if how.each is not None]
    kinds = [how for how in vars(written).values() if isinstance(how, Written) and how in used and how.examples]
    yield table(["kind", "unit", "such as", ""], ([how.kind, how.unit, _examples(how), how.note] for how in kinds))
    for how in kinds:
        if how.keys:
            yield f"Keys of {how.kind}:"
            yield table(["key", "meaning"], _said(how.keys))


def _examples(how: Written) -> str:
    return "<br>".join(f"`{as_written(example)}`" for example in how.examples)


def _said(meanings: Mapping[str, str]) -> Iterator[list[str]]:
    return ([f"`{word}`", meaning] for word, meaning in meanings.items())
