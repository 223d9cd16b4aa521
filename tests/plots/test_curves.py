"""The plots of service level against headcount and against cost."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from sim.plots import frontier, headcount, plot, write
from sim.plots.frontier import Frontier, Point
from sim.plots.headcount import Headcount
from sim.tables import Floats

pytestmark = pytest.mark.filterwarnings("error")

NAN = float("nan")


def curve(levels: int = 9, *, middle: float = 0.45, half: float = 0.03, first: float = 8.0) -> Headcount:
    """An S-curve whose half lies at `middle` of the levels, with the interval's half width."""
    people: Floats = first + np.arange(levels, dtype=np.float64)
    from_centre = people - first - (levels - 1) * middle
    value, erlang_c, erlang_a = (
        1 / (1 + np.exp(-(from_centre - shift) / wide)) for shift, wide in ((0, 1.1), (1, 0.9), (-0.3, 1.2))
    )
    low, high = np.clip(value - half, 0, 1), np.clip(value + half, 0, 1)
    safe = people[low >= 0.8][:1].tolist()
    return Headcount(
        "phone", 0.8, 20.0, people, value, low, high, erlang_c, erlang_a, safe[0] if safe else None,
        "groups.front_line.staff",
    )  # fmt: skip


def of(
    value: list[float],
    *,
    half: float = 0.02,
    erlang_c: list[float] | None = None,
    erlang_a: list[float] | None = None,
    safe: float | None = None,
) -> Headcount:
    """From 10 people on, these shares of a target of 80 % within 20 s."""
    unknown = [NAN] * len(value)
    shares, c, a = (np.array(each, dtype=float) for each in (value, erlang_c or unknown, erlang_a or unknown))
    people: Floats = 10.0 + np.arange(len(value), dtype=np.float64)
    return Headcount("phone", 0.8, 20.0, people, shares, shares - half, shares + half, c, a, safe, "staff")


def point(
    name: str,
    number: int,
    cost: float,
    level: float,
    *,
    half: float = 0.01,
    efficient: bool = True,
    money: float = 90.0,
) -> Point:
    return Point(name, number, cost, cost - money, cost + money, level, level - half, level + half, efficient)


def policies(count: int, *, apart: float = 0.02, name: str = "WIDE NAME OF THIRTY LETTERS {:02}") -> Frontier:
    """Policies with names of 30 letters of which each costs and reaches a little more than the one before."""
    rows = [point(name.format(n), n, 60_000 + 400 * n, 0.7 + apart * n, efficient=n % 3 != 2) for n in range(count)]
    return Frontier("phone", "EUR", "week", 0.8, tuple(rows))


def equal() -> Frontier:
    """Four policies of one cost."""
    rows = tuple(point(f"p{n}", n, 61_200.0, 0.7 + 0.04 * n, money=0.0) for n in range(4))
    return Frontier("phone", "EUR", "week", 0.8, rows)


HEADCOUNTS: dict[str, Callable[[], Headcount]] = {
    "9 levels": curve,
    "2 levels": lambda: curve(2),
    "25 levels": lambda: curve(25, first=10_000.0),
    "1 level": lambda: curve(1),
    "none safe": lambda: curve(6, middle=1.5),
    "all safe": lambda: curve(6, middle=-1.0),
    "safe at the end": lambda: of([0.2, 0.5, 0.9], erlang_c=[0.1, 0.3, 0.7], safe=12.0),
    "one replication": lambda: of([0.2, 0.9], half=NAN),
    "no Erlang": lambda: of([0.2, 0.9], safe=11.0),
    "a level unknown": lambda: of([NAN, 0.7, 0.9], erlang_c=[NAN, NAN, 0.8], safe=12.0),
    "nothing known": lambda: of([NAN, NAN]),
    "no levels": lambda: of([]),
}
FRONTIERS: dict[str, Callable[[], Frontier]] = {
    "2 policies": lambda: policies(2),
    "12 policies": lambda: policies(12),
    "12 that lie on one another": lambda: policies(12, apart=1e-5),
    "one policy": lambda: policies(1),
    "one cost": equal,
    "one replication": lambda: Frontier(
        "phone", "EUR", "week", 0.8, (point("as is", 0, 1.0, 0.7, half=NAN, money=NAN),)
    ),
    "a strange name": lambda: policies(3, name="$^$ <b> & ünï_çode {}"),
    "a long name": lambda: policies(6, name="a name of more than thirty letters, and then some more {}"),
    "nothing known": lambda: Frontier(
        "p", "EUR", "week", 0.8, (Point("a", 0, None, None, None, None, None, None, efficient=False),)
    ),
    "no policies": lambda: Frontier("phone", "EUR", "week", 0.8, ()),
}
CASES: dict[str, Callable[[], Any]] = {
    **{f"headcount: {name}": case for name, case in HEADCOUNTS.items()},
    **{f"frontier: {name}": case for name, case in FRONTIERS.items()},
}


