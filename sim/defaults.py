"""What a scenario need not say: every default with its range, grade and source.

Grades of evidence: A peer-reviewed data, or fitted on the logs of a real call centre; B regulator or industry
benchmark; C vendor claim or judgement. A run tells which defaults it used, and warns of those of grade C.

The values are words, as a user would write them, so that they are read by the same rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

BANK = "call log of an Israeli bank, January and October 1999 (Guedj and Mandelbaum, Technion)"
JUDGEMENT = "judgement"


@dataclass(frozen=True)
class Default:
    """One default: the words, the plausible range, the grade of the evidence and where it comes from."""

    value: Any
    range: str
    grade: str
    source: str


_PHONE = {
    "kind": Default("live", "", "A", "a caller waits on the line"),
    "share": Default("58%", "40% to 80%", "C", JUDGEMENT),
    "hours": Default({"mon-fri": "08:00-20:00", "sat": "09:00-17:00"}, "", "C", JUDGEMENT),
    "shape": Default("phone", "", "A", BANK),
    "weekdays": Default(
        {"mon": "1.12x", "tue": "1.04x", "wed": "0.97x", "thu": "0.93x", "fri": "0.94x", "sat": "0.5x", "sun": "0.3x"},
        "", "B", "first working day 1.12 and mid-week 0.93 (A): " + BANK + "; the weekend: judgement",
    ),
    "patience": Default(
        "weibull(scale 39m, shape 0.86)", "scale 11m to 55m", "B",
        "level: Ofcom 2016, 10 % abandon at 171 s and over 20 % at 447 s; shape 0.86 (A): " + BANK,
    ),
    "handle_time": Default(
        "lognormal(mean 8m, sigma 0.9)", "mean 6m to 10m; sigma to 1.15 for technical help", "C",
        "mean: judgement; sigma 0.9 (A): " + BANK,
    ),
    "wrap_up": Default("45s", "30s to 75s", "A", "effective value on the " + BANK),
    "resolved_at_first_contact": Default("70%", "60% to 80%", "B", "SQM benchmark of first-call resolution"),
    "redial": Default("55% after 30m", "30% to 75%", "A", "floor of 28 % within 1 h measured on the " + BANK),
    "reconnect": Default("75% after 1d", "50% to 100%", "C", JUDGEMENT),
    "target": Default("80% within 20s", "", "B", "the trade's usual 80/20"),
    "expected_wait": Default("60s", "20s to 2m", "C", "Antonides, Verhoef and van Aalst 2002 (form)"),
    "at_closing": Default("serve", "serve or disconnect", "C", JUDGEMENT),
    "at_once": Default(1, "1", "A", "an agent talks to one caller at a time"),
    "slowdown": Default("0%", "0% to 40%", "A", "with one at a time, there is nothing to slow down"),
    "satisfaction_like": Default("phone", "phone, chat or email", "B", "Zendesk Benchmark Q1 2015"),
}  # fmt: skip

_CHAT = _PHONE | {
    "share": Default("18%", "5% to 40%", "C", JUDGEMENT),
    "hours": Default({"mon-fri": "10:00-20:00"}, "", "C", JUDGEMENT),
    "shape": Default("chat", "", "B", "over half between 10:00 and 15:00: Zendesk 2015"),
    "at_once": Default(2, "1 to 3", "B", "common practice of chat desks"),
    "slowdown": Default("15%", "0% to 40%", "C", JUDGEMENT + ": each further chat slows every chat by this much"),
    "patience": Default("weibull(mean 5m, shape 0.9)", "mean 2m to 10m", "C", JUDGEMENT),
    "handle_time": Default(
        "lognormal(mean 530s, sigma 0.8)", "mean 6m to 12m", "C", "vendor benchmarks; one chat alone",
    ),
    "wrap_up": Default("0s", "0s to 60s", "C", JUDGEMENT + ": notes are written during the chat"),
    "resolved_at_first_contact": Default("65%", "50% to 75%", "B", "SQM benchmark by channel"),
    "target": Default("80% within 60s", "", "C", JUDGEMENT),
    "satisfaction_like": Default("chat", "phone, chat or email", "B", "Zendesk Benchmark Q1 2015"),
}  # fmt: skip

_EMAIL = {
    "kind": Default("deferrable", "", "A", "a message waits in a backlog"),
    "share": Default("24%", "10% to 50%", "C", JUDGEMENT),
    "hours": Default(
        {"mon-fri": "09:00-17:00"}, "", "C",
        JUDGEMENT + ": when messages are worked on; they may be written at any time",
    ),
    "shape": Default("email", "", "C", JUDGEMENT),
    "weekdays": _PHONE["weekdays"],
    "patience": Default("endless", "", "C", JUDGEMENT + ": nobody withdraws an e-mail"),
    "handle_time": Default("lognormal(mean 5m, sigma 0.8)", "mean 3m to 10m", "C", JUDGEMENT),
    "wrap_up": Default("0s", "0s to 60s", "C", JUDGEMENT + ": part of the work on the message"),
    "resolved_at_first_contact": Default("45%", "30% to 60%", "B", "SQM benchmark by channel"),
    "redial": Default("no", "", "C", JUDGEMENT + ": nobody abandons an e-mail"),
    "reconnect": Default("75% after 1d", "50% to 100%", "C", JUDGEMENT),
    "target": Default("90% within 24h", "", "C", JUDGEMENT),
    "at_once": Default(1, "1 to 3", "C", JUDGEMENT + ": one message after the other"),
    "slowdown": Default("0%", "0% to 40%", "C", JUDGEMENT),
    "expected_wait": Default("12h", "1h to 24h", "C", "surveys of expected response times, 2012 and 2013"),
    "satisfaction_like": Default("email", "phone, chat or email", "B", "Zendesk Benchmark Q1 2015"),
}  # fmt: skip

_SOCIAL = _EMAIL | {
    "kind": Default("deferrable", "", "A", "a post waits to be answered"),
    "share": Default("6%", "1% to 15%", "C", JUDGEMENT),
    "hours": Default({"daily": "09:00-20:00"}, "", "C", JUDGEMENT + ": when posts are worked on"),
    "handle_time": Default("lognormal(mean 4m, sigma 0.8)", "mean 2m to 8m", "C", JUDGEMENT),
    "patience": Default("exponential(mean 4h)", "mean 1h to 24h", "C", JUDGEMENT + ": until they write again"),
    "chases": Default("30%", "10% to 50%", "C", JUDGEMENT),
    "target": Default("80% within 1h of opening hours", "", "C", JUDGEMENT),
    "expected_wait": Default("1h", "15m to 6h", "C", "Edison 2012 and Lithium 2013: an answer within the hour"),
    "satisfaction_like": Default(
        "email", "phone, chat or email", "C", "Zendesk Benchmark Q1 2015: Facebook 76, X 69, e-mail 77",
    ),
}  # fmt: skip

_DIRECT = _SOCIAL | {
    "kind": Default("deferrable", "", "A", "a private message waits to be answered"),
    "share": Default("4%", "1% to 15%", "C", JUDGEMENT),
}

_MESSENGER = _SOCIAL | {
    "kind": Default("deferrable", "", "A", "a message waits to be answered"),
    "share": Default("8%", "2% to 30%", "C", JUDGEMENT),
    "handle_time": Default("lognormal(mean 5m, sigma 0.8)", "mean 3m to 10m", "C", JUDGEMENT + ": one alone"),
    "at_once": Default(3, "1 to 5", "C", "vendor claims of asynchronous messages"),
    "slowdown": Default("15%", "0% to 40%", "C", JUDGEMENT + ": each further one slows every one by this much"),
    "patience": Default("exponential(mean 1h)", "mean 15m to 6h", "C", JUDGEMENT + ": until they write again"),
    "resolved_at_first_contact": Default("60%", "45% to 75%", "C", JUDGEMENT + ": between e-mail and chat"),
    "target": Default("80% within 15m of opening hours", "", "C", JUDGEMENT),
    "expected_wait": Default("15m", "1m to 1h", "C", JUDGEMENT + ": between chat and social media"),
    "satisfaction_like": Default("chat", "phone, chat or email", "C", JUDGEMENT),
}

_APP = _MESSENGER | {
    "share": Default("6%", "2% to 30%", "C", JUDGEMENT),
    "target": Default("80% within 1h of opening hours", "", "C", JUDGEMENT),
    "expected_wait": Default("1h", "5m to 4h", "C", JUDGEMENT),
    "patience": Default("exponential(mean 4h)", "mean 1h to 24h", "C", JUDGEMENT + ": until they write again"),
}

_AT_ONCE = "a machine answers everybody at once"
_BOT = {
    "kind": Default("self_service", "", "A", "a machine answers"),
    "share": Default("0%", "0% to 40%", "C", JUDGEMENT + ": only in front of other channels"),
    "hours": Default("always", "", "A", "a machine does not sleep"),
    "shape": _CHAT["shape"],
    "weekdays": _PHONE["weekdays"],
    "handle_time": Default("lognormal(mean 3m, sigma 0.8)", "mean 1m to 6m", "C", JUDGEMENT),
    "resolved_at_first_contact": Default("30%", "10% to 60%", "C", "vendor claims of containment, less who gave up"),
    "escalates": Default("60%", "30% to 100%", "C", JUDGEMENT + ": the others give up, or come back later"),
    "escalated_handle_time": Default("1.2x", "1x to 1.5x", "C", JUDGEMENT + ": what a machine cannot solve is harder"),
    "redial": Default("no", "", "A", _AT_ONCE),
    "reconnect": Default("75% after 1d", "50% to 100%", "C", JUDGEMENT),
    "patience": Default("endless", "", "A", _AT_ONCE),
    "wrap_up": Default("0s", "", "A", _AT_ONCE),
    "at_once": Default(1, "", "A", _AT_ONCE),
    "slowdown": Default("0%", "", "A", _AT_ONCE),
    "target": Default("90% within 20s", "", "A", _AT_ONCE),
    "expected_wait": _CHAT["expected_wait"],
    "satisfaction_like": Default("chat", "phone, chat or email", "C", JUDGEMENT),
}

_ARTICLES = _BOT | {
    "handle_time": Default("lognormal(mean 4m, sigma 0.8)", "mean 1m to 10m", "C", JUDGEMENT + ": reading"),
    "resolved_at_first_contact": Default("25%", "10% to 50%", "C", JUDGEMENT),
    "escalates": Default("80%", "40% to 100%", "C", JUDGEMENT + ": they go on to the channel they wanted"),
    "escalated_handle_time": Default("1x", "0.9x to 1.3x", "C", JUDGEMENT),
    "satisfaction_like": Default("email", "phone, chat or email", "C", JUDGEMENT),
}

USUAL = ("phone", "chat", "email")
"""The channels that every desk knows by these names."""

CHANNELS: dict[str, dict[str, Default]] = {
    "phone": _PHONE, "chat": _CHAT, "email": _EMAIL, "social": _SOCIAL, "direct": _DIRECT, "messenger": _MESSENGER,
    "app": _APP, "bot": _BOT, "articles": _ARTICLES,
}  # fmt: skip
"""Channels that need no description. Any other says its `kind` and takes the rest from the one it is like."""

COUNTED: dict[str, Default] = {
    "counts": Default(
        "first_attempts", "first_attempts or offered", "C", JUDGEMENT + ": a forecast is of reasons to call"
    ),
}
"""Of a channel with a rate or a volume of its own."""

LIKE = {"live": "phone", "deferrable": "email", "self_service": "bot"}
"""The channel whose defaults one of the user's own takes, by its kind."""

