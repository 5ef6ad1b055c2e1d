"""The command line: one small module per command, imported when it is used."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(args: Sequence[str] | None = None) -> int:
    """Run the command `gostage` with these arguments (else the process's); gives the exit code."""
    if None in (sys.stdin, sys.stdout, sys.stderr):
        _open_what_is_closed()
    from gostage._cli.root import invoke  # 14 ms for click: only the command line needs it

    return invoke(args)


def _open_what_is_closed() -> None:
    """Give a process that was started without a standard stream one that leads nowhere."""
    # A file that is opened takes the lowest number there is, and 0 to 2 must not be anything else.
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115
