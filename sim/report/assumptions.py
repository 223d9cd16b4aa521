"""What a scenario assumes: every default in use, with its range, grade and source."""

from __future__ import annotations

from typing import Any

from sim.scenario.read import Scenario


def document(scenario: Scenario) -> dict[str, Any]:
    return {
        "scenario": scenario.name,
        "file": scenario.file,
        "digest": scenario.digest,
        "channels": list(scenario.spec.channels),
        "mistakes": [],
        "assumed": [
            {"path": path, "value": it.value, "range": it.range, "grade": it.grade, "source": it.source}
            for path, it in scenario.assumed.items()
        ],
    }


def text(scenario: Scenario) -> str:
    """For people: the verdict, then the defaults, the weakest evidence first."""
    assumed = sorted(scenario.assumed.items(), key=lambda item: -ord(item[1].grade))
    lines = [f"{scenario.file}: no mistakes.", ""]
    if not assumed:
        return lines[0]
    lines.append("It leaves to defaults (grade A: peer-reviewed or fitted data, B: benchmark, C: judgement):")
    width = max(len(path) for path, _ in assumed)
    for path, default in assumed:
        range_ = f" (range {default.range})" if default.range else ""
        lines.append(f"  {default.grade}  {path.ljust(width)}  {_words(default.value)}{range_}; {default.source}")
    return "\n".join(lines)


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {inner}" for key, inner in value.items())
    return str(value)
