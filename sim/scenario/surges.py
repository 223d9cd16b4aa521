"""Surges of unknown time: drawn for each replication, and laid over the forecast as events of a known time are.

Moments at which surges begin are a Poisson process, and each is felt on all its channels at once: that is what makes
the channels move together. By Campbell's theorem the expected lift at t is e(t) = ν (φ − 1) ∫ w(t − s) ds over the
moments s at which one can begin, with ν surges a second of that time, φ the mean factor and w(u) the weight u seconds
after the beginning. A forecast was made of days with surges, so it is divided by 1 + e(t): the expected rate is the
forecast's at any time.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial

import numpy as np

from sim import demand
from sim.clock import WEEK
from sim.demand import Rate
from sim.draws import Decision, uniforms
from sim.scenario import lower
from sim.scenario import spec as s
from sim.scenario.rates import STEP, Happening, cut_at, spans, with_happenings
from sim.scenario.read import Scenario
from sim.tables import Floats


def surged(scenario: Scenario, seed: int, replication: int) -> Sequence[Rate]:
    """The rate of issues by channel in one replication, before busyness: the forecast with that replication's surges.

    Without surges it is `lower.rates` itself.
    """
    if not scenario.spec.demand.surges:
        return lower.rates(scenario)
    happenings = [
        happening
        for number, surge in enumerate(scenario.spec.demand.surges.values())
        for happening in _drawn(surge, _beginnings(scenario, surge), seed, replication, number)
    ]
    return with_happenings(_beside_surges(scenario), scenario.spec, lower.calendar(scenario), happenings)


def _drawn(surge: s.Surge, beginnings: Rate, seed: int, replication: int, number: int) -> list[Happening]:
    """The surges of one kind in a replication: when each begins, and how high it is."""
    at = partial(uniforms, seed, replication, Decision.SURGE)
    begins = demand.arrivals(beginnings, partial(at, page=2 * number))
    heights = surge.factor.low + (surge.factor.high - surge.factor.low) * at(len(begins), page=2 * number + 1)
    return [
        Happening(spans(begin, surge.lasts, surge.fades), factor, None, surge.channels, surge.intent)
        for begin, factor in zip(begins.tolist(), heights.tolist(), strict=True)
    ]


def _beginnings(scenario: Scenario, surge: s.Surge) -> Rate:
    """The rate at which surges begin, a second, from the first moment on from which one is still felt in the run-in; of
    those that begin at some hours only, as many come a week."""
    start, end, _ = lower.horizon(scenario)
    first = start - spans(0.0, surge.lasts, surge.fades)[-1][1]
    if surge.hours is None:
        return Rate(np.array([first]), np.array([end]), np.array([surge.often]))
    rate = demand.lay(surge.hours, lower.calendar(scenario), first, end)
    return rate.times(surge.often * WEEK / surge.hours.seconds())


@lru_cache(maxsize=4)
def _beside_surges(scenario: Scenario) -> list[Rate]:
    """The forecast by channel, less what surges are expected to bring."""
    start, end, _ = lower.horizon(scenario)
    within = [surge for surge in scenario.spec.demand.surges.values() if surge.adds == "no"]
    # where surges begin at some hours only, the lift changes within an hour
    grid = np.arange(start, end, STEP) if any(surge.hours is not None for surge in within) else np.zeros(0)
    rates = []
    for name, forecast in zip(scenario.spec.channels, lower.rates(scenario), strict=True):
        rate = cut_at(forecast, grid)
        lift = np.zeros(len(rate.starts))
        for surge in within:
            if name in (surge.channels or (name,)):
                lift += _lift(surge, _beginnings(scenario, surge), rate)
        rates.append(rate.times(1 / (1 + lift)))
    return rates


def _lift(surge: s.Surge, beginnings: Rate, rate: Rate) -> Floats:
    """The mean over each piece of a rate of what surges of a kind are expected to add, as a share of it."""

    def felt(edges: Floats) -> Floats:
        """The expected weight of all surges up to each edge, in seconds."""
        return sum(
            (
                weight * (_twice_integrated(beginnings, edges - since) - _twice_integrated(beginnings, edges - until))
                for since, until, weight in spans(0.0, surge.lasts, surge.fades)
            ),
            np.zeros(len(edges)),
        )

    return (surge.factor.mean - 1) * (felt(rate.ends) - felt(rate.starts)) / (rate.ends - rate.starts)


def _twice_integrated(rate: Rate, edges: Floats) -> Floats:
    """∫∫ rate up to each edge: the integral of the expected number up to then."""
    bounds = np.unique(np.concatenate((rate.starts, rate.ends)))
    if not len(bounds):
        return np.zeros(len(edges))
    number = np.concatenate(([0.0], np.cumsum(rate.integral(bounds))))
    slope = np.diff(number) / np.diff(bounds)
    whole = np.concatenate(([0.0], np.cumsum((number[:-1] + number[1:]) / 2 * np.diff(bounds))))
    piece = np.clip(np.searchsorted(bounds, edges, side="right") - 1, 0, None)
    into = np.maximum(0.0, edges - bounds[piece])
    return np.asarray(whole[piece] + into * number[piece] + into**2 / 2 * np.append(slope, 0.0)[piece])
