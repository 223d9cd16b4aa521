"""Demand as the scenario describes it: totals, weekdays, shapes, holidays, growth, events, counts and a backlog."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.clock import DAY, WEEK
from sim.demand import Rate
from sim.erlang import erlang_a
from sim.errors import ScenarioError
from sim.estimate import ratio
from sim.measures.cohort import Cohort
from sim.measures.workload import waiting_at
from sim.population.draw import draw
from sim.scenario import lower, rates
from sim.scenario.rates import STEP, week_of
from sim.scenario.read import Scenario, read
from sim.schemas import TICKS_PER_SECOND
from sim.simulate.engine import simulate
from sim.tables import Floats

HOUR = 3600
DESK = "name: Desk\nrun_in: 0d\nstarts: 2026-10-05\nphone: {hours: 08:00-20:00, staff: 3%s}\n%s"
FIXTURES = [HealthCheck.function_scoped_fixture]

Reading = Callable[..., Scenario]


@pytest.fixture
def desk(tmp_path: Path) -> Reading:
    """A desk of phone, whose keys and whose further sections are given."""

    def read_desk(keys: str = "volume: 700/week", more: str = "", *sets: str) -> Scenario:
        path = tmp_path / "desk.yaml"
        path.write_text(DESK % (f", {keys}" if keys else "", more), encoding="utf-8")
        return read(path, sets)

    return read_desk


def weekly(scenario: Scenario, name: str = "phone") -> float:
    return sum(piece.value * (piece.end - piece.start) for piece in week_of(scenario.spec, name).pieces)


def by_day(scenario: Scenario, name: str = "phone") -> Floats:
    """Issues of each day of the measured time."""
    rate = rate_of(scenario, name)
    days = lower.calendar(scenario)
    edges = np.array([days.elapsed(day, 0) for day in range(math.ceil(scenario.spec.lasts / DAY) + 1)])
    return rate.integral(edges)


def between(scenario: Scenario, start: float, end: float, name: str = "phone") -> float:
    """Issues from an hour to another, after the first midnight."""
    return float(rate_of(scenario, name).integral(np.array([start, end]) * HOUR)[0])


def rate_of(scenario: Scenario, name: str = "phone") -> Rate:
    return lower.rates(scenario)[list(scenario.spec.channels).index(name)]


def brought(scenario: Scenario, name: str = "phone") -> float:
    """Issues of the run beside those of the same scenario without its events."""
    usual = rates.laid(scenario.spec.model_copy(update={"events": {}}), days_of(scenario), {})
    return rate_of(scenario, name).total() - usual[list(scenario.spec.channels).index(name)].total()


def days_of(scenario: Scenario) -> rates.Days:
    start, end, _ = lower.horizon(scenario)
    return rates.Days(lower.calendar(scenario), start, end)


# --- a normal week ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "keys",
    [
        "volume: 700/week",
        "volume: 100/d",
        "volume: 700/week, weekdays: {mon: 3x, sat-sun: 0x}",
        "volume: 700/week, shape: {08:00-10:00: 50%, 10:00-20:00: 50%}",
        "volume: 700/week, shape: {mon-fri: {06:00-09:00: 9, 09:00-12:00: 1}, sat: {19:00-24:00: 1}}",
        "rate: {mon-fri 08:00-18:00: 14/h}",
        "rate: {mon-fri 06:00-18:00: 14/h}",
    ],
)
def test_the_total_of_a_normal_week_stands(keys: str, desk: Reading) -> None:
    """A volume is that of the week whatever weekdays, shape and hours are; a rate falls on the hours that are open."""
    found = desk(keys)
    assert weekly(found) == pytest.approx(700)
    assert rate_of(found).total() == pytest.approx(700)


@settings(suppress_health_check=FIXTURES)
@given(
    volume=st.floats(1, 1e5),
    factors=st.lists(st.floats(0.1, 50), min_size=7, max_size=7),
    shape=st.lists(st.integers(0, 9), min_size=24, max_size=24).filter(lambda shape: sum(shape[8:20]) > 0),
)
def test_weekdays_share_the_volume_by_their_factors(
    desk: Reading, volume: float, factors: list[float], shape: list[int]
) -> None:
    """Each day has its factor's part of the week, and each hour its part of the day that falls within the hours."""
    days = ", ".join(
        f"{name}: {factor:.3f}x"
        for name, factor in zip(["mon", "tue", "wed", "thu", "fri", "sat", "sun"], factors, strict=True)
    )
    hours = ", ".join(f"{hour:02d}:00-{hour + 1:02d}:00: {share}" for hour, share in enumerate(shape))
    found = desk(f"volume: {volume:.2f}/week, weekdays: {{{days}}}, shape: {{{hours}}}")
    said = np.array([float(f"{factor:.3f}") for factor in factors])
    assert by_day(found) == pytest.approx(float(f"{volume:.2f}") * said / said.sum())
    of_day = by_day(found)[0]
    for hour in range(8, 20):
        assert between(found, hour, hour + 1) == pytest.approx(of_day * shape[hour] / sum(shape[8:20]))


