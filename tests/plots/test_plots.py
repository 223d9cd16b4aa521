"""Plots draw whatever they are given, say what they show, and give the same bytes for the same data."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from test_curves import curve, three
from test_erlang_gap import gap_plot_example
from test_policy_plots import policy_plot_examples

import sim.plots
from sim.errors import CannotWrite, UsageError
from sim.plots import PLOTS, backlog, demand, net_staffing, occupancy, plot, service_level, staffing, waiting, write
from sim.plots._duration import duration
from sim.plots._intervals import Intervals, outline, worst_week
from sim.plots._style import LINES, Label, Sheet, label_ends, plain
from sim.plots.agreement import Agreement, ChannelAgreement
from sim.plots.backlog import Backlog, ChannelBacklog
from sim.plots.demand import ChannelDemand, Demand
from sim.plots.occupancy import GroupTime, Occupancy
from sim.plots.service_level import ChannelLevel, ServiceLevel
from sim.plots.staffing import GroupStaffing, Staffing
from sim.plots.waiting import ChannelWaits, Waiting
from sim.tables import Floats

pytestmark = pytest.mark.filterwarnings("error")

MONDAY = datetime(2026, 10, 5)
HALF_HOUR = 1800
NAN = float("nan")


def week(days: float = 7.0, *, starts: datetime = MONDAY, runs: int = 5, name: str = "phone") -> dict[str, Any]:
    """One data set a plot, of a channel open from 8 to 20 every day."""
    count = round(days * 48)
    hour = (np.arange(count) / 2 + starts.hour) % 24
    opened = (hour >= 8) & (hour < 20)
    draws = np.random.default_rng(1)
    need = np.where(opened, 10 + 5 * np.sin((hour - 8) / 2), NAN)
    shares = np.where(opened, 0.8 + 0.2 * np.sin(hour), NAN)
    half = np.full(count, 0.05 if runs > 1 else NAN)
    waits = [np.where(draws.random(50) < 0.1, NAN, draws.exponential(40.0, 50)) for _ in range(runs)]
    slow = [draws.exponential(6 * 3600.0, 50) for _ in range(runs)]
    agents = Staffing(
        starts, HALF_HOUR, (GroupStaffing(name, np.where(opened, 11.0, 0.0), np.ceil(need) + 1, np.ceil(need)),)
    )
    offered = draws.poisson(np.where(opened, 12.0, 0.0), (runs, count)).astype(float)
    present = np.where(opened, 5.0, 0.0)
    return {
        "demand": Demand(starts, HALF_HOUR, (ChannelDemand(name, offered, opened),)),
        "staffing": agents,
        "net_staffing": agents,
        "occupancy": Occupancy(
            starts, HALF_HOUR, (GroupTime(name, 0.6 * present, 0.2 * present, present, opened),), runs
        ),
        "service_level": ServiceLevel(
            starts,
            HALF_HOUR,
            (ChannelLevel(name, shares, shares - half, shares + half, 0.8, 20.0, offered.mean(axis=0)),),
            runs,
        ),
        "waiting": Waiting(
            (
                ChannelWaits(name, True, tuple(waits), 0.8, 20.0),
                ChannelWaits("email", False, tuple(slow), 0.9, 86_400.0),
            )
        ),
        "backlog": Backlog(
            starts, HALF_HOUR, (ChannelBacklog("email", draws.poisson(20.0, (runs, count)).astype(float), opened),)
        ),
        "agreement": compared(starts, draws.poisson(20.0, count).astype(float), slow[0], runs, name),
    }


def compared(starts: datetime, waiting: Floats, waits: Floats, runs: int, name: str = "email") -> Agreement:
    """A test that observed so many waiting, and these waits, where a tenth less was predicted."""
    expected = 0.9 * waiting
    channel = ChannelAgreement(
        name, waiting, 0.5 * waiting, expected, expected - 2, expected + 2, 0.9 * waits, waits
    )  # fmt: skip
    return Agreement(starts, HALF_HOUR, (channel,), runs)


def nothing(count: int, runs: int) -> dict[str, Any]:
    """Data sets in which nothing was ever open, offered or known."""
    never = np.full(count, NAN)
    zero, closed = np.zeros(count), np.zeros(count, dtype=bool)
    return {
        "demand": Demand(MONDAY, HALF_HOUR, (ChannelDemand("phone", np.zeros((runs, count)), closed),)),
        "staffing": Staffing(MONDAY, HALF_HOUR, (GroupStaffing("phone", zero, never, never),)),
        "net_staffing": Staffing(MONDAY, HALF_HOUR, (GroupStaffing("phone", zero, never, never),)),
        "occupancy": Occupancy(MONDAY, HALF_HOUR, (GroupTime("phone", zero, zero, zero, closed),), runs),
        "service_level": ServiceLevel(
            MONDAY, HALF_HOUR, (ChannelLevel("phone", never, never, never, 0.8, 20.0, zero),), runs
        ),
        "waiting": Waiting((ChannelWaits("phone", True, (np.empty(0),) * runs, 0.8, 20.0),)),
        "backlog": Backlog(MONDAY, HALF_HOUR, (ChannelBacklog("email", np.full((runs, count), NAN), closed),)),
        "agreement": compared(MONDAY, never, np.empty(0), runs),
    }


def zeros(count: int) -> dict[str, Any]:
    """Data sets in which everything that can be is zero, or was never answered."""
    zero, opened = np.zeros(count), np.ones(count, dtype=bool)
    return {
        "demand": Demand(MONDAY, HALF_HOUR, (ChannelDemand("phone", np.zeros((3, count)), opened),)),
        "staffing": Staffing(MONDAY, HALF_HOUR, (GroupStaffing("phone", zero, zero, zero),)),
        "net_staffing": Staffing(MONDAY, HALF_HOUR, (GroupStaffing("phone", zero, zero, zero),)),
        "occupancy": Occupancy(MONDAY, HALF_HOUR, (GroupTime("phone", zero, zero, zero + 1, opened),), 3),
        "service_level": ServiceLevel(
            MONDAY, HALF_HOUR, (ChannelLevel("phone", zero, zero, zero, 0.8, 20.0, zero),), 3
        ),
        "waiting": Waiting((ChannelWaits("phone", True, (np.full(4, NAN), np.zeros(0)), 0.8, 20.0),)),
        "backlog": Backlog(
            MONDAY, HALF_HOUR, (ChannelBacklog("email", np.zeros((3, count)), np.zeros(count, dtype=bool)),)
        ),
        "agreement": compared(MONDAY, zero, np.zeros(3), 3),
    }


def empty() -> dict[str, Any]:
    """Data sets without a single channel."""
    return {
        "demand": Demand(MONDAY, HALF_HOUR, ()),
        "staffing": Staffing(MONDAY, HALF_HOUR, ()),
        "net_staffing": Staffing(MONDAY, HALF_HOUR, ()),
        "occupancy": Occupancy(MONDAY, HALF_HOUR, (), 3),
        "service_level": ServiceLevel(MONDAY, HALF_HOUR, (), 3),
        "waiting": Waiting(()),
        "backlog": Backlog(MONDAY, HALF_HOUR, ()),
        "agreement": Agreement(MONDAY, HALF_HOUR, (), 3),
    }


CASES: dict[str, Callable[[], dict[str, Any]]] = {
    "a week": week,
    "an interval": lambda: week(1 / 48, starts=MONDAY.replace(hour=9)),
    "three hours": lambda: week(1 / 8, starts=MONDAY.replace(hour=9)),
    "28 days": lambda: week(28.0),
    "from a Wednesday evening": lambda: week(7.0, starts=datetime(2026, 10, 7, 19, 30)),
    "one replication": lambda: week(runs=1),
    "clocks go back": lambda: week(starts=datetime(2026, 10, 22, tzinfo=ZoneInfo("Europe/London"))),
    "a strange name": lambda: week(name="$^$ <b> & ünï_çode"),
    "never open": lambda: nothing(336, 5),
    "one unknown interval": lambda: nothing(1, 1),
    "all zero": lambda: zeros(96),
    "no channels": empty,
}


OF_A_RUN = tuple(week())
EXAMPLES = week() | policy_plot_examples() | {
    "headcount": curve(), "frontier": three(), "erlang_gap": gap_plot_example(),
}  # fmt: skip
"""A data set of every plot."""


def test_every_plot_has_an_example() -> None:
    """Every plot of the catalogue is drawn by the tests of this file."""
    assert set(EXAMPLES) == set(PLOTS)


def test_importing_the_catalogue_loads_no_matplotlib_and_drawing_loads_no_pyplot() -> None:
    """`import sim.plots` leaves matplotlib alone, and every plot's module leaves pyplot alone."""
    script = (
        "import sys, sim.plots; assert 'matplotlib' not in sys.modules; "
        "[sim.plots.plot(name) for name in sim.plots.PLOTS]; assert 'matplotlib.figure' in sys.modules; "
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(sim.plots.__file__).parents[2])


