"""The tables of a load test: what is known of each contact, how long each step took, and nothing that nobody saw."""

from __future__ import annotations

import csv
import json
import math
from collections import Counter
from functools import lru_cache
from io import StringIO
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest
import some_ledger
from some_ledger import HOUR, T0, Test

from sim.errors import UsageError
from sim.load import books as ledgers
from sim.load.ledger import COLUMNS, Delivery, Ledger
from sim.load.observe import KINDS, STEPS, Observed, deliveries_csv, observe, samples, step_words
from sim.load.slice import moved
from sim.measures.summary import summarise
from sim.schemas import CONTACTS, NEVER, Outcome, Source
from sim.tables import Table, read_parquet, write_parquet

BUSY = ("customers=100000", "phone.staff=8", "email.staff=4")
TIMES = ("answered", "taken", "ended", "freed", "asked", "replied", "announced")


@lru_cache(maxsize=8)
def _observed(test: Test) -> Observed:
    return observe(some_ledger.write(Path(mkdtemp()) / "run", test))


def _simulated(observed: Observed, channel: str) -> Table:
    """What the simulation says of the contacts of a channel that the test holds."""
    whole = some_ledger.happened("scenarios/first.yaml", BUSY)
    keys = set(zip(observed.contacts["issue"].tolist(), observed.contacts["attempt"].tolist(), strict=True))
    code = observed.desk.words()["channel"].index(channel)
    mine = [key in keys for key in zip(whole["issue"].tolist(), whole["attempt"].tolist(), strict=True)]
    return whole.where(np.array(mine) & (whole["channel"] == code))


def _of(observed: Observed, channel: str) -> Table:
    code = observed.desk.words()["channel"].index(channel)
    return observed.contacts.where(observed.contacts["channel"] == code)


def test_a_contact_that_was_sent_says_what_the_centre_and_the_population_say() -> None:
    """Every column is there, by issue and attempt; the issue's are the population's, and `source` is observed."""
    observed = _observed(Test(sets=BUSY))
    sent, simulated = _of(observed, "email"), _simulated(observed, "email")
    assert sent.names == tuple(column.name for column in CONTACTS)
    assert len(sent) == len(simulated) > 20
    for name in ("issue", "attempt", "customer", "intent", "mood", "noise_draw", "cause", "chasers"):
        np.testing.assert_array_equal(sent[name], simulated[name], err_msg=name)
    before = simulated["ended"] < observed.plan["window"][1] + observed.plan["drain"]
    np.testing.assert_array_equal(sent["ended"][before], simulated["ended"][before])
    assert (sent["source"] == Source.OBSERVED).all()


def test_what_was_entered_without_a_wire_has_no_times() -> None:
    """Of a call the table tells when it was offered and how it ended, and no moment in between."""
    observed = _observed(Test(sets=BUSY))
    calls, simulated = _of(observed, "phone"), _simulated(observed, "phone")
    assert len(calls) == len(simulated) > 20
    np.testing.assert_array_equal(calls["offered"], simulated["offered"])
    np.testing.assert_array_equal(calls["outcome"], simulated["outcome"])
    assert all((calls[name] == NEVER).all() for name in TIMES)


def test_only_what_is_at_the_desk_is_a_contact() -> None:
    """A create that failed, one that was dropped and one that was not sent are deliveries and no contacts; one that was
    created despite an error is both."""
    first, second, third, fourth = _emails(4)
    observed = _observed(
        Test(sets=BUSY, fails=((first, "server", False), (second, "timeout", True)), dropped=(third,), unsent=(fourth,))
    )
    by_contact = {row.contact: row.delivery for row in observed.deliveries}
    assert [by_contact[c] for c in (first, second, third, fourth)] == [
        "failed", "created-despite-error", "dropped", "not-sent",
    ]  # fmt: skip
    contacts = zip(observed.contacts["issue"].tolist(), observed.contacts["attempt"].tolist(), strict=True)
    assert {f"{issue}.{attempt}" for issue, attempt in contacts} & {first, second, third, fourth} == {second}


def test_a_contact_of_which_the_centre_says_nothing_is_open(tmp_path: Path) -> None:
    """Sent, and then the centre died: it was offered when it was sent, and nothing else is known of it."""
    folder = some_ledger.write(tmp_path / "run", Test(sets=BUSY))
    sent = _emails(1)[0]
    for path in (folder / "ledger").iterdir():
        rows = [
            line for line in path.read_text().splitlines() if '"t":"contact"' not in line or f'"c":"{sent}"' not in line
        ]
        path.write_text("\n".join(rows) + "\n")
    observed = observe(folder)
    entry = observed.books.entries[sent]
    row = observed.contacts.where(observed.contacts["issue"] == int(sent.split(".")[0]))
    assert row["offered"].tolist() == [round(observed.plan["window"][0] + (entry.due + entry.lag - T0) * 60_000)]
    assert row["outcome"].tolist() == [Outcome.OPEN]
    assert all((row[name] == NEVER).all() for name in (*TIMES, "group", "agent", "resolved"))


