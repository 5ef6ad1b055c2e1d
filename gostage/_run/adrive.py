"""The asynchronous shell: drives flows in the caller's event loop.

Async functions are awaited in the loop; plain functions run in one thread per branch, so that they
do not block the loop and what belongs to a thread stays in it.
"""

from __future__ import annotations

import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from gostage._run.nap import LoopNap
from gostage._run.requests import Await, Carry, Invoke, Pause, Together, carried
from gostage._run.tasks import finish

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gostage._run.execution import Execution
    from gostage._run.requests import Flow, Reply


class AsyncShell:
    """Carries out what the flows of one run ask for."""

    def __init__(self, run: Execution) -> None:
        self._run = run

    # Any: what a flow returns is between it and its caller.
    async def drive(self, flow: Flow) -> Any:  # noqa: ANN401
        """Drive a flow to its end, whatever cancels the task meanwhile."""
        with ThreadPoolExecutor(1, thread_name_prefix="gostage branch") as thread:
            return await self._follow(flow, thread)

    # Any: as above.
    async def _follow(self, flow: Flow, thread: ThreadPoolExecutor) -> Any:  # noqa: ANN401
        reply: Any = None
        try:
            while True:
                request = flow.send(reply)
                if type(request) is Invoke or type(request) is Carry:
                    reply = await self._in_thread(request, thread)
                elif type(request) is Await:
                    reply = await finish(request, self._run)
                elif type(request) is Pause:
                    await self._pause(request)
                elif type(request) is Together:
                    await self._together(request.flows)
        except StopIteration as stop:
            return stop.value

    async def _in_thread(self, request: Invoke, thread: ThreadPoolExecutor) -> Reply:
        context = contextvars.copy_context()
        future = asyncio.get_running_loop().run_in_executor(thread, context.run, carried, request)
        await self._settle(future)
        return future.result()

    async def _pause(self, request: Pause) -> None:
        try:
            if request.seconds is None:
                await self._run.bell.await_(request.wake, None)
            else:
                await self._run.clock.apause(LoopNap(self._run, request.wake), request.seconds)
        except asyncio.CancelledError:
            self._run.cancelled_in_loop()

    async def _together(self, flows: Sequence[Flow]) -> None:
        tasks = [asyncio.ensure_future(self.drive(flow)) for flow in flows]
        gathered = asyncio.gather(*tasks, return_exceptions=True)
        await self._settle(gathered)
        for outcome in gathered.result():
            if isinstance(outcome, BaseException):
                raise outcome

    # Any: whatever is awaited.
    async def _settle(self, future: asyncio.Future[Any]) -> None:
        """Wait for it even if this task is cancelled: the run unwinds, then the task ends."""
        while not future.done():
            try:
                await asyncio.wait({future})
            except asyncio.CancelledError:
                self._run.cancelled_in_loop()
