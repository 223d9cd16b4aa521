"""A case as the engine knows it: a desk in ticks, and customers drawn for it.

The only module that builds desks and populations. No scenario is read: what is verified is the engine, and beside it
`sim.demand`, which lays the arrivals of days, and the shipped routing policies, which the desks use.

A settled queue is simulated in a few long runs; the first tenth of each is not counted, nor the last fiftieth (who
waits there would miss the more urgent who never come), and the rest is cut into batches. Days follow each other in one
run, with a pause long enough that each starts empty.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from zlib import crc32

import numpy as np

from sim import demand
from sim.desk import ONE, RATE, Channel, Desk, Group, Target
from sim.draws import PAGE
from sim.policies.response import AnswerAll
from sim.policies.routing import LiveFirst, LongestWait
from sim.population.draw import Luck, Population
from sim.population.fates import NAMES
from sim.schemas import CONTACTS, NEVER, TICKS_PER_SECOND
from sim.tables import Array, Floats, Table
from sim.verify.cases import Case, Crew, Day, Law, Stream, Told

RUN_IN, RUN_OUT = 0.1, 0.98
BATCHES = 10
PIECES = 20
"""A sinusoid is constant over a twentieth of an interval, at its mean there: its integral is exact at their ends."""
PAUSE = 100
"""Between days, in handle times (or patiences, if those are longer)."""


@dataclass(frozen=True)
class Plan:
    """A run to simulate, and the windows in which it is observed.

    Attributes:
        starts, ends: of the windows in ticks, shape (batches, slices): a batch of a settled queue has one slice, that
            of a day one for each of its intervals.
        agents: staffed, by group and slice.
        expected_contacts: of a day (or batch), on average.
    """

    case: Case
    desk: Desk
    span: int
    """Ticks in which contacts arise."""
    starts: Array
    ends: Array
    agents: Array
    expected_contacts: float


def plan(case: Case, size: int) -> Plan:
    """The run of a queue that expects `size` contacts, or has so many days."""
    if case.day is not None:
        return _days(case, case.day, size)
    unit = case.ticks
    span = round(size / sum(stream.rate + stream.backlog for stream in case.channels) * unit)
    edges = np.rint(np.linspace(RUN_IN * span, RUN_OUT * span, BATCHES + 1)).astype(np.int64)
    levels = [((0, crew.agents[0]),) for crew in case.groups]
    agents = np.array([[crew.agents[0]] for crew in case.groups])
    each = size * (RUN_OUT - RUN_IN) / BATCHES
    return Plan(case, desk(case, levels, span), span, edges[:-1, None], edges[1:, None], agents, each)


def plan_of(case: Case, levels: Sequence[tuple[tuple[int, int], ...]], span: int) -> Plan:
    """A run seen in one window, from its start to its end."""
    agents = np.array([[crew.agents[0]] for crew in case.groups])
    return Plan(case, desk(case, levels, span), span, np.array([[0]]), np.array([[span]]), agents, 0.0)


def _days(case: Case, day: Day, days: int) -> Plan:
    unit = case.ticks
    longest = max(law.mean for law in (case.channels[0].handle, case.channels[0].patience) if law is not None)
    length = round(day.length * unit)
    period = length + (0 if day.endless else round(PAUSE * longest * unit))
    slices = round(day.length / day.interval)
    # an endless one takes a while to forget that it began empty
    first = 2 if day.endless else 0
    edges = np.rint(np.arange(slices + 1) * day.interval * unit).astype(np.int64)
    beginnings = (np.arange(first, first + days) * period)[:, None]
    agents = np.array([crew.agents * (slices if len(crew.agents) == 1 else 1) for crew in case.groups])
    levels = [_levels(row.tolist(), edges, [0] if day.endless else (beginnings[:, 0]).tolist()) for row in agents]
    span = (first + days) * period
    expected = float(_rate(case, 1, period).total())
    return Plan(case, desk(case, levels, span), span, beginnings + edges[:-1], beginnings + edges[1:], agents, expected)


def _levels(row: Sequence[int], edges: Array, beginnings: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Each day's levels; between days the last one stays."""
    steps = [
        (at, level)
        for n, (at, level) in enumerate(zip(edges.tolist(), row, strict=False))
        if n == 0 or level != row[n - 1]
    ]
    return tuple((begins + at, level) for begins in beginnings for at, level in steps)


