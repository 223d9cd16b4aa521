"""Drawing a population: issues with their customers, and the luck of each. It never sees a policy or a schedule.

So two policies are compared on the same customers with the same luck, a load test sends the customers that were
simulated, and another engine can reproduce this one contact by contact. The digest tells whether two populations are
the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from hashlib import sha256

import numpy as np

from sim import demand
from sim.distributions import Distribution, gamma_factor
from sim.draws import PAGE, Decision, millionths, uniforms
from sim.logs import Log
from sim.measures import reference
from sim.population.fates import HOME, NAMES, Fates, Page
from sim.scenario import lower
from sim.scenario.read import Scenario
from sim.scenario.spec import ScenarioSpec
from sim.scenario.surges import surged
from sim.scenario.times import duration_of, tenure_of, time_of
from sim.schemas import NEVER, TICKS_PER_SECOND
from sim.tables import Array, Floats, Table
from sim.units import MONTH


@dataclass(frozen=True)
class ChannelLuck:
    """How the issues of one channel fare: what the fates of its contacts are drawn from."""

    patience: Distribution | None
    handle: Distribution
    wrap_up: Distribution
    resolved: float
    redial: tuple[float, float]
    """Chance, and mean delay in seconds (exponential)."""
    reconnect: tuple[float, float]
    silent: float = 0.0
    """Share of those out of patience who leave without a word."""
    front: float = 0.0
    """Share of the issues that try the channel in front of this one first."""
    escalate: float = 0.0
    """Share of what a machine does not solve that it passes on."""
    transfer: float = 0.0
    elsewhere: tuple[float, float] = (0.0, 1.0)
    public: tuple[float, float] = (0.0, 1.0)
    asks: tuple[float, float] = (0.0, 1.0)

    @property
    def rare(self) -> tuple[float | tuple[float, float], ...]:
        """What few scenarios ask for; all without a chance where they do not."""
        return self.silent, self.front, self.escalate, self.transfer, self.elsewhere, self.public, self.asks


@dataclass(frozen=True)
class Luck:
    """Where fates come from: addresses (seed, replication) and the distributions by channel and intent."""

    seed: int
    replication: int
    channels: tuple[ChannelLuck, ...]
    resolved: tuple[float, ...]
    """By intent; NaN: as the channel says."""
    stretch: tuple[float, ...]
    """By intent: factor on the handle time."""

    def page(
        self, channel: Array, intent: Array, number: int, first: int = 0, *, pace: Floats | None = None
    ) -> dict[str, Array]:
        """Fates of attempts 4·number + 1 … 4·number + 4 of neighbouring issues, the first of them `first`.

        Args:
            channel, intent: codes, shape (issues,).
            pace: a further factor on the handle time of each issue; None: none.

        Returns:
            For each of `NAMES` int64, shape (issues, PAGE).
        """
        size = (len(channel), PAGE)
        draw = partial(uniforms, self.seed, self.replication, size=size[0] * PAGE, page=number, block=first)
        u = {decision: draw(decision).reshape(size) for decision in _DRAWN}
        fates = {name: np.zeros(size, dtype=np.int64) for name in NAMES}
        fates["ignored"] = millionths(u[Decision.IGNORED])
        resolved = np.array(self.resolved)[intent]
        stretch = np.array(self.stretch)[intent]
        for code, luck in enumerate(self.channels):
            mine = np.flatnonzero(channel == code)
            if not len(mine):
                continue
            patience = NEVER if luck.patience is None else luck.patience.ticks(u[Decision.PATIENCE][mine])
            fates["patience"][mine] = patience
            handle = luck.handle.quantile(u[Decision.HANDLE][mine]) * stretch[mine][:, None]
            if pace is not None:
                handle *= pace[mine][:, None]
            fates["handle"][mine] = np.rint(handle * TICKS_PER_SECOND).astype(np.int64)
            fates["wrap_up"][mine] = luck.wrap_up.ticks(u[Decision.WRAP_UP][mine])
            chance = np.where(np.isnan(resolved[mine]), luck.resolved, resolved[mine])[:, None]
            fates["resolved"][mine] = u[Decision.RESOLVED][mine] < chance
            for name, (share, mean), coin, delay in (
                ("redial", luck.redial, Decision.REDIAL, Decision.REDIAL_DELAY),
                ("reconnect", luck.reconnect, Decision.RECONNECT, Decision.RECONNECT_DELAY),
            ):
                fates[name][mine] = u[coin][mine] < share
                # at least a tick: nobody is back at the moment at which they left
                gap = -mean * np.log1p(-u[delay][mine]) * TICKS_PER_SECOND
                fates[f"{name}_delay"][mine] = np.maximum(1, np.rint(gap)).astype(np.int64)
        return fates

    def extra(self, name: str, channel: Array, intent: Array, number: int, first: int = 0) -> Array:
        """One of the fates that few scenarios ask for, as `page` gives those of `NAMES`.

        Args:
            name: of `COINS`, `DELAYS` or `DRAWS`, or "chance".
        """
        size = (len(channel), PAGE)
        if name == "chance":
            own = np.array(self.resolved)[intent]
            usual = np.array([luck.resolved for luck in self.channels])[channel]
            chance = np.rint(np.where(np.isnan(own), usual, own) * 1_000_000).astype(np.int64)
            return np.repeat(chance[:, None], PAGE, axis=1)
        decision = COINS.get(name) or DELAYS.get(name) or DRAWS[name]
        u = uniforms(self.seed, self.replication, decision, size[0] * PAGE, page=number, block=first).reshape(size)
        if name in DRAWS:
            return millionths(u)
        told = [getattr(luck, name.removesuffix("_delay")) for luck in self.channels]
        if name in DELAYS:
            mean = np.array([mean for _, mean in told])[channel][:, None]
            gap = np.rint(-mean * np.log1p(-u) * TICKS_PER_SECOND).astype(np.int64)
            return np.asarray(np.maximum(1, gap))
        chances = np.array([each[0] if isinstance(each, tuple) else each for each in told])[channel][:, None]
        return np.asarray(u < chances).astype(np.int64)


COINS = {
    "silent": Decision.SILENT,
    "front": Decision.FRONT,
    "escalate": Decision.ESCALATE,
    "transfer": Decision.TRANSFER,
    "elsewhere": Decision.ELSEWHERE,
    "public": Decision.PUBLIC,
    "asks": Decision.ASKS,
}
DELAYS = {
    "elsewhere_delay": Decision.ELSEWHERE_DELAY,
    "public_delay": Decision.PUBLIC_DELAY,
    "asks_delay": Decision.ASKS_DELAY,
}
DRAWS = {
    "chase": Decision.CHASE,
    "callback": Decision.CALLBACK,
    "deflect": Decision.DEFLECT,
    "inform": Decision.INFORM,
    "retain": Decision.RETAIN,
    # the draw behind the coin `resolved`, for where an agent's quality changes the chance
    "solve": Decision.RESOLVED,
}

_DRAWN = (
    Decision.PATIENCE, Decision.HANDLE, Decision.WRAP_UP, Decision.RESOLVED, Decision.REDIAL, Decision.REDIAL_DELAY,
    Decision.RECONNECT, Decision.RECONNECT_DELAY, Decision.IGNORED,
)  # fmt: skip


BLOCK = 1024
"""Issues whose further pages are drawn together: one at a time costs a hundred times as much for each."""


@dataclass(frozen=True)
class Population:
    """One replication's issues: a table with the columns of the contacts table that belong to an issue, and `arrival`
    (ticks); issue i is row i. `known_handle` are handle times that a log gives for first answers (`NEVER`: drawn)."""

    issues: Table
    luck: Luck
    known_handle: Array | None
    pace: Floats | None = None
    """A factor on the handle time of each issue, by when it arose; None: none."""

    def __len__(self) -> int:
        return len(self.issues)

    @cached_property
    def dense(self) -> Page:
        """The fates of attempts 1 to 4: for each of `NAMES` int64, shape (issues, PAGE)."""
        dense = self.luck.page(self.issues["channel"], self.issues["intent"], 0, pace=self.pace)
        if self.known_handle is not None:
            known = self.known_handle != NEVER
            dense["handle"][known, 0] = self.known_handle[known]
        return dense

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the issues and of their dense fates, as little-endian integers in a fixed order."""
        digest = sha256()
        rare = [luck.rare for luck in self.luck.channels]
        if any(chance[0] if isinstance(chance, tuple) else chance for each in rare for chance in each):
            # what these decide is drawn on demand, so they stand for it
            digest.update(repr(rare).encode())
        for column in (*(self.issues[name] for name in self.issues.names), *(self.dense[name] for name in NAMES)):
            digest.update(column.astype("<i8", copy=False).tobytes())
        return digest.hexdigest()

    def fates(self) -> Fates:
        channel, intent = self.issues["channel"], self.issues["intent"]

        def asked(block: int, on: int) -> tuple[slice, Array]:
            here = slice(block * BLOCK, (block + 1) * BLOCK)
            home = channel[here]
            return here, home if on == HOME else np.full(len(home), on)

        @lru_cache(maxsize=64)
        def drawn(block: int, page: int, on: int) -> Page:
            here, channels = asked(block, on)
            pace = None if self.pace is None else self.pace[here]
            return self.luck.page(channels, intent[here], page, here.start, pace=pace)

        @lru_cache(maxsize=512)
        def extra(name: str, block: int, page: int, on: int) -> Array:
            here, channels = asked(block, on)
            return self.luck.extra(name, channels, intent[here], page, here.start)

        def more(issue: int, page: int, on: int) -> Page:
            block, row = divmod(issue, BLOCK)
            return {name: values[row] for name, values in drawn(block, page, on).items()}

        def rare(name: str, issue: int, number: int, on: int) -> int:
            block, row = divmod(issue, BLOCK)
            page, position = divmod(number - 1, PAGE)
            return extra(name, block, page, on).item(row, position)

        return Fates(self.dense, channel.tolist(), more, rare)


