"""A worker: sends its share of the plan when it is due, carries out what the centre asks of its customers, and looks
for answers on their behalf.

An open model keeps its promise only if nobody waits for anybody: the conductor sleeps until a contact is due, and
starts its customer in a greenlet of their own. A slow desk makes customers wait, and moves no arrival.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from html import unescape
from typing import Any, Protocol

from sim.helpdesks.protocol import Abilities, Can, Helpdesk, Kind, Post, State, Thread, Trouble
from sim.load.books import late_after
from sim.load.ledger import Delivery, LedgerBroken
from sim.load.limits import Abort, Window
from sim.load.plan import Plan, Row, owner
from sim.load.steps import Act, Done, Steps
from sim.population.words import Occasion, message
from sim.units import say_share

Order = Mapping[str, Any]
"""What the centre asks of a customer, as plain values: it may come from another machine."""

LONGEST_SLEEP = 0.5
"""Wall seconds: a conductor that is told to stop hears of it so soon."""
OF_THE_DESK = 3.0
"""Between two looks so many times what one takes: the desk spends a third of a process on them at most."""
POLL_AGAIN = 1.0
"""Wall seconds after which a customer looks at their ticket again, where the desk bears it."""
LONGEST_QUIET = 30.0
"""Wall seconds without a look, however long a pause the desk asks for: it would be the end of the run."""
CLOSING = {"confirm": Occasion.THANKS, "withdraw": Occasion.CLOSE}


class Courier(Protocol):
    """Brings customers' mail to the desk."""

    def deliver(self, post: Post, number: int, *, subject: str | None, references: Sequence[str]) -> None:
        """Message `number` of a contact, perhaps into the thread of a letter. Raises Trouble."""


@dataclass
class Watched:
    """A ticket that a customer looks at."""

    c: str
    channel: str
    next: float
    answers: int = 0
    state: State = State.OPEN


