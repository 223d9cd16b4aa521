"""The scenario as a schema: every key there is, with its type. Whatever is not here is an unknown key.

The models hold numbers (seconds, shares, rates a second); `sim.scenario.words` reads them from words. Defaults are not
here but in `sim.defaults`, filled in before validation, so that each carries its source and grade.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from sim import units
from sim.clock import DAY, DAYS, Dated, Week, say_clock
from sim.errors import did_you_mean
from sim.policies import RESPONSE, ROUTING, STAFFING
from sim.scenario.words import (
    Again,
    Amount,
    Counted,
    Counts,
    Date,
    Duration,
    Ending,
    Factor,
    Few,
    FromFile,
    Growth,
    HolidaysOf,
    Hours,
    Interval,
    Limit,
    Moment,
    Months,
    Multiples,
    Number,
    PerSecond,
    PerTime,
    Problem,
    Problems,
    Rates,
    Shape,
    Share,
    ShiftsOf,
    Shrinkage,
    Some,
    SomeTime,
    Span,
    Table,
    Target,
    Time,
    Weekdays,
    Words,
    Zone,
    read_by,
    read_count,
    read_file,
    read_hours,
    read_week,
)
from sim.units import Unclear, shown

LARGEST_TEAM = 10_000


class FromLog(NamedTuple):
    """Staff as the replayed log shows it: agents seen within `gap` seconds of a call, levels by `per` seconds."""

    gap: float
    per: float


def read_staff(value: Any) -> Week | Dated | int | FromLog | FromFile:
    """A number of agents, a table of them by days and hours, a file with such a table, or
    ``{from_log: {gap: 30m, per: 1h}}``."""
    if isinstance(value, Dated | FromFile):
        return value
    if isinstance(value, dict) and "from_log" in value:
        return _read_from_log(value)
    if (isinstance(value, dict) and "file" in value) or (isinstance(value, str) and "." in value.strip()[1:]):
        return read_file(value)
    if not isinstance(value, dict):
        return value if isinstance(value, Week) else read_count(value, most=LARGEST_TEAM)
    return read_week(lambda v: float(read_count(v, most=LARGEST_TEAM)), "mon-fri 09:00-17:00: 6")(value)


def _read_from_log(value: dict[str, Any]) -> FromLog:
    given = {} if value["from_log"] is None else value["from_log"]
    hint = "write {from_log: {gap: 30m, per: 1h}}"
    if not isinstance(given, dict):
        raise Problems([Problem(("from_log",), f"{shown(given)} stands where gap and per belong", hint)])
    found = [Problem((key,), "staff from a log has no other times", hint) for key in value if key != "from_log"]
    found += [Problem(("from_log", key), "unknown key", hint) for key in given if key not in ("gap", "per")]
    seconds = {"gap": 1800.0, "per": 3600.0}
    for key in seconds.keys() & given.keys():
        try:
            seconds[key] = units.duration(given[key])
        except Unclear as problem:
            found.append(Problem(("from_log", key), problem.what, problem.hint))
    if seconds["per"] <= 0 or DAY % seconds["per"]:
        what = f"{shown(given['per'])} does not divide a day"
        found.append(Problem(("from_log", "per"), what, "give 15m, 30m or 1h"))
    if found:
        raise Problems(found)
    return FromLog(**seconds)


def _read_policy(catalogue: dict[str, Any]) -> Any:
    def read(value: Any) -> Any:
        if type(value) in catalogue.values():
            return value
        if not isinstance(value, str):
            raise Unclear(f"{shown(value)} is not a policy", _as_call(value, catalogue))
        name, given = units.call(value)
        if name not in catalogue:
            raise Unclear(f"{shown(name)} is not a policy", did_you_mean(name, tuple(catalogue)))
        readers = {field.name: field.metadata["read"] for field in fields(catalogue[name])}
        unknown = next((key for key in given if key not in readers), None)
        if unknown is not None:
            hint = did_you_mean(unknown, tuple(readers)) or "it takes no settings"
            raise Unclear(f"{name} does not take {shown(unknown or given[unknown])}", hint)
        return catalogue[name](**{key: readers[key](text) for key, text in given.items()})

    return read_by(read)


def _as_call(value: Any, catalogue: dict[str, Any]) -> str:
    """A hint: a policy that was written as a mapping, as it should be written."""
    name, given = next(iter(value.items())) if isinstance(value, dict) and value else ("", {})
    if name not in catalogue:
        return f"known here: {', '.join(catalogue)}"
    keys = [field.name for field in fields(catalogue[name])]
    settings = given if isinstance(given, dict) else dict.fromkeys(keys[:1], given)
    listed = ", ".join(f"{key} {text}" for key, text in settings.items() if key in keys and isinstance(text, str))
    return f"write {name}({listed})" if listed else f"write {name}"


StaffLevels = Annotated[Week | Dated | int | FromLog | FromFile, read_by(read_staff)]


class Spec(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, strict=True, use_attribute_docstrings=True
    )


class Contracts(Spec):
    rolling: Share = 0.0
    one_year: Share = 0.0
    two_years: Share = 0.0


class Segment(Spec):
    """A kind of customer."""

    share: Share
    margin: PerTime
    contract: Contracts
    captive: Share
    tenure: Ending


class Customers(Spec):
    """Who may need support. Without `count`, as many as the rates of the channels imply."""

    count: Some | None = None
    issues: PerSecond
    segments: dict[str, Segment]


class Intent(Spec):
    """What an issue is about; what it leaves out is as its channel says."""

    share: Share
    resolved_at_first_contact: Share | None = None
    handle_time: Factor = 1.0


class Channel(Spec):
    """A way to reach the desk: live, where customers wait, or deferrable, where messages do."""

    kind: Literal["live", "deferrable"]
    share: Share
    rate: Rates | None = None
    volume: PerSecond | None = None
    """issues in a normal week, spread by `weekdays` and `shape`; in place of a share"""
    counts: Counted = Counts(offered=False)
    """what `rate` or `volume` count: first attempts, or contacts offered, with redials and reconnects in them"""
    weekdays: Weekdays
    """how the days of the week differ, as factors on a mean day"""
    shape: Shape
    hours: Hours
    backlog: Some | None = None
    """contacts that wait when the measured time begins, in place of those that the run-in leaves (deferrable only)"""
    staff: StaffLevels | None = None
    shifts: ShiftsOf | None = None
    """as a group's"""
    cost: PerTime | None = None
    shrinkage: Shrinkage | None = None
    charge: Amount | None = None
    """what each offered contact costs beside the staff: the line, the licence"""
    lines: Some | None = None
    at_once: Few = 1
    slowdown: Share = 0.0
    patience: Time
    handle_time: Ending
    handle_time_factor: Multiples | None = None
    """how handle time differs by the time at which the issue arises, as factors"""
    wrap_up: Ending
    resolved_at_first_contact: Share
    redial: Again
    reconnect: Again
    target: Target
    expected_wait: SomeTime
    at_closing: Literal["serve", "disconnect"] = "serve"
    satisfaction_like: Literal["phone", "chat", "email"]


