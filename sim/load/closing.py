"""After a load test, however it ended: close the books from what the desk holds, and clear the desk of the run.

Nothing is sent again: a contact that was not sent stays so. The desk is asked about what was sent and never answered
for, by the key that each create carries. The clean-up deletes what carries the run's tag and nothing else: a ticket of
the books that the desk does not know as this run's may be somebody's by now, and is left alone.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sim.errors import SimError, UsageError
from sim.helpdesks.protocol import Can, Helpdesk, Kind, Ticket, Trouble
from sim.load.books import CLEANUP, RECONCILE, Books, Row
from sim.load.ledger import Delivery, Ledger, LedgerBroken

BATCH = 50
"""Tickets that are deleted with one request, where the desk can."""
PATIENCE = (1.0, 2.0, 4.0, 8.0)
"""Seconds between tries, where the desk does not say how long to wait."""
LONGEST = 60.0
"""Seconds that are waited at most, where the desk says how long."""
PASSING = frozenset((Kind.THROTTLED, Kind.SERVER, Kind.CONNECTION, Kind.TIMEOUT))

Answer = TypeVar("Answer")


class DeskAway(SimError):
    """The desk does not answer, or refuses; what was found out or deleted until then is in the books."""

    exit_code = 5


# --- reconcile -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """What the books say of a contact after looking; `tickets` are those that the desk has of it."""

    c: str
    before: Delivery
    delivery: Delivery
    tickets: tuple[str, ...]

    def __str__(self) -> str:
        there = f"ticket {' and '.join(self.tickets)}" if self.tickets else "no ticket"
        changed = f"{self.before}, now {self.delivery}" if self.before is not self.delivery else f"{self.delivery}"
        return f"{self.c}: {there}; {changed}"


def reconcile(books: Books, desk: Helpdesk, *, wait: Callable[[float], None] = time.sleep) -> list[Found]:
    """Ask the desk for every create whose ticket or end is not known, and write what it says to a ledger of its own.

    Again, on books that are read anew, it writes only what has changed at the desk since. Arrivals are never resumed.

    Raises:
        DeskAway: the desk cannot be asked; what was found out until then is written.
        LedgerBroken: it cannot be written.
    """
    with _ledger(books, RECONCILE) as ledger:
        return [found for intent, last in books.creates() for found in _settle(books, desk, ledger, intent, last, wait)]


def _settle(
    books: Books, desk: Helpdesk, ledger: Ledger, intent: Row, last: Row | None, wait: Callable[[float], None]
) -> Iterator[Found]:
    entry = books.entries.get(intent["c"])
    if entry is None:
        return
    if asked := _unsure(last, entry.ticket):
        tickets = tuple(_patiently(lambda: desk.search(books.run, entry.c), wait, f"search for {entry.c}"))
        delivery = _learn(books, ledger, intent, last, tickets)
    else:
        tickets = entry.tickets
        delivery = _delivery(last) if entry.delivery is Delivery.NOT_SENT else entry.delivery
    if delivery is not entry.delivery:
        lag = None if intent["due"] is None else intent["at"] - intent["due"]
        ledger.delivery(
            entry.c, delivery, cause=entry.cause, channel=entry.channel, ticket=tickets[-1] if tickets else None,
            due=intent["due"], lag=lag, late=lag is not None and lag > books.late_after,
        )  # fmt: skip
    _must_hold(ledger)
    if asked or delivery is not entry.delivery:
        yield Found(entry.c, entry.delivery, delivery, tickets)


def _unsure(last: Row | None, ticket: str | None) -> bool:
    """Whether a create may have made a ticket that the books do not know."""
    if last is None or not last["ok"]:
        return last is None or (last["ticket"] is None and last["exists"] is not False)
    return ticket is None


def _delivery(last: Row | None) -> Delivery:
    """What the books make of the last outcome of a create."""
    if last is None:
        return Delivery.FAILED
    if last["ok"]:
        return Delivery.SENT
    return Delivery.CREATED_DESPITE_ERROR if last["exists"] else Delivery.FAILED


def _learn(books: Books, ledger: Ledger, intent: Row, last: Row | None, tickets: Sequence[str]) -> Delivery:
    """Write an outcome for each ticket that the desk has of a create, or that it has none; returns the delivery."""
    tried = [row for row in books.outcomes.get(intent["id"], ()) if row["file"] != RECONCILE]
    clean = all(row["ok"] for row in tried)
    for ticket in tickets:
        if clean:
            ledger.outcome(intent["id"], ok=True, ms=None, ticket=ticket)
        else:
            what = "found at the desk after the run"
            ledger.outcome(
                intent["id"], ok=False, ms=None, kind=tried[-1]["kind"], what=what, exists=True, ticket=ticket,
                tries=len(tried),
            )  # fmt: skip
    if tickets:
        return Delivery.SENT if clean else Delivery.CREATED_DESPITE_ERROR
    if last is not None and (last["ok"] or last["exists"]):
        # the desk has taken it, and has not made (or does not show) a ticket of it: a mail it has yet to fetch
        return _delivery(last)
    # a mail may still be under way
    exists = None if intent["wire"] == "email" else False
    if last is None or last["exists"] is not exists:
        kind, what = (last["kind"] if last else Kind.CONNECTION), "not at the desk after the run"
        ledger.outcome(intent["id"], ok=False, ms=None, kind=kind, what=what, exists=exists, tries=len(tried))
    return Delivery.FAILED


# --- clean-up --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cleaned:
    """What the clean-up did."""

    selected: int
    deleted: int
    failed: Mapping[str, str]
    """The desk's reasons, by ticket."""
    left: tuple[str, ...]
    """This run's tickets that are still there."""
    foreign: tuple[str, ...]
    """Tickets of the books that the desk does not know as this run's: left alone."""


