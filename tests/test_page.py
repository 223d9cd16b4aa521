"""The page of a report: one file, everything escaped, everything defined, the numbers of the comparison."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from markupsafe import escape
from some_dossier import POLICIES, dossier_of, hostile, simulated
from test_workbook import _gap as some_gap

from sim.compare import Curve
from sim.desk import Channel, Target
from sim.estimate import Estimate
from sim.report import gap_text
from sim.report import page as pages
from sim.report.dossier import Dossier
from sim.report.page import page
from sim.report.written import as_shown, in_words
from sim.selection import Judged, Selection
from sim.uncertain import Split, Unsure

PLOTS = ("differences", "staffing", "waiting")
"""Enough to see."""
VOID = {"meta", "input", "br"}


@pytest.fixture(scope="module")
def dossier(tmp_path_factory: pytest.TempPathFactory) -> Dossier:
    folder = tmp_path_factory.mktemp("page")
    whole = dossier_of(simulated(hostile(folder), POLICIES, folder))
    return replace(whole, pictures=tuple(shown for shown in whole.pictures if shown.plot in PLOTS))


@pytest.fixture(scope="module")
def html(dossier: Dossier) -> str:
    return page(dossier)


@pytest.fixture(scope="module")
def single(dossier: Dossier) -> str:
    """The page of one run alone."""
    alone = dossier_of([("as is", dossier.comparison.baseline.result)])
    return page(replace(alone, pictures=alone.pictures[:1]))


class _Elements(HTMLParser):
    """The elements of a page with their attributes, and what is not closed at its end."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for found, attributes in self.found if found == tag]

    def values(self, name: str) -> list[str]:
        return [attributes[name] or "" for _, attributes in self.found if name in attributes]


def _tables(html: str) -> dict[str, Any]:
    """What the page's script draws its tables from."""
    packed = re.search('<script type="text/plain" id="tables">([^<]*)</script>', html)
    assert packed is not None
    found: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(packed[1])))
    return found


def test_names_and_texts_are_text(html: str) -> None:
    """Markup in the scenario's name, question, comment and in a policy's name is shown, and makes no element."""
    elements = _Elements(html)
    assert elements.open == []
    assert [attributes.get("type") for attributes in elements.named("script")] == ["text/plain", None]
    assert not elements.named("img")
    assert not elements.named("b")
    assert not [name for _, attributes in elements.found for name in attributes if name.startswith("on")]
    shown = html.replace("&#34;", '"').replace("&#39;", "'").replace("&lt;", "<").replace("&gt;", ">")
    for text in ("<script>alert(1)</script>", "<img src=x onerror=alert(2)>?", "</pre><script>alert(3)</script>"):
        assert text in shown
        assert text not in html
    assert "A &amp; B&#39;s “more” &lt;b&gt;" in html


def test_one_heading_and_every_reference_has_its_end(html: str, single: str) -> None:
    """There is one h1, no level of heading is left out, ids are unique, and what refers to an id finds it."""
    for text in (html, single):
        elements = _Elements(text)
        levels = [int(tag[1]) for tag, _ in elements.found if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))
        ids = elements.values("id")
        assert len(ids) == len(set(ids))
        named = [value for name in ("aria-labelledby", "aria-describedby") for value in elements.values(name)]
        named += [href.removeprefix("#") for href in elements.values("href")]
        assert {word for value in named for word in value.split()} <= set(ids)


def test_nothing_is_asked_of_the_network(html: str) -> None:
    """No element has an address that is not within the page; the policy allows one script, the one that is there."""
    elements = _Elements(html)
    addresses = [value for tag, a in elements.found for name, value in a.items() if "//" in (value or "")]
    assert set(addresses) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert not elements.values("src")
    assert all(href.startswith("#") for href in elements.values("href"))
    assert not re.search(r"@import|url\((?!#)", html)
    script = re.search("<script>(.*?)</script>", html, re.DOTALL)
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    policy = next(a["content"] or "" for a in elements.named("meta") if a.get("http-equiv"))
    assert policy.startswith(f"default-src 'none'; script-src 'sha256-{digest}';")


