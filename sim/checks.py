"""Thresholds held against a run: which were met, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

from sim.estimate import Estimate
from sim.run import Result
from sim.scenario.limits import Limit, limit_of


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
