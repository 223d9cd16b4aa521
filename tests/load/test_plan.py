"""A plan is the same requests wherever it is run, or it is no plan; and its world can be nothing but a world."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import fields, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sim import pickles
from sim.desk import Desk
from sim.errors import SimError, UsageError
from sim.load import plan as plans
from sim.load.plan import Channel, Plan, Row, busiest, dumped, owner, read, world
from sim.load.prepare import world_of
from sim.run import Job
from sim.scenario import lower
from sim.scenario.read import read as read_scenario
from sim.tables import read_parquet

from runs import BY_FORM, FIRST, planned  # isort: skip

SCENARIOS = sorted(FIRST.parent.glob("*.yaml"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a plan, as it was written; who changes it makes a copy."""
    folder = tmp_path_factory.mktemp("run")
    planned(folder, "http://127.0.0.1:9", "django-helpdesk", window="all")
    return folder / "plan"


@pytest.fixture(scope="module")
def plan(folder: Path) -> Plan:
    return read(folder)


def copied(folder: Path, to: Path, **changed: Callable[[str], str]) -> Path:
    """A copy, whose files rows.jsonl (`rows`) and plan.json (`plan`) are changed."""
    names = {"rows": "rows.jsonl", "plan": "plan.json"}
    for key, name in names.items():
        text = (folder / name).read_text(encoding="utf-8")
        (to / name).write_text(changed.get(key, str)(text), encoding="utf-8")
    return to


def other(value: Any) -> Any:
    """A value of the same type that is another."""
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, dict):
        return {**value, "x": 1}
    if isinstance(value, tuple):
        return (Channel("x", "rest"), *value) if isinstance(value[0], Channel) else (other(value[0]), *value[1:])
    return {"x": 1}


# --- the digest ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [field.name for field in fields(Plan) if field.name != "rows"])
def test_the_digest_is_of_every_setting(plan: Plan, name: str) -> None:
    """Whatever setting of a plan is another, the digest is another."""
    assert replace(plan, **{name: other(getattr(plan, name))}).digest != plan.digest


@pytest.mark.parametrize("name", [field.name for field in fields(Row)])
def test_the_digest_is_of_every_row(plan: Plan, name: str) -> None:
    """Whatever a row says otherwise, the digest is another."""
    last = plan.rows[-1]
    rows = (*plan.rows[:-1], replace(last, **{name: other(getattr(last, name))}))
    assert replace(plan, rows=rows).digest != plan.digest


def test_the_digest_is_of_the_order_and_the_number_of_rows(plan: Plan) -> None:
    """Rows in another order, and one row less, have other digests; the same rows have the same."""
    assert replace(plan, rows=plan.rows[::-1]).digest != plan.digest
    assert replace(plan, rows=plan.rows[:-1]).digest != plan.digest
    assert replace(plan, rows=tuple(row for row in plan.rows)).digest == plan.digest


# --- the folder ------------------------------------------------------------------------------------------------------


def test_what_is_read_is_what_was_written(folder: Path, plan: Plan, tmp_path: Path) -> None:
    """A plan comes back equal, with the digest that its file says, and can be copied."""
    made = read(copied(folder, tmp_path))
    assert made == plan
    assert made.digest == json.loads((folder / "plan.json").read_text())["digest"]
    assert len(made.rows) > 100


@pytest.mark.parametrize(
    "changed",
    [
        {"rows": lambda text: text.replace('"due": ', '"due": 1', 1)},
        {"rows": lambda text: text.partition("\n")[2]},
        {"rows": lambda text: text + text.splitlines()[0] + "\n"},
        {"plan": lambda text: text.replace('"speed": 240.0', '"speed": 24.0')},
        {"plan": lambda text: text.replace("http://127.0.0.1:9", "http://127.0.0.1:8")},
    ],
    ids=["another due time", "a row less", "a row twice", "another speed", "another host"],
)
def test_a_plan_that_was_changed_is_refused(
    folder: Path, tmp_path: Path, changed: dict[str, Callable[[str], str]]
) -> None:
    """Whoever edits a plan by hand is told so, before anything is sent."""
    with pytest.raises(UsageError, match="not what it was when it was made"):
        read(copied(folder, tmp_path, **changed))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"plan": lambda text: text.replace('"version": 1', '"version": 0')}, "a plan of another version"),
        ({"plan": lambda text: '{"name": "of something else"}'}, "a plan of another version"),
        ({"plan": lambda text: "[" + text}, "is no plan of a load test"),
        ({"plan": lambda text: "[]"}, "is no plan of a load test"),
        ({"plan": lambda text: text.replace('"intents"', '"intends"')}, "is no plan of a load test: 'intents'"),
        ({"rows": lambda text: text[:-20]}, "is no plan of a load test"),
        ({"rows": lambda text: text.replace('"due"', '"dew"')}, "is no plan of a load test"),
    ],
    ids=["older", "something else", "torn", "a list", "a setting less", "rows torn", "rows of another form"],
)
def test_what_is_no_plan_is_refused(
    folder: Path, tmp_path: Path, changed: dict[str, Callable[[str], str]], says: str
) -> None:
    """A file of another version or form, or a torn one, is a mistake of the command and no traceback."""
    with pytest.raises(UsageError, match=says):
        read(copied(folder, tmp_path, **changed))


