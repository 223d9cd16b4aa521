"""Everything in the run folder of a load test but the plan and the ledgers, which were there before."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import sim
from sim.load.observe import Observed, deliveries_csv, step_words
from sim.load.plan import Plan
from sim.report import load_document, load_page
from sim.report.junit import cases, junit
from sim.results import write_json
from sim.scenario.read import Scenario
from sim.tables import write_parquet

PACKAGES = ("locust", "gevent", "geventhttpclient", "simpy", "numpy", "duckdb")


def begin(plan: Plan, scenario: Scenario, folder: Path, *, desk: str, command: str) -> None:
    """What is known before the first request: it tells a run that crashed from one that never was."""
    write_json(folder / "run.json", provenance(plan, scenario, desk=desk, command=command))
    (folder / "scenario.yaml").write_text(scenario.text, encoding="utf-8")


def note_end(folder: Path, how: str) -> None:
    """Write down how a run ended, where the ledger cannot tell: "interrupted", "broken", or "" for neither."""
    if how:
        told = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        write_json(folder / "run.json", {**told, "ended": how})


def end_of(folder: Path) -> str:
    """How a run ended, as `note_end` has it; "" where nobody has said."""
    try:
        return str(json.loads((folder / "run.json").read_text(encoding="utf-8")).get("ended", ""))
    except (OSError, ValueError, AttributeError):
        return ""


def provenance(plan: Plan, scenario: Scenario, *, desk: str, command: str) -> dict[str, Any]:
    return {
        "sim": sim.__version__,
        "source": "observed",
        "scenario": scenario.name,
        "file": scenario.file,
        "variant": scenario.variant,
        "set": list(scenario.sets),
        "scenario_digest": scenario.digest,
        "seed": plan.seed,
        "replication": plan.replication,
        "replications": 1,
        "population_digests": [plan.population_digest],
        "plan_digest": plan.digest,
        "run": plan.run,
        "helpdesk": desk,
        "host": plan.host,
        "speed": plan.speed,
        "window": list(plan.window),
        "agents": plan.agents,
        "command": command,
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def write(observed: Observed, folder: Path) -> None:
    """Contacts, latencies, deliveries, measures, JUnit and the page."""
    (folder / "contacts").mkdir(exist_ok=True)
    write_parquet(observed.contacts, folder / "contacts" / "0000.parquet", observed.desk.words())
    write_parquet(observed.steps, folder / "steps.parquet", step_words(observed.desk))
    (folder / "deliveries.csv").write_text(deliveries_csv(observed.deliveries), encoding="utf-8")
    write_json(folder / "measures.json", load_document.document(observed))
    (folder / "measures.csv").write_text(load_document.measures_csv(observed), encoding="utf-8")
    listed = cases(
        observed.verdicts, late="; ".join(observed.validity.reasons), unbalanced="; ".join(observed.books.breaks)
    )
    (folder / "junit.xml").write_text(junit(observed.scenario.name, listed, observed.seconds), encoding="utf-8")
    (folder / "report.html").write_text(load_page.page(observed), encoding="utf-8")
