"""How fast is the engine? Contacts per CPU second on Erlang-A, as ratios to SimPy with a process for each customer.

Speeds of one machine say nothing about another, ratios nearly do. So every round measures each engine once, each in a
fresh process, and a ratio is taken within its round, where both sides saw the same processor, load and draws. What is
timed is the CPU of the event loop: not the imports, the drawing of the contacts, or a compiler's first run.

A benchmark of a wrong model is worth nothing. Engines that take the drawn contacts must give the same answer as the
first one exactly, and every engine's abandonment and mean wait must agree with the theory of Erlang A.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from statistics import fmean, median, stdev

from benchmarks.peers import AGENTS, ARRIVALS_PER_MINUTE, PATIENCE_MINUTES, SERVICE_MINUTES, TICKS_PER_MINUTE, draw

ROOT = Path(__file__).resolve().parent.parent
BASE, LOOP, CIW = "simpy_processes", "heap_loop", "ciw_model"
ENGINES = (BASE, LOOP, CIW, "ours")
CIW_DIVISOR = 5
"""Ciw is slow, so it gets this many times fewer contacts."""
FEWEST_ARRIVALS = 20_000
CONFIDENCE = 0.99
OK, MISSED = 0, 3


@dataclass(frozen=True)
class Measurement:
    """One run of one engine: CPU `seconds` of the loop, and what the run says of the desk (`wait` in minutes)."""

    contacts: int
    seconds: float
    abandoned: float
    wait: float

    @property
    def speed(self) -> float:
        """Contacts per CPU second."""
        return self.contacts / self.seconds


Rounds = Mapping[str, Sequence[Measurement]]


def measure(name: str, arrivals: int, seed: int) -> Measurement:
    """Runs one engine in this process."""
    if name == CIW:
        return _measure_ciw(arrivals // CIW_DIVISOR, seed)
    run = import_module(f"benchmarks.peers.{name}").run
    run(*draw(2 * AGENTS, seed))  # a compiled engine compiles here
    contacts = draw(arrivals, seed)
    start = time.process_time()
    answered, abandoned, wait = run(*contacts)
    seconds = time.process_time() - start
    if answered + abandoned != arrivals:
        raise RuntimeError(f"{name} ended {answered + abandoned} contacts of {arrivals}")
    queued = arrivals - AGENTS  # the first ones find an agent each, and only fill the desk
    return Measurement(arrivals, seconds, abandoned / queued, wait / queued / TICKS_PER_MINUTE)


def _measure_ciw(arrivals: int, seed: int) -> Measurement:
    from benchmarks.peers.ciw_model import Model

    model = Model(arrivals, seed)
    start = time.process_time()
    model.run()
    seconds = time.process_time() - start
    rates = model.rates()
    return Measurement(rates.contacts, seconds, rates.abandoned, rates.wait_minutes)


def measure_afresh(name: str, arrivals: int, seed: int) -> Measurement:
    """Runs one engine in a new process."""
    command = [sys.executable, "-m", "benchmarks.erlang_a", "--one", name, f"--arrivals={arrivals}", f"--seed={seed}"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return Measurement(**json.loads(done.stdout))


def measure_all(arrivals: int, rounds: int) -> Rounds:
    """Every engine once a round, in a rotating order; round r draws with seed r, the same for all engines."""
    results: dict[str, list[Measurement]] = {name: [] for name in ENGINES}
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        turn = number % len(ENGINES)
        for name in ENGINES[turn:] + ENGINES[:turn]:
            results[name].append(measure_afresh(name, arrivals, seed=number))
    return results


def ratios(results: Rounds, name: str, base: str) -> list[float]:
    """The speed of `name` over that of `base`, round by round."""
    return [one.speed / other.speed for one, other in zip(results[name], results[base], strict=True)]


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Student's interval of the mean over rounds, which are independent, at `CONFIDENCE`."""
    from sim.estimate import t_quantile

    half = t_quantile(len(values), CONFIDENCE) * stdev(values) / len(values) ** 0.5
    return fmean(values) - half, fmean(values) + half


