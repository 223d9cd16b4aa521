"""A scenario from counts continues them: it reads back, its week is theirs, and what was supposed is said."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import make_counts
import numpy as np
import pytest
from click.testing import CliRunner

from sim import units
from sim.cli import commands
from sim.clock import Week
from sim.erlang import agents_needed
from sim.errors import CannotWrite, ScenarioError, UsageError
from sim.history import KEYS, read_counts
from sim.new import Written, new
from sim.repeats import first_attempts
from sim.run import run
from sim.scenario import lower
from sim.scenario.read import Scenario, read
from sim.scenario.words import Mean

ROOT = Path(__file__).parent.parent
TUTORIAL = ROOT / "docs" / "tutorial" / "counts.csv"
DATA = os.environ.get("SIM_DATA")
MONDAY = date(2026, 6, 1)


def counts(
    folder: Path, header: str, cells: Sequence[object], *, number: int = 28, step: int = 1800, name: str = "counts.csv"
) -> Path:
    """A file with these cells in every interval from 08:00 to 16:00 of every day."""
    rows = [
        (
            (MONDAY + timedelta(days=day)).isoformat(),
            f"{second // 3600:02d}:{second % 3600 // 60:02d}",
            *("" if cell is None else str(cell) for cell in cells),
        )
        for day in range(number)
        for second in range(8 * 3600, 16 * 3600, step)
    ]
    path = folder / name
    make_counts.write_rows(path, header.split(","), rows)
    return path


def written(folder: Path, source: Path, **how: object) -> tuple[Written, str, Scenario]:
    """The scenario made of a file: what is returned, its text, and it read back."""
    made = new(source, folder / "desk.yaml", **how)  # type: ignore[arg-type]
    return made, made.path.read_text(encoding="utf-8"), read(made.path)


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory: pytest.TempPathFactory) -> tuple[Written, str, Scenario]:
    return written(tmp_path_factory.mktemp("tutorial"), TUTORIAL, time_zone="Europe/London")


def weekly(scenario: Scenario) -> dict[str, float]:
    """First attempts of a week by channel, as the rates of the scenario have them."""
    start, end, _ = lower.horizon(scenario)
    totals = [rate.total() * 7 * 86_400 / (end - start) for rate in lower.rates(scenario)]
    return dict(zip(scenario.spec.channels, totals, strict=True))


def mean(value: object) -> float:
    assert isinstance(value, Mean)
    return value.seconds


# --- the tutorial's desk ---------------------------------------------------------------------------------------------


def test_the_counts_of_the_tutorial_are_fresh(tmp_path: Path) -> None:
    """`docs/tutorial/counts.csv` is what its generator writes, and small enough to be looked at."""
    make_counts.write(tmp_path / "counts.csv")
    assert TUTORIAL.read_bytes() == (tmp_path / "counts.csv").read_bytes()
    assert TUTORIAL.stat().st_size <= 60_000


def test_the_week_of_the_scenario_is_the_mean_week_of_the_counts(tutorial: tuple[Written, str, Scenario]) -> None:
    """First attempts of a simulated week are, within 0.1 %, those that the fixed point makes of the counted week."""
    _, _, scenario = tutorial
    read_back = {channel.name: channel for channel in read_counts(TUTORIAL, columns={}).channels}
    phone = read_back["phone"]
    usual = np.array([number for number in range(56) if number != 21])  # the bank holiday
    by_weekday = [phone.offered[usual[usual % 7 == weekday]].sum(axis=1).mean() for weekday in range(7)]
    assert phone.abandoned is not None
    lost = phone.abandoned.sum() / phone.offered.sum()
    exact = sum(by_weekday) * (1 - 0.55 * lost - 0.3 * 0.75 * (1 - lost))
    assert weekly(scenario)["phone"] == pytest.approx(exact, rel=1e-3)


def test_days_and_half_hours_keep_their_proportions(tmp_path: Path) -> None:
    """Monday 10:00 stands to Saturday 12:00 in the rates as in the counts, within what rounding leaves."""
    _, _, scenario = written(tmp_path, TUTORIAL, time_zone="Europe/London", counts_are="first_attempts")
    offered = read_counts(TUTORIAL, columns={}).channels[0].offered
    usual = np.array([number for number in range(56) if number != 21])
    monday, saturday = offered[usual[usual % 7 == 0]], offered[5::7]
    workdays = offered[usual[usual % 7 < 5]].sum(axis=0)
    exact = (
        monday.sum(axis=1).mean() * workdays[20] / workdays.sum()
        / (saturday.sum(axis=1).mean() * saturday[:, 24].sum() / saturday.sum())
    )  # fmt: skip
    rate = lower.rates(scenario)[0]
    days = lower.calendar(scenario)
    edges = [days.elapsed(0, 10 * 3600), days.elapsed(0, 10 * 3600 + 1800)]
    other = [days.elapsed(5, 12 * 3600), days.elapsed(5, 12 * 3600 + 1800)]
    found = rate.integral(np.array(edges))[0] / rate.integral(np.array(other))[0]
    assert found == pytest.approx(exact, rel=0.01)


def test_rounded_shares_add_up(tutorial: tuple[Written, str, Scenario]) -> None:
    """Shares of a day's contacts are rounded so that they add to 100 %, and weekdays to seven mean days."""
    for channel in tutorial[2].spec.channels.values():
        assert isinstance(channel.shape, Week)
        for weekday in (0, 5):
            assert sum(piece.value for piece in channel.shape.on(weekday)) == pytest.approx(100, abs=1e-9)
        assert sum(channel.weekdays[:7]) == pytest.approx(7, abs=1e-9)


