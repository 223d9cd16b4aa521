"""Channels, skills and people as a scenario says them: what each key becomes at the desk, and as customers' luck."""

from __future__ import annotations

from math import log
from pathlib import Path

import pytest

from sim.desk import NEXT_OPENING, NOWHERE, ONE, Desk
from sim.policies.answers import Acknowledge, UnifiedView
from sim.policies.response import Together
from sim.population.draw import ChannelLuck, draw
from sim.scenario import lower
from sim.scenario.capacity import warnings
from sim.scenario.read import Scenario, read
from sim.scenario.spec import Channel, Group, Outage
from sim.scenario.words import GoRule, Promise
from sim.units import MINUTE

HOUR = 3_600_000
DAY = 24 * HOUR
PLAIN = """\
customers: 20000
lasts: 2d
run_in: 0d
drain: 1d
phone: {staff: 12, hours: 08:00-20:00, wrap_up: 45s, handle_time: constant(8m)}
email: {staff: 4}
bot: {}
intents: {billing: {share: 60%}, move: {share: 40%}}
"""


def scenario(tmp_path: Path, text: str, *sets: str) -> Scenario:
    path = tmp_path / "desk.yaml"
    path.write_text(text, encoding="utf-8")
    return read(path, ("phone.self_service_first=30% to bot", *sets))


def desk(tmp_path: Path, *sets: str, text: str = PLAIN) -> Desk:
    return lower.desk(scenario(tmp_path, text, *sets))


def luck(tmp_path: Path, *sets: str) -> tuple[ChannelLuck, ...]:
    return draw(scenario(tmp_path, PLAIN, *sets), 1, 0).luck.channels


# --- channels --------------------------------------------------------------------------------------------------------


def test_other_channels_are_known_by_their_numbers(tmp_path: Path) -> None:
    """Where contacts go is the number of the channel named; what names none leads nowhere."""
    phone, email, bot = desk(
        tmp_path, "phone.closed=email", "phone.elsewhere=26% to email after 1d", "phone.public=5% to email after 2h",
        "phone.transfer=10% to email", "bot.escalates=60% to phone", "bot.escalated_handle_time=1.3x",
    ).channels  # fmt: skip
    assert (phone.closed, phone.front, phone.elsewhere, phone.public, phone.transfers) == (1, 2, 1, 1, 1)
    assert (bot.escalates, bot.escalated, bot.automatic, bot.live) == (0, 1_300_000, True, True)
    assert {email.closed, email.front, email.elsewhere, email.public, email.transfers} == {NOWHERE}
    assert desk(tmp_path, "phone.closed=next_opening").channels[0].closed == NEXT_OPENING


def test_what_customers_do_is_their_luck(tmp_path: Path) -> None:
    """Shares become chances, medians the means of exponential times."""
    phone, email, bot = luck(
        tmp_path, "phone.silent=20%", "phone.elsewhere=26% to email after 1d", "phone.public=5% to email after 2h",
        "phone.transfer=10% to email", "email.asks_back=15% after 4h", "email.patience=8h",
    )  # fmt: skip
    assert (phone.silent, phone.front, phone.transfer, bot.escalate) == (0.2, 0.3, 0.1, 0.6)
    assert phone.elsewhere == pytest.approx((0.26, 86_400 / log(2)))
    assert phone.public == pytest.approx((0.05, 7_200 / log(2)))
    assert email.asks == pytest.approx((0.15, 4 * 3600 / log(2)))


def test_work_that_is_not_answers(tmp_path: Path) -> None:
    """Usual work is handle time and wrap-up; finding out that somebody left takes time only where somebody does."""
    found = desk(
        tmp_path, "phone.silent=20%", "phone.silent_work=30s", "email.patience=8h", "email.chases=25%",
        "email.chasers=2", "email.chaser_work=90s", "email.interruptible=yes", "email.asks_back=15% after 4h",
    )  # fmt: skip
    phone, email, _ = found.channels
    assert (phone.usual, phone.silent_work) == (525_000, 30_000)
    assert (email.chases, email.chasers, email.chaser_work) == (250_000, 2, 90_000)
    assert (email.interruptible, email.asks_back) == (True, True)
    plain = desk(tmp_path).channels
    assert (plain[0].silent_work, plain[1].chaser_work, plain[1].chases) == (0, 0, 0)


