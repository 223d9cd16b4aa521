"""From words to ticks: levels, spans, rates and targets are those that the scenario says, clock changes included."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from sim.clock import WEEK
from sim.desk import RATE, Desk
from sim.erlang import agents_needed
from sim.errors import ScenarioError
from sim.run import run
from sim.scenario import lower
from sim.scenario.read import Scenario, read
from sim.units import MONTH

HOUR = 3_600_000
DAY = 24 * HOUR
PLAIN = """\
customers: 20000
run_in: 0d
drain: 7d
phone: {staff: 12, hours: 08:00-20:00}
chat: {staff: 3, hours: {mon-fri: 10:00-18:00}, at_once: 3, slowdown: 20%}
email: {staff: 4}
"""


def scenario(tmp_path: Path, text: str, *sets: str) -> Scenario:
    path = tmp_path / "desk.yaml"
    path.write_text(text, encoding="utf-8")
    return read(path, sets)


def desk(tmp_path: Path, *sets: str, text: str = PLAIN) -> Desk:
    return lower.desk(scenario(tmp_path, text, *sets))


def test_time_is_in_ticks_from_the_first_midnight(tmp_path: Path) -> None:
    """The run-in is before 0, the scenario lasts to the horizon, the drain to the end."""
    found = desk(tmp_path, "run_in=1d", "lasts=2d", "drain=3d", "interval=15m")
    assert (found.starts, found.horizon, found.ends, found.interval) == (-DAY, 2 * DAY, 5 * DAY, HOUR // 4)
    assert found.intervals == 192


def test_opening_hours_are_spans_that_touch_in_one(tmp_path: Path) -> None:
    """Live channels are open in spans of ticks; hours past midnight are one span; deferrable ones are always open."""
    phone, chat, email = desk(tmp_path).channels
    assert phone.open is not None
    assert phone.open[:2] == ((8 * HOUR, 20 * HOUR), (DAY + 8 * HOUR, DAY + 20 * HOUR))
    assert len(phone.open) == 14
    assert chat.open is not None
    assert [start // DAY for start, _ in chat.open] == [0, 1, 2, 3, 4, 7, 8, 9, 10, 11]
    assert email.open is None
    night = desk(tmp_path, "phone.hours=22:00-06:00", "phone.rate=3/h").channels[0]
    assert night.open is not None
    assert night.open[:3] == ((0, 6 * HOUR), (22 * HOUR, DAY + 6 * HOUR), (DAY + 22 * HOUR, 2 * DAY + 6 * HOUR))
    assert desk(tmp_path, "phone.hours=always").channels[0].open is None


def test_a_number_of_staff_is_there_while_its_channel_is_open(tmp_path: Path) -> None:
    """Plain staff come and go with the hours; a group of several channels is there while any of them is open."""
    phone, chat, email = desk(tmp_path).groups
    assert phone.levels[:4] == ((0, 0), (8 * HOUR, 12), (20 * HOUR, 0), (DAY + 8 * HOUR, 12))
    assert chat.levels[1:3] == ((10 * HOUR, 3), (18 * HOUR, 0))
    assert email.levels[1:3] == ((9 * HOUR, 4), (17 * HOUR, 0))
    text = "customers: 9\nrun_in: 0d\nphone: {hours: 08:00-12:00}\nchat: {hours: 10:00-14:00}\n"
    both = desk(tmp_path, text=text + "groups: {all: {answers: [phone], then: [chat], staff: 5}}\n")
    assert both.groups[0].levels[:3] == ((0, 0), (8 * HOUR, 5), (14 * HOUR, 0))
    assert (both.answers_first, both.answers_then) == (((0,),), ((1,),))


def test_a_table_of_staff_is_kept_as_it_is(tmp_path: Path) -> None:
    """A table by days and hours is the levels, changes only; outside it nobody is there."""
    table = "email.staff={mon 09:00-12:00: 6, mon 12:00-17:00: 6, tue: {09:00-10:00: 2, 10:00-11:00: 3}}"
    levels = desk(tmp_path, table).groups[2].levels
    tuesday = DAY + 9 * HOUR
    assert levels[:6] == (
        (0, 0), (9 * HOUR, 6), (17 * HOUR, 0), (tuesday, 2), (tuesday + HOUR, 3), (tuesday + 2 * HOUR, 0),
    )  # fmt: skip


@pytest.mark.parametrize(("monday", "hours"), [("2026-03-23", 23), ("2026-10-19", 25)])
def test_a_week_in_which_the_clocks_change(monday: str, hours: int, tmp_path: Path) -> None:
    """In London the Sunday of a change has 23 or 25 hours; doors open at eight by the clock, before and after it."""
    found = desk(tmp_path, "time_zone=Europe/London", f"starts={monday}", "lasts=7d")
    opens = [start for start, _ in found.channels[0].open or ()]
    assert [start % DAY for start in opens[:6]] == [8 * HOUR] * 6
    # the clocks change on Sunday morning at one
    assert opens[6] - opens[5] == hours * HOUR
    assert np.diff(opens[6:]).tolist() == [DAY] * 7
    assert [end - start for start, end in found.channels[0].open or ()] == [12 * HOUR] * 14
    assert [tick for tick, level in found.groups[0].levels if level][:14] == opens[:14]


def test_issues_of_a_week_are_customers_times_their_rate(tmp_path: Path) -> None:
    """Over a whole week the rates of the channels add to customers × issues, split by the channels' shares, whatever
    the hours and shapes."""
    expected = 20_000 * 0.08 / MONTH * WEEK
    for sets in ((), ("phone.hours={mon: 09:00-10:00}",), ("phone.shape=email", "chat.hours=always")):
        laid = lower.rates(scenario(tmp_path, PLAIN, *sets))
        totals = [rate.total() for rate in laid]
        assert sum(totals) == pytest.approx(expected, rel=1e-9)
        assert totals == pytest.approx([expected * share for share in (0.58, 0.18, 0.24)], rel=1e-9)


def test_a_rate_leaves_the_other_channels_what_they_had(tmp_path: Path) -> None:
    """A channel with a rate of its own has that, in its hours; the others keep their shares of the whole."""
    expected = 20_000 * 0.08 / MONTH * WEEK
    found = scenario(tmp_path, PLAIN, "phone.rate={mon-fri: 60/h, sat 12:00-22:00: 6/h}")
    phone, chat, email = (rate.total() for rate in lower.rates(found))
    assert phone == pytest.approx(5 * 12 * 60 + 8 * 6)
    assert (chat, email) == pytest.approx((expected * 0.18, expected * 0.24))


def test_said_shares_are_of_all_channels(tmp_path: Path) -> None:
    """Where every channel says its share they must add to 100 %, that of a channel with a rate included."""
    text = "customers: 9000\nphone: {staff: 3, rate: 9/h, share: 60%}\nemail: {staff: 1, share: 40%}\n"
    assert scenario(tmp_path, text).spec.channels["email"].share == 0.4
    with pytest.raises(ScenarioError, match="add to 90 %"):
        scenario(tmp_path, text, "phone.share=50%")


def test_customers_follow_from_the_rates_where_they_are_not_counted(tmp_path: Path) -> None:
    """Without a count, as many customers as have the issues that the rates say; a count is a count."""
    text = "lasts: 7d\nrun_in: 0d\nphone: {staff: 2, hours: always, rate: 10/h}\ncustomers: {issues: 0.1/month}\n"
    assert lower.customers(scenario(tmp_path, text)) == round(10 * MONTH / 3600 / 0.1)
    assert lower.customers(scenario(tmp_path, text, "customers=77")) == 77


def test_targets_are_those_named_last(tmp_path: Path) -> None:
    """`targets` wins over the channel's own target, and that over the default."""
    found = desk(tmp_path, "targets.phone=90% within 10s", "phone.target=70/30", "chat.target=70/30")
    phone, chat, email = (channel.target for channel in found.channels)
    assert (phone.share, phone.within) == (0.9, 10_000)
    assert (chat.share, chat.within) == (0.7, 30_000)
    assert (email.share, email.within) == (0.9, 24 * HOUR)


