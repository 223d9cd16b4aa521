"""The documentation is run: what it shows is what happens."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from sim.cli import commands
from sim.report import pages
from sim.scenario.keys import walk
from sim.scenario.read import read

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
SHOWING = ("README.md", "docs/load.md", "locustfiles/README.md", "scenarios/helpdesk_morning.yaml", "docs/compare.md")


def _blocks(text: str, language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [block for name, block in found if name == language]


def _commands(page: str) -> Iterator[list[str]]:
    """The commands of `sim` that a page shows, one a line, as words."""
    for line in (ROOT / page).read_text().splitlines():
        if found := re.match(r"(?:\$ |#? ?    |# )?sim ((?:load|agree|helpdesk|compare|report|erlang) .*)", line):
            yield shlex.split(re.sub(r"   .*", "", found[1]))


def _sim(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sim", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("number", range(len(_blocks((ROOT / "docs/scenario.md").read_text(), "yaml"))))
def test_every_scenario_of_the_guide_is_valid(number: int, tmp_path: Path) -> None:
    """What docs/scenario.md shows can be pasted into a file and has no mistakes."""
    text = _blocks((ROOT / "docs/scenario.md").read_text(), "yaml")[number]
    file = tmp_path / "shown.yaml"
    file.write_text(text.replace("../scenarios/data", str(ROOT / "scenarios/data")))
    assert read(file).spec.channels


def test_the_reference_explains_every_key() -> None:
    """docs/reference.md is fresh, and every key of a scenario has a meaning in it."""
    reference = (ROOT / "docs/reference.md").read_text(encoding="utf-8")
    assert reference == pages.pages(ROOT / "docs")["reference.md"]
    for key in walk():
        assert key.meaning, key.path
        assert re.search(rf"^\| \[?`{key.name}`.*\| {re.escape(key.meaning)}", reference, re.MULTILINE), key.path


def test_the_reference_leads_from_section_to_section() -> None:
    """Each section of keys stands under its path, and the links to it are its title without punctuation."""
    reference = (ROOT / "docs/reference.md").read_text(encoding="utf-8")
    titles = re.findall(r"^## `(.*)`$", reference, re.MULTILINE)
    assert set(titles) == {".".join(key.inside).replace("*", "NAME") for key in walk() if key.form.part is not None}
    assert set(re.findall(r"\]\(#(\S+)\)", reference)) == {re.sub(r"\W", "", title).lower() for title in titles}


def test_the_readme_shows_the_scenario_it_runs() -> None:
    """The five lines of the README are those of scenarios/first.yaml, after the one for editors."""
    assert _blocks(README, "yaml")[0] == (ROOT / "scenarios/first.yaml").read_text().partition("\n")[2]


def test_the_readme_shows_what_a_run_says(tmp_path: Path) -> None:
    """The README's first output is what the command prints, to the last digit, but for the name of the folder."""
    shown = next(block for block in _blocks(README, "") if block.startswith("$ sim run scenarios/first.yaml"))
    done = _sim("run", "scenarios/first.yaml", "--out", str(tmp_path / "run"))
    said = re.sub(r"results/first/\S+", str(tmp_path / "run"), shown)
    assert done.stdout == said.removeprefix("$ sim run scenarios/first.yaml\n")


@pytest.mark.slow
def test_the_documentation_shows_what_a_comparison_says(tmp_path: Path) -> None:
    """The comparison in the README is what the command prints, to the last digit, but for the name of the folder; and
    that of docs/compare.md is the same, as far as it goes."""
    asked = "$ sim compare scenarios/broadband_week.yaml\n"
    shown = next(block for block in _blocks(README, "") if block.startswith(asked))
    done = _sim("compare", "scenarios/broadband_week.yaml", "--out", str(tmp_path / "run"))
    assert done.stdout == re.sub(r"results/broadband_week/compare-[^/\s]+", str(tmp_path / "run"), shown)[len(asked) :]
    told = next(b for b in _blocks((ROOT / "docs/compare.md").read_text(), "console") if b.startswith(asked))
    assert done.stdout.startswith(told[len(asked) :].removesuffix("…\n"))


MONDAY = """name: Monday
customers: 60000
phone:
  staff: {mon-fri: {08:00-12:00: 6, 12:00-18:00: 5}}
  hours: 08:00-20:00
  patiance: 3m
chat: {staff: 3, at_once: 0}
email: {staff: 2, handle_time: 5 bananas}
"""


def test_the_readme_shows_what_mistakes_look_like(tmp_path: Path) -> None:
    """The README's mistakes are those that the reader reports."""
    shown = next(block for block in _blocks(README, "") if block.startswith("$ sim validate monday.yaml"))
    (tmp_path / "monday.yaml").write_text(MONDAY)
    done = _sim("validate", "monday.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == shown.removeprefix("$ sim validate monday.yaml\n")


@pytest.mark.parametrize("number", range(len(_blocks((ROOT / "docs/load.md").read_text(), "yaml"))))
def test_every_scenario_of_the_load_guide_is_valid(number: int, tmp_path: Path) -> None:
    """What docs/load.md shows can be pasted into a file and has no mistakes."""
    file = tmp_path / "shown.yaml"
    file.write_text(_blocks((ROOT / "docs/load.md").read_text(), "yaml")[number])
    assert read(file).spec.load


@pytest.mark.parametrize("page", SHOWING)
def test_the_commands_of_a_page_are_commands(page: str) -> None:
    """Every command about desks or comparing that a page shows has options that there are."""
    shown = list(_commands(page))
    assert shown
    for words in shown:
        command: click.Command = commands
        while isinstance(command, click.Group):
            command = command.commands[words.pop(0)]
        # parses, and runs nothing
        command.make_context("sim", words)


@pytest.mark.desks
def test_the_locustfile_sends_a_plan_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands of locustfiles/README.md, in their order, end with a report and an empty desk."""
    monkeypatch.setenv("SIM_HELPDESKS", str(tmp_path / "desks"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    shown = _blocks((ROOT / "locustfiles/README.md").read_text(), "console")[0]
    script = shown.replace("$ ", "").replace("--speed 60", "--speed 240").replace(" plan", f" {tmp_path}/plan")
    script = script.replace("SIM_PLAN=plan", f"SIM_PLAN={tmp_path}/plan")
    try:
        done = subprocess.run(["bash", "-ec", script], cwd=ROOT, capture_output=True, text=True, check=False)
    finally:
        _sim("helpdesk", "down", "--purge")
    assert done.returncode == 0, done.stderr
    assert "the run is valid: 0 of 3 contacts" in done.stdout
    assert "none is left" in done.stdout


def test_every_link_of_the_documentation_leads_somewhere() -> None:
    """Relative links in README and docs name files that are there."""
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*/README.md")):
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"
