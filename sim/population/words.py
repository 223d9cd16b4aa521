"""What synthetic customers and agents write: a slot grammar by intent and occasion. English only.

A ticket that reads "test test test" is handled as nobody handles a real one, and equal tickets are merged by desks that
look for duplicates. So every message is put together from sentences of its intent, filled with facts of its issue
(a place, an amount, a day, a reference), in a tone and a length of its own. The facts belong to the issue: whoever asks
again means the same parcel. An intent that is not known here is named in plain words and written about in general.

Nothing here reaches anybody: there is no address, no link and no telephone number in it, streets have no town, and
references ("7H-20381") are of a form of ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha512

from sim.population.vocabulary import COMMON, DAYS, GENERAL, INTENTS, NAMED, PEOPLE, STREETS, TIMES, TONES, Tone

SHORTEST = 20
"""Words of a body, greeting and name included. None has more than 120."""


class Occasion(StrEnum):
    """Why somebody writes. The first five have the names of the causes of a contact."""

    FIRST = "first"
    REDIAL = "redial"
    """Gave up waiting before, and tries again."""
    RECONNECT = "reconnect"
    """The answer did not help."""
    SWITCH = "switch"
    """No answer elsewhere."""
    PUBLIC = "public"
    """A complaint where everybody can read it."""
    CHASER = "chaser"
    """Any news?"""
    REPLY = "reply"
    """The customer's answer to what the desk asked."""
    THANKS = "thanks"
    """It is solved."""
    CLOSE = "close"
    """The customer needs no answer any more."""
    ANSWER = "answer"
    """An agent's answer."""
    QUESTION = "question"
    """What an agent asks back; the `REPLY` of the same contact and number answers it."""


@dataclass(frozen=True)
class Words:
    """A subject of one line and a body of several, without trailing white space."""

    subject: str
    body: str


@dataclass(frozen=True)
class _Shape:
    """The sentences of an occasion, by pool; `filler` goes before the last one until the message is long enough."""

    pools: tuple[str, ...]
    filler: str
    most: int
    """words, where there is enough filler"""
    refs: str = "own_refs"
    """the pool for a sentence with the reference, if no other sentence has it"""
    remarks: str = ""
    """a pool of which one sentence is filler, too"""


_SHAPES = {
    Occasion.FIRST: _Shape(("problems", "wants"), "details", 100, "refs", "remarks"),
    Occasion.REDIAL: _Shape(("tried", "problems", "wants"), "details", 90, "refs", "remarks"),
    Occasion.RECONNECT: _Shape(("unhelped", "still", "wants"), "details", 90, "refs", "unhelped_more"),
    Occasion.SWITCH: _Shape(("elsewhere", "problems", "wants"), "details", 90, "refs", "remarks"),
    Occasion.PUBLIC: _Shape(("public", "problems", "public_ends"), "details", 60, "refs"),
    Occasion.CHASER: _Shape(("chases", "still", "chase_ends"), "chase_more", 50),
    Occasion.REPLY: _Shape(("reply_starts", "replies", "reply_ends"), "details", 60),
    Occasion.THANKS: _Shape(("thanks", "thanks_ends"), "thanks_more", 40),
    Occasion.CLOSE: _Shape(("closes", "close_ends"), "close_more", 40),
    Occasion.ANSWER: _Shape(("answer_starts", "answers", "answer_ends"), "answer_more", 80, "agent_refs"),
    Occasion.QUESTION: _Shape(("question_starts", "questions", "question_ends"), "question_more", 60, "agent_refs"),
}
_BY_AGENT = (Occasion.ANSWER, Occasion.QUESTION)
_PREFIX = {Occasion.RECONNECT: "Not solved: ", Occasion.SWITCH: "No answer: ", Occasion.REDIAL: "Trying again: "}
_PAIRED = ("questions", "replies")
_OPENS = (Occasion.FIRST, Occasion.REDIAL, Occasion.RECONNECT, Occasion.SWITCH, Occasion.PUBLIC)


