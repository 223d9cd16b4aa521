"""The interval table: the planner's sheet, one row an interval and channel, averaged over replications.

Offered, answered and service level beside what Erlang asks for and what is scheduled, so that the familiar column and
the simulated one stand side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from sim.desk import Channel, Desk
from sim.erlang import agents_needed
from sim.measures.summary import Summary, over_replications, ratios_by_interval
from sim.measures.work import edges
from sim.measures.workload import paid, scheduled
from sim.schemas import TICKS_PER_SECOND
from sim.tables import Floats


@dataclass(frozen=True)
class Intervals:
    """Arrays by channel and interval, shape (channels, intervals), of means over replications; `_low` and `_high` are
    95 % intervals of those means. `scheduled` and `paid` count all agents who may answer the channel, as planned."""

    starts: Floats
    """Seconds after the start of the scenario."""
    offered: Floats
    offered_low: Floats
    offered_high: Floats
    answered: Floats
    abandoned: Floats
    blocked: Floats
    service_level: Floats
    service_level_low: Floats
    service_level_high: Floats
    wait: Floats
    handle_time: Floats
    required_c: Floats
    """Agents that Erlang C asks for to meet the target with the mean offered and the mean handle time."""
    required_a: Floats
    scheduled: Floats
    paid: Floats
    occupancy: Floats
    backlog: Floats


def intervals(summaries: Sequence[Summary], desk: Desk) -> Intervals:
    def stack(name: str) -> Floats:
        return np.stack([getattr(summary.intervals, name) for summary in summaries])

    offered, offered_low, offered_high = over_replications(stack("offered"))
    # a machine's customers do not wait for anybody: they have no service level
    people = np.array([[not channel.automatic] for channel in desk.channels])
    level, low, high = ratios_by_interval(stack("within"), stack("offered") * people)
    handled, handles = stack("handled").sum(0), stack("handles").sum(0)
    length = np.diff(edges(desk)) / TICKS_PER_SECOND
    groups = [desk.answering(code) for code in range(len(desk.channels))]
    staff = scheduled(desk)
    pay = paid(desk)
    busy, present = stack("busy").sum(0), stack("present").sum(0)
    required = [
        _required(channel, offered[c] / length, float(handled[c].sum()) / max(float(handles[c].sum()), 1.0))
        for c, channel in enumerate(desk.channels)
    ]
    with np.errstate(invalid="ignore", divide="ignore"):
        return Intervals(
            starts=edges(desk)[:-1] / TICKS_PER_SECOND,
            offered=offered,
            offered_low=np.maximum(offered_low, 0),
            offered_high=offered_high,
            answered=stack("answered").mean(0),
            abandoned=stack("abandoned").mean(0),
            blocked=stack("blocked").mean(0),
            service_level=level,
            service_level_low=low,
            service_level_high=high,
            wait=stack("waited").sum(0) / stack("waiters").sum(0),
            handle_time=handled / handles,
            required_c=np.stack([c for c, _ in required]),
            required_a=np.stack([a for _, a in required]),
            scheduled=np.stack([staff[mine].sum(0) for mine in groups]),
            paid=np.stack([pay[mine].sum(0) for mine in groups]),
            occupancy=np.stack([busy[mine].sum(0) / present[mine].sum(0) for mine in groups]),
            backlog=stack("backlog").mean(0),
        )


def _required(channel: Channel, rates: Floats, handle_time: float) -> tuple[Floats, Floats]:
    """Erlang C and A for a live channel by interval; NaN for a deferrable one, whose work can wait, and for a machine.

    Erlang counts servers: where an agent holds several contacts, the servers are slots, and agents slots / at_once.
    """
    unknown = np.full(len(rates), np.nan)
    if not channel.live or channel.automatic or handle_time <= 0:
        return unknown, unknown
    share, within = min(channel.target.share, 0.9999), channel.target.within / TICKS_PER_SECOND

    @cache
    def agents(rate: float, patience: float | None) -> float:
        slots = agents_needed(rate, handle_time, share=share, within=within, patience=patience)
        return float(-(-slots // channel.at_once))

    # Erlang A needs some patience: a tick at least
    patience = None if channel.patience is None else max(channel.patience, 1 / TICKS_PER_SECOND)
    by_c = np.array([agents(rate, None) for rate in rates.tolist()])
    return by_c, by_c if patience is None else np.array([agents(rate, patience) for rate in rates.tolist()])
