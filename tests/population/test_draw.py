"""A population is decided by the demand side, the seed and the replication, and by nothing else."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from sim.draws import PAGE
from sim.population.draw import Population, draw
from sim.population.fates import NAMES
from sim.scenario import lower
from sim.scenario.read import Scenario, read
from sim.schemas import NEVER, TICKS_PER_SECOND
from sim.tables import Array, Table

ROOT = Path(__file__).parents[2]
REPLAY = ROOT / "scenarios" / "replay_log.yaml"
LIMIT = 4.5
"""Standard errors that a comparison may be off."""

DESK = """
starts: 2026-10-05
lasts: 28d
run_in: 7d
customers:
  count: 20000
  issues: 0.8/month
  segments:
    home: {share: 75%, captive: 30%, contract: {rolling: 50%, one_year: 30%, two_years: 20%}, tenure: 130w}
    business: {share: 25%, captive: 5%, contract: {two_years: 100%}, tenure: constant(266w)}
intents:
  outage: {share: 20%, handle_time: 0.5x, resolved_at_first_contact: 95%}
  billing: {share: 80%}
phone:
  share: 60%
  staff: 20
  hours: {mon-sat: 08:00-20:00}
  patience: weibull(mean 10m, shape 0.86)
  handle_time: lognormal(mean 8m, sigma 0.9)
  wrap_up: 45s
  redial: 55% after 30m
  reconnect: 75% after 1d
  resolved_at_first_contact: 70%
email:
  share: 40%
  staff: 8
  patience: endless
  handle_time: 5m
  wrap_up: 0s
  redial: no
  reconnect: 40% after 2d
  resolved_at_first_contact: 45%
