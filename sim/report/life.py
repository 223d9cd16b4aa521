"""One contact's life in words: who, when by the desk's clock, behind whom, who was there, and why; every draw used."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from sim.desk import Desk
from sim.follow import BY_ANSWER, Life, Pointer, Recorded
from sim.population.persona import Persona, personas
from sim.report.happenings import TIE, Row, Words, count, held, long, yes
from sim.scenario import lower
from sim.schemas import CONTRACTS, NEVER, TICKS_PER_SECOND, Cause, Outcome
from sim.simulate.journal import DRAW, Entry

WIDTH = 118
CLOCK = 10
"""Columns that the time takes."""
_WHY = {
    Cause.FIRST: "first contact",
    Cause.REDIAL: "tries again",
    Cause.RECONNECT: "comes back, as the answer did not help",
    Cause.SWITCH: "turns here from another channel",
    Cause.PUBLIC: "complains in public",
    Cause.DEFLECTION: "was asked to use this channel",
    Cause.ESCALATION: "passed on by a machine",
    Cause.TRANSFER: "passed on by an agent",
}

_ENDS = {
    Outcome.OPEN: "still open when the clock stops",
    Outcome.ANSWERED: "answered",
    Outcome.ABANDONED: "abandoned",
    Outcome.BLOCKED: "found no line free",
    Outcome.IGNORED: "ignored",
    Outcome.TURNED_AWAY: "turned away",
    Outcome.DISCONNECTED: "cut off",
    Outcome.CONTAINED: "dealt with without a person",
    Outcome.DEFLECTED: "went to another channel, as it was asked",
    Outcome.CALLED_BACK: "called back",
    Outcome.CALLBACK_PENDING: "still to be called back when the clock stops",
    Outcome.TRANSFERRED: "passed on",
    Outcome.OUTSOURCED: "answered by the outsourcer",
    Outcome.WITHDRAWN: "withdrawn",
}

_CALLED = {
    "patience": "patience",
    "handle": "handle time",
    "wrap_up": "wrap-up",
    "redial_delay": "tries again after",
    "reconnect_delay": "comes back after",
    "elsewhere_delay": "turns elsewhere after",
    "public_delay": "complains after",
    "asks_delay": "replies after",
    "redial": "tries again?",
    "reconnect": "comes back?",
    "elsewhere": "turns to another channel?",
    "public": "complains in public?",
    "silent": "leaves without a word?",
    "front": "tries self-service first?",
    "escalate": "wants a person?",
    "transfer": "has to be passed on?",
    "asks": "has to be asked back?",
    "ignored": "is ignored?",
    "chase": "writes again?",
    "callback": "accepts a callback?",
    "deflect": "uses another channel?",
    "inform": "content with the message?",
    "retain": "accepts the offer to stay?",
    "resolved": "solved?",
    "solve": "solved?",
}


_OVER = ("has an answer", "is helped by the machine", "is not helped by the machine")
"""What tells whether an answer has solved the issue."""


def text(life: Life) -> str:
    """For people: the contact, or all of the issue, line by line."""
    teller = _Teller(life)
    parts = [teller.heading()]
    told = [row for row in life.rows if life.attempt in (None, row["attempt"])]
    parts += ["\n".join(teller.contact(row)) for row in told]
    others = [row for row in life.rows if row not in told]
    if others or teller.not_made():
        parts.append("\n".join(teller.others(others)))
    parts += [teller.feeling(), "\n".join(teller.draws({row["attempt"] for row in told}))]
    return "\n\n".join(part for part in parts if part).replace(TIE, " ")


def document(life: Life) -> dict[str, Any]:
    """Everything told, as data: times by the desk's clock (ISO 8601), lengths of time in seconds."""
    teller, words = _Teller(life), life.desk.words()
    rows = [row for row in life.rows if life.attempt in (None, row["attempt"])]
    attempts = {row["attempt"] for row in rows}
    return {
        "run": str(life.recorded.folder),
        "seed": life.recorded.seed,
        "replication": life.replication,
        "issue": life.issue,
        "attempt": life.attempt,
        "customer": vars(teller.persona()) | teller.traits(),
        "satisfaction": life.satisfaction,
        "contacts": [
            {
                name: None
                if value == NEVER
                else words[name][value]
                if name in words
                else teller.moment(value).isoformat()
                if name in ("offered", "answered", "ended", "freed", "taken", "asked", "replied")
                else value
                for name, value in row.items()
            }
            for row in rows
        ],
        "entries": [teller.entry(entry) for entry in life.entries if entry.attempt in attempts],
    }


def pointers_text(run: Recorded, found: Sequence[Pointer]) -> str:
    """Contacts worth following, one a line."""
    if not found:
        return f"{run.folder} holds no contact with a story to tell."
    rows = [(_id(each.replication, each.row), each.kind, _said(run, each.row)) for each in found]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    lines = [f"  {row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]}" for row in rows]
    return "\n".join(["Follow one of these:", "", *lines]).replace(TIE, " ")


def pointers_document(run: Recorded, found: Sequence[Pointer]) -> list[dict[str, Any]]:
    return [
        {"id": _id(each.replication, each.row), "kind": each.kind, "says": _said(run, each.row).replace(TIE, " ")}
        for each in found
    ]


