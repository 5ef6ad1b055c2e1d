"""The watcher: calls back when a descriptor can be read; one thread for all, none without any."""

from __future__ import annotations

import os
import selectors
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    Ready = Callable[[], bool]


class Watcher:
    """Watches descriptors of all children of this process.

    A callback never waits, and says whether its descriptor is to be watched further. Once
    `remove` has returned, the callback is not running and will not run: the descriptor may be
    closed. So whoever calls `remove` must hold no lock that a callback takes.
    """

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.RLock()
        self._selector: selectors.BaseSelector | None = None
        self._wake: tuple[int, int] | None = None

    def add(self, descriptor: int, ready: Ready) -> None:
        """Call back, in the watcher's thread, whenever this descriptor can be read."""
        with self._lock:
            # epoll and kqueue take new descriptors while another thread waits for the old ones.
            selector = self._selector or self._begin()
            selector.register(descriptor, selectors.EVENT_READ, ready)

    def remove(self, descriptor: int) -> None:
        """Stop watching; nothing happens if it is not watched."""
        with self._lock:
            if self._selector is None:
                return
            with suppress(KeyError, ValueError):
                self._selector.unregister(descriptor)
            if self._is_idle() and self._wake is not None:
                os.write(self._wake[1], b"\0")

    def _begin(self) -> selectors.BaseSelector:
        self._wake = os.pipe()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._wake[0], selectors.EVENT_READ, None)
        threading.Thread(
            target=self._watch, args=(self._selector,), name="gostage watcher", daemon=True
        ).start()
        return self._selector

    def _is_idle(self) -> bool:
        return self._selector is not None and len(self._selector.get_map()) == 1

    def _watch(self, selector: selectors.BaseSelector) -> None:
        while True:
            events = selector.select()
            with self._lock:
                for key, _ in events:
                    # An earlier callback of this round may have removed it, or replaced it.
                    if selector.get_map().get(key.fd) == key:
                        self._call(selector, key)
                if self._is_idle():
                    self._end(selector)
                    return

    def _call(self, selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
        if key.data is None:
            os.read(key.fd, 512)
        elif not key.data():
            with suppress(KeyError, ValueError):  # it may have removed itself
                selector.unregister(key.fd)

    def _end(self, selector: selectors.BaseSelector) -> None:
        selector.close()
        for descriptor in self._wake or ():
            os.close(descriptor)
        self._selector = self._wake = None

    def _forget(self) -> None:
        """Begin anew in a forked copy, which has the descriptors but not the thread."""
        if self._selector is not None:
            self._end(self._selector)
        self._reset()


WATCHER: Final = Watcher()
"""The watcher of this process; module-level, because there is one thread for all children."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=WATCHER._forget)  # noqa: SLF001 - it is this module's own