"""

Reader = Callable[..., Scenario]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    file = tmp_path_factory.mktemp("scenario") / "desk.yaml"
    file.write_text(DESK, encoding="utf-8")
    return lambda *sets: read(file, sets)


@pytest.fixture(scope="module")
def drawn(reader: Reader) -> Population:
    return draw(reader(), 1, 0)


def near(count: float, of: int, share: float) -> bool:
    """Whether a count is what a share predicts, within 4.5 standard errors."""
    return abs(count - of * share) < LIMIT * math.sqrt(of * share * (1 - share))


# --- what decides ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        "policies.routing=longest_wait",
        "policies.response=ignore(share 20%)",
        "policies.staffing=erlang_c",
        "targets.phone=95% within 5s",
        "phone.staff=3",
        "phone.cost=50 EUR/h",
        "phone.shrinkage=5%",
        "phone.lines=4",
        "phone.expected_wait=5m",
        "phone.at_closing=disconnect",
        "email.hours={mon: 09:00-10:00}",
        "email.at_once=3",
        "customers.segments.home.margin=99 EUR/month",
        "interval=15m",
        "drain=2d",
    ],
)
def test_variants_share_their_customers(reader: Reader, drawn: Population, changed: str) -> None:
    """Whatever is changed on the side of the desk, the population is the same, fates and all."""
    assert draw(reader(changed), 1, 0).digest == drawn.digest


@pytest.mark.parametrize(
    "changed",
    [
        "customers.count=20001",
        "customers.issues=0.81/month",
        "customers.segments.home.captive=31%",
        "intents.outage.handle_time=0.51x",
        "intents.outage.resolved_at_first_contact=94%",
        "phone.hours={mon-sat: 08:00-20:30}",
        "phone.patience=weibull(mean 11m, shape 0.86)",
        "phone.wrap_up=46s",
        "phone.redial=56% after 30m",
        "email.reconnect=40% after 3d",
        "demand.busy_days=59",
        "demand.busy_hours=0",
        "run_in=6d",
        "time_zone=Europe/London",
    ],
)
def test_demand_and_behaviour_change_the_population(reader: Reader, drawn: Population, changed: str) -> None:
    """Whatever is changed on the side of the customers changes the digest."""
    assert draw(reader(changed), 1, 0).digest != drawn.digest


def test_seed_and_replication_decide(reader: Reader, drawn: Population) -> None:
    """The same seed and replication give the same digest; another seed or replication gives another."""
    scenario = reader()
    digests = [draw(scenario, seed, number).digest for seed, number in ((1, 0), (2, 0), (1, 1), (2, 1))]
    assert digests[0] == drawn.digest
    assert len(set(digests)) == 4


def test_a_change_of_one_channel_leaves_the_arrivals_of_the_others(reader: Reader) -> None:
    """With more calls, every e-mail still arrives at the tick at which it arrived."""

    few, many = (draw(reader("email.rate=20/h", f"phone.rate={rate}/h"), 1, 0).issues for rate in (100, 150))
    assert len(many) > 1.2 * len(few)
    np.testing.assert_array_equal(*(issues["arrival"][issues["channel"] == 1] for issues in (few, many)))


_DIGEST = """
import sys
sys.modules["faker"] = None  # whoever imports it fails
from pathlib import Path
from sim.population.draw import draw
from sim.scenario import lower
from sim.scenario.read import read
from sim.simulate.engine import simulate
scenario = read(Path(sys.argv[1]), ["lasts=1d", "run_in=0s", "drain=1d"])
population = draw(scenario, 1, 0)
simulate(lower.desk(scenario), population)
assert "sim.population.persona" not in sys.modules
print(population.digest)
"""


def test_a_fresh_process_without_faker_draws_the_same_and_never_loads_personas(reader: Reader) -> None:
    """Drawing and simulating import neither Faker nor the personas, and a fresh interpreter gives the same digest."""
    scenario = reader("lasts=1d", "run_in=0s", "drain=1d")
    command = [sys.executable, "-c", _DIGEST, scenario.file]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == draw(scenario, 1, 0).digest


def test_pinned(drawn: Population) -> None:
    """The first issues of this desk are these. The digest itself is not pinned, as it holds constants of the reference
    run; if one of these figures moves, what a seed means has changed: see `test_draws.test_pinned`."""
    first = [drawn.issues[name][:4].tolist() for name in ("arrival", "channel", "customer", "intent")]
    assert len(drawn) == 18391
    assert first == [
        [-602438206, -599795626, -595831338, -595677746],
        [1, 1, 1, 1],
        [18070, 3217, 9623, 5978],
        [1, 1, 1, 1],
    ]
    assert [drawn.dense[name][0].tolist() for name in ("handle", "resolved", "reconnect_delay")] == [
        [146784, 409293, 508320, 178814],
        [1, 1, 1, 1],
        [84461690, 513311164, 82681439, 217103411],
    ]


def test_the_digest_sees_every_column_and_fate(drawn: Population) -> None:
    """One tick more in any column of the issues, or in any fate, is another digest."""
    for name in drawn.issues.names:
        columns = {other: drawn.issues[other].copy() for other in drawn.issues.names}
        columns[name][-1] += 1
        if name in ("channel", "intent"):
            columns[name][-1] = 1 - drawn.issues[name][-1]
        assert replace(drawn, issues=Table(columns)).digest != drawn.digest, name
    for name in NAMES:
        other = replace(drawn)
        other.dense[name][-1, -1] += 1
        assert other.digest != drawn.digest, name


# --- issues ----------------------------------------------------------------------------------------------------------


def test_issues_are_in_order_of_time_within_the_horizon(reader: Reader, drawn: Population) -> None:
    """Arrivals ascend from the run-in up to the end of the scenario, phone only while it is open."""
    arrival, phone = drawn.issues["arrival"], drawn.issues["channel"] == 0
    start, end, _ = lower.horizon(reader())
    assert (np.diff(arrival) >= 0).all()
    assert start * TICKS_PER_SECOND <= arrival[0] < arrival[-1] < end * TICKS_PER_SECOND
    day, second = np.divmod(arrival[phone] // TICKS_PER_SECOND, 86_400)
    assert (day % 7 < 6).all()
    assert (second >= 8 * 3600).all()
    assert (second < 20 * 3600).all()


def test_as_many_issues_as_the_scenario_says(reader: Reader) -> None:
    """20,000 customers with 0.8 issues a month have 18,399 in five weeks, in the mean of 12 replications and by channel
    as their shares say."""
    scenario = reader("demand.busy_days=0", "demand.busy_hours=0")
    counts = np.array([np.bincount(draw(scenario, 1, number).issues["channel"]) for number in range(12)])
    expected = 20_000 * 0.8 / (365.25 / 12) * 35
    for channel, share in ((0, 0.6), (1, 0.4)):
        assert abs(counts[:, channel].mean() - share * expected) < LIMIT * math.sqrt(share * expected / 12)


def test_a_busy_day_is_busy_on_every_channel(reader: Reader) -> None:
    """A phone that opens two days after the mailbox meets the same busy days: with days of Gamma shape 5, and 2,000 of
    each an hour, the ratio of calls to messages varies by sampling only."""
    scenario = reader(
        "starts=2026-10-03", "lasts=9d", "run_in=0s", "demand.busy_days=5", "demand.busy_hours=0",
        "phone.rate=2000/h", "phone.hours={mon-fri: 00:00-24:00}", "email.rate=2000/h",
    )  # fmt: skip
    issues = draw(scenario, 1, 0).issues
    day = issues["arrival"] // (86_400 * TICKS_PER_SECOND)
    calls, messages = (np.bincount(day[issues["channel"] == code], minlength=9)[2:7] for code in (0, 1))
    assert messages.max() > 1.3 * messages.min()
    np.testing.assert_allclose(calls / messages, 1.0, atol=LIMIT * math.sqrt(2 / messages.min()))


def test_messages_are_written_outside_the_hours_in_which_they_are_worked_on(reader: Reader) -> None:
    """A rate of a deferrable channel holds day and night; one of a live channel only while it is open."""
    rates = ("email.rate=60/h", "email.hours={mon: 09:00-10:00}", "phone.rate=60/h")
    scenario = reader(*rates, "demand.busy_days=0", "lasts=7d", "run_in=0s")
    channel = draw(scenario, 1, 0).issues["channel"]
    assert (channel == 1).sum() == pytest.approx(60 * 168, rel=0.1)
    assert (channel == 0).sum() == pytest.approx(60 * 72, rel=0.1)


def test_shares_of_intents_and_segments(drawn: Population) -> None:
    """Intents and segments come as often as their shares say."""
    assert near((drawn.issues["intent"] == 0).sum(), len(drawn), 0.2)
    assert near((drawn.issues["segment"] == 0).sum(), len(drawn), 0.75)


# --- customers -------------------------------------------------------------------------------------------------------

TRAITS = ("segment", "contract", "tenure", "captive", "mood", "expires_in")


def test_a_customer_is_the_same_person_in_all_their_issues(drawn: Population) -> None:
    """Issues of one customer agree in every trait, also across channels."""
    issues = drawn.issues
    _, first, again = np.unique(issues["customer"], return_index=True, return_inverse=True)
    assert len(first) < len(drawn)
    for name in TRAITS:
        np.testing.assert_array_equal(issues[name], issues[name][first][again])
    both = set(issues["customer"][issues["channel"] == 0]) & set(issues["customer"][issues["channel"] == 1])
    assert both


def test_customers_are_numbered_by_segment(drawn: Population) -> None:
    """15,000 home customers come first, then 5,000 businesses, each as likely as the other to have an issue."""
    customer, segment = drawn.issues["customer"], drawn.issues["segment"]
    assert (customer[segment == 0] < 15_000).all()
    assert (customer[segment == 1] >= 15_000).all()
    assert (customer < 20_000).all()
    counts = np.bincount(customer // 500, minlength=40)
    assert np.sum((counts - len(drawn) / 40) ** 2 / (len(drawn) / 40)) < stats.chi2.isf(1e-5, 39)


def test_traits_are_as_the_segment_says(drawn: Population) -> None:
    """Contract, competition, tenure, expiry and mood of the customers have the shares and ranges of their segment."""
    _, first = np.unique(drawn.issues["customer"], return_index=True)
    people = drawn.issues.where(first)
    home, business = (people.where(people["segment"] == code) for code in (0, 1))
    for code, share in enumerate((0.5, 0.3, 0.2)):
        assert near((home["contract"] == code).sum(), len(home), share)
    assert set(business["contract"].tolist()) == {2}
    assert near(home["captive"].sum(), len(home), 0.3)
    assert near(business["captive"].sum(), len(business), 0.05)
    # whole months of an exponential time of mean 130 weeks
    months = 130 * 7 / (365.25 / 12)
    assert abs(home["tenure"].mean() - 1 / math.expm1(1 / months)) < LIMIT * months / math.sqrt(len(home))
    assert set(business["tenure"].tolist()) == {61}
    assert (home["expires_in"][home["contract"] == 0] == NEVER).all()
    counts, each = np.bincount(business["expires_in"]), len(business) / 24
    assert np.sum((counts - each) ** 2 / each) < stats.chi2.isf(1e-5, 23)
    assert ((people["mood"] >= 0) & (people["mood"] <= 100_000)).all()


def test_a_tiny_segment_has_a_customer_of_its_own(reader: Reader) -> None:
    """Where a segment's share of three customers rounds to nobody, it still has one that belongs to no other."""
    scenario = reader(
        "customers.count=3", "customers.issues=500/month",
        "customers.segments.home.share=1%", "customers.segments.business.share=99%",
    )  # fmt: skip
    issues = draw(scenario, 1, 0).issues
    homes, others = (set(issues["customer"][issues["segment"] == code].tolist()) for code in (0, 1))
    assert homes == {0}
    assert others == {1, 2, 3}


