"""The command line as a user meets it: exit codes, what goes to stdout and stderr, and what is left behind when
something is in the way."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sim.errors import SimError
from sim.workers import pool

ROOT = Path(__file__).parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
TINY = "name: Tiny\ncustomers: 2000\nlasts: 1d\nrun_in: 0d\ndrain: 2d\nphone: {staff: 2, hours: 08:00-20:00}\n"
LONG = TINY.replace("2000", "40000").replace("staff: 2", "staff: 12")
HEAVY = ("numpy", "matplotlib", "faker", "locust", "scipy", "duckdb", "pydantic", "simpy", "rich")
FIELDS = {
    "name", "channel", "segment", "value", "low", "high", "confidence", "runs", "reason", "unit", "definition", "band",
}  # fmt: skip


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "tiny.yaml").write_text(TINY)
    return tmp_path


def sim(folder: Path, *words: str, before: Callable[[], None] | None = None) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "sim", *words],
        cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=100, preexec_fn=before,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done


def left_in(folder: Path) -> list[str]:
    """Everything in a folder, hidden or not, but the scenario."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.suffix != ".yaml")


# --- what a run says -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Runs:
    """The same scenario and seed, with one process and with two."""

    folder: Path
    one: dict[str, Any]
    two: dict[str, Any]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    folder = tmp_path_factory.mktemp("runs")
    (folder / "tiny.yaml").write_text(TINY)
    documents = []
    for name, jobs in (("one", "1"), ("two", "2")):
        done = sim(folder, "run", "tiny.yaml", "--replications", "9", "--jobs", jobs, "--out", name, "--json")
        assert (done.returncode, done.stderr) == (0, "")
        documents.append(json.loads(done.stdout))
    return Runs(folder, *documents)


def test_a_run_is_one_json_document(runs: Runs) -> None:
    """stdout of --json is one document: the run's identity, and its measures with intervals, or null for a reason."""
    document = runs.one
    assert {key: document[key] for key in ("scenario", "variant", "seed", "replications", "engine", "results")} == {
        "scenario": "Tiny", "variant": "as is", "seed": 1, "replications": 9, "engine": "simpy", "results": "one",
    }  # fmt: skip
    assert len(document["digest"]) == 64
    assert document["measures"]
    for measure in document["measures"]:
        assert measure.keys() == FIELDS
        assert measure["name"]
        assert measure["unit"] is not None
        assert measure["definition"]
        assert measure["confidence"] == 0.95
        low, value, high = measure["low"], measure["value"], measure["high"]
        assert (low is None) == (high is None)
        if low is not None:
            assert low <= value <= high
        assert (measure["reason"] is None) == (low is not None)
    assert {"service_level", "wait", "offered"} <= {measure["name"] for measure in document["measures"]}


def test_nothing_depends_on_the_number_of_processes(runs: Runs) -> None:
    """With one process and with two, digest, measures, the tables and the bytes of every Parquet file are the same."""
    assert {**runs.one, "results": ""} == {**runs.two, "results": ""}
    names = [path.relative_to(runs.folder / "one") for path in (runs.folder / "one").rglob("*")]
    assert sorted(names) == sorted(path.relative_to(runs.folder / "two") for path in (runs.folder / "two").rglob("*"))
    compared = [name for name in names if name.suffix in (".parquet", ".csv", ".svg")]
    assert Path("contacts/0001.parquet") in compared
    for name in compared:
        assert (runs.folder / "one" / name).read_bytes() == (runs.folder / "two" / name).read_bytes(), name


def test_an_existing_folder_is_never_written_to(runs: Runs) -> None:
    """--out that names a folder with something in it, or a file, is a usage error before anything is simulated."""
    (runs.folder / "nothing").mkdir(exist_ok=True)
    (runs.folder / "link").symlink_to("nothing")
    (runs.folder / "dangling").symlink_to("nowhere")
    before = left_in(runs.folder)
    for taken in ("one", "tiny.yaml", "link", "dangling"):
        done = sim(runs.folder, "run", "tiny.yaml", "--out", taken)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"sim: {taken} is already there; choose another folder with --out, or remove it\n"
    assert left_in(runs.folder) == before


