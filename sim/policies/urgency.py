"""Routing by customer: who goes first among those who wait for the same agents.

Live contacts still go before deferrable ones, and what a group answers first before what it answers `then`: among
contacts of the same standing, the customer decides before the wait does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from sim.errors import did_you_mean
from sim.policies.base import ATTEMPTS_TOLD, BANDS, CONTRACTS, Layout, urgency_index
from sim.policies.options import names, option
from sim.policies.routing import LiveFirst
from sim.units import Unclear

# --- the score of risk --------------------------------------------------------------------------------------------
# What a desk can look up, not the hazard by which simulated customers leave: that nobody at a desk knows. Each factor
# is in thousandths, their product in milli-points: 1,000 is a first contact of a customer of half a year who may
# leave at any time.

OF_CONTRACT = (1000, 300, 100)
"""Rolling, one year, two years. Direction only, grade C."""
OF_TENURE = (2000, 1000, 900, 800)
"""Below 4, 12 and 36 months, and beyond: newcomers leave more readily, and the bond grows with time (direction: Bolton
1998; values: judgement, grade C)."""
OF_CONTACTS = (1000, 1250, 1560, 1950)
"""First to third contact about the issue, and further ones: × 1.25 a contact, as each costs 15 points of satisfaction
(SQM, grade B) and 10 points fewer go with 1.16 times the leavers (low end of the published slopes, grade C)."""


def risk(contract: int, band: int, contacts: int) -> int:
    """The score of a customer, in milli-points.

    Args:
        contract: 0 rolling, 1 one year, 2 two years. band: of tenure, from 0. contacts: about the issue so far, from 1.
    """
    return OF_CONTRACT[contract] * OF_TENURE[band] * OF_CONTACTS[contacts - 1] // 1_000_000


# --- the policies -------------------------------------------------------------------------------------------------


def _told(layout: Layout, urgency: Callable[[int, int, int, int], int]) -> tuple[int, ...]:
    """The table of urgencies, from a function of segment, contract, band of tenure and contact of the issue."""
    table = {
        urgency_index(segment, contract, ([0, *BANDS])[band], attempt): urgency(segment, contract, band, attempt)
        for segment in range(len(layout.segments))
        for contract in range(CONTRACTS)
        for band in range(len(BANDS) + 1)
        for attempt in range(1, ATTEMPTS_TOLD + 1)
    }
    return tuple(table[index] for index in range(len(table)))


@dataclass(frozen=True)
class ByPriority(LiveFirst):
    """As live_first, but within a queue customers of the segments named go first, in the order given."""

    name: ClassVar[str] = "by_priority"

    segments: tuple[str, ...] = option(
        "", names, "the segments that go first, the first one before the others", example="small_business > households"
    )

    def urgency(self, layout: Layout) -> tuple[int, ...]:
        first = self.segments or ()
        ranks = [first.index(name) if name in first else len(first) for name in layout.segments]
        return _told(layout, lambda segment, contract, band, attempt: ranks[segment])

    def problems(self, layout: Layout) -> list[Unclear]:
        if not self.segments:
            return [Unclear("by_priority does not say who goes first", f"write by_priority(segments {_first(layout)})")]
        unknown = [name for name in self.segments if name not in layout.segments]
        return [Unclear(f"no segment is called '{name}'", did_you_mean(name, layout.segments)) for name in unknown]


def _first(layout: Layout) -> str:
    return max(zip(layout.margins, layout.segments, strict=False), default=(0, "small_business"))[1]


@dataclass(frozen=True)
class ByValue(LiveFirst):
    """As live_first, but within a queue the customers go first whose segment has the highest margin."""

    name: ClassVar[str] = "by_value"

    def urgency(self, layout: Layout) -> tuple[int, ...]:
        return _told(layout, lambda segment, contract, band, attempt: -layout.margins[segment])

    def problems(self, layout: Layout) -> list[Unclear]:
        if len(set(layout.margins)) > 1:
            return []
        return [Unclear("by_value finds one margin for all customers", "give segments with a margin of their own")]


@dataclass(frozen=True)
class ByRisk(LiveFirst):
    """As live_first, but within a queue the customers go first who are likeliest to leave, by a score from contract,
    tenure and the contacts about their issue so far: a look-up table, as a desk would keep one (grade C)."""

    name: ClassVar[str] = "by_risk"

    def urgency(self, layout: Layout) -> tuple[int, ...]:
        return _told(layout, lambda segment, contract, band, attempt: -risk(contract, band, attempt))