def test_chats_slow_each_other_down(tmp_path: Path) -> None:
    """With 20 % slowdown, each of k chats is worked on at 1 / (1 + 0.2 (k − 1)) of the rate of one alone."""
    phone, chat, _ = desk(tmp_path).channels
    assert chat.rates == (RATE, round(RATE / 1.2), round(RATE / 1.4))
    assert (phone.rates, chat.at_once) == ((RATE,), 3)


def test_money_is_by_the_hour(tmp_path: Path) -> None:
    """Costs are money an hour, in the scenario's currency."""
    found = desk(tmp_path, "phone.cost=480 GBP/d", "customers.segments.all.margin=120 GBP/year")
    assert found.groups[0].cost_per_hour == pytest.approx(20.0)
    assert found.currency == "GBP"


def test_erlang_c_staffs_every_interval_by_its_forecast(tmp_path: Path) -> None:
    """The erlang_c policy schedules what Erlang C asks for, interval by interval, more at the peak than at the edge,
    and leaves groups without live contacts as they are."""
    sets = (
        "policies.staffing=erlang_c",
        "phone.resolved_at_first_contact=100%",
        "lasts=1d",
        "drain=1d",
        "customers=100000",
    )
    found = desk(tmp_path, *sets)
    phone, _, email = found.groups
    assert email.levels == desk(tmp_path, *sets[2:]).groups[2].levels
    edges = np.arange(49, dtype=np.float64) * 1800
    ticks = np.array([tick for tick, _ in phone.levels])
    level = [phone.levels[i][1] for i in np.searchsorted(ticks, edges[:-1] * 1000, side="right") - 1]
    rate = lower.rates(scenario(tmp_path, PLAIN, *sets))[0]
    offered = rate.integral(edges)
    handle = 480.0 + 45.0
    expected = [agents_needed(count / 1800, handle, share=0.8, within=20) if count else 0 for count in offered]
    assert level == expected
    assert level[20] > level[38] > 0
    assert level[:16] == [0] * 16


