"""The pages of the keys, the columns, the measures and the constants, written from the code that defines them.

``python -m sim.report.pages`` writes ``docs/reference.md``, ``docs/contacts.md``, ``docs/measures.md``, the tables of
``docs/satisfaction.md`` and ``scenarios/scenario.schema.json`` below the current folder.
"""

from __future__ import annotations

import json
from pathlib import Path

from sim.measures import MEASURES
from sim.measures.constants import CALIBRATED, CONSTANTS
from sim.report.assumptions import words
from sim.report.markdown import table
from sim.report.reference import reference
from sim.scenario import schema
from sim.schemas import CONTACTS, CONTRACTS, Cause, Column, Outcome, Source

_WRITTEN = "Written by `python -m sim.report.pages`; edit the code that defines it, not this page."

_WORDS = {
    "causes": [cause.name.lower() for cause in Cause],
    "outcomes": [outcome.name.lower() for outcome in Outcome],
    "contracts": list(CONTRACTS),
    "sources": [source.name.lower() for source in Source],
}
"""The words of codes that are the same in every scenario."""

_CHANNELS = {
    "all": "each channel",
    "people": "channels with people",
    "live": "live channels",
    "deferrable": "deferrable channels",
    "self_service": "self-service",
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
        table(
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
        "interval over replications; where it or its interval is null, `reason` says why. Shares are from 0 to 1, "
        "times in seconds, money in the scenario's currency. "
        "[satisfaction.md](satisfaction.md) explains the figures that are implied by the model of satisfaction, and "
        "the bands of excess churn.",
        table(
            ["name", "unit", "better", "reported for", "a run reports", "definition"],
            ([f"`{m.name}`", m.unit, m.better, _CHANNELS[m.channels], m.kind.value, m.definition] for m in MEASURES),
        ),
    ]
    return "\n\n".join(text) + "\n"


def constants() -> str:
    """The constants of satisfaction and churn, in Markdown: a row a constant."""
    return table(
        ["constant", "value", "unit", "range", "grade", "meaning", "source"],
        (
            [f"`{path}`", words(value), it.unit, it.range, it.grade, it.meaning, it.source]
            for path, (value, it) in CONSTANTS.items()
        ),
    )


def calibrated() -> str:
    """What the reference run gives, in Markdown."""
    rows = ([symbol, words(value), meaning] for symbol, (value, meaning) in CALIBRATED.items())
    return table(["symbol", "value", "what, and what it makes true in the reference run"], rows)


def pages(docs: Path) -> dict[str, str]:
    """Every page by its file name in `docs`, as it should be; of `satisfaction.md` only the tables are written."""
    satisfaction = (docs / "satisfaction.md").read_text(encoding="utf-8")
    for name, filling in (("constants", constants()), ("calibrated", calibrated())):
        satisfaction = _filled(satisfaction, name, filling)
    return {
        "reference.md": reference(_WRITTEN),
        "contacts.md": contacts(),
        "measures.md": measures(),
        "satisfaction.md": satisfaction,
    }


def schema_file() -> str:
    """The JSON Schema of scenarios, as it is shipped beside them."""
    return json.dumps(schema.json_schema(), indent=1, ensure_ascii=False) + "\n"


def _filled(page: str, name: str, filling: str) -> str:
    """A page with a table between the marks ``<!-- NAME: written by … -->`` and ``<!-- end of NAME -->``."""
    before, start, rest = page.partition(f"<!-- {name}: written by `python -m sim.report.pages` -->\n")
    _, end, after = rest.partition(f"\n<!-- end of {name} -->")
    if not start or not end:
        raise ValueError(f"the marks of {name} are missing")
    return before + start + filling + end + after


def _unit(column: Column) -> str:
    if column.codes is None:
        return column.unit
    fixed = _WORDS.get(column.codes)
    return "a name in the scenario" if fixed is None else ", ".join(f"`{word}`" for word in fixed)


def main() -> None:
    """Write the pages and the schema."""
    docs = Path("docs")
    (Path("scenarios") / schema.FILE).write_text(schema_file(), encoding="utf-8")
    for name, text in pages(docs).items():
        (docs / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
