"""One replication's contacts by arrival cohort: what was offered from the start of the scenario up to its end.

Contacts of the run-in and of the drain are in the table, and count where they belong to an issue of the cohort, but no
figure of waiting counts them. What is still open at the end is censored, never left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sim.desk import Desk
from sim.schemas import NEVER, TICKS_PER_SECOND, Outcome
from sim.tables import Array, Floats, Table

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Issues:
    """The issues of the cohort, one element each. Times in ticks, `NEVER` where they did not happen."""

    customer: Array
    channel: Array
    """The channel of the last contact."""
    first_channel: Array
    segment: Array
    first_offered: Array
    first_answer: Array
    """When the customer had the first answer: live, when an agent answered; deferrable, when the reply was sent."""
    solved: Array
    """When the answer that solved the issue was complete."""
    closed: Array
    """When the last thing happened."""
    contacts: Array
    last: Array
    """Row of the last contact in the table."""
    starts: Array
    """Row of the first contact in the table."""
    ignored: Bools
    open: Bools
    """A contact still waits or is worked on: the end is not known."""
    solved_first: Bools
    """The first answer solved it, and no further contact came within 7 days of it."""


class Cohort:
    """One replication, with the arrays that measures share. `contacts` must be in order of issue and attempt; `capped`
    is how often a customer was stopped at the cap of attempts."""

    def __init__(self, contacts: Table, desk: Desk, capped: int = 0) -> None:
        self.desk = desk
        self.all = contacts
        self.capped = capped
        self.channels = tuple(channel.name for channel in desk.channels)
        self.segments = desk.segments
        self.live = np.array([channel.live for channel in desk.channels])
        self._within = np.array([channel.target.within for channel in desk.channels])

    @cached_property
    def rows(self) -> Table:
        """The contacts of the cohort."""
        offered = self.all["offered"]
        return self.all.where((offered >= 0) & (offered < self.desk.horizon))

    @cached_property
    def answered(self) -> Bools:
        return np.asarray(self.rows["answered"] != NEVER)

    def outcome(self, outcome: Outcome) -> Bools:
        return np.asarray(self.rows["outcome"] == int(outcome))

    @cached_property
    def wait(self) -> Array:
        """Ticks until answered, or until the customer left; of open contacts, so far; `NEVER` for those who never
        waited (blocked, ignored, turned away)."""
        return self._waits(self.rows)

    @cached_property
    def response(self) -> Array:
        """Ticks until the customer has the answer: live, until answered; deferrable, until the reply is sent."""
        live = self.live[self.rows["channel"]]
        done = np.where(live, self.rows["answered"], self.rows["ended"])
        known = self.answered & (done != NEVER)
        return np.where(known, done - self.rows["offered"], NEVER)

    @cached_property
    def within(self) -> Bools:
        """Answered within the target of the channel."""
        return np.asarray((self.response != NEVER) & (self.response <= self._within[self.rows["channel"]]))

    @cached_property
    def left_within(self) -> Bools:
        """Abandoned within the target of the channel."""
        return self.outcome(Outcome.ABANDONED) & (self.wait <= self._within[self.rows["channel"]])

    def seconds(self, ticks: Array) -> Floats:
        """Ticks as seconds, 0 where they are `NEVER`: for sums."""
        return np.where(ticks == NEVER, 0, ticks) / TICKS_PER_SECOND

    def _waits(self, rows: Table) -> Array:
        outcome = rows["outcome"]
        until = np.where(rows["answered"] != NEVER, rows["answered"], rows["ended"])
        until = np.where((outcome == Outcome.OPEN) & (until == NEVER), self.desk.ends, until)
        waited = ~np.isin(outcome, (Outcome.BLOCKED, Outcome.IGNORED, Outcome.TURNED_AWAY))
        return np.where(waited, until - rows["offered"], NEVER)

    @cached_property
    def waits_of_all(self) -> Array:
        """As `wait`, for every contact of the table; of deferrable ones until the reply is sent."""
        waits = self._waits(self.all)
        live = self.live[self.all["channel"]]
        replied = np.where(self.all["ended"] != NEVER, self.all["ended"], self.desk.ends) - self.all["offered"]
        return np.where(live | (waits == NEVER), waits, replied)

    @cached_property
    def issues(self) -> Issues:
        table = self.all
        number = table["issue"]
        starts = np.flatnonzero(np.diff(number, prepend=-1)) if len(number) else np.zeros(0, dtype=np.int64)
        first = table["offered"][starts]
        keep = (first >= 0) & (first < self.desk.horizon)
        last = np.append(starts[1:], len(number)) - 1
        last = last[: len(starts)]

        def least(values: Array) -> Array:
            """The earliest time of each issue; `NEVER` where there is none."""
            late = np.where(values == NEVER, np.iinfo(np.int64).max, values)
            least = np.minimum.reduceat(late, starts) if len(starts) else late[:0]
            return np.where(least == np.iinfo(np.int64).max, NEVER, least)[keep]

        def any_of(values: Bools) -> Bools:
            return (np.maximum.reduceat(values, starts) if len(starts) else values[:0])[keep]

        ended, resolved = table["ended"], table["resolved"]
        week = 7 * 86_400 * TICKS_PER_SECOND
        next_offered = np.append(table["offered"][1:], 0)
        same_issue = np.append(number[1:] == number[:-1], False)
        took = table["answered"] != NEVER
        # when the customer had this answer
        had = np.where(self.live[table["channel"]], table["answered"], np.where(took, ended, NEVER))
        again = same_issue & (next_offered - np.where(had == NEVER, 0, had) <= week)
        first_answer = (table["answer"] == 1) & (resolved == 1) & ~again
        return Issues(
            customer=table["customer"][starts][keep],
            channel=table["channel"][last][keep],
            first_channel=table["channel"][starts][keep],
            segment=table["segment"][starts][keep],
            first_offered=first[keep],
            first_answer=least(had),
            solved=least(np.where(resolved == 1, ended, NEVER)),
            closed=np.maximum(table["ended"][last], table["offered"][last])[keep],
            contacts=(last - starts + 1)[keep],
            last=last[keep],
            starts=starts[keep],
            ignored=any_of(table["outcome"] == Outcome.IGNORED),
            open=any_of(table["outcome"] == Outcome.OPEN),
            solved_first=any_of(first_answer),
        )