def _said(run: Recorded, row: Row) -> str:
    moment = lower.calendar(run.scenario).local(row["offered"] / TICKS_PER_SECOND)
    return f"{run.desk.channels[row['channel']].name}, {moment:%a %d %b %H:%M}, {_end(run.desk, row)}"


def _id(replication: int, row: Row) -> str:
    return f"{replication}.{row['issue']}.{row['attempt']}"


def _end(desk: Desk, row: Row) -> str:
    """How a contact ended, and after what wait; of a message, until it was taken and until the reply was sent."""
    until = row["answered"] if row["answered"] != NEVER else row["ended"]
    said = _ENDS[Outcome(row["outcome"])]
    if row["outcome"] == Outcome.OPEN and row["answered"] != NEVER:
        said = "still worked on when the clock stops"
    if not desk.channels[row["channel"]].live and row["answered"] != NEVER:
        waited = row["answered"] - row["offered"]
        taken = f"taken after {long(waited)}" if waited else "taken at once"
        said = taken if row["outcome"] == Outcome.ANSWERED else f"{said}, {taken}"
        if row["outcome"] in (Outcome.ANSWERED, Outcome.OUTSOURCED) and row["ended"] != NEVER:
            said += f", sent after {long(row['ended'] - row['offered'])}"
    elif until != NEVER and until > row["offered"] and row["outcome"] != Outcome.CONTAINED:
        said += f" after {long(until - row['offered'])}"
    if row["resolved"] != NEVER and row["outcome"] != Outcome.TRANSFERRED:
        said += ", solved" if row["resolved"] else ", not solved"
    return said


