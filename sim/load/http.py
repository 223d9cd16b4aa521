"""HTTP to the one desk that the guard has allowed; for thousands of customers in one process, or for one.

A request goes to an address that was pinned when the host was resolved, and to no other: redirects are not followed,
the environment's proxies are not read, and names are not resolved again. TLS is always verified, against the name.
Nothing is sent twice that could happen twice: only a GET, HEAD or OPTIONS is asked again, once, and only if a kept
connection died before a byte of the answer.

By default every customer has connections of their own, as customers at their own computers have: a new one pays for
TCP and TLS. They are kept between the customer's requests, and closed by `close` (before a long wait, or at the end).
Sessions that are not `fresh` share the pool's connections instead.

Sockets are gevent's, so that customers take turns inside Locust; in an ordinary process they simply block. A pool
belongs to the thread that uses it.
"""

from __future__ import annotations

import json as _json
import re
import select
import ssl
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlencode

import gevent.socket
import gevent.ssl
from gevent.monkey import get_original
from geventhttpclient.response import HTTPParseError, HTTPResponse

from sim.errors import UsageError
from sim.helpdesks.protocol import Kind, Response, Trouble
from sim.load.guard import Refused, Target, check_peer, same_origin

USER_AGENT = "supportsim"
TIMEOUT = 30.0
LARGEST = 8 * 1024 * 1024
"""Bytes of an answer, its headers included."""
IDLE = 4.0
"""Seconds for which an unused connection is used again; common servers close theirs after five."""
OWN, SHARED = 2, 64
"""Unused connections that are kept: of one customer, and of all who share."""
_BLOCK = 65_536
_SAFE = ("GET", "HEAD", "OPTIONS")
_METHOD = re.compile(r"[A-Z]+")
_FIELD = re.compile(r"[A-Za-z0-9-]+")
_VALUE = re.compile(r"[\t -~\x80-\xff]*")
_OURS = {"host", "connection", "user-agent", "accept-encoding", "expect", "transfer-encoding"}
_OURS |= {"content-length", "content-type"}
# Locust replaces select's; this one only looks, and takes descriptors above 1,024
_poll = get_original("select", "poll")


class Timing(NamedTuple):
    """Seconds that a request took: to connect (0 on a kept connection), and in all."""

    connect: float
    total: float


class _Unanswered(Trouble):
    """The connection ended before a byte of the answer."""


class _Kept(NamedTuple):
    """A connection that is not in use, and when that began."""

    socket: gevent.socket.socket
    since: float


class _Answer(HTTPResponse):
    """The parser of one answer."""

    @property
    def done(self) -> bool:
        return self.message_complete and self.get_code() >= 200

    @property
    def body(self) -> bytes:
        return bytes(self._body_buffer)

    def _on_message_begin(self) -> None:
        if self.message_complete and self.status_seen >= 200:
            raise HTTPParseError("more than was asked for")
        super()._on_message_begin()

    def _on_headers_complete(self) -> int | bool | None:
        self.status_seen = self.get_code()
        return super()._on_headers_complete()


def tls_context(cafile: Path | None = None) -> ssl.SSLContext:
    """A context that verifies chain and name: against the machine's authorities, or those of a PEM file alone.

    Raises:
        UsageError: the file cannot be read, or holds no certificates.
    """
    context: ssl.SSLContext = gevent.ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if cafile is None:
        context.load_default_certs()
        return context
    try:
        context.load_verify_locations(cafile=cafile)
    except OSError as problem:
        raise UsageError(f"{cafile} holds no certificates that can be used: {problem.strerror}") from None
    return context


class Pool:
    """What the customers of one desk have in common: the target and, over TLS, the context (which is slow to make)."""

    def __init__(
        self, target: Target, *, cafile: Path | None = None, user_agent: str = USER_AGENT, timeout: float = TIMEOUT
    ) -> None:
        self.target = target
        self._context = tls_context(cafile) if target.scheme == "https" else None
        self._user_agent, self._timeout = user_agent, timeout
        self._kept: list[_Kept] = []

    def session(self, *, fresh: bool = True) -> HttpSession:
        """A session for one customer: with connections of its own if fresh, else with the pool's."""
        return HttpSession(
            self.target,
            user_agent=self._user_agent,
            timeout=self._timeout,
            context=self._context,
            shared=None if fresh else self._kept,
        )

    def close(self) -> None:
        """Closes the shared connections that are not in use."""
        _close(self._kept)


