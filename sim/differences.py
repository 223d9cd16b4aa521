"""Differences between two runs, replication by replication.

Replication r of two policies has the same customers with the same luck, so what differs is the policy's doing, and most
of the week-to-week noise goes out of the difference. Where the customers are not the same the two runs are independent,
and the noise of both stays.

Of a ratio R = Σ y_r / Σ x_r of replication sums, the influence of replication r is u_r = (y_r − R·x_r) / x̄; a mean is a
ratio with x_r = 1. For R_b − R_a the paired half width is t · s / √n, s the standard deviation of u_b,r − u_a,r over n
replications with n − 1 degrees of freedom (delta method: Cochran, Sampling Techniques, 3rd ed., eq. 2.39); unpaired it
is t · √(s_a²/n_a + s_b²/n_b) with the degrees of freedom of Welch (1947). Quantiles of pooled times, and times over
replications, are resampled by replication, the same resamples on both sides, and the half width is t times the standard
deviation of the resampled differences.

Many differences are looked at side by side, and of twenty one would seem clear by chance. Which are clear is therefore
decided by Holm's step-down rule (1979, Scandinavian Journal of Statistics 6, 65–70) over all that are shown together:
the chance of a single false one among them is at most 5 %. Bonferroni's intervals (`Difference.wide`) hold all at once;
they are a little wider than that rule needs, so where intervals are told, those that leave out 0 are what is clear.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sim.desk import Desk
from sim.estimate import CONFIDENCE, Estimate, student_quantile, student_tail
from sim.measures import HISTOGRAMS, MEASURES
from sim.measures.base import Key, Kind, Measure, kind_of
from sim.measures.summary import Summary, resampled_quantiles, resamples
from sim.tables import Floats

HEADLINE = ("service_level", "satisfaction", "excess_churn", "cost", "value")
"""The figures that a choice is about; service level by channel, the others of the whole desk."""

OF_TARGETS = frozenset(
    ("service_level", "service_level_less_short_abandoned", "service_level_of_answered", "answered_or_abandoned_within",
     "intervals_met", "days_met")
)  # fmt: skip
"""Measures that say how a target is met: with another target they are other figures."""


ROUNDING = 1e-12
"""What is less than this share of the figures is no difference between them."""

OTHER_TARGETS = "the two have other targets"


@dataclass(frozen=True)
class Side:
    """One of two runs that are compared."""

    name: str
    summaries: Sequence[Summary]
    desk: Desk


@dataclass(frozen=True)
class Difference:
    """What `policy` has of a figure beyond what `than` has, for a channel and a segment (None: all).

    `estimate` holds for itself with 95 %; `wide` together with all that are shown beside it.
    """

    measure: Measure
    channel: str | None
    segment: str | None
    policy: str
    than: str
    of_policy: float | None
    of_than: float | None
    estimate: Estimate
    error: float
    """Standard error of the difference; NaN where one replication cannot give it."""
    degrees: float
    """Its degrees of freedom."""
    paired: bool
    by_replication: Floats
    """The difference in each replication that has one on both sides; none where not paired, or of a quantile."""
    apart: float = math.nan
    """The standard error that the difference would have of as many replications on customers of their own; NaN where
    not known."""
    wide: Estimate | None = None
    clear: bool = False
    """Whether it differs from 0, with the allowance for all that are shown beside it."""

    @property
    def name(self) -> str:
        """As in phone.service_level."""
        return self.measure.name if self.channel is None else f"{self.channel}.{self.measure.name}"

    @property
    def p(self) -> float:
        """The chance of a difference at least as large if there were none (two-sided); 1 where it is exactly 0, 0 where
        it is the same in every replication; NaN where not known."""
        value = self.estimate.value
        if value is None or math.isnan(self.error):
            return math.nan
        if self.error == 0:
            return 1.0 if value == 0 else 0.0
        return student_tail(value / self.error, self.degrees)

    @property
    def spared(self) -> float | None:
        """How many times as many replications customers of their own would need for an interval of this width; None
        where that is not known, or there is no doubt."""
        return (self.apart / self.error) ** 2 if self.paired and self.error > 0 and self.apart > 0 else None

    @property
    def same(self) -> bool:
        """Whether both have exactly the same figure, in every replication."""
        return self.estimate.value == 0 and self.error == 0

    def turned(self) -> Difference:
        """The same the other way round: `than` less `policy`."""
        return replace(
            self,
            policy=self.than,
            than=self.policy,
            of_policy=self.of_than,
            of_than=self.of_policy,
            estimate=_turned(self.estimate),
            by_replication=0.0 - self.by_replication,
            wide=None if self.wide is None else _turned(self.wide),
        )

    @property
    def better(self) -> bool | None:
        """Whether the policy is better by it; None where that is not clear, or neither way is better."""
        if not self.clear or not self.measure.better or self.estimate.value is None:
            return None
        return (self.estimate.value > 0) == (self.measure.better == "higher")


def differences(
    policy: Side, than: Side, *, paired: bool = True, measures: Sequence[Measure] = MEASURES
) -> list[Difference]:
    """`policy` less `than`, for every figure that both have, in the order of the catalogue, channel, segment.

    Args:
        paired: replication r of both has the same customers; those that both have are compared.
    """
    if paired:
        common = min(len(policy.summaries), len(than.summaries))
        policy, than = (replace(side, summaries=side.summaries[:common]) for side in (policy, than))
    compare = _Comparing(policy, than, paired)
    found: list[Difference] = []
    for measure in measures:
        if measure.kind is Kind.QUANTILE:
            continue
        keys = [key for key in _parts(policy, measure) if key in _parts(than, measure)]
        found += [compare.figure(measure, key) for key in keys if compare.fits(measure, key)]
    for name in HISTOGRAMS:
        if named := [measure for measure in measures if measure.kind is Kind.QUANTILE and measure.histogram == name]:
            keys = [key for key in policy.summaries[0].histograms[name] if key in than.summaries[0].histograms[name]]
            found += [each for key in keys for each in compare.quantiles(named, key)]
    order = {measure.name: number for number, measure in enumerate(MEASURES)}
    return sorted(found, key=lambda each: order[each.measure.name])


def _parts(side: Side, measure: Measure) -> list[Key]:
    return list(side.summaries[0].parts[measure.name])


@dataclass(frozen=True)
class _Part:
    """A figure of one side: its value, and by replication its influence and its own value (NaN where it has none)."""

    value: float
    influence: Floats
    alone: Floats


class _Comparing:
    def __init__(self, policy: Side, than: Side, paired: bool) -> None:
        self.policy, self.than, self.paired = policy, than, paired
        self.kinds = {channel.name: kind_of(channel) for side in (policy, than) for channel in side.desk.channels}
        self.runs = min(len(policy.summaries), len(than.summaries))
        targets = [{channel.name: channel.target for channel in side.desk.channels} for side in (policy, than)]
        self.other_targets = {name for name, target in targets[0].items() if targets[1].get(name, target) != target}

    def fits(self, measure: Measure, key: Key) -> bool:
        return key[0] is None or measure.fits(self.kinds[key[0]])

    def figure(self, measure: Measure, key: Key) -> Difference:
        if measure.kind is Kind.MOMENT:
            return self._moment(measure, key)
        ours, theirs = (_ratio(side, measure, key) for side in (self.policy, self.than))
        if measure.name in OF_TARGETS and key[0] in self.other_targets:
            return self._unknown(measure, key, _value(ours), _value(theirs), OTHER_TARGETS)
        if ours is None or theirs is None:
            return self._unknown(measure, key, _value(ours), _value(theirs))
        value = ours.value - theirs.value
        if self.paired:
            apart = ours.influence - theirs.influence
            error, degrees = _error(apart), len(apart) - 1.0
            each = ours.alone - theirs.alone
            made = self._made(measure, key, ours.value, theirs.value, value, error, degrees, each[np.isfinite(each)])
            return replace(made, apart=_welch(ours.influence, theirs.influence)[0])
        error, degrees = _welch(ours.influence, theirs.influence)
        return self._made(measure, key, ours.value, theirs.value, value, error, degrees, np.zeros(0))

    def quantiles(self, measures: Sequence[Measure], key: Key) -> list[Difference]:
        name, qs = measures[0].histogram, [measure.q for measure in measures]
        ours, theirs = (
            resampled_quantiles([summary.histograms[name][key] for summary in side.summaries], qs)
            for side in (self.policy, self.than)
        )
        each = zip(measures, ours, theirs, strict=True)
        return [self._resampled(measure, one, other, key) for measure, one, other in each if self.fits(measure, key)]

    def _moment(self, measure: Measure, key: Key) -> Difference:
        sides = []
        for side in (self.policy, self.than):
            parts = [summary.parts[measure.name][key] for summary in side.summaries]
            known = all(below for _, below in parts)
            times = np.array([above for above, _ in parts])
            sides.append(_resampled_moments(times, measure.q) if known else np.full(1, np.inf))
        return self._resampled(measure, sides[0], sides[1], key)

    def _resampled(self, measure: Measure, ours: Floats, theirs: Floats, key: Key) -> Difference:
        one, other = (float(side[0]) if math.isfinite(side[0]) else None for side in (ours, theirs))
        if one is None or other is None:
            return self._unknown(measure, key, one, other)
        if not all(np.isfinite(side).all() for side in (ours, theirs)):
            return self._unknown(measure, key, one, other, "some replications do not get there before the clock stops")
        # unpaired, the resamples of the two sides have nothing to do with one another
        apart = ours[1:] - (theirs[1:] if self.paired else theirs[:0:-1])
        error = float(apart.std(ddof=1)) if len(apart) > 1 else math.nan
        return self._made(measure, key, one, other, one - other, error, self.runs - 1.0, np.zeros(0))

    def _unknown(
        self, measure: Measure, key: Key, ours: float | None, theirs: float | None, reason: str = ""
    ) -> Difference:
        one = "nothing was observed" if ours is None and theirs is None else "observed with one of the two only"
        nothing = Estimate.not_observed(self.runs, reason or one)
        names = self.policy.name, self.than.name
        return Difference(measure, *key, *names, ours, theirs, nothing, math.nan, 0.0, self.paired, np.zeros(0))

    def _made(
        self, measure: Measure, key: Key, ours: float, theirs: float, value: float, error: float, degrees: float,
        each: Floats,
    ) -> Difference:  # fmt: skip
        # sums of the same amounts in another order differ in their last digits
        least = ROUNDING * max(abs(ours), abs(theirs))
        value, error = (0.0 if abs(end) < least else end for end in (value, error))
        estimate = _estimate(value, error, degrees, self.runs, CONFIDENCE)
        names = self.policy.name, self.than.name
        return Difference(measure, *key, *names, ours, theirs, estimate, error, degrees, self.paired, each)


def _ratio(side: Side, measure: Measure, key: Key) -> _Part | None:
    """None where nothing was observed."""
    above, below = np.array([summary.parts[measure.name][key] for summary in side.summaries], dtype=np.float64).T
    total = float(below.sum())
    if total <= 0:
        return None
    value = float(above.sum()) / total
    alone = np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
    return _Part(value, (above - value * below) / (total / len(below)), alone)


def _turned(estimate: Estimate) -> Estimate:
    value, low, high = (None if end is None else 0.0 - end for end in (estimate.value, estimate.high, estimate.low))
    return replace(estimate, value=value, low=low, high=high)


def _value(part: _Part | None) -> float | None:
    return None if part is None else part.value


def _error(influence: Floats) -> float:
    """The standard error of a mean of influences; NaN of one."""
    if len(influence) < 2:
        return math.nan
    return 0.0 if not influence.any() else float(np.sqrt(np.sum(influence**2) / (len(influence) - 1) / len(influence)))


def _welch(ours: Floats, theirs: Floats) -> tuple[float, float]:
    """Standard error and degrees of freedom of the difference of two independent means."""
    one, other = _error(ours) ** 2, _error(theirs) ** 2
    if math.isnan(one + other):
        return math.nan, 0.0
    if one + other == 0:
        return 0.0, len(ours) + len(theirs) - 2.0
    degrees = (one + other) ** 2 / (one**2 / (len(ours) - 1) + other**2 / (len(theirs) - 1))
    return math.sqrt(one + other), degrees


def _resampled_moments(times: Floats, q: float) -> Floats:
    """The time by which a share q of the replications are done: of the sample, then of each resample."""
    order = np.argsort(times, kind="stable")
    weights = resamples(len(times))[:, order].cumsum(axis=1)
    return np.asarray(times[order][np.argmax(weights >= q * len(times) - 1e-9, axis=1)])


def _estimate(value: float, error: float, degrees: float, runs: int, confidence: float) -> Estimate:
    if math.isnan(error):
        return Estimate.alone(value, runs, "one replication cannot tell a difference from luck")
    half = student_quantile(degrees, confidence) * error if error else 0.0
    return Estimate(value, value - half, value + half, runs, confidence)


def together(
    several: Sequence[Difference], confidence: float = CONFIDENCE, *, step_down: bool = True
) -> tuple[Difference, ...]:
    """The same with the allowance for all of them: Bonferroni's intervals, and what is clear.

    With p₁ ≤ … ≤ p_m, those up to the last k are clear for which p_i ≤ α / (m − i + 1) for all i ≤ k (Holm); without
    `step_down` those with p_i ≤ α / m, whose Bonferroni intervals leave out 0. What is exactly equal, or not known, is
    no comparison and is not counted in m.
    """
    alpha = 1 - confidence
    counted = [each for each in several if not each.same and not math.isnan(each.p)]
    clear: set[int] = set()
    for number, each in enumerate(sorted(counted, key=lambda each: each.p)):
        if each.p > alpha / (len(counted) - (number if step_down else 0)):
            break
        clear.add(id(each))
    level = 1 - alpha / max(1, len(counted))
    return tuple(
        replace(
            each,
            clear=id(each) in clear,
            wide=each.estimate
            if each.estimate.value is None or math.isnan(each.error)
            else _estimate(each.estimate.value, each.error, each.degrees, each.estimate.runs, level),
        )
        for each in several
    )
