"""What we touch of Locust's insides, all of it: pinned to its minor version, and held by a test of its own."""

from __future__ import annotations

from typing import Any

from locust.env import Environment
from locust.runners import STATE_MISSING, LocalRunner, MasterRunner, WorkerRunner
from locust.stats import CSV_STATS_INTERVAL_SEC


def role(environment: Environment) -> str:
    """ "master", "worker" or "local": what this process is."""
    runner = environment.runner
    if isinstance(runner, MasterRunner):
        return "master"
    if isinstance(runner, WorkerRunner):
        return "worker"
    assert isinstance(runner, LocalRunner)
    return "local"


def clients(environment: Environment) -> list[str]:
    """The ids of the workers that a master has, in the order in which they joined."""
    runner: Any = environment.runner
    return [client.id for client in runner.clients.all if client.state != STATE_MISSING]


def last_words(environment: Environment) -> float:
    """Seconds until Locust's own CSV holds everything: it is written now and then, and not once more at the end."""
    if not getattr(environment.parsed_options, "csv_prefix", None):
        return 0.0
    return float(2 * CSV_STATS_INTERVAL_SEC + 0.5)


def is_lost(environment: Environment, client: str) -> bool:
    """Whether a worker is not there any more."""
    runner: Any = environment.runner
    known = runner.clients.get(client)
    return known is None or known.state == STATE_MISSING
