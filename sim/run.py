"""A run: replications of one scenario, over processes if there are several, folded into one result.

Each replication is decided by (scenario, seed, its number) alone, and summaries are folded in the order of the numbers,
so nothing depends on how many processes there are or which of them finishes first.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from sim.attendance import attended
from sim.desk import Desk
from sim.measures.customers import Belief
from sim.measures.intervals import Intervals, intervals
from sim.measures.summary import Figure, Summary, figures, summarise
from sim.population.draw import draw
from sim.scenario import lower
from sim.scenario.check import expected_issues
from sim.scenario.read import Scenario
from sim.scenario.unknowns import redrawn, unknowns
from sim.simulate.engine import simulate
from sim.stopping import Look, Rule, Stopped
from sim.tables import write_parquet
from sim.workers import pool

ENGINE = "simpy"

SMALL = 100_000
"""Issues in all, below which starting processes costs more than it saves."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Result:
    """A finished run in memory; the contacts are in Parquet files, one a replication."""

    scenario: Scenario
    desk: Desk
    seed: int
    summaries: tuple[Summary, ...]
    figures: tuple[Figure, ...]
    intervals: Intervals
    digest: str
    uncertain: bool = False
    """Whether what is not known was drawn anew in every replication."""
    stopped: Stopped | None = None
    """By which rule, and after which looks, it stopped; None where the number of replications was given."""

    @property
    def replications(self) -> int:
        return len(self.summaries)


@dataclass(frozen=True)
class Job:
    """What a worker needs for any replication; `folder` receives the contacts."""

    scenario: Scenario
    desk: Desk
    seed: int
    folder: Path
    uncertain: bool = False

    def replicate(self, number: int) -> Summary:
        scenario, desk, belief = self.scenario, self.desk, Belief()
        if self.uncertain:
            scenario, belief = redrawn(scenario, self.seed, number)
            desk = lower.desk(scenario)
        population = draw(scenario, self.seed, number)
        there = attended(desk, self.seed, number)
        done = simulate(there, population)
        write_parquet(done.contacts, self.folder / f"{number:04d}.parquet", desk.words())
        if len(done.spells):
            spells = self.folder.parent / "spells"
            spells.mkdir(exist_ok=True)
            write_parquet(done.spells, spells / f"{number:04d}.parquet", desk.words())
        return summarise(
            done.contacts, there, replication=number, population_digest=population.digest, capped=done.capped,
            spells=done.spells, plan=desk, belief=belief,
        )  # fmt: skip


def run(
    scenario: Scenario,
    folder: Path,
    *,
    seed: int = 1,
    replications: int = 30,
    jobs: int | None = None,
    uncertain: bool = False,
    rule: Rule | None = None,
    progress: Progress = lambda done, total: None,
) -> Result:
    """Simulate; contacts go to ``folder/0000.parquet`` and so on.

    Args:
        jobs: processes; None: one a core, or none for a small run.
        uncertain: draw what is not known (`sim.scenario.unknowns`) anew in every replication, so that intervals hold
            that too.
        rule: as many replications as it needs, in place of `replications`.

    Raises:
        OSError: the contacts cannot be written.
    """
    job = Job(scenario, lower.desk(scenario), seed, folder, uncertain)
    summaries: list[Summary] = []
    looks: list[Look] = []
    for number in (replications,) if rule is None else rule.moments():
        more = range(len(summaries), number)
        summaries += _replicate(job, more, _processes(scenario, len(more), jobs), progress)
        if rule is not None:
            looks.append(rule.look(number, figures(summaries, job.desk)))
            if looks[-1].last:
                break
    return finished(job, summaries, None if rule is None else Stopped(rule, tuple(looks)))


def finished(job: Job, summaries: Sequence[Summary], stopped: Stopped | None = None) -> Result:
    """What the replications of a job come to."""
    populations = [summary.population_digest for summary in summaries]
    return Result(
        scenario=job.scenario,
        desk=job.desk,
        seed=job.seed,
        summaries=tuple(summaries),
        figures=tuple(figures(summaries, job.desk)),
        intervals=intervals(summaries, job.desk),
        digest=digest(job.scenario, job.seed, populations, uncertain=job.uncertain),
        uncertain=job.uncertain,
        stopped=stopped,
    )


def first(result: Result, number: int) -> Result:
    """The result of the first so many replications."""
    if number >= result.replications:
        return result
    summaries = result.summaries[:number]
    return replace(
        result,
        summaries=summaries,
        figures=tuple(figures(summaries, result.desk)),
        intervals=intervals(summaries, result.desk),
    )


def digest(scenario: Scenario, seed: int, populations: Sequence[str], *, uncertain: bool = False) -> str:
    """SHA-256 of the scenario, the seed, what is drawn as uncertain and the digests of the populations: equal digests,
    equal runs."""
    whole = sha256(f"{scenario.digest} {seed}".encode())
    if uncertain:
        # the desk may be uncertain as well, which no population shows
        whole.update(repr(unknowns(scenario)).encode())
    for population in populations:
        whole.update(population.encode())
    return whole.hexdigest()


def _processes(scenario: Scenario, replications: int, jobs: int | None) -> int:
    if jobs is None:
        size = len(scenario.log) if scenario.log is not None else expected_issues(scenario.spec)
        jobs = 1 if size * replications < SMALL else os.cpu_count() or 1
    return max(1, min(jobs, replications))


def _replicate(job: Job, numbers: range, processes: int, progress: Progress) -> Iterator[Summary]:
    if processes == 1:
        for number in numbers:
            yield job.replicate(number)
            progress(number + 1, numbers.stop)
        return
    size = max(1, min(4, len(numbers) // (2 * processes)))
    batches = [numbers[first : first + size] for first in range(0, len(numbers), size)]
    with pool(processes, _start, job) as executor:
        for batch in executor.map(_batch, batches):
            yield from batch
            progress(batch[-1].replication + 1, numbers.stop)


_job: Job


def _start(job: Job) -> None:
    global _job
    _job = job


def _batch(numbers: Sequence[int]) -> list[Summary]:
    return [_job.replicate(number) for number in numbers]
