"""The dispatcher: the centre on live time, its agents at a real desk, its customers at the workers.

One worker hosts it. It asks the same routing, response and returns as the simulation, with the same luck; whatever
happens at the desk reaches it as an event at the tick at which it was heard of. Everything that changes the centre is
done by one greenlet, in `run`; requests are made by others, which leave their results in its inbox.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter
from typing import Any, Protocol

import numpy as np

from sim.behaviour.feeling import perceived_gain, replies, satisfaction_logit, survey_score, with_replies
from sim.desk import Desk
from sim.helpdesks.protocol import State, Ticket, Trouble
from sim.load.ledger import Delivery, LedgerBroken
from sim.load.mail import Letter, Open
from sim.load.plan import CARRIED, Plan, World, owner
from sim.load.slice import running
from sim.load.steps import Act, Done, Steps
from sim.measures import reference
from sim.population.words import Occasion, message
from sim.schemas import NEVER, Cause, Outcome
from sim.simulate.contact import Contact, Taker
from sim.simulate.wired import Carried, Then, WiredCentre

Report = Mapping[str, Any]
Handler = Callable[[], None]

LIST_AGAIN = 0.5
"""Wall seconds between two looks at the list of open tickets, while mail is on its way."""
LONGEST_SLEEP = 0.1
ASKED = 64
"""The number of a question and of the customer's reply to it among a contact's messages: beyond all chasers."""
AGENTS_TRY = 10
"""Tries of an agent's request: who works here does not give a ticket up because the desk is busy."""
LOOK_AGAIN = 0.05
"""Wall seconds between two looks at what has changed, and at whether all is over."""
NOTE_AT_ONCE = 200
"""Contacts that are looked at each time, in turn, for what has to be written down: a look at all of them would hold up
whoever is due meanwhile."""
TRANSFER, RECONNECT, REDIAL = int(Cause.TRANSFER), int(Cause.RECONNECT), int(Cause.REDIAL)
_OF_THE_CONTACT = (
    "issue", "attempt", "channel", "cause", "offered", "outcome", "answered", "taken", "ended", "freed", "answer",
    "resolved",
)  # fmt: skip
_OF_ITS_STORY = ("asked", "replied", "announced", "chasers", "retained")
_moments, _story = attrgetter(*_OF_THE_CONTACT), attrgetter(*_OF_ITS_STORY)


class Inbox(Protocol):
    """A queue of what is to be done by the dispatcher's own greenlet."""

    def put(self, handler: Handler) -> None: ...

    def get(self, timeout: float) -> Handler | None:
        """The next, or None if none comes in so many seconds."""


@dataclass
class Case:
    """A contact at the desk."""

    contact: Contact
    ticket: str | None = None
    sent: float = 0.0
    """When the desk's side confirmed it: epoch seconds."""


