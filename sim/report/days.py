"""Days for people: the table of every day of a run folder, and the weekday that goes wrong most often, in words."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.clock import HOLIDAY
from sim.estimate import wilson
from sim.measures.daily import day_of_intervals
from sim.run import Result
from sim.scenario import lower
from sim.tables import Floats

COLUMNS = (
    "date", "weekday", "channel", "offered", "service_level", "service_level_p10", "service_level_p90", "days", "met",
    "met_low", "met_high",
)  # fmt: skip

SURE = 0.9
"""A weekday that meets the target this often needs no word of warning."""

FEW = 10
"""Fewer days than this say little about a weekday."""

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "A holiday")
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def rows(result: Result) -> list[list[Any]]:
    """The table of days: one row a date and channel, in the order of `COLUMNS`. Empty cells are None."""
    offered, within = _by_day(result)
    days = lower.calendar(result.scenario)
    table = []
    for day in range(offered.shape[2]):
        date = days.day_of(day)
        for code, channel in enumerate(result.desk.channels):
            if channel.automatic:
                continue
            some = offered[:, code, day] > 0
            figures = _figures(offered[some, code, day], within[some, code, day], channel.target.share)
            mean = round(float(offered[:, code, day].mean()), 6)
            table.append([date.isoformat(), f"{date:%a}".lower(), channel.name, mean, *figures])
    return table


def _figures(offered: Floats, within: Floats, share: float) -> list[Any]:
    """Service level, its 10 and 90 % days, how many days there are, and the share that meets the target."""
    if not len(offered):
        return [None, None, None, 0, None, None, None]
    levels = within / offered
    met = float(np.mean(levels >= share))
    shares = [within.sum() / offered.sum(), *np.quantile(levels, (0.1, 0.9)), met, *wilson(met, len(levels))]
    level, p10, p90, *risk = (round(float(value), 6) for value in shares)
    return [level, p10, p90, len(levels), *risk]


def sentence(result: Result, code: int) -> str:
    """How often the weekday meets the target that does so least often; nothing where that is nearly always, or where a
    replication is a single day."""
    offered, within = (counts[:, code] for counts in _by_day(result))
    if offered.shape[1] == 1:
        return ""
    days = lower.calendar(result.scenario)
    kinds = np.array([days.kind(day) for day in range(offered.shape[1])])
    found = []
    for kind in range(HOLIDAY + 1):
        some = offered[:, kinds == kind] > 0
        if some.sum() >= FEW:
            levels = within[:, kinds == kind][some] / offered[:, kinds == kind][some]
            met = int(np.sum(levels >= result.desk.channels[code].target.share))
            found.append((met / len(levels), met, len(levels), _WEEKDAYS[kind]))
    if not found or min(found)[0] >= SURE:
        return ""
    if max(found)[0] == 0:
        return "No day meets it."
    share, met, number, name = min(found, key=lambda each: each[0])
    alone = sum(each[0] == share for each in found) == 1
    return f"{name} is {'the worst day' if alone else 'among the worst days'}: {_often(share)} it ({met} of {number})."


def _often(share: float) -> str:
    """A share of the days of a kind, in words: one in nine meets, seven in ten meet."""
    if share == 0:
        return "none meets"
    if share >= 0.3:
        return f"{_NUMBERS[round(10 * share)]} in ten meet"
    number = round(1 / share)
    return f"one in {_NUMBERS[number] if number < len(_NUMBERS) else number} meets"


def _by_day(result: Result) -> tuple[Floats, Floats]:
    """Contacts offered, and answered within the target, of shape (replications, channels, days)."""
    first = np.flatnonzero(np.diff(day_of_intervals(result.desk), prepend=-1))
    counts = [(summary.intervals.offered, summary.intervals.within) for summary in result.summaries]
    offered, within = (np.add.reduceat(np.stack(each), first, axis=2) for each in zip(*counts, strict=True))
    return offered, within
