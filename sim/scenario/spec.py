"""The scenario as a schema: every key there is, with its type. Whatever is not here is an unknown key.

The models hold numbers (seconds, shares, rates a second); `sim.scenario.words` reads them from words. Defaults are not
here but in `sim.defaults`, filled in before validation, so that each carries its source and grade.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from sim import units
from sim.clock import DAY, DAYS, Dated, Week, say_clock
from sim.errors import did_you_mean
from sim.policies import RESPONSE, ROUTING, STAFFING
from sim.policies.response import Together
from sim.scenario import written
from sim.scenario.hosts import Breaking, Host, LoadLimits, MailAddress, Page, Server, SomeRate, Wires
from sim.scenario.problems import Problem, Problems, read_by
from sim.scenario.rota import TABLES, FromFile, read_file
from sim.scenario.weeks import read_hours, read_week
from sim.scenario.words import (
    Again,
    AgainRule,
    Amount,
    ByIntent,
    Closed,
    Counted,
    Counts,
    Date,
    Duration,
    Ending,
    Factor,
    FactorOrRange,
    Few,
    GoLater,
    GoRule,
    GoTo,
    Growth,
    HolidaysOf,
    Hours,
    Interval,
    Limits,
    Moment,
    Months,
    Multiples,
    Number,
    PassOn,
    PerSecond,
    PerTime,
    Rates,
    Recurring,
    Shape,
    Share,
    ShiftsOf,
    Shrinkage,
    Some,
    SomeTime,
    Spans,
    Table,
    Target,
    Targets,
    Time,
    Weekdays,
    Words,
    YesNo,
    Zone,
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
    if (isinstance(value, dict) and "file" in value) or _names_a_file(value):
        return read_file(value)
    if not isinstance(value, dict):
        return value if isinstance(value, Week) else units.count(value, most=LARGEST_TEAM)
    for key, inner in value.items():
        if isinstance(inner, str) and inner.lower().endswith(TABLES):
            raise Problems([Problem((key,), "unknown key", f"write {{file: {inner[:60]}}}")])
    return read_week(lambda v: float(units.count(v, most=LARGEST_TEAM)), "mon-fri 09:00-17:00: 6")(value)


def _names_a_file(value: Any) -> bool:
    """Whether a text is no number, and has a dot as names of files have."""
    return isinstance(value, str) and "." in value.strip()[1:] and any(each.isalpha() for each in value)


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


def _policy_of(catalogue: dict[str, Any]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) in catalogue.values():
            return value
        if not isinstance(value, str):
            raise Unclear(f"{shown(value)} is not a policy", _as_call(value, catalogue))
        name = value.partition("(")[0].strip()
        if name not in catalogue:
            raise Unclear(f"{shown(name)} is not a policy", did_you_mean(name[:60], tuple(catalogue)))
        try:
            _, given = units.call(value)
        except Unclear as problem:
            keys = " …, ".join(field.name for field in fields(catalogue[name]))
            known_form = f"write {name}({keys} …)" if keys else f"write {name}"
            hint = problem.hint if problem.hint == units.CLOSE_BRACKET or "=" in value else known_form
            raise Unclear(problem.what, hint) from None
        readers = {field.name: field.metadata["read"] for field in fields(catalogue[name])}
        unknown = next((key for key in given if key not in readers), None)
        if unknown is not None:
            hint = did_you_mean(unknown, tuple(readers)) or "it takes no settings"
            raise Unclear(f"{name} does not take {shown(unknown or given[unknown])}", hint)
        return catalogue[name](**{key: readers[key](text) for key, text in given.items()})

    return read


def read_responses(value: Any) -> Any:
    """One response policy, or a list of them, which together are one."""
    one = _policy_of(RESPONSE)
    if isinstance(value, Together) or not isinstance(value, list):
        return value if isinstance(value, Together) else one(value)
    found, problems = [], []
    for number, text in _joined(value):
        try:
            found.append(one(text))
        except Unclear as problem:
            problems.append(Problem((number,), problem.what, problem.hint))
    if problems:
        raise Problems(problems)
    if not found:
        raise Unclear("there is no policy in this list", f"known here: {', '.join(RESPONSE)}")
    return found[0] if len(found) == 1 else Together(tuple(found))


def _joined(listed: list[Any]) -> Iterator[tuple[int, Any]]:
    """The items of a list, each with its number: in [a(b 1, c 2), d] a comma within brackets ended no item."""
    number = 0
    while number < len(listed):
        text, end = listed[number], number + 1
        while isinstance(text, str) and text.count("(") > text.count(")") and end < len(listed):
            text, end = f"{text}, {listed[end]}", end + 1
        yield number, text
        number = end


def _as_call(value: Any, catalogue: dict[str, Any]) -> str:
    """A hint: a policy that was written as a mapping, as it should be written."""
    name, given = next(iter(value.items())) if isinstance(value, dict) and value else ("", {})
    if name not in catalogue:
        return f"known here: {', '.join(catalogue)}"
    keys = [field.name for field in fields(catalogue[name])]
    settings = given if isinstance(given, dict) else dict.fromkeys(keys[:1], given)
    listed = ", ".join(f"{key} {text}" for key, text in settings.items() if key in keys and isinstance(text, str))
    return f"write {name}({listed})" if listed else f"write {name}"


StaffLevels = Annotated[Week | Dated | int | FromLog | FromFile, read_by(read_staff), written.STAFF_LEVELS]


class Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, strict=True)


class Contracts(Spec):
    rolling: Share = 0.0
    """share who may leave at any time"""
    one_year: Share = 0.0
    """share bound for one year"""
    two_years: Share = 0.0
    """share bound for two years"""


class Segment(Spec):
    """A kind of customer."""

    share: Share
    """share of the customers; the shares of all segments add to 100 %"""
    margin: PerTime
    """what a customer earns us; the lost margin and routing by_value use it"""
    contract: Contracts
    """shares of customers by how long they are bound, which add to 100 %; only for churn"""
    captive: Share
    """share of customers with no competitor at the address, whom mood moves less; only for churn"""
    tenure: Ending
    """how long they have been customers; a time alone is the mean of an exponential; only for churn"""


class Customers(Spec):
    """Who may need support. Without `count`, as many as the rates of the channels imply."""

    count: Some | None = None
    """how many there are; without it, as many as the rates of the channels imply"""
    issues: PerSecond
    """reasons to make contact that one customer has"""
    worth: SomeTime
    """for how long the margin of a customer who leaves counts as lost"""
    segments: dict[str, Segment]
    """kinds of customer, by a name of your own; without any, all customers are alike"""


class Intent(Spec):
    """What an issue is about; what it leaves out is as its channel says."""

    share: Share
    """share of the issues; the shares of all intents add to 100 %"""
    resolved_at_first_contact: Share | None = None
    """share of answers that solve the issue, in place of the channel's"""
    handle_time: Factor = 1.0
    """factor on the channel's handle time"""