def draw(scenario: Scenario, seed: int, replication: int) -> Population:
    """The population of one replication: decided by the demand side of the scenario, the seed and the replication."""
    at = partial(uniforms, seed, replication)
    known = intent = None
    rates = surged(scenario, seed, replication)
    if scenario.log is None:
        arrival, channel = _arrivals(scenario, rates, seed, replication)
    else:
        arrival, channel, intent, known = _replayed(scenario.spec, scenario.log)
    if intent is None:
        intent = _intents(scenario, rates, arrival, channel, at(Decision.INTENT, len(arrival)))
    columns = {"arrival": arrival, "channel": channel, "intent": intent}
    columns |= _people(scenario, seed, replication, len(arrival))
    columns["reply_draw"] = millionths(at(Decision.REPLY, len(arrival)))
    columns["noise_draw"] = np.rint(_normal(at(Decision.NOISE, len(arrival))) * 1000).astype(np.int64)
    columns["complaint_draw"] = millionths(at(Decision.COMPLAINT, len(arrival)))
    issues = Table({name: values.astype(np.int64) for name, values in columns.items()})
    return Population(issues, _luck(scenario, seed, replication), known, _pace(scenario, arrival, channel))


def _intents(scenario: Scenario, rates: Sequence[demand.Rate], arrival: Array, channel: Array, draws: Floats) -> Array:
    """What each issue is about: what an event brings in, with its share of the issues then; else by the shares."""
    shares = [intent.share for intent in scenario.spec.intents.values()]
    if all(rate.by_event is None for rate in rates):
        return _choose(shares, draws)
    intent = np.zeros(len(arrival), dtype=np.int64)
    for code, rate in enumerate(rates):
        mine = np.flatnonzero(channel == code)
        brought = np.zeros((len(mine), len(shares)))
        if rate.by_event is not None:
            piece = np.searchsorted(rate.starts, arrival[mine] / TICKS_PER_SECOND, side="right") - 1
            brought = rate.by_event[np.maximum(piece, 0)] * (piece >= 0)[:, None]
        bounds = np.cumsum(brought, axis=1)
        by_event = draws[mine] < bounds[:, -1]
        rest = (draws[mine] - bounds[:, -1]) / np.maximum(1.0 - bounds[:, -1], 1e-12)
        of_event = (draws[mine][:, None] >= bounds).sum(1)
        intent[mine] = np.where(by_event, of_event, _choose(shares, np.where(by_event, 0.0, rest)))
    return intent


