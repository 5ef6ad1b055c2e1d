"""The terminal plugin that shows nothing while a run goes on; what shows something builds on it."""

from __future__ import annotations

import os


class Silent:
    """Nothing is shown, so nothing is in the way of a message."""

    def tell(self, message: bytes) -> None:
        """Write a message to standard error, past whatever is shown."""
        os.write(2, message)
