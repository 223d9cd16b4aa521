"""One replication's contacts folded into parts, and the parts of all replications folded into figures.

A summary is all that leaves a worker process besides the Parquet file, and all that the report and the plots read.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.desk import Desk
from sim.estimate import CERTAIN, CONFIDENCE, Counted, Estimate, moment, ratio, t_quantile, wilson
from sim.measures import HISTOGRAMS, MEASURES
from sim.measures.base import Histogram, Key, Kind, Measure, Parts, bin_seconds, kaplan_meier, kind_of, matrix
from sim.measures.cohort import Cohort
from sim.measures.customers import (
    BAND,
    BELIEVED,
    COMPLAINTS,
    EXCESS_CHURN,
    HIGH,
    LOW,
    Belief,
    betas,
    complaints,
    excess_churn,
)
from sim.measures.work import edges, handle_ticks, time_of
from sim.measures.workload import waiting_at
from sim.schemas import NEVER, Outcome
from sim.tables import Floats, Table

RESAMPLES = 200
"""Bootstrap resamples of a percentile's interval."""


@dataclass(frozen=True)
class IntervalCounts:
    """Counts by channel (or group) and interval of one replication, each of shape (channels or groups, intervals)."""

    offered: Floats
    """While the channel was open."""
    answered: Floats
    abandoned: Floats
    blocked: Floats
    within: Floats
    waited: Floats
    """Seconds waited by those who waited, and how many they are."""
    waiters: Floats
    handled: Floats
    """Seconds of handle time and wrap-up, and how many contacts they belong to."""
    handles: Floats
    backlog: Floats
    """Waiting at the start of the interval."""
    busy: Floats
    """Agent-seconds by group, and how many of them in talk: the rest of busy is wrap-up."""
    talk: Floats
    present: Floats


@dataclass(frozen=True)
class Summary:
    """What one replication leaves behind."""

    replication: int
    population_digest: str
    contacts: int
    capped: int
    parts: dict[str, Parts]
    churn_by_beta: tuple[Parts, ...]
    """Excess churn at each of `customers.BETAS` …"""
    churn_by_complaints: tuple[Parts, ...]
    """… and of the range of the complaint share."""
    histograms: dict[str, dict[Key, Histogram]]
    intervals: IntervalCounts


@dataclass(frozen=True)
class Band:
    """The range of a figure over an assumption."""

    over: str
    low: float
    high: float


@dataclass(frozen=True)
class Figure:
    """A measure for one channel and segment (None: all), with its interval and, for churn, its bands: over β, and over
    the complaint share."""

    measure: Measure
    channel: str | None
    segment: str | None
    estimate: Estimate
    bands: tuple[Band, ...] = ()


def summarise(
    contacts: Table,
    desk: Desk,
    *,
    replication: int,
    population_digest: str,
    capped: int,
    spells: Table | None = None,
    plan: Desk | None = None,
    belief: Belief | None = None,
) -> Summary:
    """One replication in parts.

    Args:
        desk: who came. plan: who was scheduled, where somebody was absent.
        spells: the work on contacts that were put back after it.
        belief: of satisfaction and churn; None: their constants as they stand.
    """
    belief = belief or Belief()
    cohort = Cohort(contacts, desk, capped, spells, plan)
    return Summary(
        replication=replication,
        population_digest=population_digest,
        contacts=len(contacts),
        capped=capped,
        parts={measure.name: parts_of(measure, cohort, belief) for measure in MEASURES if measure.parts is not None},
        churn_by_beta=tuple(excess_churn(cohort, each) for each in betas(belief)),
        churn_by_complaints=tuple(excess_churn(cohort, each) for each in complaints(belief)),
        histograms={name: histogram(cohort) for name, histogram in HISTOGRAMS.items()},
        intervals=_intervals(cohort),
    )


def parts_of(measure: Measure, cohort: Cohort, belief: Belief) -> Parts:
    """The parts of a measure that has some, under what is believed."""
    assert measure.parts is not None
    return BELIEVED[measure.name](cohort, belief) if measure.name in BELIEVED else measure.parts(cohort)


