"""Plots for a page: lean, in the page's colours, described, and complete in themselves."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from sim.plots import PLOTS, plot
from sim.plots.backlog import Backlog, ChannelBacklog
from sim.plots.frontier import Frontier, Point
from sim.plots.inline import PAGE_CSS, THEME, _data, _Drawing, _moves, svg
from sim.plots.occupancy import GroupTime, Occupancy
from sim.plots.service_level import ChannelLevel, ServiceLevel
from sim.plots.staffing import GroupStaffing, Staffing
from sim.plots.waiting import ChannelWaits, Waiting

pytestmark = pytest.mark.filterwarnings("error")

MONDAY = datetime(2026, 10, 5)
HALF_HOUR = 1800
WEEK = 336


def busy() -> dict[str, Any]:
    """A noisy week of three channels or groups that are open by day, and a policy of every colour."""
    draws = np.random.default_rng(1)
    hour = np.arange(WEEK) / 2 % 24
    opened = (hour >= 8) & (hour < 22)
    names = ("phone", "chat <b> & more", "social")
    level = [np.where(opened, draws.beta(8, 3, WEEK), np.nan) for _ in names]
    need = [np.where(opened, draws.integers(5, 15, WEEK), np.nan) for _ in names]
    on = np.where(opened, 10.0, 0.0)
    agents = Staffing(
        MONDAY, HALF_HOUR, tuple(GroupStaffing(n, on, c + 1.0, c) for n, c in zip(names, need, strict=True))
    )
    levels = (ChannelLevel(n, v, v - 0.1, v + 0.05, 0.8, 20.0, on) for n, v in zip(names, level, strict=True))
    shares = draws.random((2, WEEK)) * 0.45 * on
    waits = tuple(draws.exponential(40.0, 300) for _ in range(5))
    held = draws.poisson(20.0, (5, WEEK)).astype(float)
    policies = (
        Point(f"policy {n}", n, 100.0 + n, 99.0 + n, 101.0 + n, 0.7, 0.6, 0.8, efficient=True) for n in range(5)
    )
    return {
        "staffing": agents,
        "net_staffing": agents,
        "service_level": ServiceLevel(MONDAY, HALF_HOUR, tuple(levels), 10),
        "occupancy": Occupancy(
            MONDAY, HALF_HOUR, tuple(GroupTime(n, shares[0], shares[1], on, opened) for n in names), 10
        ),
        "waiting": Waiting(tuple(ChannelWaits(n, True, waits, 0.8, 20.0) for n in names)),
        "backlog": Backlog(MONDAY, HALF_HOUR, tuple(ChannelBacklog(n, held, opened) for n in names)),
        "frontier": Frontier("phone", "EUR", "week", 0.8, tuple(policies)),
    }


NAMES = tuple(busy())


@pytest.fixture(scope="module")
def shown() -> dict[str, str]:
    return {name: svg(name, data, prefix=name) for name, data in busy().items()}


def test_same_data_same_text() -> None:
    """The same data and prefix give the same text."""
    first, second = (svg("net_staffing", busy()["net_staffing"], prefix="a") for _ in range(2))
    assert first == second


@pytest.mark.parametrize("name", NAMES)
def test_a_plot_is_lean(name: str, shown: dict[str, str]) -> None:
    """A busy week of three channels takes at most 50 kB."""
    assert len(shown[name].encode()) < 50_000


@pytest.mark.parametrize("name", NAMES)
def test_a_screen_reader_finds_title_and_description(name: str, shown: dict[str, str]) -> None:
    """The element is an image, named by its title, which is the plot's question, and its description, the alt text."""
    root = ElementTree.fromstring(shown[name])
    title, description = root[0], root[1]
    assert (root.get("role"), root.get("width")) == ("img", "100%")
    assert root.attrib["aria-labelledby"].split() == [title.get("id"), description.get("id")]
    assert title.text == PLOTS[name]
    assert description.text == plot(name).alt(busy()[name])


