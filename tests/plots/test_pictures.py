"""The plots of a run show what its other figures say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.plots import PLOTS
from sim.report.pictures import pictures
from sim.run import Result, run
from sim.scenario.read import read

SCENARIO = Path(__file__).parents[2] / "scenarios" / "broadband_week.yaml"


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Two replications of two days of a small desk that is open by day."""
    scenario = read(SCENARIO, ["lasts=2d", "run_in=1d", "customers.count=30_000"])
    return run(scenario, tmp_path_factory.mktemp("run"), replications=2, jobs=1)


@pytest.fixture(scope="module")
def shown(result: Result) -> dict[str, Any]:
    return pictures(result)


def test_every_plot_has_something_to_show(shown: dict[str, Any]) -> None:
    """A desk with live and deferrable channels gets every plot of a run, in the order of the catalogue."""
    of_run = ["demand", "staffing", "net_staffing", "occupancy", "service_level", "waiting", "backlog"]
    assert sorted(shown) == sorted(of_run)
    assert set(of_run) < set(PLOTS)


def test_demand_is_what_was_offered(result: Result, shown: dict[str, Any]) -> None:
    """Channel by channel, the mean over replications is the offered of the interval sheet; the phone is shut at night,
    messages come at any hour."""
    for code, channel in enumerate(shown["demand"].channels):
        np.testing.assert_allclose(channel.offered.mean(axis=0), result.intervals.offered[code])
        assert channel.offered.any()
    phone, _, email = shown["demand"].channels
    assert phone.opened.tolist() == ([False] * 16 + [True] * 28 + [False] * 4) * 2
    assert email.opened.all()


def test_net_staffing_is_that_of_staffing(shown: dict[str, Any]) -> None:
    """Both show the same agents."""
    assert shown["net_staffing"] is shown["staffing"]


def test_occupancy_is_that_of_the_sheet(result: Result, shown: dict[str, Any]) -> None:
    """The phone is answered by one group, whose busy share is the sheet's; it talks and wraps up, and is never busy
    for longer than it is present."""
    front, chat, _ = shown["occupancy"].groups
    there = front.scheduled
    np.testing.assert_allclose(front.busy[there], result.intervals.occupancy[0][there])
    assert np.isnan(front.busy[~there]).all()
    assert front.talk.sum() > front.wrap_up.sum() > 0
    for group in (front, chat):
        assert (group.talk >= 0).all()
        assert (group.wrap_up >= 0).all()
        assert (group.talk + group.wrap_up <= group.present + 1e-9).all()
