"""Counts are read as they were meant, what is wrong with them is said with its place, and known figures come back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2

from sim.errors import ScenarioError, UsageError
from sim.fitting import Fit, Shape, aht_factors, chi_squared, day_spread, fit, hour_spread
from sim.history import Counts, History, read_counts
from sim.sheets import Tab, write_xlsx
from sim.tables import Floats

MONDAY = date(2026, 6, 1)
LIMIT = 4.5
"""Standard errors that an estimate may be off."""

Line = Sequence[object]


def written(folder: Path, header: str, rows: Iterable[Line], name: str = "counts.csv") -> Path:
    path = folder / name
    lines = [header, *(",".join("" if cell is None else str(cell) for cell in row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def clock(start: int) -> str:
    return f"{start // 3600:02d}:{start % 3600 // 60:02d}"


def days(number: int, start: date = MONDAY) -> list[date]:
    return [start + timedelta(days=more) for more in range(number)]


def table(
    number: int = 7, *, first: int = 8, last: int = 12, step: int = 1800, start: date = MONDAY, **cells: object
) -> list[list[object]]:
    """Rows of date, interval and these cells, the same in every interval from `first` to `last` o'clock."""
    return [
        [day, clock(second), *cells.values()]
        for day in days(number, start)
        for second in range(first * 3600, last * 3600, step)
    ]


def history(folder: Path, header: str, rows: Iterable[Line], **how: str) -> History:
    return read_counts(written(folder, header, rows), columns={}, **how)


def mistakes(folder: Path, header: str, rows: Iterable[Line], **how: str) -> list[str]:
    path = written(folder, header, rows)
    with pytest.raises(ScenarioError) as problem:
        read_counts(path, columns={}, **how)
    return [str(mistake).removeprefix(f"{folder}/") for mistake in problem.value.mistakes]


def only(read: History) -> Counts:
    (counts,) = read.channels
    return counts


# --- reading ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        "date,interval,offered,abandoned,aht",
        "Date,Interval Start,Calls Offered,Aban Calls,Avg Handle Time",
        "DAY,start_time,Contacts Received,ABANDONS,Average Handle Time (s)",
        "Date,From,Volume,Calls Abandoned,AHT [sec]",
        "Date,Half hour,Incoming calls,Abandoned,AHT seconds",
    ],
)
def test_usual_headers_are_recognised(tmp_path: Path, header: str) -> None:
    """Whatever of the trade's names the columns have, each is found, and none is left over."""
    read = history(tmp_path, header, table(offered=12, abandoned=3, aht=200))
    counts = only(read)
    assert (counts.name, counts.kind, read.rows, len(read.days), read.length) == ("phone", "live", 56, 7, 1800)
    assert counts.offered.sum() == 12 * 56
    assert counts.abandoned is not None
    assert counts.abandoned.sum() == 3 * 56
    assert set(counts.aht[counts.handled > 0].tolist()) == {200.0}
    assert counts.handled.sum() == 9 * 56
    assert read.unused == ()


def test_other_headers_are_named(tmp_path: Path) -> None:
    """A column that has none of the usual names is the one that the user names; columns not used are listed."""
    path = written(tmp_path, "Datum,Von,Angeboten,Offered by mail", table(offered=5, other=9))
    columns = {"date": "Datum", "time": "Von", "offered": "Angeboten"}
    read = read_counts(path, columns=columns)
    assert only(read).offered.sum() == 5 * 56
    assert read.unused == ("Offered by mail",)


def test_a_workbook_is_read_like_its_csv(tmp_path: Path) -> None:
    """The same table in Excel, dates and times as Excel keeps them, gives the same counts."""
    rows = table(offered=12, aht=200)
    cells = [[day, datetime.strptime(str(start), "%H:%M").time(), *rest] for day, start, *rest in rows]
    write_xlsx(tmp_path / "counts.xlsx", [Tab("June", ("Date", "Time", "Offered", "AHT"), cells)])  # type: ignore[arg-type]
    one = only(history(tmp_path, "Date,Time,Offered,AHT", rows))
    other = only(read_counts(tmp_path / "counts.xlsx", columns={}, sheet="June"))
    assert (one.offered == other.offered).all()
    assert (one.aht == other.aht).all()


@pytest.mark.parametrize(
    ("header", "when"),
    [
        ("Start time,offered", lambda day, start: [f"{day} {start}"]),
        ("Date,offered", lambda day, start: [f"{day}T{start}:00"]),
        ("date,interval,offered", lambda day, start: [day, f"{start}-{start[:3]}59"]),
        ("date,interval start,offered", lambda day, start: [day, f"{day} {start}"]),
    ],
)
def test_when_is_read_in_its_usual_forms(
    tmp_path: Path, header: str, when: Callable[[object, str], list[object]]
) -> None:
    """One column with date and time, an interval written as a range, a moment beside a date: all are the same start."""
    plain = history(tmp_path, "date,time,offered", table(offered=4))
    rows = [[*when(day, str(start)), *rest] for day, start, *rest in table(offered=4)]
    read = history(tmp_path, header, rows)
    assert read.days == plain.days
    assert (only(read).offered == only(plain).offered).all()