class Outage(Spec):
    """A time in which a machine answers nobody."""

    at: Moment
    """when it begins, by the desk's clock"""
    lasts: SomeTime
    """how long it lasts"""


class Channel(Spec):
    """A way to reach the desk: live, where customers wait, deferrable, where messages do, or self-service."""

    kind: Literal["live", "deferrable", "self_service"]
    """whether the customer waits and may leave (live), the message lies in a backlog (deferrable), or a machine
    answers (self_service); only channels of your own need it"""
    share: Share
    """share of all issues that come by this channel; if every channel says its share they add to 100 %, else they
    are weights"""
    rate: Rates | None = None
    """issues that arise, by the clock, in place of a share; what falls outside the hours is gone"""
    volume: PerSecond | None = None
    """issues in a normal week, spread by weekdays and shape, in place of a share"""
    counts: Counted = Counts(offered=False)
    """what rate or volume count: first attempts, or contacts as offered, with redials and reconnects in them"""
    weekdays: Weekdays
    """how the days of the week differ, as factors on a mean day; not used with a rate"""
    shape: Shape
    """how issues spread over the day: like those of phone, chat or email, or by a table; not used with a rate"""
    hours: Hours
    """live: when it is open; deferrable: when a plain number of staff works on it; self_service: when the machine
    runs"""
    closed: Closed = "message"
    """live: what happens to who comes while it is closed; with message, issues arise in its hours only, otherwise
    around the clock"""
    outages: dict[str, Outage] = Field(default_factory=dict)
    """self_service: when the machine is down, by a name of your own; whom it serves then goes where it escalates to"""
    self_service_first: GoTo = GoRule(0.0, "")
    """share of the issues whose customers try a self_service channel before this one"""
    backlog: Some | None = None
    """deferrable: messages that wait when the measured time begins, in place of those that the run-in leaves"""
    staff: StaffLevels | None = None
    """net agents who answer this channel only; makes a skill group of the channel's name"""
    shifts: ShiftsOf | None = None
    """who works when on this channel only, with breaks, in place of staff; makes a skill group of its name"""
    cost: PerTime | None = None
    """what paid time of an agent of that skill group costs"""
    shrinkage: Shrinkage | None = None
    """share of paid time in which an agent of that skill group is not at work (holidays, illness, breaks, training):
    paid = net / (1 - shrinkage); 24 % if shifts show the breaks"""
    charge: Amount | None = None
    """what each contact offered costs beside the staff: the line, the licence"""
    lines: Some | None = None
    """contacts waiting or being served at once; more are blocked; without it there is no limit"""
    acknowledged: YesNo = False
    """deferrable: whether customers get an acknowledgement with a ticket number at once"""
    interruptible: YesNo = False
    """deferrable: whether an agent puts a message aside for a live contact that finds nobody free"""
    at_once: Few
    """contacts that an agent holds at the same time"""
    slowdown: Share
    """how much each further contact that an agent holds slows every one of them"""
    patience: Time
    """live: how long a customer waits before hanging up; deferrable: how long before writing again or turning
    elsewhere"""
    silent: Share = 0.0
    """live: share of those out of patience who leave without a word, so that an agent still takes them up"""
    silent_work: SomeTime = 60.0
    """live: how long an agent needs to find out that a customer has left without a word"""
    chases: Share = 0.0
    """deferrable: share of those out of patience who write again about the same message, each time anew"""
    chasers: Few = 3
    """deferrable: how often a customer writes again about a message, at most"""
    chaser_work: Duration = 60.0
    """deferrable: work that each such message adds"""
    handle_time: Ending
    """how long talk, or work on a message, takes"""
    handle_time_factor: Multiples | None = None
    """how handle time differs by when the issue arises, as factors on it"""
    wrap_up: Ending
    """how long work after the contact takes, which keeps the agent and frees the line"""
    resolved_at_first_contact: Share
    """share of answers that solve the issue, the first and every later one"""
    asks_back: Again = AgainRule(0.0, 0.0)
    """deferrable: share of answers halfway through which the desk asks the customer back, and the median time until
    the reply"""
    transfer: GoTo = GoRule(0.0, "")
    """share of answers that end with a transfer to another channel; the customer waits again there"""
    escalates: PassOn = GoRule(0.0, "")
    """self_service: share of what the machine does not solve that it passes on, and where to"""
    escalated_handle_time: Factor = 1.0
    """self_service: factor on the handle time of what the machine has passed on"""
    redial: Again
    """how many come back after hanging up or being blocked, and after which median time"""
    reconnect: Again
    """how many come back after an answer that did not solve the issue, and after which median time"""
    elsewhere: GoLater = GoRule(0.0, "")
    """how many of those who got no answer, and do not come back, turn to another channel, which, and after which
    median time"""
    public: GoLater = GoRule(0.0, "")
    """how many of those who got no answer, or one that did not help, complain in public, on which channel, and after
    which median time"""
    target: Target
    """service level that is promised: live until an agent answers, deferrable until the reply is sent; by the clock,
    or in the channel's hours"""
    expected_wait: SomeTime
    """the wait that customers expect, which satisfaction measures a wait against"""
    at_closing: Literal["serve", "disconnect"] = "serve"
    """live: whether who still waits at closing time is served or disconnected"""
    satisfaction_like: Literal["phone", "chat", "email"]
    """channel whose level of satisfaction it has"""


