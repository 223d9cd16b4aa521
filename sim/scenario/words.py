"""The types of a scenario's values: how words become numbers, with what to say where they do not.

Each type is the pydantic face of one reader of `sim.units`. A value may hold several mistakes (a table of staff by
weekday and hour, say); each carries the path below the value at which it stands.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from sim import units
from sim.clock import DAY, Week
from sim.distributions import Constant, Distribution, Exponential, Lognormal, Weibull
from sim.errors import did_you_mean
from sim.scenario import written
from sim.scenario.problems import Problem, Problems, read_by
from sim.scenario.ranges import Range, range_of
from sim.scenario.recurring import EveryDays, Monthly, OnDates, read_every
from sim.scenario.rota import FromFile, read_file, read_shifts
from sim.scenario.weeks import (
    read_ability,
    read_factor,
    read_hours,
    read_months,
    read_multiples,
    read_shape,
    read_week,
    read_weekdays,
)
from sim.units import Money, Unclear, shown

LONGEST = 100 * 366 * 86_400.0
"""Seconds of the longest time that makes sense anywhere in a scenario: a century."""


# --- durations as distributions --------------------------------------------------------------------------------------


class Mean(NamedTuple):
    """A bare duration where a distribution may stand: the mean; the form stays the default's."""

    seconds: float


_FORMS = {
    "constant": ("",),
    "exponential": ("mean", "zero"),
    "weibull": ("mean", "scale", "shape"),
    "lognormal": ("mean", "sigma"),
}


def read_time(value: Any) -> Distribution | Mean | None:
    """``8m`` (the mean), ``constant(8m)``, ``exponential(mean 8m)``, ``weibull(mean 25m, shape 0.86)``,
    ``lognormal(mean 8m, sigma 0.9)``, ``endless`` (None)."""
    if value is None or isinstance(value, (Distribution, Mean)):
        return value
    if not isinstance(value, str) or "(" not in value:
        if isinstance(value, str) and value.strip() == "endless":
            return None
        return Mean(_within_a_century(value))
    form = value.partition("(")[0].strip()
    if form not in _FORMS:
        raise Unclear(f"{shown(form)} is not a distribution", did_you_mean(form[:60], tuple(_FORMS)))
    if ")" not in value:
        raise Unclear(f"{shown(value)} has no closing bracket", units.CLOSE_BRACKET)
    _, given = units.call(value)
    takes = _FORMS[form]
    for key in given:
        if key not in takes:
            known = ", ".join(takes).strip(", ") or "only the time itself"
            named = f"say what it is: {known}" if not key else f"it takes {known}"
            raise Unclear(f"{form} does not take '{key or given[key]}'", named)
    if form == "constant":
        return Constant(_within_a_century(given.get("", "")))
    if ("mean" in given) == ("scale" in given):
        what = "takes a mean or a scale, not both" if "mean" in given else "needs a mean"
        raise Unclear(f"{form} {what}", f"write it as in {form}(mean 8m)")
    time = _within_a_century(given.get("mean") or given["scale"])
    if form == "exponential":
        return Exponential(time, units.share(given.get("zero", "0")))
    if form == "lognormal":
        return Lognormal(time, units.number(given.get("sigma", "1"), least=0, most=5))
    shape = units.number(given.get("shape", "1"), least=0.1, most=100)
    return Weibull(time, shape) if "mean" in given else Weibull.of_scale(time, shape)


def read_ending(value: Any) -> Distribution | Mean:
    """A time as `read_time` reads it, which has to end."""
    time = read_time(value)
    if time is None:
        raise Unclear("this time has to end", "write a length of time, such as 8m")
    return time


def _within_a_century(value: Any) -> float:
    seconds = units.duration(value)
    if seconds > LONGEST:
        raise Unclear(f"{shown(value)} is more than a century", "give less")
    return seconds


# --- small ones ------------------------------------------------------------------------------------------------------


class AgainRule(NamedTuple):
    """Whether somebody tries again: with which chance, and after which median time in seconds."""

    chance: float
    after: float


