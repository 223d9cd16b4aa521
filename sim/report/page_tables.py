"""The tables that a page sorts, filters and saves: columns of plain values, packed once for all of them.

A column holds words (with a code a row, in the order in which the words are to be sorted), numbers, or numbers that
are said in words because their unit differs from row to row. The script of the page draws the rows.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import starmap
from math import isfinite
from typing import TYPE_CHECKING, Any

from sim.differences import Difference
from sim.estimate import Estimate
from sim.measures.base import Measure
from sim.report import thresholds
from sim.report.written import as_shown, called, ends, in_words, say_difference, scale, surely, times
from sim.scenario import lower
from sim.tables import Floats
from sim.units import say_duration

if TYPE_CHECKING:
    from sim.compare import Comparison, Policy

EVERY_CHANNEL, EVERY_SEGMENT = "whole desk", "all customers"

ANY = -1
"""Digits of a number that is shown as it is."""

CLEAR = ("yes: better", "yes: worse", "yes")
SURE = (*CLEAR, "no", "the same", "not known")
"""What is said of a difference: those that are clear first, the last of them where neither way is better."""

EXTRA = {
    "erlang_c": (
        "Erlang C",
        "Agents that Erlang C asks for in this interval, for the target, the mean offered and the mean handle time: "
        "nobody abandons, calls again or comes in peaks.",
    ),
    "erlang_a": ("Erlang A", "Agents that Erlang A asks for: as Erlang C, but customers abandon by their patience."),
    "scheduled": (
        "Scheduled",
        "Agents scheduled who may answer the channel; those of several channels count in each of them.",
    ),
    "spare": (
        "Less Erlang C",
        "Agents scheduled less those that Erlang C asks for: below 0, too few by that formula.",
    ),
    "mean_wait": ("Mean wait", "Of those offered in the interval who waited at all, answered or not."),
}
"""What is defined beside the measures: what it is called, and its definition."""


@dataclass(frozen=True)
class Column:
    """A column of a table; `values` and `texts` are by row, `codes` point into `words`.

    `label` and `unit` stand over it; `term` names its definition, `terms` those of its words.
    """

    name: str
    label: str
    values: Sequence[float | None] = ()
    texts: Sequence[str] = ()
    words: Sequence[str] = ()
    codes: Sequence[int] = ()
    terms: Sequence[str] = ()
    term: str = ""
    unit: str = ""
    digits: int = 0
    filter: str = ""
    """What the choice of one of its words is called; empty: there is no such choice."""
    first: str = ""
    """The word that is chosen at first; empty: all."""
    hidden: bool = False
    """In the file only."""

    def document(self) -> dict[str, Any]:
        given = {name: value for name, value in vars(self).items() if value not in ("", (), 0, False)}
        if self.values:
            given["values"] = [_plain(value) for value in self.values]
        return given


@dataclass(frozen=True)
class Table:
    """A table: `file` is the name under which it is saved, `only` the words of a column for which there is a switch."""

    caption: str
    file: str
    columns: tuple[Column, ...]
    only: dict[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        first = self.columns[0]
        return max(map(len, (first.values, first.codes)))

    def document(self) -> dict[str, Any]:
        columns = [column.document() for column in self.columns]
        return {"caption": self.caption, "file": self.file, "rows": self.rows, "columns": columns, "only": self.only}


def packed(tables: dict[str, Table]) -> str:
    """The tables by name, as base64 of deflated JSON: the same tables always give the same text."""
    document = {name: table.document() for name, table in tables.items()}
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode("ascii")


def worded(name: str, label: str, values: Iterable[str], *, order: Iterable[str] = (), **more: Any) -> Column:
    """A column of words, sorted in a given order; those that are not in it as they first come, after it."""
    codes = {word: code for code, word in enumerate(order)}
    rows = [codes.setdefault(value, len(codes)) for value in values]
    return Column(name, label, words=tuple(codes), codes=rows, **more)


def _plain(value: float | None) -> float | None:
    """Six digits, which is more than any figure is known to; None where there is none."""
    return None if value is None or not isfinite(value) else float(f"{value:.6g}") + 0.0


# --- every difference, every figure ----------------------------------------------------------------------------------


def differences(comparison: Comparison, currency: str) -> Table:
    """Every policy less the baseline: a row a measure, channel, segment and policy in which either saw anything."""
    seen = [each for each in comparison.table if each.of_policy is not None or each.of_than is not None]
    rows = [as_shown(each, comparison.policies[0].result) for each in seen]
    than = comparison.policies[0].name
    change, allowed = _spans(rows, currency)
    return Table(
        f"Every difference to {than}",
        "differences.csv",
        (
            *_keys([(row.measure, row.channel, row.segment) for row in rows]),
            worded("policy", "policy", (row.policy for row in rows), filter="Policy"),
            _said("of_than", than, [(row.measure, row.of_than) for row in rows], currency),
            _said("of_policy", "the policy", [(row.measure, row.of_policy) for row in rows], currency),
            change,
            Column("low", "", values=[row.estimate.low for row in rows], hidden=True),
            Column("high", "", values=[row.estimate.high for row in rows], hidden=True),
            Column("clear", "clear?", words=SURE, codes=[SURE.index(surely(row)) for row in rows]),
            allowed,
            Column("relative", "relative", unit="%", values=[_relative(row) for row in rows], digits=1),
            worded("unit", "", (_unit(row.measure, currency) for row in rows), hidden=True),
        ),
        {"column": "clear", "words": list(CLEAR), "label": "Clear differences only"},
    )


def figures(policy: Policy, currency: str) -> Table:
    """Every figure of a run: a row a measure, channel and segment that saw anything."""
    rows = [figure for figure in policy.result.figures if figure.estimate.value is not None]
    estimates = [times(figure.estimate, scale(figure.measure.name, policy.result)) for figure in rows]
    return Table(
        "Every figure",
        "measures.csv",
        (
            *_keys([(row.measure, row.channel, row.segment) for row in rows]),
            Column(
                "value",
                "value",
                unit="95 % interval",
                values=[each.value for each in estimates],
                texts=[say(row.measure, each, currency) for row, each in zip(rows, estimates, strict=True)],
            ),
            Column("low", "", values=[each.low for each in estimates], hidden=True),
            Column("high", "", values=[each.high for each in estimates], hidden=True),
            worded("unit", "", (_unit(row.measure, currency) for row in rows), hidden=True),
        ),
    )


def _keys(rows: Sequence[tuple[Measure, str | None, str | None]]) -> tuple[Column, ...]:
    """The columns that say what a figure is of."""
    names = sorted({measure.name for measure, _, _ in rows}, key=lambda name: in_words(name).lower())
    order = [in_words(name) for name in names]
    channels = worded("channel", "channel", (channel or EVERY_CHANNEL for _, channel, _ in rows), filter="Channel")
    segments = [segment or EVERY_SEGMENT for _, _, segment in rows]
    return (
        worded("measure", "figure", (in_words(m.name) for m, _, _ in rows), order=order, terms=names, filter="Figure"),
        channels,
        worded("segment", "segment", segments, filter="Segment", first=EVERY_SEGMENT if rows else ""),
    )


def _said(name: str, label: str, rows: Sequence[tuple[Measure, float | None]], currency: str) -> Column:
    texts = [say(measure, Estimate(value, None, None, 0), currency) for measure, value in rows]
    return Column(name, label, values=[value for _, value in rows], texts=texts)


def _spans(rows: Sequence[Difference], currency: str) -> tuple[Column, Column]:
    """The difference with its own interval, and the interval that holds for all of them together."""
    changes = [row.estimate.value for row in rows]
    wide = [_minus(ends(row.wide, row.measure.unit, currency)) or "–" for row in rows]
    return (
        Column(
            "difference",
            "difference",
            unit="95 % interval",
            values=changes,
            texts=[say_change(r, currency) for r in rows],
        ),
        Column("wide", "allowing for all", unit="95 % together", values=changes, texts=wide),
    )


def _relative(row: Difference) -> float | None:
    """The difference in percent of the baseline's figure."""
    if row.estimate.value is None or not row.of_than:
        return None
    return 100 * row.estimate.value / abs(row.of_than)


