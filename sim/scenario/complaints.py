"""What pydantic complains of, in words for people: what is wrong with a value, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from sim.defaults import CHANNELS, USUAL
from sim.errors import did_you_mean
from sim.scenario.complete import Keys
from sim.scenario.problems import Problem
from sim.scenario.spec import ScenarioSpec
from sim.units import shown

LISTED = 8
"""A hint lists at most this many keys."""

OF_THE_FILE = ("extends", "variants")
"""Keys at the top that say how a scenario is laid together, and are gone once it is."""

_TRADE = {
    "acw": "wrap_up", "after_call_work": "wrap_up", "agents": "staff", "aht": "handle_time", "concurrency": "at_once",
    "days": "lasts", "duration": "lasts", "fcr": "resolved_at_first_contact", "headcount": "staff", "horizon": "lasts",
    "open": "hours", "schedule": "staff", "service_level": "target", "sla": "target", "skills": "answers",
    "start": "starts", "timezone": "time_zone", "volume": "rate", "wage": "cost",
}  # fmt: skip
"""What planners call it elsewhere."""

_EXAMPLES = {
    "AbortOn": "{errors: above 20% within 30s}",
    "Channel": "{staff: 12, hours: 08:00-20:00}",
    "Columns": "{arrival: time}",
    "Contracts": "{rolling: 40%, one_year: 35%, two_years: 25%}",
    "Costs": "{fixed: 900 EUR/month}",
    "Customers": "{count: 20000}",
    "Demand": "{busy_days: 60}",
    "Event": "{at: 2026-10-06 18:20, lasts: 6h, factor: 2.5x}",
    "Group": "{answers: [phone], staff: 12}",
    "Intent": "{share: 30%}",
    "Load": "{rate: 50/s, thresholds: {create.p95: at most 800ms}}",
    "LoadMail": "{to: support@desk.test, smtp: '127.0.0.1:2525', mailbox: mailbox.jsonl}",
    "Policies": "{routing: live_first}",
    "Replay": "{file: calls.csv, columns: {arrival: time}}",
    "Segment": "{share: 60%}",
    "Staging": "{url: https://desk-staging.example.com/banner, shows: STAGING}",
    "Surge": "{often: 1/month, lasts: 2h, factor: 2.5x}",
    "Survey": "{asked: 60%}",
}
_ENTRIES = {
    "channels": "phone: {staff: 12, hours: 08:00-20:00}",
    "events": "storm: {at: 2026-10-06 18:20, lasts: 6h, factor: 2.5x}",
    "groups": "front_line: {answers: [phone], staff: 12}",
    "intents": "billing: {share: 30%}",
    "leave_out": "outcome: [test]",
    "load.channels": "email: email",
    "load.thresholds": "create.p95: at most 800ms",
    "segments": "homes: {share: 60%}",
    "surges": "outage: {often: 1/month, lasts: 2h, factor: 2.5x}",
    "targets": "phone: 80% within 20s",
    "thresholds": "phone.service_level: at least 80%",
    "uncertainty": "phone.handle_time: 6m..10m",
}
_MEANT = {"Channel": "staff", "Intent": "share", "Segment": "share"}
"""The key that somebody who writes one value for a whole mapping has in mind."""

_ADD = {
    "answers": "answers: [phone]",
    "arrival": "arrival: time",
    "columns": "columns: {arrival: time}",
    "factor": "factor: 2.5x",
    "file": "file: calls.csv",
    "mailbox": "mailbox: mailbox.jsonl",
    "often": "often: 1/month",
    "share": "share: 25%",
    "shows": "shows: STAGING",
    "smtp": "smtp: '127.0.0.1:2525'",
    "staff": "staff: 12",
    "to": "to: support@desk.test",
    "url": "url: https://desk-staging.example.com/banner",
}


def explain(location: Keys, error: Mapping[str, Any]) -> Iterator[Problem]:
    """The problems that one complaint stands for; their `at` is below `location`, or above it: see `above`."""
    kind, value = error["type"], error.get("input")
    key = str(location[-1]) if location else ""
    if kind == "unclear":
        yield from error["ctx"]["problems"]
    elif kind == "extra_forbidden":
        yield Problem((), "unknown key", _unknown(key, value, location[:-1]))
    elif kind == "missing":
        yield Problem((), f"'{key}' is missing", _missing(key, location))
    elif kind in ("model_type", "dict_type", "model_attributes_type"):
        yield Problem((), f"{shown(value)} stands where keys and values belong", _keys(key, value, location))
    elif kind == "string_type":
        scalar = not isinstance(value, dict | list | None)
        yield Problem((), f"{shown(value)} is not text", f"write '{shown(value)}'" if scalar else "write a word")
    elif kind == "literal_error":
        choices = re.findall("'([^']+)'", error["ctx"]["expected"])
        yield Problem((), f"{shown(value)} is not a choice here", did_you_mean(str(value)[:60], choices))
    else:
        yield Problem((), f"{shown(value)} cannot be read: {error['msg'].lower()}", "write it another way")


def meant(location: Keys) -> Keys:
    """The path that was meant by an unknown key: that of the nearest known one, else its own."""
    holder, key = location[:-1], str(location[-1])
    near = _nearest(key.partition(":")[0], known(holder))
    if near is None:
        return location
    return ("channels", near) if not holder and near in CHANNELS else (*holder, near)


def known(location: Keys) -> tuple[str, ...]:
    """The keys that may stand at a place; none where the user chooses them."""
    model = _model(location)
    keys = tuple(model.model_fields) if model is not None else ()
    others = (name for name in CHANNELS if name not in USUAL)
    return (*USUAL, *keys, *OF_THE_FILE, *others) if not location else keys


def is_section(location: Keys) -> bool:
    """Whether a place holds keys that the schema names, or entries by a name of the user's."""
    here = _type_at(location)
    return get_origin(here) is dict or (isinstance(here, type) and issubclass(here, BaseModel))


