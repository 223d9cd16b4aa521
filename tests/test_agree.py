"""A load test held against its prediction: one that went as predicted agrees, and one that did not is found out."""

from __future__ import annotations

import csv
import json
import shlex
from functools import lru_cache
from io import StringIO
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pytest
from as_predicted import BY_MAIL, FIRST, SETS, SPEED, TICKS, changed, made, predicted, told

from sim.agree import ANSWERED, CUT, MEASURES, WAIT, Agreement, Firsts, Series, Spread, _criteria, agree, keys
from sim.agree import Row as Compared
from sim.errors import CannotWrite, UsageError
from sim.load.predict import predict
from sim.report import agree_text
from sim.schemas import NEVER, Outcome
from sim.tables import Table

EMAIL = 1
FEW = 10
"""Simulations: enough where nothing is drawn."""


def _mails(table: Table) -> np.ndarray[Any, Any]:
    return np.asarray(table["channel"] == EMAIL)


def _later(table: Table, by: int) -> Table:
    """Every mail is answered so many ticks later."""
    answered = _mails(table) & (table["answered"] != NEVER)
    names = ("answered", "taken", "ended", "freed")
    return changed(
        table,
        **{name: np.where(answered & (table[name] != NEVER), table[name] + by, table[name]) for name in names},
    )


def _agree(contacts: Table, **how: Any) -> Agreement:
    return agree(FIRST, told(Path(mkdtemp()) / "run", contacts, **how), simulations=FEW)


@lru_cache(maxsize=1)
def _perfect() -> Agreement:
    return _agree(predicted())


def _met(result: Agreement) -> dict[str, bool | None]:
    return {each.name: each.met for each in result.channels[0].criteria}


# --- what agrees -----------------------------------------------------------------------------------------------------


def test_what_went_as_predicted_agrees() -> None:
    """Where the ledger is the prediction, all criteria are met, every measure is the same three times, every contact is
    matched, and no residual is other than 0."""
    result = _perfect()
    assert (result.agrees, result.void) == (True, ())
    assert [channel.name for channel in result.channels] == ["email"]
    assert result.apart[0][0] == "phone"
    assert _met(result) == {"mean_wait": True, "backlog": True, "first_contacts": True}
    (email,) = result.channels
    for row in email.rows:
        assert row.predicted == pytest.approx(row.observed)
        assert (row.delayed.low, row.delayed.mean, row.delayed.high) == pytest.approx((row.observed,) * 3)
        assert (row.server, row.why_not) == (None, "")
    assert email.minutes.r == pytest.approx(1.0)
    assert email.minutes.mae == 0
    assert len(result.pairs) == _mails(predicted()).sum()
    assert email.firsts.matched == email.firsts.alike == len(made()[1].sent)
    for moment in ("offered", "answered", "ended", "wait"):
        for beside in ("predicted", "delayed"):
            found = result.residuals(moment, beside=beside)
            assert found.count > 20
            assert (found.mean, found.median, found.p95) == pytest.approx((0, 0, 0), abs=1e-9)


