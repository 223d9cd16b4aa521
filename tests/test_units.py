"""Every kind of word a scenario may hold: what it means, what is refused, and how it is said again."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sim import units
from sim.units import Money, Unclear

PARSERS: tuple[Callable[[object], object], ...] = (
    units.duration,
    units.share,
    units.rate,
    units.money,
    units.factor,
    units.count,
    units.number,
    units.clock,
    units.clock_range,
    units.target,
    units.weekdays,
    units.call,
    units.date,
)
MONTH = 2_629_800.0


@pytest.mark.parametrize(
    ("parse", "value", "meaning"),
    [
        (units.duration, "20s", 20.0),
        (units.duration, "3m", 180.0),
        (units.duration, "1.5h", 5400.0),
        (units.duration, "2d", 172_800.0),
        (units.duration, "1w", 604_800.0),
        (units.duration, "1h30m", 5400.0),
        (units.duration, " 1 Hour 30 min ", 5400.0),
        (units.duration, "1_500s", 1500.0),
        (units.duration, "0s", 0.0),
        (units.duration, 0, 0.0),
        (units.duration, "0", 0.0),
        (units.duration, "2 sec", 2.0),
        (units.duration, "12 hours", 43_200.0),
        (units.share, "80%", 0.8),
        (units.share, "80 %", 0.8),
        (units.share, "0.8", 0.8),
        (units.share, 0.8, 0.8),
        (units.share, 1, 1.0),
        (units.share, 0, 0.0),
        (units.share, "100%", 1.0),
        (units.rate, "120/h", 1 / 30),
        (units.rate, "2 / min", 1 / 30),
        (units.rate, "30/day", 30 / 86_400),
        (units.rate, "5000/week", 5000 / 604_800),
        (units.rate, "0.08/month", 0.08 / MONTH),
        (units.rate, "1e6/year", 1e6 / (12 * MONTH)),
        (units.rate, "0/h", 0.0),
        (units.money, "22 EUR/h", Money(22.0, "EUR", 3600.0)),
        (units.money, "9 GBP/month", Money(9.0, "GBP", MONTH)),
        (units.money, "1.50 USD", Money(1.5, "USD", None)),
        (units.money, "1_000EUR", Money(1000.0, "EUR", None)),
        (units.factor, "1.6x", 1.6),
        (units.factor, "1.6 \u00d7", 1.6),
        (units.factor, 2, 2.0),
        (units.count, 12, 12),
        (units.count, "50_000", 50_000),
        (units.count, 12.0, 12),
        (units.number, "-1.5", -1.5),
        (units.number, "\u22121.5", -1.5),
        (units.number, 3, 3.0),
        (units.clock, "00:00", 0),
        (units.clock, "09:00", 32_400),
        (units.clock, "9:30", 34_200),
        (units.clock, "24:00", 86_400),
        (units.clock_range, "09:00-17:30", (32_400, 63_000)),
        (units.clock_range, "9:00 \u2013 17:30", (32_400, 63_000)),
        (units.clock_range, "22:00-06:00", (79_200, 21_600)),
        (units.clock_range, "00:00-24:00", (0, 86_400)),
        (units.target, "80% within 20s", (0.8, 20.0)),
        (units.target, "0.9 within 24 h", (0.9, 86_400.0)),
        (units.target, "80/20", (0.8, 20.0)),
        (units.weekdays, "mon", (0,)),
        (units.weekdays, "mon-fri", (0, 1, 2, 3, 4)),
        (units.weekdays, "Sat, SUN", (5, 6)),
        (units.weekdays, "fri-mon", (0, 4, 5, 6)),
        (units.weekdays, "tuesday\u2013thursday,sun", (1, 2, 3, 6)),
        (units.weekdays, "daily", (0, 1, 2, 3, 4, 5, 6)),
        (units.weekdays, "Every day", (0, 1, 2, 3, 4, 5, 6)),
        (units.call, "weibull(mean 25m, shape 0.86)", ("weibull", {"mean": "25m", "shape": "0.86"})),
        (units.call, "callback(when_wait_exceeds 5m)", ("callback", {"when_wait_exceeds": "5m"})),
        (units.call, "live_first", ("live_first", {})),
        (units.call, "live_first()", ("live_first", {})),
        (units.call, "constant(8m)", ("constant", {"": "8m"})),
        (units.call, "constant(1 h)", ("constant", {"": "1 h"})),
        (units.date, "2026-10-05", datetime.date(2026, 10, 5)),
    ],
)
def test_words_mean_what_they_say(parse: Callable[[object], object], value: object, meaning: object) -> None:
    """Each spelling has exactly the value in seconds, shares or money that it names."""
    assert parse(value) == pytest.approx(meaning, rel=1e-12) if isinstance(meaning, float) else parse(value) == meaning


@pytest.mark.parametrize(
    ("parse", "value", "what", "hint"),
    [
        (units.duration, "3 parsecs", "'3 parsecs' is not a length of time", "write a number with s, m, h, d or w"),
        (units.duration, 20, "20 has no unit", "such as 3m or 1.5h"),
        (units.duration, "20", "'20' has no unit", "such as 3m or 1.5h"),
        (units.duration, "-3m", "'-3m' is negative", ""),
        (units.duration, -3, "-3 is negative", ""),
        (units.duration, "30m1h", "'30m1h' is not a length of time", ""),
        (units.duration, "1m1m", "'1m1m' is not a length of time", ""),
        (units.duration, "1,5h", "'1,5h' is not a length of time", "decimals with a point"),
        (units.duration, "9" * 250 + "w", "is not a length of time", ""),
        (units.duration, None, "an empty value is not a length of time", ""),
        (units.duration, ["1h"], "a list is not a length of time", ""),
        (units.share, 80, "80 is more than the whole", "did you mean 80%?"),
        (units.share, "1.5", "'1.5' is more than the whole", "did you mean 1.5%?"),
        (units.share, "101%", "'101%' is more than the whole", "from 0 to 1"),
        (units.share, "-1%", "'-1%' is negative", ""),
        (units.share, math.nan, "nan is not a share", ""),
        (units.rate, 5, "5 is not a rate", "120/h"),
        (units.rate, "5/fortnight", "'5/fortnight' is not a rate", ""),
        (units.rate, "-5/h", "'-5/h' is negative", ""),
        (units.money, "\u20ac22/h", "is not an amount of money", "write 22 EUR/h"),
        (units.money, "22\u00a3", "is not an amount of money", "write 22 GBP"),
        (units.money, "22 eur/h", "'eur' is not a currency", "such as EUR"),
        (units.money, 22, "22 is not an amount of money", "22 EUR/h"),
        (units.money, "-2 EUR", "'-2 EUR' is negative", ""),
        (units.factor, 0, "0 is not a factor", "above 0"),
        (units.factor, "-2x", "'-2x' is negative", ""),
        (units.count, 12.5, "12.5 is not a whole number", ""),
        (units.count, "50,000", "'50,000' is not a whole number", "50_000"),
        (units.count, -1, "-1 is negative", "give 0 or more"),
        (units.count, 10**30, "a number of more than 20 digits is too large", ""),
        (units.count, "9" * 19, "is too large", ""),
        (units.number, math.inf, "inf is not a number", ""),
        (units.number, "1e400", "'1e400' is too large", ""),
        (units.clock, "24:01", "'24:01' is not a time of day", ""),
        (units.clock, "12:60", "'12:60' is not a time of day", ""),
        (units.clock, 9, "9 is not a time of day", "such as 09:30"),
        (units.clock, "9am", "'9am' is not a time of day", ""),
        (units.clock_range, "09:00-09:00", "starts and ends at the same time", "00:00-24:00"),
        (units.clock_range, "24:00-06:00", "starts at the day's end", "write 00:00-06:00"),
        (units.clock_range, "09:00-25:00", "'25:00' is not a time of day", ""),
        (units.target, "80 within 20s", "80' is more than the whole", "did you mean 80%?"),
        (units.target, "80% within 20", "'20' has no unit", ""),
        (units.target, "0.8/20", "is not a target", "the first number is percent"),
        (units.target, 80, "80 is not a target", "80% within 20s"),
        (units.weekdays, "mo", "'mo' is not a list of weekdays", ""),
        (units.weekdays, "mon-wed-fri", "is not a list of weekdays", ""),
        (units.weekdays, "", "'' is not a list of weekdays", ""),
        (units.call, "weibull(mean 25m", "is not a name with its settings", ""),
        (units.call, "weibull mean 25m)", "is not a name with its settings", ""),
        (units.call, "a(b(1))", "is not a name with its settings", ""),
        (units.call, "a(b=1)", "is not a name with its settings", "write a(b 1)"),
        (units.call, "a(b 1,)", "is not a name with its settings", ""),
        (units.call, "a(b 1, b 2)", "gives 'b' twice", ""),
        (units.call, "a(1, 2)", "gives two values without a name", ""),
        (units.date, "05/10/2026", "'05/10/2026' is not a date", "write year-month-day"),
        (units.date, "2026-02-30", "'2026-02-30' is not in the calendar", ""),
    ],
)
def test_what_is_unclear_is_refused(parse: Callable[[object], object], value: object, what: str, hint: str) -> None:
    """A value that cannot be read in exactly one way is refused in words that name it and say what to write."""
    with pytest.raises(Unclear) as refused:
        parse(value)
    assert what in refused.value.what
    assert hint in refused.value.hint


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize("value", [True, False, None, [], {}, object(), b"1"])
def test_only_words_and_numbers_are_read(parse: Callable[[object], object], value: object) -> None:
    """True, false, nothing, lists and mappings are never a quantity."""
    with pytest.raises(Unclear):
        parse(value)


def test_limits_are_kept_and_said() -> None:
    """A number outside the limits asked for is refused with the limit; on the limit it is read."""
    assert units.count(1, least=1) == 1
    assert units.number(0.5, least=0.5, most=0.5) == 0.5
    with pytest.raises(Unclear, match="0 is too small; give 1 or more"):
        units.count(0, least=1)
    with pytest.raises(Unclear, match="-1 is negative; give 0 or more"):
        units.number(-1, least=0)
    with pytest.raises(Unclear, match="2 is too large; give 1 or less"):
        units.number(2, most=1)


ANYTHING = st.one_of(
    st.text(),
    st.text("0123456789.eE+-_%/:,() smhdwxEURmonfri", max_size=30),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
    st.lists(st.integers(), max_size=2),
)


@pytest.mark.parametrize("parse", PARSERS)
@given(value=ANYTHING)
@example(value=10**5000)
@example(value="9" * 5000)
def test_anything_is_read_or_unclear(parse: Callable[[object], object], value: object) -> None:
    """Whatever YAML hands over, a parser returns a finite value or raises `Unclear`, nothing else."""
    try:
        meaning = parse(value)
    except Unclear:
        return
    parts = meaning if isinstance(meaning, tuple) else (meaning.amount,) if isinstance(meaning, Money) else (meaning,)
    assert all(math.isfinite(part) for part in parts if isinstance(part, float))


@given(
    thousandths=st.integers(0, 10**9),
    unit=st.sampled_from([("s", 1), ("m", 60), ("h", 3600), ("d", 86_400), ("w", 604_800)]),
)
def test_a_duration_is_its_number_times_its_unit(thousandths: int, unit: tuple[str, int]) -> None:
    """A number written with a unit is that many units of seconds."""
    word, size = unit
    assert units.duration(f"{thousandths / 1000:.3f}{word}") == pytest.approx(thousandths / 1000 * size, rel=1e-12)


@given(h=st.integers(0, 99), m=st.integers(0, 59), s=st.integers(0, 59))
def test_parts_of_a_duration_add_up(h: int, m: int, s: int) -> None:
    """Hours, minutes and seconds in one word add up."""
    assert units.duration(f"{h}h{m}m{s}s") == h * 3600 + m * 60 + s


@given(st.floats(0, 1).map(abs))
def test_a_share_as_a_number_is_itself(x: float) -> None:
    """A share written as a number, or as the text of it, is that number exactly."""
    assert units.share(x) == x
    assert units.share(repr(x)) == x


@given(st.integers(0, 1000))
def test_a_share_said_reads_back(tenths: int) -> None:
    """A share of whole tenths of a percent, said for people, reads back as itself."""
    assert units.share(units.say_share(tenths / 1000)) == pytest.approx(tenths / 1000, abs=1e-12)


@given(st.integers(0, 10**15))
def test_a_count_reads_back(n: int) -> None:
    """A whole number reads back exactly, plain or with underscores."""
    assert units.count(n) == units.count(str(n)) == units.count(f"{n:_}") == n


@given(st.integers(0, 1440), st.integers(0, 1440))
def test_a_range_of_times_reads_back(start: int, end: int) -> None:
    """Two different times of day read back as their seconds, unless the first is the day's end."""
    text = f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"
    if start == end or start == 1440:
        with pytest.raises(Unclear):
            units.clock_range(text)
    else:
        assert units.clock_range(text) == (start * 60, end * 60)


