"""Reading a whole scenario: defaults, short forms, --set, the digest, and that only its own errors ever leak."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.clock import Week
from sim.distributions import Lognormal, Weibull
from sim.errors import ScenarioError, UsageError
from sim.scenario import lower
from sim.scenario.complete import fill, spell_out
from sim.scenario.read import Scenario, read
from sim.scenario.staff import groups
from sim.scenario.words import Mean, Promise

SHORT = """\
name: Short
customers: 20000
phone: {staff: 12, hours: 08:00-20:00}
email: {staff: 4}
"""
LONG = """\
# the same as SHORT, spelled out
name: Spelled out
question: does it mean the same?

customers:
  count: 20_000
channels:
  phone:
    hours:
      mon-sun: 08:00-20:00
    staff: '12'   # people
  email:
    staff: 4
    handle_time: lognormal(mean 300s, sigma 0.80)
lasts: 168h
"""


def scenario(tmp_path: Path, text: str, *sets: str) -> Scenario:
    path = tmp_path / "desk.yaml"
    path.write_text(text, encoding="utf-8")
    return read(path, sets)


def test_what_is_not_said_is_a_default(tmp_path: Path) -> None:
    """Every value that the file leaves out is filled in, and listed with its grade and source."""
    found = scenario(tmp_path, SHORT)
    assert found.spec.lasts == 7 * 86_400
    assert found.spec.time_zone == "UTC"
    assert found.spec.channels["phone"].target == Promise(0.8, 20)
    assert found.spec.channels["email"].kind == "deferrable"
    assert isinstance(found.spec.channels["phone"].patience, Weibull)
    assert list(found.spec.customers.segments) == ["all"]
    assert list(found.spec.intents) == ["any"]
    for path in (
        "lasts", "demand.busy_days", "customers.issues", "customers.segments.all.share", "channels.phone.patience",
        "channels.email.hours", "channels.phone.cost", "channels.email.shrinkage",
    ):  # fmt: skip
        assert path in found.assumed
    assert all(default.grade in "ABC" and default.source for default in found.assumed.values())
    assert "channels.phone.hours" not in found.assumed
    assert "channels.phone.staff" not in found.assumed
    assert "customers.count" not in found.assumed


def test_an_empty_value_is_one_left_out(tmp_path: Path) -> None:
    """A key without a value takes the default, and the default is listed."""
    found = scenario(tmp_path, SHORT + "lasts:\ndemand:\n")
    assert found.spec.lasts == 7 * 86_400
    assert "lasts" in found.assumed
    assert found.digest == scenario(tmp_path, SHORT).digest


def test_the_name_is_that_of_the_file_unless_it_is_given(tmp_path: Path) -> None:
    """A scenario without a name is called like its file."""
    assert scenario(tmp_path, SHORT).name == "Short"
    assert scenario(tmp_path, SHORT.replace("name: Short\n", "")).name == "desk"
    assert scenario(tmp_path, SHORT.replace("Short", "")).name == "desk"


def test_a_channel_with_staff_makes_a_group(tmp_path: Path) -> None:
    """A channel's own staff is a group of the channel's name, which answers it alone."""
    found = groups(scenario(tmp_path, SHORT.replace("staff: 4", "staff: 4, cost: 15 EUR/h, shrinkage: 10%")).spec)
    assert list(found) == ["phone", "email"]
    assert found["phone"].answers == ("phone",)
    assert (found["phone"].staff, found["phone"].cost.amount, found["phone"].shrinkage) == (12, 20.0, 0.3)
    assert (found["email"].staff, found["email"].cost.amount, found["email"].shrinkage) == (4, 15.0, 0.1)


def test_a_bare_time_is_a_mean(tmp_path: Path) -> None:
    """`patience: 3m` gives the mean; the form stays the default's when the desk is lowered."""
    from sim.scenario.lower import time_of

    found = scenario(tmp_path, SHORT, "phone.handle_time=6m", "phone.patience=endless")
    channel = found.spec.channels["phone"]
    assert channel.handle_time == Mean(360.0)
    assert time_of(channel, "handle_time", "phone") == Lognormal(360.0, 0.9)
    assert channel.patience is None


def test_a_live_channel_of_the_users_own_is_like_the_phone(tmp_path: Path) -> None:
    """A custom channel takes the defaults of phone where it is live and those of email where it is deferrable."""
    own = "channels: {hotline: {kind: live, staff: 3}, letters: {kind: deferrable, staff: 1}}\n"
    found = scenario(tmp_path, "customers: 100\n" + own)
    like = scenario(tmp_path, "customers: 100\nphone: {staff: 3}\nemail: {staff: 1}\n")
    assert found.spec.channels["hotline"] == like.spec.channels["phone"]
    assert found.spec.channels["letters"] == like.spec.channels["email"]
    assert "channels.hotline.kind" not in found.assumed
    assert "channels.hotline.patience" in found.assumed


