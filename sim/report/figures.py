"""The figures of a result by name, and how the sentences of a report say them."""

from __future__ import annotations

from sim.estimate import Estimate
from sim.measures.summary import Band
from sim.run import Result
from sim.schemas import TICKS_PER_SECOND
from sim.units import say_duration


class Figures:
    """The figures of a result, by name and channel."""

    def __init__(self, result: Result) -> None:
        self._found = {
            (figure.measure.name, figure.channel): figure for figure in result.figures if figure.segment is None
        }

    def __call__(self, name: str, channel: str | None = None) -> Estimate:
        found = self._found.get((name, channel))
        return found.estimate if found is not None else Estimate.not_observed(0)

    def bands(self, name: str) -> tuple[Band, ...]:
        return self._found[name, None].bands


def lasts(result: Result) -> float:
    """How many days a replication lasts by the calendar: a day of 23 or 25 hours is a day."""
    log = result.scenario.log
    return result.scenario.spec.lasts / 86_400 if log is None else float(log.days)


def each(result: Result) -> str:
    """What counts are of: a week, a day, or a run of another length."""
    named = {1.0: "a day", 7.0: "a week"}
    days = lasts(result)
    return named.get(days) or (f"in {days:g} days" if days > 1 else f"in {say_duration(86_400 * days)}")


def title(name: str) -> str:
    return {"email": "E-mail"}.get(name, name[:1].upper() + name[1:])


def whole(share: float) -> str:
    return f"{100 * share:.0f} %"


def interval(estimate: Estimate, scale: float = 1.0, *, sign: int = 1, digits: int = 1) -> str:
    if estimate.low is None or estimate.high is None:
        return "[one run: no interval]"
    low, high = sorted((sign * estimate.low * scale, sign * estimate.high * scale))
    return f"[{low:z.{digits}f}, {high:z.{digits}f}]"


def spread(estimate: Estimate, scale: float = 1.0) -> str:
    """The interval of a figure beside another, in whole numbers; nothing where there is none."""
    return "" if estimate.low is None else f" {interval(estimate, scale, digits=0)}"


def listed(names: list[str]) -> str:
    """One, two and three; of nothing, nothing."""
    if not names:
        return ""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def growth(result: Result, code: int) -> tuple[float, float] | None:
    """From what to what a channel's backlog grows over the run, at the same time of the week; None where it does not.

    Within a week nothing is said of the trend, nor where the backlog was nearly cleared in the last one.
    """
    backlog = result.intervals.backlog[code]
    week = 7 * 86_400 * TICKS_PER_SECOND // result.desk.interval
    weeks = len(backlog) // week
    if not weeks or result.desk.channels[code].live:
        return None
    before, after = float(backlog[0]), float(backlog[weeks * week - 1])
    if after < 1.25 * before + 10 or backlog[-week:].min() < 0.1 * after:
        return None
    return before, after
