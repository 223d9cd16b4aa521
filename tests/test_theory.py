"""The engine against queueing theory and against published simulations.

Each case is simulated in 60 independent replications. A figure passes where it lies within 4.5 standard errors of the
theory, the error being measured between the replications; a failure also tells how small a deviation would have been
seen. Every replication starts as full as a settled queue is, drawn from the stationary distribution (exponential times
have no memory, so whoever is there may as well have just come), and its first fifth is not counted all the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
from desks import HOUR, SECOND, Crew, desk, live, population

from sim.desk import Desk
from sim.distributions import Exponential
from sim.draws import Decision, uniforms
from sim.erlang import Steady, erlang_a
from sim.population.draw import Population
from sim.schemas import NEVER, TICKS_PER_SECOND, Outcome
from sim.simulate.engine import simulate
from sim.tables import Array, Floats, Table

RUNS = 60
SUSPECT = 4.5
"""Standard errors: with a thousand comparisons, chance alone goes that far once in 150 times."""

Sums = dict[str, tuple[float, float]]
"""Of one replication, by figure: numerator and denominator."""


@dataclass(frozen=True)
class Queue:
    """One queue with exponential times, in seconds."""

    rate: float
    handle_time: float
    agents: int
    patience: float = math.inf
    lines: int | None = None
    within: float = 20.0
    contacts: int = 600
    """Expected in one replication."""

    @property
    def theory(self) -> Steady:
        return erlang_a(self.rate, self.handle_time, self.agents, self.patience, self.lines)

    @property
    def seconds(self) -> float:
        return self.contacts / self.rate

    def settled(self) -> Floats:
        """Probabilities of 0, 1, 2, … contacts in the centre: each is the one before times rate / rate of leaving."""
        most = self.lines or 5000
        k = np.arange(1, most + 1)
        leaving = np.minimum(k, self.agents) / self.handle_time + np.maximum(k - self.agents, 0) / self.patience
        weights = np.exp(np.concatenate(([0.0], np.cumsum(np.log(self.rate / leaving)))))
        shares: Floats = weights / weights.sum()
        return shares

    def desk(self) -> Desk:
        # long enough for everybody to be served
        ends = self.seconds + 200 * self.handle_time
        return desk([Crew(self.agents)], [live(lines=self.lines)], ends=ends, unit=SECOND)

    def customers(self, seed: int, replication: int) -> Population:
        """Those of the settled queue at tick 0, then Poisson arrivals."""
        there = int(np.searchsorted(np.cumsum(self.settled()), uniforms(seed, replication, Decision.BUSY_DAY, 1)[0]))
        size = round(self.contacts + 8 * math.sqrt(self.contacts))
        gaps = Exponential(1 / self.rate).quantile(uniforms(seed, replication, Decision.ARRIVAL, size))
        times = np.cumsum(gaps)
        times = times[times < self.seconds]
        arrival = np.concatenate((np.zeros(there), times * TICKS_PER_SECOND)).astype(np.int64)
        handle = Exponential(self.handle_time).ticks(uniforms(seed, replication, Decision.HANDLE, len(arrival)))
        told = {"handle": handle[:, None]}
        if self.patience < math.inf:
            patience = Exponential(self.patience).ticks(uniforms(seed, replication, Decision.PATIENCE, len(arrival)))
            told["patience"] = patience[:, None]
        return population(arrival, np.zeros_like(arrival), told)

    def sums(self, contacts: Table) -> Sums:
        start, end = round(0.2 * self.seconds * TICKS_PER_SECOND), round(self.seconds * TICKS_PER_SECOND)
        counted = contacts.where((contacts["offered"] >= start) & (contacts["offered"] < end))
        offered, outcome, wait = len(counted), counted["outcome"], waits(counted)
        assert not (outcome == Outcome.OPEN).any(), "the clock stopped too early"
        quick = (outcome == Outcome.ANSWERED) & (wait <= self.within * TICKS_PER_SECOND)
        return {
            "p_wait": (float((wait > 0).sum()), offered),
            "mean_wait": (wait.sum() / TICKS_PER_SECOND, offered),
            "p_abandon": (float((outcome == Outcome.ABANDONED).sum()), offered),
            "p_block": (float((outcome == Outcome.BLOCKED).sum()), offered),
            "service_level": (float(quick.sum()), offered),
            "occupancy": (busy(contacts, start, end), self.agents * (end - start)),
        }


QUEUES = {
    "EB-01": Queue(rate=0.01, handle_time=100, agents=2, lines=2),
    "EB-03": Queue(rate=0.25, handle_time=100, agents=30, lines=30),
    "EB-06": Queue(rate=0.24, handle_time=100, agents=20, lines=20),
    "EC-04": Queue(rate=100 / 1800, handle_time=180, agents=14),
    "EC-07": Queue(rate=6.4 / 240, handle_time=240, agents=8),
    "EA-02": Queue(rate=100 / 1800, handle_time=180, agents=14, patience=300),
    "EA-03": Queue(rate=9.5 / 180, handle_time=180, agents=10, patience=300),
    "EA-04": Queue(rate=0.01, handle_time=100, agents=1, patience=100, within=50),
    "EA-05": Queue(rate=13 / 180, handle_time=180, agents=10, patience=300, within=60),
    "TK-01": Queue(rate=0.05, handle_time=180, agents=10, lines=15),
    "TK-03": Queue(rate=0.0125, handle_time=100, agents=1, lines=4, within=100),
    "TK-06": Queue(rate=0.03, handle_time=25, agents=2, lines=3, within=10),
}
"""The settled queues of the reference set; the others differ from these in size only."""

T1_C = Queue(rate=0.8, handle_time=60, agents=50, contacts=25_000)
T1_A = replace(T1_C, patience=120)


def waits(contacts: Table) -> Array:
    """Ticks until the answer, or until the customer left."""
    until = np.where(contacts["answered"] != NEVER, contacts["answered"], contacts["ended"])
    waited: Array = until - contacts["offered"]
    return waited


def busy(contacts: Table, start: int, end: int) -> int:
    """Agent ticks of talk and wrap-up within [start, end)."""
    mine = contacts.where(contacts["freed"] != NEVER)
    return int((mine["freed"].clip(start, end) - mine["answered"].clip(start, end)).sum())


def estimates(runs: list[Sums]) -> dict[str, tuple[float, float]]:
    """Of each figure the ratio of sums R = Σy / Σx, and its standard error √(Σ(y − R·x)² / (n(n − 1))) / x̄."""
    found = {}
    for figure in runs[0]:
        y, x = np.array([run[figure] for run in runs]).T
        value = y.sum() / x.sum()
        error = math.sqrt(((y - value * x) ** 2).sum() / (len(runs) * (len(runs) - 1))) / x.mean()
        found[figure] = value, error
    return found


def deviations(found: dict[str, tuple[float, float]], expected: dict[str, float]) -> list[str]:
    """A sentence for each figure that is more than `SUSPECT` standard errors off; no error means exactly equal."""
    sentences = []
    for figure, value in expected.items():
        estimate, error = found[figure]
        if abs(estimate - value) > SUSPECT * error + 1e-12:
            z = (estimate - value) / error if error else math.inf
            seen = f"{SUSPECT * error:.3g}" + (f" ({SUSPECT * error / abs(value):.1%})" if value else "")
            sentences.append(f"{figure}: {estimate:.6g}, not {value:.6g}; z = {z:.1f}; an error of {seen} is seen")
    return sentences


def expected_of(queue: Queue) -> dict[str, float]:
    theory = queue.theory
    return {
        "p_wait": theory.p_wait,
        "mean_wait": theory.mean_wait,
        "p_abandon": theory.p_abandon,
        "p_block": theory.p_block,
        "service_level": theory.service_level(queue.within),
        "occupancy": theory.occupancy,
    }


def simulated(queue: Queue, seed: int) -> dict[str, tuple[float, float]]:
    here = queue.desk()
    return estimates([queue.sums(simulate(here, queue.customers(seed, run)).contacts) for run in range(RUNS)])


@pytest.mark.parametrize("name", ["EB-06", "EC-07", "EA-05", "TK-01"])
def test_a_settled_queue_is_as_erlang_says(name: str) -> None:
    """Waits, losses, service level and occupancy of a short simulation are those of Erlang B, C or A."""
    assert not deviations(simulated(QUEUES[name], seed=list(QUEUES).index(name)), expected_of(QUEUES[name]))


@pytest.mark.statistics
@pytest.mark.parametrize("name", QUEUES)
def test_a_settled_queue_is_as_erlang_says_at_length(name: str) -> None:
    """So are those of a simulation fifteen times as long, of every queue."""
    queue = replace(QUEUES[name], contacts=9000)
    assert not deviations(simulated(queue, seed=100 + list(QUEUES).index(name)), expected_of(queue))


@pytest.mark.statistics
def test_a_busy_centre_without_abandonment() -> None:
    """48 calls a minute of a minute, 50 agents: 20.83 s of wait and 96 % occupancy if nobody gives up (Garnett,
    Mandelbaum, Reiman 2002, table 1)."""
    assert not deviations(simulated(T1_C, seed=200), {"mean_wait": 20.8337, "occupancy": 0.96})


@pytest.mark.statistics
def test_a_busy_centre_with_abandonment() -> None:
    """The same with two minutes of patience: 3.71 s, 93.0 % and 3.09 % abandoned."""
    patient = {"mean_wait": 3.70947, "occupancy": 0.930324, "p_abandon": 0.0309122}
    assert not deviations(simulated(T1_A, seed=201), patient)


# --- a day of 13 hours, simulated by others ---------------------------------------------------------------------------

AGENTS = (4, 6, 8, 8, 8, 7, 8, 8, 6, 6, 4, 4, 4)
CALLS = (100, 150, 150, 180, 200, 150, 150, 150, 120, 100, 80, 70, 60)
DAY = len(CALLS) * HOUR
PUBLISHED_ERROR = 0.0025 / 1.96
"""Of the published service level, 92.5 % [92.2, 92.7]; the others of that run are given to a tenth of a percent."""


def day_desk() -> Desk:
    """Who waits at closing is served, by those who are still there and finish."""
    levels = [(float(hour), agents) for hour, agents in enumerate(AGENTS)] + [(float(len(AGENTS)), 0)]
    phone = live(open=[(0, len(CALLS))], unit=HOUR)
    return desk([Crew(levels)], [phone], ends=len(CALLS) + 3, unit=HOUR)


def day_customers(seed: int, replication: int) -> Population:
    """Poisson calls at a rate that changes by the hour; 10 % have no patience, the others 1000 s; service 100 s."""
    size = sum(CALLS) + 10 * round(math.sqrt(sum(CALLS)))
    unit_times = np.cumsum(Exponential(1.0).quantile(uniforms(seed, replication, Decision.ARRIVAL, size)))
    # the expected number of calls by now, turned round: times of unit rate become times of the given rate
    expected = np.concatenate(([0], np.cumsum(CALLS)))
    hours = np.interp(unit_times[unit_times < expected[-1]], expected, np.arange(len(expected)))
    arrival = (hours * HOUR).astype(np.int64)

    def ticks(law: Exponential, decision: Decision) -> Array:
        return law.ticks(uniforms(seed, replication, decision, len(arrival)))[:, None]

    told = {
        "patience": ticks(Exponential(1000.0, zero=0.1), Decision.PATIENCE),
        "handle": ticks(Exponential(100.0), Decision.HANDLE),
    }
    return population(arrival, np.zeros_like(arrival), told)


def day_sums(contacts: Table) -> Sums:
    wait, answered = waits(contacts) / TICKS_PER_SECOND, contacts["outcome"] == Outcome.ANSWERED
    offered = len(contacts)
    sums: Sums = {}
    for within in (20, 30):
        quick, gone = (answered & (wait <= within)).sum(), (~answered & (wait <= within)).sum()
        sums[f"answered within {within} s of offered"] = float(quick), offered
        sums[f"answered within {within} s of offered less soon abandoned"] = float(quick), float(offered - gone)
    sums["occupancy"] = busy(contacts, 0, DAY), sum(AGENTS) * HOUR
    return sums


def days(count: int) -> dict[str, tuple[float, float]]:
    here = day_desk()
    return estimates([day_sums(simulate(here, day_customers(5, run)).contacts) for run in range(count)])


def day_deviations(count: int) -> list[str]:
    """As `deviations`, with the error of the published figures and half a unit of their last place allowed."""
    published = {
        "answered within 20 s of offered less soon abandoned": 0.925,
        "answered within 30 s of offered less soon abandoned": 0.944,
        "answered within 20 s of offered": 0.910,
        "occupancy": 0.558,
    }
    found = {
        figure: (value, math.hypot(error, PUBLISHED_ERROR, 0.0005 / SUSPECT))
        for figure, (value, error) in days(count).items()
    }
    return deviations(found, published)


def test_a_day_of_thirteen_hours_is_as_others_simulated_it() -> None:
    """Service level by two definitions and occupancy of 60 days are those that ContactCenters prints for it."""
    assert not day_deviations(60)


@pytest.mark.statistics
def test_many_days_of_thirteen_hours_are_as_others_simulated_them() -> None:
    """So are those of 1,000 days."""
    assert not day_deviations(1000)