@given(st.sets(st.integers(0, 6), min_size=1))
def test_a_set_of_weekdays_reads_back(days: set[int]) -> None:
    """Days listed by name read back as exactly those days, in the week's order."""
    names = ["mon", "Tues", "WEDNESDAY", "thu", "fri", "sat", "sunday"]
    assert units.weekdays(",".join(names[day] for day in sorted(days, reverse=True))) == tuple(sorted(days))


@given(st.dates())
def test_a_date_reads_back(day: datetime.date) -> None:
    """A date in ISO form is that date."""
    assert units.date(day.isoformat()) == day


@given(st.decimals(0, 10**9, places=2), st.sampled_from(["EUR", "GBP", "JPY"]))
def test_money_reads_back(amount: object, currency: str) -> None:
    """An amount with two decimals and a currency reads back as both."""
    assert units.money(f"{amount} {currency}") == Money(float(str(amount)), currency)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (20, "20 s"),
        (41.2, "41 s"),
        (0, "0 s"),
        (0.25, "0.25 s"),
        (-0.001, "0 s"),
        (3.44, "3.4 s"),
        (180, "3 min"),
        (5400, "1.5 h"),
        (18_360, "5.1 h"),
        (86_400, "24 h"),
        (198_720, "2.3 d"),
        (-180, "-3 min"),
        (math.nan, "\u2013"),
        (math.inf, "\u2013"),
    ],
)
def test_durations_are_said_for_people(seconds: float, words: str) -> None:
    """A length of time is said in the unit a person would choose, and a dash where there is none."""
    assert units.say_duration(seconds) == words