def test_a_scenario_is_always_the_same(tutorial: tuple[Written, str, Scenario], tmp_path: Path) -> None:
    """The same counts give the same file, byte for byte."""
    assert written(tmp_path, TUTORIAL, time_zone="Europe/London")[1] == tutorial[1]


def test_a_scenario_can_be_read_from_top_to_bottom(tutorial: tuple[Written, str, Scenario]) -> None:
    """No line is wider than 118 characters; the first names the schema, the second where it comes from."""
    lines = tutorial[1].splitlines()
    assert max(map(len, lines)) <= 118
    assert lines[0] == "# yaml-language-server: $schema=scenario.schema.json"
    assert lines[1] == "# Written by `sim new --from counts.csv` from 56 days of counts, 2026-08-10 to 2026-10-04."
    assert all(line == line.rstrip() for line in lines)


def test_the_scenario_starts_on_the_next_monday(tutorial: tuple[Written, str, Scenario], tmp_path: Path) -> None:
    """The first Monday after the last day of data, whichever weekday that is."""
    assert tutorial[2].spec.starts == date(2026, 10, 5)
    source = counts(tmp_path, "date,time,offered", (9,), number=8)  # to a Monday
    assert written(tmp_path, source)[2].spec.starts == date(2026, 6, 15)


def test_holidays_and_both_totals_are_told(tutorial: tuple[Written, str, Scenario]) -> None:
    """The summary says what was read, what was left out, how many are first attempts, what was assumed."""
    summary = tutorial[0].summary
    for said in (
        r"written from 1,837 rows of counts.csv: 56 days, 2026-08-10 to 2026-10-04, intervals of 30 minutes",
        r"phone: 19,013 offered in 56 days, 4\.4 % abandoned; 14,4\d\d first attempts",
        r"email: 1,495 offered in 56 days; 878 first attempts",
        r"Looks like a holiday, left out of the means: Monday 2026-08-31, phone: 0 where a Monday usually has 500",
        r"Assumed for phone: 45s of wrap-up",
        r"the staff is worked out from the counts",
    ):
        assert re.search(said, summary), said


def test_busyness_is_near_that_of_the_generator(tutorial: tuple[Written, str, Scenario]) -> None:
    """Days of shape 60 with one of 1.6 times as many contacts, hours of shape 120: all within a factor of two."""
    demand = tutorial[2].spec.demand
    assert make_counts.BUSY_DAYS / 2 < demand.busy_days < make_counts.BUSY_DAYS * 2
    assert make_counts.BUSY_HOURS / 2 < demand.busy_hours < make_counts.BUSY_HOURS * 2


def test_handle_time_is_as_counted(tutorial: tuple[Written, str, Scenario]) -> None:
    """Factor times handle time plus wrap-up is in the mean over contacts the counted handle time, and it is longer in
    the evening, when the generator makes it so."""
    phone = tutorial[2].spec.channels["phone"]
    counted = read_counts(TUTORIAL, columns={}).channels[0]
    by_hour = counted.handled.reshape(56, 24, 2).sum(axis=(0, 2))
    assert phone.handle_time_factor is not None
    factors = np.array([phone.handle_time_factor.at(0, hour * 3600) or 0 for hour in range(24)])
    found = mean(phone.handle_time) * factors + mean(phone.wrap_up)
    exact = (counted.handled * counted.aht).sum() / counted.handled.sum()
    assert np.average(found, weights=by_hour) == pytest.approx(exact, rel=0.005)
    assert factors[16] > 1.05 > factors[9]