def test_a_folder_without_a_plan_is_refused(tmp_path: Path) -> None:
    """An empty folder is no plan."""
    with pytest.raises(UsageError, match="is no plan of a load test"):
        read(tmp_path)


# --- the world -------------------------------------------------------------------------------------------------------


def test_nobody_else_may_read_a_plan(plan: Plan, tmp_path: Path) -> None:
    """All files of a plan have mode 0600, also one that was there with another."""
    (tmp_path / "plan.json").write_text("")
    (tmp_path / "plan.json").chmod(0o644)
    plans.write(plan, world_of(read_scenario(FIRST), 1, 0), tmp_path)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys(("plan.json", "rows.jsonl", "world.pickle"), 0o600)


def test_a_changed_plan_can_be_put_back(folder: Path, tmp_path: Path) -> None:
    """A run of a plan that was changed is cleaned up with the plan as it was: making it anew would not help."""
    copied(folder, tmp_path, plan=lambda text: text.replace('"seed": ', '"seed": 9', 1))
    with pytest.raises(UsageError) as refused:
        read(tmp_path)
    assert refused.value.hint == "put it back as it was, or make it anew"


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda path: path.stem)
def test_a_world_comes_back(file: Path) -> None:
    """The desk and the customers of every scenario of the project are the same after a journey through the folder."""
    made = world_of(read_scenario(file, ()), 1, 0)
    desk, population = pickles.opened(dumped(made), pickles.digest(dumped(made)), plans._OURS, "world.pickle")
    issues, same = population.issues, made.population.issues
    assert desk == made.desk
    assert population.digest == made.population.digest
    assert all(np.array_equal(issues[name], same[name]) for name in same.names)


def test_a_world_that_is_not_the_plans_is_refused(folder: Path, plan: Plan, tmp_path: Path) -> None:
    """Another world.pickle, or none, is refused before it is opened."""
    copied(folder, tmp_path)
    with pytest.raises(UsageError, match=r"has no world.pickle"):
        world(tmp_path, plan)
    (tmp_path / "world.pickle").write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    with pytest.raises(UsageError, match=r"is not the plan's"):
        world(tmp_path, plan)


def _asks_for(module: str, name: str) -> bytes:
    """A pickle that asks for a name of a module, as protocol 4 and later do: it may have dots."""

    def text(word: str) -> bytes:
        return b"\x8c" + bytes([len(word)]) + word.encode()

    return b"\x80\x04" + text(module) + text(name) + b"\x93."


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("builtins", "eval"),
        ("posix", "system"),
        ("subprocess", "Popen"),
        ("numpy", "load"),
        ("numpy", "lib.format.os.system"),
        ("numpyro", "ndarray"),
        ("simpy", "Environment"),
        ("sim", "load"),
        ("sim.desk", "dataclass"),
        ("sim.population.draw", "draw"),
        ("sim.desk", "Desk.__init__"),
        ("sim.desk", "dataclass.__globals__"),
        ("sim.load.drive", "subprocess.Popen"),
        ("sim.load.drive", "locust"),
        ("sim.load.drive", "Path"),
        ("sim.load.ledger", "Ledger"),
        ("sim.desk", "cached_property"),
        ("sim.tables", "Path"),
        ("sim.deskx", "Desk"),
    ],
)
def test_a_world_makes_nothing_but_ours(plan: Plan, tmp_path: Path, module: str, name: str) -> None:
    """A world.pickle that asks for anything else is refused, even where the plan says that it is its own."""
    data = _asks_for(module, name)
    (tmp_path / "world.pickle").write_bytes(data)
    with pytest.raises(SimError, match="has no place in it"):
        world(tmp_path, replace(plan, world_digest=sha256(data).hexdigest()))


