"""A load test as data: the JSON document of ``sim load --json``, and the measures of its window as a table."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from io import StringIO
from typing import Any

from sim.load.books import percentile
from sim.load.ledger import Delivery
from sim.load.limits import Verdict
from sim.load.observe import Observed
from sim.report import load_facts
from sim.report.document import measure

ORIGIN = (
    "run", "digest", "scenario", "file", "scenario_digest", "population_digest", "seed", "replication", "helpdesk",
    "host", "window", "drain", "speed", "agents", "channels",
)  # fmt: skip
"""What of the plan says where it all comes from; window and drain in ticks (ms) of the scenario."""


def document(observed: Observed) -> dict[str, Any]:
    """The whole test, but for the folder it is in. Latencies, lags and rates are of the wall, in seconds; measures are
    in scenario time, without an interval: one run has none. What never ended, or is not known, is null."""
    offered, achieved = load_facts.rates(observed)
    return {
        "source": "observed",
        **{name: observed.plan[name] for name in ORIGIN},
        "exit_code": observed.exit_code,
        "meaning": load_facts.outcome(observed, "RUN").meaning,
        "thresholds": [_threshold(verdict) for verdict in observed.verdicts],
        "generator": _generator(observed)
        | {"offered_rate": offered[0], "achieved_rate": achieved[0]}
        | {"busiest_offered_rate": offered[1], "busiest_achieved_rate": achieved[1]},
        "ledger": _ledger(observed),
        "steps": [_step(step) for step in load_facts.each_step(observed)],
        "mail": {"unmatched": observed.books.unmatched, "intake": _spread(observed.intake)},
        "detection": _spread([row.detected for row in observed.deliveries if row.detected is not None]),
        "foreign_tickets_refused": observed.books.foreign,
        "tickets_standing": observed.standing,
        "measures": measures(observed),
    }


def measures(observed: Observed) -> list[dict[str, Any]]:
    """The measures of the window: of each channel that was sent, and of the whole desk (channel null), in which
    channels that were not sent count as they were simulated."""
    return [measure(figure, observed.currency) for figure in observed.figures]


def measures_csv(observed: Observed) -> str:
    """The same, one row each, in the columns of a simulated run's."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for number, row in enumerate(measures(observed)):
        band = row.pop("band") or {"over": None, "low": None, "high": None}
        row |= {f"band_{key}": value for key, value in band.items()}
        if number == 0:
            writer.writerow(row)
        writer.writerow(row.values())
    return text.getvalue()


def _threshold(verdict: Verdict) -> dict[str, Any]:
    return {
        "name": verdict.limit.name,
        "threshold": verdict.limit.words,
        "value": _finite(verdict.value),
        "samples": verdict.samples,
        "met": verdict.met,
        "judged": verdict.judged,
        "found": verdict.why,
    }


def _generator(observed: Observed) -> dict[str, Any]:
    valid = observed.validity
    lags = [entry.lag for entry in observed.books.entries.values() if entry.lag is not None]
    return {
        "valid": valid.valid,
        "reasons": list(valid.reasons),
        "to_be_sent": valid.rows,
        "late": valid.late,
        "late_allowed": valid.allowed,
        "late_after": valid.late_after,
        "lag": _spread(lags),
    }


def _ledger(observed: Observed) -> dict[str, Any]:
    books = observed.books
    return {
        "planned": books.planned,
        "spawned": books.spawned,
        "deliveries": {str(kind): books.count(kind) for kind in Delivery},
        "by_channel": {
            name: {str(kind): counts[kind] for kind in Delivery} for name, counts in sorted(books.by_channel().items())
        },
        "balanced": books.balanced,
        "breaks": list(books.breaks),
    }


def _step(step: load_facts.Step) -> dict[str, Any]:
    return {
        "step": step.step,
        "wire": step.wire,
        "count": len(step.from_send),
        "failed": step.failed,
        "errors": dict(step.errors),
        "from_due": None if step.from_due is None else _spread(step.from_due),
        "from_send": _spread(step.from_send),
    }


def _spread(seconds: Sequence[float]) -> dict[str, float | int | None]:
    """How many, and their percentiles by nearest rank; `max` is of those that ended."""
    shares = {f"p{100 * share:g}": _finite(percentile(seconds, share)) for share in load_facts.SHARES}
    return {"count": len(seconds), **shares, "max": _finite(load_facts.longest(seconds))}


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value