@pytest.mark.parametrize(
    ("header", "cell"),
    [("AHT", 200), ("AHT", "3:20"), ("AHT", "00:03:20"), ("AHT (min)", 3.3333), ("AHT min", "3.3333")],
)
def test_handle_times_are_read_in_their_unit(tmp_path: Path, header: str, cell: object) -> None:
    """Seconds, m:ss, h:mm:ss, and minutes where the header says so."""
    counts = only(history(tmp_path, f"date,time,offered,{header}", table(offered=4, aht=cell)))
    assert counts.aht.max() == pytest.approx(200, abs=0.01)


@pytest.mark.parametrize(
    ("header", "cells", "expected"),
    [
        ("talk,acw", (150, 50), (200.0, 50.0, False)),
        ("aht,acw", (200, 50), (200.0, 50.0, False)),
        ("aht,avg talk time", (200, 150), (200.0, 50.0, False)),
        ("talk", (150,), (150.0, None, True)),
        ("aht", (200,), (200.0, None, False)),
    ],
)
def test_handle_time_is_talk_and_wrap_up(
    tmp_path: Path, header: str, cells: tuple[int, ...], expected: tuple[float, float | None, bool]
) -> None:
    """From any two of the three follows the third; talk alone is known to be without wrap-up."""
    rows = [[*row, *cells] for row in table(offered=4)]
    counts = only(history(tmp_path, f"date,time,offered,{header}", rows))
    assert (counts.aht.max(), counts.wrap_up, counts.only_talk) == expected


def test_handle_time_is_weighted_by_contacts(tmp_path: Path) -> None:
    """The handle time of a half hour is the mean over its contacts, not over its quarters."""
    rows = [
        [day, start, offered, aht]
        for day in days(7)
        for start, offered, aht in (("08:00", 30, 100), ("08:15", 10, 300), ("08:30", 0, None))
    ]
    counts = only(history(tmp_path, "date,time,offered,aht", rows))
    assert counts.aht[0, 16] == pytest.approx(150)
    assert counts.handled[0, 16] == 40


@pytest.mark.parametrize(("step", "slots"), [(900, 48), (1800, 48), (3600, 24)])
def test_intervals_of_any_usual_length_add_up(tmp_path: Path, step: int, slots: int) -> None:
    """Quarters are put together to half hours; half hours and hours stay."""
    read = history(tmp_path, "date,time,offered", table(step=step, offered=6))
    offered = only(read).offered
    assert read.length == step
    assert offered.shape == (7, slots)
    assert offered.sum() == 6 * 7 * 4 * 3600 / step
    assert set(offered[:, 16 if slots == 48 else 8].tolist()) == {12.0 if step == 900 else 6.0}


def test_a_wide_file_has_a_column_for_each_channel(tmp_path: Path) -> None:
    """``phone offered``, ``email AHT (s)`` and ``offered (chat)`` belong to their channels; totals to none."""
    header = (
        "date,time,Phone offered,Phone abandoned,Phone AHT,email_offered,Email AHT (s),Offered (chat),Total offered"
    )
    read = history(tmp_path, header, table(a=10, b=1, c=240, d=5, e=300, f=2, g=17))
    assert [(c.name, c.offered.max(), c.aht.max()) for c in read.channels] == [
        ("phone", 10, 240), ("chat", 2, 0), ("email", 5, 300),
    ]  # fmt: skip
    assert read.unused == ("Total offered",)


def test_a_wide_file_may_name_the_channels_only(tmp_path: Path) -> None:
    """Columns called calls and e-mails hold what each was offered."""
    read = history(tmp_path, "date,time,calls,e-mails", table(calls=10, emails=3))
    assert [(counts.name, counts.offered.max()) for counts in read.channels] == [("phone", 10), ("email", 3)]


def test_a_lone_column_of_calls_is_no_wide_file(tmp_path: Path) -> None:
    """With one column of contacts, handle times beside it are theirs."""
    counts = only(history(tmp_path, "date,time,calls,aht", table(calls=10, aht=240)))
    assert (counts.name, counts.aht.max()) == ("phone", 240)


def test_channels_get_the_names_that_scenarios_use(tmp_path: Path) -> None:
    """Usual words become phone, chat and email in that order; others stay, as far as a scenario can write them."""
    names = ["E-Mail", "Voice", "WebChat", "Sales/UK", "Letters"]
    rows = [[day, start, name, 4] for day, start, _ in table(x=0) for name in names]
    read = history(tmp_path, "date,time,queue,offered", rows)
    assert [counts.name for counts in read.channels] == ["phone", "chat", "email", "Sales UK", "Letters"]
    assert [counts.kind for counts in read.channels] == ["live", "live", "deferrable", "live", "deferrable"]


