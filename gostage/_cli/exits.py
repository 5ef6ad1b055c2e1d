"""Exit codes: what the shell learns about a run, or about why there was none."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final

from gostage.errors import (
    CollectionError,
    DatabaseError,
    DefinitionError,
    GostageError,
    NotImportable,
    RunBlocked,
)

if TYPE_CHECKING:
    from gostage._run.result import Status


class ExitCode(IntEnum):
    """What the command ends with."""

    COMPLETED = 0
    FAILED = 1
    INTERRUPTED = 2
    INTERNAL = 3
    USAGE = 4
    NOTHING = 5
    WAITING = 6
    BLOCKED = 7
    BAILED = 8


_OF_STATUS: Final[dict[Status, ExitCode]] = {
    "completed": ExitCode.COMPLETED,
    "failed": ExitCode.FAILED,
    "cancelled": ExitCode.INTERRUPTED,
    "interrupted": ExitCode.INTERRUPTED,
    "waiting": ExitCode.WAITING,
    "sleeping": ExitCode.WAITING,
    "pending": ExitCode.WAITING,
    "running": ExitCode.WAITING,
    "blocked": ExitCode.BLOCKED,
    "bailed": ExitCode.BAILED,
}
_NOTHING_TO_RUN: Final = (CollectionError, DefinitionError, NotImportable)


def code_of_status(status: Status) -> ExitCode:
    """The exit code for what became of a run."""
    return _OF_STATUS[status]


def code_of_error(error: GostageError) -> ExitCode:
    """The exit code for an error that kept the command from running anything, or from going on."""
    if isinstance(error, RunBlocked):
        return ExitCode.BLOCKED
    if isinstance(error, DatabaseError) and error.where.run is not None:
        return ExitCode.FAILED  # the run had begun: its database went away under it
    return ExitCode.NOTHING if isinstance(error, _NOTHING_TO_RUN) else ExitCode.USAGE