def test_ids_are_unique_on_a_page_and_referred_to() -> None:
    """Of two plots on a page no id occurs twice, and each is one to which the same plot refers."""
    data = busy()["service_level"]
    pages = [svg("service_level", data, prefix=prefix) for prefix in ("p-1", "p")]
    found = [[element.attrib["id"] for element in ElementTree.fromstring(page).iter() if "id" in element.attrib]
             for page in pages]  # fmt: skip
    assert len({*found[0], *found[1]}) == len(found[0]) + len(found[1])
    for page, ids in zip(pages, found, strict=True):
        named = ElementTree.fromstring(page).attrib["aria-labelledby"].split()
        assert {*re.findall(r'(?:url\(|href=")#([^")]+)', page), *named} == {*ids}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_outside(name: str, shown: dict[str, str]) -> None:
    """There is no address but the name space, no prefix of one, no style sheet, no script and no header."""
    page = shown[name]
    assert page.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert page.count("http") == 1
    assert {element.tag.partition("}")[2] for element in ElementTree.fromstring(page).iter()} <= {
        *("svg", "title", "desc", "defs", "pattern", "clipPath", "rect", "g", "path", "use", "text"),
    }
    assert "style=" not in page


@pytest.mark.parametrize("name", NAMES)
def test_every_colour_is_the_pages(name: str, shown: dict[str, str]) -> None:
    """But for the variables' fallbacks, which are the light page's, no colour is written, and all are defined."""
    used = dict(re.findall(r"var\(--(\w+),(#\w+)\)", shown[name]))
    assert used == {variable: THEME[variable][0].lower() for variable in used}
    rest = re.sub(r"var\(--\w+,#\w+\)", "", shown[name])
    painted = set(re.findall(r'(?:fill|stroke)="([^"]*)"', rest)) - {"", "none"}
    assert not {paint for paint in painted if not paint.startswith("url(#")}
    for variable in used:
        assert PAGE_CSS.count(f"--{variable}:") == 3


def test_policies_have_the_pages_colours(shown: dict[str, str]) -> None:
    """The baseline is drawn in ink, the next four policies in blue, orange, purple and sky."""
    for variable in ("ink", "blue", "orange", "purple", "sky"):
        assert f'stroke="var(--{variable},' in shown["frontier"]


def luminance(colour: str) -> float:
    """Relative luminance as in WCAG 2."""
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_dark_page_can_be_read() -> None:
    """On the dark page text has a contrast of at least 7 to the paper, lines at least 4."""
    paper = luminance(THEME["paper"][1]) + 0.05
    for variable, least in {
        "ink": 7,
        "quiet": 7,
        **dict.fromkeys(("blue", "sky", "orange", "purple", "vermilion"), 4),
    }.items():
        assert (luminance(THEME[variable][1]) + 0.05) / paper > least, variable


def test_the_text_is_text(shown: dict[str, str]) -> None:
    """Names are written as they are, and turned or not, every text has a place."""
    texts = ElementTree.fromstring(shown["staffing"]).findall(".//{*}text")
    assert "chat <b> & more" in [text.text for text in texts]
    assert all({"x", "y"} <= {*text.attrib} for text in texts)


def left(*drawn: str, defined: str = "") -> ElementTree.Element:
    """What is left of a drawing of 100 by 100."""
    space = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    root = ElementTree.fromstring(f'<svg {space} viewBox="0 0 100 100"><defs>{defined}</defs>{"".join(drawn)}</svg>')
    return ElementTree.fromstring(_Drawing(root, "p").lean("title", "alt"))


def lean(*drawn: str, defined: str = "") -> list[dict[str, str]]:
    """The attributes of the paths that are left."""
    return [dict(path.attrib) for path in left(*drawn, defined=defined).findall("{*}path")]


def square(x: float, colour: str, *, more: str = "", around: str = "") -> str:
    return f'<g {around}><path d="M {x} 0 L {x + 10} 0 L {x + 10} 10 L {x} 10 z" style="fill: {colour}{more}"/></g>'


def test_what_looks_alike_is_one_path_unless_that_changes_the_picture() -> None:
    """Two blue squares with an orange one beside them are one path; where the orange one lies between them in the
    order of drawing and touches the later, or where translucent ones overlap, each stays."""
    blue, orange = "#0072b2", "#e69f00"
    assert len(lean(square(0, blue), square(50, orange), square(20, blue))) == 2
    assert len(lean(square(0, blue), square(15, orange), square(20, blue))) == 3
    half = "; fill-opacity: 0.5"
    assert len(lean(square(0, blue, more=half), square(5, blue, more=half))) == 2
    assert len(lean(square(0, blue, more=half), square(20, blue, more=half))) == 1


