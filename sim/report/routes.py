"""What the terminal says of contacts that take other ways than the plain one, each only where it happens: machines,
callbacks, deflection, outsourcing, chasers, switches, complaints in public, silent leavers, transfers, offers to stay;
and of overtime.
"""

from __future__ import annotations

from sim.desk import NOWHERE
from sim.estimate import Estimate
from sim.report.figures import Figures, each, interval, listed, spread, title, whole
from sim.run import Result
from sim.schemas import TICKS_PER_SECOND
from sim.units import say_duration, say_money, say_share

_NUMBERS = ("", "", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def self_service(result: Result, code: int) -> str:
    """What a machine solves, passes on and leaves unsolved, and what its outages do; nothing where nobody came."""
    of, channel = Figures(result), result.desk.channels[code]
    name, solved = channel.name, of("self_service_resolved", channel.name)
    if solved.value is None:
        return ""
    offered, passed = of("offered", name), of("escalation_rate", name).value or 0.0
    text = f"{title(name)} resolves {say_share(solved.value)} {interval(solved, 100)} of {_count(offered)} contacts"
    text += f" {each(result)}"
    if passed:
        text += f" and passes {whole(passed)} on to {listed(_behind(result, code))}"
    unsolved = (of("containment_rate", name).value or 0.0) - solved.value
    if unsolved > 0:
        text += f"; {whole(unsolved)} leave it without a solution"
    closed = [
        f"{_count(count)} {what}"
        for count, what in (
            (of("turned_away", name), "found it closed or down"),
            (of("disconnected", name), "were cut off"),
        )
        if _some(count)
    ]
    return f"{text}; {listed(closed)}." if closed else f"{text}."


def _behind(result: Result, code: int) -> list[str]:
    """The channels to which a machine passes its customers on."""
    channels = result.desk.channels
    front = [channel.name for channel in channels if channel.front == code]
    to = channels[code].escalates
    return front + [channels[to].name] * (to != NOWHERE and channels[to].name not in front) or ["people"]


def of_channel(result: Result, code: int) -> str:
    """What else happens on a channel with people."""
    of, name, a_week = Figures(result), result.desk.channels[code].name, each(result)
    told = result.desk.responses
    sentences = [_callbacks(result, code)]
    if _some(deflected := of("deflected", name)):
        deal = told.deflect[code] if told is not None and told.deflect else None
        to = "another channel" if deal is None else result.desk.channels[deal.to].name
        sentences.append(f"{_many(deflected, 'customer')} {a_week} took up the offer to use {to}.")
    if _some(contained := of("contained", name)):
        sentences.append(f"For {_many(contained, 'caller')} {a_week} the recorded message was enough.")
    if _some(outsourced := of("outsourced", name)):
        outsourcing = told.outsource[code] if told is not None and told.outsource else None
        price = 0.0 if outsourcing is None else outsourcing.price * (outsourced.value or 0.0)
        for_ = f", for {say_money(price, result.desk.currency)}" if price else ""
        sentences.append(f"{_many(outsourced, 'contact')} {a_week} went to the outsourcer{for_}.")
    if _some(silent := of("silent_hours", name), 0.05):
        sentences.append(
            f"{whole(of('silent_left', name).value or 0.0)} of the contacts turn out to have left without a word when "
            f"an agent takes them; finding that out takes agents {silent.value:,.1f} hours {a_week}."
        )
    if (chasers := of("chasers", name).value or 0.0) >= 0.005:
        sentences.append(_chased(chasers))
    if (transfers := of("transfer_rate", name)).value:
        receives = result.desk.channels[code].transfers
        on = "" if receives == NOWHERE else f" to {result.desk.channels[receives].name}"
        sentences.append(f"Agents pass {whole(transfers.value)}{spread(transfers, 100)} of the answered on{on}.")
    if _some(switched := of("switched", name)):
        sentences.append(f"{_many(switched, 'contact')} {a_week} came from customers who got no answer elsewhere.")
    if _some(public := of("public_complaints", name)):
        sentences.append(f"{_many(public, 'customer')} {a_week} complained here in public.")
    return " ".join(filter(None, sentences))


def _callbacks(result: Result, code: int) -> str:
    of, name = Figures(result), result.desk.channels[code].name
    took, wait, told = of("callbacks", name), of("callback_wait", name), of("callback_announced", name)
    if not _some(took):
        return ""
    text = f"{_many(took, 'customer')} {each(result)} took a callback"
    if wait.value is None or told.value is None:
        return f"{text}."
    after, announced = say_duration(round(wait.value)), say_duration(round(told.value))
    tables = result.desk.responses
    offer = tables.callback[code] if tables is not None and tables.callback else None
    if offer is None or offer.booked is None:
        return f"{text}; on average called back after {after}, announced {announced}."
    booked = say_duration(offer.booked / TICKS_PER_SECOND)
    return f"{text}, booked for {booked} later; on average called back after {after}."


def _chased(chasers: float) -> str:
    """How many chasers come for a message."""
    if chasers >= 1:
        return f"For each message customers write again {chasers:.1f} times."
    number = round(1 / chasers)
    if number == 1:
        return "Nearly every message is chased once."
    return f"One message in {_NUMBERS[number] if number < len(_NUMBERS) else number} is chased."


def of_desk(result: Result) -> list[str]:
    """Overtime that is paid, and retention offers."""
    of, currency = Figures(result), result.desk.currency
    sentences = []
    hours = of("overtime_hours")
    if _some(hours, 0.05) and any(group.overtime for group in result.desk.groups):
        price = say_money(of("overtime_cost").value or 0.0, currency)
        sentences.append(f"Overtime: {hours.value:,.1f} hours {each(result)} {interval(hours)}, {price} of the cost.")
    if _some(kept := of("retained")):
        told = result.desk.responses
        prices = [offer.price for offer in told.retention] if told is not None else []
        for_ = f", for {say_money(prices[0] * (kept.value or 0.0), currency)}" if len(prices) == 1 and prices[0] else ""
        sentences.append(f"{_many(kept, 'customer')} {each(result)} accepted an offer to stay{for_}.")
    return sentences


def _some(count: Estimate, least: float = 0.5) -> bool:
    """Whether there is as much of it as would not be said as 0."""
    return count.value is not None and count.value >= least


def _many(count: Estimate, noun: str) -> str:
    """312 customers."""
    number = _count(count)
    return f"{number} {noun}{'s' * (number != '1')}"


def _count(count: Estimate) -> str:
    return f"{count.value or 0.0:,.0f}"
