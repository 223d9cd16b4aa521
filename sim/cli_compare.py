"""The commands that compare and report: `sim compare`, `sim report`, `sim erlang`. Registered by `sim.cli`."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from sim.errors import UsageError, did_you_mean
from sim.terminal import progress_bar, read_scenario, warn

if TYPE_CHECKING:
    from sim.compare import Comparison, Curve
    from sim.gap import Gap
    from sim.report.dossier import Dossier
    from sim.run import Result
    from sim.scenario.read import Scenario
    from sim.uncertain import Unsure

REPLICATIONS = 30
"""Of each policy, where nothing else is said."""

BUDGET = 2
"""Times the first replications: how many there may be in all, where nothing else is said."""

_paths = click.argument("paths", metavar="SCENARIO|RUN…", type=click.Path(path_type=Path), nargs=-1, required=True)
_seed = click.option("--seed", default=1, show_default=True, type=click.IntRange(0, 2**63), help="Seed of all luck.")
_jobs = click.option("--jobs", type=click.IntRange(1, 256), help="Processes; nothing depends on it but the time.")
_out = click.option("--out", type=click.Path(path_type=Path), metavar="FOLDER", help="By default in results/.")
_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
_quiet = click.option("--quiet", is_flag=True, help="No progress bar.")
_set = click.option(
    "--set", "sets", multiple=True, metavar="PATH=VALUE", help="Change one value; 8..14:2: one policy each."
)
_plot = click.option("--plot", "only", multiple=True, metavar="NAME", help="Only this plot; may be repeated.")


class Named(NamedTuple):
    """A policy that is to be simulated."""

    name: str
    scenario: Scenario


@click.command(short_help="Which policy, what it changes, what it costs, how sure that is.")
@_paths
@click.option("--variants", metavar="A,B,C", help="Which variants of the scenario; by default all, and as it is.")
@click.option("--baseline", metavar="NAME", help="What the others are held against; by default the first.")
@_set
@_seed
@click.option("--replications", type=click.IntRange(1, 100_000), metavar="N", help="Of each policy at first: 30.")
@click.option("--budget", type=click.IntRange(1, 10_000_000), metavar="N", help="In all: twice as many as at first.")
@click.option(
    "--precision", "precisions", multiple=True, metavar="FIGURE=WIDTH",
    help="What is too little to matter: service_level=1pt, cost=1%.",
)  # fmt: skip
@click.option("--uncertain", is_flag=True, help="How sure beyond luck: what each assumption could change (minutes).")
@click.option("--about", metavar="FIGURE", default="value", show_default=True, help="The figure of --uncertain.")
@click.option("--erlang", is_flag=True, help="Erlang beside the simulation, and why they differ (a minute or two).")
@click.option("--unpaired", is_flag=True, help="Compare runs of different customers; the intervals are wider.")
@_plot
@_jobs
@_out
@_json
@_quiet
def compare(
    paths: tuple[Path, ...], variants: str | None, baseline: str | None, sets: tuple[str, ...], seed: int,
    replications: int | None, budget: int | None, precisions: tuple[str, ...], about: str, only: tuple[str, ...],
    jobs: int | None, out: Path | None, *, uncertain: bool, erlang: bool, unpaired: bool, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Compare policies on the same customers with the same luck: a verdict in words, a page, a workbook.

    \b
    sim compare scenarios/broadband_week.yaml                   as it is, and each of its variants
    sim compare FILE --variants evenings,email_first --baseline evenings
    sim compare FILE --set phone.staff=12                       as it is, and with that changed
    sim compare FILE --set staffing.phone=8..16:2               a curve: how many people does the target need?
    sim compare a.yaml b.yaml                                   two files
    sim compare results/a/RUN results/b/RUN                     two runs that are there already
    sim compare FILE --uncertain                                and which assumption could turn the decision
    """
    from sim import compare as verb
    from sim import results, stopping
    from sim.report import compare_folder, dossier, folder
    from sim.report.following import command as command_line
    from sim.scenario import lower

    if all(path.is_dir() for path in paths):
        _refuse_simulating(sets, variants, replications, budget, jobs, precisions, uncertain or None, erlang or None)
        _report(paths, baseline, only, out, unpaired=unpaired, as_json=as_json, open_it=False)
        return
    policies, curve = _policies(paths, variants, sets)
    first_name = _baseline([policy.name for policy in policies], baseline)
    policies = sorted(policies, key=lambda policy: policy.name != first_name)
    names = [policy.name for policy in policies]
    warn(*(policy.scenario for policy in policies))
    first = replications or REPLICATIONS
    rule = stopping.rule(precisions, policies[0].scenario.spec, first) if precisions else None
    if budget is not None and budget < first * len(policies):
        least = f"{len(policies)} policies have {first} replications each"
        raise UsageError(f"--budget {budget} is too small: {least}", "give more, or fewer --replications")
    # of policies with other customers none is chosen, so none needs more
    plan = verb.Plan(first, 0 if unpaired else budget or BUDGET * first * len(policies), rule)
    _refuse_plots(only)
    if uncertain:
        from sim.uncertain import check_about

        for policy in policies:
            check_about(about, lower.desk(policy.scenario))
    if not unpaired:
        verb.check_customers([(policy.name, policy.scenario) for policy in policies], seed)
    if out is not None:
        results.check_free(out)
    stem = paths[0].stem
    parent = Path("results") / stem if out is None else out.absolute().parent
    with results.partial(parent) as partial:
        folders = dict(zip(names, (partial / "runs" / each for each in _as_folders(names)), strict=True))
        for each in folders.values():
            (each / "contacts").mkdir(parents=True)
        with progress_bar("replications", quiet=quiet) as progress:
            found = verb.simulate(
                [policy.scenario for policy in policies], [each / "contacts" for each in folders.values()], plan,
                seed=seed, jobs=jobs, progress=progress,
            )  # fmt: skip
        named = [(policy.name, result) for policy, result in zip(policies, found, strict=True)]
        compared = verb.comparison(named, rule=rule, unpaired=unpaired, curve=curve)
        unsure = _unsure(compared, about, jobs=jobs, quiet=quiet) if uncertain else None
        gap = _gap(policies[0].scenario, seed, jobs=jobs, quiet=quiet) if erlang else None
        with progress_bar("runs written", quiet=quiet) as progress:
            for number, ((_, result), target) in enumerate(zip(named, folders.values(), strict=True)):
                progress(number, len(named))
                folder.write(result, target)
        command = _command(
            paths, variants, baseline, sets, seed, first, budget, precisions, about, only,
            uncertain=uncertain, erlang=erlang, unpaired=unpaired,
        )  # fmt: skip
        made = dossier.dossier(compared, unsure=unsure, gap=gap, commands=(command,), only=only)
        compare_folder.write(made, partial)
        runs = {name: path.relative_to(partial) for name, path in folders.items()}
        compare_folder.keep(made, partial, runs, command=command, unpaired=unpaired, precision=precisions)
        if out is None:
            target = results.finish_by_default(partial, Path("results"), stem, found[0].digest, kind="compare-")
        else:
            target = results.finish(partial, out)
    _say(made, target, command_line("report", target, open=True), as_json=as_json)


