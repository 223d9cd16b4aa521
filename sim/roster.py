"""Staff from the planner's own files: levels by interval, or the shifts of people with their breaks.

Files are read row by row; whatever is wrong in any of them is told at once, each mistake with its cell. Times are those
of a wall clock: a start that the clocks show twice, in the night in which they go back, is told apart by a column
``utc_offset``, and is a mistake without it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from sim import units
from sim.clock import DAY, WEEK, odd_hour, say_clock, say_span
from sim.errors import ScenarioError, did_you_mean
from sim.sheets import DOTS, Cells, Sheet, Value, Wanted, has_time, is_date, is_time, read_sheet, text_of
from sim.shifts import (
    LONGEST_NIGHT,
    USUAL,
    Break,
    Duty,
    Plan,
    Real,
    Shift,
    Skill,
    Team,
    Weekly,
    axis_of,
    break_within,
    end_of,
    team_of,
)
from sim.units import HOUR, Money, Unclear, shown

MOST = 10_000
"""Agents in one row."""

_WHEN = (
    Wanted(
        "date", ("date", "shift date", "work date", "start date"), required=False,
        means="the day, as a date or as weekdays", like=is_date,
    ),
    Wanted("weekday", ("weekday", "weekdays", "day", "days", "day of week"), required=False),
    Wanted(
        "start", ("start", "start time", "shift start", "from", "begin", "interval start", "interval", "time"),
        like=lambda value: is_time(value) or has_time(value),
    ),
    Wanted("end", ("end", "end time", "shift end", "to", "until", "finish", "interval end"), required=False),
    Wanted("utc_offset", ("utc offset",), required=False),
    Wanted("group", ("group", "skill group", "team"), required=False),
)  # fmt: skip
_ALIASES = {"day": "weekday", "days": "weekday"}
"""Other names of ours that a scenario may give columns by."""
_AGENTS = ("agents", "headcount", "heads", "hc", "scheduled", "staff", "staffing", "fte", "positions", "required")
_PERSON = (
    "person",
    "agent",
    "agent name",
    "name",
    "employee",
    "employee name",
    "employee id",
    "agent id",
    "id",
    "staff",
)
_COST = ("cost", "cost per hour", "hourly cost", "hourly rate", "rate", "wage", "pay")
_LEVELS = (*_WHEN, Wanted("agents", _AGENTS))
_SHIFTS = (
    *_WHEN,
    Wanted("person", _PERSON),
    Wanted("skills", ("skills", "skill", "channels"), required=False),
    Wanted("breaks", ("breaks", "break", "break times"), required=False),
    Wanted("cost", _COST, required=False),
    Wanted("status", ("status", "absence", "activity"), required=False),
    Wanted("speed", ("speed", "speed factor"), required=False),
    Wanted("quality", ("quality factor",), required=False),
    Wanted("rank", ("routing rank", "agent rank"), required=False),
)
_OFF = (
    "off", "day off", "rest day", "leave", "annual leave", "sick", "sick leave", "holiday", "vacation", "absent", "pto",
)  # fmt: skip
_SIGNS = "".join(units.SYMBOLS)
_CURRENCY = re.compile(rf"(?<![A-Za-z])[A-Z]{{3}}(?![A-Za-z])|[{_SIGNS}]")
_PRICED = re.compile(rf"(?i:{'|'.join(_COST)})\W+({_CURRENCY.pattern})\W*(?i:/ ?h|per hour|an hour)?\W*")
_YES, _NO = {"yes", "y", "true", "1", "x", "paid"}, {"no", "n", "false", "0", "unpaid"}
_BREAK_COLUMN = re.compile(
    r"(tea break|break|lunch|meal|tea|pause)(?: ?(\d+))? (?:(start|begin|from)|(end|finish|to|until)|(paid))"
)
_BREAK_WORDS = re.compile(r"\b(?:break|lunch|tea\b|meal|pause)", re.IGNORECASE)
_UNPAID_KINDS = re.compile(r"\b(?:lunch|meal|unpaid)", re.IGNORECASE)
_SPAN = re.compile(r"\s*[0-9]{1,2}:[0-9]{2}\s*[-–]\s*[0-9]{1,2}:[0-9]{2}")
_SUM = re.compile(r"\b(?:totals?|sum|hours|headcount|heads|fte|average|count)\b", re.IGNORECASE)
_SMALLEST_FACTOR, _LARGEST_FACTOR = 0.01, 5
"""Of a person's speed or quality: less is next to nothing, more is a score, not a factor."""
Tell = Callable[[tuple[str, ...]], None]
"""Is told the headers of the columns that nothing was read from."""
_BREAK = re.compile(r"(.+?)(?:\s+\(?(paid|unpaid)\)?)?", re.IGNORECASE)
_DATE_AND_TIME = re.compile(r"[^:]*\d[^:]*[A-Za-z./-][^:]*\d[ T]+\d{1,2}:\d{2}.*")
_OFFSET = re.compile(r"([+-]?)(\d{1,2}):?(\d{2})")

