"""The command line: one small module per command, imported when it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(args: Sequence[str] | None = None) -> int:
    """Run the command `gostage` with these arguments (else the process's); gives the exit code."""
    from gostage._cli.root import invoke  # 14 ms for click: only the command line needs it

    return invoke(args)
