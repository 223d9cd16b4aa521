"""What the simulation says of a load test: the plan's customers, from empty, over the plan's window.

First at a desk that takes no time; then at one that takes as long as the real one did. The customers and their luck are
the same in every simulation: only which of the measured times falls on whom is drawn anew, so that many of them show by
how much that alone moves what comes out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sim.load.books import Books
from sim.load.ledger import Delivery
from sim.load.plan import CARRIED, Plan, World
from sim.load.slice import running
from sim.schemas import TICKS_PER_SECOND
from sim.simulate.contact import Contact
from sim.simulate.engine import contacts_table
from sim.simulate.wired import Carried, Delays, Then, WiredCentre
from sim.tables import Array, Table

STEPS = ("send", "take", "answer", "see", "reply")
"""What is waited for: that the desk has a contact, that an agent has it, that the answer is there, that the customer
has seen it, that the customer's own reply is there."""


class Predictor:
    """Simulates the window of a plan, as often as one likes."""

    def __init__(self, plan: Plan, world: World) -> None:
        since, until = plan.window
        self._desk = running(world.desk, since, until, plan.ends)
        self._issues = world.population.issues
        self._fates = world.population.fates()
        self._carried = [Carried(CARRIED[channel.wire]) for channel in plan.channels]
        # first contacts of a channel that is skipped are left out by the centre, as further ones are
        self._arrivals = sorted((row.due, row.issue) for row in plan.rows)

    def contacts(self, ticks: Mapping[str, Array], seed: int) -> Table:
        """As `predict`."""
        wire = _ByChannel(lambda: centre.env, ticks, seed)
        centre = WiredCentre(self._desk, self._arrivals, self._issues, self._fates, wire, self._carried)
        centre.run()
        return contacts_table(centre, self._issues)


def predict(plan: Plan, world: World, ticks: Mapping[str, Array], seed: int) -> Table:
    """The contacts of the plan's window, in ticks of the scenario.

    Args:
        ticks: what the desk takes, in ticks of the scenario, by step of `STEPS`, or by step and the number of a channel
            where channels differ ("send 1"), as `latencies` gives it; none: no time at all.
        seed: of which of these times falls on whom.
    """
    return Predictor(plan, world).contacts(ticks, seed)


def seeds(seed: int, number: int) -> list[int]:
    """Seeds of as many simulations with latencies; none is that of another run's."""
    return [int(np.random.SeedSequence((seed, each)).generate_state(1)[0]) for each in range(number)]


class _ByChannel(Delays):
    """Mail takes its time where a form does not."""

    def _after(self, step: str, contact: Contact, then: Then) -> None:
        own = f"{step} {contact.channel}"
        super()._after(own if own in self._ticks else step, contact, then)


# --- what the desk took ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Latency:
    """A step that the desk took for a contact, in wall seconds."""

    step: str
    contact: str
    channel: str
    seconds: float


def latencies(plan: Plan, measured: Sequence[Latency]) -> dict[str, Array]:
    """Measured times in ticks of the scenario: by step, and by step and the number of a channel."""
    numbers = {channel.name: number for number, channel in enumerate(plan.channels)}
    found: dict[str, list[float]] = {}
    for each in measured:
        for name in (each.step, f"{each.step} {numbers[each.channel]}"):
            found.setdefault(name, []).append(each.seconds)
    scale = plan.speed * TICKS_PER_SECOND
    return {name: np.rint(np.array(times) * scale).astype(np.int64) for name, times in found.items()}


def measured(plan: Plan, books: Books) -> tuple[Latency, ...]:
    """What the desk took, from the books: of what it did in the end, tries that failed on the way included.

    A send lasts from when the contact was due until the centre had heard that the desk has it: the generator's lag and,
    of mail, the intake are in it. To take a ticket lasts from the decision until that is confirmed, to answer it until
    it is resolved; to see the answer, from then on until the customer's mailbox or page has it.
    """
    return (*_sends(plan, books), *_writes(books), *_sees(plan, books))


def cycle(found: Sequence[Latency]) -> float | None:
    """Wall seconds that an agent's requests for a ticket take, in the mean: to take it, to answer it and to resolve it;
    None where no agent answered anything."""
    means = [np.mean([each.seconds for each in found if each.step == step] or [np.nan]) for step in ("take", "answer")]
    total = float(np.sum(means))
    return total if np.isfinite(total) else None


def _sends(plan: Plan, books: Books) -> Iterator[Latency]:
    due = {f"{row.issue}.1": row.due for row in plan.rows}
    for c, entry in books.entries.items():
        told = books.contacts.get(c)
        at_the_desk = entry.delivery in (Delivery.SENT, Delivery.CREATED_DESPITE_ERROR)
        if not at_the_desk or told is None or told["offered"] is None:
            continue
        tick = due.get(c, _tick(plan, books, entry.due))
        if tick is not None:
            yield Latency("send", c, entry.channel, _wall(plan, told["offered"] - tick))


def _writes(books: Books) -> Iterator[Latency]:
    """Of agents, and customers' replies; the resolving that follows an answer is part of it."""
    answers: dict[str, tuple[str, float, float]] = {}
    for name, intent in books.intents.items():
        step, c = intent["step"], intent["c"]
        outcomes = [row for row in books.outcomes.get(name, ()) if row["file"].isdecimal()]
        if not outcomes or not (outcomes[-1]["ok"] or outcomes[-1].get("exists")):
            continue
        began, ended = intent["at"], outcomes[-1]["at"]
        if step == "answer":
            answers[c] = (intent["channel"], began, ended)
        elif step == "resolve" and c in answers:
            answers[c] = (*answers[c][:2], ended)
        # to ask the customer back keeps the agent as an answer does; a reply that was due at a time is a new contact
        elif step in ("take", "ask") or (step == "reply" and intent["due"] is None):
            yield Latency("answer" if step == "ask" else step, c, intent["channel"], ended - began)
    for c, (channel, began, ended) in answers.items():
        yield Latency("answer", c, channel, ended - began)


def _sees(plan: Plan, books: Books) -> Iterator[Latency]:
    for c, told in books.contacts.items():
        if told["detected"] is not None:
            yield Latency("see", c, plan.channels[told["channel"]].name, _wall(plan, told["detected"]))


def _tick(plan: Plan, books: Books, at: float | None) -> int | None:
    if at is None or books.t0 is None:
        return None
    # the nearest: a moment that the ledger has rounded is of the tick before as often as not
    return plan.window[0] + round((at - books.t0) * plan.speed * TICKS_PER_SECOND)


def _wall(plan: Plan, ticks: int) -> float:
    return ticks / TICKS_PER_SECOND / plan.speed
