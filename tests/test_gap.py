"""Erlang beside the simulation: where Erlang is right they agree, and each switch does what it is named after."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from sim import gap as module
from sim.gap import LEFT, SWITCHES, TOGETHER, ChannelGap, Gap, gap
from sim.measures.intervals import intervals
from sim.report import gap_text
from sim.run import run
from sim.scenario import lower
from sim.scenario.read import Scenario, read
from sim.tables import Array, Floats

BROADBAND = Path(__file__).parents[1] / "scenarios" / "broadband_week.yaml"

TEXTBOOK = """
name: Textbook
lasts: 4h
run_in: 0s
drain: 1h
demand: {busy_days: 0, busy_hours: 0}
channels:
  phone:
    rate: 1080/h
    hours: always
    handle_time: exponential(mean 20s)
    wrap_up: 0s
    patience: endless
    resolved_at_first_contact: 100%
    redial: no
    reconnect: no
    target: 85% within 5s
    staff: 9
"""
"""6 erlangs, M/M/n: Erlang C asks for 9 agents, with a margin on either side that a few thousand contacts show."""


@cache
def textbook(folder: Path, *sets: str) -> Scenario:
    path = folder / "textbook.yaml"
    path.write_text(TEXTBOOK)
    return read(path, sets)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gap")


def only(found: Gap) -> ChannelGap:
    (channel,) = found.channels
    return channel


@cache
def broadband(*sets: str) -> Scenario:
    return read(BROADBAND, ["lasts=1d", "run_in=0s", *sets])


@pytest.fixture(scope="module")
def found() -> Gap:
    """One Monday of the flagship: phone alone, chat with a team that answers e-mail as well."""
    return gap(broadband(), replications=4, jobs=1)


def test_the_textbook_is_erlang_c(folder: Path) -> None:
    """With Poisson demand, exponential handle times and endless patience the simulation needs what Erlang C asks for,
    but for an agent in one interval in eight, and no switch is there to explain anything."""
    channel = only(gap(textbook(folder), replications=4, jobs=1))
    assert channel.erlang_c.agents.tolist() == [9.0] * 8
    assert channel.erlang_a.agents.tolist() == [9.0] * 8
    off = channel.simulated.agents - channel.erlang_c.agents
    assert np.count_nonzero(off) <= 1
    assert np.abs(off).max() <= 1
    assert not channel.without
    assert channel.gap.low <= 0 <= channel.gap.high
    assert channel.left == channel.gap.hours
    assert channel.bare.hours == channel.simulated.hours


def test_impatience_moves_it_to_erlang_a(folder: Path) -> None:
    """With impatient customers the simulation needs what Erlang A asks for; without that they give up, what Erlang C
    does; so the switch explains the whole difference."""
    patience = "channels.phone.patience=exponential(mean 12s)"
    channel = only(gap(textbook(folder, patience), replications=4, jobs=1))
    assert channel.erlang_c.agents.tolist() == [9.0] * 8
    assert channel.erlang_a.agents.tolist() == [8.0] * 8
    assert np.count_nonzero(channel.simulated.agents != channel.erlang_a.agents) <= 1
    assert np.count_nonzero(channel.without["abandonment"].agents != channel.erlang_c.agents) <= 1
    assert tuple(channel.without) == ("abandonment",)
    part = channel.parts[0]
    assert part.name == "abandonment"
    assert part.high < 0
    assert abs(channel.left) <= 0.5


def test_peaks_add(folder: Path) -> None:
    """Days and hours that are wildly busier and quieter than forecast need more agents than their mean does."""
    channel = only(gap(textbook(folder, "demand.busy_hours=8", "lasts=2h"), replications=4, jobs=1))
    assert tuple(channel.without) == ("peaks",)
    assert channel.parts[0].hours > 0
    assert channel.without["peaks"].hours < channel.simulated.hours


def test_redials_are_held_at_what_erlang_was_given(folder: Path) -> None:
    """With redials and reconnects off, as many contacts come in each interval as came with them: what is needed is what
    Erlang asks for. Left to first contacts alone, a third fewer would come."""
    sets = ("channels.phone.resolved_at_first_contact=50%", "channels.phone.reconnect=100% after 1m")
    scenario = textbook(folder, *sets, "lasts=2h", "run_in=1h", "channels.phone.rate=540/h")
    channel = only(gap(scenario, replications=4, jobs=1))
    assert channel.offered.sum() == pytest.approx(2 * 1080, rel=0.05)
    assert channel.erlang_c.agents.tolist() == [9.0] * 4
    assert np.abs(channel.without["redials"].agents - channel.erlang_c.agents).max() <= 1
    assert channel.without["redials"].hours == pytest.approx(channel.erlang_c.hours, abs=1.0)


def test_erlang_is_that_of_the_sheet(found: Gap, tmp_path: Path) -> None:
    """What Erlang is given, and what it asks for, are the offered and required of the interval sheet of the same run,
    where an interval is judged."""
    scenario = broadband()
    result = run(scenario, tmp_path, replications=4, jobs=1)
    sheet = intervals(result.summaries, result.desk)
    assert [channel.channel for channel in found.channels] == ["phone", "chat"]
    for code, channel in enumerate(found.channels):
        np.testing.assert_allclose(channel.offered, sheet.offered[code])
        judged = channel.judged
        assert judged.any()
        np.testing.assert_array_equal(channel.erlang_c.agents[judged], sheet.required_c[code][judged])
        np.testing.assert_array_equal(channel.erlang_a.agents[judged], sheet.required_a[code][judged])
        np.testing.assert_allclose(channel.scheduled, sheet.scheduled[code])


def test_few_contacts_are_not_judged(found: Gap) -> None:
    """Where fewer than 20 contacts came in all replications every column is empty; hours are of the others."""
    for channel in found.channels:
        too_few = channel.offered * found.replications < module.FEWEST
        assert not channel.judged[too_few].any()
        for need in (channel.erlang_c, channel.erlang_a, channel.simulated, channel.bare, *channel.without.values()):
            np.testing.assert_array_equal(np.isfinite(need.agents), channel.judged)
            assert need.hours == pytest.approx(np.nansum(need.agents) / 2)
            assert need.low <= need.hours <= need.high


def test_the_parts_add_up(found: Gap) -> None:
    """Erlang C and all parts make what is simulated; each part is that less what is needed without it."""
    for channel in found.channels:
        assert channel.erlang_c.hours + sum(part.hours for part in channel.parts) == pytest.approx(
            channel.simulated.hours
        )
        names = [part.name for part in channel.parts]
        assert names == [*(name for name in SWITCHES if name in channel.without), TOGETHER, LEFT]
        for part in channel.parts[:-2]:
            assert part.hours == pytest.approx(channel.simulated.hours - channel.without[part.name].hours)


def test_switches_that_matter(found: Gap) -> None:
    """Phones are answered one at a time by people who do nothing else; chats are neither."""
    phone, chat = found.channels
    assert tuple(phone.without) == ("abandonment", "redials", "peaks")
    assert tuple(chat.without) == SWITCHES
    assert chat.changes["abandonment"] == ("channels.chat.patience=endless",)
    sharing = next(part for part in chat.parts if part.name == "sharing")
    assert sharing.hours > 0, "who answers e-mail as well has fewer hands for chats"
    assert chat.without["sharing"].hours < chat.simulated.hours


def test_processes_change_nothing(found: Gap) -> None:
    """Two processes find what one does, to the last digit."""
    again = gap(broadband(), replications=4, jobs=2)
    assert gap_text.document(again) == gap_text.document(found)


def test_changes_are_those_of_set() -> None:
    """What a switch says one can type after --set gives the scenario that it simulates."""
    scenario = broadband()
    study = _study(scenario)
    typed = read(BROADBAND, [*scenario.sets, *study.changes["abandonment"]])
    assert study._scenario(("abandonment",)).spec == typed.spec
    flat = read(BROADBAND, [*scenario.sets, *study.changes["peaks"][:2], *study.changes["redials"][:2]])
    both = study._scenario(("redials", "peaks")).spec
    assert both.demand == flat.spec.demand
    phone, other = both.channels["phone"], flat.spec.channels["phone"]
    assert (phone.redial, phone.reconnect) == (other.redial, other.reconnect)


def _study(scenario: Scenario, code: int = 0) -> module._Study:
    desk = lower.desk(scenario)
    seen = module._Seen.of([module._as_scheduled((scenario, desk, 1, number)) for number in range(2)])
    return module._Study(scenario, desk, seen, code)


def test_others_who_cannot_matter_are_left_out() -> None:
    """Without the contacts of channels that neither share agents nor pass customers on, a channel's counts are exactly
    those of the whole desk."""
    study = _study(broadband())
    setting = next(iter(study.settings()))
    assert setting.channels == (0,)
    assert next(iter(_study(broadband(), 1).settings())).channels == (1, 2)
    whole = module._Setting(**{**vars(setting), "channels": (0, 1, 2)})
    part, all_ = (module._at_levels((each, [0], 1, [0])) for each in (setting, whole))
    np.testing.assert_array_equal(part, all_)
    assert part.sum() > 0


def test_groups_that_share_a_channel() -> None:
    """A number of agents is shared out in whole agents, as they are scheduled, equally where nobody is."""
    total, weights = np.array([5, 7, 4, 1]), np.array([[2, 3, 0, 1], [1, 4, 0, 1]])
    parts: Array = module._shared_out(total, weights)
    assert parts.tolist() == [[3, 3, 2, 1], [2, 4, 2, 0]]
    assert parts.sum(0).tolist() == total.tolist()


def test_levels_are_tried_until_all_are_known() -> None:
    """Where the highest level tried is not enough, or the lowest is, more are tried on that side, and only there; the
    needed level is the least from which on all are enough."""
    search = module._Search(_setting(base=6), _OneInterval())
    assert search.wants() == list(module.OFFSETS)
    # enough at 4 (by luck), 6 and 7 agents, not at 5
    search.learn([-2, -1, 0, 1], _counts([0.9, 0.7, 0.8, 0.9]))
    assert search.wants() == []
    assert search.needed(np.ones((1, 1))).tolist() == [[6.0]]
    short = module._Search(_setting(base=6), _OneInterval())
    short.learn([-1, 0], _counts([0.5, 0.7]))
    assert short.wants() == [1, 2, 3]
    assert short.needed(np.ones((1, 1))).tolist() == [[7.0]]
    assert short.beyond.all()
    short.learn([1, 2, 3], _counts([0.75, 0.85, 0.9]))
    assert short.wants() == []
    assert short.needed(np.ones((1, 1))).tolist() == [[8.0]]
    ample = module._Search(_setting(base=3), _OneInterval())
    ample.learn([0, 1], _counts([0.9, 0.95]))
    assert ample.wants() == [-3, -2, -1]
    ample.learn([-3, -2, -1], _counts([0.9, 0.9, 0.9]))
    assert ample.wants() == [], "an open channel needs one agent"
    assert ample.needed(np.ones((1, 1))).tolist() == [[1.0]]


def _counts(shares: list[float]) -> Floats:
    """One replication of one interval with 100 contacts, of which these shares are answered in time."""
    return np.array([[[[100.0]] * len(shares), [[100.0 * share] for share in shares]]])


def _setting(base: int) -> module._Setting:
    desk = lower.desk(broadband())
    one = np.array([base])
    whole = replace(desk, starts=0, horizon=desk.interval)
    return module._Setting("", broadband(), whole, 0, (0,), (0,), one, one[None], np.array([True]))


class _OneInterval(module._Study):
    def __init__(self) -> None:
        self.judged = np.array([True])


def test_a_channel_without_contacts_is_skipped(folder: Path) -> None:
    """A live channel on which next to nothing comes is named, not judged; the text says so."""
    nothing = gap(textbook(folder, "channels.phone.rate=1/h", "lasts=1h"), replications=2, jobs=1)
    assert not nothing.channels
    assert nothing.skipped == ("phone",)
    assert "Too few contacts to judge: phone." in gap_text.text(nothing)


QUIET = ("channels.phone.rate=2/h", "lasts=1h")
"""A contact in each interval of the mean: 10 replications have some 10."""


def test_quiet_intervals_get_more_replications(folder: Path) -> None:
    """Where no number of replications is given, a desk with a contact an interval gets more than 10, so that every open
    interval is judged; a busy one gets 10."""
    quiet = gap(textbook(folder, *QUIET), jobs=1)
    assert module.LEAST_RUNS < quiet.replications <= module.MOST_RUNS
    assert only(quiet).judged.all()
    assert not only(quiet).quiet.any()
    assert gap(textbook(folder, "lasts=30m"), jobs=1).replications == module.LEAST_RUNS


def test_replications_by_what_came() -> None:
    """It takes as many as bring the quietest interval to 20 contacts, at most 60; what has fewer than half a contact,
    or is closed, does not count."""
    desk = lower.desk(broadband())
    offered = np.full((10, len(desk.channels), desk.intervals), 5.0)
    offered[:, 0, 0] = 0.0
    offered[:4, 0, 24] = 1.0
    offered[4:, 0, 24] = 0.0
    assert module._enough(desk, offered) == 10
    offered[:8, 0, 24] = 1.0
    assert module._enough(desk, offered) == 25
    more = np.concatenate((offered, np.zeros((30, *offered.shape[1:]))))
    assert module._enough(desk, more) == module.MOST_RUNS


def test_the_sentence_says_what_is_too_quiet(folder: Path) -> None:
    """The sentence that says what is needed says how many scheduled hours it leaves out, and what would judge them;
    where all is judged it says nothing of it."""
    rate = 'channels.phone.rate={mon: {"00:00-01:00": 200/h, "01:00-02:00": 2/h}}'
    scenario = textbook(folder, rate, "lasts=2h")
    few = gap(scenario, replications=10, jobs=1)
    said = gap_text.sentences(few, only(few))[0]
    assert "Of 18 scheduled agent-hours 9 are in 2 intervals too quiet to judge" in said
    assert "(fewer than 20 contacts in 10 replications) and are in none of these figures; sim erlang --rep" in said
    assert "would judge them." in said
    enough = gap(textbook(folder, "lasts=30m"), replications=2, jobs=1)
    assert "too quiet" not in gap_text.sentences(enough, only(enough))[0]


def test_progress_ends_where_all_is_done(folder: Path) -> None:
    """It counts up to what is known to be due."""
    told: list[tuple[int, int]] = []
    gap(
        textbook(folder, "lasts=1h"),
        replications=2,
        jobs=1,
        progress=lambda done, total: told.append((done, total)),
    )
    assert [done for done, _ in told] == list(range(1, len(told) + 1))
    assert told[-1][0] == told[-1][1]


# --- the report ------------------------------------------------------------------------------------------------------


def test_text_says_it_in_words(found: Gap) -> None:
    """Tables and sentences hold the figures, within 118 characters, and nothing a reader cannot read."""
    text = gap_text.text(found)
    assert max(map(len, text.splitlines())) <= gap_text.WIDTH
    for word in ("nan", "None", "-0", "inf"):
        assert word not in text
    phone = found.channels[0]
    for need in (phone.erlang_c, phone.erlang_a, phone.simulated):
        assert f"{need.hours:,.0f} [" in text
    assert "agents Mon " in text
    assert "shared agents" in text
    assert "queues carried" in " ".join(text.split())


def test_one_replication_has_no_interval(folder: Path) -> None:
    """Of one replication there are figures without brackets, and a sentence that says why; data has null."""
    alone = gap(textbook(folder, "lasts=1h", "channels.phone.patience=exponential(mean 12s)"), replications=1, jobs=1)
    text = gap_text.text(alone)
    assert "[" not in text
    assert "nan" not in text
    assert "nobody can tell how sure" in text
    assert gap_text.document(alone)["channels"][0]["simulated"]["low"] is None


def test_rows_are_those_of_the_intervals(found: Gap) -> None:
    """One row a channel and interval with contacts or staff, each as long as the header; the difference is that of its
    columns, and a switch that does not matter to a channel is empty."""
    header, rows = gap_text.rows(found)
    assert {len(row) for row in rows} == {len(header)}
    assert header[-5:] == [f"without_{name}" for name in SWITCHES]
    phones = [dict(zip(header, row, strict=True)) for row in rows if row[2] == "phone"]
    assert phones[0]["start"] == "2026-10-05T08:00+01:00"
    assert phones[0]["weekday"] == "mon"
    judged = [row for row in phones if row["simulated"] is not None]
    assert sum(row["simulated"] for row in judged) / 2 == pytest.approx(found.channels[0].simulated.hours)
    assert all(row["difference"] == row["simulated"] - row["erlang_c"] for row in judged)
    assert all(row["without_sharing"] is None for row in phones)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_flagship_week() -> None:
    """Of a week of broadband, what is left unexplained of either channel's gap is not clear from 0; shared agents are
    what chat needs more than Erlang C asks for."""
    scenario = read(BROADBAND)
    phone, chat = gap(scenario, replications=6).channels
    for channel in (phone, chat):
        left = channel.parts[-1]
        assert left.low <= 0 <= left.high
        assert not channel.beyond
    parts = {part.name: part for part in chat.parts}
    assert parts["sharing"].low > 0
    assert chat.gap.low > 0
