"""Thresholds of a load test: every row that was due counts, and none of them can pass on nothing."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from sim.load.limits import Abort, Rows, Samples, Verdict, Window, judge, needed
from sim.scenario.loads import load_limit
from sim.scenario.read import read
from sim.scenario.spec import ScenarioSpec

CREATE = ("email", "create")


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> ScenarioSpec:
    path = tmp_path_factory.mktemp("limits") / "desk.yaml"
    path.write_text("customers: 1000\nemail: {staff: 1}\napp: {staff: 1}\n")
    return read(path).spec


def judged(spec: ScenarioSpec, samples: Samples, name: str, words: str) -> Verdict:
    (verdict,) = judge([load_limit(name, words, spec)], samples)
    return verdict


def of(from_due: list[float], *, send: float = 0.001, errors: int = 0) -> Samples:
    """Samples of creates by e-mail alone."""
    samples = Samples()
    samples.rows[CREATE] = Rows(from_due, [send] * len(from_due), errors)
    return samples


def test_latency_counts_from_due_unless_it_says_send(spec: ScenarioSpec) -> None:
    """A row that waited a second in our own queue took that second; from when it was sent it did not."""
    samples = of([1.0] * 20, send=0.1)
    due = judged(spec, samples, "create.median", "at most 500ms")
    send = judged(spec, samples, "create.send.median", "at most 500ms")
    assert (due.met, due.value, due.why) == (False, 1.0, "1 s of 20")
    assert (send.met, send.value, send.why) == (True, 0.1, "100 ms of 20")


@pytest.mark.parametrize(("word", "count"), [("p50", 20), ("p90", 100), ("p95", 200), ("p99", 1000), ("p99.9", 10_000)])
def test_a_percentile_needs_ten_values_above_it(word: str, count: int, spec: ScenarioSpec) -> None:
    """With one sample fewer than 10 / (1 − p) it is not judged, however fast, and not met; its value is said all the
    same. With that many it is judged."""
    few = judged(spec, of([0.001] * (count - 1)), f"create.{word}", "at most 1s")
    enough = judged(spec, of([0.001] * count), f"create.{word}", "at most 1s")
    assert (few.met, few.judged, few.value) == (False, False, 0.001)
    assert few.why == f"~1 ms, of too few ({count - 1:,} of {count:,} needed)"
    never = judged(spec, of([math.inf] * (count - 1)), f"create.{word}", "at most 1s")
    assert never.why.startswith("never, of too few")
    assert enough.judged
    assert (enough.met, enough.value, enough.samples) == (True, 0.001, count)


def test_how_many_are_needed_is_a_whole_number() -> None:
    """What does not divide is rounded up: of p7 it is 10.8, so 11."""
    assert needed(Fraction(7, 100)) == 11
    assert needed(Fraction(999, 1000)) == 10_000


def test_a_percentile_is_a_value_that_was_measured(spec: ScenarioSpec) -> None:
    """By nearest rank, in whatever order they came: of 200 values the 190th, not rounded nor between two."""
    values = [number / 1000 + 1e-7 for number in range(200, 0, -1)]
    assert judged(spec, of(values), "create.p95", "at most 190ms").value == 0.19 + 1e-7
    assert not judged(spec, of(values), "create.p95", "at most 190ms").met
    assert judged(spec, of(values), "create.median", "at most 1s").value == 0.1 + 1e-7
    assert judged(spec, of(values), "create.max", "at most 1s").value == 0.2 + 1e-7
    # 0.07 × 100 is more than 7 in floating point
    assert judged(spec, of(values[:100]), "create.p7", "at most 1s").value == sorted(values[:100])[6]


def test_a_row_that_failed_is_infinitely_slow(spec: ScenarioSpec) -> None:
    """Failures take part: with 10 of 200 failed the 95th percentile is a value, with 11 it is never; so is a mean."""
    some, more = (of([0.1] * (200 - lost) + [math.inf] * lost, errors=lost) for lost in (10, 11))
    assert judged(spec, some, "create.p95", "at most 1s").met
    missed = judged(spec, more, "create.p95", "at most 1s")
    assert (missed.met, missed.value, missed.why) == (False, math.inf, "never of 200, 11 failed")
    assert not judged(spec, some, "create.mean", "at most 1h").met
    assert not judged(spec, some, "create.max", "at most 1h").met


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("create.p95", "at most 1h"), ("create.mean", "at most 1h"), ("create.max", "at most 1h"),
        ("errors", "at most 99%"), ("sent", "at least 0%"), ("email.first_response.mean", "at most 4d"),
    ],
)  # fmt: skip
def test_nothing_measured_is_missed(name: str, words: str, spec: ScenarioSpec) -> None:
    """Without a sample every threshold is missed, however lenient; rows of another channel are no samples of it."""
    assert judged(spec, Samples(), name, words) == Verdict(
        load_limit(name, words, spec), None, 0, met=False, why="nothing was measured", judged=False
    )
    other = Samples()
    other.rows["app", "reply"].add(0.1, 0.1, error=False)
    other.waits["app"].append(1.0)
    if name not in ("errors", "sent"):
        assert judged(spec, other, name, words).samples == 0


def test_a_threshold_is_of_its_channel_and_step(spec: ScenarioSpec) -> None:
    """`email.create` is of both, `create` of every channel, `email.all` of every step, `all` of all; reads that are no
    step of anybody's (lists, searches) are in none."""
    samples = Samples()
    for number, key in enumerate([CREATE, ("app", "create"), ("email", "reply"), ("email", "list")], 1):
        samples.rows[key].add(float(number), float(number), error=False)

    def largest(name: str) -> float | None:
        return judged(spec, samples, name, "at most 1h").value

    names = ("email.create.max", "create.max", "email.all.max", "all.max")
    assert [largest(name) for name in names] == [1.0, 2.0, 3.0, 3.0]
    assert judged(spec, samples, "email.all.errors", "at most 1%").samples == 2


