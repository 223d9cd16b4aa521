"""`sim follow` tells what happened in a run, and nothing else: the journal changes no run, and a life is that of the
contacts tables."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from random_desks import centres, desks, random_customers, rich_customers, seeds, some_sizes

from sim import follow
from sim.cli import commands
from sim.desk import Desk
from sim.errors import SimError
from sim.policies.base import ResponseTables
from sim.population.draw import Population
from sim.report import happenings, life
from sim.results import provenance, write_json
from sim.run import run as simulate_run
from sim.scenario.read import read
from sim.simulate.engine import simulate
from sim.simulate.journal import DRAW, Journal

ROOT = Path(__file__).parents[1]
SCENARIO = """name: Everything
customers: 110000
lasts: 2d
run_in: 1d
drain: 2d
groups:
  first: {answers: [phone, chat], then: [email], staff: 3, speed: 1.1x, quality: 0.9x}
  second: {answers: [second_line], then: [phone], staff: 2}
  mail: {answers: [email, social], staff: 2}
channels:
  phone:
    share: 55%
    hours: 08:00-20:00
    lines: 12
    patience: 4m
    silent: 30%
    transfer: 15% to second_line
    self_service_first: 40% to bot
    redial: 55% after 20m
  second_line: {kind: live, share: 0%, hours: 08:00-20:00}
  chat: {share: 10%, hours: 08:00-20:00}
  email: {share: 25%, patience: 3h, wrap_up: 0s, chases: 40%, interruptible: yes, public: 30% to social after 1h}
  social: {share: 10%, wrap_up: 0s}
  bot: {escalates: 60% to phone}
policies:
  routing: live_first(overflow_after 30s)
  response: ["callback(when_wait_exceeds 90s, accepts 50%, channel phone)", announce]
uncertainty: {phone.handle_time: 7m..9m}
"""


def sim(*words: str | Path) -> Result:
    return CliRunner().invoke(commands, [str(word) for word in words], catch_exceptions=True)


def made(file: Path, folder: Path, *, uncertain: bool = False) -> Path:
    """What `sim follow` reads of a run folder of two replications, without the reports."""
    (folder / "contacts").mkdir(parents=True)
    scenario = read(file)
    result = simulate_run(scenario, folder / "contacts", replications=2, jobs=1, uncertain=uncertain)
    write_json(folder / "run.json", provenance(result))
    (folder / "scenario.yaml").write_text(scenario.text)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with most of what can happen to a contact; what is uncertain is drawn in each replication."""
    here = tmp_path_factory.mktemp("follow")
    (here / "all.yaml").write_text(SCENARIO)
    return made(here / "all.yaml", here / "run", uncertain=True)


@pytest.fixture(scope="module")
def run(folder: Path) -> follow.Recorded:
    return follow.recorded(folder)


# --- the journal -----------------------------------------------------------------------------------------------------


def assert_unmoved(desk: Desk, customers: Population, issue: int) -> None:
    without, journal = simulate(desk, customers), Journal(issue)
    watched = simulate(desk, customers, journal)
    for one, other in ((without.contacts, watched.contacts), (without.spells, watched.spells)):
        assert all(one[name].tolist() == other[name].tolist() for name in one.names)
    assert without.capped == watched.capped
    assert {entry.attempt for entry in journal.entries if entry.what == "is offered"} == set(
        watched.contacts["attempt"][watched.contacts["issue"] == issue].tolist()
    )


