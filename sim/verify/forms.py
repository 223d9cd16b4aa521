"""The short form and the full one: how much is simulated of each case, and in how many runs."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim.verify.cases import Case
from sim.verify.desks import day_rate
from sim.verify.judge import SURE, is_judged
from sim.verify.observe import is_share


@dataclass(frozen=True)
class Form:
    """How much to simulate.

    Attributes:
        contacts, days: of a case, at least. most_contacts, most_days: at most.
        share, mean: in between, as much as it takes for the half width of every 99 % interval to be this part of the
            figure: `share` of probabilities and occupancies, `mean` of the others; infinite: no more than the least.
    """

    name: str
    contacts: int
    days: int
    most_contacts: int
    most_days: int
    share: float = math.inf
    mean: float = math.inf

    def size(self, case: Case) -> int:
        """Contacts, or days, of a case."""
        least, most = round(self.contacts * case.weight), self.most_contacts
        if case.day is not None:
            least = round(self.days * case.weight)
            most = min(self.most_days, int(self.most_contacts / day_rate(case).total()))
        needed = max((self._needed(case, figure) for figure in case.sd), default=0.0)
        return min(most, max(least, math.ceil(needed)))

    def _needed(self, case: Case, figure: str) -> float:
        if "#" in figure or not is_judged(case, figure):
            return 0.0
        return (SURE * case.sd[figure] / (self.target(figure) * case.expected[figure])) ** 2

    def target(self, figure: str) -> float:
        """The half width wanted, relative to the value."""
        return self.share if is_share(figure) else self.mean

    def runs(self, case: Case) -> list[int]:
        """The size of each run: two at least, so that two processes share a case."""
        size = self.size(case)
        contacts = size if case.day is None else size * day_rate(case).total()
        count = max(2, math.ceil(contacts / A_RUN))
        return [size // count + (n < size % count) for n in range(count)]


A_RUN = 150_000
"""Contacts in one run, whose memory is that of its contacts."""

SHORT = Form("short", contacts=40_000, days=300, most_contacts=240_000, most_days=300)
FULL = Form("full", contacts=200_000, days=1000, most_contacts=900_000, most_days=3000, share=0.01, mean=0.03)
