"""One customer's way through a run: the replication is simulated again, with the journal on, and told from it.

A contact is ``r.issue.attempt``: its replication, its issue and which of the issue's contacts it is, as in the run's
contacts tables (replication 3 is ``contacts/0003.parquet``). What is told is what happened in the run: scenario,
customers and contacts are compared with those of the run folder, and nothing is told where they differ.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import sim
from sim.attendance import attended
from sim.desk import Desk
from sim.draws import PAGE, Decision, uniforms
from sim.errors import SimError, UsageError
from sim.measures.cohort import Cohort
from sim.measures.customers import AS_IS, satisfactions
from sim.population.draw import COINS, DELAYS, DRAWS, Population, draw
from sim.run import digest
from sim.scenario import lower
from sim.scenario.read import Scenario, read
from sim.scenario.unknowns import redrawn
from sim.schemas import NEVER, Cause, Outcome
from sim.simulate.engine import simulate
from sim.simulate.journal import DRAW, Entry, Journal
from sim.tables import Array, Table, read_parquet

BY_ANSWER = frozenset(
    ("handle", "wrap_up", "resolved", "reconnect", "reconnect_delay", "transfer", "escalate", "asks", "asks_delay",
     "retain", "solve", "chance")
)  # fmt: skip
"""Draws that go by the issue's answer; the others go by its attempt."""

DECISIONS: dict[str, Decision] = {
    "patience": Decision.PATIENCE,
    "handle": Decision.HANDLE,
    "wrap_up": Decision.WRAP_UP,
    "resolved": Decision.RESOLVED,
    "redial": Decision.REDIAL,
    "redial_delay": Decision.REDIAL_DELAY,
    "reconnect": Decision.RECONNECT,
    "reconnect_delay": Decision.RECONNECT_DELAY,
    "ignored": Decision.IGNORED,
    **COINS,
    **DELAYS,
    **DRAWS,
}

LOOKED_AT = 5
"""Replications in which contacts worth following are looked for."""


@dataclass(frozen=True)
class Recorded:
    """A run folder, and the scenario that made it."""

    folder: Path
    provenance: dict[str, Any]
    scenario: Scenario
    desk: Desk

    @property
    def seed(self) -> int:
        return int(self.provenance["seed"])

    @property
    def replications(self) -> int:
        return int(self.provenance["replications"])

    def contacts(self, replication: int) -> Table:
        path = self.folder / "contacts" / f"{replication:04d}.parquet"
        try:
            return read_parquet(path, self.desk.words())
        except OSError as problem:
            raise UsageError(f"{path} cannot be read", f"run it again: {self.provenance['command']}") from problem


@dataclass(frozen=True)
class Life:
    """What happened to one issue, or to one of its contacts (`attempt`), and all that is needed to tell it.

    `desk` is who was there; `contacts` and `spells` are those of the whole replication. Draws among the entries tell
    `luck`, the uniform number behind them (None: a log says the value), and the `chance` it was held against.
    """

    recorded: Recorded
    desk: Desk
    replication: int
    issue: int
    attempt: int | None
    population: Population
    contacts: Table
    spells: Table
    entries: tuple[Entry, ...]
    satisfaction: float | None
    """0 to 100; None for issues outside the time that is measured."""
    waits: tuple[int, ...]
    """Ticks of each contact of the issue, in order, as the satisfaction model counts them: live, until taken; of
    messages until the reply is sent; no longer than until another contact has solved the issue. `NEVER`: no wait."""

    @property
    def rows(self) -> list[dict[str, int]]:
        """The contacts of the issue."""
        return _rows(self.contacts, np.flatnonzero(self.contacts["issue"] == self.issue))


@dataclass(frozen=True)
class Pointer:
    """A contact worth following: of what kind it is, and its row of the contacts table."""

    kind: str
    replication: int
    row: dict[str, int]


def recorded(folder: Path) -> Recorded:
    """The run in a folder.

    Raises:
        UsageError: it is no run folder, or one of another version of sim, or its scenario has changed since.
    """
    path = folder / "run.json"
    try:
        provenance = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        hint = "name the folder of one run, as sim run says it at the end: results/first/2026-10-05-1a2b"
        raise UsageError(f"{folder} is no run folder: it has no run.json that can be read", hint) from problem
    if provenance.get("sim") != sim.__version__:
        what = f"{folder} was made by sim {provenance.get('sim')}, and this is sim {sim.__version__}"
        raise UsageError(what, f"run it again: {provenance.get('command', 'sim run FILE')}")
    scenario = _scenario(folder, provenance)
    return Recorded(folder, provenance, scenario, lower.desk(scenario))