def test_a_world_may_hold_what_it_holds() -> None:
    """A class of ours is let through, or the refusals would say nothing."""
    data = _asks_for("sim.desk", "Desk")
    assert pickle.loads(data) is Desk
    assert pickles.opened(data, pickles.digest(data), plans._OURS, "world.pickle") is Desk


@pytest.mark.parametrize("data", [b"", b"\x80", _asks_for("sim.desk", "Desk"), _asks_for("sim.desk", "Counter")])
def test_a_world_of_another_version_is_refused(plan: Plan, tmp_path: Path, data: bytes) -> None:
    """What is torn, no pair of desk and customers, or names a class that there is no more, is told in words."""
    (tmp_path / "world.pickle").write_bytes(data)
    with pytest.raises(UsageError, match="of another version"):
        world(tmp_path, replace(plan, world_digest=sha256(data).hexdigest()))


# --- what is in it ---------------------------------------------------------------------------------------------------


def test_the_customers_are_those_of_the_simulation(tmp_path: Path) -> None:
    """Issue, channel and moment of every row are those of the first contacts that `sim run` writes for the window, and
    there are no others."""
    sets = (BY_FORM, "customers=1000000")
    plan = planned(tmp_path, "http://127.0.0.1:9", "django-helpdesk", sets=sets)
    scenario = read_scenario(FIRST, sets)
    Job(scenario, lower.desk(scenario), plan.seed, tmp_path).replicate(plan.replication)
    contacts = read_parquet(tmp_path / "0000.parquet", lower.desk(scenario).words())
    since, until = plan.window
    first = (contacts["attempt"] == 1) & (contacts["offered"] >= since) & (contacts["offered"] < until)
    names = [channel.name for channel in lower.desk(scenario).channels]
    columns = (contacts[name][first].tolist() for name in ("issue", "channel", "offered"))
    simulated = {(issue, names[channel], offered) for issue, channel, offered in zip(*columns, strict=True)}
    assert {(row.issue, row.channel, row.due) for row in plan.rows} == simulated
    assert len(plan.rows) == len(simulated) > 100


def test_no_two_tickets_are_alike(tmp_path: Path) -> None:
    """In thousands no body comes twice, also not under the same subject; every address is of the run, under a domain of
    nobody's."""
    busy = planned(tmp_path, "http://127.0.0.1:9", "django-helpdesk", window="all", sets=(BY_FORM, "customers=200000"))
    assert len(busy.rows) > 3_000
    assert len({row.body for row in busy.rows}) == len(busy.rows)
    assert all(row.email.endswith(f"@{busy.run}.customers.test") for row in busy.rows)


def test_rows_fall_due_in_order_and_within_the_window(plan: Plan) -> None:
    """The conductor walks the rows as they stand; each is due while the window lasts, on the wall as well."""
    due = [row.due for row in plan.rows]
    assert due == sorted(due)
    assert plan.window[0] <= due[0] <= due[-1] < plan.window[1]
    assert plan.seconds(plan.window[1]) == pytest.approx(7 * 86_400 / plan.speed)
    assert plan.tick(plan.seconds(due[-1])) == pytest.approx(due[-1], abs=1)


@given(workers=st.integers(1, 40))
def test_shards_partition_the_plan(plan: Plan, workers: int) -> None:
    """For any number of workers every row is one worker's, in its order, and all rows of a customer the same one's."""
    shards = [plan.shard(worker, workers) for worker in range(workers)]
    assert sorted((row for shard in shards for row in shard), key=plan.rows.index) == list(plan.rows)
    for worker, shard in enumerate(shards):
        assert [row.due for row in shard] == sorted(row.due for row in shard)
        assert all(owner(row.customer, workers) == worker for row in shard)
    customers = [{row.customer for row in shard} for shard in shards]
    assert sum(map(len, customers)) == len(set().union(*customers))


@given(
    gaps=st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 2.0]), max_size=30), within=st.sampled_from([0.5, 1.0, 3.0])
)
@example(gaps=[0.0, 0.5], within=0.5)
def test_the_busiest_second_is_found(gaps: list[float], within: float) -> None:
    """The most contacts of any half-open stretch of so many seconds, by counting in each that ends at a contact."""
    due = np.cumsum(gaps).tolist()
    counted = [sum(at - within < other <= at for other in due) for at in due]
    assert busiest(due, within) == max(counted, default=0)
