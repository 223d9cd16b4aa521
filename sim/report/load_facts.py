"""What there is to say of a load test, said once: the terminal, the page and the document are made of these facts.

First what a load tester looks for: were the thresholds met, and did the generator keep up (if not, nothing else
counts). Then where every contact went, how long each step took in wall time, and what the customers lived through in
the scenario's.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

import sim
from sim.desk import Channel
from sim.estimate import Estimate
from sim.load.books import AT_ONCE, OF_THE_GAP, percentile
from sim.load.ledger import Delivery
from sim.load.observe import KINDS, SENT, STEPS, WIRES, Observed
from sim.report.figures import title
from sim.report.following import command
from sim.scenario import lower
from sim.schemas import NEVER, TICKS_PER_SECOND
from sim.units import say_duration, say_share

SHARES = (0.5, 0.9, 0.95, 0.99, 0.999)
FEW = 10
"""A percentile p of fewer than this over 1 − p is marked: a threshold on it cannot be judged."""
ANSWERED = 30
"""Contacts with an answer from which on it is said what the model makes of them."""
BUSIEST = 10.0
"""Seconds of the wall over which the busiest rate is taken."""
DELIVERIES = {
    Delivery.SENT: "sent",
    Delivery.CREATED_DESPITE_ERROR: "created despite an error",
    Delivery.FAILED: "failed",
    Delivery.DROPPED: "dropped",
    Delivery.SKIPPED: "skipped",
    Delivery.NOT_SENT: "not sent",
    Delivery.ENTERED: "entered",
}
BESIDE = (Delivery.ENTERED, Delivery.SKIPPED)
"""What was never to be sent."""
OF_THE_TARGET = 0.1
"""As much of a channel's target the intake of mail may take, for waits that are to be held against a prediction."""
DASH = "–"


