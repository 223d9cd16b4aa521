"""What the terminal says after a run: a short verdict in words, then a table."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from datetime import datetime

import numpy as np

from sim.draws import ATTEMPTS
from sim.estimate import Estimate
from sim.measures.clearing import first_staffed
from sim.measures.constants import assumed_by
from sim.report import answer, days, precision, routes, thresholds
from sim.report.document import variant
from sim.report.figures import Figures, growth, interval, lasts, listed, spread, title, whole
from sim.run import Result
from sim.scenario import lower
from sim.schemas import TICKS_PER_SECOND
from sim.units import say_duration, say_money, say_share

WIDTH = 118
HOUR = 3600
DAY = 86_400 * TICKS_PER_SECOND


def report(result: Result) -> str:
    """The whole text."""
    parts = [
        _headline(result),
        "\n".join(wrapped(line) for line in answer.text(result).splitlines()),
        wrapped(precision.text(result)),
        thresholds.text(result),
        "\n".join(wrapped(line, "  ") for line in _verdict(result)),
        _table(result),
        _assumptions(result),
    ]
    return "\n\n".join(part for part in parts if part)


def _headline(result: Result) -> str:
    of = Figures(result)
    issues, offered = of("issues").value or 0, of("offered").value or 0
    return (
        f"{result.scenario.name} · {variant(result)} · {_spans(result, result.replications)} simulated · "
        f"{issues:,.0f} issues and {offered:,.0f} contacts each"
    )


def _spans(result: Result, number: int) -> str:
    """A number of what a replication is: 30 weeks, 1 run of 3 days, 5 runs of 30 min."""
    days = lasts(result)
    plural = "s" * (number != 1)
    if days == 7:
        return f"{number} week{plural}"
    length = f"{days:g} day{'s' * (days != 1)}" if days >= 1 else say_duration(86_400 * days)
    return f"{number} run{plural} of {length}"


def sentences(result: Result) -> tuple[str, ...]:
    """What happens, in sentences: the answer to the scenario's question first, if it asks one."""
    return (*answer.text(result).splitlines(), *_verdict(result))


def _verdict(result: Result) -> list[str]:
    lines = [_channel(result, code) for code in range(len(result.desk.channels))]
    lines += [_customers(result), _cost(result), *routes.of_desk(result), _holidays(result), _limits(result)]
    return [line for line in lines if line]


def _channel(result: Result, code: int) -> str:
    of, channel = Figures(result), result.desk.channels[code]
    if channel.automatic:
        return routes.self_service(result, code)
    level = of("service_level", channel.name)
    if level.value is None:
        return f"{title(channel.name)}: nobody made contact."
    share, within = channel.target.share, say_duration(channel.target.within / TICKS_PER_SECOND)
    within += " of opening hours" if channel.target.business is not None else ""
    if level.low is None or level.high is None:
        verdict = "meets its target" if level.value >= share else "misses its target"
    elif level.low >= share:
        verdict = "meets its target"
    elif level.high < share:
        verdict = "misses its target"
    else:
        verdict = "is on the edge of its target"
    text = (
        f"{title(channel.name)} {verdict}: {say_share(level.value)} answered within {within} {interval(level, 100)} "
        f"of {whole(share)}."
    )
    more = (_met(result, code), _worst(result, code), _backlog(result, code), routes.of_channel(result, code))
    return " ".join(filter(None, (text, *more)))


def _met(result: Result, code: int) -> str:
    """In how many of the simulated weeks the target was met: the risk, apart from the error of the mean; in what share
    of the intervals of a live channel; and on how many of the worst weekday's days."""
    name, share = result.desk.channels[code].name, result.desk.channels[code].target.share
    parts = [summary.parts["service_level"][name, None] for summary in result.summaries]
    met = sum(above / below >= share for above, below in parts if below > 0)
    often = [f"in {met} of {_spans(result, len(parts))}"] if len(parts) > 1 else []
    by_interval = Figures(result)("intervals_met", name)
    if by_interval.value is not None:
        length = result.desk.interval / TICKS_PER_SECOND
        what = _LENGTHS.get(length, f"intervals of {say_duration(length)}")
        often.append(f"in {whole(by_interval.value)} of {what}{spread(by_interval, 100)}")
    sentences = [f"It is met {' and '.join(often)}." if often else "", days.sentence(result, code)]
    return " ".join(filter(None, sentences))


_LENGTHS = {900.0: "quarter-hours", 1800.0: "half-hours", 3600.0: "hours"}


