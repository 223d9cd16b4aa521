"""How each kind of value is written: in words for planners, as JSON Schema for editors.

A type of `sim.scenario.words` carries one `Written` beside its reader. The schemas let an editor complete and warn.
They accept all that the reader accepts, and more: it is the reader who says what is wrong with a value, and where.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from sim.defaults import SHAPES

Schema = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Written:
    """A kind of value, as a planner writes it.

    `kind` says what is written ("a length of time"), `unit` in which units, `note` what else there is to know;
    `examples` are as in a scenario; `schema` is its JSON Schema. `keys` are those of a value that is a mapping, and
    `choices` the words of one that is a word, with their meanings; `each` is what stands by name in it. `say` turns a
    value that was read into what is written.
    """

    kind: str
    unit: str = ""
    examples: tuple[Any, ...] = ()
    schema: Schema = field(default_factory=dict)
    note: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)
    each: Written | None = None
    say: Callable[[Any], Any] = lambda value: value


def one_of(choices: tuple[str, ...]) -> Written:
    """One of a few words."""
    return Written("one of " + ", ".join(choices), "", choices, {"type": "string", "enum": list(choices)})


def policy(catalogue: Mapping[str, Any]) -> Written:
    """A policy of a catalogue; what it can be set to follows in brackets."""
    calls = [_calls(name, policy) for name, policy in catalogue.items()]
    what = [" ".join(policy.__doc__.split()) for policy in catalogue.values()]
    pattern = rf"(?:{'|'.join(catalogue)})\s*(?:\([^()]*\))?"
    return Written(
        "one of " + ", ".join(catalogue), "", tuple(call for named in calls for call in named), _text(pattern),
        choices={named[-1]: meaning for named, meaning in zip(calls, what, strict=True)}, say=lambda value: value.name,
    )  # fmt: skip


def policies(catalogue: Mapping[str, Any]) -> Written:
    """A policy of a catalogue, or a list of them."""
    one = policy(catalogue)
    several = tuple(catalogue)[-2:]
    schema = one.schema | {"type": ["string", "array"], "items": _STRING}
    return replace(
        one, kind=one.kind + ", or a list of them", examples=(*one.examples, list(several)), schema=schema,
        say=lambda value: getattr(value, "name", None),
    )  # fmt: skip


def by_name(each: Written, name: str, of: str) -> Written:
    """Values by a name each, that of a channel, say: `name` is one of them, `of` says what is named."""
    schema = {"type": "object", "additionalProperties": each.schema}
    examples = tuple({name: example} for example in each.examples)
    return Written(f"{each.kind}, by {of}", each.unit, examples, schema, each=each)


# --- patterns, as JavaScript and Python read them alike ---------------------------------------------------------------


def _any_case(*words: str) -> str:
    return "|".join("".join(f"[{letter.upper()}{letter}]" for letter in word) for word in words)


_DIGITS = "[0-9._]+"
_NUMBER = rf"[+−-]?{_DIGITS}(?:[eE][+−-]?[0-9]+)?"
_LENGTH = rf"(?:(?:{_DIGITS}\s*[A-Za-z]+\s*)+|{_NUMBER})"
_SHARE = rf"{_NUMBER}\s*%?"
_RATE = rf"{_NUMBER}\s*/\s*[A-Za-z]+"
_FACTOR = rf"{_NUMBER}\s*[xX×]?"
_TARGET = rf"(?:{_DIGITS}\s*/\s*{_DIGITS}|{_SHARE}\s+within\s+{_LENGTH})(?:\s+of\s+opening\s+hours)?"
_AGAIN = rf"(?:{_any_case('no')}|{_SHARE}\s* after \s*{_LENGTH})"
_GO = rf"(?:{_any_case('no')}|{_SHARE}\s* to .*)"
_MONEY = rf"{_NUMBER}\s*[A-Z]{{3}}"
_DATE = "[0-9]{4}[−-][0-9]{2}[−-][0-9]{2}"
_CLOCK = r"[0-9]{1,2}:[0-9]{2}"
_SPAN = rf"{_CLOCK}\s*[–−-]\s*{_CLOCK}"
_BREAK = rf"{_SPAN}(?:\s+(?:un)?paid)?"
_CLOSED = _any_case("closed")
_DAYS = r"[A-Za-z][A-Za-z ,–−-]*"
_WHEN = rf"(?:{_SPAN}|{_DAYS}(?:\s{_SPAN})?)"
_OPENING = rf"(?:{_DAYS}\s)?{_SPAN}"
_HOURS = rf"(?:{_any_case('always')}|24[hH]|24/7|{_CLOSED}|{_OPENING}(?:\s*,\s*{_OPENING})*)"
_FORM = r"[A-Za-z_]+\s*\([^()]*\)"
_TABLE = r".*\.[A-Za-z]{3,4}"
_HTTP = rf"(?:{_any_case('http')})[Ss]?://"
_MONTH = _any_case("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def _whole(pattern: str) -> str:
    return rf"^\s*(?:{pattern})\s*$"


def _text(pattern: str) -> Schema:
    return {"type": "string", "pattern": _whole(pattern)}


def _or_number(pattern: str, **bounds: float) -> Schema:
    """A text, or a number within bounds: `minimum` and the like."""
    return {"type": ["string", "number"], "pattern": _whole(pattern), **bounds}


def _texts(pattern: str) -> Schema:
    """A text or a list of them."""
    return {"type": ["string", "array"], "pattern": _whole(pattern), "items": _text(pattern)}


def _mapping(key: str, value: Schema) -> Schema:
    """A mapping of keys of one pattern to values of one kind."""
    return {"type": "object", "propertyNames": {"pattern": _whole(key)}, "additionalProperties": value}


def _or(value: Schema, mapping: Schema) -> Schema:
    """A text or number, or a mapping: their rules do not touch one another."""
    kinds = value["type"]
    return value | mapping | {"type": [*([kinds] if isinstance(kinds, str) else kinds), mapping["type"]]}


def _by_week(value: Schema) -> Schema:
    """A table by days, by hours, or by days and hours."""
    return _mapping(_WHEN, _or(value, _mapping(_SPAN, value)))


def _keyed(properties: Mapping[str, tuple[str, Schema]], **more: Any) -> Schema:
    """A mapping with fixed keys, each with its meaning."""
    described = {key: {"description": meaning} | schema for key, (meaning, schema) in properties.items()}
    return {"type": "object", "properties": described, "additionalProperties": False} | more


def _meanings(properties: Mapping[str, tuple[str, Schema]]) -> dict[str, str]:
    return {key: meaning for key, (meaning, _) in properties.items()}


_STRING: Schema = {"type": "string"}
_STRINGS: Schema = {"type": ["string", "array"], "items": _STRING}
_A_TIME = _or_number(_LENGTH, minimum=0, maximum=0)
_COUNTED = _or_number(_NUMBER, minimum=0)
_MULTIPLE = _or_number(_FACTOR, minimum=0, maximum=100)

_IN_A_FILE: dict[str, tuple[str, Schema]] = {
    "file": ("a .csv or .xlsx file, relative to the scenario", _STRING),
    "sheet": ("which worksheet of it", _STRING),
    "group": ("whose rows, where it holds several groups", _STRING),
    "columns": ("headers of columns that are not recognised, as in {agents: Headcount}", _mapping(".*", _STRING)),
}
_FROM_LOG: dict[str, tuple[str, Schema]] = {
    "gap": ("how long after their last call agents still count as present", _A_TIME),
    "per": ("the length of the intervals in which they are counted, which divides a day", _A_TIME),
}
_RAMP = rf"from\s+{_SHARE}\s+over\s+{_LENGTH}"
_SHIFT: dict[str, tuple[str, Schema]] = {
    "agents": ("how many work this shift", _or_number(_NUMBER, minimum=1)),
    "days": ("on which days it begins; without it daily", _text(_DAYS)),
    "hours": ("from when to when; past midnight for a night shift", _text(_SPAN)),
    "breaks": ("when nobody of it is at work, paid if nothing else is said", _texts(_BREAK)),
    "speed": ("how fast they work, as in 1.1x", _or_number(_FACTOR, exclusiveMinimum=0, maximum=100)),
    "quality": (
        "factor on the chance that an answer of theirs solves the issue",
        _or_number(_FACTOR, exclusiveMinimum=0, maximum=100),
    ),
    "rank": ("which of the free agents takes a contact: the lowest rank first; without it 0", _COUNTED),
    "ramp": ("how newcomers get up to speed, as in from 60% over 8w", _text(_RAMP)),
    "since": ("the day on which these newcomers began", _text(_DATE)),
}
_HOLIDAYS: dict[str, tuple[str, Schema]] = {
    "country": ("two letters, and those of a region after a hyphen", {"type": ["string", "null"]}),
    "also": ("further dates", _texts(_DATE)),
    "but": ("dates that are working days", _texts(_DATE)),
}

_LENGTHS = "s, m, h, d or w"
_PERIODS = "per h, d, w, month, …"
_WEEKLY = "Days are mon, tue, … or full names, mon-fri, sat,sun, daily, and holiday."

# --- the kinds of values ----------------------------------------------------------------------------------------------


def _percent(value: float) -> str:
    return f"{100 * value:g}%"


def _going(rule: Any) -> str:
    """A rule of who goes to another channel that is off, as a default may be; with where to if it is not."""
    to = f" to {rule.to}" if rule.to else ""
    return f"{_percent(rule.chance)}{to}" if rule.chance else "no"


TEXT = Written("text", schema=_STRING)
SECTION = Written("keys and values", schema={"type": "object"})

DURATION = Written(
    "a length of time", _LENGTHS, ("60s", "1h30m", "7d"), _A_TIME,
    "Only 0 needs no unit.", say=lambda value: f"{value:g}s",
)  # fmt: skip
SOME_TIME = Written("a length of time above 0", _LENGTHS, ("3m", "1h30m", "7d"), _A_TIME)
INTERVAL = Written("one of 15m, 30m", "", ("30m", "15m"), _A_TIME)
SHARE = Written("a share", "%", ("80%", 0.8), _or_number(_SHARE, minimum=0, maximum=1), say=_percent)
SHRINKAGE = Written("a share up to 90%", "%", ("30%",), _or_number(_SHARE, minimum=0, maximum=0.9), say=_percent)
GROWTH = Written(
    "a growth", "%/year", ("6%/year", "-3%/year"),
    _text(r"[+−-]?[0-9.]+\s*%\s*(?:/|a|per)\s*y(?:ea)?r?"), say=lambda value: f"{_percent(value)}/year",
)  # fmt: skip
FACTOR = Written(
    "a factor above 0", "x", ("1.6x", "0.8x"), _or_number(_FACTOR, exclusiveMinimum=0, maximum=100),
    say=lambda value: f"{value:g}x",
)  # fmt: skip
HEIGHTS = Written(
    "a factor of 1 or more, or a range of them", "x", ("2.5x", "1.5x..4x"),
    _or_number(rf"{_FACTOR}\s*(?:\.\.\s*{_FACTOR}\s*)?", minimum=1, maximum=100), "Of a range, each draws its own.",
)  # fmt: skip
MULTIPLES = Written(
    "a factor, or factors by days and hours", "x", ({"mon 08:00-12:00": "1.2x", "fri": "0.9x"},),
    _or(_MULTIPLE, _by_week(_MULTIPLE)), _WEEKLY,
)  # fmt: skip
WEEKDAYS = Written(
    "factors by day", "x", ({"mon": "1.2x", "tue-fri": "1x", "sat": "0.5x", "sun": "0x"},), _mapping(_DAYS, _MULTIPLE),
    "Days left out have 1x, holidays the factor of Sunday.",
)  # fmt: skip
MONTHS = Written(
    "factors by month", "x", ({"nov": "1.3x", "dec": "1.6x"},), _mapping(rf"(?:{_MONTH}).*", _MULTIPLE),
    "Months left out have 1x.",
)  # fmt: skip
NUMBER = Written("a number, 0 or more", "", (60,), _or_number(_NUMBER, minimum=0))
SOME = Written("a whole number, 1 or more", "", (40, "250_000"), _or_number(_NUMBER, minimum=1))
FEW = Written("a whole number from 1 to 50", "", (2,), _or_number(_NUMBER, minimum=1, maximum=50))
PER_SECOND = Written("a rate", _PERIODS, ("4_600/week", "0.08/month"), _text(_RATE))
RATES = Written(
    "a rate, or rates by days and hours", _PERIODS,
    ("120/h", {"mon-fri 08:00-18:00": "60/h", "sat": "12/h"}), _or(_text(_RATE), _by_week(_text(_RATE))), _WEEKLY,
)  # fmt: skip
AMOUNT = Written("an amount of money", "EUR, GBP, …", ("0.10 EUR",), _text(_MONEY))
PER_TIME = Written(
    "an amount of money for a time", "EUR, GBP, … " + _PERIODS, ("22 EUR/h", "9 GBP/month"),
    _text(rf"{_MONEY}\s*/\s*[A-Za-z]+"),
)  # fmt: skip
TARGET = Written(
    "a share within a time", "% and " + _LENGTHS, ("80% within 20s", "80/20", "90% within 8h of opening hours"),
    _text(_TARGET), "80/20 is in % and s. Of opening hours: the clock stands still while the channel is closed.",
)  # fmt: skip
AGAIN = Written("a share after a median time, or no", "% and " + _LENGTHS, ("55% after 30m", "no"), _text(_AGAIN))
GO = Written(
    "a share to a channel, or no", "%", ("10% to second_line", "no"), _text(_GO), say=lambda rule: _going(rule),
)  # fmt: skip
GO_LATER = Written(
    "a share to a channel after a median time, or no", "% and " + _LENGTHS, ("26% to phone after 1d", "no"),
    _text(_GO), say=lambda rule: _going(rule),
)  # fmt: skip
PASS_ON = Written(
    "a share, or a share to a channel, or no", "%", ("60%", "60% to chat", "no"),
    _or_number(rf"(?:{_SHARE}|{_GO})", minimum=0, maximum=1),
    "Who was sent by another channel is passed on to that one; the channel named is for the others.",
    say=lambda rule: _going(rule),
)  # fmt: skip
CLOSED = Written(
    "message, next_opening, or a channel", "", ("message", "next_opening", "email"), _STRING,
    choices={
        "message": "a message turns them away; nobody makes contact outside the hours",
        "next_opening": "they come back when it opens next",
        "email": "or any other channel: they go there at once",
    },
)  # fmt: skip
YES_NO = Written(
    "yes or no", "", ("yes", "no"), {"type": ["string", "boolean"], "pattern": _whole(_any_case("yes", "no"))},
    say=lambda value: "yes" if value else "no",
)  # fmt: skip
BY_INTENT = Written(
    "a factor, or factors by intent", "x", ("1.1x", {"billing": "1.2x", "move": "0.9x"}),
    _or(_or_number(_FACTOR, exclusiveMinimum=0, maximum=100), _mapping(".*", FACTOR.schema)),
    "Intents left out have 1x.", say=lambda value: f"{value:g}x",
)  # fmt: skip
TIME = Written(
    "a distribution, its mean, or endless", _LENGTHS,
    ("weibull(mean 25m, shape 0.86)", "exponential(mean 8m, zero 10%)", "8m", "endless"),
    _or_number(rf"(?:{_LENGTH}|{_FORM}|endless)", minimum=0, maximum=0),
    "A mean alone keeps the form of the default. exponential(mean 8m, zero 10%) lets a tenth leave at once.",
)  # fmt: skip
ENDING = Written(
    "a distribution, or its mean", _LENGTHS,
    ("lognormal(mean 8m, sigma 0.9)", "constant(45s)", "exponential(mean 7m)", "8m"),
    _or_number(rf"(?:{_LENGTH}|{_FORM})", minimum=0, maximum=0),
    "A mean alone keeps the form of the default.",
)  # fmt: skip
DATE = Written("a date", "year-month-day", ("2026-10-05",), _text(_DATE))
MOMENT = Written("a date and a time", "by the desk's clock", ("2026-10-06 18:20",), _text(rf"{_DATE}[T ]\s*{_CLOCK}"))
EVERY = Written(
    "a number of days, a day of the month, or dates", "",
    ("7d", "month", "month on the 15th", "month on the last working day", ["2026-11-02", "2026-12-01"]),
    _texts(rf"(?:{_LENGTH}|{_any_case('day')}|{_any_case('week')}|{_any_case('month')}.*|{_DATE})"),
    "The clock shows the same time. Working days are mon-fri but for holidays; a month that is too short has its last.",
)  # fmt: skip
ZONE = Written("a time zone", "", ("Europe/London", "America/New_York", "UTC"), _STRING)
HOLIDAYS = Written(
    "a country, a region of it, or dates", "", ("GB", "US-NY", {"country": "GB-ENG", "also": ["2026-12-24"]}),
    _or(_text("[A-Za-z]+(?:-.+)?"), _keyed(_HOLIDAYS)), keys=_meanings(_HOLIDAYS),
)  # fmt: skip
HOURS = Written(
    "hours of the week", "", ("08:00-20:00", {"mon-fri": "08:00-20:00", "sat": "09:00-13:00"}, "always"),
    _or(_texts(_HOURS), _mapping(_DAYS, _texts(rf"(?:{_CLOSED}|{_SPAN}(?:\s*,\s*{_SPAN})*)"))),
    _WEEKLY + " A range that ends before it starts runs past midnight. Several a day: 08:00-12:00, 13:00-17:00.",
)  # fmt: skip
SHAPE = Written(
    "one of " + ", ".join(SHAPES) + ", or a table of contacts by hours", "in any scale",
    (*SHAPES, {"mon-fri": {"08:00-12:00": 60, "12:00-18:00": 40}}),
    _or(_text("|".join(SHAPES)), _by_week(_or_number(_SHARE, minimum=0))), _WEEKLY,
)  # fmt: skip
COUNTS = Written(
    "one of first_attempts, offered", "", ("first_attempts", "offered", "offered(abandoned 6%)"),
    _text(r"(?:first_attempts|offered)\s*(?:\([^()]*\))?"),
    choices={
        "first_attempts": "issues; redials and reconnects come on top",
        "offered": "contacts as a phone system counts them; the share that abandoned is as Erlang A has it",
        "offered(abandoned 6%)": "the same, with the share that abandoned when they were counted",
    },
    say=lambda value: "offered" if value.offered else "first_attempts",
)  # fmt: skip
WORDS = Written("a name, or a list of names", "", (["phone", "chat"], "phone"), _STRINGS)
VALUES = Written("a value, or a list of them", "", (["test", ""],), _STRINGS)
LIMIT = Written("a limit", "that of the measure", ("at least 80%", "at most 10m"), _text(r"at\s+(?:least|most)\s+\S.*"))
LIMITS = replace(
    by_name(LIMIT, "phone.service_level", "measure"),
    examples=({"phone.service_level": "at least 80%", "phone.wait_p90": "at most 10m"}, {"cost": "at most 40_000 GBP"}),
)
HOST = Written(
    "an address", "", ("http://127.0.0.1:8000", "https://desk-staging.example.com"), _text(rf"{_HTTP}[^\s?#@]+"),
    "http or https, without a user name or password.",
)  # fmt: skip
PAGE = Written("an address of a page", "", ("https://desk-staging.example.com/banner",), _text(rf"{_HTTP}[^\s@]+"))
SERVER = Written("a host and its port", "", ("127.0.0.1:2525", "mail.desk.test:25"), _text(r"[^\s@]+:[0-9]+"))
MAIL_ADDRESS = Written("an address of e-mail", "", ("support@desk.test",), _text(r"[^\s@]+@[^\s@]+"))
SOME_RATE = Written(
    "a rate above 0", "per s, m, h, …", ("50/s", "1.5/s"), _text(_RATE), say=lambda value: f"{value:g}/s",
)  # fmt: skip
ABORT = Written(
    "more than a share within a time", "% and " + _LENGTHS, ("above 20% within 30s",),
    _text(rf"above\s+{_SHARE}\s+within\s+{_LENGTH}"),
    "By the wall clock; once that time has passed, and of ten rows or more.",
)  # fmt: skip
_WIRES = {
    "rest": "tickets over the desk's REST interface, as its web form makes them",
    "email": "mail to the desk, and its answers read from a mailbox; for messages only",
    "skip": "left out of the load test",
    "enter": "simulated beside the desk, so that it keeps agents busy, and not sent",
}
WIRES = replace(
    by_name(one_of(tuple(_WIRES)), "email", "channel"), examples=({"email": "email", "chat": "skip"},), choices=_WIRES,
)  # fmt: skip
LOAD_LIMIT = replace(LIMIT, unit="ms, s, m, h, %", examples=("at most 800ms", "at most 1%", "at least 100%"))
LOAD_LIMITS = replace(
    by_name(LOAD_LIMIT, "create.p95", "step"),
    examples=(
        {"create.p95": "at most 800ms", "errors": "at most 1%", "sent": "at least 100%"},
        {"email.first_response.p90": "at most 4h"},
    ),
    note="[CHANNEL.]STEP[.send].FIGURE: a step is create, reply, chase, close, rate, take, answer, ask, resolve, poll "
    "or all, a figure p50, p99.9, mean, median, max or errors. Latency is wall time from due, or from send; "
    "CHANNEL.first_response.FIGURE is scenario time, where who got no answer waited for ever.",
)  # fmt: skip
RANGE = Written("a range", "that of the key", ("6m..10m", "60%..80%"), _text(r"\S.*\.\.\s*\S.*"))
TABLE = Written(
    "a file", "", ("people.xlsx", {"file": "people.xlsx", "sheet": "October"}),
    _or(_text(_TABLE), _keyed(_IN_A_FILE)), keys=_meanings(_IN_A_FILE),
)  # fmt: skip
STAFF_LEVELS = Written(
    "a number of agents, a table by days and hours, a file, or from_log", "agents",
    (6, {"mon-fri 09:00-17:00": 6, "sat": {"09:00-12:00": 3}}, "staff.xlsx", {"from_log": {"gap": "30m", "per": "1h"}}),
    _or(_or_number(rf"(?:{_NUMBER}|{_TABLE})", minimum=0), _by_week(_COUNTED))
    | {
        "propertyNames": {"pattern": _whole(rf"(?:{_WHEN}|from_log)")},
        "properties": _keyed(_IN_A_FILE)["properties"]
        | {"from_log": _keyed(_FROM_LOG, type=["object", "null"], description="as a replayed log shows it")},
    },
    _WEEKLY, keys=_meanings(_IN_A_FILE) | {"from_log": "staff as a replayed log shows it: gap and per"},
)  # fmt: skip
SHIFTS = Written(
    "shifts by name, or a file of people", "agents",
    (
        {"early": {"agents": 6, "days": "mon-fri", "hours": "08:00-16:00", "breaks": ["12:00-12:30 unpaid"]}},
        "people.xlsx",
    ),
    _or(_text(_TABLE), _keyed(_IN_A_FILE, additionalProperties=_keyed(_SHIFT))),
    keys=_meanings(_SHIFT) | _meanings(_IN_A_FILE),
)  # fmt: skip


def _calls(name: str, policy: Any) -> tuple[str, ...]:
    """A policy alone, and with all its settings."""
    settings = [f"{each.name} {each.metadata['example']}" for each in fields(policy) if each.metadata["example"]]
    return (name, f"{name}({', '.join(settings)})") if settings else (name,)
