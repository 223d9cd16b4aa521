"""Every contact is accounted for, whatever happened to who kept the books; and a run counts by the rule alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import SimError, UsageError
from sim.load.books import Books, Validity, exit_code, late_after, lost, percentile, read, validity

RUN, DIGEST, T0, SPEED = "ab" * 16, "cd" * 32, 1_763_785_000.0, 10.0
PLAN = {"run": RUN, "digest": DIGEST, "speed": SPEED, "window": [0, 60_000], "drain": 20_000}

Row = dict[str, Any]


def write(folder: Path, *ledgers: Sequence[Row], planned: int = 2, plan: Mapping[str, Any] = PLAN) -> Path:
    """A run folder: `planned` issues, a second of the scenario apart; ledger 0, 1, …"""
    (folder / "plan").mkdir()
    (folder / "ledger").mkdir()
    (folder / "plan" / "plan.json").write_text(json.dumps(plan))
    issues = [{"issue": n, "customer": n, "channel": "email", "wire": "rest", "due": 1000 * n} for n in range(planned)]
    (folder / "plan" / "rows.jsonl").write_text(lines(issues))
    for number, rows in enumerate(ledgers):
        (folder / "ledger" / f"ledger-{number}.jsonl").write_text(lines(rows))
    return folder


def lines(rows: Sequence[Row]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def start(worker: int = 0, n: int = 1, **other: Any) -> Row:
    row = {"t": "start", "at": T0, "run": RUN, "worker": worker, "n": n, "digest": DIGEST, "t0": T0, "speed": SPEED}
    return {**row, "offset": 0.0, **other}


def done(worker: int = 0) -> Row:
    return {"t": "done", "at": T0 + 9, "worker": worker}


def intent(c: str, name: str, step: str = "create") -> Row:
    return {
        "t": "intent",
        "at": T0 + 1,
        "id": name,
        "c": c,
        "step": step,
        "wire": "rest",
        "channel": "email",
        "due": T0,
    }


def outcome(name: str, at: float = 1.0, **other: Any) -> Row:
    return {"t": "outcome", "at": T0 + at, "id": name, "ok": True, "ticket": None, "ms": 9.0, **other}


def failure(name: str, kind: str = "connection", at: float = 1.0, **other: Any) -> Row:
    what = {"ok": False, "kind": kind, "what": "gone", "status": None, "exists": None, "tries": 1}
    return outcome(name, at, **{**what, **other})


def delivery(c: str, delivery: str = "sent", **other: Any) -> Row:
    row = {"t": "delivery", "at": T0 + 2, "c": c, "cause": "first", "channel": "email", "delivery": delivery}
    return {**row, "ticket": None, "due": T0, "lag": 0.001, "late": False, **other}


def spawn(c: str, due: float = T0 + 1) -> Row:
    return {"t": "spawn", "at": T0 + 1, "c": c, "cause": "reconnect", "channel": "email", "due": due}


@pytest.fixture
def books(tmp_path: Path) -> Callable[..., Books]:
    return lambda *ledgers, **other: Books(read(write(tmp_path, *ledgers, **other)))


# --- reading ---------------------------------------------------------------------------------------------------------


def test_ledgers_are_merged(books: Callable[..., Books]) -> None:
    """The rows of all workers are there, each with the name of its file, worker 10 after worker 2."""
    rows = books(*([start(n, 11)] for n in range(11))).rows
    assert [row["file"] for row in rows.of("start")] == [str(n) for n in range(11)]
    assert rows.of("intent") == ()


def test_a_plan_with_its_ledgers_beside_it(tmp_path: Path) -> None:
    """A folder that holds plan and ledgers side by side is read as a run folder is."""
    (tmp_path / "plan.json").write_text(json.dumps(PLAN))
    (tmp_path / "rows.jsonl").write_text("")
    (tmp_path / "ledger-0.jsonl").write_text(lines([start()]))
    assert len(read(tmp_path).of("start")) == 1


@pytest.mark.parametrize("torn", [b'{"t":"unma', b'{"t":"unmatched","at":1}', b'{"t":"foreign","ticket":"\xc3'])
def test_a_torn_last_line_is_ignored(tmp_path: Path, torn: bytes) -> None:
    """A last line without its end is no row, even if what there is of it could be one."""
    path = write(tmp_path, [start()]) / "ledger" / "ledger-0.jsonl"
    path.write_bytes(path.read_bytes() + torn)
    assert read(tmp_path).written.keys() == {"start"}


def test_a_torn_plan_is_no_plan(tmp_path: Path) -> None:
    """Of the plan's rows none may be torn, the last included."""
    path = write(tmp_path) / "plan" / "rows.jsonl"
    path.write_text(path.read_text()[:-1])
    with pytest.raises(SimError, match=r"rows\.jsonl:2: the row is damaged"):
        read(tmp_path)


