"""The command line: parse, call, print. The only place that exits.

stdout is the result, stderr the progress and the mistakes. Everything heavy is imported inside the commands, so that
``sim --help`` answers at once.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from sim import __version__, cli_compare, cli_load
from sim.errors import ScenarioError, SimError, UsageError
from sim.terminal import end_with, progress_bar, read_scenario, warn

if TYPE_CHECKING:
    from sim.run import Result
    from sim.scenario.read import Scenario
    from sim.stopping import Rule

REPLICATIONS = 30
"""Of a run, where nothing else is said."""

MISSED = 3
INTERRUPTED = 130


def main() -> None:
    """Entry point of ``sim``: every outcome is an exit code, none is a traceback."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        commands(standalone_mode=False)
    except click.exceptions.Exit as leave:
        sys.exit(leave.exit_code)
    except click.exceptions.NoArgsIsHelpError as problem:
        click.echo(problem.format_message(), err=True)
        sys.exit(2)
    except click.ClickException as problem:
        _fail(problem.format_message().rstrip("."), 2, hint=_usage_hint(problem))
    except (KeyboardInterrupt, click.Abort):
        _fail("interrupted; nothing was written", INTERRUPTED)
    except ScenarioError as problem:
        _fail_scenario(problem)
    except SimError as problem:
        _fail(problem.what, problem.exit_code, hint=problem.hint)
    except BrokenPipeError:
        # the reader of our output has left, as in `sim … | head`
        _close_stdout()
        sys.exit(1)
    except OSError as problem:
        # of our own output; that of the results is CannotWrite
        _close_stdout()
        _fail(f"the output cannot be written: {problem.strerror or problem}", 1, hint="send it somewhere else")
    except MemoryError:
        _fail("there is not enough memory", 1, hint="simulate fewer customers or a shorter time, or use --jobs 1")
    except Exception as problem:
        if os.environ.get("SIM_TRACEBACK"):
            raise
        _fail(f"internal error: {type(problem).__name__}: {problem}", 1, hint="SIM_TRACEBACK=1 shows where")


