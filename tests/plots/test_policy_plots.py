"""Plots of several policies say what differs, how sure that is, and where the decision turns."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from sim.plots import differences, plot, risk, tornado, write
from sim.plots._policies import look, name_lines, scale
from sim.plots.differences import Differences, Panel, Row
from sim.plots.risk import Risk, RiskPanel, RiskRow
from sim.plots.tornado import Bar, Tornado

pytestmark = pytest.mark.filterwarnings("error")

NAN = float("nan")
LONG = ("a policy with a very long name", "staffing.front_line.phone=1234", "evenings", "w" * 30)


def difference(policy: str, number: int, value: float, half: float, *, clear: bool = True) -> Row:
    """A row whose thin bar is half as long again as the thick one."""
    return Row(policy, number, value, value - half, value + half, value - 1.5 * half, value + 1.5 * half, clear)


def single(policy: str, number: int, values: Any, half: float | None = 0.02) -> RiskRow:
    """A row with the mean of its values."""
    values = np.asarray(values, dtype=np.float64)
    mean = float(values.mean())
    return RiskRow(policy, number, values, mean, *((None, None) if half is None else (mean - half, mean + half)))


def assumption(name: str, low: float, high: float, half: float | None = 100.0) -> Bar:
    """One that is 10 s at its low end and 2 min at its high end."""
    return Bar(name, "10s", "2m", low, half, high, half, "C")


def policy_plot_examples() -> dict[str, Any]:
    """A typical data set of each plot of this file, by its name in the catalogue."""
    draws = np.random.default_rng(1)
    level = {name: draws.normal(mean, 0.05, 30) for name, mean in (("as is", 0.75), ("evenings", 0.83))}
    return {
        "differences": Differences(
            "as is",
            (
                Panel(
                    "phone: service level",
                    "share",
                    "higher",
                    (
                        difference("evenings", 1, 0.061, 0.009),
                        difference("e-mail first", 2, -0.004, 0.008, clear=False),
                    ),
                ),
                Panel(
                    "cost a week",
                    "EUR",
                    "lower",
                    (
                        difference("evenings", 1, 1900.0, 50.0),
                        difference("e-mail first", 2, 0.0, 0.0, clear=False),
                    ),
                ),
            ),
            "all 4 differences shown",
            30,
        ),
        "risk": Risk(
            (
                RiskPanel(
                    "phone: service level",
                    "share",
                    0.8,
                    tuple(single(name, number, values) for number, (name, values) in enumerate(level.items())),
                    "higher",
                    "80 % within 20 s",
                ),
            )
        ),
        "tornado": Tornado(
            "value a week",
            "EUR",
            1900.0,
            1500.0,
            2300.0,
            "evenings",
            "as is",
            (
                assumption("redials", 1700.0, 2200.0),
                assumption("patience", -1100.0, 3400.0),
                assumption("handle time", 2500.0, 2100.0),
            ),
            replications=30,
        ),
    }


def crowd() -> dict[str, Any]:
    """Eight policies of long names, large amounts, and more assumptions than there is room for."""
    names = [f"{LONG[n % 4]}{n}"[-30:] for n in range(8)]
    units = ("EUR a week", "share", "s", "points", "customers", "h", "EUR", "contacts")
    sizes = (1e6, 1e-8, 3e5, 1e-5, 123_456.7, 0.0, 1.0, -40.0)
    draws = np.random.default_rng(2)
    return {
        "differences": Differences(
            LONG[0],
            tuple(
                Panel(
                    f"a figure of a channel {unit}",
                    unit,
                    better,
                    tuple(
                        difference(name, n, size * (n - 3), abs(size), clear=n % 2 == 0) for n, name in enumerate(names)
                    ),
                )
                for unit, size, better in zip(units, sizes, ("higher", "lower", "") * 3, strict=False)
            ),
            "all 448 differences shown",
            30,
        ),
        "risk": Risk(
            tuple(
                RiskPanel(
                    f"a figure of a channel {unit}",
                    unit,
                    4 * size,
                    tuple(
                        single(name, n, size * draws.normal(n, 1.0, 12 * n + 30), 0.3 * abs(size))
                        for n, name in enumerate(names)
                    ),
                )
                for unit, size in zip(units[:3], sizes[:3], strict=True)
            )
        ),
        "tornado": Tornado(
            "value of the whole run",
            "EUR",
            1e6,
            8e5,
            1.2e6,
            LONG[0],
            LONG[1],
            tuple(
                replace(
                    assumption(f"the assumption no. {n} of some forty", 1e6 - 5e4 * n, 1e6 + 2e4 * n, 1e5),
                    low_word=LONG[0],
                )
                for n in range(40)
            ),
        ),
    }


def odd() -> dict[str, list[Any]]:
    """What a plot must not stumble over: nothing, one replication, unknown values, no width, infinite bounds."""
    alone = Row("evenings", 1, 0.061, None, None, NAN, None, False)
    unseen = Row("e-mail first", 2, None, None, None, None, None, False)
    endless = Row("endless", 3, -0.01, -np.inf, np.inf, -np.inf, np.inf, False)
    same = difference("same", 4, 0.0, 0.0, clear=False)
    nobody = RiskRow("nobody", 2, np.full(3, NAN), None, None, None)
    return {
        "differences": [
            Differences("as is", (), ""),
            Differences("as is", (Panel("nothing", "share", "", ()),), ""),
            Differences("as is", (Panel("level", "share", "higher", (alone, unseen)),), "all 2"),
            Differences("as is", (Panel("$x$ <b>", "", "lower", (same, endless, alone, unseen)),), "all 4", 1),
        ],
        "risk": [
            Risk(()),
            Risk((RiskPanel("level", "share", 0.8, ()), RiskPanel("level", "share", None, (nobody,)))),
            Risk((RiskPanel("level", "share", 0.8, (single("one", 1, [0.7], None), nobody)),), "days"),
            Risk((RiskPanel("cost", "EUR", 5.0, (single("flat", 1, np.full(900, 5.0), 0.0),), "lower"),)),
            Risk((RiskPanel("loss", "EUR", -2e6, (single("tiny", 1, [-1e-9, 0.0, 1e-9], 1e-9),), "lower"),), "runs"),
        ],
        "tornado": [
            Tornado("value", "EUR", None, None, None, "b", "a", ()),
            Tornado("value", "EUR", 0.0, 0.0, 0.0, "b", "a", (assumption("x", 0.0, 0.0, 0.0),), "lower"),
            Tornado("level", "share", 0.02, None, None, "b", "a", (assumption("x", NAN, 0.03, None),)),
            Tornado("level", "share", None, NAN, NAN, "b", "a", (Bar("x", "1", "2", None, None, None, None, ""),), ""),
            Tornado("wait", "s", -1e-5, -2e-5, 0.0, "b", "a", (assumption("x", -3e-5, 1e5, 1e-6),), "lower"),
        ],
    }


EVERY = [(name, data) for examples in (policy_plot_examples(), crowd()) for name, data in examples.items()]
ODD = [(name, data) for name, several in odd().items() for data in several]


def texts(figure: Figure) -> list[str]:
    """All that is written in it."""
    return [text.get_text() for text in shown(figure)]


def shown(figure: Figure) -> list[Text]:
    """The texts that are seen."""
    figure.draw_without_rendering()
    return [
        text
        for text in figure.findobj(Text)
        if isinstance(text, Text) and text.get_visible() and text.get_text() and text.get_window_extent().width
    ]


def written(figure: Figure) -> str:
    """All that is written in it, on one line."""
    return " ".join(texts(figure)).replace("\n", " ")


@pytest.mark.parametrize(("name", "data"), EVERY + ODD)
def test_texts_neither_overlap_nor_run_off(name: str, data: Any) -> None:
    """With long names, eight policies and any numbers, texts keep apart and on the sheet, and none says nan."""
    figure = plot(name).draw(data)
    seen = shown(figure)
    boxes = [(text.get_text(), Text.get_window_extent(text)) for text in seen]
    for one, (words, box) in enumerate(boxes):
        assert figure.bbox.x0 <= box.x0 <= box.x1 <= figure.bbox.x1, words
        assert figure.bbox.y0 <= box.y0 <= box.y1 <= figure.bbox.y1, words
        for more, other in boxes[one + 1 :]:
            apart = box.x1 <= other.x0 or other.x1 <= box.x0 or box.y1 <= other.y0 or other.y1 <= box.y0
            assert apart, (words, more)
    for told in (written(figure), plot(name).alt(data)):
        assert not [word for word in ("nan", "None", "inf", "−0 ", "-0.0", "−0.0 ") if word in told], told
    assert len({len(column) for column in plot(name).table(data).values()}) == 1


@pytest.mark.parametrize(("name", "data"), policy_plot_examples().items())
def test_same_policies_same_bytes(name: str, data: Any, tmp_path: Path) -> None:
    """The same data gives the same three files."""
    one, two = ([path.read_bytes() for path in write(name, data, tmp_path / folder)] for folder in ("one", "two"))
    assert one == two


def test_a_policy_looks_the_same_everywhere_and_like_no_other() -> None:
    """The baseline is a black dot; of 17 policies no two share colour and dashes, of 13 no two the marker."""
    looks = [look(number) for number in range(17)]
    assert (looks[0].color, looks[0].marker, looks[0].dashes) == ("#000000", "o", "-")
    assert "".join(each.marker for each in looks[:5]) == "os^Dv"
    assert len({(each.color, each.dashes) for each in looks}) == 17
    assert len({each.marker for each in looks[:13]}) == 13
    assert "#D55E00" not in {each.color for each in looks}


def test_figures_are_said_to_the_digits_that_their_interval_has() -> None:
    """Shares are points, long times hours, large amounts millions; 0 has no sign, what hardly varies no brackets."""
    share, money = scale("share", [], sign=True), scale("EUR", [1900.0], sign=True)
    assert share.say(0.061, 0.052, 0.070) == "+6.1 pt [5.2, 7.0]"
    assert share.say(-0.0) == "0.0 pt"
    assert share.say(-0.0000001, -0.01, 0.01) == "0.0 pt [−1.0, 1.0]"
    assert money.say(1900.0, 1900.0, 1900.0) == "+1,900 EUR"
    assert money.say(-1.25) == "−1.2 EUR"
    assert scale("EUR", [2e6], sign=True).say(2e6, 1e6, 3e6) == "+2.00 million EUR [1.00, 3.00]"
    assert scale("s", [20_000.0], sign=False).span(7_200.0, 20_000.0) == "2.0 to 5.6 h"


def test_names_are_broken_where_they_may_be() -> None:
    """A long name has two lines, broken after a dot or a space; one without either is broken anywhere."""
    assert name_lines("staffing.front_line.phone=1234") == "staffing.front_line.\nphone=1234"
    assert name_lines("evenings") == "evenings"
    assert name_lines("w" * 60) == f"{'w' * 21}\n{'w' * 21}…"


def markers(axes: Axes) -> dict[str, bool]:
    """The policies' markers in a panel, and whether each is filled."""
    found = [line for line in axes.lines if line.get_marker() in list("s^Dv")]
    return {str(line.get_marker()): line.get_markerfacecolor() != "white" for line in found}


