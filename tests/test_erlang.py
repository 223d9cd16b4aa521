"""The closed forms against carried figures, against integrals that share no code with them, and against their laws."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.linalg import expm, null_space
from scipy.stats import poisson

from sim.erlang import Steady, agents_needed, erlang_a, erlang_b, erlang_c

CARRIED = json.loads((Path(__file__).parent / "published" / "erlang.json").read_text(encoding="utf-8"))
CASES = pytest.mark.parametrize("case", CARRIED["cases"], ids=lambda case: case["id"])
EXACT = 1e-9

few = settings(max_examples=25, derandomize=True, deadline=None)
handle_times = st.floats(30, 900)
loads = st.floats(0.1, 60)
patiences = st.floats(5, 3600)
withins = st.floats(0, 300)


def steady(case: dict[str, Any]) -> Steady:
    if case["patience"] is None and case["lines"] is None:
        return erlang_c(case["rate"], case["handle_time"], case["agents"])
    patience = math.inf if case["patience"] is None else case["patience"]
    return erlang_a(case["rate"], case["handle_time"], case["agents"], patience, case["lines"])


def figure(case: dict[str, Any], name: str, *parameter: float) -> float:
    """A figure by its name in the carried file: a field of the result, or what follows from its fields."""
    found = steady(case)
    if hasattr(found, name):
        value = getattr(found, name)
        return float(value(*parameter)) if parameter else float(value)
    busy = found.occupancy * case["agents"]
    p_answered = 1 - found.p_abandon - found.p_block
    if name == "service_level_of_answered":
        return found.service_level(*parameter) / p_answered
    if name == "mean_wait_abandoned":
        return (found.mean_wait - found.asa * p_answered) / found.p_abandon
    if name == "var_wait":  # Erlang C: the wait of those who wait is exponential
        return found.mean_wait**2 * (2 / found.p_wait - 1)
    if name == "wait_quantile":
        return max(0.0, found.mean_wait / found.p_wait * math.log(found.p_wait / (1 - parameter[0])))
    derived: dict[str, float] = {
        "mean_wait_given_wait": found.mean_wait / found.p_wait if found.p_wait else math.nan,
        "p_abandon_given_wait": found.p_abandon / found.p_wait if found.p_wait else math.nan,
        "p_wait_of_accepted": found.p_wait / (1 - found.p_block),
        "mean_in_system": found.mean_queue + busy,
        "mean_busy": busy,
        "throughput": case["rate"] * (1 - found.p_block),
    }
    return derived[name]


@CASES
def test_reference_figures(case: dict[str, Any]) -> None:
    """Every carried figure is met to a relative 1e-9."""
    for name, *parameter, value in case["figures"]:
        assert figure(case, name, *parameter) == pytest.approx(value, rel=EXACT), name


@CASES
def test_published_figures(case: dict[str, Any]) -> None:
    """What was printed elsewhere comes out again, to half a unit of its last decimal."""
    for name, *parameter, value, decimals in case.get("published", []):
        assert figure(case, name, *parameter) == pytest.approx(value, abs=0.5 * 10.0**-decimals), name


@pytest.mark.parametrize("case_id", ["EB-01", "EB-03", "EB-06"])
def test_blocking(case_id: str) -> None:
    """Erlang B by its own recursion meets the carried figures too, not only as the queue without a place to wait."""
    case = next(case for case in CARRIED["cases"] if case["id"] == case_id)
    expected = dict(case["figures"])["p_block"]
    assert erlang_b(case["rate"] * case["handle_time"], case["agents"]) == pytest.approx(expected, rel=EXACT)


@pytest.mark.parametrize(("load", "most_blocked", "lines", "blocked"), CARRIED["EB-09"])
def test_trunk_table(load: float, most_blocked: float, lines: int, blocked: float) -> None:
    """The trunk table names the fewest lines that keep blocking under its limit, and the blocking with them."""
    assert erlang_b(load, lines) == pytest.approx(blocked, rel=EXACT)
    assert erlang_b(load, lines) <= most_blocked < erlang_b(load, lines - 1)


def test_traffic_table() -> None:
    """The tabled shares of contacts wait, and of those that wait the tabled shares wait longer than one handle time."""
    table = CARRIED["PB-15"]
    for agents, load, p_wait in table["p_wait"]:
        assert erlang_c(load, 1, agents).p_wait == pytest.approx(p_wait, rel=EXACT)
    for agents, load, longer in table["longer than the handle time, of those that wait"]:
        found = erlang_c(load, 1, agents)
        assert (1 - found.service_level(1)) / found.p_wait == pytest.approx(longer, rel=EXACT)


def test_fifty_agents() -> None:
    """48 calls a minute of one minute for 50 agents: a little impatience (2 minutes) takes four fifths off the wait."""
    patient, impatient = erlang_c(0.8, 60, 50), erlang_a(0.8, 60, 50, 120)
    assert (round(patient.mean_wait, 2), round(patient.occupancy, 2)) == (20.83, 0.96)
    assert (round(impatient.p_abandon, 4), round(impatient.mean_wait, 2)) == (0.0309, 3.71)
    assert round(impatient.occupancy, 3) == 0.930


def test_staffing_examples() -> None:
    """250 calls an hour of 330 s at 80/30 need 28 agents by C; 100 in 30 minutes of 3 minutes at 80/20 need 13 by A."""
    assert agents_needed(250 / 3600, 330, share=0.8, within=30) == 28
    assert agents_needed(100 / 30, 3, share=0.8, within=1 / 3, patience=5) == 13


def by_integration(rate: float, handle_time: float, agents: int, patience: float, within: float) -> float:
    """Answered within / offered by integrating the density of the wait that an endlessly patient contact would meet.

    f(x) = λ·π(n-1)·exp(λ·(1 - exp(-θx))/θ - n·x/h) for x > 0, and the sum of π(0 … n-1) at x = 0 (Baccelli and
    Hebuterne 1981). Exponents are taken relative to the largest, so that nothing overflows.
    """
    load, theta = rate * handle_time, 1 / patience

    def exponent(x: float) -> float:
        return -rate * math.expm1(-theta * x) / theta - agents * x / handle_time

    peak = max(0.0, math.log(load / agents) / theta)
    width = 1 / math.sqrt(rate * theta * math.exp(-theta * peak))
    end = peak + patience + 50 * handle_time / agents  # beyond it less than exp(-50) of the peak

    def area(upper: float, decay: float) -> float:
        cuts = [0.0, *(x for x in (peak + i * width for i in range(-12, 13)) if 0 < x < upper), upper]
        pieces = (
            quad(lambda x: math.exp(exponent(x) - exponent(peak) - decay * x), low, high, epsabs=0, epsrel=1e-12)[0]
            for low, high in pairwise(cuts)
        )
        return rate * math.fsum(pieces)

    free = poisson.cdf(agents - 1, load) / poisson.pmf(agents - 1, load) * math.exp(-exponent(peak))
    return float((free + area(within, theta)) / (free + area(end, 0.0)))


@pytest.mark.parametrize(
    ("rate", "handle_time", "agents", "patience", "within"),
    [
        (0.8, 60, 50, 120, 20),
        (0.02, 300, 3, 60, 90),
        (0.05, 240, 14, 1200, 20),
        (0.1, 300, 20, 180, 45),  # half as many contacts again as the agents can take
        (0.1, 300, 20, 180, 3600),  # longer than anybody waits
        (5.0, 60, 100, 300, 250),  # three times as many
        (10.0, 300, 3000, 120, 10),
        (12.0, 300, 3000, 600, 100),
        (0.001, 300, 1, 30, 10),
    ],
)
def test_service_level_by_integration(
    rate: float, handle_time: float, agents: int, patience: float, within: float
) -> None:
    """Erlang A's service level is the integral over the offered wait, from one agent to thousands and in overload."""
    expected = by_integration(rate, handle_time, agents, patience, within)
    assert erlang_a(rate, handle_time, agents, patience).service_level(within) == pytest.approx(expected, rel=EXACT)


