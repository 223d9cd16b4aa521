"""From a scenario to the plan of a load test: the customers of a window, what they say, and when each is due.

The guard has allowed the desk before anything here is drawn. Nothing here sends anything.
"""

from __future__ import annotations

import secrets
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import numpy as np

from sim.attendance import attended
from sim.desk import NOWHERE, Desk
from sim.errors import UsageError
from sim.helpdesks.protocol import Abilities, Can
from sim.load.guard import Refused, Target
from sim.load.plan import Channel, Plan, Row, World, busiest, dumped
from sim.population.draw import draw
from sim.population.persona import address, personas
from sim.population.words import Occasion, message
from sim.scenario import lower
from sim.scenario.loads import wire_of
from sim.scenario.read import Scenario
from sim.schemas import TICKS_PER_SECOND
from sim.units import say_duration

CYCLE = 0.2
"""Wall seconds that an agent's requests for one ticket usually take, where they were not measured."""
OF_THE_SHORTEST = 0.05
AFTER = 1.0
"""The clock runs on for as long as the window, so that what has come can be answered; the scenario's drain at most."""


@dataclass(frozen=True)
class Wanted:
    """What was asked for. `speed` None: as fast as the desk allows (`cycle`: of an agent there, in wall seconds)."""

    helpdesk: str
    window: tuple[int, int]
    speed: float | None
    agents: str
    seed: int
    replication: int = 0
    cycle: float = CYCLE
    mail: Mapping[str, Any] | None = None
    settings: Mapping[str, Any] | None = None
    run: str = field(default_factory=lambda: secrets.token_hex(16))
    """The run's tag."""


def carried(scenario: Scenario, abilities: Abilities, mail: Mapping[str, Any] | None) -> tuple[Channel, ...]:
    """How contacts of each channel reach the desk.

    Raises:
        UsageError: the scenario asks for a way that there is not.
    """
    spec, channels = scenario.spec, []
    for name, channel in spec.channels.items():
        wire, said = wire_of(spec, name), name in spec.load.channels
        why = {"enter": "no desk hears of it: its customers and agents are simulated"}.get(wire, "")
        if wire == "skip":
            why = "the scenario leaves it out"
        if wire == "rest" and channel.kind == "live" and Can.CHAT not in abilities.can and not said:
            wire, why = "skip", "the desk has no chat"
        lacks = "the desk takes no mail" if Can.MAIL not in abilities.can else "no way for mail is known"
        if wire == "email" and (Can.MAIL not in abilities.can or mail is None):
            if said:
                hint = "say where mail goes under load.mail, or write load.channels: {" + name + ": rest}"
                raise UsageError(f"{name} is to go by email, and {lacks}", hint)
            wire, why = "rest", f"{lacks}: its customers use the web form"
        channels.append(Channel(name, str(wire), why))
    return tuple(channels)


def speed_for(desk: Desk, channels: Sequence[Channel], cycle: float) -> float:
    """How many times faster than life a desk may be driven: 0.05 × the shortest mean work on a contact ÷ an agent's
    cycle at the desk, at least 1 (real time)."""
    works = [
        channel.usual for channel, way in zip(desk.channels, channels, strict=True) if way.wire in ("rest", "email")
    ]
    shortest = min(works, default=0) / TICKS_PER_SECOND
    return max(1.0, float(np.floor(OF_THE_SHORTEST * shortest / cycle)))


def world_of(scenario: Scenario, seed: int, replication: int) -> World:
    """The desk of a replication, with who is there, and its customers: those that `sim run` simulates."""
    return World(attended(lower.desk(scenario), seed, replication), draw(scenario, seed, replication))


