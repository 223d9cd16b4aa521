"""A replayed log as a test: what was observed, what the simulated centre predicts, and what Erlang-A would have said.

Every call of the log arrives as it did, and the centre answers it by the rules of the scenario. Only figures that the
log shows are compared: how many abandon, and how long callers wait. The unit is a *cell*, one hour of one day; figures
by hour of day, the correlation and the error all weight cells by their calls.

The test is conditional. Where the staff is rebuilt from the same log, it shows whether the model turns load and staff
into waits as the real centre did, not whether it could have forecast either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from sim.clock import Week
from sim.desk import Desk
from sim.erlang import erlang_a
from sim.errors import UsageError
from sim.estimate import Estimate, ratio
from sim.logs import Account, Log
from sim.observed import cell_numbers, observed_cells
from sim.scenario.read import Scenario
from sim.scenario.spec import Channel, FromLog, Group, Replay
from sim.schemas import NEVER, TICKS_PER_SECOND
from sim.tables import Array, Floats, Table

HOUR = 3600
GAPS = (600.0, 1200.0, 1800.0, 3600.0)
WRAP_UPS = (0.0, 30.0, 45.0, 60.0)


class Cells(NamedTuple):
    """One replication, by hour from the log's first midnight on: shape (24 · days,)."""

    abandoned: Floats
    """Calls that nobody answered."""
    wait: Floats
    """Seconds waited by all calls, abandoned ones until they left."""


_Team = TypeVar("_Team", Channel, Group)
Mapper = Callable[[Callable[[int], Cells], Iterable[int]], Iterable[Cells]]
"""Something that does what `map` does; that of a pool of processes will do."""


@dataclass(frozen=True)
class Comparison:
    """One figure: as the log has it, as simulated (mean over replications, with interval), and by Erlang-A."""

    observed: float
    predicted: Estimate
    erlang_a: float


@dataclass(frozen=True)
class Row:
    """Calls that arrived in some hours: how many, the share that abandoned, and seconds waited by all of them."""

    calls: int
    abandonment: Comparison
    wait: Comparison


@dataclass(frozen=True)
class Fit:
    """How near predicted abandonment comes to the observed one, cell by cell."""

    r: float | None
    """Pearson's correlation, cells weighted by calls; None where nothing varies."""
    r_unweighted: float | None
    """The same with every cell alike: an hour with a handful of calls then counts in full."""
    mae: float
    """Mean absolute error of the share that abandons, cells weighted by calls: 0.03 is 3 percentage points."""


@dataclass(frozen=True)
class Backtest:
    """Observed beside predicted, for the calls that arrived within `compare`."""

    scenario: str
    log: Account
    seed: int
    replications: int
    compare: Week | None
    """Whole hours of the week; None is all of them."""
    by_hour: Mapping[int, Row]
    """By hour of day; hours without a call are left out."""
    overall: Row
    predicted: Fit
    erlang_a: Fit
    handle_time: float
    """What Erlang-A was given, seconds: mean logged service plus mean wrap-up …"""
    patience: float
    """… and the mean of exponential patience fitted to the log, those who were answered being censored."""


@dataclass(frozen=True)
class Variant:
    """One pair of staffing rule and wrap-up, both in seconds, and its back-test."""

    gap: float
    wrap_up: float
    result: Backtest


def backtest(
    scenario: Scenario,
    *,
    seed: int,
    replications: int = 20,
    over: Mapper = map,
) -> Backtest:
    """Hold a scenario against the log that it replays, in the hours of its `demand.replay.compare`.

    Args:
        over: how replications are run; `map` of a process pool runs them side by side, with the same result.

    Raises:
        UsageError: the scenario replays no log, or one without waits, outcomes, abandonment or calls in that window.
    """
    log, compare = _log(scenario), _replay(scenario).compare
    observed = observed_cells(log)
    measured = observed["offered"] > 0
    if compare is not None:
        pairs = zip(observed["weekday"].tolist(), observed["hour"].tolist(), strict=True)
        measured &= np.array([compare.at(weekday, hour * HOUR) is not None for weekday, hour in pairs])
    if not measured.any():
        raise UsageError(f"{log.file}: no call arrives in the hours that are compared", "widen demand.replay.compare")
    handle_time, patience = _handle_time(scenario), _patience(log)
    stationary = _stationary(scenario, observed, measured, handle_time, patience)
    runs = list(over(partial(replicate, scenario, seed), range(replications)))
    abandoned, wait = np.array([run.abandoned for run in runs]), np.array([run.wait for run in runs])
    sides = _Sides(observed, abandoned, wait, stationary)
    return Backtest(
        scenario=scenario.name,
        log=log.account,
        seed=seed,
        replications=replications,
        compare=compare,
        by_hour={hour: sides.row(here) for hour in range(24) if (here := measured & (observed["hour"] == hour)).any()},
        overall=sides.row(measured),
        predicted=sides.fit(measured, abandoned.mean(axis=0)),
        erlang_a=sides.fit(measured, stationary.abandoned),
        handle_time=handle_time,
        patience=patience,
    )