def test_the_measures_are_those_of_the_contacts() -> None:
    """Each figure, worked out anew from the table: counts, waits, handle times, backlog by minute."""
    table, (_, plan, _) = predicted(), made()
    since, until = plan.window
    mails = table.where(_mails(table) & (table["offered"] >= since) & (table["offered"] < until))
    wait = (np.where(mails["answered"] == NEVER, plan.ends, mails["answered"]) - mails["offered"]) / 1000
    handle = (mails["freed"] - mails["taken"])[mails["freed"] != NEVER] / 1000
    left = np.where(mails["answered"] == NEVER, plan.ends, mails["answered"])
    minutes = np.arange(since, until, 60_000)
    waiting = np.array([((mails["offered"] <= at) & (left > at)).sum() for at in minutes])
    expected = {
        "offered": len(mails),
        "answered": (mails["answered"] != NEVER).sum(),
        "mean_wait": wait.mean(),
        "median_wait": np.sort(wait)[-(-len(wait) // 2) - 1],
        "handle_time": handle.mean(),
        "resolved": (mails["resolved"] == 1).sum(),
        "chasers": mails["chasers"].sum(),
        "attempts": len(mails) / len(set(mails["issue"].tolist())),
        "backlog": waiting.mean(),
        "backlog_max": waiting.max(),
    }
    found = {row.measure.name: row.observed for row in _perfect().channels[0].rows}
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    assert list(found) == [measure.name for measure in MEASURES]
    assert waiting.max() > 3


def test_what_the_server_did_is_told_from_what_it_did_not() -> None:
    """Where agents wait a constant time for the desk, the prediction with latencies is what was observed, and all of
    the difference is the server's; where mails lie as long again for another reason, about half of it is."""
    _, plan, world = made()
    delay = 40_000
    slow = predict(plan, world, {"take": np.array([delay])}, 1)
    whole = _agree(slow, took={"take": delay / TICKS})
    row = whole.channels[0].row(WAIT)
    assert row.observed > row.predicted + delay / 1000 - 1
    assert row.delayed.mean == pytest.approx(row.observed)
    # to take and nothing else: no cycle, so all is compared
    assert row.server == pytest.approx(1.0)
    assert whole.agrees is True
    assert whole.residuals("wait", beside="delayed").p95 == pytest.approx(0.0, abs=0.01)
    assert whole.residuals("wait", beside="predicted").mean > 30
    off = round(1000 * (row.observed - row.predicted))
    half = _agree(_later(slow, off), took={"take": delay / TICKS}).channels[0].row(WAIT)
    assert half.server == pytest.approx(0.5, abs=0.02)


def test_the_servers_share_is_left_out_where_the_band_could_be_all() -> None:
    """A difference no larger than the band is wide has no share."""
    share = [Compared(WAIT, 100.0, Spread(110.0, 105.0, 115.0), 100.0 + off, "").server for off in (5, 10, 10.5, -20)]
    assert share[:2] == [None, None]
    assert share[2:] == [pytest.approx(10 / 10.5), pytest.approx(-0.5)]


# --- what does not ---------------------------------------------------------------------------------------------------


def test_waits_that_are_longer_than_predicted_do_not_agree() -> None:
    """Mails that wait a third of the mean longer miss the mean wait alone: the backlog still goes up and down with the
    one predicted."""
    mean = _perfect().channels[0].row(WAIT).observed
    longer = _agree(_later(predicted(), round(1000 * mean / 3)))
    assert longer.agrees is False
    assert _met(longer) == {"mean_wait": False, "backlog": True, "first_contacts": True}
    assert longer.residuals("wait", beside="predicted").median == pytest.approx(mean / 3, abs=0.01)


def test_a_backlog_that_is_not_there_does_not_agree() -> None:
    """Where a backlog was predicted and nobody waited, mean wait and backlog are missed."""
    table = predicted()
    at_once = np.where(_mails(table) & (table["answered"] != NEVER), table["offered"], table["answered"])
    result = _agree(changed(table, answered=at_once))
    assert _met(result) == {"mean_wait": False, "backlog": False, "first_contacts": True}
    assert np.isnan(result.channels[0].minutes.r)


def test_a_tenth_of_the_mean_wait_is_allowed() -> None:
    """A mean wait 9 % longer agrees, and one 11 % longer does not."""
    mean = _perfect().channels[0].row(WAIT).observed
    met = [_met(_agree(_later(predicted(), round(1000 * mean * off))))["mean_wait"] for off in (0.09, 0.11)]
    assert met == [True, False]


def _mean_wait(observed: float, *, answered: float = 9.0, cut: float = 0.0) -> tuple[bool | None, str]:
    """The criterion where 100 s were predicted, give or take 50; `answered` and `cut` are observed."""
    rows = (
        Compared(WAIT, 100.0, Spread(100.0, 50.0, 150.0), observed, ""),
        Compared(ANSWERED, answered, Spread(answered, answered, answered), answered, ""),
        Compared(CUT, 0.0, Spread(0.0, 0.0, 0.0), cut, ""),
    )
    rising = np.arange(5.0)
    found, backlog, _ = _criteria(rows, Series(*[rising] * 5), Firsts((), (), 9, 9))
    assert backlog.met is True
    return found.met, found.why


def test_a_wide_band_excuses_no_mean_wait() -> None:
    """A mean wait inside the band agrees only within a tenth of the prediction."""
    assert [_mean_wait(wait)[0] for wait in (89.0, 91.0, 109.0, 111.0)] == [False, True, True, False]


def test_waits_that_the_end_cut_off_are_not_judged() -> None:
    """Where nobody was answered, or more than half of the waits were cut off, the mean wait is not judged."""
    assert _mean_wait(100.0, answered=0.0, cut=1.0) == (None, "nobody was answered")
    assert _mean_wait(100.0, cut=0.51) == (None, "most were still waiting at the end")
    assert _mean_wait(100.0, cut=0.5) == (True, "")


def test_a_test_in_which_nobody_answered_does_not_agree() -> None:
    """Where every mail still waits at the end, all waits are cut off and nothing is said to agree."""
    table = predicted()
    never = {name: np.where(_mails(table), NEVER, table[name]) for name in ("answered", "taken", "ended", "freed")}
    waiting = np.where(_mails(table), int(Outcome.OPEN), table["outcome"])
    result = _agree(changed(table, outcome=waiting, answer=never["answered"], **never))
    assert result.channels[0].row(CUT).observed == 1.0
    assert _met(result)["mean_wait"] is None
    assert result.agrees is not True


def test_a_contact_that_is_not_there_is_named() -> None:
    """A first contact that the desk refused is missing and named; all others are matched."""
    gone = made()[1].sent[3].issue
    table = predicted()
    others = table.where(~((table["issue"] == gone) & (table["attempt"] > 1)))
    result = _agree(others, fails=frozenset({gone}), took={"take": 0.0, "answer": 0.0})
    firsts = result.channels[0].firsts
    assert (firsts.missing, firsts.unexpected) == ((f"{gone}.1",), ())
    assert firsts.matched == len(made()[1].sent) - 1
    assert (_met(result)["first_contacts"], result.agrees) == (False, False)
    assert f"not there: {gone}.1" in agree_text.report(result)


def test_another_outcome_is_not_alike() -> None:
    """Where some first contacts ended otherwise, the share that ended alike says so."""
    table = predicted()
    rows = np.flatnonzero(_mails(table) & (table["attempt"] == 1))[:4]
    outcome, answered = table["outcome"].copy(), table["answered"].copy()
    outcome[rows] = int(Outcome.IGNORED)
    answered[rows] = NEVER
    (email,) = _agree(changed(table, outcome=outcome, answered=answered)).channels
    assert email.firsts.matched - email.firsts.alike == 4
    # who is ignored does not wait
    assert email.row(WAIT).observed > email.row(WAIT).predicted


def test_further_contacts_are_matched_by_issue_attempt_and_cause() -> None:
    """A further contact with another cause, and one that never came, are not matched."""
    table = predicted()
    further = np.flatnonzero(_mails(table) & (table["attempt"] > 1))
    assert len(further) >= 3
    cause = table["cause"].copy()
    cause[further[0]] = 3
    other = changed(table, cause=cause).where(np.arange(len(table)) != further[1])
    assert _agree(other).later == (len(further), len(further) - 1, len(further) - 2)
    assert len(set(keys(table).tolist())) == len(table)


def test_the_largest_residuals_are_traceable() -> None:
    """The contacts whose wait is farthest from its prediction come first, by their number, ten at most."""
    table = predicted()
    rows = np.flatnonzero(_mails(table) & (table["answered"] != NEVER))[:3]
    later = {name: table[name].copy() for name in ("answered", "taken")}
    for row, by in zip(rows.tolist(), (60_000, 180_000, 120_000), strict=True):
        for values in later.values():
            values[row] += by
    largest = _agree(changed(table, **later)).largest
    names = [f"{table['issue'][row]}.{table['attempt'][row]}" for row in rows[[1, 2, 0]]]
    assert [pair.contact for pair in largest[:3]] == names
    assert [pair.differs("wait", beside="delayed") for pair in largest[:4]] == pytest.approx([180, 120, 60, 0])
    assert len(largest) == 10


# --- what cannot be judged -------------------------------------------------------------------------------------------


def test_a_run_that_is_void_says_so_and_shows_its_tables() -> None:
    """Where a worker did not get to the end nothing is claimed, and the tables are there, marked."""
    result = _agree(predicted(), done=False)
    assert result.agrees is None
    assert "worker 0" in result.void[0]
    text = agree_text.report(result)
    assert "\n\n✗ VOID: nothing may be claimed of these figures.\n  worker 0 of 1 did not report" in text
    assert "E-mail, in scenario time (VOID)" in text


def test_a_generator_that_lags_is_not_fit_for_agreement() -> None:
    """Lags that void no run, but are more than 1 % of the shortest mean compared, leave nothing to claim."""
    for lag, claims in ((0.09, True), (0.11, False)):
        result = _agree(predicted(), lag=lag)
        assert result.observed.validity.valid
        assert result.shortest == pytest.approx(300.0, rel=0.1)
        assert bool(result.void) is not claims
        assert result.agrees is (True if claims else None)


def test_a_desk_that_was_lost_leaves_nothing_to_claim() -> None:
    """Where the last of what was sent found nobody, that is said, and no criterion is held against the desk."""
    result = _agree(predicted(), fails=frozenset(row.issue for row in made()[1].sent))
    assert result.observed.validity.valid
    assert "the desk was lost" in result.void[0]
    assert result.agrees is None


def test_durations_shorter_than_twenty_cycles_are_not_compared() -> None:
    """With an agent's requests of 0.5 s at × 30, 20 cycles are 5 minutes: a handle time below is not compared, waits
    above are, and counts are whatever the cycle; with 5 s no wait is, so that nothing can be said."""
    times = {"handle": _perfect().channels[0].rows[6].observed, "wait": _perfect().channels[0].row(WAIT).observed}
    assert times["handle"] < 20 * SPEED * 0.55 < times["wait"]
    some = _agree(predicted(), took={"take": 0.3, "answer": 0.15, "resolve": 0.1})
    by_name = {row.measure.name: row.why_not for row in some.channels[0].rows}
    assert some.cycle == pytest.approx(0.55)
    assert "5.5 min" in by_name["handle_time"]
    assert {by_name[name] for name in ("mean_wait", "offered", "answered", "backlog", "service_level")} == {""}
    none = _agree(predicted(), took={"take": 3.0, "answer": 1.0, "resolve": 1.0})
    assert _met(none) == {"mean_wait": None, "backlog": None, "first_contacts": True}
    assert none.agrees is None
    assert "not compared, shorter than 20 × speed" in agree_text.report(none)


def test_of_mail_that_is_fetched_slowly_nothing_is_claimed() -> None:
    """Where the intake of mail is more than a tenth of the target no wait of e-mail is compared; else it is."""
    target = made(BY_MAIL)[2].desk.channels[EMAIL].target.within
    for share, met in ((0.09, True), (0.11, None)):
        took = {"mailbox": share * target / TICKS}
        result = agree(FIRST, told(Path(mkdtemp()) / "run", predicted(BY_MAIL), sets=BY_MAIL, took=took), simulations=2)
        assert _met(result)["mean_wait"] is met
        assert all(("a tenth of the target" in row.why_not) is (met is None) for row in result.channels[0].rows)


def test_a_backlog_that_never_changes_has_no_correlation() -> None:
    """A series without any change gives no r, and one against another its Pearson correlation."""
    rising, flat = np.arange(5.0), np.zeros(5)
    assert np.isnan(Series(rising, rising, rising, rising, flat).r)
    assert Series(rising, rising, rising, rising, 2 * rising + 1).r == pytest.approx(1.0)
    assert Series(rising, rising, rising, rising, -rising).r == pytest.approx(-1.0)
    assert Series(rising, rising, rising, rising, rising + 3).mae == 3


# --- of the same scenario, seed and customers ------------------------------------------------------------------------


def _run_folder(folder: Path, **changes: Any) -> Path:
    """What `sim run` leaves, as far as it is asked."""
    scenario, plan, _ = made()
    folder.mkdir()
    told = {"scenario_digest": scenario.digest, "seed": 1, "population_digests": [plan.population_digest, "other"]}
    (folder / "run.json").write_text(json.dumps({**told, "uncertain": False, **changes}), encoding="utf-8")
    return folder


def test_the_prediction_may_be_a_run_folder(tmp_path: Path) -> None:
    """The folder of a run with the same scenario, seed and customers does as well as the scenario's file."""
    observed = told(tmp_path / "observed", predicted())
    result = agree(_run_folder(tmp_path / "run"), observed, simulations=1)
    assert result.agrees is True
    assert result.predicted_from == str(tmp_path / "run")


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"scenario_digest": "0" * 64}, "another scenario.*scenario_digest"),
        ({"seed": 2}, "seed 2, and .* has 1"),
        ({"population_digests": []}, "no replication 0"),
        ({"population_digests": ["0" * 64]}, "other customers.*population_digest.*another version"),
        ({"population_digests": ["0" * 64], "uncertain": True}, "other customers.*--uncertain"),
        ({"source": "observed"}, "is a load test itself"),
    ],
)
def test_what_is_not_the_same_is_refused(tmp_path: Path, changes: dict[str, Any], what: str) -> None:
    """Another scenario, seed or population is refused, with what differs and the command that makes the right one."""
    observed = told(tmp_path / "observed", predicted())
    with pytest.raises(UsageError, match=what) as refused:
        agree(_run_folder(tmp_path / "run", **changes), observed, simulations=1)
    if "source" not in changes:
        command = "sim run --seed 1 --replications 1 " + shlex.join(word for each in SETS for word in ("--set", each))
        assert command in refused.value.hint


