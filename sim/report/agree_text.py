"""A load test held against its prediction, as text and as JSON: what agrees, what does not and why, then the tables."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from sim import plots, results
from sim.agree import (
    BY_INTERVAL,
    CORRELATED,
    CYCLES,
    MOMENTS,
    NEAR,
    WAIT,
    Agreement,
    Channel,
    Criterion,
    Measure,
    Pair,
    Row,
    Series,
)
from sim.plots import agreement as picture
from sim.report.console import aligned, wrapped
from sim.report.figures import title
from sim.units import say_duration, say_share

DASH = "–"
MARKS = {True: "✓", False: "✗", None: DASH}
VOID = "VOID: nothing may be claimed of these figures"
MOST_INTERVALS = 24
"""Lines of a table by interval; more are in the document."""
FEW_NAMES = 5
_UNITS = ((90.0, 1.0, "s"), (5400.0, 60.0, "min"), (172_800.0, 3600.0, "h"), (math.inf, 86_400.0, "d"))
STEP_WORDS = {
    "send": "from due until the desk has it",
    "take": "an agent takes it",
    "answer": "an agent answers and resolves it",
    "see": "the customer sees the answer",
    "reply": "the customer's reply arrives",
}


def report(result: Agreement) -> str:
    """The whole text."""
    parts = [
        _headline(result),
        _verdict(result),
        *(_criteria(channel) for channel in result.channels),
        _apart(result),
        _reach(result),
        *(_three_ways(result, channel) for channel in result.channels),
        _latencies(result),
        *(_by_interval(result, channel) for channel in result.channels),
        _contacts(result),
        _largest(result),
    ]
    return "\n\n".join(part for part in parts if part)


# --- what agrees, what does not, and why -----------------------------------------------------------------------------


def _headline(result: Agreement) -> str:
    plan = result.observed.plan
    hours = (plan["window"][1] - plan["window"][0]) / 1000
    return wrapped(
        f"{result.observed.scenario.name} · a load test against its prediction · {result.starts:%a %Y-%m-%d %H:%M}, "
        f"{say_duration(hours)} at {result.speed:g} × real time · {plan['helpdesk']} at {plan['host']} · seed "
        f"{result.seed}"
    )


def _verdict(result: Agreement) -> str:
    if result.void:
        return "\n".join([f"✗ {VOID}.", *(wrapped(f"  {reason}", "  ") for reason in result.void)])
    if result.agrees:
        return "✓ The test agrees with the prediction."
    missed = [channel.name for channel in result.channels if channel.agrees is False]
    if missed:
        return f"✗ The test does not agree with the prediction: {', '.join(missed)}."
    return f"{DASH} Whether the test agrees cannot be said: not all of it can be compared."


def _criteria(channel: Channel) -> str:
    lines = [f"{title(channel.name)}, by {'mail' if channel.wire == 'email' else 'REST'}"]
    for criterion in channel.criteria:
        lines.append(wrapped(f"  {MARKS[criterion.met]} {_found(channel, criterion)}", "    "))
    return "\n".join(lines)


def _found(channel: Channel, criterion: Criterion) -> str:
    if criterion.name == "mean_wait":
        return _mean_wait(channel, criterion)
    if criterion.name == "backlog":
        if criterion.met is None:
            return f"backlog by minute: not compared, {criterion.why}"
        return (
            f"backlog by minute: r {_number(channel.minutes.r)} ({CORRELATED:g} is asked for), mean absolute error "
            f"{_number(channel.minutes.mae)} contacts"
        )
    return _firsts(channel, criterion)


def _mean_wait(channel: Channel, criterion: Criterion) -> str:
    row = channel.row(WAIT)
    figures = f"{_time(row.observed)} observed, {_delayed(row)} predicted with latencies"
    if criterion.met is None:
        return f"mean wait: {figures}; not compared, {criterion.why}"
    inside = row.delayed.low <= row.observed <= row.delayed.high
    off = f"{say_share(abs(criterion.value))} {'more' if criterion.value > 0 else 'less'}"
    return f"mean wait: {figures}; {off} ({100 * NEAR:.0f} % is allowed), {'inside' if inside else 'outside'} the band"


def _firsts(channel: Channel, criterion: Criterion) -> str:
    firsts = channel.firsts
    if criterion.met is None:
        return f"first contacts: {criterion.why}"
    planned = firsts.matched + len(firsts.missing)
    text = f"first contacts: {firsts.matched:,} of {planned:,} are there row for row"
    text += f", of which {say_share(criterion.value)} ended alike" if firsts.matched else ""
    if firsts.missing:
        text += f"; not there: {_names(firsts.missing)}"
    if firsts.unexpected:
        text += f"; there and not predicted: {_names(firsts.unexpected)}"
    return text


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - FEW_NAMES:,} more" if len(names) > FEW_NAMES else ""
    return ", ".join(names[:FEW_NAMES]) + more


def _apart(result: Agreement) -> str:
    return "\n".join(wrapped(f"{title(name)} takes no part ({why}).") for name, why in result.apart)


def _reach(result: Agreement) -> str:
    lines = [
        "With synthetic agents this verifies the transport and the desk, not that people behave so."
        if result.synthetic
        else "People answered, and the prediction has the scenario's agents: what differs may be theirs or the desk's."
    ]
    slower = _slower(result)
    if slower:
        lines.append(slower)
    return "\n".join(wrapped(line) for line in lines)


def _slower(result: Agreement) -> str:
    """At what speed the durations of work could be compared."""
    short = [
        row.predicted
        for channel in result.channels
        for row in channel.rows
        if row.measure.name == "handle_time" and row.why_not and row.predicted > 0
    ]
    if not short or result.cycle is None:
        return ""
    speed = math.floor(min(short) / (CYCLES * result.cycle))
    return (
        f"An agent's requests took {result.cycle:.2f} s a ticket: with --speed {speed} or less handle times can be "
        "compared, and waits that are as long."
        if speed >= 1
        else f"An agent's requests took {result.cycle:.2f} s a ticket: even at real time that is too slow to compare."
    )


# --- the three tables ------------------------------------------------------------------------------------------------


def _three_ways(result: Agreement, channel: Channel) -> str:
    header = ("", "predicted", "with latencies", "95 % of these", "observed", "server's share", "")
    rows = [
        (
            row.measure.title,
            _value(row.measure, row.predicted),
            _value(row.measure, row.delayed.mean),
            _range(row),
            _value(row.measure, row.observed),
            DASH if row.server is None else f"{100 * row.server:.0f} %",
            "not compared" if row.why_not else "",
        )
        for row in channel.rows
    ]
    reasons = dict.fromkeys(row.why_not for row in channel.rows if row.why_not)
    notes = [f"Not compared: {reason}." for reason in reasons]
    return "\n".join(
        [
            _caption(result, f"{title(channel.name)}, in scenario time"),
            aligned([header, *rows]),
            *(wrapped(f"  {note}", "  ") for note in notes),
            "  Server's share: of what observed and predicted differ, where that is more than the band is wide.",
        ]
    )


def _latencies(result: Agreement) -> str:
    header = ("", "contacts", "mean", "median", "95 %", "mean in the scenario")
    rows = [
        (
            STEP_WORDS[step],
            f"{len(times):,}",
            *(f"{_number(1000 * value)} ms" for value in (times.mean(), *np.quantile(times, (0.5, 0.95)))),
            say_duration(float(times.mean()) * result.speed),
        )
        for step, times in result.steps.items()
    ]
    if not rows:
        return ""
    return "\n".join(
        [
            _caption(result, "What the desk took, in wall time"),
            aligned([header, *rows]),
            f"  {result.simulations} simulations with them; the customers and their luck are the same in each.",
        ]
    )


def _by_interval(result: Agreement, channel: Channel) -> str:
    series = channel.intervals
    some = np.flatnonzero(
        sum((np.nan_to_num(getattr(series[name], side)) for name in ("offered", "backlog") for side in
             ("predicted", "mean", "observed")), np.zeros(1)) > 0
    )  # fmt: skip
    lines = [
        _caption(result, f"{title(channel.name)} by interval: predicted, with latencies, observed"),
        " " * 9 + "".join(f"{name:^27}" for name in ("offered", "answered", "mean wait, s", "backlog at its start")),
    ]
    for number in some[:MOST_INTERVALS].tolist():
        cells = (
            f"{_number(float(getattr(series[name], side)[number])):>9}"
            for name in BY_INTERVAL
            for side in ("predicted", "mean", "observed")
        )
        lines.append(f"{_start(result, number):<9}" + "".join(cells))
    if len(some) > MOST_INTERVALS:
        lines.append(f"  {len(some) - MOST_INTERVALS:,} more intervals are in --json and --out.")
    fits = ", ".join(f"{name} r {_number(series[name].r)}" for name in ("offered", "answered", "backlog"))
    lines.append(f"  Over {len(series['offered'].observed)} intervals, with latencies against observed: {fits}.")
    return "\n".join(line.rstrip() for line in lines)


def _start(result: Agreement, number: int) -> str:
    return f"{_moment(result, number * result.observed.desk.interval / 1000):%a %H:%M}"


def _moment(result: Agreement, seconds: float) -> Any:
    from sim.scenario import lower

    since = result.observed.plan["window"][0] / 1000
    return lower.calendar(result.observed.scenario).local(since + seconds)


# --- contact by contact ----------------------------------------------------------------------------------------------


def _contacts(result: Agreement) -> str:
    if not result.pairs:
        return ""
    predicted, observed, both = result.later
    header = ("", "contacts", "mean", "median", "95 % within", "mean", "median", "95 % within")
    rows = []
    for name in MOMENTS:
        one, other = (result.residuals(name, beside=beside) for beside in ("predicted", "delayed"))
        cells = (_number(value) for each in (one, other) for value in (each.mean, each.median, each.p95))
        rows.append((name, f"{one.count:,}", *cells))
    firsts = sum(pair.first for pair in result.pairs)
    return "\n".join(
        [
            _caption(result, "Contact by contact, in seconds: observed less predicted, then less with latencies"),
            aligned([header, *rows]),
            wrapped(
                f"  {firsts:,} first contacts are matched by issue. Of {predicted:,} further ones predicted and "
                f"{observed:,} observed, {both:,} are the same issue, attempt and cause: whether a customer comes back "
                "depends on what went before.",
                "  ",
            ),
        ]
    )


def _largest(result: Agreement) -> str:
    if not result.largest:
        return ""
    header = ("contact", "channel", "wait predicted", "with latencies", "observed", "observed less that")
    rows = [
        (pair.contact, pair.channel, *(_time(each[3]) for each in (pair.predicted, pair.delayed, pair.observed)),
         f"{pair.differs('wait', beside='delayed'):+,.0f} s")
        for pair in result.largest
    ]  # fmt: skip
    return "\n".join(
        [
            _caption(result, "The waits farthest from their prediction"),
            aligned([header, *rows]),
            "  The ledger has all of a contact under its number.",
        ]
    )


def _caption(result: Agreement, text: str) -> str:
    return f"{text} (VOID)" if result.void else text


def _value(measure: Measure, value: float) -> str:
    if measure.unit == "s":
        return _time(value)
    if measure.unit == "share":
        return say_share(value)
    return _number(value)


def _range(row: Row) -> str:
    return f"{_value(row.measure, row.delayed.low)} to {_value(row.measure, row.delayed.high)}"


def _delayed(row: Row) -> str:
    return f"{_time(row.delayed.mean)} ({_range(row)})"


def _time(seconds: float) -> str:
    """As elsewhere, to three digits: what is nearly the same is to be told apart."""
    if not math.isfinite(seconds):
        return DASH
    unit, word = next(each[1:] for each in _UNITS if abs(seconds) < each[0])
    return f"{_number(seconds / unit)} {word}"


def _number(value: float) -> str:
    """Whole where it is, else to about three digits."""
    if not math.isfinite(value):
        return DASH
    if value == round(value):
        return f"{value:,.0f}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}" if abs(value) >= 10 else f"{value:,.2f}"


# --- as data, and as files -------------------------------------------------------------------------------------------


def document(result: Agreement) -> dict[str, Any]:
    """Everything that the text shows, unrounded; times in seconds of the scenario, latencies in wall seconds, what is
    not known null. `agrees` is null where it cannot be said."""
    plan = result.observed.plan
    return {
        "agrees": result.agrees,
        "void": list(result.void),
        "meaning": _reach(result).splitlines()[0],
        "predicted": result.predicted_from,
        **{
            name: plan[name]
            for name in ("run", "scenario", "scenario_digest", "population_digest", "seed", "replication")
        },
        "window": list(plan["window"]),
        "speed": result.speed,
        "helpdesk": plan["helpdesk"],
        "host": plan["host"],
        "agents": plan["agents"],
        "simulations": result.simulations,
        "cycle": result.cycle,
        "shortest_compared": result.shortest,
        "p99_lag": result.observed.validity.p99_lag,
        "channels": [_channel(result, channel) for channel in result.channels],
        "apart": [{"channel": name, "why": why} for name, why in result.apart],
        "latencies": {
            step: {"count": len(times), "mean": float(times.mean())}
            | dict(zip(("p50", "p95", "p99"), np.quantile(times, (0.5, 0.95, 0.99)).tolist(), strict=True))
            for step, times in result.steps.items()
        },
        "contacts": _contacts_document(result),
    }


def _channel(result: Agreement, channel: Channel) -> dict[str, Any]:
    return {
        "channel": channel.name,
        "wire": channel.wire,
        "agrees": channel.agrees,
        "criteria": [
            {"name": each.name, "met": each.met, "value": _finite(each.value), "why": each.why}
            for each in channel.criteria
        ],
        "first_contacts": {
            "matched": channel.firsts.matched,
            "ended_alike": channel.firsts.alike,
            "missing": list(channel.firsts.missing),
            "unexpected": list(channel.firsts.unexpected),
        },
        "measures": [
            {
                "measure": row.measure.name,
                "unit": row.measure.unit,
                "predicted": _finite(row.predicted),
                "with_latencies": _finite(row.delayed.mean),
                "low": _finite(row.delayed.low),
                "high": _finite(row.delayed.high),
                "observed": _finite(row.observed),
                "server_share": row.server,
                "not_compared": row.why_not or None,
            }
            for row in channel.rows
        ],
        "backlog": {"r": _finite(channel.minutes.r), "mae": _finite(channel.minutes.mae), **_series(channel.minutes)},
        "intervals": {
            "start": [
                _moment(result, number * result.observed.desk.interval / 1000).isoformat(timespec="minutes")
                for number in range(len(channel.intervals["offered"].observed))
            ],
            **{name: _series(series) for name, series in channel.intervals.items()},
        },
    }


def _series(series: Series) -> dict[str, list[float | None]]:
    return {
        name: [_finite(value) for value in getattr(series, column).tolist()]
        for name, column in (
            ("predicted", "predicted"), ("with_latencies", "mean"), ("low", "low"), ("high", "high"),
            ("observed", "observed"),
        )
    }  # fmt: skip


def _contacts_document(result: Agreement) -> dict[str, Any]:
    def residuals(moment: str, beside: str) -> dict[str, Any]:
        found = result.residuals(moment, beside=beside)
        return {"count": found.count} | {name: _finite(getattr(found, name)) for name in ("mean", "median", "p95")}

    predicted, observed, both = result.later
    return {
        "matched": len(result.pairs),
        "further": {"predicted": predicted, "observed": observed, "both": both},
        "residuals": {
            name: {"predicted": residuals(name, "predicted"), "with_latencies": residuals(name, "delayed")}
            for name in MOMENTS
        },
        "largest": [_pair(pair) for pair in result.largest],
    }


def _pair(pair: Pair) -> dict[str, Any]:
    told: dict[str, Any] = {"contact": pair.contact, "channel": pair.channel}
    for name, values in (("predicted", pair.predicted), ("with_latencies", pair.delayed), ("observed", pair.observed)):
        told |= {f"{name}_{moment}": _finite(value) for moment, value in zip(MOMENTS, values, strict=True)}
    return told


def contacts_csv(result: Agreement) -> str:
    """Every contact that was predicted and observed, a row each: seconds after the window's start, waits in seconds;
    what did not happen is empty."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    rows = [_pair(pair) for pair in result.pairs]
    sides = ("predicted", "with_latencies", "observed")
    names = ["contact", "channel", *(f"{side}_{moment}" for side in sides for moment in MOMENTS)]
    writer.writerow(names)
    writer.writerows([_cell(row[name]) for name in names] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    return "" if value is None else round(value, 3) if isinstance(value, float) else value


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value


def shown(result: Agreement) -> picture.Agreement:
    """What the plot shows."""
    return picture.Agreement(
        starts=result.starts,
        interval=60,
        channels=tuple(
            picture.ChannelAgreement(
                name=channel.name,
                waiting=channel.minutes.observed,
                predicted=channel.minutes.predicted,
                mean=channel.minutes.mean,
                low=channel.minutes.low,
                high=channel.minutes.high,
                expected=_waits(result, channel, "delayed"),
                waits=_waits(result, channel, "observed"),
            )
            for channel in result.channels
        ),
        runs=result.simulations,
        note=f"{VOID}." if result.void else "",
    )


def _waits(result: Agreement, channel: Channel, side: str) -> Any:
    place = MOMENTS.index("wait")
    return np.array(
        [getattr(pair, side)[place] for pair in result.pairs if pair.channel == channel.name], dtype=np.float64
    )


def write(result: Agreement, folder: Path) -> list[Path]:
    """Write agree.txt, agree.json, contacts.csv and the plot into a new folder; returns the paths.

    Raises:
        UsageError: the folder is there already. CannotWrite: it cannot be written.
    """
    results.check_free(folder)
    with results.partial(folder.absolute().parent) as partly:
        (partly / "agree.txt").write_text(report(result) + "\n", encoding="utf-8")
        results.write_json(partly / "agree.json", document(result))
        (partly / "contacts.csv").write_text(contacts_csv(result), encoding="utf-8")
        plots.write("agreement", shown(result), partly)
        return sorted(results.finish(partly, folder).iterdir())