def _intervals(cohort: Cohort) -> IntervalCounts:
    desk, rows = cohort.desk, cohort.rows
    bounds = edges(desk)
    shape = (len(desk.channels), len(bounds) - 1)
    cell = rows["channel"] * shape[1] + rows["offered"] // desk.interval

    def count(weights: Floats) -> Floats:
        return np.bincount(cell, weights, shape[0] * shape[1]).astype(np.float64).reshape(shape)

    handled = handle_ticks(cohort)
    waited = cohort.wait != NEVER
    time = time_of(cohort)
    return IntervalCounts(
        offered=count((~cohort.outcome(Outcome.TURNED_AWAY)).astype(float)),
        answered=count(cohort.answered.astype(float)),
        abandoned=count(cohort.outcome(Outcome.ABANDONED).astype(float)),
        blocked=count(cohort.outcome(Outcome.BLOCKED).astype(float)),
        within=count(cohort.within.astype(float)),
        waited=count(np.where(waited, cohort.seconds(cohort.wait), 0.0)),
        waiters=count(waited.astype(float)),
        handled=count(cohort.seconds(handled)),
        handles=count((handled != NEVER).astype(float)),
        backlog=np.stack([waiting_at(cohort, n, bounds[:-1])[0].astype(float) for n in range(shape[0])]),
        busy=time.busy,
        talk=time.talk,
        present=time.present,
    )


def figures(summaries: Sequence[Summary], desk: Desk) -> list[Figure]:
    """All measures of a run, in the order of the catalogue, then channel, then segment."""
    kinds = {channel.name: kind_of(channel) for channel in desk.channels}
    times: dict[tuple[str, Key], Estimate] = {}
    for name in HISTOGRAMS:
        if named := [measure for measure in MEASURES if measure.histogram == name]:
            times |= _quantiles(summaries, named)
    found: list[Figure] = []
    for measure in MEASURES:
        if measure.kind is Kind.QUANTILE:
            keys = [key for key in summaries[0].histograms[measure.histogram] if measure.fits(kinds[key[0] or ""])]
            found += [Figure(measure, *key, times[measure.name, key]) for key in keys]
            continue
        for key in summaries[0].parts[measure.name]:
            if key[0] is not None and not measure.fits(kinds[key[0]]):
                continue
            estimate = _fold([summary.parts[measure.name][key] for summary in summaries], measure)
            bands = _bands(summaries, key, estimate) if measure.name == EXCESS_CHURN else ()
            found.append(Figure(measure, *key, estimate, bands))
    return found


def _fold(parts: Sequence[tuple[float, float]], measure: Measure) -> Estimate:
    above, below = (np.array(column) for column in zip(*parts, strict=True))
    if measure.kind is Kind.MOMENT:
        return moment(above, measure.q) if below.all() else Estimate.not_observed(len(above))
    if measure.kind is Kind.PART:
        return ratio(above, below, most=1.0)
    if measure.kind is Kind.CHANGE:
        return ratio(above, below, least=-math.inf)
    most = 100.0 if measure.unit == "points" else math.inf
    return ratio(above, below, of=_OF.get(measure.kind, "amounts"), most=most)


_OF: dict[Kind, Counted] = {Kind.COUNT: "events", Kind.SHARE: "trials"}


def _bands(summaries: Sequence[Summary], key: Key, estimate: Estimate) -> tuple[Band, ...]:
    """The ranges of excess churn over what is believed of churn; each holds the figure itself."""

    def band(over: str, ends: Sequence[Sequence[Parts]]) -> Band:
        means = [float(np.mean([parts[end][key][0] for parts in ends])) for end in (0, 1)]
        if estimate.value is not None:
            means.append(estimate.value)
        return Band(over, min(means), max(means))

    slopes = "beta {:.4f} to {:.4f}".format(*BAND)
    shares = "complaint share {:.0%} to {:.0%}".format(*COMPLAINTS)
    return (
        band(slopes, [(summary.churn_by_beta[LOW], summary.churn_by_beta[HIGH]) for summary in summaries]),
        band(shares, [summary.churn_by_complaints for summary in summaries]),
    )


def _quantiles(summaries: Sequence[Summary], measures: Sequence[Measure]) -> dict[tuple[str, Key], Estimate]:
    """The estimates of several quantiles of one histogram, by measure and key."""
    name = measures[0].histogram
    found = {}
    for key in summaries[0].histograms[name]:
        times = [summary.histograms[name][key] for summary in summaries]
        for measure, estimate in zip(measures, quantiles(times, [m.q for m in measures]), strict=True):
            found[measure.name, key] = estimate
    return found


