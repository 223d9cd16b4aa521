"""Where contacts may go: what a channel says of its kind, of other channels and of machines, and whether a contact that
is sent on ever arrives."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import Any

from sim.clock import Week, odd_hour, say_pieces
from sim.errors import did_you_mean
from sim.scenario.complete import Keys
from sim.scenario.problems import Finding
from sim.scenario.rates import calendar, span_of
from sim.scenario.spec import Channel, ScenarioSpec
from sim.units import shown

_PEOPLE = ("live", "deferrable")
_KINDS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("closed", "silent", "silent_work"), ("live",)),
    **dict.fromkeys(
        ("chases", "chasers", "chaser_work", "interruptible", "asks_back", "acknowledged", "backlog"), ("deferrable",)
    ),
    **dict.fromkeys(("escalates", "escalated_handle_time", "outages"), ("self_service",)),
    **dict.fromkeys(
        (
            "staff", "shifts", "cost", "shrinkage", "at_once", "slowdown", "patience", "wrap_up", "at_closing",
            "self_service_first", "transfer", "public",
        ),
        _PEOPLE,
    ),
}  # fmt: skip
"""Keys that belong to some kinds of channel only."""

_WORDS = {"self_service": "self-service"}


def check(spec: ScenarioSpec, assumed: Container[str]) -> Iterator[Finding]:
    """What does not fit together; `assumed` are the paths of values that are defaults."""
    for name, channel in spec.channels.items():
        yield from _kinds(name, channel, assumed)
        yield from _targets(spec, name, channel)
        yield from _people(name, channel)
        yield from _outages(spec, name, channel)
        if channel.kind == "self_service":
            yield from _machine(spec, name, channel)
    yield from _closed_rounds(spec)
    yield from _transfer_rounds(spec)


def _kinds(name: str, channel: Channel, assumed: Container[str]) -> Iterator[Finding]:
    for key, kinds in _KINDS.items():
        value = getattr(channel, key)
        said = key in channel.model_fields_set and f"channels.{name}.{key}" not in assumed
        off = value is None or value == type(channel).model_fields[key].get_default(call_default_factory=True)
        # a backlog of a live channel has its own message
        if not said or off or channel.kind in kinds or (key, channel.kind) == ("backlog", "live"):
            continue
        known = " and ".join(_WORDS.get(kind, kind) for kind in kinds)
        what = f"{key} is for {known} channels, and {name} is {_WORDS.get(channel.kind, channel.kind)}"
        yield Finding(("channels", name, key), what, "take it out", (("channels", name, "kind"),))


def _ways(channel: Channel) -> dict[str, str]:
    """By key, the channel that it names."""
    named = {key: getattr(channel, key).to for key in ("self_service_first", "transfer", "escalates", "elsewhere")}
    named |= {"public": channel.public.to, "closed": channel.closed}
    return {key: to for key, to in named.items() if to and to not in ("message", "next_opening")}


def _targets(spec: ScenarioSpec, name: str, channel: Channel) -> Iterator[Finding]:
    """Channels that are named are there, are another one, and of the kind that is asked for."""
    for key, to in _ways(channel).items():
        path: Keys = ("channels", name, key)
        about: tuple[Keys, ...] = (("channels", to),)
        if to not in spec.channels:
            yield Finding(path, f"there is no channel {shown(to)}", _hint(key, to, spec), about)
        elif to == name:
            yield Finding(path, f"this leads from {name} to itself", "name another channel", about)
        elif key == "self_service_first" and spec.channels[to].kind != "self_service":
            hint = "name one of kind: self_service, such as bot or articles"
            yield Finding(path, f"people answer {to}, which is no self-service", hint, about)
        elif key in ("transfer", "public") and spec.channels[to].kind == "self_service":
            yield Finding(path, f"a machine answers {to}", "name a channel that people answer", about)


def _hint(key: str, to: str, spec: ScenarioSpec) -> str:
    if key == "closed" and to == "callback":
        return "callbacks are offered while it is open: write policies: {response: callback}, and here a channel"
    words = ("message", "next_opening") if key == "closed" else ()
    return did_you_mean(to[:60], (*words, *spec.channels))


def _people(name: str, channel: Channel) -> Iterator[Finding]:
    """Patience for those who are to run out of it, and lines for all whom agents hold."""
    path: Keys = ("channels", name)
    impatient = {"live": ("silent", "leaves"), "deferrable": ("chases", "writes again")}.get(channel.kind)
    if impatient is not None and channel.patience is None and getattr(channel, impatient[0]):
        key, does = impatient
        what = f"with endless patience nobody {does}"
        yield Finding((*path, key), what, "give a patience, as in patience: 8h", ((*path, "patience"),))
    if channel.lines is not None and channel.kind != "self_service" and channel.lines < channel.at_once:
        what = f"an agent may hold {channel.at_once} contacts, and there are lines for {channel.lines}"
        yield Finding((*path, "lines"), what, f"give {channel.at_once} or more", ((*path, "at_once"),))


def _outages(spec: ScenarioSpec, name: str, channel: Channel) -> Iterator[Finding]:
    days = calendar(spec)
    for called, outage in channel.outages.items():
        path: Keys = ("channels", name, "outages", called, "at")
        wrong = odd_hour(outage.at, spec.time_zone)
        if wrong:
            yield Finding(path, wrong, "give another time", (("time_zone",),))
            continue
        begins, ends = span_of(outage, days)
        if begins >= spec.lasts or ends <= -spec.run_in:
            last = days.day_of(int(-(-spec.lasts // 86_400)) - 1)
            what, hint = "this is outside the time simulated", f"give one from {spec.starts} to {last}"
            yield Finding(path, what, hint, (("starts",), ("lasts",)))


def _machine(spec: ScenarioSpec, name: str, channel: Channel) -> Iterator[Finding]:
    """Somebody comes to a machine, and whom it passes on has somewhere to go."""
    direct = channel.share > 0 or channel.rate is not None or channel.volume is not None
    leading = [key for other in spec.channels.values() for key, to in _ways(other).items() if to == name]
    replay = spec.demand.replay
    if not direct and not leading and (replay is None or replay.channel != name):
        yield Finding(
            ("channels", name), f"nobody comes to {name}",
            f"let another channel lead there, as in self_service_first: 30% to {name}, or give it a share",
            (("channels",), ("demand",)),
        )  # fmt: skip
    sent = direct or any(key != "self_service_first" for key in leading)
    if sent and channel.escalates.chance and not channel.escalates.to:
        people = next((other for other, it in spec.channels.items() if it.kind != "self_service"), "phone")
        yield Finding(
            ("channels", name), f"who comes to {name} directly has nobody to be passed on to",
            f"name a channel, as in escalates: 60% to {people}, or write escalates: no",
            (("channels", name, "escalates"),),
        )  # fmt: skip


# --- round and round -------------------------------------------------------------------------------------------------


def _closed_rounds(spec: ScenarioSpec) -> Iterator[Finding]:
    """Channels that are closed at the same time do not send customers to one another: nobody would ever arrive."""
    sends = {name: tuple(_when_shut(spec, name)) for name in spec.channels}
    for round_ in _rounds(sends):
        shut = Week.always()
        for name in round_:
            shut = shut.within(_shut(spec.channels[name]))
        if shut.pieces:
            first = next((name for name in round_ if spec.channels[name].kind == "live"), round_[0])
            key = "closed" if spec.channels[first].kind == "live" else "escalates"
            sure = [name for name in round_ if spec.channels[name].escalates.chance >= 1]
            on = f"{' and '.join(sure)} passes everybody on" if sure else "send customers round"
            what = f"{_said(round_)}: {'people' if sure else 'all'} are closed {say_pieces(shut)}, and {on}"
            about = tuple(("channels", name) for name in round_)
            yield Finding(
                ("channels", first, key), what, "let one of them take a message, as in closed: message", about
            )


def _when_shut(spec: ScenarioSpec, name: str) -> Iterator[str]:
    """Where those go who find a channel closed, or its machine down."""
    channel = spec.channels[name]
    if channel.kind == "live" and channel.closed in spec.channels:
        yield channel.closed
    if channel.kind == "self_service":
        yield from (other for other, it in spec.channels.items() if it.self_service_first.to == name)
        if channel.escalates.to in spec.channels:
            yield channel.escalates.to


def _shut(channel: Channel) -> Week:
    """When nobody answers a channel for good; with an outage, a machine may be down at any time, and one that passes on
    all that it does not solve is no way out."""
    if channel.outages or channel.escalates.chance >= 1:
        return Week.always()
    return Week(()) if channel.hours is None else Week.always().less(channel.hours)


def _transfer_rounds(spec: ScenarioSpec) -> Iterator[Finding]:
    """Not every contact is transferred for ever."""
    sends = {name: (it.transfer.to,) for name, it in spec.channels.items() if it.transfer.chance >= 1}
    for round_ in _rounds(sends):
        what = f"{_said(round_)}: every contact is transferred, for ever"
        about = tuple(("channels", name) for name in round_)
        yield Finding(("channels", round_[0], "transfer"), what, "transfer less than 100%", about)


def _rounds(sends: Mapping[str, tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Every way round, once; each begins with the channel that stands first in the scenario."""
    order = {name: number for number, name in enumerate(sends)}
    found = []
    ways: list[tuple[str, ...]] = [(name,) for name in sends]
    while ways:
        way = ways.pop(0)
        for to in sends.get(way[-1], ()):
            if to == way[0] and len(way) > 1:
                found.append(way)
            elif to not in way and order.get(to, -1) > order[way[0]]:
                ways.append((*way, to))
    return found


def _said(round_: tuple[Any, ...]) -> str:
    return " → ".join((*round_, round_[0]))
