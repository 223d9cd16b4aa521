"""The report of a load test: the same facts in the terminal, on the page and as data, the most important ones first."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from functools import lru_cache
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from tempfile import mkdtemp
from xml.etree import ElementTree

import pytest
import some_ledger
from some_ledger import Test

from sim.load import plan as plans
from sim.load.ledger import Ledger
from sim.load.observe import Observed, observe
from sim.load.session import Prepared, abilities_of
from sim.report import load_document, load_facts, load_folder, load_page, load_plan, load_text
from sim.report.load_charts import Axis, Line, chart, clock, decades, linear
from sim.report.load_facts import facts, latency
from sim.scenario.loads import load_limit

NAME = "<script>alert('desk')</script> & co"
BUSY = ("customers=100000", "phone.staff=8", "email.staff=4", f'name="{NAME}"')
LIMITS = "load.thresholds={create.p50: at most 800ms, create.p95: at most 800ms, errors: at most 1%}"


@lru_cache(maxsize=4)
def _observed(test: Test) -> Observed:
    return observe(some_ledger.write(Path(mkdtemp()) / "run", test))


def _missed() -> Observed:
    return _observed(Test(sets=(*BUSY, LIMITS), foreign=1, unmatched=2))


def test_the_first_screen_says_what_was_missed_and_whether_the_run_counts() -> None:
    """Thresholds with ticks and crosses, the exit code with its meaning, and the validity stand in the first 24 lines,
    in this order."""
    first = "\n".join(load_text.report(_missed(), "results/x").splitlines()[:24])
    places = [
        first.index(words)
        for words in (
            "✓ create.p50: at most 800ms",
            "✗ create.p95: at most 800ms: ~",
            ", of too few (",
            "✗ 1 of 3 thresholds could not be judged: too few values",
            "Exit code 3: the run is valid; with too few values, nothing says",
            "Yes, the run is valid",
        )
    ]
    assert places == sorted(places)


def test_a_void_run_says_so_with_every_reason() -> None:
    """A generator that was slow, and a worker that never ended: both reasons, exit code 4, nothing to hold against."""
    observed = _observed(Test(sets=BUSY, slow=2.0, done=False))
    told = load_text.report(observed, "results/x")
    assert "✗ void\nExit code 4: the generator did not do what was planned" in told
    assert re.search(r"25 contacts were more than [0-9]+ ms late; 1 may be", told)
    assert "worker 1 of 2 did not report that it is done" in told
    assert "sim agree" not in told


def test_a_run_without_thresholds_that_kept_up_has_passed() -> None:
    """Exit code 0, and the report says that no thresholds were set, so that nothing was passed."""
    told = load_text.report(_observed(Test(sets=BUSY)), "results/x")
    assert "✓ valid, nothing was asked of it\nExit code 0: the scenario sets no thresholds for a load test, the" in told


def test_the_ledgers_sum_is_printed_whole() -> None:
    """planned + spawned = the seven deliveries, with numbers that add up."""
    law = re.search(r"(\d+) planned \+ (\d+) spawned = (.*?)\.", load_text.report(_missed(), "x").replace("\n", " "))
    assert law is not None
    parts = [int(number) for number in re.findall(r"(\d+) [a-z]", law[3])]
    assert len(parts) == 7
    assert int(law[1]) + int(law[2]) == sum(parts) > 50


def test_the_terminal_is_not_wider_than_it_says() -> None:
    """No line is longer than 118 characters."""
    assert max(map(len, load_text.report(_missed(), "results/x").splitlines())) <= 118


def test_a_step_that_was_tried_again_failed_once(tmp_path: Path) -> None:
    """Of two tries of one chaser that went wrong, one step failed; the tries are in brackets, by kind."""
    folder = some_ledger.write(tmp_path / "run", Test(sets=BUSY))
    with Ledger(folder / "ledger" / "ledger-9.jsonl", lambda: some_ledger.T0 + 10) as books:
        tried = books.intent("1.1", "chase", wire="rest", channel="email", due=some_ledger.T0 + 9, trace="0" * 32)
        again = {"ok": False, "ms": 500, "status": None, "exists": False}
        books.outcome(tried, **again, kind="connection", tries=1, retried=True)
        books.outcome(tried, **again, kind="connection", tries=2)
    (row,) = (row for row in facts(observe(folder), "x").steps.rows if row[:2] == ("chase by REST", "due"))
    assert row[2:4] == ("1", "1 (2 tries: connection)")


def test_what_was_missed_is_told_from_what_could_not_be_judged() -> None:
    """One threshold missed, one of too few values: the verdict says how many of each, data the value and `judged`."""
    limits = "load.thresholds={create.p50: at most 1ms, create.p95: at most 800ms, errors: at most 1%}"
    observed = _observed(Test(sets=(*BUSY, limits)))
    told = load_text.report(observed, "x")
    assert "✗ 1 of 3 thresholds missed; 1 could not be judged: too few values" in told
    data = load_document.document(observed)["thresholds"]
    assert [each["judged"] for each in data] == [True, False, True]
    assert 0 < data[1]["value"] < 0.8
    assert [each.verdict for each in facts(observed, "x").thresholds] == ["missed", "too few", "met"]


@pytest.mark.parametrize("code", [5, 130])
def test_a_run_that_was_cut_off_names_the_next_command(code: int) -> None:
    """A desk that was lost, and a test that was interrupted: ask the desk what became of it."""
    told = facts(replace(_observed(Test(sets=BUSY)), exit_code=code), "my run").verdict
    assert told.meaning.endswith("Ask the desk what became of it: sim load --reconcile 'my run'")


def test_what_the_desk_does_not_have_was_attempted() -> None:
    """A create that failed was attempted, and is not at the desk."""
    first = next(row.contact for row in _observed(Test(sets=BUSY)).deliveries if row.channel == "email")
    told = dict(facts(_observed(Test(sets=BUSY, fails=((first, "server", False),))), "x").keeping_up.facts)
    assert int(told["attempted"]) == int(told["at the desk"]) + 1 == int(told["to be sent"])


def test_the_page_links_the_other_report_where_there_is_one(tmp_path: Path) -> None:
    """Locust's own report, by its name beside the page, once it is there."""
    folder = some_ledger.write(tmp_path / "run", Test(sets=BUSY))
    assert "locust.html" not in load_page.page(observe(folder))
    (folder / "locust.html").touch()
    assert '<a href="locust.html">' in load_page.page(observe(folder))