GROUP: dict[str, Default] = {
    "cost": Default("20 EUR/h", "12 to 40 EUR/h", "C", JUDGEMENT),
    "shrinkage": Default("30%", "20% to 40%", "C", "workforce-management practice"),
}

GROUP_WITH_SHIFTS: dict[str, Default] = GROUP | {
    "shrinkage": Default("24%", "15% to 35%", "C", "workforce-management practice, less the breaks that shifts show"),
}

GROUP_WITH_ABSENCE: dict[str, Default] = GROUP | {
    "shrinkage": Default("25%", "15% to 35%", "C", "workforce-management practice, less the absence that is drawn"),
}

GROUP_WITH_BOTH: dict[str, Default] = GROUP | {
    "shrinkage": Default("19%", "10% to 30%", "C", "workforce-management practice, less breaks and absence"),
}


def of_group(*, breaks: bool, absence: bool) -> dict[str, Default]:
    """The defaults of a skill group; what is simulated, breaks or absence, is no part of its shrinkage."""
    return {
        (False, False): GROUP, (True, False): GROUP_WITH_SHIFTS,
        (False, True): GROUP_WITH_ABSENCE, (True, True): GROUP_WITH_BOTH,
    }[breaks, absence]  # fmt: skip


OFF: dict[tuple[str, str], Default] = {
    ("channels", "closed"): Default("message", "", "C", JUDGEMENT + ": a recorded message tells the hours"),
    ("channels", "self_service_first"): Default(
        "no", "0% to 70%", "C", "off unless said; vendors say that about two thirds try to help themselves first",
    ),
    ("channels", "acknowledged"): Default("no", "", "B", "12 % of 50 UK providers could track e-mails (Talisma 2007)"),
    ("channels", "interruptible"): Default("no", "", "C", JUDGEMENT),
    ("channels", "silent"): Default(
        "0%", "3% to 95%", "C", "off unless said; of chat, 70 % were measured (A: one study of logs)",
    ),
    ("channels", "silent_work"): Default("1m", "15s to 3m", "C", JUDGEMENT),
    ("channels", "chases"): Default("0%", "10% to 50%", "C", "off unless said: " + JUDGEMENT),
    ("channels", "chasers"): Default(3, "1 to 5", "C", JUDGEMENT),
    ("channels", "chaser_work"): Default("1m", "0s to 3m", "C", JUDGEMENT),
    ("channels", "asks_back"): Default("no", "10% to 40%", "C", "off unless said: " + JUDGEMENT),
    ("channels", "transfer"): Default("no", "5% to 20%", "C", "off unless said: " + JUDGEMENT),
    ("channels", "escalates"): Default("no", "30% to 100%", "C", JUDGEMENT),
    ("channels", "escalated_handle_time"): Default("1x", "1x to 1.5x", "C", JUDGEMENT),
    ("channels", "elsewhere"): Default(
        "no", "10% to 40%", "B", "off unless said; 26 % of those whom a desk ignored turned to another channel",
    ),
    ("channels", "public"): Default("no", "1% to 20%", "C", "off unless said: " + JUDGEMENT),
    ("groups", "speed"): Default("1x", "0.7x to 1.3x", "C", JUDGEMENT),
    ("groups", "quality"): Default("1x", "0.8x to 1.2x", "C", JUDGEMENT),
    ("groups", "end_of_shift"): Default("finish", "", "C", JUDGEMENT + ": nobody hangs up on a customer"),
    ("groups", "absence"): Default("0%", "2% to 10%", "C", "off unless said: part of the shrinkage"),
}  # fmt: skip
"""Behaviour that a scenario has to ask for: what holds otherwise, which no run counts among its assumptions."""

