"""One replication: the population's issues meet the desk, and a contacts table comes out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.desk import Desk
from sim.population.draw import Population
from sim.schemas import CONTACTS, NEVER, SPELLS, Source
from sim.simulate.centre import Centre
from sim.simulate.journal import Journal, Witness
from sim.tables import Table

_OF_THE_CONTACT = (
    "issue", "attempt", "channel", "cause", "offered", "outcome", "answered", "taken", "ended", "freed", "answer",
    "resolved",
)  # fmt: skip
_OF_ITS_STORY = ("asked", "replied", "announced", "chasers", "retained")


@dataclass(frozen=True)
class Run:
    """What one replication left: its contacts by (issue, attempt), and how often the cap on attempts was hit.

    `spells` is the time that agents worked on contacts before these were put back into their lines: issue, attempt,
    channel, group, agent, and the ticks from and to, in the order in which they ended.
    """

    contacts: Table
    capped: int
    spells: Table


def simulate(desk: Desk, population: Population, journal: Journal | None = None) -> Run:
    """Run one replication; everything is decided by the arguments, and nothing by the journal."""
    issues = population.issues
    arrivals = list(zip(issues["arrival"].tolist(), range(len(issues)), strict=True))
    # issues are numbered in order of arrival as they are drawn, but one appended later may come earlier
    arrivals.sort()
    fates = population.fates() if journal is None else Witness(population.fates(), journal)
    centre = Centre(desk, arrivals, issues, fates, journal)
    centre.run()
    rows = np.array(centre.spells, dtype=np.int64).reshape(-1, len(SPELLS))
    spells = Table({name: rows[:, column] for column, name in enumerate(SPELLS)})
    return Run(contacts_table(centre, issues), centre.capped, spells)


def contacts_table(centre: Centre, issues: Table) -> Table:
    """The rows of every contact that was offered, in order of issue and attempt, with what is known of the issue."""
    contacts = [contact for contact in centre.contacts if contact.offered < centre.desk.ends]
    columns = {
        name: np.array([getattr(contact, name) for contact in contacts], dtype=np.int64) for name in _OF_THE_CONTACT
    }
    for name in _OF_ITS_STORY:
        columns[name] = np.array([getattr(contact.more, name) for contact in contacts], dtype=np.int64)
    agents = [contact.by for contact in contacts]
    columns["group"] = np.array([NEVER if agent is None else agent.group for agent in agents], dtype=np.int64)
    columns["agent"] = np.array([NEVER if agent is None else agent.number for agent in agents], dtype=np.int64)
    order = np.lexsort((columns["attempt"], columns["issue"]))
    columns = {name: values[order] for name, values in columns.items()}
    columns["source"] = np.full(len(contacts), Source.SIMULATED, dtype=np.int64)
    for column in CONTACTS:
        if column.name not in columns:
            columns[column.name] = issues[column.name][columns["issue"]]
    return Table({column.name: columns[column.name] for column in CONTACTS})
