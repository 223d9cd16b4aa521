"""The catalogue of plots, and how one is written.

A plot is a module of this package with three functions over one frozen dataclass of plain NumPy arrays: ``draw`` gives
the figure, ``table`` the numbers behind it, ``alt`` the same in words. It joins by one file and one line of `PLOTS`.
Only the plots' modules load matplotlib, and they are loaded when first asked for.
"""

from __future__ import annotations

import csv
from importlib import import_module
from io import BytesIO, StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast
from xml.sax.saxutils import escape

from sim.errors import CannotWrite, UsageError, did_you_mean

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PLOTS: dict[str, str] = {
    "demand": "How many contacts come in, and when?",
    "staffing": "Are enough people scheduled, and when not?",
    "net_staffing": "Which hours are short of agents, and which have some to spare?",
    "occupancy": "What do agents spend their time on?",
    "service_level": "When is the service level missed?",
    "waiting": "How long do customers wait?",
    "backlog": "How far does the backlog build up, and when is it cleared?",
    "differences": "What does each policy change, and how sure is that?",
    "risk": "How good is a single week, and how well is the mean known?",
    "headcount": "How many people does the service level need?",
    "frontier": "What does better service cost?",
    "tornado": "Which assumption moves the decision?",
    "erlang_gap": "Why does Erlang ask for another number of people?",
    "agreement": "Does the helpdesk do what was predicted?",
}
"""Name of the module, and the question that its plot answers (which is also its title)."""


class Plot(Protocol):
    """What every plot's module offers; `data` is the module's own dataclass."""

    def draw(self, data: Any) -> Figure:
        """The figure, drawn without pyplot."""

    def table(self, data: Any) -> dict[str, list[Any]]:
        """The numbers behind the figure: columns of one length, by name."""

    def alt(self, data: Any) -> str:
        """What the figure shows and its main finding, in words and numbers."""


def check_known(name: str) -> None:
    """Raises UsageError where no plot has that name."""
    if name not in PLOTS:
        hint = did_you_mean(name, list(PLOTS)) or f"there are {', '.join(PLOTS)}"
        raise UsageError(f"no plot is called '{name}'", hint)


def plot(name: str) -> Plot:
    """The plot of that name.

    Raises:
        UsageError: there is none.
    """
    check_known(name)
    return cast(Plot, import_module(f"sim.plots.{name}"))


def write(name: str, data: Any, folder: Path) -> list[Path]:
    """Write NAME.svg (with the alt text as its description), NAME.png (150 dpi) and NAME.csv; returns their paths.

    The same data gives the same bytes with the same release of matplotlib.

    Raises:
        UsageError: no plot has that name.
        CannotWrite: the folder or a file in it cannot be written.
    """
    module = plot(name)
    figure = module.draw(data)
    contents = {
        "svg": _svg(figure, PLOTS[name], module.alt(data)),
        "png": _png(figure),
        "csv": _csv(module.table(data)),
    }
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for suffix, content in contents.items():
            path = folder / f"{name}.{suffix}"
            path.write_bytes(content)
            paths.append(path)
    except OSError as problem:
        raise CannotWrite(f"the plot '{name}' could not be written: {problem}", "choose another folder") from problem
    return paths


def _svg(figure: Figure, title: str, alt: str) -> bytes:
    from sim.plots._style import plain

    file = BytesIO()
    with plain():
        figure.savefig(file, format="svg", metadata={"Title": title, "Date": None, "Creator": None})
    # screen readers look for <desc>, which matplotlib does not write
    return file.getvalue().replace(b"</title>", f"</title>\n <desc>{escape(alt)}</desc>".encode(), 1)


def _png(figure: Figure) -> bytes:
    from sim.plots._style import plain

    file = BytesIO()
    with plain():
        # the fastest compression: the pictures of a small run would otherwise take a tenth of its time
        figure.savefig(file, format="png", dpi=150, metadata={"Software": None}, pil_kwargs={"compress_level": 1})
    return file.getvalue()


def _csv(table: dict[str, list[Any]]) -> bytes:
    file = StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(table)
    writer.writerows([_cell(value) for value in row] for row in zip(*table.values(), strict=True))
    return file.getvalue().encode()


def _cell(value: Any) -> str:
    """A cell of the CSV: floats to six digits, NaN empty."""
    if isinstance(value, float):
        return "" if value != value else f"{value:.6g}"
    return str(value)
