"""The tutorial is run: every command in its order, everything that it shows compared to the last character.

A page is fresh if `Walk.page` gives it back as it is. What the walk minds:

* A block of ```` ```console ````: commands after ``$`` and what they print; that of a command that fails is its stderr.
* ``<!-- shows FILE -->`` before a block: an excerpt of a file. ``<!-- rows FILE -->`` before a table: Saturday
  morning of a staffing sheet.
* ``<!-- writes FILE -->``, ``<!-- adds FILE -->`` before a block: the reader types it into the file, or at its end.
* ``<!-- edits FILE -->``: the reader changes a workbook in Excel; `EDITS` does it here.

A line ``…`` stands for lines that are left out, a ``…`` at the end of a line for the rest of it. Where a run names its
folder by date and digest, the page keeps its own. Figures in bold are quoted from what was shown before.

After a change that moves figures, ``python tests/test_tutorial.py`` writes the page and its pictures anew; what the
text says in words is for its author to mend.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import time
from difflib import SequenceMatcher
from pathlib import Path

import make_shifts
import openpyxl
import pytest
from PIL import Image

from sim.units import weekdays

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "tutorial.md"
PICTURES = {
    "tutorial_short.png": "usual/plots/net_staffing.png",
    "tutorial_service_level.png": "usual/plots/service_level.png",
}
"""In docs/images, and the plots of the tutorial's runs that they are."""
COLOURS = 128
"""Of a picture, which are enough for a plot."""
REST = "…"
BEGINNING = 40
"""Characters of a line."""
PIECE = re.compile(
    r"^<!-- (\w+) (\S+) -->\n(```(?!console)\w*\n.*?^```\n|(?:\|[^\n]*\n)+)?|^```console\n.*?^```\n", re.M | re.S
)
FOLDER = re.compile(r"(?<=^results: )results/\S+$", re.M)
ANSWERED, BROKEN = 0, 2


class Walk:
    """A reader who does what the page says, in a folder of her own, and writes down what she sees."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: list[str] = []
        self._code = ANSWERED

    def page(self, text: str) -> str:
        """The page with everything that it shows as it is now."""
        return PIECE.sub(self._piece, text)

    def _piece(self, found: re.Match[str]) -> str:
        what, name, shown = found.groups()
        if what is None:
            return self._console(found[0])
        comment = f"<!-- {what} {name} -->\n"
        file = self.folder / name
        if what == "edits":
            EDITS[name](self.folder)
            return found[0]
        if what == "rows":
            return comment + self._note(_saturday(file))
        fence, _, body = shown.removesuffix("```\n").partition("\n")
        if what == "shows":
            body = self._note(_excerpt(body, file.read_text()))
            return f"{comment}{fence}\n{body}```\n"
        assert what in ("writes", "adds")
        with file.open("w" if what == "writes" else "a") as out:
            out.write(body)
        return found[0]

    def _console(self, block: str) -> str:
        _, *parts = re.split(r"^\$ (.*)\n", block.removeprefix("```console\n").removesuffix("```\n"), flags=re.M)
        commands, shown = parts[::2], parts[1::2]
        lines = [f"$ {command}\n{self._answer(command, was)}" for command, was in zip(commands, shown, strict=True)]
        return "```console\n" + "".join(lines) + "```\n"

    def _answer(self, command: str, shown: str) -> str:
        if command == "echo $?":
            return self._note(f"{self._code}\n")
        name, *words = shlex.split(command)
        assert name == "sim"
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-m", "sim", *words], cwd=self.folder, env=environment, capture_output=True, text=True
        )
        self._code = done.returncode
        said = done.stderr if done.returncode == BROKEN else done.stdout
        folder, now = FOLDER.search(shown), FOLDER.search(said)
        if folder and now:
            # where it is, and in the command that is to be tried next
            said = said.replace(now[0], folder[0])
        return self._note(_excerpt(shown, said))

    def _note(self, text: str) -> str:
        self.seen.append(text)
        return text


def _excerpt(shown: str, said: str) -> str:
    """What was said; where only some lines of it are shown, as many as there are between each …, the likeliest."""
    if REST not in shown:
        return said
    parts = [part.strip("\n").split("\n") if part.strip("\n") else [] for part in re.split(r"^…$", shown, flags=re.M)]
    lines, at, kept = said.rstrip("\n").split("\n"), 0, []
    for number, part in enumerate(parts):
        last = len(lines) - len(part)
        places = [0] if number == 0 else [last] if number == len(parts) - 1 else range(at, last + 1)
        start = max(places, key=lambda place: _alike(part, lines[place : place + len(part)]))
        at = start + len(part)
        kept.append("".join(f"{_cut(new, old)}\n" for old, new in zip(part, lines[start:at], strict=True)))
    return f"{REST}\n".join(kept)


def _alike(some: Sequence[str], others: Sequence[str]) -> float:
    """How alike lines begin, where their names are: what follows is what changes."""
    pairs = zip(some, others, strict=True)
    return sum(SequenceMatcher(None, one[:BEGINNING], other[:BEGINNING]).ratio() for one, other in pairs)


def _cut(line: str, shown: str) -> str:
    return line[: len(shown) - 1] + REST if shown.endswith(REST) else line


def _saturday(path: Path) -> str:
    """Saturday from 9 to 11 of the staffing sheet, as a table of the page."""
    columns = ("start", "offered", "required_erlang_a", "scheduled", "service_level", "net_difference")
    header, *rows = openpyxl.load_workbook(path)["staffing"].iter_rows(values_only=True)
    lines = ["| " + " | ".join(f"`{column}`" for column in columns) + " |", "| " + " | ".join(["---:"] * 6) + " |"]
    for row in rows:
        cells = dict(zip(header, row, strict=True))
        if (cells["weekday"], cells["group"]) == ("sat", "phone") and time(9) <= cells["start"] < time(11):
            start, offered, needed, there, level, short = (cells[column] for column in columns)
            lines.append(f"| {start:%H:%M} | {offered:.1f} | {needed} | {there} | {level:.0%} | {short} |")
    return "\n".join(lines) + "\n"


# --- what is done in Excel -------------------------------------------------------------------------------------------


def _nine_on_saturday(folder: Path) -> None:
    """Nine people in every row of Saturday in which five are on the telephone."""
    book = openpyxl.load_workbook(folder / "usual" / "staffing.xlsx")
    sheet = book["staffing"]
    header, *rows = sheet.iter_rows()
    column = {cell.value: number for number, cell in enumerate(header)}
    edited = 0
    for row in rows:
        of = {name: row[number] for name, number in column.items()}
        if (of["weekday"].value, of["group"].value, of["scheduled"].value) == ("sat", "phone", 5):
            of["scheduled"].value = 9
            edited += 1
    assert edited == 8
    book.save(folder / "mine.xlsx")


def _lunch_at_nine_in_the_evening(folder: Path) -> None:
    """Ben's lunch begins at 21:00."""
    book = openpyxl.load_workbook(folder / "docs" / "tutorial" / "shifts.xlsx")
    sheet = book["Usual week"]
    assert (sheet["A6"].value, sheet["G6"].value) == ("Ben Turner", time(12))
    sheet["G6"].value = time(21)
    book.save(folder / "typo.xlsx")