def test_staff_is_what_erlang_c_asks_for(tutorial: tuple[Written, str, Scenario]) -> None:
    """In each half hour there are the agents that Erlang C needs for 80/20 with its contacts and AHT."""
    _, text, scenario = tutorial
    phone = scenario.spec.channels["phone"]
    assert isinstance(phone.staff, Week)
    assert isinstance(phone.shape, Week)
    assert phone.volume is not None
    assert phone.handle_time_factor is not None
    for weekday, start in ((0, 20), (2, 16), (4, 35), (5, 22)):
        second = start * 1800
        contacts = phone.volume * 86_400 * phone.weekdays[weekday] * (phone.shape.at(weekday, second) or 0) / 100
        busy = mean(phone.handle_time) * (phone.handle_time_factor.at(weekday, second) or 1) + mean(phone.wrap_up)
        needed = agents_needed(contacts / 1800, busy, share=0.8, within=20)
        assert abs((phone.staff.at(weekday, second) or 0) - needed) <= (1 if contacts * busy / 1800 > 4 else 0)
    assert "not your own staff" in text


def test_work_on_messages_fills_at_most_85_percent(tmp_path: Path) -> None:
    """As many agents in office hours as have time for a week's messages, and one fewer would not."""
    source = counts(tmp_path, "date,time,channel,offered,aht", ("email", 9, 420))
    _, _, scenario = written(tmp_path, source)
    staff = scenario.spec.channels["email"].staff
    assert isinstance(staff, Week)
    (agents,) = {piece.value for piece in staff.pieces}
    work = 9 * 16 * 7 * 420
    assert staff.seconds() == 5 * 8 * 3600
    assert work / (agents * staff.seconds()) <= 0.85 < work / ((agents - 1) * staff.seconds())