def _worst(result: Result, code: int) -> str:
    """The hour of the scenario in which most contacts miss the target, for a live channel that misses some."""
    channel, sheet = result.desk.channels[code], result.intervals
    if not channel.live:
        return ""
    missed = sheet.offered[code] * (1 - np.nan_to_num(sheet.service_level[code], nan=1.0))
    per = max(1, HOUR * TICKS_PER_SECOND // result.desk.interval)
    hours = len(missed) // per
    by_hour = missed[: hours * per].reshape(hours, per).sum(1)
    offered = sheet.offered[code][: hours * per].reshape(hours, per).sum(1)
    if not hours or by_hour.sum() < 1:
        return ""
    worst = int(by_hour.argmax())
    rows = slice(worst * per, (worst + 1) * per)
    start = float(sheet.starts[worst * per])
    moment = lower.calendar(result.scenario).local(start)
    in_time = 1 - by_hour[worst] / offered[worst]
    twice = " (an hour that comes twice)" if _comes_twice(moment) else ""
    hour = f"{_moment(result, start)}–{(moment.hour + 1) % 24:02d}:00{twice}"
    answered = f"{whole(in_time)} of {offered[worst]:,.0f} contacts are answered in time"
    return f"Most contacts miss it {hour}: {answered}; {_people(result, code, rows)} scheduled."


def _people(result: Result, code: int, rows: slice) -> str:
    """Who is needed and who is there, in the interval of those that needs most."""
    needed, there = np.nan_to_num(result.intervals.required_c[code][rows]), result.intervals.scheduled[code][rows]
    peak = int(needed.argmax())
    here = f"{there[peak]:,.1f}".removesuffix(".0")
    verb = "is" if here == "1" else "are"
    if not needed[peak]:
        return f"{_counted(here)} {verb}"
    moment = lower.calendar(result.scenario).local(float(result.intervals.starts[rows][peak]))
    return f"at {moment:%H:%M} Erlang C asks for {_counted(f'{needed[peak]:,.0f}')}, and {here} {verb}"


def _counted(number: str) -> str:
    return f"{number} {'person' if number == '1' else 'people'}"


def _comes_twice(moment: datetime) -> bool:
    """Whether the clocks show a moment a second time when they go back."""
    return moment.replace(fold=0).utcoffset() != moment.replace(fold=1).utcoffset()


def _day(result: Result, seconds: float) -> str:
    """The weekday so many seconds after the start; with the date where a weekday comes more than once."""
    days = lower.calendar(result.scenario)
    moment, within_a_week = days.local(seconds), lasts(result) <= 7 and days.day(seconds) < 7
    return f"{moment:%A}" if within_a_week else f"{moment:%A} {moment.day} {moment:%B}"


def _moment(result: Result, seconds: float) -> str:
    return f"{_day(result, seconds)} {lower.calendar(result.scenario).local(seconds):%H:%M}"


def _clears(result: Result, code: int) -> str:
    """What waits when the staff of a deferrable channel first come, and when the last of it is answered."""
    of, name, runs = Figures(result), result.desk.channels[code].name, result.replications
    waiting, cleared = of("backlog_at_start", name), of("backlog_cleared", name)
    tick = first_staffed(result.desk, code)
    if tick is None or not waiting.value or round(waiting.value) == 0:
        return ""
    start = tick / TICKS_PER_SECOND
    text = f"{_day(result, start)} starts with {waiting.value:,.0f} waiting{spread(waiting)}"
    half, most = (_interval_end(result, of(clears, name).value) for clears in ("backlog_clears", "backlog_clears_p90"))
    spans = "weeks" if lasts(result) == 7 else "runs"
    if half is not None:
        text += f", all answered by {_later(result, start, half)}"
        if runs > 1:
            text += f" in nine of ten {spans}" if half == most else f" in half of the {spans}"
        if most not in (None, half):
            text += f", by {_later(result, half, most)} in nine of ten"
    stuck = round(runs * (1 - (cleared.value or 0.0)))
    if stuck:
        text += f"; in {stuck} of {_spans(result, runs)} some of them still wait when the clock stops"
    return text + "."


def _interval_end(result: Result, seconds: float | None) -> float | None:
    """The first boundary of intervals at or after a moment: by then it has come."""
    length = result.desk.interval / TICKS_PER_SECOND
    return None if seconds is None else math.ceil(seconds / length) * length


def _later(result: Result, before: float, seconds: float) -> str:
    """A moment in words, without its day where that is the day of the moment before."""
    same = _day(result, before) == _day(result, seconds)
    return _moment(result, seconds).removeprefix(f"{_day(result, before)} ") if same else _moment(result, seconds)


def _backlog(result: Result, code: int) -> str:
    channel, backlog = result.desk.channels[code], result.intervals.backlog[code]
    if channel.live or not backlog.any():
        return ""
    text, peak = _clears(result, code), int(backlog.argmax())
    at_start = Figures(result)("backlog_at_start", channel.name).value or 0.0
    if round(backlog[peak]) > round(at_start):
        moment = _moment(result, float(result.intervals.starts[peak]))
        text = f"{text} The backlog is longest {moment}: {backlog[peak]:,.0f} wait on average.".lstrip()
    grown = growth(result, code)
    if grown is None:
        return text
    grows = f"The backlog grows from {grown[0]:,.0f} to {grown[1]:,.0f}: more work comes than is done"
    return f"{text} {grows}, and waits depend on how long that lasts."


def _customers(result: Result) -> str:
    of = Figures(result)
    satisfaction, churn = of("satisfaction"), of("excess_churn")
    if satisfaction.value is None or churn.value is None:
        return ""
    sign = -1 if churn.value < 0 else 1
    slope, complaints = (
        " to ".join(f"{end:z.1f}" for end in sorted((sign * band.low, sign * band.high)))
        for band in of.bands("excess_churn")
    )
    return (
        f"Customers: satisfaction {satisfaction.value:.1f} of 100 {interval(satisfaction)}; these contacts "
        f"{'keep' if sign < 0 else 'cost'} {abs(churn.value):.1f} customers over the next year "
        f"{interval(churn, sign=sign)}. That is {slope} if satisfaction moves churn less or more than assumed, and "
        f"{complaints} if 2 % or 30 % of unsolved issues, not 10 %, end in a complaint."
    )


def _cost(result: Result) -> str:
    of, currency = Figures(result), result.desk.currency
    cost, each = of("cost"), of("cost_per_contact")
    if cost.value is None:
        return ""
    text = f"Cost: {say_money(cost.value, currency)}"
    if each.value is None:
        return text + "."
    return text + f", {each.value:.2f} {currency} an answered contact {interval(each, digits=2)}."


def _limits(result: Result) -> str:
    """What the run could not see to its end."""
    of = Figures(result)
    open_, offered = of("open").value or 0.0, of("offered").value or 1.0
    capped = sum(summary.capped for summary in result.summaries)
    parts = []
    if open_:
        parts.append(
            f"{100 * open_ / offered:.1f} % of the contacts were still open when the clock stopped; a longer drain "
            "shows their end."
        )
    if capped:
        parts.append(f"{capped:,} times a customer would have tried more often than {ATTEMPTS} times, and was stopped.")
    for name, counted in lower.counted(result.scenario).items():
        parts.append(
            f"Of {counted.offered:,.0f} {name} contacts counted in a normal week, {counted.issues:,.0f} are first "
            "attempts."
        )
    return " ".join(["Note:", *parts]) if parts else ""


def _holidays(result: Result) -> str:
    """Those in the measured time: Fri 25 and Sat 26 December."""
    days = lower.calendar(result.scenario)
    last = days.local((result.desk.horizon - 1) / TICKS_PER_SECOND).date()
    months: dict[str, list[str]] = {}
    for day in sorted(day for day in days.holidays if days.day_of(0) <= day <= last):
        months.setdefault(f"{day:%B %Y}", []).append(f"{day:%a} {day.day}")
    named = [f"{listed(of_month)} {month.split()[0]}" for month, of_month in months.items()]
    return f"Holidays: {listed(named)}." if named else ""


def _table(result: Result) -> str:
    of = Figures(result)
    header = ("", "offered", "answered", "within target", "mean wait", "90 % wait at most", "occupancy", "satisfaction")
    rows = [header]
    for channel in result.desk.channels:
        name = channel.name
        if channel.automatic and not of("offered", name).value:
            continue
        rows.append(
            (
                name,
                _number(of("offered", name), ",.0f"),
                _percent(of("answer_rate", name)),
                _percent(of("service_level", name), spread=True),
                _time(of("wait", name)),
                _time(of("wait_p90", name)),
                _percent(of("occupancy", name)),
                _number(of("satisfaction", name), ".1f"),
            )
        )
    return aligned(rows)


def _assumptions(result: Result) -> str:
    assumed = {**result.scenario.assumed, **assumed_by(result.desk)}
    weak = [path for path, default in assumed.items() if default.grade == "C"]
    if not weak:
        return ""
    return wrapped(
        f"{len(assumed)} defaults were used, {len(weak)} of them grade C (judgement); "
        f"`sim validate {result.scenario.file}` lists them with source and range. Intervals are 95 % over "
        "replications."
    )


def wrapped(text: str, indent: str = "") -> str:
    """Lines that break at spaces only, so that half-hours and the names of files stay whole, and not before a percent
    sign."""
    filled = textwrap.fill(
        text.replace(" %", "\0%"), WIDTH, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False
    )
    return filled.replace("\0", " ")


def aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for name, *cells in rows:
        padded = [name.ljust(widths[0]), *map(str.rjust, cells, widths[1:])]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def _percent(estimate: Estimate, *, spread: bool = False) -> str:
    if estimate.value is None:
        return "–"
    if not spread or estimate.low is None or estimate.high is None:
        return say_share(estimate.value)
    return f"{100 * estimate.value:.1f} ± {50 * (estimate.high - estimate.low):.1f} %"


def _number(estimate: Estimate, form: str) -> str:
    return "–" if estimate.value is None else format(estimate.value, form)


def _time(estimate: Estimate) -> str:
    return "–" if estimate.value is None else say_duration(estimate.value)
