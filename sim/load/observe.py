"""What a load test found out, from its run folder alone: the ledger's rows as the tables that everything else reads.

The contacts are the contacts table of a simulation, `source` observed, in ticks of the scenario; a cell that nobody
could see at the desk is empty, never 0. Latencies are another matter, in wall time: a step is one try of one write, or
one read, and takes so long from when it was sent and, if it was due at a time, from when it was due. Every contact that
was due is a delivery, also one that never got as far as the desk.

An observed run is one replication, so nothing has an interval. Whom the scenario serves on a channel without a wire was
simulated in between (it keeps agents busy), so of those contacts the table tells only how they ended.
"""

from __future__ import annotations

import csv
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import Any, get_args

import numpy as np

from sim.desk import Desk
from sim.errors import SimError, UsageError
from sim.helpdesks.protocol import Kind
from sim.load import books as ledgers
from sim.load import ledger
from sim.load import plan as plans
from sim.load.books import Books, Validity
from sim.load.ledger import Delivery
from sim.load.limits import Samples, Verdict, judge, load_limits
from sim.load.slice import moved, sliced
from sim.measures.cohort import Cohort
from sim.measures.summary import Figure, Summary, figures, summarise
from sim.measures.workload import waiting_at
from sim.population.draw import Population
from sim.scenario.read import Scenario, read
from sim.schemas import CONTACTS, NEVER, TICKS_PER_SECOND, Outcome, Source
from sim.tables import Table

WRITES: tuple[str, ...] = get_args(ledger.Write)
STEPS: tuple[str, ...] = (*WRITES, *get_args(ledger.Read))
WIRES: tuple[str, ...] = get_args(ledger.Wire)
KINDS: tuple[str, ...] = (*Kind, "no word")
"""What went wrong: as an adapter names it, or nothing was ever heard of it."""
NO_WORD = len(KINDS) - 1

SENT = (Delivery.SENT, Delivery.CREATED_DESPITE_ERROR)
"""What is at the desk."""

_OF_THE_CONTACT = tuple(column.name for column in CONTACTS if column.name in ledger.COLUMNS)
_NOT_SEEN = ("answered", "taken", "ended", "freed", "asked", "replied", "announced")
"""What is not known of a contact that was entered without a wire: nobody waited at the desk."""


# --- contacts --------------------------------------------------------------------------------------------------------


def contacts(books: Books, desk: Desk, population: Population) -> Table:
    """The contacts that were offered, by (issue, attempt), with every column of the contacts table.

    Times are ticks of the scenario. Of contacts that were entered all moments but `offered` are empty; of one that was
    sent and of which the centre says nothing, all but its being offered is.
    """
    whole = _followed(books, desk, population)
    entered = np.array([_delivery(books, *key) is Delivery.ENTERED for key in _keys(whole)], dtype=bool)
    blank = {name: np.where(entered, NEVER, whole[name]) for name in _NOT_SEEN}
    return Table({name: blank.get(name, whole[name]) for name in whole.names})


def _followed(books: Books, desk: Desk, population: Population) -> Table:
    """As `contacts`, those that were entered as they were simulated: what measures of issues and agents need."""
    words = {name: {word: code for code, word in enumerate(of)} for name, of in desk.words().items()}
    rows = [*books.contacts.values()]
    rows += [_unheard_of(books, entry, words) for entry in books.entries.values() if _is_unheard_of(books, entry)]
    rows.sort(key=lambda row: (row["issue"], row["attempt"]))
    columns = {
        name: np.array([_cell(row[name], words.get(name)) for row in rows], np.int64) for name in _OF_THE_CONTACT
    }
    columns["source"] = np.full(len(rows), Source.OBSERVED, dtype=np.int64)
    for column in CONTACTS:
        if column.name not in columns:
            columns[column.name] = population.issues[column.name][columns["issue"]]
    return Table({column.name: columns[column.name] for column in CONTACTS})


