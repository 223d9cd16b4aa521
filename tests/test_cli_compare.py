"""`sim compare` and `sim report` as a user meets them: what they leave and what they refuse; that both are repeated."""

from __future__ import annotations

import csv
import json
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sim import compare
from sim.cli import main
from sim.compare import comparison
from sim.report import pictures
from sim.results import read
from sim.workers import pool

TINY = """\
name: Tiny
lasts: 1d
run_in: 0d
drain: 1d
phone: {staff: 2, hours: 09:00-12:00, rate: 20/h, cost: 20 GBP/h}
targets: {phone: 80% within 20s}
"""
VARIANTS = "variants:\n  more: {phone.staff: 3}\n  many more: {phone.staff: 5}\n"


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


def sim(folder: Path, *words: str) -> Done:
    """What a command in a folder says, and its exit code."""
    out, err = StringIO(), StringIO()
    handler = signal.getsignal(signal.SIGTERM)
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.chdir(folder)
        patch.setattr(sys, "argv", ["sim", *words])
        patch.setenv("SIM_TRACEBACK", "1")
        try:
            main()
            code = 0
        except SystemExit as leave:
            code = int(leave.code or 0)
        finally:
            signal.signal(signal.SIGTERM, handler)
    return Done(code, out.getvalue(), err.getvalue())


def compared(folder: Path, *words: str, replications: int = 3) -> Done:
    jobs = () if "--jobs" in words else ("--jobs", "1")
    return sim(folder, "compare", *words, "--replications", str(replications), "--quiet", *jobs)


def files(folder: Path) -> dict[str, bytes]:
    """Everything in a folder, hidden or not."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def names(folder: Path) -> set[str]:
    """Every file and folder in a folder, hidden or not."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def rows(folder: Path) -> list[dict[str, str]]:
    """The table of differences in a folder."""
    return list(csv.DictReader(StringIO((folder / "differences.csv").read_text(encoding="utf-8"))))


def document(text: str) -> Any:
    """The one JSON document of a text, which has no NaN in it."""

    def no(word: str) -> None:
        raise AssertionError(word)

    return json.loads(text, parse_constant=no)


