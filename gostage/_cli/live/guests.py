"""Guests: whoever needs the terminal for themselves while something is shown on it.

Programs that inherit it write past every stream of Python, and `input()` asks past them: the region
steps aside for both. Nothing else about them is changed.
"""

from __future__ import annotations

import builtins
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

if TYPE_CHECKING:
    from collections.abc import Callable

    from gostage._cli.live.region import Region

_STDOUT: Final = 4  # the places of the arguments of Popen that are seldom given by place
_STDERR: Final = 5


class Guests:
    """Stands at the doors that lead past the streams, from `open` to `close`."""

    def __init__(self, region: Region) -> None:
        self._region = region
        self._programs: WeakSet[subprocess.Popen[Any]] = WeakSet()  # Any: texts or bytes
        self._undo: list[Callable[[], object]] = []

    def open(self) -> None:
        """Stand at the doors."""
        ask, system, start = builtins.input, os.system, subprocess.Popen.__init__
        region, lend, give_up = self._region, self._lend, self._programs.discard

        def asking(prompt: object = "", /) -> str:
            with region.aside():
                return ask(prompt)

        def calling(command: Any) -> int:  # noqa: ANN401  # Any: what os.system takes
            with region.aside():
                return system(command)

        # Any: what Popen takes.
        def starting(program: subprocess.Popen[Any], *args: Any, **options: Any) -> None:  # noqa: ANN401
            if inherits(args, options):
                lend(program)
            try:
                start(program, *args, **options)
            except BaseException:
                give_up(program)
                raise

        self._replace(builtins, "input", asking)
        self._replace(os, "system", calling)
        self._replace(subprocess.Popen, "__init__", starting)

    def close(self) -> None:
        """Leave the doors as they were, unless somebody else stands there now."""
        while self._undo:
            self._undo.pop()()

    # Any: a module or a class, and a function of it.
    def _replace(self, owner: Any, name: str, function: Any) -> None:  # noqa: ANN401
        before = getattr(owner, name)

        def undo() -> None:
            if getattr(owner, name) is function:
                setattr(owner, name, before)

        setattr(owner, name, function)
        self._undo.append(undo)

    def _lend(self, program: subprocess.Popen[Any]) -> None:
        self._programs.add(program)
        self._region.lend(self._are_there)

    def _are_there(self) -> bool:
        """Whether a program runs, as far as anybody who waits for it knows."""
        return any(getattr(each, "returncode", None) is None for each in list(self._programs))


# Any: the arguments of Popen.
def inherits(args: tuple[Any, ...], options: dict[str, Any]) -> bool:
    """Whether a program that is started so gets our own standard output or error."""
    out = options.get("stdout", args[_STDOUT] if len(args) > _STDOUT else None)
    err = options.get("stderr", args[_STDERR] if len(args) > _STDERR else None)
    ours = (None, 1, 2, sys.stdout, sys.stderr)
    return any(out is each for each in ours) or any(err is each for each in ours)