@given(centres(), some_sizes, seeds)
def test_the_journal_changes_nothing(desk: Desk, size: int, seed: int) -> None:
    """With the journal on a desk with any features leaves the same contacts and spells; it tells of each contact of its
    issue."""
    assert_unmoved(desk, rich_customers(desk, size, seed), size // 2)


@given(desks(), some_sizes, seeds)
def test_the_journal_changes_nothing_on_plain_desks(desk: Desk, size: int, seed: int) -> None:
    """Nor does it where the engine goes a shorter way without it."""
    assert_unmoved(desk, random_customers(desk, size, seed), size // 2)


# --- a life ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("the longest wait", r"joins the line; .* ahead"),
        ("gave up", r"out of patience after .*: gives up; .* still ahead"),
        ("taken by a second group", r"others may take it now\n +second: 2 there"),
        ("passed on by a machine", r"passed on by a machine"),
        ("passed on by an agent", r"second_line · passed on by an agent"),
        ("complained in public", r"social · complains in public"),
        ("called back", r"offered a callback, as the wait is above .*\n +accepts: draw 0\.\d+ < 0\.50"),
        ("wrote again", r"writes again: draw 0\.\d+ < 0\.[34]0"),
        ("put aside and taken up again", r"put aside for \d+\.\d+\.\d+, who is on the line"),
    ],
)
def test_stories_are_told(run: follow.Recorded, kind: str, says: str) -> None:
    """Each kind of contact that the list names is in the run, and its life says what makes it one of them."""
    found = {pointer.kind: pointer for pointer in follow.pointers(run)}[kind]
    told = life.text(follow.follow(run, found.replication, found.row["issue"], found.row["attempt"]))
    assert re.search(says, told), told
    assert max(map(len, told.splitlines())) <= life.WIDTH


def test_times_and_draws_are_those_of_the_run(run: follow.Recorded) -> None:
    """The table of contacts has the moments that are told; a handle time or patience told is the draw's; a coin is 1
    where its uniform number lies below its chance."""
    found = {pointer.kind: pointer for pointer in follow.pointers(run)}["tried most often"]
    one = follow.follow(run, found.replication, found.row["issue"], None)
    told, rows = life.text(one), {row["attempt"]: row for row in one.rows}
    # it may be tried again after the measured time
    assert len(rows) >= found.row["attempt"]
    for entry in one.entries:
        if entry.what == "is offered":
            assert entry.tick == rows[entry.attempt]["offered"]
        if entry.what == DRAW and entry.about["value"] in (0, 1) and "chance" in entry.about:
            assert entry.about["value"] == int(entry.about["luck"] < entry.about["chance"])
    for row in rows.values():
        assert f"{one.replication}.{row['issue']}.{row['attempt']} · {run.desk.channels[row['channel']].name}" in told
    assert f"seed 1, replication {one.replication}, issue {found.row['issue']}" in told


def test_who_is_ahead_came_before(run: follow.Recorded) -> None:
    """Those named ahead of somebody in the line wait there at that moment, and whoever holds an agent is with them."""
    found = {pointer.kind: pointer for pointer in follow.pointers(run)}["gave up"]
    one = follow.follow(run, found.replication, found.row["issue"], found.row["attempt"])
    rows = {(row["issue"], row["attempt"]): row for row in map(dict, _all(one))}
    mine = [entry for entry in one.entries if entry.attempt == one.attempt]
    joined = next(entry for entry in mine if entry.what == "joins the line")
    assert joined.about["ahead"]
    for issue, attempt, since in joined.about["ahead"]:
        assert rows[issue, attempt]["offered"] == since <= joined.tick
    offered = next(entry for entry in mine if entry.what == "is offered")
    held = [(crew["group"], *busy) for crew in offered.about["floor"] for busy in crew["busy"]]
    assert held
    for group, agent, contacts in held:
        for contact in contacts:
            row = rows[contact]
            assert row["taken"] <= offered.tick
            if row["taken"] == row["answered"]:
                assert (row["group"], row["agent"]) == (group, agent)