class Worker:
    """One of `workers`.

    Args:
        time: wall seconds after the start of the run.
        start: runs a customer's part in a greenlet of its own.
        report: tells the centre.
        courier: None where no channel goes by mail.
    """

    def __init__(
        self,
        plan: Plan,
        number: int,
        workers: int,
        steps: Steps,
        abilities: Abilities,
        courier: Courier | None,
        *,
        time: Callable[[], float],
        sleep: Callable[[float], None],
        start: Callable[[Callable[[], None]], None],
        report: Callable[[dict[str, Any]], None],
        t0: float,
    ) -> None:
        self.plan, self.number, self.workers = plan, number, workers
        self.steps, self.abilities, self.courier = steps, abilities, courier
        self.time, self.sleep, self._start, self.report, self.t0 = time, sleep, start, report, t0
        self.late_after = late_after([plan.seconds(row.due) for row in plan.sent])
        self.stopped = False
        self.broken = ""
        self.walked = False
        """Whether all of the shard has been sent."""
        self._people = {row.issue: row for row in plan.rows if owner(row.customer, workers) == number}
        self._watched: dict[str, Watched] = {}
        self._look_takes = 0.0
        """Wall seconds."""
        self._sending: dict[str, tuple[str, str, float]] = {}
        """Contacts that are being sent: cause, channel, due."""
        self._looks: list[tuple[float, str]] = []
        """When to look at which ticket, as a heap; what says another time than the ticket's `next` is out of date."""
        self._quiet = 0.0
        """Until when nobody looks: the desk has asked for a pause, which its other work needs more."""
        abort = plan.abort
        self._abort = Window(Abort(**abort)) if abort else None

    # --- the conductor -----------------------------------------------------------------------------------------------

    def walk(self, rows: Sequence[Row] | None = None) -> None:
        """Send the shard, each contact when it is due; returns when all are on their way, or the run has stopped."""
        for row in [row for row in self.plan.shard(self.number, self.workers) if row.sent] if rows is None else rows:
            due = self.plan.seconds(row.due)
            while not self.stopped and (left := due - self.time()) > 0:
                self.sleep(min(left, LONGEST_SLEEP))
            if self.stopped:
                return
            self._start(lambda row=row, due=due: self._first(row, due))  # type: ignore[misc]
        self.walked = True

    def _first(self, row: Row, due: float) -> None:
        c = f"{row.issue}.1"
        post = self._post(row, c, row.subject, row.body)
        self._send(c, post, row.channel, row.wire, "first", due, on=None, number=0, thread=_thread({}))

    # --- what the centre asks for ------------------------------------------------------------------------------------

    def obey(self, order: Order) -> None:
        """Carry out an order, in a greenlet of its own."""
        do = order["do"]
        if do == "stop":
            self.stopped = True
        elif do == "watch":
            self._watches(order)
        elif do == "rest":
            self._watched.pop(order["ticket"], None)
        elif not self.stopped:
            self._start(lambda: getattr(self, f"_{do}s")(order))

    def _watches(self, order: Order) -> None:
        ticket = order["ticket"]
        if ticket not in self._watched:
            self._watched[ticket] = Watched(order["c"], order["channel"], 0.0)
            self._looks_again(ticket, self._watched[ticket], 0.0)
        self._watched[ticket].c = order["c"]

    def _sends(self, order: Order) -> None:
        """A further contact: on the old ticket (`on`), or a new one."""
        cause = order["cause"]
        occasion = Occasion(cause) if cause in tuple(Occasion) else Occasion.SWITCH
        post = self._words(order, occasion)
        self._send(
            order["c"], post, order["channel"], order["wire"], cause, order["due"], on=order["on"],
            number=0, thread=_thread(order),
        )  # fmt: skip

    def _chases(self, order: Order) -> None:
        self._says(order, "chase", Occasion.CHASER)

    def _replys(self, order: Order) -> None:
        done = self._says(order, "reply", Occasion.REPLY)
        self.report({"is": "replied", "c": order["c"], "ok": _on_its_way(done, order["wire"])})

    def _settles(self, order: Order) -> None:
        """Helped: the customer says so, and rates."""
        self._close(order, CLOSING["confirm"])
        if order["stars"] is not None and Can.RATE in self.abilities.can:
            self._steps_write(order, "rate", lambda desk: desk.rate(order["ticket"], order["stars"]))
        self._watched.pop(order["ticket"], None)

    def _withdraws(self, order: Order) -> None:
        self._close(order, CLOSING["withdraw"])
        self._watched.pop(order["ticket"], None)

    def _close(self, order: Order, occasion: Occasion) -> None:
        if Can.CLOSE in self.abilities.can and order["ticket"]:
            post = self._words(order, occasion)
            # a desk without a state of its own for this only resolves; the customer's last words are there all the same
            closed = self._seen(
                order["ticket"], lambda thread: thread.state is State.CLOSED or _holds(thread, post)
            )  # fmt: skip
            self._steps_write(order, "close", lambda desk: desk.close(order["ticket"], post), found=closed)

    def _says(self, order: Order, step: Any, occasion: Occasion) -> Done:
        """A further message on an open ticket; none, and no error, where the desk takes none."""
        if order["wire"] != "email" and Can.REPLY not in self.abilities.can:
            return Done(False)
        post, number = self._words(order, occasion), order["number"]
        if order["wire"] == "email":
            assert self.courier is not None
            deliver, thread = self.courier.deliver, _thread(order)
            return self._steps_write(order, step, lambda desk: deliver(post, number, **thread), wire="email")
        said = self._said(order["ticket"], post)
        return self._steps_write(order, step, lambda desk: desk.reply(order["ticket"], post), found=said)

    def _steps_write(self, order: Order, step: Any, act: Act, wire: Any = "rest", found: Act | None = None) -> Done:
        try:
            return self.steps.write(order["c"], step, act, channel=order["channel"], wire=wire, found=found)
        except LedgerBroken as problem:
            self._breaks(problem)
            return Done(False)

    def _seen(self, ticket: str, there: Callable[[Thread], bool]) -> Act | None:
        """Whether something is to be seen on a ticket; None where the desk shows none."""
        return (lambda desk: there(desk.poll(ticket))) if Can.POLL in self.abilities.can else None

    def _said(self, ticket: str, post: Post) -> Act | None:
        """Whether a message is on a ticket."""
        return self._seen(ticket, lambda thread: _holds(thread, post))

    # --- a contact ---------------------------------------------------------------------------------------------------

    def _send(
        self,
        c: str,
        post: Post,
        channel: str,
        wire: Any,
        cause: str,
        due: float,
        *,
        on: str | None,
        number: int,
        thread: Mapping[str, Any],
    ) -> None:
        """Make contact, and write down what became of it: the one delivery of this contact."""
        again = on is not None and Can.REPLY in self.abilities.can
        act: Act

        def of_key(desk: Helpdesk) -> str | None:
            return next(iter(desk.search(post.run, c)), None)

        found: Act | None = None if again else of_key
        if wire == "email":
            assert self.courier is not None
            deliver = self.courier.deliver

            def act(desk: Helpdesk) -> None:
                deliver(post, number, **thread)

        elif again:
            assert on is not None
            old = on

            def act(desk: Helpdesk) -> str:
                desk.reply(old, post)
                return old

            found = self._said(old, post)

        else:

            def act(desk: Helpdesk) -> str:
                return desk.create(post)

        self._sending[c] = (cause, channel, due)
        try:
            step: Any = "reply" if again else "create"
            done = self.steps.write(c, step, act, channel=channel, wire=wire, due=self.t0 + due, found=found)
        except LedgerBroken as problem:
            self._breaks(problem)
            return
        if self._sending.pop(c, None) is None:
            return
        lag = done.sent - self.t0 - due
        delivery = Delivery.SENT if done.ok else Delivery.CREATED_DESPITE_ERROR if done.exists else Delivery.FAILED
        ticket = done.value if isinstance(done.value, str) else on
        self.steps.ledger.delivery(
            c, delivery, cause=cause, channel=channel, ticket=ticket, due=self.t0 + due, lag=round(lag, 6),
            late=lag > self.late_after,
        )  # fmt: skip
        self._watch_errors(bad=not done.ok)
        # a mail that failed and may exist is waited for like any other: if it turns up in the desk's list of open
        # tickets, its customer is served; its delivery stays "failed" until the books are reconciled with the desk
        self.report({"is": "sent", "c": c, "ok": _on_its_way(done, wire), "ticket": ticket, "wire": wire})

    def gives_up(self) -> None:
        """The run is over: what the desk has not answered has failed, as far as anybody knows."""
        for c, (cause, channel, due) in self._sending.items():
            self.steps.ledger.delivery(c, Delivery.FAILED, cause=cause, channel=channel, due=self.t0 + due)
        self._sending.clear()

    def _post(self, row: Row, c: str, subject: str, body: str) -> Post:
        return Post(self.plan.run, c, row.name, row.email, subject, body)

    def _words(self, order: Order, occasion: Occasion) -> Post:
        row = self._people[order["issue"]]
        words = message(
            self.plan.run, row.issue, order["attempt"], occasion, row.intent, row.name, number=order["number"]
        )  # fmt: skip
        return self._post(row, order["c"], words.subject, words.body)

    def _watch_errors(self, *, bad: bool) -> None:
        if self._abort is not None and self._abort.add(self.time(), bad):
            rule = self._abort.rule
            why = f"more than {say_share(rule.share)} of the contacts of {rule.seconds:g} s went wrong (load.abort)"
            self.report({"is": "abort", "why": why})

    def _breaks(self, problem: LedgerBroken) -> None:
        self.stopped = True
        self.broken = problem.what
        self.report({"is": "broken", "what": problem.what})

    # --- looking for answers -----------------------------------------------------------------------------------------

    def watch(self) -> None:
        """Look at the tickets of waiting customers, longest not looked first, as often as the desk bears."""
        while not self.stopped:
            pause = self.workers * max(1 / max(self.plan.polls, 0.01), OF_THE_DESK * self._look_takes)
            if not self._looks or max(self._looks[0][0], self._quiet) > self.time():
                self.sleep(min(pause, 0.05))
                continue
            at, ticket = heappop(self._looks)
            watched = self._watched.get(ticket)
            if watched is None or watched.next != at:
                continue
            self._start(lambda ticket=ticket, watched=watched: self._look(ticket, watched))  # type: ignore[misc]
            self.sleep(pause)

    def _looks_again(self, ticket: str, watched: Watched, seconds: float) -> None:
        watched.next = self.time() + seconds
        heappush(self._looks, (watched.next, ticket))

    def _look(self, ticket: str, watched: Watched) -> None:
        """Look at a ticket, and again some time after the answer: a desk that is slow is not asked ever more."""
        began = self.time()
        try:
            thread: Thread = self.steps.read(
                watched.c, "poll", lambda desk: desk.poll(ticket), channel=watched.channel
            )  # fmt: skip
        except Trouble as trouble:
            if trouble.kind is Kind.THROTTLED:
                self._quiet = self.time() + min(trouble.retry_after or POLL_AGAIN * 5, LONGEST_QUIET)
            return
        finally:
            # a mean that follows the last looks
            self._look_takes += 0.3 * (self.time() - began - self._look_takes)
            self._looks_again(ticket, watched, POLL_AGAIN)
        if (thread.answers, thread.state) != (watched.answers, watched.state):
            watched.answers, watched.state = thread.answers, thread.state
            self.report(
                {"is": "saw", "ticket": ticket, "c": watched.c, "answers": thread.answers, "state": thread.state.value}
            )


def _on_its_way(done: Done, wire: Any) -> bool:
    """Whether the desk has a message or, by mail, may yet take it in."""
    return done.there or (wire == "email" and done.trouble is not None and done.exists is None)


def _holds(thread: Thread, post: Post) -> bool:
    """Whether a message is in a thread: no two are alike.

    Raises:
        Trouble: of kind `MEANING`: the desk shows no text, so nobody can tell.
    """
    texts = [_letters(message.text) for message in thread.messages]
    if not any(texts):
        raise Trouble(Kind.MEANING, "look for a message: the ticket shows no text")
    return _letters(post.body) in texts


def _letters(text: str) -> str:
    """A text without markup, and without the white space that a desk may have put elsewhere."""
    return "".join(unescape(re.sub(r"<[/!a-zA-Z][^>]*>", "", text)).split())


def _thread(order: Order) -> dict[str, Any]:
    """The letter that a mail answers, as far as it is known."""
    return {"subject": order.get("subject"), "references": tuple(order.get("references") or ())}
