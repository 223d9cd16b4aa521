"""`sim verify`: the engine against closed forms, numerically solved systems, published results and days worked by hand.

A case is a desk and the figures it should give (`cases`). It is built in ticks and run on the engine that runs every
scenario (`desks`), observed batch by batch (`observe`), and judged (`judge`); `text` prints what came of it. The seeds
are fixed, and nothing depends on the number of processes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sim.simulate.engine import simulate
from sim.verify import exact
from sim.verify.cases import Case
from sim.verify.desks import customers, day_counts, plan
from sim.verify.forms import Form
from sim.verify.judge import Comparison, Judgement, Spread, statistically
from sim.verify.observe import Parts, observe
from sim.workers import pool

SEED = 2024
FRESH = 2025
"""The seed of the second look at a suspect."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Verification:
    """Every case that was asked for, judged."""

    form: Form
    judgements: tuple[Judgement, ...]

    @property
    def spread(self) -> Spread:
        return sum((judgement.spread for judgement in self.judgements), Spread())

    @property
    def widest(self) -> Comparison | None:
        """Of the comparisons that are judged by their error, the one that would miss most."""
        judged = (one for judgement in self.judgements for one in judgement.comparisons if one.z is not None)
        return max(
            (one for one in judged if not one.exact and one.theirs), key=lambda one: one.detectable, default=None
        )

    @property
    def failing(self) -> tuple[Judgement, ...]:
        return tuple(judgement for judgement in self.judgements if not judgement.passed)

    @property
    def passed(self) -> bool:
        return not self.failing and self.spread.inside


def verify(
    cases: Sequence[Case], form: Form, *, processes: int | None = None, progress: Progress = lambda done, total: None
) -> Verification:
    """Judge the cases; one that fails is simulated once more, with a fresh seed, and judged by that alone.

    Args:
        processes: None: one a core. progress: told how many runs are done, of how many.
    """
    first = _simulated(cases, form, SEED, processes, progress)
    suspects = [case for case in cases if case.id in first and not first[case.id].passed]
    again = _simulated(suspects, form, FRESH, processes, progress)
    judged = first | {name: replace(judgement, again=True) for name, judgement in again.items()}
    return Verification(
        form, tuple(judged[case.id] if case.id in judged else exact.KINDS[case.kind](case) for case in cases)
    )


def _simulated(
    cases: Sequence[Case], form: Form, seed: int, processes: int | None, progress: Progress
) -> dict[str, Judgement]:
    """The cases that chance has a part in, by name."""
    tasks = [
        (case, seed, run, size)
        for case in cases
        if case.kind not in exact.KINDS
        for run, size in enumerate(form.runs(case))
    ]
    runs: dict[str, list[Run]] = {}
    for done, (task, run) in enumerate(zip(tasks, _over_processes(tasks, processes), strict=True), 1):
        runs.setdefault(task[0].id, []).append(run)
        progress(done, len(tasks))
    by_name = {case.id: case for case in cases}
    return {
        name: statistically(by_name[name], [run.parts for run in found], form.size(by_name[name]),
                            sum(run.contacts for run in found))
        for name, found in runs.items()
    }  # fmt: skip


Task = tuple[Case, int, int, int]


@dataclass(frozen=True)
class Run:
    """What is kept of one run."""

    parts: dict[str, Parts]
    contacts: int


def _over_processes(tasks: Sequence[Task], processes: int | None) -> Iterator[Run]:
    count = min(processes or os.cpu_count() or 1, len(tasks))
    if count <= 1:
        yield from map(_run, tasks)
        return
    with pool(count) as executor:
        yield from executor.map(_run, tasks)


def _run(task: Task) -> Run:
    """One run of one case; decided by its arguments."""
    case, seed, run, size = task
    if case.kind == "demand":
        return _demand(case, seed, run, size)
    at = plan(case, size)
    population = customers(at, seed, run)
    contacts = simulate(at.desk, population).contacts
    return Run(observe(case, case.expected, contacts, at, population.dense["handle"][:, 0]), len(contacts))


def _demand(case: Case, seed: int, run: int, days: int) -> Run:
    """How many contacts each interval of each day brings; a variance is one about the mean that theory gives."""
    counts = day_counts(case, seed, run, days)
    parts = {}
    for name in case.expected:
        figure, _, part = name.partition("#")
        found = counts.sum(1) if not part else counts[:, int(part)]
        if figure == "variance":
            found = (found - case.expected[name.replace("variance", "mean")]) ** 2
        elif figure == "p_zero":
            found = (found == 0).astype(np.float64)
        parts[name] = Parts(found, np.ones(len(found)))
    return Run(parts, int(counts.sum()))
