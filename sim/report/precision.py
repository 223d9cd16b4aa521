"""The rule of stopping for people: how many replications it took, or would take, and why."""

from __future__ import annotations

from sim.run import Result
from sim.stopping import LIMIT, Goal, Stopped
from sim.units import say_duration


def text(result: Result) -> str:
    """Whether the precision asked for was reached, and what was: empty where none was asked for."""
    stopped = result.stopped
    if stopped is None:
        return ""
    found = "; ".join(_found(stopped, number, result.desk.currency) for number in range(len(stopped.rule.goals)))
    runs = f"{result.replications:,} replication{'s' * (result.replications != 1)}"
    if stopped.reached:
        return f"Precision: {runs} were enough. {found}."
    if nothing := stopped.looks[-1].of_nothing:
        zero = f"{' and '.join(nothing)} {'is' if len(nothing) == 1 else 'are'} 0 in every one"
        advice = "ask for a width in the unit of the figure"
        return f"Precision: stopped after {runs}: {zero}, and there is no percentage of 0; {advice}. {found}."
    return f"Precision: not reached after {runs}, the most allowed. {found}; {_would_do(stopped)}."


def _would_do(stopped: Stopped) -> str:
    """How many replications would reach it, or that no run may have as many."""
    more = stopped.would_do
    if more is None:
        return "how many would do is not known"
    if more > LIMIT:
        return f"it would take more than {LIMIT:,}, the most that a run may have: ask for less precision"
    return f"about {more:,} would do: --replications {more}"


def _found(stopped: Stopped, number: int, currency: str) -> str:
    """What a goal came to: ``phone.service_level ± 0.46 pt (0.5 pt asked for; ± 0.61 after 20)``."""
    goal, halves = stopped.rule.goals[number], [look.half_widths[number] for look in stopped.looks]
    asked = f"{_size(goal, goal.within, currency)} asked for"
    if len(halves) > 1 and not goal.reached(halves[-2]):
        asked += f"; {_half(goal, halves[-2], currency)} after {stopped.looks[-2].replications:,}"
    return f"{goal.name} {_half(goal, halves[-1], currency)} ({asked})"


def _half(goal: Goal, half: float | None, currency: str) -> str:
    return "without an interval" if half is None else f"± {_size(goal, half, currency)}"


def _size(goal: Goal, half: float, currency: str) -> str:
    """A half width with its unit, to two digits or more."""
    if goal.relative:
        return f"{_digits(100 * half)} %"
    if goal.unit == "share":
        return f"{_digits(100 * half)} pt"
    if goal.unit == "s":
        return say_duration(half)
    return f"{_digits(half)} {currency if goal.unit == 'money' else goal.unit}"


def _digits(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.2g}"