def test_a_machine_that_is_down_is_closed(tmp_path: Path) -> None:
    """Outages are gaps in the time in which a machine is open, whatever its hours."""
    sets = ("bot.outages={one: {at: 2026-10-05 18:00, lasts: 3h}, two: {at: 2026-10-06 23:00, lasts: 2h}}",)
    assert desk(tmp_path, *sets).channels[2].open == ((0, 18 * HOUR), (21 * HOUR, 47 * HOUR), (49 * HOUR, 3 * DAY))
    hours = desk(tmp_path, *sets, "bot.hours=09:00-19:00").channels[2].open
    assert hours == ((9 * HOUR, 18 * HOUR), (33 * HOUR, 43 * HOUR), (57 * HOUR, 67 * HOUR))
    assert desk(tmp_path).channels[2].open is None


def test_a_target_may_be_in_opening_hours(tmp_path: Path) -> None:
    """Its clock runs in the hours of the channel; without the words, always."""
    email = desk(tmp_path, "targets.email=90% within 8h of opening hours").channels[1]
    assert (email.target.share, email.target.within) == (0.9, 8 * HOUR)
    assert email.target.business is not None
    assert email.target.business[0] == (9 * HOUR, 17 * HOUR)
    assert email.open is None
    assert desk(tmp_path).channels[1].target.business is None


def test_issues_arise_around_the_clock_where_closing_leads_anywhere(tmp_path: Path) -> None:
    """With a message, nobody makes contact outside the hours; with another channel, or the next opening, they do, and
    the issues of the day are as many."""
    for closed, outside in (("message", False), ("email", True), ("next_opening", True)):
        found = draw(scenario(tmp_path, PLAIN, f"phone.closed={closed}", "demand.busy_days=0"), 1, 0).issues
        times = found["arrival"][found["channel"] == 0] % DAY
        assert bool(((times < 8 * HOUR) | (times >= 20 * HOUR)).any()) is outside
    rates = [lower.rates(scenario(tmp_path, PLAIN, f"phone.closed={c}"))[0].total() for c in ("message", "email")]
    assert rates[0] == pytest.approx(rates[1])


def test_an_acknowledgement_is_of_its_channel(tmp_path: Path) -> None:
    """`acknowledged: yes` stands for the policy on that channel, beside those that the scenario names; a list of
    policies may have commas in its brackets."""
    sets = ("policies.response=[callback(when_wait_exceeds 5m, accepts 60%), unified_view]", "email.acknowledged=yes")
    response = desk(tmp_path, *sets).response
    assert isinstance(response, Together)
    assert [policy.name for policy in response.policies] == ["acknowledge", "callback", "unified_view"]
    assert response.policies[0] == Acknowledge(channel="email")
    assert desk(tmp_path, "policies.response=[unified_view]").response == UnifiedView()
    tables = desk(tmp_path, *sets).responses
    assert tables is not None
    assert tables.tracked == (False, True, False)


def test_a_replayed_log_has_its_own_repeats(tmp_path: Path) -> None:
    """Who comes again is in a log already: nobody redials, reconnects, turns elsewhere or complains besides."""
    log = tmp_path / "calls.csv"
    log.write_text("time\n2026-10-05 09:00\n2026-10-05 10:00\n", encoding="utf-8")
    sets = (
        f"demand.replay={{file: {log}, columns: {{arrival: time}}}}", "phone.elsewhere=50% to email after 1h",
        "phone.public=50% to email after 1h", "phone.transfer=10% to email",
    )  # fmt: skip
    path = tmp_path / "desk.yaml"
    path.write_text("phone: {staff: 2}\nemail: {staff: 1}\n", encoding="utf-8")
    phone = draw(read(path, sets), 1, 0).luck.channels[0]
    assert [chance for chance, _ in (phone.redial, phone.reconnect, phone.elsewhere, phone.public)] == [0.0] * 4
    assert phone.transfer == 0.1


# --- presets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["social", "direct", "messenger", "app"])
def test_a_known_channel_needs_only_its_staff(name: str, tmp_path: Path) -> None:
    """Social media and messages are known channels: deferrable, with chasers, at the top of the file."""
    path = tmp_path / "desk.yaml"
    path.write_text(f"customers: 1000\n{name}: {{staff: 2}}\n", encoding="utf-8")
    found = lower.desk(read(path)).channels[0]
    assert (found.name, found.live, found.chases) == (name, False, 300_000)
    assert found.patience is not None


def test_a_name_of_another_kind_is_ones_own(tmp_path: Path) -> None:
    """Who says that the app is live has a channel of their own, like the phone, not the known one."""
    path = tmp_path / "desk.yaml"
    path.write_text("customers: 1000\napp: {kind: live, staff: 2}\nphone: {staff: 2}\n", encoding="utf-8")
    app, phone = read(path).spec.channels.values()
    assert app == phone


