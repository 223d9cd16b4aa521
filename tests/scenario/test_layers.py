"""Layers: what a scenario extends, its variants and `--set`; whatever is wrong is told where somebody wrote it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.clock import HOLIDAY, Week, say_pieces
from sim.errors import ScenarioError, UsageError
from sim.scenario import layers
from sim.scenario.layers import DEEPEST
from sim.scenario.read import Scenario, read
from sim.scenario.spec import Channel
from sim.scenario.words import Promise
from sim.shifts import Team

BASE = """\
name: Base
customers: 2000
phone: {staff: 2, hours: 08:00-20:00, lines: 9}
email: {staff: 1}
intents: {bill: {share: 60%}, move: {share: 40%}}
targets: {phone: 80/20}
"""
SHIFTS = BASE.replace(
    "staff: 2,",
    "shifts: {early: {agents: 3, hours: 08:00-16:00}, late: {agents: 2, hours: 12:00-20:00}},",
)
TABLE = BASE.replace("staff: 2,", "staff: {mon-fri: {08:00-17:00: 6, 17:00-20:00: 3}, sat-sun: 2},")
RATE = BASE.replace("staff: 2,", "staff: 2, rate: 6/h,")

Files = Callable[..., Path]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    """Writes ``name=text`` files into an empty folder, which is the working folder; returns the path of the last."""
    monkeypatch.chdir(tmp_path)

    def write(**texts: str) -> Path:
        path = Path()
        for name, text in texts.items():
            path = Path(f"{name.replace('__', '/')}.yaml")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return path

    return write


def phone(scenario: Scenario) -> Channel:
    return scenario.spec.channels["phone"]


def heads(scenario: Scenario, day: int, hour: int) -> float | None:
    """Agents on the phone of a table of staff, or of shifts."""
    plan = phone(scenario).staff
    team = phone(scenario).shifts
    if isinstance(team, Team):
        plan = team.agents
    assert isinstance(plan, Week)
    return plan.at(day, hour * 3600)


def mistakes(path: Path, *sets: str, variant: str | None = None) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        read(path, sets, variant=variant)
    return [str(mistake) for mistake in caught.value.mistakes]


# --- extends ---------------------------------------------------------------------------------------------------------


def test_sections_are_merged_and_values_replaced(files: Files) -> None:
    """A section goes on key by key, at any depth; a value, a list and a table are replaced as a whole."""
    added = "extends: base.yaml\nphone: {lines: 5}\nintents: {move: {handle_time: 2x}}\ntargets: {email: 90/600}\n"
    found = read(files(base=TABLE, mine=added))
    assert (found.name, found.spec.customers.count, phone(found).lines) == ("Base", 2000, 5)
    assert {name: (i.share, i.handle_time) for name, i in found.spec.intents.items()} == {
        "bill": (0.6, 1.0), "move": (0.4, 2.0),
    }  # fmt: skip
    assert found.spec.targets == {"phone": Promise(0.8, 20.0), "email": Promise(0.9, 600.0)}
    assert heads(found, 0, 18) == 3
    other = read(files(other="extends: base.yaml\nphone: {staff: {mon-sun: 4}}\n"))
    assert (heads(other, 0, 18), heads(other, 6, 9)) == (4, 4)


def test_a_table_that_is_replaced_keeps_nothing_of_the_one_below(files: Files) -> None:
    """Hours, weekdays and shapes are tables: days that the upper one leaves out are not taken from the lower one."""
    low = BASE.replace("08:00-20:00", "{mon-fri: 08:00-20:00, sat: 09:00-12:00}, weekdays: {mon: 2x, sat: 0.5x}")
    found = read(
        files(base=low, mine="extends: base.yaml\nphone: {hours: {mon-fri: 09:00-17:00}, weekdays: {tue: 3x}}")
    )
    assert phone(found).hours is not None
    assert say_pieces(phone(found).hours or Week(())) == "mon-fri 09:00-17:00"
    assert phone(found).weekdays[:3] == (1.0, 3.0, 1.0)
    assert phone(found).weekdays[HOLIDAY] == 1.0


def test_files_are_relative_to_the_file_they_stand_in(files: Files, tmp_path: Path) -> None:
    """A base in another folder extends, and reads its tables, from there; a scenario above reads its own from here."""
    table = "weekday,start,end,agents\ndaily,08:00,20:00,{}\n"
    base = BASE.replace("staff: 2", "staff: levels.csv")
    path = files(other__root=base, other__middle="extends: root.yaml\n", mine="extends: other/middle.yaml\n")
    (tmp_path / "other" / "levels.csv").write_text(table.format(7))
    (tmp_path / "levels.csv").write_text(table.format(4))
    assert heads(read(path), 0, 9) == 7
    assert heads(read(files(mine="extends: other/middle.yaml\nphone: {staff: levels.csv}\n")), 0, 9) == 4
    assert heads(read(path, ("phone.staff=levels.csv",)), 0, 9) == 4


def test_a_link_that_leads_to_itself_is_no_file(files: Files, tmp_path: Path) -> None:
    """A base that is a symbolic link to itself is a mistake of the file that extends it, not an error of the tool."""
    (tmp_path / "round.yaml").symlink_to("round.yaml")
    [told] = mistakes(files(mine="extends: round.yaml\n"))
    assert told.startswith("mine.yaml:1:10: extends: round.yaml: there is no such file")


def test_files_that_extend_one_another_in_a_circle_are_told(files: Files) -> None:
    """A loop is a mistake of the file that closes it, and names the files on the way."""
    assert mistakes(files(mine="extends: mine.yaml\n")) == [
        "mine.yaml:1:10: extends: the files go round in a circle: mine.yaml extends mine.yaml; "
        "let one of them stand alone"
    ]
    path = files(one="extends: two.yaml\n", two="name: Two\nextends: ./one.yaml\n", mine="extends: one.yaml\n")
    assert mistakes(path) == [
        "two.yaml:2:10: extends: the files go round in a circle: mine.yaml extends one.yaml extends two.yaml extends "
        "one.yaml; let one of them stand alone"
    ]


def test_so_many_files_may_extend_one_another_and_no_more(files: Files) -> None:
    """A chain of `DEEPEST` files is read, the lowest first; one more is a mistake."""
    chain = {f"f{n}": f"extends: f{n + 1}.yaml\nphone: {{lines: {n + 1}}}\n" for n in range(DEEPEST)}
    files(**chain, **{f"f{DEEPEST}": BASE})
    assert phone(read(Path("f1.yaml"))).lines == 2
    assert mistakes(Path("f0.yaml")) == [
        f"f9.yaml:1:10: extends: more than {DEEPEST} files; let one of them stand alone"
    ]


@pytest.mark.parametrize(
    ("base", "said"),
    [
        ("bsae.yaml", "bsae.yaml: there is no such file; did you mean base.yaml"),
        ("far/base.yaml", "far/base.yaml: there is no such file; there is no folder far either"),
        ("other", "other is a folder; name a scenario file in it"),
        ("[base.yaml]", "this is not a file; name one scenario, as in base.yaml"),
        ("''", "this is not a file; name one scenario, as in base.yaml"),
    ],
)
def test_a_base_that_is_not_there_is_told_in_the_file_that_names_it(base: str, said: str, files: Files) -> None:
    """A missing base, a folder or no name at all is a mistake at the value of `extends`, with a near name."""
    path = files(base=BASE, other__root=BASE, mine=f"name: Mine\nextends: {base}\n")
    (found,) = mistakes(path)
    assert found.startswith(f"mine.yaml:2:10: extends: {said}")


def test_mistakes_stand_in_the_file_that_makes_them(files: Files) -> None:
    """All files are read to the end: each mistake names its own file, and one that is written over is none."""
    bad = BASE.replace("staff: 2", "staff: two").replace("staff: 1", "staff: one")
    path = files(base=bad, mine="extends: base.yaml\nphone: {patience: 3}\n")
    assert mistakes(path) == [
        "base.yaml:3:16: phone.staff: 'two' is not a whole number; write a whole number, such as 12 or 50_000",
        "base.yaml:4:16: email.staff: 'one' is not a whole number; write a whole number, such as 12 or 50_000",
        "mine.yaml:2:19: phone.patience: 3 has no unit; write a number with s, m, h, d or w, such as 3m or 1.5h",
    ]
    assert len(mistakes(files(mine="extends: base.yaml\nphone: {staff: 3}\n"))) == 1


def test_an_empty_extends_is_none(files: Files) -> None:
    """`extends:` without a value is a scenario that stands alone."""
    assert read(files(mine="extends:\n" + BASE)).name == "Base"


# --- staff against shifts, rate against volume -----------------------------------------------------------------------


def test_staff_replaces_shifts_and_the_other_way_round(files: Files) -> None:
    """Whoever gives the one above the other has the one, not both."""
    files(base=SHIFTS)
    assert phone(read(files(mine="extends: base.yaml\nphone: {staff: 4}\n"))).shifts is None
    back = read(Path("mine.yaml"), ("phone.shifts={all: {agents: 5, hours: 08:00-20:00}}",))
    assert (phone(back).staff, heads(back, 0, 9)) == (None, 5)


def test_rate_replaces_volume_and_the_other_way_round(files: Files) -> None:
    """A volume above a rate, in a file, a variant or `--set`, takes its place, and a rate that of a volume."""
    path = files(base=RATE, mine="extends: base.yaml\nvariants: {counted: {phone.volume: 700/week}}\n")
    assert phone(read(path)).volume is None
    for found in (read(path, variant="counted"), read(path, ("phone.volume=700/week",))):
        assert phone(found).rate is None
        assert phone(found).volume == pytest.approx(700 / 604_800)
    assert phone(read(path, ("phone.rate=3/h",), variant="counted")).volume is None


def test_issues_of_an_event_replace_its_factor_and_the_other_way_round(files: Files) -> None:
    """A variant that says how many issues an event brings needs not take its factor back first."""
    storm = "events: {storm: {at: 2026-10-06 10:00, lasts: 1h, factor: 2x}}\n"
    path = files(mine=BASE + storm + "variants: {counted: {events.storm.issues: 200}}\n")
    counted = read(path, variant="counted").spec.events["storm"]
    assert (counted.factor, counted.issues) == (None, 200)
    back = read(path, ("events.storm.factor=3x",), variant="counted").spec.events["storm"]
    assert (back.factor, back.issues) == (3.0, None)


def test_both_at_once_is_a_mistake_whatever_stands_below(files: Files) -> None:
    """Staff and shifts, or rate and volume, side by side in one file are refused above a base as well."""
    both = "phone: {rate: 1/h, volume: 5/week, staff: 2, shifts: {a: {agents: 1, hours: 08:00-20:00}}}\n"
    assert mistakes(files(base=BASE, mine="extends: base.yaml\n" + both)) == [
        "mine.yaml:2:28: phone.volume: there is a rate as well; give rate or volume, not both",
        "mine.yaml:2:46: phone.shifts: there is staff as well; give staff or shifts, not both",
    ]


def test_names_of_the_users_own_replace_nothing(files: Files) -> None:
    """Intents called rate and volume are two intents; a layer above that changes one leaves the other."""
    named = BASE.replace("bill:", "rate:").replace("move:", "volume:")
    found = read(files(base=named, mine="extends: base.yaml\nintents: {volume: {handle_time: 2x}}\n"))
    assert list(found.spec.intents) == ["rate", "volume"]


# --- variants --------------------------------------------------------------------------------------------------------


def test_a_variant_changes_what_its_paths_name(files: Files) -> None:
    """Dotted keys reach short forms, tables by hour and single shifts; everything beside them stays."""
    variants = """\
