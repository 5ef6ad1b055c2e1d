"""The view: keeps a region up to date while it is open; what is drawn, others decide."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from gostage._cli.live.guests import Guests

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gostage._app.lines import Line
    from gostage._cli.live.region import Region

FIRST: Final = 0.2
"""Seconds until the first picture: a run that is shorter shows its report alone."""

PACE: Final = 0.1
"""Seconds from one picture to the next."""


class View:
    """A region, the thread that draws it, and a way around it for its guests."""

    def __init__(self, region: Region, picture: Callable[[int], Sequence[Line]]) -> None:
        self.region = region
        self._picture = picture
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._guests = Guests(region)

    def open(self, *, is_ticking: bool = True) -> None:
        """Begin to draw."""
        self._guests.open()
        if is_ticking:
            self._thread = threading.Thread(target=self._tick, name="gostage view", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Leave the terminal as it would be without all this."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        self._guests.close()
        self.region.clear()

    def draw(self) -> None:
        """Draw a picture for the room there is."""
        self.region.draw(self._picture(self.region.height))

    def _tick(self) -> None:
        wait = FIRST
        while not self._over.wait(wait):
            wait = PACE
            try:
                self.draw()
            except (OSError, ValueError):  # the terminal is gone, or the stream closed
                return