def say(measure: Measure, estimate: Estimate, currency: str) -> str:
    """A figure of a measure with its unit and interval: 74.1 % [72.0, 76.2]."""
    return _minus(thresholds.say(estimate, measure.unit, currency))


def say_change(row: Difference, currency: str) -> str:
    """A difference with its interval: +6.1 points [+5.2, +7.0]; the unit where it is not that of the figures."""
    if row.same:
        return "no difference"
    if row.estimate.value is None:
        return "–"
    text = _minus(say_difference(row.estimate, row.measure.unit, currency))
    return text if row.measure.unit in ("share", "s", "money") else text.replace(f" {row.measure.unit}", "")


def _minus(text: str) -> str:
    return text.replace("-", "−")


def _unit(measure: Measure, currency: str) -> str:
    return currency if measure.unit == "money" else measure.unit


# --- every interval --------------------------------------------------------------------------------------------------


def intervals(policies: Sequence[Policy]) -> Table:
    """A row an interval, channel and policy in which anybody came or was scheduled."""
    parts = [_of_channel(policy, code) for policy in policies for code in range(len(policy.result.desk.channels))]
    rows = sorted((row for part in parts for row in part), key=lambda row: row[0][:3])
    keys, days, starts, channels, names, *numbers = zip(*rows, strict=True) if rows else ((),) * 12
    offered, level, wait, by_c, by_a, scheduled, spare = numbers
    desk = policies[0].result.desk
    order, channels_of = [policy.name for policy in policies], [channel.name for channel in desk.channels]
    return Table(
        "Every interval, mean over replications",
        "intervals.csv",
        (
            worded("day", "day", days, filter="Day"),
            worded("start", "start", starts, order=sorted(set(starts))),
            worded("time", "", (key[-1] for key in keys), hidden=True),
            worded("channel", "channel", channels, order=channels_of, filter="Channel", first=channels_of[0]),
            worded("policy", "policy", names, order=order, filter="Policy"),
            Column("offered", "offered", unit="contacts", values=offered, digits=1, term="offered"),
            Column("service_level", "service level", unit="%", values=level, digits=1, term="service_level"),
            Column("wait", "mean wait", values=wait, texts=[say_duration(each) for each in wait], term="mean_wait"),
            Column("erlang_c", "Erlang C", unit="agents", values=by_c, term="erlang_c"),
            Column("erlang_a", "Erlang A", unit="agents", values=by_a, term="erlang_a"),
            Column("scheduled", "scheduled", unit="agents", values=scheduled, term="scheduled"),
            Column("spare", "less Erlang C", unit="agents", values=spare, term="spare"),
        ),
    )


