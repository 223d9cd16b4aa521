"""Whether a desk can do its work at all: what comes on its deferrable channels, beside the live contacts of the same
agents, against the hours that these are there.

It is a count of hours, not a simulation: what it leaves out (abandonment, chasers, transfers) is small beside what it
warns of, a backlog that can only grow. Two spans are looked at: the whole run, drain included; and, of runs of a week
and more, a normal week, as a long drain hides a backlog that grows from week to week.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sim.clock import WEEK, Dated, Week
from sim.desk import ONE
from sim.draws import ATTEMPTS
from sim.policies.response import dated
from sim.scenario.rates import Days, calendar, comes_again, first_attempts, laid, week_of
from sim.scenario.skills import layout_of
from sim.scenario.spec import FromLog, Group, ScenarioSpec
from sim.scenario.staff import groups, on_the_floor
from sim.scenario.times import kept
from sim.units import HOUR


def never_drains(spec: ScenarioSpec) -> list[str]:
    """A sentence for every set of deferrable channels, answered by the same groups, whose work is more than these can
    do. None for a replayed log, and where staff is rebuilt from one."""
    teams = groups(spec)
    if spec.demand.replay is not None or any(isinstance(team.staff, FromLog) for team in teams.values()):
        return []
    together: dict[tuple[str, ...], list[str]] = {}
    for name, channel in spec.channels.items():
        if channel.kind == "deferrable":
            together.setdefault(tuple(who for who, team in teams.items() if name in _answered(team)), []).append(name)
    days = Days(calendar(spec), -spec.run_in, spec.lasts)
    again = first_attempts(spec, spec, days)
    whole = {name: rate.total() for name, rate in zip(spec.channels, laid(spec, days, again), strict=True)}
    weekly = {name: _total(again[name].week if name in again else week_of(spec, name)) for name in spec.channels}
    work, by_week = _work(spec, whole), _work(spec, weekly)
    there = {name: _hours(spec, team) for name, team in teams.items()}
    by_week_there = {name: _hours_a_week(spec, team) for name, team in teams.items()}
    found = []
    for answering, channels in together.items():
        lacking = list(_lacking(spec, answering, channels, work, there, "until the end of the drain"))
        if not lacking and spec.lasts >= WEEK and all(by_week_there[name] is not None for name in answering):
            hours = {name: by_week_there[name] or 0.0 for name in answering}
            lacking = list(_lacking(spec, answering, channels, by_week, hours, "in a normal week"))
        found += lacking
    return found


def _lacking(
    spec: ScenarioSpec,
    answering: Sequence[str],
    channels: Sequence[str],
    work: Mapping[str, float],
    there: Mapping[str, float],
    when: str,
) -> Iterator[str]:
    """What is to be said where the hours of the groups that answer these channels are too few; all in hours."""
    others = [team for name, team in groups(spec).items() if name not in answering]
    live = (name for name, channel in spec.channels.items() if channel.kind == "live")
    # what others answer as well need not be theirs
    beside = sum(work[name] for name in live if not any(name in _answered(team) for team in others))
    needed, hours = sum(work[name] for name in channels), sum(there[name] for name in answering)
    if needed + beside <= hours:
        return
    said = f", beside {_said(beside)} of live contacts" if beside else ""
    yield (
        f"{' and '.join(channels)}: {when}, {_said(needed)} of work come{said}, and {' and '.join(answering)} "
        f"{'is' if len(answering) == 1 else 'are'} there for {_said(hours)}: the backlog never clears. Add staff, or "
        "take its figures as those of a desk that falls behind for as long as the run lasts."
    )


def _said(hours: float) -> str:
    return f"{hours:,.0f} h"


def _answered(team: Group) -> tuple[str, ...]:
    return team.answers + team.then


def _work(spec: ScenarioSpec, issues: Mapping[str, float]) -> dict[str, float]:
    """Hours of agents by channel that people answer: of its issues, with those who come back after an answer that did
    not help, less what a machine in front of it solves and what is ignored."""
    factor = sum(intent.share * intent.handle_time for intent in spec.intents.values())
    tables = dated(spec.policies.response, lambda moment: 0).lower(layout_of(spec, tuple(spec.intents), groups(spec)))
    ignored = tables.ignored if tables is not None else ()
    work = {}
    for number, (name, channel) in enumerate(spec.channels.items()):
        if channel.kind == "self_service":
            continue
        again = sum(comes_again(spec, name) ** attempt for attempt in range(ATTEMPTS))
        machine = spec.channels.get(channel.self_service_first.to)
        solved = channel.self_service_first.chance * machine.resolved_at_first_contact if machine is not None else 0.0
        left = (1 - solved) * (1 - (ignored[number] / ONE if ignored else 0.0))
        work[name] = issues[name] * left * again * kept(channel, name) * factor / HOUR
    return work


def _total(week: Week) -> float:
    return sum(piece.value * (piece.end - piece.start) for piece in week.pieces)


def _hours(spec: ScenarioSpec, team: Group) -> float:
    """Hours that the agents of a group are on the floor, run-in and drain included."""
    plan = calendar(spec).lay(on_the_floor(spec, team), -spec.run_in, spec.lasts + spec.drain)
    return sum((end - begin) * level for begin, end, level in plan) / HOUR * (1 - team.absence)


def _hours_a_week(spec: ScenarioSpec, team: Group) -> float | None:
    """The same of a normal week; None where a plan of less than a week does not tell."""
    plan = on_the_floor(spec, team)
    if isinstance(plan, Week):
        return _total(plan) / HOUR * (1 - team.absence)
    if not isinstance(plan, Dated) or len(plan.days) < 7:
        return None
    seconds = sum((piece.end - piece.start) * piece.value for _, pieces in plan.days for piece in pieces)
    return seconds / HOUR * 7 / len(plan.days) * (1 - team.absence)
