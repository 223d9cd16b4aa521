"""A log is read as it is written, its mistakes are all named, and the staffing is rebuilt by the stated rule."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from pathlib import Path
from time import process_time

import make_synthetic_log
import numpy as np
import pytest

from sim.errors import Mistake, ScenarioError, UsageError
from sim.replay import Account, Log, LogColumns, cell_numbers, log_digest, observed_cells, read_log, staff_levels

HEADER = "day,at,topic,menu,queued,end,talk,who"
COLUMNS = LogColumns(
    arrival=("day", "at"),
    delay="menu",
    intent="topic",
    wait="queued",
    outcome="end",
    service="talk",
    agent="who",
    answered=("AGENT",),
    abandoned=("HANG",),
    leave_out=(("topic", ("internal",)), ("end", ("PHANTOM", ""))),
    abandoned_without_wait="leave_out",
)
BANK = LogColumns(
    arrival=("date", "arrival_time"),
    delay="ivr_seconds",
    intent="service_type",
    wait="queue_seconds",
    outcome="outcome",
    service="service_seconds",
    agent="agent",
    answered=("AGENT",),
    abandoned=("HANG",),
    leave_out=(("service_type", ("IN",)), ("outcome", ("PHANTOM",))),
    abandoned_without_wait="leave_out",
)
SYNTHETIC = LogColumns(
    arrival=("date", "time"),
    delay="ivr_s",
    intent="intent",
    wait="wait_s",
    outcome="outcome",
    service="talk_s",
    agent="agent",
    answered=("answered",),
    abandoned=("abandoned",),
    abandoned_without_wait="leave_out",
)


def written(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "calls.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8", newline="")
    return path


def answered(at: str, talk: int, who: str = "A1", day: str = "2024-03-04") -> str:
    return f"{day},{at},bill,0,0,AGENT,{talk},{who}"


def mistakes(path: Path, columns: LogColumns = COLUMNS) -> tuple[Mistake, ...]:
    with pytest.raises(ScenarioError) as caught:
        read_log(path, columns)
    return caught.value.mistakes


def levels(folder: Path, *rows: str, gap: float = 1800, per: float = 3600) -> list[tuple[float, int]]:
    """Levels with times in hours, to be read more easily."""
    log = read_log(written(folder, *rows), COLUMNS)
    return [(second / 3600, level) for second, level in staff_levels(log, gap=gap, per=per)]


# reading


def test_a_row_becomes_a_call(tmp_path: Path) -> None:
    """Every column lands in its array, in the order of the file, with times counted from the first midnight."""
    log = read_log(
        written(
            tmp_path,
            "2024-03-05,00:00:10,move,5,7.5,HANG,0,",
            "2024-03-04,08:30,bill,20,3,AGENT,95,A2",
            "2024-03-04,08:31:05,bill,0,0,AGENT,0,A1",
        ),
        COLUMNS,
    )
    assert (log.starts, log.days, len(log), log.rows_read, log.left_out) == (date(2024, 3, 4), 2, 3, 3, {})
    assert log.arrived.tolist() == [86_410, 30_600, 30_665]
    assert log.entered.tolist() == [86_415, 30_620, 30_665]
    assert (log.intents, log.intent.tolist()) == (("bill", "move"), [1, 0, 0])
    assert (log.agents, log.agent.tolist()) == (("A1", "A2"), [-1, 1, 0])
    assert log.observed_wait.tolist() == [7.5, 3, 0]
    assert log.answered is not None
    assert log.answered.tolist() == [False, True, True]
    assert np.array_equal(log.service, [np.nan, 95, 0], equal_nan=True)


def test_arrival_alone_is_enough(tmp_path: Path) -> None:
    """A log of arrival and intent only has no waits, outcomes, service times or agents, and says what it lacks."""
    path = written(tmp_path, "2024-03-04T08:30:00.5,bill", header="when,topic")
    log = read_log(path, LogColumns(arrival=("when",), intent="topic"))
    assert log.entered.tolist() == log.arrived.tolist() == [30_600.5]
    assert log.answered is None
    assert np.isnan(log.service).all()
    assert np.isnan(log.observed_wait).all()
    assert log.agent.tolist() == [-1]
    assert read_log(path, LogColumns(arrival=("when",))).intent.tolist() == [-1]
    with pytest.raises(UsageError, match="no wait, service, agent"):
        staff_levels(log, gap=1800)
    with pytest.raises(UsageError, match="no outcome, wait"):
        observed_cells(log)


def test_service_without_outcome_is_read(tmp_path: Path) -> None:
    """Where the log has no outcomes, every service time is read as it stands, and an empty one is not known."""
    path = written(tmp_path, "2024-03-04 08:30,60", "2024-03-04 08:31,", header="when,talk")
    log = read_log(path, LogColumns(arrival=("when",), service="talk"))
    assert np.array_equal(log.service, [60, np.nan], equal_nan=True)


def test_rows_are_left_out_by_reason(tmp_path: Path) -> None:
    """Rows that do not count are left out before their values are judged, and counted for each reason."""
    path = written(
        tmp_path,
        answered("08:00", 60),
        "2024-03-04,08:01,internal,x,x,AGENT,x,A1",
        "2024-03-04,08:01,bill,x,x,PHANTOM,x,",
        "2024-03-04,08:01,bill,x,x,,x,",
        "no date,08:02,bill,x,0,HANG,0,",
        "2024-03-04,08:03,bill,0,1,HANG,0,",
    )
    log = read_log(path, COLUMNS)
    assert log.left_out == {"abandoned without wait": 1, "end is PHANTOM": 1, "end is empty": 1, "topic is internal": 1}
    assert log.rows_read == len(log) + 4 == 6
    assert log.account == Account(str(path), 6, 2, log.left_out)


def test_the_account_says_what_was_left_out(tmp_path: Path) -> None:
    """In words, the reason with the most rows comes first, and thousands have their comma."""
    log = read_log(written(tmp_path, answered("08:00", 60)), COLUMNS)
    assert str(log.account) == "1 rows read, 1 calls; left out: none"
    phantoms = ["2024-03-04,08:01,bill,x,x,PHANTOM,x,"] * 1200
    log = read_log(written(tmp_path, answered("08:00", 60), "x,x,internal,x,x,x,x,", *phantoms), COLUMNS)
    said = "1,202 rows read, 1 calls; left out: 1,200 because end is PHANTOM, 1 because topic is internal"
    assert str(log.account) == said


def test_hang_up_without_wait_may_be_kept(tmp_path: Path) -> None:
    """By default, somebody who hung up after 0 s counts as abandoned."""
    path = written(tmp_path, "2024-03-04 08:30,0,HANG", header="when,queued,end")
    columns = LogColumns(arrival=("when",), wait="queued", outcome="end", abandoned=("HANG",))
    assert read_log(path, columns).left_out == {}


def test_negative_delay_is_kept(tmp_path: Path) -> None:
    """A delay below 0 (two clocks) moves the call into the queue before its arrival; it is no mistake."""
    log = read_log(written(tmp_path, "2024-03-04,08:00,bill,-40,0,AGENT,60,A1"), COLUMNS)
    assert log.entered.tolist() == [8 * 3600 - 40]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separator_is_recognised(tmp_path: Path, separator: str) -> None:
    """Commas, semicolons and tabs all separate, as the header shows, with or without a byte order mark or CRLF."""
    path = tmp_path / "calls.csv"
    text = "\ufeff" + HEADER + "\r\n" + answered("08:00", 60) + "\r\n\r\n"
    path.write_text(text.replace(",", separator), encoding="utf-8", newline="")
    assert read_log(path, COLUMNS).service.tolist() == [60]


# mistakes


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    """Each mistake names its line, column and header, and what to do about it."""
    path = written(
        tmp_path,
        "04.03.2024,08:00,bill,0,0,AGENT,60,A1",
        "2024-02-30,08:00,bill,0,0,AGENT,60,A1",
        "2024-03-04,08:00,,0,0,AGENT,60,A1",
        '2024-03-04,08:00,bill,0,"1,5",AGENT,60,A1',
        "2024-03-04,08:00,bill,0,-3,AGENT,many,A1",
        "2024-03-04,08:00,bill,0,,AGENT,60,A1",
        "2024-03-04,08:00,bill,0,0,AGENT",
        "2024-03-04,08:00,bill,0,1,5,AGENT,60,A1",
    )
    found = [(m.line, m.column, m.path, m.what, m.hint) for m in mistakes(path)]
    year_first = "write the year first: 31/01/2026 as 2026-01-31"
    point = "a separator within a value needs quotes; numbers are written with a decimal point"
    assert found == [
        (2, 1, "day", "'04.03.2024 08:00' is not a date and time", year_first),
        (
            3, 1, "day", "'2024-02-30 08:00' is not a date and time: day is out of range for month",
            "correct it, or leave the row out",
        ),
        (4, 18, "topic", "no intent", "fill it in, or leave out the rows where it is empty"),
        (5, 1, "queued", "'1,5' is not a number", "write 1.5, with a decimal point"),
        (6, 25, "queued", "'-3' is negative", "seconds count from 0"),
        (6, 34, "talk", "'many' is not a number of seconds", "write a plain number such as 95 or 95.5"),
        (7, 25, "queued", "no number of seconds", "fill it in, or leave the row out"),
        (8, 1, "", "6 values under 8 headers", f"{point} (and 1 more row like it)"),
    ]  # fmt: skip


@pytest.mark.parametrize("cell", ["nan", "inf", "1e3", "1_000", "٣", "0x10", "--1"])
def test_only_plain_numbers_are_seconds(tmp_path: Path, cell: str) -> None:
    """What Python would read as a number, but people do not write as seconds, is a mistake."""
    assert "seconds" in mistakes(written(tmp_path, f"2024-03-04,08:00,bill,0,{cell},AGENT,60,A1"))[0].what


@pytest.mark.parametrize(
    "when", ["2024-03-04", "20240304T0800", "2024-03-04T08:00Z", "2024-03-04 8:00", "2024-03-04 25:00"]
)
def test_only_local_date_and_time_is_an_arrival(tmp_path: Path, when: str) -> None:
    """A date alone, a compact form, an offset and an hour without its zero are not arrivals."""
    [mistake] = mistakes(written(tmp_path, when, header="when"), LogColumns(arrival=("when",)))
    assert f"'{when}' is not a date and time" in mistake.what


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    """A mistake after a value with line ends in it, or after an empty line, names the line its row starts on."""
    rows = ('2024-03-04,08:00,"bill\nor\nso",0,0,AGENT,60,A1', "", "2024-03-04,08:00,bill,0,x,AGENT,60,A1")
    assert [m.line for m in mistakes(written(tmp_path, *rows))] == [6]


def test_at_most_twenty_mistakes_are_listed(tmp_path: Path) -> None:
    """The 21st mistake and those after it are a number, in the last place; exactly 20 are all listed."""
    bad = [f"2024-03-04,08:00,bill,0,0,{number},60,A1" for number in range(25)]
    found = mistakes(written(tmp_path, *bad))
    assert len(found) == 21
    assert (found[-1].line, found[-1].what) == (22, "… and 5 more")
    assert [m.line for m in mistakes(written(tmp_path, *bad[:20]))] == list(range(2, 22))


@pytest.mark.parametrize("when", ["31/01/2026 08:05", "31.1.26 08:05", "1-31-2026 08:05"])
def test_what_is_wrong_all_the_way_down_is_one_mistake(tmp_path: Path, when: str) -> None:
    """Dates in another order on every row are one mistake, at the first, with how to write them and how many more."""
    day, at = when.split()
    rows = [f"{day},{at},bill,0,0,AGENT,60,A1"] * 1501
    [mistake] = mistakes(written(tmp_path, *rows))
    assert (mistake.line, mistake.what) == (2, f"'{when}' is not a date and time")
    assert mistake.hint == "write the year first: 31/01/2026 as 2026-01-31 (and 1,500 more rows like it)"


def test_numbers_of_one_kind_are_one_mistake(tmp_path: Path) -> None:
    """Different decimal commas in a column are one mistake, those of another column and other mistakes are others."""
    cells = (("1,5", "2,5"), ("2,5", "60"), ("-1", "60"), ("3,5", "60"))
    found = mistakes(written(tmp_path, *(f'2024-03-04,08:00,bill,0,"{a}",AGENT,"{b}",A1' for a, b in cells)))
    assert [(m.line, m.path, m.hint) for m in found] == [
        (2, "queued", "write 1.5, with a decimal point (and 2 more rows like it)"),
        (2, "talk", "write 2.5, with a decimal point"),
        (4, "queued", "seconds count from 0"),
    ]


def test_an_unknown_outcome_is_a_mistake(tmp_path: Path) -> None:
    """Each word that is neither answered, abandoned nor left out is one, with its rows; an empty cell is a word."""
    columns = replace(COLUMNS, leave_out=(("topic", ("internal",)), ("end", ("PHANTOM",))))
    rows = [answered("08:00", 60).replace("AGENT", word) for word in ("AGENT", "Agent", "PHANTOM", "", "Agent", "gone")]
    leave = "list it under leave_out if its rows do not count"
    found = [(m.line, m.column, m.path, m.what, m.hint) for m in mistakes(written(tmp_path, *rows), columns)]
    assert found == [
        (3, 27, "end", "'Agent' is neither answered nor abandoned, in 2 rows", f"did you mean 'AGENT'? {leave}"),
        (5, 27, "end", "'' is neither answered nor abandoned, in 1 row", f"known here: AGENT, HANG; {leave}"),
        (7, 27, "end", "'gone' is neither answered nor abandoned, in 1 row", f"known here: AGENT, HANG; {leave}"),
    ]


def test_missing_columns_are_all_named(tmp_path: Path) -> None:
    """Each missing column is one mistake, with the nearest header and all there are."""
    path = written(tmp_path, answered("08:00", 60), header=HEADER.replace("queued", "queue").replace("who", "x"))
    assert [(m.line, m.what, m.hint) for m in mistakes(path)] == [
        (1, "no column 'queued'", "did you mean 'queue'? the headers are: day, at, topic, menu, queue, end, talk, x"),
        (1, "no column 'who'", "the headers are: day, at, topic, menu, queue, end, talk, x"),
    ]


def test_a_header_that_appears_twice_is_a_mistake(tmp_path: Path) -> None:
    """Two columns of one name cannot both be meant."""
    path = written(tmp_path, "2024-03-04 08:00,2024-03-04 08:00", header="when,when")
    assert [m.what for m in mistakes(path, LogColumns(arrival=("when",)))] == ["2 columns are called 'when'"]


def test_leaving_out_exits_needs_wait_and_outcome(tmp_path: Path) -> None:
    """A mapping that leaves out hang-ups without wait, but cannot tell which they are, is a mistake."""
    columns = LogColumns(arrival=("when",), abandoned_without_wait="leave_out")
    [mistake] = mistakes(written(tmp_path, "2024-03-04 08:00", header="when"), columns)
    assert "cannot tell who abandoned" in mistake.what


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        (b"", 1, "the file is empty"),
        (b"\n\n", 1, "the file is empty"),
        (HEADER.encode() + b"\n", 1, "no call to replay"),
        (HEADER.encode() + b"\n2024-03-04,08:00,caf\xe9,0,0,AGENT,60,A1\n", 2, "not UTF-8 text"),
        (HEADER.encode() + b'\n2024-03-04,08:00,"bill,0,0,AGENT,60,A1\n\n', 2, "not CSV: unexpected end of data"),
        (b'"when', 1, "not CSV: unexpected end of data"),
    ],
)
def test_a_file_that_is_no_log(tmp_path: Path, content: bytes, line: int, what: str) -> None:
    """A file that is empty, only a header, not UTF-8 or not CSV is one mistake, in its place."""
    path = tmp_path / "calls.csv"
    path.write_bytes(content)
    assert [(m.line, m.what) for m in mistakes(path)] == [(line, what)]


def test_a_log_without_a_call_says_why(tmp_path: Path) -> None:
    """Where every row is left out, the hint counts them by reason."""
    [mistake] = mistakes(written(tmp_path, *["2024-03-04,08:00,bill,0,0,PHANTOM,60,A1"] * 3))
    assert mistake.hint == "left out: 3 because end is PHANTOM"


def test_no_such_file(tmp_path: Path) -> None:
    """A path that does not exist, and one that is a folder, are usage errors that name the path."""
    with pytest.raises(UsageError, match=r"none\.csv: no such file"):
        read_log(tmp_path / "none.csv", COLUMNS)
    with pytest.raises(UsageError, match="not a file of its own"):
        read_log(tmp_path, COLUMNS)


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


def test_digest_tells_logs_apart(tmp_path: Path) -> None:
    """The digest depends on the calls that count, each of their values, and on nothing else."""

    def digest(*rows: str, header: str = HEADER) -> str:
        return log_digest(read_log(written(tmp_path, *rows, header=header), COLUMNS))

    row = answered("08:00", 60)
    left_out = "2024-03-04,08:01,internal,0,0,AGENT,60,A1"
    assert digest(row) == digest(row, left_out) == digest(row + ",more", header=HEADER + ",notes")
    waited = row.replace(",0,0,", ",0,1,")
    others = [
        waited,
        waited.replace("60,A1", ","),
        waited.replace("AGENT,60,A1", "HANG,,"),
        row.replace(",0,0,", ",1,0,"),
        row.replace("bill", "move"),
        answered("08:00:01", 60),
        answered("08:00", 61),
        answered("08:00", 60, "A2"),
        answered("08:00", 60, day="2024-03-05"),
    ]
    assert len({digest(row), *map(digest, others)}) == len(others) + 1
    assert digest(row, row.replace("bill", "move")) != digest(row.replace("bill", "move"), row)


# the logs


def test_the_synthetic_log_is_what_its_generator_makes(tmp_path: Path) -> None:
    """The file that is shipped can be made again, byte for byte."""
    make_synthetic_log.write(tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == make_synthetic_log.PATH.read_bytes()


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


def test_a_month_is_read_in_a_second() -> None:
    """Some 32,000 rows take less than 1 s of one processor, the best of three."""
    times = []
    for _ in range(3):
        begin = process_time()
        bank_log("01")
        times.append(process_time() - begin)
    assert min(times) < 1


def bank_log(month: str) -> Log:
    folder = os.environ.get("SIM_DATA")
    if not folder:
        pytest.skip("set SIM_DATA to the folder of the real logs")
    return read_log(Path(folder) / "anonymous_bank_1999" / f"1999-{month}.csv", BANK)


def test_a_log_of_centuries_is_a_mistyped_date(tmp_path: Path) -> None:
    """A date decades away from the others is a mistake, not a simulation of decades."""
    file = tmp_path / "log.csv"
    file.write_text("when\n2030-01-07 09:00\n2099-01-07 09:00\n")
    with pytest.raises(ScenarioError, match="from 2030-01-07 to 2099-01-07, more than 400 days; look for a mistyped"):
        read_log(file, LogColumns(arrival=("when",)))


def test_a_log_is_a_file_of_a_size_that_can_be_read(tmp_path: Path) -> None:
    """A pipe or a device would never end, and a sparse file of gigabytes would fill the memory: both are refused."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="not a file"):
        read_log(tmp_path / "pipe", LogColumns(arrival=("when",)))
    with open(tmp_path / "large.csv", "wb") as large:
        large.truncate(1 << 30)
    with pytest.raises(UsageError, match="larger than 256 MiB"):
        read_log(tmp_path / "large.csv", LogColumns(arrival=("when",)))
