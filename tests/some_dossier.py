"""Dossiers to make reports of: from real runs, short ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sim.compare import comparison
from sim.report.dossier import Dossier, dossier
from sim.run import Result, run
from sim.scenario.read import read

POLICIES = {"as is": (), "A & B's “more” <b>": ("phone.staff=3",)}
"""Of first.yaml, by names that are markup unless somebody sees to it."""


def simulated(
    scenario: Path, policies: Mapping[str, Sequence[str]], folder: Path, *, replications: int = 4
) -> list[tuple[str, Result]]:
    """A result a policy, by what it changes: variants begin with @, everything else is as after ``--set``."""
    named = []
    for number, (name, changes) in enumerate(policies.items()):
        variant = next((change[1:] for change in changes if change.startswith("@")), None)
        sets = [change for change in changes if not change.startswith("@")]
        contacts = folder / str(number) / "contacts"
        contacts.mkdir(parents=True)
        named.append((name, run(read(scenario, sets, variant=variant), contacts, replications=replications, jobs=1)))
    return named


def dossier_of(named: Sequence[tuple[str, Result]]) -> Dossier:
    return dossier(comparison(named), commands=("sim report results/here --open",))


def hostile(folder: Path) -> Path:
    """A day of first.yaml under a name and with a comment that would run if they were not escaped."""
    text = Path("scenarios/first.yaml").read_text(encoding="utf-8")
    text = text.replace("My support desk", "'<script>alert(1)</script>'").replace("$schema=scenario.schema.json", "x")
    path = folder / "hostile.yaml"
    path.write_text(f"{text}lasts: 1d\nquestion: '<img src=x onerror=alert(2)>?'\n# </pre><script>alert(3)</script>\n")
    return path
