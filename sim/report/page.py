"""A report as one HTML file: the answer first, then each plot under its question, then the tables to look things up in.

It asks the network for nothing and can be read with a keyboard, a screen reader, on a phone and on paper. What it says
is in the page itself; only the long tables are drawn by its script, from one packed copy of their numbers.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim import plots
from sim.compare import Comparison, Policy
from sim.desk import Channel
from sim.differences import Difference
from sim.estimate import Estimate
from sim.measures import MEASURES
from sim.measures.base import Measure
from sim.measures.constants import assumed_by
from sim.measures.summary import Figure
from sim.plots import inline
from sim.plots._policies import look
from sim.report import gap_text, page_tables
from sim.report.assumptions import words
from sim.report.figures import each, lasts, listed, title
from sim.report.page_tables import Table
from sim.report.written import called
from sim.report.written import scale as by_year
from sim.results import provenance
from sim.run import Result
from sim.schemas import TICKS_PER_SECOND
from sim.units import say_duration

if TYPE_CHECKING:
    from jinja2 import Template

    from sim.gap import Gap
    from sim.report.dossier import Dossier, Shown
    from sim.uncertain import Split, Unsure

ROOM = 2_300_000
"""Characters that plots may take of a page, which is to stay below 3 MB."""

HEADING = 26
"""Points of a plot that its title takes."""

MARKS = {
    "o": "M6 1a5 5 0 1 0 .01 0z",
    "s": "M2 2h8v8H2z",
    "^": "M6 1l5 9H1z",
    "D": "M6 .5 11.5 6 6 11.5.5 6z",
    "v": "M6 11 1 2h10z",
    "P": "M4 1h4v3h3v4H8v3H4V8H1V4h3z",
    "X": "M3.5 1 6 3.5 8.5 1 11 3.5 8.5 6 11 8.5 8.5 11 6 8.5 3.5 11 1 8.5 3.5 6 1 3.5z",
    "<": "M1 6l9-5v10z",
    ">": "M11 6 2 1v10z",
    "h": "M6 .5l4.8 2.75v5.5L6 11.5 1.2 8.75v-5.5z",
    "p": "M6 .5l5.2 3.9-2 6.1H2.8l-2-6.1z",
    "d": "M6 .5 9.5 6 6 11.5 2.5 6z",
    "*": "M6 .5l1.5 3.7 4 .3-3 2.6.9 3.9L6 8.9 2.6 11l.9-3.9-3-2.6 4-.3z",
}
"""The plots' markers as paths in a square of 12."""

CHEAPEST, RICHEST = "cheapest that meets the targets", "highest value"
BY_MARGIN = "by margin less cost"
"""What value is."""

VERDICTS = {"met": "✓", "missed": "✗", "unsure": "?"}


@dataclass(frozen=True)
class Cell:
    """A figure of a policy: with its interval, what is said of its target (a key of `VERDICTS` and words), and its
    difference to the baseline."""

    value: str
    interval: str = ""
    mark: str = ""
    verdict: str = ""
    change: str = ""
    clear: bool = False


@dataclass(frozen=True)
class Heading:
    """Over a column of the policies: what it is, in what, and the measure that defines it."""

    name: str
    note: str
    term: str