class HttpSession:
    """`sim.helpdesks.protocol.Session` to a target. Holds no header and no token.

    Args:
        cafile: authorities to trust instead of the machine's.
        timeout: the most seconds that a request may take, whatever it asks for.
        context: of TLS, made before; else one is made.
        shared: connections to use and to leave behind; else it has its own.
    """

    def __init__(
        self,
        target: Target,
        *,
        cafile: Path | None = None,
        user_agent: str = USER_AGENT,
        timeout: float = TIMEOUT,
        context: ssl.SSLContext | None = None,
        shared: list[_Kept] | None = None,
    ) -> None:
        self.target = target
        self.last: Timing | None = None
        """Of the newest request that was answered. Means something only to whoever has the session to themselves."""
        self._context = tls_context(cafile) if context is None and target.scheme == "https" else context
        self._timeout = timeout
        self._kept: list[_Kept] = [] if shared is None else shared
        self._own = shared is None
        self._fixed = _lines({"User-Agent": user_agent, "Accept-Encoding": "identity"})

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = TIMEOUT,
    ) -> Response:
        """One request for a path, or for a URL of the target's origin. A path gets the target's base path before it.

        Raises:
            Trouble: `CONNECTION`, `TIMEOUT`, `TLS`, or `REDIRECT` for a URL elsewhere (a desk's answer may hold one).
            Its text holds the method and the path, without the query.
            ValueError: a method or a header is malformed, or a header is this class's to set.
        """
        began = time.monotonic()
        deadline = began + min(timeout, self._timeout)
        try:
            asked = same_origin(self.target, path)
        except Refused as refused:
            raise Trouble(Kind.REDIRECT, f"{method}: {refused.what}") from None
        message = self._message(method, asked, json, form, headers)
        what = f"{method} {asked.partition('?')[0]}"
        kept = self._take()
        if kept is not None:
            try:
                response = self._exchange(kept, message, what, deadline)
            except _Unanswered:
                if method not in _SAFE:
                    raise
            else:
                self.last = Timing(0.0, time.monotonic() - began)
                return response
        opened = self._connect(what, deadline)
        connected = time.monotonic()
        response = self._exchange(opened, message, what, deadline)
        self.last = Timing(connected - began, time.monotonic() - began)
        return response

    def close(self) -> None:
        """Closes the session's own connections that are not in use. It can be used again, and then opens new ones."""
        if self._own:
            _close(self._kept)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _message(
        self, method: str, asked: str, json: Any, form: Mapping[str, str] | None, headers: Mapping[str, str] | None
    ) -> bytes:
        """A request as it is sent, in one piece."""
        if not _METHOD.fullmatch(method):
            raise ValueError("a method is written in capitals")
        body, kind = b"", ""
        if json is not None:
            body, kind = _json.dumps(json, allow_nan=False).encode(), "application/json"
        elif form is not None:
            body, kind = urlencode(form).encode(), "application/x-www-form-urlencoded"
        own = {"Content-Type": kind} if kind else {}
        if body or method not in _SAFE:
            own["Content-Length"] = str(len(body))
        given = headers or {}
        if taken := _OURS.intersection(map(str.lower, given)):
            raise ValueError(f"the session sets these headers itself: {', '.join(sorted(taken))}")
        first = f"{method} {asked} HTTP/1.1\r\nHost: {self.target.netloc}\r\n"
        head = f"{first}{self._fixed}{_lines(own)}{_lines(given)}\r\n"
        return head.encode("latin-1") + body

    def _take(self) -> gevent.socket.socket | None:
        """A kept connection that is young, and that the desk has not closed."""
        while self._kept:
            kept = self._kept.pop()
            if time.monotonic() - kept.since < IDLE and not _readable(kept.socket):
                return kept.socket
            kept.socket.close()
        return None

    def _keep(self, sock: gevent.socket.socket) -> None:
        if len(self._kept) < (OWN if self._own else SHARED):
            self._kept.append(_Kept(sock, time.monotonic()))
        else:
            sock.close()

    def _connect(self, what: str, deadline: float) -> gevent.socket.socket:
        """A new connection to the first pinned address that takes one; each gets its share of the time left."""
        addresses = self.target.addresses
        problem = OSError()
        for tried, address in enumerate(addresses):
            try:
                sock = self._open(address, _left(deadline) / (len(addresses) - tried))
            except Refused as refused:
                raise Trouble(Kind.CONNECTION, f"{what}: {refused.what}") from None
            except OSError as failed:
                problem = failed
                continue
            return sock if self._context is None else self._secure(sock, what, deadline)
        kind = Kind.TIMEOUT if isinstance(problem, TimeoutError) else Kind.CONNECTION
        raise Trouble(kind, f"{what}: no connection: {_reason(problem)}")

    def _open(self, address: str, seconds: float) -> gevent.socket.socket:
        """A connection to an address, whose other end is checked before anything is sent."""
        sock = gevent.socket.socket(gevent.socket.AF_INET6 if ":" in address else gevent.socket.AF_INET)
        try:
            sock.settimeout(seconds)
            sock.connect((address, self.target.port))
            check_peer(self.target, sock.getpeername()[0])
            sock.setsockopt(gevent.socket.IPPROTO_TCP, gevent.socket.TCP_NODELAY, 1)
        except BaseException:
            sock.close()
            raise
        return sock

    def _secure(self, sock: gevent.socket.socket, what: str, deadline: float) -> gevent.socket.socket:
        """The connection with TLS on it, verified against the target's name."""
        assert self._context is not None
        secured = self._context.wrap_socket(sock, server_hostname=self.target.host, do_handshake_on_connect=False)
        try:
            secured.settimeout(_left(deadline))
            secured.do_handshake()
        except OSError as problem:
            secured.close()
            if isinstance(problem, TimeoutError):
                raise Trouble(Kind.TIMEOUT, f"{what}: TLS took too long") from None
            kind = Kind.TLS if isinstance(problem, ssl.SSLError) else Kind.CONNECTION
            raise Trouble(kind, f"{what}: no TLS: {_reason(problem)}") from None
        except BaseException:
            secured.close()
            raise
        return secured

    def _exchange(self, sock: gevent.socket.socket, message: bytes, what: str, deadline: float) -> Response:
        """Sends a request and reads its answer; the connection is kept if it can be used again, else closed."""
        answer = _Answer(method=what.partition(" ")[0])
        received, keep = 0, False
        try:
            sock.settimeout(_left(deadline))
            sock.sendall(message)
            while not answer.done:
                sock.settimeout(_left(deadline))
                block = sock.recv(_BLOCK)
                received += len(block)
                if not received:
                    raise _Unanswered(Kind.CONNECTION, f"{what}: closed without an answer")
                if received > LARGEST:
                    raise Trouble(Kind.CONNECTION, f"{what}: broken off, the answer is larger than {LARGEST:,} bytes")
                answer.feed(block)  # an empty one is the end: all there is, or an error
                if not block and not answer.done:
                    raise Trouble(Kind.CONNECTION, f"{what}: closed in the middle of the answer")
            keep = not answer.should_close()
        except OSError as problem:
            if isinstance(problem, TimeoutError):
                raise Trouble(Kind.TIMEOUT, f"{what}: no answer in time") from None
            broken = Trouble if received else _Unanswered
            raise broken(Kind.CONNECTION, f"{what}: {_reason(problem)}") from None
        except HTTPParseError:
            # without its cause: that one can hold headers
            raise Trouble(Kind.CONNECTION, f"{what}: what came back is not HTTP, or is cut off") from None
        finally:
            if keep:
                self._keep(sock)
            else:
                sock.close()
        return Response(answer.get_code(), _headers(answer), answer.body)


def _headers(answer: _Answer) -> dict[str, str]:
    """Names in lower case; a header that came more than once is joined, as RFC 9110 5.2 has it."""
    joined: dict[str, str] = {}
    for name, value in answer.items():
        key = name.lower()
        joined[key] = f"{joined[key]}, {value}" if key in joined else value
    return joined


def _lines(headers: Mapping[str, str]) -> str:
    for name, value in headers.items():
        if not _FIELD.fullmatch(name) or not _VALUE.fullmatch(value):
            raise ValueError(f"the header {name!r} holds what a header cannot hold")
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())


def _left(deadline: float) -> float:
    """Seconds that are left, of which there are some."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _reason(problem: OSError) -> str:
    """What the system says, in words that hold nothing of ours."""
    return getattr(problem, "verify_message", "") or problem.strerror or type(problem).__name__


def _readable(sock: gevent.socket.socket) -> bool:
    """Whether something waits on a connection that should be silent: its end, or an answer to nothing."""
    poll = _poll()
    poll.register(sock.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _close(kept: list[_Kept]) -> None:
    while kept:
        kept.pop().socket.close()