_T = TypeVar("_T")


class _When(NamedTuple):
    days: date | tuple[int, ...]
    start: int
    end: int | None
    offset: int | None


class _Rows:
    """The rows of a file one by one: when each of them is, and what is wrong with it."""

    def __init__(self, sheet: Sheet, wanted: Sequence[Wanted], given: Mapping[str, str], zone: str, noun: str) -> None:
        self.sheet = sheet
        self.zone = zone
        self.noun = noun
        """What a row is: a shift, or just a row."""
        self.cells = Cells(sheet)
        self.columns = sheet.columns([want._replace(required=False) for want in wanted], given, _as_keys)
        self._dated: bool | None = None
        dayless = not {"date", "weekday"} & self.columns.keys() and not self._has_moments()
        sheet.columns(
            [w._replace(required=w.required or (dayless and w.key == "date")) for w in wanted], given, _as_keys
        )
        self.numbers = range(self._end())
        """Of the rows, without the sums that stand below them."""

    # cells

    def value(self, row: int, key: str) -> Value:
        return self.sheet.rows[row][self.columns[key]] if key in self.columns else None

    def word(self, row: int, key: str) -> str:
        """A cell as text; empty where it holds none."""
        value = self.value(row, key)
        return "" if value is None else (self.cells.text(row, self.columns[key]) or "").strip()

    def empty(self, row: int, key: str) -> bool:
        value = self.value(row, key)
        return value is None or (isinstance(value, str) and not value.strip())

    def wrong(self, row: int, key: str | None, what: str, hint: str = "") -> None:
        self.cells.wrong(row, self.columns.get(key) if key else None, what, hint)

    def read(self, row: int, key: str, reader: Callable[[str], _T]) -> _T | None:
        """A cell's text by a reader of words; what it complains of is the mistake of the cell."""
        text = self.cells.text(row, self.columns[key])
        try:
            return None if text is None else reader(text)
        except Unclear as problem:
            self.wrong(row, key, problem.what, problem.hint)
            return None

    def _end(self) -> int:
        """The number of rows up to the last that is none of sums: those have neither start nor end, and no name or one
        such as Hours."""
        end = len(self.sheet.rows)
        while end > 1 and self._is_sum(end - 1):
            end -= 1
        return end

    def _is_sum(self, row: int) -> bool:
        if not self.empty(row, "start") or not self.empty(row, "end"):
            return False
        first = next(cell for cell in self.sheet.rows[row] if cell is not None)
        nameless = all(self.empty(row, key) for key in ("date", "weekday", "person", "group", "status"))
        return nameless or (isinstance(first, str) and _SUM.search(first) is not None)

    def unused(self, more: Iterable[int] = ()) -> tuple[str, ...]:
        """Headers of the columns that are neither these nor any other that was looked for."""
        used = {*self.columns.values(), *more}
        return tuple(header for column, header in enumerate(self.sheet.header) if header and column not in used)

    # groups

    def of_group(self, group: str | None) -> list[int]:
        """The rows of a group, or all of them. A row of no group among others of some is a mistake, not nobody's."""
        rows = self.numbers
        names = [self.word(row, "group") for row in rows]
        for row in rows if any(names) else ():
            if not names[row] and not all(self.empty(row, key) for key in ("start", "agents", "person")):
                self.wrong(row, "group", f"this {self.noun} is of no group", "write its group into every row")
        mine = [row for row in rows if group in (None, names[row])]
        if not mine:
            what = f"there are no rows of the group {shown(group)}"
            self.wrong(-1, "group", what, did_you_mean(group or "", self.groups()))
        return mine

    def groups(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for row in self.numbers if (name := self.word(row, "group"))))

    # time

    def when(self, row: int) -> _When | None:
        if self.empty(row, "start"):
            self.wrong(row, "start", f"this {self.noun} has no start", "write a time such as 09:00")
            return None
        days = self._moment_day(row) if self._has_moment(row) else self.days(row)
        start = self._second(row, "start", days)
        end = None if self.empty(row, "end") else self._second(row, "end", days)
        offset = None if self.empty(row, "utc_offset") else self._offset(row)
        if days is None or start is None or (end is None and not self.empty(row, "end")):
            return None
        if not self._same_kind(row, days) or (isinstance(days, date) and not self._exists(row, days, start, offset)):
            return None
        if end is None:
            return _When(days, start, None, offset)
        end = self._later(row, start, end)
        return None if end is None else _When(days, start, end, offset)

    def days(self, row: int) -> date | tuple[int, ...] | None:
        """The date, or else the weekdays, of a row; a column of either name may hold either."""
        for key in ("date", "weekday"):
            value = self.value(row, key)
            if isinstance(value, str) and not re.search("[0-9]", value):
                return self.read(row, key, units.weekdays)
            if not self.empty(row, key):
                return self.cells.day(row, self.columns[key])
        key = "date" if "date" in self.columns else "weekday"
        self.wrong(row, key, f"this {self.noun} has no day", "write a date or weekdays")
        return None

    def _has_moment(self, row: int, key: str = "start") -> bool:
        """Whether a cell holds a date and a time. Excel keeps a bare time of day as one around 1900."""
        value = self.value(row, key)
        if isinstance(value, datetime):
            return value.year > 1910
        return isinstance(value, str) and _DATE_AND_TIME.fullmatch(value.strip()) is not None

    def _has_moments(self) -> bool:
        """Whether starts, if they are known, else any cells, say the day."""
        if "start" in self.columns:
            return any(map(self._has_moment, range(len(self.sheet.rows))))
        return any(has_time(cell) for row in self.sheet.rows for cell in row)

    def _moment_day(self, row: int) -> date | None:
        moment = self.cells.moment(row, self.columns["start"])
        return None if moment is None else moment.date()

    def _second(self, row: int, key: str, days: date | tuple[int, ...] | None) -> int | None:
        """Seconds after midnight of the row's day."""
        if not self._has_moment(row, key):
            return self.cells.clock(row, self.columns[key])
        moment = self.cells.moment(row, self.columns[key])
        if moment is None or not isinstance(days, date):
            return None
        return int((moment - datetime.combine(days, time())).total_seconds())

    def _later(self, row: int, start: int, end: int) -> int | None:
        """The end, on the next day where it is a time of day before the start."""
        if end == start:
            what, hint = f"this {self.noun} starts and ends at the same time", "write 00:00-24:00 for a whole day"
        elif end < start and self._has_moment(row, "end"):
            what, hint = f"this {self.noun} ends before it starts", "check the date of its end"
        elif (later := end_of(start, end)) is not None:
            return later
        else:
            what = f"this {self.noun} ends before it starts"
            hint = f"a night shift is at most {LONGEST_NIGHT // 3600} h long"
        self.wrong(row, "end", what, hint)
        return None

    def _same_kind(self, row: int, days: date | tuple[int, ...]) -> bool:
        """Weekdays and dates do not go together."""
        dated = isinstance(days, date)
        if self._dated is None:
            self._dated = dated
        if self._dated != dated:
            here, there = ("a date", "weekdays") if dated else ("weekdays", "dates")
            self.wrong(row, None, f"this row has {here}, those before it have {there}", "write the one or the other")
        return self._dated == dated

    def _offset(self, row: int) -> int | None:
        found = _OFFSET.fullmatch(self.word(row, "utc_offset"))
        if not found:
            what = f"{shown(self.word(row, 'utc_offset'))} is not a distance from UTC"
            self.wrong(row, "utc_offset", what, "write it as in +01:00")
            return None
        return (-1 if found[1] == "-" else 1) * (int(found[2]) * 3600 + int(found[3]) * 60)

    def _exists(self, row: int, day: date, start: int, offset: int | None) -> bool:
        """Whether the clocks show this start exactly once, or its distance from UTC says which one it is."""
        wall = datetime.combine(day, time()) + timedelta(seconds=start)
        before, after = (_utc_offset(wall.replace(fold=fold), self.zone) for fold in (0, 1))
        if offset is not None:
            if offset not in (before, after):
                what = f"{say_offset(offset)} is not the distance of {self.zone} from UTC at that time"
                self.wrong(row, "utc_offset", what, f"it is {say_offset(before)}")
            return offset in (before, after)
        if before == after:
            return True
        if before > after:
            hint = f"say which in a column 'utc_offset': {say_offset(before)} or {say_offset(after)}"
        else:
            hint = f"write {wall + timedelta(seconds=after - before):%H:%M}, as the clocks show it"
        self.wrong(row, "start", odd_hour(wall, self.zone), hint)
        return False

    # rows against each other

    def check_overlaps(self, duties: Sequence[Duty], axis: Weekly | Real) -> None:
        """No two rows of one person, or of a group's levels, at the same time."""
        spans = [(duty.who, h.start, h.end, duty) for duty in duties for h in duty.heads(axis)]
        if isinstance(axis, Weekly):
            spans += [(who, start + WEEK, end + WEEK, duty) for who, start, end, duty in spans]
        pairs: set[tuple[int, int, str]] = set()
        for one, other in pairwise(sorted(spans, key=lambda span: span[:3])):
            if one[0] == other[0] and other[1] < one[2]:
                rows = (one[3].row, other[3].row)
                pairs.add((max(rows), min(rows), one[0]))
        for later, earlier, who in sorted(pairs):
            if who:
                what = f"this shift of {who} overlaps the one in {self.sheet.place(earlier)}"
                hint = "nobody works two shifts at once"
            else:
                what = f"this row overlaps {self.sheet.place(earlier)}"
                hint = "let the rows of a day follow one another"
            self.wrong(later, "start", what, hint)