def test_customers_are_implied_where_no_number_is_given(tmp_path: Path) -> None:
    """100 calls an hour around the clock are 73,050 a month: at 0.1 a customer, 730,500 customers."""
    file = tmp_path / "rates.yaml"
    text = "customers: {issues: 0.1/month}\nphone: {rate: 100/h, staff: 20, hours: always}\nlasts: 7d\n"
    file.write_text(text, encoding="utf-8")
    scenario = read(file)
    assert lower.customers(scenario) == 730_500
    customer = draw(scenario, 1, 0).issues["customer"]
    assert 0.99 * 730_500 < customer.max() < 730_500


# --- fates -----------------------------------------------------------------------------------------------------------


def fits(ticks: Array, expected: Any) -> bool:
    """Whether durations follow a distribution of scipy's: Kolmogorov–Smirnov, at a level of 10⁻⁵."""
    return bool(stats.kstest(ticks.ravel() / TICKS_PER_SECOND, expected.cdf, method="asymp").pvalue > 1e-5)


def weibull(mean: float, shape: float) -> Any:
    return stats.weibull_min(shape, scale=mean / math.gamma(1 + 1 / shape))


def lognormal(mean: float, sigma: float) -> Any:
    return stats.lognorm(sigma, scale=mean * math.exp(-(sigma**2) / 2))


