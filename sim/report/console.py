"""What the terminal says after a run: a short verdict in words, then a table."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import datetime

import numpy as np

from sim.draws import ATTEMPTS
from sim.estimate import Estimate
from sim.measures.constants import ASSUMED
from sim.measures.summary import Band
from sim.report.document import variant
from sim.run import Result
from sim.scenario import lower
from sim.schemas import TICKS_PER_SECOND
from sim.units import say_duration, say_money, say_share

WIDTH = 118
HOUR = 3600
DAY = 86_400 * TICKS_PER_SECOND


def report(result: Result, folder: str) -> str:
    """The whole text; `folder` is the run folder as the user would type it."""
    parts = [_headline(result), _verdict(result), _table(result), _assumptions(result), f"results: {folder}"]
    return "\n\n".join(part for part in parts if part)


class _Figures:
    """The figures of a result, by name and channel."""

    def __init__(self, result: Result) -> None:
        self._found = {
            (figure.measure.name, figure.channel): figure for figure in result.figures if figure.segment is None
        }

    def __call__(self, name: str, channel: str | None = None) -> Estimate:
        found = self._found.get((name, channel))
        return found.estimate if found is not None else Estimate.not_observed(0)

    def bands(self, name: str) -> tuple[Band, ...]:
        return self._found[name, None].bands


def _headline(result: Result) -> str:
    of = _Figures(result)
    issues, offered = of("issues").value or 0, of("offered").value or 0
    return (
        f"{result.scenario.name} · {variant(result)} · {_spans(result, result.replications)} simulated · "
        f"{issues:,.0f} issues and {offered:,.0f} contacts each"
    )


def _spans(result: Result, number: int) -> str:
    """A number of what a replication is: 30 weeks, 1 run of 3 days, 5 runs of 30 min."""
    days = result.desk.horizon / TICKS_PER_SECOND / 86_400
    plural = "s" * (number != 1)
    if days == 7:
        return f"{number} week{plural}"
    length = f"{days:g} day{'s' * (days != 1)}" if days >= 1 else say_duration(86_400 * days)
    return f"{number} run{plural} of {length}"


def _verdict(result: Result) -> str:
    lines = [_channel(result, code) for code in range(len(result.desk.channels))]
    lines += [_customers(result), _cost(result), _limits(result)]
    return "\n".join(textwrap.fill(line, WIDTH, subsequent_indent="  ") for line in lines if line)


def _channel(result: Result, code: int) -> str:
    of, channel = _Figures(result), result.desk.channels[code]
    level = of("service_level", channel.name)
    if level.value is None:
        return f"{_title(channel.name)}: nobody made contact."
    share, within = channel.target.share, say_duration(channel.target.within / TICKS_PER_SECOND)
    if level.low is None or level.high is None:
        verdict = "meets its target" if level.value >= share else "misses its target"
    elif level.low >= share:
        verdict = "meets its target"
    elif level.high < share:
        verdict = "misses its target"
    else:
        verdict = "is on the edge of its target"
    text = (
        f"{_title(channel.name)} {verdict}: {say_share(level.value)} answered within {within} {_interval(level, 100)} "
        f"of {_whole(share)}."
    )
    return " ".join(part for part in (text, _met(result, code), _worst(result, code), _backlog(result, code)) if part)


def _met(result: Result, code: int) -> str:
    """In how many of the simulated weeks the target was met: the risk, apart from the error of the mean."""
    name, share = result.desk.channels[code].name, result.desk.channels[code].target.share
    parts = [summary.parts["service_level"][name, None] for summary in result.summaries]
    met = sum(above >= share * below for above, below in parts if below > 0)
    return f"It is met in {met} of {_spans(result, len(parts))}." if len(parts) > 1 else ""


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
    starts = lower.calendar(result.scenario).local(float(sheet.starts[worst * per]))
    needed, there = np.nan_to_num(sheet.required_c[code][rows]).max(), sheet.scheduled[code][rows].mean()
    in_time = 1 - by_hour[worst] / offered[worst]
    hour = f"{_moment(result, starts)}–{(starts.hour + 1) % 24:02d}:00"
    people = (
        f"Erlang C asks for {needed:,.0f} people at its peak, {there:,g} are" if needed else f"{there:,g} people are"
    )
    answered = f"{_whole(in_time)} of {offered[worst]:,.0f} contacts are answered in time"
    return f"Worst is {hour}: {answered}; {people} scheduled."


def _moment(result: Result, moment: datetime) -> str:
    """A weekday and time; with the date where a weekday comes more than once."""
    date = "" if result.desk.horizon <= 7 * DAY else f" {moment:%-d %B}"
    return f"{moment:%A}{date} {moment:%H:%M}"


def _backlog(result: Result, code: int) -> str:
    channel, backlog = result.desk.channels[code], result.intervals.backlog[code]
    if channel.live or not backlog.any():
        return ""
    peak = int(backlog.argmax())
    moment = _moment(result, lower.calendar(result.scenario).local(float(result.intervals.starts[peak])))
    text = f"The backlog is longest {moment}: {backlog[peak]:,.0f} wait in the mean."
    week = 7 * DAY // result.desk.interval
    weeks = len(backlog) // week
    # the same time of the week, weeks apart; within the last of them the trend of the whole is not seen yet
    before, after = backlog[0], backlog[weeks * week - 1] if weeks else backlog[0]
    if after < 1.25 * before + 10:
        return text
    grows = f"It grows from {before:,.0f} to {after:,.0f}: more work comes than is done"
    return f"{text} {grows}, and waits depend on how long that lasts."


def _customers(result: Result) -> str:
    of = _Figures(result)
    satisfaction, churn = of("satisfaction"), of("excess_churn")
    if satisfaction.value is None or churn.value is None:
        return ""
    sign = -1 if churn.value < 0 else 1
    slope, complaints = (
        " to ".join(f"{end:.1f}" for end in sorted((sign * band.low, sign * band.high)))
        for band in of.bands("excess_churn")
    )
    return (
        f"Customers: satisfaction {satisfaction.value:.1f} of 100 {_interval(satisfaction)}; these contacts "
        f"{'keep' if sign < 0 else 'cost'} {abs(churn.value):.1f} customers over the next year "
        f"{_interval(churn, sign=sign)}; {slope} over what is known of how satisfaction moves churn, {complaints} if "
        "2 to 30 % of unsolved issues end in a complaint, not 10 %."
    )


def _cost(result: Result) -> str:
    of, currency = _Figures(result), result.desk.currency
    cost, each = of("cost"), of("cost_per_contact")
    if cost.value is None:
        return ""
    text = f"Cost: {say_money(cost.value, currency)}"
    if each.value is None:
        return text + "."
    return text + f", {each.value:.2f} {currency} an answered contact {_interval(each, digits=2)}."


def _limits(result: Result) -> str:
    """What the run could not see to its end."""
    of = _Figures(result)
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
    return " ".join(["Note:", *parts]) if parts else ""


def _table(result: Result) -> str:
    of = _Figures(result)
    header = ("", "offered", "answered", "within target", "mean wait", "90 % wait at most", "occupancy", "satisfaction")
    rows = [header]
    for channel in result.desk.channels:
        name = channel.name
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
    return _aligned(rows)


def _assumptions(result: Result) -> str:
    assumed = {**result.scenario.assumed, **ASSUMED}
    weak = [path for path, default in assumed.items() if default.grade == "C"]
    if not weak:
        return ""
    return textwrap.fill(
        f"{len(assumed)} defaults were used, {len(weak)} of them grade C (judgement); "
        f"`sim validate {result.scenario.file}` lists them with source and range. Intervals are 95 % over "
        "replications.",
        WIDTH,
    )


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for name, *cells in rows:
        padded = [name.ljust(widths[0]), *map(str.rjust, cells, widths[1:])]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def _whole(share: float) -> str:
    return f"{100 * share:.0f} %"


def _title(name: str) -> str:
    return {"email": "E-mail"}.get(name, name[:1].upper() + name[1:])


def _interval(estimate: Estimate, scale: float = 1.0, *, sign: int = 1, digits: int = 1) -> str:
    if estimate.low is None or estimate.high is None:
        return "[one run: no interval]"
    low, high = sorted((sign * estimate.low * scale, sign * estimate.high * scale))
    return f"[{low:.{digits}f}, {high:.{digits}f}]"


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
