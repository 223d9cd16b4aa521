"""Words outside, seconds and shares inside.

A scenario says ``20s``, ``80%``, ``22 EUR/h`` or ``mon-fri``; the program computes with seconds, shares from 0 to 1,
amounts of money and numbers of weekdays. Each function here reads one such kind of word, whatever YAML made of it, and
raises `Unclear` where it cannot be read in exactly one way. A bare number has no unit, so it is never a length of time;
true and false are never numbers. The ``say_…`` functions go the other way, for people; they say a dash where a figure
is not finite.
"""

from __future__ import annotations

import datetime
import math
import re
from dataclasses import dataclass
from typing import NoReturn

MINUTE = 60.0
HOUR = 3600.0
DAY = 86_400.0
WEEK = 7 * DAY
YEAR = 365.25 * DAY
MONTH = YEAR / 12
SYMBOLS = {"€": "EUR", "£": "GBP", "$": "USD"}
"""Of currencies, and their codes of ISO 4217."""

_SPELLINGS = {
    1.0: ("s", "sec", "secs", "second", "seconds"),
    MINUTE: ("m", "min", "mins", "minute", "minutes"),
    HOUR: ("h", "hr", "hrs", "hour", "hours"),
    DAY: ("d", "day", "days"),
    WEEK: ("w", "wk", "week", "weeks"),
}
_LENGTHS = {word: seconds for seconds, words in _SPELLINGS.items() for word in words}
_PERIODS = _LENGTHS | dict.fromkeys(("month", "months"), MONTH) | dict.fromkeys(("y", "yr", "year", "years"), YEAR)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_LONGEST = 200
"""A longer text is no quantity, and is not worth a search."""
_LARGEST = 10**15
"""Above this a float no longer holds every whole number."""
_DASH, _MINUS, _TIMES = "\u2013", "\u2212", "\u00d7"
"""As pasted from a text: the en dash of a range, the minus sign, the sign of a factor."""
_DIGITS = r"(?:[0-9](?:_?[0-9])*(?:\.[0-9]*)?|\.[0-9]+)"
_NUMBER = rf"[+-]?{_DIGITS}(?:[eE][+-]?[0-9]+)?"


CLOSE_BRACKET = "add ')'; within {…} a comma ends a value, so put the whole of it in quotes there"


