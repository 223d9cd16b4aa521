"""A sweep for people: one line a run, what was set beside what it does."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from sim.checks import checks, passed
from sim.estimate import Estimate
from sim.report import answer, precision
from sim.report import document as single
from sim.report.thresholds import say
from sim.run import Result

WIDTH = 118

Runs = Sequence[tuple[tuple[str, ...], Result, str]]
"""What was set, what came of it, and in which folder it is."""


def text(runs: Runs) -> str:
    """A table: by run what was set, service level by channel, satisfaction and cost, each with its interval."""
    first = runs[0][1]
    channels = [channel.name for channel in first.desk.channels if not channel.automatic]
    limits = [check.limit for check in checks(first)]
    judged = bool(limits)
    # what is judged is shown, and service level and cost in any case
    extra = [limit for limit in limits if limit.measure not in ("service_level", "satisfaction", "cost")]
    header = [
        "set",
        *(f"{name} within target" for name in channels),
        *(limit.name for limit in extra),
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
                *(cell(limit.measure, limit.channel) for limit in extra),
                cell("satisfaction"),
                cell("cost"),
                *([verdict] if judged else []),
            ]
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows]
    each = sorted({result.replications for _, result, _ in runs})
    number = f"{each[0]} replications each" if len(each) == 1 else f"{each[0]} to {each[-1]} replications"
    title = f"{first.scenario.name} · {len(runs)} runs of {number}, on the same customers with the same luck"
    stopped = "".join(f"\n{' '.join(sets)}: {words}" for sets, result, _ in runs if (words := precision.text(result)))
    notes = f"Intervals are 95 % over replications.{stopped}"
    said = [textwrap.fill(line, WIDTH, subsequent_indent="  ") for line in answer.of_several(runs).splitlines()]
    return "\n\n".join(part for part in (title, "\n".join(lines), "\n".join(said), notes) if part)


def document(runs: Runs) -> dict[str, Any]:
    return {"runs": [single.document(result) | {"set": list(sets), "results": folder} for sets, result, folder in runs]}
