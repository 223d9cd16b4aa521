"""Small desks and hand-made customers, so that a test reads like the case it tests.

Times are in minutes unless the `unit` says otherwise (ticks in a unit). A customer's luck is written beside their
arrival: one value stands for all attempts (or answers), a tuple goes attempt by attempt and its last value stays.
Channels are numbered in the order given; what has no option of its own here is named as in `Channel` or `Desk`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from sim.desk import NOWHERE, ONE, RATE, Channel, Desk, Group, Person, Spans, Target
from sim.draws import ATTEMPTS, PAGE
from sim.policies.base import Response, Routing
from sim.policies.response import AnswerAll
from sim.policies.routing import LiveFirst
from sim.population.draw import COINS, DELAYS, DRAWS, Luck, Population
from sim.population.fates import NAMES
from sim.schemas import CONTACTS, NEVER
from sim.tables import Array, Floats, Table

TICK, SECOND, MINUTE, HOUR = 1, 1000, 60_000, 3_600_000
CHANCES = 1_000_000
SAFE = CHANCES - 1
"""The highest draw in millionths: ignored only where everybody is."""

Times = float | None | Sequence[float | None]
Coins = int | Sequence[int]


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
    **more: Any,
) -> Channel:
    """A channel whose customers wait; `open` are spans [from, to); `more` is named as in `Channel`, in ticks."""
    return Channel(
        name=name,
        live=True,
        open=_spans(open, unit),
        target=Target(0.8, 20 * SECOND),
        expectation=60.0,
        rates=rates,
        lines=lines,
        disconnect_at_close=disconnect,
        **more,
    )


def deferrable(name: str = "email", *, open: Sequence[tuple[float, float]] | None = None, **more: Any) -> Channel:
    """A channel whose messages lie in a backlog; `open` are spans [from, to) in minutes; `more` as in `Channel`."""
    target = Target(0.8, 24 * HOUR)
    return Channel(name=name, live=False, open=_spans(open, MINUTE), target=target, expectation=12 * 3600.0, **more)


def machine(name: str = "bot", *, escalates: int = NOWHERE, escalated: float = 1.0, **more: Any) -> Channel:
    """A channel that a machine serves; what it passes on goes to channel `escalates` and is `escalated` times the
    work."""
    return live(name, automatic=True, escalates=escalates, escalated=round(escalated * ONE), **more)


@dataclass(frozen=True)
class Crew:
    """A skill group: `level` agents all the time, or (from, level) steps; the channels by name (each its own queue).

    `people` are the spans [from, to) of each agent, in place of `level`; `speed` and `quality` hold on every
    channel.
    """

    level: int | Sequence[tuple[float, int]] = 0
    first: Sequence[str] = ("phone",)
    then: Sequence[str] = ()
    name: str = "agents"
    people: Sequence[Sequence[tuple[float, float]]] = ()
    drops: bool = False
    speed: float = 1.0
    quality: float = 1.0

    def group(self, channels: int, starts: float, unit: int) -> Group:
        steps = [(starts, self.level)] if isinstance(self.level, int) else self.level
        if self.people:
            moments = sorted({moment for spans in self.people for span in spans for moment in span})
            steps = [(at, sum(a <= at < b for spans in self.people for a, b in spans)) for at in moments]
        return Group(
            self.name,
            tuple((round(at * unit), level) for at, level in steps),
            0.0,
            0.0,
            people=tuple(Person(f"{number}", _spans(spans, unit) or ()) for number, spans in enumerate(self.people)),
            drops=self.drops,
            speed=(round(self.speed * ONE),) * channels if self.speed != 1.0 else (),
            quality=(round(self.quality * ONE),) * channels if self.quality != 1.0 else (),
        )


def desk(
    crews: Sequence[Crew],
    channels: Sequence[Channel] = (live(),),
    *,
    routing: Routing | None = None,
    response: Response | None = None,
    starts: float = 0,
    ends: float = 1000,
    unit: int = MINUTE,
    **more: Any,
) -> Desk:
    """A desk whose clock runs over [starts, ends); `more` is named as in `Desk`."""
    number = {channel.name: code for code, channel in enumerate(channels)}
    plain = Desk(
        channels=tuple(channels),
        groups=tuple(crew.group(len(channels), starts, unit) for crew in crews),
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
    return replace(plain, **more)


@dataclass(frozen=True)
class Issue:
    """A customer with a question. None: endless patience; no redial; no reconnect (the answer solved the issue).

    `reconnect` is how long after an answer that did not help the customer is back; `solved=False` without it is a
    customer who gives up. `elsewhere`, `public` and `asks` are times too (None: not so), `silent` to `transfer` coins,
    the rest draws in millionths, `SAFE` being never. `chance` is that of an answer which is not of the usual quality
    (None: 10⁶ if `solved`).
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
    elsewhere: Times = None
    public: Times = None
    asks: Times = None
    silent: Coins = False
    front: Coins = False
    escalate: Coins = False
    transfer: Coins = False
    chase: Coins = SAFE
    callback: Coins = SAFE
    deflect: Coins = SAFE
    inform: Coins = SAFE
    retain: Coins = SAFE
    solve: Coins = SAFE
    chance: Coins | None = None
    intent: int = 0
    segment: int = 0
    contract: int = 0
    tenure: int = 0