@pytest.mark.parametrize("damage", ['{"t":"unma', "[1]", '{"at":1}', "", "\x00\x00"])
def test_damage_in_the_middle_is_told(tmp_path: Path, damage: str) -> None:
    """A row that is none, with a row after it, is an error with exit code 1 that names file and line."""
    path = write(tmp_path, [start()]) / "ledger" / "ledger-0.jsonl"
    path.write_text(path.read_text() + damage + "\n" + lines([done()]))
    with pytest.raises(SimError, match=r"ledger-0\.jsonl:2: the row is damaged") as caught:
        read(tmp_path)
    assert caught.value.exit_code == 1


@pytest.mark.parametrize("other", [{"digest": "ef" * 32}, {"run": "ef" * 16}])
def test_a_ledger_of_another_plan(tmp_path: Path, other: Row) -> None:
    """A worker that ran another plan than the folder's is a usage error."""
    write(tmp_path, [start(n=2)], [start(1, 2, **other)])
    with pytest.raises(UsageError, match=r"ledger-1\.jsonl is of another plan"):
        read(tmp_path)


@pytest.mark.parametrize("plan", [None, "", "[]", '{"run": "ab"}'])
def test_a_folder_that_is_no_run(tmp_path: Path, plan: str | None) -> None:
    """A folder without a readable plan.json is a usage error."""
    if plan is not None:
        (tmp_path / "plan.json").write_text(plan)
    with pytest.raises(UsageError, match="is no run of sim load"):
        read(tmp_path)


@given(st.data())
def test_a_crash_at_any_byte(data: st.DataObject) -> None:
    """Wherever a worker's file ends, the books can be read and add up, whole rows count, and the run does not."""
    whole = [start()]
    for n in range(4):
        whole += [intent(f"{n}.1", f"0-{n}"), outcome(f"0-{n}", ticket=str(n)), delivery(f"{n}.1")]
    whole.append(done())
    text = lines(whole)
    cut = data.draw(st.integers(0, len(text)))
    with TemporaryDirectory() as folder:
        path = write(Path(folder), whole, planned=4) / "ledger" / "ledger-0.jsonl"
        path.write_text(text[:cut])
        books = Books(read(Path(folder)))
    assert sum(len(rows) for rows in books.rows.written.values()) == text[:cut].count("\n")
    assert books.balanced
    assert sum(total(books).values()) == 4
    assert validity(books).valid is (cut == len(text))


# --- the law ---------------------------------------------------------------------------------------------------------


def total(books: Books) -> Row:
    counts: Row = {}
    for channel in books.by_channel().values():
        for delivered, number in channel.items():
            counts[str(delivered)] = counts.get(str(delivered), 0) + number
    return counts


KINDS = ("sent", "created-despite-error", "failed", "dropped", "skipped", "entered", "not-sent")


