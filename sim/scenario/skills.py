"""Skills as queues: the intents of a channel that the same agents answer, and answer alike, wait in one line.

Where no group says what it can help with, or is faster or better at, there is one queue a channel, with its number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from sim.desk import ONE
from sim.policies.base import Layout
from sim.scenario.spec import Group, ScenarioSpec
from sim.units import MONTH, Money


class Skills(NamedTuple):
    """The queues of a desk: the channel of each, and of each channel and intent the queue."""

    names: tuple[str, ...]
    """Of the channels."""
    intents: tuple[str, ...]
    channels: tuple[int, ...]
    queue_of: tuple[tuple[int, ...], ...]

    @property
    def split(self) -> bool:
        """Whether any channel has more than one queue."""
        return len(self.channels) > len(self.names)

    def first(self, team: Group) -> tuple[int, ...]:
        """The queues that a group answers first: of its channels, in their order, the intents that it is there for."""
        return self._queues(team.answers, lambda intent: is_for(team, intent))

    def then(self, team: Group) -> tuple[int, ...]:
        """The queues that it turns to when those are quiet: its other intents, then its other channels."""
        return self._queues(team.answers, lambda intent: intent in team.then_intents) + self._queues(
            team.then, lambda intent: takes(team, intent)
        )

    def _queues(self, channels: Sequence[str], helps: Callable[[str], bool]) -> tuple[int, ...]:
        return tuple(
            queue for name in channels for queue in range(len(self.channels))
            if self.names[self.channels[queue]] == name and helps(self._intent(queue))
        )  # fmt: skip

    def factors(self, team: Group, factor: float | Mapping[str, float]) -> tuple[int, ...]:
        """A factor of a group by queue, in millionths; none where it is 1 throughout."""
        found = tuple(millionths(factor_of(factor, self._intent(queue))) for queue in range(len(self.channels)))
        return () if set(found) == {ONE} else found

    def _intent(self, queue: int) -> str:
        """An intent of a queue: all of them are answered alike."""
        return self.intents[self.queue_of[self.channels[queue]].index(queue)]


def is_for(team: Group, intent: str) -> bool:
    """Whether a group is there for an intent."""
    return intent not in team.then_intents if not team.intents else intent in team.intents


def takes(team: Group, intent: str) -> bool:
    """Whether a group can help with an intent, be it only when it has nothing else to do."""
    return is_for(team, intent) or intent in team.then_intents


def factor_of(factor: float | Mapping[str, float], intent: str) -> float:
    return factor.get(intent, 1.0) if isinstance(factor, Mapping) else factor


def millionths(factor: float) -> int:
    return round(factor * ONE)


def skills_of(spec: ScenarioSpec, intents: tuple[str, ...], teams: Mapping[str, Group]) -> Skills:
    """The queues that the groups of a scenario make."""
    channels: list[int] = []
    queue_of = []
    for code, name in enumerate(spec.channels):
        answering = [team for team in teams.values() if name in team.answers + team.then]
        queues: dict[tuple[object, ...], int] = {}
        mine = []
        for intent in intents:
            alike = tuple(
                (
                    takes(team, intent),
                    is_for(team, intent),
                    factor_of(team.speed, intent),
                    factor_of(team.quality, intent),
                )
                for team in answering
            )
            if alike not in queues:
                queues[alike] = len(channels)
                channels.append(code)
            mine.append(queues[alike])
        queue_of.append(tuple(mine))
    return Skills(tuple(spec.channels), intents, tuple(channels), tuple(queue_of))


def layout_of(spec: ScenarioSpec, intents: tuple[str, ...], teams: Mapping[str, Group]) -> Layout:
    """What policies may know of the desk: as `sim.desk.Desk.layout` has it, before there is a desk."""
    skills = skills_of(spec, intents, teams)
    names, channels = skills.names, tuple(spec.channels.values())
    return Layout(
        live=tuple(channels[code].kind != "deferrable" for code in skills.channels),
        answers=tuple(skills.first(team) for team in teams.values()),
        then=tuple(skills.then(team) for team in teams.values()),
        channels=names,
        live_channels=tuple(channel.kind == "live" for channel in channels),
        deferrable=tuple(channel.kind == "deferrable" for channel in channels),
        intents=intents,
        segments=tuple(spec.customers.segments),
        margins=tuple(a_month(segment.margin) for segment in spec.customers.segments.values()),
        public=tuple(sorted({names.index(it.public.to) for it in channels if it.public.to in names})),
    )


def a_month(margin: Money) -> int:
    """A margin in thousandths of the currency a month."""
    return round(margin.amount / (margin.per or MONTH) * MONTH * 1000)
