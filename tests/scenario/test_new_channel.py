"""A channel that the product has never heard of, and a centre round it, in YAML alone: read, lowered, simulated."""

from __future__ import annotations

import pytest

from sim.population.draw import draw
from sim.scenario import lower
from sim.scenario.read import read
from sim.schemas import NEVER, Cause, Outcome
from sim.simulate.engine import simulate
from sim.tables import Table

VIDEO = """\
run_in: 0d
lasts: 1d
drain: 1d
channels:
  video:
    kind: live
    rate: 60/h
    hours: 09:00-18:00
    staff: 6
    handle_time: lognormal(mean 6m, sigma 0.8)
    wrap_up: 30s
    patience: exponential(mean 4m)
    silent: 40%
    lines: 20
    closed: letters
    elsewhere: 50% to letters after 1h
    transfer: 10% to experts
    self_service_first: 40% to avatar
  experts: {kind: live, share: 0%, hours: 09:00-18:00, at_once: 2, slowdown: 10%}
  letters: {kind: deferrable, rate: 5/h, patience: 2h, chases: 50%, asks_back: 20% after 1h, interruptible: yes}
  avatar: {kind: self_service, outages: {noon: {at: 2026-10-05 12:00, lasts: 1h}}}
groups:
  backstage:
    answers: [experts]
    then: [letters]
    shifts: {day: {agents: 3, hours: 09:00-18:00, breaks: [12:00-12:30], speed: 1.1x}}
policies: {response: [callback(when_wait_exceeds 1m, channel video), acknowledge]}
"""


@pytest.fixture(scope="module")
def contacts(tmp_path_factory: pytest.TempPathFactory) -> Table:
    path = tmp_path_factory.mktemp("video") / "video.yaml"
    path.write_text(VIDEO, encoding="utf-8")
    scenario = read(path)
    return simulate(lower.desk(scenario), draw(scenario, 1, 0)).contacts


def on(contacts: Table, channel: int) -> Table:
    return contacts.where(contacts["channel"] == channel)


def test_every_contact_has_an_end_or_waits(contacts: Table) -> None:
    """Contacts are made on all four channels, and what is answered ends after it began."""
    assert set(contacts["channel"].tolist()) == {0, 1, 2, 3}
    done = contacts.where(contacts["outcome"] == Outcome.ANSWERED)
    assert len(done) > 100
    assert bool((done["ended"] >= done["answered"]).all())
    assert bool((done["answered"] >= done["offered"]).all())


@pytest.mark.parametrize(
    ("channel", "outcome"),
    [
        (0, Outcome.ABANDONED), (0, Outcome.TRANSFERRED), (0, Outcome.TURNED_AWAY), (3, Outcome.CONTAINED),
        (3, Outcome.TRANSFERRED), (3, Outcome.DISCONNECTED), (0, Outcome.CALLED_BACK), (1, Outcome.ANSWERED),
    ],
)  # fmt: skip
def test_what_the_channel_says_happens(channel: int, outcome: Outcome, contacts: Table) -> None:
    """Abandoned, transferred, turned away to letters, contained or passed on by a machine, cut off in its outage."""
    assert outcome in on(contacts, channel)["outcome"].tolist()


def test_customers_go_where_the_channel_says(contacts: Table) -> None:
    """Escalations come to video, transfers to the experts, and those who got no answer to the letters."""
    for cause, channel in ((Cause.ESCALATION, 0), (Cause.TRANSFER, 1), (Cause.SWITCH, 2)):
        assert channel in contacts.where(contacts["cause"] == cause)["channel"].tolist()
    letters = on(contacts, 2)
    assert bool((letters["chasers"] > 0).any())
    assert bool((letters["asked"] != NEVER).any())