def test_every_module_of_a_plot_is_in_the_catalogue() -> None:
    """The catalogue names exactly the modules that do not begin with an underscore."""
    modules = {path.stem for path in Path(sim.plots.__file__).parent.glob("[!_]*.py")}
    # `inline` draws any of them for a page
    assert modules - {"inline"} == set(PLOTS)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", OF_A_RUN)
def test_everything_draws(name: str, case: str) -> None:
    """Every plot of every case is drawn without a warning, its table has columns of one length, its text no NaN."""
    data = CASES[case]()[name]
    plot(name).draw(data).draw_without_rendering()
    assert len({len(column) for column in plot(name).table(data).values()}) == 1
    assert "nan" not in plot(name).alt(data)


def test_a_plot_is_three_files(tmp_path: Path) -> None:
    """Writing a plot, even one with nothing in it, gives a picture to scale, a picture in pixels and a table."""
    paths = write("waiting", nothing(1, 1)["waiting"], tmp_path / "new" / "folder")
    assert [path.name for path in paths] == ["waiting.svg", "waiting.png", "waiting.csv"]
    assert paths == sorted((tmp_path / "new" / "folder").iterdir(), key=paths.index)


@pytest.mark.parametrize("name", PLOTS)
def test_same_data_same_bytes(name: str, tmp_path: Path) -> None:
    """The same data gives the same bytes, whatever the user's own settings of matplotlib."""
    first = [path.read_bytes() for path in write(name, EXAMPLES[name], tmp_path / "one")]
    with matplotlib.rc_context({"font.size": 20, "axes.facecolor": "black", "svg.hashsalt": None}):
        second = [path.read_bytes() for path in write(name, EXAMPLES[name], tmp_path / "two")]
    assert first == second