def message(
    run: str, issue: int, attempt: int, occasion: Occasion, intent: str, name: str, *, number: int = 0
) -> Words:
    """What is written on an occasion; the same for the same arguments, on every machine.

    Args:
        run: the run's tag; its first eight characters stand in the subject.
        issue: from 0. With `attempt` it makes the key of the contact, "17.1"; no two keys of a run have one subject,
            and no two issues one body.
        attempt: from 1.
        intent: as the scenario names it.
        name: the customer's, who signs, or is greeted by the agent.
        number: counts messages of one occasion on one contact: the second chaser is 1.
    """
    topic, shape = _topic(intent), _SHAPES[occasion]
    facts = _facts(run, issue, topic, intent)
    subject = _filled(_Dice(f"{run} {issue} subject").one(topic["subjects"]), facts)
    if occasion in _BY_AGENT:
        facts["about"] = _addressed(facts["about"])
    dice = _Dice(f"{run} {issue} {attempt} {occasion} {number}")
    # the first sentence goes round, so that the same customer never begins the same way twice in a row
    turn = _Dice(f"{run} {issue} {occasion} turn").below(1 << 16) + attempt + number
    asked = _Dice(f"{run} {issue} {attempt} {number} asked").below(len(topic["questions"]))

    first, *others = shape.pools
    chosen = [topic[first][turn % len(topic[first])]]
    chosen += [topic[pool][asked] if pool in _PAIRED else dice.one(topic[pool]) for pool in others]
    spare = [*topic[shape.filler], *([dice.one(topic[shape.remarks])] if shape.remarks else [])]
    sentences = [_filled(each, facts) for each in chosen]
    if not any(facts["ref"] in each for each in sentences):
        sentences.insert(-1, _filled(dice.one(topic[shape.refs]), facts))
    filler = [_filled(each, facts) for each in dice.shuffled(spare)]
    tone = TONES[_Dice(f"{run} {issue} tone").below(len(TONES))]
    frame = _frame(occasion, tone, dice, name.split())
    body = _body(sentences, filler, frame, goal=SHORTEST + 2 + dice.below(shape.most - SHORTEST))
    before = _PREFIX.get(occasion, "") if occasion in _OPENS else "Re: "
    return Words(f"{before}{subject} [{issue}.{attempt} {run[:8]}]", body)


@dataclass(frozen=True)
class _Frame:
    """What stands around the sentences, and whether they stand in one paragraph."""

    greeting: str
    ending: str
    flat: bool


def _frame(occasion: Occasion, tone: Tone, dice: _Dice, names: list[str]) -> _Frame:
    if occasion is Occasion.PUBLIC:
        return _Frame("", "", flat=True)
    name, first_name = " ".join(names), names[0] if names else ""
    if occasion in _BY_AGENT:
        greeting = dice.one(COMMON["agent_greetings"]).format(name=name, first=first_name)
        return _Frame(greeting, dice.one(COMMON["agent_endings"]), flat=False)
    ending = dice.one(tone.endings)
    return _Frame(dice.one(tone.greetings), f"{ending}\n{name if dice.below(3) else first_name}".strip(), tone.flat)


def _body(sentences: list[str], filler: list[str], frame: _Frame, *, goal: int) -> str:
    """Greeting, sentences and ending: about `goal` words, as far as the filler goes."""
    *start, last = sentences
    words = sum(map(_count, (frame.greeting, *sentences, frame.ending)))
    for each in filler:
        if words >= goal:
            break
        start.append(each)
        words += _count(each)
    gap = " " if frame.flat or sum(map(_count, start)) < 35 else "\n\n"
    text = " ".join(start) + gap + last
    return "\n\n".join(part for part in (frame.greeting, text, frame.ending) if part)


def _count(text: str) -> int:
    return len(text.split())


_ADDRESSED = {"my": "your", "our": "your", "I was": "you were", "I": "you"}