def test_another_scenario_file_is_refused(tmp_path: Path) -> None:
    """A file that says something else than what was sent is refused; so is a folder that is no run."""
    observed = told(tmp_path / "observed", predicted())
    other = tmp_path / "other.yaml"
    other.write_text(FIRST.read_text(encoding="utf-8").replace("8h", "7h"), encoding="utf-8")
    with pytest.raises(UsageError, match=r"is not the scenario of .*scenario_digest"):
        agree(other, observed, simulations=1)
    drawn = told(tmp_path / "drawn", predicted(), population_digest="0" * 64)
    with pytest.raises(UsageError, match=r"gives other customers .*population_digest"):
        agree(FIRST, drawn, simulations=1)
    with pytest.raises(UsageError, match="no run folder"):
        agree(tmp_path, observed, simulations=1)
    with pytest.raises(UsageError, match="no plan of a load test"):
        agree(FIRST, tmp_path, simulations=1)


# --- what is shown ---------------------------------------------------------------------------------------------------


def test_the_text_begins_with_the_verdict_and_says_what_it_means() -> None:
    """First whether it agrees, then each criterion, then what that verifies; the tables come last."""
    text = agree_text.report(_perfect())
    lines = text.splitlines()
    assert text.split("\n\n")[1] == "✓ The test agrees with the prediction."
    assert "With synthetic agents this verifies the transport and the desk, not that people behave so." in lines
    assert sum(line.startswith("  ✓") for line in lines) == 3
    assert max(map(len, lines)) <= 120
    assert "nan" not in "\n".join(lines)


