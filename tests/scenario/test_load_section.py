"""The section `load` of a scenario: what it says, what holds without it, and that it decides no simulated run."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from sim.errors import ScenarioError
from sim.scenario.hosts import Abort, origin, read_abort, read_host, read_mail_address, read_page, read_server
from sim.scenario.keys import walk
from sim.scenario.loads import LoadLimit, Of, load_limit, load_limits, wire_of
from sim.scenario.read import Scenario, read
from sim.units import Unclear

DESK = """\
customers: 20_000
phone: {staff: 6, hours: 08:00-20:00}
chat: {staff: 2}
email: {staff: 2}
app: {staff: 1}
bot: {share: 5%, escalates: no}
channels: {reply: {kind: deferrable, staff: 1}, letters: {kind: live, staff: 1, satisfaction_like: chat}}
"""
LOAD = """\
load:
  host: https://Desk-Staging.example.com/rt/
  staging: {url: https://desk-staging.example.com:443/rt/banner, shows: STAGING}
  outbound_mail: off
  queue: Support
  rate: 50/s
  capacity: 1.5/s
  channels: {email: rest, chat: skip, app: email, phone: enter}
  mail: {to: support@desk.test, smtp: 127.0.0.1:2525, mailbox: mail/box.jsonl}
  mapping: zammad
  thresholds:
    create.p95: at most 800ms
    email.first_response.p90: at most 4h
  abort: {errors: above 20% within 30s}
"""


def scenario(folder: Path, load: str = "", *sets: str) -> Scenario:
    path = folder / "desk.yaml"
    path.write_text(DESK + load)
    return read(path, sets)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return scenario(tmp_path_factory.mktemp("load"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return scenario(tmp_path_factory.mktemp("load"), LOAD)


def test_every_key_is_read(whole: Scenario) -> None:
    """Each key of the section arrives in seconds, rates and addresses without a slash at the end."""
    load = whole.spec.load
    assert load.host == "https://desk-staging.example.com/rt"
    assert load.staging is not None
    assert (load.staging.url, load.staging.shows) == (
        "https://desk-staging.example.com:443/rt/banner", "STAGING",
    )  # fmt: skip
    assert (load.outbound_mail, load.queue, load.rate, load.capacity) == ("off", "Support", 50.0, 1.5)
    assert load.mail is not None
    assert (load.mail.to, load.mail.smtp, load.mail.mailbox) == (
        "support@desk.test",
        "127.0.0.1:2525",
        "mail/box.jsonl",
    )
    assert load.mapping == "zammad"
    assert load.abort.errors == Abort(0.2, 30.0)
    assert [limit.value for limit in load_limits(whole.spec)] == [0.8, 14_400.0]


def test_without_the_section_its_defaults_hold(plain: Scenario) -> None:
    """A scenario that says nothing is capped at 100 contacts a second, is never broken off, and has no thresholds."""
    load = plain.spec.load
    assert load.rate == 100.0
    assert load.abort.errors is None
    assert load_limits(plain.spec) == []
    assert (load.host, load.staging, load.outbound_mail, load.mail, load.capacity) == (None,) * 5


def test_the_defaults_are_no_assumptions_of_a_run(plain: Scenario, whole: Scenario) -> None:
    """What a load test assumes is not listed among the assumptions of a simulated run."""
    assert not [path for path in (*plain.assumed, *whole.assumed) if path.startswith("load")]


def test_it_is_no_part_of_the_digest(plain: Scenario, whole: Scenario, tmp_path: Path) -> None:
    """Whatever stands in the section, the digest is that of the scenario without it; it shows in no representation."""
    assert whole.digest == plain.digest
    assert scenario(tmp_path, LOAD, "load.rate=1/s").digest == plain.digest
    assert "desk-staging" not in repr(whole.spec)
    assert scenario(tmp_path, LOAD, "lasts=6d").digest != plain.digest


def test_the_digests_of_before_the_section_hold(tmp_path: Path) -> None:
    """A scenario has the digest that it had before there was such a section: its runs can still be compared."""
    path = tmp_path / "desk.yaml"
    path.write_text("name: A\ncustomers: 20000\nphone: {staff: 12, hours: 08:00-20:00}\n")
    assert read(path).digest == "9d7363d2385519cafbbe614e171766731afce86db58c4f3e9c391f4f1a12fa64"


def test_every_channel_has_a_wire(plain: Scenario, whole: Scenario) -> None:
    """By kind: mail for email, REST for other messages and chats, none for calls and machines; else as is said."""
    spec = plain.spec
    assert {name: wire_of(spec, name) for name in spec.channels} == {
        "phone": "enter", "chat": "rest", "email": "email", "app": "rest", "bot": "enter", "reply": "rest",
        "letters": "rest",
    }  # fmt: skip
    assert [wire_of(whole.spec, name) for name in ("email", "chat", "app")] == ["rest", "skip", "email"]


def test_a_dotted_path_may_set_a_threshold(tmp_path: Path) -> None:
    """After `load.thresholds` a path on the command line is one key, dots and all."""
    found = scenario(tmp_path, LOAD, "load.thresholds.create.p95=at most 2s").spec.load.thresholds
    assert found == {"create.p95": "at most 2s", "email.first_response.p90": "at most 4h"}


@pytest.mark.parametrize(
    ("name", "words", "expected"),
    [
        ("create.p95", "at most 800ms", LoadLimit("", "", Of.LATENCY, 0.8, None, "create", False, "p95")),
        ("create.send.p99", "at most 1.5s", LoadLimit("", "", Of.LATENCY, 1.5, None, "create", True, "p99")),
        ("email.reply.max", "at most 1m", LoadLimit("", "", Of.LATENCY, 60.0, "email", "reply", False, "max")),
        ("all.p99.9", "at most 1_000 ms", LoadLimit("", "", Of.LATENCY, 1.0, None, None, False, "p99.9")),
        ("app.all.send.mean", "at most 2s", LoadLimit("", "", Of.LATENCY, 2.0, "app", None, True, "mean")),
        # a channel that is called as a step is
        ("reply.create.p50", "at most 2s", LoadLimit("", "", Of.LATENCY, 2.0, "reply", "create", False, "p50")),
        ("reply.p50", "at most 2s", LoadLimit("", "", Of.LATENCY, 2.0, None, "reply", False, "p50")),
        ("reply.first_response.p50", "at most 2h",
         LoadLimit("", "", Of.FIRST_RESPONSE, 7200.0, "reply", None, False, "p50")),
        ("email.first_response.median", "at most 4h",
         LoadLimit("", "", Of.FIRST_RESPONSE, 14_400.0, "email", None, False, "median")),
        ("errors", "at most 1%", LoadLimit("", "", Of.ERRORS, 0.01)),
        ("email.errors", "at most 1%", LoadLimit("", "", Of.ERRORS, 0.01, "email")),
        ("close.errors", "at most 0%", LoadLimit("", "", Of.ERRORS, 0.0, None, "close")),
        ("email.close.errors", "at most 2%", LoadLimit("", "", Of.ERRORS, 0.02, "email", "close")),
        ("sent", "at least 99.9%", LoadLimit("", "", Of.SENT, 0.999)),
    ],
)  # fmt: skip
def test_a_threshold_is_read(name: str, words: str, expected: LoadLimit, plain: Scenario) -> None:
    """A path says channel, step, from when, and the figure; the words say at most how much."""
    found = load_limit(name, words, plain.spec)
    assert (found.name, found.words) == (name, words)
    assert (found.of, found.value, found.channel, found.step, found.send, found.statistic) == (
        expected.of, expected.value, expected.channel, expected.step, expected.send, expected.statistic,
    )  # fmt: skip


def test_a_percentile_is_exact(plain: Scenario) -> None:
    """99.9 is 999 thousandths, a median a half; what is no percentile has none."""

    def quantile(name: str, words: str = "at most 1s") -> Fraction | None:
        return load_limit(name, words, plain.spec).quantile

    assert quantile("create.p99.9") == Fraction(999, 1000)
    assert quantile("create.median") == Fraction(1, 2)
    assert quantile("create.mean") is None
    assert quantile("errors", "at most 1%") is None


def test_a_limit_is_met_on_its_side(plain: Scenario) -> None:
    """At most and at least include the limit itself."""
    most, least = (load_limit(*each, plain.spec) for each in (("errors", "at most 1%"), ("sent", "at least 99%")))
    assert [most.met(share) for share in (0.0, 0.01, 0.011)] == [True, True, False]
    assert [least.met(share) for share in (0.989, 0.99, 1.0)] == [False, True, True]


def test_a_page_of_another_host_proves_nothing(tmp_path: Path) -> None:
    """The page that shows staging is of the desk's own scheme, host and port."""
    for url in (
        "http://desk-staging.example.com/b",
        "https://other.example.com/b",
        "https://desk-staging.example.com:1",
    ):
        with pytest.raises(ScenarioError, match=r"load\.staging\.url: a page of another host") as caught:
            scenario(tmp_path, LOAD, f"load.staging.url={url}")
        assert len(caught.value.mistakes) == 1


@pytest.mark.parametrize(
    "host",
    [
        "http://127.0.0.1:8000", "https://desk.example.com", "http://[::1]:8080/rt", "http://localhost",
        "https://xn--bcher-kva.example",
    ],
)  # fmt: skip
def test_a_host_is_an_address(host: str) -> None:
    """A host is scheme, name or number, perhaps port and path; a slash at its end is left out."""
    assert read_host(host) == host
    assert read_host(f" {host}/ ") == host


@pytest.mark.parametrize(
    "host",
    [
        "desk.example.com", "ftp://desk.example.com", "https://", "https:///rt", "http://:80", "http://desk:",
        "http://desk:0", "http://desk:99999", "http://desk:port", "http://desk/ x", "http://de\\sk", "http://desk\n.x",
        "http://bücher.example", "http://-desk", "http://desk?x=1", "http://desk#x", "", 7, None, ["http://desk"],
        "http://[::1", "javascript://desk", "http//desk",
    ],
)  # fmt: skip
def test_what_is_no_host_is_refused(host: object) -> None:
    """Without a scheme, with one that is not HTTP, without a name, with a port that cannot be: none is a host."""
    with pytest.raises(Unclear):
        read_host(host)


@pytest.mark.parametrize("read_it", [read_host, read_page, read_server])
@pytest.mark.parametrize(
    "said",
    [
        "https://agent:s3cret@desk.example.com", "agent:s3cret@desk:25", "https://s3cret@desk", "https://x:s3cret#@desk",
        "https://x:s3cret?y@desk", "//x:s3cret@desk",
    ],
)  # fmt: skip
def test_a_password_is_not_repeated(said: str, read_it: object) -> None:
    """An address with a user name or password is refused, in words that do not hold it."""
    with pytest.raises(Unclear) as caught:
        read_it(said)  # type: ignore[operator]
    assert "s3cret" not in str(caught.value)


def test_a_server_has_a_port() -> None:
    """Mail goes to a host and a port; a mailbox has one address."""
    assert read_server("Mail.desk.test:25") == "mail.desk.test:25"
    assert read_server("[::1]:2525") == "[::1]:2525"
    for said in ("127.0.0.1", "127.0.0.1:", ":25", "desk:0", "desk:70000", "http://desk:25", "desk:2_5", 2525, None):
        with pytest.raises(Unclear):
            read_server(said)
    assert read_mail_address("support+a@desk.test") == "support+a@desk.test"
    for said in ("support", "a@b, c@d", "a@b\r\nBcc: c@d", "<a@b>", "@desk.test", "a@", None):
        with pytest.raises(Unclear):
            read_mail_address(said)


def test_when_to_break_off() -> None:
    """A share below all and a time of up to an hour."""
    assert read_abort("above 0.5% within 1h") == Abort(0.005, 3600.0)
    for said in (
        "20% within 30s",
        "above 20%",
        "above 100% within 30s",
        "above 5% within 0s",
        "above 5% within 2h",
        20,
    ):
        with pytest.raises(Unclear):
            read_abort(said)


def test_the_port_of_a_scheme_is_known() -> None:
    """Two addresses are of one origin where scheme, host and port are the same, said or not."""
    assert origin("https://desk.example.com") == origin("https://desk.example.com:443/rt")
    assert origin("http://desk.example.com") != origin("https://desk.example.com")


def test_every_key_of_it_is_known() -> None:
    """The reference, the schema and --explain have every key of the section, as they walk the same list."""
    found = {".".join(key.path) for key in walk() if key.path[0] == "load"}
    assert found == {"load"} | {
        f"load.{name}"
        for name in (
            "host", "staging", "staging.url", "staging.shows", "outbound_mail", "queue", "rate", "capacity", "channels",
            "mail", "mail.to", "mail.smtp", "mail.mailbox", "mapping", "thresholds", "abort", "abort.errors",
        )
    }  # fmt: skip
