"""What a run shows of each figure, batch by batch (or day by day): a sum, and what it is to be divided by.

A share or a mean wait counts the contacts *offered* in a window, however late they are answered. A rate counts what
*happens* in it, and a mean number (in the queue, at work, between attempts) is an average over its time. The wait of a
contact lasts until it is answered or leaves; of one answered at once, or blocked, it is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sim.schemas import NEVER, Outcome
from sim.tables import Array, Floats, Table
from sim.verify.cases import TICKS, Case
from sim.verify.desks import Plan

Bools = npt.NDArray[np.bool_]


class Parts(NamedTuple):
    """Of each batch a numerator and a denominator; a figure is the sum of the ones over the sum of the others."""

    above: Floats
    below: Floats


class Name(NamedTuple):
    """``sl@20s:phone#3``: the figure, its threshold in ticks, whose it is, and the slice of the day (None: all)."""

    figure: str
    within: int
    of: str
    part: int | None

    @classmethod
    def read(cls, written: str, unit: str) -> Name:
        rest, _, part = written.partition("#")
        rest, _, of = rest.partition(":")
        figure, _, time = rest.partition("@")
        ticks = float(time[:-1]) * TICKS["s"] if time.endswith("s") else float(time or 0) * TICKS[unit]
        return cls(figure, round(ticks), of, int(part) if part else None)


def observe(case: Case, names: Iterable[str], contacts: Table, plan: Plan, handle: Array) -> dict[str, Parts]:
    """The parts of the named figures.

    Args:
        contacts: of the run, in order of issue and attempt. handle: ticks of work of each issue's first answer.

    Raises:
        RuntimeError: a day has begun before the one before it was over.
    """
    seen: dict[str, Seen] = {}
    by_slice: dict[str, tuple[Floats, Floats | float]] = {}
    found = {}
    for written in names:
        name, whole = Name.read(written, case.unit), written.partition("#")[0]
        if name.of not in seen:
            seen[name.of] = Seen.of(name.of, case, contacts, plan, handle)
        if whole not in by_slice:
            by_slice[whole] = FIGURES[name.figure](seen[name.of], name.within)
        found[written] = _of_part(*by_slice[whole], name.part)
    if case.day is not None and not case.day.endless:
        _must_be_over(contacts, plan)
    return found


def _of_part(above: Floats, below: Floats | float, part: int | None) -> Parts:
    """One slice of each day, or the day: numerators add up, and so do denominators, unless there is one a day."""
    whole = above.sum(1) if part is None else above[:, part]
    if isinstance(below, float):
        return Parts(whole, np.full(len(whole), below))
    return Parts(whole, below.sum(1) if part is None else below[:, part])


def _must_be_over(contacts: Table, plan: Plan) -> None:
    begins = plan.starts[1:, 0]
    later = np.searchsorted(begins, contacts["offered"], side="right")
    left = np.maximum(contacts["ended"], contacts["freed"])
    if (left[later < len(begins)] > begins[later[later < len(begins)]]).any():
        raise RuntimeError(f"{plan.case.id}: a day has begun before the one before it was over")


