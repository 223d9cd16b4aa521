"""What is not known: what a scenario rests on that is neither its own nor measured, each with the range it may lie in.

These are the defaults in use of grade B and C, the constants of satisfaction and churn of the same grades, and what the
scenario itself lists under `uncertainty`, which stands in place of the default of that path. A range is read from the
words in which it is documented, "mean 6m to 10m" beside a default of "lognormal(mean 8m, sigma 0.9)", so that what is
drawn is what the documents say.

A default's range is drawn from a triangle with the default as its mode, as the prior of β is; a range of the user's own
is drawn evenly. Every value has its own address of luck: seed, replication and path. So two policies draw the same,
and one more unknown changes none of the others.

The constants are changed as the contacts are folded into figures. The scale k goes with β; the levels α, the survey's
cut-points, the moods that customers come with and k itself are otherwise held as the reference run gives them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from math import sqrt

import numpy as np

from sim.defaults import Default
from sim.draws import Decision, uniforms
from sim.measures import reference
from sim.measures.constants import CONSTANTS, assumed_by
from sim.measures.customers import AS_IS, BETAS, Belief
from sim.scenario import layers, lower
from sim.scenario.complete import Keys
from sim.scenario.ranges import Range
from sim.scenario.read import Scenario, with_values
from sim.units import DAY, HOUR, MINUTE

GRADES = ("B", "C")
"""Grades of what may be otherwise; A is measured."""

YOURS = "the scenario"
"""The source of a range that the user gives."""

HELD = ("satisfaction.survey_noise", "satisfaction.reply_base", "satisfaction.reply_slope")
"""Constants of the survey alone: its cut-points were fitted with them."""

_OF_BETA = ("churn.beta_low", "churn.beta_high")
"""The ends of the range of β, which are no assumptions beside it."""

_NAMED = {"churn.beta": "β, how mood moves churn", "churn.h0": "churn: mean hazard"}


@dataclass(frozen=True)
class Span:
    """The values of a range: numbers from `low` to `high`, and the words around each. With a `mode` they are drawn from
    a triangle, without one evenly."""

    low: float
    high: float
    mode: float | None
    before: str
    after: str
    whole: bool = False

    def word(self, value: float) -> str:
        return f"{self.before}{round(value) if self.whole else f'{value:.10g}'}{self.after}"

    def between(self, share: float) -> str:
        """The value below which a share lies: l + √(p(h − l)(m − l)) while that is at most the mode m, above it
        h − √((1 − p)(h − l)(h − m)); l + p(h − l) without a mode."""
        low, high, mode = self.low, self.high, self.mode
        if mode is None:
            return self.word(low + share * (high - low))
        if share * (high - low) <= mode - low:
            return self.word(low + sqrt(share * (high - low) * (mode - low)))
        return self.word(high - sqrt((1 - share) * (high - low) * (high - mode)))


@dataclass(frozen=True)
class Unknown:
    """A value that is not known. `low`, `high` and `default` are words as one types them after ``--set PATH=``; those
    of constants are numbers."""

    path: str
    name: str
    low: str
    high: str
    default: str
    ends: tuple[str, str]
    """The ends in short, as the range has them."""
    grade: str
    """B or C; "" for a range of the user's own."""
    source: str
    span: Span

    @property
    def constant(self) -> bool:
        """Whether it is one of satisfaction or churn, which no scenario says."""
        return self.path in CONSTANTS


@lru_cache(maxsize=8)
def unknowns(scenario: Scenario) -> tuple[Unknown, ...]:
    """What is not known and can move something in this scenario: the user's own ranges, defaults, then constants."""
    own = {path: found for path, found in _own(scenario) if not _is_said(scenario, path)}
    defaults = {
        path: found
        for path, default in _assumed(scenario).items()
        if path not in own and (found := of_default(path, default)) and _can_move(scenario, found)
    }
    return (*own.values(), *defaults.values())