def _as_keys(headers: Mapping[str, str]) -> str:
    """How a scenario says which column of a table holds what."""
    pairs = ", ".join(f"{key}: {DOTS}" if header == DOTS else f'{key}: "{header}"' for key, header in headers.items())
    return f"columns: {{{pairs}}}"


def _utc_offset(wall: datetime, zone: str) -> int:
    offset = wall.replace(tzinfo=ZoneInfo(zone)).utcoffset()
    return int(offset.total_seconds()) if offset else 0


def say_offset(seconds: int) -> str:
    """A distance from UTC: ``+01:00``."""
    return f"{'-' if seconds < 0 else '+'}{say_clock(abs(seconds))}"


# --- levels ----------------------------------------------------------------------------------------------------------


def read_levels(
    path: Path,
    zone: str,
    *,
    sheet: str | None = None,
    group: str | None = None,
    otherwise: str | None = None,
    columns: Mapping[str, str] | None = None,
    tell: Tell = lambda _: None,
) -> Plan:
    """How many agents a group has when: one row an interval, with a date or weekdays, a start, an end, and agents.

    An end that is left out is the next start of the same day; after the last one, the most frequent distance between
    starts. An end of 00:00 is midnight; before the start, it is on the next day. In a time zone in which an hour comes
    twice, `utc_offset` says in which pass a row starts; its end is then told by the same clock.

    Args:
        sheet: the worksheet of a workbook.
        group: whose rows; may be left out in a file of one group. otherwise: whose rows in a file of several, where no
            group is asked for.
        columns: their headers, where they are none of the usual: ``{"agents": "HC"}``.
        tell: is told the headers of columns that nothing was read from.

    Raises:
        ScenarioError: every mistake of the file, with its place.
    """
    wanted, given = _of_group(_LEVELS, group), _spelled(columns)
    table = read_sheet(path, sheet, lacks=lambda table: table.lacks(wanted, given))
    rows = _Rows(table, wanted, given, zone, "row")
    if group is None and otherwise is not None:
        group = next((name for name in rows.groups() if name.lower() == otherwise.lower()), None)
    if group is None and len(rows.groups()) > 1:
        hint = f"say which, as in {{file: {path.name}, group: {rows.groups()[0]}}}"
        rows.wrong(-1, "group", f"the file has the groups {', '.join(rows.groups())}", hint)
        rows.cells.check()
    duties = list(_filled(rows, list(_levels(rows, rows.of_group(group)))))
    completed, axis = axis_of(duties, zone)
    rows.check_overlaps(duties, axis)
    rows.cells.check()
    tell(rows.unused())
    return axis.plan([h for duty in completed for h in duty.heads(axis)])