@dataclass(frozen=True)
class Row:
    """A policy in the table of the answer: how it looks in every plot, what it is chosen for, why or why not."""

    name: str
    color: str
    path: str
    changes: tuple[str, ...]
    badges: tuple[str, ...]
    why: tuple[str, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Picture:
    """A plot in the page; `table` is the name of the numbers behind it, `rows` how many they are."""

    policy: Policy | None
    svg: str
    alt: str
    table: str
    rows: int


@dataclass(frozen=True)
class Section:
    """A question with its plots: one about all policies, or one a policy."""

    name: str
    question: str
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Doubt:
    """How sure a figure is: its name, what defines it, its unit; its value and ranges, each with what is said of it."""

    name: str
    term: str
    unit: str
    cells: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Doubts:
    """The figures of a policy, or of one less another; `first`: they are what the tornado is about."""

    title: str
    first: bool
    rows: tuple[Doubt, ...]


@dataclass(frozen=True)
class Origin:
    """Where a policy's figures come from."""

    policy: str
    command: str
    facts: tuple[tuple[str, str], ...]


def page(dossier: Dossier) -> str:
    """The page, complete."""
    policies = dossier.comparison.policies
    base = policies[0].result
    tables = _tables(dossier.comparison, base.desk.currency)
    if dossier.gap is not None:
        tables["gap"] = page_tables.gap(*gap_text.rows(dossier.gap))
    sections, left_out = _sections(dossier.pictures, policies, tables)
    script = _part("page.js")
    return _template().render(
        dossier=dossier,
        base=base,
        headings=tuple(_headings(policies)),
        rows=tuple(_row(policy, dossier.comparison) for policy in policies),
        marks=VERDICTS,
        about={RICHEST: f"{RICHEST} {BY_MARGIN}"},
        spans=_spans(base),
        counts=_counts(policies),
        sections=sections,
        left_out=listed(list(left_out)) if left_out else "",
        tables=tables,
        packed=page_tables.packed(tables),
        definitions=_definitions() | (_doubtful(dossier.unsure, base) if dossier.unsure is not None else {}),
        gap=_gap(dossier.gap) if dossier.gap is not None else (),
        gap_notes=gap_text.notes(dossier.gap) if dossier.gap is not None else (),
        doubts=list(_doubts(dossier.unsure, base)) if dossier.unsure is not None else [],
        assumed=_assumed(policies),
        grades=_grades(policies),
        origins=tuple(_origin(policy) for policy in policies),
        scenarios={policy.result.scenario.file: policy.result.scenario.text for policy in policies},
        style=inline.PAGE_CSS + _part("page.css"),
        script=script,
        hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii"),
    )


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    return environment.from_string(_part("page.html"))


def _part(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _tables(comparison: Comparison, currency: str) -> dict[str, Table]:
    """The tables that everything can be looked up in."""
    several = len(comparison.policies) > 1
    found = {"differences": page_tables.differences(comparison, currency)} if several else {}
    if not several:
        found["figures"] = page_tables.figures(comparison.policies[0], currency)
    rows = page_tables.intervals(comparison.policies)
    return found | ({"intervals": rows} if rows.rows else {})


# --- the answer's table ----------------------------------------------------------------------------------------------


def _headings(policies: Sequence[Policy]) -> Iterator[Heading]:
    base = policies[0].result
    for channel in _people(base):
        within = say_duration(channel.target.within / TICKS_PER_SECOND)
        hours = " of opening hours" if channel.target.business is not None else ""
        yield Heading(f"{title(channel.name)} in time", f"{_asked(channel)} within {within}{hours}", "service_level")
    yield Heading("Satisfaction", "points of 100", "satisfaction")
    yield Heading("Customers lost", f"a year of such {_spans(base)}", "excess_churn")
    yield Heading("Cost", f"{base.desk.currency} {each(base)}", "cost")
    if len(policies) > 1:
        yield Heading("Value", f"{base.desk.currency} {each(base)} against {policies[0].name}", "value")


def _counts(policies: Sequence[Policy]) -> str:
    """How many replications: of each policy, or from the least to the most."""
    counts = sorted({policy.result.replications for policy in policies})
    return f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,}"


def _people(result: Result) -> list[Channel]:
    return [channel for channel in result.desk.channels if not channel.automatic]


def _asked(channel: Channel) -> str:
    return f"{100 * channel.target.share:g} %"


def _spans(result: Result) -> str:
    """What the replications are."""
    return {1.0: "days", 7.0: "weeks"}.get(lasts(result), "runs")


def _row(policy: Policy, comparison: Comparison) -> Row:
    result, base = policy.result, comparison.policies[0]
    own = {channel.name: channel for channel in _people(result)}
    changes = {
        (row.measure.name, row.channel): row
        for row in comparison.table
        if (row.policy, row.than, row.segment) == (policy.name, base.name, None)
    }
    found = {(figure.measure.name, figure.channel): figure for figure in result.figures if figure.segment is None}
    keys: list[tuple[str, str | None]] = [("service_level", channel.name) for channel in _people(base.result)]
    keys += [("satisfaction", None), ("excess_churn", None), ("cost", None)]
    cells = [_cell(found.get(key), own.get(key[1] or ""), changes.get(key), result) for key in keys]
    if len(comparison.policies) > 1:
        # of value, only a difference means anything
        worth = changes.get(("value", None))
        cells.append(Cell("–") if worth is None else Cell("", change=_change(worth, 1.0), clear=worth.clear))
    badges, why = _judged(policy, comparison)
    drawn = look(policy.number)
    return Row(policy.name, _color(drawn.color), MARKS[drawn.marker], policy.changes, badges, why, tuple(cells))


def _color(paper: str) -> str:
    """A plot's colour, which is another one on a dark screen."""
    return next((f"var(--{name})" for name, (light, _) in inline.THEME.items() if light == paper.upper()), paper)


def _cell(figure: Figure | None, channel: Channel | None, change: Difference | None, result: Result) -> Cell:
    if figure is None or figure.estimate.value is None:
        return Cell("–")
    scale, name = _scale(figure.measure, result), figure.measure.name
    unit, digits = ("\u00a0%", 1) if figure.measure.unit == "share" else ("", 1 if name == "satisfaction" else 0)
    mark, verdict = ("", "") if channel is None else _verdict(figure.estimate, channel)
    return Cell(
        _number(figure.estimate.value, scale, digits) + unit,
        _ends(figure.estimate.low, figure.estimate.high, scale, digits),
        mark,
        verdict,
        change="" if change is None else _change(change, scale),
        clear=change is not None and change.clear,
    )


def _scale(measure: Measure, result: Result) -> float:
    """What a figure is shown times: shares as percent, customers lost as those of a year of such runs."""
    return 100.0 if measure.unit == "share" else by_year(measure.name, result)


def _change(row: Difference, scale: float) -> str:
    """A difference with its interval, in the unit of its column: +6.4 pt [5.5, 7.3]; a line ends only before it."""
    if row.same:
        return "no difference"
    if row.estimate.value is None:
        return "not known"
    digits = 0 if row.measure.unit in ("money", "customers") else 1
    unit = "\u00a0pt" if row.measure.unit == "share" else ""
    ends = _ends(row.estimate.low, row.estimate.high, scale, digits)
    return f"{_number(row.estimate.value, scale, digits, sign='+')}{unit} {ends}".rstrip()


def _ends(low: float | None, high: float | None, scale: float, digits: int) -> str:
    """An interval; empty where there is none, or where it has no width."""
    if low is None or high is None:
        return ""
    ends = [_number(end, scale, digits) for end in (low, high)]
    return "" if ends[0] == ends[1] else f"[{ends[0]},\u00a0{ends[1]}]"


def _number(value: float, scale: float, digits: int, sign: str = "") -> str:
    return f"{value * scale:{sign}z,.{digits}f}".replace("-", "−")


def _verdict(level: Estimate, channel: Channel) -> tuple[str, str]:
    """Whether a target is met: for sure, one way or the other, only by the whole interval."""
    asked, share, value = _asked(channel), channel.target.share, level.value or 0.0
    low, high = (value if end is None else end for end in (level.low, level.high))
    if low >= share:
        return "met", f"meets {asked}"
    return ("missed", f"misses {asked}") if high < share else ("unsure", f"may miss {asked}")


def _judged(policy: Policy, comparison: Comparison) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a policy is chosen for, and why it is chosen or is not."""
    badges = ["baseline"] if policy.number == 0 and len(comparison.policies) > 1 else []
    why = []
    # of the points of a curve one asks which meet the target
    richest = comparison.richest if comparison.curve is None else None
    selections = (
        (comparison.cheapest, CHEAPEST, CHEAPEST, "it meets all of them, and none that does is clearly cheaper"),
        (richest, RICHEST, f"{RICHEST} {BY_MARGIN}", "that of no other is clearly higher"),
    )
    for selection, badge, name, because in selections:
        if selection is None:
            continue
        if selection.chosen == policy.name:
            badges.append(badge)
            why.append(f"the {name}: {because}")
        why += [f"not the {name}: {_said(it.out)}" for it in selection.judged if it.name == policy.name and it.out]
    return tuple(badges), tuple(why)


def _said(out: str) -> str:
    """Why a policy is out: a target is named in words, another policy as it is called."""
    return re.sub("[._]", " ", out) if out.startswith("misses ") else out


# --- the plots -------------------------------------------------------------------------------------------------------


def _sections(
    pictures: Sequence[Shown], policies: Sequence[Policy], tables: dict[str, Table]
) -> tuple[tuple[Section, ...], tuple[str, ...]]:
    """The plots by their questions, and the policies whose plots the page has no room for.

    The numbers behind each plot are added to `tables`.
    """
    by_name = {policy.name: policy for policy in policies}
    drawn: dict[int, Picture] = {}
    left_out: list[str] = []
    room = ROOM
    # those about all policies come first, then policy by policy as long as there is room
    for name in (None, *by_name):
        mine = [number for number, shown in enumerate(pictures) if shown.policy == name]
        made = {number: _picture(pictures[number], number, by_name) for number in mine}
        size = sum(len(picture.svg) for picture, _ in made.values())
        if name is not None and (left_out or size > room):
            left_out += [name] if mine else []
            continue
        room -= size
        for number, (picture, table) in made.items():
            drawn[number] = picture
            tables[picture.table] = table
    asked = [(pictures[number].plot, pictures[number].question, drawn[number]) for number in sorted(drawn)]
    asked.sort(key=lambda each: next(i for i, shown in enumerate(pictures) if shown.plot == each[0]))
    sections = [
        Section(plot, question, tuple(picture for _, _, picture in group))
        for (plot, question), group in groupby(asked, key=lambda each: each[:2])
    ]
    return tuple(sections), tuple(left_out)


def _picture(shown: Shown, number: int, policies: dict[str, Policy]) -> tuple[Picture, Table]:
    """A plot, and the numbers behind it."""
    policy = None if shown.policy is None else policies[shown.policy]
    module = plots.plot(shown.plot)
    file = shown.plot if policy is None or len(policies) == 1 else f"{shown.plot}-{policy.number}"
    table = page_tables.behind(file, shown.policy or shown.question, module.table(shown.data))
    svg = _untitled(inline.svg(shown.plot, shown.data, prefix=f"p{number}"))
    return Picture(policy, svg, module.alt(shown.data), f"plot-{number}", table.rows), table


def _untitled(svg: str) -> str:
    """A plot without the title that a file of its own needs: on the page a heading says the same."""
    return re.sub(
        r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"',
        lambda view: f'viewBox="0 {HEADING} {view[1]} {float(view[2]) - HEADING:g}"',
        svg,
        count=1,
    )


# --- what it rests on ------------------------------------------------------------------------------------------------


def _definitions() -> dict[str, tuple[str, str]]:
    """By measure, and what is defined beside them: its name, and its definition."""
    found = {measure.name: (called(measure.name), measure.definition) for measure in MEASURES}
    return found | page_tables.EXTRA


def _doubtful(unsure: Unsure, base: Result) -> dict[str, tuple[str, str]]:
    """What the columns of `Doubts` are, by the names of their definitions."""
    weeks = _spans(base)
    mean = f"Where the mean lies with 95 %; more than the {unsure.weeks} replications make it narrower."
    luck = f"8 of 10 single {weeks} lie there; that is luck, which no simulation takes away."
    assumed = (
        "Where the mean lies for 8 of 10 draws of all that is not known. Where that range does not hold the value "
        "itself, most of what may be assumed is on that side of what is assumed. Too small: smaller than "
        f"{unsure.weeks} replications can show."
    )
    return {
        "doubt_mean": ("error of the mean", mean),
        "doubt_single": (f"single {weeks}", luck),
        "doubt_assumed": ("assumptions", assumed),
        "doubt_all": ("all", f"8 of 10 single {weeks} lie there with all that is not known drawn."),
    }


def _doubts(unsure: Unsure, base: Result) -> Iterator[Doubts]:
    """What the tornado is about first: the difference, then the policy itself; then each policy, then the others."""
    pairs = dict.fromkeys((split.policy, split.than) for split in unsure.splits)
    first = [pair for pair in ((unsure.policy, unsure.than), (unsure.than, "")) if pair in pairs]
    alone = [pair for pair in pairs if pair[1] == ""]
    for policy, than in dict.fromkeys([*first, *alone, *pairs]):
        rows = [_doubt(split, unsure, base) for split in unsure.splits if (split.policy, split.than) == (policy, than)]
        yield Doubts(f"{policy} less {than}" if than else f"{policy} itself", (policy, than) in first, tuple(rows))


def _doubt(split: Split, unsure: Unsure, base: Result) -> Doubt:
    """A row: all its numbers to as many decimals, so that the largest has three digits or is whole."""
    measure, channel = split.measure, split.name.rpartition(".")[0]
    scale = _scale(measure, base)
    ranges = (split.error, split.weeks, split.assumptions, split.both)
    ends = [split.value, *(end for span in ranges if span is not None for end in span)]
    digits = _decimals(max(abs(scale * end) for end in ends))
    unit = {"share": "points" if split.than else "%", "money": f"{unsure.currency} {each(base)}"}.get(measure.unit, "")
    unit = unit or (f"a year of such {_spans(base)}" if measure.name == "excess_churn" else measure.unit)

    def say(*ends: float) -> str:
        said = [
            _number(end, scale, digits, sign="+" if split.than and round(scale * end, digits) else "") for end in ends
        ]
        return " to ".join(dict.fromkeys(said))

    said = [("–", "") if span is None else (say(*span), "") for span in ranges]
    if split.too_small:
        said[2] = ("too small", "")
    if split.assumptions is not None:
        value, low, high = (round(scale * end, digits) for end in (split.value, *split.assumptions))
        said[2] = (said[2][0], "above the value" if low > value else "below the value" if high < value else "")
    return Doubt(f"{channel} {called(measure.name)}".lstrip(), measure.name, unit, ((say(split.value), ""), *said))


def _decimals(largest: float) -> int:
    """Of numbers up to this one: three digits, and whole from more than 100 on."""
    return 0 if largest > 100 or largest == 0 else min(6, max(1, 2 - math.floor(math.log10(largest))))


def _gap(gap: Gap) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What is to be said of Erlang beside the simulation, by channel."""
    return tuple((title(channel.channel), tuple(gap_text.sentences(gap, channel))) for channel in gap.channels)


def _all_assumed(policies: Sequence[Policy]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for policy in policies:
        found = {**policy.result.scenario.assumed, **assumed_by(policy.result.desk), **found}
    return found


def _assumed(policies: Sequence[Policy]) -> list[tuple[str, str, str, str]]:
    """What is assumed on judgement (grade C): path, value, range and source."""
    found = _all_assumed(policies)
    return [
        (path, words(it.value), it.range or "–", it.source) for path, it in sorted(found.items()) if it.grade == "C"
    ]


def _grades(policies: Sequence[Policy]) -> dict[str, int]:
    """How many assumptions there are of each grade."""
    grades = [it.grade for it in _all_assumed(policies).values()]
    return {grade: grades.count(grade) for grade in "ABC"}


def _origin(policy: Policy) -> Origin:
    known = provenance(policy.result)
    facts = [
        ("scenario", known["file"]),
        ("variant", known["variant"] or "–"),
        ("changed with --set", ", ".join(known["set"]) or "–"),
        ("replications", f"{known['replications']:,}"),
        ("seed", str(known["seed"])),
        ("unknowns", "drawn anew in every replication" if known["uncertain"] else "at their values"),
        ("digest of the run", known["digest"]),
        ("digest of the scenario", known["scenario_digest"]),
        ("sim", known["sim"]),
        ("engine", known["engine"]),
        ("Python", known["python"]),
        ("packages", ", ".join(f"{name} {version}" for name, version in known["packages"].items())),
    ]
    return Origin(policy.name, known["command"], tuple(facts))
