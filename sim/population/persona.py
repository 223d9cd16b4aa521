"""Names and words for synthetic people, so that a table or a ticket can be read. The only user of Faker.

A persona decides nothing: no engine reads one and no digest contains one, because Faker promises its values only for
one version of itself. Nobody real can be reached by one: addresses lie under ``.test``, which RFC 2606 (and RFC 6761)
reserves, and numbers in the range that Ofcom keeps free for drama.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

DOMAIN = "customers.test"
"""RFC 2606, section 2: no name under ``.test`` is ever delegated."""

NUMBERS = 1000
"""01632 960000 to 01632 960999 belong to nobody (Ofcom, telephone numbers for use in TV and radio drama)."""


@dataclass(frozen=True)
class Persona:
    """How a customer is called and reached; all of it invented."""

    customer: int
    name: str
    email: str
    """Unique to the customer: it ends with their number."""
    phone: str
    """Unique among neighbours; customers whose numbers differ by a multiple of 1000 share one."""


def personas(seed: int, customers: Iterable[int], locale: str = "en_GB") -> list[Persona]:
    """The personas of some customers, in the order given.

    Each depends on (seed, customer) alone, not on who else is asked for or in which order; and on the locale and the
    version of Faker.
    """
    from faker import Faker

    # by weight, as real names are spread, each name would take five times as long
    faker = Faker(locale, use_weighting=False)
    made = []
    for customer in customers:
        own = sha256(f"persona {seed} {customer}".encode()).digest()
        faker.seed_instance(int.from_bytes(own[:8], "little"))
        name = f"{faker.first_name()} {faker.last_name()}"
        made.append(
            Persona(
                customer=customer,
                name=name,
                email=f"{_local_part(name)}.{customer}@{DOMAIN}",
                phone=f"01632 960{customer % NUMBERS:03d}",
            )
        )
    return made


def _local_part(name: str) -> str:
    """A name in the letters that every mail server takes; ``customer`` where it has none of them."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return ".".join(re.findall("[a-z]+", plain.replace("'", ""))) or "customer"


def address(persona: Persona, run: str) -> str:
    """The customer's e-mail address in one run against a real desk.

    A domain for each run: what a desk sends is then known to be of this run, and a desk that knows people by their
    address takes nobody for somebody of an earlier run.

    Args:
        run: the run's tag, 32 hexadecimal digits.
    """
    local, _, domain = persona.email.partition("@")
    return f"{local}@{run}.{domain}"
