"""JUnit XML of a load test: valid, a case a threshold, with its failures told."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from sim.load.limits import Samples, judge, load_limits
from sim.report.junit import Case, cases, junit
from sim.scenario.read import read

ATTRIBUTES = {
    "testsuites": {"name", "tests", "failures", "errors", "time"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time"},
    "testcase": {"classname", "name", "time"},
    "failure": {"message", "type"},
}
"""What the schema that build servers read has, all of it used here."""
HOLDS = {"testsuites": {"testsuite"}, "testsuite": {"testcase"}, "testcase": {"failure"}, "failure": set()}


def parsed(text: str) -> ElementTree.Element:
    """The root, after each element was held against the schema."""
    root = ElementTree.fromstring(text.encode())
    assert root.tag == "testsuites"
    for element in root.iter():
        assert element.attrib.keys() == ATTRIBUTES[element.tag]
        assert {child.tag for child in element} <= HOLDS[element.tag]
        for count in ("tests", "failures", "errors", "skipped"):
            assert element.get(count, "0").isdecimal()
        assert float(element.get("time", "0")) >= 0
    return root


def test_each_threshold_is_a_case(tmp_path: Path) -> None:
    """Beside one for the generator and one for the ledger; those missed say what was found, and of which type they are:
    missed, or too few values."""
    path = tmp_path / "desk.yaml"
    limits = "{create.max: at most 800ms, errors: at most 1%, sent: at least 100%, create.p50: at most 5s}"
    path.write_text(f"customers: 1000\nemail: {{staff: 1}}\nload: {{thresholds: {limits}}}\n")
    samples = Samples(deliveries={"sent": 2})
    samples.rows["email", "create"].add(1.25, 0.1, error=False)
    verdicts = judge(load_limits(read(path).spec), samples)
    root = parsed(junit("desk", cases(verdicts, late="12 of 400 rows were late", unbalanced=""), 93.0004))
    found = {case.get("name"): case.find("failure") for case in root.iter("testcase")}
    told = {name: failure.get("message") for name, failure in found.items() if failure is not None}
    assert list(found) == [
        "the generator kept up", "every contact is accounted for", "create.max: at most 800ms", "errors: at most 1%",
        "sent: at least 100%", "create.p50: at most 5s",
    ]  # fmt: skip
    assert told == {
        "the generator kept up": "12 of 400 rows were late",
        "create.max: at most 800ms": "1.25 s of 1",
        "create.p50: at most 5s": "~1.25 s, of too few (1 of 20 needed)",
    }
    assert [failure.get("type") for failure in root.iter("failure")] == ["missed", "missed", "too few"]
    suite = root[0]
    assert (suite.get("name"), suite.get("tests"), suite.get("failures"), suite.get("time")) == (
        "desk", "6", "3", "93.000",
    )  # fmt: skip
    assert (root.get("tests"), root.get("failures")) == ("6", "3")


def test_a_ledger_that_does_not_add_up_fails() -> None:
    """Its case says what is missing; a run without thresholds has two cases all the same."""
    root = parsed(junit("desk", cases([], late="", unbalanced="400 planned, 399 delivered"), 1.0))
    assert [(case.get("name"), len(case)) for case in root.iter("testcase")] == [
        ("the generator kept up", 0), ("every contact is accounted for", 1),
    ]  # fmt: skip


@pytest.mark.parametrize("odd", ["<&>\"'", "]]>", "a\nb\tc", "\x00\x1b[31m", "\ud800", "\ufffe", "größer ≥ 5"])
def test_any_text_is_escaped(odd: str) -> None:
    """Whatever a name or a message holds, the XML can be read; what can be seen is there unchanged."""
    root = parsed(junit(odd, [Case(odd, odd, odd)], 0.0))
    failure = root.find("testsuite/testcase/failure")
    assert failure is not None
    assert failure.text is not None
    if odd.isprintable():
        assert (root[0].get("name"), root[0][0].get("name"), failure.get("message")) == (odd, odd, odd)


def test_an_empty_suite_is_valid() -> None:
    """Without a case there are none, and none failed."""
    root = parsed(junit("nothing", [], 0.0))
    assert (root.get("tests"), root.get("failures")) == ("0", "0")
