"""Several processes send one plan: each its share, over Locust's own distributed mode, and nobody another plan."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks import loopback_desk
from sim.load import drive
from sim.load.books import validity
from sim.load.ledger import Delivery
from sim.load.plan import Plan, owner

from runs import BY_FORM, books_of, driven, planned  # isort: skip

BUSY = (BY_FORM, "customers=2500000")
HALF_A_SECOND = 300_000
"""Ticks, at 600 times life."""


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[loopback_desk.Desk]:
    monkeypatch.setenv("SIM_REST_TOKEN", "of-the-loopback-desk")
    with loopback_desk.desk() as desk:
        yield desk


def plan(folder: Path, desk: loopback_desk.Desk) -> Plan:
    """Some two hundred e-mails by the form, in six seconds, with the agents of the scenario."""
    return planned(
        folder, desk.url, "rest", speed=600.0, sets=BUSY, settings={"mapping": loopback_desk.MAPPING},
        drain=HALF_A_SECOND, polls=20.0,
    )  # fmt: skip


@pytest.mark.slow
def test_two_workers_send_every_row_once(tmp_path: Path, desk: loopback_desk.Desk) -> None:
    """A master and two workers over TCP: every row of the plan is delivered and received exactly once, each by the
    worker who owns its customer, both workers are done, and the run counts."""
    made = plan(tmp_path, desk)
    ended = driven(tmp_path, workers=2)
    assert ended.codes == (0, 0, 0), ended.log.read_text()
    books = books_of(tmp_path)
    assert validity(books).reasons == ()

    firsts = [f"{row.issue}.1" for row in made.sent]
    assert len(firsts) > 100
    assert all(books.entries[c].delivery is Delivery.SENT for c in firsts)
    creates = desk.creates()
    assert len(creates) == len(set(creates))
    assert set(firsts) <= set(creates) <= set(firsts) | {row["c"] for row in books.rows.of("spawn")}

    customers = {f"{row.issue}.1": row.customer for row in made.rows}
    by_worker = {
        (row["file"], owner(customers[row["c"]], 2)) for row in books.rows.of("delivery") if row["c"] in firsts
    }
    assert by_worker == {("0", 0), ("1", 1)}
    assert sorted(row["worker"] for row in books.rows.of("done")) == [0, 1]
    # the agents of worker 0 answer the customers of both
    answered = {row["c"] for row in books.rows.of("intent") if row["step"] == "answer"}
    assert {owner(customers[c], 2) for c in answered & customers.keys()} == {0, 1}


@contextmanager
def started(plan: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Locust with our locustfile, as somebody starts it by hand."""
    command = [sys.executable, "-m", "locust", "-f", str(drive.LOCUSTFILE), *words]
    environ = {**os.environ, "SIM_PLAN": str(plan), "SIM_LEDGER": str(plan / "ledger")}
    with subprocess.Popen(
        command, env=environ, cwd=plan, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as child:
        try:
            yield child
        finally:
            child.kill()


@pytest.mark.slow
def test_a_worker_with_another_plan_refuses(tmp_path: Path, desk: loopback_desk.Desk) -> None:
    """A worker whose folder holds another plan than the master's ends with 5 and says why; nothing has been sent."""
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        plan(tmp_path / name, desk)
    digests = {json.loads((path / "plan/plan.json").read_text())["digest"] for path in tmp_path.iterdir()}
    assert len(digests) == 2
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    leads = ["--master", "--headless", "--expect-workers", "1", "--master-bind-host", "127.0.0.1"]
    works = ["--worker", "--master-host", "127.0.0.1", "--master-port", port]
    with (
        started(tmp_path / "here/plan", *leads, "--master-bind-port", port, "-u", "1"),
        started(tmp_path / "there/plan", *works) as worker,
    ):
        said, _ = worker.communicate(timeout=60)
    assert worker.returncode == 5
    assert "another plan than the master" in said
    assert desk.log() == []
    assert list(tmp_path.rglob("ledger-*.jsonl")) == []
