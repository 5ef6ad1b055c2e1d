"""Folders with modules, for tests that import them and leave no trace of it."""

from __future__ import annotations

import importlib
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def write(folder: Path, files: dict[str, str | bytes]) -> None:
    """Write files into a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content, encoding="utf-8")
    importlib.invalidate_caches()


_LASTING = ("gostage", "dill", "multiprocess")
"""What bears no second import: ours, which others hold, and what patches others."""


@contextmanager
def fresh_imports() -> Iterator[None]:
    """Forget afterwards what was imported inside, and from where."""
    path, known = list(sys.path), set(sys.modules)
    bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.path[:], sys.dont_write_bytecode = path, bytecode
        for name in set(sys.modules) - known:
            if not name.startswith(_LASTING):
                del sys.modules[name]
