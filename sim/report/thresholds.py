"""Thresholds for people and machines: a line each with a tick or a cross, and the same as data."""

from __future__ import annotations

from typing import Any

from sim.checks import Check, checks
from sim.estimate import Estimate
from sim.measures import MEASURES
from sim.run import Result
from sim.units import say_duration, say_money, say_share

_UNITS = {measure.name: measure.unit for measure in MEASURES}


def text(result: Result) -> str:
    """✓ met, ✗ missed, each with what was simulated; empty where the scenario has no thresholds."""
    listed = checks(result)
    lines = [f"{_mark(check)} {check.limit.name} {check.limit.words}: {found(check, result)}" for check in listed]
    if listed and not all(check.met for check in listed):
        missed = sum(not check.met for check in listed)
        lines.append(f"{missed} of {len(listed)} thresholds missed")
    return "\n".join(lines)


def document(result: Result) -> list[dict[str, Any]]:
    return [
        {
            "name": check.limit.name,
            "threshold": check.limit.words,
            "value": check.estimate.value,
            "low": check.estimate.low,
            "high": check.estimate.high,
            "reason": check.estimate.reason or None,
            "met": check.met,
            "sure": check.sure,
        }
        for check in checks(result)
    ]


def _mark(check: Check) -> str:
    return "✓" if check.met else "✗"


def found(check: Check, result: Result) -> str:
    estimate, unit = check.estimate, _UNITS[check.limit.measure]
    if estimate.value is None:
        return f"not known: {estimate.reason or 'nothing was observed'}"
    doubt = "" if check.sure else "; not sure, more replications may turn it round"
    return f"{say(estimate, unit, result.desk.currency)}{doubt}"


def say(estimate: Estimate, unit: str, currency: str) -> str:
    """A figure with its interval, in the unit of its measure: ``80.6 % [77.8, 83.4]``."""
    if estimate.value is None:
        return "–"
    text = _say(estimate.value, unit, currency)
    if estimate.low is None or estimate.high is None:
        return text
    ends = [_say(end, unit, currency) for end in (estimate.low, estimate.high)]
    if unit != "s":
        # seconds say in which unit each end is
        ends = [end.removesuffix(_word(unit, currency)).strip() for end in ends]
    # what hardly differs from run to run needs no brackets
    return text if ends[0] == ends[1] else f"{text} [{ends[0]}, {ends[1]}]"


def _say(value: float, unit: str, currency: str) -> str:
    if unit == "share":
        return say_share(value)
    if unit == "s":
        return say_duration(value)
    return say_money(value, currency) if unit == "money" else f"{value:,.4g} {unit}".rstrip()


def _word(unit: str, currency: str) -> str:
    return {"share": "%", "money": currency}.get(unit, unit)
