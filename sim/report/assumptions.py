"""What a run assumes: every default of its scenario in use, then the constants of the model of satisfaction and churn,
each with its range, grade and source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sim.defaults import Default
from sim.measures.constants import ASSUMED
from sim.report.counted import counted_text
from sim.scenario import lower
from sim.scenario.read import Scenario


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
        **({"log": asdict(scenario.log.account)} if scenario.log is not None else {}),
        "assumed": [
            {"path": path, "value": it.value, "range": it.range, "grade": it.grade, "source": it.source}
            for path, it in {**scenario.assumed, **ASSUMED}.items()
        ],
    }


def text(scenario: Scenario) -> str:
    """For people: the verdict, then the defaults and the constants, the weakest evidence of each first."""
    parts = [
        f"{scenario.file}: no mistakes. Grade A: peer-reviewed or fitted data, B: benchmark, C: judgement.",
        f"{scenario.log.file}: {scenario.log.account}." if scenario.log is not None else "",
        counted_text(scenario),
        f"Its variants, with --variant: {', '.join(scenario.variants)}." if scenario.variants else "",
        _listed("It leaves to defaults:", scenario.assumed),
        _listed("The model of satisfaction and churn assumes (docs/satisfaction.md):", ASSUMED),
    ]
    return "\n\n".join(part for part in parts if part)


def _listed(title: str, assumed: Mapping[str, Default]) -> str:
    if not assumed:
        return ""
    lines = [title]
    width = max(len(path) for path in assumed)
    for path, default in sorted(assumed.items(), key=lambda item: -ord(item[1].grade)):
        range_ = f" (range {default.range})" if default.range else ""
        lines.append(f"  {default.grade}  {path.ljust(width)}  {words(default.value)}{range_}; {default.source}")
    return "\n".join(lines)


def words(value: Any) -> str:
    """A value as it is shown: mappings and sequences in one line."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {words(inner)}" for key, inner in value.items())
    if isinstance(value, tuple):
        return ", ".join(words(inner) for inner in value)
    return f"{value:g}".replace("-", "−") if isinstance(value, float) else str(value)
