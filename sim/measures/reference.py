"""Constants of the reference run: what satisfaction and churn of every run are measured against.

The reference run is `scenarios/broadband_week.yaml` as shipped, seed 1, 30 replications. Published means of
satisfaction already contain failures, so the level α of each channel is set such that the *mean* of that run meets
them; the cut-points of the survey, the reference mood C_ref, the spread of moods and the scale k of the hazard come
from the same run. They are frozen, so that a scenario of one's own is measured against them.
`docs/validation/reference_run.py` derives them again, and a test compares.
"""

from __future__ import annotations

from sim.behaviour.feeling import Feeling

MEANS = {"phone": 80.0, "chat": 84.0, "email": 77.0}
"""Points. Zendesk Benchmark Q1 2015 (share of good ratings), 8 less at telecom level: grade B/C."""

ALPHA: dict[str, float] = {"phone": 1.8538, "chat": 2.2856, "email": 2.4068}
"""Level α of each channel on the logistic scale."""

CUT_POINTS: tuple[float, float, float, float] = (60.37, 61.46, 64.48, 74.01)
"""Points of noisy S from which the survey's score is 2, 3, 4, 5: fitted to the shares of a public survey log."""

FEELING = Feeling(cut_points=CUT_POINTS)

C_REF = 75.530
"""Points. The mood at which customers of the reference run settle in the mean."""

SCALE: tuple[float, ...] = (1.7435, 1.7430, 1.7423, 1.7407, 1.7374, 1.7326, 1.7240)
"""k for each of `sim.measures.customers.BETAS`: the reference population's mean hazard is h0."""

MOOD: tuple[float, ...] = (
    41.82, 67.18, 69.61, 70.93, 71.78, 72.38, 72.85, 73.23, 73.55, 73.81, 74.04, 74.25, 74.42, 74.57, 74.70,
    74.82, 74.92, 75.01, 75.09, 75.16, 75.22, 75.28, 75.32, 75.37, 75.40, 75.43, 75.46, 75.48, 75.50, 75.51,
    75.52, 75.53, 75.53, 75.53, 75.54, 75.54, 75.55, 75.55, 75.56, 75.57, 75.57, 75.58, 75.59, 75.60, 75.61,
    75.62, 75.63, 75.64, 75.65, 75.67, 75.68, 75.70, 75.71, 75.73, 75.74, 75.76, 75.77, 75.79, 75.81, 75.83,
    75.85, 75.87, 75.89, 75.92, 75.94, 75.97, 75.99, 76.02, 76.05, 76.08, 76.11, 76.14, 76.17, 76.20, 76.24,
    76.28, 76.32, 76.36, 76.40, 76.44, 76.49, 76.54, 76.59, 76.65, 76.70, 76.77, 76.83, 76.90, 76.97, 77.05,
    77.13, 77.23, 77.33, 77.44, 77.57, 77.71, 77.89, 78.11, 78.41, 78.90, 83.51,
)  # fmt: skip
"""Points. Quantiles of the moods of the reference population at 0, 1, …, 100 %."""
