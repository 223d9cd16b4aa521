"""How many fewer replications does a comparison need on the same customers than with independent seeds?

Two policies of a scenario are simulated on the populations of one seed, and the second once more on those of another.
Half widths fall with the square root of the replications, so the ratio of the squared half widths of the difference,
independent over paired, is how many times as many replications independent seeds need for the same interval. Prints it
for each figure that a choice is about, with its own 95 % interval (a bootstrap of the replications).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from sim.compare import Plan, simulate
from sim.differences import HEADLINE
from sim.measures import MEASURES
from sim.measures.base import Key, Measure
from sim.measures.summary import Summary
from sim.run import Result
from sim.scenario.read import read
from sim.tables import Floats

RESAMPLES = 2000


def influences(summaries: Sequence[Summary], measure: Measure, key: Key) -> Floats:
    """By replication, (y − R·x) / x̄ of a figure R = Σ y / Σ x."""
    above, below = np.array([summary.parts[measure.name][key] for summary in summaries], dtype=np.float64).T
    return np.asarray((above - above.sum() / below.sum() * below) / below.mean())


def ratio(one: Floats, same: Floats, other: Floats) -> tuple[float, float, float]:
    """Var(other − one) / Var(same − one), as if `other` were independent of `one`, with its 95 % interval."""
    generator = np.random.Generator(np.random.Philox(key=[len(one), 1]))
    picked = generator.integers(len(one), size=(RESAMPLES, len(one)))
    picked = np.vstack((np.arange(len(one)), picked))
    apart = one[picked].var(axis=1) + other[picked].var(axis=1)
    paired = (same - one)[picked].var(axis=1)
    ratios = apart / paired
    low, high = np.quantile(ratios[1:], (0.025, 0.975))
    return float(ratios[0]), float(low), float(high)


def figures(result: Result) -> list[tuple[Measure, Key]]:
    """What a choice is about, and where a policy can differ by luck."""
    keys: list[tuple[Measure, Key]] = []
    for measure in MEASURES:
        if measure.name in HEADLINE and measure.name != "cost":
            found = result.summaries[0].parts[measure.name]
            by_channel = measure.name == "service_level"
            keys += [(measure, key) for key in found if key[1] is None and (key[0] is not None) == by_channel]
    return keys


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", nargs="?", default="scenarios/broadband_week.yaml", type=Path)
    parser.add_argument("--variant", default="evenings")
    parser.add_argument("--replications", default=60, type=int)
    asked = parser.parse_args(arguments)
    base, variant = read(asked.file), read(asked.file, variant=asked.variant)
    with TemporaryDirectory() as folder:
        places = [Path(folder) / name for name in ("one", "same", "other")]
        for place in places:
            place.mkdir()
        plan = Plan(asked.replications, 0)
        one, same = simulate([base, variant], places[:2], plan, seed=1)
        (other,) = simulate([variant], places[2:], plan, seed=2)
    out = sys.stdout.write
    out(f"{asked.file}, {asked.variant} less as is, {asked.replications} replications\n")
    out("times as many replications with independent seeds, for the same interval:\n")
    for measure, key in figures(one):
        values = [influences(result.summaries, measure, key) for result in (one, same, other)]
        if not (values[1] - values[0]).any():
            continue
        value, low, high = ratio(*values)
        name = measure.name if key[0] is None else f"{key[0]}.{measure.name}"
        out(f"  {name:24} {value:6.1f}  [{low:.1f}, {high:.1f}]\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
