"""Everything in a run folder but the contacts, which the replications have written already."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sim.report import document, pictures, staffing_sheet
from sim.results import write_json, write_run
from sim.run import Result
from sim.tables import Table, write_parquet


def write(result: Result, folder: Path) -> None:
    """Write run.json, scenario.yaml, measures, days, intervals, the staffing sheet and plots."""
    write_run(result, folder)
    (folder / "scenario.yaml").write_text(result.scenario.text, encoding="utf-8")
    write_json(folder / "measures.json", document.document(result))
    (folder / "measures.csv").write_text(document.measures_csv(result), encoding="utf-8")
    (folder / "days.csv").write_text(document.days_csv(result), encoding="utf-8")
    (folder / "intervals.csv").write_text(document.intervals_csv(result), encoding="utf-8")
    _write_intervals(result, folder / "intervals.parquet")
    staffing_sheet.write(result, folder)
    pictures.write(result, folder / "plots")


def _write_intervals(result: Result, path: Path) -> None:
    header, rows = document.interval_rows(result)
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    words = {name: tuple(dict.fromkeys(map(str, columns[name]))) for name in ("start", "weekday", "channel")}
    table = {}
    for name, values in columns.items():
        if name in words:
            code = {word: number for number, word in enumerate(words[name])}
            table[name] = np.array([code[str(value)] for value in values], dtype=np.int64)
        else:
            table[name] = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    write_parquet(Table(table), path, words)
