"""What a schema cannot say: whether the parts of a scenario fit together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from typing import NamedTuple

from sim.clock import Piece, Week, say_pieces
from sim.defaults import SHAPES
from sim.errors import did_you_mean
from sim.replay import Log
from sim.scenario.complete import Keys
from sim.scenario.spec import Channel, FromLog, Group, ScenarioSpec
from sim.units import Money, shown

LARGEST_RUN = 5_000_000
"""Issues a replication: more would not fit into memory."""


_NAME = re.compile(r"\w[\w -]{0,39}")


class Finding(NamedTuple):
    """A mistake at `path`; it is not reported if something that it is `about` was itself a mistake."""

    path: Keys
    what: str
    hint: str
    about: tuple[Keys, ...] = ()


def check(spec: ScenarioSpec, log: Log | None, assumed: Container[str]) -> Iterator[Finding]:
    """What does not fit together; `assumed` are the paths of values that are defaults."""
    yield from _names(spec)
    yield from _time(spec)
    yield from _shares(spec, assumed)
    yield from _groups(spec)
    yield from _cover(spec)
    yield from _money(spec)
    yield from _demand(spec, log)
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
    )
    for path, names in named:
        for name in names:
            if not _NAME.fullmatch(name):
                hint = "use at most 40 letters, digits, spaces, _ and -"
                yield Finding((*path, name), "this is not a name that tables and plots can show", hint)


def _time(spec: ScenarioSpec) -> Iterator[Finding]:
    for key in ("lasts", "run_in", "drain"):
        if getattr(spec, key) % spec.interval:
            what = f"{getattr(spec, key) / 60:g}m is not a whole number of intervals"
            yield Finding((key,), what, f"give a multiple of {spec.interval / 60:g}m", (("interval",),))
    if spec.lasts + spec.run_in > 400 * 86_400:
        yield Finding(("lasts",), "a run of more than 400 days is not supported", "give less, such as 28d")
    if spec.drain > 100 * 86_400:
        yield Finding(("drain",), "a drain of more than 100 days is not supported", "give less, such as 14d")


def _shares(spec: ScenarioSpec, assumed: Container[str]) -> Iterator[Finding]:
    by_share = [name for name, channel in spec.channels.items() if channel.rate is None]
    total = sum(channel.share for channel in spec.channels.values())
    # where one of them is left to its default, they only weigh the channels against one another
    said = by_share and not any(f"channels.{name}.share" in assumed for name in spec.channels)
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


def groups(spec: ScenarioSpec) -> dict[str, Group]:
    """All skill groups: those of the scenario, and one for every channel that carries its own staff."""
    own = {
        name: Group.model_construct(
            answers=(name,), then=(), staff=channel.staff, cost=channel.cost, shrinkage=channel.shrinkage
        )
        for name, channel in spec.channels.items()
        if channel.staff is not None
    }
    return spec.groups | own


def staff_week(spec: ScenarioSpec, group: Group) -> Week:
    """A group's staff over the week. A plain number holds while any channel that the group answers has its hours."""
    assert not isinstance(group.staff, FromLog)
    if isinstance(group.staff, Week):
        return group.staff
    union = Week(())
    for name in (*group.answers, *group.then):
        hours = spec.channels[name].hours if name in spec.channels else Week(())
        more = (Week.always() if hours is None else hours).less(union)
        union = Week(tuple(sorted((*union.pieces, *more.pieces))))
    return Week(tuple(Piece(p.weekday, p.start, p.end, group.staff) for p in union.pieces))


def _groups(spec: ScenarioSpec) -> Iterator[Finding]:
    if not spec.channels:
        hint = "add one, as in phone: {staff: 12, hours: 08:00-20:00}"
        yield Finding((), "there is no channel", hint, (("channels",),))
    for name, channel in spec.channels.items():
        if channel.staff is not None and name in spec.groups:
            yield Finding(
                ("groups", name), f"channel '{name}' has its own staff, which makes a group of the same name",
                "rename the group, or move the staff into it",
            )  # fmt: skip
        if channel.staff is None:
            for key in ("cost", "shrinkage"):
                if getattr(channel, key) is not None:
                    yield Finding(
                        ("channels", name, key), f"the channel has no staff of its own for this {key}",
                        f"write the {key} in the group that answers it",
                    )  # fmt: skip
    for name, group in spec.groups.items():
        for key in ("answers", "then"):
            for item, channel in enumerate(getattr(group, key)):
                if channel not in spec.channels:
                    hint = _channel_hint(channel, spec)
                    what = f"there is no channel {shown(channel)}"
                    yield Finding(("groups", name, key, item), what, hint, (("channels", channel),))
                elif channel in (group.answers + group.then)[: item + len(group.answers) * (key == "then")]:
                    yield Finding(("groups", name, key, item), f"'{channel}' is in this group already", "name it once")
        if not group.answers:
            yield Finding(("groups", name, "answers"), "this group answers nothing", "name a channel, as in [phone]")


