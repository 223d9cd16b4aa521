"""The locustfile: customers for Locust, one process's part of a load test.

Locust starts the processes, connects them and shows what they do; when somebody is sent is the plan's business. Each
worker gets its number and the start from the master (a process alone is both), starts a conductor, and starts each
customer in a group of its own: Locust's own groups are for users that it may stop as it likes.

    SIM_PLAN=DIR locust -f locustfiles/helpdesk.py --headless
"""

from __future__ import annotations

import gc
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gevent
from gevent.pool import Group
from gevent.queue import Empty, Queue
from locust import User, events, task
from locust.env import Environment
from locust.exception import StopUser

import sim.helpdesks
from sim.errors import SimError
from sim.helpdesks import local
from sim.helpdesks.protocol import Abilities, Can, Helpdesk, Response
from sim.helpdesks.tokens import tokens
from sim.load import insides
from sim.load.guard import Target, prove_staging
from sim.load.http import HttpSession, Pool
from sim.load.ledger import Ledger
from sim.load.plan import Plan, read, world
from sim.load.steps import Steps
from sim.load.worker import Worker

MESSAGE = "sim"
SOON = 1.0
"""Wall seconds from the order to start to the start."""
PINGS = 5
LAST_WORDS = 30.0
"""Wall seconds that requests have to end when a run is over."""
LOG = logging.getLogger("sim.load")


class Customers(User):
    """What Locust starts, once a worker; it sends nothing itself."""

    @task
    def wait_for_the_end(self) -> None:
        gevent.sleep(3600)


class SyntheticCustomer(User):
    """A customer's part: one contact, or one more message of it, and then they are gone."""

    abstract = True
    part: Callable[[], None]

    @task
    def live(self) -> None:
        try:
            self.part()
        except Exception:
            # Locust would run the task again, and send everything twice
            LOG.exception("a customer's part failed")
        raise StopUser


class Tagged:
    """A session whose every request carries some headers."""

    def __init__(self, session: HttpSession, headers: Mapping[str, str]) -> None:
        self._session, self._headers = session, headers

    def request(self, method: str, path: str, **more: Any) -> Response:
        return self._session.request(
            method, path, **{**more, "headers": {**(more.get("headers") or {}), **self._headers}}
        )


class Mailbag:
    """The dispatcher's inbox, on a gevent queue."""

    def __init__(self) -> None:
        self._queue: Queue[Callable[[], None]] = Queue()

    def put(self, handler: Callable[[], None]) -> None:
        self._queue.put(handler)

    def get(self, timeout: float) -> Callable[[], None] | None:
        try:
            handler: Callable[[], None] = self._queue.get(timeout=timeout) if timeout > 0 else self._queue.get_nowait()
            return handler
        except Empty:
            return None


