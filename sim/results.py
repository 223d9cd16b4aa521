"""The run folder: written under a hidden partial name, then moved, so that a folder one can see is complete.

What it holds is described in `results/README.md`.
"""

from __future__ import annotations

import errno
import json
import os
import platform
import shlex
import shutil
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from datetime import date
from importlib.metadata import version
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import sim
from sim import pickles
from sim.errors import CannotWrite, UsageError
from sim.measures.constants import assumed_by
from sim.measures.intervals import intervals
from sim.measures.summary import Summary, figures
from sim.run import ENGINE, Result
from sim.scenario.read import Scenario

RUN = "run.pickle"
FORMAT = 1
"""Of `RUN`; raised where what a run is made of changes, so that an older one is refused in words."""
_OURS = frozenset(
    ("behaviour", "clock", "defaults", "desk", "distributions", "estimate", "logs", "measures", "policies", "roster",
     "scenario", "schemas", "shifts", "stopping", "units")
)  # fmt: skip
"""The modules whose classes a run is made of."""

PACKAGES = ("simpy", "numpy", "scipy", "duckdb", "pydantic", "matplotlib")


@contextmanager
def partial(parent: Path) -> Iterator[Path]:
    """A hidden folder in `parent` to write a run into; gone at the end unless `finish` has moved it.

    Raises:
        CannotWrite: `parent` cannot be made or written, or something could not be written inside the block.
    """
    made = [folder for folder in (parent, *parent.parents) if not folder.exists()]
    try:
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(mkdtemp(prefix=".partial-", dir=parent))
        folder.chmod(0o755)
    except OSError as problem:
        _remove_empty(made)
        raise _cannot_write(parent, problem) from problem
    try:
        yield folder
    except OSError as problem:
        raise _cannot_write(parent, problem) from problem
    except CannotWrite as problem:
        if isinstance(problem.__cause__, OSError):
            raise _cannot_write(parent, problem.__cause__) from problem
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _remove_empty(made)


def _remove_empty(folders: Sequence[Path]) -> None:
    """Remove folders, the innermost first, up to one that holds something."""
    with suppress(OSError):
        for folder in folders:
            folder.rmdir()


def _cannot_write(parent: Path, problem: OSError) -> CannotWrite:
    full = problem.errno == errno.ENOSPC or "No space left" in str(problem)
    why = "no space left on the device" if full else (problem.strerror or str(problem)).lower()
    if isinstance(problem, FileExistsError | NotADirectoryError):
        why = "it is a file, or lies below one"
    hint = "make room, or choose another place with --out" if full else "choose another place with --out"
    return CannotWrite(f"the results cannot be written to {parent}: {why}", hint)


def finish(folder: Path, target: Path) -> Path:
    """Move a complete folder to its name; returns it."""
    try:
        os.rename(folder, target)
    except OSError as problem:
        if problem.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise _taken(target) from problem
        raise
    return target


def check_free(target: Path) -> None:
    """Raises UsageError where `--out` names something that is already there."""
    try:
        taken = target.is_symlink() or (target.exists() and (not target.is_dir() or any(target.iterdir())))
    except OSError as problem:
        raise _cannot_write(target, problem) from problem
    if taken:
        raise _taken(target)


def _taken(target: Path) -> UsageError:
    return UsageError(f"{target} is already there", "choose another folder with --out, or remove it")


def finish_by_default(folder: Path, results: Path, stem: str, digest: str, *, kind: str = "") -> Path:
    """Move a complete folder to ``results/STEM/DATE-DIGEST``, numbered where that is already there; `kind` stands
    before the date of what is no run."""
    base = f"{kind}{date.today().isoformat()}-{digest[:4]}"
    for number in range(1, 10_000):
        target = results / stem / (base if number == 1 else f"{base}-{number}")
        if not target.exists():
            try:
                return finish(folder, target)
            except UsageError:
                # another run has just taken the name
                continue
    raise _taken(results / stem / base)


def command(result: Result) -> str:
    """The command that repeats a run."""
    scenario = result.scenario
    replications = result.replications if result.stopped is None else result.stopped.rule.most
    words = ["sim", "run", "--seed", str(result.seed), "--replications", str(replications)]
    if result.stopped is not None:
        words += [word for asked in result.stopped.rule.asked for word in ("--precision", asked)]
    if scenario.variant is not None:
        words += ["--variant", scenario.variant]
    for assignment in scenario.sets:
        words += ["--set", assignment]
    if result.uncertain:
        words.append("--uncertain")
    return shlex.join([*words, *(["--"] if scenario.file.startswith("-") else []), scenario.file])


