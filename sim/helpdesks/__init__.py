"""The helpdesks that a scenario's customers can be sent to, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sim.errors import UsageError, did_you_mean
from sim.helpdesks.protocol import Helpdesk, Session
from sim.helpdesks.tokens import Tokens

Make = Callable[[Session, Tokens, Mapping[str, Any]], Helpdesk]


@dataclass(frozen=True)
class Entry:
    """A kind of helpdesk: what it is, the settings it knows, and what makes its adapter (loaded only then)."""

    title: str
    settings: frozenset[str]
    make: Make


def _rt(session: Session, tokens: Tokens, settings: Mapping[str, Any]) -> Helpdesk:
    from sim.helpdesks.rt import RequestTracker

    return RequestTracker(session, tokens, **settings)


def _django_helpdesk(session: Session, tokens: Tokens, settings: Mapping[str, Any]) -> Helpdesk:
    from sim.helpdesks.django_helpdesk import DjangoHelpdesk

    return DjangoHelpdesk(session, tokens, **settings)


def _rest(session: Session, tokens: Tokens, settings: Mapping[str, Any]) -> Helpdesk:
    from sim.helpdesks.rest import Rest

    if "mapping" not in settings:
        raise UsageError("the helpdesk 'rest' needs a mapping", "name a file or a recipe: mapping: zammad")
    return Rest(session, tokens, ready(settings)["mapping"])


HELPDESKS: Mapping[str, Entry] = MappingProxyType(
    {
        "rt": Entry("Request Tracker 5", frozenset({"queue"}), _rt),
        "django-helpdesk": Entry("django-helpdesk 2", frozenset({"queue"}), _django_helpdesk),
        "rest": Entry("another one, by a mapping", frozenset({"mapping"}), _rest),
    }
)


def ready(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings of many adapters: a mapping is read here, once, and not by each of them."""
    from sim.helpdesks.mapping import HelpdeskMapping, mapping_of

    mapping = settings.get("mapping")
    return settings if mapping is None or isinstance(mapping, HelpdeskMapping) else {"mapping": mapping_of(mapping)}


def adapter(name: str, session: Session, tokens: Tokens, settings: Mapping[str, Any]) -> Helpdesk:
    """The adapter for a helpdesk, over a session; it asks the desk nothing yet.

    Args:
        name: one of `HELPDESKS`.
        settings: {"queue": …}, or {"mapping": the data of a mapping} for "rest"; `ready` or not.

    Raises:
        UsageError: there is no such helpdesk, or it has no such setting.
    """
    entry = HELPDESKS.get(name)
    if entry is None:
        raise UsageError(f"there is no helpdesk '{name}'", did_you_mean(name, list(HELPDESKS)))
    for setting in settings:
        if setting not in entry.settings:
            raise UsageError(
                f"the helpdesk '{name}' has no setting '{setting}'", did_you_mean(setting, sorted(entry.settings))
            )
    return entry.make(session, tokens, settings)
