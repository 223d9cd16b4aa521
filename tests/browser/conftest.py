"""A headless chromium, Debian's own, and pages opened in it that may neither complain nor ask for anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from screenshot import chromium
from some_dossier import POLICIES, dossier_of, hostile, simulated

from sim.report.page import page

Opened = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver, driver.chromium.launch(executable_path=chromium()) as started:
        yield started


@pytest.fixture(scope="session")
def week(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of three policies for a week of half-hours."""
    folder = tmp_path_factory.mktemp("week")
    policies = {"as is": (), "evenings": ("@evenings",), "email_first": ("@email_first",)}
    path = folder / "report.html"
    named = simulated(Path("scenarios/broadband_week.yaml"), policies, folder, replications=2)
    path.write_text(page(dossier_of(named)), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def malicious(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a scenario whose names are scripts."""
    folder = tmp_path_factory.mktemp("malicious")
    path = folder / "report.html"
    path.write_text(page(dossier_of(simulated(hostile(folder), POLICIES, folder, replications=2))), encoding="utf-8")
    return path


@pytest.fixture
def opened(browser: Browser) -> Iterator[Opened]:
    """Open a page; in the end it must have said nothing on the console and asked for nothing but itself."""
    contexts, said, asked = [], [], []

    def open_page(path: Path, **settings: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **settings})
        contexts.append(context)
        shown = context.new_page()
        shown.on("console", lambda message: said.append(message.text))
        shown.on("pageerror", lambda error: said.append(str(error)))
        shown.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        address = path.as_uri()
        shown.on("request", lambda request: None if request.url == address else asked.append(request.url))
        shown.goto(address)
        if settings.get("java_script_enabled", True):
            shown.wait_for_selector("html[data-ready]")
        return shown

    yield open_page
    for context in contexts:
        context.close()
    assert said == []
    assert [url for url in asked if not url.startswith("blob:")] == []
