"""What the terminal says of hand-made weeks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from tables import DAY, HOUR, MINUTE, Row, contacts

from sim.estimate import Estimate, wilson
from sim.measures.intervals import intervals
from sim.measures.summary import figures, summarise
from sim.report import console, pictures
from sim.report.document import days_csv, document
from sim.report.figures import interval
from sim.run import Result
from sim.scenario import lower
from sim.scenario.read import read
from sim.schemas import Cause, Outcome

WEEK = """\
name: A week
customers: 1000
starts: 2026-10-05
phone: {staff: 2, hours: 08:00-20:00}
email: {staff: {mon-fri: {09:00-17:00: 1}}}
targets: {phone: 80% within 20s, email: 90% within 8h}
"""
NINE = 9 * HOUR


def result(folder: Path, *replications: list[Row], sets: tuple[str, ...] = (), capped: int = 0) -> Result:
    path = folder / "week.yaml"
    path.write_text(WEEK)
    scenario = read(path, sets)
    of = lower.desk(scenario)
    summaries = [
        summarise(contacts(*rows), of, replication=number, population_digest="", capped=capped)
        for number, rows in enumerate(replications)
    ]
    found = figures(summaries, of), intervals(summaries, of)
    return Result(scenario, of, 1, tuple(summaries), tuple(found[0]), found[1], "")


def said(folder: Path, *replications: list[Row], sets: tuple[str, ...] = ()) -> str:
    """What is said, on one line."""
    return re.sub(r"\s+", " ", console.report(result(folder, *replications, sets=sets)))


def mail(offered: float, answered: float | None) -> Row:
    ended = None if answered is None else answered + 5 * MINUTE
    return {"channel": 1, "offered": offered, "answered": answered, "ended": ended}


def call(offered: float, wait: float) -> Row:
    return {"channel": 0, "offered": offered, "answered": offered + wait, "ended": offered + wait + 60}


def cleared(*moments: float | None) -> list[list[Row]]:
    """A replication for each moment, in which two messages wait on Monday morning and the last is answered then."""
    return [[mail(0.0, NINE), mail(HOUR, moment)] for moment in moments]


def test_target_and_intervals_are_told_apart(tmp_path: Path) -> None:
    """Where all half-hours of one week meet the target and half of the other's, that is 1 of 2 weeks, and 75 %."""
    good, bad = [call(NINE, 5), call(NINE + HOUR, 5)], [call(NINE, 5), call(NINE + HOUR, 50)]
    text = said(tmp_path, good, bad)
    assert "Phone is on the edge of its target: 75.0 %" in text
    assert "It is met in 1 of 2 weeks and in 75 % of half-hours [0, 100]." in text
    share_met = [call(NINE, 5)] * 14 + [call(NINE, 50)] * 11
    text = said(tmp_path, share_met, share_met, sets=("targets.phone=56% within 20s",))
    assert "It is met in 2 of 2 weeks and in 100 % of half-hours" in text
    assert "It is met in 50 % of quarter-hours." in said(tmp_path, bad, sets=("interval=15m",))


def test_monday_s_backlog_is_told(tmp_path: Path) -> None:
    """The moment is the end of its half-hour, with its day where that is another."""
    times = [*[NINE + 61 * MINUTE] * 9, *[DAY + NINE + 2 * HOUR] * 8, *[DAY + 14 * HOUR] * 3]
    text = said(tmp_path, *cleared(*times))
    told = "all answered by Tuesday 11:00 in half of the weeks, by 14:00 in nine of ten."
    assert f"Monday starts with 2 waiting [2, 2], {told}" in text
    assert "The backlog is longest" not in text
    text = said(tmp_path, *cleared(*[NINE + 61 * MINUTE] * 20))
    assert "Monday starts with 2 waiting [2, 2], all answered by 10:30 in nine of ten weeks. " in text
    assert "Monday starts with 2 waiting, all answered by 10:30. " in said(tmp_path, *cleared(NINE + 61 * MINUTE))


def test_a_backlog_that_does_not_clear_is_told(tmp_path: Path) -> None:
    """How many weeks do not clear is said; where that is half of them or more, no moment is named."""
    text = said(tmp_path, *cleared(*[NINE + HOUR] * 8, None, None))
    told = "all answered by 10:00 in half of the weeks; in 2 of 10 weeks some of them still wait when the clock stops."
    assert told in text
    text = said(tmp_path, *cleared(NINE + HOUR, None, None))
    assert "starts with 2 waiting [2, 2]; in 2 of 3 weeks some of them still wait when the clock stops." in text
    assert "answered by" not in text


