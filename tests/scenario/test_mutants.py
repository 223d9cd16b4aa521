"""Scenarios with one slip each: every one is refused in words a planner can act on, where the slip is.

The cases are kept in `mutants/mutants.json`; `make_mutants.py` makes them, and writes their messages anew.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from make_mutants import BASES, NAME, OPERATORS, SYNTAX, Case, is_elsewhere, load, messages, place

ROOT = Path(__file__).parents[2]
CASES = load()
NAMES = [f"{number}-{case.operator.replace(' ', '_')}" for number, case in enumerate(CASES)]
PYTHON = ("None", "{'", "['", "Error", "Traceback", "<class", "pydantic", "NoneType")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the bases, and of the files they name, in which a mutated scenario can lie."""
    return Path(shutil.copytree(BASES, tmp_path_factory.mktemp("mutants") / "bases"))


def test_there_are_two_hundred_of_many_kinds() -> None:
    """At least 200 cases are kept, of every operator some, and no two are the same text."""
    assert len(CASES) >= 200
    assert {case.operator for case in CASES} == set(OPERATORS)
    assert len({(case.base, case.text) for case in CASES}) == len(CASES)
    assert max(Counter(case.base for case in CASES).values()) < 0.6 * len(CASES)


def test_almost_all_messages_stand_where_the_slip_is() -> None:
    """Hardly one in twenty slips shows on another line, where two things do not fit together or a quote runs on."""
    assert sum(case.elsewhere for case in CASES) <= len(CASES) / 20


def test_the_bases_are_right(folder: Path) -> None:
    """Without its slip every base is a scenario that is not refused: nothing else is wrong with the cases."""
    for base in sorted({case.base for case in CASES}):
        assert messages((BASES / base).read_text(encoding="utf-8"), folder) == [], base


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_a_slip_is_told_where_it_is(case: Case, folder: Path) -> None:
    """The scenario is refused with exactly the messages kept, each at a place in the file, on the line of the slip
    (beside it where the YAML itself is broken), in one printable line without Python in it."""
    told = messages(case.text, folder)
    assert told == case.messages
    lines = case.text.count("\n") + 1
    for message in told:
        file, line = place(message)
        assert (folder / file).exists()
        assert 1 <= line <= lines or file != NAME
        assert message.isprintable()
        assert "; " in message
        assert not any(word in message for word in PYTHON)
    assert is_elsewhere(case.slip, case.operator, told) == case.elsewhere
    assert case.elsewhere or all(abs(place(message)[1] - case.slip.at) <= (case.operator in SYNTAX) for message in told)


@pytest.mark.parametrize("number", range(0, len(CASES), 45))
def test_the_command_refuses_them_too(number: int, folder: Path) -> None:
    """`sim run` says the same on stderr, ends with "nothing was run", leaves nothing behind, and exits with 2."""
    case = CASES[number]
    (folder / NAME).write_text(case.text, encoding="utf-8", newline="")
    done = subprocess.run(
        [sys.executable, "-m", "sim", "run", NAME, "--out", "out"],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    count = len(case.messages)
    assert done.stderr.splitlines() == [*case.messages, f"{count} mistake{'s' * (count != 1)}; nothing was run"]
    assert (done.returncode, done.stdout) == (2, "")
    assert not (folder / "out").exists()