def drawn(case: str) -> tuple[Any, Any, Figure]:
    """The plot, its data, and the figure."""
    module, data = plot(case.split(":")[0]), CASES[case]()
    return module, data, module.draw(data)


def written(figure: Figure) -> str:
    """All that is written, on one line."""
    texts = [text.get_text() for text in figure.findobj(matplotlib.text.Text)]
    return " ".join(texts).replace("\n", " ")


@pytest.mark.parametrize("case", CASES)
def test_texts_keep_apart_and_on_the_sheet(case: str) -> None:
    """Every case is drawn without a warning, no two texts overlap, none leaves the figure, none says nan or None."""
    module, data, figure = drawn(case)
    figure.draw_without_rendering()
    texts = [text for text in figure.findobj(matplotlib.text.Text) if text.get_visible() and text.get_text()]
    # of an annotation the arrow is no text
    boxes = [(text.get_text(), matplotlib.text.Text.get_window_extent(text)) for text in texts]
    for text, box in boxes:
        assert figure.bbox.x0 <= box.x0 <= box.x1 <= figure.bbox.x1, text
        assert figure.bbox.y0 <= box.y0 <= box.y1 <= figure.bbox.y1, text
    for (one, a), (other, b) in combinations(boxes, 2):
        assert a.x1 <= b.x0 or b.x1 <= a.x0 or a.y1 <= b.y0 or b.y1 <= a.y0, (one, other)
    for said in (module.alt(data), written(figure)):
        assert not {"nan", "None", "-0.0"} & set(said.replace(",", " ").replace(".", " ").split()), said
    assert len({len(column) for column in module.table(data).values()}) == 1


@pytest.mark.parametrize("case", ["headcount: 9 levels", "frontier: 12 policies"])
def test_same_data_same_bytes(case: str, tmp_path: Path) -> None:
    """The same data gives the same three files."""
    name, data = case.split(":")[0], CASES[case]()
    first, second = ([path.read_bytes() for path in write(name, data, tmp_path / folder)] for folder in "ab")
    assert first == second


def test_what_erlang_and_the_simulation_ask_for() -> None:
    """Each asks for the least headcount from which on it reaches the target; the simulation's interval is from where
    the band's upper end does to where its lower end does; and C is compared where the simulation reaches it."""
    data = of([0.5, 0.79, 0.81, 0.9], erlang_c=[0.3, 0.6, 0.75, 0.85], erlang_a=[0.6, 0.82, 0.9, 0.95], safe=13.0)
    said = "Erlang C says 13, the simulation 12 [11, 13], Erlang A 11."
    apart = "At 12 Erlang C gives 75.0 %, 6.0 points less than the simulation."
    for text in (headcount.alt(data), written(headcount.draw(data))):
        assert f"{said} {apart}" in text
        assert "80 % within 20 s is safe from 13 on: 90.0 % [88.0, 92.0]" in text
    assert "first safe: 13" in written(headcount.draw(data))
    assert headcount.table(data)["safe"] == [0, 0, 0, 1]


def test_a_headcount_counts_only_with_all_above_it() -> None:
    """A share that reaches the target, drops below it and reaches it again needs the second headcount; one that is the
    target to the last digit has reached it."""
    data = of([0.82, 0.79, 0.1 + 0.7, 0.9])
    assert data.first(data.value) == 12.0
    assert data.first(np.array([0.9, 0.9, 0.9, 0.7])) is None
    assert data.first(np.array([0.8, NAN, 0.8, 0.8])) == 12.0


def test_the_ends_of_the_range_are_told() -> None:
    """What is needed beyond the range is more than its last headcount; what the first reaches needs it or fewer."""
    short = of([0.3, 0.5], erlang_c=[0.2, 0.4])
    assert "is safe at no headcount simulated: at 11, 50.0 % [48.0, 52.0]" in headcount.alt(short)
    assert "Erlang C says more than 11, the simulation more than 11." in headcount.alt(short)
    assert "first safe" not in written(headcount.draw(short))
    plenty = of([0.95, 0.97], erlang_c=[0.9, 0.95], safe=10.0)
    assert "is safe at 10, the fewest simulated: 95.0 % [93.0, 97.0]" in headcount.alt(plenty)
    assert "Erlang C says 10 or fewer, the simulation 10 or fewer." in headcount.alt(plenty)