def _spelled(columns: Mapping[str, str] | None) -> dict[str, str]:
    """The user's columns under our names."""
    return {_ALIASES.get(key, key): header for key, header in (columns or {}).items()}


def _of_group(wanted: Sequence[Wanted], group: str | None) -> list[Wanted]:
    """The columns to look for; that of the group must be there if one is asked for."""
    return [each._replace(required=True) if each.key == "group" and group is not None else each for each in wanted]


def _levels(rows: _Rows, numbers: Iterable[int]) -> Iterator[tuple[int, int, _When]]:
    """(row, agents, when) of every row that says so."""
    for row in numbers:
        if rows.empty(row, "agents") and rows.empty(row, "start"):
            continue
        agents, when = _agents(rows, row), rows.when(row)
        if agents is not None and when is not None:
            yield row, agents, when


def _agents(rows: _Rows, row: int) -> int | None:
    if rows.empty(row, "agents"):
        rows.wrong(row, "agents", "this row has no number of agents", "write 0 where nobody is there")
        return None
    number = rows.cells.number(row, rows.columns["agents"])
    if number is None:
        return None
    if not number.is_integer():
        hint = f"round it to {int(number)} or {int(number) + 1}"
        rows.wrong(row, "agents", f"{number:g} agents are not a whole number", hint)
        return None
    if number > MOST:
        rows.wrong(row, "agents", f"{number:g} agents are too many", f"give {MOST:,} or less")
        return None
    return int(number)