class Seen:
    """The contacts of one channel, or of one group, or of all, with what is counted of them in windows."""

    def __init__(self, rows: Table, plan: Plan, handle: Array, agents: Array) -> None:
        self.rows = rows
        self.plan = plan
        self.case = plan.case
        self.agents = agents
        """Staffed, by slice."""
        self._handle = handle

    @classmethod
    def of(cls, whose: str, case: Case, contacts: Table, plan: Plan, handle: Array) -> Seen:
        """``A``, ``G1``, or ``A>G1``: a channel, a group, or a channel as answered by a group."""
        rows, agents = contacts, plan.agents.sum(0)
        for name in filter(None, whose.split(">")):
            channels = [stream.name for stream in case.channels]
            groups = [crew.name for crew in case.groups]
            if name in channels:
                rows = rows.where(rows["channel"] == channels.index(name))
            else:
                rows = rows.where(rows["group"] == groups.index(name))
                agents = plan.agents[groups.index(name)]
        return cls(rows, plan, handle, agents)

    # --- of each contact ---

    @cached_property
    def answered(self) -> Bools:
        return np.asarray(self.rows["answered"] != NEVER)

    def was(self, outcome: Outcome) -> Bools:
        return np.asarray(self.rows["outcome"] == int(outcome))

    @cached_property
    def everyone(self) -> Bools:
        return np.ones(len(self.rows), dtype=bool)

    @cached_property
    def abandoned(self) -> Bools:
        return self.was(Outcome.ABANDONED)

    @cached_property
    def blocked(self) -> Bools:
        return self.was(Outcome.BLOCKED)

    @cached_property
    def left_queue(self) -> Array:
        """When the contact was answered, or the customer left."""
        until = np.where(self.answered, self.rows["answered"], self.rows["ended"])
        return np.where(until == NEVER, self.plan.desk.ends, until)

    @cached_property
    def wait(self) -> Array:
        return np.asarray(self.left_queue - self.rows["offered"])

    @cached_property
    def waited(self) -> Bools:
        """Neither answered at once nor blocked; who leaves at once has waited, for no time."""
        return np.asarray((self.wait > 0) | self.abandoned)

    @cached_property
    def virtual_wait(self) -> Array:
        """How long each would have waited with endless patience, where all are answered in order by one group: who
        abandons would have had the first agent to be freed after the last of those before them was answered."""
        answered = np.where(self.answered, self.rows["answered"], -1)
        before = np.maximum.accumulate(np.concatenate(([-1], answered[:-1])))
        freed = np.sort(self.rows["freed"][self.answered])
        next_freed = np.searchsorted(freed, np.maximum(before, self.rows["offered"]), side="right")
        turn = np.append(freed, self.plan.desk.ends)[next_freed]
        return np.where(self.abandoned, turn - self.rows["offered"], self.wait)

    @cached_property
    def freed(self) -> Array:
        freed = self.rows["freed"][self.answered]
        return np.where(freed == NEVER, self.plan.desk.ends, freed)

    # --- in windows: arrays of shape (batches, slices) ---

    def _window(self, ticks: Array) -> Array:
        """The window that each tick lies in; one beyond the last where in none."""
        starts, ends = self.plan.starts.ravel(), self.plan.ends.ravel()
        window = np.searchsorted(starts, ticks, side="right") - 1
        inside = (window >= 0) & (ticks < ends[window])
        return np.where(inside, window, len(starts))

    @cached_property
    def _offered_in(self) -> Array:
        return self._window(self.rows["offered"])

    def cohort(self, values: Bools | Array | Floats) -> Floats:
        """Sums over the contacts offered in each window."""
        return self._sums(self._offered_in, values.astype(np.float64))

    def events(self, ticks: Array) -> Floats:
        """How many of these moments lie in each window."""
        return self._sums(self._window(ticks), np.ones(len(ticks)))

    def _sums(self, window: Array, values: Floats) -> Floats:
        shape = self.plan.starts.shape
        size = shape[0] * shape[1]
        return np.asarray(np.bincount(window, values, size + 1)[:size].reshape(shape), dtype=np.float64)

    def time(self, starts: Array, ends: Array) -> Floats:
        """∫ how many of these spans are under way, over each window, in the unit of the case."""
        came, gone = np.sort(starts), np.sort(ends)

        def by(edges: Array) -> Array:
            return np.asarray(_elapsed(came, edges) - _elapsed(gone, edges))

        return np.asarray((by(self.plan.ends) - by(self.plan.starts)) / self.case.ticks)

    def at_end(self, starts: Array, ends: Array) -> Floats:
        """How many of these spans are under way as each window ends."""
        came = np.searchsorted(np.sort(starts), self.plan.ends)
        return (came - np.searchsorted(np.sort(ends), self.plan.ends)).astype(np.float64)

    @property
    def length(self) -> Floats:
        """Of each window, in the unit of the case."""
        return np.asarray((self.plan.ends - self.plan.starts) / self.case.ticks)

    @property
    def one(self) -> Floats:
        return np.ones(self.plan.starts.shape)

    @cached_property
    def staffed(self) -> Floats:
        return np.asarray(self.length * self.agents)

    @cached_property
    def queueing(self) -> Floats:
        return self.time(self.rows["offered"], self.left_queue)

    @cached_property
    def busy(self) -> Floats:
        """∫ contacts in hand."""
        return self.time(self.rows["answered"][self.answered], self.freed)

    @cached_property
    def busy_agents(self) -> Floats:
        """∫ agents with at least one contact in hand, who may hold several."""
        return self.time(*_merged(self.rows["agent"][self.answered], self.rows["answered"][self.answered], self.freed))

    @cached_property
    def orbit(self) -> Floats:
        """∫ customers between two attempts."""
        rows = self.rows
        same = np.flatnonzero(rows["issue"][1:] == rows["issue"][:-1])
        return self.time(rows["ended"][same], rows["offered"][same + 1])

    def served_at_last(self) -> tuple[Floats, Floats]:
        """Issues that began in each window: those ever answered, and all."""
        starts = np.flatnonzero(np.diff(self.rows["issue"], prepend=-1))
        window = self._offered_in[starts]
        ever = np.logical_or.reduceat(self.answered, starts)
        return self._sums(window, ever.astype(np.float64)), self._sums(window, np.ones(len(starts)))

    def by_batch(self, values: Array, figure: Callable[[Array], float]) -> Floats:
        """A figure of the values of the contacts offered in each batch."""
        size = self.plan.starts.size
        found = [figure(values[self._offered_in == window]) for window in range(size)]
        return np.array(found).reshape(self.plan.starts.shape)

    def delay(self) -> Array:
        """Time in the centre beyond one's own work."""
        return np.asarray(self.rows["freed"] - self.rows["offered"] - self._handle[self.rows["issue"]])


