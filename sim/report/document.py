"""A run as data: the JSON document of ``sim run --json``, the measures as a table, the interval sheet."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

import numpy as np

from sim.estimate import CONFIDENCE
from sim.measures.summary import Figure
from sim.report import days, thresholds
from sim.run import ENGINE, Result
from sim.scenario import lower


def document(result: Result) -> dict[str, Any]:
    """The whole run, but for the folder it is in: the same run is the same document wherever it lies."""
    return {
        "scenario": result.scenario.name,
        "variant": variant(result),
        "seed": result.seed,
        "digest": result.digest,
        "replications": result.replications,
        "engine": ENGINE,
        "precision": None if result.stopped is None else result.stopped.document(),
        "thresholds": thresholds.document(result),
        "measures": [measure(figure, result.desk.currency) for figure in result.figures],
    }


def variant(result: Result) -> str:
    """The variant, and what was changed on the command line; ``as is`` where nothing was."""
    named = [result.scenario.variant] if result.scenario.variant is not None else []
    return ", ".join([*named, *result.scenario.sets]) or "as is"


def measure(figure: Figure, currency: str) -> dict[str, Any]:
    """One measure. `reason` says why value, or low and high, are null; `band` is that over β."""
    estimate, band = figure.estimate, figure.bands[0] if figure.bands else None
    return {
        "name": figure.measure.name,
        "channel": figure.channel,
        "segment": figure.segment,
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "confidence": CONFIDENCE,
        "runs": estimate.runs,
        "reason": estimate.reason or None,
        "unit": currency if figure.measure.unit == "money" else figure.measure.unit,
        "definition": figure.measure.definition,
        "band": None if band is None else {"over": band.over, "low": band.low, "high": band.high},
    }


def measures_csv(result: Result) -> str:
    """The measures, one row each."""
    rows = [measure(figure, result.desk.currency) for figure in result.figures]
    for row in rows:
        band = row.pop("band") or {"over": None, "low": None, "high": None}
        row |= {f"band_{key}": value for key, value in band.items()}
    return _csv([list(rows[0]), *(list(row.values()) for row in rows)])


def interval_rows(result: Result) -> tuple[list[str], list[list[Any]]]:
    """The interval sheet: header, and one row an interval and channel. Empty cells are None."""
    sheet = result.intervals
    days = lower.calendar(result.scenario)
    columns = [
        "offered", "offered_low", "offered_high", "answered", "abandoned", "blocked", "service_level",
        "service_level_low", "service_level_high", "wait", "handle_time", "required_c", "required_a", "scheduled",
        "paid", "occupancy", "backlog",
    ]  # fmt: skip
    values = [*(getattr(sheet, column) for column in columns), sheet.scheduled - sheet.required_c]
    cells = np.round(np.stack(values), 6).transpose(2, 1, 0).tolist()
    rows = []
    for start, of_channels in zip(sheet.starts.tolist(), cells, strict=True):
        local = days.local(start)
        stamp, weekday = local.isoformat(timespec="minutes"), local.strftime("%a").lower()
        for channel, numbers in zip(result.desk.channels, of_channels, strict=True):
            # a NaN is not equal to itself
            rows.append([stamp, weekday, channel.name, *(n if n == n else None for n in numbers)])
    return ["start", "weekday", "channel", *columns, "scheduled_less_required_c"], rows


def intervals_csv(result: Result) -> str:
    header, rows = interval_rows(result)
    return _csv([header, *rows])


def days_csv(result: Result) -> str:
    """The days: one row a date and channel."""
    return _csv([list(days.COLUMNS), *days.rows(result)])


def _csv(rows: list[list[Any]]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
