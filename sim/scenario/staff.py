"""Whose staff is what: numbers, tables by the week, shifts and files of them, as plans over real days.

After `Filling` no file is left in a scenario: what it held stands in its place, so that it counts as what the scenario
means.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from functools import partial
from pathlib import Path
from typing import TypeVar

from sim import defaults
from sim.clock import Dated, Piece, Week
from sim.defaults import Default
from sim.errors import SimError, did_you_mean
from sim.roster import read_levels, read_shifts
from sim.scenario.complete import Keys
from sim.scenario.rota import FromFile, InlineShift
from sim.scenario.spec import Channel, FromLog, Group, ScenarioSpec
from sim.shifts import Shift, Team, shifts_of
from sim.units import money, share

T = TypeVar("T", Channel, Group)


def groups(spec: ScenarioSpec) -> dict[str, Group]:
    """All skill groups: those of the scenario, and one for every channel that carries its own staff."""
    own = {
        name: Group.model_construct(
            answers=(name,),
            then=(),
            staff=channel.staff,
            shifts=channel.shifts,
            cost=channel.cost,
            shrinkage=channel.shrinkage,
        )
        for name, channel in spec.channels.items()
        if channel.staff is not None or channel.shifts is not None
    }
    return spec.groups | own


def currency_of(spec: ScenarioSpec) -> str:
    """The currency of the desk: that of its staff."""
    return next((team.cost.currency for team in groups(spec).values()), "EUR")


def on_the_floor(spec: ScenarioSpec, group: Group) -> Week | Dated:
    """A group's agents, those on a break left out. A plain number holds while any channel that the group answers has
    its hours. Not for staff rebuilt from a log."""
    assert not isinstance(group.staff, FromLog | FromFile)
    if group.staff is None:
        return group.shifts.agents if isinstance(group.shifts, Team) else Week(())
    if isinstance(group.staff, Week | Dated):
        return group.staff
    union = Week((), ())
    for name in (*group.answers, *group.then):
        hours = spec.channels[name].hours if name in spec.channels else Week(())
        more = (Week.always() if hours is None else hours).less(union)
        assert union.holiday is not None
        assert more.holiday is not None
        union = Week(tuple(sorted((*union.pieces, *more.pieces))), tuple(sorted((*union.holiday, *more.holiday))))
    level = group.staff

    def staffed(pieces: tuple[Piece, ...] | None) -> tuple[Piece, ...]:
        return tuple(piece._replace(value=level) for piece in pieces or ())

    return Week(staffed(union.pieces), staffed(union.holiday))


def on_the_payroll(group: Group) -> Week | Dated | None:
    """Who is paid when, of shifts; None where whoever is on the floor is paid."""
    return group.shifts.paid if isinstance(group.shifts, Team) else None


class Filling:
    """A scenario with its tables of staff read, and what was wrong with them, by path.

    Args:
        folder: what the path of a file is relative to, by where in the scenario it stands. assumed: the paths of what
            the scenario leaves to defaults.
    """

    def __init__(self, spec: ScenarioSpec, folder: Callable[[Keys], Path], assumed: Container[str] = ()) -> None:
        self.problems: list[tuple[Keys, SimError]] = []
        self.assumed: dict[str, Default] = {}
        """What a roster leaves to defaults, by path."""
        self.said: set[str] = set()
        """Paths of costs that a file says, whatever stood there."""
        self.unused: dict[str, tuple[str, ...]] = {}
        """By file: headers of the columns that nothing was read from."""
        self._left_out = assumed
        self._zone = spec.time_zone
        self._folder = folder
        self._known = tuple(spec.channels)
        channels = {name: self._filled(("channels", name), name, channel) for name, channel in spec.channels.items()}
        named = {name: self._filled(("groups", name), name, group) for name, group in spec.groups.items()}
        if spec.roster is not None:
            named |= self._rostered(spec.roster, named)
        self.spec = spec.model_copy(update={"channels": channels, "groups": named, "roster": None})

    def _filled(self, path: Keys, name: str, holder: T) -> T:
        changes: dict[str, object] = {}
        if isinstance(holder.staff, FromFile):
            changes["staff"] = self._levels((*path, "staff"), name, holder.staff)
        if isinstance(holder.shifts, FromFile):
            changes["shifts"] = self._people((*path, "shifts"), name, holder.shifts)
        elif holder.shifts is not None:
            changes["shifts"] = shifts_of([_shift(each) for each in holder.shifts], self._zone)
        team = changes.get("shifts")
        at = ".".join(map(str, path))
        if isinstance(team, Team) and team.cost is not None:
            changes["cost"] = team.cost
            self.said.add(f"{at}.cost")
        if isinstance(team, Team) and isinstance(holder.shifts, FromFile) and f"{at}.shrinkage" in self._left_out:
            absence = isinstance(holder, Group) and holder.absence > 0
            shrinkage = defaults.of_group(breaks=team.shows_breaks, absence=absence)["shrinkage"]
            changes["shrinkage"] = share(shrinkage.value)
            self.assumed[f"{at}.shrinkage"] = shrinkage
        return holder.model_copy(update=changes) if changes else holder

    def _levels(self, path: Keys, name: str, table: FromFile) -> Week | Dated:
        try:
            return read_levels(
                self._folder(path) / table.file,
                self._zone,
                sheet=table.sheet,
                group=table.group,
                otherwise=name,
                columns=dict(table.columns),
                tell=partial(self._note_unused, table),
            )
        except SimError as problem:
            self.problems.append((path, problem))
            return Week(())

    def _people(self, path: Keys, name: str, table: FromFile) -> Team | None:
        # whose skills are whose does not matter to a channel or group that names its people
        teams = self._teams(path, table, None)
        wanted = table.group or name
        found = next((team for team in teams if team.name.lower() == wanted.lower()), None)
        if found is None and len(teams) == 1 and table.group is None:
            return teams[0]
        if found is None and teams:
            names = [team.name for team in teams]
            hint = (
                did_you_mean(wanted, names) if table.group else f"say which: {{file: {table.file}, group: {names[0]}}}"
            )
            self.problems.append((path, SimError(f"{table.file} has no group '{wanted}'", hint)))
        return found

    def _teams(self, path: Keys, table: FromFile, channels: tuple[str, ...] | None) -> tuple[Team, ...]:
        try:
            return read_shifts(
                self._folder(path) / table.file,
                self._zone,
                sheet=table.sheet,
                group=None,
                columns=dict(table.columns),
                channels=channels,
                currency=None,
                tell=partial(self._note_unused, table),
            )
        except SimError as problem:
            self.problems.append((path, problem))
            return ()

    def _note_unused(self, table: FromFile, headers: tuple[str, ...]) -> None:
        """A file may be read more than once: a column is not used if it never is."""
        file = table.file if table.sheet is None else f"{table.file}, sheet {table.sheet}"
        before = self.unused.get(file, headers)
        self.unused[file] = tuple(header for header in headers if header in before)

    def _rostered(self, table: FromFile, named: dict[str, Group]) -> dict[str, Group]:
        """The groups that a file of people makes: each set of skills one."""
        found = {}
        for team in self._teams(("roster",), table, self._known):
            # a name that tables and plots can show, where the file has none of its own
            name = team.name.replace("+", " and ")
            if name in named or not team.skills:
                what = f"group '{name}' is in the scenario as well" if team.skills else "nobody's skills are given"
                hint = "keep one of the two" if team.skills else "add a column skills, such as phone, chat"
                self.problems.append((("roster",), SimError(what, hint)))
                continue
            cost, shrinkage = _preset(team)["cost"], _preset(team)["shrinkage"]
            found[name] = Group.model_construct(
                answers=team.skills,
                then=(),
                staff=None,
                shifts=team,
                cost=team.cost or money(cost.value),
                shrinkage=share(shrinkage.value),
            )
            self.assumed |= {f"groups.{name}.cost": cost} if team.cost is None else {}
            self.assumed[f"groups.{name}.shrinkage"] = shrinkage
        return found


def _preset(team: Team) -> dict[str, Default]:
    """The defaults of a group whose shifts come from a file: without breaks in it, they are part of the shrinkage."""
    return defaults.of_group(breaks=team.shows_breaks, absence=False)


def _shift(given: InlineShift) -> Shift:
    """A shift of the scenario, of whoever works it."""
    return Shift(given.agents, given.days, given.start, given.end, given.breaks, name=given.name, skill=given.skill)
