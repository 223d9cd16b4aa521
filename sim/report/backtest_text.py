"""A back-test as text, at most 110 characters wide, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from textwrap import wrap
from typing import Any

from sim.backtest import Backtest, Comparison, Fit, Row, Variant
from sim.clock import say_pieces
from sim.estimate import Estimate

WIDTH = 110


def text(result: Backtest) -> str:
    """Observed, predicted and Erlang-A by hour of day and over all; then how near cells come."""
    lines = [
        f"{result.scenario}: {result.log.file}",
        *wrap(str(result.log), WIDTH, break_on_hyphens=False),
        f"compared: {_compared(result)}; {_replications(result)}, seed {result.seed}",
        "",
        f"{'':13}{'abandoned, %':^35}   {'mean wait of all calls, s':^35}",
        f"{'hour':<5}{'calls':>8}" + 2 * f"{'observed':>10}{'predicted':>15}{'Erlang-A':>10}   ",
        *(_row(f"{hour:02d}", row) for hour, row in result.by_hour.items()),
        _row("all", result.overall),
        "",
        f"{'abandonment by day and hour':<46}{'predicted':>10}{'Erlang-A':>10}",
        _fit("correlation r, weighted by calls", _r(result.predicted.r), _r(result.erlang_a.r)),
        _fit("correlation r, every cell alike", _r(result.predicted.r_unweighted), _r(result.erlang_a.r_unweighted)),
        _fit(
            "mean absolute error, points, weighted by calls",
            f"{100 * result.predicted.mae:.2f}",
            f"{100 * result.erlang_a.mae:.2f}",
        ),
        "",
        "Predicted: mean over replications ± half its 95 % interval. Wait: abandoned calls count until they left.",
        f"Erlang-A: each hour by itself, handle time {result.handle_time:.0f} s, "
        f"mean patience {result.patience:.0f} s, both from the log.",
    ]
    return "\n".join(line.rstrip() for line in lines)


def grid_text(variants: Sequence[Variant]) -> str:
    """A line for every gap rule and wrap-up, under what was observed."""
    overall = variants[0].result.overall
    lines = [
        f"gap rule x wrap-up: {_replications(variants[0].result)} each, seed {variants[0].result.seed}",
        "",
        f"{'gap':>8}{'wrap-up':>10}{'abandoned, %':>15}{'wait, s':>10}{'r':>8}{'error, points':>16}{'of Erlang-A':>14}",
        f"{'observed':>18}{100 * overall.abandonment.observed:>15.1f}{overall.wait.observed:>10.1f}",
        *(
            f"{variant.gap / 60:>4.0f} min{variant.wrap_up:>8.0f} s"
            f"{100 * _value(variant.result.overall.abandonment.predicted):>15.1f}"
            f"{_value(variant.result.overall.wait.predicted):>10.1f}"
            f"{_r(variant.result.predicted.r):>8}"
            f"{100 * variant.result.predicted.mae:>16.2f}{100 * variant.result.erlang_a.mae:>14.2f}"
            for variant in variants
        ),
    ]
    return "\n".join(lines)


def to_json(result: Backtest, variants: Sequence[Variant] = ()) -> dict[str, Any]:
    """Everything that the text shows, unrounded: shares from 0 to 1, times in seconds."""
    return {
        "scenario": result.scenario,
        "log": asdict(result.log),
        "seed": result.seed,
        "replications": result.replications,
        "compare": "always" if result.compare is None else say_pieces(result.compare),
        "erlang_a": {"handle_time_s": result.handle_time, "patience_s": result.patience},
        "overall": _row_json(result.overall),
        "by_hour": {str(hour): _row_json(row) for hour, row in result.by_hour.items()},
        "fit": _fits_json(result),
        "grid": [
            {
                "gap_s": variant.gap,
                "wrap_up_s": variant.wrap_up,
                "replications": variant.result.replications,
                "overall": _row_json(variant.result.overall),
                "fit": _fits_json(variant.result),
            }
            for variant in variants
        ],
    }


def _compared(result: Backtest) -> str:
    """Which calls count."""
    if result.compare is None:
        return f"all {result.overall.calls:,} calls"
    return f"the {result.overall.calls:,} calls that arrived {say_pieces(result.compare)}"


def _replications(result: Backtest) -> str:
    return f"{result.replications} replication{'' if result.replications == 1 else 's'}"


def _row(label: str, row: Row) -> str:
    return f"{label:<5}{row.calls:>8,}" + _comparison(row.abandonment, 100) + "   " + _comparison(row.wait, 1)


def _comparison(figure: Comparison, scale: float) -> str:
    return f"{scale * figure.observed:>10.1f}{_predicted(figure.predicted, scale):>15}{scale * figure.erlang_a:>10.1f}"


def _predicted(estimate: Estimate, scale: float) -> str:
    value = scale * _value(estimate)
    if estimate.low is None or estimate.high is None:
        return f"{value:.1f}"
    return f"{value:.1f} ± {scale * (estimate.high - estimate.low) / 2:4.1f}"


def _value(estimate: Estimate) -> float:
    assert estimate.value is not None  # a row has calls
    return estimate.value


def _fit(label: str, predicted: str, erlang_a: str) -> str:
    return f"{label:<46}{predicted:>10}{erlang_a:>10}"


def _r(correlation: float | None) -> str:
    return "–" if correlation is None else f"{correlation:.2f}"


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "calls": row.calls,
        "abandonment": _comparison_json(row.abandonment),
        "wait_s": _comparison_json(row.wait),
    }


def _comparison_json(figure: Comparison) -> dict[str, Any]:
    predicted = figure.predicted
    return {
        "observed": figure.observed,
        "predicted": {"value": predicted.value, "low": predicted.low, "high": predicted.high},
        "erlang_a": figure.erlang_a,
    }


def _fits_json(result: Backtest) -> dict[str, Any]:
    return {"predicted": _fit_json(result.predicted), "erlang_a": _fit_json(result.erlang_a)}


def _fit_json(fit: Fit) -> dict[str, Any]:
    return {"r": fit.r, "r_unweighted": fit.r_unweighted, "mae": fit.mae}
