"""A helpdesk in a process of its own that is as fast as one can be here, and writes down everything that it is asked.

It keeps tickets in memory and speaks as `MAPPING` says. It can answer after a fixed time, and stand still once, as a
desk does whose database is locked: connections are taken, nothing is answered.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent

_BY_CUSTOMER = {"json": {"by": "customer", "text": "{body}"}, "expect": {"by": "customer"}}
_CHANGED = {"as": "agent", "request": "PUT /tickets/{ticket}"}
MAPPING: dict[str, Any] = {
    "name": "loopback desk",
    "tested": "run against the loopback desk",
    "headers": {"Authorization": "Bearer {token}"},
    "limits": {"polls": 100.0},
    "states": {"open": ["open", "taken"], "resolved": ["resolved"], "closed": ["closed"]},
    "tickets": {"id": "id", "run": "run", "key": "key", "state": "state"},
    "identify": {"request": "GET /desk", "expect": {"product": "loopback desk"}},
    "create": {
        "request": "POST /tickets",
        "json": {"run": "{run}", "key": "{key}", "email": "{email}", "subject": "{subject}", "body": "{body}"},
        "expect": {"key": "{key}"},
        "id": "id",
    },
    "reply": {"request": "POST /tickets/{ticket}/messages", **_BY_CUSTOMER},
    "poll": {
        "request": "GET /tickets/{ticket}",
        "state": "state",
        "messages": {
            "list": "messages[*]",
            "id": "id",
            "text": "text",
            "author": [{"agent": {"by": "agent"}}, {"customer": {}}],
        },
    },
    "of_run": {"request": "GET /tickets", "query": {"run": "{run}"}, "list": "tickets[*]"},
    "search": {"request": "GET /tickets", "query": {"run": "{run}", "key": "{key}"}, "list": "tickets[*]"},
    "take": {**_CHANGED, "json": {"state": "taken"}, "expect": {"state": "taken"}},
    "answer": {"request": "POST /tickets/{ticket}/messages", "json": {"by": "agent", "text": "{body}"}},
    "resolve": {**_CHANGED, "json": {"state": "resolved"}, "expect": {"state": "resolved"}},
}
"""For the adapter `rest`: settings ``{"mapping": MAPPING}``."""


@dataclass(frozen=True)
class Asked:
    """A request that the desk has had: when (epoch seconds), and for which contact by its X-Sim-Contact header."""

    at: float
    method: str
    path: str
    contact: str


@dataclass(frozen=True)
class Desk:
    """A desk that is up."""

    url: str
    pid: int

    def log(self) -> list[Asked]:
        """Every request for a ticket, in order."""
        with urlopen(f"{self.url}/log", timeout=60) as answer:
            return [Asked(*row) for row in json.load(answer)]

    def creates(self) -> list[str]:
        """The contact of every create, in order."""
        return [asked.contact for asked in self.log() if (asked.method, asked.path) == ("POST", "/tickets")]


@contextmanager
def desk(*, latency: float = 0.0, stall: float = 0.0, after: float = 0.0) -> Iterator[Desk]:
    """A desk in another process.

    Args:
        latency: seconds from a request to its answer.
        stall: seconds for which it stands still, once, `after` seconds after the first create.
    """
    words = ["--latency", str(latency), "--stall", str(stall), "--after", str(after)]
    command = [sys.executable, "-m", "benchmarks.loopback_desk", *words]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield Desk(f"http://127.0.0.1:{server.stdout.readline().strip()}", server.pid)
        finally:
            server.kill()


class _Tickets:
    """What the desk knows."""

    def __init__(self, stall: float, after: float) -> None:
        self.tickets: list[dict[str, Any]] = []
        self.log: list[tuple[float, str, str, str]] = []
        self._stall, self._after = stall, after

    def answers(self, method: str, target: str, contact: str, body: bytes) -> tuple[int, Any]:
        """Status and answer."""
        path, _, query = target.partition("?")
        parts = path.strip("/").split("/")
        if parts == ["desk"]:
            return 200, {"product": "loopback desk"}
        if parts == ["log"]:
            return 200, self.log
        self.log.append((time.time(), method, path, contact))
        sent = json.loads(body) if body else {}
        if parts == ["tickets"]:
            return self._creates(sent) if method == "POST" else (200, {"tickets": self._found(parse_qs(query))})
        if len(parts) < 2 or not parts[1].isdecimal() or not 1 <= int(parts[1]) <= len(self.tickets):
            return 404, {}
        ticket = self.tickets[int(parts[1]) - 1]
        if method == "POST":
            message = {"id": len(ticket["messages"]) + 1, **sent}
            ticket["messages"].append(message)
            return 201, message
        return 200, (ticket if method == "GET" else self._becomes(ticket, sent["state"]))

    def _creates(self, sent: dict[str, str]) -> tuple[int, Any]:
        if not self.tickets and self._stall:
            asyncio.get_running_loop().call_later(self._after, time.sleep, self._stall)
        number = len(self.tickets) + 1
        ticket = {"id": number, "run": sent["run"], "key": sent["key"], "state": "open", "messages": []}
        self.tickets.append(ticket)
        return 201, ticket

    def _becomes(self, ticket: dict[str, Any], state: str) -> dict[str, Any]:
        ticket["state"] = state
        return ticket

    def _found(self, query: dict[str, list[str]]) -> list[dict[str, Any]]:
        wanted = {name: values[0] for name, values in query.items()}
        return [ticket for ticket in self.tickets if all(ticket[name] == value for name, value in wanted.items())]


class _Connection(asyncio.Protocol):
    """HTTP/1.1 as far as our own client speaks it: one request at a time, a body only with its length."""

    def __init__(self, tickets: _Tickets, latency: float) -> None:
        self._tickets, self._latency = tickets, latency
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", 0))
        if len(rest) < length:
            return
        self._received = rest[length:]
        method, url, _ = first.split(" ")
        parts = urlsplit(url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        status, answer = self._tickets.answers(method, target, headers.get("x-sim-contact", ""), rest[:length])
        body = json.dumps(answer).encode()
        message = b"HTTP/1.1 %d _\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
        if headers.get("connection", "").lower() == "close":
            message = message.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        if self._latency:
            asyncio.get_running_loop().call_later(self._latency, self._transport.write, message + body)
        else:
            self._transport.write(message + body)


async def serve(latency: float, stall: float, after: float) -> None:
    """Serves on a free port, which it prints, until it is ended."""
    tickets = _Tickets(stall, after)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(tickets, latency), "127.0.0.1", 0, backlog=4_096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loopback_desk", description=__doc__.partition("\n")[0])
    for name in ("latency", "stall", "after"):
        parser.add_argument(f"--{name}", type=float, default=0.0, metavar="SECONDS")
    asked = parser.parse_args(words)
    asyncio.run(serve(asked.latency, asked.stall, asked.after))


if __name__ == "__main__":
    main()