# --- what counts may look like ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [900, 1800, 3600])
def test_intervals_of_any_length_give_the_same_week(tmp_path: Path, step: int) -> None:
    """Quarters, half hours and hours with the same contacts an hour make the same volume and hours."""
    source = counts(tmp_path, "date,time,offered,abandoned", (step // 180, 0), step=step)
    _, _, scenario = written(tmp_path, source)
    assert weekly(scenario)["phone"] == pytest.approx(20 * 8 * 7 * (1 - 0.225), rel=1e-3)
    hours = scenario.spec.channels["phone"].hours
    assert hours is not None
    assert {(piece.start, piece.end) for piece in hours.pieces} == {(8 * 3600, 16 * 3600)}


@pytest.mark.parametrize(
    ("header", "cells", "expected", "said"),
    [
        ("offered,aht", (9, 233), (188, 45), "AHT 233 s less wrap-up"),
        ("offered,talk,acw", (9, 188, 30), (188, 30), "AHT 218 s less wrap-up"),
        ("offered,talk", (9, 188), (188, 45), "talk time as counted"),
        ("offered,aht", (9, 60), (60, 0), "AHT as counted"),
    ],
)
def test_wrap_up_is_part_of_the_handle_time(
    tmp_path: Path, header: str, cells: tuple[int, ...], expected: tuple[float, float], said: str
) -> None:
    """Handle time less counted or default wrap-up; talk is without it; a short handle time has no room for it."""
    _, text, scenario = written(tmp_path, counts(tmp_path, f"date,time,{header}", cells))
    phone = scenario.spec.channels["phone"]
    assert (mean(phone.handle_time), mean(phone.wrap_up)) == expected
    assert said in text
    assert phone.handle_time_factor is None


def test_wrap_up_is_as_long_at_any_hour(tmp_path: Path) -> None:
    """Factors stretch the handle time less wrap-up, so that both together are as counted: 100 s before noon, 300 s
    after it, of which 80 s are wrap-up."""
    rows = [
        (MONDAY + timedelta(days=day), f"{hour:02d}:00", 9, 100 if hour < 12 else 300, 80)
        for day in range(28)
        for hour in range(8, 16)
    ]
    make_counts.write_rows(tmp_path / "counts.csv", ("date", "time", "offered", "aht", "acw"), rows)  # type: ignore[arg-type]
    _, _, scenario = written(tmp_path, tmp_path / "counts.csv")
    phone = scenario.spec.channels["phone"]
    assert phone.handle_time_factor is not None
    found = [(phone.handle_time_factor.at(0, hour * 3600) or 0) * mean(phone.handle_time) + 80 for hour in (8, 15)]
    assert found == pytest.approx([100, 300], abs=1)


def test_without_handle_times_the_defaults_hold(tmp_path: Path) -> None:
    """Nothing is written, so that the run counts them among its assumptions."""
    made, text, scenario = written(tmp_path, counts(tmp_path, "date,time,offered", (9,)))
    assert "channels.phone.handle_time" in scenario.assumed
    assert "# handle_time and wrap_up are not in the counts" in text
    assert "Assumed for phone: the default handle time" in made.summary


def test_first_attempts_are_not_deflated(tmp_path: Path) -> None:
    """Counts that are first attempts already are the issues of the week."""
    source = counts(tmp_path, "date,time,offered,abandoned", (10, 1))
    made, text, scenario = written(tmp_path, source, counts_are="first_attempts")
    assert weekly(scenario)["phone"] == pytest.approx(10 * 16 * 7, rel=1e-3)
    assert "counts: first_attempts" in text
    assert "4,480 first attempts in 28 days" in made.summary


def test_abandonment_that_was_not_counted_is_supposed(tmp_path: Path) -> None:
    """Without it, the number of first attempts is that of Erlang A on the schedule, and the scenario leaves it to its
    own staff."""
    made, text, scenario = written(tmp_path, counts(tmp_path, "date,time,offered,aht", (10, 240)))
    assert re.search("    counts: offered  +# .* follow from the staff", text)
    found = re.search(r"a mean week: 1,120 offered, ([0-9]+) first attempts", made.summary)
    assert found is not None
    assert int(found[1]) == pytest.approx(weekly(scenario)["phone"], rel=0.01)
    assert 1120 * (1 - 0.55) < int(found[1]) < 1120 * (1 - 0.225)


def test_a_table_of_staff_is_named_from_where_the_scenario_is(tmp_path: Path) -> None:
    """`--staff` is written as a path relative to the scenario, on the first live channel."""
    source = counts(tmp_path, "date,time,calls,emails", (10, 2))
    (tmp_path / "plans").mkdir()
    staff = tmp_path / "staff.csv"
    rows = [(day, "08:00", "16:00", "phone", 5) for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")]
    make_counts.write_rows(staff, ("weekday", "from", "to", "group", "agents"), rows)
    made = new(source, tmp_path / "plans" / "desk.yaml", staff=staff)
    text = made.path.read_text(encoding="utf-8")
    assert "\n    staff: '../staff.csv'\n" in text
    assert "Erlang C" not in text
    assert "staffs phone; the staff of the others is worked out" in made.summary
    assert {piece.value for piece in read(made.path).spec.channels["phone"].staff.pieces} == {5}  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["Sales/UK", "null", "2nd line", "Büro", "a,b: c", "x" * 60])
def test_channels_of_any_name_read_back(tmp_path: Path, name: str) -> None:
    """Whatever a queue is called, the scenario reads back with a channel of a name that it can have."""
    made, text, scenario = written(tmp_path, counts(tmp_path, "date,time,queue,offered,abandoned", (name, 10, 1)))
    (channel,) = scenario.spec.channels.values()
    assert channel.kind == "live"
    assert "kind: live" in text
    assert "customers wait on the line for an answer (kind: live), as some abandon; if not" in made.summary


@pytest.mark.parametrize("name", ["June: calls #1.csv", "it's 'ours'.csv", "calls, 2026 (final).csv"])
def test_files_of_any_name_read_back(tmp_path: Path, name: str) -> None:
    """The name of the file may hold what means something in YAML."""
    _, _, scenario = written(tmp_path, counts(tmp_path, "date,time,offered", (9,), name=name))
    assert scenario.name == f"Phone, as in {name}"


def test_few_days_leave_busyness_to_the_defaults(tmp_path: Path) -> None:
    """Five days cannot tell it: the file says so, and the run counts it among its assumptions."""
    made, text, scenario = written(tmp_path, counts(tmp_path, "date,time,offered", (9,), number=5))
    assert "demand.busy_days" in scenario.assumed
    assert "cannot tell how days and hours differ" in text
    assert "The counts do not reach sat,sun" in made.summary


def test_no_busyness_is_zero(tmp_path: Path) -> None:
    """Counts that do not differ at all are written as none, not as the default."""
    _, text, scenario = written(tmp_path, counts(tmp_path, "date,time,offered", (9,)))
    assert "demand: {busy_days: 0, busy_hours: 0}  # days and hours differ by no more than chance" in text
    assert (scenario.spec.demand.busy_days, scenario.spec.demand.busy_hours) == (0, 0)


@pytest.mark.parametrize("offered", [1, 7, 123, 4567])
def test_rounded_figures_keep_the_week(tmp_path: Path, offered: int) -> None:
    """On desks of any size the figures of the file add up to the counted week within 0.1 %."""
    source = counts(tmp_path, "date,time,offered,abandoned", (offered, 0), number=35)
    _, _, scenario = written(tmp_path, source)
    spec = scenario.spec.channels["phone"]
    assert spec.volume is not None
    assert spec.volume * 7 * 86_400 == pytest.approx(offered * 16 * 7, rel=1e-3)
    assert sum(spec.weekdays[:7]) == pytest.approx(7)
    assert isinstance(spec.shape, Week)
    assert sum(piece.value for piece in spec.shape.on(0)) == pytest.approx(100)


def test_the_schema_that_a_scenario_names_is_beside_it(tmp_path: Path) -> None:
    """It is the one that is shipped with the scenarios; a file of that name that is there stays."""
    source = counts(tmp_path, "date,time,offered", (9,))
    made = new(source, tmp_path / "desk.yaml")
    schema = tmp_path / "scenario.schema.json"
    assert schema.read_bytes() == (ROOT / "scenarios" / "scenario.schema.json").read_bytes()
    assert "scenario.schema.json: written beside it" in made.summary
    schema.write_text("mine", encoding="utf-8")
    assert "scenario.schema.json" not in new(source, tmp_path / "other.yaml").summary
    assert schema.read_text(encoding="utf-8") == "mine"


def test_what_was_left_out_and_how_dates_were_read_is_told(tmp_path: Path) -> None:
    """Titles above the header and totals below the rows are named, as is an order of dates that was inferred."""
    lines = counts(tmp_path, "date,time,offered", (9,)).read_text(encoding="utf-8").splitlines()
    turned = [re.sub(r"^(\d{4})-(\d\d)-(\d\d)", r"\3/\2/\1", line) for line in lines]
    source = tmp_path / "export.csv"
    source.write_text("\n".join(["Calls of June", "", *turned, "Total,,4032"]) + "\n", encoding="utf-8")
    summary = new(source, tmp_path / "desk.yaml").summary
    assert f"Left out: 2 lines above the header, 1 totals row (line {len(lines) + 3})." in summary
    assert "Dates such as 05/10/2026 were read day first" in summary


@pytest.mark.parametrize(("offered", "abandoned"), [(10, 1), (7, 2), (9, 1), (123, 17)])
def test_first_attempts_are_one_figure(tmp_path: Path, offered: int, abandoned: int) -> None:
    """The summary, the comment in the scenario and `sim validate` say the same of a week."""
    source = counts(tmp_path, "date,time,offered,abandoned", (offered, abandoned))
    made, text, scenario = written(tmp_path, source)
    figures = f"{lower.counted(scenario)['phone'].offered:,.0f}", f"{lower.counted(scenario)['phone'].issues:,.0f}"
    assert f"{figures[0]} offered are {figures[1]} first attempts" in text
    assert f"a mean week: {figures[0]} offered, {figures[1]} first attempts" in made.summary


def test_what_first_attempts_rest_on_is_told(tmp_path: Path) -> None:
    """The defaults and their keys, unless first attempts are what was counted; of a channel of one's own, its kind."""
    source = counts(tmp_path, "date,time,Service offered,email offered", (9, 1))
    summary = new(source, tmp_path / "desk.yaml").summary
    assert "Assumed for service: customers wait on the line for an answer (kind: live), by its name; if not" in summary
    for key in ("redial: 55% after 30m", "resolved_at_first_contact: 70%", "reconnect: 75% after 1d"):
        assert f"({key})" in summary
    assert "redial" not in new(source, tmp_path / "b.yaml", counts_are="first_attempts").summary


def test_the_names_of_columns_are_in_the_help() -> None:
    """`sim new --help` lists all that `--column` may name."""
    said = " ".join(CliRunner().invoke(commands, ["new", "--help"]).output.split())
    assert f"Ours: {', '.join(KEYS)}." in said.replace(",wrap_up", ", wrap_up")


# --- what is refused -------------------------------------------------------------------------------------------------


def test_a_file_that_is_there_is_never_replaced(tmp_path: Path) -> None:
    """The target stays as it is, and nothing is left beside it."""
    source = counts(tmp_path, "date,time,offered", (9,))
    target = tmp_path / "desk.yaml"
    target.write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="is already there; choose another name with --out"):
        new(source, target)
    assert target.read_text(encoding="utf-8") == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["counts.csv", "desk.yaml"]


def test_counts_are_checked_before_the_target(tmp_path: Path) -> None:
    """What is wrong with the file is told, though the scenario is there already."""
    (tmp_path / "desk.yaml").write_text("mine", encoding="utf-8")
    with pytest.raises(ScenarioError, match="no column holds the offered contacts"):
        new(counts(tmp_path, "date,time,n", (9,)), tmp_path / "desk.yaml")


def test_a_file_that_comes_in_between_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else's file of that name, written while ours was made, stays."""
    source, target = counts(tmp_path, "date,time,offered", (9,)), tmp_path / "desk.yaml"

    def slowly(path: Path) -> Scenario:
        target.write_text("theirs", encoding="utf-8")
        return read(path)

    monkeypatch.setattr("sim.new.read", slowly)
    with pytest.raises(UsageError, match="is already there"):
        new(source, target)
    assert target.read_text(encoding="utf-8") == "theirs"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["counts.csv", "desk.yaml"]


@pytest.mark.parametrize("cells", [(100_000_000, 300), (20, 1_000_000_000), (100_000_000,)])
def test_more_work_than_any_desk_can_do_is_a_mistake(tmp_path: Path, cells: tuple[object, ...]) -> None:
    """Counts or handle times that are out of all proportion are told by row, before any staff is worked out."""
    header = "date,time,offered,aht" if len(cells) == 2 else "date,time,offered"
    source = counts(tmp_path, header, cells)
    with pytest.raises(ScenarioError, match="more than 10,000 agents can handle"):
        new(source, tmp_path / "desk.yaml")


def test_after_a_mistake_nothing_is_there(tmp_path: Path) -> None:
    """Neither bad counts nor a bad table of staff leave a file."""
    source = counts(tmp_path, "date,time,offered", ("many",))
    with pytest.raises(ScenarioError, match="'many' is not a number"):
        new(source, tmp_path / "desk.yaml")
    good = counts(tmp_path, "date,time,offered", (9,), name="good.csv")
    (tmp_path / "staff.csv").write_text("nonsense\n1\n", encoding="utf-8")
    with pytest.raises(ScenarioError):
        new(good, tmp_path / "desk.yaml", staff=tmp_path / "staff.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["counts.csv", "good.csv", "staff.csv"]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"time_zone": "Europe/Londn"}, "did you mean 'Europe/London'"),
        ({"channel": "a:b"}, "not a name"),
        ({"staff": Path("nowhere.csv")}, "there is no such file"),
    ],
)
def test_a_bad_argument_is_named(tmp_path: Path, how: dict[str, object], said: str) -> None:
    """What cannot be right is a mistake of usage, before any counts are read."""
    with pytest.raises(UsageError, match=said):
        new(tmp_path / "counts.csv", tmp_path / "desk.yaml", **how)  # type: ignore[arg-type]


