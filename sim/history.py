"""A planner's counts: offered contacts by day, interval and channel, as a phone system or a planning tool exports them.

There is one row an interval and channel, or a column for each channel; which column holds what, the usual headers tell,
or the user. A row that is not there offers nothing, if its day has other rows; a day without rows is one without data.
What the counts say of the weeks to come is for `sim.fitting`.

Times are the wall clock of the desk. Everything is brought to a grid of half hours, or of hours where the counts are
hourly; where clocks go back, both counts of the repeated hour are kept, in the same place of the grid.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.clock import DAY, odd_hour
from sim.defaults import CHANNELS, USUAL
from sim.errors import Mistake, ScenarioError, UsageError
from sim.sheets import DOTS, Cells, Sheet, Wanted, has_time, is_date, is_time, meant, read_sheet
from sim.tables import Floats

HALF_HOUR = 1800
HOUR = 3600
LENGTHS = (900, HALF_HOUR, HOUR)
"""Seconds of an interval that can be read."""
FEWEST_DAYS = 5
MOST_DAYS = 3 * 366
NAME = re.compile(r"\w[\w -]{0,39}")
"""What a scenario can call a channel."""

_UNITS = {"s": 1.0, "sec": 1.0, "secs": 1.0, "seconds": 1.0, "min": 60.0, "mins": 60.0, "minutes": 60.0}
"""Words at the end of a header, and their seconds; a unit in brackets `Sheet` knows itself."""

_TIMES = {
    "aht": (
        "aht", "average handle time", "avg handle time", "average handling time", "avg handling time", "handle time",
        "handling time", "mean handle time",
    ),
    "talk": ("talk", "talk time", "avg talk time", "average talk time", "att", "avg acd time", "average talk"),
    "wrap_up": (
        "wrap up", "wrap", "acw", "avg acw time", "average acw time", "acw time", "wrap up time", "after call work",
        "avg wrap up time", "avg wrap time", "average wrap up time", "avg acw", "average acw",
    ),
}  # fmt: skip
_COUNTS = {
    "offered": (
        "offered", "calls offered", "contacts offered", "offered calls", "offered contacts", "volume", "call volume",
        "contact volume", "calls", "contacts", "received", "calls received", "contacts received", "incoming",
        "incoming calls", "inbound calls", "arrivals", "entered", "calls entered",
    ),
    "answered": (
        "answered", "handled", "calls answered", "calls handled", "contacts handled", "contacts answered", "acd calls",
        "answered calls", "handled calls",
    ),
    "abandoned": (
        "abandoned", "abandons", "calls abandoned", "contacts abandoned", "aban calls", "abandoned calls",
        "abandoned contacts", "calls aban", "aban",
    ),
}  # fmt: skip
_WHEN = (
    Wanted(
        "date", ("date", "day", "call date", "interval date", "start date"), required=False, means="the date",
        like=lambda value: is_date(value) and not has_time(value),
    ),
    Wanted(
        "time",
        (
            "start time", "interval start", "interval start time", "start", "from", "time", "interval", "timestamp",
            "moment", "datetime", "date time", "date and time", "half hour", "hour", "time of day", "period",
        ),
        required=False,
        means="the start of the interval",
        like=lambda value: is_time(value) or has_time(value),
    ),
)  # fmt: skip
_WHO = Wanted(
    "channel",
    ("channel", "queue", "queue name", "skill", "split", "split skill", "skill group", "media", "media type", "lob"),
    required=False,
)
_KNOWN = {
    "phone": ("phone", "voice", "calls", "inbound", "telephone", "call", "phone calls", "inbound calls"),
    "email": ("email", "e mail", "mail", "emails", "e mails"),
    "chat": ("chat", "chats", "webchat", "web chat", "live chat"),
}
_WRITTEN = re.compile("mail|letter|post|ticket|form|fax|social|sms|message|back.?office|paper", re.IGNORECASE)
LARGEST = 10_000 * 3600.0
"""Seconds of work in a row: 10,000 agents for an hour; more is a slip."""

SUPPOSED = 300.0
"""Seconds of work in a contact whose handle time was not counted, for `LARGEST`."""

_TOTALS = ("total", "all", "sum", "overall", "grand total")
KEYS = ("date", "time", "channel", *_COUNTS, *_TIMES)
"""What `--column` may name."""


@dataclass(frozen=True, eq=False)
class Counts:
    """One channel's counts by day and interval; arrays have the shape (days, intervals of a day)."""

    name: str
    """As the scenario calls it."""
    said: str
    """As the file calls it."""
    offered: Floats
    abandoned: Floats | None
    """None where the file does not say who abandoned."""
    handled: Floats
    """Contacts whose handle time is known."""
    aht: Floats
    """Seconds, the mean over those; 0 where there are none."""
    wrap_up: float | None
    """Seconds of the handle time that are wrap-up, the mean over the contacts; None where the file does not say."""
    only_talk: bool
    """The file has talk times, but neither wrap-up nor handle times: `aht` is talk."""

    @property
    def kind(self) -> str:
        """Live or deferrable. A channel of the user's own is live where anybody abandoned; where the file does not say
        who abandoned, unless its name says that it is written."""
        if self.name in USUAL:
            return str(CHANNELS[self.name]["kind"].value)
        if self.abandoned is not None:
            return "live" if self.abandoned.any() else "deferrable"
        return "deferrable" if _WRITTEN.search(self.name) else "live"


