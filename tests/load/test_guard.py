"""The guard: which hosts a load test may send to, whatever they are called, and what it takes."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from typing import Any

import pytest

from sim.errors import UsageError
from sim.helpdesks.protocol import Kind, Response, Trouble
from sim.load.guard import Refused, Staging, Target, check_peer, prove_staging, same_origin, target

NAMES = {
    "localhost": ["::1", "127.0.0.1"],
    "desk.test": ["192.0.2.10"],
    "xn--bcher-kva.test": ["192.0.2.11"],
    "me.test": ["127.0.0.1"],
    "both.test": ["127.0.0.1", "192.0.2.10"],
    "zero.test": ["0.0.0.0"],
}
PROOF = Staging("/about", "This is staging")


def _permitted(url: str, **changed: Any) -> Target:
    said = {"allowed": ["desk.test"], "named": "desk.test", "staging": PROOF, "outbound_mail": "sink"} | changed
    return target(url, **said)


def _alone(url: str) -> Target:
    return target(url, allowed=[], named=None, staging=None, outbound_mail=None)


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Names resolve as in the table; other hosts, numbers of odd forms among them, as the system says."""
    table, system = dict(NAMES), socket.getaddrinfo

    def resolve(host: str, port: int, **options: int) -> list[Any]:
        if host in table:
            return [(0, 0, 0, "", (address, port)) for address in table[host]]
        return list(system(host, port, **options))

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return table


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.200.1.1", "localhost", "LocalHost.", "me.test", "[::1]", "[::ffff:127.0.0.1]"),
        *("0x7f.1", "127.1", "2130706433", "0177.0.0.1", "\uff11\uff12\uff17\u30020.0.1"),
    ],
)
def test_loopback_needs_no_permission(host: str) -> None:
    """However it is written, a host all of whose addresses are this machine's may be sent to."""
    assert _alone(f"http://{host}:8080").is_loopback


@pytest.mark.parametrize("host", ["192.0.2.10", "3221226122", "[2001:db8::1]", "[::ffff:192.0.2.10]", "desk.test"])
def test_another_host_needs_everything_and_hears_it_at_once(host: str) -> None:
    """With nothing said, four reasons stand against a host that is not this machine, and it is exit code 5."""
    with pytest.raises(Refused) as refused:
        _alone(f"https://{host}")
    assert refused.value.exit_code == 5
    assert len(refused.value.reasons) == 4
    for word in ("--allow-host", "load: host", "load: staging", "load: outbound_mail"):
        assert word in refused.value.what


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "0", "zero.test", "[::ffff:0.0.0.0]"])
def test_the_unspecified_address_is_refused(host: str) -> None:
    """0.0.0.0 and :: are refused even when all is permitted."""
    with pytest.raises(Refused, match="stand for all"):
        _permitted(f"http://{host}", allowed=[host, "::"], named=host)


def test_a_name_of_this_machine_and_another_is_refused() -> None:
    """A name with one loopback address and one that is not is refused, even when all is permitted."""
    with pytest.raises(Refused) as refused:
        _permitted("http://both.test", allowed=["both.test"], named="both.test")
    assert [reason.partition(":")[0] for reason in refused.value.reasons] == [
        "it resolves to this machine and to others"
    ]