def test_a_reader_that_leaves_is_no_error_of_ours(here: Path) -> None:
    """With stdout closed by its reader, as by `head`, the run is kept in its default folder and stderr stays silent."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sim", "run", "tiny.yaml", "--replications", "2", "--jobs", "1"],
        cwd=here, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr:
        assert process.stderr.read() == b""
    assert process.wait(60) == 1
    (run,) = (here / "results" / "tiny").iterdir()
    assert (run / "run.json").exists()


# --- mistakes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["rnu"], "sim: No such command 'rnu'. Did you mean 'run'?; see python -m sim --help\n"),
        (["run"], "sim: Missing argument 'FILE'; see python -m sim run --help\n"),
        (
            ["run", "tiny.yaml", "--replications", "0"],
            "sim: Invalid value for '--replications': 0 is not in the range 1<=x<=100000; "
            "see python -m sim run --help\n",
        ),
        (["validate", "tini.yaml"], "sim: tini.yaml: there is no such file; did you mean tiny.yaml?\n"),
        (["validate", "."], "sim: . is a folder; name a scenario file in it\n"),
        (
            ["validate", "tiny.yaml", "--set", "phone.staff"],
            "sim: --set phone.staff: not an assignment; write it as in --set phone.staff=12\n",
        ),
        (
            ["run", "tiny.yaml", "--set", "phone.staf=2", "--set", "lasts=3"],
            "--set lasts=3: lasts: 3 has no unit; write a number with s, m, h, d or w, such as 3m or 1.5h\n"
            "--set phone.staf=2: phone.staf: unknown key; did you mean 'staff'?\n"
            "2 mistakes; nothing was run\n",
        ),
    ],
)
def test_usage_and_scenario_mistakes_exit_with_2(words: list[str], message: str, here: Path) -> None:
    """What is wrong with the command or the scenario is said on stderr, nothing on stdout, nothing is written."""
    done = sim(here, *words)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)
    assert left_in(here) == []


def test_no_value_of_a_range_is_run_where_one_is_a_mistake(here: Path) -> None:
    """A range whose second value is a mistake leaves no run of its first."""
    done = sim(here, "run", "tiny.yaml", "--replications", "1", "--set", "phone.staff=2..4:1.5", "--out", "out")
    assert (done.returncode, left_in(here)) == (2, [])
    assert "--set phone.staff=3.5: phone.staff: 3.5 is not a whole number" in done.stderr


def test_several_variants_stand_beside_the_scenario_as_it_is(here: Path) -> None:
    """Two variants are two rows below the first, that of the scenario itself, and each leaves its run folder."""
    (here / "more.yaml").write_text(TINY + "variants: {three: {phone.staff: 3}, four: {phone.staff: 4}}\n")
    done = sim(
        here, "run", "more.yaml", "--replications", "1", "--variant", "three", "--variant", "four", "--out", "out"
    )
    assert (done.returncode, done.stderr) == (0, "")
    first = [line.split("  ")[0] for line in done.stdout.splitlines()]
    assert [name for name in first if name in ("as is", "three", "four")] == ["as is", "three", "four"]
    assert sorted(folder.name for folder in (here / "out").iterdir()) == ["asis", "four", "three"]


def test_without_a_command_the_help_is_shown(here: Path) -> None:
    """`sim` alone shows the help on stderr and exits with 2; `sim --help` shows it on stdout and exits with 0."""
    alone, asked = sim(here), sim(here, "--help")
    assert (alone.returncode, alone.stdout) == (2, "")
    assert (asked.returncode, asked.stderr) == (0, "")
    assert alone.stderr == asked.stdout
    assert "sim run scenarios/first.yaml" in asked.stdout


def test_mistakes_are_json_too(here: Path) -> None:
    """With --json, the mistakes are one document on stdout, each with file, line, column, path, what and hint."""
    (here / "bad.yaml").write_text(TINY + "phnoe: {}\n")
    done = sim(here, "validate", "bad.yaml", "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout) == {
        "mistakes": [
            {
                "file": "bad.yaml", "line": 7, "column": 1, "path": "phnoe", "what": "unknown key",
                "hint": "did you mean 'phone'?",
            }
        ],
        "exit_code": 2,
    }  # fmt: skip
    missing = sim(here, "validate", "none.yaml", "--json")
    assert json.loads(missing.stdout)["exit_code"] == missing.returncode == 2


def test_hostile_files_are_refused_in_one_line(here: Path) -> None:
    """An alias bomb, a file of 11 MB and a binary file are refused at once with exit code 2."""
    levels = "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    bomb = b"a: &a [x, x, x, x, x, x, x, x, x]\n" + levels.encode()
    for name, content, words in (
        ("bomb.yaml", bomb, "bomb.yaml:2:8: b[0]: anchors and aliases (& and *) are not supported"),
        ("large.yaml", b"a: 1\n" * 2_200_000, "large.yaml: the file has 10.5 MiB; a scenario has at most 1 MiB"),
        ("binary.yaml", os.urandom(5) + b"\0\xff" * 5000, "binary.yaml:1:"),
    ):
        (here / name).write_bytes(content)
        started = time.monotonic()
        done = sim(here, "validate", name)
        assert (done.returncode, done.stdout) == (2, "")
        assert words in done.stderr
        assert len(done.stderr) < 1000
        assert time.monotonic() - started < 20


# --- what is in the way ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("out", "why"), [("tiny.yaml/x", "it is a file, or lies below one"), ("/proc/sim/x", "")])
def test_where_nothing_can_be_written_nothing_is(out: str, why: str, here: Path) -> None:
    """An --out below a file, or where the system allows no folder, exits with 1, says why, and leaves nothing."""
    if out.startswith("/proc") and not Path("/proc/self").exists():
        pytest.skip("there is no /proc here")
    done = sim(here, "run", "tiny.yaml", "--replications", "2", "--out", out)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("sim: the results cannot be written to ")
    assert why in done.stderr
    assert done.stderr.endswith("; choose another place with --out\n")
    assert left_in(here) == []


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system of 20 KiB."""
    folder = tmp_path / "full"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20k", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_full_disk_leaves_nothing(jobs: str, here: Path, full: Path) -> None:
    """Where the disk is full, the run exits with 1, says that there is no space, and leaves nothing behind."""
    done = sim(here, "run", "tiny.yaml", "--replications", "2", "--jobs", jobs, "--out", "full/run")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no space left on the device; make room, or choose another place with --out" in done.stderr
    assert list(full.iterdir()) == []


