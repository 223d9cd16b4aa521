"""Where all of a desk's mail ends: a mail server that keeps each message as a line of JSON, and passes none on.

It takes mail for domains under .test alone, which no mail server in the world can deliver to.
"""

from __future__ import annotations

import argparse
import email
import email.policy
import json
import os
import time
from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from sim.helpdesks.local.smtp import serve


class Mailbox:
    """Adds each message to a file that only its user can read."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not address.rpartition("@")[2].lower().endswith(".test") or "@" not in address:
            return "550 5.7.1 only addresses under .test"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        row = json.dumps(entry(envelope.rcpt_tos, envelope.original_content or b"", at=time.time()))
        try:
            # one write, so that who reads meanwhile never sees half a line
            os.write(self._file, row.encode() + b"\n")
        except OSError:
            return "452 4.3.1 the mailbox cannot be written"
        return "250 2.0.0 OK"


def entry(recipients: Sequence[str], message: bytes, *, at: float) -> dict[str, Any]:
    """A message as the mailbox keeps it.

    Args:
        at: when it came, seconds since 1970.

    Returns:
        at, rcpt, from, subject, message_id, in_reply_to, references, auto (its Auto-Submitted, else its Precedence),
        ticket (its RT-Ticket, or X-RT-Ticket) and text (the plain one, else what there is); "" where it has none.
    """
    parsed = email.message_from_bytes(message, policy=email.policy.default)
    return {
        "at": at,
        "rcpt": list(recipients),
        "from": _header(parsed, "From"),
        "subject": _header(parsed, "Subject"),
        "message_id": _header(parsed, "Message-ID"),
        "in_reply_to": _header(parsed, "In-Reply-To"),
        "references": _header(parsed, "References"),
        "auto": _header(parsed, "Auto-Submitted") or _header(parsed, "Precedence"),
        "ticket": _header(parsed, "RT-Ticket") or _header(parsed, "X-RT-Ticket"),
        "text": _text(parsed),
    }


def _header(message: EmailMessage, name: str) -> str:
    # long ones are folded over lines
    return " ".join(str(message.get(name, "")).split())


def _text(message: EmailMessage) -> str:
    body = message.get_body(("plain", "html"))
    if body is None:
        return ""
    try:
        return str(body.get_content())
    except (LookupError, UnicodeError):
        # a charset that nobody knows
        content = body.get_payload(decode=True)
        return content.decode("utf-8", "replace") if isinstance(content, bytes) else str(content)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--file", type=Path, required=True)
    chosen = parser.parse_args()
    serve(Mailbox(chosen.file), chosen.port)


if __name__ == "__main__":
    main()
