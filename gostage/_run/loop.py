"""An event loop in a thread of its own, for the async functions of a synchronous run.

One loop for the whole run, so that what one action opens another can use; it also works where the
caller has a running loop already, as in a notebook.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from typing import TYPE_CHECKING, Any

from gostage._run.tasks import finish

if TYPE_CHECKING:
    from concurrent.futures import Future

    from gostage._run.execution import Execution
    from gostage._run.requests import Await, Reply


class LoopThread:
    """Runs coroutines for threads that wait for them."""

    def __init__(self, run: Execution) -> None:
        self._run = run
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="gostage loop", daemon=True
        )
        self._thread.start()

    def call(self, request: Await) -> Reply:
        """Call an async function in the loop and wait for it; Ctrl-C cancels it."""
        from concurrent.futures import Future  # 12 ms, and asyncio has it anyway

        future: Future[Reply] = Future()
        context = contextvars.copy_context()
        self._loop.call_soon_threadsafe(self._start, request, future, context=context)
        try:
            return future.result()
        except KeyboardInterrupt as interrupt:
            self._run.cancel()
            future.result()
            return None, interrupt

    def stop(self) -> None:
        """End the loop and its thread."""
        asyncio.run_coroutine_threadsafe(self._loop.shutdown_asyncgens(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _start(self, request: Await, future: Future[Reply]) -> None:
        task = self._loop.create_task(self._answer(request, future))
        del task  # the loop keeps it as long as it runs; `finish` never leaves it alone

    # Any: coroutines of the user's.
    async def _answer(self, request: Await, future: Future[Any]) -> None:
        try:
            future.set_result(await finish(request, self._run))
        except BaseException as error:  # noqa: BLE001  # the waiting thread must not wait forever
            future.set_exception(error)
