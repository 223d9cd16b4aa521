"""HTTP behind the guard, over real sockets of this machine: what is sent where, and what becomes of every failure."""

from __future__ import annotations

import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import gevent.socket
import pytest

from sim.errors import UsageError
from sim.helpdesks.protocol import Kind, Response, Trouble, judge
from sim.load import http
from sim.load.guard import Target, target
from sim.load.http import HttpSession, Pool, tls_context

ROOT = Path(__file__).parent.parent.parent
CANARY = "canary-of-a-token"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Server:
    """A server on loopback: its port, how many connections it took, and the requests it read."""

    port: int = 0
    connections: int = 0
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    """/status/N answers N; /away redirects to where the server says; all else is 200 with the request as JSON."""

    protocol_version = "HTTP/1.1"
    timeout = 10
    books: Server
    away = ""

    def setup(self) -> None:
        super().setup()
        self.books.connections += 1

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            self.close_connection = True

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.books.requests.append((self.command, self.path, dict(self.headers), body))
        away = self.path.endswith("/away")
        status = 307 if away else int(self.path.rsplit("/", 1)[1]) if "/status/" in self.path else 200
        text = json.dumps({"path": self.path, "body": body.decode()}).encode()
        self.send_response(status)
        self.send_header("X-Two", "a")
        self.send_header("x-two", "b")
        if away:
            self.send_header("Location", self.away)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD" and status not in (204, 304):
            self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _answer  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is printed."""


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A handshake that fails is the test's doing."""


