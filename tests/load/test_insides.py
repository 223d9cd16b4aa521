"""What we use of Locust is there and does what we think, in the Locust that is installed.

Locust patches the process that imports it, so all of this happens in one other process, once; the tests look at what it
found out. A new minor version of Locust is tried by running this file.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

PROBE = """
import json, os, socket

import gevent
from gevent.pool import Group
from locust import User, events, task
from locust.argument_parser import LocustArgumentParser, get_parser
from locust.env import Environment
from locust.exception import StopUser

from sim.load import insides

found = {}

# a process alone
class Waits(User):
    @task
    def wait(self):
        gevent.sleep(3600)

local = Environment(user_classes=[Waits], events=events)
started, heard, fired = [], [], []
events.test_start.add_listener(lambda environment, **_: started.append(environment))
events.request.add_listener(lambda request_type, name, response_time, exception, **_: fired.append(
    (request_type, name, response_time, str(exception))))
runner = local.create_local_runner()
found["local"] = insides.role(local)
runner.register_message("sim", lambda environment, msg, **_: heard.append((environment is local, msg.data)))
runner.start(1, spawn_rate=1)
gevent.sleep(0.5)
found["started"] = len(started) == 1 and started[0] is local
local.events.request.fire(request_type="create", name="email", response_time=12.5, response_length=0,
                          exception=None, context={})
local.events.request.fire(request_type="create", name="email", response_time=7.5, response_length=0,
                          exception=RuntimeError("server"), context={})
entry = local.stats.get("email", "create")
found["fired"] = fired
found["counted"] = (entry.num_requests, entry.num_failures)

# customers, in a group of their own
lives = []
class Customer(User):
    abstract = True
    part = None

    @task
    def live(self):
        self.part()
        raise StopUser

group = Group()
users = runner.user_count
for number in range(3):
    customer = Customer(local)
    customer.part = lambda number=number: lives.append(number)
    customer.start(group)
before = len(lives)
group.join(timeout=5)
gevent.sleep(0.2)
found["lives"], found["left"], found["at_once"] = sorted(lives), len(group), before
found["users"] = (users, runner.user_count, len(runner.user_greenlets))
runner.quit()
found["state"] = runner.state
found["code"] = local.process_exit_code

# a master and two workers, in one process
master_environment = Environment(user_classes=[Waits])
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
master = master_environment.create_master_runner("127.0.0.1", port)
says = []
master.register_message("sim", lambda environment, msg, **_: says.append((environment is master_environment, msg.data,
                                                                          msg.node_id)))
workers, told = [], []
for number in range(2):
    environment = Environment(user_classes=[Waits])
    worker = environment.create_worker_runner("127.0.0.1", port)
    worker.register_message("sim", lambda environment, msg, number=number, **_: told.append((number, msg.data)))
    workers.append((environment, worker))
    gevent.sleep(0.3)
found["master"], found["worker"] = insides.role(master_environment), insides.role(workers[0][0])
clients = insides.clients(master_environment)
found["clients"] = [client == worker.client_id for client, (_, worker) in zip(clients, workers, strict=True)]
master.send_message("sim", {"do": "join", "k": 1}, client_id=clients[1])
gevent.sleep(0.3)
found["told"] = told[:]
master.send_message("sim", {"do": "go"}, client_id=None)
workers[0][1].send_message("sim", {"is": "ready", "offset": 0.5}, client_id=None)
gevent.sleep(0.3)
found["told_all"] = sorted(told[1:])
found["says"] = [(right, data, node == clients[0]) for right, data, node in says]
found["lost"] = [insides.is_lost(master_environment, client) for client in clients]
master.clients[clients[0]].state = "missing"
found["lost_one"] = [insides.is_lost(master_environment, client) for client in clients]
found["left_over"] = [client == clients[1] for client in insides.clients(master_environment)]
found["unknown"] = insides.is_lost(master_environment, "nobody")

# the command line
hears = [events.init, events.quitting, events.init_command_line_parser]
found["hears"] = all(callable(event.add_listener) for event in hears)
parser = get_parser()
found["parser"] = isinstance(parser, LocustArgumentParser)
found["options"] = sorted(parser._option_string_actions)
parser.set_defaults(web_host="127.0.0.1", master_bind_host="127.0.0.1")
parsed = parser.parse_args([])
found["defaults"] = [parsed.web_host, parsed.master_bind_host]
print(json.dumps(found))
os._exit(0)
"""


@cache
def found() -> dict[str, Any]:
    """What the other process found out."""
    command = [sys.executable, "-c", PROBE]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_a_process_knows_what_it_is() -> None:
    """A runner alone is local; one that others join is the master, those are workers."""
    assert (found()["local"], found()["master"], found()["worker"]) == ("local", "master", "worker")


def test_the_master_knows_its_workers() -> None:
    """They are listed in the order in which they joined; whoever is missing is lost and not listed."""
    assert found()["clients"] == [True, True]
    assert found()["lost"] == [False, False]
    assert found()["lost_one"] == [True, False]
    assert found()["left_over"] == [True]
    assert found()["unknown"]


def test_messages_reach_whom_they_are_for() -> None:
    """One worker or all of them, by the master; the master, by a worker, and it is told which."""
    assert found()["told"] == [[1, {"do": "join", "k": 1}]]
    assert found()["told_all"] == [[0, {"do": "go"}], [1, {"do": "go"}]]
    assert found()["says"] == [[True, {"is": "ready", "offset": 0.5}, True]]


def test_the_start_is_told() -> None:
    """test_start comes once, with the environment; to quit stops the runner, and the exit code is ours to set."""
    assert found()["started"]
    assert found()["state"] == "stopped"
    assert found()["code"] is None
    assert found()["hears"]


def test_requests_are_counted() -> None:
    """What we tell of a request is in Locust's table, under our step and channel, its failures as well."""
    assert found()["fired"] == [["create", "email", 12.5, "None"], ["create", "email", 7.5, "server"]]
    assert found()["counted"] == [2, 1]


def test_a_customer_lives_once() -> None:
    """A user that we start in a group of our own lives in a greenlet of their own, once, is gone after StopUser, and
    Locust neither counts nor stops them."""
    assert found()["at_once"] == 0
    assert found()["lives"] == [0, 1, 2]
    assert found()["left"] == 0
    assert found()["users"] == [1, 1, 1]


DRIVE = (ROOT / "sim" / "load" / "drive.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("option", sorted(set(re.findall(r'"--([a-z-]+)"', DRIVE)) - {"csv"}))
def test_locust_has_the_options_that_we_pass(option: str) -> None:
    """Every option with which the children are started is one of Locust's."""
    assert f"--{option}" in found()["options"]


def test_the_defaults_are_ours_to_set() -> None:
    """Page and master listen where we say, for people who start Locust by hand; -u and -r are users and their rate."""
    assert found()["parser"]
    assert found()["defaults"] == ["127.0.0.1", "127.0.0.1"]
    assert {"-u", "-r", "-f"} <= set(found()["options"])


def test_some_options_are_passed() -> None:
    """The list of those is not empty, or nothing was tested."""
    assert {"headless", "html", "worker", "master-port", "expect-workers"} <= set(re.findall(r'"--([a-z-]+)"', DRIVE))
