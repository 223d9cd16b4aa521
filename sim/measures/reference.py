"""Constants of the reference run: what satisfaction and churn of every run are measured against."""

from __future__ import annotations

MOOD: tuple[float, ...] = tuple(60 + 0.3 * i for i in range(101))