def test_a_folder_that_is_not_there_cannot_be_written(tmp_path: Path) -> None:
    """The message names the target and another place."""
    source = counts(tmp_path, "date,time,offered", (9,))
    with pytest.raises(CannotWrite, match="choose another place with --out"):
        new(source, tmp_path / "missing" / "desk.yaml")
    with pytest.raises(UsageError, match=r"a scenario is a \.yaml file"):
        new(source, tmp_path / "desk.xlsx")


# --- the fixed point -------------------------------------------------------------------------------------------------


def test_first_attempts_are_the_fixed_point() -> None:
    """Of 1,000 offered with 10 % abandoned, half of whom redial, and a fifth of the answered who come back, 770 are
    first attempts; and following all attempts of 770 first ones gives 1,000."""
    assert first_attempts(1000, 0.5, 0.1, 0.2) == pytest.approx(770)
    attempts, total = 770.0, 0.0
    for _ in range(200):
        total += attempts
        attempts *= 0.5 * 0.1 + 0.2 * 0.9
    assert total == pytest.approx(1000)


def test_contacts_that_all_come_back_have_no_first() -> None:
    """If every abandoned contact redials and all abandon, no number of first attempts explains them."""
    with pytest.raises(ValueError, match="every contact is followed by another"):
        first_attempts(1000, 1.0, 1.0, 0.0)