def quantiles(times: Sequence[Histogram], qs: Sequence[float]) -> list[Estimate]:
    """Pooled Kaplan–Meier quantiles, each with a percentile-bootstrap interval over replications.

    None where one lies beyond what was observed: fewer than a share q ever ended. One run has no interval, nor have
    several of which only one saw anything.
    """
    runs = len(times)
    seen = sum(bool(len(h.over.bins) or len(h.open.bins) or h.never) for h in times)
    if not any(len(counts.bins) for h in times for counts in (h.over, h.open)):
        return [Estimate.not_observed(runs) for _ in qs]
    estimates = []
    for q, values in zip(qs, resampled_quantiles(times, qs), strict=True):
        if not np.isfinite(values[0]):
            estimates.append(Estimate.not_observed(runs, f"fewer than {q:.0%} are known to have ended"))
        elif seen < 2:
            estimates.append(Estimate.alone(float(values[0]), runs))
        else:
            low, high = np.quantile(values[1:], [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
            value = float(values[0])
            estimates.append(Estimate(value, min(float(low), value), max(float(high), value), runs))
    return estimates


def resampled_quantiles(times: Sequence[Histogram], qs: Sequence[float]) -> list[Floats]:
    """For each q the pooled Kaplan–Meier quantile, in seconds, infinite where fewer ever ended; then those of
    `RESAMPLES` resamples of the replications, the same for every run of as many, in which what lies beyond all that was
    observed counts as the longest time observed."""
    runs = len(times)
    used = np.unique(np.concatenate([counts.bins for h in times for counts in (h.over, h.open)]))
    if not len(used):
        return [np.full(1 + RESAMPLES, np.inf) for _ in qs]
    never = np.array([float(h.never) for h in times])
    seconds = bin_seconds(used)
    weights = resamples(runs)
    ended, censored = (weights @ matrix(rows, used) for rows in ([h.over for h in times], [h.open for h in times]))
    survival = kaplan_meier(ended, censored, weights @ never)
    found = []
    for q in qs:
        reached = survival <= 1 - q + 1e-12
        values = np.where(reached[:, -1], seconds[np.argmax(reached, axis=1)], np.inf)
        values[1:] = np.minimum(values[1:], seconds[-1])
        found.append(values)
    return found


def resamples(runs: int) -> Floats:
    """How often each replication is in the sample itself (once), and in each resample: shape (1 + resamples, runs)."""
    generator = np.random.Generator(np.random.Philox(key=[runs, 0]))
    drawn = generator.multinomial(runs, np.full(runs, 1 / runs), size=RESAMPLES if runs > 1 else 0)
    return np.vstack((np.ones((1, runs)), drawn)).astype(np.float64)


def over_replications(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean over replications of an array (replications, …), with its Student interval: (mean, low, high)."""
    mean = values.mean(0)
    if len(values) < 2:
        return mean, np.full_like(mean, np.nan), np.full_like(mean, np.nan)
    half = t_quantile(len(values)) * values.std(0, ddof=1) / np.sqrt(len(values))
    return mean, mean - half, mean + half


def ratios_by_interval(above: Floats, below: Floats) -> tuple[Floats, Floats, Floats]:
    """Σ above / Σ below over replications for every interval, with `estimate.ratio`'s interval of a share: (value, low,
    high), NaN where nothing was observed.

    Args:
        above, below: shape (replications, …); proportions.
    """
    runs, total = len(above), below.sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = above.sum(0) / total
        spread = np.sqrt(np.sum((above - value * below) ** 2, axis=0) / (runs - 1))
        half = t_quantile(runs) * spread / (np.sqrt(runs) * total / runs)
    low, high = np.clip(value - half, 0, 1), np.clip(value + half, 0, 1)
    for cell in zip(*np.nonzero(half < CERTAIN), strict=True):
        low[cell], high[cell] = wilson(float(value[cell]), float(total[cell]))
    unknown = np.count_nonzero(below, axis=0) < 2
    return value, np.where(unknown, np.nan, np.minimum(low, value)), np.where(unknown, np.nan, np.maximum(high, value))