def plan(
    scenario: Scenario,
    wanted: Wanted,
    world: World,
    target: Target,
    abilities: Abilities,
    channels: tuple[Channel, ...],
) -> Plan:
    """The plan.

    Raises:
        UsageError: nobody of the window would be sent.
    """
    desk, spec = world.desk, scenario.spec
    since, until = wanted.window
    run = wanted.run
    rows = _rows(world, wanted, channels)
    if not any(row.sent for row in rows):
        left = [f"{each.name}: {each.why}" for each in channels if each.wire in ("skip", "enter")]
        hint = "choose another --window" + (f"; or see load.channels, as for {'; '.join(left)}" if left else "")
        raise UsageError("nobody would be sent in this window", hint)
    speed = wanted.speed if wanted.speed is not None else speed_for(desk, channels, wanted.cycle)
    abort = spec.load.abort.errors
    return Plan(
        run=run,
        scenario=scenario.name,
        file=scenario.file,
        scenario_digest=scenario.digest,
        population_digest=world.population.digest,
        world_digest=sha256(dumped(world)).hexdigest(),
        seed=wanted.seed,
        replication=wanted.replication,
        window=wanted.window,
        drain=min(desk.ends - until, round(AFTER * (until - since))),
        speed=speed,
        helpdesk=wanted.helpdesk,
        target=target.document(),
        settings=dict(wanted.settings or {}),
        agents=wanted.agents,
        channels=channels,
        rate=spec.load.rate,
        mail=None if wanted.mail is None else dict(wanted.mail),
        abort=None if abort is None else {"share": abort.share, "seconds": abort.seconds},
        polls=abilities.polls,
        intents=desk.intents,
        rows=rows,
    )


def check(made: Plan, capacity: float | None) -> None:
    """Raises Refused: more than the cap, or than the desk bears."""
    reasons = _too_much(made, capacity)
    if not reasons:
        return
    fits = _fits(made, capacity)
    hint = (
        f"try --speed {fits}, or a quieter --window" if fits else "choose a quieter --window, or raise what is allowed"
    )
    raise Refused("this plan is more than is allowed", reasons, hint)


def slowed(made: Plan, capacity: float | None) -> Plan:
    """The plan at its own speed or, if that is too much, at the highest whole one that is not (if there is one)."""
    if not _too_much(made, capacity):
        return made
    return replace(made, speed=float(_fits(made, capacity) or made.speed))


def _fits(made: Plan, capacity: float | None) -> int:
    """The highest whole speed at which a plan is not too much; 0: none."""
    return bisect_left(
        range(1, int(made.speed) + 1), True, key=lambda speed: bool(_too_much(replace(made, speed=speed), capacity))
    )


def _too_much(made: Plan, capacity: float | None) -> list[str]:
    """All that is against a plan; the faster, the more."""
    due = [made.seconds(row.due) for row in made.sent]
    reasons = []
    # a cap below one a second is held over as long as one contact takes
    within = max(1.0, 1 / made.rate)
    most = busiest(due, within)
    if most > made.rate * within:
        allowed = f"at most {made.rate * within:g} may (load.rate)"
        reasons.append(f"{most} contacts fall due within {say_duration(within)}, and {allowed}")
    lasts = max(made.seconds(made.window[1]), 1.0)
    lives = len(due) / lasts
    if capacity is not None and lives > capacity:
        reasons.append(
            f"{lives:.2g} tickets a second would be opened over {say_duration(lasts)}, and the desk bears {capacity:g} "
            "(load.capacity)"
        )
    return reasons


def _rows(world: World, wanted: Wanted, channels: Sequence[Channel]) -> tuple[Row, ...]:
    """The first contacts of the window's issues; who tries a machine in front of a channel first does so here too."""
    desk, population, run = world.desk, world.population, wanted.run
    issues, fates = population.issues, population.fates()
    since, until = wanted.window
    arrival = issues["arrival"]
    inside = np.flatnonzero((arrival >= since) & (arrival < until))
    inside = inside[np.argsort(arrival[inside], kind="stable")]
    people = {each.customer: each for each in personas(wanted.seed, dict.fromkeys(issues["customer"][inside].tolist()))}
    rows = []
    for issue in inside.tolist():
        channel = issues["channel"].item(issue)
        front = desk.channels[channel].front
        if front != NOWHERE and fates.coin("front", issue, 1, channel):
            channel = front
        person = people[issues["customer"].item(issue)]
        intent = desk.intents[issues["intent"].item(issue)]
        words = message(run, issue, 1, Occasion.FIRST, intent, person.name)
        rows.append(
            Row(
                issue=issue, customer=person.customer, channel=channels[channel].name, wire=channels[channel].wire,
                due=arrival.item(issue), intent=intent, name=person.name, email=address(person, run),
                subject=words.subject, body=words.body,
            )
        )  # fmt: skip
    return tuple(rows)
