"""What a report is made of: the answer in words, the comparison, the pictures, and what else was worked out.

The page, the workbook, the Markdown and the JSON document are all made from one of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sim.compare import Comparison
from sim.gap import Gap
from sim.plots import PLOTS, check_known
from sim.report import compare_pictures, compare_text
from sim.uncertain import Unsure


@dataclass(frozen=True)
class Shown:
    """A picture: the plot, the question it answers, whose it is (None: it is about all policies), and its data."""

    plot: str
    question: str
    policy: str | None
    data: Any


@dataclass(frozen=True)
class Dossier:
    """Everything in a report; `verdict`, `notes` and `commands` are sentences and lines of plain text."""

    title: str
    question: str
    comparison: Comparison
    verdict: tuple[str, ...]
    notes: tuple[str, ...]
    pictures: tuple[Shown, ...]
    unsure: Unsure | None
    gap: Gap | None
    commands: tuple[str, ...]


def dossier(
    comparison: Comparison,
    *,
    unsure: Unsure | None = None,
    gap: Gap | None = None,
    commands: Sequence[str] = (),
    only: Sequence[str] = (),
) -> Dossier:
    """Put a report together.

    Args:
        only: the plots that are wanted, by name; none: all that have something to show.

    Raises:
        UsageError: there is no plot of a name.
    """
    for name in only:
        check_known(name)
    scenario = comparison.baseline.result.scenario
    pictures = [
        Shown(name, PLOTS[name], policy, data)
        for name, policy, data in compare_pictures.pictures(comparison, unsure=unsure, gap=gap)
        if not only or name in only
    ]
    return Dossier(
        title=scenario.name,
        question=scenario.spec.question or "",
        comparison=comparison,
        verdict=compare_text.verdict(comparison),
        notes=compare_text.notes(comparison),
        pictures=tuple(pictures),
        unsure=unsure,
        gap=gap,
        commands=tuple(commands),
    )
