"""The heritage: what a child was sent of its script, for children of its own; it loads nothing.

They import the script as well, and do not find there what stands under its guard.
"""

from __future__ import annotations

from typing import Any, Final

# Any: JSON-able data. As global as `sys.modules`, of which it tells.
HERITAGE: Final[list[Any]] = []
"""What was packed, in the order in which it came."""
