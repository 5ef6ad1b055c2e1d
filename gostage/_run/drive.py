"""The synchronous shell: drives flows in the calling thread.

Plain functions are called right here, so that a whole run stays in one thread; only branches that
really run side by side get threads of their own. Async functions run in one event loop per run.
"""

from __future__ import annotations

import contextvars
import signal
import threading
from typing import TYPE_CHECKING, Any

from gostage._run.nap import ThreadNap
from gostage._run.requests import Await, Carry, Invoke, Pause, Together, carried

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from gostage._run.execution import Execution
    from gostage._run.loop import LoopThread
    from gostage._run.requests import Flow, Reply


class Shell:
    """Carries out what the flows of one run ask for."""

    def __init__(self, run: Execution) -> None:
        self._run = run
        self._loop: LoopThread | None = None
        self._lock = threading.Lock()
        self._in_user_code = False
        self.interrupted = False
        """Whether Ctrl-C stopped the run."""

    @property
    def is_in_user_code(self) -> bool:
        """Whether the main thread calls a function of the user's."""
        return self._in_user_code

    # Any: what a flow returns is between it and its caller.
    def drive(self, flow: Flow) -> Any:  # noqa: ANN401
        """Drive a flow to its end, with Ctrl-C turned into a cancellation."""
        if threading.current_thread() is not threading.main_thread():
            return self.finish(flow)
        with Interruptible(self):
            return self.finish(flow)

    # Any: as above.
    def finish(self, flow: Flow) -> Any:  # noqa: ANN401
        """Drive a flow to its end, where somebody else looks after signals."""
        try:
            return self.follow(flow)
        finally:
            if self._loop is not None:
                self._loop.stop()

    # Any: as above.
    def follow(self, flow: Flow) -> Any:  # noqa: ANN401
        """Serve a flow's requests until it returns."""
        reply: Any = None
        send = flow.send
        is_main = threading.current_thread() is threading.main_thread()
        try:
            while True:
                request = send(reply)
                if type(request) is Invoke:
                    try:
                        self._in_user_code = is_main
                        if request.kwargs is None:
                            reply = request.fn(*request.args), None
                        else:
                            reply = request.fn(*request.args, **request.kwargs), None
                    except BaseException as error:  # noqa: BLE001  # the flow decides about it
                        reply = None, error
                    self._in_user_code = False
                elif type(request) is Await:
                    reply = self._await(request, is_main)
                elif type(request) is Carry:
                    reply = carried(request)
                elif type(request) is Pause:
                    self._pause(request)
                elif type(request) is Together:
                    self._together(request)
        except StopIteration as stop:
            return stop.value

    def on_interrupt(self, number: int, frame: FrameType | None) -> None:
        """Handle Ctrl-C: the first cancels and cleans up, the second kills."""
        if self.interrupted:
            _kill()
            return
        self.interrupted = True
        # Not from within the handler: the interrupted thread may hold the run's lock.
        threading.Thread(target=self._run.cancel, daemon=True).start()
        watchdog = self._run.watchdog
        is_told = watchdog is not None and watchdog.stand_down()
        if self._in_user_code and not is_told:  # what cleans up is left alone
            raise KeyboardInterrupt

    def _await(self, request: Await, is_main: bool) -> Reply:
        with self._lock:
            if self._loop is None:
                from gostage._run.loop import LoopThread  # 40 ms: only async actions need asyncio

                self._loop = LoopThread(self._run)
        try:
            self._in_user_code = is_main
            reply = self._loop.call(request)
            self._in_user_code = False
        except BaseException as error:  # noqa: BLE001  # Ctrl-C while waiting for the loop
            self._in_user_code = False
            return None, error
        return reply

    def _pause(self, request: Pause) -> None:
        if request.seconds is None:
            self._run.bell.wait(request.wake, None)
        else:
            self._run.clock.pause(ThreadNap(self._run, request.wake), request.seconds)

    def _together(self, request: Together) -> None:
        if len(request.flows) == 1:
            self.follow(request.flows[0])
        elif request.drive is not None:
            request.drive(request.flows, lambda other: self.follow(_asking(other)))
        else:
            self._side_by_side(request.flows)

    def _side_by_side(self, flows: Sequence[Flow]) -> None:
        errors: list[BaseException] = []

        def work(flow: Flow) -> None:
            try:
                self.follow(flow)
            except BaseException as error:  # noqa: BLE001  # raised in the waiting thread instead
                errors.append(error)

        threads = [
            threading.Thread(
                target=contextvars.copy_context().run, args=(work, flow), name="gostage branch"
            )
            for flow in flows
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]


def _asking(request: Any) -> Flow:  # noqa: ANN401 - one of the requests
    """A flow that asks for one thing."""
    reply = yield request
    return reply


def _kill() -> None:
    watcher = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(watcher)
    if watcher == -1:  # else somebody watches signals, and ends the process in their own way
        # An exception would not do: cleanup code may hold it, and branches have threads.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.raise_signal(signal.SIGINT)


class Interruptible:
    """Takes over Ctrl-C for as long as a run lasts, where Python's own handler is in charge.

    SIGTERM as well, where somebody has made a Ctrl-C of it.
    """

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._mine: list[signal.Signals] = []

    def __enter__(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) is signal.default_int_handler:
                signal.signal(number, self._shell.on_interrupt)
                self._mine.append(number)

    def __exit__(self, *exc: object) -> None:
        for number in self._mine:
            signal.signal(number, signal.default_int_handler)