def _cell(value: Any, codes: Mapping[str, int] | None) -> int:
    if value is None:
        return NEVER
    return codes[value] if codes is not None and isinstance(value, str) else int(value)


def _is_unheard_of(books: Books, entry: ledgers.Entry) -> bool:
    return entry.c not in books.contacts and entry.delivery in SENT


def _unheard_of(books: Books, entry: ledgers.Entry, words: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """The row of a contact that is at the desk, and that the centre did not live to write about."""
    issue, attempt = _key(entry.c)
    known = {"issue": issue, "attempt": attempt, "channel": entry.channel, "cause": entry.cause, "chasers": 0}
    sent = (entry.due or books.t0 or 0.0) + (entry.lag or 0.0)
    tick = books.rows.plan["window"][0] + round((sent - (books.t0 or sent)) * books.speed * 1000)
    return {**dict.fromkeys(_OF_THE_CONTACT), **known, "offered": tick, "outcome": int(Outcome.OPEN)}


def _key(c: str) -> tuple[int, int]:
    issue, _, attempt = c.partition(".")
    return int(issue), int(attempt)


def _keys(table: Table) -> Iterator[tuple[int, int]]:
    return zip(table["issue"].tolist(), table["attempt"].tolist(), strict=True)


def _delivery(books: Books, issue: int, attempt: int) -> Delivery | None:
    entry = books.entries.get(f"{issue}.{attempt}")
    return None if entry is None else entry.delivery


# --- steps -----------------------------------------------------------------------------------------------------------


def steps(books: Books, desk: Desk) -> Table:
    """Every request, or look into a mailbox, a row: raw latencies in wall time, in order of sending.

    Columns: `issue`, `attempt`, `channel` (code; empty for what is not of one contact), `step`, `wire`, `kind` (codes
    of `STEPS`, `WIRES`, `KINDS`; `kind` is empty where it went well), `due` and `sent` (s after the test began; `due`
    empty for what was due at no time of its own), `from_due` and `from_send` (s), `ok` (0/1), `status` (of HTTP),
    `tries` (this one included) and `last` (0/1: no further try follows).
    """
    zero = _zero(books)
    rows = [*_writes(books, zero), *_reads(books, zero)]
    rows.sort(key=lambda row: (row["sent"], row["step"]))
    codes = {name: code for code, name in enumerate(channel.name for channel in desk.channels)}
    table: dict[str, Any] = {}
    for name in ("issue", "attempt", "channel", "step", "wire", "ok", "kind", "status", "tries", "last"):
        cells = [codes.get(row["channel"], NEVER) if name == "channel" else row[name] for row in rows]
        table[name] = np.array([NEVER if cell is None else int(cell) for cell in cells], dtype=np.int64)
    for name in ("due", "sent", "from_due", "from_send"):
        cells = [row[name] for row in rows]
        table[name] = np.array([np.nan if cell is None else cell for cell in cells], dtype=np.float64)
    return Table(table)


def step_words(desk: Desk) -> dict[str, tuple[str, ...]]:
    """What the codes of the steps mean."""
    return {"channel": desk.words()["channel"], "step": STEPS, "wire": WIRES, "kind": KINDS}


def _zero(books: Books) -> float:
    """When the test began, in epoch seconds."""
    return books.t0 if books.t0 is not None else 0.0


def _writes(books: Books, zero: float) -> Iterator[dict[str, Any]]:
    for name, intent in books.intents.items():
        issue, attempt = _key(intent["c"])
        about = {
            "issue": issue,
            "attempt": attempt,
            "channel": intent["channel"],
            "step": STEPS.index(intent["step"]),
            "wire": WIRES.index(intent["wire"]),
            "due": None if intent["due"] is None else intent["due"] - zero,
        }
        # what was found out after the run is no latency
        outcomes = [row for row in books.outcomes.get(name, ()) if row["file"].isdecimal()]
        for row in outcomes:
            yield about | _tried(intent, row, zero)
        if not outcomes or outcomes[-1].get("retried"):
            nothing = {"from_due": None, "from_send": None, "status": None, "tries": len(outcomes) + 1}
            yield about | nothing | {"sent": intent["at"] - zero, "ok": 0, "kind": NO_WORD, "last": 1}


def _tried(intent: ledgers.Row, row: ledgers.Row, zero: float) -> dict[str, Any]:
    took = None if row["ms"] is None else row["ms"] / 1000
    return {
        "sent": (intent["at"] if took is None else row["at"] - took) - zero,
        "from_due": None if intent["due"] is None else row["at"] - intent["due"],
        "from_send": took,
        "ok": int(row["ok"]),
        "kind": None if row["ok"] else KINDS.index(row["kind"]),
        "status": row["status"],
        "tries": row.get("tries", 1),
        "last": int(not row.get("retried", False)),
    }


def _reads(books: Books, zero: float) -> Iterator[dict[str, Any]]:
    channels = {entry.c: entry.channel for entry in books.entries.values()}
    for row in books.rows.of("step"):
        issue, attempt = _key(row["c"]) if row["c"] else (None, None)
        yield {
            "issue": issue,
            "attempt": attempt,
            "channel": channels.get(row["c"]),
            "step": STEPS.index(row["step"]),
            "wire": WIRES.index("email" if row["step"] == "mailbox" else "rest"),
            "due": None,
            "sent": row["at"] - row["ms"] / 1000 - zero,
            "from_due": None,
            "from_send": row["ms"] / 1000,
            "ok": int(row["ok"]),
            "kind": None if row["ok"] else KINDS.index(row["kind"]),
            "status": None,
            "tries": 1,
            "last": 1,
        }


# --- deliveries ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Delivered:
    """What became of a contact that was due. Seconds are of the wall, `due` after the test began."""

    contact: str
    """"17.1": issue 17, attempt 1."""
    cause: str
    channel: str
    wire: str
    delivery: str
    late: bool
    lag: float | None
    ticket: str | None
    due: float | None
    detected: float | None
    """How long after the desk had the answer its customer saw it."""


def deliveries(books: Books) -> tuple[Delivered, ...]:
    """Every contact that was due, those of the plan first, each once."""
    wires = {channel["name"]: channel["wire"] for channel in books.rows.plan["channels"]}
    zero = _zero(books)
    return tuple(
        Delivered(
            contact=entry.c,
            cause=entry.cause,
            channel=entry.channel,
            wire=wires.get(entry.channel, ""),
            delivery=str(entry.delivery),
            late=entry.late,
            lag=entry.lag,
            ticket=entry.ticket,
            due=None if entry.due is None else round(entry.due - zero, 6),
            detected=_detected(books, entry.c),
        )
        for entry in books.entries.values()
    )


def _detected(books: Books, c: str) -> float | None:
    """The lag of detection, which the centre has in ticks of the scenario, in wall seconds."""
    lag = books.contacts.get(c, {}).get("detected")
    return None if lag is None else round(lag / 1000 / books.speed, 6)


def deliveries_csv(rows: Sequence[Delivered]) -> str:
    """The deliveries as a table: a row each, what is not known empty, `late` 0 or 1."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = list(Delivered.__dataclass_fields__)
    writer.writerow(names)
    for row in rows:
        cells = (getattr(row, name) for name in names)
        writer.writerow([int(cell) if isinstance(cell, bool) else cell for cell in cells])
    return text.getvalue()


# --- what thresholds are held against --------------------------------------------------------------------------------


def samples(books: Books) -> Samples:
    """What the thresholds of a load test judge: every row that was due, what never came back as infinitely slow."""
    taken = Samples(deliveries=Counter(str(entry.delivery) for entry in _due(books)))
    # a further contact may be a reply on the old ticket
    tried = {intent["c"] for intent in books.intents.values() if intent["due"] is not None}
    for name, intent in books.intents.items():
        taken.book(intent, [row for row in books.outcomes.get(name, ()) if row["file"].isdecimal()])
    for row in books.rows.of("step"):
        entry = books.entries.get(row["c"])
        if row["step"] == "poll" and entry is not None:
            took = row["ms"] / 1000 if row["ok"] else math.inf
            taken.rows[entry.channel, "poll"].add(took, took, error=not row["ok"])
    for entry in _due(books):
        if entry.c not in tried and entry.delivery not in SENT:
            taken.unsent(entry.channel)
        taken.waits[entry.channel].append(_first_response(books, entry))
    return taken


def _due(books: Books) -> list[ledgers.Entry]:
    """The contacts that were to reach the desk by the end of the run."""
    return [entry for entry in books.entries.values() if ledgers.to_be_sent(entry, books)]


def _first_response(books: Books, entry: ledgers.Entry) -> float:
    """Seconds of the scenario from when the contact was due (a desk that is slow to take it in is none the faster for
    it) until the customer saw the answer; endless where they did not."""
    row = books.contacts.get(entry.c)
    seen = None if row is None else books.wall(row["seen"]) if row["seen"] is not None else None
    if seen is None or entry.due is None:
        return math.inf
    return (seen - entry.due) * books.speed


# --- the whole -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Observed:
    """A load test that is over: all that its report, in whatever form, is made of."""

    scenario: Scenario
    plan: Mapping[str, Any]
    """What `plan.json` says."""
    books: Books
    validity: Validity
    verdicts: tuple[Verdict, ...]
    desk: Desk
    """The desk over the window, whose tick 0 is the window's start."""
    contacts: Table
    """In ticks of the scenario."""
    steps: Table
    deliveries: tuple[Delivered, ...]
    summary: Summary
    figures: tuple[Figure, ...]
    """The measures of the window: of the channels that were sent, and of the whole desk."""
    exit_code: int

    @property
    def currency(self) -> str:
        return self.desk.currency

    @property
    def missed(self) -> tuple[Verdict, ...]:
        """Without those that could not be judged."""
        return tuple(verdict for verdict in self.verdicts if verdict.judged and not verdict.met)

    @property
    def unjudged(self) -> tuple[Verdict, ...]:
        return tuple(verdict for verdict in self.verdicts if not verdict.judged)

    @cached_property
    def cohort(self) -> Cohort:
        """The contacts as measures see them, tick 0 at the start of the window."""
        return Cohort(moved(self.contacts, -self.plan["window"][0]), self.desk)

    def highest_backlog(self, channel: int) -> int:
        """The most contacts of a channel that waited at once in the window; it grows only when one is offered."""
        offered = self.cohort.all["offered"][self.cohort.all["channel"] == channel]
        inside = offered[(offered >= 0) & (offered < self.desk.horizon)]
        return int(waiting_at(self.cohort, channel, np.append(0, inside))[0].max())

    def still_open(self, channel: int) -> tuple[int, int]:
        """How many contacts of a channel that were offered in the window were not over when the test ended; how many
        of those the desk had asked back, and their customers had not replied."""
        rows = self.cohort.rows
        left = rows.where((rows["channel"] == channel) & (rows["outcome"] == Outcome.OPEN))
        return len(left), int(np.count_nonzero((left["asked"] != NEVER) & (left["replied"] == NEVER)))

    @cached_property
    def standing(self) -> int:
        """How many tickets of the run are at the desk, as far as the books tell: of a mail they know no number."""
        books = self.books
        mails = [
            intent["c"]
            for intent, outcome in books.creates()
            if intent["wire"] == "email" and outcome is not None and outcome["ok"]
        ]
        unnumbered = sum(books.entries[c].ticket is None for c in mails)
        gone = {row["ticket"] for row in books.rows.of("deleted") if row["ok"]}
        return max(0, len(books.tickets()) + unnumbered - len(gone))

    @cached_property
    def intake(self) -> list[float]:
        """Wall seconds from when a customer's mail was handed over until its ticket was seen at the desk."""
        return [row["ms"] / 1000 for row in self.books.rows.of("step") if row["step"] == "mailbox" and row["ok"]]

    @cached_property
    def after_the_end(self) -> int:
        """How many further contacts were not sent because they were due after the end."""
        return self.books.count(Delivery.NOT_SENT) - sum(
            entry.delivery is Delivery.NOT_SENT for entry in _due(self.books)
        )

    @cached_property
    def wires(self) -> dict[str, str]:
        """By channel: rest, email, enter or skip."""
        return {channel["name"]: channel["wire"] for channel in self.plan["channels"]}

    @property
    def sent_channels(self) -> list[str]:
        return [name for name, wire in self.wires.items() if wire in WIRES]

    @property
    def window_seconds(self) -> float:
        """How long the window lasts on the wall."""
        since, until = self.plan["window"]
        return float(until - since) / TICKS_PER_SECOND / float(self.plan["speed"])

    @property
    def seconds(self) -> float:
        """From the start until the last row of a worker, on the wall."""
        rows = (rows[-1]["at"] for rows in self.books.rows.written.values() if rows[-1]["file"].isdecimal())
        return max(rows, default=0.0) - _zero(self.books) if self.books.t0 is not None else 0.0


def observe(
    folder: Path, scenario: Scenario | None = None, *, interrupted: bool = False, broken: bool = False
) -> Observed:
    """A load test from its run folder alone.

    Args:
        scenario: of the run, where it has been read already; else the folder's own.
        interrupted, broken: how it ended, as far as the books cannot tell.

    Raises:
        UsageError: it is no such folder, or the scenario is not that of the run. SimError: a row is damaged.
    """
    books = Books(ledgers.read(folder))
    # by hand, the ledgers lie beside the plan
    beside = folder / "plan" if (folder / "plan").is_dir() else folder
    plan = plans.read(beside)
    world = plans.world(beside, plan)
    scenario = _scenario(folder, plan.scenario_digest) if scenario is None else scenario
    since, until = plan.window
    desk = sliced(world.desk, since, until, plan.ends)
    whole = _followed(books, world.desk, world.population)
    summary = summarise(
        moved(whole, -since), desk, replication=plan.replication, population_digest=plan.population_digest, capped=0
    )
    sent = {channel.name for channel in plan.channels if channel.wire in WIRES}
    judged, verdicts = ledgers.validity(books), judge(load_limits(scenario.spec), samples(books))
    return Observed(
        scenario=scenario,
        plan=books.rows.plan,
        books=books,
        validity=judged,
        verdicts=tuple(verdicts),
        desk=desk,
        contacts=contacts(books, world.desk, world.population),
        steps=steps(books, world.desk),
        deliveries=deliveries(books),
        summary=summary,
        figures=tuple(each for each in figures([summary], desk) if each.channel is None or each.channel in sent),
        exit_code=ledgers.exit_code(
            interrupted=interrupted,
            broken=broken,
            lost=ledgers.lost(books),
            void=not judged.valid,
            missed=books.aborted is not None or not all(verdict.met for verdict in verdicts),
        ),
    )


def _scenario(folder: Path, digest: str) -> Scenario:
    """The scenario of a run: the text that it has kept, or else its file, if that has not changed."""
    try:
        told = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        told = {}
    for path in (folder / "scenario.yaml", Path(told.get("file", folder / "scenario.yaml"))):
        try:
            scenario = read(path, told.get("set", ()), variant=told.get("variant"))
        except SimError:
            # it needs files that are elsewhere
            continue
        if scenario.digest == digest:
            return scenario
    what = f"the scenario of {folder} is missing, or is not what it was when the test ran"
    raise UsageError(what, "run it again with sim load")
