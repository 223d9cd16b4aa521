"""Whether a load test fits its scenario: how each channel reaches a real desk, and what the test has to meet there.

A threshold names a step that somebody takes at the desk, and a figure of it (``create.p95: at most 800ms``,
``email.reply.send.max: at most 2s``, ``errors: at most 1%``), or how long customers waited
(``email.first_response.p90: at most 4h``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from sim import units
from sim.errors import did_you_mean
from sim.scenario.hosts import Wire, origin
from sim.scenario.problems import Finding
from sim.scenario.spec import ScenarioSpec
from sim.units import Unclear, shown

STEPS = ("create", "reply", "chase", "close", "rate", "take", "answer", "ask", "resolve", "poll")
"""What customers and agents do at a real desk."""

_FITS: dict[str, tuple[Wire, ...]] = {
    "live": ("rest", "skip", "enter"),
    "deferrable": ("rest", "email", "skip", "enter"),
    "self_service": ("enter", "skip"),
}
"""Wires that channels of a kind can have."""
_FIGURE = re.compile(r"(?:^|\.)(p[0-9]{1,2}(?:\.[0-9]+)?|mean|median|max|errors)$")
_EXAMPLE = "create.p95, email.create.send.p99, errors or email.first_response.p90"


class Of(StrEnum):
    """What a threshold of a load test limits."""

    LATENCY = "latency"
    """Seconds of the wall clock that a step took."""
    ERRORS = "errors"
    """Share of the rows due that went wrong."""
    SENT = "sent"
    """Share of the contacts due that were sent."""
    FIRST_RESPONSE = "first response"
    """Seconds of the scenario's clock until customers saw an answer."""


@dataclass(frozen=True)
class LoadLimit:
    """A figure that is to be at most `value` (a share that was sent: at least), in seconds or as a share.

    `channel` and `step` are None for all of them. `send`: latency counts from when the step was sent, else from when it
    was due. `statistic` is ``p95``, ``mean``, ``max``, or "" of a share.
    """

    name: str
    words: str
    of: Of
    value: float
    channel: str | None = None
    step: str | None = None
    send: bool = False
    statistic: str = ""

    @property
    def quantile(self) -> Fraction | None:
        """0.95 of ``p95``; None of a mean, a largest value and a share."""
        if self.statistic == "median":
            return Fraction(1, 2)
        return Fraction(self.statistic[1:]) / 100 if re.match("p[0-9]", self.statistic) else None

    def met(self, value: float) -> bool:
        return value >= self.value if self.of is Of.SENT else value <= self.value


class _Place(NamedTuple):
    """Where a figure is taken: on a channel, at a step, from when it was sent; of waits for a first response."""

    channel: str | None
    step: str | None
    send: bool
    waits: bool


def load_limit(name: str, words: str, spec: ScenarioSpec) -> LoadLimit:
    """A threshold of a load test as written: its path and its words.

    Raises:
        Unclear: no such step, channel or figure, a channel that is not sent, a value that does not fit.
    """
    _, direction, text = words.split(" ", 2)
    if name == "sent":
        _directed(name, direction, "least", "100%")
        return LoadLimit(name, words, Of.SENT, _share(text))
    found = _FIGURE.search(name)
    if found is None:
        raise Unclear(f"{shown(name)} names no figure of a load test", _known(name, spec))
    statistic = found[1]
    at = _place(name[: found.start()], statistic, spec)
    if statistic == "errors":
        _directed(name, direction, "most", "1%")
        share = _share(text)
        if share == 1:
            raise Unclear(f"{shown(text)} is all of them, which is never missed", "give less, such as 1%")
        return LoadLimit(name, words, Of.ERRORS, share, at.channel, at.step)
    if statistic in ("p0", "p00"):
        raise Unclear(f"{statistic} is no percentile", "give p1 to p99.9")
    _directed(name, direction, "most", "4h" if at.waits else "800ms")
    if at.waits:
        return LoadLimit(name, words, Of.FIRST_RESPONSE, units.duration(text), at.channel, statistic=statistic)
    return LoadLimit(name, words, Of.LATENCY, _latency(text), *at[:3], statistic)


def load_limits(spec: ScenarioSpec) -> list[LoadLimit]:
    """The thresholds of the load test of a valid scenario."""
    return [load_limit(name, words, spec) for name, words in spec.load.thresholds.items()]


def wire_of(spec: ScenarioSpec, name: str) -> Wire:
    """How contacts of a channel reach a real desk: as the scenario says, else by the channel's kind."""
    said = spec.load.channels.get(name)
    if said is not None:
        return said
    channel = spec.channels[name]
    if channel.kind == "deferrable":
        return "email" if name == "email" else "rest"
    return "rest" if channel.kind == "live" and channel.satisfaction_like == "chat" else "enter"


