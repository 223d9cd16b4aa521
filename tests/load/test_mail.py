"""Customers' mail: what is composed, what a mail server does to it, and whose a letter of the desk is."""

from __future__ import annotations

import json
import smtplib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from sim.helpdesks import adapter, marks
from sim.helpdesks.local import Desk
from sim.helpdesks.protocol import Helpdesk, Kind, Post, Trouble
from sim.helpdesks.tokens import Tokens
from sim.load.guard import check_peer, target
from sim.load.http import HttpSession
from sim.load.mail import (
    REFERENCES,
    Letter,
    Mailbox,
    NotHandedOver,
    Open,
    compose,
    is_automatic,
    match,
    message_id,
    send,
)
from sim.population.persona import address, personas
from sim.population.words import Occasion, message

RUN = "3fa9c2d10123456789abcdef01234567"
DOMAIN = f"{RUN}.customers.test"
ANNA = f"anna.smith.7@{DOMAIN}"
DESK = "support@desk.test"
POST = Post(RUN, "17.1", "Anna Smith", ANNA, "No parcel yet [17.1 3fa9c2d1]", "Hello,\n\nnothing came.\n\nAnna Smith")


def composed(post: Post = POST, **more: Any) -> EmailMessage:
    said: dict[str, Any] = {"to": DESK, "message_id": message_id(RUN, post.key, 0), "at": 1_795_325_703.0, **more}
    return message_from_bytes(compose(post, **said), policy=default)  # type: ignore[return-value]


# --- what is composed -----------------------------------------------------------------------------------------------


def test_a_mail_says_who_writes_to_whom_and_of_which_run_and_contact() -> None:
    """The headers of a first mail are these and no others, the body is that of the post."""
    mail = composed(replace(POST, headers={"traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"}))
    assert dict(mail.items()) == {
        "Message-ID": f"<17.1.0@{DOMAIN}>",
        "From": f"Anna Smith <{ANNA}>",
        "To": DESK,
        "Subject": "No parcel yet [17.1 3fa9c2d1]",
        "Date": "Sun, 22 Nov 2026 05:35:03 -0000",
        "X-Sim-Run": RUN,
        "X-Sim-Contact": "17.1",
        "traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01",
        "Content-Type": 'text/plain; charset="utf-8"',
        "Content-Transfer-Encoding": "quoted-printable",
        "MIME-Version": "1.0",
    }
    assert mail.get_content().splitlines() == POST.body.splitlines()


def test_a_reply_refers_to_what_it_answers() -> None:
    """In-Reply-To is the last reference, whole, however long; of many references the first and the last are kept."""
    long = "<rt-5.0.3+dfsg-3~deb12u6-2318-1795325703-378.1-7-0-and-more-and-more-and-more@ci.example.test>"
    raw = compose(POST, to=DESK, message_id=message_id(RUN, "17.1", 1), at=0.0, references=["<a@b.test>", long])
    assert f"In-Reply-To: {long}\r\n".encode() in raw
    assert f"References: <a@b.test>\r\n {long}\r\n".encode() in raw
    many = [f"<{number}@b.test>" for number in range(40)]
    kept = str(composed(references=many)["References"]).split()
    assert kept == [many[0], *many[1 - REFERENCES :]]


def test_an_answer_takes_the_subject_of_the_letter() -> None:
    """The subject is the one given, if one is given."""
    assert composed(subject="Re: [desk #4] No parcel yet")["Subject"] == "Re: [desk #4] No parcel yet"


