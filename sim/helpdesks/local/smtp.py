"""A mail server on 127.0.0.1: what it does with a message is up to its handler."""

from __future__ import annotations

import asyncio
from typing import Protocol

from aiosmtpd.smtp import SMTP, Envelope, Session


class Handler(Protocol):
    """Both answer with a line of SMTP ("250 …", "550 …")."""

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str: ...

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        ...


def serve(handler: Handler, port: int) -> None:
    """Take mail until the process is ended."""
    asyncio.run(_serve(handler, port))


async def _serve(handler: Handler, port: int) -> None:
    # a name, or every start would wait for that of the machine
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(handler, hostname="desk.test", enable_SMTPUTF8=True), "127.0.0.1", port
    )
    async with server:
        await server.serve_forever()
