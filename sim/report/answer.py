"""The answer to a scenario's question, in a sentence: what its thresholds say, of one run or of several."""

from __future__ import annotations

from collections.abc import Sequence

from sim.checks import Check, checks, passed
from sim.report import thresholds
from sim.run import Result
from sim.units import say_money


def text(result: Result) -> str:
    """Question and answer of one run; empty for a scenario that asks nothing or has no thresholds to answer by."""
    question, listed = result.scenario.spec.question, checks(result)
    if not question or not listed:
        return ""
    missed = [check for check in listed if not check.met]
    if not missed:
        doubt = "" if all(check.sure for check in listed) else ", though not for sure"
        cost = "" if any(check.limit.measure == "cost" for check in listed) else f"; cost {_cost(result)}"
        return f"{question}\nYes{doubt}: {_told(listed, result)}{cost}."
    return f"{question}\nNo: {_told(missed, result)}."


def of_several(runs: Sequence[tuple[tuple[str, ...], Result, str]]) -> str:
    """Which of several runs meets every threshold, and of these the cheapest; empty without thresholds."""
    first = runs[0][1]
    if not first.scenario.spec.thresholds:
        return ""
    question = f"{first.scenario.spec.question}\n" if first.scenario.spec.question else ""
    good = [(" ".join(sets), result) for sets, result, _ in runs if passed(checks(result))]
    if not good:
        nearest = min(runs, key=lambda run: (_missed(run[1]), _shortfall(run[1])))
        missed = [check for check in checks(nearest[1]) if not check.met]
        return f"{question}None meets every threshold; nearest is {' '.join(nearest[0])}: {_told(missed, nearest[1])}."
    # of those that cost the same, the one that does best by the first threshold
    name, cheapest = min(good, key=lambda each: (round(_value(each[1])), -_slack(checks(each[1])[0])))
    dearer = [each for each, result in good if round(_value(result)) > round(_value(cheapest))]
    same = [each for each, result in good if each != name and each not in dearer]
    told = [f"{', '.join(same)} for as much"] * bool(same) + [f"{', '.join(dearer)} for more"] * bool(dearer)
    also = f" ({'; '.join(told)})" if told else ""
    listed = checks(cheapest)
    doubt = "" if all(check.sure for check in listed) else ", though not for sure"
    best = f"{name} meets every threshold at the least cost, {_cost(cheapest)}{also}{doubt}"
    return f"{question}{best}: {_told(listed, cheapest)}."


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
