"""Answers: what the parent sends a child, read by whoever in the child needs it next."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gostage._spawn.link import Link

    # Any: JSON-able data.
    Frame = tuple[str, dict[str, Any]]


class Answers:
    """The reading side of a child's link; several threads may wait for one answer each."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._lock = threading.Lock()
        self._others: list[Frame] = []

    def next(self, *kinds: str) -> Frame:
        """The next frame of these kinds; raises `LinkLost` when the parent is gone."""
        return self._first(lambda frame: frame[0] in kinds)

    def wait(self, kind: str, number: int) -> dict[str, Any]:  # Any: as above
        """The answer of this number."""
        return self._first(lambda frame: frame[0] == kind and frame[1]["n"] == number)[1]

    # Any: a question about a frame.
    def _first(self, fits: Any) -> Frame:  # noqa: ANN401
        with self._lock:
            for frame in self._others:
                if fits(frame):
                    self._others.remove(frame)
                    return frame
            while True:
                received = self._link.receive()
                if received is None:
                    continue  # it was not asked to give up
                if fits(received):
                    return received
                self._others.append(received)
