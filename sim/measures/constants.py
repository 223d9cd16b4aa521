"""What satisfaction and churn of every run rest on, in one list.

These are the constants of `sim.behaviour` as they are in use, and the published means that they are calibrated on.
"""

from __future__ import annotations

from typing import Any

from sim.behaviour.constants import Constant, constants_of
from sim.defaults import Default
from sim.desk import NOWHERE, Desk
from sim.measures import customers, reference
from sim.policies.base import ResponseTables

CONSTANTS: dict[str, tuple[Any, Constant]] = {
    "satisfaction.means": (
        reference.MEANS,
        Constant(
            "mean S of the reference run by channel, to which the level α of each is calibrated", "points", "", "C",
            "Zendesk Benchmark Q1 2015, share of good ratings (B); 8 less at the level of telecoms: judgement",
        ),
    ),
    **{f"satisfaction.{name}": known for name, known in constants_of(reference.FEELING).items()},
    **{f"churn.{name}": known for name, known in constants_of(customers.CHURNING).items()},
}  # fmt: skip
"""Every constant by its path: its value, and what is known of it."""

SOMETIMES = ("satisfaction.personal", "satisfaction.transfer", "churn.retention_ratio")
"""What only some scenarios rest on: those with personal answers, with customers passed on, with retention offers."""


def assumed_by(desk: Desk) -> dict[str, Default]:
    """What a run assumes beside the defaults of its scenario, in the same form."""
    told = desk.responses or ResponseTables()
    passes = any(channel.automatic or channel.transfers != NOWHERE for channel in desk.channels)
    used = (any(told.personal), passes or any(told.deflect), bool(told.retention))
    left_out = [path for path, needed in zip(SOMETIMES, used, strict=True) if not needed]
    return {
        path: Default(value, known.range, known.grade, known.source)
        for path, (value, known) in CONSTANTS.items()
        if path not in left_out
    }


CALIBRATED: dict[str, tuple[Any, str]] = {
    "α": (reference.ALPHA, "level of each channel on the scale of z: the mean S of its issues is `satisfaction.means`"),
    "C_ref": (reference.C_REF, "points, the mood at which the customers settle in the mean"),
    "k": (
        reference.SCALE,
        "scale of the hazard over the range of β: the mean hazard is `churn.h0`",
    ),
}  # fmt: skip
"""What the reference run gives: by symbol the value and what it makes true there."""
