"""A dossier in writing: a page of Markdown to paste into a ticket or a wiki, and a JSON document for programs.

Names and questions come from whoever wrote the scenario, so in Markdown they are text and nothing but text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

import sim
from sim import plots
from sim.compare import YEAR, Comparison, Policy
from sim.differences import Difference
from sim.estimate import CONFIDENCE, Estimate
from sim.measures import MEASURES
from sim.measures.base import Measure
from sim.measures.summary import Figure
from sim.report import thresholds
from sim.report.figures import Figures, lasts
from sim.report.markdown import table
from sim.report.thresholds import say
from sim.results import command
from sim.run import Result
from sim.schemas import TICKS_PER_SECOND
from sim.uncertain import Split, Unsure
from sim.units import say_duration, say_money, say_number, say_share

if TYPE_CHECKING:
    # its pictures say their numbers in the words of this module
    from sim.report.dossier import Dossier

UNITS = {measure.name: measure.unit for measure in MEASURES}

_MOST = 40
"""Rows of differences that a page can hold; of more, those from the baseline are shown."""


# --- Markdown --------------------------------------------------------------------------------------------------------


def markdown(dossier: Dossier) -> str:
    """The page: the answer, the policies side by side, what differs, how sure that is, plots, and how to repeat it.

    Plots are those of ``plots/NAME.svg``, beside the page.
    """
    comparison = dossier.comparison
    parts = [
        f"# {escaped(dossier.title)}",
        paragraph(dossier.question),
        *_verdict(dossier.verdict),
        "## The policies" if len(comparison.policies) > 1 else "## The run",
        _policies(comparison),
        _changes(comparison.policies),
        *_differences(comparison),
        "## How sure is that?" if dossier.notes else "",
        _list(dossier.notes),
        *(_unsure(dossier.unsure, comparison.baseline.result) if dossier.unsure is not None else ()),
        *_plots(dossier),
        "## To repeat it",
        _fenced("\n".join(dossier.commands)),
        _origins(comparison.policies),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def escaped(text: str) -> str:
    """Text in one line, in which nothing is Markdown or HTML. Bars are left to the tables."""
    return re.sub(r"([\\`*_<>~&]|\](?=[(\[:]))", r"\\\1", " ".join(text.split()))


def paragraph(text: str) -> str:
    """Text that begins a line, and is no heading, list or rule."""
    line = re.sub(r"^([0-9]+)(?=[.)](?:\s|$))", r"\1\\", escaped(text))
    return re.sub(r"^(?=#|[-+](?:[-\s]|$))", r"\\", line)


def _verdict(sentences: Sequence[str]) -> list[str]:
    return [f"**{escaped(sentences[0])}**", _list(sentences[1:])] if sentences else []


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"- {paragraph(line)}" for line in lines)


def _policies(comparison: Comparison) -> str:
    rows = []
    for name, channel in decided(comparison):
        cells = (_side(comparison, policy, name, channel) for policy in comparison.policies)
        rows.append([row_label(comparison, name, channel), *cells])
    header = ["", *(policy.name for policy in comparison.policies)]
    return table(*_cells(header, rows))


def _side(comparison: Comparison, policy: Policy, name: str, channel: str | None) -> str:
    """A figure of a policy; of value, the difference to the baseline."""
    if name == "value":
        worth = _worth(comparison, policy)
        return "–" if worth is None else say_difference(worth.estimate, "money", _currency(comparison))
    estimate = times(Figures(policy.result)(name, channel), scale(name, policy.result))
    return say(estimate, UNITS[name], policy.result.desk.currency)


def _worth(comparison: Comparison, policy: Policy) -> Difference | None:
    key = ("value", None, None, policy.name, comparison.policies[0].name)
    both = (*comparison.table, *comparison.headline)
    return next((it for it in both if (it.measure.name, it.channel, it.segment, it.policy, it.than) == key), None)


def _cells(header: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[list[str], list[list[str]]]:
    return [escaped(cell) for cell in header], [[escaped(cell) for cell in row] for row in rows]


def _changes(policies: Sequence[Policy]) -> str:
    lines = [f"- {escaped(it.name)}: {', '.join(map(_code, it.changes))}" for it in policies if it.changes]
    return "\n".join(["What they change:", "", *lines]) if lines else ""


def _differences(comparison: Comparison) -> list[str]:
    shown = comparison.headline
    if len(shown) > _MOST:
        shown = tuple(each for each in shown if each.than == comparison.policies[0].name)
    if not shown:
        return []
    rows = [
        [
            f"{it.policy} less {it.than}",
            label(comparison, it.measure.name, it.channel),
            say_difference(it.estimate, it.measure.unit, _currency(comparison)),
            ends(it.wide, it.measure.unit, _currency(comparison)),
            surely(it),
        ]
        for it in (as_shown(each, comparison.policies[0].result) for each in shown)
    ]
    number = compared(comparison.headline)
    header = ["policies", "figure", "difference", f"allowing for all {number}", "sure?"]
    return ["## What differs", table(*_cells(header, rows))]


def _unsure(unsure: Unsure, base: Result) -> list[str]:
    header, currency = ["what is uncertain", "from", "to"], unsure.currency
    splits = []
    for split in unsure.splits:
        whose = f"{split.policy} less {split.than}" if split.than else split.policy
        unit = split.measure.unit
        by = scale(split.measure.name, base)
        for what, _, span in spans(split, unsure.weeks):
            ends_of = (
                say_change(by * end, unit, currency) if split.than else say_level(by * end, unit, currency)
                for end in span or (math.nan, math.nan)
            )
            splits.append([f"{in_words(split.name)} of {whose}: {what}", *ends_of])
    bars, by = [], scale(unsure.figure, base)
    for bar in unsure.bars:
        both = (say_difference(times(at, by), unsure.unit, currency) for at in (bar.at_low, bar.at_high))
        low, high = bar.unknown.ends
        turns = "; the decision may turn" if bar.turns(unsure.base) else ""
        bars.append([f"{bar.unknown.name}, {low} to {high} (grade {bar.unknown.grade or 'yours'}){turns}", *both])
    title = f"{in_words(unsure.figure)} of {unsure.policy} less {unsure.than}, if assumed otherwise [95 % of the swing]"
    found = [table(*_cells(header, splits))] if splits else []
    return [*found, *([table(*_cells([title, "at one end", "at the other"], bars))] if bars else [])]


def _plots(dossier: Dossier) -> list[str]:
    """Those about all policies; the others are in the folders of the runs."""
    parts = ["## Plots"]
    for picture in dossier.pictures:
        if picture.policy is None:
            alt = plots.plot(picture.plot).alt(picture.data)
            parts += [f"### {escaped(picture.question)}", f"![{_alt(alt)}](plots/{picture.plot}.svg)"]
    return parts if len(parts) > 1 else []


def _alt(text: str) -> str:
    return re.sub(r"(?<!\\)([\[\]])", r"\\\1", escaped(text))


def _code(text: str) -> str:
    """Text in a code span, whatever backticks it holds."""
    line = " ".join(text.split())
    marks = "`" * (1 + max(map(len, re.findall("`+", line)), default=0))
    return f"{marks} {line} {marks}" if "`" in line else f"{marks}{line}{marks}"


def _fenced(text: str) -> str:
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}\n{text}\n{fence}"


def _origins(policies: Sequence[Policy]) -> str:
    rows = [
        [it.name, it.result.scenario.name, str(it.result.seed), str(it.result.replications), it.result.digest[:12]]
        for it in policies
    ]
    return table(*_cells(["policy", "scenario", "seed", "replications", "digest"], rows))


# --- words shared with the workbook ----------------------------------------------------------------------------------


def decided(comparison: Comparison) -> list[tuple[str, str | None]]:
    """The figures that one decides by: (name of the measure, channel)."""
    channels = [channel.name for channel in comparison.policies[0].result.desk.channels if not channel.automatic]
    found = {
        (figure.measure.name, figure.channel)
        for policy in comparison.policies
        for figure in policy.result.figures
        if figure.estimate.value is not None
    }
    asked: list[tuple[str, str | None]] = [
        (name, channel) for channel in channels for name in ("service_level", "wait")
    ]
    asked += [(name, None) for name in ("satisfaction", "excess_churn", "lost_margin", "cost")]
    # of value, only a difference means anything
    asked += [("value", None)] if len(comparison.policies) > 1 else []
    return [each for each in asked if each in found]


def called(name: str) -> str:
    """A measure's name as words."""
    return {"excess_churn": "customers lost"}.get(name, name.replace("_", " "))


