"""The typed key: a name, the type of what is stored under it, and how branches combine it.

A key knows nothing of stores; it only describes one entry of any of them.
"""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import TYPE_CHECKING, Any, Final, Generic, NoReturn, TypeVar, final, overload
from weakref import WeakValueDictionary

from gostage.errors import StoreError, TypeMismatch

if TYPE_CHECKING:
    import builtins  # the class has a `type` of its own
    from collections.abc import Callable

__all__ = ["Key", "merging_key", "name_of"]

T = TypeVar("T")


class _Missing:
    """The type of `MISSING`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<no default>"


MISSING: Final = _Missing()

# A branch that was written to JSON names its merging keys only: the function is code and stays in
# the program. This is where it is found again. Weak, so that a key lives as long as its module
# wants it to; by identity, so that an equal key that comes and goes takes nothing with it.
_MERGING: Final[WeakValueDictionary[int, Key[Any]]] = WeakValueDictionary()


@final
class Key(Generic[T]):
    """A typed key: `Key("order.id", str)`, usable wherever a store takes a key.

    `merge` folds the values that branches running side by side write under it. A `secret` key
    marks what it writes as sensitive. `default` is what `store.get(key)` gives when there is none.
    """

    __slots__ = ("__weakref__", "default", "merge", "name", "secret", "type")

    name: str
    type: Any  # Any: an annotation has no static type of its own
    merge: Callable[[Any, Any], Any] | None  # Any: the values are of type T or parts of it
    secret: bool
    default: Any  # Any: of type T, or the mark for "none"

    @overload
    def __init__(
        self,
        name: str,
        type: builtins.type[T],
        merge: Callable[[Any, Any], Any] | None = None,
        *,
        secret: bool = False,
        default: T = ...,
    ) -> None: ...
    @overload
    def __init__(
        self: Key[Any],
        name: str,
        type: object = Any,
        merge: Callable[[Any, Any], Any] | None = None,
        *,
        secret: bool = False,
        default: object = ...,
    ) -> None: ...
    def __init__(
        self,
        name: str,
        type: object = Any,
        merge: Callable[[Any, Any], Any] | None = None,
        *,
        secret: bool = False,
        default: object = MISSING,
    ) -> None:
        """Describe the entry called `name`; raises if the parts do not fit together."""
        if not isinstance(name, str) or not name:
            message = f"the name of a key must be a text that is not empty, not {name!r}"
            raise StoreError(message, hint='write Key("order.id", str)')
        if merge is not None and not callable(merge):
            message = f"the merge of key {name!r} must be a function of two values, not {merge!r}"
            raise StoreError(message, hint="for example merge=operator.add")
        if default is not MISSING:
            _check_default(default, type, name)
        values = {
            "name": str.__str__(name),
            "type": type,
            "merge": merge,
            "secret": secret,
            "default": default,
        }
        for slot, value in values.items():
            object.__setattr__(self, slot, value)
        if merge is not None:
            _MERGING[id(self)] = self

    def _parts(self) -> tuple[object, ...]:
        return (self.name, self.type, self.merge, self.secret, self.default)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        """Refuse: a key is a value."""
        message = f"cannot assign to field {name!r}"
        raise FrozenInstanceError(message)

    def __delattr__(self, name: str) -> NoReturn:
        """Refuse: a key is a value."""
        message = f"cannot delete field {name!r}"
        raise FrozenInstanceError(message)

    def __eq__(self, other: object) -> bool:
        """Two keys are equal when everything about them is."""
        return self._parts() == other._parts() if isinstance(other, Key) else NotImplemented

    def __hash__(self) -> int:
        """Hash by name, which is all that equal keys surely share and can hash."""
        return hash((Key, self.name))

    def __str__(self) -> str:
        """The bare name, so that a key can stand in a message."""
        return self.name

    def __repr__(self) -> str:
        """Show how the key was written."""
        from gostage._store.types import type_name  # 1 ms, for a message

        secret = ", secret=True" if self.secret else ""
        return f"Key({self.name!r}, {type_name(self.type)}{secret})"

    def __reduce__(self) -> tuple[Any, ...]:  # Any: what the pickle protocol says
        """Rebuild from the parts, so that a merging key is known in the other process too."""
        return _rebuild, self._parts()


def _check_default(default: object, kind: object, name: str) -> None:
    from gostage._store.types import satisfies, type_name  # 1 ms, and most keys have no default

    if not satisfies(default, kind):
        raise TypeMismatch(
            f"the default of key {name!r} is not {type_name(kind)}",
            hint="give a default of the key's type",
        )


def _rebuild(name: str, kind: object, merge: Any, secret: bool, default: object) -> Key[Any]:  # noqa: ANN401
    if isinstance(default, _Missing):
        return Key(name, kind, merge, secret=secret)
    return Key(name, kind, merge, secret=secret, default=default)


def merging_key(name: str) -> Key[Any] | None:
    """Find the youngest living key of that name that has a merge."""
    found = [key for key in list(_MERGING.values()) if key.name == name]
    return found[-1] if found else None


def name_of(key: object) -> str:
    """The plain text of a key; raises for anything that cannot be one."""
    if type(key) is str and key:
        return key
    if isinstance(key, Key):
        return key.name
    if isinstance(key, str) and key:
        return str.__str__(key)
    what = "an empty text" if key == "" else f"{key!r} of type {type(key).__name__}"
    message = f"a store key must be a text that is not empty, or a Key, not {what}"
    raise StoreError(message, hint='write store["name"]')