def test_a_host_that_is_named_twice_proven_and_silent_is_allowed() -> None:
    """With all four said, in whatever spelling, the host may be sent to, at the addresses that it has."""
    allowed = _permitted("https://desk.test:8443/rt/", allowed=["other.test", "DESK.test."], named="https://Desk.Test/")
    assert (allowed.scheme, allowed.host, allowed.port, allowed.path) == ("https", "desk.test", 8443, "/rt")
    assert allowed.addresses == ("192.0.2.10",)
    assert not allowed.is_loopback
    assert allowed.url == "https://desk.test:8443/rt"
    assert _permitted("http://BÜCHER.test", allowed=["bücher.test"], named="xn--bcher-kva.test").port == 80


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"allowed": ["other.test"]}, "--allow-host desk.test"),
        ({"allowed": ["test", "www.desk.test"]}, "--allow-host desk.test"),
        ({"named": "other.test"}, "load: host"),
        ({"staging": None}, "load: staging"),
        ({"staging": Staging("/about", "  ")}, "load: staging: shows"),
        ({"staging": Staging("https://other.test/about", "staging")}, "load: staging: url"),
        ({"outbound_mail": "on"}, "load: outbound_mail"),
    ],
)
def test_each_part_of_the_permission_is_needed(changed: dict[str, Any], reason: str) -> None:
    """Without one of the four the host is refused, for that reason alone."""
    with pytest.raises(Refused) as refused:
        _permitted("https://desk.test", **changed)
    assert len(refused.value.reasons) == 1
    assert reason in refused.value.reasons[0]


def test_a_target_cannot_be_made_around_the_guard() -> None:
    """Changing the addresses of a target to another machine's is refused too."""
    here = _alone("http://me.test")
    with pytest.raises(Refused):
        replace(here, addresses=("192.0.2.10",))


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("desk.test", "no scheme"),
        ("localhost:8080", "write http://localhost:8080"),
        ("//desk.test", "no scheme"),
        ("", "no scheme"),
        ("ftp://desk.test", "scheme is ftp"),
        ("file:///etc/hosts", "scheme is file"),
        ("http://", "no host"),
        ("http:///tickets", "no host"),
        ("http://:80", "no host"),
        ("http://.", "no such name"),
        ("http://a..b", "no such name"),
        ("http://a%2fb", "no such name"),
        ("http://desk.test:0", "1 to 65535"),
        ("http://desk.test:65536", "1 to 65535"),
        ("http://desk.test:8o", "1 to 65535"),
        ("http://[::1", "brackets"),
        ("http://desk.test/?a=1", "query"),
        ("http://desk.test/#a", "fragment"),
        ("http://desk.test/ü", "ASCII"),
        ("http://desk.test\r\nX: y", "control"),
        ("http://localhost\\.desk.test", "backslash"),
    ],
)
def test_a_malformed_host_is_a_mistake_of_usage(url: str, word: str) -> None:
    """What is no URL of a desk is exit code 2, and the text says why."""
    with pytest.raises(UsageError, match=word) as wrong:
        _alone(url)
    assert wrong.value.exit_code == 2


@pytest.mark.parametrize(
    "url",
    [
        *("http://bob:canary@127.0.0.1", "bob:canary@127.0.0.1", "http://canary@desk.test:x", "http://b:c/canary@desk"),
        *("ftp://bob:canary@desk.test/?q", "http://desk.test/?token=canary", "http://desk.test:x#canary"),
    ],
)
def test_a_user_or_a_password_is_refused_and_not_repeated(url: str) -> None:
    """A host with userinfo or a query is refused, and no text of the refusal holds a part of either."""
    with pytest.raises(UsageError) as wrong:
        _alone(url)
    assert "canary" not in f"{wrong.value}{wrong.value.hint}{wrong.value.__cause__}"


def test_a_name_that_does_not_resolve_is_refused() -> None:
    """A name under .invalid is exit code 5, and the text holds it."""
    with pytest.raises(Refused, match=r"desk\.invalid has no address"):
        _alone("http://desk.invalid")


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ("/tickets?a=1", "/rt/tickets?a=1"),
        ("https://desk.test/rt/tickets?a=%20", "/rt/tickets?a=%20"),
        ("https://DESK.test:443", "/"),
    ],
)
def test_a_path_and_a_url_of_the_origin_are_asked_for(asked: str, path: str) -> None:
    """A path gets the base path before it; a URL of the origin is taken as it is."""
    assert same_origin(_permitted("https://desk.test/rt"), asked) == path


