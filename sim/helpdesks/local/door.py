"""Where customers' mail comes in: a mail server for the desk's one address, which hands each message to the desk.

Request Tracker has a program for that, run for each message as a mail server would; its 250 comes when the ticket is
there. django-helpdesk fetches its mail: for it, the message goes to a folder, and its 250 comes before the ticket.
"""

from __future__ import annotations

import argparse
import asyncio
import time
import uuid
from pathlib import Path
from typing import Protocol

from aiosmtpd.smtp import SMTP, Envelope, Session

from sim.helpdesks.local.smtp import serve

TRY_LATER = 75
"""What a mail program ends with when the message may be tried again (EX_TEMPFAIL)."""


class Delivery(Protocol):
    async def __call__(self, message: bytes) -> str:
        """Hand a message to the desk; a line of SMTP."""


class Door:
    def __init__(self, address: str, deliver: Delivery) -> None:
        self._address = address.lower()
        self._deliver = deliver

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.lower() != self._address:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        return await self._deliver(envelope.original_content or b"")


class Spool:
    """Messages as files of a folder, in the order in which they came; none is there before it is whole."""

    def __init__(self, folder: Path) -> None:
        self._new, self._part = folder / "new", folder / "part"
        for path in (self._new, self._part):
            path.mkdir(parents=True, exist_ok=True)

    async def __call__(self, message: bytes) -> str:
        name = f"{time.time_ns()}-{uuid.uuid4().hex}"
        try:
            (self._part / name).write_bytes(message)
            (self._part / name).rename(self._new / name)
        except OSError:
            return "452 4.3.1 the spool cannot be written"
        return "250 2.0.0 OK"


class Gateway:
    """Request Tracker's mail gateway, at most four at a time: each is a Perl of its own."""

    def __init__(self, program: str, url: str, queue: str) -> None:
        self._command = (program, "--queue", queue, "--action", "correspond", "--url", url)
        self._room = asyncio.Semaphore(4)

    async def __call__(self, message: bytes) -> str:
        async with self._room:
            began = time.monotonic()
            child = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            said, _ = await child.communicate(message)
        print(f"{child.returncode} in {time.monotonic() - began:.3f} s {said[:200]!r}", flush=True)
        if child.returncode == TRY_LATER:
            return "451 4.3.0 the desk does not take it now"
        return "554 5.3.0 the desk refuses it" if child.returncode else "250 2.0.0 OK"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--address", required=True)
    parser.add_argument("--spool", type=Path)
    parser.add_argument("--gateway", nargs=3, metavar=("PROGRAM", "URL", "QUEUE"))
    chosen = parser.parse_args()
    deliver = Spool(chosen.spool) if chosen.spool else Gateway(*chosen.gateway)
    serve(Door(chosen.address, deliver), chosen.port)


if __name__ == "__main__":
    main()
