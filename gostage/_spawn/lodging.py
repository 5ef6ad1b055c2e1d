"""Lodging: the modules of the classes that data names, imported where the data has come to.

A store decodes nothing of a class that is not loaded, and imports nothing for it. A child may: the
data is its parent's, and so is the code.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gostage._author.loading import address_of, load_file, loaded
from gostage._author.script import MAIN, is_guarded
from gostage._store.homes import homes_at, script_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    # Any: JSON-able data.
    Json = Any


def homes() -> dict[str, str]:
    """Where the modules are that no import statement of another process finds, by their names."""
    known = {name: address_of(name) for name in loaded() if name != MAIN}
    script = script_name() if is_guarded() else None
    if script is not None:
        known[script] = address_of(MAIN)
    return {name: place for name, place in known.items() if name != place}


def load_homes(data: Json, places: Mapping[str, str]) -> bool:
    """Import the modules of the classes in some data; says whether there was any to import."""
    wanted = {name for name in _named(data) if not homes_at(name)}
    for name in wanted:
        with suppress(Exception):  # whoever decodes the data says what is missing
            place = places.get(name)
            module = import_module(name) if place is None else load_file(Path(place))
            sys.modules.setdefault(name, module)
    return bool(wanted)


def _named(data: Json) -> Iterator[str]:
    """The modules of the classes in encoded data."""
    todo = [data]
    while todo:
        each = todo.pop()
        if isinstance(each, list):
            todo.extend(each)
        elif isinstance(each, dict):
            todo.extend(each.values())
            reference = each.get("$object")
            if isinstance(reference, str):
                yield reference.partition(":")[0]
