"""What commands share at the terminal: reading the scenario that was named, warnings, a progress bar."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.errors import UsageError

if TYPE_CHECKING:
    from sim.run import Progress
    from sim.scenario.read import Scenario


def warn(*scenarios: Scenario) -> None:
    """What cannot go well, before it is run."""
    from sim.scenario.capacity import warnings

    for sentence in dict.fromkeys(each for scenario in scenarios for each in warnings(scenario.spec)):
        click.echo(f"sim: warning: {sentence}", err=True)


def read_scenario(file: Path, sets: tuple[str, ...], variant: str | None = None) -> Scenario:
    from sim.scenario.ranges import sweep
    from sim.scenario.read import read

    if sweep(sets) != [sets]:
        raise UsageError("a range of values makes several runs", "give one value; only sim run takes a range")
    return read(_found(file), sets, variant=variant)


def _found(file: Path) -> Path:
    """The file, or the scenario of that name that came with the package."""
    shipped = Path(__file__).parent / "shipped" / file.name
    if file.exists() or not shipped.exists() or file.parent.name not in ("", "scenarios"):
        return file
    click.echo(f"sim: {file} is not here; using the scenario of that name that came with sim", err=True)
    return shipped


def end_with(following: str, *folders: object) -> None:
    """The last lines of a command's text: where its results are, and the command to try next."""
    from sim.report.following import ending

    click.echo(f"\n{ending(following, *folders)}")


@contextmanager
def progress_bar(what: str, *, quiet: bool) -> Iterator[Progress]:
    """A bar on stderr while it is a terminal; otherwise nothing."""
    if quiet or not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
