"""Redials and reconnects in what a phone system counted, and what is left without them: first attempts.

Whoever abandons may redial, whoever is answered may come back, and the phone system counts them again. A simulation
makes its own repeats, so those in the counts have to go, or they would be there twice.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from sim.clock import DAY, Piece, Week
from sim.tables import Array, Floats

SLOT = 900
"""Seconds in which what is offered is taken as constant."""
SLOTS = 7 * DAY // SLOT


class Repeats(NamedTuple):
    """The share of offered contacts after which there is another, and the mean delay until then in seconds."""

    share: float
    delay: float


def first_attempts(offered: float, redial: float, abandoned: float, again: float) -> float:
    """How many of the contacts that a phone system counts are first attempts.

    λ = Λ(1 − p·P_ab − q(1 − P_ab)): whoever abandons redials with chance p, and whoever is answered comes back with
    chance q, so that Λ offered contacts hold Λ·p·P_ab redials and Λ·q(1 − P_ab) reconnects.

    Args:
        offered: Λ, contacts in any unit of time. redial: p. abandoned: P_ab, the share of Λ that abandoned.
        again: q, the share of answered contacts after which somebody comes back.

    Raises:
        ValueError: more come back than were there.
    """
    left = 1 - redial * abandoned - again * (1 - abandoned)
    if left <= 0:
        raise ValueError(f"with p {redial:g}, P_ab {abandoned:g} and q {again:g} every contact is followed by another")
    return offered * left


def without(offered: Week, hours: Week | None, *repeats: Repeats) -> Week:
    """The rate of first attempts, of which the repeats make the offered rate again.

    λ(t) = Λ(t) − Σₖ sₖ ∫ Λ(u) fₖ(t − u) du over the past, with Λ the offered rate of a week that repeats itself, sₖ the
    share after which there is a repeat of kind k and fₖ its delay's density (exponential); what would fall outside the
    hours comes as long after the next opening. Where repeats explain more than was offered, λ is 0 and the rest scaled,
    so that the week's first attempts are Λ(1 − Σ sₖ).

    Args:
        hours: when the channel is open; None is always.
    """
    counted = _by_slot(offered)
    left = counted.copy()
    lands = _landing(hours)
    for share, delay in repeats:
        np.subtract.at(left, lands, share * _delayed(counted, delay))
    left = np.maximum(left, 0.0)
    whole = counted.sum() * (1 - sum(share for share, _ in repeats))
    left *= whole / (left.sum() or 1.0)
    factor = np.divide(left, counted, out=np.zeros(SLOTS), where=counted > 0)
    pieces = tuple(
        piece._replace(start=start, end=end, value=piece.value * float(factor[(piece.weekday * DAY + start) // SLOT]))
        for piece in offered.pieces
        for start, end in _cut(piece)
    )
    mean = whole / (counted.sum() or 1.0)
    holiday = offered.holiday
    return Week(pieces, None if holiday is None else tuple(p._replace(value=p.value * mean) for p in holiday))


def _cut(piece: Piece) -> list[tuple[int, int]]:
    """A piece cut at the slots."""
    edges = [piece.start, *range(piece.start // SLOT * SLOT + SLOT, piece.end, SLOT), piece.end]
    return list(pairwise(edges))


def _by_slot(week: Week) -> Floats:
    """What a week of rates brings in each slot."""
    amounts = np.zeros(SLOTS)
    for piece in week.pieces:
        for start, end in _cut(piece):
            amounts[(piece.weekday * DAY + start) // SLOT] += piece.value * (end - start)
    return amounts


def _delayed(amounts: Floats, delay: float) -> Floats:
    """The amounts after an exponential delay, in a week that repeats itself."""
    if delay <= 0:
        return amounts
    stay = np.exp(-SLOT / delay)
    lag = (1 - stay) * stay ** np.arange(SLOTS) / (1 - stay**SLOTS)
    spread = np.fft.irfft(np.fft.rfft(amounts) * np.fft.rfft(lag), SLOTS)
    return np.asarray(spread)


def _landing(hours: Week | None) -> Array:
    """The slot in which somebody makes contact who would in each slot of the week: as long after the next opening as it
    is after the closing."""
    slots = np.arange(SLOTS)
    if hours is None or not hours.pieces:
        return slots
    open_ = _by_slot(hours) > 0
    if open_.all():
        return slots
    lands = slots.copy()
    for slot in np.flatnonzero(~open_):
        at = int(slot)
        while not open_[at % SLOTS]:
            since = next(back for back in range(1, SLOTS) if open_[(at - back) % SLOTS]) - 1
            until = next(ahead for ahead in range(1, SLOTS) if open_[(at + ahead) % SLOTS])
            at += until + since
        lands[slot] = at % SLOTS
    return lands
