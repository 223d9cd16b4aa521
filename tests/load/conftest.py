"""A real desk for load tests that break things: started once, in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from servers import NAME

from sim.helpdesks.local import Desk


@pytest.fixture(scope="session")
def started_desk(real_desk: Callable[[str], Desk]) -> Desk:
    return real_desk(NAME)


@pytest.fixture
def desk(started_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """django-helpdesk on this machine, which `sim.helpdesks.local` can restart, pause and halt for the test."""
    monkeypatch.setenv("SIM_HELPDESKS", str(started_desk.folder.parent))
    return started_desk
