"""What a load test would send, before it sends anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from sim.load.limits import LoadLimit, Of, needed
from sim.load.plan import Plan, busiest
from sim.load.session import NOBODY, Prepared
from sim.report.console import aligned, wrapped
from sim.units import say_duration

WIRES = {"rest": "REST", "email": "e-mail", "enter": "simulated", "skip": "left out"}


def text(made: Prepared, limits: Sequence[LoadLimit] = (), *, assumed: bool) -> str:
    """How many of what, when, and how fast at most.

    Args:
        limits: what the test has to meet; those are named that so few contacts cannot tell.
        assumed: the speed stands on how long an agent's requests usually take, as nobody has asked the desk yet.
    """
    told, plan = document(made, limits), made.plan
    rows = [("", "contacts", "by", "")]
    rows += [(each["channel"], str(each["contacts"]), each["wire"], each["why"]) for each in told["channels"]]
    lasts = say_duration(plan.seconds(plan.window[1]))
    most = say_duration(plan.seconds(plan.ends))
    speed = f"{plan.speed:g} times faster than life" + (
        ", taken from how fast such a desk usually is; a real run measures it" if assumed else ""
    )
    lines = [
        f"{plan.scenario} · load test of {told['helpdesk']} at {told['host'] or 'a desk that is not up yet'}",
        wrapped(
            f"{told['sent']} contacts would be sent in {lasts} ({speed}), at most {told['peak']} within one second and "
            f"{told['rate']:.2g} a second in the mean; with the time to answer them, at most {most}."
        ),
        aligned(rows),
        wrapped(_agents(plan.agents)),
        *(wrapped(f"⚠ {each}") for each in told["warnings"]),
        "Nothing was sent.",
    ]
    return "\n\n".join(lines)


def document(made: Prepared, limits: Sequence[LoadLimit] = ()) -> dict[str, Any]:
    plan = made.plan
    due = [plan.seconds(row.due) for row in plan.sent]
    counts = Counter(row.channel for row in plan.rows)
    return {
        "scenario": plan.scenario,
        "helpdesk": plan.helpdesk,
        "host": "" if plan.host == NOBODY else plan.host,
        "window": list(plan.window),
        "speed": plan.speed,
        "contacts": len(plan.rows),
        "sent": len(due),
        "seconds": plan.seconds(plan.window[1]),
        "rate": len(due) / max(plan.seconds(plan.window[1]), 1e-9),
        "peak": busiest(due),
        "cap": plan.rate,
        "capacity": made.capacity,
        "agents": plan.agents,
        "channels": [
            {"channel": each.name, "contacts": counts[each.name], "wire": WIRES[each.wire], "why": each.why}
            for each in plan.channels
        ],
        "warnings": list(_too_few(plan, limits)),
    }


def _too_few(plan: Plan, limits: Sequence[LoadLimit]) -> Iterator[str]:
    """The thresholds on first contacts that the planned ones are too few for; of other steps no number is known."""
    for limit in limits:
        if limit.quantile is None or not (limit.step == "create" or limit.of is Of.FIRST_RESPONSE):
            continue
        planned = sum(limit.channel in (None, row.channel) for row in plan.sent)
        least = needed(limit.quantile)
        if planned < least:
            yield (
                f"{limit.name} needs {least:,} values, and the window has {planned:,} planned: it will be "
                "missed; take a longer window or a lower percentile"
            )


def _agents(agents: str) -> str:
    if agents == "none":
        return "People at the desk answer; nobody of ours does."
    return "Synthetic agents answer by the scenario's shifts, and touch no ticket but this run's."