class Group(Spec):
    """A skill group: whom it answers, and how many agents it has when."""

    answers: Words
    then: Words = ()
    staff: StaffLevels | None = None
    shifts: ShiftsOf | None = None
    """who works when, with breaks: shifts by name, or a file of people"""
    cost: PerTime
    shrinkage: Shrinkage


class Event(Spec):
    """A surge: for a while more issues than usual arise, then fewer and fewer of them."""

    at: Moment
    """when it begins, by the desk's clock"""
    lasts: SomeTime
    """how long it is at its height"""
    fades: Duration = 0.0
    """after that, the time in which what is left of it halves"""
    factor: Factor | None = None
    """on the usual rate, at the height"""
    issues: Some | None = None
    """how many issues it brings in all, in place of a factor"""
    channels: Words = ()
    """where; without it on all channels"""
    intent: str | None = None
    """what its issues are about; without it like any others"""


class Columns(Spec):
    """Which column of a log holds what."""

    arrival: Words
    delay: str | None = None
    intent: str | None = None
    wait: str | None = None
    outcome: str | None = None
    service: str | None = None
    agent: str | None = None


def read_values(value: Any) -> tuple[str, ...]:
    """One value of a log's column or a list of them; '' is an empty cell."""
    listed = value if isinstance(value, list) else [value]
    if not all(isinstance(word, str) for word in listed):
        raise Unclear(f"{shown(value)} is not a word or a list of words", "put it in quotes, as in '0'")
    return tuple(listed)


