"""What `sim verify` prints: a line a comparison, then what it comes to; or the same as one JSON document."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from sim.verify import Verification
from sim.verify.judge import EXACT, SUSPECT, Comparison, Judgement

_ROW = "{:<7} {:<34} {:>11} {:>11}  {:>25}  {:>8} {:>6}  {}"
_HEAD = _ROW.format("case", "figure", "ours", "theirs", "99 % interval of ours", "detects", "z", "verdict")


def text(found: Verification) -> str:
    """A table for people."""
    lines = [_HEAD]
    for judgement in found.judgements:
        lines += ["", _title(judgement)]
        lines += [_row(one) for one in judgement.comparisons]
        if judgement.spread.figures:
            low, high = judgement.spread.bounds
            lines.append(f"{'':<7} sum of z² {judgement.spread.total:.1f}, 99.9 % of the time {low:.1f} to {high:.1f}"
                         + ("" if judgement.spread.inside else ": FAILS"))  # fmt: skip
    return "\n".join([*lines, "", *_summary(found)])


def _title(judgement: Judgement) -> str:
    case = judgement.case
    parts = [f"{case.id}  {case.title}", case.method, case.citation]
    if judgement.days:
        parts.append(f"{judgement.days:,} days")
    if judgement.contacts:
        parts.append(f"{judgement.contacts:,} contacts")
    if judgement.again:
        parts.append("second look, fresh seed")
    return " · ".join(part for part in parts if part)


def _row(one: Comparison) -> str:
    interval = f"{_short(one.low)} to {_short(one.high)}" if one.error else ""
    detects = "" if math.isinf(one.detectable) or not one.detectable else _percent(one.detectable, 2)
    z = "" if one.z is None or one.exact else f"{one.z:+.1f}"
    return _ROW.format(
        one.case, spoken(one.figure), _short(one.ours), _short(one.theirs), interval, detects, z, one.verdict
    ).rstrip()


def spoken(figure: str) -> str:
    """``sl@20s:phone#3`` as ``sl 20s, phone, interval 4``."""
    rest, _, part = figure.partition("#")
    return rest.replace("@", " ").replace(":", ", ").replace(">", " by ") + (
        f", interval {int(part) + 1}" if part else ""
    )


def _percent(share: float, digits: int) -> str:
    return f"{100 * share:.{digits}f} %"


def _short(value: float) -> str:
    return f"{value:.5g}"


def _summary(found: Verification) -> list[str]:
    every = [one for judgement in found.judgements for one in judgement.comparisons]
    judged = [one for one in every if one.z is not None]
    exact = sum(one.exact for one in judged)
    low, high = found.spread.bounds
    lines = [
        f"{len(found.judgements)} cases, {len(every):,} comparisons: {len(judged) - exact:,} judged by their error, "
        f"{exact:,} exactly, {len(every) - len(judged):,} shown only (variances, tails, too rare or too wide).",
        _failing([judgement.case.id for judgement in found.failing]),
    ]
    again = [judgement.case.id for judgement in found.judgements if judgement.again]
    if again:
        lines.append(f"Suspects, simulated again with a fresh seed and judged by that: {_names(again)}.")
    widest = found.widest
    if widest is not None:
        lines.append(f"Widest detectable error of what is judged: {_percent(widest.detectable, 1)} "
                     f"({widest.case}, {spoken(widest.figure)}).")  # fmt: skip
    if found.spread.figures:
        lines.append(f"Sum of z² {found.spread.total:,.0f} of {found.spread.figures:,} figures; 99.9 % of the time "
                     f"{low:,.0f} to {high:,.0f}" + ("." if found.spread.inside else ": FAILS."))  # fmt: skip
    if math.isfinite(found.form.share):
        lines.append(_reached(found))
    return lines


def _failing(names: list[str]) -> str:
    fail = "1 case fails" if len(names) == 1 else f"{len(names)} cases fail"
    return f"{fail}: {_names(names)}." if names else f"{fail}."


def _reached(found: Verification) -> str:
    form = found.form
    sized = [
        one
        for judgement in found.judgements
        for one in judgement.comparisons
        if one.z is not None and one.figure in judgement.case.sd and "#" not in one.figure
    ]
    missed = [one for one in sized if one.detectable > form.target(one.figure)]
    wanted = f"{_percent(form.share, 0)} of probabilities and occupancies, {_percent(form.mean, 0)} of means"
    if not missed:
        return f"All {len(sized):,} figures with a target are as narrow as wanted ({wanted})."
    return (
        f"As narrow as wanted ({wanted}): {len(sized) - len(missed):,} of {len(sized):,} figures. Not all "
        f"reached with at most {form.most_contacts:,} contacts or {form.most_days:,} days: "
        f"{_names(one.case for one in missed)}."
    )


def _names(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))


def document(found: Verification) -> dict[str, Any]:
    """The same for machines. What is infinite or was not judged is null."""
    low, high = found.spread.bounds
    return {
        "form": found.form.name,
        "passed": found.passed,
        "suspect_above": SUSPECT,
        "exact_to": EXACT,
        "sum_of_squares": found.spread.total,
        "sum_of_squares_range": [low, high],
        "cases": [_case(judgement) for judgement in found.judgements],
    }


def _case(judgement: Judgement) -> dict[str, Any]:
    case, (low, high) = judgement.case, judgement.spread.bounds
    return {
        "id": case.id,
        "title": case.title,
        "topic": case.topic,
        "method": case.method,
        "citation": case.citation,
        "numerical_error": case.numerical_error,
        "contacts": judgement.contacts,
        "days": judgement.days,
        "again": judgement.again,
        "passed": judgement.passed,
        "sum_of_squares": judgement.spread.total,
        "sum_of_squares_range": [low, high],
        "comparisons": [
            {
                "figure": one.figure,
                "ours": _finite(one.ours),
                "theirs": one.theirs,
                "low": _finite(one.low),
                "high": _finite(one.high),
                "detectable": _finite(one.detectable),
                "z": _finite(one.z),
                "verdict": one.verdict,
            }
            for one in judgement.comparisons
        ],
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
