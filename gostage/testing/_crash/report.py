"""The report of a crash test, and how its failures read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gostage.testing._crash.picture import Difference

SHOWN: Final = 3
"""How many of the kill points that differ are told in full."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A run that did not come to the same end, and where it was killed."""

    point: str
    differences: tuple[Difference, ...]
    output: str = ""
    """The end of what its last process wrote."""

    def __str__(self) -> str:
        lines = [self.point, *(f"  {each}" for each in self.differences)]
        if self.output:
            lines += ["  its last output:", *(f"    {line}" for line in self.output.splitlines())]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class CrashReport:
    """What came of killing a run at its writes and going on with it."""

    workflow: str
    status: str
    """How the run ends undisturbed."""
    writes: int
    """How often it writes to the database, undisturbed."""
    points: int
    """How many kill points were tried; two for each write, before and after it, are all."""
    processes: int
    """How many processes carried out runs."""
    calls: Mapping[str, int]
    """How often each step is called, undisturbed."""
    again: Mapping[str, int]
    """How often each step was called and the process killed before that was written: the step
    ran again, as it must."""
    finished: Mapping[str, tuple[int, ...]]
    """How often each step was finished in one run, for each item; every number that occurred."""
    unstable: tuple[str, ...]
    """What differs between two undisturbed runs, and is not compared."""
    troubles: tuple[Trouble, ...]

    @property
    def ok(self) -> bool:
        """Whether the run came to the same end after every crash."""
        return not self.troubles

    def __str__(self) -> str:
        """Say it all in a few lines."""
        again = sum(self.again.values())
        name = f"crash test of {self.workflow!r}"
        tried = f"killed at {self.points} points of {self.writes} writes"
        rest = f"{self.processes} processes, {again} interrupted steps ran again"
        lines = [f"{name}: {tried}; {rest}"]
        if self.unstable:
            lines.append(f"  not compared, as it differs anyway: {', '.join(self.unstable)}")
        if self.troubles:
            lines.append(f"  not the same end {len(self.troubles)} times:")
        for trouble in self.troubles[:SHOWN]:
            lines += [f"  {line}" for line in str(trouble).splitlines()]
        if len(self.troubles) > SHOWN:
            lines.append(f"  and at {len(self.troubles) - SHOWN} more")
        return "\n".join(lines)