def in_words(figure: str) -> str:
    """A figure by its name, as it is shown (see `scale`): ``phone service level``, ``customers lost a year``."""
    channel, _, name = figure.rpartition(".")
    return f"{channel} {called(name)}{' a year' if name == 'excess_churn' else ''}".lstrip()


def scale(figure: str, result: Result) -> float:
    """What a figure is shown times: customers lost are those of a year of such runs."""
    return YEAR / lasts(result) if figure == "excess_churn" else 1.0


def times(estimate: Estimate, by: float) -> Estimate:
    """A figure and its interval, so many times as large."""
    value, low, high = (None if each is None else by * each for each in (estimate.value, estimate.low, estimate.high))
    return replace(estimate, value=value, low=low, high=high)


def as_shown(it: Difference, result: Result) -> Difference:
    """A difference in the scale in which people read it: its two sides, the estimate and the wide one."""
    by = scale(it.measure.name, result)
    of_policy, of_than = (None if value is None else by * value for value in (it.of_policy, it.of_than))
    wide = None if it.wide is None else times(it.wide, by)
    return replace(it, of_policy=of_policy, of_than=of_than, estimate=times(it.estimate, by), wide=wide)


def label(comparison: Comparison, name: str, channel: str | None) -> str:
    """A figure in words, the service level with its target: ``phone service level (80.0 % within 20 s)``."""
    words = in_words(name if channel is None else f"{channel}.{name}")
    channels = {channel.name: channel for channel in comparison.policies[0].result.desk.channels}
    if name != "service_level" or channel not in channels:
        return words
    target = channels[channel].target
    hours = " of opening hours" if target.business is not None else ""
    return f"{words} ({say_share(target.share)} within {say_duration(target.within / TICKS_PER_SECOND)}{hours})"


