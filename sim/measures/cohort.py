"""One replication's contacts by arrival cohort: what was offered from the start of the scenario up to its end.

Contacts of the run-in and of the drain are in the table, and count where they belong to an issue of the cohort, but no
figure of waiting counts them. What is still open at the end is censored, never left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from sim.desk import Desk
from sim.measures import sla
from sim.schemas import NEVER, SPELLS, TICKS_PER_SECOND, Cause, Outcome
from sim.tables import Array, Floats, Table

Bools = npt.NDArray[np.bool_]
T = TypeVar("T", bound=np.generic)

NEVER_WAITED = (
    Outcome.BLOCKED, Outcome.IGNORED, Outcome.TURNED_AWAY, Outcome.CONTAINED, Outcome.DEFLECTED,
)  # fmt: skip
"""How contacts ended that never joined a queue."""

UNDECIDED = (Outcome.OPEN, Outcome.CALLBACK_PENDING)
"""What is not over when the clock stops."""


def no_spells() -> Table:
    """The work on contacts that were put back, where none was."""
    return Table({name: np.zeros(0, dtype=np.int64) for name in SPELLS})


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
    """A message of it was ignored, and nobody has answered since."""
    open: Bools
    """A contact still waits or is worked on: the end is not known."""
    passed: Array
    """How many of its contacts came of the desk passing the customer on: an agent, a machine, or by deflection."""
    personal: Bools
    """An answer was a personal one."""
    retained: Bools
    """The customer accepted a retention offer."""
    solved_first: Bools
    """The first answer solved it, and no further contact came within 7 days of it."""


class Cohort:
    """One replication, with the arrays that measures share. `contacts` must be in order of issue and attempt; `capped`
    is how often a customer was stopped at the cap of attempts; `spells` is the work on contacts that were put back
    after it (`sim.simulate.engine.Run`); `plan` is the desk as it was scheduled, where `desk` is who came."""

    def __init__(
        self, contacts: Table, desk: Desk, capped: int = 0, spells: Table | None = None, plan: Desk | None = None
    ) -> None:
        self.desk = desk
        self.plan = plan or desk
        self.all = contacts
        self.capped = capped
        self.spells = no_spells() if spells is None else spells
        self.channels = tuple(channel.name for channel in desk.channels)
        self.segments = desk.segments
        self.live = np.array([channel.live for channel in desk.channels])
        self.automatic = np.array([channel.automatic for channel in desk.channels], dtype=bool)

    @cached_property
    def rows(self) -> Table:
        """The contacts of the cohort."""
        offered = self.all["offered"]
        return self.all.where((offered >= 0) & (offered < self.desk.horizon))

    @cached_property
    def answered(self) -> Bools:
        """An agent has taken it (called back, passed on later or still at it included), or the outsourcer."""
        return self._answered(self.rows)

    @cached_property
    def by_agent(self) -> Bools:
        """An agent of the desk's own has taken it."""
        return self.answered & ~self.outcome(Outcome.OUTSOURCED)

    @cached_property
    def waiting(self) -> Bools:
        """It still waits when the clock stops (at self-service: is still at the machine)."""
        return np.isin(self.rows["outcome"], UNDECIDED) & ~self.answered

    def _answered(self, rows: Table) -> Bools:
        # what was put back may be cut off at closing, though an agent had taken it
        other = np.isin(rows["outcome"], (Outcome.CONTAINED, Outcome.DISCONNECTED))
        return np.asarray((rows["answered"] != NEVER) & ~self.automatic[rows["channel"]] & ~other)

    def outcome(self, outcome: Outcome) -> Bools:
        return np.asarray(self.rows["outcome"] == int(outcome))

    @cached_property
    def wait(self) -> Array:
        """Ticks until answered (called back), or until the customer left; of open contacts, so far; `NEVER` for those
        who never waited (`NEVER_WAITED`, and whoever a machine served)."""
        return self._waits(self.rows)

    @cached_property
    def response(self) -> Array:
        """Ticks until the customer has the answer: live, until answered (called back); deferrable, until the reply is
        sent, or the message passed on; for whom a recorded message helped, until that was over."""
        told = self.outcome(Outcome.CONTAINED) & ~self.automatic[self.rows["channel"]] & (self.rows["resolved"] == 1)
        live = self.live[self.rows["channel"]] & ~told
        done = np.where(live, self.rows["answered"], self.rows["ended"])
        known = (self.answered | told) & (done != NEVER)
        return np.where(known, done - self.rows["offered"], NEVER)

    @cached_property
    def within(self) -> Bools:
        """Answered within the target of the channel, by the clock of the target."""
        return self._in_time(np.where(self.response == NEVER, NEVER, self.response + self.rows["offered"]))

    @cached_property
    def left_within(self) -> Bools:
        """Abandoned within the target of the channel, by the clock of the target."""
        return self._in_time(np.where(self.outcome(Outcome.ABANDONED), self.rows["ended"], NEVER))

    def _in_time(self, moments: Array) -> Bools:
        """Whether a moment of each contact came within the target of its channel; no where it is `NEVER`."""
        rows, met = self.rows, np.zeros(len(self.rows), dtype=bool)
        for code, channel in enumerate(self.desk.channels):
            mine = np.flatnonzero((rows["channel"] == code) & (moments != NEVER))
            offered, asked, replied = (rows[name][mine] for name in ("offered", "asked", "replied"))
            ticks = sla.elapsed(offered, moments[mine], asked, replied, channel.target.business)
            met[mine] = ticks <= channel.target.within
        return met

    def seconds(self, ticks: Array) -> Floats:
        """Ticks as seconds, 0 where they are `NEVER`: for sums."""
        return np.where(ticks == NEVER, 0, ticks) / TICKS_PER_SECOND

    def _waits(self, rows: Table) -> Array:
        outcome = rows["outcome"]
        until = np.where(rows["answered"] != NEVER, rows["answered"], rows["ended"])
        until = np.where(np.isin(outcome, UNDECIDED) & (until == NEVER), self.desk.ends, until)
        # observed at a real desk, a contact may be over without a moment that anybody saw
        waited = ~np.isin(outcome, NEVER_WAITED) & ~self.automatic[rows["channel"]] & (until != NEVER)
        return np.where(waited, until - rows["offered"], NEVER)

    @cached_property
    def waits_of_all(self) -> Array:
        """What the customer felt, for every contact of the table: as `wait`, of deferrable ones until the reply is
        sent, and in either case no longer than until another contact has solved the issue."""
        waits = self._waits(self.all)
        live = self.live[self.all["channel"]]
        offered, solved = self.all["offered"], self._by_issue.spread(self._solved)
        replied = np.where(self.all["ended"] != NEVER, self.all["ended"], self.desk.ends) - offered
        until = np.where(live, waits, replied)
        until = np.where(solved == NEVER, until, np.minimum(until, np.maximum(solved - offered, 0)))
        return np.where(waits == NEVER, NEVER, until)

    @cached_property
    def _by_issue(self) -> _ByIssue:
        return _ByIssue(self.all["issue"])

    @cached_property
    def _solved(self) -> Array:
        """When each issue of the table was solved."""
        return self._by_issue.least(np.where(self.all["resolved"] == 1, self.all["ended"], NEVER))

    @cached_property
    def _had(self) -> Array:
        """When the customer had the answer of each contact of the table: live, when an agent took it; deferrable, when
        the reply was sent (no reply is one that passes the message on); of a machine or a recorded message, when it
        was through, if it helped."""
        table = self.all
        live, outcome = self.live[table["channel"]], table["outcome"]
        replied = np.where(outcome == Outcome.TRANSFERRED, NEVER, table["ended"])
        had = np.where(self._answered(table), np.where(live, table["answered"], replied), NEVER)
        return np.where((outcome == Outcome.CONTAINED) & (table["resolved"] == 1), table["ended"], had)

    @cached_property
    def issues(self) -> Issues:
        table, by = self.all, self._by_issue
        outcome, had = table["outcome"], self._had
        first = table["offered"][by.starts]
        keep = (first >= 0) & (first < self.desk.horizon)
        first_answer, last_answer = by.least(had), by.most(had)
        passed_on = np.isin(table["cause"], (Cause.TRANSFER, Cause.ESCALATION, Cause.DEFLECTION))
        told = self.desk.responses
        personal = np.array(told.personal if told is not None and told.personal else [False] * len(self.channels))
        # the last of an issue's contacts is the one planned last; the last thing that happened may be to another
        return Issues(
            customer=table["customer"][by.starts][keep],
            channel=table["channel"][by.last][keep],
            first_channel=table["channel"][by.starts][keep],
            segment=table["segment"][by.starts][keep],
            first_offered=first[keep],
            first_answer=first_answer[keep],
            solved=self._solved[keep],
            closed=by.most(np.maximum(table["ended"], table["offered"]))[keep],
            contacts=(by.last - by.starts + 1)[keep],
            last=by.last[keep],
            starts=by.starts[keep],
            ignored=by.any((outcome == Outcome.IGNORED) & (table["offered"] >= by.spread(last_answer)))[keep],
            open=by.any(np.isin(outcome, UNDECIDED))[keep],
            passed=by.sum(passed_on)[keep],
            personal=by.any(self._answered(table) & personal[table["channel"]])[keep],
            retained=by.any(table["retained"] == 1)[keep],
            solved_first=self._solved_first()[keep],
        )

    def _solved_first(self) -> Bools:
        """Whose first answer solved it, with no further contact within 7 days of it."""
        table, by = self.all, self._by_issue
        # who is helped by a recorded message before any answer needs none
        told = (table["answer"] == NEVER) & ~by.spread(by.any(table["answer"] == 1))
        solving = (table["resolved"] == 1) & ((table["answer"] == 1) | told)
        answer = by.spread(by.least(np.where(solving, self._had, NEVER)))
        after = table["offered"] - np.where(answer == NEVER, 0, answer)
        again = (after > 0) & (after <= 7 * 86_400 * TICKS_PER_SECOND)
        return by.any(solving) & ~by.any(again)