class Unclear(ValueError):
    """A value that cannot be read: `what` is wrong with it, and a `hint` at what to write (may be empty)."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(f"{what}; {hint}" if hint else what)
        self.what = what
        self.hint = hint


@dataclass(frozen=True)
class Money:
    """`amount` in `currency` (three capital letters), for every `per` seconds; `per` is None for a plain amount."""

    amount: float
    currency: str
    per: float | None = None


def duration(value: object) -> float:
    """Seconds of a length of time: ``20s``, ``1.5h``, ``1h30m``, ``2 days``. Only zero needs no unit.

    Several parts go from long to short, each unit once. Raises `Unclear`, also where it is negative.
    """
    kind, hint = "a length of time", "write a number with s, m, h, d or w, such as 3m or 1.5h"
    text = _text(value)
    if re.fullmatch(_NUMBER, text):
        if _float(text, value) == 0:
            return 0.0
        if not text.startswith("-"):
            raise Unclear(f"{shown(value)} has no unit", hint)
    if re.match(rf"-{_DIGITS}", text):
        raise Unclear(f"{shown(value)} is negative", hint)
    if re.search("work|business", text):
        _refuse(value, kind, "closed hours count, as customers wait through them: write 24h or 2d")
    part = rf"({_DIGITS})\s*([A-Za-z]+)\s*"
    if not re.fullmatch(rf"(?:{part})+", text):
        _refuse(value, kind, hint)
    parts = re.findall(part, text)
    units = [_LENGTHS.get(word.lower()) for _, word in parts]
    lengths = [unit for unit in units if unit]
    if any(unit is None and word.lower() in _PERIODS for (_, word), unit in zip(parts, units, strict=True)):
        _refuse(value, kind, "months and years differ in length: write days or weeks, such as 28d or 52w")
    if len(lengths) < len(parts) or lengths != sorted(set(lengths), reverse=True):
        _refuse(value, kind, hint)
    return _finite(sum(_float(digits, value) * unit for (digits, _), unit in zip(parts, lengths, strict=True)), value)


def share(value: object) -> float:
    """A share from 0 to 1: ``80%``, ``0.8``, ``1``. Raises `Unclear`, also below 0 and above 1."""
    kind, hint = "a share", "write a percentage such as 80%, or a number from 0 to 1"
    found = _match(rf"({_NUMBER})\s*(%?)", value, kind, hint)
    figure = _float(found[1], value)
    result = figure / 100 if found[2] else figure
    if result < 0:
        raise Unclear(f"{shown(value)} is negative", hint)
    if result > 1:
        meant = not found[2] and figure <= 100
        raise Unclear(f"{shown(value)} is more than the whole", f"did you mean {found[1]}%?" if meant else hint)
    return result


def rate(value: object) -> float:
    """Events a second: ``120/h``, ``0.08/month``. A month is 365.25 / 12 days. Raises `Unclear`."""
    kind, hint = "a rate", "write a number an hour, day, week, month or year, such as 120/h or 4_600/week"
    found = _match(rf"({_NUMBER})\s*/\s*([A-Za-z]+)", value, kind, hint)
    return _not_negative(_float(found[1], value), value, hint) / _period(found[2], value, kind, hint)


def money(value: object) -> Money:
    """An amount, or an amount for a time: ``1.50 USD``, ``22 EUR/h``, ``9 GBP/month``. Raises `Unclear`."""
    kind, hint = "an amount of money", "write the amount and the currency's three letters, such as 22 EUR/h or 1.50 USD"
    text = _text(value)
    symbol = next((symbol for symbol in SYMBOLS if symbol in text), None)
    if symbol:
        amount, slash, unit = text.replace(symbol, "").partition("/")
        hint = f"write {amount.strip()} {SYMBOLS[symbol]}{slash}{unit}"
    found = _match(rf"({_NUMBER})\s*([A-Za-z]{{3}})(?:\s*/\s*([A-Za-z]+))?", value, kind, hint)
    if not found[2].isupper():
        raise Unclear(f"'{found[2]}' is not a currency", f"write its three capital letters, such as {found[2].upper()}")
    amount_of = _not_negative(_float(found[1], value), value, hint)
    return Money(amount_of, found[2], _period(found[3], value, kind, hint) if found[3] else None)


def factor(value: object) -> float:
    """A factor above 0: ``1.6x`` or ``1.6``. Raises `Unclear`."""
    hint = "write a number above 0, such as 1.6x"
    found = _match(rf"({_NUMBER})\s*[xX{_TIMES}]?", value, "a factor", hint)
    result = _not_negative(_float(found[1], value), value, hint)
    if result == 0:
        raise Unclear(f"{shown(value)} is not a factor", hint)
    return result


def count(value: object, *, least: int = 0, most: int = _LARGEST) -> int:
    """A whole number, from `least` to `most`: ``12``, ``50_000``. Raises `Unclear`."""
    hint = "write a whole number, such as 12 or 50_000"
    if re.fullmatch(r"[0-9]+\s*-\s*[0-9]+", _text(value)):
        hint = f"write one number; --set tries several, as {re.sub(' *- *', '..', _text(value))}"
    found = _match(_NUMBER, value, "a whole number", hint)
    result = _float(found[0], value)
    if not result.is_integer():
        _refuse(value, "a whole number", hint)
    if result < least:
        raise Unclear(f"{shown(value)} is {'negative' if result < 0 else 'too small'}", f"give {least} or more")
    if result > most:
        raise Unclear(f"{shown(value)} is too large", f"give {most:,} or less" if most < _LARGEST else "give less")
    return int(result)


def number(value: object, *, least: float | None = None, most: float | None = None) -> float:
    """A plain number, from `least` to `most` where these are given. Raises `Unclear`, also where it is not finite."""
    result = _float(_match(_NUMBER, value, "a number", "write a number such as 0.9")[0], value)
    if least is not None and result < least:
        problem = "negative" if result < 0 <= least else "too small"
        raise Unclear(f"{shown(value)} is {problem}", f"give {least:g} or more")
    if most is not None and result > most:
        raise Unclear(f"{shown(value)} is too large", f"give {most:g} or less")
    return result


def clock(value: object) -> int:
    """Seconds since midnight of a time of day: ``09:00``, ``9:30``; ``24:00`` is the day's end. Raises `Unclear`."""
    kind, hint = "a time of day", "write hours and minutes from 00:00 to 24:00, such as 09:30"
    found = _match("([0-9]{1,2}):([0-9]{2})", value, kind, hint)
    hours, minutes = int(found[1]), int(found[2])
    if minutes > 59 or hours * 60 + minutes > 24 * 60:
        _refuse(value, kind, hint)
    return hours * 3600 + minutes * 60