variants:
  evenings: {phone.staff.mon-fri.17:00-20:00: 5, phone.lines: 7}
  spelled_out: {channels.phone.lines: 8, customers: 3000}
  as_tree: {phone: {lines: 6}, email: {staff: 3}}
"""
    path = files(mine=TABLE + variants)
    base = read(path)
    assert base.variants == ("evenings", "spelled_out", "as_tree")
    assert base.variant is None
    evenings = read(path, variant="evenings")
    assert evenings.variant == "evenings"
    assert [heads(evenings, 0, hour) for hour in (9, 18)] == [6, 5]
    assert (heads(evenings, 6, 9), phone(evenings).lines) == (2, 7)
    spelled = read(path, variant="spelled_out")
    assert (phone(spelled).lines, spelled.spec.customers.count, heads(spelled, 0, 18)) == (8, 3000, 3)
    tree = read(path, variant="as_tree")
    assert (phone(tree).lines, heads(tree, 0, 18), tree.spec.channels["email"].staff) == (6, 3, 3)
    assert len({found.digest for found in (base, evenings, spelled, tree)}) == 4


def test_a_variant_reaches_into_shifts(files: Files) -> None:
    """`phone.shifts.late.agents` changes one shift; a shift under a new name is one more; staff replaces them all."""
    variants = """\
