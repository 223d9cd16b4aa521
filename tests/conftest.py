"""Which tests run: by default the fast ones; the others skip themselves and say how to run them. And real helpdesks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from sim.helpdesks.local import Desk

SLOWER = ("slow", "statistics", "desks", "faults", "browser")

settings.register_profile("sim", max_examples=25, derandomize=True, deadline=None)
settings.load_profile("sim")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help=f"also run the tests marked {', '.join(SLOWER)}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--all"):
        return
    asked_for = set(re.findall(r"\w+", config.getoption("markexpr")))
    for item in items:
        marks = [mark for mark in SLOWER if item.get_closest_marker(mark)]
        if marks and not asked_for.intersection(marks):
            item.add_marker(pytest.mark.skip(reason=f"{marks[0]}: run with --all or -m {marks[0]}, as .ci/run does"))


@pytest.fixture(scope="session")
def real_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Desk]]:
    """A real desk by its name, up: started once for all tests that ask for it, in a folder of its own."""
    from sim.helpdesks.local import down, up

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
            down(name, say=lambda _: None)
