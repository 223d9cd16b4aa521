"""Runs that stop when a figure is known well enough: what may be asked, when they look, and what they leave."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.errors import ScenarioError
from sim.estimate import Estimate, t_quantile
from sim.report import precision, sweep
from sim.run import run
from sim.scenario.read import Scenario, read
from sim.stopping import Goal, Look, Rule, Stopped, rule

ROOT = Path(__file__).parents[1]
DESK = """\
name: Stops
lasts: 1d
run_in: 0d
drain: 1d
phone: {staff: 2, hours: 08:00-20:00, rate: 12/h, cost: 20 GBP/h}
email: {staff: 1, rate: 1/h}
"""


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    path = tmp_path_factory.mktemp("stopping") / "desk.yaml"
    path.write_text(DESK)
    return read(path)


@pytest.mark.parametrize(
    ("words", "names", "within", "relative"),
    [
        ("phone.service_level=0.5pt", ["phone.service_level"], 0.005, False),
        ("service_level = 1 pt", ["phone.service_level", "email.service_level"], 0.01, False),
        ("intervals_met=2pt", ["phone.intervals_met"], 0.02, False),
        ("backlog=3 contacts", ["email.backlog"], 3.0, False),
        ("phone.wait=1.5m", ["phone.wait"], 90.0, False),
        ("cost=1%", ["cost"], 0.01, True),
        ("cost_per_contact=0.25 GBP", ["cost_per_contact"], 0.25, False),
        ("satisfaction=0.5", ["satisfaction"], 0.5, False),
        ("offered=5", ["offered"], 5.0, False),
    ],
)
def test_a_half_width_is_in_the_unit_of_its_measure(
    words: str, names: list[str], within: float, relative: bool, scenario: Scenario
) -> None:
    """What is asked names a figure, or that of every channel which has it, and a width in its unit or relative."""
    found = rule([words], scenario.spec)
    assert [goal.name for goal in found.goals] == names
    assert all((goal.within, goal.relative) == (pytest.approx(within), relative) for goal in found.goals)
    assert (found.asked, found.most) == ((words,), 1280)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("service_level", "not a figure and its half width; write it as in --precision phone.service_level=0.5pt"),
        ("=1pt", "not a figure and its half width; write it as in --precision phone.service_level=0.5pt"),
        ("servicelevel=1pt", "there is no measure 'servicelevel'; did you mean 'service_level'?"),
        ("fone.wait=1s", "there is no channel 'fone'; did you mean 'phone'?"),
        ("phone.cost=1%", "cost is of the whole desk; write cost without the channel"),
        ("phone.backlog=1", "backlog is of deferrable channels, and phone is none; name another channel or measure"),
        ("service_level=1%", "'1%' of a share can be read in two ways; did you mean 1pt?"),
        ("service_level=1", "'1' has no unit; write percentage points, such as 0.5pt"),
        ("service_level=200pt", "'200' is too large; give 100 or less"),
        ("wait=2", "'2' has no unit; write a number with s, m, h, d or w, such as 3m or 1.5h"),
        ("cost=5 EUR", "this is in EUR, other amounts are in GBP; use one currency"),
        ("cost=0%", "'0%' is not a width; give more than 0"),
        ("satisfaction=-1", "'-1' is not a width; give more than 0"),
    ],
)
def test_what_cannot_be_reached_for_is_refused(words: str, said: str, scenario: Scenario) -> None:
    """No such figure, a width without a unit or in another, and no width at all are told."""
    with pytest.raises(ScenarioError) as caught:
        rule([words], scenario.spec)
    assert str(caught.value) == f"--precision {words}: {said}"


def test_looks_double_up_to_the_most() -> None:
    """There are looks after 10, 20, 40 … replications, and the last is after the most."""
    for most, looks in ((1280, [10, 20, 40, 80, 160, 320, 640, 1280]), (30, [10, 20, 30]), (10, [10]), (3, [3])):
        assert list(Rule((), most).moments()) == looks


LEVEL = Goal("service_level=1pt", "service_level", "phone", "share", 0.01, relative=False)


def test_a_half_width_is_to_the_further_end() -> None:
    """Where an interval is cut or skew, the further end counts; relative widths are of the figure; none is none."""
    relative = replace(LEVEL, relative=True)
    assert LEVEL.half_width(Estimate(0.75, 0.5, 1.0, 9)) == 0.25
    assert LEVEL.half_width(Estimate(1.0, 0.75, 1.0, 9)) == 0.25
    assert relative.half_width(Estimate(-0.5, -0.625, -0.5, 9)) == 0.25
    assert relative.half_width(Estimate(0.0, 0.0, 0.0, 9)) is None
    assert relative.half_width(Estimate(0.0, 0.0, 0.1, 9)) is None
    assert LEVEL.half_width(Estimate(0.5, None, None, 1)) is None
    assert [LEVEL.reached(half) for half in (0.01, 0.0101, None)] == [True, False, False]


def stopped(*halves: float | None, goals: int = 1, reached: bool = False) -> Stopped:
    """Looks after 10, 20, … replications at which every goal had this half width."""
    looks = [Look(10 * 2**n, (half,) * goals, reached and n == len(halves) - 1) for n, half in enumerate(halves)]
    return Stopped(Rule((LEVEL,) * goals, most=10 * 2 ** (len(halves) - 1)), tuple(looks))


def test_how_many_would_do_grows_with_the_square() -> None:
    """A width 1.5 times too large after 20 replications takes 45; to two digits above 99; unknown where a width is."""
    assert stopped(0.02, 0.015).would_do == 45
    assert stopped(0.0325).would_do == 110
    assert stopped(0.02, None).would_do is None


def test_a_run_stops_at_the_first_look_that_suffices(scenario: Scenario, tmp_path: Path) -> None:
    """It looks in the order of the replications, leaves the contacts of no more than it needs, is the run of that many
    replications, and is the same with two processes."""
    asked = rule(["phone.service_level=6pt", "cost=1%"], scenario.spec)
    found = {}
    for jobs in (1, 2):
        (tmp_path / str(jobs)).mkdir()
        found[jobs] = run(scenario, tmp_path / str(jobs), jobs=jobs, rule=asked)
    (tmp_path / "plain").mkdir()
    number = found[1].replications
    plain = run(scenario, tmp_path / "plain", replications=number, jobs=1)
    assert 10 < number < 1280
    for jobs, result in found.items():
        assert result.stopped is not None
        assert [look.replications for look in result.stopped.looks] == [10 * 2**n for n in range(9)][
            : len(result.stopped.looks)
        ]
        assert [look.reached for look in result.stopped.looks[-2:]] == [False, True]
        assert (result.digest, result.figures) == (plain.digest, plain.figures)
        assert result.stopped == found[1].stopped
        names = {path.name: path.read_bytes() for path in (tmp_path / str(jobs)).iterdir()}
        assert names == {path.name: path.read_bytes() for path in (tmp_path / "plain").iterdir()}
        assert len(names) == number


def test_a_percentage_of_nothing_ends_the_run(scenario: Scenario, tmp_path: Path) -> None:
    """Of a figure that is 0 in every replication no percentage can be judged: the first look is the last, and it says
    so, whatever else was asked for; a width in its unit is judged as any other."""
    result = run(scenario, tmp_path, jobs=1, rule=rule(["phone.blocked=1%", "cost=50%"], scenario.spec))
    assert (result.replications, result.stopped is not None and result.stopped.reached) == (10, False)
    assert precision.text(result).startswith(
        "Precision: stopped after 10 replications: phone.blocked is 0 in every one, and there is no percentage of 0; "
        "ask for a width in the unit of the figure. phone.blocked without an interval (1 % asked for); cost ± "
    )
    in_contacts = rule(["phone.blocked=1"], scenario.spec).look(10, result.figures)
    assert (in_contacts.of_nothing, in_contacts.reached) == ((), True)


def test_the_console_says_how_many_were_needed_and_why(scenario: Scenario, tmp_path: Path) -> None:
    """What was reached, what had been too wide before; or that it was not reached, and how many would do."""
    result = run(scenario, tmp_path, replications=2, jobs=1)

    def said(found: Stopped) -> str:
        return precision.text(replace(result, stopped=found, summaries=result.summaries * 10))

    assert precision.text(result) == ""
    assert said(stopped(0.02, 0.0094, reached=True)) == (
        "Precision: 20 replications were enough. phone.service_level ± 0.94 pt (1 pt asked for; ± 2 pt after 10)."
    )
    assert said(stopped(0.009, reached=True)).endswith("phone.service_level ± 0.9 pt (1 pt asked for).")
    assert said(stopped(0.02, 0.015)) == (
        "Precision: not reached after 20 replications, the most allowed. phone.service_level ± 1.5 pt (1 pt asked for; "
        "± 2 pt after 10); about 45 would do: --replications 45."
    )
    assert said(stopped(0.4)).endswith("(1 pt asked for); about 16,000 would do: --replications 16000.")
    assert said(stopped(1.01)).endswith(
        "; it would take more than 100,000, the most that a run may have: ask for less precision."
    )
    wait = Goal("wait=2s", "wait", "phone", "s", 2.0, relative=False)
    both = Stopped(Rule((LEVEL, wait)), (Look(10, (0.02, 1.5), False), Look(20, (0.0094, 1.2), True)))
    assert said(both).endswith("(1 pt asked for; ± 2 pt after 10); phone.wait ± 1.2 s (2 s asked for).")
    assert "phone.service_level without an interval (1 pt asked for); how many would do is not" in said(stopped(None))


def test_runs_side_by_side_say_how_many_each_needed(scenario: Scenario, tmp_path: Path) -> None:
    """The title has the fewest and the most replications, and each run its own line of precision."""
    result = run(scenario, tmp_path, replications=2, jobs=1)
    ten = replace(result, summaries=result.summaries * 5, stopped=stopped(0.01, reached=True))
    text = sweep.text([(("a=1",), ten, "one"), (("a=2",), result, "two")])
    assert text.startswith("Stops · 2 runs of 2 to 10 replications, on the same customers")
    assert "replications.\na=1: Precision: 10 replications were enough. phone.service_level ± 1 pt" in text
    assert "a=2: " not in text


def sim(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "sim", "run", "desk.yaml", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=100)


def test_the_command_tells_every_mistake_before_it_runs(tmp_path: Path) -> None:
    """Two mistakes are two lines, exit code 2, and nothing is written."""
    (tmp_path / "desk.yaml").write_text(DESK)
    done = sim(tmp_path, "--precision", "wat=1pt", "--precision", "cost=1%", "--precision", "wait=2")
    assert (done.returncode, done.stdout, list(tmp_path.iterdir())) == (2, "", [tmp_path / "desk.yaml"])
    assert [line.split(": ")[0] for line in done.stderr.splitlines()] == [
        "--precision wait=2", "--precision wat=1pt", "2 mistakes; nothing was run",
    ]  # fmt: skip


def test_the_rule_and_its_looks_are_kept(tmp_path: Path) -> None:
    """run.json and the document hold what was asked for, each look, and the command that repeats it, with the most."""
    (tmp_path / "desk.yaml").write_text(DESK)
    done = sim(tmp_path, "--precision", "phone.service_level=40pt", "--replications", "12", "--json", "--out", "run")
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    kept = json.loads((tmp_path / "run" / "run.json").read_text())
    level = next(m for m in document["measures"] if (m["name"], m["channel"]) == ("service_level", "phone"))
    further = max(level["high"] - level["value"], level["value"] - level["low"])
    words = "phone.service_level=40pt"
    assert kept["precision"] == {
        "asked": [{"figure": "phone.service_level", "half_width": 0.4, "relative": False, "words": words}],
        "most": 12,
        "looks": [{"replications": 10, "half_widths": [pytest.approx(further)]}],
        "reached": True,
    }
    assert document["precision"] == kept["precision"]
    assert document["replications"] == kept["replications"] == 10
    assert kept["command"] == f"sim run --seed 1 --replications 12 --precision {words} desk.yaml"


@pytest.mark.parametrize(("skewed", "expected"), [(False, 0.935), (True, 0.87)])
def test_stopping_costs_the_confidence_that_is_stated(skewed: bool, expected: float) -> None:
    """At the width that costs most, intervals hold the truth as often as the module says, to 1.5 points."""
    draws = np.random.default_rng(5)
    runs, most = 4000, 160
    values = draws.exponential(size=(runs, most)) - 1 if skewed else draws.normal(size=(runs, most))
    held = []
    for width in (0.35, 0.45):
        stopped_at, right = np.zeros(runs, dtype=bool), np.zeros(runs, dtype=bool)
        for number in Rule((), most).moments():
            mean, spread = values[:, :number].mean(1), values[:, :number].std(1, ddof=1)
            half = t_quantile(number) * spread / np.sqrt(number)
            now = ~stopped_at & ((half <= width) | (number == most))
            right[now] = np.abs(mean[now]) <= half[now]
            stopped_at |= now
        held.append(right.mean())
    assert min(held) == pytest.approx(expected, abs=0.015)