class Node:
    """This process: a worker of a test, its master, or both."""

    def __init__(self, environment: Environment, folder: Path) -> None:
        self.environment, self.folder = environment, folder
        self.plan: Plan = read(folder)
        self.role = insides.role(environment)
        self.group = Group()
        self.ledger: Ledger | None = None
        self.worker: Worker | None = None
        self.dispatcher: Any = None
        self.ended = False
        self.failed = False
        """Whether something of ours broke, here or (of a master) at a worker: the ledger, the conductor, the centre."""
        self._clients: list[str] = []
        self._ready: dict[int, float] = {}
        self._done: set[int] = set()
        self._pings: list[tuple[float, float]] = []
        self._joined: Mapping[str, Any] = {}
        assert environment.runner is not None
        environment.runner.register_message(MESSAGE, self.on_message)

    # --- the master --------------------------------------------------------------------------------------------------

    def starts(self) -> None:
        """Locust starts the test."""
        if self.role == "local":
            if self.worker is None:
                self.joins({"k": 0, "n": 1, "digest": self.plan.digest})
                self.goes(time.time() + SOON, offset=0.0)
        elif self.role == "master" and not self._clients:
            self._clients = insides.clients(self.environment)
            for number, client in enumerate(self._clients):
                join = {"do": "join", "k": number, "n": len(self._clients), "digest": self.plan.digest}
                self._send(join, client)
            gevent.spawn(self._look_after_workers)

    def _look_after_workers(self) -> None:
        """Until all have done their share, or are lost; without the first, nobody tells the others when to stop."""
        lost: set[int] = set()
        while self._done | lost != set(range(len(self._clients))):
            gevent.sleep(0.25)
            now = {k for k, client in enumerate(self._clients) if insides.is_lost(self.environment, client)}
            for k in sorted(now - lost - self._done):
                LOG.error("worker %d is lost", k)
                if len(self._ready) < len(self._clients):
                    # the others would wait for it before the start
                    self.failed = True
                    self.quits()
                    return
                if k == 0:
                    self._send({"do": "order", "order": {"do": "stop"}})
            lost |= now
        self.quits()

    def _from_worker(self, data: Mapping[str, Any]) -> None:
        kind = data["is"]
        if kind == "ping":
            self._send({"do": "pong", "sent": data["sent"], "here": time.time()}, self._clients[data["k"]])
        elif kind == "ready":
            self._ready[data["k"]] = data["offset"]
            if len(self._ready) == len(self._clients):
                self._send({"do": "go", "t0": time.time() + SOON})
        elif kind == "done":
            self._done.add(data["k"])
            self.failed |= data["failed"]
        elif kind == "order":
            self._send({"do": "order", "order": data["order"]}, self._clients[data["to"]])
        else:
            # for the centre
            self._send({"do": "report", "report": data}, self._clients[0])

    def is_stopped(self) -> None:
        """Somebody has pressed Stop."""
        if self.dispatcher is not None and not self.ended:
            self.dispatcher.stop("stopped on Locust's page")

    def quits(self) -> None:
        """The test is over, for everybody."""
        # what failed is in the books; Locust's own idea of a failure is any request that did
        self.environment.process_exit_code = int(self.failed)
        gevent.spawn(self._leaves)

    def _leaves(self) -> None:
        assert self.environment.runner is not None
        gevent.sleep(insides.last_words(self.environment))
        self.environment.runner.quit()
        page, lingers = self.environment.web_ui, getattr(self.environment.parsed_options, "autoquit", -1)
        if page is not None and lingers != -1:
            # Locust itself quits its page after --run-time only
            gevent.sleep(lingers)
            page.stop()

    def _send(self, data: Mapping[str, Any], client: str | None = None) -> None:
        assert self.environment.runner is not None
        self.environment.runner.send_message(MESSAGE, dict(data), client_id=client)

    # --- a worker ----------------------------------------------------------------------------------------------------

    def on_message(self, environment: Environment, msg: Any, **_: Any) -> None:
        data = msg.data
        if self.role == "master":
            self._from_worker(data)
        elif data["do"] == "join":
            gevent.spawn(self._joins_and_says_so, data)
        elif data["do"] == "pong":
            now = time.time()
            self._pings.append((now - data["sent"], data["here"] - (now + data["sent"]) / 2))
            self._ping()
        elif data["do"] == "go":
            self.goes(data["t0"], offset=min(self._pings)[1])
        elif data["do"] == "order" and self.worker is not None:
            self.worker.obey(data["order"])
        elif data["do"] == "report" and self.dispatcher is not None:
            self.dispatcher.hears(data["report"])

    def _joins_and_says_so(self, data: Mapping[str, Any]) -> None:
        self.joins(data)
        self._ping()

    def _ping(self) -> None:
        """Measure how far the master's clock is from ours: the round trip that took least tells best."""
        if len(self._pings) < PINGS:
            self._send({"is": "ping", "k": self._joined["k"], "sent": time.time()})
        else:
            self._send({"is": "ready", "k": self._joined["k"], "offset": min(self._pings)[1]})

    def joins(self, data: Mapping[str, Any]) -> None:
        """Everything that takes time, before the start; a worker with another plan, or no right to send, ends here."""
        if data["digest"] != self.plan.digest:
            self._gives_up("this worker has another plan than the master: copy the folder")
        self._joined = data
        try:
            self.target = Target.rebuild(self.plan.target)
            self._pool = Pool(self.target, cafile=_cafile())
            with self._pool.session() as session:
                prove_staging(self.target, session)
            self._tokens = tokens(
                self.plan.helpdesk, os.environ, local.state(self.plan.helpdesk), host=self.plan.host
            )  # fmt: skip
            self._agents = self._pool.session(fresh=False)
            self._settings = sim.helpdesks.ready(self.plan.settings)
            self.abilities: Abilities = self._adapter(self._agents).abilities
            if data["k"] == 0:
                # the centre needs NumPy and more: to load it takes a second, in which nothing else would happen
                from sim.load import dispatch

                self._dispatch = dispatch
                self._world = world(self.folder, self.plan)
            # plan and world stay: to look for garbage among them again and again would hold up whoever is due
            gc.collect()
            gc.freeze()
        except SimError as problem:
            self._gives_up(str(problem))

    def _gives_up(self, why: str) -> None:
        LOG.error("%s", why)
        self.environment.process_exit_code = 5
        os._exit(5)

    def _adapter(self, session: Any) -> Helpdesk:
        return sim.helpdesks.adapter(self.plan.helpdesk, session, self._tokens, self._settings)

    @contextmanager
    def desk(self, headers: Mapping[str, str], customer: bool) -> Iterator[Helpdesk]:
        """An adapter for one step. A customer comes with connections of their own, agents keep theirs."""
        if not customer:
            yield self._adapter(Tagged(self._agents, headers))
            return
        session = self._pool.session()
        try:
            yield self._adapter(Tagged(session, headers))
        finally:
            session.close()

    def goes(self, t0: float, *, offset: float) -> None:
        """Start at `t0`, by the master's clock, which is `offset` seconds ahead of ours. From here on nobody asks the
        clock on the wall."""
        zero = time.monotonic() + (t0 - offset - time.time())
        number, workers = self._joined["k"], self._joined["n"]

        def seconds() -> float:
            return time.monotonic() - zero

        def clock() -> float:
            return t0 + seconds()

        folder = Path(os.environ.get("SIM_LEDGER", self.folder))
        folder.mkdir(parents=True, exist_ok=True)
        try:
            self.ledger = Ledger(folder / f"ledger-{number}.jsonl", clock)
        except SimError as problem:
            self._gives_up(f"{problem}: a plan is run once")
        assert self.ledger is not None
        self.ledger.start(
            run=self.plan.run, worker=number, n=workers, digest=self.plan.digest, t0=t0, speed=self.plan.speed,
            offset=offset,
        )  # fmt: skip
        steps = Steps(self.ledger, self.desk, clock, gevent.sleep, self._fire)
        self.worker = Worker(
            self.plan, number, workers, steps, self.abilities, self._courier(), time=seconds, sleep=gevent.sleep,
            start=self._start, report=self._report, t0=t0,
        )  # fmt: skip
        if number == 0:
            self.dispatcher = self._dispatch.Dispatcher(
                self.plan, self._world, workers, steps, self._tell, Mailbag(), time=seconds, spawn=self._spawn, t0=t0,
                can_poll=Can.POLL in self.abilities.can,
            )  # fmt: skip
            gevent.spawn(self._conducts, self.dispatcher.run)
            self._reads_mail()
        gevent.spawn(self._runs)

    def _courier(self) -> Any:
        if not any(channel.wire == "email" for channel in self.plan.channels):
            return None
        from sim.load.post_office import Deliveries

        return Deliveries(self.plan, self.target)

    def _reads_mail(self) -> None:
        if self.plan.mail is None or not any(each.wire == "email" for each in self.plan.channels):
            return
        from sim.load.post_office import letters

        dispatcher, ledger = self.dispatcher, self.ledger
        gevent.spawn(letters, self.plan, dispatcher.open, dispatcher, ledger, lambda: self.ended, gevent.sleep)

    def _runs(self) -> None:
        worker = self.worker
        assert worker is not None
        watching = gevent.spawn(worker.watch)
        try:
            worker.walk()
            while not worker.stopped:
                gevent.sleep(0.05)
        except Exception:
            LOG.exception("the conductor failed")
            self.failed = True
        watching.join(1.0)
        self.group.join(timeout=LAST_WORDS)
        self.ends(done=True)

    def _conducts(self, run: Callable[[], None]) -> None:
        try:
            run()
        except Exception:
            LOG.exception("the centre failed")
            self.failed = True
            for number in range(self._joined["n"]):
                self._tell(number, {"do": "stop"})

    def ends(self, *, done: bool) -> None:
        """Close the books; `done`: all of this worker's share is in them."""
        if self.ended or self.ledger is None or self.worker is None:
            return
        self.ended = True
        self.worker.gives_up()
        self.failed |= bool(self.ledger.broken)
        if done and not self.failed:
            self.ledger.done(self.worker.number)
        self.ledger.close()
        if self.ledger.broken:
            LOG.error("%s", self.ledger.broken)
        if self.role == "local":
            self.quits()
        elif done:
            self._send({"is": "done", "k": self.worker.number, "failed": self.failed})

    def _start(self, part: Callable[[], None]) -> None:
        customer = SyntheticCustomer(self.environment)
        customer.part = part
        customer.start(self.group)

    def _spawn(self, part: Callable[[], None]) -> None:
        self.group.spawn(part)

    def _tell(self, number: int, order: dict[str, Any]) -> None:
        """From the centre to a worker."""
        if number == self._joined["k"]:
            assert self.worker is not None
            self.worker.obey(order)
        else:
            self._send({"is": "order", "to": number, "order": order})

    def _report(self, report: dict[str, Any]) -> None:
        """From a worker to the centre."""
        if self.dispatcher is not None:
            self.dispatcher.hears(report)
        else:
            self._send(report)

    def _fire(self, step: str, channel: str, ms: float, trouble: str | None) -> None:
        """Locust's own table, a view beside the books: latency from sending."""
        self.environment.events.request.fire(
            request_type=step, name=channel or "agents", response_time=ms, response_length=0,
            exception=None if trouble is None else RuntimeError(trouble), context={},
        )  # fmt: skip


