"""A load test as one HTML file: the facts of the terminal's text, with three charts. It asks the network for nothing,
follows the reader's choice of dark or light, and can be read on a phone. The only user of Jinja2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.load.observe import Observed
from sim.report.load_charts import Line, chart, clock, decades, linear
from sim.report.load_facts import arrivals, facts, latency, rate
from sim.tables import Array, Floats

if TYPE_CHECKING:
    from jinja2 import Template

BINS = 60
"""Points of a chart along its time."""
LOCUST = "locust.html"
"""Its own report, in the run folder beside the page."""


@dataclass(frozen=True)
class Picture:
    """A chart with its heading; `svg` is markup of our own."""

    title: str
    lines: tuple[Line, ...]
    svg: str


def page(observed: Observed) -> str:
    """The page, complete."""
    # its folder may be moved: RUN stands for wherever it lies
    locust = (observed.books.rows.ledger.parent / LOCUST).exists()
    return _template().render(told=facts(observed, "RUN"), pictures=pictures(observed), locust=LOCUST if locust else "")


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, trim_blocks=True, undefined=StrictUndefined)
    return environment.from_string(Path(__file__).with_suffix(".html").read_text(encoding="utf-8"))


# --- the charts ------------------------------------------------------------------------------------------------------


def pictures(observed: Observed) -> tuple[Picture, ...]:
    """What was offered against what was sent, the latency of contacts, and the lag, over the time of the test."""
    seconds = max(observed.window_seconds, observed.seconds, 1e-3)
    edges = np.linspace(0.0, seconds, BINS + 1)
    return (_arrivals(observed, edges), _latencies(observed, edges), _lags(observed, edges))


def _arrivals(observed: Observed, edges: Floats) -> Picture:
    per = float(edges[1])
    due, sent = (np.histogram(moments, edges)[0] / per for moments in arrivals(observed))
    lines = (
        Line("due", "a", _points(edges, due), steps=True),
        Line("attempted", "b", _points(edges, sent), steps=True),
    )
    most = max(float(due.max()), float(sent.max()), 1e-3)
    words = f"Contacts a second over {_over(edges)}: at most {due.max():.2g} were due and {sent.max():.2g} attempted."
    across = clock(float(edges[-1]))
    svg = chart("arrivals", words, lines, across, linear(most, rate))
    return Picture("Contacts a second: due, and attempted", lines, svg)


def _latencies(observed: Observed, edges: Floats) -> Picture:
    table = observed.steps
    due = table.where((table["last"] == 1) & (table["ok"] == 1) & np.isfinite(table["from_due"]))
    lines = (
        Line("from due, median", "a", _binned(edges, due["sent"], due["from_due"], np.median)),
        Line("from due, longest", "b", _binned(edges, due["sent"], due["from_due"], np.max)),
        Line("from send, median", "c", _binned(edges, due["sent"], due["from_send"], np.median)),
        Line("from send, longest", "d", _binned(edges, due["sent"], due["from_send"], np.max)),
    )
    values = [y for line in lines for _, y in line.points if y is not None]
    longest = latency(max(values)) if values else "–"
    words = f"Latency of contacts over {_over(edges)}, by when they were sent, logarithmic; at most {longest}."
    svg = chart("latencies", words, lines, clock(float(edges[-1])), decades(values, latency_label))
    return Picture("Latency of contacts, in wall time", lines, svg)


def _lags(observed: Observed, edges: Floats) -> Picture:
    rows = [(row.due, row.lag) for row in observed.deliveries if row.due is not None and row.lag is not None]
    due, lag = (np.array(column, dtype=np.float64) for column in (zip(*rows, strict=True) if rows else ((), ())))
    limit = observed.validity.late_after
    longest = _binned(edges, due, np.maximum(lag, 1e-4), np.max)
    lines = (
        Line("longest lag", "a", longest),
        Line(f"late from {latency(limit)} on", "d", [(0.0, limit), (float(edges[-1]), limit)]),
    )
    values = [limit, *(y for _, y in longest if y is not None)]
    most = latency(float(lag.max())) if len(lag) else "–"
    words = f"Lag of the generator over {_over(edges)}: at most {most}; late is above {latency(limit)}."
    svg = chart("lags", words, lines, clock(float(edges[-1])), decades(values, latency_label))
    return Picture("Lag of the generator: from due to sent", lines, svg)


def _points(edges: Floats, values: Floats) -> list[tuple[float, float | None]]:
    """A step for each bin, the last one held to the end."""
    return list(zip(edges.tolist(), [*values.tolist(), float(values[-1])], strict=True))


def _binned(
    edges: Floats, at: Array | Floats, values: Array | Floats, fold: Callable[[Array | Floats], Any]
) -> list[tuple[float, float | None]]:
    """A point for each bin: what it holds, folded; None where it holds nothing."""
    number = np.clip(np.searchsorted(edges, at, side="right") - 1, 0, len(edges) - 2)
    middle = (edges[:-1] + edges[1:]) / 2
    points: list[tuple[float, float | None]] = []
    for bin_, moment in enumerate(middle.tolist()):
        mine = values[number == bin_]
        points.append((moment, float(fold(mine)) if len(mine) else None))
    return points


def latency_label(seconds: float) -> str:
    """A decade of an axis: 10 ms, 1 s."""
    return f"{seconds:g} s" if seconds >= 1 else f"{1000 * seconds:g} ms"


def _over(edges: Sequence[float] | Floats) -> str:
    return f"the {latency(float(edges[-1]))} of the test"