# --- skills and people -----------------------------------------------------------------------------------------------

GROUPS = (
    "groups={general: {answers: [phone], then: [email], intents: [billing], staff: 2, quality: 0.9x}, "
    "movers: {answers: [phone], staff: 3, speed: {move: 1.2x}}}"
)


def test_intents_with_other_skills_have_queues_of_their_own(tmp_path: Path) -> None:
    """Intents that the same groups answer alike share a queue; speed and quality are by queue."""
    found = desk(tmp_path, GROUPS)
    assert found.queues == (0, 0, 1, 1, 2)
    assert found.queue_of == ((0, 1), (2, 3), (4, 4))
    general, movers, phone, email = found.groups
    assert (found.answers_first[0], found.answers_then[0], found.answers_first[1]) == ((0,), (2,), (0, 1))
    assert (found.answers_first[2], found.answers_first[3]) == ((0, 1), (2, 3))
    assert movers.speed == (ONE, 1_200_000, ONE, 1_200_000, ONE)
    assert (general.quality, general.speed) == ((900_000,) * 5, ())
    assert (phone.speed, email.quality) == ((), ())


def test_without_skills_a_channel_is_a_queue(tmp_path: Path) -> None:
    """Groups that answer every intent alike leave one queue a channel, by its number."""
    found = desk(tmp_path, "groups={more: {answers: [phone, email], staff: 1, speed: 1.1x}}")
    assert (found.queues, found.queue_of) == ((), ())
    assert found.answers_first == ((0, 1), (0,), (1,))
    assert found.groups[0].speed == (1_100_000,) * 3


def test_shifts_are_people(tmp_path: Path) -> None:
    """So many people as the shift has agents: there in its hours less the breaks, with their own speed and rank; the
    levels count them."""
    shifts = (
        "phone={hours: 08:00-20:00, shifts: {early: {agents: 2, hours: 08:00-16:00, breaks: [12:00-12:30 unpaid], "
        "speed: 1.1x, quality: 0.9x, rank: 1}, late: {agents: 1, hours: 12:00-20:00}}}"
    )
    text = PLAIN.replace("phone: {staff: 12, hours: 08:00-20:00, wrap_up: 45s, handle_time: constant(8m)}\n", "")
    group = desk(tmp_path, shifts, "phone.self_service_first=30% to bot", text=text).groups[1]
    assert [person.name for person in group.people] == ["early 1", "early 2", "late"]
    early, _, late = group.people
    half = HOUR // 2
    assert early.on[:2] == ((8 * HOUR, 12 * HOUR), (12 * HOUR + half, 16 * HOUR))
    assert late.on[0] == (12 * HOUR, 20 * HOUR)
    assert (early.speed, early.quality, early.rank) == ((1_100_000,) * 6, 900_000, 1)
    assert (late.speed, late.quality, late.rank) == ((), ONE, 0)
    assert group.levels[:4] == ((0, 0), (8 * HOUR, 2), (12 * HOUR, 1), (12 * HOUR + half, 3))
    assert group.paid is not None
    decided = desk(tmp_path, shifts, "phone.self_service_first=30% to bot", "policies.staffing=erlang_c", text=text)
    assert decided.groups[1].people == ()


def test_newcomers_get_faster_from_shift_to_shift(tmp_path: Path) -> None:
    """On the way up from 60 % over 10 days, a newcomer of 4 days works at 76 % on Monday, at 80 % a day later."""
    path = tmp_path / "desk.yaml"
    shift = "{agents: 1, hours: 00:00-12:00, ramp: from 60% over 10d, since: 2026-10-01, speed: 1.5x}"
    path.write_text(f"customers: 9\nphone: {{hours: 00:00-12:00, shifts: {{new: {shift}}}}}\n", encoding="utf-8")
    person = lower.desk(read(path, ("run_in=0d", "lasts=8d", "drain=0d"))).groups[0].people[0]
    assert person.speed == tuple(round(1_500_000 * way) for way in (0.76, 0.8, 0.84, 0.88, 0.92, 0.96, 1, 1))


def test_what_else_a_group_says(tmp_path: Path) -> None:
    """Dropped work, absence and overtime, and what customers of each segment earn a month."""
    group = "groups={more: {answers: [phone], staff: 1, end_of_shift: drop, absence: 5%, overtime: 1.5x}}"
    found = desk(tmp_path, group, "customers.segments.all.margin=120 EUR/year")
    assert (found.groups[0].drops, found.groups[0].absent, found.groups[0].overtime) == (True, 50_000, 1.5)
    assert (found.groups[1].drops, found.groups[1].absent, found.groups[1].overtime) == (False, 0, None)
    assert found.margins == (10_000,)


