"""Erlang's closed forms: the planner's familiar column, a starting point for staffing, and an oracle for the tests.

One queue of Poisson contacts, agents who take exponential handle times, and a centre that has settled down:

    Erlang B    nobody waits; a contact that finds every agent busy is blocked
    Erlang C    everybody waits as long as it takes
    Erlang A    everybody waits, but only as long as their patience lasts; trunks may be limited

Rates and times may be in any one unit; the rest of the package uses seconds and contacts a second.

Nothing here overflows or loses digits with thousands of agents or in deep overload. B and C use the recursion of
blocking, which stays between 0 and 1. A starts from the likeliest number of contacts in the centre and works outwards
until the next number is all but impossible: a result costs as many steps as there are numbers worth counting.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

NEGLIGIBLE = 1e-30  # against the likeliest number of contacts; what is left out is far below rounding
LOG_NEGLIGIBLE = math.log(NEGLIGIBLE)


@dataclass(frozen=True)
class Steady:
    """What contacts meet in a settled queue. Shares are of the offered contacts; times in the unit of the handle time.

    Attributes:
        p_wait: share that joins the queue (neither answered at once nor blocked).
        mean_wait: time in queue over all offered contacts; abandoned ones count until they abandon, blocked ones 0.
        asa: average speed of answer, the time in queue over answered contacts; NaN where nobody is answered.
        p_abandon, p_block: share that abandons; share that finds all trunks busy.
        occupancy: busy agent time / staffed agent time; 0 without agents.
        mean_queue: contacts waiting, averaged over time.
    """

    p_wait: float
    mean_wait: float
    asa: float
    p_abandon: float
    p_block: float
    occupancy: float
    mean_queue: float
    _answered_within: Callable[[float], float] = field(repr=False, compare=False)

    def service_level(self, within: float) -> float:
        """Answered after waiting at most `within` / offered: abandoned and blocked contacts count against it.

        Raises:
            ValueError: `within` is negative or not finite.
        """
        _not_negative(within=within)
        return min(1.0, max(0.0, self._answered_within(within)))


def erlang_b(load: float, agents: int) -> float:
    """Share of contacts blocked by `agents` lines at `load` erlangs (rate · handle time).

    B(0) = 1;  B(n) = a·B(n-1) / (n + a·B(n-1)), with a = load (Erlang 1917 in the recursive form).

    Raises:
        ValueError: an argument is negative or not finite.
    """
    _not_negative(load=load, agents=agents)
    blocking = 1.0
    for n in range(1, agents + 1):
        blocking = load * blocking / (n + load * blocking)
    return blocking


def erlang_c(rate: float, handle_time: float, agents: int) -> Steady:
    """The queue in which nobody gives up, M/M/n.

    p_wait = n·B / (n - a·(1 - B)) and P(W > t) = p_wait · exp(-(n - a)·t/h), with n agents, h = handle time,
    a = rate·h in erlangs and B = Erlang B. With no more agents than erlangs the queue grows for ever: p_wait is 1,
    waits and queue are infinite, the service level is 0.

    Raises:
        ValueError: `rate` or `agents` is negative, `handle_time` is not positive, or one of them is not finite.
    """
    _not_negative(rate=rate, agents=agents)
    _positive(handle_time=handle_time)
    load = rate * handle_time
    p_wait = _delayed(erlang_b(load, agents), load, agents)
    spare = (agents - load) / handle_time
    level = partial(_within_without_abandonment, p_wait, spare)
    if agents <= load:
        return Steady(1.0, math.inf, math.inf, 0.0, 0.0, 1.0 if agents else 0.0, math.inf, level)
    wait = p_wait / spare
    return Steady(p_wait, wait, wait, 0.0, 0.0, load / agents, rate * wait, level)


def erlang_a(rate: float, handle_time: float, agents: int, patience: float, lines: int | None = None) -> Steady:
    """The queue with exponential patience, M/M/n+M, and with a limited number of trunks where `lines` is given.

    With λ = rate, h = handle time, n = agents, θ = 1/patience and d = n/h: k contacts in the centre lose one at rate
    min(k, n)/h + max(k - n, 0)·θ, and π(k) is proportional to the product of λ / that rate (Palm 1957). A contact that
    arrives with j waiting before it

        is answered with probability           d / (d + (j+1)·θ),
        waits on average, however it ends,     (j+1) / (d + (j+1)·θ),
        waits on average, if it is answered,   Σ 1/(d + i·θ), i = 1 … j+1,

    and its wait, if it is answered, is a sum of independent exponential times with the rates d + i·θ, i = 1 … j+1.

    Args:
        patience: mean time that a contact is ready to wait; infinite for Erlang C, or for M/M/n/K with `lines`.
        lines: most contacts in the centre, waiting and talking; None for no limit.

    Raises:
        ValueError: `rate` or `agents` is negative, `handle_time`, `patience` or `lines` is not positive, or one of them
            (other than `patience`) is not finite.
    """
    _not_negative(rate=rate, agents=agents)
    _positive(handle_time=handle_time, lines=1 if lines is None else lines)
    if not patience > 0:
        raise ValueError(f"patience must be positive, not {patience}")
    if patience == math.inf and (lines is None or rate == 0):
        return erlang_c(rate, handle_time, agents)

    drain, impatience = agents / handle_time, 1 / patience
    lowest, shares = _settled(rate, handle_time, agents, impatience, lines)
    mean_queue = math.fsum((k - agents) * share for k, share in enumerate(shares, lowest) if k > agents)
    p_block = shares.pop() if lowest + len(shares) - 1 == lines else 0.0
    free = max(0, agents - lowest)
    at_once, queue = math.fsum(shares[:free]), shares[free:]
    first = max(0, lowest - agents)

    answered: list[float] = []  # share that finds `ahead` waiting and is answered, for ahead = first, first + 1, …
    mean_wait = p_abandon = answered_wait = 0.0
    wait_if_answered = math.fsum(1 / (drain + i * impatience) for i in range(1, first + 1)) if agents else 0.0
    for ahead, share in enumerate(queue, first):
        leaving = drain + (ahead + 1) * impatience
        wait_if_answered += 1 / leaving
        answered.append(share * drain / leaving)
        answered_wait += answered[-1] * wait_if_answered
        mean_wait += share * (ahead + 1) / leaving
        p_abandon += share * (ahead + 1) * impatience / leaving

    p_answered = at_once + math.fsum(answered)
    return Steady(
        p_wait=min(1.0, math.fsum(queue)),
        mean_wait=mean_wait,
        asa=answered_wait / p_answered if p_answered else math.nan,
        p_abandon=min(1.0, p_abandon),
        p_block=p_block,
        occupancy=min(1.0, rate * handle_time * p_answered / agents) if agents else 0.0,
        mean_queue=mean_queue,
        _answered_within=partial(_within_with_abandonment, at_once, tuple(answered), first, drain, impatience),
    )


def agents_needed(
    rate: float, handle_time: float, *, share: float, within: float, patience: float | None = None
) -> int:
    """The fewest agents that answer `share` of the offered contacts within `within`; 0 where nothing is offered.

    By Erlang C without `patience`, by Erlang A with it.

    Raises:
        ValueError: `share` is not in [0, 1) (no number of agents answers everybody), or as `erlang_c` and `erlang_a`.
    """
    _not_negative(rate=rate, within=within)
    _positive(handle_time=handle_time)
    if not 0 <= share < 1:
        raise ValueError(f"share must be at least 0 and below 1, not {share}")
    if rate == 0:
        return 0
    if patience is None:
        return _needed_without_abandonment(rate * handle_time, handle_time, share, within)

    def enough(agents: int) -> bool:
        return erlang_a(rate, handle_time, agents, patience).service_level(within) >= share

    most = math.ceil(rate * handle_time)
    while not enough(most):
        most *= 2
    return bisect_left(range(most), True, key=enough)


def _needed_without_abandonment(load: float, handle_time: float, share: float, within: float) -> int:
    """The fewest agents by Erlang C, on one walk along the recursion of blocking."""
    agents, blocking = 0, 1.0
    while _within_without_abandonment(_delayed(blocking, load, agents), (agents - load) / handle_time, within) < share:
        agents += 1
        blocking = load * blocking / (agents + load * blocking)
    return agents


def _delayed(blocking: float, load: float, agents: int) -> float:
    """Share that waits if nobody gives up, from the share that would be blocked if nobody waited."""
    return agents * blocking / (agents - load * (1 - blocking)) if agents > load else 1.0


def _within_without_abandonment(p_wait: float, spare: float, within: float) -> float:
    """P(W ≤ within) by Erlang C; `spare` is the rate at which free capacity empties the queue."""
    return 1 - p_wait * math.exp(-spare * within) if spare > 0 else 0.0


def _within_with_abandonment(
    at_once: float, answered: tuple[float, ...], first: int, drain: float, impatience: float, within: float
) -> float:
    """P(answered, W ≤ T) by Erlang A = P(answered at once) + Σ a(j)·P(N > j), exactly, with T = within.

    a(j) is the share that finds j waiting and is answered. Its wait has j+1 stages with the rates d + i·θ, i = 1 … j+1,
    so it is over by T if a process of births at those rates has had N > j of them by then. N is negative binomial,

        P(N = 0) = exp(-(d+θ)·T);   P(N = j) = P(N = j-1) · (d + j·θ) · s / j,   s = (1 - exp(-θ·T)) / θ,

    and Poisson with mean d·T for infinite patience (s = T). Summed by N, not by j: every term is positive, and small
    levels keep their digits. In logarithms, because P(N = 0) underflows for many agents.
    """
    if within == 0:
        return at_once
    spread = impatience * within
    log_s = math.log(within) + (math.log(-math.expm1(-spread) / spread) if spread else 0.0)
    log_chance = -(drain + impatience) * within
    level, passed, rest = at_once, 0.0, 1.0  # passed: the sum of a(j) over j < N
    for ahead in range(first + len(answered)):
        chance = math.exp(log_chance)
        level += chance * passed
        rest -= chance
        if ahead >= first:
            passed += answered[ahead - first]
        step = log_s + math.log((drain + (ahead + 1) * impatience) / (ahead + 1))
        log_chance += step
        if step < 0 and log_chance < LOG_NEGLIGIBLE:
            return level
    return level + max(0.0, rest) * passed


def _settled(
    rate: float, handle_time: float, agents: int, impatience: float, lines: int | None
) -> tuple[int, list[float]]:
    """How likely each number of contacts in the centre is: the lowest one worth counting, and the shares from it on."""

    def departures(k: int) -> float:
        return min(k, agents) / handle_time + max(k - agents, 0) * impatience

    overload = rate - agents / handle_time
    if overload < 0:
        balance = rate * handle_time
    elif impatience:
        balance = agents + overload / impatience
    else:
        balance = math.inf
    likeliest = int(balance if lines is None else min(balance, lines))

    above = [1.0]
    k = likeliest
    while above[-1] > NEGLIGIBLE and k != lines:
        k += 1
        above.append(above[-1] * rate / departures(k))
    below: list[float] = []
    k, weight = likeliest, 1.0
    while k > 0 and (weight := weight * departures(k) / rate) > NEGLIGIBLE:
        k -= 1
        below.append(weight)
    weights = below[::-1] + above
    total = math.fsum(weights)
    return k, [weight / total for weight in weights]


def _not_negative(**values: float) -> None:
    for name, value in values.items():
        if not 0 <= value < math.inf:
            raise ValueError(f"{name} must be finite and not negative, not {value}")


def _positive(**values: float) -> None:
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{name} must be finite and positive, not {value}")