def test_customers_bring_their_issues_by_the_shares_of_the_channels(desk: Reading) -> None:
    """Without rate and volume, customers × issues × share is the volume of the week."""
    found = desk("share: 75%", "customers: {count: 1000, issues: 0.7/week}\nemail: {staff: 1, share: 25%}\n")
    assert weekly(found) == pytest.approx(525)
    assert weekly(found, "email") == pytest.approx(175)


def test_messages_are_written_at_any_time(desk: Reading) -> None:
    """The hours of a deferrable channel cut nothing from its volume: they are those of whoever works on it."""
    found = desk(more="email: {volume: 70/week, shape: {00:00-24:00: 1}, staff: 1, hours: {mon: 09:00-10:00}}\n")
    assert by_day(found, "email")[6] == pytest.approx(70 * 0.3 / 5.8)
    assert between(found, 0, 6, "email") == pytest.approx(70 * 1.12 / 5.8 / 4)


# --- holidays --------------------------------------------------------------------------------------------------------


def holidays(scenario: Scenario) -> list[str]:
    return sorted(str(day) for day in lower.calendar(scenario).holidays)


def winter(desk: Reading, keys: str = "volume: 700/week", holidays: str = "GB-ENG") -> Scenario:
    return desk(keys, f"holidays: {holidays}\n", "starts=2026-12-21", "lasts=14d", "time_zone=Europe/London")


def test_holidays_are_those_of_the_country_or_region(desk: Reading) -> None:
    """England has Christmas and Boxing Day (in lieu on Monday), Scotland also 2 January, and `GB` those of all."""
    christmas = {"2026-12-25", "2026-12-28", "2027-01-01"}
    assert set(holidays(winter(desk))) & christmas == christmas
    assert {"2027-01-04"} <= set(holidays(winter(desk, holidays="GB-SCT"))) - set(holidays(winter(desk)))
    assert set(holidays(winter(desk, holidays="gb-eng"))) == set(holidays(winter(desk)))


def test_dates_are_added_to_holidays_and_taken_from_them(desk: Reading) -> None:
    """`also` and `but` are dates of their own; without a country, only `also` are holidays."""
    changed = winter(desk, holidays="{country: GB-ENG, also: [2026-12-24, 2026-12-31], but: 2026-12-28}")
    assert set(holidays(changed)) == (set(holidays(winter(desk))) | {"2026-12-24", "2026-12-31"}) - {"2026-12-28"}
    assert holidays(winter(desk, holidays="{also: 2026-12-30}")) == ["2026-12-30"]


def test_a_holiday_has_its_own_factor_outside_the_total(desk: Reading) -> None:
    """Of a table of weekdays, holidays have what is said for them, or the factor of Sunday; other days keep theirs."""
    plain = by_day(winter(desk, "volume: 700/week, weekdays: {sun: 0.5x}"))
    assert plain[4] == pytest.approx(0.5 * plain[3])
    own = by_day(winter(desk, "volume: 700/week, weekdays: {sun: 0.5x, holiday: 0.2x}"))
    assert own[4] == pytest.approx(0.2 * plain[3])
    assert np.delete(own, [4, 5, 7, 11]) == pytest.approx(np.delete(plain, [4, 5, 7, 11]))
    assert plain[3] == pytest.approx(700 / 6.5)


def test_weekdays_of_a_volume_are_of_what_came_within_the_hours(desk: Reading) -> None:
    """Half as many contacts on a Saturday are half as many, however short it is open."""
    hours = "phone.hours={mon-fri: 08:00-20:00, sat: 08:00-14:00}"
    days = by_day(desk("volume: 5500/week, weekdays: {mon-fri: 1x, sat: 0.5x, sun: 0x}", "", hours))
    assert sorted(days.tolist()) == pytest.approx([0.0, 500.0] + [1000.0] * 5)


