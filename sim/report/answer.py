"""The answer to a scenario's question, in a sentence: what its thresholds say, of one run or of several."""

from __future__ import annotations

from collections.abc import Sequence

from sim.checks import Check, checks, passed
from sim.report import thresholds
from sim.report.figures import growth
from sim.run import Result
from sim.units import say_money


def text(result: Result) -> str:
    """Question and answer of one run; empty for a scenario that asks nothing or has no thresholds to answer by."""
    question, listed = result.scenario.spec.question, checks(result)
    if not question or not listed:
        return ""
    missed = [check for check in listed if not check.met]
    if not missed and _growing(result):
        return f"{question}\nFor now: {_told(listed, result)}; but {_growing(result)}."
    if not missed:
        doubt = "" if all(check.sure for check in listed) else ", though not for sure"
        cost = "" if any(check.limit.measure == "cost" for check in listed) else f"; cost {_cost(result)}"
        return f"{question}\nYes{doubt}: {_told(listed, result)}{cost}."
    return f"{question}\nNo: {_told(missed, result)}."


def of_several(runs: Sequence[tuple[tuple[str, ...], Result, str]]) -> str:
    """Which of several runs meets every threshold, and of these the cheapest; empty without thresholds."""
    spec = runs[0][1].scenario.spec
    if not spec.thresholds:
        return ""
    question = f"{spec.question}\n" if spec.question else ""
    named = [(" ".join(sets), result) for sets, result, _ in runs]
    met = [each for each in named if passed(checks(each[1]))]
    good = [each for each in met if not _growing(each[1])]
    for_now = [f"{name} meets them for now, but {_growing(result)}." for name, result in met if _growing(result)]
    said = [_best_of(good)] if good else ["None does for good."] if for_now else [_nearest_of(named)]
    return question + " ".join([*said, *for_now])


def _best_of(good: Sequence[tuple[str, Result]]) -> str:
    """The cheapest of those that meet every threshold; of those that cost the same, the best by the first threshold."""
    least = min(round(_value(result)) for _, result in good)
    cheapest = [each for each in good if round(_value(each[1])) == least]
    dearer = [name for name, result in good if round(_value(result)) > least]
    best, result = max(cheapest, key=lambda each: _slack(checks(each[1])[0]))
    names = [name for name, _ in cheapest]
    does = "meets" if len(names) == 1 else "meet"
    also = f" ({', '.join(dearer)} for more)" if dearer else ""
    doubt = "" if all(check.sure for check in checks(result)) else ", though not for sure"
    said = f"{', '.join(names)} {does} every threshold at the least cost, {_cost(result)}{also}{doubt}:"
    which = f" best by {checks(result)[0].limit.name} is {best}," if len(names) > 1 else ""
    return f"{said}{which} {_told(checks(result), result)}."


def _nearest_of(named: Sequence[tuple[str, Result]]) -> str:
    name, nearest = min(named, key=lambda each: (_missed(each[1]), _shortfall(each[1])))
    missed = [check for check in checks(nearest) if not check.met]
    return f"None meets every threshold; nearest is {name}: {_told(missed, nearest)}."


def _growing(result: Result) -> str:
    """The backlog that only grows, in words; empty where none does."""
    for code, channel in enumerate(result.desk.channels):
        grown = growth(result, code)
        if grown is not None:
            return f"its {channel.name} backlog grows from {grown[0]:,.0f} to {grown[1]:,.0f}"
    return ""


def _told(listed: Sequence[Check], result: Result) -> str:
    return "; ".join(f"{check.limit.name} {thresholds.found(check, result)} ({check.limit.words})" for check in listed)


def _missed(result: Result) -> int:
    return sum(not check.met for check in checks(result))


def _shortfall(result: Result) -> float:
    """By how much the missed thresholds are missed, as shares of what was asked for."""
    missed = [(check.estimate.value or 0.0, check.limit.value) for check in checks(result) if not check.met]
    return sum(abs(value - asked) / (abs(asked) or 1.0) for value, asked in missed)


def _slack(check: Check) -> float:
    """By how much a threshold is met."""
    value = check.estimate.value or 0.0
    return value if check.limit.least else -value


def _value(result: Result) -> float:
    return next(f.estimate.value or 0.0 for f in result.figures if f.measure.name == "cost" and f.channel is None)


def _cost(result: Result) -> str:
    return say_money(_value(result), result.desk.currency)
