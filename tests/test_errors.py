"""Mistakes are told once each, in the order in which a reader of the file meets them."""

from __future__ import annotations

from sim.errors import Mistake, ScenarioError


def test_numbers_in_the_place_of_a_mistake_sort_as_numbers() -> None:
    """Cell A2 comes before cell A10, week 9 before week 10, line 2 before line 10."""
    told = [
        Mistake("staff week 9.xlsx, sheet 1, cell A2", 0, 0, "", "wrong"),
        Mistake("staff week 9.xlsx, sheet 1, cell A10", 0, 0, "", "wrong"),
        Mistake("staff week 9.xlsx, sheet 1, cell B1", 0, 0, "", "wrong"),
        Mistake("staff week 10.xlsx, sheet 1, cell A1", 0, 0, "", "wrong"),
        Mistake("week.csv", 2, 4, "", "wrong"),
        Mistake("week.csv", 10, 3, "", "overlaps line 9"),
        Mistake("week.csv", 10, 3, "", "overlaps line 11"),
    ]
    assert list(ScenarioError(reversed(told)).mistakes) == told


def test_a_mistake_is_told_once() -> None:
    """Two mistakes with the same words in the same place are one."""
    mistake = Mistake("week.csv", 2, 4, "end", "wrong", "mend it")
    assert str(ScenarioError([mistake, mistake])) == "week.csv:2:4: end: wrong; mend it"