Serve = Callable[..., Server]
Script = Callable[[socket.socket], None]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts HTTP servers, over TLS with a certificate; they stop with the test. /away redirects to `away`."""
    running = []

    def start(away: str = "", certificate: Path | None = None, address: str = "127.0.0.1", port: int = 0) -> Server:
        books = Server()
        handler = type("Handler", (_Handler,), {"books": books, "away": away})
        server = _Quiet((address, port), handler)
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        running.append(server)
        books.port = server.server_address[1]
        return books

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture
def play() -> Iterator[Callable[..., Server]]:
    """Starts a server whose connections are played one after the other by the scripts, each closed after its own."""
    ends: list[tuple[socket.socket, threading.Thread]] = []

    def start(*scripts: Script) -> Server:
        books = Server()
        listener = socket.create_server(("127.0.0.1", 0))
        books.port = listener.getsockname()[1]

        def loop() -> None:
            for script in scripts:
                try:
                    connection = listener.accept()[0]
                except OSError:
                    return
                books.connections += 1
                with connection:
                    connection.settimeout(5)
                    try:
                        script(connection)
                    except OSError:
                        continue

        thread = threading.Thread(target=loop, daemon=True)
        thread.start()
        ends.append((listener, thread))
        return books

    yield start
    for listener, thread in ends:
        # close alone does not wake who accepts
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def says(answer: bytes) -> Script:
    """Reads a request, and sends these bytes."""

    def script(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(answer)

    return script


def resets(after: bytes = b"") -> Script:
    """Reads a request, sends these bytes, and resets the connection."""

    def script(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(after)
        time.sleep(0.05)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return script


def stalls(after: bytes = b"") -> Script:
    """Reads a request, sends these bytes, and is silent until the client leaves."""

    def script(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(after)
        connection.recv(1)

    return script


def drips(connection: socket.socket) -> None:
    """Sends a byte of an endless header every 20 ms."""
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    for _ in range(250):
        connection.sendall(b"a")
        time.sleep(0.02)


def here(server: Server, *, host: str = "127.0.0.1", scheme: str = "http", path: str = "") -> Target:
    url = f"{scheme}://{host}:{server.port}{path}"
    return target(url, allowed=[], named=None, staging=None, outbound_mail=None)


def trouble(session: HttpSession, method: str = "POST", path: str = "/tickets", **options: Any) -> Trouble:
    """What a request that carries a canary in all its parts ends in; none of it shows."""
    with pytest.raises(Trouble) as failed, session:
        session.request(
            method, f"{path}?q={CANARY}", json={"text": CANARY}, headers={"Authorization": CANARY}, **options
        )
    chain = f"{failed.value!r} {failed.value.what} {failed.value.__cause__!r}"
    assert failed.value.__suppress_context__ or failed.value.__context__ is None
    assert CANARY not in chain
    return failed.value


def resolves(monkeypatch: pytest.MonkeyPatch, **names: list[str]) -> None:
    """`desk_test=["127.0.0.1"]`: desk.test has these addresses, and no other name has any."""

    def resolve(host: str, port: int, **_: int) -> list[Any]:
        if host.replace(".", "_") not in names:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(0, 0, 0, "", (address, port)) for address in names[host.replace(".", "_")]]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


# --- what is sent, and what comes back ---


def test_a_request_arrives_as_it_was_meant(serve: Serve) -> None:
    """Method, base path, query, Host, agent, body and headers reach the desk; status, headers and body come back."""
    server = serve()
    with HttpSession(here(server, path="/rt/"), user_agent="tests") as session:
        response = session.request(
            "POST", "/tickets?a=1", json={"text": "ü\r\n"}, headers={"X-Sim-Contact": "17.1", "Authorization": "x"}
        )
        assert response.json() == {"path": "/rt/tickets?a=1", "body": '{"text": "\\u00fc\\r\\n"}'}
        assert (response.status, response.headers["x-two"]) == (200, "a, b")
        session.request("PUT", f"http://127.0.0.1:{server.port}/whole", form={"a": "1 &", "b": "ü"})
        session.request("POST", "/empty")
    (method, path, headers, _), (_, whole, forms, form), (_, _, empty, _) = server.requests
    assert (method, path, whole) == ("POST", "/rt/tickets?a=1", "/whole")
    assert headers["Host"] == f"127.0.0.1:{server.port}"
    assert (headers["User-Agent"], headers["X-Sim-Contact"]) == ("tests", "17.1")
    assert headers["Content-Type"] == "application/json"
    assert forms["Content-Type"] == "application/x-www-form-urlencoded"
    assert form == b"a=1+%26&b=%C3%BC"
    assert empty["Content-Length"] == "0"


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304), ("DELETE", 500)])
def test_a_status_is_an_answer_whatever_it_is(serve: Serve, method: str, status: int) -> None:
    """Answers without a body, and those of failure, come back as responses, and the connection is kept."""
    server = serve()
    with HttpSession(here(server)) as session:
        for _ in range(2):
            assert session.request(method, f"/status/{status}").status == status
    assert server.connections == 1


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", "abc"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc", "abc"),
        (b"HTTP/1.1 100 Continue\r\n\r\n|HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na|bc", "abc"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""),
    ],
    ids=["chunked", "until it closes", "after 100", "empty"],
)
def test_every_way_to_end_a_body_is_read(play: Callable[..., Server], answer: bytes, body: str) -> None:
    """Chunks, the end of the connection, an interim answer and a length of 0 all give the body, if in pieces."""

    def script(connection: socket.socket) -> None:
        connection.recv(65_536)
        for piece in answer.split(b"|"):
            connection.sendall(piece)
            time.sleep(0.02)

    with HttpSession(here(play(script))) as session:
        assert session.request("GET", "/").text == body


@pytest.mark.parametrize(
    "headers", [{"X-A": f"{CANARY}\r\nX: y"}, {"X-A\n": "b"}, {"X-A": "€"}, {"host": "other.test"}, {"Expect": "x"}]
)
def test_a_header_cannot_hold_another(serve: Serve, headers: dict[str, str]) -> None:
    """Line breaks, what is no Latin-1, and the session's own headers are refused; nothing is sent, no value shows."""
    server = serve()
    with HttpSession(here(server)) as session, pytest.raises(ValueError, match="header") as wrong:
        session.request("GET", "/", headers=headers)
    assert CANARY not in str(wrong.value)
    assert server.connections == 0


# --- nowhere else ---


def test_a_redirect_is_an_outcome(serve: Serve) -> None:
    """A 307 to a second host comes back as it is, is trouble once judged, and the second host hears nothing."""
    second = serve()
    first = serve(away=f"http://127.0.0.1:{second.port}/stolen")
    with HttpSession(here(first)) as session:
        response = session.request("POST", "/away", json={"text": CANARY}, headers={"X-Api-Key": CANARY})
        with pytest.raises(Trouble) as failed:
            judge(response, "create a ticket")
        assert failed.value.kind == Kind.REDIRECT
        elsewhere = trouble(session, "GET", response.headers["location"])
    assert elsewhere.kind == Kind.REDIRECT
    assert (len(first.requests), second.connections) == (1, 0)


