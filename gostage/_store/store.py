"""The store: what a workflow's actions share, as a mapping with types, tags and times to live.

It holds values by reference and leaves the process only through `export`.
"""

from __future__ import annotations

import builtins
import time
from collections.abc import ItemsView, Iterator, KeysView, Mapping, MutableMapping, ValuesView
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar, overload

from gostage._store import combine, metadata, select, snapshot
from gostage._store.codec import STANDARD
from gostage._store.copies import FIXED, own_copy
from gostage._store.entry import Entry, metadata_of
from gostage._store.keys import MISSING, Key, name_of
from gostage._store.schema import schema_of
from gostage._store.table import Table
from gostage._store.types import is_annotation, kind_of, satisfies, type_name
from gostage._store.update import updated
from gostage._store.views import Items, Keys, Values
from gostage.errors import KeyMissing, StoreError, TypeMismatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import timedelta

    from gostage._store.codec import Codec
    from gostage._store.entry import Metadata

__all__ = ["Store", "over", "table_of"]

T = TypeVar("T")
D = TypeVar("D")

_ANY: Final = Any


class Store(MutableMapping["str | Key[Any]", Any]):  # Any: a store holds values of every type
    """A mapping of text keys to values of any type, in the order in which keys were first put.

    `clock` says what time it is, in seconds since the epoch; `codec` how values leave the process.
    """

    __slots__ = ("__weakref__", "_entries", "_table")

    _table: Table
    _entries: dict[str, Entry]

    def __init__(
        self,
        initial: Mapping[Any, object] | None = None,  # Any: texts and keys, mixed
        *,
        clock: Callable[[], float] = time.time,
        codec: Codec | None = None,
    ) -> None:
        _set_table(self, Table(clock, STANDARD if codec is None else codec))
        for key, value in dict(initial or ()).items():
            self[key] = value

    # -- the mapping ---------------------------------------------------------------------------

    @overload
    def __getitem__(self, key: Key[T]) -> T: ...
    @overload
    def __getitem__(self, key: str) -> Any: ...  # noqa: ANN401 - an untyped key holds anything
    @overload
    def __getitem__(self, key: str | Key[Any]) -> Any: ...  # noqa: ANN401 - as above
    def __getitem__(self, key: object) -> Any:
        """The value under a key; raises KeyMissing where there is none."""
        try:
            entry = self._entries[key]  # type: ignore[index] # a Key or a non-text is not found
            if entry.extra is None and (self._table.notes is None or type(entry.value) in FIXED):
                return entry.value
        except (KeyError, TypeError):
            pass
        return self._read(name_of(key), key.type if isinstance(key, Key) else _ANY)

    @overload
    def __setitem__(self, key: Key[T], value: T) -> None: ...
    @overload
    def __setitem__(self, key: str, value: object) -> None: ...
    def __setitem__(self, key: str | Key[Any], value: object) -> None:
        """Put a value, keeping the metadata the key has."""
        table = self._table
        try:
            old = self._entries.get(key)  # type: ignore[arg-type] # a Key is not found
        except TypeError:
            old = None
        if old is not None and old.extra is None:  # the fast path: a plain value over another
            name: str = key  # type: ignore[assignment] # it was found
            if table.records is not None:
                table.records.append((name, old))
            self._entries[name] = Entry(value, old.order, old.created, table.clock(), None)
        elif type(key) is str and key:
            table.put(key, value)
        else:
            self.put(key, value)

    def __delitem__(self, key: str | Key[Any]) -> None:
        """Delete a key; raises KeyMissing where there is none."""
        name = name_of(key)
        self._table.require(name)
        self._table.erase(name)

    def __iter__(self) -> Iterator[str]:
        """The keys, in order."""
        for key, _ in self._table.current():
            yield key

    def __len__(self) -> int:
        """How many keys there are."""
        return sum(1 for _ in self._table.current())

    def __contains__(self, key: object) -> bool:
        """Whether there is a value under the key; asking does not count as reading."""
        if isinstance(key, Key):
            key = key.name
        return isinstance(key, str) and self._table.live(key) is not None

    def __repr__(self) -> str:
        """Show keys and values, sensitive ones as `***`."""
        shown = (
            f"{key!r}: {'***' if entry.sensitive else repr(entry.value)}"
            for key, entry in self._table.current()
        )
        return f"Store({{{', '.join(shown)}}})"

    def __copy__(self) -> Store:
        """Clone: two stores never share their entries."""
        return self.clone()

    def __deepcopy__(self, memo: dict[int, Any]) -> Store:  # Any: what the protocol says
        """Clone."""
        return self.clone()

    @overload  # type: ignore[override] # the second argument is a type; default is by keyword
    def get(self, key: Key[T]) -> T: ...
    @overload
    def get(self, key: Key[T], *, default: D) -> T | D: ...
    @overload
    def get(self, key: str | Key[Any], type: type[T]) -> T: ...
    @overload
    def get(self, key: str | Key[Any], type: type[T], *, default: D) -> T | D: ...
    @overload
    def get(  # as above
        self, key: str | Key[Any], type: object = ..., *, default: object = ...
    ) -> Any: ...  # noqa: ANN401 - as above
    def get(self, key: str | Key[Any], type: object = _ANY, *, default: object = MISSING) -> Any:
        """The value under a key, of exactly that type; the default is for missing and expired only.

        Raises KeyMissing, KeyExpired or TypeMismatch.
        """
        if type is _ANY and builtins.type(key) is str:
            entry = self._entries.get(key)
            # The fast path: nobody can change what is handed out.
            if entry is not None and entry.extra is None and builtins.type(entry.value) in FIXED:
                return entry.value
            if default is MISSING:
                return self[key]
        if isinstance(key, Key):
            type = key.type if type is _ANY else type  # noqa: A001 - the public name
            if default is MISSING and key.default is not MISSING:
                default = own_copy(key.default)
        name = name_of(key)
        if not isinstance(type, builtins.type) and type is not _ANY and not is_annotation(type):
            raise StoreError(
                f"get({name!r}, …) takes a type as its second argument, not {type!r}",
                hint=f"write store.get({name!r}, default={type!r})",
            )
        if default is MISSING:
            return self._read(name, type)
        if self._table.lookup(name) is None:  # no error is made only to be caught
            return default
        try:
            return self._read(name, type)
        except KeyMissing:
            return default

    def _read(self, name: str, annotation: object) -> Any:  # noqa: ANN401 - as above
        value = self._table.read(name).value
        if annotation is _ANY or type(value) is annotation or satisfies(value, annotation):
            return value
        raise TypeMismatch(
            f"key {name!r} holds {kind_of(value)}, not {type_name(annotation)}",
            hint="ask for the type that was put, or put the type that is asked for",
        )

    # -- putting and deleting ------------------------------------------------------------------

    def put(
        self,
        key: str | Key[Any],
        value: object,
        *,
        ttl: timedelta | float | None = None,
        tags: Iterable[str] | None = None,
        props: Mapping[str, object] | None = None,
        description: str | None = None,
    ) -> None:
        """Put a value; metadata that is not given stays as it is, an earlier time to live does not.

        `ttl` is a timedelta or seconds; zero and less mean that the value never expires.
        """
        name = name_of(key)
        if isinstance(key, Key) and not satisfies(value, key.type):
            raise TypeMismatch(
                f"key {name!r} takes {type_name(key.type)}, not {kind_of(value)}",
                hint=f"the type is declared by {key!r}",
            )
        options = metadata.Options(ttl=ttl, tags=tags, props=props, description=description)
        now = self._table.clock()
        extra = metadata.for_put(self._table, key, options, now)
        if isinstance(key, Key) and key.merge is not None and self._table.is_branch():
            extra = metadata.for_merge(extra, key, value)
        self._table.assign(name, value, extra, now)

    def delete(self, key: str | Key[Any]) -> bool:
        """Delete a key; whether there was one."""
        name = name_of(key)
        was_there = self._table.live(name) is not None
        self._table.erase(name)
        return was_there

    def clear(self) -> None:
        """Delete every key."""
        for key, _ in list(self._table.visible()):
            self._table.erase(key)

    def popitem(self) -> tuple[str, Any]:  # Any: as above
        """Take the last key and its value away; raises KeyMissing when the store is empty."""
        for key in reversed(list(self)):
            return key, self.pop(key)
        raise KeyMissing("the store is empty", hint="ask len(store) first")

    @overload  # type: ignore[override] # with a key in front it changes fields, as documented
    def update(self, key: str | Key[Any], changes: Mapping[str, object], /) -> None: ...
    @overload
    def update(
        self, other: Mapping[Any, object] | Iterable[tuple[Any, object]] = ..., /, **named: object
    ) -> None: ...
    def update(self, key: Any = (), changes: Any = None, /, **named: object) -> None:
        """Change fields of a value by dotted paths, all or nothing; the old value stays as it was.

        `store.update("user", {"address.city": "Paris"})` reaches into dataclasses, attrs, models,
        dicts and lists; a value of another type than the field's annotation is refused, never
        converted. Without a key in front it puts several keys, as `dict.update` does.
        """
        if not isinstance(key, (str, Key)):
            for each, value in dict(key, **named).items():
                self[each] = value
            return
        name = name_of(key)
        entry = self._table.require(name)
        value = updated(entry.value, changes, name=name, is_secret=entry.sensitive)
        if isinstance(key, Key) and not satisfies(value, key.type):
            raise TypeMismatch(f"key {name!r} takes {type_name(key.type)}", hint=f"see {key!r}")
        self._table.write(name, entry.with_value(value, self._table.clock()))

    # -- looking around ------------------------------------------------------------------------

    @overload
    def keys(self) -> KeysView[str]: ...
    @overload
    def keys(
        self,
        *,
        tag: str | None = ...,
        tags_all: Iterable[str] | None = ...,
        tags_any: Iterable[str] | None = ...,
        prop: tuple[str, object] | None = ...,
        type: object = ...,
        matching: Mapping[str, object] | None = ...,
    ) -> list[str]: ...
    def keys(self, **filters: Any) -> KeysView[str] | list[str]:  # Any: the overload has the types
        """The keys in order; with filters, a list of those that pass all of them."""
        if not filters:
            return Keys(self)
        keep = select.Filter(**select.checked(filters))
        return [key for key, entry in self._table.current() if keep(entry)]

    def values(self) -> ValuesView[Any]:  # Any: as above
        """The values in the order of keys."""
        return Values(self)

    def items(self) -> ItemsView[str, Any]:  # Any: as above
        """Keys and values in order."""
        return Items(self)

    def types(self) -> dict[str, type]:
        """The type of every value by key."""
        return {key: type(entry.value) for key, entry in self._table.current()}

    def schema(self, key: str | Key[Any]) -> dict[str, Any]:  # Any: JSON
        """The JSON Schema of the stored type."""
        return schema_of(self._table.require(name_of(key)).value)

    # -- metadata ------------------------------------------------------------------------------

    def meta(self, key: str | Key[Any]) -> Metadata:
        """What is known about a value: tags, properties, description and times."""
        return metadata_of(self._table.require(name_of(key)))

    def add_tag(self, key: str | Key[Any], tag: str) -> None:
        """Add a tag; one that is there already is left alone."""
        metadata.add_tag(self._table, name_of(key), tag)

    def remove_tag(self, key: str | Key[Any], tag: str) -> bool:
        """Remove a tag; whether it was there."""
        return metadata.remove_tag(self._table, name_of(key), tag)

    def has_tag(self, key: str | Key[Any], tag: str) -> bool:
        """Whether the value under the key has that tag."""
        return self.meta(key).has_tag(tag)

    def set_prop(self, key: str | Key[Any], name: str, value: object) -> None:
        """Set a property of the value under the key."""
        metadata.set_prop(self._table, name_of(key), name, value)

    def get_prop(  # a property is any value, so there is no type to name
        self, key: str | Key[Any], name: str, default: object = MISSING
    ) -> Any:  # noqa: ANN401
        """A property of the value under the key; raises KeyMissing without one and a default."""
        return metadata.get_prop(self._table, name_of(key), name, default)

    # -- several stores ------------------------------------------------------------------------

    def merge(
        self,
        other: Mapping[Any, Any],  # Any: a store or any mapping
        on_conflict: Literal["error", "skip", "overwrite"] = "error",
    ) -> list[str]:
        """Take in copies of another store's entries; the keys both of them hold.

        `error` raises MergeConflict and changes nothing, `skip` keeps what is here, `overwrite`
        takes their value, type, time to live and properties, and unites the tags.
        """
        return combine.merge(self._table, _other_table(self, other), on_conflict)

    def copy_from(self, other: Mapping[Any, Any], overwrite: bool = False) -> combine.Copied:
        """Take copies of another store's entries: how many were new, and how many overwritten."""
        return combine.copy_from(self._table, _other_table(self, other), overwrite=overwrite)

    def collisions(self, other: Mapping[Any, Any]) -> list[str]:
        """The keys that both stores hold."""
        return combine.collisions(self._table, _other_table(self, other))

    def clone(self) -> Store:
        """An independent copy: values, metadata and remaining times to live."""
        table = Table(self._table.clock, self._table.codec)
        combine.copy_from(table, self._table, overwrite=True)
        return over(table)

    # -- leaving the process -------------------------------------------------------------------

    def export(self) -> dict[str, Any]:  # Any: JSON
        """Everything as JSON-able data: values, types, metadata, remaining times to live, order."""
        return snapshot.export(self._table)

    @classmethod
    def load(
        cls,
        exported: Mapping[str, Any],  # Any: JSON
        *,
        clock: Callable[[], float] = time.time,
        codec: Codec | None = None,
    ) -> Store:
        """Make a store of what `export` gave; nothing in the data is ever executed."""
        table = Table(clock, STANDARD if codec is None else codec)
        snapshot.load(table, exported)
        return over(table)


def _set_table(store: Store, table: Table) -> None:
    store._table = table  # noqa: SLF001 - the two are one thing; the store is its public face
    store._entries = table.entries  # noqa: SLF001 - a short cut for reading


def table_of(store: Store) -> Table:
    """The table behind a store, for the parts of this package that need it."""
    return store._table  # noqa: SLF001 - as above


def over(table: Table) -> Store:
    """The store that shows a table."""
    store = Store.__new__(Store)
    _set_table(store, table)
    return store


def _other_table(store: Store, other: object) -> Table:
    if isinstance(other, Store):
        return table_of(other)
    if isinstance(other, Mapping):
        return table_of(Store(other, clock=table_of(store).clock))
    raise StoreError(
        f"expected another store or a mapping, not {type(other).__name__}",
        hint="write store.merge(Store({...}))",
    )
