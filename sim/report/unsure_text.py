"""How sure, as text at most 118 characters wide: a figure's uncertainty by where it comes from, and which assumption
moves the decision.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sim.estimate import Estimate
from sim.uncertain import Bar, Split, Unsure

if TYPE_CHECKING:
    from sim.plots.tornado import Tornado

WIDTH = 118

TOO_SMALL = "too small"
"""In place of a range over assumptions that so many replications cannot show."""

SHOWN = 10
"""Assumptions in the table: those that turn the decision, then those that move it most."""


def text(unsure: Unsure, *, also: str = "") -> str:
    """The splits of the difference, of the one that it is held against and of `also`, the policy that was chosen by its
    targets; what they mean, and the assumptions."""
    pairs = dict.fromkeys(((unsure.policy, unsure.than), (unsure.than, ""), (also, "")))
    shown = [each for each in pairs if _of(unsure, *each)]
    parts = [
        *(_splits(unsure, *each) for each in shown),
        _meaning(unsure, [split for each in shown for split in _of(unsure, *each)]),
        _decision(unsure),
        _bars(unsure),
        _rest(unsure),
    ]
    return "\n\n".join(part for part in parts if part)


def picture(unsure: Unsure) -> Tornado:
    """The tornado of the difference."""
    from sim.plots.tornado import Bar as Drawn
    from sim.plots.tornado import Tornado

    return Tornado(
        figure=_named(unsure.figure),
        unit=unsure.currency if unsure.unit == "money" else unsure.unit,
        base=unsure.base.value,
        low=unsure.base.low,
        high=unsure.base.high,
        policy=unsure.policy,
        than=unsure.than,
        bars=tuple(
            Drawn(
                bar.unknown.name, *bar.unknown.ends, bar.at_low.value, _half(bar.at_low), bar.at_high.value,
                _half(bar.at_high), bar.unknown.grade,
            )
            for bar in unsure.bars
        ),
        better=unsure.better,
        replications=unsure.replications,
    )  # fmt: skip


def _half(estimate: Estimate) -> float | None:
    if estimate.low is None or estimate.high is None:
        return None
    return (estimate.high - estimate.low) / 2


# --- where it comes from ----------------------------------------------------------------------------------------------


def _of(unsure: Unsure, policy: str, than: str) -> list[Split]:
    return [each for each in unsure.splits if (each.policy, each.than) == (policy, than)]


def _splits(unsure: Unsure, policy: str, than: str) -> str:
    """The splits of a policy less another, or ("") of the policy itself, as a table."""
    title = f"{policy} less {than}" if than else f"{policy} itself"
    header = ("", "mean", "single runs", "assumptions", "all")
    rows = [header, *(_row(split, unsure.currency) for split in _of(unsure, policy, than))]
    return f"How sure: {title}\n{_table(rows)}"


def _meaning(unsure: Unsure, shown: Sequence[Split]) -> str:
    """What the columns are."""
    small = f"{TOO_SMALL}: smaller than {unsure.weeks} replications can show. "
    small = small if any(split.too_small for split in shown) else ""
    return _wrapped(
        f"mean: where the mean lies with 95 %; more than the {unsure.weeks} replications make it narrower. single "
        "runs: 8 of 10 replications lie there; that is luck, which no simulation takes away. assumptions: where the "
        f"mean lies for 8 of 10 draws of all that is not known. {small}all: 8 of 10 single runs with all of it drawn."
    )


def _row(split: Split, currency: str) -> tuple[str, ...]:
    unit = _unit(split.measure.unit, currency, change=bool(split.than))
    over = TOO_SMALL if split.too_small else _span(split, split.assumptions)
    error, weeks, both = (_span(split, span) for span in (split.error, split.weeks, split.both))
    return f"{_named(split.name)}, {unit}", error, weeks, over, both


def _named(figure: str) -> str:
    """A figure by its name, but those that are shown by the year elsewhere with the run that they are of."""
    return {"excess_churn": "customers lost by a run"}.get(figure, figure)


def _span(split: Split, span: tuple[float, float] | None) -> str:
    if span is None:
        return "–"
    low, high = (_number(end, split.measure.unit, change=bool(split.than)) for end in span)
    return high if low == high else f"{low} to {high}"


# --- what moves it ----------------------------------------------------------------------------------------------------


def _decision(unsure: Unsure) -> str:
    """What the figure is as assumed, and which assumptions turn the decision."""
    base = f"{_said(unsure, unsure.base)} over {unsure.base.runs} replications"
    said = f"As assumed, {_named(unsure.figure)} of {unsure.policy} less {unsure.than} is {base}."
    if not unsure.base.value:
        return _wrapped(f"{said} There is no difference, so there is no choice to turn.")
    choice = f"the choice by {unsure.figure} between {unsure.than} and {unsure.policy}"
    turning = [bar.unknown.name for bar in unsure.bars if bar.turns(unsure.base)]
    if not turning:
        return _wrapped(f"{said} None of {len(unsure.bars)} assumptions by itself turns {choice}.")
    return _wrapped(f"{said} What turns {choice}, within its range: {', '.join(turning)}.")


def _bars(unsure: Unsure) -> str:
    shown = _shown(unsure)
    if not shown:
        return ""
    rows = [("assumption, with the grade of its source", "from", f"{_named(unsure.figure)} then", "to", "then", "")]
    for bar in shown:
        low, high = bar.unknown.ends
        rows.append(
            (
                f"{bar.unknown.name} ({bar.unknown.grade or 'yours'})",
                low,
                _said(unsure, bar.at_low),
                high,
                _said(unsure, bar.at_high),
                "turns" if bar.turns(unsure.base) else "",
            )
        )
    return _table(rows)


def _shown(unsure: Unsure) -> list[Bar]:
    """Those whose ends can be told apart as they are printed, by their swing."""
    moving = [bar for bar in unsure.bars if _said(unsure, bar.at_low) != _said(unsure, bar.at_high)]
    first = sorted(moving, key=lambda bar: not bar.turns(unsure.base))[:SHOWN]
    return [bar for bar in moving if bar in first]


def _rest(unsure: Unsure) -> str:
    """What is not in the table, and what is held."""
    shown = _shown(unsure)
    rest = [bar for bar in unsure.bars if bar not in shown]
    moving = [bar.swing for bar in rest if bar.swing > 0]
    said = [
        f"then: the figure as assumed plus its swing, which is over {unsure.replications} replications, both policies "
        "alike, all other assumptions as they are; in brackets the 95 % interval of the swing."
    ]
    if moving:
        most = f"{_number(max(moving), unsure.unit, change=False)} {_unit(unsure.unit, unsure.currency, change=True)}"
        hardly = not any(digit in most for digit in "123456789")
        said.append(f"{len(moving)} more {'hardly move it' if hardly else f'move it by {most} or less'}.")
    if still := len(rest) - len(moving):
        said.append(f"{still} {'do' if still > 1 else 'does'} not move it at all.")
    if held := len(unsure.held):
        many = f"{held} assumptions have" if held > 1 else "1 assumption has"
        said.append(f"{many} no range of numbers and {'are' if held > 1 else 'is'} held.")
    return _wrapped(" ".join(said))


# --- numbers ----------------------------------------------------------------------------------------------------------


def _said(unsure: Unsure, estimate: Estimate) -> str:
    """A change with its interval: ``+6.1 points [+5.2, +7.0]``."""
    if estimate.value is None:
        return estimate.reason
    value = f"{_number(estimate.value, unsure.unit)} {_unit(unsure.unit, unsure.currency, change=True)}"
    if estimate.low is None or estimate.high is None:
        return value
    low, high = (_number(end, unsure.unit) for end in (estimate.low, estimate.high))
    return value if low == high else f"{value} [{low}, {high}]"


def _number(value: float, unit: str, *, change: bool = True) -> str:
    """A number, with its sign if it is a change and not as good as none."""
    size = 100 * value if unit == "share" else value
    digits = {"share": 1, "points": 1, "money": 0}.get(unit, 2 if abs(size) < 10 else 1 if abs(size) < 100 else 0)
    sign = "+" if change and round(size, digits) != 0 else ""
    return f"{size:{sign}z,.{digits}f}"


def _unit(unit: str, currency: str, *, change: bool) -> str:
    return {"share": "points" if change else "%", "money": currency}.get(unit, unit)


# --- laid out ---------------------------------------------------------------------------------------------------------


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    """Columns as wide as they must be, the first to the left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows]
    return "\n".join(f"  {line}".rstrip() for line in lines)


def _wrapped(line: str) -> str:
    return textwrap.fill(line, WIDTH, break_on_hyphens=False)
