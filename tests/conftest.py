"""Which tests run: by default the fast ones. The others skip themselves and say how to run them."""

from __future__ import annotations

import re

import pytest
from hypothesis import settings

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