@given(st.data())
def test_the_sum_over_deliveries(data: st.DataObject) -> None:
    """Planned + spawned = the sum over deliveries, in whatever order rows of several workers are written."""
    planned = data.draw(st.integers(0, 6))
    spawned = data.draw(st.lists(st.sampled_from([f"{n}.2" for n in range(planned)]), unique=True)) if planned else []
    fates = {c: data.draw(st.sampled_from(KINDS)) for c in [f"{n}.1" for n in range(planned)] + spawned}
    workers = data.draw(st.integers(1, 3))
    rows: list[list[Row]] = [[start(n, workers)] for n in range(workers)]
    ends = [spawn(c) for c in spawned] + [delivery(c, fate) for c, fate in fates.items() if fate != "not-sent"]
    for row in data.draw(st.permutations(ends)):
        rows[data.draw(st.integers(0, workers - 1))].append(row)
    with TemporaryDirectory() as folder:
        books = Books(read(write(Path(folder), *rows, planned=planned)))
    assert books.balanced, books.breaks
    assert books.planned + books.spawned == sum(total(books).values()) == len(fates)
    assert total(books) == {kind: list(fates.values()).count(kind) for kind in fates.values()}


keys = st.lists(st.sampled_from(["0.1", "1.1", "0.2", "1.2", "7.1"]), max_size=4)


@given(keys, keys)
def test_the_books_add_up_contact_by_contact(spawned: list[str], delivered: list[str]) -> None:
    """They add up where each contact is asked for once, by plan or centre, and delivered once at most; else not."""
    with TemporaryDirectory() as folder:
        books = Books(read(write(Path(folder), [start(), *map(spawn, spawned), *map(delivery, delivered)])))
    asked = ["0.1", "1.1", *spawned]
    whole = all(asked.count(c) == 1 and delivered.count(c) <= 1 for c in (*asked, *delivered))
    assert books.balanced is whole
    assert (books.planned, books.spawned) == (2, len(spawned))


@pytest.mark.parametrize(
    ("rows", "breaks"),
    [
        ([delivery("0.1"), delivery("0.1", "failed")], "0.1 was delivered 2 times"),
        ([delivery("7.1")], "7.1 was delivered, and neither planned nor spawned"),
        ([spawn("0.2"), spawn("0.2"), delivery("0.2")], "0.2 was asked for 2 times"),
        ([spawn("0.1"), delivery("0.1")], "0.1 was asked for 2 times"),
    ],
)
def test_what_breaks_the_law_is_named(books: Callable[..., Books], rows: list[Row], breaks: str) -> None:
    """A contact delivered twice, or unasked for, or asked for twice, breaks the books, and voids the run."""
    found = books([start(), delivery("1.1"), *rows, done()])
    assert not found.balanced
    assert found.breaks == (breaks,)
    assert f"the books do not add up: {breaks}" in validity(found).reasons


def test_an_entry_says_what_became_of_a_contact(books: Callable[..., Books]) -> None:
    """Cause, delivery, due time, lag, ticket and tries of a contact are those of its rows and of its creates."""
    found = books([
        start(), spawn("0.2"), intent("0.2", "0-1"), failure("0-1", retried=True), outcome("0-1", ticket="42"),
        intent("0.2", "0-2", "reply"), failure("0-2"), delivery("0.2", lag=0.3, late=True),
    ])  # fmt: skip
    entry = found.entries["0.2"]
    assert (entry.cause, entry.channel, entry.delivery, entry.planned) == ("reconnect", "email", "sent", False)
    assert (entry.due, entry.lag, entry.late, entry.ticket, entry.tries) == (T0, 0.3, True, "42", 2)
    unsent = found.entries["1.1"]
    assert (unsent.cause, unsent.delivery, unsent.planned, unsent.tries) == ("first", "not-sent", True, 0)
    # tick 1000 at ten times the speed
    assert unsent.due == T0 + 0.1


