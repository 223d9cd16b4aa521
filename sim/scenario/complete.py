"""From what the user wrote to a whole scenario: short forms spelled out, then defaults filled in.

Short forms: ``phone:``, ``chat:`` and ``email:`` may stand at the top; ``customers: 20000`` is a count; a channel may
carry its own ``staff:``, which makes a group of the channel's name.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sim import defaults
from sim.defaults import CHANNELS, LIKE, Default
from sim.policies import RESPONSE, ROUTING, STAFFING
from sim.policies.options import left_out

Keys = tuple[str | int, ...]

_MONEY = re.compile(r"([0-9]\s*)([A-Z]{3})\b")
_PRICED = ("cost", "margin", "charge", "fixed")
"""Keys of amounts of money; cost is a threshold as well."""


def spell_out(raw: Mapping[str, Any]) -> tuple[dict[str, Any], dict[Keys, Keys]]:
    """A copy without short forms, and the paths that were moved, each with where the user wrote it.

    ``phone:`` stays at the top, an unknown key there, where ``channels.phone`` is in the file as well.
    """
    data: dict[str, Any] = copy.deepcopy(dict(raw))
    origin: dict[Keys, Keys] = {}
    channels = _mapping(data, "channels")
    for name in CHANNELS:
        if name in data and name not in channels and channels is data["channels"]:
            channels[name] = data.pop(name)
            origin["channels", name] = (name,)
    if not isinstance(data.get("customers", {}), dict | None):
        data["customers"] = {"count": data["customers"]}
        origin["customers", "count"] = ("customers",)
    return data, origin


def fill(spelled: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Default]]:
    """A copy with every default in its place, and those defaults by path; they are in the currency of the scenario."""
    data: dict[str, Any] = copy.deepcopy(dict(spelled))
    return data, _Filling(_currency(data)).scenario(data)


class _Filling:
    def __init__(self, currency: str) -> None:
        self.currency = currency
        self.assumed: dict[str, Default] = {}

    def scenario(self, data: dict[str, Any]) -> dict[str, Default]:
        self._fill(data, "", defaults.SCENARIO)
        demand = _mapping(data, "demand")
        said = demand.get("forecast_error") is not None
        # another way to say it
        self._fill(demand, "demand.", {k: it for k, it in defaults.DEMAND.items() if k != "busy_days" or not said})
        for name, surge in _entries(demand, "surges", {}):
            self._fill(surge, f"demand.surges.{name}.", defaults.SURGE)
        policies = _mapping(data, "policies")
        for key, catalogue in (("routing", ROUTING), ("response", RESPONSE), ("staffing", STAFFING)):
            self._settings(f"policies.{key}", policies.get(key), catalogue)
        self._fill(policies, "policies.", defaults.POLICIES)
        self._fill(_mapping(data, "survey"), "survey.", defaults.SURVEY)
        for name, event in _entries(data, "events", {}):
            self._fill(event, f"events.{name}.", defaults.EVENT)
        customers = _mapping(data, "customers")
        self._fill(customers, "customers.", defaults.CUSTOMERS)
        segments = _entries(customers, "segments", {"all": {}})
        # of several segments each says its share
        preset = {key: value for key, value in defaults.SEGMENT.items() if key != "share" or len(segments) == 1}
        for name, segment in segments:
            self._fill(segment, f"customers.segments.{name}.", preset)
        _entries(data, "intents", {"any": {"share": "100%"}})
        promised = data.get("targets")
        for name, channel in _entries(data, "channels", {}):
            self._fill(channel, f"channels.{name}.", _channel(name, channel))
            if isinstance(promised, dict) and name in promised:
                # goes before the channel's own, so that nothing rests on the default
                self.assumed.pop(f"channels.{name}.target", None)
            if channel.get("staff") is not None or channel.get("shifts") is not None:
                self._fill(channel, f"channels.{name}.", _group(channel))
        for name, group in _entries(data, "groups", {}):
            self._fill(group, f"groups.{name}.", _group(group))
        return self.assumed

    def _fill(self, data: dict[str, Any], prefix: str, preset: Mapping[str, Default]) -> None:
        for key, default in preset.items():
            if data.get(key) is None:
                here = self._in_currency(default)
                data[key] = copy.deepcopy(here.value)
                self.assumed[prefix + key] = here

    def _settings(self, path: str, said: Any, catalogue: Mapping[str, Any]) -> None:
        """The settings of the policies that are named, where the user does not give them."""
        text = ", ".join(map(str, said)) if isinstance(said, list) else str(said)
        for name, settings in re.findall(r"(\w+)\s*(?:\(([^()]*)\))?", text):
            if name in catalogue:
                given = [setting.split()[0] for setting in settings.split(",") if setting.strip()]
                for setting, default in left_out(catalogue[name], given):
                    self.assumed[f"{path}.{name}({setting})"] = default

    def _in_currency(self, default: Default) -> Default:
        if not isinstance(default.value, str) or not _MONEY.search(default.value):
            return default
        value, range_ = (_MONEY.sub(rf"\g<1>{self.currency}", text) for text in (default.value, default.range))
        return replace(default, value=value, range=range_)


def _channel(name: str, channel: Mapping[str, Any]) -> dict[str, Default]:
    """The defaults of a channel: its own, or those of the one it is like; of the user's own, it says its kind."""
    own = channel.get("rate") is not None or channel.get("volume") is not None
    counted = defaults.COUNTED if own else {}
    said = channel.get("kind")
    if name in CHANNELS and said in (None, CHANNELS[name]["kind"].value):
        return CHANNELS[name] | counted
    like = CHANNELS[LIKE.get(str(said), "phone")]
    return {key: default for key, default in like.items() if key != "kind"} | counted


def _group(holder: Mapping[str, Any]) -> dict[str, Default]:
    return defaults.of_group(breaks=holder.get("shifts") is not None, absence=holder.get("absence") is not None)


def _currency(data: Mapping[str, Any]) -> str:
    """The first currency that the user writes for an amount, for thresholds last; else that of the defaults."""
    limits = {"thresholds": data.get("thresholds")}
    texts = (*_amounts({key: part for key, part in data.items() if key not in limits}), *_amounts(limits))
    return next((found[2] for text in texts if (found := _MONEY.search(text))), "EUR")


def _amounts(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        for key, value in data.items():
            if key in _PRICED and isinstance(value, str):
                yield value
            else:
                yield from _amounts(value)


def _mapping(data: dict[str, Any], key: str) -> dict[str, Any]:
    """The mapping at `key`, made where there is none; whatever else is there is left for validation to refuse."""
    if data.get(key) is None:
        data[key] = {}
    return data[key] if isinstance(data[key], dict) else {}


def _entries(data: dict[str, Any], key: str, otherwise: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The entries of a mapping of mappings; an entry left empty becomes an empty mapping."""
    entries = _mapping(data, key)
    if not entries and isinstance(data[key], dict):
        data[key] = entries = copy.deepcopy(otherwise)
    for name, entry in entries.items():
        if entry is None:
            entries[name] = {}
    return [(name, entry) for name, entry in entries.items() if isinstance(entry, dict)]
