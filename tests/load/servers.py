"""Servers that misbehave on purpose, and a witness that asks the desk's own database what really happened.

The proxy stands in front of a real desk, so that the tickets behind its failures are real and can be counted.
"""

from __future__ import annotations

import http.client
import socket
import sqlite3
import ssl
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sim.helpdesks.local import Desk

NAME = "django-helpdesk"


class Fault(StrEnum):
    """What a proxy does with a request. Afterwards: the desk has done what was asked, and nobody is told."""

    RESET = "reset"
    RESET_AFTERWARDS = "reset afterwards"
    ERROR = "error"
    ERROR_AFTERWARDS = "error afterwards"
    THROTTLE = "throttle"
    REDIRECT = "redirect"


RETRY_AFTER = 1


@dataclass(frozen=True)
class Asked:
    """A request as it came; `contact` is its X-Sim-Contact."""

    method: str
    path: str
    contact: str
    fault: Fault | None


@dataclass
class Proxy:
    """`behaves` says, by method, path and contact, what goes wrong with a request (None: nothing)."""

    desk: str
    behaves: Callable[[str, str, str], Fault | None] = lambda method, path, contact: None
    away: str = ""
    """Where a redirect leads."""
    asked: list[Asked] = field(default_factory=list)
    host: str = ""
    connections: int = 0

    def faults(self) -> set[Fault]:
        return {each.fault for each in self.asked if each.fault is not None}


@contextmanager
def proxy(made: Proxy, certificate: Path | None = None) -> Iterator[Proxy]:
    """Serve until the block ends, over TLS where there is a certificate."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            made.connections += 1
            super().setup()

        def do_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            contact = self.headers.get("X-Sim-Contact", "")
            fault = made.behaves(self.command, self.path, contact)
            made.asked.append(Asked(self.command, self.path, contact, fault))
            status, headers, answer = _misbehave(made, fault)
            if fault is None or fault in (Fault.RESET_AFTERWARDS, Fault.ERROR_AFTERWARDS):
                passed = self._pass_on(body)
                status, headers, answer = passed if fault is None else (status, headers, answer)
            if fault in (Fault.RESET, Fault.RESET_AFTERWARDS):
                # a linger of no time at all: the connection ends with a reset
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(answer))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_any  # noqa: N815 - the library's names

        def _pass_on(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
            there = urlsplit(made.desk)
            headers = {name: value for name, value in self.headers.items() if name.lower() not in ("connection",)}
            with closing(http.client.HTTPConnection(there.netloc, timeout=30)) as onward:
                onward.request(self.command, self.path, body, headers)
                said = onward.getresponse()
                kept = {name: said.headers[name] for name in ("Content-Type", "Retry-After") if name in said.headers}
                return said.status, kept, said.read()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 128

        def handle_error(self, *_: Any) -> None:
            """A customer that went away in the middle, or that did not like the certificate."""

    server = Server(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    made.host = f"{'http' if certificate is None else 'https'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _misbehave(made: Proxy, fault: Fault | None) -> tuple[int, dict[str, str], bytes]:
    if fault is Fault.THROTTLE:
        return 429, {"Retry-After": str(RETRY_AFTER)}, b"{}"
    if fault is Fault.REDIRECT:
        # 307 asks to send the body, and whatever else there is, once more elsewhere
        return 307, {"Location": f"{made.away}/api/tickets/"}, b""
    return 503, {}, b"<h1>Service Unavailable</h1>"


def papers(folder: Path, name: str) -> tuple[Path, Path]:
    """An authority of our own, and a key with a certificate of it for a name ("IP:127.0.0.1", "DNS:desk.test")."""

    def issue(file: str, *options: str) -> None:
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        files = ["-keyout", f"{file}.key", "-out", f"{file}.crt", "-subj", f"/CN={file}", "-days", "2"]
        subprocess.run([*command, *files, *options], cwd=folder, check=True, capture_output=True)

    issue("authority")
    by = ("-CA", "authority.crt", "-CAkey", "authority.key", "-addext", "basicConstraints=critical,CA:FALSE")
    issue("desk", *by, "-addext", f"subjectAltName={name}")
    both = folder / "desk.pem"
    both.write_text((folder / "desk.key").read_text() + (folder / "desk.crt").read_text())
    return folder / "authority.crt", both


class Witness:
    """What django-helpdesk's database holds, read past its interface and past our adapter."""

    def __init__(self, desk: Desk) -> None:
        self._path = desk.folder / "desk.sqlite3"

    def tickets(self, run: str) -> dict[str, list[str]]:
        """By contact, the tickets of a run."""
        found: dict[str, list[str]] = {}
        for ticket, key in self._ask(
            "SELECT run.ticket_id, key.value FROM helpdesk_ticketcustomfieldvalue run "
            "JOIN helpdesk_customfield AS r ON r.id = run.field_id AND r.name = 'run' "
            "JOIN helpdesk_ticketcustomfieldvalue AS key ON key.ticket_id = run.ticket_id "
            "JOIN helpdesk_customfield AS k ON k.id = key.field_id AND k.name = 'key' "
            "WHERE run.value = ? ORDER BY run.ticket_id",
            run,
        ):
            found.setdefault(key, []).append(str(ticket))
        return found

    def created(self, ticket: str) -> str:
        """When, in UTC, by the desk's clock."""
        return str(self._ask("SELECT created FROM helpdesk_ticket WHERE id = ?", ticket)[0][0])

    def said(self, ticket: str) -> list[tuple[str, int, int | None]]:
        """Its messages and changes in their order: text, account (1 for customers, 2 for agents), new status."""
        asked = "SELECT comment, user_id, new_status FROM helpdesk_followup WHERE ticket_id = ? ORDER BY id"
        return self._ask(asked, ticket)

    def record(self, ticket: str) -> list[tuple[Any, ...]]:
        """Everything that the database holds about a ticket: every column of every row that names it."""
        rows: list[tuple[Any, ...]] = self._ask("SELECT * FROM helpdesk_ticket WHERE id = ?", ticket)
        for table in ("followup", "ticketcc", "ticketcustomfieldvalue", "ticketdependency"):
            rows += self._ask(f"SELECT '{table}', * FROM helpdesk_{table} WHERE ticket_id = ? ORDER BY id", ticket)
        for table in ("ticketchange", "followupattachment"):
            rows += self._ask(
                f"SELECT '{table}', * FROM helpdesk_{table} WHERE followup_id IN "
                "(SELECT id FROM helpdesk_followup WHERE ticket_id = ?) ORDER BY id",
                ticket,
            )
        return rows

    def forgets(self) -> None:
        """Delete all tickets, whoever made them."""
        with closing(sqlite3.connect(self._path, timeout=20)) as database, database:
            for table in ("ticketchange", "followupattachment", "followup", "ticketcc", "ticketcustomfieldvalue",
                          "ticketdependency", "ticket"):  # fmt: skip
                database.execute(f"DELETE FROM helpdesk_{table}")

    def _ask(self, sql: str, *values: Any) -> list[Any]:
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=20)) as database:
            return database.execute(sql, values).fetchall()
