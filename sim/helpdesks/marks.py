"""How a ticket is known to be ours, whichever way it came.

A run has a tag of 32 hexadecimal digits. Its customers write from a domain of its own, `RUN.customers.test`, and the
subject of whatever opens a ticket ends in a token that holds the contact's key and the first eight digits of the run:
`No parcel yet [17.1 3fa9c2d1]`. Desks with custom fields get both there as well. The eight digits alone make no ticket
ours: the domain or the field does.
"""

from __future__ import annotations

import re


def domain(run: str) -> str:
    """The domain that the customers of a run write from."""
    return f"{run}.customers.test"


def token(run: str, key: str) -> str:
    """What the subject of a contact's first message holds."""
    return f"[{key} {run[:8]}]"


def wrote(email: str | None, run: str) -> bool:
    """Whether an address is that of a customer of this run."""
    return (email or "").lower().endswith("@" + domain(run))


def key_in(subject: str | None, run: str) -> str:
    """The key that a subject holds for this run, "" where it holds none."""
    found = re.search(rf"\[(\S+) {re.escape(run[:8])}\]", subject or "")
    return found[1] if found else ""