def _scenario(folder: Path, provenance: dict[str, Any]) -> Scenario:
    """The scenario of the run: its file, or else the text that the run has kept."""
    for path in (Path(provenance["file"]), folder / "scenario.yaml"):
        try:
            scenario = read(path, provenance["set"], variant=provenance["variant"])
        except SimError:
            # gone, or something else by now
            continue
        populations, uncertain = provenance["population_digests"], provenance["uncertain"]
        if digest(scenario, provenance["seed"], populations, uncertain=uncertain) == provenance["digest"]:
            return scenario
    what = f"{provenance['file']}, or a file that it names, is not what it was when {folder} was made"
    raise UsageError(what, f"run it again: {provenance['command']}")


def asked(words: str) -> tuple[int, int, int | None]:
    """Replication, issue and attempt (None: all) of a contact as it is typed: ``3.42.2``, ``3.42``."""
    found = re.fullmatch(r"(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?", words)
    if found is None:
        raise UsageError(f"'{words}' is no contact", "write replication.issue.attempt, as in 3.42.2, or 3.42 for all")
    replication, issue, attempt = found.groups()
    return int(replication), int(issue), None if attempt is None else int(attempt)


def follow(run: Recorded, replication: int, issue: int, attempt: int | None) -> Life:
    """Simulate one replication of a run again, and take down what happens to one issue.

    Raises:
        UsageError: the run has no such contact. SimError: what happens now is not what happened in the run.
    """
    if replication >= run.replications:
        what = f"{run.folder} has replications 0 to {run.replications - 1}"
        raise UsageError(f"{what}, and no {replication}", "sim follow RUN lists contacts to follow")
    before = run.contacts(replication)
    _check_there(before, replication, issue, attempt)
    scenario, desk, belief = run.scenario, run.desk, AS_IS
    if run.provenance["uncertain"]:
        scenario, belief = redrawn(scenario, run.seed, replication)
        desk = lower.desk(scenario)
    population = draw(scenario, run.seed, replication)
    if population.digest != run.provenance["population_digests"][replication]:
        raise _differs(run, "customers drawn")
    there, journal = attended(desk, run.seed, replication), Journal(issue)
    done = simulate(there, population, journal)
    mine = [table.where(table["issue"] == issue) for table in (before, done.contacts)]
    if any(mine[0][name].tolist() != mine[1][name].tolist() for name in before.names):
        raise _differs(run, f"contacts of issue {issue}")
    entries = tuple(_enriched(journal, population, _answers(mine[1])))
    cohort = Cohort(done.contacts, there, spells=done.spells, plan=desk)
    felt = satisfactions(cohort, belief.feeling)[cohort.all["issue"][cohort.issues.starts] == issue]
    return Life(
        replace(run, scenario=scenario, desk=desk), there, replication, issue, attempt, population, done.contacts,
        done.spells, entries, float(felt[0]) if len(felt) else None,
        tuple(cohort.waits_of_all[cohort.all["issue"] == issue].tolist()),
    )  # fmt: skip


def _check_there(contacts: Table, replication: int, issue: int, attempt: int | None) -> None:
    attempts = contacts["attempt"][contacts["issue"] == issue].tolist()
    hint = "sim follow RUN lists contacts to follow"
    if not attempts:
        raise UsageError(f"replication {replication} has no contact of issue {issue}", hint)
    if attempt is not None and attempt not in attempts:
        known = ", ".join(f"{replication}.{issue}.{number}" for number in attempts)
        raise UsageError(f"there is no {replication}.{issue}.{attempt}", f"of this issue there are {known}")


def _differs(run: Recorded, what: str) -> SimError:
    packages = ", ".join(f"{name} {version}" for name, version in run.provenance["packages"].items())
    return SimError(
        f"internal error: the {what} now are not those of the run, though scenario and seed are the same",
        f"the run was made with Python {run.provenance['python']}, {packages}; run it again here to follow it",
    )


def _answers(mine: Table) -> dict[int, int]:
    """The attempt of each answer of the issue."""
    return dict(zip(mine["answer"].tolist(), mine["attempt"].tolist(), strict=True))


def _enriched(journal: Journal, population: Population, answers: dict[int, int]) -> Iterator[Entry]:
    """The entries, with what is known of each draw; the chance of an answer is no draw, and goes into the draw that is
    held against it."""
    issue, entries = journal.issue, journal.entries
    for place, entry in enumerate(entries):
        if entry.what != DRAW:
            yield entry
            continue
        name, number = entry.about["name"], entry.about["number"]
        if name == "chance":
            continue
        more = {"luck": _luck(population, issue, name, number)}
        if name in COINS or name in ("redial", "reconnect", "resolved"):
            more["chance"] = _of_coin(population, issue, name, entry.about["channel"])
        elif name in DRAWS or name == "ignored":
            more["chance"] = _of_draw(entries, place)
        attempt = answers[number] if name in BY_ANSWER else number
        yield replace(entry, attempt=attempt, about=entry.about | more)


