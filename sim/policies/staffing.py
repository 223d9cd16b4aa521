"""Staffing: how many agents of a group are scheduled in an interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sim.erlang import agents_needed
from sim.policies.base import IntervalView, Layout, Schedule


@dataclass(frozen=True)
class AsScheduled:
    """The scenario's own schedule."""

    name: ClassVar[str] = "as_scheduled"

    def start(self, layout: Layout) -> None:
        return None

    def decide(self, view: IntervalView, state: None) -> Schedule:
        return Schedule("as scheduled", view.scheduled)


@dataclass(frozen=True)
class ErlangC:
    """As many agents as Erlang C asks for to meet the target of the live channels, interval by interval; groups
    without live contacts keep the scenario's schedule."""

    name: ClassVar[str] = "erlang_c"

    def start(self, layout: Layout) -> None:
        return None

    def decide(self, view: IntervalView, state: None) -> Schedule:
        if view.offered <= 0 or view.handle_time <= 0:
            return Schedule("no live work is forecast", view.scheduled)
        # no number of agents answers everybody in time
        share = min(view.share, 0.9999)
        needed = agents_needed(view.offered / view.length, view.handle_time, share=share, within=view.within)
        return Schedule("Erlang C meets the target", needed)