@pytest.mark.parametrize("rate", [0.05, 0.1, 2.0])
def test_speed_of_answer_by_integration(rate: float) -> None:
    """The speed of answer is the area between the service level and the share ever answered, also in deep overload."""
    found = erlang_a(rate, 300, 20, 180)
    answered = found.service_level(1e6)
    area = quad(lambda t: answered - found.service_level(t), 0, 3600, points=[100, 300, 500, 700, 900], limit=200)[0]
    assert found.asa == pytest.approx(area / answered, rel=1e-7)


@pytest.mark.parametrize("patience", [2.0, 40.0, math.inf])
def test_limited_lines_by_matrix(patience: float) -> None:
    """With patience and trunks both limited, the figures are those of the chain solved as matrices."""
    rate, handle_time, agents, lines, within = 1.5, 3.0, 4, 9, 1.7
    down = [min(k, agents) / handle_time + max(k - agents, 0) / patience for k in range(lines + 1)]
    chain = np.diag([rate] * lines, 1) + np.diag(down[1:], -1)
    chain -= np.diag(chain.sum(axis=1))
    shares = null_space(chain.T)[:, 0]
    shares /= shares.sum()

    places = lines - agents  # a contact with j before it moves up, is answered from the first place, or abandons
    moves = np.zeros((places + 2, places + 2))
    answered, abandoned = places, places + 1
    for j in range(places):
        moves[j, j - 1 if j else answered] = agents / handle_time + j / patience
        moves[j, abandoned] = 1 / patience
    moves -= np.diag(moves.sum(axis=1))
    level = shares[:agents].sum() + shares[agents:lines] @ expm(moves * within)[:places, answered]

    found = erlang_a(rate, handle_time, agents, patience, lines)
    assert found.p_block == pytest.approx(shares[lines], rel=EXACT)
    assert found.mean_queue == pytest.approx(shares[agents:] @ np.arange(places + 1), rel=EXACT)
    assert found.service_level(within) == pytest.approx(level, rel=EXACT)