@pytest.mark.parametrize("text", ["Zoë Ng", "林さくら", "O'Neil, Jr <x@y>", "ﬁ €20 – “so”", "a" * 300, "\ud800 half"])
def test_names_subjects_and_bodies_may_hold_anything(text: str) -> None:
    """Name, subject and body arrive as they were, in seven-bit lines of at most 998 bytes."""
    raw = compose(replace(POST, name=text, subject=text, body=text), to=DESK, message_id="<1.1.0@x.test>", at=0.0)
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    mail: Any = message_from_bytes(raw, policy=default)
    shown = text.replace("\ud800 ", "")
    assert mail["From"].addresses == (Address(shown, addr_spec=ANNA),)
    assert mail["Subject"] == shown
    assert mail.get_content().rstrip() == text.replace("\ud800", "?")


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\x00"])
def test_no_header_can_be_slipped_in(end: str) -> None:
    """A line end of any kind, in any field, makes no further header, and no further message."""
    evil = f"x{end}Bcc: victim@example.test{end}{end}.{end}MAIL FROM:<a@b.test>"
    post = replace(POST, key=evil, run=evil, name=evil, subject=evil, headers={"traceparent": evil, "Bcc": "a@b.test"})
    raw = compose(post, to=DESK, message_id="<1.1.0@x.test>", at=0.0, references=[evil, f"<a@b{end}Bcc:>"])
    mail: Any = message_from_bytes(raw, policy=default)
    assert not {"bcc", "mail"} & {name.lower() for name in mail}
    assert len(mail.keys()) == 11
    assert raw.split(b"\r\n\r\n", 1)[1].startswith(b"Hello,")


@pytest.mark.parametrize("field", ["email", "to", "message_id"])
@pytest.mark.parametrize("end", ["\r\nBcc: a@b.test", "\n", " ", ">", ""])
def test_an_address_that_is_none_is_refused(field: str, end: str) -> None:
    """Whatever would break out of an address or a Message-ID is refused, not mended."""
    said = {"to": DESK, "message_id": "<1.1.0@x.test>", "email": ANNA}
    said[field] = said[field] + end if end else ""
    with pytest.raises(ValueError, match="not a"):
        compose(replace(POST, email=said["email"]), to=said["to"], message_id=said["message_id"], at=0.0)


def test_a_mail_is_never_marked_as_automatic() -> None:
    """Headers of a post that are not to be passed on are left out, `Auto-Submitted` first of all."""
    mail = composed(
        replace(POST, headers={"Auto-Submitted": "auto-replied", "X-Other": "1", "Authorization": "token x"})
    )
    assert not {"Auto-Submitted", "X-Other", "Authorization", "Precedence"} & set(mail)


def test_words_and_addresses_of_customers_bear_the_marks_that_adapters_look_for() -> None:
    """What the population makes is what `marks` knows again: domain and token."""
    assert marks.wrote(address(personas(1, [7])[0], RUN), RUN)
    assert address(personas(1, [7])[0], RUN).endswith(f".7@{DOMAIN}")
    assert marks.key_in(message(RUN, 17, 2, Occasion.FIRST, "any", "Ann Lee").subject, RUN) == "17.2"


# --- what a mail server does to it ----------------------------------------------------------------------------------


class Server:
    """A mail server that keeps what it is sent, and answers as it is told to."""

    def __init__(self) -> None:
        self.got: list[tuple[str, list[str], bytes]] = []
        self.says = {"MAIL": "250 ok", "RCPT": "250 ok", "DATA": "250 ok"}

    async def handle_MAIL(  # noqa: N802 - the library's name
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        envelope.mail_from = address
        return self.says["MAIL"]

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.says["RCPT"]

    async def handle_DATA(  # noqa: N802 - the library's name
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        self.got.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content))
        return self.says["DATA"]


@pytest.fixture
def server() -> Iterator[tuple[Server, tuple[str, int]]]:
    handler = Server()
    controller = Controller(handler, hostname="127.0.0.1", port=0, server_hostname="desk.test")
    # what it asks the system for a free port with, it does not tell; so it is told one
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        controller.port = free.getsockname()[1]
    controller.start()
    yield handler, ("127.0.0.1", controller.port)
    controller.stop()


def _send(server: tuple[str, int], message: bytes, timeout: float = 5.0) -> None:
    send(server, ANNA, DESK, message, timeout=timeout, check_peer=lambda address: None)


