"""Response: what happens to a contact that reaches the desk.

The policies of this family say what they do in `ResponseTables`, which every engine reads; a scenario may name several,
and `Together` makes one table of theirs. Here are the tools they share, and the plainest of them; what waiting
customers are told and offered is in `sim.policies.offers`, how answers are given in `sim.policies.answers`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, ClassVar, Literal, TypeVar

from sim.errors import did_you_mean
from sim.policies.base import (
    Accept,
    Callback,
    ContactView,
    Deflect,
    Ignore,
    Layout,
    Response,
    ResponseTables,
)
from sim.policies.options import ONE, millionths, named, option
from sim.units import Unclear, share

Decision = Accept | Ignore | Callback | Deflect
Where = Literal["live", "deferrable", "staffed", "public"]
T = TypeVar("T")


class ByTables:
    """A response policy that its tables say all about."""

    def lower(self, layout: Layout) -> ResponseTables:
        raise NotImplementedError

    def start(self, layout: Layout) -> ResponseTables:
        return self.lower(layout)

    def decide(self, view: ContactView, state: ResponseTables) -> Decision:
        return decided(view, state)

    def problems(self, layout: Layout) -> list[Unclear]:
        """What does not fit the desk: names it does not have, channels of another kind."""
        return []


def decided(view: ContactView, tables: ResponseTables) -> Decision:
    """The decision that the tables stand for, where it is one of those that a policy can be asked for."""
    ignored = tables.ignored[view.channel] if tables.ignored else 0
    if ignored:
        return Ignore("a share of the messages is ignored", ignored / ONE)
    deflection = tables.deflect[view.channel] if tables.deflect else None
    if deflection is not None and view.expected > deflection.after:
        return Deflect("the expected wait is long", deflection.chance / ONE, deflection.to)
    offer = tables.callback[view.channel] if tables.callback else None
    if offer is not None and view.expected > offer.after:
        return Callback("the expected wait is long", offer.chance / ONE, offer.booked)
    return Accept("every contact joins the line")


def of_kind(layout: Layout, where: Where) -> tuple[int, ...]:
    """The channels of a kind; staffed are those on which people answer."""
    numbers = range(len(layout.channels))
    if where == "public":
        return layout.public
    if where == "live":
        return tuple(number for number in numbers if layout.live_channels[number])
    deferrable = layout.deferrable
    return tuple(n for n in numbers if deferrable[n] or (where == "staffed" and layout.live_channels[n]))


def on_channel(where: Where, words: str = "") -> Any:
    """The field `channel`: on which one alone. Without a default it is all of the kind."""
    said = {"live": "all live ones", "deferrable": "all deferrable ones", "staffed": "all that people answer"}
    rest = f"; without it {said.get(where, 'all on which customers complain in public')}"
    meaning = "the channel" if words else f"the channel{rest}"
    return option(words, named, meaning, example={"live": "phone", "public": "social"}.get(where, "email"))


class OnChannels(ByTables):
    """A policy for all channels of a kind, or for the one that is named."""

    name: ClassVar[str]
    where: ClassVar[Where]
    channel: str

    def concerned(self, layout: Layout) -> tuple[int, ...]:
        channels = of_kind(layout, self.where)
        return tuple(number for number in channels if self.channel in ("", layout.channels[number]))

    def each(self, layout: Layout, value: T, usual: T) -> tuple[T, ...]:
        """By channel, the value where the policy holds, and elsewhere the usual one."""
        mine = self.concerned(layout)
        return tuple(value if number in mine else usual for number in range(len(layout.channels)))

    def problems(self, layout: Layout) -> list[Unclear]:
        kind = {"staffed": "channels that people answer", "public": "channels on which customers complain in public"}
        here = [layout.channels[number] for number in of_kind(layout, self.where)]
        what = f"{self.name} is for {kind.get(self.where, f'{self.where} channels')}"
        if self.channel and self.channel not in layout.channels:
            return [no_such("channel", self.channel, here or layout.channels)]
        if not here:
            said = "say under a channel who complains where, as in public: 5% to social after 2h"
            return [Unclear(f"{what}, and there is none", said if self.where == "public" else "leave it out")]
        if self.channel and self.channel not in here:
            return [Unclear(f"{what}, and {self.channel} is none of them", f"name one of {', '.join(here)}")]
        return []


def no_such(kind: str, named: str, known: Iterable[str]) -> Unclear:
    """What to say of a name that the desk does not have."""
    return Unclear(f"no {kind} is called '{named}'", did_you_mean(named, tuple(known)))


@dataclass(frozen=True)
class AnswerAll(ByTables):
    """Every contact joins the waiting line."""

    name: ClassVar[str] = "answer_all"

    def lower(self, layout: Layout) -> ResponseTables:
        return ResponseTables()


@dataclass(frozen=True)
class IgnoreShare(OnChannels):
    """A share of the messages on deferrable channels is never answered, as an audit of 50 UK providers found of half
    the e-mails (Talisma, 2007). Live contacts always join the line."""

    name: ClassVar[str] = "ignore"
    where: ClassVar[Where] = "deferrable"

    share: float = option(
        "50%", share, "share of the messages that nobody will ever answer", range="0% to 60%", grade="B",
        source="Talisma's audit of 50 UK providers by e-mail and phone, 2007", example="20%",
    )  # fmt: skip
    channel: str = on_channel("deferrable")

    def lower(self, layout: Layout) -> ResponseTables:
        return ResponseTables(ignored=self.each(layout, millionths(self.share), 0))


@dataclass(frozen=True)
class Together:
    """Several response policies at once. Factors of theirs multiply and prices add up; of two offers on the same
    channel, the later one holds."""

    name: ClassVar[str] = "together"
    policies: tuple[Response, ...]

    def lower(self, layout: Layout) -> ResponseTables | None:
        tables = ResponseTables()
        for policy in self.policies:
            own = policy.lower(layout)
            if own is None:
                return None
            tables = _added(tables, own)
        return tables

    def start(self, layout: Layout) -> tuple[Any, ...]:
        return tuple(policy.start(layout) for policy in self.policies)

    def decide(self, view: ContactView, state: tuple[Any, ...]) -> Decision:
        """What the first of them says that does more than let the contact join the line."""
        said: Decision = Accept("every contact joins the line")
        for policy, own in zip(self.policies, state, strict=True):
            said = policy.decide(view, own)
            if not isinstance(said, Accept):
                return said
        return said

    def problems(self, layout: Layout) -> list[Unclear]:
        found = [problem for policy in self.policies for problem in problems(policy, layout)]
        names = [policy.name for policy in self.policies]
        said = [tuple(getattr(policy, key, "") for key in _ITS_OWN) for policy in self.policies]
        twice = {names[i] for i, mine in enumerate(said) if mine in said[:i]}
        found += [Unclear(f"{policy} is named twice", "name it once") for policy in sorted(twice)]
        if found:
            return found
        policies = [dated(policy, lambda moment: 0) for policy in self.policies]
        asked = [policy.name for policy in policies if policy.lower(layout) is None]
        if asked:
            return [Unclear(f"{asked[0]} has no tables, so it cannot be joined with others", "name it alone")]
        return _round_trips(Together(tuple(policies)).lower(layout) or ResponseTables(), layout)


_ITS_OWN = ("name", "channel", "intent", "since")
"""Settings that tell two policies of one kind apart."""


def problems(policy: Any, layout: Layout) -> list[Unclear]:
    """What of a policy does not fit the desk; one that says nothing about that fits any."""
    return policy.problems(layout) if hasattr(policy, "problems") else []


def dated(policy: Response, tick: Callable[[datetime], int]) -> Response:
    """The policy with every moment of its settings as a tick; `tick` knows the desk's clock."""
    if isinstance(policy, Together):
        return Together(tuple(dated(each, tick) for each in policy.policies))
    values = {field.name: getattr(policy, field.name) for field in fields(policy)}  # type: ignore[arg-type]
    moments = {key: tick(value) for key, value in values.items() if isinstance(value, datetime)}
    return replace(policy, **moments) if moments else policy  # type: ignore[type-var]