def clock_range(value: object) -> tuple[int, int]:
    """From and to, in seconds since midnight: ``09:00-17:30``. To before from means past midnight (``22:00-06:00``).

    Raises `Unclear`, also where both are the same or the range starts at 24:00.
    """
    hint = "write two times of day, such as 09:00-17:30"
    found = _match(rf"([0-9:]+)\s*[-{_DASH}]\s*([0-9:]+)", value, "a range of times", hint)
    start, end = clock(found[1]), clock(found[2])
    if start == end:
        raise Unclear(f"{shown(value)} starts and ends at the same time", "write 00:00-24:00 for the whole day")
    if start == DAY:
        raise Unclear(f"{shown(value)} starts at the day's end", f"write 00:00-{found[2]}")
    return start, end


def target(value: object) -> tuple[float, float]:
    """A service level: the share of contacts, and the seconds within which. ``80% within 20s``, or ``80/20`` for short.

    The short form is percent / seconds. Raises `Unclear`.
    """
    kind, hint = "a target", "write it as 80% within 20s, or as 80/20"
    short = re.fullmatch(rf"({_DIGITS})\s*/\s*({_DIGITS})", _text(value))
    if short:
        percent, seconds = _float(short[1], value), _float(short[2], value)
        if not 1 <= percent <= 100:
            raise Unclear(f"{shown(value)} is not a target", "the first number is percent, from 1 to 100, as in 80/20")
        return percent / 100, seconds
    found = _match(r"(.+?)\s+within\s+(.+)", value, kind, hint)
    return share(found[1]), duration(found[2])


def weekdays(text: object) -> tuple[int, ...]:
    """The days named, Monday = 0, in the week's order: ``mon-fri``, ``sat,sun``, ``fri-mon``, ``daily``.

    A day is its English name or the first three letters or more of it, in any case. Raises `Unclear`.
    """
    words = " ".join(_text(text).lower().replace(_DASH, "-").split())
    if words in ("daily", "every day"):
        return tuple(range(7))
    days: set[int] = set()
    for part in words.split(","):
        ends = [_weekday(word.strip(), text) for word in part.split("-")]
        if len(ends) > 2:
            _refuse(text, "a list of weekdays", "write days such as mon-fri or sat,sun")
        days.update((ends[0] + i) % 7 for i in range((ends[-1] - ends[0]) % 7 + 1))
    return tuple(sorted(days))


def call(text: object) -> tuple[str, dict[str, str]]:
    """A name and its settings as text: ``weibull(mean 25m, shape 0.86)`` is ``("weibull", {"mean": "25m", …})``.

    A setting without a name, at most one, has the empty name; no brackets, no settings. Raises `Unclear`.
    """
    kind, hint = "a name with its settings", "write it as weibull(mean 25m, shape 0.86)"
    if isinstance(text, str) and re.search("[0-9],[0-9]", text):
        _refuse(text, kind, hint)
    if isinstance(text, str) and "(" in text and ")" not in text:
        hint = CLOSE_BRACKET
    elif isinstance(text, str) and "=" in text:
        hint = f"write {' '.join(text.replace('=', ' ').split())[:60]}"
    found = _match(r"([A-Za-z_][A-Za-z0-9_]*)\s*(?:\(([^()]*)\))?", text, kind, hint)
    settings: dict[str, str] = {}
    for part in found[2].split(",") if found[2] and found[2].strip() else ():
        named = re.fullmatch(r"([A-Za-z_][A-Za-z0-9_]*)\s+(.+)", part.strip())
        name, setting = (named[1], named[2]) if named else ("", part.strip())
        if not setting or "=" in part:
            _refuse(text, kind, hint)
        if name in settings:
            twice = f"gives '{name}' twice" if name else "gives two values without a name"
            raise Unclear(f"{shown(text)} {twice}", hint)
        settings[name] = setting
    return found[1], settings


def date(value: object) -> datetime.date:
    """A day, written year-month-day: ``2026-10-05``. Raises `Unclear`."""
    kind, hint = "a date", "write year-month-day, such as 2026-10-05"
    found = _match("([0-9]{4})-([0-9]{2})-([0-9]{2})", value, kind, hint)
    try:
        return datetime.date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise Unclear(f"{shown(value)} is not in the calendar", hint) from None


