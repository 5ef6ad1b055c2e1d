"""What only the fork server imports: it prepares to be copied, and tidies up when it ends."""

from __future__ import annotations

import atexit
import gc
import os
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Final

from multiprocess import forkserver

_NEEDED: Final = ("entry", "orphan", "limits", "link", "worker", "launch")
# What children need of gostage, and never a module of the user, whose code may have changed by the
# time a child starts.


_PARENT: Final = os.getppid()


def _remove_socket() -> None:
    """Remove what a parent that was killed could not; one that lives does so when it ends."""
    address = forkserver._forkserver._forkserver_address  # noqa: SLF001 - nobody else knows it
    if not isinstance(address, str) or not Path(address).exists() or not _is_orphaned():
        return
    with suppress(OSError):
        Path(address).unlink()
        Path(address).parent.rmdir()


def _is_orphaned() -> bool:
    # What the parent held open is closed a moment before it counts as gone.
    for _ in range(100):
        if os.getppid() != _PARENT:
            return True
        time.sleep(0.01)
    return False


for name in _NEEDED:
    # What cannot be imported ends a child, which says why; it does not end the server.
    with suppress(Exception):
        import_module(f"gostage._spawn.{name}")
atexit.register(_remove_socket)
# Pages that the collector does not touch stay shared with the children.
gc.freeze()