def test_differences_say_how_sure_they_are() -> None:
    """A clear difference is filled and said to be better or worse, an unclear one open; a value is never alone."""
    figure = differences.draw(policy_plot_examples()["differences"])
    said = texts(figure)
    assert "+6.1 pt [5.2, 7.0], better" in said
    assert "−0.4 pt [−1.2, 0.4], not clear" in said
    assert "+1,900 EUR [1,850, 1,950], worse" in said
    assert "exactly the same" in said
    assert "better →" in said
    assert "← better" in said
    assert [markers(axes) for axes in figure.axes] == [{"s": True, "^": False}] * 2
    told = differences.alt(policy_plot_examples()["differences"])
    assert "Thick bar: 95 % interval of the mean difference over 30 replications. Thin bar: with the allowance" in told
    assert "phone: service level: evenings +6.1 pt [5.2, 7.0], better; e-mail first −0.4 pt [−1.2, 0.4], not" in told


def test_the_table_of_differences_has_every_row() -> None:
    """A row a figure and policy, in the figure's unit, with both intervals."""
    table = differences.table(policy_plot_examples()["differences"])
    assert table["policy"] == ["evenings", "e-mail first"] * 2
    assert table["difference"] == [0.061, -0.004, 1900.0, 0.0]
    assert table["wide_high"] == pytest.approx([0.0745, 0.008, 1975.0, 0.0])
    assert table["verdict"] == ["better", "not clear", "worse", "the same"]