def _pace(scenario: Scenario, arrival: Array, channel: Array) -> Floats | None:
    """The factor on the handle time of each issue, by its channel and the time at which it arose."""
    laid = lower.paces(scenario)
    if not laid:
        return None
    pace = np.ones(len(arrival))
    for code, name in enumerate(scenario.spec.channels):
        if name in laid and len(laid[name].starts):
            mine = np.flatnonzero(channel == code)
            seconds = arrival[mine] / TICKS_PER_SECOND
            piece = np.searchsorted(laid[name].starts, seconds, side="right") - 1
            inside = (piece >= 0) & (seconds < laid[name].ends[np.maximum(piece, 0)])
            pace[mine] = np.where(inside, laid[name].values[np.maximum(piece, 0)], 1.0)
    return pace


def _arrivals(scenario: Scenario, rates: Sequence[demand.Rate], seed: int, replication: int) -> tuple[Array, Array]:
    """Ticks and channels of all issues, in order of time, then channel."""
    spec, days = scenario.spec, lower.calendar(scenario)
    since, _, _ = lower.horizon(scenario)

    def factors(decision: Decision, shape: float, size: int) -> Floats:
        return gamma_factor(uniforms(seed, replication, decision, size), shape) if shape > 0 else np.ones(size)

    ticks, codes = [], []
    for code, rate in enumerate(rates):
        busy = demand.busyness(
            rate,
            days,
            since,
            partial(factors, Decision.BUSY_DAY, spec.demand.day_shape),
            partial(factors, Decision.BUSY_HOUR, spec.demand.busy_hours),
        )
        sequence = partial(uniforms, seed, replication, Decision.ARRIVAL, page=code)
        times = demand.arrivals(rate.times(busy), sequence)
        # rounding down keeps an arrival inside its opening hours and before the horizon
        ticks.append(np.floor(times * TICKS_PER_SECOND).astype(np.int64))
        codes.append(np.full(len(times), code))
    for code, own in enumerate(spec.channels.values()):
        if own.backlog is not None:
            # a tick before the measured time: they are worked on in it, but are not part of what it is measured by
            ticks.append(np.full(own.backlog, -1, dtype=np.int64))
            codes.append(np.full(own.backlog, code))
    arrival, channel = np.concatenate(ticks), np.concatenate(codes)
    order = np.lexsort((channel, arrival))
    return arrival[order], channel[order]


