"""Thresholds as written: which measure of which channel, in its unit, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import ScenarioError
from sim.measures import MEASURES
from sim.run import run
from sim.scenario.limits import limit_of
from sim.scenario.read import Scenario, read
from sim.units import Unclear

DESK = """\
lasts: 1d
run_in: 0d
drain: 2d
customers: 2000
phone: {staff: 2, hours: 08:00-20:00, cost: 20 GBP/h}
email: {staff: 1}
"""


def desk(folder: Path, more: str = "") -> Scenario:
    path = folder / "desk.yaml"
    path.write_text(DESK + more)
    return read(path)


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return desk(tmp_path_factory.mktemp("limits"))


@pytest.mark.parametrize(
    ("name", "words", "value", "better", "worse"),
    [
        ("phone.service_level", "at least 80%", 0.8, 0.9, 0.79),
        ("phone.abandonment_rate", "at most 0.05", 0.05, 0.04, 0.06),
        ("phone.wait_p90", "at most 2m", 120.0, 119.0, 121.0),
        ("email.backlog_age", "at most 1.5d", 129_600.0, 0.0, 2e5),
        ("cost", "at most 45_000 GBP", 45_000.0, 44_999.0, 45_001.0),
        ("cost_per_contact", "at most 2.50 GBP", 2.5, 2.5, 2.51),
        ("satisfaction", "at least 70", 70.0, 70.0, 69.9),
        ("phone.satisfaction", "at least 70 points", 70.0, 71.0, 69.0),
        ("net_fte", "at most 12.5 agents", 12.5, 12.0, 13.0),
        ("email.backlog", "at most 40 contacts", 40.0, 40.0, 41.0),
        ("excess_churn", "at most -2", -2.0, -3.0, 0.0),
    ],
)
def test_a_threshold_is_read_in_the_unit_of_its_measure(
    name: str, words: str, value: float, better: float, worse: float, scenario: Scenario
) -> None:
    """The value is in the measure's own unit, and is met on the side that the words say, itself included."""
    limit = limit_of(name, words, scenario.spec)
    assert limit.value == pytest.approx(value)
    assert limit.met(limit.value)
    assert limit.met(better)
    assert not limit.met(worse)
    assert f"{limit.channel}.{limit.measure}".removeprefix("None.") == name


@pytest.mark.parametrize(
    ("name", "words", "said"),
    [
        ("phone.servicelevel", "at least 80%", "there is no measure 'servicelevel'; did you mean 'service_level'?"),
        (
            "a.b.c", "at least 80%",
            "there is no measure 'a.b.c'; docs/measures.md lists them, as in phone.service_level",
        ),
        ("fone.wait", "at most 9s", "there is no channel 'fone'; did you mean 'phone'?"),
        ("phone.cost", "at most 9 GBP", "cost is of the whole desk; write cost without the channel"),
        ("service_level", "at least 80%", "service_level is of a channel; write it as in phone.service_level"),
        ("wait_p90", "at most 9s", "wait_p90 is of a channel; write it as in phone.wait_p90"),
        ("backlog", "at most 9", "backlog is of a channel; write it as in email.backlog"),
        (
            "phone.backlog", "at most 9",
            "backlog is of deferrable channels, and phone is none; name another channel or measure",
        ),
        (
            "email.intervals_met", "at least 80%",
            "intervals_met is of live channels, and email is none; name another channel or measure",
        ),
        ("phone.service_level", "at least 80", "'80' is more than the whole; did you mean 80%?"),
        (
            "phone.wait", "at most 20",
            "'20' has no unit; write a number with s, m, h, d or w, such as 3m or 1.5h",
        ),
        ("satisfaction", "at least 70%", "'70%' is not a number; write a number such as 0.9"),
        (
            "cost", "at most 9",
            "'9' is not an amount of money; write the amount and the currency's three letters, such as 22 EUR/h or "
            "1.50 USD",
        ),
        (
            "cost", "at most 9 GBP/week",
            "'9 GBP/week' is for a length of time; write the amount alone, as in 45_000 GBP",
        ),
        ("cost", "at most 9 EUR", "this is in EUR, other amounts are in GBP; use one currency"),
    ],
)  # fmt: skip
def test_a_threshold_that_cannot_be_judged_is_refused(name: str, words: str, said: str, scenario: Scenario) -> None:
    """No such measure or channel, a figure that no run reports, and a value of another unit or currency are told."""
    with pytest.raises(Unclear) as caught:
        limit_of(name, words, scenario.spec)
    assert str(caught.value) == said


def test_a_wrong_threshold_stands_at_its_value(tmp_path: Path) -> None:
    """It is a mistake of the scenario, with its place, and all of them are told."""
    more = "thresholds:\n  phone.service_level: at least 80\n  cost: at most 9 EUR\n"
    with pytest.raises(ScenarioError) as caught:
        desk(tmp_path, more)
    assert [(mistake.line, mistake.column, mistake.path) for mistake in caught.value.mistakes] == [
        (8, 24, "thresholds.phone.service_level"), (9, 9, "thresholds.cost"),
    ]  # fmt: skip


def test_exactly_what_a_run_reports_may_be_limited(tmp_path: Path) -> None:
    """For every measure, alone and of each channel, of every kind: a threshold is accepted where a run has that figure,
    and only there."""
    scenario = desk(tmp_path, "bot: {kind: self_service, share: 10%, escalates: no}\n")
    words = {"share": "at least 50%", "s": "at most 5m", "money": "at most 5 GBP"}
    result = run(scenario, tmp_path, replications=1, jobs=1)
    reported = {(f.measure.name, f.channel) for f in result.figures if f.segment is None}
    accepted = set()
    for measure in MEASURES:
        for channel in (None, *scenario.spec.channels):
            name = measure.name if channel is None else f"{channel}.{measure.name}"
            try:
                limit_of(name, words.get(measure.unit, "at most 5"), scenario.spec)
            except Unclear:
                continue
            accepted.add((measure.name, channel))
    assert accepted == reported