def test_two_names_of_one_channel_stay_two(tmp_path: Path) -> None:
    """Where voice and phone are both there, phone is phone and voice keeps its name."""
    rows = [[day, start, name, 4] for day, start, _ in table(x=0) for name in ("Voice", "PHONE", "Phone 2", "Phone/2")]
    read = history(tmp_path, "date,time,skill,offered", rows)
    assert sorted((c.name, c.said) for c in read.channels) == [
        ("Phone 2", "Phone 2"), ("Phone 2 2", "Phone/2"), ("Voice", "Voice"), ("phone", "PHONE"),
    ]  # fmt: skip


def test_a_channel_of_ones_own_is_live_where_anybody_abandons(tmp_path: Path) -> None:
    """Where the file says who abandoned, that decides; the name does not."""
    rows = [[day, start, name, 4, lost] for day, start, _ in table(x=0) for name, lost in (("Form", 1), ("Sales", 0))]
    read = history(tmp_path, "date,time,skill,offered,abandoned", rows)
    assert [(counts.name, counts.kind) for counts in read.channels] == [("Form", "live"), ("Sales", "deferrable")]


def test_missing_rows_are_nobody_and_missing_days_no_data(tmp_path: Path) -> None:
    """On a day with other rows an interval without one offers nothing; a day without rows is not a day of zeros."""
    rows = [row for row in table(10, offered=5) if row[0] != date(2026, 6, 3) and row[1] != "09:00"]
    read = history(tmp_path, "date,time,offered", rows)
    assert len(read.days) == 9
    assert date(2026, 6, 3) not in read.days
    assert only(read).offered[:, 16].tolist() == [5.0] * 9
    assert only(read).offered[:, 18].tolist() == [0.0] * 9


def test_the_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    """A file written backwards gives the same counts."""
    rows = [[*row, number] for number, row in enumerate(table())]
    one, other = (history(tmp_path, "date,time,offered", list(lines)) for lines in (rows, reversed(rows)))
    assert one.days == other.days
    assert (only(one).offered == only(other).offered).all()


def test_abandoned_is_what_was_not_answered(tmp_path: Path) -> None:
    """Where a file has answered but no abandoned contacts, the others abandoned."""
    counts = only(history(tmp_path, "date,time,offered,handled", table(offered=10, answered=8)))
    assert counts.abandoned is not None
    assert counts.abandoned.sum() == 2 * 56


# --- bad input -------------------------------------------------------------------------------------------------------

HEADER = "date,time,channel,offered,answered,abandoned,aht"


def damaged(row: int, column: int, cell: object, number: int = 7) -> list[list[object]]:
    """A good table with one cell replaced; rows count from 0, so that its line is two more."""
    rows = table(number, channel="phone", offered=10, answered=9, abandoned=1, aht=200)
    rows[row][column] = cell
    return rows


@pytest.mark.parametrize(
    ("row", "column", "cell", "where", "what"),
    [
        (3, 3, "many", "counts.csv:5:4: offered", "'many' is not a number"),
        (3, 3, -4, "counts.csv:5:4: offered", "-4"),
        (3, 3, 2.5, "counts.csv:5:4: offered", "is not a whole number"),
        (4, 5, 11, "counts.csv:6:6: abandoned", "11 abandoned of 10 offered"),
        (4, 6, 0, "counts.csv:6:7: aht", "a handle time of 0 with 9 answered; leave the cell empty"),
        (4, 6, "long", "counts.csv:6:7: aht", "'long' is not a length of time"),
        (5, 1, "10:00", "counts.csv:7:2: time", "phone 2026-06-01 10:00 is given twice, first in line 6"),
        (5, 1, "10:40", "counts.csv:7:2: time", "10:40:00 is no start of an interval; give intervals of 15, 30 or 60"),
        (5, 1, "24:00", "counts.csv:7:2: time", "no interval starts at 24:00"),
        (5, 1, None, "counts.csv:7:2: time", "this row does not say when"),
        (5, 0, "Holiday", "counts.csv:7:1: date", "'Holiday'"),
        (5, 2, None, "counts.csv:7:3: channel", "this row names no channel"),
    ],
)
def test_a_bad_cell_is_named_with_its_place(
    tmp_path: Path, row: int, column: int, cell: object, where: str, what: str
) -> None:
    """Every kind of nonsense in a cell is one mistake: file, line, column, header, what is wrong."""
    (found,) = mistakes(tmp_path, HEADER, damaged(row, column, cell))
    assert found.startswith(where)
    assert what in found


