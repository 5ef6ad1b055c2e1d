"""Homes: the modules in which classes are found again, that of the script that is run included.

What a script defines is called after its file, as in every process that imports it.
"""

from __future__ import annotations

import sys
from typing import Final

_MAIN: Final = "__main__"


def home_of(cls: type) -> str:
    """The name of the module where a class is found, here and in other processes."""
    return (script_name() or _MAIN) if cls.__module__ == _MAIN else cls.__module__


def homes_at(name: str) -> list[object]:
    """The loaded modules of that name: the script, if it is called so, and what was imported."""
    names = [_MAIN, name] if name == script_name() else [name]
    return [sys.modules[each] for each in names if each in sys.modules]


def script_name() -> str | None:
    """What importing the script calls it; nothing for a prompt or a notebook."""
    main = sys.modules.get(_MAIN)
    spec, file = getattr(main, "__spec__", None), getattr(main, "__file__", None)
    if spec is not None:
        return str(spec.name)
    if not isinstance(file, str) or not file.endswith(".py"):
        return None
    return file.replace("\\", "/").rpartition("/")[2].removesuffix(".py")
