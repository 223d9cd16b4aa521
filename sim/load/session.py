"""A load test from its options: the guard, the desk's name, the plan, the run, and what is done to it afterwards.

The order is the promise: whether this desk may be sent to at all is settled before a token is read, a customer drawn
or a plan made; and a page that proves it to be staging is read before the first write.
"""

from __future__ import annotations

import os
import secrets
import shlex
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sim.helpdesks
from sim.errors import SimError, UsageError
from sim.helpdesks import local
from sim.helpdesks.protocol import Abilities, Can, Helpdesk, Post, Trouble
from sim.helpdesks.tokens import Tokens, tokens
from sim.load import plan as plans
from sim.load.guard import Staging, Target, prove_staging, target
from sim.load.plan import Plan, World
from sim.load.prepare import CYCLE, Wanted, carried, check, plan, slowed, world_of
from sim.load.window import window
from sim.scenario.mapping import read_mapping
from sim.scenario.read import Scenario

if TYPE_CHECKING:
    from sim.load.closing import Cleaned, Found

NOBODY = "http://127.0.0.1:9"
"""In place of a desk, where nothing is sent: the port for what is thrown away."""
PROBES = 3


@dataclass(frozen=True)
class Options:
    """What was asked for on the command line. `speed` None: auto."""

    helpdesk: str
    host: str | None = None
    window: str | None = None
    speed: float | None = None
    agents: str = "scenario"
    allowed: tuple[str, ...] = ()
    seed: int = 1


class Unreachable(SimError):
    """The desk does not answer, or not as it should."""

    exit_code = 5


def settings_of(scenario: Scenario, helpdesk: str) -> dict[str, Any]:
    """What the adapter has to know: queue, or mapping."""
    load = scenario.spec.load
    if helpdesk == "rest":
        if load.mapping is None:
            raise UsageError("--helpdesk rest needs a mapping", "name a recipe or a file under load.mapping")
        return {"mapping": read_mapping(_beside(scenario, load.mapping)).data}
    return {} if load.queue is None else {"queue": load.queue}


def _beside(scenario: Scenario, name: str) -> str:
    """A recipe's name as it is; a file's path as from the scenario."""
    path = Path(scenario.file).parent / name
    return str(path) if path.suffix in (".yaml", ".yml") else name


def abilities_of(helpdesk: str, settings: Mapping[str, Any]) -> Abilities:
    """What an adapter's desk can do; nobody is asked."""
    nothing: Any = None
    return sim.helpdesks.adapter(helpdesk, nothing, Tokens("-", "-"), settings).abilities


def allowed_target(scenario: Scenario, options: Options) -> Target | None:
    """Where the test would be sent, past the guard; None where no host is named and no desk is up.

    Raises:
        Refused, UsageError: it may not, or is no URL.
    """
    load = scenario.spec.load
    desk = local.running(options.helpdesk) if options.helpdesk in local.NAMES else None
    host = options.host or load.host or (desk.host if desk is not None else None)
    if host is None:
        return None
    staging = None if load.staging is None else Staging(load.staging.url, load.staging.shows)
    return target(
        host, allowed=options.allowed, named=load.host, staging=staging, outbound_mail=load.outbound_mail
    )  # fmt: skip


def mail_of(scenario: Scenario, options: Options, at: Target | None) -> dict[str, Any] | None:
    """How mail reaches the desk and comes back: as the scenario says, or as the desk that was started here has it."""
    said = scenario.spec.load.mail
    if said is not None:
        smtp = said.smtp if isinstance(said.smtp, str) else "{}:{}".format(*said.smtp)
        mailbox = (Path(scenario.file).parent / said.mailbox).absolute()
        return {"to": said.to, "smtp": smtp, "mailbox": str(mailbox)}
    desk = local.running(options.helpdesk) if options.helpdesk in local.NAMES else None
    if desk is None or (at is not None and at.url.rstrip("/") != desk.host.rstrip("/")):
        return None
    if not (desk.parts.get("door") and desk.parts.get("mailbox")):
        return None
    return {"to": desk.to, "smtp": desk.smtp, "mailbox": str(desk.mailbox)}


def no_desk(helpdesk: str) -> UsageError:
    hint = f"start one with: sim helpdesk up {helpdesk}" if helpdesk in local.NAMES else "give --host, or load.host"
    return UsageError("there is no helpdesk to send to", hint)


@contextmanager
def connected(helpdesk: str, at: Target, settings: Mapping[str, Any]) -> Iterator[Helpdesk]:
    """The desk, asked for its name: it is what it should be, it is staging, and it takes our tokens.

    Raises:
        NoToken, WrongDesk, Refused, Unreachable.
    """
    from sim.load.http import Pool

    cafile = os.environ.get("SIM_CAFILE")
    known = tokens(helpdesk, os.environ, local.state(helpdesk), host=at.url)
    pool = Pool(at, cafile=Path(cafile) if cafile else None)
    session = pool.session(fresh=False)
    try:
        prove_staging(at, session)
        desk = sim.helpdesks.adapter(helpdesk, session, known, settings)
        desk.identify()
        yield desk
    except Trouble as trouble:
        raise Unreachable(f"{at.netloc}: {trouble.what}", "is it up? sim helpdesk status") from trouble
    finally:
        pool.close()


