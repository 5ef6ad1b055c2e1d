"""Shows a runner of one's own: it prepares every run and brings what all actions need.

Output:

    build for staging with tools 1.2
    build for staging with tools 1.2
    Workflow 1: build - SUCCESS (…s)
    Workflow 2: build - SUCCESS (…s)
    Summary: 2/2 workflows succeeded
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from gostage import Result, Runner, Workflow, action, format_results, resource


@dataclass(frozen=True)
class Tools:
    """What the actions of this domain work with."""

    version: str


@resource
def tools() -> Tools:
    """Give the tools; actions ask for them by this name."""
    return Tools("1.2")


class BuildRunner(Runner):
    """Runs builds for one environment."""

    def __init__(self, environment: str) -> None:
        super().__init__(resources=[tools])
        self.environment = environment

    def run(
        self,
        workflow: Workflow,
        initial: Mapping[str, object] | None = None,
        run_id: str | None = None,
        timeout: timedelta | float | None = None,
        *,
        detach: bool = False,
        wait: bool = False,
    ) -> Result:
        """Prepare the run; `run_all`, `start`, `resume` and `signal` come through here as well."""
        prepared = {"environment": self.environment, **(initial or {})}
        return super().run(workflow, prepared, run_id, timeout, detach=detach, wait=wait)


@action
def compile_all(tools: Tools, environment: str) -> None:
    """Use what the runner brings."""
    print(f"build for {environment} with tools {tools.version}")


build = Workflow("build").stage("compile", compile_all)

if __name__ == "__main__":
    with BuildRunner("staging") as runner:
        print(format_results(runner.run_all([build, build])))