def test_one_replication_has_differences_without_intervals() -> None:
    """The value is told with its lack of an interval, what was not seen is not known, and no bar is drawn."""
    data = odd()["differences"][2]
    figure = differences.draw(data)
    assert "+6.1 pt, no interval, not clear" in written(figure)
    assert "not known" in texts(figure)
    assert "No interval is known" in written(figure)
    assert not [line for line in figure.axes[0].lines if line.get_linewidth() in (1.4, 6.0)]


def test_many_differences_are_summed_up() -> None:
    """Of eight policies the alt text counts, and names the furthest either way."""
    rows = tuple(difference(f"p{n}", n, 10.0 * (n - 3), 1.0, clear=n != 3) for n in range(8))
    said = differences.alt(Differences("as is", (Panel("cost", "EUR", "lower", rows),), ""))
    assert (
        "cost: of 8: 3 better, 4 worse, 1 not clear; from p0 −30.0 EUR [−31.0, −29.0], better to "
        "p7 +40.0 EUR [39.0, 41.0], worse." in said
    )


def test_risk_is_not_error() -> None:
    """The range of single weeks is that of the values, the interval of the mean is the one given, and the weeks that
    meet the target are counted, with Wilson's interval."""
    values = np.linspace(0.6, 1.0, 21)
    panel = RiskPanel("level", "share", 0.8, (single("evenings", 1, values, 0.03),))
    figure = risk.draw(Risk((panel,)))
    assert {"target met in 52 % of weeks [32, 72]", "single weeks 62.0 to 98.0 %", "mean 80.0 % [77.0, 83.0]"} <= set(
        texts(figure)
    )
    assert "target 80 %" in texts(figure)
    bars = {line.get_linewidth(): np.asarray(line.get_xdata()).tolist() for line in figure.axes[0].lines[2:4]}
    assert bars == {1.4: pytest.approx([62.0, 98.0]), 6.0: pytest.approx([77.0, 83.0])}
    assert (
        "level in % (target 80 %): evenings mean 80.0 % [77.0, 83.0], single weeks 62.0 to 98.0 %, target met in 52 %"
        in (risk.alt(Risk((panel,))))
    )