def test_what_is_shown_is_defined(html: str, single: str) -> None:
    """Every name with a definition, in the page and in its tables, has it, and all of them are in one list."""
    for text in (html, single):
        elements, tables = _Elements(text), _tables(text)
        defined = {value.removeprefix("about-") for value in elements.values("id") if value.startswith("about-")}
        columns = [column for table in tables.values() for column in table["columns"]]
        terms = {term for column in columns for term in (*column.get("terms", ()), column.get("term"))} - {None}
        assert {"service_level", "cost", "excess_churn"} <= set(elements.values("data-term")) <= defined
        assert {"asa", "fcr", "erlang_c", "spare"} <= terms <= defined


def test_a_table_has_the_numbers_of_the_comparison(dossier: Dossier, html: str) -> None:
    """The row of a difference has its value, its interval, and whether it is clear; the policy's name is whole."""
    table = _tables(html)["differences"]
    columns = {column["name"]: column for column in table["columns"]}

    def word(name: str, row: int) -> str:
        return str(columns[name]["words"][columns[name]["codes"][row]])

    rows = {(word("measure", row), word("channel", row), word("policy", row)): row for row in range(table["rows"])}
    assert {policy for _, _, policy in rows} == set(POLICIES) - {"as is"}
    compared = [d for d in dossier.comparison.table if d.of_policy is not None and d.segment is None]
    for raw in compared:
        difference = as_shown(raw, dossier.comparison.baseline.result)
        row = rows[in_words(difference.measure.name), difference.channel or "whole desk", difference.policy]
        known = [columns[name]["values"][row] for name in ("difference", "low", "high")]
        assert known == [
            _six(end) for end in (difference.estimate.value, difference.estimate.low, difference.estimate.high)
        ]
        assert word("clear", row).startswith("yes") == difference.clear
    assert {difference.clear for difference in compared} == {True, False}


def test_the_choice_of_a_figure_is_sorted_and_in_words(html: str, single: str) -> None:
    """Figures are offered from A to Z, without underscores, each with its own definition."""
    for text, table in ((html, "differences"), (single, "figures")):
        column = next(each for each in _tables(text)[table]["columns"] if each["name"] == "measure")
        assert column["words"] == sorted(column["words"], key=str.lower)
        assert column["words"] == [in_words(term) for term in column["terms"]]
        assert "customers lost a year" in column["words"]
        assert not any("_" in word for word in column["words"])


def _six(value: float | None) -> float | None:
    """As it is written: to six digits."""
    return None if value is None else float(f"{value:.6g}")


def test_no_reader_meets_nan_or_none(html: str, single: str) -> None:
    """Neither the page nor a cell of its tables says nan, None or −0."""
    wrong = re.compile(r"\b(nan|NaN|None|inf)\b|(?<!\w)[-−]0(\.0*)?(?![\d.:–-])")
    for text in (html, single):
        body = re.sub("<script.*?</script>|<style.*?</style>|<svg.*?</svg>|<pre.*?</pre>", "", text, flags=re.DOTALL)
        assert wrong.findall(re.sub("<[^>]*>", " ", body)) == []
        cells = [cell for t in _tables(text).values() for c in t["columns"] for cell in c.get("texts", ())]
        assert [cell for cell in cells if wrong.search(cell)] == []


def test_the_same_dossier_gives_the_same_page(dossier: Dossier, html: str) -> None:
    """Twice the same bytes."""
    assert page(dossier) == html


def test_a_single_run_has_figures_and_no_differences(single: str, html: str) -> None:
    """Of one run the page holds every figure, and says nothing of policies, baselines or differences."""
    assert "figures" in _tables(single)
    assert "differences" not in _tables(single)
    assert 'class="which"' not in single
    assert "baseline" in html
    assert "baseline" not in re.sub("<dl.*?</dl>|<style.*?</style>|<script.*?</script>", "", single, flags=re.DOTALL)


def test_a_page_without_intervals_has_no_table_of_them(dossier: Dossier) -> None:
    """Where nobody came and nobody was scheduled, neither the table nor the way to it is there."""
    policy = dossier.comparison.baseline
    sheet = policy.result.intervals
    empty = replace(sheet, offered=np.zeros_like(sheet.offered), scheduled=np.zeros_like(sheet.scheduled))
    alone = replace(dossier.comparison, policies=(replace(policy, result=replace(policy.result, intervals=empty)),))
    text = page(replace(dossier, comparison=alone, pictures=()))
    assert "intervals" not in _tables(text)
    assert 'href="#intervals"' not in text


