"""What collecting gives, and who takes part in it; values alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from gostage.errors import CollectionError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gostage._author.flow import Stage
    from gostage._run.workflow import Workflow


class Hooks(Protocol):
    """What takes part in collecting."""

    def collect_file(self, path: Path) -> Iterable[Stage]:
        """Give the stages of a file that is no stage module; usually there are none."""

    def modify(self, workflow: Workflow) -> None:
        """Change what was collected."""


class _NoHooks:
    def collect_file(self, path: Path) -> Iterable[Stage]:
        return ()

    def modify(self, workflow: Workflow) -> None:
        pass


NO_HOOKS: Final[Hooks] = _NoHooks()


@dataclass(frozen=True, slots=True)
class Collected:
    """A workflow, what finds it again in any process and folder, and the files it is made from."""

    workflow: Workflow
    target: str
    files: tuple[Path, ...]


class NothingHere(CollectionError):
    """A folder that holds nothing to run, which is no mistake while folders are searched."""