def _elapsed(moments: Array, edges: Array) -> Array:
    """At each edge, the ticks since each moment before it, summed over the moments, which are in order."""
    count = np.searchsorted(moments, edges)
    return np.asarray(edges * count - np.concatenate(([0], np.cumsum(moments)))[count])


def _merged(agent: Array, starts: Array, ends: Array) -> tuple[Array, Array]:
    """The spans in which each agent holds at least one contact."""
    order = np.lexsort((starts, agent))
    far = agent[order] * (ends.max(initial=0) + 1)
    starts, reach = starts[order] + far, np.maximum.accumulate(ends[order] + far)
    new = np.append(True, starts[1:] > reach[:-1])[: len(starts)]
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(starts)) - 1
    return starts[first] - far[first], reach[last] - far[last]


# --- the figures ------------------------------------------------------------------------------------------------------

Figure = Callable[[Seen, int], tuple[Floats, Floats | float]]


def _share(above: Callable[[Seen, int], Bools], below: Callable[[Seen, int], Bools] | None = None) -> Figure:
    def figure(seen: Seen, within: int) -> tuple[Floats, Floats]:
        counted = seen.everyone if below is None else below(seen, within)
        return seen.cohort(above(seen, within) & counted), seen.cohort(counted)

    return figure


def _mean(ticks: Callable[[Seen], Array], of: Callable[[Seen], Bools]) -> Figure:
    def figure(seen: Seen, within: int) -> tuple[Floats, Floats]:
        counted = of(seen)
        return seen.cohort(np.where(counted, ticks(seen), 0) / seen.case.ticks), seen.cohort(counted)

    return figure


def _rate(events: Callable[[Seen], Array]) -> Figure:
    return lambda seen, within: (seen.events(events(seen)), seen.length)


def _count(mask: Callable[[Seen, int], Bools]) -> Figure:
    return lambda seen, within: (seen.cohort(mask(seen, within)), 1.0)


def _per_expected(values: Callable[[Seen, int], Bools | Floats]) -> Figure:
    return lambda seen, within: (seen.cohort(values(seen, within)), seen.plan.expected_contacts)


def _quantile(q: float) -> Figure:
    def of(values: Array) -> float:
        return float(np.quantile(values, q)) if len(values) else 0.0

    return lambda seen, within: (seen.by_batch(seen.wait, of) / seen.case.ticks, seen.one)


def _variance(seen: Seen, within: int) -> tuple[Floats, Floats]:
    # about the mean that theory gives, so that batches add up
    about = seen.case.expected["mean_wait"]
    return seen.cohort((seen.wait / seen.case.ticks - about) ** 2), seen.cohort(seen.everyone)


def _gone(outcome: Outcome) -> Callable[[Seen], Array]:
    return lambda seen: seen.rows["ended"][seen.was(outcome)]


def _waiting(seen: Seen) -> tuple[Array, Array]:
    return seen.rows["offered"], seen.left_queue


def _at_work(seen: Seen) -> tuple[Array, Array]:
    return seen.rows["answered"][seen.answered], seen.freed


def _in_centre_at_end(seen: Seen) -> Floats:
    return seen.at_end(*_waiting(seen)) + seen.at_end(*_at_work(seen))


