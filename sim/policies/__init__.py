"""The catalogue of policies: what a scenario may name under ``policies:``. To add one, add a line."""

from __future__ import annotations

from sim.policies.answers import (
    Acknowledge,
    Canned,
    Discretion,
    Personal,
    RetentionOffer,
    SocialTeam,
    UnifiedView,
)
from sim.policies.offers import Announce, Callback, Deflect, OutageMessage, Outsource
from sim.policies.response import AnswerAll, IgnoreShare
from sim.policies.routing import Blend, LiveFirst, LongestWait, SkillsFirst
from sim.policies.staffing import AsScheduled, ErlangC
from sim.policies.urgency import ByPriority, ByRisk, ByValue

ROUTING = {
    policy.name: policy
    for policy in (
        LiveFirst,
        LongestWait,
        SkillsFirst,
        Blend,
        ByPriority,
        ByValue,
        ByRisk,
    )
}
RESPONSE = {
    policy.name: policy
    for policy in (
        AnswerAll,
        IgnoreShare,
        Acknowledge,
        Callback,
        Announce,
        Deflect,
        OutageMessage,
        Outsource,
        UnifiedView,
        Canned,
        Personal,
        SocialTeam,
        Discretion,
        RetentionOffer,
    )
}
STAFFING = {
    policy.name: policy
    for policy in (
        AsScheduled,
        ErlangC,
    )
}
