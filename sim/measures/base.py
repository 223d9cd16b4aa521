"""What a measure is: a figure with a name, a unit, a definition, and how replications add up to it.

Each replication leaves *parts*: a numerator and a denominator by channel and segment, or a histogram of times. Parts
are small, so memory does not grow with the number of contacts, and folding them in the order of the replications gives
the same figure however many processes made them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sim.desk import Channel
from sim.schemas import TICKS_PER_SECOND
from sim.tables import Array, Floats

if TYPE_CHECKING:
    from sim.measures.cohort import Cohort

Key = tuple[str | None, str | None]
"""(channel, segment); None is all of them."""

ALL: Key = (None, None)

SELF_SERVICE = "self_service"


def kind_of(channel: Channel) -> str:
    """The kind of a channel, as `Measure.fits` knows it."""
    return SELF_SERVICE if channel.automatic else "live" if channel.live else "deferrable"


class Kind(Enum):
    """How parts become a figure."""

    COUNT = "mean over replications of a number of events"
    TOTAL = "mean over replications of a sum"
    CHANGE = "mean over replications of a sum that may be negative"
    RATIO = "sum of numerators over sum of denominators"
    SHARE = "a ratio of trials, some of which succeed"
    PART = "a ratio of two amounts, one of which is part of the other"
    QUANTILE = "Kaplan–Meier quantile of pooled times"
    MOMENT = "quantile over replications of a time, endless where it never comes"


Parts = dict[Key, tuple[float, float]]


@dataclass(frozen=True)
class Measure:
    """A figure. `parts` gives one replication's numerators and denominators; a quantile of pooled times names a
    histogram instead. The numerator of a moment is its time, infinite where it never comes."""

    name: str
    unit: str
    definition: str
    kind: Kind
    better: str = ""
    """"higher", "lower", or neither."""
    parts: Callable[[Cohort], Parts] | None = None
    histogram: str = ""
    q: float = 0.0
    channels: str = "all"
    """For which channels the figure makes sense: "all", "people" (all but self-service), "live", "deferrable" or
    "self_service"; "" for none but the whole desk."""

    def fits(self, kind: str) -> bool:
        """Whether it makes sense for a channel of a kind: live, deferrable or self_service."""
        return self.channels in ("all", kind) or (self.channels == "people" and kind != SELF_SERVICE)


def tally(
    cohort: Cohort,
    channel: Array,
    segment: Array,
    numerator: Floats,
    denominator: Floats | None = None,
    *,
    whole: bool = True,
) -> Parts:
    """Sums by channel, by channel and segment, and (with `whole`) over all channels.

    Args:
        channel, segment: codes by row. numerator, denominator: by row; without a denominator it is one a replication.
    """
    channels, segments = cohort.channels, cohort.segments
    size = len(channels) * len(segments)
    code = channel * len(segments) + segment
    above = np.bincount(code, numerator, size).reshape(len(channels), len(segments))
    below = None if denominator is None else np.bincount(code, denominator, size).reshape(above.shape)

    def part(rows: slice, columns: slice) -> tuple[float, float]:
        return float(above[rows, columns].sum()), 1.0 if below is None else float(below[rows, columns].sum())

    everything = slice(None)
    parts: Parts = {}
    for c, name in [*enumerate(channels), *([(None, None)] if whole else [])]:
        rows = everything if c is None else slice(c, c + 1)
        parts[name, None] = part(rows, everything)
        if len(segments) > 1:
            for s, kind in enumerate(segments):
                parts[name, kind] = part(rows, slice(s, s + 1))
    return parts


STEP = 0.002
"""Width of a histogram's bins on the logarithmic scale: a quantile is right to 0.1 %."""
UNIT = TICKS_PER_SECOND / 20


@dataclass(frozen=True, slots=True)
class Counts:
    """The bins that hold any times, ascending, and how many each holds: of some 8,000 bins a replication fills a few
    hundred, and what every replication leaves is kept."""

    bins: npt.NDArray[np.int32]
    counts: npt.NDArray[np.int32]

    @classmethod
    def of(cls, ticks: Array) -> Counts:
        """From times in ticks."""
        numbers = np.rint(np.log1p(np.maximum(ticks, 0) / UNIT) / STEP).astype(np.int32)
        bins, counts = np.unique(numbers, return_counts=True)
        return cls(bins, counts.astype(np.int32))

    @property
    def dense(self) -> Array:
        """One count a bin, from the first to the last that holds any."""
        every = np.zeros(int(self.bins[-1]) + 1 if len(self.bins) else 0, dtype=np.int64)
        every[self.bins] = self.counts
        return every

    @property
    def seconds(self) -> Floats:
        """The times themselves, ascending, each as the middle of its bin."""
        return np.repeat(bin_seconds(self.bins), self.counts)


@dataclass(frozen=True, slots=True)
class Histogram:
    """Times by logarithmic bins: `over` those that ended, `open` those still open when last seen, `never` those that
    will never end (a contact nobody will answer)."""

    over: Counts
    open: Counts
    never: int

    @classmethod
    def of(cls, ended: Array, censored: Array, never: int = 0) -> Histogram:
        """From times in ticks."""
        return cls(Counts.of(ended), Counts.of(censored), never)

    @property
    def ended(self) -> Array:
        """How many ended, by bin."""
        return self.over.dense

    @property
    def censored(self) -> Array:
        """How many were still open, by bin."""
        return self.open.dense


def bin_seconds(bins: Array | npt.NDArray[np.int32]) -> Floats:
    """The time at the middle of each bin, in seconds."""
    return np.asarray(np.expm1(bins * STEP) * UNIT / TICKS_PER_SECOND)


def matrix(rows: Sequence[Counts], bins: npt.NDArray[np.int32]) -> Floats:
    """The counts as one matrix, shape (rows, bins). `bins` are ascending and hold those of every row."""
    counts = np.zeros((len(rows), len(bins)))
    for number, row in enumerate(rows):
        counts[number, np.searchsorted(bins, row.bins)] = row.counts
    return counts


def kaplan_meier(ended: Floats, censored: Floats, never: Floats) -> Floats:
    """S(t) just after each bin: Π (1 − d_j / n_j), with d_j ends among n_j still there (Kaplan and Meier 1958).

    Args:
        ended, censored: shape (…, bins). never: shape (…,), those at risk throughout.
    """
    total = ended.sum(-1) + censored.sum(-1) + never
    gone = np.cumsum(ended + censored, axis=-1) - (ended + censored)
    at_risk = total[..., None] - gone
    return np.cumprod(1.0 - np.divide(ended, at_risk, out=np.zeros_like(ended), where=at_risk > 0), axis=-1)