@dataclass(frozen=True, eq=False)
class History:
    """A file of counts as read."""

    file: str
    rows: int
    days: tuple[date, ...]
    """The days that have rows, in order. Any other day is a day without data, not one without contacts."""
    length: int
    """Seconds of an interval in the file."""
    channels: tuple[Counts, ...]
    unused: tuple[str, ...]
    """Headers of columns that nothing was read from."""
    above: int = 0
    """Lines or rows above the header."""
    totals: tuple[str, ...] = ()
    """The rows of totals that were left out: ``line 514``."""
    date_order: str = ""
    """Of dates such as 05/10/2026: "day first" or "month first", as the others of their column tell; else nothing."""

    @property
    def step(self) -> int:
        """Seconds of an interval of the arrays."""
        return max(self.length, HALF_HOUR)


class _Row(NamedTuple):
    row: int
    said: str
    when: datetime
    offered: int
    abandoned: int | None
    answered: int
    aht: float | None
    wrap_up: float | None
    only_talk: bool


def read_counts(
    path: Path, *, columns: Mapping[str, str], sheet: str | None = None, channel: str = "phone", time_zone: str = "UTC"
) -> History:
    """Read counts from CSV or Excel.

    Args:
        columns: our name of a column (`KEYS`) → its header, where that is none of the usual ones.
        sheet: the worksheet of a workbook. channel: the channel where the file names none.
        time_zone: whose clock changes tell an hour that exists twice from one that is there twice.

    Raises:
        UsageError: no such file, or a column that is not in `KEYS`.
        ScenarioError: everything that is wrong with the file, located.
    """
    for key in columns:
        if key not in KEYS:
            hint = meant(key, [*_WHEN, _WHO, *_measures()])
            raise UsageError(f"--column {key}=…: '{key}' is not a column that is looked for", hint)

    def lacks(table: Sheet) -> int:
        try:
            _Reader(table, columns, channel, time_zone)
        except ScenarioError:
            wanted = [want._replace(required=True) for want in (*_WHEN, *_measures()[:1])]
            return 1 + table.lacks(wanted, columns)
        return 0

    reader = _Reader(read_sheet(path, sheet, lacks=lacks), columns, channel, time_zone)
    rows = list(reader.rows())
    reader.judge(rows)
    reader.cells.check()
    return reader.history(rows)


def _measures(*, offered: bool = False) -> list[Wanted]:
    """The columns of counts and of times; that of offered contacts, which is the first, may be required."""
    counts = [
        Wanted(key, names, required=offered and key == "offered", means=f"the {key} contacts")
        for key, names in _COUNTS.items()
    ]
    return counts + [Wanted(key, _with_units(names), required=False) for key, names in _TIMES.items()]