def test_a_mail_server_gets_what_was_composed(server: tuple[Server, tuple[str, int]]) -> None:
    """Sender, recipient and message arrive byte for byte, lines that begin with a dot included."""
    handler, where = server
    raw = compose(replace(POST, body=".\n..\nx.\n.\n"), to=DESK, message_id=message_id(RUN, "17.1", 0), at=0.0)
    _send(where, raw)
    _send(where, b"Subject: x\r\n\r\nno end of line")
    assert handler.got == [(ANNA, [DESK], raw), (ANNA, [DESK], b"Subject: x\r\n\r\nno end of line\r\n")]


@pytest.mark.parametrize("at", ["MAIL", "RCPT"])
@pytest.mark.parametrize(("says", "kind"), [("451 later", Kind.THROTTLED), ("550 never", Kind.REJECTED)])
def test_a_refusal_before_the_message_made_no_ticket(
    server: tuple[Server, tuple[str, int]], at: str, says: str, kind: Kind
) -> None:
    """4xx before the message is "later", 5xx "no", and neither left anything behind."""
    handler, where = server
    handler.says[at] = says
    with pytest.raises(Trouble) as caught:
        _send(where, b"Subject: x\r\n\r\nx\r\n")
    assert (caught.value.kind, caught.value.status, caught.value.may_exist) == (kind, int(says[:3]), False)
    assert handler.got == []


@pytest.mark.parametrize(
    ("says", "kind", "may_exist"), [("451 later", Kind.SERVER, True), ("554 never", Kind.REJECTED, False)]
)
def test_after_the_message_later_may_mean_that_it_is_there(
    server: tuple[Server, tuple[str, int]], says: str, kind: Kind, may_exist: bool
) -> None:
    """A mail server that says "later" when it has the message may have handed it on."""
    handler, where = server
    handler.says["DATA"] = says
    with pytest.raises(Trouble) as caught:
        _send(where, b"Subject: x\r\n\r\nx\r\n")
    assert (caught.value.kind, caught.value.may_exist) == (kind, may_exist)


@contextmanager
def scripted(*replies: str | None) -> Iterator[tuple[tuple[str, int], threading.Event]]:
    """A server that says these lines, one for each it is sent, and hangs up at the end; None: it says no more.

    The event: the client has closed the connection.
    """
    closed, done = threading.Event(), threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listening.accept()
        connection.settimeout(10)
        with connection, connection.makefile("rwb", buffering=0) as file:
            for reply in replies:
                if reply is None:
                    break
                file.write(reply.encode() + b"\r\n")
                heard = file.readline()
                while reply.startswith("354") and heard not in (b".\r\n", b""):
                    heard = file.readline()
            if None in replies:
                while file.read(100):
                    pass
                closed.set()
                done.wait(10)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname(), closed
    finally:
        done.set()
        listening.close()
        thread.join(10)


UNTIL_DATA = ("220 hello", "250 desk.test", "250 ok", "250 ok")


@pytest.mark.parametrize("said", range(5))
def test_a_connection_that_breaks_before_the_message_made_no_ticket(said: int) -> None:
    """Wherever the server hangs up before it asks for the message: a failed connection, and no ticket."""
    with scripted(*UNTIL_DATA[:said]) as (where, _), pytest.raises(Trouble) as caught:
        _send(where, b"x\r\n")
    assert (caught.value.kind, caught.value.may_exist) == (Kind.CONNECTION, False)


def test_a_connection_that_breaks_after_the_message_may_have_made_one() -> None:
    """The server takes the message and hangs up without a word."""
    with scripted(*UNTIL_DATA, "354 go on") as (where, _), pytest.raises(Trouble) as caught:
        _send(where, b"x\r\n")
    assert (caught.value.kind, caught.value.may_exist) == (Kind.CONNECTION, True)