def read_again(value: Any) -> AgainRule:
    """``55% after 30m``, or ``no``."""
    if isinstance(value, AgainRule):
        return value
    if isinstance(value, str) and value.strip().lower() == "no":
        return AgainRule(0.0, 0.0)
    chance, found, after = str(value).partition(" after ")
    if not found:
        hint = "write no, or a share and a median time, as in 55% after 30m"
        raise Unclear(f"{shown(value)} does not say who tries again", hint)
    return AgainRule(units.share(chance.strip()), _within_a_century(after.strip()))


class GoRule(NamedTuple):
    """Whether somebody goes to another channel: with which chance, which channel, and after which median time in
    seconds. Where `to` is empty, to the channel they wanted."""

    chance: float
    to: str
    after: float = 0.0


def read_go(value: Any) -> GoRule:
    """``10% to second_line``, or ``no``: at once."""
    return _going(value, "10% to second_line", timed=False)


def read_go_later(value: Any) -> GoRule:
    """``26% to phone after 1d``, or ``no``."""
    return _going(value, "26% to phone after 1d", timed=True)


def read_pass_on(value: Any) -> GoRule:
    """``60% to chat``, ``60%`` (to the channel that the customer wanted), or ``no``."""
    if not isinstance(value, GoRule) and " to " not in str(value) and str(value).strip().lower() != "no":
        try:
            return GoRule(units.share(value), "")
        except Unclear as problem:
            raise Unclear(problem.what, "write no, or a share and a channel, as in 60% to chat") from None
    return _going(value, "60% to chat", timed=False)


def _going(value: Any, example: str, *, timed: bool) -> GoRule:
    if isinstance(value, GoRule):
        return value
    if isinstance(value, str) and value.strip().lower() == "no":
        return GoRule(0.0, "")
    hint = (
        f"write no, or {'a share, a channel and a median time' if timed else 'a share and a channel'}, as in {example}"
    )
    chance, _, rest = str(value).partition(" to ")
    to, later, after = rest.partition(" after ")
    if not to.strip() or bool(later) != timed:
        raise Unclear(f"{shown(value)} does not say who goes where" + " and when" * timed, hint)
    return GoRule(units.share(chance.strip()), to.strip(), _within_a_century(after.strip()) if timed else 0.0)


def read_yes(value: Any) -> bool:
    """``yes`` or ``no``."""
    if isinstance(value, bool):
        return value
    if str(value).strip().lower() not in ("yes", "no"):
        raise Unclear(f"{shown(value)} is not yes or no", "write yes or no")
    return str(value).strip().lower() == "yes"


def read_by_intent(value: Any) -> float | dict[str, float]:
    """``1.1x``, or a factor by intent: ``{billing: 1.2x}``."""
    if not isinstance(value, dict):
        return read_ability(value)
    found, problems = {}, []
    for intent, factor in value.items():
        try:
            found[intent] = read_ability(factor)
        except Unclear as problem:
            problems.append(Problem((intent,), problem.what, problem.hint))
    if problems:
        raise Problems(problems)
    return found


_SUMMER = {
    "BST": "Europe/London", "CEST": "Europe/Berlin", "EDT": "America/New_York", "CDT": "America/Chicago",
    "MDT": "America/Denver", "PDT": "America/Los_Angeles", "PST": "America/Los_Angeles", "CST": "America/Chicago",
}  # fmt: skip
"""Names of a clock that is not on all year, and where it is usual."""


def read_zone(value: Any) -> str:
    try:
        return ZoneInfo(str(value)).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # GMT+1 is near to many, and is none of them
        near = "" if re.search("[0-9]", str(value)) else did_you_mean(str(value)[:60], sorted(available_timezones()))
        if str(value).upper() in _SUMMER:
            near = f"did you mean '{_SUMMER[str(value).upper()]}'?"
        hint = near if near.endswith("?") else "write one as in Europe/London"
        raise Unclear(f"{shown(value)} is not a time zone", hint) from None


def read_interval(value: Any) -> float:
    seconds = units.duration(value)
    if seconds not in (900.0, 1800.0):
        raise Unclear(f"an interval of {shown(value)} is not supported", "give 15m or 30m")
    return seconds


