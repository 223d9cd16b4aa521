"""Derive the constants of the reference run again: ``python docs/validation/reference_run.py``.

Runs `scenarios/broadband_week.yaml` (seed 1, 30 replications) and prints what `sim/measures/reference.py` holds: the
level of satisfaction of each channel, the cut-points of the survey, the mood at which customers settle with its spread,
and the scale of the hazard of leaving. Takes about half a minute.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim.behaviour.feeling import calibrate_alpha, fit_cut_points, noisy_satisfaction, replies
from sim.behaviour.leaving import DAYS_PER_MONTH, Circumstances, hazard_scale
from sim.behaviour.mood import stationary_mood
from sim.measures import reference
from sim.measures.cohort import Cohort
from sim.measures.customers import BETAS, CHURNING, logits
from sim.population.draw import draw
from sim.scenario import lower
from sim.scenario.read import read
from sim.schemas import NEVER
from sim.simulate.engine import simulate
from sim.tables import Floats
from sim.units import MONTH

SCENARIO = Path(__file__).parents[2] / "scenarios" / "broadband_week.yaml"
SEED, REPLICATIONS = 1, 30
TRAITS = ("contract", "tenure", "expires_in", "captive", "reply_draw", "noise_draw")


@dataclass(frozen=True)
class Constants:
    """As in `sim.measures.reference`."""

    alpha: dict[str, float]
    cut_points: tuple[float, ...]
    c_ref: float
    scale: tuple[float, ...]
    mood: tuple[float, ...]


def derive(replications: int = REPLICATIONS) -> Constants:
    """The constants, from the issues of the reference run."""
    scenario = read(SCENARIO)
    desk = lower.desk(scenario)
    found: dict[str, list[Floats]] = {name: [] for name in ("channel", "z", "solved", "asked", *TRAITS)}
    for number in range(replications):
        cohort = Cohort(simulate(desk, draw(scenario, SEED, number)).contacts, desk)
        issues = cohort.issues
        found["channel"].append(issues.channel)
        found["z"].append(logits(cohort))
        found["solved"].append(issues.solved != NEVER)
        found["asked"].append(issues.first_answer != NEVER)
        for trait in TRAITS:
            found[trait].append(cohort.all[trait][issues.last])
    issue = {name: np.concatenate(values) for name, values in found.items()}
    alpha = {
        channel.satisfaction_like: calibrate_alpha(issue["z"][issue["channel"] == code], reference.MEANS[channel.name])
        for code, channel in enumerate(desk.channels)
    }
    level = np.array([alpha[channel.satisfaction_like] for channel in desk.channels])
    satisfaction = 100.0 / (1.0 + np.exp(-level[issue["channel"]] - issue["z"]))
    answers = issue["asked"] & replies(satisfaction, issue["reply_draw"] / 1e6, reference.FEELING)
    cut = fit_cut_points(noisy_satisfaction(satisfaction, issue["noise_draw"] / 1e3, reference.FEELING)[answers])
    a_month = scenario.spec.customers.issues * MONTH
    c_ref, mood = stationary_mood(satisfaction, CHURNING, tenure_months=issue["tenure"], issues_per_month=a_month)
    return Constants(alpha, cut, c_ref, _scales(issue, mood, c_ref, a_month), tuple(mood.tolist()))


def _scales(issue: dict[str, Floats], mood: Floats, c_ref: float, a_month: float) -> tuple[float, ...]:
    """k for each of `customers.BETAS`, for a population with the traits of those who made contact, settled moods, and
    as many recorded complaints as unresolved issues leave."""
    size = len(issue["contract"])
    generator = np.random.Generator(np.random.Philox(key=[2026, 1]))
    moods = np.interp(generator.permutation(size) / size * 100, np.arange(101), mood)
    unresolved = 1.0 - float(np.mean(issue["solved"]))
    active = a_month * unresolved * CHURNING.complaint_share * CHURNING.complaint_days / DAYS_PER_MONTH
    complaint = generator.permutation(size) < active * size
    population = Circumstances(
        contract=issue["contract"],
        tenure_months=issue["tenure"],
        expires_in=np.where(issue["expires_in"] == NEVER, np.nan, issue["expires_in"].astype(float)),
        captive=issue["captive"] == 1,
    )
    return tuple(
        hazard_scale(moods, population, complaint=complaint, c_ref=c_ref, churning=CHURNING, beta=beta)
        for beta in BETAS
    )


def main() -> None:
    constants = derive()
    out = sys.stdout.write
    out("ALPHA = {" + ", ".join(f'"{name}": {value:.4f}' for name, value in constants.alpha.items()) + "}\n")
    out("CUT_POINTS = (" + ", ".join(f"{value:.2f}" for value in constants.cut_points) + ")\n")
    out(f"C_REF = {constants.c_ref:.3f}\n")
    out("SCALE = (" + ", ".join(f"{value:.4f}" for value in constants.scale) + ")\n")
    out("MOOD = (" + ", ".join(f"{value:.2f}" for value in constants.mood) + ")\n")


if __name__ == "__main__":
    main()
