"""The values of a load test as they are written: addresses of a helpdesk and of its mail, and when to give up.

An address never holds a user name or a password: they would end up in plans, reports and messages. One that does is
refused without being repeated.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import urlsplit

from sim import units
from sim.scenario import written
from sim.scenario.problems import read_by
from sim.scenario.words import Limit
from sim.units import Unclear, shown

_NAMED = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?\.?|\[[0-9A-Fa-f:.]+\]")
"""The name or the number of a host."""
_HOST, _PAGE = "http://127.0.0.1:8000", "https://desk-staging.example.com/banner"


def read_host(value: Any) -> str:
    """``https://desk-staging.example.com``: scheme and host, perhaps a port and a path; without a slash at its end."""
    parts = _address(value, _HOST)
    if "?" in parts or "#" in parts:
        raise Unclear(f"{shown(value)} is more than a host", f"leave out what follows ? or #, as in {_HOST}")
    return parts.rstrip("/")


def read_page(value: Any) -> str:
    """``https://desk-staging.example.com/banner``: one page, with its query."""
    return _address(value, _PAGE)


def _address(value: Any, example: str) -> str:
    """An absolute address over HTTP, its scheme and host in small letters."""
    hint = f"write it as in {example}"
    text = value.strip() if isinstance(value, str) else ""
    if "@" in text:
        what = "an @ stands in this address, as before a host where a user name or password comes first"
        raise Unclear(what, "take it out: tokens come from the environment, as in SIM_RT_TOKEN")
    if not re.fullmatch(r"[!-\[\]-~]+", text):
        raise Unclear(f"{shown(value)} is not an address", hint)
    if not re.match("https?://", text, re.IGNORECASE):
        what = f"{shown(value)} begins with neither http:// nor https://"
        raise Unclear(what, f"write it as in http://{text}" if _NAMED.match(text) and "://" not in text else hint)
    try:
        parts = urlsplit(text)
        possible = parts.port != 0 and not parts.netloc.endswith(":")
    except ValueError:
        possible = False
    if not possible or not _NAMED.fullmatch(re.sub(":[0-9]+$", "", parts.netloc)):
        raise Unclear(f"{shown(value)} names no host that there can be", hint)
    return parts._replace(netloc=parts.netloc.lower()).geturl()


def origin(address: str) -> tuple[str, str, int]:
    """Scheme, host and port of an address that `read_host` or `read_page` has read."""
    parts = urlsplit(address)
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def read_server(value: Any) -> str:
    """``127.0.0.1:2525``: a host and its port."""
    text = value.strip() if isinstance(value, str) else ""
    host, _, port = text.rpartition(":")
    if not _NAMED.fullmatch(host) or not re.fullmatch("[0-9]{1,5}", port) or not 0 < int(port) < 65_536:
        what = f"{shown(value)} is not a host with its port" if "@" not in text else "an @ stands before this host"
        raise Unclear(what, 'write it as in "127.0.0.1:2525"')
    return text.lower()


def read_mail_address(value: Any) -> str:
    """``support@desk.test``: one address of e-mail."""
    text = value.strip() if isinstance(value, str) else ""
    if not re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,250}", text):
        raise Unclear(f"{shown(value)} is not an address of e-mail", "write one as in support@desk.test")
    return text


def read_some_rate(value: Any) -> float:
    """``50/s``: a rate above 0."""
    rate = units.rate(value)
    if rate <= 0:
        raise Unclear(f"{shown(value)} lets nothing through", "give more, such as 50/s")
    return rate


class Abort(NamedTuple):
    """When a load test is broken off: more than this share of the rows went wrong within so many seconds."""

    share: float
    seconds: float


def read_abort(value: Any) -> Abort:
    """``above 20% within 30s``, by the wall clock."""
    if isinstance(value, Abort):
        return value
    found = re.fullmatch(r"\s*above\s+(\S.*?)\s+within\s+(\S.*)", str(value))
    if not found:
        raise Unclear(f"{shown(value)} does not say when to break off", "write it as in above 20% within 30s")
    rule = Abort(units.share(found[1]), units.duration(found[2]))
    if rule.share >= 1:
        raise Unclear(f"{shown(value)} never happens", "give less than 100%")
    if not 0 < rule.seconds <= units.HOUR:
        raise Unclear(f"{shown(value)} is no time to look back on", "give a time of up to 1h, such as 30s")
    return rule


Wire = Literal["rest", "email", "skip", "enter"]
"""How contacts of a channel reach a real desk."""

Host = Annotated[str, read_by(read_host), written.HOST]
Page = Annotated[str, read_by(read_page), written.PAGE]
Server = Annotated[str, read_by(read_server), written.SERVER]
MailAddress = Annotated[str, read_by(read_mail_address), written.MAIL_ADDRESS]
SomeRate = Annotated[float, read_by(read_some_rate), written.SOME_RATE]
Breaking = Annotated[Abort, read_by(read_abort), written.ABORT]
Wires = Annotated[dict[str, Wire], written.WIRES]
LoadLimits = Annotated[dict[str, Limit], written.LOAD_LIMITS]