def row_label(comparison: Comparison, name: str, channel: str | None) -> str:
    """What a row is of where the policies stand side by side: value is the difference to the baseline there."""
    return f"value against {comparison.policies[0].name}" if name == "value" else label(comparison, name, channel)


def say_difference(estimate: Estimate, unit: str, currency: str) -> str:
    """A difference with its interval: ``+6.1 points [+5.2, +7.0]``. Of shares it is in percentage points."""
    if estimate.value is None:
        return estimate.reason or "–"
    bounds = ends(estimate, unit, currency)
    return f"{say_change(estimate.value, unit, currency)}{f' {bounds}' if bounds else ''}"


def ends(estimate: Estimate | None, unit: str, currency: str) -> str:
    """The interval of a difference; empty where there is none, or where both ends are said alike."""
    if estimate is None or estimate.low is None or estimate.high is None:
        return ""
    low, high = (say_change(end, unit, currency) for end in (estimate.low, estimate.high))
    if low == high:
        return ""
    # lengths of time say in which unit each end is
    return f"[{low}, {high}]" if unit == "s" else f"[{low.split()[0]}, {high.split()[0]}]"


def say_change(value: float, unit: str, currency: str) -> str:
    """A change for people, with its sign unless it is as good as none."""
    if not math.isfinite(value):
        return "–"
    size = abs(value)
    if unit in ("share", "points"):
        said = f"{100 * size if unit == 'share' else size:.1f} points"
    elif unit == "s":
        said = say_duration(size)
    else:
        said = say_money(size, currency) if unit == "money" else f"{say_number(size)} {unit}".rstrip()
    if float(said.split()[0].replace(",", "")) == 0:
        return said
    return f"{'-' if value < 0 else '+'}{said}"