@dataclass(frozen=True)
class Sheet:
    """A table: the first cell of a row names it; `texts` are the columns that hold words."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Outcome:
    """How it ended, in a few words, and what the exit code means."""

    good: bool
    short: str
    meaning: str

    @property
    def mark(self) -> str:
        return "✓" if self.good else "✗"


@dataclass(frozen=True)
class Threshold:
    met: bool
    judged: bool
    words: str
    found: str
    samples: str

    @property
    def verdict(self) -> str:
        return "met" if self.met else "missed" if self.judged else "too few"

    @property
    def mark(self) -> str:
        return "✓" if self.met else "✗"


@dataclass(frozen=True)
class KeepingUp:
    sentence: str
    reasons: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    id: str
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """Everything, in the order in which it is told."""

    name: str
    headline: str
    verdict: Outcome
    thresholds: tuple[Threshold, ...]
    keeping_up: KeepingUp
    law: str
    went: Sheet
    steps: Sheet
    step_notes: tuple[str, ...]
    customers: Sheet
    customer_notes: tuple[str, ...]
    sections: tuple[Section, ...]
    next: tuple[tuple[str, str], ...]
    """What is left or can be done, and the command for it ("" where there is none); the most useful first."""
    origin: str


def facts(observed: Observed, run: str) -> Facts:
    """All of it. `run` is the run folder as the user would type it."""
    sections = (agents(observed), mail(observed), left_out(observed))
    return Facts(
        name=observed.scenario.name,
        headline=headline(observed),
        verdict=outcome(observed, run),
        thresholds=thresholds(observed),
        keeping_up=keeping_up(observed),
        law=law(observed),
        went=went(observed),
        steps=steps(observed),
        step_notes=step_notes(observed),
        customers=customers(observed),
        customer_notes=customer_notes(observed),
        sections=tuple(section for section in sections if section.lines),
        next=tuple(what_next(observed, run)),
        origin=origin(observed),
    )


# --- the first screen ------------------------------------------------------------------------------------------------


def headline(observed: Observed) -> str:
    plan = observed.plan
    since, until = (tick / TICKS_PER_SECOND for tick in plan["window"])
    days = lower.calendar(observed.scenario)
    first, last = days.local(since), days.local(until)
    ends = f"{last:%H:%M}" if first.date() == last.date() else f"{last:%a %H:%M}"
    wall = say_duration(observed.window_seconds)
    who = "synthetic agents by the scenario's shifts" if plan["agents"] == "scenario" else "answered by people"
    return (
        f"{plan['helpdesk']} at {plan['host']} · {first:%a %Y-%m-%d %H:%M}–{ends} at ×{plan['speed']:g}, "
        f"{say_duration(until - since)} of the scenario in {wall} · {who}"
    )


def outcome(observed: Observed, run: str) -> Outcome:
    """`run` is the run folder."""
    code, all_ = observed.exit_code, len(observed.verdicts)
    if code == 0:
        short = "passed" if all_ else "valid, nothing was asked of it"
        met = f"{all_} of {all_} thresholds met" if all_ else "the scenario sets no thresholds for a load test"
        return Outcome(True, short, f"Exit code 0: {met}, the generator kept up, and the books add up.")
    if code == 3 and observed.books.aborted is not None:
        return Outcome(False, "broken off", f"Exit code 3: {observed.books.aborted['what']}.")
    ask = f"Ask the desk what became of it: {command('load', reconcile=run)}"
    short, meaning = {
        130: ("interrupted", f"it was stopped before its end; what is here is what happened until then. {ask}"),
        1: ("broken off", "an error of our own, or the books could not be written."),
        5: (
            "the desk was lost",
            f"it refused or could not be reached; its last answers were failures one and all. {ask}",
        ),
        4: ("void", "the generator did not do what was planned, so nothing here says anything of the desk."),
        3: (_fallen(observed), f"the run is valid; {_why_fallen(observed)}"),
    }.get(code, ("failed", "see above."))
    return Outcome(False, short, f"Exit code {code}: {meaning}")


def _fallen(observed: Observed) -> str:
    """How many thresholds were missed, and how many could not be judged."""
    missed, few, all_ = len(observed.missed), len(observed.unjudged), len(observed.verdicts)
    if not missed:
        return f"{few} of {all_} thresholds could not be judged: too few values"
    return f"{missed} of {all_} thresholds missed" + f"; {few} could not be judged: too few values" * bool(few)


def _why_fallen(observed: Observed) -> str:
    missed = "what was asked was not met" * bool(observed.missed)
    few = "with too few values, nothing says that the desk failed: take a longer window or a lower percentile"
    return "; ".join(part for part in (missed, few * bool(observed.unjudged)) if part) + "."


def thresholds(observed: Observed) -> tuple[Threshold, ...]:
    return tuple(
        Threshold(each.met, each.judged, f"{each.limit.name}: {each.limit.words}", each.why, f"{each.samples:,}")
        for each in observed.verdicts
    )


def keeping_up(observed: Observed) -> KeepingUp:
    valid, books = observed.validity, observed.books
    lags = [entry.lag for entry in books.entries.values() if entry.lag is not None]
    offered, achieved = rates(observed)
    slack = f"{valid.late:,} of {valid.rows:,} contacts were more than {latency(valid.late_after)} late"
    sentence = f"Yes, the run is valid: {slack}, and {valid.allowed:,} may be."
    if not valid.valid:
        sentence = "No, the run is void:"
    scaled = None if valid.p99_lag is None else valid.p99_lag * valid.speed
    facts = (
        ("to be sent", f"{valid.rows:,}"),
        ("attempted", f"{books.count(*SENT, Delivery.FAILED):,}"),
        ("at the desk", f"{books.count(*SENT):,}"),
        ("late", f"{valid.late:,}"),
        ("lag p50", _marked(lags, 0.5)),
        ("lag p99", _marked(lags, 0.99)),
        ("lag max", latency(max(lags, default=None))),
        ("offered", rate(offered[0])),
        ("achieved", rate(achieved[0])),
    )
    note = (
        f"Late: above {100 * OF_THE_GAP:.0f} % of the mean gap between contacts, at least {latency(AT_ONCE)}. "
        f"Lag is wall time from when a contact was due until it was attempted; p99 is {latency(scaled)} of the "
        f"scenario. In the busiest {BUSIEST:.0f} s, {rate(offered[1])} were due and {rate(achieved[1])} attempted."
    )
    return KeepingUp(sentence, valid.reasons, facts, (note,))


def rates(observed: Observed) -> tuple[tuple[float, float], tuple[float, float]]:
    """Contacts a second of the wall, over the whole and over the busiest seconds: as they were due, then as they were
    attempted."""
    due, sent = arrivals(observed)
    seconds = max(observed.window_seconds, 1e-9)
    within = sum(moment <= seconds for moment in due), sum(moment <= seconds for moment in sent)
    return (within[0] / seconds, _busiest(due)), (within[1] / seconds, _busiest(sent))


def arrivals(observed: Observed) -> tuple[list[float], list[float]]:
    """When contacts of wired channels were due, and when they were attempted, in seconds after the start, ascending."""
    rows = [
        row
        for row in observed.deliveries
        # who comes to a closed channel writes nothing, and a transfer is nothing that a customer sends
        if row.wire in WIRES and row.delivery not in BESIDE and row.cause != "transfer"
    ]
    due = sorted(row.due for row in rows if row.due is not None)
    return due, sorted(row.due + row.lag for row in rows if row.due is not None and row.lag is not None)


def _busiest(moments: Sequence[float]) -> float:
    array = np.array(moments)
    until = np.searchsorted(array, array + BUSIEST)
    return float((until - np.arange(len(array))).max()) / BUSIEST if len(array) else 0.0


# --- where every contact went ----------------------------------------------------------------------------------------


def law(observed: Observed) -> str:
    books = observed.books
    sums = " + ".join(f"{books.count(kind):,} {name}" for kind, name in DELIVERIES.items())
    text = f"{books.planned:,} planned + {books.spawned:,} spawned = {sums}."
    if not books.balanced:
        return f"{text} The books do not add up: {'; '.join(books.breaks[:3])}."
    after = observed.after_the_end
    return text + (f" Of those not sent, {after:,} were due after the end." if after else "")


def went(observed: Observed) -> Sheet:
    rows = []
    for name, counts in sorted(observed.books.by_channel().items()):
        rows.append((f"{name} ({WORDS[observed.wires[name]]})", *(f"{counts[kind]:,}" for kind in DELIVERIES)))
    return Sheet("Contacts by channel and delivery", ("channel", *DELIVERIES.values()), tuple(rows))


WORDS = {"rest": "by REST", "email": "by e-mail", "enter": "no wire", "skip": "skipped"}


# --- steps -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """A step by its wire. Seconds of the wall, a number for every one, endless where it failed; `from_due` is None for
    what was due at no time of its own. `errors` by kind, of every try."""

    step: str
    wire: str
    errors: Counter[str]
    from_due: tuple[float, ...] | None
    from_send: tuple[float, ...]

    @property
    def failed(self) -> int:
        """How many were never done, whatever was tried."""
        return sum(map(math.isinf, self.from_send))


def each_step(observed: Observed) -> Iterator[Step]:
    table = observed.steps
    for code, step in enumerate(STEPS):
        for wire, name in enumerate(WIRES):
            tries = table.where((table["step"] == code) & (table["wire"] == wire))
            last = tries.where(tries["last"] == 1)
            if not len(last):
                continue
            sent, failed = last["from_send"], last["ok"] == 0
            due = np.where(np.isnan(last["from_due"]), sent, last["from_due"])
            was_due = bool(np.isfinite(last["due"]).any())
            yield Step(
                step,
                name,
                Counter(KINDS[kind] for kind in tries["kind"].tolist() if kind != NEVER),
                tuple(np.where(failed, np.inf, due).tolist()) if was_due else None,
                tuple(np.where(failed, np.inf, sent).tolist()),
            )


_NAMES = {"mailbox": "mail becomes a ticket"}


def steps(observed: Observed) -> Sheet:
    """Each step by wire; where it was due at a time, a row from then and one from when it was sent."""
    rows = []
    for each in each_step(observed):
        name = _NAMES.get(each.step, f"{each.step} by {'e-mail' if each.wire == 'email' else 'REST'}")
        counts = (f"{len(each.from_send):,}", _failed(each))
        if each.from_due is not None:
            rows.append((name, "due", *counts, *_percentiles(each.from_due)))
            counts = ("", "")
        rows.append((name, "send", *counts, *_percentiles(each.from_send)))
    header = ("step", "from", "count", "failed", *(f"p{100 * share:g}" for share in SHARES), "max")
    return Sheet("Wall time of each step, from due and from send", header, tuple(rows), texts=(0, 1, 3))


def _failed(step: Step) -> str:
    """How many steps failed, and how often and by what their tries did: ``5 (20 tries: connection)``."""
    tries = step.errors.total()
    if not tries:
        return "0"
    number = len(step.errors) > 1
    kinds = ", ".join(f"{count:,} {kind}" if number else kind for kind, count in step.errors.most_common())
    return f"{step.failed:,} ({_many(tries, 'try', 'tries')}: {kinds})"


def _percentiles(seconds: Sequence[float]) -> Iterator[str]:
    for share in SHARES:
        yield _marked(seconds, share)
    yield latency(longest(seconds))


def _marked(seconds: Sequence[float], share: float) -> str:
    """A percentile, marked where there are too few values for it."""
    few = 0 < len(seconds) * (1 - share) < FEW - 1e-9
    return "~" * few + latency(percentile(seconds, share))


def longest(seconds: Sequence[float]) -> float:
    """Of those that came back."""
    return max((each for each in seconds if math.isfinite(each)), default=math.inf)


def step_notes(observed: Observed) -> tuple[str, ...]:
    notes = [
        "Raw values by nearest rank. A step that failed counts as never over; max is of those that came back. "
        "~: from fewer than 10 / (1 − p) of them; a threshold on it cannot be judged, and is not met."
    ]
    if any(each.wire == "email" for each in each_step(observed)):
        notes.append("By e-mail: until the mail server has taken it; from then on the mail becomes a ticket.")
    if (observed.steps["ok"] == 0).any():
        notes.append("Failed: steps that no try did; in brackets, all the tries that went wrong.")
    tries = int(np.count_nonzero(observed.steps["last"] == 0))
    if tries:
        notes.append(f"{_many(tries, 'try', 'tries')} failed and were followed by another.")
    twice = observed.books.twice()
    if twice:
        some = ", ".join(list(twice)[:5])
        notes.append(f"{_many(len(twice), 'contact is', 'contacts are')} more than one ticket: {some}.")
    return tuple(notes)


# --- the customers ---------------------------------------------------------------------------------------------------


def customers(observed: Observed) -> Sheet:
    rows = [_of_channel(observed, code) for code in range(len(observed.desk.channels))]
    header = (
        "channel", "offered", "answered", "response p50", "p90", "in target", "resolved", "chasers",
        "peak backlog", "open",
    )  # fmt: skip
    return Sheet("By channel, in scenario time", header, tuple(row for row in rows if row))


def _of_channel(observed: Observed, code: int) -> tuple[str, ...]:
    channel = observed.desk.channels[code]
    name, offered = channel.name, _offered(observed, code)
    if name not in observed.sent_channels:
        return (f"{name} (not sent)", f"{offered:,}", *[DASH] * 8) if offered else ()
    within = say_duration(channel.target.within / TICKS_PER_SECOND)
    return (
        name,
        f"{offered:,}",
        _share(figure(observed, "answer_rate", name)),
        _time(figure(observed, "first_response_p50", name)),
        _time(figure(observed, "first_response_p90", name)),
        f"{_share(figure(observed, 'service_level', name))} in {within}",
        _share(figure(observed, "resolved", name)),
        f"{chasers(observed, code):,}",
        f"{observed.highest_backlog(code):,}",
        f"{observed.still_open(code)[0]:,}",
    )


def figure(observed: Observed, name: str, channel: str | None = None) -> Estimate:
    """A measure of a channel that was sent, or (None) of the whole desk."""
    wanted = (name, channel, None)
    found = (each for each in observed.figures if (each.measure.name, each.channel, each.segment) == wanted)
    return next((each.estimate for each in found), Estimate.not_observed(1))


def chasers(observed: Observed, code: int) -> int:
    """How often customers wrote again about an open contact of the channel."""
    return int(observed.contacts["chasers"][observed.contacts["channel"] == code].sum())


def _offered(observed: Observed, code: int) -> int:
    offered = observed.contacts["offered"]
    since, until = observed.plan["window"]
    return int(np.count_nonzero((observed.contacts["channel"] == code) & (offered >= since) & (offered < until)))


def customer_notes(observed: Observed) -> tuple[str, ...]:
    speed = observed.plan["speed"]
    notes = [
        f"These results are in scenario time, the latencies above in wall time: at ×{speed:g}, a second on the wall is "
        f"{say_duration(speed)} of the scenario. One run: no interval.",
        "Response: from an issue's first contact until its first answer; given up, it is endless. Peak backlog: the "
        f"most that waited at once. Open: not over when the test ended{_asked_back(observed)}.",
    ]
    lags = [row.detected for row in observed.deliveries if row.detected is not None]
    if lags:
        p99 = percentile(lags, 0.99)
        inside = latency(p99 * speed if p99 is not None else None)
        notes.append(
            f"Customers saw an answer {_marked(lags, 0.5)} (p50) to {_marked(lags, 0.99)} (p99) of wall time after the "
            f"desk had it, which is up to {inside} of the scenario and part of their wait."
        )
    score, csat, churn = (figure(observed, name).value for name in ("satisfaction", "csat", "excess_churn"))
    if score is not None and _answered(observed) >= ANSWERED:
        happy = f", CSAT {say_share(csat)}" if csat is not None else ""
        left = f", excess churn {round(churn, 1) + 0.0:,.1f} customers" if churn is not None else ""
        notes.append(
            f"Implied by the model, not observed: satisfaction {score:.1f} points{happy}{left}, over all channels, "
            "those that were not sent included."
        )
    return tuple(notes)


def _asked_back(observed: Observed) -> str:
    asked = sum(observed.still_open(code)[1] for code in _sent_codes(observed))
    return f"; of these, {asked:,} {'was' if asked == 1 else 'were'} asked back and had not replied" * bool(asked)


def _answered(observed: Observed) -> int:
    """Contacts that were sent and have an answer."""
    return int(observed.cohort.answered[np.isin(observed.cohort.rows["channel"], _sent_codes(observed))].sum())


def _sent_codes(observed: Observed) -> list[int]:
    sent = observed.sent_channels
    return [code for code, channel in enumerate(observed.desk.channels) if channel.name in sent]


# --- the rest --------------------------------------------------------------------------------------------------------


def agents(observed: Observed) -> Section:
    if observed.plan["agents"] != "scenario":
        lines = ["People answered at the desk; a contact is resolved when the desk says so."]
    else:
        done = {step: _done(observed, step) for step in ("take", "answer", "ask", "resolve")}
        lines = [
            f"{done['take']:,} takes, {done['answer']:,} answers, {done['ask']:,} questions back to the customer, "
            f"{done['resolve']:,} resolved."
        ]
    refused = observed.books.foreign
    lines.append(
        f"{_many(refused, 'ticket', 'tickets')} of others refused: agents touch only tickets of this run."
        if refused
        else "Only this run's tickets were touched."
    )
    return Section("agents", "Agents", tuple(lines))


def _done(observed: Observed, step: str) -> int:
    table = observed.steps
    return int(np.count_nonzero((table["step"] == STEPS.index(step)) & (table["ok"] == 1)))


def mail(observed: Observed) -> Section:
    if "email" not in observed.wires.values():
        return Section("mail", "Mail", ())
    unmatched = observed.books.unmatched
    lines = [
        f"{_many(unmatched, 'mail', 'mails')} from the desk fitted no contact of this run."
        if unmatched
        else "Every mail from the desk belonged to a contact."
    ]
    if delays := observed.intake:
        p99 = percentile(delays, 0.99)
        lines.append(
            f"From handing a mail over until its ticket was seen at the desk: p50 {_marked(delays, 0.5)}, p99 "
            f"{_marked(delays, 0.99)}, max {latency(max(delays))} of wall time, {_many(len(delays), 'mail', 'mails')}."
        )
        lines += [
            _fits(observed, channel, p99 or 0.0) for channel in observed.desk.channels if _by_mail(observed, channel)
        ]
    return Section("mail", "Mail", tuple(lines))


def _by_mail(observed: Observed, channel: Channel) -> bool:
    return observed.wires[channel.name] == "email"


def _fits(observed: Observed, channel: Channel, delay: float) -> str:
    """Whether the desk's intake is small beside the channel's target: it is no part of what was predicted."""
    inside, target = delay * observed.plan["speed"], channel.target.within / TICKS_PER_SECOND
    text = f"That p99 is {say_duration(inside)} of the scenario; {channel.name}'s target is {say_duration(target)}."
    return text if inside <= OF_THE_TARGET * target else f"{text} Too much of it to hold a prediction against."


def left_out(observed: Observed) -> Section:
    counts = observed.books.by_channel()
    lines = []
    for channel in observed.plan["channels"]:
        number = counts.get(channel["name"], Counter()).total()
        why = f" ({channel['why']})" if channel["why"] else ""
        if channel["wire"] == "skip":
            lines.append(f"{title(channel['name'])} was skipped{why}; {_many(number, 'contact', 'contacts')} left out.")
        elif channel["wire"] == "enter" and number:
            entered = _many(number, "contact was entered", "contacts were entered")
            lines.append(
                f"{title(channel['name'])} was not sent{why}. Its {entered}: simulated beside the test, because such "
                "contacts keep agents busy. Nothing of that was measured."
            )
    return Section("skipped", "Not sent, and why", tuple(lines))


def what_next(observed: Observed, folder: str) -> Iterator[tuple[str, str]]:
    """What is left or can be done, the most useful first."""
    unknown = len(observed.books.open_intents())
    if unknown:
        what = f"{_many(unknown, 'request was', 'requests were')} never answered; ask the desk what became of that"
        yield what, command("load", reconcile=folder)
    if observed.validity.valid:
        yield "Hold the prediction against it", command("agree", observed.plan["file"], folder)
    if observed.standing:
        what = f"{_many(observed.standing, 'ticket stands', 'tickets stand')} at the desk; look, then delete with --yes"
        yield what, command("load", cleanup=folder)
    else:
        yield "No ticket of this run is left at the desk, as far as the books tell", ""


def origin(observed: Observed) -> str:
    plan = observed.plan
    workers = len(observed.books.rows.of("start"))
    return (
        f"Run {plan['run']} · plan {plan['digest'][:12]} · scenario {plan['scenario_digest'][:12]} · "
        f"seed {plan['seed']}, replication {plan['replication']} · {_many(workers, 'worker', 'workers')} · "
        f"sim {sim.__version__}"
    )


# --- words -----------------------------------------------------------------------------------------------------------


def latency(seconds: float | None) -> str:
    """A short time for people: ``4.2 ms``, ``312 ms``, ``2.47 s``, ``3.1 min``."""
    if seconds is None or math.isnan(seconds):
        return DASH
    if math.isinf(seconds):
        return "never"
    if seconds >= 90:
        return say_duration(seconds)
    scale, unit = (1000, "ms") if seconds < 0.9995 else (1, "s")
    value = seconds * scale
    return f"{value:.0f} {unit}" if value >= 99.5 else f"{value:.{1 if value >= 9.95 else 2}f} {unit}"


def rate(each_second: float) -> str:
    """So many a second: ``0.49/s``, ``1,193/s``."""
    return f"{each_second:,.0f}/s" if each_second >= 100 else f"{each_second:.3g}/s"


def _many(number: int, one: str, more: str) -> str:
    return f"{number:,} {one if number == 1 else more}"


def _share(estimate: Estimate) -> str:
    return DASH if estimate.value is None else say_share(estimate.value)


def _time(estimate: Estimate) -> str:
    return DASH if estimate.value is None else say_duration(estimate.value)
