"""The cases as data: a queue or a day worked by hand, the figures it should give, and where they come from.

They stand in ``cases.json`` beside this file. A case says its times in its own unit, and names its figures as
``figure@time:of#slice``: ``sl@20s:phone#3`` is the share of the phone calls offered in the fourth interval of the day
that were answered within 20 s. What each figure means is in `sim.verify.observe` and docs/validation/theory.md.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from sim.errors import UsageError

TICKS = {"s": 1000, "min": 60_000, "h": 3_600_000, "handle times": 300_000, "units": 300_000}
"""Ticks in a case's unit of time; five minutes where the unit is no clock's."""


@dataclass(frozen=True)
class Law:
    """How a time is distributed. `shape` is Erlang's number of stages, `cv` the coefficient of variation of the
    lognormal; a share `zero` is 0, and no time is longer than `most`."""

    law: str
    mean: float
    shape: int = 1
    cv: float = 0.0
    zero: float = 0.0
    most: float = math.inf


@dataclass(frozen=True)
class Stream:
    """The contacts of one channel. `at_load[k − 1]` is the mean time of a contact while its agent holds k; `redial`
    and `reconnect` are a share and a mean delay; `backlog` is how many messages lie there at the start, a unit of the
    time that follows."""

    name: str
    rate: float = 0.0
    handle: Law | None = None
    patience: Law | None = None
    lines: int | None = None
    redial: tuple[float, float] = (0.0, 0.0)
    reconnect: tuple[float, float] = (0.0, 0.0)
    at_load: tuple[float, ...] = (1.0,)
    deferrable: bool = False
    interruptible: bool = False
    backlog: float = 0.0


@dataclass(frozen=True)
class Crew:
    """A skill group: its agents (by interval of the day where they change), and the channels by name. `handle` is the
    group's own mean handle time of a channel, where it differs from the channel's."""

    name: str
    agents: tuple[int, ...]
    first: tuple[str, ...]
    then: tuple[str, ...] = ()
    handle: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Day:
    """A day that starts empty and is repeated; `endless` ones follow each other without a pause and never empty.

    The rate of the first channel is `rates[i]` in the i-th `step`, or the sinusoid
    mean · (1 + swing · sin(2π (t − phase) / period)), or the channel's own; each day's is multiplied by a Gamma factor
    of mean 1 and shape `busy` (0: none).
    """

    length: float
    interval: float
    rates: tuple[float, ...] = ()
    step: float = 0.0
    sinusoid: Mapping[str, float] = field(default_factory=dict)
    busy: float = 0.0
    endless: bool = False


@dataclass(frozen=True)
class Told:
    """A contact of a day worked by hand."""

    at: float
    handle: float
    patience: float | None = None
    wrap_up: float = 0.0
    channel: int = 0
    copies: int = 1


@dataclass(frozen=True)
class Case:
    """A case and the figures it should give.

    Attributes:
        expected: by figure; `exact` where it is a law of arithmetic.
        sd: by figure, the standard deviation of its estimate times the root of the number of contacts (or days), as
            the reference measured it: it decides how much is simulated, and what is too wide to be judged.
        their_error: the standard error of figures that others simulated. allowed: the difference that rounding, or a
            fluid picture of whole messages, explains.
        rare: figures that so few contacts decide that no test of them means anything.
        weight: how many times the usual number of contacts, or days, is simulated at least.
    """

    id: str
    topic: str
    title: str
    method: str
    kind: str
    expected: Mapping[str, float]
    unit: str = "min"
    citation: str = ""
    channels: tuple[Stream, ...] = ()
    groups: tuple[Crew, ...] = ()
    routing: str = "live_first"
    overflow_after: float = 0.0
    reserve: int = 0
    day: Day | None = None
    contacts: tuple[Told, ...] = ()
    ends: tuple[Mapping[str, Any], ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    sd: Mapping[str, float] = field(default_factory=dict)
    their_error: Mapping[str, float] = field(default_factory=dict)
    allowed: Mapping[str, float] = field(default_factory=dict)
    rare: frozenset[str] = frozenset()
    numerical_error: float = 0.0
    weight: float = 1

    @property
    def ticks(self) -> int:
        """Ticks in its unit of time."""
        return TICKS[self.unit]


@cache
def read() -> tuple[Case, ...]:
    """Every case, in the order of the file."""
    with Path(__file__).with_name("cases.json").open(encoding="utf-8") as file:
        return tuple(_case(written) for written in json.load(file))


def chosen(names: Sequence[str]) -> tuple[Case, ...]:
    """The cases of these names (`EC-04`), or of these beginnings of names (`EC`); all without any.

    Raises:
        UsageError: no case is called so.
    """
    cases = read()
    if not names:
        return cases
    wanted = [name.upper() for name in names]
    for name in wanted:
        if not any(_called(case, name) for case in cases):
            raise UsageError(f"no case is called {name}", "sim verify without a name runs them all and lists them")
    return tuple(case for case in cases if any(_called(case, name) for name in wanted))


def _called(case: Case, name: str) -> bool:
    return case.id.upper() == name or case.id.upper().split("-")[0] == name


def _case(written: dict[str, Any]) -> Case:
    known: dict[str, Any] = {
        "channels": tuple(_stream(channel) for channel in written.pop("channels", ())),
        "groups": tuple(_crew(group) for group in written.pop("groups", ())),
        "contacts": tuple(Told(**contact) for contact in written.pop("contacts", ())),
        "ends": tuple(written.pop("ends", ())),
        "expected": dict(_flat(written.pop("expected"))),
        "sd": dict(_flat(written.pop("sd", {}))),
        "rare": frozenset(written.pop("rare", ())),
        "day": _day(written.pop("day", None)),
    }
    return Case(**known, **written)


def _flat(written: Mapping[str, Any]) -> Iterable[tuple[str, float]]:
    """``{"p_wait#": [a, b]}`` as p_wait#0: a, p_wait#1: b."""
    for name, value in written.items():
        if isinstance(value, list):
            yield from ((f"{name}{n}", float(one)) for n, one in enumerate(value) if one is not None)
        else:
            yield name, float(value)


def _stream(written: dict[str, Any]) -> Stream:
    known: dict[str, Any] = {name: Law(**written.pop(name)) for name in ("handle", "patience") if name in written}
    for name in ("redial", "reconnect"):
        if name in written:
            again = written.pop(name)
            known[name] = (again["share"], again["after"])
    return Stream(at_load=tuple(written.pop("at_load", (1.0,))), **known, **written)


def _crew(written: dict[str, Any]) -> Crew:
    agents, first, then = (written.pop(name, ()) for name in ("agents", "first", "then"))
    return Crew(agents=tuple(agents) if isinstance(agents, list) else (agents,), first=tuple(first), then=tuple(then),
                **written)  # fmt: skip


def _day(written: dict[str, Any] | None) -> Day | None:
    return None if written is None else Day(rates=tuple(written.pop("rates", ())), **written)
