"""The slice of a scenario that a load test sends: what `--window` may say, and in which ticks it ends up."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import UsageError
from sim.load.window import window
from sim.scenario.read import Scenario, read

HOUR = 3_600_000
DAY = 24 * HOUR
DESK = "customers: 1000\nphone: {staff: 2, hours: 08:00-20:00}\n"


def scenario(folder: Path, more: str) -> Scenario:
    path = folder / "desk.yaml"
    path.write_text(DESK + more)
    return read(path)


@pytest.fixture(scope="module")
def fortnight(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """From Monday 2026-10-05 to Sunday 2026-10-18."""
    return scenario(tmp_path_factory.mktemp("window"), "starts: 2026-10-05\nlasts: 14d\n")


@pytest.mark.parametrize(
    ("text", "begins", "ends"),
    [
        (None, 0, 14 * DAY),
        ("all", 0, 14 * DAY),
        ("Mon 09:00..12:00", 9 * HOUR, 12 * HOUR),
        (" wednesday  9:30 .. 12:00 ", 2 * DAY + 9 * HOUR + HOUR // 2, 2 * DAY + 12 * HOUR),
        ("2026-10-12 09:00..12:00", 7 * DAY + 9 * HOUR, 7 * DAY + 12 * HOUR),
        ("Mon 22:00..Tue 02:00", 22 * HOUR, DAY + 2 * HOUR),
        ("Sun 22:00..Mon 02:00", 6 * DAY + 22 * HOUR, 7 * DAY + 2 * HOUR),
        ("Mon 00:00..24:00", 0, DAY),
        ("2026-10-06 12:00..2026-10-08 24:00", DAY + 12 * HOUR, 4 * DAY),
        ("2026-10-18 23:00..24:00", 13 * DAY + 23 * HOUR, 14 * DAY),
        ("2026-10-13 08:00..Mon 08:00", None, None),
        ("Mon 08:00..2026-10-13 08:00", 8 * HOUR, 8 * DAY + 8 * HOUR),
    ],
)
def test_a_window_is_in_ticks_after_the_first_midnight(
    text: str | None, begins: int | None, ends: int, fortnight: Scenario
) -> None:
    """A weekday is the first such, after the dots the first from that day on; without a window it is the whole."""
    if begins is None:
        with pytest.raises(UsageError, match="there is no Mon after 2026-10-13"):
            window(text, fortnight)
        return
    assert window(text, fortnight) == (begins, ends)


def test_a_window_of_a_scenario_that_begins_on_another_day(tmp_path: Path) -> None:
    """The first Monday of a scenario from Wednesday on is its sixth day."""
    assert window("Mon 09:00..12:00", scenario(tmp_path, "starts: 2026-10-07\nlasts: 7d\n"))[0] == 5 * DAY + 9 * HOUR


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Mon 09:00..09:00", "it begins and ends at the same time; give a later end"),
        ("Mon 22:00..02:00", "it ends before it begins; give a later end, or Mon 22:00..Tue 02:00"),
        ("2026-10-06 09:00..2026-10-05 12:00", "it ends before it begins; give a later end"),
        ("Mon 12:00..Mon 09:00", "it ends before it begins; give a later end"),
        (
            "2026-10-19 09:00..12:00",
            "2026-10-19 is not in the scenario; the scenario is from Mon 2026-10-05 00:00 to Mon 2026-10-19 00:00",
        ),
        ("2026-10-04 09:00..12:00", "2026-10-04 is not in the scenario; the scenario is from Mon 2026-10-05 00:00"),
        ("2026-10-32 09:00..12:00", "'2026-10-32' is not in the calendar; write year-month-day"),
        ("Mno 09:00..12:00", "'Mno' is not a list of weekdays; write days such as mon-fri or sat,sun"),
        ("mon-fri 09:00..12:00", "'mon-fri' are several days; write it as in 'Mon 09:00..12:00'"),
        ("Mon 25:00..26:00", "'25:00' is not a time of day; write hours and minutes from 00:00 to 24:00"),
        ("Mon 09:00-12:00", "this is no part of a scenario; write Mon 09:00..12:00"),
        ("2026-10-05 09:00-12:00", "this is no part of a scenario; write 2026-10-05 09:00..12:00"),
        ("09:00..12:00", "this is no part of a scenario; write it as in 'Mon 09:00..12:00'"),
        ("Mon", "this is no part of a scenario; write it as in 'Mon 09:00..12:00'"),
        ("", "this is no part of a scenario; write it as in 'Mon 09:00..12:00'"),
    ],
)
def test_a_window_that_there_is_not_is_refused(text: str, said: str, fortnight: Scenario) -> None:
    """Empty, reversed, outside the scenario's days, or no window at all: it is said what, and what there is."""
    with pytest.raises(UsageError) as caught:
        window(text, fortnight)
    assert str(caught.value).startswith(f"--window '{text}': {said}")
    assert caught.value.exit_code == 2


def test_a_scenario_may_be_shorter_than_a_day(tmp_path: Path) -> None:
    """Of a scenario of half a day the afternoon is no part, nor is a weekday that it does not reach."""
    short = scenario(tmp_path, "starts: 2026-10-05\nlasts: 12h\n")
    assert window("Mon 09:00..12:00", short) == (9 * HOUR, 12 * HOUR)
    with pytest.raises(UsageError, match=r"the scenario is over by then; .* to Mon 2026-10-05 12:00"):
        window("Mon 09:00..12:30", short)
    with pytest.raises(UsageError, match="there is no Tue in the scenario"):
        window("Tue 09:00..12:00", short)


def test_the_clock_is_the_desks(tmp_path: Path) -> None:
    """After the clocks go back a day has 25 hours; a time that they show twice, or skip, is refused."""
    autumn = scenario(tmp_path, "starts: 2026-10-25\nlasts: 7d\ntime_zone: Europe/London\n")
    assert window("Sun 09:00..12:00", autumn) == (10 * HOUR, 13 * HOUR)
    assert window("Mon 09:00..12:00", autumn) == (25 * HOUR + 9 * HOUR, 25 * HOUR + 12 * HOUR)
    assert window(None, autumn) == (0, 7 * DAY + HOUR)
    with pytest.raises(UsageError, match=r"01:30 on 2026-10-25 exists twice in Europe/London"):
        window("Sun 01:30..12:00", autumn)
    spring = scenario(tmp_path, "starts: 2027-03-28\nlasts: 7d\ntime_zone: Europe/London\n")
    with pytest.raises(UsageError, match=r"01:30 on 2027-03-28 does not exist"):
        window("Sun 00:00..01:30", spring)