def _close_stdout() -> None:
    """What was not written by now never will be, not even at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _usage_hint(problem: click.ClickException) -> str:
    context = getattr(problem, "ctx", None)
    return f"see {context.command_path} --help" if context is not None else "see sim --help"


def _fail(what: str, code: int, *, hint: str = "") -> None:
    if _json_wanted():
        click.echo(json.dumps({"error": what, "hint": hint, "exit_code": code}, ensure_ascii=False))
    click.echo(f"sim: {what}" + (f"; {hint}" if hint else ""), err=True)
    sys.exit(code)


def _fail_scenario(problem: ScenarioError) -> None:
    mistakes = problem.mistakes
    if _json_wanted():
        listed = [vars(mistake) for mistake in mistakes]
        click.echo(json.dumps({"mistakes": listed, "exit_code": problem.exit_code}, ensure_ascii=False))
    for mistake in mistakes:
        click.echo(str(mistake), err=True)
    click.echo(f"{len(mistakes)} mistake{'s' * (len(mistakes) != 1)}; nothing was run", err=True)
    sys.exit(problem.exit_code)


def _json_wanted() -> bool:
    return "--json" in sys.argv


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="sim")
def commands() -> None:
    """Predict what will happen at a support desk: waits, satisfaction, churn and cost, from a scenario file.

    \b
    sim run scenarios/first.yaml            what will happen, in words, with plots
    sim validate scenarios/first.yaml       is the file right, and what does it assume?
    sim new --from counts.csv               a scenario from your own counts
    sim run FILE --set phone.staff=8        the same with one thing changed
    sim load FILE --helpdesk rt …           the same customers, sent to a real helpdesk

    Exit codes: 0 passed, 1 internal error or results not writable, 2 usage or scenario malformed, 3 a threshold missed,
    4 a load test's generator could not keep up, 5 a helpdesk refused, unreachable or lost, 130 interrupted.
    Shell completion: eval "$(_SIM_COMPLETE=bash_source sim)" (or zsh_source, fish_source).
    """


_file = click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
_set = click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="PATH=VALUE",
    help="Change one value; may be repeated. In run also a range, as in 8..14:2.",
)
_variant = click.option("--variant", metavar="NAME", help="One of the scenario's variants; by default none.")
_variants = click.option(
    "--variant",
    "variants",
    multiple=True,
    metavar="NAME",
    help="A variant of the scenario; several: side by side.",
)
_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
_seed = click.option("--seed", default=1, show_default=True, type=click.IntRange(0, 2**63), help="Seed of all luck.")
_jobs = click.option("--jobs", type=click.IntRange(1, 256), help="Processes; nothing depends on it but the time.")
_quiet = click.option("--quiet", is_flag=True, help="No progress bar.")


@commands.command(short_help="What will happen, in words, with plots.")
@_file
@_variants
@_set
@_seed
@click.option(
    "--replications",
    type=click.IntRange(1, 100_000),
    metavar="N",
    help="Independent runs: 30, or with --precision at most 1,280.",
)
@click.option(
    "--precision", "precisions", multiple=True, metavar="FIGURE=WIDTH",
    help="As many runs as a figure needs: service_level=0.5pt, phone.wait=2s, cost=1%.",
)  # fmt: skip
@click.option("--uncertain", is_flag=True, help="Draw what is not known in every replication: assumptions as well.")
@_jobs
@click.option("--out", type=click.Path(path_type=Path), metavar="FOLDER", help="Run folder; by default in results/.")
@_json
@_quiet
def run(
    file: Path, variants: tuple[str, ...], sets: tuple[str, ...], seed: int, replications: int | None,
    precisions: tuple[str, ...], jobs: int | None, out: Path | None, *, uncertain: bool, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Simulate a scenario and say what happens. Exit code 3: a threshold of the scenario was missed.

    \b
    sim run scenarios/broadband_week.yaml
    sim run scenarios/first.yaml --set phone.staff=8 --json
    sim run scenarios/first.yaml --set phone.staff=1..4      one run for each, side by side
    sim run scenarios/broadband_evenings.yaml --variant four_more --variant moved    beside it as it is
    sim run scenarios/first.yaml --replications 100 --out results/mine
    sim run scenarios/first.yaml --precision phone.service_level=1pt     as many runs as that takes
    """
    from sim import stopping
    from sim.checks import checks, passed
    from sim.report import console, document, following, sweep
    from sim.scenario.ranges import sweep as swept

    names: list[str | None] = list(variants) if len(variants) == 1 else [None, *dict.fromkeys(variants)]
    points = [(name, point) for name in names for point in swept(sets)]
    several = len(points) > 1
    runs = []
    # every mistake, before the first run
    scenarios = [read_scenario(file, point, name) for name, point in points]
    warn(*scenarios)
    most = replications or (stopping.MOST if precisions else REPLICATIONS)
    rules = [stopping.rule(precisions, scenario.spec, most) if precisions else None for scenario in scenarios]
    for (name, point), scenario, rule in zip(points, scenarios, rules, strict=True):
        given = tuple([name or "as is"] * (len(names) > 1) + [each for each in point if each not in sets])
        at = out if out is None or not several else out / "_".join(given).replace("/", "-").replace(" ", "")
        result, folder = _simulated(
            scenario, at, seed=seed, replications=most, rule=rule, jobs=jobs, uncertain=uncertain, quiet=quiet
        )
        runs.append((given, result, str(folder)))
    _, result, target = runs[0]
    if as_json:
        found = sweep.document(runs) if several else document.document(result) | {"results": target}
        click.echo(json.dumps(found, ensure_ascii=False, allow_nan=False))
    else:
        click.echo(sweep.text(runs) if several else console.report(result))
        left = [(each, folder) for _, each, folder in runs]
        after = following.after_run(left, file, variants=variants, sets=sets, seed=seed)
        end_with(after, *(folder for _, folder in left))
    if not all(passed(checks(result)) for _, result, _ in runs):
        sys.exit(MISSED)


def _simulated(
    scenario: Scenario,
    out: Path | None,
    *,
    seed: int,
    replications: int,
    rule: Rule | None,
    jobs: int | None,
    uncertain: bool,
    quiet: bool,
) -> tuple[Result, Path]:
    """Run a scenario and leave its run folder; returns where that is."""
    from sim import results
    from sim.report import folder
    from sim.run import run as simulate

    if out is not None:
        results.check_free(out)
    stem = Path(scenario.file).stem
    parent = Path("results") / stem if out is None else out.absolute().parent
    with results.partial(parent) as partial:
        contacts = partial / "contacts"
        contacts.mkdir()
        with progress_bar("replications", quiet=quiet) as progress:
            result = simulate(
                scenario, contacts, seed=seed, replications=replications, rule=rule, jobs=jobs,
                uncertain=uncertain, progress=progress,
            )  # fmt: skip
        folder.write(result, partial)
        if out is None:
            return result, results.finish_by_default(partial, Path("results"), stem, result.digest)
        return result, results.finish(partial, out)