def desk(case: Case, levels: Sequence[tuple[tuple[int, int], ...]], span: int) -> Desk:
    """The desk of a case whose groups are staffed by these levels; its clock runs until everybody has been served."""
    number = {stream.name: code for code, stream in enumerate(case.channels)}
    policy = LongestWait if case.routing == "longest_wait" else LiveFirst
    return Desk(
        channels=tuple(_channel(stream) for stream in case.channels),
        groups=tuple(_group(case, crew, steps) for crew, steps in zip(case.groups, levels, strict=True)),
        segments=("all",),
        intents=("any",),
        routing=policy(overflow_after=case.overflow_after * case.ticks / TICKS_PER_SECOND, reserve=case.reserve),
        response=AnswerAll(),
        starts=0,
        horizon=span,
        ends=10 * span + 1000 * case.ticks,
        interval=max(1, span),
        answers_first=tuple(tuple(number[name] for name in crew.first) for crew in case.groups),
        answers_then=tuple(tuple(number[name] for name in crew.then) for crew in case.groups),
    )


def _channel(stream: Stream) -> Channel:
    return Channel(
        name=stream.name,
        live=not stream.deferrable,
        open=None,
        target=Target(0.8, 20_000),
        expectation=60.0,
        rates=tuple(round(RATE * stream.at_load[0] / mean) for mean in stream.at_load),
        lines=stream.lines,
        interruptible=stream.interruptible,
    )


def _group(case: Case, crew: Crew, steps: tuple[tuple[int, int], ...]) -> Group:
    """Who is slower than the channel's own handle time says has a lower speed."""
    usual = {stream.name: stream.handle.mean for stream in case.channels if stream.handle is not None}
    speed = tuple(round(ONE * usual[name] / crew.handle.get(name, usual[name])) for name in usual)
    return Group(crew.name, steps, 0.0, 0.0, speed=speed if crew.handle else ())


# --- customers --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Drawn(Luck):
    """Luck drawn by the laws of a case."""

    case: Case

    def page(
        self, channel: Array, intent: Array, number: int, first: int = 0, *, pace: Floats | None = None
    ) -> dict[str, Array]:
        random = _random(self.case, self.seed, self.replication, 2, number, first)
        fates = _uneventful(len(channel), PAGE)
        for code, stream in enumerate(self.case.channels):
            mine = np.flatnonzero(channel == code)
            size = (len(mine), PAGE)
            for name, law in (("handle", stream.handle), ("patience", stream.patience)):
                if law is not None:
                    fates[name][mine] = _ticks(_times(law, random, size), self.case.ticks)
            for name, (share, mean) in (("redial", stream.redial), ("reconnect", stream.reconnect)):
                if share:
                    fates[name][mine] = random.random(size) < share
                    delays = _ticks(random.exponential(mean, size), self.case.ticks)
                    fates[f"{name}_delay"][mine] = np.maximum(1, delays)
            if stream.reconnect[0]:
                fates["resolved"][mine] = 1 - fates["reconnect"][mine]
        return fates


@dataclass(frozen=True)
class Written(Luck):
    """Luck that is told: by name, one number an issue for all its attempts."""

    told: Mapping[str, Array] = field(repr=False)

    def page(
        self, channel: Array, intent: Array, number: int, first: int = 0, *, pace: Floats | None = None
    ) -> dict[str, Array]:
        issues = slice(first, first + len(channel))
        told = {name: np.repeat(values[issues, None], PAGE, axis=1) for name, values in self.told.items()}
        return _uneventful(len(channel), PAGE) | told


def customers(plan: Plan, seed: int, run: int) -> Population:
    """Who comes in a run of a queue: Poisson arrivals, with luck of their own."""
    case = plan.case
    times, codes = [], []
    for code, stream in enumerate(case.channels):
        random = _random(case, seed, run, 1, code)
        if case.day is not None:
            arrivals = _day_arrivals(plan, seed, run)
        elif stream.rate:
            expected = stream.rate * plan.span / case.ticks
            gaps = random.exponential(case.ticks / stream.rate, int(expected + 8 * math.sqrt(expected) + 16))
            arrivals = np.cumsum(gaps)
            arrivals = arrivals[arrivals < plan.span]
        else:
            arrivals = np.zeros(math.ceil(stream.backlog * plan.span / case.ticks))
        times.append(arrivals.astype(np.int64))
        codes.append(np.full(len(arrivals), code))
    arrival, channel = np.concatenate(times), np.concatenate(codes)
    order = np.argsort(arrival, kind="stable")
    return _population(arrival[order], channel[order], Drawn(seed, run, (), (), (), case=case))


