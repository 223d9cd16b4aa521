"""What docs/extending.md shows is done in a temporary folder: a channel, a policy, a measure and a helpdesk."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sim.run import run
from sim.scenario.read import read

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/extending.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^```\w+\n(?:#|---) (\S+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))
"""What the page shows, by the file that it names."""
POLICIES = "import test_catalogue as t; t.test_a_policy_that_is_written_is_in_the_catalogue()"
MEASURES = "import test_summary as t; t.test_every_module_s_measures_are_in_the_catalogue()"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the package, to change."""
    shutil.copytree(ROOT / "sim", tmp_path / "sim", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def write(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text(BLOCKS[name], encoding="utf-8")
    return path


def register(folder: Path, name: str) -> None:
    """Do to a file what the page shows as a difference: the lines marked + come in between those that are there."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    for hunk in BLOCKS[name].split("@@\n"):
        lines = hunk.splitlines()
        there = "\n".join(line[1:] for line in lines if not line.startswith("+"))
        assert text.count(there) == 1, there
        text = text.replace(there, "\n".join(line[1:] for line in lines))
    path.write_text(text, encoding="utf-8")


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python with the package of the folder."""
    paths = os.pathsep.join(str(ROOT / "tests" / each) for each in ("", "policies", "measures"))
    environment = os.environ | {"PYTHONPATH": paths}
    # compiled once for the several calls of a test
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def ran(folder: Path, scenario: str) -> str:
    """What a run of one day says, as JSON."""
    day = [word for key in ("lasts=1d", "run_in=0s", "drain=1d") for word in ("--set", key)]
    done = python(folder, "-m", "sim", "run", scenario, "--replications", "1", "--jobs", "1", *day, "--json")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_page_shows_a_channel_a_policy_a_measure_and_a_helpdesk() -> None:
    """Every block names its file, and these are all."""
    assert len(BLOCKS) == PAGE.count("```") // 2 == 8


def test_a_channel_is_added_in_yaml_alone(tmp_path: Path) -> None:
    """A channel that no line of the code names is offered contacts, answers them and is measured."""
    assert not any("video" in path.read_text(encoding="utf-8") for path in (ROOT / "sim").rglob("*.py"))
    result = run(read(write(tmp_path, "video.yaml")), tmp_path, replications=2, jobs=1)
    found = {(figure.measure.name, figure.channel): figure.estimate.value for figure in result.figures}
    assert 0 < found["answered", "video"] <= found["offered", "video"]
    assert 0 < found["service_level", "video"] <= 1


def test_a_policy_is_one_file_and_one_line(folder: Path) -> None:
    """Without its line a test names the policy that is missing, and no scenario can use it; with it, it decides."""
    scenario = write(folder, "old_first.yaml")
    write(folder, "sim/policies/old_first.py")
    without = python(folder, "-c", POLICIES)
    assert without.returncode != 0
    assert "OldFirst" in without.stderr
    assert "'old_first' is not a policy" in python(folder, "-m", "sim", "validate", scenario.name).stderr
    register(folder, "sim/policies/__init__.py")
    done = python(folder, "-c", POLICIES)
    assert done.returncode == 0, done.stderr
    assert '"offered"' in ran(folder, scenario.name)


def test_a_measure_is_one_file_and_one_line(folder: Path) -> None:
    """Without its line a test fails; with it, a run reports the figure."""
    write(folder, "sim/measures/again.py")
    assert "AssertionError" in python(folder, "-c", MEASURES).stderr
    register(folder, "sim/measures/__init__.py")
    done = python(folder, "-c", MEASURES)
    assert done.returncode == 0, done.stderr
    write(folder, "video.yaml")
    assert '"again"' in ran(folder, "video.yaml")


def test_a_helpdesk_is_a_mapping(tmp_path: Path) -> None:
    """A load test of the desk that the page describes is planned; without the mapping it is not."""
    scenario = write(tmp_path, "staging.yaml")
    words = ["-m", "sim", "load", scenario.name, "--helpdesk", "rest", "--window", "Mon 09:00..10:00", "--dry-run"]
    assert "small_desk.yaml" in python(tmp_path, *words).stderr
    write(tmp_path, "small_desk.yaml")
    done = python(tmp_path, *words)
    assert done.returncode == 0, done.stderr
    assert "load test of rest" in done.stdout