def test_all_mistakes_are_found_at_once(tmp_path: Path) -> None:
    """Three bad cells of three kinds are three mistakes in the order of the file."""
    rows = damaged(3, 3, "many")
    rows[10][5] = 12
    rows[20][1] = rows[19][1]
    found = mistakes(tmp_path, HEADER, rows)
    assert [line.split(":")[1] for line in found] == ["5", "12", "22"]


@pytest.mark.parametrize("column", [3, 5, 6])
def test_an_empty_column_is_a_mistake(tmp_path: Path, column: int) -> None:
    """A column whose cells are all empty is a broken export, not a column of zeros."""
    rows = damaged(0, 3, 10)
    for row in rows:
        row[column] = None
        row[4] = 0
    (found, *_) = mistakes(tmp_path, HEADER, rows)
    assert found.startswith(f"counts.csv:1:{column + 1}")
    assert "this column is empty" in found


def test_intervals_of_two_lengths_are_a_mistake(tmp_path: Path) -> None:
    """A day of hours among days of half hours is found, whichever comes first."""
    rows = [*table(1, last=18, step=3600, offered=5), *table(6, last=18, start=date(2026, 6, 2), offered=5)]
    (found,) = mistakes(tmp_path, "date,time,offered", rows)
    assert found.startswith("counts.csv:2:2: time: intervals of 60 minutes on this day, of 30 elsewhere")


def test_sparse_half_hours_are_of_one_length(tmp_path: Path) -> None:
    """Intervals without a row, because nobody made contact, do not make a day one of longer intervals."""
    rng = np.random.default_rng(1)
    rows = [row for row in table(28, first=0, last=24, offered=1) if rng.random() < 0.4]
    assert history(tmp_path, "date,time,offered", rows).length == 1800
    quiet = [[date(2026, 6, 8), start, 1] for start in ("08:00", "09:00", "10:00", "11:00")]
    assert history(tmp_path, "date,time,offered", [*table(offered=1), *quiet]).length == 1800


@pytest.mark.parametrize(("number", "said"), [(1, "1 day are"), (4, "4 days are")])
def test_too_few_days_are_refused(tmp_path: Path, number: int, said: str) -> None:
    """Less than five days with rows are no history."""
    (found,) = mistakes(tmp_path, "date,time,offered", table(number, offered=5))
    assert found.startswith(f"counts.csv: counts of {said.removesuffix(' are')}")
    assert "too few" in found


def test_a_mistyped_year_is_noticed(tmp_path: Path) -> None:
    """Days that are centuries apart are not one history."""
    (found,) = mistakes(tmp_path, HEADER, damaged(0, 0, "2062-06-01"))
    assert "look for a mistyped date" in found


@pytest.mark.parametrize("header", ["Datum,Zeit,Angebotene Anrufe", "date,time,Anrufe", "date,day name,hourly"])
def test_headers_of_another_language_say_what_was_looked_for(tmp_path: Path, header: str) -> None:
    """What is missing is named, with what was looked for, what is there, and how to say which it is."""
    found = " ".join(mistakes(tmp_path, header, table(offered=5)))
    assert "looked for" in found
    assert header.split(",")[2] in found
    assert "--column" in found


def test_a_column_that_nobody_looks_for_is_a_usage_error(tmp_path: Path) -> None:
    """`--column ofered=…` has no such column; the nearest is named."""
    path = written(tmp_path, "date,time,n", table(offered=5))
    with pytest.raises(UsageError, match="did you mean 'offered'"):
        read_counts(path, columns={"ofered": "n"})
    with pytest.raises(ScenarioError, match="there is no column 'N2'"):
        read_counts(path, columns={"offered": "N2"})


@pytest.mark.parametrize(("key", "ours"), [("acw", "wrap_up"), ("handle_time", "aht"), ("calls", "offered")])
def test_a_usual_header_is_no_name_of_ours(tmp_path: Path, key: str, ours: str) -> None:
    """`--column acw=…` is answered with the name that we have for it."""
    with pytest.raises(UsageError, match=f"did you mean '{ours}'"):
        read_counts(written(tmp_path, "date,time,n", table(offered=5)), columns={key: "n"})


@pytest.mark.parametrize(
    ("header", "rest"),
    [
        ("Datum,Uhrzeit,Anrufe", '--column date="Datum" --column time="Uhrzeit" --column offered=…'),
        ("date,Uhrzeit,Anrufe", '--column time="Uhrzeit" --column offered=…'),
        ("Tag,time,Anrufe", '--column date="Tag" --column offered=…'),
        ("date,time,Anrufe", "--column offered=…"),
    ],
)
def test_all_that_is_missing_is_one_command(tmp_path: Path, header: str, rest: str) -> None:
    """One message with the file's headers and all that is to be typed."""
    (found,) = mistakes(tmp_path, header, table(offered=5))
    assert f"there are: {', '.join(header.split(','))}; " in found
    assert found.endswith(f" with {rest}")


