"""The catalogue of measures: what a run reports. To add one, add a line."""

from __future__ import annotations

from sim.measures import clearing, customers, daily, resolution, routes, waiting, workload
from sim.measures.base import Measure

MEASURES: tuple[Measure, ...] = (
    *waiting.MEASURES,
    *routes.MEASURES,
    *daily.MEASURES,
    *resolution.MEASURES,
    *workload.MEASURES,
    *clearing.MEASURES,
    *customers.MEASURES,
)

HISTOGRAMS = {
    "wait": waiting.wait_histogram,
    "response": waiting.response_histogram,
    "first_response": resolution.first_response_histogram,
    "resolution_time": resolution.resolution_histogram,
}