def test_latency_is_from_due_and_from_send() -> None:
    """A create that was sent 0.3 s late and took x has 0.3 s + x from due, and x from send."""
    observed = _observed(Test(sets=BUSY, slow=0.3))
    creates = observed.steps.where(observed.steps["step"] == STEPS.index("create"))
    late = creates["from_due"] - creates["from_send"]
    assert len(creates) > 20
    assert np.all((late > 0.3) & (late < 0.5))
    np.testing.assert_allclose(creates["sent"] - creates["due"], late, atol=1e-5)


def test_every_try_is_a_step_and_the_last_one_says_so(tmp_path: Path) -> None:
    """429, then 201: two rows, of which the second is the last; from due both count from the same moment. An intent of
    which nothing was heard is a row as well."""
    folder = some_ledger.write(tmp_path / "run", Test(sets=BUSY))
    now = [T0 + 10.0]
    with Ledger(folder / "ledger" / "ledger-9.jsonl", lambda: now[0]) as books:
        c = _emails(1)[0]
        tried = books.intent(c, "chase", wire="rest", channel="email", due=T0 + 9.0, trace="0" * 32)
        now[0] += 0.5
        books.outcome(tried, ok=False, ms=500, status=429, kind="throttled", exists=False, tries=1, retried=True)
        now[0] += 2.0
        books.outcome(tried, ok=True, ms=250, status=201)
        books.intent(c, "rate", wire="rest", channel="email", due=None, trace="0" * 32)
    steps = observe(folder).steps
    chases = steps.where(steps["step"] == STEPS.index("chase"))
    assert chases["last"].tolist() == [0, 1]
    assert [KINDS[kind] if kind != NEVER else "" for kind in chases["kind"].tolist()] == ["throttled", ""]
    np.testing.assert_allclose(chases["from_due"], [1.5, 3.5])
    np.testing.assert_allclose(chases["from_send"], [0.5, 0.25])
    rates = steps.where(steps["step"] == STEPS.index("rate"))
    assert [(KINDS[kind], ok) for kind, ok in zip(rates["kind"].tolist(), rates["ok"].tolist(), strict=True)] == [
        ("no word", 0)
    ]
    assert np.isnan(rates["from_send"]).all()


def test_every_contact_that_was_due_is_one_delivery() -> None:
    """Planned + spawned = the rows of the deliveries, as a CSV as well; detection is in wall seconds."""
    observed = _observed(Test(sets=BUSY, unsent=tuple(_emails(2))))
    assert len(observed.deliveries) == observed.books.planned + observed.books.spawned
    rows = list(csv.DictReader(StringIO(deliveries_csv(observed.deliveries))))
    assert Counter(row["delivery"] for row in rows) == {
        str(kind): observed.books.count(kind) for kind in Delivery if observed.books.count(kind)
    }
    assert {row["detected"] for row in rows if row["detected"]} == {"0.015"}  # 900 ticks at 60 times the speed


def test_what_failed_or_was_not_sent_is_endlessly_slow_for_a_threshold() -> None:
    """Of the creates due, the failed one and the unsent one took for ever; the contacts without an answer waited so."""
    first, second = _emails(2)
    observed = _observed(Test(sets=BUSY, fails=((first, "server", False),), unsent=(second,)))
    taken = samples(observed.books)
    creates = taken.rows["email", "create"]
    assert sum(map(math.isinf, creates.from_due)) == creates.errors == 2
    due = [entry for entry in observed.books.entries.values() if entry.channel == "email"]
    assert creates.due == len(taken.waits["email"]) == len(due)
    books = observed.books
    seen = {c: books.wall(row["seen"]) for c, row in books.contacts.items() if row["seen"] is not None}
    # from when they were due: a desk that is slow to take a contact in is none the faster for it
    mine = sorted((seen[entry.c] - entry.due) * books.speed for entry in due if entry.c in seen)
    assert sorted(wait for wait in taken.waits["email"] if math.isfinite(wait)) == pytest.approx(mine)
    assert ("phone", "create") not in taken.rows
    assert taken.deliveries == {"sent": len(due) - 2, "failed": 1, "not-sent": 1}


def test_a_transfer_is_nothing_that_a_customer_failed_to_send(tmp_path: Path) -> None:
    """A contact that the centre itself delivers, on the ticket that is there, is no create that went missing."""
    folder = some_ledger.write(tmp_path / "run", Test(sets=BUSY))
    before = samples(observe(folder).books).rows["email", "create"].due
    with Ledger(folder / "ledger" / "ledger-9.jsonl", lambda: T0 + 5.0) as books:
        books.spawn("1.2", cause="transfer", channel="email", due=T0 + 5.0)
        books.delivery("1.2", Delivery.SENT, cause="transfer", channel="email", ticket="1")
    assert samples(ledgers.Books(ledgers.read(folder))).rows["email", "create"].due == before