@pytest.mark.parametrize("name", PLOTS)
def test_the_picture_carries_its_description(name: str, tmp_path: Path) -> None:
    """The SVG is XML whose title is the question and whose description is the alt text, and no file names its maker."""
    data = (EXAMPLES | week(name="$50 <b> & more"))[name]
    svg, png, _ = write(name, data, tmp_path)
    root = ElementTree.parse(svg).getroot()
    assert root.findtext("{*}title") == PLOTS[name]
    assert root.findtext("{*}desc") == plot(name).alt(data)
    assert b"<dc:date>" not in svg.read_bytes()
    assert b"Software" not in png.read_bytes()


@pytest.mark.parametrize("case", ["a week", "three hours", "28 days", "from a Wednesday evening", "one replication"])
@pytest.mark.parametrize("name", OF_A_RUN)
def test_no_text_runs_off_the_sheet(name: str, case: str) -> None:
    """Every text lies within the figure."""
    figure: Figure = plot(name).draw(CASES[case]()[name])
    figure.draw_without_rendering()
    sheet = figure.bbox
    for text in (text for text in figure.findobj(matplotlib.text.Text) if text.get_visible()):
        box = text.get_window_extent()
        if text.get_text() and box.width:
            assert sheet.x0 <= box.x0 <= box.x1 <= sheet.x1, text.get_text()
            assert sheet.y0 <= box.y0 <= box.y1 <= sheet.y1, text.get_text()