# --- the real log ----------------------------------------------------------------------------------------------------


@pytest.mark.statistics
@pytest.mark.skipif(not DATA, reason="SIM_DATA does not name the folder of the real logs")
def test_a_month_of_a_real_log_goes_on(tmp_path: Path) -> None:
    """The counted month has all 29,875 calls of the log. The simulated week has as many first attempts as the fixed
    point makes of them, and as many contacts as follow from these with the abandonment of the simulated staff; that is
    as many as the mean week of the log within the intervals of both."""
    log = Path(DATA or "") / "anonymous_bank_1999" / "1999-01.csv"
    make_counts.write_bank(log, tmp_path / "january.csv")
    made, _, scenario = written(tmp_path, tmp_path / "january.csv", time_zone="Asia/Jerusalem")
    assert "phone: 29,875 offered in 29 days, 10.1 % abandoned" in made.summary
    assert "No rows, so no data (not nobody): 1999-01-11, 1999-01-12." in made.summary
    (phone,) = read_counts(tmp_path / "january.csv", columns={}).channels
    totals = phone.offered.sum(axis=1)
    weekdays = np.array([day.weekday() for day in read_counts(tmp_path / "january.csv", columns={}).days])
    logged = sum(totals[weekdays == weekday].mean() for weekday in range(7))
    assert weekly(scenario)["phone"] == pytest.approx(logged * (1 - 0.55 * 0.1012 - 0.225 * 0.8988), rel=1e-3)

    folder = tmp_path / "contacts"
    folder.mkdir()
    result = run(scenario, folder, replications=40, jobs=1)
    figures = {f.measure.name: f.estimate for f in result.figures if f.channel == "phone" and f.segment is None}
    offered, lost = figures["offered"], figures["abandoned"].value / figures["offered"].value
    implied = weekly(scenario)["phone"] / (1 - 0.55 * lost - 0.225 * (1 - lost))
    assert offered.low <= implied <= offered.high
    error = sum(totals[weekdays == day].var(ddof=1) / (weekdays == day).sum() for day in range(7)) ** 0.5
    assert abs(offered.value - logged) < 2 * error + (offered.high - offered.low) / 2