def faults(results: Rounds, p_abandon: float, wait: float) -> list[str]:
    """Where an engine is not a simulation of this desk; empty if all are. `wait` in minutes."""
    found = []
    for name, runs in results.items():
        for what, theory, values in (
            ("abandonment", p_abandon, [run.abandoned for run in runs]),
            ("mean wait", wait, [run.wait for run in runs]),
        ):
            low, high = interval(values)
            if not low <= theory <= high:
                found.append(f"{name}: {what} is {low:.4f} to {high:.4f}, and in theory {theory:.4f}")
        if name != CIW and any(
            (run.abandoned, run.wait) != (base.abandoned, base.wait)
            for run, base in zip(runs, results[BASE], strict=True)
        ):
            found.append(f"{name}: the same contacts end differently than with {BASE}")
    return found


def speed_table(results: Rounds) -> list[str]:
    """Lines: an engine, its median speed, and its ratios to the first engine and to the event loop."""
    lines = [f"{'engine':<16}{'contacts/s':>12}   {f'ratio to {BASE}':<28}ratio to {LOOP}"]
    for name, runs in results.items():
        speed = median(run.speed for run in runs)
        to_base, to_loop = _spread(ratios(results, name, BASE)), _spread(ratios(results, name, LOOP))
        lines.append(f"{name:<16}{speed:>12,.0f}   {to_base:<28}{to_loop}")
    return lines


def _spread(values: Sequence[float]) -> str:
    return f"{median(values):.3g} ({min(values):.3g} to {max(values):.3g})"


def answer_table(results: Rounds, p_abandon: float, wait: float) -> list[str]:
    """Lines: an engine, and the intervals of its abandonment and mean wait; the last line is the theory."""
    lines = [f"{f'{CONFIDENCE:.0%} interval':<16}{'abandoned, %':>16}{'mean wait, s':>16}"]
    for name, runs in results.items():
        low, high = interval([100 * run.abandoned for run in runs])
        soon, late = interval([60 * run.wait for run in runs])
        lines.append(f"{name:<16}{f'{low:.2f} to {high:.2f}':>16}{f'{soon:.2f} to {late:.2f}':>16}")
    lines.append(f"{'Erlang A':<16}{100 * p_abandon:>16.2f}{60 * wait:>16.2f}")
    return lines


def report(results: Rounds) -> int:
    """Prints both tables and what is wrong; returns the exit code."""
    from sim.erlang import erlang_a

    theory = erlang_a(ARRIVALS_PER_MINUTE, SERVICE_MINUTES, AGENTS, PATIENCE_MINUTES)
    wrong = faults(results, theory.p_abandon, theory.mean_wait)
    print("\n".join([*speed_table(results), "", *answer_table(results, theory.p_abandon, theory.mean_wait), ""]))
    print("\n".join(wrong) or "all engines agree with the theory, and on the same contacts with each other")
    return MISSED if wrong else OK


def main(words: Sequence[str] | None = None) -> int:
    """The command; returns 0, or 3 if an engine simulates something else."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.erlang_a", description=__doc__.partition("\n")[0])
    parser.add_argument("--arrivals", type=int, default=150_000, metavar="N", help="contacts a run (default 150,000)")
    parser.add_argument("--rounds", type=int, default=9, metavar="R", help="runs of each engine (default 9)")
    parser.add_argument("--one", choices=ENGINES, metavar="NAME", help="measure one engine here and print it as JSON")
    parser.add_argument("--seed", type=int, default=0, help="seed of the draws, with --one")
    asked = parser.parse_args(words)
    if asked.arrivals < FEWEST_ARRIVALS:
        parser.error(f"--arrivals must be at least {FEWEST_ARRIVALS:,}: Ciw has a desk to fill first")
    if asked.rounds < 2:
        parser.error("--rounds must be at least 2: one round has no interval")
    if asked.one:
        print(json.dumps(asdict(measure(asked.one, asked.arrivals, asked.seed))))
        return OK
    print(
        f"Erlang A: {ARRIVALS_PER_MINUTE:g} arrivals a minute, {AGENTS} agents, service {SERVICE_MINUTES:g} min, "
        f"patience {PATIENCE_MINUTES:g} min\n{asked.rounds} rounds of {asked.arrivals:,} contacts "
        f"({CIW}: {asked.arrivals // CIW_DIVISOR:,}); CPU time of the loop\nPython {platform.python_version()}, "
        f"SimPy {version('simpy')}, Ciw {version('ciw')}, {platform.machine()}\n"
    )
    return report(measure_all(asked.arrivals, asked.rounds))


if __name__ == "__main__":
    sys.exit(main())