def provenance(result: Result) -> dict[str, Any]:
    """What produced a run, for ``run.json``."""
    scenario = result.scenario
    return {
        "sim": sim.__version__,
        "scenario": scenario.name,
        "file": scenario.file,
        "variant": scenario.variant,
        "set": list(scenario.sets),
        "uncertain": result.uncertain,
        "scenario_digest": scenario.digest,
        "seed": result.seed,
        "replications": result.replications,
        **({"precision": result.stopped.document()} if result.stopped is not None else {}),
        "engine": ENGINE,
        "digest": result.digest,
        "population_digests": [summary.population_digest for summary in result.summaries],
        "attempt_cap_hit": sum(summary.capped for summary in result.summaries),
        **({"log": asdict(scenario.log.account)} if scenario.log is not None else {}),
        "command": command(result),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "assumed": {
            path: {"value": default.value, "range": default.range, "grade": default.grade, "source": default.source}
            for path, default in {**scenario.assumed, **assumed_by(result.desk)}.items()
        },
    }


def write_run(result: Result, folder: Path) -> None:
    """Write what `read` reads: the run as it was in memory, but for the figures, which follow from the rest, and the
    layers of its file, which only uncertainty is drawn from."""
    r, scenario = result, replace(result.scenario, files=(), above=())
    held = (scenario, r.desk, r.seed, r.summaries, r.digest, r.uncertain, r.stopped)
    data = zlib.compress(pickles.dumped(held), 1)
    (folder / RUN).write_bytes(data)
    write_json(folder / "run.json", provenance(result) | {"format": FORMAT, RUN: pickles.digest(data)})


def read(folder: Path) -> Result:
    """The run that a folder holds.

    Raises:
        UsageError: it holds none, one of another version, a load test, or one that is damaged.
    """
    try:
        noted = json.loads((folder / "run.json").read_text("utf-8"))
    except (OSError, ValueError) as problem:
        raise UsageError(f"{folder} holds no run", "name a folder that sim run has left") from problem
    if not isinstance(noted, dict) or "command" not in noted:
        raise UsageError(f"{folder} holds no run: its run.json says nothing of one", "name what sim run has left")
    again = f"make it again: {noted['command']}"
    if "helpdesk" in noted:
        raise UsageError(f"{folder} is a load test", "report.html in it is its report; sim agree compares the two")
    if noted.get("format") != FORMAT:
        raise UsageError(f"{folder} was left by another version of sim ({noted.get('sim', 'unknown')})", again)
    try:
        data = (folder / RUN).read_bytes()
    except OSError as problem:
        raise UsageError(f"{folder} lacks {RUN}", f"copy the whole folder, or {again}") from problem
    try:
        if pickles.digest(data) != noted.get(RUN):
            raise pickles.Spoilt(f"{RUN} is not what it was when it was written")
        plain = _unpacked(data)
        held = pickles.opened(plain, pickles.digest(plain), _OURS, RUN)
    except pickles.Spoilt as problem:
        raise UsageError(
            f"{folder} is damaged: {problem.what}", f"copy the whole folder again, or {again}"
        ) from problem
    try:
        scenario, desk, seed, summaries, digest, uncertain, stopped = _of_a_run(held)
    except (TypeError, ValueError) as problem:
        hint = f"copy the whole folder again, or {again}"
        raise UsageError(f"{folder} is damaged: {RUN} holds no run", hint) from problem
    found, sheet = tuple(figures(summaries, desk)), intervals(summaries, desk)
    return Result(scenario, desk, seed, summaries, found, sheet, digest, uncertain, stopped)


def _of_a_run(held: Any) -> Any:
    """What was held; a TypeError where that is not what a run is made of."""
    scenario, _, _, summaries, *_ = held
    if not isinstance(scenario, Scenario) or not summaries or not all(isinstance(each, Summary) for each in summaries):
        raise TypeError("not a run")
    return held


def _unpacked(data: bytes) -> bytes:
    try:
        return zlib.decompress(data)
    except zlib.error as problem:
        raise pickles.Spoilt(f"{RUN} cannot be unpacked") from problem


def write_json(path: Path, document: Any) -> None:
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
