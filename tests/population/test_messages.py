"""Messages of customers and agents: no two alike, readable, and with nothing in them that reaches anybody."""

from __future__ import annotations

import re
import string
import subprocess
import sys
from collections.abc import Iterator

import pytest

from sim.population import vocabulary
from sim.population.words import SHORTEST, Occasion, Words, message

LONGEST = 120
RUN = "3fa9c2d10123456789abcdef01234567"
NAME = "Ann Lee"
INTENTS = [*vocabulary.INTENTS, "any", "roaming", "new_SIM-card"]
OPENINGS = [Occasion.FIRST, Occasion.REDIAL, Occasion.RECONNECT, Occasion.SWITCH]
REFERENCE = re.compile(r"\d[A-Z]-\d{5}")
BY_AGENTS = (Occasion.ANSWER, Occasion.QUESTION)


def some(count: int = 60) -> Iterator[tuple[str, Occasion, Words]]:
    """Messages of every intent on every occasion."""
    for intent in INTENTS:
        for occasion in Occasion:
            for issue in range(count):
                yield intent, occasion, message(RUN, issue, 1 + issue % 4, occasion, intent, NAME)


def test_no_two_of_100_000_tickets_are_alike() -> None:
    """25,000 issues of one intent and one name, four attempts each: all subjects and bodies differ."""
    made = [
        message(RUN, issue, attempt, OPENINGS[attempt - 1], "any", NAME)
        for issue in range(25_000)
        for attempt in (1, 2, 3, 4)
    ]
    assert len({words.subject for words in made}) == 100_000
    assert len({words.body for words in made}) == 100_000
    assert max(len(words.body.split()) for words in made) <= LONGEST


@pytest.mark.parametrize("occasion", list(Occasion))
def test_tickets_differ_in_more_than_their_reference(occasion: Occasion) -> None:
    """With references struck out, most of a thousand bodies of one intent and one name still differ."""
    bodies = {REFERENCE.sub("", message(RUN, issue, 1, occasion, "billing", NAME).body) for issue in range(1000)}
    assert len(bodies) > 900


def test_whoever_asks_again_says_it_in_other_words() -> None:
    """Eight attempts on one issue, and eight chasers on one contact: no body twice, whatever the occasion."""
    for issue in range(300):
        for occasion in (*OPENINGS, Occasion.PUBLIC):
            assert len({message(RUN, issue, attempt, occasion, "move", NAME).body for attempt in range(1, 8)}) == 7
        chasers = {message(RUN, issue, 1, Occasion.CHASER, "move", NAME, number=number).body for number in range(8)}
        assert len(chasers) == 8


def test_messages_of_an_issue_are_about_the_same_thing() -> None:
    """All messages of an issue name the same reference and have the same subject but for what stands before it."""
    for issue in range(50):
        made = [message(RUN, issue, 1, occasion, "where_is_it", NAME) for occasion in Occasion]
        assert len({reference for words in made for reference in REFERENCE.findall(words.body)}) == 1
        assert all(REFERENCE.search(words.body) for words in made)
        first = made[0].subject
        assert all(words.subject.endswith(first) for words in made)


def test_no_two_issues_share_a_reference() -> None:
    """30,000 issues have 30,000 references."""
    found = {
        REFERENCE.search(message(RUN, issue, 1, Occasion.THANKS, "order", NAME).body)[0]  # type: ignore[index]
        for issue in range(30_000)
    }
    assert len(found) == 30_000


def test_a_message_follows_from_its_arguments_alone() -> None:
    """A fresh process that asks in another order gets the same words; another run gets others."""
    asked = [(7, 2, "redial", "billing"), (3, 1, "first", "any")]
    code = (
        "from sim.population.words import *\n"
        f"for i, a, o, t in {asked[::-1]}: print(repr(message({RUN!r}, i, a, Occasion(o), t, {NAME!r})))"
    )
    fresh = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    here = [repr(message(RUN, issue, attempt, Occasion(o), intent, NAME)) for issue, attempt, o, intent in asked]
    assert fresh.splitlines() == here[::-1]
    assert (
        message("f" * 32, 3, 1, Occasion.FIRST, "any", NAME).body
        != message(RUN, 3, 1, Occasion.FIRST, "any", NAME).body
    )


def test_a_message_is_of_a_readable_length() -> None:
    """Every body has 20 to 120 words; of first contacts, some have fewer than 40 and some more than 80."""
    lengths = {(intent, occasion, len(words.body.split())) for intent, occasion, words in some()}
    assert all(SHORTEST <= length <= LONGEST for _, _, length in lengths)
    first = [length for _, occasion, length in lengths if occasion is Occasion.FIRST]
    assert min(first) < 40
    assert max(first) > 80


def test_a_message_is_clean_text() -> None:
    """No slot is left open, no line begins or ends with a blank, sentences end with a mark, "a" and "an" are right."""
    for intent, occasion, words in some():
        assert not re.search(r"[{}<>]|  ", words.body + words.subject), (intent, occasion)
        assert all(line == line.strip() for line in words.body.splitlines()), (intent, occasion)
        assert "\n" not in words.subject
        assert not re.search(r"\ba [aeio]|\ban [^aeiouAEIOU]", words.body), (intent, occasion, words.body)
        *_, last = [part for part in words.body.split("\n\n") if len(part.split()) > 7]
        assert last[-1] in ".?!" or NAME.split()[0] in last, (intent, occasion, words.body)