def test_erlang_and_what_is_uncertain_are_in_words_and_tables(dossier: Dossier) -> None:
    """A figure has a row, with as many decimals throughout; of Erlang's gap each sentence is there, and a row an
    interval."""
    starts = dossier.comparison.baseline.result.intervals.starts
    level = Split("phone.service_level", "as is", "", 0.8, (0.7954, 0.81), (0.7, 0.9), (0.6, 0.7982), None)
    split = Split("satisfaction", "b", "as is", 2.0, (1.5, 2.0), (-0.01, 8.117), (2.004, 3.0), None)
    other = Split("excess_churn", "b", "", 1.0, (1.0, 1.0), (0.0, 2.0), None, (0.0, 3.0))
    unsure = Unsure(
        figure="value", unit="money", currency="EUR", better="higher", policy="b", than="as is",
        base=Estimate(100.0, 50.0, 150.0, 3), bars=(), splits=(level, other, split), held=(), replications=3, weeks=3,
    )  # fmt: skip
    whole = replace(dossier, unsure=unsure, gap=some_gap(starts))
    text = page(whole)
    found = re.findall('<table class="doubts">.*?</table>', text, re.DOTALL)
    difference, alone, last = ([" ".join(re.sub("<[^>]*>", " ", cell).split()) for cell in _cells(it)] for it in found)
    assert difference == ["+2.00", "+1.50 to +2.00", "−0.01 to +8.12", "+2.00 to +3.00", "–"]
    assert alone == ["80.0", "79.5 to 81.0", "70.0 to 90.0", "60.0 to 79.8 below the value", "–"]
    assert last[0] == "365"
    assert last[3] == "too small"
    assert text.index("The other policies") < text.index("b itself")
    assert whole.gap is not None
    for sentence in gap_text.sentences(whole.gap, whole.gap.channels[0]):
        assert str(escape(sentence)) in text
    table = _tables(text)["gap"]
    assert table["rows"] == len(gap_text.rows(whole.gap)[1]) > 10
    assert {"erlang_c", "erlang_a", "simulated", "scheduled"} <= {column["name"] for column in table["columns"]}


def _cells(table: str) -> list[str]:
    return re.findall("<td>(.*?)</td>", table, re.DOTALL)


def test_what_is_chosen_says_why(dossier: Dossier) -> None:
    """A choice has its reason, that of the highest value what value is; along a curve nothing is chosen by value."""
    first, second = (policy.name for policy in dossier.comparison.policies)
    judged = (Judged(first, (), (), True, None), Judged(second, (), (), True, f"beaten by {first}"))
    choice = Selection(first, "chosen", judged, (), 0.95, 1.0, 10)
    rich = replace(dossier.comparison, cheapest=None, richest=choice)
    text = page(replace(dossier, comparison=rich, pictures=()))
    assert '<span class="badge" title="highest value by margin less cost">highest value</span>' in text
    why = text[text.index("<h3>Why this choice</h3>") :]
    assert f"<strong>{first}</strong>: the highest value by margin less cost: that of no other" in why
    assert f": not the highest value by margin less cost: beaten by {first}." in why
    curve = replace(rich, curve=Curve("phone.staff", {first: 2.0, second: 3.0}))
    text = page(replace(dossier, comparison=curve, pictures=()))
    assert "highest value</span>" not in text
    assert "Why this choice" not in text


def test_plots_that_do_not_fit_are_named(dossier: Dossier, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without room the plots about all policies stay, those of single ones go, and the page says whose."""
    monkeypatch.setattr(pages, "ROOM", 0)
    elements = _Elements(page(dossier))
    assert {plot.policy for plot in dossier.pictures} == {None, *POLICIES}
    about_all = sum(plot.policy is None for plot in dossier.pictures)
    assert len(elements.named("figure")) == about_all > 0
    assert "the plots of as is and A &amp; B" in page(dossier)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.81, 0.85, "met"), (0.8, 0.9, "met"), (0.7, 0.79, "missed"), (0.75, 0.85, "unsure"), (None, None, "met")],
)
def test_a_target_is_met_by_the_whole_interval(low: float | None, high: float | None, verdict: str) -> None:
    """Met where the whole interval is at or above it, missed where all is below, else undecided; without one, by the
    value."""
    channel = Channel("phone", True, None, Target(0.8, 20_000), 60.0)
    assert pages._verdict(Estimate(0.82, low, high, 5), channel)[0] == verdict
