"""A dossier as a workbook: one sheet a question, the question in its first row.

Planners take numbers on from here, so a sheet is a table that Excel can filter and pivot: one header, one thing a row,
numbers as numbers, dates as dates. Units stand in the header, or in a column of their own where rows differ. What
somebody would compute by hand, such as scheduled less required, is a formula, so that it can be traced; a row coloured
as short of people also says so.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

from sim.clock import DAYS
from sim.compare import Comparison, Policy, Tie
from sim.differences import Difference
from sim.estimate import Estimate
from sim.gap import ChannelGap, Gap
from sim.measures.constants import assumed_by
from sim.measures.summary import Figure
from sim.report import days, written
from sim.report.assumptions import words
from sim.report.compare_text import tie_words
from sim.report.dossier import Dossier
from sim.report.figures import Figures
from sim.report.thresholds import say
from sim.results import provenance
from sim.roster import say_offset
from sim.run import Result
from sim.scenario import lower
from sim.sheets import Cell, Formula, Styled, Tab, write_xlsx
from sim.uncertain import Bar, Split, Unsure

_BETTER, _WORSE = "#CFE4F3", "#F5C3A3"
"""Fills: a pale blue and a pale vermilion; the cell says it in words as well."""

_ALL = "all"
"""In place of a channel or segment: all of them."""

_FORMS = {"share": "0.0%", "s": "#,##0.0", "points": "0.0", "agents": "0.0", "h": "#,##0.0", "β": "0.0000"}
_FEW = 100
"""Money below this is shown with cents."""


def write(dossier: Dossier, path: Path) -> None:
    """Write the workbook. The same dossier always gives the same bytes.

    Raises:
        CannotWrite: no permission, no space, no such folder; more rows than a worksheet can hold.
    """
    write_xlsx(path, sheets(dossier))


def sheets(dossier: Dossier) -> list[Tab]:
    """The sheets, those left out of which there is nothing to say."""
    comparison = dossier.comparison
    several = len(comparison.policies) > 1
    rest = [
        *([_differences(comparison)] if several else []),
        _staffing(comparison.policies),
        _days(comparison.policies),
        _money(comparison),
        *([_uncertainty(dossier.unsure, comparison.policies[0].result)] if dossier.unsure is not None else []),
        *(_gap(dossier.gap) if dossier.gap is not None else []),
        _measures(comparison.policies),
        _assumptions(comparison.policies),
        _provenance(dossier),
    ]
    return [_answer(dossier, rest), *rest]


# --- the answer ------------------------------------------------------------------------------------------------------


def _answer(dossier: Dossier, rest: Sequence[Tab]) -> Tab:
    """The verdict, the policies side by side, and what else there is."""
    comparison = dossier.comparison
    baseline, *others = comparison.policies
    header = ["figure", "unit", baseline.name, f"{baseline.name} 95 %"]
    for policy in others:
        header += [policy.name, f"{policy.name} 95 %", f"{policy.name} less {baseline.name}"]
    by_key = {
        (it.measure.name, it.channel, it.policy): it
        for it in (*comparison.table, *comparison.headline)
        if it.segment is None and it.than == baseline.name
    }
    rows: list[list[Cell]] = []
    for name, channel in written.decided(comparison):
        row: list[Cell] = [
            written.row_label(comparison, name, channel),
            _in_answer(written.UNITS[name], _currency(comparison)),
        ]
        for policy in comparison.policies:
            found = by_key.get((name, channel, policy.name))
            less = None if found is None else written.as_shown(found, baseline.result)
            row += _worth(less, _currency(comparison)) if name == "value" else _beside(policy, name, channel)
            if policy is not baseline:
                row.append(_less(less, _currency(comparison)))
        rows.append(row)
    changes = (f"{policy.name} changes {'; '.join(policy.changes)}" for policy in others if policy.changes)
    question = dossier.question or ("Which policy, and how sure is that?" if others else "What comes of it?")
    contents = (f"Sheet {tab.title}: {tab.above[0]}" for tab in rest)
    below = (*changes, *dossier.notes, *([_SURE] if others else []), *contents)
    return Tab("Answer", tuple(header), rows, (), "", (f"{dossier.title}: {question}", *dossier.verdict, ""), below, 1)


_SURE = "In this table intervals hold for themselves; better and worse allow for all that is compared with it."


def _in_answer(unit: str, currency: str) -> str:
    return {"s": "h:mm:ss", "share": "%", "money": currency}.get(unit, unit)


def _beside(policy: Policy, name: str, channel: str | None) -> list[Cell]:
    """A figure of a policy, and its interval in words."""
    unit, currency = written.UNITS[name], policy.result.desk.currency
    estimate = written.times(Figures(policy.result)(name, channel), written.scale(name, policy.result))
    _, bracket, interval = say(estimate, unit, currency).partition("[")
    value = _duration(estimate.value) if unit == "s" else _shown(estimate.value, unit, currency)
    return [value, f"[{interval}" if bracket else estimate.reason]


def _worth(difference: Difference | None, currency: str) -> list[Cell]:
    """Of value, only the difference to the baseline means anything."""
    if difference is None:
        return ["–", ""]
    estimate = difference.estimate
    return [_signed(estimate.value, "money", currency), written.ends(estimate, "money", currency) or estimate.reason]


def _less(difference: Difference | None, currency: str) -> Cell:
    if difference is None:
        return None
    said = written.say_difference(difference.estimate, difference.measure.unit, currency)
    return Styled(f"{said}; {_CLEARLY[written.surely(difference)]}", fill=_fill(difference))


_CLEARLY = {
    "yes: better": "better",
    "yes: worse": "worse",
    "yes": "clear",
    "no": "may be luck",
    "the same": "the same",
    "not known": "sureness not known",
}
"""What is sure of a difference, beside the difference."""


# --- differences and figures -----------------------------------------------------------------------------------------


def _differences(comparison: Comparison) -> Tab:
    header = (
        "policy", "compared with", "figure", "channel", "segment", "unit", "of policy", "of the other", "difference",
        "low (95 %)", "high (95 %)", "low for all", "high for all", "sure?", "p", "same customers", "allows for",
        "in words",
    )  # fmt: skip
    question = "What does each policy change, and how sure is that?"
    note = (
        "Of shares, differences are in percentage points; seconds are plain numbers. 'Sure' and 'for all' allow for "
        "all comparisons of their kind at once: first the decision figures of every pair, then all figures against "
        "the baseline."
    )
    rows: list[list[Cell]] = []
    for family in (comparison.headline, comparison.table):
        allows = written.compared(family)
        rows += [_of_difference(each, allows, _currency(comparison)) for each in family]
    return Tab("Differences", header, rows, (), "", (question, note), (), 4)


def _of_difference(it: Difference, allows: int, currency: str) -> list[Cell]:
    unit = it.measure.unit
    wide = it.wide or Estimate.not_observed(0)
    changes = (it.estimate.value, it.estimate.low, it.estimate.high, wide.low, wide.high)
    return [
        it.policy, it.than, it.measure.name, it.channel or _ALL, it.segment or _ALL, _unit(unit, currency),
        _shown(it.of_policy, unit, currency), _shown(it.of_than, unit, currency),
        *(_signed(change, unit, currency) for change in changes),
        Styled(written.surely(it), fill=_fill(it)), Styled(it.p, "0.0000"),
        "yes" if it.paired else "no", allows, written.say_difference(it.estimate, unit, currency),
    ]  # fmt: skip


def _measures(policies: Sequence[Policy]) -> Tab:
    header = (
        "policy", "figure", "channel", "segment", "unit", "value", "low (95 %)", "high (95 %)", "replications",
        "better", "over assumptions", "why empty", "definition",
    )  # fmt: skip
    rows = [_of_figure(policy, figure) for policy in policies for figure in policy.result.figures]
    return Tab("Measures", header, rows, (), "", ("What is every figure, and what does it mean?",), (), 4)


def _of_figure(policy: Policy, figure: Figure) -> list[Cell]:
    measure, estimate, currency = figure.measure, figure.estimate, policy.result.desk.currency
    bands = "; ".join(f"{band.over}: {band.low:z,.4g} to {band.high:z,.4g}" for band in figure.bands)
    return [
        policy.name, measure.name, figure.channel or _ALL, figure.segment or _ALL, _unit(measure.unit, currency),
        *(_shown(value, measure.unit, currency) for value in (estimate.value, estimate.low, estimate.high)),
        estimate.runs, measure.better, bands, estimate.reason, measure.definition,
    ]  # fmt: skip


def _money(comparison: Comparison) -> Tab:
    """Cost, lost margin and value of each policy, then at which β two of them are worth the same."""
    header = (
        "policy", "figure", "segment", "unit", "value", "low (95 %)", "high (95 %)", "compared with", "difference",
        "difference low", "difference high", "sure?", "in words",
    )  # fmt: skip
    found = {(it.measure.name, it.channel, it.segment, it.policy): it for it in comparison.table}
    rows: list[list[Cell]] = []
    for policy in comparison.policies:
        currency = policy.result.desk.currency
        for figure in policy.result.figures:
            if figure.measure.unit == "money":
                key = figure.measure.name, figure.channel, figure.segment, policy.name
                rows.append([*_of_money(policy, figure), *_of_change(found.get(key), currency)])
    for tie in comparison.ties:
        rows += _of_tie(tie, comparison.of(tie.policy).result)
    year = written.scale("excess_churn", comparison.policies[0].result)
    for churn in comparison.churn:
        for over, ends in (("β", churn.over_beta), ("the share of complaints", churn.over_complaints)):
            changes = (_signed(year * change, "customers", "") for change in (churn.value, *ends))
            head = [churn.policy, f"customers lost a year, over {over}", _ALL, "customers", *[None] * 3, churn.than]
            rows.append([*head, *changes, None, "low and high are the range over what is believed, at the mean"])
    note = (
        "Value is the margin of the customers kept less the cost; only differences of it mean anything. β says how "
        "strongly satisfaction moves churn; at the break-even β two policies are worth the same."
    )
    return Tab("Money", header, rows, (), "", ("What does it cost, and what is it worth?", note), (), 2)


def _of_money(policy: Policy, figure: Figure) -> list[Cell]:
    estimate, currency = figure.estimate, policy.result.desk.currency
    values = (_shown(value, "money", currency) for value in (estimate.value, estimate.low, estimate.high))
    return [policy.name, figure.measure.name, figure.segment or _ALL, currency, *values]


def _of_change(difference: Difference | None, currency: str) -> list[Cell]:
    if difference is None:
        return [None] * 6
    ends = (difference.estimate.value, difference.estimate.low, difference.estimate.high)
    said = written.say_difference(difference.estimate, "money", currency)
    sure = Styled(written.surely(difference), fill=_fill(difference))
    return [difference.than, *(_signed(end, "money", currency) for end in ends), sure, said]


def _of_tie(tie: Tie, result: Result) -> Iterator[list[Cell]]:
    """The β at which two policies are worth the same, then the difference of value at each β."""
    currency = result.desk.currency
    values = (_shown(value, "β", "") for value in (tie.beta, tie.beta_low, tie.beta_high))
    yield [tie.policy, "break-even β", _ALL, "per point", *values, tie.than, *[None] * 4, _said_of(tie)]
    each = zip(tie.betas.tolist(), tie.value.tolist(), tie.low.tolist(), tie.high.tolist(), strict=True)
    for beta, *ends in each:
        changes = (_signed(end, "money", currency) for end in ends)
        name = f"value at β = {beta:.4f}"
        yield [tie.policy, name, _ALL, currency, *[None] * 3, tie.than, *changes, None, None]


def _said_of(tie: Tie) -> str:
    if not tie.value.any():
        return tie_words(tie)
    worth = "less" if tie.value[-1] < 0 else "more"
    where = "at every β" if tie.beta is None else "at a greater β"
    return f"{tie_words(tie)}; worth {worth} than {tie.than} {where}"


# --- by interval and by day ------------------------------------------------------------------------------------------

_BY_C, _BY_A, _THERE = "required Erlang C (agents)", "required Erlang A (agents)", "scheduled (agents)"
_TO_A = "scheduled less Erlang A (agents)"
_INTERVAL = (
    ("policy", ""),
    ("channel", ""),
    ("start (local)", "yyyy-mm-dd hh:mm"),
    ("weekday", ""),
    ("from UTC", ""),
    ("offered (contacts)", "0.0"),
    (_BY_C, "0.0"),
    (_BY_A, "0.0"),
    (_THERE, "0.0"),
    ("scheduled less Erlang C (agents)", "+0.0;-0.0;0.0"),
    (_TO_A, "+0.0;-0.0;0.0"),
    ("enough?", ""),
    ("service level (%)", "0.0%"),
    ("service level low", "0.0%"),
    ("service level high", "0.0%"),
    ("mean wait (h:mm:ss)", "[h]:mm:ss"),
    ("occupancy (%)", "0.0%"),
    ("backlog (contacts)", "0.0"),
)
"""Columns of the intervals, and how Excel shows them."""


def _staffing(policies: Sequence[Policy]) -> Tab:
    names, forms = zip(*_INTERVAL, strict=True)
    above = (
        "Where are too few people, and where too many?",
        "Scheduled counts everybody who may answer the channel. Coloured rows, marked as short, have fewer than Erlang "
        "A asks for. Erlang knows live channels only. Empty: nothing happened.",
    )
    rows = [row for policy in policies for row in _intervals(policy)]
    return Tab("Staffing by interval", names, rows, forms, _TO_A, above, (), 3)


def _intervals(policy: Policy) -> Iterator[list[Cell]]:
    result = policy.result
    sheet, calendar = result.intervals, lower.calendar(result.scenario)
    levels = (sheet.service_level, sheet.service_level_low, sheet.service_level_high)
    for number, start in enumerate(sheet.starts.tolist()):
        local = calendar.local(start)
        offset = say_offset(int((local.utcoffset() or timedelta()).total_seconds()))
        moment = local.replace(tzinfo=None, fold=0)
        for code, channel in enumerate(result.desk.channels):
            at = code, number
            by_c, by_a, there = (float(values[at]) for values in (sheet.required_c, sheet.required_a, sheet.scheduled))
            yield [
                policy.name, channel.name, moment, DAYS[local.weekday()], offset,
                float(sheet.offered[at]), by_c, by_a, there,
                _subtracted(_BY_C, there - by_c), _subtracted(_BY_A, there - by_a), _short(there - by_a),
                *(float(level[at]) for level in levels),
                _duration(float(sheet.wait[at])), float(sheet.occupancy[at]), float(sheet.backlog[at]),
            ]  # fmt: skip


def _subtracted(required: str, difference: float) -> Cell:
    """Scheduled less required, where something can be required."""
    return Formula(f"[{_THERE}]-[{required}]", difference) if math.isfinite(difference) else None


def _short(difference: float) -> Cell:
    if not math.isfinite(difference):
        return None
    return Formula(f'IF([{_TO_A}]<0,"short","")', "short" if difference < 0 else "")


_DAY = (
    ("policy", ""),
    ("date", "yyyy-mm-dd"),
    ("weekday", ""),
    ("channel", ""),
    ("offered (contacts)", "0.0"),
    ("service level (%)", "0.0%"),
    ("worst tenth of the days (%)", "0.0%"),
    ("best tenth of the days (%)", "0.0%"),
    ("simulated days", "0"),
    ("target met (% of them)", "0.0%"),
    ("met low (95 %)", "0.0%"),
    ("met high (95 %)", "0.0%"),
)


def _days(policies: Sequence[Policy]) -> Tab:
    names, forms = zip(*_DAY, strict=True)
    rows: list[list[Cell]] = []
    for policy in policies:
        for day, *others in days.rows(policy.result):
            rows.append([policy.name, date.fromisoformat(day), *others])
    note = "One day differs from another: that is risk, which no number of replications makes smaller."
    return Tab("Days", names, rows, forms, "", ("Which days go wrong, and how often?", note), (), 2)


# --- how sure, and Erlang --------------------------------------------------------------------------------------------


def _uncertainty(unsure: Unsure, base: Result) -> Tab:
    """Every reason why a difference may be another, one a row; of an assumption a row for either end."""
    header = (
        "figure", "policy", "compared with", "what is uncertain", "kind", "set to", "unit", "value", "low", "high",
        "turns the decision?", "grade", "used", "path", "source",
    )  # fmt: skip
    splits = [row for split in unsure.splits for row in _of_split(split, unsure, base)]
    bars = [row for bar in unsure.bars for row in _of_bar(bar, unsure, base)]
    question = f"What could make another decision of {unsure.policy} and {unsure.than}?"
    held = (f"Held, as no range of numbers is known: {', '.join(unsure.held)}.",) if unsure.held else ()
    note = (
        f"One assumption: the value as assumed plus its swing over {unsure.replications} replications; low and high "
        "are the 95 % interval of the swing."
    )
    return Tab("Uncertainty", header, [*splits, *bars], (), "", (question, note), held, 4)


def _of_split(split: Split, unsure: Unsure, base: Result) -> Iterator[list[Cell]]:
    unit, currency = split.measure.unit, unsure.currency
    by = written.scale(split.measure.name, base)
    form = _signed if split.than else _shown
    for what, kind, span in written.spans(split, unsure.weeks):
        ends = (by * split.value, *((None, None) if span is None else (by * end for end in span)))
        values = (form(end, unit, currency) for end in ends)
        head = [written.in_words(split.name), split.policy, split.than, what, kind, None, _unit(unit, currency)]
        yield [*head, *values, *[None] * 5]


def _of_bar(bar: Bar, unsure: Unsure, base: Result) -> Iterator[list[Cell]]:
    known, unit, currency = bar.unknown, unsure.unit, unsure.currency
    by, figure = written.scale(unsure.figure, base), written.in_words(unsure.figure)
    for set_to, at in ((known.low, bar.at_low), (known.high, bar.at_high)):
        found = written.times(at, by)
        values = (_signed(value, unit, currency) for value in (found.value, found.low, found.high))
        head = [figure, unsure.policy, unsure.than, known.name, "one assumption", set_to, _unit(unit, currency)]
        turns = "it may" if bar.turns(unsure.base) else "no"
        yield [*head, *values, turns, known.grade or "yours", known.default, known.path, known.source]


def _gap(gap: Gap) -> list[Tab]:
    """Agent-hours in all, then agents by interval."""
    why = "Why does Erlang ask for another number of people than the simulation?"
    header = ("channel", "what", "kind", "agent-hours", "low (95 %)", "high (95 %)", "what is switched off")
    note = (
        "Erlang C and what each part adds to it make up what the simulation asks for. Only intervals that are judged."
    )
    skipped = (f"Not judged, as too little is offered there: {', '.join(gap.skipped)}.",) if gap.skipped else ()
    whole = [row for channel in gap.channels for row in _of_gap(channel)]
    return [
        Tab("Erlang gap", header, whole, ("", "", "", *["#,##0.0"] * 3), "", (why, note), skipped, 2),
        _gap_by_interval(gap),
    ]


def _gap_by_interval(gap: Gap) -> Tab:
    without = list(dict.fromkeys(key for channel in gap.channels for key in channel.without))
    columns = (
        "channel", "start (local)", "weekday", _THERE, _BY_C, _BY_A, "simulated (agents)",
        *(f"simulated without {key} (agents)" for key in without),
    )  # fmt: skip
    rows: list[list[Cell]] = []
    for channel in gap.channels:
        needs = [channel.erlang_c, channel.erlang_a, channel.simulated, *map(channel.without.get, without)]
        for number in range(len(channel.starts)):
            local = gap.at(number)
            agents = (None if need is None else float(need.agents[number]) for need in needs)
            moment = local.replace(tzinfo=None, fold=0)
            there = float(channel.scheduled[number])
            rows.append([channel.channel, moment, DAYS[local.weekday()], there, *agents])
    forms = ("", "yyyy-mm-dd hh:mm", "", *["0.0"] * (len(columns) - 3))
    question = "How many people does each method ask for, by interval?"
    return Tab("Erlang gap by interval", columns, rows, forms, "", (question,), (), 2)


def _of_gap(channel: ChannelGap) -> Iterator[list[Cell]]:
    for name, need in (
        ("Erlang C", channel.erlang_c),
        ("Erlang A", channel.erlang_a),
        ("simulation", channel.simulated),
    ):
        yield [channel.channel, name, "required", need.hours, need.low, need.high, None]
    yield [channel.channel, "scheduled", "scheduled", channel.scheduled_hours, None, None, None]
    for part in (channel.gap, *channel.parts):
        kind = "simulation less Erlang C" if part is channel.gap else "adds to Erlang C"
        switched = "; ".join(channel.changes.get(part.name, ()))
        yield [channel.channel, _PARTS.get(part.name, part.name), kind, part.hours, part.low, part.high, switched]


_PARTS = {"together": "the parts together, beyond their sum", "left": "left unexplained"}


# --- where it comes from ---------------------------------------------------------------------------------------------


def _assumptions(policies: Sequence[Policy]) -> Tab:
    """The defaults in use, the weakest evidence first; one row for all policies that use the same."""
    users: dict[tuple[str, ...], list[str]] = {}
    for policy in policies:
        used = {**policy.result.scenario.assumed, **assumed_by(policy.result.desk)}
        for path, it in used.items():
            users.setdefault((it.grade, path, words(it.value), it.range, it.source), []).append(policy.name)
    rows: list[list[Cell]] = []
    for (grade, path, value, spread, source), names in sorted(users.items(), key=lambda item: -ord(item[0][0])):
        rows.append([path, value, spread, grade, _ALL if len(names) == len(policies) else ", ".join(names), source])
    note = "Grade A: peer-reviewed or fitted data, B: benchmark, C: judgement."
    header = ("path", "value", "range", "grade", "policies", "source")
    return Tab("Assumptions", header, rows, (), "", ("What was assumed, as nobody said otherwise?", note), (), 1)


def _provenance(dossier: Dossier) -> Tab:
    rows: list[list[Cell]] = []
    for policy in dossier.comparison.policies:
        made = provenance(policy.result)
        rows += [[policy.name, key.replace("_", " "), _text(made[key])] for key in _ORIGIN]
    rows += [
        ["", "to repeat it, or go on" if number else "to repeat it", it] for number, it in enumerate(dossier.commands)
    ]
    return Tab("Provenance", ("policy", "what", "value"), rows, (), "", ("How was this made, and how again?",), (), 2)


_ORIGIN = (
    "scenario", "file", "variant", "set", "uncertain", "seed", "replications", "scenario_digest", "digest", "engine",
    "sim", "python", "command",
)  # fmt: skip


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)


# --- cells -----------------------------------------------------------------------------------------------------------


def _shown(value: float | None, unit: str, currency: str) -> Cell:
    """A figure, as Excel shows it."""
    return Styled(value, _form(value, unit, currency))


def _signed(value: float | None, unit: str, currency: str) -> Cell:
    """A change, with its sign."""
    form = _form(value, unit, currency)
    return Styled(value, f"+{form};-{form};{form}")


def _form(value: float | None, unit: str, currency: str) -> str:
    if unit == "money":
        return f'#,##0.00 "{currency}"' if abs(value or 0.0) < _FEW else f'#,##0 "{currency}"'
    return _FORMS.get(unit, "#,##0.00")


def _duration(seconds: float | None) -> Cell:
    """A length of time as Excel computes with it."""
    if seconds is None or not math.isfinite(seconds):
        return None
    return Styled(timedelta(seconds=round(seconds)), "[h]:mm:ss")


def _unit(unit: str, currency: str) -> str:
    return {"share": "%", "money": currency}.get(unit, unit)


def _fill(difference: Difference) -> str:
    return {True: _BETTER, False: _WORSE, None: ""}[difference.better]


def _currency(comparison: Comparison) -> str:
    return comparison.policies[0].result.desk.currency