def say_level(value: float, unit: str, currency: str) -> str:
    """A value for people, in its unit."""
    return say(Estimate(value, None, None, 1), unit, currency) if math.isfinite(value) else "–"


def surely(difference: Difference) -> str:
    """Whether there is a difference, with the allowance for all that are shown beside it."""
    if difference.same:
        return "the same"
    if difference.estimate.value is None or math.isnan(difference.p):
        return "not known"
    if not difference.clear:
        return "no"
    return {True: "yes: better", False: "yes: worse", None: "yes"}[difference.better]


def compared(several: Sequence[Difference]) -> int:
    """How many comparisons the allowance is for: what is exactly the same, or not known, is none."""
    return sum(not each.same and not math.isnan(each.p) for each in several)


def spans(split: Split, replications: int) -> list[tuple[str, str, tuple[float, float] | None]]:
    """Where a difference lies, by what is uncertain about it: (in words, its kind, from and to); None where so many
    replications cannot show it."""
    if split.too_small:
        assumed = f"assumptions over their ranges: smaller than {replications} replications can show"
    else:
        assumed = "assumptions over their ranges (10 to 90 %)"
    named = (
        ("error of the mean (95 %), smaller with more replications", "simulation error", split.error),
        ("single replications (10 to 90 %)", "risk", split.weeks),
        (assumed, "assumptions", split.assumptions),
        ("single replications and assumptions (10 to 90 %)", "risk and assumptions", split.both),
    )
    small = "assumptions" if split.too_small else ""
    return [(what, kind, span) for what, kind, span in named if span is not None or kind == small]


def _currency(comparison: Comparison) -> str:
    return comparison.policies[0].result.desk.currency


# --- JSON ------------------------------------------------------------------------------------------------------------