def read_whole_hours(value: Any) -> Week | None:
    """Hours of the week as `read_hours` reads them, which begin and end on the hour."""
    hours = read_hours(value)
    for piece in hours.pieces if hours is not None else ():
        if piece.start % 3600 or piece.end % 3600:
            odd = f"{DAYS[piece.weekday]} {say_clock(piece.start)}-{say_clock(piece.end)}"
            raise Unclear(f"{odd} does not begin and end on the hour", "write whole hours, as in 08:00-23:00")
    return hours


class Replay(Spec):
    """A log of real contacts, replayed: the same in every replication; only what it lacks is drawn."""

    file: str
    columns: Columns
    channel: str = "phone"
    answered: Words = ()
    abandoned: Words = ()
    leave_out: dict[str, Annotated[tuple[str, ...], read_by(read_values)]] = Field(default_factory=dict)
    abandoned_without_wait: Literal["keep", "leave_out"] = "keep"
    compare: Annotated[Week | None, read_by(read_whole_hours)] = Field(default=None, repr=False)
    """Hours in which calls arrive that a back-test compares, None is all. Not in `repr`: it decides no run, so it is no
    part of the digest."""


class Demand(Spec):
    """How issues come over time, beside what each channel says."""

    busy_days: Number
    busy_hours: Number
    growth: Growth = 0.0
    """of all rates and volumes, compounded from `since` on"""
    since: Date | None = None
    """the day for which rates and volumes hold; without it the first day"""
    months: Months | None = None
    """how the months differ, as factors on all rates and volumes"""
    replay: Replay | None = None


class Policies(Spec):
    routing: Annotated[Any, _read_policy(ROUTING)] = ROUTING["live_first"]()
    response: Annotated[Any, _read_policy(RESPONSE)] = RESPONSE["answer_all"]()
    staffing: Annotated[Any, _read_policy(STAFFING)] = STAFFING["as_scheduled"]()


class Costs(Spec):
    """What the desk costs beside its staff and the charges of its channels."""

    fixed: PerTime | None = None
    """rent, licences, management"""


class Survey(Spec):
    """The satisfaction survey after an answered issue."""

    asked: Share = 1.0
    """share of the issues with an answer that are surveyed"""
    answers: Share | None = None
    """share of the surveys that are answered, at a satisfaction of 80; without it 21 %"""


class ScenarioSpec(Spec):
    """A whole scenario."""

    name: str
    question: str | None = None
    customers: Customers
    channels: dict[str, Channel]
    groups: dict[str, Group]
    roster: Table | None = None
    """a file of people with their skills and shifts: each set of skills becomes a skill group"""
    targets: dict[str, Target] = Field(default_factory=dict)
    thresholds: dict[str, Limit] = Field(default_factory=dict)
    """what a run has to meet, by measure, as at least 80%: if it does not, the exit code is 3"""
    intents: dict[str, Intent]
    demand: Demand
    events: dict[str, Event] = Field(default_factory=dict)
    policies: Policies = Policies()
    costs: Costs = Costs()
    survey: Survey = Survey()
    uncertainty: dict[str, Span] = Field(default_factory=dict)
    """ranges of what is not known, by path, as 6m..10m; drawn from with --uncertain"""
    starts: Date
    lasts: SomeTime
    time_zone: Zone
    holidays: HolidaysOf | None = None
    """public holidays, on which hours, staff and demand are those of `holiday`, or else of Sunday"""
    interval: Interval
    run_in: Duration
    drain: Duration
