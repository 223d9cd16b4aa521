"""Thresholds held against a run: met or missed, how sure that is, and the exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sim.checks import checks, passed
from sim.report import thresholds
from sim.run import Result, run
from sim.scenario.read import read

ROOT = Path(__file__).parents[1]
DESK = """\
name: Limits
lasts: 1d
run_in: 0d
drain: 1d
phone: {staff: 3, hours: 08:00-20:00, rate: 24/h}
"""


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Eight replications of a small desk."""
    folder = tmp_path_factory.mktemp("checks")
    (folder / "desk.yaml").write_text(DESK)
    return run(read(folder / "desk.yaml"), folder, replications=8, jobs=1)


def limited(result: Result, *limits: tuple[str, str]) -> Result:
    """The same run, of a scenario with these thresholds."""
    spec = result.scenario.spec.model_copy(update={"thresholds": dict(limits)})
    return replace(result, scenario=replace(result.scenario, spec=spec))


def level(result: Result) -> tuple[float, float, float]:
    """The service level of the phone and its interval."""
    found = next(f.estimate for f in result.figures if (f.measure.name, f.channel) == ("service_level", "phone"))
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    assert 0 < found.low < found.value < found.high < 1
    return found.low, found.value, found.high


def test_a_threshold_is_judged_by_the_mean_and_sure_beyond_the_interval(result: Result) -> None:
    """Below the interval it is surely met, within it not surely met or missed, above it surely missed."""
    low, value, high = level(result)
    places = (low / 2, (low + value) / 2, (value + high) / 2, (1 + high) / 2)
    found = [checks(limited(result, ("phone.service_level", f"at least {100 * place:.6f}%")))[0] for place in places]
    assert [(check.met, check.sure) for check in found] == [(True, True), (True, False), (False, False), (False, True)]
    turned = [checks(limited(result, ("phone.service_level", f"at most {100 * place:.6f}%")))[0] for place in places]
    assert [(check.met, check.sure) for check in turned] == [(False, True), (False, False), (True, False), (True, True)]


def test_all_are_judged_and_one_miss_is_a_miss(result: Result) -> None:
    """Every threshold in its order, in its unit; the run has passed only where none was missed."""
    met, missed = ("cost", "at most 9_000 EUR"), ("phone.wait_p90", "at most 0s")
    both = checks(limited(result, met, missed))
    assert [(check.limit.name, check.met) for check in both] == [("cost", True), ("phone.wait_p90", False)]
    assert both[0].estimate.value == pytest.approx(3 * 12 * 20 / 0.7)
    assert not passed(both)
    assert passed(checks(limited(result, met)))
    assert checks(result) == ()
    assert passed(())


def test_what_was_not_observed_is_not_met(result: Result) -> None:
    """Where nothing answers whether a threshold holds, it does not pass: no FCR is known within a week of the end."""
    (check,) = checks(limited(result, ("phone.fcr", "at least 1%")))
    assert (check.met, check.sure, check.estimate.value) == (None, False, None)
    assert not passed((check,))


def test_the_text_ticks_each_with_its_figure(result: Result) -> None:
    """A line each with what was simulated, and how many were missed; none without thresholds."""
    low, value, high = level(result)
    listed = limited(result, ("cost", "at most 9_000 EUR"), ("phone.service_level", "at least 99.9%"))
    assert thresholds.text(listed).splitlines() == [
        "✓ cost at most 9_000 EUR: 1,029 EUR",
        f"✗ phone.service_level at least 99.9%: {100 * value:.1f} % [{100 * low:.1f}, {100 * high:.1f}]",
        "1 of 2 thresholds missed",
    ]
    assert thresholds.text(result) == ""
    (only,) = thresholds.document(limited(result, ("phone.service_level", f"at least {100 * value:.4f}%")))
    assert only == {
        "name": "phone.service_level", "threshold": f"at least {100 * value:.4f}%", "value": value, "low": low,
        "high": high, "met": value >= float(f"{100 * value:.4f}") / 100, "sure": False, "reason": None,
    }  # fmt: skip


def test_the_command_leaves_with_3_where_one_is_missed(tmp_path: Path) -> None:
    """A run with a missed threshold is complete, says so, and has exit code 3."""
    (tmp_path / "desk.yaml").write_text(DESK + "thresholds: {cost: at most 1_000 EUR, phone.offered: at least 1}\n")
    done = subprocess.run(
        [sys.executable, "-m", "sim", "run", "desk.yaml", "--replications", "2", "--json", "--out", "run"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (3, "")
    judged = {threshold["name"]: threshold["met"] for threshold in json.loads(done.stdout)["thresholds"]}
    assert judged == {"cost": False, "phone.offered": True}
    assert (tmp_path / "run" / "run.json").exists()