def test_a_lower_target_is_met_from_below() -> None:
    """Of waits of 1 to 4 hours three quarters meet a target of 3 h."""
    panel = RiskPanel("first response", "s", 10_800.0, (single("x", 0, 3600.0 * np.arange(1.0, 5.0), 60.0),), "lower")
    assert panel.met(panel.rows[0]) == pytest.approx((0.75, 0.3006, 0.9544), abs=1e-3)
    assert "target met in 75 % of weeks" in written(risk.draw(Risk((panel,))))


def test_dots_are_the_weeks_side_by_side() -> None:
    """Each of 30 weeks is a dot at its value and none hides another; of 900 there are 100 dots, and it says so."""
    values = 0.5 + 0.4 * np.linspace(0.0, 1.0, 30) ** 2
    figure = risk.draw(Risk((RiskPanel("level", "share", None, (single("x", 1, values),)),)))
    dots = figure.axes[0].lines[0]
    assert np.asarray(dots.get_xdata()) == pytest.approx(100 * values)
    places = figure.axes[0].transData.transform(dots.get_xydata()) / figure.dpi
    nearest = min(float(np.hypot(*(a - b))) for a, b in combinations(places, 2))
    assert nearest >= 0.99 * risk.DOT
    many = risk.draw(Risk((RiskPanel("level", "share", None, (single("x", 1, np.linspace(0.5, 0.9, 900)),)),)))
    assert len(np.asarray(many.axes[0].lines[0].get_xdata())) == 100
    assert "A dot is 1 in 100 of 900 weeks" in written(many)


