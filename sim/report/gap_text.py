"""Erlang beside the simulation for people: tables and sentences for the terminal, rows for sheets, data, a picture."""

from __future__ import annotations

import math
import textwrap
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.clock import DAY, DAYS
from sim.gap import FEWEST, LEFT, SWITCHES, TOGETHER, ChannelGap, Gap, Need, Part
from sim.report.figures import listed, title, whole
from sim.tables import Floats
from sim.units import say_duration

if TYPE_CHECKING:
    from sim.plots.erlang_gap import ErlangGap

WIDTH = 118

NAMES = {
    "abandonment": "customers give up",
    "redials": "customers come back",
    "peaks": "busier, quieter days",
    "concurrency": "several at once",
    "sharing": "shared agents",
    TOGETHER: "these acting together",
    LEFT: "left unexplained",
}
"""What planners call the parts of the gap."""

_SUBJECT = {
    "abandonment": "customers give up",
    "redials": "customers come back",
    "peaks": "days and hours are busier or quieter than forecast",
    "concurrency": "agents hold {at_once} contacts at once",
    "sharing": "agents are shared with other work",
}

_BECAUSE = {
    "abandonment": (
        "who gives up counts as not answered in time",
        "who gives up leaves the agents to those behind",
    ),
    "redials": (
        "who comes back does so on top of a load that was high already",
        "Erlang is given the contacts of the scheduled desk, repeats included, of which better staffing makes fewer",
    ),
    "peaks": (
        "days and hours busier than forecast need more than the quiet ones save",
        "days and hours differ from their forecast",
    ),
    "concurrency": (
        "contacts take longer just when hands are full",
        "who holds one contact has a hand free for the next, and is faster the less there is in hand",
    ),
    "sharing": (
        "agents have other work in hand when a customer comes",
        "others help",
    ),
}  # fmt: skip
"""Why a thing adds agent-hours, and why it takes some off."""


def text(gap: Gap) -> str:
    """A table and what it says for each live channel; at most `WIDTH` characters wide."""
    runs = f"{gap.replications} replication{'s' * (gap.replications != 1)}"
    parts = [f"Erlang beside the simulation · {_name(gap)} · {runs}, seed {gap.seed}"]
    for channel in gap.channels:
        parts += [_table(gap, channel), "\n".join(map(_filled, sentences(gap, channel)))]
    if not gap.channels:
        parts.append("There is no live channel with enough contacts to be judged.")
    return "\n\n".join([*parts, *map(_filled, notes(gap))])


def sentences(gap: Gap, channel: ChannelGap) -> tuple[str, ...]:
    """What the table of a channel says: the difference first, what is left last."""
    return (_asked(gap, channel), *_because(channel), _left(channel))


def notes(gap: Gap) -> tuple[str, ...]:
    """How the figures are meant, and what was left out."""
    found = [
        "Simulated: the fewest agents of an interval with which the share of its contacts answered in time meets the "
        "target, all intervals moved up and down together from what Erlang A asks for. A single interval may be an "
        f"agent off; the sum hardly. Intervals with fewer than {FEWEST} contacts in all replications are left out of "
        "every row.",
        "What a thing adds is what is needed less what is needed with it switched off, the others on.",
    ]
    if gap.replications > 1:
        found[-1] += " Brackets are 95 % intervals over replications (bootstrap)."
    else:
        found.append("From one replication nobody can tell how sure this is; take 10 or more.")
    if gap.skipped:
        found.append(f"Too few contacts to judge: {listed(list(gap.skipped))}.")
    beyond = [f"{each.beyond} of {each.channel}" for each in gap.channels if each.beyond]
    if beyond:
        found.append(f"Intervals that need more agents than were tried, counted with one more: {listed(beyond)}.")
    return tuple(found)


def _name(gap: Gap) -> str:
    return gap.scenario if gap.variant is None else f"{gap.scenario}, {gap.variant}"


# --- the table -------------------------------------------------------------------------------------------------------