def _cafile() -> Path | None:
    named = os.environ.get("SIM_CAFILE")
    return Path(named) if named else None


_node: Node | None = None


@events.init.add_listener
def on_init(environment: Environment, **_: Any) -> None:
    global _node
    folder = os.environ.get("SIM_PLAN")
    if not folder:
        LOG.error("SIM_PLAN names no folder; make one with: sim load SCENARIO --plan-only DIR")
        os._exit(2)
    try:
        _node = Node(environment, Path(folder))
        gevent.spawn(_watches_parent, environment)
    except SimError as problem:
        LOG.error("%s", problem)
        os._exit(problem.exit_code)


@events.test_start.add_listener
def on_test_start(**_: Any) -> None:
    assert _node is not None
    try:
        _node.starts()
    except Exception:
        # Locust would log it and wait for ever
        LOG.exception("the test cannot start")
        os._exit(1)


@events.test_stop.add_listener
def on_test_stop(**_: Any) -> None:
    # Locust's own Stop, on its page; at the end of a run it comes as well, and finds nothing to stop
    if _node is not None:
        _node.is_stopped()


def _watches_parent(environment: Environment) -> None:
    """Whoever started us and was killed does not leave a load test behind."""
    parent = os.environ.get("SIM_PARENT")
    while parent and os.getppid() == int(parent):
        gevent.sleep(1.0)
    if parent:
        LOG.error("the process that started this one is gone")
        if _node is not None:
            _node.ends(done=False)
        os._exit(1)


@events.quitting.add_listener
def on_quitting(**_: Any) -> None:
    if _node is not None:
        _node.ends(done=False)
