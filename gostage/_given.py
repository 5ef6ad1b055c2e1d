"""What hooks are given: protocols, which other modules fill in; nothing here does anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from gostage import Store, Workflow


class Config(Protocol):
    """The configuration: `config["timeout"]` is a setting, as `gostage config` shows it."""

    @property
    def root(self) -> Path:
        """The folder of the project."""

    # Any, here and below: the values of settings.
    def __getitem__(self, name: str) -> Any:  # noqa: ANN401
        """Give a setting by the long name of its option."""

    def section(self, name: str) -> Mapping[str, Any]:
        """Give the table `[tool.gostage.NAME]`, which belongs to the plugin of that name."""


class Run(Protocol):
    """A run, as the middleware around it and inside it sees it."""

    store: Store
    resuming: bool
    """Whether the run goes on after it has waited: what is inside had begun already."""

    @property
    def id(self) -> str:
        """The run's id."""

    @property
    def workflow(self) -> Workflow:
        """The workflow that runs."""

    @property
    def log(self) -> logging.Logger:
        """Where the run logs to."""

    @property
    def cancelled(self) -> bool:
        """Whether the run was told to stop."""

    def cancel(self) -> bool:
        """Tell the run to stop before its next step; false if it has ended."""

    def deadline(self, seconds: float) -> None:
        """Give everything inside the calling middleware so many seconds from now."""


class Spawn(Protocol):
    """A child process, as what is around its life sees it; what is not known yet is `None`."""

    @property
    def id(self) -> str:
        """The child's id, which its messages have as `sender.child_id`."""

    @property
    def run_id(self) -> str:
        """The id of the run that it works for."""

    @property
    def workflow(self) -> str:
        """The id of the workflow that it works for."""

    @property
    def path(self) -> str:
        """The step that it was started for; empty for a whole workflow."""

    @property
    def backend(self) -> str:
        """The name of the backend."""

    @property
    def depth(self) -> int:
        """How deep it is: 1 for a child of the first process."""

    @property
    def pid(self) -> int | None:
        """Its process, once it is started, where the backend has one."""

    @property
    def exit_code(self) -> int | None:
        """How its process ended; negative for a signal, as in `subprocess`."""

    @property
    def error(self) -> BaseException | None:
        """What went wrong in it, or with it."""

    @property
    def duration(self) -> float:
        """How many seconds it has lived."""


class Registry(Protocol):
    """Where types are taught to the store."""

    # Any: values of the type.
    def register(
        self,
        type: type[Any],
        tag: str,
        to_data: Callable[[Any], Any],
        from_data: Callable[[Any], Any],
    ) -> None:
        """Teach one class; the tag names it in the data for ever."""
