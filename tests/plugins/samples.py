"""Flows that the tests of the plugins run, and the way to run them; it tests nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gostage import Result, Runner, Stage, Workflow, action

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


# Any: the settings of a plugin.
def run_with(
    name: str,
    workflow: Workflow,
    settings: Mapping[str, Any] | None = None,
    **initial: Any,
) -> Result:
    """Run a workflow with one first-party plugin and its settings."""
    config = {} if settings is None else {name: settings}
    with Runner(plugins=[f"gostage_plugins.{name}"], config=config) as runner:
        return runner.run(workflow, initial)


class Flaky:
    """A function that fails so many times before it succeeds."""

    def __init__(self, failures: int, error: type[Exception] = OSError) -> None:
        self.left = failures
        self.calls = 0
        self.error = error

    def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self.left:
            raise self.error(f"call {self.calls}")
        return "done"


def failing(error: Exception) -> object:
    """Make a function that always fails."""

    def fail() -> None:
        raise error

    return fail


def one(
    fn: object, *, use: Sequence[object] = (), tags: Sequence[str] = (), **options: Any
) -> Workflow:
    """Make a workflow `w` of one stage `s` with one action `work`."""
    work = action(fn, name="work", use=list(use), tags=tags, **options)
    return Workflow("w", Stage("s", work))


def statuses(result: Result) -> dict[str, str]:
    """How every item of a run has ended."""
    return {step.path: step.status for step in result.steps}