class Group(Spec):
    """A skill group: whom it answers, and how many agents it has when."""

    answers: Words
    """channels that its agents answer"""
    then: Words = ()
    """channels that its agents answer when nobody waits on those"""
    intents: Words = ()
    """what they can help with; without it, with every intent"""
    then_intents: Words = ()
    """what of their channels they help with when nobody waits with the others, or once routing's overflow_after is
    over"""
    staff: StaffLevels | None = None
    """net agents at work; a plain number holds while any of its channels has its hours"""
    shifts: ShiftsOf | None = None
    """who works when, with breaks, in place of staff"""
    cost: PerTime
    """what paid time of an agent costs"""
    shrinkage: Shrinkage
    """share of paid time in which an agent is not at work (holidays, illness, breaks, training): paid = net /
    (1 - shrinkage); 24 % if shifts show the breaks, 25 % with absence, 19 % with both"""
    speed: ByIntent = 1.0
    """how fast its agents work; 1.1x does a tenth more in the same time"""
    quality: ByIntent = 1.0
    """factor on the chance that an answer of theirs solves the issue"""
    end_of_shift: Literal["finish", "drop"] = "finish"
    """whether agents finish what they hold when their shift ends, or put it back into the queue"""
    absence: Share = 0.0
    """share of days on which an agent is away without notice, drawn for each agent; no part of the shrinkage then"""
    overtime: Factor | None = None
    """factor on the cost of time worked beyond the schedule; without it, such time is not paid"""


