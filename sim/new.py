"""``sim new``: a scenario from a planner's counts, written to be read from top to bottom and changed by hand.

What the counts say is written out, with a comment where it is not plain; what they do not say is left to the defaults,
or, where the desk cannot run without it (its staff), worked out from the counts and marked as such.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from tempfile import mkstemp
from typing import Literal, NamedTuple

import numpy as np

from sim import units
from sim.clock import DAYS, Piece, Week, say_clock, say_span, say_weekdays
from sim.defaults import USUAL, of_channel
from sim.erlang import agents_needed
from sim.errors import CannotWrite, ScenarioError, UsageError
from sim.fitting import Fit, Fitted, Shape, fit
from sim.history import NAME, History, read_counts
from sim.repeats import first_attempts
from sim.roster import read_levels
from sim.scenario import lower, schema
from sim.scenario.read import Scenario, read
from sim.scenario.words import Mean, read_again, read_ending, read_target, read_zone
from sim.tables import Floats
from sim.units import DAY, Unclear

WIDTH = 118
"""Characters of the longest line of a scenario."""
_Spans = dict[int, tuple[tuple[int, int], ...]]
"""By weekday, the opening hours from and to, in seconds of the day."""
OCCUPANCY = 0.85
"""Share of the staffed time that work on messages fills, where nobody says how many work on them."""
OFFICE = "mon-fri", (9 * 3600, 17 * 3600)
DECIMALS = 2

_NOT_TEXT = ("null", "true", "false")


@dataclass(frozen=True)
class Written:
    """The scenario that was written, and what to tell who asked for it."""

    path: Path
    summary: str


def new(
    counts: Path,
    out: Path = Path("desk.yaml"),
    *,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
    channel: str = "phone",
    staff: Path | None = None,
    time_zone: str = "UTC",
    counts_are: Literal["offered", "first_attempts"] = "offered",
) -> Written:
    """Write a scenario that continues the counts of a file, and the JSON Schema that it names beside it, where none is.

    Args:
        counts: CSV or Excel, a row an interval and channel. columns: our name of a column (`sim.history.KEYS`) → its
            header. sheet: the worksheet of a workbook. channel: the channel where the file names none.
        staff: a table of staff for the first live channel; without it, what Erlang C asks for is written.
        time_zone: IANA name of the zone whose clock the counts are in.
        counts_are: contacts as offered, redials and reconnects among them, or first attempts only.

    Raises:
        UsageError: `out` is there already, or an argument cannot be right. CannotWrite: it cannot be written.
        ScenarioError: what is wrong with the counts, or with the table of staff, located.
    """
    zone = _checked(out, channel, time_zone, staff)
    history = read_counts(counts, columns=columns or {}, sheet=sheet, channel=channel, time_zone=zone)
    if out.exists() or out.is_symlink():
        raise _taken(out)
    draft = _Draft(history, fit(history), out, zone, counts_are, staff)
    scenario = _write(out, draft.text())
    return Written(out, draft.summary(scenario, with_schema=_write_schema(out.parent / schema.FILE)))


def _checked(out: Path, channel: str, time_zone: str, staff: Path | None) -> str:
    if out.suffix not in (".yaml", ".yml"):
        raise UsageError(f"--out {out}: a scenario is a .yaml file", f"write --out {out.with_suffix('.yaml')}")
    if not NAME.fullmatch(channel):
        raise UsageError(f"--channel {channel}: not a name", "use at most 40 letters, digits, spaces, _ and -")
    if staff is not None and not staff.is_file():
        raise UsageError(f"--staff {staff}: there is no such file", "leave it out to get what Erlang C asks for")
    try:
        return read_zone(time_zone)
    except Unclear as problem:
        raise UsageError(f"--time-zone: {problem.what}", problem.hint) from None


def _taken(out: Path) -> UsageError:
    return UsageError(f"{out} is already there", "choose another name with --out, or remove it")


def _write(out: Path, text: str) -> Scenario:
    """Write a scenario and read it as any other is: under a temporary name first. A file that is there is never
    replaced."""
    try:
        handle, name = mkstemp(prefix=f".{out.stem}-", suffix=".yaml", dir=out.parent)
        partial = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            partial.chmod(0o644)
            try:
                scenario = read(partial)
            except ScenarioError as problem:
                # its mistakes are those of the counts or of the table of staff, whose reader names it
                raise ScenarioError(
                    replace(each, file=each.file.replace(str(partial), str(out))) for each in problem.mistakes
                ) from None
            out.touch(exist_ok=False)  # claims the name
            partial.replace(out)
            return scenario
        finally:
            partial.unlink(missing_ok=True)
    except FileExistsError:
        raise _taken(out) from None
    except OSError as problem:
        why = (problem.strerror or str(problem)).lower()
        raise CannotWrite(f"{out} cannot be written: {why}", "choose another place with --out") from problem


def _write_schema(path: Path) -> bool:
    """Write what editors check a scenario by; False where there is such a file."""
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            json.dump(schema.json_schema(), file, indent=1, ensure_ascii=False)
            file.write("\n")
    except FileExistsError:
        return False
    except OSError as problem:
        why = (problem.strerror or str(problem)).lower()
        raise CannotWrite(f"{path} cannot be written: {why}", "choose another place with --out") from problem
    return True


class _Level(NamedTuple):
    """So many agents from one second of the day to another."""

    start: int
    end: int
    agents: int


class _Line(NamedTuple):
    """A line of a scenario and what is said of it."""

    text: str
    comment: str = ""


class _Draft:
    """One scenario on its way out: the text of the file, and the summary for the terminal."""

    def __init__(
        self, history: History, fitted: Fit, out: Path, zone: str, counts_are: str, staff: Path | None
    ) -> None:
        self.history = history
        self.fit = fitted
        self.out = out
        self.zone = zone
        self.offered = counts_are == "offered"
        self.staff = staff
        lives = [channel.name for channel in fitted.channels if channel.kind == "live"]
        self.with_staff_file = (lives or [fitted.channels[0].name])[0] if staff is not None else None
        self.plans = {channel.name: _Plan(channel, history.step) for channel in fitted.channels}

    def text(self) -> str:
        """The scenario."""
        lines = [*self._head(), "", "channels:"]
        for number, channel in enumerate(self.fit.channels):
            lines += [""] * (number > 0) + self._channel(channel)
        targets = ", ".join(f"{_key(c.name)}: {self.plans[c.name].preset['target']}" for c in self.fit.channels)
        lines += ["", f"targets: {{{targets}}}", ""]
        return "\n".join(lines)

    def _head(self) -> list[str]:
        days = self.history.days
        file = _printable(self.history.file)
        starts = days[-1] + timedelta(days=7 - days[-1].weekday())
        zone = "without changes of the clocks; your own with --time-zone" if self.zone == "UTC" else ""
        names = " and ".join(_printable(channel.name) for channel in self.fit.channels)
        return [
            "# yaml-language-server: $schema=scenario.schema.json",
            f"# Written by `sim new --from {file}` from {len(days)} days of counts, {days[0]} to {days[-1]}.",
            f"# A mean week of them, as it may come next. What it takes for granted: sim validate {self.out.name}",
            f"name: {_scalar(f'{names[:1].upper()}{names[1:]}, as in {file}')}",
            *_aligned(
                [
                    _Line(f"starts: {starts}", "the Monday after the last day of data"),
                    _Line("lasts: 7d"),
                    _Line(f"time_zone: {self.zone}", zone),
                ]
            ),
            *self._busyness(),
        ]

    def _busyness(self) -> list[str]:
        days, hours = self.fit.busy_days, self.fit.busy_hours
        known = {"busy_days": days, "busy_hours": hours}
        written = ", ".join(f"{key}: {_two_digits(shape)}" for key, shape in known.items() if shape is not None)
        if not written:
            return ["# these few days cannot tell how days and hours differ by more than chance: the defaults hold"]
        comment = f"days differ by {_spread(days)}, hours of a day by {_spread(hours)}"
        if days == hours == 0:
            comment = "days and hours differ by no more than chance"
        return _aligned([_Line(f"demand: {{{written}}}", comment)])

    def _channel(self, channel: Fitted) -> list[str]:
        plan = self.plans[channel.name]
        mean_week = f"contacts in a mean week of {_printable(self.history.file)}"
        lines = [_Line(f"    volume: {_amount(channel.weekly)}/week", mean_week)]
        if channel.name not in USUAL:
            lines.insert(0, _Line(f"    kind: {channel.kind}", _why(channel)))
        lines.append(self._counted(channel))
        lines.append(self._hours(channel))
        text = [f"  {_key(channel.name)}:", *_aligned(lines), *_weekdays(channel), *_shape(channel, self.history.step)]
        return [*text, *_handle_time(channel, plan), *self._staff(channel)]

    def _counted(self, channel: Fitted) -> _Line:
        if not self.offered:
            return _Line("    counts: first_attempts", "redials and reconnects come on top")
        said = "redials and reconnects are in them"
        if channel.kind == "live" and channel.abandoned is None:
            return _Line("    counts: offered", f"{said}, as many as follow from the staff")
        share = channel.abandoned if channel.kind == "live" else None
        # of the figures as they are written, which is what is read back
        weekly, percent = float(_amount(channel.weekly)), f"{100 * (share or 0.0):.1f}"
        first = self.plans[channel.name].first_attempts(weekly, float(percent) / 100)
        comment = f"{said}: {weekly:,.0f} offered are {first:,.0f} first attempts"
        counts = "offered" if share is None else f"offered(abandoned {percent}%)"
        return _Line(f"    counts: {counts}", comment)

    def _hours(self, channel: Fitted) -> _Line:
        if channel.kind != "live":
            office, span = OFFICE
            return _Line(f"    hours: {{{office}: {say_span(*span)}}}", "when messages are worked on")
        spans: _Spans = {day: ((shape.opens, shape.closes),) for shape in channel.shapes for day in shape.weekdays}
        said = [f"{channel.strays:,} of {channel.offered:,} came outside"] if channel.strays else []
        if channel.name == self.with_staff_file and self.staff is not None:
            staffed = _staffed(spans, self.staff, channel.name, self.zone)
            said += [f"only when {self.staff.name} has anybody"] * (staffed != spans)
            spans = staffed
        if spans == dict.fromkeys(range(7), ((0, DAY),)):
            return _Line("    hours: always")
        by_span: dict[str, list[int]] = {}
        for day, open_ in spans.items():
            words = ", ".join(say_span(*span) for span in open_)
            by_span.setdefault(f'"{words}"' if "," in words else words, []).append(day)
        hours = ", ".join(f"{_key(say_weekdays(on))}: {span}" for span, on in by_span.items())
        return _Line(f"    hours: {{{hours}}}", "; ".join(said))

    def _staff(self, channel: Fitted) -> list[str]:
        if channel.name == self.with_staff_file and self.staff is not None:
            path = Path(os.path.relpath(self.staff.absolute(), self.out.absolute().parent)).as_posix()
            return [f"    staff: {_scalar(path)}"]
        plan = self.plans[channel.name]
        if channel.kind != "live":
            office, span = OFFICE
            staff = f"    staff: {{{office}: {{{say_span(*span)}: {plan.agents_for_messages()}}}}}"
            return _aligned(
                [_Line(staff, f"busy at most {OCCUPANCY:.0%} of the time; not your own staff: write it here")]
            )
        days_of: dict[tuple[_Level, ...], list[int]] = {}
        for weekday in range(7):
            levels = plan.levels(weekday)
            if levels:
                days_of.setdefault(levels, []).append(weekday)
        said = f"    # what Erlang C asks for {plan.preset['target']}; not your own staff: write it here"
        lines = [said, "    staff:"]
        for levels, days in days_of.items():
            pairs = [f"{say_span(level.start, level.end)}: {level.agents}" for level in levels]
            lines += _flow(f"      {_key(say_weekdays(days))}", pairs)
        return lines

    # --- the summary -------------------------------------------------------------------------------------------------

    def summary(self, scenario: Scenario, *, with_schema: bool) -> str:
        """What was read, left out and supposed, for the terminal; `scenario` is the text as read back."""
        history, days = self.history, self.history.days
        lines = [
            f"{self.out}: written from {history.rows:,} rows of {history.file}: {len(days)} days, {days[0]} to "
            f"{days[-1]}, intervals of {history.length // 60} minutes"
        ]
        for channel in self.fit.channels:
            lines.append(self._totals(channel, scenario))
        lines += [*self._left_out(), *self._missing_days(), *self._holidays(), *self._assumed()]
        if history.unused:
            lines.append(f"Not used: the column{'s' * (len(history.unused) > 1)} {', '.join(history.unused)}.")
        if with_schema:
            lines.append(f"{schema.FILE}: written beside it; editors that read it complete and check what you type.")
        return "\n".join(lines)

    def _left_out(self) -> Iterable[str]:
        """What of the file is no interval, and how its dates were read where they can be read in two ways."""
        above, totals, order = self.history.above, self.history.totals, self.history.date_order
        parts = [f"{above} line{'s' * (above > 1)} above the header"] * (above > 0)
        if totals:
            where = f" ({', '.join(totals)})" if len(totals) <= 3 else ""
            parts.append(f"{len(totals)} totals row{'s' * (len(totals) > 1)}{where}")
        if parts:
            yield f"Left out: {', '.join(parts)}."
        if order:
            yield f"Dates such as 05/10/2026 were read {order}: others of the column cannot be read otherwise."

    def _totals(self, channel: Fitted, scenario: Scenario) -> str:
        name = channel.name if channel.name == channel.said else f"{channel.name} ({_printable(channel.said)})"
        days = len(self.history.days)
        if not self.offered:
            return f"{name}: {channel.offered:,} first attempts in {days} days, {channel.weekly:,.0f} in a mean week"
        counted = lower.counted(scenario)[channel.name]
        share = counted.issues / counted.offered
        lost = ""
        if channel.kind == "live":
            told = "" if channel.abandoned is not None else " if Erlang A is right about this staff"
            lost = f", {100 * counted.abandoned:.1f} % abandoned{told}"
        return (
            f"{name}: {channel.offered:,} offered in {days} days{lost}; {channel.offered * share:,.0f} first attempts, "
            f"the rest redials and reconnects\n"
            f"  a mean week: {counted.offered:,.0f} offered, {counted.issues:,.0f} first attempts"
        )

    def _missing_days(self) -> Iterable[str]:
        days = self.history.days
        closed, supposed = self.fit.channels[0].closed, self.fit.channels[0].supposed
        passed = (days[-1] - days[0]).days + 1
        whole = {days[0] + timedelta(days=more) for more in range(passed)}
        gaps = sorted(day for day in whole - set(days) if day.weekday() not in closed)
        if gaps:
            listed = ", ".join(map(str, gaps[:6])) + (f" and {len(gaps) - 6} more" if len(gaps) > 6 else "")
            yield f"No rows, so no data (not nobody): {listed}."
        if closed:
            yield f"No rows on any {say_weekdays(closed)}: closed."
        if supposed:
            yield (
                f"The counts do not reach {say_weekdays(supposed)}: its part of the week is that of the defaults; "
                "write 0x under weekdays where you are closed."
            )

    def _holidays(self) -> Iterable[str]:
        for channel in self.fit.channels:
            for day, name, contacts, usual in channel.holidays:
                weekday = f"{day:%A}"
                yield (
                    f"Looks like a holiday, left out of the means: {weekday} {day}, {name}: {contacts:,} where a "
                    f"{weekday} usually has {usual:,.0f}."
                )

    def _assumed(self) -> Iterable[str]:
        for channel in self.fit.channels:
            plan = self.plans[channel.name]
            if channel.aht is None:
                yield f"Assumed for {channel.name}: the default handle time; the counts give none."
            elif plan.assumes_wrap_up:
                yield f"Assumed for {channel.name}: {_seconds(plan.wrap_up)} of wrap-up{plan.why_wrap_up}."
            if channel.name not in USUAL:
                yield f"Assumed for {channel.name}: {_kind_assumed(channel)}."
            if self.offered:
                yield f"Assumed for {channel.name}: {plan.again_assumed()}."
        if self.staff is None:
            yield "Assumed: the staff is worked out from the counts, not your own; write yours in, or give --staff."
        elif len(self.fit.channels) > 1:
            yield f"{self.staff} staffs {self.with_staff_file}; the staff of the others is worked out from the counts."


def _staffed(spans: _Spans, staff: Path, name: str, zone: str) -> _Spans:
    """Opening hours cut to when a table of staff by weekdays has anybody; days without anybody are left out."""
    plan = read_levels(staff, zone, otherwise=name)
    if not isinstance(plan, Week):
        return spans
    open_ = Week(tuple(sorted(Piece(day, *span) for day, day_spans in spans.items() for span in day_spans)))
    there = Week(tuple(piece for piece in plan.pieces if piece.value > 0))
    cut: dict[int, list[tuple[int, int]]] = {}
    for piece in open_.within(there).pieces:
        mine = cut.setdefault(piece.weekday, [])
        if mine and mine[-1][1] == piece.start:
            mine[-1] = (mine[-1][0], piece.end)
        else:
            mine.append((piece.start, piece.end))
    return {day: tuple(mine) for day, mine in cut.items()}


def _why(channel: Fitted) -> str:
    if channel.abandoned is None:
        kind = "waits to be worked on" if channel.kind == "deferrable" else "is a live contact"
        return f"by its name it {kind}; change it if not"
    return "customers abandon it" if channel.abandoned else "nobody abandons it; change it if customers wait on line"


def _kind_assumed(channel: Fitted) -> str:
    live = channel.kind == "live"
    said = "customers wait on the line for an answer" if live else "its messages wait to be worked on"
    why = (
        "by its name" if channel.abandoned is None else "as some abandon" if channel.abandoned else "as nobody abandons"
    )
    return f"{said} (kind: {channel.kind}), {why}; if not, write kind: {'deferrable' if live else 'live'}"


# --- what a channel needs --------------------------------------------------------------------------------------------


class _Plan:
    """What follows from a channel's counts and the defaults of its kind."""

    def __init__(self, channel: Fitted, step: int) -> None:
        self.channel = channel
        self.step = step
        preset = of_channel(channel.name, channel.kind)
        self.preset = {key: default.value for key, default in preset.items()}
        self.assumes_wrap_up, self.why_wrap_up = False, ""
        self.handle, self.wrap_up = self._times()

    def _times(self) -> tuple[float, float]:
        """Mean handle time less wrap-up, and wrap-up, in seconds."""
        aht, default = self.channel.aht, units.duration(self.preset["wrap_up"])
        if aht is None:
            return _mean(self.preset["handle_time"]), default
        if self.channel.wrap_up is not None:
            return max(1.0, aht - self.channel.wrap_up), self.channel.wrap_up
        self.assumes_wrap_up = default > 0
        if self.channel.only_talk:
            self.why_wrap_up = ", which the talk times do not hold"
            return max(1.0, aht), default
        if aht < 2 * default:
            self.why_wrap_up = ": the handle times are too short to hold the default"
            return max(1.0, aht), 0.0
        self.why_wrap_up = ", as part of the handle times"
        return aht - default, default

    def factors(self) -> Floats:
        """On the handle time less wrap-up, by hour of the day; 1 where they do not differ."""
        if self.channel.aht_by_hour is None:
            return np.ones(24)
        whole = self.handle + self.wrap_up
        exact = (self.channel.aht_by_hour * whole - self.wrap_up) / self.handle
        return np.asarray(np.round(np.maximum(exact, 0.1), DECIMALS), dtype=np.float64)

    def first_attempts(self, weekly: float, abandoned: float) -> float:
        """Of the contacts offered in a week, those that are the first of their issue."""
        unresolved = 1 - units.share(self.preset["resolved_at_first_contact"])
        again = unresolved * read_again(self.preset["reconnect"]).chance
        return first_attempts(weekly, read_again(self.preset["redial"]).chance, abandoned, again)

    def again_assumed(self) -> str:
        """The defaults that first attempts rest on, with their keys."""
        keys = ("redial", "resolved_at_first_contact", "reconnect")
        redial, solved, back = (str(self.preset[key]) for key in keys)
        chance = f"chance of a redial (redial: {redial}), " if redial != "no" else ""
        return (
            f"first attempts rest on the default {chance}share solved at first contact (resolved_at_first_contact: "
            f"{solved}) and share that comes back (reconnect: {back})"
        )

    def levels(self, weekday: int) -> tuple[_Level, ...]:
        """What Erlang C asks for, neighbours with the same number as one; nobody where the channel is closed."""
        merged: list[_Level] = []
        for level in self._intervals(weekday):
            start = merged.pop().start if merged and merged[-1].agents == level.agents else level.start
            merged.append(level._replace(start=start))
        return tuple(merged)

    def _intervals(self, weekday: int) -> Iterable[_Level]:
        shape = next((shape for shape in self.channel.shapes if weekday in shape.weekdays), None)
        if shape is None or not self.channel.factors[weekday]:
            return
        offered = self.channel.weekly / 7 * self.channel.factors[weekday] * shape.shares
        share, within, _ = read_target(self.preset["target"])
        at_once = self.preset.get("at_once", 1)
        slower = 1 + units.share(self.preset.get("slowdown", 0)) * (at_once - 1)
        factors = self.factors()
        for start in range(shape.opens, shape.closes, self.step):
            contacts = float(offered[start // self.step])
            busy = (self.handle * factors[start // 3600] + self.wrap_up) * slower / at_once
            agents = max(1, agents_needed(contacts / self.step, busy, share=share, within=within))
            yield _Level(start, start + self.step, agents)

    def agents_for_messages(self) -> int:
        """As many as fill `OCCUPANCY` of their time with the work of a mean week, at least one."""
        days, (start, end) = OFFICE
        staffed = len(units.weekdays(days)) * (end - start)
        work = self.channel.weekly * (self.handle + self.wrap_up)
        return max(1, int(np.ceil(work / (OCCUPANCY * staffed) - 1e-9)))


def _mean(duration: str) -> float:
    """The mean of a default's duration, in seconds."""
    time = read_ending(duration)
    return time.seconds if isinstance(time, Mean) else time.mean


# --- words -----------------------------------------------------------------------------------------------------------


def _weekdays(channel: Fitted) -> list[str]:
    rounded = _rounded(np.array(channel.factors), 7.0)
    comment = "relative to the mean day"
    if channel.supposed:
        comment += f"; {say_weekdays(channel.supposed)} as by default"
    pairs = [f"{day}: {factor:g}x" for day, factor in zip(DAYS, rounded.tolist(), strict=True)]
    return _aligned([_Line(f"    weekdays: {{{', '.join(pairs)}}}", comment)])


def _shape(channel: Fitted, step: int) -> list[str]:
    lines = ["    # percent of the day's contacts"]
    if len(channel.shapes) == 1:
        return [*lines, *_flow("    shape", _shares(channel.shapes[0], step))]
    lines.append("    shape:")
    for shape in channel.shapes:
        lines += _flow(f"      {_key(say_weekdays(shape.weekdays))}", _shares(shape, step))
    return lines


def _shares(shape: Shape, step: int) -> list[str]:
    percent = _rounded(100 * shape.shares, 100.0)
    starts = range(shape.opens, shape.closes, step)
    return [f"{say_span(start, start + step)}: {percent[start // step]:g}" for start in starts]


def _handle_time(channel: Fitted, plan: _Plan) -> list[str]:
    if channel.aht is None:
        return ["    # handle_time and wrap_up are not in the counts: the defaults hold"]
    of = f"AHT {channel.aht:.0f} s less wrap-up"
    if channel.only_talk:
        of = "talk time as counted"
    elif not plan.wrap_up:
        of = "AHT as counted"
    if plan.preset.get("at_once", 1) > 1:
        of += f", while up to {plan.preset['at_once']} were held at once; of one alone it is less"
    wrapped = "not in the counts: the default" if plan.wrap_up else "not in the counts"
    lines = _aligned(
        [
            _Line(f"    handle_time: {_seconds(plan.handle)}", of),
            _Line(f"    wrap_up: {_seconds(plan.wrap_up)}", "" if channel.wrap_up is not None else wrapped),
        ]
    )
    factors = plan.factors()
    if np.all(factors == 1):
        return lines
    hours = [hour for hour in range(24) if any(shape.shares.reshape(24, -1)[hour].any() for shape in channel.shapes)]
    pairs: list[str] = []
    for hour in hours:
        start = say_clock(hour * 3600)
        if pairs and pairs[-1].endswith(f"-{start}: {factors[hour]:g}x"):
            start = pairs.pop()[:5]
        pairs.append(f"{start}-{say_clock((hour + 1) * 3600)}: {factors[hour]:g}x")
    said = "    # by time of day, so that AHT is as counted; where contacts are few, nearer to 1"
    return [*lines, said, *_flow("    handle_time_factor", pairs)]


def _rounded(values: Floats, total: float) -> Floats:
    """Values rounded to two decimals that still add to `total`: the largest remainders are rounded up."""
    unit = 10**DECIMALS
    floors = np.floor(values * unit + 1e-9)
    missing = round(total * unit - floors.sum())
    up = np.argsort(-(values * unit - floors), kind="stable")[:missing]
    floors[up] += 1
    return np.asarray(floors / unit)


def _aligned(lines: Sequence[_Line]) -> list[str]:
    """Lines with their comments in one column; a comment that would run too far stands above its line."""
    short = [line for line in lines if line.comment and len(line.text) + 4 + len(line.comment) <= WIDTH]
    column = max((len(line.text) for line in short), default=0) + 2
    written = []
    for line in lines:
        if not line.comment:
            written.append(line.text)
        elif line in short and column + 2 + len(line.comment) <= WIDTH:
            written.append(f"{line.text:<{column}}# {line.comment}")
        else:
            indent = " " * (len(line.text) - len(line.text.lstrip()))
            written += [f"{indent}# {line.comment}", line.text]
    return written


def _flow(key: str, pairs: Sequence[str]) -> list[str]:
    """A mapping in braces, wrapped, its lines aligned behind the brace."""
    lines, line = [], f"{key}: {{"
    indent = " " * len(line)
    for number, pair in enumerate(pairs):
        word = pair + ("," if number < len(pairs) - 1 else "}")
        if len(line) + len(word) + 1 > WIDTH and line.strip():
            lines.append(line.rstrip())
            line = indent
        line += word + (" " if word.endswith(",") else "")
    return [*lines, line]


def _key(text: str) -> str:
    """A key as YAML takes it, in braces too."""
    plain = re.fullmatch(r"[A-Za-z_][\w -]*", text) and text.lower() not in _NOT_TEXT
    return text if plain else f'"{text}"'


def _scalar(text: str) -> str:
    """Text as YAML takes it on a line of its own."""
    plain = re.fullmatch(r"[^\W\d_][\w ./,()+-]*", text) and text.lower() not in _NOT_TEXT
    return text if plain else "'" + text.replace("'", "''") + "'"


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)


def _amount(weekly: float) -> str:
    """A number of contacts to about one in two thousand: 6_120, 43.7."""
    if weekly >= 1000:
        return f"{weekly:_.0f}"
    return f"{weekly:.{1 if weekly >= 100 else 2 if weekly >= 10 else 3}f}".rstrip("0").rstrip(".")


def _two_digits(shape: float) -> str:
    return f"{float(f'{shape:.2g}'):g}"


def _spread(shape: float | None) -> str:
    if shape is None:
        return "an unknown part (the default holds)"
    return f"±{100 * shape**-0.5:.0f} % beyond chance" if shape else "no more than chance"


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f}s"
