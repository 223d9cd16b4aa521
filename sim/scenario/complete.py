"""From what the user wrote to a whole scenario: short forms spelled out, defaults filled in, and which they were.

Short forms: ``phone:``, ``chat:`` and ``email:`` may stand at the top; ``customers: 20000`` is a count; a channel may
carry its own ``staff:``, which makes a group of the channel's name.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim import defaults
from sim.defaults import CHANNELS, LIKE, Default

Keys = tuple[str | int, ...]


@dataclass
class Completed:
    """`data` for validation; `origin` maps the paths that were moved to where the user wrote them; `assumed` are the
    defaults that were filled in, by path."""

    data: dict[str, Any]
    origin: dict[Keys, Keys]
    assumed: dict[str, Default]

    def written_at(self, path: Keys) -> Keys:
        """Where the user wrote what stands at `path` of the data."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.origin:
                return self.origin[path[:length]] + path[length:]
        return path


def complete(raw: Mapping[str, Any]) -> Completed:
    data: dict[str, Any] = copy.deepcopy(dict(raw))
    done = Completed(data, {}, {})
    _lift_channels(done)
    if not isinstance(data.get("customers", {}), dict):
        data["customers"] = {"count": data["customers"]}
        done.origin[("customers", "count")] = ("customers",)
    _fill(done, data, "", defaults.SCENARIO)
    _fill(done, _mapping(data, "demand"), "demand.", defaults.DEMAND)
    customers = _mapping(data, "customers")
    _fill(done, customers, "customers.", defaults.CUSTOMERS)
    segments = _entries(customers, "segments", {"all": {}})
    # of several segments each says its share
    preset = {key: value for key, value in defaults.SEGMENT.items() if key != "share" or len(segments) == 1}
    for name, segment in segments:
        _fill(done, segment, f"customers.segments.{name}.", preset)
    _entries(data, "intents", {"any": {"share": "100%"}})
    for name, channel in _entries(data, "channels", {}):
        _fill_channel(done, name, channel)
    for name, group in _entries(data, "groups", {}):
        _fill(done, group, f"groups.{name}.", defaults.GROUP)
    return done


def _lift_channels(done: Completed) -> None:
    """``phone:`` at the top is ``channels.phone``, unless that is there as well (then it stays, an unknown key)."""
    for name in CHANNELS:
        if name in done.data and name not in _mapping(done.data, "channels"):
            done.data["channels"][name] = done.data.pop(name)
            done.origin[("channels", name)] = (name,)


def _fill_channel(done: Completed, name: str, channel: dict[str, Any]) -> None:
    like = name if name in CHANNELS else LIKE.get(str(channel.get("kind")), "")
    preset = CHANNELS.get(like, {})
    if like != name:
        # a channel of the user's own says what kind it is
        preset = {key: default for key, default in preset.items() if key != "kind"}
    _fill(done, channel, f"channels.{name}.", preset)


def _fill(done: Completed, data: Any, prefix: str, preset: Mapping[str, Default]) -> None:
    if not isinstance(data, dict):
        return
    for key, default in preset.items():
        if data.get(key) is None:
            data[key] = copy.deepcopy(default.value)
            done.assumed[prefix + key] = default


def _mapping(data: dict[str, Any], key: str) -> Any:
    """The mapping at `key`; made where there is none; whatever else is there is left for validation to refuse."""
    if data.get(key) is None:
        data[key] = {}
    return data[key] if isinstance(data[key], dict) else {}


def _entries(data: dict[str, Any], key: str, otherwise: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The entries of a mapping of mappings; an entry left empty becomes an empty mapping."""
    if not isinstance(data, dict):
        return []
    entries = _mapping(data, key)
    if not entries and isinstance(data.get(key), dict):
        data[key] = entries = copy.deepcopy(otherwise)
    for name, entry in entries.items():
        if entry is None:
            entries[name] = {}
    return [(name, entry) for name, entry in entries.items() if isinstance(entry, dict)]