@pytest.mark.parametrize(("said", "may_exist"), [(UNTIL_DATA[:1], False), ((*UNTIL_DATA, "354 go on"), True)])
def test_a_silent_server_is_a_timeout(said: tuple[str, ...], may_exist: bool) -> None:
    """Who gets no answer gives up after the time that was given, and closes the connection."""
    began = time.monotonic()
    with scripted(*said, None) as (where, closed):
        with pytest.raises(Trouble) as caught:
            _send(where, b"x\r\n", timeout=0.3)
        assert closed.wait(5)
    assert (caught.value.kind, caught.value.may_exist) == (Kind.TIMEOUT, may_exist)
    assert time.monotonic() - began < 4


def test_nobody_listens() -> None:
    """A refused connection is one, and made no ticket."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        where = free.getsockname()
    with pytest.raises(NotHandedOver) as caught:
        _send(where, b"x\r\n")
    assert (caught.value.kind, caught.value.may_exist) == (Kind.CONNECTION, False)


def test_the_peer_is_checked_before_a_word_is_said() -> None:
    """The address that was connected to goes to `check_peer`; if it raises, nothing is sent and the line is closed."""
    refused: list[str] = []

    def refuse(address: str) -> None:
        refused.append(address)
        raise PermissionError

    with scripted(None) as (where, closed):
        with pytest.raises(PermissionError):
            send(where, ANNA, DESK, b"x\r\n", timeout=5.0, check_peer=refuse)
        assert closed.wait(5)
    assert refused == ["127.0.0.1"]


def test_a_kill_in_the_middle_gets_through_at_once_and_closes() -> None:
    """What is no Exception, as the kill of a greenlet, comes out as it went in, and the connection is closed."""

    class Killed(BaseException):
        pass

    with scripted("220 hello", "250 desk.test", "250 ok", None) as (where, closed):
        with pytest.MonkeyPatch.context() as patch:

            def killed(self: smtplib.SMTP, to: str, options: Any = ()) -> tuple[int, bytes]:
                raise Killed

            patch.setattr(smtplib.SMTP, "rcpt", killed)
            began = time.monotonic()
            with pytest.raises(Killed):
                _send(where, b"x\r\n", timeout=60.0)
        assert closed.wait(5)
        assert time.monotonic() - began < 5


def test_a_servers_goodbye_is_not_waited_for() -> None:
    """When the message is taken the step is over, though the server never answers QUIT."""
    began = time.monotonic()
    with scripted(*UNTIL_DATA, "354 go on", "250 taken", None) as (where, closed):
        _send(where, b"x\r\n", timeout=30.0)
        assert closed.wait(5)
    assert time.monotonic() - began < 5


# --- whose letter it is ---------------------------------------------------------------------------------------------

# as the mailbox keeps what Request Tracker 5.0.3 and django-helpdesk 2.6.1 sent, shortened
LETTER = Letter(0.0, (ANNA,), '"agent1 via RT" <support@desk.test>', "", "<rt-1@desk.test>", "", "", "", "", "text")
RT = replace(LETTER, ticket="desk.test #42", references="<RT-Ticket-42@desk.test>", auto="bulk")
RT_CONFIRMS = replace(
    RT, subject="[desk.test #42] AutoReply: No parcel yet [17.1 3fa9c2d1]", auto="auto-replied",
    in_reply_to=f"<17.1.0@{DOMAIN}>", references=f"<RT-Ticket-42@desk.test> <17.1.0@{DOMAIN}>",
)  # fmt: skip
RT_ANSWERS = replace(RT, subject="[desk.test #42] No parcel yet [17.1 3fa9c2d1]")
RT_RESOLVES = replace(RT, subject="[desk.test #42] Resolved: No parcel yet [17.1 3fa9c2d1]")
DJANGO_CONFIRMS = replace(
    LETTER, subject="[support-42] No parcel yet [17.1 3fa9c2d1] (Opened)", auto="auto-replied",
    in_reply_to=f"<17.1.0@{DOMAIN}>",
)  # fmt: skip
DJANGO_OPENS = replace(DJANGO_CONFIRMS, auto="", in_reply_to="")
DJANGO_ANSWERS = replace(DJANGO_OPENS, subject="[support-42] No parcel yet [17.1 3fa9c2d1] (Updated)")
DJANGO_ECHOES = replace(DJANGO_ANSWERS, auto="auto-replied", in_reply_to=f"<17.1.1@{DOMAIN}>")
DJANGO_RESOLVES = replace(
    DJANGO_OPENS, subject="[support-42] No parcel yet [17.1 3fa9c2d1] (Resolved)",
    text="The following resolution was added to ticket [support-42]:\n\nNew router.\n\nCan you please confirm that",
)  # fmt: skip
DJANGO_RESOLVES_WORDLESS = replace(DJANGO_RESOLVES, text=DJANGO_RESOLVES.text.replace("New router.", ""))


@pytest.mark.parametrize(
    "letter",
    [
        RT_CONFIRMS, RT_RESOLVES, DJANGO_CONFIRMS, DJANGO_OPENS, DJANGO_ECHOES, DJANGO_RESOLVES_WORDLESS,
        replace(LETTER, auto="auto-generated; x=y"), replace(LETTER, auto="Bulk"), replace(LETTER, auto="list"),
        replace(LETTER, auto="junk"), replace(LETTER, auto="auto_reply"), replace(LETTER, sender="<>"),
        replace(LETTER, sender="Mail Delivery <MAILER-DAEMON@desk.test>"),
        replace(DJANGO_OPENS, subject="[support-42] x (Closed)"),
        replace(DJANGO_OPENS, subject="[support-42] x (Escalated)"),
    ],
)  # fmt: skip
def test_what_nobody_wrote_is_automatic(letter: Letter) -> None:
    """Confirmations, echoes of the customer's own mail, wordless notices, mail to many, and bounces are automatic."""
    assert is_automatic(letter)


