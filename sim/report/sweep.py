"""A sweep for people: one line a run, what was set beside what it does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sim.checks import checks, passed
from sim.estimate import Estimate
from sim.report import document as single
from sim.report.thresholds import say
from sim.run import Result

Runs = Sequence[tuple[tuple[str, ...], Result, str]]
"""What was set, what came of it, and in which folder it is."""


def text(runs: Runs) -> str:
    """A table: by run what was set, service level by channel, satisfaction and cost, each with its interval."""
    first = runs[0][1]
    channels = [channel.name for channel in first.desk.channels]
    judged = bool(first.scenario.spec.thresholds)
    header = [
        "set",
        *(f"{name} within target" for name in channels),
        "satisfaction",
        "cost",
        *(["thresholds"] if judged else []),
    ]
    rows = [header]
    for sets, result, _ in runs:
        found = {(f.measure.name, f.channel): (f.estimate, f.measure.unit) for f in result.figures if f.segment is None}

        def cell(name: str, channel: str | None = None, found: dict[Any, tuple[Estimate, str]] = found) -> str:
            estimate, unit = found[name, channel]
            return say(estimate, "" if unit == "points" else unit, first.desk.currency)

        verdict = "met" if passed(checks(result)) else "missed"
        rows.append(
            [
                " ".join(sets),
                *(cell("service_level", name) for name in channels),
                cell("satisfaction"),
                cell("cost"),
                *([verdict] if judged else []),
            ]
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows]
    title = (
        f"{first.scenario.name} · {len(runs)} runs of {first.replications} replications each, on the same customers "
        "with the same luck"
    )
    folders = "\n".join(f"results: {folder}" for _, _, folder in runs)
    return f"{title}\n\n" + "\n".join(lines) + f"\n\nIntervals are 95 % over replications.\n\n{folders}"


def document(runs: Runs) -> dict[str, Any]:
    return {"runs": [single.document(result) | {"set": list(sets), "results": folder} for sets, result, folder in runs]}
