"""Who will contact us: the issues of one replication before any desk has met them, in words or as data.

Counts and rows begin at the start of the scenario; the run-in before it is told as one number. Names and addresses are
invented for reading and decide nothing.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from sim.population.draw import Population
from sim.population.persona import personas
from sim.scenario import lower
from sim.scenario.read import Scenario
from sim.schemas import NEVER, TICKS_PER_SECOND
from sim.tables import Array
from sim.units import say_duration

WIDTH = 118


@dataclass(frozen=True)
class People:
    """A population with what is needed to show it; `shown` is how many issues are listed."""

    scenario: Scenario
    population: Population
    seed: int
    replication: int
    shown: int


def document(people: People) -> dict[str, Any]:
    """Everything shown, as data. Durations in seconds; null is endless patience."""
    scenario, population = people.scenario, people.population
    issues = population.issues
    measured = np.flatnonzero(issues["arrival"] >= 0)
    words = _words(scenario)
    return {
        "scenario": scenario.name,
        "seed": people.seed,
        "replication": people.replication,
        "population_digest": population.digest,
        "issues": len(measured),
        "issues_of_run_in": len(issues) - len(measured),
        "customers": lower.customers(scenario),
        "customers_with_issues": len(np.unique(issues["customer"][measured])),
        "by": {
            kind: dict(zip(names, np.bincount(issues[kind][measured], minlength=len(names)).tolist(), strict=True))
            for kind, names in words.items()
        },
        "first_issues": _rows(people, measured[: people.shown], words),
    }


def text(people: People) -> str:
    """For people: how many, of what kinds, and the first of them in a table."""
    told = document(people)
    lines = [
        f"{told['scenario']} · seed {told['seed']}, replication {told['replication']} · "
        f"{_counted(told['issues'], 'issue')} of {_counted(told['customers_with_issues'], 'customer')}, "
        f"out of {told['customers']:,}"
    ]
    if told["issues_of_run_in"]:
        lines.append(f"{_counted(told['issues_of_run_in'], 'more issue')} in the run-in before the scenario starts.")
    for kind, counts in told["by"].items():
        listed = ", ".join(f"{name} {count:,}" for name, count in counts.items())
        lines.append(textwrap.fill(f"By {kind}: {listed}", WIDTH, subsequent_indent="  "))
    lines.append(f"population digest: {told['population_digest']}")
    if told["first_issues"]:
        lines += ["", _table(told["first_issues"])]
        lines += ["", "Names and addresses are invented; nothing can be delivered to them (RFC 2606)."]
    return "\n".join(lines)


def _rows(people: People, listed: Array, words: dict[str, tuple[str, ...]]) -> list[dict[str, Any]]:
    issues, dense = people.population.issues, people.population.dense
    days = lower.calendar(people.scenario)
    customers = issues["customer"][listed].tolist()
    rows = []
    for issue, persona in zip(listed.tolist(), personas(people.seed, customers), strict=True):
        patience, handle = int(dense["patience"][issue, 0]), int(dense["handle"][issue, 0])
        arrival = days.local(int(issues["arrival"][issue]) / TICKS_PER_SECOND)
        rows.append(
            {
                "issue": issue,
                "arrival": arrival.isoformat(timespec="seconds"),
                "customer": persona.customer,
                "name": persona.name,
                "email": persona.email,
                "phone": persona.phone,
                **{kind: names[int(issues[kind][issue])] for kind, names in words.items()},
                "patience": None if patience == NEVER else patience / TICKS_PER_SECOND,
                "handle_time": handle / TICKS_PER_SECOND,
            }
        )
    return rows


def _table(rows: list[dict[str, Any]]) -> str:
    lines = [("arrival", "customer", "e-mail", "segment", "channel", "intent", "patience", "handle time")]
    for row in rows:
        name, email, segment, channel, intent = (row[key] for key in ("name", "email", "segment", "channel", "intent"))
        arrival = f"{datetime.fromisoformat(row['arrival']):%a %d %b %H:%M:%S}"
        patience = "endless" if row["patience"] is None else say_duration(row["patience"])
        lines.append((arrival, name, email, segment, channel, intent, patience, say_duration(row["handle_time"])))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _words(scenario: Scenario) -> dict[str, tuple[str, ...]]:
    """What the codes of the issues mean."""
    words = lower.desk(scenario).words()
    return {kind: words[kind] for kind in ("channel", "intent", "segment")}


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"
