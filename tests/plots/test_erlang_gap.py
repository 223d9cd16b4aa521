"""The plot of the Erlang gap shows steps that add up, and says them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.patches import Rectangle

from sim.plots import write
from sim.plots.erlang_gap import ChannelSteps, ErlangGap, Hours, alt, draw, table

pytestmark = pytest.mark.filterwarnings("error")


def gap_plot_example() -> ErlangGap:
    """A desk whose chats need more than Erlang C asks for, and whose phones need as much."""
    phone = ChannelSteps(
        "Phone",
        "80 % within 20 s",
        Hours("Erlang C", 770.0, 738.0, 802.0),
        (
            Hours("customers give up", -16.0, -22.0, -10.0),
            Hours("customers come back", -8.5, -29.0, 12.0),
            Hours("busier, quieter days", 30.5, 1.0, 60.0),
            Hours("these acting together", -2.5, -24.0, 19.0),
            Hours("left unexplained", -2.5, -39.0, 34.0),
        ),
        Hours("needed (simulated)", 771.0, 742.0, 800.0),
        Hours("difference", 1.0, -16.0, 18.0),
        (Hours("Erlang A", 756.5, 725.0, 788.0), Hours("scheduled", 746.0)),
    )
    chat = replace(
        phone,
        name="Chat",
        first=Hours("Erlang C", 167.5, 161.0, 174.0),
        steps=(
            Hours("several at once", -24.5, -31.0, -18.0),
            Hours("shared agents", 42.0, 37.0, 47.0),
            Hours("left unexplained", 15.5, -4.0, 38.0),
        ),
        last=Hours("needed (simulated)", 200.5, 191.0, 210.0),
        more=Hours("difference", 33.0, 27.0, 39.0),
        beside=(),
    )
    return ErlangGap((phone, chat), "a week", 10)


def test_steps_lead_from_erlang_to_what_is_needed() -> None:
    """Each bar begins where the one before has ended, from Erlang C's hours to the needed ones."""
    data = gap_plot_example()
    for axes, channel in zip(draw(data).axes, data.channels, strict=True):
        bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
        at = channel.first.value
        for bar, step in zip(bars, channel.steps, strict=True):
            assert bar.get_x() == pytest.approx(at)
            assert bar.get_width() == pytest.approx(step.value)
            at += step.value
        assert at == pytest.approx(channel.last.value)


def test_direction_is_not_only_a_colour() -> None:
    """What takes off is hatched, what adds is not, and what is not clear is neither."""
    axes = draw(gap_plot_example()).axes[1]
    hatches = [bool(patch.get_hatch()) for patch in axes.patches]
    assert hatches == [True, False, False]
    colours = [patch.get_facecolor() for patch in axes.patches]
    assert len(set(colours)) == 3


def test_words_say_what_is_drawn() -> None:
    """The alternative text holds each channel's difference and the steps that are clear, and only those."""
    words = alt(gap_plot_example())
    assert "Chat, 80 % within 60 s" not in words
    assert "Chat, 80 % within 20 s: 33 agent-hours more than Erlang C asks for" in words
    assert "shared agents +42" in words
    assert "several at once −24" in words
    assert "no clear difference from Erlang C in all" in words
    assert "customers come back" not in words


def test_the_table_holds_all_rows() -> None:
    """Totals and steps of every channel, with their intervals."""
    columns = table(gap_plot_example())
    assert {len(column) for column in columns.values()} == {9 + 5}
    first = {name: column[1] for name, column in columns.items()}
    assert first == {
        "channel": "Phone", "what": "step", "name": "customers give up", "agent_hours": -16.0, "low": -22.0,
        "high": -10.0,
    }  # fmt: skip


def test_one_replication_and_no_channel(tmp_path: Path) -> None:
    """Without intervals nothing is called clear, and nothing breaks; nor does it where there is nothing to show."""
    data = gap_plot_example()
    phone = data.channels[0]
    bare = replace(
        phone,
        first=Hours("Erlang C", 770.0),
        steps=tuple(Hours(step.name, step.value) for step in phone.steps),
        more=Hours("difference", 1.0),
    )
    alone = ErlangGap((bare,), "a day", 1)
    write("erlang_gap", alone, tmp_path)
    assert "nan" not in alt(alone)
    assert "One replication" in "".join(text.get_text() for text in draw(alone).texts)
    write("erlang_gap", ErlangGap((), "", 10), tmp_path)
    assert "No channel" in alt(ErlangGap((), "", 10))


def test_the_same_bytes_twice(tmp_path: Path) -> None:
    """The same data gives the same files."""
    one, other = (write("erlang_gap", gap_plot_example(), tmp_path / name) for name in "ab")
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]