def _cover(spec: ScenarioSpec) -> Iterator[Finding]:
    """Whoever may call must find somebody scheduled; a backlog needs somebody at some time."""
    teams = groups(spec)
    related: tuple[Keys, ...] = (("groups",), ("demand",))
    for name, channel in spec.channels.items():
        answering = [team for team in teams.values() if name in team.answers + team.then]
        about = (*related, ("channels", name, "staff"), ("channels", name, "hours"))
        if not answering:
            yield Finding(
                ("channels", name), f"nobody answers {name}",
                f"give it staff, as in {name}: {{staff: 6}}, or let a group answer it", about,
            )  # fmt: skip
            continue
        if any(isinstance(team.staff, FromLog) for team in answering):
            continue
        weeks = [staff_week(spec, team) for team in answering]
        hours = Week.always() if channel.hours is None else channel.hours
        if not hours.pieces:
            yield Finding(("channels", name, "hours"), f"{name} is never open", "give it hours, such as 08:00-20:00")
            continue
        if channel.kind == "deferrable":
            if not any(piece.value > 0 for week in weeks for piece in week.pieces):
                yield Finding(("channels", name), f"nobody is ever there to answer {name}", "give it staff", about)
            continue
        bare = hours
        for week in weeks:
            bare = bare.less(week)
        if bare.pieces:
            yield Finding(
                ("channels", name), f"nobody answers {name} {say_pieces(bare)}, when it is open",
                "staff it, or close it then", about,
            )  # fmt: skip


def _money(spec: ScenarioSpec) -> Iterator[Finding]:
    amounts: list[tuple[Keys, Money]] = [
        *((("customers", "segments", name, "margin"), part.margin) for name, part in spec.customers.segments.items()),
        *((("channels", name, "cost"), part.cost) for name, part in spec.channels.items() if part.cost is not None),
        *((("groups", name, "cost"), part.cost) for name, part in spec.groups.items()),
    ]
    used = Counter(money.currency for _, money in amounts)
    usual = used.most_common(1)[0][0] if used else ""
    for path, money in amounts:
        if money.currency != usual:
            yield Finding(path, f"this is in {money.currency}, other amounts are in {usual}", "use one currency")


def _demand(spec: ScenarioSpec, log: Log | None) -> Iterator[Finding]:
    replay = spec.demand.replay
    from_log = [("groups", n, "staff") for n, g in spec.groups.items() if isinstance(g.staff, FromLog)]
    from_log += [("channels", n, "staff") for n, c in spec.channels.items() if isinstance(c.staff, FromLog)]
    if replay is None:
        for path in from_log:
            yield Finding(path, "there is no replayed log to rebuild staff from", "add demand.replay", (("demand",),))
        by_share = {name: channel.share for name, channel in spec.channels.items() if channel.rate is None}
        if spec.customers.count is None:
            for name in by_share:
                yield Finding(
                    ("channels", name), f"nothing says how many contacts {name} gets",
                    f"give customers, as in customers: 20000, or {name} a rate, as in rate: 120/h",
                    (("customers",), ("channels", name, "rate"), ("demand",)),
                )  # fmt: skip
        for name in by_share:
            if _is_quiet(spec.channels[name]):
                what = f"nobody makes contact in these hours of a day shaped like {spec.channels[name].shape}"
                hint = f"choose other hours, another shape, or give {name} a rate, as in rate: 12/h"
                yield Finding(("channels", name, "hours"), what, hint)
        issues = expected_issues(spec)
        if issues > LARGEST_RUN:
            yield Finding(
                ("customers",), f"about {issues:,.0f} issues a replication are more than {LARGEST_RUN:,}",
                "simulate fewer customers or a shorter time", (("customers",), ("channels",)),
            )  # fmt: skip
        return
    if replay.channel not in spec.channels:
        hint = _channel_hint(replay.channel, spec)
        what = f"there is no channel {shown(replay.channel)}"
        yield Finding(("demand", "replay", "channel"), what, hint, (("channels", replay.channel),))
    for name, channel in spec.channels.items():
        if channel.rate is not None:
            yield Finding(
                ("channels", name, "rate"), "a rate and a replayed log exclude each other",
                "take one of them out", (("demand",),),
            )  # fmt: skip
    if from_log and (log is not None) and not (replay.columns.agent and replay.columns.wait and replay.columns.service):
        yield Finding(
            from_log[0], "staff can be rebuilt only from a log with agent, wait and service",
            "name these columns under demand.replay.columns", (("demand",),),
        )  # fmt: skip


def _is_quiet(channel: Channel) -> bool:
    """Whether the shape of the day has nobody in the hours of a live channel."""
    if channel.kind != "live" or channel.hours is None or not channel.hours.pieces:
        return False
    shape = SHAPES[channel.shape]
    return not any(
        shape[half] for piece in channel.hours.pieces for half in range(piece.start // 1800, -(-piece.end // 1800))
    )


def expected_issues(spec: ScenarioSpec) -> float:
    """Issues that a replication can be expected to hold, run-in included."""
    time = spec.lasts + spec.run_in
    by_share = [channel for channel in spec.channels.values() if channel.rate is None]
    issues = (spec.customers.count or 0) * spec.customers.issues * time if by_share else 0.0
    for channel in spec.channels.values():
        if channel.rate is not None:
            hours = channel.hours if channel.kind == "live" else None
            week = channel.rate.within(hours or Week.always())
            issues += sum(p.value * (p.end - p.start) for p in week.pieces) * time / (7 * 86_400)
    return issues