class _Reader:
    """One pass over a sheet. `layouts` says for each channel which column holds what; the one of None names the channel
    in a column of its own."""

    def __init__(self, sheet: Sheet, columns: Mapping[str, str], channel: str, zone: str) -> None:
        self.sheet = sheet
        self.zone = zone
        self.when = sheet.columns(_WHEN, _only(columns, ("date", "time")), _as_options)
        self.layouts = self._layouts(columns, channel)
        self.cells = Cells(sheet)

    def _layouts(self, columns: Mapping[str, str], channel: str) -> dict[str | None, dict[str, int]]:
        given = _only(columns, ("channel", *_COUNTS, *_TIMES))
        who = self.sheet.columns([_WHO], _only(columns, ("channel",)), _as_options)
        wide = {} if given or who else _wide(self.sheet.header)
        when = self._when_missing()
        if len(wide) > 1 and not when:
            return wide
        layout = self.sheet.columns([*when, _WHO, *_measures(offered=not wide)], given, _as_options)
        if "offered" not in layout:
            return wide
        return {(None if who else channel): layout}

    def _when_missing(self) -> list[Wanted]:
        """Of the columns of date and time, those that are not there, unless another holds both."""
        moments = any(has_time(row[column]) for row in self.sheet.rows for column in self.when.values())
        missing = [want._replace(required=True) for want in _WHEN if want.key not in self.when and not moments]
        both = any(has_time(cell) for row in self.sheet.rows for cell in row)
        return missing[1:] if both and len(missing) > 1 else missing

    def rows(self) -> Iterator[_Row]:
        """Every row and channel that can be read; what cannot is noted."""
        self._note_empty_columns()
        for row in range(len(self.sheet.rows)):
            when = self._moment(row)
            for said, layout in self.layouts.items():
                read = self._row(row, said, layout, when or datetime.min)
                if when is not None and read is not None:
                    yield read

    def _note_empty_columns(self) -> None:
        used = {*self.when.values(), *(column for layout in self.layouts.values() for column in layout.values())}
        for column in sorted(used):
            if self.sheet.rows and all(row[column] is None for row in self.sheet.rows):
                self.cells.wrong(-1, column, "this column is empty", "fill it in, or take it out of the file")

    def _moment(self, row: int) -> datetime | None:
        empty = [column for column in self.when.values() if self.sheet.rows[row][column] is None]
        if empty:
            self.cells.wrong(row, empty[0], "this row does not say when", "fill it in, or take the row out")
            return None
        if len(self.when) == 1:
            (column,) = self.when.values()
            return self.cells.moment(row, column)
        day, second = self.cells.day(row, self.when["date"]), self.cells.clock(row, self.when["time"])
        if day is None or second is None:
            return None
        if second == DAY:
            self.cells.wrong(row, self.when["time"], "no interval starts at 24:00", "write 00:00 of the next day")
            return None
        return datetime.combine(day, time()) + timedelta(seconds=second)

    def _row(self, row: int, said: str | None, layout: Mapping[str, int], when: datetime) -> _Row | None:
        known = len(self.cells.mistakes)
        if said is None:
            said = self.cells.text(row, layout["channel"])
            if said is None:
                self.cells.wrong(row, layout["channel"], "this row names no channel", "fill it in, or take the row out")
        counts = {key: self._count(row, layout, key) for key in _COUNTS}
        times = {key: self._seconds(row, layout, key) for key in _TIMES}
        if said is None or len(self.cells.mistakes) > known:
            return None
        offered, abandoned, answered = counts["offered"] or 0, counts["abandoned"], counts["answered"]
        if abandoned is not None and abandoned > offered:
            what = f"{abandoned} abandoned of {offered} offered"
            self.cells.wrong(row, layout["abandoned"], what, "count contacts that abandon where they were offered")
        aht, wrap_up = _handle_time(times["aht"], times["talk"], times["wrap_up"])
        if abandoned is None and "abandoned" not in layout and answered is not None:
            abandoned = max(0, offered - answered)
        if answered is None:
            answered = max(0, offered - (abandoned or 0))
        if aht == 0 and answered > 0:
            column = layout.get("aht", layout.get("talk"))
            what = f"a handle time of 0 with {answered} answered"
            self.cells.wrong(row, column, what, "leave the cell empty where it is not known")
        if offered * (aht or SUPPOSED) > LARGEST:
            what = f"{offered:,} contacts" + (f" of {aht:,.0f} s" if aht else "")
            self.cells.wrong(row, layout["offered"], f"{what} are more than 10,000 agents can handle", "check the row")
        only_talk = times["aht"] is None and times["wrap_up"] is None
        return _Row(row, said, when, offered, abandoned, answered, aht, wrap_up, only_talk)

    def _count(self, row: int, layout: Mapping[str, int], key: str) -> int | None:
        return self.cells.count(row, layout[key]) if key in layout else None

    def _seconds(self, row: int, layout: Mapping[str, int], key: str) -> float | None:
        if key not in layout:
            return None
        column = layout[key]
        last = _plain(self.sheet.header[column]).rpartition(" ")[2]
        return self.cells.seconds(row, column, unit=self.sheet.seconds_per(column) or _UNITS.get(last, 1.0))

    def judge(self, rows: Sequence[_Row]) -> None:
        """Note what is wrong with rows beside one another: twice the same, no such hour, not of one length."""
        column = self.when.get("time", self.when.get("date"))
        first: dict[tuple[str, datetime, str], int] = {}
        for entry in rows:
            odd = odd_hour(entry.when, self.zone)
            if entry.offered and odd.endswith("forward"):
                self.cells.wrong(entry.row, column, odd, "give the desk's own time zone with --time-zone")
            key = (_plain(entry.said), entry.when, "")
            if key in first and odd.endswith("back"):
                key = (*key[:2], "after the change")
            if first.setdefault(key, entry.row) != entry.row:
                self._note_twice(entry, first[key], column)
        self._judge_lengths(rows, column)

    def _note_twice(self, entry: _Row, first: int, column: int | None) -> None:
        what = f"{entry.said} {entry.when:%Y-%m-%d %H:%M} is given twice, first in {self.sheet.place(first)}"
        hint = "keep one of the two, or name the column that tells them apart with --column channel=…"
        if self.zone == "UTC":
            hint = "keep one of the two; if the clocks went back there, give --time-zone"
        self.cells.wrong(entry.row, column, what, hint)

    def _judge_lengths(self, rows: Sequence[_Row], column: int | None) -> None:
        starts = {entry.when.hour * HOUR + entry.when.minute * 60 + entry.when.second for entry in rows}
        self.length = next((length for length in reversed(LENGTHS) if not any(s % length for s in starts)), 0)
        if not self.length:
            for entry in rows:
                if (entry.when.minute * 60 + entry.when.second) % 900:
                    what = f"{entry.when:%H:%M:%S} is no start of an interval"
                    self.cells.wrong(entry.row, column, what, "give intervals of 15, 30 or 60 minutes")
            return
        by_day: dict[tuple[str, date], list[_Row]] = {}
        for entry in rows:
            by_day.setdefault((_plain(entry.said), entry.when.date()), []).append(entry)
        for entries in by_day.values():
            times = sorted(entry.when for entry in entries)
            gaps = Counter((after - before).seconds for before, after in pairwise(times))
            gap = min(gaps, default=self.length)
            if gap in LENGTHS and gap > self.length and gaps[gap] >= 6:
                what = f"intervals of {gap // 60} minutes on this day, of {self.length // 60} elsewhere"
                self.cells.wrong(entries[0].row, column, what, "bring them to one length")

    def history(self, rows: Sequence[_Row]) -> History:
        days = tuple(sorted({entry.when.date() for entry in rows}))
        if len(days) < FEWEST_DAYS:
            what = f"counts of {len(days)} day{'s' * (len(days) != 1)} are too few"
            hint = f"give {FEWEST_DAYS} days or more; four weeks tell weekdays from chance"
            raise ScenarioError([Mistake(self.sheet.file, 0, 0, "", what, hint)])
        if (days[-1] - days[0]).days > MOST_DAYS:
            what = f"the counts run from {days[0]} to {days[-1]}"
            hint = "look for a mistyped date, or cut them to the months that are like those to come"
            raise ScenarioError([Mistake(self.sheet.file, 0, 0, "", what, hint)])
        by_channel: dict[str, list[_Row]] = {}
        for entry in rows:
            by_channel.setdefault(_plain(entry.said), []).append(entry)
        names = _names({plain: entries[0].said for plain, entries in by_channel.items()})
        order = sorted(by_channel, key=lambda plain: (*CHANNELS, names[plain]).index(names[plain]))
        used = {*self.when.values(), *(column for layout in self.layouts.values() for column in layout.values())}
        step = max(self.length, HALF_HOUR)
        return History(
            file=Path(self.sheet.file).name,
            rows=len(self.sheet.rows),
            days=days,
            length=self.length,
            channels=tuple(
                _counts(names[plain], by_channel[plain], days, step)
                for plain in order
                if any(entry.offered for entry in by_channel[plain])
            ),
            unused=tuple(text for column, text in enumerate(self.sheet.header) if column not in used and text.strip()),
            above=self.sheet.header_number - 1,
            totals=tuple(f"{self.sheet.row_word} {number}" for number in self.sheet.totals),
            date_order=self.cells.date_order(self.when.get("date", self.when.get("time", 0))),
        )


