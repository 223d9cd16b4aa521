"""What a run assumes: every default of its scenario in use, then the constants of the model of satisfaction and churn,
each with its range, grade and source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from textwrap import wrap
from typing import Any

from sim.defaults import Default
from sim.measures.constants import assumed_by
from sim.report.counted import counted_text
from sim.scenario import lower
from sim.scenario.read import Scenario

WIDTH = 118

_FIRST = ("shrinkage", "reconnect", "patience", "resolved_at_first_contact", "handle_time")
"""What moves staff and service level most, of what a desk can measure of itself."""


def document(scenario: Scenario) -> dict[str, Any]:
    return {
        "scenario": scenario.name,
        "file": scenario.file,
        "digest": scenario.digest,
        "channels": list(scenario.spec.channels),
        "variant": scenario.variant,
        "variants": list(scenario.variants),
        "counted": {
            name: {"offered": it.offered, "first_attempts": it.issues, "abandoned": it.abandoned, "again": it.again}
            for name, it in lower.counted(scenario).items()
        },
        "mistakes": [],
        "not_used": {file: list(headers) for file, headers in scenario.unused.items() if headers},
        **({"log": asdict(scenario.log.account)} if scenario.log is not None else {}),
        "assumed": [
            {"path": path, "value": it.value, "range": it.range, "grade": it.grade, "source": it.source}
            for path, it in {**scenario.assumed, **assumed_by(lower.desk(scenario))}.items()
        ],
    }


def text(scenario: Scenario) -> str:
    """For people: the verdict, then the defaults and the constants, the weakest evidence of each first."""
    told = [
        f"{scenario.file}: no mistakes. Grade A: peer-reviewed or fitted data, B: benchmark, C: judgement.",
        f"{scenario.log.file}: {scenario.log.account}." if scenario.log is not None else "",
        _check_first(scenario.assumed),
        counted_text(scenario),
        "\n".join(f"{file}: not used: {', '.join(headers)}" for file, headers in scenario.unused.items() if headers),
        f"Its variants, with --variant: {', '.join(scenario.variants)}." if scenario.variants else "",
    ]
    listed = [
        _listed("It leaves to defaults:", scenario.assumed),
        _listed(
            "The model of satisfaction and churn assumes (docs/satisfaction.md):", assumed_by(lower.desk(scenario))
        ),
    ]
    return "\n\n".join(
        part for part in (*("\n".join(map(_wrapped, each.splitlines())) for each in told), *listed) if part
    )


def _wrapped(line: str, indent: int = 0) -> str:
    """Lines that fit, what goes on indented; broken neither before a percent sign nor within a path."""
    kept, below = line.replace(" %", "\0%"), " " * indent
    found = wrap(kept, WIDTH, subsequent_indent=below, break_on_hyphens=False, break_long_words=False)
    return "\n".join(found).replace("\0", " ")


def _check_first(assumed: Mapping[str, Default]) -> str:
    """The defaults of grade C that a planner should look at before all others; where, if a line has room for it."""
    found = {}
    for key in _FIRST:
        weak = [path.split(".")[-2] for path, it in assumed.items() if path.endswith(f".{key}") and it.grade == "C"]
        if key == "patience":
            weak = [name for name in weak if assumed[f"channels.{name}.patience"].value != "endless"]
        if weak:
            found[key] = f"{key} ({', '.join(weak)})"
    line = f"Check first: {', '.join(found.values())}."
    if not found or len(line) <= WIDTH:
        return line if found else ""
    return f"Check first: {', '.join(found)}."


def _listed(title: str, assumed: Mapping[str, Default]) -> str:
    if not assumed:
        return ""
    lines = [title]
    width = max(len(path) for path in assumed)
    for path, default in sorted(assumed.items(), key=lambda item: -ord(item[1].grade)):
        range_ = f" (range {default.range})" if default.range else ""
        line = f"  {default.grade}  {path.ljust(width)}  {words(default.value)}{range_}; {default.source}"
        lines.append(_wrapped(line, width + 7))
    return "\n".join(lines)


def words(value: Any) -> str:
    """A value as it is shown: mappings and sequences in one line."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {words(inner)}" for key, inner in value.items())
    if isinstance(value, tuple):
        return ", ".join(words(inner) for inner in value)
    return f"{value:g}".replace("-", "−") if isinstance(value, float) else str(value)