@pytest.mark.parametrize(
    "letter",
    [
        RT_ANSWERS, replace(RT_ANSWERS, ticket=""), DJANGO_ANSWERS, DJANGO_RESOLVES, replace(LETTER, auto="no"),
        replace(LETTER, subject="Re: Resolved: so it seems"), replace(LETTER, subject="Is it (Closed)"),
    ],
)  # fmt: skip
def test_what_somebody_wrote_is_not(letter: Letter) -> None:
    """An agent's answer is one, though Request Tracker marks it as bulk and django-helpdesk marks nothing."""
    assert not is_automatic(letter)


@pytest.fixture
def waiting() -> Open:
    """Anna waits with two issues, Bea with one."""
    waiting = Open(RUN)
    waiting.begin("17.1", ANNA)
    waiting.begin("18.1", ANNA.upper())
    waiting.begin("19.1", f"bea.8@{DOMAIN}")
    return waiting


def test_a_letter_is_about_what_it_answers(waiting: Open) -> None:
    """By In-Reply-To, else by the latest of the references, whatever the subject says."""
    assert match(replace(LETTER, in_reply_to=f"<18.1.3@{DOMAIN}>", references=f"<17.1.0@{DOMAIN}>"), waiting) == "18.1"
    referring = replace(LETTER, references=f"<17.1.0@{DOMAIN}> <18.1.0@{DOMAIN.upper()}> <x@y.test>")
    assert match(replace(referring, subject="x [17.1 3fa9c2d1]"), waiting) == "18.1"


def test_a_number_is_learnt_from_the_confirmation(waiting: Open) -> None:
    """An answer that names the ticket alone is matched once a letter has named both; before, it is not."""
    numbered = replace(RT, subject="[desk.test #42] No parcel yet")
    assert match(numbered, waiting) is None
    assert match(replace(RT_CONFIRMS, in_reply_to=f"<18.1.0@{DOMAIN}>"), waiting) == "18.1"
    assert match(numbered, waiting) == "18.1"
    assert match(replace(numbered, ticket=""), waiting) == "18.1"
    waiting.number("17.1", "42")
    assert match(numbered, waiting) == "17.1"


