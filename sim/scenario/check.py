"""What a schema cannot say: whether the parts of a scenario fit together."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence, Sized
from datetime import timedelta

from sim.clock import DAY, WEEK, Calendar, Dated, Week, odd_hour, say_pieces
from sim.errors import did_you_mean
from sim.logs import Log
from sim.policies.response import Together, problems
from sim.scenario import loads, ways
from sim.scenario.complete import Keys
from sim.scenario.limits import limit_of
from sim.scenario.problems import Finding
from sim.scenario.rates import calendar, comes_again, dates_of, hours_of_issues, shape_of, spans, spans_on, week_of
from sim.scenario.recurring import Monthly, OnDates
from sim.scenario.skills import layout_of, takes
from sim.scenario.spec import Channel, Event, FromLog, Group, ScenarioSpec, Surge
from sim.scenario.staff import groups, on_the_floor
from sim.shifts import Team
from sim.units import YEAR, Money, Unclear, shown

LARGEST_RUN = 5_000_000
"""Issues a replication: more would not fit into memory."""


SLOWEST = 4 * WEEK
"""Seconds in which what is left of an event or a surge halves, and for which a surge lasts, at most: more is a season.
"""
MOST_SURGES = 1000
"""Surges of a kind that a replication can be expected to hold."""

BREAK = 3600
"""Seconds; nobody is there while people who work shifts have a break of at most this."""

_NAME = re.compile(r"\w[\w -]{0,39}")


def check(spec: ScenarioSpec, log: Log | None, assumed: Container[str]) -> Iterator[Finding]:
    """What does not fit together; `assumed` are the paths of values that are defaults."""
    yield from _names(spec)
    yield from _time(spec)
    yield from _shares(spec, assumed)
    yield from _groups(spec, assumed)
    yield from _skills(spec, log)
    yield from _cover(spec, log)
    yield from ways.check(spec, assumed)
    yield from _policies(spec, log)
    yield from _money(spec, assumed)
    yield from _demand(spec, log)
    yield from _demand_of_channels(spec)
    yield from _events(spec)
    yield from _surges(spec)
    yield from _thresholds(spec)
    yield from loads.check(spec)
    if spec.customers.count is None and spec.customers.issues <= 0:
        yield Finding(
            ("customers", "issues"), "with no issues a customer, nothing says how many customers there are",
            "give customers.count, or more than 0/month", (("customers", "count"),),
        )  # fmt: skip
    for name in spec.targets:
        if name not in spec.channels:
            hint = _channel_hint(name, spec)
            yield Finding(("targets", name), f"there is no channel {shown(name)}", hint, (("channels", name),))


def _channel_hint(name: str, spec: ScenarioSpec) -> str:
    return did_you_mean(name[:60], tuple(spec.channels)) or "add it under channels"


def _names(spec: ScenarioSpec) -> Iterator[Finding]:
    named: tuple[tuple[Keys, Iterable[str]], ...] = (
        (("channels",), spec.channels),
        (("groups",), spec.groups),
        (("intents",), spec.intents),
        (("customers", "segments"), spec.customers.segments),
        (("events",), spec.events),
        (("demand", "surges"), spec.demand.surges),
    )
    for path, names in named:
        for name in names:
            if not _NAME.fullmatch(name):
                hint = "use at most 40 letters, digits, spaces, _ and -"
                yield Finding((*path, name), "this is not a name that tables and plots can show", hint)


def _time(spec: ScenarioSpec) -> Iterator[Finding]:
    if calendar(spec).elapsed(1, 0) <= 0:
        yield Finding(("starts",), f"there was no such day in {spec.time_zone}", "give another", (("time_zone",),))
    for key in ("lasts", "run_in", "drain"):
        if getattr(spec, key) % spec.interval:
            what = f"{getattr(spec, key) / 60:g}m is not a whole number of intervals"
            yield Finding((key,), what, f"give a multiple of {spec.interval / 60:g}m", (("interval",),))
    if spec.lasts + spec.run_in > 400 * 86_400:
        yield Finding(("lasts",), "a run of more than 400 days is not supported", "give less, such as 28d")
    if spec.drain > 100 * 86_400:
        yield Finding(("drain",), "a drain of more than 100 days is not supported", "give less, such as 14d")


def _shares(spec: ScenarioSpec, assumed: Container[str]) -> Iterator[Finding]:
    by_share = [name for name, channel in spec.channels.items() if _by_share(channel)]
    total = sum(channel.share for channel in spec.channels.values())
    # where one of them is left to its default, they only weigh the channels against one another
    weighed = [name for name, channel in spec.channels.items() if channel.share > 0]
    said = by_share and not any(f"channels.{name}.share" in assumed for name in weighed)
    if said and abs(total - 1) > 0.005:
        what = f"the shares of the channels add to {100 * total:.4g} %"
        about = tuple(("channels", name) for name in spec.channels)
        yield Finding(("channels", by_share[0], "share"), what, "let them add to 100 %", about)
    for path, shares in (
        (("intents",), [intent.share for intent in spec.intents.values()]),
        (("customers", "segments"), [segment.share for segment in spec.customers.segments.values()]),
        *(
            (("customers", "segments", name, "contract"), list(segment.contract.model_dump().values()))
            for name, segment in spec.customers.segments.items()
        ),
    ):
        total = sum(shares)
        if abs(total - 1) > 0.005:
            yield Finding(path, f"the shares add to {100 * total:.4g} %", "let them add to 100 %", (path,))


def _groups(spec: ScenarioSpec, assumed: Container[str]) -> Iterator[Finding]:
    if not spec.channels:
        hint = "add one, as in phone: {staff: 12, hours: 08:00-20:00}"
        yield Finding((), "there is no channel", hint, (("channels",),))
    for name, channel in spec.channels.items():
        own = channel.staff is not None or channel.shifts is not None
        if own and name in spec.groups:
            yield Finding(
                ("groups", name), f"channel '{name}' has its own staff, which makes a group of the same name",
                "rename the group, or move the staff into it",
            )  # fmt: skip
        if channel.staff is not None and channel.shifts is not None:
            yield _both_staffed(("channels", name))
        if not own:
            for key in ("cost", "shrinkage"):
                if getattr(channel, key) is not None and channel.kind != "self_service":
                    yield Finding(
                        ("channels", name, key), f"the channel has no staff of its own for this {key}",
                        f"write the {key} in the group that answers it",
                        (("channels", name, "staff"), ("channels", name, "shifts")),
                    )  # fmt: skip
    for name, group in spec.groups.items():
        for key in ("answers", "then"):
            for item, channel in enumerate(getattr(group, key)):
                if channel not in spec.channels:
                    hint = _channel_hint(channel, spec)
                    what = f"there is no channel {shown(channel)}"
                    yield Finding(("groups", name, key, item), what, hint, (("channels", channel),))
                elif spec.channels[channel].kind == "self_service":
                    yield Finding(("groups", name, key, item), f"a machine answers {channel}", "take it out")
                elif channel in (group.answers + group.then)[: item + len(group.answers) * (key == "then")]:
                    yield Finding(("groups", name, key, item), f"'{channel}' is in this group already", "name it once")
        if not group.answers:
            yield Finding(("groups", name, "answers"), "this group answers nothing", "name a channel, as in [phone]")
        if group.staff is not None and group.shifts is not None:
            yield _both_staffed(("groups", name))


def _both_staffed(path: Keys) -> Finding:
    return Finding((*path, "shifts"), "there is staff as well", "give staff or shifts, not both")


def _intents(spec: ScenarioSpec, log: Log | None) -> tuple[str, ...]:
    return log.intents if log is not None and log.intents else tuple(spec.intents)


def _skills(spec: ScenarioSpec, log: Log | None) -> Iterator[Finding]:
    """Groups speak of intents that there are, and of every intent some group can help with."""
    intents = _intents(spec, log)
    for name, group in spec.groups.items():
        for key in ("intents", "then_intents"):
            if key in group.model_fields_set and not getattr(group, key):
                yield Finding(("groups", name, key), "there is no intent in it", "name an intent, or leave it out")
        said: list[tuple[Keys, str]] = [
            *((("intents", item), intent) for item, intent in enumerate(group.intents)),
            *((("then_intents", item), intent) for item, intent in enumerate(group.then_intents)),
            *(((key, each), each) for key in ("speed", "quality") for each in _by_intent(getattr(group, key))),
        ]
        for at, intent in said:
            if intent not in intents:
                hint = did_you_mean(intent[:60], intents)
                yield Finding(("groups", name, *at), f"there is no intent {shown(intent)}", hint, (("intents",),))
        for item, intent in enumerate(group.then_intents):
            if intent in group.intents:
                yield Finding(
                    ("groups", name, "then_intents", item), f"'{intent}' is in this group already", "name it once"
                )
        if set(intents) <= set(group.then_intents):
            what = "this group is there for nothing"
            yield Finding(("groups", name, "then_intents"), what, "leave an intent that it answers first")
        for key in ("speed", "quality"):
            for intent in _by_intent(getattr(group, key)):
                if intent in intents and not takes(group, intent):
                    what = f"this group does not help with {intent}"
                    yield Finding(("groups", name, key, intent), what, "add it to its intents, or take it out")
    holders: list[tuple[Keys, Channel | Group]] = [(("channels", name), it) for name, it in spec.channels.items()]
    for path, holder in [*holders, *((("groups", name), group) for name, group in spec.groups.items())]:
        for member in holder.shifts.members if isinstance(holder.shifts, Team) else ():
            since = member.skill.since
            if since is not None and since > spec.starts:
                what = f"these newcomers begin after the first day, {spec.starts}"
                yield Finding((*path, "shifts", member.name, "since"), what, "give an earlier day")


def _by_intent(factor: float | dict[str, float]) -> tuple[str, ...]:
    return tuple(factor) if isinstance(factor, dict) else ()


def _policies(spec: ScenarioSpec, log: Log | None) -> Iterator[Finding]:
    """Policies speak of channels, intents and segments that there are."""
    layout = layout_of(spec, _intents(spec, log), groups(spec))
    about: tuple[Keys, ...] = (("channels",), ("intents",), ("customers", "segments"), ("groups",))
    for key in ("routing", "response"):
        for problem in problems(getattr(spec.policies, key), layout):
            yield Finding(("policies", key), problem.what, problem.hint, about)
    response = spec.policies.response
    for policy in response.policies if isinstance(response, Together) else (response,):
        if (getattr(policy, "booked_after", None) or 0.0) > spec.lasts + spec.drain:
            what = "callbacks are booked for later than the end of the run, drain included: nobody is ever called"
            yield Finding(("policies", "response"), what, "book them earlier, or give more drain", (("drain",),))


def _cover(spec: ScenarioSpec, log: Log | None) -> Iterator[Finding]:
    """Whoever may call must find somebody scheduled; a backlog needs somebody at some time."""
    teams = groups(spec)
    related: tuple[Keys, ...] = (("groups",), ("roster",), ("demand",))
    misspelt = [_channel_hint(name, spec) for team in teams.values() for name in team.answers + team.then]
    for name, channel in spec.channels.items():
        hours = Week.always() if channel.hours is None else channel.hours
        if channel.kind == "self_service":
            if not hours.pieces:
                yield _never_open(name)
            continue
        answering = [team for team in teams.values() if name in team.answers + team.then]
        about = (*related, *(("channels", name, key) for key in ("staff", "shifts", "hours")))
        if f"did you mean '{name}'?" in misspelt and not answering:
            continue
        if not answering:
            yield Finding(
                ("channels", name), f"nobody answers {name}",
                f"give it staff, as in {name}: {{staff: 6}}, or let a group answer it", about,
            )  # fmt: skip
            continue
        if not hours.pieces:
            yield _never_open(name)
            continue
        told = set()
        for intent in _intents(spec, log):
            able = [team for team in answering if takes(team, intent)]
            if not able:
                yield Finding(
                    ("channels", name), f"nobody who answers {name} can help with {intent}",
                    f"add it to the intents of a group that answers {name}", (*about, ("intents",)),
                )  # fmt: skip
                continue
            said = _unmanned(spec, name, hours, able)
            if said and said not in told:
                told.add(said)
                what = f" about {intent}" if len(able) < len(answering) else ""
                yield Finding(("channels", name), said[0].format(what), said[1], about)


def _never_open(name: str) -> Finding:
    return Finding(("channels", name, "hours"), f"{name} is never open", "give it hours, such as 08:00-20:00")


def _unmanned(spec: ScenarioSpec, name: str, hours: Week, able: Sequence[Group]) -> tuple[str, str] | None:
    """What to say of a channel that no group of those able to answer covers, and what to do; {} is about what."""
    if any(isinstance(team.staff, FromLog) for team in able):
        return None
    plans = [on_the_floor(spec, team) for team in able]
    if spec.channels[name].kind == "deferrable":
        nobody = not any(_anybody(plan) for plan in plans)
        return (f"nobody is ever there to answer {name}{{}}", "give it staff") if nobody else None
    # whoever works shifts has breaks, as has the staffing sheet of such a run: so long customers may wait
    breaks = any(team.shifts is not None for team in able) or any(isinstance(plan, Dated) for plan in plans)
    bare = _uncovered(spec, hours, plans, BREAK if breaks else 0)
    return (f"nobody answers {name}{{}} {bare}, when it is open", "staff it, or close it then") if bare else None


def _anybody(plan: Week | Dated) -> bool:
    pieces = plan.pieces if isinstance(plan, Week) else tuple(piece for _, day in plan.days for piece in day)
    return any(piece.value > 0 for piece in pieces)


def _uncovered(spec: ScenarioSpec, hours: Week, plans: Sequence[Week | Dated], longest: int) -> str:
    """When a channel is open and no plan has anybody for longer than `longest` seconds, in words; empty where that is
    never."""
    weekly = [plan for plan in plans if isinstance(plan, Week)]
    bare = hours
    for week in weekly:
        bare = bare.less(week)
    if len(weekly) == len(plans):
        # of holidays nothing is said where there are none
        holiday = bare.holiday if spec.holidays is not None else None
        long = [tuple(p for p in pieces or () if p.end - p.start > longest) for pieces in (bare.pieces, holiday)]
        return say_pieces(Week(*long))
    days = calendar(spec)
    gaps = list(days.lay(bare, 0.0, spec.lasts))
    for plan in plans:
        if isinstance(plan, Dated):
            staffed = [(begin, end) for begin, end, level in days.lay(plan, 0.0, spec.lasts) if level > 0]
            gaps = [gap for begin, end, _ in gaps for gap in _less(begin, end, staffed)]
    gaps = [gap for gap in gaps if gap[1] - gap[0] > longest]
    if not gaps:
        return ""
    begin, end, _ = gaps[0]
    more = f" and {len(gaps) - 1} more times" if len(gaps) > 1 else ""
    return f"{days.local(begin):%a %Y-%m-%d %H:%M}-{days.local(end):%H:%M}{more}"


def _less(begin: float, end: float, staffed: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float, float]]:
    """What of a span no staffed span covers."""
    for start, stop in staffed:
        if stop <= begin or start >= end:
            continue
        if start > begin:
            yield begin, start, 1.0
        begin = max(begin, stop)
    if begin < end:
        yield begin, end, 1.0


def _money(spec: ScenarioSpec, assumed: Container[str]) -> Iterator[Finding]:
    amounts: list[tuple[Keys, Money]] = [
        *((("customers", "segments", name, "margin"), part.margin) for name, part in spec.customers.segments.items()),
        *((("channels", name, "cost"), part.cost) for name, part in spec.channels.items() if part.cost is not None),
        *((("groups", name, "cost"), part.cost) for name, part in spec.groups.items()),
        *((("channels", name, "charge"), it.charge) for name, it in spec.channels.items() if it.charge is not None),
        *([(("costs", "fixed"), spec.costs.fixed)] if spec.costs.fixed is not None else []),
    ]
    # a default is in the currency of what the scenario itself says; a file of staff may say another
    said = [each for each in amounts if ".".join(map(str, each[0])) not in assumed] or amounts
    usual = Counter(money.currency for _, money in said).most_common(1)[0][0] if said else ""
    for path, money in amounts:
        # a margin left to its default is in no figure
        if money.currency != usual and ((path, money) in said or path[-1] == "cost"):
            yield Finding(path, f"this is in {money.currency}, other amounts are in {usual}", "use one currency")


def _demand(spec: ScenarioSpec, log: Log | None) -> Iterator[Finding]:
    replay = spec.demand.replay
    if spec.demand.forecast_error is not None and spec.demand.busy_days is not None:
        yield Finding(
            ("demand", "forecast_error"), "there is busy_days as well, which says the same",
            f"give one of them: busy_days {spec.demand.busy_days:g} is a forecast_error of "
            f"{100 / math.sqrt(spec.demand.busy_days or math.inf):.3g}%",
        )  # fmt: skip
    from_log = [("groups", n, "staff") for n, g in spec.groups.items() if isinstance(g.staff, FromLog)]
    from_log += [("channels", n, "staff") for n, c in spec.channels.items() if isinstance(c.staff, FromLog)]
    if replay is None:
        for path in from_log:
            yield Finding(path, "there is no replayed log to rebuild staff from", "add demand.replay", (("demand",),))
        by_share = {name: channel.share for name, channel in spec.channels.items() if _by_share(channel)}
        if spec.customers.count is None:
            for name in (name for name, share in by_share.items() if share > 0):
                yield Finding(
                    ("channels", name), f"nothing says how many contacts {name} gets",
                    f"give customers, as in customers: 20000, or {name} a volume, as in volume: 600/week",
                    (("customers",), ("channels", name, "rate"), ("channels", name, "volume"), ("demand",)),
                )  # fmt: skip
        for name, channel in spec.channels.items():
            if channel.rate is None and _is_quiet(spec, name):
                named = isinstance(channel.shape, str)
                what = "nobody makes contact in these hours of a day " + (
                    f"shaped like {channel.shape}" if named else "of this shape"
                )
                hint = f"choose other hours, another shape, or give {name} a rate, as in rate: 12/h"
                yield Finding(("channels", name, "hours"), what, hint)
        issues = expected_issues(spec)
        if issues > LARGEST_RUN:
            yield Finding(
                ("customers",), f"about {issues:{',.0f' if issues < 1e12 else '.0e'}} issues a replication are more "
                f"than {LARGEST_RUN:,}",
                "simulate fewer customers or a shorter time", (("customers",), ("channels",)),
            )  # fmt: skip
        return
    if log is not None and Calendar(log.starts, spec.time_zone).elapsed(log.days, 0) != log.days * DAY:
        yield Finding(
            ("time_zone",), f"its clocks change between {log.starts} and the end of the log",
            "a log is replayed by its own clock: leave the time zone out", (("demand",),),
        )  # fmt: skip
    if replay.channel not in spec.channels:
        hint = _channel_hint(replay.channel, spec)
        what = f"there is no channel {shown(replay.channel)}"
        yield Finding(("demand", "replay", "channel"), what, hint, (("channels", replay.channel),))
    for name, channel in spec.channels.items():
        for key in ("rate", "volume", "backlog"):
            if getattr(channel, key) is not None:
                yield Finding(
                    ("channels", name, key), f"a {key} and a replayed log exclude each other",
                    "take one of them out", (("demand",),),
                )  # fmt: skip
    surging: tuple[tuple[Keys, Sized], ...] = (
        (("events",), spec.events), (("demand", "surges"), spec.demand.surges),
    )  # fmt: skip
    for at, there in surging:
        if there:
            what = f"{at[-1]} and a replayed log exclude each other"
            yield Finding(at, what, "take one of them out", (("demand", "replay"),))
    if from_log and (log is not None) and not (replay.columns.agent and replay.columns.wait and replay.columns.service):
        yield Finding(
            from_log[0], "staff can be rebuilt only from a log with agent, wait and service",
            "name these columns under demand.replay.columns", (("demand",),),
        )  # fmt: skip


def _by_share(channel: Channel) -> bool:
    return channel.rate is None and channel.volume is None


def _is_quiet(spec: ScenarioSpec, name: str) -> bool:
    """Whether the shape of the day, or of the week, has nobody in the hours of a live channel."""
    channel = spec.channels[name]
    hours = hours_of_issues(channel)
    if hours is None or not hours.pieces or (channel.share == 0 and _by_share(channel)):
        return False
    week = shape_of(channel).times(channel.weekdays).within(hours)
    return not any(piece.value > 0 for piece in week.pieces)


def expected_issues(spec: ScenarioSpec) -> float:
    """Issues that a replication can be expected to hold, run-in included."""
    weeks = (spec.lasts + spec.run_in) / (7 * 86_400)
    each = [week_of(spec, name) for name in spec.channels]
    weekly = sum(piece.value * (piece.end - piece.start) for week in each for piece in week.pieces)
    grown = max(spec.demand.months or (1.0,)) * _growth(spec)
    since, until = (spec.starts + timedelta(seconds=seconds) for seconds in (-spec.run_in, spec.lasts))
    brought = sum(
        ((event.issues or 0) + weekly * ((event.factor or 1.0) - 1) / 7) * len(dates_of(spec, event, since, until))
        for event in spec.events.values()
    )
    lift = sum(
        surge.often * (surge.factor.mean - 1) * sum(weight * (end - start) for start, end, weight in _course(surge))
        for surge in spec.demand.surges.values()
        if surge.adds == "yes" and surge.fades <= SLOWEST
    )
    whole = weekly * weeks * grown * (1 + lift)
    return whole + brought + sum(channel.backlog or 0 for channel in spec.channels.values())


def _course(of: Event | Surge) -> list[tuple[float, float, float]]:
    return spans(0.0, of.lasts, of.fades)


def _growth(spec: ScenarioSpec) -> float:
    """The largest factor of growth in the time of a run; huge where that is no number any more."""
    since, rate = spec.demand.since or spec.starts, math.log1p(spec.demand.growth)
    ends = spec.starts - timedelta(seconds=spec.run_in), spec.starts + timedelta(seconds=spec.lasts)
    return math.exp(min(300.0, max((day - since).days * DAY / YEAR * rate for day in ends)))


def _demand_of_channels(spec: ScenarioSpec) -> Iterator[Finding]:
    for name, channel in spec.channels.items():
        path = ("channels", name)
        if channel.rate is not None and channel.volume is not None:
            yield Finding((*path, "volume"), "there is a rate as well", "give rate or volume, not both")
        if channel.counts.offered and _by_share(channel):
            yield Finding(
                (*path, "counts"), "nothing is counted here: the issues come from the customers",
                "give a volume, as in volume: 4_600/week", ((*path, "volume"), (*path, "rate")),
            )  # fmt: skip
        if channel.backlog is not None and channel.kind == "live":
            yield Finding(
                (*path, "backlog"), "nobody waits on the line overnight", "take it out, or say kind: deferrable"
            )
        if channel.counts.offered and channel.counts.abandoned and channel.patience is None:
            yield Finding(
                (*path, "counts"), "with endless patience nobody abandons", "give a patience, or no abandoned"
            )
        lost = channel.counts.abandoned or 0.0
        if channel.counts.offered and lost * channel.redial.chance + (1 - lost) * comes_again(spec, name) >= 1:
            yield Finding((*path, "counts"), "every contact would be followed by another", "lower redial or reconnect")


def _events(spec: ScenarioSpec) -> Iterator[Finding]:
    days = calendar(spec)
    for name, event in spec.events.items():
        path = ("events", name)
        if (event.factor is None) == (event.issues is None):
            what = "a factor and a number of issues" if event.factor is not None else "neither a factor nor issues"
            yield Finding(path, f"this event has {what}", "give one of them, as in factor: 2.5x", (path,))
        yield from _named_by(event, path, spec)
        if event.intent is not None and event.factor is not None and event.factor < 1:
            yield Finding((*path, "intent"), "an event that takes issues away brings none in", "take the intent out")
        wrong = odd_hour(event.at, spec.time_zone)
        if wrong:
            yield Finding((*path, "at"), wrong, "give another time", (("time_zone",),))
            continue
        if event.fades > SLOWEST:
            continue
        if event.every is not None:
            # no date of it need lie within the run: it recurs beyond
            yield from _recurring(spec, event, path)
            continue
        felt = spans_on(event, event.at.date(), days)
        last = int(-(-spec.lasts // 86_400)) - 1
        if felt[0][0] >= spec.lasts or felt[-1][1] <= -spec.run_in:
            yield Finding(
                (*path, "at"), "this is outside the time simulated",
                f"give one from {spec.starts} to {days.day_of(last)}", (("starts",), ("lasts",)),
            )  # fmt: skip
            continue
        start, end = felt[0][0], felt[-1][1]
        if not any(_is_open(spec, channel, days, start, end) for channel in event.channels or spec.channels):
            what = "nobody can make contact then: this event brings nothing"
            yield Finding((*path, "at"), what, "give a time within opening hours", (("channels",),))


def _named_by(of: Event | Surge, path: Keys, spec: ScenarioSpec) -> Iterator[Finding]:
    """What an event or a surge names that is not there; and one that hardly ever ends."""
    for item, channel in enumerate(of.channels):
        if channel not in spec.channels:
            what = f"there is no channel {shown(channel)}"
            yield Finding((*path, "channels", item), what, _channel_hint(channel, spec), (("channels", channel),))
    if of.intent is not None and of.intent not in spec.intents:
        hint = did_you_mean(of.intent[:60], tuple(spec.intents))
        yield Finding((*path, "intent"), f"there is no intent {shown(of.intent)}", hint, (("intents",),))
    if of.fades > SLOWEST:
        yield Finding((*path, "fades"), "what halves so slowly is a season", "give 28d or less, or use demand.months")


def _recurring(spec: ScenarioSpec, event: Event, path: Keys) -> Iterator[Finding]:
    """An event that recurs on days of the month begins on one of them; dates follow the first."""
    first = event.at.date()
    if isinstance(event.every, Monthly):
        later = dates_of(spec, event, first, first + timedelta(days=62))
        if later and later[0] != first:
            yield Finding(
                (*path, "at"), f"{first} is no day on which it recurs", f"the first from then on is {later[0]}",
                ((*path, "every"), ("holidays",)),
            )  # fmt: skip
    for item, day in enumerate(event.every.dates if isinstance(event.every, OnDates) else ()):
        if day < first:
            what = f"{day} lies before its first time, {first}"
            yield Finding((*path, "every", item), what, "let at be the earliest of its dates", ((*path, "at"),))


def _surges(spec: ScenarioSpec) -> Iterator[Finding]:
    for name, surge in spec.demand.surges.items():
        path = ("demand", "surges", name)
        yield from _named_by(surge, path, spec)
        if surge.lasts > SLOWEST:
            what, hint = "what lasts so long is a season", "give 28d or less, or use demand.months"
            yield Finding((*path, "lasts"), what, hint)
        if surge.hours is not None and not surge.hours.pieces:
            yield Finding((*path, "hours"), "there is no time at which it can begin", "give hours, such as 08:00-20:00")
        number = surge.often * (spec.lasts + spec.run_in)
        if number > MOST_SURGES:
            what = f"about {number:,.0f} surges a replication are more than {MOST_SURGES:,}"
            yield Finding((*path, "often"), what, "give fewer, as in 1/month", (("lasts",), ("run_in",)))


def _is_open(spec: ScenarioSpec, name: str, days: Calendar, start: float, end: float) -> bool:
    """Whether anybody may make contact on a channel in a span of time; yes, if there is no such channel."""
    return name not in spec.channels or next(days.lay(week_of(spec, name), start, end), None) is not None


def _thresholds(spec: ScenarioSpec) -> Iterator[Finding]:
    for name, words in spec.thresholds.items():
        try:
            limit_of(name, words, spec)
        except Unclear as problem:
            about = ("channels", name.partition(".")[0], "kind")
            yield Finding(("thresholds", name), problem.what, problem.hint, (about,))
