"""Reads a mapping for the generic `rest` helpdesk: a file of the user's, or a recipe of ours by its name.

What a mapping may say is checked by `sim.helpdesks.mapping`; here its mistakes get their lines and columns.
"""

from __future__ import annotations

from pathlib import Path

from sim.errors import Mistake, ScenarioError, UsageError, did_you_mean
from sim.helpdesks import mapping as language
from sim.scenario import yaml

RECIPES = Path(language.__file__).parent / "recipes"


def recipes() -> list[str]:
    """The names of the recipes that come along."""
    return sorted(path.stem for path in RECIPES.glob("*.yaml"))


def read_mapping(name_or_path: str | Path) -> language.HelpdeskMapping:
    """The mapping of a file, or of a recipe by its name.

    Raises:
        UsageError: there is no such file or recipe.
        ScenarioError: every mistake of the file at once, each with its line and column.
    """
    path = _path(name_or_path)
    document = yaml.read(path)
    if document.mistakes:
        raise ScenarioError(document.mistakes)
    try:
        return language.mapping_of(document.data)
    except language.BadMapping as bad:
        raise ScenarioError(
            Mistake(document.name, *document.place_of(wrong.path), yaml.dotted(wrong.path), wrong.what, wrong.hint)
            for wrong in bad.wrongs
        ) from None


def _path(name_or_path: str | Path) -> Path:
    path = Path(name_or_path)
    if path.suffix in (".yaml", ".yml") or len(path.parts) > 1 or path.is_file():
        return path
    known = recipes()
    if str(name_or_path) not in known:
        raise UsageError(f"there is no recipe '{name_or_path}'", did_you_mean(str(name_or_path), known))
    return RECIPES / f"{name_or_path}.yaml"
