"""Small desks and hand-made customers, so that a test reads like the case it tests.

Times are in minutes unless the `unit` says otherwise (ticks in a unit). A customer's luck is written beside their
arrival: one value stands for all attempts (or answers), a tuple goes attempt by attempt and its last value stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from sim.desk import RATE, Channel, Desk, Group, Spans, Target
from sim.draws import ATTEMPTS, PAGE
from sim.policies.base import Response, Routing
from sim.policies.response import AnswerAll
from sim.policies.routing import LiveFirst
from sim.population.draw import Luck, Population
from sim.population.fates import NAMES
from sim.schemas import CONTACTS, NEVER
from sim.tables import Array, Floats, Table

TICK, SECOND, MINUTE, HOUR = 1, 1000, 60_000, 3_600_000
CHANCES = 1_000_000
SAFE = CHANCES - 1
"""The highest draw in millionths: ignored only where everybody is."""

Times = float | None | Sequence[float | None]


def _spans(open: Sequence[tuple[float, float]] | None, unit: int) -> Spans | None:
    return None if open is None else tuple((round(start * unit), round(end * unit)) for start, end in open)


def live(
    name: str = "phone",
    *,
    open: Sequence[tuple[float, float]] | None = None,
    lines: int | None = None,
    rates: tuple[int, ...] = (RATE,),
    disconnect: bool = False,
    unit: int = MINUTE,
) -> Channel:
    """A channel whose customers wait; `open` are spans [from, to)."""
    return Channel(
        name=name,
        live=True,
        open=_spans(open, unit),
        target=Target(0.8, 20 * SECOND),
        expectation=60.0,
        rates=rates,
        lines=lines,
        disconnect_at_close=disconnect,
    )


def deferrable(name: str = "email", *, open: Sequence[tuple[float, float]] | None = None) -> Channel:
    """A channel whose messages lie in a backlog; `open` are spans [from, to) in minutes."""
    target = Target(0.8, 24 * HOUR)
    return Channel(name=name, live=False, open=_spans(open, MINUTE), target=target, expectation=12 * 3600.0)


@dataclass(frozen=True)
class Crew:
    """A skill group: `level` agents all the time, or (from, level) steps; the channels by name."""

    level: int | Sequence[tuple[float, int]]
    first: Sequence[str] = ("phone",)
    then: Sequence[str] = ()
    name: str = "agents"


def desk(
    crews: Sequence[Crew],
    channels: Sequence[Channel] = (live(),),
    *,
    routing: Routing | None = None,
    response: Response | None = None,
    starts: float = 0,
    ends: float = 1000,
    unit: int = MINUTE,
) -> Desk:
    """A desk whose clock runs over [starts, ends)."""
    number = {channel.name: code for code, channel in enumerate(channels)}
    groups = []
    for crew in crews:
        steps = [(starts, crew.level)] if isinstance(crew.level, int) else crew.level
        groups.append(Group(crew.name, tuple((round(at * unit), level) for at, level in steps), 0.0, 0.0))
    return Desk(
        channels=tuple(channels),
        groups=tuple(groups),
        segments=("all",),
        intents=("any",),
        routing=routing or LiveFirst(),
        response=response or AnswerAll(),
        starts=round(starts * unit),
        horizon=round(ends * unit),
        ends=round(ends * unit),
        interval=30 * MINUTE,
        answers_first=tuple(tuple(number[name] for name in crew.first) for crew in crews),
        answers_then=tuple(tuple(number[name] for name in crew.then) for crew in crews),
    )


@dataclass(frozen=True)
class Issue:
    """A customer with a question. None: endless patience; no redial; no reconnect (the answer solved the issue).

    `reconnect` is how long after an answer that did not help the customer is back; `solved=False` without it is a
    customer who gives up. `ignored` is a draw in millionths.
    """

    arrival: float
    handle: Times = 1.0
    patience: Times = None
    wrap_up: Times = 0.0
    channel: int = 0
    redial: Times = None
    reconnect: Times = None
    solved: bool = True
    ignored: int | Sequence[int] = SAFE


@dataclass(frozen=True)
class Told(Luck):
    """Luck that is told rather than drawn: by name, an array of shape (issues, n) for the first n attempts (or
    answers); the last of them stands for all that follow."""

    told: Mapping[str, Array] = field(repr=False)

    def page(
        self, channel: Array, intent: Array, number: int, first: int = 0, *, pace: Floats | None = None
    ) -> dict[str, Array]:
        issues, attempts = slice(first, first + len(channel)), number * PAGE + np.arange(PAGE)
        return {
            name: values[issues][:, np.minimum(attempts, values.shape[1] - 1)] for name, values in self.told.items()
        }


def customers(*issues: Issue, unit: int = MINUTE) -> Population:
    """The population of these issues, numbered in the order given."""
    told: dict[str, list[list[int]]] = {name: [] for name in NAMES}
    for issue in issues:
        redial, reconnect = _ticks(issue.redial, unit), _ticks(issue.reconnect, unit)
        told["patience"].append(_ticks(issue.patience, unit))
        told["handle"].append(_ticks(issue.handle, unit))
        told["wrap_up"].append(_ticks(issue.wrap_up, unit))
        told["resolved"].append([int(issue.solved and delay == NEVER) for delay in reconnect])
        for name, delays in (("redial", redial), ("reconnect", reconnect)):
            told[name].append([int(delay != NEVER) for delay in delays])
            told[f"{name}_delay"].append([max(0, delay) for delay in delays])
        told["ignored"].append(_padded([issue.ignored] if isinstance(issue.ignored, int) else list(issue.ignored)))
    return population(
        arrival=np.array([round(issue.arrival * unit) for issue in issues], dtype=np.int64),
        channel=np.array([issue.channel for issue in issues], dtype=np.int64),
        told={name: np.array(rows, dtype=np.int64) for name, rows in told.items()},
    )


def population(arrival: Array, channel: Array, told: Mapping[str, Array]) -> Population:
    """Issues at these ticks on these channels. What is not told of their luck: endless patience, no work, resolved, no
    redial, never ignored by chance. The customers' traits are all 0.

    Args:
        told: by name, shape (issues, n), n ≥ 1, in ticks; the last column stays.
    """
    size = len(arrival)
    usual = {"patience": NEVER, "resolved": 1, "ignored": SAFE}
    whole = {name: told.get(name, np.full((size, 1), usual.get(name, 0))) for name in NAMES}
    columns = {"arrival": arrival, "channel": channel, "customer": np.arange(size, dtype=np.int64)}
    for column in CONTACTS:
        if column.name not in columns:
            columns[column.name] = np.zeros(size, dtype=np.int64)
    luck = Told(seed=0, replication=0, channels=(), resolved=(), stretch=(), told=whole)
    return Population(Table(columns), luck, None)


def _ticks(times: Times, unit: int) -> list[int]:
    """One duration an attempt; None is `NEVER`."""
    values = times if isinstance(times, Sequence) else (times,)
    return _padded([NEVER if time is None else round(time * unit) for time in values])


def _padded(values: list[int]) -> list[int]:
    return values + [values[-1]] * (ATTEMPTS - len(values))