def test_nothing_in_a_message_reaches_anybody() -> None:
    """No address, link, telephone number, bank or card number, in a subject or a body."""
    reaching = {
        "address": r"\S@\S",
        "link": r"https?:|www\.|\b[\w-]+\.(com|net|org|uk|eu|test|example)\b",
        "telephone": r"(?:\+|\b0)\d[\d ()-]{6,}|(?:\d[ .()-]?){7,}",
        "bank": r"\b[A-Z]{2}\d{2}[A-Z0-9 ]{10,}",
        "card": r"(?:\d[ -]?){13,19}",
    }
    for intent, occasion, words in some():
        text = re.sub(r" \[\d+\.\d+ [0-9a-f]{8}\]$", "", words.subject) + "\n" + words.body
        for what, pattern in reaching.items():
            assert not re.search(pattern, text), (what, intent, occasion, text)


def test_the_subject_ends_with_key_and_run() -> None:
    """The key is that of the create, and of the run's tag the first eight digits stand beside it."""
    assert message(RUN, 17, 1, Occasion.FIRST, "any", NAME).subject.endswith(" [17.1 3fa9c2d1]")
    assert message(RUN, 17, 2, Occasion.CHASER, "any", NAME, number=3).subject.endswith(" [17.2 3fa9c2d1]")


def test_customers_sign_and_agents_greet() -> None:
    """A customer's message ends with their name, or the first of it, an agent's begins with it; in public, no name."""
    for _, occasion, words in some(20):
        if occasion in BY_AGENTS:
            assert "Ann" in words.body.splitlines()[0]
            assert re.search(r"support( team)?$", words.body)
        elif occasion is Occasion.PUBLIC:
            assert "Ann" not in words.body
        else:
            assert words.body.splitlines()[-1] in (NAME, "Ann")


@pytest.mark.parametrize(
    ("name", "intent"),
    [
        ("power_cut", "outage"), ("bill", "billing"), ("line", "slow_line"), ("where_is_it", "delivery"),
        ("Refunds", "return"), ("password reset", "login"), ("new-orders", "order"),
    ],
)  # fmt: skip
def test_a_known_intent_has_words_of_its_own(name: str, intent: str) -> None:
    """Whichever of its names an intent goes by, its tickets are the same, and not those of any intent."""
    first = message(RUN, 5, 1, Occasion.FIRST, name, NAME)
    assert first == message(RUN, 5, 1, Occasion.FIRST, intent, NAME)
    assert first != message(RUN, 5, 1, Occasion.FIRST, "any", NAME)


def test_an_intent_nobody_thought_of_is_named_in_plain_words() -> None:
    """`new_SIM-card` is written as new SIM card in every subject or body; `any` and `other` are never written so."""
    for issue in range(60):
        words = message(RUN, issue, 1, Occasion.FIRST, "new_SIM-card", NAME)
        assert "new SIM card" in words.subject + words.body
        assert not re.search(r"\b(any|other)\b", message(RUN, issue, 1, Occasion.FIRST, "any", NAME).subject, re.I)
    strange = message(RUN, 1, 1, Occasion.FIRST, "see http://x.example 01632960001", NAME)
    assert "http://" not in strange.subject + strange.body
    assert "01632960001" not in strange.subject + strange.body


def test_an_agent_speaks_of_what_is_the_customers() -> None:
    """An agent writes of "your parcel" where the customer writes of "my parcel"."""
    for intent, occasion, words in some(30):
        if occasion in BY_AGENTS:
            assert not re.search(r"\b(my|our (move|service|slow))\b", words.body), (intent, words.body)


def test_a_reply_answers_what_was_asked() -> None:
    """The n-th reply of a contact is to the question with the same number: both lists go together."""
    for topic in (vocabulary.GENERAL, *vocabulary.INTENTS.values()):
        pairs = list(zip(topic["questions"], topic["replies"], strict=True))
        filled = [
            (q, r) for q, r in pairs if not re.search(r"[{]", q + r)
        ]  # those without slots are found word for word
        said = {
            (
                message(RUN, i, 1, Occasion.QUESTION, intent, NAME).body,
                message(RUN, i, 1, Occasion.REPLY, intent, NAME).body,
            )
            for intent in [name for name, its in vocabulary.INTENTS.items() if its is topic] or ["any"]
            for i in range(40)
        }
        for question, reply in filled:
            assert any(question in asked for asked, _ in said)
            assert all((question in asked) == (reply in answered) for asked, answered in said)


def test_every_slot_is_a_fact_and_every_pool_of_a_topic_is_known() -> None:
    """Sentences have no other slots than those the module names; no topic has a pool that no occasion uses."""
    slots = set(re.findall(r"{(\w+)}", vocabulary.__doc__ or ""))
    for topic in (vocabulary.GENERAL, *vocabulary.INTENTS.values()):
        assert topic.keys() <= vocabulary.GENERAL.keys()
        for sentence in (each for pool in topic.values() for each in pool):
            assert {name for _, name, _, _ in string.Formatter().parse(sentence) if name} <= slots
    assert set(vocabulary.NAMED.values()) == set(vocabulary.INTENTS)