def test_defaults_are_in_the_currency_of_the_scenario(tmp_path: Path) -> None:
    """Who writes costs in pounds has the other amounts in pounds as well, and they are listed so."""
    found = scenario(tmp_path, SHORT, "phone.cost=21 GBP/h")
    assert found.spec.customers.segments["all"].margin.currency == "GBP"
    assert groups(found.spec)["email"].cost.currency == "GBP"
    assert found.assumed["channels.email.cost"].value == "20 GBP/h"
    assert "GBP" in found.assumed["channels.email.cost"].range
    assert scenario(tmp_path, SHORT).assumed["channels.email.cost"].value == "20 EUR/h"


def test_the_digest_is_that_of_the_meaning(tmp_path: Path) -> None:
    """Layout, comments, short forms, the name and values written out as they are by default do not change it."""
    assert scenario(tmp_path, SHORT).digest == scenario(tmp_path, LONG).digest


@pytest.mark.parametrize(
    "change",
    [
        "phone.staff=13", "phone.hours=08:00-20:30", "customers=20001", "lasts=14d", "time_zone=Europe/London",
        "phone.patience=weibull(scale 39m, shape 0.87)", "targets.phone=80/30", "policies.routing=longest_wait",
        "policies.response=ignore", "demand.busy_days=61", "customers.segments.all.captive=21%",
    ],
)  # fmt: skip
def test_whatever_changes_a_run_changes_the_digest(change: str, tmp_path: Path) -> None:
    """A scenario with one value changed by --set has another digest."""
    assert scenario(tmp_path, SHORT, change).digest != scenario(tmp_path, SHORT).digest


def test_set_wins_and_is_kept(tmp_path: Path) -> None:
    """A value given with --set replaces the file's, the last one given wins, and all are kept as typed."""
    sets = ("phone.staff=8", "phone.staff=9", "email.staff={mon-fri 09:00-17:00: 6}")
    found = scenario(tmp_path, SHORT, *sets)
    assert found.spec.channels["phone"].staff == 9
    assert isinstance(found.spec.channels["email"].staff, Week)
    assert found.sets == sets
    assert found.digest == scenario(tmp_path, SHORT.replace("staff: 12", "staff: 9"), sets[2]).digest


@pytest.mark.parametrize("text", [SHORT, LONG])
def test_set_knows_both_places_of_a_channel(text: str, tmp_path: Path) -> None:
    """`phone.staff` and `channels.phone.staff` are the same, whichever of them the file uses."""
    short, long = scenario(tmp_path, text, "phone.staff=8"), scenario(tmp_path, text, "channels.phone.staff=8")
    assert short.digest == long.digest
    assert short.spec.channels["phone"].staff == 8
    assert scenario(tmp_path, text, "chat.staff=3").spec.channels["chat"].staff == 3


@pytest.mark.parametrize("text", [SHORT, LONG])
def test_set_of_customers_keeps_the_rest(text: str, tmp_path: Path) -> None:
    """`customers=100` changes their number only, and `customers.issues` leaves their number."""
    assert scenario(tmp_path, text + "\n", "customers=100").spec.customers.count == 100
    found = scenario(tmp_path, text, "customers.issues=0.1/month")
    assert found.spec.customers.count == 20_000


