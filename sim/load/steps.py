"""A step at the desk: written into the books before it is sent, timed, tried again where that is safe, written down.

What failed may have happened all the same. So before a step that makes something is tried again, the desk is searched
for what the failed one has made, until it can tell; "created despite an error" is an outcome of its own. Of a mail it
never can: the desk takes mail in when it likes. So a mail that the mail server may have is never sent again.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sim.helpdesks.protocol import Helpdesk, Kind, Trouble
from sim.load.ledger import Ledger, Read, Wire, Write

TRIES = 4
PAUSE = 0.5
"""Seconds before the second try; each further pause is twice as long."""
LONGEST_PAUSE = 30.0
SEARCHES = 6
"""How often a desk that fails is asked for what a failed step has made: for 15 seconds, as it may be starting anew."""
MAIL_SEARCHES = 3
"""How often a desk is asked for what a mail has made: a moment only, as what comes later is found in its lists."""
AGAIN = frozenset((Kind.THROTTLED, Kind.SERVER, Kind.CONNECTION, Kind.TIMEOUT, Kind.DNS))
"""What may be another way a moment later."""

Act = Callable[[Helpdesk], Any]
Fire = Callable[[str, str, float, str | None], None]
"""Told of every request: kind of step, channel, milliseconds from send, what went wrong."""


@dataclass(frozen=True)
class Done:
    """What came of a step. `value` is what the verb gave; of a create that failed and exists, the ticket."""

    ok: bool
    value: Any = None
    trouble: Trouble | None = None
    exists: bool | None = None
    sent: float = 0.0
    """When it was first sent: epoch seconds."""
    done: float = 0.0

    @property
    def there(self) -> bool:
        """Whether the desk has it, with or without an error."""
        return self.ok or self.exists is True


class Steps:
    """Takes steps, for one process.

    Args:
        desk: makes an adapter whose every request carries some headers; `fresh`: over connections of its own.
        clock: epoch seconds that no change of the wall clock moves.
    """

    def __init__(
        self,
        ledger: Ledger,
        desk: Callable[[Mapping[str, str], bool], Any],
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        fire: Fire,
    ) -> None:
        self.ledger, self.clock, self.sleep = ledger, clock, sleep
        self._desk, self._fire = desk, fire

    def write(
        self,
        c: str,
        step: Write,
        act: Act,
        *,
        channel: str,
        wire: Wire = "rest",
        due: float | None = None,
        found: Act | None = None,
        customer: bool = True,
        tries: int = TRIES,
    ) -> Done:
        """A step that changes something at the desk.

        Args:
            found: what `act` has made, if it has (truthy); asked before `act` is tried again, which it is not where
                nobody can tell. None: `act` does no harm when it is done twice, unless it is a mail: that always does.

        Raises:
            LedgerBroken: it could not be written down, and was not sent.
        """
        trace = uuid.uuid4().hex
        name = self.ledger.intent(c, step, wire=wire, channel=channel, due=due, trace=trace)
        first = self.clock()
        for number in range(1, tries + 1):
            # a span of its own for every try
            headers = {"X-Sim-Contact": c, "traceparent": f"00-{trace}-{uuid.uuid4().hex[:16]}-01"}
            with self._desk(headers, customer) as desk:
                began = self.clock()
                value, failed = _tried(act, desk)
                now = self.clock()
                ms = (now - began) * 1000
                self._fire(step, channel, ms, None if failed is None else failed.kind.value)
                if failed is None:
                    ticket = value if isinstance(value, str) else None
                    self.ledger.outcome(name, ok=True, ms=ms, ticket=ticket)
                    return Done(True, value, None, None, first, now)
                there = self._is_there(desk, c, found, wire) if failed.may_exist and found is not None else None
                unknown = failed.may_exist and there is None and (found is not None or wire == "email")
                again = not there and not unknown and number < tries and failed.kind in AGAIN
                exists = bool(there) if there is not None else (None if failed.may_exist else False)
                self.ledger.outcome(
                    name, ok=False, ms=ms, ticket=there if isinstance(there, str) else None, status=failed.status,
                    kind=failed.kind.value, what=failed.what, exists=exists, tries=number, retried=again,
                )  # fmt: skip
            if not again:
                break
            self.sleep(_pause(failed, number))
        return Done(False, there or None, failed, exists, first, self.clock())

    def read(self, c: str, step: Read, act: Act, *, channel: str = "", customer: bool = True) -> Any:
        """A step that changes nothing. Raises Trouble."""
        headers = {"X-Sim-Contact": c} if c else {}
        with self._desk(headers, customer) as desk:
            began = self.clock()
            kind = None
            try:
                return act(desk)
            except Trouble as trouble:
                kind = trouble.kind.value
                raise
            finally:
                ms = (self.clock() - began) * 1000
                self.ledger.step(c, step, ms=ms, ok=kind is None, kind=kind)
                self._fire(step, channel, ms, kind)

    def _is_there(self, desk: Helpdesk, c: str, found: Act, wire: Wire) -> Any:
        """What a failed step has made, False for nothing; None where even that cannot be told."""
        mailed = wire == "email"
        searches = MAIL_SEARCHES if mailed else SEARCHES
        for number in range(1, searches + 1):
            began = self.clock()
            there, failed = _tried(found, desk)
            kind = None if failed is None else failed.kind.value
            self.ledger.step(c, "search", ms=(self.clock() - began) * 1000, ok=failed is None, kind=kind)
            # a mail that is not there may yet come
            if failed is None and (there or not mailed):
                return there or False
            if number == searches or (failed is not None and failed.kind not in AGAIN):
                break
            self.sleep(_pause(failed, number))
        return None


def _pause(failed: Trouble | None, number: int) -> float:
    """Seconds to wait after the try of this number."""
    if failed is None or failed.retry_after is None:
        return min(PAUSE * 2.0 ** (number - 1), LONGEST_PAUSE)
    # longer each time: all who were refused at once would else be back at once
    return min(failed.retry_after * number, LONGEST_PAUSE)


def _tried(act: Act, desk: Helpdesk) -> tuple[Any, Trouble | None]:
    try:
        return act(desk), None
    except Trouble as trouble:
        return None, trouble