def test_absence_that_is_drawn_is_no_shrinkage(tmp_path: Path) -> None:
    """The default shrinkage is what is left: less with absence, least with breaks and absence."""
    shifts = "shifts: {all: {agents: 1, hours: 08:00-20:00}}"
    for more, shrinkage in (
        ("staff: 1", 0.3),
        (shifts, 0.24),
        ("staff: 1, absence: 5%", 0.25),
        (f"{shifts}, absence: 5%", 0.19),
    ):
        group = desk(tmp_path, f"groups={{more: {{answers: [phone], {more}}}}}").groups[0]
        assert group.shrinkage == shrinkage


# --- words -----------------------------------------------------------------------------------------------------------


def test_words_become_rules(tmp_path: Path) -> None:
    """Each form of the new keys is read as it is written."""
    spec = scenario(
        tmp_path, PLAIN, "phone.elsewhere=26% to email after 1d", "bot.escalates=60%", "phone.transfer=no",
        "email.target=90% within 8h of opening hours", "bot.outages={a: {at: 2026-10-05 18:00, lasts: 3h}}",
    ).spec  # fmt: skip
    phone, email, bot = (spec.channels[name] for name in ("phone", "email", "bot"))
    assert phone.elsewhere == GoRule(0.26, "email", 86_400.0)
    assert (bot.escalates, phone.transfer) == (GoRule(0.6, ""), GoRule(0.0, ""))
    assert email.target == Promise(0.9, 28_800.0, business=True)
    assert isinstance(bot.outages["a"], Outage)
    assert Channel.model_fields["silent_work"].default == MINUTE
    assert Group.model_fields["overtime"].default is None


# --- what can never be done ------------------------------------------------------------------------------------------


def test_a_desk_that_cannot_do_its_work_says_so(tmp_path: Path) -> None:
    """Of a backlog that grows for ever there is a sentence with the hours that are needed and those that are there;
    a longer drain does not hide it from a run of a week."""
    path = tmp_path / "desk.yaml"
    text = "run_in: 0d\nphone: {staff: 9, hours: 08:00-20:00, rate: 20/h}\n"
    email = "email: {staff: 1, volume: 300/d, weekdays: {mon: 1x}, handle_time: 10m, reconnect: no}\n"
    path.write_text(text + email, encoding="utf-8")
    day = warnings(read(path, ("lasts=1d", "drain=0d")).spec)
    assert len(day) == 1
    assert day[0].startswith("email: until the end of the drain, 50 h of work come, and email is there for 8 h: the ")
    week = warnings(read(path, ("lasts=7d", "drain=100d")).spec)
    assert len(week) == 1
    assert week[0].startswith("email: in a normal week, 350 h of work come, and email is there for 40 h: the backlog ")
    assert warnings(read(path, ("lasts=1d", "drain=14d")).spec) == []
    assert warnings(read(path, ("policies.response=ignore(share 95%)",)).spec) == []


def test_live_contacts_of_the_same_agents_come_first(tmp_path: Path) -> None:
    """What only the same agents answer takes their hours as well; what others answer too need not be theirs."""
    path = tmp_path / "desk.yaml"
    text = "phone: {hours: mon-fri 09:00-17:00, rate: 20/h, handle_time: 10m, wrap_up: 0s, reconnect: no}\n"
    text += (
        "email: {volume: 300/w, handle_time: 10m, reconnect: no}\ngroups: {all: {answers: [phone, email], staff: 4}}\n"
    )
    path.write_text(text, encoding="utf-8")
    assert warnings(read(path).spec)[0].startswith(
        "email: in a normal week, 50 h of work come, beside 123 h of live contacts, and all is there for 160 h: "
    )
    assert warnings(read(path, ("groups.more={answers: [phone], staff: 1}",)).spec) == []


WEEKS = "lasts: 14d\nrun_in: 7d\ndrain: 14d\n"
EMAIL = "channels: {email: {volume: 320/week, staff: 1}}\n"
BOTH = "channels: {email: {volume: 100/week}, phone: {volume: 100/week}}\n"