def _day_arrivals(plan: Plan, seed: int, run: int) -> Floats:
    """Through `sim.demand`: all days of a run in one go."""
    case, day = plan.case, plan.case.day
    assert day is not None
    count = len(plan.starts) + (2 if day.endless else 0)
    period = plan.span // count
    rate = _rate(case, count, period)
    if day.busy:
        factors = _random(case, seed, run, 3).gamma(day.busy, 1 / day.busy, count)
        rate = rate.times(np.repeat(factors, len(rate.values) // count))
    return demand.arrivals(rate, lambda n: _random(case, seed, run, 1).random(n))


def _rate(case: Case, days: int, period: int) -> demand.Rate:
    """Contacts a tick of the first channel, over so many days."""
    day, unit = case.day, case.ticks
    assert day is not None
    if day.sinusoid:
        starts = np.asarray(np.arange(round(day.length / day.interval) * PIECES) * day.interval / PIECES)
        values = _sinusoid(day.sinusoid, starts, starts + day.interval / PIECES)
    elif day.rates:
        starts, values = np.asarray(np.arange(len(day.rates)) * day.step), np.asarray(day.rates, dtype=np.float64)
    else:
        starts, values = np.zeros(1), np.full(1, case.channels[0].rate)
    ends = np.append(starts[1:], day.length)
    shift = np.repeat(np.arange(days) * period, len(starts))
    return demand.Rate(
        np.tile(starts * unit, days) + shift, np.tile(ends * unit, days) + shift, np.tile(values / unit, days)
    )


def _sinusoid(of: Mapping[str, float], starts: Floats, ends: Floats) -> Floats:
    """The mean of mean · (1 + swing · sin(2π (t − phase) / period)) over each piece."""
    turn = 2 * math.pi / of["period"]
    swings = np.cos(turn * (starts - of["phase"])) - np.cos(turn * (ends - of["phase"]))
    return np.asarray(of["mean"] * (1 + of["swing"] * swings / turn / (ends - starts)))


def day_rate(case: Case) -> demand.Rate:
    """The rate of one day, in contacts a tick."""
    assert case.day is not None
    return _rate(case, 1, round(case.day.length * case.ticks))


def day_counts(case: Case, seed: int, run: int, days: int) -> Floats:
    """How many contacts `sim.demand` brings in each interval of each day; shape (days, intervals)."""
    assert case.day is not None
    intervals, period = round(case.day.length / case.day.interval), round(case.day.length * case.ticks)
    times = demand.arrivals(_rate(case, days, period), lambda n: _random(case, seed, run, 1).random(n))
    interval = (times / (case.day.interval * case.ticks)).astype(np.int64)
    return np.bincount(interval, minlength=days * intervals).reshape(days, intervals).astype(np.float64)


def told(case: Case, contacts: Sequence[Told]) -> Population:
    """The customers of a day worked by hand, in the order given."""
    unit = case.ticks
    each = [contact for contact in contacts for _ in range(contact.copies)]
    luck = {
        "handle": [round(contact.handle * unit) for contact in each],
        "wrap_up": [round(contact.wrap_up * unit) for contact in each],
        "patience": [NEVER if contact.patience is None else round(contact.patience * unit) for contact in each],
    }
    return _population(
        np.array([round(contact.at * unit) for contact in each], dtype=np.int64),
        np.array([contact.channel for contact in each], dtype=np.int64),
        Written(0, 0, (), (), (), told={name: np.array(values, dtype=np.int64) for name, values in luck.items()}),
    )


def _population(arrival: Array, channel: Array, luck: Luck) -> Population:
    nothing = np.zeros(len(arrival), dtype=np.int64)
    columns = {column.name: nothing for column in CONTACTS}
    columns |= {"arrival": arrival, "channel": channel, "customer": np.arange(len(arrival), dtype=np.int64)}
    return Population(Table(columns), luck, None)


def _uneventful(issues: int, attempts: int) -> dict[str, Array]:
    """Nobody gives up, every answer helps, nothing else happens."""
    fates = {name: np.zeros((issues, attempts), dtype=np.int64) for name in NAMES}
    fates["patience"][:] = NEVER
    fates["resolved"][:] = 1
    fates["ignored"][:] = ONE - 1
    return fates


def _random(case: Case, seed: int, run: int, *address: int) -> np.random.Generator:
    return np.random.default_rng([seed, crc32(case.id.encode()), run, *address])


def _times(law: Law, random: np.random.Generator, size: tuple[int, int]) -> Floats:
    """Times of a law, in its unit."""
    if law.law == "exponential":
        times = random.exponential(law.mean, size)
        if law.zero:
            times[random.random(size) < law.zero] = 0.0
    elif law.law == "erlang":
        times = random.gamma(law.shape, law.mean / law.shape, size)
    elif law.law == "lognormal":
        spread = math.log1p(law.cv**2)
        times = random.lognormal(math.log(law.mean) - spread / 2, math.sqrt(spread), size)
    elif law.law == "uniform":
        times = random.uniform(0.0, 2 * law.mean, size)
    else:
        assert law.law == "constant", law.law
        times = np.full(size, law.mean)
    return np.minimum(times, law.most)


def _ticks(times: Floats, unit: int) -> Array:
    return np.rint(times * unit).astype(np.int64)