def test_fates_follow_the_scenario(drawn: Population) -> None:
    """Patience, work, redials and resolutions of each channel and intent have the distributions that were written."""
    dense, issues = drawn.dense, drawn.issues
    phone, email, outage = issues["channel"] == 0, issues["channel"] == 1, issues["intent"] == 0
    assert fits(dense["patience"][phone], weibull(600.0, shape=0.86))
    assert (dense["patience"][email] == NEVER).all()
    assert fits(dense["handle"][phone & ~outage], lognormal(480.0, sigma=0.9))
    assert fits(dense["handle"][phone & outage], lognormal(240.0, sigma=0.9))
    assert fits(dense["handle"][email & ~outage], lognormal(300.0, sigma=0.8))
    assert set(dense["wrap_up"][phone].ravel().tolist()) == {45_000}
    assert set(dense["wrap_up"][email].ravel().tolist()) == {0}
    half = math.log(2)
    for name, mine, chance, median in (
        ("redial", phone, 0.55, 1800.0), ("reconnect", phone, 0.75, 86_400.0), ("reconnect", email, 0.4, 2 * 86_400.0),
    ):  # fmt: skip
        assert near(dense[name][mine].sum(), dense[name][mine].size, chance)
        assert fits(dense[f"{name}_delay"][mine], stats.expon(scale=median / half))
    assert not dense["redial"][email].any()
    for mine, chance in ((phone & ~outage, 0.7), (email & ~outage, 0.45), (outage, 0.95)):
        assert near(dense["resolved"][mine].sum(), dense["resolved"][mine].size, chance)
    assert stats.kstest(dense["ignored"].ravel() / 1e6, "uniform").pvalue > 1e-5


def test_nobody_is_back_at_the_moment_of_leaving(drawn: Population) -> None:
    """However short the mean delay, every delay is at least a tick."""
    hasty = tuple(replace(luck, redial=(1.0, 1e-9), reconnect=(1.0, 1e-9)) for luck in drawn.luck.channels)
    page = replace(drawn.luck, channels=hasty).page(drawn.issues["channel"], drawn.issues["intent"], 0)
    assert set(page["redial_delay"].ravel().tolist()) == set(page["reconnect_delay"].ravel().tolist()) == {1}