def test_the_table_of_risk_has_every_week() -> None:
    """Mean, range, target, share that meets it, then each replication by number."""
    data = Risk((RiskPanel("level", "share", 0.8, (single("x", 1, [0.7, 0.9], 0.1),)),))
    table = risk.table(data)
    assert table["what"] == ["mean", "5 to 95 %", "target", "target met", "single", "single"]
    assert table["replication"] == ["", "", "", "", 1, 2]
    assert table["value"] == pytest.approx([0.8, NAN, 0.8, 0.5, 0.7, 0.9], nan_ok=True)


def test_one_week_is_no_risk() -> None:
    """One replication has a value, neither range nor interval, and the subtitle says so."""
    said = written(risk.draw(odd()["risk"][2]))
    assert "neither the risk nor the error" in said
    assert "misses the target" in said
    assert "mean 70.0 %, no interval" in said
    assert "one only: no range" in said


def test_the_tornado_says_what_turns_the_decision() -> None:
    """The largest swing is at the top, what changes the sign is bold and told with the ends of its range, and the line
    at 0 is named."""
    data = policy_plot_examples()["tornado"]
    figure = tornado.draw(data)
    labels = {label.get_text(): label.get_fontweight() for label in figure.axes[0].get_yticklabels()}
    assert list(labels.items()) == [("patience (C)", "bold"), ("redials (C)", "normal"), ("handle time (C)", "normal")]
    said = texts(figure)
    assert "the decision turns here" in said
    assert "as assumed: +1,900 EUR [1,500, 2,300]" in said
    assert "'evenings' is better →" in said
    assert "← 'as is' is better" in said
    assert "1 of 3 assumptions can turn the decision" in written(figure)
    assert "Its sign changes with patience (C), from −1,100 EUR at 10s to +3,400 EUR at 2m." in tornado.alt(data)


def test_each_end_of_a_bar_is_labelled_with_its_assumption() -> None:
    """Where the figure falls as the assumption rises, the word of the high end stands on the left."""
    rising = Tornado("value", "EUR", 5.0, 4.0, 6.0, "b", "a", (assumption("x", 1.0, 9.0, 0.5),))
    for data, order in (
        (rising, ["10s", "2m"]),
        (replace(rising, bars=(assumption("x", 9.0, 1.0, 0.5),)), ["2m", "10s"]),
    ):
        words = [text for text in shown(tornado.draw(data)) if text.get_text() in ("10s", "2m")]
        assert [text.get_text() for text in sorted(words, key=lambda text: text.get_window_extent().x0)] == order


def test_zero_out_of_range_is_no_line() -> None:
    """Where no assumption comes near 0, nothing turns there, and one side only is said to be better."""
    said = texts(tornado.draw(Tornado("value", "EUR", 50.0, 49.0, 51.0, "b", "a", (assumption("x", 48.0, 55.0, 0.5),))))
    assert "the decision turns here" not in said
    assert [text for text in said if "better" in text] == ["'b' is better →"]


def test_a_tornado_has_fourteen_bars_and_says_what_it_leaves_out() -> None:
    """Of 40 assumptions the 14 that move most are drawn, the others summed up; the table has all, by swing."""
    data = crowd()["tornado"]
    figure = tornado.draw(data)
    assert len(figure.axes[0].get_yticks()) == tornado.MOST
    assert "Shown are the 14 that move it most; each of the other 26 moves it by at most 1.75 million EUR." in written(
        figure
    )
    table = tornado.table(data)
    assert len(table["assumption"]) == 40
    assert table["swing"] == sorted(table["swing"], reverse=True)
    assert sum(table["turns"]) == 19
