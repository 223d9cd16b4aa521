"""The model in Ciw, a library for queueing networks: one node whose customers renege.

Ciw draws its own times and runs to a point in time, so it can be compared with the other peers only by its rates; the
number of contacts is reached on average. Its desk opens empty, hence the warm-up. Times are minutes.
"""

from __future__ import annotations

from dataclasses import dataclass

import ciw  # type: ignore[import-untyped]

from benchmarks.peers import AGENTS, ARRIVALS_PER_MINUTE, PATIENCE_MINUTES, SERVICE_MINUTES

WARM_UP_MINUTES = 20.0


@dataclass(frozen=True)
class Rates:
    """The desk after the warm-up, from the contacts that ended then; `contacts` counts all that ended."""

    contacts: int
    answered_per_minute: float
    abandoned_per_minute: float
    wait_minutes: float

    @property
    def abandoned(self) -> float:
        """The share of contacts abandoned."""
        return self.abandoned_per_minute / (self.answered_per_minute + self.abandoned_per_minute)


class Model:
    """One run of about `n` contacts, built but not started, so that the building need not be timed.

    Raises:
        ValueError: `n` contacts arrive before the warm-up is over.
    """

    def __init__(self, n: int, seed: int) -> None:
        self.horizon = n / ARRIVALS_PER_MINUTE
        if self.horizon <= WARM_UP_MINUTES:
            raise ValueError(f"{n} contacts end within the warm-up of {WARM_UP_MINUTES:g} minutes")
        ciw.seed(seed)
        network = ciw.create_network(
            arrival_distributions=[ciw.dists.Exponential(ARRIVALS_PER_MINUTE)],
            service_distributions=[ciw.dists.Exponential(1 / SERVICE_MINUTES)],
            reneging_time_distributions=[ciw.dists.Exponential(1 / PATIENCE_MINUTES)],
            number_of_servers=[AGENTS],
        )
        self.simulation = ciw.Simulation(network)

    def run(self) -> None:
        self.simulation.simulate_until_max_time(self.horizon)

    def rates(self) -> Rates:
        """What the finished run shows."""
        records = self.simulation.get_all_records()
        counted = [record for record in records if record.exit_date >= WARM_UP_MINUTES]
        abandoned = sum(record.record_type == "renege" for record in counted)
        minutes = self.horizon - WARM_UP_MINUTES
        return Rates(
            contacts=len(records),
            answered_per_minute=(len(counted) - abandoned) / minutes,
            abandoned_per_minute=abandoned / minutes,
            wait_minutes=sum(record.waiting_time for record in counted) / len(counted),
        )


def run(n: int, seed: int) -> Rates:
    """Simulates about `n` contacts from an empty desk."""
    model = Model(n, seed)
    model.run()
    return model.rates()
