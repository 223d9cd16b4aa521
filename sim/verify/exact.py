"""Cases without chance: days worked by hand, a backlog, definitions, and closed forms.

Days, the backlog and the ten contacts of the definitions run on the engine. Closed forms are those of `sim.erlang` and
`sim.repeats`; definitions of service level are those of `sim.measures`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count

import numpy as np

from sim.desk import Target
from sim.erlang import erlang_a, erlang_b, erlang_c
from sim.measures.cohort import Cohort
from sim.measures.waiting import MEASURES
from sim.repeats import first_attempts
from sim.schemas import Outcome
from sim.simulate.engine import simulate
from sim.tables import Array, Table
from sim.verify.cases import Case, Told
from sim.verify.desks import Plan, desk, plan_of, told
from sim.verify.judge import Comparison, Judgement, exactly
from sim.verify.observe import FIGURES, observe


def trace(case: Case) -> Judgement:
    """Every contact ends when, how and with whom the case says, to the tick."""
    contacts, whole = _by_hand(case, [((0, crew.agents[0]),) for crew in case.groups], case.contacts)
    judged = exactly(case, _figures(case, contacts, whole))
    ends = [_as_told(case, contacts, row, dict(end)) for row, end in enumerate(case.ends)]
    return replace(judged, comparisons=(*ends, *judged.comparisons), contacts=len(contacts))


def _by_hand(case: Case, levels: list[tuple[tuple[int, int], ...]], contacts: tuple[Told, ...]) -> tuple[Table, Plan]:
    """The contacts table of a day worked by hand, and a window around it."""
    span = round((max(contact.at for contact in contacts) + 1000) * case.ticks)
    found = simulate(desk(case, levels, span), told(case, contacts)).contacts
    return found, plan_of(case, levels, span)


def _as_told(case: Case, contacts: Table, row: int, end: dict[str, object]) -> Comparison:
    """One contact: its times in ticks as one number, exact where outcome, times and agent are."""
    outcome = Outcome(int(contacts["outcome"][row]))
    ended = contacts["ended"][row] / case.ticks
    ours: dict[str, object] = {outcome.name.lower(): ended}
    if outcome == Outcome.ANSWERED:
        ours = {"start": contacts["answered"][row] / case.ticks, "end": ended}
        if "agent" in end:
            ours["agent"] = [int(contacts["group"][row]), int(contacts["agent"][row])]
    theirs = next(float(str(end[key])) for key in end if key not in ("start", "agent"))
    return Comparison(case.id, f"contact {row + 1}", float(ended), theirs, 0.0, 0.0 if ours == end else math.inf)


_OF_DAYS: Mapping[str, Callable[[Table, int], float]] = {
    "longest_wait": lambda t, unit: float(_waits(t).max()) / unit,
    "busy": lambda t, unit: _sum(t, "answered", "freed") / unit,
    "talk_in_busy": lambda t, unit: _sum(t, "answered", "ended") / _sum(t, "answered", "freed"),
    "concurrency_until_9": lambda t, unit: _sum(t, "answered", "freed") / (9 * unit),
    "last_end": lambda t, unit: float(t["ended"].max()) / unit,
    "mean_response": lambda t, unit: float((t["ended"] - t["offered"]).mean()) / unit,
    "response_p90": lambda t, unit: float(np.quantile(t["ended"] - t["offered"], 0.9, method="inverted_cdf")) / unit,
    "done_within_60": lambda t, unit: float((t["ended"] - t["offered"] <= 60 * unit).mean()),
    "done_within_63": lambda t, unit: float((t["ended"] - t["offered"] <= 63 * unit).mean()),
    "done_by_30": lambda t, unit: float((t["ended"] <= 30 * unit).sum()),
}


def _figures(case: Case, contacts: Table, whole: Plan) -> dict[str, float]:
    """The figures of a day; those that queues have too, as they have them."""
    found = {name: _OF_DAYS[name](contacts, case.ticks) for name in case.expected if name in _OF_DAYS}
    shared = [name for name in case.expected if re.split("[@:#]", name)[0] in FIGURES]
    handle = np.zeros(len(contacts), dtype=np.int64)
    for name, parts in observe(case, shared, contacts, whole, handle).items():
        found[name] = float(parts.above.sum() / parts.below.sum())
    return found


def _waits(contacts: Table) -> Array:
    until = np.where(contacts["outcome"] == Outcome.ANSWERED, contacts["answered"], contacts["ended"])
    return np.asarray(until - contacts["offered"])


def _sum(contacts: Table, since: str, until: str) -> float:
    mine = contacts["outcome"] == Outcome.ANSWERED
    return float((contacts[until] - contacts[since])[mine].sum())


def definitions(case: Case) -> Judgement:
    """Ten contacts whose waits are known, each on its own: an agent comes as the wait is over.

    Service levels, answer times and the abandonment rate are the measures of `sim.measures.waiting`; the rest are the
    figures that queues are observed by.
    """
    apart = 1000
    waits = [(wait, None) for wait in case.data["answered"]] + [(None, wait) for wait in case.data["abandoned"]]
    contacts, steps = [], [(0, 0)]
    for n, (answered, patience) in enumerate(waits):
        at = (n + 1) * apart
        contacts.append(Told(at=at, handle=1, patience=patience))
        if answered is not None:
            steps += [((at + answered) * case.ticks, 1), ((at + apart // 2) * case.ticks, 0)]
    found, whole = _by_hand(case, [tuple(steps)], tuple(contacts))
    figures = {}
    for within, names in ((0, None), (-1, ("service_level_strictly_below",))):
        phone = replace(whole.desk.channels[0], target=Target(0.8, case.data["within"] * case.ticks + within))
        cohort = Cohort(found, replace(whole.desk, channels=(phone,)))
        for measure in MEASURES:
            name = measure.name if names is None else "service_level_strictly_below"
            if name in case.expected and measure.parts and measure.name in (name, "service_level"):
                above, below = measure.parts(cohort)["calls", None]
                figures[name] = above / below
    return replace(exactly(case, figures | _figures(case, found, whole)), contacts=len(found))


def backlog(case: Case) -> Judgement:
    """Messages come evenly, round the clock, and staff from nine to five; the second morning is looked at.

    The reference pours them like water; whole messages, ten at a time, may take one handle time longer.
    """
    unit, stream, crew = case.ticks, case.channels[0], case.groups[0]
    assert stream.handle is not None
    opens, closes, today = case.data["opens"] * unit, case.data["closes"] * unit, 24 * unit
    gap = unit / stream.rate
    each = tuple(Told(at=n * gap / unit, handle=stream.handle.mean) for n in range(round(3 * today / gap)))
    levels = [tuple((day * today + at, n) for day in range(3) for at, n in ((opens, crew.agents[0]), (closes, 0)))]
    contacts, _ = _by_hand(case, levels, each)
    answered, offered = contacts["answered"], contacts["offered"]
    morning = today + opens
    waits = (offered < morning) & (answered >= morning)
    # cleared when somebody is answered as soon as they come
    cleared = int(offered[(offered >= morning) & (answered == offered)].min()) - morning
    busy = np.minimum(contacts["freed"], morning + today).clip(morning) - answered.clip(morning, morning + today)
    found = {
        "backlog": float(waits.sum()),
        "hours_to_clear": cleared / unit,
        "clear_at": (cleared + opens) / unit,
        "utilisation": float(busy.sum()) / (crew.agents[0] * (closes - opens)),
    }
    return replace(exactly(case, found), contacts=len(contacts))


def arithmetic(case: Case) -> Judgement:
    """Closed forms: a figure is written as a call, ``blocked(5,11)``."""
    found = {}
    for figure in case.expected:
        name, arguments = figure.rstrip(")").split("(")
        found[figure] = _FORMS[name](*map(float, arguments.split(",")))
    return exactly(case, found)


def _lines(load: float, most: float) -> float:
    """The fewest lines that block no more than this share."""
    return next(float(lines) for lines in count(1) if erlang_b(load, lines) <= most)


def _later(load: float, agents: float) -> float:
    """Of those who wait by Erlang C, the share that waits longer than a handle time."""
    settled = erlang_c(load, 1.0, int(agents))
    return (1 - settled.service_level(1.0)) / settled.p_wait


_FORMS: Mapping[str, Callable[..., float]] = {
    "lines": _lines,
    "blocked": lambda load, lines: erlang_b(load, int(lines)),
    "p_wait": lambda load, agents: erlang_c(load, 1.0, int(agents)).p_wait,
    "later_than_handle_time": _later,
    # of 100 first attempts, so many are counted
    "offered": lambda redial, abandoned, again: 100 / first_attempts(1.0, redial, abandoned, again),
    "mean_wait_c": lambda rate, handle, agents: erlang_c(rate, handle, int(agents)).mean_wait,
    "occupancy_c": lambda rate, handle, agents: erlang_c(rate, handle, int(agents)).occupancy,
    "p_abandon_a": lambda rate, handle, agents, patience: erlang_a(rate, handle, int(agents), patience).p_abandon,
    "mean_wait_a": lambda rate, handle, agents, patience: erlang_a(rate, handle, int(agents), patience).mean_wait,
    "occupancy_a": lambda rate, handle, agents, patience: erlang_a(rate, handle, int(agents), patience).occupancy,
}

KINDS: Mapping[str, Callable[[Case], Judgement]] = {
    "trace": trace, "definitions": definitions, "backlog": backlog, "arithmetic": arithmetic,
}  # fmt: skip