def test_the_document_is_json_and_says_the_same(tmp_path: Path) -> None:
    """No number is lost in JSON, and nothing that is not known is anything but null."""
    document = json.loads(json.dumps(agree_text.document(_perfect()), allow_nan=False))
    assert document["agrees"] is True
    (email,) = document["channels"]
    assert [each["met"] for each in email["criteria"]] == [True, True, True]
    measures = {each["measure"]: each for each in email["measures"]}
    assert measures["mean_wait"]["observed"] == _perfect().channels[0].row(WAIT).observed
    assert len(email["intervals"]["start"]) == len(email["intervals"]["offered"]["observed"]) == 4
    assert email["intervals"]["start"][1] == "2026-10-05T09:30+00:00"
    assert sum(email["intervals"]["offered"]["observed"]) == measures["offered"]["observed"]


def test_the_folder_has_text_document_contacts_and_plot(tmp_path: Path) -> None:
    """Everything is written into a new folder; one that is there is refused."""
    paths = agree_text.write(_perfect(), tmp_path / "agreement")
    assert [path.name for path in paths] == [
        "agree.json", "agree.txt", "agreement.csv", "agreement.png", "agreement.svg", "contacts.csv",
    ]  # fmt: skip
    rows = list(csv.DictReader(StringIO((tmp_path / "agreement" / "contacts.csv").read_text(encoding="utf-8"))))
    assert len(rows) == len(_perfect().pairs)
    assert all(row["predicted_wait"] == row["observed_wait"] for row in rows)
    with pytest.raises(UsageError, match="already there"):
        agree_text.write(_perfect(), tmp_path / "agreement")
    (tmp_path / "file").write_text("")
    with pytest.raises((UsageError, CannotWrite)):
        agree_text.write(_perfect(), tmp_path / "file" / "agreement")
