"""Thresholds: what a run has to meet. ``phone.service_level: at least 80%``, ``cost: at most 45_000 EUR``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sim import units
from sim.errors import did_you_mean
from sim.measures import MEASURES
from sim.measures.base import Kind, Measure
from sim.scenario.spec import ScenarioSpec
from sim.scenario.staff import currency_of
from sim.units import Unclear, shown

_BY_CHANNEL = (
    "answer_rate", "abandonment_rate", "service_level", "service_level_less_short_abandoned",
    "service_level_of_answered", "answered_or_abandoned_within", "intervals_met", "days_met", "asa", "wait",
    "handle_time", "backlog", "backlog_age", "backlog_at_start", "backlog_clears", "backlog_clears_p90",
    "backlog_cleared", "callback_announced", "callback_wait", "chasers", "containment_rate", "escalation_rate",
    "self_service_resolved", "silent_left", "tracked", "transfer_rate",
)  # fmt: skip
"""Measures that make sense by channel only, beside all quantiles."""

_KINDS = {"live": "live", "deferrable": "deferrable", "people": "staffed", "self_service": "self-service"}
"""What the channels of a measure are called."""


@dataclass(frozen=True)
class Limit:
    """A measure, of one channel or of all (None), that is to be at least or at most `value`, in the measure's unit."""

    name: str
    words: str
    measure: str
    channel: str | None
    least: bool
    value: float

    def met(self, value: float) -> bool:
        return value >= self.value if self.least else value <= self.value


def _plain(text: str, unit: str) -> float:
    return units.number(text.removesuffix(unit).strip())


def _amount(text: str, currency: str) -> float:
    money = units.money(text)
    if money.per is not None:
        raise Unclear(f"{shown(text)} is for a length of time", f"write the amount alone, as in 45_000 {currency}")
    if money.currency != currency:
        raise Unclear(f"this is in {money.currency}, other amounts are in {currency}", "use one currency")
    return money.amount


_READERS: dict[str, Callable[[str], float]] = {"share": units.share, "s": units.duration}


Named = tuple[Measure, str | None]
"""A measure, of one channel or of all (None)."""


def only_by_channel(measure: Measure) -> bool:
    """Whether a run has no figure of the measure for all channels together."""
    return measure.name in _BY_CHANNEL or measure.kind is Kind.QUANTILE


def figure_of(name: str, spec: ScenarioSpec) -> Named:
    """The figure that a path names: ``phone.service_level``, ``cost``.

    Raises:
        Unclear: no such measure or channel, or a measure that is not reported for it.
    """
    channels = tuple(spec.channels)
    parts = name.split(".")
    channel, measure = (parts[0], parts[1]) if len(parts) == 2 else (None, name)
    known = {each.name: each for each in MEASURES}
    if measure not in known:
        hint = did_you_mean(measure[:60], tuple(known))
        short = hint if hint.endswith("?") else "docs/measures.md lists them, as in phone.service_level"
        raise Unclear(f"there is no measure {shown(measure)}", short)
    if channel is not None and channel not in channels:
        raise Unclear(f"there is no channel {shown(channel)}", did_you_mean(channel[:60], channels))
    if channel is not None and not known[measure].channels:
        raise Unclear(f"{measure} is of the whole desk", f"write {measure} without the channel")
    fits = known[measure].fits
    if channel is not None and not fits(spec.channels[channel].kind):
        kind = _KINDS[known[measure].channels]
        raise Unclear(f"{measure} is of {kind} channels, and {channel} is none", "name another channel or measure")
    if channel is None and only_by_channel(known[measure]):
        fit = next((each for each in channels if fits(spec.channels[each].kind)), "phone")
        raise Unclear(f"{measure} is of a channel", f"write it as in {fit}.{measure}")
    return known[measure], channel


def value_of(text: str, measure: Measure, spec: ScenarioSpec) -> float:
    """A value of a measure, in its unit. Raises `Unclear`."""
    if measure.unit == "money":
        return _amount(text, currency_of(spec))
    return _READERS[measure.unit](text) if measure.unit in _READERS else _plain(text, measure.unit)


def limit_of(name: str, words: str, spec: ScenarioSpec) -> Limit:
    """A threshold as written: its path and its words.

    Raises:
        Unclear: no such measure or channel, a measure that is not reported for it, a value that does not fit its unit.
    """
    measure, channel = figure_of(name, spec)
    _, direction, text = words.split(" ", 2)
    value = value_of(text, measure, spec)
    if measure.unit == "points" and value > 100:
        raise Unclear(f"{shown(text)} is more than {measure.name} can be", "give 100 or less")
    return Limit(name, words, measure.name, channel, direction == "least", value)