def _table(gap: Gap, channel: ChannelGap) -> str:
    busiest = channel.busiest
    added = {part.name: part for part in channel.parts}
    several = [("without all of these", channel.bare)] if len(channel.without) > 1 else []
    rows = [
        (f"{title(channel.channel)}, {_target(channel)}", "agent-hours", "", "it adds", "", _when(gap, busiest)),
        _row("Erlang C", channel.erlang_c, busiest),
        _row("Erlang A", channel.erlang_a, busiest),
        ("scheduled", _hours(channel.scheduled_hours), "", "", "", f"{channel.scheduled[busiest]:.3g}"),
        _row("needed (simulated)", channel.simulated, busiest),
        *(_row(f"  without: {NAMES[name]}", need, busiest, added[name]) for name, need in channel.without.items()),
        *(_row(f"  {name}", need, busiest) for name, need in several),
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    places = (str.ljust, str.rjust, str.ljust, str.rjust, str.ljust, str.rjust)
    lines = (
        "  ".join(place(cell, width) for place, cell, width in zip(places, row, widths, strict=True)) for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def _row(name: str, need: Need, busiest: int, part: Part | None = None) -> tuple[str, ...]:
    agents = f"{need.agents[busiest]:.0f}"
    if part is None:
        return name, _hours(need.hours), _interval(need), "", "", agents
    return name, _hours(need.hours), _interval(need), _signed(part.hours), _interval(part), agents


def _when(gap: Gap, number: int) -> str:
    """The interval that stands for the busiest: Mon 10:30."""
    moment = gap.at(number)
    return f"agents {DAYS[moment.weekday()].capitalize()} {moment:%H:%M}, the busiest"


def _target(channel: ChannelGap) -> str:
    return f"{100 * channel.share:.3g} % within {say_duration(channel.within)}"


# --- the sentences ---------------------------------------------------------------------------------------------------


def _asked(gap: Gap, channel: ChannelGap) -> str:
    more, erlang = channel.gap, channel.erlang_c
    needs = (
        f"{title(channel.channel)} needs {_with(channel.simulated)} agent-hours {_per(gap)} to meet "
        f"{_target(channel)}. "
        f"Erlang C asks for {_with(erlang)}, Erlang A for {_with(channel.erlang_a)}; {_hours(channel.scheduled_hours)} "
        f"are scheduled.{_quiet(gap, channel)}"
    )
    if _doubtful(more):
        return f"{needs} That the simulation differs from Erlang C in all, by {_change(more)}, is not clear."
    if abs(more.hours) < 0.5:
        return f"{needs} The simulation and Erlang C agree."
    way = "too few" if more.hours > 0 else "too many"
    return f"{needs} Erlang C asks for {_amount(more)} {way}: {whole(abs(more.hours) / erlang.hours)} of its own."


def _quiet(gap: Gap, channel: ChannelGap) -> str:
    """What the figures leave out, and how many replications would take it in; nothing where nothing is left out."""
    if not channel.quiet.any():
        return ""
    number = int(channel.quiet.sum())
    of = f"{number} interval{'s' * (number != 1)} too quiet to judge"
    runs = f"fewer than {FEWEST} contacts in {gap.replications} replication{'s' * (gap.replications != 1)}"
    total = channel.scheduled_hours + channel.quiet_hours
    said = (
        f" Of {_hours(total)} scheduled agent-hours {_hours(channel.quiet_hours)} are in {of} ({runs}) and are in none "
        "of these figures"
    )
    offered = channel.offered[channel.quiet]
    if not offered.any():
        return f"{said}."
    # in whole tens: it is known from a few contacts
    enough = 10 * math.ceil(FEWEST / float(offered[offered > 0].min()) / 10)
    which = "them" if offered.all() else "those in which anything came"
    return f"{said}; sim erlang --replications {enough} or so would judge {which}."


def _because(channel: ChannelGap) -> list[str]:
    """What each thing does, the largest first, with a reason; what is not clear, by name."""
    parts = [part for part in channel.parts if part.name != LEFT and part.hours]
    told = sorted((part for part in parts if not _doubtful(part)), key=lambda part: -abs(part.hours))
    found = [_told(channel, part) for part in told]
    rest = [f"{NAMES[part.name]} {_change(part)}" for part in parts if _doubtful(part)]
    return [*found, f"Not clear from 0: {listed(rest)}."] if rest else found


def _told(channel: ChannelGap, part: Part) -> str:
    adds = part.hours > 0
    words = f"{'adds' if adds else 'takes off'} {_amount(part)}"
    if part.name == TOGETHER:
        return f"That these act together {words}: the parts are each found with the others on."
    subject = _SUBJECT[part.name].format(at_once=channel.at_once)
    return f"That {subject} {words}: {_BECAUSE[part.name][0 if adds else 1]}."


def _left(channel: ChannelGap) -> str:
    left = channel.parts[-1]
    known = ", which is not clear from 0" if _doubtful(left) else ""
    return (
        f"With all of that off, the simulation and Erlang C differ by {_change(left)} agent-hours{known}. What is "
        "left is demand that changes where Erlang takes it as settled, queues carried from one interval to the next, "
        "and handle times that are not exponential."
    )


def _doubtful(part: Part) -> bool:
    """Whether 0 is in its interval; of one replication nothing is called so."""
    return part.low <= 0 <= part.high


def _per(gap: Gap) -> str:
    """What the hours are of: a week, a day, or a run of another length."""
    days = len(gap.channels[0].starts) * gap.interval / DAY
    return {1.0: "a day", 7.0: "a week"}.get(days) or f"in {days:.3g} days"


def _hours(hours: float) -> str:
    return f"{hours:z,.0f}"


def _signed(hours: float) -> str:
    number = f"{hours:+z,.0f}".replace("-", "−")
    return "0" if number == "+0" else number


def _interval(of: Need | Part) -> str:
    if math.isnan(of.low):
        return ""
    return f"[{_hours(of.low)}, {_hours(of.high)}]".replace("-", "−")


def _with(need: Need) -> str:
    """771 [742, 800]."""
    return f"{_hours(need.hours)} {_interval(need)}".rstrip()


def _change(part: Part) -> str:
    """+31 [1, 60]."""
    return f"{_signed(part.hours)} {_interval(part)}".rstrip()


def _amount(part: Part) -> str:
    """The same without its sign: 16 [10, 22] of what takes off so much."""
    ends = sorted((abs(part.low), abs(part.high)))
    return _change(replace(part, hours=abs(part.hours), low=ends[0], high=ends[1])).lstrip("+")


def _filled(sentence: str) -> str:
    return textwrap.fill(sentence, WIDTH, subsequent_indent="  ", break_on_hyphens=False)


# --- the same for sheets, programs and pictures ----------------------------------------------------------------------


def rows(gap: Gap) -> tuple[list[str], list[list[Any]]]:
    """Header, and one row a channel and interval in which anything is offered or anybody scheduled; empty cells are
    None. `difference` is simulated less Erlang C; `without_…` is what is needed with that switched off."""
    switches = [name for name in SWITCHES if any(name in channel.without for channel in gap.channels)]
    header = [
        "start", "weekday", "channel", "offered", "erlang_c", "erlang_a", "simulated", "scheduled", "difference",
        *(f"without_{name}" for name in switches),
    ]  # fmt: skip
    found = []
    for channel in gap.channels:
        none = np.full(len(channel.starts), np.nan)
        c, needed = channel.erlang_c.agents, channel.simulated.agents
        columns = [
            channel.offered, c, channel.erlang_a.agents, needed, channel.scheduled, needed - c,
            *(channel.without[name].agents if name in channel.without else none for name in switches),
        ]  # fmt: skip
        cells = np.round(np.stack(columns, axis=1), 6)
        for number in np.flatnonzero((channel.offered > 0) | (channel.scheduled > 0)).tolist():
            moment = gap.at(number)
            when = [moment.isoformat(timespec="minutes"), DAYS[moment.weekday()], channel.channel]
            found.append([*when, *map(_cell, cells[number].tolist())])
    return header, found


def _cell(value: float) -> float | None:
    return value if math.isfinite(value) else None


def document(gap: Gap) -> dict[str, Any]:
    """All of it as data for JSON."""
    return {
        "scenario": gap.scenario,
        "variant": gap.variant,
        "seed": gap.seed,
        "replications": gap.replications,
        "simulated_runs": gap.simulated,
        "interval": gap.interval,
        "skipped": list(gap.skipped),
        "channels": [_channel_document(gap, channel) for channel in gap.channels],
    }


def _channel_document(gap: Gap, channel: ChannelGap) -> dict[str, Any]:
    return {
        "channel": channel.channel,
        "target": {"share": channel.share, "within": channel.within},
        "at_once": channel.at_once,
        "intervals_judged": int(channel.judged.sum()),
        "intervals_beyond": channel.beyond,
        "busiest": gap.at(channel.busiest).isoformat(timespec="minutes"),
        "start": [gap.at(number).isoformat(timespec="minutes") for number in range(len(channel.starts))],
        "offered": _cells(channel.offered),
        "scheduled": {
            "hours": channel.scheduled_hours,
            "hours_too_quiet": channel.quiet_hours,
            "agents": _cells(channel.scheduled),
        },
        "erlang_c": _need(channel.erlang_c),
        "erlang_a": _need(channel.erlang_a),
        "simulated": _need(channel.simulated),
        "without": {
            name: _need(need) | {"changes": list(channel.changes[name])} for name, need in channel.without.items()
        },
        "without_all": _need(channel.bare),
        "difference": _part(channel.gap),
        "parts": {part.name: _part(part) for part in channel.parts},
        "sentences": list(sentences(gap, channel)),
    }


def _need(need: Need) -> dict[str, Any]:
    return {"hours": need.hours, "low": _cell(need.low), "high": _cell(need.high), "agents": _cells(need.agents)}


def _part(part: Part) -> dict[str, float | None]:
    return {"hours": part.hours, "low": _cell(part.low), "high": _cell(part.high)}


def _cells(values: Floats) -> list[float | None]:
    return [_cell(value) for value in np.round(values, 6).tolist()]


def picture(gap: Gap) -> ErlangGap:
    """The data of the plot `erlang_gap`: from Erlang C over the parts of the gap to what is needed."""
    from sim.plots.erlang_gap import ChannelSteps, ErlangGap, Hours

    def hours(name: str, of: Need | Part) -> Hours:
        return Hours(name, of.hours, of.low, of.high)

    return ErlangGap(
        tuple(
            ChannelSteps(
                title(channel.channel),
                _target(channel),
                hours("Erlang C", channel.erlang_c),
                tuple(hours(NAMES[part.name], part) for part in channel.parts if _applies(channel, part)),
                hours("needed (simulated)", channel.simulated),
                hours("difference", channel.gap),
                (hours("Erlang A", channel.erlang_a), Hours("scheduled", channel.scheduled_hours)),
            )
            for channel in gap.channels
        ),
        _per(gap) if gap.channels else "",
        gap.replications,
    )


def _applies(channel: ChannelGap, part: Part) -> bool:
    return part.name != TOGETHER or len(channel.without) > 1