EDITS: dict[str, Callable[[Path], None]] = {
    "mine.xlsx": _nine_on_saturday,
    "typo.xlsx": _lunch_at_nine_in_the_evening,
}


# --- tests -----------------------------------------------------------------------------------------------------------


def _begin(folder: Path) -> Walk:
    shutil.copytree(ROOT / "docs" / "tutorial", folder / "docs" / "tutorial")
    return Walk(folder)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_tutorial_shows_what_happens(tmp_path: Path) -> None:
    """Every command of the tutorial prints what the page shows, and every figure in bold was shown."""
    text, walk = PAGE.read_text(encoding="utf-8"), _begin(tmp_path)
    assert walk.page(text) == text
    seen = " ".join(" ".join(walk.seen).split())
    bold = [" ".join(words.split()) for words in re.findall(r"\*\*(.+?)\*\*", text, re.S)]
    quoted = [words for words in bold if re.search(r"\d", words)]
    assert quoted
    assert [words for words in quoted if words not in seen] == []
    for plot in PICTURES.values():
        assert (tmp_path / plot).exists()


def test_an_excerpt_follows_what_is_said() -> None:
    """Lines left out stay left out, and those shown are what is said now, at the start, in between and at the end."""
    said = "title: 8\nalpha: 1\nbeta: 2\ngamma: 3\nlong: a, b, c\nend: 9\n"
    assert _excerpt("title: 7\n…\ngamma: 5\nlong: z,…\n…\nend: 4\n", said) == (
        "title: 8\n…\ngamma: 3\nlong: a,…\n…\nend: 9\n"
    )
    assert _excerpt("…\nbeta: 7\n…\n", said) == "…\nbeta: 2\n…\n"
    assert _excerpt("anything\n", said) == said


def test_the_shift_sheet_is_what_its_maker_writes(tmp_path: Path) -> None:
    """docs/tutorial/shifts.xlsx has the cells, and the widths of columns, that tests/make_shifts.py gives it."""
    make_shifts.write(tmp_path / "shifts.xlsx")
    kept, made = map(openpyxl.load_workbook, (make_shifts.PATH, tmp_path / "shifts.xlsx"))
    assert kept.sheetnames == made.sheetnames
    for name in made.sheetnames:
        assert list(kept[name].values) == list(made[name].values)
        assert [kept[name].column_dimensions[column].width for column in "ABCI"] == [
            made[name].column_dimensions[column].width for column in "ABCI"
        ]


def test_the_proposal_moves_people_and_adds_no_hours() -> None:
    """The proposal of the shift sheet has the people of the usual week, and no more hours than it."""
    usual, proposal = make_shifts.TEAM, make_shifts.PROPOSAL
    assert {row.name for row in proposal} == {row.name for row in usual}
    assert len({row.name for row in usual}) == 12
    assert _hours(proposal) <= _hours(usual)


def _hours(rows: Sequence[make_shifts.Row]) -> float:
    """Paid hours of a week: lunch is not."""
    hours = 0.0
    for row in rows:
        _, _, start, end, _, _, lunch, back, _ = make_shifts.cells(row)
        hours += len(weekdays(row.days)) * (_clock(end) - _clock(start) - _clock(back) + _clock(lunch))
    return hours


def _clock(cell: make_shifts.Cell) -> float:
    return cell.hour + cell.minute / 60 if isinstance(cell, time) else 0.0


def refresh() -> None:
    """Write the page and its pictures anew."""
    with tempfile.TemporaryDirectory() as folder:
        walk = _begin(Path(folder))
        PAGE.write_text(walk.page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
        for name, plot in PICTURES.items():
            with Image.open(Path(folder) / plot) as picture:
                picture.convert("RGB").quantize(COLOURS).save(ROOT / "docs" / "images" / name, optimize=True)


if __name__ == "__main__":
    refresh()