@pytest.mark.parametrize(
    "asked",
    [
        *("https://other.test/", "http://desk.test:443/", "https://desk.test:8443/", "//other.test/", "//desk.test/"),
        *("https://desk.test@other.test/", "https://bob@desk.test/", "tickets", "", "https:desk.test", "/a b"),
        *("/a\r\nX: y", "/\\other.test", "/a#b", "https://desk.test:x/", "https://[::1/", "/ü"),
    ],
)
def test_nothing_is_asked_of_another_origin(asked: str) -> None:
    """Another scheme, host or port, and what is neither path nor URL, is refused."""
    with pytest.raises(Refused):
        same_origin(_permitted("https://desk.test/rt"), asked)


def test_a_peer_must_be_one_of_the_pinned_addresses() -> None:
    """An address the host had is a peer, in both of its forms; its neighbour is none."""
    allowed = _permitted("https://desk.test")
    check_peer(allowed, "192.0.2.10")
    check_peer(allowed, "::ffff:192.0.2.10")
    with pytest.raises(Refused, match=r"192\.0\.2\.11"):
        check_peer(allowed, "192.0.2.11")


def test_another_process_makes_up_its_own_mind(names: dict[str, list[str]]) -> None:
    """A document survives JSON, and the target that is rebuilt of it has today's addresses, and today's refusal."""
    document = json.loads(json.dumps(_permitted("https://desk.test:8443/rt").document()))
    names["desk.test"] = ["192.0.2.99"]
    rebuilt = Target.rebuild(document)
    assert (rebuilt.url, rebuilt.addresses) == ("https://desk.test:8443/rt", ("192.0.2.99",))
    assert rebuilt.document() == document
    here = _alone("http://me.test").document()
    names["me.test"] = ["192.0.2.99"]
    with pytest.raises(Refused, match="--allow-host"):
        Target.rebuild(here)


def test_a_document_holds_no_password() -> None:
    """Of a URL with userinfo where a host is named, only the host is kept."""
    document = _permitted("https://desk.test", named="https://bob:canary@desk.test").document()
    assert document["named"] == "desk.test"
    assert "canary" not in json.dumps(document)


class _Page:
    """A session that answers one page, or fails."""

    def __init__(self, status: int = 200, body: str = "", trouble: Trouble | None = None) -> None:
        self.status, self.body, self.trouble = status, body, trouble
        self.asked: list[tuple[str, str]] = []

    def request(self, method: str, path: str, **_: Any) -> Response:
        self.asked.append((method, path))
        if self.trouble:
            raise self.trouble
        return Response(self.status, {}, self.body.encode())


def test_a_page_that_shows_the_text_proves_staging() -> None:
    """The page is read once, with GET, and its text is enough."""
    page = _Page(body="<b>This is staging</b>")
    prove_staging(_permitted("https://desk.test"), page)
    assert page.asked == [("GET", "/about")]


@pytest.mark.parametrize(
    "page",
    [
        _Page(body="This is production"),
        _Page(404, "This is staging: not found"),
        _Page(302, "This is staging"),
        _Page(trouble=Trouble(Kind.TIMEOUT, "no answer in time")),
    ],
)
def test_nothing_else_proves_staging(page: _Page) -> None:
    """Another text, a status that is no success and a page that cannot be read are refused with exit code 5."""
    with pytest.raises(Refused, match="does not prove"):
        prove_staging(_permitted("https://desk.test"), page)


def test_loopback_is_read_only_where_a_page_is_named() -> None:
    """Without a page loopback is asked for nothing; with one, it must show the text: the port may be a tunnel's."""
    page = _Page(body="This is production")
    prove_staging(_alone("http://me.test"), page)
    assert page.asked == []
    with pytest.raises(Refused):
        prove_staging(target("http://me.test", allowed=[], named=None, staging=PROOF, outbound_mail=None), page)