def test_only_those_ahead_are_counted(run: follow.Recorded) -> None:
    """Of those ahead no more are taken or give up than there are."""
    pairs = []
    for found in follow.pointers(run):
        told = life.text(follow.follow(run, found.replication, found.row["issue"], found.row["attempt"]))
        ahead = re.search(r"joins the line; (\d+) (?:is|are) ahead", told)
        counted = re.search(r"while it waited: (.*)", told)
        if ahead and counted:
            pairs.append((int(ahead[1]), sum(map(int, re.findall(r"(\d+) (?:of those|gave up)", counted[1])))))
    assert pairs
    assert all(0 < counted <= ahead for ahead, counted in pairs)


def test_only_draws_that_decided_are_listed(run: follow.Recorded) -> None:
    """Whether it solves the issue is not listed of an answer that was passed on, nor a wrap-up that nobody has."""
    found = {pointer.kind: pointer for pointer in follow.pointers(run)}
    passed, sent = found["passed on by an agent"], found["the longest wait for an answer to a message"]
    told = life.text(follow.follow(run, passed.replication, passed.row["issue"], passed.row["attempt"] - 1))
    assert re.search(r"has to be passed on\? .* yes", told)
    assert "solved? " not in told
    told = life.text(follow.follow(run, sent.replication, sent.row["issue"], sent.row["attempt"]))
    assert re.search(r"solved\? +answer 1", told)
    assert "wrap-up" not in told


def test_the_waits_of_a_message_are_told_apart(run: follow.Recorded) -> None:
    """The title has when it was taken and when the reply was sent; satisfaction counts the latter, and is not told of
    an issue that began in the run-in."""
    found = {pointer.kind: pointer for pointer in follow.pointers(run)}["the longest wait for an answer to a message"]
    row = found.row
    taken, sent = (happenings.long(row[name] - row["offered"]) for name in ("answered", "ended"))
    told = life.text(follow.follow(run, found.replication, row["issue"], None)).replace(happenings.TIE, " ")
    for said in (f"taken after {taken}, sent after {sent}", f"longest wait for a reply {sent}"):
        assert said.replace(happenings.TIE, " ") in told
    early = run.contacts(0)["issue"][run.contacts(0)["offered"] < 0].tolist()[0]
    assert "is not counted: it began in the run-in" in life.text(follow.follow(run, 0, early, None))


def _all(one: follow.Life) -> list[dict[str, int]]:
    table = one.contacts
    names = ("issue", "attempt", "offered", "answered", "taken", "group", "agent")
    return [dict(zip(names, row, strict=True)) for row in zip(*(table[name].tolist() for name in names), strict=True)]


def test_as_data(folder: Path, run: follow.Recorded) -> None:
    """--json lists contacts to follow, and prints a life as one document with names in place of numbers."""
    listed = json.loads(sim("follow", folder, "--json").output)
    assert {"id", "kind", "says"} == set(listed[0])
    told = json.loads(sim("follow", folder, listed[0]["id"], "--json").output)
    assert f"{told['replication']}.{told['issue']}.{told['attempt']}" == listed[0]["id"]
    assert told["contacts"][0]["channel"] in {channel.name for channel in run.desk.channels}
    assert [entry["at"] for entry in told["entries"]] == sorted(entry["at"] for entry in told["entries"])


# --- what cannot be followed -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("contact", "says"),
    [
        ("3-4", "'3-4' is no contact; write replication.issue.attempt"),
        ("7.1.1", "has replications 0 to 1, and no 7"),
        ("0.99999999.1", "replication 0 has no contact of issue 99999999"),
        ("0.1.31", "there is no 0.1.31; of this issue there are 0.1.1"),
    ],
)
def test_contacts_that_are_not_there(folder: Path, contact: str, says: str) -> None:
    """Whatever a run does not hold is refused with what it holds."""
    with pytest.raises(SimError, match=re.escape(says)) as refusal:
        follow.follow(follow.recorded(folder), *follow.asked(contact))
    assert refusal.value.exit_code == 2


