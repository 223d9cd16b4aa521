"""A run folder read back: what comes back, what is refused, and bytes that depend on the run alone."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim import pickles, results
from sim.desk import Desk
from sim.errors import UsageError
from sim.report import document, thresholds
from sim.run import Result, run
from sim.scenario.read import read
from sim.stopping import rule

ROOT = Path(__file__).parents[1]
SHIFTS = """\
name: Shifts
starts: 2026-12-24
lasts: 2d
run_in: 0d
drain: 1d
holidays: {also: [2026-12-25, 2026-12-26, 2026-12-28, 2027-01-01]}
phone: {hours: {mon-sun: 09:00-12:00, holiday: 10:00-11:00}, rate: 20/h, target: 80% within 20s}
groups:
  phones:
    answers: phone
    shifts: {early: {agents: 2, days: mon-sun, hours: 09:00-12:00, breaks: [10:30-10:45]}}
thresholds:
  phone.service_level: at least 1%
  phone.asa: at most 1s
"""
SCENARIOS = {
    "first": ("first.yaml", ["lasts=1d"], None),
    "skills": ("skills_pooled_or_split.yaml", ["lasts=1d"], "overflow"),
    "bot": ("bot_front_door.yaml", ["lasts=1d"], None),
    "replayed": ("replay_log.yaml", [], None),
}


def shifts(folder: Path) -> Path:
    path = folder / "shifts.yaml"
    path.write_text(SHIFTS)
    return path


def written(folder: Path, path: Path, sets: list[str], variant: str | None = None, **more: Any) -> Result:
    """A run of two replications, as it was left in a folder."""
    (folder / "contacts").mkdir(parents=True)
    result = run(read(path, sets, variant=variant), folder / "contacts", **{"replications": 2, "jobs": 1} | more)
    results.write_run(result, folder)
    return result


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run, to be copied and spoilt."""
    folder = tmp_path_factory.mktemp("kept")
    written(folder / "run", shifts(folder), [])
    return folder / "run"


@pytest.fixture
def copy(kept: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(kept, tmp_path / "copy"))


# --- what comes back -------------------------------------------------------------------------------------------------


def same(one: Result, other: Result) -> None:
    """Equal in all that a reader of a run is shown."""
    assert (one.figures, one.digest, one.seed) == (other.figures, other.digest, other.seed)
    assert (one.uncertain, one.stopped, one.desk) == (other.uncertain, other.stopped, other.desk)
    assert (one.scenario.spec, one.scenario.assumed) == (other.scenario.spec, other.scenario.assumed)
    for field in fields(one.intervals):
        ours, theirs = (getattr(each.intervals, field.name) for each in (one, other))
        if isinstance(ours, np.ndarray):
            np.testing.assert_array_equal(ours, theirs, err_msg=field.name)
    assert thresholds.document(one) == thresholds.document(other)
    assert document.document(one) == document.document(other)
    assert document.intervals_csv(one) == document.intervals_csv(other)
    assert results.provenance(one) == results.provenance(other)


@pytest.mark.parametrize("name", [*SCENARIOS, "shifts"])
def test_a_run_comes_back_as_it_was(name: str, tmp_path: Path) -> None:
    """Figures, intervals, thresholds, provenance and what was assumed are equal; written again, so are the bytes."""
    file, sets, variant = SCENARIOS.get(name, ("", [], None))
    path = ROOT / "scenarios" / file if file else shifts(tmp_path)
    result = written(tmp_path / "run", path, sets, variant)
    back = results.read(tmp_path / "run")
    same(result, back)
    (tmp_path / "again").mkdir()
    results.write_run(back, tmp_path / "again")
    for file in (results.RUN, "run.json"):
        assert (tmp_path / "again" / file).read_bytes() == (tmp_path / "run" / file).read_bytes()


def test_rules_and_uncertainty_come_back(tmp_path: Path) -> None:
    """A run that stopped by a rule, of what is drawn as unknown, comes back with both."""
    path = shifts(tmp_path)
    asked = rule(["phone.service_level=90pt"], read(path).spec, 12)
    result = written(tmp_path / "run", path, [], uncertain=True, rule=asked)
    same(result, results.read(tmp_path / "run"))
    assert results.read(tmp_path / "run").stopped == result.stopped is not None


# --- what is refused -------------------------------------------------------------------------------------------------


def refused(folder: Path) -> UsageError:
    with pytest.raises(UsageError) as caught:
        results.read(folder)
    assert caught.value.exit_code == 2
    return caught.value


def command(folder: Path) -> str:
    """What repeats the run of a folder."""
    return str(json.loads((folder / "run.json").read_text())["command"])


def noted(folder: Path, **changes: Any) -> None:
    """Change what run.json says; None: it says nothing."""
    path = folder / "run.json"
    told = json.loads(path.read_text()) | {name.replace("_pickle", ".pickle"): new for name, new in changes.items()}
    path.write_text(json.dumps({name: value for name, value in told.items() if value is not None}))


def flipped(folder: Path) -> None:
    data = bytearray((folder / results.RUN).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / results.RUN).write_bytes(data)