@given(st.floats(1, 1e9))
def test_a_duration_said_is_right_to_five_percent(seconds: float) -> None:
    """What people are told of a second or more differs from the truth by less than five percent."""
    assert units.duration(units.say_duration(seconds)) == pytest.approx(seconds, rel=0.05)


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (41_900, "41,900 GBP"),
        (41_900.4, "41,900 GBP"),
        (32, "32 GBP"),
        (1.5, "1.50 GBP"),
        (99.999, "100 GBP"),
        (0, "0 GBP"),
        (-0.001, "0 GBP"),
        (-12.5, "-12.50 GBP"),
        (math.nan, "\u2013"),
    ],
)
def test_money_is_said_for_people(amount: float, words: str) -> None:
    """Large amounts are said whole with commas, small ones with their cents."""
    assert units.say_money(amount, "GBP") == words


def test_shares_are_said_for_people() -> None:
    """A share is said in percent with one decimal, and a dash where there is none."""
    assert units.say_share(0.741) == "74.1 %"
    assert units.say_share(1) == "100.0 %"
    assert units.say_share(math.nan) == "\u2013"


def test_an_unclear_value_is_a_value_error() -> None:
    """`Unclear` is a ValueError whose text is what is wrong and the hint."""
    assert isinstance(Unclear("a", "b"), ValueError)
    assert str(Unclear("a", "b")) == "a; b"
    assert str(Unclear("a")) == "a"