@pytest.mark.parametrize(("hours", "expected"), [("closed", 0.0), ("10:00-16:00", 100.0), ("08:00-20:00", 100.0)])
def test_a_holiday_has_its_own_hours(hours: str, expected: float, tmp_path: Path) -> None:
    """Closed on holidays, nobody makes contact; else its factor says how many, however short it is open."""
    keys = f"shape: {{08:00-20:00: 1}}, weekdays: {{mon-sun: 1x}}, hours: {{mon-sun: 08:00-20:00, holiday: {hours}}}"
    path = tmp_path / "desk.yaml"
    path.write_text(f"starts: 2026-12-21\nholidays: GB-ENG\nphone: {{volume: 700/week, staff: 3, {keys}}}\n")
    assert by_day(read(path)).tolist() == pytest.approx([100.0] * 4 + [expected, expected, 100.0])


# --- growth and months -----------------------------------------------------------------------------------------------


def test_growth_is_compounded_by_the_day_and_months_change_at_midnight(desk: Reading) -> None:
    """A day's rate is that of the normal week × 1.1^(days since / 365.25) × the month's factor."""
    sets = ("starts=2026-11-27", "lasts=8d")
    flat = by_day(desk("volume: 700/week", "", *sets))
    more = "demand: {growth: 10%/year, since: 2026-06-01, months: {nov: 1.3x, december: 1.6x}}\n"
    grown = by_day(desk("volume: 700/week", more, *sets))
    since = date(2026, 11, 27) - date(2026, 6, 1)
    factors = [1.1 ** ((since.days + day) / 365.25) * (1.3 if day < 4 else 1.6) for day in range(8)]
    assert grown == pytest.approx(flat * np.array(factors))


def test_growth_starts_on_the_first_day_unless_it_is_said(desk: Reading) -> None:
    """Without `since`, the first day has what the scenario says; before it, in the run-in, there is less."""
    found = desk("volume: 700/week", "demand: {growth: 50%/year}\n", "run_in=7d")
    flat = by_day(desk())
    assert by_day(found)[0] == pytest.approx(flat[0])
    assert rate_of(found).integral(np.array([-WEEK, -6 * DAY], dtype=float))[0] == pytest.approx(
        flat[0] / 1.5 ** (7 / 365.25)
    )


@pytest.mark.parametrize("demand", ["growth: 1000%/year, since: 1900-01-01", "growth: -99%/year, since: 2199-01-01"])
def test_growth_beyond_all_bounds_is_refused(demand: str, desk: Reading) -> None:
    """A growth that would bring more issues than fit into memory is a mistake, however large they are."""
    with pytest.raises(ScenarioError, match="issues a replication are more than 5,000,000"):
        desk("volume: 700/week", f"demand: {{{demand}}}\n")


# --- events ----------------------------------------------------------------------------------------------------------


def event(words: str) -> str:
    return f"events: {{storm: {{{words}}}}}\n"


def test_a_factor_holds_while_it_lasts(desk: Reading) -> None:
    """From `at` on, for `lasts`, the rate is the usual one times the factor, and nothing else changes."""
    usual, stormy = desk(), desk("volume: 700/week", event("at: 2026-10-06 10:15, lasts: 90m, factor: 2.5x"))
    start, end = 24 + 10.25, 24 + 11.75
    assert between(stormy, start, end) == pytest.approx(2.5 * between(usual, start, end))
    assert brought(stormy) == pytest.approx(1.5 * between(usual, start, end))
    lull = desk("volume: 700/week", event("at: 2026-10-06 10:15, lasts: 90m, factor: 0.25x"))
    assert between(lull, start, end) == pytest.approx(between(usual, start, end) / 4)