class Event(Spec):
    """A surge: for a while more issues than usual arise, then fewer and fewer of them."""

    at: Moment
    """when it begins, by the desk's clock"""
    every: Recurring | None = None
    """how it recurs from then on, at the same time of day: a bill run each month, a mailing each week; without it, it
    happens once"""
    lasts: SomeTime
    """how long it is at its height"""
    fades: Duration
    """after that, the time in which what is left of it halves; 0 is at once"""
    factor: Factor | None = None
    """factor on the usual rate while it is at its height"""
    issues: Some | None = None
    """how many issues it brings in all, each time, in place of a factor"""
    channels: Words = ()
    """channels on which it is felt; without it, all"""
    intent: str | None = None
    """what its issues are about; without it, what all others are"""


class Surge(Spec):
    """Surges at times that nobody knows before: outages. Each is felt on all its channels at once."""

    often: PerSecond
    """how often they come on average; in each replication their number is Poisson, at moments that are as likely as
    any other, in the run-in too"""
    lasts: SomeTime
    """how long one is at its height"""
    fades: Duration
    """after that, the time in which what is left of it halves; 0 is at once"""
    factor: FactorOrRange
    """factor on the rate of that time while it is at its height"""
    channels: Words = ()
    """channels on which it is felt, at the same time; without it, all"""
    intent: str | None = None
    """what its issues are about; without it, what all others are"""
    hours: Hours | None = None
    """when it can begin; without it, at any time"""
    adds: Literal["no", "yes"]
    """whether it comes on top of the rates, volumes and shares of the scenario (yes), or is in them already (no): then
    the rate beside surges is so much lower that the expected number of issues is what the scenario says at any time"""