def test_reading_does_not_change_the_raw_data() -> None:
    """Spelling out and filling in work on copies."""
    raw = {"customers": 5, "phone": {"staff": 2}, "groups": {"night": None}}
    spelled, origin = spell_out(raw)
    assert raw == {"customers": 5, "phone": {"staff": 2}, "groups": {"night": None}}
    assert origin == {("channels", "phone"): ("phone",), ("customers", "count"): ("customers",)}
    fill(spelled)
    assert spelled == {"customers": {"count": 5}, "channels": {"phone": {"staff": 2}}, "groups": {"night": None}}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("customers: many\nphone: {staff: 2}\n", "f.yaml:1:12: customers: 'many'"),
        ("customers: {count: many}\nphone: {staff: 2}\n", "f.yaml:1:20: customers.count: 'many'"),
        ("customers: 9\nphone: {staff: two}\n", "f.yaml:2:16: phone.staff: 'two'"),
        ("customers: 9\nchannels:\n  phone: {staff: two}\n", "f.yaml:3:18: channels.phone.staff: 'two'"),
        ("customers: 9\nphone:\n  hours: 08:00-20:00\n", "f.yaml:2:1: phone: nobody answers phone"),
        ("customers: 9\nphone: {staff: {mon: -3}}\n", "f.yaml:2:22: phone.staff.mon: -3"),
    ],
)
def test_mistakes_stand_where_the_user_made_them(
    text: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake has the place and the path of the short form that the user wrote."""
    monkeypatch.chdir(tmp_path)
    Path("f.yaml").write_text(text)
    with pytest.raises(ScenarioError) as caught:
        read(Path("f.yaml"))
    assert str(caught.value).startswith(line)
    assert len(caught.value.mistakes) == 1


def test_an_unknown_key_hides_nothing_but_what_it_stands_for(tmp_path: Path) -> None:
    """A misspelt `staff` is not told again as nobody answering; any other unknown key leaves that to be told."""
    with pytest.raises(ScenarioError) as one:
        scenario(tmp_path, "customers: 9\nphone: {staf: 2, hours: 08:00-20:00}\n")
    assert [mistake.what for mistake in one.value.mistakes] == ["unknown key"]
    with pytest.raises(ScenarioError) as two:
        scenario(tmp_path, "customers: 9\nphone: {patiance: 2m, staff: {mon: 3}}\n")
    assert [mistake.what[:21] for mistake in two.value.mistakes] == ["nobody answers phone ", "unknown key"]


GOOD = """\
name: Everything
question: what may go wrong?
starts: 2026-10-05
lasts: 7d
time_zone: Europe/London
interval: 15m
customers:
  count: 50_000
  issues: 0.08/month
  segments:
    homes: {share: 92%, margin: 9 GBP/month, contract: {rolling: 40%, one_year: 35%, two_years: 25%}, tenure: 4w}
    firms: {share: 8%, margin: 21 GBP/month, captive: 5%}
intents:
  outage: {share: 60%, resolved_at_first_contact: 55%}
  billing: {share: 40%, handle_time: 1.6x}
channels:
  phone:
    hours: {mon-fri: 08:00-22:00, sat: 09:00-17:00}
    rate: {mon-fri 08:00-12:00: 120/h, mon-fri 12:00-22:00: 60/h, sat: 20/h}
    patience: weibull(mean 25m, shape 0.86)
    handle_time: lognormal(mean 8m, sigma 0.9)
    wrap_up: 45s
    redial: 55% after 30m
    lines: 60
  chat: {hours: 10:00-20:00, at_once: 2, slowdown: 10%, redial: no}
  letters: {kind: deferrable, staff: {mon-fri: {09:00-17:00: 2}}}
groups:
  front: {answers: [phone, chat], then: [letters], staff: 12, cost: 21 GBP/h, shrinkage: 25%}
policies: {routing: "live_first(overflow_after 60s)", response: ignore(share 20%), staffing: erlang_c}
targets: {phone: 80% within 20s, letters: 90% within 2d}
"""
TOKENS = re.findall(r"\w+|\s+|[^\w\s]", GOOD)
JUNK = st.sampled_from(
    [
        "", " ", "\n", "  ", "- ", ": ", ",", "{", "}", "[", "]", "-1", "0", "1e400", "99999999999", "null", "~", "no",
        "true", ".nan", ".inf", "08:00", "phone", "Phone", "staff", "{from_log: }", "[1, 2]", "{a: 1}", "'", '"', "%",
        "x" * 300, "é", "0.0001", "1d", "100%", "demand: {replay: {file: x.csv, columns: {arrival: a}}}", "&a ", "<<",
    ]
)  # fmt: skip
EDIT = st.tuples(st.sampled_from(["delete", "double", "swap", "put", "line"]), st.integers(0, len(TOKENS) - 1), JUNK)


def mutated(edits: list[tuple[str, int, str]]) -> str:
    tokens = list(TOKENS)
    for kind, at, junk in edits:
        at %= len(tokens)
        if kind == "delete":
            tokens[at] = ""
        elif kind == "double":
            tokens[at] *= 2
        elif kind == "swap":
            other = (at * 7 + 3) % len(tokens)
            tokens[at], tokens[other] = tokens[other], tokens[at]
        elif kind == "put":
            tokens[at] = junk
        else:
            lines = "".join(tokens).splitlines(keepends=True)
            lines[at % len(lines)] = lines[at * 5 % len(lines)] if at % 2 else ""
            tokens = re.findall(r"\w+|\s+|[^\w\s]", "".join(lines))
    return "".join(tokens)


def check_mutation(folder: Path, edits: list[tuple[str, int, str]]) -> None:
    path = folder / "mutated.yaml"
    path.write_text(mutated(edits), encoding="utf-8")
    refused: UsageError | ScenarioError | None = None
    try:
        read(path)
    except (UsageError, ScenarioError) as problem:
        refused = problem
    if isinstance(refused, ScenarioError):
        assert refused.mistakes
        for mistake in refused.mistakes:
            assert mistake.line >= 1
            assert mistake.column >= 1
            assert str(mistake).isprintable()
            assert len(str(mistake)) < 500


def test_the_scenario_to_be_mutated_is_good(tmp_path: Path) -> None:
    """Without a mutation it is read without a mistake."""
    assert scenario(tmp_path, GOOD).spec.channels["chat"].at_once == 2


FOLDER = [HealthCheck.function_scoped_fixture]


@settings(max_examples=25, derandomize=True, deadline=None, suppress_health_check=FOLDER, database=None)
@given(st.lists(EDIT, min_size=1, max_size=4))
def test_a_mutated_scenario_is_read_or_refused(tmp_path: Path, edits: list[tuple[str, int, str]]) -> None:
    """Whatever tokens and lines are deleted, doubled, swapped or replaced, only errors for users ever come out."""
    check_mutation(tmp_path, edits)


@pytest.mark.slow
@settings(max_examples=300, deadline=None, suppress_health_check=FOLDER, database=None)
@given(st.lists(EDIT, min_size=1, max_size=8))
def test_three_hundred_mutated_scenarios_are_read_or_refused(tmp_path: Path, edits: list[tuple[str, int, str]]) -> None:
    """The same, for more and wilder mutations."""
    check_mutation(tmp_path, edits)


def test_a_log_over_a_change_of_the_clocks_is_refused(tmp_path: Path) -> None:
    """A log is replayed by its own clock: in a zone whose clocks change meanwhile it would be an hour off."""
    (tmp_path / "log.csv").write_text("time\n2026-10-24 09:00:00\n2026-10-26 09:00:00\n")
    text = "phone: {staff: 2, hours: always}\ndemand: {replay: {file: log.csv, columns: {arrival: time}}}\n"
    (tmp_path / "replay.yaml").write_text(text + "time_zone: Europe/London\n")
    with pytest.raises(ScenarioError, match="its clocks change between 2026-10-24 and the end of the log"):
        read(tmp_path / "replay.yaml")
    assert read(tmp_path / "replay.yaml", ["time_zone=UTC"]).log is not None


def test_a_day_that_never_was_cannot_be_the_first(tmp_path: Path) -> None:
    """Samoa went from 29 to 31 December 2011: nothing starts on the day between."""
    text = "customers: 9\nphone: {staff: 1}\ntime_zone: Pacific/Apia\nstarts: 2011-12-30\n"
    (tmp_path / "samoa.yaml").write_text(text)
    with pytest.raises(ScenarioError, match="there was no such day in Pacific/Apia; give another"):
        read(tmp_path / "samoa.yaml")


def test_a_week_of_fixed_cost_is_a_week_s_whatever_the_clocks_do(tmp_path: Path) -> None:
    """The week in which the clocks go back has 169 hours, and costs no more."""
    text = "customers: 9\nphone: {staff: 1}\ntime_zone: Europe/London\nstarts: 2026-10-19\n"
    (tmp_path / "fixed.yaml").write_text(text + "costs: {fixed: 700 EUR/week}\n")
    assert lower.desk(read(tmp_path / "fixed.yaml")).fixed_cost == pytest.approx(700.0)


@pytest.mark.parametrize(
    ("keys", "hint"),
    [
        ("phone: {staff: 4-8}", "write one number; --set tries several, as 4..8"),
        ("phone: {staff: 4, target: 90% within 1 working day}", "closed hours count, as customers wait through them"),
        ("time_zone: BST", "did you mean 'Europe/London'?"),
        ("thresholds: {satisfaction: at least 7500}", "give 100 or less"),
    ],
)
def test_what_planners_write_gets_the_hint_that_they_need(keys: str, hint: str, tmp_path: Path) -> None:
    """A range, working days, the name of summer time and points beyond 100 are told what to write instead."""
    rest = "" if keys.startswith("phone") else "phone: {staff: 1}\n"
    (tmp_path / "hint.yaml").write_text(f"customers: 9\n{rest}{keys}\n")
    with pytest.raises(ScenarioError) as caught:
        read(tmp_path / "hint.yaml")
    (mistake,) = caught.value.mistakes
    assert hint in mistake.hint