@commands.command(short_help="Is the file right, and what does it assume?")
@click.argument("file", metavar="[FILE]", type=click.Path(path_type=Path), required=False)
@_variant
@_set
@click.option("--explain", "explained", metavar="PATH", help="What a key means, its default, source, grade and range.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of a scenario, for editors.")
@_json
def validate(
    file: Path | None, variant: str | None, sets: tuple[str, ...], explained: str | None, *, schema: bool, as_json: bool
) -> None:
    """Check a scenario: all its mistakes at once, or what it assumes.

    \b
    sim validate scenarios/first.yaml
    sim validate scenarios/first.yaml --set phone.hours=07:00-22:00
    sim validate --explain phone.patience
    sim validate scenarios/first.yaml --explain phone.staff
    sim validate --schema > scenario.schema.json
    """
    if schema:
        from sim.scenario.schema import json_schema

        click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
        return
    if file is None and explained is None:
        raise UsageError("validate needs a file", "name one, as in sim validate scenarios/first.yaml")
    scenario = read_scenario(file, sets, variant) if file is not None else None
    from sim.report import following

    if explained is not None:
        from sim.scenario.explain import explain

        click.echo(explain(explained, scenario))
        end_with(following.command("validate", file or following.FIRST, variant=variant, set=sets))
        return
    from sim.report import assumptions

    assert scenario is not None
    assert file is not None
    warn(scenario)
    if as_json:
        click.echo(json.dumps(assumptions.document(scenario), ensure_ascii=False))
        return
    click.echo(assumptions.text(scenario))
    end_with(following.command("run", file, variant=variant, set=sets))


@commands.command(short_help="Who will make contact.")
@_file
@_variant
@_set
@_seed
@click.option("--replication", default=0, show_default=True, type=click.IntRange(0, 99_999), help="Which of the runs.")
@click.option("--issues", default=10, show_default=True, type=click.IntRange(0, 100_000), help="How many to list.")
@_json
def population(
    file: Path, variant: str | None, sets: tuple[str, ...], seed: int, replication: int, issues: int, *, as_json: bool
) -> None:  # fmt: skip
    """Show who will contact us: the customers that every policy meets, before any desk has met them.

    \b
    sim population scenarios/first.yaml
    sim population scenarios/first.yaml --replication 3 --issues 50 --json
    """
    from sim.population.draw import draw
    from sim.report import following, people

    scenario = read_scenario(file, sets, variant)
    drawn = people.People(scenario, draw(scenario, seed, replication), seed, replication, issues)
    if as_json:
        click.echo(json.dumps(people.document(drawn), ensure_ascii=False, allow_nan=False))
        return
    click.echo(people.text(drawn))
    end_with(following.command("run", file, variant=variant, set=sets, seed=seed))


@commands.command(short_help="A real call log: predicted beside observed.")
@_file
@_set
@_seed
@click.option("--replications", default=20, show_default=True, type=click.IntRange(1, 10_000), help="Independent runs.")
@click.option("--grid", "with_grid", is_flag=True, help="Also the grid of gap rule by wrap-up (5 replications each).")
@_jobs
@_json
def backtest(
    file: Path, sets: tuple[str, ...], seed: int, replications: int, jobs: int | None, *, with_grid: bool, as_json: bool
) -> None:
    """Replay a call log and hold the prediction against what was observed, by hour.

    Every call is compared, or those that arrived in the hours of demand.replay.compare.

    \b
    sim backtest scenarios/replay_log.yaml
    sim backtest docs/validation/bank.yaml --set demand.replay.file=1999-01.csv --grid
    """
    from sim import backtest as verb
    from sim.report import backtest_text, following
    from sim.workers import pool

    scenario = read_scenario(file, sets)
    with pool(min(jobs or os.cpu_count() or 1, replications)) as executor:
        result = verb.backtest(scenario, seed=seed, replications=replications, over=executor.map)
        variants = verb.grid(scenario, seed=seed, over=executor.map) if with_grid else ()
    if as_json:
        click.echo(json.dumps(backtest_text.to_json(result, variants), ensure_ascii=False, allow_nan=False))
        return
    click.echo(backtest_text.text(result))
    if variants:
        click.echo("\n" + backtest_text.grid_text(variants))
        end_with(following.command("run", file, set=sets, seed=seed))
        return
    end_with(following.command("backtest", file, set=sets, seed=seed, grid=True))