def _luck(population: Population, issue: int, name: str, number: int) -> float | None:
    """The uniform number behind a draw."""
    known = population.known_handle
    if name == "handle" and number == 1 and known is not None and known[issue] != NEVER:
        return None
    page, position = divmod(number - 1, PAGE)
    luck = population.luck
    return float(uniforms(luck.seed, luck.replication, DECISIONS[name], PAGE, page=page, block=issue)[position])


def _of_coin(population: Population, issue: int, name: str, channel: int) -> float:
    luck = population.luck
    if name == "resolved":
        own = luck.resolved[population.issues["intent"].item(issue)]
        return luck.channels[channel].resolved if np.isnan(own) else own
    told: float | tuple[float, float] = getattr(luck.channels[channel], name)
    return told[0] if isinstance(told, tuple) else told


def _of_draw(entries: Sequence[Entry], place: int) -> float:
    """What a draw in millionths was held against: the chance that the entry before it tells; of an answer of unusual
    quality, its usual chance times that."""
    if entries[place].about["name"] != "solve":
        return float(entries[place - 1].about["chance"]) / 1e6
    usual = next(e.about["value"] for e in reversed(entries[:place]) if e.about.get("name") == "chance")
    quality = next(e.about["quality"] for e in entries[place:] if e.what == "has an answer")
    return float(usual * quality) / 1e12


# --- contacts worth following ----------------------------------------------------------------------------------------


def pointers(run: Recorded) -> list[Pointer]:
    """Of each kind of story that the first replications hold, one contact: the one in which most happened, by how long
    it took."""
    best: dict[str, tuple[int, Pointer]] = {}
    for replication in range(min(run.replications, LOOKED_AT)):
        contacts = run.contacts(replication)
        measured = (contacts["offered"] >= 0) & (contacts["offered"] < run.desk.horizon)
        for kind, (chosen, rank) in _kinds(run.desk, contacts).items():
            rows = np.flatnonzero(chosen & measured)
            if len(rows):
                top = rows[int(rank[rows].argmax())]
                score = int(rank[top])
                if kind not in best or score > best[kind][0]:
                    best[kind] = score, Pointer(kind, replication, _rows(contacts, np.array([top]))[0])
    return [pointer for _, pointer in best.values()]


def _kinds(desk: Desk, contacts: Table) -> dict[str, tuple[Any, Array]]:
    """By kind of story, which contacts are of it, and a rank: of which the highest is told."""
    outcome, cause, attempt = contacts["outcome"], contacts["cause"], contacts["attempt"]
    answered, offered, ended = contacts["answered"], contacts["offered"], contacts["ended"]
    live = np.array([channel.live and not channel.automatic for channel in desk.channels])[contacts["channel"]]
    waited = np.where(answered == NEVER, np.where(ended == NEVER, offered, ended), answered) - offered
    second = np.zeros(len(contacts), dtype=bool)
    for number, then in enumerate(desk.answers_then):
        channels = [desk.channel_of_queue[queue] for queue in then]
        second |= (contacts["group"] == number) & np.isin(contacts["channel"], channels)

    def ended_as(kind: Outcome) -> Any:
        return outcome == int(kind)

    taken = answered != NEVER
    return {
        "the longest wait": (live & taken, waited),
        "the longest wait for an answer to a message": (~live & taken & ended_as(Outcome.ANSWERED), ended - offered),
        "gave up": (ended_as(Outcome.ABANDONED), waited),
        "tried most often": (attempt > 1, attempt),
        "taken by a second group": (second & live & taken, waited),
        "passed on by a machine": (cause == Cause.ESCALATION, waited),
        "passed on by an agent": (cause == Cause.TRANSFER, waited),
        "complained in public": (cause == Cause.PUBLIC, waited),
        "turned to another channel": (cause == Cause.SWITCH, waited),
        "asked to use another channel": (cause == Cause.DEFLECTION, waited),
        "called back": (ended_as(Outcome.CALLED_BACK), waited),
        "went to the outsourcer": (ended_as(Outcome.OUTSOURCED), waited),
        "wrote again": (contacts["chasers"] > 0, contacts["chasers"]),
        "put aside and taken up again": (taken & (contacts["taken"] > answered), contacts["taken"] - answered),
        "found no line free": (ended_as(Outcome.BLOCKED), attempt),
        "found it closed": (ended_as(Outcome.TURNED_AWAY), attempt),
        "cut off": (ended_as(Outcome.DISCONNECTED), waited),
        "ignored": (ended_as(Outcome.IGNORED), attempt),
    }


def _rows(table: Table, rows: Array) -> list[dict[str, int]]:
    columns = [table[name][rows].tolist() for name in table.names]
    return [dict(zip(table.names, values, strict=True)) for values in zip(*columns, strict=True)]
