"""What a load test would send, before it sends anything."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sim.load.plan import busiest
from sim.load.session import NOBODY, Prepared
from sim.report.console import aligned, wrapped
from sim.units import say_duration

WIRES = {"rest": "REST", "email": "e-mail", "enter": "simulated", "skip": "left out"}


def text(made: Prepared, *, assumed: bool) -> str:
    """How many of what, when, and how fast at most.

    Args:
        assumed: the speed stands on how long an agent's requests usually take, as nobody has asked the desk yet.
    """
    told, plan = document(made), made.plan
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
        "Nothing was sent.",
    ]
    return "\n\n".join(lines)


def document(made: Prepared) -> dict[str, Any]:
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
    }


def _agents(agents: str) -> str:
    if agents == "none":
        return "People at the desk answer; nobody of ours does."
    return "Synthetic agents answer by the scenario's shifts, and touch no ticket but this run's."
