"""Objects in files: pickles that are opened with care.

A pickle can ask for anything to be made. Ours hold small classes of our own and arrays, and nothing else is made when
one is opened: first its bytes are compared with the digest that was noted beside it, then every name that it asks for
with those that have a place in it.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Collection
from functools import cached_property
from hashlib import sha256
from types import FunctionType
from typing import Any
from zoneinfo import ZoneInfo

from sim.errors import SimError

_OF_NUMPY = frozenset(("_reconstruct", "_frombuffer", "scalar", "ndarray", "dtype"))
_OF_PYTHON = frozenset(
    (("datetime", "date"), ("datetime", "datetime"), ("datetime", "timedelta"), ("zoneinfo", "ZoneInfo"),
     ("builtins", "set"), ("builtins", "frozenset"))
)  # fmt: skip


class Spoilt(SimError):
    """The bytes are not what they were, or ask for what has no place in them."""


class OtherVersion(Spoilt):
    """What they hold can no longer be made."""


def dumped(held: Any) -> bytes:
    """The bytes of an object without cycles. Equal objects have equal bytes, whichever process made their parts."""
    found = io.BytesIO()
    pickler = _Same(found, protocol=5)
    # nothing by reference: of what a worker sends, other parts are one and the same object than of what is made here
    pickler.fast = True
    pickler.dump(held)
    return found.getvalue()


def digest(data: bytes) -> str:
    """SHA-256, to be noted beside the file."""
    return sha256(data).hexdigest()


def opened(data: bytes, noted: str, ours: Collection[str], what: str) -> Any:
    """What was dumped.

    Args:
        noted: its digest. ours: the modules of this package whose classes may be made. what: as a mistake names it.

    Raises:
        Spoilt: see there.
    """
    if digest(data) != noted:
        raise Spoilt(f"{what} is not what it was when it was written")
    try:
        return _Careful(data, frozenset(ours), what).load()
    except (AttributeError, ImportError, LookupError, TypeError, ValueError, EOFError, pickle.PickleError) as problem:
        raise OtherVersion(f"{what} is of another version") from problem


class _Same(pickle.Pickler):
    """Writes the sets that an object holds in order, as theirs is another in every process, and leaves out what it has
    worked out and keeps."""

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, ZoneInfo):
            return ZoneInfo, (obj.key,)
        if isinstance(obj, type | FunctionType) or not hasattr(obj, "__dict__"):
            return NotImplemented
        made, arguments, *more = obj.__reduce_ex__(5)
        if not more or not isinstance(more[0], dict):
            return NotImplemented
        state = {
            key: _InOrder(each) if isinstance(each, set | frozenset) else each
            for key, each in more[0].items()
            if not isinstance(getattr(type(obj), key, None), cached_property)
        }
        return made, arguments, state, *more[1:]


class _InOrder:
    __slots__ = ("held",)

    def __init__(self, held: set[Any] | frozenset[Any]) -> None:
        self.held = held

    def __reduce__(self) -> tuple[type, tuple[list[Any]]]:
        return type(self.held), (sorted(self.held),)


class _Careful(pickle.Unpickler):
    """Makes nothing but our own data and NumPy's."""

    def __init__(self, data: bytes, ours: frozenset[str], what: str) -> None:
        super().__init__(io.BytesIO(data))
        self.ours, self.what = ours, what

    def find_class(self, module: str, name: str) -> Any:
        if module.split(".")[0] == "numpy" and name in _OF_NUMPY:
            return super().find_class(module, name)
        if (module, name) in _OF_PYTHON:
            return super().find_class(module, name)
        package, _, inside = module.partition(".")
        if package == "sim" and inside.split(".")[0] in self.ours:
            found = super().find_class(module, name)
            # not what a module of ours has from elsewhere
            if isinstance(found, type) and found.__module__ == module:
                return found
        raise Spoilt(f"{self.what} asks for {module}.{name}, which has no place in it", "make it anew")
