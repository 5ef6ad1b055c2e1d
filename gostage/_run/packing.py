"""Packing: values, errors and inserted items of a position as plain data, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gostage._author.coding import import_it
from gostage._author.dump import dump_workflow
from gostage._author.load import load_workflow
from gostage._author.workflow import WorkflowDefinition
from gostage._store.codec import STANDARD
from gostage._store.failures import decode_error, encode_error

if TYPE_CHECKING:
    from gostage._author.coding import Finder
    from gostage._engine.nodes import Item
    from gostage._store.codec import Codec

    # Any: JSON-able data.
    Json = Any


class StorePacking:
    """Packs with the store's codec; inserted items by reference, which the finder finds again."""

    __slots__ = ("_codec", "_finder")

    def __init__(self, codec: Codec = STANDARD, finder: Finder = import_it) -> None:
        self._codec = codec
        self._finder = finder

    def pack_value(self, value: object) -> Json:
        """Turn a user's value into data."""
        return self._codec.encode(value)

    def unpack_value(self, data: Json) -> object:
        """Turn data back into a value."""
        return self._codec.decode(data)

    def pack_error(self, error: BaseException) -> Json:
        """Turn an error into data."""
        return encode_error(error, codec=self._codec)

    def unpack_error(self, data: Json) -> BaseException:
        """Turn data back into an error."""
        return decode_error(data, codec=self._codec)

    def pack_item(self, item: Item) -> Json:
        """Turn an inserted item into data."""
        return dump_workflow(WorkflowDefinition("inserted").add(item), self._codec)

    def unpack_item(self, data: Json) -> Item:
        """Turn data back into an item."""
        return load_workflow(data, WorkflowDefinition, self._codec, self._finder).items[0]