def test_an_event_fades_by_half_lives(desk: Reading) -> None:
    """After its height an event has half as much in every half-life, in quarters of an hour."""
    found = desk(
        "volume: 700/week, shape: {08:00-20:00: 1}", event("at: 2026-10-06 10:00, lasts: 1h, factor: 3x, fades: 1h")
    )
    usual = between(found, 8, 9) * 1.04 / 1.12
    for quarter in range(4, 32):
        start = 24 + 10 + quarter / 4
        since = (quarter - 4) / 4
        mean = (2**-since - 2 ** -(since + 0.25)) / (math.log(2) * 0.25)
        assert between(found, start, start + 0.25) == pytest.approx(usual / 4 * (1 + 2 * mean))
    height, first, second = (between(found, 24 + hour, 25 + hour) - usual for hour in (10, 11, 12))
    assert second == pytest.approx(first / 2)
    assert first == pytest.approx(height / 2 / math.log(2))
    assert between(found, 24 + 18.25, 24 + 19) == pytest.approx(usual * 0.75)


@pytest.mark.parametrize(
    "words",
    [
        "at: 2026-10-06 10:00, lasts: 2h, issues: 300",
        "at: 2026-10-06 18:50, lasts: 2h, issues: 300, fades: 3h",
        "at: 2026-10-06 23:00, lasts: 30h, issues: 300, fades: 37m",
        "at: 2026-10-06 10:00, lasts: 2h, issues: 300, fades: 1h, channels: [phone, chat]",
        "at: 2026-10-06 07:07, lasts: 13m, issues: 300, fades: 11h, channels: chat",
    ],
)
def test_an_event_brings_as_many_issues_as_it_says(words: str, desk: Reading) -> None:
    """Over all channels that feel it, in their hours, exactly so many, whatever its form and however often closed."""
    more = "chat: {hours: {mon-fri: 10:00-18:00}, staff: 2, volume: 200/week}\nemail: {staff: 1, volume: 90/week}\n"
    found = desk("volume: 700/week", more + event(words))
    extra = {name: brought(found, name) for name in found.spec.channels}
    assert sum(extra.values()) == pytest.approx(300)
    felt = found.spec.events["storm"].channels or tuple(found.spec.channels)
    assert all((extra[name] > 1) == (name in felt) for name in extra)


def test_the_part_of_an_event_outside_the_time_simulated_is_left_out(desk: Reading) -> None:
    """Of an event that begins two hours before the end, the height of four hours, half of its issues fall inside."""
    sets = ("lasts=1d", "phone.hours=always", "phone.shape={00:00-24:00: 1}")
    found = desk("volume: 700/week", event("at: 2026-10-05 22:00, lasts: 4h, issues: 300"), *sets)
    assert brought(found) == pytest.approx(150)
    before = desk("volume: 700/week", event("at: 2026-10-04 23:00, lasts: 4h, issues: 300"), *sets)
    assert brought(before) == pytest.approx(225)


def test_events_that_overlap_add_up(desk: Reading) -> None:
    """Where two events are felt, what each of them brings alone is added to the usual rate."""
    one, other = "at: 2026-10-06 10:00, lasts: 2h, factor: 3x, fades: 1h", "at: 2026-10-06 11:00, lasts: 3h, issues: 50"
    alone = [desk("volume: 700/week", event(words)) for words in (one, other)]
    both = desk("volume: 700/week", f"events: {{a: {{{one}}}, b: {{{other}}}}}\n")
    edges = np.arange(0.0, WEEK + 1, STEP)
    usual = rate_of(desk()).integral(edges)
    expected = usual + sum(rate_of(each).integral(edges) - usual for each in alone)
    assert rate_of(both).integral(edges) == pytest.approx(expected)


def test_an_event_over_a_closed_time_brings_nothing_in_it(desk: Reading) -> None:
    """What an event does lies within the hours; one that nobody could feel at all is a mistake."""
    usual = desk()
    late = desk("volume: 700/week", event("at: 2026-10-06 19:00, lasts: 3h, factor: 2x"))
    assert brought(late) == pytest.approx(between(usual, 24 + 19, 24 + 20))
    assert between(late, 24 + 20, 48) == 0
    with pytest.raises(ScenarioError, match="nobody can make contact then: this event brings nothing; give a time"):
        desk("volume: 700/week", event("at: 2026-10-06 20:00, lasts: 3h, issues: 30, fades: 1h"))
    # e-mails are written at night as well
    assert desk(
        "volume: 700/week", "email: {staff: 1, volume: 9/week}\n" + event("at: 2026-10-06 21:00, lasts: 1h, factor: 2x")
    )


