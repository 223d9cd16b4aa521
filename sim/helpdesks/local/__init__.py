"""Helpdesks on this machine to try things against: real software, random secrets, 127.0.0.1 alone, no mail to anyone.

A desk is a few processes that go on by themselves: its server, the door that customers' mail comes in by, the mailbox
that all of its own mail ends in. What it is made of lies in one folder (`desk`), which `down` keeps.

    desk = up("django-helpdesk", say=print)
    running("django-helpdesk").host
    down("django-helpdesk", say=print)
"""

from __future__ import annotations

from sim.helpdesks.local.desk import Desk, state
from sim.helpdesks.local.product import DeskFailed
from sim.helpdesks.local.run import NAMES, describe, down, halt, pause, restart, running, status, up

__all__ = [
    "NAMES",
    "Desk",
    "DeskFailed",
    "describe",
    "down",
    "halt",
    "pause",
    "restart",
    "running",
    "state",
    "status",
    "up",
]
