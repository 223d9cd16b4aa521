"""The words for what the journal tells of a contact: an entry is a code and numbers, a line is for a planner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from sim.desk import NEXT_OPENING, NOWHERE, ONE
from sim.follow import Life
from sim.policies.response import Together
from sim.population.draw import DRAWS
from sim.scenario import lower
from sim.schemas import NEVER, TICKS_PER_SECOND, Cause, Outcome
from sim.simulate.journal import DRAW, Entry
from sim.tables import Array

TIE = "\N{NO-BREAK SPACE}"
"""Between words that stay on one line; printed as a space."""
NAMED = 4
"""Of a line, and of busy agents, so many are named."""
BOOKED = 1 << 40
"""So far below 0 is the urgency of a booked callback."""
_LEFT = (Outcome.ABANDONED, Outcome.WITHDRAWN)
Row = dict[str, int]

_YES_NO = {
    "redial": ("will try again", "does not try again"),
    "reconnect": ("will come back", "does not come back"),
    "elsewhere": ("turns to another channel", "turns to no other channel"),
    "public": ("will complain in public", "does not complain in public"),
    "silent": ("leaves without a word", "hangs up"),
    "front": ("tries self-service first", "does not try self-service"),
    "escalate": ("wants a person now", "does not want a person now"),
    "transfer": ("has to be passed on", "need not be passed on"),
    "asks": ("the customer will have to be asked back", "nothing to ask the customer back"),
    "ignored": ("is among the ignored", "is not among the ignored"),
    "chase": ("writes again", "does not write again"),
    "callback": ("accepts", "declines"),
    "deflect": ("goes there", "stays"),
    "inform": ("that is all the customer wanted", "the customer wants more"),
    "retain": ("accepts the offer to stay", "declines the offer to stay"),
    "resolved": ("solved", "not solved"),
    "solve": ("solved", "not solved"),
}
"""What a draw below its chance means, and one that is not."""

_DELAYS = {
    Cause.REDIAL: "redial_delay",
    Cause.RECONNECT: "reconnect_delay",
    Cause.SWITCH: "elsewhere_delay",
    Cause.PUBLIC: "public_delay",
}

_QUIET = ("resolved", "solve", "wrap_up", "patience", "handle")
"""Draws that are told with what comes of them."""


@dataclass
class Words:
    """Finds the words for the entries of one life. A line that begins with spaces belongs to the one before it."""

    life: Life
    by_id: dict[tuple[int, int], Row] = field(default_factory=dict)
    drawn: dict[tuple[str, int], Entry] = field(default_factory=dict)
    """Draws by name and attempt."""
    needed: dict[int, float] = field(default_factory=dict)
    """Ticks of work, by attempt."""

    def __post_init__(self) -> None:
        self.desk = self.life.desk
        self.days = lower.calendar(self.life.recorded.scenario)
        self.names = [channel.name for channel in self.desk.channels]
        self.responses = self.desk.responses
        for entry in self.life.entries:
            if entry.what == DRAW:
                self.drawn[entry.about["name"], entry.attempt] = entry

    def moment(self, tick: int) -> datetime:
        return self.days.local(tick / TICKS_PER_SECOND)

    def time(self, tick: int, since: int) -> str:
        """A moment by the clock; with its day where that is not the day of the moment `since`."""
        moment = self.moment(tick)
        same = moment.date() == self.moment(since).date()
        return f"{moment:%H:%M:%S}" if same else f"{moment:%a %d %b %H:%M:%S}"

    def agent(self, group: int, number: int) -> str:
        people = self.desk.groups[group].people
        return people[number].name if people else f"agent{TIE}{number} of {self.desk.groups[group].name}"

    def id(self, issue: int, attempt: int) -> str:
        return f"{self.life.replication}.{issue}.{attempt}"

    def policy(self, name: str) -> str:
        """The name of the response policy that is at work, in brackets."""
        policy = self.desk.response
        named = [each.name for each in (policy.policies if isinstance(policy, Together) else (policy,))]
        return f" (policy {name})" if name in named else ""

    # --- the entries -------------------------------------------------------------------------------------------------

    def words(self, entry: Entry, row: Row) -> Iterator[str]:
        if entry.what == DRAW:
            if entry.about["name"] not in _QUIET and "chance" in entry.about:
                meant = _YES_NO[entry.about["name"]]
                yield f"  {meant[0] if yes(entry) else meant[1]}: {held(entry)}"
            return
        for part in (self._at_the_door, self._of_the_wait, self._in_line, self._work, self._answer, self._afterwards):
            yield from part(entry, row)

    def _at_the_door(self, entry: Entry, row: Row) -> Iterator[str]:
        about = entry.about
        channel = self.desk.channels[row["channel"]]
        match entry.what:
            case "is offered":
                lines = f"; lines in use: {about['lines']} of {about['of_lines']}" if about["of_lines"] else ""
                yield f"reaches {channel.name}{lines}"
                if row["outcome"] not in (Outcome.TURNED_AWAY, Outcome.IGNORED, Outcome.BLOCKED):
                    yield from self._floor(entry, row)
            case "is decided on":
                yield f"  the policy {self.desk.response.name} says: {about['does'].lower()}, as {about['because']}"
            case "is ignored":
                yield f"nobody will ever answer it{self.policy('ignore')}"
            case "hears the message":
                yield f"hears a recorded message about its problem{self.policy('outage_message')}"
            case "finds no line free":
                yield f"all {about['lines']} lines are in use: blocked"
            case "finds the channel closed":
                to = {NEXT_OPENING: "comes back when it opens", NOWHERE: "turned away"}
                yield f"{channel.name} is closed: {to.get(about['to']) or 'goes to ' + self.names[about['to']]}"
            case "goes to who answered before":
                yield f"  the agent who answered this customer last is free (policy {self.desk.routing.name}, sticky)"
            case "interrupts":
                aside = ", ".join(self.id(*other) for other in about["aside"]) or "what is in hand"
                yield f"nobody is free; {self.agent(about['group'], about['agent'])} puts {aside} aside for it"
            case "is served by the machine":
                yield f"{channel.name} serves at once, for {long(about['handle'])}"

    def _floor(self, entry: Entry, row: Row) -> Iterator[str]:
        """Who of the groups that may take the contact is there, and what they do; after an overflow, of those groups
        that may not at once."""
        tables = self.desk.routing.lower(self.desk.layout())
        delays = tables.delay[self.desk.queue(row["channel"], row["intent"])] if tables is not None else None
        for crew in entry.about["floor"]:
            name, free, busy = self.desk.groups[crew["group"]].name, crew["free"], crew["busy"]
            delay = 0 if delays is None else delays[crew["group"]]
            if entry.what == "overflows" and not delay:
                continue
            later = f" (after {long(delay)})" if delay and entry.what == "is offered" else ""
            there = len(free) + len(busy)
            if not there:
                yield f"  {name}{later}: nobody is there"
                continue
            over = f", {there - crew['level']} of them finishing" if there > crew["level"] else ""
            said = f"{there} there{over}, {len(free) or 'nobody'} free"
            yield f"  {name}{later}: {said}" + (f"; {self._busy(crew, entry.tick)}" if busy and not free else "")

    def _busy(self, crew: dict[str, Any], now: int) -> str:
        """What those do who are not free, whoever is done first before the others."""
        told = []
        for number, held in crew["busy"]:
            ends = [self._in_hand(crew["group"], number, contact, now) for contact in held]
            until = min((end for end, _ in ends), default=now)
            what = ", ".join(said for _, said in ends)
            clock = f"until {self.time(until, now)}" if until < self.desk.ends else "beyond the end"
            told.append((until, f"{self._short(crew['group'], number)} {clock} ({what})"))
        more = len(told) - NAMED
        return ", ".join(said for _, said in sorted(told)[:NAMED]) + (f" and {more} more" if more > 0 else "")

    def _short(self, group: int, number: int) -> str:
        people = self.desk.groups[group].people
        return people[number].name if people else f"agent{TIE}{number}"

    def _in_hand(self, group: int, number: int, contact: tuple[int, int], now: int) -> tuple[int, str]:
        """Until when an agent holds a contact, and what it is."""
        spells = self.life.spells
        mine = (spells["issue"] == contact[0]) & (spells["attempt"] == contact[1]) & (spells["group"] == group)
        mine &= (spells["agent"] == number) & (spells["from"] <= now) & (spells["to"] > now)
        if mine.any():
            return int(spells["to"][mine][0]), self.id(*contact)
        row = self._row(*contact)
        until = self.desk.ends if row["freed"] == NEVER else row["freed"]
        wrapping = row["ended"] != NEVER and row["ended"] <= now and row["outcome"] != Outcome.ABANDONED
        return until, f"{'wrap-up of ' if wrapping else ''}{self.id(*contact)}"

    def _row(self, issue: int, attempt: int) -> Row:
        if (issue, attempt) not in self.by_id:
            table = self.life.contacts
            at = int(np.flatnonzero((table["issue"] == issue) & (table["attempt"] == attempt))[0])
            self.by_id[issue, attempt] = {name: int(table[name][at]) for name in table.names}
        return self.by_id[issue, attempt]

    def _of_the_wait(self, entry: Entry, row: Row) -> Iterator[str]:
        about, channel = entry.about, row["channel"]
        match entry.what:
            case "expects to wait":
                yield from self._expectation(about, channel)
            case "is asked to use another channel":
                yield f"  asked to use {self.names[about['to']]}{self._above('deflect', channel)}"
            case "is offered a callback":
                yield f"  offered a callback{self._above('callback', channel)}"
            case "accepts a callback":
                yield "hangs up, to be called back"
            case "is booked":
                at = "never: it does not open again" if about["at"] is None else self.time(about["at"], entry.tick)
                yield f"the callback is booked for {at}"
            case "hears of the wait":
                yield f"is told to expect {long(about['expected'])}{self.policy('announce')}"
            case "does not care to wait so long":
                tables = self.responses
                balk = tables.announce[channel] if tables is not None and tables.announce else None
                share = "" if balk is None else f" of less than {balk.balk / ONE:g} × that"
                yield f"hangs up at once, with a patience of {long(about['patience'])}{share}"

    def _expectation(self, about: dict[str, Any], channel: int) -> Iterator[str]:
        if about["expected"] is None:
            yield "expected wait: unknown, as nobody is there"
            return
        wait = about["expected"]
        usual, hands = long(about["usual"]), count(about["hands"], "contact")
        how = f"({about['waiting']} waiting + 1) × {usual} ÷ {hands} at once"
        yield f"expected wait {long(wait)}: {how}"
        for what, name in (("a callback", "callback"), ("another channel", "deflect")):
            after = self._offered_after(name, channel)
            if after is not None and wait <= after:
                yield f"  not above {long(after)}: {what} is not offered{self.policy(name)}"

    def _offered_after(self, name: str, channel: int) -> int | None:
        """The expected wait beyond which a callback or another channel is offered."""
        offers = getattr(self.responses, name) if self.responses is not None else ()
        return offers[channel].after if offers and offers[channel] is not None else None

    def _above(self, name: str, channel: int) -> str:
        after = self._offered_after(name, channel)
        return (f", as the wait is above {long(after)}" if after is not None else "") + self.policy(name)

    def _in_line(self, entry: Entry, row: Row) -> Iterator[str]:
        about = entry.about
        match entry.what:
            case "joins the line":
                yield from self._joins(entry, row)
            case "overflows":
                yield f"has waited {long(entry.tick - row['offered'])}; others may take it now"
                yield from self._floor(entry, row)
            case "abandons":
                ahead = f"; {about['ahead'] or 'nobody'} still ahead"
                yield f"out of patience after {long(about['waited'])}: gives up{ahead}"
                if about["silent"]:
                    yield "  nobody notices: it stays in the line until an agent takes it"
            case "runs out of patience":
                yield "has had no answer for as long as the customer is patient"
            case "writes again":
                yield f"writes again about it, for the {_nth(about['chasers'])} time"
            case "is withdrawn":
                yield f"so this message is withdrawn{self.policy('unified_view')}"
            case "is cut off at closing":
                yield f"{self.names[row['channel']]} closes: cut off"
            case "goes to the outsourcer":
                waited = long(entry.tick - row["offered"])
                yield f"has waited {waited}: the outsourcer answers{self.policy('outsource')}"
                yield f"  handle time {long(self.drawn['handle', row['attempt']].about['value'])}"

    def _joins(self, entry: Entry, row: Row) -> Iterator[str]:
        about, ahead = entry.about, entry.about["ahead"]
        told = [f"{self.id(issue, number)} (for {long(entry.tick - since)})" for issue, number, since in ahead[:NAMED]]
        if not ahead:
            place = "joins the line; nobody is ahead"
        elif len(ahead) > NAMED:
            place = f"joins the line; {len(ahead)} are ahead, next {', '.join(told)} …"
        else:
            place = f"joins the line; {len(ahead)} {'is' if len(ahead) == 1 else 'are'} ahead: {', '.join(told)}"
        behind = about["waiting"] - len(ahead)
        yield place + (f"; {behind} behind, as urgency says" if behind else "")
        if about["urgency"] <= -BOOKED:
            yield "  a booked callback goes before all others"
        elif about["urgency"]:
            yield f"  urgency {about['urgency']:,}; lower goes first (policy {self.desk.routing.name})"
        live = self.desk.channels[row["channel"]].live
        if about["patience"] != NEVER and live:
            own = self.drawn["patience", row["attempt"]].about["value"]
            longer = f" {long(own)}, and more after what it was told" if own != about["patience"] else ""
            yield f"  will wait {long(about['patience'])} at most (patience{longer})"
        elif about["patience"] != NEVER:
            yield f"  will do something about it after {long(about['patience'])} without an answer (patience)"
        elif not any(e.what == "accepts a callback" and e.attempt == row["attempt"] for e in self.life.entries):
            yield "  its patience is endless"

    def _work(self, entry: Entry, row: Row) -> Iterator[str]:
        about = entry.about
        match entry.what:
            case "is taken":
                yield from self._taken(entry, row)
            case "is chosen":
                yield from self._chosen(entry, row)
            case "is worked on":
                if about["rest"] != NEVER:
                    yield "  half of it now; then the customer has to be asked"
                yield from self._changed(about, row)
            case "is offered to stay":
                yield f"is offered something to stay a customer{self.policy('retention_offer')}"
            case "is asked back":
                yield f"the desk asks the customer back, who will reply in {long(about['replies_after'])}"
            case "replies":
                yield "the customer has replied: back in the line"
            case "is put back":
                yield f"back in the line, with {long(about['left'])} of work left"
            case "is put aside":
                yield f"  put aside for {self.id(*about['by'])}, who is on the line"
            case "is left behind":
                yield f"  the shift of {self.agent(about['group'], about['agent'])} is over"
            case "is taken up again":
                yield f"  taken up again, with {long(about['left'])} of work left"
            case "is found to have left":
                yield "nobody is there any more"

    def _changed(self, about: dict[str, Any], row: Row) -> Iterator[str]:
        """What makes the work on an answer another than its handle time."""
        why = [f"{about['speed'] / ONE:g}× the usual speed"] * (about["speed"] != ONE)
        why += [f"{about['factor'] / ONE:g}× as a machine passed it on"] * (about["factor"] not in (0, ONE))
        chaser = self.desk.channels[row["channel"]].chaser_work
        why += [f"{count(about['chasers'], 'chaser')} to read"] * (about["chasers"] > 0 and chaser > 0)
        why += ["what policies change"] * self._policies_change_work(row)
        needed = self.needed[row["attempt"]] = about["ticks"] * ONE / about["speed"]
        if why and abs(needed - about["usual"]) > 1:
            yield f"  with {', '.join(why)}: {long(needed)} of work"

    def _policies_change_work(self, row: Row) -> bool:
        """Whether a policy changes the work on this answer: that of its channel, or of an issue's later answers."""
        tables = self.responses
        if tables is None:
            return False
        of_channel = bool(tables.work) and tables.work[row["channel"]] != ONE
        return of_channel or (row["answer"] > 1 and tables.unified not in (0, ONE))

    def _chosen(self, entry: Entry, row: Row) -> Iterator[str]:
        tables = self.desk.routing.lower(self.desk.layout())
        urgent = tables is not None and (tables.urgency or tables.public_urgency)
        because = entry.about["because"] or f"first by priority, then by {'urgency, then by ' if urgent else ''}wait"
        channels = self.desk.channel_of_queue
        others = [
            f"{self.id(issue, attempt)} ({self.names[channels[queue]]}, for {long(entry.tick - since)})"
            for queue, issue, attempt, since in entry.about["heads"]
            if channels[queue] != row["channel"]
        ]
        before = f"; goes before {', '.join(others)}" if others else ""
        yield f"is next (policy {self.desk.routing.name}: {because}){before}"

    def _taken(self, entry: Entry, row: Row) -> Iterator[str]:
        who, waited = self.agent(entry.about["group"], entry.about["agent"]), entry.tick - row["offered"]
        passed = self._passed(entry, row) if row["answered"] == entry.tick else ""
        if passed:
            yield f"  while it waited: {passed}"
        yield f"{who} takes it " + (f"after {long(waited)}" if waited else f"at once{self._beside(entry)}")
        handle = self.drawn.get(("handle", row["attempt"]))
        if handle is not None and handle.tick == entry.tick:
            self.needed[row["attempt"]] = handle.about["value"]
            yield f"  handle time {long(handle.about['value'])}"

    def _beside(self, entry: Entry) -> str:
        """What the agent who takes a contact as it comes holds already."""
        offers = [e for e in self.life.entries if e.what == "is offered" and e.attempt == entry.attempt]
        crews = [crew for crew in offers[-1].about["floor"] if crew["group"] == entry.about["group"]]
        held = [self.id(*contact) for crew in crews for contact in dict(crew["busy"]).get(entry.about["agent"], [])]
        interrupted = any(e.what == "interrupts" and e.attempt == entry.attempt for e in self.life.entries)
        return f", beside {', '.join(held)}" if held and not interrupted else ""

    def _passed(self, entry: Entry, row: Row) -> str:
        """Who of those ahead was taken and who gave up while it waited, and whom its agents took from other lines."""
        desk, table = self.desk, self.life.contacts
        queue = desk.queue(row["channel"], row["intent"])
        joins = [e for e in self.life.entries if e.what == "joins the line" and e.attempt == entry.attempt]
        if not joins:
            return ""
        joined = joins[0].tick
        queues = np.array([[desk.queue(c, i) for i in range(len(desk.intents))] for c in range(len(self.names))])
        mine = queues[table["channel"], table["intent"]] == queue
        groups = [group for group, queues in enumerate(desk.answers) if queue in queues]

        def meanwhile(ticks: Array) -> Any:
            return (ticks > joined) & (ticks < entry.tick)

        elsewhere = int((meanwhile(table["answered"]) & np.isin(table["group"], groups) & ~mine).sum())
        ahead = [self._row(issue, attempt) for issue, attempt, _ in joins[0].about["ahead"]]
        left = [other["outcome"] in _LEFT and joined <= other["ended"] <= entry.tick for other in ahead]
        moved = [any(joined <= other[name] <= entry.tick for name in ("answered", "taken")) for other in ahead]
        # who leaves without a word is still taken, in vain
        gone, here = sum(left), sum(one and not other for one, other in zip(moved, left, strict=True))
        told = [f"{here} of those ahead {'was' if here == 1 else 'were'} taken"] * (here > 0)
        told += [f"{gone} {'' if here else 'of those ahead '}gave up"] * (gone > 0)
        told += [f"its agents took {elsewhere} of other lines"] * (elsewhere > 0)
        return ", ".join(told)

    def _answer(self, entry: Entry, row: Row) -> Iterator[str]:
        match entry.what:
            case "has an answer":
                yield self._solved(entry, row)
            case "is transferred":
                yield f"is passed on to {self.names[entry.about['to']]}"
            case "is helped by the machine" | "is not helped by the machine":
                yield self._solved(entry, row)
            case "needs no more than the recorded message":
                yield "solved by the message"
            case "is cut off by an outage":
                yield f"{self.names[row['channel']]} stops: cut off"

    def _solved(self, entry: Entry, row: Row) -> str:
        draw = self.drawn.get(("solve", row["attempt"])) or self.drawn[("resolved", row["attempt"])]
        live = self.desk.channels[row["channel"]].live
        took = entry.tick - (row["answered"] if row["taken"] == NEVER else row["taken"])
        beside = took > self.needed.get(row["attempt"], took) + TICKS_PER_SECOND
        done = f"is through after {long(took)}{', beside others' * beside}" if live else "the answer is sent"
        quality = entry.about.get("quality", ONE)
        agents = f", quality of the answer {quality / ONE:.2f}" if quality != ONE else ""
        return f"{done}: {'solved' if yes(draw) else 'not solved'} ({held(draw)}{agents})"

    def _put_off(self, entry: Entry) -> Iterator[str]:
        """Why somebody comes later than was drawn."""
        name = _DELAYS.get(Cause(entry.about["cause"]))
        draw = self.drawn.get((name, entry.attempt)) if name is not None else None
        if draw is not None and entry.tick + draw.about["value"] < entry.about["at"]:
            closed = f"{self.names[entry.about['to']]} is closed {long(draw.about['value'])} from now"
            yield f"  {closed}: as long after the next opening as that is past closing"

    def _afterwards(self, entry: Entry, row: Row) -> Iterator[str]:
        about = entry.about
        match entry.what:
            case "will make contact again":
                following, to = self.id(self.life.issue, about["attempt"]), self.names[about["to"]]
                if about["at"] == entry.tick:
                    yield f"goes on to {to} at once, as {following}"
                else:
                    at, gap = self.time(about["at"], entry.tick), long(about["at"] - entry.tick)
                    yield f"next: {to} at {at}, in {gap}, as {following}"
                    yield from self._put_off(entry)
            case "would come again, but it does not open":
                yield f"would come again, but {self.names[about['to']]} does not open any more"
            case "goes nowhere else":
                waits = not self.desk.channels[row["channel"]].live and row["outcome"] != Outcome.IGNORED
                yield "waits on" if waits else "makes no further contact"
            case "gives up":
                yield "makes no further contact"
            case "has tried too often":
                yield f"has tried {about['most']} times; nobody tries more often"
            case "is solved meanwhile":
                yield "makes no further contact: the issue has been solved meanwhile"