def _addressed(about: str) -> str:
    """What a customer says of their own, as an agent says it: "my parcel" is "your parcel"."""
    return re.sub(r"\b(my|our|I was|I)\b", lambda found: _ADDRESSED[found[1]], about)


def _topic(intent: str) -> Mapping[str, tuple[str, ...]]:
    """The sentences for an intent, by pool: its own, else those that fit any."""
    for word in _plain(intent).lower().split():
        known = NAMED.get(word) or NAMED.get(word.removesuffix("s"))
        if known is not None:
            return {**COMMON, **GENERAL, **INTENTS[known]}
    return {**COMMON, **GENERAL}


def _plain(intent: str) -> str:
    """The name of an intent as words: "new_SIM-card" is "new SIM card"."""
    return " ".join(re.findall(r"[^\W\d_]+|\d{1,3}(?!\d)", intent))


def _facts(run: str, issue: int, topic: Mapping[str, tuple[str, ...]], intent: str) -> dict[str, str]:
    """What fills the slots of all messages about an issue."""
    dice = _Dice(f"{run} {issue} facts")
    street = dice.one(STREETS)
    pence = dice.one(("00", "49", "50", "75", "99", "20"))
    pounds = 6 + dice.below(180)
    person = dice.one(PEOPLE)
    plain = _plain(intent)
    named = "account" if plain.lower() in ("", "any", "other", "general") else plain
    facts = {
        "street": street,
        "place": f"{1 + dice.below(98)} {street}",
        "house": str(1 + dice.below(98)),
        "amount": f"£{pounds}.{pence}",
        "more": f"£{pounds + 5 + dice.below(60)}.{pence}",
        "day": dice.one(DAYS),
        "date": _ordinal(1 + dice.below(28)),
        "soon": dice.one(DAYS),
        "due": _ordinal(1 + dice.below(28)),
        "time": dice.one(TIMES),
        "part": dice.one(("morning", "afternoon", "evening")),
        "n": dice.one(("two", "three", "four", "five", "six")),
        "person": person,
        "Person": person[0].upper() + person[1:],
        "topic": named,
        "a_topic": f"{'an' if named[0].lower() in 'aeiou' else 'a'} {named}",
        "ref": _reference(run, issue),
    }
    facts["product"] = dice.one(topic["products"])
    facts["about"] = dice.one(topic["about"]).format_map(facts)
    return facts


_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_REFERENCES = 10 * len(_LETTERS) * 100_000


def _reference(run: str, issue: int) -> str:
    """A reference such as 7H-20381, which no other issue of the run has (of the first 24 million)."""
    start = int.from_bytes(sha512(run.encode()).digest()[:8], "big")
    # 7 368 787 is prime, and shares no factor with 24 000 000: a step that meets every number once
    number = (start + issue * 7_368_787) % _REFERENCES
    front, digits = divmod(number, 100_000)
    digit, letter = divmod(front, len(_LETTERS))
    return f"{digit}{_LETTERS[letter]}-{digits:05d}"


def _ordinal(day: int) -> str:
    suffix = "th" if 10 <= day <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{suffix}"


def _filled(sentence: str, facts: Mapping[str, str]) -> str:
    text = sentence.format_map(facts)
    return text[0].upper() + text[1:]


class _Dice:
    """Throws that follow from a text alone, the same with every version of Python."""

    def __init__(self, seed: str) -> None:
        self._seed, self._left = seed, 1
        self._refill()

    def _refill(self) -> None:
        self._seed = sha512(self._seed.encode()).hexdigest()
        self._left = int(self._seed, 16)

    def below(self, n: int) -> int:
        """A whole number from 0 to n − 1; n far below 2⁶⁴."""
        if self._left < 1 << 96:
            self._refill()
        self._left, thrown = divmod(self._left, n)
        return thrown

    def one(self, among: tuple[str, ...]) -> str:
        return among[self.below(len(among))]

    def shuffled(self, items: list[str]) -> list[str]:
        left = list(items)
        return [left.pop(self.below(len(left))) for _ in items]