def test_fates_of_different_decisions_and_attempts_are_unrelated(drawn: Population) -> None:
    """Within an intent, rank correlations between fates, and between attempts of an issue, stay within 4.5 standard
    errors."""
    phone = (drawn.issues["channel"] == 0) & (drawn.issues["intent"] == 1)
    columns = [
        np.argsort(np.argsort(drawn.dense[name][phone, attempt]))
        for name in ("patience", "handle", "redial_delay", "reconnect_delay", "ignored")
        for attempt in range(PAGE)
    ]
    correlations = np.asarray(np.corrcoef(columns))[np.triu_indices(len(columns), 1)]
    assert np.abs(correlations).max() < LIMIT / math.sqrt(phone.sum())


def test_later_attempts_are_the_same_one_by_one_and_all_at_once(drawn: Population) -> None:
    """Attempts 5 to 8 of an issue, drawn when somebody gets that far, are row i of page 1 drawn for all; and they are
    not attempts 1 to 4 again."""
    channel, intent = drawn.issues["channel"], drawn.issues["intent"]
    whole, fates = drawn.luck.page(channel, intent, 1), drawn.fates()
    for issue in (0, 1, 777, len(drawn) - 1):
        here, home = slice(issue, issue + 1), channel.item(issue)
        alone = drawn.luck.page(channel[here], intent[here], 1, issue)
        for name in NAMES:
            np.testing.assert_array_equal(alone[name][0], whole[name][issue])
        for attempt in range(1, 2 * PAGE + 1):
            page, position = (drawn.dense, attempt - 1) if attempt <= PAGE else (whole, attempt - 1 - PAGE)
            assert fates.patience(issue, attempt, home) == page["patience"][issue, position]
            assert fates.draw("ignored", issue, attempt) == page["ignored"][issue, position]
            back = page["redial_delay"][issue, position] if page["redial"][issue, position] else None
            assert fates.redials_after(issue, attempt, home) == back
    assert not np.array_equal(whole["handle"], drawn.dense["handle"])


# --- a replayed log --------------------------------------------------------------------------------------------------


def test_a_log_arrives_the_same_in_every_replication() -> None:
    """Arrivals and intents of a replayed log never vary; the luck that it lacks does."""
    scenario = read(REPLAY)
    assert scenario.log is not None
    one, other = draw(scenario, 1, 0), draw(scenario, 5, 3)
    for name in ("arrival", "channel", "intent"):
        np.testing.assert_array_equal(one.issues[name], other.issues[name])
    np.testing.assert_array_equal(one.issues["arrival"], np.sort(np.rint(scenario.log.entered * 1000)))
    assert one.digest != other.digest


def test_known_handle_times_are_those_of_the_log() -> None:
    """The first answer to a call takes as long as the log says; later answers, and calls that the log has no service
    for, are drawn."""
    scenario = read(REPLAY)
    assert scenario.log is not None
    one, other = draw(scenario, 1, 0), draw(scenario, 1, 1)
    order = np.argsort(scenario.log.entered, kind="stable")
    service = scenario.log.service[order]
    known = ~np.isnan(service)
    assert known.any()
    assert not known.all()
    np.testing.assert_array_equal(one.dense["handle"][known, 0], np.rint(service[known] * TICKS_PER_SECOND))
    assert (one.dense["handle"][~known, 0] != other.dense["handle"][~known, 0]).any()
    assert (one.dense["handle"][known, 1] != other.dense["handle"][known, 1]).any()


def test_nobody_redials_in_a_replay() -> None:
    """A log holds its redials and reconnects, so the scenario's are off."""
    scenario = read(REPLAY, ["channels.phone.redial=55% after 30m", "channels.phone.reconnect=75% after 1d"])
    dense = draw(scenario, 1, 0).dense
    assert not dense["redial"].any()
    assert not dense["reconnect"].any()


def test_intents_that_a_log_lacks_are_drawn(tmp_path: Path) -> None:
    """Where the log has no column of intents, they come by the scenario's shares."""
    log = REPLAY.parent / "data" / "synthetic_calls.csv"
    text = REPLAY.read_text(encoding="utf-8").replace("data/synthetic_calls.csv", str(log))
    text = text.replace("      intent: intent\n", "")
    file = tmp_path / "replay.yaml"
    file.write_text(text + "\nintents:\n  outage: {share: 20%}\n  billing: {share: 80%}\n", encoding="utf-8")
    issues = draw(read(file), 1, 0).issues
    assert near((issues["intent"] == 0).sum(), len(issues), 0.2)
