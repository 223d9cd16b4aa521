"""The durations of a scenario as distributions: a bare mean takes the form of its default."""

from __future__ import annotations

from sim import defaults
from sim.distributions import Constant, Distribution, Exponential
from sim.scenario import spec as s
from sim.scenario.words import Mean, read_time


def time_of(channel: s.Channel, key: str, name: str) -> Distribution | None:
    """A duration of a channel; a bare mean takes the form of the default."""
    value = getattr(channel, key)
    if not isinstance(value, Mean):
        return value  # type: ignore[no-any-return]
    preset = defaults.of_channel(name, channel.kind)
    form = read_time(preset[key].value)
    if isinstance(form, Distribution) and value.seconds > 0:
        return form.with_mean(value.seconds)
    return Constant(value.seconds)


def duration_of(channel: s.Channel, key: str, name: str) -> Distribution:
    """A duration of a channel that must end: handle time, wrap-up."""
    time = time_of(channel, key, name)
    assert time is not None
    return time


def kept(channel: s.Channel, name: str) -> float:
    """Mean handle time and wrap-up of a contact, as long as an agent who holds as many as allowed is kept by it."""
    total = duration_of(channel, "handle_time", name).mean + duration_of(channel, "wrap_up", name).mean
    return total * (1 + channel.slowdown * (channel.at_once - 1)) / channel.at_once


def tenure_of(segment: s.Segment) -> Distribution:
    """How long customers of a segment have been customers; a bare mean is exponential."""
    if isinstance(segment.tenure, Mean):
        return Exponential(segment.tenure.seconds)
    assert segment.tenure is not None
    return segment.tenure