def not_ranged(scenario: Scenario) -> tuple[str, ...]:
    """The paths of the assumptions of grade B and C that are held at their default: no range of numbers is known."""
    ranged = {unknown.path for unknown in unknowns(scenario)}
    return tuple(
        path
        for path, default in _assumed(scenario).items()
        if path not in ranged and (path in HELD or path.startswith("groups.") or of_default(path, default) is None)
    )


def _assumed(scenario: Scenario) -> dict[str, Default]:
    """The assumptions of grade B and C by path: those of the scenario, then the constants."""
    found = {**scenario.assumed, **assumed_by(lower.desk(scenario))}
    return {path: default for path, default in found.items() if default.grade in GRADES and path not in _OF_BETA}


def _own(scenario: Scenario) -> Iterator[tuple[str, Unknown]]:
    for typed, span in scenario.spec.uncertainty.items():
        path = ".".join(map(str, _keys(typed)))
        default = scenario.assumed.get(path)
        low, high = span.word(span.low), span.word(span.high)
        said = "" if default is None else str(default.value)
        yield path, Unknown(path, _name(path), low, high, said, (low, high), "", YOURS, _even(span))


def _even(span: Range) -> Span:
    return Span(span.low, span.high, None, "", "" if span.whole else span.unit, span.whole)


def _keys(path: str) -> Keys:
    """The keys of a path with its short forms spelled out."""
    return layers.of_assignment(f"{path}=0").paths[0]


def _is_said(scenario: Scenario, path: str) -> bool:
    """Whether a variant or ``--set`` says the value of a path for which the scenario gives a range."""
    keys = layers.path_of(path)
    return any(layer.reach(keys) == len(keys) for layer in scenario.above)


def _can_move(scenario: Scenario, unknown: Unknown) -> bool:
    """Whether it can be said otherwise and may then move something: no growth within weeks of the day that the volumes
    are of, no share of a channel that nobody turns to by themselves, nothing of the groups that a roster makes."""
    spec, keys = scenario.spec, unknown.path.split(".")
    if unknown.path == "demand.growth":
        return spec.demand.since is not None or spec.lasts + spec.run_in > 28 * DAY
    if keys[0] == "channels" and keys[-1] == "share":
        return unknown.span.mode != 0
    if keys[0] == "groups":
        return any(layer.reach(("groups", keys[1])) == 2 for layer in (*scenario.files, *scenario.above))
    return unknown.path not in HELD


# --- ranges in words --------------------------------------------------------------------------------------------------

_NUMBER = r"[+\-\u2212]?[0-9]+(?:\.[0-9]+)?"
_UNIT = r"%/year|%|x\b|[smhdw]\b| ?[A-Z]{3}(?:/[a-z]+)?| years?\b"
_RANGE = re.compile(
    rf"(?:(?P<key>[a-z_]+) )?(?P<low>{_NUMBER})(?P<low_unit>{_UNIT})?(?: \([^)]*\))?"
    rf" to (?P<high>{_NUMBER})(?P<high_unit>{_UNIT})?(?:(?:;| a ).*)?"
)
_LENGTHS = {"s": 1.0, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}


