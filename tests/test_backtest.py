"""A back-test holds predictions against the log by the stated rules, and on a real log they come as near as stated."""

from __future__ import annotations

import json
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from sim.backtest import Backtest, _correlation, backtest, grid, replicate
from sim.erlang import erlang_a
from sim.errors import ScenarioError, UsageError
from sim.observed import observed_cells
from sim.report import assumptions
from sim.report.backtest_text import grid_text, text, to_json
from sim.results import provenance
from sim.run import run
from sim.scenario.read import Scenario, read

ROOT = Path(__file__).parent.parent
SYNTHETIC = ROOT / "scenarios" / "replay_log.yaml"
BANK = ROOT / "docs" / "validation" / "bank.yaml"
DATA = os.environ.get("SIM_DATA")


@pytest.fixture(scope="module")
def synthetic() -> Scenario:
    return read(SYNTHETIC)


@pytest.fixture(scope="module")
def result(synthetic: Scenario) -> Backtest:
    return backtest(synthetic, seed=1, replications=5)


def replayed(folder: Path, *rows: str, sets: tuple[str, ...] = ()) -> Scenario:
    """The synthetic scenario over a log of these rows."""
    path = folder / "calls.csv"
    header = "date,time,intent,ivr_s,wait_s,outcome,talk_s,agent"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return read(SYNTHETIC, (f"demand.replay.file={path}", *sets))


def known(value: float | None) -> float:
    assert value is not None
    return value