def test_a_plan_names_what_it_cannot_judge(tmp_path: Path) -> None:
    """Percentiles of creates and first responses that the planned contacts are too few for; no others."""
    observed = _observed(Test(sets=BUSY))
    names = ("create.p99", "email.create.p50", "email.first_response.p90", "reply.p99", "create.max")
    limits = [load_limit(name, "at most 1h", observed.scenario.spec) for name in names]
    folder = some_ledger.write(tmp_path / "run", Test(sets=BUSY)) / "plan"
    plan = plans.read(folder)
    made = Prepared(plan, plans.world(folder, plan), abilities_of("rt", {"queue": "Support"}), None)
    warnings = load_plan.document(made, limits)["warnings"]
    assert [each.partition(" ")[0] for each in warnings] == ["create.p99", "email.first_response.p90"]
    assert f"needs 1,000 values, and the window has {len(plan.sent)} planned" in warnings[0]
    assert "⚠ create.p99 needs 1,000 values" in load_plan.text(made, limits, assumed=False)


def test_clocks_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """The report says that results are in scenario time and latencies in wall time, that one run has no interval, and
    that satisfaction and churn are the model's; those it leaves out where few contacts have an answer."""
    assert "satisfaction" not in load_text.report(_missed(), "x")
    monkeypatch.setattr(load_facts, "ANSWERED", 5)
    told = " ".join(load_text.report(_missed(), "x").split())
    assert "These results are in scenario time, the latencies above in wall time: at ×60" in told
    assert "One run: no interval." in told
    assert "Implied by the model, not observed: satisfaction" in told


def test_commands_name_the_run_folder_as_it_is_typed() -> None:
    """What stands at the desk, with the command for cleaning up, and at the end that for agreement, both quoted where
    a shell needs it."""
    told = load_text.report(_missed(), "results/my desk")
    assert re.search(r"\d+ tickets stand at the desk; .*: sim load --cleanup 'results/my desk'", told)
    assert re.search(r"prediction against it\.\n", told)
    assert re.search(r"\n\nresults: results/my desk\nnext: sim agree \S+\.yaml 'results/my desk'$", told)


