"""Random numbers by address: seed, replication, decision, page, index.

Every draw of the model is the value of a counter-based generator (Philox 4×64) at an address, so it does not matter who
asks first, how many others ask, or in which process: two policies, two engines and a load test meet the same luck.

A *page* holds four attempts: attempts 1 to 4 of issue i are the four numbers of block i on page 0, attempts 5 to 8 the
four numbers of block i on page 1, and so on.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from sim.tables import Array, Floats

ATTEMPTS = 32
"""Nobody tries more often than this; hitting the cap is counted and shown."""
PAGE = 4
"""Attempts a page; also the numbers in one block of Philox 4×64."""


class Decision(IntEnum):
    """What a number decides. The values are part of every result: never renumber, only add."""

    BUSY_DAY = 1
    BUSY_HOUR = 2
    ARRIVAL = 3
    INTENT = 4
    SEGMENT = 5
    CUSTOMER = 6
    PATIENCE = 10
    HANDLE = 11
    WRAP_UP = 12
    RESOLVED = 13
    REDIAL = 14
    REDIAL_DELAY = 15
    RECONNECT = 16
    RECONNECT_DELAY = 17
    IGNORED = 18
    REPLY = 20
    NOISE = 21
    COMPLAINT = 22
    TENURE = 30
    CONTRACT = 31
    EXPIRES_IN = 32
    CAPTIVE = 33
    MOOD = 34
    UNCERTAIN = 40
    SURGE = 41
    SILENT = 51
    FRONT = 52
    ESCALATE = 53
    TRANSFER = 54
    ELSEWHERE = 55
    ELSEWHERE_DELAY = 56
    PUBLIC = 57
    PUBLIC_DELAY = 58
    CHASE = 59
    ASKS = 60
    ASKS_DELAY = 61
    CALLBACK = 62
    DEFLECT = 63
    INFORM = 64
    RETAIN = 65
    ABSENT = 66


def uniforms(seed: int, replication: int, decision: Decision, size: int, *, page: int = 0, block: int = 0) -> Floats:
    """`size` uniform numbers in (0, 1) of one decision, from block `block` on (four numbers a block).

    Args:
        seed: 0 ≤ seed < 2⁶⁴. replication: 0 ≤ replication < 2³². page: 0 ≤ page < 2¹⁶ (for arrivals, the channel).

    Returns:
        Floats, shape (size,); never exactly 0 or 1, so that quantiles are finite.
    """
    key = np.array([seed, replication << 32 | int(decision) << 16 | page], dtype=np.uint64)
    generator = np.random.Generator(np.random.Philox(counter=[block, 0, 0, 0], key=key))
    draws = generator.random(size)
    return np.maximum(draws, 2.0**-54, out=draws)


def millionths(draws: Floats) -> Array:
    """Uniform draws as integers 0 … 999,999, for coins that an engine flips against a probability."""
    return (draws * 1_000_000).astype(np.int64)
