"""The staffing is rebuilt from a log by the stated rule, and what happened is added up by the hour."""

from __future__ import annotations

from pathlib import Path

import make_synthetic_log
import numpy as np
import pytest
from call_logs import COLUMNS, SYNTHETIC, answered, bank_log, written

from sim.errors import UsageError
from sim.logs import LogColumns, read_log
from sim.observed import cell_numbers, observed_cells, staff_levels


def levels(folder: Path, *rows: str, gap: float = 1800, per: float = 3600) -> list[tuple[float, int]]:
    """Levels with times in hours, to be read more easily."""
    log = read_log(written(folder, *rows), COLUMNS)
    return [(second / 3600, level) for second, level in staff_levels(log, gap=gap, per=per)]


def test_a_log_says_what_it_lacks(tmp_path: Path) -> None:
    """Where a log has no waits, outcomes or agents, what follows from them is a usage error that names them."""
    log = read_log(written(tmp_path, "2024-03-04 08:30", header="when"), LogColumns(arrival=("when",)))
    with pytest.raises(UsageError, match="no wait, service, agent"):
        staff_levels(log, gap=1800)
    with pytest.raises(UsageError, match="no outcome, wait"):
        observed_cells(log)


# staffing


def test_present_from_first_to_last_call(tmp_path: Path) -> None:
    """An agent is there between calls as well, up to the end of the last, and not before the first."""
    rows = (answered("08:00", 1800), answered("09:00", 1800), answered("09:59", 60))
    assert levels(tmp_path, *rows) == [(0, 0), (8, 1), (10, 0)]


def test_a_long_gap_is_absence(tmp_path: Path) -> None:
    """A gap of exactly `gap` seconds, from the end of one call to the start of the next, is presence; longer is not."""
    rows = (answered("08:00", 3600), answered("09:30", 5400))
    assert levels(tmp_path, *rows, gap=1800, per=1800) == [(0, 0), (8, 1), (11, 0)]
    assert levels(tmp_path, *rows, gap=1799, per=1800) == [(0, 0), (8, 1), (9, 0), (9.5, 1), (11, 0)]


def test_a_gap_is_counted_from_the_latest_end(tmp_path: Path) -> None:
    """A short call logged within a long one does not end the presence."""
    rows = (answered("08:00", 7200), answered("08:10", 60), answered("10:00", 3600))
    assert levels(tmp_path, *rows) == [(0, 0), (8, 1), (11, 0)]


def test_presence_starts_when_the_call_is_answered(tmp_path: Path) -> None:
    """Menu and queue come before the agent: a call that arrives at 7:30 and waits until 8:00 is presence from 8:00."""
    assert levels(tmp_path, "2024-03-04,07:30,bill,600,1200,AGENT,1800,A1") == [(0, 0), (8, 1), (9, 0)]


def test_level_is_rounded_half_up(tmp_path: Path) -> None:
    """Half an agent-hour is one agent, a second less is none, and parts of several agents add up before rounding."""
    assert levels(tmp_path, answered("08:00", 1800)) == [(0, 0), (8, 1), (9, 0)]
    assert levels(tmp_path, answered("08:00", 1799)) == [(0, 0)]
    several = [answered("08:00", 3000, who) for who in ("A1", "A2", "A3")]
    assert levels(tmp_path, *several, per=3600) == [(0, 0), (8, 3), (9, 0)]
    assert levels(tmp_path, *several[:2], answered("08:00", 1000, "A3")) == [(0, 0), (8, 2), (9, 0)]


def test_left_out_and_nameless_calls_are_no_presence(tmp_path: Path) -> None:
    """Only calls that count, were answered and name an agent show that somebody was there."""
    rows = (
        answered("08:00", 3600),
        answered("12:00", 3600, who=""),
        "2024-03-04,14:00,internal,0,0,AGENT,3600,A1",
        answered("16:00", 1200),
        "2024-03-04,16:40,bill,0,60,HANG,600,A1",
    )
    assert levels(tmp_path, *rows) == [(0, 0), (8, 1), (9, 0)]


def test_days_are_apart(tmp_path: Path) -> None:
    """However long a gap is allowed, an agent is absent from the last call of a day to the first of the next."""
    rows = (answered("22:00", 3600), answered("01:00", 3600, day="2024-03-05"))
    assert levels(tmp_path, *rows, gap=1e9) == [(0, 0), (22, 1), (23, 0), (25, 1), (26, 0)]


def test_a_call_past_midnight_is_presence_until_its_end(tmp_path: Path) -> None:
    """A call belongs to the day it starts on, runs on into the next, and never makes two of one agent."""
    rows = (answered("23:00", 7200), answered("00:00", 7200, day="2024-03-05"))
    assert levels(tmp_path, *rows) == [(0, 0), (23, 1), (26, 0)]


