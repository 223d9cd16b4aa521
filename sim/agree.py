"""Does the helpdesk do what was predicted? A load test held against the simulation of the same customers, three ways.

*Predicted*: the plan's window, simulated from empty, at a desk that takes no time. *With latencies*: the same, at one
that takes what this desk took; which of the measured times falls on whom is drawn a hundred times, hence a band.
*Observed*: the ledger of the test. What the server did to the customers is the step from the first to the second; what
is left from the second to the third has another cause. Customers and luck are the same throughout, so contacts are
compared one by one as well.

A duration that is not long beside what an agent's requests take, in scenario time, says nothing about the desk and is
not compared; neither are channels that no desk has heard of.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.desk import Desk
from sim.errors import UsageError
from sim.load import plan as plans
from sim.load.books import lost, percentile
from sim.load.observe import Observed, observe
from sim.load.plan import Plan
from sim.load.predict import STEPS, Latency, Predictor, cycle, latencies, measured, seeds
from sim.load.slice import moved
from sim.measures.cohort import Cohort
from sim.measures.work import edges, handle_ticks
from sim.measures.workload import waiting_at
from sim.population.draw import draw
from sim.scenario import lower
from sim.scenario.read import Scenario, read
from sim.schemas import NEVER, TICKS_PER_SECOND, Outcome
from sim.tables import Array, Floats, Table, ticks_to_seconds
from sim.units import say_duration

SIMULATIONS = 100
BAND = (0.025, 0.975)
MINUTE = 60 * TICKS_PER_SECOND
CYCLES = 20
"""A duration shorter than so many of an agent's cycles, in scenario time, is not compared."""
CUT_OFF = 0.5
"""Where a larger share of the waits is cut off by the end, their mean is the test's length rather than the desk's."""
OF_THE_TARGET = 0.1
"""As much of a channel's target the intake of mail may take."""
NEAR = 0.1
"""The mean wait agrees within this share of the prediction with latencies."""
CORRELATED = 0.9
LARGEST = 10

Progress = Callable[[int, int], None]


# --- what is compared ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measure:
    """A figure of a channel, of the contacts offered in the window; NaN where there is none."""

    name: str
    title: str
    unit: str
    """s, share or contacts; "" for a plain number."""
    of: Callable[[Cohort, int], float]

    @property
    def is_duration(self) -> bool:
        return self.unit == "s"


def _count(values: npt.NDArray[Any]) -> float:
    return float(np.sum(values))


def _mine(cohort: Cohort, code: int) -> npt.NDArray[np.bool_]:
    return np.asarray(cohort.rows["channel"] == code)


def _waits(cohort: Cohort, code: int) -> Floats:
    """Seconds of all who waited; of those still waiting at the end, so far."""
    wait = cohort.wait[_mine(cohort, code)]
    return np.asarray(wait[wait != NEVER] / TICKS_PER_SECOND)


def _cut_off(cohort: Cohort, code: int) -> float:
    """Of those who waited, the share that still did at the end."""
    waited = _mine(cohort, code) & (cohort.wait != NEVER)
    return _mean(cohort.waiting[waited])


