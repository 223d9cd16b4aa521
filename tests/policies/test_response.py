"""Response: the tables of each policy, several together, and that asking gives what the tables stand for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_layouts import LAYOUT, contact_views, layouts

from sim.policies.answers import Acknowledge, Canned, Discretion, Personal, RetentionOffer, SocialTeam, UnifiedView
from sim.policies.base import (
    Accept,
    Announcement,
    ContactView,
    Deflection,
    Ignore,
    Layout,
    Message,
    Offer,
    Outsourcing,
    ResponseTables,
    Retention,
)
from sim.policies.base import Callback as CallBack
from sim.policies.base import Deflect as SendOn
from sim.policies.offers import EVER, Announce, Callback, Deflect, OutageMessage, Outsource
from sim.policies.response import AnswerAll, IgnoreShare, Together, dated, problems

ONE = 1_000_000
EVENING, NIGHT = datetime(2026, 10, 6, 18, 30), datetime(2026, 10, 6, 23)
OFFER = Offer(300_000, 600_000, None)


@pytest.mark.parametrize(
    ("policy", "tables"),
    [
        (AnswerAll(), {}),
        (IgnoreShare(share=0.25), {"ignored": (0, 0, 250_000, 250_000)}),
        (IgnoreShare(share=0.25, channel="email"), {"ignored": (0, 0, 250_000, 0)}),
        (Acknowledge(), {"chases": (ONE, ONE, 500_000, 500_000), "tracked": (False, False, True, True)}),
        (Callback(), {"callback": (OFFER, OFFER, None, None)}),
        (
            Callback(channel="phone", booked_after=7200.0),
            {"callback": (replace(OFFER, booked=7_200_000), None, None, None)},
        ),
        (Announce(channel="chat"), {"announce": (None, Announcement(500_000, 1_250_000), None, None)}),
        (Deflect(), {"deflect": (Deflection(300_000, 300_000, 1), None, None, None)}),
        (
            Deflect(to="email"),
            {"deflect": (Deflection(300_000, 300_000, 2), Deflection(300_000, 300_000, 2), None, None)},
        ),
        (OutageMessage(), {"messages": (Message(-EVER, EVER, (1,), 400_000),)}),
        (Outsource(), {"outsource": (Outsourcing(180_000, 4.0, 900_000), None, None, None)}),
        (UnifiedView(), {"unified": 900_000}),
        (Canned(), {"work": (ONE, ONE, 600_000, ONE), "quality": (ONE, ONE, 900_000, ONE)}),
        (Personal(), {"work": (1_100_000,) * 4, "personal": (True,) * 4}),
        (
            SocialTeam(),
            {"work": (ONE,) * 4, "quality": (ONE, ONE, ONE, 1_100_000), "personal": (False, False, False, True)},
        ),
        (Discretion(), {"work": (1_050_000,) * 4, "quality": (1_080_000,) * 4, "price": (5.0,) * 4}),
        (RetentionOffer(), {"retention": (Retention(2, 300_000, 20.0),)}),
    ],
    ids=lambda each: getattr(each, "name", ""),
)
def test_a_policy_does_what_it_says_and_nothing_else(policy: Any, tables: dict[str, Any]) -> None:
    """The tables of each policy, by channel: phone, chat, email, social."""
    assert policy.lower(LAYOUT) == ResponseTables(**tables)
    assert policy.problems(LAYOUT) == []


def test_a_machine_ignores_nobody() -> None:
    """A channel that a machine answers is neither live nor deferrable: no policy for people holds there."""
    layout = replace(LAYOUT, live_channels=(True, False, False, False), deferrable=(False, False, True, True))
    assert IgnoreShare().lower(layout).ignored == (0, 0, 500_000, 500_000)
    assert Callback().lower(layout).callback == (OFFER, None, None, None)
    assert Personal().lower(layout).personal == (True, False, True, True)


@given(st.data(), layouts())
def test_asking_and_tables_decide_alike(data: st.DataObject, layout: Layout) -> None:
    """For each policy that can be asked, the answer to a contact at the door is what the tables stand for."""
    policy = data.draw(st.sampled_from([AnswerAll(), IgnoreShare(0.25), Callback(), Deflect(to="channel 0")]))
    view = data.draw(contact_views(layout))
    tables = policy.lower(layout)
    action = policy.decide(view, policy.start(layout))
    said: Any = Accept(action.because)
    if tables.ignored and tables.ignored[view.channel]:
        said = Ignore(action.because, 0.25)
    elif tables.deflect and tables.deflect[view.channel] and view.expected > 300_000:
        said = SendOn(action.because, 0.3, 0)
    elif tables.callback and tables.callback[view.channel] and view.expected > 300_000:
        said = CallBack(action.because, 0.6, None)
    assert action == said


def test_together_they_do_what_each_does() -> None:
    """Factors multiply, prices add up, messages and offers to stay are all made, and the later of two offers holds."""
    later = Callback(channel="chat", accepts=0.1)
    together = Together(
        (
            Canned(),
            Discretion(),
            Discretion(channel="email", price=2.0),
            Callback(),
            later,
            OutageMessage(),
            UnifiedView(),
        )
    )
    assert together.lower(LAYOUT) == ResponseTables(
        work=(1_050_000, 1_050_000, 661_500, 1_050_000),
        quality=(1_080_000, 1_080_000, 1_049_760, 1_080_000),
        price=(5.0, 5.0, 7.0, 5.0),
        callback=(OFFER, replace(OFFER, chance=100_000), None, None),
        messages=(Message(-EVER, EVER, (1,), 400_000),),
        unified=900_000,
    )
    assert together.problems(LAYOUT) == []


@given(st.lists(st.sampled_from([AnswerAll(), IgnoreShare(), Callback(), Deflect(), Acknowledge(), Personal()])))
def test_one_policy_more_that_does_nothing_changes_nothing(policies: list[Any]) -> None:
    """answer_all together with others is these others, and one alone is itself."""
    together = Together(tuple(policies))
    assert Together((AnswerAll(), *policies, AnswerAll())).lower(LAYOUT) == together.lower(LAYOUT)
    for policy in policies:
        assert Together((policy,)).lower(LAYOUT) == policy.lower(LAYOUT)


@dataclass(frozen=True)
class Shy:
    """A policy of one's own that must be asked: no second contact about an issue is answered."""

    name: ClassVar[str] = "shy"

    def lower(self, layout: Layout) -> None:
        return None

    def start(self, layout: Layout) -> None:
        return None

    def decide(self, view: ContactView, state: None) -> Accept | Ignore:
        return Ignore("they were told once", 1.0) if view.attempt > 1 else Accept("the first")