def test_a_column_of_moments_is_all_that_is_missing(tmp_path: Path) -> None:
    """Where one column holds date and time, only that is asked for."""
    rows = [(f"{day} {start}", number) for day, start, number in table(offered=5)]
    (found,) = mistakes(tmp_path, "Zeitpunkt,Anrufe", rows)
    assert found.endswith(' with --column time="Zeitpunkt" --column offered=…')


def test_the_first_sheet_with_the_columns_is_read(tmp_path: Path) -> None:
    """Not the first table of the workbook; where none has them all, the nearest one is named."""
    path = tmp_path / "counts.xlsx"
    cover = Tab("Cover", ("Report", "By"), [("Calls", "Ann")])
    dates = Tab("Dates", ("Date", "Note"), [("2026-06-01", "x")])
    rows = [(f"{day}", f"{start}", f"{number}") for day, start, number in table(offered=5)]
    write_xlsx(path, [cover, dates, Tab("Data", ("Date", "Time", "Offered"), rows)])
    assert read_counts(path, columns={}).rows == len(rows)
    write_xlsx(path, [cover, dates])
    with pytest.raises(ScenarioError, match="sheet Dates, row 1: no column holds the start of the interval"):
        read_counts(path, columns={})
    write_xlsx(path, [cover, Tab("Anrufe", ("Tag", "von", "Anzahl"), rows)])
    with pytest.raises(ScenarioError, match=r"sheet Anrufe, row 1: .* --column date=\"Tag\" --column time=\"von\""):
        read_counts(path, columns={})