def test_without_replications_or_formulas_it_is_said() -> None:
    """One replication has no band and nothing safe; where Erlang C is not known, it has no line and no words."""
    one, known = (written(headcount.draw(of([0.2, 0.9], half=half, safe=None))) for half in (NAN, 0.01))
    assert "One replication, so no band, and no headcount that is known to be safe." in one
    assert "one replication cannot tell what is safe" in one
    assert "Band: 95 % interval of the mean over replications" in known
    assert "Erlang C is not known here; the simulation says 11." in one
    assert "Erlang C lets callers" not in one
    labels = [text.get_text() for text in headcount.draw(of([0.2, 0.9])).axes[0].texts]
    assert not {"Erlang C", "Erlang A"} & {*labels}


def three() -> Frontier:
    """A cheap one below the target, one that may miss it, one above it; and one that is beaten."""
    rows = (
        point("as is", 0, 60_000, 0.75),
        point("evenings", 1, 61_000, 0.805),
        point("e-mail first", 2, 61_500, 0.78, efficient=False),
        point("both", 3, 62_000, 0.86),
    )
    return Frontier("phone", "EUR", "week", 0.8, rows)


def test_the_frontier_says_which_is_the_cheapest_that_reaches_the_target() -> None:
    """The cheapest whose whole interval reaches it, with its cost; who is efficient with cost and level; who is not."""
    said = frontier.alt(three())
    assert "target 80 %: the cheapest that is sure to reach it is both, 62,000 EUR a week." in said
    assert "as is, 60,000 EUR [59,910, 60,090], 75.0 % [74.0, 76.0]; evenings, 61,000 EUR" in said
    assert said.endswith("Not efficient, as another is no dearer and no worse: e-mail first.")
    low = Frontier("phone", "EUR", "week", 0.95, three().points)
    assert "target 95 %: none is sure to reach it" in frontier.alt(low)
    once = Frontier("phone", "EUR", "week", 0.8, tuple(point(p.policy, 0, p.place[0], p.place[1], half=NAN)
                    for p in three().points))  # fmt: skip
    assert "the cheapest that reaches it is evenings, 61,000 EUR" in frontier.alt(once)
    assert "One replication, so no intervals." in written(frontier.draw(once))


def test_the_frontier_steps_through_the_efficient_ones() -> None:
    """The steps hold from one efficient policy's cost to the next; markers are open where a policy is beaten."""
    axes = frontier.draw(three()).axes[0]
    (steps,) = [line for line in axes.lines if line.get_drawstyle() == "steps-post"]
    x, y = (np.asarray(values, dtype=float) for values in steps.get_data())
    assert x[:-1].tolist() == [60_000, 61_000, 62_000]
    assert y.tolist() == [0.75, 0.805, 0.86, 0.86]
    faces: dict[tuple[Any, Any], Any] = {
        (line.get_marker(), line.get_markeredgecolor()): line.get_markerfacecolor()
        for line in axes.lines
        if line.get_marker() != "None"
    }
    assert sorted(face == "white" for face in faces.values()) == [False, False, False, True]
    assert len({marker for marker, _ in faces}) == 4


def test_a_policys_marker_stands_before_its_name() -> None:
    """Beside the panel each policy's name has its marker to the left of it, at its height."""
    axes = frontier.draw(three()).axes[0]
    labels = [text for text in axes.texts if isinstance(text, Annotation) and "EUR, " in text.get_text()]
    names = {text.xyann[1]: text.xyann[0] for text in labels}
    markers = {
        float(y): float(x)
        for line in axes.lines
        for x, y in line.get_xydata()
        if line.get_marker() != "None" and line.get_transform() == axes.transAxes
    }
    assert len(names) == 4
    assert all(1.0 < markers[y] < x for y, x in names.items())


def test_equal_costs_and_unknown_policies_are_told() -> None:
    """Where all cost the same the best that reaches the target is named; what is not known is counted, not drawn, and
    empty in the table."""
    assert "the best that is sure to reach it is p3, 61,200 EUR a week; all cost the same" in frontier.alt(equal())
    rows = (*three().points, Point("broken", 4, None, None, None, 0.7, NAN, NAN, efficient=False))
    data = Frontier("phone", "EUR", "week", 0.8, rows)
    assert "Not shown: 1 of which cost or service level is not known." in written(frontier.draw(data))
    columns: dict[str, Floats] = {name: np.array(column) for name, column in frontier.table(data).items()}
    assert columns["policy"].tolist() == ["as is", "evenings", "e-mail first", "both", "broken"]
    assert np.isnan(columns["cost"]).tolist() == [False] * 4 + [True]
