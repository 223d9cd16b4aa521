"""The rule of stopping for people: how many replications it took, or would take, and why."""

from __future__ import annotations

from sim.run import Result
from sim.stopping import Goal, Stopped
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
    more = stopped.would_do
    would = "how many would do is not known" if more is None else f"about {more:,} would do: --replications {more}"
    return f"Precision: not reached after {runs}, the most allowed. {found}; {would}."


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