def _replayed(spec: ScenarioSpec, log: Log) -> tuple[Array, Array, Array | None, Array]:
    """Ticks, channels, intents (None where the log has none) and known handle times of a log, in order of time."""
    assert spec.demand.replay is not None
    arrival = np.rint(log.entered * TICKS_PER_SECOND).astype(np.int64)
    order = np.argsort(arrival, kind="stable")
    channel = np.full(len(log), list(spec.channels).index(spec.demand.replay.channel))
    service = log.service[order]
    known = np.full(len(log), NEVER)
    known[~np.isnan(service)] = np.rint(service[~np.isnan(service)] * TICKS_PER_SECOND).astype(np.int64)
    return arrival[order], channel, log.intent[order] if log.intents else None, known


def _people(scenario: Scenario, seed: int, replication: int, size: int) -> dict[str, Array]:
    """The customer of each issue, by segment weights, with what is known of them."""
    segments = scenario.spec.customers.segments
    at = partial(uniforms, seed, replication)
    shares = [segment.share for segment in segments.values()]
    segment = _choose(shares, at(Decision.SEGMENT, size))
    # customers are numbered by segment, each segment a stretch of its share, of one customer at least
    bounds = np.rint(np.concatenate(([0.0], np.cumsum(shares) / sum(shares))) * lower.customers(scenario))
    width = np.maximum(1, np.diff(bounds)).astype(np.int64)
    before = np.cumsum(width) - width
    customer = before[segment] + np.floor(at(Decision.CUSTOMER, size) * width[segment]).astype(np.int64)
    # a customer's traits are drawn with their first issue: most customers have none, and need no draw
    _, first, again = np.unique(customer, return_index=True, return_inverse=True)
    own = first[again]

    def trait(decision: Decision) -> Floats:
        return at(decision, size)[own]

    kinds, free, been = trait(Decision.CONTRACT), trait(Decision.CAPTIVE), trait(Decision.TENURE)
    contract, tenure, captive = (np.zeros(size, dtype=np.int64) for _ in range(3))
    for code, kind in enumerate(segments.values()):
        mine = np.flatnonzero(segment == code)
        contract[mine] = _choose(list(kind.contract.model_dump().values()), kinds[mine])
        captive[mine] = free[mine] < kind.captive
        tenure[mine] = np.floor(tenure_of(kind).quantile(been[mine]) / MONTH).astype(np.int64)
    length = np.array([0, 12, 24])[contract]
    expires_in = np.where(length > 0, np.floor(trait(Decision.EXPIRES_IN) * length).astype(np.int64), NEVER)
    ranks = trait(Decision.MOOD) * (len(reference.MOOD) - 1)
    mood = np.interp(ranks, np.arange(len(reference.MOOD)), np.array(reference.MOOD))
    return {
        "customer": customer,
        "segment": segment,
        "contract": contract,
        "tenure": tenure,
        "expires_in": expires_in,
        "captive": captive,
        "mood": np.rint(mood * 1000).astype(np.int64),
    }


