"""What was counted, and what of it are first attempts: both totals, for whoever gave offered contacts."""

from __future__ import annotations

from sim.scenario import lower
from sim.scenario.read import Scenario
from sim.units import say_share


def counted_text(scenario: Scenario) -> str:
    """A sentence for every channel whose counts hold redials and reconnects; empty where none has them."""
    sentences = []
    for name, counted in lower.counted(scenario).items():
        redials = f"redials ({say_share(counted.abandoned)} abandon) and " if counted.abandoned else ""
        sentences.append(
            f"Of {counted.offered:,.0f} contacts that {name} is offered in a normal week, {counted.issues:,.0f} are "
            f"first attempts; the others are {redials}reconnects ({say_share(counted.again)} of the answered come "
            "back)."
        )
    return " ".join(sentences)