class Columns(Spec):
    """Which column of a log holds what."""

    arrival: Words
    """when the contact arrived; several columns, such as date and time, are joined by a space"""
    delay: str | None = None
    """seconds from the arrival until the contact queues, in a voice menu for example"""
    intent: str | None = None
    """what the contact was about"""
    wait: str | None = None
    """seconds waited in the queue"""
    outcome: str | None = None
    """how it ended"""
    service: str | None = None
    """seconds of handling"""
    agent: str | None = None
    """who answered"""


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
    """the log, a CSV; its path is relative to the scenario"""
    columns: Columns
    """which column of the log holds what"""
    channel: str = "phone"
    """channel on which the contacts of the log arrive"""
    answered: Words = ()
    """outcomes that mean answered"""
    abandoned: Words = ()
    """outcomes that mean abandoned"""
    leave_out: Annotated[
        dict[str, Annotated[tuple[str, ...], read_by(read_values), written.VALUES]],
        written.by_name(written.VALUES, "outcome", "column"),
    ] = Field(default_factory=dict)
    """values, by column, of rows that do not count; '' is an empty cell"""
    abandoned_without_wait: Literal["keep", "leave_out"] = "keep"
    """whether who hung up after 0 s counts"""
    compare: Annotated[Week | None, read_by(read_whole_hours), written.HOURS] = Field(default=None, repr=False)
    """hours that a back-test compares, on the hour; by default the whole log"""
    # not in `repr`: it decides no run, so it is no part of the digest


class Demand(Spec):
    """How issues come over time, beside what each channel says."""

    busy_days: Number | None = None
    """how much days differ from the forecast: shape of a Gamma factor on each, the same for all channels of a day, the
    smaller the wilder; 60 is about ±13 % from day to day (1 / √shape), 0 is none"""
    forecast_error: Share | None = None
    """another way to say busy_days, not a further spread: the standard deviation of a day about its forecast, seen from
    before; 12 % is a shape of 1 / 0.12² = 69, 0 % is none. A mean absolute error (MAPE) of 8 % is about 10 %. The
    chance of single calls comes on top. Without either, it is that of busy_days 60: 12.9 %"""
    busy_hours: Number
    """how much hours differ from the forecast of their day: shape of a Gamma factor on each, the same for all
    channels, the smaller the wilder; 400 is about ±5 % from hour to hour (1 / √shape), 0 is none"""
    growth: Growth
    """growth of all rates and volumes, compounded from since on"""
    since: Date | None = None
    """day for which rates and volumes hold; without it, the first day"""
    months: Months | None = None
    """how the months of the year differ, as factors on all rates and volumes"""
    surges: dict[str, Surge] = Field(default_factory=dict)
    """surges at times that nobody knows before, by a name of your own"""
    replay: Replay | None = None
    """a real log of contacts in place of drawn ones"""

    @property
    def day_shape(self) -> float:
        """The shape of the Gamma factor of days, whichever way it is said: 1 / cv². 0: no factor."""
        if self.forecast_error is None:
            return self.busy_days or 0.0
        return 1 / max(self.forecast_error, 1e-6) ** 2 if self.forecast_error > 0 else 0.0


class Policies(Spec):
    routing: Annotated[Any, read_by(_policy_of(ROUTING)), written.policy(ROUTING)]
    """which waiting contact a free agent takes"""
    response: Annotated[Any, read_by(read_responses), written.policies(RESPONSE)]
    """what happens to a contact that reaches the desk; several policies add to one another"""
    staffing: Annotated[Any, read_by(_policy_of(STAFFING)), written.policy(STAFFING)]
    """where the number of agents comes from"""


class Costs(Spec):
    """What the desk costs beside its staff and the charges of its channels."""

    fixed: PerTime | None = None
    """what is paid however many contacts come: rent, licences, management"""


class Survey(Spec):
    """The satisfaction survey after an answered issue."""

    asked: Share
    """share of the issues with an answer that are surveyed"""
    answers: Share | None = None
    """share of the surveys that are answered, at a satisfaction of 80; without it, 21 %"""


class Staging(Spec):
    """What proves that a desk is no production: a page of it, read before anything is written there."""

    url: Page
    """a page of the same host"""
    shows: str
    """text that the page has to hold"""


class LoadMail(Spec):
    """How customers' mail reaches the desk and comes back; without it, by the desk that `sim helpdesk up` started."""

    to: MailAddress
    """the desk's address"""
    smtp: Server
    """the server that takes mail for it"""
    mailbox: str
    """file in which the desk's mail to customers lands, a message a line; its path is relative to the scenario"""


