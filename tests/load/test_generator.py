"""Is it the desk that is measured, or the generator? A desk whose log and whose latency are known, and a generator that
is slowed on purpose."""

from __future__ import annotations

import csv
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from urllib.request import urlopen

import pytest

from benchmarks import loopback_desk
from sim.load import drive
from sim.load.books import exit_code, validity
from sim.load.plan import Plan

from runs import BY_FORM, books_of, driven, planned  # isort: skip

BUSY = (BY_FORM, "customers=2500000")
HALF_A_SECOND = 300_000
"""Ticks, at 600 times life."""

HELD_UP = """
import time

import gevent
from locust import events
from sim.load.locustfile import *


def holds_everybody_up():
    gevent.sleep(3.0)
    until = time.monotonic() + 1.0
    while time.monotonic() < until:
        pass


@events.test_start.add_listener
def later(**_):
    gevent.spawn(holds_everybody_up)
"""
"""A locustfile like ours, in whose process something is busy for a second."""


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIM_REST_TOKEN", "of-the-loopback-desk")


@pytest.fixture
def slow_desk() -> Iterator[loopback_desk.Desk]:
    """A desk that takes 50 ms for every answer."""
    with loopback_desk.desk(latency=0.050) as desk:
        yield desk


def plan(folder: Path, desk: loopback_desk.Desk, *, agents: str) -> Plan:
    """Some two hundred e-mails by the form, in six seconds."""
    return planned(
        folder, desk.url, "rest", speed=600.0, sets=BUSY, settings={"mapping": loopback_desk.MAPPING},
        drain=HALF_A_SECOND, polls=20.0, agents=agents,
    )  # fmt: skip


def known(desk: loopback_desk.Desk) -> float:
    """Milliseconds that the desk and the loopback take, by a client that is not ours."""
    took = []
    for _ in range(20):
        began = time.perf_counter()
        with urlopen(f"{desk.url}/desk", timeout=10) as answer:
            answer.read()
        took.append(1_000 * (time.perf_counter() - began))
    return median(took)


@pytest.mark.slow
def test_what_the_desk_knows_is_what_we_say(tmp_path: Path, slow_desk: loopback_desk.Desk) -> None:
    """The desk's own log, our ledger and Locust's table count the same requests, step by step; and at a desk that takes
    50 ms, that is what we measure, within 5 ms."""
    made = plan(tmp_path, slow_desk, agents="scenario")
    ended = driven(tmp_path, more=["--csv", str(tmp_path / "locust"), "--csv-full-history"])
    assert ended.codes == (0,), ended.log.read_text()
    books = books_of(tmp_path)
    assert validity(books).reasons == ()

    intents = books.intents
    written = Counter(intents[row["id"]]["step"] for row in books.rows.of("outcome"))
    read = Counter(row["step"] for row in books.rows.of("step"))
    ledger = written + read
    assert ledger["create"] >= len(made.sent) > 100
    assert ledger["answer"] > 3
    assert ledger["poll"] > 30

    with (tmp_path / "locust_stats.csv").open(newline="") as file:
        table = Counter[str]()
        for row in csv.DictReader(file):
            table[row["Type"]] += int(row["Request Count"]) if row["Type"] else 0
    assert +table == ledger

    log = Counter((asked.method, asked.path.count("/")) for asked in slow_desk.log())
    assert log["POST", 1] == ledger["create"]
    assert log["POST", 3] == ledger["answer"] + ledger["reply"] + ledger["chase"]
    assert log["PUT", 2] == ledger["take"] + ledger["resolve"]
    assert log["GET", 2] == ledger["poll"]
    assert log.total() == ledger.total()
    assert {asked.contact for asked in slow_desk.log()} <= books.entries.keys()

    creates = [row["ms"] for row in books.rows.of("outcome") if intents[row["id"]]["step"] == "create"]
    assert median(creates) == pytest.approx(known(slow_desk), abs=5.0)


@pytest.mark.slow
def test_a_generator_that_is_held_up_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When something keeps our process busy for a second, everything is sent all the same, the run is void for what was
    late, and the command's exit code is 4."""
    locustfile = tmp_path / "held_up.py"
    locustfile.write_text(HELD_UP)
    monkeypatch.setattr(drive, "LOCUSTFILE", locustfile)
    with loopback_desk.desk() as desk:
        made = plan(tmp_path, desk, agents="none")
        ended = driven(tmp_path)
        assert ended.codes == (0,), ended.log.read_text()
        assert sorted(desk.creates()) == sorted(f"{row.issue}.1" for row in made.sent)
    found = validity(books_of(tmp_path))
    assert found.late > found.allowed
    assert [reason for reason in found.reasons if "ms late" in reason] == list(found.reasons) != []
    assert exit_code(void=not found.valid) == 4
