"""Where a load test may send: to this machine, or to a staging desk that two people's words and a page of its own name.

A load test that hits the wrong host writes tickets into the desk of real customers. So a `Target` cannot exist unless
its host is allowed: loopback always is; any other host is named on the command line *and* in the scenario, has a page
that shows it to be staging, and says where the mail that it sends goes. All of that is checked when a `Target` is made,
in every process anew. The host is resolved once, and only the addresses found then are ever connected to: a name that
points elsewhere later moves nobody. What counts is the address that a host stands for, however it is written
(`0x7f.1`, `2130706433`, `[::ffff:127.0.0.1]`).
"""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

from sim.errors import SimError, UsageError
from sim.helpdesks.protocol import Session, Trouble, judge

PORTS = {"http": 80, "https": 443}
OUTBOUND_MAIL = ("sink", "off")
_VISIBLE = re.compile(r"[!-~]*")
_NAME = re.compile(r"[a-z0-9_][a-z0-9._-]*")


class Refused(SimError):
    """Nothing may be sent there; `reasons` are all that is against it."""

    exit_code = 5

    def __init__(self, what: str, reasons: Sequence[str] = (), hint: str = "") -> None:
        super().__init__("\n  ".join([what + (":" if reasons else ""), *reasons]), hint)
        self.reasons = tuple(reasons)


@dataclass(frozen=True)
class Staging:
    """What tells that a desk is staging: a page of it, and a text that it shows.

    `url` is a path (the base path goes before it), or a URL of the desk's origin.
    """

    url: str
    shows: str


@dataclass(frozen=True)
class Permission:
    """What was said for sending to a host: by `--allow-host`, and by the scenario's load section. Hosts are as `_name`
    has them."""

    allowed: tuple[str, ...]
    named: str | None
    staging: Staging | None
    outbound_mail: str | None


@dataclass(frozen=True)
class Target:
    """A desk that may be sent to. `host` has no brackets, `path` is what precedes every path ("" or "/rt").

    Raises:
        Refused: by whoever makes one, for all the reasons at once.
    """

    scheme: str
    host: str
    port: int
    path: str
    addresses: tuple[str, ...]
    permission: Permission

    def __post_init__(self) -> None:
        if reasons := _against(self):
            raise Refused(f"nothing is sent to {self.netloc}", reasons)

    @property
    def netloc(self) -> str:
        """Host and port, as a Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """Scheme, host, port and base path, without a final slash."""
        return f"{self.scheme}://{self.netloc}{self.path}"

    @property
    def is_loopback(self) -> bool:
        """Whether every address is this machine's own."""
        return all(_ip(address).is_loopback for address in self.addresses)

    def document(self) -> dict[str, Any]:
        """All that another process needs to make up its own mind, as plain values; no address is among them."""
        return {"url": self.url, **asdict(self.permission), "allowed": list(self.permission.allowed)}

    @staticmethod
    def rebuild(document: Mapping[str, Any]) -> Target:
        """The target of a document: resolved again, and checked again.

        Raises:
            Refused, UsageError: as `target`.
        """
        staging = document["staging"]
        return target(
            document["url"],
            allowed=document["allowed"],
            named=document["named"],
            staging=None if staging is None else Staging(**staging),
            outbound_mail=document["outbound_mail"],
        )


def target(
    url: str, *, allowed: Sequence[str], named: str | None, staging: Staging | None, outbound_mail: str | None
) -> Target:
    """The desk at a URL, resolved, if it may be sent to.

    Args:
        allowed: the hosts of `--allow-host`.
        named: the host of the scenario's load section, as a name or a URL.
        staging: the page that shows the desk to be staging.
        outbound_mail: where the desk's mail goes: "sink" (ours) or "off".

    Raises:
        UsageError: it is no URL of a desk. The text never holds a user or a password.
        Refused: it does not resolve, or may not be sent to.
    """
    parts = _split(url)
    port = parts.port or PORTS[parts.scheme]
    host = _name(parts.hostname or "")
    hosts = tuple(filter(None, map(_name, map(_bare, allowed))))
    permission = Permission(hosts, named and _name(_bare(named)), staging, outbound_mail)
    return Target(parts.scheme, host, port, parts.path.rstrip("/"), _resolve(host, port), permission)


def same_origin(target: Target, url_or_path: str) -> str:
    """The path to ask the target for: a path gets the target's base path before it, a URL of its origin has it.

    Raises:
        Refused: a URL of another origin, or no path at all.
    """
    if not _VISIBLE.fullmatch(url_or_path) or "#" in url_or_path or "\\" in url_or_path:
        raise Refused(f"what is asked of {target.netloc} is neither a path nor a URL")
    if url_or_path.startswith("/") and not url_or_path.startswith("//"):
        return target.path + url_or_path
    try:
        parts = urlsplit(url_or_path)
        # who is without a scheme has no port either
        origin = parts.scheme, _name(parts.hostname or ""), parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        origin = "", "", 0
    if origin != (target.scheme, target.host, target.port) or "@" in parts.netloc:
        raise Refused(f"only {target.netloc} is asked, and this is another host or no URL")
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def check_peer(target: Target, address: str) -> None:
    """Refuses a connection whose other end is not an address that the host had when it was resolved."""
    if _ip(address) not in map(_ip, target.addresses):
        raise Refused(f"connected to {address}, which is no address of {target.netloc}")


