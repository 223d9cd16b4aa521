"""What does a customer cost the load generator? CPU of a new HTTPS customer, and requests a second of one process.

A generator that is busier than the desk measures itself. So each round measures, in this process, against a small
server in another one: new customers with and without TLS (a session, one POST, closed again), what it would cost on top
if each made a TLS context, and requests on kept connections. The CPU is this process's alone; the requests a second are
of both processes, which share the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
MOST_CPU_MS = 2.0
"""Milliseconds of CPU that a new HTTPS customer may cost."""
CONTEXT_DIVISOR = 10
"""TLS contexts are slow to make, so there are this many times fewer of them."""
AT_ONCE = 20
"""Customers that take turns on their kept connections."""
OK, MISSED = 0, 3
_ANSWER = b'HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n{"id":1}'
_TICKET = {"subject": "Where is my order?", "body": "It was due on Monday. " * 20}


class _Desk(asyncio.Protocol):
    """Answers each request that arrives in one piece, which small ones on loopback do."""

    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(_ANSWER)


async def serve(certificate: Path) -> None:
    """Serves HTTP and HTTPS on two free ports, which it prints, until it is ended."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()
    for tls in (None, context):
        server = await loop.create_server(_Desk, "127.0.0.1", 0, ssl=tls, backlog=1_024)
        print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


@contextmanager
def desk() -> Iterator[tuple[str, str, Path]]:
    """A desk in another process: its URL, its URL with TLS, and the authority that vouches for it."""
    with TemporaryDirectory() as folder:
        key, certificate, both = (Path(folder, name) for name in ("desk.key", "desk.crt", "desk.pem"))
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        names = ["-subj", "/CN=desk", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
        subprocess.run([*command, *names, "-keyout", key, "-out", certificate], check=True, capture_output=True)
        both.write_text(key.read_text() + certificate.read_text())
        served = [sys.executable, "-m", "benchmarks.http_customers", "--serve", str(both)]
        with subprocess.Popen(served, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            plain, secured = server.stdout.readline().strip(), server.stdout.readline().strip()
            try:
                yield f"http://127.0.0.1:{plain}", f"https://127.0.0.1:{secured}", certificate
            finally:
                server.terminate()


def new_customers(url: str, cafile: Path | None, customers: int) -> float:
    """CPU ms a new customer, who sends one request."""
    from sim.load.guard import target
    from sim.load.http import Pool

    pool = Pool(target(url, allowed=[], named=None, staging=None, outbound_mail=None), cafile=cafile)
    start = time.process_time()
    for _ in range(customers):
        with pool.session() as session:
            session.request("POST", "/tickets", json=_TICKET)
    return 1_000 * (time.process_time() - start) / customers


def contexts(count: int) -> float:
    """CPU ms to make a TLS context of the machine's authorities."""
    from sim.load.http import tls_context

    start = time.process_time()
    for _ in range(count):
        tls_context()
    return 1_000 * (time.process_time() - start) / count


def requests_a_second(url: str, cafile: Path | None, requests: int) -> float:
    """Requests a second of `AT_ONCE` customers on kept connections."""
    import gevent

    from sim.load.guard import target
    from sim.load.http import Pool

    pool = Pool(target(url, allowed=[], named=None, staging=None, outbound_mail=None), cafile=cafile)
    each = requests // AT_ONCE

    def live() -> None:
        with pool.session() as session:
            for _ in range(each):
                session.request("POST", "/tickets", json=_TICKET)

    start = time.perf_counter()
    gevent.joinall([gevent.spawn(live) for _ in range(AT_ONCE)], raise_error=True)
    return each * AT_ONCE / (time.perf_counter() - start)


def measure(customers: int, rounds: int) -> dict[str, list[float]]:
    """Every figure once a round."""
    with desk() as (plain, secured, cafile):
        figures: dict[str, Callable[[], float]] = {
            "new HTTPS customer, CPU ms": lambda: new_customers(secured, cafile, customers),
            "new HTTP customer, CPU ms": lambda: new_customers(plain, None, customers),
            "TLS context, CPU ms": lambda: contexts(customers // CONTEXT_DIVISOR),
            "kept HTTP, requests/s": lambda: requests_a_second(plain, None, 10 * customers),
            "kept HTTPS, requests/s": lambda: requests_a_second(secured, cafile, 10 * customers),
        }
        results: dict[str, list[float]] = {name: [] for name in figures}
        for number in range(rounds):
            print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
            for name, figure in figures.items():
                results[name].append(figure())
    return results


def report(results: dict[str, list[float]]) -> int:
    """Prints median, lowest and highest round of each figure; returns the exit code."""
    for name, values in results.items():
        digits = 2 if name.endswith("ms") else 0
        middle, low, high = (f"{value:,.{digits}f}" for value in (median(values), min(values), max(values)))
        print(f"{name:<27}{middle:>10}   ({low} to {high})")
    return OK if median(results["new HTTPS customer, CPU ms"]) <= MOST_CPU_MS else MISSED


def main(words: Sequence[str] | None = None) -> int:
    """The command; returns 0, or 3 if a new HTTPS customer costs more than `MOST_CPU_MS`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.http_customers", description=__doc__.partition("\n")[0])
    parser.add_argument("--customers", type=int, default=500, metavar="N", help="customers a round (default 500)")
    parser.add_argument("--rounds", type=int, default=5, metavar="R", help="rounds (default 5)")
    parser.add_argument("--serve", type=Path, metavar="PEM", help="be the desk, with this key and certificate")
    asked = parser.parse_args(words)
    if asked.serve:
        asyncio.run(serve(asked.serve))
    if asked.customers < AT_ONCE or asked.rounds < 1:
        parser.error(f"--customers must be at least {AT_ONCE}, --rounds at least 1")
    print(
        f"{asked.rounds} rounds of {asked.customers:,} customers; median (lowest to highest round)\n"
        f"Python {platform.python_version()}, gevent {version('gevent')}, geventhttpclient "
        f"{version('geventhttpclient')}, {ssl.OPENSSL_VERSION}, {platform.machine()}\n"
    )
    return report(measure(asked.customers, asked.rounds))


if __name__ == "__main__":
    sys.exit(main())