def row(step: str = "create", due: float | None = 100.0) -> dict[str, object]:
    return {"t": "intent", "at": 100.5, "id": "0-1", "c": "1.1", "step": step, "channel": "email", "due": due}


def test_what_counts_as_an_error() -> None:
    """A 429, a ticket created despite an error, a row that was cut off and one that was never sent are errors; the
    first even where a later try did it, at the time of that try."""
    samples = Samples()
    fine = {"at": 101.0, "ok": True, "ms": 250.0}
    throttled = {"at": 100.6, "ok": False, "kind": "throttled", "status": 429, "ms": 5.0, "retried": True}
    despite = {"at": 100.9, "ok": False, "kind": "server", "status": 500, "exists": True, "ms": 400.0}
    samples.book(row(), [fine])
    samples.book(row(), [throttled, fine])
    samples.book(row(), [despite])
    samples.book(row(), [])
    samples.unsent("email")
    rows = samples.rows[CREATE]
    assert (rows.due, rows.errors) == (5, 4)
    assert rows.from_due == [1.0, 1.0, math.inf, math.inf, math.inf]
    assert rows.from_send == [0.25, 0.25, math.inf, math.inf, math.inf]
    samples.book(row("take", due=None), [fine])
    assert samples.rows["email", "take"].from_due == [0.5]


def test_the_denominator_is_what_was_due(spec: ScenarioSpec) -> None:
    """Errors are a share of all rows due; what the desk has, of all contacts due but those that no wire carries."""
    samples = of([0.1] * 99 + [math.inf], errors=1)
    found = judged(spec, samples, "errors", "at most 1%")
    assert (found.met, found.value, found.why) == (True, 0.01, "1.0 %, 1 of 100")
    assert not judged(spec, samples, "create.errors", "at most 0.9%").met
    samples.deliveries = {
        "sent": 994, "created-despite-error": 5, "failed": 0, "dropped": 1, "not-sent": 0, "skipped": 70, "entered": 9,
    }  # fmt: skip
    found = judged(spec, samples, "sent", "at least 99.9%")
    assert (found.met, found.samples) == (True, 1000)
    assert not judged(spec, samples, "sent", "at least 100%").met
    for word in ("not-sent", "failed"):
        samples.deliveries = {"sent": 999, word: 1}
        assert judged(spec, samples, "sent", "at least 100%").why == "99.9 %, 999 of 1,000"
        assert not judged(spec, samples, "sent", "at least 100%").met


def test_who_got_no_answer_waited_for_ever(spec: ScenarioSpec) -> None:
    """Of 100 waits 10 may be without end for the 90th percentile; with 11 it is missed, and it is said why."""
    samples = Samples()
    samples.waits["email"] = [7200.0] * 90 + [math.inf] * 10
    found = judged(spec, samples, "email.first_response.p90", "at most 2h")
    assert (found.met, found.value, found.why) == (True, 7200.0, "2 h of 100, 10 without an answer")
    samples.waits["email"][0] = math.inf
    found = judged(spec, samples, "email.first_response.p90", "at most 4d")
    assert (found.met, found.why) == (False, "never of 100, 11 without an answer")


def told(window: Window, rows: list[tuple[float, bool]]) -> list[bool]:
    return [window.add(at, bad) for at, bad in rows]


def test_a_window_breaks_off_above_its_share() -> None:
    """At the share itself a load test goes on; with one more bad row of the last seconds it is broken off."""
    rows = [(float(at), at % 5 == 0) for at in range(60)]
    assert not any(told(Window(Abort(0.2, 30.0)), rows))
    window = Window(Abort(0.2, 30.0))
    told(window, rows)
    # of the 30 rows after second 30, six were bad; 29.0 to 59.0 makes way
    assert window.add(59.5, True)


def test_a_window_forgets() -> None:
    """What went wrong before the window counts no longer; a row as old as the window is out of it."""
    window = Window(Abort(0.5, 10.0))
    told(window, [(float(at), True) for at in range(9)])
    assert not any(told(window, [(20.0 + at / 10, False) for at in range(40)]))
    edge = Window(Abort(0.0, 10.0))
    assert told(edge, [(0.0, True), *((1.0 + at / 2, False) for at in range(19))])[-1] is False


def test_a_window_waits_until_it_is_full() -> None:
    """At the start, and with fewer than ten rows, one bad row says nothing; a desk that is dead is left once the time
    has passed."""
    dead = told(Window(Abort(0.2, 30.0)), [(float(at), True) for at in range(40)])
    assert dead == [at >= 30 for at in range(40)]
    assert not any(told(Window(Abort(0.2, 30.0)), [(10.0 * at, True) for at in range(40)]))


def test_a_row_that_comes_late_counts_as_of_now() -> None:
    """Rows of several workers may come out of order; none is dropped for it, and no count goes wrong."""
    window = Window(Abort(0.5, 10.0))
    told(window, [(float(at), False) for at in range(20)])
    assert told(window, [(3.0, True)] * 11)[-1]
    assert not any(told(window, [(40.0 + at, False) for at in range(20)]))