def test_the_table_is_written_as_csv(tmp_path: Path) -> None:
    """The CSV has a row a group and interval, drawn or not, and empty cells where closed."""
    paths = write("staffing", week(28.0)["staffing"], tmp_path)
    rows = list(csv.DictReader(paths[2].read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 28 * 48
    assert rows[0] == {
        "group": "phone",
        "start": "2026-10-05T00:00",
        "scheduled": "0",
        "erlang_c": "",
        "erlang_a": "",
        "spare": "",
    }
    assert rows[16] | {"group": ""} == {
        "group": "",
        "start": "2026-10-05T08:00",
        "scheduled": "11",
        "erlang_c": "11",
        "erlang_a": "10",
        "spare": "1",
    }


def test_mistakes_are_told(tmp_path: Path) -> None:
    """An unknown plot is met with the nearest name, and a folder that is a file with `CannotWrite`."""
    with pytest.raises(UsageError, match="did you mean 'staffing'"):
        plot("stafing")
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(CannotWrite, match="could not be written"):
        write("waiting", week()["waiting"], tmp_path / "taken")


def test_more_than_a_week_says_what_is_left_out() -> None:
    """A plot of 28 days that are alike says that it shows the first week of four, and what its totals are of; one of
    seven days says nothing of the kind."""
    texts = {days: written(staffing.draw(week(days)["staffing"])) for days in (7.0, 28.0)}
    assert "Shown is the week from Mon 5 Oct, of 4 the one with the most agent-hours short." in texts[28.0]
    assert "half-hours this week, by" in texts[28.0]
    assert "week" not in texts[7.0]


def crowd() -> dict[str, Any]:
    """Twelve channels or groups, each busier than the one before."""
    found = {}
    for name, data in week().items():
        field = "groups" if hasattr(data, "groups") else "channels"
        first = getattr(data, field)[0]
        rows = []
        for n in range(1, 13):
            more: dict[str, Any] = {
                key: getattr(first, key) * n
                for key in ("offered", "waiting", "talk", "erlang_a", "erlang_c")
                if hasattr(first, key)
            }
            if name == "waiting":
                more["waits"] = tuple(np.tile(waits, n) for waits in first.waits)
            rows.append(replace(first, name=f"row{n:02}", **more))
        found[name] = replace(data, **{field: tuple(rows)})
    return found


@pytest.mark.parametrize("name", OF_A_RUN)
def test_a_figure_has_the_eight_busiest_rows(name: str) -> None:
    """Of twelve channels or groups the figure and its text have the eight busiest and say so; the table has all."""
    data = crowd()[name]
    for text in (written(plot(name).draw(data)), plot(name).alt(data)):
        assert "Shown are the 8 busiest of 12 " in text
        assert [n for n in range(1, 13) if f"row{n:02}" in text] == list(range(5, 13))
    columns = plot(name).table(data)
    assert len(set(columns.get("channel") or columns["group"])) == 12


def written(figure: Figure) -> str:
    """Title, subtitle and headings, on one line."""
    headings = [text.get_text() for axes in figure.axes for text in axes.texts]
    return " ".join([*(text.get_text() for text in figure.texts), *headings]).replace("\n", " ")


def later_week(kind: str) -> Any:
    """Ten days of which the three of the second week are worst: short-staffed, late, busy, much offered."""
    count, first = 480, 336
    worse = np.where(np.arange(count) >= first, 10.0, 1.0)
    opened = np.ones(count, dtype=np.bool_)
    rows = np.tile(worse, (3, 1))
    late = np.where(np.arange(count) >= first, 0.1, 0.9)
    return {
        "demand": Demand(MONDAY, HALF_HOUR, (ChannelDemand("phone", rows, opened),)),
        "staffing": Staffing(MONDAY, HALF_HOUR, (GroupStaffing("phone", np.full(count, 1.0), worse + 1, worse + 0.5),)),
        "service_level": ServiceLevel(
            MONDAY, HALF_HOUR, (ChannelLevel("phone", late, late, late, 0.8, 20.0, worse),), 3
        ),
        "occupancy": Occupancy(
            MONDAY, HALF_HOUR, (GroupTime("phone", worse / 20, worse / 20, np.full(count, 1.0), opened),), 3
        ),
        "backlog": Backlog(MONDAY, HALF_HOUR, (ChannelBacklog("email", rows, opened),)),
    }[kind]


@pytest.mark.parametrize("name", ["demand", "staffing", "service_level", "occupancy", "backlog"])
def test_the_worst_week_is_shown(name: str) -> None:
    """Where three days of a second week are worst, they are drawn, named and the only ones of which is spoken."""
    figure = plot(name).draw(later_week(name))
    said, alt = written(figure), plot(name).alt(later_week(name))
    for text in (said, alt):
        assert "Shown is the week from Mon 12 Oct, of 2 the one with the most " in text
    assert "Mon 12 Oct 00:00 to Thu 15 Oct 00:00" in alt
    days = {said} | {label.get_text() for label in figure.axes[0].get_xticklabels(minor=True)}
    assert any("Wed 14 Oct" in text for text in days)
    assert not any("5 Oct" in text for text in days)
    assert len(plot(name).table(later_week(name))["start"]) == 480


def test_a_week_without_anything_bad_is_the_first() -> None:
    """Where nothing is short in any week, the first is shown, and it is not called the worst."""
    data = Staffing(
        MONDAY, HALF_HOUR, (GroupStaffing("phone", np.full(672, 9.0), np.full(672, 8.0), np.full(672, 7.0)),)
    )
    assert "Shown is the week from Mon 5 Oct, the first of 2." in staffing.alt(data)


def test_the_worst_week_follows_the_clocks() -> None:
    """After the week of 169 hours in which the clocks go back, the second week begins at midnight."""
    starts = datetime(2026, 10, 19, tzinfo=ZoneInfo("Europe/London"))
    amount = np.where(np.arange(338 + 336) >= 338, 1.0, 0.0)
    found = worst_week(starts, HALF_HOUR, amount, "contacts")
    assert (found.first, found.shown, found.named(0)) == (338, 336, "Mon 26 Oct 00:00")
    assert found.clock()[0] == 0.0
    assert found.elapsed(datetime(2026, 10, 27).date()) == 24.0


def test_most_late_is_by_contacts() -> None:
    """The hour that is named is that in which most contacts miss the target, not that of the lowest share."""
    level, offered = np.array([0.0, NAN, 0.5, 0.6]), np.array([3.0, 0.0, 10.0, 10.0])
    channel = ChannelLevel("phone", level, level, level, 0.8, 20.0, offered)
    said = service_level.alt(ServiceLevel(MONDAY, HALF_HOUR, (channel,), 3))
    assert "most late from Mon 5 Oct 01:00 (55 %)" in said


def test_the_finding_of_net_staffing_is_its_lowest_cell() -> None:
    """In an hour that comes twice and is short by 14 both times, 28 agent-hours are; cell and finding say −14."""
    starts = datetime(2026, 10, 25, tzinfo=ZoneInfo("Europe/London"))
    required = np.where([Intervals(starts, HALF_HOUR, 50).at(i).hour == 1 for i in range(50)], 24.0, 10.0)
    data = Staffing(starts, HALF_HOUR, (agents(10.0, required),))
    assert "short 28 agent-hours, 0 to spare; lowest cell: Sun 1:00 to 2:00, −14 agents" in net_staffing.alt(data)
    assert "−14" in words(net_staffing.draw(data))


def test_steps_close_and_gaps_stay_open() -> None:
    """Each run of kept intervals ends one width after its last start; a jump in x is a gap as well."""
    x = np.array([1.0, 2.0, 3.0, 4.0, 9.0])
    corners, values = outline(x, 1.0, np.array([True, True, False, True, True]), x * 10)
    np.testing.assert_array_equal(corners, [1, 2, 3, NAN, 4, 5, NAN, 9, 10, NAN])
    np.testing.assert_array_equal(values, [10, 20, 20, NAN, 40, 40, NAN, 90, 90, NAN])


def test_hours_follow_the_clocks() -> None:
    """On the night the clocks go back, 1:30 is followed by 1:00, and the next midnight is 25 hours away."""
    intervals = Intervals(datetime(2026, 10, 25, tzinfo=ZoneInfo("Europe/London")), HALF_HOUR, 96)
    assert intervals.clock()[2:6].tolist() == [1.0, 1.5, 1.0, 1.5]
    assert intervals.elapsed(datetime(2026, 10, 26).date()) == 25.0
    assert intervals.stamps()[4] == "2026-10-25T01:00+00:00"


def test_gaps_are_measured_from_erlang_a_else_c() -> None:
    """Spare is scheduled less Erlang A, less Erlang C where A is not known, and NaN where closed."""
    group = GroupStaffing(
        "phone", np.array([5.0, 5.0, 5.0]), np.array([7.0, 6.0, NAN]), np.array([4.0, NAN, float("inf")])
    )
    np.testing.assert_array_equal(group.spare, [1.0, -1.0, NAN])
    text = staffing.alt(Staffing(MONDAY, HALF_HOUR, (group,)))
    assert "short in 1 of 2 half-hours, by 0.5 agent-hours (0.5 to spare)" in text
    assert "furthest on Mon 5 Oct 00:30: 5 of 6" in text


def test_a_service_level_is_missed_where_the_whole_band_is_below_the_target() -> None:
    """A value below the target within a band that reaches it is no clear miss; without a band the value decides."""
    level = np.array([0.7, 0.7, 0.7, 0.9, NAN])
    high = np.array([0.75, 0.85, NAN, 0.95, NAN])
    channel = ChannelLevel("phone", level, level, high, 0.8, 20.0, np.ones_like(level))
    assert channel.missed.tolist() == [True, False, True, False, False]
    text = service_level.alt(ServiceLevel(MONDAY, HALF_HOUR, (channel,), 30))
    assert "target 80 % within 20 s: clearly missed in 2 of 4 half-hours; most late from Mon 5 Oct " in text


def test_curves_count_who_was_never_answered() -> None:
    """The share within the target's time is that of all offered, and so is where the curve ends."""
    waits = np.array([0.0, 10.0, 30.0, NAN])
    channel = ChannelWaits("phone", True, (waits, waits), 0.8, 20.0)
    table = waiting.table(Waiting((channel,)))
    assert table["share"][table["wait"].index(20.0)] == 0.5
    assert table["share"][-1] == 0.75
    assert "50 % within 20 s (target 80 %), 75 % answered, median wait 10 s" in waiting.alt(Waiting((channel,)))


def test_bands_need_replications() -> None:
    """Every point of a curve over replications lies in its interval; over one replication there is none."""
    many, one = (waiting.table(week(runs=runs)["waiting"]) for runs in (5, 1))
    assert all(low <= share <= high for low, share, high in zip(many["low"], many["share"], many["high"], strict=True))
    assert any(low < high for low, high in zip(many["low"], many["high"], strict=True))
    assert np.isnan(one["low"]).all()
    assert np.isnan(one["high"]).all()


def test_a_panel_holds_four_curves() -> None:
    """Of six live channels four share the first panel and two the next."""
    channel = week()["waiting"].channels[0]
    figure = waiting.draw(Waiting((channel,) * (len(LINES) + 2)))
    assert len(figure.axes) == 2


def test_the_backlog_says_when_it_is_cleared() -> None:
    """The finding gives the highest median with its band, and the first interval after it that starts empty."""
    waits = np.array([[3.0, 9.0, 4.0, 0.0], [3.0, 7.0, 2.0, 0.0]])
    data = Backlog(MONDAY, HALF_HOUR, (ChannelBacklog("email", waits, np.ones(4, dtype=bool)),))
    text = "email: peaks at 8 (10 to 90 %: 7 to 9) on Mon 5 Oct 00:30, cleared by Mon 5 Oct 01:30"
    assert text in backlog.alt(data)
    assert backlog.table(data)["median"] == [3.0, 8.0, 3.0, 0.0]
    assert backlog.table(data)["sample"] == waits[0].tolist()


def agents(scheduled: float, required: Any, *, name: str = "phone") -> GroupStaffing:
    """A group with Erlang A alone, closed where `required` is NaN."""
    known = np.asarray(required, dtype=float)
    return GroupStaffing(name, np.where(np.isnan(known), 0.0, scheduled), np.full_like(known, NAN), known)


def net(data: Staffing) -> dict[tuple[str, str], tuple[float, float, float]]:
    """The table of net staffing by weekday and hour: net, short, spare."""
    columns = net_staffing.table(data)
    keys = zip(columns["weekday"], columns["hour"], strict=True)
    return dict(zip(keys, zip(columns["net"], columns["short"], columns["spare"], strict=True), strict=True))


def words(figure: Figure) -> list[str]:
    """What is written in the first panel, in the order in which it was."""
    return [text.get_text() for text in figure.axes[0].texts]


def test_net_staffing_is_the_mean_of_an_hour_and_its_totals_do_not_net() -> None:
    """An hour short by 2 and then with 1 to spare is −0.5 on average, 1 agent-hour short and 0.5 to spare."""
    data = Staffing(MONDAY, HALF_HOUR, (agents(5.0, [7, 4, 5, 5, NAN, NAN]),))
    cells = net(data)
    assert cells["Mon", "00:00"] == (-0.5, 1.0, 0.5)
    assert cells["Mon", "01:00"] == (0.0, 0.0, 0.0)
    assert np.isnan(cells["Mon", "02:00"][0])
    assert cells["Mon", "02:00"][1:] == (0.0, 0.0)
    assert "phone: short 1 agent-hours, 0.5 to spare; lowest cell: Mon 0:00 to 1:00, −0.5 agents." in net_staffing.alt(
        data
    )
    # cells, hours, weekday, then both totals of the weekday and of each hour, and of the week; last the finding
    assert words(net_staffing.draw(data))[:-1] == [
        *("−0.5", "0", "0", "1", "2", "Mon"),
        *("short", "short", "1", "1", "0", "1"),
        *("to spare", "to spare", "0.5", "0.5", "0", "0.5"),
    ]


def test_several_weeks_are_one_mean_week() -> None:
    """Two Mondays short by 2 and by 1 are one short by 1.5, and a Monday on which nobody is open counts in no cell but
    in the mean week; a Tuesday that comes once counts whole."""
    day = np.full(48, NAN)
    mondays = [np.where(np.arange(48) < 2, 10.0 + by, NAN) for by in (2, 1)]
    tuesday = np.where(np.arange(48) < 2, 13.0, NAN)
    weeks = [mondays[0], tuesday, *[day] * 5, mondays[1]]
    assert net(Staffing(MONDAY, HALF_HOUR, (agents(10.0, np.concatenate(weeks)),)))["Mon", "00:00"] == (-1.5, 1.5, 0.0)
    data = Staffing(MONDAY, HALF_HOUR, (agents(10.0, np.concatenate([*weeks[:7], day])),))
    assert net(data)["Mon", "00:00"] == (-2.0, 1.0, 0.0)
    assert net(data)["Tue", "00:00"] == (-3.0, 3.0, 0.0)
    assert "short 4 agent-hours a week, 0 to spare; lowest cell: Tue 0:00 to 1:00, −3 agents" in net_staffing.alt(data)
    assert "over all weeks" in " ".join(text.get_text() for text in net_staffing.draw(data).texts).replace("\n", " ")


@pytest.mark.parametrize(("starts", "length"), [(datetime(2026, 10, 24), 49), (datetime(2026, 3, 28), 47)])
def test_a_change_of_the_clocks_moves_no_cell(starts: datetime, length: int) -> None:
    """Short from 9 to 10 by the wall clock on both sides of the change is short in that hour alone, every day."""
    zone = starts.replace(tzinfo=ZoneInfo("Europe/London"))
    moments = [Intervals(zone, HALF_HOUR, 2 * length).at(number) for number in range(2 * length)]
    required = np.array([11.0 if moment.hour == 9 else 10.0 for moment in moments])
    cells = net(Staffing(zone, HALF_HOUR, (agents(10.0, required),)))
    assert {cell: short for cell, (_, short, _) in cells.items() if short} == {
        ("Sat", "09:00"): 1.0,
        ("Sun", "09:00"): 1.0,
    }
    assert len(cells) == min(48, length)


def test_colours_of_net_staffing_are_symmetric_and_end_at_whole_agents() -> None:
    """Gaps from −2.5 to +1 stand on a scale from −3 to +3, white at 0, and none of its colours is green."""
    figure = net_staffing.draw(Staffing(MONDAY, HALF_HOUR, (agents(5.0, [7, 8, 4, 4]),)))
    mesh = figure.axes[0].collections[0]
    assert mesh.get_clim() == (-3, 3)
    low, middle, high = (mesh.cmap(mesh.norm(value)) for value in (-3, 0, 3))
    assert middle[:3] == pytest.approx((1.0, 1.0, 1.0), abs=0.01)
    assert low[0] > low[1]
    assert high[2] > high[1]
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["−3 (short)", "−1", "0", "+1", "+3 (to spare)", "closed"]


def test_numbers_of_net_staffing_fit_their_cells() -> None:
    """Round the clock, with hundreds of agents missing, no two numbers of a row touch."""
    required = 100.0 + np.arange(336) % 97 * 3.75
    figure = net_staffing.draw(Staffing(MONDAY, HALF_HOUR, (agents(200.0, required),)))
    figure.draw_without_rendering()
    rows: dict[float, list[Any]] = {}
    for text in figure.axes[0].texts:
        rows.setdefault(round(text.get_position()[1], 2), []).append(text.get_window_extent())
    for boxes in rows.values():
        ordered = sorted(boxes, key=lambda box: box.x0)
        assert all(left.x1 < right.x0 for left, right in pairwise(ordered))


def test_demand_gives_the_median_and_its_band() -> None:
    """Quantiles over replications, the most of a week with its band, and the total, which is no sum of quantiles."""
    offered = np.array([[0.0, 2.0, 9.0], [0.0, 4.0, 3.0], [0.0, 3.0, 6.0]])
    data = Demand(MONDAY, HALF_HOUR, (ChannelDemand("phone", offered, np.array([False, True, True])),))
    table = demand.table(data)
    assert table["median"] == [0.0, 3.0, 6.0]
    assert table["low"] == pytest.approx([0.0, 2.2, 3.6])
    assert table["high"] == pytest.approx([0.0, 3.8, 8.4])
    assert table["open"] == [0, 1, 1]
    # in all 11, 7 and 9
    assert "phone: 9 contacts (10 to 90 %: 7 to 11); most on Mon 5 Oct 01:00: 6 (4 to 8)" in demand.alt(data)


def test_demand_says_what_its_band_is() -> None:
    """The subtitle names the band, the replications and what counts as offered; one replication has no band."""
    many, one = (
        " ".join(text.get_text() for text in demand.draw(week(runs=runs)["demand"]).texts).replace("\n", " ")
        for runs in (5, 1)
    )
    assert "Redials and reconnects are included" in many
    assert "Band: 10 to 90 % of 5 replications" in many
    assert "Band" not in one
    assert "(" not in demand.alt(week(runs=1)["demand"])


def test_what_is_offered_while_closed_is_drawn() -> None:
    """An interval counts when the channel is open or anything was offered in any replication."""
    offered = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    channel = ChannelDemand("phone", offered, np.array([False, False, True]))
    assert channel.counts.tolist() == [False, True, True]


def test_occupancy_is_of_the_time_present() -> None:
    """Talk and wrap-up are shares of the time present, the rest is idle; where nobody is scheduled there is none, but
    who stays to finish counts in the finding."""
    time = GroupTime(
        "phone",
        talk=np.array([1.4, 1.8, 0.5, 0.0]),
        wrap_up=np.array([0.36, 0.1, 0.0, 0.0]),
        present=np.array([2.0, 2.0, 0.5, 0.0]),
        scheduled=np.array([True, True, False, False]),
    )
    data = Occupancy(MONDAY, HALF_HOUR, (time,), 3)
    table = occupancy.table(data)
    for name, shares in (("talk", [0.7, 0.9]), ("wrap_up", [0.18, 0.05]), ("idle", [0.12, 0.05])):
        assert table[name] == pytest.approx([*shares, NAN, NAN], nan_ok=True)
    # (3.7 + 0.46) of 4.5 agent-hours; 88 % lies within the guide
    found = (
        "phone: busy 92 % of the time (10 % wrap-up), above 90 % in 1 of 2 half-hours; busiest on Mon 5 Oct 00:30, 95 %"
    )
    assert found in occupancy.alt(data)


def test_occupancy_below_the_guide_says_so() -> None:
    """A group that is busy for 80 % of its time is never above the guide."""
    assert "busy 80 % of the time (20 % wrap-up), never above 90 %;" in occupancy.alt(week()["occupancy"])


@pytest.mark.parametrize("name", ["demand", "staffing", "service_level", "occupancy"])
def test_a_closed_day_between_open_ones_says_so(name: str) -> None:
    """Of two rows, the one that is closed on a day on which the other is open has words there, and no hours."""
    both = [week(2.0)[name], week(2.0, name="chat")[name]]
    field = "groups" if hasattr(both[0], "groups") else "channels"
    first, second = (getattr(data, field)[0] for data in both)
    nothing_on = {
        "demand": {"offered": 0.0, "opened": False},
        "staffing": {"erlang_a": NAN, "erlang_c": NAN},
        "service_level": {"level": NAN, "low": NAN, "high": NAN},
        "occupancy": {"scheduled": False},
    }[name]
    shut = {key: np.where(np.arange(96) < 48, getattr(second, key), value) for key, value in nothing_on.items()}
    figure = plot(name).draw(replace(both[0], **{field: (first, replace(second, **shut))}))
    one, other = ([text.get_text() for text in axes.texts] for axes in figure.axes)
    says = {"demand": "closed", "staffing": "closed", "service_level": "no\ncontacts", "occupancy": "nobody\nscheduled"}
    assert one.count("12") == 2
    assert says[name] not in one
    assert other.count("12") == 1
    assert says[name] in other


@pytest.mark.parametrize("ends", [(1.0, 0.99, 0.2, 0.98), (0.3, 0.2, 0.21, 0.8), (0.0, 0.0, 0.0, 0.0)])
def test_labels_keep_apart(ends: tuple[float, ...]) -> None:
    """Labels of lines that end together keep their order and their distance, and stay within the panel."""
    with plain():
        axes = Sheet("title", "subtitle", rows=1, height=2.0, over=0.1).panel(0)
        label_ends(axes, [Label(y, f"{y}", "black") for y in ends], apart=0.1)
    texts = [text for text in axes.texts if isinstance(text, Annotation)]
    places = [text.xyann[1] for text in texts]
    assert [text.get_text() for text in texts] == [f"{end}" for end in sorted(ends)]
    assert np.diff(places).min() >= 0.1 - 1e-9
    assert places[-1] <= 1.0


def test_durations_are_words_of_planners() -> None:
    """Seconds, minutes and hours are used where they leave a round number."""
    assert [duration(s) for s in (0, 20, 60, 90, 300, 86_400, 0.5)] == [
        "0 s",
        "20 s",
        "1 min",
        "90 s",
        "5 min",
        "24 h",
        "0.5 s",
    ]


def test_a_target_by_another_clock_has_no_dot_on_the_axis() -> None:
    """Of a target in opening hours the share is told, but nothing stands at its time on an axis of elapsed time."""
    slow = (np.linspace(0.0, 200_000.0, 50),) * 3
    kept = Waiting((ChannelWaits("email", False, slow, 0.9, 28_800.0, 0.74),))
    plain = Waiting((ChannelWaits("email", False, slow, 0.9, 28_800.0),))
    dots = [sum(line.get_marker() == "o" for line in waiting.draw(data).axes[0].lines) for data in (kept, plain)]
    assert dots == [0, 2]
    assert "74 % within 8 h of opening" in waiting.alt(kept)