SEGMENT: dict[str, Default] = {
    "share": Default("100%", "", "C", JUDGEMENT),
    "margin": Default("10 EUR/month", "2 to 40 EUR/month", "C", JUDGEMENT),
    "contract": Default(
        {"rolling": "40%", "one_year": "35%", "two_years": "25%"}, "", "C", JUDGEMENT,
    ),
    "captive": Default("20%", "0% to 60%", "C", JUDGEMENT + ": share with no competitor at the address"),
    "tenure": Default("exponential(mean 208w)", "mean 1 to 8 years", "C", JUDGEMENT),
}  # fmt: skip

CUSTOMERS: dict[str, Default] = {
    "issues": Default("0.08/month", "0.04 to 0.15 a customer and month", "B", "J.D. Power 2006 and 2011"),
    "worth": Default("52w", "26w to 260w", "C", JUDGEMENT + ": a year, the time over which churn is counted"),
}

DEMAND: dict[str, Default] = {
    "busy_days": Default(60, "25 small desks, 135 large; 0 is none", "A", "shape of a Gamma factor a day: " + BANK),
    "growth": Default("0%/year", "-10%/year to 20%/year", "C", JUDGEMENT),
    "busy_hours": Default(400, "0 is none", "A", "shape of a Gamma factor an hour: " + BANK),
}

