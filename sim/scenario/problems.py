"""Mistakes: those inside a value, each with its place below it, on their way through pydantic; and those that show only
when the parts of a scenario are put together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from sim.units import Unclear


class Problem(NamedTuple):
    """A mistake inside a value: where below it, what, what next."""

    at: tuple[str | int, ...]
    what: str
    hint: str


class Problems(Exception):
    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(str(problems))
        self.problems = problems


class Finding(NamedTuple):
    """A mistake at `path`; it is not reported if something that it is `about` was itself a mistake."""

    path: tuple[str | int, ...]
    what: str
    hint: str
    about: tuple[tuple[str | int, ...], ...] = ()


def read_by(reader: Callable[[Any], Any]) -> BeforeValidator:
    """A validator that reads words by `reader`, and hands its complaints on with their place."""

    def validate(value: Any) -> Any:
        try:
            return reader(value)
        except Unclear as problem:
            raise as_pydantic([Problem((), problem.what, problem.hint)]) from None
        except Problems as found:
            raise as_pydantic(found.problems) from None

    return BeforeValidator(validate)


def as_pydantic(problems: list[Problem]) -> PydanticCustomError:
    return PydanticCustomError("unclear", "unclear", {"problems": problems})
