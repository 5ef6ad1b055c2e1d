"""Tasks: one async function of the user's, with its timeout, stopped when its branch is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from gostage._run.requests import OutOfTime

if TYPE_CHECKING:
    from gostage._run.execution import Execution
    from gostage._run.requests import Await, Reply


async def finish(request: Await, run: Execution) -> Reply:
    """Await the function; gives `(value, error)` and leaves no task behind."""
    loop = asyncio.get_running_loop()
    task = loop.create_task(_call(request))
    watched = run.watch(request.branch, lambda: loop.call_soon_threadsafe(task.cancel))
    stopped: BaseException | None = None
    timeout = request.timeout
    while not task.done():
        try:
            await asyncio.wait({task}, timeout=timeout)
        except asyncio.CancelledError:
            run.cancelled_in_loop()
            stopped = stopped or run.cancellation()
        else:
            if timeout is not None and not task.done():
                stopped = stopped or OutOfTime()
        if stopped is not None:
            timeout = None
            task.cancel()
    run.unwatch(watched)
    return _reply(request, task, stopped, run)


# Any: what the user's function returns.
async def _call(request: Await) -> Reply:
    try:
        return await request.fn(*request.args, **request.kwargs), None
    except (SystemExit, KeyboardInterrupt) as error:
        return None, error  # let out of a task they would end the loop itself


# Any: as above.
def _reply(
    request: Await, task: asyncio.Task[Any], stopped: BaseException | None, run: Execution
) -> Reply:
    if task.cancelled():
        was_told = request.branch is not None and request.branch.cancelled
        if stopped is None and was_told:
            stopped = run.cancellation()
        return None, stopped or asyncio.CancelledError()
    error = task.exception()
    if error is not None:
        return None, error
    return (None, stopped) if isinstance(stopped, OutOfTime) else task.result()