EVENT: dict[str, Default] = {
    "fades": Default("0m", "0m to 12h", "C", JUDGEMENT + ": it is over when it is over"),
}

SURGE: dict[str, Default] = EVENT | {
    "adds": Default("no", "no or yes", "C", JUDGEMENT + ": the days that a forecast is made of had surges as well"),
}

POLICIES: dict[str, Default] = {
    "routing": Default("live_first", "live_first or longest_wait", "B", "common practice of mixed desks"),
    "response": Default("answer_all", "ignore(share 50%) is what an audit of 50 ISPs found in 2007", "C", JUDGEMENT),
    "staffing": Default("as_scheduled", "as_scheduled or erlang_c", "A", "the schedule is what the scenario says"),
}

SURVEY: dict[str, Default] = {
    "asked": Default("100%", "10% to 100%", "C", JUDGEMENT),
}

SCENARIO: dict[str, Default] = {
    "starts": Default("2026-10-05", "", "C", "a Monday without holidays"),
    "lasts": Default("7d", "", "C", JUDGEMENT),
    "time_zone": Default("UTC", "", "C", JUDGEMENT),
    "interval": Default("30m", "15m or 30m", "B", "the trade's planning interval"),
    "run_in": Default("7d", "", "C", JUDGEMENT + ": a week before the first day, so that the backlog is not empty"),
    "drain": Default("14d", "", "C", JUDGEMENT + ": service goes on after the last day, so that waits are not cut"),
}