def test_a_tint_covers_what_is_below_it() -> None:
    """Half-blue is blue at one half, on paper where there is more than paper below; a translucent colour lets it
    through."""
    tint, blue = "#7fb8d8", {"fill": "var(--blue,#0072b2)", "fill-opacity": ".5"}
    square_path = {"d": "m0 0h10v10h-10z"}
    pale = square_path | {"fill": "var(--pale,#ededed)"}
    paper = square_path | {"fill": "var(--paper,#ffffff)"}
    assert lean(square(0, "#ededed"), square(0, tint)) == [pale, paper, square_path | blue]
    assert lean(square(0, "#ededed"), square(0, "#0072b2", more="; fill-opacity: 0.5")) == [pale, square_path | blue]
    assert lean(square(0, "#ffffff"), square(0, "#ffffff"), square(0, tint)) == [paper, square_path | blue]


def test_only_what_is_cut_is_clipped() -> None:
    """Of two squares in a clipping the one that lies within it is not clipped; the other is, by the page's own id."""
    window = '<clipPath id="c"><rect x="0" y="0" width="30" height="30"/></clipPath>'
    within, beyond = (square(x, "#0072b2", around='clip-path="url(#c)"') for x in (5, 25))
    (first, second) = lean(within, beyond, defined=window)
    assert "clip-path" not in first
    assert second["clip-path"] == "url(#p-1)"


def test_markers_of_lines_are_drawn_and_others_referred_to() -> None:
    """A tick of one line is part of a path at its place; a round marker is defined once and used at each."""
    tick = '<path id="t" d="M 0 0 L 0 3.5" style="stroke: #b0b0b0"/>'
    ring = '<path id="r" d="M 0 3 C 1 3 2 2 3 0 z"/>'
    use = '<use xlink:href="#{}" x="{}" y="20" style="stroke: #b0b0b0"/>'
    (ticks,) = lean(use.format("t", 10), use.format("t", 20), defined=tick)
    assert ticks["d"] == "m10 20v3.5m10-3.5v3.5"
    page = left(use.format("r", 10), use.format("r", 20), defined=ring)
    assert [mark.attrib for mark in page.findall("{*}defs/{*}path")] == [{"id": "p-1", "d": "m0 3c1 0 2-1 3-3z"}]
    rings = [ring.attrib for ring in page.findall("{*}g/{*}use")]
    assert rings == [{"href": "#p-1", "x": x, "y": "20"} for x in ("10", "20")]


def absolute(d: str) -> list[tuple[float, float]]:
    """The corners of a path of relative moves and lines."""
    corners, x, y, start = [], 0.0, 0.0, (0.0, 0.0)
    for command, words in re.findall(r"([a-z])([^a-z]*)", d):
        numbers = [float(number) for number in re.findall(r"-?[\d.]+", words)]
        if command == "h":
            numbers = [part for number in numbers for part in (number, 0.0)]
        if command == "v":
            numbers = [part for number in numbers for part in (0.0, number)]
        steps = list(zip(numbers[::2], numbers[1::2], strict=True))
        for across, down in steps:
            x, y = x + across, y + down
            corners.append((x, y))
        if command == "m":
            start = x, y
        elif command == "z":
            x, y = start
    return corners


def test_relative_moves_end_where_the_absolute_ones_do() -> None:
    """After a thousand steps of odd length, and after a closed outline, a corner is within half a unit of its place."""
    places = np.cumsum(np.random.default_rng(1).normal(0, 1.237, (1000, 2)), axis=0)
    path = "M " + "\nL ".join(f"{x:.6f} {y:.6f}" for x, y in places) + " z M 3 4 L 3.06 4.04"
    corners = np.array(absolute(_data(_moves(path, 10), 10)))
    assert np.abs(corners[-3] - places[-1]).max() <= 0.05 + 1e-9
    assert corners[-2:].round(6).tolist() == [[3, 4], [3.1, 4]]


def test_steps_in_one_direction_are_one() -> None:
    """Lines that go on in the same direction join, those that turn back do not, and a dot remains one."""
    assert _data(_moves("M 0 0 L 1 0 L 3 0 L 2 0 L 2 .5", 10), 10) == "m0 0h3-1v.5"
    assert _data(_moves("M 2 2 L 2 2", 10), 10) == "m2 2h0"
