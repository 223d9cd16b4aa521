"""Customers' mail: composed, sent, and the desk's letters read from a mailbox of ours and matched to what they answer.

A customer writes from an address of the run's own domain, with a Message-ID that holds the contact: what comes back
says by itself whom it is for. What the desks that were tried do to that:

* Request Tracker names our Message-ID in its auto-reply alone. An agent's answer names only the ticket, in its header
  and its subject. It threads by the subject alone: what comes in without its `[name #42]` makes a new ticket, whatever
  it refers to. All that it sends is `Precedence: bulk`, people's answers too; only its auto-reply is `Auto-Submitted`.
  Its "Resolved:" is sent when an agent resolves, and holds nobody's words.
* django-helpdesk names our Message-ID when it confirms a mail, and is then `Auto-Submitted`; answers and the
  confirmation of a ticket made over its API bear no mark at all, and are told apart by the end of the subject. It
  threads by Message-ID or by its `[support-42]`.

Nothing here waits but for the mail server: plain SMTP, without TLS and without a login, as mail servers of tests are.
"""

from __future__ import annotations

import json
import re
import smtplib
import socket
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from pathlib import Path
from typing import Any

from sim.helpdesks import marks
from sim.helpdesks.protocol import Kind, Post, Trouble

REFERENCES = 12
"""So many Message-IDs a message refers to; of more, the first and the last are kept (as RFC 5537, 3.4.4, does)."""
PASSED_ON = ("traceparent",)
"""Headers of a post that its mail carries. `Auto-Submitted` is never one: a desk answers no automatic mail."""
HELLO = "customers.test"
"""The name that we greet a mail server with; without one, the library looks this machine up in the DNS."""

_ADDRESS = re.compile(r"[\w.+-]+@[A-Za-z0-9.-]+", re.ASCII)
_ID = re.compile(r"<[!-;=?-~]+>")
_BY_HEADER = re.compile(r"(?:^|#)(\d+)\s*$")
_BY_SUBJECT = re.compile(r"\[(?:[^\[\]]*#|[\w-]+-)(\d+)\]")
_OF_TRACKER = re.compile(r"\[[^\[\]]*#\d+\]")
_NOTICE = re.compile(
    r"^\[[^\[\]]*#\d+\] (?:AutoReply|Resolved):|^\[[\w-]+-\d+\].*\((?:Opened|Assigned|Escalated|Closed)\)$", re.DOTALL
)
_WORDLESS = re.compile(r"resolution was added to ticket \[[^\]]*\]:\s*(?:None)?\s*Can you please confirm")
_TO_MANY = ("bulk", "junk", "list")


# --- out ------------------------------------------------------------------------------------------------------------


def message_id(run: str, key: str, number: int) -> str:
    """The Message-ID of a contact's message: the same when it is sent again, and no other message's.

    Args:
        number: counts all messages of one contact, from 0.
    """
    return f"<{key}.{number}@{marks.domain(run)}>"


def compose(
    post: Post, *, to: str, message_id: str, at: float, references: Sequence[str] = (), subject: str | None = None
) -> bytes:
    """A post as a mail from its customer: seven-bit, with lines that end in CRLF.

    Args:
        to: the desk's address.
        at: what its Date says, seconds since 1970.
        references: the Message-IDs of the thread so far, oldest first; the last one is what it answers.
        subject: in place of the post's; `Letter.reply_subject` of the letter that it answers.

    Raises:
        ValueError: an address or the Message-ID is not one. Whatever else the post holds, no header comes of it that is
            not listed here: From, To, Subject, Message-ID, Date, In-Reply-To, References, X-Sim-Run, X-Sim-Contact, and
            those of `PASSED_ON`.
    """
    for address in (post.email, to):
        if not _ADDRESS.fullmatch(address):
            raise ValueError("not an e-mail address")
    if not _ID.fullmatch(message_id):
        raise ValueError("not a Message-ID")
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(_line(post.name), addr_spec=post.email)
    mail["To"] = to
    mail["Subject"] = _line(post.subject if subject is None else subject)
    mail["Date"] = formatdate(at)
    mail["X-Sim-Run"] = _line(post.run)
    mail["X-Sim-Contact"] = _line(post.key)
    for name, value in post.headers.items():
        if name.lower() in PASSED_ON:
            mail[name] = _line(value)
    mail.set_content(post.body.encode("utf-8", "replace").decode(), cte="quoted-printable")
    return _identity(message_id, [each for each in references if _ID.fullmatch(each)]) + mail.as_bytes()