class AbortOn(Spec):
    """When a load test is broken off."""

    errors: Breaking | None = None
    """as soon as a larger share of the rows went wrong within that time; without it, it goes on to its end"""


class Load(Spec):
    """A load test against a real helpdesk. It decides no simulated run."""

    host: Host | None = None
    """the helpdesk; without it, the one that `sim helpdesk up` started"""
    staging: Staging | None = None
    """what proves that it is no production; any host but this machine needs it"""
    outbound_mail: Literal["sink", "off"] | None = None
    """what becomes of mail that the desk sends: it ends in a sink of yours, or none is sent; any host but this machine
    has to say so"""
    queue: str | None = None
    """queue of the desk in which tickets are made; without it, the adapter's usual one"""
    rate: SomeRate = 100.0
    """contacts a second, by the wall clock, that may be sent at most; a plan above it is refused"""
    capacity: SomeRate | None = None
    """whole lives of tickets a second that the desk bears, from opening to closing; a plan above it is refused; without
    it, as the adapter states"""
    channels: Wires = Field(default_factory=dict)
    """how contacts of a channel reach the desk; without it, those of email by mail, chats and other messages over REST,
    and calls and those of machines not at all (enter)"""
    mail: LoadMail | None = None
    """how customers' mail reaches the desk and comes back; without it, by the desk that `sim helpdesk up` started"""
    mapping: str | None = None
    """for a helpdesk without an adapter of its own (--helpdesk rest): a recipe by name, or a YAML file"""
    thresholds: LoadLimits = Field(default_factory=dict)
    """what a load test has to meet, by step or channel; where it does not, the exit code is 3"""
    abort: AbortOn = AbortOn()
    """when a load test is broken off"""


class ScenarioSpec(Spec):
    """A whole scenario."""

    name: str
    """the title of what is reported; without it, the name of the file"""
    question: str | None = None
    """what the scenario is to answer, for whoever reads the file; changes nothing"""
    customers: Customers
    """who may need support; a number alone is their count"""
    channels: dict[str, Channel]
    """ways to make contact; phone, chat and email need no kind and may stand at the top of the file"""
    groups: dict[str, Group]
    """skill groups, by a name of your own: who answers what, when"""
    roster: Table | None = None
    """people with their skills and shifts; each set of skills becomes a skill group"""
    targets: Targets = Field(default_factory=dict)
    """service level that is promised, by channel; goes before the channel's own target"""
    thresholds: Limits = Field(default_factory=dict)
    """what a run has to meet, by measure of docs/measures.md; where it does not, the exit code is 3"""
    intents: dict[str, Intent]
    """what issues are about, by a name of your own"""
    demand: Demand
    """how contacts vary from day to day and grow, or a log of real ones"""
    events: dict[str, Event] = Field(default_factory=dict)
    """surges and lulls, by a name of your own"""
    policies: Policies
    """who takes what, what is answered, and who is scheduled"""
    costs: Costs = Costs()
    """what the desk costs beside its staff and the charges of its channels"""
    survey: Survey
    """the satisfaction survey after an answered issue"""
    uncertainty: Spans = Field(default_factory=dict)
    """ranges of what is not known, by path; drawn from with --uncertain"""
    load: Load = Field(default=Load(), repr=False)
    """a load test against a real helpdesk; changes no simulated run"""
    # not in `repr`: it is no part of the digest
    starts: Date
    """the first day; its midnight is time 0"""
    lasts: SomeTime
    """the time that is measured, in whole intervals"""
    time_zone: Zone
    """where the desk's clock is: all times of day are by it, clock changes included"""
    holidays: HolidaysOf | None = None
    """public holidays: hours, staff and demand are those given for holiday, or else those of Sunday"""
    interval: Interval
    """length of a row of the interval sheet"""
    run_in: Duration
    """simulated before the first day and not measured, so that the backlog is not empty; in whole intervals"""
    drain: Duration
    """simulated after the last day without new issues, so that waits are not cut off; in whole intervals"""