def test_without_a_backlog_nothing_is_said_of_it(tmp_path: Path) -> None:
    """Where nobody waits on Monday morning, there is no sentence on when it clears."""
    assert "starts with" not in said(tmp_path, [mail(NINE + HOUR, NINE + 3 * HOUR)], [])


def test_a_backlog_that_is_longest_later_is_told_too(tmp_path: Path) -> None:
    """One waits on Monday morning, three on Thursday evening: both are said."""
    evening = 3 * DAY + 18 * HOUR
    text = said(tmp_path, [mail(0.0, NINE), *[mail(evening, 4 * DAY + NINE)] * 3])
    assert "Monday starts with 1 waiting, all answered by 09:00. The backlog is longest Thursday 18:00: 3 wait" in text


def test_weekdays_come_with_the_date_where_they_come_twice(tmp_path: Path) -> None:
    """In a run of two weeks every day has its date; in one of a week, the days after it."""
    rows = cleared(8 * DAY + NINE)
    text = said(tmp_path, *rows, sets=("lasts=14d",))
    assert "Monday 5 October starts with 2 waiting, all answered by Tuesday 13 October 09:00." in text
    assert "Monday starts with 2 waiting, all answered by Tuesday 13 October 09:00." in said(tmp_path, *rows)


@pytest.mark.parametrize("capped", [0, 2])
def test_the_cap_of_attempts_is_noted_when_it_was_hit(capped: int, tmp_path: Path) -> None:
    """The note stands only where somebody was stopped; the document always has the figure."""
    of = result(tmp_path, [], [], capped=capped)
    text = console.report(of)
    assert re.findall(r"\d+ times a customer would have tried more often", text) == (
        ["4 times a customer would have tried more often"] if capped else []
    )
    found = next(measure for measure in document(of)["measures"] if measure["name"] == "attempts_capped")
    assert found["value"] == capped


def test_the_document_says_why_it_has_no_figure(tmp_path: Path) -> None:
    """Where one week of ten does not clear, the median has an interval and nine of ten has none, and says why."""
    of = result(tmp_path, *cleared(*[NINE + HOUR] * 9, None))
    told = {m["name"]: m for m in document(of)["measures"] if m["channel"] == "email" and m["segment"] is None}
    assert (told["backlog_clears"]["value"], told["backlog_clears"]["reason"]) == (NINE + HOUR, None)
    assert (told["backlog_clears_p90"]["value"], told["backlog_clears_p90"]["high"]) == (NINE + HOUR, None)
    assert told["backlog_clears_p90"]["reason"] == "10 replications are too few for an interval"


def growing(*, cleared_on: int | None) -> list[Row]:
    """Forty messages of which none is answered; those before the second Friday are, on a day."""
    at = None if cleared_on is None else cleared_on * DAY + NINE
    return [
        *[mail(5 * DAY + number * HOUR, at) for number in range(20)],
        *[mail(11 * DAY + number * HOUR, None) for number in range(20)],
    ]


def test_a_backlog_that_was_cleared_in_the_last_week_does_not_grow(tmp_path: Path) -> None:
    """At the end of a fortnight more wait than a week before; that more comes than is done is said only where the
    queue was not empty in between."""
    grows = "more work comes than is done"
    assert grows in said(tmp_path, growing(cleared_on=None), sets=("lasts=14d",))
    assert grows not in said(tmp_path, growing(cleared_on=10), sets=("lasts=14d",))


def test_holidays_are_named(tmp_path: Path) -> None:
    """Those of the measured time, by month; where there is none, nothing is said of them."""
    dates = "{also: [2026-10-06, 2026-10-08, 2026-10-31, 2026-11-01, 2026-11-02]}"
    text = said(tmp_path, [call(NINE, 5)], sets=(f"holidays={dates}", "lasts=28d"))
    assert "Holidays: Tue 6, Thu 8 and Sat 31 October and Sun 1 November." in text
    assert "Holidays" not in said(tmp_path, [call(NINE, 5)])


def test_people_are_compared_at_the_peak(tmp_path: Path) -> None:
    """Of an hour with three agents and then one, those of the half-hour that needs most stand beside its need."""
    late = [call(NINE + HOUR + 31 * MINUTE + number, 50) for number in range(40)]
    text = said(tmp_path, late, sets=("phone.staff={daily: {08:00-10:30: 3, 10:30-20:00: 1}}",))
    assert "Monday 10:00–11:00: 0 % of 40 contacts are answered in time; at 10:30 Erlang C asks for" in text
    assert " people, and 1 is scheduled." in text


