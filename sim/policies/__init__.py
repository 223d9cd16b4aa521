"""The catalogue of policies: what a scenario may name under ``policies:``. To add one, add a line."""

from __future__ import annotations

from sim.policies.response import AnswerAll, IgnoreShare
from sim.policies.routing import LiveFirst, LongestWait
from sim.policies.staffing import AsScheduled, ErlangC

ROUTING = {policy.name: policy for policy in (LiveFirst, LongestWait)}
RESPONSE = {policy.name: policy for policy in (AnswerAll, IgnoreShare)}
STAFFING = {policy.name: policy for policy in (AsScheduled, ErlangC)}