def test_what_is_unknown_can_be_asked_for(tmp_path: Path) -> None:
    """A request of which nothing was heard is counted, with the command that asks the desk."""
    folder = some_ledger.write(tmp_path / "run", Test(sets=BUSY))
    ledger = folder / "ledger" / "ledger-1.jsonl"
    rows = [json.loads(line) for line in ledger.read_text().splitlines()]
    lost = next(row["id"] for row in rows if row["t"] == "outcome")
    kept = [json.dumps(row) for row in rows if not (row["t"] == "outcome" and row["id"] == lost)]
    ledger.write_text("\n".join(kept) + "\n")
    told = load_text.report(observe(folder), "x")
    assert "1 request was never answered; ask the desk what became of that.\n" in told
    assert told.endswith("\nnext: sim load --reconcile x")
    assert "1 (1 try: no word)" in told


def test_mail_that_takes_long_is_held_against_nothing() -> None:
    """Intake of 0.4 s at 60 times the speed is 24 s: fine beside a target of 8 h, too much of one of 1 min."""
    fine, slow = (
        " ".join(load_text.report(_observed(Test(sets=(*BUSY, f"targets.email=90% within {within}"))), "x").split())
        for within in ("8h", "1min")
    )
    assert "That p99 is 24 s of the scenario; email's target is 8 h." in fine
    assert "Too much of it" not in fine
    assert "email's target is 60 s. Too much of it to hold a prediction against." in slow


def test_the_page_tells_what_the_terminal_tells() -> None:
    """Every sentence and every cell of the facts stands on the page."""
    observed = _missed()
    told, page = facts(observed, "RUN"), unescape(load_page.page(observed))
    cells = [cell for sheet in (told.went, told.steps, told.customers) for row in sheet.rows for cell in row]
    words = [told.name, told.headline, told.verdict.short, told.verdict.meaning, told.law, told.origin, *cells]
    words += [text for each in told.thresholds for text in (each.mark, each.words, each.found)]
    words += [told.keeping_up.sentence, *told.keeping_up.notes, *told.step_notes, *told.customer_notes]
    words += [text for pair in (*told.keeping_up.facts, *told.next) for text in pair]
    words += [line for section in told.sections for line in (section.title, *section.lines)]
    assert len(told.sections) == 3
    assert [each for each in words if each not in page] == []


class _Elements(HTMLParser):
    """The elements of a page, with their attributes; what is open at the end."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_in_one_file() -> None:
    """It is well formed, below 1 MB, runs no script and loads nothing; each header of a table has a scope, each chart
    words; and a scenario's name cannot put markup into it."""
    page = load_page.page(_missed())
    elements = _Elements(page)
    assert elements.open == []
    assert len(page) < 1_000_000
    tags = [tag for tag, _ in elements.found]
    assert not {"script", "link", "img", "iframe"} & set(tags)
    assert not any({"src", "href", "onload"} & set(attributes) for _, attributes in elements.found)
    assert "url(" not in page
    assert "@import" not in page
    assert all("scope" in attributes for tag, attributes in elements.found if tag == "th")
    assert sum(attributes.get("role") == "img" for _, attributes in elements.found) == page.count("<title id=") == 3
    assert "prefers-color-scheme: dark" in page


@pytest.mark.browser
def test_the_page_fits_a_phone(tmp_path: Path) -> None:
    """At 390 pixels nothing but the insides of tables is wider than the screen, in chromium."""
    measure = """<style>html { width: 390px }</style><script>
    onload = () => document.body.dataset.wide = document.querySelector("main").scrollWidth</script>"""
    path = tmp_path / "page.html"
    path.write_text(load_page.page(_missed()) + measure, encoding="utf-8")
    words = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--dump-dom"]
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    shown = subprocess.run(
        ["chromium", *words, profile, path.as_uri()], capture_output=True, text=True, timeout=60, check=True
    ).stdout
    wide = re.search(r'data-wide="([0-9.]+)"', shown)
    assert wide is not None
    assert 300 < float(wide[1]) <= 390


