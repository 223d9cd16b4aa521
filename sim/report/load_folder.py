"""What a load test leaves in its run folder beside the plan and the ledger: the tables, the measures and the page."""

from __future__ import annotations

from pathlib import Path

from sim.load.observe import Observed, deliveries_csv, step_words
from sim.report import junit, load_document, load_page
from sim.results import write_json
from sim.tables import write_parquet


def write(observed: Observed, folder: Path) -> None:
    """Write contacts, steps, deliveries, measures, the JUnit file and the page. Raises OSError."""
    words = observed.desk.words()
    (folder / "contacts").mkdir(exist_ok=True)
    write_parquet(observed.contacts, folder / "contacts" / "0000.parquet", words)
    write_parquet(observed.steps, folder / "steps.parquet", step_words(observed.desk))
    write_json(folder / "measures.json", load_document.document(observed))
    texts = {
        "deliveries.csv": deliveries_csv(observed.deliveries),
        "measures.csv": load_document.measures_csv(observed),
        "junit.xml": _junit(observed),
        "report.html": load_page.page(observed),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def _junit(observed: Observed) -> str:
    late, unbalanced = "; ".join(observed.validity.reasons), "; ".join(observed.books.breaks)
    return junit.junit(
        observed.scenario.name, junit.cases(observed.verdicts, late=late, unbalanced=unbalanced), observed.seconds
    )
