"""Requests: what a flow asks of the shell that drives it.

A flow is a generator that decides and keeps the books; it never blocks and never awaits. What must
be waited for it yields, and the shell (threads or an event loop) sends back the reply.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from gostage._engine.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from gostage._engine.branch import Branch

    # Any: replies differ by request; each flow knows what it asked for.
    Flow = Generator["Invoke | Await | Pause | Together", Any, Any]
    Reply = tuple[object, "BaseException | None"]
    # It is given the flows, and what serves a request that it knows nothing of.
    Drive = Callable[[Sequence[Flow], Callable[[Any], Any]], None]

NO_KEYWORDS: Mapping[str, Any] = MappingProxyType({})


class Invoke(Value):
    """Call a plain function of the user's; the reply is `(value, error)`, one of them None."""

    __slots__ = ("args", "fn", "kwargs")

    # Any: what a user's function takes is the user's business.
    def __init__(
        self,
        fn: Callable[..., Any],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        self.fn: Final = fn
        self.args: Final = args
        self.kwargs: Final = kwargs


class Carry(Invoke):
    """Call a function of our own that blocks; a Ctrl-C reaches it as a cancellation only."""

    __slots__ = ()


class Await(Value):
    """Await an async function of the user's; the reply is as for `Invoke`.

    It is stopped when its time is up (the error is `OutOfTime`) or when its branch is.
    """

    __slots__ = ("args", "branch", "fn", "kwargs", "timeout")

    # Any: as above.
    def __init__(
        self,
        fn: Callable[..., Any],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] = NO_KEYWORDS,
        timeout: float | None = None,
        branch: Branch | None = None,
    ) -> None:
        self.fn: Final = fn
        self.args: Final = args
        self.kwargs: Final = kwargs
        self.timeout: Final = timeout
        self.branch: Final = branch


class Pause(Value):
    """Wait so many seconds (None: however long), or until `wake` holds."""

    __slots__ = ("seconds", "wake")

    def __init__(self, seconds: float | None, wake: Callable[[], bool]) -> None:
        self.seconds: Final = seconds
        self.wake: Final = wake


class Together(Value):
    """Drive these flows side by side until all have come to an end.

    Whoever has nearly all of that done elsewhere may be the one to drive them, in one thread.
    """

    __slots__ = ("drive", "flows")

    def __init__(self, flows: Sequence[Flow], drive: Drive | None = None) -> None:
        self.flows: Final = flows
        self.drive: Final = drive


class OutOfTime(Exception):
    """The shell stopped a function because its time was up; between shell and flow only."""


def carried(request: Invoke) -> Reply:
    """Call what is asked for; gives its value, or its error."""
    try:
        return request.fn(*request.args, **(request.kwargs or {})), None
    except BaseException as error:  # noqa: BLE001  # the flow decides what it means
        return None, error