def test_what_is_left_out_is_known(tmp_path: Path) -> None:
    """Lines above the header, rows of totals, and in which order the numbers of a date were read."""
    rows = [(f"{day:%d/%m/%Y}", start, number) for day, start, number in table(20, offered=5)]
    path = written(tmp_path, "Date,Time,Offered", [*rows, ("Total", "", 99)])
    path.write_text("Calls of June\n\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    read = read_counts(path, columns={})
    assert (read.above, read.totals, read.date_order) == (2, (f"line {len(rows) + 4}",), "day first")
    plain = history(tmp_path, "date,time,offered", table(offered=5))
    assert (plain.above, plain.totals, plain.date_order) == (0, (), "")


def test_nobody_at_all_is_no_history(tmp_path: Path) -> None:
    """Counts of zeros only cannot be fitted."""
    with pytest.raises(ScenarioError, match="no contacts were offered at all"):
        fit(history(tmp_path, "date,time,offered", table(offered=0)))


# --- clock changes ---------------------------------------------------------------------------------------------------

BACK, FORWARD = date(2026, 10, 25), date(2026, 3, 29)


def around(day: date) -> list[list[object]]:
    """A week with all its half hours, each with one contact, that ends on a day."""
    return table(7, first=0, last=24, start=day - timedelta(days=6), offered=1)


def test_the_repeated_hour_keeps_both_its_rows(tmp_path: Path) -> None:
    """On the day when London's clocks go back, 01:00 and 01:30 may be there twice, and both count."""
    rows = [*around(BACK), [BACK, "01:00", 1], [BACK, "01:30", 1]]
    offered = only(history(tmp_path, "date,time,offered", rows, time_zone="Europe/London")).offered
    assert offered[6].sum() == 50
    assert offered[6, 2:4].tolist() == [2, 2]


def test_the_repeated_hour_is_there_twice_at_most(tmp_path: Path) -> None:
    """A third row for it is a mistake, and so is a second one for 02:00, which exists once."""
    rows = [*around(BACK), [BACK, "01:00", 1], [BACK, "01:00", 1], [BACK, "02:00", 1]]
    found = mistakes(tmp_path, "date,time,offered", rows, time_zone="Europe/London")
    assert [line.split(":")[1] for line in found] == ["339", "340"]


def test_without_a_time_zone_no_hour_is_repeated(tmp_path: Path) -> None:
    """In UTC the second row is a mistake, which points at the time zone."""
    (found,) = mistakes(tmp_path, "date,time,offered", [*around(BACK), [BACK, "01:30", 1]])
    assert found.endswith("if the clocks went back there, give --time-zone")


def test_an_hour_that_does_not_exist_is_a_mistake(tmp_path: Path) -> None:
    """On the day when London's clocks go forward, contacts at 01:00 and 01:30 are two mistakes; a row that says that
    nobody came is none."""
    found = mistakes(tmp_path, "date,time,offered", around(FORWARD), time_zone="Europe/London")
    assert len(found) == 2
    assert "01:00 on 2026-03-29 does not exist in Europe/London: the clocks go forward" in found[0]
    rows = [
        [day, start, 0 if (day, start) in ((FORWARD, "01:00"), (FORWARD, "01:30")) else 1]
        for day, start, _ in around(FORWARD)
    ]
    assert only(history(tmp_path, "date,time,offered", rows, time_zone="Europe/London")).offered.sum() == 7 * 48 - 2


# --- the fit ---------------------------------------------------------------------------------------------------------


def made(
    offered: Floats,
    start: date = MONDAY,
    *,
    name: str = "phone",
    aht: Floats | None = None,
    skipped: Sequence[int] = (),
) -> History:
    """A history of one channel from counts of shape (days, 48), less the days skipped."""
    kept = [number for number in range(len(offered)) if number not in skipped]
    counts = Counts(
        name=name, said=name, offered=offered[kept], abandoned=None,
        handled=np.zeros_like(offered[kept]) if aht is None else offered[kept],
        aht=np.zeros_like(offered[kept]) if aht is None else aht[kept], wrap_up=None, only_talk=False,
    )  # fmt: skip
    return History(
        "counts.csv", offered[kept].size, tuple(start + timedelta(days=n) for n in kept), 1800, (counts,), ()
    )


def flat(number: int, by_day: Sequence[float], first: int = 16, last: int = 40) -> Floats:
    """So many contacts by weekday in each half hour from the first up to the last."""
    offered = np.zeros((number, 48))
    offered[:, first:last] = np.array([by_day[day % 7] for day in range(number)])[:, None]
    return offered


def test_weekdays_and_volume_are_the_means(tmp_path: Path) -> None:
    """Without chance, the weekly volume is the sum of the weekdays' means, and factors are relative to a seventh."""
    (channel,) = fit(made(flat(28, (12, 11, 10, 9, 8, 6, 0)))).channels
    assert channel.weekly == pytest.approx(56 * 24)
    assert channel.factors == pytest.approx([1.5, 1.375, 1.25, 1.125, 1.0, 0.75, 0])
    assert sum(channel.factors) == pytest.approx(7)


def test_a_holiday_is_left_out_and_a_busy_day_is_not(tmp_path: Path) -> None:
    """A Monday with a tenth of the usual contacts counts for nothing; one with twice as many counts."""
    offered = flat(28, (10,) * 7)
    offered[7] *= 0.1
    offered[15] *= 2
    (channel,) = fit(made(offered)).channels
    assert [(h.day, h.contacts, h.usual) for h in channel.holidays] == [(date(2026, 6, 8), 24, 240)]
    assert channel.factors[0] / channel.factors[2] == pytest.approx(1)
    assert channel.factors[1] / channel.factors[2] == pytest.approx(1.25)
    assert channel.shapes[0].shares.sum() == pytest.approx(1)


def test_a_quiet_day_of_a_small_channel_is_no_holiday() -> None:
    """Three contacts where eight are usual are chance."""
    offered = np.zeros((28, 48))
    offered[:, 20:28] = 1
    offered[7, 20:25] = 0
    (channel,) = fit(made(offered, name="email")).channels
    assert channel.holidays == ()


def poisson(rng: np.random.Generator, offered: Floats) -> Floats:
    return rng.poisson(offered).astype(np.float64)


def two_peaks(total: float, first: int = 16, last: int = 40) -> Floats:
    halves = np.arange(48)
    shape = np.exp(-(((halves - 21) / 3) ** 2)) + 0.7 * np.exp(-(((halves - 31) / 4) ** 2)) + 0.1
    shape = np.where((halves >= first) & (halves < last), shape, 0)
    return np.asarray(total * shape / shape.sum())


@pytest.mark.parametrize("total", [8, 60, 600, 6000])
def test_chance_alone_makes_one_shape(total: float) -> None:
    """Days that differ by chance, and in their totals, share one shape, on desks of any size."""
    rng = np.random.default_rng(3)
    split = 0
    for _ in range(20):
        day = two_peaks(total)
        offered = poisson(rng, np.array([day * (0.4 if number % 7 == 6 else 1) for number in range(28)]))
        split += len(fit(made(offered, name="email")).channels[0].shapes) > 1
    assert split <= 1


def test_saturday_has_a_shape_of_its_own_where_it_differs() -> None:
    """A desk that opens on Saturday morning has two shapes, each of its own opening hours."""
    rng = np.random.default_rng(4)
    offered = np.array([two_peaks(200, 18, 26) if n % 7 == 5 else two_peaks(400) * (n % 7 != 6) for n in range(28)])
    (channel,) = fit(made(poisson(rng, offered))).channels
    found = {shape.weekdays: (shape.opens / 3600, shape.closes / 3600) for shape in channel.shapes}
    assert found == {(0, 1, 2, 3, 4): (8, 20), (5,): (9, 13)}
    for shape in channel.shapes:
        exact = two_peaks(1, 18, 26) if shape.weekdays == (5,) else two_peaks(1)
        assert np.abs(shape.shares - exact).sum() < 0.15


def test_a_morning_that_is_always_closed_makes_a_day_different() -> None:
    """Opening an hour later on Wednesdays, for training, shows although few contacts are concerned."""
    rng = np.random.default_rng(5)
    offered = np.array([two_peaks(300, 18 if n % 7 == 2 else 16) for n in range(56)])
    (channel,) = fit(made(poisson(rng, offered))).channels
    opens = {weekday: shape.opens for shape in channel.shapes for weekday in shape.weekdays}
    assert [opens[weekday] // 1800 for weekday in range(7)] == [16, 16, 18, 16, 16, 16, 16]


def test_strays_do_not_open_the_desk() -> None:
    """A contact at night on one day in twenty-eight is counted, but nobody is asked to wait for another."""
    offered = flat(28, (10,) * 7)
    offered[3, 4] = 1
    (channel,) = fit(made(offered)).channels
    assert [(shape.opens, shape.closes) for shape in channel.shapes] == [(8 * 3600, 20 * 3600)]
    assert channel.strays == 1
    assert channel.weekly == pytest.approx(7 * 240 + 0.25)


def test_messages_are_written_at_any_time() -> None:
    """A deferrable channel is open around the clock, however few messages come at night."""
    (channel,) = fit(made(flat(28, (10,) * 7), name="email")).channels
    assert [(shape.opens, shape.closes) for shape in channel.shapes] == [(0, 86_400)]


def test_weekdays_out_of_reach_are_as_by_default() -> None:
    """Five days leave the weekend to the defaults, 0.5 and 0.3 of days that have a mean of 1."""
    (channel,) = fit(made(flat(5, (10,) * 7))).channels
    assert channel.supposed == (5, 6)
    assert channel.closed == ()
    assert channel.factors[5] / channel.factors[0] == pytest.approx(0.5)
    assert channel.factors[6] / channel.factors[0] == pytest.approx(0.3)
    assert [shape.weekdays for shape in channel.shapes] == [(0, 1, 2, 3, 4, 5, 6)]


def test_weekdays_passed_over_are_closed() -> None:
    """Where two weeks have no row on any Sunday, the desk is closed on Sundays."""
    (channel,) = fit(made(flat(14, (10,) * 7), skipped=(6, 13))).channels
    assert (channel.closed, channel.supposed, channel.factors[6]) == ((6,), (), 0.0)


def test_a_day_without_data_counts_for_nothing() -> None:
    """A Wednesday that is missing leaves the mean of the others."""
    (channel,) = fit(made(flat(28, (10,) * 7), skipped=(9,))).channels
    assert channel.factors == pytest.approx([1.0] * 7)


# --- handle time by hour ---------------------------------------------------------------------------------------------


def handle_times(rng: np.random.Generator, factors: Floats, contacts: Floats) -> Floats:
    """Mean handle times of cells: 240 s times the factor of the hour, each contact with a deviation of 200 s."""
    spread = np.divide(200, np.sqrt(contacts), out=np.zeros_like(contacts), where=contacts > 0)
    return np.asarray(np.where(contacts > 0, rng.normal(240 * factors.repeat(2), spread), 0))


def test_handle_time_by_hour_is_recovered() -> None:
    """Factors of 0.9 in the morning and 1.15 in the evening come back, and their mean over contacts is 1."""
    rng = np.random.default_rng(6)
    contacts = poisson(rng, np.array([two_peaks(900)] * 28))
    factors = np.ones(24)
    factors[8:11], factors[16:20] = 0.9, 1.15
    found = aht_factors(handle_times(rng, factors, contacts), contacts)
    assert found is not None
    by_hour = contacts.reshape(28, 24, 2).sum(axis=(0, 2))
    assert np.average(found, weights=by_hour) == pytest.approx(1)
    exact = factors / np.average(factors, weights=by_hour)
    error = 200 / 240 / np.sqrt(np.maximum(by_hour, 1))
    assert (np.abs(found - exact)[8:20] < LIMIT * error[8:20]).all()


def test_handle_times_that_differ_by_chance_have_no_factors() -> None:
    """Of 200 histories whose hours are alike, some 2 are taken for different."""
    rng = np.random.default_rng(7)
    different = 0
    for _ in range(200):
        contacts = poisson(rng, np.array([two_peaks(150)] * 14))
        different += aht_factors(handle_times(rng, np.ones(24), contacts), contacts) is not None
    assert different <= 8


def test_hours_with_few_contacts_shrink_towards_the_mean() -> None:
    """The rarer an hour's contacts, the less of what makes it different is believed."""
    rng = np.random.default_rng(8)
    contacts = np.full((28, 48), 10.0)
    contacts[:, 44:] = 0
    contacts[0, 44] = 1
    times = handle_times(rng, np.where(np.arange(24) < 12, 0.8, 1.2), contacts)
    times[0, 44] = 2400
    found = aht_factors(times, contacts)
    assert found is not None
    assert 1.0 < found[22] < 4
    assert found[20] == pytest.approx(1.2 / np.mean([0.8] * 12 + [1.2] * 10), abs=0.1)


# --- busyness --------------------------------------------------------------------------------------------------------


def busy(
    rng: np.random.Generator, days_shape: float, hours_shape: float, mean: float, number: int = 56
) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Contacts by day and hour with Gamma factors of these shapes, and the weekdays."""
    shape = np.zeros(24)
    shape[8:18] = (5, 8, 10, 9, 6, 7, 8, 7, 5, 4)
    on = np.arange(number) % 7
    usual = mean * np.array((1.4, 1.2, 1.1, 1.1, 1.2, 0.5, 0.2))[on][:, None] * shape / shape.sum()
    by_day = rng.gamma(days_shape, 1 / days_shape, (number, 1)) if days_shape else 1
    by_hour = rng.gamma(hours_shape, 1 / hours_shape, (number, 24)) if hours_shape else 1
    return poisson(rng, np.asarray(usual * by_day * by_hour)), on


@pytest.mark.parametrize(("days_shape", "hours_shape", "mean"), [(60, 400, 5000), (25, 100, 800), (60, 20, 3000)])
def test_known_busyness_is_recovered(days_shape: float, hours_shape: float, mean: float) -> None:
    """Over 80 histories of eight weeks the variances 1/α and 1/β are right in the mean, within their sampling error."""
    rng = np.random.default_rng(9)
    found = []
    for _ in range(80):
        counts, on = busy(rng, days_shape, hours_shape, mean)
        by_hour = hour_spread(counts, on)
        assert by_hour is not None
        by_day = day_spread(counts, on, by_hour)
        assert by_day is not None
        found.append([1 / by_day if by_day else 0, 1 / by_hour if by_hour else 0])
    error = np.std(found, axis=0, ddof=1) / np.sqrt(len(found))
    assert (np.abs(np.mean(found, axis=0) - [1 / days_shape, 1 / hours_shape]) < LIMIT * error).all()


def test_chance_alone_is_no_busyness() -> None:
    """Of 200 Poisson histories hardly more than one in a hundred is called busy, by day or by hour."""
    rng = np.random.default_rng(10)
    wrong = [0, 0]
    for _ in range(200):
        counts, on = busy(rng, 0, 0, 800)
        wrong[0] += day_spread(counts, on, 0.0) != 0
        wrong[1] += hour_spread(counts, on) != 0
    assert max(wrong) <= 8


def test_busy_hours_alone_are_not_busy_days() -> None:
    """Hours that differ make days differ a little; that is not counted twice."""
    rng = np.random.default_rng(11)
    wrong = 0
    for _ in range(100):
        counts, on = busy(rng, 0, 20, 3000)
        wrong += day_spread(counts, on, hour_spread(counts, on) or 0.0) != 0
    assert wrong <= 6


def test_one_week_cannot_tell_busyness() -> None:
    """Where no weekday is there twice, nothing is said about it."""
    counts, on = busy(np.random.default_rng(12), 5, 5, 1000, number=7)
    assert day_spread(counts, on, 0.0) is None
    assert hour_spread(counts, on) is None


def test_fitted_shapes_stay_within_reason() -> None:
    """Days that jump by factors end at 5, not below; days that differ by 1 % end at 2000 or at none."""
    rng = np.random.default_rng(13)
    counts, on = busy(rng, 0.7, 0, 500)
    assert day_spread(counts, on, 0.0) == 5
    assert day_spread(*busy(rng, 20_000, 0, 10**7), 0.0) == 2000


# --- small ones ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("degrees", [1, 3, 10, 50, 500])
def test_the_quantile_of_chi_squared_is_near(degrees: int) -> None:
    """Wilson and Hilferty's formula is within 2 % of the exact quantile."""
    assert chi_squared(degrees) == pytest.approx(chi2.ppf(0.99, degrees), rel=0.02)


def test_a_fit_of_two_channels_shares_its_busyness(tmp_path: Path) -> None:
    """Channels are fitted one by one, busyness over all of them: its factors are shared."""
    rng = np.random.default_rng(14)
    factor = rng.gamma(20, 1 / 20, 56)[:, None]
    one, other = (poisson(rng, np.array([two_peaks(total)] * 56) * factor) for total in (300, 200))
    both = History(
        "counts.csv", 0, tuple(days(56)), 1800, (made(one).channels[0], made(other, name="email").channels[0]), ()
    )
    found: Fit = fit(both)
    assert [channel.name for channel in found.channels] == ["phone", "email"]
    assert found.busy_days is not None
    assert 10 < found.busy_days < 40
    assert all(isinstance(shape, Shape) for channel in found.channels for shape in channel.shapes)
