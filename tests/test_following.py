"""Every command ends with where its results are and the command that is worth trying next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import click
import pytest
from as_predicted import FIRST, predicted, told
from click.testing import CliRunner, Result

import sim.agree
import sim.run
from sim.cli import commands
from sim.helpdesks import local
from sim.helpdesks.local import Desk
from sim.report.following import after_run, command, ending
from sim.scenario.ranges import sweep
from sim.scenario.read import read

ROOT = Path(__file__).parents[1]
TINY = """name: Tiny
lasts: 1d
customers: 2000
phone: {staff: 1, hours: 08:00-20:00}
email: {staff: 1}
"""
MISSED = f"{TINY}thresholds: {{phone.service_level: at least 100%}}\n"
VARIED = f"{TINY}variants: {{two: {{phone.staff: 2}}, four: {{phone.staff: 4}}}}\n"
BUSIER = f"{TINY}variants: {{busier: {{customers: 3000}}}}\n"
SLOW, MANY = "phone.handle_time=1h", "customers=400000"
BRIEFLY = ("--replications", "2", "--jobs", "1")
MORNING = ("--window", "Mon 09:00..12:00", "--host", "http://127.0.0.1:9")
CASES = {
    "run": ("my desk.yaml", *BRIEFLY),
    "validate": ("my desk.yaml", "--set", "phone.staff=2"),
    "population": ("my desk.yaml", "--seed", "3"),
    "backtest": (ROOT / "scenarios" / "replay_log.yaml", *BRIEFLY),
    "new": ("--from", ROOT / "docs" / "tutorial" / "counts.csv", "--out", "my own.yaml"),
    "verify": ("T7",),
    "follow": ("a run",),
    "load": ("my desk.yaml", "--helpdesk", "django-helpdesk", *MORNING, "--dry-run", "--", "--csv", "a b"),
    "agree": (FIRST, "a test"),
    "helpdesk up": (),
    "helpdesk down": (),
    "helpdesk status": (),
    "compare": ("my desk.yaml", "--set", "phone.staff=1..2", *BRIEFLY, "--plot", "differences"),
    "report": ("a run",),
    "erlang": ("my desk.yaml", *BRIEFLY),
}
"""By command, with what it is tried."""


def leaves(group: click.Group, *above: str) -> Iterator[str]:
    """The commands of a group that do something."""
    for name, each in group.commands.items():
        if isinstance(each, click.Group):
            yield from leaves(each, *above, name)
        else:
            yield " ".join((*above, name))


def sim_(*words: object) -> Result:
    return CliRunner().invoke(commands, [str(word) for word in words])


def following(done: Result) -> list[str]:
    """The words of the command that is to be tried next, after checking that there are such a command and such
    options; nothing is run."""
    last = done.output.splitlines()[-1]
    assert last.startswith("next: sim "), done.output
    words = shlex.split(last)[2:]
    rest, found = list(words), commands
    while isinstance(found, click.Group):
        found = found.commands[rest.pop(0)]  # type: ignore[assignment]
    found.make_context("sim", rest)
    return words


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scenario, a run of it, and a load test that went as predicted."""
    here = tmp_path_factory.mktemp("following")
    (here / "my desk.yaml").write_text(TINY)
    done = sim_("run", here / "my desk.yaml", *BRIEFLY, "--quiet", "--out", here / "a run")
    (here / "said.txt").write_text(done.output)
    told(here / "a test", predicted())
    return here


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SIM_HELPDESKS", str(folder / "desks"))
    monkeypatch.setattr(click, "launch", lambda url: 0)
    return folder