def test_an_event_has_its_share_of_the_intents_while_it_lasts(desk: Reading) -> None:
    """With an intent, what an event brings is about that: its share of each piece, and of the issues drawn then."""
    intents = "intents: {bill: {share: 80%}, outage: {share: 20%}}\n"
    words = event("at: 2026-10-06 10:00, lasts: 2h, factor: 4x, fades: 1h, intent: outage")
    found = desk("volume: 70_000/week", intents + words)
    rate = rate_of(found)
    assert rate.by_event is not None
    height = np.flatnonzero((rate.starts >= DAY + 10 * HOUR) & (rate.starts < DAY + 12 * HOUR))
    assert rate.by_event[height] == pytest.approx(np.tile([0, 0.75], (len(height), 1)))
    before = rate.starts < DAY + 10 * HOUR
    assert not rate.by_event[before].any()
    issues = draw(found, 1, 0).issues
    seconds = issues["arrival"] / TICKS_PER_SECOND
    inside = (seconds >= DAY + 10 * HOUR) & (seconds < DAY + 12 * HOUR)
    outside = (seconds < DAY + 10 * HOUR) | (seconds >= DAY + 20 * HOUR)
    for rows, share in ((inside, 0.75 + 0.25 * 0.2), (outside, 0.2)):
        found_share = issues["intent"][rows].mean()
        assert abs(found_share - share) < 4.5 * math.sqrt(share * (1 - share) / rows.sum())


# --- counts ----------------------------------------------------------------------------------------------------------


def test_offered_contacts_are_deflated_by_the_fixed_point(desk: Reading) -> None:
    """λ = Λ(1 − p·P_ab − q(1 − P_ab)), with q from the intents: 700 offered hold 420.7 first attempts."""
    keys = "volume: 700/week, counts: offered(abandoned 10%), redial: 60% after 30m, reconnect: 80% after 1d"
    intents = "intents: {a: {share: 25%, resolved_at_first_contact: 40%}, b: {share: 75%}}\n"
    found = desk(f"{keys}, resolved_at_first_contact: 60%", intents)
    again = (1 - 0.25 * 0.4 - 0.75 * 0.6) * 0.8
    counted = lower.counted(found)["phone"]
    assert counted.again == pytest.approx(again) == pytest.approx(0.36)
    assert counted.offered == pytest.approx(700)
    assert counted.abandoned == 0.1
    assert counted.issues == pytest.approx(700 * (1 - 0.6 * 0.1 - 0.36 * 0.9)) == pytest.approx(431.2)
    assert rate_of(found).total() == pytest.approx(431.2)
    assert lower.counted(desk("volume: 700/week, counts: first_attempts")) == {}


def test_every_contact_followed_by_another_is_refused(desk: Reading) -> None:
    """Where everybody comes back there are no first attempts; a high share of each is none of that."""
    with pytest.raises(ScenarioError, match="every contact would be followed by another"):
        desk(
            "volume: 9/week, counts: offered, reconnect: 100% after 1d",
            "intents: {a: {share: 100%, resolved_at_first_contact: 0%}}\n",
        )
    found = desk("volume: 700/week, counts: offered(abandoned 50%), resolved_at_first_contact: 20%")
    assert lower.counted(found)["phone"].issues == pytest.approx(700 * (1 - 0.55 * 0.5 - 0.8 * 0.75 * 0.5))


ALWAYS = (
    "hours: always, rate: 60/h, handle_time: exponential(mean 6m), wrap_up: 0s, patience: exponential(mean 4m), "
    "redial: 60% after 20m, reconnect: 50% after 4h, resolved_at_first_contact: 80%"
)


def always(tmp_path: Path, staff: int, counts: str = "offered") -> Scenario:
    path = tmp_path / "always.yaml"
    busy = "demand: {busy_days: 0, busy_hours: 0}\n"
    path.write_text(f"lasts: 7d\nrun_in: 2d\ndrain: 1d\n{busy}phone: {{{ALWAYS}, staff: {staff}, counts: {counts}}}\n")
    return read(path)


def test_who_abandons_is_as_erlang_a_has_it_where_it_is_not_said(tmp_path: Path) -> None:
    """With constant rate and staff, P_ab is that of Erlang A at the offered rate; more staff, less of it."""
    for staff in (5, 7):
        expected = erlang_a(60 / HOUR, 360.0, staff, 240.0).p_abandon
        assert lower.counted(always(tmp_path, staff))["phone"].abandoned == pytest.approx(expected, rel=1e-6)