@contextmanager
def here_if_alone(processes: int, start: Callable[..., None], *arguments: Any) -> Iterator[Any]:
    """A pool, but for one process it is this one."""
    if processes > 1:
        with pool(processes, start, *arguments) as executor:
            yield executor
    else:
        start(*arguments)
        yield SimpleNamespace(map=map)


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    """No plots of the runs, which are those of any run, and no process but for more than one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "write", lambda *_: None)
        patch.setattr(compare, "pool", here_if_alone)
        yield


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done]:
    """A folder with scenarios and a comparison in `c`, and what the command said."""
    folder = tmp_path_factory.mktemp("compare")
    (folder / "tiny.yaml").write_text(TINY + VARIANTS)
    (folder / "one.yaml").write_text(TINY)
    (folder / "busier.yaml").write_text(TINY.replace("20/h", "30/h"))
    done = compared(folder, "tiny.yaml", "--variants", "as is,more", "--jobs", "1", "--json", "--out", "c")
    assert (done.code, done.err) == (0, "")
    return folder, done


@pytest.fixture
def here(there: tuple[Path, Done], tmp_path: Path) -> Path:
    """A copy of it, to be spoilt."""
    shutil.copytree(there[0], tmp_path, dirs_exist_ok=True)
    return tmp_path


# --- what is left ----------------------------------------------------------------------------------------------------


def test_a_comparison_is_one_json_document(there: tuple[Path, Done]) -> None:
    """stdout of --json is one document without NaN, that of comparison.json and where it is."""
    folder, done = there
    told = document(done.out)
    assert told.pop("results") == "c"
    assert told == document((folder / "c" / "comparison.json").read_text())
    assert [policy["name"] for policy in told["policies"]] == ["as is", "more"]


def test_a_comparison_leaves_reports_and_the_run_of_every_policy(there: tuple[Path, Done]) -> None:
    """Page, workbook, Markdown, data and plots; below them a run folder each, which can be read; nothing is hidden."""
    folder, _ = there
    found = names(folder / "c")
    assert {"report.html", "report.xlsx", "report.md", "comparison.json", "differences.csv", "compare.json"} < found
    assert any(name.startswith("plots/differences.") for name in found)
    assert not [name for name in names(folder) if Path(name).name.startswith(".")]
    policies = document((folder / "c" / "compare.json").read_text())["policies"]
    runs = {policy["name"]: read(folder / "c" / policy["run"]) for policy in policies}
    assert {name: result.digest for name, result in runs.items()} == {each["name"]: each["digest"] for each in policies}
    assert [result.scenario.variant for result in runs.values()] == [None, "more"]


def test_the_table_of_a_comparison_is_that_of_its_runs(there: tuple[Path, Done]) -> None:
    """A row of differences.csv for every difference of the comparison of the two runs, with their values."""
    folder, _ = there
    told = rows(folder / "c")
    runs = [(name, read(folder / "c" / "runs" / path)) for name, path in (("as is", "as_is"), ("more", "more"))]
    table = comparison(runs).table
    assert len(told) == len(table) > 50
    for row, each in zip(told, table, strict=True):
        value = each.estimate.value
        assert (row["measure"], row["channel"], row["difference"]) == (
            each.measure.name, each.channel or "", "" if value is None else f"{value:.6g}",
        )  # fmt: skip
    assert not {"nan", "None", "-0", "inf"} & {cell for row in told for cell in row.values()}


def test_a_comparison_is_the_same_bytes_twice(there: tuple[Path, Done]) -> None:
    """Repeated with two processes, every file is the same: plots, page, workbook, runs."""
    folder, _ = there
    done = compared(folder, "tiny.yaml", "--variants", "as is,more", "--jobs", "2", "--out", "again")
    assert (done.code, done.err) == (0, "")
    first, second = files(folder / "c"), files(folder / "again")
    shutil.rmtree(folder / "again")
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
    assert {Path(name).suffix for name in first} >= {".png", ".svg", ".csv", ".html", ".xlsx", ".parquet"}


def test_runs_are_compared_as_their_scenarios_were(here: Path) -> None:
    """`sim compare RUN RUN` has the table of `sim compare FILE`, the baseline being the first, or as asked for."""
    (here / "runs").mkdir()
    for name in ("as_is", "more"):
        shutil.copytree(here / "c" / "runs" / name, here / "runs" / name)
    done = sim(here, "compare", "runs/as_is", "runs/more", "--plot", "risk", "--out", "of_runs")
    assert (done.code, done.err) == (0, "")
    assert (here / "of_runs" / "differences.csv").read_bytes() == (here / "c" / "differences.csv").read_bytes()
    done = sim(here, "compare", "runs/as_is", "runs/more", "--baseline", "more", "--plot", "risk", "--out", "turned")
    assert (done.code, done.err) == (0, "")
    found = {name: rows(here / name) for name in ("of_runs", "turned")}
    assert {row["than"] for row in found["turned"]} == {"more"}
    for one, other in zip(found["of_runs"], found["turned"], strict=True):
        assert (one["of_policy"], one["of_than"]) == (other["of_than"], other["of_policy"])
    assert {path.stem for path in (here / "turned" / "plots").iterdir()} == {"risk"}


def test_a_report_of_a_comparison_is_the_same_again(here: Path) -> None:
    """`sim report` of its folder writes what was there, byte by byte, also where the folder has another name."""
    before = files(here / "c")
    (here / "c").rename(here / "moved")
    for path in (here / "moved").iterdir():
        if path.name.startswith(("report.", "comparison.", "differences.")):
            path.unlink()
    shutil.rmtree(here / "moved" / "plots")
    done = sim(here, "report", "moved")
    assert (done.code, done.err) == (0, "")
    after = files(here / "moved")
    assert after.keys() == before.keys()
    assert [name for name in before if before[name] != after[name]] == []


def test_one_replication_says_what_cannot_be_known(here: Path) -> None:
    """With one replication the values stand there, no interval does, and it is said why; that is no mistake."""
    done = compared(here, "tiny.yaml", "--variants", "as is,more", "--plot", "risk", "--out", "alone", replications=1)
    assert (done.code, done.err) == (0, "")
    assert "One replication each: what is a difference and what is luck cannot be known; take 10 or more." in " ".join(
        done.out.split()
    )
    for word in ("nan", "None", "±", "inf"):
        assert word not in done.out
    for row in rows(here / "alone"):
        assert (row["low"], row["high"], row["clear"]) == ("", "", "no")
        assert row["reason"]


# --- what is refused -------------------------------------------------------------------------------------------------

OTHER_DEMAND = (
    "busier does not meet the customers of one: who makes contact differs by channels.phone.rate; so no contact has "
    "its like, and the difference holds the luck of both; compare them all the same with --unpaired, whose intervals "
    "are wider, or leave them out"
)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["tiny.yaml", "--variants", "mroe"], "tiny.yaml has no variant 'mroe'; did you mean 'more'?"),
        (["tiny.yaml", "--baseline", "moer"], "there is no policy 'moer' to be the baseline; did you mean 'more'?"),
        (["one.yaml"], "one.yaml is one policy: there is nothing to compare it with; write variants in it, "),
        (["tiny.yaml", "--variants", "more"], "tiny.yaml is one policy: there is nothing to compare it with; "),
        (["tiny.yaml", "c"], "scenarios and runs cannot be compared with each other; name files only, or folders only"),
        (
            ["c/runs/as_is", "c/runs/more", "--set", "phone.staff=3"],
            "runs that are there are compared as they are",
        ),
        (["c/runs/as_is", "c/runs/more", "--variants", "more"], "runs that are there are compared as they are"),
        (["c/runs/as_is", "c/runs/as_is"], "the same file or folder is named twice; name each once"),
        (["tiny.yaml", "tiny.yaml"], "the same file or folder is named twice; name each once"),
        (
            ["one.yaml", "busier.yaml", "--variants", "more"],
            "several files are compared as they are",
        ),
        (["tiny.yaml", "--plot", "rsik"], "no plot is called 'rsik'; did you mean 'risk'?"),
        (["c", "--plot", "rsik"], "no plot is called 'rsik'; did you mean 'risk'?"),
        (["tiny.yaml", "--out", "c"], "c is already there; choose another folder with --out, or remove it"),
        (
            ["c/runs/as_is", "c/runs/more", "--out", "c"],
            "c is already there; choose another folder with --out",
        ),
        (["one.yaml", "busier.yaml", "--out", "new/folder"], OTHER_DEMAND),
        (["nowhere.yaml"], "nowhere.yaml: there is no such file"),
        (["tiny.yaml", "--budget", "5"], "--budget 5 is too small: 3 policies have 2 replications each; give more, or"),
        (["tiny.yaml", "--replications", "0"], "Invalid value for '--replications'"),
    ],
)
def test_a_mistake_is_told_and_nothing_is_left(words: list[str], said: str, there: tuple[Path, Done]) -> None:
    """What cannot be compared ends with exit code 2, the mistake and the way out on stderr, and no folder, whole or
    half."""
    folder, _ = there
    before = names(folder)
    few = ["--replications", "2", "--jobs", "1", "--quiet"] if words[0].endswith(".yaml") else []
    done = sim(folder, "compare", *few, *words)
    assert (done.code, done.out) == (2, "")
    assert done.err.removeprefix("sim: ").startswith(said)
    assert names(folder) == before


def test_other_demand_is_compared_where_that_is_asked_for(here: Path) -> None:
    """With --unpaired two files of other demand are compared, as independent runs, and their report can be made again
    without saying so once more, also from where it was made again."""
    done = compared(here, "one.yaml", "busier.yaml", "--unpaired", "--plot", "risk", "--out", "apart")
    assert (done.code, done.err) == (0, "")
    assert "not the same customers" in done.out
    assert {row["paired"] for row in rows(here / "apart")} == {"no"}
    again = sim(here, "report", "apart", "--plot", "risk", "--out", "elsewhere")
    assert (again.code, again.err) == (0, "")
    assert (here / "elsewhere" / "differences.csv").read_bytes() == (here / "apart" / "differences.csv").read_bytes()
    assert sim(here, "report", "elsewhere", "--plot", "risk").code == 0


def test_a_report_keeps_to_the_width_that_was_asked_for(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too little to matter is kept with a comparison: its report says again what the comparison said."""
    monkeypatch.setattr(compare, "FIRST", 4)
    words = ("--variants", "as is,more", "--precision", "service_level=60pt", "--plot", "risk", "--out", "wide")
    done = compared(here, "tiny.yaml", *words, "--budget", "8", replications=4)
    assert (done.code, done.err) == (0, "")
    assert "is not clear" not in done.out
    report = (here / "wide" / "report.md").read_bytes()
    assert sim(here, "report", "wide", "--plot", "risk").code == 0
    assert (here / "wide" / "report.md").read_bytes() == report