@few
@given(loads, handle_times, st.integers(0, 80), patiences, st.none() | st.integers(1, 120), withins)
def test_accounts_balance(
    load: float, handle_time: float, agents: int, patience: float, lines: int | None, within: float
) -> None:
    """Whoever is offered is answered, abandons or is blocked, and the queue is rate times wait (Little)."""
    rate = load / handle_time
    found = erlang_a(rate, handle_time, agents, patience, lines)
    answered = found.occupancy * agents / load
    assert answered + found.p_abandon + found.p_block == pytest.approx(1, rel=EXACT)
    assert found.mean_queue == pytest.approx(rate * found.mean_wait, rel=EXACT, abs=1e-12)
    assert found.p_abandon == pytest.approx(found.mean_wait / patience, rel=EXACT)
    assert 1 - found.p_wait - found.p_block == pytest.approx(found.service_level(0), abs=1e-12)
    assert found.service_level(0) <= found.service_level(within) + 1e-12
    assert found.service_level(1e6) == pytest.approx(answered, rel=EXACT, abs=1e-12)


@few
@given(st.integers(1, 60), st.floats(0.05, 0.97), handle_times, withins)
def test_endless_patience(agents: int, occupancy: float, handle_time: float, within: float) -> None:
    """Erlang A tends to Erlang C as patience grows, and so does a queue with ever more lines."""
    rate = agents * occupancy / handle_time
    patient = erlang_c(rate, handle_time, agents)
    for near in (
        erlang_a(rate, handle_time, agents, 1e9 * handle_time),
        erlang_a(rate, handle_time, agents, math.inf, agents + 2000),
    ):
        assert near.p_wait == pytest.approx(patient.p_wait, rel=1e-5)
        assert near.asa == pytest.approx(patient.asa, rel=1e-5)
        assert near.service_level(within) == pytest.approx(patient.service_level(within), rel=1e-5)
    assert erlang_a(rate, handle_time, agents, math.inf) == patient


@few
@given(loads, st.integers(0, 80))
def test_blocked_or_delayed(load: float, agents: int) -> None:
    """Fewer contacts are blocked where nobody may wait than are delayed where all do."""
    assert erlang_b(load, agents) <= erlang_c(load, 1, agents).p_wait


@few
@given(loads, handle_times, st.integers(0, 80), patiences, withins)
def test_more_agents(load: float, handle_time: float, agents: int, patience: float, within: float) -> None:
    """One agent more never lengthens the wait, loses more contacts or lowers the service level."""
    rate = load / handle_time
    for fewer, more in (
        (erlang_c(rate, handle_time, agents), erlang_c(rate, handle_time, agents + 1)),
        (erlang_a(rate, handle_time, agents, patience), erlang_a(rate, handle_time, agents + 1, patience)),
    ):
        assert more.mean_wait <= fewer.mean_wait
        assert more.p_abandon <= fewer.p_abandon
        assert more.service_level(within) >= fewer.service_level(within) - 1e-12


