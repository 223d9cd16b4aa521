"""The plan of a load test: who is sent when, and what they say, worked out before the first request.

A folder that can be copied to other machines: `plan.json` (settings and a digest), `rows.jsonl` (a planned contact a
line: the issues of the window in the order in which they fall due), and `world.pickle` (the desk's rules and the
population with its luck, for the one worker that hosts the centre). A worker whose digest differs refuses.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim import pickles
from sim.errors import UsageError

if TYPE_CHECKING:
    from sim.desk import Desk
    from sim.population.draw import Population

VERSION = 1
MENDED = "put it back as it was, or make it anew"
CARRIED = {"rest": "wired", "email": "wired", "enter": "entered", "skip": "skipped"}
"""By wire, what `sim.simulate.wired` calls it."""
_OURS = frozenset(("desk", "distributions", "policies", "population", "tables"))


@dataclass(frozen=True)
class Channel:
    """How contacts of a channel reach the desk: `wire` is rest, email, enter or skip; `why`, where that is not what
    one would expect."""

    name: str
    wire: str
    why: str = ""


@dataclass(frozen=True)
class Row:
    """A planned contact: the first of an issue. `due` in ticks of the scenario."""

    issue: int
    customer: int
    channel: str
    wire: str
    due: int
    intent: str
    name: str
    email: str
    subject: str
    body: str

    @property
    def sent(self) -> bool:
        return self.wire in ("rest", "email")


@dataclass(frozen=True)
class Plan:
    """Everything but the world. Times in ticks of the scenario, but for `rate` (contacts a second of the wall)."""

    run: str
    """The run's tag: 32 hexadecimal digits."""
    scenario: str
    file: str
    scenario_digest: str
    population_digest: str
    world_digest: str
    seed: int
    replication: int
    window: tuple[int, int]
    drain: int
    speed: float
    helpdesk: str
    target: Mapping[str, Any]
    """`sim.load.guard.Target.document`."""
    settings: Mapping[str, Any]
    """Of the adapter: queue, mapping."""
    agents: str
    """"scenario" or "none"."""
    channels: tuple[Channel, ...]
    rate: float
    mail: Mapping[str, Any] | None
    abort: Mapping[str, Any] | None
    polls: float
    """Customers' polls a second that the desk is to bear."""
    intents: tuple[str, ...]
    rows: tuple[Row, ...]
    version: int = VERSION

    @property
    def ends(self) -> int:
        return self.window[1] + self.drain

    @property
    def host(self) -> str:
        return str(self.target["url"])

    @property
    def sent(self) -> list[Row]:
        return [row for row in self.rows if row.sent]

    def seconds(self, tick: float) -> float:
        """Wall seconds after the start at which a tick of the scenario is."""
        return (tick - self.window[0]) / 1000 / self.speed

    def tick(self, seconds: float) -> int:
        """The opposite, rounded down; the tick whose seconds these are is not missed by the rounding of fractions."""
        return self.window[0] + int(seconds * 1000 * self.speed + 1e-3)

    def shard(self, worker: int, workers: int) -> list[Row]:
        """What a worker sends: customers by index, so that all of a customer's contacts are one worker's."""
        return [row for row in self.rows if owner(row.customer, workers) == worker]

    @property
    def settings_document(self) -> dict[str, Any]:
        skip = {"rows"}
        document = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in skip}
        return document | {"channels": [asdict(channel) for channel in self.channels], "window": list(self.window)}

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the settings and of every row: equal digests, the same requests."""
        whole = sha256(json.dumps(self.settings_document, sort_keys=True).encode())
        whole.update(_lines(self.rows))
        return whole.hexdigest()

    def document(self) -> dict[str, Any]:
        """What `plan.json` says."""
        counts = Counter(row.channel for row in self.rows)
        return self.settings_document | {"digest": self.digest, "host": self.host, "counts": dict(counts)}


@dataclass(frozen=True)
class World:
    """What the centre needs: the desk with those who are there, and the customers with their luck."""

    desk: Desk
    population: Population


def owner(customer: int, workers: int) -> int:
    """The worker who sends a customer's contacts."""
    return customer % workers


def write(plan: Plan, world: World | None, folder: Path) -> None:
    """Writes the files of a plan, mode 0600. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "rows.jsonl", _lines(plan.rows))
    if world is not None:
        _write(folder / "world.pickle", dumped(world))
    _write(folder / "plan.json", (json.dumps(plan.document(), indent=2, ensure_ascii=False) + "\n").encode())


def _write(path: Path, data: bytes) -> None:
    """A file that nobody else may read: it names customers and the desk's settings."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        # one that was there keeps the mode it had
        path.chmod(0o600)
        file.write(data)


def dumped(world: World) -> bytes:
    return pickles.dumped((world.desk, world.population))


def read(folder: Path) -> Plan:
    """Raises UsageError: it is no plan, one of another version, or one that somebody has changed."""
    try:
        document = json.loads((folder / "plan.json").read_text("utf-8"))
        rows = [json.loads(line) for line in (folder / "rows.jsonl").read_text("utf-8").splitlines()]
    except (OSError, ValueError) as problem:
        raise UsageError(f"{folder} is no plan of a load test", "make one with sim load --plan-only") from problem
    if not isinstance(document, dict):
        raise UsageError(f"{folder} is no plan of a load test", "make one with sim load --plan-only")
    if document.get("version") != VERSION:
        raise UsageError(f"{folder} is a plan of another version", "make it anew with sim load --plan-only")
    try:
        known = {field.name for field in fields(Plan)} - {"rows"}
        values = {name: document[name] for name in known}
        values["channels"] = tuple(Channel(**channel) for channel in document["channels"])
        values["window"] = tuple(document["window"])
        values["intents"] = tuple(document["intents"])
        plan = Plan(**values, rows=tuple(Row(**row) for row in rows))
    except (KeyError, TypeError) as problem:
        raise UsageError(f"{folder} is no plan of a load test: {problem}", MENDED) from problem
    if plan.digest != document["digest"]:
        raise UsageError(f"the plan in {folder} is not what it was when it was made", MENDED)
    return plan


def world(folder: Path, plan: Plan) -> World:
    """The world of a plan.

    Raises:
        UsageError: it is missing, not the plan's, or of another version of this program.
        SimError: it asks for what is no part of a world.
    """
    try:
        data = (folder / "world.pickle").read_bytes()
    except OSError as problem:
        raise UsageError(f"{folder} has no world.pickle", "copy the whole folder") from problem
    if pickles.digest(data) != plan.world_digest:
        raise UsageError(f"world.pickle in {folder} is not the plan's", "copy the whole folder")
    try:
        desk, population = pickles.opened(data, plan.world_digest, _OURS, "world.pickle")
    except (pickles.OtherVersion, TypeError, ValueError) as problem:
        raise UsageError(f"world.pickle in {folder} is of another version", "make the plan anew") from problem
    return World(desk, population)


def _lines(rows: Iterable[Row]) -> bytes:
    return "".join(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows).encode()


def busiest(due: Sequence[float], within: float = 1.0) -> int:
    """The most contacts that fall due within so many seconds; `due` in order."""
    most, first = 0, 0
    for last, at in enumerate(due):
        while due[first] <= at - within:
            first += 1
        most = max(most, last - first + 1)
    return most
