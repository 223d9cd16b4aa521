"""A load test by hand: Locust sends what a plan holds.

    sim load scenarios/first.yaml --helpdesk django-helpdesk --window 'Mon 09:00..09:30' --speed 60 --plan-only plan
    SIM_PLAN=plan locust -f locustfiles/helpdesk.py --headless

Everything is `sim.load.locustfile`'s. This file adds one thing: Locust's page and its master listen on this machine
alone, unless `--web-host` and `--master-bind-host` say otherwise.
"""

from __future__ import annotations

from locust import events
from locust.argument_parser import LocustArgumentParser

from sim.load.drive import LOCALLY
from sim.load.locustfile import Customers

__all__ = ["Customers"]


@events.init_command_line_parser.add_listener
def listens_here(parser: LocustArgumentParser) -> None:
    parser.set_defaults(web_host=LOCALLY, master_bind_host=LOCALLY)
