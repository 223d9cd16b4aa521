"""The post office: customers' mail to the desk's door, and the desk's letters to whom they are for.

Every worker sends; the one that hosts the centre reads the mailbox. Mail goes to this machine, or to the host that the
guard has allowed, and to no other.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from sim.errors import UsageError
from sim.helpdesks.protocol import Post
from sim.load.guard import Refused, Target
from sim.load.ledger import Ledger
from sim.load.mail import Letter, Mailbox, Open, compose, is_automatic, match, message_id, send
from sim.load.plan import Plan

READ_AGAIN = 0.2
"""Wall seconds between two looks into the mailbox."""
KEPT = 5.0
"""Wall seconds for which a letter that fits nobody is tried again: its customer may not have been told of yet."""


def server_of(smtp: str, target: Target) -> tuple[str, int]:
    """The address and port of the desk's mail server.

    Raises:
        Refused: it is neither this machine nor the desk's host. UsageError: it is no HOST:PORT.
    """
    host, _, port = smtp.rpartition(":")
    if not host or not port.isdecimal():
        raise UsageError(f"the mail server {smtp!r} is no HOST:PORT", "write it as in 127.0.0.1:2525")
    try:
        found = sorted({str(info[4][0]) for info in socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)})
    except OSError as problem:
        raise Refused(f"the mail server {host} is not known") from problem
    if not all(_is_loopback(address) or address in target.addresses for address in found):
        raise Refused(f"no mail is sent to {host}: it is neither this machine nor {target.host}")
    return found[0], int(port)


RESERVED = ("test", "example", "invalid", "localhost")
"""RFC 2606: top-level names that belong to nobody."""


def check_mail(to: str, smtp: str, target: Target) -> tuple[str, int]:
    """The mail server, where both it and the address may be written to: a mail server of this machine may well pass on
    what is not for it.

    Raises:
        Refused: the address is neither in a reserved domain nor the desk's own; or as `server_of`.
    """
    domain = to.rpartition("@")[2].lower().rstrip(".")
    own = not target.is_loopback and (domain == target.host or target.host.endswith("." + domain))
    if domain.rpartition(".")[2] not in RESERVED and not own:
        hint = "give the staging desk an address under .test, or of its own host, in load.mail.to"
        raise Refused(f"no mail is sent to {to}: its domain is not reserved, and not {target.host}'s", hint=hint)
    return server_of(smtp, target)


def _is_loopback(address: str) -> bool:
    return address.startswith("127.") or address == "::1"


class Deliveries:
    """Brings customers' mail to the desk."""

    def __init__(self, plan: Plan, target: Target) -> None:
        assert plan.mail is not None
        self._run, self._to = plan.run, plan.mail["to"]
        self._server = check_mail(self._to, plan.mail["smtp"], target)
        self._allowed = {self._server[0]}

    def deliver(self, post: Post, number: int, *, subject: str | None, references: Sequence[str]) -> None:
        """Message `number` of a contact, perhaps into the thread of a letter. Raises Trouble."""
        identity = message_id(self._run, post.key, number)
        mail = compose(
            post, to=self._to, message_id=identity, at=time.time(), references=references, subject=subject
        )  # fmt: skip
        send(self._server, post.email, self._to, mail, check_peer=self._check)

    def _check(self, address: str) -> None:
        if address not in self._allowed:
            raise Refused(f"connected to {address}, which is no address of the mail server")


class Reader(Protocol):
    """Who wants to know of letters: the dispatcher."""

    def has_letter(self, c: str, letter: Letter, *, automatic: bool) -> None: ...


def letters(
    plan: Plan, open: Open, reader: Reader, ledger: Ledger, ended: Callable[[], bool], sleep: Callable[[float], None]
) -> None:
    """Read the mailbox to the end of the run, each letter once, and tell the reader whose it is."""
    assert plan.mail is not None
    box = Mailbox(Path(plan.mail["mailbox"]), plan.run)
    waiting: list[tuple[float, Letter]] = []
    while not ended():
        now = time.monotonic()
        waiting += [(now, letter) for letter in box.new()]
        left = []
        for since, letter in waiting:
            c = match(letter, open)
            if c is not None:
                reader.has_letter(c, letter, automatic=is_automatic(letter))
            elif now - since < KEPT:
                left.append((since, letter))
            else:
                ledger.unmatched()
        waiting = left
        sleep(READ_AGAIN)
