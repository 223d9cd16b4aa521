"""Durations in the words of planners: 20 s, 5 min, 24 h."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """In the largest of hours, minutes and seconds that leaves a round number: 90 s, 5 min, 24 h."""
    for unit, name in ((3600, "h"), (60, "min")):
        if seconds and seconds % unit == 0:
            return f"{seconds / unit:,.0f} {name}"
    return f"{seconds:,.4g} s"
