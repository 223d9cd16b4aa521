"""Real helpdesks, started once for all tests that ask for them, in a folder of their own, and stopped at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from sim.helpdesks.local import Desk, down, up


@pytest.fixture(scope="session")
def real_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Desk]]:
    """A real desk by its name, up."""
    started: dict[str, Desk] = {}
    folder = tmp_path_factory.mktemp("helpdesks")
    with pytest.MonkeyPatch.context() as patch:

        def start(name: str) -> Desk:
            if name not in started:
                patch.setenv("SIM_HELPDESKS", str(folder))
                started[name] = up(name, say=lambda _: None)
                patch.delenv("SIM_HELPDESKS")
            return started[name]

        yield start
        patch.setenv("SIM_HELPDESKS", str(folder))
        for name in started:
            down(name, say=lambda _: None, purge=True)
