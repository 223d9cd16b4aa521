"""When to stop: replications until the figures that matter are known well enough.

A fixed number of replications is too few for one desk and too many for another. A rule names figures and how far either
end of their 95 % intervals may be from them. It is looked at after 10, 20, 40, 80 … replications, always the first so
many by their numbers, and the first look at which every figure is known that well is the last. So how many there are
depends on the scenario, the seed and the rule alone: not on the number of processes, nor on which of them is first.

A width in per cent is a share of the figure, and of a figure that is 0 in every replication there is none: the run then
stops at that look and says so.

The price is a little confidence. A run also stops where the spread looks small by chance, so that of the intervals at
which it stops fewer than 95 % hold the truth; the smaller the width asked for, the nearer to 95 % (Chow and Robbins
1965, Annals of Mathematical Statistics 36, 457–462; Law, Simulation Modeling and Analysis, section 9.4, which therefore
begins with 10 replications, as here). By these looks it is 93.5 % at the worst width where replications are normally
distributed, and 87 % where they are as skewed as an exponential time. To be safe, ask for less than is needed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sim import units
from sim.errors import Mistake, ScenarioError
from sim.estimate import Estimate
from sim.measures import MEASURES
from sim.measures.base import Measure
from sim.measures.summary import Figure
from sim.scenario.limits import Named, figure_of, only_by_channel, value_of
from sim.scenario.spec import ScenarioSpec
from sim.units import Unclear, shown

FIRST = 10
"""Replications at the first look; each further look has twice as many."""

MOST = 1280
"""Replications after which a run gives up, where nothing else is said."""

LIMIT = 100_000
"""The most replications that may be asked for."""


@dataclass(frozen=True)
class Goal:
    """A figure, and how far from it an end of its interval may be: in the measure's unit, or as a share of the figure
    where that is `relative`. `asked` are the words that said so, as in ``service_level=0.5pt``."""

    asked: str
    measure: str
    channel: str | None
    unit: str
    within: float
    relative: bool

    @property
    def name(self) -> str:
        return self.measure if self.channel is None else f"{self.channel}.{self.measure}"

    def reached(self, half_width: float | None) -> bool:
        return half_width is not None and half_width <= self.within

    def half_width(self, estimate: Estimate) -> float | None:
        """The distance of the figure from the further end of its interval, in the goal's terms; None where that is not
        known, as the relative one of a figure of 0."""
        if estimate.value is None or estimate.low is None or estimate.high is None:
            return None
        half = max(estimate.value - estimate.low, estimate.high - estimate.value)
        if not self.relative:
            return half
        return half / abs(estimate.value) if estimate.value else None

    def is_of_nothing(self, estimate: Estimate) -> bool:
        """Whether it is relative, and its figure 0 in every replication: a share of that cannot be judged."""
        return self.relative and estimate.value == 0


@dataclass(frozen=True)
class Look:
    """What was found after so many replications: the half width of each goal, None where it is not known; and the names
    of the goals that are of nothing."""

    replications: int
    half_widths: tuple[float | None, ...]
    reached: bool
    of_nothing: tuple[str, ...] = ()

    @property
    def last(self) -> bool:
        """Whether there is no use in going on."""
        return self.reached or bool(self.of_nothing)


@dataclass(frozen=True)
class Rule:
    """The goals, all of which are to be reached, and the most replications for it."""

    goals: tuple[Goal, ...]
    most: int = MOST

    @property
    def asked(self) -> tuple[str, ...]:
        """What was asked for, each once, as it was written."""
        return tuple(dict.fromkeys(goal.asked for goal in self.goals))

    def moments(self) -> Iterator[int]:
        """After how many replications to look: 10, 20, 40, … and at last after the most."""
        number = FIRST
        while number < self.most:
            yield number
            number *= 2
        yield self.most

    def look(self, replications: int, figures: Sequence[Figure]) -> Look:
        """Hold the figures of that many replications against the goals."""
        found = {(f.measure.name, f.channel): f.estimate for f in figures if f.segment is None}
        unknown = Estimate.not_observed(replications)
        estimates = [found.get((goal.measure, goal.channel), unknown) for goal in self.goals]
        halves = tuple(map(Goal.half_width, self.goals, estimates))
        nothing = [goal.name for goal, found in zip(self.goals, estimates, strict=True) if goal.is_of_nothing(found)]
        return Look(replications, halves, all(map(Goal.reached, self.goals, halves)), tuple(nothing))


@dataclass(frozen=True)
class Stopped:
    """A rule, and the looks it took."""

    rule: Rule
    looks: tuple[Look, ...]

    @property
    def reached(self) -> bool:
        return self.looks[-1].reached

    @property
    def would_do(self) -> int | None:
        """About how many replications would reach every goal, as half widths fall with the square root of their number;
        to two digits. None where a half width is not known."""
        last, factors = self.looks[-1], []
        for goal, half in zip(self.rule.goals, last.half_widths, strict=True):
            if half is None:
                return None
            factors.append((half / goal.within) ** 2)
        number = last.replications * max(1.0, *factors)
        digits: int = 10 ** max(0, math.floor(math.log10(number)) - 1)
        return math.ceil(number / digits) * digits

    def document(self) -> dict[str, Any]:
        """As data: what was asked for, and what each look found."""
        return {
            "asked": [
                {"figure": goal.name, "half_width": goal.within, "relative": goal.relative, "words": goal.asked}
                for goal in self.rule.goals
            ],
            "most": self.rule.most,
            "looks": [
                {"replications": look.replications, "half_widths": list(look.half_widths)} for look in self.looks
            ],
            "reached": self.reached,
        }


def rule(asked: Sequence[str], spec: ScenarioSpec, most: int = MOST) -> Rule:
    """The rule of ``--precision`` as written: ``service_level=0.5pt`` (of each channel), ``wait=2s``, ``cost=1%``.

    Raises:
        ScenarioError: no such figure, or a half width that cannot be read; all of them at once.
    """
    goals: list[Goal] = []
    mistakes = []
    for words in asked:
        try:
            goals += _goals(words, spec)
        except Unclear as unclear:
            mistakes.append(Mistake(f"--precision {words}", 0, 0, "", unclear.what, unclear.hint))
    if mistakes:
        raise ScenarioError(mistakes)
    return Rule(tuple(goals), most)


def _goals(words: str, spec: ScenarioSpec) -> Iterator[Goal]:
    name, found, width = (part.strip() for part in words.partition("="))
    if not found or not name or not width:
        raise Unclear("not a figure and its half width", "write it as in --precision phone.service_level=0.5pt")
    for measure, channel in _named(name, spec):
        within, relative = _half_width(width, measure, spec)
        yield Goal(words, measure.name, channel, measure.unit, within, relative)


def _named(name: str, spec: ScenarioSpec) -> list[Named]:
    """The figure of that name; where a measure that is of a channel is named alone, the figure of each that has it."""
    measure = next((each for each in MEASURES if each.name == name), None)
    if measure is None or not only_by_channel(measure):
        return [figure_of(name, spec)]
    each: list[Named] = [(measure, channel) for channel, of in spec.channels.items() if measure.fits(of.kind)]
    return each or [figure_of(name, spec)]


def _half_width(text: str, measure: Measure, spec: ScenarioSpec) -> tuple[float, bool]:
    """A half width and whether it is relative: ``0.5pt``, ``2s``, ``1%``."""
    relative = text.endswith("%")
    if relative and measure.unit == "share":
        raise Unclear(f"{shown(text)} of a share can be read in two ways", f"did you mean {text[:-1].strip()}pt?")
    if relative:
        within = units.number(text.removesuffix("%").strip(), least=0) / 100
    elif measure.unit == "share":
        within = _points(text)
    else:
        within = value_of(text, measure, spec)
    if within <= 0:
        raise Unclear(f"{shown(text)} is not a width", "give more than 0")
    return within, relative


def _points(text: str) -> float:
    """A share of percentage points."""
    if not text.endswith("pt"):
        raise Unclear(f"{shown(text)} has no unit", "write percentage points, such as 0.5pt")
    return units.number(text.removesuffix("pt").strip(), least=0, most=100) / 100
