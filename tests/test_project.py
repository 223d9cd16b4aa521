"""The project holds together: its pins, its pages, its commands, its scenarios and which way its imports point."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import sim
from sim.report import pages
from sim.run import run
from sim.scenario.read import read

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))

SET_UP = "python3 -m venv .uv && .uv/bin/pip install -q uv && .uv/bin/uv run "

# in pieces, so that this file does not hold what it looks for
MACHINE = re.compile("|".join(("/" + "work/", "/" + "root/", "/" + "home/", "/" + "opt/")))
REGISTRY = re.compile("|".join(("pypi" + r"\.", "python" + "hosted", "index" + "-url")))


def test_pip_and_uv_get_the_same_pins() -> None:
    """constraints.txt is the list of [tool.uv] constraint-dependencies: names and exact versions, nothing else."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert pins == PROJECT["tool"]["uv"]["constraint-dependencies"]
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.+]*", pin) for pin in pins)


def test_what_the_project_needs_is_pinned() -> None:
    """Every package named in pyproject.toml, extras included, is among the pins."""
    project = PROJECT["project"]
    needed = sum(project["optional-dependencies"].values(), project["dependencies"])
    pinned = {pin.partition("==")[0] for pin in PROJECT["tool"]["uv"]["constraint-dependencies"]}
    assert {re.split("[^A-Za-z0-9-]", name)[0].lower() for name in needed} <= pinned


def test_there_is_one_version() -> None:
    """The package, pyproject.toml and the newest entry of the changelog name the same version."""
    newest = re.search(r"^## ([0-9.]+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest is not None
    assert sim.__version__ == PROJECT["project"]["version"] == newest[1]


@pytest.mark.parametrize("command", [SET_UP + "sim run scenarios/first.yaml", SET_UP + "pytest"])
def test_the_readme_has_the_command(command: str) -> None:
    """It stands there on a line of its own, where .ci/run takes it from."""
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert command in map(str.strip, lines)


@pytest.mark.parametrize("name", ["reference.md", "contacts.md", "measures.md", "satisfaction.md"])
def test_a_generated_page_is_fresh(name: str) -> None:
    """A page in docs/ is what `python -m sim.report.pages` would write."""
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == pages.pages(ROOT / "docs")[name]


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_a_scenario_runs(path: Path, tmp_path: Path) -> None:
    """Two replications of a shipped scenario are different weeks in which customers are answered."""
    result = run(read(path), tmp_path, replications=2, jobs=1)
    answered = sum(f.estimate.value for f in result.figures if f.measure.name == "answered" and f.channel is None)
    assert answered > 0
    assert len({summary.population_digest for summary in result.summaries}) == 2


def test_imports_point_one_way() -> None:
    """The contracts of import-linter in pyproject.toml are kept."""
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_names_the_machine_or_a_registry() -> None:
    """No file of the project holds an absolute path of somebody's machine or the address of a package registry."""
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in _files(ROOT)
        for pattern in (MACHINE, REGISTRY)
        for match in pattern.finditer(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []


def _files(folder: Path) -> Iterator[Path]:
    """The files that git would track; what .gitignore names are whole folders, single files and the results."""
    ignored = [".git", "*.egg-info", *(ROOT / ".gitignore").read_text(encoding="utf-8").split()]
    for path in folder.iterdir():
        if any(path.match(pattern.rstrip("/")) for pattern in ignored if not pattern.startswith("!")):
            continue
        if path.is_dir():
            yield from _files(path)
        else:
            yield path


@pytest.mark.parametrize(
    ("arguments", "outcome"),
    [
        ([], "1 passed, 2 skipped"),
        (["--all"], "3 passed"),
        (["-m", "slow"], "2 passed, 1 deselected"),
        (["-m", "statistics"], "1 passed, 2 deselected"),
    ],
)
def test_slower_tests_run_when_asked_for(arguments: list[str], outcome: str, tmp_path: Path) -> None:
    """Without --all, and unless -m names one of its marks, a marked test is skipped."""
    (tmp_path / "conftest.py").write_bytes((ROOT / "tests" / "conftest.py").read_bytes())
    (tmp_path / "test_marks.py").write_text(
        "import pytest\n"
        "def test_fast(): pass\n"
        "@pytest.mark.slow\ndef test_slow(): pass\n"
        "@pytest.mark.slow\n@pytest.mark.statistics\ndef test_both(): pass\n"
    )
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", ROOT / "pyproject.toml", tmp_path]
    done = subprocess.run([*command, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f" {outcome} in " in done.stdout
    assert arguments or "slow: run with --all or -m slow" in done.stdout