def test_the_document_is_json_with_null_for_what_never_was() -> None:
    """No NaN, no infinity; the sum holds in it; a step that failed has null where a percentile is endless."""
    observed = _observed(Test(sets=(*BUSY, LIMITS), slow=0.0))
    told = json.loads(json.dumps(load_document.document(observed), allow_nan=False))
    ledger = told["ledger"]
    assert ledger["planned"] + ledger["spawned"] == sum(ledger["deliveries"].values()) == len(observed.deliveries)
    assert (told["source"], told["exit_code"]) == ("observed", 3)
    assert [each["met"] for each in told["thresholds"]] == [True, False, True]
    create = next(step for step in told["steps"] if step["step"] == "create")
    assert 0 < create["from_send"]["p50"] < create["from_due"]["p50"] < create["from_due"]["max"]
    assert {each["channel"] for each in told["measures"]} == {None, "email"}


def test_a_step_of_which_most_failed_is_never_over() -> None:
    """Where more than half of the creates failed, their median is never, in words, and null, as data."""
    contacts = [row.contact for row in _observed(Test(sets=BUSY)).deliveries if row.channel == "email"]
    observed = _observed(Test(sets=BUSY, fails=tuple((c, "server", False) for c in contacts[:-3])))
    create = next(step for step in load_document.document(observed)["steps"] if step["step"] == "create")
    assert create["from_due"]["p50"] is None
    assert create["from_due"]["max"] is not None
    assert create["errors"] == {"server": len(contacts) - 3}
    row = next(row for row in facts(observed, "x").steps.rows if row[0] == "create by e-mail")
    assert row[3] == f"{len(contacts) - 3} ({len(contacts) - 3} tries: server)"
    assert row[4].endswith("never")


def test_the_run_folder_holds_tables_measures_junit_and_the_page(tmp_path: Path) -> None:
    """All files are there; the JUnit file has a case a threshold beside the two of the run itself."""
    load_folder.write(_missed(), tmp_path)
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()} == {
        "contacts/0000.parquet", "steps.parquet", "deliveries.csv", "measures.json", "measures.csv", "junit.xml",
        "report.html",
    }  # fmt: skip
    cases = ElementTree.parse(tmp_path / "junit.xml").getroot().findall(".//testcase")
    assert [case.find("failure") is not None for case in cases] == [False, False, False, True, False]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.00412, "4.12 ms"), (0.0123, "12.3 ms"), (0.3124, "312 ms"), (0.9996, "1.00 s"), (2.468, "2.47 s"),
     (186.0, "3.1 min"), (float("inf"), "never"), (None, "–")],
)  # fmt: skip
def test_latencies_have_three_digits(seconds: float | None, words: str) -> None:
    """A latency is said in the unit that suits it, one that never ended in words, one that is not known as a dash."""
    assert latency(seconds) == words


def test_a_line_is_lifted_over_what_is_not_known() -> None:
    """Nothing joins the points before and after a gap, and a point on its own is a dot."""
    across, up = linear(4, str), linear(10, str)
    drawn = chart("x", "words", [Line("it", "a", [(0, 0.0), (1, 10.0), (2, None), (3, 5.0)])], across, up)
    path = re.search(r'class="line a" d="([^"]*)"', drawn)
    assert path is not None
    assert re.findall("[A-Za-z]", path[1]) == ["M", "L", "M"]
    assert re.findall("<circle[^>]*>", drawn) == ['<circle class="dot a" cx="353" cy="108" r="3"/>']
    assert path[1].startswith("M68 204L")  # the origin, and then the top


@pytest.mark.parametrize(
    ("axis", "ticks"),
    [
        (linear(1.1, str), [0.0, 0.5, 1.0, 1.5]),
        (clock(300), [0.0, 60.0, 120.0, 180.0, 240.0, 300.0]),
        (decades([0.004, 0.3], str), [0.001, 0.01, 0.1, 1.0]),
        (decades([], str), [0.001, 0.01]),
    ],
    ids=["linear", "clock", "decades", "nothing"],
)
def test_axes_have_round_ticks_around_all_values(axis: Axis, ticks: list[float]) -> None:
    """Ticks are round, and the axis holds all that it is to show."""
    assert list(axis.ticks) == pytest.approx(ticks)
    assert axis.place(axis.least) == 0
    assert axis.place(axis.most) == 1