def _added(one: ResponseTables, other: ResponseTables) -> ResponseTables:
    """What both do."""

    def joined(field: str, join: Callable[[Any, Any], Any]) -> tuple[Any, ...]:
        mine, theirs = getattr(one, field), getattr(other, field)
        return tuple(map(join, mine, theirs)) if mine and theirs else mine or theirs

    later = {name: joined(name, lambda mine, theirs: theirs or mine) for name in _LATER_HOLDS}
    times = {name: joined(name, lambda mine, theirs: mine * theirs // ONE) for name in ("work", "quality", "chases")}
    return ResponseTables(
        **later,
        **times,
        price=joined("price", lambda mine, theirs: mine + theirs),
        messages=one.messages + other.messages,
        retention=one.retention + other.retention,
        unified=other.unified or one.unified,
    )


_LATER_HOLDS = ("ignored", "callback", "deflect", "outsource", "announce", "personal", "tracked")


def _round_trips(tables: ResponseTables, layout: Layout) -> list[Unclear]:
    """Channels that send customers on to one another in a circle."""
    to = {number: deflection.to for number, deflection in enumerate(tables.deflect) if deflection is not None}
    for first in to:
        way = [first]
        while way[-1] in to and to[way[-1]] not in way:
            way.append(to[way[-1]])
        if to.get(way[-1]) == first:
            circle = " → ".join(layout.channels[number] for number in (*way, first))
            return [
                Unclear(f"deflect sends customers round: {circle}", "name the channel of each, as in channel phone")
            ]
    return []