def read_some_time(value: Any) -> float:
    seconds = _within_a_century(value)
    if seconds <= 0:
        raise Unclear("this must last longer than 0", "give a length of time, such as 7d")
    return seconds


def _per_time(value: Any) -> Money:
    money = units.money(value)
    if money.per is None:
        raise Unclear(f"{shown(value)} does not say for how long", "write it as in 22 EUR/h or 9 GBP/month")
    return money


def read_words(value: Any) -> tuple[str, ...]:
    """One word or a list of them."""
    listed = value if isinstance(value, list) else [value]
    if not all(isinstance(word, str) and word for word in listed):
        raise Unclear(f"{shown(value)} is not a word or a list of words", "write one as in [phone, chat]")
    return tuple(listed)


def read_date(value: Any) -> date:
    day = units.date(value)
    if not 1900 <= day.year < 2200:
        raise Unclear(f"{shown(value)} is out of range", "give a day from 1900 to 2199")
    return day


class Promise(NamedTuple):
    """A share of the contacts within so many seconds; `business`: of opening hours, else by the clock."""

    share: float
    within: float
    business: bool = False


_OF_HOURS = re.compile(r"\s+of\s+opening\s+hours\s*")


def read_target(value: Any) -> Promise:
    """``80% within 20s``, ``80/20``, ``90% within 8h of opening hours``."""
    if isinstance(value, Promise):
        return value
    found = _OF_HOURS.search(value) if isinstance(value, str) else None
    business = found is not None and found.end() == len(value)
    text = value[: found.start()] if found is not None and business else value
    try:
        share, within = units.target(text)
    except Unclear as problem:
        hours = re.search("work|business", str(value))
        raise Unclear(problem.what, problem.hint + ", or 8h of opening hours" if hours else problem.hint) from None
    if within > LONGEST:
        raise Unclear(f"{shown(value)} is more than a century", "give less")
    return Promise(share, within, business)


def read_growth(value: Any) -> float:
    """``6%/year``, ``-3%/year``: how much more a year later, as a share."""
    found = re.fullmatch(r"\s*([+-]?[0-9.]+)\s*%\s*(?:/|a|per)\s*y(?:ea)?r?\s*", str(value).replace("\u2212", "-"))
    hint = "write it as in 6%/year, or -3%/year"
    if not found:
        raise Unclear(f"{shown(value)} is not a growth", hint)
    share = units.number(found[1]) / 100
    if not -0.99 <= share <= 10:
        raise Unclear(f"{shown(value)} is not plausible", "give -99%/year to 1000%/year")
    return share


class Counts(NamedTuple):
    """What a rate or volume counts: contacts as offered, redials and reconnects included, or first attempts only.
    `abandoned` is the share that abandoned when they were counted; None: as Erlang A has it with this staff."""

    offered: bool
    abandoned: float | None = None


def read_counts(value: Any) -> Counts:
    """``first_attempts``, ``offered``, ``offered(abandoned 6%)``."""
    if isinstance(value, Counts):
        return value
    hint = "write first_attempts, offered or offered(abandoned 6%)"
    try:
        name, given = units.call(value) if isinstance(value, str) else ("", {})
    except Unclear:
        name, given = "", {}
    if name not in ("first_attempts", "offered") or set(given) - {"abandoned"} or (given and name != "offered"):
        raise Unclear(f"{shown(value)} does not say what was counted", hint)
    return Counts(name == "offered", units.share(given["abandoned"]) if given else None)