def cut(folder: Path) -> None:
    data = (folder / results.RUN).read_bytes()
    (folder / results.RUN).write_bytes(data[: len(data) // 2])


def cut_with_digest(folder: Path) -> None:
    cut(folder)
    noted(folder, run_pickle=pickles.digest((folder / results.RUN).read_bytes()))


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (flipped, "{} is damaged: run.pickle is not what it was when it was written"),
        (cut, "{} is damaged: run.pickle is not what it was when it was written"),
        (cut_with_digest, "{} is damaged: run.pickle cannot be unpacked"),
        (lambda folder: noted(folder, run_pickle=None), "{} is damaged: run.pickle is not what it was when it was"),
        (lambda folder: (folder / results.RUN).unlink(), "{} lacks run.pickle"),
        (lambda folder: noted(folder, format=2, sim="9.9"), "{} was left by another version of sim (9.9)"),
        (lambda folder: noted(folder, format=None, run_pickle=None), "{} was left by another version of sim ("),
    ],
    ids=["a byte", "cut", "cut with its digest", "no digest", "missing", "other format", "older version"],
)
def test_a_spoilt_folder_is_refused_with_what_makes_it_again(
    spoil: Callable[[Path], object], what: str, copy: Path
) -> None:
    """A byte that was flipped, a file that was cut, is missing, or of another version: told in words, with the command
    that repeats the run."""
    again = command(copy)
    spoil(copy)
    problem = refused(copy)
    assert problem.what.startswith(what.format(copy))
    assert problem.hint.endswith(f"make it again: {again}")
    assert again.startswith("sim run --seed 1 --replications 2 ")


def test_what_is_no_run_is_refused(copy: Path, tmp_path: Path) -> None:
    """A load test, a folder of something else, a run.json that is none, and no folder at all are told apart."""
    noted(copy, helpdesk="rt")
    problem = refused(copy)
    assert (problem.what, "sim agree" in problem.hint) == (f"{copy} is a load test", True)
    for text in ("[]", '{"name": 1}'):
        (copy / "run.json").write_text(text)
        assert refused(copy).what == f"{copy} holds no run: its run.json says nothing of one"
    (copy / "run.json").write_text('{"command": ')
    for folder in (copy, tmp_path, tmp_path / "nowhere", copy / "run.json"):
        problem = refused(folder)
        assert (problem.what, problem.hint) == (f"{folder} holds no run", "name a folder that sim run has left")


class Asks:
    """What becomes of it in a pickle is for the one who opens it to say."""

    def __init__(self, wanted: Callable[..., Any], *arguments: Any) -> None:
        self.asked = wanted, arguments

    def __reduce__(self) -> Any:
        return self.asked


@pytest.mark.parametrize(
    ("asks", "named"),
    [(Asks(os.system, "echo opened > opened"), "posix.system"), (Asks(eval, "1"), "builtins.eval"),
     (Asks(Path, "."), "pathlib.Path"), (Asks(shutil.rmtree, "nowhere"), "shutil.rmtree")],
    ids=["system", "eval", "path", "rmtree"],
)  # fmt: skip
def test_a_run_makes_nothing_but_ours(asks: Asks, named: str, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run.pickle that asks for os.system or the like is refused and nothing is done, although its digest is right."""
    monkeypatch.chdir(copy)
    data = zlib.compress(pickle.dumps(asks))
    (copy / results.RUN).write_bytes(data)
    noted(copy, run_pickle=pickles.digest(data))
    assert refused(copy).what == (f"{copy} is damaged: run.pickle asks for {named}, which has no place in it")
    assert not (copy / "opened").exists()


# --- bytes -----------------------------------------------------------------------------------------------------------


WRITES = """
import sys
from pathlib import Path
from sim import results
from sim.run import run
from sim.scenario.read import read
if __name__ == "__main__":
    folder = Path(sys.argv[2])
    (folder / "contacts").mkdir(parents=True)
    results.write_run(run(read(Path(sys.argv[1])), folder / "contacts", replications=4, jobs=int(sys.argv[3])), folder)
"""


def test_a_run_is_the_same_bytes_whoever_made_it(tmp_path: Path) -> None:
    """run.json and run.pickle are the same with one process and with two, and whatever the order of sets."""
    path, script = shifts(tmp_path), tmp_path / "writes.py"
    script.write_text(WRITES)
    found = []
    for jobs, order in (("1", "1"), ("2", "77")):
        folder = tmp_path / jobs
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": order}
        words = [sys.executable, str(script), str(path), str(folder), jobs]
        subprocess.run(words, env=environment, check=True, timeout=100)
        found.append({name: (folder / name).read_bytes() for name in ("run.json", results.RUN)})
    assert found[0] == found[1]


@dataclass(frozen=True)
class Held:
    days: frozenset[date]
    several: tuple[str, ...]

    @cached_property
    def last(self) -> date:
        return max(self.days)


def test_equal_objects_are_equal_bytes() -> None:
    """Neither the order of a set, nor which parts are one object, nor what has been worked out, is in the bytes; all of
    it comes back."""
    days = [date(2026, 12, day) for day in range(1, 29)]
    word = "".join(["al", "ike"])
    one = Held(frozenset(days), (word, word))
    other = Held(frozenset(reversed(days)) | frozenset(days[:3]), (word, "".join(["a", "like"])))
    assert one.last == days[-1]
    data = pickles.dumped(one)
    assert data == pickles.dumped(other)
    assert pickle.loads(data) == one
    assert pickles.opened(pickles.dumped([Desk]), pickles.digest(pickles.dumped([Desk])), ["desk"], "it") == [Desk]
