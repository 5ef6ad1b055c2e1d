"""The handle of a run that goes on in the background."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from gostage.errors import TimedOut

if TYPE_CHECKING:
    from collections.abc import Callable

    from gostage._run.result import Result, Status


class RunHandle:
    """One run in a thread of its own."""

    __slots__ = ("_cancel", "_end", "_error", "_result", "_status", "_thread", "id")

    def __init__(
        self,
        run_id: str,
        work: Callable[[], Result],
        status: Callable[[], Status],
        cancel: Callable[[], bool],
        end: Callable[[], None],
    ) -> None:
        self.id = run_id
        self._status = status
        self._cancel = cancel
        self._end = end
        self._result: Result | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, args=(work,), name=f"gostage {run_id}")
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """Whether its thread has ended: the run has, or waits, or never began."""
        return not self._thread.is_alive()

    @property
    def status(self) -> Status:
        """How the run stands now."""
        return self._status() if self._result is None else self._result.status

    def wait(self, timeout: float | None = None) -> Result:
        """Wait until the run has ended or has to wait itself; gives its result."""
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise TimedOut(
                f"run {self.id!r} still goes on after {timeout:g} seconds",
                hint="wait longer, or cancel it",
            )
        if self._error is not None:
            raise self._error
        if self._result is None:
            raise AssertionError(f"run {self.id!r} left no result")
        return self._result

    def cancel(self) -> bool:
        """Tell the run to stop before its next step; false if it has ended."""
        return self._error is None and self._cancel()

    def __repr__(self) -> str:
        return f"<run {self.id!r} {self.status}>"

    def _work(self, work: Callable[[], Result]) -> None:
        try:
            self._result = work()
        except BaseException as error:  # noqa: BLE001  # raised where somebody waits
            self._error = error
        finally:
            self._end()
