"""Cases from end to end: a right engine passes, a wrong one fails."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from sim import verify as verb
from sim.cli import commands
from sim.desk import Desk
from sim.population.draw import Population
from sim.simulate.engine import Run, simulate
from sim.verify import cases, text, verify
from sim.verify.forms import FULL, SHORT, Form

SMALL = Form("small", contacts=4000, days=20, most_contacts=4000, most_days=20)


def slower(desk: Desk, population: Population) -> Run:
    """The engine, if every agent took 3 % longer than they should."""
    speed = (round(1_000_000 / 1.03),) * len(desk.channels)
    return simulate(replace(desk, groups=tuple(replace(group, speed=speed) for group in desk.groups)), population)


def hurried(desk: Desk, population: Population) -> Run:
    """The engine, if chats did not slow each other down."""
    rates = [channel.rates[:1] * channel.at_once for channel in desk.channels]
    quick = tuple(replace(channel, rates=rate) for channel, rate in zip(desk.channels, rates, strict=True))
    return simulate(replace(desk, channels=quick), population)


def test_a_case_of_each_kind_passes() -> None:
    """Queues, days, demand, traces, definitions, a backlog and closed forms, simulated for a moment."""
    names = ["EC-04", "RT-05", "SB-03", "BL-03", "PR-10", "T7", "TV-05", "T4", "DM-01", "DT", "EM", "EB-09", "T1"]
    found = verify(cases.chosen(names), SMALL, processes=1)
    assert not found.failing
    assert found.spread.figures > 100


def test_processes_decide_nothing() -> None:
    """One process and two find the same."""
    chosen = cases.chosen(["EB-01", "CH-05"])
    alone, two = (text.document(verify(chosen, SMALL, processes=processes)) for processes in (1, 2))
    assert alone == two


def test_an_engine_that_is_3_percent_slower_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """The short form sees it, and a second look with a fresh seed does not excuse it."""
    monkeypatch.setattr(verb, "simulate", slower)
    found = verify(cases.chosen(["CH-05"]), SHORT, processes=1)
    assert [judgement.again for judgement in found.failing] == [True]


def test_chats_that_do_not_slow_each_other_down_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even in a moment."""
    monkeypatch.setattr(verb, "simulate", hurried)
    assert verify(cases.chosen(["T7"]), SMALL, processes=1).failing


def test_a_day_by_hand_is_exact() -> None:
    """It fails where one contact should end a fraction of a tick later."""
    (case,) = cases.chosen(["DT-03"])
    late = replace(case, ends=({"start": 0, "end": 10}, {"start": 10, "end": 13.00001}))
    found = verify([case, late], SMALL, processes=1)
    assert [judgement.passed for judgement in found.judgements] == [True, False]


def test_a_wrong_figure_fails() -> None:
    """An expected share that is a quarter too high is found out, twice, and the summary names the case."""
    (case,) = cases.chosen(["EB-01"])
    wrong = replace(case, expected={**case.expected, "occupancy": 0.5})
    found = verify([wrong], SMALL, processes=1)
    assert not found.passed
    assert found.judgements[0].again
    printed = text.text(found)
    assert "1 case fails: EB-01." in printed
    assert any("occupancy" in line and line.endswith("FAILS") for line in printed.splitlines())


def test_days_that_run_into_each_other_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every day starts empty, or nothing is said of it."""
    monkeypatch.setattr("sim.verify.desks.PAUSE", 0.01)
    with pytest.raises(RuntimeError, match="before the one before it was over"):
        verify(cases.chosen(["TV-09"]), SMALL, processes=1)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.verify.forms.SHORT", SMALL)


@pytest.mark.usefixtures("small")
def test_the_command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """It prints one JSON document, or a line a comparison; its exit code is 0, or 3 where a case fails."""
    commands.main(["verify", "DT-02", "EB-01", "--jobs", "1", "--json"], standalone_mode=False)
    document = json.loads(capsys.readouterr().out)
    assert document["passed"]
    assert [case["id"] for case in document["cases"]] == ["EB-01", "DT-02"]
    assert {"figure", "ours", "theirs", "low", "high", "detectable", "z", "verdict"} == set(
        document["cases"][0]["comparisons"][0]
    )
    monkeypatch.setattr(verb, "simulate", hurried)
    with pytest.raises(SystemExit) as left:
        commands.main(["verify", "T7", "--jobs", "1"], standalone_mode=False)
    assert left.value.code == 3
    assert "1 case fails: T7." in capsys.readouterr().out


@pytest.mark.slow
def test_the_short_form() -> None:
    """No case fails, and no figure that is judged could hide an error of its own size."""
    found = verify(cases.read(), SHORT)
    assert found.passed, text.text(found)
    assert found.widest is not None
    assert found.widest.detectable < 1


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_full_form() -> None:
    """No case fails in the full form either."""
    found = verify(cases.read(), FULL)
    assert found.passed, text.text(found)