class _Teller(Words):
    """Tells a life: who, each contact line by line, and every draw."""

    def entry(self, entry: Entry) -> dict[str, Any]:
        """An entry as data, with names in place of numbers."""
        groups = [group.name for group in self.desk.groups]
        named = {"channel": self.names, "to": self.names, "group": groups, "cause": [c.name.lower() for c in Cause]}
        about = dict(entry.about)
        for key, then in (("attempt", "next_attempt"), ("at", "next_at")):
            if key in about:
                about[then] = about.pop(key)
        if about.get("next_at") is not None:
            about["next_at"] = self.moment(about["next_at"]).isoformat(timespec="milliseconds")
        for key in named.keys() & about.keys():
            about[key] = named[key][about[key]] if about[key] >= 0 else None
        if "floor" in about:
            about["floor"] = [crew | {"group": groups[crew["group"]]} for crew in about["floor"]]
        at = self.moment(entry.tick).isoformat(timespec="milliseconds")
        return {"at": at, "tick": entry.tick, "attempt": entry.attempt, "what": entry.what, **about}

    # --- who and what ------------------------------------------------------------------------------------------------

    def persona(self) -> Persona:
        return personas(self.life.recorded.seed, [self.life.rows[0]["customer"]])[0]

    def traits(self) -> dict[str, Any]:
        row = self.life.rows[0]
        return {
            "segment": self.desk.segments[row["segment"]],
            "intent": self.desk.intents[row["intent"]],
            "contract": CONTRACTS[row["contract"]],
            "tenure_months": row["tenure"],
            "mood": row["mood"] / 1000,
        }

    def heading(self) -> str:
        who, traits = self.persona(), self.traits()
        about = [f"{who.name}, {who.email}, customer number {who.customer:,}"]
        if len(self.desk.segments) > 1:
            about.append(f"segment {traits['segment']}")
        if len(self.desk.intents) > 1:
            about.append(f"about {traits['intent']}")
        contract = {"rolling": "rolling contract", "one_year": "one-year contract"}
        about.append(contract.get(traits["contract"], "two-year contract"))
        about.append(f"customer for {_months(traits['tenure_months'])}")
        about.append(f"mood before: {traits['mood']:.0f} of 100")
        run = self.life.recorded
        where = f"{run.folder}, replication {self.life.replication}, issue {self.life.issue}"
        return "\n".join([where, textwrap.fill(" · ".join(about), WIDTH)])

    def contact(self, row: Row) -> list[str]:
        """A title, and what happened, with the time wherever that has changed."""
        name = self.names[row["channel"]]
        title = f"{_id(self.life.replication, row)} · {name} · {_WHY[Cause(row['cause'])]} · {_end(self.desk, row)}"
        lines, before, day = textwrap.wrap(title, WIDTH), "", ""
        for tick, said in self.happened(row):
            moment = self.moment(tick)
            if f"{moment:%d %b}" != day:
                day = f"{moment:%d %b}"
                lines.append(f"  {moment:%A} {moment.day} {moment:%B %Y}")
            clock = f"{moment:%H:%M:%S}"
            shown = clock if clock != before else ""
            before = clock
            own = "    " if said.startswith(" ") else ""
            lines += textwrap.wrap(
                said.strip(),
                WIDTH,
                initial_indent=f"  {shown:<{CLOCK}}{own}",
                subsequent_indent=" " * (CLOCK + 4) + own,
            )
        return lines

    def happened(self, row: Row) -> list[tuple[int, str]]:
        """What to say of a contact, with its tick, in order."""
        mine = [entry for entry in self.life.entries if entry.attempt == row["attempt"]]
        told = [(entry.tick, said) for entry in mine for said in self.words(entry, row)]
        if row["freed"] != NEVER and row["ended"] != NEVER and row["freed"] > row["ended"] and row["resolved"] != NEVER:
            wrap_up = long(row["freed"] - row["ended"])
            told.append(
                (row["freed"], f"{self.agent(row['group'], row['agent'])} has finished the wrap-up ({wrap_up})")
            )
        return sorted(told, key=lambda each: each[0])

    def others(self, rows: Sequence[Row]) -> list[str]:
        lines = ["Of the same issue:"]
        for row in rows:
            moment, why = self.moment(row["offered"]), _WHY[Cause(row["cause"])]
            said = f"{_id(self.life.replication, row)}  {moment:%a %d %b %H:%M:%S}  {self.names[row['channel']]}"
            lines.append(f"  {said}: {why}; {_end(self.desk, row)}")
        return lines + [f"  {said}" for said in self.not_made()]

    def not_made(self) -> list[str]:
        return [
            f"{self.life.replication}.{self.life.issue}.{entry.attempt}  {self.moment(entry.tick):%a %d %b %H:%M:%S}  "
            "not made: the issue had been solved"
            for entry in self.life.entries
            if entry.what == "is not made"
        ]

    def feeling(self) -> str:
        rows = self.life.rows
        if self.life.satisfaction is None:
            when = "in the run-in, before" if rows[0]["offered"] < 0 else "after"
            return f"Satisfaction with the issue is not counted: it began {when} the time that is measured."
        answered = any(row["answered"] != NEVER for row in rows)
        passed = sum(row["cause"] in (Cause.TRANSFER, Cause.ESCALATION, Cause.DEFLECTION) for row in rows)
        repeats = len(rows) - 1 - passed
        reasons = ["solved" if any(row["resolved"] == 1 for row in rows) else "not solved"]
        reasons += [] if answered else ["no answer"]
        reasons += [count(repeats, "repeated contact")] if repeats else []
        reasons += [f"passed on {'once' if passed == 1 else f'{passed} times'}"] if passed else []
        live = [self.desk.channels[row["channel"]].live for row in rows]
        for kind, what in ((True, "in line"), (False, "for a reply")):
            worst = max((wait for wait, one in zip(self.life.waits, live, strict=True) if one is kind), default=0)
            reasons += [f"longest wait {what} {long(worst)}"] if worst > 0 else []
        points = f"{self.life.satisfaction:.0f} of 100"
        said = f"Satisfaction with the issue, by the model: {points} ({', '.join(reasons)})."
        return textwrap.fill(said, WIDTH, subsequent_indent="  ")

    def draws(self, attempts: set[int]) -> list[str]:
        """Every draw that decided something, by address: what is drawn and for which attempt or answer of the issue;
        its number and what that gave."""
        life, rows, answers = self.life, [], {row["attempt"]: row["answer"] for row in self.life.rows}
        for entry in life.entries:
            if entry.what != DRAW or entry.attempt not in attempts:
                continue
            if not self.decided(entry):
                continue
            about = entry.about
            by = "answer" if about["name"] in BY_ANSWER else "attempt"
            luck = "of the log" if about["luck"] is None else f"{about['luck']:.6f}"
            number = answers[entry.attempt] if by == "answer" else entry.attempt
            rows.append((_CALLED[about["name"]], f"{by} {number}", luck, self.gave(entry)))
        rows = list(dict.fromkeys(rows))
        if not rows:
            return []
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        where = f"seed {life.recorded.seed}, replication {life.replication}, issue {life.issue}"
        return [f"Every draw used ({where}):"] + [
            "  " + "  ".join([*(f"{row[column]:<{widths[column]}}" for column in range(3)), row[3]]) for row in rows
        ]

    def decided(self, entry: Entry) -> bool:
        """Whether anything depends on a draw: all of an answer are drawn when it begins, and it may not get to its end.
        No time at all is no draw either."""
        name, mine = entry.about["name"], [e.what for e in self.life.entries if e.attempt == entry.attempt]
        if name == "resolved":
            # where quality counts, it is one draw, held against the chance of an answer of that quality
            return ("solve", entry.attempt) not in self.drawn and any(what in _OVER for what in mine)
        if name == "wrap_up":
            by_agent = "is taken" in mine and ("has an answer" in mine or "is transferred" in mine)
            return by_agent and entry.about["value"] > 0
        if name == "patience" and ("accepts a callback" in mine or "is deflected" in mine):
            return False
        return "chance" in entry.about or entry.about["value"] != 0

    def gave(self, entry: Entry) -> str:
        about = entry.about
        if "chance" in about:
            return f"{'yes' if yes(entry) else 'no'} ({held(entry)})"
        return "endless" if about["value"] == NEVER else long(about["value"])


def _months(months: int) -> str:
    return f"{count(months // 12, 'year')}" if months >= 24 else count(months, "month")
