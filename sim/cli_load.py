"""The commands that meet a real helpdesk: load, agree, helpdesk. Parse, call, print, as in `sim.cli`."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
from contextlib import suppress
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.errors import CannotWrite, SimError, UsageError
from sim.terminal import end_with, progress_bar, read_scenario

if TYPE_CHECKING:
    from sim.load.drive import Driven
    from sim.load.guard import Target
    from sim.load.session import Options, Prepared
    from sim.scenario.read import Scenario

USAGE, REFUSED = 2, 5
UNJUDGED = 4
"""Not all of the books are here: the run does not count yet."""
RESULTS = Path("results")

_folder = click.Path(path_type=Path)


@click.command(
    short_help="Send the same customers to a real helpdesk.", context_settings={"ignore_unknown_options": False}
)
@click.argument("file", metavar="[SCENARIO]", type=_folder, required=False)
@click.argument("locust_args", nargs=-1, type=click.UNPROCESSED, metavar="[-- LOCUST ARGS]")
@click.option("--helpdesk", type=click.Choice(["rt", "django-helpdesk", "rest"]), help="Which product answers there.")
@click.option("--host", metavar="URL", help="The desk; by default the scenario's, or that of `sim helpdesk up`.")
@click.option("--window", metavar="WHEN", help="A part of the scenario, as in 'Mon 09:00..12:00'; by default all.")
@click.option("--speed", metavar="N|auto", default="auto", show_default=True, help="Times faster than life.")
@click.option(
    "--agents",
    type=click.Choice(["scenario", "none"]),
    default="scenario",
    show_default=True,
    help="Who answers: the scenario's staff, or people at the desk.",
)
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that send.")
@click.option("--ui", is_flag=True, help="Locust's page in the browser, on this machine.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@click.option("--plan-only", type=_folder, metavar="DIR", help="Write the plan, for locust by hand.")
@click.option("--allow-host", "allowed", multiple=True, metavar="HOST", help="A host that is not this machine.")
@click.option("--listen", is_flag=True, help="Workers may join from other machines.")
@click.option("--cleanup", type=_folder, metavar="RUN", help="What a run has left at the desk; with --yes, delete it.")
@click.option(
    "--reconcile", "to_reconcile", type=_folder, metavar="RUN", help="Close the books of a run that broke off."
)
@click.option("--yes", is_flag=True, help="Delete, with --cleanup.")
@click.option("--variant", metavar="NAME", help="One of the scenario's variants; by default none.")
@click.option("--set", "sets", multiple=True, metavar="PATH=VALUE", help="Change one value; may be repeated.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0, 2**63), help="Seed of all luck.")
@click.option("--out", type=_folder, metavar="FOLDER", help="Run folder; by default in results/.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
def load(
    file: Path | None, locust_args: tuple[str, ...], helpdesk: str | None, host: str | None, window: str | None,
    speed: str, agents: str, workers: int, plan_only: Path | None, allowed: tuple[str, ...], cleanup: Path | None,
    to_reconcile: Path | None, variant: str | None, sets: tuple[str, ...], seed: int, out: Path | None, *, ui: bool,
    dry_run: bool, listen: bool, yes: bool, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Send a scenario's customers to a real helpdesk, each when they are due, and see what they live through.

    \b
    sim helpdesk up                          a helpdesk on this machine, to try it
    sim load scenarios/first.yaml --helpdesk django-helpdesk --window 'Mon 08:00..12:00' --speed 240
    sim load scenarios/first.yaml --helpdesk rt --window 'Mon 09:00..12:00' --dry-run
    sim load --cleanup results/first/RUN --yes
    sim load scenarios/first.yaml --helpdesk rt --plan-only plan     then: SIM_PLAN=plan locust -f …

    Nothing but this machine is sent to, unless --allow-host and the scenario's load.host both name it. Tokens come from
    SIM_RT_TOKEN, SIM_DJANGO_HELPDESK_TOKEN or SIM_REST_TOKEN (and …_AGENT_TOKEN).

    Exit codes: 0 passed, 1 internal error or disk full, 2 usage or scenario malformed, 3 a threshold missed, 4 the
    generator could not keep up: the run does not count, 5 refused, unreachable or lost, 130 interrupted.
    """
    if cleanup is not None:
        _clean(cleanup, yes=yes, as_json=as_json)
        return
    if to_reconcile is not None:
        _reconcile(to_reconcile, as_json=as_json)
        return
    if file is None or helpdesk is None:
        missing = "a scenario" if file is None else "--helpdesk"
        raise UsageError(f"load needs {missing}", "as in sim load scenarios/first.yaml --helpdesk django-helpdesk")
    from sim.load import drive, session
    from sim.report import following

    drive.check_more(locust_args)
    options = session.Options(helpdesk, host, window, _speed(speed), agents, allowed, seed)
    scenario = read_scenario(file, sets, variant)
    at = session.allowed_target(scenario, options)
    if dry_run:
        made = session.prepared(scenario, options, at)
        if as_json:
            # one document: the plan, or why there is none
            session.must_fit(made)
        _say_plan(made, scenario, as_json=as_json, assumed=options.speed is None and agents == "scenario")
        session.must_fit(made)
        if not as_json:
            end_with(following.after_dry_run(_for_real(), helpdesk, is_up=at is not None))
        return
    if at is None:
        raise session.no_desk(helpdesk)
    if plan_only is not None:
        _write_plan(session.prepared(scenario, options, at), scenario, plan_only, as_json=as_json)
        return
    if out is not None:
        from sim.results import check_free

        check_free(out)
    _run(
        scenario, options, at, out, workers=workers, ui=ui, listen=listen, more=locust_args, as_json=as_json,
        quiet=quiet,
    )  # fmt: skip


