"""The speed benchmark compares engines that simulate the same desk."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import erlang_a
from benchmarks.erlang_a import Measurement
from benchmarks.peers import AGENTS, TICKS_PER_MINUTE, draw, heap_loop, simpy_processes


def _column(*values: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array(values, dtype=np.float64)


@pytest.mark.parametrize("seed", range(5))
def test_simpy_and_the_event_loop_agree_to_the_last_contact(seed: int) -> None:
    """On 5,000 drawn contacts both give the same answered, abandoned and total wait, and abandon some."""
    contacts = draw(5_000, seed)
    outcome = heap_loop.run(*contacts)
    assert outcome == simpy_processes.run(*contacts)
    answered, abandoned, _ = outcome
    assert answered + abandoned == 5_000
    assert abandoned > 50


def test_an_agent_who_becomes_free_at_the_last_tick_still_answers() -> None:
    """At one tick the event loop completes before it abandons, whichever was scheduled first."""
    arrival = _column(*[0.0] * AGENTS, 10.0)
    service = _column(*[70.0] * (AGENTS + 1))
    patience = _column(*[60.0] * (AGENTS + 1))
    assert heap_loop.run(arrival, service, patience) == (AGENTS + 1, 0, 60.0)
    assert heap_loop.run(arrival, service, patience - 1.0) == (AGENTS, 1, 59.0)


def test_the_draw_fills_the_desk_and_has_the_stated_means() -> None:
    """The first contacts arrive at 0; then 100 a minute, 3 minutes of service and 2 of patience, within 2 %."""
    arrival, service, patience = (column / TICKS_PER_MINUTE for column in draw(100_000, 1))
    assert not arrival[:AGENTS].any()
    assert np.diff(arrival[AGENTS:]).mean() == pytest.approx(1 / 100, rel=0.02)
    assert service.mean() == pytest.approx(3.0, rel=0.02)
    assert patience.mean() == pytest.approx(2.0, rel=0.02)


def test_no_completion_can_tie_with_an_abandonment() -> None:
    """Arrivals and services are even numbers of ticks, patiences odd ones; equal seeds give equal draws."""
    arrival, service, patience = draw(5_000, 3)
    assert not (arrival % 2).any()
    assert not (service % 2).any()
    assert (patience % 2 == 1).all()
    assert np.array_equal(draw(5_000, 3), (arrival, service, patience))


def test_a_draw_that_leaves_agents_idle_is_refused() -> None:
    """A draw of no more contacts than agents raises ValueError."""
    with pytest.raises(ValueError, match="more than 290"):
        draw(AGENTS, 1)


def test_ciw_is_within_statistical_distance_of_the_event_loop() -> None:
    """Abandonment and mean wait of four Ciw runs differ from forty of the loop by less than three standard errors."""
    pytest.importorskip("ciw")
    minutes = 40
    ciw = [erlang_a.measure("ciw_model", (2_000 + 100 * minutes) * erlang_a.CIW_DIVISOR, seed) for seed in range(4)]
    loop = [erlang_a.measure("heap_loop", AGENTS + 100 * minutes, seed) for seed in range(40)]
    for quantity in ("abandoned", "wait"):
        theirs, reference = ([getattr(run, quantity) for run in runs] for runs in (ciw, loop))
        error = np.std(reference, ddof=1) * np.sqrt(1 / len(theirs) + 1 / len(reference))
        assert abs(np.mean(theirs) - np.mean(reference)) < 3 * error


def test_ciw_counts_the_contacts_that_ended() -> None:
    """Of 3,000 expected contacts about 300 are still in the centre at the end, and do not count."""
    pytest.importorskip("ciw")
    from benchmarks.peers import ciw_model

    assert 2_500 < ciw_model.run(3_000, 1).contacts < 2_900
    with pytest.raises(ValueError, match="warm-up"):
        ciw_model.run(2_000, 1)


def _rounds(abandoned: float, speed: float) -> list[Measurement]:
    """Three rounds around a share abandoned, with the wait that Erlang A gives to it."""
    shares = (abandoned - 0.001, abandoned, abandoned + 0.001)
    return [Measurement(1_000, 1_000 / speed, share, 2 * share) for share in shares]


def test_ratios_are_taken_within_a_round() -> None:
    """An engine twice as fast in each round has the ratio 2 in each, however the machine slowed down between."""
    base = [Measurement(1_000, seconds, 0.05, 0.1) for seconds in (1.0, 4.0, 2.0)]
    fast = [replace(run, contacts=500, seconds=run.seconds / 4) for run in base]
    results = {"simpy_processes": base, "heap_loop": fast, "ciw_model": base}
    assert erlang_a.ratios(results, "heap_loop", "simpy_processes") == [2.0, 2.0, 2.0]
    assert "2 (2 to 2)" in erlang_a.speed_table(results)[2]


def test_a_wrong_model_is_found_out() -> None:
    """Faults name an engine off the theory, and one that ends the same contacts differently; a right one has none."""
    right = _rounds(0.046, speed=1_000.0)
    assert erlang_a.faults({"simpy_processes": right, "heap_loop": right}, 0.0457, 0.0914) == []
    off = erlang_a.faults({"simpy_processes": right, "ciw_model": _rounds(0.07, speed=10.0)}, 0.0457, 0.0914)
    assert [line.partition(" is ")[0] for line in off] == ["ciw_model: abandonment", "ciw_model: mean wait"]
    nearly = [replace(run, wait=run.wait + 1e-6) for run in right]
    assert erlang_a.faults({"simpy_processes": right, "heap_loop": nearly}, 0.0457, 0.0914) == [
        "heap_loop: the same contacts end differently than with simpy_processes"
    ]


def test_the_event_loop_agrees_with_erlang_a() -> None:
    """Abandonment and mean wait over eight runs lie within the 99 % interval of the theory."""
    theory = pytest.importorskip("sim.erlang").erlang_a(100.0, 3.0, AGENTS, 2.0)
    loop = [erlang_a.measure("heap_loop", 40_000, seed) for seed in range(8)]
    results = {"simpy_processes": loop}
    assert erlang_a.faults(results, theory.p_abandon, theory.mean_wait) == []
    assert erlang_a.faults(results, 1.2 * theory.p_abandon, 1.2 * theory.mean_wait) != []


def test_one_engine_is_measured_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """`--one` prints CPU time, and the share abandoned and mean wait in minutes of those who did not fill the desk."""
    assert erlang_a.main(["--one", "heap_loop", "--arrivals", "20000", "--seed", "2"]) == 0
    measurement = Measurement(**json.loads(capsys.readouterr().out))
    _, abandoned, wait = heap_loop.run(*draw(20_000, 2))
    assert measurement.contacts == 20_000
    assert measurement.seconds > 0
    assert measurement.abandoned == abandoned / (20_000 - AGENTS)
    assert measurement.wait == pytest.approx(wait / (20_000 - AGENTS) / 60_000)


@pytest.mark.parametrize("words", [["--rounds", "1"], ["--arrivals", "5000"]])
def test_too_little_to_measure_is_refused(words: list[str]) -> None:
    """One round, or too few contacts for Ciw's warm-up, ends with exit code 2."""
    with pytest.raises(SystemExit) as ended:
        erlang_a.main(words)
    assert ended.value.code == 2
