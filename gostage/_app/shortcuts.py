"""Shortcuts: run one workflow with a runner of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gostage._app.runner import Runner

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from gostage._run.result import Result
    from gostage._run.workflow import Workflow


def run(
    workflow: Workflow,
    initial: Mapping[str, object] | None = None,
    run_id: str | None = None,
    timeout: timedelta | float | None = None,
    *,
    detach: bool = False,
    wait: bool = False,
    # Any: the options of Runner, checked by it.
    **options: Any,  # noqa: ANN401
) -> Result:
    """Run a workflow; the other options are those of `Runner`."""
    with Runner(**options) as runner:
        return runner.run(workflow, initial, run_id, timeout, detach=detach, wait=wait)


async def arun(
    workflow: Workflow,
    initial: Mapping[str, object] | None = None,
    run_id: str | None = None,
    timeout: timedelta | float | None = None,
    *,
    detach: bool = False,
    wait: bool = False,
    # Any: as above.
    **options: Any,  # noqa: ANN401
) -> Result:
    """Run a workflow in the running event loop; the other options are those of `Runner`."""
    with Runner(**options) as runner:
        return await runner.arun(workflow, initial, run_id, timeout, detach=detach, wait=wait)
