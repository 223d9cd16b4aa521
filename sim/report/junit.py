"""What a load test had to meet, as JUnit XML: a case a threshold, so that a build server shows which was missed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from sim.load.limits import Verdict
from sim.units import visible

PART = "sim load"


@dataclass(frozen=True)
class Case:
    """Something that had to be so; `failure` says why it was not, and is empty where it was; `kind` is its type."""

    name: str
    failure: str = ""
    part: str = PART
    kind: str = "missed"


def cases(verdicts: Iterable[Verdict], *, late: str, unbalanced: str) -> list[Case]:
    """A case for the generator, one for the ledger and one a threshold.

    Args:
        late: why the run is void, as in "12 of 400 rows were late"; empty where the generator kept up.
        unbalanced: what of the ledger does not add up; empty where planned + spawned is the sum over deliveries.
    """
    limits = [
        Case(
            f"{it.limit.name}: {it.limit.words}",
            "" if it.met else it.why,
            f"{PART}.thresholds",
            "missed" if it.judged else "too few",
        )
        for it in verdicts
    ]
    return [Case("the generator kept up", late), Case("every contact is accounted for", unbalanced), *limits]


def junit(name: str, cases: Sequence[Case], seconds: float) -> str:
    """The XML of one suite called `name`; `seconds` is how long the load test took by the wall clock."""
    failed = sum(bool(case.failure) for case in cases)
    totals = {"tests": str(len(cases)), "failures": str(failed), "errors": "0", "time": f"{seconds:.3f}"}
    root = ElementTree.Element("testsuites", {"name": PART, **totals})
    suite = ElementTree.SubElement(root, "testsuite", {"name": visible(name), **totals, "skipped": "0"})
    for case in cases:
        told = {"classname": visible(case.part), "name": visible(case.name), "time": "0"}
        found = ElementTree.SubElement(suite, "testcase", told)
        if case.failure:
            message = visible(case.failure)
            failure = ElementTree.SubElement(found, "failure", {"message": message, "type": case.kind})
            failure.text = f"{visible(case.name)}: {message}"
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'