def _model(location: Keys) -> type[BaseModel] | None:
    """The schema of the mapping at a place."""
    here = _type_at(location)
    return here if isinstance(here, type) and issubclass(here, BaseModel) else None


def _type_at(location: Keys) -> Any:
    here: Any = ScenarioSpec
    for key in location:
        if isinstance(here, type) and issubclass(here, BaseModel):
            field = here.model_fields.get(str(key))
            here = field.annotation if field is not None else None
        else:
            here = get_args(here)[-1] if get_origin(here) is dict else None
        parts: tuple[Any, ...] = get_args(here)
        here = parts[0] if type(None) in parts else here
    return here


def _nearest(key: str, keys: tuple[str, ...], *, cutoff: float = 0.6) -> str | None:
    word = key.lower().strip()[:60]
    if _TRADE.get(word) in keys:
        return _TRADE[word]
    return next(iter(get_close_matches(word, keys, n=1, cutoff=cutoff)), None)


def _unknown(key: str, value: Any, holder: Keys) -> str:
    keys = known(holder)
    if not holder and key in CHANNELS:
        return f"'{key}' stands under channels as well; keep one of the two"
    if not holder and key in OF_THE_FILE:
        return "it can stand only at the top of a file"
    name, colon, rest = key.partition(":")
    if value is None and colon and _nearest(name, keys):
        return f"write {_nearest(name, keys)}: {rest[:40].strip()}, with a space after the colon"
    joined = re.match(r"\s*([\w-]+)\s*[:=]?\s*[{\[=]", key)
    if joined and _nearest(joined[1], keys):
        return f"write {_nearest(joined[1], keys)}: and what follows, with a colon and a space"
    if value is None and not re.fullmatch(r"[\w-]+", key):
        return "if this is the rest of the value before it, put that whole value in quotes"
    near = _nearest(key, keys)
    if near is not None:
        return f"did you mean '{near}'?"
    if not holder and isinstance(value, dict):
        return "a channel of your own stands under channels, a team under groups"
    more = f" and {len(keys) - LISTED} more" if len(keys) > LISTED else ""
    return f"known here: {', '.join(keys[:LISTED])}{more}"


def _missing(key: str, location: Keys) -> str:
    if key != "kind":
        return f"add it, as in {_ADD[key]}" if key in _ADD else "add it"
    near = _nearest(str(location[-2]), tuple(CHANNELS), cutoff=0.75)
    question = f"did you mean '{near}'? " if near is not None else ""
    return f"{question}a channel of your own needs kind: live (people wait) or kind: deferrable (messages wait)"


def _keys(key: str, value: Any, location: Keys) -> str:
    model = _model(location)
    if model is None:
        entry = _ENTRIES.get(".".join(map(str, location)), _ENTRIES.get(key))
        return "write key: value" if entry is None else f"write {key}: {{{entry}}}"
    lead = _MEANT.get(model.__name__)
    if lead is not None and not isinstance(value, dict | list):
        return f"write {key}: {{{lead}: {str(value)[:60]}}}"
    return f"write {key}: {_EXAMPLES[model.__name__]}" if model.__name__ in _EXAMPLES else "write key: value"