@pytest.mark.statistics
@pytest.mark.skipif(not DATA, reason="SIM_DATA does not name the folder of the real logs")
def test_the_bank_staffed_as_it_was_gets_the_calls_that_it_got(tmp_path: Path) -> None:
    """With the bank's staff and patience, a simulated week has the log's calls within 3 %, and loses about as many."""
    log = Path(str(DATA)) / "anonymous_bank_1999/1999-01.csv"
    make_counts.write_bank(log, tmp_path / "january.csv")
    make_counts.write_bank_staff(log, tmp_path / "staff.csv")
    made = new(
        tmp_path / "january.csv", tmp_path / "bank.yaml", time_zone="Asia/Jerusalem", staff=tmp_path / "staff.csv"
    )
    scenario = read(made.path, ["phone.patience=weibull(scale 475s, shape 0.86)"])
    folder = tmp_path / "contacts"
    folder.mkdir()
    result = run(scenario, folder, replications=40, jobs=1)
    figures = {f.measure.name: f.estimate for f in result.figures if f.channel == "phone" and f.segment is None}
    assert figures["offered"].value == pytest.approx(7623, rel=0.03)
    assert figures["abandoned"].value / figures["offered"].value == pytest.approx(0.101, abs=0.04)


def test_the_words_of_a_scenario_are_the_units(tutorial: tuple[Written, str, Scenario]) -> None:
    """The volume is written with the digits and the unit that a scenario reads."""
    found = re.search(r"volume: (\S+)", tutorial[1])
    assert found is not None
    assert units.rate(found[1]) * 7 * 86_400 == pytest.approx(2440, abs=1)