def test_a_number_may_be_told(waiting: Open) -> None:
    """What the desk's list says of a ticket is as good; a header or `[support-42]` is a number, our token none."""
    waiting.number("18.1", "42")
    assert match(replace(DJANGO_ANSWERS, subject="[support-42] Answer (Updated)"), waiting) == "18.1"
    assert replace(LETTER, subject="x [17.1 3fa9c2d1]").number == ""
    assert replace(LETTER, subject="x", ticket="desk.test #42").number == "42"


def test_a_token_in_the_subject_tells(waiting: Open) -> None:
    """A subject that the desk has kept names the contact, if the run is ours."""
    assert match(replace(LETTER, subject="Re: x [18.1 3fa9c2d1]"), waiting) == "18.1"
    assert match(replace(LETTER, subject="Re: x [18.1 ffffffff]"), waiting) is None


def test_whoever_waits_for_one_answer_only_gets_it(waiting: Open) -> None:
    """A letter that names nothing goes to the recipient's sole issue; of two, to neither; nothing is learnt."""
    bare = replace(LETTER, subject="[desk.test #5] your question")
    assert match(replace(bare, rcpt=(f"bea.8@{DOMAIN}",)), waiting) == "19.1"
    assert waiting.of("5") == ""
    assert match(bare, waiting) is None
    waiting.end("17.1")
    assert match(bare, waiting) == "18.1"
    waiting.end("18.1")
    assert match(bare, waiting) is None
    assert match(replace(bare, in_reply_to=f"<17.1.0@{DOMAIN}>"), waiting) == "17.1"


def test_a_letter_that_names_somebody_elses_contact_is_not_theirs(waiting: Open) -> None:
    """Message-ID, number and token count only if that contact wrote from where the letter goes, and in this run."""
    waiting.number("17.1", "42")
    to_bea = {"rcpt": (f"bea.8@{DOMAIN}",)}
    waiting.end("19.1")
    for letter in (RT_CONFIRMS, RT_ANSWERS, DJANGO_ANSWERS):
        assert match(replace(letter, **to_bea), waiting) is None  # type: ignore[arg-type]
    other = DOMAIN.replace("3", "4")
    assert match(replace(LETTER, in_reply_to=f"<17.1.0@{other}>"), waiting) is None


def test_an_answer_to_a_letter_refers_to_it_and_has_its_number() -> None:
    """The thread of a letter ends with the letter; its subject is kept whole, and "Re:" stands before it once."""
    assert RT_CONFIRMS.thread == ("<RT-Ticket-42@desk.test>", f"<17.1.0@{DOMAIN}>", "<rt-1@desk.test>")
    assert DJANGO_CONFIRMS.thread == (f"<17.1.0@{DOMAIN}>", "<rt-1@desk.test>")
    assert RT_ANSWERS.reply_subject == "Re: [desk.test #42] No parcel yet [17.1 3fa9c2d1]"
    assert replace(LETTER, subject="re: x").reply_subject == "re: x"


# --- the mailbox ----------------------------------------------------------------------------------------------------


def row(**more: Any) -> bytes:
    said = {
        "at": 1.5, "rcpt": [ANNA], "from": "a@desk.test", "subject": "s", "message_id": "<m@x>", "in_reply_to": "",
        "references": "", "auto": "", "ticket": "", "text": "t",
    }  # fmt: skip
    return json.dumps(said | more).encode() + b"\n"


def test_a_mailbox_gives_each_letter_once(tmp_path: Path) -> None:
    """What was read is not read again; a file that is not there yet holds nothing."""
    path = tmp_path / "mailbox.jsonl"
    box = Mailbox(path, RUN)
    assert list(box.new()) == []
    path.write_bytes(row(subject="one"))
    assert list(box.new()) == [Letter(1.5, (ANNA,), "a@desk.test", "one", "<m@x>", "", "", "", "", "t")]
    assert list(box.new()) == []
    with path.open("ab") as file:
        file.write(row(subject="two") + row(subject="three"))
    assert next(box.new()).subject == "two"
    assert [letter.subject for letter in box.new()] == ["three"]