@pytest.mark.parametrize("name", [*leaves(commands)])
def test_every_command_ends_with_the_next_one(name: str, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last line of whatever a command says is a command that there is, with options that there are."""
    desk = Desk("django-helpdesk", here, "http://127.0.0.1:9", 9, "", "", here, "today", "1", None, {})
    monkeypatch.setattr(local, "up", lambda *words, **options: desk)
    monkeypatch.setattr(sim.agree, "agree", partial(sim.agree.agree, simulations=2))
    done = sim_(*name.split(), *CASES[name])
    assert done.exit_code == 0, done.output
    following(done)


@pytest.mark.parametrize(
    ("text", "sets", "variants", "leads_to"),
    [
        (TINY, (), (), "report 'run 1' --open"),
        (MISSED, (), (), "compare FILE --set staffing.phone=1..5"),
        (MISSED, ("phone.staff=12", MANY), (), f"compare FILE --set {MANY} --set staffing.phone=12..20:2"),
        (MISSED.replace("staff: 1,", "staff: {mon-sun 08:00-20:00: 1},"), (), (), "report 'run 1' --open"),
        (VARIED, (), (), "compare FILE"),
        (VARIED, (SLOW,), (), f"compare FILE --set {SLOW}"),
        (VARIED, (), ("two",), "report 'run 1' --open"),
        (VARIED, (), ("two", "four"), "compare FILE"),
        (VARIED, ("email.staff=1..2",), ("two",), "compare FILE --variants two --set email.staff=1..2"),
        (VARIED, ("email.staff=1..2",), (), "compare FILE --set email.staff=1..2"),
        (BUSIER, (), (), "compare FILE --unpaired"),
        (TINY, ("customers=1000..2000:1000",), (), "compare FILE --set customers=1000..2000:1000 --unpaired"),
    ],
)
def test_what_a_run_leads_to(
    text: str, sets: tuple[str, ...], variants: tuple[str, ...], leads_to: str, tmp_path: Path
) -> None:
    """Its variants, more of its staff where a threshold was missed, the same side by side, or else its report."""
    file = tmp_path / "desk.yaml"
    file.write_text(text)
    runs: list[tuple[sim.run.Result, str]] = []
    for name in variants if len(variants) == 1 else (None, *variants):
        for point in sweep(sets):
            contacts = tmp_path / f"run {len(runs) + 1}"
            contacts.mkdir()
            runs.append((sim.run.run(read(file, point, variant=name), contacts, replications=1, jobs=1), contacts.name))
    found = after_run(runs, file, variants=variants, sets=sets, seed=1)
    assert found == f"sim {leads_to.replace('FILE', str(file))}"


def test_a_run_ends_with_its_folders(here: Path) -> None:
    """Every folder that was left has a line, above the one with the command; that of one run can be opened."""
    several = sim_("run", "my desk.yaml", *BRIEFLY, "--set", "phone.staff=1..2", "--out", "b")
    assert several.output.splitlines()[-3:-1] == ["results: b/phone.staff=1", "results: b/phone.staff=2"]
    one = (here / "said.txt").read_text()
    assert one.endswith(f"\n\nresults: {here / 'a run'}\nnext: sim report '{here / 'a run'}' --open\n")
    assert sim_("report", "a run", "--open").exit_code == 0


@pytest.mark.parametrize("typed", ["validate 'my desk.yaml'", "population 'my desk.yaml' --seed 3", "follow 'a run'"])
def test_what_is_next_works(typed: str, here: Path) -> None:
    """The command that stands at the end can be typed as it stands."""
    words = following(sim_(*shlex.split(typed)))
    done = sim_(*words, *(BRIEFLY if words[0] == "run" else ()))
    assert done.exit_code in (0, 3), done.output
    following(done)


def test_a_new_scenario_leads_to_its_run(here: Path) -> None:
    """The file that was written is what was left, and what is run."""
    done = sim_("new", *CASES["new"][:2], "--out", "another one.yaml")
    assert done.output.endswith("\n\nresults: another one.yaml\nnext: sim run 'another one.yaml'\n")


def test_the_plan_of_a_load_test_leads_to_it(here: Path) -> None:
    """After a dry run the test itself, with everything that was typed; where no desk is up, how to start one."""
    given = ("load", "my desk.yaml", "--helpdesk", "django-helpdesk", "--window", "Mon 08:00..20:00")
    last = ("--", "-t", "2s")
    more = (*shlex.split("--allow-host localhost --host http://127.0.0.1:9 --speed 60 --seed 2"), *last)
    found = following(sim_(*given, "--dry-run", *more))
    assert tuple(found[-3:]) == last
    assert sorted(found) == sorted((*given, *more))
    assert following(sim_(*given, "--dry-run")) == ["helpdesk", "up", "django-helpdesk"]


def test_json_has_no_last_lines(here: Path) -> None:
    """What a program reads ends with the document."""
    for words in (("validate", "my desk.yaml"), ("population", "my desk.yaml"), ("follow", "a run")):
        assert "next:" not in sim_(*words, "--json").output


def test_commands_are_quoted_for_a_shell() -> None:
    """Options that hold anyway are left out; what a shell would take apart, or take for an option, is not."""
    said = command("run", Path("-a b.yaml"), set=("phone.cost=3 EUR/h", "x=1"), seed=1, variant=None, quiet=False)
    assert said == "sim run './-a b.yaml' --set 'phone.cost=3 EUR/h' --set x=1"
    assert command("population", "a.yaml", seed=0, dry_run=True) == "sim population a.yaml --seed 0 --dry-run"
    assert ending("sim run a.yaml", "b c", Path("d")) == "results: b c\nresults: d\nnext: sim run a.yaml"
