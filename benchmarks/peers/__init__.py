"""One queue, several engines: the Erlang-A desk that every peer of the speed benchmark simulates.

Customers arrive as a Poisson stream, are served first come, first served by identical agents, and leave the queue
when their patience runs out; service and patience are exponential. The load is slightly more than the agents can
carry, so that a queue, and with it every kind of event, is there nearly all the time.

A peer is a module with `run(arrival, service, patience) -> Outcome`. All peers get the same pre-drawn arrays, so the
time measured is that of the events and not of the random numbers, and the answers can be compared contact for contact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ARRIVALS_PER_MINUTE = 100.0
SERVICE_MINUTES = 3.0
AGENTS = 290
PATIENCE_MINUTES = 2.0
TICKS_PER_MINUTE = 60_000

Ticks = NDArray[np.float64]
Outcome = tuple[int, int, float]
"""Contacts answered, contacts abandoned, and the total wait of both kinds in ticks."""


def draw(n: int, seed: int) -> tuple[Ticks, Ticks, Ticks]:
    """Arrival times, service times and patiences of `n` contacts, in arrival order.

    The first `AGENTS` contacts arrive at time 0. Service being memoryless, that is a full house from the start, and no
    warm-up has to be cut off. Arrivals and services take even numbers of ticks and patience odd ones: an agent never
    becomes free at the very tick at which a customer gives up. It is the one tie whose order changes an outcome, and
    libraries break it differently; without it all peers must give the same answer to the last contact.

    Returns:
        arrival, service, patience: each of shape (n,), in ticks of 1 ms: whole numbers held as floats, so that a clock
        of floats adds them without rounding and one of integers takes them as they are.

    Raises:
        ValueError: `n` is not more than `AGENTS`.
    """
    if n <= AGENTS:
        raise ValueError(f"{n} contacts do not fill the desk; draw more than {AGENTS}")
    stream = np.random.default_rng(seed)
    gaps = stream.exponential(TICKS_PER_MINUTE / ARRIVALS_PER_MINUTE, n)
    gaps[:AGENTS] = 0.0
    service = stream.exponential(TICKS_PER_MINUTE * SERVICE_MINUTES, n)
    patience = stream.exponential(TICKS_PER_MINUTE * PATIENCE_MINUTES, n)
    return _even(gaps.cumsum()), _even(service), _even(patience) + 1.0


def _even(ticks: Ticks) -> Ticks:
    """The nearest even number of ticks."""
    return 2.0 * np.rint(ticks / 2.0)