@pytest.mark.parametrize(
    "text",
    [
        "channels: {email: {volume: 1000/week}}\ngroups: {g: {answers: email, staff: 1, speed: 5x}}\n",
        EMAIL + "policies: {response: 'canned(handle_time 0.3x, resolves 1x)'}\n",
        "channels: {phone: {volume: 5000/week, staff: 2, patience: endless}}\n"
        "policies: {response: outsource(after 5m)}\n",
        "channels: {email: {volume: 200/week, staff: 1, resolved_at_first_contact: 0%, reconnect: 100% after 90d}}\n",
        # who has 30 s of patience leaves most of the day to those who are there until 22:00
        "channels: {email: {volume: 150/week}, phone: {volume: 6000/week, patience: 30s, redial: no, hours: "
        "{mon-fri: 08:00-18:00}}}\n"
        "groups: {g: {answers: phone, then: email, staff: {mon-fri 08:00-22:00: 5}}}\n",
        # those who call back give up as well
        "channels: {email: {volume: 150/week}, phone: {volume: 6000/week, patience: 30s, redial: no, hours: "
        "{mon-fri: 08:00-18:00}, resolved_at_first_contact: 40%, reconnect: 90% after 1h}}\n"
        "groups: {g: {answers: phone, then: email, staff: {mon-fri 08:00-22:00: 5}}}\n",
        # the messages go first here
        "channels: {email: {volume: 200/week}, phone: {volume: 2000/week}}\n"
        "groups: {g: {answers: email, then: phone, staff: 4}}\n",
        BOTH + "groups: {g: {answers: [phone, email], staff: 2}}\npolicies: {routing: 'live_first(reserve 1)'}\n",
        "phone: {volume: 500/week, staff: 3, lines: 3}\n",
        # a staffing policy plans as many as are needed
        "channels: {email: {volume: 10/week}, phone: {volume: 9000/week, patience: endless}}\n"
        "groups: {g: {answers: [phone, email], staff: 1}}\npolicies: {staffing: erlang_c}\n",
    ],
)
def test_a_desk_that_can_do_its_work_is_left_alone(tmp_path: Path, text: str) -> None:
    """Speed, easier answers, an outsourcer, customers who give up or come back after the end leave no backlog."""
    assert said(tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        (
            "channels: {phone: {volume: 5000/week, staff: 2, patience: endless}}\n",
            "phone: until the end of the drain, 2,823 h of work come, and phone is there for 680 h: the backlog never ",
        ),
        (
            "channels: {phone: {volume: 2000/week, staff: 10, transfer: 80% to email}, email: {volume: 100/week, "
            "staff: 1}}\n",
            "email: until the end of the drain, ",
        ),
        (
            "channels: {phone: {volume: 4000/week, staff: 12, closed: email, hours: {mon-fri: 08:00-10:00}}, "
            "email: {volume: 100/week, staff: 1}}\n",
            "email: until the end of the drain, 1,539 h of work come, and email is there for 200 h: ",
        ),
        (
            "channels: {bot: {volume: 2000/week, escalates: 80% to email}, email: {volume: 10/week, staff: 1}}\n",
            "email: until the end of the drain, ",
        ),
        (
            "channels: {email: {volume: 200/week}}\nintents: {a: {share: 50%}, b: {share: 50%}}\n"
            "groups: {g: {answers: email, intents: a, staff: 9}, h: {answers: email, intents: b, "
            "staff: {mon 09:00-10:00: 1}}}\n",
            "email (b): until the end of the drain, 43 h of work come, and h is there for 5 h: ",
        ),
        (
            "channels: {email: {volume: 250/week, staff: 1, patience: 2h, chases: 90%, chasers: 10}}\n",
            "email: in a normal week, 60 h of work come, 24 h of it once customers write again about what waits, and "
            "email is there for 40 h: a backlog, once there, never clears.",
        ),
        (
            "channels: {email: {volume: 300/week}}\ngroups: {g: {answers: email, staff: 1, speed: 0.5x}}\n",
            "email: until the end of the drain, 128 h of work come, and g is there for 200 h, which at their speed do "
            "100 h: ",
        ),
        (
            BOTH + "groups: {g: {answers: [phone, email], staff: 2}}\npolicies: {routing: 'live_first(reserve 2)'}\n",
            "email: routing lets an agent take a message while 2 others of the group are free, and g never has so ",
        ),
        (
            "phone: {volume: 500/week, staff: 30, lines: 1}\n",
            "phone: there are lines for 1 and up to 30 agents of phone: customers are turned away while agents are ",
        ),
    ],
)
def test_what_leads_to_a_backlog_is_counted(tmp_path: Path, text: str, begins: str) -> None:
    """Of endless patience, of what other channels send on, of intents that few know, and of rules that leave agents
    idle, there is one sentence."""
    assert [each[: len(begins)] for each in said(tmp_path, text)] == [begins]


def said(folder: Path, text: str) -> list[str]:
    path = folder / "desk.yaml"
    path.write_text(WEEKS + text, encoding="utf-8")
    return warnings(read(path).spec)
