"""Shows logging middleware at three levels: around the run, each stage, and all of a stage's actions.

Output:

    run nightly begins
      stage extract begins
        actions of extract begin
        read
        actions of extract end
      stage extract ends
      stage load begins
        write
      stage load ends
    run nightly ends
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from typing import Any

from gostage import Context, Runner, Stage, Workflow, action
from gostage.testing import RunView


@action
def read(ctx: Context) -> None:
    """Read something."""
    ctx.log.info("    read")