def _nth(number: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(number, f"{number}th")


def yes(draw: Entry) -> bool:
    """Whether a draw fell below its chance: coins say so themselves, other draws are millionths."""
    about = draw.about
    if about["name"] in DRAWS or about["name"] == "ignored":
        return bool(about["value"] / ONE < about["chance"])
    return bool(about["value"])


def held(draw: Entry) -> str:
    """The draw beside what it is held against, with as many digits as it takes to tell them apart."""
    luck, chance = draw.about["luck"], draw.about["chance"]
    digits = next((n for n in (2, 3, 4) if round(luck, n) != round(chance, n)), 6)
    return f"draw {luck:.{digits}f} {'<' if yes(draw) else '≥'} {chance:.{digits}f}"


def long(ticks: float) -> str:
    """A length of time, to the second: 45 s, 2 min 11 s, 3 h 20 min, 2 d 4 h."""
    if ticks < 10 * TICKS_PER_SECOND:
        return f"{ticks / TICKS_PER_SECOND:.1f}".removesuffix(".0") + f"{TIE}s"
    seconds = round(ticks / TICKS_PER_SECOND)
    for unit, long, part, short in ((86_400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if seconds >= unit:
            rest = seconds % unit // part
            return f"{seconds // unit}{TIE}{long}" + (f"{TIE}{rest}{TIE}{short}" if rest else "")
    return f"{seconds}{TIE}s"


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"