def test_an_hour_that_comes_twice_says_so(tmp_path: Path) -> None:
    """In the night in which the clocks go back, of the hour that is repeated; of no other."""
    night = ("starts=2026-10-25", "time_zone=Europe/London", "phone.hours=always", "lasts=1d")
    for moment, named in ((HOUR, "01:00–02:00 (an hour that comes twice): "), (4 * HOUR, "03:00–04:00: ")):
        rows = [call(moment + number, 50) for number in range(5)]
        assert f"Most contacts miss it Sunday {named}" in said(tmp_path, rows, sets=night)


def test_nothing_is_minus_zero(tmp_path: Path) -> None:
    """An end of an interval or band that rounds to nothing has no sign."""
    text = said(tmp_path, *[[call(NINE, 5)], [call(NINE, 6)], [call(NINE, 40)]])
    assert "Customers: satisfaction " in text
    assert "-0.0" not in text
    assert interval(Estimate(0.0, -0.04, 0.04, 3)) == "[0.0, 0.0]"


def days(*levels: Sequence[bool]) -> list[list[Row]]:
    """A replication for each sequence: a call a day from Monday on, in time or not."""
    return [[call(day * DAY + NINE, 5 if good else 50) for day, good in enumerate(week)] for week in levels]


@pytest.mark.parametrize(
    ("tuesdays", "told"),
    [
        (0, "none meets it (0 of 18)."), (2, "one in nine meets it (2 of 18)."),
        (7, "four in ten meet it (7 of 18)."), (16, "nine in ten meet it (16 of 18)."),
    ],
)  # fmt: skip
def test_the_risk_of_the_worst_weekday_is_told(tuesdays: int, told: str, tmp_path: Path) -> None:
    """Of Monday, Tuesday and Wednesday, the one that meets the target least often is named, with how often."""
    weeks = days(*([True, number < tuesdays, True] for number in range(18)))
    assert f"]. Tuesday is the worst day: {told} " in said(tmp_path, *weeks)


def test_a_risk_that_is_small_or_hardly_seen_is_not_told(tmp_path: Path) -> None:
    """Nothing is said where every weekday meets the target nine times in ten, of fewer than ten days, or of a single
    day; where no day meets it, that is said instead, and of two that are as bad, neither is called the worst."""
    sure = days(*([True, number > 0] for number in range(10)))
    assert "worst day" not in said(tmp_path, *sure)
    assert "worst day" not in said(tmp_path, *days(*[[True, False]] * 9))
    assert "worst day" not in said(tmp_path, *days(*[[False]] * 12), sets=("lasts=1d",))
    assert "No day meets it." in said(tmp_path, *days(*[[False, False]] * 10))
    two = days(*[[True, False, False]] * 10)
    assert "Tuesday is among the worst days: none meets it (0 of 10)." in said(tmp_path, *two)


def test_a_holiday_is_no_monday(tmp_path: Path) -> None:
    """Days on which a holiday falls are told apart from their weekday."""
    weeks = days(*[[False, True]] * 12)
    text = said(tmp_path, *weeks, sets=("holidays={also: [2026-10-05]}",))
    assert "A holiday is the worst day: none meets it (0 of 12)." in text
    assert "Monday is" not in text


def test_the_table_of_days_by_hand(tmp_path: Path) -> None:
    """Ten Mondays with levels of 0, 0, 0.8, 1 … 1, of which eight meet 80 %, with Wilson's interval; a day without
    contacts has none."""
    just = [call(NINE, 5)] * 4 + [call(NINE, 50)]
    header, *rows = days_csv(result(tmp_path, *days(*[[False]] * 2, *[[True]] * 7), just)).splitlines()
    assert header.startswith("date,weekday,channel,offered,service_level,service_level_p10,service_level_p90,days,met,")
    low, high = wilson(0.8, 10)
    assert rows[0] == f"2026-10-05,mon,phone,1.4,0.785714,0.0,1.0,10,0.8,{low:.6f},{high:.6f}"
    assert rows[2] == "2026-10-06,tue,phone,0.0,,,,0,,,"
    assert len(rows) == 14


def routed(folder: Path, *rows: Row, sets: tuple[str, ...] = ()) -> str:
    """What is said of the same week with a bot in front of the phone, twice over."""
    bot = (
        "channels.bot={kind: self_service, volume: 0/week, escalates: 60% to phone}",
        "phone.self_service_first=50% to bot",
    )
    return said(folder, list(rows), list(rows), sets=(*bot, *sets))


def served(outcome: Outcome, resolved: int | None) -> Row:
    nobody = {"taken": None, "freed": None, "group": None, "agent": None}
    moments = {"offered": NINE, "answered": NINE, "ended": NINE + 60}
    return {**moments, "channel": 2, "outcome": outcome, "resolved": resolved, **nobody}