def of_default(path: str, default: Default) -> Unknown | None:
    """A default as something not known; None where it has no range of numbers, or is off."""
    range_ = _RANGE.fullmatch(default.range)
    value = f"{default.value:g}" if isinstance(default.value, float) else str(default.value)
    key = range_["key"] if range_ is not None else None
    at = rf"\b{key} " if key else "^"
    stands = re.search(rf"{at}(?P<number>{_NUMBER})(?P<unit>{_UNIT})?", value)
    if range_ is None or stands is None:
        return None
    before, after = value[: stands.start("number")], value[stands.end() :]
    high, high_unit = _in_weeks(range_["high"], range_["high_unit"] or stands["unit"] or "")
    low, low_unit = _in_weeks(range_["low"], range_["low_unit"] or range_["high_unit"] or stands["unit"] or "")
    mode = _number(stands["number"])
    if high_unit in _LENGTHS:
        # all three in the unit of the high end
        factors = [_LENGTHS[unit] / _LENGTHS[high_unit] for unit in (low_unit, stands["unit"])]
    elif {low_unit.strip(), (stands["unit"] or "").strip()} == {high_unit.strip()}:
        factors = [1.0, 1.0]
    else:
        return None
    whole = not high_unit and all(re.fullmatch("[0-9]+", each) for each in (low, high, stands["number"]))
    span = Span(
        _number(low) * factors[0], _number(high), mode * factors[1], before, high_unit + after, whole
    )  # fmt: skip
    return Unknown(
        path,
        f"{_name(path)} ({key})" if key else _name(path),
        f"{before}{_plain(low)}{low_unit}{after}",
        f"{before}{_plain(high)}{high_unit}{after}",
        value,
        (f"{_plain(low)}{low_unit}".strip(), f"{_plain(high)}{high_unit}".strip()),
        default.grade,
        default.source,
        span,
    )


def _in_weeks(number: str, unit: str) -> tuple[str, str]:
    """A year is no length of time in a scenario: 52 weeks are, as the defaults have it."""
    return (f"{52 * _number(number):g}", "w") if unit.strip() in ("year", "years") else (number, unit)


def _plain(number: str) -> str:
    return number.replace("\u2212", "-")


def _number(text: str) -> float:
    return float(_plain(text))


def _name(path: str) -> str:
    """What it is called: phone handle time, front line shrinkage, churn: complaint share."""
    if path in CONSTANTS:
        return _NAMED.get(path, path.replace(".", ": ").replace("_", " "))
    setting = re.fullmatch(r"policies\.\w+\.(\w+)\((\w+)\)", path)
    words = list(setting.groups()) if setting else path.removeprefix("customers.segments.").split(".")
    if path.startswith("customers.segments.all."):
        words = ["customers", *words[1:]]
    kept = words[1:] if words[0] in ("channels", "groups", "demand", "events") and len(words) > 2 else words
    return " ".join(kept).replace("_", " ")


# --- draws ------------------------------------------------------------------------------------------------------------


def draws(found: tuple[Unknown, ...], seed: int, replication: int) -> dict[str, str]:
    """One draw of each, in words by path."""
    return {unknown.path: unknown.span.between(_share(seed, replication, unknown.path)) for unknown in found}


def _share(seed: int, replication: int, path: str) -> float:
    block = int.from_bytes(sha256(path.encode()).digest()[:8], "little") >> 1
    return float(uniforms(seed, replication, Decision.UNCERTAIN, 1, block=block)[0])


def redrawn(scenario: Scenario, seed: int, replication: int) -> tuple[Scenario, Belief]:
    """One draw of all that is not known: the scenario with it, and what is then believed of satisfaction and churn."""
    return supposed(scenario, draws(unknowns(scenario), seed, replication))


def supposed(scenario: Scenario, values: Mapping[str, str]) -> tuple[Scenario, Belief]:
    """The scenario and the belief under other values, in words by path; the same scenario where these are constants.

    Raises:
        ScenarioError: the values cannot be.
    """
    constants = {path: float(word) for path, word in values.items() if path in CONSTANTS}
    said = {path: word for path, word in values.items() if path not in CONSTANTS}
    return with_values(scenario, said) if said else scenario, believed(constants)


def believed(constants: Mapping[str, float]) -> Belief:
    """What is believed of satisfaction and churn with other constants, by path; k goes with β."""
    churn, feeling = (
        {path.partition(".")[2]: value for path, value in constants.items() if path.startswith(holder)}
        for holder in ("churn.", "satisfaction.")
    )
    churning = replace(AS_IS.churning, **churn)  # type: ignore[arg-type]
    scale = float(np.interp(churning.beta, BETAS, reference.SCALE))
    return Belief(churning, scale, replace(AS_IS.feeling, **feeling))  # type: ignore[arg-type]