def test_days_without_calls_have_no_staff(tmp_path: Path) -> None:
    """The levels run on over days without a call, and the last level is that of the log's last hour."""
    rows = (answered("08:00", 3600), answered("23:00", 3600, day="2024-03-06"))
    assert levels(tmp_path, *rows) == [(0, 0), (8, 1), (9, 0), (71, 1)]


def test_a_day_is_whole_periods(tmp_path: Path) -> None:
    """A period that does not divide the day is refused."""
    with pytest.raises(ValueError, match="whole number of periods"):
        levels(tmp_path, answered("08:00", 3600), per=7000)


# what was observed


def test_cells_add_up_the_log(tmp_path: Path) -> None:
    """A cell sums the calls that arrived in its hour, even those that entered the queue in the next."""
    log = read_log(
        written(
            tmp_path,
            "2024-03-03,08:59:50,bill,20,30,AGENT,100,A1",
            "2024-03-03,08:00:00,bill,0,40,HANG,0,",
            "2024-03-04,23:59:59,bill,5,6,AGENT,7,A1",
        ),
        COLUMNS,
    )
    cells = observed_cells(log)
    assert len(cells) == 48
    assert cell_numbers(log).tolist() == [8, 8, 47]
    row = {name: cells[name][8] for name in cells.names}
    assert row == {
        "day": 0, "weekday": 6, "hour": 8, "offered": 2, "answered": 1, "abandoned": 1, "wait": 70, "service": 100,
    }  # fmt: skip
    assert [cells[name][47] for name in ("day", "weekday", "hour", "offered", "wait", "service")] == [1, 0, 23, 1, 6, 7]
    assert cells["offered"].sum() == 3


def test_cells_may_be_shorter(tmp_path: Path) -> None:
    """With quarter hours, a day has 96 cells, four of them in each hour."""
    cells = observed_cells(read_log(written(tmp_path, answered("08:16", 60)), COLUMNS), per=900)
    assert cells["offered"].tolist() == [0] * 33 + [1] + [0] * 62
    assert cells["hour"][33] == 8


def test_an_unknown_service_time_is_not_zero(tmp_path: Path) -> None:
    """The service of a cell with an answered call of unknown length is unknown; that of other cells is not."""
    log = read_log(written(tmp_path, answered("08:00", 60), "2024-03-04,09:00,bill,0,0,AGENT,,A1"), COLUMNS)
    service = observed_cells(log)["service"]
    assert service[8] == 60
    assert np.isnan(service[9])


# the logs


def test_the_synthetic_log_is_plausible() -> None:
    """It reads without a mistake, some abandon, and the agents it shows are never more than the three on shift."""
    log = read_log(make_synthetic_log.PATH, SYNTHETIC)
    cells = observed_cells(log)
    assert (log.rows_read, log.days, log.agents) == (402, 2, ("SYN-01", "SYN-02", "SYN-03"))
    assert set(log.left_out) == {"abandoned without wait"}
    assert 0.05 < cells["abandoned"].sum() / len(log) < 0.25
    assert 15 < log.observed_wait.mean() < 120
    found = staff_levels(log, gap=1800)
    assert max(level for _, level in found) == 3
    assert {level for second, level in found if second % 86_400 == 10 * 3600} <= {2, 3}


@pytest.mark.parametrize(
    ("month", "calls", "abandoned", "wait"), [("01", 25_406, 10.99, 40.2), ("10", 25_745, 5.70, 24.0)]
)
def test_the_bank_log_gives_the_published_figures(month: str, calls: int, abandoned: float, wait: float) -> None:
    """Sunday to Thursday, arrivals with 8 ≤ hour < 23: as many calls, as many abandoned and as long a wait as known."""
    log = bank_log(month)
    cells = observed_cells(log)
    counts = (cells["hour"] >= 8) & (cells["hour"] < 23) & ~np.isin(cells["weekday"], (4, 5))
    offered = cells["offered"][counts].sum()
    assert offered == calls
    assert 100 * cells["abandoned"][counts].sum() / offered == pytest.approx(abandoned, abs=0.005)
    assert cells["wait"][counts].sum() / offered == pytest.approx(wait, abs=0.05)


@pytest.mark.parametrize("month", ["01", "10"])
def test_rebuilt_staffing_can_do_the_work(month: str) -> None:
    """In no hour did named agents talk for longer than the rebuilt level, beyond what rounding takes away."""
    log = bank_log(month)
    found = staff_levels(log, gap=1800)
    hours = np.arange(log.days * 24)
    level = np.array([count for _, count in found])[np.searchsorted([s for s, _ in found], hours * 3600, "right") - 1]
    start = (log.entered + log.observed_wait)[log.agent >= 0]
    talk = log.service[log.agent >= 0]
    edges = np.append(hours, len(hours))[:, None] * 3600
    inside = np.clip(edges - start, 0, talk).sum(axis=1)
    # calls of one agent that overlap in the log are one presence, so a little may be missing
    assert (np.diff(inside) / 3600 <= level + 0.75).all()
