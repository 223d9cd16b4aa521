"""The last lines of what every command says: where its results are, and the one command that is worth trying next.

Built in one place, so that they look the same everywhere: ``results: FOLDER`` for each folder that is left, then one
line ``next: sim …`` that runs as it is printed, whatever the names of files and folders are made of.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim.errors import SimError

if TYPE_CHECKING:
    from sim.agree import Agreement
    from sim.run import Result
    from sim.scenario.read import Scenario
    from sim.verify import Verification

UNSAID = {"seed": 1, "workers": 1, "speed": "auto", "agents": "scenario"}
"""What options are where they are not given."""

FIRST = "scenarios/first.yaml"
"""A scenario that everybody has, as it comes with sim."""

STEPS = 4
"""How many more levels of staff are worth comparing where a threshold was missed."""

_BY_STAFF = ("service_level", "answer", "abandon", "intervals_met", "days_met", "asa", "wait", "backlog")
"""How the measures of a channel begin that more staff makes better."""


def ending(command: str, *folders: object) -> str:
    """The last lines of a command's text; `folders` as the user would type them."""
    return "\n".join([*(f"results: {folder}" for folder in folders), f"next: {command}"])


def command(verb: str, *words: object, **options: object) -> str:
    """A command as one types it, quoted where it has to be.

    Args:
        verb: ``run``, or of a group ``helpdesk up``.
        words: files, folders, names.
        options: by name: a value, several in a tuple, True for a flag; None, False and what holds anyway are left out.
    """
    said = ["sim", *verb.split(), *(f"./{word}" if str(word).startswith("-") else str(word) for word in words)]
    for name, value in options.items():
        option = f"--{name.replace('_', '-')}"
        for each in value if isinstance(value, tuple) else (value,):
            if each is True:
                said.append(option)
            elif each is not None and each is not False and not (name in UNSAID and each == UNSAID[name]):
                said += [option, str(each)]
    return shlex.join(said)


def try_load(helpdesk: str) -> str:
    """A first load test of a desk on this machine."""
    return command("load", FIRST, helpdesk=helpdesk, window="Mon 08:00..12:00", speed=240)


def after_dry_run(load: str, helpdesk: str, *, is_up: bool) -> str:
    """The load test itself; where no desk is up to be sent to, one of this machine, or how a scenario names one."""
    if is_up:
        return load
    if helpdesk == "rest":
        return command("validate", explain="load.host")
    return command("helpdesk up", helpdesk)


def after_cleanup(folder: Path, scenario: str) -> str:
    """The comparison of a load test with its prediction, or what was predicted, where that was compared before."""
    return command("run", scenario) if (folder / "agree").is_dir() else command("agree", scenario, folder)


def after_agree(found: Agreement, predicted: Path, observed: Path) -> str:
    """What the load test has left at the desk; if that is nothing, the whole of what was predicted."""
    if found.observed.standing:
        return command("load", cleanup=observed)
    if predicted.is_dir():
        return command("report", predicted, open=True)
    scenario = found.observed.scenario
    return command("run", predicted, variant=scenario.variant, set=scenario.sets, seed=found.seed)


def after_follow(folder: Path, contact: str | None) -> str:
    """The contact or issue that is worth following, or else the report of the run in which it was."""
    return command("follow", folder, contact) if contact is not None else command("report", folder, open=True)


def after_verify(found: Verification, names: Sequence[str], *, full: bool) -> str:
    """The same without allowance for time; where that fails, all its figures; where not, the engine may be used."""
    failing = [judgement.case.id for judgement in found.failing]
    if not full:
        return command("verify", *(failing or names), full=True)
    return command("verify", *failing, full=True, json=True) if failing else command("run", FIRST)


# --- after a run -----------------------------------------------------------------------------------------------------


def after_run(
    runs: Sequence[tuple[Result, str]], file: Path, *, variants: Sequence[str], sets: Sequence[str], seed: int
) -> str:
    """What `sim run` leads to: the differences of several; of one, its variants beside it, more staff where a threshold
    was missed, or else its report.

    Args:
        runs: each with its folder; the others are as typed.
    """
    (result, folder), *others = runs
    if others:
        return _of_several(result, [each for each, _ in others], file, variants, sets, seed)
    if not variants and (found := _with_variants(result, file, sets, seed)):
        return found
    if channel := _short_of_staff(result):
        name, staff = channel
        step = max(1, round(staff / (2 * STEPS)))
        span = f"staffing.{name}={staff}..{staff + STEPS * step}" + (f":{step}" if step > 1 else "")
        kept = [each for each in sets if each.partition("=")[0].strip() not in _paths(result.scenario, name)]
        return command("compare", file, variants=",".join(variants) or None, set=(*kept, span), seed=seed)
    return command("report", folder, open=True)


def _of_several(
    first: Result, others: Sequence[Result], file: Path, variants: Sequence[str], sets: Sequence[str], seed: int
) -> str:
    """The same side by side, with the intervals of their differences; several variants stood beside the file as it is,
    which is what comparing does by itself where they are all there are and nothing else varies."""
    from sim.compare import other_customers
    from sim.scenario.ranges import sweep

    named = [*(["as_is"] if len(variants) > 1 else []), *dict.fromkeys(variants)]
    if set(variants) == set(first.scenario.variants) and len(variants) > 1 and len(sweep(sets)) == 1:
        named = []
    unpaired = any(other_customers(first, each) for each in others)
    return command(
        "compare", file, variants=",".join(named) or None, set=tuple(sets), seed=seed, unpaired=unpaired
    )  # fmt: skip


def _with_variants(result: Result, file: Path, sets: Sequence[str], seed: int) -> str:
    """The command that compares the variants of a file, if it has any that can be read with what was set."""
    from sim.population.draw import draw
    from sim.scenario.read import read

    scenario = result.scenario
    try:
        others = [read(Path(scenario.file), sets, variant=name) for name in scenario.variants]
    except SimError:
        return ""
    if not others:
        return ""
    unpaired = len({draw(each, seed, 0).digest for each in (scenario, *others)}) > 1
    return command("compare", file, set=tuple(sets), seed=seed, unpaired=unpaired)


def _short_of_staff(result: Result) -> tuple[str, int] | None:
    """The first channel that misses a threshold which more staff helps to meet, and how many it has, if that is one
    number: of a rota, the report shows when they are short."""
    from sim.checks import checks

    for check in checks(result):
        limit = check.limit
        if limit.channel is not None and not check.met and limit.measure.startswith(_BY_STAFF):
            staff = _plain_staff(result.scenario, limit.channel)
            if staff is not None:
                return limit.channel, staff
    return None


def _plain_staff(scenario: Scenario, channel: str) -> int | None:
    groups = [group for group in scenario.spec.groups.values() if channel in group.answers]
    own = scenario.spec.channels[channel]
    staff = own.staff if own.staff is not None or own.shifts is not None or len(groups) != 1 else groups[0].staff
    return staff if isinstance(staff, int) else None


def _paths(scenario: Scenario, channel: str) -> set[str]:
    """How the staff of a channel may have been set."""
    groups = [f"groups.{name}" for name, group in scenario.spec.groups.items() if channel in group.answers]
    return {f"staffing.{channel}", *(f"{where}.staff" for where in (channel, f"channels.{channel}", *groups))}