def test_open_intents(books: Callable[..., Books]) -> None:
    """An intent without an outcome is open, and so is one that was to be tried again and was not."""
    found = books([
        start(), intent("0.1", "0-1"), intent("0.1", "0-2", "reply"), outcome("0-2"),
        intent("1.1", "0-3"), failure("0-3", retried=True), intent("1.1", "0-4"), failure("0-4"),
    ])  # fmt: skip
    assert [row["id"] for row in found.open_intents()] == ["0-1", "0-3"]


def test_created_twice(books: Callable[..., Books]) -> None:
    """A contact whose creates have made two tickets is told of with both; the same ticket told twice is one."""
    first, second = ({"exists": True, "ticket": ticket, "retried": True} for ticket in ("7", "9"))
    found = books([
        start(), intent("0.1", "0-1"), failure("0-1", **first), outcome("0-1", ticket="8"),
        intent("1.1", "0-2"), failure("0-2", **second), outcome("0-2", ticket="9"),
    ])  # fmt: skip
    assert found.twice() == {"0.1": ("7", "8")}
    assert found.tickets().keys() == {"7", "8", "9"}


def test_reconcile_has_the_last_word(tmp_path: Path) -> None:
    """What reconcile found out takes the place of what was believed, and is no second delivery and no try."""
    write(tmp_path, [start(), intent("0.1", "0-1"), failure("0-1"), delivery("0.1", "failed")])
    late = [failure("0-1", exists=True, ticket="7"), delivery("0.1", "created-despite-error", ticket="7")]
    (tmp_path / "ledger" / "ledger-reconcile.jsonl").write_text(lines(late))
    found = Books(read(tmp_path))
    assert found.balanced
    entry = found.entries["0.1"]
    assert (entry.delivery, entry.ticket, entry.tries) == ("created-despite-error", "7", 1)


def test_what_the_books_count_besides(books: Callable[..., Books]) -> None:
    """Refused tickets and mail that fits nobody are counted, and of a contact the last row holds."""
    states = [{"t": "contact", "at": T0, "c": "0.1", "seen": seen} for seen in (None, 5)]
    found = books([start(), *states, {"t": "foreign", "at": T0, "ticket": "9"}, {"t": "unmatched", "at": T0}])
    assert (found.foreign, found.unmatched, found.contacts["0.1"]["seen"]) == (1, 1, 5)


# --- the judgement ---------------------------------------------------------------------------------------------------


def test_a_run_that_counts(books: Callable[..., Books]) -> None:
    """Two contacts sent in time by two workers that are done: valid, and failures of the desk's void nothing."""
    judged = validity(books([start(0, 2), delivery("0.1"), done()], [start(1, 2), delivery("1.1", "failed"), done(1)]))
    assert judged == Validity((), 2, 0, 1, 0.25, 0.001, 0.001, SPEED)
    assert judged.valid


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([start(), delivery("0.1"), done()], "1 contact was not sent"),
        ([start(), delivery("0.1"), delivery("1.1", "dropped"), done()], "1 contact was dropped"),
        ([start(), delivery("0.1"), delivery("1.1")], "worker 0 of 1 did not report that it is done"),
        ([start(0, 2), delivery("0.1"), delivery("1.1"), done()], "worker 1 of 2 never started"),
        ([delivery("0.1"), delivery("1.1")], "no worker has started"),
        ([start(), delivery("0.1", late=True), delivery("1.1", lag=0.26), done()],
         "2 contacts were more than 250 ms late; 1 may be"),
        ([start(), start(1, 2, offset=0.06), delivery("0.1"), delivery("1.1"), done(), done(1)],
         "the workers do not agree on how many they are"),
        ([start(0, 2, offset=-0.03), start(1, 2, offset=0.03), delivery("0.1"), delivery("1.1"), done(), done(1)],
         "the workers' clocks differ by 60 ms; 50 may be"),
    ],
)  # fmt: skip
def test_a_run_that_is_void(books: Callable[..., Books], rows: list[Row], reason: str) -> None:
    """What was not sent, dropped or late, a worker that is missing and clocks that differ void a run."""
    judged = validity(books(rows))
    assert reason in judged.reasons
    assert not judged.valid


