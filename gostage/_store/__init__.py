"""The store: typed values with metadata, their codec, and transactions over them.

Nothing here does I/O or reads a clock of its own; nothing here knows of runs or workflows.
"""

from gostage._store.codec import STANDARD, Codec, decode, encode
from gostage._store.copies import own_copy
from gostage._store.entry import Metadata
from gostage._store.failures import decode_error, encode_error
from gostage._store.keys import Key
from gostage._store.store import Store
from gostage._store.transaction import (
    UndoLog,
    export_changes,
    export_entry,
    fork,
    fork_with,
    join,
    undo_log,
    watch,
)
from gostage._store.types import satisfies, type_name

__all__ = [
    "STANDARD",
    "Codec",
    "Key",
    "Metadata",
    "Store",
    "UndoLog",
    "decode",
    "decode_error",
    "encode",
    "encode_error",
    "export_changes",
    "export_entry",
    "fork",
    "fork_with",
    "join",
    "own_copy",
    "satisfies",
    "type_name",
    "undo_log",
    "watch",
]
