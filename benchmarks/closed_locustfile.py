"""Plain closed users of Locust, as its documentation teaches them: a request, its answer, a pause, the next.

CLOSED_EACH is how many requests a second a user makes while the desk answers at once; CLOSED_RESULTS names the file for
the response times, in ms.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from locust import FastHttpUser, constant_throughput, events, task


class Closed(FastHttpUser):
    """A closed user."""

    wait_time = constant_throughput(float(os.environ["CLOSED_EACH"]))

    @task
    def creates(self) -> None:
        """A ticket."""
        ticket = {"run": "closed", "key": "", "email": "", "subject": "Where is it?", "body": "It was due."}
        self.client.post("/tickets", json=ticket)


took: list[float] = []


def counts(response_time: float, **_: Any) -> None:
    took.append(response_time)


def writes(**_: Any) -> None:
    Path(os.environ["CLOSED_RESULTS"]).write_text(json.dumps(took), encoding="utf-8")


events.request.add_listener(counts)  # type: ignore[no-untyped-call]
events.quitting.add_listener(writes)  # type: ignore[no-untyped-call]