def _for_real() -> str:
    """The command that was typed, without --dry-run."""
    from sim.report import following

    said = dict(click.get_current_context().params)
    file, more = said.pop("file"), said.pop("locust_args")
    said |= {"dry_run": False, "allow_host": said.pop("allowed"), "set": said.pop("sets")}
    again = following.command("load", file, **said)
    return f"{again} {shlex.join(['--', *more])}" if more else again


def _speed(text: str) -> float | None:
    if text == "auto":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= 100_000:
        raise UsageError(f"--speed {text}: not a speed", "give a number above 0, as in 60, or auto")
    return speed


def _say_plan(made: Prepared, scenario: Scenario, *, as_json: bool, assumed: bool) -> None:
    from sim.report import load_plan
    from sim.scenario.loads import load_limits

    limits = load_limits(scenario.spec)
    if as_json:
        click.echo(json.dumps(load_plan.document(made, limits), ensure_ascii=False))
    else:
        click.echo(load_plan.text(made, limits, assumed=assumed))


def _write_plan(made: Prepared, scenario: Scenario, folder: Path, *, as_json: bool) -> None:
    from sim.load import session
    from sim.report import following, load_plan
    from sim.scenario.loads import load_limits

    limits = load_limits(scenario.spec)
    session.must_fit(made)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is already there", "choose another folder with --plan-only, or remove it")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # so that --reconcile can report on what was sent by hand
        _begin(made, scenario, folder, folder)
    except OSError as problem:
        raise CannotWrite(f"{folder}: {problem.strerror}", "choose another place") from problem
    if as_json:
        click.echo(json.dumps(load_plan.document(made, limits) | {"plan": str(folder)}, ensure_ascii=False))
    else:
        click.echo(load_plan.text(made, limits, assumed=False) + "\n\n" + session.by_hand(folder))
        end_with(following.command("load", reconcile=folder), folder)


def _begin(made: Prepared, scenario: Scenario, folder: Path, plan: Path) -> None:
    """What is known before the first request. Raises OSError."""
    from sim.load import plan as plans
    from sim.report import load_folder

    plans.write(made.plan, made.world, plan)
    command = shlex.join(["sim", *sys.argv[1:]])
    load_folder.begin(made.plan, scenario, folder, desk=made.plan.helpdesk, command=command)