def test_a_file_that_grows_too_large_leaves_nothing(here: Path) -> None:
    """Where the system limits the size of files, the run exits with 1, says so, and leaves nothing, not even the
    folders above."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, 9_000))

    done = sim(here, "run", "tiny.yaml", "--replications", "2", "--jobs", "1", "--out", "new/deep/run", before=limit)
    assert (done.returncode, done.stdout) == (1, "")
    assert "file too large" in done.stderr.lower()
    assert left_in(here) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_an_output_that_cannot_be_written_is_said(more: list[str], here: Path) -> None:
    """Where stdout takes nothing, the command exits with 1 and says so in one line."""
    with open("/dev/full", "w") as stdout:
        done = subprocess.run(
            [sys.executable, "-m", "sim", "validate", "tiny.yaml", *more],
            cwd=here, env=ENVIRONMENT, stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=60,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "sim: the output cannot be written: No space left on device; send it somewhere else\n"


@pytest.mark.parametrize(
    ("number", "jobs", "code", "message"),
    [
        (signal.SIGINT, "1", 130, "sim: interrupted; nothing was written"),
        (signal.SIGINT, "2", 130, "sim: interrupted; nothing was written"),
        (signal.SIGTERM, "2", 143, ""),
    ],
)
def test_an_interrupted_run_leaves_nothing(
    number: signal.Signals, jobs: str, code: int, message: str, tmp_path: Path
) -> None:
    """Ctrl-C in the middle of a run ends it and its workers within 10 s; no folder and no traceback is left."""
    (tmp_path / "long.yaml").write_text(LONG)
    process = subprocess.Popen(
        [sys.executable, "-m", "sim", "run", "long.yaml", "--replications", "5000", "--jobs", jobs, "--out", "new/run"],
        cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # whoever runs the tests in the background has the signal ignored, and children inherit that
        start_new_session=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while not any(tmp_path.glob("new/.partial-*/contacts/*.parquet")):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.05)
        os.killpg(process.pid, number)
        sent = time.monotonic()
        # this also waits for the workers, who hold the same pipes
        out, err = process.communicate(timeout=30)
        assert time.monotonic() - sent < 10
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert (process.returncode, out, err.strip()) == (code, "", message)
    assert left_in(tmp_path) == []


def test_a_worker_that_dies_is_said() -> None:
    """A worker process that is killed is an error for users, with the likely cause."""
    with pytest.raises(SimError, match="a worker process died; it may have run out of memory"), pool(1) as executor:
        executor.submit(os._exit, 1).result()


# --- inside ----------------------------------------------------------------------------------------------------------


def python(folder: Path, code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder, env=ENVIRONMENT | environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_help_answers_without_the_heavy_imports(here: Path) -> None:
    """`sim --help` imports no numerics, no plotting, no schema."""
    code = (
        "import sys\nfrom sim.cli import main\nsys.argv = ['sim', '--help']\n"
        f"try:\n    main()\nfinally:\n    print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    done = python(here, code)
    assert done.stderr == "[]\n"


BROKEN = """
import sys
import sim.scenario.read
from sim.cli import main

def broken(*arguments, **more):
    raise {error}

sim.scenario.read.read = broken
sys.argv = ["sim", "validate", "tiny.yaml", *{more}]
main()
"""


def test_an_internal_error_shows_no_traceback(here: Path) -> None:
    """An error of our own is one line and exit code 1, in JSON where asked for; SIM_TRACEBACK=1 shows where it is."""
    code = BROKEN.format(error="KeyError('oops')", more=["--json"])
    done = python(here, code)
    message = "internal error: KeyError: 'oops'"
    assert (done.returncode, done.stderr) == (1, f"sim: {message}; SIM_TRACEBACK=1 shows where\n")
    assert json.loads(done.stdout) == {"error": message, "hint": "SIM_TRACEBACK=1 shows where", "exit_code": 1}
    assert "Traceback" in python(here, code, SIM_TRACEBACK="1").stderr


def test_too_little_memory_is_said(here: Path) -> None:
    """Running out of memory is said in words, with what to do."""
    done = python(here, BROKEN.format(error="MemoryError", more=[]))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("sim: there is not enough memory; simulate fewer customers")