def test_observed_figures_are_those_of_the_log(synthetic: Scenario, result: Backtest) -> None:
    """The observed column adds up to the calls, abandonment and waits of the log."""
    log = synthetic.log
    assert log is not None
    assert log.answered is not None
    assert result.overall.calls == len(log) == sum(row.calls for row in result.by_hour.values())
    assert result.overall.abandonment.observed == pytest.approx((~log.answered).mean())
    assert result.overall.wait.observed == pytest.approx(log.observed_wait.mean())
    nine = (log.arrived % 86_400 // 3600) == 9
    assert result.by_hour[9].abandonment.observed == pytest.approx((~log.answered[nine]).mean())


def test_a_call_counts_in_the_hour_in_which_it_arrived(tmp_path: Path) -> None:
    """Where nobody is there, each hour loses exactly the calls that arrived in it, however long their menus took."""
    scenario = replayed(
        tmp_path,
        "2024-03-04,08:59:50,bill,30,1,abandoned,0,",
        "2024-03-04,08:10:00,bill,0,5,answered,10,A1",  # ten seconds of an hour: a level of 0
        "2024-03-04,08:59:58,bill,9000,7,abandoned,0,",
        "2024-03-04,09:00:01,bill,0,8,abandoned,0,",
        sets=("channels.phone.patience=constant(10s)",),
    )
    cells = replicate(scenario, 1, 0)
    assert scenario.log is not None
    assert cells.abandoned.tolist() == observed_cells(scenario.log)["offered"].tolist()
    assert np.flatnonzero(cells.abandoned).tolist() == [8, 9]
    assert (cells.wait == 10 * cells.abandoned).all()


def test_a_call_keeps_its_hour_whatever_the_order_of_the_file(tmp_path: Path) -> None:
    """The later call, written first, is the one that finds nobody; the earlier one has an agent from the log."""
    scenario = replayed(
        tmp_path,
        "2024-03-04,09:20:00,bill,0,30,abandoned,0,",
        "2024-03-04,08:00:00,bill,0,0,answered,2400,A1",  # forty minutes of an hour: a level of 1
    )
    assert np.flatnonzero(replicate(scenario, 1, 0).abandoned).tolist() == [9]


def test_without_agents_erlang_a_loses_everybody(tmp_path: Path) -> None:
    """At level 0 every call abandons after the mean patience: seconds waited / calls that abandoned."""
    found = backtest(
        replayed(
            tmp_path,
            "2024-03-04,08:10:00,bill,0,6,answered,10,A1",
            "2024-03-04,08:20:00,bill,0,20,abandoned,0,",
            "2024-03-04,09:20:00,bill,0,10,abandoned,0,",
        ),
        seed=1,
        replications=1,
    )
    assert found.patience == 18
    assert found.overall.abandonment.erlang_a == pytest.approx(1)
    assert found.overall.wait.erlang_a == pytest.approx(18)


def test_erlang_a_gets_the_hour_and_the_log(tmp_path: Path) -> None:
    """Its rate is the hour's calls, its agents the hour's level, its handle time logged service plus wrap-up."""
    calls = [f"2024-03-04,08:{minute:02d}:00,bill,0,0,answered,{talk},A1" for minute, talk in ((0, 600), (59, 60))]
    calls += [f"2024-03-04,08:{minute}:00,bill,0,30,abandoned,0," for minute in (20, 40)]
    found = backtest(replayed(tmp_path, *calls, sets=("groups.agents.staff.from_log.gap=2h",)), seed=1, replications=2)
    expected = erlang_a(4 / 3600, 330 + 20, 1, 30)
    assert (found.handle_time, found.patience) == (350, 30)
    assert found.overall.abandonment.erlang_a == pytest.approx(expected.p_abandon)
    assert found.overall.wait.erlang_a == pytest.approx(expected.mean_wait)


def test_erlang_a_takes_the_mean_level_of_an_hour(tmp_path: Path) -> None:
    """A schedule that changes at half past, 1 then 4 agents, is 2.5 agents: 3."""
    row = "2024-03-04,08:10:00,bill,0,30,abandoned,0,"
    scenario = replayed(tmp_path, row, row, sets=("groups.agents.staff={'00:00-08:30': 1, '08:30-24:00': 4}",))
    found = backtest(scenario, seed=1, replications=1)
    assert found.overall.abandonment.erlang_a == pytest.approx(erlang_a(2 / 3600, found.handle_time, 3, 30).p_abandon)


def test_only_the_window_is_compared() -> None:
    """Days and hours outside demand.replay.compare count neither as calls nor in any figure; it is no part of a run."""
    scenario = read(SYNTHETIC, ("demand.replay.compare={tue: 09:00-11:00}",))
    log = scenario.log
    assert log is not None
    assert scenario.digest == read(SYNTHETIC).digest
    found = backtest(scenario, seed=1, replications=2)
    assert f"compared: the {found.overall.calls} calls that arrived tue 09:00-11:00; 2 rep" in text(found)
    inside = (log.arrived >= 86_400 + 9 * 3600) & (log.arrived < 86_400 + 11 * 3600)  # the log starts on a Monday
    assert found.overall.calls == inside.sum()
    assert list(found.by_hour) == [9, 10]
    assert found.overall.wait.observed == pytest.approx(log.observed_wait[inside].mean())


def test_by_default_the_whole_log_is_compared(tmp_path: Path) -> None:
    """A call on a Saturday at three in the morning counts as any other, and the text says so."""
    rows = ("2024-03-09,03:10:00,bill,0,30,abandoned,0,", "2024-03-11,12:10:00,bill,0,0,answered,60,A1")
    found = backtest(replayed(tmp_path, *rows), seed=1, replications=1)
    assert (found.overall.calls, list(found.by_hour), found.compare) == (2, [3, 12], None)
    assert "compared: all 2 calls; 1 rep" in text(found)


def test_the_window_is_whole_hours() -> None:
    """A window that begins or ends within an hour is a mistake where it stands."""
    with pytest.raises(ScenarioError) as caught:
        read(SYNTHETIC, ("demand.replay.compare={mon-tue: 09:30-11:00}",))
    [mistake] = caught.value.mistakes
    assert mistake.path == "demand.replay.compare"
    assert mistake.what == "mon 09:30-11:00 does not begin and end on the hour"
    assert read(SYNTHETIC, ("demand.replay.compare=always",)).spec.demand.replay.compare is None  # type: ignore[union-attr]


def test_a_misspelt_key_of_the_mapping_is_one_mistake(tmp_path: Path) -> None:
    """Where a key that tells how to read the log is unknown, its rows are not blamed."""
    path = tmp_path / "misspelt.yaml"
    path.write_text(SYNTHETIC.read_text("utf-8").replace("    answered:", "    answerd:"), encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        read(path, (f"demand.replay.file={SYNTHETIC.parent / 'data' / 'synthetic_calls.csv'}",))
    assert [mistake.what for mistake in caught.value.mistakes] == ["unknown key"]


def test_an_empty_cell_may_be_left_out(tmp_path: Path) -> None:
    """leave_out takes '' for an empty cell, alone or among others."""
    rows = ("2024-03-04,08:10:00,bill,0,30,,0,", "2024-03-04,08:20:00,bill,0,30,abandoned,0,")
    for values in ("''", "['', test]"):
        log = replayed(tmp_path, *rows, sets=(f"demand.replay.leave_out={{outcome: {values}}}",)).log
        assert log is not None
        assert log.left_out == {"outcome is empty": 1}


def test_what_was_left_out_is_seen(synthetic: Scenario, result: Backtest, tmp_path: Path) -> None:
    """The back-test, what validate prints and run.json give the rows read and left out, with the reasons."""
    log = synthetic.log
    assert log is not None
    [(reason, rows)] = log.left_out.items()
    said = f"402 rows read, {len(log)} calls; left out: {rows} because {reason}"
    assert said in text(result)
    assert said in " ".join(assumptions.text(synthetic).split())
    counted = {"file": log.file, "rows_read": 402, "calls": len(log), "left_out": log.left_out}
    assert to_json(result)["log"] == assumptions.document(synthetic)["log"] == counted
    assert provenance(run(synthetic, tmp_path, seed=1, replications=1))["log"] == counted


def test_the_prediction_is_the_mean_over_replications(synthetic: Scenario, result: Backtest) -> None:
    """Predicted abandonment is what the replications lose on average, and its interval holds it."""
    lost = [replicate(synthetic, 1, number).abandoned.sum() for number in range(5)]
    predicted = result.overall.abandonment.predicted
    assert predicted.value == pytest.approx(np.mean(lost) / result.overall.calls)
    assert known(predicted.low) < known(predicted.value) < known(predicted.high)


def test_correlation_is_weighted() -> None:
    """r is Pearson's with every cell counted as often as it has calls; without variance there is none."""
    one, other, calls = np.array([0.1, 0.2, 0.4]), np.array([0.3, 0.1, 0.5]), np.array([1.0, 3.0, 2.0])
    repeats = calls.astype(int)
    expected = np.corrcoef(np.repeat(one, repeats), np.repeat(other, repeats))[0, 1]
    assert _correlation(one, other, calls) == pytest.approx(expected)
    assert _correlation(one, np.full(3, 0.2), np.ones(3)) is None


def test_the_same_seed_gives_the_same_figures_in_any_process(synthetic: Scenario, result: Backtest) -> None:
    """Replications that are run by a pool of processes give what one process gives; another seed does not."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        assert backtest(synthetic, seed=1, replications=5, over=pool.map) == result
    assert backtest(synthetic, seed=2, replications=5).overall != result.overall


def test_the_grid_is_the_scenario_with_other_rules(synthetic: Scenario) -> None:
    """A cell of the grid is the back-test of the scenario with that gap and wrap-up set by hand."""
    longer, shorter = grid(synthetic, seed=1, replications=2, gaps=(600,), wrap_ups=(60, 0))
    by_hand = read(SYNTHETIC, ("groups.agents.staff.from_log.gap=10m", "channels.phone.wrap_up=60s"))
    assert (longer.gap, longer.wrap_up) == (600, 60)
    assert longer.result == backtest(by_hand, seed=1, replications=2)
    assert known(shorter.result.overall.wait.predicted.value) < known(longer.result.overall.wait.predicted.value)


def test_what_cannot_be_compared_is_refused(synthetic: Scenario, tmp_path: Path) -> None:
    """No log, no call in the window, nobody who abandoned, no staff from the log: each is said."""
    plain = tmp_path / "plain.yaml"
    plain.write_text("name: plain\nphone: {staff: 3}\ncustomers: 100\n", encoding="utf-8")
    with pytest.raises(UsageError, match="replays no log"):
        backtest(read(plain), seed=1)
    with pytest.raises(UsageError, match="no call arrives"):
        backtest(read(SYNTHETIC, ("demand.replay.compare=22:00-23:00",)), seed=1)
    with pytest.raises(UsageError, match="nobody waited and abandoned"):
        backtest(replayed(tmp_path, "2024-03-04,08:10:00,bill,0,5,answered,10,A1"), seed=1)
    with pytest.raises(UsageError, match="no group has its staff from the log"):
        grid(read(SYNTHETIC, ("groups.agents.staff=3",)), seed=1)


def test_text_and_json_say_the_same(synthetic: Scenario, result: Backtest) -> None:
    """The text fits 110 columns and, like the JSON, holds each hour and every cell of the grid."""
    variants = grid(synthetic, seed=1, replications=1, gaps=(600, 1800), wrap_ups=(20,))
    shown, rules = text(result), grid_text(variants)
    assert max(map(len, (shown + "\n" + rules).splitlines())) <= 110
    (nine,) = (line.split() for line in shown.splitlines() if line.startswith("09"))
    data = json.loads(json.dumps(to_json(result, variants)))
    there = data["by_hour"]["9"]
    assert nine[:3] == ["09", str(there["calls"]), f"{100 * there['abandonment']['observed']:.1f}"]
    assert nine[3] == f"{100 * there['abandonment']['predicted']['value']:.1f}"
    assert [(cell["gap_s"], cell["wrap_up_s"]) for cell in data["grid"]] == [(600, 20), (1800, 20)]
    assert f"{100 * variants[1].result.predicted.mae:.2f}" in rules.splitlines()[-1]


@pytest.mark.statistics
@pytest.mark.skipif(DATA is None, reason="SIM_DATA is not set: the real logs are not here")
@pytest.mark.parametrize(
    ("month", "calls", "observed", "abandonment", "wait", "r", "mae"),
    [
        ("1999-01", 25_406, (0.1099, 40.2), (0.106, 0.118), (42, 48), (0.88, 0.95), 0.035),
        ("1999-10", 25_745, (0.0570, 24.0), (0.053, 0.061), (20, 24), (0.65, 0.85), 0.0275),
    ],
)
def test_a_real_month_is_predicted(
    month: str,
    calls: int,
    observed: tuple[float, float],
    abandonment: tuple[float, float],
    wait: tuple[float, float],
    r: tuple[float, float],
    mae: float,
) -> None:
    """By the frozen rules, abandonment, wait, hourly correlation and error of both months are within their bands."""
    assert DATA is not None
    scenario = read(BANK, (f"demand.replay.file={Path(DATA) / 'anonymous_bank_1999' / month}.csv",))
    found = backtest(scenario, seed=1)
    overall = found.overall
    assert overall.calls == calls
    assert (overall.abandonment.observed, overall.wait.observed) == pytest.approx(observed, rel=2e-3)
    assert abandonment[0] <= known(overall.abandonment.predicted.value) <= abandonment[1]
    assert wait[0] <= known(overall.wait.predicted.value) <= wait[1]
    assert r[0] <= known(found.predicted.r) <= r[1]
    assert found.predicted.mae <= min(mae, 0.8 * found.erlang_a.mae)
