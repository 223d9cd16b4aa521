"""The page of a report as its reader has it: in a browser, by mouse, keyboard and finger, in light and dark."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect
from screenshot import take

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]


def grid(page: Page, name: str) -> Locator:
    return page.locator(f'[data-table="{name}"]')


def header(table: Locator, name: str) -> Locator:
    return table.locator("thead th").filter(has_text=re.compile(rf"^{name}\b"))


def column(table: Locator, name: str) -> list[str]:
    """The cells of a column, on all pages from the first on."""
    number = header(table, name).evaluate("head => head.cellIndex")
    cells: list[str] = []
    while True:
        cells += table.locator(f"tbody tr > :nth-child({number + 1})").all_text_contents()
        after = table.get_by_role("button", name="Next rows")
        if after.is_disabled():
            return cells
        after.click()


def choose(table: Locator, name: str, word: str) -> None:
    table.locator(f'select[data-column="{name}"]').select_option(label=word)


def numbers(cells: list[str]) -> list[float]:
    return [float(cell.replace(",", "").replace("−", "-")) for cell in cells if cell != "–"]


def test_the_page_is_small(week: Path) -> None:
    """Three policies, a week of half-hours: below 3 MB."""
    assert week.stat().st_size < 3_000_000


def test_nothing_of_a_name_runs(malicious: Path, opened: Opened) -> None:
    """A scenario named as a script, and a policy named as markup, are on the page as text."""
    page = opened(malicious)
    assert page.locator("h1").inner_text() == "<script>alert(1)</script>"
    assert page.title().startswith("<script>alert(1)</script>")
    expect(grid(page, "differences").locator("tbody td").filter(has_text="A & B's “more” <b>").first).to_be_visible()


def test_a_click_sorts_numbers_as_numbers(week: Path, opened: Opened) -> None:
    """Ascending, then descending; a header says which; what is empty comes last both ways."""
    page = opened(week)
    table = grid(page, "intervals")
    choose(table, "channel", "all")
    choose(table, "day", "Mon 5 Oct")
    for way in ("ascending", "descending"):
        head = header(table, "Erlang C")
        head.get_by_role("button").click()
        expect(head).to_have_attribute("aria-sort", way)
        assert table.locator("th[aria-sort]").count() == 1
        cells = column(table, "Erlang C")
        found = numbers(cells)
        assert found == sorted(found, reverse=way == "descending")
        assert min(found) < 9 < 10 <= max(found)
        assert cells[len(found) :] == ["–"] * (len(cells) - len(found)) != []


def test_words_sort_in_their_own_order(week: Path, opened: Opened) -> None:
    """Days by the calendar, not by the alphabet; policies with the baseline first."""
    page = opened(week)
    table = grid(page, "intervals")
    for name, first, last in (("day", "Mon 5 Oct", "Sat 10 Oct"), ("policy", "as is", "email_first")):
        number = header(table, name).evaluate("head => head.cellIndex")
        for word in (first, last):
            header(table, name).get_by_role("button").click()
            assert table.locator(f"tbody tr:first-child > :nth-child({number + 1})").inner_text() == word


def test_the_keyboard_sorts(week: Path, opened: Opened) -> None:
    """Tab reaches a header, Enter and Space sort by it, and the status says so."""
    page = opened(week)
    table = grid(page, "intervals")
    table.locator(".wide").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(header(table, "day")).to_have_attribute("aria-sort", "ascending")
    page.keyboard.press("Space")
    expect(header(table, "day")).to_have_attribute("aria-sort", "descending")
    expect(table.get_by_role("status")).to_contain_text("by day, descending")


def test_filters_keep_what_they_say(week: Path, opened: Opened) -> None:
    """By channel, policy and day: only such rows are left, and the status says how many of how many."""
    page = opened(week)
    table = grid(page, "intervals")
    status = table.get_by_role("status")
    choose(table, "channel", "chat")
    assert set(column(table, "channel")) == {"chat"}
    choose(table, "policy", "evenings")
    choose(table, "day", "Tue 6 Oct")
    rows = table.locator("tbody tr")
    assert rows.count() == 20
    expect(status).to_have_text(re.compile("^Rows 1 to 20 of 20 that match, of [0-9],[0-9]{3}$"))
    choose(table, "day", "Sun 11 Oct")
    expect(status).to_have_text(re.compile("^No row matches, of "))
    assert rows.count() == 0


def test_the_differences_can_be_cut_down_to_the_clear_ones(week: Path, opened: Opened) -> None:
    """The switch leaves rows that say yes; without a choice of segment there are more rows."""
    page = opened(week)
    table = grid(page, "differences")
    before = table.get_by_role("status").inner_text()
    table.get_by_label("Clear differences only").check()
    assert {cell.split(":")[0] for cell in column(table, "clear")} == {"yes"}
    table.get_by_label("Clear differences only").uncheck()
    choose(table, "segment", "all")
    assert table.get_by_role("status").inner_text() != before


def test_a_definition_opens_by_hover_focus_and_tap(week: Path, opened: Opened) -> None:
    """Each of the three opens it, Escape closes it, and the pointer may move onto it."""
    page = opened(week, has_touch=True)
    tip, term = page.get_by_role("tooltip"), page.locator(".policies .term").first
    for show in (term.hover, term.focus, term.tap):
        show()
        expect(tip).to_contain_text("Answered within the target time (≤) over all offered")
        page.keyboard.press("Escape")
        expect(tip).to_be_hidden()
        page.mouse.move(0, 0)
        term.blur()
    term.hover()
    tip.hover()
    page.wait_for_timeout(400)
    expect(tip).to_be_visible()
    page.mouse.move(0, 0)
    expect(tip).to_be_hidden()


def test_headers_of_tables_are_defined_too(week: Path, opened: Opened) -> None:
    """A column that is a figure, and the name of a figure in its row, show their definitions."""
    page = opened(week)
    tip = page.get_by_role("tooltip")
    header(grid(page, "intervals"), "Erlang C").get_by_role("button").focus()
    expect(tip).to_contain_text("Erlang C asks for")
    grid(page, "differences").locator("tbody .term").first.hover()
    expect(tip).to_contain_text("Contacts offered between the start and the end")


def test_the_plots_of_one_policy_are_chosen_everywhere(week: Path, opened: Opened) -> None:
    """One choice, and every question shows that policy's plot and no other's."""
    page = opened(week)
    page.locator("#plot-demand").get_by_label("evenings", exact=True).check()
    assert set(page.locator("figure[data-policy]:visible h3").all_text_contents()) == {"evenings"}
    assert page.locator(".which input:checked").count() == page.locator(".which").count() > 3


def test_the_numbers_behind_a_plot_are_saved_as_csv(week: Path, opened: Opened) -> None:
    """Opened, they are a table; saved, a file with a header and every row."""
    page = opened(week)
    section = page.locator("#plot-staffing")
    details = section.locator("details[data-table]:visible")
    details.locator("summary").click()
    said = re.search("([0-9,]+) rows", details.locator("summary").inner_text())
    assert said is not None
    with page.expect_download() as saved:
        details.get_by_role("button", name="Save as CSV").click()
    assert saved.value.suggested_filename == "staffing-0.csv"
    with Path(saved.value.path()).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == int(said[1].replace(",", ""))
    assert rows[0]["group"] == "phone"
    assert max(float(row["scheduled"]) for row in rows) == 13


def test_the_theme_is_the_readers(week: Path, opened: Opened) -> None:
    """It follows the system, and the button turns it round, both ways."""
    ground = "getComputedStyle(document.body).backgroundColor"
    light, dark = (opened(week, color_scheme=scheme) for scheme in ("light", "dark"))
    assert light.evaluate(ground) != dark.evaluate(ground)
    as_dark = dark.evaluate(ground)
    light.get_by_role("button", name="Dark theme").click()
    assert light.evaluate(ground) == as_dark
    light.get_by_role("button", name="Light theme").click()
    assert light.evaluate(ground) != as_dark


def serious(page: Page, options: dict[str, Any]) -> list[Any]:
    """What axe finds that is serious or critical: its rule, and where."""
    found: list[dict[str, Any]] = (
        Axe().run(page, options={"resultTypes": ["violations"], **options}).response["violations"]
    )
    return [
        (each["id"], [node["target"] for node in each["nodes"]][:3])
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


def prepared(page: Page) -> Page:
    """With a definition and all that opens open, and sorted."""
    page.evaluate("for (const each of document.querySelectorAll('details:not([data-table])')) each.open = true")
    page.locator("#plot-staffing details[data-table]:visible summary").click()
    header(grid(page, "intervals"), "day").get_by_role("button").click()
    page.locator(".policies .term").first.focus()
    return page


def test_axe_finds_nothing_serious(week: Path, malicious: Path, opened: Opened) -> None:
    """No violation that is serious or critical; of colours on a smaller page, in the light and in the dark."""
    assert serious(prepared(opened(week)), {"rules": {"color-contrast": {"enabled": False}}}) == []
    page = prepared(opened(malicious))
    assert serious(page, {}) == []
    page.get_by_role("button", name="Dark theme").click()
    assert serious(page, {"runOnly": ["color-contrast"]}) == []


def test_the_page_is_as_wide_as_the_screen(week: Path, opened: Opened) -> None:
    """Nothing but the insides of tables and plots scrolls sideways; what does can be reached by keyboard."""
    page = opened(week, viewport={"width": 360, "height": 800})
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    unreached = """() => [...document.querySelectorAll("main *")].filter(each =>
        ["auto", "scroll"].includes(getComputedStyle(each).overflowX) && each.scrollWidth > each.clientWidth
        && each.tabIndex < 0).map(each => each.outerHTML.slice(0, 80))"""
    assert page.evaluate(unreached) == []


def test_without_its_script_the_answer_and_the_plots_are_there(week: Path, opened: Opened) -> None:
    """Verdict, policies and every plot can be read; where a table is missing, the page says why."""
    page = opened(week, java_script_enabled=False)
    expect(page.locator(".verdict")).to_be_visible()
    assert page.locator(".policies tbody tr").count() == 3
    assert page.locator("figure:visible").count() == page.locator("figure").count() > 20
    expect(page.get_by_text("needs the page’s own script").first).to_be_visible()


def test_the_first_screen_has_the_answer_and_the_first_plot(
    week: Path, opened: Opened, browser: Browser, tmp_path: Path
) -> None:
    """At 1280 by 900: the verdict, the policies' table in its whole width, and where the first plot begins; as in the
    picture."""
    page = opened(week)
    wide = page.locator(".wide").first
    assert wide.evaluate("box => box.scrollWidth - box.clientWidth") == 0
    assert page.evaluate("document.documentElement.scrollWidth") == 1280
    for selector in (".verdict", ".policies"):
        box = page.locator(selector).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 900
    first = page.locator(".plot svg").first.bounding_box()
    assert first is not None
    assert first["y"] < 900 - 60
    take(browser, week, tmp_path / "image.png")
    assert (tmp_path / "image.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