@commands.command(short_help="A scenario from the counts you have.")
@click.option("--from", "counts", required=True, metavar="COUNTS", type=click.Path(path_type=Path), help="CSV or XLSX.")
@click.option(
    "--out", default="desk.yaml", show_default=True, metavar="FILE", type=click.Path(path_type=Path),
    help="The scenario to write.",
)  # fmt: skip
@click.option(
    "--column", "columns", multiple=True, metavar="OURS=THEIRS",
    help='As in offered="Calls Offered". Ours: date, time, channel, offered, answered, abandoned, aht, talk, wrap_up.',
)  # fmt: skip
@click.option("--sheet", metavar="NAME", help="Which worksheet; by default the first with the columns.")
@click.option("--channel", default="phone", show_default=True, help="Of counts that do not name one.")
@click.option(
    "--staff", metavar="FILE", type=click.Path(path_type=Path), help="CSV or XLSX of your agents by interval."
)
@click.option("--time-zone", default="UTC", show_default=True, help="As in Europe/London.")
@click.option(
    "--counts", "counted", type=click.Choice(["offered", "first_attempts"]), default="offered", show_default=True,
    help="What was counted: with redials and reconnects, or without.",
)  # fmt: skip
def new(
    counts: Path, out: Path, columns: tuple[str, ...], sheet: str | None, channel: str, staff: Path | None,
    time_zone: str, counted: Literal["offered", "first_attempts"],
) -> None:  # fmt: skip
    """Write a scenario from 30-minute counts: shapes, weekdays, busyness, handle times and a staffing to start from.

    \b
    sim new --from counts.csv
    sim new --from export.xlsx --sheet June --column offered="Calls Offered" --time-zone Europe/London --out desk.yaml
    """
    from sim.new import new as write
    from sim.report import following

    mapping = {}
    for column in columns:
        ours, found, theirs = column.partition("=")
        if not found or not ours.strip() or not theirs.strip():
            raise UsageError(f"--column {column}: not an assignment", 'write it as in --column offered="Calls Offered"')
        mapping[ours.strip()] = theirs.strip()
    written = write(
        counts, out, columns=mapping, sheet=sheet, channel=channel, staff=staff, time_zone=time_zone, counts_are=counted
    )
    click.echo(written.summary)
    end_with(following.command("run", out), out)


@commands.command(short_help="Is the simulation right? Theory beside it.")
@click.argument("names", nargs=-1, metavar="[CASE]...")
@click.option("--full", is_flag=True, help="Simulate until 1 % of probabilities and 3 % of means would show; minutes.")
@_jobs
@_json
def verify(names: tuple[str, ...], jobs: int | None, *, full: bool, as_json: bool) -> None:
    """Hold the engine against closed forms, solved systems, published results and days worked by hand.

    All cases, or those named: EC-04, or EC for all that begin so. Exit code 3 if one fails.

    \b
    sim verify
    sim verify EC-04 T7
    """
    from sim import verify as verb
    from sim.report import following
    from sim.verify import cases, forms, text

    with progress_bar("replications", quiet=as_json) as progress:
        found = verb.verify(cases.chosen(names), forms.FULL if full else forms.SHORT, processes=jobs, progress=progress)
    if as_json:
        click.echo(json.dumps(text.document(found), ensure_ascii=False, allow_nan=False))
    else:
        click.echo(text.text(found))
        end_with(following.after_verify(found, names, full=full))
    if not found.passed:
        sys.exit(MISSED)


@commands.command(short_help="One customer's way through a run, in words.")
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
@click.argument("contact", metavar="[CONTACT]", required=False)
@_json
def follow(folder: Path, contact: str | None, *, as_json: bool) -> None:
    """Tell what happened to one contact of a run: behind whom it queued, who was free, what was decided, and why.

    CONTACT is replication.issue.attempt; without the attempt, all contacts of the issue. Without CONTACT, some that are
    worth following are listed.

    \b
    sim follow results/first/2026-10-05-1a2b
    sim follow results/first/2026-10-05-1a2b 3.42.2
    sim follow results/first/2026-10-05-1a2b 3.42
    """
    from sim import follow as verb
    from sim.report import following, life

    asked = verb.asked(contact) if contact is not None else None
    run = verb.recorded(folder)
    if asked is None:
        found = verb.pointers(run)
        document = life.pointers_document(run, found)
        if as_json:
            click.echo(json.dumps(document, ensure_ascii=False))
            return
        click.echo(life.pointers_text(run, found))
        end_with(following.after_follow(folder, document[0]["id"] if document else None))
        return
    told = verb.follow(run, *asked)
    if as_json:
        click.echo(json.dumps(life.document(told), ensure_ascii=False))
        return
    click.echo(life.text(told))
    whole = f"{told.replication}.{told.issue}"
    end_with(following.after_follow(folder, whole if told.attempt is not None and len(told.rows) > 1 else None))


for command in (*cli_load.COMMANDS, *cli_compare.COMMANDS):
    commands.add_command(command)
