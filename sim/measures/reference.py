"""Constants of the reference run: what satisfaction and churn of every run are measured against.

The reference run is `scenarios/broadband_week.yaml` as shipped, seed 1, 30 replications. Published means of
satisfaction already contain failures, so the level α of each channel is set such that the *mean* of that run meets
them; the cut-points of the survey, the reference mood C_ref, the spread of moods and the scale k of the hazard come from
the same run. They are frozen, so that a scenario of one's own is measured against them. `docs/validation/reference.py`
derives them again, and a test compares.
"""

from __future__ import annotations

from sim.behaviour import Feeling

MEANS = {"phone": 80.0, "chat": 84.0, "email": 77.0}
"""Points. Zendesk Benchmark Q1 2015 (share of good ratings), 8 less at telecom level: grade B/C."""

ALPHA: dict[str, float] = {"phone": 1.9, "chat": 2.1, "email": 1.9}
"""Level α of each channel on the logistic scale."""

CUT_POINTS: tuple[float, float, float, float] = (59.4, 60.8, 64.0, 74.1)
"""Points of noisy S from which the survey's score is 2, 3, 4, 5: fitted to the shares of a public survey log."""

FEELING = Feeling(cut_points=CUT_POINTS)

C_REF = 70.0
"""Points. The mood at which customers of the reference run settle in the mean."""

SCALE: tuple[float, float, float] = (2.0, 2.0, 2.0)
"""k at the low end of β's band, at its default and at the high end: the mean hazard of the reference population is h0."""

MOOD: tuple[float, ...] = tuple(60 + 0.3 * i for i in range(101))
"""Points. Quantiles of the moods of the reference population at 0, 1, …, 100 %."""
