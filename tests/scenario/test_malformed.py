"""Malformed scenarios: each of `malformed/NAME.yaml` has its messages, word for word, in `malformed/NAME.txt`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sim.errors import ScenarioError, UsageError
from sim.scenario.read import read

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent / "malformed"
NAMES = sorted(path.stem for path in HERE.glob("*.yaml"))
GOOD = "name: Good\ncustomers: 20000\nphone: {staff: 12, hours: 08:00-20:00}\nemail: {staff: 4}\n"


def messages(path: Path, sets: tuple[str, ...] = ()) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        read(path, sets)
    assert caught.value.exit_code == 2
    return [str(mistake) for mistake in caught.value.mistakes]


def test_every_scenario_has_its_messages_beside_it() -> None:
    """There are at least 24 malformed scenarios, and the texts are exactly theirs."""
    assert len(NAMES) >= 24
    assert sorted(path.stem for path in HERE.glob("*.txt")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_all_mistakes_are_named_at_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A malformed scenario is refused with all its mistakes, each in one line of text without Python in it."""
    monkeypatch.chdir(HERE)
    found = messages(Path(f"{name}.yaml"))
    assert found == (HERE / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    for line in found:
        assert line.isprintable()
        assert not any(word in line for word in ("None", "{'", "['", "Error", "Traceback", "<class", "pydantic"))


@pytest.mark.parametrize("name", ["unknown_keys_at_every_level", "replay_bad_rows", "empty", "duplicates_and_more"])
def test_the_command_says_the_same(name: str) -> None:
    """`sim validate` writes the messages and their number to stderr, nothing to stdout, and exits with 2."""
    done = subprocess.run(
        [sys.executable, "-m", "sim", "validate", f"{name}.yaml"],
        cwd=HERE, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    expected = (HERE / f"{name}.txt").read_text(encoding="utf-8")
    count = len(expected.splitlines())
    assert done.stderr == f"{expected}{count} mistake{'s' * (count != 1)}; nothing was run\n"
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize(
    ("sets", "expected"),
    [
        (["phone.patiance=5m"], ["--set phone.patiance=5m: phone.patiance: unknown key; did you mean 'patience'?"]),
        (["phnoe.staff=3"], ["--set phnoe.staff=3: phnoe: unknown key; did you mean 'phone'?"]),
        (
            ["groups.night.staff=3"],
            ["--set groups.night.staff=3: groups.night: 'answers' is missing; add it, as in answers: [phone]"],
        ),
        (
            ["phone.staff=many"],
            [
                "--set phone.staff=many: phone.staff: 'many' is not a whole number; "
                "write a whole number, such as 12 or 50_000"
            ],
        ),
        (
            ["phone.hours=07:00-22:00", "lasts=7"],
            ["--set lasts=7: lasts: 7 has no unit; write a number with s, m, h, d or w, such as 3m or 1.5h"],
        ),
        (
            ["email={staff: 1, staff: 2}"],
            ["--set email={staff: 1, staff: 2}: email: given twice; keep one of the two"],
        ),
        (
            ["email=[1, 2"],
            [
                "--set email=[1, 2: email: this bracket is never closed, or a comma is missing in it; "
                "write {a: 1, b: 2} or [a, b]"
            ],
        ),
        (["name=a\nphone: 3"], ["--set name=a phone: 3: name: more than one value; write it on one line"]),
        (
            ["phone.staff={mon-fri: 3}"],
            [
                "f.yaml:3:1: phone: nobody answers phone sat,sun 08:00-20:00, when it is open; "
                "staff it, or close it then"
            ],
        ),
    ],
)
def test_mistakes_of_set_are_told_as_such(
    sets: list[str], expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake made with --set is reported with the words typed there; one that shows in the file, with its place."""
    monkeypatch.chdir(tmp_path)
    Path("f.yaml").write_text(GOOD)
    assert messages(Path("f.yaml"), tuple(sets)) == expected


@pytest.mark.parametrize("assignment", ["phone.staff", "=3", "phone..staff=3", ""])
def test_a_set_that_is_no_assignment_is_a_usage_error(assignment: str, tmp_path: Path) -> None:
    """--set without a path or without = is refused with an example."""
    path = tmp_path / "f.yaml"
    path.write_text(GOOD)
    with pytest.raises(UsageError, match=r"not an assignment; write it as in --set phone\.staff=12"):
        read(path, (assignment,))