def test_a_machine_is_told_by_what_it_solves(tmp_path: Path) -> None:
    """Of five, two are solved, one is passed on, one is left and one cut off; the table has no wait for it."""
    solved, left = served(Outcome.CONTAINED, 1), served(Outcome.CONTAINED, 0)
    passed, cut = served(Outcome.TRANSFERRED, 0), served(Outcome.DISCONNECTED, None)
    text = routed(tmp_path, solved, solved, left, passed, cut)
    assert re.search(
        r"Bot resolves 40.0 % \[[\d., ]+\] of 5 contacts a week and passes 20 % on to phone; 20 % leave it without a "
        r"solution; 1 were cut off\.",
        text,
    )
    assert re.search(r"bot 5 – – – – – [\d.]+ ", text)
    unused = routed(tmp_path, call(NINE, 5))
    assert "Bot" not in unused
    assert "bot 0" not in unused


def test_other_routes_are_told_where_they_happen(tmp_path: Path) -> None:
    """Callbacks, deflection, outsourcing, silent leavers, transfers, switches, complaints and chasers, each with its
    number; nothing of them in a plain week."""
    base = call(NINE, 5)
    gone = {"offered": NINE, "ended": NINE + 5, "taken": NINE + 60, "freed": NINE + 420, "group": 0, "agent": 0}
    text = routed(
        tmp_path,
        {**call(NINE, 840), "outcome": Outcome.CALLED_BACK, "announced": 720.0},
        {"offered": NINE, "ended": NINE, "outcome": Outcome.DEFLECTED},
        {**base, "outcome": Outcome.OUTSOURCED, "taken": None, "freed": None, "group": None, "agent": None},
        gone,
        {**base, "outcome": Outcome.TRANSFERRED, "resolved": 0},
        {**base, "cause": Cause.SWITCH},
        {**base, "cause": Cause.PUBLIC},
        {**mail(NINE, NINE + HOUR), "chasers": 1},
        *[mail(NINE, NINE + HOUR)] * 8,
        sets=("policies.response=outsource(after 1m, price 5)",),
    )
    for told in (
        "1 customer a week took a callback; on average called back after 14 min, announced 12 min.",
        "1 customer a week took up the offer to use another channel.",
        "1 contact a week went to the outsourcer, for 5 EUR.",
        "14 % of the contacts turn out to have left without a word when an agent takes them; finding that out takes "
        "agents 0.1 hours a week.",
        "1 contact a week came from customers who got no answer elsewhere.",
        "1 customer a week complained here in public.",
        "One message in nine is chased.",
    ):
        assert told in text
    assert re.search(r"Agents pass 20 % \[\d+, \d+\] of the answered on\.", text)
    plain = said(tmp_path, [base, mail(NINE, NINE + HOUR)])
    for word in ("callback", "took up", "outsourcer", "without a word", "pass", "elsewhere", "public", "chased"):
        assert word not in plain


def test_machines_have_no_place_among_those_who_wait(tmp_path: Path) -> None:
    """The plots of demand show a machine, those of waiting, staffing and service level do not; nor do the days, and
    all of them are drawn."""
    sets = ("channels.bot={kind: self_service, volume: 0/week, escalates: 60% to phone}",)
    of = result(tmp_path, [served(Outcome.CONTAINED, 1), call(NINE, 5)], sets=sets)
    shown = pictures.pictures(of)
    assert [channel.name for channel in shown["demand"].channels] == ["phone", "email", "bot"]
    assert [channel.name for channel in shown["waiting"].channels] == ["phone", "email"]
    for name in ("service_level", "staffing"):
        data = shown[name]
        assert [each.name for each in getattr(data, "channels", ()) or data.groups] == ["phone"]
    assert "bot" not in days_csv(of)
    assert len(pictures.write(of, tmp_path)) == 3 * len(shown)


def test_overtime_is_told_where_it_is_paid(tmp_path: Path) -> None:
    """Half an hour beyond the evening at twice 30 EUR an hour: 30 EUR; where it is not paid, it is not told."""
    late = {**call(20 * HOUR - 60, 0), "ended": 20.5 * HOUR, "freed": 20.5 * HOUR}
    groups = "groups={a: {answers: [phone, email], staff: {daily: {08:00-20:00: 1}}, cost: 30 EUR/h%s}}"
    plain = ("phone={hours: 08:00-20:00}", "email={}")
    assert "Overtime: 0.5 hours a week [0.5, 0.5], 30 EUR of the cost." in said(
        tmp_path, [late], [late], sets=(*plain, groups % ", overtime: 2x")
    )
    assert "Overtime" not in said(tmp_path, [late], [late], sets=(*plain, groups % ""))