def test_one_that_must_be_asked_makes_all_be_asked_and_stands_alone() -> None:
    """A list with a policy without tables has none; asked, the first that does not just accept decides; and the desk is
    told that such a policy cannot be joined with others."""
    together = Together((Callback(), Shy()))
    assert together.lower(LAYOUT) is None
    state = together.start(LAYOUT)
    assert isinstance(together.decide(ContactView(attempt=2, expected=0), state), Ignore)
    assert isinstance(together.decide(ContactView(attempt=2, expected=300_001), state), CallBack)
    # a wait of just five minutes does not exceed five minutes
    assert isinstance(together.decide(ContactView(attempt=1, expected=300_000), state), Accept)
    assert [problem.what for problem in together.problems(LAYOUT)] == [
        "shy has no tables, so it cannot be joined with others"
    ]
    assert problems(Shy(), LAYOUT) == []


def test_moments_become_ticks_when_the_desk_has_a_clock() -> None:
    """Every date and time among the settings, in a list too, is replaced by its tick; nothing else changes."""
    message = OutageMessage(since=EVENING, until=NIGHT)
    ticks = {EVENING: 7, NIGHT: 11}
    placed = dated(Together((Callback(), message)), ticks.__getitem__)
    assert placed == Together((Callback(), replace(message, since=7, until=11)))
    tables = placed.lower(LAYOUT)
    assert tables is not None
    assert tables.messages == (Message(7, 11, (1,), 400_000),)


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (Callback(channel="fone"), "no channel is called 'fone'; did you mean 'phone'?"),
        (Callback(channel="email"),
         "callback is for live channels, and email is none of them; name one of phone, chat"),
        (Acknowledge(channel="phone"),
         "acknowledge is for deferrable channels, and phone is none of them; name one of email, social"),
        (SocialTeam(channel="email"),
         "social_team is for channels on which customers complain in public, and email is none of them; "
         "name one of social"),
        (Deflect(to="chatt"), "no channel is called 'chatt'; did you mean 'chat'?"),
        (Deflect(to="chat", channel="chat"), "deflect leads from chat to itself; name another channel after to"),
        (OutageMessage(intent="outages"), "no intent is called 'outages'; did you mean 'outage'?"),
        (OutageMessage(since=NIGHT, until=EVENING),
         "the message is taken down before it is played; give an until after since"),
        (RetentionOffer(intent="canceling"), "no intent is called 'canceling'; did you mean 'cancel'?"),
        (UnifiedView(handle_time=0.0), "0x leaves no work at all; give more than 0x"),
        (Together((Callback(), Callback(accepts=0.1))), "callback is named twice; name it once"),
        (Together((Deflect(to="chat", channel="phone"), Deflect(to="phone", channel="chat"))),
         "deflect sends customers round: phone → chat → phone; name the channel of each, as in channel phone"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_desk_is_said(policy: Any, said: str) -> None:
    """Names that the desk does not have, channels of another kind, and customers sent round in a circle are told."""
    assert [str(problem) for problem in problems(policy, LAYOUT)] == [said]
    if not isinstance(policy, Together):
        assert [str(problem) for problem in problems(Together((policy,)), LAYOUT)] == [said]


def test_a_policy_without_a_channel_to_hold_on_says_so() -> None:
    """Where no channel is of its kind, a policy would silently do nothing: that is a mistake."""
    calls = replace(LAYOUT, deferrable=(False,) * 4, public=())
    assert "there is none; leave it out" in str(Acknowledge().problems(calls)[0])
    assert "say under a channel who complains where" in str(SocialTeam().problems(calls)[0])