def cleanup(
    books: Books,
    desk: Helpdesk,
    run: str,
    say: Callable[[str], None],
    *,
    yes: bool,
    wait: Callable[[float], None] = time.sleep,
) -> Cleaned:
    """Show which tickets are this run's, and with `yes` delete them, and look whether any is left.

    Args:
        run: the tag, 32 hexadecimal digits.
        say: is handed lines to read.

    Raises:
        UsageError: that is no tag: whatever it selected would not be ours.
        DeskAway: the desk cannot be asked. What was deleted until then is in the books.
        LedgerBroken: what is deleted cannot be written down.
    """
    if not re.fullmatch("[0-9a-f]{32}", run):
        raise UsageError(f"{run!r} is not the tag of a run", "it is 32 hexadecimal digits, in plan.json")
    there = _patiently(lambda: desk.of_run(run), wait, "list the run's tickets")
    foreign = tuple(_foreign(books, desk, {ticket.id for ticket in there}, wait))
    _preview(books, run, there, foreign, say)
    ids = tuple(dict.fromkeys(ticket.id for ticket in there))
    if not yes or not ids or Can.DELETE not in desk.abilities.can:
        if ids:
            say("Nothing was deleted: " + ("say --yes to delete them." if not yes else "this desk cannot."))
        return Cleaned(len(ids), 0, {}, ids, foreign)
    with _ledger(books, CLEANUP) as ledger:
        failed = dict(_delete(desk, ledger, ids, wait))
    left = tuple(ticket.id for ticket in _patiently(lambda: desk.of_run(run), wait, "list the run's tickets"))
    deleted = len(set(ids) - failed.keys())
    say(f"Deleted {_tickets(deleted)}; " + (f"{_tickets(len(left))} of the run left." if left else "none is left."))
    for ticket, why in failed.items():
        say(f"Ticket {ticket} was not deleted: {why}")
    if desk.abilities.leaves:
        say(f"What stays: {desk.abilities.leaves}")
    return Cleaned(len(ids), deleted, failed, left, foreign)


def _foreign(books: Books, desk: Helpdesk, there: set[str], wait: Callable[[float], None]) -> Iterator[str]:
    """Tickets of the books that are there, and not among the run's."""
    gone = {row["ticket"] for row in books.rows.of("deleted") if row["ok"]}
    for ticket in books.tickets():
        if ticket not in there and ticket not in gone and _exists(desk, ticket, wait):
            yield ticket