def cycle_of(desk: Helpdesk, run: str) -> float:
    """Wall seconds that an agent's requests for one ticket take, measured on tickets of this run's own.

    They are deleted again, where the desk can: a test that is then refused has no folder to clean up from.

    Raises:
        Trouble.
    """
    taken, probes = [], []
    try:
        for number in range(PROBES):
            key = f"0.{900 + number}"
            email = f"probe@{run}.customers.test"
            subject = f"How fast is this desk? [{key} {run[:8]}]"
            ticket = desk.create(Post(run, key, "Probe", email, subject, "A probe."))
            probes.append(ticket)
            began = time.monotonic()
            desk.open_tickets(run)
            desk.take(ticket)
            desk.answer(ticket, "An answer to a probe.")
            desk.resolve(ticket)
            taken.append(time.monotonic() - began)
    finally:
        if probes and Can.DELETE in desk.abilities.can:
            with suppress(Trouble):
                desk.delete(probes)
    return sorted(taken)[PROBES // 2]


@dataclass(frozen=True)
class Prepared:
    """A plan, and what it is of."""

    plan: Plan
    world: World
    abilities: Abilities
    capacity: float | None


def prepared(
    scenario: Scenario, options: Options, at: Target | None, *, run: str | None = None, cycle: float | None = None
) -> Prepared:
    """The plan of a test; sends nothing.

    Raises:
        UsageError: the window or a channel's way is not possible.
    """
    settings = settings_of(scenario, options.helpdesk)
    abilities = abilities_of(options.helpdesk, settings)
    mail = mail_of(scenario, options, at)
    channels = carried(scenario, abilities, mail)
    if at is not None:
        _check_mail(mail, scenario, abilities, at)
    world = world_of(scenario, options.seed, 0)
    by_mail = any(channel.wire == "email" for channel in channels)
    wanted = Wanted(
        helpdesk=options.helpdesk,
        window=window(options.window, scenario),
        speed=options.speed,
        agents=options.agents,
        seed=options.seed,
        cycle=cycle or CYCLE,
        mail=mail if by_mail else None,
        settings=settings,
        run=run or secrets.token_hex(16),
    )
    to = at if at is not None else target(NOBODY, allowed=(), named=None, staging=None, outbound_mail=None)
    made = plan(scenario, wanted, world, to, abilities, channels)
    capacity = scenario.spec.load.capacity
    capacity = abilities.lives if capacity is None else capacity
    if options.speed is None:
        made = slowed(made, capacity)
    return Prepared(made, world, abilities, capacity)


def _check_mail(mail: Mapping[str, Any] | None, scenario: Scenario, abilities: Abilities, at: Target) -> None:
    """Raises Refused: mail would go where it may not."""
    from sim.load.post_office import check_mail

    if mail is not None and any(way.wire == "email" for way in carried(scenario, abilities, mail)):
        check_mail(mail["to"], mail["smtp"], at)


def must_fit(made: Prepared) -> None:
    """Raises Refused: the plan is above the cap, or above what the desk bears."""
    check(made.plan, made.capacity)


def measured(scenario: Scenario, options: Options, at: Target) -> Prepared:
    """The plan of a test that will be run: the desk has been asked who it is and, for `--speed auto`, how fast."""
    run, cycle = secrets.token_hex(16), None
    settings = settings_of(scenario, options.helpdesk)
    # whatever is wrong with what was asked for, before the desk is asked for anything
    window(options.window, scenario)
    _check_mail(mail_of(scenario, options, at), scenario, abilities_of(options.helpdesk, settings), at)
    with connected(options.helpdesk, at, settings) as desk:
        if options.speed is None and options.agents == "scenario":
            cycle = cycle_of(desk, run)
    made = prepared(scenario, options, at, run=run, cycle=cycle)
    must_fit(made)
    return made


# --- afterwards -----------------------------------------------------------------------------------------------------


def plan_of(folder: Path) -> Plan:
    """The plan of a run folder, or of a plan's own."""
    return plans.read(folder / "plan" if (folder / "plan").is_dir() else folder)


@contextmanager
def desk_of(made: Plan) -> Iterator[Helpdesk]:
    """The desk of a run, under the same guard."""
    at = Target.rebuild(made.target)
    with connected(made.helpdesk, at, made.settings) as desk:
        yield desk


def reconcile(folder: Path) -> list[Found]:
    """Close the books of a run. Raises SimError."""
    from sim.load import books, closing

    kept = books.Books(books.read(folder))
    with desk_of(plan_of(folder)) as desk:
        return closing.reconcile(kept, desk)


def cleanup(folder: Path, say: Callable[[str], None], *, yes: bool) -> Cleaned:
    """Clear the desk of a run's tickets; without `yes` only say which they are. Raises SimError."""
    from sim.load import books, closing

    kept = books.Books(books.read(folder))
    with desk_of(plan_of(folder)) as desk:
        return closing.cleanup(kept, desk, kept.run, say, yes=yes)


def by_hand(folder: Path) -> str:
    """How a plan is run without `sim load`; a report is made of what it leaves."""
    plan = shlex.quote(str(folder))
    return "\n".join(
        (
            f"SIM_PLAN={plan} locust -f locustfiles/helpdesk.py --headless",
            "or on several machines, each with a copy of the folder:",
            f"  SIM_PLAN={plan} locust -f locustfiles/helpdesk.py --headless --master --expect-workers 2 "
            "--master-bind-host 0.0.0.0",
            f"  SIM_PLAN={plan} locust -f locustfiles/helpdesk.py --worker --master-host MASTER      on each",
            f"then gather all ledger-*.jsonl in {folder}, of which the next command makes a report",
        )
    )
