"""Ours against theirs: how far apart, how sure, and the verdict.

A figure is a ratio of sums over m batches (or days), R = Σy / Σx, with the standard error
s = √(Σ(y − R·x)² / (m (m − 1))) / x̄. Its deviation t = (R − theirs) / s has Student's distribution with m − 1 degrees
of freedom; z is the normal deviation that is as unlikely (Wallace 1959),

    z = ± (8ν + 1)/(8ν + 3) · √(ν · ln(1 + t²/ν)),   ν = m − 1.

The figures of a case move together, so their z² do not add up to a χ² variable of as many degrees of freedom as there
are figures. With r the correlations of their residuals y − R·x between batches, Σz² has mean k and variance 2·Σr², and
is c·χ² with f degrees of freedom, c = Σr²/k, f = k²/Σr² (Satterthwaite 1946).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from sim.verify.cases import Case
from sim.verify.observe import Parts, is_share, is_shown

SUSPECT = 4.5
"""Normal deviations: with a thousand comparisons, chance alone goes that far once in 150 times."""
SURE = 2.576
"""Half width of a 99 % interval, in standard errors."""
RANGE = 0.999
"""Of the sum of z²."""
TOO_WIDE = 0.2
"""A standard error above this share of the figure (of a share: or of what is missing to 1) proves nothing, and a skewed
mean of few events is far from normal: such a figure is shown, and not judged."""
EXACT = 1e-9
"""Relative; the reference gives twelve digits."""


@dataclass(frozen=True)
class Comparison:
    """One figure of one case. `error` is the standard error of ours, `z` None where it is not judged, and `why` says
    why. One without an error must be equal, or differ by no more than `allowed`; its z is 0 or infinite."""

    case: str
    figure: str
    ours: float
    theirs: float
    error: float
    z: float | None
    why: str = ""
    allowed: float = 0.0

    @property
    def exact(self) -> bool:
        return self.z is not None and self.error == 0

    @property
    def low(self) -> float:
        return self.ours - SURE * self.error

    @property
    def high(self) -> float:
        return self.ours + SURE * self.error

    @property
    def detectable(self) -> float:
        """Half width of the 99 % interval, or what is allowed, over their value; infinite where that is 0."""
        half = SURE * self.error or self.allowed
        return half / abs(self.theirs) if self.theirs else math.inf if half else 0.0

    @property
    def verdict(self) -> str:
        if self.z is None:
            return self.why
        if abs(self.z) > SUSPECT:
            return "FAILS"
        return "exact" if self.exact and not self.allowed else "passes"


@dataclass(frozen=True)
class Spread:
    """The sum of z² of judged figures that have an error, and where it should lie."""

    total: float = 0.0
    figures: int = 0
    """k, its mean."""
    correlation: float = 0.0
    """Σ r² over all pairs, each figure with itself included."""

    def __add__(self, other: Spread) -> Spread:
        """Of two cases, which are independent."""
        return Spread(self.total + other.total, self.figures + other.figures, self.correlation + other.correlation)

    @property
    def bounds(self) -> tuple[float, float]:
        if not self.figures:
            return 0.0, 0.0
        scale = self.correlation / self.figures
        freedom = self.figures / scale
        tail = (1 - RANGE) / 2
        return scale * chi_square(tail, freedom), scale * chi_square(1 - tail, freedom)

    @property
    def inside(self) -> bool:
        low, high = self.bounds
        return low <= self.total <= high


@dataclass(frozen=True)
class Judgement:
    """One case. `contacts` is how many were simulated (`days`: on how many days), and `again` whether it is the second
    look at a suspect."""

    case: Case
    comparisons: tuple[Comparison, ...]
    spread: Spread = Spread()
    contacts: int = 0
    days: int = 0
    again: bool = False

    @property
    def passed(self) -> bool:
        return self.spread.inside and not any(one.verdict == "FAILS" for one in self.comparisons)


def is_judged(case: Case, figure: str) -> bool:
    return not is_shown(figure) and figure not in case.rare


def exactly(case: Case, found: Mapping[str, float]) -> Judgement:
    """Figures that must be equal, to twelve digits or to what the case allows."""
    comparisons = []
    for figure, theirs in case.expected.items():
        ours, allowed = found[figure], case.allowed.get(figure, 0.0)
        z = 0.0 if math.isclose(ours, theirs, rel_tol=EXACT, abs_tol=allowed) else math.inf
        comparisons.append(Comparison(case.id, figure, ours, theirs, 0.0, z, allowed=allowed))
    return Judgement(case, tuple(comparisons))


def statistically(case: Case, runs: Sequence[Mapping[str, Parts]], size: int, contacts: int) -> Judgement:
    """Figures that carry an error.

    Args:
        runs: the parts of every figure, from each run. size: contacts counted, or days.
    """
    comparisons, residuals = [], []
    for figure, theirs in case.expected.items():
        above = np.concatenate([run[figure].above for run in runs])
        below = np.concatenate([run[figure].below for run in runs])
        value = float(above.sum() / below.sum()) if below.sum() else math.nan
        residual = above - value * below
        count = len(above)
        error = math.sqrt(float((residual**2).sum()) / (count * (count - 1))) / float(below.mean() or 1.0)
        why = _not_judged(case, figure, error, size)
        z = None if why else deviation(value - theirs, math.hypot(error, case.their_error.get(figure, 0.0)), count)
        comparisons.append(Comparison(case.id, figure, value, theirs, error, z, why))
        if z is not None and error > 0:
            residuals.append(residual)
    total = sum(one.z**2 for one in comparisons if one.z is not None and not one.exact)
    spread = Spread(total, len(residuals), _correlation(np.array(residuals)))
    days = size if case.day is not None else 0
    return Judgement(case, tuple(comparisons), spread, contacts, days)


def _not_judged(case: Case, figure: str, error: float, size: int) -> str:
    """Why a figure is only shown; decided by what the reference says of its spread, if it does, and not by the run."""
    if not is_judged(case, figure):
        return "too rare" if figure in case.rare else "shown"
    theirs = case.expected[figure]
    known = case.sd[figure] / math.sqrt(size) if figure in case.sd else error
    scale = min(abs(theirs), abs(1 - theirs)) if is_share(figure) else abs(theirs)
    return "too wide" if known > TOO_WIDE * scale else ""


def deviation(difference: float, error: float, batches: int) -> float:
    """z of a difference whose standard error comes from so many batches; without any error, 0 or infinity."""
    if error == 0:
        return 0.0 if abs(difference) < EXACT else math.copysign(math.inf, difference)
    freedom = batches - 1
    t = difference / error
    z = (8 * freedom + 1) / (8 * freedom + 3) * math.sqrt(freedom * math.log1p(t * t / freedom))
    return math.copysign(z, t)


def chi_square(p: float, freedom: float) -> float:
    """Quantile of the χ² distribution: f · (1 − 2/(9f) + z·√(2/(9f)))³ (Wilson and Hilferty 1931)."""
    part = 2 / (9 * freedom)
    return freedom * max(0.0, 1 - part + NormalDist().inv_cdf(p) * math.sqrt(part)) ** 3


def _correlation(residuals: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    """Σ r² over all pairs, without what chance adds to it: an r² of independent figures is 1/(m − 1) on average."""
    figures = len(residuals)
    if not figures:
        return 0.0
    batches = residuals.shape[1]
    # of rows that sum to 0
    unit = residuals / np.sqrt((residuals**2).sum(1, keepdims=True))
    squares = float(((unit @ unit.T) ** 2).sum()) - figures
    by_chance = figures * (figures - 1)
    return figures + max(0.0, (squares * (batches - 1) - by_chance) / max(1, batches - 2))
