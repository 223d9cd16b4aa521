"""Personas are invented, unreachable, and the same whoever asks for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import faker
import pytest

from sim.population.draw import draw
from sim.population.persona import NUMBERS, personas
from sim.scenario.read import read

PACKAGE = Path(__file__).parents[2] / "sim"
FIRST = PACKAGE.parent / "scenarios" / "first.yaml"


def test_a_persona_depends_on_seed_and_customer_alone() -> None:
    """Asked for alone, in company, in another order or twice, a customer has the same persona."""
    alone = personas(7, [41])[0]
    together = personas(7, range(100))
    assert together[41] == alone
    assert personas(7, reversed(range(100))) == together[::-1]
    assert personas(7, [41, 3, 41]) == [alone, together[3], alone]


def test_another_seed_gives_other_people() -> None:
    """With another seed most of a hundred names differ."""
    names = zip(personas(7, range(100)), personas(8, range(100)), strict=True)
    assert sum(one.name != other.name for one, other in names) > 90


def test_names_vary() -> None:
    """A thousand customers have at least 900 different names."""
    assert len({persona.name for persona in personas(1, range(1000))}) > 900


@pytest.mark.parametrize("locale", ["en_GB", "de_DE", "fr_FR", "ja_JP"])
def test_addresses_are_unique_and_reach_nobody(locale: str) -> None:
    """Every address is plain ASCII under a reserved domain, and no two customers share one."""
    addresses = [persona.email for persona in personas(1, range(1500), locale)]
    assert len(set(addresses)) == 1500
    assert all(re.fullmatch(r"[a-z]+(\.[a-z]+)*\.\d+@customers\.test", address) for address in addresses)


def test_phone_numbers_are_from_the_range_for_drama() -> None:
    """Numbers lie in 01632 960000 to 960999; a thousand neighbours have a thousand numbers, the next shares one."""
    numbers = [persona.phone for persona in personas(1, range(500, 500 + NUMBERS + 1))]
    assert all(re.fullmatch(r"01632 960\d{3}", number) for number in numbers)
    assert len(set(numbers[:-1])) == NUMBERS
    assert numbers[-1] == numbers[0]


def test_whatever_faker_says_the_population_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a Faker that calls everybody alike the personas change and the digest does not."""
    before, names = draw(read(FIRST, ["lasts=1d"]), 1, 0).digest, personas(1, range(5))

    class Alike:
        def __init__(self, locale: str, *, use_weighting: bool) -> None:
            pass

        def seed_instance(self, seed: int) -> None:
            pass

        def first_name(self) -> str:
            return "Zoë"

        def last_name(self) -> str:
            return "O'Neil-Ng"

    monkeypatch.setattr(faker, "Faker", Alike)
    assert personas(1, range(5)) != names
    assert personas(1, [3])[0].email == "zoe.oneil.ng.3@customers.test"
    assert draw(read(FIRST, ["lasts=1d"]), 1, 0).digest == before


def test_names_are_drawn_without_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faker is asked for names without weights, which takes a fifth of the time."""
    asked: list[object] = []
    real = faker.Faker

    def spy(*given: object, **options: object) -> faker.Faker:
        asked.append(options.get("use_weighting"))
        return real(*given, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(faker, "Faker", spy)
    personas(1, [0])
    assert asked == [False]


def test_only_personas_use_faker() -> None:
    """No other module of the package names Faker in an import, and it is imported inside a function there."""

    def imports() -> Iterator[str]:
        for file in PACKAGE.rglob("*.py"):
            for line in file.read_text(encoding="utf-8").splitlines():
                if re.match(r"\s*(from|import) faker\b", line):
                    yield f"{file.relative_to(PACKAGE).as_posix()}: {line}"

    assert list(imports()) == ["population/persona.py:     from faker import Faker"]