@dataclass(frozen=True)
class Told(Luck):
    """Luck that is told rather than drawn: by name, an array of shape (issues, n) for the first n attempts (or
    answers); the last of them stands for all that follow."""

    told: Mapping[str, Array] = field(repr=False)

    def page(
        self, channel: Array, intent: Array, number: int, first: int = 0, *, pace: Floats | None = None
    ) -> dict[str, Array]:
        issues, attempts = slice(first, first + len(channel)), number * PAGE + np.arange(PAGE)
        return {name: self.told[name][issues][:, np.minimum(attempts, self.told[name].shape[1] - 1)] for name in NAMES}

    def extra(self, name: str, channel: Array, intent: Array, number: int, first: int = 0) -> Array:
        """What is not told: coins 0, delays 1, draws `SAFE`, and the chance of who is resolved 10⁶."""
        issues, attempts = slice(first, first + len(channel)), number * PAGE + np.arange(PAGE)
        if name in self.told:
            values = self.told[name]
        elif name == "chance":
            values = CHANCES * self.told["resolved"]
        else:
            values = np.full((first + len(channel), 1), 0 if name in COINS else 1 if name in DELAYS else SAFE)
        return values[issues][:, np.minimum(attempts, values.shape[1] - 1)]


def customers(*issues: Issue, unit: int = MINUTE) -> Population:
    """The population of these issues, numbered in the order given."""
    told: dict[str, list[list[int]]] = {name: [] for name in (*NAMES, *COINS, *DELAYS, *DRAWS, "chance")}
    for issue in issues:
        redial, reconnect = _ticks(issue.redial, unit), _ticks(issue.reconnect, unit)
        told["patience"].append(_ticks(issue.patience, unit))
        told["handle"].append(_ticks(issue.handle, unit))
        told["wrap_up"].append(_ticks(issue.wrap_up, unit))
        told["resolved"].append([int(issue.solved and delay == NEVER) for delay in reconnect])
        turns = {name: _ticks(getattr(issue, name), unit) for name in ("elsewhere", "public", "asks")}
        for name, delays in {"redial": redial, "reconnect": reconnect, **turns}.items():
            told[name].append([int(delay != NEVER) for delay in delays])
            told[f"{name}_delay"].append([max(0, delay) for delay in delays])
        for name in ("ignored", *(coin for coin in (*COINS, *DRAWS) if coin not in turns)):
            told[name].append(_coins(getattr(issue, name)))
        chance = [CHANCES * solved for solved in told["resolved"][-1]]
        told["chance"].append(chance if issue.chance is None else _coins(issue.chance))
    return population(
        arrival=np.array([round(issue.arrival * unit) for issue in issues], dtype=np.int64),
        channel=np.array([issue.channel for issue in issues], dtype=np.int64),
        told={name: np.array(rows, dtype=np.int64) for name, rows in told.items()},
        traits={
            name: np.array([getattr(issue, name) for issue in issues], dtype=np.int64)
            for name in ("intent", "segment", "contract", "tenure")
        },
    )


def population(
    arrival: Array, channel: Array, told: Mapping[str, Array], traits: Mapping[str, Array] | None = None
) -> Population:
    """Issues at these ticks on these channels. What is not told of their luck: endless patience, no work, resolved, no
    redial, never ignored by chance, and as `Told.extra` says. The customers' traits are 0 but for those given.

    Args:
        told: by name, shape (issues, n), n ≥ 1, in ticks; the last column stays.
    """
    size = len(arrival)
    usual = {"patience": NEVER, "resolved": 1, "ignored": SAFE}
    whole = {**told, **{name: told.get(name, np.full((size, 1), usual.get(name, 0))) for name in NAMES}}
    columns = {"arrival": arrival, "channel": channel, "customer": np.arange(size, dtype=np.int64), **(traits or {})}
    for column in CONTACTS:
        if column.name not in columns:
            columns[column.name] = np.zeros(size, dtype=np.int64)
    luck = Told(seed=0, replication=0, channels=(), resolved=(), stretch=(), told=whole)
    return Population(Table(columns), luck, None)


def _ticks(times: Times, unit: int) -> list[int]:
    """One duration an attempt; None is `NEVER`."""
    values = times if isinstance(times, Sequence) else (times,)
    return _padded([NEVER if time is None else round(time * unit) for time in values])


def _coins(values: Coins) -> list[int]:
    return _padded([int(values)] if isinstance(values, int) else [int(value) for value in values])


def _padded(values: list[int]) -> list[int]:
    return values + [values[-1]] * (ATTEMPTS - len(values))