def say_duration(seconds: float) -> str:
    """A length of time for people, to about two digits: ``20 s``, ``3 min``, ``1.5 h``, ``2.3 d``.

    The unit is the one that keeps the figure small: minutes from 90 s, hours from 90 min, days from 48 h on.
    """
    if not math.isfinite(seconds):
        return _DASH
    size = abs(seconds)
    limits = ((90.0, 1.0, "s"), (90 * MINUTE, MINUTE, "min"), (48 * HOUR, HOUR, "h"), (math.inf, DAY, "d"))
    unit, word = next((unit, word) for limit, unit, word in limits if size < limit)
    decimals = 0 if size / unit >= 10 else 1 if size / unit >= 1 else 2
    return f"{_trimmed(seconds / unit, decimals)} {word}"


def say_share(x: float) -> str:
    """A share for people, in percent with one decimal: ``74.1 %``."""
    return f"{100 * x:.1f} %" if math.isfinite(x) else _DASH


def say_money(amount: float, currency: str) -> str:
    """An amount for people: ``41,900 GBP``; below 100 and not whole, with two decimals: ``1.50 USD``."""
    if not math.isfinite(amount):
        return _DASH
    cents = abs(amount) < 100 and round(amount, 2) != round(amount)
    return f"{round(amount, 2) if cents else round(amount):,.{2 if cents else 0}f} {currency}"


def say_number(x: float) -> str:
    """A number for people, to three digits, and whole from 100 on: ``0.868``, ``12.3``, ``12,345``; never ``1e+04``."""
    if not math.isfinite(x):
        return _DASH
    if abs(x) >= 100 or x == 0:
        return f"{x:z,.0f}"
    digits = min(6, 2 - math.floor(math.log10(abs(x))))
    return _trimmed(x, digits)


def _text(value: object) -> str:
    """What the value looks like when written; "" where it is no quantity at all (then nothing matches it)."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, int):
        if abs(value) > _LARGEST:
            raise Unclear(f"{shown(value)} is too large")
        return str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str) and len(value) <= _LONGEST:
        return value.strip().replace(_MINUS, "-")
    return ""


def shown(value: object) -> str:
    """The value as a message names it."""
    if value is None:
        return "an empty value"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value) if abs(value) < 10**20 else "a number of more than 20 digits"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str):
        text = visible(value)
        return f"'{text}'" if len(text) <= 60 else f"'{text[:57]}...'"
    return "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else "this value"


def visible(text: str) -> str:
    """A text in one line; what nobody would see in it, such as a space of no width pasted with a word, as its code."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else f"<U+{ord(each):04X}>" for each in " ".join(text.split()))


def _refuse(value: object, kind: str, hint: str) -> NoReturn:
    if isinstance(value, str) and re.search("[0-9],[0-9]", value):
        hint = "write decimals with a point and no commas, such as 1.5 or 50_000"
    raise Unclear(f"{shown(value)} is not {kind}", hint)


def _match(pattern: str, value: object, kind: str, hint: str) -> re.Match[str]:
    found = re.fullmatch(pattern, _text(value))
    return found or _refuse(value, kind, hint)


def _finite(result: float, value: object) -> float:
    if not math.isfinite(result):
        raise Unclear(f"{shown(value)} is too large")
    return result


def _float(digits: str, value: object) -> float:
    return _finite(float(digits.replace("_", "")), value)


def _not_negative(result: float, value: object, hint: str) -> float:
    if result < 0:
        raise Unclear(f"{shown(value)} is negative", hint)
    return result


def _period(word: str, value: object, kind: str, hint: str) -> float:
    return _PERIODS.get(word.lower()) or _refuse(value, kind, hint)


def _weekday(word: str, value: object) -> int:
    for i, day in enumerate(_WEEKDAYS):
        if len(word) >= 3 and day.startswith(word):
            return i
    meant = {"weekend": "sat,sun", "weekends": "sat,sun", "weekday": "mon-fri", "weekdays": "mon-fri"}.get(word)
    hint = f"did you mean {meant}?" if meant else "write days such as mon-fri or sat,sun"
    _refuse(value, "a list of weekdays", hint)


def _trimmed(x: float, decimals: int) -> str:
    text = f"{round(x, decimals) + 0.0:.{decimals}f}"  # + 0.0: never "-0"
    return text.rstrip("0").rstrip(".") if "." in text else text
