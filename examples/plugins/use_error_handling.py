"""Shows the plugin `error_handling`: some errors count as none, others become the project's own.

Output:

    action 'tidy/remove': ignored FileNotFoundError: no such file: old.log
    action 'save/save': made StorageDown of OSError: disk full
    failed: StorageDown: disk full
    because of OSError
"""

from __future__ import annotations

import logging
import sys

from gostage import Runner, Workflow, action
from gostage_plugins.error_handling import ErrorHandling, Settings, translating


class StorageDown(Exception):
    """What the rest of this project knows how to handle."""


@action
def remove() -> None:
    """Remove what may be gone already."""
    raise FileNotFoundError("no such file: old.log")


@action(use=[translating(OSError, to=StorageDown)])
def save() -> None:
    """Save where there is no room; this action has middleware of its own."""
    raise OSError("disk full")


flow = Workflow("flow").stage("tidy", remove).stage("save", save)
tolerant = ErrorHandling(Settings(ignore=("FileNotFoundError: no such file",)))

if __name__ == "__main__":
    logging.basicConfig(stream=sys.stdout, level=logging.WARNING, format="%(message)s")
    with Runner(plugins=[tolerant]) as runner:
        error = runner.run(flow).error
    assert error is not None
    print(f"failed: {type(error).__name__}: {error}")
    print(f"because of {type(error.__cause__).__name__}")
