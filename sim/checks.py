"""Thresholds and targets held against a run: which were met, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sim.estimate import Estimate
from sim.measures import MEASURES
from sim.measures.base import Kind, Measure
from sim.run import Result
from sim.scenario.limits import Limit, limit_of
from sim.tables import Floats
from sim.units import say_share


@dataclass(frozen=True)
class Check:
    """One threshold. It is met by the mean over replications; where the interval of the mean reaches across it, more
    replications may turn that round, and it is not `sure`. `met` is None where nothing was observed."""

    limit: Limit
    estimate: Estimate
    met: bool | None
    sure: bool


def checks(result: Result) -> tuple[Check, ...]:
    """Every threshold of the scenario, in its order."""
    spec = result.scenario.spec
    found = {(f.measure.name, f.channel): f.estimate for f in result.figures if f.segment is None}
    listed = []
    for name, words in spec.thresholds.items():
        limit = limit_of(name, words, spec)
        listed.append(_check(limit, found.get((limit.measure, limit.channel), Estimate.not_observed(0))))
    return tuple(listed)


def _check(limit: Limit, estimate: Estimate) -> Check:
    if estimate.value is None:
        return Check(limit, estimate, None, sure=False)
    met = limit.met(estimate.value)
    ends = [end for end in (estimate.low, estimate.high) if end is not None]
    return Check(limit, estimate, met, sure=len(ends) == 2 and all(limit.met(end) == met for end in ends))


def passed(listed: tuple[Check, ...]) -> bool:
    """Whether none was missed; a threshold on what was not observed is."""
    return all(check.met for check in listed)


SHARE_TOLERANCE = 0.01
"""A percentage point: nearer to its target than that, a share may be taken as met or as missed."""
TOLERANCE = 0.02
"""The same for anything else, as a share of the target."""


@dataclass(frozen=True)
class Requirement:
    """A target or threshold in the form in which policies are selected: `values` has a number a replication, and it is
    met where their mean is not negative.

    Of a ratio Σ y / Σ x that is to be at least q that is (y_r − q·x_r) / x̄, whose mean is the ratio less q; of a
    quantile, the same with x_r those who waited and y_r those who waited no longer than the limit; of a moment, whether
    it came in time, less the share of replications in which it is to.
    """

    name: str
    words: str
    measure: str
    channel: str | None
    values: Floats
    tolerance: float
    limit: float | None
    """What the figure is held against; None where it is judged by who is in time, so that `values` are shares."""


def requirements(result: Result) -> tuple[Requirement, ...]:
    """The targets that the scenario states, then its thresholds."""
    limits = dict.fromkeys((*_targets(result), *(check.limit for check in checks(result))))
    measures = {measure.name: measure for measure in MEASURES}
    found: dict[tuple[str, str | None, bool, float], Requirement] = {}
    for limit in limits:
        key = (limit.measure, limit.channel, limit.least, limit.value)
        found.setdefault(key, _requirement(result, limit, measures[limit.measure]))
    return tuple(found.values())


def _targets(result: Result) -> Iterator[Limit]:
    for channel in result.desk.channels:
        if not channel.automatic and f"channels.{channel.name}.target" not in result.scenario.assumed:
            name, share = f"{channel.name}.service_level", channel.target.share
            yield Limit(name, f"at least {say_share(share)}", "service_level", channel.name, True, share)


def _requirement(result: Result, limit: Limit, measure: Measure) -> Requirement:
    tolerance = SHARE_TOLERANCE if measure.unit == "share" else TOLERANCE * abs(limit.value)
    timed = measure.kind in (Kind.QUANTILE, Kind.MOMENT)
    sign = 1.0 if limit.least else -1.0
    if measure.kind is Kind.QUANTILE:
        values, tolerance = _in_time(result, limit, measure), SHARE_TOLERANCE
        sign = -sign
    elif measure.kind is Kind.MOMENT:
        parts = [summary.parts[measure.name][limit.channel, None] for summary in result.summaries]
        values = np.array([float(above <= limit.value) for above, _ in parts]) - measure.q
        sign, tolerance = -sign, 0.05
    else:
        parts = [summary.parts[measure.name].get((limit.channel, None), (0.0, 0.0)) for summary in result.summaries]
        above, below = np.array(parts, dtype=np.float64).T
        values = (above - limit.value * below) / (below.mean() or 1.0)
        if not below.any():
            # what was never observed is not met, as of `Check`
            sign, values = 1.0, np.full(len(above), -1.0)
    return Requirement(
        limit.name, limit.words, limit.measure, limit.channel, sign * values, max(tolerance, 1e-9),
        None if timed else limit.value,
    )  # fmt: skip


def _in_time(result: Result, limit: Limit, measure: Measure) -> Floats:
    """By replication, who was done within the limit less the share who are to be; who is still open counts as not."""
    histograms = [summary.histograms[measure.histogram][limit.channel, None] for summary in result.summaries]
    within = np.array([float(np.sum(each.over.seconds <= limit.value)) for each in histograms])
    everyone = np.array(
        [len(h.over.seconds) + int(h.open.counts.sum()) + h.never for h in histograms], dtype=np.float64
    )
    return np.asarray((within - measure.q * everyone) / (everyone.mean() or 1.0))