def _run(
    scenario: Scenario, options: Options, at: Target, out: Path | None, *, workers: int, ui: bool, listen: bool,
    more: tuple[str, ...], as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    from sim.load.observe import observe
    from sim.report import load_document, load_folder, load_text

    folder, driven = _driven(scenario, options, at, out, workers=workers, ui=ui, listen=listen, more=more, quiet=quiet)
    if not any((folder / "ledger").iterdir()):
        _to_stderr("the test is over, and its books are with the workers: copy their ledger-*.jsonl to "
                   f"{folder / 'ledger'}\nthen, for the report: sim load --reconcile {folder}")  # fmt: skip
        sys.exit(UNJUDGED)
    observed = observe(folder, scenario, interrupted=driven.interrupted, broken=driven.broken)
    load_folder.note_end(folder, "interrupted" if driven.interrupted else "broken" if driven.broken else "")
    load_folder.write(observed, folder)
    if as_json:
        click.echo(json.dumps(load_document.document(observed) | {"results": str(folder)}, ensure_ascii=False))
    else:
        click.echo(load_text.report(observed, str(folder)))
    sys.exit(observed.exit_code)


def _driven(
    scenario: Scenario, options: Options, at: Target, out: Path | None, *, workers: int, ui: bool, listen: bool,
    more: tuple[str, ...], quiet: bool,
) -> tuple[Path, Driven]:  # fmt: skip
    """Drive the plan in a hidden folder, which gets its name however that ends: there may be tickets to clean up. Where
    nothing was sent, nothing is left of it."""
    from sim.load import drive, session
    from sim.results import partial

    stem, elsewhere = Path(scenario.file).stem, False
    # before the desk is asked for anything: what is sent can be written down
    with partial(RESULTS / stem if out is None else out.absolute().parent) as hidden:
        made = session.measured(scenario, options, at)
        _begin(made, scenario, hidden, hidden / "plan")
        folder, ledger = hidden, hidden / "ledger"
        ledger.mkdir()
        try:
            with progress_bar("contacts", quiet=quiet) as progress:
                driven = drive.locust(
                    hidden / "plan", ledger, log=hidden / "locust.log", html=hidden / "locust.html",
                    workers=workers, ui=ui, listen=listen, more=more, say=_to_stderr,
                    progress=lambda done: progress(min(done, len(made.plan.rows)), len(made.plan.rows)),
                )  # fmt: skip
            elsewhere = listen and not driven.failed and not driven.interrupted
        finally:
            if elsewhere or any(ledger.iterdir()):
                folder = _named(hidden, out, made.plan.digest, stem)
        if folder == hidden:
            raise _why(driven)
    return folder, driven


def _named(hidden: Path, out: Path | None, digest: str, stem: str) -> Path:
    """The folder under its name, numbered where another run has taken that meanwhile."""
    from sim.results import finish, finish_by_default

    if out is None:
        return finish_by_default(hidden, RESULTS, stem, digest)
    for number in count(1):
        with suppress(UsageError):
            return finish(hidden, out if number == 1 else out.with_name(f"{out.name}-{number}"))
    raise AssertionError("a number is free")


def _why(driven: Driven) -> BaseException:
    """Why Locust ended before it began, in its own words."""
    from sim.load.session import Unreachable

    if driven.interrupted:
        return KeyboardInterrupt()
    if os.environ.get("SIM_TRACEBACK"):
        _to_stderr(driven.log_text)
    errors = re.findall(r"(?m)(?:/ERROR/[\w.]+|^\w+Error|\berror): (.+)$", driven.log_text)
    why = (errors or driven.log_text.split("\n")[:1])[-1] or "it said nothing"
    if REFUSED in driven.codes:
        return Unreachable(why)
    if USAGE in driven.codes:
        return UsageError(f"Locust does not start: {why}", "locust --help lists its options")
    return SimError(f"Locust ended before it began: {why}", "SIM_TRACEBACK=1 shows all that it said")


def _clean(folder: Path, *, yes: bool, as_json: bool) -> None:
    from sim.load import session
    from sim.report import following

    cleaned = session.cleanup(folder, _to_stderr if as_json else click.echo, yes=yes)
    if as_json:
        click.echo(json.dumps({"run": str(folder), **asdict(cleaned)}, ensure_ascii=False))
    elif cleaned.failed or (cleaned.left and not yes):
        end_with(following.command("load", cleanup=folder, yes=True))
    else:
        end_with(following.after_cleanup(folder, session.plan_of(folder).file))
    if cleaned.failed:
        sys.exit(REFUSED)


def _reconcile(folder: Path, *, as_json: bool) -> None:
    from sim.load import session
    from sim.load.observe import observe
    from sim.report import load_document, load_folder, load_text

    say = _to_stderr if as_json else click.echo
    found = session.reconcile(folder)
    for each in found:
        say(str(each))
    if not found:
        say("every create is accounted for")
    end = load_folder.end_of(folder)
    observed = observe(folder, interrupted=end == "interrupted", broken=end == "broken")
    load_folder.write(observed, folder)
    document = load_document.document(observed) | {"results": str(folder)}
    click.echo(json.dumps(document, ensure_ascii=False) if as_json else load_text.report(observed, str(folder)))
    sys.exit(observed.exit_code)


@click.command(short_help="The prediction beside what a helpdesk showed.")
@click.argument("predicted", metavar="PREDICTED", type=_folder)
@click.argument("observed", metavar="OBSERVED", type=_folder)
@click.option(
    "--out", type=_folder, metavar="FOLDER", help="Where the tables and the plot go; by default into OBSERVED."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def agree(predicted: Path, observed: Path, out: Path | None, *, as_json: bool) -> None:
    """Hold the prediction against what was observed: by channel, by interval and contact by contact.

    PREDICTED is the run folder of `sim run`, or the scenario; OBSERVED that of `sim load`. The window is simulated
    again from empty, and once more with the times that the desk itself took.

    \b
    sim agree scenarios/first.yaml results/first/RUN
    """
    from sim.agree import agree as held
    from sim.report import agree_text, following
    from sim.results import check_free

    folder = observed / "agree" if out is None else out
    if out is None:
        # of an earlier comparison of the same run
        shutil.rmtree(folder, ignore_errors=True)
    else:
        check_free(folder)
    with progress_bar("simulations", quiet=as_json) as progress:
        found = held(predicted, observed, progress=progress)
    agree_text.write(found, folder)
    if as_json:
        click.echo(json.dumps(agree_text.document(found), ensure_ascii=False, allow_nan=False))
        return
    click.echo(agree_text.report(found))
    end_with(following.after_agree(found, predicted, observed), folder)


@click.group(short_help="Helpdesks on this machine, to try things against.")
def helpdesk() -> None:
    """Start and stop a real helpdesk on this machine: on 127.0.0.1, with random secrets, and mail that reaches nobody.

    \b
    sim helpdesk up              django-helpdesk, by pip alone
    sim helpdesk up rt           Request Tracker 5, where it is installed (Debian, as root: --install)
    sim helpdesk status
    sim helpdesk down --purge
    """


_desk = click.argument("name", metavar="[django-helpdesk|rt]", default="django-helpdesk")


@helpdesk.command(short_help="Start one.")
@_desk
@click.option("--install", is_flag=True, help="Install what it needs (rt: Debian's packages, as root).")
@click.option("--fresh", is_flag=True, help="With an empty database.")
@click.option("--rate", metavar="N/min", help="Of django-helpdesk: refuse more requests than this with 429.")
def up(name: str, rate: str | None, *, install: bool, fresh: bool) -> None:
    """Start a helpdesk, and say where it is."""
    from sim.report import following

    local = _local()
    desk = local.up(name, say=_to_stderr, install=install, fresh=fresh, rate=rate)
    click.echo(local.describe(desk))
    end_with(following.try_load(name))


@helpdesk.command(short_help="Stop one.")
@_desk
@click.option("--purge", is_flag=True, help="Remove its data as well.")
def down(name: str, *, purge: bool) -> None:
    """Stop a helpdesk; its data stay."""
    from sim.report import following

    _local().down(name, say=click.echo, purge=purge)
    end_with(following.command("helpdesk up", name))


@helpdesk.command(short_help="Which are up.")
@click.argument("name", metavar="[django-helpdesk|rt]", required=False)
def status(name: str | None) -> None:
    """Say which helpdesks are up, and where."""
    from sim.report import following

    local = _local()
    desks = local.status(name)
    for desk in desks:
        click.echo(local.describe(desk))
    if not desks:
        click.echo("none was ever started here")
    running = [desk.name for desk in desks if desk.up]
    down = [desk.name for desk in desks if not desk.up]
    end_with(following.try_load(running[0]) if running else following.command("helpdesk up", *down[:1]))


def _local() -> Any:
    if os.name == "nt":
        raise UsageError("helpdesks are started on Linux and macOS only", "on Windows, use WSL")
    from sim.helpdesks import local

    return local


def _to_stderr(line: str) -> None:
    click.echo(line, err=True)


COMMANDS: tuple[click.Command, ...] = (load, agree, helpdesk)
