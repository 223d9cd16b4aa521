"""Ranges: the values of a sweep, and draws of what is not known, the same whoever makes them."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from sim.cli import commands
from sim.errors import ScenarioError, UsageError
from sim.report.document import document
from sim.results import command
from sim.run import Job, Result, digest, run
from sim.scenario import lower
from sim.scenario.ranges import MOST, range_of, sweep
from sim.scenario.read import Scenario, read
from sim.scenario.unknowns import redrawn
from sim.scenario.words import Mean
from sim.units import Unclear

DESK = """\
name: Not known
lasts: 1d
run_in: 0d
drain: 1d
phone: {staff: 4, hours: 08:00-20:00, rate: 20/h}
uncertainty: {phone.handle_time: 4m..12m, phone.staff: 3..6}
variants: {more: {phone.lines: 20}}
"""


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    path = tmp_path_factory.mktemp("ranges") / "desk.yaml"
    path.write_text(DESK)
    return read(path)


# --- ranges and sweeps -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("8..11", ["8", "9", "10", "11"]),
        ("8..14:3", ["8", "11", "14"]),
        ("8..13:3", ["8", "11"]),
        ("6m..8m", ["6m", "7m", "8m"]),
        ("40%..50%:5%", ["40%", "45%", "50%"]),
        ("0.1..0.4:0.1", ["0.1", "0.2", "0.3", "0.4"]),
        ("-5%/year..5%/year:5", ["-5%/year", "0%/year", "5%/year"]),
        ("20 EUR/h..22 EUR/h", ["20EUR/h", "21EUR/h", "22EUR/h"]),
        ("1_234_567..1_234_569", ["1234567", "1234568", "1234569"]),
        ("1234567.5m..1234568.5m", ["1234567.5m", "1234568.5m"]),
    ],
)
def test_the_values_of_a_range(text: str, values: list[str]) -> None:
    """From the lowest in steps of one or as given, to the highest where a step reaches it, as one would type them."""
    found = range_of(text)
    assert found is not None
    assert found.values() == values


@given(st.integers(-10_000_000, 10_000_000), st.integers(1, 5000), st.integers(1, 999))
def test_steps_of_whole_numbers_are_exact(low: int, length: int, step: int) -> None:
    """Every value of a range of whole numbers is one, from the first on, none beyond the last."""
    found = range_of(f"{low}..{low + length}:{step}")
    assert found is not None
    assert [int(value) for value in found.values()] == list(range(low, low + length + 1, step))


@pytest.mark.parametrize("text", ["8", "08:00-20:00", "../other.csv", "a..b", "8...9", "weibull(mean 2m)", ""])
def test_what_is_no_range(text: str) -> None:
    """Other values with dots and colons are left as they are."""
    assert range_of(text) is None
    assert sweep([f"path={text}"]) == [(f"path={text}",)]


@pytest.mark.parametrize("text", ["9..8", "8m..9h", "8m..9", "8..9:0", "8..9:1m:2", "6m..9m:30s"])
def test_a_range_that_goes_nowhere_is_refused(text: str) -> None:
    """Falling ends, mixed units and steps of nothing are unclear; two steps are no range at all."""
    if text.count(":") > 1:
        assert range_of(text) is None
        return
    with pytest.raises(Unclear):
        range_of(text)
    with pytest.raises(UsageError, match=f"^--set phone.staff={text}: "):
        sweep([f"phone.staff={text}"])


def test_a_range_for_a_path_that_is_given_twice_is_refused() -> None:
    """Of two values for one path the last counts; two ranges would run the same again and again."""
    with pytest.raises(UsageError, match=r"--set phone.staff is given twice; keep one of them"):
        sweep(["phone.staff=2..3", "phone.staff=4..5"])


def test_a_sweep_is_every_combination() -> None:
    """The ranges vary, the last fastest; what is none stays the same in all runs."""
    assert sweep(["a=1..2", "b=x", "c=5m..6m"]) == [
        ("a=1", "b=x", "c=5m"), ("a=1", "b=x", "c=6m"), ("a=2", "b=x", "c=5m"), ("a=2", "b=x", "c=6m"),
    ]  # fmt: skip
    assert sweep([]) == [()]


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        (["a=0..1e3"], None),
        (["a=0..1000"], "--set a=0..1000: more than 200 values; take larger steps, as in 0..1000:100"),
        ([f"a=1..{MOST}"], None),
        ([f"a=0..{MOST}"], "201 runs are more than 200; take larger steps, or fewer ranges"),
        (["a=1..15", "b=1..15"], "225 runs are more than 200; take larger steps, or fewer ranges"),
    ],
)
def test_too_many_runs_are_refused(sets: list[str], said: str | None) -> None:
    """A sweep has at most so many runs, over all its ranges."""
    if said is None:
        assert sweep(sets)
        return
    with pytest.raises(UsageError) as caught:
        sweep(sets)
    assert str(caught.value) == said


# --- draws -----------------------------------------------------------------------------------------------------------


def test_a_redrawn_scenario_lies_between_the_ends(scenario: Scenario) -> None:
    """Every replication has its own handle time and staff within the ranges; nothing else changes."""
    found = [redrawn(scenario, 1, number)[0] for number in range(4)]
    means = []
    for each in found:
        phone = each.spec.channels["phone"]
        assert isinstance(phone.handle_time, Mean)
        assert phone.staff in range(3, 7)
        assert phone.rate == scenario.spec.channels["phone"].rate
        means.append(phone.handle_time.seconds)
    assert len(set(means)) == 4
    assert all(240 <= mean <= 720 for mean in means)
    assert (found[0].name, found[0].variants) == ("Not known", ("more",))


def test_what_is_set_is_known(scenario: Scenario) -> None:
    """A value typed after --set is not drawn, and a variant stays the variant."""
    fixed = read(Path(scenario.file), ("phone.handle_time=5m",), variant="more")
    found, _ = redrawn(fixed, 1, 0)
    assert found.spec.channels["phone"].handle_time == Mean(300.0)
    assert (found.variant, found.spec.channels["phone"].lines) == ("more", 20)


def test_uncertainty_changes_nothing_by_itself(scenario: Scenario, tmp_path: Path) -> None:
    """The digest of the scenario is that without its ranges."""
    path = tmp_path / "desk.yaml"
    path.write_text("".join(line for line in DESK.splitlines(keepends=True) if "uncertainty" not in line))
    assert read(path).digest == scenario.digest


@pytest.mark.parametrize(
    ("ranges", "said"),
    [
        ("phone.handle_tim: 4m..9m", "6:15: uncertainty.phone.handle_tim: unknown key; did you mean 'handle_time'?"),
        ("phone.resolved_at_first_contact: 70%..120%", "6:48: uncertainty.phone.resolved_at_first_contact: '120%' is"),
        ("phone.handle_time: 9m..4m", "6:34: uncertainty.phone.handle_time: '9m..4m' does not rise"),
        ("phone: 1..2", "6:22: uncertainty.phone: '1' stands where keys and values belong"),
        ("lasts: 6d..8d", "6:22: uncertainty.lasts: 10419.8m is not a whole number of intervals"),
    ],
)
def test_both_ends_of_a_range_are_checked(ranges: str, said: str, tmp_path: Path) -> None:
    """An unknown path, an end that cannot be, a range that falls, of a whole section, or between whose ends nothing can
    be drawn, stand where they are written."""
    path = tmp_path / "desk.yaml"
    path.write_text("".join(line for line in DESK.splitlines(keepends=True) if not line.startswith(("unc", "var"))))
    path.write_text(path.read_text() + f"uncertainty: {{{ranges}}}\n")
    with pytest.raises(ScenarioError) as caught:
        read(path)
    assert str(caught.value.mistakes[0]).startswith(f"{path}:{said}")


# --- runs ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def runs(scenario: Scenario, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """The same scenario, seed and replications, as it is and uncertain."""
    folder = tmp_path_factory.mktemp("runs")
    return {
        name: run(scenario, folder, replications=6, jobs=1, uncertain=name == "uncertain")
        for name in ("plain", "uncertain")
    }


def width(result: Result) -> float:
    found = next(f.estimate for f in result.figures if (f.measure.name, f.channel) == ("handle_time", "phone"))
    assert found.low is not None
    assert found.high is not None
    return found.high - found.low


def test_uncertain_runs_have_wider_intervals(runs: dict[str, Result]) -> None:
    """The interval of the handle time holds what is not known of it beside what is luck."""
    assert width(runs["uncertain"]) > 2 * width(runs["plain"])


def test_nothing_uncertain_depends_on_the_order(scenario: Scenario, runs: dict[str, Result], tmp_path: Path) -> None:
    """The last replication first: every one of them has the same summary, and an uncertain run its own digest."""
    job = Job(scenario, lower.desk(scenario), 1, tmp_path, uncertain=True)
    backwards = [job.replicate(number) for number in reversed(range(6))]
    for one, other in zip(backwards[::-1], runs["uncertain"].summaries, strict=True):
        assert (one.population_digest, one.parts) == (other.population_digest, other.parts)
    assert runs["uncertain"].digest != runs["plain"].digest


@pytest.mark.slow
def test_nothing_uncertain_depends_on_the_processes(
    scenario: Scenario, runs: dict[str, Result], tmp_path: Path
) -> None:
    """With two processes an uncertain run has the same digest and the same figures."""
    again = run(scenario, tmp_path, replications=6, jobs=2, uncertain=True)
    assert again.digest == runs["uncertain"].digest
    assert again.figures == runs["uncertain"].figures


def test_what_may_be_drawn_shows_in_the_digest(scenario: Scenario, tmp_path: Path) -> None:
    """Staff is not in any population; a run that draws it from another range is another run all the same."""
    path = tmp_path / "desk.yaml"
    path.write_text(DESK.replace("phone.staff: 3..6", "phone.staff: 3..5"))
    other = read(path)
    assert digest(scenario, 1, ["0"]) == digest(other, 1, ["0"])
    assert digest(scenario, 1, ["0"], uncertain=True) != digest(other, 1, ["0"], uncertain=True)


def test_the_command_of_a_run_repeats_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With variant, assignments and uncertainty, the command that a run keeps gives the same digest and figures."""
    monkeypatch.chdir(tmp_path)
    Path("desk.yaml").write_text(DESK)
    told = read(Path("desk.yaml"), ("name='a b'", "phone.lines=19"), variant="more")
    first = run(told, tmp_path, seed=7, replications=2, jobs=1, uncertain=True)
    words = shlex.split(command(first))
    assert words[:2] == ["sim", "run"]
    assert words[-2:] == ["--uncertain", "desk.yaml"]
    done = CliRunner().invoke(commands, [*words[1:], "--out", "again", "--json"], catch_exceptions=False)
    assert json.loads(done.stdout) == json.loads(json.dumps(document(first))) | {"results": "again"}
    kept = json.loads(Path("again/run.json").read_text())
    assert (kept["variant"], kept["set"], kept["uncertain"]) == ("more", ["name='a b'", "phone.lines=19"], True)
    assert shlex.split(kept["command"]) == words


def test_a_range_is_for_runs_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What looks at one scenario takes one value, and says who takes several."""
    monkeypatch.chdir(tmp_path)
    Path("desk.yaml").write_text(DESK)
    for verb in ("validate", "population", "backtest"):
        with pytest.raises(
            UsageError, match="a range of values makes several runs; give one value; only sim run takes"
        ):
            CliRunner().invoke(
                commands,
                [verb, "desk.yaml", "--set", "phone.staff=3..5"],
                catch_exceptions=False,
                standalone_mode=False,
            )