def test_a_torn_last_line_waits(tmp_path: Path) -> None:
    """Half a line is no letter; when the rest is there, it is one."""
    path, line = tmp_path / "mailbox.jsonl", row(subject="zoë")
    box = Mailbox(path, RUN)
    for cut in (1, 40, len(line) - 1):
        path.write_bytes(row() + line[:cut])
        assert len(list(box.new())) == (cut == 1)
    path.write_bytes(row() + line)
    assert [letter.subject for letter in box.new()] == ["zoë"]


def test_letters_to_other_runs_and_lines_that_are_none_are_left_out(tmp_path: Path) -> None:
    """Only letters to this run's customers are given; a broken line that concerns them is counted."""
    path = tmp_path / "mailbox.jsonl"
    path.write_bytes(
        row(rcpt=["bea@ffff.customers.test"])
        + row(rcpt=["agent@desk.test"], text=f"from {ANNA}")
        + b'{"rcpt": ["' + ANNA.encode() + b'"], torn\n'
        + b'{"rcpt": ["' + ANNA.encode() + b'"]}\n'
        + b"[]\n"
        + row(rcpt=["agent@desk.test", ANNA.upper()], subject="kept")
    )  # fmt: skip
    box = Mailbox(path, RUN)
    assert [(letter.subject, letter.rcpt) for letter in box.new()] == [("kept", ("agent@desk.test", ANNA))]
    assert box.unreadable == 2


# --- real desks -----------------------------------------------------------------------------------------------------


@pytest.fixture(params=["rt", "django-helpdesk"])
def desk(request: pytest.FixtureRequest, real_desk: Callable[[str], Desk]) -> Desk:
    return real_desk(request.param)


def soon(what: Callable[[], Any]) -> Any:
    """What comes of asking until something does, for at most fifteen seconds."""
    for _ in range(150):
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError("nothing came")


@pytest.mark.desks
def test_a_thread_both_ways_with_a_real_desk(desk: Desk) -> None:
    """Mail in makes a ticket and a confirmation; an answer comes back by mail; the customer's reply lands on the same
    ticket; resolving it is no answer; a late answer is still matched."""
    known = json.loads((desk.folder / "tokens.json").read_text("utf-8"))
    where = target(desk.host, allowed=(), named=None, staging=None, outbound_mail=None)
    agent: Helpdesk = adapter(desk.name, HttpSession(where), Tokens(known["customer"], known["agent"]), {})
    host, _, port = desk.smtp.partition(":")
    box, waiting = Mailbox(desk.mailbox, RUN), Open(RUN)

    def writes(number: int, **more: Any) -> None:
        raw = compose(POST, to=desk.to, message_id=message_id(RUN, "17.1", number), at=time.time(), **more)
        send((host, int(port)), ANNA, desk.to, raw, check_peer=lambda peer: check_peer(where, peer))

    def comes() -> Letter:
        letter: Letter = soon(lambda: next(box.new(), None))
        assert match(letter, waiting) == "17.1"
        return letter

    waiting.begin("17.1", ANNA)
    waiting.begin("18.1", ANNA)
    writes(0)
    confirmation = comes()
    assert is_automatic(confirmation)
    (ticket,) = agent.open_tickets(RUN)
    assert (ticket.id, ticket.key) == (confirmation.number, "17.1")

    agent.answer(ticket.id, "Have you looked in the porch?")
    answer = comes()
    assert not is_automatic(answer)
    assert "Have you looked in the porch?" in answer.text

    writes(1, references=answer.thread, subject=answer.reply_subject)
    soon(lambda: len(agent.poll(ticket.id).messages) > 2)
    assert agent.of_run(RUN) == agent.open_tickets(RUN) == [ticket]

    agent.answer(ticket.id, "Then it is lost; another one is on its way.")
    agent.resolve(ticket.id)
    letters = [comes()]
    while not any("is on its way" in letter.text for letter in letters):
        letters.append(comes())
    time.sleep(1)
    letters += box.new()
    assert [letter.text for letter in letters if not is_automatic(letter) and "on its way" not in letter.text] == []
    assert sum(not is_automatic(letter) for letter in letters) == 1
