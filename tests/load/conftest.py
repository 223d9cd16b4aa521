"""A real desk for load tests that break things: started once, in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from servers import NAME

from sim.helpdesks.local import Desk, down, up


@pytest.fixture(scope="session")
def started_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desks")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIM_HELPDESKS", str(folder))
        desk = up(NAME, say=lambda _: None)
        patch.delenv("SIM_HELPDESKS")
        yield desk
        patch.setenv("SIM_HELPDESKS", str(folder))
        down(NAME, say=lambda _: None)


@pytest.fixture
def desk(started_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """django-helpdesk on this machine, which `sim.helpdesks.local` can restart, pause and halt for the test."""
    monkeypatch.setenv("SIM_HELPDESKS", str(started_desk.folder.parent))
    return started_desk
