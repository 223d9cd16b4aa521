"""The reference pages of the columns and the measures, written from the code that defines them.

``python -m sim.report.reference`` writes ``docs/contacts.md`` and ``docs/measures.md`` below the current folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from sim.measures import MEASURES
from sim.schemas import CONTACTS, CONTRACTS, Cause, Column, Outcome

_WRITTEN = "Written by `python -m sim.report.reference`; edit the code that defines it, not this page."

_WORDS = {
    "causes": [cause.name.lower() for cause in Cause],
    "outcomes": [outcome.name.lower() for outcome in Outcome],
    "contracts": list(CONTRACTS),
}
"""The words of codes that are the same in every scenario."""

_CHANNELS = {
    "all": "each channel",
    "live": "live channels",
    "deferrable": "deferrable channels",
    "": "the whole desk",
}


def contacts() -> str:
    """The page of the contacts table, in Markdown: a row a column."""
    text = [
        "# The contacts table",
        _WRITTEN,
        "One row is one contact: one attempt of one issue on one channel. A run folder holds one Parquet file a "
        "replication, `contacts/0000.parquet` and so on. Columns are whole numbers, or words from a fixed list. Times "
        "are milliseconds after midnight of the scenario's first day; those of the run-in before it are negative. What "
        "never happened, or cannot be known, is empty (null), never 0.",
        _table(
            ["column", "unit, or words", "empty?", "meaning"],
            ([f"`{c.name}`", _unit(c), "may be" if c.nullable else "never", c.meaning] for c in CONTACTS),
        ),
    ]
    return "\n\n".join(text) + "\n"


def measures() -> str:
    """The page of the measures, in Markdown: a row a measure."""
    text = [
        "# The measures",
        _WRITTEN,
        "What `measures.json`, `measures.csv` and `sim run --json` report, by name. Every figure comes with its 95 % "
        "interval over replications. Shares are from 0 to 1, times in seconds, money in the scenario's currency.",
        _table(
            ["name", "unit", "better", "reported for", "a run reports", "definition"],
            ([f"`{m.name}`", m.unit, m.better, _CHANNELS[m.channels], m.kind.value, m.definition] for m in MEASURES),
        ),
    ]
    return "\n\n".join(text) + "\n"


PAGES = {"contacts.md": contacts, "measures.md": measures}


def _unit(column: Column) -> str:
    if column.codes is None:
        return column.unit
    fixed = _WORDS.get(column.codes)
    return "a name in the scenario" if fixed is None else ", ".join(f"`{word}`" for word in fixed)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def main() -> None:
    """Write the pages."""
    for name, page in PAGES.items():
        Path("docs", name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