def replicate(scenario: Scenario, seed: int, replication: int) -> Cells:
    """Run one replication of a replayed log; a cell holds the calls that **arrived** in it, as in `observed_cells`."""
    from sim.population.draw import draw
    from sim.scenario import lower
    from sim.simulate.engine import simulate

    log, desk = _log(scenario), lower.desk(scenario)
    contacts = simulate(desk, draw(scenario, seed, replication)).contacts
    # issues are numbered in the order in which calls enter the queue
    order = np.argsort(np.rint(log.entered * TICKS_PER_SECOND), kind="stable")
    cell = cell_numbers(log)[order][contacts["issue"]]
    lost = contacts["answered"] == NEVER
    until = np.where(lost, contacts["ended"], contacts["answered"])
    # who still waits when the clock stops has waited until then
    until = np.where(until == NEVER, desk.ends, until)
    wait = (until - contacts["offered"]) / TICKS_PER_SECOND
    size = 24 * log.days
    return Cells(_sums(cell, lost, size), _sums(cell, wait, size))


def _sums(cell: Array, values: npt.NDArray[np.generic], size: int) -> Floats:
    """The sum of the values in each cell."""
    return np.asarray(np.bincount(cell, values, size), dtype=np.float64)


def grid(
    scenario: Scenario,
    *,
    seed: int,
    replications: int = 5,
    gaps: Sequence[float] = GAPS,
    wrap_ups: Sequence[float] = WRAP_UPS,
    over: Mapper = map,
) -> tuple[Variant, ...]:
    """The back-test for every gap rule and every constant wrap-up (seconds), gap by gap.

    Both decide how much of their time agents have for callers, so a log fixes their combination better than either:
    the grid shows along which line the fit stays the same.

    Raises:
        UsageError: no group has its staff from the log, or as `backtest`.
    """
    return tuple(
        Variant(gap, wrap_up, backtest(_with(scenario, gap, wrap_up), seed=seed, replications=replications, over=over))
        for gap, wrap_up in product(gaps, wrap_ups)
    )


def _with(scenario: Scenario, gap: float, wrap_up: float) -> Scenario:
    """The scenario with another gap rule and another wrap-up."""
    from sim.distributions import Constant

    spec = scenario.spec
    teams: list[Channel | Group] = [*spec.channels.values(), *spec.groups.values()]
    if not any(isinstance(team.staff, FromLog) for team in teams):
        raise UsageError(f"{scenario.file}: no group has its staff from the log", "write staff: {from_log: {gap: 30m}}")
    channels = {name: _seen_within(channel, gap) for name, channel in spec.channels.items()}
    groups = {name: _seen_within(group, gap) for name, group in spec.groups.items()}
    name = _channel(scenario)
    channels[name] = channels[name].model_copy(update={"wrap_up": Constant(wrap_up)})
    return replace(scenario, spec=spec.model_copy(update={"channels": channels, "groups": groups}))


def _seen_within(team: _Team, gap: float) -> _Team:
    """The same group with another gap rule, if its staff comes from the log."""
    return team.model_copy(update={"staff": team.staff._replace(gap=gap)}) if isinstance(team.staff, FromLog) else team


