"""The books of a load test that never was: what the simulation says happened, told as if a desk had been asked.

The first contacts of a window are due at their own times, at the speed of the test; lags and latencies are drawn. So
what a report must say is known beforehand, and a fault can be put in where a test wants one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from sim.desk import Desk
from sim.load.ledger import Delivery, Ledger
from sim.load.plan import Channel, Plan, Row, World, dumped
from sim.load.plan import write as save
from sim.population.draw import Population, draw
from sim.scenario import lower
from sim.scenario.read import Scenario, read
from sim.schemas import NEVER, Cause
from sim.simulate.engine import simulate
from sim.tables import Table

HOUR = 3_600_000
T0 = 1_800_000_000.0
MAIL = 0.4
"""Seconds after which a mail is a ticket."""
RUN = "0123456789abcdef0123456789abcdef"


@dataclass(frozen=True)
class Test:
    """A load test as it is to have gone. `fails` are contacts with what came of their create, and whether the ticket
    exists all the same; `dropped` and `unsent` list contacts; `slow` adds seconds to the lag of every send."""

    __test__ = False

    scenario: str = "scenarios/first.yaml"
    sets: tuple[str, ...] = ()
    window: tuple[int, int] = (33 * HOUR, 36 * HOUR)
    """The second day, 9 to 12."""
    drain: int = 2 * HOUR
    speed: float = 60.0
    workers: int = 2
    wires: tuple[tuple[str, str], ...] = (("phone", "enter"), ("email", "email"))
    fails: tuple[tuple[str, str, bool], ...] = ()
    dropped: tuple[str, ...] = ()
    unsent: tuple[str, ...] = ()
    slow: float = 0.0
    foreign: int = 0
    unmatched: int = 0
    done: bool = True


@lru_cache(maxsize=4)
def _happened(path: str, sets: tuple[str, ...]) -> tuple[Scenario, Desk, Population, Table]:
    scenario = read(Path(path), sets)
    desk, population = lower.desk(scenario), draw(scenario, 1, 0)
    return scenario, desk, population, simulate(desk, population).contacts


def happened(path: str, sets: tuple[str, ...]) -> Table:
    """The contacts of the whole scenario, as simulated."""
    return _happened(path, sets)[-1]


def write(folder: Path, test: Test) -> Path:
    """A run folder with its plan and its ledger; returns it."""
    scenario, desk, population, contacts = _happened(test.scenario, test.sets)
    (folder / "ledger").mkdir(parents=True)
    (folder / "scenario.yaml").write_text(scenario.text, encoding="utf-8")
    told = {"file": scenario.file, "set": list(test.sets), "variant": None, "source": "observed"}
    (folder / "run.json").write_text(json.dumps(told), encoding="utf-8")
    books = _Books(folder / "ledger", test, desk)
    plan, world = _plan(test, scenario, desk, population, books.tell(contacts))
    save(plan, world, folder / "plan")
    books.write(plan.digest)
    return folder


def _plan(test: Test, scenario: Scenario, desk: Desk, population: Population, planned: list[Row]) -> tuple[Plan, World]:
    world, wires = World(desk, population), dict(test.wires)
    plan = Plan(
        run=RUN,
        scenario=scenario.name,
        file=scenario.file,
        scenario_digest=scenario.digest,
        population_digest=population.digest,
        world_digest=sha256(dumped(world)).hexdigest(),
        seed=1,
        replication=0,
        window=test.window,
        drain=test.drain,
        speed=test.speed,
        helpdesk="rt",
        target={"url": "http://127.0.0.1:8080", "allowed": [], "named": None, "staging": None, "outbound_mail": None},
        settings={"queue": "Support"},
        agents="scenario",
        channels=tuple(
            Channel(channel.name, wire, WHY.get(wire, ""))
            for channel in desk.channels
            for wire in [wires[channel.name]]
        ),
        rate=50.0,
        mail={"smtp": "127.0.0.1:2525", "to": "support@desk.test", "mailbox": "/mailbox.jsonl"},
        abort=None,
        polls=5.0,
        intents=desk.intents,
        rows=tuple(planned),
    )
    return plan, world


WHY = {"enter": "a call has no wire", "skip": "this desk has no chat"}


class _Books:
    """What each worker writes, and when."""

    def __init__(self, folder: Path, test: Test, desk: Desk) -> None:
        self.folder, self.test, self.desk = folder, test, desk
        self.luck = np.random.default_rng(7)
        self.events: list[tuple[float, int, int, Callable[[Ledger], Any]]] = []
        self.words, self.wires = desk.words(), dict(test.wires)
        self._tickets = 0

    def wall(self, tick: int) -> float:
        return T0 + (tick - self.test.window[0]) / 1000 / self.test.speed

    def note(self, at: float, worker: int, what: Callable[[Ledger], Any]) -> None:
        self.events.append((at, len(self.events), worker, what))

    def tell(self, contacts: Table) -> list[Row]:
        """All the issues of the window; returns the plan's rows."""
        test, planned = self.test, list[Row]()
        since, until = test.window
        first = contacts["attempt"] == 1
        inside = first & (contacts["offered"] >= since) & (contacts["offered"] < until)
        issues = set(contacts["issue"][inside].tolist())
        for number in range(len(contacts)):
            row = {name: int(contacts[name][number]) for name in contacts.names}
            if row["issue"] not in issues or row["offered"] >= until + test.drain:
                continue
            channel = self.words["channel"][row["channel"]]
            if row["cause"] == Cause.FIRST:
                intent = self.words["intent"][row["intent"]]
                about = (row["issue"], row["customer"], channel, self.wires[channel], row["offered"], intent)
                planned.append(Row(*about, "Ada Example", "ada@customers.test", "A question", "Where is it?"))
            self._contact(row, channel, row["customer"] % test.workers)
        for number in range(test.foreign):
            self.note(self.wall(until), 0, lambda books, n=number: books.foreign(f"9{n}"))
        for _ in range(test.unmatched):
            self.note(self.wall(until), 0, lambda books: books.unmatched())
        return planned

    def _contact(self, row: dict[str, Any], channel: str, worker: int) -> None:
        test, c = self.test, f"{row['issue']}.{row['attempt']}"
        due, wire = self.wall(row["offered"]), self.wires[channel]
        cause = self.words["cause"][row["cause"]]
        about = {"cause": cause, "channel": channel, "due": due}
        if row["cause"] != Cause.FIRST:
            self.note(due, 0, lambda books: books.spawn(c, cause=cause, channel=channel, due=due))
        if c in test.unsent:
            return
        if wire == "skip" or c in test.dropped:
            delivery = Delivery.SKIPPED if wire == "skip" else Delivery.DROPPED
            self.note(due, worker, lambda books: books.delivery(c, delivery, **about))
            return
        if wire == "enter":
            self.note(due, 0, lambda books: books.delivery(c, Delivery.ENTERED, **about))
            self._followed(c, row, due)
            return
        lag = float(self.luck.lognormal(-7.0, 0.8)) + test.slow
        sent, took = due + lag, float(self.luck.lognormal(-2.1, 0.35))
        ticket = self._ticket()
        trouble = {name: (kind, exists) for name, kind, exists in test.fails}.get(c)
        self.step(sent, took, worker, c, "create", wire, channel, due, ticket=ticket, trouble=trouble)
        about |= {"lag": lag, "late": lag > 0.25}
        if trouble is None or trouble[1]:
            delivery = Delivery.SENT if trouble is None else Delivery.CREATED_DESPITE_ERROR
            after = sent + took + (MAIL if wire == "email" else 0.0)
            known = None if wire == "email" else ticket
            self.note(sent + took, worker, lambda books: books.delivery(c, delivery, ticket=known, **about))
            if wire == "email":
                self.note(after, 0, lambda books: books.step(c, "mailbox", ms=1000 * MAIL, ok=True))
            there = row["offered"] + round((after - due) * test.speed * 1000)
            row |= {"offered": min([there, *(row[name] for name in ("taken", "ended") if row[name] != NEVER)])}
            self._lives(c, row, worker, channel, wire, ticket)
        else:
            self.note(sent + took, worker, lambda books: books.delivery(c, Delivery.FAILED, **about))

    def _lives(self, c: str, row: dict[str, Any], worker: int, channel: str, wire: str, ticket: str) -> None:
        """Agents, polls, chasers, and what the centre writes of it."""
        ends = self.test.window[1] + self.test.drain
        polled = self.wall(row["offered"]) + 5.0
        self.note(polled, worker, lambda books: books.step(c, "poll", ms=21.5, ok=True))
        for _ in range(row["chasers"]):
            self.step(polled, 0.08, worker, c, "chase", wire, channel, polled, ticket=ticket)
        for step, tick in (("take", row["taken"]), ("answer", row["ended"]), ("resolve", row["ended"])):
            if NEVER < tick < ends and row["taken"] != NEVER:
                at = self.wall(tick)
                if step == "take":
                    self.note(at, 0, lambda books: books.step(c, "list", ms=35.0, ok=True))
                took = float(self.luck.lognormal(-2.6, 0.3))
                self.step(at, took, 0, c, step, "rest", channel, None, ticket=ticket)
        self._followed(c, row, self.wall(row["offered"]))

    def _followed(self, c: str, row: dict[str, Any], at: float) -> None:
        """Two rows of the centre: when it is offered, and how it stands in the end."""
        ends = self.test.window[1] + self.test.drain
        late = {name: row[name] if row[name] < ends else NEVER for name in TIMES}
        over = {**row, **late}
        if row["answered"] != NEVER and late["answered"] == NEVER:
            over |= {"group": NEVER, "agent": NEVER, "answer": NEVER}
        if row["ended"] != NEVER and late["ended"] == NEVER:
            over |= {"outcome": 0, "resolved": NEVER}
        seen = NEVER if over["ended"] == NEVER or over["answered"] == NEVER else over["ended"] + 900
        begun = {**row, **dict.fromkeys(TIMES, NEVER), "offered": row["offered"], "outcome": 0}
        begun |= {"group": NEVER, "agent": NEVER, "answer": NEVER, "resolved": NEVER, "chasers": 0}
        self.note(at + 1e-4, 0, lambda books: books.contact(c, _cells(begun, NEVER)))
        self.note(self.wall(ends), 0, lambda books: books.contact(c, _cells(over, seen)))

    def step(
        self, sent: float, took: float, worker: int, c: str, step: Any, wire: Any, channel: str, due: float | None,
        *, ticket: str, trouble: tuple[str, bool] | None = None,
    ) -> None:  # fmt: skip
        named: dict[str, str] = {}

        def intends(books: Ledger) -> None:
            named["id"] = books.intent(c, step, wire=wire, channel=channel, due=due, trace="0" * 32)

        def comes_of_it(books: Ledger) -> None:
            ms = took * 1000
            if trouble is None:
                books.outcome(named["id"], ok=True, ms=ms, ticket=None if wire == "email" else ticket)
            else:
                kind, exists = trouble
                books.outcome(
                    named["id"], ok=False, ms=ms, ticket=ticket if exists else None, status=500, kind=kind,
                    what="create a ticket: 500", exists=exists,
                )  # fmt: skip

        self.note(sent, worker, intends)
        self.note(sent + took, worker, comes_of_it)

    def _ticket(self) -> str:
        self._tickets += 1
        return str(self._tickets)

    def write(self, digest: str) -> None:
        test, now = self.test, [T0]
        ledgers = [Ledger(self.folder / f"ledger-{k}.jsonl", lambda: now[0]) for k in range(test.workers)]
        for k, ledger in enumerate(ledgers):
            ledger.start(run=RUN, worker=k, n=test.workers, digest=digest, t0=T0, speed=test.speed, offset=0.0)
        for at, _, worker, what in sorted(self.events, key=lambda event: event[:2]):
            now[0] = at
            what(ledgers[worker])
        now[0] += 1.0
        for k, ledger in enumerate(ledgers):
            if test.done:
                ledger.done(k)
            ledger.close()


TIMES = ("answered", "taken", "ended", "freed", "asked", "replied")


def _cells(row: dict[str, Any], seen: int) -> dict[str, Any]:
    """The columns of a contact row: what never happened is null."""
    names = ("issue", "attempt", "channel", "cause", "offered", "outcome", *TIMES, "answer", "resolved", "announced")
    cells = {name: row[name] for name in (*names, "chasers", "retained", "group", "agent")}
    cells |= {"seen": seen, "detected": NEVER if seen == NEVER else 900}
    return {name: None if value == NEVER else value for name, value in cells.items()}