@few
@given(loads, handle_times, st.none() | patiences, st.floats(0, 0.999), withins)
def test_agents_needed_is_least(
    load: float, handle_time: float, patience: float | None, share: float, within: float
) -> None:
    """The agents needed reach the share, and one agent fewer does not."""
    rate = load / handle_time

    def level(agents: int) -> float:
        if patience is None:
            return erlang_c(rate, handle_time, agents).service_level(within)
        return erlang_a(rate, handle_time, agents, patience).service_level(within)

    needed = agents_needed(rate, handle_time, share=share, within=within, patience=patience)
    assert level(needed) >= share
    assert needed == 0 or level(needed - 1) < share


def test_unstable_queue() -> None:
    """With no more agents than erlangs Erlang C waits for ever and says so without failing."""
    for agents, occupancy in ((10, 1.0), (0, 0.0)):
        found = erlang_c(0.1, 100, agents)
        assert (found.p_wait, found.mean_wait, found.asa, found.mean_queue) == (1, math.inf, math.inf, math.inf)
        assert (found.occupancy, found.service_level(1e9)) == (occupancy, 0)


def test_no_agents() -> None:
    """Without agents everybody abandons after their patience, and nobody has an answer time."""
    found = erlang_a(0.1, 300, 0, 60)
    assert (found.p_wait, found.p_abandon, found.mean_wait) == pytest.approx((1, 1, 60))
    assert math.isnan(found.asa)
    assert (found.occupancy, found.service_level(3600)) == (0, 0)
    assert erlang_a(0.1, 300, 0, math.inf, lines=4).p_block == 1
    assert erlang_a(0, 300, 0, math.inf, lines=4).p_wait == 1


def test_no_contacts() -> None:
    """Where nothing is offered no agent is needed, and a lone contact is answered at once."""
    assert agents_needed(0, 300, share=0.8, within=20) == agents_needed(0, 300, share=0.8, within=20, patience=60) == 0
    for found in (erlang_c(0, 300, 2), erlang_a(0, 300, 2, 60), erlang_a(0, 300, 2, math.inf, lines=3)):
        assert (found.p_wait, found.mean_wait, found.occupancy, found.service_level(0)) == (0, 0, 0, 1)


def test_fewer_lines_than_agents() -> None:
    """Agents beyond the lines are idle: the rest is Erlang B."""
    found = erlang_a(1.0, 3.0, 8, 60, lines=4)
    assert found.p_block == pytest.approx(erlang_b(3.0, 4), rel=EXACT)
    assert found.occupancy == pytest.approx(3.0 * (1 - erlang_b(3.0, 4)) / 8, rel=EXACT)
    assert (found.p_wait, found.mean_wait) == (0, 0)


@pytest.mark.parametrize("wrong", [-1.0, math.nan, math.inf])
def test_wrong_input(wrong: float) -> None:
    """A negative or non-finite argument is refused by its name; only patience may be infinite."""
    some = int(wrong) if math.isfinite(wrong) else wrong
    calls: list[tuple[str, Any]] = [
        ("load", lambda: erlang_b(wrong, 1)),
        ("agents", lambda: erlang_b(1, some)),  # type: ignore[arg-type]
        ("rate", lambda: erlang_c(wrong, 1, 1)),
        ("handle_time", lambda: erlang_c(1, wrong, 1)),
        ("agents", lambda: erlang_a(1, 1, some, 1)),  # type: ignore[arg-type]
        ("lines", lambda: erlang_a(1, 1, 1, 1, some)),  # type: ignore[arg-type]
        ("within", lambda: erlang_c(1, 1, 2).service_level(wrong)),
        ("within", lambda: agents_needed(1, 1, share=0.8, within=wrong)),
        ("share", lambda: agents_needed(1, 1, share=wrong, within=1)),
    ]
    if wrong != math.inf:
        calls.append(("patience", lambda: erlang_a(1, 1, 1, wrong)))
    for name, call in calls:
        with pytest.raises(ValueError, match=rf"^{name} must be"):
            call()


def test_nobody_answers_everybody() -> None:
    """A share of 1 is refused: no number of agents reaches it."""
    with pytest.raises(ValueError, match="share"):
        agents_needed(1, 1, share=1, within=20)
