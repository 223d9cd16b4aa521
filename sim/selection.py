"""Choosing the best of several policies under targets that are themselves only estimated.

"The cheapest that answers 80 % within 20 s" is two questions: which policies meet every target, and which of those has
the best objective. Both are asked after each replication anew, and looking often at ordinary 95 % intervals errs far
more often than in 5 % of cases. Here each question has a sum over replications and a region that shrinks as they come
in. While the sum is inside one goes on; where it first leaves the region above the answer is yes, and below it no.

**Does it meet the target?** (Batur and Kim 2010; Andradóttir and Kim 2010.) Of y_1, y_2, …, whose mean is to be at
least 0, with the tolerance ε in the same unit: after r ≥ n₀ replications

    Σ y ≥ +R(r): met        Σ y ≤ −R(r): missed        R(r) = max(0, h²·S²/(2ε) − ε·r/2)
    h² = 2·η·(n₀ − 1)       η = ½·((2·β/2)^(−2/(n₀ − 1)) − 1)

S² is the variance of the first n₀ values (n₀ is `first`) and β the error this one answer may have. This is the
papers' c = 1, a triangle, of which nothing is left after h²·S²/ε² replications. It begins far out where ε is small
beside S, and so has half of β only. The other half is for what is plain at the first look: after n₀ replications, and
not again, Student's test decides too, with t the quantile 1 − β/2 of n₀ − 1 degrees of freedom,

    Σ y ≥ +t·S·√n₀: met        Σ y ≤ −t·S·√n₀: missed

A wrong answer is one of the triangle, were it used alone, or one of Student's test. Each comes with β/2 at most, so
that either comes with β at most, whatever the two have in common; and both go by the sign of the same sum, so that
they never contradict each other.

**Which of two is better?** (KN of Kim and Nelson 2001.) The same, Student's test included, of the paired differences of
the objective, with the indifference δ for ε. The loser is out once the winner is known to meet every target.

The error α is halved: α/2 over all targets of all candidates, evenly, and α/2 over the k − 1 comparisons with the best
(Bonferroni's inequality). It holds however candidates and targets depend on each other, and so under common customers;
the more alike these make two policies, the smaller S² and the fewer the replications. An objective whose differences
are constant, as of policies with fixed costs, needs no error, and all of α goes to the targets; without targets all of
it goes to the objective.

What is promised: with probability 1 − α or more,

* no candidate that misses a target by its tolerance or more is chosen;
* the best of those that meet every target by its tolerance or more is chosen, if it is better by δ or more than every
  other that does not miss one by its tolerance.

A mean within the tolerance of its target, on either side, may be judged either way, and of several objectives within δ
of the best any may be chosen. So these are what is too little to matter; half of it costs about four times the
replications.

What is assumed: replications are independent, and the values of one about normal (each is a week or more of a desk, a
mean over thousands of contacts). Where single bad weeks pull the mean down, a target is met by mistake more often: with
n₀ = 10 and a skewness of −½ in 3 % of cases at β = 5 % and ε = S/4, of −1 in 5 %, of −2 in 10 %; with n₀ = 40 in under
5 % each. Where ε is far smaller the first look alone, instead of in 2.5 %, is wrong in 4, 5 and 10 % with n₀ = 10 and
in 3, 4 and 6 % with n₀ = 40.

What is constant in the first n₀ replications is taken to be constant, and is decided by its sign. Two objectives that
are equal in every replication so far are tied; should they differ later, their first n₀ is taken to last until then,
and the promise is of twice α at worst.

Nothing but the data counts. An answer after r replications uses the first r only, so that further ones do not change
it, nor does it matter in which portions they came. Where an objective varies, all candidates still needed go in step,
as KN does: the course stops at the first that has no next replication. Where none varies they do not; which of two
reasons is told of one that both misses a target and is beaten may then depend on the portions, the choice does not.

Sources: Batur and Kim (2010), ACM Transactions on Modeling and Computer Simulation 20(3), article 13. Andradóttir and
Kim (2010), Naval Research Logistics 57, 403–421. Kim and Nelson (2001), ACM Transactions on Modeling and Computer
Simulation 11, 251–273. The region goes back to Fabian (1974), Annals of Statistics 2, 170–176.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations, groupby
from typing import Literal

import numpy as np

from sim.estimate import student_quantile
from sim.tables import Floats

ROUNDING = 1e-9
"""What is less than this share of a tolerance is a rounding error, and counts as 0."""


@dataclass(frozen=True)
class Constraint:
    """A target: the mean of `values`, one a replication, is to be at least 0. A mean within `tolerance` of 0, in the
    same unit, may be judged either way."""

    name: str
    values: Floats
    tolerance: float


@dataclass(frozen=True)
class Candidate:
    """A policy: its targets, and its objective, one number a replication, the larger the better. Replication r is the
    same customers for every candidate."""

    name: str
    constraints: tuple[Constraint, ...]
    objective: Floats


@dataclass(frozen=True)
class Judged:
    """What was found of a candidate: by constraint, whether it is met and after how many replications that was decided;
    None where it was not. What comes after it is out is not looked at.

    `feasible` is whether it meets all; `out` says why it is out, as in "misses phone.service_level" or "beaten by
    evenings"; None where it is not.
    """

    name: str
    met: tuple[bool | None, ...]
    decided_after: tuple[int | None, ...]
    feasible: bool | None
    out: str | None


@dataclass(frozen=True)
class Selection:
    """The choice. Of those that are tied, the first as given is `chosen`; all of them have `out` None.

    `needs` are the candidates whose next replication can change the answer, if it is undecided: those that are behind,
    where the others wait for them. `tolerance` is the indifference, in the unit of the objective.
    """

    chosen: str | None
    state: Literal["chosen", "undecided", "none feasible", "tied"]
    judged: tuple[Judged, ...]
    needs: tuple[str, ...]
    confidence: float
    tolerance: float
    first: int


def select(candidates: Sequence[Candidate], *, indifference: float, error: float = 0.05, first: int = 10) -> Selection:
    """The best candidate of those that meet all their constraints, as far as the replications tell.

    Args:
        candidates: the number of replications may differ between them. Fewer than `first` of any: undecided.
        indifference: the difference of the objective that is too little to matter, in its unit.
        error: the probability of a wrong choice, at most; see above for what is wrong.
        first: replications of the first stage, from which variances are estimated.

    Raises:
        ValueError: no candidates; names that are not unique; a tolerance or the indifference not above 0; an error
            not in (0, 0.5]; `first` below 2; values that are not finite, or not one for each of the objective.
    """
    _refuse(candidates, indifference, error, first)
    confidence = 1 - error
    short = tuple(candidate.name for candidate in candidates if len(candidate.objective) < first)
    if short:
        judged = tuple(_unseen(candidate) for candidate in candidates)
        return Selection(None, "undecided", judged, short, confidence, indifference, first)

    course = _course(candidates, indifference, error, first)
    course.run()
    judged = tuple(map(course.judged, range(len(candidates))))
    needs, playing = course.behind(), [candidates[number].name for number in course.playing]
    if needs:
        return Selection(None, "undecided", judged, needs, confidence, indifference, first)
    if not playing:
        return Selection(None, "none feasible", judged, (), confidence, indifference, first)
    return Selection(playing[0], "chosen" if len(playing) == 1 else "tied", judged, (), confidence, indifference, first)


@dataclass(frozen=True)
class _Check:
    """A target of a candidate, by all its replications: after how many it is decided (infinite: not yet), and how."""

    name: str
    after: float
    met: bool


@dataclass(frozen=True)
class _Pair:
    """Two candidates' objectives, by all the replications both have: from which on they are not equal, after how many
    it is decided (infinite: not yet), and for whom."""

    differs: float
    after: float
    winner: int
    loser: int


@dataclass
class _Course:
    """The elimination, replication by replication: who is out after `now` of them, and why."""

    names: list[str]
    lengths: list[int]
    checks: list[list[_Check]]
    pairs: list[_Pair]
    in_step: bool
    now: float
    out: dict[int, str] = field(default_factory=dict)
    left: dict[int, float] = field(default_factory=dict)

    @property
    def playing(self) -> list[int]:
        return [number for number in range(len(self.lengths)) if number not in self.out]

    def run(self) -> None:
        """Go on until nothing more is known, or who is needed has no next replication."""
        for moment in self._moments():
            if self.in_step and moment > min((self.lengths[number] for number in self.needed()), default=math.inf):
                return
            self.now = moment
            self._drop_missing()
            self._drop_beaten()

    def behind(self) -> tuple[str, ...]:
        """Whose next replication can change the answer: of those needed, in step, the ones with the fewest."""
        needed = self.needed()
        fewest = min((self.lengths[number] for number in needed), default=0)
        return tuple(self.names[number] for number in needed if not self.in_step or self.lengths[number] == fewest)

    def needed(self) -> list[int]:
        """Those still in whose targets or comparisons are open."""
        undecided = {
            number
            for pair in self.pairs
            if pair.differs <= self.now < pair.after and self.out.keys().isdisjoint((pair.winner, pair.loser))
            for number in (pair.winner, pair.loser)
        }
        return [number for number in self.playing if number in undecided or not self._feasible(number)]

    def judged(self, number: int) -> Judged:
        """What was found of it before it was out."""
        until = self.left.get(number, self.now)
        seen = [check if check.after <= until else None for check in self.checks[number]]
        met = tuple(None if check is None else check.met for check in seen)
        after = tuple(None if check is None else int(check.after) for check in seen)
        feasible = False if False in met else None if None in met else True
        return Judged(self.names[number], met, after, feasible, self.out.get(number))

    def _moments(self) -> list[float]:
        checks = [check.after for checks in self.checks for check in checks]
        comparisons = [moment for pair in self.pairs for moment in (pair.differs, pair.after)]
        return sorted({moment for moment in checks + comparisons if moment < math.inf})

    def _feasible(self, number: int) -> bool:
        return all(check.met and check.after <= self.now for check in self.checks[number])

    def _drop_missing(self) -> None:
        for number in self.playing:
            missed = [check.name for check in self.checks[number] if check.after <= self.now and not check.met]
            if missed:
                self._drop(number, "misses " + " and ".join(missed))

    def _drop_beaten(self) -> None:
        """In the order in which comparisons were decided: one that is out beats nobody any more."""
        for after, decided in groupby(self.pairs, key=lambda pair: pair.after):
            if after > self.now:
                return
            beaten = [
                pair
                for pair in decided
                if self.out.keys().isdisjoint((pair.winner, pair.loser)) and self._feasible(pair.winner)
            ]
            losers = {pair.loser for pair in beaten}
            # named after one that stays in, where there is one
            for pair in sorted(beaten, key=lambda pair: pair.winner in losers):
                if pair.loser not in self.out:
                    self._drop(pair.loser, f"beaten by {self.names[pair.winner]}")

    def _drop(self, number: int, why: str) -> None:
        self.out[number] = why
        self.left[number] = self.now


def _course(candidates: Sequence[Candidate], indifference: float, error: float, first: int) -> _Course:
    """Every target and every comparison by itself, each with its share of the error."""
    targets = sum(len(candidate.constraints) for candidate in candidates)
    firsts = [candidate.objective[:first] for candidate in candidates]
    varies = any(np.ptp(one - other) > ROUNDING * indifference for one, other in combinations(firsts, 2))
    of_targets = error / 2 if varies else error
    of_objective = error / 2 if varies and targets else error
    checks = [
        [_check(constraint, of_targets / targets, first) for constraint in candidate.constraints]
        for candidate in candidates
    ]
    pairs = [
        _pair(candidates, numbers, indifference, of_objective / (len(candidates) - 1), first)
        for numbers in combinations(range(len(candidates)), 2)
    ]
    return _Course(
        names=[candidate.name for candidate in candidates],
        lengths=[len(candidate.objective) for candidate in candidates],
        checks=checks,
        pairs=sorted(pairs, key=lambda pair: pair.after),
        in_step=varies,
        now=first,
    )


def _check(constraint: Constraint, error: float, first: int) -> _Check:
    after, met = _leaves(constraint.values, constraint.tolerance, error=error, first=first)
    return _Check(constraint.name, after, met)


def _pair(
    candidates: Sequence[Candidate], numbers: tuple[int, int], indifference: float, error: float, first: int
) -> _Pair:
    one, other = (candidates[number].objective for number in numbers)
    both = min(len(one), len(other))
    differences = one[:both] - other[:both]
    least = ROUNDING * indifference
    unequal = np.flatnonzero(np.abs(differences) > least)
    if not len(unequal):
        return _Pair(math.inf, math.inf, *numbers)
    differs = max(first, int(unequal[0]) + 1)
    after, won = _leaves(differences, indifference, error=error, first=differs, least=least)
    return _Pair(differs, after, *(numbers if won else reversed(numbers)))


def _leaves(values: Floats, zone: float, *, error: float, first: int, least: float = 0.0) -> tuple[float, bool]:
    """After how many of the values their sum leaves the region, infinite if it does not, and whether above it.

    A sum of 0 where nothing is left of the region is above; unless the region is never narrower than `least`.
    """
    # 2β of the triangle, whose β is half the error; and Student's test has half of it in either direction
    eta = (error ** (-2 / (first - 1)) - 1) / 2
    student = student_quantile(first - 1, 1 - error)
    spread = float(values[:first].var(ddof=1))
    runs = np.arange(first, len(values) + 1)
    sums = np.cumsum(values)[first - 1 :]
    region = eta * (first - 1) * spread / zone - zone * runs / 2
    region[0] = min(region[0], student * math.sqrt(first * spread))
    region = np.maximum(least, region)
    outside = np.flatnonzero(np.abs(sums) >= region)
    if not len(outside):
        return math.inf, False
    return int(runs[outside[0]]), bool(sums[outside[0]] > -ROUNDING * zone)


def _unseen(candidate: Candidate) -> Judged:
    nothing = (None,) * len(candidate.constraints)
    return Judged(candidate.name, nothing, nothing, None, None)


def _refuse(candidates: Sequence[Candidate], indifference: float, error: float, first: int) -> None:
    if not candidates or len({candidate.name for candidate in candidates}) < len(candidates):
        raise ValueError("candidates need names of their own, and there must be one")
    if not 0 < error <= 0.5 or first < 2:
        raise ValueError("the error must be above 0 and at most 0.5, and the first stage at least 2 replications")
    constraints = [(constraint, candidate) for candidate in candidates for constraint in candidate.constraints]
    if not min([indifference, *(constraint.tolerance for constraint, _ in constraints)]) > 0:
        raise ValueError("the indifference and every tolerance must be above 0")
    if any(len(constraint.values) != len(candidate.objective) for constraint, candidate in constraints):
        raise ValueError("a constraint needs one value for each of the objective")
    arrays = [candidate.objective for candidate in candidates] + [constraint.values for constraint, _ in constraints]
    if not all(np.isfinite(array).all() for array in arrays):
        raise ValueError("a value is not finite")