def test_a_run_that_cannot_be_made_again(folder: Path, tmp_path: Path) -> None:
    """A folder that is no run, of another version, or whose scenario has changed is refused, with the command that
    makes it anew; while the run's own copy is right, the file may be gone."""
    with pytest.raises(SimError, match="is no run folder"):
        follow.recorded(tmp_path)
    run = json.loads((folder / "run.json").read_text())
    (tmp_path / "scenario.yaml").write_text(SCENARIO)
    (tmp_path / "run.json").write_text(json.dumps(run | {"file": "gone.yaml"}))
    assert follow.recorded(tmp_path).seed == 1
    for now, then in (("patience: 4m", "patience: 5m"), ("7m..9m", "7m..8m")):
        (tmp_path / "scenario.yaml").write_text(SCENARIO.replace(now, then))
        with pytest.raises(SimError, match=r"is not what it was .*; run it again: sim run --seed 1") as refusal:
            follow.recorded(tmp_path)
        assert refusal.value.exit_code == 2
    (tmp_path / "run.json").write_text(json.dumps(run | {"sim": "0.0.1"}))
    with pytest.raises(SimError, match=r"made by sim 0\.0\.1"):
        follow.recorded(tmp_path)


def test_contacts_that_cannot_be_read(run: follow.Recorded, tmp_path: Path) -> None:
    """A table of contacts that is harmed is named, with the command that makes it anew."""
    (tmp_path / "contacts").mkdir()
    (tmp_path / "contacts" / "0000.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(SimError, match=r"0000\.parquet cannot be read; run it again: sim run") as refusal:
        follow.pointers(replace(run, folder=tmp_path))
    assert refusal.value.exit_code == 2


def test_a_difference_is_an_internal_error(run: follow.Recorded) -> None:
    """Where what happens now is not what happened in the run, that is said, and no life is told."""
    found = next(pointer for pointer in follow.pointers(run) if pointer.kind == "passed on by an agent")
    wrong = replace(run, provenance=run.provenance | {"uncertain": False})
    with pytest.raises(SimError, match=r"internal error: the .* now are not those of the run") as refusal:
        follow.follow(wrong, found.replication, found.row["issue"], None)
    assert refusal.value.exit_code == 1


def test_policies_are_named_where_they_change_the_work(run: follow.Recorded) -> None:
    """An agent of another speed is the reason by itself; policies are one where one changes the work on that channel
    or on the second answer of an issue."""
    found = next(pointer for pointer in follow.pointers(run) if pointer.kind == "passed on by an agent")
    one = follow.follow(run, found.replication, found.row["issue"], None)
    about = {"speed": 1_100_000, "factor": 0, "chasers": 0, "ticks": 300_000, "usual": 300_000}

    def told(answer: int, **tables: Any) -> str:
        words = happenings.Words(one)
        words.responses = ResponseTables(**tables)
        return "".join(words._changed(about, {"channel": 0, "answer": answer, "attempt": 1}))

    fast, both = "  with 1.1× the usual speed: ", "  with 1.1× the usual speed, what policies change: "
    others = (1_000_000, *[800_000] * (len(one.desk.channels) - 1))
    assert told(1).startswith(fast)
    assert told(1, unified=800_000).startswith(fast)
    assert told(2, unified=800_000).startswith(both)
    assert told(1, work=others).startswith(fast)
    assert told(1, work=(800_000, *others[1:])).startswith(both)


def test_the_page_shows_what_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The life in docs/follow.md is what the two commands above it print."""
    page = (ROOT / "docs/follow.md").read_text(encoding="utf-8")
    file, contact = re.findall(
        r"^\$ sim run (\S+) --replications 2 --out results/bot$.*?^\$ sim follow results/bot (\S+)$", page, re.M | re.S
    )[0]
    monkeypatch.chdir(tmp_path)
    made(ROOT / file, Path("results/bot"))
    shown = re.search(rf"^\$ sim follow results/bot {contact}\n(.*?)^```$", page, re.M | re.S)
    assert shown is not None
    assert sim("follow", "results/bot", contact).output == shown[1]
