"""Response: what customers are told and offered when they come and while they wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from sim.policies.base import Announcement, Deflection, Layout, Message, Offer, Outsourcing, ResponseTables
from sim.policies.options import factor, judged, millionths, moment, named, option, price
from sim.policies.response import ByTables, OnChannels, Where, no_such, on_channel
from sim.schemas import TICKS_PER_SECOND
from sim.units import Unclear, duration, share

EVER = 2**62
"""A tick that never comes."""

Moment = datetime | int | None
"""By the desk's clock; once `dated`, a tick."""

_LONG = "the expected wait beyond which it is offered: (waiting + 1) × usual work / contacts that agents can hold"


def _ticks(seconds: float) -> int:
    return round(seconds * TICKS_PER_SECOND)


@dataclass(frozen=True)
class Callback(OnChannels):
    """Where the expected wait is long, a callback is offered: virtual hold. Who accepts leaves the line free and keeps
    the place in it; with `booked_after` they are called that much later, before all who wait then."""

    name: ClassVar[str] = "callback"
    where: ClassVar[Where] = "live"

    when_wait_exceeds: float = judged("5m", duration, _LONG, "2m to 15m")
    accepts: float = judged(
        "60%", share, "share of those offered a callback who accept it", "30% to 80%",
        source="judgement; the form is that of Armony and Maglaras 2004",
    )  # fmt: skip
    booked_after: float | None = option(
        "", duration, "how much later a booked callback is due; without it callbacks come in the order of the line",
        example="2h",
    )  # fmt: skip
    channel: str = on_channel("live")

    def lower(self, layout: Layout) -> ResponseTables:
        booked = None if self.booked_after is None else _ticks(self.booked_after)
        offer = Offer(_ticks(self.when_wait_exceeds), millionths(self.accepts), booked)
        return ResponseTables(callback=self.each(layout, offer, None))


@dataclass(frozen=True)
class Announce(OnChannels):
    """The expected wait w is announced to those who queue. A customer of patience p leaves at once where p < balk × w,
    and otherwise waits at least stay × w. With both at 1x, those who would not wait so long leave at once in place of
    giving up later, and all others stay that long (Whitt 1999); away from 1x customers make less, or more, of it."""

    name: ClassVar[str] = "announce"
    where: ClassVar[Where] = "live"

    balk: float = judged(
        "0.5x", factor, "who would have waited less than this × the wait announced leaves at once", "0x to 1x",
        source="form: Whitt 1999, Hassin and Haviv 2003; value: judgement",
    )  # fmt: skip
    stay: float = judged(
        "1.25x", factor, "who stays waits at least this × the wait announced", "0x to 2x",
        source="form: Whitt 1999, Armony, Shimkin and Whitt 2009; value: judgement",
    )  # fmt: skip
    channel: str = on_channel("live")

    def lower(self, layout: Layout) -> ResponseTables:
        announcement = Announcement(millionths(self.balk), millionths(self.stay))
        return ResponseTables(announce=self.each(layout, announcement, None))


@dataclass(frozen=True)
class Deflect(OnChannels):
    """Where the expected wait is long, customers are asked to use another channel, and some do at once."""

    name: ClassVar[str] = "deflect"
    where: ClassVar[Where] = "live"

    to: str = option("chat", named, "the channel they are asked to use")
    when_wait_exceeds: float = judged("5m", duration, _LONG, "2m to 15m")
    accepts: float = judged("30%", share, "share of those asked who do", "10% to 50%")
    channel: str = on_channel("live")

    def concerned(self, layout: Layout) -> tuple[int, ...]:
        return tuple(number for number in super().concerned(layout) if layout.channels[number] != self.to)

    def lower(self, layout: Layout) -> ResponseTables:
        to = layout.channels.index(self.to)
        deflection = Deflection(_ticks(self.when_wait_exceeds), millionths(self.accepts), to)
        return ResponseTables(deflect=self.each(layout, deflection, None))

    def problems(self, layout: Layout) -> list[Unclear]:
        found = super().problems(layout)
        if self.to not in layout.channels:
            found.append(no_such("channel", self.to, layout.channels))
        elif not found and not self.concerned(layout):
            found.append(Unclear(f"deflect leads from {self.to} to itself", "name another channel after to"))
        return found


@dataclass(frozen=True)
class OutageMessage(ByTables):
    """A recorded message tells those who call about a known problem what is known; for some that is all they wanted.
    It plays on all live channels that people answer."""

    name: ClassVar[str] = "outage_message"

    intent: str = option("outage", named, "what the problem is about")
    since: Moment = option(  # noqa: RUF009 - a field, as all options
        "", moment, "when the message is first played, by the desk's clock; without it from the start",
        example="2026-10-06 18:30",
    )  # fmt: skip
    until: Moment = option(  # noqa: RUF009 - a field, as all options
        "", moment, "when it is taken down; without it at the end", example="2026-10-06 23:00",
    )  # fmt: skip
    satisfied: float = judged("40%", share, "share of those who hear it for whom that is all", "20% to 60%")

    def lower(self, layout: Layout) -> ResponseTables:
        since, until = (-EVER if self.since is None else self.since), (EVER if self.until is None else self.until)
        assert isinstance(since, int)
        assert isinstance(until, int)
        intents = (layout.intents.index(self.intent),)
        return ResponseTables(messages=(Message(since, until, intents, millionths(self.satisfied)),))

    def problems(self, layout: Layout) -> list[Unclear]:
        found = [] if self.intent in layout.intents else [no_such("intent", self.intent, layout.intents)]
        since, until = self.since, self.until
        if isinstance(since, datetime) and isinstance(until, datetime) and until <= since:
            found.append(Unclear("the message is taken down before it is played", "give an until after since"))
        return found


@dataclass(frozen=True)
class Outsource(OnChannels):
    """Who has waited for some time goes to an outsourcer, who has somebody free at once, at a price a contact."""

    name: ClassVar[str] = "outsource"
    where: ClassVar[Where] = "live"

    after: float = judged("3m", duration, "how long a contact waits before the outsourcer takes it", "0s to 15m")
    price: float = judged(
        "4", price, "what each contact at the outsourcer costs, in the scenario's currency", "2 to 12"
    )
    quality: float = judged("0.9x", factor, "factor on the chance that the answer solves the issue", "0.7x to 1x")
    channel: str = on_channel("live", "phone")

    def lower(self, layout: Layout) -> ResponseTables:
        outsourcing = Outsourcing(_ticks(self.after), self.price, millionths(self.quality))
        return ResponseTables(outsource=self.each(layout, outsourcing, None))