def test_lags_that_are_allowed(books: Callable[..., Books]) -> None:
    """A lag of 250 ms is not late, one late contact in a small run is allowed, and a spread of 50 ms of the clocks."""
    rows = [start(0, 2), start(1, 2, offset=0.05), delivery("0.1", lag=0.25), delivery("1.1", lag=9.0), done(), done(1)]
    judged = validity(books(rows))
    assert judged.valid, judged.reasons
    assert (judged.late, judged.allowed, judged.p99_lag) == (1, 1, 9.0)


@pytest.mark.parametrize(("late", "valid"), [(3, True), (4, False)])
def test_one_in_a_thousand_may_be_late(books: Callable[..., Books], *, late: int, valid: bool) -> None:
    """Of 3,000 contacts three may be late."""
    sent = [delivery(f"{n}.1", lag=0.3 if n < late else 0.0) for n in range(3000)]
    judged = validity(books([start(), *sent, done()], planned=3000))
    assert (judged.allowed, judged.valid) == (3, valid)


def test_what_has_no_wire_is_not_late(books: Callable[..., Books]) -> None:
    """Contacts that were simulated or skipped are no rows of the judgement."""
    judged = validity(
        books([start(), delivery("0.1", "entered", lag=None), delivery("1.1", "skipped", lag=9.0), done()])
    )
    assert judged == Validity((), 0, 0, 1, 0.25, None, None, SPEED)


@pytest.mark.parametrize(("wire", "unsent"), [("enter", 0), ("skip", 0), ("rest", 2), ("email", 2)])
def test_what_was_not_entered_yet_was_not_to_be_sent(books: Callable[..., Books], wire: str, unsent: int) -> None:
    """Contacts of a channel without a wire are not missed where a run breaks off before their time."""
    plan = {**PLAN, "channels": [{"name": "email", "wire": wire, "why": ""}]}
    judged = validity(books([start()], plan=plan))
    assert judged.rows == unsent
    assert any("not sent" in reason for reason in judged.reasons) is bool(unsent)


@pytest.mark.parametrize(("due", "valid"), [(8.0, False), (8.001, True)])
def test_what_is_due_after_the_run(books: Callable[..., Books], *, due: float, valid: bool) -> None:
    """A spawned contact that is due after the drain (80 s at ten times the speed) is not missed."""
    found = books([start(), delivery("0.1"), delivery("1.1"), spawn("0.2", T0 + due), done()])
    assert found.balanced
    assert validity(found).valid is valid


@pytest.mark.parametrize(
    ("due", "limit"), [([], 0.25), ([7.0], 0.25), ([0.0, 1.0, 5.0], 0.25), ([100.0, 0.0, 40.0], 5.0)]
)
def test_when_a_contact_is_late(due: list[float], limit: float) -> None:
    """After 250 ms, or after a tenth of the mean gap where that is longer, in whatever order the plan is."""
    assert late_after(due) == limit


@pytest.mark.parametrize(("lag", "fit"), [(0.3, True), (0.31, False)])
def test_fit_for_agreement(books: Callable[..., Books], *, lag: float, fit: bool) -> None:
    """Fit if p99 lag × speed is at most 1 % of the shortest duration compared: 0.3 s × 10 of 300 s."""
    judged = validity(books([start(), delivery("0.1"), delivery("1.1", lag=lag), done()]))
    assert judged.fit_for_agreement(300.0) is fit


def test_a_void_run_is_fit_for_nothing(books: Callable[..., Books]) -> None:
    """A run that does not count, and one of which nothing was sent, are not fit for agreement."""
    judged = validity(books([start(), delivery("0.1"), delivery("1.1")]))
    assert not judged.fit_for_agreement(1e9)
    assert not Validity((), 0, 0, 1, 0.25, None, None, 1.0).fit_for_agreement(1e9)


