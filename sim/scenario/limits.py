"""Thresholds: what a run has to meet. ``phone.service_level: at least 80%``, ``cost: at most 45_000 EUR``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sim import units
from sim.errors import did_you_mean
from sim.measures import MEASURES
from sim.units import Unclear, shown


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


_READERS: dict[str, Callable[[str], float]] = {
    "share": units.share,
    "s": units.duration,
    "money": lambda text: units.money(text).amount,
}


def limit_of(name: str, words: str, channels: tuple[str, ...]) -> Limit:
    """A threshold as written: its path and its words.

    Raises:
        Unclear: no such measure or channel, a measure that is not reported for it, a value that does not fit its unit.
    """
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
    _, direction, text = words.split(" ", 2)
    unit = known[measure].unit
    value = _READERS[unit](text) if unit in _READERS else _plain(text, unit)
    return Limit(name, words, measure, channel, direction == "least", value)