variants:
  more: {phone.shifts.late.agents: 9}
  night: {phone.shifts.night: {agents: 1, hours: 18:00-20:00}}
  plain: {phone.staff: 4}
  fewer: {phone: {shifts: {all: {agents: 5, hours: 08:00-20:00}}}}
"""
    path = files(mine=SHIFTS + variants)
    assert [heads(read(path, variant="more"), 0, hour) for hour in (9, 13, 19)] == [3, 12, 9]
    assert [heads(read(path, variant="night"), 0, hour) for hour in (9, 13, 19)] == [3, 5, 3]
    plain = phone(read(path, variant="plain"))
    assert (plain.staff, plain.shifts) == (4, None)
    assert [heads(read(path, variant="fewer"), 0, hour) for hour in (9, 19)] == [5, 5]


def test_a_variant_can_take_a_value_back(files: Files) -> None:
    """An empty value in a variant is the default again."""
    found = read(files(mine=BASE + "variants: {open: {phone.lines: }}\n"), variant="open")
    assert phone(found).lines is None


def test_an_unknown_variant_offers_those_there_are(files: Files) -> None:
    """A variant that is not in the file is a usage error with a near name, or with how to write one."""
    path = files(plain=BASE, mine=BASE + "variants: {evenings: {phone.lines: 3}}\n")
    with pytest.raises(UsageError, match=r"mine\.yaml has no variant 'evening'; did you mean 'evenings'\?"):
        read(path, variant="evening")
    with pytest.raises(
        UsageError, match=r"plain\.yaml has no variant 'x'; the file has none: write them under variants"
    ):
        read(Path("plain.yaml"), variant="x")


def test_a_variant_that_changes_nothing_is_a_mistake(files: Files) -> None:
    """It is told at its name, whichever way it says what is there already."""
    variants = "variants:\n  same: {phone.staff: '2'}\n  other: {phone.staff: 3}\n  short: {phone.target: 80/20}\n"
    assert mistakes(files(mine=BASE + variants)) == [
        f"mine.yaml:{line}:3: variants.{name}: this variant changes nothing; change something, or take it out"
        for line, name in ((8, "same"), (10, "short"))
    ]
    # with --set, the base is not the one that the variant changes
    assert phone(read(Path("mine.yaml"), ("phone.lines=4",))).lines == 4


@pytest.mark.parametrize(
    ("variants", "said"),
    [
        ("{a: {phone.staff: three}}", "7:29: variants.a.phone.staff: 'three' is not a whole number"),
        ("{a: {phone.staf: 3}}", "7:16: variants.a.phone.staf: unknown key; did you mean 'staff'?"),
        ("{a: {phone: 3}}", "7:23: variants.a.phone: 3 stands where keys and values belong; write phone: {staff: 3}"),
        ("{a: {email.hours.mon: 9}}", "7:33: variants.a.email.hours.mon: 9 is not a range of times"),
        ("{a: {extends: b.yaml}}", "7:16: variants.a.extends: unknown key; it can stand only at the top of a file"),
        ("{a: {}}", "7:12: variants.a: this is no set of changes; write a: {phone.staff: 14}"),
        ("{a: phone.staff}", "7:15: variants.a: this is no set of changes; write a: {phone.staff: 14}"),
        ("[a]", "7:11: variants: these are not variants by name; write evenings: {phone.staff: 14}"),
        (
            "{a: {phone.hours: {mon: 09:00-12:00}, phone.staff: {tue: 3}}}",
            "3:1: phone: with variant a, nobody answers phone mon 09:00-12:00, when it is open",
        ),
    ],
)
def test_a_mistake_only_in_a_variant_is_told_without_asking_for_it(variants: str, said: str, files: Files) -> None:
    """Reading a scenario checks every variant; a mistake stands where the variant makes it, or names the variant."""
    (found,) = mistakes(files(mine=BASE + f"variants: {variants}\n"))
    assert found.startswith(f"mine.yaml:{said}")


@pytest.mark.parametrize("name", ["as is", "as_is", "as-is"])
def test_no_variant_is_called_as_the_file_itself_is(name: str, files: Files) -> None:
    """It is told at the name, in the file that is extended too, and whether the variant is asked for or not."""
    path = files(base=BASE + f"variants: {{{name}: {{phone.staff: 3}}, as_of_now: {{phone.staff: 4}}}}\n",
                 mine="extends: base.yaml\n")  # fmt: skip
    said = f"base.yaml:7:12: variants.{name}: '{name}' is what the file itself is called beside its variants"
    for variant in (None, name):
        assert mistakes(path, variant=variant) == [f"{said}; give the variant another name"]


def test_variants_of_an_extended_file_are_taken_over(files: Files) -> None:
    """They apply above the extending file; one of the same name in that file goes before."""
    base = BASE + "variants: {busy: {phone.staff: 5}, slow: {phone.staff: 1}}\n"
    path = files(base=base, mine="extends: base.yaml\nphone: {lines: 3}\nvariants: {busy: {phone.staff: 8}}\n")
    assert read(path).variants == ("busy", "slow")
    assert [phone(read(path, variant=name)).staff for name in ("busy", "slow")] == [8, 1]
    assert phone(read(path, variant="slow")).lines == 3
    wrong = files(base=base.replace("staff: 5", "staff: x"), mine="extends: base.yaml\nphone: {lines: 3}\n")
    assert [each.split(": ")[0] for each in mistakes(wrong)] == ["base.yaml:7:32"]


# --- --set -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("phone.staf=3", "--set phone.staf=3: phone.staf: unknown key; did you mean 'staff'?"),
        ("phon.staff=3", "--set phon.staff=3: phon: unknown key; did you mean 'phone'?"),
        ("phone=3", "--set phone=3: phone: 3 stands where keys and values belong; write phone: {staff: 3}"),
        (
            "customers.count.x=3",
            "--set customers.count.x=3: customers.count: a mapping is not a whole number; "
            "write a whole number, such as 12 or 50_000",
        ),
        ("variants.a=3", "--set variants.a=3: variants: unknown key; it can stand only at the top of a file"),
        ("lasts=3", "--set lasts=3: lasts: 3 has no unit; write a number with s, m, h, d or w, such as 3m or 1.5h"),
        (
            "name=a: b",
            "--set name=a: b: name: a key cannot stand here; mend the indentation, give the line above its ': ', or "
            "quote a value with ': ' in it",
        ),
    ],
)
def test_a_wrong_assignment_is_shown_as_typed(assignment: str, said: str, files: Files) -> None:
    """An unknown path, a value where a section belongs, or one that cannot be read names the option, not the file."""
    assert mistakes(files(mine=BASE), assignment) == [said]


@pytest.mark.parametrize(
    "assignment",
    [
        "load.host=http://u:canary@h",
        "load.host=u:canary@h",
        f"load.host=https://u:canary{'x' * 60}@h",
        "http://u:canary@h",
    ],
)
def test_a_password_is_not_repeated(assignment: str, files: Files) -> None:
    """What stands before the host of an address is cut from what is told of the assignment."""
    with pytest.raises((ScenarioError, UsageError)) as wrong:
        read(files(mine=BASE), (assignment,))
    assert "canary" not in str(wrong.value)


@pytest.mark.parametrize("assignment", ["phone.staff", "=3", "phone..staff=3", ""])
def test_what_is_no_assignment_is_a_usage_error(assignment: str, files: Files) -> None:
    """Without a path and an equals sign there is nothing to set."""
    with pytest.raises(UsageError, match=r"not an assignment; write it as in --set phone\.staff=12"):
        read(files(mine=BASE), (assignment,))


def test_set_goes_into_tables_and_over_variants(files: Files) -> None:
    """--set reaches into a table and a shift, wins over the variant, and replaces a value by a table."""
    path = files(mine=TABLE + "variants: {more: {phone.staff.mon-fri.17:00-20:00: 5, phone.lines: 3}}\n")
    found = read(path, ("phone.staff.mon-fri.17:00-20:00=8",), variant="more")
    assert [heads(found, 0, hour) for hour in (9, 18)] == [6, 8]
    assert phone(found).lines == 3
    found = read(files(mine=SHIFTS), ("phone.shifts.late.agents=7", "email.staff.mon-fri=2"))
    assert heads(found, 0, 19) == 7
    staff = found.spec.channels["email"].staff
    assert isinstance(staff, Week)
    assert {piece.weekday for piece in staff.pieces} == set(range(5))


def test_quotes_and_comments_in_an_assignment_are_those_of_yaml(files: Files) -> None:
    """A value in quotes is text, braces are a mapping, and what follows ` #` is a comment."""
    path = files(mine=BASE)
    assert read(path, ('name="a: b # c"',)).name == "a: b # c"
    assert read(path, ("name='x'  # for now",)).name == "x"
    assert phone(read(path, ("phone.hours={mon-sun: 09:00-18:00}",))).hours == Week(
        phone(read(path, ("phone.hours='09:00-18:00'",))).hours.pieces  # type: ignore[union-attr]
    )


def test_thresholds_and_uncertainty_are_set_by_their_whole_path(files: Files) -> None:
    """Below these two sections a dotted path is one key, in a file and in an assignment."""
    path = files(mine=BASE + "thresholds: {phone.service_level: at least 70%}\n")
    sets = ("thresholds.phone.service_level=at least 90%", "uncertainty.phone.handle_time=6m..9m")
    found = read(path, sets)
    assert found.spec.thresholds == {"phone.service_level": "at least 90%"}
    assert list(found.spec.uncertainty) == ["phone.handle_time"]


KEYS = st.lists(st.sampled_from(["phone", "email", "staff", "lines", "hours", "mon"]), min_size=1, max_size=4)


@given(KEYS, st.one_of(st.none(), st.integers(), st.text(max_size=3)))
def test_a_dotted_path_is_the_tree_it_names(keys: list[str], value: object) -> None:
    """What is laid down at a path is found there, and nothing else is."""
    path = layers.path_of(".".join(keys))
    tree: object = layers.nested(path, value)
    for key in keys:
        assert isinstance(tree, dict)
        assert list(tree) == [key]
        tree = tree[key]
    assert tree == value