def _exists(desk: Helpdesk, ticket: str, wait: Callable[[float], None]) -> bool:
    try:
        _patiently(lambda: desk.poll(ticket), wait, f"look at ticket {ticket}", pass_on=(Kind.MISSING, Kind.REFUSED))
    except Trouble as problem:
        # what may not be seen is somebody's
        return problem.kind is Kind.REFUSED
    return True


def _preview(
    books: Books, run: str, there: Sequence[Ticket], foreign: Sequence[str], say: Callable[[str], None]
) -> None:
    states = Counter(str(ticket.state) for ticket in there)
    by_state = ": " + ", ".join(f"{number:,} {state}" for state, number in sorted(states.items())) if states else ""
    say(f"{_tickets(len(there))} of run {run}{by_state}")
    made = books.tickets()
    known = sorted((made[ticket.id], ticket.id) for ticket in there if ticket.id in made)
    if known:
        (first, oldest), (last, newest) = known[0], known[-1]
        say(f"The oldest is {oldest}, made {_moment(first)}; the newest {newest}, made {_moment(last)}.")
    if len(known) < len(there):
        say(f"{_tickets(len(there) - len(known))} of them by the run's tag alone: the books do not know their numbers.")
    if foreign:
        some = ", ".join(foreign[:5]) + (", …" if len(foreign) > 5 else "")
        say(f"Left alone: {_tickets(len(foreign))} of the books that the desk does not know as this run's ({some}).")


def _delete(
    desk: Helpdesk, ledger: Ledger, tickets: Sequence[str], wait: Callable[[float], None]
) -> Iterator[tuple[str, str]]:
    """Delete in batches, a batch that fails one by one; yields what failed, and why."""
    for first in range(0, len(tickets), BATCH):
        batch = tickets[first : first + BATCH]
        why = _deleted(desk, batch, wait)
        whys = dict.fromkeys(batch, "") if not why else {ticket: _deleted(desk, [ticket], wait) for ticket in batch}
        for ticket, reason in whys.items():
            ledger.deleted(ticket, ok=not reason, what=reason)
            if reason:
                yield ticket, reason
        _must_hold(ledger)


def _deleted(desk: Helpdesk, tickets: Sequence[str], wait: Callable[[float], None]) -> str:
    """Delete; empty if it worked (or they were gone), else why not."""
    own = (Kind.REFUSED, Kind.MISSING, Kind.REJECTED, Kind.MEANING, Kind.REDIRECT, Kind.SERVER)
    try:
        _patiently(lambda: desk.delete(tickets), wait, "delete tickets", pass_on=own)
    except Trouble as problem:
        gone = problem.kind is Kind.MISSING and len(tickets) == 1
        return "" if gone else problem.what or str(problem.kind)
    return ""


# --- both ------------------------------------------------------------------------------------------------------------


def _patiently(
    ask: Callable[[], Answer], wait: Callable[[float], None], what: str, *, pass_on: Sequence[Kind] = ()
) -> Answer:
    """The desk's answer, asked again where its trouble may pass.

    Raises:
        Trouble: of a kind that the caller deals with.
        DeskAway: any other.
    """
    for pause in (*PATIENCE, None):
        try:
            return ask()
        except Trouble as problem:
            if problem.kind in pass_on:
                raise
            if pause is None or problem.kind not in PASSING:
                raise DeskAway(f"{what}: {problem.what}", "ask again when the desk answers") from problem
            wait(pause if problem.retry_after is None else min(problem.retry_after, LONGEST))
    raise AssertionError("the last try ends the loop")


def _ledger(books: Books, name: str) -> Ledger:
    path: Path = books.rows.ledger / f"ledger-{name}.jsonl"
    return Ledger(path, again=True)


def _must_hold(ledger: Ledger) -> None:
    if ledger.broken:
        raise LedgerBroken(ledger.broken, "what was found out or deleted so far is at the desk all the same")


def _tickets(number: int) -> str:
    return "1 ticket" if number == 1 else f"{number:,} tickets"


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