@given(st.lists(st.floats(0, 10), min_size=1, max_size=300), st.sampled_from([0.5, 0.9, 0.99]))
def test_percentiles_are_values(values: list[float], share: float) -> None:
    """A percentile is the smallest of the values that the share of them does not exceed."""
    found = percentile(values, share)
    enough = [value for value in values if sum(other <= value for other in values) >= share * len(values) - 1e-9]
    assert found == min(enough)
    assert percentile([], share) is None


# --- a desk that went away -------------------------------------------------------------------------------------------


def sequence(*outcomes: Row) -> list[Row]:
    return [start(), *(row for n, out in enumerate(outcomes) for row in (intent("0.1", f"0-{n}"), out)), done()]


@pytest.mark.parametrize(("failed", "away"), [(20, True), (19, False)])
def test_a_desk_is_lost_by_share(books: Callable[..., Books], *, failed: int, away: bool) -> None:
    """If the last fifth of the writes failed as they do where nobody is there, the desk was lost."""
    kinds = ["connection", "timeout", "server", "dns"]
    good = [outcome(f"0-{n}", n / 100) for n in range(100 - failed)]
    bad = [failure(f"0-{n}", kinds[n % 4], n / 100) for n in range(100 - failed, 100)]
    assert lost(books(sequence(*good, *bad))) is away


@pytest.mark.parametrize(("seconds", "away"), [(30.0, True), (29.0, False)])
def test_a_desk_is_lost_by_time(books: Callable[..., Books], *, seconds: float, away: bool) -> None:
    """If all writes of the last 30 s failed, from the sending of the first of them, the desk was lost."""
    good = [outcome(f"0-{n}", n / 100) for n in range(100)]
    times = (5.0 + 3.0, 20.0, 5.0 + seconds)
    bad = [failure(f"0-{100 + n}", "timeout", at, ms=3000.0) for n, at in enumerate(times)]
    assert lost(books(sequence(*good, *bad))) is away


@pytest.mark.parametrize(
    "last", [failure("0-9", "refused", 9.0), failure("0-9", "server", 9.0, exists=True), outcome("0-9", 9.0)]
)
def test_a_desk_that_is_there(books: Callable[..., Books], last: Row) -> None:
    """A desk that answers in the end, with a no, with an error that did it, or with a yes, was not lost."""
    assert not lost(books(sequence(*(failure(f"0-{n}", at=n / 10) for n in range(9)), last)))


def test_a_desk_that_never_was_there(books: Callable[..., Books]) -> None:
    """Where all writes of a small run failed, the desk was lost."""
    assert lost(books(sequence(failure("0-0"), failure("0-1"))))


def test_a_failure_at_the_end_loses_no_desk(books: Callable[..., Books], tmp_path: Path) -> None:
    """One server error as the last of three writes is no lost desk, nor are two timeouts of 30 s as the last of 20."""
    (folder := tmp_path / "two").mkdir()
    hung = [failure(f"0-{n}", "timeout", 40.0, ms=30_000.0) for n in (18, 19)]
    assert not lost(books(sequence(outcome("0-0"), outcome("0-1"), failure("0-2", "server"))))
    assert not lost(Books(read(write(folder, sequence(*(outcome(f"0-{n}") for n in range(18)), *hung)))))


# --- exit codes ------------------------------------------------------------------------------------------------------


def test_exit_codes_by_precedence() -> None:
    """130 goes before 1, 5, 4, 3, and 0 is for nothing at all."""
    flags = ("interrupted", "broken", "lost", "void", "missed")
    codes = [exit_code(**dict.fromkeys(flags[first:], True)) for first in range(6)]
    assert codes == [130, 1, 5, 4, 3, 0]
    assert [exit_code(**{flag: True}) for flag in flags] == [130, 1, 5, 4, 3]
