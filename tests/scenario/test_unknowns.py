"""What is not known: ranges read from the words that document them, and one draw of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sim import defaults
from sim.defaults import Default
from sim.measures import reference
from sim.measures.constants import CONSTANTS
from sim.measures.customers import AS_IS, BETAS
from sim.policies import RESPONSE, ROUTING, STAFFING
from sim.policies.options import left_out
from sim.scenario import lower
from sim.scenario.read import Scenario, read
from sim.scenario.unknowns import (
    Span,
    Unknown,
    believed,
    draws,
    not_ranged,
    of_default,
    redrawn,
    supposed,
    unknowns,
)

SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))

DESK = """\
name: Not known
customers: 4000
phone: {staff: 4, hours: 08:00-20:00}
chat: {staff: 2}
policies: {response: callback(accepts 50%)}
"""


def made(folder: Path, more: str = "") -> Path:
    path = folder / "desk.yaml"
    path.write_text(DESK + more)
    return path


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return read(made(tmp_path_factory.mktemp("unknowns")))


def by_path(scenario: Scenario) -> dict[str, Unknown]:
    return {unknown.path: unknown for unknown in unknowns(scenario)}


# --- ranges in words --------------------------------------------------------------------------------------------------

NO_NUMBERS = {
    "", "1", "0 is none", "no or yes", "yes or no", "serve or disconnect", "15m or 30m", "phone, chat or email",
    "first_attempts or offered", "live_first or longest_wait", "as_scheduled or erlang_c",
    "longest_idle or least_loaded", "ignore(share 50%) is what an audit of 50 ISPs found in 2007",
    "25 small desks, 135 large; 0 is none", "1; 0.15 to 0.6; 0.05 to 0.3",
}  # fmt: skip
"""Ranges that are none of numbers: a choice, or several numbers at once."""


def documented() -> Iterator[tuple[str, Default]]:
    """Everything with a range: the defaults of scenarios and of policies, and the constants."""
    tables = {
        name: getattr(defaults, name)
        for name in ("SEGMENT", "CUSTOMERS", "DEMAND", "EVENT", "SURGE", "POLICIES", "SURVEY", "SCENARIO", "COUNTED",
                     "GROUP", "GROUP_WITH_SHIFTS", "GROUP_WITH_ABSENCE", "GROUP_WITH_BOTH")
    } | defaults.CHANNELS  # fmt: skip
    for name, table in tables.items():
        yield from ((f"{name}.{key}", default) for key, default in table.items())
    for catalogue in (ROUTING, RESPONSE, STAFFING):
        for name, policy in catalogue.items():
            yield from ((f"{name}({setting})", default) for setting, default in left_out(policy, ()))
    for path, (value, known) in CONSTANTS.items():
        yield path, Default(value, known.range, known.grade, known.source)


def test_every_range_is_read_or_is_none_of_numbers() -> None:
    """A range that is neither would be held without anybody knowing; the default lies in its range."""
    found = dict(documented())
    assert len(found) > 200
    for path, default in found.items():
        unknown = of_default(path, default)
        assert (unknown is None) == (default.range in NO_NUMBERS), f"{path}: {default.range}"
        if unknown is not None:
            assert unknown.span.mode is not None
            assert unknown.span.low <= unknown.span.mode <= unknown.span.high, path
            assert unknown.span.low < unknown.span.high, path


@pytest.mark.parametrize(
    ("value", "range_", "low", "high", "middle"),
    [
        ("lognormal(mean 8m, sigma 0.9)", "mean 6m to 10m; sigma to 1.15 for technical help",
         "lognormal(mean 6m, sigma 0.9)", "lognormal(mean 10m, sigma 0.9)", "lognormal(mean 8m, sigma 0.9)"),
        ("lognormal(mean 540s, sigma 0.8)", "mean 6m to 12m",
         "lognormal(mean 6m, sigma 0.8)", "lognormal(mean 12m, sigma 0.8)", "lognormal(mean 9m, sigma 0.8)"),
        ("exponential(mean 234w)", "mean 1 to 8 years",
         "exponential(mean 52w)", "exponential(mean 416w)", "exponential(mean 234w)"),
        ("55% after 30m", "30% to 80%", "30% after 30m", "80% after 30m", "55% after 30m"),
        ("70s", "20s to 2m", "20s", "2m", "1.166666667m"),
        ("0.08/month", "0.04 to 0.12 a customer and month", "0.04/month", "0.12/month", "0.08/month"),
        ("21 EUR/month", "2 to 40 EUR/month", "2 EUR/month", "40 EUR/month", "21 EUR/month"),
        ("0%/year", "-10%/year to 10%/year", "-10%/year", "10%/year", "0%/year"),
        (2, "1 to 3", "1", "3", "2"),
        ("1.2x", "0.9x to 1.5x", "0.9x", "1.5x", "1.2x"),
        (-1.5, "−2 to −1", "-2", "-1", "-1.5"),
    ],
)  # fmt: skip
def test_the_ends_of_a_range_are_words_as_the_default_is(
    value: object, range_: str, low: str, high: str, middle: str
) -> None:
    """Units may differ between the default and its range, and all that is not the number stays."""
    found = of_default("a.path", Default(value, range_, "C", "judgement"))
    assert found is not None
    assert (found.low, found.high) == (low, high)
    # the default stands in the middle, which half of the draws are below
    assert found.span.between(0.5) == middle


@pytest.mark.parametrize("value", ["no", "endless"])
def test_what_is_off_has_no_range(value: str) -> None:
    """Behaviour that is off is not drawn, though there is a range for those who turn it on."""
    assert of_default("a.path", Default(value, "10% to 40%", "C", "judgement")) is None


# --- what is not known of a scenario ----------------------------------------------------------------------------------


def test_the_assumptions_in_use_are_found(scenario: Scenario) -> None:
    """Each channel has its own; grade A is measured; a setting of a policy is one; what is held is listed."""
    found = by_path(scenario)
    assert {"channels.phone.reconnect", "channels.chat.reconnect", "churn.beta", "satisfaction.repeat"} < set(found)
    assert found["policies.response.callback(when_wait_exceeds)"].name == "callback when wait exceeds"
    assert "policies.response.callback(accepts)" not in found
    assert {unknown.grade for unknown in found.values()} == {"B", "C"}
    assert not {"channels.phone.redial", "satisfaction.loss_aversion", "demand.growth", "churn.transfer"} & set(found)
    held = not_ranged(scenario)
    assert {"channels.phone.at_closing", "policies.routing", "satisfaction.survey_noise"} < set(held)
    assert not set(held) & set(found)


def test_a_range_of_the_users_own_stands_in_place_of_the_default(tmp_path: Path) -> None:
    """By its path, however that is written; drawn evenly; and known where a variant or --set says it."""
    path = made(tmp_path, "uncertainty: {chat.slowdown: 10%..30%}\nvariants: {slow: {chat.slowdown: 20%}}\n")
    found = by_path(read(path))["channels.chat.slowdown"]
    assert (found.low, found.high, found.grade, found.span.mode) == ("10%", "30%", "", None)
    assert [each.path for each in unknowns(read(path))].count("channels.chat.slowdown") == 1
    assert "channels.chat.slowdown" not in by_path(read(path, ("chat.slowdown=20%",)))
    assert "channels.chat.slowdown" not in by_path(read(path, variant="slow"))
    kept = supposed(read(path, variant="slow"), {"channels.chat.slowdown": "30%"})[0]
    assert kept.spec.channels["chat"].slowdown == 0.2


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_every_scenario_holds_at_the_ends_and_between(path: Path) -> None:
    """Whatever is not known of the scenarios that come with it, all low, all high or drawn, makes a valid scenario."""
    known = read(path)
    ends = [{each.path: each.low for each in unknowns(known)}, {each.path: each.high for each in unknowns(known)}]
    for values in (*ends, *(draws(unknowns(known), 1, replication) for replication in range(2))):
        found, belief = supposed(known, values)
        assert lower.desk(found).channels
        assert belief != AS_IS


# --- draws ------------------------------------------------------------------------------------------------------------


def test_draws_lean_to_the_default_and_stay_inside() -> None:
    """A triangle: its mode is the likeliest, its mean (low + mode + high)/3; evenly without one."""
    shares = np.linspace(0.0005, 0.9995, 1000)
    for span, mean in ((Span(0, 12, 3, "", ""), 5.0), (Span(0, 12, 0, "", ""), 4.0), (Span(0, 12, None, "", ""), 6.0)):
        values = np.array([float(span.between(share)) for share in shares])
        assert (values.min() >= 0, values.max() <= 12) == (True, True)
        assert values.mean() == pytest.approx(mean, abs=0.01)
        if span.mode:
            counts = np.histogram(values, bins=12, range=(0, 12))[0]
            assert counts.argmax() in (2, 3)
    whole = Span(1, 3, 1, "", "", whole=True)
    assert {whole.between(share) for share in shares} == {"1", "2", "3"}


def test_a_draw_depends_on_seed_replication_and_path_alone(scenario: Scenario, tmp_path: Path) -> None:
    """Another policy, with an assumption more and one less, draws the same of all others; and it is pinned."""
    other = read(made(tmp_path), ("phone.handle_time=5m", "phone.staff=9", "email.staff=1"))
    one, two = (draws(unknowns(each), 1, 7) for each in (scenario, other))
    assert set(one) - set(two) == {"channels.phone.handle_time"}
    assert set(two) > {"channels.email.handle_time"}
    assert all(two[path] == word for path, word in one.items() if path in two)
    assert draws(unknowns(scenario)[::-1], 1, 7) == one
    assert len({draws(unknowns(scenario), 1, n)["churn.beta"] for n in range(20)}) == 20
    assert draws(unknowns(scenario), 2, 7)["churn.beta"] != one["churn.beta"]
    assert one["channels.phone.resolved_at_first_contact"] == PINNED


PINNED = "65.88758522%"


def test_draws_of_two_paths_do_not_go_together(scenario: Scenario) -> None:
    """Over many replications, two assumptions with like paths are not correlated."""
    paths = ("channels.phone.reconnect", "channels.chat.reconnect")
    pair = tuple(by_path(scenario)[path] for path in paths)
    found = [draws(pair, 1, n) for n in range(400)]
    values = np.array([[float(each[path].partition("%")[0]) for path in paths] for each in found])
    assert abs(np.corrcoef(values.T)[0, 1]) < 4 / np.sqrt(len(found))


def test_a_drawn_scenario_has_what_is_drawn(scenario: Scenario) -> None:
    """Values of channels, shares that weigh them, settings beside those that are said; the rest stays; constants go
    into the belief, and the scenario is the same where nothing else is drawn."""
    found, belief = redrawn(scenario, 1, 3)
    drawn = draws(unknowns(scenario), 1, 3)
    share = float(drawn["channels.chat.resolved_at_first_contact"].removesuffix("%")) / 100
    assert found.spec.channels["chat"].resolved_at_first_contact == pytest.approx(share)
    callback = repr(found.spec.policies.response)
    assert "accepts=0.5" in callback
    seconds = 60 * float(drawn["policies.response.callback(when_wait_exceeds)"].removesuffix("m"))
    assert float(re.findall(r"when_wait_exceeds=([0-9.]+)", callback)[0]) == pytest.approx(seconds)
    assert found.spec.channels["phone"].staff == 4
    assert belief.churning.beta == float(drawn["churn.beta"])
    assert belief.feeling.repeat == float(drawn["satisfaction.repeat"])
    assert supposed(scenario, {"churn.beta": "0"})[0] is scenario


def test_k_goes_with_beta() -> None:
    """At the values of β for which the reference run gives k, k is that; nothing changed is what stands."""
    assert believed({}) == AS_IS
    assert [believed({"churn.beta": beta}).scale for beta in BETAS] == list(reference.SCALE)
    assert believed({"churn.h0": 0.03}).scale == AS_IS.scale


def test_a_redrawn_scenario_needs_no_file(tmp_path: Path) -> None:
    """A run goes on with what it read: its file may change, or go, meanwhile."""
    path = made(tmp_path)
    before = read(path)
    path.unlink()
    assert redrawn(before, 1, 0)[0].text == DESK