def test_who_comes_back_is_staffed_for(tmp_path: Path) -> None:
    """Where answers do not resolve, erlang_c schedules more people, and finitely many where nobody is ever helped."""
    most = []
    for share in ("100%", "50%", "0%"):
        sets = (f"phone.resolved_at_first_contact={share}", "phone.reconnect=100% after 1h", "customers=100000")
        found = desk(tmp_path, "policies.staffing=erlang_c", *sets)
        most.append(max(level for tick, level in found.groups[0].levels if tick < found.horizon))
    assert most[0] < most[1] < most[2] < 500


def test_a_schedule_within_an_interval_counts_as_its_most(tmp_path: Path) -> None:
    """Of a schedule that changes within an interval, a policy that keeps it keeps the highest level."""
    found = desk(tmp_path, "policies.staffing=erlang_c", "email.staff={mon 09:00-17:10: 4}")
    assert found.groups[2].levels[:3] == ((0, 0), (9 * HOUR, 4), (17 * HOUR + HOUR // 2, 0))


TINY = """\
customers: 1000
lasts: 1d
run_in: 0d
drain: 1d
phone: {staff: 2, hours: 08:00-20:00}
email: {staff: 1}
"""


@pytest.mark.parametrize(
    "sets",
    [
        ("phone.target=100% within 20s", "policies.staffing=erlang_c"),
        ("phone.target=0% within 0s", "policies.staffing=erlang_c"),
        ("phone.handle_time=0s", "phone.wrap_up=0s", "policies.staffing=erlang_c"),
        ("phone.handle_time=lognormal(mean 5000w, sigma 5)",),
        ("phone.resolved_at_first_contact=0%", "phone.reconnect=100% after 0s"),
        ("phone.patience=0s", "phone.redial=100% after 0s"),
        ("phone.patience=weibull(mean 5000w, shape 0.1)",),
        ("phone.rate=0/h", "email.rate=0/h"),
        ("customers=1", "lasts=30m", "drain=0d"),
        ("time_zone=Pacific/Apia", "starts=2011-12-29", "lasts=3d"),
        ("starts=2199-12-31", "demand.busy_days=0.001"),
        ("chat={staff: 1, hours: 08:07-19:53, at_once: 50, slowdown: 100%}",),
        ("phone.staff=10000", "phone.lines=1", "phone.shrinkage=90%"),
        ("policies.response=ignore(share 100%)", "customers.segments.all.tenure=0s"),
    ],
)
def test_extreme_scenarios_run(sets: tuple[str, ...], tmp_path: Path) -> None:
    """Whatever a scenario may say can be simulated and said, without an error or a warning."""
    from sim.report import console, document

    folder = tmp_path / "contacts"
    folder.mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = run(scenario(tmp_path, TINY, *sets), folder, replications=2, jobs=1)
        assert console.report(result)
        assert document.document(result)["measures"]


@pytest.mark.parametrize(("monday", "hours"), [("2026-03-23", 167), ("2026-10-19", 169)])
def test_a_week_ends_at_midnight_whatever_the_clocks_did(monday: str, hours: int, tmp_path: Path) -> None:
    """Seven days from a Monday end with Sunday: 167 hours in spring, 169 in autumn; so do run-in and drain."""
    found = desk(tmp_path, f"starts={monday}", "time_zone=Europe/London", "run_in=7d", "drain=7d")
    assert found.horizon == hours * HOUR
    assert found.starts == -7 * DAY
    assert found.ends == (hours + 168) * HOUR


def test_erlang_c_counts_the_chats_an_agent_holds(tmp_path: Path) -> None:
    """Three chats at once, each slowed by 20 % for each other: an agent is kept by a chat for 1.4 / 3 of its time."""
    text = "phone: {staff: 1, rate: 1/h}\nchat: {staff: 9, rate: 60/h, at_once: 3, slowdown: 20%, handle_time: 6m}\n"
    found = desk(tmp_path, "policies.staffing=erlang_c", "chat.reconnect=no", "chat.hours=always", text=text)
    needed = agents_needed(60 / 3600, 360 * 1.4 / 3, share=0.8, within=60.0)
    assert [level for tick, level in found.groups[1].levels if tick <= DAY][-1] == needed