def document(dossier: Dossier) -> dict[str, Any]:
    """The whole comparison as data, in the same order every time; what is not known is null, never NaN.

    Keys:
        title, question: texts of the scenario. verdict, notes, commands: sentences and commands, the first first.
        sim: the release. confidence: of all intervals but `wide`.
        measures: by name `unit` ("share" is 0 to 1, "s" seconds, "money" in the policy's `currency`), `better`
            ("higher", "lower" or "") and `definition`.
        policies: the baseline first. `name`, `number`, `changes` (words), what made it (`scenario`, `file`, `variant`,
            `set`, `seed`, `replications`, `uncertain`, `scenario_digest`, `digest`, `command`), `currency`,
            `thresholds` (as in measures.json) and `figures`: `measure`, `channel`, `segment` (null: all), `value`,
            `low`, `high`, `runs`, `reason` (why something is null) and `bands` (`over`, `low`, `high`).
        headline: every pair of policies in the decision figures. table: every policy less the baseline in all figures.
            Each has `measure`, `channel`, `segment`, `policy`, `than`, `of_policy`, `of_than`, `value`, `low`, `high`,
            `reason`, `runs`, `paired`, `p` (two-sided), `wide` (`low` and `high` that hold for all of its list at once,
            or null), `clear`, `better` (null: not clear, or neither way is) and `same` (exactly, in every replication).
        allowances: how many comparisons `headline` and `table` allow for.
        ties: by policy `than` another, the difference of value at each of `betas` with `low` and `high`, and the
            `beta` at which both are worth the same (null: at none of them) with `beta_low` and `beta_high`.
        churn: by policy `than` another, the customers lost more (`value`) and the range of that `over_beta` and
            `over_complaints`. unpaired: policies whose customers are not those of the baseline, and why. curve: the
            `path` that varies from policy to policy, and its `levels`, or null.
        cheapest, richest: the fields of `sim.selection.Selection`, or null.
        unsure, gap: the fields of `sim.uncertain.Unsure` and `sim.gap.Gap`, or null. Of a split, `assumptions` is null
            beside `both` where it is smaller than `weeks` replications can show.
        pictures: `plot`, `question` and `policy` (null: about all) of each plot.
    """
    comparison = dossier.comparison
    shown = {figure.measure.name for policy in comparison.policies for figure in policy.result.figures}
    found = {
        "title": dossier.title,
        "question": dossier.question,
        "verdict": dossier.verdict,
        "notes": dossier.notes,
        "commands": dossier.commands,
        "sim": sim.__version__,
        "confidence": CONFIDENCE,
        "measures": {
            it.name: {"unit": it.unit, "better": it.better, "definition": it.definition}
            for it in MEASURES
            if it.name in shown
        },
        "policies": [_policy(policy) for policy in comparison.policies],
        "headline": [_difference(each) for each in comparison.headline],
        "table": [_difference(each) for each in comparison.table],
        "allowances": {"headline": compared(comparison.headline), "table": compared(comparison.table)},
        "ties": comparison.ties,
        "churn": comparison.churn,
        "unpaired": comparison.unpaired,
        "curve": comparison.curve,
        "cheapest": comparison.cheapest,
        "richest": comparison.richest,
        "unsure": dossier.unsure,
        "gap": dossier.gap,
        "pictures": [{"plot": it.plot, "question": it.question, "policy": it.policy} for it in dossier.pictures],
    }
    data: dict[str, Any] = plain(found)
    return data


def plain(value: Any) -> Any:
    """As JSON holds it: dataclasses by field, arrays as lists, moments in ISO 8601, null for what is not finite."""
    if isinstance(value, Measure):
        return value.name
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, float):
        return value + 0.0 if math.isfinite(value) else None
    return value.isoformat() if isinstance(value, datetime) else value


def _policy(policy: Policy) -> dict[str, Any]:
    result: Result = policy.result
    scenario = result.scenario
    return {
        "name": policy.name,
        "number": policy.number,
        "changes": policy.changes,
        "scenario": scenario.name,
        "file": scenario.file,
        "variant": scenario.variant,
        "set": scenario.sets,
        "seed": result.seed,
        "replications": result.replications,
        "uncertain": result.uncertain,
        "scenario_digest": scenario.digest,
        "digest": result.digest,
        "command": command(result),
        "currency": result.desk.currency,
        "thresholds": thresholds.document(result),
        "figures": [_figure(figure) for figure in result.figures],
    }


def _figure(figure: Figure) -> dict[str, Any]:
    estimate = figure.estimate
    return {
        "measure": figure.measure.name,
        "channel": figure.channel,
        "segment": figure.segment,
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "runs": estimate.runs,
        "reason": estimate.reason or None,
        "bands": figure.bands,
    }


def _difference(it: Difference) -> dict[str, Any]:
    return {
        "measure": it.measure.name,
        "channel": it.channel,
        "segment": it.segment,
        "policy": it.policy,
        "than": it.than,
        "of_policy": it.of_policy,
        "of_than": it.of_than,
        "value": it.estimate.value,
        "low": it.estimate.low,
        "high": it.estimate.high,
        "reason": it.estimate.reason or None,
        "runs": it.estimate.runs,
        "paired": it.paired,
        "p": it.p,
        "wide": None if it.wide is None else {"low": it.wide.low, "high": it.wide.high},
        "clear": it.clear,
        "better": it.better,
        "same": it.same,
    }