def check(spec: ScenarioSpec) -> Iterator[Finding]:
    """What of the section `load` does not fit the scenario, or itself."""
    load = spec.load
    channels = ("load", "channels")
    for name, wire in load.channels.items():
        if name not in spec.channels:
            hint = did_you_mean(name[:60], tuple(spec.channels)) or "add it under channels"
            yield Finding((*channels, name), f"there is no channel {shown(name)}", hint, (("channels", name),))
            continue
        fits = _fitting(spec, name)
        if wire not in fits:
            what = f"{name} cannot be sent by {wire}: {_why(spec, name)}"
            yield Finding((*channels, name), what, f"write {' or '.join(fits)}", (("channels", name, "kind"),))
    for name, words in load.thresholds.items():
        try:
            load_limit(name, words, spec)
        except Unclear as problem:
            first = name.partition(".")[0]
            about = (("channels", first), (*channels, first))
            yield Finding(("load", "thresholds", name), problem.what, problem.hint, about)
    if load.host is not None and load.staging is not None and origin(load.host) != origin(load.staging.url):
        what = "a page of another host than load.host proves nothing of it"
        yield Finding(("load", "staging", "url"), what, f"give a page below {load.host}", (("load", "host"),))


def _fitting(spec: ScenarioSpec, name: str) -> tuple[Wire, ...]:
    return _FITS["self_service"] if name == "phone" else _FITS[spec.channels[name].kind]


def _why(spec: ScenarioSpec, name: str) -> str:
    if name == "phone":
        return "nobody writes a call"
    return "a machine answers it" if spec.channels[name].kind == "self_service" else "its customers wait on the line"


def _place(path: str, statistic: str, spec: ScenarioSpec) -> _Place:
    """What stands before the figure: [CHANNEL.]STEP[.send], or CHANNEL.first_response."""
    left = path.split(".") if path else []
    steps = (*STEPS, "all", "first_response")
    channel = None
    # a channel may be called as a step is
    if (left and left[0] not in steps) or (len(left) > 1 and left[1] in steps):
        channel = left.pop(0)
        _check_channel(channel, spec, alone=left == [])
    if left[:1] == ["first_response"]:
        return _first_response(channel, left[1:], statistic, spec)
    if not left and statistic != "errors":
        raise Unclear(
            f"{statistic} does not say of which step", f"write it as in {f'{channel}.' * bool(channel)}all.p95"
        )
    step = left.pop(0) if left else "all"
    if step not in steps:
        raise Unclear(f"there is no step {shown(step)}", did_you_mean(step[:60], steps))
    send = left[:1] == ["send"]
    if left[send:] or (send and statistic == "errors"):
        raise Unclear(
            f"{step} has no {shown('.'.join([*left, statistic]))}", f"write it as in {step}.p95 or {step}.send.p95"
        )
    return _Place(channel, None if step == "all" else step, send, waits=False)


def _check_channel(name: str, spec: ScenarioSpec, *, alone: bool) -> None:
    if name not in spec.channels:
        near = did_you_mean(name[:60], (*(STEPS if alone else ()), *spec.channels))
        raise Unclear(f"there is no {'step or ' * alone}channel {shown(name)}", near)
    wire = wire_of(spec, name)
    if wire in ("enter", "skip"):
        raise Unclear(f"{name} is not sent ({wire}), so that nothing of it is measured", "name another channel")


def _first_response(channel: str | None, left: list[str], statistic: str, spec: ScenarioSpec) -> _Place:
    if channel is None:
        fit = next((name for name, it in spec.channels.items() if it.kind == "deferrable"), "email")
        raise Unclear("first_response is of a channel", f"write it as in {fit}.first_response.p90")
    if left or statistic in ("errors", "max"):
        what = f"first_response has no {shown('.'.join([*left, statistic]))}"
        raise Unclear(what, f"write {channel}.first_response.p90, .mean or .median")
    return _Place(channel, None, send=False, waits=True)


def _known(name: str, spec: ScenarioSpec) -> str:
    last = name.rpartition(".")[2]
    if last in (*STEPS, "all", "send", "first_response"):
        return f"write {name[:60]}.p90, .mean" + (", .max or .errors" if last in (*STEPS, "all") else "")
    return f"write it as in {_EXAMPLE}"


def _directed(name: str, said: str, right: str, example: str) -> None:
    if said != right:
        better = "more" if right == "least" else "less"
        raise Unclear(f"of {name}, {better} is better", f"write at {right} {example}")


def _share(text: str) -> float:
    """A share to be held against one count over another: 99.9 % is 999 / 1000 to the last bit."""
    return round(units.share(text), 12)


def _latency(text: str) -> float:
    """Seconds of a short time: ``800ms``, ``1.5s``."""
    found = re.fullmatch(r"([0-9][0-9_.]*)\s*ms", text)
    if found:
        return units.number(found[1]) / 1000
    try:
        return units.duration(text)
    except Unclear as problem:
        raise Unclear(problem.what, "write a number with ms, s, m or h, such as 800ms or 1.5s") from None