def _of_channel(policy: Policy, code: int) -> list[tuple[Any, ...]]:
    """The rows of a channel, each with what they are sorted by in front."""
    result, sheet = policy.result, policy.result.intervals
    channel, calendar = result.desk.channels[code].name, lower.calendar(result.scenario)

    def column(values: Floats) -> list[float]:
        return values[code].tolist()  # type: ignore[no-any-return]

    numbers = zip(
        column(sheet.offered),
        column(100 * sheet.service_level),
        column(sheet.wait),
        column(sheet.required_c),
        column(sheet.required_a),
        column(sheet.scheduled),
        column(sheet.scheduled - sheet.required_c),
        strict=True,
    )
    rows = []
    for start, row in zip(sheet.starts.tolist(), numbers, strict=True):
        at = calendar.local(start)
        if row[0] > 0 or row[5] > 0:
            key = (start, code, policy.number, at.isoformat(timespec="minutes"))
            rows.append((key, f"{at:%a} {at.day} {at:%b}", f"{at:%H:%M}", channel, policy.name, *row))
    return rows


# --- what is behind a plot -------------------------------------------------------------------------------------------


def behind(name: str, label: str, columns: dict[str, list[Any]]) -> Table:
    """The numbers behind a plot, by the names of its columns."""
    return Table(f"The numbers behind it: {label}", f"{name}.csv", tuple(starmap(_guessed, columns.items())))


def gap(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    """What Erlang asks for beside what the simulation needs, a row an interval and channel."""
    columns = dict(zip(header, zip(*rows, strict=True) if rows else [()] * len(header), strict=True))
    made = (
        replace(_guessed(name, values), filter={"channel": "Channel", "weekday": "Weekday"}.get(name, ""))
        for name, values in columns.items()
    )
    return Table("Erlang and the simulation, interval by interval", "erlang_gap_by_interval.csv", tuple(made))


def _guessed(name: str, values: Sequence[Any]) -> Column:
    """A column of numbers where it holds nothing else, and of words where it does."""
    if all(value is None or (isinstance(value, int | float) and not isinstance(value, bool)) for value in values):
        return Column(name, called(name), values=values, digits=ANY)
    return worded(name, called(name), ("" if value is None else str(value) for value in values))
