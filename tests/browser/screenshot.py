"""A picture of the first screen of a page, as the docs show it.

``python tests/browser/screenshot.py results/RUN/report.html docs/images/report.png``; see ``--help``.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, sync_playwright


def chromium() -> str:
    """Debian's chromium: nothing is downloaded."""
    found = shutil.which("chromium")
    if found is None:
        raise RuntimeError("there is no chromium: apt install chromium")
    return found


def take(
    browser: Browser, page: Path, image: Path, *, width: int = 1280, height: int = 900, dark: bool = False
) -> None:
    """Write the first screen of a page as PNG."""
    image.parent.mkdir(parents=True, exist_ok=True)
    theme: Literal["dark", "light"] = "dark" if dark else "light"
    shown = browser.new_page(viewport={"width": width, "height": height}, color_scheme=theme)
    shown.goto(page.resolve().as_uri())
    shown.wait_for_selector("html[data-ready]")
    shown.screenshot(path=image)
    shown.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="The first screen of a page, as PNG.")
    parser.add_argument("page", type=Path)
    parser.add_argument("image", type=Path)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=900)
    given = parser.parse_args()
    with sync_playwright() as driver, driver.chromium.launch(executable_path=chromium()) as browser:
        take(browser, given.page, given.image, width=given.width, height=given.height, dark=given.dark)


if __name__ == "__main__":
    main()