@click.command(short_help="One page, a workbook and text from runs that are there.")
@click.argument("paths", metavar="RUN…", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--baseline", metavar="NAME", help="Of several: what the others are held against; by default the first.")
@click.option("--unpaired", is_flag=True, help="Compare runs of different customers; the intervals are wider.")
@click.option("--open", "open_it", is_flag=True, help="Open the page in the browser.")
@_plot
@_out
@_json
def report(
    paths: tuple[Path, ...], baseline: str | None, only: tuple[str, ...], out: Path | None, *, unpaired: bool,
    open_it: bool, as_json: bool,
) -> None:  # fmt: skip
    """Write the report of a run, of several, or of a comparison: report.html, report.xlsx, report.md, comparison.json.

    \b
    sim report results/first/RUN --open              one page, which needs no network; written into the run's folder
    sim report results/first/RUN results/first/RUN2  a comparison of runs, in results/reports/
    sim report results/broadband_week/compare-…      the report of a comparison again
    """
    for path in paths:
        if not path.is_dir():
            raise UsageError(f"{path} is no folder", "name a run that sim run has left, as in results/first/…")
    _report(paths, baseline, only, out, unpaired=unpaired, as_json=as_json, open_it=open_it)


@click.command(short_help="Erlang C and A beside the simulated requirement, and why they differ.")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--variant", metavar="NAME", help="One of the scenario's variants; by default none.")
@click.option("--set", "sets", multiple=True, metavar="PATH=VALUE", help="Change one value; may be repeated.")
@_seed
@click.option(
    "--replications", type=click.IntRange(1, 10_000), metavar="N",
    help="Of each level: 10, or up to 60 where quiet intervals take more to judge.",
)  # fmt: skip
@_jobs
@_out
@_json
@_quiet
def erlang(
    file: Path, variant: str | None, sets: tuple[str, ...], seed: int, replications: int | None, jobs: int | None,
    out: Path | None, *, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """How many people each live channel needs by interval: by Erlang C, by Erlang A, and by simulation; and what makes
    the difference: customers who give up, who come back, busy days, several chats at once, agents who share.

    \b
    sim erlang scenarios/broadband_week.yaml
    sim erlang scenarios/first.yaml --replications 20 --json
    """
    from sim import plots, results
    from sim.report import gap_text
    from sim.report.following import command as command_line
    from sim.report.following import ending

    scenario = read_scenario(file, sets, variant)
    warn(scenario)
    if out is not None:
        results.check_free(out)
    parent = Path("results") / file.stem if out is None else out.absolute().parent
    found = _gap(scenario, seed, jobs=jobs, quiet=quiet, replications=replications)
    with results.partial(parent) as partial:
        results.write_json(partial / "erlang.json", gap_text.document(found))
        _write_csv(partial / "erlang.csv", *gap_text.rows(found))
        plots.write("erlang_gap", gap_text.picture(found), partial / "plots")
        if out is None:
            digest = scenario.digest
            target = results.finish_by_default(partial, Path("results"), file.stem, digest, kind="erlang-")
        else:
            target = results.finish(partial, out)
    if as_json:
        click.echo(json.dumps(gap_text.document(found) | {"results": str(target)}, ensure_ascii=False, allow_nan=False))
        return
    click.echo(gap_text.text(found))
    following = command_line("compare", file, erlang=True) if scenario.variants else command_line("run", file)
    click.echo(f"\n{ending(following, target)}")


COMMANDS = (compare, report, erlang)


# --- what is compared ------------------------------------------------------------------------------------------------


def _policies(paths: Sequence[Path], variants: str | None, sets: tuple[str, ...]) -> tuple[list[Named], Curve | None]:
    """The policies that a command names, in its order, and the curve that they are points of."""
    from sim.compare import AS_IS, Curve
    from sim.scenario.ranges import sweep

    if any(path.is_dir() for path in paths):
        raise UsageError("scenarios and runs cannot be compared with each other", "name files only, or folders only")
    points = sweep(sets)
    if len(paths) > 1:
        if variants is not None or len(points) > 1:
            raise UsageError("several files are compared as they are", "name one file, to compare its variants")
        return [Named(name, read_scenario(path, sets)) for name, path in _unique(paths)], None
    if sets and len(points) == 1 and variants is None:
        # what does it change? against the file as it is
        changed = read_scenario(paths[0], sets)
        return [Named(AS_IS, read_scenario(paths[0], ())), Named(", ".join(sets), changed)], None
    base = read_scenario(paths[0], points[0])
    names = _variants(paths[0], base.variants, variants, several=len(points) > 1)
    varied = [index for index in range(len(sets)) if len({point[index] for point in points}) > 1]
    policies = []
    for name in names:
        for point in points:
            # what was changed for all of them is told where nothing else is: that is not as it is
            words = [] if name == AS_IS and sets else [name]
            words += [point[index] for index in varied] if varied else point
            variant = None if name == AS_IS else name
            policies.append(Named(", ".join(words), read_scenario(paths[0], point, variant)))
    if len(policies) < 2:
        hint = "write variants in it, name some with --variants, or vary a value with --set phone.staff=8..12"
        raise UsageError(f"{paths[0]} is one policy: there is nothing to compare it with", hint)
    if len(varied) != 1 or len(names) != 1:
        return policies, None
    path = points[0][varied[0]].partition("=")[0].strip()
    levels = [_number(point[varied[0]].partition("=")[2]) for point in points]
    known = {policy.name: level for policy, level in zip(policies, levels, strict=True) if level is not None}
    return policies, Curve(path, known) if len(known) == len(policies) else None


def _variants(path: Path, there: Sequence[str], asked: str | None, *, several: bool) -> list[str]:
    """Which variants are compared: those asked for; else all beside the file as it is, or with a range it alone."""
    from sim.compare import AS_IS

    if asked is None:
        return [AS_IS] if several else [AS_IS, *there]
    names = [AS_IS if name.strip() in (AS_IS, "as_is", "as-is") else name.strip() for name in asked.split(",")]
    for name in names:
        if name not in (AS_IS, *there):
            hint = did_you_mean(name, [AS_IS, *there]) or f"it has {', '.join(there) or 'none'}"
            raise UsageError(f"{path} has no variant '{name}'", hint)
    return list(dict.fromkeys(names))


def _unique(paths: Sequence[Path]) -> list[tuple[str, Path]]:
    """Each path with a name of its own: its stem, or as much of the path as tells it apart."""
    stems = [path.stem if path.suffix else path.name for path in paths]
    if len(set(stems)) == len(stems):
        return list(zip(stems, paths, strict=True))
    if len({path.resolve() for path in paths}) < len(paths):
        raise UsageError("the same file or folder is named twice", "name each once")
    return [(str(path), path) for path in paths]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _refuse_simulating(*options: object) -> None:
    if any(option is not None and option != () for option in options):
        hint = "options that simulate, such as --set, --budget or --uncertain, are for scenarios; name the file"
        raise UsageError("runs that are there are compared as they are", hint)


def _refuse_plots(only: Sequence[str]) -> None:
    from sim.plots import check_known

    for name in only:
        check_known(name)


def _as_folders(names: Sequence[str]) -> list[str]:
    """A folder's name for each policy, as near to its own as every file system allows, and no two alike."""
    found: list[str] = []
    for name in names:
        kept = "".join(char if char.isalnum() or char in "-_.=" else "_" for char in name)[:60].strip("._") or "policy"
        taken = {each.casefold() for each in found}
        tries = (kept, *(f"{kept}-{number}" for number in range(2, len(names) + 2)))
        found.append(next(each for each in tries if each.casefold() not in taken))
    return found


def _command(
    paths: Sequence[Path], variants: str | None, baseline: str | None, sets: Sequence[str], seed: int, first: int,
    budget: int | None, precisions: Sequence[str], about: str, only: Sequence[str], *, uncertain: bool, erlang: bool,
    unpaired: bool,
) -> str:  # fmt: skip
    """The command that repeats a comparison."""
    words = ["sim", "compare", *map(str, paths), "--seed", str(seed), "--replications", str(first)]
    words += [] if budget is None else ["--budget", str(budget)]
    given = (("--variants", variants), ("--baseline", baseline))
    words += [word for option, value in given if value is not None for word in (option, value)]
    repeated = (("--set", sets), ("--precision", precisions), ("--plot", only))
    words += [word for option, values in repeated for value in values for word in (option, value)]
    words += ["--uncertain", "--about", about] if uncertain else []
    words += ["--erlang"] if erlang else []
    words += ["--unpaired"] if unpaired else []
    return shlex.join(words)


def _further(command: str, compared: Comparison) -> str:
    """The next comparison to try."""
    if compared.curve is None and "--uncertain" not in command:
        return f"{command} --uncertain"
    return command if "--erlang" in command else f"{command} --erlang"


# --- what else is worked out -----------------------------------------------------------------------------------------


def _unsure(compared: Comparison, about: str, *, jobs: int | None, quiet: bool) -> Unsure | None:
    """What is not known of the closest decision: the policy that is second by the figure, against the first."""
    from sim import uncertain

    if len(compared.policies) < 2:
        return None
    channel, _, measure = about.rpartition(".")
    ranked = compared.ranked(measure, channel or None)
    with progress_bar("assumptions", quiet=quiet) as progress:
        return uncertain.unsure(
            {policy.name: policy.result for policy in ranked}, ranked[1].name,
            figure=measure, channel=channel or None, jobs=jobs, progress=progress,
        )  # fmt: skip


def _gap(scenario: Scenario, seed: int, *, jobs: int | None, quiet: bool, replications: int | None = None) -> Gap:
    from sim import gap

    with progress_bar("levels", quiet=quiet) as progress:
        return gap.gap(scenario, seed=seed, replications=replications, jobs=jobs, progress=progress)


def _write_csv(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    import csv

    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(["" if cell is None else cell for cell in row] for row in rows)


# --- what is told ----------------------------------------------------------------------------------------------------


def _say(dossier: Dossier, target: Path, following: str, *, as_json: bool) -> None:
    from sim.report import compare_text, written
    from sim.report.following import ending

    if as_json:
        click.echo(
            json.dumps(written.document(dossier) | {"results": str(target)}, ensure_ascii=False, allow_nan=False)
        )
        return
    click.echo(compare_text.text(dossier))
    click.echo(f"\nreport: {target}/report.html, report.xlsx and report.md")
    click.echo(ending(following, target))


def _report(
    paths: Sequence[Path], baseline: str | None, only: Sequence[str], out: Path | None, *, unpaired: bool,
    as_json: bool, open_it: bool,
) -> None:  # fmt: skip
    """The report of runs or of a comparison that are there."""
    from sim import compare as verb
    from sim import results, stopping
    from sim.report import compare_folder, dossier
    from sim.report.following import command as command_line

    _refuse_plots(only)
    if out is not None:
        results.check_free(out)
    kept = compare_folder.kept(paths[0]) if len(paths) == 1 and compare_folder.is_kept(paths[0]) else None
    runs = dict(kept.policies) if kept is not None else dict(_unique(paths))
    found = {name: results.read(path) for name, path in runs.items()}
    if kept is not None:
        kept.check(found, paths[0])
    if kept is None and len(paths) > 1:
        found = _by_variant(found)
        runs = dict(zip(found, runs.values(), strict=True))
    first = _baseline(list(found), baseline)
    named = [(first, found[first]), *((name, result) for name, result in found.items() if name != first)]
    asked = () if kept is None else kept.precision
    unpaired = unpaired or (kept is not None and kept.unpaired)
    compared = verb.comparison(
        named, rule=stopping.rule(asked, named[0][1].scenario.spec) if asked else None,
        unpaired=unpaired, curve=None if kept is None else kept.curve,
    )  # fmt: skip
    command = kept.command if kept is not None else shlex.join(["sim", "report", *map(str, paths)])
    made = dossier.dossier(
        compared, unsure=None if kept is None else kept.unsure, gap=None if kept is None else kept.gap,
        commands=(command,), only=only,
    )  # fmt: skip
    target = _written(made, paths, out, runs, command, unpaired=unpaired, precision=asked)
    following = command_line("report", target, open=True)
    if open_it or kept is not None:
        following = command_line("follow", target) if len(found) == 1 else _further(command, compared)
    _say(made, target, following, as_json=as_json)
    if open_it:
        _open(target / "report.html")


def _open(page: Path) -> None:
    """Show a page in the browser, where there is a screen to show it on."""
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        click.echo(f"sim: there is no screen here; open {page.absolute()} yourself", err=True)
        return
    click.launch(page.absolute().as_uri())


def _written(
    made: Dossier, paths: Sequence[Path], out: Path | None, runs: Mapping[str, Path], command: str, *, unpaired: bool,
    precision: Sequence[str],
) -> Path:  # fmt: skip
    """Where a report was written: into the one folder that it is about, or into one of its own."""
    from sim import results
    from sim.report import compare_folder

    if len(paths) == 1 and out is None:
        compare_folder.write(made, paths[0])
        return paths[0]
    parent = Path("results") / "reports" if out is None else out.absolute().parent
    whole = {name: path.absolute() for name, path in runs.items()}
    with results.partial(parent) as partial:
        compare_folder.write(made, partial)
        compare_folder.keep(made, partial, whole, command=command, unpaired=unpaired, precision=precision)
        if out is not None:
            return results.finish(partial, out)
        digest = made.comparison.baseline.result.digest
        return results.finish_by_default(partial, Path("results"), "reports", digest)


def _by_variant(found: Mapping[str, Result]) -> dict[str, Result]:
    """Runs by what they are runs of, where that tells them apart; else by their folders."""
    from sim.report.document import variant

    names = [variant(result) for result in found.values()]
    files = [result.scenario.name for result in found.values()]
    if len(set(names)) == len(names):
        return dict(zip(names, found.values(), strict=True))
    return dict(zip(files, found.values(), strict=True)) if len(set(files)) == len(files) else dict(found)


def _baseline(names: Sequence[str], wanted: str | None) -> str:
    """The name of the baseline.

    Raises:
        UsageError: no policy has that name.
    """
    if wanted is None:
        return names[0]
    name = "as is" if wanted in ("as_is", "as-is") else wanted
    if name not in names:
        hint = did_you_mean(name, list(names)) or f"compared are {', '.join(names)}"
        raise UsageError(f"there is no policy '{wanted}' to be the baseline", hint)
    return name
