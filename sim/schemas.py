"""Every column of the contacts table: type, unit, meaning, and when it is empty.

One row is one contact: one attempt of one issue on one channel. Times are integer ticks of 1 ms after the start of the
scenario (negative in the run-in week). In memory an empty cell holds `NEVER`; in Parquet it is null.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

TICKS_PER_SECOND = 1000
NEVER = int(np.iinfo(np.int64).min)
"""The cell of something that never happened, or that the engine cannot know. All integer columns are int64."""


class Outcome(IntEnum):
    """How a contact ended. Conservation: every contact that was offered has exactly one."""

    OPEN = 0
    ANSWERED = 1
    ABANDONED = 2
    BLOCKED = 3
    IGNORED = 4
    TURNED_AWAY = 5
    DISCONNECTED = 6
    CONTAINED = 7
    """A machine dealt with it, or a recorded message; `resolved` says whether that helped."""
    DEFLECTED = 8
    CALLED_BACK = 9
    CALLBACK_PENDING = 10
    TRANSFERRED = 11
    """Passed on: a new contact of the same issue."""
    OUTSOURCED = 12
    WITHDRAWN = 13


class Cause(IntEnum):
    """Why a contact was made."""

    FIRST = 0
    REDIAL = 1
    RECONNECT = 2
    SWITCH = 3
    PUBLIC = 4
    DEFLECTION = 5
    ESCALATION = 6
    TRANSFER = 7


class Source(IntEnum):
    """Which engine made a contact."""

    SIMULATED = 0
    OBSERVED = 1


@dataclass(frozen=True)
class Column:
    """One column: how it is stored, its unit and what it means; `codes` names the list that an integer points into."""

    name: str
    unit: str
    meaning: str
    nullable: bool = False
    codes: str | None = None


CONTACTS: tuple[Column, ...] = (
    Column("issue", "number", "the issue, numbered from 0 within its replication"),
    Column("attempt", "number", "1 for the issue's first contact, then 2, 3, …"),
    Column("customer", "number", "the customer, numbered from 0; the same customer may have several issues"),
    Column("segment", "code", "the customer's segment", codes="segments"),
    Column("intent", "code", "what the issue is about", codes="intents"),
    Column("channel", "code", "the channel of this contact", codes="channels"),
    Column(
        "cause",
        "code",
        "why this contact was made: first; redial after giving up; reconnect after an answer that did not help; switch "
        "of channel; public complaint; deflection; escalation by a machine; transfer by an agent",
        codes="causes",
    ),
    Column("offered", "ms", "when the contact reached the channel, after the start of the scenario"),
    Column("outcome", "code", "how it ended", codes="outcomes"),
    Column("answered", "ms", "when an agent took it; empty unless answered", nullable=True),
    Column(
        "ended", "ms", "when talk (or work on a message) ended, or the customer left; empty while open", nullable=True
    ),
    Column("freed", "ms", "when the agent's wrap-up ended; empty unless that happened", nullable=True),
    Column(
        "taken",
        "ms",
        "when an agent last took it up: as answered, unless work on it was put aside; empty if none did, and while it "
        "is put aside",
        nullable=True,
    ),
    Column("asked", "ms", "when the desk asked the customer back; empty unless it did", nullable=True),
    Column("replied", "ms", "when the customer replied to that; empty until then", nullable=True),
    Column(
        "announced",
        "ms",
        "the wait that was announced, or after which a callback was offered; empty without one",
        nullable=True,
    ),
    Column("chasers", "number", "how often the customer wrote again about this open contact"),
    Column("retained", "0/1", "whether a retention offer was accepted; empty unless one was made", nullable=True),
    Column("group", "code", "the skill group of the agent; empty unless answered", nullable=True, codes="groups"),
    Column("agent", "number", "the agent's number within the group, from 0; empty unless answered", nullable=True),
    Column("answer", "number", "the how-manieth answered contact of the issue, from 1; empty unless answered", True),
    Column("resolved", "0/1", "whether this answer solved the issue; empty unless talk has ended", nullable=True),
    Column("contract", "code", "the customer's contract: rolling, one year, two years", codes="contracts"),
    Column("tenure", "months", "how long the customer has been one"),
    Column("expires_in", "months", "until the contract expires; empty for rolling contracts", nullable=True),
    Column("captive", "0/1", "1 where the customer has no competitor to go to"),
    Column("mood", "1/1000 point", "cumulative satisfaction before the issue, 0 to 100,000"),
    Column("reply_draw", "1/1,000,000", "uniform draw: does the customer answer the survey?"),
    Column("noise_draw", "1/1000 sd", "standard normal draw: noise of the survey score"),
    Column("complaint_draw", "1/1,000,000", "uniform draw: is a complaint recorded if the issue stays unresolved?"),
    Column("source", "code", "simulated, or observed at a real helpdesk", codes="sources"),
)

SPELLS: tuple[str, ...] = ("issue", "attempt", "channel", "group", "agent", "from", "to")
"""The columns of the spells table: work on contacts that were put back into their lines; from and to in ticks."""

CONTRACTS: tuple[str, ...] = ("rolling", "one_year", "two_years")