SHAPES: dict[str, tuple[float, ...]] = {
    # Half hours from midnight. Phone: calls of the bank log by half hour of arrival, Sunday to Thursday (grade A).
    "phone": (
        0.2, 0.2, 0.1, 0.1, 0, 0, 0, 0, 0.1, 0.1, 0.1, 0.2, 0.2, 1.3, 12.3, 15.2,
        24.3, 36.6, 35.2, 43.9, 46.4, 42.8, 36.6, 36.7, 36.2, 33.3, 34.7, 35.2, 38.4, 38.5, 40.4, 40.9,
        43.2, 38.8, 31.8, 29.9, 26.2, 23.2, 22.3, 22.1, 17.7, 20.1, 16.9, 19.1, 17.0, 16.4, 13.9, 11.0,
    ),
    # Chat: 56 % between 10:00 and 15:00 (grade B for that share, C for the rest).
    "chat": (
        2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 3, 6, 8, 14, 18, 26, 32, 52, 56, 60, 60, 58, 56, 56, 56, 54, 52, 30, 28,
        26, 24, 20, 18, 15, 14, 13, 12, 11, 10, 9, 8, 6, 5, 4, 3,
    ),
    # E-mail: written around the clock, most in office hours (grade C).
    "email": (
        6, 5, 4, 3, 3, 2, 2, 2, 2, 2, 3, 4, 6, 9, 13, 18, 26, 34, 42, 46, 48, 48, 46, 44, 40, 38, 40, 42, 43, 43, 42,
        40, 38, 36, 33, 30, 28, 27, 27, 28, 29, 29, 28, 26, 22, 18, 13, 9,
    ),
}  # fmt: skip


def of_channel(name: str, kind: str) -> dict[str, Default]:
    """The defaults of a channel: its own if it is a known one of that kind, else those of the one it is like."""
    known = CHANNELS.get(name)
    return known if known is not None and known["kind"].value == kind else CHANNELS[LIKE[kind]]