FIGURES: Mapping[str, Figure] = {
    # shares of the contacts offered
    "p_wait": _share(lambda s, t: s.waited),
    "p_wait_accepted": _share(lambda s, t: s.waited, lambda s, t: ~s.blocked),
    "p_wait_first": _share(lambda s, t: s.waited, lambda s, t: s.rows["attempt"] == 1),
    "p_not_at_once": _share(lambda s, t: s.waited | s.blocked),
    "p_abandon": _share(lambda s, t: s.abandoned),
    "p_abandon_given_wait": _share(lambda s, t: s.abandoned, lambda s, t: s.waited),
    "p_abandon_within": _share(lambda s, t: s.abandoned & (s.wait <= t)),
    "p_abandon_less_short": _share(lambda s, t: s.abandoned, lambda s, t: ~s.abandoned | (s.wait > t)),
    "p_block": _share(lambda s, t: s.blocked),
    "p_wait_gt": _share(lambda s, t: s.wait > t),
    "p_wait_le": _share(lambda s, t: s.wait <= t),
    "p_virtual_wait_gt": _share(lambda s, t: s.virtual_wait > t),
    "sl": _share(lambda s, t: s.answered & (s.wait <= t)),
    "sl_of_accepted": _share(lambda s, t: s.answered & (s.wait <= t), lambda s, t: ~s.blocked),
    "sl_of_served": _share(lambda s, t: s.wait <= t, lambda s, t: s.answered),
    "sl_excl_short_ab": _share(lambda s, t: s.answered & (s.wait <= t), lambda s, t: ~s.abandoned | (s.wait > t)),
    "p_served_at_last": lambda s, t: s.served_at_last(),
    # mean times
    "mean_wait": _mean(lambda s: s.wait, lambda s: s.everyone),
    "mean_wait_given_wait": _mean(lambda s: s.wait, lambda s: s.waited),
    "mean_wait_served": _mean(lambda s: s.wait, lambda s: s.answered),
    "mean_wait_of_delayed": _mean(lambda s: s.wait, lambda s: s.answered & (s.wait > 0)),
    "mean_wait_abandoned": _mean(lambda s: s.wait, lambda s: s.abandoned),
    "mean_wait_accepted": _mean(lambda s: s.wait, lambda s: ~s.blocked),
    "mean_virtual_wait": _mean(lambda s: s.virtual_wait, lambda s: s.everyone),
    "mean_sojourn": _mean(lambda s: s.rows["freed"] - s.rows["offered"], lambda s: s.answered),
    "mean_delay": _mean(Seen.delay, lambda s: s.answered),
    "mean_session_duration": lambda s, t: (s.busy, s.events(s.rows["freed"][s.answered])),
    "var_wait": _variance,
    "wait_q50": _quantile(0.5),
    "wait_q80": _quantile(0.8),
    "wait_q90": _quantile(0.9),
    "wait_q95": _quantile(0.95),
    # mean numbers
    "mean_queue": lambda s, t: (s.queueing, s.length),
    "mean_busy": lambda s, t: (s.busy, s.length),
    "mean_sessions": lambda s, t: (s.busy, s.length),
    "mean_in_system": lambda s, t: (s.queueing + s.busy, s.length),
    "mean_orbit": lambda s, t: (s.orbit, s.length),
    "mean_concurrency_when_busy": lambda s, t: (s.busy, s.busy_agents),
    "occupancy": lambda s, t: (s.busy, s.staffed),
    "agent_busy_fraction": lambda s, t: (s.busy_agents, s.staffed),
    "slot_utilisation": lambda s, t: (s.busy, s.staffed * len(s.case.channels[0].at_load)),
    "queue_at_end": lambda s, t: (s.at_end(*_waiting(s)), s.one),
    "busy_at_end": lambda s, t: (s.at_end(*_at_work(s)), s.one),
    "in_centre_at_end": lambda s, t: (_in_centre_at_end(s), s.one),
    "p_all_busy_at_end": lambda s, t: ((_in_centre_at_end(s) >= s.agents).astype(np.float64), s.one),
    # rates
    "offered_rate": _rate(lambda s: s.rows["offered"]),
    "served_rate": _rate(lambda s: s.rows["ended"][s.answered]),
    "abandon_rate": _rate(_gone(Outcome.ABANDONED)),
    "attempts_per_issue": lambda s, t: (s.cohort(s.everyone), s.cohort(s.rows["attempt"] == 1)),
    # sums over a day
    "abandonments": lambda s, t: (s.events(_gone(Outcome.ABANDONED)(s)), 1.0),
    "blocked": _count(lambda s, t: s.blocked),
    "in_target": _count(lambda s, t: s.answered & (s.wait <= t)),
    "queue_time": lambda s, t: (s.queueing, 1.0),
    "busy_time": lambda s, t: (s.busy, 1.0),
    "wait_per_expected": _per_expected(lambda s, t: s.wait / s.case.ticks),
    "within_per_expected": _per_expected(lambda s, t: s.wait <= t),
    "lost_per_expected": _per_expected(lambda s, t: s.abandoned),
}

SHARES = ("p_", "sl", "occupancy", "agent_busy_fraction", "slot_utilisation", "within_per", "lost_per")
"""How the names of shares begin: figures between 0 and 1."""
SHOWN = ("var", "wait_q")
"""How the names of figures begin that are shown and not judged: variances and tails."""


def is_share(name: str) -> bool:
    return name.startswith(SHARES)


def is_shown(name: str) -> bool:
    return name.startswith(SHOWN)