def test_proxies_of_the_environment_are_ignored(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """With every proxy variable set to a second server, the first one is asked and the second one hears nothing."""
    proxy, server = serve(), serve()
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv(name.upper(), f"http://127.0.0.1:{proxy.port}")
    monkeypatch.delenv("no_proxy", raising=False)
    with HttpSession(here(server)) as session:
        assert session.request("GET", "/").status == 200
    assert (len(server.requests), proxy.connections) == (1, 0)


def test_a_name_that_moves_moves_nobody(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the name has gone to another address, new connections still reach the pinned one, by the name in Host."""
    server = serve()
    moved = serve(address="127.0.0.2", port=server.port)
    resolves(monkeypatch, desk_test=["127.0.0.1"])
    desk = here(server, host="desk.test")
    resolves(monkeypatch, desk_test=["127.0.0.2"])
    with HttpSession(desk) as session:
        session.request("GET", "/")
    assert server.requests[0][2]["Host"] == f"desk.test:{server.port}"
    assert moved.connections == 0


@pytest.mark.parametrize("addresses", [["127.0.0.2", "127.0.0.1"], ["::1", "127.0.0.1"], ["::ffff:127.0.0.1"]])
def test_the_next_address_is_tried(serve: Serve, monkeypatch: pytest.MonkeyPatch, addresses: list[str]) -> None:
    """Of a name with two addresses, the one that takes connections answers; a mapped address reaches its server."""
    server = serve()
    resolves(monkeypatch, desk_test=addresses)
    with HttpSession(here(server, host="desk.test")) as session:
        assert session.request("POST", "/").status == 200
    assert len(server.requests) == 1


def test_a_wrong_peer_hears_nothing(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection whose other end is no pinned address is closed before a byte is sent."""
    server = serve()
    monkeypatch.setattr(gevent.socket.socket, "getpeername", lambda _: ("192.0.2.99", 80), raising=False)
    wrong = trouble(HttpSession(here(server)))
    assert wrong.kind == Kind.CONNECTION
    assert "192.0.2.99" in wrong.what
    assert server.requests == []


# --- connections ---


def test_a_customer_keeps_a_connection_of_their_own(serve: Serve) -> None:
    """Three requests of a customer take one connection, those of the next customer another, and `close` ends it."""
    server = serve()
    pool = Pool(here(server))
    for customer in range(2):
        with pool.session() as session:
            for _ in range(3):
                session.request("POST", "/")
            assert session.last is not None
            assert session.last.connect == 0.0 < session.last.total
            session.close()
            session.request("GET", "/")
            assert 0.0 < session.last.connect < session.last.total
        assert server.connections == 2 * (customer + 1)


def test_agents_share_connections(serve: Serve) -> None:
    """Sessions that are not fresh take one another's connection, and leave it when they close."""
    server = serve()
    pool = Pool(here(server))
    for _ in range(3):
        with pool.session(fresh=False) as session:
            session.request("GET", "/")
    assert server.connections == 1
    pool.close()
    pool.session(fresh=False).request("GET", "/")
    assert server.connections == 2
    pool.close()


def test_many_ask_at_once(serve: Serve) -> None:
    """Twenty greenlets on one session are served side by side, and no more than two connections stay."""
    import gevent

    server = serve()
    with HttpSession(here(server)) as session:
        jobs = [gevent.spawn(session.request, "GET", f"/{number}") for number in range(20)]
        gevent.joinall(jobs, timeout=10)
        assert sorted(job.value.json()["path"] for job in jobs) == sorted(f"/{number}" for number in range(20))
        assert len(session._kept) <= http.OWN


def test_an_old_connection_is_not_used_again(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that was idle for too long gives way to a new one."""
    server = serve()
    with HttpSession(here(server)) as session:
        session.request("GET", "/")
        monkeypatch.setattr(http, "IDLE", 0.0)
        session.request("GET", "/")
    assert server.connections == 2


def test_a_desk_that_says_close_gets_a_new_connection(play: Callable[..., Server]) -> None:
    """A connection that the desk means to close is not kept, though it is still open."""
    server = play(stalls(OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n")), says(OK))
    with HttpSession(here(server)) as session:
        for _ in range(2):
            assert session.request("POST", "/").text == "ok"
    assert server.connections == 2


def test_a_connection_that_the_desk_closed_is_noticed(play: Callable[..., Server]) -> None:
    """After the desk has closed an idle connection, even a POST goes out, once, on a new one."""
    server = play(says(OK), says(OK))
    with HttpSession(here(server)) as session:
        session.request("GET", "/")
        time.sleep(0.1)
        assert session.request("POST", "/").text == "ok"
    assert server.connections == 2


@pytest.mark.parametrize(("method", "again"), [("GET", True), ("HEAD", True), ("POST", False), ("PUT", False)])
def test_only_a_safe_request_is_asked_again(play: Callable[..., Server], method: str, again: bool) -> None:
    """On a kept connection that dies before an answer, GET and HEAD are asked once more; POST and PUT never are."""
    seen: list[bytes] = []

    def twice(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(OK)
        seen.append(connection.recv(65_536))

    def once(connection: socket.socket) -> None:
        seen.append(connection.recv(65_536))
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    server = play(twice, once)
    with HttpSession(here(server)) as session:
        session.request("GET", "/")
        if again:
            assert session.request(method, "/again").status == 204
        else:
            assert trouble(session, method).kind == Kind.CONNECTION
    assert len(seen) == server.connections == (2 if again else 1)


def test_a_safe_request_is_asked_again_once(play: Callable[..., Server]) -> None:
    """A GET whose second try dies too is trouble, and so is one whose first try was on a new connection."""

    def twice(connection: socket.socket) -> None:
        says(OK)(connection)
        connection.recv(65_536)

    server = play(twice, says(b""), says(OK))
    with HttpSession(here(server)) as session:
        session.request("GET", "/")
        assert trouble(session, "GET").kind == Kind.CONNECTION
    assert server.connections == 2
    server = play(says(b""), says(OK))
    assert trouble(HttpSession(here(server)), "GET").kind == Kind.CONNECTION
    assert server.connections == 1


def test_a_request_whose_answer_broke_off_is_not_asked_again(play: Callable[..., Server]) -> None:
    """A GET on a kept connection that is reset in the middle of the answer is trouble, and asked once."""

    def script(connection: socket.socket) -> None:
        says(OK)(connection)
        resets(b"HTTP/1.1 200 OK\r\n")(connection)

    server = play(script, says(OK))
    with HttpSession(here(server)) as session:
        session.request("GET", "/")
        assert trouble(session, "GET").kind == Kind.CONNECTION
    assert server.connections == 1


# --- failures ---


@pytest.mark.parametrize(
    ("script", "kind", "word"),
    [
        (resets(), Kind.CONNECTION, "reset"),
        (resets(b"HTTP/1.1 200 OK\r\n"), Kind.CONNECTION, "reset"),
        (says(b""), Kind.CONNECTION, "without an answer"),
        (says(b"HTTP/1.1 200 OK\r\nContent-Le"), Kind.CONNECTION, "cut off"),
        (says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"), Kind.CONNECTION, "cut off"),
        (says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nab"), Kind.CONNECTION, "cut off"),
        (says(b"220 mail.desk.test ESMTP\r\n"), Kind.CONNECTION, "not HTTP"),
        (says(OK + b"HTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\n2"), Kind.CONNECTION, "not HTTP"),
        (says(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 9_000_000), Kind.CONNECTION, "larger"),
        (says(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n" + b"a" * 9_000_000), Kind.CONNECTION, "larger"),
        (stalls(), Kind.TIMEOUT, "in time"),
        (stalls(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"), Kind.TIMEOUT, "in time"),
        (drips, Kind.TIMEOUT, "in time"),
    ],
    ids=[
        *("reset", "reset in headers", "closed", "half headers", "half body", "half chunk", "no HTTP", "two answers"),
        *("large headers", "large body", "stall", "stall in body", "drip"),
    ],
)
def test_a_broken_answer_is_trouble(play: Callable[..., Server], script: Script, kind: Kind, word: str) -> None:
    """What comes back instead of an answer has its kind, tells method and path, ends in time, and is not repeated."""
    server = play(script, says(OK))
    began = time.monotonic()
    failed = trouble(HttpSession(here(server)), timeout=5.0 if kind == Kind.CONNECTION else 0.4)
    assert (failed.kind, failed.may_exist) == (kind, True)
    assert word in failed.what
    assert failed.what.startswith("POST /tickets: ")
    assert time.monotonic() - began < 3.0
    assert server.connections == 1


def test_the_session_caps_the_time_of_a_request(play: Callable[..., Server]) -> None:
    """The session's own timeout holds where a request asks for more."""
    assert trouble(HttpSession(here(play(stalls())), timeout=0.2), timeout=60.0).kind == Kind.TIMEOUT


def test_nobody_listens() -> None:
    """A port without a server is trouble with the connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        books = Server(listener.getsockname()[1])
    failed = trouble(HttpSession(here(books)))
    assert (failed.kind, "refused" in failed.what) == (Kind.CONNECTION, True)


def test_a_greenlet_that_is_killed_leaves_no_connection(play: Callable[..., Server]) -> None:
    """Killing who waits for an answer closes the connection; it is not kept for the next request."""
    import gevent

    server = play(stalls(), says(OK))
    with HttpSession(here(server)) as session:
        customer = gevent.spawn(session.request, "GET", "/")
        gevent.sleep(0.1)
        customer.kill()
        assert session._kept == []
        assert session.request("GET", "/").text == "ok"


# --- TLS ---


@dataclass(frozen=True)
class Papers:
    """Certificates: an authority, and keys with certificates of it for desk.test and 127.0.0.1, and for other.test."""

    authority: Path
    stranger: Path
    desk: Path
    other: Path


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    folder = tmp_path_factory.mktemp("papers")

    def issue(name: str, *options: str) -> Path:
        """NAME.pem: a key, and a certificate for it."""
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        files = ["-keyout", f"{name}.key", "-out", f"{name}.crt", "-subj", f"/CN={name}", "-days", "2"]
        subprocess.run([*command, *files, *options], cwd=folder, check=True, capture_output=True)
        both = (folder / f"{name}.key").read_text() + (folder / f"{name}.crt").read_text()
        (folder / f"{name}.pem").write_text(both)
        return folder / f"{name}.pem"

    issue("authority")
    issue("stranger")
    by = ("-CA", "authority.crt", "-CAkey", "authority.key", "-addext", "basicConstraints=critical,CA:FALSE")
    desk = issue("desk.test", *by, "-addext", "subjectAltName=DNS:desk.test,IP:127.0.0.1")
    other = issue("other.test", *by, "-addext", "subjectAltName=DNS:other.test")
    return Papers(folder / "authority.crt", folder / "stranger.crt", desk, other)


@pytest.mark.parametrize("host", ["desk.test", "DESK.test.", "127.0.0.1"])
def test_tls_is_verified_against_the_name(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, papers: Papers, host: str
) -> None:
    """A certificate of the given authority for the name, or the address that stands for it, is trusted, and kept."""
    server = serve(certificate=papers.desk)
    resolves(monkeypatch, desk_test=["127.0.0.1"], **{"127_0_0_1": ["127.0.0.1"]})
    with HttpSession(here(server, scheme="https", host=host), cafile=papers.authority) as session:
        for _ in range(2):
            assert session.request("POST", "/", json=1).status == 200
    assert server.connections == 1


@pytest.mark.parametrize(
    ("certificate", "authority", "word"),
    [("other", "authority", "ostname"), ("desk", "stranger", "issuer"), ("desk", None, "issuer")],
)
def test_a_certificate_that_is_not_trusted_hears_nothing(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, papers: Papers, certificate: str, authority: str | None, word: str
) -> None:
    """One for another name, of another authority, or of one that the machine does not know is TLS trouble."""
    server = serve(certificate=getattr(papers, certificate))
    resolves(monkeypatch, desk_test=["127.0.0.1"])
    cafile = None if authority is None else getattr(papers, authority)
    failed = trouble(HttpSession(here(server, scheme="https", host="desk.test"), cafile=cafile))
    assert (failed.kind, failed.may_exist) == (Kind.TLS, False)
    assert word in failed.what
    assert server.requests == []


def test_the_server_is_told_the_name(
    monkeypatch: pytest.MonkeyPatch, papers: Papers, play: Callable[..., Server]
) -> None:
    """The handshake names the host, not the address that was pinned."""
    told: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(papers.desk)
    context.sni_callback = lambda _, name, __: told.append(name)

    def script(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            says(OK)(secured)

    server = play(script)
    resolves(monkeypatch, desk_test=["127.0.0.1"])
    with HttpSession(here(server, scheme="https", host="desk.test"), cafile=papers.authority) as session:
        session.request("GET", "/")
    assert told == ["desk.test"]


@pytest.mark.parametrize(
    ("script", "kind"),
    [(says(OK), Kind.TLS), (says(b""), Kind.TLS), (stalls(), Kind.TIMEOUT), (resets(), Kind.CONNECTION)],
    ids=["plain HTTP", "closed", "stall", "reset"],
)
def test_a_handshake_that_fails_is_trouble(
    play: Callable[..., Server], papers: Papers, script: Script, kind: Kind
) -> None:
    """A server without TLS, one that closes, one that stalls and one that resets have their kinds."""
    desk = here(play(script), scheme="https")
    assert trouble(HttpSession(desk, cafile=papers.authority), timeout=0.5).kind == kind


def test_a_stall_after_the_handshake_is_a_timeout(papers: Papers, play: Callable[..., Server]) -> None:
    """A desk that is silent over TLS is trouble of kind timeout, as one without TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(papers.desk)

    def script(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            stalls()(secured)

    desk = here(play(script), scheme="https")
    failed = trouble(HttpSession(desk, cafile=papers.authority), timeout=0.5)
    assert (failed.kind, failed.may_exist) == (Kind.TIMEOUT, True)


def test_the_context_is_made_once(serve: Serve, monkeypatch: pytest.MonkeyPatch, papers: Papers) -> None:
    """Customers of a pool share its TLS context: ten of them load the authorities once."""
    made: list[Path | None] = []

    def context(cafile: Path | None = None) -> ssl.SSLContext:
        made.append(cafile)
        return tls_context(cafile)

    monkeypatch.setattr(http, "tls_context", context)
    pool = Pool(here(serve(certificate=papers.desk), scheme="https"), cafile=papers.authority)
    for _ in range(10):
        with pool.session() as session:
            assert session.request("GET", "/").status == 200
    assert made == [papers.authority]


def test_authorities_that_cannot_be_read_are_a_mistake_of_usage(tmp_path: Path) -> None:
    """A missing file and one without certificates are exit code 2, and named."""
    (tmp_path / "empty.pem").touch()
    for name in ("missing.pem", "empty.pem"):
        with pytest.raises(UsageError, match=name):
            tls_context(tmp_path / name)


# --- the same inside Locust ---

INSIDE = """
import sys, pathlib
import locust, gevent
from gevent import monkey
from sim.helpdesks.protocol import Trouble
from sim.load.guard import target
from sim.load.http import Pool

assert monkey.is_module_patched("socket")
url, cafile = sys.argv[1:]
desk = target(url, allowed=[], named=None, staging=None, outbound_mail=None)
pool = Pool(desk, cafile=pathlib.Path(cafile))
def live(number):
    with pool.session() as session:
        return [session.request("POST", f"/{number}", json=number).status for _ in range(3)]
jobs = [gevent.spawn(live, number) for number in range(50)]
gevent.joinall(jobs, raise_error=True)
assert all(job.value == [200] * 3 for job in jobs)
try:
    Pool(desk).session().request("POST", "/unknown", json="authority")
except Trouble as trouble:
    print(trouble.kind)
"""


def test_it_works_inside_locust(serve: Serve, papers: Papers) -> None:
    """In a process that Locust has patched, 50 customers at once send 3 requests each on 50 connections over TLS."""
    server = serve(certificate=papers.desk)
    done = subprocess.run(
        [sys.executable, "-c", INSIDE, f"https://127.0.0.1:{server.port}", str(papers.authority)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stdout) == (0, "tls\n"), done.stderr
    assert len(server.requests) == 150
    assert server.connections == 51


def test_a_response_of_the_session_is_the_protocols(serve: Serve) -> None:
    """What comes back is the adapters' Response, whose headers have lower-case names."""
    with HttpSession(here(serve())) as session:
        response = session.request("GET", "/")
    assert isinstance(response, Response)
    assert all(name == name.lower() for name in response.headers)
