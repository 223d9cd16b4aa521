"""What the terminal says after a load test: thresholds and validity first, then where every contact went, how long the
steps took, and what the customers lived through."""

from __future__ import annotations

from collections.abc import Iterable

from sim.load.observe import Observed
from sim.report.console import aligned, wrapped
from sim.report.following import ending
from sim.report.load_facts import Facts, Sheet, facts


def report(observed: Observed, folder: str) -> str:
    """The whole text; `folder` is the run folder as the user would type it."""
    told = facts(observed, folder)
    # where nothing came of it, the desk may be away
    best = next((command for _, command in told.next if command), "sim helpdesk status")
    ordered = sorted(told.next, key=lambda each: each[1] == best)
    parts = [
        f"{told.name} · load test\n{wrapped(told.headline)}",
        _thresholds(told),
        f"{told.verdict.mark} {told.verdict.short}\n{wrapped(told.verdict.meaning)}",
        _keeping_up(told),
        f"Where every contact went\n{wrapped(told.law)}\n\n{_sheet(told.went)}",
        f"{told.steps.caption}\n{_sheet(told.steps)}\n{_lines(told.step_notes)}",
        f"What the customers experienced, in scenario time\n{_sheet(told.customers)}\n{_lines(told.customer_notes)}",
        *(f"{section.title}\n{_lines(section.lines)}" for section in told.sections),
        "\n".join(f"{words}: {command}" if command not in ("", best) else f"{words}." for words, command in ordered),
        ending(best, folder),
    ]
    return "\n\n".join(part for part in parts if part)


def _thresholds(told: Facts) -> str:
    return "\n".join(f"{each.mark} {each.words}: {each.found}" for each in told.thresholds)


def _keeping_up(told: Facts) -> str:
    reasons = [f"  ✗ {reason}" for reason in told.keeping_up.reasons]
    listed = " · ".join(f"{name} {value}" for name, value in told.keeping_up.facts)
    lines = ["Did the generator keep up?", wrapped(told.keeping_up.sentence), *reasons, wrapped(f"  {listed}", "  ")]
    return "\n".join([*lines, _lines(told.keeping_up.notes)])


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(wrapped(f"  {line}", "  ") for line in lines)


def _sheet(sheet: Sheet) -> str:
    """As columns; a name that repeats that of the row above is left out."""
    names = [row[0] for row in sheet.rows]
    rows = [
        ("" if number and names[number - 1] == row[0] else row[0], *row[1:]) for number, row in enumerate(sheet.rows)
    ]
    return aligned([sheet.header, *rows])