def prove_staging(target: Target, session: Session) -> None:
    """Reads the page that shows the desk to be staging; to be called before the first write.

    A desk on loopback needs none; if it has one all the same, it is read: the port may be a tunnel's.

    Raises:
        Refused: the page cannot be read, or does not show the text.
    """
    staging = target.permission.staging
    if staging is None:
        return
    try:
        page = judge(session.request("GET", staging.url), "read the staging page")
    except Trouble as trouble:
        raise Refused(f"{target.netloc} does not prove that it is staging", [trouble.what]) from trouble
    if staging.shows not in page.text:
        raise Refused(
            f"{target.netloc} does not prove that it is staging", [f"its page does not show {staging.shows!r}"]
        )


def _split(url: str) -> SplitResult:
    """The parts of a URL that has a scheme of ours, a host, perhaps a port and a path, and nothing else."""
    if "@" in url:
        # nothing of it is shown: where a password ends is anybody's guess
        raise UsageError("the host holds a user or a password", "leave it out: tokens have variables of their own")
    wrong = []
    if "?" in url or "#" in url:
        wrong.append("it has a query or a fragment")
    if not _VISIBLE.fullmatch("".join(char for char in url if ord(char) < 128)) or "\\" in url:
        wrong.append("it holds blanks, control characters or a backslash")
    shown = "the host" if wrong else f"the host {url!r}"
    if "://" not in url:
        hint = "" if wrong else f"write http://{url} or https://{url}"
        raise UsageError(f"{shown} is no URL: {', and '.join([*wrong, 'it has no scheme'])}", hint)
    try:
        parts = urlsplit(url)
        port = parts.port
        name = _name(parts.hostname or "")
    except ValueError:
        wrong.append("the brackets or the port are wrong (1 to 65535)")
        raise UsageError(f"{shown} is no URL of a desk: {', and '.join(wrong)}") from None
    if parts.scheme not in PORTS:
        wrong.append(f"its scheme is {parts.scheme or 'missing'}, not http or https")
    if not parts.hostname:
        wrong.append("no host is named")
    elif not name:
        wrong.append("a host has no such name")
    if port == 0:
        wrong.append("the port is not one of 1 to 65535")
    if not parts.path.isascii():
        wrong.append("its path is not plain ASCII")
    if wrong:
        raise UsageError(f"{shown} is no URL of a desk: {', and '.join(wrong)}")
    return parts


def _against(target: Target) -> list[str]:
    """Every reason not to send there."""
    addresses = [_ip(address) for address in target.addresses]
    reasons = []
    if any(address.is_unspecified for address in addresses):
        reasons.append("0.0.0.0 and :: stand for all addresses, not for one: write 127.0.0.1")
    loopback = sum(address.is_loopback for address in addresses)
    if 0 < loopback < len(addresses):
        reasons.append("it resolves to this machine and to others: " + ", ".join(target.addresses))
    reasons += _staging_faults(target)
    return reasons if target.is_loopback else reasons + _not_permitted(target)


def _not_permitted(target: Target) -> list[str]:
    """What is missing before a host that is not this machine may be sent to."""
    permission = target.permission
    reasons = []
    if target.host not in permission.allowed:
        reasons.append(f"it is not this machine, and not named on the command line: --allow-host {target.host}")
    if permission.named != target.host:
        reasons.append("the scenario does not name it: load: host")
    if permission.staging is None:
        reasons.append("nothing proves that it is staging: load: staging (a URL of the desk, and a text shown there)")
    if permission.outbound_mail not in OUTBOUND_MAIL:
        reasons.append(f"it is not said where its mail goes: load: outbound_mail: {' | '.join(OUTBOUND_MAIL)}")
    return reasons


def _staging_faults(target: Target) -> list[str]:
    """Why a page, if one is named, cannot prove that the desk is staging."""
    staging = target.permission.staging
    if staging is None:
        return []
    faults = [] if staging.shows.strip() else ["any page shows an empty text: load: staging: shows"]
    try:
        same_origin(target, staging.url)
    except Refused:
        faults.append("the page that proves it to be staging is not on it: load: staging: url")
    return faults


def _resolve(host: str, port: int) -> tuple[str, ...]:
    """The addresses of a host, as they are preferred."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Refused(f"the host {host} has no address", hint="is the name right, and does it resolve here?") from None
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def _name(host: str) -> str:
    """A host as hosts are compared: lower case, as in the DNS, without a final dot; "" where it cannot be one."""
    if _is_ip(host):
        return str(ip_address(host))
    try:
        name = host.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError:
        return ""
    return name if _is_ip(name) or _NAME.fullmatch(name) else ""


def _bare(text: str) -> str:
    """The host of a text that is a host, or a URL; "" for none."""
    try:
        return (urlsplit(text).hostname or "") if "://" in text else text.strip("[]")
    except ValueError:
        return ""


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _ip(text: str) -> IPv4Address | IPv6Address:
    """An address; an IPv4 address in the clothes of IPv6 is one of IPv4."""
    address = ip_address(text)
    return getattr(address, "ipv4_mapped", None) or address