def test_measures_are_of_the_window_and_of_what_was_sent() -> None:
    """The mean wait of e-mail is that of the contacts offered in the window; no figure has an interval, and none is of
    a channel that was not sent."""
    observed = _observed(Test(sets=BUSY))
    emails, (since, until) = _of(observed, "email"), observed.plan["window"]
    emails = emails.where((emails["offered"] >= since) & (emails["offered"] < until))
    until_then = np.where(emails["answered"] == NEVER, until + observed.plan["drain"], emails["answered"])
    waits = [each for each in observed.figures if (each.measure.name, each.channel) == ("wait", "email")]
    assert [each.estimate.value for each in waits] == [pytest.approx((until_then - emails["offered"]).mean() / 1000)]
    assert all(each.estimate.low is None for each in observed.figures)
    assert {each.channel for each in observed.figures} == {None, "email"}


def test_the_highest_backlog_is_that_of_any_moment() -> None:
    """Counted contact by contact, as each is offered: more than any interval starts with."""
    observed = _observed(Test(sets=BUSY))
    emails, (since, until) = _of(observed, "email"), observed.plan["window"]
    offered = emails["offered"]
    left = np.where(emails["answered"] == NEVER, until + observed.plan["drain"], emails["answered"])
    moments = offered[(offered >= since) & (offered < until)]
    most = max(int(np.count_nonzero((offered <= at) & (left > at))) for at in moments.tolist())
    code = observed.desk.words()["channel"].index("email")
    assert observed.highest_backlog(code) == most > max(observed.summary.intervals.backlog[code])


def test_who_was_asked_back_and_did_not_reply_is_open(tmp_path: Path) -> None:
    """The last word on a contact is that an agent had it and asked: it counts as open, and as asked back."""
    folder = some_ledger.write(tmp_path / "run", Test(sets=BUSY))
    before = observe(folder)
    code = before.desk.words()["channel"].index("email")
    (c,) = _emails(1)
    row = {name: value for name, value in before.books.contacts[c].items() if name in COLUMNS}
    row |= {"asked": row["ended"], "replied": None, "ended": None, "outcome": int(Outcome.OPEN), "resolved": None}
    with Ledger(folder / "ledger" / "ledger-9.jsonl", lambda: T0 + 5.0) as books:
        books.contact(c, row)
    were, asked = before.still_open(code)
    assert asked == 0
    assert observe(folder).still_open(code) == (were + 1, 1)


def test_a_wait_that_nobody_saw_is_no_wait() -> None:
    """Measured by the table alone, calls that were entered have no mean wait; those by e-mail have the same."""
    observed = _observed(Test(sets=BUSY))
    table = moved(observed.contacts, -observed.plan["window"][0])
    alone = summarise(table, observed.desk, replication=0, population_digest="", capped=0)
    assert alone.parts["wait"]["phone", None] == (0.0, 0.0)
    assert alone.parts["wait"]["email", None] == observed.summary.parts["wait"]["email", None]


def test_the_tables_survive_parquet(tmp_path: Path) -> None:
    """Contacts and steps come back as they were written, what never happened included."""
    observed = _observed(Test(sets=BUSY))
    for table, words in (
        (observed.contacts, observed.desk.words()),
        (observed.steps, step_words(observed.desk)),
    ):
        write_parquet(table, tmp_path / "t.parquet", words)
        back = read_parquet(tmp_path / "t.parquet", words)
        for name in table.names:
            np.testing.assert_array_equal(back[name], table[name], err_msg=name)


@pytest.mark.parametrize(
    ("test", "code"),
    [
        (Test(sets=BUSY), 0),
        (Test(sets=(*BUSY, "load.thresholds={create.p50: at most 1ms}")), 3),
        (Test(sets=(*BUSY, "load.thresholds={create.p50: at most 1ms}"), done=False), 4),
    ],
    ids=["passed", "missed", "void"],
)
def test_the_exit_code_goes_by_precedence(test: Test, code: int) -> None:
    """0 where all is well, 3 where a threshold is missed, 4 where the run is void, whatever the thresholds say."""
    assert _observed(test).exit_code == code


def test_another_scenario_than_that_of_the_run_is_refused(tmp_path: Path) -> None:
    """A scenario that has changed since gives other customers: the run cannot be read with it."""
    folder = some_ledger.write(tmp_path / "run", Test(sets=BUSY))
    told = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(told | {"set": ["customers=100"]}))
    with pytest.raises(UsageError, match="is missing, or is not what it was"):
        observe(folder)


def test_the_columns_of_the_ledger_are_those_that_are_read() -> None:
    """What the centre writes of a contact is columns of the contacts table, when the answer was seen, and that lag."""
    assert {"seen", "detected"} == COLUMNS - {column.name for column in CONTACTS}


def _emails(number: int) -> list[str]:
    """First contacts by e-mail of the window."""
    whole = some_ledger.happened("scenarios/first.yaml", BUSY)
    since, until = Test().window
    mine = (whole["channel"] == 1) & (whole["attempt"] == 1) & (whole["offered"] >= since + HOUR // 4)
    issues = whole["issue"][mine & (whole["offered"] < until - HOUR)].tolist()
    # of issues that need no second contact
    single = [issue for issue in issues if np.count_nonzero(whole["issue"] == issue) == 1]
    return [f"{issue}.1" for issue in single[:number]]