def _mean(values: npt.NDArray[Any]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def _share(values: npt.NDArray[Any], share: float) -> float:
    found = percentile(values.tolist(), share)
    return float("nan") if found is None else found


def _level(cohort: Cohort, code: int) -> float:
    return _mean(cohort.within[_mine(cohort, code) & ~cohort.outcome(Outcome.TURNED_AWAY)])


def _handle(cohort: Cohort, code: int) -> float:
    ticks = handle_ticks(cohort)[_mine(cohort, code)]
    return _mean(ticks[ticks != NEVER] / TICKS_PER_SECOND)


def _attempts(cohort: Cohort, code: int) -> float:
    mine = _mine(cohort, code)
    return _count(mine) / len(set(cohort.rows["issue"][mine].tolist())) if mine.any() else float("nan")


def _backlog(cohort: Cohort, code: int) -> Floats:
    """How many wait, each minute of the window."""
    minutes = np.arange(0, cohort.desk.horizon, MINUTE, dtype=np.int64)
    return waiting_at(cohort, code, minutes)[0].astype(np.float64)


ANSWERED = Measure("answered", "answered", "contacts", lambda c, code: _count(_mine(c, code) & c.answered))
CUT = Measure("cut_off", "waits cut off by the end", "share", _cut_off)
WAIT = Measure("mean_wait", "mean wait", "s", lambda c, code: _mean(_waits(c, code)))
LEVEL = Measure("service_level", "service level", "share", _level)
MEASURES: tuple[Measure, ...] = (
    Measure("offered", "offered", "contacts", lambda c, code: _count(_mine(c, code))),
    ANSWERED,
    WAIT,
    Measure("median_wait", "median wait", "s", lambda c, code: _share(_waits(c, code), 0.5)),
    Measure("wait_p90", "90 % wait at most", "s", lambda c, code: _share(_waits(c, code), 0.9)),
    LEVEL,
    Measure("handle_time", "mean handle time", "s", _handle),
    Measure("resolved", "resolved", "contacts", lambda c, code: _count(_mine(c, code) & (c.rows["resolved"] == 1))),
    Measure("chasers", "chasers", "contacts", lambda c, code: _count(c.rows["chasers"][_mine(c, code)])),
    Measure("attempts", "contacts an issue", "", _attempts),
    Measure("backlog", "mean backlog", "contacts", lambda c, code: _mean(_backlog(c, code))),
    Measure(
        "backlog_max", "highest backlog", "contacts", lambda c, code: float(np.max(_backlog(c, code), initial=0.0))
    ),
    CUT,
)
BY_INTERVAL = ("offered", "answered", "wait", "backlog")
"""By interval in which they were offered; `wait` is their mean in seconds, `backlog` how many wait when it starts."""
MOMENTS = ("offered", "answered", "ended", "wait")
"""What is compared of each contact; `wait` is from offered to answered."""


# --- what comes out --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Spread:
    """Over the simulations with latencies: the mean, and the range of the middle 95 %; NaN where there is none."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Row:
    """A measure three ways."""

    measure: Measure
    predicted: float
    delayed: Spread
    observed: float
    why_not: str
    """Why it is not compared; empty where it is."""

    @property
    def server(self) -> float | None:
        """The server's share of what differs: (second − first) / (observed − first); None where that difference is no
        larger than the band is wide."""
        differs = self.observed - self.predicted
        if self.why_not or not abs(differs) > self.delayed.high - self.delayed.low:
            return None
        return (self.delayed.mean - self.predicted) / differs


@dataclass(frozen=True)
class Criterion:
    """What has to hold for a channel to agree. `met` is None where that cannot be judged, and `why` says why."""

    name: str
    met: bool | None
    value: float
    why: str = ""


@dataclass(frozen=True)
class Series:
    """By minute or interval (the last axis): predicted, with latencies (mean, low and high) and observed."""

    predicted: Floats
    mean: Floats
    low: Floats
    high: Floats
    observed: Floats

    @property
    def r(self) -> float:
        """Pearson's correlation of observed with the mean with latencies; NaN where one of them never changes."""
        if np.ptp(self.mean) == 0 or np.ptp(self.observed) == 0:
            return float("nan")
        return float(np.corrcoef(self.mean, self.observed)[0, 1])

    @property
    def mae(self) -> float:
        """Mean absolute difference of the same two."""
        return float(np.mean(np.abs(self.mean - self.observed)))


@dataclass(frozen=True)
class Channel:
    """A channel that was sent."""

    name: str
    wire: str
    rows: tuple[Row, ...]
    minutes: Series
    """The backlog, each minute."""
    intervals: dict[str, Series]
    """By name of `BY_INTERVAL`."""
    firsts: Firsts
    criteria: tuple[Criterion, ...]

    def row(self, measure: Measure) -> Row:
        return next(row for row in self.rows if row.measure is measure)

    @property
    def agrees(self) -> bool | None:
        """None where one cannot be judged and none is missed."""
        met = [criterion.met for criterion in self.criteria]
        return False if False in met else None if None in met else True


@dataclass(frozen=True)
class Firsts:
    """First contacts of a channel, row for row: those predicted that are not there, and those there that were not
    predicted, as "17.1"; how many are both, and how many of these ended alike."""

    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    matched: int
    alike: int


@dataclass(frozen=True)
class Pair:
    """A contact that was predicted and observed: seconds after the window's start by `MOMENTS` (the wait itself is in
    seconds); NaN where something did not happen. `delayed` is the mean over those simulations in which it happened."""

    contact: str
    channel: str
    first: bool
    predicted: tuple[float, ...]
    delayed: tuple[float, ...]
    observed: tuple[float, ...]

    def differs(self, moment: str, *, beside: str) -> float:
        """Observed less predicted, or less `delayed` (`beside`), in seconds."""
        number = MOMENTS.index(moment)
        return self.observed[number] - float(getattr(self, beside)[number])


@dataclass(frozen=True)
class Residuals:
    """How far contacts are from their prediction, in seconds: `size` is the 95 % quantile of the absolute ones."""

    count: int
    mean: float
    median: float
    p95: float


@dataclass(frozen=True)
class Agreement:
    """What was compared, and what came of it."""

    observed: Observed
    starts: datetime
    """The window's start, by the desk's own clock."""
    predicted_from: str
    seed: int
    simulations: int
    measured: tuple[Latency, ...]
    channels: tuple[Channel, ...]
    apart: tuple[tuple[str, str], ...]
    """Channels that take no part, and why."""
    pairs: tuple[Pair, ...]
    later: tuple[int, int, int]
    """Further contacts: predicted, observed, and both by issue, attempt and cause."""

    @property
    def speed(self) -> float:
        return float(self.observed.plan["speed"])

    @cached_property
    def cycle(self) -> float | None:
        """Of an agent at the desk, in wall seconds."""
        return cycle(self.measured)

    @cached_property
    def steps(self) -> dict[str, Floats]:
        """Measured wall seconds by step, of the steps that were measured."""
        found = {step: [each.seconds for each in self.measured if each.step == step] for step in STEPS}
        return {step: np.array(times) for step, times in found.items() if times}

    @property
    def synthetic(self) -> bool:
        """Whether our own agents answered."""
        return bool(self.observed.plan["agents"] != "none")

    @cached_property
    def shortest(self) -> float | None:
        """The shortest mean duration that is compared, in seconds of the scenario, as it was predicted."""
        means = [
            row.predicted
            for channel in self.channels
            for row in channel.rows
            if row.measure.is_duration and row.measure.name.startswith(("mean", "handle")) and not row.why_not
        ]
        return min(means, default=None)

    @cached_property
    def void(self) -> tuple[str, ...]:
        """Why nothing may be claimed of this test; empty where something may."""
        validity = self.observed.validity
        reasons = list(validity.reasons)
        if lost(self.observed.books):
            reasons.append("the desk was lost: the last of what it was sent failed, one and all")
        if validity.valid and self.shortest is not None and not validity.fit_for_agreement(self.shortest):
            lag = (validity.p99_lag or 0.0) * self.speed
            reasons.append(
                f"contacts were sent up to {say_duration(lag)} of the scenario late (p99), more than 1 % of the "
                f"shortest mean that is compared ({say_duration(self.shortest)})"
            )
        return tuple(reasons)

    @property
    def agrees(self) -> bool | None:
        """Whether every channel does; None where that cannot be said."""
        found = [channel.agrees for channel in self.channels]
        if self.void or not found:
            return None
        return False if False in found else None if None in found else True

    def residuals(self, moment: str, *, beside: str) -> Residuals:
        """Of all pairs in which it happened on both sides; `beside` as in `Pair.differs`."""
        each = np.array([pair.differs(moment, beside=beside) for pair in self.pairs])
        known = each[np.isfinite(each)]
        if not len(known):
            return Residuals(0, float("nan"), float("nan"), float("nan"))
        return Residuals(len(known), _mean(known), float(np.median(known)), _share(np.abs(known), 0.95))

    @property
    def largest(self) -> list[Pair]:
        """The pairs whose waits are farthest from those predicted with latencies."""
        known = [pair for pair in self.pairs if np.isfinite(pair.differs("wait", beside="delayed"))]
        return sorted(known, key=lambda pair: -abs(pair.differs("wait", beside="delayed")))[:LARGEST]


# --- the comparison --------------------------------------------------------------------------------------------------


def agree(
    predicted: Path,
    observed: Path,
    *,
    simulations: int = SIMULATIONS,
    progress: Progress = lambda done, total: None,
) -> Agreement:
    """Hold a load test against its prediction.

    Args:
        predicted: the folder of a `sim run` of the same scenario, or the scenario's file.
        observed: the run folder of the load test.
        simulations: with latencies, for the band.

    Raises:
        UsageError: one of them is no such thing, or they are not of the same scenario, seed and customers. SimError: a
        row of the ledger is damaged.
    """
    plan = plans.read(observed / "plan" if (observed / "plan").is_dir() else observed)
    scenario = _same(predicted, observed, plan)
    test = observe(observed, scenario)
    world = plans.world(observed / "plan" if (observed / "plan").is_dir() else observed, plan)
    found = measured(plan, test.books)
    ticks = latencies(plan, found)
    reader = _Reader(test, plan)
    predictor = Predictor(plan, world)
    first = predictor.contacts({}, plan.seed)
    delayed = []
    for number, seed in enumerate(seeds(plan.seed, simulations)):
        delayed.append(reader.side(predictor.contacts(ticks, seed)))
        progress(number + 1, simulations)
    sides = _Sides(reader.side(first), delayed, reader.side(test.contacts))
    slow = _Slow(test, plan, cycle(found))
    return Agreement(
        observed=test,
        starts=lower.calendar(test.scenario).local(plan.window[0] / TICKS_PER_SECOND),
        predicted_from=str(predicted),
        seed=plan.seed,
        simulations=simulations,
        measured=found,
        channels=tuple(
            _channel(place, reader, sides, _firsts(first, test.contacts, code), slow)
            for place, code in enumerate(reader.codes)
        ),
        apart=tuple(
            (each.name, each.why or f"it goes by {each.wire}")
            for each in plan.channels
            if each.wire not in ("rest", "email")
        ),
        pairs=_pairs(reader, sides, first),
        later=_later(reader, first),
    )


@dataclass(frozen=True)
class _Side:
    """What one table says: `figures` channels × measures, `minutes` channels × minutes, `intervals` names × channels ×
    intervals, `moments` moments × observed contacts, in seconds; NaN where nothing is known."""

    figures: Floats
    minutes: Floats
    intervals: Floats
    moments: Floats


class _Reader:
    """Reads tables of contacts alike, whichever of the three they are."""

    def __init__(self, test: Observed, plan: Plan) -> None:
        self.desk: Desk = test.desk
        self.since = plan.window[0]
        self.codes = [code for code, channel in enumerate(plan.channels) if channel.wire in ("rest", "email")]
        self.wires = [plan.channels[code].wire for code in self.codes]
        self.contacts = test.contacts.where(np.isin(test.contacts["channel"], self.codes))
        self.keys = keys(self.contacts)

    def side(self, table: Table) -> _Side:
        cohort = Cohort(moved(table, -self.since), self.desk)
        return _Side(
            figures=np.array([[measure.of(cohort, code) for measure in MEASURES] for code in self.codes]),
            minutes=np.array([_backlog(cohort, code) for code in self.codes]),
            intervals=np.array([_by_interval(cohort, code) for code in self.codes]).swapaxes(0, 1),
            moments=self._moments(table),
        )

    def _moments(self, table: Table) -> Floats:
        """Of the observed contacts, what this table says of them."""
        mine = keys(table)
        order = np.argsort(mine)
        place = np.minimum(np.searchsorted(mine[order], self.keys), max(len(mine) - 1, 0))
        row = order[place] if len(mine) else place
        found = mine[row] == self.keys if len(mine) else np.zeros(len(self.keys), dtype=bool)
        told = np.full((len(MOMENTS), len(self.keys)), np.nan)
        for number, name in enumerate(MOMENTS[:3]):
            ticks = table[name][row[found]]
            told[number, found] = ticks_to_seconds(np.where(ticks == NEVER, NEVER, ticks - self.since))
        told[3] = told[1] - told[0]
        return told


def keys(table: Table) -> Array:
    """A number for each contact: its issue, attempt and cause."""
    return (table["issue"] << 14) | (table["attempt"] << 4) | table["cause"]


def _by_interval(cohort: Cohort, code: int) -> Floats:
    bounds = edges(cohort.desk)
    mine, count = _mine(cohort, code), len(bounds) - 1
    cell = cohort.rows["offered"] // cohort.desk.interval
    waited = mine & (cohort.wait != NEVER)
    wait = np.bincount(cell[waited], cohort.seconds(cohort.wait[waited]), count)
    waiters = np.bincount(cell[waited], minlength=count)
    return np.array(
        [
            np.bincount(cell[mine], minlength=count),
            np.bincount(cell[mine & cohort.answered], minlength=count),
            np.divide(wait, waiters, out=np.full(count, np.nan), where=waiters > 0),
            waiting_at(cohort, code, bounds[:-1])[0],
        ],
        dtype=np.float64,
    )


class _Sides:
    """The three, side by side."""

    def __init__(self, first: _Side, delayed: Sequence[_Side], observed: _Side) -> None:
        self.first, self.observed = first, observed
        self._delayed = delayed

    def spread(self, name: str) -> tuple[Floats, Floats, Floats]:
        """Mean, low and high of an array over the simulations with latencies, each over those that know it."""
        every = np.array([getattr(side, name) for side in self._delayed])
        none = np.isnan(every).all(axis=0)
        # where none knows anything the answer is NaN, of which NumPy would warn
        filled = np.where(none, 0.0, every)
        found = (np.nanmean(filled, axis=0), *np.nanquantile(filled, BAND, axis=0))
        mean, low, high = (np.where(none, np.nan, each) for each in found)
        return mean, low, high


@dataclass(frozen=True)
class _Slow:
    """What is too fast, or too far from the prediction's world, to be compared."""

    test: Observed
    plan: Plan
    cycle: float | None

    def channel(self, code: int) -> str:
        """Why nothing of a channel is compared; empty where it is."""
        channel = self.plan.channels[code]
        if channel.wire != "email":
            return ""
        intake = percentile(_intake(self.test, channel.name), 0.99)
        inside = (intake or 0.0) * self.plan.speed
        target = self.test.desk.channels[code].target.within / TICKS_PER_SECOND
        if inside <= OF_THE_TARGET * target:
            return ""
        return (
            f"the desk took up to {say_duration(inside)} of the scenario to fetch a mail (p99), more than a tenth of "
            f"the target ({say_duration(target)})"
        )

    def row(self, code: int, measure: Measure, predicted: float) -> str:
        """Why a measure is not compared."""
        whole = self.channel(code)
        if whole:
            return whole
        if self.cycle is None:
            return ""
        limit = CYCLES * self.plan.speed * self.cycle
        within = self.test.desk.channels[code].target.within / TICKS_PER_SECOND
        if (measure.is_duration and predicted < limit) or (measure is LEVEL and within < limit):
            return (
                f"shorter than {CYCLES} × speed × an agent's requests = {CYCLES} × {self.plan.speed:g} × "
                f"{self.cycle:.2f} s = {say_duration(limit)}"
            )
        return ""


def _intake(test: Observed, channel: str) -> list[float]:
    """Wall seconds from handing over a mail until its ticket was seen."""
    entries = test.books.entries
    return [
        row["ms"] / 1000
        for row in test.books.rows.of("step")
        if row["step"] == "mailbox" and row["ok"] and row["c"] in entries and entries[row["c"]].channel == channel
    ]


def _channel(place: int, reader: _Reader, sides: _Sides, firsts: Firsts, slow: _Slow) -> Channel:
    code = reader.codes[place]
    mean, low, high = (each[place] for each in sides.spread("figures"))
    first, observed = sides.first.figures[place], sides.observed.figures[place]
    rows = tuple(
        Row(measure, float(first[n]), Spread(float(mean[n]), float(low[n]), float(high[n])), float(observed[n]),
            slow.row(code, measure, float(first[n])))
        for n, measure in enumerate(MEASURES)
    )  # fmt: skip
    minutes = _series(sides, "minutes", (place,))
    return Channel(
        name=reader.desk.channels[code].name,
        wire=reader.wires[place],
        rows=rows,
        minutes=minutes,
        intervals={name: _series(sides, "intervals", (n, place)) for n, name in enumerate(BY_INTERVAL)},
        firsts=firsts,
        criteria=tuple(_criteria(rows, minutes, firsts)),
    )


def _series(sides: _Sides, name: str, at: tuple[int, ...]) -> Series:
    mean, low, high = (each[at] for each in sides.spread(name))
    return Series(getattr(sides.first, name)[at], mean, low, high, getattr(sides.observed, name)[at])


def _criteria(rows: Sequence[Row], minutes: Series, firsts: Firsts) -> Iterator[Criterion]:
    wait = next(row for row in rows if row.measure is WAIT)
    spread, off = wait.delayed, wait.observed / wait.delayed.mean - 1 if wait.delayed.mean else float("nan")
    near = abs(wait.observed - spread.mean) <= NEAR * spread.mean
    known = np.isfinite(wait.observed) and np.isfinite(spread.mean)
    why = wait.why_not or ("" if known else "nobody waited")
    unknown = why or _so_far(rows)
    yield Criterion("mean_wait", None if unknown else near, off, unknown)
    # a wait too short to compare is a queue too short to compare
    if not why and np.ptp(minutes.mean) == 0 and np.ptp(minutes.observed) == 0:
        why = "it never changes"
    yield Criterion("backlog", None if why else minutes.r > CORRELATED, minutes.r, why)
    whole = not firsts.missing and not firsts.unexpected
    alike = firsts.alike / firsts.matched if firsts.matched else float("nan")
    yield Criterion("first_contacts", whole if firsts.matched or not whole else None, alike, "" if firsts.matched else
                    "there are none")  # fmt: skip


def _so_far(rows: Sequence[Row]) -> str:
    """Why the mean wait is no wait for an answer; empty where it is."""
    answered, cut = (next(row for row in rows if row.measure is measure) for measure in (ANSWERED, CUT))
    if not (answered.observed or answered.delayed.mean):
        return "nobody was answered"
    return "most were still waiting at the end" if max(cut.observed, cut.delayed.mean) > CUT_OFF else ""


# --- contact by contact ----------------------------------------------------------------------------------------------


def _firsts(predicted: Table, observed: Table, code: int) -> Firsts:
    one, other = (
        {
            (issue, cause): outcome
            for issue, cause, outcome in zip(
                table["issue"].tolist(), table["cause"].tolist(), table["outcome"].tolist(), strict=True
            )
        }
        for table in (each.where((each["channel"] == code) & (each["attempt"] == 1)) for each in (predicted, observed))
    )
    both = one.keys() & other.keys()
    return Firsts(
        missing=tuple(f"{issue}.1" for issue, _ in sorted(one.keys() - both)),
        unexpected=tuple(f"{issue}.1" for issue, _ in sorted(other.keys() - both)),
        matched=len(both),
        alike=sum(one[key] == other[key] for key in both),
    )


def _pairs(reader: _Reader, sides: _Sides, predicted: Table) -> tuple[Pair, ...]:
    there = np.isin(reader.keys, keys(predicted))
    mean = sides.spread("moments")[0]
    contacts = reader.contacts
    return tuple(
        Pair(
            contact=f"{contacts['issue'][n]}.{contacts['attempt'][n]}",
            channel=reader.desk.channels[contacts["channel"][n]].name,
            first=bool(contacts["attempt"][n] == 1),
            predicted=tuple(sides.first.moments[:, n].tolist()),
            delayed=tuple(mean[:, n].tolist()),
            observed=tuple(sides.observed.moments[:, n].tolist()),
        )
        for n in np.flatnonzero(there).tolist()
    )


def _later(reader: _Reader, predicted: Table) -> tuple[int, int, int]:
    mine = predicted.where(np.isin(predicted["channel"], reader.codes) & (predicted["attempt"] > 1))
    seen = reader.keys[reader.contacts["attempt"] > 1]
    return len(mine), len(seen), int(np.isin(seen, keys(mine)).sum())


# --- of the same scenario, seed and customers ------------------------------------------------------------------------


def _same(predicted: Path, observed: Path, plan: Plan) -> Scenario | None:
    """Raises UsageError where they are not; the scenario, if its file was given."""
    if predicted.is_dir():
        _same_run(predicted, observed, plan)
        return None
    told = _told(observed)
    scenario = read(predicted, told.get("set", ()), variant=told.get("variant"))
    if scenario.digest != plan.scenario_digest:
        sets = "".join(f" --set {shlex.quote(each)}" for each in told.get("set", ()))
        raise UsageError(
            f"{predicted}{sets} is not the scenario of {observed} (scenario_digest)",
            f"name the file as it was when {plan.file} was sent, or run the load test again",
        )
    if draw(scenario, plan.seed, plan.replication).digest != plan.population_digest:
        raise UsageError(
            f"{predicted} gives other customers than {observed} has sent (population_digest)",
            "this version of sim draws others: run the load test again",
        )
    return scenario


def _same_run(predicted: Path, observed: Path, plan: Plan) -> None:
    told = _told(predicted)
    if not told:
        raise UsageError(
            f"{predicted} is no run folder: it has no run.json that can be read",
            "name the folder of a sim run, or the scenario's file",
        )
    if told.get("source") == "observed":
        raise UsageError(f"{predicted} is a load test itself", "name the prediction first: a sim run, or the scenario")
    again = f"make one: sim run --seed {plan.seed} --replications {plan.replication + 1} {_arguments(observed, plan)}"
    digests = told.get("population_digests", [])
    if told.get("scenario_digest") != plan.scenario_digest:
        raise UsageError(f"{predicted} is of another scenario than {observed} (scenario_digest)", again)
    if told.get("seed") != plan.seed:
        raise UsageError(f"{predicted} has seed {told.get('seed')}, and {observed} has {plan.seed}", again)
    if plan.replication >= len(digests):
        raise UsageError(f"{predicted} has no replication {plan.replication}, which {observed} has sent", again)
    if digests[plan.replication] != plan.population_digest:
        drawn = "its customers were drawn with --uncertain" if told.get("uncertain") else "of another version of sim"
        raise UsageError(
            f"{predicted} has other customers than {observed} has sent (population_digest): {drawn}", again
        )


def _told(folder: Path) -> dict[str, Any]:
    """What a folder's run.json says; nothing where there is none."""
    try:
        told = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _arguments(observed: Path, plan: Plan) -> str:
    """The scenario as it was sent, for a command."""
    told = _told(observed)
    sets = [word for each in told.get("set", ()) for word in ("--set", each)]
    variant = ["--variant", told["variant"]] if told.get("variant") else []
    return shlex.join([*variant, *sets, plan.file])
