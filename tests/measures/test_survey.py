"""The survey: whom it asks and who answers, from the scenario's words to the measures."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.behaviour.feeling import Feeling, replies, with_replies
from sim.measures import MEASURES
from sim.measures.base import Parts
from sim.measures.cohort import Cohort
from sim.measures.customers import satisfactions
from sim.population.draw import draw
from sim.scenario import lower
from sim.scenario.read import read
from sim.schemas import NEVER
from sim.simulate.engine import simulate

DESK = """\
lasts: 7d
run_in: 0d
phone: {staff: 30, hours: 08:00-20:00, rate: 120/h, handle_time: 5m}
"""
LIMIT = 4.5
"""Standard errors that a comparison may be off."""


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Cohort]:
    """The same customers, with surveys that ask and are answered differently."""
    path = tmp_path_factory.mktemp("survey") / "desk.yaml"
    cohorts = {}
    for survey in ("", "asked: 50%", "asked: 0%", "answers: 60%", "asked: 40%, answers: 60%"):
        path.write_text(DESK + f"survey: {{{survey}}}\n")
        scenario = read(path)
        desk = lower.desk(scenario)
        cohorts[survey] = Cohort(simulate(desk, draw(scenario, 1, 0)).contacts, desk)
    return cohorts


def parts(cohort: Cohort, name: str) -> tuple[float, float]:
    measure = next(measure for measure in MEASURES if measure.name == name)
    assert measure.parts is not None
    found: Parts = measure.parts(cohort)
    return found[None, None]


def chances(cohort: Cohort, at_80: float) -> float:
    """Answers to be expected if everybody who got an answer is asked: Σ 1/(1 + e^−(b + s·S))."""
    answered = cohort.issues.first_answer != NEVER
    slope = Feeling().reply_slope
    base = math.log(at_80 / (1 - at_80)) - 80 * slope
    return float((1 / (1 + np.exp(-(base + slope * satisfactions(cohort)[answered])))).sum())


def test_everybody_who_got_an_answer_is_asked_by_default(desks: dict[str, Cohort]) -> None:
    """Without a word about the survey, those asked are the issues with an answer, and 21 % answer at S = 80."""
    cohort = desks[""]
    answers, asked = parts(cohort, "survey_replies")
    assert asked == np.count_nonzero(cohort.issues.first_answer != NEVER) > 5000
    expected = chances(cohort, 1 / (1 + math.exp(2.15 - 0.8)))
    assert abs(answers - expected) < LIMIT * math.sqrt(expected)


def test_half_of_the_surveys_is_half_of_the_replies(desks: dict[str, Cohort]) -> None:
    """Asking half the customers halves those asked and those who answer, within binomial error; the rate stays."""
    answers, asked = parts(desks[""], "survey_replies")
    half_answers, half_asked = parts(desks["asked: 50%"], "survey_replies")
    assert abs(half_asked - asked / 2) < LIMIT * math.sqrt(asked / 4)
    assert abs(half_answers - answers / 2) < LIMIT * math.sqrt(answers / 2)
    assert parts(desks["asked: 50%"], "csat")[1] == half_answers
    assert parts(desks["asked: 0%"], "survey_replies") == (0.0, 0.0)


def test_the_share_of_answers_is_that_at_80(desks: dict[str, Cohort]) -> None:
    """`answers: 60%` is the chance of a reply at S = 80; at every other S it moves with the model's slope."""
    uniform = (np.arange(10_000) + 0.5) / 10_000
    for share in (0.05, 0.21, 0.6, 1.0, 0.0):
        answers = replies(np.full(10_000, 80.0), uniform, with_replies(Feeling(), share))
        assert answers.mean() == pytest.approx(share, abs=1e-4)
    answers_of_all, asked = parts(desks["answers: 60%"], "survey_replies")
    expected = chances(desks["answers: 60%"], 0.6)
    assert abs(answers_of_all - expected) < LIMIT * math.sqrt(expected * 0.4)
    assert asked == parts(desks[""], "survey_replies")[1]


def test_asking_fewer_does_not_change_how_many_of_them_answer(desks: dict[str, Cohort]) -> None:
    """One draw decides both: of the 40 % who are asked, as large a share answers as of all."""
    answers, asked = parts(desks["asked: 40%, answers: 60%"], "survey_replies")
    share = chances(desks["answers: 60%"], 0.6) / parts(desks["answers: 60%"], "survey_replies")[1]
    assert abs(answers / asked - share) < LIMIT * math.sqrt(share * (1 - share) / asked)


def test_the_survey_does_not_change_what_customers_feel(desks: dict[str, Cohort]) -> None:
    """Satisfaction and churn are those of all customers, asked or not."""
    for name in ("satisfaction", "excess_churn"):
        assert len({parts(cohort, name) for cohort in desks.values()}) == 1