def test_every_policy_has_a_folder_of_its_own(here: Path) -> None:
    """Names that differ only in what no folder is called by, or in capitals, do not meet in one folder."""
    variants = "variants:\n  a b: {phone.staff: 3}\n  a_b: {phone.staff: 4}\n  A b: {phone.staff: 5}\n"
    (here / "alike.yaml").write_text(TINY + variants)
    done = compared(here, "alike.yaml", "--plot", "risk", "--out", "alike", replications=1)
    assert (done.code, done.err) == (0, "")
    assert {path.name for path in (here / "alike" / "runs").iterdir()} == {"as_is", "a_b", "a_b-2", "A_b-3"}


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def of_another_version(path: Path) -> None:
    told = json.loads(path.read_text())
    path.write_text(json.dumps(told | {"format": 99, "sim": "9.9"}))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda c: flipped(c / "extras.pickle"), "c is damaged: extras.pickle is not what it was when it was written"),
        (lambda c: (c / "extras.pickle").unlink(), "c is damaged: compare.json or extras.pickle cannot be read"),
        (lambda c: (c / "compare.json").write_text("{"), "c is damaged: compare.json or extras.pickle cannot be read"),
        (lambda c: of_another_version(c / "compare.json"), "c was left by another version of sim (9.9); make it again"),
        (lambda c: flipped(c / "runs/more/run.pickle"), "c/runs/more is damaged: run.pickle is not what it was"),
        (lambda c: (c / "runs/more/run.pickle").unlink(), "c/runs/more lacks run.pickle; copy the whole folder, or "),
        (lambda c: shutil.rmtree(c / "runs/as_is"), "the run of as is is gone from c; copy the whole folder"),
        (lambda c: (c / "compare.json").unlink(), "c holds no run; name a folder that sim run has left"),
    ],
    ids=["extras", "no extras", "cut", "other version", "a run", "no run.pickle", "no run", "no comparison"],
)  # fmt: skip
def test_a_damaged_comparison_is_told_and_left_alone(spoil: Callable[[Path], object], said: str, here: Path) -> None:
    """A file of it that is spoilt, gone or of another version ends `sim report` with exit code 2 and what to do;
    nothing in the folder is changed."""
    spoil(here / "c")
    before = files(here)
    done = sim(here, "report", "c")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"sim: {said}")
    assert files(here) == before


def test_a_report_of_no_folder_is_refused(here: Path) -> None:
    """A file, and what is not there, are no run."""
    for name in ("tiny.yaml", "nowhere"):
        done = sim(here, "report", name)
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith(f"sim: {name} is no folder; name a run that sim run has left")


def test_mistakes_are_one_json_document_too(there: tuple[Path, Done]) -> None:
    """With --json a mistake is a document as well."""
    folder, _ = there
    done = sim(folder, "compare", "tiny.yaml", "--baseline", "moer", "--json")
    assert document(done.out) == {
        "error": "there is no policy 'moer' to be the baseline", "hint": "did you mean 'more'?", "exit_code": 2,
    }  # fmt: skip