def _filled(rows: _Rows, levels: Sequence[tuple[int, int, _When]]) -> Iterator[Duty]:
    """The levels day by day, each with an end."""
    by_day: dict[date | int, list[tuple[int, int, int, _When]]] = defaultdict(list)
    for row, agents, when in levels:
        for day in (when.days,) if isinstance(when.days, date) else when.days:
            by_day[day].append((when.start - (when.offset or 0), row, agents, when))
    starts = {day: sorted(start for start, *_ in found) for day, found in by_day.items()}
    steps = Counter(b - a for found in starts.values() for a, b in pairwise(found) if b > a)
    interval = min(steps, key=lambda step: (-steps[step], step), default=None)
    for day, found in by_day.items():
        for start, row, agents, when in found:
            later = bisect_right(starts[day], start)
            end = when.end
            if end is None and later < len(starts[day]):
                end = starts[day][later] + (when.offset or 0)
            elif end is None and interval is not None:
                end = min(when.start + interval, DAY)
            if end is None:
                rows.wrong(row, None, "nothing says when this row ends", "add a column 'end'")
                continue
            yield from _each_day(day, row, Shift(agents, (), when.start, end), when.offset)


def _each_day(day: date | int, row: int, level: Shift, offset: int | None) -> Iterator[Duty]:
    """A row, cut at midnights if it is longer than a day."""
    if not isinstance(day, date):
        yield Duty(replace(level, days=(day,)), row)
    elif level.end - level.start <= DAY:
        yield Duty(replace(level, days=day), row, offset)
    else:
        for number in range(-(-level.end // DAY)):
            start, end = (level.start if number == 0 else 0), min(level.end - number * DAY, DAY)
            yield Duty(Shift(level.agents, day + timedelta(days=number), start, end), row)


# --- shifts ----------------------------------------------------------------------------------------------------------


def read_shifts(
    path: Path,
    zone: str,
    *,
    sheet: str | None = None,
    group: str | None = None,
    columns: Mapping[str, str] | None = None,
    channels: Sequence[str] | None = None,
    currency: str | None = None,
    tell: Tell = lambda _: None,
) -> tuple[Team, ...]:
    """Who works when: one row a person and shift; a team for each group, or else for each set of skills, or else one.

    Breaks stand in one column, as ``10:00-10:15, 12:30-13:00 unpaid``, or in columns such as ``break 1 start``,
    ``break 1 end`` and ``lunch start``, ``lunch end``; lunch is unpaid unless ``lunch paid`` says yes, other breaks are
    paid unless ``break 1 paid`` says no. Any other column of ranges is one of breaks if its header says so: ``Lunch``,
    ``Tea break``; lunch and meals are unpaid there, others paid, unless header or cell says otherwise. A row whose
    start, end or status is off, leave, sick and the like is nobody on duty; one of sums below the shifts is left out.
    Where nobody's cost is known, a team has none.

    Args:
        sheet, group, columns, tell: as in `read_levels`; with a group, only its team is read.
        channels: what a skill may be; None: anything.
        currency: of costs that are bare numbers below a header that has none.

    Raises:
        ScenarioError: every mistake of the file, with its place.
    """
    wanted, named = _of_group(_SHIFTS, group), _spelled(columns)
    table = read_sheet(path, sheet, lacks=lambda table: table.lacks(wanted, named))
    priced = next((header for header in table.header if _PRICED.fullmatch(header)), None)
    given = ({} if priced is None else {"cost": priced}) | named
    rows = _Rows(table, wanted, given, zone, "shift")
    reader = _ShiftReader(rows, channels, currency)
    teams: dict[tuple[str, frozenset[str]], list[Duty]] = {}
    for row in rows.of_group(group):
        name, skills = rows.word(row, "group"), reader.skills(row)
        team = teams.setdefault((name, frozenset() if name else frozenset(skills)), [])
        duty = reader.duty(row)
        if duty is not None:
            team.append(duty._replace(skills=skills))
    duties = [duty for team in teams.values() for duty in team]
    rows.check_overlaps(duties, axis_of(duties, zone, reader.dates)[1])
    _check_skills(rows, teams)
    rows.cells.check()
    tell(rows.unused(reader.break_columns()))
    dates = reader.dates | {duty.shift.days for duty in duties if isinstance(duty.shift.days, date)}
    made = [team_of(team, zone, dates, name or "+".join(sorted(skills))) for (name, skills), team in teams.items()]
    breaks = any(team.shows_breaks for team in made)
    return tuple(replace(team, shows_breaks=breaks) for team in made)


def _check_skills(rows: _Rows, teams: Mapping[tuple[str, frozenset[str]], Sequence[Duty]]) -> None:
    """All in a group have the same skills: that is what makes it one."""
    for (name, _), team in teams.items():
        for duty in team:
            if set(duty.skills) != set(team[0].skills):
                here, there = (", ".join(skills) or "no skills" for skills in (duty.skills, team[0].skills))
                what = f"{duty.who} has {here}, others of the group {name} have {there}"
                rows.wrong(duty.row, "skills", what, "give every set of skills a group of its own")


class _ShiftReader:
    """What only shifts have: a person, skills, breaks, a cost, and days off."""

    def __init__(self, rows: _Rows, channels: Sequence[str] | None, currency: str | None) -> None:
        self.rows = rows
        self.dates: set[date] = set()
        """On which somebody is known to be off."""
        self._channels = channels
        self._currency = currency
        if "cost" in rows.columns and (found := _CURRENCY.search(rows.sheet.header[rows.columns["cost"]])):
            self._currency = units.SYMBOLS.get(found[0], found[0])
        self._costs_in: str | None = None
        self._no_currency_told = False
        self._breaks = _break_columns(rows)
        self._ranges = _range_columns(rows, self._breaks)

    def break_columns(self) -> set[int]:
        """Columns of breaks other than the one that is called so."""
        return {*self._ranges, *(column for kind in self._breaks.values() for column in kind.values())}

    def skills(self, row: int) -> tuple[str, ...]:
        named = [word.strip() for word in re.split("[,;/+]", self.rows.word(row, "skills")) if word.strip()]
        if self._channels is None:
            return tuple(dict.fromkeys(named))
        known = {channel.lower(): channel for channel in self._channels}
        for word in named:
            if word.lower() not in known:
                self.rows.wrong(row, "skills", f"{shown(word)} is no channel", did_you_mean(word, self._channels))
        return tuple(dict.fromkeys(known[word.lower()] for word in named if word.lower() in known))

    def duty(self, row: int) -> Duty | None:
        """Who is on duty by this row; None where nobody is, or where it is wrong."""
        rows = self.rows
        if self._is_off(row):
            if isinstance(day := rows.days(row), date):
                self.dates.add(day)
            return None
        person = rows.word(row, "person")
        if not person:
            rows.wrong(row, "person", "this shift is nobody's", "write who works it")
        when, cost = rows.when(row), self._cost(row)
        if when is None:
            return None
        if when.end is None:
            rows.wrong(row, "end", "this shift has no end", "write a time such as 17:30")
            return None
        if when.end - when.start > DAY:
            rows.wrong(row, "end", "this shift is longer than a day", "check the dates of its start and its end")
            return None
        breaks = self._breaks_of(row, when.start, when.end)
        shift = Shift(1, when.days, when.start, when.end, breaks, cost, skill=self._skill(row))
        return Duty(shift, row, when.offset, person or "?")

    def _skill(self, row: int) -> Skill:
        """How somebody works, where the file says so; that of a person's first row holds for all of theirs."""
        rows = self.rows
        speed = None if rows.empty(row, "speed") else rows.read(row, "speed", _factor)
        quality = None if rows.empty(row, "quality") else rows.read(row, "quality", _factor)
        rank = None if rows.empty(row, "rank") else rows.read(row, "rank", units.count)
        return Skill(speed or USUAL.speed, quality or USUAL.quality, rank or USUAL.rank)

    def _is_off(self, row: int) -> bool:
        values = [self.rows.value(row, key) for key in ("start", "end", "status")]
        return any(isinstance(value, str) and value.strip().lower() in _OFF for value in values)

    def _cost(self, row: int) -> Money | None:
        """What an hour costs; a bare number is in the currency of the header, or of the scenario."""
        if self.rows.empty(row, "cost"):
            return None
        word = self.rows.word(row, "cost")
        if re.search(f"[A-Za-z{_SIGNS}]", word):
            cost = self.rows.read(row, "cost", units.money)
        elif self._currency is None:
            self._tell_no_currency(row, word)
            return None
        else:
            amount = self.rows.cells.number(row, self.rows.columns["cost"])
            cost = None if amount is None else Money(amount, self._currency, HOUR)
        if cost is None:
            return None
        if cost.per not in (None, HOUR):
            self.rows.wrong(row, "cost", f"{shown(word)} is not for an hour", "write it as in 21 GBP/h")
            return None
        self._costs_in = self._costs_in or cost.currency
        if cost.currency != self._costs_in:
            what = f"this cost is in {cost.currency}, those before it are in {self._costs_in}"
            self.rows.wrong(row, "cost", what, "write all costs in one currency")
            return None
        return cost

    def _tell_no_currency(self, row: int, word: str) -> None:
        """Once: it holds for the whole column."""
        if not self._no_currency_told:
            header = self.rows.sheet.header[self.rows.columns["cost"]]
            hint = f"write the currency into the header, as in {header} (GBP)"
            self.rows.wrong(row, "cost", f"{shown(word)} has no currency", hint)
        self._no_currency_told = True

    def _breaks_of(self, row: int, start: int, end: int) -> tuple[Break, ...]:
        """The breaks of a row, those after midnight beyond 24 h."""
        breaks: list[tuple[Break, int]] = []
        for told, where in [*self._listed(row), *self._in_columns(row)]:
            begins, ends, _ = laid = break_within(told, start, end)
            breaks.append((laid, where))
            if begins < start or ends > end:
                what = f"the break {say_span(begins, ends)} lies outside the shift {say_span(start, end)}"
                self._wrong(row, where, what, "keep breaks within their shift")
        breaks.sort(key=lambda found: found[0])
        for (one, _), (other, where) in pairwise(breaks):
            if other[0] < one[1]:
                what = f"the break {say_span(*other[:2])} overlaps the break {say_span(*one[:2])}"
                self._wrong(row, where, what, "keep breaks apart from one another")
        return tuple(found for found, _ in breaks)

    def _wrong(self, row: int, column: int, what: str, hint: str) -> None:
        self.rows.cells.wrong(row, column, what, hint)

    def _listed(self, row: int) -> Iterator[tuple[Break, int]]:
        """``10:00-10:15, 12:30-13:00 unpaid`` in one cell."""
        named = {self.rows.columns["breaks"]: True} if "breaks" in self.rows.columns else {}
        for column, paid in {**named, **self._ranges}.items():
            text = self.rows.cells.text(row, column) or ""
            for found in filter(None, (_BREAK.fullmatch(part.strip()) for part in re.split("[,;\n]", text))):
                try:
                    start, end = units.clock_range(found[1])
                except Unclear as problem:
                    self._wrong(row, column, problem.what, problem.hint)
                    continue
                yield (start, end, found[2].lower() == "paid" if found[2] else paid), column

    def _in_columns(self, row: int) -> Iterator[tuple[Break, int]]:
        """Pairs of columns: ``lunch start`` and ``lunch end``."""
        cells = self.rows.cells
        for kind, columns in self._breaks.items():
            there = [which for which in ("start", "end") if self.rows.sheet.rows[row][columns[which]] is not None]
            if len(there) == 1:
                what, where = f"this {kind} has no {'end' if there == ['start'] else 'start'}", columns[there[0]]
                self._wrong(row, where, what, "write both, or neither")
            if len(there) < 2:
                continue
            start, end = (cells.clock(row, columns[which]) for which in ("start", "end"))
            paid = self._paid(row, kind, columns.get("paid"))
            if start is not None and end is not None:
                yield (start, end, paid), columns["start"]

    def _paid(self, row: int, kind: str, column: int | None) -> bool:
        said = ("" if column is None else self.rows.cells.text(row, column) or "").lower()
        if said and said not in _YES | _NO:
            assert column is not None
            self._wrong(row, column, f"{shown(said)} does not say whether it is paid", "write yes or no")
        return said in _YES if said else _UNPAID_KINDS.search(kind) is None


def _factor(text: str) -> float:
    factor = units.factor(text)
    if not _SMALLEST_FACTOR <= factor <= _LARGEST_FACTOR:
        raise Unclear(f"{shown(text)} is no factor of a person", "write it as in 1.1x")
    return factor


def _range_columns(rows: _Rows, pairs: Mapping[str, Mapping[str, int]]) -> dict[int, bool]:
    """Columns such as ``Lunch`` that hold ranges of times, by whether the break is paid if nothing else is said."""
    taken = {*rows.columns.values(), *(column for kind in pairs.values() for column in kind.values())}
    headers = [header.replace("_", " ") for header in rows.sheet.header]
    return {
        column: re.search(r"\bpaid\b", header, re.IGNORECASE) is not None or _UNPAID_KINDS.search(header) is None
        for column, header in enumerate(headers)
        if column not in taken
        and _BREAK_WORDS.search(header)
        and any(_SPAN.match(text_of(row[column])) for row in rows.sheet.rows)
    }


def _break_columns(rows: _Rows) -> dict[str, dict[str, int]]:
    """Columns in pairs: ``{"break 1": {"start": 5, "end": 6}, "lunch": {"start": 7, "end": 8, "paid": 9}}``."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for column, header in enumerate(rows.sheet.header):
        named = _BREAK_COLUMN.fullmatch(re.sub(r"[\s_-]+", " ", header).strip().lower())
        if named:
            which = "start" if named[3] else "end" if named[4] else "paid"
            found[f"{named[1]} {named[2] or ''}".strip()][which] = column
    alone = [
        rows.sheet.mistake(-1, next(iter(columns.values())), f"the {kind} has no column for its {which}", "add it")
        for kind, columns in found.items()
        for which in ("start", "end")
        if which not in columns
    ]
    if alone:
        raise ScenarioError(alone)
    return found