def test_staff_that_changes_over_the_day_is_weighted_by_what_is_offered(tmp_path: Path) -> None:
    """P_ab of a day is Σ offered × Erlang A of each interval / Σ offered, not that of the mean staff."""
    path = tmp_path / "table.yaml"
    keys = ALWAYS.replace("rate: 60/h", "rate: {00:00-12:00: 90/h, 12:00-24:00: 30/h}")
    path.write_text(f"run_in: 0d\nphone: {{{keys}, staff: {{00:00-12:00: 9, 12:00-24:00: 2}}, counts: offered}}\n")
    parts = [(90, erlang_a(90 / HOUR, 360.0, 9, 240.0)), (30, erlang_a(30 / HOUR, 360.0, 2, 240.0))]
    expected = sum(count * steady.p_abandon for count, steady in parts) / 120
    assert lower.counted(read(path))["phone"].abandoned == pytest.approx(expected, rel=1e-6)


def test_other_staff_keeps_the_first_attempts(tmp_path: Path) -> None:
    """A variant, or --set, with more staff does not change who calls: the file's own staff says how many abandoned."""
    always(tmp_path, 5)
    path = tmp_path / "always.yaml"
    path.write_text(path.read_text() + "variants: {more: {phone.staff: 9}}\n")
    whole = {
        lower.counted(each)["phone"].issues
        for each in (read(path), read(path, variant="more"), read(path, ("phone.staff=3",)))
    }
    assert len(whole) == 1


def test_a_simulated_desk_is_offered_what_was_counted(tmp_path: Path) -> None:
    """First attempts, their redials and their reconnects add up to the counted contacts, within the interval."""
    scenario = always(tmp_path, 5)
    desk = lower.desk(scenario)
    assert lower.counted(scenario)["phone"].abandoned > 0.15
    hours = scenario.spec.lasts / HOUR
    offered = [float(len(Cohort(simulate(desk, draw(scenario, 1, n)).contacts, desk).rows)) for n in range(10)]
    found = ratio(np.array(offered), np.full(len(offered), hours))
    assert found.low is not None
    assert found.high is not None
    assert found.low <= 60 <= found.high
    assert found.high - found.low < 4


# --- backlog ---------------------------------------------------------------------------------------------------------


def test_exactly_the_backlog_waits_when_the_measured_time_begins(desk: Reading) -> None:
    """At the first tick so many wait, none of the run-in's, all offered before it: nothing measured counts them."""
    found = desk(
        "rate: 9/h", "email: {staff: 3, volume: 300/week, backlog: 120}\n", "run_in=7d", "drain=7d", "lasts=2d"
    )
    email = list(found.spec.channels).index("email")
    assert rate_of(found, "email").starts[0] == 0
    population = draw(found, 1, 0)
    arrival = population.issues["arrival"][population.issues["channel"] == email]
    assert np.count_nonzero(arrival < 0) == 120
    assert set(arrival[arrival < 0].tolist()) == {-1}
    assert (population.issues["arrival"][population.issues["channel"] != email] < 0).any()
    desk_ = lower.desk(found)
    cohort = Cohort(simulate(desk_, population).contacts, desk_)
    waiting, age = waiting_at(cohort, email, np.array([0]))
    assert (waiting[0], age[0]) == (120, pytest.approx(0.001))
    offered = cohort.rows["offered"][cohort.rows["channel"] == email]
    assert offered.min() >= 0
    emails = cohort.issues.first_offered[cohort.issues.channel == email]
    assert len(emails) == np.count_nonzero((arrival >= 0) & (arrival < desk_.horizon))


def test_a_backlog_needs_no_run_in(desk: Reading) -> None:
    """Without a run-in it has come an interval before all the same, and the rates begin with the measured time."""
    found = desk("rate: 9/h", "email: {staff: 3, volume: 300/week, backlog: 7}\n")
    assert lower.horizon(found)[0] == -1800
    assert np.count_nonzero(draw(found, 1, 0).issues["arrival"] == -1) == 7


def test_only_messages_may_lie_in_a_backlog(desk: Reading) -> None:
    """Of a live channel a backlog is a mistake."""
    with pytest.raises(ScenarioError, match=r"phone\.backlog: nobody waits on the line overnight"):
        desk("rate: 9/h, backlog: 5")
