"""Where customers' mail may go, and where it may not."""

from __future__ import annotations

import pytest

from sim.load.guard import Refused, target
from sim.load.post_office import check_mail, server_of

HERE = target("http://127.0.0.1:8082", allowed=(), named=None, staging=None, outbound_mail=None)


@pytest.mark.parametrize("to", ["support@desk.test", "a@b.example", "a@x.invalid", "root@localhost"])
def test_addresses_that_reach_nobody_are_written_to(to: str) -> None:
    """A mail server of this machine, and a domain that RFC 2606 reserves."""
    assert check_mail(to, "127.0.0.1:2525", HERE) == ("127.0.0.1", 2525)


@pytest.mark.parametrize("to", ["ceo@company.com", "a@test.com", "a@notest", "support@desk.test.com", "nobody"])
def test_other_addresses_are_not(to: str) -> None:
    """A mail server of this machine may pass on what is not for it, so the address counts as well."""
    with pytest.raises(Refused, match="no mail is sent to"):
        check_mail(to, "127.0.0.1:2525", HERE)


def test_the_mail_server_is_this_machine_or_the_desks() -> None:
    """Any other is refused before anything is connected to."""
    with pytest.raises(Refused, match="neither this machine nor"):
        server_of("192.0.2.1:25", HERE)