def _choose(shares: Sequence[float], draws: Floats) -> Array:
    """Codes 0, 1, … with probabilities proportional to the shares."""
    bounds = np.cumsum(shares) / sum(shares)
    return np.minimum(np.searchsorted(bounds, draws, side="right"), len(bounds) - 1).astype(np.int64)


def _normal(draws: Floats) -> Floats:
    from scipy.special import ndtri

    return ndtri(draws)


def _luck(scenario: Scenario, seed: int, replication: int) -> Luck:
    spec = scenario.spec
    # a log already holds its redials and reconnects
    again = 0.0 if scenario.log is not None else 1.0
    half = np.log(2)
    channels = tuple(
        ChannelLuck(
            patience=time_of(channel, "patience", name),
            handle=duration_of(channel, "handle_time", name),
            wrap_up=duration_of(channel, "wrap_up", name),
            resolved=channel.resolved_at_first_contact,
            redial=(again * channel.redial.chance, channel.redial.after / half),
            reconnect=(again * channel.reconnect.chance, channel.reconnect.after / half),
            silent=channel.silent,
            front=channel.self_service_first.chance,
            escalate=channel.escalates.chance,
            transfer=channel.transfer.chance,
            elsewhere=(again * channel.elsewhere.chance, channel.elsewhere.after / half),
            public=(again * channel.public.chance, channel.public.after / half),
            asks=(channel.asks_back.chance, channel.asks_back.after / half),
        )
        for name, channel in spec.channels.items()
    )
    intents = spec.intents
    codes = scenario.log.intents if scenario.log is not None and scenario.log.intents else tuple(intents)
    resolved = [intents[name].resolved_at_first_contact if name in intents else None for name in codes]
    return Luck(
        seed=seed,
        replication=replication,
        channels=channels,
        resolved=tuple(float("nan") if share is None else share for share in resolved),
        stretch=tuple(intents[name].handle_time if name in intents else 1.0 for name in codes),
    )
