"""Response: how answers are given, and what that does to the work, to the customer and to the purse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sim.policies.base import Layout, ResponseTables, Retention
from sim.policies.options import ONE, factor, judged, millionths, named, option, price
from sim.policies.response import ByTables, OnChannels, Where, no_such, on_channel
from sim.units import Unclear, share

_WORK = "factor on the work of an answer"
_SOLVES = "factor on the chance that an answer solves the issue"


@dataclass(frozen=True)
class Acknowledge(OnChannels):
    """Messages are acknowledged at once, with a number by which they can be tracked, so that fewer customers write
    again about them."""

    name: ClassVar[str] = "acknowledge"
    where: ClassVar[Where] = "deferrable"

    chasers: float = judged(
        "0.5x", factor, "factor on the chance that a customer writes again while waiting", "0.3x to 1x",
        source="judgement; 12 % of the providers of Talisma's audit of 2007 could track a message",
    )  # fmt: skip
    channel: str = on_channel("deferrable")

    def lower(self, layout: Layout) -> ResponseTables:
        return ResponseTables(
            chases=self.each(layout, millionths(self.chasers), ONE), tracked=self.each(layout, value=True, usual=False)
        )


@dataclass(frozen=True)
class UnifiedView(ByTables):
    """Agents see all contacts of a customer, on whatever channel: the second and further answers to an issue take less
    work, and a message is withdrawn when the same customer turns to another channel."""

    name: ClassVar[str] = "unified_view"

    handle_time: float = judged(
        "0.9x", factor, "factor on the work of the second and further answers to an issue", "0.7x to 1x",
        source="judgement; 84 % of the providers of Talisma's audit of 2007 gave staff no such view",
    )  # fmt: skip

    def lower(self, layout: Layout) -> ResponseTables:
        return ResponseTables(unified=millionths(self.handle_time))

    def problems(self, layout: Layout) -> list[Unclear]:
        return [] if millionths(self.handle_time) else [Unclear("0x leaves no work at all", "give more than 0x")]


@dataclass(frozen=True)
class Canned(OnChannels):
    """Messages are answered from templates: quickly, and not always to the point."""

    name: ClassVar[str] = "canned"
    where: ClassVar[Where] = "staffed"

    handle_time: float = judged("0.6x", factor, _WORK, "0.4x to 0.9x")
    resolves: float = judged("0.9x", factor, _SOLVES, "0.7x to 1x")
    channel: str = on_channel("staffed", "email")

    def lower(self, layout: Layout) -> ResponseTables:
        solves = self.each(layout, millionths(self.resolves), ONE)
        return ResponseTables(work=self.each(layout, millionths(self.handle_time), ONE), quality=solves)


@dataclass(frozen=True)
class Personal(OnChannels):
    """Agents greet customers by name and answer what was asked, which takes a little longer and pleases a little."""

    name: ClassVar[str] = "personal"
    where: ClassVar[Where] = "staffed"

    handle_time: float = judged("1.1x", factor, _WORK, "1x to 1.3x")
    channel: str = on_channel("staffed")

    def lower(self, layout: Layout) -> ResponseTables:
        work = self.each(layout, millionths(self.handle_time), ONE)
        return ResponseTables(work=work, personal=self.each(layout, value=True, usual=False))


@dataclass(frozen=True)
class SocialTeam(OnChannels):
    """A team that recovers complaints in public: its answers are personal and solve more. That complaints go before
    everything else is said by the routing, as in live_first(public_first yes)."""

    name: ClassVar[str] = "social_team"
    where: ClassVar[Where] = "public"

    quality: float = judged("1.1x", factor, _SOLVES, "1x to 1.3x")
    handle_time: float = judged("1x", factor, _WORK, "1x to 1.5x")
    channel: str = on_channel("public")

    def lower(self, layout: Layout) -> ResponseTables:
        solves = self.each(layout, millionths(self.quality), ONE)
        work = self.each(layout, millionths(self.handle_time), ONE)
        return ResponseTables(work=work, quality=solves, personal=self.each(layout, value=True, usual=False))


@dataclass(frozen=True)
class Discretion(OnChannels):
    """Agents may make exceptions: more issues are solved on the spot, after a little more talk, and it costs what is
    given away."""

    name: ClassVar[str] = "discretion"
    where: ClassVar[Where] = "staffed"

    resolves: float = judged("1.08x", factor, _SOLVES, "1x to 1.2x")
    handle_time: float = judged("1.05x", factor, _WORK, "1x to 1.2x")
    price: float = judged(
        "5", price, "what exceptions cost an answer, in the scenario's currency: the mean over all answers", "0 to 20",
        source="judgement: 25 in one answer of five",
    )  # fmt: skip
    channel: str = on_channel("staffed")

    def lower(self, layout: Layout) -> ResponseTables:
        solves = self.each(layout, millionths(self.resolves), ONE)
        work = self.each(layout, millionths(self.handle_time), ONE)
        return ResponseTables(work=work, quality=solves, price=self.each(layout, self.price, 0.0))


@dataclass(frozen=True)
class RetentionOffer(ByTables):
    """Who wants to leave is made an offer by the agent who answers, and some stay."""

    name: ClassVar[str] = "retention_offer"

    intent: str = option("cancel", named, "what those who want to leave come about")
    accepts: float = judged("30%", share, "share of those made the offer who accept it", "10% to 50%")
    price: float = judged("20", price, "what an offer accepted costs, in the scenario's currency", "5 to 100")

    def lower(self, layout: Layout) -> ResponseTables:
        retention = Retention(layout.intents.index(self.intent), millionths(self.accepts), self.price)
        return ResponseTables(retention=(retention,))

    def problems(self, layout: Layout) -> list[Unclear]:
        return [] if self.intent in layout.intents else [no_such("intent", self.intent, layout.intents)]