class _ByIssue:
    """Folds a column of a table in order of issues to one number an issue, and back."""

    def __init__(self, number: Array) -> None:
        self.starts = np.flatnonzero(np.diff(number, prepend=-1)) if len(number) else np.zeros(0, dtype=np.int64)
        self.last = (np.append(self.starts[1:], len(number)) - 1)[: len(self.starts)]

    def most(self, values: Array) -> Array:
        """The latest time of each issue; `NEVER` where there is none."""
        return np.maximum.reduceat(values, self.starts) if len(self.starts) else values[:0]

    def least(self, values: Array) -> Array:
        """The earliest time of each issue; `NEVER` where there is none."""
        latest = np.iinfo(np.int64).max
        late = np.where(values == NEVER, latest, values)
        least = np.minimum.reduceat(late, self.starts) if len(self.starts) else late[:0]
        return np.where(least == latest, NEVER, least)

    def any(self, values: Bools) -> Bools:
        return np.maximum.reduceat(values, self.starts) if len(self.starts) else values[:0]

    def sum(self, values: Bools) -> Array:
        return np.add.reduceat(values.astype(np.int64), self.starts) if len(self.starts) else np.zeros(0, np.int64)

    def spread(self, values: npt.NDArray[T]) -> npt.NDArray[T]:
        """Each row's issue's number."""
        return np.repeat(values, self.last - self.starts + 1)