def _identity(message_id: str, references: Sequence[str]) -> bytes:
    """The headers that hold Message-IDs, one to a line: the library would encode those that are longer than a line."""
    lines = [f"Message-ID: {message_id}"]
    if references:
        kept = references if len(references) <= REFERENCES else [references[0], *references[1 - REFERENCES :]]
        lines += [f"In-Reply-To: {references[-1]}", "References: " + "\r\n ".join(kept)]
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _line(text: str) -> str:
    """A text that fits into one line: control characters, and half characters, are blanks."""
    plain = "".join(" " if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") else char for char in text)
    return " ".join(plain.split())


class NotHandedOver(Trouble):
    """It failed before the message itself was sent: there can be no ticket of it."""

    @property
    def may_exist(self) -> bool:
        return False


def send(
    server: tuple[str, int],
    sender: str,
    to: str,
    message: bytes,
    *,
    timeout: float = 30.0,
    check_peer: Callable[[str], None],
) -> None:
    """Hand a message to a mail server; it has it when this returns.

    The connection is closed whatever happens, a killed greenlet included, and without waiting for the server's goodbye.

    Args:
        server: address and port, resolved and allowed before.
        timeout: seconds that each answer of the server may take.
        check_peer: gets the address that was connected to, before anything is sent, and raises if it is not allowed.

    Raises:
        NotHandedOver: `CONNECTION`, `TIMEOUT`, `DNS`; `THROTTLED` (4xx) or `REJECTED` (5xx) before the message.
        Trouble: after it: `SERVER` (4xx), `CONNECTION` or `TIMEOUT`, and there may be a ticket all the same; or
            `REJECTED` (5xx).
    """
    try:
        connection = socket.create_connection(server, timeout)
    except OSError as problem:
        raise NotHandedOver(_kind(problem), f"connect to the mail server: {problem.strerror or problem}") from problem
    smtp = smtplib.SMTP(local_hostname=HELLO, timeout=timeout)
    try:
        check_peer(_peer(connection))
        smtp.sock = connection
        _greet(smtp, sender, to)
        _hand_over(smtp, message)
        with suppress(OSError):
            # its answer is not waited for
            smtp.putcmd("quit")
    finally:
        # not `with smtplib.SMTP(...)`: that says goodbye, and waits for an answer, even in a greenlet being killed
        smtp.close()
        connection.close()


def _peer(connection: socket.socket) -> str:
    try:
        return str(connection.getpeername()[0])
    except OSError as problem:
        raise NotHandedOver(Kind.CONNECTION, "connect to the mail server: it is gone again") from problem


def _greet(smtp: smtplib.SMTP, sender: str, to: str) -> None:
    """All that precedes the message."""
    what = "greet the mail server"
    try:
        _judge(smtp.getreply(), what)
        smtp.ehlo_or_helo_if_needed()
        _judge(smtp.mail(sender), "name the sender")
        _judge(smtp.rcpt(to), "name the desk's address")
        what = "begin a message"
        _judge(smtp.docmd("data"), what, success=3)
    except smtplib.SMTPResponseException as problem:
        raise _refused(problem.smtp_code, what, Kind.THROTTLED, NotHandedOver) from problem
    except OSError as problem:
        raise NotHandedOver(_kind(problem), f"{what}: the connection failed") from problem


def _judge(reply: tuple[int, bytes], what: str, success: int = 2) -> None:
    code, _ = reply
    if code // 100 != success:
        raise _refused(code, what, Kind.THROTTLED, NotHandedOver)


def _hand_over(smtp: smtplib.SMTP, message: bytes) -> None:
    """The message, and the server's word that it has it."""
    lines = re.sub(rb"(?m)^\.", b"..", message)
    try:
        smtp.send(lines if lines.endswith(b"\r\n") else lines + b"\r\n")
        smtp.send(b".\r\n")
        code, _ = smtp.getreply()
    except OSError as problem:
        raise Trouble(_kind(problem), "hand over a message: the connection failed") from problem
    if code // 100 != 2:
        raise _refused(code, "hand over a message", Kind.SERVER, Trouble)


def _refused(code: int, what: str, later: Kind, make: type[Trouble]) -> Trouble:
    """4xx is "not now", anything else "no". The server's own words are left out: they may quote the message."""
    return make(later if code // 100 == 4 else Kind.REJECTED, f"{what}: the mail server says {code}", status=code)


def _kind(problem: BaseException) -> Kind:
    """What a failed connection is; the library wraps what happened."""
    if isinstance(problem, TimeoutError) or isinstance(problem.__context__, TimeoutError):
        return Kind.TIMEOUT
    return Kind.DNS if isinstance(problem, socket.gaierror) else Kind.CONNECTION


# --- in -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Letter:
    """A mail that the desk sent to a customer, as the mailbox holds it; "" for what it does not say."""

    at: float
    """When it came, seconds since 1970."""
    rcpt: tuple[str, ...]
    sender: str
    subject: str
    message_id: str
    in_reply_to: str
    references: str
    auto: str
    """Its Auto-Submitted, or else its Precedence."""
    ticket: str
    """Request Tracker's header, "name #42"."""
    text: str

    @property
    def number(self) -> str:
        """The desk's number of the ticket, by header or subject; "" if it says none."""
        found = _BY_HEADER.search(self.ticket) or _BY_SUBJECT.search(self.subject)
        return found[1] if found else ""

    @property
    def thread(self) -> tuple[str, ...]:
        """What an answer to it refers to: what it refers to itself, and its own Message-ID at the end."""
        ids = _ID.findall(f"{self.references or self.in_reply_to} {self.message_id}")
        return tuple(dict.fromkeys(ids))

    @property
    def reply_subject(self) -> str:
        """The subject of an answer: the letter's own, as a mail program makes it, with the desk's number in it."""
        return self.subject if self.subject[:3].lower() == "re:" else f"Re: {self.subject}"


class Mailbox:
    """The letters to a run's customers, read from a file that grows: JSON, a letter a line.

    `unreadable` counts lines that are none.
    """

    def __init__(self, path: Path, run: str) -> None:
        self._path, self._domain, self._read = path, marks.domain(run), 0
        self.unreadable = 0

    def new(self) -> Iterator[Letter]:
        """The letters that have come since last asked for, in order. A last line that is not whole yet waits."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self._read += len(line)
                letter = self._letter(line)
                if letter is not None:
                    yield letter

    def _letter(self, line: bytes) -> Letter | None:
        """None: to somebody else, or no letter."""
        # most lines of an old mailbox are of other runs: they are not even parsed
        if self._domain.encode() not in line.lower():
            return None
        try:
            letter = _letter(json.loads(line))
        except (ValueError, TypeError, KeyError):
            self.unreadable += 1
            return None
        return letter if any(each.endswith(f"@{self._domain}") for each in letter.rcpt) else None


def _letter(row: Mapping[str, Any]) -> Letter:
    return Letter(
        at=float(row["at"]),
        rcpt=tuple(str(each).lower() for each in row["rcpt"]),
        sender=str(row["from"]),
        **{name: str(row[name] or "") for name in _TEXTS},
    )


_TEXTS = ("subject", "message_id", "in_reply_to", "references", "auto", "ticket", "text")


class Open:
    """Which contacts of a run wait for a letter, from which address they wrote, and the desk's numbers as they are
    learnt.

    A contact is to `begin` before its mail is sent: a desk may confirm it before the mail server has said yes.
    """

    def __init__(self, run: str) -> None:
        self.run = run
        self._addresses: dict[str, str] = {}
        self._waiting: dict[str, set[str]] = {}
        self._contacts: dict[str, str] = {}

    def begin(self, key: str, address: str) -> None:
        """A contact is about to write from this address."""
        self._addresses[key] = address.lower()
        self._waiting.setdefault(address.lower(), set()).add(key)

    def number(self, key: str, ticket: str) -> None:
        """A contact is about this ticket now; it may have several, and of a ticket's contacts the last one counts."""
        self._contacts[ticket] = key

    def end(self, key: str) -> None:
        """A contact waits no longer; a late letter that names it is its own all the same."""
        self._waiting.get(self._addresses.get(key, ""), set()).discard(key)

    def of(self, ticket: str) -> str:
        """The key of a ticket's contact, "" if it is not known."""
        return self._contacts.get(ticket, "")

    def wrote(self, key: str, addresses: Sequence[str]) -> bool:
        """Whether a contact wrote from one of these addresses."""
        return self._addresses.get(key) in addresses

    def sole(self, addresses: Sequence[str]) -> str | None:
        """The contact that waits at these addresses, if it is the only one."""
        keys = [key for address in addresses for key in self._waiting.get(address, ())]
        return keys[0] if len(keys) == 1 else None


def match(letter: Letter, open: Open) -> str | None:
    """The key of the contact that a letter is about; None where nobody can tell.

    By our Message-ID that it answers, else the last one that it refers to; else by the desk's number, once it is known;
    else by the token that a subject of ours holds; all of these only if that contact wrote from where the letter goes.
    Else it is the only contact that waits there. The number of a letter that was not just guessed is kept in `open`.
    """
    tokens = [open.of(letter.number), marks.key_in(letter.subject, open.run)]
    for key in (*_answered(letter, open.run), *tokens):
        if open.wrote(key, letter.rcpt):
            if letter.number:
                open.number(key, letter.number)
            return key
    return open.sole(letter.rcpt)


def _answered(letter: Letter, run: str) -> list[str]:
    """The contacts whose messages a letter refers to: first the one that it answers, then the latest first."""
    ids = _ID.findall(letter.in_reply_to) + _ID.findall(letter.references)[::-1]
    ours = re.compile(rf"<(\d+\.\d+)\.\d+@{re.escape(marks.domain(run))}>", re.IGNORECASE)
    return [found[1] for each in ids if (found := ours.fullmatch(each))]


def is_automatic(letter: Letter) -> bool:
    """Whether nobody wrote it: a confirmation, a notice, mail to many, or an error of a mail server.

    Such a letter is no agent's answer, and is never answered. The rules are those of the desks named above: of a
    tracker's letters `Precedence: bulk` says nothing, and the subject says what the headers do not.
    """
    auto = letter.auto.split(";")[0].strip().lower()
    if auto.startswith("auto"):
        return True
    if auto in _TO_MANY and not (letter.ticket or _OF_TRACKER.search(letter.subject)):
        return True
    if _NOTICE.search(letter.subject) or _WORDLESS.search(letter.text):
        return True
    return not letter.sender.strip(" <>") or "mailer-daemon" in letter.sender.lower()
