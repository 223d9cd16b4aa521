"""The folder of a comparison or report: one page, a workbook, text, data, plots, and what it was made from.

A comparison of scenarios holds the run of every policy under `runs/`; one of runs only says where they are.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sim
from sim import pickles, plots
from sim.compare import Curve
from sim.errors import CannotWrite, UsageError
from sim.gap import Gap
from sim.report import page, workbook, written
from sim.report.dossier import Dossier
from sim.results import write_json
from sim.run import Result
from sim.uncertain import Unsure

COMPARE = "compare.json"
FORMAT = 1
EXTRAS = "extras.pickle"
_OURS = frozenset(("gap", "uncertain", "scenario", "estimate", "units", "measures"))


@dataclass(frozen=True)
class Kept:
    """What `COMPARE` says of a comparison: its policies with their run folders, the baseline first, how they were
    compared, and what was worked out beside it."""

    policies: tuple[tuple[str, Path], ...]
    digests: Mapping[str, str]
    unpaired: bool
    precision: tuple[str, ...]
    curve: Curve | None
    unsure: Unsure | None
    gap: Gap | None
    command: str

    def check(self, found: Mapping[str, Result], folder: Path) -> None:
        """Raises UsageError where a run is not the one that was compared."""
        for name, result in found.items():
            if result.digest != self.digests[name]:
                what = f"the run of {name} in {folder} is not the one that was compared"
                raise UsageError(what, f"put it back, or make it again: {self.command}")


def write(dossier: Dossier, folder: Path) -> None:
    """Write report.html, report.xlsx, report.md, comparison.json, differences.csv and plots.

    The files are written beside and moved into place, so that none is ever half there.

    Raises:
        CannotWrite: no permission, no space.
    """
    try:
        with TemporaryDirectory(prefix=".partial-", dir=folder) as partial:
            _write(dossier, Path(partial))
            _moved(Path(partial), folder)
    except OSError as problem:
        what = problem.strerror or problem
        raise CannotWrite(
            f"the report cannot be written to {folder}: {what}", "choose another place with --out"
        ) from problem


def _write(dossier: Dossier, folder: Path) -> None:
    (folder / "report.html").write_text(page.page(dossier), encoding="utf-8")
    workbook.write(dossier, folder / "report.xlsx")
    (folder / "report.md").write_text(written.markdown(dossier), encoding="utf-8")
    write_json(folder / "comparison.json", written.document(dossier))
    if dossier.comparison.table:
        (folder / "differences.csv").write_text(differences_csv(dossier), encoding="utf-8")
    for shown in dossier.pictures:
        # those of one policy are in its run
        if shown.policy is None:
            plots.write(shown.plot, shown.data, folder / "plots")


def _moved(partial: Path, folder: Path) -> None:
    for path in sorted(partial.rglob("*")):
        if path.is_file():
            target = folder / path.relative_to(partial)
            target.parent.mkdir(exist_ok=True)
            os.replace(path, target)


def differences_csv(dossier: Dossier) -> str:
    """Every policy less the baseline, every figure by channel and segment, a row each; empty: not known, or all."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ("policy", "than", "measure", "channel", "segment", "unit", "of_policy", "of_than", "difference", "low", "high",
         "low_for_all", "high_for_all", "clear", "p", "paired", "runs", "reason")
    )  # fmt: skip
    currency = dossier.comparison.baseline.result.desk.currency
    for each in dossier.comparison.table:
        estimate, wide = each.estimate, each.wide or each.estimate
        numbers = (each.of_policy, each.of_than, estimate.value, estimate.low, estimate.high, wide.low, wide.high)
        unit = currency if each.measure.unit == "money" else each.measure.unit
        said = ["" if number is None else f"{number:.6g}" for number in numbers]
        told = ["yes" if each.clear else "no", "" if each.p != each.p else f"{each.p:.3g}"]
        more = ["yes" if each.paired else "no", estimate.runs, estimate.reason]
        key = [each.policy, each.than, each.measure.name, each.channel or "", each.segment or "", unit]
        writer.writerow([*key, *said, *told, *more])
    return text.getvalue()


def keep(
    dossier: Dossier,
    folder: Path,
    runs: Mapping[str, Path],
    *,
    command: str,
    unpaired: bool,
    precision: Sequence[str] = (),
) -> None:
    """Note what the comparison in a folder was made from, for `kept`; runs inside it by where they are in it."""
    comparison, curve = dossier.comparison, dossier.comparison.curve
    extras = pickles.dumped((dossier.unsure, dossier.gap))
    (folder / EXTRAS).write_bytes(extras)
    write_json(
        folder / COMPARE,
        {
            "sim": sim.__version__,
            "format": FORMAT,
            "command": command,
            "policies": [
                {
                    "name": policy.name,
                    "run": str(runs[policy.name]),
                    "replications": result.replications,
                    "digest": result.digest,
                }
                for policy in comparison.policies
                for result in (comparison.simulated.get(policy.name, policy.result),)
            ],
            "unpaired": unpaired,
            "precision": list(precision),
            "curve": None if curve is None else {"path": curve.path, "levels": dict(curve.levels)},
            EXTRAS: pickles.digest(extras),
        },
    )


def is_kept(folder: Path) -> bool:
    """Whether a folder holds a comparison."""
    return (folder / COMPARE).is_file()


def kept(folder: Path) -> Kept:
    """What a comparison was made from.

    Raises:
        UsageError: its files are of another version, damaged or gone.
    """
    again = "make it again"
    try:
        noted: Any = json.loads((folder / COMPARE).read_text("utf-8"))
        again = f"make it again: {noted['command']}"
        if noted["format"] != FORMAT:
            raise UsageError(f"{folder} was left by another version of sim ({noted.get('sim', 'unknown')})", again)
        named: Sequence[tuple[str, Path]] = [(each["name"], Path(each["run"])) for each in noted["policies"]]
        digests = {each["name"]: str(each["digest"]) for each in noted["policies"]}
        curve = None if noted["curve"] is None else Curve(noted["curve"]["path"], dict(noted["curve"]["levels"]))
        unsure, gap = pickles.opened((folder / EXTRAS).read_bytes(), noted[EXTRAS], _OURS, EXTRAS)
        if not named or not isinstance(unsure, Unsure | None) or not isinstance(gap, Gap | None):
            raise ValueError
        precision, unpaired, command = tuple(noted["precision"]), bool(noted["unpaired"]), str(noted["command"])
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise UsageError(f"{folder} is damaged: {COMPARE} or {EXTRAS} cannot be read", again) from problem
    except pickles.Spoilt as problem:
        raise UsageError(f"{folder} is damaged: {problem.what}", again) from problem
    policies = tuple((name, run if run.is_absolute() else folder / run) for name, run in named)
    gone = [name for name, run in policies if not run.is_dir()]
    if gone:
        raise UsageError(f"the run of {gone[0]} is gone from {folder}", f"copy the whole folder, or {again}")
    return Kept(policies, digests, unpaired, precision, curve, unsure, gap, command)
