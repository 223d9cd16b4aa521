"""A comparison as Markdown and as JSON."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
from test_workbook import NASTY, compared, dossier  # noqa: F401

from sim.compare import YEAR, Comparison
from sim.estimate import Estimate
from sim.report import written
from sim.report.dossier import Dossier


@pytest.fixture
def page(dossier: Dossier) -> str:  # noqa: F811
    return written.markdown(dossier)


def test_every_table_of_the_page_is_one(page: str) -> None:
    """All rows of a table have as many cells as its header, whatever the policies are called."""
    blocks = [block.splitlines() for block in page.split("\n\n") if block.startswith("|")]
    assert len(blocks) == 5
    for lines in blocks:
        sizes = {len(re.findall(r"(?<!\\)\|", line)) for line in lines}
        assert len(sizes) == 1, lines
        assert set(lines[1]) == set("| -")


def test_what_a_user_wrote_stays_text(page: str) -> None:
    """No heading, list, link, emphasis or HTML comes from a name or a question."""
    assert "\n\\# How many people?\n" in page
    assert "**-2 people are too few.**" in page
    assert not re.search(r"(?<!\\)\]\(http", page)
    assert not re.search(r"(?<!\\)<", page)
    assert "\\*b\\*" in page
    assert [line for line in page.splitlines() if line.startswith("# ")] == ["# =1+1"]


def test_the_policies_are_told_in_the_scale_of_the_page(page: str, compared: Comparison) -> None:  # noqa: F811
    """Customers lost are those of a year, and of value only the difference to the baseline is said."""
    result = compared.baseline.result
    lost = next(f.estimate.value for f in result.figures if (f.measure.name, f.segment) == ("excess_churn", None))
    rows = {line.split("|")[1].strip(): line.split(" | ")[1:] for line in page.splitlines() if line.startswith("| ")}
    assert lost is not None
    assert float(rows["customers lost a year"][0].split()[0].replace(",", "")) == pytest.approx(
        lost * YEAR / 3, rel=0.01
    )
    assert rows["value against as is"][0] == "–"
    worth = next(d for d in compared.table if (d.measure.name, d.segment) == ("value", None))
    assert rows["value against as is"][1].startswith(written.say_difference(worth.estimate, "money", "EUR"))
    assert "excess churn" not in page
    assert " less as is | value | " in page


def test_commands_stay_in_their_block(page: str) -> None:
    """Backticks in a file's name do not end the block."""
    assert "\n````\nsim compare 'a```b.yaml'\n````\n" in page


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("12. May", "12\\. May"),
        ("81.5 % of -2", "81.5 % of -2"),
        ("- x", "\\- x"),
        ("a\n\n# b", "a # b"),
        ("[5.2, 7.0] of 80 %", "[5.2, 7.0] of 80 %"),
        ("[a]: http://x", "[a\\]: http://x"),
        ("`x` \\", "\\`x\\` \\\\"),
    ],
)
def test_escaping(text: str, said: str) -> None:
    """Only what would be Markdown is escaped: an interval stays readable as it is."""
    assert written.paragraph(text) == said


def test_plots_are_beside_the_page_and_described(page: str, dossier: Dossier) -> None:  # noqa: F811
    """Each plot is an image with its alt text."""
    images = re.findall(r"!\[(.+)\]\(plots/(\w+)\.svg\)", page)
    assert [name for _, name in images] == [it.plot for it in dossier.pictures if it.policy is None]
    assert images
    assert all(len(alt) > 20 for alt, _ in images)


@pytest.mark.parametrize(
    ("value", "low", "high", "unit", "said"),
    [
        (0.061, 0.052, 0.07, "share", "+6.1 points [+5.2, +7.0]"),
        (-0.0001, -0.0002, 0.0001, "share", "0.0 points"),
        (-41.0, -60.0, 3.0, "customers", "-41 customers [-60, +3]"),
        (1900.0, 1899.9999, 1900.0001, "money", "+1,900 EUR"),
        (-5400.0, -7200.0, 60.0, "s", "-1.5 h [-2 h, +60 s]"),
        (0.0, 0.0, 0.0, "s", "0 s"),
    ],
)
def test_a_difference_has_its_sign_its_unit_and_its_interval(
    value: float, low: float, high: float, unit: str, said: str
) -> None:
    """As planners say it: points of a share, money, lengths of time; nothing is minus zero."""
    assert written.say_difference(Estimate(value, low, high, 5), unit, "EUR") == said


def test_the_document_survives_json_and_is_the_same_twice(dossier: Dossier) -> None:  # noqa: F811
    """No NaN, no infinity, no minus zero; what is read back is what was written, in the same order."""
    found = written.document(dossier)
    text = json.dumps(found, allow_nan=False)
    assert json.loads(text) == found
    assert text == json.dumps(written.document(dossier), allow_nan=False)
    assert not re.search(r"-0\.0[,\]}]", text)
    documented = set(re.findall(r"(\w+)(?=[,:])", written.document.__doc__ or ""))
    assert set(found) <= documented


def test_the_document_holds_every_figure_and_difference(dossier: Dossier, compared: Comparison) -> None:  # noqa: F811
    """Figures of both policies, differences with p, interval and allowance; definitions once."""
    found: dict[str, Any] = written.document(dossier)
    for policy, known in zip(found["policies"], compared.policies, strict=True):
        assert len(policy["figures"]) == len(known.result.figures)
        assert set(policy["figures"][0]) == {
            "measure", "channel", "segment", "value", "low", "high", "runs", "reason", "bands",
        }  # fmt: skip
    assert len(found["headline"]) == len(compared.headline)
    for each, difference in zip(found["table"], compared.table, strict=True):
        assert each["value"] == difference.estimate.value
        assert each["clear"] is difference.clear
        assert each["measure"] in found["measures"]
    assert found["ties"][0]["betas"] == compared.ties[0].betas.tolist()


def test_what_json_cannot_hold_is_null() -> None:
    """Arrays become lists, NaN and infinity null, minus zero zero."""
    found = written.plain({"a": np.array([np.nan, 1.0, np.inf]), "b": -0.0, "c": (np.float64(2.0), np.bool_(True))})
    assert json.dumps(found) == '{"a": [null, 1.0, null], "b": 0.0, "c": [2.0, true]}'
