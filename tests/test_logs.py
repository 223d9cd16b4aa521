"""A log is read as it is written, and its mistakes are all named."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from pathlib import Path
from time import process_time

import make_synthetic_log
import numpy as np
import pytest
from call_logs import COLUMNS, HEADER, answered, bank_log, written

from sim.errors import Mistake, ScenarioError, UsageError
from sim.logs import Account, LogColumns, log_digest, read_log


def mistakes(path: Path, columns: LogColumns = COLUMNS) -> tuple[Mistake, ...]:
    with pytest.raises(ScenarioError) as caught:
        read_log(path, columns)
    return caught.value.mistakes


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
    """A log of arrival and intent only has no waits, outcomes, service times or agents."""
    path = written(tmp_path, "2024-03-04T08:30:00.5,bill", header="when,topic")
    log = read_log(path, LogColumns(arrival=("when",), intent="topic"))
    assert log.entered.tolist() == log.arrived.tolist() == [30_600.5]
    assert log.answered is None
    assert np.isnan(log.service).all()
    assert np.isnan(log.observed_wait).all()
    assert log.agent.tolist() == [-1]
    assert read_log(path, LogColumns(arrival=("when",))).intent.tolist() == [-1]


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


# the logs


def test_the_synthetic_log_is_what_its_generator_makes(tmp_path: Path) -> None:
    """The file that is shipped can be made again, byte for byte."""
    make_synthetic_log.write(tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == make_synthetic_log.PATH.read_bytes()


def test_a_month_is_read_in_a_second() -> None:
    """Some 32,000 rows take less than 1 s of one processor, the best of three."""
    times = []
    for _ in range(3):
        begin = process_time()
        bank_log("01")
        times.append(process_time() - begin)
    assert min(times) < 1


# the digest


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
