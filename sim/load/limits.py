"""What a load test has to meet, judged by every row that was due: what never came back counts as infinitely slow.

Percentiles are those of the raw values, by nearest rank, never of rounded ones. What has too few samples to say, or
none at all, is not judged, and does not pass: a threshold cannot pass on nothing.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from sim.scenario.hosts import Abort
from sim.scenario.loads import STEPS, LoadLimit, Of, load_limits
from sim.units import say_duration, say_share

__all__ = ["Abort", "LoadLimit", "Of", "Rows", "Samples", "Verdict", "Window", "judge", "load_limits", "needed"]

FEWEST = 10
"""Rows of which a rule for breaking off says anything."""
_THERE = ("sent", "created-despite-error")
"""What the desk has."""
_AWAY = ("failed", "dropped", "not-sent")


@dataclass
class Rows:
    """The rows of a channel and step that were due: seconds of the wall clock each took, infinite where it failed.

    `errors` are those of which any try went wrong: a status of 429, or a ticket that was created despite an error, is
    one, even where a later try did it.
    """

    from_due: list[float] = field(default_factory=list)
    from_send: list[float] = field(default_factory=list)
    errors: int = 0

    @property
    def due(self) -> int:
        return len(self.from_due)

    def add(self, from_due: float, from_send: float, *, error: bool) -> None:
        self.from_due.append(from_due)
        self.from_send.append(from_send)
        self.errors += error


@dataclass
class Samples:
    """What a load test measured.

    `rows` by channel and step. `waits`: by channel, seconds of the scenario's clock from when a contact was offered
    until its customer saw the first answer, one for every contact due, infinite where there was none. `deliveries`: how
    many contacts went which way, by the ledger's words.
    """

    rows: defaultdict[tuple[str, str], Rows] = field(default_factory=lambda: defaultdict(Rows))
    waits: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    deliveries: Mapping[str, int] = field(default_factory=dict)

    def book(self, intent: Mapping[str, Any], tries: Sequence[Mapping[str, Any]]) -> None:
        """Count a row of the ledger: its intent, and the outcomes of its tries in order (none if it was cut off)."""
        rows = self.rows[intent["channel"], intent["step"]]
        if not tries or not tries[-1]["ok"]:
            rows.add(math.inf, math.inf, error=True)
            return
        due = intent["at"] if intent["due"] is None else intent["due"]
        rows.add(tries[-1]["at"] - due, tries[-1]["ms"] / 1000, error=not all(each["ok"] for each in tries))

    def unsent(self, channel: str, step: str = "create") -> None:
        """Count a row that was due and for which nothing was sent."""
        self.rows[channel, step].add(math.inf, math.inf, error=True)


@dataclass(frozen=True)
class Verdict:
    """A threshold against what was measured: `value` in its unit (None: there is none), of `samples` values; `why`
    says what was found, and so why it was missed. What is not `judged` had too few values, and is not met."""

    limit: LoadLimit
    value: float | None
    samples: int
    met: bool
    why: str
    judged: bool = True


def judge(limits: Iterable[LoadLimit], samples: Samples) -> list[Verdict]:
    """Every threshold against what was measured, in their order."""
    return [_judged(limit, samples) for limit in limits]


def needed(quantile: Fraction) -> int:
    """How many samples a percentile needs: 10 / (1 − p), so that ten values can be expected above it."""
    return math.ceil(10 / (1 - quantile))


def _judged(limit: LoadLimit, samples: Samples) -> Verdict:
    if limit.of is Of.SENT:
        there, away = (sum(samples.deliveries.get(word, 0) for word in words) for words in (_THERE, _AWAY))
        return _share(limit, there, there + away)
    taken = [rows for (channel, step), rows in samples.rows.items() if _is_of(limit, channel, step)]
    if limit.of is Of.ERRORS:
        return _share(limit, sum(rows.errors for rows in taken), sum(rows.due for rows in taken))
    if limit.of is Of.FIRST_RESPONSE:
        return _time(limit, samples.waits.get(limit.channel or "", []))
    return _time(limit, [each for rows in taken for each in (rows.from_send if limit.send else rows.from_due)])


def _is_of(limit: LoadLimit, channel: str, step: str) -> bool:
    return limit.channel in (None, channel) and (step in STEPS if limit.step is None else step == limit.step)


def _share(limit: LoadLimit, part: int, whole: int) -> Verdict:
    if not whole:
        return _nothing(limit)
    share = part / whole
    return Verdict(limit, share, whole, limit.met(share), f"{say_share(share)}, {part:,} of {whole:,}")


def _time(limit: LoadLimit, values: Sequence[float]) -> Verdict:
    count = len(values)
    if not count:
        return _nothing(limit)
    least = 1 if limit.quantile is None else needed(limit.quantile)
    value = _figure(limit, values)
    if count < least:
        why = f"{'~' * math.isfinite(value)}{_say(value)}, of too few ({count:,} of {least:,} needed)"
        return Verdict(limit, value, count, met=False, why=why, judged=False)
    lost = sum(math.isinf(each) for each in values)
    without = f", {lost:,} without an answer" if limit.of is Of.FIRST_RESPONSE else f", {lost:,} failed"
    return Verdict(limit, value, count, limit.met(value), f"{_say(value)} of {count:,}{without * bool(lost)}")


def _nothing(limit: LoadLimit) -> Verdict:
    return Verdict(limit, None, 0, met=False, why="nothing was measured", judged=False)


def _figure(limit: LoadLimit, values: Sequence[float]) -> float:
    if limit.quantile is not None:
        rank = math.ceil(limit.quantile * len(values))
        return float(sorted(values)[rank - 1])
    return float(max(values)) if limit.statistic == "max" else math.fsum(values) / len(values)


def _say(seconds: float) -> str:
    """A time for people, with enough digits to hold against a limit."""
    if math.isinf(seconds):
        return "never"
    if seconds < 1:
        return f"{1000 * seconds:.4g} ms"
    return f"{seconds:.4g} s" if seconds < 90 else say_duration(seconds)


class Window:
    """Whether a load test is to be broken off, told row by row by the clock: more than a share of the rows of the last
    seconds went wrong. It says nothing before that time has passed since the first row, nor of fewer than `FEWEST`."""

    def __init__(self, rule: Abort) -> None:
        self.rule = rule
        self._rows: deque[tuple[float, bool]] = deque()
        self._bad = 0
        self._first = math.inf
        self._last = -math.inf

    def add(self, at: float, bad: bool) -> bool:
        """Count a row that ended at `at` (seconds; one that comes late counts as of now); whether to break off."""
        self._first = min(self._first, at)
        self._last = max(self._last, at)
        self._rows.append((self._last, bad))
        self._bad += bad
        while self._rows[0][0] <= self._last - self.rule.seconds:
            self._bad -= self._rows.popleft()[1]
        full = self._last - self._first >= self.rule.seconds and len(self._rows) >= FEWEST
        return full and self._bad > self.rule.share * len(self._rows)