class Dispatcher:
    """The centre of a load test, and the `Wire` that it acts through.

    Args:
        tell: sends an order to a worker, by its number.
        time: wall seconds after the start. spawn: runs a request in a greenlet of its own.
    """

    def __init__(
        self,
        plan: Plan,
        world: World,
        workers: int,
        steps: Steps,
        tell: Callable[[int, dict[str, Any]], None],
        inbox: Inbox,
        *,
        time: Callable[[], float],
        spawn: Callable[[Callable[[], None]], None],
        t0: float,
        can_poll: bool = True,
    ) -> None:
        self._can_poll = can_poll
        self.plan, self.workers, self.steps = plan, workers, steps
        self._tell, self.inbox, self.time, self._spawn, self.t0 = tell, inbox, time, spawn, t0
        self._wires = [channel.wire for channel in plan.channels]
        self._rows = {row.issue: row for row in plan.rows}
        issues = world.population.issues
        self._issues = issues
        desk = running(world.desk, plan.window[0], plan.window[1], plan.ends)
        if plan.agents == "none":
            desk = unstaffed(desk)
        self.desk = desk
        entered = [(row.due, row.issue) for row in plan.rows if row.wire == "enter"]
        carried = [Carried(CARRIED[wire]) for wire in self._wires]
        self.centre = WiredCentre(desk, sorted(entered), issues, world.population.fates(), self, carried)
        self._cases: dict[str, Case] = {}
        self._on_the_way: dict[str, Callable[[str | None], None]] = {}
        """By contact: what to do once the desk has it (the ticket), or will not (None)."""
        self._mailed: dict[str, tuple[float, str | None]] = {}
        """Contacts that went by mail and are not at the desk yet: when, and the old ticket that they are for."""
        self._replied: dict[str, Then] = {}
        self.open = Open(plan.run)
        """Who waits for letters."""
        self._threads: dict[str, Letter] = {}
        """By ticket, the newest letter: what its customer's mail answers."""
        for row in plan.rows:
            if row.wire == "email":
                self.open.begin(f"{row.issue}.1", row.email)
        self._posted: dict[str, int] = {}
        """Answers of agents, by ticket."""
        self._seen: dict[str, int] = {}
        self._waiting_to_see: dict[str, list[tuple[int, Then]]] = {}
        self._current: dict[str, str] = {}
        """By ticket, the contact that it stands for now."""
        self._out = 0
        """Contacts that are on their way or at work outside the centre."""
        self._firsts = sum(row.sent for row in plan.rows)
        self._noted: dict[int, tuple[Any, ...]] = {}
        """By key of the contact, what was last written down of it."""
        self._next_note = 0
        """Of the centre's contacts, the one to look at next."""
        self._firsts_at: dict[int, int] = {}
        """By issue, the tick of its first contact, among those of the centre that are `_known`."""
        self._known = 0
        self._closed = 0
        """So many of the centre's contacts, from the first on, are closed."""
        self._spawned: set[str] = set()
        self.stopped = ""
        """Why it stopped; empty while it runs."""

    # --- time --------------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Run to the end of the plan, or until everything that can happen has."""
        env = self.centre.env
        # at once: however the run ends, these were not to be sent
        for row in self.plan.rows:
            if row.wire == "skip":
                self.steps.ledger.delivery(f"{row.issue}.1", Delivery.SKIPPED, cause="first", channel=row.channel)
        self.centre.begin()
        lists = any(wire == "email" for wire in self._wires)
        if lists:
            self._spawn(self._list)
        again = 0.0
        while not self.stopped:
            tick = self.plan.tick(self.time())
            env.passes(min(tick, self.plan.ends))
            if tick >= self.plan.ends:
                self.stopped = "the end"
                break
            wait = self.plan.seconds(env.peek()) - self.time() if env.peek() < self.plan.ends else LONGEST_SLEEP
            handler = self.inbox.get(min(max(wait, 0.0), LONGEST_SLEEP))
            if handler is not None:
                env.passes(min(self.plan.tick(self.time()), self.plan.ends))
                handler()
            if self.time() >= again:
                again = self.time() + LOOK_AGAIN
                self._note_some()
                # what lies in the inbox may be the last answer that somebody sees
                if handler is None and self._is_over():
                    self.stopped = "nothing more can happen"
        self._note_all()
        for worker in range(self.workers):
            self._tell(worker, {"do": "stop"})

    def stop(self, why: str) -> None:
        self.inbox.put(lambda: setattr(self, "stopped", why))

    def _is_over(self) -> bool:
        """Whether all firsts have come, nobody waits, nothing is at work or on its way, and nobody comes again."""
        if self._firsts or self._on_the_way or self._replied or self._waiting_to_see or self._out:
            return False
        contacts = self.centre.contacts
        # who is closed is never open again
        while self._closed < len(contacts) and not _is_open(contacts[self._closed]):
            self._closed += 1
        return self._closed == len(contacts) and not self._more_to_come()

    def _more_to_come(self) -> bool:
        # what is scheduled is either somebody's story or the rota; the rota alone makes nothing happen
        stories = (
            event if isinstance(event, Contact) else getattr(event, "about", None)
            for tick, event in self.centre.env.scheduled
            if tick < self.plan.ends
        )
        return any(isinstance(story, Contact) and not story.gone for story in stories)

    # --- what workers report -----------------------------------------------------------------------------------------

    def hears(self, report: Report) -> None:
        """A worker's report; from any greenlet."""
        handle = {
            "sent": self._is_sent, "replied": self._is_replied, "saw": self._is_seen,
        }.get(report["is"])  # fmt: skip
        if handle is not None:
            self.inbox.put(partial(handle, report))
        elif report["is"] == "abort":
            self.inbox.put(partial(self._aborts, report["why"]))
        elif report["is"] == "broken":
            self.stop("the ledger cannot be written")

    def _aborts(self, why: str) -> None:
        if not self.stopped:
            self.steps.ledger.abort(why)
            self.stopped = why

    def _is_sent(self, report: Report) -> None:
        c = report["c"]
        first = c not in self._on_the_way
        if first:
            self._firsts -= 1
            self._on_the_way[c] = partial(self._has_arrived, int(c.split(".")[0]))
        if not report["ok"]:
            self._on_the_way.pop(c)(None)
        elif report["wire"] == "email":
            self._mailed[c] = (self.time(), report["ticket"])
        else:
            self._on_the_way.pop(c)(report["ticket"])

    def _has_arrived(self, issue: int, ticket: str | None) -> None:
        """A first contact is at the desk, or never will be."""
        if ticket is None:
            return
        c = f"{issue}.1"
        self._current[ticket] = c
        # the case before the contact: an agent may be free, and take it at once
        self._cases[c] = Case(None, ticket)  # type: ignore[arg-type] # known a moment later
        self._cases[c].contact = self.centre.arrives(issue)
        self._watch(c)

    def _is_replied(self, report: Report) -> None:
        then = self._replied.pop(report["c"], None)
        if then is not None:
            then(bool(report["ok"]))

    def _is_seen(self, report: Report) -> None:
        self._saw(report["ticket"], int(report["answers"]), State(report["state"]))

    def has_letter(self, c: str, letter: Letter, *, automatic: bool) -> None:
        """The mailbox holds a letter about a contact; from any greenlet."""
        self.inbox.put(partial(self._reads, c, letter, automatic))

    def _reads(self, c: str, letter: Letter, automatic: bool) -> None:
        ticket = self._ticket(c) or letter.number
        if not ticket:
            return
        self._threads[ticket] = letter
        if not automatic:
            self._saw(ticket, self._seen.get(ticket, 0) + 1, State.OPEN)

    def _saw(self, ticket: str, answers: int, state: State) -> None:
        self._seen[ticket] = max(answers, self._seen.get(ticket, 0))
        waiting = self._waiting_to_see.pop(ticket, [])
        left = [(number, then) for number, then in waiting if number > self._seen[ticket]]
        if left:
            self._waiting_to_see[ticket] = left
        for number, then in waiting:
            if number <= self._seen[ticket]:
                then(True)
        if self.plan.agents == "none" and self._seen[ticket] and ticket in self._current:
            contact = self._cases[self._current[ticket]].contact
            self.centre.is_answered(contact, True if state is not State.OPEN else None)

    # --- the list of open tickets ------------------------------------------------------------------------------------

    def _list(self) -> None:
        """Look for tickets that mail has made, while there are any to look for."""
        while not self.stopped:
            self.steps.sleep(LIST_AGAIN)
            if not self._mailed:
                continue
            try:
                tickets = self.steps.read(
                    "", "list", lambda desk: desk.open_tickets(self.plan.run), customer=False
                )  # fmt: skip
            except Trouble:
                continue
            self.inbox.put(partial(self._are_listed, tickets))

    def _are_listed(self, tickets: list[Ticket]) -> None:
        by_key = {ticket.key: ticket.id for ticket in tickets if ticket.key}
        open_ = {ticket.id for ticket in tickets}
        for c, (sent, old) in list(self._mailed.items()):
            ticket = old if old is not None else by_key.get(c)
            if ticket in open_:
                del self._mailed[c]
                self.steps.ledger.step(c, "mailbox", ms=(self.time() - sent) * 1000, ok=True, ticket=ticket)
                self._on_the_way.pop(c)(ticket)
        for each in tickets:
            if each.key and not self._is_ours(each.key):
                self.steps.ledger.foreign(each.id)

    def _is_ours(self, c: str) -> bool:
        issue = c.split(".")[0]
        return issue.isdecimal() and int(issue) in self._rows

    # --- the wire: customers -----------------------------------------------------------------------------------------

    def sends(self, contact: Contact, then: Then) -> None:
        c, old = key(contact), self._last_ticket(contact)
        self._spawns(contact)
        if contact.cause == TRANSFER and old is not None:
            # the same ticket, with somebody else
            self._cases[c] = Case(contact, old)
            self._current[old] = c
            self._delivers(c, contact, Delivery.SENT, old)
            self.inbox.put(partial(then, True))
            return
        on = old if contact.cause in (RECONNECT, REDIAL) else None

        def arrived(ticket: str | None) -> None:
            if ticket is not None:
                self._cases[c] = Case(contact, ticket)
                self._current[ticket] = c
            then(ticket is not None)
            if ticket is not None:
                self._watch(c)

        if self._wires[contact.channel] == "email":
            self.open.begin(c, self._rows[contact.issue].email)
            if on is not None:
                # the desk confirms nothing there: its letters name the ticket alone
                self.open.number(c, on)
        self._on_the_way[c] = arrived
        self._order(contact, "send", on=on, cause=Cause(contact.cause).name.lower())

    def chases(self, contact: Contact) -> None:
        self._order(contact, "chase", number=contact.more.chasers)

    def replies(self, contact: Contact, then: Then) -> None:
        self._replied[key(contact)] = then
        self._order(contact, "reply", number=ASKED)

    def withdraws(self, contact: Contact) -> None:
        self._order(contact, "withdraw")

    def settles(self, contact: Contact) -> None:
        self._order(contact, "settle", stars=self._stars(contact))

    def watches(self, contact: Contact, then: Then) -> None:
        ticket = self._ticket(key(contact))
        if ticket is None:
            return
        number = self._posted.get(ticket, 0)
        if self._seen.get(ticket, 0) >= number or not (self._reads_mail(contact) or self._can_poll):
            # where nobody can look, the answer counts as seen when it is given
            self.inbox.put(partial(then, True))
            return
        self._waiting_to_see.setdefault(ticket, []).append((number, then))

    def _watch(self, c: str) -> None:
        """Customers whose answers come by mail read their mail; all others look at the ticket."""
        contact = self._cases[c].contact
        if self._can_poll and not self._reads_mail(contact):
            self._order(contact, "watch")

    def _reads_mail(self, contact: Contact) -> bool:
        return self._wires[contact.channel] == "email" and bool(self.plan.mail and self.plan.mail.get("mailbox"))

    def _order(self, contact: Contact, do: str, **more: Any) -> None:
        c = key(contact)
        order = {
            "do": do, "c": c, "issue": contact.issue, "attempt": contact.attempt,
            "channel": self.plan.channels[contact.channel].name, "wire": self._wires[contact.channel],
            "ticket": self._ticket(c), "due": self.time(), "number": 0, **more,
        }  # fmt: skip
        letter = self._threads.get(order.get("on") or order["ticket"])
        if letter is not None:
            order |= {"subject": letter.reply_subject, "references": list(letter.thread)}
        elif order["wire"] == "email" and (do in ("chase", "reply") or order.get("on")):
            # no letter with the desk's number has come yet: a mail without it would open one more ticket
            order["wire"] = "rest"
        self._tell(owner(self._rows[contact.issue].customer, self.workers), order)

    # --- the wire: agents --------------------------------------------------------------------------------------------

    def takes(self, contact: Contact, agent: Taker, then: Then) -> None:
        ticket = self._ticket(key(contact))
        assert ticket is not None
        self._acts(contact, "take", lambda desk: desk.take(ticket), then)

    def answers(self, contact: Contact, agent: Taker | None, then: Then, *, asks: bool) -> None:
        c = key(contact)
        ticket = self._ticket(c)
        assert ticket is not None
        row = self._rows[contact.issue]
        occasion = Occasion.QUESTION if asks else Occasion.ANSWER
        number = ASKED if asks else 0
        words = message(
            self.plan.run, row.issue, contact.attempt, occasion, row.intent, row.name, number=number
        )  # fmt: skip
        before = self._posted.get(ticket, 0)

        def said(desk: Any) -> bool:
            """Whether an answer that failed is there."""
            return bool(desk.poll(ticket).answers > before)

        def resolved(desk: Any) -> bool:
            return desk.poll(ticket).state is not State.OPEN

        def posted(done: bool) -> None:
            if not done:
                then(False)
                return
            self._posted[ticket] = before + 1
            if asks:
                then(True)
            else:
                self._acts(contact, "resolve", lambda desk: desk.resolve(ticket), lambda _: then(True), resolved)

        self._acts(contact, "ask" if asks else "answer", lambda desk: desk.answer(ticket, words.body), posted, said)

    def _acts(self, contact: Contact, step: Any, act: Act, then: Then, found: Act | None = None) -> None:
        """A request of an agent, in a greenlet of its own; `then` is called by the dispatcher's."""
        c, channel = key(contact), self.plan.channels[contact.channel].name
        self._out += 1

        def request() -> None:
            try:
                done = self.steps.write(
                    c, step, act, channel=channel, found=found, customer=False, tries=AGENTS_TRY
                )  # fmt: skip
            except LedgerBroken:
                done = Done(False)
                self.stop("the ledger cannot be written")
            self.inbox.put(partial(heard, done))

        def heard(done: Done) -> None:
            self._out -= 1
            then(done.there)

        self._spawn(request)

    # --- the books ---------------------------------------------------------------------------------------------------

    def _spawns(self, contact: Contact, tick: int | None = None) -> None:
        c = key(contact)
        self._spawned.add(c)
        self.steps.ledger.spawn(
            c, cause=Cause(contact.cause).name.lower(), channel=self.plan.channels[contact.channel].name,
            due=self.t0 + (self.time() if tick is None else self.plan.seconds(tick)),
        )  # fmt: skip

    def _delivers(self, c: str, contact: Contact, delivery: Delivery, ticket: str | None = None) -> None:
        self.steps.ledger.delivery(
            c, delivery, cause=Cause(contact.cause).name.lower(), channel=self.plan.channels[contact.channel].name,
            ticket=ticket, due=None, lag=None, late=False,
        )  # fmt: skip

    def _note_some(self) -> None:
        """Write down which of the next contacts have changed since they were last."""
        contacts = self.centre.contacts
        if self._next_note >= len(contacts):
            self._next_note = 0
        since, self._next_note = self._next_note, self._next_note + NOTE_AT_ONCE
        for contact in contacts[since : self._next_note]:
            self._note(contact)

    def _note_all(self) -> None:
        for contact in self.centre.contacts:
            self._note(contact)
        for contact in self.centre.left_out:
            self._spawns(contact, contact.offered)
            self._delivers(key(contact), contact, Delivery.SKIPPED)

    def _note(self, contact: Contact) -> None:
        known = self._noted.get(contact.key)
        now = (_moments(contact), _story(contact.more), contact.by, self.centre.seen.get(contact.key))
        if now == known:
            return
        self._noted[contact.key] = now
        c = key(contact)
        if known is None and self._never_sent(contact):
            if contact.attempt > 1:
                self._spawns(contact, contact.offered)
            self._delivers(c, contact, Delivery.ENTERED)
        self.steps.ledger.contact(c, self._columns(contact))

    def _never_sent(self, contact: Contact) -> bool:
        """Entered; or of a wired channel that was closed, so that its customer did not even write."""
        if self._wires[contact.channel] == "enter":
            return True
        return contact.attempt > 1 and key(contact) not in self._spawned

    def _columns(self, contact: Contact) -> dict[str, Any]:
        columns = {name: _cell(getattr(contact, name)) for name in _OF_THE_CONTACT}
        columns |= {name: _cell(getattr(contact.more, name)) for name in _OF_ITS_STORY}
        by = contact.by
        seen = self.centre.seen.get(contact.key)
        detected = None if seen is None or contact.ended == NEVER else seen - contact.ended
        return columns | {
            "group": None if by is None else by.group, "agent": None if by is None else by.number, "seen": seen,
            "detected": detected,
        }  # fmt: skip

    # --- looking things up -------------------------------------------------------------------------------------------

    def _ticket(self, c: str) -> str | None:
        case = self._cases.get(c)
        return None if case is None else case.ticket

    def _last_ticket(self, contact: Contact) -> str | None:
        """The newest ticket of the same issue on the same channel; of a transfer, on any."""
        for attempt in range(contact.attempt - 1, 0, -1):
            case = self._cases.get(f"{contact.issue}.{attempt}")
            if case is not None and (contact.cause == TRANSFER or case.contact.channel == contact.channel):
                return case.ticket
        return None

    def _first_at(self, issue: int) -> int:
        """The tick at which an issue's first contact was offered."""
        for each in self.centre.contacts[self._known :]:
            self._firsts_at.setdefault(each.issue, each.offered)
        self._known = len(self.centre.contacts)
        return self._firsts_at[issue]

    def _stars(self, contact: Contact) -> int | None:
        """The rating of who answers surveys: what the model of satisfaction makes of what they lived through."""
        issues, issue = self._issues, contact.issue
        first = self._first_at(issue)
        channel = self.desk.channels[contact.channel]
        wait = np.array([max(0, contact.answered - first) / 1000.0])
        feeling, survey = reference.FEELING, self.desk.survey
        z = reference.ALPHA[channel.satisfaction_like] + satisfaction_logit(
            perceived_gain(wait, channel.expectation, feeling), unresolved=np.array([False]),
            repeats=np.array([contact.attempt - 1]), ignored=np.array([False]), got_answer=np.array([True]),
            feeling=feeling,
        )  # fmt: skip
        satisfaction = 100.0 / (1.0 + np.exp(-z))
        asked = with_replies(feeling, survey.answers) if survey.answers is not None else feeling
        draw = issues["reply_draw"][issue] / 1e6 / (survey.asked or 1.0)
        if draw >= 1.0 or not replies(satisfaction, np.array([draw]), asked)[0]:
            return None
        return int(survey_score(satisfaction, np.array([issues["noise_draw"][issue] / 1e3]), feeling)[0])


def key(contact: Contact) -> str:
    return f"{contact.issue}.{contact.attempt}"


def unstaffed(desk: Desk) -> Desk:
    """The same desk without our agents: people answer."""
    groups = tuple(replace(group, levels=((desk.starts, 0),), people=(), paid=None) for group in desk.groups)
    return replace(desk, groups=groups)


def _is_open(contact: Contact) -> bool:
    return contact.outcome in (int(Outcome.OPEN), int(Outcome.CALLBACK_PENDING)) and not contact.gone


def _cell(value: int) -> int | None:
    return None if value == NEVER else int(value)