def read_moment(value: Any) -> datetime:
    """``2026-10-06 18:20``, by the desk's own clock."""
    if isinstance(value, datetime):
        return value
    day, _, clock = str(value).strip().replace("T", " ").partition(" ")
    try:
        second = units.clock(clock.strip())
        if second == DAY:
            raise Unclear("")
        return datetime.combine(read_date(day), time(second // 3600, second % 3600 // 60))
    except Unclear:
        hint = "write a date and a time, such as 2026-10-06 18:20"
        raise Unclear(f"{shown(value)} is not a moment", hint) from None


class Holidays(NamedTuple):
    """Public holidays: those of a country or a region of it, `also` further dates, `but` not these."""

    country: str = ""
    region: str | None = None
    also: tuple[date, ...] = ()
    but: tuple[date, ...] = ()


def read_holidays(value: Any) -> Holidays:
    """``GB``, ``GB-ENG``, or ``{country: GB-ENG, also: [2026-12-24], but: [2026-12-28]}``."""
    if isinstance(value, Holidays):
        return value
    if isinstance(value, list):
        raise Unclear("a list does not say what it holds", "write {country: GB-ENG, also: [2026-12-24]}")
    given = value if isinstance(value, dict) else {"country": value}
    problems = [
        Problem((key,), "unknown key", "known here: country, also, but")
        for key in given
        if key not in ("country", "also", "but")
    ]
    country, region, dates = "", None, {}
    try:
        country, region = _country(given.get("country"))
    except Unclear as problem:
        problems.append(Problem(("country",) if isinstance(value, dict) else (), problem.what, problem.hint))
    for key in ("also", "but"):
        listed = given.get(key, [])
        try:
            dates[key] = tuple(read_date(day) for day in (listed if isinstance(listed, list) else [listed]))
        except Unclear as problem:
            problems.append(Problem((key,), problem.what, problem.hint))
    if problems:
        raise Problems(problems)
    return Holidays(country, region, **dates)


def _country(value: Any) -> tuple[str, str | None]:
    if value is None:
        return "", None
    import holidays

    known = holidays.list_supported_countries(include_aliases=False)
    code, dash, region = str(value).strip().upper().partition("-")
    if code not in known:
        hint = "write the two letters of the country, as in GB or US-NY"
        meant = {"UK": "GB", "EN": "GB-ENG", "USA": "US", "GER": "DE"}.get(code)
        raise Unclear(f"no holidays are known of {shown(value)}", f"did you mean '{meant}'?" if meant else hint)
    if dash and region not in known[code]:
        hint = f"of {code} there are {', '.join(known[code])}" if known[code] else f"write {code} alone"
        raise Unclear(f"no holidays are known of {shown(value)}", hint)
    return code, region or None


def read_limit(value: Any) -> str:
    """``at least 80%``, ``at most 24h``; what the words after it mean depends on what they limit."""
    found = re.fullmatch(r"\s*at\s+(least|most)\s+(\S.*?)\s*", str(value))
    if not found:
        symbol = re.fullmatch(r"\s*([<>]=?)\s*(\S.*?)\s*", str(value))
        words = (
            f"at {'least' if symbol[1][0] == '>' else 'most'} {symbol[2]}" if symbol else "at least 80%, at most 24h"
        )
        raise Unclear(f"{shown(value)} is not a threshold", f"write {words}")
    return f"at {found[1]} {found[2]}"


def read_range(value: Any) -> Range:
    """``6m..10m``: the lowest and the highest value."""
    if isinstance(value, Range):
        return value
    found = range_of(value) if isinstance(value, str) else None
    if found is None or found.step is not None:
        raise Unclear(f"{shown(value)} is not a range", "write the lowest and the highest value, as in 6m..10m")
    return found


class Heights(NamedTuple):
    """How high surges are: each of its own factor, uniform from `low` to `high`."""

    low: float
    high: float

    @property
    def mean(self) -> float:
        return (self.low + self.high) / 2


def read_heights(value: Any) -> Heights:
    """``2.5x``, or ``1.5x..4x``: the factor, or the lowest and the highest."""
    if isinstance(value, Heights):
        return value
    span = range_of(value) if isinstance(value, str) else None
    if span is not None and span.step is not None:
        raise Unclear(f"{shown(value)} has steps", "write the lowest and the highest factor, as in 1.5x..4x")
    ends = [value, value] if span is None else [span.word(span.low), span.word(span.high)]
    heights = Heights(*map(read_factor, ends))
    if heights.low < 1:
        raise Unclear(f"{shown(value)} is less than usual", "a surge brings more: write it as in 2.5x or 1.5x..4x")
    return heights


def read_plain_money(value: Any) -> Money:
    money = units.money(value)
    if money.per is not None:
        raise Unclear(f"{shown(value)} is for a length of time", "write the amount alone, as in 0.10 EUR")
    return money


def read_shrinkage(value: Any) -> float:
    share = units.share(value)
    if share > 0.9:
        raise Unclear(f"{shown(value)} leaves hardly anybody", "give 90% or less")
    return share


Duration = Annotated[float, read_by(_within_a_century), written.DURATION]
SomeTime = Annotated[float, read_by(read_some_time), written.SOME_TIME]
Share = Annotated[float, read_by(units.share), written.SHARE]
Shrinkage = Annotated[float, read_by(read_shrinkage), written.SHRINKAGE]
PerSecond = Annotated[float, read_by(units.rate), written.PER_SECOND]
PerTime = Annotated[Money, read_by(_per_time), written.PER_TIME]
Factor = Annotated[float, read_by(read_factor), written.FACTOR]
FactorOrRange = Annotated[Heights, read_by(read_heights), written.HEIGHTS]
Target = Annotated[Promise, read_by(read_target), written.TARGET]
Targets = Annotated[dict[str, Target], written.by_name(written.TARGET, "phone", "channel")]
Date = Annotated[date, read_by(read_date), written.DATE]
Shape = Annotated[str | Week, read_by(read_shape), written.SHAPE]
Weekdays = Annotated[tuple[float, ...], read_by(read_weekdays), written.WEEKDAYS]
Months = Annotated[tuple[float, ...], read_by(read_months), written.MONTHS]
Multiples = Annotated[Week, read_by(read_multiples), written.MULTIPLES]
Growth = Annotated[float, read_by(read_growth), written.GROWTH]
Counted = Annotated[Counts, read_by(read_counts), written.COUNTS]
Recurring = Annotated[EveryDays | Monthly | OnDates, read_by(read_every), written.EVERY]
Moment = Annotated[datetime, read_by(read_moment), written.MOMENT]
HolidaysOf = Annotated[Holidays, read_by(read_holidays), written.HOLIDAYS]
Limit = Annotated[str, read_by(read_limit), written.LIMIT]
Limits = Annotated[dict[str, Limit], written.LIMITS]
Span = Annotated[Range, read_by(read_range), written.RANGE]
Spans = Annotated[dict[str, Span], written.by_name(written.RANGE, "phone.handle_time", "path")]
Table = Annotated[FromFile, read_by(read_file), written.TABLE]
ShiftsOf = Annotated[Any, read_by(read_shifts), written.SHIFTS]
Amount = Annotated[Money, read_by(read_plain_money), written.AMOUNT]
Zone = Annotated[str, read_by(read_zone), written.ZONE]
Interval = Annotated[float, read_by(read_interval), written.INTERVAL]
Again = Annotated[AgainRule, read_by(read_again), written.AGAIN]
GoTo = Annotated[GoRule, read_by(read_go), written.GO]
GoLater = Annotated[GoRule, read_by(read_go_later), written.GO_LATER]
PassOn = Annotated[GoRule, read_by(read_pass_on), written.PASS_ON]
Closed = Annotated[str, written.CLOSED]
YesNo = Annotated[bool, read_by(read_yes), written.YES_NO]
ByIntent = Annotated[float | dict[str, float], read_by(read_by_intent), written.BY_INTENT]
Words = Annotated[tuple[str, ...], read_by(read_words), written.WORDS]
Some = Annotated[int, read_by(lambda value: units.count(value, least=1)), written.SOME]
Few = Annotated[int, read_by(lambda value: units.count(value, least=1, most=50)), written.FEW]
Number = Annotated[float, read_by(lambda value: units.number(value, least=0)), written.NUMBER]
Hours = Annotated[Week | None, read_by(read_hours), written.HOURS]
Rates = Annotated[Week, read_by(read_week(units.rate, "mon-fri 09:00-12:00: 120/h")), written.RATES]
Time = Annotated[Distribution | Mean | None, read_by(read_time), written.TIME]
Ending = Annotated[Distribution | Mean, read_by(read_ending), written.ENDING]
