"""Malformed scenarios, made by one slip each: `python tests/scenario/make_mutants.py` writes `mutants/mutants.json`.

A slip is what a planner's hand does to a right file: a letter swapped, a unit or a bracket left out, a comma for a
point. An operator yields every way in which it can go wrong in a line; of all of them over all scenarios in
`mutants/bases`, a seeded draw keeps a few that the reader refuses, those with messages of their own first. The bases
are copies, so that later changes of the shipped scenarios change nothing here. Written anew after messages were
reworded, the cases stay and their messages change.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import chdir
from pathlib import Path
from typing import NamedTuple

from sim.errors import ScenarioError, UsageError
from sim.scenario.read import read

HERE = Path(__file__).parent / "mutants"
BASES = HERE / "bases"
CASES = HERE / "mutants.json"
NAME = "scenario.yaml"
"""What a mutated scenario is called while it is read."""

SEED = 20261005
EACH = 4
"""Cases of one operator, at most."""
TRIES = 60
"""Slips of one operator that are read, at most."""


class Slip(NamedTuple):
    """A line of a base (counted from 1), and what stands there instead: one line or two, the mistake in the last."""

    line: int
    was: str
    now: str

    def applied(self, base: str) -> str:
        lines = base.split("\n")
        assert lines[self.line - 1] == self.was, f"line {self.line} is not {self.was!r}"
        return "\n".join([*lines[: self.line - 1], self.now, *lines[self.line :]])

    @property
    def at(self) -> int:
        """The line of the mistake in the mutated text."""
        return self.line + self.now.count("\n")


class Case(NamedTuple):
    """A slip in a base, and the messages that it gives."""

    operator: str
    base: str
    slip: Slip
    elsewhere: bool
    """Whether a message stands on another line than the slip: where two things do not fit together."""
    messages: list[str]

    @property
    def text(self) -> str:
        return self.slip.applied((BASES / self.base).read_text(encoding="utf-8"))


Operator = Callable[[str], Iterator[str]]


def swap(pattern: str, *instead: str) -> Operator:
    """An operator that puts other text for one match of a pattern, outside comments."""

    def slips(line: str) -> Iterator[str]:
        code = re.match(r"(?:[^#]|(?<! )#)*", line)
        assert code is not None
        for found in re.finditer(pattern, code[0]):
            for text in instead:
                yield line[: found.start()] + found.expand(text) + line[found.end() :]

    return slips


def letters_swapped(pattern: str) -> Operator:
    """An operator that swaps two letters in the middle of a word."""

    def slips(line: str) -> Iterator[str]:
        for found in re.finditer(pattern, line.partition(" #")[0]):
            word, middle = found[1], len(found[1]) // 2
            if word[middle] != word[middle - 1]:
                typed = word[: middle - 1] + word[middle] + word[middle - 1] + word[middle + 1 :]
                yield line[: found.start(1)] + typed + line[found.end(1) :]

    return slips


def added(*lines: str, after: str) -> Operator:
    """An operator that adds a line after one that matches."""

    def slips(line: str) -> Iterator[str]:
        if re.search(after, line):
            yield from (f"{line}\n{more}" for more in lines)

    return slips


def twice(line: str) -> Iterator[str]:
    if re.match(r" *[\w.-]+: *\S", line):
        yield f"{line}\n{line}"


VALUE = r"(?<=: )([^\[\]{},\"#]+?)(?= *[,}]| *$)"
END = r"(?=[\s,})\]]|$)"
SPAN = r"(\d\d:\d\d)-(\d\d:\d\d)"

SYNTAX: dict[str, Operator] = {
    "bracket dropped": swap(r"[}\]]", ""),
    "opening bracket dropped": swap(r"[{\[]", ""),
    "bracket of the other kind": swap(r"\}", "]"),
    "quote dropped": swap(r"\"", ""),
    "quote left open": swap(VALUE, r'"\1'),
    "tab for spaces": swap(r"^ +", r"\t"),
    "indented too far": swap(r"^( +)(?=\S)", r"\1 "),
    "indented too little": swap(r"^ ( *)(?=\S)", r"\1"),
    "colon dropped": swap(r"(?<=\w):(?= )", ""),
    "space after the colon dropped": swap(r"(?<=[a-z_]): (?=\S)", ":"),
    "comma dropped": swap(r", ", " "),
    "equals sign for a colon": swap(r": (?=\S)", " = "),
}
"""The file is no longer the YAML that was meant: the message may stand on a line beside it."""

WORDS: dict[str, Operator] = {
    "key misspelt": letters_swapped(r"\b([a-z_]{4,})(?=:(?: |$))"),
    "key twice": twice,
    "key from another tool": swap(
        r"\b(?:handle_time|wrap_up|answers|shrinkage|lasts|starts|hours|patience|staff)(?=: )",
        "aht", "acw", "queues", "opening_hours", "headcount", "duration",
    ),
    "value of the wrong kind": swap(VALUE, "yes", "many", "[1, 2]", "{a: 1}"),
    "list for a mapping": swap(r"\{([^{}]+)\}", r"[\1]"),
    "mapping for a list": swap(r"\[([^\[\]]+)\]", r"{\1}"),
    "nothing where something belongs": swap(VALUE, "null", "''"),
    "unit dropped": swap(rf"(\d)(?:[smhdw]|%|/h|/week|/month|/year){END}", r"\1"),
    "unit that there is not": swap(rf"(\d)(?:[smhdw]|/h|/month){END}", r"\1 mins.", r"\1/fortnight", r"\1 parsecs"),
    "months and years as a length of time": swap(rf"(?<=: )\d+[smhdw]{END}", "3 months", "1y"),
    "currency dropped": swap(r"(\d) [A-Z]{3}(?=[/ ,}]|$)", r"\1"),
    "currency as a symbol": swap(r"(\d[\d.]*) GBP", "£\\1", "\\1€"),
    "currency of another country": swap(r"\bGBP\b", "USD", "gbp", "pounds"),
    "time of the money dropped": swap(r"( GBP)/(?:h|month)", r"\1"),
    "negative": swap(r"(?<=: )(\d)", r"-\1"),
    "share above the whole": swap(r"\b(\d{1,2})%", r"\g<1>00%", r"\g<1>"),
    "huge number": swap(rf"(?<=: )\d[\d_]*{END}", "9" * 25, "1e300", "99_999_999"),
    "decimal comma": swap(r"(\d)\.(\d)", r"\1,\2", r"'\1,\2'"),
    "thousands by comma": swap(r"(?<=: )(\d+)_(\d{3})", r"\1,\2", r"'\1,\2'"),
    "hours that end at their start": swap(SPAN, r"\1-\1"),
    "hours reversed": swap(SPAN, r"\2-\1"),
    "hours overlapping": swap(SPAN, r"'\1-\2, \1-\2'", r"'\1-\2, 11:30-23:00'"),
    "hours that no clock shows": swap(r"\b(\d\d):(\d\d)\b", r"25:\2", r"\1:75", r"\1.\2", r"\1\2"),
    "hours without minutes": swap(r"\b0?(\d+):00-0?(\d+):00", r"\1-\2", "9am-5pm"),
    "day that there is not": swap(r"\b(?:mon|tue|sat|sun|daily)\b", "mo", "montag", "weekdays", "weekend"),
    "date that there is not": swap(r"\b(\d{4})-(\d\d)-(\d\d)", r"\1-02-30", r"\1-13-\3", "1812-10-05"),
    "date the other way round": swap(r"\b(\d{4})-(\d\d)-(\d\d)", r"\3/\2/\1", r"\3.\2.\1", "5 October", "46300"),
    "time that does not exist or comes twice": swap(
        r"at: [\d-]+ [\d:]+", "at: 2026-10-25 01:30", "at: 2027-03-28 01:30", "at: 2027-03-28 01:00"
    ),
    "event outside the run": swap(r"at: \d{4}", "at: 2031", "at: 2019"),
    "holidays of no country": swap(r"GB-ENG", "UK", "GB-LON", "England", "XX"),
    "time zone that there is not": swap(r"Europe/London", "London", "Europe/Londn", "GMT+1", "BST"),
    "channel that there is not": letters_swapped(r"(?<=[\[ {])(phone|chat|email)(?=[\],]|: \d+%|: 80/|\.\w+:)"),
    "policy that there is not": swap(
        r"live_first|ignore|as_scheduled|erlang_c", "live_frist", "priority", "erlang", "{live_first: {}}"
    ),
    "setting that a policy has not": swap(r"overflow_after 60s|share 2%", "overflow 60s", "share", "60", "share 2"),
    "distribution that there is not": swap(r"weibull|lognormal|exponential", "wiebull", "normal", "log-normal"),
    "setting that a distribution has not": swap(r"\b(?:mean|sigma|shape|scale) (?=\d)", "average ", "mean=", ""),
    "round bracket dropped": swap(r"[()]", ""),
    "extends in a circle": swap(r"^extends: .*|^name: .*", "extends: scenario.yaml", "extends: circle.yaml"),
    "file that there is not": swap(r"\b[\w/]+\.(csv|yaml)", r"nowhere.\1", r"langauge.\1", "staff.docx"),
    "variant that changes nothing": added(
        "  same: {lasts: 28d, starts: 2026-10-05}", "  empty: {}", "  word: more staff", after="^variants:"
    ),
    "variant of something else": added(
        "  team: {groups.front_line.staf: 14}", "  other: {phnoe.hours: 08:00-20:00}", "  late: {lasts: 1.5 weeks}",
        after="^variants:",
    ),
    "measure that there is not": swap(
        r"^  (?:phone\.service_level|cost)(?=: at)|email\.service_level", "  phone.servicelevel", "  costs",
        "  phone.cost", "  sla", "  fax.service_level",
    ),
    "threshold without a direction": swap(
        r"at (?:least|most) ([^\s}]+)", r"\1", r">= \1", r"at last \1", "at least 3 apples"
    ),
    "range that does not rise": swap(r"\.\.", "-", " to ", "..."),
    "range the wrong way round": swap(r"([^\s{]+)\.\.([^\s}]+)", r"\2..\1", r"\1..9h", r"\1..\1"),
    "range of what is no number": added("  phone.hours: 08:00..20:00", "  phone.hadle_time: 7m..9m", "  name: a..b",
                                        after="^uncertainty:"),
    "character that nobody sees": swap(r"(?<=[a-z]{2})(?=[a-z]+: )|(?<=: )(?=\d)", "\u200b", "\u00a0", "\u0007"),
    "typographic quotes": swap(r"\"", "\u201c", "\u2019\u2019"),
    "segment without its share": swap(r"share: \d+%, ", ""),
}  # fmt: skip
"""Still YAML, and nothing that a scenario may say."""

OPERATORS = SYNTAX | WORDS


def slips(operator: Operator, base: str) -> Iterator[Slip]:
    for number, line in enumerate(base.split("\n"), 1):
        yield from (Slip(number, line, now) for now in operator(line) if now != line)


def messages(text: str, folder: Path) -> list[str]:
    """What the reader says of a mutated scenario that lies in a copy of the bases; empty where it finds it right."""
    (folder / NAME).write_text(text, encoding="utf-8", newline="")
    with chdir(folder):
        try:
            read(Path(NAME))
        except ScenarioError as refused:
            return [str(mistake) for mistake in refused.mistakes]
        except UsageError as refused:
            return [str(refused)]
    return []


def place(message: str) -> tuple[str, int]:
    """The file and line that a message names; line 0 where it names none."""
    found = re.match(r"([^:]+):(\d+):\d+: ", message)
    return (found[1], int(found[2])) if found else ("", 0)


def is_elsewhere(slip: Slip, operator: str, told: list[str]) -> bool:
    near = {slip.at - 1, slip.at, slip.at + 1} if operator in SYNTAX else {slip.at}
    return any(file != NAME or line not in near for file, line in map(place, told))


def kinds(told: list[str]) -> frozenset[str]:
    """Messages without their places, values and numbers: two that differ in nothing else are of one kind."""
    return frozenset(re.sub(r"'[^']*'|\d+|^[^ ]+ [^ ]+ ", "", message) for message in told)


def made(name: str, folder: Path) -> list[Case]:
    """Cases of one operator, those with messages of their own first."""
    draw = random.Random(f"{SEED} {name}")
    bases = {path.name: path.read_text(encoding="utf-8") for path in sorted(BASES.glob("*.yaml"))}
    tried = [(base, slip) for base, text in bases.items() for slip in slips(OPERATORS[name], text)]
    draw.shuffle(tried)
    fresh: list[Case] = []
    more: list[Case] = []
    seen: set[frozenset[str]] = set()
    for base, slip in tried[:TRIES]:
        told = messages(slip.applied(bases[base]), folder)
        if not told or base == "circle.yaml":
            continue
        case = Case(name, base, slip, is_elsewhere(slip, name, told), told)
        (more if kinds(told) in seen else fresh).append(case)
        seen.add(kinds(told))
    ordered = sorted(fresh, key=lambda case: case.elsewhere) + sorted(more, key=lambda case: case.elsewhere)
    return ordered[:EACH]


def load() -> list[Case]:
    stored = json.loads(CASES.read_text(encoding="utf-8"))
    return [Case(**{**case, "slip": Slip(*case["slip"])}) for case in stored]


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(shutil.copytree(BASES, Path(scratch) / "bases"))
        cases = [case for name in OPERATORS for case in made(name, folder)]
    lines = [json.dumps(case._asdict(), ensure_ascii=True) for case in cases]
    CASES.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
    print(f"{len(cases)} cases of {len(OPERATORS)} operators", file=sys.stderr)


if __name__ == "__main__":
    main()