@dataclass(frozen=True)
class _Sides:
    """What is compared, by cell; `abandoned` and `wait` have shape (replications, cells)."""

    observed: Table
    abandoned: Floats
    wait: Floats
    stationary: Cells

    def row(self, here: npt.NDArray[np.bool_]) -> Row:
        calls = int(self.observed["offered"][here].sum())
        each = np.full(len(self.abandoned), float(calls))
        return Row(
            calls,
            Comparison(
                float(self.observed["abandoned"][here].sum()) / calls,
                ratio(self.abandoned[:, here].sum(axis=1), each, of="trials"),
                float(self.stationary.abandoned[here].sum()) / calls,
            ),
            Comparison(
                float(self.observed["wait"][here].sum()) / calls,
                ratio(self.wait[:, here].sum(axis=1), each),
                float(self.stationary.wait[here].sum()) / calls,
            ),
        )

    def fit(self, here: npt.NDArray[np.bool_], abandoned: Floats) -> Fit:
        calls = self.observed["offered"][here].astype(np.float64)
        predicted, observed = abandoned[here] / calls, self.observed["abandoned"][here] / calls
        return Fit(
            r=_correlation(predicted, observed, calls),
            r_unweighted=_correlation(predicted, observed, np.ones_like(calls)),
            mae=float(np.average(np.abs(predicted - observed), weights=calls)),
        )


def _correlation(one: Floats, other: Floats, weights: Floats) -> float | None:
    """r = Σ w(x - x̄)(y - ȳ) / √(Σ w(x - x̄)² · Σ w(y - ȳ)²), with weighted means; None where nothing varies."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    x = one - np.average(one, weights=weights)
    y = other - np.average(other, weights=weights)
    return float(np.sum(weights * x * y) / np.sqrt(np.sum(weights * x**2) * np.sum(weights * y**2)))


def _stationary(
    scenario: Scenario, observed: Table, measured: npt.NDArray[np.bool_], handle_time: float, patience: float
) -> Cells:
    """Erlang-A for every measured cell by itself, as if its hour went on for ever; other cells are left at 0."""
    from sim.scenario import lower

    size = len(observed)
    agents = _agents(lower.desk(scenario), list(scenario.spec.channels).index(_channel(scenario)), size)
    abandoned, wait = np.zeros(size), np.zeros(size)
    for cell in np.flatnonzero(measured).tolist():
        calls = int(observed["offered"][cell])
        steady = erlang_a(calls / HOUR, handle_time, int(agents[cell]), patience)
        abandoned[cell] = steady.p_abandon * calls
        wait[cell] = steady.mean_wait * calls
    return Cells(abandoned, wait)


def _agents(desk: Desk, channel: int, hours: int) -> Array:
    """Agents scheduled for a channel in each hour: the mean level, rounded half up."""
    edges = np.arange(hours + 1) * HOUR * TICKS_PER_SECOND
    level = np.zeros(hours)
    for group in desk.answering(channel):
        ticks, levels = np.array(desk.groups[group].levels).T
        worked = np.concatenate(([0], np.cumsum(levels[:-1] * np.diff(ticks))))
        last = np.searchsorted(ticks, edges, side="right") - 1
        level += np.diff(worked[last] + (edges - ticks[last]) * levels[last]) / (HOUR * TICKS_PER_SECOND)
    return np.floor(level + 0.5).astype(np.int64)


def _handle_time(scenario: Scenario) -> float:
    """Mean logged service of all answered calls (the scenario's, where the log has none) plus mean wrap-up, seconds."""
    from sim.scenario.times import duration_of

    name = _channel(scenario)
    channel = scenario.spec.channels[name]
    service = _log(scenario).service
    logged = not np.isnan(service).all()
    mean = float(np.nanmean(service)) if logged else duration_of(channel, "handle_time", name).mean
    return mean + duration_of(channel, "wrap_up", name).mean


def _patience(log: Log) -> float:
    """Mean of exponential patience, seconds: time waited by all calls / calls that abandoned.

    The maximum-likelihood estimate where the wait of an answered call is a patience cut short; in a settled queue it is
    mean wait / share that abandons (Brown et al., Statistical Analysis of a Telephone Call Center, JASA 100, 2005).
    """
    assert log.answered is not None
    waited, abandoned = float(log.observed_wait.sum()), int((~log.answered).sum())
    if not (waited and abandoned):
        raise UsageError(f"{log.file}: nobody waited and abandoned", "there is no abandonment to predict")
    return waited / abandoned


def _log(scenario: Scenario) -> Log:
    if scenario.log is None:
        raise UsageError(f"{scenario.file}: the scenario replays no log", "name one under demand.replay")
    return scenario.log


def _channel(scenario: Scenario) -> str:
    """The channel on which the log is replayed."""
    return _replay(scenario).channel


def _replay(scenario: Scenario) -> Replay:
    replay = scenario.spec.demand.replay
    assert replay is not None
    return replay