def _counts(name: str, entries: Sequence[_Row], days: Sequence[date], step: int) -> Counts:
    """Rows of one channel on the grid."""
    size = (len(days), DAY // step)
    number = {day: index for index, day in enumerate(days)}
    day = np.array([number[entry.when.date()] for entry in entries])
    cell = day * size[1] + np.array([(e.when.hour * HOUR + e.when.minute * 60) // step for e in entries])

    def summed(values: list[float]) -> Floats:
        flat = np.bincount(cell, np.array(values, dtype=np.float64), size[0] * size[1])
        return np.asarray(flat, dtype=np.float64).reshape(size)

    handled = [float(e.answered) if e.aht is not None else 0.0 for e in entries]
    wrapped = [count if e.wrap_up is not None else 0.0 for e, count in zip(entries, handled, strict=True)]
    work = summed([count * (e.aht or 0.0) for e, count in zip(entries, handled, strict=True)])
    wrap_up = sum(count * (e.wrap_up or 0.0) for e, count in zip(entries, wrapped, strict=True))
    contacts, told = summed(handled), any(e.abandoned is not None for e in entries)
    return Counts(
        name=name,
        said=entries[0].said,
        offered=summed([e.offered for e in entries]),
        abandoned=summed([e.abandoned or 0 for e in entries]) if told else None,
        handled=contacts,
        aht=np.divide(work, contacts, out=np.zeros(size), where=contacts > 0),
        wrap_up=wrap_up / sum(wrapped) if sum(wrapped) else None,
        only_talk=bool(contacts.any()) and all(e.only_talk for e in entries if e.aht is not None),
    )


def _handle_time(aht: float | None, talk: float | None, wrap_up: float | None) -> tuple[float | None, float | None]:
    """Handle time, and what of it is wrap-up, from those of the three that a row gives."""
    if aht is None and talk is not None:
        return talk + (wrap_up or 0.0), wrap_up
    if aht is not None and talk is not None and wrap_up is None:
        return aht, max(0.0, aht - talk)
    return aht, wrap_up


# --- names and headers -----------------------------------------------------------------------------------------------


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[\s_-]+", " ", text).lower().split())


def _known(said: str) -> str | None:
    """The channel that a name means, if it is a usual one."""
    return next((name for name, words in _KNOWN.items() if _plain(said) in words), None)


def _names(said: Mapping[str, str]) -> dict[str, str]:
    """A name for each channel of a file. Of two that mean the same, one gets its name and the other keeps its own."""
    names: dict[str, str] = {}
    for plain in sorted(said, key=lambda plain: plain not in _KNOWN):
        known = _known(plain)
        own = re.sub(r"[^\w -]+", " ", said[plain]).strip(" -_")[:40].strip() or "channel"
        name = known if known is not None and known not in names.values() else own
        number = 2
        while name in names.values():
            name = f"{own[:36]} {number}"
            number += 1
        names[plain] = name
    return names


def _wide(header: Sequence[str]) -> dict[str | None, dict[str, int]]:
    """Columns such as ``phone offered`` and ``AHT email (s)``, by channel; a bare ``phone`` is what it was offered.
    Only channels with a column of offered contacts."""
    measures = {name: key for key, names in (_COUNTS | _TIMES).items() for name in names}
    found: dict[str, dict[str, int]] = {}
    for column, text in enumerate(header):
        plain = _without_unit(text)
        if _known(plain):
            found.setdefault(plain, {}).setdefault("offered", column)
            continue
        for name in sorted(measures, key=len, reverse=True) if plain not in measures else ():
            if plain.endswith(f" {name}") or plain.startswith(f"{name} "):
                said = plain.removesuffix(f" {name}") if plain.endswith(f" {name}") else plain.removeprefix(f"{name} ")
                found.setdefault(said.strip(" ()[]:"), {}).setdefault(measures[name], column)
                break
    return {said: layout for said, layout in found.items() if "offered" in layout and said not in _TOTALS}


def _without_unit(header: str) -> str:
    return re.sub(rf"\s*[/(\[]?\s*\b(?:{'|'.join(_UNITS)}|h?h?:?mm?:ss)\b[)\]]?$", "", _plain(header))


def _with_units(names: Sequence[str]) -> tuple[str, ...]:
    """Headers of times, bare and with a unit behind: ``AHT sec``."""
    return (*names, *(f"{name} {unit}" for unit in _UNITS for name in names))


def _as_options(headers: Mapping[str, str]) -> str:
    """How `sim new` is told which column holds what."""
    return " ".join(
        f"--column {key}={DOTS}" if header == DOTS else f'--column {key}="{header}"' for key, header in headers.items()
    )


def _only(columns: Mapping[str, str], keys: Sequence[str]) -> dict[str, str]:
    return {key: header for key, header in columns.items() if key in keys}
